/* SPDX-License-Identifier: BSD-2-Clause */
/* slot.c - slot and token management functions (PKCS#11 v3.2 5.5). */
#include "core/slot.h"

#include <stdlib.h>
#include <string.h>

#include "core/lib.h"
#include "core/session.h"
#include "crypto/message.h"
#include "crypto/ossl.h"

static void free_slots(CK_SLOT_ID **v)
{
    free(*v);
}

/* The output rule for a list of n items of `size` bytes: *count is in items. */
static CK_RV list_out(const void *items, size_t n, size_t size, void *list, CK_ULONG *count)
{
    const CK_ULONG room = *count;

    *count = (CK_ULONG)n;
    if (list == NULL)
        return CKR_OK;
    ENSURE(room >= n, CKR_BUFFER_TOO_SMALL);
    if (n > 0)
        memcpy(list, items, n * size);
    return CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
    AUTO(lib_leavep) bool in = false;
    AUTO(free_slots) CK_SLOT_ID *slots = NULL;
    size_t n = 0;

    TRY(lib_enter());
    in = true;
    ENSURE(count != NULL, CKR_ARGUMENTS_BAD);
    TRY(slot_list(token_present != CK_FALSE, &slots, &n));
    return list_out(slots, n, sizeof(*slots), list, count);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
    AUTO(lib_leavep) bool in = false;

    TRY(lib_enter());
    in = true;
    ENSURE(info != NULL, CKR_ARGUMENTS_BAD);
    return slot_info(slot, info);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
    AUTO(lib_leavep) bool in = false;

    TRY(lib_enter());
    in = true;
    ENSURE(info != NULL, CKR_ARGUMENTS_BAD);
    return slot_token_info(slot, info);
}

/* Nothing is ever put into a slot or taken out, so the only event there can be is the end. The
 * library is left while waiting, so that C_Finalize can happen. */
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
    uint64_t ends;

    TRY(lib_enter());
    ends = lib_ends();
    lib_leave();
    ENSURE(slot != NULL && reserved == NULL, CKR_ARGUMENTS_BAD);
    ENSURE((flags & CKF_DONT_BLOCK) == 0, CKR_NO_EVENT);
    lib_wait_for_end(ends);
    FAIL(CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void free_types(CK_MECHANISM_TYPE **v)
{
    free(*v);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
    AUTO(lib_leavep) bool in = false;
    AUTO(free_types) CK_MECHANISM_TYPE *types = NULL;
    size_t n = 0;

    TRY(lib_enter());
    in = true;
    ENSURE(count != NULL, CKR_ARGUMENTS_BAD);
    TRY(slot_check(slot));
    types = calloc(n_mechs, sizeof(*types));
    ENSURE(types != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n_mechs; i++) {
        if (mech_enabled(&mechs[i]))
            types[n++] = mechs[i].type;
    }
    return list_out(types, n, sizeof(*types), list, count);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
    AUTO(lib_leavep) bool in = false;
    const struct mech *row;

    TRY(lib_enter());
    in = true;
    ENSURE(info != NULL, CKR_ARGUMENTS_BAD);
    TRY(slot_check(slot));
    row = mech_find_enabled(type);
    ENSURE(row != NULL, CKR_MECHANISM_INVALID);
    *info = (CK_MECHANISM_INFO){row->min, row->max, mech_flags(row) | message_flags(row)};
    return CKR_OK;
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
    AUTO(lib_leavep) bool in = false;
    uint8_t copy[32];

    TRY(lib_enter());
    lib_leave();
    /* Before any lock: libcrypto may load the application's configuration (crypto/ossl.h). */
    TRY(crypto_ready());
    TRY(lib_enter());
    in = true;
    ENSURE(label != NULL && (pin != NULL || pin_len == 0), CKR_ARGUMENTS_BAD);
    ENSURE(pin_len <= PIN_MAX, CKR_PIN_LEN_RANGE);
    memcpy(copy, label, sizeof(copy));
    return slot_init_token(slot, span_of(pin, pin_len), copy);
}

CK_RV C_InitPIN(CK_SESSION_HANDLE h, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE(pin != NULL || pin_len == 0, CKR_ARGUMENTS_BAD);
    ENSURE(pin_len <= PIN_MAX, CKR_PIN_LEN_RANGE);
    return token_set_user_pin(s->token, span_of(pin, pin_len));
}

CK_RV C_SetPIN(CK_SESSION_HANDLE h, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
               CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len)
{
    AUTO(session_leavep) struct session *s = NULL;

    TRY(session_enter(h, &s));
    ENSURE((old_pin != NULL || old_len == 0) && (new_pin != NULL || new_len == 0),
           CKR_ARGUMENTS_BAD);
    ENSURE(s->rw, CKR_SESSION_READ_ONLY);
    ENSURE(new_len <= PIN_MAX && old_len <= PIN_MAX, CKR_PIN_LEN_RANGE);
    return token_change_pin(s->token, span_of(old_pin, old_len), span_of(new_pin, new_len));
}
