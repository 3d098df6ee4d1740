/* SPDX-License-Identifier: BSD-2-Clause */
/* test-token.c - the tokens of a store: made, listed, shown before it opens, initialised again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keyring/clean.h"
#include "keyring/meta.h"
#include "keyring/token_row.h"
#include "keyring_fixture.h"
#include "log_capture.h"

static void token_is_listed(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info a = fixture_token(f, "first"), b = fixture_token(f, "second");
    struct token_info *all = NULL, *peeked = NULL;
    size_t n = 0, n_peeked = 0;

    fixture_user_pin(f, &b);
    assert_int_equal(tokens_list(f->k, &all, &n), CKR_OK);
    assert_int_equal(tokens_peek(keyring_store(f->k), &peeked, &n_peeked), CKR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(n_peeked, 2);
    assert_memory_equal(&all[0], &a, sizeof(a));
    assert_memory_equal(all[1].id, b.id, sizeof(b.id));
    assert_int_equal(all[1].slot, 1);
    assert_false(all[0].user_pin_set);
    assert_true(all[1].user_pin_set);
    assert_memory_equal(all, peeked, 2 * sizeof(*all));
    assert_string_not_equal(a.serial, b.serial);
    assert_int_equal(strlen(a.serial), 16);
    free(all);
    free(peeked);
}

static void token_read_agrees(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info made = fixture_only_token(f);
    AUTO(txn_endp) struct txn *t = NULL;
    struct token_info read;
    uint8_t nobody[TOKEN_ID] = {0};

    assert_int_equal(txn_begin_read(keyring_store(f->k), &t), CKR_OK);
    assert_int_equal(token_read(f->k, t, made.id, &read), CKR_OK);
    assert_memory_equal(&made, &read, sizeof(made));
    assert_int_equal(token_read(f->k, t, nobody, &read), CKR_DEVICE_REMOVED);
    assert_int_equal(token_prepare(f->k, made.id), CKR_OK);
    assert_int_equal(token_prepare(f->k, nobody), CKR_DEVICE_REMOVED);
}

static void token_slots_are_given_once(void **state)
{
    struct keyring_fixture *f = *state;
    struct token_info info;
    uint8_t label[32] = "x";

    assert_int_equal(token_create(f->k, 0, SO_PIN, label, &info), CKR_SLOT_ID_INVALID);
    assert_int_equal(token_create(f->k, 2, SO_PIN, label, &info), CKR_SLOT_ID_INVALID);
    assert_int_equal(token_create(f->k, 1, SO_PIN, label, &info), CKR_OK);
    assert_int_equal(info.slot, 1);
}

static CK_RV put_next_slot(struct txn *t, void *arg)
{
    return slots_put(t, *(const CK_SLOT_ID *)arg);
}

/* The last slot of a store is given, and none behind it: what lists tokens takes no more. */
static void token_slots_are_bounded(void **state)
{
    struct keyring_fixture *f = *state;
    CK_SLOT_ID last = TOKENS_MAX - 1;
    struct token_info info, *all = NULL;
    uint8_t label[32] = "x";
    size_t n = 0;

    assert_int_equal(store_write(keyring_store(f->k), put_next_slot, &last), CKR_OK);
    assert_int_equal(token_create(f->k, last, SO_PIN, label, &info), CKR_OK);
    log_capture_clear();
    assert_int_equal(token_create(f->k, last + 1, SO_PIN, label, &info), CKR_DEVICE_MEMORY);
    assert_non_null(
        strstr(log_capture_text(), "has 4096 tokens and takes no more: initialise one"));
    assert_int_equal(tokens_list(f->k, &all, &n), CKR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(all[0].slot, last);
    free(all);
}

static void token_pin_length(void **state)
{
    struct keyring_fixture *f = *state;
    static const uint8_t long_pin[PIN_MAX + 1] = {'a'};
    struct token_info info;
    uint8_t label[32] = "x";

    assert_int_equal(token_create(f->k, 0, SPAN_LIT("123"), label, &info), CKR_PIN_LEN_RANGE);
    assert_int_equal(token_create(f->k, 0, SPAN_ARRAY(long_pin), label, &info), CKR_PIN_LEN_RANGE);
    assert_int_equal(token_create(f->k, 0, span_of(long_pin, PIN_MAX), label, &info), CKR_OK);
}

static void token_made_elsewhere_is_opened(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    AUTO(login_unrefp) struct login *so = NULL;
    struct token_info made;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    made = fixture_token(f, "by the other");
    assert_int_equal(token_prepare(other, made.id), CKR_OK);
    assert_int_equal(token_login(other, made.id, ROLE_SO, SO_PIN, &so), CKR_OK);
}

static void token_rows_changed_are_refused(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info made = fixture_only_token(f);
    const struct token_row_key key = token_row_key(made.id, TOKEN_ROW_INFO, 0);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    raw_get(f, STORE_TOKEN, token_row_key_span(&key), &name, &row);
    fixture_close(f);
    for (size_t at = 0; at < row.n; at += 7) {
        struct keyring *k = NULL;

        row.p[at] ^= 1;
        raw_put(f, "token", token_row_key_span(&key), buf_span(&row));
        assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
        row.p[at] ^= 1;
    }
    raw_del(f, "token", token_row_key_span(&key));
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
}

/* What a hostile disk says before the store opens must not hurt. */
static void token_peek_of_nonsense(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info made = fixture_only_token(f);
    const struct token_row_key key = token_row_key(made.id, TOKEN_ROW_INFO, 0);
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(store_unrefp) struct store *s = NULL;
    uint8_t twin[TOKEN_ID + 1] = {0xff};
    struct token_info *all = NULL;
    size_t n = 99;

    raw_get(f, STORE_TOKEN, token_row_key_span(&key), &name, &row);
    fixture_close(f);
    raw_put(f, "token", SPAN_LIT("short"), SPAN_LIT("x"));
    raw_put(f, "token", SPAN_LIT("a key that is longer than any of ours"), SPAN_EMPTY);
    raw_put(f, "token", SPAN_ARRAY(twin), buf_span(&row)); /* the same slot again */
    twin[0] = 0xfe;
    raw_put(f, "token", SPAN_ARRAY(twin), span_of(row.p, row.n - 1));
    twin[0] = 0xfd;
    row.p[4] = 0xff; /* slot 2^32 and more */
    raw_put(f, "token", SPAN_ARRAY(twin), buf_span(&row));
    twin[0] = 0xfc;
    row.p[4] = 0;
    row.p[8] = 1;       /* slot 1 */
    row.p[41] = '\033'; /* the first character of its serial number */
    raw_put(f, "token", SPAN_ARRAY(twin), buf_span(&row));
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(tokens_peek(s, &all, &n), CKR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(all[0].slot, 0);
    free(all);
}

/* -- a new incarnation ----------------------------------------------------------------------- */

struct leftovers {
    const uint8_t *id;
    size_t n;
};

static CK_RV put_objects(struct txn *t, void *arg)
{
    const struct leftovers *l = arg;
    uint8_t key[TOKEN_ID + 3] = {0};

    memcpy(key, l->id, TOKEN_ID);
    for (size_t i = 0; i < l->n; i++) {
        key[TOKEN_ID + 1] = (uint8_t)(i >> 8);
        key[TOKEN_ID + 2] = (uint8_t)i;
        TRY(txn_put(t, i % 2 == 0 ? STORE_OBJECT : STORE_INDEX, SPAN_ARRAY(key), SPAN_LIT("x"),
                    NULL));
    }
    return CKR_OK;
}

static uint64_t rows_of(struct keyring_fixture *f, enum store_table table)
{
    AUTO(txn_endp) struct txn *t = NULL;

    assert_int_equal(txn_begin_read(keyring_store(f->k), &t), CKR_OK);
    return txn_count(t, table);
}

static void renew_removes_the_old(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info old = fixture_only_token(f);
    struct leftovers left = {old.id, 1400};
    uint8_t label[32] = "renewed";
    struct token_info made;
    struct login *l = NULL;

    fixture_user_pin(f, &old);
    assert_int_equal(store_write(keyring_store(f->k), put_objects, &left), CKR_OK);
    assert_int_equal(token_renew(f->k, old.id, SO_PIN, label, &made), CKR_OK);
    assert_int_equal(made.slot, old.slot);
    assert_int_equal(made.incarnation, old.incarnation + 1);
    assert_memory_not_equal(made.id, old.id, TOKEN_ID);
    assert_string_not_equal(made.serial, old.serial);
    assert_int_equal(rows_of(f, STORE_OBJECT), 0);
    assert_int_equal(rows_of(f, STORE_INDEX), 0);
    assert_int_equal(rows_of(f, STORE_TOKEN), 3); /* info, SO, counters */
    assert_int_equal(rows_of(f, STORE_DEK), 2);   /* public head, generation 1 */
    assert_false(raw_has(f, STORE_META, META_CLEAN));
    assert_int_equal(token_login(f->k, old.id, ROLE_SO, SO_PIN, &l), CKR_DEVICE_REMOVED);
    assert_int_equal(token_login(f->k, made.id, ROLE_USER, USER_PIN, &l),
                     CKR_USER_PIN_NOT_INITIALIZED);
    login_unref(fixture_so(f, &made));
}

static void renew_needs_the_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info old = fixture_only_token(f);
    uint8_t label[32] = "renewed";
    struct token_info made;

    for (int i = 0; i < 3; i++)
        assert_int_equal(token_renew(f->k, old.id, WRONG_PIN, label, &made), CKR_PIN_INCORRECT);
    assert_int_equal(token_renew(f->k, old.id, SO_PIN, label, &made), CKR_PIN_LOCKED);
    assert_memory_equal(fixture_only_token(f).id, old.id, TOKEN_ID);
}

static void change_so_pin(void *arg)
{
    struct keyring_fixture *f = arg;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *so = NULL;

    assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, SO_PIN, NEW_PIN, &so), CKR_OK);
}

