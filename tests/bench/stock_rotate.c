/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock_rotate.c - what rotations cost with so many objects: a new master, a new seal, and new
 * DEKs, these beside plain LMDB that rewrites the same records.
 *
 * The plain side is a copy of the store's database on the same disk. It reads every record of the
 * table of objects and writes as many other bytes in its place, VAULT_ROTATE_BATCH records to a
 * transaction, each synced. It has no cryptography, no authenticated map and no root row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/stats.h"
#include "bench/stock_copy.h"
#include "keyring/seals.h"

#define ROUNDS_MAX 101
#define GOAL_QUICK 0.1 /* seconds for a master or a seal, however many objects there are */

/* Seconds by the clock, and of the processor: what a machine with other users leaves to compare. */
struct cost {
    double wall, cpu;
};

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct cost cost_begin(void)
{
    return (struct cost){.wall = stats_now(), .cpu = cpu_now()};
}

static struct cost cost_since(const struct cost *begin)
{
    return (struct cost){.wall = stats_now() - begin->wall, .cpu = cpu_now() - begin->cpu};
}

/* -- master and seal --------------------------------------------------------------------------- */

static CK_RV master_once(struct stock *s, double *ret)
{
    const double start = stats_now();
    uint64_t epoch;

    TRY(master_rotate(s->keyring, &epoch));
    *ret = stats_now() - start;
    return CKR_OK;
}

static CK_RV seal_once(struct stock *s, double *ret)
{
    const double start = stats_now();
    uint8_t id[SEAL_ID];

    TRY(seal_reseal(s->keyring, id));
    *ret = stats_now() - start;
    return CKR_OK;
}

static CK_RV quick(struct stock *s, const char *what, CK_RV (*once)(struct stock *, double *))
{
    const unsigned n = s->rounds < ROUNDS_MAX ? s->rounds : ROUNDS_MAX;
    double spent[ROUNDS_MAX], most = 0;

    for (unsigned i = 0; i < n; i++) {
        TRY(once(s, &spent[i]));
        most = spent[i] > most ? spent[i] : most;
    }
    printf("| %s | %.1f ms | at most %.1f ms of %u |\n", what, 1e3 * stats_median(spent, n),
           1e3 * most, n);
    stock_judge(what, most, GOAL_QUICK, false, "s at most");
    return CKR_OK;
}

/* -- the DEKs ---------------------------------------------------------------------------------- */

static CK_RV advance(struct txn *t, void *arg)
{
    struct stock *s = arg;
    uint32_t generation;

    TRY(dek_advance(s->keyring, t, s->vault.token, SCOPE_PUBLIC, &generation));
    return dek_advance(s->keyring, t, s->vault.token, SCOPE_PRIVATE, &generation);
}

/* Both scopes, to the last record. */
static CK_RV deks_once(struct stock *s, struct cost *ret, size_t *ret_records)
{
    const struct cost start = cost_begin();
    struct vault_pace pace = VAULT_PACE_INIT;
    bool left = true;

    *ret_records = 0;
    TRY(store_write(keyring_store(s->keyring), advance, s));
    while (left) {
        size_t done = 0;

        TRY(vault_rotate_paced(&s->vault, &pace, &done, &left));
        *ret_records += done;
    }
    *ret = cost_since(&start);
    return CKR_OK;
}

/* The record under the cursor, with other bytes. */
static int rewrite_one(MDB_cursor *cursor, MDB_val *key, const MDB_val *value, size_t *bytes)
{
    static uint8_t other[1 << 16];
    MDB_val v = {.mv_size = value->mv_size, .mv_data = other};

    if (value->mv_size > sizeof(other))
        return MDB_BAD_VALSIZE;
    for (size_t i = 0; i < value->mv_size; i++)
        other[i] = (uint8_t) ~((const uint8_t *)value->mv_data)[i];
    *bytes += value->mv_size;
    return mdb_cursor_put(cursor, key, &v, MDB_CURRENT);
}

