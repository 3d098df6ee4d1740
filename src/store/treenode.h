/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * treenode.h - a tree node unfolded in memory, while a write transaction changes the tree.
 *
 * Touched nodes are unfolded; an untouched child is only its MAC in its parent. A node owns its
 * unfolded children.
 */
#ifndef TEE_STORE_TREENODE_H
#define TEE_STORE_TREENODE_H

#include "store/tree.h"

struct child {
    uint8_t mac[STORE_MAC];
    struct treenode *node; /* NULL: not loaded */
};

struct treenode {
    enum node_kind kind;
    unsigned depth;
    bool dirty;
    uint8_t path[PATH_BYTES]; /* prefix of `depth` digits, then zeros */
    unsigned n;               /* entries of a bucket; children of an inner node are in the bitmap */
    uint64_t bitmap;
    union {
        struct entry entry[BUCKET_MAX + 1]; /* one more, just before it is split */
        struct child child[DIGITS];
    };
};

/* An empty node on `path`, not stored. */
NODISCARD CK_RV treenode_new(enum node_kind kind, unsigned depth, const uint8_t path[PATH_BYTES],
                             struct treenode **ret);
/* With everything unfolded below it. NULL is allowed. */
void treenode_free(struct treenode *node);
/* The stored node at `depth` on `path`, verified by `mac`. */
NODISCARD CK_RV treenode_load(const struct tree_source *src, unsigned depth,
                              const uint8_t mac[STORE_MAC], const uint8_t path[PATH_BYTES],
                              struct treenode **ret);
/* MAC the node and write it; the MACs of its children are up to date. */
NODISCARD CK_RV treenode_store(const struct tree_source *src, const struct treenode *node,
                               uint8_t ret_mac[STORE_MAC]);
/* Remove its stored form, if it has one. */
NODISCARD CK_RV treenode_unstore(const struct tree_source *src, const struct treenode *node);

static inline bool has_child(const struct treenode *node, unsigned digit)
{
    return (node->bitmap & child_bit(digit)) != 0;
}

#endif
