/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_edwards.c - keys on Edwards and Montgomery curves from and to attributes (PKCS#11 v3.2
 * 6.3.5 - 6.3.8): bytes in the order of RFC 8032 and RFC 7748, of fixed length.
 */
#include <openssl/core_names.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static CK_RV raw_public(const struct curve *c, struct span point, EVP_PKEY **ret)
{
    *ret =
        EVP_PKEY_new_raw_public_key_ex(ossl_ctx(), ossl_key_type(c->name), NULL, point.p, point.n);
    ENSURE(*ret != NULL, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    return CKR_OK;
}

/* OpenSSL computes the public half. */
static CK_RV raw_private(const struct curve *c, struct span value, EVP_PKEY **ret)
{
    ENSURE(value.n == c->n_private, CKR_ATTRIBUTE_VALUE_INVALID);
    *ret =
        EVP_PKEY_new_raw_private_key_ex(ossl_ctx(), ossl_key_type(c->name), NULL, value.p, value.n);
    ENSURE(*ret != NULL, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    return CKR_OK;
}

static CK_RV raw_key(const struct curve *c, CK_OBJECT_CLASS class, const struct attrs *a,
                     EVP_PKEY **ret)
{
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    if (class == CKO_PRIVATE_KEY)
        return raw_private(c, attrs_span(a, CKA_VALUE), ret);
    TRY(curve_point(c, attrs_span(a, CKA_EC_POINT), point, &n));
    return raw_public(c, span_of(point, n), ret);
}

static CK_RV edwards_load(const struct attrs *a, struct key *k)
{
    TRY(curve_of(attrs_span(a, CKA_EC_PARAMS), k->type, &k->curve));
    k->bits = k->curve->bits;
    return raw_key(k->curve, k->class, a, &k->pkey);
}

static CK_RV edwards_complete(const struct key_class *kc, CK_OBJECT_CLASS class, struct attrs *a)
{
    const struct curve *c = NULL;
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
    uint8_t point[CURVE_MAX_POINT];
    size_t n = sizeof(point);

    TRY(curve_of(attrs_span(a, CKA_EC_PARAMS), kc->type, &c));
    TRY(raw_key(c, class, a, &pkey));
    ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_public_check(ctx) == 1, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    ENSURE(EVP_PKEY_get_raw_public_key(pkey, point, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(curve_set_point(span_of(point, n), a));
    return spki_curve(c, span_of(point, n), a);
}

static CK_RV edwards_store(EVP_PKEY *pkey, struct attrs *a)
{
    const CK_KEY_TYPE type = attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
    const struct curve *c = NULL;
    uint8_t value[CURVE_MAX_POINT];
    size_t n = sizeof(value);
    CK_RV rv;

    for (size_t i = 0; i < n_curves; i++) {
        if (curves[i].key_type == type && EVP_PKEY_is_a(pkey, curves[i].name))
            c = &curves[i];
    }
    ENSURE(c != NULL, CKR_KEY_TYPE_INCONSISTENT);
    if (attrs_span(a, CKA_EC_PARAMS).n == 0)
        TRY(attrs_set(a, CKA_EC_PARAMS, c->oid));
    ENSURE(EVP_PKEY_get_raw_private_key(pkey, value, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    rv = attrs_set(a, CKA_VALUE, span_of(value, n));
    mem_wipe(value, sizeof(value));
    return rv;
}

const struct key_class key_class_edwards = {
    .type = CKK_EC_EDWARDS,
    .load = edwards_load,
    .complete = edwards_complete,
    .store = edwards_store,
};

const struct key_class key_class_montgomery = {
    .type = CKK_EC_MONTGOMERY,
    .load = edwards_load,
    .complete = edwards_complete,
    .store = edwards_store,
};
