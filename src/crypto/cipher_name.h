/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cipher_name.h - from a row's cipher column ("CBC") and a key's length to OpenSSL's fetched
 * algorithm (AES-256-CBC). Private to crypto/.
 */
#ifndef TEE_CRYPTO_CIPHER_NAME_H
#define TEE_CRYPTO_CIPHER_NAME_H

#include <openssl/evp.h>

#include "crypto/mech.h"

/* NULL: no such cipher for keys of n bytes, or not in this OpenSSL. */
const EVP_CIPHER *cipher_of(const struct mech *row, size_t n);

#endif
