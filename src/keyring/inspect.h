/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect.h - rows of the key hierarchy looked at one by one: what the tree can't say.
 *
 * The tree says that a row is the one that was stored. This says that the row makes sense and that
 * what is wrapped in it opens: seals by the authentication key that the master holds (so each
 * seal's every byte, without what opens it), token secrets under the master, DEKs and index keys
 * under their token's secret. What takes a PIN is opened as far as it goes without one.
 */
#ifndef TEE_KEYRING_INSPECT_H
#define TEE_KEYRING_INSPECT_H

#include "keyring/keyring.h"

struct inspector;

/* Ready to look at the rows of *ret_txn, which is begun here: the newest snapshot. Asks the device,
 * so no lock is held and no transaction open. End the transaction after the inspector. */
NODISCARD CK_RV inspector_new(struct keyring *k, struct inspector **ret, struct txn **ret_txn);
void inspector_free(struct inspector *i); /* NULL is allowed */
DEFINE_AUTO(inspector_freep, struct inspector, inspector_free)

/* The seal of the platform that opened the master; false: a recovery did. */
bool inspector_opened_by(const struct inspector *i, uint8_t ret_id[16]);
/* What is wrong with a row of the tables meta, seal, token and dek that the tree proves; NULL:
 * nothing, or a row of another table. */
const char *inspect_row(struct inspector *i, struct txn *t, enum store_table table, struct span key,
                        struct span row);
/* Has the token this generation of a scope's DEK? CKR_TOKEN_NOT_PRESENT: there is no such token. */
NODISCARD CK_RV inspect_generation(struct inspector *i, struct txn *t,
                                   const uint8_t token[TOKEN_ID], enum scope scope,
                                   uint32_t generation, bool *ret);
/* Is this the id of a token that was initialised again, whose rows are still being removed? */
NODISCARD CK_RV inspect_is_dead(struct txn *t, const uint8_t token[TOKEN_ID], bool *ret);

#endif
