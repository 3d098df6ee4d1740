/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - direct-mapped slots behind a few locks.
 *
 * A slot holds one immutable block; slots are spread over LOCKS locks by their index. At its
 * fullest the cache takes about 13 MiB, reached only by stores of some hundred thousand rows.
 */
#include "store/cache.h"

#include <pthread.h>
#include <stdlib.h>

#define INNER_SLOTS  8192u /* the two upper levels are 65 nodes, the next up to 4096 */
#define BUCKET_SLOTS 4096u
#define PATH_SLOTS   2048u
#define ROW_SLOTS    2048u
#define ROW_MAX      168u /* a list's bitmap and its head fit; longer rows are not kept */
#define LOCKS        64u
#define PATH_KEY_MAX 46u /* longer row keys are not kept: the slot is 64 bytes, a cache line */

struct kept {
    uint8_t mac[STORE_MAC];
    size_t n;
    uint8_t content[];
};

struct kept_path {
    uint8_t table;
    uint8_t n; /* 0: empty */
    uint8_t key[PATH_KEY_MAX];
    uint8_t path[PATH_BYTES];
};

struct kept_row {
    uint8_t stamp[STORE_MAC];
    uint8_t n; /* 0: empty */
    uint8_t value[ROW_MAX];
};

struct cache {
    pthread_mutex_t row_lock[LOCKS];
    pthread_mutex_t node_lock[LOCKS];
    pthread_mutex_t path_lock[LOCKS];
    struct kept *inner[INNER_SLOTS];
    struct kept *bucket[BUCKET_SLOTS];
    struct kept_path path[PATH_SLOTS];
    struct kept_row row[ROW_SLOTS];
};

CK_RV cache_new(struct cache **ret)
{
    struct cache *c = calloc(1, sizeof(*c));

    ENSURE(c != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < LOCKS; i++) {
        (void)pthread_mutex_init(&c->node_lock[i], NULL);
        (void)pthread_mutex_init(&c->path_lock[i], NULL);
        (void)pthread_mutex_init(&c->row_lock[i], NULL);
    }
    *ret = c;
    return CKR_OK;
}

void cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < INNER_SLOTS; i++)
        free(c->inner[i]);
    for (size_t i = 0; i < BUCKET_SLOTS; i++)
        free(c->bucket[i]);
    for (size_t i = 0; i < LOCKS; i++) {
        (void)pthread_mutex_destroy(&c->node_lock[i]);
        (void)pthread_mutex_destroy(&c->path_lock[i]);
        (void)pthread_mutex_destroy(&c->row_lock[i]);
    }
    free(c);
}

/* MACs are uniform: any of their bytes make an index. */
static uint32_t mac_index(const uint8_t mac[STORE_MAC])
{
    uint32_t index;

    memcpy(&index, mac, sizeof(index));
    return index;
}

static pthread_mutex_t *node_lock(struct cache *c, uint32_t index)
{
    return &c->node_lock[index % LOCKS];
}

/* Under the lock: the kept node of this MAC, of either kind. */
static const struct kept *kept_find(const struct cache *c, const uint8_t mac[STORE_MAC],
                                    uint32_t index)
{
    const struct kept *inner = c->inner[index % INNER_SLOTS];
    const struct kept *bucket = c->bucket[index % BUCKET_SLOTS];

    if (inner != NULL && memcmp(inner->mac, mac, STORE_MAC) == 0)
        return inner;
    if (bucket != NULL && memcmp(bucket->mac, mac, STORE_MAC) == 0)
        return bucket;
    return NULL;
}

bool cache_look(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                const uint8_t path[PATH_BYTES], enum node_step *ret, uint8_t ret_mac[STORE_MAC])
{
    const uint32_t index = mac_index(mac);
    const struct kept *k;

    (void)pthread_mutex_lock(node_lock(c, index));
    k = kept_find(c, mac, index);
    if (k != NULL)
        *ret = node_look(span_of(k->content, k->n), depth, path, ret_mac);
    (void)pthread_mutex_unlock(node_lock(c, index));
    return k != NULL;
}

