/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * db.c - the LMDB environment of a store, opened as the store wants it.
 *
 * Always MDB_NOTLS; never MDB_NOSYNC (a commit that returned is on the disk), MDB_NOMEMINIT (heap
 * bytes in the file) or MDB_WRITEMAP (a stray write in the process would reach the file).
 */
#include "store/db.h"

#include <errno.h>

#include "store/gate.h"
#include "store/lockfile.h"
#include "store/place.h"
#include "util/fd.h"
#include "util/log.h"

#define MAP_DEFAULT (UINT64_C(16) << 30)  /* address space, not memory */
#define MAP_FLOOR   (UINT64_C(64) << 20)  /* halving stops here: too little address space */
#define MAP_LEAST   (UINT64_C(128) << 10) /* the least that a caller may ask for */
#define READERS     4096u                 /* slots over all processes: hundreds with some threads */

/* In the order of enum store_table; the tree last. */
static const char *const table_names[DB_N_TABLES] = {
    "meta", "seal", "token", "dek", "object", "index", "audit", "tree", "root",
};

CK_RV mdb_rv(int rc)
{
    if (rc == MDB_SUCCESS)
        return CKR_OK;
    if (rc == MDB_MAP_FULL || rc == MDB_TXN_FULL) {
        log_debug(LOG_STORE, "%s", mdb_strerror(rc));
        return CKR_DEVICE_MEMORY;
    }
    if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG) {
        log_err("the store's database: %s: nothing was changed; make room", mdb_strerror(rc));
        return CKR_DEVICE_MEMORY;
    }
    if (rc == ENOMEM)
        return CKR_HOST_MEMORY;
    log_err("the store's database: %s", mdb_strerror(rc));
    return CKR_DEVICE_ERROR;
}

CK_RV mdb_rv_full(int rc, bool *full)
{
    if (rc != MDB_MAP_FULL)
        return mdb_rv(rc);
    *full = true;
    return CKR_DEVICE_MEMORY;
}

/* LMDB is about to abort the process because its file contradicts itself. */
static void assert_failed(MDB_env *mdb, const char *msg)
{
    const char *path = "";

    (void)mdb_env_get_path(mdb, &path);
    log_err("the database in %s is damaged, LMDB can't go on: %s", path, msg);
}

static CK_RV configure(MDB_env *mdb, uint64_t map_size)
{
    TRY(mdb_rv(mdb_env_set_assert(mdb, assert_failed)));
    TRY(mdb_rv(mdb_env_set_maxdbs(mdb, DB_N_TABLES)));
    TRY(mdb_rv(mdb_env_set_maxreaders(mdb, READERS)));
    return mdb_rv(mdb_env_set_mapsize(mdb, (size_t)map_size));
}

/* One try at one map size. *ret_rc is LMDB's answer. */
static CK_RV open_at(const char *path, unsigned flags, uint64_t map_size, MDB_env **ret,
                     int *ret_rc)
{
    MDB_env *mdb = NULL;
    CK_RV rv;

    TRY(mdb_rv(mdb_env_create(&mdb)));
    rv = configure(mdb, map_size);
    *ret_rc = rv == CKR_OK ? mdb_env_open(mdb, path, MDB_NOTLS | flags, 0600) : 0;
    if (rv != CKR_OK || *ret_rc != 0) {
        mdb_env_close(mdb); /* as the header demands after a failure */
        return rv;
    }
    *ret = mdb;
    return CKR_OK;
}

/* Take as much address space as there is, from map_size down. */
static CK_RV open_down(const char *path, unsigned flags, uint64_t map_size, MDB_env **ret)
{
    uint64_t size = map_size == 0 ? MAP_DEFAULT : map_size < MAP_LEAST ? MAP_LEAST : map_size;
    int rc = 0;

    for (;;) {
        TRY(open_at(path, flags, size, ret, &rc));
        if (rc != ENOMEM || size / 2 < MAP_FLOOR)
            break;
        size /= 2;
    }
    if (rc != 0)
        log_err("can't open the database in %s: %s", path, mdb_strerror(rc));
    return mdb_rv(rc);
}

static CK_RV open_gated(const char *directory, uint64_t map_size, MDB_env **ret)
{
    AUTO(gate_leavep) int gate = -1;
    bool is_new;
    CK_RV rv;

    gate = gate_enter(directory);
    is_new = gate_is_closed(gate) && place_is_bare(directory);
    rv = lockfile_prepare(directory);
    if (rv == CKR_OK)
        rv = open_down(directory, 0, map_size, ret);
    /* A lock file, or an empty database, would tell the next one that a store was lost here. */
    if (rv != CKR_OK && is_new)
        place_strip(directory);
    return rv;
}

