/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit.h - what was done to a store: an append-only, hash-chained, encrypted log in it.
 *
 * An entry is written in the transaction of what it tells of: neither is there without the other.
 * Each entry holds the hash of the one before, and a row in the meta table the number and hash of
 * the last, so a copy of the log outside the store (tee-pkcs11 audit export) can be checked by
 * anybody, and against the store. Inside it every row is a leaf of the authenticated map as well: a
 * row that is changed, swapped, taken out or cut off is found when the log is read.
 *
 * What is always told: every administrative event and every wrong PIN; uses of keys where the token
 * or the configuration asks for it (core/used.h). Entries say which token, seal, generation or key,
 * never a secret.
 */
#ifndef TEE_KEYRING_AUDIT_H
#define TEE_KEYRING_AUDIT_H

#include "keyring/keyring.h"

/* Numbers are part of the format: they never change. */
enum audit_event {
    AUDIT_STORE_MADE = 1,
    AUDIT_STORE_RECOVERED = 2,
    AUDIT_SEAL_ADDED = 3,
    AUDIT_SEAL_REMOVED = 4,
    AUDIT_SEAL_REVOKED = 5,
    AUDIT_SEAL_RENEWED = 6, /* the platform's, for what it is now */
    AUDIT_SEAL_EXPIRED = 7, /* of a superseded image, dropped */
    AUDIT_MASTER_ROTATED = 8,
    AUDIT_DEK_ADVANCED = 9,
    AUDIT_DEK_DROPPED = 10,
    AUDIT_TOKEN_MADE = 11,
    AUDIT_TOKEN_RENEWED = 12, /* C_InitToken on a token */
    AUDIT_PIN_CHANGED = 13,
    AUDIT_PIN_RESET = 14, /* C_InitPIN */
    AUDIT_LOGIN_FAILED = 15,
    AUDIT_KEY_ROTATED = 16,
    AUDIT_OBJECTS_IMPORTED = 17,
    AUDIT_HANDOFF_APPROVED = 18, /* the master key was encrypted to another platform */
    AUDIT_HANDOFF_ACCEPTED = 19, /* and sealed there */
    AUDIT_BACKUP_TAKEN = 24,
    AUDIT_STORE_RESTORED = 25, /* from a backup */
    AUDIT_KEY_USED = 28,      /* by an application: core/used.h */
    AUDIT_KEY_USES_LOST = 29, /* and how many could not be told */
    AUDIT_KEY_USE_SET = 30,   /* which of them a token asks for: keyring/key_use.h */
    AUDIT_N_EVENTS
};
/* "login-failed", ...; "unknown" */
const char *audit_event_name(enum audit_event event);

struct audit_entry {
    uint64_t number; /* 1, 2, ... */
    uint64_t time;   /* seconds since 1970, as the guest's clock had them */
    enum audit_event event;
    struct span token;  /* TOKEN_ID bytes, or empty */
    struct span detail; /* text */
    uint8_t previous[PRIM_HASH];
    uint8_t hash[PRIM_HASH];
};

/* Append an entry, in a write transaction. `token` may be NULL. */
NODISCARD CK_RV audit_add(const struct keyring *k, struct txn *t, enum audit_event event,
                          const uint8_t *token, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The same of something that was done at another time than now. */
NODISCARD CK_RV audit_add_at(const struct keyring *k, struct txn *t, uint64_t time,
                             enum audit_event event, const uint8_t *token, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* Every entry in its order, the chain checked on the way; what `fn` returns other than CKR_OK ends
 * it. The spans are good during the call. CKR_DEVICE_ERROR, with a log line naming the entry, when
 * the chain is broken. ret_hash (may be NULL): of the last entry; zeros when there is none. */
typedef CK_RV audit_fn(const struct audit_entry *e, void *arg);
NODISCARD CK_RV audit_walk(struct keyring *k, audit_fn *fn, void *arg, uint64_t *ret_n,
                           uint8_t ret_hash[PRIM_HASH]);

/* The entries behind number `after`, in a transaction that may be one that writes: what came since
 * a walk ended there. Each is authentic; whether it follows the one before is for a walk to say. */
NODISCARD CK_RV audit_since(const struct keyring *k, struct txn *t, uint64_t after, audit_fn *fn,
                            void *arg);

/* The hash of an entry: over its number, what it follows, and what it says. */
NODISCARD CK_RV audit_hash(const struct audit_entry *e, uint8_t ret[PRIM_HASH]);

#endif
