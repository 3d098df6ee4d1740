/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-survey.c - a survey names every fault of a store, and nothing else; a copy is a store of its
 * own, taken while others write, without what was deleted, and older than what a process has seen.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_capture.h"
#include "store/node.h"
#include "store/survey.h"
#include "store_fixture.h"

#define N_ROWS    700 /* enough for a tree of two levels */
#define TOLD_MAX  64
#define WRITES    150 /* of each writer while copies are taken */
#define N_WRITERS 4

struct told {
    unsigned table;
    uint8_t key[STORE_KEY_MAX];
    size_t n_key;
    char what[128];
};

struct fixture {
    char *directory;
    struct store *store;
    struct model_row rows[N_ROWS];
    /* of the last survey */
    struct told told[TOLD_MAX];
    size_t n_told;
    size_t n_rows;
    struct survey_counts counts;
    struct span left_out; /* node */
};

static CK_RV write_rows(struct txn *t, void *arg)
{
    struct fixture *f = arg;

    for (size_t i = 0; i < N_ROWS; i++) {
        f->rows[i] = (struct model_row){(enum store_table)(i % STORE_N_TABLES), i, 1};
        TRY(model_write(t, &f->rows[i]));
    }
    return CKR_OK;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->directory = scratch_new();
    f->store = store_start(f->directory, true);
    T_OK(store_write(f->store, write_rows, f));
    T_OK(row_put(f->store, STORE_META, SPAN_LIT("late"), SPAN_LIT("among the recent changes")));
    T_OK(row_delete(f->store, STORE_META, SPAN_LIT("late"), NULL));
    T_OK(row_put(f->store, STORE_META, SPAN_LIT("later"), SPAN_LIT("the same")));
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

/* -- what a survey tells ----------------------------------------------------------------------- */

static bool on_enter(void *arg, unsigned table, struct span key)
{
    const struct fixture *f = arg;

    return table != SURVEY_TREE || f->left_out.n == 0 || !span_equal(key, f->left_out);
}

static void on_fault(void *arg, unsigned table, struct span key, const char *what)
{
    struct fixture *f = arg;
    struct told *t;

    if (f->n_told == TOLD_MAX)
        return;
    t = &f->told[f->n_told++];
    t->table = table;
    t->n_key = key.n;
    if (key.n > 0)
        memcpy(t->key, key.p, key.n);
    (void)snprintf(t->what, sizeof(t->what), "%s", what);
}

static void on_row(void *arg, struct txn *t, enum store_table table, struct span key,
                   struct span value)
{
    struct fixture *f = arg;

    (void)t;
    (void)table;
    (void)key;
    (void)value;
    f->n_rows++;
}

static void survey_in(struct fixture *f, struct txn *t)
{
    const struct survey_watch w = {on_enter, on_fault, on_row, f};
    AUTO(survey_freep) struct survey *s = NULL;

    f->n_told = f->n_rows = 0;
    f->counts = (struct survey_counts){{0}, {0}};
    T_OK(survey_new(t, &w, &f->counts, &s));
    for (unsigned table = 0; table < SURVEY_N_TABLES; table++)
        T_OK(survey_table(s, table, SPAN_EMPTY));
    survey_end(s);
}

static void survey(struct fixture *f)
{
    AUTO(txn_endp) struct txn *t = NULL;

    T_OK(txn_begin_read(f->store, &t));
    survey_in(f, t);
}

/* This was told of this row; an empty key: of the table. */
static void assert_told(const struct fixture *f, unsigned table, struct span key, const char *what)
{
    for (size_t i = 0; i < f->n_told; i++) {
        const struct told *t = &f->told[i];

        if (t->table == table && span_equal(key, span_of(t->key, t->n_key)) &&
            strstr(t->what, what) != NULL)
            return;
    }
    for (size_t i = 0; i < f->n_told; i++)
        print_message("told: %s: %s\n", survey_table_name(f->told[i].table), f->told[i].what);
    fail_msg("not told: %s: %s", survey_table_name(table), what);
}

static struct span key_of(const struct fixture *f, size_t i, uint8_t room[MODEL_KEY])
{
    model_key(&f->rows[i], room);
    return span_of(room, MODEL_KEY);
}

/* -- the hands of a host ------------------------------------------------------------------------
 */

/* With the store closed: write a row (value.p NULL: remove it). */
static void raw_change(struct fixture *f, unsigned table, struct span key, struct span value)
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p};
    MDB_val v = {.mv_size = value.n, .mv_data = (void *)(uintptr_t)value.p};
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, SURVEY_N_TABLES), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 64u << 20), 0);
    assert_int_equal(mdb_env_open(env, f->directory, MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, survey_table_name(table), 0, &dbi), 0);
    assert_int_equal(value.p == NULL ? mdb_del(txn, dbi, &k, NULL) : mdb_put(txn, dbi, &k, &v, 0),
                     0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void close_store(struct fixture *f)
{
    store_unref(f->store);
    f->store = NULL;
}

/* The first node of the tree at this depth: its key, and its content. */
static struct span node_find(struct fixture *f, unsigned depth, uint8_t key[NODE_KEY_MAX],
                             struct buf *content)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_cursor *c = NULL;
    MDB_dbi dbi;
    MDB_val k, v;
    size_t n;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, SURVEY_N_TABLES), 0);
    assert_int_equal(mdb_env_open(env, f->directory, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "tree", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &c), 0);
    assert_int_equal(mdb_cursor_get(c, &k, &v, MDB_FIRST), 0);
    while (*(const uint8_t *)k.mv_data != depth)
        assert_int_equal(mdb_cursor_get(c, &k, &v, MDB_NEXT), 0);
    n = k.mv_size;
    memcpy(key, k.mv_data, n);
    buf_put(content, span_of(v.mv_data, v.mv_size));
    mdb_cursor_close(c);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return span_of(key, n);
}

