/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-derive-secret.c - keys from secrets and passwords (v3.2 5.18.5, 6.37, 6.43, 6.62) through
 * the module: what comes out, how protected it is, and what is refused.
 */
#include "support/reference.h"

#include <string.h>

static CK_SESSION_HANDLE session;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    return 0;
}

/* A readable secret that one can derive from, and do nothing else with. */
static CK_OBJECT_HANDLE base_secret(CK_KEY_TYPE type, const void *value, CK_ULONG n)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, type),
                        ATTR(CKA_VALUE, value, n),
                        ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE),
                        ATTR_TRUE(CKA_DERIVE),
                        ATTR_FALSE(CKA_ENCRYPT),
                        ATTR_FALSE(CKA_DECRYPT)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &o));
    return o;
}

static uint8_t ikm[22], salt[] = "salt", info[] = "info";

/* RFC 5869 A.1. */
static const uint8_t rfc_salt[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t rfc_info[] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
static const uint8_t rfc_okm[] = {0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
                                  0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
                                  0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf, 0x34,
                                  0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65};

static CK_HKDF_PARAMS hkdf_params(void)
{
    return (CK_HKDF_PARAMS){CK_TRUE,
                            CK_TRUE,
                            CKM_SHA256,
                            CKF_HKDF_SALT_DATA,
                            (CK_BYTE *)(uintptr_t)rfc_salt,
                            sizeof(rfc_salt),
                            CK_INVALID_HANDLE,
                            (CK_BYTE *)(uintptr_t)rfc_info,
                            sizeof(rfc_info)};
}

static void assert_value(CK_OBJECT_HANDLE o, const uint8_t *expected, size_t n)
{
    uint8_t value[256];

    assert_int_equal(attr_get(session, o, CKA_VALUE, value, sizeof(value)), n);
    assert_memory_equal(value, expected, n);
}

static void test_hkdf(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, sizeof(rfc_okm)), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE), ATTR_ULONG(CKA_KEY_TYPE, CKK_SHA256_HMAC)};
    CK_OBJECT_HANDLE base, o = 4711;

    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    base = base_secret(CKK_HKDF, ikm, sizeof(ikm));
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, v, 4, &o));
    assert_value(o, rfc_okm, sizeof(rfc_okm));
    assert_int_equal(attr_ulong(session, o, CKA_KEY_TYPE), CKK_SHA256_HMAC);
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
    assert_int_equal(attr_ulong(session, o, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, &m, base, v, 4, NULL));
    o = 4711;
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, p11->C_DeriveKey(session, &m, base, NULL, 0, &o));
    p.ulSaltType = CKF_HKDF_SALT_KEY;
    p.hSaltKey = 0xdeadbeef;
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(session, &m, base, v, 4, &o));
    p.hSaltKey = make_aes(session, 32, CK_FALSE, "no salt");
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_DeriveKey(session, &m, base, v, 4, &o));
    assert_int_equal(o, 4711);
    p.hSaltKey = base_secret(CKK_GENERIC_SECRET, rfc_salt, sizeof(rfc_salt));
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, v, 4, &o));
    assert_value(o, rfc_okm, sizeof(rfc_okm));
}

/* A salt that may not be derived from is no salt either. */
static void test_hkdf_salt_needs_the_right(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};
    CK_ATTRIBUTE no = ATTR_FALSE(CKA_DERIVE), length = ATTR_ULONG(CKA_VALUE_LEN, 16);
    CK_OBJECT_HANDLE base = base_secret(CKK_HKDF, ikm, sizeof(ikm)), o;

    (void)state;
    p.ulSaltType = CKF_HKDF_SALT_KEY;
    p.hSaltKey = base_secret(CKK_GENERIC_SECRET, salt, sizeof(salt));
    ASSERT_OK(p11->C_SetAttributeValue(session, p.hSaltKey, &no, 1));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_DeriveKey(session, &m, base, &length, 1, &o));
}