/* Open one table; *ret_missing where it is not there and may not be made. */
static CK_RV table_open(struct db *d, MDB_txn *txn, unsigned table, bool create, bool *ret_missing)
{
    const int rc = mdb_dbi_open(txn, table_names[table], create ? MDB_CREATE : 0, &d->table[table]);
    unsigned flags = 0;

    *ret_missing = rc == MDB_NOTFOUND;
    if (*ret_missing)
        return CKR_OK;
    TRY(mdb_rv(rc));
    TRY(mdb_rv(mdb_dbi_flags(txn, d->table[table], &flags)));
    /* Sorted duplicates or integer keys would send LMDB down paths that our rows don't fit. */
    ENSURE(flags == 0, CKR_DEVICE_ERROR);
    return CKR_OK;
}

/* Another process may have made the map larger since it was opened: follow it once. */
static CK_RV txn_start(struct db *d, unsigned flags, MDB_txn **ret)
{
    int rc = mdb_txn_begin(d->env, NULL, flags, ret);

    if (rc == MDB_MAP_RESIZED) {
        TRY(mdb_rv(mdb_env_set_mapsize(d->env, 0)));
        rc = mdb_txn_begin(d->env, NULL, flags, ret);
    }
    return mdb_rv(rc);
}

/* Open all tables in one transaction. */
static CK_RV tables_open(struct db *d, bool create, bool *ret_missing)
{
    MDB_txn *txn = NULL;
    CK_RV rv = CKR_OK;

    TRY(txn_start(d, create ? 0 : MDB_RDONLY, &txn));
    *ret_missing = false;
    for (unsigned table = 0; rv == CKR_OK && !*ret_missing && table < DB_N_TABLES; table++)
        rv = table_open(d, txn, table, create, ret_missing);
    if (rv != CKR_OK || *ret_missing) {
        mdb_txn_abort(txn);
        return rv;
    }
    return mdb_rv(mdb_txn_commit(txn)); /* keeps the handles */
}

/* Reading comes first: a writer would wait for other writers. */
/* A database without tables is one that nobody committed to yet (the tables are transaction 1), or
 * it is damaged: then it must not look as if there was no store. */
static CK_RV never_written(struct db *d)
{
    MDB_envinfo info;

    TRY(mdb_rv(mdb_env_info(d->env, &info)));
    if (info.me_last_txnid == 0)
        return CKR_OK;
    log_err(
        "the store's database lacks tables that were there: it is damaged; restore it from a copy");
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV tables_ready(struct db *d, bool create)
{
    bool missing = false;

    TRY(tables_open(d, false, &missing));
    if (missing) {
        TRY(never_written(d));
        ENSURE(create, CKR_TOKEN_NOT_PRESENT);
        TRY(tables_open(d, true, &missing));
        ENSURE(!missing, CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

static CK_RV readers_clear(struct db *d)
{
    int dead = 0;

    TRY(mdb_rv(mdb_reader_check(d->env, &dead)));
    if (dead > 0)
        log_debug(LOG_STORE, "cleared %d reader slots of dead processes", dead);
    return CKR_OK;
}

CK_RV db_open(const char *directory, bool create, uint64_t map_size, struct db *ret)
{
    AUTO(db_clear) struct db d = {.env = NULL};
    AUTO(fd_std_give_back) struct fd_std std;

    fd_std_take(&std); /* what the application prints must not go into the database */
    TRY(open_gated(directory, map_size, &d.env));
    TRY(readers_clear(&d));
    TRY(tables_ready(&d, create));
    *ret = d;
    d.env = NULL;
    return CKR_OK;
}

CK_RV db_open_file(const char *path, bool write, uint64_t map_size, struct db *ret)
{
    AUTO(db_clear) struct db d = {.env = NULL};
    AUTO(fd_std_give_back) struct fd_std std;
    const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | (write ? 0 : MDB_RDONLY);

    fd_std_take(&std);
    TRY(open_down(path, flags, map_size, &d.env));
    TRY(tables_ready(&d, false));
    *ret = d;
    d.env = NULL;
    return CKR_OK;
}

static void close_gated(MDB_env *mdb)
{
    const char *directory = "";
    AUTO(gate_leavep) int gate = -1;

    (void)mdb_env_get_path(mdb, &directory);
    gate = gate_enter(directory);
    mdb_env_close(mdb);
}

void db_clear(struct db *d)
{
    if (d->env != NULL)
        close_gated(d->env);
    d->env = NULL;
}

const char *db_table_name(unsigned table)
{
    return table_names[table];
}
