/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * role.h - the key pair of a role (user, SO) of a token, as a row.
 *
 * The private half is boxed under HKDF(T, salt = scrypt(PIN)): it takes the hardware, which opens
 * T, and the PIN. The public half is what private DEKs are encrypted to, with no PIN around. The
 * generation counts the pairs a role had; C_SetPIN and C_InitPIN make a new one.
 */
#ifndef TEE_KEYRING_ROLE_H
#define TEE_KEYRING_ROLE_H

#include "keyring/token_row.h"

#define ROLE_SALT 32

struct role_row {
    uint32_t log2_n; /* scrypt cost */
    uint8_t salt[ROLE_SALT];
    uint32_t generation; /* 1, 2, ... */
    uint32_t secret;     /* number of the token secret that it is made with */
    uint8_t public_key[PRIM_X25519];
    uint8_t box[BOX_OVERHEAD + PRIM_X25519]; /* of the private half */
};

/* Whose role. */
struct role_of {
    const uint8_t *store_id; /* STORE_ID bytes */
    const uint8_t *token;    /* TOKEN_ID bytes */
    enum role role;
};

/* A new pair under a PIN and T, whose number is `secret`; ret_private may be NULL. scrypt runs: no
 * lock, no transaction. */
NODISCARD CK_RV role_make(const struct role_of *of, struct span t, uint32_t secret, struct span pin,
                          uint32_t log2_n, uint32_t generation, struct role_row *ret,
                          struct secret **ret_private);
/* What opens a role's box: scrypt and HKDF. No lock, no transaction. */
NODISCARD CK_RV role_key(struct span t, struct span pin, const uint8_t salt[ROLE_SALT],
                         uint32_t log2_n, struct secret **ret);
/* The private half. CKR_PIN_INCORRECT: the key is that of another PIN. Takes microseconds. */
NODISCARD CK_RV role_open(const struct role_of *of, const struct role_row *row,
                          const struct secret *key, struct secret **ret_private);

/* Verified rows; *ret_found false when the role has no PIN yet. */
NODISCARD CK_RV role_get(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                         struct role_row *ret, bool *ret_found);
/* The same, with the row's stamp (store/store.h). Only a new pair writes the row: wrong PINs are
 * counted in another one. */
NODISCARD CK_RV role_get_stamped(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                                 struct role_row *ret, uint8_t ret_stamp[STORE_MAC],
                                 bool *ret_found);
/* Has the row this stamp? */
NODISCARD CK_RV role_same(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                          const uint8_t stamp[STORE_MAC], bool *ret_same);
NODISCARD CK_RV role_put(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                         const struct role_row *row);

#endif
