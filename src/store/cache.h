/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - verified tree nodes and what is known of rows, kept per store for all transactions.
 *
 * A node is used only if it has the MAC that its verified parent names: the MAC binds place and
 * content, so a private copy that has it is right in every transaction, whatever has been written
 * since, and nothing is ever invalidated. It is kept by its place in the tree, so that a newer
 * version takes the slot of an older one; the 4,161 nodes of the upper three levels have a slot
 * each. Of a row is known its path, and what the tree said of it under one root row. All is
 * bounded. Inner nodes and buckets have slots of their own, so that a scan over many buckets does
 * not push out the top of the tree.
 *
 * Safe for several threads; a lock is held for one look or one swap, never over a call elsewhere.
 */
#ifndef TEE_STORE_CACHE_H
#define TEE_STORE_CACHE_H

#include "store/node.h"

struct cache;

NODISCARD CK_RV cache_new(struct cache **ret);
void cache_free(struct cache *c); /* NULL is allowed */
DEFINE_AUTO(cache_freep, struct cache, cache_free)

/* Look for `path` in the node at `depth` whose MAC is `mac`, if it is kept. False: it is not. */
bool cache_look(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                const uint8_t path[PATH_BYTES], enum node_step *ret, uint8_t ret_mac[STORE_MAC]);
/* Copy the content of the node at `depth` on `path` if it is kept with this MAC; returns its
 * length, 0 when it is not. */
size_t cache_copy(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                  const uint8_t path[PATH_BYTES], uint8_t ret[NODE_MAX]);
/* Keep a copy of a verified, well-formed node. A bucket displaces one of another place only when it
 * is offered for the second time in a row there: who reads a million rows once would only push out
 * what every read needs. Out of memory: it is not kept. */
void cache_keep(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                const uint8_t path[PATH_BYTES], struct span content);

/* What is known of a row. */
struct known {
    uint8_t path[PATH_BYTES];
    bool proven;              /* the tree was asked, under the root row in question: */
    bool present;             /* it has the row */
    bool compared;            /* and so has LMDB; or neither of them */
    uint8_t stamp[STORE_MAC]; /* of a row that is present */
};

/* What is known of a row; false: nothing. `head` says under which root row (store/txn.h `proof`; 0:
 * one that nothing is kept of): what was proven under another one is not. */
bool cache_known(struct cache *c, enum store_table table, struct span key, uint64_t head,
                 struct known *ret);
void cache_keep_known(struct cache *c, enum store_table table, struct span key, uint64_t head,
                      const struct known *known);

/* A short row that was verified, by its stamp: that binds table, key and value, so a copy is right
 * wherever the tree names it. cache_row() appends it to ret; false when it is not kept. */
bool cache_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct buf *ret);
void cache_keep_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct span value);

#endif
