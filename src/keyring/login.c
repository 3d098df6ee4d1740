/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * login.c - checking a PIN, counting failures, and the login that comes of it; see login.h.
 *
 * scrypt runs on a snapshot; the write transaction makes sure that the row is still the one that
 * was read, so that a PIN change between the two means another round and never a wrong count. The
 * transaction serialises all tries over all processes: none can slip past the lock-out. It is given
 * up, not committed, where there is nothing to write.
 */
#include "keyring/login.h"

#include <stdlib.h>

#include "keyring/audit.h"
#include "util/log.h"

#define ROUNDS_MAX 100 /* PIN changes in a row that a login waits for */

/* -- logins ---------------------------------------------------------------------------------- */

CK_RV login_new(const uint8_t token[TOKEN_ID], enum role role, const struct role_row *row,
                struct secret *private_key, struct login **ret)
{
    AUTO(secret_freep) struct secret *secret = private_key;
    struct login *l = calloc(1, sizeof(*l));

    ENSURE(l != NULL, CKR_HOST_MEMORY);
    atomic_init(&l->refs, 1);
    atomic_init(&l->proven, 0);
    memcpy(l->token, token, TOKEN_ID);
    l->role = role;
    l->generation = row->generation;
    memcpy(l->public_key, row->public_key, sizeof(l->public_key));
    l->private_key = TAKE(secret);
    *ret = l;
    return CKR_OK;
}

struct login *login_ref(struct login *l)
{
    atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    return l;
}

