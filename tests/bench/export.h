/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export.h - a module's public key as an EVP_PKEY, read from its attributes alone.
 */
#ifndef TEE_BENCH_EXPORT_H
#define TEE_BENCH_EXPORT_H

#include <openssl/evp.h>

#include "bench/p11.h"

/* CKA_MODULUS and CKA_PUBLIC_EXPONENT; group is not used. The caller owns *ret. */
NODISCARD CK_RV export_rsa(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group,
                           EVP_PKEY **ret);
/* CKA_EC_POINT on OpenSSL's curve `group`. */
NODISCARD CK_RV export_ec(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group,
                          EVP_PKEY **ret);
/* CKA_EC_POINT of an Edwards key; group is OpenSSL's name of the key type. */
NODISCARD CK_RV export_ed(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group,
                          EVP_PKEY **ret);
/* An EC public or private key from an uncompressed point and, if secret.n > 0, a scalar. */
NODISCARD CK_RV export_ec_parts(const char *group, struct span point, struct span secret,
                                EVP_PKEY **ret);

#endif
