/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-wrap.c - keys wrapped and unwrapped (PKCS#11 v3.2 5.18.3, 5.18.4, 6.16): against OpenSSL,
 * and everything that must not leave or come in.
 */
#include "support/reference.h"

#include <openssl/x509.h>
#include <string.h>

static CK_SESSION_HANDLE session;
static uint8_t kek_bytes[32], secret[48];

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    fill_pattern(kek_bytes, sizeof(kek_bytes), 1);
    fill_pattern(secret, sizeof(secret), 2);
    return 0;
}

/* A key that wraps and unwraps, with one attribute more. It can be read, as what goes under it can:
 * the rules for what cannot are test-policy.c's. */
static CK_OBJECT_HANDLE kek_with(CK_ATTRIBUTE more)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, kek_bytes, sizeof(kek_bytes)), ATTR_TRUE(CKA_WRAP),
                        ATTR_TRUE(CKA_UNWRAP), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE), more};
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &ret));
    return ret;
}

static CK_OBJECT_HANDLE kek(void)
{
    return kek_with((CK_ATTRIBUTE)ATTR_TEXT(CKA_LABEL, "kek"));
}

static CK_OBJECT_HANDLE target_with(CK_ULONG n, CK_ATTRIBUTE more)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR(CKA_VALUE, secret, n),
                        ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE), more};
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &ret));
    return ret;
}

static CK_OBJECT_HANDLE target(CK_ULONG n)
{
    return target_with(n, (CK_ATTRIBUTE)ATTR_TEXT(CKA_LABEL, "target"));
}

static CK_RV wrap(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key,
                  uint8_t ret[512], CK_ULONG *ret_n)
{
    CK_MECHANISM m = {type, NULL, 0};

    *ret_n = 512;
    return p11->C_WrapKey(session, &m, with, key, ret, ret_n);
}

/* Unwrap a readable generic secret. */
static CK_RV unwrap(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with, struct span wrapped,
                    CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {type, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};

    return p11->C_UnwrapKey(session, &m, with, (CK_BYTE_PTR)(uintptr_t)wrapped.p, wrapped.n, v,
                            N_ELEMENTS(v), ret);
}

/* -- against OpenSSL -------------------------------------------------------------------------- */

static const struct {
    CK_MECHANISM_TYPE type;
    const char *name;
    CK_ULONG n;
} rows[] = {
    {CKM_AES_KEY_WRAP, "AES-256-WRAP", 16},         {CKM_AES_KEY_WRAP, "AES-256-WRAP", 48},
    {CKM_AES_KEY_WRAP_KWP, "AES-256-WRAP-PAD", 16}, {CKM_AES_KEY_WRAP_KWP, "AES-256-WRAP-PAD", 5},
    {CKM_AES_KEY_WRAP_KWP, "AES-256-WRAP-PAD", 31},
};

static void test_secrets(void **state)
{
    const CK_OBJECT_HANDLE with = kek();

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        uint8_t expected[128], wrapped[512], back[64];
        CK_ULONG n = 0;
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
        const size_t n_expected = evp_cipher(rows[i].name, true, false, SPAN_ARRAY(kek_bytes),
                                             NULL, span_of(secret, rows[i].n), expected);

        ASSERT_OK(wrap(rows[i].type, with, target(rows[i].n), wrapped, &n));
        assert_int_equal(n, n_expected);
        assert_memory_equal(wrapped, expected, n);
        ASSERT_OK(unwrap(rows[i].type, with, span_of(expected, n), &o));
        assert_int_equal(attr_get(session, o, CKA_VALUE, back, sizeof(back)), rows[i].n);
        assert_memory_equal(back, secret, rows[i].n);
    }
}

