/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attestation.h - evidence about a key: a report of the platform over a statement of what the key
 * is, where it lives and which ways into its store there ever were (attest/statement.h).
 *
 * What it claims: the measured image, which alone may open the device, asserts that this token made
 * the key, that its value can't leave it, and which kinds of seal the store has had. Nothing is
 * claimed about a key that was imported, or that could be extracted: that is refused.
 */
#ifndef TEE_CORE_ATTESTATION_H
#define TEE_CORE_ATTESTATION_H

#include "attest/statement.h"
#include "core/session.h"

/* Can these attributes be attested: a private key, made here, never extractable?
 * CKR_KEY_TYPE_INCONSISTENT (no private key), CKR_KEY_FUNCTION_NOT_PERMITTED after a log line. */
NODISCARD CK_RV attestation_permits(const struct attrs *a);
/* Append evidence for a key over a nonce (STATEMENT_MAX_NONCE at most, may be empty:
 * CKR_DATA_LEN_RANGE). Asks the device: hold nothing but the session. CKR_FUNCTION_NOT_SUPPORTED:
 * the root can't attest. CKR_DEVICE_ERROR. */
NODISCARD CK_RV attestation_make(struct token *t, const struct attrs *a, struct span nonce,
                                 struct buf *ret_der);
/* For a statement of another kind about a key (core/succession.c): its time, and `key` with the
 * store that holds it. What *ret borrows is in `a` and in *home. */
struct attestation_home {
    struct store_info store;
    struct token_info token;
    struct seal_history seals;
};
NODISCARD CK_RV attestation_describe(struct token *t, const struct attrs *a,
                                     struct attestation_home *home, struct statement *ret);
/* Append evidence: a report over an encoded statement. Asks the device, errors as of
 * attestation_make(). */
NODISCARD CK_RV attestation_report(struct token *t, struct span statement, struct buf *ret_der);

/* C_SignInit of a row that is MECH_OF_TOKEN: make `o` give evidence about the object. */
NODISCARD CK_RV attestation_attach(struct op *o, struct token *t, struct object *key);
/* Where the configuration wants evidence at generation (attest-keys) and the key can be attested:
 * set CKA_TEE_EVIDENCE of a new private key. */
NODISCARD CK_RV attestation_at_generation(struct token *t, struct attrs *a);

#endif
