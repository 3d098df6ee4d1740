/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * master.h - the master key: opened on demand through a seal of the platform, freed by the caller
 * when its call is over.
 */
#ifndef TEE_KEYRING_MASTER_H
#define TEE_KEYRING_MASTER_H

#include "keyring/ring.h"
#include "keyring/seal.h"

/* The master of the store as it is now, and the header that names its epoch. Asks the device: call
 * it with no transaction open and no lock held. A write transaction that uses it has to check that
 * the header still says that epoch (header_same). */
NODISCARD CK_RV master_open(struct keyring *k, struct secret **ret_master, struct header *ret);
/* The same through the platform alone, and which seal it was: CKR_FUNCTION_REJECTED in a store that
 * was opened by a recovery. */
NODISCARD CK_RV master_open_here(struct keyring *k, struct secret **ret_master, struct header *ret,
                                 uint8_t ret_id[SEAL_ID]);
/* The verified header of `t` still names the epoch of `h`. */
NODISCARD CK_RV header_same(struct txn *t, const struct header *h, bool *ret_same);

/* master_rotate() that can also drop the seals that have expired (seal_expired()). ret_epoch may be
 * NULL. */
NODISCARD CK_RV master_replace(struct keyring *k, bool drop_expired, uint64_t *ret_epoch);

/* Somebody who could open the store no longer shall: `drop` takes his seal away, and in the same
 * transaction there is a new master, a new secret of every token, and a new generation of every
 * DEK. */
struct revocation {
    txn_fn *drop;
    void *arg;
};
NODISCARD CK_RV master_revoke(struct keyring *k, const struct revocation *revoke);

#endif
