/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - opening a store with what its owner brings (a certificate's private key, a recovery
 * key, shares of one, a passphrase), and sealing it to this platform.
 *
 * A certificate is public, so a host can make a store of its own and seal it to the owner. What
 * tells that store from the owner's is the fingerprint: recover_open() writes nothing, its caller
 * shows the fingerprint (keyring_info) and asks before recover_adopt().
 */
#include "crypto/ossl.h"
#include "keyring/audit.h"
#include "keyring/master.h"
#include "keyring/open.h"
#include "keyring/platform.h"
#include "keyring/recipients.h"
#include "keyring/seal_new.h"
#include "util/log.h"

#define ROUNDS_MAX 8

/* -- opening --------------------------------------------------------------------------------- */

static CK_RV try_seal(const struct header *h, const struct seal *s, const struct seal_proof *proof,
                      struct secret **ret_master)
{
    AUTO(secret_freep) struct secret *secret = NULL;

    TRY(seal_unwrap(h, s, proof, &secret));
    return seal_open(h, s, secret, ret_master);
}

static void name_print(const struct seal *s, struct buf *ret)
{
    buf_printf(ret, "%s%s", ret->n > 0 ? ", " : "", seal_kind_name(s->kind));
    if (s->subject.n > 0) {
        buf_printf(ret, " \"");
        buf_text(ret, s->subject);
        buf_printf(ret, "\"");
    }
}

static CK_RV refuse_proof(const struct store *s, const struct seal_set *set)
{
    AUTO(buf_clear) struct buf names = BUF_INIT;

    for (size_t i = 0; i < set->n; i++) {
        if (!seal_is_platform(&set->v[i].seal))
            name_print(&set->v[i].seal, &names);
    }
    TRY(buf_ok(&names));
    if (names.n == 0)
        log_err("the store %s has no recovery seal, neither certificate nor key: nothing but its "
                "platform opens it",
                store_directory(s));
    else
        log_err("what was given opens none of the recovery seals of the store %s, which are: %.*s",
                store_directory(s), (int)names.n, (const char *)names.p);
    FAIL(CKR_ARGUMENTS_BAD);
}

/* The seal that the proof opens. One that opens a seal which was changed means a broken store, not
 * a wrong key. */
static CK_RV recovery_open(const struct store *s, const struct opening *o,
                           const struct seal_proof *proof, struct secret **ret_master,
                           size_t *ret_which)
{
    CK_RV found = CKR_ARGUMENTS_BAD;

    for (size_t i = 0; i < o->seals->n; i++) {
        const struct seal *seal = &o->seals->v[i].seal;
        CK_RV rv;

        if (seal->kind != proof->kind)
            continue;
        rv = try_seal(&o->header, seal, proof, ret_master);
        if (rv == CKR_OK)
            *ret_which = i;
        if (rv == CKR_OK || rv == CKR_HOST_MEMORY)
            return rv;
        if (rv == CKR_DEVICE_ERROR)
            found = rv;
    }
    if (found == CKR_ARGUMENTS_BAD)
        return refuse_proof(s, o->seals);
    FAIL(found);
}

static CK_RV recover_round(const struct conf *c, struct store *s, const struct seal_proof *proof,
                           struct keyring **ret, bool *ret_moved)
{
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    size_t which = 0;

    TRY(opening_read(s, &o));
    TRY(recovery_open(s, &o, proof, &master, &which));
    TRY(opening_finish(c, s, NULL, &o, which, secret_span(master), &k, ret_moved));
    if (*ret_moved)
        return CKR_OK;
    k->master = TAKE(master);
    k->master_epoch = o.header.epoch;
    *ret = TAKE(k);
    return CKR_OK;
}

CK_RV recover_open(const struct conf *c, struct store *s, const struct seal_proof *proof,
                   struct keyring **ret)
{
    bool moved = true;

    TRY(crypto_ready());
    for (int i = 0; i < ROUNDS_MAX && moved; i++)
        TRY(recover_round(c, s, proof, ret, &moved));
    if (moved) {
        log_err("the recovery seal, header or keys of the store %s are not the ones that its tree "
                "proves: they are older copies, or were changed. Restore a backup",
                store_directory(s));
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

/* -- adopting -------------------------------------------------------------------------------- */

struct adoption {
    const struct keyring *keyring;
    struct header header;
    const struct secret *master;
    const struct platform_seal *made;
    struct config config;
    enum root_kind root; /* of the new seal */
    uint64_t now;
};

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

/* The store as it is now: still of the epoch that the recovery key opened. */
static CK_RV adoption_read(struct keyring *k, struct adoption *a)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, &a->header));
    if (a->header.epoch != k->master_epoch) {
        log_err("the master key of the store %s was rotated meanwhile: recover again",
                k->conf->store);
        FAIL(CKR_DEVICE_ERROR);
    }
    return config_get(t, &a->config);
}

/* Seals of the platform so far are kept for going back, for a while; those of a lesser root go. */
static CK_RV supersede(struct txn *t, const struct adoption *a, const struct seal *old)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct seal s = *old;
    struct binding b;

    if (!seal_is_platform(&s))
        return CKR_OK;
    TRY(binding_decode(s.binding, &b));
    if (root_rank(b.kind) < root_rank(a->root))
        return txn_del(t, STORE_SEAL, SPAN_ARRAY(s.id), NULL);
    if (s.superseded != 0)
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
    const struct adoption *a = arg;
    AUTO(seal_set_freep) struct seal_set *seals = NULL;
    bool same = false;
    char id[SEAL_ID_TEXT];

    TRY(header_same(t, &a->header, &same));
    ENSURE(same, CKR_DEVICE_ERROR);
    TRY(seal_set_read(t, TRUST_TREE, &seals));
    if (seals->n == SEAL_MAX) {
        log_err("the store has %d seals: no room for another", SEAL_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    for (size_t i = 0; i < seals->n; i++)
        TRY(supersede(t, a, &seals->v[i].seal));
    TRY(adopt_config(t, a));
    TRY(audit_add(a->keyring, t, AUDIT_STORE_RECOVERED, NULL, "sealed to a %s root: seal %s",
                  root_kind_name(a->root), seal_id_text(a->made->id, id)));
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

CK_RV recover_adopt(struct keyring *k)
{
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    struct adoption a = {.keyring = k, .master = k->master, .made = &made, .now = meta_now()};
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
    TRY(store_write(k->store, adopt_txn, &a));
    k->root = r;
    k->root_name = r->name;
    secret_free(TAKE(k->master));
    log_info("the store %s is sealed to this platform (%s)", k->conf->store, r->name);
    if (moved)
        lesser_root_left(k);
    return CKR_OK;
}
