/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-store.c - what the store promises to those who use it as they should: rows, snapshots,
 * walks, ids, sharing, growth, forks, threads and processes, some of them killed.
 * What a hostile host does is in test-store-hostile.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sanitized.h"
#include "store_fixture.h"

#define N_WORKERS 4
#define WORK_MS   1500
#define N_MODEL   10000

#define KEY   SPAN_LIT("a key")
#define VALUE SPAN_LIT("a value")

/* A store in a scratch directory per test. */
struct fixture {
    char *directory;
    struct store *store;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->directory = scratch_new();
    f->store = store_start(f->directory, true);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_unref(f->store);
    scratch_remove(f->directory);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    store_unref(f->store);
    f->store = store_start(f->directory, false);
}

static void assert_row(struct store *s, enum store_table table, struct span key, struct span want)
{
    AUTO(buf_clear) struct buf got = BUF_INIT;
    bool found = false;

    T_OK(row_read(s, table, key, &got, &found));
    assert_true(found);
    assert_true(span_equal(buf_span(&got), want));
}

static void assert_absent(struct store *s, enum store_table table, struct span key)
{
    AUTO(buf_clear) struct buf got = BUF_INIT;
    bool found = true;

    T_OK(row_read(s, table, key, &got, &found));
    assert_false(found);
    assert_int_equal(got.n, 0);
}

/* -- opening ----------------------------------------------------------------------------------- */

static unsigned entries(const char *directory)
{
    DIR *d = opendir(directory);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n - 2;
}

static void absent_store_is_left_alone(void **state)
{
    char *directory = scratch_new();
    struct store *s = NULL;

    (void)state;
    T_RV(CKR_TOKEN_NOT_PRESENT, store_open(directory, false, 0, &s));
    assert_int_equal(entries(directory), 0);
    T_RV(CKR_TOKEN_NOT_PRESENT, store_open(scratch_path(directory, "a/b"), false, 0, &s));
    assert_int_equal(entries(directory), 0);
    assert_null(s);
    scratch_remove(directory);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void created_for_the_owner_alone(void **state)
{
    char *directory = scratch_new();
    struct store *s = NULL;
    const mode_t before = umask(0);

    (void)state;
    T_OK(store_open(scratch_path(directory, "a/b"), true, 0, &s));
    (void)umask(before);
    assert_int_equal(mode_of(scratch_path(directory, "a")), 0700);
    assert_int_equal(mode_of(scratch_path(directory, "a/b")), 0700);
    assert_int_equal(mode_of(scratch_path(directory, "a/b/data.mdb")), 0600);
    assert_int_equal(mode_of(scratch_path(directory, "a/b/lock.mdb")), 0600);
    store_unref(s);
    scratch_remove(directory);
}

static void assert_refused(const struct fixture *f)
{
    struct store *s = NULL;

    T_RV(CKR_DEVICE_ERROR, store_open(f->directory, true, 0, &s));
    assert_null(s);
}

static void writable_by_others_is_refused(void **state)
{
    static const char *const names[] = {".", "data.mdb", "lock.mdb"};
    static const mode_t bits[] = {020, 002};
    struct fixture *f = *state;

    store_unref(f->store);
    for (size_t i = 0; i < N_ELEMENTS(names) * N_ELEMENTS(bits); i++) {
        const char *path = scratch_path(f->directory, names[i / 2]);
        const mode_t mode = mode_of(path);

        assert_int_equal(chmod(path, mode | bits[i % 2]), 0);
        assert_refused(f);
        assert_int_equal(chmod(scratch_path(f->directory, names[i / 2]), mode), 0);
    }
    f->store = store_start(f->directory, true);
}

static void owned_by_another_is_refused(void **state)
{
    struct fixture *f = *state;

    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    store_unref(f->store);
    assert_int_equal(chown(scratch_path(f->directory, "data.mdb"), 12345, (gid_t)-1), 0);
    assert_refused(f);
    assert_int_equal(chown(scratch_path(f->directory, "data.mdb"), 0, (gid_t)-1), 0);
    f->store = store_start(f->directory, true);
}

static void symbolic_link_is_refused(void **state)
{
    struct fixture *f = *state;
    char real[4096];

    store_unref(f->store);
    (void)snprintf(real, sizeof(real), "%s/real", f->directory);
    assert_int_equal(rename(scratch_path(f->directory, "data.mdb"), real), 0);
    assert_int_equal(symlink(real, scratch_path(f->directory, "data.mdb")), 0);
    assert_refused(f);
    assert_int_equal(rename(real, scratch_path(f->directory, "data.mdb")), 0);
    f->store = store_start(f->directory, true);
}

static void lost_database_is_not_made_anew(void **state)
{
    struct fixture *f = *state;

    store_unref(f->store);
    assert_int_equal(unlink(scratch_path(f->directory, "data.mdb")), 0);
    assert_refused(f);
    assert_int_equal(unlink(scratch_path(f->directory, "lock.mdb")), 0);
    f->store = store_start(f->directory, true);
}

static void one_directory_is_one_store(void **state)
{
    struct fixture *f = *state;
    char name[4096], linked[4096];
    struct store *again = NULL, *by_link = NULL;

    (void)snprintf(name, sizeof(name), "%s/../%s", f->directory, strrchr(f->directory, '/') + 1);
    (void)snprintf(linked, sizeof(linked), "%s.link", f->directory);
    assert_int_equal(symlink(f->directory, linked), 0);
    T_OK(store_open(name, false, 0, &again));
    T_OK(store_open(linked, true, 0, &by_link));
    assert_int_equal(unlink(linked), 0);
    assert_ptr_equal(again, f->store);
    assert_ptr_equal(by_link, f->store);
    store_unref(again);
    store_unref(by_link);
    T_OK(row_put(f->store, STORE_META, KEY, VALUE)); /* still open */
    assert_string_equal(store_directory(f->store), f->directory);
}

static int count_line(const char *line, void *arg)
{
    unsigned *n = arg;

    (void)line;
    (*n)++;
    return 0;
}

/* Lines of LMDB's reader list: a title when there is a reader, and "no active readers" else. */
static unsigned reader_lines(const char *directory)
{
    MDB_env *env = NULL;
    unsigned n = 0;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, directory, 0, 0600), 0);
    assert_true(mdb_reader_list(env, count_line, &n) >= 0);
    mdb_env_close(env);
    return n;
}

