/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_make.c - C_InitToken: a token in a free slot, or a new incarnation of one.
 *
 * All that takes time (the device, which opens the master; scrypt) comes first; then one write
 * transaction makes sure that the master and the slot or the old token are still what they were,
 * and puts every row. Otherwise there is another round.
 */
#include "keyring/audit.h"
#include "keyring/clean.h"
#include "keyring/key_use.h"
#include "keyring/login.h"
#include "keyring/master.h"
#include "keyring/scope.h"
#include "util/log.h"

#define FIRST_SECRET 1
#define ROUNDS_MAX   8

/* A token on its way into the store. */
struct making {
    struct keyring *k;
    struct token_info info;
    struct secret *t;
    struct role_row so;
    struct secret *master;
    struct header header; /* that the master belongs to */
    bool again;
    const struct login *old; /* the SO of the token that is renewed; NULL: the slot is free */
};

static void making_clear(struct making *m)
{
    secret_free(TAKE(m->t));
    secret_free(TAKE(m->master));
}

static CK_RV serial_make(char ret[17])
{
    uint8_t bytes[8];

    TRY(prim_random(bytes, sizeof(bytes)));
    hex_encode(SPAN_ARRAY(bytes), ret);
    return CKR_OK;
}

/* Limits are those of the configuration now, and stay with the token. */
static CK_RV making_begin(struct keyring *k, CK_SLOT_ID slot, struct span so_pin,
                          const uint8_t label[32], struct making *m)
{
    struct token_info *info = &m->info;
    struct role_of of;

    m->k = k;
    info->slot = slot;
    info->created = meta_now();
    info->so_reset = k->conf->so_reset;
    info->pin_min = k->conf->pin_min;
    info->pin_tries = k->conf->pin_tries;
    memcpy(info->label, label, sizeof(info->label));
    TRY(prim_random(info->id, sizeof(info->id)));
    TRY(serial_make(info->serial));
    info->secret_number = FIRST_SECRET;
    TRY(secret_new(PRIM_KEY, &m->t));
    TRY(prim_random(m->t->p, m->t->n));
    of = (struct role_of){k->store_id, info->id, ROLE_SO};
    return role_make(&of, secret_span(m->t), FIRST_SECRET, so_pin, k->conf->pin_log2_n, 1, &m->so,
                     NULL);
}

/* Every row of the new token. */
static CK_RV making_put(struct txn *t, const struct making *m)
{
    const struct token_row_key key = token_row_key(m->info.id, TOKEN_ROW_INFO, 0);
    const struct scope_of public_scope = {m->k->store_id, m->info.id, SCOPE_PUBLIC, m->t};
    const uint32_t no_fails[2] = {0, 0};
    AUTO(buf_clear) struct buf row = BUF_INIT;

    TRY(token_row_encode(&m->header, &m->info, secret_span(m->master), secret_span(m->t), &row));
    TRY(txn_put(t, STORE_TOKEN, token_row_key_span(&key), buf_span(&row), NULL));
    TRY(role_put(t, m->info.id, ROLE_SO, &m->so));
    TRY(fails_put(t, m->info.id, no_fails));
    return scope_make(t, &public_scope, NULL);
}

/* -- a free slot ----------------------------------------------------------------------------- */

