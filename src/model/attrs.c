/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attrs.c - the attributes of one object; see attrs.h.
 *
 * Invariants: v[0..n) is sorted by type without duplicates; p is NULL exactly when n is 0. The
 * array itself holds no values and may move; values never move: they are copied and the old ones
 * wiped.
 */
#include "model/attrs.h"

#include <stdlib.h>

#define ATTRS_FIRST_ROOM 16u /* a generated key has about twenty attributes */

NODISCARD CK_RV attrs_new(struct attrs **ret)
{
    struct attrs *a = calloc(1, sizeof(*a));

    ENSURE(a != NULL, CKR_HOST_MEMORY);
    *ret = a;
    return CKR_OK;
}

void attrs_free(struct attrs *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->n; i++)
        mem_free(a->v[i].p, a->v[i].n);
    free(a->v);
    free(a);
}

/* Where the type is, or where it would be inserted. */
static size_t position(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    size_t low = 0;
    size_t high = a->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (a->v[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct attrs *a, size_t i, CK_ATTRIBUTE_TYPE type)
{
    return i < a->n && a->v[i].type == type;
}

const struct attr *attrs_get(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    const size_t i = position(a, type);

    return is_at(a, i, type) ? &a->v[i] : NULL;
}

bool attrs_has(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    return attrs_get(a, type) != NULL;
}

struct span attrs_span(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    const struct attr *found = attrs_get(a, type);

    return found == NULL ? SPAN_EMPTY : span_of(found->p, found->n);
}

bool attrs_bool(const struct attrs *a, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
    const struct span value = attrs_span(a, type);

    return value.n == sizeof(CK_BBOOL) ? value.p[0] != CK_FALSE : otherwise;
}

CK_ULONG attrs_ulong(const struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise)
{
    const struct span value = attrs_span(a, type);
    CK_ULONG number = otherwise;

    if (value.n == sizeof(number))
        memcpy(&number, value.p, sizeof(number));
    return number;
}

/* Make room for one more entry. */
static CK_RV grow(struct attrs *a)
{
    const size_t room = a->room == 0 ? ATTRS_FIRST_ROOM : 2 * a->room;
    struct attr *v;

    if (a->n < a->room)
        return CKR_OK;
    v = reallocarray(a->v, room, sizeof(*v));
    ENSURE(v != NULL, CKR_HOST_MEMORY);
    a->v = v;
    a->room = room;
    return CKR_OK;
}

static CK_RV copy_of(struct span value, uint8_t **ret)
{
    uint8_t *p = NULL;

    if (value.n > 0) {
        p = malloc(value.n);
        ENSURE(p != NULL, CKR_HOST_MEMORY);
        memcpy(p, value.p, value.n);
    }
    *ret = p;
    return CKR_OK;
}

NODISCARD CK_RV attrs_set(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value)
{
    const size_t i = position(a, type);
    uint8_t *copy = NULL;

    TRY(grow(a));
    TRY(copy_of(value, &copy)); /* before the old value goes: it may be the source */
    if (is_at(a, i, type)) {
        mem_free(a->v[i].p, a->v[i].n);
    } else {
        memmove(&a->v[i + 1], &a->v[i], (a->n - i) * sizeof(a->v[0]));
        a->n++;
    }
    a->v[i] = (struct attr){.type = type, .p = copy, .n = value.n};
    return CKR_OK;
}

NODISCARD CK_RV attrs_set_bool(struct attrs *a, CK_ATTRIBUTE_TYPE type, bool value)
{
    const CK_BBOOL byte = value ? CK_TRUE : CK_FALSE;

    return attrs_set(a, type, SPAN_OBJ(byte));
}

NODISCARD CK_RV attrs_set_ulong(struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    return attrs_set(a, type, SPAN_OBJ(value));
}

void attrs_remove(struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    const size_t i = position(a, type);

    if (!is_at(a, i, type))
        return;
    mem_free(a->v[i].p, a->v[i].n);
    a->n--;
    memmove(&a->v[i], &a->v[i + 1], (a->n - i) * sizeof(a->v[0]));
}

NODISCARD CK_RV attrs_dup(const struct attrs *a, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *copy = NULL;

    TRY(attrs_new(&copy));
    for (size_t i = 0; i < a->n; i++)
        TRY(attrs_set(copy, a->v[i].type, span_of(a->v[i].p, a->v[i].n)));
    *ret = TAKE(copy);
    return CKR_OK;
}

size_t attrs_size(const struct attrs *a)
{
    size_t size = sizeof(*a) + a->room * sizeof(a->v[0]);

    for (size_t i = 0; i < a->n; i++)
        size += a->v[i].n;
    return size;
}
