/* SPDX-License-Identifier: BSD-2-Clause */
/* generate.c - keys made, wrapped and unwrapped; see generate.h. Derivation is in derive.c. */
#include "core/generate.h"

#include "core/attestation.h"
#include "core/create.h"
#include "core/dek_object.h"
#include "core/generate_impl.h"
#include "core/operation.h"
#include "core/protection.h"
#include "crypto/gen.h"
#include "tee-pkcs11.h"

/* Mechanisms that make something other than a key of the application: done here, by row. */
typedef CK_RV generate_special(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n,
                               CK_OBJECT_HANDLE *ret);
static const struct {
    CK_MECHANISM_TYPE type;
    generate_special *generate;
} specials[] = {
    {CKM_TEE_DEK_KEY_GEN, dek_object_generate},
};

static generate_special *find_special(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(specials); i++) {
        if (specials[i].type == type)
            return specials[i].generate;
    }
    return NULL;
}

CK_RV generate_find_row(const CK_MECHANISM *m, CK_FLAGS flag, const struct mech **ret)
{
    const struct mech *row = mech_find_enabled(m->mechanism);

    ENSURE(row != NULL && (mech_flags(row) & flag) != 0, CKR_MECHANISM_INVALID);
    *ret = row;
    return CKR_OK;
}

struct template_context generate_context(struct session *s, enum template_op op,
                                         CK_OBJECT_CLASS class, CK_ULONG key_type)
{
    return (struct template_context){
        .op = op, .class = class, .key_type = key_type, .is_so = session_is_so(s)};
}

CK_RV key_generate(struct session *s, const CK_MECHANISM *m, const CK_ATTRIBUTE *v, CK_ULONG n,
                   CK_OBJECT_HANDLE *ret)
{
    generate_special *const special = find_special(m->mechanism);
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct template_context c;
    const struct mech *row;

    TRY(generate_find_row(m, CKF_GENERATE, &row));
    if (special != NULL) {
        ENSURE(m->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
        return special(s, v, n, ret);
    }
    c = generate_context(s, TEMPLATE_GENERATE, CKO_SECRET_KEY, row->key_type);
    TRY(template_build(&c, v, n, &a));
    TRY(new_object_allowed(s, a));
    TRY(gen_key(row, m, a));
    TRY(new_object_finish(&c, a, m->mechanism, NULL));
    return token_add(s->token, s->handle, &a, 1, ret);
}

/* Both are token objects or both session objects: one transaction, or one place in memory. */
static CK_RV add_pair(struct session *s, struct attrs **pair, CK_OBJECT_HANDLE handles[2])
{
    const bool token_public = attrs_bool(pair[0], CKA_TOKEN, false);
    const bool token_private = attrs_bool(pair[1], CKA_TOKEN, false);
    AUTO(object_unrefp) struct object *memory_half = NULL;
    size_t in_memory;
    CK_RV rv;

    if (token_public == token_private)
        return token_add(s->token, s->handle, pair, 2, handles);
    /* One half each: the memory half first, as only the store can fail late. */
    in_memory = token_public ? 1 : 0;
    TRY(token_add(s->token, s->handle, &pair[in_memory], 1, &handles[in_memory]));
    TRY(token_object(s->token, handles[in_memory], &memory_half));
    rv = token_add(s->token, s->handle, &pair[1 - in_memory], 1, &handles[1 - in_memory]);
    if (rv != CKR_OK)
        return token_destroy(s->token, memory_half) == CKR_OK ? rv : CKR_GENERAL_ERROR;
    return CKR_OK;
}

static void free_pair(struct attrs *(*pair)[2])
{
    attrs_free((*pair)[0]);
    attrs_free((*pair)[1]);
}

CK_RV key_generate_pair(struct session *s, const CK_MECHANISM *m, const CK_ATTRIBUTE *public_v,
                        CK_ULONG public_n, const CK_ATTRIBUTE *private_v, CK_ULONG private_n,
                        CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    AUTO(free_pair) struct attrs *pair[2] = {NULL, NULL};
    CK_OBJECT_HANDLE handles[2];
    struct template_context c[2];
    const struct mech *row;

    TRY(generate_find_row(m, CKF_GENERATE_KEY_PAIR, &row));
    c[0] = generate_context(s, TEMPLATE_GENERATE, CKO_PUBLIC_KEY, row->key_type);
    c[1] = generate_context(s, TEMPLATE_GENERATE, CKO_PRIVATE_KEY, row->key_type);
    TRY(template_build(&c[0], public_v, public_n, &pair[0]));
    TRY(template_build(&c[1], private_v, private_n, &pair[1]));
    TRY(new_object_allowed(s, pair[0]));
    TRY(new_object_allowed(s, pair[1]));
    TRY(gen_pair(row, m, pair[0], pair[1]));
    TRY(new_object_finish(&c[0], pair[0], m->mechanism, NULL));
    TRY(new_object_finish(&c[1], pair[1], m->mechanism, NULL));
    TRY(attestation_at_generation(s->token, pair[1]));
    TRY(add_pair(s, pair, handles));
    *ret_public = handles[0];
    *ret_private = handles[1];
    return CKR_OK;
}

const struct key_use key_use_derive = {CKF_DERIVE, CKA_DERIVE, CKR_KEY_HANDLE_INVALID,
                                       CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE};
const struct key_use key_use_wrap = {CKF_WRAP, CKA_WRAP, CKR_WRAPPING_KEY_HANDLE_INVALID,
                                     CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
                                     CKR_WRAPPING_KEY_SIZE_RANGE};
const struct key_use key_use_unwrap = {CKF_UNWRAP, CKA_UNWRAP, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                                       CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                                       CKR_UNWRAPPING_KEY_SIZE_RANGE};

static CK_RV use_code(const struct key_use *u, CK_RV rv)
{
    const struct {
        CK_RV from, to;
    } codes[] = {{CKR_KEY_HANDLE_INVALID, u->handle_invalid},
                 {CKR_KEY_TYPE_INCONSISTENT, u->type_inconsistent},
                 {CKR_KEY_SIZE_RANGE, u->size_range}};

    for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
        if (codes[i].from == rv)
            return codes[i].to;
    }
    return rv;
}

