/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attrs.c - the attributes of one object; see attrs.h.
 *
 * Invariants: v[0..n) is sorted by type without duplicates; p is NULL exactly when n is 0. The
 * array itself holds no values and may move. Values never move: each has its place in a chunk, is
 * overwritten there by one that is no longer, and else wiped. A key has thirty attributes, most of
 * them of one byte: an allocation for each took most of the time of making an object, and more
 * memory than the values.
 */
#include "model/attrs.h"

#include <stdlib.h>

#define FIRST_ROOM  32u  /* entries, where attrs_reserve() said nothing */
#define FIRST_CHUNK 320u /* bytes of values: a secret key's fit, an EC key's take a second one */
#define NUMBER      sizeof(CK_ULONG)

/* Values from the first byte on; what is used was written and is wiped with the chunk. */
struct attrs_chunk {
    struct attrs_chunk *next;
    size_t room;
    size_t used;
    uint8_t bytes[];
};

NODISCARD CK_RV attrs_new(struct attrs **ret)
{
    /* malloc() keeps a cache for each thread, which calloc() passes by: 100 instructions more. */
    struct attrs *a = malloc(sizeof(*a));

    ENSURE(a != NULL, CKR_HOST_MEMORY);
    *a = (struct attrs){0};
    *ret = a;
    return CKR_OK;
}

void attrs_free(struct attrs *a)
{
    struct attrs_chunk *c;

    if (a == NULL)
        return;
    while ((c = a->chunks) != NULL) {
        a->chunks = c->next;
        mem_wipe(c->bytes, c->used);
        free(c);
    }
    free(a->v);
    free(a);
}

/* Where the type is, or where it would be inserted. No branch depends on what is compared: a search
 * that goes left and right at random costs more in wrong guesses of the processor than in steps. */
