/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_use.h - which uses of a token's keys its own policy has told in the audit log, whatever the
 * configuration of the process that uses them says.
 *
 * A row of the meta table for each token that asks for any; a token without one asks for none. The
 * tree proves either, so a row that a host removes or puts back is found by who looks at it.
 */
#ifndef TEE_KEYRING_KEY_USE_H
#define TEE_KEYRING_KEY_USE_H

#include "keyring/keyring.h"

/* What the token asks for. CKR_DEVICE_ERROR: the row is not what the tree says, or is of a later
 * version. */
NODISCARD CK_RV key_use_get(struct txn *t, const uint8_t token[TOKEN_ID], enum conf_key_use *ret);
/* The same in a transaction of its own, whose number goes to *ret_txn. CKR_DEVICE_REMOVED: there is
 * no such token any more. */
NODISCARD CK_RV token_key_use_now(struct keyring *k, const uint8_t token[TOKEN_ID],
                                  enum conf_key_use *ret, uint64_t *ret_txn);
/* Ask for it from now on, and tell the audit log so, in one transaction; nothing is written where
 * the token asks for just that. By the SO, who is still the one that logged in:
 * CKR_USER_NOT_LOGGED_IN. */
NODISCARD CK_RV token_set_key_use(struct keyring *k, const struct login *so, enum conf_key_use use);

/* C_InitToken: what `from` asked for, `to` asks for. */
NODISCARD CK_RV key_use_move(struct txn *t, const uint8_t from[TOKEN_ID],
                             const uint8_t to[TOKEN_ID]);
/* The token whose row has this key of the meta table, TOKEN_ID bytes in it; NULL: it is none. */
const uint8_t *key_use_token(struct span key);
/* A row as the disk has it. CKR_DEVICE_ERROR. */
NODISCARD CK_RV key_use_decode(struct span row, enum conf_key_use *ret);

#endif
