/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey.c - the tree walked, the tables walked, and one held against the other; see survey.h.
 *
 * Leaves come out of the tree in the order of their paths, so that a row's leaf is found by
 * halving. The recent changes of the root row override them, as they do for a reader.
 */
#include "store/survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/map.h"

#define LOST_MAX                                                                                   \
    4096u /* broken nodes that are remembered; more only make absent rows look foreign */

/* What hangs below a node that could not be read is not known. */
struct lost {
    uint8_t path[PATH_BYTES];
    unsigned depth;
};

struct leaves {
    struct entry *v; /* by path */
    size_t n, room;
};

struct survey {
    struct txn *t;
    const struct survey_watch *w;
    bool authentic; /* there is a tree key */
    struct leaves tree, recent;
    struct lost *lost;
    size_t n_lost;
    uint64_t n_nodes;
    struct survey_counts *counts;
};

const char *survey_table_name(unsigned table)
{
    return table < SURVEY_N_TABLES ? db_table_name(table) : "database";
}

void survey_free(struct survey *s)
{
    if (s == NULL)
        return;
    free(s->tree.v);
    free(s->recent.v);
    free(s->lost);
    free(s);
}

static CK_RV leaves_room(struct leaves *l, uint64_t n)
{
    ENSURE(n < SIZE_MAX / sizeof(*l->v), CKR_HOST_MEMORY);
    l->room = (size_t)n;
    l->v = calloc(l->room + 1, sizeof(*l->v));
    ENSURE(l->v != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

static bool leaves_find(const struct leaves *l, const uint8_t path[PATH_BYTES], size_t *ret)
{
    size_t low = 0, high = l->n;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = memcmp(path, l->v[middle].path, PATH_BYTES);

        if (order == 0) {
            *ret = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* -- the tree -------------------------------------------------------------------------------- */

static bool on_path(const uint8_t path[PATH_BYTES], const struct lost *l)
{
    uint8_t prefix[PATH_BYTES];

    path_prefix(path, l->depth, prefix);
    return memcmp(prefix, l->path, PATH_BYTES) == 0;
}

static bool is_lost(const struct survey *s, const uint8_t path[PATH_BYTES])
{
    for (size_t i = 0; i < s->n_lost; i++)
        if (on_path(path, &s->lost[i]))
            return true;
    return false;
}

static void lose(struct survey *s, unsigned depth, const uint8_t path[PATH_BYTES])
{
    if (s->n_lost == LOST_MAX)
        return;
    memcpy(s->lost[s->n_lost].path, path, PATH_BYTES);
    s->lost[s->n_lost++].depth = depth;
}

static MDB_val val_of(struct span bytes)
{
    return (MDB_val){.mv_size = bytes.n, .mv_data = (void *)(uintptr_t)bytes.p};
}

/* Copy a node out of LMDB and hold it against the MAC that its parent names. What is wrong with it,
 * or NULL. */
static CK_RV node_read(struct survey *s, unsigned depth, const uint8_t path[PATH_BYTES],
                       const uint8_t mac[STORE_MAC], struct span key, uint8_t ret[NODE_MAX],
                       size_t *ret_n, const char **ret_why)
{
    MDB_val k = val_of(key), v;
    const int rc = mdb_get(s->t->mdb, env_table(s->t->store->env, DB_TREE), &k, &v);
    uint8_t sum[STORE_MAC];

    *ret_why = rc == MDB_NOTFOUND ? "is missing" : rc != 0 ? mdb_strerror(rc) : NULL;
    if (rc != 0)
        return CKR_OK;
    *ret_n = v.mv_size <= NODE_MAX ? v.mv_size : 0;
    memcpy(ret, v.mv_data, *ret_n);
    TRY(node_sum(s->t->keys, depth, path, span_of(ret, *ret_n), sum));
    if (!mem_equal_ct(sum, mac, STORE_MAC))
        *ret_why = "is not authentic";
    else if (!node_well_formed(span_of(ret, *ret_n), depth))
        *ret_why = "is malformed";
    return CKR_OK;
}

static CK_RV node_walk(struct survey *s, unsigned depth, const uint8_t path[PATH_BYTES],
                       const uint8_t mac[STORE_MAC]);

static CK_RV bucket_take(struct survey *s, struct cursor *c)
{
    while (c->rest.n > 0) {
        /* Not more leaves than rows: both numbers are authentic. */
        ENSURE(s->tree.n < s->tree.room, CKR_DEVICE_ERROR);
        cursor_copy(c, &s->tree.v[s->tree.n++], ENTRY_BYTES);
    }
    return CKR_OK;
}

static CK_RV children_walk(struct survey *s, unsigned depth, const uint8_t path[PATH_BYTES],
                           struct cursor *c)
{
    const uint64_t bitmap = cursor_u64(c);
    uint8_t child[PATH_BYTES], mac[STORE_MAC];

    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if ((bitmap & child_bit(digit)) == 0)
            continue;
        cursor_copy(c, mac, sizeof(mac));
        path_extend(path, depth, digit, child);
        TRY(node_walk(s, depth + 1, child, mac));
    }
    return CKR_OK;
}

/* The node at `depth` on `path` (a prefix), and all below it. */
static CK_RV node_walk(struct survey *s, unsigned depth, const uint8_t path[PATH_BYTES],
                       const uint8_t mac[STORE_MAC])
{
    uint8_t content[NODE_MAX], name[NODE_KEY_MAX];
    const struct span key = span_of(name, node_key(path, depth, name));
    const char *why = NULL;
    struct cursor c;
    size_t n = 0;

    if (!s->w->enter(s->w->arg, SURVEY_TREE, key)) {
        lose(s, depth, path);
        return CKR_OK;
    }
    TRY(node_read(s, depth, path, mac, key, content, &n, &why));
    if (why != NULL) {
        lose(s, depth, path);
        s->w->fault(s->w->arg, SURVEY_TREE, key, why);
        return CKR_OK;
    }
    s->n_nodes++;
    c = cursor_of(span_of(content, n));
    if (cursor_u8(&c) == NODE_BUCKET)
        return bucket_take(s, &c);
    return children_walk(s, depth, path, &c);
}

static CK_RV recent_take(struct survey *s)
{
    const struct head *h = &s->t->head;

    TRY(leaves_room(&s->recent, h->n_recent));
    memcpy(s->recent.v, h->recent, h->n_recent * ENTRY_BYTES);
    s->recent.n = h->n_recent;
    return CKR_OK;
}

static CK_RV tree_take(struct survey *s)
{
    static const uint8_t top[PATH_BYTES];
    uint64_t rows = RECENT_MAX; /* that many may be in the tree and deleted by now */

    for (size_t i = 0; i < STORE_N_TABLES; i++)
        rows += s->t->head.rows[i];
    TRY(recent_take(s));
    TRY(leaves_room(&s->tree, rows));
    if (mem_is_zero(s->t->head.top, STORE_MAC))
        return CKR_OK;
    return node_walk(s, 0, top, s->t->head.top);
}

CK_RV survey_new(struct txn *t, const struct survey_watch *w, struct survey_counts *counts,
                 struct survey **ret)
{
    AUTO(survey_freep) struct survey *s = calloc(1, sizeof(*s));

    ENSURE(s != NULL, CKR_HOST_MEMORY);
    s->t = t;
    s->w = w;
    s->counts = counts;
    s->authentic = t->keys != NULL;
    s->lost = calloc(LOST_MAX, sizeof(*s->lost));
    ENSURE(s->lost != NULL, CKR_HOST_MEMORY);
    if (s->authentic)
        TRY(tree_take(s));
    *ret = TAKE(s);
    return CKR_OK;
}

/* -- rows ------------------------------------------------------------------------------------ */

/* The stamp that the map has for a path. */
static bool stamp_of(const struct survey *s, const uint8_t path[PATH_BYTES], uint8_t ret[STORE_MAC])
{
    size_t at = 0;

    if (leaves_find(&s->recent, path, &at)) {
        memcpy(ret, s->recent.v[at].mac, STORE_MAC);
        return !mem_is_zero(ret, STORE_MAC); /* zeros: deleted */
    }
    if (!leaves_find(&s->tree, path, &at))
        return false;
    memcpy(ret, s->tree.v[at].mac, STORE_MAC);
    return true;
}

/* What is wrong with a row, or NULL. */
static CK_RV row_judge(struct survey *s, enum store_table table, struct span key, struct span value,
                       const char **ret_why)
{
    uint8_t path[PATH_BYTES], stamp[STORE_MAC], sum[STORE_MAC];
    bool present, unknown;

    *ret_why = NULL;
    TRY(path_sum(s->t->keys, table, key, path));
    present = stamp_of(s, path, stamp);
    unknown = !present && is_lost(s, path);
    s->counts->known[table] += present || unknown;
    if (!present) {
        *ret_why = unknown ? "can't be judged: its node of the tree is broken"
                           : "was deleted, or never stored";
        return CKR_OK;
    }
    TRY(leaf_sum(s->t->keys, table, key, value, sum));
    if (!mem_equal_ct(sum, stamp, STORE_MAC))
        *ret_why = "is not the row that was stored last";
    return CKR_OK;
}

/* Rows of the tables tree and root have no leaf: the walk from the top was their judge. */
static const char *form_judge(unsigned table, struct span key, struct span value)
{
    if (table == SURVEY_ROOT)
        return span_equal(key, HEAD_KEY) && value.n >= HEAD_FIXED + PRIM_HASH && value.n <= HEAD_MAX
                   ? NULL
                   : "is no root row";
    if (key.n > NODE_KEY_MAX || key.p[0] > PATH_DIGITS ||
        key.n != 1 + ((size_t)key.p[0] * DIGIT_BITS + 7) / 8)
        return "has a key that no node has";
    return node_well_formed(value, key.p[0]) ? NULL : "is malformed";
}

static CK_RV row_take(struct survey *s, unsigned table, struct span key, struct span value)
{
    const char *why = NULL;

    s->counts->seen[table]++;
    if (table >= STORE_N_TABLES)
        why = form_judge(table, key, value);
    else if (s->authentic)
        TRY(row_judge(s, (enum store_table)table, key, value, &why));
    if (why != NULL)
        s->w->fault(s->w->arg, table, key, why);
    else if (table < STORE_N_TABLES)
        s->w->row(s->w->arg, s->t, (enum store_table)table, key, value);
    return CKR_OK;
}

static int key_order(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

struct walk {
    MDB_cursor *cursor;
    unsigned table;
    struct buf last; /* key of the row before */
};

static void walk_clear(struct walk *w)
{
    if (w->cursor != NULL)
        mdb_cursor_close(w->cursor);
    buf_clear(&w->last);
}

/* Copy a row and look at it. *ret_on: the table can be walked further. */
static CK_RV walk_row(struct survey *s, struct walk *w, MDB_val k, MDB_val v, bool *ret_on)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf value = BUF_INIT;

    *ret_on = false;
    if (k.mv_size == 0 || k.mv_size > STORE_KEY_MAX) {
        s->w->fault(s->w->arg, w->table, buf_span(&w->last), "is followed by no row");
        return CKR_OK;
    }
    buf_put(&key, span_of(k.mv_data, k.mv_size));
    TRY(buf_ok(&key));
    if (w->last.n > 0 && key_order(buf_span(&key), buf_span(&w->last)) <= 0) {
        s->w->fault(s->w->arg, w->table, buf_span(&key), "is out of order");
        return CKR_OK;
    }
    if (v.mv_size > STORE_VALUE_MAX) {
        s->w->fault(s->w->arg, w->table, buf_span(&key), "has an impossible length");
    } else {
        buf_put(&value, span_of(v.mv_data, v.mv_size));
        TRY(buf_ok(&value));
        TRY(row_take(s, w->table, buf_span(&key), buf_span(&value)));
    }
    buf_clear(&w->last);
    w->last = key;
    key = BUF_INIT;
    *ret_on = true;
    return CKR_OK;
}

CK_RV survey_table(struct survey *s, unsigned table, struct span from)
{
    AUTO(walk_clear) struct walk w = {.table = table};
    MDB_val k = val_of(from), v;
    bool on = true;
    int rc;

    (void)s->w->enter(s->w->arg, table, SPAN_EMPTY);
    rc = mdb_cursor_open(s->t->mdb, env_table(s->t->store->env, table), &w.cursor);
    if (rc == 0)
        rc = mdb_cursor_get(w.cursor, &k, &v, from.n == 0 ? MDB_FIRST : MDB_SET_RANGE);
    while (rc == 0 && on) {
        TRY(walk_row(s, &w, k, v, &on));
        (void)s->w->enter(s->w->arg, table, buf_span(&w.last));
        if (on)
            rc = mdb_cursor_get(w.cursor, &k, &v, MDB_NEXT);
    }
    if (rc != 0 && rc != MDB_NOTFOUND)
        s->w->fault(s->w->arg, table, buf_span(&w.last), mdb_strerror(rc));
    return CKR_OK;
}

/* -- what is missing --------------------------------------------------------------------------- */

static void missing_tell(struct survey *s, unsigned table, uint64_t n)
{
    char what[64];

    (void)snprintf(what, sizeof(what), "%" PRIu64 " %s missing", n, n == 1 ? "row is" : "rows are");
    s->w->fault(s->w->arg, table, SPAN_EMPTY, what);
}

void survey_end(struct survey *s)
{
    if (!s->authentic)
        return;
    for (unsigned table = 0; table < STORE_N_TABLES; table++) {
        const uint64_t stored = s->t->head.rows[table];

        if (s->counts->known[table] < stored)
            missing_tell(s, table, stored - s->counts->known[table]);
    }
    if (s->n_lost == 0 && s->n_nodes < s->counts->seen[SURVEY_TREE])
        s->w->fault(s->w->arg, SURVEY_TREE, SPAN_EMPTY, "has nodes that its top does not lead to");
}
