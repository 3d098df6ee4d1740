/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotate.c - moving records to the current DEK generation, in bounded transactions; see vault.h.
 *
 * How far a scope has come is a row of the meta table, written in the same transaction as the
 * records behind it, so a process that is killed loses nothing and the next one goes on there. The
 * row names the generation that it moves to: another rotation in between starts over. The walk
 * follows the verified list of all objects, so no record can be hidden from it. Writers only ever
 * use the current generation; when the walk comes to the end, no record names an old one, and the
 * old DEKs go in the same transaction.
 */
#include <stdlib.h>
#include <time.h>

#include "vault/rows.h"

#define POSITION_KEY     (6 + TOKEN_ID + 1)
#define POSITION_VERSION 1
#define SCAN_FACTOR      16u /* records looked at per record that may be written */

struct position {
    uint32_t generation; /* that records are moved to */
    uint64_t next;       /* ids below are done */
};

static void position_key(const struct rows *r, uint8_t ret[POSITION_KEY])
{
    memcpy(ret, "rotate", 6);
    memcpy(ret + 6, r->v->token, TOKEN_ID);
    ret[6 + TOKEN_ID] = (uint8_t)r->scope;
}

/* Where to go on with moving records to `generation`; at the start if nobody began. */
static CK_RV position_read(const struct rows *r, uint32_t generation, struct position *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct position p = {.generation = generation, .next = 0};
    struct cursor c;
    uint8_t key[POSITION_KEY];
    bool found = false;

    position_key(r, key);
    TRY(txn_get(r->t, STORE_META, SPAN_ARRAY(key), &row, NULL, &found));
    c = cursor_of(buf_span(&row));
    if (found) {
        ENSURE(cursor_u8(&c) == POSITION_VERSION, CKR_DEVICE_ERROR);
        p.generation = cursor_u32(&c);
        p.next = cursor_u64(&c);
        ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    }
    if (p.generation != generation)
        p = (struct position){.generation = generation, .next = 0};
    *ret = p;
    return CKR_OK;
}

static CK_RV position_write(const struct rows *r, const struct position *p)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint8_t key[POSITION_KEY];

    position_key(r, key);
    buf_u8(&row, POSITION_VERSION);
    buf_u32(&row, p->generation);
    buf_u64(&row, p->next);
    TRY(buf_ok(&row));
    return txn_put(r->t, STORE_META, SPAN_ARRAY(key), buf_span(&row), NULL);
}

static CK_RV position_remove(const struct rows *r)
{
    uint8_t key[POSITION_KEY];

    position_key(r, key);
    return txn_del(r->t, STORE_META, SPAN_ARRAY(key), NULL);
}

struct rotation {
    const struct vault *v;
    size_t limit;
    const struct vault_pace *pace; /* NULL: none */
    uint64_t txn;                  /* that this one follows */
    uint64_t begun;                /* nanoseconds, when it had the store to itself */
    size_t done;
    size_t bytes; /* of the rows that were looked at */
    bool left;
};

/* Has the transaction room for one more record? `seen` in this scope, moved or passed. */
static bool has_room(const struct rotation *o, size_t seen)
{
    return o->done < o->limit && seen / SCAN_FACTOR < o->limit && o->bytes < VAULT_ROTATE_BYTES;
}

/* Move records from p->next on; *ret_end when there are none behind. */
static CK_RV move_records(struct rotation *o, struct rows *r, struct position *p, bool *ret_end)
{
    struct list all;
    uint64_t id = 0;
    bool found = true;
    bool turned = false;
    size_t size = 0;

    TRY(rows_all(r, &all));
    for (size_t seen = 0; has_room(o, seen); seen++) {
        TRY(list_next(r->t, &all, p->next, &id, &found));
        if (!found)
            break;
        TRY(rows_expect(r, id, rows_turn(r, id, &turned, &size)));
        o->done += turned;
        o->bytes += size;
        p->next = id + 1;
    }
    *ret_end = !found;
    return CKR_OK;
}

/* No record names an old generation any more. */
static CK_RV drop_old(struct rows *r, const struct dek_info *deks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (deks[i].scope == r->scope && !deks[i].current)
            TRY(dek_drop(r->v->keyring, r->t, r->v->token, r->scope, deks[i].generation));
    }
    return position_remove(r);
}

static CK_RV rotate_scope(struct rotation *o, struct rows *r, const struct dek_info *deks, size_t n)
{
    struct position p;
    uint32_t generation = 0;
    bool end = false;

    TRY(rows_generation(r, &generation));
    TRY(position_read(r, generation, &p));
    TRY(move_records(o, r, &p, &end));
    if (end)
        return drop_old(r, deks, n);
    o->left = true;
    return position_write(r, &p);
}

