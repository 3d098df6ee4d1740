/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-derive-protected.c - derivations that make several objects, and those that are off by
 * default (here they are on): what is derived is never less protected than the standard wants it
 * (v3.2 6.40, 6.42, 6.43), and all objects appear or none.
 */
#include "support/reference.h"

#include <string.h>

static CK_SESSION_HANDLE session;
static uint8_t value[48], more[16] = "0123456789abcdef";

static int group_setup(void **state)
{
    (void)state;
    scratch_make("root = software\npin-log2-n = 10\n"
                 "mechanisms-allow = {default, CKM_XOR_BASE_AND_DATA, "
                 "CKM_CONCATENATE_BASE_AND_KEY, CKM_TLS12_KEY_AND_MAC_DERIVE}\n");
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    session = open_user();
    fill_pattern(value, sizeof(value), 5);
    return 0;
}

/* A generic secret to derive from. */
static CK_OBJECT_HANDLE base_secret(CK_BBOOL sensitive, CK_BBOOL extractable)
{
    CK_ATTRIBUTE v[] = {
        ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),  ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        ATTR(CKA_VALUE, value, sizeof(value)),  ATTR_OBJ(CKA_SENSITIVE, sensitive),
        ATTR_OBJ(CKA_EXTRACTABLE, extractable), ATTR_TRUE(CKA_DERIVE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &o));
    return o;
}

/* Session objects that there are: nothing is left of what failed. */
static CK_ULONG n_secrets(void)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY)};

    return find_objects(session, v, 1, NULL);
}

/* -- 6.43: what comes of a sensitive key is sensitive ----------------------------------------- */

static void test_mixture_keeps_protection(void **state)
{
    CK_KEY_DERIVATION_STRING_DATA p = {more, sizeof(more)};
    CK_MECHANISM m = {CKM_XOR_BASE_AND_DATA, &p, sizeof(p)};
    CK_ATTRIBUTE open[] = {ATTR_FALSE(CKA_SENSITIVE)}, loose[] = {ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE both[] = {ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE closed = base_secret(CK_TRUE, CK_FALSE);
    const CK_OBJECT_HANDLE readable = base_secret(CK_FALSE, CK_TRUE);
    const CK_ULONG before = n_secrets();
    CK_OBJECT_HANDLE o = 4711;
    uint8_t mixed[16], expected[16];

    (void)state;
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, closed, open, 1, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, closed, loose, 1, &o));
    assert_int_equal(o, 4711);
    assert_int_equal(n_secrets(), before);
    ASSERT_OK(p11->C_DeriveKey(session, &m, closed, NULL, 0, &o));
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE); /* imported */
    ASSERT_OK(p11->C_DeriveKey(session, &m, readable, both, 2, &o));
    assert_int_equal(attr_get(session, o, CKA_VALUE, mixed, sizeof(mixed)), sizeof(mixed));
    for (size_t i = 0; i < sizeof(mixed); i++)
        expected[i] = value[i] ^ more[i];
    assert_memory_equal(mixed, expected, sizeof(mixed));
}

/* Both keys count. */
static void test_concatenation_keeps_protection_of_both(void **state)
{
    CK_OBJECT_HANDLE second = base_secret(CK_TRUE, CK_FALSE);
    CK_MECHANISM m = {CKM_CONCATENATE_BASE_AND_KEY, &second, sizeof(second)};
    CK_ATTRIBUTE both[] = {ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE readable = base_secret(CK_FALSE, CK_TRUE);
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, readable, both, 2, &o));
    assert_int_equal(o, 4711);
    ASSERT_OK(p11->C_DeriveKey(session, &m, readable, NULL, 0, &o));
    assert_int_equal(attr_ulong(session, o, CKA_VALUE_LEN), 2 * sizeof(value));
    second = 0xdeadbeef;
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DeriveKey(session, &m, readable, NULL, 0, &o));
}

/* -- 6.42: several keys at once ---------------------------------------------------------------- */

static void test_more_keys(void **state)
{
    static const CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
    CK_PRF_DATA_PARAM fields[] = {
        {CK_SP800_108_ITERATION_VARIABLE, (void *)(uintptr_t)&counter, sizeof(counter)},
        {CK_SP800_108_BYTE_ARRAY, more, sizeof(more)}};
    CK_ATTRIBUTE aes[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, 16)};
    CK_ATTRIBUTE bad[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, 17)};
    CK_ATTRIBUTE token[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_TRUE(CKA_TOKEN)};
    CK_OBJECT_HANDLE first = 4711, others[2] = {4711, 4711};
    CK_DERIVED_KEY more_keys[] = {{aes, 2, &others[0]}, {aes, 2, &others[1]}};
    CK_SP800_108_KDF_PARAMS p = {CKM_SHA256_HMAC, 2, fields, 2, more_keys};
    CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &p, sizeof(p)};
    const CK_OBJECT_HANDLE base = base_secret(CK_FALSE, CK_TRUE);
    const CK_ULONG before = n_secrets();
    uint8_t key[3][16];

    (void)state;
    more_keys[1].pTemplate = bad;
    ASSERT_RV(CKR_KEY_SIZE_RANGE, p11->C_DeriveKey(session, &m, base, aes, 2, &first));
    more_keys[1].pTemplate = token; /* they could not appear at once */
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, base, aes, 2, &first));
    assert_int_equal(n_secrets(), before);
    assert_int_equal(first, 4711);
    more_keys[1].pTemplate = aes;
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, aes, 2, &first));
    assert_int_equal(n_secrets(), before + 3);
    /* A silent template takes over what the base key has. */
    assert_int_equal(attr_bool(session, others[1], CKA_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_get(session, first, CKA_VALUE, key[0], 16), 16);
    assert_int_equal(attr_get(session, others[0], CKA_VALUE, key[1], 16), 16);
    assert_int_equal(attr_get(session, others[1], CKA_VALUE, key[2], 16), 16);
    assert_memory_not_equal(key[0], key[1], 16);
    assert_memory_not_equal(key[1], key[2], 16);
}

