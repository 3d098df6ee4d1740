/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - idle OpenSSL contexts, kept with the key that they were set up for.
 *
 * Setting up a context (fetching, key schedule, padding, hash states of an HMAC key) costs as much
 * as a short operation. So a context that ended its operation well waits here for the next one of
 * the same mechanism, direction and variant. Taking and giving back are lock-free and from any
 * thread; a context is used by one operation at a time. What a context may still hold of its last
 * operation (a block of text) lies beside the key schedule itself, and is wiped with it.
 */
#ifndef TEE_CRYPTO_POOL_H
#define TEE_CRYPTO_POOL_H

#include <stdatomic.h>

#include "crypto/op.h"

#define POOL_IDLE 8  /* contexts kept per use: about as many as threads that share a key */
#define POOL_USES 16 /* uses per key; further ones work, without keeping contexts */

typedef void pool_free_fn(void *ctx);

/* What a context was set up for. `variant` is what the parameter changes in the set-up. */
struct pool_use {
    const struct mech *row;
    enum op_kind kind;
    CK_ULONG variant[3];
};

struct pool {
    struct pool *next;
    struct pool_use use;
    pool_free_fn *free;
    _Atomic(void *) idle[POOL_IDLE];
};

struct pools {
    _Atomic(struct pool *) first; /* grows at the front, never shrinks */
};

/* The pool of a use, made if need be; NULL: no room or memory for one. */
struct pool *pool_find(struct pools *ps, const struct pool_use *use, pool_free_fn *free);
/* An idle context, or NULL. */
void *pool_take(struct pool *p);
/* Takes the context: keeps or frees it. */
void pool_give(struct pool *p, void *ctx);
/* Free everything; nobody may use the pools any more. */
void pools_clear(struct pools *ps);

#endif
