/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counts.h - how often keys were used, by function, and the store was unsealed: a row of the meta
 * table, to which processes add what they counted (core/used.h). Sums over everything in the store;
 * nothing in them tells one key from another.
 */
#ifndef TEE_KEYRING_COUNTS_H
#define TEE_KEYRING_COUNTS_H

#include "keyring/keyring.h"

/* The functions, in the order of the row: it never changes, and grows at its end. */
#define COUNTS_N 11

struct counts {
    struct {
        uint64_t ended;  /* all of them */
        uint64_t failed; /* those of them that gave another code than CKR_OK */
    } v[COUNTS_N];
    struct {
        uint64_t n;
        uint64_t nanos; /* together */
    } unsealed[2];      /* by the kernel's key ring; by asking the root */
};

/* "sign", "decrypt", ... of CKF_SIGN, CKF_DECRYPT, ...; "other". */
const char *counts_name(CK_FLAGS flag);
/* By index in struct counts. */
const char *counts_name_at(size_t i);
void counts_note(struct counts *c, CK_FLAGS flag, bool good);
void counts_note_unsealing(struct counts *c, const struct unsealing *u);
void counts_merge(struct counts *c, const struct counts *more);

/* Add to what the store has, in a write transaction. */
NODISCARD CK_RV counts_add(struct txn *t, const struct counts *more);
/* What the store has; *ret_any false: nobody ever counted. */
NODISCARD CK_RV counts_get(struct txn *t, struct counts *ret, bool *ret_any);

#endif
