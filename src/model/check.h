/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - private to model/: what the rows of a schema cannot say. The schemas point here.
 *
 * Each takes a complete set: what the rows require is there. CKR_ATTRIBUTE_VALUE_INVALID: one value
 * is wrong by itself; CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT: values do not fit
 * together.
 */
#ifndef TEE_MODEL_CHECK_H
#define TEE_MODEL_CHECK_H

#include "model/schema.h"

NODISCARD CK_RV check_x509(const struct attrs *a);
NODISCARD CK_RV check_rsa_public(const struct attrs *a);
NODISCARD CK_RV check_rsa_private(const struct attrs *a);
NODISCARD CK_RV check_ec_public(const struct attrs *a);
NODISCARD CK_RV check_ec_private(const struct attrs *a);
NODISCARD CK_RV check_secret(const struct attrs *a);
NODISCARD CK_RV check_aes(const struct attrs *a);
NODISCARD CK_RV check_xts(const struct attrs *a);
NODISCARD CK_RV check_chacha20(const struct attrs *a);

/*
 * The rules that need no key material, for every object: template_build() applies them before
 * anything is generated, and every change applies them again.
 *
 * With the rule usage-templates, one key never both wraps or unwraps and encrypts or decrypts: what
 * it wrapped it could then reveal (Clulow, CHES 2003; Delaune, Kremer, Steel). It holds for key
 * types that can encrypt and decrypt, which is what a default of CK_TRUE in the schema says: a
 * generic secret may carry the flags, as pkcs11-tool sets them on what it derives, since no
 * mechanism takes it. Without the rule, such a key is made, but wraps nothing sensitive
 * (core/protection.h) and stays as it is: check_settled(). CKA_ALWAYS_AUTHENTICATE needs
 * CKA_PRIVATE (v3.2 4.10).
 */
NODISCARD CK_RV check_policy(const struct schema *s, const struct attrs *a);

/* Does a default of CK_TRUE for this usage give way to what the template asked for? A key made to
 * wrap or unwrap is not by default one that encrypts and decrypts. `asked` says whether the
 * template asked for a usage. */
typedef bool check_asked(const void *arg, CK_ATTRIBUTE_TYPE usage);
bool check_yields(CK_ATTRIBUTE_TYPE usage, check_asked *asked, const void *arg);

/* Is it settled what the key does to keys and to data, so that this usage of it cannot change any
 * more, in the object or in a copy (the rule usage-conflicts)? Else a copy that decrypts and one
 * that wraps would be the same key. */
bool check_settled(const struct schema *s, const struct attrs *a, CK_ATTRIBUTE_TYPE usage);

#endif
