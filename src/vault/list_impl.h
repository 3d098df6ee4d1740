/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_impl.h - what list.c and list_edit.c share: keys of a list's rows, and how an id splits into
 * ten-bit digits, one per level.
 */
#ifndef TEE_VAULT_LIST_IMPL_H
#define TEE_VAULT_LIST_IMPL_H

#include "vault/list.h"

#define LIST_ID 5 /* bytes of an id at rest: four bits of tag, then the id */
/* Key of a row below the head: the head's key, level, and the node's number from the top down, so
 * that the newest rows stand beside the head, mostly on one page of the database. */
#define LIST_NODE_KEY (LIST_KEY + 1 + 4)

/* The digit of an id at a level, the number of the node it is in there, and the first id of what
 * `number` names, seen from the level above. */
static inline uint32_t list_digit(uint64_t id, uint32_t level)
{
    return (uint32_t)(id >> (BLOCK_BITS * level)) & (BLOCK_SIZE - 1);
}

static inline uint64_t list_prefix(uint64_t id, uint32_t level)
{
    return id >> (BLOCK_BITS * (level + 1));
}

static inline uint64_t list_first(uint64_t number, uint32_t level)
{
    return number << (BLOCK_BITS * level);
}

/* Say that the rows contradict each other; CKR_DEVICE_ERROR. */
NODISCARD CK_RV list_broken(const struct list *l, const char *what);
void list_node_key(const struct list *l, uint32_t level, uint64_t number,
                   uint8_t ret[LIST_NODE_KEY]);
/* Have the node of a level in l->node[level]. Its parent says that it exists. */
NODISCARD CK_RV list_node_load(struct txn *t, struct list *l, uint32_t level, uint64_t number);
/* Short: the position of the first member that is not below `from`. */
size_t list_short_find(const struct list *l, uint64_t from);

#endif
