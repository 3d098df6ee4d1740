/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-store-hostile.c - what somebody who owns the disk can do to a store: each row and each node
 * of the tree changed, removed, moved, or replaced by an older one through LMDB's own calls; tables
 * and the whole store rolled back; single bytes of the file flipped. The answer must always be the
 * truth or a refusal. What LMDB itself does with a broken page is counted and printed.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_capture.h"
#include "store/head.h"
#include "store_fixture.h"

#define N_ROWS  140
#define N_FLIPS 400
#define DELETED 5 /* a row that is not there any more */

static const char *const tables[] = {"meta",  "seal",  "token", "dek", "object",
                                     "index", "audit", "tree",  "root"};

/* A store as it should be, in `good`; as it was some commits before, in `old`; and one to spoil. */
static char *directory;
static char good[4096], old[4096], spoiled[4096];
static struct model_row rows[N_ROWS], old_rows[N_ROWS];

/* -- LMDB's own calls -------------------------------------------------------------------------- */

struct raw {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi[N_ELEMENTS(tables)];
};

static struct raw raw_begin(const char *store, unsigned flags)
{
    struct raw r = {.env = NULL};

    assert_int_equal(mdb_env_create(&r.env), 0);
    assert_int_equal(mdb_env_set_maxdbs(r.env, N_ELEMENTS(tables)), 0);
    assert_int_equal(mdb_env_set_mapsize(r.env, 64u << 20), 0);
    assert_int_equal(mdb_env_open(r.env, store, flags | MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(r.env, NULL, flags, &r.txn), 0);
    for (size_t i = 0; i < N_ELEMENTS(tables); i++)
        assert_int_equal(mdb_dbi_open(r.txn, tables[i], 0, &r.dbi[i]), 0);
    return r;
}

static void raw_end(struct raw *r)
{
    assert_int_equal(mdb_txn_commit(r->txn), 0);
    mdb_env_close(r->env);
}

static MDB_val val_of(struct span bytes)
{
    return (MDB_val){.mv_size = bytes.n, .mv_data = (void *)(uintptr_t)bytes.p};
}

/* Append the value; false when there is none. */
static bool raw_get(struct raw *r, unsigned table, struct span key, struct buf *ret)
{
    MDB_val k = val_of(key), v;
    const int rc = mdb_get(r->txn, r->dbi[table], &k, &v);

    assert_true(rc == 0 || rc == MDB_NOTFOUND);
    if (rc == 0)
        buf_put(ret, span_of(v.mv_data, v.mv_size));
    return rc == 0;
}

static void raw_put(struct raw *r, unsigned table, struct span key, struct span value)
{
    MDB_val k = val_of(key), v = val_of(value);

    assert_int_equal(mdb_put(r->txn, r->dbi[table], &k, &v, 0), 0);
}

static void raw_del(struct raw *r, unsigned table, struct span key)
{
    MDB_val k = val_of(key);

    assert_int_equal(mdb_del(r->txn, r->dbi[table], &k, NULL), 0);
}

/* The key of row number i, false behind the last. */
static bool raw_key(struct raw *r, unsigned table, size_t i, struct buf *ret)
{
    MDB_cursor *c = NULL;
    MDB_val k, v;
    int rc;

    assert_int_equal(mdb_cursor_open(r->txn, r->dbi[table], &c), 0);
    rc = mdb_cursor_get(c, &k, &v, MDB_FIRST);
    for (; rc == 0 && i > 0; i--)
        rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
    if (rc == 0)
        buf_put(ret, span_of(k.mv_data, k.mv_size));
    mdb_cursor_close(c);
    return rc == 0;
}

/* -- a store to spoil -------------------------------------------------------------------------- */

static void keep(const char *from, const char *to)
{
    char a[4200], b[4200];

    (void)snprintf(a, sizeof(a), "%s/data.mdb", from);
    (void)snprintf(b, sizeof(b), "%s/data.mdb", to);
    file_copy(a, b);
}

static CK_RV write_rows(struct txn *t, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < N_ROWS; i++)
        TRY(model_write(t, &rows[i]));
    return CKR_OK;
}

static CK_RV write_row(struct txn *t, void *arg)
{
    return model_write(t, arg);
}

/* Some rows go through the list of recent changes into the tree, the last ones stay in the list. */
static void good_make(struct store *s)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (i % 3 == 0)
            rows[i].version = 2;
        if (i % 5 == 0)
            rows[i].version = 0;
        if (rows[i].version != 1)
            T_OK(store_write(s, write_row, &rows[i]));
    }
}