/* A private key leaves as PKCS#8 PrivateKeyInfo, and comes back able to sign. */
static void test_private_keys(void **state)
{
    static const char *const names[] = {"P-256", "P-521", "ED25519", NULL};
    const CK_OBJECT_HANDLE with = kek();

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        EVP_PKEY *evp = names[i] != NULL ? evp_new(names[i]) : evp_new_rsa(2048), *back;
        CK_KEY_TYPE type = EVP_PKEY_is_a(evp, "RSA")  ? CKK_RSA
                           : EVP_PKEY_is_a(evp, "EC") ? CKK_EC
                                                      : CKK_EC_EDWARDS;
        CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
        uint8_t *der = NULL, wrapped[4096], plain[4096];
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(evp);
        const size_t n_der = (size_t)i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
        CK_ULONG n = evp_cipher("AES-256-WRAP-PAD", true, false, SPAN_ARRAY(kek_bytes), NULL,
                                span_of(der, n_der), wrapped);
        CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_OBJ(CKA_KEY_TYPE, type),
                            ATTR_TRUE(CKA_EXTRACTABLE), ATTR_FALSE(CKA_SENSITIVE)};
        const uint8_t *p = plain;
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

        ASSERT_OK(p11->C_UnwrapKey(session, &m, with, wrapped, n, v, N_ELEMENTS(v), &o));
        n = sizeof(wrapped);
        ASSERT_OK(p11->C_WrapKey(session, &m, with, o, wrapped, &n));
        n = evp_cipher("AES-256-WRAP-PAD", false, false, SPAN_ARRAY(kek_bytes), NULL,
                       span_of(wrapped, n), plain);
        back = d2i_AutoPrivateKey(NULL, &p, (long)n);
        assert_non_null(back);
        assert_int_equal(EVP_PKEY_eq(evp, back), 1);
        EVP_PKEY_free(back);
        EVP_PKEY_free(evp);
        PKCS8_PRIV_KEY_INFO_free(p8);
        OPENSSL_free(der);
    }
}

/* -- what must not leave ---------------------------------------------------------------------- */

static void test_must_not_leave(void **state)
{
    const CK_OBJECT_HANDLE with = kek(), stays = make_aes(session, 32, CK_FALSE, "stays");
    const CK_OBJECT_HANDLE trusted_only =
        target_with(16, (CK_ATTRIBUTE)ATTR_TRUE(CKA_WRAP_WITH_TRUSTED));
    const CK_OBJECT_HANDLE data = make_data(session, CK_FALSE, CK_TRUE, "no key", "v", 1);
    uint8_t wrapped[512];
    CK_ULONG n;

    (void)state;
    memset(wrapped, 0xee, sizeof(wrapped));
    ASSERT_RV(CKR_KEY_UNEXTRACTABLE, wrap(CKM_AES_KEY_WRAP, with, stays, wrapped, &n));
    ASSERT_RV(CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP, with, trusted_only, wrapped, &n));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, with, 0, wrapped, &n));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, with, data, wrapped, &n));
    for (size_t i = 0; i < sizeof(wrapped); i++)
        assert_int_equal(wrapped[i], 0xee);
}

static void test_wrapping_keys(void **state)
{
    const CK_OBJECT_HANDLE plain = import_secret(session, CKK_AES, kek_bytes, 32);
    const CK_OBJECT_HANDLE generic = import_secret(session, CKK_GENERIC_SECRET, kek_bytes, 32);
    const CK_OBJECT_HANDLE data = make_data(session, CK_FALSE, CK_TRUE, "no key", "v", 1);
    const CK_OBJECT_HANDLE key = target(16);
    uint8_t wrapped[512];
    CK_ULONG n;

    (void)state;
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, wrap(CKM_AES_KEY_WRAP, plain, key, wrapped, &n));
    ASSERT_RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
              wrap(CKM_AES_KEY_WRAP, generic, key, wrapped, &n));
    ASSERT_RV(CKR_WRAPPING_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, 0, key, wrapped, &n));
    ASSERT_RV(CKR_WRAPPING_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, data, key, wrapped, &n));
    /* No wrapping where blocks can be swapped or the padding tells. */
    ASSERT_RV(CKR_MECHANISM_INVALID, wrap(CKM_AES_ECB, kek(), key, wrapped, &n));
    ASSERT_RV(CKR_MECHANISM_INVALID, wrap(CKM_AES_CBC_PAD, kek(), key, wrapped, &n));
    ASSERT_RV(CKR_MECHANISM_INVALID, wrap(CKM_RSA_PKCS, kek(), key, wrapped, &n));
}

/* CKA_WRAP_TEMPLATE: only keys that agree with it are wrapped. */
static void test_wrap_template(void **state)
{
    CK_ATTRIBUTE inside[] = {ATTR_TEXT(CKA_LABEL, "may leave")};
    const CK_OBJECT_HANDLE with =
        kek_with((CK_ATTRIBUTE)ATTR(CKA_WRAP_TEMPLATE, inside, sizeof(inside)));
    const CK_OBJECT_HANDLE may = target_with(16, (CK_ATTRIBUTE)ATTR_TEXT(CKA_LABEL, "may leave"));
    uint8_t wrapped[512];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(wrap(CKM_AES_KEY_WRAP, with, may, wrapped, &n));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, with, target(16), wrapped, &n));
}

