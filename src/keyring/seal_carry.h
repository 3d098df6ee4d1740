/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal_carry.h - a platform's seal, carried from one copy of a store to another.
 *
 * A second node seals its own copy (handoff_adopt). For later copies of the first node's store to
 * open there as well, the seal has to be in that store too, where rotations then serve it. The row
 * needs no more protection on its way than in a store: what it holds opens on its platform alone,
 * and its authentication key stands in it under the master, so nobody could have made it, or can
 * change it, who could not open the store anyway.
 */
#ifndef TEE_KEYRING_SEAL_CARRY_H
#define TEE_KEYRING_SEAL_CARRY_H

#include "keyring/seal.h"

/* Append the seal as a file (docs/formats.md), as the disk has it. CKR_ARGUMENTS_BAD: there is no
 * such seal, or it is not a platform's. */
NODISCARD CK_RV seal_carry_out(struct store *s, const uint8_t id[SEAL_ID], struct buf *ret);

/* Put it into the store, in one transaction with its entry in the audit log; with dry_run only look
 * whether that could be done. CKR_DATA_INVALID: it is no such file. CKR_FUNCTION_REJECTED, with a
 * log line: of another store, of another epoch, superseded, of a kind or below the floors that the
 * store does not take, or there already. CKR_DEVICE_ERROR: it was changed. Asks the device. */
NODISCARD CK_RV seal_carry_in(struct keyring *k, struct span file, bool dry_run,
                              uint8_t ret_id[SEAL_ID]);

#endif
