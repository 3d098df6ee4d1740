/* SPDX-License-Identifier: BSD-2-Clause */
/* create.c - objects made, copied, changed, read and destroyed; see create.h. */
#include "core/create.h"

#include "core/find.h"
#include "core/unique.h"

bool session_is_so(struct session *s)
{
    return token_login_state(s->token) == TOKEN_SO;
}

/* The SO makes keys that others trust (CKA_TRUSTED), in memory too, where the vault does not look:
 * not under a PIN that was changed since. */
static CK_RV so_is_still_so(struct session *s)
{
    return session_is_so(s) ? token_check_login(s->token) : CKR_OK;
}

CK_RV new_object_allowed(struct session *s, const struct attrs *a)
{
    const bool token = attrs_bool(a, CKA_TOKEN, false);

    TRY(so_is_still_so(s));
    TRY(session_may_write(s, token, attrs_bool(a, CKA_PRIVATE, false)));
    s->has_objects = s->has_objects || !token;
    return CKR_OK;
}

CK_RV new_object_finish(const struct template_context *c, struct attrs *a,
                        CK_MECHANISM_TYPE gen_mechanism, const struct attrs *parent)
{
    uint8_t unique[UNIQUE_ID];

    TRY(unique_id(unique));
    return template_finish(c, a, gen_mechanism, parent, unique);
}

CK_RV object_make(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    const struct template_context c = {.op = TEMPLATE_CREATE,
                                       .class = TEMPLATE_SAYS,
                                       .key_type = TEMPLATE_SAYS,
                                       .is_so = session_is_so(s)};
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(template_build(&c, v, n, &a));
    TRY(new_object_allowed(s, a));
    TRY(key_complete(a));
    TRY(new_object_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL));
    *ret = TAKE(a);
    return CKR_OK;
}

CK_RV object_create(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(object_make(s, v, n, &a));
    return token_add(s->token, s->handle, &a, 1, ret);
}

CK_RV object_copy(struct session *s, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *v, CK_ULONG n,
                  CK_OBJECT_HANDLE *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    uint8_t unique[UNIQUE_ID];

    TRY(token_object(s->token, h, &o));
    TRY(unique_id(unique));
    TRY(template_copy(object_attrs(o), session_is_so(s), v, n, unique, &a));
    TRY(new_object_allowed(s, a));
    /* What is stored owes nothing. */
    if (key_owes_check_value(object_attrs(o)) && attrs_bool(a, CKA_TOKEN, false))
        TRY(key_settle(a));
    return token_add(s->token, s->handle, &a, 1, ret);
}

CK_RV object_destroy(struct session *s, CK_OBJECT_HANDLE h)
{
    AUTO(object_unrefp) struct object *o = NULL;

    TRY(token_object(s->token, h, &o));
    TRY(session_may_write(s, object_is_token(o), object_is_private(o)));
    ENSURE(attrs_bool(object_attrs(o), CKA_DESTROYABLE, true), CKR_ACTION_PROHIBITED);
    return token_destroy(s->token, o);
}

CK_RV object_size(struct session *s, CK_OBJECT_HANDLE h, CK_ULONG *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;

    TRY(token_object(s->token, h, &o));
    *ret = (CK_ULONG)attrs_size(object_attrs(o));
    return CKR_OK;
}

CK_RV object_get_attributes(struct session *s, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n)
{
    AUTO(object_unrefp) struct object *o = NULL;
    const struct attrs *a;

    TRY(token_object(s->token, h, &o));
    a = object_attrs(o);
    if (!object_is_token(o) && template_names(v, n, CKA_CHECK_VALUE))
        TRY(object_shown(o, &a));
    return template_reveal(a, v, n);
}

struct modification {
    bool is_so;
    const CK_ATTRIBUTE *v;
    CK_ULONG n;
};

static CK_RV modify(const struct attrs *now, void *arg, struct attrs **ret)
{
    const struct modification *m = arg;

    return template_modify(now, m->is_so, m->v, m->n, ret);
}

/* A read-only session is no answer about an object that is not there. */
static CK_RV may_change(struct session *s, CK_OBJECT_HANDLE h)
{
    AUTO(object_unrefp) struct object *o = NULL;

    if (s->rw)
        return CKR_OK;
    TRY(token_object(s->token, h, &o));
    return session_may_write(s, object_is_token(o), false);
}

CK_RV object_set_attributes(struct session *s, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *v,
                            CK_ULONG n)
{
    struct modification m = {.is_so = session_is_so(s), .v = v, .n = n};

    TRY(may_change(s, h));
    TRY(so_is_still_so(s));
    return token_change(s->token, h, modify, &m);
}
