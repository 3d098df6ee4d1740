/* SPDX-License-Identifier: BSD-2-Clause */
/* message_crypt.c - message-based encryption and decryption (PKCS#11 v3.2 5.9, 5.11). */
#include "api/arguments.h"
#include "core/process.h"

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_init(s, MESSAGE_ENCRYPT, m, key);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR aad,
                       CK_ULONG aad_n, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                       CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(aad, aad_n) && GIVEN(in, n) && out_n != NULL,
           CKR_ARGUMENTS_BAD);
    return process_crypt_once(s, MESSAGE_ENCRYPT, ARG(param, n_param), IN(aad, aad_n), IN(in, n),
                              OUT(out, out_n));
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param,
                            CK_BYTE_PTR aad, CK_ULONG aad_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(aad, aad_n), CKR_ARGUMENTS_BAD);
    return process_crypt_begin(s, MESSAGE_ENCRYPT, ARG(param, n_param), IN(aad, aad_n));
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                           CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n, CK_FLAGS flags)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return process_crypt_next(s, MESSAGE_ENCRYPT, ARG(param, n_param), IN(in, n), flags,
                              OUT(out, out_n));
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_final(s, MESSAGE_ENCRYPT);
}

CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_init(s, MESSAGE_DECRYPT, m, key);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR aad,
                       CK_ULONG aad_n, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                       CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(aad, aad_n) && GIVEN(in, n) && out_n != NULL,
           CKR_ARGUMENTS_BAD);
    return process_crypt_once(s, MESSAGE_DECRYPT, ARG(param, n_param), IN(aad, aad_n), IN(in, n),
                              OUT(out, out_n));
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param,
                            CK_BYTE_PTR aad, CK_ULONG aad_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(aad, aad_n), CKR_ARGUMENTS_BAD);
    return process_crypt_begin(s, MESSAGE_DECRYPT, ARG(param, n_param), IN(aad, aad_n));
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE h, CK_VOID_PTR param, CK_ULONG n_param, CK_BYTE_PTR in,
                           CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n, CK_FLAGS flags)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(param, n_param) && GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return process_crypt_next(s, MESSAGE_DECRYPT, ARG(param, n_param), IN(in, n), flags,
                              OUT(out, out_n));
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return process_final(s, MESSAGE_DECRYPT);
}
