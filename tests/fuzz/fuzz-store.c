/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-store.c - rows put, read and deleted in transactions that are committed or given up, against
 * a shadow of what must be there, with snapshots held and the store reopened in between. Then a
 * host changes, removes, swaps or puts back rows through LMDB's own calls: from there on each
 * answer is the truth or a refusal.
 */
#include "fuzz.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/ossl.h"
#include "scratch.h"
#include "store/store.h"

#define N_KEYS    80
#define N_TABLES  3 /* that are used: all are alike */
#define MAX_VALUE 6000
#define SMALL_MAP (128u << 10)
#define N_HELD    2
#define MAX_RAW   1024
#define N_DB      9

/* One row as it should be; its bytes follow from where it stands, `serial` and n. */
struct cell {
    bool present;
    uint16_t n;
    uint32_t serial;
};

struct shadow {
    struct cell cells[N_TABLES][N_KEYS];
    uint64_t last_id;
};

struct held {
    struct txn *txn;
    struct shadow shadow;
    uint64_t counter;
};

struct raw {
    unsigned db;
    uint8_t *key, *value;
    size_t n_key, n_value;
};

static struct {
    char directory[300];
    uint8_t tree_key[32];
    bool small;   /* a map that must grow: no snapshot is held then, it would stand in the way */
    bool hostile; /* the host has changed something: refusals are in order */
    bool made;    /* something was committed: the store is not fresh any more */
    struct store *store;
    struct shadow shadow;
    struct held held[N_HELD];
    uint32_t serial;
    struct raw *old; /* rows as they were at the last opening */
    size_t n_old;
} f;

static const char *const db_names[N_DB] = {"meta",  "seal",  "token", "dek", "object",
                                           "index", "audit", "tree",  "root"};
static const char *base;
static uint64_t n_inputs;

/* -- rows -------------------------------------------------------------------------------------- */

/* Keys of many lengths, some of them the beginning of others. */
static struct span key_at(unsigned i)
{
    static uint8_t key[STORE_KEY_MAX];
    const size_t n = 1 + i * 7 % 60;

    memset(key, 'k', n);
    key[n - 1] = (uint8_t)i;
    if (n > 4)
        key[2] = (uint8_t)(i / 8);
    return span_of(key, n);
}

static struct span value_at(enum store_table table, unsigned i, const struct cell *cell)
{
    static uint8_t value[MAX_VALUE];
    uint32_t x = cell->serial * 2654435761u + (uint32_t)table * 97 + i;

    for (size_t at = 0; at < cell->n; at++) {
        x = x * 1103515245u + 12345;
        value[at] = (uint8_t)(x >> 16);
    }
    return span_of(value, cell->n);
}

/* A call on an honest store succeeds; on another one it may refuse. */
static bool succeeded(CK_RV rv)
{
    if (f.hostile)
        FUZZ_RV(rv, CKR_OK, CKR_DEVICE_ERROR);
    else
        FUZZ_OK(rv);
    return rv == CKR_OK;
}

/* -- reading ----------------------------------------------------------------------------------- */

static void check_get(struct txn *t, const struct shadow *s, enum store_table table, unsigned i)
{
    const struct cell *cell = &s->cells[table][i];
    AUTO(buf_clear) struct buf value = BUF_INIT;
    uint8_t mac[STORE_MAC] = {0};
    bool found = false, same = false;

    if (succeeded(txn_get(t, table, key_at(i), NULL, NULL, &found)))
        FUZZ_CHECK(found == cell->present);
    buf_u8(&value, 'x'); /* it is appended to */
    if (!succeeded(txn_get(t, table, key_at(i), &value, mac, &found))) {
        FUZZ_CHECK(value.n == 1);
        return;
    }
    FUZZ_CHECK(found == cell->present);
    if (!found) {
        FUZZ_CHECK(value.n == 1);
        return;
    }
    FUZZ_CHECK(span_equal(span_of(value.p + 1, value.n - 1), value_at(table, i, cell)));
    if (succeeded(txn_same(t, table, key_at(i), mac, &same)))
        FUZZ_CHECK(same);
    mac[3] ^= 1;
    if (succeeded(txn_same(t, table, key_at(i), mac, &same)))
        FUZZ_CHECK(!same);
}

struct walk {
    const struct shadow *shadow;
    enum store_table table;
    uint8_t last[STORE_KEY_MAX];
    size_t n_last;
    size_t n;
};

/* Which key is it? N_KEYS: none. */
static unsigned index_of(struct span key)
{
    const unsigned i = key.n > 0 ? key.p[key.n - 1] : N_KEYS;

    return i < N_KEYS && span_equal(key, key_at(i)) ? i : N_KEYS;
}

