/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_message.h - the two messages by which a store's master key moves to another platform:
 * the request of the new one, and the approval of the old one.
 *
 * DER by evidence.asn (docs/formats.md). Reading proves nothing but the form: what a message says
 * is believed once its evidence has been judged (attest/verify.h) and held against what this side
 * knows (attest/handoff_check.h).
 */
#ifndef TEE_ATTEST_HANDOFF_MESSAGE_H
#define TEE_ATTEST_HANDOFF_MESSAGE_H

#include "attest/evidence.h"

#define HANDOFF_MAX        (EVIDENCE_MAX + 8192u) /* bytes of an encoded message */
#define HANDOFF_MAX_SEALED 4096u                  /* of the CMS message in it */
#define HANDOFF_HASH       64                     /* of a request */
#define HANDOFF_NONCE      32                     /* bytes, where the other side chose none */

enum handoff_kind { HANDOFF_REQUEST, HANDOFF_APPROVAL };

struct handoff_message {
    enum handoff_kind kind;
    struct span evidence; /* DER */
    struct span sealed;   /* HANDOFF_APPROVAL: CMS, not empty; else empty */
};

/* "request", "approval" */
const char *handoff_kind_name(enum handoff_kind kind);

/* Append the DER. CKR_DATA_INVALID: a part is missing or too long. */
NODISCARD CK_RV handoff_message_encode(const struct handoff_message *m, struct buf *ret_der);
/* The spans of *ret point into `der`. CKR_DATA_INVALID: not exactly the encoding of a message of a
 * known version; *ret_objection then says why, a constant. */
NODISCARD CK_RV handoff_message_decode(struct span der, struct handoff_message *ret,
                                       const char **ret_objection);
/* What an approval names its request by: every byte of it counts. */
NODISCARD CK_RV handoff_message_hash(struct span der, uint8_t ret[HANDOFF_HASH]);

#endif
