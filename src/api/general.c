/* SPDX-License-Identifier: BSD-2-Clause */
/* general.c - general-purpose functions (PKCS#11 v3.2 5.4), interfaces excepted (interface.c). */
#include "core/lib.h"
#include "core/slot.h"
#include "version.h"

/* Locking is the operating system's: an application that has only its own mutexes to offer can't
 * be served, one that offers both, or none, can. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args)
{
    const bool any = args->CreateMutex != NULL || args->DestroyMutex != NULL ||
                     args->LockMutex != NULL || args->UnlockMutex != NULL;
    const bool all = args->CreateMutex != NULL && args->DestroyMutex != NULL &&
                     args->LockMutex != NULL && args->UnlockMutex != NULL;

    ENSURE(args->pReserved == NULL, CKR_ARGUMENTS_BAD);
    ENSURE(any == all, CKR_ARGUMENTS_BAD);
    ENSURE(!any || (args->flags & CKF_OS_LOCKING_OK) != 0, CKR_CANT_LOCK);
    return CKR_OK;
}

CK_RV C_Initialize(CK_VOID_PTR args)
{
    if (args != NULL)
        TRY(check_arguments(args));
    return lib_initialize();
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
    ENSURE(reserved == NULL, CKR_ARGUMENTS_BAD);
    return lib_finalize();
}

CK_RV C_GetInfo(CK_INFO_PTR info)
{
    AUTO(lib_leavep) bool in = false;
    CK_INFO ret = {.cryptokiVersion = {3, 2},
                   .libraryVersion = {TEE_VERSION_MAJOR, TEE_VERSION_MINOR}};

    TRY(lib_enter());
    in = true;
    ENSURE(info != NULL, CKR_ARGUMENTS_BAD);
    text_pad("tee-pkcs11", ret.manufacturerID, sizeof(ret.manufacturerID));
    text_pad("PKCS#11 for confidential VMs", ret.libraryDescription,
             sizeof(ret.libraryDescription));
    *info = ret;
    return CKR_OK;
}
