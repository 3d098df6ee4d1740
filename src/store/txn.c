/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * txn.c - transactions: begun, their root row verified, committed.
 *
 * The root row is verified once per LMDB transaction number and remembered. A snapshot is never
 * older than what was committed before it began, so a counter below the highest seen *before* the
 * beginning means that the file was rolled back.
 */
#include "store/txn.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "store/map.h"
#include "store/procid.h"
#include "util/log.h"

#define GROW_TRIES 40 /* doublings: more than address space has */

/* This thread is inside store_write(): a second one would wait for the first for ever. */
static _Thread_local bool writing;

/* Counters only rise. */
static void seen_raise(struct seen *seen, uint64_t counter)
{
    uint64_t was = atomic_load(&seen->counter);

    while (was < counter && !atomic_compare_exchange_weak(&seen->counter, &was, counter))
        ;
}

/* t->head, in the file as `row`, is what holds since LMDB transaction `id`. */
static void head_remember(struct txn *t, uint64_t id, struct span row)
{
    struct store *s = t->store;

    seen_raise(t->seen, t->head.counter);
    (void)pthread_mutex_lock(&s->lock);
    if (t->keys == atomic_load(&s->keys) && id > s->verified_id) {
        atomic_store(&s->fresh, false);
        s->verified_id = id;
        s->verified = t->head;
        memcpy(s->verified_row, row.p, row.n);
        s->n_verified_row = row.n;
        t->proof = ++s->verified_number;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* The root row of this transaction, if it was verified before. A writer looks at the file's again:
 * it builds on what is there now, which a host may have exchanged under the same number. */
static bool head_recall(struct txn *t)
{
    struct store *s = t->store;
    bool known;

    (void)pthread_mutex_lock(&s->lock);
    known = !t->writes && s->verified_id != 0 && s->verified_id == t->id &&
            t->keys == atomic_load(&s->keys);
    if (known) {
        head_copy(&t->head, &s->verified);
        t->proof = s->verified_number;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return known;
}

/* To a writer the same bytes as were verified before need no MAC, which mostly are those that it
 * wrote last: up to 32 blocks of SHA-256. */
static bool head_is_known(struct txn *t, struct span row)
{
    struct store *s = t->store;
    bool known;

    (void)pthread_mutex_lock(&s->lock);
    known = t->writes && s->verified_id != 0 && t->keys == atomic_load(&s->keys) &&
            span_equal(row, span_of(s->verified_row, s->n_verified_row));
    if (known)
        head_copy(&t->head, &s->verified);
    (void)pthread_mutex_unlock(&s->lock);
    return known;
}

/* No root row: right for a store without any rows that is just being made, and for no other. */
static CK_RV head_absent(struct txn *t)
{
    MDB_stat st;
    size_t n = 0;

    for (unsigned table = 0; table < DB_N_TABLES; table++) {
        TRY(mdb_rv(mdb_stat(t->mdb, env_table(t->store->env, table), &st)));
        n += st.ms_entries;
    }
    if (!t->fresh_before || n > 0) {
        log_err("store %s: the root row is missing: the database was tampered with, or is damaged",
                t->store->directory);
        FAIL(CKR_DEVICE_ERROR);
    }
    t->head = head_empty();
    return CKR_OK;
}

static CK_RV head_read(struct txn *t)
{
    uint8_t row[HEAD_MAX];
    MDB_val k = {.mv_size = HEAD_KEY.n, .mv_data = (void *)(uintptr_t)HEAD_KEY.p}, v;
    const int rc = mdb_get(t->mdb, env_table(t->store->env, DB_ROOT), &k, &v);
    size_t n = 0;
    CK_RV rv;

    if (rc == MDB_NOTFOUND)
        return head_absent(t);
    TRY(mdb_rv(rc));
    n = v.mv_size <= sizeof(row) ? v.mv_size : 0;
    memcpy(row, v.mv_data, n);
    if (head_is_known(t, span_of(row, n)))
        return CKR_OK;
    rv = head_decode(span_of(row, n), t->keys, &t->head);
    if (rv == CKR_DEVICE_ERROR && t->fresh_before)
        log_warn("store %s: another process has made it meanwhile", t->store->directory);
    else if (rv == CKR_DEVICE_ERROR)
        log_err("store %s: the root row is not authentic: the database was tampered with, or is "
                "damaged",
                t->store->directory);
    if (rv == CKR_OK)
        head_remember(t, t->id, span_of(row, n));
    return rv;
}

static CK_RV head_load(struct txn *t)
{
    if (!head_recall(t))
        TRY(head_read(t));
    if (t->head.counter >= t->seen_before)
        return CKR_OK;
    log_err("store %s: ROLLED BACK: it is at commit %" PRIu64 ", this process has seen commit "
            "%" PRIu64 ": an older copy of the database was put in its place",
            t->store->directory, t->head.counter, t->seen_before);
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV txn_new(struct store *s, struct txn **ret)
{
    struct txn *t;

    /* After a fork LMDB's locks and reader slots are the parent's. */
    ENSURE(s->procid == procid(), CKR_DEVICE_ERROR);
    t = malloc(sizeof(*t));
    ENSURE(t != NULL, CKR_HOST_MEMORY);
    memset(t, 0, offsetof(struct txn, head.recent));
    t->store = s;
    t->spoiled = CKR_OK;
    *ret = t;
    return CKR_OK;
}

void txn_end(struct txn *t)
{
    if (t == NULL)
        return;
    tree_free(t->tree);
    if (t->writes)
        env_abort(t->store->env, t->mdb);
    else
        env_read_done(t->store->env, t->mdb);
    free(t);
}

/* What must be known of the store before the snapshot is taken: it may change right after. */
static CK_RV txn_prepare(struct txn *t)
{
    struct store *s = t->store;

    t->keys = atomic_load(&s->keys);
    ENSURE(t->keys != NULL, CKR_GENERAL_ERROR); /* a bug: store_set_key() comes first */
    t->seen = atomic_load(&s->seen);
    t->seen_before = atomic_load(&t->seen->counter);
    t->fresh_before = atomic_load(&s->fresh);
    return CKR_OK;
}

CK_RV txn_begin_read(struct store *s, struct txn **ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_new(s, &t));
    TRY(txn_prepare(t));
    TRY(env_read(s->env, &t->mdb));
    t->id = mdb_txn_id(t->mdb);
    TRY(head_load(t));
    *ret = TAKE(t);
    return CKR_OK;
}

CK_RV txn_begin_peek(struct store *s, struct txn **ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_new(s, &t));
    TRY(env_read(s->env, &t->mdb));
    t->id = mdb_txn_id(t->mdb);
    *ret = TAKE(t);
    return CKR_OK;
}

uint64_t txn_id(const struct txn *t)
{
    return t->id;
}

uint64_t txn_counter(const struct txn *t)
{
    return t->head.counter;
}

uint64_t txn_count(const struct txn *t, enum store_table table)
{
    return t->head.rows[table];
}

CK_RV txn_room(const struct txn *t)
{
    return env_room(t->store->env);
}

static CK_RV head_write(struct txn *t, uint8_t row[HEAD_MAX], size_t *ret_n)
{
    MDB_val k = {.mv_size = HEAD_KEY.n, .mv_data = (void *)(uintptr_t)HEAD_KEY.p};
    MDB_val v = {.mv_data = row};

    t->head.counter++;
    TRY(head_encode(&t->head, t->keys, row, ret_n));
    v.mv_size = *ret_n;
    return mdb_rv_full(mdb_put(t->mdb, env_table(t->store->env, DB_ROOT), &k, &v, 0), &t->full);
}

static CK_RV txn_commit(struct txn *t)
{
    uint8_t row[HEAD_MAX];
    size_t n = 0;

    TRY(map_save(t));
    TRY(head_write(t, row, &n));
    TRY(env_commit(t->store->env, TAKE(t->mdb), &t->full));
    head_remember(t, t->id + 1, span_of(row, n));
    return CKR_OK;
}

/* Run fn and commit. A store without root row gets one even if fn changes nothing. */
static CK_RV write_run(struct txn *t, txn_fn *fn, void *arg)
{
    TRY(head_load(t));
    TRY(fn(t, arg));
    TRY(t->spoiled);
    if (!t->changed && t->head.counter > 0)
        return CKR_OK;
    return txn_commit(t);
}

static CK_RV write_once(struct store *s, txn_fn *fn, void *arg, bool *ret_again)
{
    AUTO(txn_endp) struct txn *t = NULL;
    const size_t had = env_map_size(s->env);
    CK_RV rv;

    TRY(txn_new(s, &t));
    TRY(txn_prepare(t));
    t->writes = true;
    TRY(env_write(s->env, &t->mdb));
    t->id = mdb_txn_id(t->mdb) - 1;
    rv = write_run(t, fn, arg);
    if (t->full) {
        txn_end(TAKE(t));
        TRY(env_grow(s->env, had));
        *ret_again = true;
    }
    return rv;
}

bool txn_writes(const struct txn *t)
{
    return t->writes;
}

CK_RV store_write(struct store *s, txn_fn *fn, void *arg)
{
    CK_RV rv = CKR_DEVICE_MEMORY;
    bool again = true;

    if (writing) {
        log_err("a bug: store_write() inside store_write()");
        FAIL(CKR_GENERAL_ERROR);
    }
    writing = true;
    for (int tries = 0; again && tries < GROW_TRIES; tries++) {
        again = false;
        rv = write_once(s, fn, arg, &again);
    }
    writing = false;
    return rv;
}
