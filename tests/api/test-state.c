/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-state.c - C_GetOperationState and C_SetOperationState (PKCS#11 v3.2 5.6): digests go on from
 * where they were saved; what was not saved here, or was changed, is refused.
 */
#include "support/reference.h"

#include <string.h>

#define ROOM 256
#define KEPT 1024 /* saved states that stay (src/core/state.h) */

static CK_SESSION_HANDLE session;
static uint8_t message[1000];
static CK_MECHANISM sha = {CKM_SHA256, NULL, 0};

static const struct {
    CK_MECHANISM_TYPE type;
    const char *md;
} rows[] = {
    {CKM_SHA_1, "SHA1"},         {CKM_SHA224, "SHA224"},         {CKM_SHA256, "SHA256"},
    {CKM_SHA384, "SHA384"},      {CKM_SHA512, "SHA512"},         {CKM_SHA512_224, "SHA512-224"},
    {CKM_SHA512_256, "SHA512-256"}, {CKM_SHA3_224, "SHA3-224"},  {CKM_SHA3_256, "SHA3-256"},
    {CKM_SHA3_384, "SHA3-384"},  {CKM_SHA3_512, "SHA3-512"},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    fill_pattern(message, sizeof(message), 1);
    return 0;
}

static int no_operation(void **state)
{
    (void)state;
    ASSERT_OK(p11->C_SessionCancel(session, CKF_DIGEST | CKF_ENCRYPT | CKF_SIGN | CKF_FIND_OBJECTS));
    return 0;
}

static CK_ULONG save(CK_SESSION_HANDLE h, uint8_t ret[ROOM])
{
    CK_ULONG asked = 0, n = ROOM;

    ASSERT_OK(p11->C_GetOperationState(h, NULL, &asked));
    assert_in_range(asked, 16, ROOM);
    ASSERT_OK(p11->C_GetOperationState(h, ret, &n));
    assert_int_equal(n, asked);
    return n;
}

static void digest_is(CK_SESSION_HANDLE h, const char *md, const void *data, size_t n)
{
    uint8_t expected[EVP_MAX_MD_SIZE];
    CK_BYTE digest[EVP_MAX_MD_SIZE];
    CK_ULONG n_digest = sizeof(digest);
    size_t n_expected = 0;

    assert_int_equal(EVP_Q_digest(NULL, md, NULL, data, n, expected, &n_expected), 1);
    ASSERT_OK(p11->C_DigestFinal(h, digest, &n_digest));
    assert_int_equal(n_digest, n_expected);
    assert_memory_equal(digest, expected, n_expected);
}

/* For every hash: saved in the middle of a block, restored twice, here and in another session, as
 * a Java program clones a MessageDigest. */
static void test_every_digest(void **state)
{
    const CK_SESSION_HANDLE other = open_session();

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};
        uint8_t saved[ROOM];
        CK_ULONG n;

        ASSERT_OK(p11->C_DigestInit(session, &m));
        ASSERT_OK(p11->C_DigestUpdate(session, message, 333));
        n = save(session, saved);
        ASSERT_OK(p11->C_DigestUpdate(session, message + 333, 1));
        digest_is(session, rows[i].md, message, 334);
        ASSERT_OK(p11->C_SetOperationState(other, saved, n, 0, 0));
        ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
        ASSERT_OK(p11->C_DigestUpdate(session, message + 333, 200));
        ASSERT_OK(p11->C_DigestUpdate(other, message + 333, 667));
        digest_is(session, rows[i].md, message, 533);
        digest_is(other, rows[i].md, message, 1000);
    }
    ASSERT_OK(p11->C_CloseSession(other));
}

/* Before any data: the single-part function still works afterwards. After some: it does not. */
static void test_single_part(void **state)
{
    uint8_t fresh[ROOM], fed[ROOM];
    CK_BYTE digest[32];
    CK_ULONG n_fresh, n_fed, n = sizeof(digest);

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n_fresh = save(session, fresh);
    ASSERT_OK(p11->C_DigestUpdate(session, message, 1));
    n_fed = save(session, fed);
    ASSERT_OK(p11->C_SetOperationState(session, fresh, n_fresh, 0, 0));
    ASSERT_OK(p11->C_Digest(session, message, 3, digest, &n));
    ASSERT_OK(p11->C_SetOperationState(session, fed, n_fed, 0, 0));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_Digest(session, message, 3, digest, &n));
    digest_is(session, "SHA256", message, 1);
}

/* Any bit changed, any length but the right one, and what somebody made up. */
static void test_tampered(void **state)
{
    uint8_t saved[ROOM + 1] = {0}, made_up[ROOM] = {0};
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_DigestUpdate(session, message, 100));
    n = save(session, saved);
    for (CK_ULONG i = 0; i < 8 * n; i++) {
        saved[i / 8] ^= (uint8_t)(1 << i % 8);
        ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, saved, n, 0, 0));
        saved[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (CK_ULONG i = 0; i <= n + 1; i++) {
        if (i != n)
            ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, saved, i, 0, 0));
    }
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, made_up, n, 0, 0));
    /* All that ended nothing. */
    digest_is(session, "SHA256", message, 100);
    ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
    digest_is(session, "SHA256", message, 100);
}

