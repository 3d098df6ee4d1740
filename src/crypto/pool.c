/* SPDX-License-Identifier: BSD-2-Clause */
/* pool.c - idle contexts by use; see pool.h. */
#include "crypto/pool.h"

#include <stdlib.h>

static bool use_equal(const struct pool_use *a, const struct pool_use *b)
{
    return a->row == b->row && a->kind == b->kind && a->variant[0] == b->variant[0] &&
           a->variant[1] == b->variant[1] && a->variant[2] == b->variant[2];
}

/* The pool of a use among `from` and those behind it; counts them. */
static struct pool *pool_among(struct pool *from, const struct pool_use *use, size_t *ret_n)
{
    size_t n = 0;

    for (; from != NULL && !use_equal(&from->use, use); from = from->next)
        n++;
    *ret_n = n;
    return from;
}

struct pool *pool_find(struct pools *ps, const struct pool_use *use, pool_free_fn *free_ctx)
{
    struct pool *first = atomic_load_explicit(&ps->first, memory_order_acquire);
    size_t n = 0;
    struct pool *p = pool_among(first, use, &n);
    struct pool *mine;

    if (p != NULL || n >= POOL_USES)
        return p;
    mine = calloc(1, sizeof(*mine));
    if (mine == NULL)
        return NULL;
    mine->use = *use;
    mine->free = free_ctx;
    mine->next = first;
    if (atomic_compare_exchange_strong_explicit(&ps->first, &mine->next, mine, memory_order_acq_rel,
                                                memory_order_acquire))
        return mine;
    /* Another thread was first, perhaps for the same use; the next operation looks again. */
    p = pool_among(mine->next, use, &n);
    free(mine);
    return p;
}

/* Where this thread looks first, so that threads rarely meet at one place. */
static size_t pool_home(void)
{
    static atomic_uint next;
    static _Thread_local unsigned home; /* 1 + index; 0: none yet */

    if (home == 0)
        home = 1 + atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % POOL_IDLE;
    return home - 1;
}

void *pool_take(struct pool *p)
{
    const size_t home = pool_home();

    for (size_t i = 0; i < POOL_IDLE; i++) {
        _Atomic(void *) *place = &p->idle[(home + i) % POOL_IDLE];
        void *ctx = NULL;

        if (atomic_load_explicit(place, memory_order_relaxed) != NULL)
            ctx = atomic_exchange_explicit(place, NULL, memory_order_acquire);
        if (ctx != NULL)
            return ctx;
    }
    return NULL;
}

void pool_give(struct pool *p, void *ctx)
{
    const size_t home = pool_home();

    for (size_t i = 0; i < POOL_IDLE; i++) {
        _Atomic(void *) *place = &p->idle[(home + i) % POOL_IDLE];
        void *none = NULL;

        if (atomic_compare_exchange_strong_explicit(place, &none, ctx, memory_order_release,
                                                    memory_order_relaxed))
            return;
    }
    p->free(ctx);
}

void pools_clear(struct pools *ps)
{
    struct pool *p = atomic_exchange(&ps->first, NULL);

    while (p != NULL) {
        struct pool *next = p->next;

        for (size_t i = 0; i < POOL_IDLE; i++) {
            void *ctx = atomic_load(&p->idle[i]);

            if (ctx != NULL)
                p->free(ctx);
        }
        free(p);
        p = next;
    }
}
