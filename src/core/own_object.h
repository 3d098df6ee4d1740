/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_object.h - what the token says of itself as objects: the profiles that it conforms to
 * (CKO_PROFILE, v3.2 4.13) and its mechanisms (CKO_MECHANISM, 4.14). They are made from the tables
 * each time and never stored. Everybody sees them, but only a search that names their class finds
 * them: programs that list a token look for what somebody put there.
 */
#ifndef TEE_CORE_OWN_OBJECT_H
#define TEE_CORE_OWN_OBJECT_H

#include "core/object.h"

/* The object of a handle's kind and id; CKR_OBJECT_HANDLE_INVALID when there is none. */
NODISCARD CK_RV own_object_get(enum handle_kind kind, uint64_t id, struct object **ret);
/* Handles of those that match; appended to (*v, *n), malloc'd. */
NODISCARD CK_RV own_object_find(const struct attrs *search, CK_OBJECT_HANDLE **v, size_t *n);

#endif
