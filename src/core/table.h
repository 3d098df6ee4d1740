/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - a hash table from 64-bit keys to pointers; keys are never 0. Not synchronised.
 */
#ifndef TEE_CORE_TABLE_H
#define TEE_CORE_TABLE_H

#include "util/guard.h"

struct table_slot {
    uint64_t key; /* 0: free */
    void *value;
};

struct table {
    struct table_slot *v;
    size_t room; /* a power of two, or 0 */
    size_t n;
};

#define TABLE_INIT ((struct table){0})

/* NULL when the key is not there. */
void *table_get(const struct table *t, uint64_t key);
/* Add or replace; the old value is the caller's to look up first. CKR_HOST_MEMORY. */
NODISCARD CK_RV table_put(struct table *t, uint64_t key, void *value);
/* Take the value out; NULL when it was not there. Shrinks when it has become mostly empty. */
void *table_take(struct table *t, uint64_t key);
/* Look at any one value whose place is at or after *position (start with 0); NULL at the end.
 * Values may be taken by table_take() only between two walks. */
void *table_next(const struct table *t, size_t *position);
/* Take out the next value that is wanted, likewise; NULL when none is left. A walk that takes many
 * out costs no more than one that looks, but the table must not change otherwise meanwhile. */
typedef bool table_wanted(const void *value, const void *arg);
void *table_take_next(struct table *t, size_t *position, table_wanted *wanted, const void *arg);
/* Free the slots; the values are the caller's. */
void table_clear(struct table *t);

#endif
