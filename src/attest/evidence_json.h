/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence_json.h - the evidence container as JSON, for programs that have no DER at hand. The same
 * bytes in base64, under the names of evidence.asn; no other view of them, so that there is nothing
 * that could say something else than the bytes (docs/formats.md).
 */
#ifndef TEE_ATTEST_EVIDENCE_JSON_H
#define TEE_ATTEST_EVIDENCE_JSON_H

#include "attest/evidence.h"

#define EVIDENCE_JSON_FORMAT "tee-pkcs11-evidence"

/* Append the text, with a newline. Errors as of evidence_encode(). */
NODISCARD CK_RV evidence_json_encode(const struct evidence *e, struct buf *ret);
/* CKR_DATA_INVALID: not that, or with anything more in it. *ret must be empty. */
NODISCARD CK_RV evidence_json_decode(struct span json, struct evidence *ret);
/* DER, or JSON where the first byte is '{' or white space. Errors as of evidence_decode(). */
NODISCARD CK_RV evidence_read(struct span bytes, struct evidence *ret);

#endif
