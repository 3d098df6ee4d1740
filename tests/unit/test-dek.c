/* SPDX-License-Identifier: BSD-2-Clause */
/* test-dek.c - DEKs and index keys: who gets which, through rotation and PIN changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "keyring/scope.h"
#include "keyring_fixture.h"
#include "log_capture.h"

/* A token with a user PIN. */
static int setup(void **state)
{
    struct keyring_fixture *f;
    struct token_info t;

    (void)fixture_setup_token(state);
    f = *state;
    t = fixture_only_token(f);
    fixture_user_pin(f, &t);
    return 0;
}

/* A key as bytes, from a snapshot of its own. */
struct key {
    CK_RV rv;
    uint32_t generation;
    uint8_t p[PRIM_KEY];
};

static struct key get(struct keyring *k, const struct token_info *token, enum scope scope,
                      uint32_t generation, const struct login *login)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(dek_unrefp) struct dek *d = NULL;
    struct key key = {.generation = 0};

    assert_int_equal(txn_begin_read(keyring_store(k), &t), CKR_OK);
    key.rv = dek_get(k, t, token->id, scope, generation, login, &d);
    if (key.rv == CKR_OK) {
        assert_int_equal(dek_key(d).n, PRIM_KEY);
        memcpy(key.p, dek_key(d).p, PRIM_KEY);
        key.generation = dek_generation(d);
    }
    return key;
}

static struct key get_index(struct keyring *k, const struct token_info *token, enum scope scope,
                            const struct login *login)
{
    AUTO(txn_endp) struct txn *t = NULL;
    const struct mac *mac = NULL;
    const struct span what = SPAN_LIT("label");
    struct key key = {.generation = 0};

    assert_int_equal(txn_begin_read(keyring_store(k), &t), CKR_OK);
    key.rv = index_mac(k, t, token->id, scope, login, &mac);
    if (key.rv == CKR_OK)
        assert_int_equal(mac_sum(mac, &what, 1, key.p), CKR_OK);
    return key;
}

#define SAME_KEY(a, b)                                                                             \
    do {                                                                                           \
        assert_int_equal((a).rv, CKR_OK);                                                          \
        assert_int_equal((b).rv, CKR_OK);                                                          \
        assert_memory_equal((a).p, (b).p, PRIM_KEY);                                               \
    } while (0)

struct change {
    struct keyring *k;
    const struct token_info *token;
    enum scope scope;
    uint32_t generation;
    CK_RV end; /* what the transaction returns after the change */
};

static CK_RV advance_txn(struct txn *t, void *arg)
{
    struct change *c = arg;

    TRY(dek_advance(c->k, t, c->token->id, c->scope, &c->generation));
    return c->end;
}

static CK_RV drop_txn(struct txn *t, void *arg)
{
    struct change *c = arg;

    return dek_drop(c->k, t, c->token->id, c->scope, c->generation);
}

static uint32_t advance(struct keyring *k, const struct token_info *token, enum scope scope)
{
    struct change c = {.k = k, .token = token, .scope = scope};

    assert_int_equal(store_write(keyring_store(k), advance_txn, &c), CKR_OK);
    return c.generation;
}

static CK_RV drop(struct keyring *k, const struct token_info *token, enum scope scope,
                  uint32_t generation)
{
    struct change c = {.k = k, .token = token, .scope = scope, .generation = generation};

    return store_write(keyring_store(k), drop_txn, &c);
}

static size_t generations(struct keyring *k, const struct token_info *token, enum scope scope)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct dek_info *v = NULL;
    size_t n = 0, ours = 0;

    assert_int_equal(txn_begin_read(keyring_store(k), &t), CKR_OK);
    assert_int_equal(dek_list(k, t, token->id, &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++)
        ours += v[i].scope == scope;
    free(v);
    return ours;
}

static void dek_public(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct key a = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    struct key b;

    assert_int_equal(a.generation, 1);
    SAME_KEY(a, get(f->k, &t, SCOPE_PUBLIC, 1, NULL));
    fixture_reopen(f);
    b = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    SAME_KEY(a, b);
}

