/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-authenticate.c - CKA_ALWAYS_AUTHENTICATE (PKCS#11 v3.2 4.10, 5.6.8): the PIN once more for
 * every use of the key, and only for that use.
 */
#include "support/reference.h"

#include <string.h>

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE public, private; /* RSA: signs and decrypts */
static CK_BYTE text[32] = "to be signed once per PIN";

static CK_MECHANISM sign = {CKM_SHA256_RSA_PKCS, NULL, 0}, crypt = {CKM_RSA_PKCS, NULL, 0};

static int group_setup(void **state)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048), ATTR_TRUE(CKA_TOKEN)};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_TRUE(CKA_TOKEN),
                           ATTR_TRUE(CKA_SIGN_RECOVER)};

    (void)setup_token(state);
    session = open_user();
    ASSERT_OK(p11->C_GenerateKeyPair(session, &m, pub, 2, priv, 3, &public, &private));
    return 0;
}

static CK_RV authenticate(const char *pin)
{
    return p11->C_Login(session, CKU_CONTEXT_SPECIFIC, (CK_UTF8CHAR_PTR)(uintptr_t)pin,
                        strlen(pin));
}

static CK_RV sign_once(void)
{
    CK_BYTE signature[256];
    CK_ULONG n = sizeof(signature);

    return p11->C_Sign(session, text, sizeof(text), signature, &n);
}

static CK_ULONG encrypted(CK_BYTE ret[256])
{
    CK_ULONG n = 256;

    ASSERT_OK(p11->C_EncryptInit(session, &crypt, public));
    ASSERT_OK(p11->C_Encrypt(session, text, sizeof(text), ret, &n));
    return n;
}

static void test_only_private_keys(void **state)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_FALSE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE a, b;

    (void)state;
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT,
              p11->C_GenerateKeyPair(session, &m, pub, 1, priv, 2, &a, &b));
    assert_int_equal(attr_bool(session, private, CKA_ALWAYS_AUTHENTICATE), CK_TRUE);
}

static void test_once_per_use(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(p11->C_SignInit(session, &sign, private));
        ASSERT_OK(authenticate(USER_PIN));
        ASSERT_OK(sign_once());
    }
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, sign_once());
    /* That was the end of it. */
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, authenticate(USER_PIN));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, sign_once());
}

/* The PIN before the operation is no PIN for it. */
static void test_not_in_advance(void **state)
{
    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, authenticate(USER_PIN));
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, sign_once());
}

static void test_wrong_pin(void **state)
{
    CK_TOKEN_INFO info;

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_RV(CKR_PIN_INCORRECT, authenticate("0000"));
    /* Counted like any other (v3.2 5.6.8). */
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_true(info.flags & CKF_USER_PIN_COUNT_LOW);
    /* The user stays logged in, and the operation waits for the right one. */
    ASSERT_OK(authenticate(USER_PIN));
    ASSERT_OK(sign_once());
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_false(info.flags & CKF_USER_PIN_COUNT_LOW);
    /* The SO's PIN is the SO's. */
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_RV(CKR_PIN_INCORRECT, authenticate(SO_PIN));
    ASSERT_OK(authenticate(USER_PIN));
    ASSERT_OK(sign_once());
}

/* A length query before and after, parts: one PIN for the whole operation. */
static void test_whole_operation(void **state)
{
    CK_BYTE signature[256];
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_OK(authenticate(USER_PIN));
    ASSERT_OK(p11->C_Sign(session, text, sizeof(text), NULL, &n));
    ASSERT_OK(p11->C_Sign(session, text, sizeof(text), signature, &n));
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_OK(authenticate(USER_PIN));
    ASSERT_OK(p11->C_SignUpdate(session, text, 10));
    ASSERT_OK(p11->C_SignUpdate(session, text + 10, sizeof(text) - 10));
    n = sizeof(signature);
    ASSERT_OK(p11->C_SignFinal(session, signature, &n));
    ASSERT_OK(p11->C_VerifyInit(session, &sign, public));
    ASSERT_OK(p11->C_Verify(session, text, sizeof(text), signature, n));
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_SignUpdate(session, text, 10));
}

