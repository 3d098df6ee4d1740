/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - the table of sessions and their life; see session.h. */
#include "core/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/find.h"
#include "core/lib.h"
#include "core/operation.h"
#include "core/state.h"
#include "crypto/ossl.h"

/* What the table holds: the session itself and what protects it. */
struct holder {
    struct session session; /* first: a session pointer is a holder pointer */
    atomic_uint refs;       /* the table's, and one per call inside */
    atomic_uint logouts;    /* since somebody looked for what they made void */
    bool closed;            /* guarded by `lock` */
    pthread_mutex_t lock;
    struct holder *next;        /* of those that are closed with it */
    struct holder *next_logout; /* of those that a logout looks at; guarded by `logout_lock` */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct table sessions; /* handle -> struct holder */
/* One logout at a time looks at the sessions. Taken with the mutex of its own session held; under
 * it no other one's is waited for. */
static pthread_mutex_t logout_lock = PTHREAD_MUTEX_INITIALIZER;

static struct holder *holder_of(struct session *s)
{
    return (struct holder *)(void *)s;
}

static void holder_unref(struct holder *h)
{
    if (h == NULL || atomic_fetch_sub(&h->refs, 1) != 1)
        return;
    token_unref(h->session.token);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
DEFINE_AUTO(holder_unrefp, struct holder, holder_unref)

/*
 * Drop what logouts made void, unless somebody is inside: he does it when he leaves.
 *
 * Whoever had the mutex comes here after he let go of it, and reads `logouts` by adding nothing to
 * it: such a read is in one order with the adding of a logout. Either it sees that, or the logout
 * comes after it, and so finds the mutex free.
 */
static void holder_drop_void(struct holder *h)
{
    while (atomic_fetch_add(&h->logouts, 0) != 0 && pthread_mutex_trylock(&h->lock) == 0) {
        (void)atomic_exchange(&h->logouts, 0);
        operations_drop_void(&h->session);
        pthread_mutex_unlock(&h->lock);
    }
}

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **ret)
{
    struct holder *h;

    TRY(lib_enter());
    /* An exit handler that comes late, or a thread that goes on while the process exits. */
    if (crypto_ended()) {
        lib_leave();
        FAIL(CKR_GENERAL_ERROR);
    }
    pthread_mutex_lock(&table_lock);
    h = handle == CK_INVALID_HANDLE ? NULL : table_get(&sessions, handle);
    if (h != NULL)
        atomic_fetch_add(&h->refs, 1);
    pthread_mutex_unlock(&table_lock);
    if (h == NULL) {
        lib_leave();
        FAIL(CKR_SESSION_HANDLE_INVALID);
    }
    pthread_mutex_lock(&h->lock);
    if (h->closed) {
        session_leave(&h->session);
        FAIL(CKR_SESSION_HANDLE_INVALID);
    }
    *ret = &h->session;
    return CKR_OK;
}

void session_leave(struct session *s)
{
    if (s == NULL)
        return;
    pthread_mutex_unlock(&holder_of(s)->lock);
    holder_drop_void(holder_of(s));
    holder_unref(holder_of(s));
    lib_leave();
}

static CK_RV holder_new(struct token *t, bool rw, struct holder **ret)
{
    struct holder *h = calloc(1, sizeof(*h));

    ENSURE(h != NULL, CKR_HOST_MEMORY);
    atomic_init(&h->refs, 1);
    atomic_init(&h->logouts, 0);
    (void)pthread_mutex_init(&h->lock, NULL);
    h->session.handle = lib_next_id();
    h->session.token = token_ref(t);
    h->session.rw = rw;
    *ret = h;
    return CKR_OK;
}

CK_RV session_open(CK_SLOT_ID slot, bool rw, CK_SESSION_HANDLE *ret)
{
    AUTO(token_unrefp) struct token *t = NULL;
    AUTO(holder_unrefp) struct holder *h = NULL;
    CK_SESSION_HANDLE handle;
    CK_RV rv;

    TRY(token_of_slot(slot, &t));
    TRY(holder_new(t, rw, &h));
    handle = h->session.handle;
    TRY(token_join(t, rw));
    pthread_mutex_lock(&table_lock);
    rv = table_put(&sessions, handle, h);
    if (rv == CKR_OK)
        (void)TAKE(h); /* the table's: once the lock is free another thread may close it */
    pthread_mutex_unlock(&table_lock);
    if (rv != CKR_OK) {
        (void)token_part(t, rw);
        return rv;
    }
    *ret = handle;
    return CKR_OK;
}

/* The session is out of the table: end what it has. A call inside finishes first (its mutex), later
 * ones find it closed. */
static void holder_close(struct holder *h)
{
    struct session *s = &h->session;
    bool last;

    pthread_mutex_lock(&h->lock);
    h->closed = true;
    operations_end(s);
    find_end(s);
    if (s->has_objects)
        token_drop_session_objects(s->token, s->handle);
    last = token_part(s->token, s->rw);
    pthread_mutex_unlock(&h->lock);
    if (last) {
        states_drop_void(s->token);
        used_flush();
    }
    holder_unref(h);
}

CK_RV session_close(CK_SESSION_HANDLE handle)
{
    struct holder *h;

    pthread_mutex_lock(&table_lock);
    h = handle == CK_INVALID_HANDLE ? NULL : table_take(&sessions, handle);
    pthread_mutex_unlock(&table_lock);
    ENSURE(h != NULL, CKR_SESSION_HANDLE_INVALID);
    holder_close(h);
    return CKR_OK;
}

static bool in_slot(const void *holder, const void *slot)
{
    const struct holder *h = holder;

    return slot == NULL || token_slot(h->session.token) == *(const CK_SLOT_ID *)slot;
}

/* Out of the table all at once, then closed one by one. NULL: those of every slot. */
static void close_slot(const CK_SLOT_ID *slot)
{
    struct holder *closing = NULL, *h;
    size_t at = 0;

    pthread_mutex_lock(&table_lock);
    while ((h = table_take_next(&sessions, &at, in_slot, slot)) != NULL) {
        h->next = closing;
        closing = h;
    }
    pthread_mutex_unlock(&table_lock);
    while ((h = closing) != NULL) {
        closing = h->next;
        holder_close(h);
    }
}

void sessions_close_slot(CK_SLOT_ID slot)
{
    close_slot(&slot);
}

void sessions_close_all(void)
{
    close_slot(NULL);
    pthread_mutex_lock(&table_lock);
    table_clear(&sessions);
    pthread_mutex_unlock(&table_lock);
}

void sessions_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&table_lock, &fresh, sizeof(table_lock));
    memcpy(&logout_lock, &fresh, sizeof(logout_lock));
    sessions = TABLE_INIT;
}

