/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iv.h - IVs and nonces made by the token for the messages of one process (PKCS#11 v3.2 6.13,
 * CK_GENERATOR_FUNCTION): each one once. Private to crypto/.
 */
#ifndef TEE_CRYPTO_IV_H
#define TEE_CRYPTO_IV_H

#include "crypto/params.h"

#define IV_MIN_BITS 32 /* that the token makes, of an IV of which it makes a part */

/* What a message's parameter says. */
struct iv_request {
    CK_GENERATOR_FUNCTION generator;
    const uint8_t *given; /* n bytes: the whole IV, or its fixed bits, or what is XORed */
    size_t n;             /* 1 to PARAM_MAX_NONCE */
    CK_ULONG fixed;       /* bits, from the most significant one on, that stay as given */
};

/* All zeros: nothing made yet. */
struct iv_source {
    uint64_t n_made;
    bool has_start, has_base;
    uint8_t start[PARAM_MAX_NONCE]; /* CKG_GENERATE counts from here; right-aligned */
    uint8_t base[PARAM_MAX_NONCE];  /* what CKG_GENERATE_COUNTER_XOR was first given */
    size_t n_base;
    CK_ULONG fixed_base;
};

/*
 * The next IV, r->n bytes. CKG_GENERATE counts from a random number, CKG_GENERATE_COUNTER from 0,
 * CKG_GENERATE_COUNTER_XOR likewise, on what was given; CKG_GENERATE_RANDOM is random.
 * CKR_MECHANISM_PARAM_INVALID: no such generator, fewer than IV_MIN_BITS left to make, or another
 * value given to be XORed than the first time. CKR_FUNCTION_FAILED: no IV is left (the log says
 * it).
 */
NODISCARD CK_RV iv_next(struct iv_source *s, const struct iv_request *r, uint8_t *ret);

#endif
