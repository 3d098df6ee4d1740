/* SPDX-License-Identifier: BSD-2-Clause */
/* key_secret.h - the key types whose material is CKA_VALUE alone. Private to crypto/. */
#ifndef TEE_CRYPTO_KEY_SECRET_H
#define TEE_CRYPTO_KEY_SECRET_H

#include "crypto/key_class.h"

/* NULL: not a type of secret keys that the token has. */
const struct key_class *key_class_secret(CK_KEY_TYPE type);
/* Can a key of the class have n bytes? AES: 16, 24 or 32; AES-XTS: 32 or 64. */
bool key_secret_length(const struct key_class *c, CK_ULONG n);
/* Set what follows from a secret's value: CKA_VALUE_LEN and, unless it is owed (key.h),
 * CKA_CHECK_VALUE. */
NODISCARD CK_RV key_secret_follow(struct attrs *a);

#endif
