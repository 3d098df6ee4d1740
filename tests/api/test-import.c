/* SPDX-License-Identifier: BSD-2-Clause */
/* test-import.c - keys that come with C_CreateObject (PKCS#11 v3.2 5.7.1, 6.1.3, 6.3.4): complete
 * ones, incomplete ones, wrong ones. */
#include "support/reference.h"

#include <openssl/core_names.h>
#include <openssl/bn.h>
#include <string.h>

static CK_SESSION_HANDLE session;
static EVP_PKEY *rsa, *ec;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    rsa = evp_new_rsa(2048);
    ec = evp_new("P-256");
    return 0;
}

static int group_teardown(void **state)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return teardown_module(state);
}

/* -- RSA -------------------------------------------------------------------------------------- */

#define N_PARTS 8
static const struct {
    CK_ATTRIBUTE_TYPE type;
    const char *param;
} parts[N_PARTS] = {
    {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
    {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
    {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
    {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
    {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
    {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

/* A template of a private key. */
struct rsa_template {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE key_type;
    uint8_t numbers[N_PARTS][260];
    CK_ATTRIBUTE v[2 + N_PARTS];
};

static void rsa_template(struct rsa_template *t)
{
    t->class = CKO_PRIVATE_KEY;
    t->key_type = CKK_RSA;
    t->v[0] = (CK_ATTRIBUTE)ATTR_OBJ(CKA_CLASS, t->class);
    t->v[1] = (CK_ATTRIBUTE)ATTR_OBJ(CKA_KEY_TYPE, t->key_type);
    for (size_t i = 0; i < N_PARTS; i++) {
        BIGNUM *number = NULL;

        assert_int_equal(EVP_PKEY_get_bn_param(rsa, parts[i].param, &number), 1);
        t->v[2 + i] = (CK_ATTRIBUTE){parts[i].type, t->numbers[i],
                                     (CK_ULONG)BN_bn2bin(number, t->numbers[i])};
        BN_clear_free(number);
    }
}

static CK_RV create(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CreateObject(session, v, n, ret);
}

static void assert_signs(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type, EVP_PKEY *evp,
                         const struct scheme *s)
{
    CK_MECHANISM m = {type, NULL, 0};
    CK_BYTE data[32] = {3}, signature[1024];
    CK_ULONG n = sizeof(signature);

    ASSERT_OK(p11->C_SignInit(session, &m, key));
    ASSERT_OK(p11->C_Sign(session, data, sizeof(data), signature, &n));
    assert_true(evp_verify(evp, s, SPAN_ARRAY(data), span_of(signature, n)));
}

/* With CRT values and without; what is missing is worked out. */
static void test_rsa_private(void **state)
{
    struct rsa_template t;
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    rsa_template(&t);
    for (CK_ULONG n = 3; n <= N_PARTS; n += 5) {
        ASSERT_OK(create(t.v, 2 + n, &o));
        assert_signs(o, CKM_SHA256_RSA_PKCS, rsa, &(struct scheme){.md = "SHA256"});
        /* Not made here: its history is not known. */
        assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
        assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
        assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
        assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
        assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
        assert_int_equal(attr_ulong(session, o, CKA_KEY_GEN_MECHANISM),
                         CK_UNAVAILABLE_INFORMATION);
    }
}

static void test_rsa_readable(void **state)
{
    struct rsa_template t;
    CK_ATTRIBUTE v[2 + N_PARTS + 2];
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    rsa_template(&t);
    /* From N, e and d alone: what is read back is the whole key. */
    memcpy(v, t.v, 5 * sizeof(*v));
    v[5] = (CK_ATTRIBUTE)ATTR_FALSE(CKA_SENSITIVE);
    v[6] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_EXTRACTABLE);
    ASSERT_OK(create(v, 7, &o));
    for (size_t i = 0; i < 3; i++) {
        uint8_t back[260];

        assert_int_equal(attr_get(session, o, parts[i].type, back, sizeof(back)),
                         t.v[2 + i].ulValueLen);
        assert_memory_equal(back, t.numbers[i], t.v[2 + i].ulValueLen);
    }
    for (size_t i = 3; i < N_PARTS; i++)
        ASSERT_OK(attr_query(session, o, parts[i].type));
}

/* Every number that does not fit the others is found before the key is kept. */
static void test_rsa_wrong_numbers(void **state)
{
    struct rsa_template t;
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    for (size_t i = 0; i < N_PARTS; i++) {
        CK_RV rv;

        rsa_template(&t);
        t.numbers[i][t.v[2 + i].ulValueLen / 2] ^= 4;
        rv = create(t.v, N_ELEMENTS(t.v), &o);
        if (rv != CKR_ATTRIBUTE_VALUE_INVALID)
            fail_msg("attribute 0x%lx: 0x%lx", parts[i].type, rv);
    }
    rsa_template(&t);
    for (CK_ULONG n = 2; n < 5; n++) {
        CK_ATTRIBUTE v[4] = {t.v[0], t.v[1], t.v[n == 2 ? 3 : 2], t.v[n == 4 ? 3 : 4]};

        /* Without the modulus, the public or the private exponent. */
        ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, create(v, 4, &o));
    }
    assert_int_equal(o, 4711);
}

static void test_rsa_small(void **state)
{
    EVP_PKEY *small = evp_new_rsa(1024);
    EVP_PKEY *const keep = rsa;
    struct rsa_template t;
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    rsa = small;
    rsa_template(&t);
    rsa = keep;
    ASSERT_RV(CKR_KEY_SIZE_RANGE, create(t.v, N_ELEMENTS(t.v), &o));
    /* Its public half may verify what is old. */
    t.class = CKO_PUBLIC_KEY;
    ASSERT_OK(create(t.v, 4, &o));
    assert_int_equal(attr_ulong(session, o, CKA_MODULUS_BITS), 1024);
    EVP_PKEY_free(small);
}

/* -- curves ----------------------------------------------------------------------------------- */

static void test_curves(void **state)
{
    static const struct {
        const char *name;
        CK_MECHANISM_TYPE type;
        struct scheme scheme;
    } rows[] = {
        {"P-256", CKM_ECDSA, {.raw = true}},
        {"P-384", CKM_ECDSA, {.raw = true}},
        {"P-521", CKM_ECDSA, {.raw = true}},
        {"ED25519", CKM_EDDSA, {.md = NULL}},
        {"ED448", CKM_EDDSA, {.md = NULL}},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        EVP_PKEY *evp = evp_new(rows[i].name);
        CK_OBJECT_HANDLE pub, priv;
        EVP_PKEY *back;

        evp_import(session, evp, &pub, &priv);
        assert_signs(priv, rows[i].type, evp, &rows[i].scheme);
        back = evp_of_object(session, pub);
        assert_int_equal(EVP_PKEY_eq(evp, back), 1);
        EVP_PKEY_free(back);
        EVP_PKEY_free(evp);
    }
}

/* The point as the standard wraps it, and bare, as many write it. */
static void test_point_forms(void **state)
{
    uint8_t point[133], wrapped[136] = {0x04, 65};
    size_t n = 0;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_EC),
                        ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                        {CKA_EC_POINT, point, 65}};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t back[136];

    (void)state;
    assert_int_equal(EVP_PKEY_get_octet_string_param(ec, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof(point), &n), 1);
    assert_int_equal(n, 65);
    memcpy(wrapped + 2, point, n);
    ASSERT_OK(create(v, 4, &o));
    assert_int_equal(attr_get(session, o, CKA_EC_POINT, back, sizeof(back)), 67);
    assert_memory_equal(back, wrapped, 67);
    v[3] = (CK_ATTRIBUTE){CKA_EC_POINT, wrapped, 67};
    ASSERT_OK(create(v, 4, &o));
    /* Not on the curve, cut short, with something behind it, the point at infinity. */
    wrapped[40] ^= 1;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o));
    wrapped[40] ^= 1;
    v[3].ulValueLen = 66;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o));
    v[3].ulValueLen = 68;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o));
    v[3] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_EC_POINT, "\x04\x01\x00");
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o));
}

