/* SPDX-License-Identifier: BSD-2-Clause */
/* slot.c - slots and what C_GetTokenInfo says of them; see slot.h. */
#include "core/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/lib.h"
#include "core/session.h"
#include "core/token.h"
#include "crypto/ossl.h"
#include "util/log.h"
#include "version.h"

#define MANUFACTURER "tee-pkcs11"

/* The tokens of the store: verified where it is open, else as the disk says. */
struct token_list {
    struct token_info *v; /* by rising slot number */
    size_t n;
    bool verified;
};

static void token_list_clear(struct token_list *l)
{
    free(l->v);
    *l = (struct token_list){0};
}

void text_pad(const char *text, uint8_t *ret, size_t n)
{
    const size_t length = strnlen(text, n);

    memcpy(ret, text, length);
    memset(ret + length, ' ', n - length);
}

static CK_RV read_tokens(struct token_list *ret)
{
    AUTO(keyring_unrefp) struct keyring *k = lib_keyring_if_open();
    AUTO(store_unrefp) struct store *s = NULL;
    CK_RV rv;

    if (k != NULL) {
        ret->verified = true;
        TRY(tokens_list(k, &ret->v, &ret->n));
        return CKR_OK;
    }
    rv = lib_store(&s);
    if (rv == CKR_TOKEN_NOT_PRESENT)
        return CKR_OK; /* no store yet: the free slot alone */
    TRY(rv);
    TRY(tokens_peek(s, &ret->v, &ret->n));
    return CKR_OK;
}

/* Numbers rise and are never given again, so the next one is free. */
static CK_SLOT_ID free_slot(const struct token_list *l)
{
    return l->n == 0 ? 0 : l->v[l->n - 1].slot + 1;
}

static const struct token_info *find_token(const struct token_list *l, CK_SLOT_ID slot)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].slot == slot)
            return &l->v[i];
    }
    return NULL;
}

CK_RV slot_list(bool token_present, CK_SLOT_ID **ret, size_t *ret_n)
{
    AUTO(token_list_clear) struct token_list tokens = {0};
    CK_SLOT_ID *slots;

    /* The free slot has a (not initialised) token in it too. */
    (void)token_present;
    TRY(read_tokens(&tokens));
    slots = calloc(tokens.n + 1, sizeof(*slots));
    ENSURE(slots != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < tokens.n; i++)
        slots[i] = tokens.v[i].slot;
    slots[tokens.n] = free_slot(&tokens);
    *ret = slots;
    *ret_n = tokens.n + 1;
    return CKR_OK;
}

CK_RV slot_check(CK_SLOT_ID slot)
{
    AUTO(token_list_clear) struct token_list tokens = {0};

    TRY(read_tokens(&tokens));
    ENSURE(find_token(&tokens, slot) != NULL || slot == free_slot(&tokens), CKR_SLOT_ID_INVALID);
    return CKR_OK;
}

CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *ret)
{
    char description[64];

    TRY(slot_check(slot));
    (void)snprintf(description, sizeof(description), "TEE token slot %lu", slot);
    *ret = (CK_SLOT_INFO){.flags = CKF_TOKEN_PRESENT};
    text_pad(description, ret->slotDescription, sizeof(ret->slotDescription));
    text_pad(MANUFACTURER, ret->manufacturerID, sizeof(ret->manufacturerID));
    ret->hardwareVersion = (CK_VERSION){TEE_VERSION_MAJOR, TEE_VERSION_MINOR};
    ret->firmwareVersion = (CK_VERSION){TEE_VERSION_MAJOR, TEE_VERSION_MINOR};
    return CKR_OK;
}

/* CKF_*_COUNT_LOW, FINAL_TRY, LOCKED of one role. */
static CK_FLAGS pin_flags(const struct token_info *t, enum role role)
{
    static const struct {
        CK_FLAGS low, final, locked;
    } flags[] = {
        [ROLE_SO] = {CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED},
        [ROLE_USER] = {CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED},
    };
    const uint32_t fails = t->fails[role];
    CK_FLAGS ret = 0;

    if (fails > 0)
        ret |= flags[role].low;
    if (fails + 1 == t->pin_tries)
        ret |= flags[role].final;
    if (fails >= t->pin_tries)
        ret |= flags[role].locked;
    return ret;
}

static CK_FLAGS token_flags(const struct token_info *t)
{
    CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED |
                     CKF_RESTORE_KEY_NOT_NEEDED; /* only digests are saved (core/state.h) */

    if (t->user_pin_set)
        flags |= CKF_USER_PIN_INITIALIZED;
    return flags | pin_flags(t, ROLE_SO) | pin_flags(t, ROLE_USER);
}