static void test_hkdf_data(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_ULONG(CKA_VALUE_LEN, sizeof(rfc_okm)),
                        ATTR_TEXT(CKA_LABEL, "okm")};
    CK_ATTRIBUTE secret = ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY);
    CK_OBJECT_HANDLE base, o = 4711;

    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    base = base_secret(CKK_HKDF, ikm, sizeof(ikm));
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, v, 3, &o));
    assert_value(o, rfc_okm, sizeof(rfc_okm));
    assert_int_equal(attr_ulong(session, o, CKA_CLASS), CKO_DATA);
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(session, o, CKA_VALUE_LEN));
    o = 4711;
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, p11->C_DeriveKey(session, &m, base, v, 1, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, base, &secret, 1, &o));
    assert_int_equal(o, 4711);
}

static CK_OBJECT_HANDLE data_object(const void *value, CK_ULONG n)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR(CKA_VALUE, value, n)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &o));
    return o;
}

#define HASH 32 /* of SHA-256 */

static uint8_t zeros[HASH];

/* A data object of the hash's length is as good a base as the key with its value (6.62.3), and what
 * comes of it has no past as a secret. */
static void test_hkdf_from_data(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)}, to_data = {CKM_HKDF_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 42), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE closed[] = {ATTR_ULONG(CKA_VALUE_LEN, 42), ATTR_TRUE(CKA_SENSITIVE),
                             ATTR_FALSE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE data = data_object(zeros, HASH);
    const CK_OBJECT_HANDLE key = base_secret(CKK_HKDF, zeros, HASH);
    const CK_ULONG salts[] = {CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_NULL};
    CK_OBJECT_HANDLE o;
    uint8_t expected[42];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(salts); i++) {
        p.ulSaltType = salts[i];
        ASSERT_OK(p11->C_DeriveKey(session, &m, key, v, 3, &o));
        assert_int_equal(attr_get(session, o, CKA_VALUE, expected, sizeof(expected)), 42);
        ASSERT_OK(p11->C_DeriveKey(session, &m, data, v, 3, &o));
        assert_value(o, expected, sizeof(expected));
        ASSERT_OK(p11->C_DeriveKey(session, &to_data, data, v, 1, &o));
        assert_value(o, expected, sizeof(expected));
    }
    ASSERT_OK(p11->C_DeriveKey(session, &m, data, closed, 3, &o));
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
}

static void test_hkdf_from_data_refused(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};
    CK_MECHANISM ecb = {CKM_AES_ECB_ENCRYPT_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE length = ATTR_ULONG(CKA_VALUE_LEN, 16);
    const CK_OBJECT_HANDLE data = data_object(zeros, HASH);
    const CK_OBJECT_HANDLE key = base_secret(CKK_HKDF, zeros, HASH);
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    ASSERT_RV(CKR_KEY_SIZE_RANGE,
              p11->C_DeriveKey(session, &m, data_object(zeros, HASH - 1), &length, 1, &o));
    ASSERT_RV(CKR_KEY_SIZE_RANGE,
              p11->C_DeriveKey(session, &m, data_object(zeros, 0), &length, 1, &o));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(session, &ecb, data, &length, 1, &o));
    p.bExtract = CK_FALSE;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DeriveKey(session, &m, data, &length, 1, &o));
    p.bExtract = CK_TRUE;
    p.ulSaltType = CKF_HKDF_SALT_KEY; /* "supplied as a key" */
    p.hSaltKey = data;
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(session, &m, key, &length, 1, &o));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(session, &m, data, &length, 1, &o));
    assert_int_equal(o, 4711);
}

/* Where the salt is the secret, as in TLS 1.3's master secret, it protects what comes out; and its
 * own template holds. */
