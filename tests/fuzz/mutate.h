/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.h - a seeded generator of numbers, and changes to bytes drawn from it: the same seed gives
 * the same inputs on every machine.
 */
#ifndef TEE_FUZZ_MUTATE_H
#define TEE_FUZZ_MUTATE_H

#include "util/span.h"

struct prng {
    uint64_t state;
};

uint64_t prng_next(struct prng *p);
/* A number below n; 0 when n is 0. */
size_t prng_below(struct prng *p, size_t n);

/* Change the n bytes at v, which has room for `max`, in a few places; `other` is another input that
 * parts may come from. Returns how many bytes there are now. */
size_t mutate(struct prng *p, uint8_t *v, size_t n, size_t max, struct span other);

#endif