static void closing_gives_reader_slots_back(void **state)
{
    struct fixture *f = *state;
    struct txn *t[5];

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    for (size_t i = 0; i < N_ELEMENTS(t); i++)
        T_OK(txn_begin_read(f->store, &t[i]));
    for (size_t i = 0; i < N_ELEMENTS(t); i++)
        txn_end(t[i]);
    store_unref(f->store);
    assert_int_equal(reader_lines(f->directory), 1);
    f->store = store_start(f->directory, false);
}

/* In a child, because a process must not open a database twice. */
static unsigned reader_lines_now(const char *directory)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit((int)reader_lines(directory));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (unsigned)WEXITSTATUS(status);
}

/* It would pin its snapshot's pages, and the file would grow for as long as anybody has it open. */
static void dead_reader_is_cleared(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    pid_t child;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    assert_row(f->store, STORE_META, KEY, VALUE); /* this process has a slot */
    child = fork();
    if (child == 0) {
        struct store *s = NULL;
        struct txn *t = NULL;

        store_forget_all();
        if (store_try(f->directory, &s) == CKR_OK && txn_begin_read(s, &t) == CKR_OK)
            (void)raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(reader_lines_now(f->directory), 3); /* a title, ours, the dead one's */
    for (unsigned i = 0; i < 130; i++)
        T_OK(row_put(f->store, STORE_META, KEY, SPAN_OBJ(i)));
    assert_int_equal(reader_lines_now(f->directory), 2);
}

/* An application without standard descriptors prints; LMDB opens its files by the lowest numbers
 * that are free. */
static void what_is_printed_goes_nowhere(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    pid_t child;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    store_unref(f->store);
    f->store = NULL;
    child = fork();
    if (child == 0) {
        struct store *s = NULL;
        CK_RV rv;

        store_forget_all();
        for (int fd = 0; fd <= 2; fd++)
            (void)close(fd);
        rv = store_try(f->directory, &s);
        for (int fd = 0; fd <= 2; fd++) { /* all as it was: nothing stands there */
            if (write(fd, "printed", 7) != -1 || errno != EBADF)
                _exit(2);
        }
        _exit(rv == CKR_OK && row_put(s, STORE_META, KEY, SPAN_LIT("new")) == CKR_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    f->store = store_start(f->directory, false);
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("new"));
}

static void little_address_space_is_enough(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    pid_t child;

#if SANITIZED
    skip(); /* the sanitizers themselves need more */
#endif
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    store_unref(f->store); /* its map would count */
    child = fork();
    if (child == 0) {
        const struct rlimit limit = {.rlim_cur = UINT64_C(2) << 30, .rlim_max = UINT64_C(2) << 30};
        struct store *s = NULL;

        store_forget_all();
        (void)setrlimit(RLIMIT_AS, &limit);
        _exit(store_try(f->directory, &s) == CKR_OK &&
                      row_put(s, STORE_META, KEY, SPAN_LIT("new")) == CKR_OK
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    f->store = store_start(f->directory, false);
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("new"));
}

/* -- the tree key ------------------------------------------------------------------------------ */

static void key_of_wrong_length_is_refused(void **state)
{
    struct fixture *f = *state;

    T_RV(CKR_ARGUMENTS_BAD, store_set_key(f->store, span_of(store_key().p, 31), true));
}

static void key_may_be_given_again(void **state)
{
    struct fixture *f = *state;
    uint8_t other[32] = {9};

    assert_true(store_has_key(f->store));
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(store_set_key(f->store, store_key(), false));
    T_RV(CKR_DEVICE_ERROR, store_set_key(f->store, SPAN_ARRAY(other), false));
    assert_row(f->store, STORE_META, KEY, VALUE);
}

static void unused_key_may_be_corrected(void **state)
{
    struct fixture *f = *state;
    uint8_t other[32] = {9};
    struct txn *t = NULL;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    store_unref(f->store);
    T_OK(store_open(f->directory, false, 0, &f->store));
    assert_false(store_has_key(f->store));
    T_OK(store_set_key(f->store, SPAN_ARRAY(other), false));
    T_RV(CKR_DEVICE_ERROR, txn_begin_read(f->store, &t));
    T_OK(store_set_key(f->store, store_key(), false));
    assert_row(f->store, STORE_META, KEY, VALUE);
}

/* Two processes make a store at once: the second finds the first one's root row. */
static void fresh_key_over_a_made_store_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t other[32] = {9};

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    store_unref(f->store);
    T_OK(store_open(f->directory, true, 0, &f->store));
    T_OK(store_set_key(f->store, SPAN_ARRAY(other), true));
    T_RV(CKR_DEVICE_ERROR, row_put(f->store, STORE_META, KEY, SPAN_LIT("mine")));
    T_OK(store_set_key(f->store, store_key(), false));
    assert_row(f->store, STORE_META, KEY, VALUE);
}

static void without_key_nothing_is_verified(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    bool found;

    store_unref(f->store);
    T_OK(store_open(f->directory, true, 0, &f->store));
    T_RV(CKR_GENERAL_ERROR, txn_begin_read(f->store, &t));
    T_RV(CKR_GENERAL_ERROR, row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_peek(f->store, &t));
    T_RV(CKR_GENERAL_ERROR, txn_get(t, STORE_META, KEY, NULL, NULL, &found));
    T_RV(CKR_GENERAL_ERROR, txn_walk(t, STORE_META, NULL, NULL));
}

/* -- rows -------------------------------------------------------------------------------------- */

static void rows_come_back(void **state)
{
    struct fixture *f = *state;

    for (unsigned table = 0; table < STORE_N_TABLES; table++) {
        const uint8_t value = (uint8_t)table;

        T_OK(row_put(f->store, (enum store_table)table, KEY, SPAN_OBJ(value)));
    }
    reopen(f);
    for (unsigned table = 0; table < STORE_N_TABLES; table++) {
        const uint8_t value = (uint8_t)table;

        assert_row(f->store, (enum store_table)table, KEY, SPAN_OBJ(value));
        assert_absent(f->store, (enum store_table)table, SPAN_LIT("another"));
    }
}

static void rows_of_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 2000, 4096, 100000, 16u << 20};
    struct fixture *f = *state;
    uint8_t *value = malloc(16u << 20);
    uint8_t key[STORE_KEY_MAX];

    assert_non_null(value);
    memset(value, 0x77, 16u << 20);
    memset(key, 1, sizeof(key));
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        T_OK(row_put(f->store, STORE_OBJECT, span_of(key, i + 1), span_of(value, sizes[i])));
    T_OK(row_put(f->store, STORE_OBJECT, SPAN_ARRAY(key), span_of(value, 5)));
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        assert_row(f->store, STORE_OBJECT, span_of(key, i + 1), span_of(value, sizes[i]));
    assert_row(f->store, STORE_OBJECT, SPAN_ARRAY(key), span_of(value, 5));
    free(value);
}

