/* SPDX-License-Identifier: BSD-2-Clause */
/* rsa_factor.h - the CRT values of an RSA private key that came without. Private to crypto/. */
#ifndef TEE_CRYPTO_RSA_FACTOR_H
#define TEE_CRYPTO_RSA_FACTOR_H

#include "model/attrs.h"

/* Add CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2 and CKA_COEFFICIENT where they are
 * missing, from modulus, public and private exponent. Whoever gives one prime gives both, else they
 * are computed. CKR_ATTRIBUTE_VALUE_INVALID: the three do not belong together. */
NODISCARD CK_RV rsa_add_crt(struct attrs *a);

#endif