void login_unref(struct login *l)
{
    if (l == NULL || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    dek_cache_clear(&l->deks);
    secret_free(l->private_key);
    free(l);
}

enum role login_role(const struct login *l)
{
    return l->role;
}

/* Its row has another stamp: what does it say? */
static CK_RV login_compare(struct keyring *k, struct txn *t, struct login *l)
{
    uint8_t stamp[STORE_MAC];
    struct role_row row;
    bool found = false, token_found = false;

    TRY(role_get_stamped(t, l->token, l->role, &row, stamp, &found));
    if (!found)
        TRY(token_there(t, l->token, &token_found));
    ENSURE(found || token_found, CKR_DEVICE_REMOVED);
    ENSURE(found && row.generation == l->generation &&
               memcmp(row.public_key, l->public_key, sizeof(l->public_key)) == 0,
           CKR_USER_NOT_LOGGED_IN);
    pthread_mutex_lock(&k->lock);
    memcpy(l->stamp, stamp, sizeof(stamp));
    pthread_mutex_unlock(&k->lock);
    return CKR_OK;
}

CK_RV login_check(struct keyring *k, struct txn *t, struct login *l)
{
    uint8_t stamp[STORE_MAC];
    bool same = false;

    if (atomic_load_explicit(&l->proven, memory_order_relaxed) == txn_id(t))
        return CKR_OK;
    pthread_mutex_lock(&k->lock);
    memcpy(stamp, l->stamp, sizeof(stamp));
    pthread_mutex_unlock(&k->lock);
    TRY(role_same(t, l->token, l->role, stamp, &same));
    if (!same)
        TRY(login_compare(k, t, l));
    atomic_store_explicit(&l->proven, txn_id(t), memory_order_relaxed);
    return CKR_OK;
}

/* -- checking -------------------------------------------------------------------------------- */

void pin_check_clear(struct pin_check *c)
{
    secret_free(TAKE(c->key));
    secret_free(TAKE(c->private_key));
}

CK_RV pin_length_check(struct span pin, uint32_t pin_min)
{
    ENSURE(pin.n >= pin_min && pin.n <= PIN_MAX, CKR_PIN_LEN_RANGE);
    return CKR_OK;
}

static struct role_of check_role(const struct pin_check *c)
{
    return (struct role_of){c->k->store_id, c->token, c->role};
}

/* The role row; without one there is no PIN to check. */
static CK_RV check_row(struct txn *t, const struct pin_check *c, struct role_row *ret)
{
    bool found = false;

    TRY(role_get(t, c->token, c->role, ret, &found));
    ENSURE(found, c->role == ROLE_USER ? CKR_USER_PIN_NOT_INITIALIZED : CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV check_fails(struct txn *t, const struct pin_check *c, uint32_t ret_fails[2])
{
    TRY(fails_get(t, c->token, ret_fails));
    ENSURE(ret_fails[c->role] < c->info.pin_tries, CKR_PIN_LOCKED);
    return CKR_OK;
}

/* The authentic rows, from a snapshot. A locked PIN needs no scrypt. */
static CK_RV check_read(struct pin_check *c)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;
    uint32_t fails[2];

    TRY(txn_begin_read(c->k->store, &t));
    TRY(token_row_get(t, c->token, &row, &token));
    c->info = token.info;
    TRY(check_row(t, c, &c->row));
    TRY(ring_token_at(c->k, t, c->token, &c->ring));
    return check_fails(t, c, fails);
}

static CK_RV count_failure(struct txn *t, struct pin_check *c, uint32_t fails[2])
{
    c->failures = ++fails[c->role];
    TRY(audit_add(c->k, t, AUDIT_LOGIN_FAILED, c->token, "wrong %s PIN: %u of %u tries",
                  c->role == ROLE_SO ? "SO" : "user", c->failures, c->info.pin_tries));
    return fails_put(t, c->token, fails);
}

/* The PIN was right: forget failures, do what else is to be done. CKR_CANCEL: nothing to write. */
static CK_RV accept(struct txn *t, struct pin_check *c, uint32_t fails[2])
{
    const bool failed_before = fails[c->role] > 0;

    if (failed_before) {
        fails[c->role] = 0;
        TRY(fails_put(t, c->token, fails));
    }
    if (c->then != NULL)
        return c->then(t, c);
    return failed_before ? CKR_OK : CKR_CANCEL;
}

/* Where a wrong PIN could not be counted none is tried, right or wrong: on a full disk tries would
 * be free, and whoever may make public objects can fill it. */
static CK_RV may_count(const struct txn *t, const struct pin_check *c)
{
    const CK_RV rv = txn_room(t);

    if (rv != CKR_OK)
        log_err(
            "no PIN is tried: the file system of the store %s is full or read-only, and a wrong "
            "PIN could not be counted: make room",
            store_directory(c->k->store));
    ENSURE(rv == CKR_OK, rv);
    return CKR_OK;
}

static CK_RV check_txn(struct txn *t, void *arg)
{
    struct pin_check *c = arg;
    const struct role_of of = check_role(c);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct token_row token;
    struct role_row row;
    uint32_t fails[2];

    secret_free(TAKE(c->private_key));
    TRY(check_row(t, c, &row));
    TRY(token_row_get(t, c->token, &bytes, &token));
    c->again = memcmp(row.salt, c->row.salt, sizeof(row.salt)) != 0 ||
               token.info.secret_number != c->ring->number;
    if (c->again)
        return CKR_CANCEL;
    TRY(check_fails(t, c, fails));
    TRY(may_count(t, c));
    c->verdict = role_open(&of, &row, c->key, &c->private_key);
    if (c->verdict == CKR_PIN_INCORRECT)
        return count_failure(t, c, fails);
    TRY(c->verdict);
    return accept(t, c, fails);
}

static CK_RV check_round(struct pin_check *c)
{
    struct span t;
    CK_RV rv;

    secret_free(TAKE(c->key));
    c->again = false;
    TRY(check_read(c));
    if (c->prepare != NULL)
        TRY(c->prepare(c));
    TRY(secrets_find(secret_span(c->ring->secrets), c->ring->number, c->row.secret, &t));
    TRY(role_key(t, c->pin, c->row.salt, c->row.log2_n, &c->key));
    rv = store_write(c->k->store, check_txn, c);
    if (rv != CKR_CANCEL)
        TRY(rv);
    return CKR_OK;
}

CK_RV pin_check(struct pin_check *c)
{
    TRY(ring_token_get(c->k, c->token, &c->ring));
    c->again = true;
    for (int i = 0; i < ROUNDS_MAX && c->again; i++)
        TRY(check_round(c));
    ENSURE(!c->again, CKR_FUNCTION_FAILED);
    if (c->verdict == CKR_PIN_INCORRECT)
        log_warn("wrong %s PIN for the token with serial number %s: %u of %u tries",
                 c->role == ROLE_SO ? "SO" : "user", c->info.serial, c->failures,
                 c->info.pin_tries);
    TRY(c->verdict);
    return CKR_OK;
}

CK_RV token_login(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role, struct span pin,
                  struct login **ret)
{
    AUTO(pin_check_clear) struct pin_check c = {.k = k, .token = id, .role = role, .pin = pin};

    TRY(pin_check(&c));
    return login_new(id, role, &c.row, TAKE(c.private_key), ret);
}
