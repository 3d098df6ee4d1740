/* SPDX-License-Identifier: BSD-2-Clause */
/* iv.c - IVs and nonces made by the token; see iv.h. */
#include "crypto/iv.h"

#include "crypto/prim.h"
#include "util/log.h"

/* SP 800-38D 8.3 allows 2^32 IVs that are random in part or whole under one key. */
#define MAX_RANDOM (UINT64_C(1) << 32)

static CK_ULONG free_bits(const struct iv_request *r)
{
    return 8 * r->n - r->fixed;
}

/* The bits of byte i that are not fixed. */
static uint8_t free_mask(const struct iv_request *r, size_t i)
{
    if (8 * i >= r->fixed)
        return 0xff;
    if (8 * (i + 1) <= r->fixed)
        return 0;
    return (uint8_t)(0xffu >> (r->fixed - 8 * i) & 0xffu);
}

/* The given IV with its free bits replaced. */
static void merge(const struct iv_request *r, const uint8_t *value, uint8_t *ret)
{
    for (size_t i = 0; i < r->n; i++)
        ret[i] = (uint8_t)((r->given[i] & ~free_mask(r, i)) | (value[i] & free_mask(r, i)));
}

/* Add to a number of n bytes, big-endian; what does not fit is lost. */
static void add(uint8_t *number, size_t n, uint64_t more)
{
    unsigned carry = 0;

    for (size_t i = n; i > 0; i--, more >>= 8) {
        carry += number[i - 1] + (unsigned)(more & 0xff);
        number[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
}

static CK_RV make_none(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    (void)s;
    memcpy(ret, r->given, r->n);
    return CKR_OK;
}

static CK_RV make_counted(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    uint8_t value[PARAM_MAX_NONCE];

    if (!s->has_start)
        TRY(prim_random(s->start, sizeof(s->start)));
    s->has_start = true;
    memcpy(value, s->start + sizeof(s->start) - r->n, r->n);
    add(value, r->n, s->n_made);
    merge(r, value, ret);
    return CKR_OK;
}

static CK_RV make_counter(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    uint8_t value[PARAM_MAX_NONCE] = {0};

    add(value, r->n, s->n_made);
    merge(r, value, ret);
    return CKR_OK;
}

static CK_RV make_random(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    uint8_t value[PARAM_MAX_NONCE];

    (void)s;
    TRY(prim_random(value, r->n));
    merge(r, value, ret);
    return CKR_OK;
}

/* The value that is XORed must not vary (6.13.3), or an IV could come twice. */
static bool is_base(const struct iv_source *s, const struct iv_request *r)
{
    bool same = s->n_base == r->n && s->fixed_base == r->fixed;

    for (size_t i = 0; same && i < r->n; i++)
        same = ((s->base[i] ^ r->given[i]) & free_mask(r, i)) == 0;
    return same;
}

static CK_RV make_xor(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    uint8_t value[PARAM_MAX_NONCE] = {0};

    ENSURE(!s->has_base || is_base(s, r), CKR_MECHANISM_PARAM_INVALID);
    memcpy(s->base, r->given, r->n);
    s->n_base = r->n;
    s->fixed_base = r->fixed;
    s->has_base = true;
    add(value, r->n, s->n_made);
    for (size_t i = 0; i < r->n; i++)
        value[i] ^= r->given[i];
    merge(r, value, ret);
    return CKR_OK;
}

static const struct generator {
    CK_GENERATOR_FUNCTION id;
    CK_RV (*make)(struct iv_source *s, const struct iv_request *r, uint8_t *ret);
    uint64_t max; /* that are made; 0: the token makes nothing */
} generators[] = {
    {CKG_NO_GENERATE, make_none, 0},
    {CKG_GENERATE, make_counted, MAX_RANDOM},
    {CKG_GENERATE_COUNTER, make_counter, UINT64_MAX},
    {CKG_GENERATE_RANDOM, make_random, MAX_RANDOM},
    {CKG_GENERATE_COUNTER_XOR, make_xor, UINT64_MAX},
};

static const struct generator *find(CK_GENERATOR_FUNCTION id)
{
    for (size_t i = 0; i < N_ELEMENTS(generators); i++) {
        if (generators[i].id == id)
            return &generators[i];
    }
    return NULL;
}

/* Is there another one that was not there before? */
static CK_RV check_left(const struct iv_source *s, const struct iv_request *r, uint64_t max)
{
    const CK_ULONG bits = free_bits(r);
    const bool left = s->n_made < max && (bits >= 64 || s->n_made >> bits == 0);

    if (!left)
        log_warn("no IV of %lu generated bits is left: begin anew with another key", bits);
    ENSURE(left, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV iv_next(struct iv_source *s, const struct iv_request *r, uint8_t *ret)
{
    const struct generator *g = find(r->generator);

    ENSURE(g != NULL, CKR_MECHANISM_PARAM_INVALID);
    if (g->max > 0) {
        ENSURE(r->fixed <= 8 * r->n && free_bits(r) >= IV_MIN_BITS, CKR_MECHANISM_PARAM_INVALID);
        TRY(check_left(s, r, g->max));
    }
    TRY(g->make(s, r, ret));
    s->n_made += g->max > 0 ? 1 : 0;
    return CKR_OK;
}