static void unfit_arguments_change_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t key[STORE_KEY_MAX + 1] = {1};
    const uint64_t before = store_last_txn(f->store);
    bool found;

    T_RV(CKR_ARGUMENTS_BAD, row_put(f->store, STORE_META, SPAN_EMPTY, VALUE));
    T_RV(CKR_ARGUMENTS_BAD, row_put(f->store, STORE_META, SPAN_ARRAY(key), VALUE));
    T_RV(CKR_ARGUMENTS_BAD, row_put(f->store, STORE_META, KEY, span_of(key, (16u << 20) + 1)));
    T_RV(CKR_ARGUMENTS_BAD, row_delete(f->store, STORE_META, SPAN_EMPTY, &found));
    assert_int_equal(store_last_txn(f->store), before);
}

static void delete_tells_whether_there_was_one(void **state)
{
    struct fixture *f = *state;
    bool found = true;

    T_OK(row_delete(f->store, STORE_META, KEY, &found));
    assert_false(found);
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(row_delete(f->store, STORE_META, KEY, &found));
    assert_true(found);
    assert_absent(f->store, STORE_META, KEY);
    T_OK(row_delete(f->store, STORE_META, KEY, NULL));
}

static void get_appends(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf b = BUF_INIT;
    bool found = false;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &t));
    buf_put(&b, SPAN_LIT("before "));
    T_OK(txn_get(t, STORE_META, KEY, &b, NULL, &found));
    assert_true(span_equal(buf_span(&b), SPAN_LIT("before a value")));
    T_OK(txn_get(t, STORE_META, KEY, NULL, NULL, &found)); /* presence alone */
    assert_true(found);
    T_OK(txn_get(t, STORE_META, SPAN_LIT("x"), NULL, NULL, &found));
    assert_false(found);
}

struct stamps {
    uint8_t put[STORE_MAC];
    uint8_t got[STORE_MAC];
    bool same;
};

static CK_RV stamp_put(struct txn *t, void *arg)
{
    struct stamps *st = arg;
    bool found;

    TRY(txn_put(t, STORE_OBJECT, KEY, VALUE, st->put));
    TRY(txn_same(t, STORE_OBJECT, KEY, st->put, &st->same));
    return txn_get(t, STORE_OBJECT, KEY, NULL, st->got, &found);
}

static bool same_now(struct store *s, const uint8_t mac[STORE_MAC])
{
    AUTO(txn_endp) struct txn *t = NULL;
    bool same = false;

    T_OK(txn_begin_read(s, &t));
    T_OK(txn_same(t, STORE_OBJECT, KEY, mac, &same));
    return same;
}

static void stamp_changes_with_the_row(void **state)
{
    struct fixture *f = *state;
    struct stamps st;

    T_OK(store_write(f->store, stamp_put, &st));
    assert_true(st.same);
    assert_memory_equal(st.put, st.got, STORE_MAC);
    assert_true(same_now(f->store, st.put));
    T_OK(row_put(f->store, STORE_OBJECT, SPAN_LIT("another"), VALUE));
    assert_true(same_now(f->store, st.put));
    T_OK(row_put(f->store, STORE_OBJECT, KEY, SPAN_LIT("new value")));
    assert_false(same_now(f->store, st.put));
    T_OK(row_delete(f->store, STORE_OBJECT, KEY, NULL));
    assert_false(same_now(f->store, st.put));
    T_OK(row_put(f->store, STORE_OBJECT, KEY, VALUE));
    assert_true(same_now(f->store, st.put));
}

/* -- transactions ------------------------------------------------------------------------------ */

static CK_RV write_then_fail(struct txn *t, void *arg)
{
    uint64_t *id = arg;

    TRY(txn_new_id(t, id));
    TRY(txn_put(t, STORE_OBJECT, KEY, VALUE, NULL));
    return CKR_FUNCTION_REJECTED;
}

static void failed_write_keeps_nothing(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    uint64_t id = 0, before;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    before = store_last_txn(f->store);
    T_RV(CKR_FUNCTION_REJECTED, store_write(f->store, write_then_fail, &id));
    assert_int_equal(store_last_txn(f->store), before);
    assert_absent(f->store, STORE_OBJECT, KEY);
    T_OK(txn_begin_read(f->store, &t));
    assert_int_equal(txn_count(t, STORE_OBJECT), 0);
    assert_int_equal(txn_counter(t), 1);
}

static CK_RV read_only(struct txn *t, void *arg)
{
    bool found;

    (void)arg;
    return txn_get(t, STORE_META, KEY, NULL, NULL, &found);
}

static void write_of_nothing_commits_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    before = store_last_txn(f->store);
    T_OK(store_write(f->store, read_only, NULL));
    assert_int_equal(store_last_txn(f->store), before);
}

static CK_RV inner_write(struct txn *t, void *arg)
{
    (void)t;
    return row_put(arg, STORE_META, KEY, VALUE);
}

static void write_inside_write_is_refused(void **state)
{
    struct fixture *f = *state;

    T_RV(CKR_GENERAL_ERROR, store_write(f->store, inner_write, f->store));
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
}

