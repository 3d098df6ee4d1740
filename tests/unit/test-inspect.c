/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-inspect.c - what a row says, looked at without a PIN: each kind of row that is what was
 * stored last and is wrong all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "keyring/counts.h"
#include "keyring/seals.h"
#include "vault/index.h"
#include "vault/inspect.h"
#include "vault/rows.h"
#include "vault_fixture.h"

#define N_OBJECTS 80 /* more than a short list holds */

/* What was said, and of which table. */
struct finding {
    size_t n, n_rows;
    enum store_table table;
    const char *what;
};

struct looking {
    struct inspector *inspector;
    struct vault_survey *vault;
    enum store_table table;
    struct finding *found;
};

static CK_RV look_row(struct txn *t, struct span key, struct span row, void *arg)
{
    const struct looking *l = arg;
    const char *what = l->table == STORE_OBJECT ? vault_survey_row(l->vault, key, row)
                                                : inspect_row(l->inspector, t, l->table, key, row);

    l->found->n_rows++;
    if (what == NULL)
        return CKR_OK;
    l->found->n++;
    l->found->table = l->table;
    l->found->what = what;
    return CKR_OK;
}

/* Every row of the store, and the lists of both tokens. */
static struct finding look(const struct vault_fixture *f, uint64_t *ret_without_row)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(inspector_freep) struct inspector *i = NULL;
    AUTO(vault_survey_freep) struct vault_survey *v = NULL;
    struct finding found = {.n = 0};
    struct looking l = {.found = &found};
    uint64_t listed = 0;

    assert_int_equal(inspector_new(f->keyring, &i, &t), CKR_OK);
    assert_int_equal(vault_survey_new(f->keyring, i, t, &v), CKR_OK);
    l.inspector = i;
    l.vault = v;
    for (l.table = STORE_META; l.table < STORE_N_TABLES; l.table++)
        assert_int_equal(txn_walk(t, l.table, look_row, &l), CKR_OK);
    if (ret_without_row != NULL)
        assert_int_equal(vault_survey_list(v, f->vault[0].token, &listed, ret_without_row), CKR_OK);
    vault_survey_free(TAKE(v));
    inspector_free(TAKE(i));
    return found;
}

static int setup(void **state)
{
    const struct vault_fixture *f;

    if (vault_fixture_setup(state) != 0)
        return -1;
    f = *state;
    for (int i = 0; i < N_OBJECTS; i++)
        (void)object_store(&f->vault[0], object_aes("key", NULL, i % 4 == 0));
    return 0;
}

/* -- a row changed by somebody who may write the store
 * --------------------------------------------- */

struct change {
    enum store_table table;
    struct buf key, row; /* row.n 0: it goes */
};

static void change_clear(struct change *c)
{
    buf_clear(&c->key);
    buf_clear(&c->row);
}

static CK_RV change_txn(struct txn *t, void *arg)
{
    const struct change *c = arg;

    if (c->row.n == 0)
        return txn_del(t, c->table, buf_span(&c->key), NULL);
    return txn_put(t, c->table, buf_span(&c->key), buf_span(&c->row), NULL);
}

static void change_write(const struct vault_fixture *f, struct change *c)
{
    assert_int_equal(store_write(keyring_store(f->keyring), change_txn, c), CKR_OK);
}

/* The first row of a table whose key starts with the prefix. */
static void row_find(const struct vault_fixture *f, enum store_table table, struct span prefix,
                     struct change *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    bool found = false;

    ret->table = table;
    assert_int_equal(txn_begin_read(keyring_store(f->keyring), &t), CKR_OK);
    assert_int_equal(txn_seek(t, table, prefix, prefix, &ret->key, &ret->row, &found), CKR_OK);
    assert_true(found);
}

static void assert_one(const struct vault_fixture *f, enum store_table table, const char *what)
{
    const struct finding found = look(f, NULL);

    assert_int_equal(found.n, 1);
    assert_int_equal(found.table, table);
    assert_non_null(strstr(found.what, what));
}

/* Flip a bit of the first row of a table, `from_end` bytes before its end. */
static void spoil(const struct vault_fixture *f, enum store_table table, struct span prefix,
                  size_t from_end)
{
    AUTO(change_clear) struct change c = {.table = table};

    row_find(f, table, prefix, &c);
    c.row.p[c.row.n - from_end] ^= 1;
    change_write(f, &c);
}

