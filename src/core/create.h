/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create.h - C_CreateObject, C_CopyObject, C_DestroyObject, C_SetAttributeValue,
 * C_GetAttributeValue and C_GetObjectSize (v3.2 5.7): templates in, objects out.
 */
#ifndef TEE_CORE_CREATE_H
#define TEE_CORE_CREATE_H

#include "core/session.h"
#include "model/template.h"

/* What C_CreateObject would store, with every check made and nothing stored. */
NODISCARD CK_RV object_make(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n,
                            struct attrs **ret);
NODISCARD CK_RV object_create(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n,
                              CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV object_copy(struct session *s, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *v,
                            CK_ULONG n, CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV object_destroy(struct session *s, CK_OBJECT_HANDLE h);
NODISCARD CK_RV object_size(struct session *s, CK_OBJECT_HANDLE h, CK_ULONG *ret);
NODISCARD CK_RV object_get_attributes(struct session *s, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *v,
                                      CK_ULONG n);
NODISCARD CK_RV object_set_attributes(struct session *s, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *v,
                                      CK_ULONG n);

/* For what makes objects (create, generate, derive, unwrap): is the session allowed to make this?
 */
NODISCARD CK_RV new_object_allowed(struct session *s, const struct attrs *a);
/* template_finish() with a fresh unique id. */
NODISCARD CK_RV new_object_finish(const struct template_context *c, struct attrs *a,
                                  CK_MECHANISM_TYPE gen_mechanism, const struct attrs *parent);
bool session_is_so(struct session *s);

#endif
