/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * login.c - C_Login, C_Logout and the PIN functions on a token; see token.h.
 *
 * scrypt runs under login_lock only, so that other sessions go on working meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "core/object_cache.h"
#include "core/dek_object.h"
#include "core/token_impl.h"

static enum token_state state_of(const struct login *login)
{
    if (login == NULL)
        return TOKEN_PUBLIC;
    return login_role(login) == ROLE_SO ? TOKEN_SO : TOKEN_USER;
}

/* Takes the new login. The state beside it is for who only wants to know that: each use of an
 * object does, and need not wait for a lock. */
static void login_swap_locked(struct token *t, struct login *login)
{
    login_unref(t->login);
    t->login = login;
    atomic_store(&t->state, state_of(login));
}

/* What is to be done once the PIN was good: swap the login in. */
static void log_in_locked(struct token *t, struct login *login)
{
    login_swap_locked(t, login);
    atomic_fetch_add(&t->login_generation, 1);
}

static bool is_private(const void *object, const void *arg)
{
    (void)arg;
    return object_is_private(object);
}

void token_log_out_locked(struct token *t)
{
    struct object *o;
    size_t at = 0;

    login_swap_locked(t, NULL);
    atomic_fetch_add(&t->login_generation, 1);
    while ((o = table_take_next(&t->session_objects, &at, is_private, NULL)) != NULL)
        object_unref(o);
    object_cache_drop_private(t->cache);
}

enum token_state token_login_state(struct token *t)
{
    return (enum token_state)atomic_load(&t->state);
}

uint64_t token_login_generation(const struct token *t)
{
    return atomic_load(&t->login_generation);
}

bool token_sees_private(struct token *t)
{
    return token_login_state(t) == TOKEN_USER;
}

void token_vault(struct token *t, struct vault *ret)
{
    pthread_mutex_lock(&t->lock);
    ret->keyring = t->keyring;
    memcpy(ret->token, t->id, sizeof(ret->token));
    ret->login = t->login != NULL ? login_ref(t->login) : NULL;
    pthread_mutex_unlock(&t->lock);
}

void vault_done(struct vault *v)
{
    login_unref(v->login);
    v->login = NULL;
}

/* A call that began before change_pin_serialised() and looked after its commit has a login that the
 * store knows no more, where the token has its successor, or will in a moment. */
static bool has_successor(struct token *t, const struct login *was)
{
    bool has;

    pthread_mutex_lock(&t->login_lock);
    pthread_mutex_lock(&t->lock);
    has = t->login != NULL && t->login != was && login_role(t->login) == login_role(was);
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&t->login_lock);
    return has;
}

bool vault_again(struct token *t, struct vault *v, CK_RV rv)
{
    const bool again =
        rv == CKR_USER_NOT_LOGGED_IN && v->login != NULL && has_successor(t, v->login);

    vault_done(v);
    return again;
}

static CK_RV check_login(const struct vault *v)
{
    AUTO(txn_endp) struct txn *txn = NULL;

    ENSURE(v->login != NULL, CKR_USER_NOT_LOGGED_IN);
    TRY(txn_begin_read(keyring_store(v->keyring), &txn));
    return login_check(v->keyring, txn, v->login);
}

CK_RV token_check_login(struct token *t)
{
    struct vault v;
    CK_RV rv;

    do {
        token_vault(t, &v);
        rv = check_login(&v);
    } while (vault_again(t, &v, rv));
    return rv;
}

/* Who may log in now (v3.2 5.6.8). */
static CK_RV may_log_in(struct token *t, enum role role)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&t->lock);
    if (t->login != NULL)
        rv = login_role(t->login) == role ? CKR_USER_ALREADY_LOGGED_IN
                                          : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
    else if (role == ROLE_SO && t->n_rw != t->n_sessions)
        rv = CKR_SESSION_READ_ONLY_EXISTS;
    pthread_mutex_unlock(&t->lock);
    ENSURE(rv == CKR_OK, rv);
    return CKR_OK;
}

