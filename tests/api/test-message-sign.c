/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-message-sign.c - message-based signing and verifying (PKCS#11 v3.2 5.14, 5.16) with every
 * mechanism that says it can: what comes out is what C_Verify takes, and the other way round.
 */
#include "support/kit.h"

#include <string.h>

#define ROOM 1024
#define NO_PARAM NULL, 0

static CK_SESSION_HANDLE session;
static CK_BYTE input[ROOM];
static CK_MECHANISM_TYPE types[512];
static CK_ULONG n_types;
static CK_OBJECT_HANDLE hmac;
static CK_MECHANISM mac = {CKM_SHA256_HMAC, NULL, 0};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    kits_setup(session);
    fill_pattern(input, sizeof(input), 1);
    n_types = kits_list(types, N_ELEMENTS(types));
    hmac = import_secret(session, CKK_GENERIC_SECRET, input, 32);
    return 0;
}

static int no_process(void **state)
{
    (void)state;
    ASSERT_OK(p11->C_SessionCancel(session, CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY));
    return 0;
}

static CK_RV verify(const struct kit *k, CK_ULONG from, CK_BYTE *signature, CK_ULONG n)
{
    CK_MECHANISM m = k->m;

    ASSERT_OK(p11->C_VerifyInit(session, &m, k->public));
    return p11->C_Verify(session, input + from, k->n_in, signature, n);
}

/* Asked, offered too little, then done; C_SignMessage or the last C_SignMessageNext. */
static CK_ULONG by_rule(CK_C_SignMessage fn, CK_BYTE *in, CK_ULONG n, CK_BYTE out[ROOM])
{
    CK_ULONG need = 0, room = 0;

    ASSERT_OK(fn(session, NO_PARAM, in, n, NULL, &need));
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, fn(session, NO_PARAM, in, n, out, &room));
    assert_int_equal(room, need);
    room = need - 1;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, fn(session, NO_PARAM, in, n, out, &room));
    room = ROOM;
    ASSERT_OK(fn(session, NO_PARAM, in, n, out, &room));
    assert_true(room <= need);
    return room;
}

/* Three messages in one process, the last one in parts where that can be. */
static void sign_messages(const struct kit *k)
{
    CK_BYTE s[ROOM];
    CK_MECHANISM m = k->m;
    CK_ULONG n;

    ASSERT_OK(p11->C_MessageSignInit(session, &m, k->private));
    for (CK_ULONG from = 0; from < 2; from++) {
        n = by_rule(p11->C_SignMessage, input + from, k->n_in, s);
        ASSERT_OK(verify(k, from, s, n));
    }
    if ((k->flags & CKF_MULTI_MESSAGE) == 0) {
        ASSERT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignMessageBegin(session, NO_PARAM));
    } else {
        ASSERT_OK(p11->C_SignMessageBegin(session, NO_PARAM));
        ASSERT_OK(p11->C_SignMessageNext(session, NO_PARAM, input, 7, NULL, NULL));
        n = by_rule(p11->C_SignMessageNext, input + 7, k->n_in - 7, s);
        ASSERT_OK(verify(k, 0, s, n));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
                  p11->C_SignMessageNext(session, NO_PARAM, input, 7, NULL, NULL));
    }
    ASSERT_OK(p11->C_MessageSignFinal(session));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageSignFinal(session));
}

static void verify_messages(const struct kit *k)
{
    CK_BYTE s[ROOM], bad[ROOM];
    CK_MECHANISM m = k->m;
    CK_ULONG n = ROOM;

    ASSERT_OK(p11->C_SignInit(session, &m, k->private));
    ASSERT_OK(p11->C_Sign(session, input, k->n_in, s, &n));
    memcpy(bad, s, n);
    bad[n - 1] ^= 1;
    ASSERT_OK(p11->C_MessageVerifyInit(session, &m, k->public));
    ASSERT_OK(p11->C_VerifyMessage(session, NO_PARAM, input, k->n_in, s, n));
    ASSERT_RV(CKR_SIGNATURE_INVALID,
              p11->C_VerifyMessage(session, NO_PARAM, input, k->n_in, bad, n));
    ASSERT_RV(CKR_SIGNATURE_LEN_RANGE,
              p11->C_VerifyMessage(session, NO_PARAM, input, k->n_in, s, n + 2));
    if ((k->flags & CKF_MULTI_MESSAGE) != 0) {
        ASSERT_OK(p11->C_VerifyMessageBegin(session, NO_PARAM));
        ASSERT_OK(p11->C_VerifyMessageNext(session, NO_PARAM, input, 7, NULL, 0));
        ASSERT_OK(p11->C_VerifyMessageNext(session, NO_PARAM, input + 7, k->n_in - 7, s, n));
        ASSERT_OK(p11->C_VerifyMessageBegin(session, NO_PARAM));
        ASSERT_RV(CKR_SIGNATURE_INVALID,
                  p11->C_VerifyMessageNext(session, NO_PARAM, input, k->n_in, bad, n));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
                  p11->C_VerifyMessageNext(session, NO_PARAM, input, k->n_in, s, n));
    }
    ASSERT_OK(p11->C_VerifyMessage(session, NO_PARAM, input, k->n_in, s, n));
    ASSERT_OK(p11->C_MessageVerifyFinal(session));
}

