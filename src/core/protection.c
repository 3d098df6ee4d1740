/* SPDX-License-Identifier: BSD-2-Clause */
/* protection.c - keys that leave, come in and follow from others; see protection.h. */
#include "core/protection.h"

#include "crypto/mech.h"
#include "model/record.h"
#include "model/template.h"
#include "util/policy.h"

#define LEAST_DERIVED 14 /* bytes: 112 bits, SP 800-131A */

/* Could an application read the value? */
static bool is_readable(const struct attrs *a)
{
    return !attrs_bool(a, CKA_SENSITIVE, false) && attrs_bool(a, CKA_EXTRACTABLE, true);
}

static bool works_on_data(const struct attrs *a)
{
    return attrs_bool(a, CKA_ENCRYPT, false) || attrs_bool(a, CKA_DECRYPT, false);
}

/* Was it made here, of random bytes? A key made of a password is as local, and known to whoever
 * gave the password. */
static bool is_made_here(const struct attrs *a)
{
    const struct mech *row =
        mech_find(attrs_ulong(a, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));

    return attrs_bool(a, CKA_LOCAL, false) &&
           (row == NULL || (row->traits & MECH_KEY_IS_KNOWN) == 0);
}

/* Does nobody outside know the value, nor can bring in a second key with it? A public key's private
 * half may be anywhere, and what was imported, unwrapped or derived may be known. */
static bool is_unknown_outside(const struct attrs *a)
{
    return attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY && is_made_here(a) &&
           attrs_bool(a, CKA_NEVER_EXTRACTABLE, false);
}

/* The SO vouches for it; that it can't be read or leave is for us to see. */
static bool is_trusted(const struct attrs *a)
{
    return attrs_bool(a, CKA_TRUSTED, false) &&
           (attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_PUBLIC_KEY ||
            !attrs_bool(a, CKA_EXTRACTABLE, false));
}

/* Anybody encrypts by a public key: only what the private half does would count. */
static bool mixes_usages(const struct attrs *wrapping)
{
    return attrs_ulong(wrapping, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY && works_on_data(wrapping);
}

static CK_RV strong_enough(struct object *key, CK_ULONG strength)
{
    AUTO(key_unrefp) struct key *k = NULL;

    if (!policy_holds(POLICY_WRAP_STRENGTH))
        return CKR_OK;
    TRY(object_key(key, &k));
    ENSURE(strength >= key_strength(k), CKR_WRAPPING_KEY_SIZE_RANGE);
    return CKR_OK;
}

/* What could be read anyway may leave under anything. */
static CK_RV secret_may_leave(struct object *key, const struct attrs *wrapping, CK_ULONG strength)
{
    if (is_readable(object_attrs(key)))
        return CKR_OK;
    ENSURE(!policy_holds(POLICY_USAGE_CONFLICTS) || !mixes_usages(wrapping), CKR_KEY_NOT_WRAPPABLE);
    ENSURE(!policy_holds(POLICY_WRAP_TRUSTED) || is_unknown_outside(wrapping) ||
               is_trusted(wrapping),
           CKR_KEY_NOT_WRAPPABLE);
    return strong_enough(key, strength);
}

CK_RV protection_may_leave(struct object *key, const struct object *wrapping, CK_ULONG strength)
{
    const struct attrs *a = object_attrs(key), *shown, *w = object_attrs(wrapping);
    const struct span rule = attrs_span(w, CKA_WRAP_TEMPLATE);
    bool agrees = true;

    ENSURE(!policy_holds(POLICY_WRAP_EXTRACTABLE) || attrs_bool(a, CKA_EXTRACTABLE, false),
           CKR_KEY_UNEXTRACTABLE);
    ENSURE(!attrs_bool(a, CKA_WRAP_WITH_TRUSTED, false) || attrs_bool(w, CKA_TRUSTED, false),
           CKR_KEY_NOT_WRAPPABLE);
    if (rule.n > 0) { /* it may ask for any attribute */
        TRY(object_shown(key, &shown));
        TRY(template_agrees(rule, shown, &agrees));
    }
    ENSURE(agrees, CKR_KEY_HANDLE_INVALID);
    return secret_may_leave(key, w, strength);
}

/* What an unwrapped key gets from its unwrapping key, where that one has it. CKA_SENSITIVE it gets
 * where the unwrapping key cannot be read, for whatever reason. */
static bool hands_down(const struct attrs *unwrapping, CK_ATTRIBUTE_TYPE type)
{
    return type == CKA_SENSITIVE ? !is_readable(unwrapping) : attrs_bool(unwrapping, type, false);
}

CK_RV protection_unwrapped(const struct attrs *unwrapping, struct span nested, struct attrs *a)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_SENSITIVE, CKA_PRIVATE, CKA_WRAP_WITH_TRUSTED};
    AUTO(attrs_freep) struct attrs *said = NULL;

    if (!policy_holds(POLICY_UNWRAP_PROTECTED))
        return CKR_OK;
    TRY(nested.n == 0 ? attrs_new(&said) : record_decode(nested, &said));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (hands_down(unwrapping, types[i]) && !attrs_has(said, types[i]))
            TRY(attrs_set_bool(a, types[i], true));
    }
    return CKR_OK;
}

/* Could its value be found by trying, more easily than the base key's own? */
static bool is_searchable(const struct attrs *base, const struct attrs *a)
{
    const size_t n = attrs_span(a, CKA_VALUE).n;

    return n < LEAST_DERIVED && n < attrs_span(base, CKA_VALUE).n;
}

CK_RV protection_derived(const struct attrs *base, const struct attrs *a)
{
    const enum policy_rule rule = attrs_ulong(base, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY
                                      ? POLICY_DERIVE_PROTECTED
                                      : POLICY_DERIVE_AGREED;

    if (!policy_holds(rule) || is_readable(base) ||
        attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_PUBLIC_KEY)
        return CKR_OK;
    ENSURE(!is_readable(a), CKR_TEMPLATE_INCONSISTENT);
    ENSURE(!is_searchable(base, a), CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

CK_RV protection_may_encrypt(const struct attrs *base)
{
    /* One that came from outside, or could leave once, may have a twin that encrypts. */
    ENSURE(!policy_holds(POLICY_DERIVE_CONFLICTS) || is_readable(base) ||
               (is_unknown_outside(base) && !works_on_data(base) &&
                !attrs_bool(base, CKA_WRAP, false)),
           CKR_KEY_FUNCTION_NOT_PERMITTED);
    return CKR_OK;
}
