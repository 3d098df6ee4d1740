/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * head.h - the root row: the one authenticated statement about the whole store.
 *
 * It names the top of the tree, how often the store was committed, the next id and the rows of each
 * table. It also holds the latest changes, which the tree does not have yet: most commits then
 * write this one row instead of a bucket and its ancestors for each changed row. Plain data.
 */
#ifndef TEE_STORE_HEAD_H
#define TEE_STORE_HEAD_H

#include "store/node.h"

#define HEAD_KEY   SPAN_LIT("root")
#define RECENT_MAX 56u /* as many as leave the row in its page: LMDB takes half a page at most */
#define HEAD_FIXED (4 + 8 + 8 + 8 * STORE_N_TABLES + STORE_MAC + 4)
#define HEAD_MAX   (HEAD_FIXED + RECENT_MAX * ENTRY_BYTES + PRIM_HASH)

struct head {
    uint64_t counter; /* commits so far */
    uint64_t next_id; /* what txn_new_id() gives next */
    uint64_t rows[STORE_N_TABLES];
    uint8_t top[STORE_MAC]; /* MAC of the node at depth 0; all zero: the tree is empty */
    uint32_t n_recent;
    struct entry recent[RECENT_MAX]; /* by path; an all-zero MAC: the row was deleted */
};

/* A store without rows. */
struct head head_empty(void);
/* As much of it as is used: each transaction has a copy. */
void head_copy(struct head *ret, const struct head *h);
/* Returns the length in *ret_n. */
NODISCARD CK_RV head_encode(const struct head *h, const struct keys *k, uint8_t ret[HEAD_MAX],
                            size_t *ret_n);
/* CKR_DEVICE_ERROR: not authentic, or of another version. */
NODISCARD CK_RV head_decode(struct span row, const struct keys *k, struct head *ret);

#endif