static void test_hkdf_salt_protects(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)}, gen = {CKM_HKDF_KEY_GEN, NULL, 0};
    CK_MECHANISM to_data = {CKM_HKDF_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE verifies = ATTR_TRUE(CKA_VERIFY);
    CK_ATTRIBUTE made[] = {ATTR_ULONG(CKA_VALUE_LEN, HASH), ATTR_TRUE(CKA_DERIVE),
                           ATTR(CKA_DERIVE_TEMPLATE, &verifies, sizeof(verifies))};
    CK_ATTRIBUTE length = ATTR_ULONG(CKA_VALUE_LEN, 16);
    CK_ATTRIBUTE open[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_FALSE(CKA_SENSITIVE),
                           ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE agreed[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_TRUE(CKA_VERIFY)};
    const CK_OBJECT_HANDLE data = data_object(zeros, HASH);
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    p.ulSaltType = CKF_HKDF_SALT_KEY;
    ASSERT_OK(p11->C_GenerateKey(session, &gen, made, 2, &p.hSaltKey));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, data, open, 3, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &to_data, data, &length, 1, &o));
    assert_int_equal(o, 4711);
    ASSERT_OK(p11->C_DeriveKey(session, &m, data, &length, 1, &o));
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    ASSERT_OK(p11->C_GenerateKey(session, &gen, made, 3, &p.hSaltKey));
    agreed[1] = (CK_ATTRIBUTE)ATTR_FALSE(CKA_VERIFY);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, data, agreed, 2, &o));
    agreed[1] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_VERIFY);
    ASSERT_OK(p11->C_DeriveKey(session, &m, data, agreed, 2, &o));
}

/* ALWAYS_SENSITIVE and NEVER_EXTRACTABLE follow the base key's (6.62.3). */
static void test_history(void **state)
{
    CK_HKDF_PARAMS p = hkdf_params();
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)}, gen = {CKM_HKDF_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE made[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_DERIVE)};
    CK_ATTRIBUTE length = ATTR_ULONG(CKA_VALUE_LEN, 16);
    CK_ATTRIBUTE open[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_FALSE(CKA_SENSITIVE),
                           ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE generated, imported, o;

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(session, &gen, made, 2, &generated));
    imported = base_secret(CKK_HKDF, ikm, sizeof(ikm));
    ASSERT_OK(p11->C_DeriveKey(session, &m, generated, &length, 1, &o));
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, generated, open, 3, &o));
    open[1] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_SENSITIVE);
    ASSERT_OK(p11->C_DeriveKey(session, &m, generated, open, 3, &o));
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    ASSERT_OK(p11->C_DeriveKey(session, &m, imported, &length, 1, &o));
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
}

/* A key that is an encryption of known data, by a key that encrypts for everybody, is no secret
 * (Clulow, CHES 2003). */
static void test_encrypted_data_needs_a_key_that_does_not_encrypt(void **state)
{
    static const uint8_t value[16] = "0123456789abcdef";
    uint8_t data[32], cipher[32];
    CK_KEY_DERIVATION_STRING_DATA p = {data, sizeof(data)};
    CK_MECHANISM m = {CKM_AES_ECB_ENCRYPT_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE v[] = {ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE both[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_TRUE(CKA_DERIVE)};
    CK_MECHANISM gen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE base = base_secret(CKK_AES, value, sizeof(value)), encrypts, o = 4711;

    (void)state;
    fill_pattern(data, sizeof(data), 1);
    ASSERT_OK(p11->C_GenerateKey(session, &gen, both, 2, &encrypts));
    assert_int_equal(attr_bool(session, encrypts, CKA_ENCRYPT), CK_TRUE);
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_DeriveKey(session, &m, encrypts, v, 2, &o));
    assert_int_equal(o, 4711);
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, v, 2, &o));
    assert_int_equal(
        evp_cipher("AES-128-ECB", true, false, SPAN_ARRAY(value), NULL, SPAN_ARRAY(data), cipher),
        sizeof(cipher));
    assert_value(o, cipher, sizeof(cipher));
}

/* RFC 7914 11. */
static void test_pbkdf2(void **state)
{
    static const uint8_t key[] = {0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f,
                                  0xec, 0x16, 0x91, 0xc2, 0x25, 0x44, 0xb6, 0x05};
    static CK_UTF8CHAR password[] = "passwd";
    CK_PKCS5_PBKD2_PARAMS2 p = {
        CKZ_SALT_SPECIFIED, salt, 4, 1, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, password, 6};
    CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof(p)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, sizeof(key)),
                        ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(session, &m, v, 4, &o));
    assert_value(o, key, sizeof(key));
    assert_int_equal(attr_ulong(session, o, CKA_KEY_GEN_MECHANISM), CKM_PKCS5_PBKD2);
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(session, &m, v, 1, &o));
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(session, &m, v + 1, 3, &o));
}