static CK_RV find_usable(struct session *s, CK_OBJECT_HANDLE h, const struct mech *row,
                         const struct key_use *u, struct object **ret_object, struct key **ret_key)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(key_unrefp) struct key *k = NULL;

    TRY(key_object(s, h, &o));
    TRY(object_key(o, &k));
    TRY(key_permits(o, k, row, u->flag, u->usage));
    /* One call has no place for the PIN that each use of such a key needs (v3.2 5.6.8 has it
     * between Init and the operation), and an unwrapping decrypts: it is refused. */
    ENSURE(!attrs_bool(object_attrs(o), CKA_ALWAYS_AUTHENTICATE, false), CKR_USER_NOT_LOGGED_IN);
    TRY(used_begin(s->token, u->flag, row, o, &s->uses));
    *ret_object = TAKE(o);
    *ret_key = TAKE(k);
    return CKR_OK;
}

CK_RV generate_usable(struct session *s, CK_OBJECT_HANDLE h, const struct mech *row,
                      const struct key_use *u, struct object **ret_object, struct key **ret_key)
{
    const CK_RV rv = find_usable(s, h, row, u, ret_object, ret_key);

    ENSURE(rv == CKR_OK, use_code(u, rv));
    return CKR_OK;
}

CK_RV generate_leaving(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                       CK_OBJECT_HANDLE key, const struct mech **ret_row, struct key **ret_wrapping,
                       struct object **ret_key)
{
    AUTO(object_unrefp) struct object *wrapper = NULL;
    AUTO(object_unrefp) struct object *target = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    const struct mech *row;
    CK_ULONG strength = 0;

    TRY(generate_find_row(m, CKF_WRAP, &row));
    TRY(generate_usable(s, wrapping, row, &key_use_wrap, &wrapper, &k));
    TRY(key_object(s, key, &target));
    used_about(s->uses, target);
    TRY(gen_wrap_strength(row, m, k, &strength));
    TRY(protection_may_leave(target, wrapper, strength));
    *ret_row = row;
    *ret_wrapping = TAKE(k);
    *ret_key = TAKE(target);
    return CKR_OK;
}

static CK_RV wrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                  CK_OBJECT_HANDLE key, struct out *out)
{
    AUTO(object_unrefp) struct object *target = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    const struct mech *row;

    TRY(generate_leaving(s, m, wrapping, key, &row, &k, &target));
    return gen_wrap(row, m, k, object_attrs(target), out);
}

CK_RV key_wrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
               CK_OBJECT_HANDLE key, struct out *out)
{
    return session_used(s, wrap(s, m, wrapping, key, out), out);
}

CK_RV generate_unwrapped(struct attrs *a)
{
    const CK_RV rv = key_complete(a);

    ENSURE(rv == CKR_OK || rv == CKR_HOST_MEMORY, CKR_WRAPPED_KEY_INVALID);
    TRY(rv);
    return CKR_OK;
}

static CK_RV unwrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
                    struct span wrapped, const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO(object_unrefp) struct object *unwrapper = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct template_context c;
    const struct mech *row;

    TRY(generate_find_row(m, CKF_UNWRAP, &row));
    TRY(generate_usable(s, unwrapping, row, &key_use_unwrap, &unwrapper, &k));
    c = generate_context(s, TEMPLATE_UNWRAP, TEMPLATE_SAYS, TEMPLATE_SAYS);
    c.nested = attrs_span(object_attrs(unwrapper), CKA_UNWRAP_TEMPLATE);
    TRY(template_build(&c, v, n, &a));
    TRY(protection_unwrapped(object_attrs(unwrapper), c.nested, a));
    TRY(new_object_allowed(s, a));
    TRY(gen_unwrap(row, m, k, wrapped, a));
    TRY(generate_unwrapped(a));
    TRY(new_object_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL));
    return token_add(s->token, s->handle, &a, 1, ret);
}

CK_RV key_unwrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
                 struct span wrapped, const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return session_used(s, unwrap(s, m, unwrapping, wrapped, v, n, ret), NULL);
}
