/* SPDX-License-Identifier: BSD-2-Clause */
/* dek_object.c - DEK generations as objects, and rotation by the SO; see dek_object.h. */
#include "core/dek_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/template.h"
#include "tee-pkcs11.h"
#include "util/log.h"

#define LOGIN_STEPS 4 /* transactions of a rotation, at most, when somebody logs in */

uint64_t dek_object_id(enum scope scope, uint32_t generation)
{
    return (uint64_t)scope << 32 | generation;
}

static void free_infos(struct dek_info **v)
{
    free(*v);
}

static CK_RV list_deks(struct token *t, struct dek_info **ret, size_t *ret_n)
{
    AUTO(txn_endp) struct txn *txn = NULL;

    TRY(txn_begin_read(keyring_store(token_keyring(t)), &txn));
    return dek_list(token_keyring(t), txn, token_id(t), ret, ret_n);
}

static CK_RV set_times(const struct dek_info *d, struct attrs *a)
{
    const time_t when = (time_t)d->created;
    struct tm tm;
    char text[16];

    if (gmtime_r(&when, &tm) == NULL || strftime(text, sizeof(text), "%Y%m%d", &tm) != 8)
        text[0] = '\0';
    TRY(attrs_set(a, CKA_TEE_DEK_CREATED, span_of(text, strlen(text))));
    return CKR_OK;
}

static CK_RV describe(const struct dek_info *d, struct attrs *a)
{
    static const char *const scope_names[] = {
        [SCOPE_PUBLIC] = "public", [SCOPE_PRIVATE] = "private"};
    char label[64];
    char id[16];
    const int n_label = snprintf(label, sizeof(label), "DEK %s %u%s", scope_names[d->scope],
                                 d->generation, d->current ? "" : " (being rotated away)");
    const int n_id = snprintf(id, sizeof(id), "%u", d->generation);

    TRY(attrs_set_ulong(a, CKA_CLASS, CKO_TEE_DEK));
    TRY(attrs_set_bool(a, CKA_TOKEN, true));
    TRY(attrs_set_bool(a, CKA_PRIVATE, false));
    TRY(attrs_set_bool(a, CKA_MODIFIABLE, false));
    TRY(attrs_set_bool(a, CKA_COPYABLE, false));
    TRY(attrs_set_bool(a, CKA_DESTROYABLE, false));
    TRY(attrs_set(a, CKA_LABEL, span_of(label, (size_t)n_label)));
    TRY(attrs_set(a, CKA_ID, span_of(id, (size_t)n_id)));
    TRY(attrs_set_ulong(a, CKA_TEE_DEK_GENERATION, d->generation));
    TRY(attrs_set_ulong(a, CKA_TEE_DEK_SCOPE, d->scope));
    TRY(attrs_set_ulong(a, CKA_TEE_DEK_STATE, d->current ? 1 : 0));
    return set_times(d, a);
}

static CK_RV make_object(const struct dek_info *d, struct object **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(describe(d, a));
    return object_new(HANDLE_DEK, dek_object_id(d->scope, d->generation), TAKE(a), 0, ret);
}

CK_RV dek_object_get(struct token *t, uint64_t id, struct object **ret)
{
    AUTO(free_infos) struct dek_info *v = NULL;
    size_t n = 0;

    TRY(list_deks(t, &v, &n));
    for (size_t i = 0; i < n; i++) {
        if (dek_object_id(v[i].scope, v[i].generation) == id)
            return make_object(&v[i], ret);
    }
    FAIL(CKR_OBJECT_HANDLE_INVALID);
}

CK_RV dek_object_find(struct token *t, const struct attrs *search, CK_OBJECT_HANDLE **v, size_t *n)
{
    AUTO(free_infos) struct dek_info *deks = NULL;
    CK_OBJECT_HANDLE *grown;
    size_t n_deks = 0;

    if (attrs_ulong(search, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) != CKO_TEE_DEK)
        return CKR_OK;
    TRY(list_deks(t, &deks, &n_deks));
    grown = reallocarray(*v, *n + n_deks, sizeof(**v));
    ENSURE(grown != NULL || *n + n_deks == 0, CKR_HOST_MEMORY);
    *v = grown;
    for (size_t i = 0; i < n_deks; i++) {
        AUTO(object_unrefp) struct object *o = NULL;

        TRY(make_object(&deks[i], &o));
        if (template_matches(object_attrs(o), search))
            (*v)[(*n)++] = handle_make(HANDLE_DEK, 0, object_id(o));
    }
    return CKR_OK;
}

