/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-key-use.c - what a token wants told of the uses of its keys: set by the SO alone, told
 * itself, kept from the host.
 *
 * Link with -Wl,--wrap=time,--wrap=log_err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keyring/audit.h"
#include "keyring/key_use.h"
#include "keyring/meta.h"
#include "keyring_fixture.h"

static CK_RV look(struct keyring_fixture *f, const uint8_t *token, enum conf_key_use *ret)
{
    uint64_t txn = 0;

    return token_key_use_now(f->k, token, ret, &txn);
}

static void assert_asks(struct keyring_fixture *f, const uint8_t *token, enum conf_key_use use)
{
    enum conf_key_use now = CONF_KEY_USE_NONE;

    assert_int_equal(look(f, token, &now), CKR_OK);
    assert_int_equal(now, use);
}

static void set(struct keyring_fixture *f, const struct token_info *t, enum conf_key_use use)
{
    AUTO(login_unrefp) struct login *so = fixture_so(f, t);

    assert_int_equal(token_set_key_use(f->k, so, use), CKR_OK);
}

/* The key of a token's row, as docs/formats.md has it. */
struct row_key {
    uint8_t p[7 + TOKEN_ID];
};

static struct row_key key_of(const uint8_t *token)
{
    struct row_key k;

    memcpy(k.p, "key-use", 7);
    memcpy(k.p + 7, token, TOKEN_ID);
    return k;
}

struct last {
    enum audit_event event;
    char detail[128];
    bool of_token;
    const uint8_t *token;
};

static CK_RV note_last(const struct audit_entry *e, void *arg)
{
    struct last *l = arg;

    assert_true(e->detail.n < sizeof(l->detail));
    l->event = e->event;
    memcpy(l->detail, e->detail.p, e->detail.n);
    l->detail[e->detail.n] = '\0';
    l->of_token = span_equal(e->token, span_of(l->token, TOKEN_ID));
    return CKR_OK;
}

static uint64_t assert_last_told(struct keyring_fixture *f, const uint8_t *token,
                                 const char *detail)
{
    struct last l = {.token = token};
    uint64_t n = 0;

    assert_int_equal(audit_walk(f->k, note_last, &l, &n, NULL), CKR_OK);
    assert_int_equal(l.event, AUDIT_KEY_USE_SET);
    assert_string_equal(audit_event_name(l.event), "key-use-set");
    assert_string_equal(l.detail, detail);
    assert_true(l.of_token);
    return n;
}

static void is_set_and_told(void **state)
{
    static const uint8_t secret[] = {1, 1}, all[] = {1, 2};
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f), other = fixture_token(f, "other");
    const struct row_key key = key_of(t.id);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint64_t n;

    assert_asks(f, t.id, CONF_KEY_USE_NONE);
    assert_false(raw_has(f, STORE_META, SPAN_ARRAY(key.p)));
    set(f, &t, CONF_KEY_USE_SECRET);
    assert_asks(f, t.id, CONF_KEY_USE_SECRET);
    assert_asks(f, other.id, CONF_KEY_USE_NONE);
    n = assert_last_told(f, t.id, "secret, before: none, by the SO");
    raw_get(f, STORE_META, SPAN_ARRAY(key.p), &name, &row);
    assert_true(span_equal(buf_span(&row), SPAN_ARRAY(secret)));
    set(f, &t, CONF_KEY_USE_SECRET); /* nothing new */
    assert_int_equal(assert_last_told(f, t.id, "secret, before: none, by the SO"), n);
    set(f, &t, CONF_KEY_USE_ALL);
    (void)assert_last_told(f, t.id, "all, before: secret, by the SO");
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    fixture_reopen(f);
    assert_asks(f, t.id, CONF_KEY_USE_ALL);
    buf_clear(&row);
    raw_get(f, STORE_META, SPAN_ARRAY(key.p), &name, &row);
    assert_true(span_equal(buf_span(&row), SPAN_ARRAY(all)));
    set(f, &t, CONF_KEY_USE_NONE);
    assert_asks(f, t.id, CONF_KEY_USE_NONE);
    assert_false(raw_has(f, STORE_META, SPAN_ARRAY(key.p)));
}

