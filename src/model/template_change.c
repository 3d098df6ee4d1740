/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template_change.c - C_SetAttributeValue and C_CopyObject; see template.h.
 *
 * Both make a new set from an old one; the old one is never touched. What an object's history says
 * (CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE) needs no care here: the changes that are
 * allowed only go where they stay true, and a copy keeps them (v3.2 5.7.2).
 */
#include "model/template.h"

#include "model/check.h"
#include "model/rule.h"
#include "model/value.h"
#include "util/policy.h"

struct change {
    const struct schema *schema;
    const struct attrs *from;
    uint32_t permit; /* a row with one of these may be changed */
    bool is_so;
    bool may_repeat; /* a one-way attribute may be given the value it has */
};

/* Footnotes 11 and 12: a CK_BBOOL that has arrived where it must stay. */
static bool has_arrived(const struct attr_rule *rule, const struct attrs *a)
{
    return ((rule->notes & ONCE_TRUE) != 0 && attrs_bool(a, rule->type, false)) ||
           ((rule->notes & ONCE_FALSE) != 0 && !attrs_bool(a, rule->type, true));
}

static CK_RV take_change(const struct change *c, const CK_ATTRIBUTE *given, struct attrs *changes)
{
    const struct attr_rule *rule = schema_rule(c->schema, given->type);

    ENSURE(rule != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
    ENSURE((rule->notes & c->permit) != 0, CKR_ATTRIBUTE_READ_ONLY);
    ENSURE(c->may_repeat || !has_arrived(rule, c->from) || !policy_holds(POLICY_ONE_WAY),
           CKR_ATTRIBUTE_READ_ONLY);
    TRY(rule_take(rule, given, c->is_so, changes));
    if (span_equal(attrs_span(changes, rule->type), attrs_span(c->from, rule->type)))
        return CKR_OK;
    ENSURE(!has_arrived(rule, c->from) || !policy_holds(POLICY_ONE_WAY), CKR_ATTRIBUTE_READ_ONLY);
    ENSURE(!check_settled(c->schema, c->from, rule->type), CKR_TEMPLATE_INCONSISTENT);
    return CKR_OK;
}

/* A copy of the attributes with the template applied. */
static CK_RV apply(const struct change *c, const CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *changes = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(value_check_array(v, n));
    TRY(attrs_new(&changes));
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_ATTRIBUTE entry = value_entry(v, i);

        TRY(take_change(c, &entry, changes));
    }
    TRY(attrs_dup(c->from, &a));
    for (size_t i = 0; i < changes->n; i++)
        TRY(attrs_set(a, changes->v[i].type, span_of(changes->v[i].p, changes->v[i].n)));
    TRY(rule_check_object(c->schema, a));
    *ret = TAKE(a);
    return CKR_OK;
}

/* v3.2 4.6.2: trusted certificates cannot be modified. The SO, who trusts them, can. */
static bool is_trusted_certificate(const struct attrs *a)
{
    return attrs_ulong(a, CKA_CLASS, SCHEMA_ANY) == CKO_CERTIFICATE &&
           attrs_bool(a, CKA_TRUSTED, false);
}

NODISCARD CK_RV template_modify(const struct attrs *a, bool is_so, const CK_ATTRIBUTE *v,
                                CK_ULONG n, struct attrs **ret)
{
    const struct change c = {
        .schema = schema_of(a),
        .from = a,
        .permit = MODIFY,
        .is_so = is_so,
    };

    ENSURE(c.schema != NULL, CKR_GENERAL_ERROR);
    ENSURE(attrs_bool(a, CKA_MODIFIABLE, false), CKR_ACTION_PROHIBITED);
    ENSURE(is_so || !is_trusted_certificate(a), CKR_ACTION_PROHIBITED);
    return apply(&c, v, n, ret);
}

NODISCARD CK_RV template_copy(const struct attrs *a, bool is_so, const CK_ATTRIBUTE *v, CK_ULONG n,
                              const uint8_t unique[16], struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *copy = NULL;
    const struct change c = {
        .schema = schema_of(a),
        .from = a,
        /* A copy of what the SO trusts is trusted too: its names are not for others to choose. */
        .permit = is_so || !is_trusted_certificate(a) ? MODIFY | ON_COPY : ON_COPY,
        .is_so = is_so,
        .may_repeat = true,
    };

    ENSURE(c.schema != NULL, CKR_GENERAL_ERROR);
    ENSURE(attrs_bool(a, CKA_COPYABLE, false), CKR_ACTION_PROHIBITED);
    TRY(apply(&c, v, n, &copy));
    TRY(rule_set_unique_id(copy, unique));
    *ret = TAKE(copy);
    return CKR_OK;
}
