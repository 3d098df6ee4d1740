/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-logout.c - what a logout leaves of private keys in the sessions of its token, step by step:
 * of one that is idle, of one in the middle of a call, and where a lock-out logs out. What a
 * process then has in its memory is test-memory.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "core/create.h"
#include "core/lib.h"
#include "core/operation.h"
#include "core/process.h"
#include "core/slot.h"
#include "core/state.h"
#include "support/core_fixture.h"

#define WRONG  SPAN_LIT("4321")
#define TRIES  3 /* as core_start() is told */
#define ROUNDS 200

static CK_SLOT_ID slot;

static CK_SESSION_HANDLE open_one(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    assert_int_equal(session_open(slot, true, &h), CKR_OK);
    return h;
}

static int group_setup(void **state)
{
    (void)state;
    slot = core_start("pin-tries = 3\n");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    return core_end();
}

/* Two sessions of the user, and keys. */
struct two {
    CK_SESSION_HANDLE h[2];
    struct session *inside[2];    /* with a call inside: left, whatever becomes of the test */
    CK_OBJECT_HANDLE key, public; /* readable AES keys: a private object, and one that is none */
};

static struct session *enter(struct two *two, int which)
{
    assert_int_equal(session_enter(two->h[which], &two->inside[which]), CKR_OK);
    return two->inside[which];
}

static void leave(struct two *two, int which)
{
    session_leave(TAKE(two->inside[which]));
}

static CK_OBJECT_HANDLE make_aes(struct session *s, CK_BBOOL is_private)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;
    CK_BYTE value[32] = {1};
    const CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_PRIVATE, &is_private, sizeof(is_private)},
        {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_EXTRACTABLE, &yes, sizeof(yes)},
        {CKA_ENCRYPT, &yes, sizeof(yes)},
        {CKA_VALUE, value, sizeof(value)},
    };

    assert_int_equal(object_create(s, v, N_ELEMENTS(v), &ret), CKR_OK);
    return ret;
}

/* One that asks for the PIN at each use. */
static CK_OBJECT_HANDLE make_ec(struct session *s)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;
    CK_BYTE value[32] = {1};
    const CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},  {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_SIGN, &yes, sizeof(yes)},       {CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes)},
        {CKA_EC_PARAMS, p256, sizeof(p256)}, {CKA_VALUE, value, sizeof(value)},
    };

    assert_int_equal(object_create(s, v, N_ELEMENTS(v), &ret), CKR_OK);
    return ret;
}

static int setup(void **state)
{
    struct two *two = calloc(1, sizeof(*two));
    struct session *s;

    assert_non_null(two);
    for (int i = 0; i < 2; i++)
        two->h[i] = open_one();
    s = enter(two, 0);
    assert_int_equal(token_log_in(s->token, ROLE_SO, SO_PIN), CKR_OK);
    assert_int_equal(token_set_user_pin(s->token, USER_PIN), CKR_OK);
    assert_int_equal(session_log_out(s), CKR_OK);
    assert_int_equal(token_log_in(s->token, ROLE_USER, USER_PIN), CKR_OK);
    two->key = make_aes(s, CK_TRUE);
    two->public = make_aes(s, CK_FALSE);
    leave(two, 0);
    *state = two;
    return 0;
}

static int teardown(void **state)
{
    struct two *two = *state;

    for (int i = 0; i < 2; i++)
        leave(two, i);
    sessions_close_slot(slot);
    free(two);
    return 0;
}

/* -- what is begun ----------------------------------------------------------------------------- */

static void begin(struct session *s, CK_OBJECT_HANDLE key)
{
    CK_BYTE iv[16] = {0};
    const CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)}, gcm = {CKM_AES_GCM, NULL, 0};

    assert_int_equal(operation_init(s, OP_ENCRYPT, &cbc, key), CKR_OK);
    assert_int_equal(process_init(s, MESSAGE_ENCRYPT, &gcm, key), CKR_OK);
}

static void begin_digest(struct session *s, CK_OBJECT_HANDLE key)
{
    const CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};

    assert_int_equal(operation_init(s, OP_DIGEST, &sha256, 0), CKR_OK);
    assert_int_equal(operation_digest_key(s, key), CKR_OK);
}

/* What is there, with no call that would look for what is void. */
static unsigned n_begun(const struct session *s)
{
    unsigned n = 0;

    for (size_t i = 0; i < OP_N_KINDS; i++)
        n += s->ops[i].op != NULL ? 1 : 0;
    for (size_t i = 0; i < MESSAGE_N_KINDS; i++)
        n += s->processes[i].message != NULL ? 1 : 0;
    return n;
}

static CK_ULONG save(struct session *s, CK_BYTE *p, CK_ULONG room)
{
    CK_ULONG n = room;
    struct out out = {.data = p, .len = &n};

    assert_int_equal(state_save(s, &out), CKR_OK);
    return n;
}

static void log_in(struct session *s)
{
    assert_int_equal(token_log_in(s->token, ROLE_USER, USER_PIN), CKR_OK);
}

/* -- the tests --------------------------------------------------------------------------------- */

/* Both sessions lose theirs at once: the one that logs out, and one that nobody calls. What is no
 * private object's goes on. */
static void test_idle(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other = enter(two, 1);

    begin(s, two->key);
    begin_digest(s, two->key);
    begin(other, two->key);
    begin_digest(other, two->public);
    leave(two, 1);
    assert_int_equal(session_log_out(s), CKR_OK);
    assert_int_equal(n_begun(s), 0);
    assert_int_equal(n_begun(other), 1);
    assert_non_null(other->ops[OP_DIGEST].op);
    leave(two, 0);
}

