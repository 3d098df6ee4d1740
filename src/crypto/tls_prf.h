/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_prf.h - the pseudo-random function of TLS 1.2 (RFC 5246 5). Private to crypto/. */
#ifndef TEE_CRYPTO_TLS_PRF_H
#define TEE_CRYPTO_TLS_PRF_H

#include "crypto/hash.h"
#include "crypto/key.h"

/* n bytes of it under a secret key; `seed` is label and seed, 1024 bytes at most. */
NODISCARD CK_RV tls_prf(const struct hash *hash, const struct key *k, struct span seed,
                        uint8_t *ret, size_t n);

#endif