/* -- surveys -------------------------------------------------------------------------------------
 */

static void whole_store_has_no_fault(void **state)
{
    struct fixture *f = *state;

    survey(f);
    assert_int_equal(f->n_told, 0);
    assert_int_equal(f->n_rows, N_ROWS + 1);
    assert_true(f->counts.seen[SURVEY_TREE] > 64);
    assert_int_equal(f->counts.seen[SURVEY_ROOT], 1);
    for (unsigned table = 0; table < STORE_N_TABLES; table++)
        assert_int_equal(f->counts.seen[table], f->counts.known[table]);
}

/* Several at once: each is told, and nothing else. */
static void each_fault_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t changed[MODEL_KEY], gone[MODEL_KEY], again[MODEL_KEY];

    T_OK(row_delete(f->store, STORE_SEAL, key_of(f, 8, again), NULL));
    close_store(f);
    raw_change(f, STORE_OBJECT, key_of(f, 4, changed), SPAN_LIT("another value"));
    raw_change(f, STORE_DEK, key_of(f, 3, gone), SPAN_EMPTY);
    raw_change(f, STORE_TOKEN, SPAN_LIT("never stored"), SPAN_LIT("x"));
    raw_change(f, STORE_SEAL, span_of(again, sizeof(again)), SPAN_LIT("put back"));
    raw_change(f, STORE_META, SPAN_LIT("late"), SPAN_LIT("among the recent changes"));
    raw_change(f, STORE_META, SPAN_LIT("later"), SPAN_LIT("changed"));
    f->store = store_start(f->directory, false);
    survey(f);
    assert_told(f, STORE_OBJECT, SPAN_ARRAY(changed), "not the row that was stored last");
    assert_told(f, STORE_DEK, SPAN_EMPTY, "1 row is missing");
    assert_told(f, STORE_TOKEN, SPAN_LIT("never stored"), "never stored");
    assert_told(f, STORE_SEAL, SPAN_ARRAY(again), "was deleted");
    assert_told(f, STORE_META, SPAN_LIT("late"), "was deleted");
    assert_told(f, STORE_META, SPAN_LIT("later"), "not the row");
    assert_int_equal(f->n_told, 6);
}

/* Below a broken node nothing is known; everything else is, and is right. */
static void broken_node_hides_no_more_than_it_has(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf content = BUF_INIT;
    uint8_t room[NODE_KEY_MAX];
    struct span node;

    close_store(f);
    node = node_find(f, 1, room, &content);
    content.p[content.n - 1] ^= 1;
    raw_change(f, SURVEY_TREE, node, buf_span(&content));
    f->store = store_start(f->directory, false);
    survey(f);
    assert_told(f, SURVEY_TREE, node, "not authentic");
    assert_true(f->n_told > 1 && f->n_told < 1 + BUCKET_MAX + 1);
    for (size_t i = 0; i < f->n_told; i++)
        assert_true(f->told[i].table == SURVEY_TREE || strstr(f->told[i].what, "can't be judged"));
    assert_int_equal(f->n_rows + f->n_told - 1, N_ROWS + 1);
}