/* A session with a call inside keeps them until that leaves, and not a moment longer. */
static void test_busy(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other = enter(two, 1);

    begin(other, two->key);
    begin_digest(other, two->key);
    assert_int_equal(session_log_out(s), CKR_OK);
    assert_int_equal(n_begun(other), 3);
    log_in(s);
    leave(two, 1);
    assert_int_equal(n_begun(other), 0);
    leave(two, 0);
}

/* What is begun after the logout, or under the next login, is none of its business. */
static void test_later(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other = enter(two, 1);
    CK_OBJECT_HANDLE key;

    assert_int_equal(session_log_out(s), CKR_OK);
    log_in(s);
    key = make_aes(s, CK_TRUE);
    begin(other, key);
    leave(two, 1);
    assert_int_equal(n_begun(other), 2);
    leave(two, 0);
}

/* The call that is inside digests a key again: the digest has the first login's key in it, and does
 * not become the second one's. */
static void test_digest_of_two_logins(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other = enter(two, 1);
    CK_OBJECT_HANDLE key;

    begin_digest(other, two->key);
    assert_int_equal(session_log_out(s), CKR_OK);
    log_in(s);
    key = make_aes(s, CK_TRUE);
    assert_int_equal(operation_digest_key(other, key), CKR_OPERATION_NOT_INITIALIZED);
    leave(two, 1);
    leave(two, 0);
}

/* A saved digest goes with the login under which a private key got into it; the next one can't have
 * it back, nor can what was restored from it go on. Others stay. */
static void test_saved(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other = enter(two, 1);
    CK_BYTE private[64], public[64];
    CK_ULONG n_private, n_public;

    begin_digest(s, two->key);
    n_private = save(s, private, sizeof(private));
    assert_int_equal(state_restore(other, span_of(private, n_private), 0, 0), CKR_OK);
    leave(two, 1);
    operations_end(s);
    begin_digest(s, two->public);
    n_public = save(s, public, sizeof(public));
    assert_int_equal(session_log_out(s), CKR_OK);
    assert_int_equal(n_begun(other), 0);
    log_in(s);
    assert_int_equal(state_restore(s, span_of(private, n_private), 0, 0), CKR_SAVED_STATE_INVALID);
    assert_int_equal(state_restore(s, span_of(public, n_public), 0, 0), CKR_OK);
    leave(two, 0);
}

/* A try of CKU_CONTEXT_SPECIFIC when none is left: the user is out, and so is what he began. */
static void test_lock_out(void **state)
{
    struct two *two = *state;
    const CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    struct session *s = enter(two, 0), *other = enter(two, 1);

    begin(other, two->key);
    leave(two, 1);
    assert_int_equal(operation_init(s, OP_SIGN, &ecdsa, make_ec(s)), CKR_OK);
    for (int i = 0; i < TRIES; i++)
        assert_int_equal(operation_authenticate(s, WRONG), CKR_PIN_INCORRECT);
    assert_int_equal(n_begun(other), 2);
    assert_int_equal(operation_authenticate(s, WRONG), CKR_PIN_LOCKED);
    assert_int_equal(n_begun(s) + n_begun(other), 0);
    leave(two, 0);
}

struct caller {
    CK_SESSION_HANDLE h;
    atomic_bool in, enough;
};

/* Calls that do nothing, one after the other. */
static void *call_on(void *arg)
{
    struct caller *c = arg;

    while (!atomic_load(&c->enough)) {
        struct session *s = NULL;

        if (session_enter(c->h, &s) != CKR_OK)
            return c;
        atomic_store(&c->in, true);
        session_leave(s);
    }
    return NULL;
}

/* While another thread goes in and out of the session: whether the logout finds it free, inside, or
 * in the middle of leaving, nothing is left when that thread is out. */
static void test_beside_calls(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *other;

    for (int i = 0; i < ROUNDS; i++) {
        struct caller c = {.h = two->h[1]};
        void *failed = NULL;
        pthread_t thread;

        other = enter(two, 1);
        begin(other, make_aes(s, CK_TRUE));
        leave(two, 1);
        assert_int_equal(pthread_create(&thread, NULL, call_on, &c), 0);
        while (!atomic_load(&c.in))
            (void)sched_yield();
        assert_int_equal(session_log_out(s), CKR_OK);
        atomic_store(&c.enough, true);
        assert_int_equal(pthread_join(thread, &failed), 0);
        assert_null(failed);
        assert_int_equal(n_begun(other), 0);
        log_in(s);
    }
    leave(two, 0);
}

/* Sessions come and go beside it: the one that logs out finds the others all the same. */
static void test_many(void **state)
{
    struct two *two = *state;
    struct session *s = enter(two, 0), *others[100];
    CK_SESSION_HANDLE handles[N_ELEMENTS(others)];

    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        handles[i] = open_one();
        assert_int_equal(session_enter(handles[i], &others[i]), CKR_OK);
        begin(others[i], two->key);
        session_leave(others[i]);
    }
    for (size_t i = 0; i < N_ELEMENTS(others); i += 3)
        assert_int_equal(session_close(handles[i]), CKR_OK);
    assert_int_equal(session_log_out(s), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        assert_true(i % 3 == 0 || n_begun(others[i]) == 0);
    leave(two, 0);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/logout/idle-session", test_idle),
        TEST("/logout/busy-session", test_busy),
        TEST("/logout/beside-calls", test_beside_calls),
        TEST("/logout/later-operations-stay", test_later),
        TEST("/logout/digest-of-two-logins", test_digest_of_two_logins),
        TEST("/logout/saved-digest", test_saved),
        TEST("/logout/locked-out", test_lock_out),
        TEST("/logout/many-sessions", test_many),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