static int setup(void **state)
{
    struct store *s;

    (void)state;
    directory = scratch_new();
    (void)snprintf(good, sizeof(good), "%s", scratch_path(directory, "good"));
    (void)snprintf(old, sizeof(old), "%s", scratch_path(directory, "old"));
    (void)snprintf(spoiled, sizeof(spoiled), "%s", scratch_path(directory, "spoiled"));
    if (mkdir(old, 0700) != 0 || mkdir(good, 0700) != 0)
        return -1;
    s = store_start(spoiled, true);
    for (size_t i = 0; i < N_ROWS; i++)
        rows[i] = (struct model_row){
            .table = (enum store_table)(i % STORE_N_TABLES), .number = i, .version = 1};
    T_OK(store_write(s, write_rows, NULL));
    memcpy(old_rows, rows, sizeof(rows));
    store_unref(s);
    keep(spoiled, old);
    s = store_start(spoiled, false);
    good_make(s);
    store_unref(s);
    keep(spoiled, good);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(directory);
    return 0;
}

/* The truth, before anything is spoiled. */
static int restore(void **state)
{
    (void)state;
    keep(good, spoiled);
    log_capture_clear();
    return 0;
}

static struct census census_of(const struct model_row *model)
{
    struct store *s = NULL;
    struct census c = {{0}};

    if (store_try(spoiled, &s) != CKR_OK) {
        c.n[MODEL_REFUSED] = N_ROWS + STORE_N_TABLES;
        return c;
    }
    c = model_census(s, model, N_ROWS);
    store_unref(s);
    return c;
}

static void good_store_is_true(void **state)
{
    const struct census c = census_of(rows);

    (void)state;
    assert_int_equal(c.n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
    assert_string_equal(log_capture_text(), "");
}

/* -- single rows ------------------------------------------------------------------------------- */

/* Spoil row `i`; false: that can't be done to this row. */
typedef bool attack_fn(struct raw *r, size_t i, struct span key);

/* Attack each row in turn: reading it and walking its table are refused, all else is true. */
static void attack_each_row(attack_fn *attack)
{
    unsigned n = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        uint8_t key[MODEL_KEY];
        struct census c;
        struct raw r;

        (void)restore(NULL);
        model_key(&rows[i], key);
        r = raw_begin(spoiled, 0);
        if (!attack(&r, i, SPAN_ARRAY(key))) {
            raw_end(&r);
            continue;
        }
        raw_end(&r);
        c = census_of(rows);
        assert_int_equal(c.n[MODEL_WRONG], 0);
        assert_int_equal(c.n[MODEL_REFUSED], 2);
        n++;
    }
    assert_true(n > 10);
}

static bool row_is_flipped(struct raw *r, size_t i, struct span key)
{
    AUTO(buf_clear) struct buf v = BUF_INIT;

    if (!raw_get(r, rows[i].table, key, &v))
        return false;
    v.p[i % v.n] ^= (uint8_t)(1u << i % 8);
    raw_put(r, rows[i].table, key, buf_span(&v));
    return true;
}

static bool row_is_cut(struct raw *r, size_t i, struct span key)
{
    AUTO(buf_clear) struct buf v = BUF_INIT;

    if (!raw_get(r, rows[i].table, key, &v))
        return false;
    raw_put(r, rows[i].table, key, span_of(v.p, i % 2 == 0 ? v.n - 1 : 0));
    return true;
}

static bool row_is_removed(struct raw *r, size_t i, struct span key)
{
    AUTO(buf_clear) struct buf v = BUF_INIT;

    if (!raw_get(r, rows[i].table, key, &v))
        return false;
    raw_del(r, rows[i].table, key);
    return true;
}

static bool row_gets_anothers_value(struct raw *r, size_t i, struct span key)
{
    const struct model_row *other = &rows[(i + STORE_N_TABLES) % N_ROWS];
    AUTO(buf_clear) struct buf mine = BUF_INIT;
    AUTO(buf_clear) struct buf theirs = BUF_INIT;
    uint8_t k[MODEL_KEY];

    model_key(other, k);
    if (!raw_get(r, rows[i].table, key, &mine) || !raw_get(r, other->table, SPAN_ARRAY(k), &theirs))
        return false;
    raw_put(r, rows[i].table, key, buf_span(&theirs));
    return true;
}

/* Authentic bytes of an earlier commit. */
static bool row_is_replaced_by_its_older_self(struct raw *r, size_t i, struct span key)
{
    AUTO(buf_clear) struct buf v = BUF_INIT;

    if (rows[i].version != 2)
        return false;
    model_value(&rows[i], 1, &v);
    raw_put(r, rows[i].table, key, buf_span(&v));
    return true;
}

static bool row_is_put_back(struct raw *r, size_t i, struct span key)
{
    AUTO(buf_clear) struct buf v = BUF_INIT;

    if (rows[i].version != 0)
        return false;
    model_value(&rows[i], 1, &v);
    raw_put(r, rows[i].table, key, buf_span(&v));
    return true;
}

static bool row_is_huge(struct raw *r, size_t i, struct span key)
{
    static uint8_t value[(16u << 20) + 1];

    if (i % 10 != 1 || rows[i].version == 0)
        return false;
    raw_put(r, rows[i].table, key, SPAN_ARRAY(value));
    return true;
}

