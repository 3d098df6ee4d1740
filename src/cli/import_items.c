/* SPDX-License-Identifier: BSD-2-Clause */
/* import_items.c - what an import found; see import.h. */
#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

void import_items_clear(struct import_items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        attrs_free(items->v[i].attrs);
        free(items->v[i].name);
    }
    free(items->v);
    *items = (struct import_items){.v = NULL};
}

static CK_RV reserve(struct import_items *items)
{
    const size_t room = items->room == 0 ? 64 : 2 * items->room;
    struct import_item *grown;

    if (items->n < items->room)
        return CKR_OK;
    grown = calloc(room, sizeof(*grown));
    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    if (items->n > 0)
        memcpy(grown, items->v, items->n * sizeof(*grown));
    free(items->v);
    items->v = grown;
    items->room = room;
    return CKR_OK;
}

static CK_RV item_add(struct import_items *items, CK_OBJECT_CLASS class, struct span name,
                      const char *reason, struct import_item **ret)
{
    struct import_item *item;

    TRY(reserve(items));
    item = &items->v[items->n];
    *item = (struct import_item){.class = class, .reason = reason};
    item->name = strndup(name.n > 0 ? (const char *)name.p : "", name.n);
    ENSURE(item->name != NULL, CKR_HOST_MEMORY);
    items->n++;
    *ret = item;
    return CKR_OK;
}

CK_RV import_item_new(struct import_items *items, CK_OBJECT_CLASS class, struct span name,
                      struct import_item **ret)
{
    struct import_item *item = NULL;

    TRY(item_add(items, class, name, NULL, &item));
    TRY(attrs_new(&item->attrs));
    TRY(attrs_set_ulong(item->attrs, CKA_CLASS, class));
    TRY(attrs_set_bool(item->attrs, CKA_TOKEN, true));
    *ret = item;
    return CKR_OK;
}

CK_RV import_item_skip(struct import_items *items, CK_OBJECT_CLASS class, struct span name,
                       const char *reason)
{
    struct import_item *item = NULL;

    return item_add(items, class, name, reason, &item);
}

CK_RV import_item_fail(struct import_items *items, CK_OBJECT_CLASS class, struct span name,
                       CK_RV why)
{
    TRY(import_item_skip(items, class, name, NULL));
    items->v[items->n - 1].rv = why;
    return CKR_OK;
}

/* -- what belongs together --------------------------------------------------------------------- */

struct place {
    struct span id;
    size_t index, group; /* where it was; where the first of its group was */
};

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int by_id(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int order = x->id.n != y->id.n ? compare_numbers(x->id.n, y->id.n)
                      : x->id.n > 0      ? memcmp(x->id.p, y->id.p, x->id.n)
                                         : 0;

    return order != 0 ? order : compare_numbers(x->index, y->index);
}

static int by_group(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int order = compare_numbers(x->group, y->group);

    return order != 0 ? order : compare_numbers(x->index, y->index);
}

static void places_group(struct place *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_id);
    for (size_t i = 0; i < n; i++)
        v[i].group = i > 0 && v[i].id.n > 0 && span_equal(v[i].id, v[i - 1].id) ? v[i - 1].group
                                                                                : v[i].index;
    qsort(v, n, sizeof(*v), by_group);
}

static void free_places(struct place **v)
{
    free(*v);
}

CK_RV import_items_group(struct import_items *items)
{
    AUTO(free_places) struct place *v = calloc(items->n + 1, sizeof(*v));
    struct import_item *ordered = calloc(items->n + 1, sizeof(*ordered));

    if (v == NULL || ordered == NULL) {
        free(ordered);
        FAIL(CKR_HOST_MEMORY);
    }
    for (size_t i = 0; i < items->n; i++) {
        v[i] = (struct place){.index = i};
        if (items->v[i].attrs != NULL)
            v[i].id = attrs_span(items->v[i].attrs, CKA_ID);
    }
    places_group(v, items->n);
    for (size_t i = 0; i < items->n; i++) {
        ordered[i] = items->v[v[i].index];
        ordered[i].begins = i == 0 || v[i].group != v[i - 1].group;
    }
    free(items->v);
    items->v = ordered;
    items->room = items->n + 1;
    return CKR_OK;
}

