/* SPDX-License-Identifier: BSD-2-Clause */
/* random.c - random number generation functions (PKCS#11 v3.2 5.19) and the legacy parallel ones.
 */
#include "api/arguments.h"
#include "crypto/prim.h"

/* The generator seeds itself from the kernel; what an application adds could only be hoped to help.
 */
CK_RV C_SeedRandom(CK_SESSION_HANDLE h, CK_BYTE_PTR seed, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(seed, n), CKR_ARGUMENTS_BAD);
    FAIL(CKR_RANDOM_SEED_NOT_SUPPORTED);
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE h, CK_BYTE_PTR out, CK_ULONG n)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(out, n), CKR_ARGUMENTS_BAD);
    return prim_random(out, n);
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    FAIL(CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    FAIL(CKR_FUNCTION_NOT_PARALLEL);
}