static void flipped_row(void **state)
{
    (void)state;
    attack_each_row(row_is_flipped);
}

static void cut_row(void **state)
{
    (void)state;
    attack_each_row(row_is_cut);
}

static void removed_row(void **state)
{
    (void)state;
    attack_each_row(row_is_removed);
}

static void swapped_row(void **state)
{
    (void)state;
    attack_each_row(row_gets_anothers_value);
}

static void older_row(void **state)
{
    (void)state;
    attack_each_row(row_is_replaced_by_its_older_self);
}

static void deleted_row_put_back(void **state)
{
    (void)state;
    attack_each_row(row_is_put_back);
}

static void huge_row(void **state)
{
    (void)state;
    attack_each_row(row_is_huge);
}

/* Not even copied. */
static void huge_row_is_left_alone(void **state)
{
    uint8_t key[MODEL_KEY];
    struct raw r = raw_begin(spoiled, 0);

    (void)state;
    model_key(&rows[1], key);
    assert_true(row_is_huge(&r, 1, SPAN_ARRAY(key)));
    raw_end(&r);
    assert_int_equal(census_of(rows).n[MODEL_REFUSED], 2);
    assert_non_null(strstr(log_capture_text(), "impossible length"));
}

/* Asking for presence alone reads no value, and is told the truth all the same. */
static void presence_of_a_removed_row(void **state)
{
    uint8_t key[MODEL_KEY];
    struct store *s = NULL;
    struct raw r = raw_begin(spoiled, 0);
    bool found = false;

    (void)state;
    model_key(&rows[1], key);
    assert_true(row_is_removed(&r, 1, SPAN_ARRAY(key)));
    raw_end(&r);
    T_OK(store_try(spoiled, &s));
    T_RV(CKR_DEVICE_ERROR, row_read(s, rows[1].table, SPAN_ARRAY(key), NULL, &found));
    assert_false(found);
    store_unref(s);
}

/* A row that never was: whoever asks for it is told, and so is a walk. */
static void invented_row(void **state)
{
    struct raw r = raw_begin(spoiled, 0);
    AUTO(buf_clear) struct buf got = BUF_INIT;
    struct store *s = NULL;
    bool found = false;

    (void)state;
    raw_put(&r, STORE_DEK, SPAN_LIT("new"), SPAN_LIT("value"));
    raw_end(&r);
    assert_int_equal(census_of(rows).n[MODEL_REFUSED], 1); /* the walk */
    T_OK(store_try(spoiled, &s));
    T_RV(CKR_DEVICE_ERROR, row_read(s, STORE_DEK, SPAN_LIT("new"), &got, &found));
    assert_false(found);
    assert_int_equal(got.n, 0);
    store_unref(s);
}

static void log_names_table_and_row(void **state)
{
    const size_t i = 1; /* table seal */
    char want[2 * MODEL_KEY + 32] = "table seal, row ";
    AUTO(buf_clear) struct buf got = BUF_INIT;
    uint8_t key[MODEL_KEY];
    struct store *s = NULL;
    bool found = false;
    struct raw r = raw_begin(spoiled, 0);

    (void)state;
    model_key(&rows[i], key);
    assert_true(row_is_flipped(&r, i, SPAN_ARRAY(key)));
    raw_end(&r);
    T_OK(store_try(spoiled, &s));
    log_capture_clear();
    T_RV(CKR_DEVICE_ERROR, row_read(s, rows[i].table, SPAN_ARRAY(key), &got, &found));
    (void)hex_encode(SPAN_ARRAY(key), want + strlen(want));
    assert_non_null(strstr(log_capture_text(), want));
    store_unref(s);
}

