/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * box.h - the one construction that wraps everything at rest.
 *
 * box: salt (32 random bytes) || ciphertext || tag (16).
 *   key = HKDF-SHA-256(ikm = parent key, salt, info = "tee-pkcs11 box 1" || purpose and context,
 *   each with a 32-bit length), AES-256-GCM, nonce zero (the key is used once), no AAD: the context
 *   is in the key. A box opens only where it was made: version, store, token, table, scope, id and
 *   generation are context, so it can't be moved, and no nonce needs counting.
 * pbox (to a public key): ephemeral X25519 public key (32) || box, the parent key being
 *   HKDF-SHA-256(X25519 shared secret, salt = ephemeral || recipient, info = "tee-pkcs11 pbox 1").
 *
 * Opening fails with CKR_DEVICE_ERROR and leaves the output untouched; the caller logs what it was.
 */
#ifndef TEE_KEYRING_BOX_H
#define TEE_KEYRING_BOX_H

#include "crypto/prim.h"
#include "util/secret.h"

#define BOX_SALT      32
#define BOX_OVERHEAD  (BOX_SALT + PRIM_TAG)
#define PBOX_OVERHEAD (PRIM_X25519 + BOX_OVERHEAD)

/* What a box is bound to. Fields that do not apply are empty or zero. */
struct box_context {
    const char *purpose;  /* "record", "dek", "token-secret", ...: unique per use */
    struct span store_id; /* 16 bytes, or empty before there is one */
    struct span token_id; /* 16 bytes, or empty */
    uint32_t table;       /* enum store_table of the row that holds it */
    uint32_t scope;       /* enum scope */
    uint64_t id;          /* object, slot number, ... */
    uint64_t generation;  /* DEK generation, or the epoch for boxes directly under the master */
    struct span extra;    /* anything else that must not change: a header, a seal's id */
};

/* Append a box of `plain` to ret. */
NODISCARD CK_RV box_seal(struct span parent, const struct box_context *c, struct span plain,
                         struct buf *ret);
/* Append the plain text to ret (records; the buffer wipes itself). */
NODISCARD CK_RV box_open(struct span parent, const struct box_context *c, struct span box,
                         struct buf *ret);
/* The same into secret pages (keys). */
NODISCARD CK_RV box_open_secret(struct span parent, const struct box_context *c, struct span box,
                                struct secret **ret);
NODISCARD CK_RV pbox_seal(const uint8_t recipient[PRIM_X25519], const struct box_context *c,
                          struct span plain, struct buf *ret);
NODISCARD CK_RV pbox_open_secret(const uint8_t private_key[PRIM_X25519],
                                 const struct box_context *c, struct span pbox,
                                 struct secret **ret);

#endif