static void test_decrypt_and_recover(void **state)
{
    CK_BYTE sealed[256], plain[256];
    const CK_ULONG n_sealed = encrypted(sealed);
    CK_ULONG n = sizeof(plain);

    (void)state;
    ASSERT_OK(p11->C_DecryptInit(session, &crypt, private));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Decrypt(session, sealed, n_sealed, plain, &n));
    ASSERT_OK(p11->C_DecryptInit(session, &crypt, private));
    ASSERT_OK(authenticate(USER_PIN));
    n = sizeof(plain);
    ASSERT_OK(p11->C_Decrypt(session, sealed, n_sealed, plain, &n));
    assert_memory_equal(plain, text, sizeof(text));
    n = sizeof(sealed);
    ASSERT_OK(p11->C_SignRecoverInit(session, &crypt, private));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN,
              p11->C_SignRecover(session, text, sizeof(text), sealed, &n));
    ASSERT_OK(p11->C_SignRecoverInit(session, &crypt, private));
    ASSERT_OK(authenticate(USER_PIN));
    n = sizeof(sealed);
    ASSERT_OK(p11->C_SignRecover(session, text, sizeof(text), sealed, &n));
}

/* Two sessions wait for two PINs; a copy of the key asks as well. */
static void test_state_is_the_operations(void **state)
{
    CK_SESSION_HANDLE other = open_session();
    CK_ATTRIBUTE in_memory = ATTR_FALSE(CKA_TOKEN);
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    CK_BYTE signature[256];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &sign, private));
    ASSERT_OK(p11->C_SignInit(other, &sign, private));
    ASSERT_OK(authenticate(USER_PIN));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN,
              p11->C_Sign(other, text, sizeof(text), signature, &n));
    ASSERT_OK(sign_once());
    ASSERT_OK(p11->C_CopyObject(session, private, &in_memory, 1, &copy));
    assert_int_equal(attr_bool(session, copy, CKA_ALWAYS_AUTHENTICATE), CK_TRUE);
    ASSERT_OK(p11->C_SignInit(session, &sign, copy));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, sign_once());
    ASSERT_OK(p11->C_CloseSession(other));
}

/* Where one call is the whole use there is no place for the PIN: refused. */
static void test_derive_and_unwrap(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_TRUE(CKA_DERIVE)};
    CK_BYTE point[67];
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, sizeof(point), point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
    CK_OBJECT_HANDLE a, b, o = 4711;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, pub, 1, priv, 2, &a, &b));
    assert_int_equal(attr_get(session, a, CKA_EC_POINT, point, sizeof(point)), sizeof(point));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_DeriveKey(session, &m, b, NULL, 0, &o));
    assert_int_equal(o, 4711);
}

/* Logged out, and in again: the operation of the earlier login is over, and takes no PIN. */
static void test_logout_ends_it(void **state)
{
    CK_BYTE signature[256];
    CK_ULONG n = sizeof(signature);
    CK_OBJECT_HANDLE old = private;

    (void)state;
    for (int authenticated = 0; authenticated <= 1; authenticated++) {
        CK_ATTRIBUTE v[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
                            ATTR_TRUE(CKA_TOKEN)};

        ASSERT_OK(p11->C_SignInit(session, &sign, private));
        if (authenticated)
            ASSERT_OK(authenticate(USER_PIN));
        ASSERT_OK(p11->C_Logout(session));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, authenticate(USER_PIN));
        ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, 4));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, authenticate(USER_PIN));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
                  p11->C_Sign(session, text, sizeof(text), signature, &n));
        assert_int_equal(find_objects(session, v, 3, &private), 1);
        assert_int_not_equal(private, old);
        /* A new one can be begun at once. */
        ASSERT_OK(p11->C_SignInit(session, &sign, private));
        ASSERT_OK(p11->C_Logout(session));
        ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, 4));
        assert_int_equal(find_objects(session, v, 3, &private), 1);
        ASSERT_OK(p11->C_SignInit(session, &sign, private));
        ASSERT_OK(authenticate(USER_PIN));
        ASSERT_OK(sign_once());
    }
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/authenticate/only-private-keys", test_only_private_keys),
        TEST("/authenticate/once-per-use", test_once_per_use),
        TEST("/authenticate/not-in-advance", test_not_in_advance),
        TEST("/authenticate/wrong-pin", test_wrong_pin),
        TEST("/authenticate/whole-operation", test_whole_operation),
        TEST("/authenticate/decrypt-and-recover", test_decrypt_and_recover),
        TEST("/authenticate/state-is-the-operations", test_state_is_the_operations),
        TEST("/authenticate/derive-and-unwrap", test_derive_and_unwrap),
        TEST("/authenticate/logout-ends-it", test_logout_ends_it),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
