/* SPDX-License-Identifier: BSD-2-Clause */
/* object_cache.c - decrypted objects by (kind, id), a doubly linked list in order of use; see
 * object_cache.h. */
#include "core/object_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/table.h"

struct entry {
    struct object *object;
    struct stamp stamp;
    struct entry *newer, *older;
};

struct object_cache {
    pthread_mutex_t lock;
    size_t max;
    struct table entries; /* entry_key() -> struct entry */
    struct entry *newest, *oldest;
};

/* Ids are below 2^36 and never 0. */
static uint64_t entry_key(enum handle_kind kind, uint64_t id)
{
    return (uint64_t)kind << HANDLE_ID_BITS | id;
}

static uint64_t key_of_object(const struct object *o)
{
    return entry_key(object_kind(o), object_id(o));
}

CK_RV object_cache_new(size_t max_objects, struct object_cache **ret)
{
    struct object_cache *c = calloc(1, sizeof(*c));

    ENSURE(c != NULL, CKR_HOST_MEMORY);
    (void)pthread_mutex_init(&c->lock, NULL);
    c->max = max_objects;
    *ret = c;
    return CKR_OK;
}

static void list_remove(struct object_cache *c, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &c->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &c->oldest) = e->newer;
    e->newer = e->older = NULL;
}

static void list_add(struct object_cache *c, struct entry *e)
{
    e->older = c->newest;
    e->newer = NULL;
    *(c->newest != NULL ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void entry_remove(struct object_cache *c, struct entry *e)
{
    (void)table_take(&c->entries, key_of_object(e->object));
    list_remove(c, e);
    object_unref(e->object);
    free(e);
}

void object_cache_free(struct object_cache *c)
{
    if (c == NULL)
        return;
    while (c->newest != NULL)
        entry_remove(c, c->newest);
    table_clear(&c->entries);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct object *object_cache_get(struct object_cache *c, enum handle_kind kind, uint64_t id,
                                struct stamp *ret_stamp)
{
    struct object *o = NULL;
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    e = table_get(&c->entries, entry_key(kind, id));
    if (e != NULL) {
        if (e != c->newest) {
            list_remove(c, e);
            list_add(c, e);
        }
        o = object_ref(e->object);
        *ret_stamp = e->stamp;
    }
    pthread_mutex_unlock(&c->lock);
    return o;
}

static void put_locked(struct object_cache *c, struct object *o, const struct stamp *stamp)
{
    struct entry *e = table_get(&c->entries, key_of_object(o));

    if (e != NULL)
        entry_remove(c, e);
    if (attrs_size(object_attrs(o)) > OBJECT_CACHE_LARGEST)
        return;
    while (c->entries.n >= c->max && c->oldest != NULL)
        entry_remove(c, c->oldest);
    e = calloc(1, sizeof(*e));
    if (e == NULL)
        return;
    if (table_put(&c->entries, key_of_object(o), e) != CKR_OK) {
        free(e);
        return;
    }
    e->object = object_ref(o);
    e->stamp = *stamp;
    list_add(c, e);
}

void object_cache_put(struct object_cache *c, struct object *o, const struct stamp *stamp)
{
    pthread_mutex_lock(&c->lock);
    put_locked(c, o, stamp);
    pthread_mutex_unlock(&c->lock);
}

void object_cache_renew(struct object_cache *c, const struct object *o, const struct stamp *stamp)
{
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    e = table_get(&c->entries, key_of_object(o));
    if (e != NULL && e->object == o && e->stamp.txn < stamp->txn)
        e->stamp = *stamp;
    pthread_mutex_unlock(&c->lock);
}

void object_cache_drop(struct object_cache *c, enum handle_kind kind, uint64_t id)
{
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    e = table_get(&c->entries, entry_key(kind, id));
    if (e != NULL)
        entry_remove(c, e);
    pthread_mutex_unlock(&c->lock);
}

void object_cache_drop_private(struct object_cache *c)
{
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    for (e = c->newest; e != NULL;) {
        struct entry *older = e->older;

        if (object_is_private(e->object))
            entry_remove(c, e);
        e = older;
    }
    pthread_mutex_unlock(&c->lock);
}
