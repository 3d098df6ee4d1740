/* SPDX-License-Identifier: BSD-2-Clause */
/* dual.c - dual-function cryptographic functions (PKCS#11 v3.2 5.17). */
#include "api/arguments.h"
#include "core/operation.h"

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                            CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_encrypt_also(s, OP_DIGEST, IN(in, n), OUT(out, out_n));
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                            CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_decrypt_also(s, OP_DIGEST, IN(in, n), OUT(out, out_n));
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                          CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_encrypt_also(s, OP_SIGN, IN(in, n), OUT(out, out_n));
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out,
                            CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_decrypt_also(s, OP_VERIFY, IN(in, n), OUT(out, out_n));
}
