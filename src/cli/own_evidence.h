/* SPDX-License-Identifier: BSD-2-Clause */
/* own_evidence.h - evidence that the command makes about this VM. */
#ifndef TEE_CLI_OWN_EVIDENCE_H
#define TEE_CLI_OWN_EVIDENCE_H

#include "attest/evidence.h"
#include "cli/attest_fetch.h"
#include "cli/cli.h"

/* A report over these bytes with the host's certificates into *e: by the root that opened the store
 * of `k`, or (NULL) by the one that is configured. A table of the host's that is malformed costs no
 * more than a word on standard error. Asks the device. */
NODISCARD CK_RV own_report(const struct conf *c, struct keyring *k,
                           const uint8_t report_data[STATEMENT_REPORT_DATA], struct evidence *e);
/* Evidence about a statement, with certificates fetched where that is wanted; DER, appended.
 * EXIT_DONE, or an exit code after an error was printed. */
int own_evidence(const struct conf *c, struct keyring *k, const struct statement *s,
                 const struct attest_fetch *f, struct buf *ret_der);

#endif