/* The host changes a row while the store is open. */
static void row_changed_under_an_open_store(void **state)
{
    struct store *s = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    int status = 0;
    pid_t child;

    (void)state;
    T_OK(store_try(spoiled, &s));
    assert_int_equal(model_census(s, rows, N_ROWS).n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
    child = fork();
    if (child == 0) {
        uint8_t key[MODEL_KEY];
        struct raw r = raw_begin(spoiled, 0);

        model_key(&rows[1], key);
        (void)row_is_flipped(&r, 1, SPAN_ARRAY(key));
        raw_end(&r);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    T_OK(txn_begin_read(s, &t));
    assert_int_equal(model_judge(t, &rows[1]), MODEL_REFUSED);
    assert_int_equal(model_judge(t, &rows[2]), MODEL_TRUE);
    txn_end(TAKE(t));
    store_unref(s);
}

/* The host does it to a row, from another process. */
static void attack_from_outside(attack_fn *attack, size_t i)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        uint8_t key[MODEL_KEY];
        struct raw r = raw_begin(spoiled, 0);
        bool done;

        model_key(&rows[i], key);
        done = attack(&r, i, SPAN_ARRAY(key));
        raw_end(&r);
        _exit(done ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What an open store has seen of presence and absence it does not ask LMDB again, as long as nobody
 * commits; then it does. */
static void presence_changed_under_an_open_store(void **state)
{
    uint8_t absent[MODEL_KEY], present[MODEL_KEY];
    struct store *s = NULL;
    bool found = false;

    (void)state;
    model_key(&rows[DELETED], absent);
    model_key(&rows[1], present);
    T_OK(store_try(spoiled, &s));
    for (int i = 0; i < 2; i++) {
        T_OK(row_read(s, rows[DELETED].table, SPAN_ARRAY(absent), NULL, &found));
        assert_false(found);
        T_OK(row_read(s, rows[1].table, SPAN_ARRAY(present), NULL, &found));
        assert_true(found);
    }
    attack_from_outside(row_is_put_back, DELETED);
    T_RV(CKR_DEVICE_ERROR, row_read(s, rows[DELETED].table, SPAN_ARRAY(absent), NULL, &found));
    T_OK(row_read(s, rows[1].table, SPAN_ARRAY(present), NULL, &found));
    attack_from_outside(row_is_removed, 1);
    T_RV(CKR_DEVICE_ERROR, row_read(s, rows[1].table, SPAN_ARRAY(present), NULL, &found));
    store_unref(s);
}

/* -- the tree ---------------------------------------------------------------------------------- */

typedef bool node_attack_fn(struct raw *r, unsigned table, size_t i, struct span key,
                            struct buf *value);

/* Attack each row of a table that nobody reads by name: whoever needs it is refused. Nobody may: a
 * node can hold nothing but what the list of recent changes overrides. Returns how many were. */
static unsigned attack_each_node(unsigned table, node_attack_fn *attack)
{
    unsigned n = 0;
    bool more = true;

    for (size_t i = 0; more; i++) {
        AUTO(buf_clear) struct buf key = BUF_INIT;
        AUTO(buf_clear) struct buf value = BUF_INIT;
        struct census c;
        struct raw r;
        bool done;

        (void)restore(NULL);
        r = raw_begin(spoiled, 0);
        more = raw_key(&r, table, i, &key) && raw_get(&r, table, buf_span(&key), &value);
        done = more && attack(&r, table, i, buf_span(&key), &value);
        raw_end(&r);
        if (!done)
            continue;
        c = census_of(rows);
        assert_int_equal(c.n[MODEL_WRONG], 0);
        n += c.n[MODEL_REFUSED] > 0;
    }
    return n;
}

static bool node_is_flipped(struct raw *r, unsigned table, size_t i, struct span key,
                            struct buf *value)
{
    value->p[(i * 31) % value->n] ^= (uint8_t)(1u << i % 8);
    raw_put(r, table, key, buf_span(value));
    return true;
}

static bool node_is_cut(struct raw *r, unsigned table, size_t i, struct span key, struct buf *value)
{
    raw_put(r, table, key, span_of(value->p, i % 2 == 0 ? value->n - 1 : 0));
    return true;
}

static bool node_is_longer(struct raw *r, unsigned table, size_t i, struct span key,
                           struct buf *value)
{
    static const uint8_t more[70000];

    buf_put(value, span_of(more, i % 2 == 0 ? 32 : sizeof(more)));
    raw_put(r, table, key, buf_span(value));
    return true;
}

static bool node_is_removed(struct raw *r, unsigned table, size_t i, struct span key,
                            struct buf *value)
{
    (void)i;
    (void)value;
    raw_del(r, table, key);
    return true;
}

static bool node_gets_anothers_content(struct raw *r, unsigned table, size_t i, struct span key,
                                       struct buf *value)
{
    AUTO(buf_clear) struct buf other = BUF_INIT;
    AUTO(buf_clear) struct buf content = BUF_INIT;

    (void)value;
    if (!raw_key(r, table, i + 1, &other) || !raw_get(r, table, buf_span(&other), &content))
        return false;
    raw_put(r, table, key, buf_span(&content));
    return true;
}

static bool node_is_replaced_by_its_older_self(struct raw *r, unsigned table, size_t i,
                                               struct span key, struct buf *value)
{
    AUTO(buf_clear) struct buf was = BUF_INIT;
    struct raw before = raw_begin(old, MDB_RDONLY);
    const bool there = raw_get(&before, table, key, &was);

    (void)i;
    raw_end(&before);
    if (!there || span_equal(buf_span(&was), buf_span(value)))
        return false;
    raw_put(r, table, key, buf_span(&was));
    return true;
}

#define TREE STORE_N_TABLES
#define ROOT (STORE_N_TABLES + 1)

static void flipped_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_is_flipped) > 20);
    assert_int_equal(attack_each_node(ROOT, node_is_flipped), 1);
}

static void cut_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_is_cut) > 20);
    assert_int_equal(attack_each_node(ROOT, node_is_cut), 1);
}

static void longer_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_is_longer) > 20);
    assert_int_equal(attack_each_node(ROOT, node_is_longer), 1);
}

