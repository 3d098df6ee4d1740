/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dek_object.h - CKO_TEE_DEK: a DEK generation as an object to look at, made from the DEK rows each
 * time, never stored; and DEK rotation through C_GenerateKey(CKM_TEE_DEK_KEY_GEN).
 */
#ifndef TEE_CORE_DEK_OBJECT_H
#define TEE_CORE_DEK_OBJECT_H

#include "core/session.h"

/* The ids of handles of kind HANDLE_DEK: scope and generation. */
uint64_t dek_object_id(enum scope scope, uint32_t generation);
/* The object of such an id; CKR_OBJECT_HANDLE_INVALID when the generation is gone. */
NODISCARD CK_RV dek_object_get(struct token *t, uint64_t id, struct object **ret);
/* Handles of the generations that match; appended to (*v, *n), malloc'd. Only for a search that
 * names CKA_CLASS CKO_TEE_DEK. */
NODISCARD CK_RV dek_object_find(struct token *t, const struct attrs *search, CK_OBJECT_HANDLE **v,
                                size_t *n);
/*
 * Rotate: new generations of both scopes, then every record that can be opened re-encrypted in
 * bounded transactions; private scope is finished at the next user login where the SO cannot open
 * it. Needs the SO in a R/W session (CKR_USER_NOT_LOGGED_IN, CKR_SESSION_READ_ONLY). The template
 * may hold what clients send; CKA_PRIVATE true is CKR_TEMPLATE_INCONSISTENT. Returns the handle of
 * the new public generation's object. CKR_DEVICE_MEMORY: as of dek_advance(), nothing is done then.
 */
NODISCARD CK_RV dek_object_generate(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n,
                                    CK_OBJECT_HANDLE *ret);
/* After a login, and after a change of a PIN, which begins one: go on with a rotation that was
 * begun, as far as who is logged in can open, a few thousand records at most, so that the call
 * stays short. Errors are logged, not returned: the next login goes on. */
void dek_rotation_continue(struct token *t);

#endif
