/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vault.h - token objects at rest: encrypted, indexed, found, changed, rotated.
 *
 * A record is a box (keyring/box.h) of all attributes (model/record.h) under its scope's DEK, bound
 * to store, token, scope, object id and generation. Scope is CKA_PRIVATE. Index rows are keyed by
 * HMAC(index key, attribute); see vault/index.h. Every visible change is one write transaction:
 * both halves of a key pair, an object with its index rows.
 *
 * Private scope needs a login; without one, private objects are as if they were not there. One
 * whose PIN was changed since is refused by every call that reads, finds or changes private
 * objects, and the SO's by every change and search: CKR_USER_NOT_LOGGED_IN, also of what was read
 * before.
 * Errors: CKR_OBJECT_HANDLE_INVALID: no such object (or not visible); CKR_DEVICE_ERROR: store or
 * record broken (logged); CKR_DEVICE_MEMORY: the disk is full, or an object has more bytes than a
 * row takes, some 16 MiB (logged); CKR_HOST_MEMORY.
 */
#ifndef TEE_VAULT_VAULT_H
#define TEE_VAULT_VAULT_H

#include "keyring/keyring.h"
#include "model/attrs.h"

/* Whose objects, and what may be seen: borrowed for a call. */
struct vault {
    struct keyring *keyring;
    uint8_t token[TOKEN_ID];
    struct login *login; /* NULL: public objects only. Not NULL: both scopes, if the role can */
};

/* When a record was read: compared, not interpreted. */
struct stamp {
    uint64_t txn;           /* LMDB transaction under which the path was verified last */
    uint8_t mac[STORE_MAC]; /* of the row */
};

/* Read an object. */
NODISCARD CK_RV vault_get(const struct vault *v, uint64_t id, enum scope scope, struct attrs **ret,
                          struct stamp *ret_stamp);
/* Is what was read under `stamp` still what is stored? Updates stamp->txn. The fast path compares
 * one number. CKR_OK with *ret_same false when it changed or is gone. */
NODISCARD CK_RV vault_same(const struct vault *v, uint64_t id, enum scope scope,
                           struct stamp *stamp, bool *ret_same);

/* Store n new objects (each visible to v by its CKA_PRIVATE) in one transaction. ret_stamps, under
 * which they could be read from then on, may be NULL. */
NODISCARD CK_RV vault_add(const struct vault *v, const struct attrs *const *objects, size_t n,
                          uint64_t *ret_ids, struct stamp *ret_stamps);
/* The number that the next new object of the store will get: who has read all objects after asking
 * has seen every one below it. */
NODISCARD CK_RV vault_next_id(const struct vault *v, uint64_t *ret);
/* vault_add() of n objects that come from outside, if nobody has made an object since *next_id was
 * read (else CKR_FUNCTION_FAILED: look what came, and try again). The same transaction has an entry
 * in the audit log: `detail`, without secrets. *next_id is moved on behind the new ones. */
NODISCARD CK_RV vault_import(const struct vault *v, const struct attrs *const *objects, size_t n,
                             const char *detail, uint64_t *next_id);
/* Replace the attributes of an object that still has this stamp (else CKR_OBJECT_HANDLE_INVALID if
 * gone, CKR_FUNCTION_FAILED if changed meanwhile: read again and retry). CKA_PRIVATE cannot change.
 */
NODISCARD CK_RV vault_replace(const struct vault *v, uint64_t id, enum scope scope,
                              const struct attrs *attrs, struct stamp *stamp);
NODISCARD CK_RV vault_destroy(const struct vault *v, uint64_t id, enum scope scope);
/* The same of an object that was `known` under `stamp`. While it still is, its record is not opened
 * to learn which lists it leaves. */
NODISCARD CK_RV vault_destroy_known(const struct vault *v, uint64_t id, enum scope scope,
                                    const struct attrs *known, const struct stamp *stamp);

/* One object of several that change together. */
struct vault_change {
    uint64_t id;
    enum scope scope;
    const struct attrs *attrs; /* what it is to have */
    struct stamp stamp;        /* under which it was read */
};
/* A key's successor: store n new objects and change others, all in one transaction, with an entry
 * of the audit log that the first of the new objects took the place of the first of the others.
 * Errors as of vault_replace(): nothing is done then. */
NODISCARD CK_RV vault_succeed(const struct vault *v, const struct attrs *const *objects, size_t n,
                              const struct vault_change *changes, size_t n_changes,
                              uint64_t *ret_ids);

/* An answer of a search: ids with their scope, public ones first, each in rising order. */
struct found {
    uint64_t *ids; /* malloc'd */
    size_t n;
    size_t n_public; /* the first n_public are in public scope */
};
void found_clear(struct found *f);
/* All objects that match the search template (model/template.h template_search); empty: all. One
 * snapshot. O(matches of the rarest indexed attribute). CKO_TEE_DEK, profiles and mechanisms are
 * not stored objects and never found here. */
NODISCARD CK_RV vault_find(const struct vault *v, const struct attrs *search, struct found *ret);

/* Re-encrypt what names a generation that is being rotated away, at most `limit` records in one
 * write transaction, and fewer where they are large; drops the old DEK after the last. *ret_left:
 * false when nothing is left to do in the scopes that v can open. */
NODISCARD CK_RV vault_rotate_step(const struct vault *v, size_t limit, size_t *ret_done,
                                  bool *ret_left);
/* Records of a transaction beside which others write: some 50 ms in which nobody else gets in. */
#define VAULT_ROTATE_BATCH 1024
/* Bytes of rows after which a transaction ends, however few they are: what it writes stands in
 * memory until the commit, and one attribute may have 8 MiB. */
#define VAULT_ROTATE_BYTES ((size_t)16 << 20)

/*
 * How many records the next transaction of a rotation moves; kept by who rotates, from its first
 * step to its last. The stamp of a record is anywhere in the tree, so a transaction of few records
 * writes nearly two pages of the tree for each, one of many each page of the tree once at the most:
 * 100,000 records are 194,000 pages when 1024 go together, and 99,000 when 8192 do. So while nobody
 * else writes, transactions grow up to VAULT_PACE_MS; once somebody has, the next one is of
 * VAULT_ROTATE_BATCH records again.
 */
struct vault_pace {
    size_t limit;  /* records of the next transaction */
    uint64_t last; /* the transaction of the last step; 0: none yet */
};
#define VAULT_PACE_INIT                                                                            \
    {                                                                                              \
        .limit = VAULT_ROTATE_BATCH                                                                \
    }
#define VAULT_PACE_MS  250u  /* how long a step may keep another writer waiting */
#define VAULT_PACE_MIN 64u   /* records, however slow the disk is */
#define VAULT_PACE_MAX 8192u /* records: their pages and nodes wait in memory for the commit */

/* What follows a step of `limit` records that took so long: as many as would have taken
 * VAULT_PACE_MS, at most twice as many, between VAULT_PACE_MIN and VAULT_PACE_MAX. */
size_t vault_pace_next(size_t limit, uint64_t took_ns);
/* vault_rotate_step() at this pace. */
NODISCARD CK_RV vault_rotate_paced(const struct vault *v, struct vault_pace *pace, size_t *ret_done,
                                   bool *ret_left);
/* Number of stored objects of the token by scope, from the verified index. */
NODISCARD CK_RV vault_count(const struct vault *v, enum scope scope, uint64_t *ret);

#endif
