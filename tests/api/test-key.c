/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-key.c - keys generated and imported (PKCS#11 v3.2 5.18.1, 5.18.2, 6.1, 6.3, 6.8, 6.10):
 * sizes, curves, defaults, and what the token says about where a key came from.
 */
#include "support/reference.h"

#include <openssl/x509.h>
#include <string.h>
#include <sys/mman.h>

static CK_SESSION_HANDLE session;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    return 0;
}

/* -- the calls -------------------------------------------------------------------------------- */

static CK_RV generate(CK_MECHANISM_TYPE type, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {type, NULL, 0};

    return p11->C_GenerateKey(session, &m, v, n, ret);
}

static CK_RV generate_rsa(CK_ULONG bits, struct span exponent, CK_OBJECT_HANDLE ret[2])
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_MODULUS_BITS, bits), ATTR_SPAN(CKA_PUBLIC_EXPONENT, exponent)};

    return p11->C_GenerateKeyPair(session, &m, v, exponent.n > 0 ? 2 : 1, NULL, 0, &ret[0],
                                  &ret[1]);
}

static CK_RV generate_curve(CK_MECHANISM_TYPE type, struct span params, CK_OBJECT_HANDLE ret[2])
{
    CK_MECHANISM m = {type, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_SPAN(CKA_EC_PARAMS, params)};

    return p11->C_GenerateKeyPair(session, &m, v, 1, NULL, 0, &ret[0], &ret[1]);
}

/* Sign with one half, verify with OpenSSL from the other. */
static void assert_pair_works(CK_MECHANISM_TYPE type, const struct scheme *s,
                              const CK_OBJECT_HANDLE pair[2])
{
    CK_MECHANISM m = {type, NULL, 0};
    CK_BYTE data[32] = {3}, signature[1024];
    CK_ULONG n = sizeof(signature);
    EVP_PKEY *evp = evp_of_object(session, pair[0]);

    ASSERT_OK(p11->C_SignInit(session, &m, pair[1]));
    ASSERT_OK(p11->C_Sign(session, data, sizeof(data), signature, &n));
    assert_true(evp_verify(evp, s, SPAN_ARRAY(data), span_of(signature, n)));
    EVP_PKEY_free(evp);
}

/* v3.2 4.10, 4.11: what a key made in the token says of itself. */
static void assert_born_here(CK_OBJECT_HANDLE o, CK_MECHANISM_TYPE type)
{
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_TRUE);
    assert_int_equal(attr_ulong(session, o, CKA_KEY_GEN_MECHANISM), type);
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_PRIVATE), CK_TRUE);
}

/* CKA_PUBLIC_KEY_INFO of both halves is the SubjectPublicKeyInfo of the key. */
static void assert_spki(const CK_OBJECT_HANDLE pair[2])
{
    EVP_PKEY *evp = evp_of_object(session, pair[0]);

    for (size_t i = 0; i < 2; i++) {
        uint8_t spki[2048];
        const CK_ULONG n = attr_get(session, pair[i], CKA_PUBLIC_KEY_INFO, spki, sizeof(spki));
        const uint8_t *p = spki;
        EVP_PKEY *from_spki = d2i_PUBKEY(NULL, &p, (long)n);

        assert_non_null(from_spki);
        assert_int_equal(EVP_PKEY_eq(evp, from_spki), 1);
        EVP_PKEY_free(from_spki);
    }
    EVP_PKEY_free(evp);
}

/* -- RSA -------------------------------------------------------------------------------------- */

static void test_rsa(void **state)
{
    static const CK_ULONG sizes[] = {2048, 3072};
    CK_OBJECT_HANDLE pair[2];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        uint8_t modulus[1024], both[1024], e[8];

        ASSERT_OK(generate_rsa(sizes[i], SPAN_EMPTY, pair));
        assert_int_equal(attr_ulong(session, pair[0], CKA_MODULUS_BITS), sizes[i]);
        assert_int_equal(attr_get(session, pair[0], CKA_MODULUS, modulus, 1024), sizes[i] / 8);
        assert_int_equal(attr_get(session, pair[1], CKA_MODULUS, both, 1024), sizes[i] / 8);
        assert_memory_equal(modulus, both, sizes[i] / 8);
        assert_int_equal(attr_get(session, pair[0], CKA_PUBLIC_EXPONENT, e, sizeof(e)), 3);
        assert_memory_equal(e, "\x01\x00\x01", 3);
        assert_int_equal(attr_get(session, pair[1], CKA_PUBLIC_EXPONENT, e, sizeof(e)), 3);
        assert_pair_works(CKM_SHA256_RSA_PKCS, &(struct scheme){.md = "SHA256"}, pair);
        assert_born_here(pair[1], CKM_RSA_PKCS_KEY_PAIR_GEN);
        assert_int_equal(attr_bool(session, pair[0], CKA_LOCAL), CK_TRUE);
        assert_int_equal(attr_bool(session, pair[0], CKA_PRIVATE), CK_FALSE);
        assert_spki(pair);
    }
}

