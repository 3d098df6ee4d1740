/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * softhsm2_store.h - the files of a SoftHSM2 token (object store backend "file"), read only: one
 * file per object, one for the token itself.
 *
 * A file is a 64-bit generation, then attributes to its end: 64-bit type, 64-bit kind, value. All
 * numbers are big-endian. Kinds: 1 a flag, one byte; 2 a 64-bit number; 3 a 64-bit length and
 * bytes; 4 a 64-bit length and nested attributes; 5 a 64-bit count and mechanisms, 64 bits each. In
 * an object with CKA_PRIVATE bytes are encrypted: 16 bytes of IV, then AES-256-CBC with padding,
 * under the token's key. That stands in the token's file, encrypted by the PIN: 8 bytes of salt, 16
 * of IV, then "RJR" and the key, under SHA-256 of salt and PIN, hashed again until it was done 1500
 * times and as often as the salt's last byte says.
 */
#ifndef TEE_CLI_SOFTHSM2_STORE_H
#define TEE_CLI_SOFTHSM2_STORE_H

#include "model/attrs.h"
#include "util/secret.h"

#define SOFTHSM2_LABEL 32 /* bytes, padded with blanks */

/* The token's key and label, from its file (token.object) and the user's PIN. CKR_DATA_INVALID: it
 * is no such file; CKR_USER_PIN_NOT_INITIALIZED; CKR_PIN_INCORRECT. */
NODISCARD CK_RV softhsm2_token(struct span file, struct span pin, struct secret **ret_key);
/* The label alone. CKR_DATA_INVALID. */
NODISCARD CK_RV softhsm2_label(struct span file, uint8_t ret[SOFTHSM2_LABEL]);
/* All attributes of an object, decrypted; those that hold nested ones only as far as that they are
 * there: *ret_nested. CKR_DATA_INVALID: it is no whole object, or not of this token, or of more
 * attributes than an object of ours may have. */
NODISCARD CK_RV softhsm2_object(struct span file, const struct secret *key, struct attrs *ret,
                                bool *ret_nested);

#endif
