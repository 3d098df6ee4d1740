/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-dek.c - DEK rotation through the standard interface: C_GenerateKey(CKM_TEE_DEK_KEY_GEN) by
 * the SO. Objects stay readable before, during and after, whoever else uses the token, and wherever
 * a rotation is killed.
 */
#include "support/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_OBJECTS 100 /* of each scope */
#define N_KILLS 20

static const char conf_so_reset[] = "root = software\npin-log2-n = 10\n";
static const char conf_no_so_reset[] = "root = software\npin-log2-n = 10\nso-reset = no\n";

/* -- objects whose value is known from their label --------------------------------------------- */

static void make_objects(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE pub, priv;

    for (unsigned i = 0; i < N_OBJECTS; i++) {
        char label[16];
        uint8_t value[100];

        (void)snprintf(label, sizeof(label), "object %u", i);
        fill_pattern(value, sizeof(value), i);
        make_data(h, CK_TRUE, CK_TRUE, label, value, sizeof(value));
        make_data(h, CK_TRUE, CK_FALSE, label, value, sizeof(value));
    }
    make_ec(h, CK_TRUE, "signing key", &pub, &priv);
}

static void assert_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    char label[16] = "";
    uint8_t value[100], expected[100];
    CK_ATTRIBUTE v[] = {{CKA_LABEL, label, sizeof(label) - 1}, {CKA_VALUE, value, sizeof(value)}};

    ASSERT_OK(p11->C_GetAttributeValue(h, o, v, 2));
    fill_pattern(expected, sizeof(expected), (unsigned)atoi(label + 7));
    assert_int_equal(v[1].ulValueLen, sizeof(expected));
    assert_memory_equal(value, expected, sizeof(expected));
}

static void assert_signs(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "signing key"),
                        ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY)};
    CK_ATTRIBUTE p[] = {ATTR_TEXT(CKA_LABEL, "signing key"),
                        ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY)};
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE pub = 0, priv = 0;
    CK_BYTE data[32] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);

    assert_int_equal(find_objects(h, v, 2, &priv), 1);
    assert_int_equal(find_objects(h, p, 2, &pub), 1);
    ASSERT_OK(p11->C_SignInit(h, &m, priv));
    ASSERT_OK(p11->C_Sign(h, data, sizeof(data), signature, &n));
    ASSERT_OK(p11->C_VerifyInit(h, &m, pub));
    ASSERT_OK(p11->C_Verify(h, data, sizeof(data), signature, n));
}

/* Every object of those that may be seen is there, once, and true. */
static void assert_all(CK_SESSION_HANDLE h, CK_ULONG n_expected)
{
    CK_ATTRIBUTE data = ATTR_ULONG(CKA_CLASS, CKO_DATA);
    CK_OBJECT_HANDLE found[64];
    CK_ULONG n, total = 0;

    ASSERT_OK(p11->C_FindObjectsInit(h, &data, 1));
    do {
        ASSERT_OK(p11->C_FindObjects(h, found, N_ELEMENTS(found), &n));
        for (CK_ULONG i = 0; i < n; i++)
            assert_object(h, found[i]);
        total += n;
    } while (n > 0);
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    assert_int_equal(total, n_expected);
}

/* -- rotation --------------------------------------------------------------------------------- */

/* As pkcs11-tool sends it: type, length and usages, of which nothing is meant. */
static CK_RV rotate(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_ULONG(CKA_VALUE_LEN, 32),
                        ATTR_TRUE(CKA_TOKEN), ATTR_TRUE(CKA_ENCRYPT), ATTR_TRUE(CKA_DECRYPT),
                        ATTR_TEXT(CKA_LABEL, "rotated")};

    return p11->C_GenerateKey(h, &m, v, N_ELEMENTS(v), ret);
}

/* Generations of a scope; the number of the newest in *ret. */
static CK_ULONG generations(CK_SESSION_HANDLE h, CK_ULONG scope, CK_ULONG *ret)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_TEE_DEK), ATTR_OBJ(CKA_TEE_DEK_SCOPE, scope)};
    CK_ATTRIBUTE current[] = {v[0], v[1], ATTR_ULONG(CKA_TEE_DEK_STATE, 1)};
    CK_OBJECT_HANDLE newest = 0;

    assert_int_equal(find_objects(h, current, 3, &newest), 1);
    *ret = attr_ulong(h, newest, CKA_TEE_DEK_GENERATION);
    return find_objects(h, v, 2, NULL);
}

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static int setup_with(const char *conf)
{
    CK_SESSION_HANDLE h;

    scratch_make(conf);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    h = open_user();
    make_objects(h);
    close_all();
    return 0;
}

