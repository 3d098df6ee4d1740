/* SPDX-License-Identifier: BSD-2-Clause */
/* test-audit.c - what was done is told, in order, and nobody takes a line out unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "keyring/audit.h"
#include "keyring/meta.h"
#include "keyring/ring.h"
#include "keyring/seals.h"
#include "keyring_fixture.h"
#include "log_capture.h"

struct told {
    enum audit_event events[64];
    char last[256]; /* detail of the last one */
    size_t n;
};

static CK_RV note(const struct audit_entry *e, void *arg)
{
    struct told *t = arg;

    assert_int_equal(e->number, t->n + 1);
    assert_true(e->time > 0);
    assert_true(t->n < N_ELEMENTS(t->events) && e->detail.n < sizeof(t->last));
    t->events[t->n++] = e->event;
    memcpy(t->last, e->detail.p, e->detail.n);
    t->last[e->detail.n] = '\0';
    return CKR_OK;
}

static struct told read_all(struct keyring_fixture *f)
{
    struct told t = {.n = 0};
    uint64_t n = 0;

    assert_int_equal(audit_walk(f->k, note, &t, &n, NULL), CKR_OK);
    assert_int_equal(n, t.n);
    return t;
}

static void last_is(struct keyring_fixture *f, enum audit_event event, const char *detail)
{
    const struct told t = read_all(f);

    assert_true(t.n > 0);
    assert_string_equal(audit_event_name(t.events[t.n - 1]), audit_event_name(event));
    assert_non_null(strstr(t.last, detail));
}

static CK_RV advance(struct txn *t, void *arg)
{
    struct keyring_fixture *f = arg;
    const struct token_info info = fixture_only_token(f);
    uint32_t generation;

    TRY(dek_advance(f->k, t, info.id, SCOPE_PUBLIC, &generation));
    return dek_drop(f->k, t, info.id, SCOPE_PUBLIC, generation - 1);
}

static void tells_what_was_done(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result key = {.n_texts = 0};
    struct told t = read_all(f);
    struct token_info token = fixture_only_token(f);
    struct login *l = NULL;
    uint8_t id[SEAL_ID];

    assert_int_equal(t.n, 2);
    assert_int_equal(t.events[0], AUDIT_STORE_MADE);
    assert_int_equal(t.events[1], AUDIT_TOKEN_MADE);
    fixture_user_pin(f, &token);
    last_is(f, AUDIT_PIN_RESET, "user PIN");
    assert_int_equal(token_set_pin(f->k, token.id, ROLE_USER, USER_PIN, NEW_PIN, &l), CKR_OK);
    login_unref(l);
    last_is(f, AUDIT_PIN_CHANGED, "user PIN");
    assert_int_equal(token_login(f->k, token.id, ROLE_USER, WRONG_PIN, &l), CKR_PIN_INCORRECT);
    last_is(f, AUDIT_LOGIN_FAILED, "wrong user PIN: 1 of 3");
    assert_int_equal(seal_add(f->k, &q, &key), CKR_OK);
    last_is(f, AUDIT_SEAL_ADDED, "recovery key");
    assert_int_equal(seal_remove(f->k, key.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    last_is(f, AUDIT_SEAL_REMOVED, "recovery key");
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    last_is(f, AUDIT_MASTER_ROTATED, "epoch 2");
    assert_int_equal(store_write(keyring_store(f->k), advance, f), CKR_OK);
    last_is(f, AUDIT_DEK_DROPPED, "public generation 1");
    assert_int_equal(seal_reseal(f->k, id), CKR_OK);
    last_is(f, AUDIT_MASTER_ROTATED, "epoch 3");
    assert_int_equal(token_renew(f->k, token.id, SO_PIN, token.label, &token), CKR_OK);
    last_is(f, AUDIT_TOKEN_RENEWED, "every object is gone");
    fixture_reopen(f); /* it outlives the process, and the old master */
    last_is(f, AUDIT_TOKEN_RENEWED, "every object is gone");
}

/* What fails as a whole is not told; what is told was done. */
static CK_RV give_up(struct txn *t, void *arg)
{
    const struct keyring_fixture *f = arg;

    TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "not done"));
    return CKR_FUNCTION_REJECTED;
}

static void is_part_of_the_transaction(void **state)
{
    struct keyring_fixture *f = *state;
    const size_t before = read_all(f).n;

    assert_int_equal(store_write(keyring_store(f->k), give_up, f), CKR_FUNCTION_REJECTED);
    assert_int_equal(read_all(f).n, before);
}