/* -- 6.40: the keys of a connection ------------------------------------------------------------ */

static void test_tls_keys(void **state)
{
    CK_BYTE random[32] = {1}, iv[2][16];
    CK_SSL3_KEY_MAT_OUT out = {0, 0, 0, 0, iv[0], iv[1]};
    CK_TLS12_KEY_MAT_PARAMS p = {256,  128,       128, CK_FALSE, {random, 32, random, 32},
                                 &out, CKM_SHA256};
    CK_MECHANISM m = {CKM_TLS12_KEY_AND_MAC_DERIVE, &p, sizeof(p)};
    CK_ATTRIBUTE aes[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE other[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_FALSE(CKA_SENSITIVE)};
    const CK_OBJECT_HANDLE master = base_secret(CK_TRUE, CK_FALSE);
    const CK_ULONG before = n_secrets();

    (void)state;
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &m, master, other, 2, NULL));
    assert_int_equal(n_secrets(), before);
    assert_int_equal(out.hClientKey, 0);
    /* All handles come in the parameter. */
    ASSERT_OK(p11->C_DeriveKey(session, &m, master, aes, 1, NULL));
    assert_int_equal(n_secrets(), before + 4);
    assert_int_equal(attr_ulong(session, out.hServerMacSecret, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
    assert_int_equal(attr_bool(session, out.hServerMacSecret, CKA_SIGN), CK_TRUE);
    assert_int_equal(attr_ulong(session, out.hClientKey, CKA_KEY_TYPE), CKK_AES);
    assert_int_equal(attr_ulong(session, out.hClientKey, CKA_VALUE_LEN), 16);
    assert_int_equal(attr_bool(session, out.hClientKey, CKA_ENCRYPT), CK_TRUE);
    assert_int_equal(attr_bool(session, out.hClientKey, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, out.hClientMacSecret, CKA_EXTRACTABLE), CK_FALSE);
    assert_memory_not_equal(iv[0], iv[1], 16);
}

/* A master secret is good for TLS only (6.40.4). */
static void test_master_is_for_tls(void **state)
{
    CK_BYTE random[32] = {1};
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = {{random, 32, random, 32}, NULL, CKM_SHA256};
    CK_MECHANISM m = {CKM_TLS12_MASTER_KEY_DERIVE_DH, &p, sizeof(p)};
    CK_TLS_MAC_PARAMS f = {CKM_SHA256, 12, 1};
    CK_MECHANISM finished = {CKM_TLS_MAC, &f, sizeof(f)}, hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_OBJECT_HANDLE master = CK_INVALID_HANDLE;
    CK_BYTE mac[12];
    CK_ULONG n = sizeof(mac);

    (void)state;
    ASSERT_OK(p11->C_DeriveKey(session, &m, base_secret(CK_TRUE, CK_FALSE), NULL, 0, &master));
    assert_int_equal(attr_ulong(session, master, CKA_VALUE_LEN), 48);
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &hmac, master));
    ASSERT_OK(p11->C_SignInit(session, &finished, master));
    ASSERT_OK(p11->C_Sign(session, random, sizeof(random), mac, &n));
    assert_int_equal(n, 12);
}

/* -- wrapping ---------------------------------------------------------------------------------- */

/* CKM_RSA_AES_KEY_WRAP through the module: a private key, too large for RSA itself. */
static void test_rsa_aes_wrap(void **state)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_RSA_AES_KEY_WRAP_PARAMS p = {256, &oaep};
    CK_MECHANISM m = {CKM_RSA_AES_KEY_WRAP, &p, sizeof(p)};
    CK_MECHANISM gen = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE bits[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048), ATTR_TRUE(CKA_WRAP)};
    CK_ATTRIBUTE unwraps[] = {ATTR_TRUE(CKA_UNWRAP)};
    CK_ATTRIBUTE target[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_FALSE(CKA_SENSITIVE)};
    CK_ATTRIBUTE back[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                           ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA)};
    CK_OBJECT_HANDLE wrapper, unwrapper, pub, priv, o = CK_INVALID_HANDLE;
    uint8_t wrapped[2048];
    CK_ULONG n = 0, need;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, bits, 2, unwraps, 1, &wrapper, &unwrapper));
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, bits, 1, target, 2, &pub, &priv));
    ASSERT_OK(p11->C_WrapKey(session, &m, wrapper, priv, NULL, &n));
    need = n;
    n = need - 1;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_WrapKey(session, &m, wrapper, priv, wrapped, &n));
    assert_int_equal(n, need);
    ASSERT_OK(p11->C_WrapKey(session, &m, wrapper, priv, wrapped, &n));
    ASSERT_OK(p11->C_UnwrapKey(session, &m, unwrapper, wrapped, n, back, 2, &o));
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    wrapped[5] ^= 1;
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
              p11->C_UnwrapKey(session, &m, unwrapper, wrapped, n, back, 2, &o));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/derive-protected/mixture", test_mixture_keeps_protection),
        TEST("/derive-protected/concatenation", test_concatenation_keeps_protection_of_both),
        TEST("/derive-protected/more-keys", test_more_keys),
        TEST("/derive-protected/tls/keys", test_tls_keys),
        TEST("/derive-protected/tls/master", test_master_is_for_tls),
        TEST("/derive-protected/rsa-aes-wrap", test_rsa_aes_wrap),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
