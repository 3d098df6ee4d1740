/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw.h - the bar: OpenSSL's EVP interface with a ready key, fetched algorithms and a fresh context
 * for every operation. Also what checks a module's results.
 */
#ifndef TEE_BENCH_RAW_H
#define TEE_BENCH_RAW_H

#include "bench/cases.h"
#include "util/span.h"

#define RAW_SIGNATURE_MAX 1024

/* Sign as the spec says; md is the spec's digest, fetched. ECDSA gives DER. */
NODISCARD CK_RV raw_sign(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md, struct span in,
                         uint8_t *ret, size_t *inout_n);
/* CKR_SIGNATURE_INVALID when it does not verify. */
NODISCARD CK_RV raw_verify(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md, struct span in,
                           struct span signature);
/* The same for a signature as PKCS#11 has it: r || s for ECDSA. */
NODISCARD CK_RV raw_verify_p11(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md,
                               struct span in, struct span signature);
/* Encrypt or decrypt in one go; the tag, tag bytes of it, is behind the ciphertext. *ret_n is what
 * was written. CKR_ENCRYPTED_DATA_INVALID for a wrong tag. */
NODISCARD CK_RV raw_encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
                            size_t tag, struct span in, uint8_t *ret, size_t *ret_n);
NODISCARD CK_RV raw_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
                            size_t tag, struct span in, uint8_t *ret, size_t *ret_n);
/* HMAC-SHA-256, 32 bytes. */
NODISCARD CK_RV raw_hmac(EVP_MAC *hmac, struct span key, struct span in, uint8_t ret[32]);
/* What a module of ours spends on a PIN where nothing else is configured: scrypt, N = 2^14, r = 8, p = 1. */
NODISCARD CK_RV raw_scrypt(const char *pin);
NODISCARD CK_RV raw_digest(const EVP_MD *md, struct span in, uint8_t *ret);
/* ECDH: the x coordinate. */
NODISCARD CK_RV raw_agree(EVP_PKEY *key, EVP_PKEY *peer, uint8_t *ret, size_t *inout_n);
/* RSA-OAEP with SHA-1, as mech_oaep_sha1(). */
NODISCARD CK_RV raw_oaep_encrypt(EVP_PKEY *key, struct span in, uint8_t *ret, size_t *inout_n);
NODISCARD CK_RV raw_oaep_decrypt(EVP_PKEY *key, struct span in, uint8_t *ret, size_t *inout_n);

#endif
