/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - slots behind a few locks.
 *
 * A slot holds one immutable block; slots are spread over LOCKS locks by their place. The cache
 * takes about 6 MiB for a store of a million objects, and no store can make it take more than 14.
 */
#include "store/cache.h"

#include <pthread.h>
#include <stdlib.h>

#define TOP_SLOTS  4224u /* the levels 0, 1 and 2 are at most 1 + 64 + 4096 nodes */
#define DEEP_SLOTS 2048u /* for those below */
#define N_SLOTS    (TOP_SLOTS + DEEP_SLOTS)
#define KNOWN_SETS 1024u
#define KNOWN_WAYS 2u
#define ROW_SLOTS  2048u
#define ROW_MAX    168u /* a list's bitmap and its head fit; longer rows are not kept */
#define LOCKS      64u
#define KNOWN_KEY  38u /* row keys of lists and objects fit; of longer ones nothing is kept */

/* Places that share a slot share a lock. */
_Static_assert(TOP_SLOTS % LOCKS == 0 && DEEP_SLOTS % LOCKS == 0 && KNOWN_SETS % LOCKS == 0,
               "a slot has one lock");

struct kept {
    uint8_t mac[STORE_MAC];
    size_t n;
    uint8_t content[];
};

/* The tags are bytes of MACs: another node is told from the one that is looked for without going to
 * where it is kept, which at a million objects is a wait for memory in each search. */
struct slot {
    struct kept *node; /* NULL: empty */
    uint32_t tag;      /* its, */
    uint32_t place;    /* and where in the tree it is */
    uint32_t offered;  /* of the bucket that was offered last */
};

struct kept_known {
    uint64_t head; /* 0: nothing is proven */
    uint8_t path[PATH_BYTES];
    uint8_t stamp[STORE_MAC];
    bool present;
    bool compared;
    uint8_t table;
    uint8_t n; /* 0: empty */
    uint8_t key[KNOWN_KEY];
};

struct kept_row {
    uint8_t stamp[STORE_MAC];
    uint8_t n; /* 0: empty */
    uint8_t value[ROW_MAX];
};

struct cache {
    pthread_mutex_t row_lock[LOCKS];
    pthread_mutex_t node_lock[LOCKS];
    pthread_mutex_t known_lock[LOCKS];
    struct slot inner[N_SLOTS];
    struct slot bucket[N_SLOTS];
    struct kept_known known[KNOWN_SETS][KNOWN_WAYS]; /* asked for last first */
    struct kept_row row[ROW_SLOTS];
};

CK_RV cache_new(struct cache **ret)
{
    struct cache *c = calloc(1, sizeof(*c));

    ENSURE(c != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < LOCKS; i++) {
        (void)pthread_mutex_init(&c->node_lock[i], NULL);
        (void)pthread_mutex_init(&c->known_lock[i], NULL);
        (void)pthread_mutex_init(&c->row_lock[i], NULL);
    }
    *ret = c;
    return CKR_OK;
}

void cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < N_SLOTS; i++) {
        free(c->inner[i].node);
        free(c->bucket[i].node);
    }
    for (size_t i = 0; i < LOCKS; i++) {
        (void)pthread_mutex_destroy(&c->node_lock[i]);
        (void)pthread_mutex_destroy(&c->known_lock[i]);
        (void)pthread_mutex_destroy(&c->row_lock[i]);
    }
    free(c);
}

/* MACs are uniform: any of their bytes make an index, and any others a tag. */
static uint32_t mac_index(const uint8_t mac[STORE_MAC])
{
    uint32_t index;

    memcpy(&index, mac, sizeof(index));
    return index;
}

/* Nodes numbered from the top down, each level from the left to the right. From depth 6 on, where
 * the number would not fit, by their first bits alone. */
