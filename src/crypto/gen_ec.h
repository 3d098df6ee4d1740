/* SPDX-License-Identifier: BSD-2-Clause */
/* gen_ec.h - new pairs on elliptic curves, for who needs one for a moment. Private to crypto/. */
#ifndef TEE_CRYPTO_GEN_EC_H
#define TEE_CRYPTO_GEN_EC_H

#include "crypto/key_class.h"

NODISCARD CK_RV gen_ec_pkey(const struct curve *c, EVP_PKEY **ret);

#endif
