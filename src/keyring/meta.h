/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meta.h - the rows of the meta table: one of each per store, by name.
 *
 *   header  format version, store id, creation time, epoch of the master key
 *   keys    box under the master: tree key, audit key
 *   config  what the configuration said when the store was made
 *   slots   the next slot number that was never used
 *   history every kind of seal that there ever was (keyring/history.c)
 *   clean   ids of dead tokens whose objects are still being removed (keyring/clean.c)
 *   counts  how often keys were used, by function (keyring/counts.c)
 *   key-use and a token's id: which uses of its keys the log is told of (keyring/key_use.c)
 *   audit   how long the audit log is, and the hash of its last entry (keyring/audit.c)
 *
 * docs/formats.md has the bytes. Decoders take hostile bytes: CKR_DEVICE_ERROR.
 */
#ifndef TEE_KEYRING_META_H
#define TEE_KEYRING_META_H

#include "keyring/box.h"
#include "keyring/keyring.h"
#include "root/root.h"

#define META_HEADER SPAN_LIT("header")
#define META_KEYS   SPAN_LIT("keys")
#define META_CONFIG SPAN_LIT("config")
#define META_SLOTS  SPAN_LIT("slots")
#define META_CLEAN  SPAN_LIT("clean")
#define META_AUDIT  SPAN_LIT("audit")
#define META_COUNTS SPAN_LIT("counts")

/* Whether a row is proven by the tree, or what a host may have written. */
enum trust { TRUST_TREE, TRUST_NOTHING };

struct header {
    uint8_t store_id[STORE_ID];
    uint64_t created; /* seconds since 1970 */
    uint64_t epoch;   /* 1, 2, ...: of the master key */
};

/* What the owner said at creation: recipients, root, and what the measurement covers. */
struct config {
    enum root_kind root;
    enum conf_measured measured;
    bool hardware_only;
    /* Of a SEV-SNP root; zero otherwise. */
    enum conf_binding binding;
    enum conf_endorsement endorsement;
    struct conf_digest id_key_digest, author_key_digest;
    uint32_t min_guest_svn;
    struct conf_tcb min_tcb;
    size_t n_recipients;
    uint8_t recipients[CONF_MAX_RECOVERY][PRIM_HASH]; /* SHA-256 of each certificate's DER */
};

/* A row of the meta table; *ret_found false when there is none. */
NODISCARD CK_RV meta_get(struct txn *t, enum trust trust, struct span name, struct buf *ret,
                         bool *ret_found);
/* The same where the row must be there: CKR_DEVICE_ERROR. */
NODISCARD CK_RV meta_need(struct txn *t, enum trust trust, struct span name, struct buf *ret);

NODISCARD CK_RV header_put(struct txn *t, const struct header *h);
NODISCARD CK_RV header_decode(struct span row, struct header *ret);
/* The verified header. */
NODISCARD CK_RV header_get(struct txn *t, struct header *ret);

/* The tree key and the audit key, PRIM_KEY bytes each, in this order. */
#define KEYS_BYTES (2 * PRIM_KEY)
NODISCARD CK_RV keys_put(struct txn *t, const struct header *h, struct span master,
                         struct span keys);
NODISCARD CK_RV keys_open(struct span row, const struct header *h, struct span master,
                          struct secret **ret);

/* What the file says about a root of this kind, and nothing about recipients. */
void config_from(const struct conf *c, enum root_kind root, struct config *ret);
NODISCARD CK_RV config_put(struct txn *t, const struct config *c);
NODISCARD CK_RV config_decode(struct span row, struct config *ret);
NODISCARD CK_RV config_get(struct txn *t, struct config *ret);

/* The next slot number. */
NODISCARD CK_RV slots_get(struct txn *t, CK_SLOT_ID *ret_next);
NODISCARD CK_RV slots_put(struct txn *t, CK_SLOT_ID next);

/* Seconds since 1970, as far as the host lets us know. */
uint64_t meta_now(void);

#endif