static void read_transaction_does_not_write(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    uint64_t id;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &t));
    T_RV(CKR_GENERAL_ERROR, txn_put(t, STORE_META, KEY, VALUE, NULL));
    T_RV(CKR_GENERAL_ERROR, txn_del(t, STORE_META, KEY, NULL));
    T_RV(CKR_GENERAL_ERROR, txn_new_id(t, &id));
}

static void snapshot_stays(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *old = NULL;
    AUTO(txn_endp) struct txn *new = NULL;
    AUTO(buf_clear) struct buf b = BUF_INIT;
    bool found = true;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &old));
    assert_int_equal(txn_id(old), store_last_txn(f->store));
    T_OK(row_put(f->store, STORE_META, KEY, SPAN_LIT("new")));
    T_OK(row_put(f->store, STORE_SEAL, KEY, VALUE));
    T_OK(txn_get(old, STORE_META, KEY, &b, NULL, &found));
    assert_true(span_equal(buf_span(&b), VALUE));
    T_OK(txn_get(old, STORE_SEAL, KEY, NULL, NULL, &found));
    assert_false(found);
    T_OK(txn_begin_read(f->store, &new));
    assert_int_equal(txn_counter(new), txn_counter(old) + 2);
    assert_int_equal(txn_id(new), store_last_txn(f->store));
    assert_true(txn_id(new) > txn_id(old));
    assert_int_equal(txn_count(old, STORE_SEAL), 0);
    assert_int_equal(txn_count(new, STORE_SEAL), 1);
}

/* What is remembered of a row is what one root row said: snapshots that are open beside each other,
 * and a writer among them, each have their own. */
static void snapshots_answer_by_turns(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *old = NULL;
    AUTO(txn_endp) struct txn *new = NULL;
    uint8_t stamp[STORE_MAC];
    bool found = false, same = false;

    T_OK(row_put(f->store, STORE_SEAL, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &old));
    T_OK(txn_get(old, STORE_SEAL, KEY, NULL, stamp, &found));
    T_OK(row_delete(f->store, STORE_SEAL, KEY, &found));
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &new));
    for (int i = 0; i < 3; i++) {
        T_OK(txn_get(old, STORE_SEAL, KEY, NULL, NULL, &found));
        assert_true(found);
        T_OK(txn_get(new, STORE_SEAL, KEY, NULL, NULL, &found));
        assert_false(found);
        T_OK(txn_same(old, STORE_SEAL, KEY, stamp, &same));
        assert_true(same);
        T_OK(txn_same(new, STORE_SEAL, KEY, stamp, &same));
        assert_false(same);
        T_OK(txn_get(old, STORE_META, KEY, NULL, NULL, &found));
        assert_false(found);
        T_OK(txn_get(new, STORE_META, KEY, NULL, NULL, &found));
        assert_true(found);
    }
}

/* How often others commit while a snapshot is taken, between LMDB's two looks at what is newest. */
static unsigned n_meanwhile;
static struct store *written_meanwhile;

static void write_meanwhile(void)
{
    if (n_meanwhile == 0)
        return;
    n_meanwhile--;
    T_OK(row_put(written_meanwhile, STORE_META, KEY, VALUE));
    T_OK(row_put(written_meanwhile, STORE_META, KEY, SPAN_LIT("a later value")));
}

int __real_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **ret);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **ret);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **ret)
{
    const int rc = __real_mdb_txn_begin(env, parent, flags, ret);

    if (rc == 0 && (flags & MDB_RDONLY) != 0)
        write_meanwhile();
    return rc;
}

int __real_mdb_txn_renew(MDB_txn *txn);
int __wrap_mdb_txn_renew(MDB_txn *txn);
int __wrap_mdb_txn_renew(MDB_txn *txn)
{
    const int rc = __real_mdb_txn_renew(txn);

    if (rc == 0)
        write_meanwhile();
    return rc;
}

/* LMDB may give the roots of a later transaction under the number of an earlier one: only a
 * snapshot that nobody has committed beside is taken for what its number says. */
static void snapshot_is_what_its_number_says(void **state)
{
    struct fixture *f = *state;
    bool found = false;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    written_meanwhile = f->store;
    for (unsigned n = 0; n < 4; n++) {
        AUTO(txn_endp) struct txn *t = NULL;

        n_meanwhile = n;
        T_OK(txn_begin_read(f->store, &t));
        assert_int_equal(n_meanwhile, 0);
        assert_int_equal(txn_id(t), store_last_txn(f->store));
    }
    n_meanwhile = 1000; /* no end of it is a host's doing: refused, and nothing is left behind */
    T_RV(CKR_DEVICE_ERROR, row_read(f->store, STORE_META, KEY, NULL, &found));
    assert_in_range(n_meanwhile, 1, 999);
    n_meanwhile = 0;
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("a later value"));
}

static void store_without_rows_is_read(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    bool found = true;

    T_OK(txn_begin_read(f->store, &t));
    assert_int_equal(txn_counter(t), 0);
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_get(t, STORE_META, KEY, NULL, NULL, &found));
    assert_false(found);
    assert_row(f->store, STORE_META, KEY, VALUE);
}

static CK_RV take_id(struct txn *t, void *arg)
{
    return txn_new_id(t, arg);
}

static void ids_are_never_given_twice(void **state)
{
    struct fixture *f = *state;
    uint64_t id = 0, last = 0;

    for (int i = 0; i < 20; i++) {
        T_OK(store_write(f->store, take_id, &id));
        assert_int_equal(id, last + 1);
        last = id;
        if (i % 5 == 0)
            reopen(f);
    }
}

/* What the snapshot's number is good for: nothing written in this transaction has it. */
static CK_RV look_at_id(struct txn *t, void *arg)
{
    uint64_t *id = arg;

    *id = txn_id(t);
    return txn_put(t, STORE_META, KEY, VALUE, NULL);
}

static void write_transaction_has_its_snapshots_id(void **state)
{
    struct fixture *f = *state;
    uint64_t id = 0, before;

    T_OK(row_put(f->store, STORE_META, KEY, SPAN_LIT("x")));
    before = store_last_txn(f->store);
    T_OK(store_write(f->store, look_at_id, &id));
    assert_int_equal(id, before);
    assert_int_equal(store_last_txn(f->store), before + 1);
}

