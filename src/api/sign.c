/* SPDX-License-Identifier: BSD-2-Clause */
/* sign.c - signing and MACing functions (PKCS#11 v3.2 5.13). */
#include "api/arguments.h"
#include "core/operation.h"

CK_RV C_SignInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_SIGN, m, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_SIGN, IN(in, n), OUT(out, out_n));
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n), CKR_ARGUMENTS_BAD);
    return operation_update(s, OP_SIGN, IN(in, n), NULL);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE h, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_final(s, OP_SIGN, OUT(out, out_n));
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_SIGN_RECOVER, m, key);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                    CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_SIGN_RECOVER, IN(in, n), OUT(out, out_n));
}
