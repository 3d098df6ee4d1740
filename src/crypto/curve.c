/* SPDX-License-Identifier: BSD-2-Clause */
/* curve.c - the table of curves, and points in and out of their wrapping; see curve.h. */
#include "crypto/curve.h"

#include <openssl/obj_mac.h>

#include "crypto/ossl_auto.h"

#define TAG_OID       0x06
#define TAG_PRINTABLE 0x13

#define OID(bytes)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(bytes), sizeof(bytes) - 1                                                \
    }
/* A short Weierstrass curve with a field of f bytes; the order is as long. */
#define POINTS(f) (f), 2 * (f) + 1

const struct curve curves[] = {
    {"P-256",
     NID_X9_62_prime256v1,
     CKK_EC,
     256,
     POINTS(32),
     OID("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
     {"secp256r1", "prime256v1", "P-256"}},
    {"P-384",
     NID_secp384r1,
     CKK_EC,
     384,
     POINTS(48),
     OID("\x06\x05\x2b\x81\x04\x00\x22"),
     {"secp384r1", "P-384"}},
    {"P-521",
     NID_secp521r1,
     CKK_EC,
     521,
     POINTS(66),
     OID("\x06\x05\x2b\x81\x04\x00\x23"),
     {"secp521r1", "P-521"}},
    {"P-224",
     NID_secp224r1,
     CKK_EC,
     224,
     POINTS(28),
     OID("\x06\x05\x2b\x81\x04\x00\x21"),
     {"secp224r1", "P-224"}},
    {"secp256k1",
     NID_secp256k1,
     CKK_EC,
     256,
     POINTS(32),
     OID("\x06\x05\x2b\x81\x04\x00\x0a"),
     {"secp256k1"}},
    {"brainpoolP256r1",
     NID_brainpoolP256r1,
     CKK_EC,
     256,
     POINTS(32),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"),
     {"brainpoolP256r1"}},
    {"brainpoolP320r1",
     NID_brainpoolP320r1,
     CKK_EC,
     320,
     POINTS(40),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x09"),
     {"brainpoolP320r1"}},
    {"brainpoolP384r1",
     NID_brainpoolP384r1,
     CKK_EC,
     384,
     POINTS(48),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"),
     {"brainpoolP384r1"}},
    {"brainpoolP512r1",
     NID_brainpoolP512r1,
     CKK_EC,
     512,
     POINTS(64),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"),
     {"brainpoolP512r1"}},
    {"brainpoolP224r1",
     NID_brainpoolP224r1,
     CKK_EC,
     224,
     POINTS(28),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x05"),
     {"brainpoolP224r1"}},
    {"brainpoolP224t1",
     NID_brainpoolP224t1,
     CKK_EC,
     224,
     POINTS(28),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x06"),
     {"brainpoolP224t1"}},
    {"brainpoolP256t1",
     NID_brainpoolP256t1,
     CKK_EC,
     256,
     POINTS(32),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x08"),
     {"brainpoolP256t1"}},
    {"brainpoolP320t1",
     NID_brainpoolP320t1,
     CKK_EC,
     320,
     POINTS(40),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0a"),
     {"brainpoolP320t1"}},
    {"brainpoolP384t1",
     NID_brainpoolP384t1,
     CKK_EC,
     384,
     POINTS(48),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0c"),
     {"brainpoolP384t1"}},
    {"brainpoolP512t1",
     NID_brainpoolP512t1,
     CKK_EC,
     512,
     POINTS(64),
     OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0e"),
     {"brainpoolP512t1"}},
    {"ED25519",
     NID_ED25519,
     CKK_EC_EDWARDS,
     255,
     32,
     32,
     OID("\x06\x03\x2b\x65\x70"),
     {"edwards25519", "Ed25519"}},
    {"ED448",
     NID_ED448,
     CKK_EC_EDWARDS,
     448,
     57,
     57,
     OID("\x06\x03\x2b\x65\x71"),
     {"edwards448", "Ed448"}},
    {"X25519",
     NID_X25519,
     CKK_EC_MONTGOMERY,
     255,
     32,
     32,
     OID("\x06\x03\x2b\x65\x6e"),
     {"curve25519", "X25519"}},
    {"X448",
     NID_X448,
     CKK_EC_MONTGOMERY,
     448,
     56,
     56,
     OID("\x06\x03\x2b\x65\x6f"),
     {"curve448", "X448"}},
};

const size_t n_curves = N_ELEMENTS(curves);

/* Is `value` the DER of a PrintableString that names the curve? Its encoding is compared, nothing
 * is parsed: the names are shorter than 128 bytes, so that the length is one byte. */
static bool is_name_of(const struct curve *c, struct span value)
{
    for (size_t i = 0; i < N_ELEMENTS(c->names) && c->names[i] != NULL; i++) {
        const size_t n = strlen(c->names[i]);

        if (value.n == n + 2 && value.p[1] == n && memcmp(value.p + 2, c->names[i], n) == 0)
            return true;
    }
    return false;
}

CK_RV curve_of(struct span ec_params, CK_KEY_TYPE type, const struct curve **ret)
{
    ENSURE(ec_params.n > 2, CKR_DOMAIN_PARAMS_INVALID);
    ENSURE(ec_params.p[0] == TAG_OID || ec_params.p[0] == TAG_PRINTABLE, CKR_DOMAIN_PARAMS_INVALID);
    for (size_t i = 0; i < n_curves; i++) {
        if (curves[i].key_type != type)
            continue;
        if (ec_params.p[0] == TAG_OID ? span_equal(ec_params, curves[i].oid)
                                      : is_name_of(&curves[i], ec_params)) {
            *ret = &curves[i];
            return CKR_OK;
        }
    }
    FAIL(CKR_CURVE_NOT_SUPPORTED);
}

/* Is n the length of a point of the curve as it is, without a wrapping? */
static bool is_point_length(const struct curve *c, size_t n)
{
    return n == c->n_public || (c->key_type == CKK_EC && n == c->n_private + 1);
}

CK_RV curve_point(const struct curve *c, struct span value, uint8_t *ret, size_t *ret_n)
{
    AUTO(octets_freep) ASN1_OCTET_STRING *octets = NULL;
    const uint8_t *p = value.p;

    if (!is_point_length(c, value.n)) {
        KEEP_ERRORS;

        ENSURE(value.n > 0 && value.n <= CURVE_MAX_POINT + 3, CKR_ATTRIBUTE_VALUE_INVALID);
        octets = d2i_ASN1_OCTET_STRING(NULL, &p, (long)value.n);
        ENSURE(octets != NULL && p == value.p + value.n, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
        value = span_of(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets));
        ENSURE(is_point_length(c, value.n), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    memcpy(ret, value.p, value.n);
    *ret_n = value.n;
    return CKR_OK;
}

CK_RV curve_set_point(struct span point, struct attrs *a)
{
    KEEP_ERRORS;
    AUTO(octets_freep) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    uint8_t *der = NULL;
    int n;
    CK_RV rv;

    ENSURE(octets != NULL, CKR_HOST_MEMORY);
    ENSURE(ASN1_OCTET_STRING_set(octets, point.p, (int)point.n) == 1, CKR_HOST_MEMORY);
    n = i2d_ASN1_OCTET_STRING(octets, &der);
    ENSURE(n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    rv = attrs_set(a, CKA_EC_POINT, span_of(der, (size_t)n));
    OPENSSL_free(der);
    return rv;
}
