/* SPDX-License-Identifier: BSD-2-Clause */
/* test-login.c - PINs: checked, counted, locked, changed; over several processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/login.h"
#include "keyring_fixture.h"
#include "log_capture.h"

/* What the file system of the store is said to be. */
static enum { DISK_AS_IT_IS, DISK_FULL, DISK_READ_ONLY, DISK_UNCOUNTED } disk;

int __wrap_fstatvfs64(int fd, struct statvfs *ret);
int __real_fstatvfs64(int fd, struct statvfs *ret);

int __wrap_fstatvfs64(int fd, struct statvfs *ret)
{
    const int rc = __real_fstatvfs64(fd, ret);

    if (disk != DISK_AS_IT_IS)
        ret->f_bavail = 0;
    ret->f_blocks = disk == DISK_UNCOUNTED ? 0 : 1000;
    ret->f_flag = disk == DISK_READ_ONLY ? ST_RDONLY : 0;
    return rc;
}

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

static CK_RV try_login(struct keyring *k, enum role role, struct span pin)
{
    AUTO(login_unrefp) struct login *l = NULL;
    struct token_info *all = NULL;
    uint8_t id[TOKEN_ID];
    size_t n = 0;
    CK_RV rv;

    TRY(tokens_list(k, &all, &n));
    memcpy(id, all[0].id, TOKEN_ID);
    free(all);
    rv = token_login(k, id, role, pin, &l);
    assert_true((rv == CKR_OK) == (l != NULL));
    if (l != NULL)
        assert_int_equal(login_role(l), role);
    return rv;
}

static uint64_t commits(struct keyring_fixture *f)
{
    struct store_info info;

    assert_int_equal(keyring_info(f->k, &info), CKR_OK);
    return info.counter;
}

static void login_right_and_wrong(void **state)
{
    struct keyring_fixture *f = *state;

    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_SO, SO_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, SO_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(try_login(f->k, ROLE_SO, USER_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(try_login(f->k, ROLE_USER, SPAN_EMPTY), CKR_PIN_INCORRECT);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 2);
    assert_int_equal(fixture_only_token(f).fails[ROLE_SO], 1);
}

static void login_counts_a_wrong_length(void **state)
{
    struct keyring_fixture *f = *state;
    static const uint8_t long_pin[PIN_MAX + 1] = {'a'};

    assert_int_equal(try_login(f->k, ROLE_USER, SPAN_ARRAY(long_pin)), CKR_PIN_INCORRECT);
    assert_int_equal(try_login(f->k, ROLE_USER, SPAN_LIT("1")), CKR_PIN_INCORRECT);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 2);
}

/* Short processes log in all the time: a clean login must not write. */
static void login_clean_writes_nothing(void **state)
{
    struct keyring_fixture *f = *state;
    const uint64_t before = commits(f), txn = store_last_txn(keyring_store(f->k));

    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(commits(f), before);
    assert_int_equal(store_last_txn(keyring_store(f->k)), txn);
    assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(commits(f), before + 1);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK); /* resets the counter */
    assert_int_equal(commits(f), before + 2);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
}

static void login_locks(void **state)
{
    struct keyring_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_LOCKED);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_PIN_LOCKED);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 3);
    assert_int_equal(try_login(f->k, ROLE_SO, SO_PIN), CKR_OK); /* the other role is not */
}

static int wrong_in_child(struct keyring_fixture *f)
{
    struct keyring *k = NULL;

    if (fixture_open(f, &k) != CKR_OK)
        return 9;
    return try_login(k, ROLE_USER, WRONG_PIN) == CKR_PIN_INCORRECT ? 0 : 1;
}

/* Three processes, one wrong PIN each; the fourth is locked out, this one too. */
static void login_locks_over_processes(void **state)
{
    struct keyring_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture_child(wrong_in_child, f), 0);
    assert_int_equal(fixture_child(wrong_in_child, f), 1);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_PIN_LOCKED);
}

