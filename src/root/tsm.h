/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsm.h - attestation reports from configfs-tsm (Linux 6.7): one private directory per report.
 *
 * It gives reports and certificates and no keys. What is not the kernel's configfs counts as
 * emulated, as a device that is not the kernel's own does.
 */
#ifndef TEE_ROOT_TSM_H
#define TEE_ROOT_TSM_H

#include "root/root.h"

/* What c->tsm is: ROOT_SEV_SNP on configfs, else ROOT_SEV_SNP_EMULATED. CKR_DEVICE_ERROR, with a
 * log line, when it is not there. */
NODISCARD CK_RV tsm_kind(const struct conf *c, enum root_kind *ret);

/* Append a report over report_data at the VMPL c->vmpl, and the host's certificate table to
 * ret_certificates (NULL: not wanted), at most ROOT_CERTIFICATES_MAX bytes. The directory must be
 * of the kind expected. CKR_DEVICE_ERROR, with a log line that says why and what to do. */
NODISCARD CK_RV tsm_report(const struct conf *c, enum root_kind expected,
                           const uint8_t report_data[ROOT_REPORT_DATA_BYTES],
                           struct buf *ret_report, struct buf *ret_certificates);

#endif
