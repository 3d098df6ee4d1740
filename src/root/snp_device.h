/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_device.h - the sev-guest device: opened, told apart, asked, closed.
 *
 * One request at a time per process: the firmware channel is one sequence of messages. Every
 * failure has been logged, with its cause and the way out, when CKR_DEVICE_ERROR comes back.
 */
#ifndef TEE_ROOT_SNP_DEVICE_H
#define TEE_ROOT_SNP_DEVICE_H

#include "root/root.h"
#include "root/snp_abi.h"

/* What the node at c->device is: ROOT_SEV_SNP for the kernel's own misc device, else
 * ROOT_SEV_SNP_EMULATED. Opens and closes it; sends nothing. */
NODISCARD CK_RV snp_device_kind(const struct conf *c, enum root_kind *ret);

/* Something stands at c->device that this process may open. Says nothing. */
bool snp_device_usable(const struct conf *c);

/*
 * SNP_GET_DERIVED_KEY, once. The device must be of the kind expected. ret->key is not all zero on
 * success. `ret` is the caller's, in secret memory; it may hold anything after a failure.
 */
NODISCARD CK_RV snp_device_key(const struct conf *c, enum root_kind expected,
                               const struct snp_key_request *request, struct snp_key_response *ret);

/* SNP_GET_REPORT, once: status and size are checked, the content isn't. */
NODISCARD CK_RV snp_device_report(const struct conf *c, enum root_kind expected,
                                  const struct snp_report_request *request,
                                  struct snp_report_response *ret);

/*
 * SNP_GET_EXT_REPORT: the same, and the host's certificate table appended to ret_certificates
 * (nothing where it has none), ROOT_CERTIFICATES_MAX bytes at most and otherwise as it came. Asks
 * again, a bounded number of times, as long as the host wants more room.
 */
NODISCARD CK_RV snp_device_ext_report(const struct conf *c, enum root_kind expected,
                                      const struct snp_report_request *request,
                                      struct snp_report_response *ret,
                                      struct buf *ret_certificates);

#endif
