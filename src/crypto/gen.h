/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.h - making keys: what core/key.c calls behind C_GenerateKey, C_GenerateKeyPair, C_DeriveKey,
 * C_WrapKey and C_UnwrapKey. Templates were built and checked before (model/template.h); these fill
 * in key material and nothing else. Outputs are complete or untouched.
 */
#ifndef TEE_CRYPTO_GEN_H
#define TEE_CRYPTO_GEN_H

#include "crypto/mech.h"

/* Add the value of a new secret key to `a` (CKA_VALUE_LEN says how long; fixed-size types know). */
NODISCARD CK_RV gen_key(const struct mech *row, const CK_MECHANISM *m, struct attrs *a);
/* Add the material of a new pair: CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT or CKA_EC_PARAMS stand in
 * `public_key` (or, for EC, in either). CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED,
 * CKR_DOMAIN_PARAMS_INVALID. */
NODISCARD CK_RV gen_pair(const struct mech *row, const CK_MECHANISM *m, struct attrs *public_key,
                         struct attrs *private_key);
/* Derive from `base`: add CKA_VALUE to `a` (CKA_VALUE_LEN, CKA_KEY_TYPE say how much). */
NODISCARD CK_RV gen_derive(const struct mech *row, const CK_MECHANISM *m, struct key *base,
                           struct attrs *a);
/* Wrap `target` (a secret's value, or a private key as PKCS#8 PrivateKeyInfo) under `wrapping`. */
NODISCARD CK_RV gen_wrap(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                         const struct attrs *target, struct out *out);
/* The reverse: add the material to `a` (CKA_CLASS and CKA_KEY_TYPE stand there; a blob of another
 * type is CKR_WRAPPED_KEY_INVALID). One code for every failure of padding or content. */
NODISCARD CK_RV gen_unwrap(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                           struct span wrapped, struct attrs *a);

#endif
