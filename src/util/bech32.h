/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bech32.h - bytes as text for people: Bech32m (BIP-350).
 *
 * Letters and digits that are not taken for each other (no 1, b, i or o in the data), one case, and
 * a checksum of six characters that finds every error in up to four of them. A prefix says what it
 * is. Printed in groups of four; read with any blanks and dashes, in either case.
 *
 * The bytes may be secret: nothing here looks them up in a table by their value, and what is
 * written lies in buffers that wipe themselves.
 */
#ifndef TEE_UTIL_BECH32_H
#define TEE_UTIL_BECH32_H

#include "util/buf.h"

/* Of data: with a prefix of eight letters the text stays below the 90 characters that the checksum
 * is good for. */
#define BECH32_MAX_BYTES 45

/* Append the text, in groups of four characters with dashes between them, without a terminator.
 * CKR_GENERAL_ERROR: more than BECH32_MAX_BYTES. */
NODISCARD CK_RV bech32_encode(const char *prefix, struct span bytes, struct buf *ret);
/* Append the bytes. CKR_DATA_INVALID: another prefix, a character that can't be there, both cases,
 * or a wrong checksum. */
NODISCARD CK_RV bech32_decode(const char *prefix, struct span text, struct buf *ret);

#endif
