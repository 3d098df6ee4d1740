/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template_search.c - C_FindObjectsInit's template, and whether an object matches it; see
 * template.h.
 */
#include "model/template.h"

#include "model/value.h"
#include "util/policy.h"

/* An attribute type that no object has. */
#define MATCHES_NOTHING ((CK_ATTRIBUTE_TYPE)-1)

static CK_RV take_wanted(const CK_ATTRIBUTE *given, struct attrs *search)
{
    const struct attr_name *name = attr_name_find(given->type);
    AUTO(buf_clear) struct buf value = BUF_INIT;

    if (name == NULL)
        return attrs_set(search, MATCHES_NOTHING, SPAN_EMPTY);
    if (!attrs_has(search, given->type))
        return value_set(given, name->kind, search);
    TRY(value_take(given, name->kind, &value));
    if (span_equal(attrs_span(search, given->type), buf_span(&value)))
        return CKR_OK;
    return attrs_set(search, MATCHES_NOTHING, SPAN_EMPTY); /* two values at once */
}

NODISCARD CK_RV template_search(const CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *search = NULL;

    TRY(value_check_array(v, n));
    TRY(attrs_new(&search));
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_ATTRIBUTE entry = value_entry(v, i);

        TRY(take_wanted(&entry, search));
    }
    *ret = TAKE(search);
    return CKR_OK;
}

bool template_matches(const struct attrs *a, const struct attrs *search)
{
    for (size_t i = 0; i < search->n; i++) {
        const struct attr *wanted = &search->v[i];

        /* Readable first: an attribute that is not must not even be compared. */
        if ((!attr_is_revealed(a, wanted->type) && policy_holds(POLICY_SEARCH_SENSITIVE)) ||
            !span_equal(attrs_span(a, wanted->type), span_of(wanted->p, wanted->n)))
            return false;
    }
    return true;
}
