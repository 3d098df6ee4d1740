/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - keyring_open(): unseal, verify, and keep the platform's seal up to date.
 *
 * Order: rows as the host shows them; the root's key (the device is asked, no transaction is open);
 * the seal and its MAC; the master; the tree key; then everything is read again, verified. A store
 * that was changed by another process in between is read once more; rows that the tree does not
 * prove on every try are older copies.
 */
#include "keyring/open.h"

#include <stdlib.h>
#include <time.h>

#include "crypto/ossl.h"
#include "keyring/audit.h"
#include "keyring/clean.h"
#include "keyring/master.h"
#include "keyring/platform.h"
#include "keyring/recipients.h"
#include "keyring/token_row.h"
#include "keyring/unseal_cache.h"
#include "util/log.h"

#define ROUNDS_MAX 8

void opening_clear(struct opening *o)
{
    buf_clear(&o->header_row);
    buf_clear(&o->keys_row);
    seal_set_free(TAKE(o->seals));
}

/* -- unverified ------------------------------------------------------------------------------ */

static CK_RV any_row(struct txn *t, struct span key, struct span row, void *arg)
{
    (void)t;
    (void)key;
    (void)row;
    (void)arg;
    return CKR_CANCEL;
}

/* No header: either nothing was ever written, or somebody took it away. */
static CK_RV header_absence(struct txn *t, struct store *s)
{
    CK_RV rv = CKR_OK;

    for (int table = 0; table < STORE_N_TABLES && rv == CKR_OK; table++)
        rv = txn_peek_walk(t, (enum store_table)table, any_row, NULL);
    if (rv == CKR_OK)
        FAIL(CKR_TOKEN_NOT_PRESENT);
    if (rv == CKR_CANCEL)
        log_err("the store %s has rows but no header: it is damaged; restore a backup",
                store_directory(s));
    FAIL(rv == CKR_CANCEL ? CKR_DEVICE_ERROR : rv);
}

CK_RV opening_read(struct store *s, struct opening *ret)
{
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    AUTO(txn_endp) struct txn *t = NULL;
    bool found = false;

    TRY(txn_begin_peek(s, &t));
    TRY(meta_get(t, TRUST_NOTHING, META_HEADER, &o.header_row, &found));
    if (!found)
        return header_absence(t, s);
    TRY(header_decode(buf_span(&o.header_row), &o.header));
    TRY(meta_need(t, TRUST_NOTHING, META_KEYS, &o.keys_row));
    TRY(seal_set_read(t, TRUST_NOTHING, &o.seals));
    *ret = o;
    o = (struct opening){.seals = NULL};
    return CKR_OK;
}

/* -- verified -------------------------------------------------------------------------------- */

/* The row is there, proven, with these bytes. */
static CK_RV row_same(struct txn *t, enum store_table table, struct span key, struct span bytes,
                      bool *same)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false;

    TRY(txn_get(t, table, key, &row, NULL, &found));
    *same = *same && found && span_equal(buf_span(&row), bytes);
    return CKR_OK;
}

static CK_RV opening_proven(struct txn *t, const struct opening *o, size_t which, bool *ret)
{
    bool same = true;

    TRY(row_same(t, STORE_META, META_HEADER, buf_span(&o->header_row), &same));
    TRY(row_same(t, STORE_META, META_KEYS, buf_span(&o->keys_row), &same));
    if (which != OPENING_NO_SEAL) {
        const struct seal_entry *e = &o->seals->v[which];

        TRY(row_same(t, STORE_SEAL, SPAN_ARRAY(e->seal.id), buf_span(&e->row), &same));
    }
    *ret = same;
    return CKR_OK;
}

static CK_RV config_verify(const struct conf *c, const struct root *root, struct txn *t,
                           const struct opening *o, size_t which, struct keyring *k)
{
    struct config stored;
    struct binding b;

    TRY(config_get(t, &stored));
    if (root == NULL) {
        k->root_name = root_kind_name(stored.root);
        return CKR_OK;
    }
    TRY(config_check(c, root, &stored));
    TRY(binding_decode(o->seals->v[which].seal.binding, &b));
    return config_floors(c, &stored, root, &b);
}

/* Everything small is read once under the tree, so that a changed row is found now. */
static CK_RV opening_verify(struct txn *t, const struct conf *c, const struct root *root,
                            const struct opening *o, size_t which, struct span master,
                            struct keyring *k)
{
    AUTO(seal_set_freep) struct seal_set *seals = NULL;

    TRY(config_verify(c, root, t, o, which, k));
    TRY(seal_set_read(t, TRUST_TREE, &seals));
    return ring_tokens_open(k, t, &o->header, master);
}

CK_RV opening_finish(const struct conf *c, struct store *s, const struct root *root,
                     const struct opening *o, size_t which, struct span master,
                     struct keyring **ret, bool *ret_moved)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(secret_freep) struct secret *keys = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    bool proven = false;

    TRY(keys_open(buf_span(&o->keys_row), &o->header, master, &keys));
    TRY(store_set_key(s, span_of(keys->p, PRIM_KEY), false));
    TRY(keyring_new(c, s, root, &o->header, secret_span(keys), &k));
    TRY(txn_begin_read(s, &t));
    TRY(opening_proven(t, o, which, &proven));
    *ret_moved = !proven;
    if (!proven)
        return CKR_OK;
    TRY(opening_verify(t, c, root, o, which, master, k));
    *ret = TAKE(k);
    return CKR_OK;
}

