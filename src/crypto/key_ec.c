/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_ec.c - keys on short Weierstrass curves from and to attributes (PKCS#11 v3.2 6.3.3, 6.3.4).
 *
 * A private key is loaded without its point: neither signing nor ECDH needs it, and computing it
 * costs as much as a signature. ec_complete() does, once, for CKA_PUBLIC_KEY_INFO.
 */
#include <openssl/core_names.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static CK_RV ec_public(const struct curve *c, struct span point, EVP_PKEY **ret)
{
    const OSSL_PARAM params[] = {
        param_text(OSSL_PKEY_PARAM_GROUP_NAME, c->name),
        param_octets(OSSL_PKEY_PARAM_PUB_KEY, point),
        OSSL_PARAM_construct_end(),
    };

    return pkey_from_params("EC", false, params, CKR_ATTRIBUTE_VALUE_INVALID, ret);
}

static CK_RV ec_private(const struct curve *c, struct span d, EVP_PKEY **ret)
{
    AUTO(buf_clear) struct buf scratch = BUF_INIT;
    OSSL_PARAM params[3];

    /* A big integer: zeros may stand in front of it. */
    while (d.n > c->n_private && d.p[0] == 0)
        d = span_of(d.p + 1, d.n - 1);
    ENSURE(d.n > 0 && d.n <= c->n_private, CKR_ATTRIBUTE_VALUE_INVALID);
    buf_reserve(&scratch, d.n);
    params[0] = param_text(OSSL_PKEY_PARAM_GROUP_NAME, c->name);
    params[1] = param_number(OSSL_PKEY_PARAM_PRIV_KEY, d, &scratch);
    params[2] = OSSL_PARAM_construct_end();
    TRY(buf_ok(&scratch));
    return pkey_from_params("EC", true, params, CKR_ATTRIBUTE_VALUE_INVALID, ret);
}

static CK_RV ec_load(const struct attrs *a, struct key *k)
{
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    TRY(curve_of(attrs_span(a, CKA_EC_PARAMS), CKK_EC, &k->curve));
    k->bits = k->curve->bits;
    if (k->class == CKO_PRIVATE_KEY)
        return ec_private(k->curve, attrs_span(a, CKA_VALUE), &k->pkey);
    TRY(curve_point(k->curve, attrs_span(a, CKA_EC_POINT), point, &n));
    return ec_public(k->curve, span_of(point, n), &k->pkey);
}

/* The point of a private key, uncompressed; the key must be in range. */
static CK_RV ec_point(const struct curve *c, struct span d, uint8_t ret[CURVE_MAX_POINT])
{
    AUTO(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(ossl_ctx(), NULL, c->nid);
    AUTO(point_freep) EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    AUTO(bn_freep) BIGNUM *number = BN_secure_new();

    ENSURE(group != NULL, ossl_rv(CKR_CURVE_NOT_SUPPORTED));
    ENSURE(point != NULL && number != NULL, CKR_HOST_MEMORY);
    ENSURE(BN_bin2bn(d.p, (int)d.n, number) != NULL, CKR_HOST_MEMORY);
    ENSURE(!BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0,
           CKR_ATTRIBUTE_VALUE_INVALID);
    BN_set_flags(number, BN_FLG_CONSTTIME);
    ENSURE(EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
               EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret, CURVE_MAX_POINT,
                                  NULL) == c->n_public,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV private_complete(const struct curve *c, struct attrs *a)
{
    const struct span d = attrs_span(a, CKA_VALUE);
    uint8_t point[CURVE_MAX_POINT];

    ENSURE(d.n > 0 && d.n <= 2 * CURVE_MAX_FIELD, CKR_ATTRIBUTE_VALUE_INVALID);
    TRY(ec_point(c, d, point));
    TRY(curve_set_point(span_of(point, c->n_public), a));
    return spki_curve(c, span_of(point, c->n_public), a);
}

/* On the curve, not at infinity, of the right order. */
static CK_RV public_complete(const struct curve *c, struct attrs *a)
{
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    TRY(curve_point(c, attrs_span(a, CKA_EC_POINT), point, &n));
    TRY(ec_public(c, span_of(point, n), &pkey));
    ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_public_check(ctx) == 1, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    /* However it was given, it reads as the standard says (v3.2 6.3.3). */
    TRY(curve_set_point(span_of(point, n), a));
    return spki_curve(c, span_of(point, n), a);
}

static CK_RV ec_complete(const struct key_class *kc, CK_OBJECT_CLASS class, struct attrs *a)
{
    const struct curve *c = NULL;

    TRY(curve_of(attrs_span(a, CKA_EC_PARAMS), kc->type, &c));
    return class == CKO_PRIVATE_KEY ? private_complete(c, a) : public_complete(c, a);
}

/* The curve whose group an EVP_PKEY has. */
static CK_RV ec_curve(const EVP_PKEY *pkey, const struct curve **ret)
{
    char name[64];
    size_t n = 0;

    ENSURE(EVP_PKEY_get_group_name(pkey, name, sizeof(name), &n) == 1,
           ossl_rv(CKR_CURVE_NOT_SUPPORTED));
    for (size_t i = 0; i < n_curves; i++) {
        if (curves[i].key_type == CKK_EC && curves[i].nid == OBJ_sn2nid(name)) {
            *ret = &curves[i];
            return CKR_OK;
        }
    }
    FAIL(CKR_CURVE_NOT_SUPPORTED);
}

static CK_RV ec_store(EVP_PKEY *pkey, struct attrs *a)
{
    const struct curve *c = NULL;

    ENSURE(EVP_PKEY_is_a(pkey, "EC"), CKR_KEY_TYPE_INCONSISTENT);
    TRY(ec_curve(pkey, &c));
    if (attrs_span(a, CKA_EC_PARAMS).n == 0)
        TRY(attrs_set(a, CKA_EC_PARAMS, c->oid));
    return pkey_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, a, CKA_VALUE, c->n_private);
}

const struct key_class key_class_ec = {
    .type = CKK_EC,
    .load = ec_load,
    .complete = ec_complete,
    .store = ec_store,
};
