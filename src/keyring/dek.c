/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dek.c - DEKs and index keys for those who encrypt with them.
 *
 * An opened DEK is cached with the stamp of its row. Each use checks in the caller's transaction
 * that the row is still there with that stamp (a walk up the tree, no decryption), so a generation
 * that was dropped, a token that was initialised again and a role that got another pair are seen at
 * once, whoever did it. Private DEKs are cached in the login that opened them.
 */
#include <stdlib.h>

#include "keyring/audit.h"
#include "keyring/login.h"
#include "keyring/scope.h"
#include "util/log.h"

struct dek {
    atomic_uint refs;
    uint32_t generation;
    struct secret *key;
    uint8_t stamp[STORE_MAC]; /* of the row that it was opened from */
};

static struct dek *dek_ref(struct dek *d)
{
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void dek_unref(struct dek *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    secret_free(d->key);
    free(d);
}

uint32_t dek_generation(const struct dek *d)
{
    return d->generation;
}

struct span dek_key(const struct dek *d)
{
    return secret_span(d->key);
}

/* -- the caches ------------------------------------------------------------------------------ */

void dek_cache_clear(struct dek_cache *c)
{
    for (size_t i = 0; i < DEK_CACHE; i++)
        dek_unref(TAKE(c->v[i]));
}

/* A reference, or NULL. */
static struct dek *cache_find(struct keyring *k, struct dek_cache *c, uint32_t generation)
{
    struct dek *found = NULL;

    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < DEK_CACHE && found == NULL; i++) {
        if (c->v[i] != NULL && c->v[i]->generation == generation)
            found = dek_ref(c->v[i]);
    }
    pthread_mutex_unlock(&k->lock);
    return found;
}

/* Enter a DEK, in the place of an older one of its generation if there is one. */
static void cache_put(struct keyring *k, struct dek_cache *c, struct dek *d)
{
    struct dek *out;
    size_t at = 0;

    pthread_mutex_lock(&k->lock);
    while (at < DEK_CACHE && (c->v[at] == NULL || c->v[at]->generation != d->generation))
        at++;
    if (at == DEK_CACHE)
        at = c->next++ % DEK_CACHE;
    out = c->v[at];
    c->v[at] = dek_ref(d);
    pthread_mutex_unlock(&k->lock);
    dek_unref(out);
}

/* -- reading --------------------------------------------------------------------------------- */

/* All that a look-up needs. */
struct lookup {
    struct keyring *k;
    struct txn *t;
    struct scope_of of;
    struct wrap_opener by; /* private scope */
    struct ring_token *ring;
    struct dek_cache *cache;
    struct login *login; /* private scope */
};

static CK_RV lookup_begin(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                          enum scope scope, const struct login *login, struct lookup *ret)
{
    struct lookup l = {.k = k, .t = t};

    if (scope == SCOPE_PRIVATE) {
        ENSURE(login != NULL && memcmp(login->token, token, TOKEN_ID) == 0, CKR_USER_NOT_LOGGED_IN);
        l.by = login_opener(login);
    }
    TRY(ring_token_in(k, t, token, &l.ring));
    l.of = (struct scope_of){k->store_id, token, scope, l.ring->t};
    /* The cache of a login changes, what it may open does not: to the caller it is constant. */
    l.login = scope == SCOPE_PRIVATE ? (struct login *)(uintptr_t)login : NULL;
    l.cache = scope == SCOPE_PRIVATE ? &l.login->deks : &l.ring->deks;
    *ret = l;
    return CKR_OK;
}

/* Before a wrap is opened or made: T may be another by now. */
static CK_RV lookup_renew(struct lookup *l)
{
    TRY(ring_token_at(l->k, l->t, l->of.token, &l->ring));
    l->of.t = l->ring->t;
    if (l->login == NULL)
        l->cache = &l->ring->deks;
    return CKR_OK;
}

