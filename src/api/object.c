/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - object management functions (PKCS#11 v3.2 5.7). */
#include "core/create.h"
#include "core/find.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR v, CK_ULONG n, CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE((v != NULL || n == 0) && ret != NULL, CKR_ARGUMENTS_BAD);
    return object_create(s, v, n, ret);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR v, CK_ULONG n,
                   CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE((v != NULL || n == 0) && ret != NULL, CKR_ARGUMENTS_BAD);
    return object_copy(s, object, v, n, ret);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return object_destroy(s, object);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(size != NULL, CKR_ARGUMENTS_BAD);
    return object_size(s, object, size);
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR v,
                          CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(v != NULL || n == 0, CKR_ARGUMENTS_BAD);
    return object_get_attributes(s, object, v, n);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR v,
                          CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(v != NULL || n == 0, CKR_ARGUMENTS_BAD);
    return object_set_attributes(s, object, v, n);
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR v, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(v != NULL || n == 0, CKR_ARGUMENTS_BAD);
    return find_init(s, v, n);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE_PTR ret, CK_ULONG max, CK_ULONG_PTR ret_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE((ret != NULL || max == 0) && ret_n != NULL, CKR_ARGUMENTS_BAD);
    return find_next(s, ret, max, ret_n);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return find_final(s);
}
