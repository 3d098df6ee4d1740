/* SPDX-License-Identifier: BSD-2-Clause */
/* seals.c - ways into a store, added, taken away, made anew, tried; see seals.h. */
#include "keyring/seals.h"

#include <stdlib.h>

#include "crypto/cms.h"
#include "keyring/audit.h"
#include "keyring/master.h"
#include "keyring/platform.h"
#include "keyring/recipients.h"
#include "keyring/seal_new.h"
#include "keyring/secret_text.h"
#include "keyring/unseal_cache.h"
#include "util/log.h"

#define TRIES_MAX      8 /* another process can rotate between opening and writing */

void seal_result_clear(struct seal_result *r)
{
    for (size_t i = 0; i < N_ELEMENTS(r->texts); i++)
        buf_clear(&r->texts[i]);
    r->n_texts = 0;
}

/* Verified seals and header of a snapshot. */
static CK_RV seals_now(struct keyring *k, struct seal_set **ret, struct header *ret_header)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, ret_header));
    return seal_set_read(t, TRUST_TREE, ret);
}

/* The seal is gone: what is kept of it in the kernel goes too. */
static void cache_forget(const struct keyring *k, const struct header *h, const struct seal *s)
{
    if (k->root != NULL && seal_is_platform(s))
        unseal_cache_revoke(k->conf, k->root, h, s);
}

static CK_RV seal_find(const struct seal_set *set, const uint8_t id[SEAL_ID],
                       const struct seal_entry **ret)
{
    for (size_t i = 0; i < set->n; i++) {
        if (memcmp(set->v[i].seal.id, id, SEAL_ID) == 0) {
            *ret = &set->v[i];
            return CKR_OK;
        }
    }
    FAIL(CKR_ARGUMENTS_BAD);
}

/* -- adding ------------------------------------------------------------------------------------ */

struct addition {
    struct keyring *keyring;
    struct header header;
    struct seal_lock lock;
    struct buf der, subject;
    uint8_t hash[PRIM_HASH]; /* of the certificate */
    struct secret *secret;   /* recovery key */
    struct seal_made made;
    bool moved;
};

static void addition_clear(struct addition *a)
{
    buf_clear(&a->der);
    buf_clear(&a->subject);
    secret_free(TAKE(a->secret));
    seal_made_clear(&a->made);
}

static CK_RV lock_certificate(struct addition *a, const struct seal_request *q)
{
    struct span der;

    TRY(cms_certificate(q->certificate, &a->der, &a->subject));
    der = buf_span(&a->der);
    TRY(prim_sha256(&der, 1, a->hash));
    a->lock.certificate = der;
    a->lock.subject = buf_span(&a->subject);
    return CKR_OK;
}

