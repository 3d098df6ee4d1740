/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_ecdh.c - Diffie-Hellman on elliptic curves (PKCS#11 v3.2 6.3.20, 6.3.21), with the key
 * derivation functions of ANSI X9.63 and SP 800-56A.
 *
 * The peer's point is validated before it is used; on Montgomery curves a shared secret of zeros is
 * refused (RFC 7748 section 6), to which the peer's key would have contributed nothing.
 */
#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/gen_ec.h"
#include "crypto/kdf.h"
#include "crypto/key_class.h"
#include "crypto/key_secret.h"
#include "crypto/ossl_auto.h"
#include "util/policy.h"

#define MAX_SECRET CURVE_MAX_FIELD

/* The peer's public key: raw, or as CKA_EC_POINT has it (6.3.18). */
static CK_RV peer_get(const struct key *base, const union mech_param *param, EVP_PKEY **ret)
{
    const struct curve *c = base->curve;
    const struct span given = span_of(param->ecdh.owned.p, param->ecdh.n_point);
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    ENSURE(curve_point(c, given, point, &n) == CKR_OK, CKR_MECHANISM_PARAM_INVALID);
    if (c->key_type == CKK_EC) {
        const OSSL_PARAM params[] = {
            param_text(OSSL_PKEY_PARAM_GROUP_NAME, c->name),
            param_octets(OSSL_PKEY_PARAM_PUB_KEY, span_of(point, n)),
            OSSL_PARAM_construct_end(),
        };

        return pkey_from_params("EC", false, params, CKR_MECHANISM_PARAM_INVALID, ret);
    }
    *ret = EVP_PKEY_new_raw_public_key_ex(ossl_ctx(), ossl_key_type(c->name), NULL, point, n);
    ENSURE(*ret != NULL, ossl_rv(CKR_MECHANISM_PARAM_INVALID));
    return CKR_OK;
}

/* The shared secret, as long as the field. Setting the peer validates its point. Every curve here
 * has cofactor 1, so both mechanisms compute the same, and no mode is set: a context that an
 * application's default ENGINE has taken over knows none. */
static CK_RV agree(const struct key *base, EVP_PKEY *peer, uint8_t ret[MAX_SECRET], size_t *ret_n)
{
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), base->pkey, NULL);
    size_t n = MAX_SECRET;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_derive_init(ctx) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_PKEY_derive_set_peer(ctx, peer) == 1, ossl_rv(CKR_MECHANISM_PARAM_INVALID));
    ENSURE(EVP_PKEY_derive(ctx, ret, &n) == 1, ossl_rv(CKR_MECHANISM_PARAM_INVALID));
    /* On a Weierstrass curve, 0 is the x of a point like any other. */
    ENSURE(base->type == CKK_EC || !mem_is_zero(ret, n) || !policy_holds(POLICY_ZERO_SECRETS),
           CKR_MECHANISM_PARAM_INVALID);
    *ret_n = n;
    return CKR_OK;
}

/* n bytes from the shared secret and the data that both sides share. */
static CK_RV kdf_derive(const union mech_param *param, struct span secret, size_t n,
                        struct attrs *a)
{
    const struct buf *owned = &param->ecdh.owned;
    const struct span shared =
        span_of(owned->p + param->ecdh.n_point, owned->n - param->ecdh.n_point);
    const char *name =
        param->ecdh.kdf == PARAM_KDF_X963 ? OSSL_KDF_NAME_X963KDF : OSSL_KDF_NAME_SSKDF;
    const OSSL_PARAM params[] = {
        param_text(OSSL_KDF_PARAM_DIGEST, param->ecdh.hash->md),
        param_octets(OSSL_KDF_PARAM_KEY, secret),
        param_octets(OSSL_KDF_PARAM_INFO, shared),
        OSSL_PARAM_construct_end(),
    };

    return kdf_value(name, params, n, a);
}

/* Bytes of the new key: CKA_VALUE_LEN, the type's only length, or (without a KDF, whose output has
 * no end) all of the secret. */
