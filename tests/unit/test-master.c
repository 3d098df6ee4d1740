/* SPDX-License-Identifier: BSD-2-Clause */
/* test-master.c - the master key is rotated under others who have the store open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/master.h"
#include "keyring_fixture.h"

static int setup(void **state)
{
    struct keyring_fixture *f;
    struct token_info t;

    (void)fixture_setup_token(state);
    f = *state;
    t = fixture_only_token(f);
    fixture_user_pin(f, &t);
    return 0;
}

static uint64_t epoch_of(struct keyring *k)
{
    struct store_info info;

    assert_int_equal(keyring_info(k, &info), CKR_OK);
    return info.epoch;
}

static void key_of(struct keyring *k, const struct token_info *token, uint8_t ret[PRIM_KEY])
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(dek_unrefp) struct dek *d = NULL;

    assert_int_equal(txn_begin_read(keyring_store(k), &t), CKR_OK);
    assert_int_equal(dek_get(k, t, token->id, SCOPE_PUBLIC, 0, NULL, &d), CKR_OK);
    memcpy(ret, dek_key(d).p, PRIM_KEY);
}

static void master_changes_and_keys_stay(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(secret_freep) struct secret *before = NULL;
    AUTO(secret_freep) struct secret *after = NULL;
    uint8_t key[PRIM_KEY], same_key[PRIM_KEY];
    struct store_info a, b;
    struct header h;
    uint64_t epoch = 0;

    key_of(f->k, &t, key);
    assert_int_equal(keyring_info(f->k, &a), CKR_OK);
    assert_int_equal(master_open(f->k, &before, &h), CKR_OK);
    assert_int_equal(master_rotate(f->k, &epoch), CKR_OK);
    assert_int_equal(epoch, 2);
    assert_int_equal(master_open(f->k, &after, &h), CKR_OK);
    assert_int_equal(h.epoch, 2);
    assert_memory_not_equal(before->p, after->p, PRIM_KEY);
    fixture_reopen(f);
    assert_int_equal(keyring_info(f->k, &b), CKR_OK);
    assert_memory_equal(a.fingerprint, b.fingerprint, sizeof(a.fingerprint));
    assert_int_equal(b.epoch, 2);
    key_of(f->k, &t, same_key);
    assert_memory_equal(key, same_key, PRIM_KEY);
    login_unref(fixture_user(f, &t));
}

/* Another opening goes on through rotations, and reaches the new master when it has to. */
static void master_rotates_under_another(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    AUTO(login_unrefp) struct login *l = NULL;
    uint8_t key[PRIM_KEY], label[32] = "after";
    struct token_info made;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    for (uint64_t i = 2; i < 5; i++) {
        uint64_t epoch = 0;

        assert_int_equal(master_rotate(f->k, &epoch), CKR_OK);
        assert_int_equal(epoch, i);
        key_of(other, &t, key);
    }
    assert_int_equal(token_login(other, t.id, ROLE_USER, USER_PIN, &l), CKR_OK);
    assert_int_equal(token_create(other, 1, SO_PIN, label, &made), CKR_OK);
    key_of(f->k, &made, key);
    assert_int_equal(epoch_of(other), 4);
    assert_int_equal(master_rotate(other, NULL), CKR_OK);
    fixture_reopen(f);
    assert_int_equal(epoch_of(f->k), 5);
}

/* A process of its own works on while this one rotates. */
static int work(struct keyring_fixture *f)
{
    struct keyring *k = NULL;
    struct token_info t;

    if (fixture_open(f, &k) != CKR_OK)
        return 1;
    t = (struct token_info){.slot = 0};
    for (int i = 0; i < 60; i++) {
        struct token_info *all = NULL;
        struct login *l = NULL;
        size_t n = 0;

        if (tokens_list(k, &all, &n) != CKR_OK)
            return 2;
        t = all[0];
        free(all);
        if (token_login(k, t.id, ROLE_USER, USER_PIN, &l) != CKR_OK)
            return 3;
        login_unref(l);
        if (i % 20 == 0) {
            keyring_unref(k);
            if (fixture_open(f, &k) != CKR_OK)
                return 4;
        }
    }
    keyring_unref(k);
    return 0;
}

