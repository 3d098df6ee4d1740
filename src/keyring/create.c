/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create.c - keyring_create(): a store comes into being in one write transaction.
 *
 * Everything that can be refused is refused before a device is asked or a file made. Those who
 * create at the same time wait for each other at a lock on the store directory (flock, which no
 * other descriptor of this process can lose), so that "there are files but no database" means that
 * something is missing and not that somebody is half-way. A process that is killed in between
 * leaves a database without rows, which the next one completes.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/ossl.h"
#include "keyring/audit.h"
#include "keyring/history.h"
#include "keyring/open.h"
#include "keyring/platform.h"
#include "keyring/recipients.h"
#include "keyring/seal_new.h"
#include "keyring/storedir.h"
#include "util/log.h"

/* -- what is refused ------------------------------------------------------------------------- */

/* The owner's choices for a SEV-SNP root: each of the dangerous ones has a condition. */
static CK_RV snp_allowed(const struct conf *c, size_t n_recipients)
{
    if (c->binding == CONF_BINDING_OWNER && !c->author_key_digest.said && !c->id_key_digest.said) {
        log_err("binding = owner opens the store %s to every image that an owner signed, and %s "
                "does not say which owner: write author-key-digest or id-key-digest there",
                c->store, config_path(c));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (c->endorsement == CONF_ENDORSEMENT_VLEK && n_recipients == 0) {
        log_err("with endorsement = vlek the store %s is lost when the cloud loads another VLEK, "
                "which is no rare event: write recovery-certificate = FILE in %s",
                c->store, config_path(c));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (c->endorsement == CONF_ENDORSEMENT_VLEK)
        log_warn("endorsement = vlek: the key of the store %s comes from the cloud's VLEK, which "
                 "is not this chip's own: whoever runs this image under this policy on another "
                 "chip of the cloud derives it too",
                 c->store);
    return CKR_OK;
}

/* From the configuration alone, so that the owner's mistakes are named even where the device is
 * missing too. `auto` never picks software. */
static CK_RV creation_allowed(const struct conf *c, size_t n_recipients)
{
    if (c->root == CONF_ROOT_SOFTWARE)
        return CKR_OK;
    if (n_recipients == 0 && !c->hardware_only) {
        log_err("the store %s would have no way back: when this chip or image is lost, so are its "
                "keys. Write recovery-certificate = FILE or hardware-only = yes in %s",
                c->store, config_path(c));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (c->measured == CONF_MEASURED_UNSAID) {
        log_err("nothing in this VM can know what its launch measurement covers. Write measured = "
                "image (kernel and root file system are part of it) or measured = firmware in %s",
                config_path(c));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    TRY(snp_allowed(c, n_recipients));
    return CKR_OK;
}

/* There is no database, or one that was only begun. If there was one, that is an accident to be
 * looked at. */
static CK_RV nothing_lost(const struct conf *c, const struct root *r)
{
    char name[NAME_MAX + 1];
    struct stat st;

    TRY(storedir_leftover(c->store, name));
    if (name[0] != '\0' && !store_is_begun(c->store)) {
        log_err("the store in %s seems to be missing: there is %s, but no database. Mount or "
                "restore it; or, to begin anew and give up all keys, remove %s/%s",
                c->store, name, c->store, name);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (r->kind == ROOT_SOFTWARE && c->software_key != NULL && lstat(c->software_key, &st) == 0) {
        log_err("the store in %s seems to be missing: its software key %s is there, but no "
                "database. Mount or restore it; or, to begin anew and give up all keys, remove %s, "
                "or name another file with software-key in %s",
                c->store, c->software_key, c->software_key, config_path(c));
        FAIL(CKR_FUNCTION_REJECTED);
    }
    return CKR_OK;
}

/* -- making ---------------------------------------------------------------------------------- */

/* All rows of a new store, ready to be written. */
struct plan {
    struct keyring *keyring; /* borrowed */
    struct header header;
    struct config config;
    struct secret *master;
    struct secret *keys; /* tree key, audit key */
    struct platform_seal platform;
    struct seal_made recovery[CONF_MAX_RECOVERY];
};

static void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    secret_free(p->master);
    secret_free(p->keys);
    platform_seal_clear(&p->platform);
    for (size_t i = 0; i < N_ELEMENTS(p->recovery); i++)
        seal_made_clear(&p->recovery[i]);
    free(p);
}
DEFINE_AUTO(plan_freep, struct plan, plan_free)

static CK_RV recovery_make(const struct plan *p, const struct recipient *to, struct seal_made *ret)
{
    const struct seal_lock lock = {
        .kind = SEAL_CERTIFICATE,
        .certificate = buf_span(&to->der),
        .subject = buf_span(&to->subject),
    };
    uint8_t id[SEAL_ID];

    TRY(prim_random(id, sizeof(id)));
    return seal_new(&p->header, &lock, secret_span(p->master), id, ret);
}

static CK_RV random_secret(size_t n, struct secret **ret)
{
    TRY(secret_new(n, ret));
    return prim_random((*ret)->p, n);
}

/* The device is asked here. */
static CK_RV plan_make(const struct conf *c, const struct root *r, const struct recipients *to,
                       struct plan *p)
{
    p->header.created = meta_now();
    p->header.epoch = 1;
    config_from(c, r->kind, &p->config);
    p->config.n_recipients = to->n;
    TRY(prim_random(p->header.store_id, sizeof(p->header.store_id)));
    TRY(random_secret(PRIM_KEY, &p->master));
    TRY(random_secret(KEYS_BYTES, &p->keys));
    for (size_t i = 0; i < to->n; i++) {
        memcpy(p->config.recipients[i], to->v[i].hash, PRIM_HASH);
        TRY(recovery_make(p, &to->v[i], &p->recovery[i]));
    }
    return platform_make(c, r, true, &p->header, secret_span(p->master), 0, &p->platform);
}

static CK_RV plan_txn(struct txn *t, void *arg)
{
    const struct plan *p = arg;
    bool found = false;

    /* Unreachable under the lock; a file system without flock would get here. */
    TRY(txn_peek(t, STORE_META, META_HEADER, NULL, &found));
    ENSURE(!found, CKR_DEVICE_ERROR);
    TRY(header_put(t, &p->header));
    TRY(keys_put(t, &p->header, secret_span(p->master), secret_span(p->keys)));
    TRY(config_put(t, &p->config));
    TRY(slots_put(t, 0));
    TRY(history_begin(t));
    for (size_t i = 0; i < p->config.n_recipients; i++)
        TRY(seal_put(t, p->recovery[i].id, &p->recovery[i].row));
    TRY(audit_add(p->keyring, t, AUDIT_STORE_MADE, NULL, "root %s, %zu recovery certificates",
                  root_kind_name(p->config.root), p->config.n_recipients));
    return seal_put(t, p->platform.id, &p->platform.row);
}

static CK_RV store_make(const struct conf *c, const struct root *r, const struct recipients *to,
                        struct store *s, struct keyring **ret)
{
    AUTO(plan_freep) struct plan *p = calloc(1, sizeof(*p));
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    char hex[2 * PRIM_HASH + 1];

    ENSURE(p != NULL, CKR_HOST_MEMORY);
    TRY(plan_make(c, r, to, p));
    TRY(store_set_key(s, span_of(p->keys->p, PRIM_KEY), true));
    TRY(keyring_new(c, s, r, &p->header, secret_span(p->keys), &k));
    p->keyring = k;
    TRY(store_write(s, plan_txn, p));
    log_info("made the store %s, sealed by %s, with %zu recovery certificates. Note its "
             "fingerprint, to compare before a recovery: %s",
             c->store, r->name, to->n, hex_encode(SPAN_ARRAY(k->fingerprint), hex));
    *ret = TAKE(k);
    return CKR_OK;
}

/* -- keyring_create -------------------------------------------------------------------------- */

/* The store as it is: opened, and whether it has its header. */
static CK_RV store_look(const struct conf *c, struct store **ret, bool *ret_complete)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    CK_RV rv = store_open(c->store, false, c->map_size, &s);

    if (rv == CKR_TOKEN_NOT_PRESENT)
        return CKR_OK;
    TRY(rv);
    rv = opening_read(s, &o);
    *ret_complete = rv == CKR_OK;
    if (rv != CKR_TOKEN_NOT_PRESENT)
        TRY(rv);
    *ret = TAKE(s);
    return CKR_OK;
}

static CK_RV create_locked(const struct conf *c, const struct root *r, const struct recipients *to,
                           struct store **ret_store, struct keyring **ret)
{
    bool complete = false;

    TRY(store_look(c, ret_store, &complete));
    if (complete)
        return CKR_OK; /* somebody else was faster */
    if (*ret_store == NULL) {
        TRY(nothing_lost(c, r));
        TRY(store_open(c->store, true, c->map_size, ret_store));
    }
    return store_make(c, r, to, *ret_store, ret);
}

static CK_RV create_new(const struct conf *c, struct store **ret_store, struct keyring **ret)
{
    AUTO(recipients_clear) struct recipients to = {.n = 0};
    AUTO(storedir_lock_release) struct storedir_lock lock = {.fd = -1};
    const struct root *r;

    TRY(recipients_load(c, &to));
    TRY(creation_allowed(c, to.n));
    TRY(root_select(c, &r));
    TRY(platform_owner_check(c, r, c->measured));
    TRY(storedir_make(c->store));
    TRY(storedir_lock_take(c->store, &lock));
    return create_locked(c, r, &to, ret_store, ret);
}

CK_RV keyring_create(const struct conf *c, struct keyring **ret)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    bool complete = false;

    TRY(crypto_ready());
    TRY(store_look(c, &s, &complete));
    if (!complete) {
        store_unref(TAKE(s));
        TRY(create_new(c, &s, &k));
    }
    if (k == NULL)
        return keyring_open(c, s, ret);
    *ret = TAKE(k);
    return CKR_OK;
}
