/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.h - from the rows that a host shows to a verified keyring; shared by keyring_open() and
 * recover_open().
 *
 * What opens the store is read before the tree key is known. When the tree key is, the same rows
 * are read again and must be the ones that the tree proves.
 */
#ifndef TEE_KEYRING_OPEN_H
#define TEE_KEYRING_OPEN_H

#include "keyring/ring.h"
#include "keyring/seal.h"

/* The rows that are needed to open a store, unverified. */
struct opening {
    struct header header;
    struct buf header_row;
    struct buf keys_row;
    struct seal_set *seals;
};
void opening_clear(struct opening *o);
/* CKR_TOKEN_NOT_PRESENT: the store has no rows at all: keyring_create() was never finished. */
NODISCARD CK_RV opening_read(struct store *s, struct opening *ret);

/* Of a master that came without a seal of the store: handed over by another platform. */
#define OPENING_NO_SEAL SIZE_MAX

/*
 * A keyring, from the master that seal `which` of the opening holds: tree key, verification of what
 * was read unverified and of the configuration row, token secrets. `root` NULL: not by a
 * platform's seal; then the configuration of the file is not compared. *ret_moved: the store
 * changed since it was read (another process rotated or resealed): nothing is returned, read again.
 */
NODISCARD CK_RV opening_finish(const struct conf *c, struct store *s, const struct root *root,
                               const struct opening *o, size_t which, struct span master,
                               struct keyring **ret, bool *ret_moved);

#endif
