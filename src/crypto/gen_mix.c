/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_mix.c - keys that are pieces or mixtures of other keys (PKCS#11 v3.2 6.43), and digests of
 * keys (6.21). All of these rows are off by default: who may derive so from a key finds out the
 * key. Cut to a few bits, or mixed with a value of his choosing, it is searched piece by piece
 * (Clulow, CHES 2003); so even where they are on, what is taken or mixed has 112 bits at least,
 * unless the base key itself has fewer.
 */
#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

#define LEAST_BYTES 14

/* Of a key of n bytes, no fewer may be taken. */
static size_t least_of(size_t n)
{
    return n < LEAST_BYTES ? n : LEAST_BYTES;
}

/* Set CKA_VALUE to the first bytes of `mixed`: as many as the template says, or all. The base key's
 * begin behind `n_known` bytes that tell nothing to search for. */
static CK_RV mixed_set(const struct gen_derivation *d, const struct gen_keys *keys, size_t n_known,
                       struct span mixed, struct attrs *a)
{
    size_t n = 0;

    TRY(gen_length(d, 0, a, mixed.n, mixed.n, &n));
    ENSURE(n >= n_known + least_of(keys->base->value.n), CKR_KEY_SIZE_RANGE);
    return attrs_set(a, CKA_VALUE, span_of(mixed.p, n));
}

static CK_RV concatenate(const struct gen_derivation *d, const struct gen_keys *keys,
                         size_t n_known, struct span first, struct span second, struct attrs *a)
{
    AUTO(buf_clear) struct buf mixed = BUF_INIT;

    buf_put(&mixed, first);
    buf_put(&mixed, second);
    TRY(buf_ok(&mixed));
    return mixed_set(d, keys, n_known, buf_span(&mixed), a);
}

static CK_RV with_key_derive(struct gen_derivation *d, const struct gen_keys *keys,
                             struct attrs *const *a)
{
    const struct span base = buf_span(&keys->base->value);
    AUTO(key_unrefp) struct key *other = NULL;
    size_t n = 0;

    ENSURE(keys->find != NULL, CKR_KEY_HANDLE_INVALID);
    TRY(keys->find(keys->arg, d->param->other.key, &other));
    /* Of the other key as well: who knows the base key searches for what follows it. */
    TRY(gen_length(d, 0, a[0], base.n + other->value.n, base.n + other->value.n, &n));
    ENSURE(n <= base.n || n - base.n >= least_of(other->value.n), CKR_KEY_SIZE_RANGE);
    return concatenate(d, keys, 0, base, buf_span(&other->value), a[0]);
}

static CK_RV append_derive(struct gen_derivation *d, const struct gen_keys *keys,
                           struct attrs *const *a)
{
    return concatenate(d, keys, 0, buf_span(&keys->base->value), buf_span(&d->param->any.owned),
                       a[0]);
}

static CK_RV prepend_derive(struct gen_derivation *d, const struct gen_keys *keys,
                            struct attrs *const *a)
{
    const struct span data = buf_span(&d->param->any.owned);

    return concatenate(d, keys, data.n, data, buf_span(&keys->base->value), a[0]);
}

/* As long as the shorter of both. */
static CK_RV xor_derive(struct gen_derivation *d, const struct gen_keys *keys,
                        struct attrs *const *a)
{
    const struct span key = buf_span(&keys->base->value), data = buf_span(&d->param->any.owned);
    const size_t n = key.n < data.n ? key.n : data.n;
    AUTO(buf_clear) struct buf mixed = BUF_INIT;
    uint8_t *to = buf_extend(&mixed, n);

    ENSURE(to != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n; i++)
        to[i] = key.p[i] ^ data.p[i];
    return mixed_set(d, keys, 0, buf_span(&mixed), a[0]);
}

/* n bytes of the key's bits from `bit` on, and round its end (6.43.7). */
static void bits_copy(struct span key, CK_ULONG bit, uint8_t *to, size_t n)
{
    const unsigned shift = (unsigned)(bit % 8);

    for (size_t i = 0; i < n; i++) {
        const size_t at = bit / 8 + i;
        const unsigned high = key.p[at % key.n], low = key.p[(at + 1) % key.n];

        to[i] = (uint8_t)((high << 8 | low) >> (8 - shift));
    }
}

static CK_RV extract_derive(struct gen_derivation *d, const struct gen_keys *keys,
                            struct attrs *const *a)
{
    const struct span key = buf_span(&keys->base->value);
    AUTO(buf_clear) struct buf bits = BUF_INIT;
    size_t n = 0;

    ENSURE(d->param->extract.bit / 8 < key.n, CKR_MECHANISM_PARAM_INVALID);
    TRY(gen_length(d, 0, a[0], 0, key.n, &n)); /* it must be said */
    ENSURE(buf_extend(&bits, n) != NULL, CKR_HOST_MEMORY);
    bits_copy(key, d->param->extract.bit, bits.p, n);
    return mixed_set(d, keys, 0, buf_span(&bits), a[0]);
}

/* 6.21: the digest's length, or less. */
static CK_RV digest_derive(struct gen_derivation *d, const struct gen_keys *keys,
                           struct attrs *const *a)
{
    const struct span key = buf_span(&keys->base->value);
    uint8_t digest[EVP_MAX_MD_SIZE];
    CK_RV rv = CKR_OK;

    ENSURE(ossl_md(d->row->md) != NULL, CKR_MECHANISM_INVALID);
    ENSURE(EVP_Digest(key.p, key.n, digest, NULL, ossl_md(d->row->md), NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    rv = mixed_set(d, keys, 0, span_of(digest, hash_of_md(d->row->md)->n), a[0]);
    mem_wipe(digest, sizeof(digest));
    return rv;
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE};

#define MIX(text, protected, method)                                                               \
    {                                                                                              \
        .name = (text), .adds = adds, .n_adds = N_ELEMENTS(adds),                                  \
        .derives = {.class = CKO_SECRET_KEY, .protection = (protected)}, .derive = (method)        \
    }

const struct gen_class gen_concatenate_key = MIX("concatenate-key", GEN_KEPT, with_key_derive);
const struct gen_class gen_append = MIX("append", GEN_KEPT, append_derive);
const struct gen_class gen_prepend = MIX("prepend", GEN_KEPT, prepend_derive);
const struct gen_class gen_xor = MIX("xor", GEN_KEPT, xor_derive);
const struct gen_class gen_extract = MIX("extract", GEN_KEPT, extract_derive);
const struct gen_class gen_digest = MIX("digest", GEN_ANEW, digest_derive);
