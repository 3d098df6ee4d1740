/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prim.h - the few primitives that keyring/, store/ and attest/ build on, over OpenSSL's EVP.
 *
 * All of them run in the module's own OSSL_LIB_CTX (crypto/ossl.h), leave the caller's OpenSSL
 * error queue as it was, and are safe to call from any thread. No lock of ours may be held at the
 * first call in a process: libcrypto may then load the application's configuration and come back
 * into the module (crypto_ready() in crypto/ossl.h is that first call).
 *
 * Errors: CKR_HOST_MEMORY, CKR_FUNCTION_FAILED (OpenSSL refused; the reason is in the log), and
 * what is said below. Outputs are untouched, or wiped where they are secret, on failure.
 */
#ifndef TEE_CRYPTO_PRIM_H
#define TEE_CRYPTO_PRIM_H

#include "util/buf.h"

#define PRIM_KEY    32 /* bytes of every symmetric key here: AES-256, HMAC-SHA-256 */
#define PRIM_HASH   32 /* SHA-256 */
#define PRIM_SHA384 48
#define PRIM_SHA512 64
#define PRIM_TAG    16 /* AES-GCM tag */
#define PRIM_X25519 32

/* Forget what was fetched from the library context (crypto_forget() in crypto/ossl.h). */
void prim_forget(void);

/* n bytes from the private DRBG (RAND_priv_bytes_ex). CKR_RANDOM_NO_RNG on failure. */
NODISCARD CK_RV prim_random(void *ret, size_t n);

/* SHA-256, SHA-384 or SHA-512 of the parts in order. */
NODISCARD CK_RV prim_sha256(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_HASH]);
NODISCARD CK_RV prim_sha384(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_SHA384]);
NODISCARD CK_RV prim_sha512(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_SHA512]);

/* HKDF-SHA-256 (RFC 5869), extract and expand, n bytes. salt may be empty. */
NODISCARD CK_RV prim_hkdf(struct span ikm, struct span salt, struct span info, uint8_t *ret,
                          size_t n);

/* scrypt (RFC 7914) with r = 8, p = 1, N = 2^log2_n (10..20): 32 bytes. Takes time and 2^log2_n KiB
 * of memory: never call it with a lock held. */
NODISCARD CK_RV prim_scrypt(struct span password, struct span salt, uint32_t log2_n,
                            uint8_t ret[PRIM_KEY]);

/* AES-256-GCM under a key that is used once: the nonce is twelve zero bytes (keyring/box.h makes a
 * fresh key per encryption). ret has room for plain.n + PRIM_TAG bytes: ciphertext, then the tag.
 */
NODISCARD CK_RV prim_gcm_seal(const uint8_t key[PRIM_KEY], struct span aad, struct span plain,
                              uint8_t *ret);
/* The reverse; sealed.n >= PRIM_TAG; ret has room for sealed.n - PRIM_TAG bytes and is wiped on
 * failure. CKR_ENCRYPTED_DATA_INVALID when the tag does not verify. */
NODISCARD CK_RV prim_gcm_open(const uint8_t key[PRIM_KEY], struct span aad, struct span sealed,
                              uint8_t *ret);

/* X25519 (RFC 7748). An all-zero shared secret is refused with CKR_DATA_INVALID. */
NODISCARD CK_RV prim_x25519_generate(uint8_t ret_private[PRIM_X25519],
                                     uint8_t ret_public[PRIM_X25519]);
NODISCARD CK_RV prim_x25519(const uint8_t private_key[PRIM_X25519], const uint8_t peer[PRIM_X25519],
                            uint8_t ret[PRIM_KEY]);
/* The same, and the public half of the private key, which OpenSSL makes at any rate. */
NODISCARD CK_RV prim_x25519_both(const uint8_t private_key[PRIM_X25519],
                                 const uint8_t peer[PRIM_X25519], uint8_t ret[PRIM_KEY],
                                 uint8_t ret_public[PRIM_X25519]);

/* A keyed HMAC-SHA-256 whose key schedule is done once; usable from several threads at once. */
struct mac;
NODISCARD CK_RV mac_new(struct span key, struct mac **ret);
void mac_free(struct mac *m); /* NULL is allowed */
DEFINE_AUTO(mac_freep, struct mac, mac_free)
/* HMAC over the parts in order. */
NODISCARD CK_RV mac_sum(const struct mac *m, const struct span *parts, size_t n_parts,
                        uint8_t ret[PRIM_HASH]);
/* The same of one short input (MAC_KEPT bytes at most) of a few that are asked for again and again:
 * the first ones are remembered as long as the key. */
#define MAC_KEPT 24u
NODISCARD CK_RV mac_sum_kept(const struct mac *m, struct span input, uint8_t ret[PRIM_HASH]);

#endif
