/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.h - the hash functions that mechanism parameters name, under all the names they go by: the
 * digest mechanism (CKM_), the mask generation function (CKG_), the key derivation functions
 * (CKD_), in password-based and counter-based derivation, and OpenSSL's. One row each; no other
 * list of hashes exists. Private to crypto/.
 */
#ifndef TEE_CRYPTO_HASH_H
#define TEE_CRYPTO_HASH_H

#include "util/span.h"

struct hash {
    CK_MECHANISM_TYPE type; /* CKM_SHA256 */
    const char *md;         /* OpenSSL's name, as the mechanism table's md column has it */
    size_t n;               /* bytes of the digest */
    CK_ULONG mgf;           /* CKG_MGF1_SHA256; 0: none defined */
    CK_ULONG kdf;           /* CKD_SHA256_KDF (ANSI X9.63); 0: none defined */
    CK_ULONG kdf_sp800;     /* CKD_SHA256_KDF_SP800 (SP 800-56A one-step); 0: none defined */
    CK_ULONG pbkdf2;        /* CKP_PKCS5_PBKD2_HMAC_SHA256; 0: none defined */
    CK_MECHANISM_TYPE hmac; /* CKM_SHA256_HMAC, the PRF of SP 800-108 */
};

/* NULL: not a hash of this token. */
const struct hash *hash_of_mechanism(CK_MECHANISM_TYPE type);
const struct hash *hash_of_mgf(CK_ULONG mgf);
const struct hash *hash_of_kdf(CK_ULONG kdf);
const struct hash *hash_of_kdf_sp800(CK_ULONG kdf);
const struct hash *hash_of_pbkdf2(CK_ULONG prf);
const struct hash *hash_of_hmac(CK_MECHANISM_TYPE type);
/* By the md column of a mechanism row; never NULL for one. */
const struct hash *hash_of_md(const char *md);

#endif
