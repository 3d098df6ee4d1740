/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect.h - object rows looked at one by one: do public ones open under their DEK and hold a
 * record that can be read, do private ones name a DEK that there is, and are public ones in the
 * list of all objects, and only they?
 */
#ifndef TEE_VAULT_INSPECT_H
#define TEE_VAULT_INSPECT_H

#include "keyring/inspect.h"
#include "vault/vault.h"

/* Could these bytes be an object row? Nothing is opened. */
bool vault_row_has_form(struct span key, struct span row);

struct vault_survey;

/* Over a snapshot; all borrowed until vault_survey_free(). */
NODISCARD CK_RV vault_survey_new(struct keyring *k, struct inspector *i, struct txn *t,
                                 struct vault_survey **ret);
void vault_survey_free(struct vault_survey *s); /* NULL is allowed */
DEFINE_AUTO(vault_survey_freep, struct vault_survey, vault_survey_free)
/* What is wrong with a row of table object that the tree proves, or NULL. Rows come in the order of
 * their keys. */
const char *vault_survey_row(struct vault_survey *s, struct span key, struct span row);

/* How many objects the list of a token's public objects has, and how many of these have no row. */
NODISCARD CK_RV vault_survey_list(struct vault_survey *s, const uint8_t token[TOKEN_ID],
                                  uint64_t *ret_listed, uint64_t *ret_without_row);

#endif