static void removed_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_is_removed) > 20);
    assert_int_equal(attack_each_node(ROOT, node_is_removed), 1);
}

static void swapped_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_gets_anothers_content) > 20);
}

static void older_node(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_is_replaced_by_its_older_self) > 5);
    assert_int_equal(attack_each_node(ROOT, node_is_replaced_by_its_older_self), 1);
}

/* Every byte of the root row counts. */
static void root_row_byte_by_byte(void **state)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    struct raw r = raw_begin(spoiled, 0);

    (void)state;
    assert_true(raw_get(&r, ROOT, SPAN_LIT("root"), &value));
    raw_end(&r);
    for (size_t i = 0; i < value.n; i += i < 120 ? 1 : 17) {
        struct store *s = NULL;
        struct txn *t = NULL;

        r = raw_begin(spoiled, 0);
        value.p[i] ^= 1;
        raw_put(&r, ROOT, SPAN_LIT("root"), buf_span(&value));
        value.p[i] ^= 1;
        raw_end(&r);
        T_OK(store_try(spoiled, &s));
        T_RV(CKR_DEVICE_ERROR, txn_begin_read(s, &t));
        T_RV(CKR_DEVICE_ERROR, store_write(s, write_row, &rows[1]));
        assert_null(t);
        store_unref(s);
    }
}

static int exit_of(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* What commits to the store does so in a child: else this process has seen more than `good` has. */
static void in_child(bool (*right)(struct store *s))
{
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct store *s = NULL;

        store_forget_all();
        _exit(store_try(spoiled, &s) == CKR_OK && right(s) ? 0 : 1);
    }
    assert_int_equal(exit_of(child), 0);
}

static CK_RV take_id(struct txn *t, void *arg)
{
    return txn_new_id(t, arg);
}

static bool ids_end(struct store *s)
{
    uint64_t id = 0;

    return store_write(s, take_id, &id) == CKR_OK && id == (UINT64_C(1) << 36) - 1 &&
           store_write(s, take_id, &id) == CKR_DEVICE_MEMORY;
}

/* An authentic root row near the end of the ids: they never start again. */
static void ids_come_to_an_end(void **state)
{
    AUTO(keys_freep) struct keys *keys = NULL;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    uint8_t row[HEAD_MAX];
    struct head head;
    size_t n = 0;
    struct raw r = raw_begin(spoiled, 0);

    (void)state;
    T_OK(keys_new(store_key(), &keys));
    assert_true(raw_get(&r, ROOT, HEAD_KEY, &value));
    T_OK(head_decode(buf_span(&value), keys, &head));
    head.next_id = (UINT64_C(1) << 36) - 1;
    T_OK(head_encode(&head, keys, row, &n));
    raw_put(&r, ROOT, HEAD_KEY, span_of(row, n));
    raw_end(&r);
    in_child(ids_end);
}

/* -- roll-back --------------------------------------------------------------------------------- */

static void table_clear(struct raw *r, unsigned table)
{
    assert_int_equal(mdb_drop(r->txn, r->dbi[table], 0), 0);
}

/* The table as it was in `old`. */
static void table_roll_back(struct raw *to, unsigned table)
{
    struct raw from = raw_begin(old, MDB_RDONLY);

    table_clear(to, table);
    for (size_t i = 0;; i++) {
        AUTO(buf_clear) struct buf key = BUF_INIT;
        AUTO(buf_clear) struct buf value = BUF_INIT;

        if (!raw_key(&from, table, i, &key))
            break;
        assert_true(raw_get(&from, table, buf_span(&key), &value));
        raw_put(to, table, buf_span(&key), buf_span(&value));
    }
    raw_end(&from);
}

static void older_copy_of_a_table(void **state)
{
    (void)state;
    for (unsigned table = 0; table < N_ELEMENTS(tables); table++) {
        struct census c;
        struct raw r;

        (void)restore(NULL);
        r = raw_begin(spoiled, 0);
        table_roll_back(&r, table);
        raw_end(&r);
        c = census_of(rows);
        assert_int_equal(c.n[MODEL_WRONG], 0);
        assert_true(c.n[MODEL_REFUSED] > 1);
    }
}

/* All rows as they were, and the nodes that proved them: only the root row is the newest. */
static void older_copy_of_all_but_the_root_row(void **state)
{
    struct raw r = raw_begin(spoiled, 0);
    struct census c;

    (void)state;
    for (unsigned table = 0; table <= TREE; table++)
        table_roll_back(&r, table);
    raw_end(&r);
    c = census_of(rows);
    assert_int_equal(c.n[MODEL_WRONG], 0);
    assert_true(c.n[MODEL_REFUSED] > 1);
}

/* The same for one node at a time: authentic, and in agreement with the rows, but not the newest.
 */
