/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.h - every kind of seal that a store ever had, by name: a row that only grows.
 *
 * Whoever holds a seal's secret had the keys of the store in reach, then and later, so a relying
 * party that is told where a key lives wants to know all ways in there ever were. seal_put() notes
 * each; nothing takes a name away. Of a store that is older than the record the first name is
 * "unknown".
 */
#ifndef TEE_KEYRING_HISTORY_H
#define TEE_KEYRING_HISTORY_H

#include "keyring/seal.h"

/* In the transaction that makes the store, before its first seal. */
NODISCARD CK_RV history_begin(struct txn *t);
/* A seal like this is there from now on. */
NODISCARD CK_RV history_note(struct txn *t, const struct seal *s);
/* The verified record; where there is none, "unknown" and the kinds that are there now. */
NODISCARD CK_RV history_get(struct txn *t, struct seal_history *ret);

#endif
