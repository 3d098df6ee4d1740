/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - open addressing with linear probing; see table.h. At most two thirds full; removal
 * closes the gap by moving back what probed over it, so there are no tombstones.
 */
#include "core/table.h"

#include <stdlib.h>

#define TABLE_MIN 16

static size_t home_of(uint64_t key, size_t room)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (room - 1);
}

static size_t find_slot(const struct table_slot *v, size_t room, uint64_t key)
{
    size_t i = home_of(key, room);

    while (v[i].key != 0 && v[i].key != key)
        i = (i + 1) & (room - 1);
    return i;
}

void *table_get(const struct table *t, uint64_t key)
{
    size_t i;

    if (t->room == 0)
        return NULL;
    i = find_slot(t->v, t->room, key);
    return t->v[i].key == key ? t->v[i].value : NULL;
}

static CK_RV table_resize(struct table *t, size_t room)
{
    struct table_slot *v = calloc(room, sizeof(*v));

    ENSURE(v != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < t->room; i++) {
        if (t->v[i].key != 0)
            v[find_slot(v, room, t->v[i].key)] = t->v[i];
    }
    free(t->v);
    t->v = v;
    t->room = room;
    return CKR_OK;
}

CK_RV table_put(struct table *t, uint64_t key, void *value)
{
    size_t i;

    if (t->room == 0 || (t->n + 1) * 3 > t->room * 2)
        TRY(table_resize(t, t->room == 0 ? TABLE_MIN : t->room * 2));
    i = find_slot(t->v, t->room, key);
    if (t->v[i].key == 0)
        t->n++;
    t->v[i] = (struct table_slot){.key = key, .value = value};
    return CKR_OK;
}

/* Move back every entry of the run after `hole` that may not stay behind a free slot. */
static void close_gap(struct table *t, size_t hole)
{
    const size_t mask = t->room - 1;
    size_t i = hole;

    for (;;) {
        size_t home;

        i = (i + 1) & mask;
        if (t->v[i].key == 0)
            break;
        home = home_of(t->v[i].key, t->room);
        /* Reachable from its home without passing the hole: it stays. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        t->v[hole] = t->v[i];
        hole = i;
    }
    t->v[hole] = (struct table_slot){0};
}

/* Take out what stands at i. */
static void *take_at(struct table *t, size_t i)
{
    void *value = t->v[i].value;

    close_gap(t, i);
    t->n--;
    /* Giving memory back is a kindness: a failure to do so changes nothing. */
    if (t->room > TABLE_MIN && t->n * 8 < t->room) {
        const CK_RV rv = table_resize(t, t->room / 2);

        (void)rv;
    }
    return value;
}

void *table_take(struct table *t, uint64_t key)
{
    size_t i;

    if (t->room == 0)
        return NULL;
    i = find_slot(t->v, t->room, key);
    return t->v[i].key == key ? take_at(t, i) : NULL;
}

/* The gap may have been closed with what stood behind it, so the place is looked at again; in a
 * table that shrank everything stands elsewhere, which happens a few times only. */
void *table_take_next(struct table *t, size_t *position, table_wanted *wanted, const void *arg)
{
    const size_t room = t->room;

    for (; *position < room; (*position)++) {
        const struct table_slot *slot = &t->v[*position];
        void *value;

        if (slot->key == 0 || !wanted(slot->value, arg))
            continue;
        value = take_at(t, *position);
        if (t->room != room)
            *position = 0;
        return value;
    }
    return NULL;
}

void *table_next(const struct table *t, size_t *position)
{
    while (*position < t->room) {
        const struct table_slot *slot = &t->v[(*position)++];

        if (slot->key != 0)
            return slot->value;
    }
    return NULL;
}

void table_clear(struct table *t)
{
    free(t->v);
    *t = TABLE_INIT;
}