/* 6.43.8: what the private key signs, the public key made of it verifies. */
static void public_key_verifies(CK_MECHANISM_TYPE generator, CK_ATTRIBUTE *parameter,
                                CK_MECHANISM_TYPE signs)
{
    CK_MECHANISM gen = {generator, NULL, 0}, sign = {signs, NULL, 0};
    CK_MECHANISM m = {CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0};
    CK_ATTRIBUTE may[] = {ATTR_TRUE(CKA_DERIVE), ATTR_TRUE(CKA_SIGN), ATTR_FALSE(CKA_DECRYPT)};
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "public");
    CK_OBJECT_HANDLE pub, priv, o = 4711;
    uint8_t signature[256];
    CK_ULONG n = sizeof(signature);

    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, parameter, 1, may,
                                     generator == CKM_RSA_PKCS_KEY_PAIR_GEN ? 3 : 2, &pub, &priv));
    ASSERT_OK(p11->C_DeriveKey(session, &m, priv, &label, 1, &o));
    assert_int_equal(attr_ulong(session, o, CKA_CLASS), CKO_PUBLIC_KEY);
    assert_int_equal(attr_bool(session, o, CKA_PRIVATE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
    ASSERT_OK(p11->C_SignInit(session, &sign, priv));
    ASSERT_OK(p11->C_Sign(session, info, sizeof(info), signature, &n));
    ASSERT_OK(p11->C_VerifyInit(session, &sign, o));
    ASSERT_OK(p11->C_Verify(session, info, sizeof(info), signature, n));
    /* Of a public key there is nothing to make. */
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_DeriveKey(session, &m, pub, &label, 1, &priv));
}

static void test_public_key(void **state)
{
    CK_ATTRIBUTE bits = ATTR_ULONG(CKA_MODULUS_BITS, 2048);
    CK_ATTRIBUTE p256 = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));
    CK_ATTRIBUTE ed = ATTR(CKA_EC_PARAMS, ed25519_params, sizeof(ed25519_params));

    (void)state;
    public_key_verifies(CKM_RSA_PKCS_KEY_PAIR_GEN, &bits, CKM_SHA256_RSA_PKCS);
    public_key_verifies(CKM_EC_KEY_PAIR_GEN, &p256, CKM_ECDSA_SHA256);
    public_key_verifies(CKM_EC_EDWARDS_KEY_PAIR_GEN, &ed, CKM_EDDSA);
}

/* Not there by default. */
static void test_mixtures_are_off(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {
        CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE,
        CKM_XOR_BASE_AND_DATA,        CKM_EXTRACT_KEY_FROM_KEY,      CKM_SHA1_KEY_DERIVATION,
        CKM_SHA256_KEY_DERIVATION,    CKM_SHA3_256_KEY_DERIVATION};
    CK_KEY_DERIVATION_STRING_DATA p = {salt, sizeof(salt)};
    CK_OBJECT_HANDLE base = base_secret(CKK_GENERIC_SECRET, salt, sizeof(salt)), o;
    CK_MECHANISM_INFO info_of;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        CK_MECHANISM m = {types[i], &p, sizeof(p)};

        ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_DeriveKey(session, &m, base, NULL, 0, &o));
        ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(0, types[i], &info_of));
    }
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/derive-secret/hkdf", test_hkdf),
        TEST("/derive-secret/hkdf/salt-needs-the-right", test_hkdf_salt_needs_the_right),
        TEST("/derive-secret/hkdf/data", test_hkdf_data),
        TEST("/derive-secret/hkdf/from-data", test_hkdf_from_data),
        TEST("/derive-secret/hkdf/from-data/refused", test_hkdf_from_data_refused),
        TEST("/derive-secret/hkdf/salt-protects", test_hkdf_salt_protects),
        TEST("/derive-secret/history", test_history),
        TEST("/derive-secret/encrypted-data",
             test_encrypted_data_needs_a_key_that_does_not_encrypt),
        TEST("/derive-secret/pbkdf2", test_pbkdf2),
        TEST("/derive-secret/public-key", test_public_key),
        TEST("/derive-secret/mixtures-are-off", test_mixtures_are_off),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
