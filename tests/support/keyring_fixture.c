/* SPDX-License-Identifier: BSD-2-Clause */
/* keyring_fixture.c - scratch stores and a host's hands; see keyring_fixture.h. */
#include "keyring_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/ring.h"
#include "keyring/scope.h"

#define RAW_MAP ((size_t)1 << 30)

int64_t fixture_time_shift;
_Atomic(fixture_hook *) fixture_time_hook;
void *fixture_time_hook_arg;

time_t __wrap_time(time_t *ret)
{
    const time_t now = __real_time(NULL) + fixture_time_shift;
    fixture_hook *hook = atomic_exchange(&fixture_time_hook, NULL);

    if (hook != NULL)
        hook(fixture_time_hook_arg);
    if (ret != NULL)
        *ret = now;
    return now;
}

void fixture_run(const char *fmt, ...)
{
    char command[1024];
    va_list args;

    va_start(args, fmt);
    assert_true(vsnprintf(command, sizeof(command), fmt, args) < (int)sizeof(command));
    va_end(args);
    assert_int_equal(system(command), 0);
}

int fixture_setup(void **state)
{
    struct keyring_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    fixture_time_shift = 0;
    fixture_time_hook = NULL;
    (void)snprintf(f->directory, sizeof(f->directory), "/tmp/tee-keyring-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    (void)snprintf(f->store, sizeof(f->store), "%s/store", f->directory);
    (void)snprintf(f->key, sizeof(f->key), "%s/store.key", f->directory);
    f->conf = (struct conf){
        .store = f->store,
        .root = CONF_ROOT_SOFTWARE,
        .device = f->directory,
        .software_key = f->key,
        .pin_min = 4,
        .pin_tries = 3,
        .pin_log2_n = 10,
        .so_reset = true,
        .rollback_days = 30,
    };
    *state = f;
    return 0;
}

int fixture_setup_store(void **state)
{
    struct keyring_fixture *f;

    (void)fixture_setup(state);
    f = *state;
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    return 0;
}

int fixture_setup_token(void **state)
{
    (void)fixture_setup_store(state);
    (void)fixture_token(*state, "a token");
    return 0;
}

int fixture_teardown(void **state)
{
    struct keyring_fixture *f = *state;

    fixture_close(f);
    fixture_run("rm -rf '%s'", f->directory);
    free(f);
    return 0;
}

CK_RV fixture_open(struct keyring_fixture *f, struct keyring **ret)
{
    AUTO(store_unrefp) struct store *s = NULL;

    TRY(store_open(f->conf.store, false, 0, &s));
    return keyring_open(&f->conf, s, ret);
}

void fixture_close(struct keyring_fixture *f)
{
    keyring_unref(TAKE(f->k));
}

void fixture_reopen(struct keyring_fixture *f)
{
    fixture_close(f);
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

struct token_info fixture_token(struct keyring_fixture *f, const char *label)
{
    struct token_info *all = NULL, info;
    uint8_t padded[32];
    size_t n = 0;

    memset(padded, ' ', sizeof(padded));
    memcpy(padded, label, strlen(label));
    assert_int_equal(tokens_list(f->k, &all, &n), CKR_OK);
    free(all);
    assert_int_equal(token_create(f->k, n, SO_PIN, padded, &info), CKR_OK);
    return info;
}

struct token_info fixture_only_token(struct keyring_fixture *f)
{
    struct token_info *all = NULL, info;
    size_t n = 0;

    assert_int_equal(tokens_list(f->k, &all, &n), CKR_OK);
    assert_int_equal(n, 1);
    info = all[0];
    free(all);
    return info;
}

struct filling {
    struct keyring_fixture *f;
    const struct token_info *token;
    enum scope scope;
    size_t n;
};

static CK_RV fill(struct txn *t, void *arg)
{
    const struct filling *fill = arg;
    struct keyring *k = fill->f->k;
    struct ring_token *ring = ring_token_find(k, fill->token->id);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct wrap_roles roles;
    struct scope_head head;
    struct scope_of of;
    bool found = false;

    assert_non_null(ring);
    TRY(ring_token_at(k, t, fill->token->id, &ring));
    of = (struct scope_of){k->store_id, fill->token->id, fill->scope, ring->t};
    TRY(wrap_roles_get(t, fill->token->id, &roles));
    TRY(scope_head_get(t, &of, &row, &head, NULL, &found));
    assert_true(found);
    for (size_t i = head.n; i < fill->n; i++)
        TRY(scope_advance(t, &of, &roles, GENERATIONS_MAX, NULL));
    return CKR_OK;
}

void fixture_generations(struct keyring_fixture *f, const struct token_info *t, enum scope scope,
                         size_t n)
{
    struct filling filling = {.f = f, .token = t, .scope = scope, .n = n};

    assert_int_equal(token_write(f->k, t->id, fill, &filling), CKR_OK);
}

struct login *fixture_so(struct keyring_fixture *f, const struct token_info *t)
{
    struct login *l = NULL;

    assert_int_equal(token_login(f->k, t->id, ROLE_SO, SO_PIN, &l), CKR_OK);
    return l;
}

struct login *fixture_user(struct keyring_fixture *f, const struct token_info *t)
{
    struct login *l = NULL;

    assert_int_equal(token_login(f->k, t->id, ROLE_USER, USER_PIN, &l), CKR_OK);
    return l;
}

void fixture_user_pin(struct keyring_fixture *f, const struct token_info *t)
{
    AUTO(login_unrefp) struct login *so = fixture_so(f, t);

    assert_int_equal(token_init_pin(f->k, so, USER_PIN), CKR_OK);
}

/* Made once per process: RSA keys take their time. */
static void certificate_make(const char *kind, const char *parameters, size_t i)
{
    static char made[256];
    char name[16];

    (void)snprintf(name, sizeof(name), "%s%zu ", kind, i);
    if (strstr(made, name) != NULL)
        return;
    fixture_run("mkdir -p -m 700 /tmp/tee-keyring-owners-%d", (int)getpid());
    fixture_run("cd /tmp/tee-keyring-owners-%d && openssl req -x509 -newkey %s -nodes -days 1 "
                "-keyout %s%zu.key -out %s%zu.pem -subj '/CN=owner %zu' 2>/dev/null",
                (int)getpid(), parameters, kind, i, kind, i, i);
    (void)strncat(made, name, sizeof(made) - strlen(made) - 1);
}

void fixture_certificates_forget(void)
{
    fixture_run("rm -rf /tmp/tee-keyring-owners-%d", (int)getpid());
}

void fixture_certificate(struct keyring_fixture *f, const char *kind, char ret_key[128])
{
    const size_t i = f->conf.n_recovery++;
    char path[sizeof(f->certificate[0])];

    certificate_make(
        kind, strcmp(kind, "rsa") == 0 ? "rsa:2048" : "ec -pkeyopt ec_paramgen_curve:P-256", i);
    (void)snprintf(path, sizeof(path), "%s/owner%zu.pem", f->directory, i);
    (void)snprintf(ret_key, 128, "%s/owner%zu.key", f->directory, i);
    fixture_run("cd /tmp/tee-keyring-owners-%d && cp %s%zu.pem '%s' && cp %s%zu.key '%s'",
                (int)getpid(), kind, i, path, kind, i, ret_key);
    memcpy(f->certificate[i], path, sizeof(path));
    f->conf.recovery[i] = f->certificate[i];
}

void fixture_file(const char *path, struct buf *ret)
{
    uint8_t *to = buf_extend(ret, 65536);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_non_null(to);
    ret->n = fread(to, 1, 65536, file);
    assert_int_equal(fclose(file), 0);
}

CK_RV fixture_recover(struct keyring_fixture *f, const char *key_path)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(store_unrefp) struct store *s = NULL;
    struct seal_proof proof = {.kind = SEAL_CERTIFICATE};

    fixture_file(key_path, &key);
    proof.private_key = buf_span(&key);
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    return recover_open(&f->conf, s, &proof, &f->k);
}

/* Leave without exit handlers: they belong to the parent. */
static void child_end(int code)
{
    _exit(code);
}

static int child_wait(pid_t pid)
{
    int status = 0;

    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int fixture_child(int (*fn)(struct keyring_fixture *f), struct keyring_fixture *f)
{
    const pid_t pid = fork();

    if (pid == 0) {
        store_forget_all();
        child_end(fn(f));
    }
    return child_wait(pid);
}

/* -- raw rows -------------------------------------------------------------------------------- */

/* 0 when the change was made. */
static int raw_change(const char *store, const char *table, struct span key,
                      const struct span *value)
{
    MDB_val k = {.mv_size = key.n, .mv_data = (void *)(uintptr_t)key.p};
    MDB_val v = {0};
    MDB_env *env = NULL;
    MDB_txn *t = NULL;
    MDB_dbi dbi;
    int rc;

    if (value != NULL)
        v = (MDB_val){.mv_size = value->n, .mv_data = (void *)(uintptr_t)value->p};
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 16) != 0 ||
        mdb_env_set_mapsize(env, RAW_MAP) != 0 || mdb_env_open(env, store, 0, 0600) != 0 ||
        mdb_txn_begin(env, NULL, 0, &t) != 0 || mdb_dbi_open(t, table, 0, &dbi) != 0)
        return 1;
    rc = value != NULL ? mdb_put(t, dbi, &k, &v, 0) : mdb_del(t, dbi, &k, NULL);
    return rc == 0 && mdb_txn_commit(t) == 0 ? 0 : 1;
}

