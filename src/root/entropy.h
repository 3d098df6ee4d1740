/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy.h - random bytes from the kernel, for the layer below the one that has OpenSSL.
 */
#ifndef TEE_ROOT_ENTROPY_H
#define TEE_ROOT_ENTROPY_H

#include "util/guard.h"

#define ENTROPY_MAX 256 /* bytes that getrandom() gives whole, signals or not */

/* Fill n <= ENTROPY_MAX bytes. CKR_DEVICE_ERROR when the kernel has no source. */
NODISCARD CK_RV entropy_fill(uint8_t *ret, size_t n);

#endif
