/* SPDX-License-Identifier: BSD-2-Clause */
/* p11.c - a module, its token, sessions and searches; see p11.h. */
#include "bench/p11.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/fault.h"

#define SLOTS_MAX 256

CK_RV p11_load(struct p11 *m, const char *path, const char *token, const char *pin)
{
    CK_C_GetFunctionList get_list = NULL;
    void *library = NULL;

    memset(m, 0, sizeof(*m));
    ENSURE(strlen(token) <= sizeof(m->token) && strlen(pin) <= sizeof(m->pin), CKR_ARGUMENTS_BAD);
    memset(m->token, ' ', sizeof(m->token));
    memcpy(m->token, token, strlen(token));
    memcpy(m->pin, pin, strlen(pin));
    m->n_pin = (CK_ULONG)strlen(pin);
    m->parameters = strstr(path, "softokn") != NULL ? getenv("NSS_LIB_PARAMS") : NULL;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        *(void **)&get_list = dlsym(library, "C_GetFunctionList");
    if (get_list == NULL)
        fprintf(stderr, "p11bench: %s: %s\n", path, dlerror());
    ENSURE(get_list != NULL, CKR_GENERAL_ERROR);
    return get_list(&m->f);
}

/* NSS's softoken has a member more than the standard, and where pReserved is, a text that says
 * where its database is. */
struct initialize_args {
    CK_C_INITIALIZE_ARGS args;
    void *reserved;
};

CK_RV p11_initialize(struct p11 *m)
{
    struct initialize_args a = {.args = {.flags = CKF_OS_LOCKING_OK}};

    a.args.pReserved = m->parameters;
    return m->f->C_Initialize(&a);
}

/* Is this the slot? Asked with what C_GetTokenInfo says of it. */
typedef bool slot_test(const struct p11 *m, const CK_TOKEN_INFO *info);

static bool is_free(const struct p11 *m, const CK_TOKEN_INFO *info)
{
    (void)m;
    return (info->flags & CKF_TOKEN_INITIALIZED) == 0;
}

static bool is_ours(const struct p11 *m, const CK_TOKEN_INFO *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
           memcmp(info->label, m->token, sizeof(m->token)) == 0;
}

NODISCARD static CK_RV slot_find(struct p11 *m, slot_test *test, CK_RV none, CK_SLOT_ID *ret)
{
    CK_SLOT_ID slots[SLOTS_MAX] = {0};
    CK_ULONG n = SLOTS_MAX;

    TRY(m->f->C_GetSlotList(CK_TRUE, slots, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info = {0};

        if (m->f->C_GetTokenInfo(slots[i], &info) == CKR_OK && test(m, &info)) {
            *ret = slots[i];
            return CKR_OK;
        }
    }
    FAIL(none);
}

NODISCARD static CK_RV so_set_pin(struct p11 *m, CK_UTF8CHAR *so_pin, CK_ULONG n)
{
    CK_SESSION_HANDLE session = 0;

    TRY(slot_find(m, is_ours, CKR_TOKEN_NOT_PRESENT, &m->slot));
    TRY(p11_session(m, &session));
    TRY(m->f->C_Login(session, CKU_SO, so_pin, n));
    TRY(m->f->C_InitPIN(session, m->pin, m->n_pin));
    TRY(m->f->C_Logout(session));
    return m->f->C_CloseSession(session);
}

NODISCARD static CK_RV token_make(struct p11 *m, CK_UTF8CHAR *so_pin, CK_ULONG n)
{
    CK_SLOT_ID slot = 0;

    TRY(slot_find(m, is_free, CKR_SLOT_ID_INVALID, &slot));
    TRY(m->f->C_InitToken(slot, so_pin, n, m->token));
    return so_set_pin(m, so_pin, n);
}

CK_RV p11_make_token(struct p11 *m, const char *so_pin)
{
    CK_UTF8CHAR pin[P11_PIN_MAX] = {0};
    CK_RV rv = CKR_OK;

    ENSURE(strlen(so_pin) <= sizeof(pin), CKR_ARGUMENTS_BAD);
    memcpy(pin, so_pin, strlen(so_pin));
    TRY(p11_initialize(m));
    rv = token_make(m, pin, (CK_ULONG)strlen(so_pin));
    m->f->C_Finalize(NULL);
    return rv;
}

CK_RV p11_login(struct p11 *m)
{
    return m->f->C_Login(m->session, CKU_USER, m->pin, m->n_pin);
}

NODISCARD static CK_RV token_enter(struct p11 *m)
{
    TRY(slot_find(m, is_ours, CKR_TOKEN_NOT_PRESENT, &m->slot));
    return p11_session(m, &m->session);
}

CK_RV p11_up_public(struct p11 *m)
{
    CK_RV rv = CKR_OK;

    TRY(p11_initialize(m));
    rv = token_enter(m);
    m->up = rv == CKR_OK;
    if (!m->up)
        m->f->C_Finalize(NULL);
    return rv;
}

CK_RV p11_up(struct p11 *m)
{
    CK_RV rv = CKR_OK;

    if (m->up)
        return CKR_OK;
    TRY(p11_up_public(m));
    rv = p11_login(m);
    if (rv != CKR_OK)
        p11_down(m);
    return rv;
}

void p11_down(struct p11 *m)
{
    if (m->up)
        m->f->C_Finalize(NULL);
    m->up = false;
}

CK_RV p11_session(const struct p11 *m, CK_SESSION_HANDLE *ret)
{
    return m->f->C_OpenSession(m->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);
}

CK_RV p11_find(const struct p11 *m, CK_SESSION_HANDLE session, struct template *t,
               CK_OBJECT_HANDLE *ret, size_t room, size_t *ret_n)
{
    CK_ULONG got = 0;
    CK_RV rv = CKR_OK;

    TRY(m->f->C_FindObjectsInit(session, t->a, t->n));
    rv = m->f->C_FindObjects(session, ret, (CK_ULONG)room, &got);
    TRY(m->f->C_FindObjectsFinal(session));
    TRY(rv);
    *ret_n = got;
    return CKR_OK;
}

CK_RV p11_find_one(const struct p11 *m, CK_SESSION_HANDLE session, struct template *t,
                   CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_HANDLE found[2] = {0};
    size_t n = 0;

    TRY(p11_find(m, session, t, found, N_ELEMENTS(found), &n));
    if (n != 1)
        return fault_wrong("a search for one object gave %zu%s", n, n > 1 ? " or more" : "");
    *ret = found[0];
    return CKR_OK;
}

CK_RV p11_attribute(const struct p11 *m, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                    uint8_t *ret, size_t *inout_n)
{
    CK_ATTRIBUTE a = {.type = type, .pValue = ret, .ulValueLen = (CK_ULONG)*inout_n};

    TRY(m->f->C_GetAttributeValue(m->session, object, &a, 1));
    ENSURE(a.ulValueLen != CK_UNAVAILABLE_INFORMATION, CKR_ATTRIBUTE_TYPE_INVALID);
    *inout_n = a.ulValueLen;
    return CKR_OK;
}
