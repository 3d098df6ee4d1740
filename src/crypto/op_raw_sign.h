/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_raw_sign.h - the methods of signing, verifying and recovering without hashing, for classes
 * that do something else besides. Private to crypto/.
 */
#ifndef TEE_CRYPTO_OP_RAW_SIGN_H
#define TEE_CRYPTO_OP_RAW_SIGN_H

#include "crypto/sign.h"

extern const struct op_methods raw_signing;
extern const struct op_methods raw_verifying;
extern const struct op_methods raw_recovering;

#endif
