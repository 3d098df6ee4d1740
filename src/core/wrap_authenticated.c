/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_authenticated.c - C_WrapKeyAuthenticated and C_UnwrapKeyAuthenticated (PKCS#11 v3.2 5.18):
 * what a key may do goes with it. Every rule for C_WrapKey and C_UnwrapKey holds here as well.
 */
#include "core/create.h"
#include "core/generate_impl.h"
#include "core/operation.h"
#include "core/protection.h"
#include "crypto/gen.h"
#include "util/log.h"

static CK_RV wrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                  CK_OBJECT_HANDLE key, struct span aad, struct out *out)
{
    AUTO(object_unrefp) struct object *target = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    const struct mech *row;

    TRY(generate_leaving(s, m, wrapping, key, &row, &k, &target));
    return gen_wrap_authenticated(row, m, k, object_attrs(target), aad, out);
}

CK_RV key_wrap_authenticated(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                             CK_OBJECT_HANDLE key, struct span aad, struct out *out)
{
    return session_used(s, wrap(s, m, wrapping, key, aad, out), out);
}

/* The way out is nowhere in the code that the application gets. */
static void explain(CK_RV rv)
{
    if (rv == CKR_WRAPPED_KEY_INVALID)
        log_info("C_UnwrapKeyAuthenticated: changed, by another key, or wrapped with other "
                 "attributes than the template gives: it must say what the key was");
}

static CK_RV unwrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
                    struct span wrapped, const CK_ATTRIBUTE *v, CK_ULONG n, struct span aad,
                    CK_OBJECT_HANDLE *ret)
{
    AUTO(object_unrefp) struct object *unwrapper = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(attrs_freep) struct attrs *said = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct template_context c;
    const struct mech *row;
    CK_RV rv;

    TRY(generate_find_row(m, CKF_UNWRAP, &row));
    TRY(generate_usable(s, unwrapping, row, &key_use_unwrap, &unwrapper, &k));
    c = generate_context(s, TEMPLATE_UNWRAP, TEMPLATE_SAYS, TEMPLATE_SAYS);
    c.nested = attrs_span(object_attrs(unwrapper), CKA_UNWRAP_TEMPLATE);
    TRY(template_build(&c, v, n, &a));
    TRY(attrs_dup(a, &said)); /* the key may come in better protected than it was */
    TRY(protection_unwrapped(object_attrs(unwrapper), c.nested, a));
    TRY(new_object_allowed(s, a));
    rv = gen_unwrap_authenticated(row, m, k, said, aad, wrapped, a);
    explain(rv);
    TRY(rv);
    TRY(generate_unwrapped(a));
    TRY(new_object_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL));
    return token_add(s->token, s->handle, &a, 1, ret);
}

CK_RV key_unwrap_authenticated(struct session *s, const CK_MECHANISM *m,
                               CK_OBJECT_HANDLE unwrapping, struct span wrapped,
                               const CK_ATTRIBUTE *v, CK_ULONG n, struct span aad,
                               CK_OBJECT_HANDLE *ret)
{
    return session_used(s, unwrap(s, m, unwrapping, wrapped, v, n, aad, ret), NULL);
}
