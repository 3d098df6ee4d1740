/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyring.c - the opened keyring as a thing: made, shared, freed.
 *
 * It keeps a copy of the configuration, because the caller's may go before the last reference does.
 */
#include "keyring/ring.h"

#include <stdlib.h>

#define FINGERPRINT_LABEL "tee-pkcs11 fingerprint 1"

static CK_RV text_copy(const char *text, char **ret)
{
    if (text == NULL)
        return CKR_OK;
    *ret = strdup(text);
    ENSURE(*ret != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

static CK_RV conf_copy(const struct conf *c, struct conf **ret)
{
    AUTO(conf_freep) struct conf *copy = malloc(sizeof(*copy));

    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    *copy = *c;
    copy->mechanisms_allow = copy->mechanisms_deny = (struct conf_names){0}; /* not its business */
    copy->path = copy->store = copy->device = copy->software_key = copy->tsm = NULL;
    copy->owner_secret = NULL;
    memset(copy->recovery, 0, sizeof(copy->recovery));
    TRY(text_copy(c->path, &copy->path));
    TRY(text_copy(c->store, &copy->store));
    TRY(text_copy(c->device, &copy->device));
    TRY(text_copy(c->tsm, &copy->tsm));
    TRY(text_copy(c->software_key, &copy->software_key));
    TRY(text_copy(c->owner_secret, &copy->owner_secret));
    for (size_t i = 0; i < c->n_recovery; i++)
        TRY(text_copy(c->recovery[i], &copy->recovery[i]));
    *ret = TAKE(copy);
    return CKR_OK;
}

/* What the owner notes at creation and compares before a recovery. Derived from the tree key, which
 * no rotation changes and nobody but the store's own seals can open: a host can make a store with
 * any id and any recipient, but not one with this fingerprint. */
static CK_RV fingerprint_make(const struct header *h, struct span tree_key, uint8_t ret[PRIM_HASH])
{
    return prim_hkdf(tree_key, SPAN_ARRAY(h->store_id), SPAN_LIT(FINGERPRINT_LABEL), ret,
                     PRIM_HASH);
}

CK_RV keyring_new(const struct conf *c, struct store *s, const struct root *root,
                  const struct header *h, struct span keys, struct keyring **ret)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *copy = NULL;

    ENSURE(keys.n == KEYS_BYTES, CKR_GENERAL_ERROR);
    TRY(conf_copy(c, &copy));
    k = calloc(1, sizeof(*k));
    ENSURE(k != NULL, CKR_HOST_MEMORY);
    atomic_init(&k->refs, 1);
    (void)pthread_mutex_init(&k->lock, NULL);
    k->conf = TAKE(copy);
    k->store = store_ref(s);
    k->root = root;
    k->root_name = root != NULL ? root->name : "";
    memcpy(k->store_id, h->store_id, sizeof(k->store_id));
    TRY(secret_from(span_of(keys.p + PRIM_KEY, PRIM_KEY), &k->audit));
    TRY(fingerprint_make(h, span_of(keys.p, PRIM_KEY), k->fingerprint));
    *ret = TAKE(k);
    return CKR_OK;
}

struct keyring *keyring_ref(struct keyring *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void keyring_unref(struct keyring *k)
{
    if (k == NULL || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    ring_tokens_free(k);
    secret_free(k->audit);
    secret_free(k->master);
    store_unref(k->store);
    conf_free(k->conf);
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}

struct store *keyring_store(const struct keyring *k)
{
    return k->store;
}

const char *keyring_root_name(const struct keyring *k)
{
    return k->root_name;
}

struct unsealing keyring_unsealing(const struct keyring *k)
{
    return k->unsealing;
}

struct span keyring_store_id(const struct keyring *k)
{
    return SPAN_ARRAY(k->store_id);
}
