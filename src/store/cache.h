/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - verified tree nodes and row paths, kept per store for all transactions.
 *
 * A node is found by the MAC that its verified parent names: the MAC binds place and content, so a
 * private copy found by it is right in every transaction, whatever has been written since, and
 * nothing is ever invalidated. A path is found by table and key. Both are bounded and
 * direct-mapped: a newer one displaces an older one that falls on the same slot. Inner nodes and
 * buckets have slots of their own, so that a scan over many buckets does not push out the top of
 * the tree.
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
/* Copy the content of a kept node; returns its length, 0 when it is not kept. */
size_t cache_copy(struct cache *c, const uint8_t mac[STORE_MAC], uint8_t ret[NODE_MAX]);
/* Keep a copy of a verified, well-formed node. Out of memory: it is not kept. */
void cache_keep(struct cache *c, const uint8_t mac[STORE_MAC], struct span content);

/* The path of a row, if it is kept. */
bool cache_path(struct cache *c, enum store_table table, struct span key, uint8_t ret[PATH_BYTES]);
void cache_keep_path(struct cache *c, enum store_table table, struct span key,
                     const uint8_t path[PATH_BYTES]);

/* A short row that was verified, by its stamp: that binds table, key and value, so a copy is right
 * wherever the tree names it. cache_row() appends it to ret; false when it is not kept. */
bool cache_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct buf *ret);
void cache_keep_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct span value);

#endif
