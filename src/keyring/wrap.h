/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap.h - how a 32-byte key of a token (a DEK, or an index key) lies in a row.
 *
 * Public scope: a box under T. Private scope: a box under T around one pbox per role that may open
 * it, so that it takes the hardware (T) and a PIN (the role's private half). Making and re-keying a
 * private wrap needs public halves only, so no role has to be logged in for a new generation.
 */
#ifndef TEE_KEYRING_WRAP_H
#define TEE_KEYRING_WRAP_H

#include "keyring/role.h"

/* Where a wrapped key stands: it opens nowhere else. Generation 0 is the index key. */
struct wrap_place {
    const uint8_t *store_id;
    const uint8_t *token;
    enum scope scope;
    uint32_t generation;
};

/* Whom private scope is encrypted to, by enum role; generation 0: that role gets nothing. */
struct wrap_roles {
    struct {
        uint32_t generation;
        uint8_t public_key[PRIM_X25519];
    } role[2];
};

/* Who opens private scope. */
struct wrap_opener {
    enum role role;
    uint32_t generation; /* of the role pair */
    const struct secret *private_key;
};

/* The roles of a token that private scope is for, as their rows say now: the user, and the SO
 * unless the token was made with so-reset = no. */
NODISCARD CK_RV wrap_roles_get(struct txn *t, const uint8_t token[TOKEN_ID],
                               struct wrap_roles *ret);

/* Append a wrap of `key`. `roles` is for private scope. */
NODISCARD CK_RV wrap_seal(const struct wrap_place *at, const struct secret *t,
                          const struct wrap_roles *roles, struct span key, struct buf *ret);
/* The key. `by` is for private scope: CKR_USER_NOT_LOGGED_IN when the role's pair is another by now
 * (its PIN was changed elsewhere), or the role was never given the key. */
NODISCARD CK_RV wrap_open(const struct wrap_place *at, const struct secret *t,
                          const struct wrap_opener *by, struct span wrap, struct secret **ret);
/* Append the wrap as it is, under another T. */
NODISCARD CK_RV wrap_move(const struct wrap_place *at, const struct secret *from,
                          const struct secret *to, struct span wrap, struct buf *ret);
/* Append the wrap with one role's share made anew for another public key: opened by `by`, the share
 * of `role` encrypted to what `roles` has for it, the other role's share kept. Private scope. */
NODISCARD CK_RV wrap_rekey(const struct wrap_place *at, const struct secret *t,
                           const struct wrap_opener *by, const struct wrap_roles *roles,
                           enum role role, struct span wrap, struct buf *ret);

#endif
