/* SPDX-License-Identifier: BSD-2-Clause */
/* reference.c - keys in and out of OpenSSL; see reference.h. The computations: reference_run.c. */
#include "support/reference.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#define ROOM 1100

/* -- attributes ------------------------------------------------------------------------------- */

CK_ULONG attr_get(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *ret,
                  CK_ULONG room)
{
    CK_ATTRIBUTE a = {type, ret, room};

    ASSERT_OK(p11->C_GetAttributeValue(h, o, &a, 1));
    assert_int_not_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    return a.ulValueLen;
}

CK_ULONG attr_ulong(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG value = 0;

    assert_int_equal(attr_get(h, o, type, &value, sizeof(value)), sizeof(value));
    return value;
}

CK_BBOOL attr_bool(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 2;

    assert_int_equal(attr_get(h, o, type, &value, sizeof(value)), sizeof(value));
    assert_true(value == CK_TRUE || value == CK_FALSE);
    return value;
}

CK_RV attr_query(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE a = {type, NULL, 0};
    const CK_RV rv = p11->C_GetAttributeValue(h, o, &a, 1);

    /* Never CKR_OK without a length, and never such an answer with one (v3.2 5.7.5). */
    if (rv == CKR_OK)
        assert_int_not_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    if (rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID)
        assert_int_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    return rv;
}

/* -- curves ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    CK_KEY_TYPE type;
    uint8_t params[16];
    size_t n;
} curves[] = {
    {"P-256", CKK_EC, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 10},
    {"P-384", CKK_EC, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}, 7},
    {"P-521", CKK_EC, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}, 7},
    {"ED25519", CKK_EC_EDWARDS, {0x06, 0x03, 0x2b, 0x65, 0x70}, 5},
    {"ED448", CKK_EC_EDWARDS, {0x06, 0x03, 0x2b, 0x65, 0x71}, 5},
    {"X25519", CKK_EC_MONTGOMERY, {0x06, 0x03, 0x2b, 0x65, 0x6e}, 5},
    {"X448", CKK_EC_MONTGOMERY, {0x06, 0x03, 0x2b, 0x65, 0x6f}, 5},
};

static size_t curve_by_name(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(curves); i++) {
        if (strcmp(curves[i].name, name) == 0)
            return i;
    }
    fail_msg("no curve %s in the test", name);
    return 0;
}

static size_t curve_by_params(const uint8_t *params, size_t n)
{
    for (size_t i = 0; i < N_ELEMENTS(curves); i++) {
        if (curves[i].n == n && memcmp(curves[i].params, params, n) == 0)
            return i;
    }
    fail_msg("unknown CKA_EC_PARAMS");
    return 0;
}

struct span evp_ec_params(const char *name)
{
    const size_t i = curve_by_name(name);

    return span_of(curves[i].params, curves[i].n);
}

/* -- from the module to OpenSSL --------------------------------------------------------------- */

static EVP_PKEY *pkey_from(const char *name, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    EVP_PKEY *pkey = NULL;

    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* A big-endian integer in the order that OSSL_PARAM wants. */
static CK_ULONG number_get(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
                           uint8_t ret[ROOM])
{
    uint8_t big[ROOM];
    const CK_ULONG n = attr_get(h, o, type, big, sizeof(big));
    BIGNUM *number = BN_bin2bn(big, (int)n, NULL);

    assert_non_null(number);
    assert_int_equal(BN_bn2nativepad(number, ret, (int)n), n);
    BN_free(number);
    return n;
}

static EVP_PKEY *rsa_of_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    uint8_t modulus[ROOM], exponent[ROOM];
    const CK_ULONG n_modulus = number_get(h, o, CKA_MODULUS, modulus);
    const CK_ULONG n_exponent = number_get(h, o, CKA_PUBLIC_EXPONENT, exponent);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, n_modulus),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, n_exponent),
        OSSL_PARAM_construct_end(),
    };

    return pkey_from("RSA", params);
}

/* CKA_EC_POINT: a DER OCTET STRING around the point, of less than 128 bytes or with one length
 * byte more. */
static struct span point_inside(const uint8_t *der, CK_ULONG n)
{
    const size_t header = n > 2 && der[1] == 0x81 ? 3 : 2;

    assert_true(n > header);
    assert_int_equal(der[0], 0x04);
    assert_int_equal(der[header - 1], n - header);
    return span_of(der + header, n - header);
}

static EVP_PKEY *curve_of_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    uint8_t point[ROOM], params_der[ROOM];
    const CK_ULONG n = attr_get(h, o, CKA_EC_POINT, point, sizeof(point));
    const size_t i = curve_by_params(
        params_der, attr_get(h, o, CKA_EC_PARAMS, params_der, sizeof(params_der)));
    const struct span inside = point_inside(point, n);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)(uintptr_t)curves[i].name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)inside.p,
                                          inside.n),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey;

    if (curves[i].type == CKK_EC)
        return pkey_from("EC", params);
    pkey = EVP_PKEY_new_raw_public_key_ex(NULL, curves[i].name, NULL, inside.p, inside.n);
    assert_non_null(pkey);
    return pkey;
}

EVP_PKEY *evp_of_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE public_key)
{
    if (attr_ulong(h, public_key, CKA_KEY_TYPE) == CKK_RSA)
        return rsa_of_object(h, public_key);
    return curve_of_object(h, public_key);
}

