/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - looking up in the authenticated trie.
 *
 * A node that the cache doesn't keep is copied to private memory first, and the copy is what is
 * MACed and used: the host may change the mapped file between any two looks at it.
 */
#include "store/tree.h"

#include "util/log.h"

/* Copy a node out of LMDB, unverified. */
static CK_RV node_fetch(const struct tree_source *src, unsigned depth,
                        const uint8_t path[PATH_BYTES], uint8_t ret[NODE_MAX], size_t *ret_n)
{
    uint8_t key[NODE_KEY_MAX];
    MDB_val k = {.mv_size = node_key(path, depth, key), .mv_data = key}, v;
    const int rc = mdb_get(src->txn, src->dbi, &k, &v);

    if (rc == MDB_NOTFOUND) {
        log_err("the store's tree: a node at depth %u is missing: the database was tampered with, "
                "or is damaged",
                depth);
        FAIL(CKR_DEVICE_ERROR);
    }
    TRY(mdb_rv(rc));
    *ret_n = v.mv_size <= NODE_MAX ? v.mv_size : 0; /* too long: fails its MAC like anything else */
    memcpy(ret, v.mv_data, *ret_n);
    return CKR_OK;
}

CK_RV tree_node(const struct tree_source *src, unsigned depth, const uint8_t mac[STORE_MAC],
                const uint8_t path[PATH_BYTES], uint8_t ret[NODE_MAX], size_t *ret_n)
{
    uint8_t sum[STORE_MAC];
    size_t n = cache_copy(src->cache, mac, depth, path, ret);

    if (n == 0) {
        TRY(node_fetch(src, depth, path, ret, &n));
        TRY(node_sum(src->keys, depth, path, span_of(ret, n), sum));
        if (!mem_equal_ct(sum, mac, STORE_MAC)) {
            log_err("the store's tree: a node at depth %u is not authentic: the database was "
                    "tampered with, or is damaged",
                    depth);
            FAIL(CKR_DEVICE_ERROR);
        }
        ENSURE(node_well_formed(span_of(ret, n), depth), CKR_DEVICE_ERROR);
        cache_keep(src->cache, mac, depth, path, span_of(ret, n));
    }
    *ret_n = n;
    return CKR_OK;
}

/* One step: through the cache, or through LMDB. */
static CK_RV step(const struct tree_source *src, unsigned depth, const uint8_t mac[STORE_MAC],
                  const uint8_t path[PATH_BYTES], enum node_step *ret, uint8_t ret_mac[STORE_MAC])
{
    uint8_t content[NODE_MAX];
    size_t n = 0;

    if (cache_look(src->cache, mac, depth, path, ret, ret_mac))
        return CKR_OK;
    TRY(tree_node(src, depth, mac, path, content, &n));
    *ret = node_look(span_of(content, n), depth, path, ret_mac);
    return CKR_OK;
}

CK_RV tree_find(const struct tree_source *src, unsigned depth, const uint8_t mac[STORE_MAC],
                const uint8_t path[PATH_BYTES], uint8_t ret_mac[STORE_MAC], bool *ret_found)
{
    enum node_step where = STEP_CHILD;
    uint8_t here[STORE_MAC], next[STORE_MAC];

    memcpy(here, mac, STORE_MAC);
    if (depth == 0 && mem_is_zero(here, STORE_MAC))
        where = STEP_ABSENT;
    for (; where == STEP_CHILD; depth++) {
        TRY(step(src, depth, here, path, &where, next));
        if (where != STEP_ABSENT)
            memcpy(here, next, STORE_MAC);
    }
    *ret_found = where == STEP_LEAF;
    if (*ret_found)
        memcpy(ret_mac, here, STORE_MAC);
    return CKR_OK;
}
