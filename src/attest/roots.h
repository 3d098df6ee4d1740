/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roots.h - AMD's root and intermediate certificates: the project's own copies (roots/), each
 * root pinned by the hash of its public key.
 */
#ifndef TEE_ATTEST_ROOTS_H
#define TEE_ATTEST_ROOTS_H

#include "attest/cert.h"

/* One of AMD's authorities: role is CERT_ARK, CERT_ASK or CERT_ASVK. The caller frees it.
 * CKR_GENERAL_ERROR: the copy in this program is not what it is pinned to. */
NODISCARD CK_RV roots_get(enum product p, enum cert_role role, X509 **ret);
/* SHA-256 of the SubjectPublicKeyInfo that it is pinned to. */
const uint8_t *roots_pin(enum product p, enum cert_role role);

#endif
