/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template_nested.c - the templates that keys carry for other keys: CKA_UNWRAP_TEMPLATE,
 * CKA_DERIVE_TEMPLATE, CKA_ENCAPSULATE_TEMPLATE and CKA_DECAPSULATE_TEMPLATE add to what the
 * application says, CKA_WRAP_TEMPLATE is compared; see template.h.
 */
#include "model/template.h"

#include "model/record.h"

/* An encoding is never empty: no bytes, no template. */
static CK_RV decode(struct span nested, struct attrs **ret)
{
    return nested.n == 0 ? attrs_new(ret) : record_decode(nested, ret);
}

static bool agrees(const struct attr *wanted, const struct attrs *a)
{
    return attrs_has(a, wanted->type) &&
           span_equal(attrs_span(a, wanted->type), span_of(wanted->p, wanted->n));
}

NODISCARD CK_RV template_apply_nested(struct span nested, struct attrs *a)
{
    AUTO(attrs_freep) struct attrs *wanted = NULL;

    if (nested.n == 0)
        return CKR_OK;
    TRY(record_decode(nested, &wanted));
    for (size_t i = 0; i < wanted->n; i++) {
        const struct attr *attr = &wanted->v[i];

        ENSURE(!attrs_has(a, attr->type) || agrees(attr, a), CKR_TEMPLATE_INCONSISTENT);
    }
    for (size_t i = 0; i < wanted->n; i++)
        TRY(attrs_set(a, wanted->v[i].type, span_of(wanted->v[i].p, wanted->v[i].n)));
    return CKR_OK;
}

NODISCARD CK_RV template_agrees(struct span nested, const struct attrs *a, bool *ret)
{
    AUTO(attrs_freep) struct attrs *wanted = NULL;
    bool all = true;

    TRY(decode(nested, &wanted));
    /* An attribute that cannot be read agrees with nothing: C_WrapKey must not tell its value. */
    for (size_t i = 0; i < wanted->n; i++)
        all = all && attr_is_revealed(a, wanted->v[i].type) && agrees(&wanted->v[i], a);
    *ret = all;
    return CKR_OK;
}