static bool node_and_rows_are_older(struct raw *r, unsigned table, size_t i, struct span key,
                                    struct buf *value)
{
    for (unsigned rows_table = 0; rows_table < STORE_N_TABLES; rows_table++)
        table_roll_back(r, rows_table);
    return node_is_replaced_by_its_older_self(r, table, i, key, value);
}

static void older_node_with_its_older_rows(void **state)
{
    (void)state;
    assert_true(attack_each_node(TREE, node_and_rows_are_older) > 5);
}

static void older_copy_of_the_store_is_refused_by_who_saw_more(void **state)
{
    (void)state;
    keep(old, spoiled);
    assert_int_equal(census_of(rows).n[MODEL_REFUSED], N_ROWS + STORE_N_TABLES);
    assert_non_null(strstr(log_capture_text(), "ROLLED BACK"));
}

/* LMDB's lock file still speaks of the newer transaction. */
static bool open_store_is_rolled_back(struct store *s)
{
    struct census c;

    if (store_write(s, write_row, &rows[1]) != CKR_OK) /* one commit more than `good` has */
        return false;
    keep(good, spoiled);
    c = model_census(s, rows, N_ROWS);
    return c.n[MODEL_WRONG] == 0 && store_write(s, write_row, &rows[2]) == CKR_DEVICE_ERROR &&
           strstr(log_capture_text(), "ROLLED BACK") != NULL;
}

static void roll_back_under_an_open_store(void **state)
{
    (void)state;
    in_child(open_store_is_rolled_back);
}

/* What no tree can tell to a process that has seen nothing newer: the documented limit. A directory
 * of another inode is a store that this process has not seen. */
static void older_copy_of_the_store_is_a_store(void **state)
{
    struct store *s = NULL;
    struct census c;

    (void)state;
    T_OK(store_try(old, &s));
    c = model_census(s, old_rows, N_ROWS);
    store_unref(s);
    assert_int_equal(c.n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
}

/* -- writing to a spoiled store ---------------------------------------------------------------- */

/* Remove all nodes but the top: every change of the tree needs one of them. */
static void nodes_remove(void)
{
    struct raw r = raw_begin(spoiled, 0);

    for (;;) {
        AUTO(buf_clear) struct buf key = BUF_INIT;

        if (!raw_key(&r, TREE, 1, &key))
            break;
        raw_del(&r, TREE, buf_span(&key));
    }
    raw_end(&r);
}

/* A caller who does not look at what the store says. */
static CK_RV write_and_ignore(struct txn *t, void *arg)
{
    const CK_RV rv = write_rows(t, arg);

    return rv == CKR_OK ? CKR_GENERAL_ERROR : CKR_OK;
}

static void broken_tree_is_not_written_to(void **state)
{
    struct store *s = NULL;
    uint64_t before;

    (void)state;
    nodes_remove();
    T_OK(store_try(spoiled, &s));
    before = store_last_txn(s);
    T_RV(CKR_DEVICE_ERROR, store_write(s, write_rows, NULL));
    T_RV(CKR_DEVICE_ERROR, store_write(s, write_and_ignore, NULL));
    assert_int_equal(store_last_txn(s), before);
    store_unref(s);
}

static bool deletion_removes(struct store *s)
{
    return store_write(s, write_row, &rows[DELETED]) == CKR_OK &&
           model_census(s, rows, N_ROWS).n[MODEL_TRUE] == N_ROWS + STORE_N_TABLES &&
           strstr(log_capture_text(), "was deleted before") != NULL;
}

static void deleting_a_row_that_was_put_back_removes_it(void **state)
{
    uint8_t key[MODEL_KEY];
    struct raw r = raw_begin(spoiled, 0);

    (void)state;
    model_key(&rows[DELETED], key);
    assert_true(row_is_put_back(&r, DELETED, SPAN_ARRAY(key)));
    raw_end(&r);
    in_child(deletion_removes);
}

/* -- the file ---------------------------------------------------------------------------------- */

static void byte_flip(off_t at, uint8_t bits)
{
    const int fd = open(scratch_path(spoiled, "data.mdb"), O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= bits;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

static void cut_file_is_refused(void **state)
{
    static const off_t sizes[] = {1, 100, 4096, 5000, 8192, 65536, 100000};
    struct store *s = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        (void)restore(NULL);
        assert_int_equal(truncate(scratch_path(spoiled, "data.mdb"), sizes[i]), 0);
        T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
        assert_null(s);
    }
}

static void other_file_is_refused(void **state)
{
    const int fd = open(scratch_path(spoiled, "data.mdb"), O_WRONLY | O_CLOEXEC);
    struct store *s = NULL;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "SQLite format 3", 16, 16), 16);
    assert_int_equal(close(fd), 0);
    T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
}

/* What LMDB leaves in the meta page of a commit that it could not write: roots of pages that the
 * last page of the commit before does not reach. Nobody reads them: the other page holds. */