/* A locked PIN is not counted, so it fills no disk. */
static void locked_tries_write_nothing(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info token = fixture_only_token(f);
    struct login *l = NULL;

    for (int i = 0; i < 3; i++)
        assert_int_equal(token_login(f->k, token.id, ROLE_SO, WRONG_PIN, &l), CKR_PIN_INCORRECT);
    last_is(f, AUDIT_LOGIN_FAILED, "3 of 3");
    for (int i = 0; i < 3; i++)
        assert_int_equal(token_login(f->k, token.id, ROLE_SO, WRONG_PIN, &l), CKR_PIN_LOCKED);
    last_is(f, AUDIT_LOGIN_FAILED, "3 of 3");
    assert_int_equal(read_all(f).n, 5);
}

static void key_of(uint64_t number, uint8_t ret[8])
{
    for (int i = 0; i < 8; i++)
        ret[i] = (uint8_t)(number >> 8 * (7 - i));
}

static void entry_get(struct keyring_fixture *f, uint64_t number, struct buf *ret)
{
    AUTO(buf_clear) struct buf name = BUF_INIT;
    uint8_t key[8];

    key_of(number, key);
    raw_get(f, STORE_AUDIT, SPAN_ARRAY(key), &name, ret);
}

static void is_broken(struct keyring_fixture *f)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;

    assert_int_equal(fixture_open(f, &k), CKR_OK);
    assert_int_equal(audit_walk(k, NULL, NULL, NULL, NULL), CKR_DEVICE_ERROR);
}

/* The host's hands: flipped, exchanged, taken out, cut off, put back with its head. */
static void host_is_noticed(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf first = BUF_INIT;
    AUTO(buf_clear) struct buf second = BUF_INIT;
    AUTO(buf_clear) struct buf head = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    uint8_t one[8], two[8], three[8];

    key_of(1, one);
    key_of(2, two);
    key_of(3, three);
    entry_get(f, 1, &first);
    entry_get(f, 2, &second);
    raw_get(f, STORE_META, META_AUDIT, &name, &head);
    fixture_close(f);
    second.p[40] ^= 1;
    raw_put(f, "audit", SPAN_ARRAY(two), buf_span(&second));
    is_broken(f);
    second.p[40] ^= 1;
    raw_put(f, "audit", SPAN_ARRAY(two), buf_span(&first));
    raw_put(f, "audit", SPAN_ARRAY(one), buf_span(&second));
    is_broken(f);
    raw_put(f, "audit", SPAN_ARRAY(one), buf_span(&first));
    raw_del(f, "audit", SPAN_ARRAY(two));
    is_broken(f);
    raw_put(f, "audit", SPAN_ARRAY(two), buf_span(&second));
    raw_put(f, "audit", SPAN_ARRAY(three), buf_span(&second));
    is_broken(f);
    raw_del(f, "audit", SPAN_ARRAY(three));
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
    assert_int_equal(audit_walk(f->k, NULL, NULL, NULL, NULL), CKR_OK);
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    fixture_close(f);
    raw_del(f, "audit", SPAN_ARRAY(three)); /* the newest, and the head as it was before it */
    raw_put(f, "meta", META_AUDIT, buf_span(&head));
    is_broken(f);
}

/* Somebody inside, who holds the keys of the store and writes through it: the chain is what is
 * left, and names the entry. */
struct forgery {
    struct keyring_fixture *f;
    uint8_t from[8], to[8];
};

static CK_RV forge_delete(struct txn *t, void *arg)
{
    const struct forgery *g = arg;

    return txn_del(t, STORE_AUDIT, SPAN_ARRAY(g->to), NULL);
}

static CK_RV forge_copy(struct txn *t, void *arg)
{
    const struct forgery *g = arg;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false;

    TRY(txn_get(t, STORE_AUDIT, SPAN_ARRAY(g->from), &row, NULL, &found));
    return txn_put(t, STORE_AUDIT, SPAN_ARRAY(g->to), buf_span(&row), NULL);
}

static void chain_breaks(struct keyring_fixture *f, const char *why)
{
    log_capture_clear();
    assert_int_equal(audit_walk(f->k, NULL, NULL, NULL, NULL), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), why));
}

static void chain_stands_alone(void **state)
{
    struct keyring_fixture *f = *state;
    struct forgery g = {.f = f};

    for (int i = 0; i < 3; i++)
        assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    key_of(5, g.to); /* the last one */
    assert_int_equal(store_write(keyring_store(f->k), forge_delete, &g), CKR_OK);
    chain_breaks(f, "entry 5 of the audit log");
    key_of(3, g.to);
    assert_int_equal(store_write(keyring_store(f->k), forge_delete, &g), CKR_OK);
    chain_breaks(f, "entry 3 of the audit log");
    key_of(2, g.from);
    assert_int_equal(store_write(keyring_store(f->k), forge_copy, &g), CKR_OK);
    chain_breaks(f, "does not open");
}

/* He writes one entry anew: the log as it was before it, another entry, and then the head that
 * names the last one, which is whole. */
struct rewriting {
    struct keyring_fixture *f;
    struct span before; /* the head, when the entry was not there yet */
};

