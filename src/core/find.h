/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.h - C_FindObjects: a snapshot of handles taken by Init. Not an operation: it does not keep
 * cryptographic operations of the session from running (v3.2 5.7.7).
 */
#ifndef TEE_CORE_FIND_H
#define TEE_CORE_FIND_H

#include "core/session.h"

NODISCARD CK_RV find_init(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n);
/* Up to `max` handles into ret; *ret_n is how many. CKR_OPERATION_NOT_INITIALIZED. */
NODISCARD CK_RV find_next(struct session *s, CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_n);
NODISCARD CK_RV find_final(struct session *s);
/* Drop the search, if any. */
void find_end(struct session *s);

#endif