static CK_RV walk_row(struct txn *t, struct span key, struct span value, void *arg)
{
    struct walk *w = arg;
    const unsigned i = index_of(key);
    const size_t shorter = key.n < w->n_last ? key.n : w->n_last;
    const int order = memcmp(w->last, key.p, shorter);

    (void)t;
    FUZZ_CHECK(w->n == 0 || order < 0 || (order == 0 && w->n_last < key.n));
    FUZZ_CHECK(i < N_KEYS && w->shadow->cells[w->table][i].present);
    FUZZ_CHECK(span_equal(value, value_at(w->table, i, &w->shadow->cells[w->table][i])));
    memcpy(w->last, key.p, key.n);
    w->n_last = key.n;
    w->n++;
    return CKR_OK;
}

static size_t count(const struct shadow *s, enum store_table table)
{
    size_t n = 0;

    for (unsigned i = 0; i < N_KEYS; i++)
        n += s->cells[table][i].present;
    return n;
}

static void check_walk(struct txn *t, const struct shadow *s, enum store_table table)
{
    struct walk w = {.shadow = s, .table = table};
    const size_t n = count(s, table);

    if (!f.hostile)
        FUZZ_CHECK(txn_count(t, table) == n);
    if (succeeded(txn_walk(t, table, walk_row, &w)))
        FUZZ_CHECK(w.n == n);
}

static void check_seek(struct txn *t, const struct shadow *s, enum store_table table, unsigned i,
                       size_t n_prefix)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    const struct span from = key_at(i);
    uint8_t prefix[STORE_KEY_MAX];
    bool found = false;

    n_prefix = n_prefix < from.n ? n_prefix : from.n;
    memcpy(prefix, from.p, n_prefix);
    if (!succeeded(txn_seek(t, table, span_of(prefix, n_prefix), from, &key, &value, &found)))
        return;
    if (!found) {
        FUZZ_CHECK(f.hostile || !s->cells[table][i].present);
        return;
    }
    FUZZ_CHECK(key.n >= n_prefix && memcmp(key.p, prefix, n_prefix) == 0);
    i = index_of(buf_span(&key));
    FUZZ_CHECK(i < N_KEYS && s->cells[table][i].present);
    FUZZ_CHECK(span_equal(buf_span(&value), value_at(table, i, &s->cells[table][i])));
}

static void read_some(struct cursor *c, struct txn *t, const struct shadow *s)
{
    const enum store_table table = (enum store_table)pick(c, N_TABLES);
    const unsigned i = pick(c, N_KEYS);

    check_get(t, s, table, i);
    check_seek(t, s, table, i, pick(c, 8));
    if (pick(c, 4) == 0)
        check_walk(t, s, table);
}

static void read_all(struct txn *t, const struct shadow *s)
{
    for (unsigned table = 0; table < N_TABLES; table++) {
        for (unsigned i = 0; i < N_KEYS; i++)
            check_get(t, s, (enum store_table)table, i);
        check_walk(t, s, (enum store_table)table);
    }
}