static void is_the_sos_to_set(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = fixture_so(f, &t);
    AUTO(login_unrefp) struct login *user = NULL;
    AUTO(login_unrefp) struct login *renewed = NULL;

    fixture_user_pin(f, &t);
    user = fixture_user(f, &t);
    assert_int_equal(token_set_key_use(f->k, user, CONF_KEY_USE_ALL), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &renewed), CKR_OK);
    assert_int_equal(token_set_key_use(f->k, so, CONF_KEY_USE_ALL), CKR_USER_NOT_LOGGED_IN);
    assert_asks(f, t.id, CONF_KEY_USE_NONE);
    assert_int_equal(token_set_key_use(f->k, renewed, CONF_KEY_USE_ALL), CKR_OK);
    assert_asks(f, t.id, CONF_KEY_USE_ALL);
}

/* C_InitToken empties a token; what it asks for is the SO's to take back. */
static void stays_with_the_slot(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct row_key key = key_of(t.id);
    enum conf_key_use use = CONF_KEY_USE_ALL;
    struct token_info made;

    set(f, &t, CONF_KEY_USE_SECRET);
    assert_int_equal(token_renew(f->k, t.id, SO_PIN, t.label, &made), CKR_OK);
    assert_asks(f, made.id, CONF_KEY_USE_SECRET);
    assert_false(raw_has(f, STORE_META, SPAN_ARRAY(key.p)));
    /* A process that had the old token open uses no key of it untold. */
    assert_int_equal(look(f, t.id, &use), CKR_DEVICE_REMOVED);
    assert_int_equal(use, CONF_KEY_USE_ALL);
}

static void assert_found_out(struct keyring_fixture *f, const uint8_t *token)
{
    enum conf_key_use use = CONF_KEY_USE_ALL;

    assert_int_equal(look(f, token, &use), CKR_DEVICE_ERROR);
    assert_int_equal(use, CONF_KEY_USE_ALL);
}

/* Taken away, put back as it was, given to another token, invented. */
static void is_kept_from_the_host(void **state)
{
    static const uint8_t secret[] = {1, 1}, all[] = {1, 2};
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f), other = fixture_token(f, "other");
    const struct row_key key = key_of(t.id), others = key_of(other.id);

    set(f, &t, CONF_KEY_USE_SECRET);
    set(f, &t, CONF_KEY_USE_ALL);
    raw_del(f, "meta", SPAN_ARRAY(key.p));
    assert_found_out(f, t.id);
    fixture_reopen(f); /* by a process that has not seen it before */
    assert_found_out(f, t.id);
    raw_put(f, "meta", SPAN_ARRAY(key.p), SPAN_ARRAY(secret));
    assert_found_out(f, t.id);
    raw_put(f, "meta", SPAN_ARRAY(key.p), SPAN_ARRAY(all));
    assert_asks(f, t.id, CONF_KEY_USE_ALL);
    raw_put(f, "meta", SPAN_ARRAY(others.p), SPAN_ARRAY(secret));
    assert_found_out(f, other.id);
    raw_del(f, "meta", SPAN_ARRAY(others.p));
    assert_asks(f, other.id, CONF_KEY_USE_NONE);
    set(f, &t, CONF_KEY_USE_NONE);
    raw_put(f, "meta", SPAN_ARRAY(key.p), SPAN_ARRAY(all));
    assert_found_out(f, t.id);
}

struct row {
    const uint8_t *token;
    struct span bytes;
};

static CK_RV write_row(struct txn *t, void *arg)
{
    const struct row *r = arg;
    const struct row_key key = key_of(r->token);

    return txn_put(t, STORE_META, SPAN_ARRAY(key.p), r->bytes, NULL);
}

/* By a later version, which asks for what this one can't do. */
static void what_is_not_known_is_refused(void **state)
{
    static const uint8_t rows[][3] = {{1, 0}, {1, 3}, {2, 1}, {1, 1, 0}, {1}};
    static const size_t lengths[] = {2, 2, 2, 3, 1};
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);

    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        struct row r = {t.id, span_of(rows[i], lengths[i])};

        assert_int_equal(store_write(keyring_store(f->k), write_row, &r), CKR_OK);
        assert_found_out(f, t.id);
    }
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, fixture_setup_token, fixture_teardown, NULL                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/key-use/is-set-and-told", is_set_and_told),
        TEST("/key-use/is-the-sos-to-set", is_the_sos_to_set),
        TEST("/key-use/stays-with-the-slot", stays_with_the_slot),
        TEST("/key-use/is-kept-from-the-host", is_kept_from_the_host),
        TEST("/key-use/what-is-not-known-is-refused", what_is_not_known_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