void sessions_count(CK_SLOT_ID slot, CK_ULONG *ret_all, CK_ULONG *ret_rw)
{
    struct holder *h;
    size_t at = 0;

    *ret_all = 0;
    *ret_rw = 0;
    pthread_mutex_lock(&table_lock);
    while ((h = table_next(&sessions, &at)) != NULL) {
        if (!in_slot(h, &slot))
            continue;
        (*ret_all)++;
        *ret_rw += h->session.rw ? 1 : 0;
    }
    pthread_mutex_unlock(&table_lock);
}

/* The other sessions of the token of `s`, each with a reference and told of the logout. */
static struct holder *others_locked(struct session *s)
{
    struct holder *others = NULL, *h;
    size_t at = 0;

    pthread_mutex_lock(&table_lock);
    while ((h = table_next(&sessions, &at)) != NULL) {
        if (h->session.token != s->token || &h->session == s)
            continue;
        atomic_fetch_add(&h->refs, 1);
        atomic_fetch_add(&h->logouts, 1);
        h->next_logout = others;
        others = h;
    }
    pthread_mutex_unlock(&table_lock);
    return others;
}

void sessions_drop_void(struct session *s)
{
    struct holder *h, *next;

    operations_drop_void(s);
    states_drop_void(s->token);
    pthread_mutex_lock(&logout_lock);
    for (h = others_locked(s); h != NULL; h = next) {
        next = h->next_logout;
        holder_drop_void(h);
        holder_unref(h);
    }
    pthread_mutex_unlock(&logout_lock);
}

CK_RV session_log_out(struct session *s)
{
    TRY(token_log_out(s->token));
    sessions_drop_void(s);
    used_flush(); /* those of the operations that ended now, too */
    return CKR_OK;
}

CK_RV session_uses_end(struct session *s, CK_RV rv, const struct out *out)
{
    struct used *uses = TAKE(s->uses);

    if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && out != NULL && out_is_query(out)))
        used_drop(uses);
    else
        used_end(uses, rv);
    return rv;
}

CK_STATE session_state(struct session *s)
{
    static const CK_STATE states[][2] = {
        [TOKEN_PUBLIC] = {CKS_RO_PUBLIC_SESSION, CKS_RW_PUBLIC_SESSION},
        [TOKEN_USER] = {CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS},
        [TOKEN_SO] = {CKS_RW_SO_FUNCTIONS, CKS_RW_SO_FUNCTIONS},
    };

    return states[token_login_state(s->token)][s->rw ? 1 : 0];
}

CK_RV session_may_write(struct session *s, bool token_object, bool private_object)
{
    ENSURE(!token_object || s->rw, CKR_SESSION_READ_ONLY);
    ENSURE(!private_object || token_sees_private(s->token), CKR_USER_NOT_LOGGED_IN);
    return CKR_OK;
}
