/* SPDX-License-Identifier: BSD-2-Clause */
/* certificate.c - X.509 certificates, parsed by OpenSSL in our own library context; see
 * certificate.h. */
#include "crypto/certificate.h"

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

/* i2d_X509_NAME() and the like, under one type. */
typedef int encode_fn(const void *object, uint8_t **to);

static int encode_name(const void *object, uint8_t **to)
{
    return i2d_X509_NAME(object, to);
}

static int encode_serial(const void *object, uint8_t **to)
{
    return i2d_ASN1_INTEGER(object, to);
}

static int encode_key(const void *object, uint8_t **to)
{
    return i2d_X509_PUBKEY(object, to);
}

/* Set an attribute that is empty to the DER of a part of the certificate. */
static CK_RV fill_in(struct attrs *a, CK_ATTRIBUTE_TYPE type, encode_fn *encode, const void *object)
{
    uint8_t *der = NULL;
    int n;
    CK_RV rv;

    if (attrs_span(a, type).n > 0)
        return CKR_OK;
    n = encode(object, &der);
    ENSURE(n > 0, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    rv = attrs_set(a, type, span_of(der, (size_t)n));
    OPENSSL_free(der);
    return rv;
}

static CK_RV certificate_parse(struct span der, X509 **ret)
{
    AUTO(x509_freep) X509 *cert = X509_new_ex(ossl_ctx(), NULL);
    const uint8_t *p = der.p;

    ENSURE(cert != NULL, CKR_HOST_MEMORY);
    /* On failure d2i frees what it was given. */
    if (d2i_X509(&cert, &p, (long)der.n) == NULL) {
        cert = NULL;
        FAIL(ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    }
    ENSURE(p == der.p + der.n, CKR_ATTRIBUTE_VALUE_INVALID);
    *ret = TAKE(cert);
    return CKR_OK;
}

CK_RV certificate_complete(struct attrs *a)
{
    const struct span value = attrs_span(a, CKA_VALUE);
    AUTO(x509_freep) X509 *cert = NULL;

    if (attrs_ulong(a, CKA_CERTIFICATE_TYPE, CKC_X_509) != CKC_X_509 || value.n == 0)
        return CKR_OK;
    TRY(certificate_parse(value, &cert));
    TRY(fill_in(a, CKA_SUBJECT, encode_name, X509_get_subject_name(cert)));
    TRY(fill_in(a, CKA_ISSUER, encode_name, X509_get_issuer_name(cert)));
    TRY(fill_in(a, CKA_SERIAL_NUMBER, encode_serial, X509_get0_serialNumber(cert)));
    TRY(fill_in(a, CKA_PUBLIC_KEY_INFO, encode_key, X509_get_X509_PUBKEY(cert)));
    /* v3.2 4.6.2: the first bytes of the SHA-1 of the whole certificate */
    return check_value_hash(value, a);
}
