/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.c - single rows: read and proven, put, deleted.
 *
 * A row is copied before it is MACed. What the tree says must be what LMDB has, in both directions:
 * a row that LMDB hides is as wrong as one that it puts back.
 */
#include "store/map.h"

#include "util/log.h"

CK_RV row_broken(const struct txn *t, enum store_table table, struct span key, const char *why)
{
    char text[2 * STORE_KEY_MAX + 1];
    const struct span shown = span_of(key.p, key.n <= STORE_KEY_MAX ? key.n : STORE_KEY_MAX);

    log_err("store %s: table %s, row %s: %s: the database was tampered with, or is damaged",
            t->store->directory, db_table_name(table), hex_encode(shown, text), why);
    return rv_origin(CKR_DEVICE_ERROR, why, __FILE__, __LINE__);
}

/* Forget what was appended beyond n bytes. */
static void tail_drop(struct buf *b, size_t n)
{
    if (b->n > n)
        mem_wipe(b->p + n, b->n - n);
    b->n = n;
}

CK_RV row_copy(const struct txn *t, enum store_table table, struct span key, MDB_val v,
               struct buf *ret)
{
    if (v.mv_size > STORE_VALUE_MAX)
        return row_broken(t, table, key, "impossible length");
    buf_put(ret, span_of(v.mv_data, v.mv_size));
    return buf_ok(ret);
}

/* Under which root row this transaction asks the tree. A writer's changes from row to row: what
 * holds in it is not kept. */
static uint64_t proof_of(const struct txn *t)
{
    return t->writes ? 0 : t->proof;
}

/* At least the path of a row. It is kept at once where nothing can be proven that would be kept
 * with it. */
static CK_RV path_of(struct txn *t, enum store_table table, struct span key, struct known *ret)
{
    ENSURE(t->keys != NULL, CKR_GENERAL_ERROR); /* a bug: a peek transaction verifies nothing */
    ENSURE(key_fits(key), CKR_ARGUMENTS_BAD);
    if (cache_known(t->store->cache, table, key, proof_of(t), ret))
        return CKR_OK;
    *ret = (struct known){.proven = false};
    TRY(path_sum(t->keys, table, key, ret->path));
    if (proof_of(t) == 0)
        cache_keep_known(t->store->cache, table, key, 0, ret);
    return CKR_OK;
}

/* What the tree says of a row. Under one root row, which was verified, it says one thing: the nodes
 * on the way are looked at once. */
static CK_RV row_find(struct txn *t, enum store_table table, struct span key, struct known *ret)
{
    TRY(path_of(t, table, key, ret));
    if (ret->proven)
        return CKR_OK;
    TRY(map_find(t, ret->path, ret->stamp, &ret->present));
    ret->proven = true;
    ret->compared = false;
    if (proof_of(t) != 0)
        cache_keep_known(t->store->cache, table, key, proof_of(t), ret);
    return CKR_OK;
}

static CK_RV value_check(struct txn *t, enum store_table table, struct span key, struct span value,
                         const uint8_t mac[STORE_MAC])
{
    uint8_t sum[STORE_MAC];

    TRY(leaf_sum(t->keys, table, key, value, sum));
    if (!mem_equal_ct(sum, mac, STORE_MAC))
        return row_broken(t, table, key, "not the row that was stored last");
    return CKR_OK;
}

CK_RV row_verify(struct txn *t, enum store_table table, struct span key, struct span value,
                 uint8_t ret_mac[STORE_MAC])
{
    struct known known;

    TRY(row_find(t, table, key, &known));
    if (!known.present)
        return row_broken(t, table, key, "was deleted, or never stored");
    TRY(value_check(t, table, key, value, known.stamp));
    if (ret_mac != NULL)
        memcpy(ret_mac, known.stamp, STORE_MAC);
    return CKR_OK;
}

/* The row in LMDB, appended to ret unless that is NULL. */
static CK_RV row_fetch(struct txn *t, enum store_table table, struct span key, struct buf *ret,
                       bool *ret_found)
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p}, v;
    const int rc = mdb_get(t->mdb, env_table(t->store->env, table), &k, &v);

    *ret_found = rc != MDB_NOTFOUND;
    if (!*ret_found)
        return CKR_OK;
    TRY(mdb_rv(rc));
    return ret == NULL ? CKR_OK : row_copy(t, table, key, v, ret);
}

/* What LMDB has, against what the tree says. May leave unverified bytes at the end of ret when it
 * fails. */
static CK_RV row_compare(struct txn *t, enum store_table table, struct span key, struct buf *ret,
                         const struct known *known)
{
    const size_t before = ret == NULL ? 0 : ret->n;
    bool there = false;

    TRY(row_fetch(t, table, key, ret, &there));
    if (there && !known->present)
        return row_broken(t, table, key, "was deleted, or never stored");
    if (!there && known->present)
        return row_broken(t, table, key, "is missing");
    if (known->present && ret != NULL) {
        const struct span value = buf_since(ret, before);

        TRY(value_check(t, table, key, value, known->stamp));
        if (table == STORE_INDEX)
            cache_keep_row(t->store->cache, known->stamp, value);
    }
    return CKR_OK;
}

/* Is a value wanted, and not only whether there is one? */
static bool wants_value(const struct known *known, const struct buf *ret)
{
    return known->present && ret != NULL;
}