static void test_rsa_exponent(void **state)
{
    CK_OBJECT_HANDLE pair[2];
    uint8_t e[8];

    (void)state;
    ASSERT_OK(generate_rsa(2048, SPAN_LIT("\x01\x00\x03"), pair));
    assert_int_equal(attr_get(session, pair[0], CKA_PUBLIC_EXPONENT, e, sizeof(e)), 3);
    assert_memory_equal(e, "\x01\x00\x03", 3);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate_rsa(2048, SPAN_LIT("\x03"), pair));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate_rsa(2048, SPAN_LIT("\x01"), pair));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate_rsa(2048, SPAN_LIT("\x01\x00\x00"), pair));
}

static void test_rsa_sizes_refused(void **state)
{
    static const CK_ULONG sizes[] = {0, 1, 512, 1024, 2047, 2049, 16384, (CK_ULONG)-1};
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE pair[2];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        ASSERT_RV(CKR_KEY_SIZE_RANGE, generate_rsa(sizes[i], SPAN_EMPTY, pair));
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE,
              p11->C_GenerateKeyPair(session, &m, NULL, 0, NULL, 0, &pair[0], &pair[1]));
}

/* -- curves ----------------------------------------------------------------------------------- */

static void test_ec(void **state)
{
    static const char *const names[] = {"P-256", "P-384", "P-521"};
    CK_OBJECT_HANDLE pair[2];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        ASSERT_OK(generate_curve(CKM_EC_KEY_PAIR_GEN, evp_ec_params(names[i]), pair));
        assert_pair_works(CKM_ECDSA, &(struct scheme){.raw = true}, pair);
        assert_born_here(pair[1], CKM_EC_KEY_PAIR_GEN);
        assert_spki(pair);
    }
}

/* Object identifier and PrintableString, both mechanisms that clients use for it. */
static void test_edwards(void **state)
{
    static const uint8_t printable[] = "\x13\x0c"
                                       "edwards25519";
    static const CK_MECHANISM_TYPE types[] = {CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA};
    const struct span forms[] = {evp_ec_params("ED25519"), span_of(printable, 14),
                                 evp_ec_params("ED448")};
    CK_OBJECT_HANDLE pair[2];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(forms) * N_ELEMENTS(types); i++) {
        const CK_MECHANISM_TYPE type = types[i % N_ELEMENTS(types)];
        CK_MECHANISM m = {CKM_EDDSA, NULL, 0};
        CK_BYTE data[32] = {3}, signature[114];
        CK_ULONG n = sizeof(signature);

        ASSERT_OK(generate_curve(type, forms[i / N_ELEMENTS(types)], pair));
        assert_born_here(pair[1], type);
        ASSERT_OK(p11->C_SignInit(session, &m, pair[1]));
        ASSERT_OK(p11->C_Sign(session, data, sizeof(data), signature, &n));
        ASSERT_OK(p11->C_VerifyInit(session, &m, pair[0]));
        ASSERT_OK(p11->C_Verify(session, data, sizeof(data), signature, n));
    }
}

static void test_curves_refused(void **state)
{
    const struct span p256 = evp_ec_params("P-256");
    CK_OBJECT_HANDLE pair[2];

    (void)state;
    ASSERT_RV(CKR_CURVE_NOT_SUPPORTED,
              generate_curve(CKM_EC_KEY_PAIR_GEN, evp_ec_params("ED25519"), pair));
    ASSERT_RV(CKR_CURVE_NOT_SUPPORTED, generate_curve(CKM_EC_EDWARDS_KEY_PAIR_GEN, p256, pair));
    ASSERT_RV(CKR_CURVE_NOT_SUPPORTED,
              generate_curve(CKM_EC_KEY_PAIR_GEN, SPAN_LIT("\x06\x03\x2a\x03\x04"), pair));
    ASSERT_RV(CKR_DOMAIN_PARAMS_INVALID,
              generate_curve(CKM_EC_KEY_PAIR_GEN, SPAN_LIT("nonsense"), pair));
    ASSERT_RV(CKR_CURVE_NOT_SUPPORTED,
              generate_curve(CKM_EC_KEY_PAIR_GEN, span_of(p256.p, p256.n - 1), pair));
}

/* -- secret keys ------------------------------------------------------------------------------ */

