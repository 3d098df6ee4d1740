/* SPDX-License-Identifier: BSD-2-Clause */
/* generate_impl.h - what generate.c and derive.c share. Private to core/. */
#ifndef TEE_CORE_GENERATE_IMPL_H
#define TEE_CORE_GENERATE_IMPL_H

#include "core/generate.h"
#include "core/object.h"
#include "model/template.h"

/* How a use names what is wrong with its key: the standard has codes of their own for keys that
 * wrap and unwrap. */
struct key_use {
    CK_FLAGS flag;
    CK_ATTRIBUTE_TYPE usage;
    CK_RV handle_invalid, type_inconsistent, size_range;
};

extern const struct key_use key_use_derive, key_use_wrap, key_use_unwrap;

/* The row of a mechanism that can do what the flag says. CKR_MECHANISM_INVALID. */
NODISCARD CK_RV generate_find_row(const CK_MECHANISM *m, CK_FLAGS flag, const struct mech **ret);
struct template_context generate_context(struct session *s, enum template_op op,
                                         CK_OBJECT_CLASS class, CK_ULONG key_type);
/* The key that wraps, unwraps or is derived from, with everything about its use checked. */
NODISCARD CK_RV generate_usable(struct session *s, CK_OBJECT_HANDLE h, const struct mech *row,
                                const struct key_use *u, struct object **ret_object,
                                struct key **ret_key);

/* What both ways of wrapping ask before a key leaves: the mechanism, the wrapping key, and what
 * protects the key that is to go (protection_may_leave). */
NODISCARD CK_RV generate_leaving(struct session *s, const CK_MECHANISM *m,
                                 CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
                                 const struct mech **ret_row,
                                 struct key **ret_wrapping, struct object **ret_key);

/* Complete what was unwrapped. If it is no key of its type, the answer is the same as for padding
 * and structure, so that nobody learns how far a wrapped key of his making came. */
NODISCARD CK_RV generate_unwrapped(struct attrs *a);

#endif