static CK_RV forge_entry(struct txn *t, void *arg)
{
    const struct rewriting *w = arg;
    AUTO(buf_clear) struct buf now = BUF_INIT;
    bool found = false;

    TRY(txn_get(t, STORE_META, META_AUDIT, &now, NULL, &found));
    ENSURE(found, CKR_GENERAL_ERROR);
    TRY(txn_put(t, STORE_META, META_AUDIT, w->before, NULL));
    TRY(audit_add(w->f->k, t, AUDIT_SEAL_ADDED, NULL, "nothing worth telling"));
    return txn_put(t, STORE_META, META_AUDIT, buf_span(&now), NULL);
}

static void rewritten_entry_is_found(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(buf_clear) struct buf before = BUF_INIT;
    struct rewriting w = {.f = f};

    raw_get(f, STORE_META, META_AUDIT, &name, &before); /* of two entries */
    w.before = buf_span(&before);
    for (int i = 0; i < 3; i++)
        assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    assert_int_equal(audit_walk(f->k, NULL, NULL, NULL, NULL), CKR_OK);
    assert_int_equal(store_write(keyring_store(f->k), forge_entry, &w), CKR_OK);
    chain_breaks(f, "entry 4 of the audit log"); /* is whole, and follows another one */
    assert_non_null(strstr(log_capture_text(), "does not follow the one before"));
}

/* The hash that an export shows is the one that docs/formats.md has. */
static CK_RV check_hash(const struct audit_entry *e, void *arg)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    uint8_t *previous = arg, hash[PRIM_HASH];
    struct span all;

    assert_memory_equal(e->previous, previous, PRIM_HASH);
    buf_put(&bytes, SPAN_LIT("tee-pkcs11 audit 1"));
    buf_u64(&bytes, e->number);
    buf_put(&bytes, SPAN_ARRAY(e->previous));
    buf_u64(&bytes, e->time);
    buf_u16(&bytes, (uint16_t)e->event);
    buf_var(&bytes, e->token);
    buf_var(&bytes, e->detail);
    all = buf_span(&bytes);
    assert_int_equal(prim_sha256(&all, 1, hash), CKR_OK);
    assert_memory_equal(e->hash, hash, PRIM_HASH);
    memcpy(previous, hash, PRIM_HASH);
    return CKR_OK;
}

static void hashes_as_documented(void **state)
{
    struct keyring_fixture *f = *state;
    uint8_t previous[PRIM_HASH] = {0}, last[PRIM_HASH];

    assert_int_equal(audit_walk(f->k, check_hash, previous, NULL, last), CKR_OK);
    assert_memory_equal(previous, last, PRIM_HASH);
}

/* A detail that is too long is cut between two characters. */
static CK_RV add_long(struct txn *t, void *arg)
{
    const struct keyring_fixture *f = arg;
    char text[1024] = "";

    for (size_t i = 0; i < 255; i++)
        memcpy(text + 2 * i, "\xc3\xa4", 2);
    TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "%s", text));                /* 510: fits */
    TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "x%s", text));               /* 511: fits */
    TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "xy%s", text));              /* 512: does not */
    TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "x%s\xe2\x82\xac", text)); /* nor a euro */
    return audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "%s%s", text, "xyz");
}

static CK_RV note_length(const struct audit_entry *e, void *arg)
{
    size_t *lengths = arg;

    if (e->number > 2)
        lengths[e->number - 3] = e->detail.n;
    return CKR_OK;
}

static void cut_between_characters(void **state)
{
    struct keyring_fixture *f = *state;
    size_t lengths[5] = {0};

    assert_int_equal(store_write(keyring_store(f->k), add_long, f), CKR_OK);
    assert_int_equal(audit_walk(f->k, note_length, lengths, NULL, NULL), CKR_OK);
    assert_int_equal(lengths[0], 510);
    assert_int_equal(lengths[1], 511);
    assert_int_equal(lengths[2], 510);
    assert_int_equal(lengths[3], 511);
    assert_int_equal(lengths[4], 511);
}

#define TOKEN_TEST(path, fn)                                                                       \
    {                                                                                              \
        path, fn, fixture_setup_token, fixture_teardown, NULL                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST("/audit/tells-what-was-done", tells_what_was_done),
        TOKEN_TEST("/audit/part-of-the-transaction", is_part_of_the_transaction),
        TOKEN_TEST("/audit/locked-tries-write-nothing", locked_tries_write_nothing),
        TOKEN_TEST("/audit/host-is-noticed", host_is_noticed),
        TOKEN_TEST("/audit/chain-stands-alone", chain_stands_alone),
        TOKEN_TEST("/audit/rewritten-entry-is-found", rewritten_entry_is_found),
        TOKEN_TEST("/audit/hashes-as-documented", hashes_as_documented),
        TOKEN_TEST("/audit/cut-between-characters", cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
