/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_objects.c - the objects of a token as its sessions see them: token objects through the
 * cache and the vault, session objects in memory; see token.h.
 */
#include <stdlib.h>
#include <string.h>

#include "core/object_cache.h"
#include "core/dek_object.h"
#include "core/lib.h"
#include "core/own_object.h"
#include "core/token_impl.h"
#include "model/template.h"

#define CHANGE_TRIES 16    /* another process changed the object in between: read again */
#define MADE_MAX     8192u /* bytes of attributes of a new object that is kept: keys have less */

/* -- reading ---------------------------------------------------------------------------------- */

/* A private object's handle is good for the login that it was seen under. */
static CK_RV check_visible(struct token *t, CK_OBJECT_HANDLE h)
{
    ENSURE(handle_kind(h) < HANDLE_N_KINDS && handle_id(h) != 0, CKR_OBJECT_HANDLE_INVALID);
    if (!handle_kind_is_private(handle_kind(h))) {
        ENSURE(handle_login(h) == 0, CKR_OBJECT_HANDLE_INVALID);
        return CKR_OK;
    }
    ENSURE(token_sees_private(t), CKR_OBJECT_HANDLE_INVALID);
    ENSURE(handle_login(h) == (token_login_generation(t) & HANDLE_LOGIN_MASK),
           CKR_OBJECT_HANDLE_INVALID);
    return CKR_OK;
}

static CK_RV get_session_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret)
{
    struct object *o;

    pthread_mutex_lock(&t->lock);
    o = table_get(&t->session_objects, handle_id(h));
    if (o != NULL && object_kind(o) == handle_kind(h))
        (void)object_ref(o);
    else
        o = NULL;
    pthread_mutex_unlock(&t->lock);
    ENSURE(o != NULL, CKR_OBJECT_HANDLE_INVALID);
    *ret = o;
    return CKR_OK;
}

static enum scope scope_of(enum handle_kind kind)
{
    return handle_kind_is_private(kind) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
}

static CK_RV read_record(const struct vault *v, enum handle_kind kind, uint64_t id,
                         struct stamp *ret_stamp, struct object **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(vault_get(v, id, scope_of(kind), &a, ret_stamp));
    return object_new(kind, id, TAKE(a), CK_INVALID_HANDLE, ret);
}

/* A cached object that is still what the store has; NULL when there is none. */
static CK_RV cached(struct token *t, const struct vault *v, enum handle_kind kind, uint64_t id,
                    struct object **ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    struct stamp stamp;
    uint64_t verified;
    bool same = false;

    o = object_cache_get(t->cache, kind, id, &stamp);
    if (o == NULL)
        return CKR_OK;
    verified = stamp.txn;
    TRY(vault_same(v, id, scope_of(kind), &stamp, &same));
    if (!same) {
        object_cache_drop(t->cache, kind, id);
        return CKR_OK;
    }
    if (stamp.txn != verified)
        object_cache_renew(t->cache, o, &stamp);
    *ret = TAKE(o);
    return CKR_OK;
}

static CK_RV get_token_object_with(struct token *t, const struct vault *v, CK_OBJECT_HANDLE h,
                                   struct object **ret)
{
    const enum handle_kind kind = handle_kind(h);
    AUTO(object_unrefp) struct object *o = NULL;
    struct stamp stamp;

    TRY(cached(t, v, kind, handle_id(h), &o));
    if (o == NULL) {
        TRY(read_record(v, kind, handle_id(h), &stamp, &o));
        object_cache_put(t->cache, o, &stamp);
        /* A logout may have emptied the cache while we read. */
        if (check_visible(t, h) != CKR_OK)
            object_cache_drop_private(t->cache);
    }
    *ret = TAKE(o);
    return CKR_OK;
}

/* The usual case: an object that was proven in the newest transaction. No vault, no login is needed
 * to know that; that the application may see it, check_visible() has said. */
static struct object *fresh(struct token *t, CK_OBJECT_HANDLE h)
{
    struct stamp stamp;
    struct object *o = object_cache_get(t->cache, handle_kind(h), handle_id(h), &stamp);

    if (o == NULL || stamp.txn == store_last_txn(keyring_store(t->keyring)))
        return o;
    object_unref(o);
    return NULL;
}

