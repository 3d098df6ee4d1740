/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan.c - rows in key order: verified walks and seeks, and the unverified peeks.
 *
 * Each step looks for its row by key again, so what a callback writes can't move a cursor under it.
 * Keys must rise from step to step: a database whose pages lead in a circle is noticed.
 */
#include "store/txn.h"

/* Find the first row at or after `from` (strictly after, with `after`). */
static int row_place(MDB_cursor *c, struct span from, bool after, MDB_val *k, MDB_val *v)
{
    int rc;

    *k = (MDB_val){.mv_size = from.n, .mv_data = (void *)(uintptr_t)from.p};
    if (from.n == 0)
        return mdb_cursor_get(c, k, v, MDB_FIRST);
    rc = mdb_cursor_get(c, k, v, MDB_SET_RANGE);
    if (rc == 0 && after && span_equal(span_of(k->mv_data, k->mv_size), from))
        rc = mdb_cursor_get(c, k, v, MDB_NEXT);
    return rc;
}

/* -1, 0, 1 in LMDB's order: bytes first, then length. */
static int key_order(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Copy the row that was found. */
static CK_RV row_take(struct txn *t, enum store_table table, struct span from, bool after,
                      MDB_val k, MDB_val v, struct buf *key, struct buf *value)
{
    const int least = after ? 1 : 0;

    ENSURE(key_fits(span_of(k.mv_data, k.mv_size)), CKR_DEVICE_ERROR);
    buf_put(key, span_of(k.mv_data, k.mv_size));
    TRY(buf_ok(key));
    if (from.n > 0 && key_order(buf_span(key), from) < least)
        return row_broken(t, table, buf_span(key), "out of order");
    return row_copy(t, table, buf_span(key), v, value);
}

/* The next row, unverified, copied into `key` and `value`, which are empty. */
static CK_RV row_next(struct txn *t, enum store_table table, struct span from, bool after,
                      struct buf *key, struct buf *value, bool *ret_found)
{
    MDB_cursor *c = NULL;
    MDB_val k, v;
    CK_RV rv = CKR_OK;
    int rc;

    TRY(mdb_rv(mdb_cursor_open(t->mdb, env_table(t->store->env, table), &c)));
    rc = row_place(c, from, after, &k, &v);
    *ret_found = rc == 0;
    if (rc == 0)
        rv = row_take(t, table, from, after, k, v, key, value);
    mdb_cursor_close(c);
    return rc == MDB_NOTFOUND ? CKR_OK : rc != 0 ? mdb_rv(rc) : rv;
}

/* Walk a table; ret_n counts the rows. */
static CK_RV walk(struct txn *t, enum store_table table, bool verify, row_fn *fn, void *arg,
                  uint64_t *ret_n)
{
    AUTO(buf_clear) struct buf last = BUF_INIT;
    bool found = true;

    for (uint64_t n = 0;; n++) {
        AUTO(buf_clear) struct buf key = BUF_INIT;
        AUTO(buf_clear) struct buf value = BUF_INIT;

        TRY(row_next(t, table, buf_span(&last), n > 0, &key, &value, &found));
        if (!found) {
            *ret_n = n;
            return CKR_OK;
        }
        if (verify)
            TRY(row_verify(t, table, buf_span(&key), buf_span(&value), NULL));
        TRY(fn(t, buf_span(&key), buf_span(&value), arg));
        buf_clear(&last);
        last = key;
        key = BUF_INIT;
    }
}

CK_RV txn_walk(struct txn *t, enum store_table table, row_fn *fn, void *arg)
{
    const uint64_t rows = t->head.rows[table]; /* fn may delete the rows that it is given */
    uint64_t n = 0;

    ENSURE(t->keys != NULL, CKR_GENERAL_ERROR);
    TRY(walk(t, table, true, fn, arg, &n));
    if (n != rows)
        return row_broken(t, table, SPAN_EMPTY, "the table has not all of its rows");
    return CKR_OK;
}

static bool starts_with(struct span key, struct span prefix)
{
    return key.n >= prefix.n && (prefix.n == 0 || memcmp(key.p, prefix.p, prefix.n) == 0);
}

CK_RV txn_seek(struct txn *t, enum store_table table, struct span prefix, struct span from,
               struct buf *ret_key, struct buf *ret_value, bool *ret_found)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    const struct span first = key_order(from, prefix) < 0 ? prefix : from;
    bool found = false;

    ENSURE(t->keys != NULL, CKR_GENERAL_ERROR);
    ENSURE(from.n <= STORE_KEY_MAX && prefix.n <= STORE_KEY_MAX, CKR_ARGUMENTS_BAD);
    TRY(row_next(t, table, first, false, &key, &value, &found));
    found = found && starts_with(buf_span(&key), prefix);
    if (found) {
        TRY(row_verify(t, table, buf_span(&key), buf_span(&value), NULL));
        buf_reserve(ret_key, key.n);
        buf_reserve(ret_value, value.n);
        TRY(buf_ok(ret_key));
        TRY(buf_ok(ret_value));
        buf_put(ret_key, buf_span(&key));
        buf_put(ret_value, buf_span(&value));
    }
    *ret_found = found;
    return CKR_OK;
}

CK_RV txn_peek(struct txn *t, enum store_table table, struct span key, struct buf *ret,
               bool *ret_found)
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p}, v;
    int rc;

    ENSURE(key_fits(key), CKR_ARGUMENTS_BAD);
    rc = mdb_get(t->mdb, env_table(t->store->env, table), &k, &v);
    if (rc == 0 && ret != NULL)
        TRY(row_copy(t, table, key, v, ret));
    if (rc == 0 || rc == MDB_NOTFOUND)
        *ret_found = rc == 0;
    return rc == MDB_NOTFOUND ? CKR_OK : mdb_rv(rc);
}

CK_RV txn_peek_walk(struct txn *t, enum store_table table, row_fn *fn, void *arg)
{
    uint64_t n = 0;

    return walk(t, table, false, fn, arg, &n);
}
