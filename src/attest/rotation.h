/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotation.h - the old key's signature in a statement about a rotation (attest/statement.h).
 *
 * The type of the key says how it signs, so that a statement can't name a weaker way.
 */
#ifndef TEE_ATTEST_ROTATION_H
#define TEE_ATTEST_ROTATION_H

#include "attest/statement.h"
#include "crypto/ossl_auto.h"

/* Is the signature in the statement the old key's over the rest of it? False: *ret_objection (a
 * constant) says why not. The statement must have a signature. */
bool rotation_signature_ok(const struct statement *s, const char **ret_objection);

/* Is this SubjectPublicKeyInfo the one of `wanted`? */
bool rotation_same_key(EVP_PKEY *wanted, struct span spki);

#endif
