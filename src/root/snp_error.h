/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_error.h - what the ways in which the sev-guest device says no mean, and what to do about
 * each.
 */
#ifndef TEE_ROOT_SNP_ERROR_H
#define TEE_ROOT_SNP_ERROR_H

#include "util/guard.h"

/* Each logs one line, "NODE: NAME: cause. Way out", and returns CKR_DEVICE_ERROR; the names are
 * listed in docs/attestation.md. `what` names the request ("a derived key"). */

/* open() of the device failed with `error`. */
NODISCARD CK_RV snp_error_open(const char *device, int error);
/* The ioctl failed: errno and the two halves of exitinfo2. answered: an earlier request of this
 * process got an answer. */
NODISCARD CK_RV snp_error_ioctl(const char *device, const char *what, int error, uint32_t fw_error,
                                uint32_t vmm_error, bool answered);
/* configfs-tsm: an attribute ("" for the directory itself) below `path` failed with `error`. */
NODISCARD CK_RV snp_error_tsm(const char *path, const char *attribute, int error);
/* The ioctl succeeded, the response carries a status other than 0. */
NODISCARD CK_RV snp_error_status(const char *device, const char *what, uint32_t status);

#endif