struct advance {
    struct token *token;
    struct login *so;
    uint32_t generations[2]; /* by enum scope; 0: that scope has no DEK yet */
};

static CK_RV advance_scope(struct txn *t, struct advance *a, enum scope scope)
{
    return dek_advance(token_keyring(a->token), t, token_id(a->token), scope,
                       &a->generations[scope]);
}

/* Private scope has no DEK before the first C_InitPIN. */
static CK_RV has_private(struct txn *t, struct advance *a, bool *ret)
{
    AUTO(free_infos) struct dek_info *v = NULL;
    size_t n = 0;

    *ret = false;
    TRY(dek_list(token_keyring(a->token), t, token_id(a->token), &v, &n));
    for (size_t i = 0; i < n; i++)
        *ret = *ret || v[i].scope == SCOPE_PRIVATE;
    return CKR_OK;
}

static CK_RV advance_both(struct txn *t, void *arg)
{
    struct advance *a = arg;
    bool both;

    TRY(login_check(token_keyring(a->token), t, a->so));
    TRY(has_private(t, a, &both));
    TRY(advance_scope(t, a, SCOPE_PUBLIC));
    return both ? advance_scope(t, a, SCOPE_PRIVATE) : CKR_OK;
}

/* A step of a login, at most; or one of a rotation, as large as it may be. */
static CK_RV rotate_once(const struct vault *v, struct vault_pace *pace, bool *ret_left)
{
    size_t done;

    if (pace == NULL)
        return vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, ret_left);
    return vault_rotate_paced(v, pace, &done, ret_left);
}

/* Re-encrypt in steps until nothing is left or `max_steps` are done. */
static CK_RV rotate_steps(struct token *t, struct vault_pace *pace, size_t max_steps)
{
    struct vault v;
    CK_RV rv = CKR_OK;
    bool left = true;

    token_vault(t, &v);
    for (size_t i = 0; rv == CKR_OK && left && i < max_steps; i++)
        rv = rotate_once(&v, pace, &left);
    vault_done(&v);
    return rv;
}

static void rotate_and_log(struct token *t, struct vault_pace *pace, size_t max_steps)
{
    const CK_RV rv = rotate_steps(t, pace, max_steps);

    if (rv != CKR_OK)
        log_warn("DEK rotation cannot be finished now (0x%lx); it goes on at the next login", rv);
}

static bool is_rotating(struct token *t)
{
    AUTO(free_infos) struct dek_info *v = NULL;
    size_t n = 0;

    if (list_deks(t, &v, &n) != CKR_OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].current)
            return true;
    }
    return false;
}

void dek_rotation_continue(struct token *t)
{
    if (is_rotating(t))
        rotate_and_log(t, NULL, LOGIN_STEPS);
}

static bool asks_private(const CK_ATTRIBUTE *v, CK_ULONG n)
{
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_BBOOL *value = v[i].pValue;

        if (v[i].type == CKA_PRIVATE && value != NULL && v[i].ulValueLen == sizeof(*value) &&
            *value != CK_FALSE)
            return true;
    }
    return false;
}

static CK_RV advance(struct advance *a)
{
    struct vault v;
    CK_RV rv;

    do {
        token_vault(a->token, &v);
        a->so = v.login;
        rv = v.login == NULL || login_role(v.login) != ROLE_SO
                 ? CKR_USER_NOT_LOGGED_IN
                 : token_write(v.keyring, v.token, advance_both, a);
    } while (vault_again(a->token, &v, rv));
    return rv;
}

CK_RV dek_object_generate(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n,
                          CK_OBJECT_HANDLE *ret)
{
    struct advance a = {.token = s->token};
    struct vault_pace pace = VAULT_PACE_INIT;

    ENSURE(s->rw, CKR_SESSION_READ_ONLY);
    ENSURE(token_login_state(s->token) == TOKEN_SO, CKR_USER_NOT_LOGGED_IN);
    ENSURE(!asks_private(v, n), CKR_TEMPLATE_INCONSISTENT);
    TRY(advance(&a));
    log_info("token in slot %lu: DEK generation %u", token_slot(s->token),
             a.generations[SCOPE_PUBLIC]);
    rotate_and_log(s->token, &pace, SIZE_MAX);
    *ret = handle_make(HANDLE_DEK, 0, dek_object_id(SCOPE_PUBLIC, a.generations[SCOPE_PUBLIC]));
    return CKR_OK;
}
