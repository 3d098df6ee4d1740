/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_report.h - the facts of an attestation report that a root of trust needs about itself.
 *
 * Not a verifier: the report came over this guest's own authenticated channel (attest/ verifies
 * reports that others show). The bytes are hostile all the same.
 */
#ifndef TEE_ROOT_SNP_REPORT_H
#define TEE_ROOT_SNP_REPORT_H

#include "root/root.h"

/*
 * Fill in the diagnosis half of *ret, leaving the rest of it as it is. `report_data` and `vmpl` are
 * what was asked for: a report that says otherwise answers another request.
 * CKR_DEVICE_ERROR with a log line; *ret is untouched then.
 */
NODISCARD CK_RV snp_report_read(struct span report,
                                const uint8_t report_data[ROOT_REPORT_DATA_BYTES], uint32_t vmpl,
                                struct binding *ret);

#endif
