/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clean.h - removing what a token left behind when it was initialised again.
 *
 * C_InitToken on a token gives it a new id and a new T in one transaction: from there on nothing of
 * the old id can be opened or found. Its object and index rows can be many; they are removed
 * afterwards in bounded transactions, and the row meta/clean remembers which ids are not done, so
 * that a process which opens the store later goes on where one was killed.
 */
#ifndef TEE_KEYRING_CLEAN_H
#define TEE_KEYRING_CLEAN_H

#include "keyring/ring.h"

#define CLEAN_MAX 1024 /* ids that may wait */

/* In a write transaction: this token id is dead. CKR_DEVICE_MEMORY when too many wait. */
NODISCARD CK_RV clean_add(struct txn *t, const uint8_t id[TOKEN_ID]);
/* Remove what waits. A failure is logged and not an error: the next opening tries again. */
void clean_run(struct keyring *k);

#endif