static void missing_node_is_named(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf content = BUF_INIT;
    uint8_t room[NODE_KEY_MAX];
    struct span node;

    close_store(f);
    node = node_find(f, 1, room, &content);
    raw_change(f, SURVEY_TREE, node, SPAN_EMPTY);
    f->store = store_start(f->directory, false);
    survey(f);
    assert_told(f, SURVEY_TREE, node, "is missing");
}

static void stray_and_malformed_nodes_are_named(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf content = BUF_INIT;
    static const uint8_t stray[] = {3, 0xaa, 0xbb, 0xcc}, odd[] = {3, 0xaa};
    uint8_t room[NODE_KEY_MAX];

    close_store(f);
    (void)node_find(f, 1, room, &content);
    raw_change(f, SURVEY_TREE, SPAN_ARRAY(stray), buf_span(&content));
    f->store = store_start(f->directory, false);
    survey(f);
    assert_told(f, SURVEY_TREE, SPAN_EMPTY, "does not lead to");
    assert_int_equal(f->n_told, 1);
    close_store(f);
    raw_change(f, SURVEY_TREE, SPAN_ARRAY(odd), buf_span(&content));
    raw_change(f, SURVEY_TREE, SPAN_ARRAY(stray), SPAN_LIT("?"));
    raw_change(f, SURVEY_ROOT, SPAN_LIT("second"), SPAN_LIT("?"));
    f->store = store_start(f->directory, false);
    survey(f);
    assert_told(f, SURVEY_TREE, SPAN_ARRAY(odd), "a key that no node has");
    assert_told(f, SURVEY_TREE, SPAN_ARRAY(stray), "malformed");
    assert_told(f, SURVEY_ROOT, SPAN_LIT("second"), "no root row");
}

/* As after a child that a page had ended. */
static void begins_anywhere_and_leaves_out(void **state)
{
    struct fixture *f = *state;
    const struct survey_watch w = {on_enter, on_fault, on_row, f};
    AUTO(survey_freep) struct survey *s = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf content = BUF_INIT;
    uint8_t room[NODE_KEY_MAX], half[MODEL_KEY];
    uint64_t all;

    survey(f);
    all = f->counts.seen[STORE_OBJECT];
    close_store(f);
    f->left_out = node_find(f, 1, room, &content);
    f->store = store_start(f->directory, false);
    T_OK(txn_begin_read(f->store, &t));
    survey_in(f, t);
    assert_true(f->n_told > 0);
    for (size_t i = 0; i < f->n_told; i++)
        assert_non_null(strstr(f->told[i].what, "can't be judged"));
    f->left_out = SPAN_EMPTY;
    f->counts = (struct survey_counts){{0}, {0}};
    T_OK(survey_new(t, &w, &f->counts, &s));
    (void)key_of(f, 4 + 7 * 50, half);
    T_OK(survey_table(s, STORE_OBJECT, SPAN_ARRAY(half)));
    assert_true(f->counts.seen[STORE_OBJECT] > 0 && f->counts.seen[STORE_OBJECT] < all);
}

static void without_key_the_form_is_looked_at(void **state)
{
    struct fixture *f = *state;
    AUTO(txn_endp) struct txn *t = NULL;
    uint8_t changed[MODEL_KEY];

    close_store(f);
    raw_change(f, STORE_OBJECT, key_of(f, 4, changed), SPAN_LIT("another value"));
    T_OK(store_open(f->directory, false, 0, &f->store));
    T_OK(txn_begin_peek(f->store, &t));
    survey_in(f, t);
    assert_int_equal(f->n_told, 0);
    assert_int_equal(f->n_rows, N_ROWS + 1);
}

/* -- copies --------------------------------------------------------------------------------------
 */

static int file_new(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    return fd;
}

static void copy_to(struct fixture *f, const char *path)
{
    const int fd = file_new(path);

    T_OK(store_copy(f->store, fd));
    assert_int_equal(close(fd), 0);
}

struct writer {
    struct store *store;
    unsigned number;
};

