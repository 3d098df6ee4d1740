/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_stock.h - the random bytes of secret keys, for who makes many of them one after the other.
 *
 * A question to the private DRBG costs 6,900 instructions whether it is for one key or for sixteen,
 * and was a third of C_GenerateKey. Who asks twice within KEY_STOCK_AGE gets a stock of
 * KEY_STOCK_BYTES, and the next keys are made of that; who makes a key now and then never has one.
 *
 * Why these bytes are as safe as the generator that they come from. OpenSSL keeps the state of a
 * DRBG on the heap, where it determines all bytes until it is seeded anew, after 65,536 questions
 * or seven minutes: who can read this process's memory foresees keys with or without a stock, and
 * fewer by the stock. It is in a page of its own (util/secret.h): locked, between guard pages, not
 * in core files. A byte is overwritten as soon as it was given, and given once, as the generator
 * forgets what it gave. What is older than KEY_STOCK_AGE is never given, and is overwritten at the
 * next question or in C_Finalize: no key is settled long before somebody asks for it. The kernel
 * wipes the page in a forked child, and key_stock_forget() leaves it: no two processes make the
 * same key.
 */
#ifndef TEE_CRYPTO_KEY_STOCK_H
#define TEE_CRYPTO_KEY_STOCK_H

#include "util/guard.h"

#define KEY_STOCK_BYTES 512                        /* sixteen keys of 32 bytes */
#define KEY_STOCK_MOST  64                         /* of one key; longer ones are drawn directly */
#define KEY_STOCK_AGE   (UINT64_C(1000) * 1000000) /* nanoseconds, suspended ones included */

/* n random bytes from the private DRBG. CKR_RANDOM_NO_RNG, CKR_HOST_MEMORY: `ret` is wiped or
 * untouched. From any thread. */
NODISCARD CK_RV key_stock_take(uint8_t *ret, size_t n);
/* At the end of the library, with nobody else inside: wipe and free it. */
void key_stock_clear(void);
/* In a forked child: what the parent has in stock is the parent's. */
void key_stock_forget(void);

#endif
