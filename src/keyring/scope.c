/* SPDX-License-Identifier: BSD-2-Clause */
/* scope.c - head and generation rows of the dek table; see scope.h. */
#include "keyring/scope.h"

#include "util/log.h"

#define ROW_VERSION 1

struct scope_key scope_key(const struct scope_of *of, uint32_t generation)
{
    struct scope_key k;

    memcpy(k.p, of->token, TOKEN_ID);
    k.p[TOKEN_ID] = (uint8_t)of->scope;
    for (size_t i = 0; i < 4; i++)
        k.p[TOKEN_ID + 1 + i] = (uint8_t)(generation >> (8 * (3 - i)));
    return k;
}

/* -- bytes ----------------------------------------------------------------------------------- */

static CK_RV head_decode(struct span row, struct scope_head *ret)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);
    uint32_t last = 0;

    ret->n = cursor_u16(&c);
    ENSURE(version == ROW_VERSION && ret->n > 0 && ret->n <= GENERATIONS_MAX, CKR_DEVICE_ERROR);
    for (size_t i = 0; i < ret->n; i++) {
        ret->generations[i] = cursor_u32(&c);
        ENSURE(ret->generations[i] > last, CKR_DEVICE_ERROR);
        last = ret->generations[i];
    }
    ret->wrap = cursor_var(&c);
    ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV head_put(struct txn *t, const struct scope_of *of, const struct scope_head *h)
{
    const struct scope_key key = scope_key(of, 0);
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, ROW_VERSION);
    buf_u16(&row, (uint16_t)h->n);
    for (size_t i = 0; i < h->n; i++)
        buf_u32(&row, h->generations[i]);
    buf_var(&row, h->wrap);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_DEK, SPAN_ARRAY(key.p), buf_span(&row), NULL);
}

static CK_RV generation_decode(struct span row, struct scope_generation *ret)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);

    ret->created = cursor_u64(&c);
    ret->wrap = cursor_var(&c);
    ENSURE(cursor_done(&c) && version == ROW_VERSION, CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV generation_put(struct txn *t, const struct scope_of *of, uint32_t generation,
                            uint64_t created, struct span wrap)
{
    const struct scope_key key = scope_key(of, generation);
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, ROW_VERSION);
    buf_u64(&row, created);
    buf_var(&row, wrap);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_DEK, SPAN_ARRAY(key.p), buf_span(&row), NULL);
}

CK_RV scope_head_get(struct txn *t, const struct scope_of *of, struct buf *row,
                     struct scope_head *ret, uint8_t ret_stamp[STORE_MAC], bool *ret_found)
{
    const struct scope_key key = scope_key(of, 0);

    TRY(txn_get(t, STORE_DEK, SPAN_ARRAY(key.p), row, ret_stamp, ret_found));
    return *ret_found ? head_decode(buf_span(row), ret) : CKR_OK;
}

/* The head where the scope has keys. */
static CK_RV head_need(struct txn *t, const struct scope_of *of, struct buf *row,
                       struct scope_head *ret)
{
    bool found = false;

