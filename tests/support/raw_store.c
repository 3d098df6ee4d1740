/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_store.c - a store's rows and files behind the module's back; see raw_store.h. */
#include "support/raw_store.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAW_MAP ((size_t)1 << 30)

const char *const raw_tables[RAW_TABLES] = {"meta",  "seal",  "token", "dek", "object",
                                            "index", "audit", "tree",  "root"};

static MDB_env *env_open(const char *directory)
{
    MDB_env *env = NULL;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_set_mapsize(env, RAW_MAP), 0);
    assert_int_equal(mdb_env_open(env, directory, MDB_NOSYNC, 0600), 0);
    return env;
}

static void row_keep(struct raw_rows *rows, size_t table, const MDB_val *key, const MDB_val *value)
{
    struct raw_row *grown = calloc(rows->n + 1, sizeof(*grown)), *r;

    assert_non_null(grown);
    if (rows->n > 0)
        memcpy(grown, rows->v, rows->n * sizeof(*grown));
    free(rows->v);
    rows->v = grown;
    r = &rows->v[rows->n++];
    assert_true(key->mv_size <= sizeof(r->key));
    memcpy(r->key, key->mv_data, key->mv_size);
    r->table = table;
    r->n_key = key->mv_size;
    r->n_value = value->mv_size;
    r->value = malloc(value->mv_size + 1);
    assert_non_null(r->value);
    memcpy(r->value, value->mv_data, value->mv_size);
}

static void table_read(MDB_txn *t, size_t table, struct raw_rows *rows)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    MDB_dbi dbi;

    assert_int_equal(mdb_dbi_open(t, raw_tables[table], 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(t, dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        row_keep(rows, table, &key, &value);
    mdb_cursor_close(cursor);
}

struct raw_rows raw_rows_read(const char *directory)
{
    MDB_env *env = env_open(directory);
    struct raw_rows rows = {0};
    MDB_txn *t = NULL;

    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &t), 0);
    for (size_t i = 0; i < RAW_TABLES; i++)
        table_read(t, i, &rows);
    mdb_txn_abort(t);
    mdb_env_close(env);
    return rows;
}

void raw_rows_free(struct raw_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->v[i].value);
    free(rows->v);
    *rows = (struct raw_rows){0};
}

const struct raw_row *raw_rows_find(const struct raw_rows *rows, const struct raw_row *r)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct raw_row *c = &rows->v[i];

        if (c->table == r->table && c->n_key == r->n_key && memcmp(c->key, r->key, r->n_key) == 0)
            return c;
    }
    return NULL;
}

static void row_write(MDB_txn *t, const struct raw_row *r, const void *value, size_t n)
{
    MDB_val k = {.mv_size = r->n_key, .mv_data = (void *)(uintptr_t)r->key};
    MDB_val v = {.mv_size = n, .mv_data = (void *)(uintptr_t)value};
    MDB_dbi dbi;

    assert_int_equal(mdb_dbi_open(t, raw_tables[r->table], 0, &dbi), 0);
    if (n == 0)
        assert_int_equal(mdb_del(t, dbi, &k, NULL), 0);
    else
        assert_int_equal(mdb_put(t, dbi, &k, &v, 0), 0);
}

void raw_write(const char *directory, const struct raw_row *r, const void *value, size_t n)
{
    MDB_env *env = env_open(directory);
    MDB_txn *t = NULL;

    assert_int_equal(mdb_txn_begin(env, NULL, 0, &t), 0);
    row_write(t, r, value, n);
    assert_int_equal(mdb_txn_commit(t), 0);
    mdb_env_close(env);
}

void raw_write_all(const char *directory, const struct raw_row *rows, size_t n)
{
    MDB_env *env = env_open(directory);
    MDB_txn *t = NULL;

    assert_int_equal(mdb_txn_begin(env, NULL, 0, &t), 0);
    for (size_t i = 0; i < n; i++)
        row_write(t, &rows[i], rows[i].value, rows[i].n_value);
    assert_int_equal(mdb_txn_commit(t), 0);
    mdb_env_close(env);
}

static void path_of(const char *directory, const char *name, char ret[512])
{
    const int n = snprintf(ret, 512, "%s/%s", directory, name);

    assert_in_range(n, 1, 511);
}

struct raw_file raw_file_read(const char *directory)
{
    struct raw_file ret = {0};
    char path[512];
    FILE *f;

    path_of(directory, "data.mdb", path);
    f = fopen(path, "rbe");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    ret.n = (size_t)ftell(f);
    rewind(f);
    ret.p = malloc(ret.n);
    assert_non_null(ret.p);
    assert_int_equal(fread(ret.p, 1, ret.n, f), ret.n);
    assert_int_equal(fclose(f), 0);
    return ret;
}

struct raw_file raw_file_compact(const char *directory)
{
    MDB_env *env = env_open(directory);
    char copy[512], data[512];
    struct raw_file ret;

    path_of(directory, "compact", copy);
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_int_equal(mdb_env_copy2(env, copy, MDB_CP_COMPACT), 0);
    mdb_env_close(env);
    ret = raw_file_read(copy);
    path_of(copy, "data.mdb", data);
    assert_int_equal(unlink(data), 0);
    assert_int_equal(rmdir(copy), 0);
    return ret;
}

void raw_file_write(const char *directory, const struct raw_file *f)
{
    char path[512];
    FILE *to;

    path_of(directory, "lock.mdb", path);
    (void)unlink(path);
    path_of(directory, "data.mdb", path);
    to = fopen(path, "wbe");
    assert_non_null(to);
    assert_int_equal(fwrite(f->p, 1, f->n, to), f->n);
    assert_int_equal(fclose(to), 0);
}
