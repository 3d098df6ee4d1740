/* SPDX-License-Identifier: BSD-2-Clause */
/* test-session.c - sessions, login, logout and PINs as the standard's state tables have them. */
#include "support/module.h"

#include <string.h>

#define BAD_PIN "0000"

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, const char *pin)
{
    return p11->C_Login(h, user, text(pin), strlen(pin));
}

static CK_SESSION_HANDLE open_ro(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
    return h;
}

static CK_STATE state_of(CK_SESSION_HANDLE h)
{
    CK_SESSION_INFO info;

    ASSERT_OK(p11->C_GetSessionInfo(h, &info));
    return info.state;
}

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static void test_open_arguments(void **state)
{
    CK_SESSION_HANDLE h;

    (void)state;
    ASSERT_RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(0, 0, NULL, NULL, &h));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    ASSERT_RV(CKR_SLOT_ID_INVALID, p11->C_OpenSession(99, CKF_SERIAL_SESSION, NULL, NULL, &h));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(CK_INVALID_HANDLE));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(0xffffffff));
}

static void test_handles_are_never_reused(void **state)
{
    CK_SESSION_HANDLE first, second;

    (void)state;
    first = open_session();
    ASSERT_OK(p11->C_CloseSession(first));
    second = open_session();
    assert_int_not_equal(first, second);
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(first));
}

static void test_states(void **state)
{
    const CK_SESSION_HANDLE ro = open_ro(), rw = open_session();

    (void)state;
    assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
    assert_int_equal(state_of(rw), CKS_RW_PUBLIC_SESSION);
    ASSERT_OK(login(ro, CKU_USER, USER_PIN));
    assert_int_equal(state_of(ro), CKS_RO_USER_FUNCTIONS);
    assert_int_equal(state_of(rw), CKS_RW_USER_FUNCTIONS);
    ASSERT_OK(p11->C_Logout(rw));
    assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(ro));
}

static void test_so_and_read_only_sessions(void **state)
{
    const CK_SESSION_HANDLE ro = open_ro(), rw = open_session();
    CK_SESSION_HANDLE h;

    (void)state;
    ASSERT_RV(CKR_SESSION_READ_ONLY_EXISTS, login(rw, CKU_SO, SO_PIN));
    ASSERT_OK(p11->C_CloseSession(ro));
    ASSERT_OK(login(rw, CKU_SO, SO_PIN));
    assert_int_equal(state_of(rw), CKS_RW_SO_FUNCTIONS);
    ASSERT_RV(CKR_SESSION_READ_WRITE_SO_EXISTS,
              p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
}

static void test_login_twice(void **state)
{
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_RV(CKR_USER_ALREADY_LOGGED_IN, login(h, CKU_USER, USER_PIN));
    ASSERT_RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, login(h, CKU_SO, SO_PIN));
    ASSERT_RV(CKR_USER_TYPE_INVALID, login(h, 17, USER_PIN));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, login(h, CKU_CONTEXT_SPECIFIC, USER_PIN));
}

/* C_LoginUser (v3.0): the users here have no names; all else is C_Login. */
static void test_login_user(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_UTF8CHAR *user = (CK_UTF8CHAR *)(uintptr_t)USER_PIN, *so = (CK_UTF8CHAR *)(uintptr_t)SO_PIN;
    CK_UTF8CHAR name[] = "somebody";

    (void)state;
    ASSERT_RV(CKR_USER_TYPE_INVALID, p11->C_LoginUser(h, CKU_USER, user, 4, name, 8));
    ASSERT_RV(CKR_USER_TYPE_INVALID, p11->C_LoginUser(h, 17, user, 4, NULL, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_LoginUser(h, CKU_USER, NULL, 4, NULL, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_LoginUser(h, CKU_USER, user, 4, NULL, 8));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_LoginUser(h, CKU_CONTEXT_SPECIFIC, user, 4, NULL, 0));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_LoginUser(0, CKU_USER, user, 4, NULL, 0));
    assert_int_equal(state_of(h), CKS_RW_PUBLIC_SESSION);
    ASSERT_OK(p11->C_LoginUser(h, CKU_USER, user, 4, NULL, 0));
    assert_int_equal(state_of(h), CKS_RW_USER_FUNCTIONS);
    ASSERT_RV(CKR_USER_ALREADY_LOGGED_IN, p11->C_LoginUser(h, CKU_USER, user, 4, NULL, 0));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_PIN_INCORRECT, p11->C_LoginUser(h, CKU_SO, user, 4, NULL, 0));
    ASSERT_OK(p11->C_LoginUser(h, CKU_SO, so, 8, name, 0));
    assert_int_equal(state_of(h), CKS_RW_SO_FUNCTIONS);
}

/* No validation is claimed, so that none is ever reported (v3.2 4.15.3). */
static void test_validation_flags(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_FLAGS flags = 4711;

    (void)state;
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GetSessionValidationFlags(h, CKS_LAST_VALIDATION_OK, NULL));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GetSessionValidationFlags(h, 0, &flags));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GetSessionValidationFlags(h, 2, &flags));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID,
              p11->C_GetSessionValidationFlags(0, CKS_LAST_VALIDATION_OK, &flags));
    assert_int_equal(flags, 4711);
    ASSERT_OK(p11->C_GetSessionValidationFlags(h, CKS_LAST_VALIDATION_OK, &flags));
    assert_int_equal(flags, 0);
}