/* A transaction: records from `from` on (empty: the first). *inout_from becomes the next one. */
static int rewrite_some(MDB_env *env, struct buf *from, size_t *records, size_t *bytes)
{
    MDB_val key = {.mv_size = from->n, .mv_data = from->p}, value;
    MDB_cursor *cursor = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);

    if (rc == 0)
        rc = mdb_dbi_open(txn, "object", 0, &dbi);
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, from->n > 0 ? MDB_SET_KEY : MDB_FIRST);
    for (size_t i = 0; rc == 0 && i < VAULT_ROTATE_BATCH; i++) {
        rc = rewrite_one(cursor, &key, &value, bytes);
        *records += rc == 0;
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    buf_clear(from);
    if (rc == 0)
        buf_put(from, span_of(key.mv_data, key.mv_size));
    mdb_cursor_close(cursor);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static CK_RV plain_once(MDB_env *env, struct cost *ret, size_t *ret_records, size_t *ret_bytes)
{
    AUTO(buf_clear) struct buf from = BUF_INIT;
    const struct cost start = cost_begin();

    *ret_records = *ret_bytes = 0;
    do
        TRY(stock_lmdb_rv(rewrite_some(env, &from, ret_records, ret_bytes)));
    while (from.n > 0);
    *ret = cost_since(&start);
    return CKR_OK;
}

struct round {
    struct cost plain, ours;
};

static double median_of(const struct round *v, unsigned n, double (*of)(const struct round *))
{
    double figures[ROUNDS_MAX];

    for (unsigned i = 0; i < n; i++)
        figures[i] = of(&v[i]);
    return stats_median(figures, n);
}

static double plain_wall(const struct round *r)
{
    return r->plain.wall;
}

static double plain_cpu(const struct round *r)
{
    return r->plain.cpu;
}

static double ours_wall(const struct round *r)
{
    return r->ours.wall;
}

static double ours_cpu(const struct round *r)
{
    return r->ours.cpu;
}

static double ratio_wall(const struct round *r)
{
    return r->ours.wall / r->plain.wall;
}

static double ratio_cpu(const struct round *r)
{
    return r->ours.cpu / r->plain.cpu;
}

static void deks_print(const struct round *v, unsigned n, size_t records, size_t bytes)
{
    printf("| DEKs, %zu records, by the clock | %.2f s | plain LMDB rewriting the same %.1f MiB: "
           "%.2f s; times %.2f |\n",
           records, median_of(v, n, ours_wall), (double)bytes / (1 << 20),
           median_of(v, n, plain_wall), median_of(v, n, ratio_wall));
    printf("| DEKs, of the processor | %.2f s | plain LMDB: %.2f s; times %.2f |\n",
           median_of(v, n, ours_cpu), median_of(v, n, plain_cpu), median_of(v, n, ratio_cpu));
}

/* Turn about, so that a slow moment of the disk meets both. */
static CK_RV deks(struct stock *s, struct stock_copy *copy)
{
    const unsigned n = s->rounds < ROUNDS_MAX ? s->rounds : ROUNDS_MAX;
    struct round v[ROUNDS_MAX];
    size_t moved = 0, rewritten = 0, bytes = 0;

    for (unsigned i = 0; i < n; i++) {
        TRY(plain_once(copy->env, &v[i].plain, &rewritten, &bytes));
        TRY(deks_once(s, &v[i].ours, &moved));
    }
    if (moved != rewritten) {
        fprintf(stderr, "p11store: %zu records were re-encrypted, and plain LMDB rewrote %zu\n",
                moved, rewritten);
        FAIL(CKR_GENERAL_ERROR);
    }
    deks_print(v, n, moved, bytes);
    return CKR_OK;
}

/* Every record names the current generation, so that a rotation moves as many as plain LMDB. */
static CK_RV settle(struct stock *s)
{
    bool left = true;

    while (left) {
        size_t done = 0;

        TRY(vault_rotate_step(&s->vault, VAULT_ROTATE_BATCH, &done, &left));
    }
    return CKR_OK;
}

CK_RV stock_rotate(struct stock *s)
{
    struct stock_copy copy = {.env = NULL};
    CK_RV rv;

    TRY(settle(s));
    stock_shut(s);
    rv = stock_copy_make(s, &copy);
    if (rv == CKR_OK)
        rv = stock_open(s);
    if (rv == CKR_OK) {
        puts("| rotation | time | |\n|---|---:|---|");
        rv = deks(s, &copy);
    }
    stock_copy_clear(&copy);
    TRY(rv);
    TRY(quick(s, "master-rotation", master_once));
    return quick(s, "reseal", seal_once);
}
