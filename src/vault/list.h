/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - a posting list: the set of ids of the objects that share one attribute value.
 *
 * A list is made of whole authenticated rows of the index table, so that no member can be hidden
 * and none put back. Its head row is short or tall:
 *
 * short: up to LIST_SHORT ids, in the head row, each with a tag. What a unique value needs: one
 * small row. The tag tells a search the class of the member (vault/index.h), so that a list of a
 * million of that class is not asked.
 * tall: a trie of sets (vault/block.h). Level 0 holds ids by their low ten bits, one row per 1024
 * ids; a set of level n says which rows of level n - 1 are there. The top is in the head row, with
 * the number of members. A store below a million ids has at most two levels, so an insertion
 * writes two rows however long the list is.
 *
 * The path from the head proves presence and absence: a row that its parent names must exist, is
 * never empty, and is never there unless named. A list becomes tall when it outgrows the short form
 * and stays so until it is empty; an empty list has no rows.
 *
 * A struct list is a view of one list within one transaction: it remembers the last row of each
 * level, so that walking rising ids reads each row once. Not synchronised.
 */
#ifndef TEE_VAULT_LIST_H
#define TEE_VAULT_LIST_H

#include "store/store.h"
#include "vault/block.h"

#define LIST_KEY     33  /* bytes of a head row's key: token, scope, HMAC (vault/index.h) */
#define LIST_SHORT   64u /* ids that a short list holds at most */
#define LIST_LEVELS  4u  /* of sets: 1024^4 ids, more than there are */
#define LIST_ID_BITS 36u /* ids are below 2^36 (store.h txn_new_id) */
#define LIST_TAGS    16u /* a tag is below; 0: nobody said */

enum list_form { LIST_EMPTY = 0, LIST_IS_SHORT = 1, LIST_IS_TALL = 2 };

struct list_node {
    bool loaded;
    uint64_t number; /* which node of its level: ids >> (bits below and of the level) */
    struct block set;
};

struct list {
    uint8_t key[LIST_KEY];
    enum list_form form;
    uint64_t count;
    uint64_t ids[LIST_SHORT];           /* short: the members, rising */
    uint8_t tags[LIST_SHORT];           /* theirs */
    uint32_t top;                       /* tall: the level of the set in the head row */
    struct list_node node[LIST_LEVELS]; /* tall, by level */
};

/* Read the head row. A list that is not there is empty. */
NODISCARD CK_RV list_open(struct txn *t, const uint8_t key[LIST_KEY], struct list *ret);
/* Is the id a member? */
NODISCARD CK_RV list_has(struct txn *t, struct list *l, uint64_t id, bool *ret);
/* The tag of a member; 0 where the list is tall. */
uint8_t list_tag(const struct list *l, uint64_t id);
/* The smallest member that is not below `from`. */
NODISCARD CK_RV list_next(struct txn *t, struct list *l, uint64_t from, uint64_t *ret_id,
                          bool *ret_found);

/* In a write transaction. Adding a member that is there, or removing one that is not, says that the
 * index does not fit the records: CKR_DEVICE_ERROR. */
NODISCARD CK_RV list_add(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id, uint8_t tag);
NODISCARD CK_RV list_remove(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id);

#endif