/* Two rows that belong together, in one transaction. */
static CK_RV write_pair(struct txn *t, void *arg)
{
    const struct model_row *r = arg;
    struct model_row second = *r;

    second.number += 1;
    TRY(model_write(t, r));
    return model_write(t, &second);
}

static void *write_on(void *arg)
{
    const struct writer *w = arg;

    for (uint64_t i = 0; i < WRITES; i++) {
        struct model_row r = {STORE_OBJECT, 10000 + w->number * 1000 + 2 * i, 1};

        if (store_write(w->store, write_pair, &r) != CKR_OK)
            abort();
    }
    return NULL;
}

/* Whole, and of one moment: never one row of a pair alone. */
static void copy_is_of_one_moment(struct fixture *f, const char *path)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct store *copy = NULL;

    T_OK(store_open_file(path, "the copy", false, 0, &copy));
    T_OK(store_set_key(copy, store_key(), false));
    T_OK(txn_begin_read(copy, &t));
    survey_in(f, t);
    assert_int_equal(f->n_told, 0);
    for (unsigned w = 0; w < N_WRITERS; w++) {
        for (uint64_t i = 0; i < WRITES; i++) {
            struct model_row r = {STORE_OBJECT, 10000 + w * 1000 + 2 * i, 1}, second = r;

            second.number += 1;
            if (model_judge(t, &r) != MODEL_TRUE) /* not yet written: then neither is */
                r.version = second.version = 0;
            assert_int_equal(model_judge(t, &r), MODEL_TRUE);
            assert_int_equal(model_judge(t, &second), MODEL_TRUE);
        }
    }
    txn_end(TAKE(t));
    store_unref(copy);
}

static void copies_while_others_write(void **state)
{
    struct fixture *f = *state;
    struct writer writers[N_WRITERS];
    pthread_t threads[N_WRITERS];
    char path[4200];

    for (unsigned i = 0; i < N_WRITERS; i++) {
        writers[i] = (struct writer){f->store, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    for (unsigned i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof(path), "%s/copy-%u", f->directory, i);
        copy_to(f, path);
    }
    for (unsigned i = 0; i < N_WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof(path), "%s/copy-%u", f->directory, i);
        copy_is_of_one_moment(f, path);
    }
}

static bool file_has(const char *path, const char *text)
{
    char command[8400];

    (void)snprintf(command, sizeof(command), "grep -qaF '%s' '%s'", text, path);
    return system(command) == 0; /* NOLINT: a test's own words */
}

static void nothing_that_was_deleted_is_copied(void **state)
{
    struct fixture *f = *state;
    const char *marker = "a row that was deleted before the copy";
    char data[4200], copy[4200];

    (void)snprintf(data, sizeof(data), "%s/data.mdb", f->directory);
    (void)snprintf(copy, sizeof(copy), "%s/copy", f->directory);
    T_OK(row_put(f->store, STORE_SEAL, SPAN_LIT("doomed"), span_of(marker, strlen(marker))));
    T_OK(row_delete(f->store, STORE_SEAL, SPAN_LIT("doomed"), NULL));
    assert_true(file_has(data, marker)); /* on a page that is free now */
    copy_to(f, copy);
    assert_false(file_has(copy, marker));
}

/* A file of store_copy() is put in the place of the store that this process had open before. */
static void older_copy_is_refused_by_who_saw_more(void **state)
{
    struct fixture *f = *state;
    char copy[4200], data[4200];
    struct txn *t = NULL;

    (void)snprintf(copy, sizeof(copy), "%s/copy", f->directory);
    (void)snprintf(data, sizeof(data), "%s/data.mdb", f->directory);
    copy_to(f, copy);
    T_OK(row_put(f->store, STORE_META, SPAN_LIT("after the copy"), SPAN_LIT("x")));
    close_store(f);
    assert_int_equal(rename(copy, data), 0);
    f->store = store_start(f->directory, false);
    log_capture_clear();
    T_RV(CKR_DEVICE_ERROR, txn_begin_read(f->store, &t));
    assert_non_null(strstr(log_capture_text(), "ROLLED BACK"));
}