static CK_RV get_token_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret)
{
    struct object *o = fresh(t, h);
    struct vault v;
    CK_RV rv;

    if (o != NULL) {
        *ret = o;
        return CKR_OK;
    }
    do {
        token_vault(t, &v);
        rv = get_token_object_with(t, &v, h, ret);
    } while (vault_again(t, &v, rv) && check_visible(t, h) == CKR_OK);
    return rv;
}

static CK_RV get_dek_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret)
{
    return dek_object_get(t, handle_id(h), ret);
}

static CK_RV get_own_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret)
{
    (void)t;
    return own_object_get(handle_kind(h), handle_id(h), ret);
}

CK_RV token_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret)
{
    static CK_RV (*const get[])(struct token *, CK_OBJECT_HANDLE, struct object **) = {
        [HANDLE_TOKEN_PUBLIC] = get_token_object,
        [HANDLE_TOKEN_PRIVATE] = get_token_object,
        [HANDLE_SESSION_PUBLIC] = get_session_object,
        [HANDLE_SESSION_PRIVATE] = get_session_object,
        [HANDLE_DEK] = get_dek_object,
        [HANDLE_PROFILE] = get_own_object,
        [HANDLE_MECHANISM] = get_own_object,
    };

    TRY(check_visible(t, h));
    return get[handle_kind(h)](t, h, ret);
}

/* -- adding ----------------------------------------------------------------------------------- */

static enum handle_kind kind_of(const struct attrs *a)
{
    const bool is_private = attrs_bool(a, CKA_PRIVATE, false);

    if (attrs_bool(a, CKA_TOKEN, false))
        return is_private ? HANDLE_TOKEN_PRIVATE : HANDLE_TOKEN_PUBLIC;
    return is_private ? HANDLE_SESSION_PRIVATE : HANDLE_SESSION_PUBLIC;
}

static CK_OBJECT_HANDLE make_handle(const struct token *t, enum handle_kind kind, uint64_t id)
{
    return handle_make(kind, token_login_generation(t), id);
}

/* What was just stored is known: whoever made it mostly uses it next, and then need not read it. A
 * large one is more likely to be left alone. `a` is taken. */
static void keep_made(struct token *t, enum handle_kind kind, uint64_t id, struct attrs *a,
                      const struct stamp *stamp)
{
    AUTO(attrs_freep) struct attrs *made = a;
    AUTO(object_unrefp) struct object *o = NULL;

    if (attrs_size(made) > MADE_MAX ||
        object_new(kind, id, TAKE(made), CK_INVALID_HANDLE, &o) != CKR_OK)
        return;
    object_cache_put(t->cache, o, stamp);
    /* A logout may have emptied the cache while we wrote. */
    if (object_is_private(o) && !token_sees_private(t))
        object_cache_drop_private(t->cache);
}

static CK_RV add_to_store(struct token *t, const enum handle_kind *kinds, struct attrs **objects,
                          size_t n, uint64_t *ret_ids)
{
    struct stamp stamps[TOKEN_ADD_MAX];
    struct vault v;
    CK_RV rv;

    do {
        token_vault(t, &v);
        rv = vault_add(&v, (const struct attrs *const *)objects, n, ret_ids, stamps);
    } while (vault_again(t, &v, rv));
    TRY(rv);
    for (size_t i = 0; i < n; i++)
        keep_made(t, kinds[i], ret_ids[i], TAKE(objects[i]), &stamps[i]);
    return CKR_OK;
}

static bool sees_private_locked(const struct token *t)
{
    return t->login != NULL && login_role(t->login) == ROLE_USER;
}

/* `a` is taken. */
static CK_RV add_one_to_memory(struct token *t, CK_SESSION_HANDLE session, enum handle_kind kind,
                               struct attrs *a, uint64_t id)
{
    struct object *o = NULL;
    CK_RV rv;

    TRY(object_new(kind, id, a, session, &o));
    pthread_mutex_lock(&t->lock);
    /* Making a key takes time: who was logged in at the start may not be any more. */
    rv = object_is_private(o) && !sees_private_locked(t) ? CKR_USER_NOT_LOGGED_IN
                                                         : table_put(&t->session_objects, id, o);
    pthread_mutex_unlock(&t->lock);
    if (rv != CKR_OK)
        object_unref(o);
    return rv;
}