    TRY(scope_head_get(t, of, row, ret, NULL, &found));
    ENSURE(found, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV scope_generation_get(struct txn *t, const struct scope_of *of, uint32_t generation,
                           struct buf *row, struct scope_generation *ret,
                           uint8_t ret_stamp[STORE_MAC], bool *ret_found)
{
    const struct scope_key key = scope_key(of, generation);

    TRY(txn_get(t, STORE_DEK, SPAN_ARRAY(key.p), row, ret_stamp, ret_found));
    return *ret_found ? generation_decode(buf_span(row), ret) : CKR_OK;
}

/* -- making ---------------------------------------------------------------------------------- */

/* Append the wrap of a fresh key. */
static CK_RV wrap_fresh(const struct scope_of *of, const struct wrap_roles *roles,
                        uint32_t generation, struct buf *ret)
{
    const struct wrap_place place = scope_place(of, generation);
    AUTO(secret_freep) struct secret *key = NULL;

    TRY(secret_new(PRIM_KEY, &key));
    TRY(prim_random(key->p, key->n));
    return wrap_seal(&place, of->t, roles, secret_span(key), ret);
}

static CK_RV generation_make(struct txn *t, const struct scope_of *of,
                             const struct wrap_roles *roles, uint32_t generation)
{
    AUTO(buf_clear) struct buf wrap = BUF_INIT;

    TRY(wrap_fresh(of, roles, generation, &wrap));
    return generation_put(t, of, generation, meta_now(), buf_span(&wrap));
}

CK_RV scope_make(struct txn *t, const struct scope_of *of, const struct wrap_roles *roles)
{
    struct scope_head head = {.n = 1, .generations = {1}};
    AUTO(buf_clear) struct buf wrap = BUF_INIT;

    TRY(wrap_fresh(of, roles, 0, &wrap));
    head.wrap = buf_span(&wrap);
    TRY(head_put(t, of, &head));
    return generation_make(t, of, roles, 1);
}

/* The one who asks may be far from knowing which token is full: a revocation is for all of them. */
static CK_RV refuse_another(struct txn *t, const struct scope_of *of, size_t n)
{
    const bool is_private = of->scope == SCOPE_PRIVATE;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;

    TRY(token_row_get(t, of->token, &row, &token));
    log_err(
        "the token with serial number %s has %zu %s DEK generations, the older ones with records "
        "that wait to be re-encrypted: log in to it once%s, which does that, before there can be "
        "another one",
        token.info.serial, n, is_private ? "private" : "public", is_private ? " as its user" : "");
    FAIL(CKR_DEVICE_MEMORY);
}

CK_RV scope_advance(struct txn *t, const struct scope_of *of, const struct wrap_roles *roles,
                    size_t max, uint32_t *ret_generation)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;
    uint32_t next;

    TRY(head_need(t, of, &row, &head));
    next = scope_current(&head) + 1;
    if (head.n >= max)
        return refuse_another(t, of, head.n);
    ENSURE(head.n < GENERATIONS_MAX && next != 0, CKR_DEVICE_MEMORY);
    TRY(generation_make(t, of, roles, next));
    head.generations[head.n++] = next;
    TRY(head_put(t, of, &head));
    if (ret_generation != NULL)
        *ret_generation = next;
    return CKR_OK;
}

CK_RV scope_drop(struct txn *t, const struct scope_of *of, uint32_t generation)
{
    const struct scope_key key = scope_key(of, generation);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;
    size_t at = 0;

    TRY(head_need(t, of, &row, &head));
    while (at < head.n && head.generations[at] != generation)
        at++;
    if (at == head.n)
        return CKR_OK; /* somebody else was faster */
    ENSURE(at < head.n - 1, CKR_GENERAL_ERROR);
    memmove(&head.generations[at], &head.generations[at + 1],
            (head.n - at - 1) * sizeof(head.generations[0]));
    head.n--;
    TRY(head_put(t, of, &head));
    return txn_del(t, STORE_DEK, SPAN_ARRAY(key.p), NULL);
}

/* -- all wraps of a scope made anew ----------------------------------------------------------- */

/* Append what takes the place of the wrap that stands at `place`. */
typedef CK_RV rewrap_fn(const struct wrap_place *place, const struct scope_of *of, struct span wrap,
                        const void *arg, struct buf *ret);

struct rewrap {
    rewrap_fn *fn;
    const void *arg;
};

static CK_RV rewrap_generation(struct txn *t, const struct scope_of *of, const struct rewrap *by,
                               uint32_t generation)
{
    const struct wrap_place place = scope_place(of, generation);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(buf_clear) struct buf wrap = BUF_INIT;
    struct scope_generation g;
    bool found = false;

    TRY(scope_generation_get(t, of, generation, &row, &g, NULL, &found));
    ENSURE(found, CKR_DEVICE_ERROR);
    TRY(by->fn(&place, of, g.wrap, by->arg, &wrap));
    return generation_put(t, of, generation, g.created, buf_span(&wrap));
}

/* The index key and every generation of a head that was read; the head is put with its new wrap. */
static CK_RV rewrap_all(struct txn *t, const struct scope_of *of, const struct rewrap *by,
                        struct scope_head *head)
{
    const struct wrap_place place = scope_place(of, 0);
    AUTO(buf_clear) struct buf wrap = BUF_INIT;

    TRY(by->fn(&place, of, head->wrap, by->arg, &wrap));
    head->wrap = buf_span(&wrap);
    for (size_t i = 0; i < head->n; i++)
        TRY(rewrap_generation(t, of, by, head->generations[i]));
    return head_put(t, of, head);
}

/* A role's new pair. */
struct rekeying {
    const struct wrap_opener *by;
    const struct wrap_roles *roles;
    enum role role;
};

static CK_RV rekey(const struct wrap_place *place, const struct scope_of *of, struct span wrap,
                   const void *arg, struct buf *ret)
{
    const struct rekeying *r = arg;

    return wrap_rekey(place, of->t, r->by, r->roles, r->role, wrap, ret);
}

CK_RV scope_rekey(struct txn *t, const struct scope_of *of, const struct wrap_opener *by,
                  const struct wrap_roles *roles, enum role role)
{
    const struct rekeying r = {.by = by, .roles = roles, .role = role};
    const struct rewrap rewrap = {rekey, &r};
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;

    TRY(head_need(t, of, &row, &head));
    return rewrap_all(t, of, &rewrap, &head);
}

/* Another T. */
static CK_RV move(const struct wrap_place *place, const struct scope_of *of, struct span wrap,
                  const void *arg, struct buf *ret)
{
    const struct secret *to = arg;

    return wrap_move(place, of->t, to, wrap, ret);
}

CK_RV scope_move(struct txn *t, const struct scope_of *of, const struct secret *to, bool *ret_found)
{
    const struct rewrap rewrap = {move, to};
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;

    TRY(scope_head_get(t, of, &row, &head, NULL, ret_found));
    if (!*ret_found)
        return CKR_OK;
    return rewrap_all(t, of, &rewrap, &head);
}

CK_RV scope_delete(struct txn *t, const struct scope_of *of)
{
    const struct scope_key head_key = scope_key(of, 0);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;
    bool found = false;

    TRY(scope_head_get(t, of, &row, &head, NULL, &found));
    for (size_t i = 0; found && i < head.n; i++) {
        const struct scope_key key = scope_key(of, head.generations[i]);

        TRY(txn_del(t, STORE_DEK, SPAN_ARRAY(key.p), NULL));
    }
    return txn_del(t, STORE_DEK, SPAN_ARRAY(head_key.p), NULL);
}
