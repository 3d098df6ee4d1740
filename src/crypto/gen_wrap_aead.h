/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_wrap_aead.h - wrapping by AEAD mechanisms (PKCS#11 v3.2 6.13.4, 6.13.6), and what gen_wrap.c
 * and it share. Private to crypto/.
 */
#ifndef TEE_CRYPTO_GEN_WRAP_AEAD_H
#define TEE_CRYPTO_GEN_WRAP_AEAD_H

#include "crypto/gen_class.h"

/* Append what is wrapped of an object. */
NODISCARD CK_RV wrap_encode(const struct gen_class *class, const struct attrs *a, struct buf *ret);
/* The reverse: add the material to `a`, or leave it as it is. */
NODISCARD CK_RV wrap_decode(const struct gen_class *class, struct span plain, struct attrs *a);
/* Does the class unwrap such objects? CKR_MECHANISM_INVALID, CKR_TEMPLATE_INCONSISTENT. */
NODISCARD CK_RV wrap_check_class(const struct gen_class *class, CK_OBJECT_CLASS object);

/* C_WrapKey and C_UnwrapKey: the tag follows the wrapped key. m's parameter is a CK_GCM_WRAP_PARAMS
 * (CK_CCM_WRAP_PARAMS), with whose generator the IV can be made here, or as 2.40 had it the mode's
 * own. unwrap: the plaintext is appended. */
NODISCARD CK_RV wrap_aead(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                          const struct attrs *target, struct out *out);
NODISCARD CK_RV unwrap_aead(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                            struct span wrapped, struct buf *ret);

#endif
