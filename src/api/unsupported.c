/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unsupported.c - what the standard has and this token does not do: asynchronous functions, which
 * no session is opened for. Each is a real function: it checks library and session as any other.
 */
#include "core/session.h"

/* The parameters are the standard's; nothing is done with them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static CK_RV unsupported(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    FAIL(CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_AsyncComplete(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
                      CK_ASYNC_DATA_PTR pResult)
{
    return unsupported(hSession);
}

CK_RV C_AsyncGetID(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG_PTR pulID)
{
    return unsupported(hSession);
}

CK_RV C_AsyncJoin(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG ulID,
                  CK_BYTE_PTR pData, CK_ULONG ulData)
{
    return unsupported(hSession);
}