size_t cache_copy(struct cache *c, const uint8_t mac[STORE_MAC], uint8_t ret[NODE_MAX])
{
    const uint32_t index = mac_index(mac);
    const struct kept *k;
    size_t n = 0;

    (void)pthread_mutex_lock(node_lock(c, index));
    k = kept_find(c, mac, index);
    if (k != NULL) {
        n = k->n;
        memcpy(ret, k->content, n);
    }
    (void)pthread_mutex_unlock(node_lock(c, index));
    return n;
}

void cache_keep(struct cache *c, const uint8_t mac[STORE_MAC], struct span content)
{
    const uint32_t index = mac_index(mac);
    struct kept **slot = content.p[0] == NODE_INNER ? &c->inner[index % INNER_SLOTS]
                                                    : &c->bucket[index % BUCKET_SLOTS];
    struct kept *k = malloc(sizeof(*k) + content.n), *old;

    if (k == NULL)
        return;
    memcpy(k->mac, mac, STORE_MAC);
    k->n = content.n;
    memcpy(k->content, content.p, content.n);
    (void)pthread_mutex_lock(node_lock(c, index));
    old = *slot;
    *slot = k;
    (void)pthread_mutex_unlock(node_lock(c, index));
    free(old);
}

/* FNV-1a over eight bytes at a time, finished so that the low bits depend on all: row keys often
 * differ in one byte only. */
static uint32_t path_index(enum store_table table, struct span key)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)table;

    for (size_t i = 0; i < key.n; i += sizeof(h)) {
        uint64_t word = 0;

        memcpy(&word, key.p + i, key.n - i < sizeof(word) ? key.n - i : sizeof(word));
        h = (h ^ word) * UINT64_C(1099511628211);
        h ^= h >> 32;
    }
    return (uint32_t)(h ^ h >> 15);
}

bool cache_path(struct cache *c, enum store_table table, struct span key, uint8_t ret[PATH_BYTES])
{
    uint32_t index;
    const struct kept_path *k;
    bool there;

    if (key.n > PATH_KEY_MAX)
        return false;
    index = path_index(table, key);
    k = &c->path[index % PATH_SLOTS];
    (void)pthread_mutex_lock(&c->path_lock[index % LOCKS]);
    there = k->n == key.n && k->table == table && memcmp(k->key, key.p, key.n) == 0;
    if (there)
        memcpy(ret, k->path, PATH_BYTES);
    (void)pthread_mutex_unlock(&c->path_lock[index % LOCKS]);
    return there;
}

void cache_keep_path(struct cache *c, enum store_table table, struct span key,
                     const uint8_t path[PATH_BYTES])
{
    uint32_t index;
    struct kept_path *k;

    if (key.n > PATH_KEY_MAX)
        return;
    index = path_index(table, key);
    k = &c->path[index % PATH_SLOTS];
    (void)pthread_mutex_lock(&c->path_lock[index % LOCKS]);
    k->table = (uint8_t)table;
    k->n = (uint8_t)key.n;
    memcpy(k->key, key.p, key.n);
    memcpy(k->path, path, PATH_BYTES);
    (void)pthread_mutex_unlock(&c->path_lock[index % LOCKS]);
}

bool cache_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct buf *ret)
{
    const uint32_t index = mac_index(stamp);
    const struct kept_row *k = &c->row[index % ROW_SLOTS];
    bool there;

    (void)pthread_mutex_lock(&c->row_lock[index % LOCKS]);
    there = k->n > 0 && memcmp(k->stamp, stamp, STORE_MAC) == 0;
    if (there)
        buf_put(ret, span_of(k->value, k->n));
    (void)pthread_mutex_unlock(&c->row_lock[index % LOCKS]);
    return there;
}

void cache_keep_row(struct cache *c, const uint8_t stamp[STORE_MAC], struct span value)
{
    const uint32_t index = mac_index(stamp);
    struct kept_row *k = &c->row[index % ROW_SLOTS];

    if (value.n == 0 || value.n > ROW_MAX)
        return;
    (void)pthread_mutex_lock(&c->row_lock[index % LOCKS]);
    memcpy(k->stamp, stamp, STORE_MAC);
    memcpy(k->value, value.p, value.n);
    k->n = (uint8_t)value.n;
    (void)pthread_mutex_unlock(&c->row_lock[index % LOCKS]);
}