static void test_wrong_pin(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_TOKEN_INFO info;

    (void)state;
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, BAD_PIN));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_true(info.flags & CKF_USER_PIN_COUNT_LOW);
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, ""));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Login(h, CKU_USER, NULL, 4));
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_false(info.flags & CKF_USER_PIN_COUNT_LOW);
}

static void test_lock_out_and_so_reset(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_TOKEN_INFO info;

    (void)state;
    make_data(h, CK_TRUE, CK_TRUE, "survives the lock", "v", 1);
    ASSERT_OK(p11->C_Logout(h));
    for (int i = 0; i < 10; i++)
        ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, BAD_PIN));
    ASSERT_RV(CKR_PIN_LOCKED, login(h, CKU_USER, USER_PIN));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_true(info.flags & CKF_USER_PIN_LOCKED);
    close_all();
    h = open_so();
    ASSERT_OK(p11->C_InitPIN(h, text(USER_PIN), strlen(USER_PIN)));
    close_all();
    h = open_user();
    assert_int_equal(find_label(h, "survives the lock", NULL), 1);
}

static void test_set_pin(void **state)
{
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_data(h, CK_TRUE, CK_TRUE, "before the PIN changed", "v", 1);
    ASSERT_RV(CKR_PIN_INCORRECT, p11->C_SetPIN(h, text(BAD_PIN), 4, text("5678"), 4));
    ASSERT_RV(CKR_PIN_LEN_RANGE, p11->C_SetPIN(h, text(USER_PIN), 4, text("1"), 1));
    ASSERT_OK(p11->C_SetPIN(h, text(USER_PIN), 4, text("5678"), 4));
    /* The login goes on, and so does what it sees. */
    assert_int_equal(find_label(h, "before the PIN changed", NULL), 1);
    close_all();
    h = open_session();
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, USER_PIN));
    ASSERT_OK(login(h, CKU_USER, "5678"));
    assert_int_equal(find_label(h, "before the PIN changed", NULL), 1);
    ASSERT_OK(p11->C_SetPIN(h, text("5678"), 4, text(USER_PIN), 4));
}

static void test_set_pin_without_login(void **state)
{
    const CK_SESSION_HANDLE ro = open_ro(), h = open_session();

    (void)state;
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_SetPIN(ro, text(USER_PIN), 4, text("9999"), 4));
    /* In a public R/W session it is the user's PIN (v3.2 5.6.7). */
    ASSERT_OK(p11->C_SetPIN(h, text(USER_PIN), 4, text("9999"), 4));
    ASSERT_OK(p11->C_SetPIN(h, text("9999"), 4, text(USER_PIN), 4));
}

static void test_init_pin_is_the_sos(void **state)
{
    CK_SESSION_HANDLE h = open_session();

    (void)state;
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_InitPIN(h, text("7777"), 4));
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_InitPIN(h, text("7777"), 4));
}

static void test_last_session_logs_out(void **state)
{
    const CK_SESSION_HANDLE a = open_user(), b = open_session();

    (void)state;
    ASSERT_OK(p11->C_CloseSession(a));
    assert_int_equal(state_of(b), CKS_RW_USER_FUNCTIONS);
    ASSERT_OK(p11->C_CloseSession(b));
    assert_int_equal(state_of(open_session()), CKS_RW_PUBLIC_SESSION);
}

static void test_logout_kills_private_handles(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE token = make_data(h, CK_TRUE, CK_TRUE, "private token", "v", 1);
    const CK_OBJECT_HANDLE session = make_data(h, CK_FALSE, CK_TRUE, "private session", "v", 1);
    const CK_OBJECT_HANDLE open = make_data(h, CK_FALSE, CK_FALSE, "public session", "v", 1);
    CK_ULONG size;

    (void)state;
    ASSERT_OK(p11->C_GetObjectSize(h, token, &size));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, token, &size));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, session, &size));
    ASSERT_OK(p11->C_GetObjectSize(h, open, &size));
    assert_int_equal(find_label(h, "private token", NULL), 0);
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    /* Invalid for ever, although the object is back; the session object is gone. */
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, token, &size));
    assert_int_equal(find_label(h, "private token", NULL), 1);
    assert_int_equal(find_label(h, "private session", NULL), 0);
}

/* A digest with a readable private key in it, begun and saved; the length of what was saved. */
static CK_ULONG digest_key(CK_SESSION_HANDLE h, CK_BYTE *state, CK_ULONG room)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0}, generate = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
    CK_ULONG bytes = 32, n = room;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_TRUE(CKA_PRIVATE),
                        ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE key;

    ASSERT_OK(p11->C_GenerateKey(h, &generate, v, N_ELEMENTS(v), &key));
    ASSERT_OK(p11->C_DigestInit(h, &sha256));
    ASSERT_OK(p11->C_DigestKey(h, key));
    ASSERT_OK(p11->C_GetOperationState(h, state, &n));
    return n;
}