static uint32_t place_of(unsigned depth, const uint8_t path[PATH_BYTES])
{
    const uint32_t first = (uint32_t)path[0] << 24 | (uint32_t)path[1] << 16 |
                           (uint32_t)path[2] << 8 | (uint32_t)path[3];
    const unsigned bits = depth * DIGIT_BITS;

    if (bits == 0)
        return 0;
    if (bits >= 32)
        return first;
    /* (64^depth - 1) / 63 nodes are above. */
    return ((UINT32_C(1) << bits) - 1) / (DIGITS - 1) + (first >> (32 - bits));
}

/* Where a node is, among inner nodes or among buckets. */
static size_t slot_index(unsigned depth, uint32_t place)
{
    return depth <= 2 ? place : TOP_SLOTS + place % DEEP_SLOTS;
}

static pthread_mutex_t *node_lock(struct cache *c, uint32_t place)
{
    return &c->node_lock[place % LOCKS];
}

static bool slot_has(const struct slot *s, const uint8_t mac[STORE_MAC])
{
    return s->node != NULL && s->tag == mac_index(mac) && memcmp(s->node->mac, mac, STORE_MAC) == 0;
}

/* Under the lock: the kept node of this MAC, of either kind. */
static const struct kept *kept_find(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                                    uint32_t place)
{
    const struct slot *inner = &c->inner[slot_index(depth, place)];
    const struct slot *bucket = &c->bucket[slot_index(depth, place)];

    if (slot_has(inner, mac))
        return inner->node;
    return slot_has(bucket, mac) ? bucket->node : NULL;
}

/* The upper nodes of a large tree are full, and more than the processor's caches hold: where the
 * child's MAC then is can be fetched along with the node's own, not after it. A wrong guess only
 * fetches something else. */
static void child_prefetch(const struct kept *node, unsigned digit)
{
    if (node != NULL)
        __builtin_prefetch(node->content + 1 + 8 + digit * STORE_MAC);
}

bool cache_look(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                const uint8_t path[PATH_BYTES], enum node_step *ret, uint8_t ret_mac[STORE_MAC])
{
    const uint32_t place = place_of(depth, path);
    const struct kept *k;

    (void)pthread_mutex_lock(node_lock(c, place));
    child_prefetch(c->inner[slot_index(depth, place)].node, path_digit(path, depth));
    k = kept_find(c, mac, depth, place);
    if (k != NULL)
        *ret = node_look(span_of(k->content, k->n), depth, path, ret_mac);
    (void)pthread_mutex_unlock(node_lock(c, place));
    return k != NULL;
}

size_t cache_copy(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                  const uint8_t path[PATH_BYTES], uint8_t ret[NODE_MAX])
{
    const uint32_t place = place_of(depth, path);
    const struct kept *k;
    size_t n = 0;

    (void)pthread_mutex_lock(node_lock(c, place));
    k = kept_find(c, mac, depth, place);
    if (k != NULL) {
        n = k->n;
        memcpy(ret, k->content, n);
    }
    (void)pthread_mutex_unlock(node_lock(c, place));
    return n;
}

/* Put the node into its slot; returns what is to be freed. */
static struct kept *slot_put(pthread_mutex_t *lock, struct slot *slot, uint32_t place,
                             struct kept *k)
{
    struct kept *old;

    (void)pthread_mutex_lock(lock);
    old = slot->node;
    slot->node = k;
    slot->tag = mac_index(k->mac);
    slot->place = place;
    (void)pthread_mutex_unlock(lock);
    return old;
}

/* Is a bucket to be kept? One that would displace another, and not an older self, is when it was
 * offered before. */
static bool slot_wants(pthread_mutex_t *lock, struct slot *slot, uint32_t place,
                       const uint8_t mac[STORE_MAC])
{
    bool wants;

    (void)pthread_mutex_lock(lock);
    wants = slot->node == NULL || slot->place == place || slot->offered == mac_index(mac);
    slot->offered = mac_index(mac);
    (void)pthread_mutex_unlock(lock);
    return wants;
}