static int group_setup(void **state)
{
    (void)state;
    return setup_with(conf_so_reset);
}

static int group_setup_no_so_reset(void **state)
{
    (void)state;
    return setup_with(conf_no_so_reset);
}

static void test_generation_object(void **state)
{
    const CK_SESSION_HANDLE h = open_so();
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE, copy;
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "renamed"), named[2], id;
    CK_MECHANISM m = {CKM_AES_ECB, NULL, 0};
    CK_ULONG before, after;
    char number[16], expected[24];

    (void)state;
    (void)generations(h, 0, &before);
    ASSERT_OK(rotate(h, &o));
    assert_int_equal(attr_ulong(h, o, CKA_CLASS), CKO_TEE_DEK);
    after = attr_ulong(h, o, CKA_TEE_DEK_GENERATION);
    assert_int_equal(after, before + 1);
    assert_int_equal(attr_ulong(h, o, CKA_TEE_DEK_SCOPE), 0);
    (void)snprintf(expected, sizeof(expected), "%lu", after);
    assert_int_equal(attr_get(h, o, CKA_ID, number, sizeof(number)), strlen(expected));
    assert_memory_equal(number, expected, strlen(expected));
    assert_int_equal(attr_bool(h, o, CKA_PRIVATE), CK_FALSE);
    assert_int_equal(attr_bool(h, o, CKA_TOKEN), CK_TRUE);
    /* There is nothing in it to read, use or change. */
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(h, o, CKA_VALUE));
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(h, o, &label, 1));
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(h, o, NULL, 0, &copy));
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(h, o));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(h, &m, o));
    /* Found by who names the class, and by nobody else. */
    named[0] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_CLASS, CKO_TEE_DEK);
    named[1] = id = (CK_ATTRIBUTE)ATTR(CKA_ID, expected, strlen(expected));
    assert_true(find_objects(h, named, 2, NULL) >= 1);
    assert_int_equal(find_objects(h, &id, 1, NULL), 0);
    assert_int_equal(find_objects(h, NULL, 0, NULL), N_OBJECTS + 1);
    ASSERT_OK(p11->C_Logout(h));
    assert_true(find_objects(h, named, 2, NULL) >= 1);
}

static void test_refused(void **state)
{
    CK_SESSION_HANDLE h = open_session(), ro = CK_INVALID_HANDLE;
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE private = ATTR_TRUE(CKA_PRIVATE);
    CK_ULONG before, after;
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    (void)generations(h, 0, &before);
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, rotate(h, &o));
    close_all();
    h = open_user();
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, rotate(h, &o));
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ASSERT_RV(CKR_SESSION_READ_ONLY, rotate(ro, &o));
    close_all();
    h = open_so();
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(h, &m, &private, 1, &o));
    m.ulParameterLen = 3;
    m.pParameter = &o;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(h, &m, NULL, 0, &o));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_EncryptInit(h, &m, o));
    assert_int_equal(o, 4711);
    (void)generations(h, 0, &after);
    assert_int_equal(before, after);
}

/* Old generations go with their last record; what is read is what was written. */
static void test_rotate(void **state)
{
    CK_SESSION_HANDLE h = open_so();
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_ULONG newest[2], before[2];

    (void)state;
    (void)generations(h, 0, &before[0]);
    (void)generations(h, 1, &before[1]);
    for (int i = 0; i < 3; i++)
        ASSERT_OK(rotate(h, &o));
    assert_all(h, N_OBJECTS);
    close_all();
    h = open_user();
    assert_all(h, 2 * N_OBJECTS);
    assert_signs(h);
    for (CK_ULONG scope = 0; scope <= 1; scope++) {
        assert_int_equal(generations(h, scope, &newest[scope]), 1);
        assert_int_equal(newest[scope], before[scope] + 3);
    }
    /* The login of the same application sees on what it saw, through handles that it had. */
    assert_int_equal(find_label(h, "object 7", &o), 2);
    assert_object(h, o);
}

/* -- another process at work meanwhile -------------------------------------------------------- */

