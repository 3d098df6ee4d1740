/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protection.h - what a key owes to the keys that it goes and comes with: may it leave under that
 * one, and how protected is what comes in or is derived. The rules of docs/policy.md about
 * wrapping, unwrapping and deriving are asked here, for every path that exports or makes a key.
 */
#ifndef TEE_CORE_PROTECTION_H
#define TEE_CORE_PROTECTION_H

#include "core/object.h"

/*
 * May `key` leave under `wrapping`, which is so strong (v3.2 5.18.3)? CKR_KEY_UNEXTRACTABLE;
 * CKR_KEY_NOT_WRAPPABLE: not under this one; CKR_WRAPPING_KEY_SIZE_RANGE: this one is weaker;
 * CKR_KEY_HANDLE_INVALID: the wrapping key's CKA_WRAP_TEMPLATE says no.
 */
NODISCARD CK_RV protection_may_leave(struct object *key, const struct object *wrapping,
                                     CK_ULONG strength);

/* The attributes of a key that `unwrapping` brings in, before its value is there: raised to what
 * protects the unwrapping key, save where that one's own template says otherwise. `nested`: that
 * template as it was applied to `a`; empty: none. */
NODISCARD CK_RV protection_unwrapped(const struct attrs *unwrapping, struct span nested,
                                     struct attrs *a);

/* The same for what `base` derives, with its value: CKR_TEMPLATE_INCONSISTENT where it could be
 * read and the base key cannot, CKR_KEY_SIZE_RANGE where it could be found by trying: a longer key
 * of the same derivation begins with it (Clulow, CHES 2003). */
NODISCARD CK_RV protection_derived(const struct attrs *base, const struct attrs *a);

/* May `base` derive by encrypting what the application gives? A key that encrypts besides, or has a
 * twin that does, would tell every such key to whoever may use it (Clulow, CHES 2003).
 * CKR_KEY_FUNCTION_NOT_PERMITTED. */
NODISCARD CK_RV protection_may_encrypt(const struct attrs *base);

#endif
