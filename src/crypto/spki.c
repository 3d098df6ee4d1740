/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spki.c - CKA_PUBLIC_KEY_INFO: the DER of a SubjectPublicKeyInfo (RFC 5280) from the parts of a
 * public key. OpenSSL's encoders do it from an EVP_PKEY, which costs more than making a key pair
 * of P-256; so for curves its ASN.1 templates are filled in instead.
 */
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

/* Set the attribute, or compare it with what the application gave. */
static CK_RV spki_set(struct span der, struct attrs *a)
{
    const struct span given = attrs_span(a, CKA_PUBLIC_KEY_INFO);

    if (given.n == 0)
        return attrs_set(a, CKA_PUBLIC_KEY_INFO, der);
    ENSURE(span_equal(given, der), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV spki_encode(X509_PUBKEY *spki, struct attrs *a)
{
    uint8_t *der = NULL;
    const int n = i2d_X509_PUBKEY(spki, &der);
    CK_RV rv;

    ENSURE(n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    rv = spki_set(span_of(der, (size_t)n), a);
    OPENSSL_free(der);
    return rv;
}

CK_RV spki_pkey(EVP_PKEY *pkey, struct attrs *a)
{
    uint8_t *der = NULL;
    const int n = i2d_PUBKEY(pkey, &der);
    CK_RV rv;

    ENSURE(n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    rv = spki_set(span_of(der, (size_t)n), a);
    OPENSSL_free(der);
    return rv;
}

/* Algorithm, its parameters, and the key's own encoding, of which a copy is taken. */
static CK_RV spki_make(int nid, int param_type, void *param, struct span key, struct attrs *a)
{
    AUTO(x509_pubkey_freep) X509_PUBKEY *spki = X509_PUBKEY_new();
    uint8_t *copy = OPENSSL_memdup(key.p, key.n);

    if (spki == NULL || copy == NULL ||
        X509_PUBKEY_set0_param(spki, OBJ_nid2obj(nid), param_type, param, copy, (int)key.n) != 1) {
        OPENSSL_free(copy);
        FAIL(ossl_rv(CKR_HOST_MEMORY));
    }
    return spki_encode(spki, a);
}

CK_RV spki_curve(const struct curve *c, struct span point, struct attrs *a)
{
    /* RFC 5480 names the curve in the parameters, RFC 8410 in the algorithm. */
    if (c->key_type == CKK_EC)
        return spki_make(NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, OBJ_nid2obj(c->nid), point, a);
    return spki_make(c->nid, V_ASN1_UNDEF, NULL, point, a);
}
