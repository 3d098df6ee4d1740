/* SPDX-License-Identifier: BSD-2-Clause */
/* verify.c - functions for verifying signatures and MACs (PKCS#11 v3.2 5.15). */
#include "api/arguments.h"
#include "core/operation.h"

CK_RV C_VerifyInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_VERIFY, m, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR signature,
               CK_ULONG signature_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && GIVEN(signature, signature_n), CKR_ARGUMENTS_BAD);
    return operation_verify_once(s, IN(in, n), IN(signature, signature_n));
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n), CKR_ARGUMENTS_BAD);
    return operation_update(s, OP_VERIFY, IN(in, n), NULL);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE h, CK_BYTE_PTR signature, CK_ULONG signature_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(signature, signature_n), CKR_ARGUMENTS_BAD);
    return operation_verify_final(s, IN(signature, signature_n));
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_VERIFY_RECOVER, m, key);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                      CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_VERIFY_RECOVER, IN(in, n), OUT(out, out_n));
}

CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key,
                            CK_BYTE_PTR signature, CK_ULONG signature_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(signature, signature_n), CKR_ARGUMENTS_BAD);
    return operation_signature_init(s, m, key, IN(signature, signature_n));
}

CK_RV C_VerifySignature(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n), CKR_ARGUMENTS_BAD);
    return operation_signature_once(s, IN(in, n));
}

CK_RV C_VerifySignatureUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n), CKR_ARGUMENTS_BAD);
    return operation_signature_update(s, IN(in, n));
}

CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_signature_final(s);
}
