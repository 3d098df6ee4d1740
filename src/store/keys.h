/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - what the tree key is used for: four HMAC keys, and the four sums made with them.
 *
 * All four come from the tree key by HKDF with an info text of their own, so that a sum of one kind
 * can never stand for another. docs/formats.md has the inputs byte by byte. Immutable once made,
 * usable from several threads.
 */
#ifndef TEE_STORE_KEYS_H
#define TEE_STORE_KEYS_H

#include "crypto/prim.h"
#include "store/store.h"

#define PATH_BYTES  16 /* of HMAC(path key, table || key): where a row hangs in the tree */
#define PATH_DIGITS 21 /* base-64 digits in a path; the last two bits are not used as one */
#define DIGIT_BITS  6
#define DIGITS      64 /* values of a digit: children of an inner node */

struct keys;

/* tree_key: 32 bytes, else CKR_ARGUMENTS_BAD. */
NODISCARD CK_RV keys_new(struct span tree_key, struct keys **ret);
void keys_free(struct keys *k); /* NULL is allowed */
DEFINE_AUTO(keys_freep, struct keys, keys_free)
/* PRIM_HASH bytes that tell tree keys apart and reveal nothing of them. Borrowed. */
const uint8_t *keys_check(const struct keys *k);

/* Where the row hangs. */
NODISCARD CK_RV path_sum(const struct keys *k, enum store_table table, struct span key,
                         uint8_t ret[PATH_BYTES]);
/* The row's stamp: binds table, key and value. */
NODISCARD CK_RV leaf_sum(const struct keys *k, enum store_table table, struct span key,
                         struct span value, uint8_t ret[STORE_MAC]);
/* A node: its place (path, cut to depth digits) and its encoded content. */
NODISCARD CK_RV node_sum(const struct keys *k, unsigned depth, const uint8_t path[PATH_BYTES],
                         struct span content, uint8_t ret[STORE_MAC]);
/* The root row without its MAC. */
NODISCARD CK_RV head_sum(const struct keys *k, struct span row, uint8_t ret[PRIM_HASH]);

/* Digit number `depth` of a path, 0 to 63; depth < PATH_DIGITS. */
unsigned path_digit(const uint8_t path[PATH_BYTES], unsigned depth);
/* The path cut to its first `depth` digits, the rest zero. */
void path_prefix(const uint8_t path[PATH_BYTES], unsigned depth, uint8_t ret[PATH_BYTES]);
/* A prefix of `depth` digits and one digit more; depth < PATH_DIGITS. */
void path_extend(const uint8_t prefix[PATH_BYTES], unsigned depth, unsigned digit,
                 uint8_t ret[PATH_BYTES]);

#endif