static void dek_private_needs_its_login(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f), other = fixture_token(f, "other");
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *stranger = NULL;

    fixture_user_pin(f, &other);
    stranger = fixture_user(f, &other);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, NULL).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, user).rv, CKR_OK);
    /* Cached now: still for nobody else. */
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, NULL).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, stranger).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, NULL).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, stranger).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, user).rv, CKR_OK);
}

static void dek_keys_are_different(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f), other = fixture_token(f, "other");
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    const struct key keys[] = {
        get(f->k, &t, SCOPE_PUBLIC, 0, NULL),     get(f->k, &t, SCOPE_PRIVATE, 0, user),
        get(f->k, &other, SCOPE_PUBLIC, 0, NULL), get_index(f->k, &t, SCOPE_PUBLIC, NULL),
        get_index(f->k, &t, SCOPE_PRIVATE, user), get_index(f->k, &other, SCOPE_PUBLIC, NULL),
    };

    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        assert_int_equal(keys[i].rv, CKR_OK);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i].p, keys[j].p, PRIM_KEY);
    }
}

static void dek_private_before_there_is_a_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);

    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, so).rv, CKR_USER_PIN_NOT_INITIALIZED);
    assert_int_equal(generations(f->k, &t, SCOPE_PRIVATE), 0);
}

static void dek_of_no_token(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info old = fixture_only_token(f);
    uint8_t label[32] = "renewed";
    struct token_info made, nobody = {.slot = 0};

    assert_int_equal(get(f->k, &nobody, SCOPE_PUBLIC, 0, NULL).rv, CKR_DEVICE_REMOVED);
    assert_int_equal(get(f->k, &old, SCOPE_PUBLIC, 0, NULL).rv, CKR_OK);
    assert_int_equal(get_index(f->k, &old, SCOPE_PUBLIC, NULL).rv, CKR_OK);
    assert_int_equal(token_renew(f->k, old.id, SO_PIN, label, &made), CKR_OK);
    /* Cached, and void all the same. */
    assert_int_equal(get(f->k, &old, SCOPE_PUBLIC, 0, NULL).rv, CKR_DEVICE_REMOVED);
    assert_int_equal(get(f->k, &old, SCOPE_PUBLIC, 1, NULL).rv, CKR_DEVICE_REMOVED);
    assert_int_equal(get_index(f->k, &old, SCOPE_PUBLIC, NULL).rv, CKR_DEVICE_REMOVED);
}

/* -- generations ----------------------------------------------------------------------------- */

static void dek_advance_and_drop(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct key first = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    struct key second;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    assert_int_equal(get(other, &t, SCOPE_PUBLIC, 0, NULL).generation, 1);
    assert_int_equal(advance(f->k, &t, SCOPE_PUBLIC), 2);
    second = get(other, &t, SCOPE_PUBLIC, 0, NULL); /* whoever did it, it is seen at once */
    assert_int_equal(second.generation, 2);
    assert_memory_not_equal(first.p, second.p, PRIM_KEY);
    SAME_KEY(first, get(other, &t, SCOPE_PUBLIC, 1, NULL));
    assert_int_equal(generations(f->k, &t, SCOPE_PUBLIC), 2);
    assert_int_equal(drop(f->k, &t, SCOPE_PUBLIC, 1), CKR_OK);
    assert_int_equal(drop(f->k, &t, SCOPE_PUBLIC, 1), CKR_OK); /* somebody else was faster */
    log_capture_clear();
    assert_int_equal(get(other, &t, SCOPE_PUBLIC, 1, NULL).rv, CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "neither current nor being rotated away"));
    assert_int_equal(get(f->k, &t, SCOPE_PUBLIC, 3, NULL).rv, CKR_DEVICE_ERROR);
    SAME_KEY(second, get(f->k, &t, SCOPE_PUBLIC, 2, NULL));
    assert_int_equal(drop(f->k, &t, SCOPE_PUBLIC, 2), CKR_GENERAL_ERROR); /* the current one */
}

