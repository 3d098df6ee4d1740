/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock_compare.c - durable changes beside plain LMDB.
 *
 * The plain side is a copy of the store's database, on the same disk. What creating one object
 * changes in the tables of objects and lists is found by looking at the database before and after;
 * the plain side then writes just these rows, the same key and value sizes, in one transaction that
 * LMDB syncs, and takes them back in another. It has no cryptography, no authenticated map and no
 * root row. The two take turns, and a ratio is that of one turn.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/stats.h"
#include "bench/stock_copy.h"

#define ROWS_MAX   64
#define ROUNDS_MAX 101
#define GOAL       0.8 /* of LMDB's speed */
#define ID_BYTES   8   /* at the end of the key of an object's row */

static const char *const table_names[] = {"object", "index"};

/* A row that creating an object adds (was.n is 0) or changes. */
struct change {
    size_t table; /* of table_names */
    struct buf key, is, was;
};

struct plain {
    struct stock_copy copy;
    MDB_dbi table[N_ELEMENTS(table_names)];
    struct change v[ROWS_MAX];
    size_t n;
    uint64_t turn;
};

static CK_RV tables_of(MDB_txn *txn, MDB_dbi ret[])
{
    for (size_t i = 0; i < N_ELEMENTS(table_names); i++)
        TRY(stock_lmdb_rv(mdb_dbi_open(txn, table_names[i], 0, &ret[i])));
    return CKR_OK;
}

static void plain_clear(struct plain *p)
{
    for (size_t i = 0; i < p->n; i++) {
        buf_clear(&p->v[i].key);
        buf_clear(&p->v[i].is);
        buf_clear(&p->v[i].was);
    }
    stock_copy_clear(&p->copy);
}

static struct span span_of_val(const MDB_val *v)
{
    return span_of(v->mv_data, v->mv_size);
}

static MDB_val val_of(struct span s)
{
    return (MDB_val){.mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p};
}

/* Note the row, if the plain side has it not or otherwise. */
static CK_RV note_change(struct plain *p, MDB_txn *before, size_t table, MDB_val *key,
                         MDB_val *value)
{
    struct change *c = &p->v[p->n];
    MDB_val old = {0};
    const int rc = mdb_get(before, p->table[table], key, &old);

    if (rc != 0 && rc != MDB_NOTFOUND)
        return stock_lmdb_rv(rc);
    if (rc == 0 && span_equal(span_of_val(&old), span_of_val(value)))
        return CKR_OK;
    ENSURE(p->n < ROWS_MAX, CKR_GENERAL_ERROR);
    p->n++;
    c->table = table;
    buf_put(&c->key, span_of_val(key));
    buf_put(&c->is, span_of_val(value));
    buf_put(&c->was, span_of_val(&old));
    return CKR_OK;
}

static CK_RV note_table(struct plain *p, MDB_txn *before, MDB_txn *after, MDB_dbi dbi, size_t table)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    CK_RV rv;

    TRY(stock_lmdb_rv(mdb_cursor_open(after, dbi, &cursor)));
    rv = CKR_OK;
    while (rv == CKR_OK && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        rv = note_change(p, before, table, &key, &value);
    mdb_cursor_close(cursor);
    return rv;
}

static CK_RV note_tables(struct plain *p, MDB_env *now)
{
    MDB_dbi dbi[N_ELEMENTS(table_names)];
    MDB_txn *before = NULL, *after = NULL;
    CK_RV rv = stock_lmdb_rv(mdb_txn_begin(p->copy.env, NULL, 0, &before));

    if (rv == CKR_OK)
        rv = stock_lmdb_rv(mdb_txn_begin(now, NULL, MDB_RDONLY, &after));
    if (rv == CKR_OK)
        rv = tables_of(before, p->table);
    if (rv == CKR_OK)
        rv = tables_of(after, dbi);
    for (size_t i = 0; rv == CKR_OK && i < N_ELEMENTS(table_names); i++)
        rv = note_table(p, before, after, dbi[i], i);
    if (after != NULL)
        mdb_txn_abort(after);
    if (before != NULL && rv == CKR_OK)
        return stock_lmdb_rv(mdb_txn_commit(before)); /* keeps the tables' handles */
    if (before != NULL)
        mdb_txn_abort(before);
    return rv;
}

/* What the database has now that the copy has not. */
static CK_RV changes_note(struct stock *s, struct plain *p)
{
    MDB_env *now = NULL;
    CK_RV rv = stock_env(s->conf->store, MDB_RDONLY, &now);

    if (rv == CKR_OK)
        rv = note_tables(p, now);
    mdb_env_close(now);
    return rv;
}

/* Keys of new rows are other ones at each turn, where the module's would be. */
static void key_turn(const struct plain *p, const struct change *c, uint8_t key[])
{
    const uint64_t scatter = c->table == 0 ? p->turn : p->turn * UINT64_C(0x9E3779B97F4A7C15);

    memcpy(key, c->key.p, c->key.n);
    for (size_t i = 0; c->was.n == 0 && i < ID_BYTES; i++)
        key[c->key.n - 1 - i] = (uint8_t)(key[c->key.n - 1 - i] + (uint8_t)(scatter >> (8 * i)));
}