/* Why a scope has no keys. */
static CK_RV scope_absence(const struct lookup *l)
{
    const struct token_row_key key = token_row_key(l->of.token, TOKEN_ROW_INFO, 0);
    bool found = false;

    TRY(txn_get(l->t, STORE_TOKEN, token_row_key_span(&key), NULL, NULL, &found));
    ENSURE(found, CKR_DEVICE_REMOVED);
    ENSURE(l->of.scope == SCOPE_PUBLIC, CKR_USER_PIN_NOT_INITIALIZED);
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV head_read(const struct lookup *l, struct buf *row, struct scope_head *ret,
                       uint8_t ret_stamp[STORE_MAC])
{
    bool found = false;

    TRY(scope_head_get(l->t, &l->of, row, ret, ret_stamp, &found));
    if (!found)
        return scope_absence(l);
    return CKR_OK;
}

static CK_RV current_read(const struct lookup *l, uint32_t *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint8_t stamp[STORE_MAC];
    struct scope_head head;

    TRY(head_read(l, &row, &head, stamp));
    pthread_mutex_lock(&l->k->lock);
    memcpy(l->cache->head_stamp, stamp, sizeof(stamp));
    l->cache->current = scope_current(&head);
    pthread_mutex_unlock(&l->k->lock);
    *ret = scope_current(&head);
    return CKR_OK;
}

/* The number of the current generation. */
static CK_RV current_get(const struct lookup *l, uint32_t *ret)
{
    const struct scope_key key = scope_key(&l->of, 0);
    uint8_t stamp[STORE_MAC];
    uint32_t current;
    bool same = false;

    pthread_mutex_lock(&l->k->lock);
    memcpy(stamp, l->cache->head_stamp, sizeof(stamp));
    current = l->cache->current;
    pthread_mutex_unlock(&l->k->lock);
    if (current != 0)
        TRY(txn_same(l->t, STORE_DEK, SPAN_ARRAY(key.p), stamp, &same));
    if (!same)
        return current_read(l, ret);
    *ret = current;
    return CKR_OK;
}

/* Wrap an opened key; `key` is taken. */
static CK_RV dek_new(uint32_t generation, struct secret *key, const uint8_t stamp[STORE_MAC],
                     struct dek **ret)
{
    AUTO(secret_freep) struct secret *secret = key;
    struct dek *d = calloc(1, sizeof(*d));

    ENSURE(d != NULL, CKR_HOST_MEMORY);
    atomic_init(&d->refs, 1);
    d->generation = generation;
    d->key = TAKE(secret);
    memcpy(d->stamp, stamp, STORE_MAC);
    *ret = d;
    return CKR_OK;
}

static CK_RV refuse_generation(const struct lookup *l, uint32_t generation)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;
    uint8_t stamp[STORE_MAC];

    TRY(head_read(l, &row, &head, stamp));
    log_err("a record names DEK generation %u, which is neither current nor being rotated away: "
            "it is an old copy that was put back",
            generation);
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV dek_open(struct lookup *l, uint32_t generation, struct dek **ret)
{
    const struct wrap_place place = scope_place(&l->of, generation);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct secret *key = NULL;
    struct scope_generation g;
    uint8_t stamp[STORE_MAC];
    bool found = false;

    TRY(scope_generation_get(l->t, &l->of, generation, &row, &g, stamp, &found));
    if (!found)
        return refuse_generation(l, generation);
    TRY(lookup_renew(l));
    TRY(wrap_open(&place, l->of.t, &l->by, g.wrap, &key));
    TRY(dek_new(generation, key, stamp, ret));
    cache_put(l->k, l->cache, *ret);
    return CKR_OK;
}

CK_RV dek_get(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID], enum scope scope,
              uint32_t generation, const struct login *login, struct dek **ret)
{
    AUTO(dek_unrefp) struct dek *cached = NULL;
    struct scope_key key;
    struct lookup l;
    bool same = false;

    TRY(lookup_begin(k, t, token, scope, login, &l));
    if (generation == 0)
        TRY(current_get(&l, &generation));
    cached = cache_find(k, l.cache, generation);
    key = scope_key(&l.of, generation);
    if (cached != NULL)
        TRY(txn_same(t, STORE_DEK, SPAN_ARRAY(key.p), cached->stamp, &same));
    if (!same)
        return dek_open(&l, generation, ret);
    *ret = TAKE(cached);
    return CKR_OK;
}

/* -- the index key --------------------------------------------------------------------------- */

static CK_RV index_open(struct lookup *l, const struct mac **ret)
{
    const struct wrap_place place = scope_place(&l->of, 0);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(mac_freep) struct mac *mac = NULL;
    uint8_t stamp[STORE_MAC];
    struct scope_head head;

    TRY(head_read(l, &row, &head, stamp));
    TRY(lookup_renew(l));
    TRY(wrap_open(&place, l->of.t, &l->by, head.wrap, &key));
    TRY(mac_new(secret_span(key), &mac));
    pthread_mutex_lock(&l->k->lock);
    if (l->ring->index[l->of.scope] == NULL)
        l->ring->index[l->of.scope] = TAKE(mac);
    if (l->login != NULL)
        l->login->index_opened = true;
    *ret = l->ring->index[l->of.scope];
    pthread_mutex_unlock(&l->k->lock);
    return CKR_OK;
}