static size_t position(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    size_t low = 0, n = a->n;

    while (n > 0) {
        const size_t half = n - n / 2;

        low += (size_t)(a->v[low + half - 1].type < type) * half;
        n /= 2;
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

/* Make room for n more entries. */
static CK_RV grow(struct attrs *a, size_t n)
{
    size_t room = a->room == 0 ? FIRST_ROOM : a->room;
    struct attr *v;

    if (n <= a->room - a->n)
        return CKR_OK;
    ENSURE(n <= SIZE_MAX / 4 / sizeof(*v) && a->n <= SIZE_MAX / 4 / sizeof(*v), CKR_HOST_MEMORY);
    while (room - a->n < n)
        room *= 2;
    v = reallocarray(a->v, room, sizeof(*v));
    ENSURE(v != NULL, CKR_HOST_MEMORY);
    a->v = v;
    a->room = room;
    return CKR_OK;
}

static CK_RV chunk_add(struct attrs *a, size_t room)
{
    struct attrs_chunk *c;

    ENSURE(room <= SIZE_MAX / 2, CKR_HOST_MEMORY);
    c = malloc(sizeof(*c) + room);
    ENSURE(c != NULL, CKR_HOST_MEMORY);
    c->next = a->chunks;
    c->room = room;
    c->used = 0;
    a->chunks = c;
    return CKR_OK;
}

/* Where a value of this size starts: numbers are aligned, so that reading one is cheap. */
static size_t chunk_start(const struct attrs_chunk *c, size_t n)
{
    return n == NUMBER ? (c->used + NUMBER - 1) / NUMBER * NUMBER : c->used;
}

/* Room for n bytes in the newest chunk, whatever their alignment takes. */
static CK_RV chunk_ensure(struct attrs *a, size_t n)
{
    const struct attrs_chunk *c = a->chunks;

    if (c != NULL && n <= c->room - c->used)
        return CKR_OK;
    return chunk_add(a, n < FIRST_CHUNK ? FIRST_CHUNK : n);
}

/* A copy of the value in a chunk that has room for it and its alignment. NULL: it is empty. */
static inline uint8_t *place_fill(struct attrs_chunk *c, struct span value)
{
    const size_t start = chunk_start(c, value.n);
    uint8_t *const p = c->bytes + start;

    if (value.n == 0)
        return NULL;
    for (; c->used < start; c->used++)
        c->bytes[c->used] = 0;
    /* Most are a CK_BBOOL or a CK_ULONG, for which a call into libc costs more than the copy. */
    if (value.n == sizeof(CK_BBOOL))
        p[0] = value.p[0];
    else if (value.n == NUMBER)
        memcpy(p, value.p, NUMBER);
    else
        memcpy(p, value.p, value.n);
    c->used += value.n;
    return p;
}

/* The value over one that is not shorter, which it may be a part of. */
static void overwrite(struct attr *old, struct span value)
{
    if (value.n == sizeof(CK_BBOOL))
        old->p[0] = value.p[0];
    else if (value.n > 0)
        memmove(old->p, value.p, value.n);
    if (old->n > value.n)
        mem_wipe(old->p + value.n, old->n - value.n);
    old->p = value.n > 0 ? old->p : NULL;
    old->n = value.n;
}

static bool chunk_fits(const struct attrs_chunk *c, size_t n)
{
    const size_t start = c == NULL ? 0 : chunk_start(c, n);

    return c != NULL && c->room >= start && c->room - start >= n;
}

/* A copy of the value; it may stand in the set itself. */
static inline CK_RV copy_of(struct attrs *a, struct span value, uint8_t **ret)
{
    if (value.n > 0 && !chunk_fits(a->chunks, value.n))
        TRY(chunk_add(a, value.n < FIRST_CHUNK ? FIRST_CHUNK : value.n));
    *ret = value.n > 0 ? place_fill(a->chunks, value) : NULL;
    return CKR_OK;
}

/* A new entry at its place. */
static CK_RV insert(struct attrs *a, size_t i, CK_ATTRIBUTE_TYPE type, struct span value)
{
    uint8_t *copy = NULL;

    if (a->n == a->room)
        TRY(grow(a, 1));
    TRY(copy_of(a, value, &copy));
    if (i < a->n)
        memmove(&a->v[i + 1], &a->v[i], (a->n - i) * sizeof(a->v[0]));
    a->n++;
    a->v[i] = (struct attr){.type = type, .p = copy, .n = value.n};
    return CKR_OK;
}

NODISCARD CK_RV attrs_set(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value)
{
    const size_t i = position(a, type);
    uint8_t *copy = NULL;

    if (!is_at(a, i, type))
        return insert(a, i, type, value);
    if (value.n <= a->v[i].n) {
        overwrite(&a->v[i], value);
        return CKR_OK;
    }
    TRY(copy_of(a, value, &copy)); /* before the old value goes: it may be the source */
    mem_wipe(a->v[i].p, a->v[i].n);
    a->v[i] = (struct attr){.type = type, .p = copy, .n = value.n};
    return CKR_OK;
}

NODISCARD CK_RV attrs_add(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value)
{
    const size_t i = position(a, type);

    return is_at(a, i, type) ? CKR_OK : insert(a, i, type, value);
}

NODISCARD CK_RV attrs_append(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value)
{
    ENSURE(a->n == 0 || a->v[a->n - 1].type < type, CKR_GENERAL_ERROR);
    return insert(a, a->n, type, value);
}

NODISCARD CK_RV attrs_place(struct attrs *a, struct span value, struct span *ret_copy)
{
    uint8_t *copy = NULL;

    TRY(copy_of(a, value, &copy));
    *ret_copy = span_of(copy, value.n);
    return CKR_OK;
}

NODISCARD CK_RV attrs_lay(struct attrs *a, const struct attr_value *values, size_t n)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        if (!values[i].placed)
            bytes += values[i].value.n == NUMBER ? 2 * NUMBER : values[i].value.n;
    }
    TRY(grow(a, n));
    TRY(chunk_ensure(a, bytes));
    /* Nothing can fail any more. */
    for (size_t i = 0; i < n; i++) {
        const struct span value = values[i].value;
        uint8_t *const p =
            values[i].placed ? (uint8_t *)(uintptr_t)value.p : place_fill(a->chunks, value);

        a->v[i] = (struct attr){.type = values[i].type, .p = p, .n = value.n};
    }
    a->n = n;
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
    mem_wipe(a->v[i].p, a->v[i].n);
    a->n--;
    memmove(&a->v[i], &a->v[i + 1], (a->n - i) * sizeof(a->v[0]));
}

NODISCARD CK_RV attrs_reserve(struct attrs *a, size_t n, size_t bytes)
{
    ENSURE(n <= SIZE_MAX / 2 / sizeof(*a->v) && bytes <= SIZE_MAX / 4, CKR_HOST_MEMORY);
    if (a->room == 0 && n > 0) {
        a->v = malloc(n * sizeof(*a->v));
        ENSURE(a->v != NULL, CKR_HOST_MEMORY);
        a->room = n;
    }
    return a->chunks == NULL && bytes > 0 ? chunk_add(a, bytes) : CKR_OK;
}

static size_t bytes_used(const struct attrs *a)
{
    size_t used = 0;

    for (const struct attrs_chunk *c = a->chunks; c != NULL; c = c->next)
        used += c->used;
    return used;
}

NODISCARD CK_RV attrs_dup(const struct attrs *a, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *copy = NULL;

    TRY(attrs_new(&copy));
    TRY(attrs_reserve(copy, a->n, bytes_used(a)));
    for (size_t i = 0; i < a->n; i++)
        TRY(insert(copy, i, a->v[i].type, span_of(a->v[i].p, a->v[i].n)));
    *ret = TAKE(copy);
    return CKR_OK;
}

size_t attrs_size(const struct attrs *a)
{
    size_t size = sizeof(*a) + a->room * sizeof(a->v[0]);

    for (const struct attrs_chunk *c = a->chunks; c != NULL; c = c->next)
        size += sizeof(*c) + c->room;
    return size;
}
