/* SPDX-License-Identifier: BSD-2-Clause */
/* encrypt.c - encryption and decryption functions (PKCS#11 v3.2 5.8, 5.10). */
#include "api/arguments.h"
#include "core/operation.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_ENCRYPT, m, key);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_ENCRYPT, IN(in, n), OUT(out, out_n));
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                      CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_update(s, OP_ENCRYPT, IN(in, n), OUT(out, out_n));
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE h, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_final(s, OP_ENCRYPT, OUT(out, out_n));
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_DECRYPT, m, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_DECRYPT, IN(in, n), OUT(out, out_n));
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                      CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_update(s, OP_DECRYPT, IN(in, n), OUT(out, out_n));
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE h, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_final(s, OP_DECRYPT, OUT(out, out_n));
}
