/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * master.c - opening and rotating the master key.
 *
 * A rotation re-encrypts the new master to the public key of every seal, and re-boxes what stands
 * directly under it: the store's keys and the token secrets. Their values stay, so that processes
 * which hold them keep working, and no object is touched.
 */
#include "keyring/master.h"

#include <stdlib.h>

#include "keyring/audit.h"
#include "keyring/platform.h"
#include "keyring/token_row.h"
#include "util/log.h"

#define TRIES_MAX 8 /* another process can rotate between opening and writing */

CK_RV header_same(struct txn *t, const struct header *h, bool *ret_same)
{
    struct header now;

    TRY(header_get(t, &now));
    *ret_same = now.epoch == h->epoch;
    return CKR_OK;
}

/* Verified seals and header of one snapshot. */
static CK_RV master_read(struct keyring *k, struct seal_set **ret, struct header *ret_header)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, ret_header));
    return seal_set_read(t, TRUST_TREE, ret);
}

CK_RV master_open_here(struct keyring *k, struct secret **ret_master, struct header *ret,
                       uint8_t ret_id[SEAL_ID])
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    struct header h;
    size_t which = 0;

    ENSURE(k->root != NULL, CKR_FUNCTION_REJECTED);
    TRY(master_read(k, &set, &h));
    TRY(platform_open(k->conf, k->root, &h, set, ret_master, &which, NULL));
    memcpy(ret_id, set->v[which].seal.id, SEAL_ID);
    *ret = h;
    return CKR_OK;
}

CK_RV master_open(struct keyring *k, struct secret **ret_master, struct header *ret)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    uint8_t id[SEAL_ID];
    struct header h;

    if (k->root != NULL)
        return master_open_here(k, ret_master, ret, id);
    TRY(master_read(k, &set, &h));
    if (h.epoch == k->master_epoch)
        TRY(secret_from(secret_span(k->master), ret_master));
    else
        FAIL(CKR_DEVICE_ERROR); /* rotated elsewhere: recover again */
    *ret = h;
    return CKR_OK;
}

/* -- rotation -------------------------------------------------------------------------------- */

struct rotation {
    const struct keyring *keyring;
    const struct secret *old_master;
    struct header from, to;
    bool drop_expired;
    const struct revocation *revoke; /* or NULL */
    uint32_t rollback_days;
    bool moved; /* somebody else rotated: open the master again */
};

static CK_RV rotate_keys(struct txn *t, const struct rotation *r, struct span new_master)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(secret_freep) struct secret *keys = NULL;

    TRY(meta_need(t, TRUST_TREE, META_KEYS, &row));
    TRY(keys_open(buf_span(&row), &r->from, secret_span(r->old_master), &keys));
    return keys_put(t, &r->to, new_master, secret_span(keys));
}

static CK_RV drop_seal(struct txn *t, const struct rotation *r, const struct seal *s)
{
    char id[SEAL_ID_TEXT];

    TRY(txn_del(t, STORE_SEAL, SPAN_ARRAY(s->id), NULL));
    return audit_add(r->keyring, t, AUDIT_SEAL_EXPIRED, NULL,
                     "seal %s of an image that was superseded more than %u days ago",
                     seal_id_text(s->id, id), r->rollback_days);
}

static CK_RV rotate_seal(struct txn *t, const struct rotation *r, struct span new_master,
                         const struct seal *s)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    if (r->drop_expired && seal_expired(s, meta_now(), r->rollback_days))
        return drop_seal(t, r, s);
    TRY(seal_open_auth(&r->from, s, secret_span(r->old_master), &auth));
    TRY(seal_encode(&r->to, s, new_master, secret_span(auth), &row));
    return seal_put(t, s->id, &row);
}

static CK_RV rotate_seals(struct txn *t, const struct rotation *r, struct span new_master)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;

    TRY(seal_set_read(t, TRUST_TREE, &set));
    for (size_t i = 0; i < set->n; i++)
        TRY(rotate_seal(t, r, new_master, &set->v[i].seal));
    return CKR_OK;
}

static void free_ids(uint8_t (**ids)[TOKEN_ID])
{
    free(*ids);
}

static CK_RV rotate_tokens(struct txn *t, const struct rotation *r, struct span new_master)
{
    AUTO(free_ids) uint8_t(*ids)[TOKEN_ID] = NULL;
    size_t n = 0;

    TRY(token_row_ids(t, &ids, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(r->revoke == NULL ? token_row_rewrap(t, &r->from, secret_span(r->old_master), &r->to,
                                                 new_master, ids[i])
                              : token_secret_renew(t, &r->from, secret_span(r->old_master), &r->to,
                                                   new_master, ids[i]));
    }
    return CKR_OK;
}

static CK_RV rotate_txn(struct txn *t, void *arg)
{
    struct rotation *r = arg;
    AUTO(secret_freep) struct secret *new_master = NULL;
    bool same = false;

    TRY(header_same(t, &r->from, &same));
    r->moved = !same;
    if (r->moved)
        return CKR_CANCEL;
    TRY(secret_new(PRIM_KEY, &new_master));
    TRY(prim_random(new_master->p, new_master->n));
    if (r->revoke != NULL) /* first: it is not encrypted to any more */
        TRY(r->revoke->drop(t, r->revoke->arg));
    TRY(rotate_keys(t, r, secret_span(new_master)));
    TRY(rotate_seals(t, r, secret_span(new_master)));
    TRY(rotate_tokens(t, r, secret_span(new_master)));
    TRY(audit_add(r->keyring, t, AUDIT_MASTER_ROTATED, NULL, "epoch %llu",
                  (unsigned long long)r->to.epoch));
    return header_put(t, &r->to);
}

/* One try with the master as it is now. */
static CK_RV rotate_once(struct keyring *k, struct rotation *r)
{
    AUTO(secret_freep) struct secret *master = NULL;
    CK_RV rv;

    TRY(master_open(k, &master, &r->from));
    r->to = r->from;
    r->to.epoch++;
    r->old_master = master;
    rv = store_write(k->store, rotate_txn, r);
    r->old_master = NULL;
    return rv == CKR_CANCEL ? CKR_OK : rv;
}

static CK_RV replace(struct keyring *k, bool drop_expired, const struct revocation *revoke,
                     uint64_t *ret_epoch)
{
    struct rotation r = {.keyring = k,
                         .drop_expired = drop_expired,
                         .revoke = revoke,
                         .rollback_days = k->conf->rollback_days,
                         .moved = true};

    for (int i = 0; i < TRIES_MAX && r.moved; i++)
        TRY(rotate_once(k, &r));
    ENSURE(!r.moved, CKR_FUNCTION_FAILED);
    log_info("the master key was rotated: the store %s is at epoch %llu", store_directory(k->store),
             (unsigned long long)r.to.epoch);
    if (ret_epoch != NULL)
        *ret_epoch = r.to.epoch;
    return CKR_OK;
}

CK_RV master_replace(struct keyring *k, bool drop_expired, uint64_t *ret_epoch)
{
    return replace(k, drop_expired, NULL, ret_epoch);
}

CK_RV master_revoke(struct keyring *k, const struct revocation *revoke)
{
    return replace(k, true, revoke, NULL);
}

CK_RV master_rotate(struct keyring *k, uint64_t *ret_epoch)
{
    if (k->root == NULL) {
        log_err("the store was opened with a recovery key and is not sealed to this platform yet: "
                "adopt it before its master key is rotated");
        FAIL(CKR_FUNCTION_REJECTED);
    }
    return master_replace(k, false, ret_epoch);
}