static void whole_store_has_nothing_wrong(void **state)
{
    const struct vault_fixture *f = *state;
    uint64_t without = 99;
    const struct finding found = look(f, &without);

    assert_int_equal(found.n, 0);
    assert_int_equal(without, 0);
    assert_true(found.n_rows > N_OBJECTS);
}

static void seal_that_is_not_authentic(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    const struct seal_request recovery = {.kind = SEAL_KEY};

    assert_int_equal(seal_add(f->keyring, &recovery, &made), CKR_OK);
    assert_int_equal(look(f, NULL).n, 0);
    spoil(f, STORE_SEAL, SPAN_ARRAY(made.id), 1); /* its MAC; nothing here opens it */
    assert_one(f, STORE_SEAL, "not authentic");
}

static void token_whose_secret_does_not_open(void **state)
{
    const struct vault_fixture *f = *state;

    spoil(f, STORE_TOKEN, SPAN_ARRAY(f->token[1].id), 1);
    assert_one(f, STORE_TOKEN, "don't open under the master key");
}

static void dek_that_does_not_open(void **state)
{
    const struct vault_fixture *f = *state;
    uint8_t prefix[TOKEN_ID + 1];

    memcpy(prefix, f->token[1].id, TOKEN_ID);
    prefix[TOKEN_ID] = SCOPE_PRIVATE; /* its outer box, without a PIN */
    spoil(f, STORE_DEK, SPAN_ARRAY(prefix), 1);
    assert_one(f, STORE_DEK, "doesn't open under its token's secret");
}

static void generation_that_nobody_names(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_DEK};
    uint8_t prefix[TOKEN_ID + 1 + 4] = {0};

    memcpy(prefix, f->token[1].id, TOKEN_ID);
    prefix[TOKEN_ID + 4] = 1;
    row_find(f, STORE_DEK, SPAN_ARRAY(prefix), &c);
    c.key.p[TOKEN_ID + 4] = 9;
    change_write(f, &c);
    assert_one(f, STORE_DEK, "a generation that its scope doesn't name");
}

static void rows_that_belong_to_no_token(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_TOKEN};

    row_find(f, STORE_TOKEN, SPAN_ARRAY(f->token[0].id), &c);
    c.key.p[0] ^= 0x55;
    c.key.p[TOKEN_ID] = 2; /* failure counters */
    change_write(f, &c);
    assert_one(f, STORE_TOKEN, "belongs to no token");
}

static void meta_row_that_can_not_be_read(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_META};

    row_find(f, STORE_META, SPAN_LIT("slots"), &c);
    buf_u8(&c.row, 0);
    change_write(f, &c);
    assert_one(f, STORE_META, "can't be read");
}

/* One function more than this version counts. */
static void counts_of_what_is_not_known(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_META};

    buf_put(&c.key, SPAN_LIT("counts"));
    buf_u8(&c.row, 1);
    for (int i = 0; i < 4; i++)
        buf_u64(&c.row, 0);
    buf_u16(&c.row, COUNTS_N + 1);
    for (int i = 0; i < 2 * (COUNTS_N + 1); i++)
        buf_u64(&c.row, 1);
    change_write(f, &c);
    assert_one(f, STORE_META, "can't be read");
}

static void key_use_row(struct change *c, const uint8_t *token, uint8_t value)
{
    buf_put(&c->key, SPAN_LIT("key-use"));
    buf_put(&c->key, span_of(token, TOKEN_ID));
    buf_u8(&c->row, 1);
    buf_u8(&c->row, value);
}

static void key_use_of_what_is_not_known(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_META};

    key_use_row(&c, f->token[0].id, 3);
    change_write(f, &c);
    assert_one(f, STORE_META, "can't be read");
}

static void key_use_of_no_token(void **state)
{
    static const uint8_t nobody[TOKEN_ID] = {1};
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_META};

    key_use_row(&c, nobody, 1);
    change_write(f, &c);
    assert_one(f, STORE_META, "belongs to no token");
}

static void public_object_that_does_not_open(void **state)
{
    const struct vault_fixture *f = *state;

    spoil(f, STORE_OBJECT, SPAN_ARRAY(f->token[0].id), 1);
    assert_one(f, STORE_OBJECT, "doesn't open under its DEK");
}