/* -- walks, seeks, peeks ----------------------------------------------------------------------- */

static CK_RV put_numbers(struct txn *t, void *arg)
{
    const unsigned *n = arg;

    for (unsigned i = 0; i < *n; i++) {
        const struct model_row r = {.table = STORE_DEK, .number = (i * 7u) % *n, .version = 1};

        TRY(model_write(t, &r));
    }
    return CKR_OK;
}

struct walked {
    unsigned n;
    unsigned stop_at; /* 0: never */
    bool deletes;
};

static CK_RV walk_row(struct txn *t, struct span key, struct span value, void *arg)
{
    struct walked *w = arg;
    const struct model_row r = {.table = STORE_DEK, .number = w->n, .version = 1};
    AUTO(buf_clear) struct buf want = BUF_INIT;
    uint8_t k[MODEL_KEY];

    model_key(&r, k);
    model_value(&r, 1, &want);
    assert_true(span_equal(key, SPAN_ARRAY(k)));
    assert_true(span_equal(value, buf_span(&want)));
    w->n++;
    if (w->deletes)
        T_OK(txn_del(t, STORE_DEK, key, NULL));
    return w->n == w->stop_at ? CKR_CANCEL : CKR_OK;
}

static void walk_in_key_order(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    struct walked all = {.n = 0}, some = {.stop_at = 5};
    unsigned n = 101;

    T_OK(store_write(f->store, put_numbers, &n));
    T_OK(txn_begin_read(f->store, &t));
    T_OK(txn_walk(t, STORE_DEK, walk_row, &all));
    assert_int_equal(all.n, n);
    assert_int_equal(txn_count(t, STORE_DEK), n);
    T_RV(CKR_CANCEL, txn_walk(t, STORE_DEK, walk_row, &some));
    assert_int_equal(some.n, 5);
    T_OK(txn_walk(t, STORE_SEAL, walk_row, &all)); /* an empty table */
    assert_int_equal(all.n, n);
}

static CK_RV walk_and_delete(struct txn *t, void *arg)
{
    return txn_walk(t, STORE_DEK, walk_row, arg);
}

static void walk_may_delete_what_it_is_given(void **state)
{
    struct fixture *f = *state;
    struct walked all = {.deletes = true};
    AUTO(txn_endp) struct txn *t = NULL;
    unsigned n = 200;

    T_OK(store_write(f->store, put_numbers, &n));
    T_OK(store_write(f->store, walk_and_delete, &all));
    assert_int_equal(all.n, n);
    T_OK(txn_begin_read(f->store, &t));
    assert_int_equal(txn_count(t, STORE_DEK), 0);
}

static void assert_seek(struct txn *t, struct span prefix, struct span from, const char *want)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    bool found = true;

    T_OK(txn_seek(t, STORE_INDEX, prefix, from, &key, &value, &found));
    assert_int_equal(found, want != NULL);
    if (want != NULL) {
        assert_true(span_equal(buf_span(&key), span_of(want, strlen(want))));
        assert_true(span_equal(buf_span(&value), VALUE));
    } else {
        assert_int_equal(key.n + value.n, 0);
    }
}

static void seek_finds_the_first(void **state)
{
    static const char *const keys[] = {"aa1", "aa2", "ab1", "b"};
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;

    for (size_t i = 0; i < N_ELEMENTS(keys); i++)
        T_OK(row_put(f->store, STORE_INDEX, span_of(keys[i], strlen(keys[i])), VALUE));
    T_OK(txn_begin_read(f->store, &t));
    assert_seek(t, SPAN_EMPTY, SPAN_EMPTY, "aa1");
    assert_seek(t, SPAN_LIT("aa"), SPAN_EMPTY, "aa1");
    assert_seek(t, SPAN_LIT("aa"), SPAN_LIT("aa1"), "aa1");
    assert_seek(t, SPAN_LIT("aa"), SPAN_LIT("aa1\1"), "aa2");
    assert_seek(t, SPAN_LIT("aa"), SPAN_LIT("aa3"), NULL);
    assert_seek(t, SPAN_LIT("ab"), SPAN_LIT("aa1"), "ab1"); /* from before the prefix */
    assert_seek(t, SPAN_LIT("b"), SPAN_EMPTY, "b");
    assert_seek(t, SPAN_LIT("c"), SPAN_EMPTY, NULL);
}

static CK_RV count_row(struct txn *t, struct span key, struct span value, void *arg)
{
    unsigned *n = arg;

    (void)t;
    (void)key;
    (void)value;
    (*n)++;
    return CKR_OK;
}

static void peek_needs_no_key(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf b = BUF_INIT;
    bool found = false;
    unsigned n = 0;

    T_OK(row_put(f->store, STORE_SEAL, KEY, VALUE));
    T_OK(row_put(f->store, STORE_SEAL, SPAN_LIT("b"), VALUE));
    store_unref(f->store);
    T_OK(store_open(f->directory, false, 0, &f->store));
    T_OK(txn_begin_peek(f->store, &t));
    T_OK(txn_peek(t, STORE_SEAL, KEY, &b, &found));
    assert_true(found && span_equal(buf_span(&b), VALUE));
    T_OK(txn_peek(t, STORE_SEAL, SPAN_LIT("x"), &b, &found));
    assert_false(found);
    T_OK(txn_peek_walk(t, STORE_SEAL, count_row, &n));
    assert_int_equal(n, 2);
}

/* -- a model ----------------------------------------------------------------------------------- */

struct batch {
    struct model_row *rows;
    unsigned seed;
    unsigned n;
};

/* A small generator of our own: the same run everywhere. */
static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 8;
}

/* Change some rows; run again it does the same. */
static CK_RV batch_write(struct txn *t, void *arg)
{
    struct batch *b = arg;
    unsigned seed = b->seed;

    for (unsigned i = 0; i < b->n; i++) {
        struct model_row *r = &b->rows[next(&seed) % N_MODEL];

        r->version = next(&seed) % 3; /* a third of the changes delete */
        TRY(model_write(t, r));
        if (i % 8 == 0 && model_judge(t, r) != MODEL_TRUE) /* its own changes are seen at once */
            return CKR_GENERAL_ERROR;
    }
    return CKR_OK;
}

