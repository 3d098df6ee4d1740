/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * derive.c - C_DeriveKey (v3.2 5.18.5): one object or several from a base key, and from other keys
 * that the mechanism's parameter names. What the mechanism says of the new objects' protection is
 * held here, for every mechanism in one place.
 */
#include "core/create.h"
#include "core/generate_impl.h"
#include "core/operation.h"
#include "core/protection.h"
#include "crypto/gen.h"

#define MAX_PARENTS 8 /* keys that one derivation uses */

/* One derivation: the keys that it comes from, and the objects in the making. */
struct deriving {
    struct session *s;
    const struct mech *row;
    struct object *parents[MAX_PARENTS];
    size_t n_parents;
    struct gen_derivation *plan;
    struct template_context c[GEN_MAX_OUTPUTS];
    struct attrs *made[GEN_MAX_OUTPUTS];
};

_Static_assert(GEN_MAX_OUTPUTS <= TOKEN_ADD_MAX, "all appear at once");

static void deriving_clear(struct deriving *d)
{
    for (size_t i = 0; i < d->n_parents; i++)
        object_unref(d->parents[i]);
    for (size_t i = 0; i < GEN_MAX_OUTPUTS; i++)
        attrs_free(d->made[i]);
    gen_derivation_free(d->plan);
}

/* Another key of the derivation: it must be one that could be derived from. */
static CK_RV find_other(void *arg, CK_OBJECT_HANDLE h, struct key **ret)
{
    struct deriving *d = arg;

    ENSURE(d->n_parents < MAX_PARENTS, CKR_MECHANISM_PARAM_INVALID);
    TRY(generate_usable(d->s, h, d->row, &key_use_derive, &d->parents[d->n_parents], ret));
    d->n_parents++;
    return CKR_OK;
}

/* What is derived from: a key, or, where the mechanism takes one, a data object. That is no secret
 * (it has neither CKA_DERIVE nor CKA_SENSITIVE), and its use is none of a key: what comes of it is
 * as secret as the other keys. */
static CK_RV find_base(struct deriving *d, CK_OBJECT_HANDLE h, struct key **ret)
{
    AUTO(object_unrefp) struct object *o = NULL;

    if ((d->row->traits & MECH_DATA_IS_BASE) == 0 ||
        token_object(d->s->token, h, &o) != CKR_OK ||
        attrs_ulong(object_attrs(o), CKA_CLASS, CK_UNAVAILABLE_INFORMATION) != CKO_DATA)
        return find_other(d, h, ret);
    TRY(key_from_data(object_attrs(o), ret));
    d->parents[d->n_parents++] = TAKE(o);
    return CKR_OK;
}

/* Build every object from its template: all refusals that need no key material. */
static CK_RV build_all(struct deriving *d, const struct attrs *base)
{
    for (size_t i = 0; i < d->plan->n_outputs; i++) {
        const struct gen_output *o = &d->plan->outputs[i];

        d->c[i] = generate_context(d->s, TEMPLATE_DERIVE, d->plan->how->class, o->key_type);
        d->c[i].nested = attrs_span(base, CKA_DERIVE_TEMPLATE);
        d->c[i].inherited = d->plan->inherited;
        TRY(template_build(&d->c[i], o->v, o->n, &d->made[i]));
        TRY(new_object_allowed(d->s, d->made[i]));
        /* They appear together: in one transaction, or in memory. */
        ENSURE(attrs_bool(d->made[i], CKA_TOKEN, false) == attrs_bool(d->made[0], CKA_TOKEN, false),
               CKR_TEMPLATE_INCONSISTENT);
    }
    return CKR_OK;
}