/* What protects the token, in the field that clients show. */
static void fill_model(CK_TOKEN_INFO *ret)
{
    AUTO(keyring_unrefp) struct keyring *k = lib_keyring_if_open();
    char model[32];

    (void)snprintf(model, sizeof(model), "%s",
                   k != NULL ? keyring_root_name(k) : conf_root_name(lib_conf()->root));
    text_pad(model, ret->model, sizeof(ret->model));
}

static void fill_common(CK_TOKEN_INFO *ret)
{
    memset(ret, 0, sizeof(*ret));
    text_pad(MANUFACTURER, ret->manufacturerID, sizeof(ret->manufacturerID));
    fill_model(ret);
    ret->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    ret->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    ret->ulMaxPinLen = PIN_MAX;
    ret->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    ret->hardwareVersion = (CK_VERSION){TEE_VERSION_MAJOR, TEE_VERSION_MINOR};
    ret->firmwareVersion = (CK_VERSION){TEE_VERSION_MAJOR, TEE_VERSION_MINOR};
    text_pad("", ret->utcTime, sizeof(ret->utcTime));
}

CK_RV slot_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *ret)
{
    AUTO(token_list_clear) struct token_list tokens = {0};
    const struct token_info *t;
    CK_TOKEN_INFO info;

    TRY(read_tokens(&tokens));
    t = find_token(&tokens, slot);
    ENSURE(t != NULL || slot == free_slot(&tokens), CKR_SLOT_ID_INVALID);
    fill_common(&info);
    info.ulMinPinLen = lib_conf()->pin_min;
    if (t == NULL) {
        text_pad("", info.label, sizeof(info.label));
        text_pad("", info.serialNumber, sizeof(info.serialNumber));
        info.flags = CKF_RNG | CKF_LOGIN_REQUIRED;
        *ret = info;
        return CKR_OK;
    }
    memcpy(info.label, t->label, sizeof(info.label));
    text_pad(t->serial, info.serialNumber, sizeof(info.serialNumber));
    info.ulMinPinLen = t->pin_min;
    info.flags = token_flags(t);
    sessions_count(slot, &info.ulSessionCount, &info.ulRwSessionCount);
    *ret = info;
    return CKR_OK;
}

static CK_RV find_verified(struct keyring *k, CK_SLOT_ID slot, struct token_info *ret)
{
    AUTO(token_list_clear) struct token_list tokens = {0};
    const struct token_info *t;

    TRY(tokens_list(k, &tokens.v, &tokens.n));
    t = find_token(&tokens, slot);
    if (t == NULL && slot == free_slot(&tokens))
        FAIL(CKR_TOKEN_NOT_RECOGNIZED);
    ENSURE(t != NULL, CKR_SLOT_ID_INVALID);
    *ret = *t;
    return CKR_OK;
}

CK_RV slot_open(CK_SLOT_ID slot, struct keyring **ret_keyring, struct token_info *ret)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    const CK_RV rv = lib_keyring(&k);

    if (rv == CKR_TOKEN_NOT_PRESENT) {
        ENSURE(slot == 0, CKR_SLOT_ID_INVALID);
        FAIL(CKR_TOKEN_NOT_RECOGNIZED);
    }
    /* A store that cannot be opened has its slots all the same. */
    if (rv != CKR_OK)
        TRY(slot_check(slot));
    TRY(rv);
    TRY(find_verified(k, slot, ret));
    /* Its secret may have to be asked of the device: now, not inside somebody's transaction. */
    TRY(token_prepare(k, ret->id));
    *ret_keyring = TAKE(k);
    return CKR_OK;
}

/* A slot number that exists, before anything is asked of the device or written. */
static CK_RV check_init_slot(CK_SLOT_ID slot)
{
    CK_ULONG sessions, rw;

    TRY(slot_check(slot));
    sessions_count(slot, &sessions, &rw);
    ENSURE(sessions == 0, CKR_SESSION_EXISTS);
    return CKR_OK;
}

CK_RV slot_init_token(CK_SLOT_ID slot, struct span so_pin, const uint8_t label[32])
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    struct token_info old, renewed;
    CK_RV rv;

    TRY(check_init_slot(slot));
    TRY(lib_keyring_create(&k));
    rv = find_verified(k, slot, &old);
    if (rv == CKR_TOKEN_NOT_RECOGNIZED) {
        TRY(token_create(k, slot, so_pin, label, &renewed));
        return CKR_OK;
    }
    TRY(rv);
    TRY(token_renew(k, old.id, so_pin, label, &renewed));
    token_retire(old.id);
    return CKR_OK;
}
