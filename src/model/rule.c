/* SPDX-License-Identifier: BSD-2-Clause */
/* rule.c - one row of a schema against one value; see rule.h. */
#include "model/rule.h"

#include "model/check.h"
#include "model/value.h"
#include "util/policy.h"

#define UNIQUE_BYTES 16

static bool is_true(struct span value)
{
    return value.n == sizeof(CK_BBOOL) && value.p[0] == CK_TRUE;
}

bool rule_allows(const struct attr_rule *rule, struct span value, bool is_so)
{
    return is_so || (rule->notes & SO_TRUE) == 0 || !is_true(value) ||
           !policy_holds(POLICY_TRUST_BY_SO);
}

NODISCARD CK_RV rule_take(const struct attr_rule *rule, const CK_ATTRIBUTE *given, bool is_so,
                          struct attrs *into)
{
    ENSURE(!attrs_has(into, rule->type), CKR_TEMPLATE_INCONSISTENT);
    TRY(value_set(given, rule->kind, into));
    ENSURE(rule_allows(rule, attrs_span(into, rule->type), is_so), CKR_ATTRIBUTE_READ_ONLY);
    return CKR_OK;
}

bool rule_hides(const struct attr_rule *rule, const struct attrs *a)
{
    return (rule->notes & SECRET) != 0 && policy_holds(POLICY_READ_SENSITIVE) &&
           (attrs_bool(a, CKA_SENSITIVE, true) || !attrs_bool(a, CKA_EXTRACTABLE, false));
}

NODISCARD CK_RV rule_check_object(const struct schema *s, const struct attrs *a)
{
    if (s->check != NULL)
        TRY(s->check(a));
    return check_policy(s, a);
}

NODISCARD CK_RV rule_set_unique_id(struct attrs *a, const uint8_t unique[16])
{
    char text[2 * UNIQUE_BYTES + 1];

    hex_encode(span_of(unique, UNIQUE_BYTES), text);
    return attrs_set(a, CKA_UNIQUE_ID, span_of(text, sizeof(text) - 1));
}
