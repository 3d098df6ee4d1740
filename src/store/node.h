/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h - the encoded form of a tree node, as it lies in the table `tree` and in the cache.
 *
 * A bucket: NODE_BUCKET, then 1 to BUCKET_MAX entries {path 16, leaf MAC 16}, paths ascending.
 * An inner node: NODE_INNER, a 64-bit bitmap of the children that are there (child 0 is the highest
 * bit), then their MACs in order. Its row key is its depth and the bytes that hold its path prefix.
 */
#ifndef TEE_STORE_NODE_H
#define TEE_STORE_NODE_H

#include "store/keys.h"

#define BUCKET_MAX   32u
#define NODE_MAX     (1 + 8 + DIGITS * STORE_MAC) /* bytes of the largest node: a full inner one */
#define NODE_KEY_MAX (1 + PATH_BYTES)

/* A leaf: the row at this path has this stamp. The same bytes at rest and in memory. */
struct entry {
    uint8_t path[PATH_BYTES];
    uint8_t mac[STORE_MAC];
};

#define ENTRY_BYTES (sizeof(struct entry))
_Static_assert(ENTRY_BYTES == PATH_BYTES + STORE_MAC, "entries have no padding");

enum node_kind { NODE_BUCKET = 1, NODE_INNER = 2 };

/* Where a look into a node leads. */
enum node_step {
    STEP_ABSENT, /* there is no such row */
    STEP_LEAF,   /* the row's stamp */
    STEP_CHILD   /* the MAC of the node one digit further down */
};

/* Is it well formed for this depth? Lengths, order, counts; a MAC has been checked before. */
bool node_well_formed(struct span content, unsigned depth);
/* Look for `path` in a well-formed node at `depth`; ret_mac is written unless STEP_ABSENT. */
enum node_step node_look(struct span content, unsigned depth, const uint8_t path[PATH_BYTES],
                         uint8_t ret_mac[STORE_MAC]);
/* The row key of the node at `depth` on `path`: returns its length. */
size_t node_key(const uint8_t path[PATH_BYTES], unsigned depth, uint8_t ret[NODE_KEY_MAX]);

static inline uint64_t child_bit(unsigned digit)
{
    return UINT64_C(1) << (DIGITS - 1 - digit);
}

#endif
