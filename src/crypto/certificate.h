/* SPDX-License-Identifier: BSD-2-Clause */
/* certificate.h - what follows from a certificate object's value. Private to crypto/. */
#ifndef TEE_CRYPTO_CERTIFICATE_H
#define TEE_CRYPTO_CERTIFICATE_H

#include "model/attrs.h"

/* key_complete() for certificates (PKCS#11 v3.2 4.6): X.509 ones must parse; what is empty of
 * subject, issuer, serial number and public key is filled in. One without a value (an URL stands
 * for it) and other types of certificates are left alone. */
NODISCARD CK_RV certificate_complete(struct attrs *a);

#endif