static void meta_of_a_failed_write_is_no_damage(void **state)
{
    enum { PAGE = 4096, AT_FREE_ROOT = 80, AT_TXN = 144 };
    const int fd = open(scratch_path(spoiled, "data.mdb"), O_RDWR | O_CLOEXEC);
    const uint64_t root = UINT64_C(1) << 40;
    uint64_t numbers[2];
    off_t older, newer;
    struct store *s = NULL;

    (void)state;
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pread(fd, &numbers[i], 8, i * PAGE + AT_TXN), 8);
    older = numbers[0] < numbers[1] ? 0 : PAGE;
    newer = PAGE - older;
    assert_int_equal(pwrite(fd, &root, 8, older + AT_FREE_ROOT), 8);
    assert_int_equal(census_of(rows).n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
    assert_int_equal(pwrite(fd, &root, 8, newer + AT_FREE_ROOT), 8);
    assert_int_equal(close(fd), 0);
    T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
}

/* What is remembered under a transaction's number may take 0 for none: LMDB starts with it, and
 * with no table. */
static void no_transaction_made_it(void **state)
{
    enum { PAGE = 4096, AT_TXN = 144, META = 152 };
    const int fd = open(scratch_path(spoiled, "data.mdb"), O_RDWR | O_CLOEXEC);
    const uint64_t none = 0;
    uint8_t page[META];
    uint64_t numbers[2];
    struct store *s = NULL;

    (void)state;
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pread(fd, &numbers[i], 8, i * PAGE + AT_TXN), 8);
    if (numbers[1] > numbers[0]) { /* the first page holds where both have one number */
        assert_int_equal(pread(fd, page + 8, META - 8, PAGE + 8), META - 8);
        assert_int_equal(pwrite(fd, page + 8, META - 8, 8), META - 8);
    }
    assert_int_equal(census_of(rows).n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pwrite(fd, &none, 8, i * PAGE + AT_TXN), 8);
    assert_int_equal(close(fd), 0);
    T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
}

/* That of the two inner tables, too: the flags of the free list and of the table of tables, in
 * either meta page. What LMDB keeps beside the kind (0x4000: made by MDB_NOSUBDIR) is no matter. */
static void inner_table_of_another_kind_is_refused(void **state)
{
    enum { PAGE = 4096, AT_FREE_FLAGS = 44, AT_MAIN_FLAGS = 92, NOSUBDIR_BYTE = 0x40 };
    static const off_t places[] = {AT_FREE_FLAGS, AT_MAIN_FLAGS, PAGE + AT_FREE_FLAGS,
                                   PAGE + AT_MAIN_FLAGS};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(places); i++) {
        for (unsigned kind = MDB_REVERSEKEY; kind <= MDB_REVERSEDUP; kind <<= 1) {
            struct store *s = NULL;

            (void)restore(NULL);
            byte_flip(places[i], (uint8_t)kind);
            log_capture_clear();
            T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
            assert_non_null(strstr(log_capture_text(), "is damaged"));
        }
        (void)restore(NULL);
        byte_flip(places[i] + 1, NOSUBDIR_BYTE);
        assert_int_equal(census_of(rows).n[MODEL_TRUE], N_ROWS + STORE_N_TABLES);
    }
}

/* LMDB takes a table's kind from the file. */
static void table_of_another_kind_is_refused(void **state)
{
    struct raw r = raw_begin(spoiled, 0);
    struct store *s = NULL;

    (void)state;
    assert_int_equal(mdb_drop(r.txn, r.dbi[STORE_DEK], 1), 0);
    assert_int_equal(mdb_dbi_open(r.txn, "dek", MDB_CREATE | MDB_DUPSORT, &r.dbi[STORE_DEK]), 0);
    raw_end(&r);
    T_RV(CKR_DEVICE_ERROR, store_try(spoiled, &s));
}

enum flip { FLIP_TRUE = 70, FLIP_REFUSED, FLIP_WRONG };