static void remove_from_memory(struct token *t, uint64_t id)
{
    struct object *o;

    pthread_mutex_lock(&t->lock);
    o = table_take(&t->session_objects, id);
    pthread_mutex_unlock(&t->lock);
    object_unref(o);
}

/* All or none. */
static CK_RV add_to_memory(struct token *t, CK_SESSION_HANDLE session,
                           const enum handle_kind *kinds, struct attrs **objects, size_t n,
                           uint64_t *ret_ids)
{
    CK_RV rv = CKR_OK;
    size_t done = 0;

    while (done < n && rv == CKR_OK) {
        ret_ids[done] = lib_next_id();
        rv = add_one_to_memory(t, session, kinds[done], TAKE(objects[done]), ret_ids[done]);
        done += rv == CKR_OK ? 1 : 0;
    }
    while (rv != CKR_OK && done > 0)
        remove_from_memory(t, ret_ids[--done]);
    return rv;
}

CK_RV token_add(struct token *t, CK_SESSION_HANDLE session, struct attrs **objects, size_t n,
                CK_OBJECT_HANDLE *ret)
{
    enum handle_kind kinds[TOKEN_ADD_MAX];
    uint64_t ids[TOKEN_ADD_MAX];

    ENSURE(n > 0 && n <= N_ELEMENTS(ids), CKR_GENERAL_ERROR);
    for (size_t i = 0; i < n; i++)
        kinds[i] = kind_of(objects[i]);
    if (handle_kind_is_session(kinds[0]))
        TRY(add_to_memory(t, session, kinds, objects, n, ids));
    else
        TRY(add_to_store(t, kinds, objects, n, ids));
    for (size_t i = 0; i < n; i++) {
        ret[i] = make_handle(t, kinds[i], ids[i]);
        attrs_free(TAKE(objects[i]));
    }
    return CKR_OK;
}

/* -- changing --------------------------------------------------------------------------------- */

static CK_RV destroy_stored(struct token *t, const struct vault *v, const struct object *o)
{
    AUTO(object_unrefp) struct object *kept = NULL;
    struct stamp stamp;

    kept = object_cache_get(t->cache, object_kind(o), object_id(o), &stamp);
    if (kept == NULL)
        return vault_destroy(v, object_id(o), object_scope(o));
    return vault_destroy_known(v, object_id(o), object_scope(o), object_attrs(kept), &stamp);
}

CK_RV token_destroy(struct token *t, struct object *o)
{
    struct vault v;
    CK_RV rv;

    if (!object_is_token(o)) {
        remove_from_memory(t, object_id(o));
        return CKR_OK;
    }
    do {
        token_vault(t, &v);
        rv = destroy_stored(t, &v, o);
    } while (vault_again(t, &v, rv));
    TRY(rv);
    object_cache_drop(t->cache, object_kind(o), object_id(o));
    return CKR_OK;
}

static CK_RV swap_in_memory(struct token *t, const struct object *old, struct attrs *a)
{
    struct object *fresh = NULL;
    struct object *before;
    CK_RV rv = CKR_OBJECT_HANDLE_INVALID;

    TRY(object_new(object_kind(old), object_id(old), a, object_owner(old), &fresh));
    pthread_mutex_lock(&t->lock);
    before = table_get(&t->session_objects, object_id(old));
    if (before != NULL && before != old)
        rv = CKR_FUNCTION_FAILED; /* changed meanwhile: read again */
    else if (before != NULL)
        rv = table_put(&t->session_objects, object_id(old), fresh);
    pthread_mutex_unlock(&t->lock);
    object_unref(rv == CKR_OK ? before : fresh);
    return rv;
}

static CK_RV change_session_object(struct token *t, CK_OBJECT_HANDLE h, object_change *change,
                                   void *arg)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(token_object(t, h, &o));
    TRY(change(object_attrs(o), arg, &a));
    return swap_in_memory(t, o, TAKE(a));
}

static CK_RV change_record(struct token *t, const struct vault *v, CK_OBJECT_HANDLE h,
                           object_change *change, void *arg)
{
    const enum handle_kind kind = handle_kind(h);
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct stamp stamp;

    TRY(read_record(v, kind, handle_id(h), &stamp, &o));
    TRY(change(object_attrs(o), arg, &a));
    TRY(vault_replace(v, handle_id(h), scope_of(kind), a, &stamp));
    object_cache_drop(t->cache, kind, handle_id(h));
    return CKR_OK;
}