static void dek_list_is_ordered(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info token = fixture_only_token(f);
    AUTO(txn_endp) struct txn *t = NULL;
    struct dek_info *v = NULL;
    size_t n = 0;

    (void)advance(f->k, &token, SCOPE_PUBLIC);
    (void)advance(f->k, &token, SCOPE_PUBLIC);
    assert_int_equal(drop(f->k, &token, SCOPE_PUBLIC, 2), CKR_OK);
    assert_int_equal(txn_begin_read(keyring_store(f->k), &t), CKR_OK);
    assert_int_equal(dek_list(f->k, t, token.id, &v, &n), CKR_OK);
    assert_int_equal(n, 3);
    assert_true(v[0].scope == SCOPE_PUBLIC && v[0].generation == 1 && !v[0].current);
    assert_true(v[1].scope == SCOPE_PUBLIC && v[1].generation == 3 && v[1].current);
    assert_true(v[2].scope == SCOPE_PRIVATE && v[2].generation == 1 && v[2].current);
    assert_true(v[0].created > 0);
    free(v);
}

static CK_RV advance_and_use(struct txn *t, void *arg)
{
    struct change *c = arg;
    AUTO(dek_unrefp) struct dek *d = NULL;

    TRY(advance_txn(t, arg));
    TRY(dek_get(c->k, t, c->token->id, c->scope, 0, NULL, &d));
    assert_int_equal(dek_generation(d), c->generation);
    return CKR_CANCEL;
}

/* What was cached in a transaction that came to nothing is not used afterwards. */
static void dek_of_an_aborted_transaction(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    struct change c = {.k = f->k, .token = &t, .scope = SCOPE_PUBLIC};
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    struct key ours, theirs;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    assert_int_equal(store_write(keyring_store(f->k), advance_and_use, &c), CKR_CANCEL);
    assert_int_equal(get(f->k, &t, SCOPE_PUBLIC, 0, NULL).generation, 1);
    assert_int_equal(get(f->k, &t, SCOPE_PUBLIC, 2, NULL).rv, CKR_DEVICE_ERROR);
    assert_int_equal(advance(other, &t, SCOPE_PUBLIC), 2); /* another key of the same number */
    ours = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    theirs = get(other, &t, SCOPE_PUBLIC, 0, NULL);
    assert_int_equal(ours.generation, 2);
    SAME_KEY(ours, theirs);
}

static void dek_cache_is_bounded(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    struct key keys[20];

    keys[0] = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    for (uint32_t i = 1; i < N_ELEMENTS(keys); i++) {
        assert_int_equal(advance(f->k, &t, SCOPE_PUBLIC), i + 1);
        keys[i] = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    }
    for (uint32_t i = 0; i < N_ELEMENTS(keys); i++)
        SAME_KEY(keys[i], get(f->k, &t, SCOPE_PUBLIC, i + 1, NULL));
}

static void dek_row_changed_or_old(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct scope_of of = {keyring_store_id(f->k).p, t.id, SCOPE_PUBLIC, NULL};
    const struct scope_key head = scope_key(&of, 0), first = scope_key(&of, 1);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf old_head = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    raw_get(f, STORE_DEK, SPAN_ARRAY(head.p), &name, &old_head);
    raw_get(f, STORE_DEK, SPAN_ARRAY(first.p), &name, &row);
    (void)advance(f->k, &t, SCOPE_PUBLIC);
    assert_int_equal(drop(f->k, &t, SCOPE_PUBLIC, 1), CKR_OK);
    raw_put(f, "dek", SPAN_ARRAY(first.p), buf_span(&row)); /* a destroyed DEK put back */
    assert_int_equal(get(f->k, &t, SCOPE_PUBLIC, 1, NULL).rv, CKR_DEVICE_ERROR);
    raw_put(f, "dek", SPAN_ARRAY(head.p), buf_span(&old_head));
    fixture_reopen(f);
    assert_int_equal(get(f->k, &t, SCOPE_PUBLIC, 0, NULL).rv, CKR_DEVICE_ERROR);
}

/* -- PIN changes ----------------------------------------------------------------------------- */

