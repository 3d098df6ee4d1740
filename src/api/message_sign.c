/* SPDX-License-Identifier: BSD-2-Clause */
/* message_sign.c - message-based signing and verifying (PKCS#11 v3.2 5.14, 5.16). */
#include "api/arguments.h"
#include "core/process.h"

CK_RV C_MessageSignInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_init(s, MESSAGE_SIGN, m, key);
}

CK_RV C_SignMessageBegin(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param), CKR_ARGUMENTS_BAD);
    return process_begin(s, MESSAGE_SIGN, ARG(param, n_param));
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_final(s, MESSAGE_SIGN);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                    CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return process_sign(s, ARG(param, n_param), IN(in, n), false, OUT(out, out_n));
}

/* The last part has a place for the signature's length. */
CK_RV C_SignMessageNext(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                        CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n), CKR_ARGUMENTS_BAD);
    if (out_n == NULL)
        return process_update(s, MESSAGE_SIGN, ARG(param, n_param), IN(in, n));
    return process_sign(s, ARG(param, n_param), IN(in, n), true, OUT(out, out_n));
}

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_init(s, MESSAGE_VERIFY, m, key);
}

CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param), CKR_ARGUMENTS_BAD);
    return process_begin(s, MESSAGE_VERIFY, ARG(param, n_param));
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_final(s, MESSAGE_VERIFY);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                      CK_ULONG n, CK_BYTE_PTR signature, CK_ULONG signature_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n) && GIVEN(signature, signature_n),
           CKR_ARGUMENTS_BAD);
    return process_verify(s, ARG(param, n_param), IN(in, n), false, IN(signature, signature_n));
}

/* The last part has the signature. */
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                          CK_ULONG n, CK_BYTE_PTR signature, CK_ULONG signature_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n) && GIVEN(signature, signature_n),
           CKR_ARGUMENTS_BAD);
    if (signature == NULL)
        return process_update(s, MESSAGE_VERIFY, ARG(param, n_param), IN(in, n));
    return process_verify(s, ARG(param, n_param), IN(in, n), true, IN(signature, signature_n));
}
