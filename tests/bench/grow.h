/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grow.h - many private keys in a token.
 *
 * Key number i has the label "p11bench key <i>" and an identifier made from i; the value is one
 * fixed P-256 key, so that no time goes into making keys and any signature can be checked. Numbers
 * are filled from 0 up without gaps: a binary search tells how many a token has, and a later run
 * can use a token that an earlier one filled.
 */
#ifndef TEE_BENCH_GROW_H
#define TEE_BENCH_GROW_H

#include "bench/side.h"

/* Bring the side's token to n keys; says on stderr how long it took. *ret_added is how many were
 * made, *ret_seconds the time. FAULT_SLOW past --patience, FAULT_CROWDED when it has more already.
 */
NODISCARD CK_RV grow_to(struct side *s, size_t n, size_t *ret_added, double *ret_seconds);
/* Key number i, searched by CKA_ID or CKA_LABEL. FAULT_WRONG unless exactly one came back. */
NODISCARD CK_RV grow_find(const struct p11 *m, CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE by,
                          size_t i, CK_OBJECT_HANDLE *ret);
/* How many objects have the identifier or label of key number i, at most 2. */
NODISCARD CK_RV grow_count(const struct p11 *m, CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE by,
                           size_t i, size_t *ret);
/* All numbers from 0 to n - 1, jumping about, as turn goes from 0 to n - 1. */
size_t grow_scatter(size_t turn, size_t n);
/* The public key of all of them; the caller frees it. */
NODISCARD CK_RV grow_public(EVP_PKEY **ret);

#endif