void cache_keep(struct cache *c, const uint8_t mac[STORE_MAC], unsigned depth,
                const uint8_t path[PATH_BYTES], struct span content)
{
    const uint32_t place = place_of(depth, path);
    const bool is_inner = content.p[0] == NODE_INNER;
    struct slot *slot = &(is_inner ? c->inner : c->bucket)[slot_index(depth, place)];
    struct kept *k;

    if (!is_inner && !slot_wants(node_lock(c, place), slot, place, mac))
        return;
    k = malloc(sizeof(*k) + content.n);
    if (k == NULL)
        return;
    memcpy(k->mac, mac, STORE_MAC);
    k->n = content.n;
    memcpy(k->content, content.p, content.n);
    free(slot_put(node_lock(c, place), slot, place, k));
}

/* FNV-1a over eight bytes at a time, finished so that the low bits depend on all: row keys often
 * differ in one byte only. */
static uint32_t known_index(enum store_table table, struct span key)
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

/* Under the lock: what is known of a row, in its set, where it comes to the front; NULL: nothing.
 */
static struct kept_known *known_find(struct kept_known set[KNOWN_WAYS], enum store_table table,
                                     struct span key)
{
    struct kept_known k;
    size_t i = 0;

    while (i < KNOWN_WAYS &&
           (set[i].n != key.n || set[i].table != table || memcmp(set[i].key, key.p, key.n) != 0))
        i++;
    if (i == KNOWN_WAYS)
        return NULL;
    if (i > 0) {
        k = set[i];
        memmove(&set[1], &set[0], i * sizeof(set[0]));
        set[0] = k;
    }
    return &set[0];
}

bool cache_known(struct cache *c, enum store_table table, struct span key, uint64_t head,
                 struct known *ret)
{
    const struct kept_known *k;
    uint32_t index;

    if (key.n > KNOWN_KEY)
        return false;
    index = known_index(table, key);
    (void)pthread_mutex_lock(&c->known_lock[index % LOCKS]);
    k = known_find(c->known[index % KNOWN_SETS], table, key);
    if (k != NULL) {
        *ret = (struct known){
            .proven = head != 0 && k->head == head, .present = k->present, .compared = k->compared};
        memcpy(ret->path, k->path, PATH_BYTES);
        memcpy(ret->stamp, k->stamp, STORE_MAC);
    }
    (void)pthread_mutex_unlock(&c->known_lock[index % LOCKS]);
    return k != NULL;
}

/* Under the lock: where what is known of a row goes. Of the two of its set that makes room which
 * was not asked for last: of the few rows that each search asks for no two push each other out,
 * search after search. */
static struct kept_known *known_place(struct kept_known set[KNOWN_WAYS], enum store_table table,
                                      struct span key)
{
    struct kept_known *there = known_find(set, table, key);

    if (there != NULL)
        return there;
    memmove(&set[1], &set[0], (KNOWN_WAYS - 1) * sizeof(set[0]));
    return &set[0];
}

void cache_keep_known(struct cache *c, enum store_table table, struct span key, uint64_t head,
                      const struct known *known)
{
    struct kept_known *k;
    uint32_t index;

    if (key.n > KNOWN_KEY)
        return;
    index = known_index(table, key);
    (void)pthread_mutex_lock(&c->known_lock[index % LOCKS]);
    k = known_place(c->known[index % KNOWN_SETS], table, key);
    k->head = known->proven ? head : 0;
    k->present = known->present;
    k->compared = known->compared;
    k->table = (uint8_t)table;
    k->n = (uint8_t)key.n;
    memcpy(k->key, key.p, key.n);
    memcpy(k->path, known->path, PATH_BYTES);
    memcpy(k->stamp, known->stamp, STORE_MAC);
    (void)pthread_mutex_unlock(&c->known_lock[index % LOCKS]);
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
