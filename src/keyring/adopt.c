/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adopt.c - sealing a store to this platform; see adopt.h.
 *
 * One transaction: the new seal, what becomes of those that were, and the entry in the audit log.
 */
#include "keyring/adopt.h"

#include "keyring/master.h"
#include "keyring/platform.h"
#include "keyring/recipients.h"
#include "keyring/unseal_cache.h"
#include "util/log.h"

struct adoption {
    const struct keyring *keyring;
    const struct adopt_terms *terms;
    struct header header;
    const struct secret *master;
    const struct platform_seal *made;
    struct config config;
    enum root_kind root;  /* of the new seal */
    struct seal_set *had; /* terms->in_place: the seals before, and which of them open here */
    bool opens[SEAL_MAX];
    uint64_t now;
    bool passphrase; /* one is among the ways in that stay */
};

static void adoption_clear(struct adoption *a)
{
    seal_set_free(a->had);
}

/* Roots by what they protect from: a store never moves to a lesser one. */
static int root_rank(enum root_kind kind)
{
    static const int ranks[] = {
        [ROOT_SOFTWARE] = 1, [ROOT_SEV_SNP_EMULATED] = 2, [ROOT_SEV_SNP] = 3};

    return (size_t)kind < N_ELEMENTS(ranks) ? ranks[kind] : 0;
}

/* What the configuration row says after the adoption: as before on the same kind of root; on a
 * better one, what the file says about it. */
static CK_RV adoption_config(const struct conf *c, const struct root *r, struct config *config)
{
    if (r->kind == config->root)
        return config_check(c, r, config);
    if (root_rank(r->kind) < root_rank(config->root)) {
        log_err("the store %s was made with root = %s and is not sealed to a %s root, which "
                "protects less: recover it on a platform of its kind",
                c->store, root_kind_name(config->root), r->name);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (c->measured == CONF_MEASURED_UNSAID) {
        log_err("write measured = image or measured = firmware in %s: the store %s moves to a %s "
                "root",
                config_path(c), c->store, r->name);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    config_from(c, r->kind, config);
    return CKR_OK;
}

/* The store as it is now: still of the epoch that it was opened at. */
static CK_RV adoption_read(struct keyring *k, struct adoption *a)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, &a->header));
    if (a->header.epoch != k->master_epoch) {
        log_err("the master key of the store %s was rotated meanwhile: %s", k->conf->store,
                a->terms->again);
        FAIL(CKR_DEVICE_ERROR);
    }
    if (a->terms->in_place)
        TRY(seal_set_read(t, TRUST_TREE, &a->had));
    return config_get(t, &a->config);
}

/* -- what opens here already --------------------------------------------------------------------
 */

static bool opens_here(const struct adoption *a, const uint8_t id[SEAL_ID])
{
    for (size_t i = 0; a->had != NULL && i < a->had->n; i++) {
        if (a->opens[i] && memcmp(a->had->v[i].seal.id, id, SEAL_ID) == 0)
            return true;
    }
    return false;
}

/* By a seal that was not superseded: it is not another image that the store comes to. */
static bool is_in_place(const struct adoption *a)
{
    for (size_t i = 0; a->had != NULL && i < a->had->n; i++) {
        if (a->opens[i] && a->had->v[i].seal.superseded == 0)
            return true;
    }
    return false;
}

/* The store's floors hold for them as for a store that is opened. */
static CK_RV adoption_looks(const struct root *r, struct adoption *a)
{
    const struct conf floors = config_with_floors(a->keyring->conf, &a->config);

    if (a->had == NULL)
        return CKR_OK;
    return platform_opening(&floors, r, &a->header, a->had, &a->made->binding, a->opens);
}

static void cache_forget(const struct keyring *k, const struct adoption *a)
{
    for (size_t i = 0; a->had != NULL && i < a->had->n; i++) {
        if (a->opens[i])
            unseal_cache_revoke(k->conf, k->root, &a->header, &a->had->v[i].seal);
    }
}

/* -- in one transaction -------------------------------------------------------------------------
 */

/* Does it stay what it is, beside the new one? */
static bool lives_on(const struct adoption *a, const struct seal *s)
{
    const struct adopt_terms *t = a->terms;

    return s->superseded != 0 || is_in_place(a) || t->others == ADOPT_SUPERSEDES_NONE ||
           (t->others == ADOPT_SUPERSEDES_ONE && memcmp(s->id, t->one, SEAL_ID) != 0);
}

/* Seals of the platform so far are kept for going back, for a while, or live on beside the new one;
 * those of a lesser root go, and those that the new one is in place of. */
