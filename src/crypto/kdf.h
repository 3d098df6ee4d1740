/* SPDX-License-Identifier: BSD-2-Clause */
/* kdf.h - OpenSSL's key derivation functions, and secrets from them. Private to crypto/. */
#ifndef TEE_CRYPTO_KDF_H
#define TEE_CRYPTO_KDF_H

#include <openssl/params.h>

#include "model/attrs.h"

/* n bytes of the KDF of that name (a constant). CKR_FUNCTION_FAILED: OpenSSL refuses the
 * parameters; the bytes are then wiped. */
NODISCARD CK_RV kdf_run(const char *name, const OSSL_PARAM *params, uint8_t *ret, size_t n);
/* Set CKA_VALUE of `a` to n bytes of it. */
NODISCARD CK_RV kdf_value(const char *name, const OSSL_PARAM *params, size_t n, struct attrs *a);

#endif
