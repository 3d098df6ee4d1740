/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.c - the stores that this process has open: one per directory, shared, counted.
 *
 * LMDB must not open a file twice in a process, so the registry's lock is held from looking a
 * directory up until its environment is open, and while it is closed. The registry, and what the
 * process has seen of each store, go on until the process ends.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/page.h"
#include "store/place.h"
#include "store/procid.h"
#include "store/txn.h"
#include "util/log.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *registry;
static struct seen *all_seen; /* under the registry's lock; entries stay */

/* Under the lock: this process's store in this directory. */
static struct store *registry_find(const struct place *place)
{
    struct store *s = registry;

    while (s != NULL && (s->dev != place->dev || s->ino != place->ino || s->procid != procid()))
        s = s->next;
    return s;
}

static void registry_remove(struct store *s)
{
    struct store **at = &registry;

    while (*at != NULL && *at != s)
        at = &(*at)->next;
    if (*at != NULL)
        *at = s->next;
}

static void store_free(struct store *s)
{
    if (s == NULL)
        return;
    env_close(s->env);
    cache_free(s->cache);
    keys_free(atomic_load(&s->keys));
    for (unsigned i = 0; i < s->n_retired; i++)
        keys_free(s->retired[i]);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->directory);
    free(s);
}

DEFINE_AUTO(store_freep, struct store, store_free)

/* Look at the meta pages before LMDB does. */
static CK_RV data_check(const char *directory)
{
    AUTO(place_closep) int fd = -1;

    TRY(place_open_data(directory, &fd));
    return page_check(fd, directory);
}

/* A store that is not open yet; `directory` is taken. */
static CK_RV store_begin(char *directory, dev_t dev, ino_t ino, struct store **ret)
{
    AUTO(store_freep) struct store *s = calloc(1, sizeof(*s));

    if (s == NULL)
        free(directory);
    ENSURE(s != NULL, CKR_HOST_MEMORY);
    (void)pthread_mutex_init(&s->lock, NULL);
    s->refs = 1;
    s->procid = procid();
    s->dev = dev;
    s->ino = ino;
    s->directory = directory;
    ENSURE(s->directory != NULL, CKR_HOST_MEMORY);
    TRY(cache_new(&s->cache));
    *ret = TAKE(s);
    return CKR_OK;
}

static CK_RV store_new(const char *directory, bool create, uint64_t map_size,
                       const struct place *place, struct store **ret)
{
    AUTO(store_freep) struct store *s = NULL;

    TRY(store_begin(realpath(directory, NULL), place->dev, place->ino, &s));
    if (place->has_data)
        TRY(data_check(directory));
    TRY(env_open(s->directory, create, map_size, &s->env));
    if (!place->has_data)
        TRY(place_sync(directory));
    *ret = TAKE(s);
    return CKR_OK;
}

static CK_RV open_locked(const char *directory, bool create, uint64_t map_size, struct store **ret)
{
    struct place place;
    struct store *s;

    TRY(place_look(directory, create, &place));
    s = registry_find(&place);
    if (s != NULL) {
        s->refs++;
        *ret = s;
        return CKR_OK;
    }
    TRY(store_new(directory, create, map_size, &place, &s));
    s->next = registry;
    registry = s;
    *ret = s;
    return CKR_OK;
}

CK_RV store_open(const char *directory, bool create, uint64_t map_size, struct store **ret)
{
    CK_RV rv;

    (void)pthread_mutex_lock(&registry_lock);
    rv = open_locked(directory, create, map_size, ret);
    (void)pthread_mutex_unlock(&registry_lock);
    return rv;
}

CK_RV store_open_file(const char *path, const char *name, bool write, uint64_t map_size,
                      struct store **ret)
{
    AUTO(store_freep) struct store *s = NULL;
    AUTO(place_closep) int fd = -1;
    struct stat st;

    TRY(place_open_file(path, name, &fd, &st));
    TRY(page_check(fd, name));
    TRY(store_begin(strdup(name), st.st_dev, st.st_ino, &s));
    TRY(env_open_file(path, write, map_size, &s->env));
    *ret = TAKE(s);
    return CKR_OK;
}

