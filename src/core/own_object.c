/* SPDX-License-Identifier: BSD-2-Clause */
/* own_object.c - profiles and mechanisms as objects; see own_object.h. */
#include "core/own_object.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/mech.h"
#include "model/template.h"

/* A profile, and the mechanism without which the token does not conform to it. */
static const struct {
    CK_PROFILE_ID id;
    const char *label;
    bool needs;
    CK_MECHANISM_TYPE mechanism;
} profiles[] = {
    {CKP_BASELINE_PROVIDER, "Baseline Provider", false, 0},
    {CKP_EXTENDED_PROVIDER, "Extended Provider", false, 0},
    {CKP_AUTHENTICATION_TOKEN, "Authentication Token", false, 0},
    {CKP_HKDF_TLS_TOKEN, "HKDF TLS Token", true, CKM_HKDF_DATA},
};

static CK_ULONG profile_value(size_t i)
{
    return profiles[i].id;
}

static const char *profile_label(size_t i)
{
    return profiles[i].label;
}

static bool profile_is_there(size_t i)
{
    return !profiles[i].needs || mech_find_enabled(profiles[i].mechanism) != NULL;
}

static size_t n_profiles(void)
{
    return N_ELEMENTS(profiles);
}

static CK_ULONG mechanism_value(size_t i)
{
    return mechs[i].type;
}

static const char *mechanism_label(size_t i)
{
    return mechs[i].name;
}

static bool mechanism_is_there(size_t i)
{
    return mech_enabled(&mechs[i]);
}

static size_t n_mechanisms(void)
{
    return n_mechs;
}

/* One class of own objects: a table of numbers. An object's id is its place, from 1 on. */
static const struct own {
    enum handle_kind kind;
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE_TYPE type;
    const char *name; /* of CKA_UNIQUE_ID, with the number behind it */
    size_t (*count)(void);
    CK_ULONG (*value)(size_t i);
    const char *(*label)(size_t i);
    bool (*is_there)(size_t i);
} owns[] = {
    {HANDLE_PROFILE, CKO_PROFILE, CKA_PROFILE_ID, "profile", n_profiles, profile_value,
     profile_label, profile_is_there},
    {HANDLE_MECHANISM, CKO_MECHANISM, CKA_MECHANISM_TYPE, "mechanism", n_mechanisms,
     mechanism_value, mechanism_label, mechanism_is_there},
};

static CK_RV describe(const struct own *own, size_t i, struct attrs *a)
{
    const char *label = own->label(i);
    char unique[64];
    const int n = snprintf(unique, sizeof(unique), "%s-%08lx", own->name, own->value(i));

    TRY(attrs_set_ulong(a, CKA_CLASS, own->class));
    TRY(attrs_set(a, CKA_UNIQUE_ID, span_of(unique, (size_t)n)));
    TRY(attrs_set_bool(a, CKA_TOKEN, true));
    TRY(attrs_set_bool(a, CKA_PRIVATE, false));
    TRY(attrs_set_bool(a, CKA_MODIFIABLE, false));
    TRY(attrs_set_bool(a, CKA_COPYABLE, false));
    TRY(attrs_set_bool(a, CKA_DESTROYABLE, false));
    TRY(attrs_set(a, CKA_LABEL, span_of(label, strlen(label))));
    return attrs_set_ulong(a, own->type, own->value(i));
}

static CK_RV make_object(const struct own *own, size_t i, struct object **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(describe(own, i, a));
    return object_new(own->kind, i + 1, TAKE(a), CK_INVALID_HANDLE, ret);
}

CK_RV own_object_get(enum handle_kind kind, uint64_t id, struct object **ret)
{
    for (size_t i = 0; i < N_ELEMENTS(owns); i++) {
        if (owns[i].kind == kind && id <= owns[i].count() && owns[i].is_there(id - 1))
            return make_object(&owns[i], id - 1, ret);
    }
    FAIL(CKR_OBJECT_HANDLE_INVALID);
}

static CK_RV find_among(const struct own *own, const struct attrs *search, CK_OBJECT_HANDLE **v,
                        size_t *n)
{
    CK_OBJECT_HANDLE *grown = reallocarray(*v, *n + own->count(), sizeof(**v));

    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    *v = grown;
    for (size_t i = 0; i < own->count(); i++) {
        AUTO(object_unrefp) struct object *o = NULL;

        if (!own->is_there(i))
            continue;
        TRY(make_object(own, i, &o));
        if (template_matches(object_attrs(o), search))
            (*v)[(*n)++] = handle_make(own->kind, 0, i + 1);
    }
    return CKR_OK;
}

CK_RV own_object_find(const struct attrs *search, CK_OBJECT_HANDLE **v, size_t *n)
{
    const CK_OBJECT_CLASS class = attrs_ulong(search, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

    for (size_t i = 0; i < N_ELEMENTS(owns); i++) {
        if (owns[i].class == class)
            return find_among(&owns[i], search, v, n);
    }
    return CKR_OK;
}