/* -- from OpenSSL to the module --------------------------------------------------------------- */

EVP_PKEY *evp_new(const char *name)
{
    const size_t i = curve_by_name(name);
    EVP_PKEY *pkey = curves[i].type == CKK_EC ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", name)
                                              : EVP_PKEY_Q_keygen(NULL, NULL, name);

    assert_non_null(pkey);
    return pkey;
}

EVP_PKEY *evp_new_rsa(unsigned bits)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);

    assert_non_null(pkey);
    return pkey;
}

static CK_ULONG number_of(EVP_PKEY *pkey, const char *param, uint8_t ret[ROOM], int pad)
{
    BIGNUM *number = NULL;
    int n;

    assert_int_equal(EVP_PKEY_get_bn_param(pkey, param, &number), 1);
    n = pad > 0 ? pad : BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, ret, n), n);
    BN_clear_free(number);
    return (CK_ULONG)n;
}

static CK_OBJECT_HANDLE create(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n)
{
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(h, v, n, &o));
    return o;
}

static void import_rsa(CK_SESSION_HANDLE h, EVP_PKEY *pkey, CK_OBJECT_HANDLE *ret_public,
                       CK_OBJECT_HANDLE *ret_private)
{
    uint8_t n[ROOM], e[ROOM], d[ROOM];
    const CK_ULONG n_n = number_of(pkey, OSSL_PKEY_PARAM_RSA_N, n, 0);
    const CK_ULONG n_e = number_of(pkey, OSSL_PKEY_PARAM_RSA_E, e, 0);
    const CK_ULONG n_d = number_of(pkey, OSSL_PKEY_PARAM_RSA_D, d, 0);
    CK_ATTRIBUTE pub[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
                          ATTR(CKA_MODULUS, n, n_n), ATTR(CKA_PUBLIC_EXPONENT, e, n_e),
                          ATTR_TRUE(CKA_VERIFY_RECOVER)};
    CK_ATTRIBUTE priv[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                           ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA), ATTR(CKA_MODULUS, n, n_n),
                           ATTR(CKA_PUBLIC_EXPONENT, e, n_e), ATTR(CKA_PRIVATE_EXPONENT, d, n_d),
                           ATTR_TRUE(CKA_SIGN_RECOVER)};

    if (ret_public != NULL)
        *ret_public = create(h, pub, N_ELEMENTS(pub));
    if (ret_private != NULL)
        *ret_private = create(h, priv, N_ELEMENTS(priv));
}

static void import_curve(CK_SESSION_HANDLE h, EVP_PKEY *pkey, size_t curve,
                         CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    const CK_KEY_TYPE type = curves[curve].type;
    uint8_t point[ROOM], value[ROOM];
    size_t n_point = 0, n_value = sizeof(value);
    const struct span params = span_of(curves[curve].params, curves[curve].n);

    assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof(point), &n_point), 1);
    if (type == CKK_EC)
        n_value = number_of(pkey, OSSL_PKEY_PARAM_PRIV_KEY, value,
                            (EVP_PKEY_get_bits(pkey) + 7) / 8);
    else
        assert_int_equal(EVP_PKEY_get_raw_private_key(pkey, value, &n_value), 1);
    CK_ATTRIBUTE pub[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, type),
                          ATTR_SPAN(CKA_EC_PARAMS, params),
                          ATTR(CKA_EC_POINT, point, n_point)};
    CK_ATTRIBUTE priv[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_ULONG(CKA_KEY_TYPE, type),
                           ATTR_SPAN(CKA_EC_PARAMS, params),
                           ATTR(CKA_VALUE, value, n_value)};
    if (ret_public != NULL)
        *ret_public = create(h, pub, N_ELEMENTS(pub));
    if (ret_private != NULL)
        *ret_private = create(h, priv, N_ELEMENTS(priv));
}

void evp_import(CK_SESSION_HANDLE h, EVP_PKEY *pkey, CK_OBJECT_HANDLE *ret_public,
                CK_OBJECT_HANDLE *ret_private)
{
    char group[32] = "";

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        import_rsa(h, pkey, ret_public, ret_private);
        return;
    }
    for (size_t i = 0; i < N_ELEMENTS(curves); i++) {
        const bool is_it = curves[i].type == CKK_EC
                               ? EVP_PKEY_is_a(pkey, "EC") &&
                                     EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) &&
                                     EC_curve_nist2nid(curves[i].name) == OBJ_sn2nid(group)
                               : EVP_PKEY_is_a(pkey, curves[i].name);

        if (is_it) {
            import_curve(h, pkey, i, ret_public, ret_private);
            return;
        }
    }
    fail_msg("a key of no known type");
}

CK_OBJECT_HANDLE import_secret(CK_SESSION_HANDLE h, CK_KEY_TYPE type, const void *value,
                               CK_ULONG n)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, type),
                        ATTR(CKA_VALUE, value, n), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE), ATTR_FALSE(CKA_PRIVATE),
                        ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_VERIFY)};

    return create(h, v, N_ELEMENTS(v));
}

void fill_pattern(uint8_t *ret, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = (uint8_t)((i * 167 + seed * 59 + (i >> 8) * 13) & 0xff);
}
