/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_ec.c - key pairs on elliptic curves (PKCS#11 v3.2 6.3.10 - 6.3.12).
 *
 * Half of the time of a P-256 pair would be spent on setting up the generator, so idle ones are
 * kept, by curve, for the life of the process. They hold no key.
 */
#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

#define MAX_CURVES 16

static void generator_free(void *ctx)
{
    EVP_PKEY_CTX_free(ctx);
}

static struct pool *generators(const struct curve *c)
{
    static struct pool pools[MAX_CURVES] = {[0 ... MAX_CURVES - 1] = {.free = generator_free}};

    return (size_t)(c - curves) < MAX_CURVES ? &pools[c - curves] : NULL;
}

static CK_RV generator_new(const struct curve *c, EVP_PKEY_CTX **ret)
{
    const char *type = c->key_type == CKK_EC ? "EC" : c->name;
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), ossl_key_type(type), NULL);

    ENSURE(ctx != NULL, ossl_rv(CKR_CURVE_NOT_SUPPORTED));
    ENSURE(EVP_PKEY_keygen_init(ctx) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(c->key_type != CKK_EC || EVP_PKEY_CTX_set_group_name(ctx, c->name) == 1,
           ossl_rv(CKR_CURVE_NOT_SUPPORTED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static CK_RV pkey_make(const struct curve *c, EVP_PKEY **ret)
{
    struct pool *idle = generators(c);
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = idle != NULL ? pool_take(idle) : NULL;

    if (ctx == NULL)
        TRY(generator_new(c, &ctx));
    ENSURE(EVP_PKEY_generate(ctx, ret) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    if (idle != NULL)
        pool_give(idle, TAKE(ctx));
    return CKR_OK;
}

/* The curve that either half names; CKA_EC_PARAMS goes to the other. */
static CK_RV pair_curve(const struct mech *row, struct attrs *public_key, struct attrs *private_key,
                        const struct curve **ret)
{
    struct span params = attrs_span(public_key, CKA_EC_PARAMS);
    const struct span other = attrs_span(private_key, CKA_EC_PARAMS);

    ENSURE(params.n > 0 || other.n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(params.n == 0 || other.n == 0 || span_equal(params, other), CKR_TEMPLATE_INCONSISTENT);
    TRY(curve_of(params.n > 0 ? params : other, row->key_type, ret));
    ENSURE((*ret)->bits >= row->min && (*ret)->bits <= row->max, CKR_CURVE_NOT_SUPPORTED);
    if (params.n == 0)
        return attrs_set(public_key, CKA_EC_PARAMS, other);
    return other.n == 0 ? attrs_set(private_key, CKA_EC_PARAMS, params) : CKR_OK;
}

/* Set CKA_EC_POINT and CKA_PUBLIC_KEY_INFO of both: with a private key alone, many applications
 * look there for the point. */
static CK_RV pair_point(const struct curve *c, struct span point, struct attrs *public_key,
                        struct attrs *private_key)
{
    TRY(curve_set_point(point, public_key));
    TRY(curve_set_point(point, private_key));
    TRY(spki_curve(c, point, public_key));
    return attrs_set(private_key, CKA_PUBLIC_KEY_INFO, attrs_span(public_key, CKA_PUBLIC_KEY_INFO));
}

static CK_RV ec_pair(const struct mech *row, struct attrs *public_key, struct attrs *private_key)
{
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    const struct curve *c = NULL;
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    TRY(pair_curve(row, public_key, private_key, &c));
    TRY(pkey_make(c, &pkey));
    ENSURE(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                           &n) == 1 &&
               n == c->n_public,
           ossl_rv(CKR_FUNCTION_FAILED));
    TRY(key_class_find(row->key_type)->store(pkey, private_key));
    return pair_point(c, span_of(point, n), public_key, private_key);
}

static const CK_ATTRIBUTE_TYPE adds[] = {
    CKA_EC_PARAMS,
    CKA_EC_POINT,
    CKA_VALUE,
    CKA_PUBLIC_KEY_INFO,
};

const struct gen_class gen_ec = {
    .name = "ec",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .pair = ec_pair,
};