/* LMDB has nothing to say any more: of presence and absence where it was compared under the same
 * root row, of a list's row where that is kept; it is then in ret. */
static bool is_settled(struct txn *t, enum store_table table, const struct known *known,
                       struct buf *ret)
{
    if (!wants_value(known, ret))
        return known->compared;
    return table == STORE_INDEX && cache_row(t->store->cache, known->stamp, ret);
}

static CK_RV row_get(struct txn *t, enum store_table table, struct span key, struct buf *ret,
                     uint8_t ret_mac[STORE_MAC], bool *ret_found)
{
    struct known known;

    TRY(row_find(t, table, key, &known));
    if (!is_settled(t, table, &known, ret)) {
        TRY(row_compare(t, table, key, ret, &known));
        known.compared = true;
        if (!wants_value(&known, ret) && proof_of(t) != 0)
            cache_keep_known(t->store->cache, table, key, proof_of(t), &known);
    }
    TRY(ret == NULL ? CKR_OK : buf_ok(ret));
    if (known.present && ret_mac != NULL)
        memcpy(ret_mac, known.stamp, STORE_MAC);
    *ret_found = known.present;
    return CKR_OK;
}

CK_RV txn_get(struct txn *t, enum store_table table, struct span key, struct buf *ret,
              uint8_t ret_mac[STORE_MAC], bool *ret_found)
{
    const size_t before = ret == NULL ? 0 : ret->n;
    const CK_RV rv = row_get(t, table, key, ret, ret_mac, ret_found);

    if (rv != CKR_OK && ret != NULL)
        tail_drop(ret, before);
    return rv;
}

CK_RV txn_same(struct txn *t, enum store_table table, struct span key, const uint8_t mac[STORE_MAC],
               bool *ret_same)
{
    struct known known;

    TRY(row_find(t, table, key, &known));
    *ret_same = known.present && mem_equal_ct(known.stamp, mac, STORE_MAC);
    return CKR_OK;
}

static CK_RV row_put(struct txn *t, enum store_table table, struct span key, struct span value,
                     uint8_t ret_mac[STORE_MAC])
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p};
    MDB_val v = {.mv_size = value.n, .mv_data = (void *)(uintptr_t)value.p};
    struct known known;
    bool added = false;

    TRY(path_of(t, table, key, &known));
    TRY(leaf_sum(t->keys, table, key, value, ret_mac));
    t->changed = true;
    TRY(map_put(t, known.path, ret_mac, &added));
    t->head.rows[table] += added;
    TRY(mdb_rv_full(mdb_put(t->mdb, env_table(t->store->env, table), &k, &v, 0), &t->full));
    /* The next change of the list reads it first. Whether or not this is committed: only a tree
     * that names the stamp leads to it. */
    if (table == STORE_INDEX)
        cache_keep_row(t->store->cache, ret_mac, value);
    return CKR_OK;
}

CK_RV txn_put(struct txn *t, enum store_table table, struct span key, struct span value,
              uint8_t ret_mac[STORE_MAC])
{
    uint8_t mac[STORE_MAC];
    CK_RV rv;

    ENSURE(t->writes, CKR_GENERAL_ERROR);
    ENSURE(key_fits(key) && value.n <= STORE_VALUE_MAX, CKR_ARGUMENTS_BAD);
    rv = row_put(t, table, key, value, mac);
    if (rv != CKR_OK)
        t->spoiled = rv;
    else if (ret_mac != NULL)
        memcpy(ret_mac, mac, STORE_MAC);
    return rv;
}

static CK_RV row_del(struct txn *t, enum store_table table, struct span key, bool *ret_found)
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p};
    struct known known;
    int rc;

    TRY(path_of(t, table, key, &known));
    TRY(map_del(t, known.path, ret_found));
    if (*ret_found) {
        t->changed = true;
        t->head.rows[table]--;
    }
    /* A row that the tree doesn't know goes too: it was put back by somebody else. */
    rc = mdb_del(t->mdb, env_table(t->store->env, table), &k, NULL);
    if (rc == 0)
        t->changed = true;
    if ((rc == 0) != *ret_found)
        (void)row_broken(t, table, key, rc == 0 ? "was deleted before" : "is missing");
    return rc == MDB_NOTFOUND ? CKR_OK : mdb_rv_full(rc, &t->full);
}

CK_RV txn_del(struct txn *t, enum store_table table, struct span key, bool *ret_found)
{
    bool found = false;
    CK_RV rv;

    ENSURE(t->writes, CKR_GENERAL_ERROR);
    ENSURE(key_fits(key), CKR_ARGUMENTS_BAD);
    rv = row_del(t, table, key, &found);
    if (rv != CKR_OK)
        t->spoiled = rv;
    else if (ret_found != NULL)
        *ret_found = found;
    return rv;
}

CK_RV txn_new_id(struct txn *t, uint64_t *ret)
{
    ENSURE(t->writes, CKR_GENERAL_ERROR);
    ENSURE(t->head.next_id < STORE_ID_LIMIT, CKR_DEVICE_MEMORY);
    *ret = t->head.next_id++;
    t->changed = true;
    return CKR_OK;
}

uint64_t txn_next_id(const struct txn *t)
{
    return t->head.next_id;
}
