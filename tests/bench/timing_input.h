/* SPDX-License-Identifier: BSD-2-Clause */
/* timing_input.h - ciphertexts of chosen plaintexts for the cases of p11timing. FAULT_OPENSSL. */
#ifndef TEE_BENCH_TIMING_INPUT_H
#define TEE_BENCH_TIMING_INPUT_H

#include <openssl/evp.h>

#include "util/guard.h"

NODISCARD CK_RV input_random(uint8_t *ret, size_t n);
/* By RSA, with OpenSSL's number of a padding (OAEP: SHA-256 and MGF1 with it); *ret_n is room on
 * entry. */
NODISCARD CK_RV input_rsa(EVP_PKEY *key, int padding, const uint8_t *in, size_t n_in, uint8_t *ret,
                          size_t *ret_n);
/* By AES, without padding: `ret` has room for what comes out. */
NODISCARD CK_RV input_aes(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
                          const uint8_t *in, size_t n_in, uint8_t *ret, size_t *ret_n);
/* A new P-256 key as PrivateKeyInfo. */
NODISCARD CK_RV input_private_key(uint8_t *ret, size_t room, size_t *ret_n);

#endif