static void dek_after_set_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *changed = NULL;
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);
    const struct key old = get(f->k, &t, SCOPE_PRIVATE, 0, user);
    const struct key index = get_index(f->k, &t, SCOPE_PRIVATE, user);
    const struct key public_key = get(f->k, &t, SCOPE_PUBLIC, 0, NULL);
    struct key current;

    assert_int_equal(token_set_pin(f->k, t.id, ROLE_USER, USER_PIN, NEW_PIN, &changed), CKR_OK);
    current = get(f->k, &t, SCOPE_PRIVATE, 0, changed);
    assert_int_equal(current.generation, 2);
    assert_memory_not_equal(current.p, old.p, PRIM_KEY);
    SAME_KEY(old, get(f->k, &t, SCOPE_PRIVATE, 1, changed)); /* old objects stay readable */
    SAME_KEY(index, get_index(f->k, &t, SCOPE_PRIVATE, changed));
    SAME_KEY(public_key, get(f->k, &t, SCOPE_PUBLIC, 0, NULL));
    /* The SO has his share of both; the old login has neither. */
    SAME_KEY(old, get(f->k, &t, SCOPE_PRIVATE, 1, so));
    SAME_KEY(current, get(f->k, &t, SCOPE_PRIVATE, 2, so));
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 2, user).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 1, user).rv, CKR_USER_NOT_LOGGED_IN);
    /* It had the index key, and can't have it any more; what is public is nobody's. */
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, user).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PUBLIC, user).rv, CKR_OK);
}

static void dek_after_so_set_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *so_before = fixture_so(f, &t);
    AUTO(login_unrefp) struct login *so = NULL;
    const struct key old = get(f->k, &t, SCOPE_PRIVATE, 0, user);
    const struct key index = get_index(f->k, &t, SCOPE_PUBLIC, so_before);
    struct key current;

    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &so), CKR_OK);
    current = get(f->k, &t, SCOPE_PRIVATE, 0, so);
    assert_int_equal(current.generation, 2);
    SAME_KEY(current, get(f->k, &t, SCOPE_PRIVATE, 0, user)); /* the user is still logged in */
    SAME_KEY(old, get(f->k, &t, SCOPE_PRIVATE, 1, so));
    /* What the SO does to public objects counts too. */
    assert_int_equal(get_index(f->k, &t, SCOPE_PUBLIC, so_before).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, so_before).rv, CKR_USER_NOT_LOGGED_IN);
    SAME_KEY(index, get_index(f->k, &t, SCOPE_PUBLIC, so));
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, user).rv, CKR_OK);
}

static void dek_after_init_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = fixture_user(f, &t);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);
    AUTO(login_unrefp) struct login *reset = NULL;
    const struct key old = get(f->k, &t, SCOPE_PRIVATE, 0, user);
    const struct key index = get_index(f->k, &t, SCOPE_PRIVATE, user);

    assert_int_equal(token_init_pin(f->k, so, NEW_PIN), CKR_OK);
    fixture_reopen(f);
    assert_int_equal(token_login(f->k, t.id, ROLE_USER, NEW_PIN, &reset), CKR_OK);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, reset).generation, 2);
    SAME_KEY(old, get(f->k, &t, SCOPE_PRIVATE, 1, reset));
    SAME_KEY(index, get_index(f->k, &t, SCOPE_PRIVATE, reset));
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, user).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, user).rv, CKR_USER_NOT_LOGGED_IN);
}

static void dek_without_so_reset(void **state)
{
    struct keyring_fixture *f = *state;
    struct token_info t;
    AUTO(login_unrefp) struct login *so = NULL;
    AUTO(login_unrefp) struct login *so_changed = NULL;
    AUTO(login_unrefp) struct login *user = NULL;

    f->conf.so_reset = false;
    fixture_reopen(f);
    t = fixture_token(f, "no escrow");
    fixture_user_pin(f, &t);
    user = fixture_user(f, &t);
    so = fixture_so(f, &t);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, user).rv, CKR_OK);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, user).rv, CKR_OK);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, so).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(get_index(f->k, &t, SCOPE_PRIVATE, so).rv, CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(advance(f->k, &t, SCOPE_PRIVATE), 2);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, so).rv, CKR_USER_NOT_LOGGED_IN);
    /* The SO's PIN has nothing to do with private scope then. */
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &so_changed), CKR_OK);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 0, user).generation, 2);
}

