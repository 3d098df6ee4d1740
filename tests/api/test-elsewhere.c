/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-elsewhere.c - two processes on one token: what C_SetPIN, C_InitPIN and C_InitToken of the
 * one do to the other. A login of the old pair is none any more, whatever it has read before; a PIN
 * that is wrong, the other role's, or a process's own changes nothing.
 */
#include "support/reference.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define NEW_PIN "87654321"

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, const char *pin)
{
    return p11->C_Login(h, user, text(pin), strlen(pin));
}

static CK_RV set_pin(CK_SESSION_HANDLE h, const char *from, const char *to)
{
    return p11->C_SetPIN(h, text(from), strlen(from), text(to), strlen(to));
}

/* -- the other process ------------------------------------------------------------------------- */

struct other {
    void (*run)(CK_SESSION_HANDLE h);
};

static int run_in_child(void *arg)
{
    const struct other *o = arg;

    ASSERT_OK(p11->C_Initialize(NULL));
    o->run(open_session());
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void elsewhere(void (*run)(CK_SESSION_HANDLE h))
{
    struct other o = {run};

    assert_int_equal(in_child(run_in_child, &o), 0);
}

static void change_user_pin(CK_SESSION_HANDLE h)
{
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    ASSERT_OK(set_pin(h, USER_PIN, NEW_PIN));
}

static void reset_user_pin(CK_SESSION_HANDLE h)
{
    ASSERT_OK(login(h, CKU_SO, SO_PIN));
    ASSERT_OK(p11->C_InitPIN(h, text(NEW_PIN), strlen(NEW_PIN)));
}

static void change_so_pin(CK_SESSION_HANDLE h)
{
    ASSERT_OK(login(h, CKU_SO, SO_PIN));
    ASSERT_OK(set_pin(h, SO_PIN, NEW_PIN));
}

static void try_wrong_pins(CK_SESSION_HANDLE h)
{
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, "wrong"));
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_SO, "wrong"));
}

static CK_RV rotate(CK_SESSION_HANDLE h)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o;

    return p11->C_GenerateKey(h, &m, NULL, 0, &o);
}

/* The counters go back, and the DEKs are others. */
static void log_in_and_rotate(CK_SESSION_HANDLE h)
{
    ASSERT_OK(login(h, CKU_USER, USER_PIN));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_OK(login(h, CKU_SO, SO_PIN));
    ASSERT_OK(rotate(h));
}

/* -- the user ---------------------------------------------------------------------------------- */

/* Objects of the token, in this process's cache. */
struct objects {
    CK_OBJECT_HANDLE key, private, public;
};

static struct objects make_objects(CK_SESSION_HANDLE h)
{
    const struct objects o = {
        .key = make_aes(h, 32, CK_TRUE, "key"),
        .private = make_data(h, CK_TRUE, CK_TRUE, "private", "v", 1),
        .public = make_data(h, CK_TRUE, CK_FALSE, "public", "v", 1),
    };

    return o;
}

static CK_RV read_label(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    CK_BYTE label[16];
    CK_ATTRIBUTE v = ATTR(CKA_LABEL, label, sizeof(label));

    return p11->C_GetAttributeValue(h, o, &v, 1);
}

static CK_RV write_label(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    CK_ATTRIBUTE v = ATTR_TEXT(CKA_LABEL, "written");

    return p11->C_SetAttributeValue(h, o, &v, 1);
}

static CK_RV use_key(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    CK_BYTE iv[16] = {0}, data[16] = {0}, out[16];
    CK_MECHANISM m = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_ULONG n = sizeof(out);
    const CK_RV rv = p11->C_EncryptInit(h, &m, key);

    return rv != CKR_OK ? rv : p11->C_Encrypt(h, data, sizeof(data), out, &n);
}

static CK_RV create_private(CK_SESSION_HANDLE h)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TRUE(CKA_TOKEN), ATTR_TRUE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE o;

    return p11->C_CreateObject(h, v, N_ELEMENTS(v), &o);
}

static void assert_user_works(CK_SESSION_HANDLE h, const struct objects *o)
{
    ASSERT_OK(use_key(h, o->key));
    ASSERT_OK(read_label(h, o->private));
    ASSERT_OK(write_label(h, o->private));
    ASSERT_OK(create_private(h));
    assert_true(find_objects(h, NULL, 0, NULL) >= 4);
}

