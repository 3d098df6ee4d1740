/* SPDX-License-Identifier: BSD-2-Clause */
/* digest.c - message digesting functions (PKCS#11 v3.2 5.12). */
#include "api/arguments.h"
#include "core/operation.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_init(s, OP_DIGEST, m, CK_INVALID_HANDLE);
}

CK_RV C_Digest(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n) && out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_once(s, OP_DIGEST, IN(in, n), OUT(out, out_n));
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(in, n), CKR_ARGUMENTS_BAD);
    return operation_update(s, OP_DIGEST, IN(in, n), NULL);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return operation_digest_key(s, key);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE h, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(out_n != NULL, CKR_ARGUMENTS_BAD);
    return operation_final(s, OP_DIGEST, OUT(out, out_n));
}
