/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock_pages.c - what objects take on the disk, against what their attributes say: pages in use
 * now, and the file that a compacting copy makes.
 */
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/stock.h"
#include "model/record.h"

#define TABLES 16
#define GOAL   3.5 /* times the encoded attributes */

/* Encoded bytes of both halves of one pair; all pairs are alike. */
static CK_RV encoded_bytes(size_t *ret)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct attrs *pair[2] = {NULL, NULL};
    CK_RV rv;

    TRY(stock_pair(pair));
    rv = attrs_set(pair[0], CKA_ID, SPAN_LIT("p11bench key........"));
    for (size_t i = 0; rv == CKR_OK && i < 2; i++) {
        rv = attrs_set(pair[i], CKA_LABEL, SPAN_LIT("p11bench key 00000000"));
        if (rv == CKR_OK)
            rv = attrs_set(pair[i], CKA_ID, SPAN_LIT("p11bench key........"));
        if (rv == CKR_OK)
            rv = record_encode(pair[i], &bytes);
    }
    attrs_free(pair[0]);
    attrs_free(pair[1]);
    TRY(rv);
    *ret = bytes.n;
    return CKR_OK;
}

static size_t pages_of(const MDB_stat *st)
{
    return st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages;
}

/* Pages of all tables: the names of the tables are the keys of the unnamed one. */
static int pages_count(MDB_env *env, MDB_txn *txn, size_t *ret_bytes)
{
    MDB_cursor *cursor = NULL;
    MDB_val name, value;
    MDB_stat st;
    MDB_dbi main_table, table;
    size_t pages;
    int rc = mdb_dbi_open(txn, NULL, 0, &main_table);

    if (rc == 0)
        rc = mdb_stat(txn, main_table, &st);
    if (rc == 0)
        rc = mdb_cursor_open(txn, main_table, &cursor);
    if (rc != 0)
        return rc;
    pages = 2 + pages_of(&st); /* the meta pages */
    while (rc == 0 && mdb_cursor_get(cursor, &name, &value, MDB_NEXT) == 0) {
        char text[64];

        snprintf(text, sizeof(text), "%.*s", (int)name.mv_size, (const char *)name.mv_data);
        rc = mdb_dbi_open(txn, text, 0, &table);
        if (rc == 0)
            rc = mdb_stat(txn, table, &st);
        if (rc == 0) {
            printf("  %-8s %9zu rows %8zu pages\n", text, st.ms_entries, pages_of(&st));
            pages += pages_of(&st);
        }
    }
    mdb_cursor_close(cursor);
    (void)env;
    *ret_bytes = pages * st.ms_psize;
    return rc;
}

/* The size of the file that mdb_env_copy2() with compaction makes; 0 when it fails. */
static size_t compacted_bytes(MDB_env *env, const char *directory)
{
    char path[PATH_MAX], file[PATH_MAX + 16];
    struct stat st = {.st_size = 0};

    snprintf(path, sizeof(path), "%s.compacted", directory);
    snprintf(file, sizeof(file), "%s/data.mdb", path);
    if (mkdir(path, 0700) != 0)
        return 0;
    if (mdb_env_copy2(env, path, MDB_CP_COMPACT) == 0 && stat(file, &st) != 0)
        st.st_size = 0;
    unlink(file);
    rmdir(path);
    return (size_t)st.st_size;
}

static int look(const char *directory, size_t *ret_live, size_t *ret_compacted)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    int rc = mdb_env_create(&env);

    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, TABLES);
    if (rc == 0)
        rc = mdb_env_open(env, directory, MDB_RDONLY | MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        rc = pages_count(env, txn, ret_live);
    if (txn != NULL)
        mdb_txn_abort(txn);
    if (rc == 0)
        *ret_compacted = compacted_bytes(env, directory);
    mdb_env_close(env);
    return rc;
}

CK_RV stock_pages(struct stock *s)
{
    size_t one = 0, live = 0, compacted = 0;
    double all;
    int rc;

    TRY(encoded_bytes(&one));
    stock_shut(s);
    rc = look(s->conf->store, &live, &compacted);
    if (rc != 0)
        fprintf(stderr, "p11store: %s: %s\n", s->conf->store, mdb_strerror(rc));
    ENSURE(rc == 0, CKR_DEVICE_ERROR);
    all = (double)one * (double)s->n;
    printf("| %zu pairs | encoded | live pages | compacted file |\n|---|---:|---:|---:|\n", s->n);
    printf("| MiB | %.1f | %.1f | %.1f |\n", all / 1048576, (double)live / 1048576,
           (double)compacted / 1048576);
    printf("| times the encoded | 1 | %.2f | %.2f |\n", (double)live / all,
           (double)compacted / all);
    printf("\n");
    stock_judge("live pages", (double)live / all, GOAL, false, "times the encoded attributes");
    stock_judge("compacted file", (double)compacted / all, GOAL, false,
                "times the encoded attributes");
    return CKR_OK;
}