/* Private scope is rotated with nobody logged in. */
static void dek_private_advance_unattended(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *user = NULL;
    AUTO(login_unrefp) struct login *so = NULL;

    assert_int_equal(advance(f->k, &t, SCOPE_PRIVATE), 2);
    user = fixture_user(f, &t);
    so = fixture_so(f, &t);
    SAME_KEY(get(f->k, &t, SCOPE_PRIVATE, 2, user), get(f->k, &t, SCOPE_PRIVATE, 2, so));
    assert_int_equal(drop(f->k, &t, SCOPE_PRIVATE, 1), CKR_OK);
    assert_int_equal(get(f->k, &t, SCOPE_PRIVATE, 1, user).rv, CKR_DEVICE_ERROR);
}

/* -- a scope that is full -------------------------------------------------------------------- */

static CK_RV try_advance(struct keyring *k, const struct token_info *token, enum scope scope)
{
    struct change c = {.k = k, .token = token, .scope = scope};

    return store_write(keyring_store(k), advance_txn, &c);
}

/* Nobody but a revocation takes the last places; the log says what makes room. */
static void dek_full_scope_keeps_room(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);
    AUTO(login_unrefp) struct login *none = NULL;

    fixture_generations(f, &t, SCOPE_PUBLIC, DEK_GENERATIONS - 1);
    fixture_generations(f, &t, SCOPE_PRIVATE, DEK_GENERATIONS - 1);
    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
        assert_int_equal(advance(f->k, &t, s), DEK_GENERATIONS);
        log_capture_clear();
        assert_int_equal(try_advance(f->k, &t, s), CKR_DEVICE_MEMORY);
        assert_non_null(strstr(log_capture_text(), t.serial));
        assert_non_null(strstr(log_capture_text(), s == SCOPE_PUBLIC ? "900 public DEK generations"
                                                                     : "900 private DEK"));
        assert_non_null(strstr(log_capture_text(), "log in to it once"));
        assert_int_equal(generations(f->k, &t, s), DEK_GENERATIONS);
    }
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_USER, USER_PIN, NEW_PIN, &none),
                     CKR_DEVICE_MEMORY);
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &none), CKR_DEVICE_MEMORY);
    assert_int_equal(token_init_pin(f->k, so, NEW_PIN), CKR_DEVICE_MEMORY);
    login_unref(fixture_user(f, &t)); /* the PINs are what they were */
    login_unref(fixture_so(f, &t));
    assert_int_equal(generations(f->k, &t, SCOPE_PRIVATE), DEK_GENERATIONS);
    assert_int_equal(drop(f->k, &t, SCOPE_PRIVATE, 1), CKR_OK);
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_USER, USER_PIN, NEW_PIN, &none), CKR_OK);
    assert_int_equal(try_advance(f->k, &t, SCOPE_PRIVATE), CKR_DEVICE_MEMORY);
}

#define USER_TEST(name, fn)                                                                        \
    {                                                                                              \
        name, fn, setup, fixture_teardown, NULL                                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        USER_TEST("/dek/public", dek_public),
        USER_TEST("/dek/private-needs-its-login", dek_private_needs_its_login),
        USER_TEST("/dek/keys-are-different", dek_keys_are_different),
        {"/dek/private-before-there-is-a-pin", dek_private_before_there_is_a_pin,
         fixture_setup_token, fixture_teardown, NULL},
        USER_TEST("/dek/of-no-token", dek_of_no_token),
        USER_TEST("/dek/advance-and-drop", dek_advance_and_drop),
        USER_TEST("/dek/list-is-ordered", dek_list_is_ordered),
        USER_TEST("/dek/of-an-aborted-transaction", dek_of_an_aborted_transaction),
        USER_TEST("/dek/cache-is-bounded", dek_cache_is_bounded),
        USER_TEST("/dek/changed-or-old-row-is-refused", dek_row_changed_or_old),
        USER_TEST("/dek/after-set-pin", dek_after_set_pin),
        USER_TEST("/dek/after-so-set-pin", dek_after_so_set_pin),
        USER_TEST("/dek/after-init-pin", dek_after_init_pin),
        {"/dek/without-so-reset", dek_without_so_reset, fixture_setup_store, fixture_teardown,
         NULL},
        USER_TEST("/dek/private-advance-unattended", dek_private_advance_unattended),
        USER_TEST("/dek/full-scope-keeps-room", dek_full_scope_keeps_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