/* -- objects of other tokens ------------------------------------------------------------------- */

const struct schema *import_schema(const struct attrs *a)
{
    static const struct {
        CK_OBJECT_CLASS class;
        CK_ATTRIBUTE_TYPE subtype; /* CKA_CLASS: there are no kinds of it */
    } kinds[] = {
        {CKO_DATA, CKA_CLASS},          {CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE},
        {CKO_PUBLIC_KEY, CKA_KEY_TYPE}, {CKO_PRIVATE_KEY, CKA_KEY_TYPE},
        {CKO_SECRET_KEY, CKA_KEY_TYPE},
    };
    const CK_OBJECT_CLASS class = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

    for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
        if (kinds[i].class == class)
            return schema_find(class, kinds[i].subtype == CKA_CLASS
                                          ? SCHEMA_ANY
                                          : attrs_ulong(a, kinds[i].subtype, SCHEMA_ANY));
    }
    return NULL;
}

bool import_carries(const struct attr_rule *rule)
{
    static const CK_ATTRIBUTE_TYPE ours[] = {CKA_CLASS,       CKA_TOKEN,       CKA_SENSITIVE,
                                             CKA_EXTRACTABLE, CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO};

    for (size_t i = 0; i < N_ELEMENTS(ours); i++) {
        if (ours[i] == rule->type)
            return false;
    }
    return (rule->notes & (NOT_CREATE | SO_TRUE)) == 0;
}

CK_RV import_settle_item(struct import_item *item, const struct import_keys *keys, bool was_trusted)
{
    if (was_trusted)
        item->note = "CKA_TRUSTED: for the SO of this token to say";
    if (item->class == CKO_CERTIFICATE)
        TRY(attrs_add(item->attrs, CKA_SUBJECT, SPAN_EMPTY)); /* the token fills it in */
    if (keys->label != NULL)
        TRY(attrs_set(item->attrs, CKA_LABEL, span_of(keys->label, strlen(keys->label))));
    return import_protect(item, keys->extractable);
}

/* -- what becomes of them ---------------------------------------------------------------------- */

CK_RV import_protect(struct import_item *item, bool extractable)
{
    if (item->class != CKO_PRIVATE_KEY && item->class != CKO_SECRET_KEY)
        return CKR_OK;
    TRY(attrs_set_bool(item->attrs, CKA_PRIVATE, true));
    TRY(attrs_set_bool(item->attrs, CKA_SENSITIVE, true));
    return attrs_set_bool(item->attrs, CKA_EXTRACTABLE, extractable);
}

const char *import_objection(CK_RV rv, bool *ret_skipped)
{
    static const struct {
        CK_RV rv;
        bool skipped;
        const char *words;
    } objections[] = {
        {CKR_KEY_TYPE_INCONSISTENT, true, "of a type that the token has no keys of"},
        {CKR_CURVE_NOT_SUPPORTED, true, "on a curve that the token does not have"},
        {CKR_KEY_SIZE_RANGE, true, "of a size that is not allowed (docs/policy.md, rsa-size)"},
        {CKR_DATA_INVALID, false, "it can't be read"},
        {CKR_DATA_LEN_RANGE, false, "longer than a value of an object may be (8 MiB)"},
        {CKR_ATTRIBUTE_VALUE_INVALID, false, "no whole key or certificate, or a weak one"},
        {CKR_DOMAIN_PARAMS_INVALID, false, "no curve is named"},
        {CKR_TEMPLATE_INCONSISTENT, false, "its attributes contradict each other"},
        {CKR_TEMPLATE_INCOMPLETE, false, "attributes are missing"},
        {CKR_HOST_MEMORY, false, "out of memory"},
        {CKR_DEVICE_MEMORY, false, "the disk is full"},
        {CKR_DEVICE_ERROR, false, "the store can't be written"},
    };

    for (size_t i = 0; i < N_ELEMENTS(objections); i++) {
        if (objections[i].rv == rv) {
            *ret_skipped = objections[i].skipped;
            return objections[i].words;
        }
    }
    *ret_skipped = false;
    return "the token does not take it";
}
