/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_cache.h - decrypted token objects of one token, bounded, least recently used out first.
 *
 * The bound is a number of objects; so that it is one of bytes too, an object of more than
 * OBJECT_CACHE_LARGEST is not kept. Else whoever may list public objects of 8 MiB, which needs no
 * PIN, would have the process keep thousands of them.
 *
 * An entry is valid for the LMDB transaction under which its path was verified; the fast path
 * compares one number (vault_same). So another process's change, and a destroyed object put back,
 * are seen at once. Has its own lock, held for moments; never while the store is read.
 */
#ifndef TEE_CORE_OBJECT_CACHE_H
#define TEE_CORE_OBJECT_CACHE_H

#include "core/object.h"

/* Bytes of an object's attributes (attrs_size): keys of all sizes have less, with the certificates
 * in their CKA_TEE_EVIDENCE and CKA_TEE_ROTATION. */
#define OBJECT_CACHE_LARGEST (64u * 1024u)

struct object_cache;

NODISCARD CK_RV object_cache_new(size_t max_objects, struct object_cache **ret);
void object_cache_free(struct object_cache *c); /* NULL is allowed */

/* A reference to the cached object and its stamp, or NULL. */
struct object *object_cache_get(struct object_cache *c, enum handle_kind kind, uint64_t id,
                                struct stamp *ret_stamp);
/* Keep (a reference to) an object that was read under `stamp`, unless it is too large; an entry of
 * the same id goes in any case. Not being able to is not an error. */
void object_cache_put(struct object_cache *c, struct object *o, const struct stamp *stamp);
/* The object was verified again under a later transaction. */
void object_cache_renew(struct object_cache *c, const struct object *o, const struct stamp *stamp);
void object_cache_drop(struct object_cache *c, enum handle_kind kind, uint64_t id);
/* Logout: everything private goes. */
void object_cache_drop_private(struct object_cache *c);

#endif
