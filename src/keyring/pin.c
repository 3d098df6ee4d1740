/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pin.c - C_SetPIN and C_InitPIN: a role gets a new key pair.
 *
 * One write transaction puts the new role row, gives the older private DEKs and the index key to
 * the new public key, and makes a new private generation. So an old PIN with an old disk opens what
 * was written before, and nothing after. scrypt for the new PIN runs before the transaction.
 */
#include "keyring/audit.h"
#include "keyring/login.h"
#include "keyring/scope.h"

#define ROUNDS_MAX 100

static struct scope_of private_scope(const struct keyring *k, const uint8_t *token,
                                     const struct ring_token *ring)
{
    return (struct scope_of){k->store_id, token, SCOPE_PRIVATE, ring->t};
}

/*
 * The role's row was put in this transaction: give it what `by` can open, and a new generation.
 * Where there are no private keys yet (no user PIN was ever set), the first ones are made if
 * `make` says so.
 */
static CK_RV keys_follow(struct txn *t, const struct scope_of *of, const struct wrap_opener *by,
                         enum role role, bool make)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct wrap_roles roles;
    struct scope_head head;
    bool found = false;

    TRY(wrap_roles_get(t, of->token, &roles));
    if (roles.role[role].generation == 0)
        return CKR_OK; /* an SO that has no part in private scope */
    TRY(scope_head_get(t, of, &row, &head, NULL, &found));
    if (!found)
        return make ? scope_make(t, of, &roles) : CKR_OK;
    TRY(scope_rekey(t, of, by, &roles, role));
    return scope_advance(t, of, &roles, DEK_GENERATIONS, NULL);
}

/* -- C_SetPIN -------------------------------------------------------------------------------- */

struct pin_change {
    struct span pin;     /* the new one */
    struct role_row row; /* the new pair's */
    struct secret *private_key;
};

static void pin_change_clear(struct pin_change *p)
{
    secret_free(TAKE(p->private_key));
}

static CK_RV change_prepare(struct pin_check *c)
{
    struct pin_change *p = c->arg;
    const struct role_of of = {c->k->store_id, c->token, c->role};

    secret_free(TAKE(p->private_key));
    return role_make(&of, secret_span(c->ring->t), c->ring->number, p->pin, c->k->conf->pin_log2_n,
                     c->row.generation + 1, &p->row, &p->private_key);
}

static CK_RV change_then(struct txn *t, struct pin_check *c)
{
    const struct pin_change *p = c->arg;
    const struct wrap_opener by = {c->role, c->row.generation, c->private_key};
    const struct scope_of of = private_scope(c->k, c->token, c->ring);

    TRY(role_put(t, c->token, c->role, &p->row));
    TRY(audit_add(c->k, t, AUDIT_PIN_CHANGED, c->token, "%s PIN",
                  c->role == ROLE_SO ? "SO" : "user"));
    return keys_follow(t, &of, &by, c->role, false);
}

static CK_RV token_pin_min(struct keyring *k, const uint8_t id[TOKEN_ID], uint32_t *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;

    TRY(txn_begin_read(k->store, &t));
    TRY(token_row_get(t, id, &row, &token));
    *ret = token.info.pin_min;
    return CKR_OK;
}

CK_RV token_set_pin(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                    struct span old_pin, struct span new_pin, struct login **ret)
{
    AUTO(pin_change_clear) struct pin_change p = {.pin = new_pin};
    AUTO(pin_check_clear)
    struct pin_check c = {
        .k = k,
        .token = id,
        .role = role,
        .pin = old_pin,
        .prepare = change_prepare,
        .then = change_then,
        .arg = &p,
    };
    uint32_t pin_min = 0;

    TRY(token_pin_min(k, id, &pin_min));
    TRY(pin_length_check(new_pin, pin_min));
    TRY(pin_check(&c));
    return login_new(id, role, &p.row, TAKE(p.private_key), ret);
}

/* -- C_InitPIN ------------------------------------------------------------------------------- */

struct pin_reset {
    struct keyring *k;
    const struct login *so;
    struct span pin;
    struct ring_token *ring;
    struct role_row row; /* the user's new pair */
    uint32_t before;     /* generation of the user's pair now; 0: none */
    bool again;
};

/* The SO is still who logged in, and may do this; the generation of the user's pair. */
static CK_RV reset_allowed(struct txn *t, const struct pin_reset *p, struct token_info *ret_info,
                           uint32_t *ret_before)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct role_row so, user = {.generation = 0};
    struct token_row token;
    bool so_found = false, user_found = false;

    TRY(token_row_get(t, p->so->token, &bytes, &token));
    TRY(role_get(t, p->so->token, ROLE_SO, &so, &so_found));
    TRY(role_get(t, p->so->token, ROLE_USER, &user, &user_found));
    ENSURE(so_found && so.generation == p->so->generation, CKR_USER_NOT_LOGGED_IN);
    ENSURE(!user_found || token.info.so_reset, CKR_FUNCTION_REJECTED);
    *ret_info = token.info;
    *ret_before = user_found ? user.generation : 0;
    return CKR_OK;
}

static CK_RV reset_prepare(struct pin_reset *p)
{
    const struct role_of of = {p->k->store_id, p->so->token, ROLE_USER};
    AUTO(txn_endp) struct txn *t = NULL;
    struct token_info info;

    TRY(txn_begin_read(p->k->store, &t));
    TRY(reset_allowed(t, p, &info, &p->before));
    TRY(ring_token_at(p->k, t, p->so->token, &p->ring));
    TRY(pin_length_check(p->pin, info.pin_min));
    txn_end(TAKE(t));
    return role_make(&of, secret_span(p->ring->t), p->ring->number, p->pin, p->k->conf->pin_log2_n,
                     p->before + 1, &p->row, NULL);
}

static CK_RV reset_txn(struct txn *t, void *arg)
{
    struct pin_reset *p = arg;
    const struct wrap_opener by = login_opener(p->so);
    const struct scope_of of = private_scope(p->k, p->so->token, p->ring);
    struct token_info info;
    uint32_t fails[2], before;

    TRY(reset_allowed(t, p, &info, &before));
    p->again = before != p->before || info.secret_number != p->ring->number;
    if (p->again)
        return CKR_CANCEL;
    TRY(role_put(t, p->so->token, ROLE_USER, &p->row));
    TRY(fails_get(t, p->so->token, fails));
    fails[ROLE_USER] = 0;
    TRY(fails_put(t, p->so->token, fails));
    TRY(audit_add(p->k, t, AUDIT_PIN_RESET, p->so->token, "user PIN, by the SO"));
    return keys_follow(t, &of, &by, ROLE_USER, true);
}

CK_RV token_init_pin(struct keyring *k, const struct login *so, struct span new_pin)
{
    struct pin_reset p = {.k = k, .so = so, .pin = new_pin, .again = true};

    ENSURE(so->role == ROLE_SO, CKR_USER_NOT_LOGGED_IN);
    TRY(ring_token_get(k, so->token, &p.ring));
    for (int i = 0; i < ROUNDS_MAX && p.again; i++) {
        CK_RV rv;

        TRY(reset_prepare(&p));
        rv = store_write(k->store, reset_txn, &p);
        if (rv != CKR_CANCEL)
            TRY(rv);
    }
    ENSURE(!p.again, CKR_FUNCTION_FAILED);
    return CKR_OK;
}