static int at_work(void *arg)
{
    const int *ends = arg;
    CK_OBJECT_HANDLE held = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE h;
    char byte;
    unsigned rounds = 0;

    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    assert_int_equal(find_label(h, "object 9", &held), 2);
    assert_int_equal(write(ends[1], "r", 1), 1);
    for (;; rounds++) {
        CK_OBJECT_HANDLE made;

        assert_signs(h);
        assert_object(h, held);
        made = make_data(h, CK_TRUE, rounds % 2, "made meanwhile", "v", 1);
        ASSERT_OK(p11->C_DestroyObject(h, made));
        if (rounds % 10 == 0)
            assert_all(h, 2 * N_OBJECTS);
        if (read(ends[2], &byte, 1) == 1)
            break;
        assert_int_equal(errno, EAGAIN);
    }
    assert_all(h, 2 * N_OBJECTS);
    ASSERT_OK(p11->C_Finalize(NULL));
    print_message("rounds of the other process: %u\n", rounds);
    return rounds > 0 ? 0 : 1;
}

static void test_while_others_work(void **state)
{
    int up[2], down[2], ends[3];
    CK_OBJECT_HANDLE o;
    CK_SESSION_HANDLE h;
    char byte;
    pid_t pid;
    int status;

    (void)state;
    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe2(down, O_NONBLOCK), 0);
    ends[0] = up[0];
    ends[1] = up[1];
    ends[2] = down[0];
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
        _exit(at_work(ends));
    }
    assert_int_equal(read(up[0], &byte, 1), 1);
    h = open_so();
    for (int i = 0; i < 6; i++)
        ASSERT_OK(rotate(h, &o));
    assert_int_equal(write(down[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    for (int i = 0; i < 2; i++) {
        close(up[i]);
        close(down[i]);
    }
}

/* -- killed in the middle --------------------------------------------------------------------- */

static void rotate_in_child(int end)
{
    CK_OBJECT_HANDLE o;
    CK_SESSION_HANDLE h;

    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_so();
    assert_int_equal(write(end, "r", 1), 1);
    ASSERT_OK(rotate(h, &o));
    _exit(0);
}

/* Returns true when the child was still at it. */
static bool kill_after(long microseconds)
{
    int ends[2], status;
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        rotate_in_child(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    usleep((useconds_t)microseconds);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    close(ends[1]);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static long elapsed(const struct timespec *since)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000000 + (now.tv_nsec - since->tv_nsec) / 1000;
}

static void test_killed(void **state)
{
    CK_SESSION_HANDLE h = open_so();
    struct timespec start;
    CK_OBJECT_HANDLE o;
    CK_ULONG newest;
    long whole;
    int n_killed = 0;

    (void)state;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    ASSERT_OK(rotate(h, &o));
    whole = elapsed(&start);
    close_all();
    for (int i = 0; i < N_KILLS; i++) {
        n_killed += kill_after(whole * i / N_KILLS) ? 1 : 0;
        /* Before anybody goes on with it: all is there, by a process that saw nothing of it. */
        h = open_session();
        assert_all(h, N_OBJECTS);
        ASSERT_OK(p11->C_CloseSession(h));
        h = open_user();
        assert_all(h, 2 * N_OBJECTS);
        assert_signs(h);
        close_all();
    }
    print_message("a rotation takes %ld us; %d of %d were killed in the middle\n", whole, n_killed,
                  N_KILLS);
    assert_true(n_killed > 0);
    h = open_so();
    ASSERT_OK(rotate(h, &o));
    assert_int_equal(generations(h, 0, &newest), 1);
    close_all();
    h = open_user();
    assert_int_equal(generations(h, 1, &newest), 1);
    assert_all(h, 2 * N_OBJECTS);
}

/* -- an SO who cannot open private objects ---------------------------------------------------- */

/* New private objects are under the new generation at once; old ones wait for their user. */
static void test_private_scope_waits(void **state)
{
    CK_SESSION_HANDLE h = open_so();
    CK_OBJECT_HANDLE o;
    CK_ULONG newest;

    (void)state;
    for (int i = 0; i < 12; i++)
        ASSERT_OK(rotate(h, &o));
    assert_int_equal(generations(h, 0, &newest), 1);
    assert_true(generations(h, 1, &newest) >= 2);
    close_all();
    h = open_user();
    assert_all(h, 2 * N_OBJECTS);
    assert_int_equal(generations(h, 1, &newest), 1);
    close_all();
    h = open_user();
    assert_all(h, 2 * N_OBJECTS);
    assert_signs(h);
}

/* The PIN changes while private records still name old generations. */
static void test_pin_changes_in_between(void **state)
{
    CK_UTF8CHAR old_pin[] = USER_PIN, new_pin[] = "98765";
    CK_SESSION_HANDLE h = open_so();
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_OK(rotate(h, &o));
    close_all();
    h = open_session();
    ASSERT_OK(p11->C_SetPIN(h, old_pin, 4, new_pin, 5));
    ASSERT_OK(p11->C_Login(h, CKU_USER, new_pin, 5));
    assert_all(h, 2 * N_OBJECTS);
    ASSERT_OK(p11->C_SetPIN(h, new_pin, 5, old_pin, 4));
    assert_all(h, 2 * N_OBJECTS);
    close_all();
    h = open_user();
    assert_all(h, 2 * N_OBJECTS);
}

/* A change of a PIN begins a rotation, and moves what who is logged in can open: however often it is
 * done, nothing piles up for a login to come. */
static void test_pin_change_moves_records(void **state)
{
    CK_UTF8CHAR old_pin[] = USER_PIN, new_pin[] = "98765";
    CK_SESSION_HANDLE h = open_user();
    CK_ULONG before, newest;

    (void)state;
    (void)generations(h, 1, &before);
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(p11->C_SetPIN(h, old_pin, 4, new_pin, 5));
        assert_int_equal(generations(h, 1, &newest), 1);
        ASSERT_OK(p11->C_SetPIN(h, new_pin, 5, old_pin, 4));
        assert_int_equal(generations(h, 1, &newest), 1);
    }
    assert_int_equal(newest, before + 6);
    assert_all(h, 2 * N_OBJECTS);
    assert_signs(h);
    close_all();
    h = open_session(); /* nobody is: the next login does it */
    ASSERT_OK(p11->C_SetPIN(h, old_pin, 4, old_pin, 4));
    assert_int_equal(generations(h, 1, &newest), 2);
    close_all();
    h = open_user();
    assert_int_equal(generations(h, 1, &newest), 1);
}

/* The SO has a share of private scope, and moves it as he resets the user's PIN. */
static void test_pin_reset_moves_records(void **state)
{
    CK_UTF8CHAR pin[] = USER_PIN, so_pin[] = SO_PIN;
    CK_SESSION_HANDLE h = open_so();
    CK_ULONG before, newest;

    (void)state;
    (void)generations(h, 1, &before);
    ASSERT_OK(p11->C_InitPIN(h, pin, sizeof(pin) - 1));
    assert_int_equal(generations(h, 1, &newest), 1);
    ASSERT_OK(p11->C_SetPIN(h, so_pin, sizeof(so_pin) - 1, so_pin, sizeof(so_pin) - 1));
    assert_int_equal(generations(h, 1, &newest), 1);
    assert_int_equal(newest, before + 2);
    close_all();
    h = open_user();
    assert_all(h, 2 * N_OBJECTS);
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/dek/generation-object", test_generation_object),
        TEST("/dek/refused", test_refused),
        TEST("/dek/rotate", test_rotate),
        TEST("/dek/while-others-work", test_while_others_work),
        TEST("/dek/killed", test_killed),
        TEST("/dek/pin-changes-in-between", test_pin_changes_in_between),
        TEST("/dek/pin-change-moves-records", test_pin_change_moves_records),
        TEST("/dek/pin-reset-moves-records", test_pin_reset_moves_records),
    };
    const struct CMUnitTest no_so_reset[] = {
        TEST("/dek/no-so-reset/private-scope-waits", test_private_scope_waits),
        TEST("/dek/no-so-reset/refused", test_refused),
        TEST("/dek/no-so-reset/killed", test_killed),
        TEST("/dek/no-so-reset/pin-changes-in-between", test_pin_changes_in_between),
        TEST("/dek/no-so-reset/pin-change-moves-records", test_pin_change_moves_records),
    };
    const int failed = cmocka_run_group_tests(tests, group_setup, teardown_module);

    return failed +
           cmocka_run_group_tests(no_so_reset, group_setup_no_so_reset, teardown_module);
}
