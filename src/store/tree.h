/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - the authenticated trie: looking up under a verified top, and changing it.
 *
 * Looking up starts from a MAC that is already trusted and needs no memory of its own. Changing
 * keeps the touched nodes in memory until tree_save(), which MACs and writes each of them once.
 */
#ifndef TEE_STORE_TREE_H
#define TEE_STORE_TREE_H

#include "store/cache.h"
#include "store/env.h"

/* Where nodes come from, and go to. All borrowed. */
struct tree_source {
    const struct keys *keys;
    struct cache *cache;
    MDB_txn *txn;
    MDB_dbi dbi;
    bool *full; /* set when LMDB's map was too small; not used by reads */
};

/* Look for `path` under the node at `depth` whose trusted MAC is `mac` (depth 0 and an all-zero
 * MAC: an empty tree). *ret_found, and the leaf's stamp in ret_mac. CKR_DEVICE_ERROR: a node is
 * missing or not authentic. */
NODISCARD CK_RV tree_find(const struct tree_source *src, unsigned depth,
                          const uint8_t mac[STORE_MAC], const uint8_t path[PATH_BYTES],
                          uint8_t ret_mac[STORE_MAC], bool *ret_found);
/* The verified content of the node at `depth` on `path`; returns its length in *ret_n. */
NODISCARD CK_RV tree_node(const struct tree_source *src, unsigned depth,
                          const uint8_t mac[STORE_MAC], const uint8_t path[PATH_BYTES],
                          uint8_t ret[NODE_MAX], size_t *ret_n);

/* A tree being changed, for one write transaction. After an error it must not be saved. */
struct tree;

/* `top` as in struct head. */
NODISCARD CK_RV tree_new(const struct tree_source *src, const uint8_t top[STORE_MAC],
                         struct tree **ret);
void tree_free(struct tree *t); /* NULL is allowed */
DEFINE_AUTO(tree_freep, struct tree, tree_free)
/* Like tree_find(), with the changes made so far. */
NODISCARD CK_RV tree_get(const struct tree *t, const uint8_t path[PATH_BYTES],
                         uint8_t ret_mac[STORE_MAC], bool *ret_found);
/* Put a leaf; *ret_added: there was none at this path. */
NODISCARD CK_RV tree_put(struct tree *t, const uint8_t path[PATH_BYTES],
                         const uint8_t mac[STORE_MAC], bool *ret_added);
/* Take a leaf away; *ret_found: there was one. */
NODISCARD CK_RV tree_del(struct tree *t, const uint8_t path[PATH_BYTES], bool *ret_found);
/* Write the changed nodes; ret_top receives the new top. */
NODISCARD CK_RV tree_save(struct tree *t, uint8_t ret_top[STORE_MAC]);

#endif