/* -- keeping the seal up to date ------------------------------------------------------------- */

struct renewal {
    const struct keyring *keyring;
    const struct header *header;
    const uint8_t *old_id;
    struct span old_row;
    const struct platform_seal *made;
};

static CK_RV renew_txn(struct txn *t, void *arg)
{
    const struct renewal *r = arg;
    bool same = false, old_there = true;
    char made[SEAL_ID_TEXT], old[SEAL_ID_TEXT];

    TRY(header_same(t, r->header, &same));
    TRY(row_same(t, STORE_SEAL, span_of(r->old_id, SEAL_ID), r->old_row, &old_there));
    if (!same || !old_there)
        return CKR_CANCEL; /* somebody rotated or renewed: the next opening looks again */
    TRY(txn_del(t, STORE_SEAL, span_of(r->old_id, SEAL_ID), NULL));
    TRY(audit_add(r->keyring, t, AUDIT_SEAL_RENEWED, NULL,
                  "seal %s after a firmware update, in place of %s",
                  seal_id_text(r->made->id, made), seal_id_text(r->old_id, old)));
    return seal_put(t, r->made->id, &r->made->row);
}

/*
 * After a firmware update, or with an image of a higher guest SVN, the seal is replaced by one that
 * names the new TCB and SVN, which older firmware and older images can't open. The old one goes in
 * the same transaction: committed firmware can't go back, and a host that takes it back all the
 * same is to be refused.
 */
static CK_RV seal_renew(struct keyring *k, const struct header *h, const struct seal_entry *old,
                        struct span master)
{
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    struct renewal r = {k, h, old->seal.id, buf_span(&old->row), &made};
    struct binding sealed, now;
    CK_RV rv;

    TRY(binding_decode(old->seal.binding, &sealed));
    TRY(k->root->current(k->conf, &now));
    if (!binding_moved_on(&sealed, &now))
        return CKR_OK;
    TRY(platform_make(k->conf, k->root, false, h, master, old->seal.superseded, &made));
    rv = store_write(k->store, renew_txn, &r);
    if (rv == CKR_CANCEL)
        return CKR_OK;
    TRY(rv);
    unseal_cache_revoke(k->conf, k->root, h, &old->seal);
    log_info("the store %s was sealed again after an update of firmware or image", k->conf->store);
    return CKR_OK;
}

static bool any_expired(const struct seal_set *seals, uint64_t now, uint32_t days)
{
    for (size_t i = 0; i < seals->n; i++) {
        if (seal_expired(&seals->v[i].seal, now, days))
            return true;
    }
    return false;
}

/* Where the device was not asked for the key, it is not asked whether it moved on either: whoever
 * asks it next sees to that. The store is open: what can't be done now (a full disk, a read-only
 * one) is tried again by the next opening. */
static void upkeep(struct keyring *k, const struct opening *o, size_t which, bool asked,
                   struct span master)
{
    CK_RV rv = asked ? seal_renew(k, &o->header, &o->seals->v[which], master) : CKR_OK;

    if (rv == CKR_OK && any_expired(o->seals, meta_now(), k->conf->rollback_days))
        rv = master_replace(k, true, NULL);
    if (rv != CKR_OK)
        log_warn("the store %s is open, but its seals could not be brought up to date (error "
                 "0x%lx): the next process that opens it tries again",
                 k->conf->store, rv);
    clean_run(k);
}

/* -- keyring_open ---------------------------------------------------------------------------- */

static uint64_t nanos_now(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static CK_RV open_round(const struct conf *c, struct store *s, const struct root *root,
                        bool may_write, struct keyring **ret, bool *ret_moved)
{
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    AUTO(secret_freep) struct secret *master = NULL;
    size_t which = 0;
    struct unsealing unsealing = {.asked = true};
    uint64_t began;

    TRY(opening_read(s, &o));
    began = nanos_now();
    TRY(platform_open(c, root, &o.header, o.seals, &master, &which, &unsealing.asked));
    unsealing.nanos = nanos_now() - began;
    TRY(opening_finish(c, s, root, &o, which, secret_span(master), ret, ret_moved));
    if (*ret_moved)
        return CKR_OK;
    (*ret)->unsealing = unsealing;
    if (may_write)
        upkeep(*ret, &o, which, unsealing.asked, secret_span(master));
    return CKR_OK;
}

static CK_RV open_rounds(const struct conf *c, struct store *s, bool may_write,
                         struct keyring **ret)
{
    const struct root *root;
    bool moved = true;

    TRY(crypto_ready());
    TRY(root_select(c, &root));
    for (int i = 0; i < ROUNDS_MAX && moved; i++)
        TRY(open_round(c, s, root, may_write, ret, &moved));
    if (moved) {
        log_err("the seal, header or keys of the store %s are not the ones that its tree proves: "
                "they are older copies, or were changed. Restore a backup",
                c->store);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

CK_RV keyring_open(const struct conf *c, struct store *s, struct keyring **ret)
{
    return open_rounds(c, s, true, ret);
}

CK_RV keyring_look(const struct conf *c, struct store *s, struct keyring **ret)
{
    return open_rounds(c, s, false, ret);
}
