/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence.h - the evidence container: a report, the statement that it is bound to, and the
 * certificates that a verifier may use.
 *
 * DER by evidence.asn (docs/formats.md). Decoding proves nothing but the form: everything in it is
 * the sender's word until attest/verify.h has judged it, and certificates in it are hints, never
 * trust anchors.
 */
#ifndef TEE_ATTEST_EVIDENCE_H
#define TEE_ATTEST_EVIDENCE_H

#include "attest/statement.h"

#define EVIDENCE_MAX              65536 /* bytes of an encoded container */
#define EVIDENCE_MAX_REPORT       4096
#define EVIDENCE_MAX_CERTIFICATE  8192
#define EVIDENCE_MAX_CERTIFICATES 4

enum evidence_platform { EVIDENCE_SEV_SNP = 1 };

struct evidence {
    enum evidence_platform platform;
    struct buf report;    /* as the firmware gave it: 1184 bytes of SEV-SNP */
    struct buf statement; /* DER; empty: REPORT_DATA is the relying party's own bytes */
    /* X.509, DER: the endorsement key's first, then its issuers; perhaps none. */
    struct buf certificates[EVIDENCE_MAX_CERTIFICATES];
    size_t n_certificates;
};

#define EVIDENCE_INIT ((struct evidence){.platform = EVIDENCE_SEV_SNP})

/* Frees what is in it; usable with AUTO(). */
void evidence_clear(struct evidence *e);

/* Append a copy of a certificate. CKR_DATA_INVALID: empty, too long, or one too many. */
NODISCARD CK_RV evidence_add_certificate(struct evidence *e, struct span der);
/* Take out the i-th of them, which must be there; the others keep their order. */
void evidence_drop_certificate(struct evidence *e, size_t i);

/* Append the DER. CKR_DATA_INVALID: a part is missing or too long. */
NODISCARD CK_RV evidence_encode(const struct evidence *e, struct buf *ret_der);
/* CKR_DATA_INVALID: not exactly the encoding of evidence of a known version and platform, or a
 * statement in it is none. *ret must be empty; it is untouched on failure. */
NODISCARD CK_RV evidence_decode(struct span der, struct evidence *ret);

#endif