static CK_RV slot_check(const struct keyring *k, struct txn *t, CK_SLOT_ID slot)
{
    CK_SLOT_ID next = 0;

    TRY(slots_get(t, &next));
    ENSURE(slot == next, CKR_SLOT_ID_INVALID);
    if (next >= TOKENS_MAX) {
        log_err(
            "the store %s has %d tokens and takes no more: initialise one of them anew, or make "
            "another store",
            store_directory(k->store), TOKENS_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    return CKR_OK;
}

static CK_RV slot_check_now(struct keyring *k, CK_SLOT_ID slot)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    return slot_check(k, t, slot);
}

static CK_RV create_txn(struct txn *t, void *arg)
{
    struct making *m = arg;
    bool same = false;

    TRY(slot_check(m->k, t, m->info.slot));
    TRY(header_same(t, &m->header, &same));
    m->again = !same;
    if (m->again)
        return CKR_CANCEL;
    TRY(slots_put(t, m->info.slot + 1));
    TRY(audit_add(m->k, t, AUDIT_TOKEN_MADE, m->info.id, "slot %lu, serial number %s",
                  (unsigned long)m->info.slot, m->info.serial));
    return making_put(t, m);
}

/* -- a new incarnation ------------------------------------------------------------------------ */

/* All rows of the old token but its objects, which clean.c removes. */
static CK_RV old_delete(struct txn *t, const struct keyring *k, const uint8_t id[TOKEN_ID])
{
    const struct token_row_key keys[] = {
        token_row_key(id, TOKEN_ROW_INFO, 0),
        token_row_key(id, TOKEN_ROW_ROLE, ROLE_SO),
        token_row_key(id, TOKEN_ROW_ROLE, ROLE_USER),
        token_row_key(id, TOKEN_ROW_FAILS, 0),
    };

    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
        const struct scope_of of = {k->store_id, id, s, NULL};

        TRY(scope_delete(t, &of));
    }
    for (size_t i = 0; i < N_ELEMENTS(keys); i++)
        TRY(txn_del(t, STORE_TOKEN, token_row_key_span(&keys[i]), NULL));
    return clean_add(t, id);
}

static CK_RV renew_txn(struct txn *t, void *arg)
{
    struct making *m = arg;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct role_row so = {.generation = 0};
    struct token_row old;
    bool same = false, found = false;

    TRY(token_row_get(t, m->old->token, &row, &old));
    TRY(role_get(t, m->old->token, ROLE_SO, &so, &found));
    /* The PIN that was checked is not the SO's any more. */
    ENSURE(found && so.generation == m->old->generation, CKR_PIN_INCORRECT);
    TRY(header_same(t, &m->header, &same));
    m->again = !same;
    if (m->again)
        return CKR_CANCEL;
    m->info.slot = old.info.slot;
    m->info.incarnation = old.info.incarnation + 1;
    TRY(old_delete(t, m->k, m->old->token));
    TRY(key_use_move(t, m->old->token, m->info.id));
    TRY(audit_add(m->k, t, AUDIT_TOKEN_RENEWED, m->info.id,
                  "slot %lu, serial number %s in place of %s: every object is gone",
                  (unsigned long)m->info.slot, m->info.serial, old.info.serial));
    return making_put(t, m);
}

/* -- both ------------------------------------------------------------------------------------- */

static CK_RV making_round(struct making *m, txn_fn *fn)
{
    CK_RV rv;

    secret_free(TAKE(m->master));
    TRY(master_open(m->k, &m->master, &m->header));
    rv = store_write(m->k->store, fn, m);
    if (rv != CKR_CANCEL)
        TRY(rv);
    return CKR_OK;
}

static CK_RV making_commit(struct making *m, txn_fn *fn, struct token_info *ret)
{
    m->again = true;
    for (int i = 0; i < ROUNDS_MAX && m->again; i++)
        TRY(making_round(m, fn));
    ENSURE(!m->again, CKR_FUNCTION_FAILED);
    /* The token is there; that its T is not cached is no reason to say otherwise. */
    if (ring_token_add(m->k, m->info.id, FIRST_SECRET, TAKE(m->t), NULL) != CKR_OK)
        log_debug(LOG_KEYRING, "the secret of token %s is not cached", m->info.serial);
    *ret = m->info;
    return CKR_OK;
}

CK_RV token_create(struct keyring *k, CK_SLOT_ID slot, struct span so_pin, const uint8_t label[32],
                   struct token_info *ret)
{
    AUTO(making_clear) struct making m = {.info = {.incarnation = 1}};

    TRY(pin_length_check(so_pin, k->conf->pin_min));
    TRY(slot_check_now(k, slot));
    TRY(making_begin(k, slot, so_pin, label, &m));
    return making_commit(&m, create_txn, ret);
}

CK_RV token_renew(struct keyring *k, const uint8_t id[TOKEN_ID], struct span so_pin,
                  const uint8_t label[32], struct token_info *ret)
{
    AUTO(making_clear) struct making m = {.old = NULL};
    AUTO(login_unrefp) struct login *so = NULL;

    TRY(token_login(k, id, ROLE_SO, so_pin, &so));
    m.old = so;
    TRY(making_begin(k, 0, so_pin, label, &m));
    TRY(making_commit(&m, renew_txn, ret));
    clean_run(k);
    return CKR_OK;
}
