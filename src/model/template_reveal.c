/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template_reveal.c - C_GetAttributeValue (PKCS#11 v3.2 5.7.5); see template.h.
 *
 * The application's entry is read once, answered in a copy, and the copy's length written back: the
 * value first, then ulValueLen. An entry whose ulValueLen is CK_UNAVAILABLE_INFORMATION has no
 * room, whatever its pValue: it is what an application hands in again that did not look at an
 * answer.
 */
#include "model/template.h"

#include "model/record.h"
#include "model/rule.h"
#include "model/value.h"

static CK_RV reveal_value(enum attr_kind kind, struct span value, CK_ATTRIBUTE *entry);

/* These do not end the call; the first of them is its answer. */
static bool is_soft(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
           rv == CKR_BUFFER_TOO_SMALL;
}

/* The length of the answer, or that there is no room; true: the value is to be written. */
static CK_RV make_room(CK_ATTRIBUTE *entry, size_t need, bool *ret_write)
{
    const CK_ULONG room = entry->ulValueLen;

    entry->ulValueLen = need;
    *ret_write = false;
    if (entry->pValue == NULL)
        return CKR_OK;
    if (room == CK_UNAVAILABLE_INFORMATION || room < need) {
        entry->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    *ret_write = true;
    return CKR_OK;
}

static CK_RV reveal_bytes(struct span value, CK_ATTRIBUTE *entry)
{
    bool write;

    TRY(make_room(entry, value.n, &write));
    if (write && value.n > 0)
        memcpy(entry->pValue, value.p, value.n);
    return CKR_OK;
}

/* An array of attributes: each element is answered like an entry, and says its type. */
static CK_RV reveal_template(struct span value, CK_ATTRIBUTE *entry)
{
    AUTO(attrs_freep) struct attrs *nested = NULL;
    CK_RV answer = CKR_OK;
    bool write;

    TRY(record_decode(value, &nested));
    TRY(make_room(entry, nested->n * sizeof(*entry), &write));
    for (size_t i = 0; write && i < nested->n; i++) {
        const struct attr *attr = &nested->v[i];
        CK_ATTRIBUTE element = value_entry(entry->pValue, i);
        CK_RV rv;

        element.type = attr->type;
        rv = reveal_value(attr_name_find(attr->type)->kind, span_of(attr->p, attr->n), &element);
        memcpy((uint8_t *)entry->pValue + i * sizeof(element), &element, sizeof(element));
        ENSURE(rv == CKR_OK || is_soft(rv), rv);
        answer = answer == CKR_OK ? rv : answer;
    }
    return answer;
}

static CK_RV reveal_value(enum attr_kind kind, struct span value, CK_ATTRIBUTE *entry)
{
    return kind == AK_TEMPLATE ? reveal_template(value, entry) : reveal_bytes(value, entry);
}

static CK_RV reveal_entry(const struct schema *s, const struct attrs *a, CK_ATTRIBUTE *entry)
{
    const struct attr_rule *rule = schema_rule(s, entry->type);

    if (rule != NULL && rule_hides(rule, a)) {
        entry->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_SENSITIVE;
    }
    if (rule == NULL || !attrs_has(a, entry->type)) {
        entry->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    return reveal_value(rule->kind, attrs_span(a, entry->type), entry);
}

NODISCARD CK_RV template_reveal(const struct attrs *a, CK_ATTRIBUTE *v, CK_ULONG n)
{
    const struct schema *s = schema_of(a);
    CK_RV answer = CKR_OK;

    ENSURE(v != NULL || n == 0, CKR_ARGUMENTS_BAD);
    ENSURE(s != NULL, CKR_GENERAL_ERROR);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_ATTRIBUTE entry = value_entry(v, i);
        const CK_RV rv = reveal_entry(s, a, &entry);

        v[i].ulValueLen = entry.ulValueLen;
        ENSURE(rv == CKR_OK || is_soft(rv), rv);
        answer = answer == CKR_OK ? rv : answer;
    }
    return answer;
}

bool template_names(const CK_ATTRIBUTE *v, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; v != NULL && i < n; i++) {
        if (value_entry(v, i).type == type)
            return true;
    }
    return false;
}

bool attr_is_revealed(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    const struct schema *s = schema_of(a);
    const struct attr_rule *rule = s == NULL ? NULL : schema_rule(s, type);

    return rule != NULL && attrs_has(a, type) && !rule_hides(rule, a);
}