static struct model_row *model_new(void)
{
    struct model_row *rows = calloc(N_MODEL, sizeof(*rows));

    assert_non_null(rows);
    for (unsigned i = 0; i < N_MODEL; i++) {
        rows[i].table = (enum store_table)(i % STORE_N_TABLES);
        rows[i].number = i;
    }
    return rows;
}

static void assert_model(struct store *s, const struct model_row *rows)
{
    AUTO(txn_endp) struct txn *t = NULL;
    uint64_t n[STORE_N_TABLES] = {0};

    T_OK(txn_begin_read(s, &t));
    for (unsigned i = 0; i < N_MODEL; i++) {
        assert_int_equal(model_judge(t, &rows[i]), MODEL_TRUE);
        n[rows[i].table] += rows[i].version != 0;
    }
    for (unsigned table = 0; table < STORE_N_TABLES; table++) {
        unsigned walked = 0;

        T_OK(txn_walk(t, (enum store_table)table, count_row, &walked));
        assert_int_equal(walked, n[table]);
        assert_int_equal(txn_count(t, (enum store_table)table), n[table]);
    }
}

/* How many nodes the tree has, seen through LMDB. */
static size_t tree_nodes(const char *directory)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_stat st;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, directory, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "tree", 0, &dbi), 0);
    assert_int_equal(mdb_stat(txn, dbi, &st), 0);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return st.ms_entries;
}

static void model_of_ten_thousand_rows(void **state)
{
    struct fixture *f = *state;
    struct model_row *rows = model_new();
    struct batch b = {.rows = rows, .seed = 7};

    for (unsigned round = 0; round < 40; round++) {
        b.seed = next(&b.seed);
        b.n = round % 4 == 0 ? 1500 : 1 + b.seed % 40; /* large, and small as in daily use */
        T_OK(store_write(f->store, batch_write, &b));
        if (round % 13 == 0) {
            reopen(f);
            assert_model(f->store, rows);
        }
    }
    assert_model(f->store, rows);
    free(rows);
}

static CK_RV write_all(struct txn *t, void *arg)
{
    const struct batch *b = arg;

    for (unsigned i = 0; i < b->n; i++)
        TRY(model_write(t, &b->rows[i]));
    return CKR_OK;
}

static void shuffle(struct model_row *rows, unsigned n, unsigned seed)
{
    for (unsigned i = n; i > 1; i--) {
        const unsigned k = next(&seed) % i;
        const struct model_row r = rows[k];

        rows[k] = rows[i - 1];
        rows[i - 1] = r;
    }
}

/* Growing and shrinking again, in another order and in portions: the tree goes with the rows. */
static void deleting_all_leaves_no_tree(void **state)
{
    struct fixture *f = *state;
    struct model_row *rows = model_new();
    unsigned done = 0;
    size_t n_nodes;

    for (unsigned i = 0; i < N_MODEL; i++)
        rows[i].version = 1;
    T_OK(store_write(f->store, write_all, &(struct batch){.rows = rows, .n = N_MODEL}));
    assert_model(f->store, rows);
    shuffle(rows, N_MODEL, 3);
    for (unsigned n = 1; done < N_MODEL; done += n, n = n * 2 < N_MODEL - done ? n * 2 : 997) {
        n = n < N_MODEL - done ? n : N_MODEL - done;
        for (unsigned i = done; i < done + n; i++)
            rows[i].version = 0;
        T_OK(store_write(f->store, write_all, &(struct batch){.rows = rows + done, .n = n}));
        if (n < 100 || n == 997)
            assert_model(f->store, rows);
    }
    store_unref(f->store);
    n_nodes = tree_nodes(f->directory);
    f->store = store_start(f->directory, false);
    assert_model(f->store, rows);
    free(rows);
    assert_true(n_nodes < 2 * 56); /* what the list of recent changes has not yet taken away */
}

/* Inner nodes with little left below them are folded into buckets again. */
static void shrinking_folds_the_tree(void **state)
{
    struct fixture *f = *state;
    struct model_row *rows = model_new();
    struct batch all = {.rows = rows, .n = 5000}, most = {.rows = rows, .n = 4900};
    size_t n_nodes;

    for (unsigned i = 0; i < all.n; i++)
        rows[i].version = 1;
    T_OK(store_write(f->store, write_all, &all));
    for (unsigned i = 0; i < most.n; i++)
        rows[i].version = 0;
    T_OK(store_write(f->store, write_all, &most));
    store_unref(f->store);
    n_nodes = tree_nodes(f->directory);
    f->store = store_start(f->directory, false);
    assert_model(f->store, rows);
    free(rows);
    assert_true(n_nodes <
                64 + 64); /* not a bucket, and an inner node over it, for most of the 100 */
}

/* -- growth ------------------------------------------------------------------------------------ */

static void small_map_grows(void **state)
{
    struct fixture *f = *state;
    struct model_row *rows = model_new();

    store_unref(f->store);
    T_OK(store_open(f->directory, false, 1, &f->store)); /* the least there is */
    T_OK(store_set_key(f->store, store_key(), true));
    for (unsigned i = 0; i < N_MODEL; i++)
        rows[i].version = 1;
    T_OK(store_write(f->store, write_all, &(struct batch){.rows = rows, .n = N_MODEL}));
    assert_model(f->store, rows);
    free(rows);
}