static CK_RV change_token_object(struct token *t, CK_OBJECT_HANDLE h, object_change *change,
                                 void *arg)
{
    struct vault v;
    CK_RV rv;

    do {
        token_vault(t, &v);
        rv = change_record(t, &v, h, change, arg);
    } while (vault_again(t, &v, rv));
    return rv;
}

static CK_RV may_change(struct token *t, CK_OBJECT_HANDLE h)
{
    AUTO(object_unrefp) struct object *described = NULL;

    ENSURE(handle_kind(h) < HANDLE_N_KINDS, CKR_OBJECT_HANDLE_INVALID);
    TRY(check_visible(t, h));
    if (handle_kind_is_described(handle_kind(h))) {
        TRY(token_object(t, h, &described));
        FAIL(CKR_ACTION_PROHIBITED);
    }
    return CKR_OK;
}

CK_RV token_change(struct token *t, CK_OBJECT_HANDLE h, object_change *change, void *arg)
{
    CK_RV rv = CKR_FUNCTION_FAILED;

    TRY(may_change(t, h));
    for (int i = 0; i < CHANGE_TRIES && rv == CKR_FUNCTION_FAILED; i++)
        rv = handle_kind_is_session(handle_kind(h)) ? change_session_object(t, h, change, arg)
                                                    : change_token_object(t, h, change, arg);
    TRY(rv);
    return CKR_OK;
}

void token_edit_clear(struct token_edit *e)
{
    attrs_free(TAKE(e->attrs));
}

static CK_RV edit_read(struct token *t, CK_OBJECT_HANDLE h, struct token_edit *ret)
{
    struct vault v;
    CK_RV rv;

    do {
        token_vault(t, &v);
        rv = vault_get(&v, handle_id(h), scope_of(handle_kind(h)), &ret->attrs, &ret->stamp);
    } while (vault_again(t, &v, rv));
    return rv;
}

CK_RV token_edit_begin(struct token *t, CK_OBJECT_HANDLE h, struct token_edit *ret)
{
    TRY(may_change(t, h));
    ENSURE(!handle_kind_is_session(handle_kind(h)), CKR_ACTION_PROHIBITED);
    ret->handle = h;
    return edit_read(t, h, ret);
}

#define SUCCEED_MAX 16 /* objects of either sort */

CK_RV token_succeed(struct token *t, const struct attrs *const *made, size_t n,
                    const struct token_edit *edits, size_t n_edits)
{
    struct vault_change changes[SUCCEED_MAX];
    uint64_t ids[SUCCEED_MAX];
    struct vault v;
    CK_RV rv;

    ENSURE(n <= SUCCEED_MAX && n_edits <= SUCCEED_MAX, CKR_GENERAL_ERROR);
    for (size_t i = 0; i < n_edits; i++)
        changes[i] = (struct vault_change){.id = handle_id(edits[i].handle),
                                           .scope = scope_of(handle_kind(edits[i].handle)),
                                           .attrs = edits[i].attrs,
                                           .stamp = edits[i].stamp};
    do {
        token_vault(t, &v);
        rv = vault_succeed(&v, made, n, changes, n_edits, ids);
    } while (vault_again(t, &v, rv));
    TRY(rv);
    for (size_t i = 0; i < n_edits; i++)
        object_cache_drop(t->cache, handle_kind(edits[i].handle), handle_id(edits[i].handle));
    return CKR_OK;
}

static bool is_owned(const void *object, const void *session)
{
    return object_owner(object) == *(const CK_SESSION_HANDLE *)session;
}

void token_drop_session_objects(struct token *t, CK_SESSION_HANDLE session)
{
    struct object *o;
    size_t at = 0;

    pthread_mutex_lock(&t->lock);
    while ((o = table_take_next(&t->session_objects, &at, is_owned, &session)) != NULL)
        object_unref(o);
    pthread_mutex_unlock(&t->lock);
}

/* -- finding ---------------------------------------------------------------------------------- */

struct handles {
    CK_OBJECT_HANDLE *v;
    size_t n;
};

static void handles_clear(struct handles *h)
{
    free(h->v);
    *h = (struct handles){0};
}