/* This process may have the store open: LMDB must not open it twice, so a child does. */
static void raw_change_apart(const char *store, const char *table, struct span key,
                             const struct span *value)
{
    const pid_t pid = fork();

    if (pid == 0)
        child_end(raw_change(store, table, key, value));
    assert_int_equal(child_wait(pid), 0);
}

void raw_put(const struct keyring_fixture *f, const char *table, struct span key, struct span value)
{
    raw_change_apart(f->store, table, key, &value);
}

void raw_del(const struct keyring_fixture *f, const char *table, struct span key)
{
    raw_change_apart(f->store, table, key, NULL);
}

struct first {
    struct buf *key, *value;
};

static CK_RV first_row(struct txn *t, struct span key, struct span value, void *arg)
{
    const struct first *to = arg;

    (void)t;
    buf_put(to->key, key);
    buf_put(to->value, value);
    return CKR_CANCEL;
}

void raw_get(const struct keyring_fixture *f, enum store_table table, struct span key,
             struct buf *ret_key, struct buf *ret)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    struct first to = {ret_key, ret};
    bool found = false;

    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    if (key.n == 0) {
        assert_int_equal(txn_peek_walk(t, table, first_row, &to), CKR_CANCEL);
    } else {
        assert_int_equal(txn_peek(t, table, key, ret, &found), CKR_OK);
        assert_true(found);
    }
    txn_end(TAKE(t));
}

bool raw_has(const struct keyring_fixture *f, enum store_table table, struct span key)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    bool found = false;

    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    assert_int_equal(txn_peek(t, table, key, NULL, &found), CKR_OK);
    txn_end(TAKE(t));
    return found;
}
