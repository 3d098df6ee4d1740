/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope.h - the keys of one scope of a token as rows of the dek table.
 *
 * One head row (generation 0): which generations there are, the last one current, and the wrapped
 * index key. One row per generation: the wrapped DEK. A generation that the head doesn't list has
 * no row, and the tree proves that.
 */
#ifndef TEE_KEYRING_SCOPE_H
#define TEE_KEYRING_SCOPE_H

#include "keyring/wrap.h"

/* At once: the current one, and those that are being rotated away. The last ones are for
 * revocations alone (DEK_GENERATIONS). */
#define GENERATIONS_MAX 1000

/* Which rows: borrowed pointers, with the token's T. */
struct scope_of {
    const uint8_t *store_id;
    const uint8_t *token;
    enum scope scope;
    const struct secret *t; /* NULL where nothing is wrapped or opened */
};

/* Key of a row: token id, scope, generation. */
struct scope_key {
    uint8_t p[TOKEN_ID + 1 + 4];
};
struct scope_key scope_key(const struct scope_of *of, uint32_t generation);

struct scope_head {
    size_t n;                              /* at least 1 */
    uint32_t generations[GENERATIONS_MAX]; /* rising; the last one is current */
    struct span wrap;                      /* of the index key; borrowed from the row */
};
struct scope_generation {
    uint64_t created;
    struct span wrap; /* of the DEK; borrowed from the row */
};

static inline uint32_t scope_current(const struct scope_head *h)
{
    return h->generations[h->n - 1];
}
static inline struct wrap_place scope_place(const struct scope_of *of, uint32_t generation)
{
    return (struct wrap_place){of->store_id, of->token, of->scope, generation};
}

/* Verified rows, appended to `row` and decoded there; *ret_found false: the scope has no keys yet,
 * or there is no such generation. ret_stamp may be NULL. */
NODISCARD CK_RV scope_head_get(struct txn *t, const struct scope_of *of, struct buf *row,
                               struct scope_head *ret, uint8_t ret_stamp[STORE_MAC],
                               bool *ret_found);
NODISCARD CK_RV scope_generation_get(struct txn *t, const struct scope_of *of, uint32_t generation,
                                     struct buf *row, struct scope_generation *ret,
                                     uint8_t ret_stamp[STORE_MAC], bool *ret_found);

/* In a write transaction. */
/* The scope's first keys: index key and generation 1. */
NODISCARD CK_RV scope_make(struct txn *t, const struct scope_of *of,
                           const struct wrap_roles *roles);
/* A new current generation, where there are fewer than `max`, which is at most GENERATIONS_MAX.
 * Else CKR_DEVICE_MEMORY, with a log line that says what makes room. ret_generation may be NULL. */
NODISCARD CK_RV scope_advance(struct txn *t, const struct scope_of *of,
                              const struct wrap_roles *roles, size_t max, uint32_t *ret_generation);
/* Remove a generation that isn't current. */
NODISCARD CK_RV scope_drop(struct txn *t, const struct scope_of *of, uint32_t generation);
/* Private scope: give every key to a role's new pair (wrap_rekey). */
NODISCARD CK_RV scope_rekey(struct txn *t, const struct scope_of *of, const struct wrap_opener *by,
                            const struct wrap_roles *roles, enum role role);
/* Wrap the keys of the scope, generations and index key, under another T than of->t; *ret_found
 * false: it has none. */
NODISCARD CK_RV scope_move(struct txn *t, const struct scope_of *of, const struct secret *to,
                           bool *ret_found);
/* Remove every row of the scope. */
NODISCARD CK_RV scope_delete(struct txn *t, const struct scope_of *of);

#endif