static int row_write(const struct plain *p, MDB_txn *txn, const struct change *c, bool back)
{
    uint8_t key[512];
    MDB_val k = {.mv_size = c->key.n, .mv_data = key};
    MDB_val v = val_of(buf_span(back ? &c->was : &c->is));

    key_turn(p, c, key);
    return v.mv_size == 0 ? mdb_del(txn, p->table[c->table], &k, NULL)
                          : mdb_put(txn, p->table[c->table], &k, &v, 0);
}

static CK_RV plain_write(const struct plain *p, bool back)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(p->copy.env, NULL, 0, &txn);

    for (size_t i = 0; rc == 0 && i < p->n; i++)
        rc = row_write(p, txn, &p->v[i], back);
    if (rc == 0)
        rc = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    return stock_lmdb_rv(rc);
}

/* Seconds of the two halves of a turn, summed. */
struct spent {
    double create, destroy;
    size_t turns;
};

static CK_RV plain_turn(struct plain *p, struct spent *t)
{
    const double start = stats_now();
    double middle;

    p->turn++;
    TRY(plain_write(p, false));
    middle = stats_now();
    TRY(plain_write(p, true));
    t->create += middle - start;
    t->destroy += stats_now() - middle;
    t->turns++;
    return CKR_OK;
}

/* An object as the process that made it has it in its cache. */
struct made {
    struct attrs *attrs;
    struct stamp stamp;
    uint64_t id;
};

static void made_clear(struct made *m)
{
    attrs_free(TAKE(m->attrs));
}

static CK_RV data_add(struct stock *s, struct made *ret)
{
    const struct attrs *objects[1];

    TRY(stock_data(&ret->attrs));
    objects[0] = ret->attrs;
    return vault_add(&s->vault, objects, 1, &ret->id, &ret->stamp);
}

static CK_RV data_destroy(struct stock *s, const struct made *m)
{
    return vault_destroy_known(&s->vault, m->id, SCOPE_PRIVATE, m->attrs, &m->stamp);
}

static CK_RV vault_turn(struct stock *s, struct spent *t)
{
    AUTO(made_clear) struct made made = {.attrs = NULL};
    const double start = stats_now();
    double middle;

    TRY(data_add(s, &made));
    middle = stats_now();
    TRY(data_destroy(s, &made));
    t->create += middle - start;
    t->destroy += stats_now() - middle;
    t->turns++;
    return CKR_OK;
}

/* A round: both sides turn about, so that a slow moment of the disk meets both. */
static CK_RV round_run(struct stock *s, struct plain *p, struct spent *ret_plain,
                       struct spent *ret_vault)
{
    const double until = stats_now() + s->seconds;

    *ret_plain = *ret_vault = (struct spent){0};
    while (stats_now() < until) {
        TRY(plain_turn(p, ret_plain));
        TRY(vault_turn(s, ret_vault));
    }
    return CKR_OK;
}

static CK_RV rounds_run(struct stock *s, struct plain *p)
{
    double create[ROUNDS_MAX], destroy[ROUNDS_MAX], raw[ROUNDS_MAX], ours[ROUNDS_MAX];
    const unsigned n = s->rounds < ROUNDS_MAX ? s->rounds : ROUNDS_MAX;
    struct spent a, b;

    TRY(round_run(s, p, &a, &b)); /* warms up */
    for (unsigned i = 0; i < n; i++) {
        TRY(round_run(s, p, &a, &b));
        create[i] = a.create / b.create;
        destroy[i] = a.destroy / b.destroy;
        raw[i] = (double)a.turns / a.create;
        ours[i] = (double)b.turns / b.create;
    }
    printf("| durable, %zu rows | plain LMDB | tee-pkcs11 | ratio |\n|---|---:|---:|---:|\n", p->n);
    printf("| create-data | %.0f/s | %.0f/s | %.3f |\n", stats_median(raw, n),
           stats_median(ours, n), stats_median(create, n));
    printf("| destroy-data | | | %.3f |\n\n", stats_median(destroy, n));
    stock_judge("create-data", stats_median(create, n), GOAL, true, "of LMDB");
    stock_judge("destroy-data", stats_median(destroy, n), GOAL, true, "of LMDB");
    return CKR_OK;
}

static CK_RV compare(struct stock *s, struct plain *p)
{
    AUTO(made_clear) struct made made = {.attrs = NULL};

    stock_shut(s);
    TRY(stock_copy_make(s, &p->copy));
    TRY(stock_open(s));
    TRY(data_add(s, &made));
    stock_shut(s);
    TRY(changes_note(s, p));
    TRY(stock_open(s));
    TRY(data_destroy(s, &made));
    return rounds_run(s, p);
}

CK_RV stock_compare(struct stock *s)
{
    struct plain *p = calloc(1, sizeof(*p));
    CK_RV rv;

    ENSURE(p != NULL, CKR_HOST_MEMORY);
    rv = compare(s, p);
    plain_clear(p);
    free(p);
    return rv;
}
