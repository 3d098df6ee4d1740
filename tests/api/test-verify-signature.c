/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-verify-signature.c - C_VerifySignatureInit and what follows it (PKCS#11 v3.2 5.15), for
 * every mechanism that verifies: whatever C_VerifyInit takes, it must take.
 */
#include "support/kit.h"

#include <string.h>

#define ROOM 1024

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

static int no_operation(void **state)
{
    (void)state;
    ASSERT_OK(p11->C_SessionCancel(session, CKF_VERIFY));
    return 0;
}

static CK_ULONG sign(const struct kit *k, CK_BYTE ret[ROOM])
{
    CK_MECHANISM m = k->m;
    CK_ULONG n = ROOM;

    ASSERT_OK(p11->C_SignInit(session, &m, k->private));
    ASSERT_OK(p11->C_Sign(session, input, k->n_in, ret, &n));
    return n;
}

static void start(const struct kit *k, CK_BYTE *signature, CK_ULONG n)
{
    CK_MECHANISM m = k->m;

    ASSERT_OK(p11->C_VerifySignatureInit(session, &m, k->public, signature, n));
}

/* In one call, in parts, and what is no signature of it. */
static void one_mechanism(const struct kit *k)
{
    CK_BYTE signature[ROOM], changed[ROOM];
    const CK_ULONG n = sign(k, signature);
    CK_RV rv;

    start(k, signature, n);
    ASSERT_OK(p11->C_VerifySignature(session, input, k->n_in));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(session, input, k->n_in));

    memcpy(changed, signature, n);
    changed[n - 1] ^= 1;
    start(k, changed, n);
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifySignature(session, input, k->n_in));
    start(k, signature, n + 2);
    ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, p11->C_VerifySignature(session, input, k->n_in));

    start(k, signature, n);
    rv = p11->C_VerifySignatureUpdate(session, input, 7);
    if (rv == CKR_FUNCTION_NOT_SUPPORTED) /* single part only: an error ended it */
        return;
    ASSERT_OK(rv);
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_VerifySignature(session, input, 7));
    ASSERT_OK(p11->C_VerifySignatureUpdate(session, input + 7, k->n_in - 7));
    ASSERT_OK(p11->C_VerifySignatureFinal(session));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(session));

    start(k, changed, n);
    ASSERT_OK(p11->C_VerifySignatureUpdate(session, input, k->n_in));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifySignatureFinal(session));
}

static void test_every_mechanism(void **state)
{
    size_t n_done = 0;

    (void)state;
    for (CK_ULONG i = 0; i < n_types; i++) {
        struct kit k;

        if (!kit_of(types[i], &k) || (k.flags & CKF_VERIFY) == 0)
            continue;
        print_message("0x%lx\n", types[i]);
        one_mechanism(&k);
        n_done++;
    }
    assert_true(n_done > 50);
}

/* The signature is copied: what the application does with its memory afterwards is its own. */
static void test_signature_is_copied(void **state)
{
    CK_BYTE signature[32];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &mac, hmac));
    ASSERT_OK(p11->C_Sign(session, input, 10, signature, &n));
    ASSERT_OK(p11->C_VerifySignatureInit(session, &mac, hmac, signature, n));
    memset(signature, 0, sizeof(signature));
    ASSERT_OK(p11->C_VerifySignature(session, input, 10));
}

/* One verification at a time, and each with its own functions. */
static void test_both_ways(void **state)
{
    CK_BYTE signature[32] = {0};

    (void)state;
    ASSERT_OK(p11->C_VerifySignatureInit(session, &mac, hmac, signature, 32));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_VerifyInit(session, &mac, hmac));
    ASSERT_RV(CKR_OPERATION_ACTIVE,
              p11->C_VerifySignatureInit(session, &mac, hmac, signature, 32));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(session, input, 1, signature, 32));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyUpdate(session, input, 1));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(session, signature, 32));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifySignature(session, input, 1));

    ASSERT_OK(p11->C_VerifyInit(session, &mac, hmac));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignature(session, input, 1));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureUpdate(session, input, 1));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(session));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(session, input, 1, signature, 32));
}

static void test_cancel(void **state)
{
    CK_BYTE signature[32] = {0};

    (void)state;
    ASSERT_OK(p11->C_VerifySignatureInit(session, &mac, hmac, signature, 32));
    ASSERT_OK(p11->C_VerifySignatureInit(session, NULL, 0, NULL, 0));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(session));
    ASSERT_OK(p11->C_VerifySignatureInit(session, &mac, hmac, signature, 32));
    ASSERT_OK(p11->C_SessionCancel(session, CKF_VERIFY));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(session));
}

static void test_refusals(void **state)
{
    const uint8_t value[16] = {1};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                        ATTR(CKA_VALUE, value, sizeof(value)), ATTR_FALSE(CKA_VERIFY)};
    CK_MECHANISM unknown = {0x4711, NULL, 0}, param = {CKM_SHA256_HMAC, input, 3};
    CK_BYTE s[32] = {0};
    CK_OBJECT_HANDLE mute;

    (void)state;
    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &mute));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
              p11->C_VerifySignatureInit(session, &mac, mute, s, 32));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_VerifySignatureInit(session, &mac, 0, s, 32));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_VerifySignatureInit(session, &unknown, hmac, s, 32));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_VerifySignatureInit(session, &param, hmac, s, 32));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_VerifySignatureInit(session, &mac, hmac, NULL, 32));
    ASSERT_OK(p11->C_VerifySignatureInit(session, &mac, hmac, s, 32));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_VerifySignature(session, NULL, 1));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_VerifySignatureUpdate(session, NULL, 1));
}

#define TEST(name, fn) {name, fn, no_operation, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/verify-signature/every-mechanism", test_every_mechanism),
        TEST("/verify-signature/signature-is-copied", test_signature_is_copied),
        TEST("/verify-signature/both-ways", test_both_ways),
        TEST("/verify-signature/cancel", test_cancel),
        TEST("/verify-signature/refusals", test_refusals),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