/* Tries that run at the same time: no more than the limit are answered as tries. */
static void login_at_once_locks_too(void **state)
{
    struct keyring_fixture *f = *state;
    pid_t pids[8];
    int answered = 0;

    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            store_forget_all();
            _exit(wrong_in_child(f));
        }
    }
    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        int status = 0;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        answered += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(answered, 3);
}

static void login_before_there_is_a_pin(void **state)
{
    struct keyring_fixture *f = *state;

    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
}

/* A row that was changed is a broken store, not a wrong PIN. */
static void login_row_changed_is_not_counted(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct token_row_key key = token_row_key(t.id, TOKEN_ROW_ROLE, ROLE_USER);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    raw_get(f, STORE_TOKEN, token_row_key_span(&key), &name, &row);
    row.p[5] ^= 1;
    raw_put(f, "token", token_row_key_span(&key), buf_span(&row));
    assert_int_equal(try_login(f->k, ROLE_SO, SO_PIN), CKR_DEVICE_ERROR); /* tokens_list */
    row.p[5] ^= 1;
    raw_put(f, "token", token_row_key_span(&key), buf_span(&row));
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
}

/* A try that can't be counted is refused before it is one: it tells nothing, right or wrong. */
static void login_full_disk_tries_none(void **state)
{
    struct keyring_fixture *f = *state;
    const uint64_t before = commits(f);

    disk = DISK_FULL;
    for (int i = 0; i < 10; i++)
        assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_DEVICE_MEMORY);
    log_capture_clear();
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_DEVICE_MEMORY);
    assert_non_null(strstr(log_capture_text(), "no PIN is tried"));
    disk = DISK_READ_ONLY;
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_DEVICE_ERROR);
    disk = DISK_AS_IT_IS;
    assert_int_equal(commits(f), before);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
}

/* ramfs, and tmpfs without a limit, count no blocks. */
static void login_disk_without_a_count(void **state)
{
    struct keyring_fixture *f = *state;

    disk = DISK_UNCOUNTED;
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_INCORRECT);
    disk = DISK_AS_IT_IS;
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 1);
}

/* -- C_SetPIN -------------------------------------------------------------------------------- */

static CK_RV set_pin(struct keyring_fixture *f, enum role role, struct span from, struct span to)
{
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *l = NULL;

    return token_set_pin(f->k, t.id, role, from, to, &l);
}