/* In the session that logs out and in another one, and under the next login too. */
static void test_logout_ends_private_operations(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session(), digesting = open_session();
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE data[32] = {1}, signature[128], saved[64];
    CK_ULONG n = sizeof(signature), n_saved;
    CK_OBJECT_HANDLE pub, priv;

    (void)state;
    make_ec(h, CK_TRUE, "signing at logout", &pub, &priv);
    ASSERT_OK(p11->C_SignInit(h, &m, priv));
    ASSERT_OK(p11->C_SignInit(other, &m, priv));
    n_saved = digest_key(digesting, saved, sizeof(saved));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(h, data, sizeof(data), signature, &n));
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(other, data, sizeof(data), signature, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(digesting, signature, &n));
    ASSERT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(digesting, saved, n_saved, 0, 0));
}

/* A digest that has a private key in it ends, whatever was digested besides; one of data goes on. */
static void test_logout_and_digests(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE data[32] = {1}, digest[32], saved[64];
    CK_ULONG n = sizeof(digest);

    (void)state;
    (void)digest_key(h, saved, sizeof(saved));
    ASSERT_OK(p11->C_DigestUpdate(h, data, sizeof(data)));
    ASSERT_OK(p11->C_DigestInit(other, &sha256));
    ASSERT_OK(p11->C_DigestUpdate(other, data, sizeof(data)));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(h, digest, &n));
    ASSERT_OK(p11->C_DigestFinal(other, digest, &n));
}

static void test_so_sees_no_private_objects(void **state)
{
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_data(h, CK_TRUE, CK_TRUE, "not for the SO", "v", 1);
    make_data(h, CK_TRUE, CK_FALSE, "for everybody", "v", 1);
    close_all();
    h = open_so();
    assert_int_equal(find_label(h, "not for the SO", NULL), 0);
    assert_int_equal(find_label(h, "for everybody", NULL), 1);
}

static void test_session_objects_go_with_their_session(void **state)
{
    const CK_SESSION_HANDLE a = open_user(), b = open_session();
    const CK_OBJECT_HANDLE o = make_data(a, CK_FALSE, CK_FALSE, "of session a", "v", 1);
    CK_ULONG size;

    (void)state;
    /* Visible from another session of the application, until its own session closes. */
    ASSERT_OK(p11->C_GetObjectSize(b, o, &size));
    ASSERT_OK(p11->C_CloseSession(a));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(b, o, &size));
}

static void test_init_token_with_a_session(void **state)
{
    CK_UTF8CHAR label[32] = {0};

    (void)state;
    (void)open_session();
    ASSERT_RV(CKR_SESSION_EXISTS, p11->C_InitToken(0, text(SO_PIN), strlen(SO_PIN), label));
}

static void test_init_token_again(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_UTF8CHAR label[32];

    (void)state;
    make_data(h, CK_TRUE, CK_FALSE, "of the old token", "v", 1);
    close_all();
    memset(label, ' ', sizeof(label));
    ASSERT_RV(CKR_PIN_INCORRECT, p11->C_InitToken(0, text("wrong"), 5, label));
    h = open_user();
    assert_int_equal(find_label(h, "of the old token", NULL), 1);
    close_all();
    ASSERT_OK(p11->C_InitToken(0, text(SO_PIN), strlen(SO_PIN), label));
    h = open_session();
    assert_int_equal(find_label(h, "of the old token", NULL), 0);
    ASSERT_RV(CKR_USER_PIN_NOT_INITIALIZED, login(h, CKU_USER, USER_PIN));
    ASSERT_OK(login(h, CKU_SO, SO_PIN));
    ASSERT_OK(p11->C_InitPIN(h, text(USER_PIN), strlen(USER_PIN)));
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/session/open/arguments", test_open_arguments),
        TEST("/session/handles-never-reused", test_handles_are_never_reused),
        TEST("/session/states", test_states),
        TEST("/session/so-and-read-only", test_so_and_read_only_sessions),
        TEST("/login/twice", test_login_twice),
        TEST("/login/user", test_login_user),
        TEST("/session/validation-flags", test_validation_flags),
        TEST("/login/wrong-pin", test_wrong_pin),
        TEST("/login/lock-out", test_lock_out_and_so_reset),
        TEST("/pin/set", test_set_pin),
        TEST("/pin/set-without-login", test_set_pin_without_login),
        TEST("/pin/init-is-the-sos", test_init_pin_is_the_sos),
        TEST("/logout/last-session", test_last_session_logs_out),
        TEST("/logout/private-handles", test_logout_kills_private_handles),
        TEST("/logout/private-operations", test_logout_ends_private_operations),
        TEST("/logout/digests", test_logout_and_digests),
        TEST("/login/so-sees-no-private-objects", test_so_sees_no_private_objects),
        TEST("/session/objects-go-with-it", test_session_objects_go_with_their_session),
        TEST("/token/init/session-exists", test_init_token_with_a_session),
        TEST("/token/init/again", test_init_token_again),
    };

    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