/* Is the new object as protected as the mechanism wants it, seen from one of its parents? */
static CK_RV check_protection(enum gen_protection rule, const struct attrs *parent,
                              const struct attrs *a)
{
    const bool was_sensitive = attrs_bool(parent, CKA_SENSITIVE, true);
    const bool was_extractable = attrs_bool(parent, CKA_EXTRACTABLE, false);
    const bool sensitive = attrs_bool(a, CKA_SENSITIVE, false);
    const bool extractable = attrs_bool(a, CKA_EXTRACTABLE, true);

    if (rule == GEN_ANEW)
        return CKR_OK;
    ENSURE(sensitive || !was_sensitive, CKR_TEMPLATE_INCONSISTENT);
    ENSURE(!extractable || was_extractable, CKR_TEMPLATE_INCONSISTENT);
    ENSURE(rule != GEN_SAME || (sensitive == was_sensitive && extractable == was_extractable),
           CKR_TEMPLATE_INCONSISTENT);
    return CKR_OK;
}

/* What the parents together say of the past: each must say it, or (any_history) one. */
static bool history_says(const struct deriving *d, CK_ATTRIBUTE_TYPE type)
{
    const bool any = d->plan->how->any_history;
    bool says = !any;

    for (size_t i = 0; i < d->n_parents; i++) {
        const bool one = attrs_bool(object_attrs(d->parents[i]), type, false);

        says = any ? says || one : says && one;
    }
    return says;
}

/* The base key's CKA_DERIVE_TEMPLATE was filled in (build_all). Another key's, a salt's say, is no
 * less its owner's word on what is made of it: all that it says must be so. */
static CK_RV others_agree(const struct deriving *d, const struct attrs *made)
{
    for (size_t i = 1; i < d->n_parents; i++) {
        const struct span rule = attrs_span(object_attrs(d->parents[i]), CKA_DERIVE_TEMPLATE);
        bool agrees = true;

        if (rule.n > 0)
            TRY(template_agrees(rule, made, &agrees));
        ENSURE(agrees, CKR_TEMPLATE_INCONSISTENT);
    }
    return CKR_OK;
}

static CK_RV finish_all(struct deriving *d)
{
    AUTO(attrs_freep) struct attrs *history = NULL;

    TRY(attrs_new(&history));
    TRY(attrs_set_bool(history, CKA_ALWAYS_SENSITIVE, history_says(d, CKA_ALWAYS_SENSITIVE)));
    TRY(attrs_set_bool(history, CKA_NEVER_EXTRACTABLE, history_says(d, CKA_NEVER_EXTRACTABLE)));
    for (size_t i = 0; i < d->plan->n_outputs; i++) {
        for (size_t j = 0; j < d->n_parents; j++) {
            const struct attrs *parent = object_attrs(d->parents[j]);

            TRY(check_protection(d->plan->how->protection, parent, d->made[i]));
            TRY(protection_derived(parent, d->made[i]));
        }
        TRY(key_complete(d->made[i]));
        TRY(new_object_finish(&d->c[i], d->made[i], CK_UNAVAILABLE_INFORMATION, history));
        TRY(others_agree(d, d->made[i]));
    }
    return CKR_OK;
}

static CK_RV derive(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
                    const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    AUTO(deriving_clear) struct deriving d = {.s = s};
    AUTO(key_unrefp) struct key *k = NULL;
    CK_OBJECT_HANDLE handles[GEN_MAX_OUTPUTS];
    struct gen_keys keys = {.find = find_other, .arg = &d};

    TRY(generate_find_row(m, CKF_DERIVE, &d.row));
    TRY(find_base(&d, base, &k));
    keys.base = k;
    keys.base_attrs = object_attrs(d.parents[0]);
    TRY(gen_derive_plan(d.row, m, &keys, v, n, ret, &d.plan));
    if (d.plan->how->encrypts)
        TRY(protection_may_encrypt(keys.base_attrs));
    TRY(build_all(&d, keys.base_attrs));
    TRY(gen_derive(d.plan, &keys, d.made));
    TRY(finish_all(&d));
    TRY(token_add(s->token, s->handle, d.made, d.plan->n_outputs, handles));
    gen_derive_deliver(d.plan, handles);
    return CKR_OK;
}

CK_RV key_derive(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
                 const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return session_used(s, derive(s, m, base, v, n, ret), NULL);
}
