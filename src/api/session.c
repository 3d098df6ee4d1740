/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - session management functions (PKCS#11 v3.2 5.6). */
#include "api/arguments.h"
#include "core/find.h"
#include "core/lib.h"
#include "core/operation.h"
#include "core/slot.h"
#include "core/state.h"
#include "crypto/ossl.h"

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                    CK_SESSION_HANDLE_PTR ret)
{
    AUTO(lib_leavep) bool in = false;

    /* Nothing here ever surrenders or notifies: the callback has no use. */
    (void)application;
    (void)notify;
    TRY(lib_enter());
    lib_leave();
    /* Before any lock: libcrypto may load the application's configuration (crypto/ossl.h). */
    TRY(crypto_ready());
    TRY(lib_enter());
    in = true;
    ENSURE(ret != NULL, CKR_ARGUMENTS_BAD);
    ENSURE((flags & CKF_SERIAL_SESSION) != 0, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    return session_open(slot, (flags & CKF_RW_SESSION) != 0, ret);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE h)
{
    AUTO(lib_leavep) bool in = false;

    TRY(lib_enter());
    in = true;
    return session_close(h);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
    AUTO(lib_leavep) bool in = false;

    TRY(lib_enter());
    in = true;
    TRY(slot_check(slot));
    sessions_close_slot(slot);
    return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE h, CK_SESSION_INFO_PTR info)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(info != NULL, CKR_ARGUMENTS_BAD);
    *info = (CK_SESSION_INFO){.slotID = token_slot(s->token),
                              .state = session_state(s),
                              .flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0)};
    return CKR_OK;
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE h, CK_FLAGS flags)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    operations_cancel(s, flags);
    if ((flags & CKF_FIND_OBJECTS) != 0)
        find_end(s);
    return CKR_OK;
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE h, CK_BYTE_PTR state, CK_ULONG_PTR len)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(len != NULL, CKR_ARGUMENTS_BAD);
    return state_save(s, OUT(state, len));
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE h, CK_BYTE_PTR state, CK_ULONG len,
                          CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(GIVEN(state, len), CKR_ARGUMENTS_BAD);
    return state_restore(s, IN(state, len), encryption_key, authentication_key);
}

static CK_RV log_in(struct session *s, CK_USER_TYPE user, struct span pin)
{
    static const struct {
        CK_USER_TYPE user;
        enum role role;
    } roles[] = {{CKU_SO, ROLE_SO}, {CKU_USER, ROLE_USER}};

    if (user == CKU_CONTEXT_SPECIFIC)
        return operation_authenticate(s, pin);
    for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
        if (roles[i].user == user)
            return token_log_in(s->token, roles[i].role, pin);
    }
    FAIL(CKR_USER_TYPE_INVALID);
}

CK_RV C_Login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(pin != NULL || pin_len == 0, CKR_ARGUMENTS_BAD);
    return log_in(s, user, span_of(pin, pin_len));
}

/* There is one user of each type, without a name. */
CK_RV C_LoginUser(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len,
                  CK_UTF8CHAR_PTR name, CK_ULONG name_len)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE((pin != NULL || pin_len == 0) && (name != NULL || name_len == 0), CKR_ARGUMENTS_BAD);
    ENSURE(name_len == 0, CKR_USER_TYPE_INVALID);
    return log_in(s, user, span_of(pin, pin_len));
}

CK_RV C_Logout(CK_SESSION_HANDLE h)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    return session_log_out(s);
}

CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE h, CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                  CK_FLAGS_PTR flags)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(flags != NULL, CKR_ARGUMENTS_BAD);
    ENSURE(type == CKS_LAST_VALIDATION_OK, CKR_ARGUMENTS_BAD);
    /* No validation (FIPS or other) is claimed. */
    *flags = 0;
    return CKR_OK;
}
