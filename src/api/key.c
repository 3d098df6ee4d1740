/* SPDX-License-Identifier: BSD-2-Clause */
/* key.c - key management functions (PKCS#11 v3.2 5.18). */
#include "api/arguments.h"
#include "core/generate.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR v, CK_ULONG n,
                    CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(v, n) && ret != NULL, CKR_ARGUMENTS_BAD);
    return key_generate(s, m, v, n, ret);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR public_v,
                        CK_ULONG public_n, CK_ATTRIBUTE_PTR private_v, CK_ULONG private_n,
                        CK_OBJECT_HANDLE_PTR ret_public, CK_OBJECT_HANDLE_PTR ret_private)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(public_v, public_n) && GIVEN(private_v, private_n) &&
               ret_public != NULL && ret_private != NULL,
           CKR_ARGUMENTS_BAD);
    return key_generate_pair(s, m, public_v, public_n, private_v, private_n, ret_public,
                             ret_private);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE wrapping,
                CK_OBJECT_HANDLE key, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && out_n != NULL, CKR_ARGUMENTS_BAD);
    return key_wrap(s, m, wrapping, key, OUT(out, out_n));
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE unwrapping,
                  CK_BYTE_PTR wrapped, CK_ULONG wrapped_n, CK_ATTRIBUTE_PTR v, CK_ULONG n,
                  CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(wrapped, wrapped_n) && GIVEN(v, n) && ret != NULL, CKR_ARGUMENTS_BAD);
    return key_unwrap(s, m, unwrapping, IN(wrapped, wrapped_n), v, n, ret);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE base,
                  CK_ATTRIBUTE_PTR v, CK_ULONG n, CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(v, n), CKR_ARGUMENTS_BAD);
    /* `ret` may be NULL for mechanisms that return all handles in their parameter. */
    return key_derive(s, m, base, v, n, ret);
}

CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE wrapping,
                             CK_OBJECT_HANDLE key, CK_BYTE_PTR aad, CK_ULONG aad_n, CK_BYTE_PTR out,
                             CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(aad, aad_n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return key_wrap_authenticated(s, m, wrapping, key, IN(aad, aad_n), OUT(out, out_n));
}

CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE unwrapping,
                               CK_BYTE_PTR wrapped, CK_ULONG wrapped_n, CK_ATTRIBUTE_PTR v,
                               CK_ULONG n, CK_BYTE_PTR aad, CK_ULONG aad_n,
                               CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(wrapped, wrapped_n) && GIVEN(v, n) && GIVEN(aad, aad_n) &&
               ret != NULL,
           CKR_ARGUMENTS_BAD);
    return key_unwrap_authenticated(s, m, unwrapping, IN(wrapped, wrapped_n), v, n, IN(aad, aad_n),
                                    ret);
}

CK_RV C_EncapsulateKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE public_key,
                       CK_ATTRIBUTE_PTR v, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n,
                       CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(v, n) && out_n != NULL && (ret != NULL || out == NULL),
           CKR_ARGUMENTS_BAD);
    return key_encapsulate(s, m, public_key, v, n, OUT(out, out_n), ret);
}

CK_RV C_DecapsulateKey(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE private_key,
                       CK_ATTRIBUTE_PTR v, CK_ULONG n, CK_BYTE_PTR capsule, CK_ULONG capsule_n,
                       CK_OBJECT_HANDLE_PTR ret)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(m != NULL && GIVEN(v, n) && GIVEN(capsule, capsule_n) && ret != NULL, CKR_ARGUMENTS_BAD);
    return key_decapsulate(s, m, private_key, v, n, IN(capsule, capsule_n), ret);
}
