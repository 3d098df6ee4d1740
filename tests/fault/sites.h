/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites.h - the functions of other libraries that fail on request, by what is to be answered:
 *
 *   SITE(name, kind, value)
 *
 * `kind` is what a test switches on and off, `value` what the function returns when it fails. Calls
 * that end something (free, close, abort) never fail. Neither do those whose failure is an answer
 * about the data or the library, which no caller can tell from the truth: EVP_DecryptFinal_ex() of an
 * AEAD's tag, EVP_PKEY_decrypt(), EVP_PKEY_derive() from a peer's key, EVP_PKEY_fromdata() and
 * EVP_PKEY_new_raw_..._key_ex() of a key, EVP_PKEY_CTX_new_from_name() of a curve. mdb_txn_commit()
 * and pthread_mutex_lock() are written by hand in fault.c.
 */
#ifndef SITE
#error "define SITE"
#endif

/* -- memory: NULL and ENOMEM ------------------------------------------------------------------- */
SITE(malloc, FAULT_MEMORY, 0)
SITE(calloc, FAULT_MEMORY, 0)
SITE(reallocarray, FAULT_MEMORY, 0)
SITE(strdup, FAULT_MEMORY, 0)
SITE(mmap64, FAULT_MEMORY, -1)
SITE(mprotect, FAULT_MEMORY, -1)

/* -- the system: -1 and EIO -------------------------------------------------------------------- */
SITE(open64, FAULT_SYSTEM, -1)
SITE(openat64, FAULT_SYSTEM, -1)
SITE(read, FAULT_SYSTEM, -1)
SITE(pread64, FAULT_SYSTEM, -1)
SITE(write, FAULT_SYSTEM, -1)
SITE(fsync, FAULT_SYSTEM, -1)
SITE(fstat64, FAULT_SYSTEM, -1)
SITE(stat64, FAULT_SYSTEM, -1)
SITE(fstatvfs64, FAULT_SYSTEM, -1)
SITE(ioctl, FAULT_SYSTEM, -1)
SITE(link, FAULT_SYSTEM, -1)
SITE(mkdir, FAULT_SYSTEM, -1)
SITE(ftruncate64, FAULT_SYSTEM, -1)
SITE(getrandom, FAULT_SYSTEM, -1)
SITE(flock, FAULT_SYSTEM, -1)

/* -- LMDB: EIO --------------------------------------------------------------------------------- */
SITE(mdb_env_create, FAULT_LMDB, 5)
SITE(mdb_env_open, FAULT_LMDB, 5)
SITE(mdb_env_set_mapsize, FAULT_LMDB, 5)
SITE(mdb_env_info, FAULT_LMDB, 5)
SITE(mdb_env_stat, FAULT_LMDB, 5)
SITE(mdb_reader_check, FAULT_LMDB, 5)
SITE(mdb_txn_begin, FAULT_LMDB, 5)
SITE(mdb_txn_renew, FAULT_LMDB, 5)
SITE(mdb_dbi_open, FAULT_LMDB, 5)
SITE(mdb_get, FAULT_LMDB, 5)
SITE(mdb_put, FAULT_LMDB, 5)
SITE(mdb_del, FAULT_LMDB, 5)
SITE(mdb_cursor_open, FAULT_LMDB, 5)
SITE(mdb_cursor_get, FAULT_LMDB, 5)
SITE(mdb_stat, FAULT_LMDB, 5)

/* -- OpenSSL: 0 is failure, and NULL ----------------------------------------------------------- */
SITE(OSSL_LIB_CTX_new, FAULT_OPENSSL, 0)
SITE(OSSL_PROVIDER_load, FAULT_OPENSSL, 0)
SITE(RAND_priv_bytes_ex, FAULT_OPENSSL, 0)
SITE(BN_new, FAULT_OPENSSL, 0)
SITE(BN_bin2bn, FAULT_OPENSSL, 0)
SITE(EVP_CIPHER_fetch, FAULT_OPENSSL, 0)
SITE(EVP_CIPHER_CTX_new, FAULT_OPENSSL, 0)
SITE(EVP_CipherInit_ex2, FAULT_OPENSSL, 0)
SITE(EVP_CipherUpdate, FAULT_OPENSSL, 0)
SITE(EVP_EncryptInit_ex2, FAULT_OPENSSL, 0)
SITE(EVP_EncryptUpdate, FAULT_OPENSSL, 0)
SITE(EVP_EncryptFinal_ex, FAULT_OPENSSL, 0)
SITE(EVP_DecryptUpdate, FAULT_OPENSSL, 0)
SITE(EVP_MD_fetch, FAULT_OPENSSL, 0)
SITE(EVP_MD_CTX_new, FAULT_OPENSSL, 0)
SITE(EVP_DigestInit_ex2, FAULT_OPENSSL, 0)
SITE(EVP_DigestUpdate, FAULT_OPENSSL, 0)
SITE(EVP_DigestFinal_ex, FAULT_OPENSSL, 0)
SITE(EVP_DigestSignInit_ex, FAULT_OPENSSL, 0)
SITE(EVP_DigestSign, FAULT_OPENSSL, 0)
SITE(EVP_DigestVerifyInit_ex, FAULT_OPENSSL, 0)
SITE(EVP_KDF_fetch, FAULT_OPENSSL, 0)
SITE(EVP_KDF_CTX_new, FAULT_OPENSSL, 0)
SITE(EVP_KDF_derive, FAULT_OPENSSL, 0)
SITE(EVP_MAC_fetch, FAULT_OPENSSL, 0)
SITE(EVP_MAC_CTX_new, FAULT_OPENSSL, 0)
SITE(EVP_MAC_CTX_dup, FAULT_OPENSSL, 0)
SITE(EVP_MAC_init, FAULT_OPENSSL, 0)
SITE(EVP_MAC_update, FAULT_OPENSSL, 0)
SITE(EVP_MAC_final, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_CTX_new_from_pkey, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_fromdata_init, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_generate, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_keygen_init, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_derive_init, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_get_bn_param, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_get_raw_private_key, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_get_raw_public_key, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_sign_init, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_sign, FAULT_OPENSSL, 0)
SITE(EVP_PKEY_verify_init, FAULT_OPENSSL, 0)

/* -- what never fails: where a lock is still held, and where one was just let go --------------- */
SITE(pthread_mutex_unlock, FAULT_NEVER, 0)
SITE(pthread_rwlock_unlock, FAULT_NEVER, 0)
SITE(close, FAULT_NEVER, 0)
SITE(mdb_txn_abort, FAULT_NEVER, 0)
SITE(mdb_txn_reset, FAULT_NEVER, 0)
SITE(mdb_env_close, FAULT_NEVER, 0)