/* In a child process: open the store anew and do it. */
static void in_child(const struct fixture *f, CK_RV (*work)(struct store *s))
{
    const pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct store *s = NULL;
        CK_RV rv;

        store_forget_all();
        rv = store_open(f->directory, false, 1, &s);
        if (rv == CKR_OK)
            rv = store_set_key(s, store_key(), false);
        if (rv == CKR_OK)
            rv = work(s);
        store_unref(s);
        _exit(rv == CKR_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static CK_RV put_much(struct store *s)
{
    static uint8_t value[3u << 20];

    return row_put(s, STORE_OBJECT, SPAN_LIT("large"), SPAN_ARRAY(value));
}

static void growth_by_another_process_is_followed(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf b = BUF_INIT;
    bool found = false;

    store_unref(f->store);
    T_OK(store_open(f->directory, false, 1, &f->store));
    T_OK(store_set_key(f->store, store_key(), true));
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    in_child(f, put_much);
    T_OK(row_read(f->store, STORE_OBJECT, SPAN_LIT("large"), &b, &found));
    assert_true(found && b.n == 3u << 20);
    in_child(f, put_much);
    T_OK(row_put(f->store, STORE_META, KEY, SPAN_LIT("new")));
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("new"));
}

struct reader {
    struct txn *txn;
    atomic_bool ends;
};

static void *end_later(void *arg)
{
    static const struct timespec pause = {.tv_nsec = 400000000L};
    struct reader *r = arg;

    (void)nanosleep(&pause, NULL);
    atomic_store(&r->ends, true);
    txn_end(r->txn);
    return NULL;
}

/* The map moves only while nobody looks at it. */
static void growth_waits_for_readers(void **state)
{
    static uint8_t value[1u << 20];
    struct fixture *f = *state;
    struct reader r = {.txn = NULL};
    pthread_t thread;

    store_unref(f->store);
    T_OK(store_open(f->directory, false, 1, &f->store));
    T_OK(store_set_key(f->store, store_key(), true));
    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    T_OK(txn_begin_read(f->store, &r.txn));
    assert_int_equal(pthread_create(&thread, NULL, end_later, &r), 0);
    T_OK(row_put(f->store, STORE_OBJECT, KEY, SPAN_ARRAY(value)));
    assert_true(atomic_load(&r.ends));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_row(f->store, STORE_OBJECT, KEY, SPAN_ARRAY(value));
}

struct churn {
    unsigned seed;
};

/* Rows that come and go within one transaction, some of them over several pages. */
static CK_RV churn(struct txn *t, void *arg)
{
    static uint8_t value[20000];
    const struct churn *c = arg;
    unsigned seed = c->seed;

    for (unsigned i = 0; i < 12 + 40; i++) {
        const struct model_row r = {.table = STORE_OBJECT,
                                    .number = i < 12 ? next(&seed) % 300 : 1000 + i};
        const size_t n = next(&seed) % (i < 12 && i % 5 != 0 ? 900 : sizeof(value));
        uint8_t key[MODEL_KEY];

        model_key(&r, key);
        TRY(txn_put(t, r.table, SPAN_ARRAY(key), span_of(value, n), NULL));
        if (i >= 12 || next(&seed) % 2 == 0)
            TRY(txn_del(t, r.table, SPAN_ARRAY(key), NULL));
    }
    return CKR_OK;
}

/* LMDB may leave the end of its file unwritten; a file that is too short must mean damage. */
static void file_is_always_long_enough(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 150; i++) {
        struct churn c = {.seed = i};

        T_OK(store_write(f->store, churn, &c));
        store_unref(f->store);
        f->store = NULL;
        T_OK(store_open(f->directory, false, 0, &f->store)); /* refused, if it were too short */
        T_OK(store_set_key(f->store, store_key(), false));
    }
}

/* -- fork -------------------------------------------------------------------------------------- */

static CK_RV put_from_child(struct store *s)
{
    return row_put(s, STORE_META, KEY, SPAN_LIT("from the child"));
}

static void child_opens_its_own(void **state)
{
    struct fixture *f = *state;
    const uint64_t before = (row_put(f->store, STORE_META, KEY, VALUE), store_last_txn(f->store));
    AUTO(txn_endp) struct txn *t = NULL;

    T_OK(txn_begin_read(f->store, &t)); /* also while a transaction is open */
    in_child(f, put_from_child);
    assert_int_equal(store_last_txn(f->store), before + 1);
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("from the child"));
}

