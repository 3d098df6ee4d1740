/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checkpoint.h - what a log was at one moment, as the text of a signed note
 * (c2sp.org/tlog-checkpoint): its origin, how many entries it had, the root of the Merkle tree over
 * the hashes of its entries.
 */
#ifndef TEE_CLI_CHECKPOINT_H
#define TEE_CLI_CHECKPOINT_H

#include "cli/note.h"
#include "crypto/prim.h"

struct checkpoint {
    char origin[NOTE_NAME_MAX + 1];
    uint64_t size;
    uint8_t root[PRIM_HASH];
};

/* Appended. CKR_HOST_MEMORY. */
NODISCARD CK_RV checkpoint_encode(const struct checkpoint *c, struct buf *ret);
/* Extension lines are passed over, as nothing here knows any. CKR_DATA_INVALID: no checkpoint. */
NODISCARD CK_RV checkpoint_decode(struct span text, struct checkpoint *ret);
/* A note that is signed by the key, whose name is the log's. Codes of note_verify(), and
 * CKR_DATA_INVALID where the note is signed and no checkpoint of that log. */
NODISCARD CK_RV checkpoint_verify(struct span note, const struct note_key *k,
                                  struct checkpoint *ret);

#endif