/* -- what comes in ---------------------------------------------------------------------------- */

static void test_forged(void **state)
{
    const CK_OBJECT_HANDLE with = kek();
    uint8_t wrapped[512];
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = 0;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        ASSERT_OK(wrap(rows[i].type, with, target(rows[i].n), wrapped, &n));
        for (size_t at = 0; at < n; at += 3) {
            wrapped[at] ^= 2;
            ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
                      unwrap(rows[i].type, with, span_of(wrapped, n), &o));
            wrapped[at] ^= 2;
        }
        ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE,
                  unwrap(rows[i].type, with, span_of(wrapped, n - 1), &o));
        ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(rows[i].type, with, span_of(wrapped, 8), &o));
        ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(rows[i].type, with, SPAN_EMPTY, &o));
    }
    assert_int_equal(o, 4711);
}

static void test_unwrapping_keys(void **state)
{
    const CK_OBJECT_HANDLE plain = import_secret(session, CKK_AES, kek_bytes, 32);
    const CK_OBJECT_HANDLE generic = import_secret(session, CKK_GENERIC_SECRET, kek_bytes, 32);
    uint8_t wrapped[512];
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(wrap(CKM_AES_KEY_WRAP, kek(), target(16), wrapped, &n));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
              unwrap(CKM_AES_KEY_WRAP, plain, span_of(wrapped, n), &o));
    ASSERT_RV(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
              unwrap(CKM_AES_KEY_WRAP, generic, span_of(wrapped, n), &o));
    ASSERT_RV(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
              unwrap(CKM_AES_KEY_WRAP, 0, span_of(wrapped, n), &o));
    assert_int_equal(o, 4711);
}

/* Where nobody says otherwise, what comes in is sensitive and stays. */
static void test_unwrapped_defaults(void **state)
{
    const CK_OBJECT_HANDLE with = kek();
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t wrapped[512];
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(wrap(CKM_AES_KEY_WRAP, with, target(16), wrapped, &n));
    ASSERT_OK(p11->C_UnwrapKey(session, &m, with, wrapped, n, v, N_ELEMENTS(v), &o));
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_PRIVATE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_WRAP), CK_FALSE);
    assert_int_equal(attr_ulong(session, o, CKA_VALUE_LEN), 16);
    /* No type: nothing can be made. A wrong one: nor. */
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE,
              p11->C_UnwrapKey(session, &m, with, wrapped, n, v, 1, &o));
    v[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_CHACHA20);
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
              p11->C_UnwrapKey(session, &m, with, wrapped, n, v, 2, &o));
}

static void test_unwrap_template(void **state)
{
    CK_ATTRIBUTE inside[] = {ATTR_FALSE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE with =
        kek_with((CK_ATTRIBUTE)ATTR(CKA_UNWRAP_TEMPLATE, inside, sizeof(inside)));
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t wrapped[512];
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(wrap(CKM_AES_KEY_WRAP, with, target(16), wrapped, &n));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(CKM_AES_KEY_WRAP, with, span_of(wrapped, n), &o));
    ASSERT_OK(p11->C_UnwrapKey(session, &m, with, wrapped, n, v, N_ELEMENTS(v), &o));
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
}

/* A read-only session makes no token objects, by this way neither. */
static void test_read_only_session(void **state)
{
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
    const CK_OBJECT_HANDLE with = kek();
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_TRUE(CKA_TOKEN)};
    CK_SESSION_HANDLE ro = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE o = 4711;
    uint8_t wrapped[512];
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(wrap(CKM_AES_KEY_WRAP, with, target(16), wrapped, &n));
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_UnwrapKey(ro, &m, with, wrapped, n, v, 3, &o));
    assert_int_equal(o, 4711);
    ASSERT_OK(p11->C_CloseSession(ro));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/wrap/secrets", test_secrets),
        TEST("/wrap/private-keys", test_private_keys),
        TEST("/wrap/must-not-leave", test_must_not_leave),
        TEST("/wrap/wrapping-keys", test_wrapping_keys),
        TEST("/wrap/template", test_wrap_template),
        TEST("/unwrap/forged", test_forged),
        TEST("/unwrap/unwrapping-keys", test_unwrapping_keys),
        TEST("/unwrap/defaults", test_unwrapped_defaults),
        TEST("/unwrap/template", test_unwrap_template),
        TEST("/unwrap/read-only-session", test_read_only_session),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
