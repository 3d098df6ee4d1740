/* SPDX-License-Identifier: BSD-2-Clause */
/* mutate.c - see mutate.h. The generator is splitmix64. */
#include "mutate.h"

#define MOST_CHANGES 6
#define LONGEST_PART 64

uint64_t prng_next(struct prng *p)
{
    uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t prng_below(struct prng *p, size_t n)
{
    return n == 0 ? 0 : (size_t)(prng_next(p) % n);
}

/* The bytes being changed. */
struct draft {
    uint8_t *v;
    size_t n, max;
    struct span other;
};

typedef void change_fn(struct prng *p, struct draft *d);

static void flip_bit(struct prng *p, struct draft *d)
{
    if (d->n > 0)
        d->v[prng_below(p, d->n)] ^= (uint8_t)(1u << prng_below(p, 8));
}

static void set_byte(struct prng *p, struct draft *d)
{
    if (d->n > 0)
        d->v[prng_below(p, d->n)] = (uint8_t)prng_next(p);
}

/* A number that lies on a border, in either byte order. */
static void set_number(struct prng *p, struct draft *d)
{
    static const uint64_t borders[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff,
        0x10000, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX >> 1, UINT64_MAX - 1, UINT64_MAX};
    const size_t width = (size_t)1 << prng_below(p, 4);
    const uint64_t number = borders[prng_below(p, N_ELEMENTS(borders))];
    const bool big = prng_below(p, 2) == 0;
    size_t at;

    if (d->n < width)
        return;
    at = prng_below(p, d->n - width + 1);
    for (size_t i = 0; i < width; i++)
        d->v[at + i] = (uint8_t)(number >> 8 * (big ? width - 1 - i : i));
}

/* Add a little to a byte: lengths and counts that are off by one. */
static void nudge(struct prng *p, struct draft *d)
{
    if (d->n > 0) {
        uint8_t *at = &d->v[prng_below(p, d->n)];

        *at = (uint8_t)(*at + prng_below(p, 9) - 4);
    }
}

static void cut_out(struct prng *p, struct draft *d)
{
    const size_t at = prng_below(p, d->n);
    const size_t n = prng_below(p, (d->n - at < LONGEST_PART ? d->n - at : LONGEST_PART) + 1);

    memmove(d->v + at, d->v + at + n, d->n - at - n);
    d->n -= n;
}

static void cut_short(struct prng *p, struct draft *d)
{
    d->n = prng_below(p, d->n + 1);
}

/* Put bytes in, moving up what is there; what does not fit is left out. */
static void insert(struct prng *p, struct draft *d, struct span part)
{
    const size_t at = prng_below(p, d->n + 1);
    const size_t n = part.n < d->max - d->n ? part.n : d->max - d->n;

    if (n == 0)
        return;
    memmove(d->v + at + n, d->v + at, d->n - at);
    memcpy(d->v + at, part.p, n);
    d->n += n;
}

static struct span part_of(struct prng *p, struct span from)
{
    const size_t at = prng_below(p, from.n);
    const size_t left = from.n - at;

    if (left == 0)
        return SPAN_EMPTY;
    return span_of(from.p + at, 1 + prng_below(p, left < LONGEST_PART ? left : LONGEST_PART));
}

static void insert_random(struct prng *p, struct draft *d)
{
    uint8_t bytes[16];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)prng_next(p);
    insert(p, d, span_of(bytes, 1 + prng_below(p, sizeof(bytes))));
}

static void insert_own(struct prng *p, struct draft *d)
{
    uint8_t bytes[LONGEST_PART];
    const struct span part = part_of(p, span_of(d->v, d->n));

    if (part.n == 0)
        return;
    memcpy(bytes, part.p, part.n); /* it moves */
    insert(p, d, span_of(bytes, part.n));
}

static void insert_other(struct prng *p, struct draft *d)
{
    insert(p, d, part_of(p, d->other));
}

/* The head of this one, the tail of the other. */
static void splice(struct prng *p, struct draft *d)
{
    const size_t at = prng_below(p, d->n + 1);
    const size_t from = prng_below(p, d->other.n + 1);
    const size_t n = d->other.n - from < d->max - at ? d->other.n - from : d->max - at;

    if (n > 0)
        memcpy(d->v + at, d->other.p + from, n);
    d->n = at + n;
}

size_t mutate(struct prng *p, uint8_t *v, size_t n, size_t max, struct span other)
{
    static change_fn *const changes[] = {flip_bit, set_byte, set_byte, set_number, set_number,
        nudge, cut_out, insert_random, insert_own, insert_other, insert_other, splice, cut_short};
    struct draft d = {.v = v, .n = n, .max = max, .other = other};
    const size_t n_changes = 1 + prng_below(p, MOST_CHANGES);

    for (size_t i = 0; i < n_changes; i++)
        changes[prng_below(p, N_ELEMENTS(changes))](p, &d);
    return d.n;
}
