/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_sp800.c - the key derivation functions of NIST SP 800-108 (PKCS#11 v3.2 6.42): counter,
 * feedback and double pipeline. The application says what the PRF is fed with, and in what order,
 * which OpenSSL's KBKDF leaves no room for: so the three loops are here, over its HMAC and CMAC.
 */
#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

#define BLOCK_MAX 64 /* bytes of the PRF's output */
#define BITS      8

/* One derivation as it runs. */
struct kdf {
    const union mech_param *p;
    const struct param_field *fields;
    const uint8_t *bytes; /* of the fields, and behind them the IV */
    size_t n_bytes;
    EVP_MAC_CTX *prf;
    size_t n_block;
    struct key *keys[8]; /* that fields name, by order */
    size_t n_keys;
    uint64_t n_dkm[2]; /* bits of all keys, and of all blocks */
    uint64_t counter;
    uint8_t block[BLOCK_MAX]; /* what `last` points at, after the IV */
    struct span last;         /* K(i - 1), or A(i) */
};

static void kdf_clear(struct kdf *k)
{
    for (size_t i = 0; i < k->n_keys; i++)
        key_unref(k->keys[i]);
    EVP_MAC_CTX_free(k->prf);
    mem_wipe(k->block, sizeof(k->block));
}

/* -- the PRF ------------------------------------------------------------------------------- */

static const char *cmac_cipher(size_t n)
{
    return n == 16 ? "AES-128-CBC" : n == 24 ? "AES-192-CBC" : "AES-256-CBC";
}

/* A CMAC takes an AES key, an HMAC a key for it. */
static bool key_fits(const struct hash *hash, const struct key *k)
{
    const bool is_cipher = k->type == CKK_AES || k->type == CKK_AES_XTS || k->type == CKK_CHACHA20;

    return hash == NULL ? k->type == CKK_AES : !is_cipher;
}

static CK_RV prf_new(const struct hash *hash, const struct key *k, EVP_MAC_CTX **ret)
{
    const OSSL_PARAM params[] = {
        hash != NULL ? param_text(OSSL_MAC_PARAM_DIGEST, hash->md)
                     : param_text(OSSL_MAC_PARAM_CIPHER, cmac_cipher(k->value.n)),
        OSSL_PARAM_construct_end(),
    };
    AUTO(macp)
    EVP_MAC *mac = EVP_MAC_fetch(ossl_ctx(), hash != NULL ? "HMAC" : "CMAC", NULL);
    AUTO(mac_ctx_freep) EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;

    ENSURE(ctx != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_MAC_init(ctx, k->value.p, k->value.n, params) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static CK_RV prf_start(struct kdf *k)
{
    ENSURE(EVP_MAC_init(k->prf, NULL, 0, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV prf_feed(struct kdf *k, struct span in)
{
    ENSURE(in.n == 0 || EVP_MAC_update(k->prf, in.p, in.n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV prf_end(struct kdf *k, uint8_t ret[BLOCK_MAX])
{
    size_t n = 0;

    ENSURE(EVP_MAC_final(k->prf, ret, &n, BLOCK_MAX) == 1 && n == k->n_block,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* -- what it is fed with ------------------------------------------------------------------- */

static CK_RV feed_number(struct kdf *k, const struct param_field *f, uint64_t number)
{
    uint8_t bytes[sizeof(number)];

    ENSURE(f->width == sizeof(number) || number >> (BITS * f->width) == 0, CKR_KEY_SIZE_RANGE);
    for (size_t i = 0; i < f->width; i++)
        bytes[f->little ? i : f->width - 1 - i] = (uint8_t)(number >> (BITS * i));
    return prf_feed(k, span_of(bytes, f->width));
}

static CK_RV feed_iteration(struct kdf *k, const struct param_field *f)
{
    if (k->p->sp800.iteration == PARAM_COUNTER)
        return feed_number(k, f, k->counter);
    return prf_feed(k, k->last);
}

static CK_RV feed_counter(struct kdf *k, const struct param_field *f)
{
    return feed_number(k, f, k->counter);
}

static CK_RV feed_length(struct kdf *k, const struct param_field *f)
{
    return feed_number(k, f, k->n_dkm[f->method == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS]);
}

static CK_RV feed_array(struct kdf *k, const struct param_field *f)
{
    return prf_feed(k, span_of(k->bytes + f->at, f->n));
}

/* The keys were got in the order of their fields: `at` is the place among them. */
static CK_RV feed_key(struct kdf *k, const struct param_field *f)
{
    size_t i = 0;

    for (const struct param_field *before = k->fields; before < f; before++)
        i += before->type == CK_SP800_108_KEY_HANDLE;
    return prf_feed(k, buf_span(&k->keys[i]->value));
}

static const struct {
    CK_PRF_DATA_TYPE type;
    bool fixed; /* the same for every block: part of the double pipeline's A(0) */
    CK_RV (*feed)(struct kdf *k, const struct param_field *f);
} feeders[] = {
    {CK_SP800_108_ITERATION_VARIABLE, false, feed_iteration},
    {CK_SP800_108_COUNTER, false, feed_counter},
    {CK_SP800_108_DKM_LENGTH, true, feed_length},
    {CK_SP800_108_BYTE_ARRAY, true, feed_array},
    {CK_SP800_108_KEY_HANDLE, true, feed_key},
};

static CK_RV feed_all(struct kdf *k, bool fixed_only)
{
    for (size_t i = 0; i < k->p->sp800.n_fields; i++) {
        for (size_t j = 0; j < N_ELEMENTS(feeders); j++) {
            if (feeders[j].type == k->fields[i].type && (feeders[j].fixed || !fixed_only))
                TRY(feeders[j].feed(k, &k->fields[i]));
        }
    }
    return CKR_OK;
}

/* -- the loops ----------------------------------------------------------------------------- */

/* A(i) = PRF(A(i - 1)); A(0) is what is fixed. */
static CK_RV pipeline_step(struct kdf *k)
{
    TRY(prf_start(k));
    if (k->counter == 1)
        TRY(feed_all(k, true));
    else
        TRY(prf_feed(k, k->last));
    TRY(prf_end(k, k->block));
    k->last = span_of(k->block, k->n_block);
    return CKR_OK;
}

/* The next block of key material. */
static CK_RV block_next(struct kdf *k, uint8_t ret[BLOCK_MAX])
{
    k->counter++;
    if (k->p->sp800.iteration == PARAM_PIPELINE)
        TRY(pipeline_step(k));
    TRY(prf_start(k));
    TRY(feed_all(k, false));
    TRY(prf_end(k, ret));
    if (k->p->sp800.iteration == PARAM_FEEDBACK) {
        memcpy(k->block, ret, k->n_block);
        k->last = span_of(k->block, k->n_block);
    }
    return CKR_OK;
}

/* Set one key: whole blocks, of which what is left over serves nobody (6.42.6). */
static CK_RV key_fill(struct kdf *k, size_t n, struct attrs *a)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    uint8_t block[BLOCK_MAX];
    CK_RV rv = CKR_OK;

    while (rv == CKR_OK && value.n < n) {
        rv = block_next(k, block);
        if (rv == CKR_OK)
            buf_put(&value, span_of(block, n - value.n < k->n_block ? n - value.n : k->n_block));
    }
    mem_wipe(block, sizeof(block));
    TRY(rv);
    TRY(buf_ok(&value));
    return attrs_set(a, CKA_VALUE, buf_span(&value));
}

/* -- the derivation ------------------------------------------------------------------------ */

/* Get the keys that fields name. */
static CK_RV keys_get(struct kdf *k, const struct gen_keys *keys)
{
    for (size_t i = 0; i < k->p->sp800.n_fields; i++) {
        if (k->fields[i].type != CK_SP800_108_KEY_HANDLE)
            continue;
        ENSURE(keys->find != NULL, CKR_KEY_HANDLE_INVALID);
        ENSURE(k->n_keys < N_ELEMENTS(k->keys), CKR_MECHANISM_PARAM_INVALID);
        TRY(keys->find(keys->arg, k->fields[i].key, &k->keys[k->n_keys]));
        k->n_keys++;
    }
    return CKR_OK;
}

static CK_RV kdf_start(struct kdf *k, const struct gen_derivation *d, const struct gen_keys *keys)
{
    const union mech_param *p = d->param;
    const struct span owned = buf_span(&p->sp800.owned);

    k->p = p;
    k->fields = (const struct param_field *)(const void *)owned.p;
    k->bytes = span_after(owned, p->sp800.n_fields * sizeof(struct param_field)).p;
    k->last = span_after(owned, owned.n - p->sp800.n_iv);
    k->n_block = p->sp800.hash != NULL ? p->sp800.hash->n : PARAM_BLOCK;
    ENSURE(key_fits(p->sp800.hash, keys->base), CKR_KEY_TYPE_INCONSISTENT);
    TRY(keys_get(k, keys));
    return prf_new(p->sp800.hash, keys->base, &k->prf);
}

static CK_RV kdf_fill(struct kdf *k, const struct gen_derivation *d, struct attrs *const *a)
{
    size_t n[GEN_MAX_OUTPUTS];

    for (size_t i = 0; i < d->n_outputs; i++) {
        TRY(gen_length(d, i, a[i], 0, 0, &n[i]));
        k->n_dkm[0] += BITS * n[i];
        k->n_dkm[1] += BITS * k->n_block * ((n[i] + k->n_block - 1) / k->n_block);
    }
    for (size_t i = 0; i < d->n_outputs; i++)
        TRY(key_fill(k, n[i], a[i]));
    return CKR_OK;
}

static CK_RV sp800_derive(struct gen_derivation *d, const struct gen_keys *keys,
                          struct attrs *const *a)
{
    AUTO(kdf_clear) struct kdf k = {.counter = 0};

    TRY(kdf_start(&k, d, keys));
    return kdf_fill(&k, d, a);
}

/* Further keys, whose templates are in the parameter. */
static CK_RV sp800_plan(struct gen_derivation *d, const struct gen_keys *keys)
{
    CK_SP800_108_FEEDBACK_KDF_PARAMS f;
    CK_SP800_108_KDF_PARAMS p;
    const CK_DERIVED_KEY *v;
    CK_ULONG n;

    (void)keys;
    if (d->param->sp800.iteration == PARAM_FEEDBACK) {
        TRY(param_take(d->m, &f, sizeof(f)));
        v = f.pAdditionalDerivedKeys;
        n = f.ulAdditionalDerivedKeys;
    } else {
        TRY(param_take(d->m, &p, sizeof(p)));
        v = p.pAdditionalDerivedKeys;
        n = p.ulAdditionalDerivedKeys;
    }
    ENSURE(n < GEN_MAX_OUTPUTS && (v != NULL || n == 0), CKR_MECHANISM_PARAM_INVALID);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_DERIVED_KEY key;

        memcpy(&key, (const uint8_t *)v + i * sizeof(key), sizeof(key));
        ENSURE(key.phKey != NULL && (key.pTemplate != NULL || key.ulAttributeCount == 0),
               CKR_MECHANISM_PARAM_INVALID);
        d->outputs[d->n_outputs++] = (struct gen_output){.v = key.pTemplate,
                                                         .n = key.ulAttributeCount,
                                                         .key_type = CK_UNAVAILABLE_INFORMATION,
                                                         .handle = key.phKey};
    }
    return CKR_OK;
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE};

const struct gen_class gen_sp800 = {
    .name = "sp800",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY, .any_history = true},
    .derive = sp800_derive,
    .plan = sp800_plan,
    .inherit = gen_inherit_protection,
};