/* A copy that is written, as a restoration does, is one commit further and still whole. */
static void copy_may_be_written(void **state)
{
    struct fixture *f = *state;
    struct store *copy = NULL;
    struct txn *t = NULL;
    char path[4200];
    uint64_t before;

    (void)snprintf(path, sizeof(path), "%s/copy", f->directory);
    copy_to(f, path);
    T_OK(store_open_file(path, "the copy", true, 0, &copy));
    T_OK(store_set_key(copy, store_key(), false));
    T_OK(txn_begin_read(copy, &t));
    before = txn_counter(t);
    txn_end(TAKE(t));
    T_OK(row_put(copy, STORE_AUDIT, SPAN_LIT("restored"), SPAN_LIT("x")));
    T_OK(txn_begin_read(copy, &t));
    assert_int_equal(txn_counter(t), before + 1);
    survey_in(f, t);
    assert_int_equal(f->n_told, 0);
    txn_end(TAKE(t));
    store_unref(copy);
    assert_int_equal(access(scratch_path(f->directory, "copy-lock"), F_OK), -1);
}

/* -- the length of a file
 * -------------------------------------------------------------------------- */

/* Both meta pages name one transaction: LMDB takes the first then, and a last page that is there is
 * what the second one names. */
static void metas_contradict(int fd, uint64_t last)
{
    static const uint64_t txn = 99, one = 1, none = UINT64_MAX;

    assert_int_equal(pwrite(fd, &txn, sizeof(txn), 144), sizeof(txn));
    assert_int_equal(pwrite(fd, &last, sizeof(last), 136), sizeof(last));
    assert_int_equal(pwrite(fd, &txn, sizeof(txn), 4096 + 144), sizeof(txn));
    assert_int_equal(pwrite(fd, &one, sizeof(one), 4096 + 136), sizeof(one));
    assert_int_equal(pwrite(fd, &none, sizeof(none), 4096 + 80), sizeof(none));
    assert_int_equal(pwrite(fd, &none, sizeof(none), 4096 + 128), sizeof(none));
}

static void short_file_is_refused_however_its_metas_stand(void **state)
{
    struct fixture *f = *state;
    char copy[4200];
    struct store *s = NULL;
    struct stat st;
    int fd;

    (void)snprintf(copy, sizeof(copy), "%s/copy", f->directory);
    copy_to(f, copy);
    T_OK(store_open_file(copy, "the copy", false, 0, &s));
    store_unref(TAKE(s));
    fd = open(copy, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
    log_capture_clear();
    T_RV(CKR_DEVICE_ERROR, store_open_file(copy, "the copy", false, 0, &s));
    assert_non_null(strstr(log_capture_text(), "cut short"));
    metas_contradict(fd, (uint64_t)st.st_size / 4096 - 1);
    log_capture_clear();
    T_RV(CKR_DEVICE_ERROR, store_open_file(copy, "the copy", false, 0, &s));
    assert_non_null(strstr(log_capture_text(), "cut short"));
    assert_int_equal(close(fd), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;

    T_RV(CKR_DEVICE_ERROR, store_open_file(f->directory, "a directory", false, 0, &s));
    T_RV(CKR_DEVICE_ERROR, store_open_file("/dev/null", "a device", false, 0, &s));
    T_RV(CKR_DEVICE_ERROR, store_open_file("/nowhere/at/all", "nothing", false, 0, &s));
    assert_int_equal(mkfifo(scratch_path(f->directory, "pipe"), 0600), 0);
    T_RV(CKR_DEVICE_ERROR,
         store_open_file(scratch_path(f->directory, "pipe"), "a pipe", false, 0, &s));
    assert_null(s);
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/survey/whole-store", whole_store_has_no_fault),
        TEST("/survey/each-fault-is-named", each_fault_is_named),
        TEST("/survey/broken-node", broken_node_hides_no_more_than_it_has),
        TEST("/survey/missing-node", missing_node_is_named),
        TEST("/survey/stray-nodes", stray_and_malformed_nodes_are_named),
        TEST("/survey/begins-anywhere", begins_anywhere_and_leaves_out),
        TEST("/survey/without-key", without_key_the_form_is_looked_at),
        TEST("/copy/while-others-write", copies_while_others_write),
        TEST("/copy/without-what-was-deleted", nothing_that_was_deleted_is_copied),
        TEST("/copy/older-than-what-was-seen", older_copy_is_refused_by_who_saw_more),
        TEST("/copy/may-be-written", copy_may_be_written),
        TEST("/copy/short-file-is-refused", short_file_is_refused_however_its_metas_stand),
        TEST("/copy/no-file-is-refused", what_is_no_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
