/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - what an opened keyring holds, for the files of this folder.
 *
 * Token secrets and index keys stay for the life of the keyring; DEKs are few and bounded. The lock
 * covers the lists alone: nothing is opened, asked or read while it is held.
 */
#ifndef TEE_KEYRING_RING_H
#define TEE_KEYRING_RING_H

#include <pthread.h>
#include <stdatomic.h>

#include "keyring/keyring.h"
#include "keyring/meta.h"
#include "root/root.h"

#define DEK_CACHE                                                                                  \
    8 /* generations kept per token and scope: the current one, and those that leave */

/* DEKs of one token and scope, guarded by the keyring's lock. */
struct dek_cache {
    struct dek *v[DEK_CACHE];
    size_t next; /* where the next one goes, round robin */
    uint8_t head_stamp[STORE_MAC];
    uint32_t current; /* as the head row with that stamp says; 0: not read yet */
};
void dek_cache_clear(struct dek_cache *c);

/* A token that was used, with the secrets that it had then: a revocation gives it others, and an
 * entry of their own that stands before this one. Never freed or moved before the keyring is. */
struct ring_token {
    struct ring_token *next;
    uint8_t id[TOKEN_ID];
    uint32_t number;        /* of T */
    struct secret *t;       /* T: constant once published */
    struct secret *secrets; /* all of them (token_row.h) */
    struct mac *index[2];   /* by enum scope; set once, under the lock */
    struct dek_cache deks;  /* public scope; those of private scope belong to the login */
};

struct keyring {
    atomic_uint refs;
    struct conf *conf; /* own copy */
    struct store *store;
    const struct root *root; /* NULL: opened otherwise, and not adopted yet */
    const char *root_name;
    struct unsealing unsealing; /* written before the keyring is anybody's */
    uint8_t store_id[STORE_ID];
    uint8_t fingerprint[PRIM_HASH];
    struct secret *audit;  /* the audit key: a PIN that is wrong is told without the master */
    struct secret *master; /* kept only between recover_open() or handoff_open() and the adoption */
    uint64_t master_epoch; /* of that one */
    pthread_mutex_t lock;
    struct ring_token *tokens;
};

/* A keyring over an opened store; takes references and copies. `root` may be NULL; `keys` are tree
 * and audit key (meta.h). */
NODISCARD CK_RV keyring_new(const struct conf *c, struct store *s, const struct root *root,
                            const struct header *h, struct span keys, struct keyring **ret);

/* The token's entry, or NULL. */
struct ring_token *ring_token_find(struct keyring *k, const uint8_t id[TOKEN_ID]);
/* Enter a token with its secrets, or find it there with a T of this number: then `secrets` is
 * wiped. */
NODISCARD CK_RV ring_token_add(struct keyring *k, const uint8_t id[TOKEN_ID], uint32_t number,
                               struct secret *secrets, struct ring_token **ret);

/* The token's T and caches. Cached, or opened through the master: then the device is asked, so
 * outside of hot paths it is called with no transaction. CKR_DEVICE_REMOVED. */
NODISCARD CK_RV ring_token_get(struct keyring *k, const uint8_t id[TOKEN_ID],
                               struct ring_token **ret);
/* The same for who is in a transaction: in one that writes, in which nobody may wait for a device,
 * a token that isn't cached is CKR_CANCEL, which token_write() sees to. */
NODISCARD CK_RV ring_token_in(struct keyring *k, const struct txn *t, const uint8_t id[TOKEN_ID],
                              struct ring_token **ret);
/* The same with the T that the row in `t` names: *ring, where that is it, and else opened through
 * the master, or CKR_CANCEL as above. In a write transaction before anything is wrapped, and where
 * a wrap is to be opened that is not known yet. */
NODISCARD CK_RV ring_token_at(struct keyring *k, struct txn *t, const uint8_t id[TOKEN_ID],
                              struct ring_token **ring);
/* Open the T of every token of the snapshot, while the master is at hand. */
NODISCARD CK_RV ring_tokens_open(struct keyring *k, struct txn *t, const struct header *h,
                                 struct span master);
/* Wipe all of them; nobody uses the keyring any more. */
void ring_tokens_free(struct keyring *k);

#endif