static CK_RV derived_length(const union mech_param *param, const struct key_class *c,
                            size_t n_secret, const struct attrs *a, size_t *ret)
{
    CK_ULONG n = attrs_ulong(a, CKA_VALUE_LEN, 0);

    if (n == 0 && c->min == c->max)
        n = c->min;
    if (n == 0 && param->ecdh.kdf == PARAM_KDF_NONE)
        n = n_secret;
    ENSURE(n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(key_secret_length(c, n), CKR_KEY_SIZE_RANGE);
    ENSURE(param->ecdh.kdf != PARAM_KDF_NONE || n <= n_secret, CKR_KEY_SIZE_RANGE);
    *ret = n;
    return CKR_OK;
}

static CK_RV value_set(const union mech_param *param, struct span secret, struct attrs *a)
{
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    size_t n = 0;

    ENSURE(c != NULL, CKR_TEMPLATE_INCONSISTENT);
    TRY(derived_length(param, c, secret.n, a, &n));
    if (param->ecdh.kdf == PARAM_KDF_NONE) /* truncation takes from the leading end (6.3.20) */
        return attrs_set(a, CKA_VALUE, span_of(secret.p + secret.n - n, n));
    return kdf_derive(param, secret, n, a);
}

/* Both mechanisms agree on the same secret. */
static CK_RV ecdh_derive(struct gen_derivation *d, const struct gen_keys *keys,
                         struct attrs *const *a)
{
    const struct key *base = keys->base;
    AUTO(pkey_freep) EVP_PKEY *peer = NULL;
    uint8_t secret[MAX_SECRET];
    size_t n = 0;
    CK_RV rv;

    ENSURE(base->curve != NULL && base->class == CKO_PRIVATE_KEY, CKR_KEY_TYPE_INCONSISTENT);
    TRY(peer_get(base, d->param, &peer));
    rv = agree(base, peer, secret, &n);
    if (rv == CKR_OK)
        rv = value_set(d->param, span_of(secret, n), a[0]);
    mem_wipe(secret, sizeof(secret));
    return rv;
}

/* -- encapsulation (6.3.20) ---------------------------------------------------------------------
 */

static size_t ecdh_size(const struct key *k)
{
    return k->curve->n_public;
}

/* The application's parameter names no peer: `peer` takes its place. */
static CK_RV parse_with_peer(const struct mech *row, const CK_MECHANISM *m, struct span peer,
                             union mech_param *ret)
{
    CK_ECDH1_DERIVE_PARAMS p;
    CK_MECHANISM with = {m->mechanism, &p, sizeof(p)};

    ENSURE(m->pParameter != NULL && m->ulParameterLen == sizeof(p), CKR_MECHANISM_PARAM_INVALID);
    memcpy(&p, m->pParameter, sizeof(p));
    ENSURE(p.pPublicData == NULL && p.ulPublicDataLen == 0, CKR_MECHANISM_PARAM_INVALID);
    p.pPublicData = (CK_BYTE_PTR)(uintptr_t)peer.p;
    p.ulPublicDataLen = peer.n;
    return row->parse(row, &with, ret);
}

static CK_RV agreed_value(const struct key *base, EVP_PKEY *peer, const union mech_param *param,
                          struct attrs *a)
{
    uint8_t secret[MAX_SECRET];
    size_t n = 0;
    CK_RV rv = agree(base, peer, secret, &n);

    if (rv == CKR_OK)
        rv = value_set(param, span_of(secret, n), a);
    mem_wipe(secret, sizeof(secret));
    return rv;
}

/* The capsule is the point of a pair that lives for this call. */
static CK_RV ecdh_encapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                              struct attrs *a, struct buf *ret)
{
    AUTO(param_clear) union mech_param param = {0};
    AUTO(pkey_freep) EVP_PKEY *ephemeral = NULL;
    uint8_t point[CURVE_MAX_POINT];
    struct key base = {.class = CKO_PRIVATE_KEY, .type = k->type, .curve = k->curve};
    size_t n = 0;

    TRY(gen_ec_pkey(k->curve, &ephemeral));
    ENSURE(EVP_PKEY_get_octet_string_param(ephemeral, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                           &n) == 1 &&
               n == ecdh_size(k),
           ossl_rv(CKR_FUNCTION_FAILED));
    TRY(parse_with_peer(row, m, span_of(point, n), &param));
    base.pkey = ephemeral;
    TRY(agreed_value(&base, k->pkey, &param, a));
    buf_put(ret, span_of(point, n));
    return buf_ok(ret);
}

static CK_RV ecdh_decapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                              struct span capsule, struct attrs *a)
{
    AUTO(param_clear) union mech_param param = {0};
    AUTO(pkey_freep) EVP_PKEY *peer = NULL;
    CK_RV rv;

    ENSURE(capsule.n > 0 && capsule.n <= CURVE_MAX_DER, CKR_WRAPPED_KEY_LEN_RANGE);
    TRY(parse_with_peer(row, m, capsule, &param));
    /* From here on it is the capsule that is no point, or one that agrees on nothing. */
    rv = peer_get(k, &param, &peer);
    if (rv == CKR_OK)
        rv = agreed_value(k, peer, &param, a);
    return rv == CKR_MECHANISM_PARAM_INVALID ? CKR_WRAPPED_KEY_INVALID : rv;
}

const struct gen_kem gen_kem_ecdh = {
    .size = ecdh_size,
    .encapsulate = ecdh_encapsulate,
    .decapsulate = ecdh_decapsulate,
};

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE};

const struct gen_class gen_ecdh = {
    .name = "ecdh",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY},
    .derive = ecdh_derive,
    .kem = &gen_kem_ecdh,
};

const struct gen_class gen_ecdh_cofactor = {
    .name = "ecdh-cofactor",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY},
    .derive = ecdh_derive,
    .kem = &gen_kem_ecdh,
};