CK_RV store_copy(struct store *s, int fd)
{
    ENSURE(s->procid == procid(), CKR_DEVICE_ERROR);
    return env_copy(s->env, fd);
}

bool store_is_begun(const char *directory)
{
    struct place place = {.has_data = false};

    return place_look(directory, false, &place) == CKR_OK && place.has_data;
}

struct store *store_ref(struct store *s)
{
    (void)pthread_mutex_lock(&registry_lock);
    s->refs++;
    (void)pthread_mutex_unlock(&registry_lock);
    return s;
}

void store_unref(struct store *s)
{
    /* A forked child must not close what its parent opened: it is left as it is. */
    if (s == NULL || s->procid != procid())
        return;
    (void)pthread_mutex_lock(&registry_lock);
    if (--s->refs == 0) {
        registry_remove(s);
        store_free(s);
    }
    (void)pthread_mutex_unlock(&registry_lock);
}

void store_forget_all(void)
{
    /* Another thread of the parent may have held the lock when it forked. */
    (void)pthread_mutex_init(&registry_lock, NULL);
}

const char *store_directory(const struct store *s)
{
    return s->directory;
}

/* Under the registry's lock: what was seen of this store before, by directory and key; an entry is
 * made when there is none. */
static CK_RV seen_get_locked(const struct store *s, const struct keys *keys, struct seen **ret)
{
    struct seen *seen = all_seen;

    while (seen != NULL && (seen->dev != s->dev || seen->ino != s->ino ||
                            !mem_equal_ct(seen->check, keys_check(keys), sizeof(seen->check))))
        seen = seen->next;
    if (seen == NULL) {
        seen = calloc(1, sizeof(*seen));
        ENSURE(seen != NULL, CKR_HOST_MEMORY);
        seen->dev = s->dev;
        seen->ino = s->ino;
        memcpy(seen->check, keys_check(keys), sizeof(seen->check));
        seen->next = all_seen;
        all_seen = seen;
    }
    *ret = seen;
    return CKR_OK;
}

static CK_RV seen_get(const struct store *s, const struct keys *keys, struct seen **ret)
{
    CK_RV rv;

    (void)pthread_mutex_lock(&registry_lock);
    rv = seen_get_locked(s, keys, ret);
    (void)pthread_mutex_unlock(&registry_lock);
    return rv;
}

/* Under the store's lock: take over *keys, unless the store has them already. */
static CK_RV keys_install(struct store *s, struct keys **keys, struct seen *seen, bool fresh)
{
    struct keys *had = atomic_load(&s->keys);

    if (had != NULL && mem_equal_ct(keys_check(had), keys_check(*keys), PRIM_HASH)) {
        if (!fresh)
            atomic_store(&s->fresh, false);
        return CKR_OK;
    }
    /* A key under which nothing was ever found authentic may be corrected. */
    ENSURE(had == NULL || (s->verified_id == 0 && s->n_retired < RETIRED_MAX), CKR_DEVICE_ERROR);
    if (had != NULL)
        s->retired[s->n_retired++] = had;
    atomic_store(&s->fresh, fresh);
    atomic_store(&s->seen, seen);
    atomic_store(&s->keys, TAKE(*keys));
    return CKR_OK;
}

CK_RV store_set_key(struct store *s, struct span tree_key, bool fresh)
{
    AUTO(keys_freep) struct keys *keys = NULL;
    struct seen *seen = NULL;
    CK_RV rv;

    ENSURE(s->procid == procid(), CKR_DEVICE_ERROR);
    TRY(keys_new(tree_key, &keys));
    TRY(seen_get(s, keys, &seen));
    (void)pthread_mutex_lock(&s->lock);
    rv = keys_install(s, &keys, seen, fresh);
    (void)pthread_mutex_unlock(&s->lock);
    if (rv == CKR_DEVICE_ERROR)
        log_err("store %s: is open with another tree key", s->directory);
    return rv;
}

bool store_has_key(const struct store *s)
{
    return atomic_load(&s->keys) != NULL;
}

uint64_t store_last_txn(const struct store *s)
{
    return env_newest(s->env);
}
