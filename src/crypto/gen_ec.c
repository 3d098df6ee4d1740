/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_ec.c - key pairs on elliptic curves (PKCS#11 v3.2 6.3.10 - 6.3.12).
 *
 * Half of the time of a P-256 pair would be spent on setting up the generator, so idle ones are
 * kept, by curve, for the life of the process. They hold no key.
 */
#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/gen_ec.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

#define MAX_CURVES 24

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

CK_RV gen_ec_pkey(const struct curve *c, EVP_PKEY **ret)
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

/* Both halves of a new key in one question to OpenSSL, each of which converts the point. */
static CK_RV pair_export(const struct curve *c, const EVP_PKEY *pkey,
                         uint8_t ret_point[CURVE_MAX_POINT], uint8_t ret_value[CURVE_MAX_FIELD])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, ret_point, CURVE_MAX_POINT),
        c->key_type == CKK_EC
            ? OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, ret_value, c->n_private)
            : OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, ret_value, c->n_private),
        OSSL_PARAM_construct_end(),
    };

    ENSURE(EVP_PKEY_get_params(pkey, params) == 1 && params[0].return_size == c->n_public &&
               params[1].return_size == c->n_private,
           ossl_rv(CKR_FUNCTION_FAILED));
    if (c->key_type == CKK_EC)
        number_reverse(ret_value, c->n_private);
    return CKR_OK;
}

static CK_RV ec_pair(const struct mech *row, struct attrs *public_key, struct attrs *private_key)
{
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    const struct curve *c = NULL;
    uint8_t point[CURVE_MAX_POINT], value[CURVE_MAX_FIELD];
    CK_RV rv;

    TRY(pair_curve(row, public_key, private_key, &c));
    TRY(gen_ec_pkey(c, &pkey));
    rv = pair_export(c, pkey, point, value);
    if (rv == CKR_OK)
        rv = attrs_set(private_key, CKA_VALUE, span_of(value, c->n_private));
    mem_wipe(value, sizeof(value));
    TRY(rv);
    return pair_point(c, span_of(point, c->n_public), public_key, private_key);
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