static void set_pin_changes_it(void **state)
{
    struct keyring_fixture *f = *state;

    assert_int_equal(set_pin(f, ROLE_USER, USER_PIN, NEW_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(try_login(f->k, ROLE_USER, NEW_PIN), CKR_OK);
    assert_int_equal(set_pin(f, ROLE_SO, SO_PIN, NEW_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_SO, NEW_PIN), CKR_OK);
}

static void set_pin_counts_and_locks(void **state)
{
    struct keyring_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(set_pin(f, ROLE_USER, WRONG_PIN, NEW_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(set_pin(f, ROLE_USER, USER_PIN, NEW_PIN), CKR_PIN_LOCKED);
    assert_int_equal(try_login(f->k, ROLE_USER, NEW_PIN), CKR_PIN_LOCKED);
}

static void set_pin_length(void **state)
{
    struct keyring_fixture *f = *state;
    static const uint8_t long_pin[PIN_MAX + 1] = {'a'};
    const uint64_t before = commits(f);

    assert_int_equal(set_pin(f, ROLE_USER, USER_PIN, SPAN_LIT("123")), CKR_PIN_LEN_RANGE);
    assert_int_equal(set_pin(f, ROLE_USER, WRONG_PIN, SPAN_ARRAY(long_pin)), CKR_PIN_LEN_RANGE);
    assert_int_equal(commits(f), before);
}

/* The row of the old PIN, put back by a host, does not bring the old PIN back. */
static void set_pin_old_row_put_back(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct token_row_key key = token_row_key(t.id, TOKEN_ROW_ROLE, ROLE_USER);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(login_unrefp) struct login *l = NULL;

    raw_get(f, STORE_TOKEN, token_row_key_span(&key), &name, &row);
    assert_int_equal(set_pin(f, ROLE_USER, USER_PIN, NEW_PIN), CKR_OK);
    raw_put(f, "token", token_row_key_span(&key), buf_span(&row));
    assert_int_equal(token_login(f->k, t.id, ROLE_USER, USER_PIN, &l), CKR_DEVICE_ERROR);
    assert_int_equal(token_login(f->k, t.id, ROLE_USER, NEW_PIN, &l), CKR_DEVICE_ERROR);
    assert_null(l);
}

struct changer {
    struct keyring_fixture *f;
    uint8_t id[TOKEN_ID];
    int wrong;
};

static void *change_often(void *arg)
{
    struct changer *c = arg;

    for (int i = 0; i < 20; i++) {
        AUTO(login_unrefp) struct login *l = NULL;

        if (token_set_pin(c->f->k, c->id, ROLE_USER, USER_PIN, USER_PIN, &l) != CKR_OK)
            c->wrong++;
    }
    return NULL;
}

static void *login_often(void *arg)
{
    struct changer *c = arg;

    for (int i = 0; i < 40; i++) {
        AUTO(login_unrefp) struct login *l = NULL;

        if (token_login(c->f->k, c->id, ROLE_USER, USER_PIN, &l) != CKR_OK)
            c->wrong++;
    }
    return NULL;
}

/* The salt changes under a login that is on its way: another round, never a wrong count. */
static void set_pin_during_logins(void **state)
{
    struct keyring_fixture *f = *state;
    struct changer c[3];
    pthread_t threads[3];

    for (size_t i = 0; i < N_ELEMENTS(c); i++) {
        c[i] = (struct changer){.f = f};
        memcpy(c[i].id, fixture_only_token(f).id, TOKEN_ID);
        assert_int_equal(
            pthread_create(&threads[i], NULL, i == 0 ? change_often : login_often, &c[i]), 0);
    }
    for (size_t i = 0; i < N_ELEMENTS(c); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(c[i].wrong, 0);
    }
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
}

/* -- C_InitPIN ------------------------------------------------------------------------------- */

static CK_RV init_pin(struct keyring_fixture *f, struct span pin)
{
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);

    return token_init_pin(f->k, so, pin);
}

static void init_pin_unlocks(void **state)
{
    struct keyring_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(init_pin(f, NEW_PIN), CKR_OK);
    assert_int_equal(fixture_only_token(f).fails[ROLE_USER], 0);
    assert_int_equal(try_login(f->k, ROLE_USER, NEW_PIN), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_PIN_INCORRECT);
}

static void init_pin_rules(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);

    assert_int_equal(token_init_pin(f->k, user, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(token_init_pin(f->k, so, SPAN_LIT("123")), CKR_PIN_LEN_RANGE);
    /* An SO whose PIN was changed by another process has to log in again. */
    assert_int_equal(set_pin(f, ROLE_SO, SO_PIN, NEW_PIN), CKR_OK);
    assert_int_equal(token_init_pin(f->k, so, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
}

static CK_RV check(struct keyring_fixture *f, struct login *l)
{
    AUTO(txn_endp) struct txn *t = NULL;

    assert_int_equal(txn_begin_read(f->k->store, &t), CKR_OK);
    return login_check(f->k, t, l);
}

/* Of the pair that the role has: whatever else is written about the role or the token. */
static void check_stays_good(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);
    AUTO(login_unrefp) struct login *changed = NULL;

    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, WRONG_PIN), CKR_PIN_INCORRECT);
    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &changed), CKR_OK);
    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(check(f, changed), CKR_OK);
    assert_int_equal(check(f, so), CKR_USER_NOT_LOGGED_IN);
}

static void check_of_another_pair(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *before = fixture_user(f, &t);
    uint8_t label[32] = {0};
    struct token_info made;

    assert_int_equal(check(f, before), CKR_OK);
    /* The number of the pair alone does not say that it is that pair. */
    user->public_key[0] ^= 1;
    assert_int_equal(check(f, user), CKR_USER_NOT_LOGGED_IN);
    user->public_key[0] ^= 1;
    assert_int_equal(check(f, user), CKR_OK);
    assert_int_equal(init_pin(f, NEW_PIN), CKR_OK);
    assert_int_equal(check(f, user), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(token_renew(f->k, t.id, SO_PIN, label, &made), CKR_OK);
    assert_int_equal(check(f, before), CKR_DEVICE_REMOVED);
}

/* The first user PIN needs no key of the SO's, and yet the SO who logged in last. */
static void init_pin_by_an_outdated_so(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);

    assert_int_equal(set_pin(f, ROLE_SO, SO_PIN, NEW_PIN), CKR_OK);
    assert_int_equal(token_init_pin(f->k, so, USER_PIN), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
}

static void init_pin_without_so_reset(void **state)
{
    struct keyring_fixture *f = *state;
    struct token_info t;

    f->conf.so_reset = false;
    fixture_reopen(f);
    t = fixture_token(f, "no escrow");
    assert_false(t.so_reset);
    assert_int_equal(init_pin(f, USER_PIN), CKR_OK);
    assert_int_equal(init_pin(f, NEW_PIN), CKR_FUNCTION_REJECTED);
    assert_int_equal(try_login(f->k, ROLE_USER, USER_PIN), CKR_OK);
    f->conf.so_reset = true; /* what a token was made with stays */
    fixture_reopen(f);
    assert_int_equal(init_pin(f, NEW_PIN), CKR_FUNCTION_REJECTED);
}

#define USER_TEST(name, fn)                                                                        \
    {                                                                                              \
        name, fn, setup, fixture_teardown, NULL                                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        USER_TEST("/login/right-and-wrong", login_right_and_wrong),
        USER_TEST("/login/wrong-length-is-counted", login_counts_a_wrong_length),
        USER_TEST("/login/clean-writes-nothing", login_clean_writes_nothing),
        USER_TEST("/login/locks", login_locks),
        USER_TEST("/login/locks-over-processes", login_locks_over_processes),
        USER_TEST("/login/at-once-locks-too", login_at_once_locks_too),
        {"/login/before-there-is-a-pin", login_before_there_is_a_pin, fixture_setup_token,
         fixture_teardown, NULL},
        USER_TEST("/login/changed-row-is-not-counted", login_row_changed_is_not_counted),
        USER_TEST("/login/full-disk-tries-none", login_full_disk_tries_none),
        USER_TEST("/login/disk-without-a-count", login_disk_without_a_count),
        USER_TEST("/login/set-pin/changes-it", set_pin_changes_it),
        USER_TEST("/login/set-pin/counts-and-locks", set_pin_counts_and_locks),
        USER_TEST("/login/set-pin/length", set_pin_length),
        USER_TEST("/login/set-pin/old-row-put-back-is-refused", set_pin_old_row_put_back),
        USER_TEST("/login/set-pin/during-logins", set_pin_during_logins),
        USER_TEST("/login/check/stays-good", check_stays_good),
        USER_TEST("/login/check/another-pair", check_of_another_pair),
        USER_TEST("/login/init-pin/unlocks", init_pin_unlocks),
        USER_TEST("/login/init-pin/rules", init_pin_rules),
        {"/login/init-pin/by-an-outdated-so", init_pin_by_an_outdated_so, fixture_setup_token,
         fixture_teardown, NULL},
        {"/login/init-pin/without-so-reset", init_pin_without_so_reset, fixture_setup_store,
         fixture_teardown, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