static void test_ec_private_refused(void **state)
{
    uint8_t value[33];
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_EC),
                        ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                        {CKA_VALUE, value, 32}};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    memset(value, 0, sizeof(value));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o)); /* zero */
    memset(value, 0xff, sizeof(value));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o)); /* above the order */
    memset(value, 0x55, sizeof(value));
    ASSERT_OK(create(v, 4, &o));
    v[3].ulValueLen = 33;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o)); /* too long */
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, create(v, 3, &o));
    v[3] = (CK_ATTRIBUTE){CKA_VALUE, value, 0};
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 4, &o));
}

/* -- secrets ---------------------------------------------------------------------------------- */

static void test_secret_lengths(void **state)
{
    uint8_t value[40] = {1};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        {CKA_VALUE, value, 0}, ATTR_ULONG(CKA_VALUE_LEN, 16)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    for (CK_ULONG n = 0; n <= sizeof(value); n++) {
        v[2].ulValueLen = n;
        ASSERT_RV(n == 16 || n == 24 || n == 32 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
                  create(v, 3, &o));
    }
    v[2].ulValueLen = 16;
    /* v3.2 6.10.1: CKA_VALUE_LEN must not be given with C_CreateObject. */
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, create(v, 4, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    v[2].ulValueLen = 1;
    ASSERT_OK(create(v, 3, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_DES3);
    v[2].ulValueLen = 24;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 3, &o));
}

static void test_classes_and_types_fit(void **state)
{
    uint8_t value[32] = {1};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
                        ATTR(CKA_VALUE, value, sizeof(value))};
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 3, &o));
    v[0] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY);
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_AES);
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 3, &o));
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, create(v, 1, &o));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/import/rsa/private", test_rsa_private),
        TEST("/import/rsa/readable", test_rsa_readable),
        TEST("/import/rsa/wrong-numbers", test_rsa_wrong_numbers),
        TEST("/import/rsa/small", test_rsa_small),
        TEST("/import/curves", test_curves),
        TEST("/import/ec/point-forms", test_point_forms),
        TEST("/import/ec/private-refused", test_ec_private_refused),
        TEST("/import/secret/lengths", test_secret_lengths),
        TEST("/import/classes-and-types-fit", test_classes_and_types_fit),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