static void test_secrets(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        CK_KEY_TYPE key_type;
        CK_ULONG good[3], bad[3];
    } rows[] = {
        {CKM_AES_KEY_GEN, CKK_AES, {16, 24, 32}, {0, 17, 64}},
        {CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, {14, 33, 4096}, {0, 13, 4097}},
        {CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, {14, 32, 64}, {0, 13, 5000}},
        {CKM_SHA512_KEY_GEN, CKK_SHA512_HMAC, {20, 32, 64}, {0, 1, (CK_ULONG)-1}},
        {CKM_SHA3_256_KEY_GEN, CKK_SHA3_256_HMAC, {14, 32, 64}, {0, 13, 5000}},
    };
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        for (size_t j = 0; j < N_ELEMENTS(rows[i].good); j++) {
            CK_ATTRIBUTE good = ATTR_ULONG(CKA_VALUE_LEN, rows[i].good[j]);
            CK_ATTRIBUTE bad = ATTR_ULONG(CKA_VALUE_LEN, rows[i].bad[j]);

            ASSERT_OK(generate(rows[i].type, &good, 1, &o));
            assert_int_equal(attr_ulong(session, o, CKA_VALUE_LEN), rows[i].good[j]);
            assert_int_equal(attr_ulong(session, o, CKA_KEY_TYPE), rows[i].key_type);
            assert_born_here(o, rows[i].type);
            ASSERT_RV(CKR_KEY_SIZE_RANGE, generate(rows[i].type, &bad, 1, &o));
        }
        ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, generate(rows[i].type, NULL, 0, &o));
    }
}

/* Two keys are not the same, nor is a readable one full of zeros. */
static void test_secrets_are_random(void **state)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    uint8_t values[8][32];
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(values); i++) {
        ASSERT_OK(generate(CKM_AES_KEY_GEN, v, N_ELEMENTS(v), &o));
        assert_int_equal(attr_get(session, o, CKA_VALUE, values[i], 32), 32);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(values[i], values[j], 32);
    }
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_TRUE);
}

#define N_FORKED 40 /* more than any stock of random bytes has */

static void generate_values(uint8_t (*ret)[32])
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    for (size_t i = 0; i < N_FORKED; i++) {
        ASSERT_OK(generate(CKM_AES_KEY_GEN, v, N_ELEMENTS(v), &o));
        assert_int_equal(attr_get(session, o, CKA_VALUE, ret[i], 32), 32);
    }
}

static int generate_in_child(void *arg)
{
    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    generate_values(arg);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* A child that begins in the middle of the parent's keys makes none that the parent makes too. */
static void test_secrets_are_random_in_a_child(void **state)
{
    const size_t n = 3 * N_FORKED;
    uint8_t(*values)[32] =
        mmap(NULL, n * 32, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(values != MAP_FAILED);
    generate_values(values);
    assert_int_equal(in_child(generate_in_child, values + N_FORKED), 0);
    generate_values(values + 2 * N_FORKED);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(values[i], values[j], 32);
    }
    assert_int_equal(munmap(values, n * 32), 0);
}

/* CKA_CHECK_VALUE of an AES key: the start of a block of zeros, encrypted (v3.2 6.10.3). */
static void test_check_value(void **state)
{
    static const uint8_t zeros[16];
    uint8_t value[16], block[16], check[8];
    CK_OBJECT_HANDLE o;

    (void)state;
    fill_pattern(value, sizeof(value), 7);
    o = import_secret(session, CKK_AES, value, sizeof(value));
    (void)evp_cipher("AES-128-ECB", true, false, SPAN_ARRAY(value), NULL, SPAN_ARRAY(zeros), block);
    assert_int_equal(attr_get(session, o, CKA_CHECK_VALUE, check, sizeof(check)), 3);
    assert_memory_equal(check, block, 3);
}

/* -- templates -------------------------------------------------------------------------------- */

static void test_templates_refused(void **state)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), {0, NULL, 0}};
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_VALUE, "0123456789abcdef0123456789abcdef");
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_LOCAL);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_TRUSTED);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_MODULUS, "m");
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, generate(CKM_AES_KEY_GEN, v, 2, &o));
    v[1] = v[0];
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKM_AES_KEY_GEN, v, 2, &o));
    ASSERT_RV(CKR_MECHANISM_INVALID, generate(CKM_DES3_KEY_GEN, v, 1, &o));
    ASSERT_RV(CKR_MECHANISM_INVALID, generate(CKM_RSA_PKCS_KEY_PAIR_GEN, v, 1, &o));
    assert_int_equal(o, 4711);
}

static void test_parameter_refused(void **state)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_MECHANISM m = {CKM_AES_KEY_GEN, v, 3};
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(session, &m, v, 1, &o));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/key/generate/rsa", test_rsa),
        TEST("/key/generate/rsa-exponent", test_rsa_exponent),
        TEST("/key/generate/rsa-sizes-refused", test_rsa_sizes_refused),
        TEST("/key/generate/ec", test_ec),
        TEST("/key/generate/edwards", test_edwards),
        TEST("/key/generate/curves-refused", test_curves_refused),
        TEST("/key/generate/secrets", test_secrets),
        TEST("/key/generate/secrets-are-random", test_secrets_are_random),
        TEST("/key/generate/secrets-are-random-in-a-child", test_secrets_are_random_in_a_child),
        TEST("/key/check-value", test_check_value),
        TEST("/key/generate/templates-refused", test_templates_refused),
        TEST("/key/generate/parameter-refused", test_parameter_refused),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
