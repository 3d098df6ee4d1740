/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unique.c - random bytes in stock; see unique.h.
 *
 * A question to the DRBG costs 7,000 instructions and 16 more for each 16 bytes, and a third of
 * making an AES key went there: of so many at once each id costs 80. Whoever finds the stock empty
 * fetches a new one, with no lock held, and takes its own share first.
 */
#include "core/unique.h"

#include <pthread.h>
#include <string.h>

#include "crypto/prim.h"

#define STOCK 128 /* ids */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t stock[STOCK][UNIQUE_ID];
static size_t n_stock; /* stock[0..n) were never given */

static bool stock_take(uint8_t ret[UNIQUE_ID])
{
    bool there;

    pthread_mutex_lock(&lock);
    there = n_stock > 0;
    if (there)
        memcpy(ret, stock[--n_stock], UNIQUE_ID);
    pthread_mutex_unlock(&lock);
    return there;
}

CK_RV unique_id(uint8_t ret[UNIQUE_ID])
{
    uint8_t fresh[STOCK][UNIQUE_ID];

    if (stock_take(ret))
        return CKR_OK;
    TRY(prim_random(fresh, sizeof(fresh)));
    memcpy(ret, fresh[STOCK - 1], UNIQUE_ID);
    pthread_mutex_lock(&lock);
    memcpy(stock, fresh, sizeof(stock));
    n_stock = STOCK - 1;
    pthread_mutex_unlock(&lock);
    return CKR_OK;
}

void unique_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&lock, &fresh, sizeof(lock));
    n_stock = 0;
}