/* Nothing works that takes a login, in none of the sessions; the rest does. */
static void assert_user_is_out(CK_SESSION_HANDLE h, const struct objects *o)
{
    const CK_SESSION_HANDLE other = open_session();

    for (int twice = 0; twice < 2; twice++) {
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, use_key(h, o->key));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, use_key(other, o->key));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, read_label(h, o->private));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, write_label(h, o->private));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, create_private(h));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_DestroyObject(h, o->private));
        ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_FindObjectsInit(h, NULL, 0));
        ASSERT_OK(read_label(h, o->public));
        ASSERT_OK(write_label(h, o->public));
    }
    ASSERT_OK(p11->C_CloseSession(other));
}

/* Everything is there under the new PIN. */
static void assert_new_pin_is_in(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE key;

    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_USER, USER_PIN));
    ASSERT_OK(login(h, CKU_USER, NEW_PIN));
    assert_int_equal(find_label(h, "private", NULL), 1);
    assert_int_equal(find_label(h, "key", &key), 1);
    ASSERT_OK(use_key(h, key));
}

static void test_set_pin(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const struct objects o = make_objects(h);

    (void)state;
    elsewhere(change_user_pin);
    assert_user_is_out(h, &o);
    assert_new_pin_is_in(h);
}

static void test_init_pin(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const struct objects o = make_objects(h);

    (void)state;
    elsewhere(reset_user_pin);
    assert_user_is_out(h, &o);
    assert_new_pin_is_in(h);
}

/* Others do what changes rows beside the user's pair. */
static void test_evicts_nobody(void **state)
{
    static void (*const what[])(CK_SESSION_HANDLE) = {try_wrong_pins, log_in_and_rotate,
                                                      change_so_pin};
    const CK_SESSION_HANDLE h = open_user();
    const struct objects o = make_objects(h);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(what); i++) {
        elsewhere(what[i]);
        assert_user_works(h, &o);
    }
}

/* -- the SO ------------------------------------------------------------------------------------ */

static CK_RV set_trusted(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    CK_ATTRIBUTE v = ATTR_TRUE(CKA_TRUSTED);

    return p11->C_SetAttributeValue(h, o, &v, 1);
}

static CK_RV create_public(CK_SESSION_HANDLE h, CK_BBOOL token)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR_FALSE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE o;

    return p11->C_CreateObject(h, v, N_ELEMENTS(v), &o);
}

static CK_RV init_pin(CK_SESSION_HANDLE h)
{
    return p11->C_InitPIN(h, text(USER_PIN), strlen(USER_PIN));
}

/* Two public keys, of the token and of a session that stays; then the SO is in. */
static CK_SESSION_HANDLE so_with_keys(CK_OBJECT_HANDLE *ret_token, CK_OBJECT_HANDLE *ret_session)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE private;

    make_ec(h, CK_TRUE, "of the token", ret_token, &private);
    make_ec(h, CK_FALSE, "of the session", ret_session, &private);
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_OK(login(h, CKU_SO, SO_PIN));
    return h;
}

static void test_so_set_pin(void **state)
{
    CK_OBJECT_HANDLE of_token, of_session;
    const CK_SESSION_HANDLE h = so_with_keys(&of_token, &of_session);

    (void)state;
    elsewhere(change_so_pin);
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, set_trusted(h, of_token));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, set_trusted(h, of_session));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, create_public(h, CK_TRUE));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, create_public(h, CK_FALSE));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_DestroyObject(h, of_token));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, rotate(h));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, init_pin(h));
    assert_int_equal(attr_bool(h, of_token, CKA_TRUSTED), CK_FALSE);
    assert_int_equal(attr_bool(h, of_session, CKA_TRUSTED), CK_FALSE);
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_PIN_INCORRECT, login(h, CKU_SO, SO_PIN));
    ASSERT_OK(login(h, CKU_SO, NEW_PIN));
    ASSERT_OK(set_trusted(h, of_token));
}

static void test_evicts_no_so(void **state)
{
    static void (*const what[])(CK_SESSION_HANDLE) = {try_wrong_pins, log_in_and_rotate,
                                                      change_user_pin};
    CK_OBJECT_HANDLE of_token, of_session;
    const CK_SESSION_HANDLE h = so_with_keys(&of_token, &of_session);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(what); i++) {
        elsewhere(what[i]);
        ASSERT_OK(set_trusted(h, of_token));
        ASSERT_OK(set_trusted(h, of_session));
        ASSERT_OK(create_public(h, CK_FALSE));
        ASSERT_OK(rotate(h));
        ASSERT_OK(init_pin(h));
    }
}

/* -- another token in its place -----------------------------------------------------------------
 */

static void init_token(CK_SESSION_HANDLE h)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    ASSERT_OK(p11->C_CloseSession(h));
    ASSERT_OK(p11->C_InitToken(0, text(SO_PIN), strlen(SO_PIN), label));
}

