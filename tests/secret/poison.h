/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poison.h - bytes that valgrind's memcheck takes for uninitialised, as secrets: then it reports
 * every branch and every address that depends on one (A. Langley's ctgrind). It follows them bit by
 * bit through all arithmetic, libcrypto's too.
 *
 * What the program may tell goes through ct_public(), mem_equal_ct(), mem_is_zero() and, as
 * ciphertext, prim_gcm_seal(): link with -Wl,--wrap for each of them, and for EVP_PKEY_decrypt(),
 * of which everything is a secret while poison_rsa is set: the code it returns, the length and the
 * bytes.
 */
#ifndef TEE_TESTS_POISON_H
#define TEE_TESTS_POISON_H

#include <openssl/evp.h>

#include "crypto/prim.h"

/* Is there a memcheck to look? */
bool poison_works(void);
void poison(const void *p, size_t n);
void reveal(const void *p, size_t n);
/* How many reports there were that no suppression covers. */
unsigned poison_reports(void);

extern bool poison_rsa;
/* How many numbers went through ct_public(). */
extern unsigned poison_told;

size_t __wrap_ct_public(size_t v);
size_t __real_ct_public(size_t v);
bool __wrap_mem_equal_ct(const void *a, const void *b, size_t n);
bool __real_mem_equal_ct(const void *a, const void *b, size_t n);
bool __wrap_mem_is_zero(const void *p, size_t n);
bool __real_mem_is_zero(const void *p, size_t n);
CK_RV __wrap_prim_gcm_seal(const uint8_t key[PRIM_KEY], struct span aad, struct span plain,
                           uint8_t *ret);
CK_RV __real_prim_gcm_seal(const uint8_t key[PRIM_KEY], struct span aad, struct span plain,
                           uint8_t *ret);
int __wrap_EVP_PKEY_decrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *n_out,
                            const unsigned char *in, size_t n_in);
int __real_EVP_PKEY_decrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *n_out,
                            const unsigned char *in, size_t n_in);

#endif
