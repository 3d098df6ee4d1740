/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_fixture.c - directories, one-line writes and the model.
 */
#include "store_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"

/* Another key for every scratch directory: file systems give inode numbers again, and the store
 * remembers by inode and key what it has seen. */
static uint8_t tree_key[32] = {'t', 'r', 'e', 'e'};

char *scratch_new(void)
{
    const char *tmp = secure_getenv("TMPDIR");
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/test-store-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(path));
    tree_key[31]++;
    return strdup(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_remove(char *directory)
{
    assert_int_equal(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(directory);
}

const char *scratch_path(const char *directory, const char *name)
{
    static char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

void file_copy(const char *from, const char *to)
{
    static uint8_t block[1u << 20];
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    const int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t at = 0;
    ssize_t n;

    assert_true(in >= 0 && out >= 0);
    for (; (n = pread(in, block, sizeof(block), at)) > 0; at += n)
        assert_int_equal(pwrite(out, block, (size_t)n, at), n);
    assert_int_equal(n, 0);
    assert_int_equal(ftruncate(out, at), 0);
    assert_int_equal(close(in) | close(out), 0);
}

struct span store_key(void)
{
    return SPAN_ARRAY(tree_key);
}

struct store *store_start(const char *directory, bool fresh)
{
    struct store *s = NULL;

    T_OK(store_open(directory, fresh, 0, &s));
    T_OK(store_set_key(s, store_key(), fresh));
    return s;
}

CK_RV store_try(const char *directory, struct store **ret)
{
    struct store *s = NULL;
    CK_RV rv = store_open(directory, false, 0, &s);

    if (rv == CKR_OK)
        rv = store_set_key(s, store_key(), false);
    if (rv == CKR_OK)
        *ret = s;
    else
        store_unref(s);
    return rv;
}

struct one {
    enum store_table table;
    struct span key;
    struct span value;
    bool *ret_found;
};

static CK_RV one_put(struct txn *t, void *arg)
{
    const struct one *o = arg;

    return txn_put(t, o->table, o->key, o->value, NULL);
}

static CK_RV one_del(struct txn *t, void *arg)
{
    const struct one *o = arg;

    return txn_del(t, o->table, o->key, o->ret_found);
}

CK_RV row_put(struct store *s, enum store_table table, struct span key, struct span value)
{
    struct one o = {.table = table, .key = key, .value = value};

    return store_write(s, one_put, &o);
}

CK_RV row_delete(struct store *s, enum store_table table, struct span key, bool *ret_found)
{
    struct one o = {.table = table, .key = key, .ret_found = ret_found};

    return store_write(s, one_del, &o);
}

CK_RV row_read(struct store *s, enum store_table table, struct span key, struct buf *ret,
               bool *ret_found)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(s, &t));
    return txn_get(t, table, key, ret, NULL, ret_found);
}

void model_key(const struct model_row *r, uint8_t ret[MODEL_KEY])
{
    memset(ret, (int)r->table, MODEL_KEY);
    for (unsigned i = 0; i < 8; i++)
        ret[MODEL_KEY - 1 - i] = (uint8_t)(r->number >> 8 * i);
}

void model_value(const struct model_row *r, unsigned version, struct buf *ret)
{
    const size_t n = 16 + (r->number * 37 + version * 11) % 885;
    const size_t before = ret->n;

    buf_u32(ret, version);
    buf_u32(ret, (uint32_t)r->table);
    buf_u64(ret, r->number);
    while (ret->n - before < n)
        buf_u8(ret, (uint8_t)(ret->n * 7 + r->number + version));
}

CK_RV model_write(struct txn *t, const struct model_row *r)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    uint8_t key[MODEL_KEY];

    model_key(r, key);
    if (r->version == 0)
        return txn_del(t, r->table, SPAN_ARRAY(key), NULL);
    model_value(r, r->version, &value);
    return txn_put(t, r->table, SPAN_ARRAY(key), buf_span(&value), NULL);
}

enum verdict model_judge(struct txn *t, const struct model_row *r)
{
    AUTO(buf_clear) struct buf got = BUF_INIT;
    AUTO(buf_clear) struct buf want = BUF_INIT;
    uint8_t key[MODEL_KEY];
    bool found = false;
    const CK_RV rv = (model_key(r, key), txn_get(t, r->table, SPAN_ARRAY(key), &got, NULL, &found));

    if (rv != CKR_OK)
        return rv == CKR_DEVICE_ERROR && got.n == 0 ? MODEL_REFUSED : MODEL_WRONG;
    if (r->version == 0)
        return found ? MODEL_WRONG : MODEL_TRUE;
    model_value(r, r->version, &want);
    return found && span_equal(buf_span(&got), buf_span(&want)) ? MODEL_TRUE : MODEL_WRONG;
}

struct tour {
    const struct model_row *rows;
    size_t n_rows;
    enum store_table table;
    size_t n_seen;
    bool wrong;
};

/* Is this what the model has under this key? */
static bool row_known(const struct model_row *r, struct span key, struct span value)
{
    AUTO(buf_clear) struct buf want = BUF_INIT;
    uint8_t k[MODEL_KEY];

    model_key(r, k);
    if (!span_equal(key, SPAN_ARRAY(k)))
        return false;
    model_value(r, r->version, &want);
    return span_equal(value, buf_span(&want));
}

static CK_RV tour_row(struct txn *t, struct span key, struct span value, void *arg)
{
    struct tour *tour = arg;
    bool known = false;

    (void)t;
    for (size_t i = 0; i < tour->n_rows && !known; i++) {
        const struct model_row *r = &tour->rows[i];

        known = r->table == tour->table && r->version != 0 && row_known(r, key, value);
    }
    tour->n_seen++;
    tour->wrong = tour->wrong || !known;
    return CKR_OK;
}

static enum verdict table_judge(struct txn *t, enum store_table table, const struct model_row *rows,
                                size_t n_rows)
{
    struct tour tour = {.rows = rows, .n_rows = n_rows, .table = table};
    const CK_RV rv = txn_walk(t, table, tour_row, &tour);
    size_t n = 0;

    for (size_t i = 0; i < n_rows; i++)
        n += rows[i].table == table && rows[i].version != 0;
    if (tour.wrong || (rv != CKR_OK && rv != CKR_DEVICE_ERROR))
        return MODEL_WRONG;
    if (rv == CKR_DEVICE_ERROR)
        return MODEL_REFUSED;
    return tour.n_seen == n ? MODEL_TRUE : MODEL_WRONG;
}

struct census model_census(struct store *s, const struct model_row *rows, size_t n_rows)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct census c = {{0}};
    const CK_RV rv = txn_begin_read(s, &t);

    if (rv != CKR_OK) {
        c.n[rv == CKR_DEVICE_ERROR ? MODEL_REFUSED : MODEL_WRONG] =
            (unsigned)n_rows + STORE_N_TABLES;
        return c;
    }
    for (size_t i = 0; i < n_rows; i++)
        c.n[model_judge(t, &rows[i])]++;
    for (unsigned table = 0; table < STORE_N_TABLES; table++)
        c.n[table_judge(t, (enum store_table)table, rows, n_rows)]++;
    return c;
}