/* The PIN is right, and another one when the transaction comes to it. */
static void renew_with_a_pin_of_the_past(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info old = fixture_only_token(f);
    uint8_t label[32] = "renewed";
    struct token_info made;

    fixture_time_hook_arg = f;
    fixture_time_hook = change_so_pin;
    assert_int_equal(token_renew(f->k, old.id, SO_PIN, label, &made), CKR_PIN_INCORRECT);
    assert_null(fixture_time_hook);
    assert_memory_equal(fixture_only_token(f).id, old.id, TOKEN_ID);
}

static CK_RV die_later(struct txn *t, void *arg)
{
    const struct leftovers *l = arg;

    TRY(put_objects(t, arg));
    return clean_add(t, l->id);
}

/* A process that was killed while it cleaned: the next one goes on. */
static void renew_goes_on_after_a_kill(void **state)
{
    static const uint8_t dead[2][TOKEN_ID] = {{1}, {2}};
    struct keyring_fixture *f = *state;
    struct leftovers a = {dead[0], 300}, b = {dead[1], 5};

    assert_int_equal(store_write(keyring_store(f->k), die_later, &a), CKR_OK);
    assert_int_equal(store_write(keyring_store(f->k), die_later, &b), CKR_OK);
    fixture_reopen(f);
    assert_int_equal(rows_of(f, STORE_OBJECT) + rows_of(f, STORE_INDEX), 0);
    assert_false(raw_has(f, STORE_META, META_CLEAN));
    (void)fixture_only_token(f);
}