static void master_rotates_under_processes(void **state)
{
    struct keyring_fixture *f = *state;
    pid_t pids[2];
    uint64_t epoch = 0;

    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            store_forget_all();
            _exit(work(f));
        }
    }
    for (int i = 0; i < 30; i++)
        assert_int_equal(master_rotate(f->k, &epoch), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        int status = 0;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(epoch, 31);
}

struct rotator {
    struct keyring *k;
    CK_RV rv;
};

static void *rotate_often(void *arg)
{
    struct rotator *r = arg;

    for (int i = 0; i < 8 && r->rv == CKR_OK; i++) {
        r->rv = master_rotate(r->k, NULL);
        /* Beaten by the others time after time: nothing is broken. */
        if (r->rv == CKR_FUNCTION_FAILED)
            r->rv = CKR_OK;
    }
    return NULL;
}

static void *create_often(void *arg)
{
    struct rotator *r = arg;
    uint8_t label[32] = "x";
    struct token_info made;

    for (CK_SLOT_ID slot = 1; slot < 6 && r->rv == CKR_OK; slot++) {
        do
            r->rv = token_create(r->k, slot, SO_PIN, label, &made);
        while (r->rv == CKR_FUNCTION_FAILED); /* likewise */
    }
    return NULL;
}

static void master_rotates_while_tokens_are_made(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    struct rotator r[3];
    pthread_t threads[3];
    struct token_info *all = NULL;
    size_t n = 0;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(r); i++) {
        r[i] = (struct rotator){.k = i == 0 ? f->k : other, .rv = CKR_OK};
        assert_int_equal(
            pthread_create(&threads[i], NULL, i == 2 ? create_often : rotate_often, &r[i]), 0);
    }
    for (size_t i = 0; i < N_ELEMENTS(r); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(r[i].rv, CKR_OK);
    }
    fixture_reopen(f);
    assert_int_equal(tokens_list(f->k, &all, &n), CKR_OK);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        uint8_t key[PRIM_KEY];

        key_of(f->k, &all[i], key);
    }
    free(all);
}

static void master_rotation_killed_anywhere(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    uint8_t key[PRIM_KEY], now[PRIM_KEY];

    key_of(f->k, &t, key);
    for (useconds_t delay = 0; delay < 8000; delay += 400) {
        const pid_t pid = fork();

        if (pid == 0) {
            struct keyring *k = NULL;

            store_forget_all();
            if (fixture_open(f, &k) == CKR_OK)
                while (master_rotate(k, NULL) == CKR_OK)
                    ;
            _exit(1);
        }
        (void)usleep(3000 + delay);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        fixture_reopen(f);
        key_of(f->k, &t, now);
        assert_memory_equal(key, now, PRIM_KEY);
    }
}

static void master_old_token_row_put_back(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    uint8_t name_of[TOKEN_ID + 1] = {0};
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct keyring *k = NULL;

    memcpy(name_of, t.id, TOKEN_ID);
    raw_get(f, STORE_TOKEN, SPAN_ARRAY(name_of), &name, &row);
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    raw_put(f, "token", SPAN_ARRAY(name_of), buf_span(&row));
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_int_equal(master_rotate(f->k, NULL), CKR_DEVICE_ERROR); /* and does not launder it */
}

#define USER_TEST(name, fn)                                                                        \
    {                                                                                              \
        name, fn, setup, fixture_teardown, NULL                                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        USER_TEST("/master/changes-and-keys-stay", master_changes_and_keys_stay),
        USER_TEST("/master/rotates-under-another", master_rotates_under_another),
        USER_TEST("/master/rotates-under-processes", master_rotates_under_processes),
        USER_TEST("/master/rotates-while-tokens-are-made", master_rotates_while_tokens_are_made),
        USER_TEST("/master/killed-anywhere", master_rotation_killed_anywhere),
        USER_TEST("/master/old-token-row-put-back-is-refused", master_old_token_row_put_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
