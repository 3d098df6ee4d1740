/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.h - a set of numbers below 1024: one node of a posting list's trie (vault/list.h).
 *
 * At rest a set of up to BLOCK_SPARSE members is their numbers, two bytes each and rising; a larger
 * one is a bitmap of BLOCK_BYTES bytes. The length says which, and each set has one encoding. The
 * empty set has none: a row that would hold it is removed.
 */
#ifndef TEE_VAULT_BLOCK_H
#define TEE_VAULT_BLOCK_H

#include "util/buf.h"

#define BLOCK_BITS   10
#define BLOCK_SIZE   (1u << BLOCK_BITS) /* numbers are 0 .. BLOCK_SIZE - 1 */
#define BLOCK_BYTES  (BLOCK_SIZE / 8u)  /* of the bitmap */
#define BLOCK_SPARSE (BLOCK_BYTES / 2u - 1u)

struct block {
    uint64_t words[BLOCK_SIZE / 64u];
};

bool block_has(const struct block *b, uint32_t number);
void block_put(struct block *b, uint32_t number);
void block_drop(struct block *b, uint32_t number);
uint32_t block_count(const struct block *b);
/* The smallest member that is not below `from` (0 .. BLOCK_SIZE); BLOCK_SIZE: there is none. */
uint32_t block_next(const struct block *b, uint32_t from);

/* Append the encoding of a set that is not empty. */
void block_encode(const struct block *b, struct buf *ret);
/* CKR_DATA_INVALID unless the bytes are the encoding of a set. */
NODISCARD CK_RV block_decode(struct span bytes, struct block *ret);

#endif
