/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_stock.c - random bytes of keys to come; see key_stock.h.
 *
 * All that there is to know about a stock stands in its page, so that it is gone where the page was
 * wiped. It is filled with no lock held: whoever finds it empty draws a new one into the stack,
 * takes the own share first and leaves the rest, unless another thread left its own meanwhile.
 */
#include "crypto/key_stock.h"

#include <pthread.h>
#include <time.h>

#include "crypto/prim.h"
#include "util/buf.h"
#include "util/secret.h"

/* In the page. bytes[0 .. left) were never given; behind them are zeros. */
struct stock {
    uint64_t drawn; /* when */
    size_t left;
    uint8_t bytes[KEY_STOCK_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *page; /* NULL: there is none yet */
static uint64_t asked;      /* when somebody asked last; 0: nobody did */

_Static_assert(sizeof(struct stock) <= SECRET_MAX, "a stock fits a secret's page");
_Static_assert(KEY_STOCK_MOST <= KEY_STOCK_BYTES, "a stock has one key at least");

/* The page's bytes are aligned as its length is (util/secret.c). */
static struct stock *stock_of(struct secret *s)
{
    return (struct stock *)(void *)s->p;
}

static uint64_t now(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void stock_empty(struct stock *s)
{
    mem_wipe(s->bytes, sizeof(s->bytes));
    s->left = 0;
}

/* What is later than `at` is not: the difference is large. */
static bool is_recent(uint64_t then, uint64_t at)
{
    return then != 0 && at - then < KEY_STOCK_AGE;
}

/* From the end, which is wiped. */
static void stock_give(struct stock *s, uint8_t *ret, size_t n)
{
    s->left -= n;
    memcpy(ret, s->bytes + s->left, n);
    mem_wipe(s->bytes + s->left, n);
}

/* A share of what is there; what is too old goes. ret_in_row: keys are made one after the other. */
static bool take_locked(uint8_t *ret, size_t n, uint64_t at, bool *ret_in_row)
{
    struct stock *s = page == NULL ? NULL : stock_of(page);

    *ret_in_row = is_recent(asked, at);
    asked = at;
    if (s == NULL || s->left == 0)
        return false;
    if (!is_recent(s->drawn, at))
        stock_empty(s);
    if (s->left < n)
        return false;
    stock_give(s, ret, n);
    return true;
}

static void keep_locked(const uint8_t *bytes, size_t n, uint64_t at)
{
    struct stock *s;

    /* No page, no stock: the next one draws again. */
    if (page == NULL && secret_new(sizeof(struct stock), &page) != CKR_OK)
        return;
    s = stock_of(page);
    stock_empty(s);
    memcpy(s->bytes, bytes, n);
    s->left = n;
    s->drawn = at;
}

/* Draw a stock, give from it, keep the rest. */
static CK_RV take_fresh(uint8_t *ret, size_t n, uint64_t at)
{
    uint8_t fresh[KEY_STOCK_BYTES];
    const size_t rest = sizeof(fresh) - n;

    TRY(prim_random(fresh, sizeof(fresh)));
    memcpy(ret, fresh + rest, n);
    pthread_mutex_lock(&lock);
    keep_locked(fresh, rest, at);
    pthread_mutex_unlock(&lock);
    mem_wipe(fresh, sizeof(fresh));
    return CKR_OK;
}

CK_RV key_stock_take(uint8_t *ret, size_t n)
{
    uint64_t at;
    bool in_row, there;

    if (n > KEY_STOCK_MOST)
        return prim_random(ret, n);
    pthread_mutex_lock(&lock);
    at = now(); /* under the lock: what another thread does next is later */
    there = take_locked(ret, n, at, &in_row);
    pthread_mutex_unlock(&lock);
    if (there)
        return CKR_OK;
    return in_row ? take_fresh(ret, n, at) : prim_random(ret, n);
}

void key_stock_clear(void)
{
    secret_free(TAKE(page));
    asked = 0;
}

void key_stock_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&lock, &fresh, sizeof(lock));
    page = NULL;
    asked = 0;
}