static void child_can_not_use_its_parents(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    pid_t child;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    child = fork();
    if (child == 0) {
        struct txn *t = NULL;
        const bool refused = txn_begin_read(f->store, &t) == CKR_DEVICE_ERROR &&
                             row_put(f->store, STORE_META, KEY, VALUE) == CKR_DEVICE_ERROR &&
                             store_set_key(f->store, store_key(), false) == CKR_DEVICE_ERROR;
        const unsigned open_files = entries("/proc/self/fd");

        store_unref(f->store); /* closes nothing */
        _exit(refused && entries("/proc/self/fd") == open_files ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    T_OK(row_put(f->store, STORE_META, KEY, SPAN_LIT("new")));
    assert_row(f->store, STORE_META, KEY, SPAN_LIT("new"));
}

/* -- many at once ------------------------------------------------------------------------------ */

/* Two rows that are always written together: a reader must never see one without the other. */
static CK_RV write_pair(struct txn *t, void *arg)
{
    const uint8_t *worker = arg;
    uint64_t id = 0;

    TRY(txn_new_id(t, &id));
    TRY(txn_put(t, STORE_OBJECT, span_of(worker, 1), SPAN_OBJ(id), NULL));
    TRY(txn_put(t, STORE_INDEX, span_of(worker, 1), SPAN_OBJ(id), NULL));
    return txn_put(t, STORE_INDEX, SPAN_OBJ(id), SPAN_OBJ(id), NULL);
}

static CK_RV read_pair(struct store *s, uint8_t worker)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf one = BUF_INIT;
    AUTO(buf_clear) struct buf two = BUF_INIT;
    bool found_one = false, found_two = false;

    TRY(txn_begin_read(s, &t));
    TRY(txn_get(t, STORE_OBJECT, SPAN_OBJ(worker), &one, NULL, &found_one));
    TRY(txn_get(t, STORE_INDEX, SPAN_OBJ(worker), &two, NULL, &found_two));
    ENSURE(found_one == found_two && span_equal(buf_span(&one), buf_span(&two)), CKR_GENERAL_ERROR);
    if (found_one)
        TRY(txn_get(t, STORE_INDEX, buf_span(&one), NULL, NULL, &found_one));
    ENSURE(found_one == found_two, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static bool time_is_up(const struct timespec *begin)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000 > WORK_MS;
}

static CK_RV work(struct store *s, uint8_t worker)
{
    struct timespec begin;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    while (!time_is_up(&begin)) {
        TRY(store_write(s, write_pair, &worker));
        for (uint8_t w = 0; w < N_WORKERS; w++)
            TRY(read_pair(s, w));
    }
    return CKR_OK;
}

struct worker {
    struct store *store;
    uint8_t number;
    CK_RV rv;
};

static void *work_thread(void *arg)
{
    struct worker *w = arg;

    w->rv = work(w->store, w->number);
    return NULL;
}

static void threads_work_at_once(void **state)
{
    struct fixture *f = *state;
    struct worker workers[N_WORKERS];
    pthread_t thread[N_WORKERS];

    store_unref(f->store);
    T_OK(store_open(f->directory, false, 1, &f->store)); /* grows under way */
    T_OK(store_set_key(f->store, store_key(), true));
    for (uint8_t i = 0; i < N_WORKERS; i++) {
        workers[i] = (struct worker){.store = f->store, .number = i};
        assert_int_equal(pthread_create(&thread[i], NULL, work_thread, &workers[i]), 0);
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        T_OK(workers[i].rv);
    }
}

static pid_t work_process(const struct fixture *f, uint8_t worker)
{
    const pid_t child = fork();

    if (child == 0) {
        struct store *s = NULL;
        CK_RV rv;

        store_forget_all();
        (void)alarm(30);
        rv = store_try(f->directory, &s);
        if (rv == CKR_OK)
            rv = work(s, worker);
        store_unref(s);
        _exit(rv == CKR_OK ? 0 : 1);
    }
    assert_true(child > 0);
    return child;
}

static void processes_work_at_once_and_die(void **state)
{
    static const struct timespec while_ = {.tv_nsec = 150000000L};
    struct fixture *f = *state;
    pid_t child[N_WORKERS];
    int status = 0;

    T_OK(row_put(f->store, STORE_META, KEY, VALUE));
    for (uint8_t i = 0; i < N_WORKERS; i++)
        child[i] = work_process(f, i);
    for (unsigned i = 0; i < 6; i++) { /* the first two die again and again */
        (void)nanosleep(&while_, NULL);
        assert_int_equal(kill(child[i % 2], SIGKILL), 0);
        assert_int_equal(waitpid(child[i % 2], &status, 0), child[i % 2]);
        child[i % 2] = work_process(f, (uint8_t)(i % 2));
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
        T_OK(read_pair(f->store, (uint8_t)i));
    }
    reopen(f);
    T_OK(row_put(f->store, STORE_META, KEY, SPAN_LIT("new")));
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/store/open/absent-is-left-alone", absent_store_is_left_alone),
        TEST("/store/open/made-for-the-owner-alone", created_for_the_owner_alone),
        TEST("/store/open/writable-by-others-is-refused", writable_by_others_is_refused),
        TEST("/store/open/owned-by-another-is-refused", owned_by_another_is_refused),
        TEST("/store/open/symbolic-link-is-refused", symbolic_link_is_refused),
        TEST("/store/open/lost-database-is-not-made-anew", lost_database_is_not_made_anew),
        TEST("/store/open/one-directory-is-one-store", one_directory_is_one_store),
        TEST("/store/open/little-address-space", little_address_space_is_enough),
        TEST("/store/open/what-is-printed-goes-nowhere", what_is_printed_goes_nowhere),
        TEST("/store/close/gives-reader-slots-back", closing_gives_reader_slots_back),
        TEST("/store/read/dead-reader-is-cleared", dead_reader_is_cleared),
        TEST("/store/key/wrong-length-is-refused", key_of_wrong_length_is_refused),
        TEST("/store/key/again-and-another", key_may_be_given_again),
        TEST("/store/key/unused-may-be-corrected", unused_key_may_be_corrected),
        TEST("/store/key/fresh-over-made-is-refused", fresh_key_over_a_made_store_is_refused),
        TEST("/store/key/without-it-nothing-is-verified", without_key_nothing_is_verified),
        TEST("/store/row/round-trip", rows_come_back),
        TEST("/store/row/any-size", rows_of_any_size),
        TEST("/store/row/unfit-arguments", unfit_arguments_change_nothing),
        TEST("/store/row/delete-tells", delete_tells_whether_there_was_one),
        TEST("/store/row/get-appends", get_appends),
        TEST("/store/row/stamp", stamp_changes_with_the_row),
        TEST("/store/write/failed-keeps-nothing", failed_write_keeps_nothing),
        TEST("/store/write/nothing-commits-nothing", write_of_nothing_commits_nothing),
        TEST("/store/write/inside-write-is-refused", write_inside_write_is_refused),
        TEST("/store/write/not-in-a-read", read_transaction_does_not_write),
        TEST("/store/write/has-the-snapshots-id", write_transaction_has_its_snapshots_id),
        TEST("/store/write/new-ids", ids_are_never_given_twice),
        TEST("/store/read/snapshot", snapshot_stays),
        TEST("/store/read/snapshots-by-turns", snapshots_answer_by_turns),
        TEST("/store/read/snapshot-of-its-number", snapshot_is_what_its_number_says),
        TEST("/store/read/without-rows", store_without_rows_is_read),
        TEST("/store/walk/key-order", walk_in_key_order),
        TEST("/store/walk/may-delete", walk_may_delete_what_it_is_given),
        TEST("/store/seek/first", seek_finds_the_first),
        TEST("/store/peek/no-key", peek_needs_no_key),
        TEST("/store/model/ten-thousand-rows", model_of_ten_thousand_rows),
        TEST("/store/model/deleting-all", deleting_all_leaves_no_tree),
        TEST("/store/model/shrinking", shrinking_folds_the_tree),
        TEST("/store/grow/small-map", small_map_grows),
        TEST("/store/grow/by-another-process", growth_by_another_process_is_followed),
        TEST("/store/grow/waits-for-readers", growth_waits_for_readers),
        TEST("/store/grow/file-long-enough", file_is_always_long_enough),
        TEST("/store/fork/child-opens-its-own", child_opens_its_own),
        TEST("/store/fork/parents-is-refused", child_can_not_use_its_parents),
        TEST("/store/many/threads", threads_work_at_once),
        TEST("/store/many/processes-with-kills", processes_work_at_once_and_die),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