static CK_RV supersede(struct txn *t, const struct adoption *a, const struct seal *old)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct seal s = *old;
    struct binding b;

    if (!seal_is_platform(&s))
        return CKR_OK;
    TRY(binding_decode(s.binding, &b));
    if (opens_here(a, s.id) || root_rank(b.kind) < root_rank(a->root))
        return txn_del(t, STORE_SEAL, SPAN_ARRAY(s.id), NULL);
    if (lives_on(a, &s))
        return CKR_OK;
    s.superseded = a->now;
    TRY(seal_open_auth(&a->header, old, secret_span(a->master), &auth));
    TRY(seal_encode(&a->header, &s, secret_span(a->master), secret_span(auth), &row));
    return seal_put(t, s.id, &row);
}

/* The recipients are those of now: a certificate may have been added or removed while the device
 * was asked. */
static CK_RV adopt_config(struct txn *t, const struct adoption *a)
{
    struct config now, config = a->config;

    TRY(config_get(t, &now));
    memcpy(config.recipients, now.recipients, sizeof(config.recipients));
    config.n_recipients = now.n_recipients;
    return config_put(t, &config);
}

static CK_RV adopt_txn(struct txn *t, void *arg)
{
    struct adoption *a = arg;
    AUTO(seal_set_freep) struct seal_set *seals = NULL;
    bool same = false;
    char id[SEAL_ID_TEXT];

    TRY(header_same(t, &a->header, &same));
    ENSURE(same, CKR_DEVICE_ERROR);
    if (a->terms->may != NULL)
        TRY(a->terms->may(a->keyring, t, a->terms->arg));
    TRY(seal_set_read(t, TRUST_TREE, &seals));
    a->passphrase = false;
    for (size_t i = 0; i < seals->n; i++) {
        TRY(supersede(t, a, &seals->v[i].seal));
        a->passphrase = a->passphrase || seals->v[i].seal.kind == SEAL_PASSPHRASE;
    }
    if (txn_count(t, STORE_SEAL) >= SEAL_MAX) {
        log_err("the store has %d seals: no room for another", SEAL_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    TRY(adopt_config(t, a));
    TRY(audit_add(a->keyring, t, a->terms->event, NULL, "%s%ssealed to a %s root: seal %s%s",
                  a->terms->by != NULL ? a->terms->by : "", a->terms->by != NULL ? ", " : "",
                  root_kind_name(a->root), seal_id_text(a->made->id, id),
                  is_in_place(a)                              ? ", in place of what opened it there"
                  : a->terms->others == ADOPT_SUPERSEDES_NONE ? ", beside those that there are"
                                                              : ""));
    return seal_put(t, a->made->id, &a->made->row);
}

/* What a lesser root's seal opened is to be worth nothing: a master that it never held. */
static void lesser_root_left(struct keyring *k)
{
    const CK_RV rv = master_replace(k, false, NULL);

    if (rv != CKR_OK)
        log_warn("the store %s moved to a better root, but its master key could not be rotated "
                 "(error 0x%lx): run tee-pkcs11 rotate master",
                 k->conf->store, rv);
}

CK_RV keyring_adopt(struct keyring *k, const struct adopt_terms *terms, struct adopted *ret)
{
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    AUTO(adoption_clear)
    struct adoption a = {
        .keyring = k, .terms = terms, .master = k->master, .made = &made, .now = meta_now()};
    const struct root *r;
    bool moved;

    ENSURE(k->root == NULL && k->master != NULL, CKR_FUNCTION_REJECTED);
    TRY(root_select(k->conf, &r));
    TRY(adoption_read(k, &a));
    moved = a.config.root != r->kind;
    TRY(adoption_config(k->conf, r, &a.config));
    TRY(platform_owner_check(k->conf, r, a.config.measured));
    a.root = r->kind;
    /* The owner is here and says so: a software key that was lost may be made anew. */
    TRY(platform_make(k->conf, r, true, &a.header, secret_span(k->master), 0, &made));
    TRY(config_floors(k->conf, &a.config, r, &made.binding));
    TRY(adoption_looks(r, &a));
    TRY(store_write(k->store, adopt_txn, &a));
    k->root = r;
    k->root_name = r->name;
    cache_forget(k, &a);
    secret_free(TAKE(k->master));
    log_info("the store %s is sealed to this platform (%s)", k->conf->store, r->name);
    if (r->hardware && a.passphrase)
        log_warn("a passphrase still opens the store %s, from when it was for development: whoever "
                 "guesses it needs no hardware. Add another recovery, then take it away: "
                 "tee-pkcs11 seal list, tee-pkcs11 seal revoke ID",
                 k->conf->store);
    memcpy(ret->id, made.id, SEAL_ID);
    ret->in_place = is_in_place(&a);
    if (moved)
        lesser_root_left(k);
    return CKR_OK;
}