static void test_every_mechanism(void **state)
{
    size_t n_signs = 0, n_verifies = 0;

    (void)state;
    for (CK_ULONG i = 0; i < n_types; i++) {
        struct kit k;

        if (!kit_of(types[i], &k))
            continue;
        print_message("0x%lx\n", types[i]);
        if ((k.flags & CKF_MESSAGE_SIGN) != 0)
            sign_messages(&k), n_signs++;
        if ((k.flags & CKF_MESSAGE_VERIFY) != 0)
            verify_messages(&k), n_verifies++;
    }
    assert_true(n_signs > 50 && n_verifies > 50);
}

/* Where a parameter holds a nonce, one parameter can't serve many messages: not offered. */
static void test_gmac_is_not_offered(void **state)
{
    CK_MECHANISM_INFO info;
    struct kit k;

    (void)state;
    ASSERT_OK(p11->C_GetMechanismInfo(0, CKM_AES_GMAC, &info));
    assert_int_equal(info.flags & (CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE), 0);
    assert_true(kit_of(CKM_AES_GMAC, &k));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageSignInit(session, &k.m, k.private));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageVerifyInit(session, &k.m, k.public));
}

static void test_wrong_state(void **state)
{
    CK_BYTE s[32];
    CK_ULONG n = sizeof(s);

    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_SignMessage(session, NO_PARAM, input, 3, s, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_SignMessageNext(session, NO_PARAM, input, 3, s, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_VerifyMessage(session, NO_PARAM, input, 3, s, n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyMessageBegin(session, NO_PARAM));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_VerifyMessageNext(session, NO_PARAM, input, 3, s, n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageVerifyFinal(session));
    ASSERT_OK(p11->C_MessageSignInit(session, &mac, hmac));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_MessageSignInit(session, &mac, hmac));
    ASSERT_OK(p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_SignMessage(session, NO_PARAM, input, 3, s, &n));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_MessageSignFinal(session));
    ASSERT_OK(p11->C_SignMessageNext(session, NO_PARAM, input, 3, s, &n));
    ASSERT_OK(p11->C_MessageSignInit(session, NULL, 0));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageSignFinal(session));
    ASSERT_OK(p11->C_MessageVerifyInit(session, &mac, hmac));
    ASSERT_OK(p11->C_SessionCancel(session, CKF_MESSAGE_VERIFY));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageVerifyFinal(session));
}

static void test_bad_arguments(void **state)
{
    CK_MECHANISM unknown = {0x4711, NULL, 0}, param = {CKM_SHA256_HMAC, input, 3},
                 digest = {CKM_SHA256, NULL, 0};
    CK_BYTE s[32];
    CK_ULONG n = sizeof(s);

    (void)state;
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageSignInit(session, &unknown, hmac));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageSignInit(session, &digest, hmac));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_MessageSignInit(session, &param, hmac));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_MessageSignInit(session, &mac, 0));
    ASSERT_OK(p11->C_MessageSignInit(session, &mac, hmac));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_SignMessage(session, input, 4, input, 3, s, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NULL, 4, input, 3, s, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NO_PARAM, NULL, 3, s, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NO_PARAM, input, 3, s, NULL));
    ASSERT_OK(p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_SignMessageNext(session, NO_PARAM, NULL, 3, NULL, NULL));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_SignMessageNext(session, input, 1, input, 3, NULL, NULL));
    /* That error ended the message, not the process. */
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_SignMessageNext(session, NO_PARAM, input, 3, NULL, NULL));
    ASSERT_OK(p11->C_SignMessage(session, NO_PARAM, input, 3, s, &n));
}

/* CKA_ALWAYS_AUTHENTICATE: the PIN before every message. */
static void test_always_authenticate(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_ATTRIBUTE pub_v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv_v[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_TRUE(CKA_PRIVATE),
                             ATTR_TRUE(CKA_SIGN)};
    CK_UTF8CHAR *pin = (CK_UTF8CHAR *)(uintptr_t)USER_PIN;
    CK_OBJECT_HANDLE pub, priv;
    CK_BYTE s[64];
    CK_ULONG n = 0;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, pub_v, 1, priv_v, 3, &pub, &priv));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Login(session, CKU_CONTEXT_SPECIFIC, pin, 4));
    ASSERT_OK(p11->C_MessageSignInit(session, &ecdsa, priv));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_SignMessage(session, NO_PARAM, input, 3, NULL, &n));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_SignMessageBegin(session, NO_PARAM));
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, pin, 4));
        ASSERT_OK(p11->C_SignMessage(session, NO_PARAM, input, 3, NULL, &n)); /* no use of it */
        n = sizeof(s);
        ASSERT_OK(p11->C_SignMessage(session, NO_PARAM, input, 3, s, &n));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_SignMessage(session, NO_PARAM, input, 3, s, &n));
    }
    ASSERT_OK(p11->C_LoginUser(session, CKU_CONTEXT_SPECIFIC, pin, 4, NULL, 0));
    ASSERT_OK(p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_OK(p11->C_SignMessageNext(session, NO_PARAM, input, 3, NULL, NULL));
    ASSERT_OK(p11->C_SignMessageNext(session, NO_PARAM, input, 3, s, &n));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_SignMessageBegin(session, NO_PARAM));
    ASSERT_OK(p11->C_MessageSignFinal(session));
}

#define TEST(name, fn) {name, fn, no_process, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/message-sign/every-mechanism", test_every_mechanism),
        TEST("/message-sign/gmac-is-not-offered", test_gmac_is_not_offered),
        TEST("/message-sign/wrong-state", test_wrong_state),
        TEST("/message-sign/bad-arguments", test_bad_arguments),
        TEST("/message-sign/always-authenticate", test_always_authenticate),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