static CK_RV log_in_serialised(struct token *t, enum role role, struct span pin)
{
    AUTO(login_unrefp) struct login *login = NULL;
    CK_RV rv = CKR_OK;

    TRY(may_log_in(t, role));
    TRY(token_login(t->keyring, t->id, role, pin, &login));
    pthread_mutex_lock(&t->lock);
    /* A read-only session may have been opened while scrypt ran. */
    if (role == ROLE_SO && t->n_rw != t->n_sessions)
        rv = CKR_SESSION_READ_ONLY_EXISTS;
    else
        log_in_locked(t, TAKE(login));
    pthread_mutex_unlock(&t->lock);
    ENSURE(rv == CKR_OK, rv);
    return CKR_OK;
}

CK_RV token_log_in(struct token *t, enum role role, struct span pin)
{
    CK_RV rv;

    pthread_mutex_lock(&t->login_lock);
    rv = log_in_serialised(t, role, pin);
    pthread_mutex_unlock(&t->login_lock);
    TRY(rv);
    dek_rotation_continue(t);
    return CKR_OK;
}

/* v3.2 4.9: a PIN that gets locked by this logs its user out. */
CK_RV token_authenticate(struct token *t, struct span pin)
{
    const enum token_state state = token_login_state(t);
    AUTO(login_unrefp) struct login *login = NULL;
    CK_RV rv;

    ENSURE(state != TOKEN_PUBLIC, CKR_USER_NOT_LOGGED_IN);
    rv = token_login(t->keyring, t->id, state == TOKEN_SO ? ROLE_SO : ROLE_USER, pin, &login);
    if (rv == CKR_PIN_LOCKED) {
        pthread_mutex_lock(&t->lock);
        if (t->login != NULL)
            token_log_out_locked(t);
        pthread_mutex_unlock(&t->lock);
    }
    TRY(rv);
    return CKR_OK;
}

CK_RV token_log_out(struct token *t)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&t->login_lock);
    pthread_mutex_lock(&t->lock);
    if (t->login == NULL)
        rv = CKR_USER_NOT_LOGGED_IN;
    else
        token_log_out_locked(t);
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&t->login_lock);
    ENSURE(rv == CKR_OK, rv);
    return CKR_OK;
}

/* The login under the new role pair replaces the old one; handles stay true: it is the same user.
 */
static CK_RV change_pin_serialised(struct token *t, struct span old_pin, struct span new_pin)
{
    const enum token_state state = token_login_state(t);
    const enum role role = state == TOKEN_SO ? ROLE_SO : ROLE_USER;
    AUTO(login_unrefp) struct login *login = NULL;

    TRY(token_set_pin(t->keyring, t->id, role, old_pin, new_pin, &login));
    pthread_mutex_lock(&t->lock);
    if (t->login != NULL)
        login_swap_locked(t, TAKE(login));
    pthread_mutex_unlock(&t->lock);
    return CKR_OK;
}

CK_RV token_change_pin(struct token *t, struct span old_pin, struct span new_pin)
{
    CK_RV rv;

    pthread_mutex_lock(&t->login_lock);
    rv = change_pin_serialised(t, old_pin, new_pin);
    pthread_mutex_unlock(&t->login_lock);
    TRY(rv);
    dek_rotation_continue(t);
    return CKR_OK;
}

static CK_RV set_user_pin_serialised(struct token *t, struct span new_pin)
{
    struct vault v;
    CK_RV rv;

    token_vault(t, &v);
    rv = v.login == NULL || login_role(v.login) != ROLE_SO
             ? CKR_USER_NOT_LOGGED_IN
             : token_init_pin(t->keyring, v.login, new_pin);
    vault_done(&v);
    return rv;
}

CK_RV token_set_user_pin(struct token *t, struct span new_pin)
{
    CK_RV rv;

    pthread_mutex_lock(&t->login_lock);
    rv = set_user_pin_serialised(t, new_pin);
    pthread_mutex_unlock(&t->login_lock);
    TRY(rv);
    dek_rotation_continue(t);
    return CKR_OK;
}