static void private_object_of_a_dek_that_is_not_there(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_OBJECT};
    uint8_t prefix[TOKEN_ID + 1];

    memcpy(prefix, f->token[0].id, TOKEN_ID);
    prefix[TOKEN_ID] = SCOPE_PRIVATE;
    row_find(f, STORE_OBJECT, SPAN_ARRAY(prefix), &c);
    c.row.p[4] = 99; /* generation */
    change_write(f, &c);
    assert_one(f, STORE_OBJECT, "a token or a DEK that there is not");
}

static void object_of_no_known_form(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_OBJECT};

    row_find(f, STORE_OBJECT, SPAN_ARRAY(f->token[0].id), &c);
    c.row.n = 7;
    change_write(f, &c);
    assert_one(f, STORE_OBJECT, "no object that can be read");
}

/* -- the list of all objects
 * ------------------------------------------------------------------------- */

struct unlisting {
    const struct vault *v;
    uint64_t id;
};

static CK_RV unlist(struct txn *t, void *arg)
{
    const struct unlisting *u = arg;
    struct rows rows = rows_of(u->v, t, SCOPE_PUBLIC);
    const struct index *x = NULL;
    uint8_t key[LIST_KEY];

    TRY(rows_index(&rows, &x));
    TRY(index_key(x, NULL, key));
    TRY(list_remove(t, key, u->id));
    rows_clear(&rows);
    return CKR_OK;
}

static void object_that_is_not_listed(void **state)
{
    const struct vault_fixture *f = *state;
    struct unlisting u = {.v = &f->vault[0]};

    u.id = object_store(&f->vault[0], object_aes("hidden", NULL, false));
    assert_int_equal(store_write(keyring_store(f->keyring), unlist, &u), CKR_OK);
    assert_one(f, STORE_OBJECT, "not in the list");
}

static void listed_object_that_is_not_there(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_OBJECT};
    uint64_t without = 0;

    row_find(f, STORE_OBJECT, SPAN_ARRAY(f->token[0].id), &c);
    c.row.n = 0;
    change_write(f, &c);
    assert_int_equal(look(f, &without).n, 0);
    assert_int_equal(without, 1);
}

/* Rows of a token that was initialised again may be left over for a while. */
static void rows_of_a_dead_token_are_no_fault(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(change_clear) struct change c = {.table = STORE_OBJECT};
    AUTO(change_clear) struct change dead = {.table = STORE_META};

    row_find(f, STORE_OBJECT, SPAN_ARRAY(f->token[0].id), &c);
    c.key.p[0] ^= 0x55;
    change_write(f, &c);
    assert_one(f, STORE_OBJECT, "a token or a DEK that there is not");
    buf_put(&dead.key, SPAN_LIT("clean"));
    buf_put(&dead.row, span_of(c.key.p, TOKEN_ID));
    change_write(f, &dead);
    assert_int_equal(look(f, NULL).n, 0);
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, setup, vault_fixture_teardown, NULL                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/inspect/whole-store", whole_store_has_nothing_wrong),
        TEST("/inspect/seal/not-authentic", seal_that_is_not_authentic),
        TEST("/inspect/token/secret-does-not-open", token_whose_secret_does_not_open),
        TEST("/inspect/token/no-such-token", rows_that_belong_to_no_token),
        TEST("/inspect/dek/does-not-open", dek_that_does_not_open),
        TEST("/inspect/dek/not-named", generation_that_nobody_names),
        TEST("/inspect/meta/can-not-be-read", meta_row_that_can_not_be_read),
        TEST("/inspect/meta/counts", counts_of_what_is_not_known),
        TEST("/inspect/meta/key-use", key_use_of_what_is_not_known),
        TEST("/inspect/meta/key-use-of-no-token", key_use_of_no_token),
        TEST("/inspect/object/does-not-open", public_object_that_does_not_open),
        TEST("/inspect/object/no-such-dek", private_object_of_a_dek_that_is_not_there),
        TEST("/inspect/object/no-known-form", object_of_no_known_form),
        TEST("/inspect/object/not-listed", object_that_is_not_listed),
        TEST("/inspect/object/listed-and-not-there", listed_object_that_is_not_there),
        TEST("/inspect/object/of-a-dead-token", rows_of_a_dead_token_are_no_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