static CK_RV handles_reserve(struct handles *h, size_t more)
{
    CK_OBJECT_HANDLE *grown;

    if (more == 0)
        return CKR_OK;
    grown = reallocarray(h->v, h->n + more, sizeof(*h->v));
    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    h->v = grown;
    return CKR_OK;
}

static void handles_add(struct handles *h, const struct token *t, const struct object *o)
{
    h->v[h->n++] = make_handle(t, object_kind(o), object_id(o));
}

/* Objects that may match, by reference, with the handles that they had when they were seen. */
struct candidates {
    struct object **v;
    struct handles handles;
    size_t n;
};

static void candidates_clear(struct candidates *c)
{
    for (size_t i = 0; i < c->n; i++)
        object_unref(c->v[i]);
    free(c->v);
    handles_clear(&c->handles);
    *c = (struct candidates){0};
}

/* Of the objects in memory, those that the application sees. */
static CK_RV candidates_find(struct token *t, struct candidates *ret)
{
    const bool sees_private = token_sees_private(t);
    struct object *o;
    size_t at = 0;
    CK_RV rv;

    pthread_mutex_lock(&t->lock);
    rv = handles_reserve(&ret->handles, t->session_objects.n);
    ret->v = calloc(t->session_objects.n + 1, sizeof(struct object *));
    while (rv == CKR_OK && ret->v != NULL && (o = table_next(&t->session_objects, &at)) != NULL) {
        if (!sees_private && object_is_private(o))
            continue;
        ret->v[ret->n++] = object_ref(o);
        handles_add(&ret->handles, t, o);
    }
    pthread_mutex_unlock(&t->lock);
    ENSURE(rv == CKR_OK && ret->v != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* By CKA_CHECK_VALUE, which takes OpenSSL where it was not asked for yet: no lock is held. */
static CK_RV find_by_check_value(struct token *t, const struct attrs *search, struct handles *h)
{
    AUTO(candidates_clear) struct candidates seen = {0};
    bool matches = false;

    TRY(candidates_find(t, &seen));
    TRY(handles_reserve(h, seen.n));
    for (size_t i = 0; i < seen.n; i++) {
        TRY(object_matches(seen.v[i], search, &matches));
        if (matches)
            h->v[h->n++] = seen.handles.v[i];
    }
    return CKR_OK;
}

static CK_RV find_in_memory(struct token *t, const struct attrs *search, struct handles *h)
{
    const bool sees_private = token_sees_private(t);
    struct object *o;
    size_t at = 0;
    CK_RV rv;

    if (attrs_has(search, CKA_CHECK_VALUE))
        return find_by_check_value(t, search, h);
    pthread_mutex_lock(&t->lock);
    rv = handles_reserve(h, t->session_objects.n);
    while (rv == CKR_OK && (o = table_next(&t->session_objects, &at)) != NULL) {
        if ((sees_private || !object_is_private(o)) && template_matches(object_attrs(o), search))
            handles_add(h, t, o);
    }
    pthread_mutex_unlock(&t->lock);
    return rv;
}

static CK_RV find_in_store(struct token *t, const struct attrs *search, struct handles *h)
{
    struct found found = {0};
    struct vault v;
    CK_RV rv;

    do {
        token_vault(t, &v);
        rv = vault_find(&v, search, &found);
    } while (vault_again(t, &v, rv));
    if (rv == CKR_OK)
        rv = handles_reserve(h, found.n);
    for (size_t i = 0; rv == CKR_OK && i < found.n; i++)
        h->v[h->n++] = make_handle(
            t, i < found.n_public ? HANDLE_TOKEN_PUBLIC : HANDLE_TOKEN_PRIVATE, found.ids[i]);
    found_clear(&found);
    return rv;
}

CK_RV token_find(struct token *t, const struct attrs *search, CK_OBJECT_HANDLE **ret, size_t *ret_n)
{
    AUTO(handles_clear) struct handles h = {0};

    TRY(find_in_store(t, search, &h));
    TRY(find_in_memory(t, search, &h));
    TRY(dek_object_find(t, search, &h.v, &h.n));
    TRY(own_object_find(search, &h.v, &h.n));
    *ret = TAKE(h.v);
    *ret_n = h.n;
    return CKR_OK;
}
