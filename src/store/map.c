/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - recent changes over the tree.
 *
 * Invariant: an entry without stamp (a deletion) stands in the list only while the tree has the
 * row.
 */
#include "store/map.h"

static struct tree_source source(struct txn *t)
{
    return (struct tree_source){
        .keys = t->keys,
        .cache = t->store->cache,
        .txn = t->mdb,
        .dbi = env_table(t->store->env, DB_TREE),
        .full = &t->full,
    };
}

/* Where `path` is, or belongs, in the list. */
static uint32_t recent_place(const struct head *h, const uint8_t path[PATH_BYTES], bool *ret_found)
{
    uint32_t low = 0, high = h->n_recent;

    *ret_found = false;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = memcmp(path, h->recent[middle].path, PATH_BYTES);

        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool is_deletion(const struct entry *e)
{
    return mem_is_zero(e->mac, STORE_MAC);
}

static CK_RV below_ask(struct txn *t, const uint8_t path[PATH_BYTES], struct answer *ret)
{
    const struct tree_source src = source(t);

    if (t->tree != NULL)
        TRY(tree_get(t->tree, path, ret->mac, &ret->found));
    else
        TRY(tree_find(&src, 0, t->head.top, path, ret->mac, &ret->found));
    memcpy(ret->path, path, PATH_BYTES);
    ret->known = true;
    return CKR_OK;
}

/* What the tree alone says. It says the same until flush(): the last answer is kept, which saves
 * creating an object 4 of its 9 walks down the tree, and rotating one, one of two. */
static CK_RV below_find(struct txn *t, const uint8_t path[PATH_BYTES], uint8_t ret_mac[STORE_MAC],
                        bool *ret_found)
{
    struct answer *a = &t->last;

    if (!a->known || memcmp(a->path, path, PATH_BYTES) != 0) {
        a->known = false;
        TRY(below_ask(t, path, a));
    }
    *ret_found = a->found;
    if (a->found)
        memcpy(ret_mac, a->mac, STORE_MAC);
    return CKR_OK;
}

CK_RV map_find(struct txn *t, const uint8_t path[PATH_BYTES], uint8_t ret_mac[STORE_MAC],
               bool *ret_found)
{
    bool recent = false;
    const struct entry *e = &t->head.recent[recent_place(&t->head, path, &recent)];

    if (!recent)
        return below_find(t, path, ret_mac, ret_found);
    *ret_found = !is_deletion(e);
    if (*ret_found)
        memcpy(ret_mac, e->mac, STORE_MAC);
    return CKR_OK;
}

/* Move all recent changes into the tree, in memory. */
static CK_RV flush(struct txn *t)
{
    const struct tree_source src = source(t);
    bool was;

    t->last.known = false;
    if (t->tree == NULL)
        TRY(tree_new(&src, t->head.top, &t->tree));
    for (uint32_t i = 0; i < t->head.n_recent; i++) {
        const struct entry *e = &t->head.recent[i];

        if (is_deletion(e))
            TRY(tree_del(t->tree, e->path, &was));
        else
            TRY(tree_put(t->tree, e->path, e->mac, &was));
    }
    t->head.n_recent = 0;
    return CKR_OK;
}

/* Set the list's entry for `path`; an all-zero MAC is a deletion. */
static CK_RV recent_set(struct txn *t, const uint8_t path[PATH_BYTES], const uint8_t mac[STORE_MAC])
{
    struct head *h = &t->head;
    bool found = false;
    uint32_t at = recent_place(h, path, &found);

    if (!found && h->n_recent == RECENT_MAX) {
        TRY(flush(t));
        at = 0;
    }
    if (!found) {
        memmove(&h->recent[at + 1], &h->recent[at], (h->n_recent - at) * ENTRY_BYTES);
        memcpy(h->recent[at].path, path, PATH_BYTES);
        h->n_recent++;
    }
    memcpy(h->recent[at].mac, mac, STORE_MAC);
    return CKR_OK;
}

static void recent_drop(struct head *h, const uint8_t path[PATH_BYTES])
{
    bool found = false;
    const uint32_t at = recent_place(h, path, &found);

    if (!found)
        return;
    h->n_recent--;
    memmove(&h->recent[at], &h->recent[at + 1], (h->n_recent - at) * ENTRY_BYTES);
}

CK_RV map_put(struct txn *t, const uint8_t path[PATH_BYTES], const uint8_t mac[STORE_MAC],
              bool *ret_added)
{
    uint8_t was[STORE_MAC];
    bool found = false;

    TRY(map_find(t, path, was, &found));
    TRY(recent_set(t, path, mac));
    *ret_added = !found;
    return CKR_OK;
}

CK_RV map_del(struct txn *t, const uint8_t path[PATH_BYTES], bool *ret_found)
{
    static const uint8_t deletion[STORE_MAC];
    uint8_t was[STORE_MAC];
    bool found = false, below = false;

    TRY(map_find(t, path, was, &found));
    *ret_found = found;
    if (!found)
        return CKR_OK;
    TRY(below_find(t, path, was, &below));
    if (below)
        return recent_set(t, path, deletion);
    recent_drop(&t->head, path);
    return CKR_OK;
}

CK_RV map_save(struct txn *t)
{
    return t->tree == NULL ? CKR_OK : tree_save(t->tree, t->head.top);
}