/* The MAC where it is kept and this caller has shown that it can open it; or NULL. */
static const struct mac *index_kept(const struct lookup *l)
{
    const struct mac *there;

    pthread_mutex_lock(&l->k->lock);
    there = l->ring->index[l->of.scope];
    if (l->login != NULL && !l->login->index_opened)
        there = NULL;
    pthread_mutex_unlock(&l->k->lock);
    return there;
}

static CK_RV scope_check(const struct lookup *l)
{
    const struct scope_key key = scope_key(&l->of, 0);
    bool found = false;

    TRY(txn_get(l->t, STORE_DEK, SPAN_ARRAY(key.p), NULL, NULL, &found));
    return found ? CKR_OK : scope_absence(l);
}

CK_RV index_mac(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID], enum scope scope,
                const struct login *login, const struct mac **ret)
{
    const bool speaks = login != NULL && (scope == SCOPE_PRIVATE || login->role == ROLE_SO);
    const struct mac *there;
    struct lookup l;

    TRY(lookup_begin(k, t, token, scope, login, &l));
    if (speaks)
        TRY(login_check(k, t, (struct login *)(uintptr_t)login)); /* as in lookup_begin() */
    there = index_kept(&l);
    if (there == NULL)
        return index_open(&l, ret);
    /* The key of a token never changes: the scope has only to be there, and is where a role is. */
    if (!speaks)
        TRY(scope_check(&l));
    *ret = there;
    return CKR_OK;
}

/* -- generations ----------------------------------------------------------------------------- */

static CK_RV list_scope(struct txn *t, const struct scope_of *of, struct dek_info *ret,
                        size_t *ret_n)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head = {.n = 0};
    bool found = false;

    TRY(scope_head_get(t, of, &row, &head, NULL, &found));
    for (size_t i = 0; found && i < head.n; i++) {
        AUTO(buf_clear) struct buf bytes = BUF_INIT;
        struct scope_generation g;
        bool there = false;

        TRY(scope_generation_get(t, of, head.generations[i], &bytes, &g, NULL, &there));
        ENSURE(there, CKR_DEVICE_ERROR);
        ret[(*ret_n)++] = (struct dek_info){
            .scope = of->scope,
            .generation = head.generations[i],
            .current = i == head.n - 1,
            .created = g.created,
        };
    }
    return CKR_OK;
}

static void infos_free(struct dek_info **v)
{
    free(*v);
}

CK_RV dek_list(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
               struct dek_info **ret, size_t *ret_n)
{
    AUTO(infos_free) struct dek_info *v = calloc(2 * GENERATIONS_MAX, sizeof(*v));
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token_row;
    size_t n = 0;

    ENSURE(v != NULL, CKR_HOST_MEMORY);
    TRY(token_row_get(t, token, &row, &token_row));
    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
        const struct scope_of of = {k->store_id, token, s, NULL};

        TRY(list_scope(t, &of, v, &n));
    }
    *ret = TAKE(v);
    *ret_n = n;
    return CKR_OK;
}

CK_RV dek_advance(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID], enum scope scope,
                  uint32_t *ret_generation)
{
    struct lookup l = {.k = k, .t = t};
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint8_t stamp[STORE_MAC];
    struct wrap_roles roles;
    struct scope_head head;
    uint32_t generation = 0;

    TRY(ring_token_in(k, t, token, &l.ring));
    l.of = (struct scope_of){k->store_id, token, scope, l.ring->t};
    TRY(head_read(&l, &row, &head, stamp));
    TRY(lookup_renew(&l));
    TRY(wrap_roles_get(t, token, &roles));
    TRY(scope_advance(t, &l.of, &roles, DEK_GENERATIONS, &generation));
    TRY(audit_add(k, t, AUDIT_DEK_ADVANCED, token, "%s generation %u",
                  scope == SCOPE_PUBLIC ? "public" : "private", generation));
    if (ret_generation != NULL)
        *ret_generation = generation;
    return CKR_OK;
}

CK_RV dek_drop(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID], enum scope scope,
               uint32_t generation)
{
    const struct scope_of of = {k->store_id, token, scope, NULL};

    TRY(scope_drop(t, &of, generation));
    return audit_add(k, t, AUDIT_DEK_DROPPED, token,
                     "%s generation %u: no record names it any more",
                     scope == SCOPE_PUBLIC ? "public" : "private", generation);
}
