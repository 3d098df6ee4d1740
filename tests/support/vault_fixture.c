/* SPDX-License-Identifier: BSD-2-Clause */
/* vault_fixture.c - a store with two tokens for the tests of vault/; see vault_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vault_fixture.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/prim.h"

#define RAW_MAP ((size_t)1 << 30)

static void write_conf(struct vault_fixture *f, bool so_reset, uint64_t map_size)
{
    f->conf = (struct conf){
        .store = f->store_path,
        .root = CONF_ROOT_SOFTWARE,
        .device = f->directory,
        .software_key = f->key_path,
        .hardware_only = true,
        .pin_min = 4,
        .pin_tries = 10,
        .pin_log2_n = 10,
        .so_reset = so_reset,
        .map_size = map_size,
    };
}

static void make_token(struct vault_fixture *f, size_t i)
{
    struct login *so = NULL;
    uint8_t label[32];

    memset(label, ' ', sizeof(label));
    label[0] = (uint8_t)('a' + i);
    assert_int_equal(token_create(f->keyring, i, FIXTURE_SO_PIN, label, &f->token[i]), CKR_OK);
    assert_int_equal(token_login(f->keyring, f->token[i].id, ROLE_SO, FIXTURE_SO_PIN, &so), CKR_OK);
    assert_int_equal(token_init_pin(f->keyring, so, FIXTURE_USER_PIN), CKR_OK);
    login_unref(so);
}

static struct vault view_of(const struct vault_fixture *f, size_t i, struct login *login)
{
    struct vault v = {.keyring = f->keyring, .login = login};

    memcpy(v.token, f->token[i].id, TOKEN_ID);
    return v;
}

static void log_in(struct vault_fixture *f)
{
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(token_login(f->keyring, f->token[i].id, ROLE_USER, FIXTURE_USER_PIN,
                                     &f->user[i]),
                         CKR_OK);
        f->vault[i] = view_of(f, i, f->user[i]);
    }
    assert_int_equal(token_login(f->keyring, f->token[0].id, ROLE_SO, FIXTURE_SO_PIN, &f->so),
                     CKR_OK);
    f->nobody = view_of(f, 0, NULL);
    f->officer = view_of(f, 0, f->so);
}

static int set_up(void **state, bool so_reset, uint64_t map_size)
{
    struct vault_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->directory, sizeof(f->directory), "/tmp/tee-vault-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    (void)snprintf(f->store_path, sizeof(f->store_path), "%s/store", f->directory);
    (void)snprintf(f->key_path, sizeof(f->key_path), "%s/store.key", f->directory);
    write_conf(f, so_reset, map_size);
    assert_int_equal(keyring_create(&f->conf, &f->keyring), CKR_OK);
    make_token(f, 0);
    make_token(f, 1);
    log_in(f);
    *state = f;
    return 0;
}

int vault_fixture_setup(void **state)
{
    return set_up(state, true, 0);
}

int vault_fixture_setup_no_reset(void **state)
{
    return set_up(state, false, 0);
}

int vault_fixture_setup_small_map(void **state)
{
    return set_up(state, true, 1);
}

void vault_fixture_close(struct vault_fixture *f)
{
    for (size_t i = 0; i < 2; i++)
        login_unref(TAKE(f->user[i]));
    login_unref(TAKE(f->so));
    keyring_unref(TAKE(f->keyring));
}

void vault_fixture_open(struct vault_fixture *f)
{
    AUTO(store_unrefp) struct store *s = NULL;

    assert_int_equal(store_open(f->store_path, false, f->conf.map_size, &s), CKR_OK);
    assert_int_equal(keyring_open(&f->conf, s, &f->keyring), CKR_OK);
    log_in(f);
}

void vault_fixture_after_fork(struct vault_fixture *f)
{
    /* A failed assertion ends the child; it must not go on with the parent's list of tests. */
    assert_int_equal(setenv("CMOCKA_TEST_ABORT", "1", 1), 0);
    store_forget_all();
    vault_fixture_open(f);
}