static void reading(struct cursor *c, bool all)
{
    AUTO(txn_endp) struct txn *t = NULL;

    if (!succeeded(txn_begin_read(f.store, &t)))
        return;
    FUZZ_CHECK(txn_id(t) == store_last_txn(f.store));
    if (all)
        read_all(t, &f.shadow);
    else
        read_some(c, t, &f.shadow);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* What a write transaction is to do; it may be done several times. */
struct work {
    struct cursor steps;
    struct shadow result;
    bool keep;
    struct cursor after; /* what is left of the input */
};

static CK_RV put(struct txn *t, struct shadow *s, enum store_table table, unsigned i, uint16_t n)
{
    const struct cell cell = {.present = true, .n = n, .serial = ++f.serial};

    TRY(txn_put(t, table, key_at(i), value_at(table, i, &cell), NULL));
    s->cells[table][i] = cell;
    return CKR_OK;
}

static CK_RV del(struct txn *t, struct shadow *s, enum store_table table, unsigned i)
{
    bool found = false;

    TRY(txn_del(t, table, key_at(i), &found));
    FUZZ_CHECK(f.hostile || found == s->cells[table][i].present);
    s->cells[table][i] = (struct cell){0};
    return CKR_OK;
}

static CK_RV new_id(struct txn *t, struct shadow *s)
{
    uint64_t id = 0;

    TRY(txn_new_id(t, &id));
    FUZZ_CHECK(f.hostile || id > s->last_id);
    s->last_id = id;
    return CKR_OK;
}

static CK_RV write_step(struct txn *t, struct cursor *c, struct shadow *s)
{
    const uint32_t what = pick(c, 16);
    const enum store_table table = (enum store_table)pick(c, N_TABLES);
    const unsigned i = pick(c, N_KEYS);
    uint16_t n;

    if (what == 0)
        return new_id(t, s);
    if (what == 1) {
        check_get(t, s, table, i); /* one's own changes are seen */
        return CKR_OK;
    }
    if (what < 6)
        return del(t, s, table, i);
    n = pick(c, 8) == 0 ? cursor_u16(c) % MAX_VALUE : cursor_u8(c);
    if (what < 14)
        return put(t, s, table, i, n);
    for (unsigned k = 0; k < 70; k++) /* more than are kept apart from the tree */
        TRY(what == 14 ? put(t, s, table, (i + k) % N_KEYS, n % 300)
                       : del(t, s, table, (i + k) % N_KEYS));
    return CKR_OK;
}

static CK_RV write_steps(struct txn *t, void *arg)
{
    struct work *w = arg;
    struct cursor c = w->steps;
    const uint32_t n = pick(&c, 6);

    w->result = f.shadow;
    for (uint32_t i = 0; i <= n; i++)
        TRY(write_step(t, &c, &w->result));
    w->after = c;
    ENSURE(w->keep, CKR_CANCEL);
    return CKR_OK;
}

static void writing(struct cursor *c)
{
    struct work w = {.keep = pick(c, 4) != 0, .steps = *c, .after = *c};
    const CK_RV rv = store_write(f.store, write_steps, &w);

    *c = w.after;
    if (rv == CKR_CANCEL)
        FUZZ_CHECK(!w.keep);
    else if (succeeded(rv)) {
        f.shadow = w.result;
        f.made = true;
    }
}

/* -- snapshots --------------------------------------------------------------------------------- */

static void hold(struct cursor *c)
{
    struct held *h = &f.held[pick(c, N_HELD)];

    if (f.small || f.hostile || h->txn != NULL)
        return;
    FUZZ_OK(txn_begin_read(f.store, &h->txn));
    h->shadow = f.shadow;
    h->counter = txn_counter(h->txn);
}

static void use_held(struct cursor *c, bool end)
{
    struct held *h = &f.held[pick(c, N_HELD)];

    if (h->txn == NULL)
        return;
    FUZZ_CHECK(txn_counter(h->txn) == h->counter);
    read_some(c, h->txn, &h->shadow);
    if (end) {
        txn_end(h->txn);
        h->txn = NULL;
    }
}

/* -- opening and closing ----------------------------------------------------------------------- */

static void store_close(void)
{
    for (size_t i = 0; i < N_HELD; i++) {
        txn_end(f.held[i].txn);
        f.held[i].txn = NULL;
    }
    store_unref(f.store);
    f.store = NULL;
}

static void store_begin(void)
{
    FUZZ_OK(store_open(f.directory, !f.made, f.small ? SMALL_MAP : 0, &f.store));
    FUZZ_OK(store_set_key(f.store, SPAN_ARRAY(f.tree_key), !f.made));
}

/* -- the host ---------------------------------------------------------------------------------- */

static MDB_env *raw_open(void)
{
    MDB_env *env = NULL;

    FUZZ_CHECK(mdb_env_create(&env) == 0);
    FUZZ_CHECK(mdb_env_set_maxdbs(env, N_DB) == 0);
    FUZZ_CHECK(mdb_env_set_mapsize(env, (size_t)1 << 30) == 0);
    FUZZ_CHECK(mdb_env_open(env, f.directory, MDB_NOSYNC, 0600) == 0);
    return env;
}

static uint8_t *copy_of(const MDB_val *v)
{
    uint8_t *p = malloc(v->mv_size > 0 ? v->mv_size : 1);

    FUZZ_CHECK(p != NULL);
    memcpy(p, v->mv_data, v->mv_size);
    return p;
}

/* Every row of every table; returns how many. */
static size_t raw_read(struct raw **ret)
{
    MDB_env *env = raw_open();
    MDB_txn *txn = NULL;
    size_t n = 0;
    struct raw *v = calloc(MAX_RAW, sizeof(*v));

    FUZZ_CHECK(v != NULL && mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
    for (unsigned db = 0; db < N_DB; db++) {
        MDB_dbi dbi;
        MDB_cursor *cursor;
        MDB_val key, value;

        FUZZ_CHECK(mdb_dbi_open(txn, db_names[db], 0, &dbi) == 0);
        FUZZ_CHECK(mdb_cursor_open(txn, dbi, &cursor) == 0);
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            FUZZ_CHECK(n < MAX_RAW);
            v[n++] = (struct raw){db, copy_of(&key), copy_of(&value), key.mv_size, value.mv_size};
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    *ret = v;
    return n;
}

static void raw_free(struct raw *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(v[i].key);
        free(v[i].value);
    }
    free(v);
}

/* Put the value under the row's key, or remove the row when there is none. */
static void raw_write(const struct raw *row, const uint8_t *value, size_t n)
{
    MDB_env *env = raw_open();
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_val k = {row->n_key, row->key}, v = {n, (void *)(uintptr_t)value};

    FUZZ_CHECK(mdb_txn_begin(env, NULL, 0, &txn) == 0);
    FUZZ_CHECK(mdb_dbi_open(txn, db_names[row->db], 0, &dbi) == 0);
    if (value != NULL)
        FUZZ_CHECK(mdb_put(txn, dbi, &k, &v, 0) == 0);
    else
        (void)mdb_del(txn, dbi, &k, NULL);
    FUZZ_CHECK(mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
}

static void tamper(struct cursor *c, const struct raw *rows, size_t n)
{
    const struct raw *row = &rows[pick(c, (uint32_t)n)];
    const struct raw *other = &rows[pick(c, (uint32_t)n)];
    uint8_t *value = malloc(row->n_value + 1);

    FUZZ_CHECK(value != NULL);
    memcpy(value, row->value, row->n_value);
    value[row->n_value] = 0;
    switch (pick(c, 6)) {
    case 0:
        if (row->n_value > 0)
            value[pick(c, (uint32_t)row->n_value)] ^= (uint8_t)(1u << pick(c, 8));
        raw_write(row, value, row->n_value);
        break;
    case 1:
        raw_write(row, value, pick(c, (uint32_t)row->n_value + 2));
        break;
    case 2:
        raw_write(row, NULL, 0);
        break;
    case 3:
        raw_write(row, other->value, other->n_value);
        break;
    case 4: /* a row of one table in another */
        raw_write(&(struct raw){.db = pick(c, N_DB), .key = row->key, .n_key = row->n_key},
                  row->value, row->n_value);
        break;
    default: /* as it was before */
        if (f.n_old > 0)
            row = &f.old[pick(c, (uint32_t)f.n_old)];
        raw_write(row, row->value, row->n_value);
        break;
    }
    free(value);
}

static void be_hostile(struct cursor *c)
{
    struct raw *rows = NULL;
    size_t n;

    store_close();
    n = raw_read(&rows);
    for (uint32_t i = pick(c, 3) + 1; i > 0 && n > 0; i--)
        tamper(c, rows, n);
    raw_free(rows, n);
    f.hostile = true;
    store_begin();
    reading(c, true);
}

static void reopen(void)
{
    store_close();
    if (f.hostile)
        FUZZ_CHECK(f.n_old == 0 || f.old != NULL);
    else {
        raw_free(f.old, f.n_old);
        f.n_old = raw_read(&f.old);
    }
    store_begin();
}

/* -- one input --------------------------------------------------------------------------------- */

static void begin(struct cursor *c)
{
    memset(&f, 0, sizeof(f));
    (void)snprintf(f.directory, sizeof(f.directory), "%s/%llu", base,
                   (unsigned long long)++n_inputs);
    FUZZ_CHECK(mkdir(f.directory, 0700) == 0);
    memcpy(f.tree_key, &n_inputs, sizeof(n_inputs)); /* what a process has seen is kept by key */
    f.tree_key[31] = 1;
    f.small = pick(c, 4) == 0;
    store_begin();
}

static void end(struct cursor *c)
{
    if (!f.hostile)
        reading(c, pick(c, 4) == 0);
    store_close();
    raw_free(f.old, f.n_old);
    scratch_empty(f.directory);
}

static void one(struct span input)
{
    struct cursor c = cursor_of(input);

    begin(&c);
    writing(&c);
    for (unsigned i = 0; i < 64 && c.rest.n > 0 && !c.failed; i++) {
        const uint32_t what = pick(&c, 32);

        if (what < 16)
            writing(&c);
        else if (what < 22)
            reading(&c, false);
        else if (what < 25)
            hold(&c);
        else if (what < 29)
            use_held(&c, what == 28);
        else if (what < 31)
            reopen();
        else
            be_hostile(&c);
    }
    end(&c);
}

static void setup(void)
{
    base = scratch_make();
    FUZZ_OK(crypto_ready());
}

const struct fuzz_target fuzz_target = {
    .name = "store",
    .max_input = 1024,
    .setup = setup,
    .one = one,
    .teardown = scratch_remove,
};