/* So many ids that wait. */
static CK_RV put_waiting(struct txn *t, void *arg)
{
    static const uint8_t dead[CLEAN_MAX * TOKEN_ID];

    return txn_put(t, STORE_META, META_CLEAN, span_of(dead, *(const size_t *)arg * TOKEN_ID), NULL);
}

static size_t n_waiting(struct keyring_fixture *f)
{
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    raw_get(f, STORE_META, META_CLEAN, &name, &row);
    return row.n / TOKEN_ID;
}

static CK_RV add_waiting(struct txn *t, void *arg)
{
    return clean_add(t, arg);
}

/* Where nothing can be removed, the list of what waits ends somewhere, and the token stays. */
static void renew_waits_for_the_removal(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info old = fixture_only_token(f);
    uint8_t label[32] = "renewed", dead[TOKEN_ID] = {1};
    size_t waiting = CLEAN_MAX - 1;
    struct token_info made;

    assert_int_equal(store_write(keyring_store(f->k), put_waiting, &waiting), CKR_OK);
    assert_int_equal(store_write(keyring_store(f->k), add_waiting, dead), CKR_OK);
    assert_int_equal(n_waiting(f), CLEAN_MAX);
    assert_int_equal(token_renew(f->k, old.id, SO_PIN, label, &made), CKR_DEVICE_MEMORY);
    assert_int_equal(n_waiting(f), CLEAN_MAX);
    assert_memory_equal(fixture_only_token(f).id, old.id, TOKEN_ID);
    login_unref(fixture_so(f, &old));
}

#define STORE_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, fixture_setup_store, fixture_teardown, NULL                                      \
    }
#define TOKEN_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, fixture_setup_token, fixture_teardown, NULL                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST("/token/is-listed", token_is_listed),
        TOKEN_TEST("/token/read-agrees", token_read_agrees),
        TOKEN_TEST("/token/slots-are-given-once", token_slots_are_given_once),
        STORE_TEST("/token/slots-are-bounded", token_slots_are_bounded),
        STORE_TEST("/token/pin-length", token_pin_length),
        STORE_TEST("/token/made-elsewhere-is-opened", token_made_elsewhere_is_opened),
        TOKEN_TEST("/token/changed-rows-are-refused", token_rows_changed_are_refused),
        TOKEN_TEST("/token/peek-of-nonsense", token_peek_of_nonsense),
        TOKEN_TEST("/token/renew/removes-the-old", renew_removes_the_old),
        TOKEN_TEST("/token/renew/needs-the-pin", renew_needs_the_pin),
        TOKEN_TEST("/token/renew/with-a-pin-of-the-past", renew_with_a_pin_of_the_past),
        TOKEN_TEST("/token/renew/goes-on-after-a-kill", renew_goes_on_after_a_kill),
        TOKEN_TEST("/token/renew/waits-for-the-removal", renew_waits_for_the_removal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