static void test_keys(void **state)
{
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "key");
    uint8_t saved[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, saved);
    ASSERT_RV(CKR_KEY_NOT_NEEDED, p11->C_SetOperationState(session, saved, n, aes, 0));
    ASSERT_RV(CKR_KEY_NOT_NEEDED, p11->C_SetOperationState(session, saved, n, 0, aes));
    ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
}

/* What leaves is a name: nothing of a key that was digested is in it. */
static void test_no_data_inside(void **state)
{
    const CK_OBJECT_HANDLE key = import_secret(session, CKK_GENERIC_SECRET, message, 32);
    uint8_t saved[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_DigestKey(session, key));
    n = save(session, saved);
    for (CK_ULONG i = 0; i + 4 <= n; i++) {
        for (size_t j = 0; j + 4 <= 32; j++)
            assert_memory_not_equal(saved + i, message + j, 4);
    }
    ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
    digest_is(session, "SHA256", message, 32);
}

/* Sessions in another state than the source's (5.6): a read-only one, and after logout. */
static void test_session_state(void **state)
{
    CK_SESSION_HANDLE read_only;
    uint8_t saved[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &read_only));
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, saved);
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(read_only, saved, n, 0, 0));
    ASSERT_OK(p11->C_Logout(session));
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, saved, n, 0, 0));
    ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)USER_PIN,
                           sizeof(USER_PIN) - 1));
    ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
    ASSERT_OK(p11->C_CloseSession(read_only));
}

static void test_nothing_to_save(void **state)
{
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "key");
    uint8_t iv[16] = {0}, saved[ROOM];
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_ULONG n = sizeof(saved);

    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_GetOperationState(session, saved, &n));
    ASSERT_OK(p11->C_FindObjectsInit(session, NULL, 0));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_GetOperationState(session, saved, &n));
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    ASSERT_RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, saved, &n));
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, saved, &n));
    ASSERT_RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, NULL, &n));
    assert_int_equal(n, sizeof(saved));
}

static void test_arguments(void **state)
{
    uint8_t saved[ROOM];
    CK_ULONG n = 0, asked = 0;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GetOperationState(session, saved, NULL));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_SetOperationState(session, NULL, 40, 0, 0));
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, NULL, 0, 0, 0));
    ASSERT_OK(p11->C_GetOperationState(session, NULL, &asked));
    memset(saved, 0xa5, sizeof(saved));
    for (CK_ULONG room = 0; room < asked; room++) {
        n = room;
        ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetOperationState(session, saved, &n));
        assert_int_equal(n, asked);
        assert_int_equal(saved[0], 0xa5);
    }
}

/* The restored operation takes the place of everything that the session did. */
static void test_others_are_cancelled(void **state)
{
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "key");
    uint8_t iv[16] = {0}, saved[ROOM], out[32];
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_OBJECT_HANDLE found;
    CK_ULONG n, n_out = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, saved);
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    ASSERT_OK(p11->C_FindObjectsInit(session, NULL, 0));
    ASSERT_OK(p11->C_SetOperationState(session, saved, n, 0, 0));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptFinal(session, out, &n_out));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &n_out));
    digest_is(session, "SHA256", message, 0);
}

/* The oldest go; the rest stay. */
static void test_many(void **state)
{
    uint8_t first[ROOM], second[ROOM], last[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, first);
    (void)save(session, second);
    for (size_t i = 0; i < KEPT - 1; i++)
        (void)save(session, last);
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, first, n, 0, 0));
    ASSERT_OK(p11->C_SetOperationState(session, second, n, 0, 0));
    ASSERT_OK(p11->C_SetOperationState(session, last, n, 0, 0));
}

static int run_child(void *arg)
{
    uint8_t *saved = arg;
    CK_SESSION_HANDLE h;

    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(h, saved, 40, 0, 0));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* Neither a forked child nor the library after C_Finalize knows it. */
static void test_process(void **state)
{
    uint8_t saved[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, saved);
    assert_int_equal(n, 40);
    assert_int_equal(in_child(run_child, saved), 0);
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, saved, n, 0, 0));
}

static void test_token_flag(void **state)
{
    CK_TOKEN_INFO info;

    (void)state;
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_true((info.flags & CKF_RESTORE_KEY_NOT_NEEDED) != 0);
}

/* C_InitToken: another token in the same slot. */
static void test_other_token(void **state)
{
    uint8_t saved[ROOM];
    CK_ULONG n;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    n = save(session, saved);
    close_all();
    token_make();
    session = open_user();
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, saved, n, 0, 0));
}

#define TEST(name, fn) {name, fn, no_operation, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/state/every-digest", test_every_digest),
        TEST("/state/single-part", test_single_part),
        TEST("/state/tampered-is-refused", test_tampered),
        TEST("/state/keys-are-not-needed", test_keys),
        TEST("/state/no-data-inside", test_no_data_inside),
        TEST("/state/session-state", test_session_state),
        TEST("/state/nothing-to-save", test_nothing_to_save),
        TEST("/state/arguments", test_arguments),
        TEST("/state/others-are-cancelled", test_others_are_cancelled),
        TEST("/state/many", test_many),
        TEST("/state/process", test_process),
        TEST("/state/token-flag", test_token_flag),
        TEST("/state/other-token", test_other_token),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