static bool has_old(const struct dek_info *deks, size_t n, enum scope scope)
{
    for (size_t i = 0; i < n; i++) {
        if (deks[i].scope == scope && !deks[i].current)
            return true;
    }
    return false;
}

/* Is there something to move in this scope that the login can open? */
static CK_RV is_due(struct rows *r, const struct dek_info *deks, size_t n, bool *ret)
{
    uint32_t generation = 0;
    CK_RV rv;

    *ret = false;
    if (!has_old(deks, n, r->scope) || (r->scope == SCOPE_PRIVATE && r->v->login == NULL))
        return CKR_OK;
    rv = rows_generation(r, &generation);
    if (rv == CKR_USER_NOT_LOGGED_IN) /* an SO who was not given the private DEKs */
        return CKR_OK;
    *ret = rv == CKR_OK;
    return rv;
}

static void deks_free(struct dek_info **deks)
{
    free(*deks);
}

/* A step of both scopes in `t`; with limit 0 only o->left is found out. */
static CK_RV rotate_scopes(struct txn *t, struct rotation *o)
{
    AUTO(deks_free) struct dek_info *deks = NULL;
    size_t n = 0;

    o->done = 0;
    o->bytes = 0;
    o->left = false;
    TRY(dek_list(o->v->keyring, t, o->v->token, &deks, &n));
    for (enum scope scope = SCOPE_PUBLIC; scope <= SCOPE_PRIVATE; scope++) {
        AUTO(rows_clear) struct rows rows = rows_of(o->v, t, scope);
        bool due = false;

        TRY(is_due(&rows, deks, n, &due));
        if (due && o->limit > 0)
            TRY(rotate_scope(o, &rows, deks, n));
        else if (due)
            o->left = true;
    }
    return CKR_OK;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Has somebody else written since the step before? */
static bool has_company(const struct vault_pace *p, const struct txn *t)
{
    return p->last != 0 && p->last != txn_id(t);
}

static CK_RV rotate_in(struct txn *t, void *arg)
{
    struct rotation *o = arg;

    o->begun = now_ns();
    o->txn = txn_id(t);
    if (o->pace != NULL && has_company(o->pace, t) && o->limit > VAULT_ROTATE_BATCH)
        o->limit = VAULT_ROTATE_BATCH;
    return rotate_scopes(t, o);
}

/* Without a write transaction when there is nothing to do. */
static CK_RV is_left(const struct vault *v, bool *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct rotation look = {.v = v, .limit = 0};

    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    TRY(rotate_scopes(t, &look));
    *ret = look.left;
    return CKR_OK;
}

static CK_RV step(struct rotation *o, size_t *ret_done, bool *ret_left)
{
    bool left = false;

    ENSURE(o->limit > 0, CKR_ARGUMENTS_BAD);
    TRY(is_left(o->v, &left));
    if (left)
        TRY(token_write(o->v->keyring, o->v->token, rotate_in, o));
    *ret_done = o->done;
    *ret_left = o->left;
    return CKR_OK;
}

CK_RV vault_rotate_step(const struct vault *v, size_t limit, size_t *ret_done, bool *ret_left)
{
    struct rotation o = {.v = v, .limit = limit};

    return step(&o, ret_done, ret_left);
}

size_t vault_pace_next(size_t limit, uint64_t took_ns)
{
    const uint64_t aim = UINT64_C(1000000) * VAULT_PACE_MS;
    const uint64_t n = limit < VAULT_PACE_MAX ? limit : VAULT_PACE_MAX;
    const uint64_t most = 2 * n < VAULT_PACE_MAX ? 2 * n : VAULT_PACE_MAX;
    const uint64_t fits = took_ns == 0 ? most : n * aim / took_ns;

    if (fits < VAULT_PACE_MIN)
        return VAULT_PACE_MIN;
    return (size_t)(fits < most ? fits : most);
}

CK_RV vault_rotate_paced(const struct vault *v, struct vault_pace *pace, size_t *ret_done,
                         bool *ret_left)
{
    struct rotation o = {.v = v, .limit = pace->limit, .pace = pace};

    TRY(step(&o, ret_done, ret_left));
    if (*ret_left) {
        pace->limit = vault_pace_next(o.limit, now_ns() - o.begun);
        pace->last = o.txn + 1;
    }
    return CKR_OK;
}
