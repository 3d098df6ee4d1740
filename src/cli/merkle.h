/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merkle.h - the root of a Merkle tree as RFC 6962, 2.1 (SHA-256) has it, over leaves that come one
 * after the other: what is kept are the roots of the full subtrees so far, one for each bit of
 * their number.
 */
#ifndef TEE_CLI_MERKLE_H
#define TEE_CLI_MERKLE_H

#include "crypto/prim.h"

#define MERKLE_PEAKS 64

struct merkle {
    uint64_t n;                             /* leaves */
    uint8_t peaks[MERKLE_PEAKS][PRIM_HASH]; /* largest subtree first */
    size_t n_peaks;
};
#define MERKLE_INIT ((struct merkle){.n = 0})

/* Another leaf. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. */
NODISCARD CK_RV merkle_add(struct merkle *m, struct span leaf);
/* Of the leaves so far. */
NODISCARD CK_RV merkle_root(const struct merkle *m, uint8_t ret[PRIM_HASH]);

#endif
