/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interface.c - the function lists of versions 2.40, 3.0 and 3.2 and how they are asked for
 * (PKCS#11 v3.2 5.4). The only three names that the module exports are here.
 */
#include <string.h>

#include "util/guard.h"

#define EXPORT __attribute__((visibility("default")))

#define MEMBER(name) .name = name,

/* In the order of the standard's lists. */
#define FUNCTIONS_2_40(F)                                                                          \
    F(C_Initialize)                                                                                \
    F(C_Finalize) F(C_GetInfo) F(C_GetFunctionList) F(C_GetSlotList) F(C_GetSlotInfo) F(           \
        C_GetTokenInfo) F(C_WaitForSlotEvent) F(C_GetMechanismList) F(C_GetMechanismInfo)          \
        F(C_InitToken) F(C_InitPIN) F(C_SetPIN) F(C_OpenSession) F(C_CloseSession) F(              \
            C_CloseAllSessions) F(C_GetSessionInfo) F(C_GetOperationState) F(C_SetOperationState)  \
            F(C_Login) F(C_Logout) F(C_CreateObject) F(C_CopyObject) F(C_DestroyObject) F(         \
                C_GetObjectSize) F(C_GetAttributeValue) F(C_SetAttributeValue)                     \
                F(C_FindObjectsInit) F(C_FindObjects) F(C_FindObjectsFinal) F(C_EncryptInit) F(    \
                    C_Encrypt) F(C_EncryptUpdate) F(C_EncryptFinal) F(C_DecryptInit) F(C_Decrypt)  \
                    F(C_DecryptUpdate) F(C_DecryptFinal) F(C_DigestInit) F(C_Digest)               \
                        F(C_DigestUpdate) F(C_DigestKey) F(C_DigestFinal) F(C_SignInit) F(C_Sign)  \
                            F(C_SignUpdate) F(C_SignFinal) F(C_SignRecoverInit) F(C_SignRecover)   \
                                F(C_VerifyInit) F(C_Verify) F(C_VerifyUpdate) F(C_VerifyFinal)     \
                                    F(C_VerifyRecoverInit) F(C_VerifyRecover)                      \
                                        F(C_DigestEncryptUpdate) F(C_DecryptDigestUpdate)          \
                                            F(C_SignEncryptUpdate) F(C_DecryptVerifyUpdate)        \
                                                F(C_GenerateKey) F(C_GenerateKeyPair) F(C_WrapKey) \
                                                    F(C_UnwrapKey) F(C_DeriveKey) F(C_SeedRandom)  \
                                                        F(C_GenerateRandom) F(C_GetFunctionStatus) \
                                                            F(C_CancelFunction)

#define FUNCTIONS_3_0(F)                                                                           \
    F(C_GetInterfaceList)                                                                          \
    F(C_GetInterface) F(C_LoginUser) F(C_SessionCancel) F(C_MessageEncryptInit)                    \
        F(C_EncryptMessage) F(C_EncryptMessageBegin) F(C_EncryptMessageNext)                       \
            F(C_MessageEncryptFinal) F(C_MessageDecryptInit) F(C_DecryptMessage)                   \
                F(C_DecryptMessageBegin) F(C_DecryptMessageNext) F(C_MessageDecryptFinal)          \
                    F(C_MessageSignInit) F(C_SignMessage) F(C_SignMessageBegin)                    \
                        F(C_SignMessageNext) F(C_MessageSignFinal) F(C_MessageVerifyInit)          \
                            F(C_VerifyMessage) F(C_VerifyMessageBegin) F(C_VerifyMessageNext)      \
                                F(C_MessageVerifyFinal)

#define FUNCTIONS_3_2(F)                                                                           \
    F(C_EncapsulateKey)                                                                            \
    F(C_DecapsulateKey) F(C_VerifySignatureInit) F(C_VerifySignature) F(C_VerifySignatureUpdate)   \
        F(C_VerifySignatureFinal) F(C_GetSessionValidationFlags) F(C_AsyncComplete)                \
            F(C_AsyncGetID) F(C_AsyncJoin) F(C_WrapKeyAuthenticated) F(C_UnwrapKeyAuthenticated)

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);
EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count);
EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                            CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags);

/* The standard hands these out through pointers to non-const. */
static CK_FUNCTION_LIST list_2_40 = {.version = {2, 40}, FUNCTIONS_2_40(MEMBER)};
static CK_FUNCTION_LIST_3_0 list_3_0 = {.version = {3, 0},
                                        FUNCTIONS_2_40(MEMBER) FUNCTIONS_3_0(MEMBER)};
static CK_FUNCTION_LIST_3_2 list_3_2 = {
    .version = {3, 2}, FUNCTIONS_2_40(MEMBER) FUNCTIONS_3_0(MEMBER) FUNCTIONS_3_2(MEMBER)};

static CK_UTF8CHAR interface_name[] = "PKCS 11";

/* The first one is the default. Forking is survived: CKF_INTERFACE_FORK_SAFE is not claimed, as a
 * child must call C_Initialize again. */
static CK_INTERFACE interfaces[] = {
    {interface_name, &list_3_2, 0},
    {interface_name, &list_3_0, 0},
    {interface_name, &list_2_40, 0},
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    ENSURE(list != NULL, CKR_ARGUMENTS_BAD);
    *list = &list_2_40;
    return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
    CK_ULONG room;

    ENSURE(count != NULL, CKR_ARGUMENTS_BAD);
    room = *count;
    *count = N_ELEMENTS(interfaces);
    if (list == NULL)
        return CKR_OK;
    ENSURE(room >= N_ELEMENTS(interfaces), CKR_BUFFER_TOO_SMALL);
    memcpy(list, interfaces, sizeof(interfaces));
    return CKR_OK;
}

/* Every function list starts with its version. */
static bool version_is(const CK_INTERFACE *i, const CK_VERSION *wanted)
{
    const CK_VERSION *version = i->pFunctionList;

    return version->major == wanted->major && version->minor == wanted->minor;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface,
                     CK_FLAGS flags)
{
    ENSURE(interface != NULL, CKR_ARGUMENTS_BAD);
    for (size_t i = 0; i < N_ELEMENTS(interfaces); i++) {
        const CK_INTERFACE *candidate = &interfaces[i];

        if (name != NULL && strcmp((const char *)name, (const char *)interface_name) != 0)
            continue;
        if (version != NULL && !version_is(candidate, version))
            continue;
        if ((candidate->flags & flags) != flags)
            continue;
        *interface = &interfaces[i];
        return CKR_OK;
    }
    FAIL(CKR_ARGUMENTS_BAD);
}
