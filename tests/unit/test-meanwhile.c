/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-meanwhile.c - what another thread does while a call has let go of the token's lock: while
 * scrypt runs, or the store is read or written.
 *
 * Link with -Wl,--wrap=token_login,--wrap=vault_get,--wrap=vault_add: a function that is given to
 * the next of these calls runs at its end, before it returns to core/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/create.h"
#include "core/lib.h"
#include "core/object_cache.h"
#include "core/slot.h"
#include "core/token_impl.h"
#include "support/core_fixture.h"

static CK_SLOT_ID slot;
static CK_SESSION_HANDLE opened;
static struct session *session;
static struct token *token; /* of the session */

/* -- meanwhile --------------------------------------------------------------------------------- */

typedef void meanwhile_fn(void);

/* Each runs once. */
static meanwhile_fn *on_login, *on_get, *on_add;

static void run_once(meanwhile_fn **fn)
{
    meanwhile_fn *const now = *fn;

    *fn = NULL;
    if (now != NULL)
        now();
}

CK_RV __wrap_token_login(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                         struct span pin, struct login **ret);
CK_RV __real_token_login(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                         struct span pin, struct login **ret);
CK_RV __wrap_token_login(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                         struct span pin, struct login **ret)
{
    const CK_RV rv = __real_token_login(k, id, role, pin, ret);

    run_once(&on_login);
    return rv;
}

CK_RV __wrap_vault_get(const struct vault *v, uint64_t id, enum scope scope, struct attrs **ret,
                       struct stamp *ret_stamp);
CK_RV __real_vault_get(const struct vault *v, uint64_t id, enum scope scope, struct attrs **ret,
                       struct stamp *ret_stamp);
CK_RV __wrap_vault_get(const struct vault *v, uint64_t id, enum scope scope, struct attrs **ret,
                       struct stamp *ret_stamp)
{
    const CK_RV rv = __real_vault_get(v, id, scope, ret, ret_stamp);

    run_once(&on_get);
    return rv;
}

CK_RV __wrap_vault_add(const struct vault *v, const struct attrs *const *objects, size_t n,
                       uint64_t *ret_ids, struct stamp *ret_stamps);
CK_RV __real_vault_add(const struct vault *v, const struct attrs *const *objects, size_t n,
                       uint64_t *ret_ids, struct stamp *ret_stamps);
CK_RV __wrap_vault_add(const struct vault *v, const struct attrs *const *objects, size_t n,
                       uint64_t *ret_ids, struct stamp *ret_stamps)
{
    const CK_RV rv = __real_vault_add(v, objects, n, ret_ids, ret_stamps);

    run_once(&on_add);
    return rv;
}

/* -- a token ----------------------------------------------------------------------------------- */

static int group_setup(void **state)
{
    (void)state;
    slot = core_start("");
    assert_int_equal(session_open(slot, true, &opened), CKR_OK);
    assert_int_equal(session_enter(opened, &session), CKR_OK);
    token = session->token;
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    session_leave(TAKE(session));
    return core_end();
}

/* Nobody is logged in, and nothing happens. */
static int setup(void **state)
{
    (void)state;
    on_login = on_get = on_add = NULL;
    if (token_login_state(token) != TOKEN_PUBLIC)
        assert_int_equal(token_log_out(token), CKR_OK);
    return 0;
}

/* -- while scrypt runs ------------------------------------------------------------------------- */

static CK_SESSION_HANDLE read_only;

static void open_read_only(void)
{
    assert_int_equal(session_open(slot, false, &read_only), CKR_OK);
}

/* There is no read-only session while the SO is logged in (v3.2 5.6.8). */
static void so_beside_read_only(void **state)
{
    (void)state;
    on_login = open_read_only;
    assert_int_equal(token_log_in(token, ROLE_SO, SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
    assert_null(on_login);
    assert_int_equal(token_login_state(token), TOKEN_PUBLIC);
    assert_int_equal(session_close(read_only), CKR_OK);
    assert_int_equal(token_log_in(token, ROLE_SO, SO_PIN), CKR_OK);
    assert_int_equal(token_log_out(token), CKR_OK);
    on_login = open_read_only;
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    assert_int_equal(session_close(read_only), CKR_OK);
}

/* -- while the store is read or written ---------------------------------------------------------
 */

static void log_out(void)
{
    assert_int_equal(token_log_out(token), CKR_OK);
}

static void log_out_and_in(void)
{
    log_out();
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
}

static CK_OBJECT_HANDLE make_object(CK_BBOOL is_private)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    const CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &is_private, sizeof(is_private)},
    };
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    assert_int_equal(object_create(session, v, N_ELEMENTS(v), &ret), CKR_OK);
    return ret;
}

static bool is_cached(CK_OBJECT_HANDLE h)
{
    struct stamp stamp;
    AUTO(object_unrefp)
    struct object *o = object_cache_get(token->cache, handle_kind(h), handle_id(h), &stamp);

    return o != NULL;
}

/* Read an object that is not in the cache. */
static void read_anew(CK_OBJECT_HANDLE h, meanwhile_fn *meanwhile)
{
    AUTO(object_unrefp) struct object *o = NULL;

    object_cache_drop(token->cache, handle_kind(h), handle_id(h));
    assert_false(is_cached(h));
    on_get = meanwhile;
    assert_int_equal(token_object(token, h, &o), CKR_OK);
    assert_null(on_get);
}

/* The call that has begun gets its object; what is decrypted does not stay. */
static void logout_beside_reading(void **state)
{
    CK_OBJECT_HANDLE private, public;

    (void)state;
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    private = make_object(CK_TRUE);
    public = make_object(CK_FALSE);
    read_anew(private, NULL);
    assert_true(is_cached(private));
    read_anew(public, log_out);
    assert_true(is_cached(public));
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    private = handle_make(HANDLE_TOKEN_PRIVATE, token_login_generation(token), handle_id(private));
    read_anew(private, log_out);
    assert_false(is_cached(private));
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    private = handle_make(HANDLE_TOKEN_PRIVATE, token_login_generation(token), handle_id(private));
    read_anew(private, log_out_and_in);
    assert_false(is_cached(private));
}

static void logout_beside_writing(void **state)
{
    CK_OBJECT_HANDLE private, public;

    (void)state;
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    assert_true(is_cached(make_object(CK_TRUE)));
    on_add = log_out;
    private = make_object(CK_TRUE);
    assert_null(on_add);
    assert_false(is_cached(private));
    assert_int_equal(token_log_in(token, ROLE_USER, USER_PIN), CKR_OK);
    on_add = log_out;
    public = make_object(CK_FALSE);
    assert_true(is_cached(public));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        (name), (fn), setup, NULL, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/meanwhile/so-beside-read-only", so_beside_read_only),
        TEST("/meanwhile/logout-beside-reading", logout_beside_reading),
        TEST("/meanwhile/logout-beside-writing", logout_beside_writing),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