/* cmocka would take a crash in a child for a failed test, and go on with the teardown there. */
static void let_crash(void)
{
    static const int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
    const struct rlimit none = {0};

    for (size_t i = 0; i < N_ELEMENTS(signals); i++)
        (void)signal(signals[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)close(STDERR_FILENO); /* LMDB says there why it aborts */
}

/* In a child: read all, write a row, read all again. */
static enum flip flip_judge(void)
{
    struct store *s = NULL;
    struct census c = {{0}}, after = {{0}};

    let_crash();
    store_forget_all();
    (void)alarm(10);
    if (store_try(spoiled, &s) != CKR_OK)
        return FLIP_REFUSED;
    c = model_census(s, rows, N_ROWS);
    if (store_write(s, write_row, &rows[1]) == CKR_OK)
        after = model_census(s, rows, N_ROWS);
    if (c.n[MODEL_WRONG] + after.n[MODEL_WRONG] > 0)
        return FLIP_WRONG;
    return c.n[MODEL_REFUSED] + after.n[MODEL_REFUSED] > 0 ? FLIP_REFUSED : FLIP_TRUE;
}

static int flip_run(off_t at, uint8_t bit)
{
    pid_t child;

    byte_flip(at, bit);
    child = fork();
    if (child == 0)
        _exit((int)flip_judge());
    return exit_of(child);
}

/* The bytes that LMDB has in use. */
static off_t used_bytes(void)
{
    struct raw r = raw_begin(good, MDB_RDONLY);
    MDB_envinfo info;
    MDB_stat st;

    assert_int_equal(mdb_env_info(r.env, &info), 0);
    assert_int_equal(mdb_stat(r.txn, r.dbi[0], &st), 0);
    raw_end(&r);
    return (off_t)((info.me_last_pgno + 1) * st.ms_psize);
}

static void flipped_bytes_of_the_file(void **state)
{
    const off_t used = used_bytes();
    unsigned n_true = 0, n_refused = 0, n_wrong = 0, n_crash = 0;
    unsigned seed = 11;

    (void)state;
    for (unsigned i = 0; i < N_FLIPS; i++) {
        int result;

        (void)restore(NULL);
        seed = seed * 1103515245u + 12345u;
        result = flip_run((off_t)(seed >> 4) % used, (uint8_t)(1u << i % 8));
        n_true += result == FLIP_TRUE;
        n_refused += result == FLIP_REFUSED;
        n_wrong += result == FLIP_WRONG;
        n_crash += result != FLIP_TRUE && result != FLIP_REFUSED && result != FLIP_WRONG;
    }
    print_message("flipped bytes: %u: true data %u, refused %u, crashed in LMDB %u, wrong %u\n",
                  N_FLIPS, n_true, n_refused, n_crash, n_wrong);
    assert_int_equal(n_wrong, 0);
    assert_true(n_true > 0 && n_refused > 0);
    assert_true(n_crash < N_FLIPS / 20); /* more would be our own reading of lengths */
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, restore, NULL, NULL                                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/hostile/nothing-done", good_store_is_true),
        TEST("/hostile/row/flipped-is-refused", flipped_row),
        TEST("/hostile/row/cut-is-refused", cut_row),
        TEST("/hostile/row/removed-is-noticed", removed_row),
        TEST("/hostile/row/removed-presence-alone", presence_of_a_removed_row),
        TEST("/hostile/row/swapped-is-refused", swapped_row),
        TEST("/hostile/row/older-is-refused", older_row),
        TEST("/hostile/row/put-back-is-refused", deleted_row_put_back),
        TEST("/hostile/row/huge-is-refused", huge_row),
        TEST("/hostile/row/huge-is-not-copied", huge_row_is_left_alone),
        TEST("/hostile/row/invented-is-refused", invented_row),
        TEST("/hostile/row/log-names-it", log_names_table_and_row),
        TEST("/hostile/row/under-an-open-store", row_changed_under_an_open_store),
        TEST("/hostile/row/presence-under-an-open-store", presence_changed_under_an_open_store),
        TEST("/hostile/tree/flipped-is-refused", flipped_node),
        TEST("/hostile/tree/cut-is-refused", cut_node),
        TEST("/hostile/tree/longer-is-refused", longer_node),
        TEST("/hostile/tree/removed-is-refused", removed_node),
        TEST("/hostile/tree/swapped-is-refused", swapped_node),
        TEST("/hostile/tree/older-is-refused", older_node),
        TEST("/hostile/tree/root-row-byte-by-byte", root_row_byte_by_byte),
        TEST("/hostile/tree/ids-come-to-an-end", ids_come_to_an_end),
        TEST("/hostile/rollback/single-tables", older_copy_of_a_table),
        TEST("/hostile/rollback/all-but-the-root-row", older_copy_of_all_but_the_root_row),
        TEST("/hostile/rollback/node-and-its-rows", older_node_with_its_older_rows),
        TEST("/hostile/rollback/store", older_copy_of_the_store_is_refused_by_who_saw_more),
        TEST("/hostile/rollback/under-an-open-store", roll_back_under_an_open_store),
        TEST("/hostile/rollback/limit", older_copy_of_the_store_is_a_store),
        TEST("/hostile/write/broken-tree", broken_tree_is_not_written_to),
        TEST("/hostile/write/delete-removes-put-back", deleting_a_row_that_was_put_back_removes_it),
        TEST("/hostile/file/cut-is-refused", cut_file_is_refused),
        TEST("/hostile/file/not-lmdb-is-refused", other_file_is_refused),
        TEST("/hostile/file/failed-meta-write-is-no-damage", meta_of_a_failed_write_is_no_damage),
        TEST("/hostile/file/no-transaction-made-it", no_transaction_made_it),
        TEST("/hostile/file/inner-kind-is-refused", inner_table_of_another_kind_is_refused),
        TEST("/hostile/file/table-kind-is-refused", table_of_another_kind_is_refused),
        TEST("/hostile/file/flipped-bytes", flipped_bytes_of_the_file),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