static CK_RV lock_passphrase(struct addition *a, const struct seal_request *q)
{
    if (a->keyring->root != NULL && a->keyring->root->genuine) {
        log_err("a passphrase is a way in for development: the store %s has a %s root. Add a "
                "recovery certificate, a recovery key or shares",
                a->keyring->conf->store, a->keyring->root->name);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    ENSURE(q->passphrase.n >= SEAL_PASSPHRASE_MIN, CKR_ARGUMENTS_BAD);
    a->lock.secret = q->passphrase;
    a->lock.log2_n = (uint8_t)a->keyring->conf->pin_log2_n;
    return CKR_OK;
}

static CK_RV lock_key(struct addition *a, const struct seal_request *q)
{
    TRY(secret_new(PRIM_KEY, &a->secret));
    TRY(prim_random(a->secret->p, a->secret->n));
    a->lock.secret = secret_span(a->secret);
    a->lock.threshold = q->threshold;
    a->lock.shares = q->shares;
    return CKR_OK;
}

static CK_RV lock_make(struct addition *a, const struct seal_request *q)
{
    a->lock.kind = q->kind;
    a->lock.subject = q->name;
    ENSURE(q->name.n <= SEAL_NAME_MAX, CKR_ARGUMENTS_BAD);
    if (q->kind == SEAL_CERTIFICATE)
        return lock_certificate(a, q);
    if (q->kind == SEAL_PASSPHRASE)
        return lock_passphrase(a, q);
    ENSURE(q->kind == SEAL_KEY || q->kind == SEAL_SHARES, CKR_ARGUMENTS_BAD);
    return lock_key(a, q);
}

static CK_RV split(const struct addition *a, const uint8_t id[SEAL_ID], struct seal_result *ret)
{
    struct shamir_share shares[SHAMIR_MAX];
    struct share_text text = {.threshold = a->lock.threshold, .shares = a->lock.shares};
    CK_RV rv = shamir_split(a->secret->p, a->lock.threshold, a->lock.shares, shares);

    memcpy(text.set, id, SHARE_SET);
    for (size_t i = 0; rv == CKR_OK && i < a->lock.shares; i++) {
        text.share = shares[i];
        rv = share_text_encode(&text, &ret->texts[ret->n_texts++]);
    }
    mem_wipe(shares, sizeof(shares));
    mem_wipe(&text, sizeof(text));
    return rv;
}

/* What the owner is to keep. */
static CK_RV result_make(const struct addition *a, const uint8_t id[SEAL_ID],
                         struct seal_result *ret)
{
    memcpy(ret->id, id, SEAL_ID);
    if (a->lock.kind == SEAL_SHARES)
        return split(a, id, ret);
    if (a->lock.kind != SEAL_KEY)
        return CKR_OK;
    return key_text_encode(a->secret->p, &ret->texts[ret->n_texts++]);
}

static CK_RV recipient_add(struct txn *t, const struct addition *a)
{
    struct config config;

    TRY(config_get(t, &config));
    for (size_t i = 0; i < config.n_recipients; i++) {
        if (memcmp(config.recipients[i], a->hash, PRIM_HASH) == 0) {
            log_err("the certificate is a recipient of the store %s already",
                    a->keyring->conf->store);
            FAIL(CKR_FUNCTION_REJECTED);
        }
    }
    if (config.n_recipients == CONF_MAX_RECOVERY) {
        log_err("the store %s has %u recovery certificates: no room for another",
                a->keyring->conf->store, CONF_MAX_RECOVERY);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    memcpy(config.recipients[config.n_recipients++], a->hash, PRIM_HASH);
    return config_put(t, &config);
}

static CK_RV room_check(struct txn *t)
{
    if (txn_count(t, STORE_SEAL) >= SEAL_MAX) {
        log_err("the store has %d seals: no room for another", SEAL_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    return CKR_OK;
}

static CK_RV add_txn(struct txn *t, void *arg)
{
    struct addition *a = arg;
    char id[SEAL_ID_TEXT];
    bool same = false;

    TRY(header_same(t, &a->header, &same));
    a->moved = !same;
    if (a->moved)
        return CKR_CANCEL;
    TRY(room_check(t));
    if (a->lock.kind == SEAL_CERTIFICATE)
        TRY(recipient_add(t, a));
    TRY(audit_add(a->keyring, t, AUDIT_SEAL_ADDED, NULL, "%s %s", seal_kind_name(a->lock.kind),
                  seal_id_text(a->made.id, id)));
    return seal_put(t, a->made.id, &a->made.row);
}

static CK_RV add_once(struct addition *a, const uint8_t id[SEAL_ID])
{
    AUTO(secret_freep) struct secret *master = NULL;
    CK_RV rv;

    seal_made_clear(&a->made);
    TRY(master_open(a->keyring, &master, &a->header));
    TRY(seal_new(&a->header, &a->lock, secret_span(master), id, &a->made));
    rv = store_write(a->keyring->store, add_txn, a);
    return rv == CKR_CANCEL ? CKR_OK : rv;
}

CK_RV seal_add(struct keyring *k, const struct seal_request *q, struct seal_result *ret)
{
    AUTO(addition_clear) struct addition a = {.keyring = k, .moved = true};
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    uint8_t id[SEAL_ID];

    TRY(prim_random(id, sizeof(id)));
    TRY(lock_make(&a, q));
    TRY(result_make(&a, id, &made));
    if (q->show != NULL)
        TRY(q->show(q->show_arg, &made));
    for (int i = 0; i < TRIES_MAX && a.moved; i++)
        TRY(add_once(&a, id));
    ENSURE(!a.moved, CKR_FUNCTION_FAILED);
    *ret = made;
    made = (struct seal_result){.n_texts = 0};
    return CKR_OK;
}

/* -- taking away ------------------------------------------------------------------------------- */

/* Ways in beside `victim`, of the platform or of an owner. A superseded seal is none: it opens for
 * some days more, and then the store has to open without it. */
static size_t others(const struct seal_set *set, const struct seal *victim, bool of_platform)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        const struct seal *s = &set->v[i].seal;

        n += s != victim && seal_is_platform(s) == of_platform && s->superseded == 0;
    }
    return n;
}

static CK_RV refuse_last(const struct keyring *k, const char *what, const char *way)
{
    log_err("this is the last %s of the store %s: %s", what, k->conf->store, way);
    FAIL(CKR_FUNCTION_REJECTED);
}

/* A certificate that the configuration still names would be an error at the next opening. */
static CK_RV not_configured(const struct keyring *k, const struct seal *victim)
{
    uint8_t hash[PRIM_HASH];
    bool named = false;

    if (victim->kind != SEAL_CERTIFICATE)
        return CKR_OK;
    TRY(prim_sha256(&victim->certificate, 1, hash));
    TRY(recipients_name(k->conf, hash, &named));
    if (named) {
        log_err("%s names this certificate: take it out of that file first", config_path(k->conf));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    return CKR_OK;
}

/* The platform's seals are of the cloud's key, which is not there to stay. */
static bool by_vlek(const struct keyring *k)
{
    return k->root != NULL && k->root->hardware && k->conf->endorsement == CONF_ENDORSEMENT_VLEK;
}

static CK_RV removal_check(const struct keyring *k, const struct seal_set *set,
                           const struct seal *victim, unsigned accept)
{
    const size_t platforms = others(set, victim, true);
    const size_t recoveries = others(set, victim, false);

    if (platforms + recoveries == 0)
        return refuse_last(k, "way in", "it stays; add another one first");
    if (!seal_is_platform(victim) && recoveries == 0 && by_vlek(k))
        return refuse_last(k, "recovery",
                           "endorsement = vlek demands one, as the cloud can load another VLEK at "
                           "any time. Add another one first");
    if (!seal_is_platform(victim) && recoveries == 0 && (accept & SEAL_ACCEPT_NO_RECOVERY) == 0)
        return refuse_last(k, "recovery",
                           "without it the keys are lost with this chip or image. Add another one "
                           "first, or say --no-recovery");
    if (seal_is_platform(victim) && platforms == 0 && (accept & SEAL_ACCEPT_NO_PLATFORM) == 0)
        return refuse_last(
            k, "seal of a platform",
            "without it nothing but a recovery opens the store. Say --no-platform if "
            "that is what you want");
    return not_configured(k, victim);
}

CK_RV seal_remove_check(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    const struct seal_entry *e = NULL;
    struct header h;

    TRY(seals_now(k, &set, &h));
    TRY(seal_find(set, id, &e));
    return removal_check(k, set, &e->seal, accept);
}

struct removal {
    struct keyring *keyring;
    const uint8_t *id;
    unsigned accept;
    enum audit_event event;
};

static CK_RV recipient_remove(struct txn *t, const struct seal *s)
{
    struct config config;
    uint8_t hash[PRIM_HASH];
    size_t n = 0;

    TRY(config_get(t, &config));
    TRY(prim_sha256(&s->certificate, 1, hash));
    for (size_t i = 0; i < config.n_recipients; i++) {
        if (memcmp(config.recipients[i], hash, PRIM_HASH) != 0)
            memmove(config.recipients[n++], config.recipients[i], PRIM_HASH);
    }
    config.n_recipients = n;
    return config_put(t, &config);
}

static CK_RV remove_txn(struct txn *t, void *arg)
{
    const struct removal *r = arg;
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    const struct seal_entry *e = NULL;
    char id[SEAL_ID_TEXT];

    TRY(seal_set_read(t, TRUST_TREE, &set));
    TRY(seal_find(set, r->id, &e));
    TRY(removal_check(r->keyring, set, &e->seal, r->accept));
    if (e->seal.kind == SEAL_CERTIFICATE)
        TRY(recipient_remove(t, &e->seal));
    TRY(audit_add(r->keyring, t, r->event, NULL, "%s %s", seal_kind_name(e->seal.kind),
                  seal_id_text(r->id, id)));
    return txn_del(t, STORE_SEAL, span_of(r->id, SEAL_ID), NULL);
}

static CK_RV take_away(struct keyring *k, struct removal *r)
{
    const struct revocation revoke = {.drop = remove_txn, .arg = r};
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    const struct seal_entry *e = NULL;
    struct header h;

    TRY(seals_now(k, &set, &h));
    TRY(seal_find(set, r->id, &e));
    TRY(r->event == AUDIT_SEAL_REVOKED ? master_revoke(k, &revoke)
                                       : store_write(k->store, remove_txn, r));
    cache_forget(k, &h, &e->seal);
    return CKR_OK;
}

CK_RV seal_remove(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept)
{
    struct removal r = {k, id, accept, AUDIT_SEAL_REMOVED};

    return take_away(k, &r);
}

CK_RV seal_in_use(struct keyring *k, uint8_t ret_id[SEAL_ID])
{
    AUTO(secret_freep) struct secret *master = NULL;
    struct header h;

    return master_open_here(k, &master, &h, ret_id);
}

CK_RV seal_revoke(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept)
{
    struct removal r = {k, id, accept, AUDIT_SEAL_REVOKED};

    return take_away(k, &r);
}

/* -- the platform's, made anew ----------------------------------------------------------------- */

struct resealing {
    struct keyring *keyring;
    struct header header;
    uint8_t old[SEAL_ID], id[SEAL_ID];
    const struct platform_seal *made;
    bool moved;
};

static CK_RV reseal_txn(struct txn *t, void *arg)
{
    struct resealing *r = arg;
    char made[SEAL_ID_TEXT], old[SEAL_ID_TEXT];
    bool same = false, found = false;

    TRY(header_same(t, &r->header, &same));
    TRY(txn_get(t, STORE_SEAL, SPAN_ARRAY(r->old), NULL, NULL, &found));
    r->moved = !same || !found;
    if (r->moved)
        return CKR_CANCEL;
    TRY(txn_del(t, STORE_SEAL, SPAN_ARRAY(r->old), NULL));
    TRY(audit_add(r->keyring, t, AUDIT_SEAL_RENEWED, NULL,
                  "seal %s for the platform as it is, in "
                  "place of %s",
                  seal_id_text(r->made->id, made), seal_id_text(r->old, old)));
    return seal_put(t, r->made->id, &r->made->row);
}

static CK_RV reseal_once(struct resealing *r)
{
    struct keyring *k = r->keyring;
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    AUTO(secret_freep) struct secret *master = NULL;
    CK_RV rv;

    TRY(master_open_here(k, &master, &r->header, r->old));
    TRY(platform_make(k->conf, k->root, false, &r->header, secret_span(master), 0, &made));
    r->made = &made;
    rv = store_write(k->store, reseal_txn, r);
    r->made = NULL;
    if (rv != CKR_CANCEL)
        TRY(rv);
    memcpy(r->id, made.id, SEAL_ID);
    return CKR_OK;
}

static CK_RV owner_demanded(struct keyring *k)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct config config;

    TRY(txn_begin_read(k->store, &t));
    TRY(config_get(t, &config));
    return platform_owner_check(k->conf, k->root, config.measured);
}

CK_RV seal_reseal(struct keyring *k, uint8_t ret_id[SEAL_ID])
{
    struct resealing r = {.keyring = k, .moved = true};
    AUTO(seal_set_freep) struct seal_set *before = NULL;
    const struct seal_entry *old = NULL;
    struct header h;

    ENSURE(k->root != NULL, CKR_FUNCTION_REJECTED);
    TRY(owner_demanded(k));
    TRY(seals_now(k, &before, &h));
    for (int i = 0; i < TRIES_MAX && r.moved; i++)
        TRY(reseal_once(&r));
    ENSURE(!r.moved, CKR_FUNCTION_FAILED);
    if (seal_find(before, r.old, &old) == CKR_OK)
        cache_forget(k, &h, &old->seal);
    memcpy(ret_id, r.id, SEAL_ID);
    return master_replace(k, false, NULL);
}

/* -- trying ------------------------------------------------------------------------------------ */

static CK_RV try_recovery(const struct header *h, const struct seal *s,
                          const struct seal_proof *proof)
{
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(secret_freep) struct secret *master = NULL;

    ENSURE(proof != NULL && proof->kind == s->kind, CKR_ARGUMENTS_BAD);
    TRY(seal_unwrap(h, s, proof, &secret));
    return seal_open(h, s, secret, &master);
}

/* The platform with this seal as the only one, and nothing that was kept from a moment ago. */
static CK_RV try_platform(struct keyring *k, const struct header *h, struct seal_entry *e)
{
    AUTO(seal_set_freep) struct seal_set *alone = calloc(1, sizeof(*alone));
    AUTO(secret_freep) struct secret *master = NULL;
    struct conf c = *k->conf;
    size_t which = 0;

    ENSURE(alone != NULL, CKR_HOST_MEMORY);
    ENSURE(k->root != NULL, CKR_FUNCTION_REJECTED);
    alone->v[0] = *e;
    e->row = BUF_INIT;
    alone->n = 1;
    c.unseal_cache = 0;
    return platform_open(&c, k->root, h, alone, &master, &which, NULL);
}

CK_RV seal_try(struct keyring *k, const uint8_t id[SEAL_ID], const struct seal_proof *proof)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    const struct seal_entry *e = NULL;
    struct header h;

    TRY(seals_now(k, &set, &h));
    TRY(seal_find(set, id, &e));
    if (seal_is_platform(&e->seal))
        return proof == NULL ? try_platform(k, &h, &set->v[e - set->v]) : CKR_ARGUMENTS_BAD;
    return try_recovery(&h, &e->seal, proof);
}