static CK_RV find(CK_SESSION_HANDLE h)
{
    return p11->C_FindObjectsInit(h, NULL, 0);
}

static CK_RV generate(CK_SESSION_HANDLE h)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG bytes = 32;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_TRUE(CKA_TOKEN)};
    CK_OBJECT_HANDLE o;

    return p11->C_GenerateKey(h, &m, v, N_ELEMENTS(v), &o);
}

static CK_RV create_token_object(CK_SESSION_HANDLE h)
{
    return create_public(h, CK_TRUE);
}

static CK_RV change_pin(CK_SESSION_HANDLE h)
{
    return set_pin(h, USER_PIN, NEW_PIN);
}

static CK_RV log_in_again(CK_SESSION_HANDLE h)
{
    const CK_RV rv = p11->C_Logout(h);

    return rv != CKR_OK ? rv : login(h, CKU_USER, USER_PIN);
}

/* C_InitToken there takes the token out of the slot that sessions here have open (5.1.2): one code
 * for whatever they do with it, whether it takes a key of a session or the store. */
static void test_init_token(void **state)
{
    static CK_RV (*const what[])(CK_SESSION_HANDLE) = {
        find, create_private, create_token_object, generate, change_pin, log_in_again};
    const CK_SESSION_HANDLE h = open_user();
    const struct objects o = make_objects(h);
    const CK_OBJECT_HANDLE of_session = make_aes(h, 32, CK_FALSE, "of the session");

    (void)state;
    elsewhere(init_token);
    ASSERT_RV(CKR_DEVICE_REMOVED, use_key(h, o.key));
    ASSERT_RV(CKR_DEVICE_REMOVED, use_key(h, of_session));
    ASSERT_RV(CKR_DEVICE_REMOVED, read_label(h, o.private));
    for (size_t i = 0; i < N_ELEMENTS(what); i++)
        ASSERT_RV(CKR_DEVICE_REMOVED, what[i](h));
    /* With its sessions closed, the new one is there. */
    close_all();
    ASSERT_OK(login(open_session(), CKU_SO, SO_PIN));
}

static void test_init_token_and_so(void **state)
{
    CK_OBJECT_HANDLE of_token, of_session;
    const CK_SESSION_HANDLE h = so_with_keys(&of_token, &of_session);

    (void)state;
    elsewhere(init_token);
    ASSERT_RV(CKR_DEVICE_REMOVED, set_trusted(h, of_token));
    ASSERT_RV(CKR_DEVICE_REMOVED, set_trusted(h, of_session));
    ASSERT_RV(CKR_DEVICE_REMOVED, rotate(h));
    ASSERT_RV(CKR_DEVICE_REMOVED, init_pin(h));
}

/* -- its own change ---------------------------------------------------------------------------- */

#define N_CHANGES 20

struct worker {
    CK_SESSION_HANDLE h;
    const struct objects *o;
    atomic_bool enough;
    CK_RV rv;
};

/* The first error. */
static CK_RV work_once(CK_SESSION_HANDLE h, const struct objects *o)
{
    CK_RV rv = use_key(h, o->key);

    if (rv == CKR_OK)
        rv = read_label(h, o->private);
    if (rv == CKR_OK)
        rv = write_label(h, o->private);
    if (rv == CKR_OK)
        rv = p11->C_FindObjectsInit(h, NULL, 0);
    return rv == CKR_OK ? p11->C_FindObjectsFinal(h) : rv;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    while (w->rv == CKR_OK && !atomic_load(&w->enough))
        w->rv = work_once(w->h, w->o);
    return NULL;
}

/* Handles stay, and a thread that is at work beside it is never refused. */
static void test_own_set_pin(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const struct objects o = make_objects(h);
    struct worker w = {.h = open_session(), .o = &o};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, work, &w), 0);
    for (int i = 0; i < N_CHANGES; i++)
        ASSERT_OK(i % 2 == 0 ? set_pin(h, USER_PIN, NEW_PIN) : set_pin(h, NEW_PIN, USER_PIN));
    atomic_store(&w.enough, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    ASSERT_OK(w.rv);
    assert_user_works(h, &o);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup_token, teardown_module, NULL                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/elsewhere/set-pin", test_set_pin),
        TEST("/elsewhere/init-pin", test_init_pin),
        TEST("/elsewhere/evicts-nobody", test_evicts_nobody),
        TEST("/elsewhere/so-set-pin", test_so_set_pin),
        TEST("/elsewhere/evicts-no-so", test_evicts_no_so),
        TEST("/elsewhere/init-token", test_init_token),
        TEST("/elsewhere/init-token-and-so", test_init_token_and_so),
        TEST("/elsewhere/own-set-pin", test_own_set_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
