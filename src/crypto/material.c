/* SPDX-License-Identifier: BSD-2-Clause */
/* material.c - key material from PKCS#8 and X.509, parsed by OpenSSL in our own library context;
 * see material.h. */
#include "crypto/material.h"

#include <openssl/core_names.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/prim.h"

/* The types of pairs, in the order in which they are tried. */
static const CK_KEY_TYPE types[] = {CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};

/* -- private keys ------------------------------------------------------------------------------ */

static CK_RV private_parse(struct span pkcs8, EVP_PKEY **ret)
{
    const uint8_t *p = pkcs8.p;
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.n);

    ENSURE(p8 != NULL && p == pkcs8.p + pkcs8.n, ossl_rv(CKR_DATA_INVALID));
    *ret = EVP_PKCS82PKEY_ex(p8, ossl_ctx(), NULL);
    ENSURE(*ret != NULL, ossl_rv(CKR_KEY_TYPE_INCONSISTENT));
    return CKR_OK;
}

CK_RV material_private(struct span pkcs8, struct attrs *a)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    CK_RV rv = CKR_KEY_TYPE_INCONSISTENT;

    TRY(private_parse(pkcs8, &pkey));
    for (size_t i = 0; i < N_ELEMENTS(types) && rv == CKR_KEY_TYPE_INCONSISTENT; i++) {
        TRY(attrs_set_ulong(a, CKA_KEY_TYPE, types[i]));
        rv = key_class_find(types[i])->store(pkey, a);
    }
    TRY(rv);
    return CKR_OK;
}

/* -- public keys ------------------------------------------------------------------------------- */

static bool is_on(const EVP_PKEY *pkey, const struct curve *c)
{
    char name[64];
    size_t n = 0;

    if (c->key_type != CKK_EC)
        return EVP_PKEY_is_a(pkey, c->name) == 1;
    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, name, sizeof(name), &n) == 1 && OBJ_sn2nid(name) == c->nid;
}

/* NULL: it is on none of ours. */
static const struct curve *curve_find(const EVP_PKEY *pkey)
{
    for (size_t i = 0; i < n_curves; i++) {
        if (is_on(pkey, &curves[i]))
            return &curves[i];
    }
    return NULL;
}

static CK_RV rsa_public(const EVP_PKEY *pkey, struct attrs *a)
{
    TRY(attrs_set_ulong(a, CKA_KEY_TYPE, CKK_RSA));
    TRY(pkey_number(pkey, OSSL_PKEY_PARAM_RSA_N, a, CKA_MODULUS, 0));
    return pkey_number(pkey, OSSL_PKEY_PARAM_RSA_E, a, CKA_PUBLIC_EXPONENT, 0);
}

/* A point that is not kept uncompressed, key_complete() makes so. */
static CK_RV curve_public(const EVP_PKEY *pkey, struct attrs *a)
{
    const struct curve *c = curve_find(pkey);
    uint8_t point[CURVE_MAX_POINT];
    size_t n = 0;

    ENSURE(c != NULL,
           EVP_PKEY_is_a(pkey, "EC") == 1 ? CKR_CURVE_NOT_SUPPORTED : CKR_KEY_TYPE_INCONSISTENT);
    ENSURE(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                           &n) == 1,
           ossl_rv(CKR_DATA_INVALID));
    TRY(attrs_set_ulong(a, CKA_KEY_TYPE, c->key_type));
    TRY(attrs_set(a, CKA_EC_PARAMS, c->oid));
    return curve_set_point(span_of(point, n), a);
}

static CK_RV public_parse(struct span spki, EVP_PKEY **ret)
{
    const uint8_t *p = spki.p;
    AUTO(pkey_freep)
    EVP_PKEY *pkey = d2i_PUBKEY_ex(NULL, &p, (long)spki.n, ossl_ctx(), NULL);

    ENSURE(pkey != NULL, ossl_rv(CKR_KEY_TYPE_INCONSISTENT));
    ENSURE(p == spki.p + spki.n, CKR_DATA_INVALID);
    *ret = TAKE(pkey);
    return CKR_OK;
}

CK_RV material_public(struct span spki, struct attrs *a)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;

    TRY(public_parse(spki, &pkey));
    return EVP_PKEY_is_a(pkey, "RSA") == 1 ? rsa_public(pkey, a) : curve_public(pkey, a);
}

/* -- what they have in common ------------------------------------------------------------------ */

static CK_RV spki_append(X509_PUBKEY *spki, struct buf *ret)
{
    uint8_t *der = NULL;
    const int n = i2d_X509_PUBKEY(spki, &der);

    ENSURE(n > 0, ossl_rv(CKR_DATA_INVALID));
    buf_put(ret, span_of(der, (size_t)n));
    OPENSSL_free(der);
    return buf_ok(ret);
}

CK_RV material_spki_private(struct span pkcs8, struct buf *ret)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    AUTO(x509_pubkey_freep) X509_PUBKEY *spki = NULL;

    TRY(private_parse(pkcs8, &pkey));
    ENSURE(X509_PUBKEY_set(&spki, pkey) == 1, ossl_rv(CKR_KEY_TYPE_INCONSISTENT));
    return spki_append(spki, ret);
}

CK_RV material_spki_certificate(struct span certificate, struct buf *ret)
{
    KEEP_ERRORS;
    const uint8_t *p = certificate.p;
    AUTO(x509_freep) X509 *cert = d2i_X509(NULL, &p, (long)certificate.n);

    ENSURE(cert != NULL && p == certificate.p + certificate.n, ossl_rv(CKR_DATA_INVALID));
    return spki_append(X509_get_X509_PUBKEY(cert), ret);
}

CK_RV material_id(struct span spki, uint8_t ret[MATERIAL_ID])
{
    KEEP_ERRORS;
    const uint8_t *p = spki.p, *bits = NULL;
    AUTO(x509_pubkey_freep) X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &p, (long)spki.n);
    uint8_t hash[PRIM_HASH];
    struct span part;
    int n = 0;

    ENSURE(key != NULL && X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, key) == 1 && n >= 0,
           ossl_rv(CKR_DATA_INVALID));
    part = span_of(bits, (size_t)n);
    TRY(prim_sha256(&part, 1, hash));
    memcpy(ret, hash, MATERIAL_ID);
    return CKR_OK;
}