int vault_fixture_teardown(void **state)
{
    struct vault_fixture *f = *state;
    char command[128];

    vault_fixture_close(f);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* -- objects --------------------------------------------------------------------------------- */

static void set_text(struct attrs *a, CK_ATTRIBUTE_TYPE type, const char *text)
{
    const struct span value = text == NULL ? SPAN_EMPTY : span_of(text, strlen(text));

    assert_int_equal(attrs_set(a, type, value), CKR_OK);
}

static void set_number(struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG v)
{
    assert_int_equal(attrs_set_ulong(a, type, v), CKR_OK);
}

static void set_flag(struct attrs *a, CK_ATTRIBUTE_TYPE type, bool v)
{
    assert_int_equal(attrs_set_bool(a, type, v), CKR_OK);
}

static struct attrs *object_of(CK_OBJECT_CLASS class, const char *label, bool is_private)
{
    struct attrs *a = NULL;
    uint8_t random[16];
    char unique[33];

    assert_int_equal(attrs_new(&a), CKR_OK);
    assert_int_equal(prim_random(random, sizeof(random)), CKR_OK);
    set_number(a, CKA_CLASS, class);
    set_flag(a, CKA_TOKEN, true);
    set_flag(a, CKA_PRIVATE, is_private);
    set_flag(a, CKA_MODIFIABLE, true);
    set_text(a, CKA_LABEL, label);
    set_text(a, CKA_UNIQUE_ID, hex_encode(SPAN_ARRAY(random), unique));
    return a;
}

struct attrs *object_data(const char *label, const char *application, bool is_private)
{
    struct attrs *a = object_of(CKO_DATA, label, is_private);

    set_text(a, CKA_APPLICATION, application);
    set_text(a, CKA_OBJECT_ID, NULL);
    set_text(a, CKA_VALUE, "what is kept");
    return a;
}

static void set_key(struct attrs *a, CK_KEY_TYPE type, const char *id)
{
    set_number(a, CKA_KEY_TYPE, type);
    set_text(a, CKA_ID, id);
    set_flag(a, CKA_LOCAL, true);
    set_flag(a, CKA_DERIVE, false);
    set_number(a, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
}

struct attrs *object_aes(const char *label, const char *id, bool is_private)
{
    struct attrs *a = object_of(CKO_SECRET_KEY, label, is_private);
    static const uint8_t key[32] = {1, 2, 3};

    set_key(a, CKK_AES, id);
    set_flag(a, CKA_SENSITIVE, true);
    set_flag(a, CKA_EXTRACTABLE, false);
    set_flag(a, CKA_ENCRYPT, true);
    set_flag(a, CKA_DECRYPT, true);
    set_number(a, CKA_VALUE_LEN, sizeof(key));
    assert_int_equal(attrs_set(a, CKA_VALUE, SPAN_ARRAY(key)), CKR_OK);
    return a;
}

struct attrs *object_ec(CK_OBJECT_CLASS class, const char *label, const char *id, bool is_private)
{
    static const uint8_t curve[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
    struct attrs *a = object_of(class, label, is_private);
    uint8_t point[67] = {4, 65, 4};

    set_key(a, CKK_EC, id);
    set_text(a, CKA_SUBJECT, NULL);
    set_flag(a, class == CKO_PRIVATE_KEY ? CKA_SIGN : CKA_VERIFY, true);
    assert_int_equal(attrs_set(a, CKA_EC_PARAMS, SPAN_ARRAY(curve)), CKR_OK);
    assert_int_equal(prim_random(point + 3, sizeof(point) - 3), CKR_OK);
    if (class == CKO_PUBLIC_KEY) {
        assert_int_equal(attrs_set(a, CKA_EC_POINT, SPAN_ARRAY(point)), CKR_OK);
        return a;
    }
    set_flag(a, CKA_SENSITIVE, true);
    set_flag(a, CKA_EXTRACTABLE, false);
    assert_int_equal(attrs_set(a, CKA_VALUE, span_of(point + 3, 32)), CKR_OK);
    return a;
}

uint64_t object_store(const struct vault *v, struct attrs *object)
{
    const struct attrs *const objects[1] = {object};
    uint64_t id = 0;

    assert_int_equal(vault_add(v, objects, 1, &id, NULL), CKR_OK);
    assert_true(id > 0);
    attrs_free(object);
    return id;
}

struct attrs *search_text(CK_ATTRIBUTE_TYPE type, const char *value)
{
    struct attrs *a = NULL;

    assert_int_equal(attrs_new(&a), CKR_OK);
    set_text(a, type, value);
    return a;
}

struct attrs *search_class(CK_OBJECT_CLASS class)
{
    struct attrs *a = NULL;

    assert_int_equal(attrs_new(&a), CKR_OK);
    set_number(a, CKA_CLASS, class);
    return a;
}

struct found search_run(const struct vault *v, struct attrs *search)
{
    struct found f = {0};

    assert_int_equal(vault_find(v, search, &f), CKR_OK);
    attrs_free(search);
    return f;
}

/* -- the hostile host ------------------------------------------------------------------------ */

static MDB_env *raw_env(const struct vault_fixture *f)
{
    MDB_env *env = NULL;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_set_mapsize(env, RAW_MAP), 0);
    assert_int_equal(mdb_env_open(env, f->store_path, MDB_NOSYNC, 0600), 0);
    return env;
}

static void raw_keep(struct raw_rows *rows, const MDB_val *key, const MDB_val *value)
{
    struct raw_row *r;

    rows->v = realloc(rows->v, (rows->n + 1) * sizeof(*rows->v));
    assert_non_null(rows->v);
    r = &rows->v[rows->n++];
    assert_true(key->mv_size <= sizeof(r->key));
    memcpy(r->key, key->mv_data, key->mv_size);
    r->n_key = key->mv_size;
    r->value = malloc(value->mv_size + 1);
    assert_non_null(r->value);
    memcpy(r->value, value->mv_data, value->mv_size);
    r->n_value = value->mv_size;
}

struct raw_rows raw_read(const struct vault_fixture *f, const char *table)
{
    MDB_env *env = raw_env(f);
    struct raw_rows rows = {0};
    MDB_cursor *cursor = NULL;
    MDB_txn *t = NULL;
    MDB_val key;
    MDB_val value;
    MDB_dbi dbi;

    assert_null(f->keyring);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &t), 0);
    assert_int_equal(mdb_dbi_open(t, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(t, dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        raw_keep(&rows, &key, &value);
    mdb_cursor_close(cursor);
    mdb_txn_abort(t);
    mdb_env_close(env);
    return rows;
}

void raw_free(struct raw_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->v[i].value);
    free(rows->v);
    *rows = (struct raw_rows){0};
}

void raw_write(const struct vault_fixture *f, const char *table, const struct raw_row *key,
               const struct raw_row *value)
{
    MDB_env *env = raw_env(f);
    MDB_txn *t = NULL;
    MDB_dbi dbi;
    uint8_t copy[sizeof(key->key)];
    MDB_val k = {.mv_size = key->n_key, .mv_data = copy};
    MDB_val v = {0};

    assert_null(f->keyring);
    memcpy(copy, key->key, key->n_key);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &t), 0);
    assert_int_equal(mdb_dbi_open(t, table, 0, &dbi), 0);
    if (value == NULL) {
        assert_int_equal(mdb_del(t, dbi, &k, NULL), 0);
    } else {
        v = (MDB_val){.mv_size = value->n_value, .mv_data = value->value};
        assert_int_equal(mdb_put(t, dbi, &k, &v, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(t), 0);
    mdb_env_close(env);
}
