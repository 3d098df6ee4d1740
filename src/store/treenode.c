/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * treenode.c - unfold, fold, load and store tree nodes.
 */
#include "store/treenode.h"

#include <stdlib.h>

void treenode_free(struct treenode *node)
{
    if (node == NULL)
        return;
    if (node->kind == NODE_INNER)
        for (unsigned i = 0; i < DIGITS; i++)
            treenode_free(node->child[i].node);
    free(node);
}

CK_RV treenode_new(enum node_kind kind, unsigned depth, const uint8_t path[PATH_BYTES],
                   struct treenode **ret)
{
    struct treenode *node = calloc(1, sizeof(*node));

    ENSURE(node != NULL, CKR_HOST_MEMORY);
    node->kind = kind;
    node->depth = depth;
    path_prefix(path, depth, node->path);
    *ret = node;
    return CKR_OK;
}

/* Fill a new node from its encoded form, which is well formed. */
static void unfold(struct treenode *node, struct span content)
{
    struct cursor c = cursor_of(content);

    node->kind = (enum node_kind)cursor_u8(&c);
    if (node->kind == NODE_BUCKET) {
        for (; c.rest.n > 0; node->n++)
            cursor_copy(&c, &node->entry[node->n], ENTRY_BYTES);
        return;
    }
    node->bitmap = cursor_u64(&c);
    for (unsigned i = 0; i < DIGITS; i++)
        if (has_child(node, i))
            cursor_copy(&c, node->child[i].mac, STORE_MAC);
}

CK_RV treenode_load(const struct tree_source *src, unsigned depth, const uint8_t mac[STORE_MAC],
                    const uint8_t path[PATH_BYTES], struct treenode **ret)
{
    uint8_t content[NODE_MAX];
    size_t n = 0;

    TRY(tree_node(src, depth, mac, path, content, &n));
    TRY(treenode_new(NODE_BUCKET, depth, path, ret));
    unfold(*ret, span_of(content, n));
    return CKR_OK;
}

/* Remove the stored form of a node, if it has one. */
CK_RV treenode_unstore(const struct tree_source *src, const struct treenode *node)
{
    uint8_t key[NODE_KEY_MAX];
    MDB_val k = {.mv_size = node_key(node->path, node->depth, key), .mv_data = key};
    const int rc = mdb_del(src->txn, src->dbi, &k, NULL);

    return rc == MDB_NOTFOUND ? CKR_OK : mdb_rv_full(rc, src->full);
}

static size_t fold(const struct treenode *node, uint8_t ret[NODE_MAX])
{
    uint8_t *p = ret;

    *p++ = (uint8_t)node->kind;
    if (node->kind == NODE_BUCKET) {
        memcpy(p, node->entry, node->n * sizeof(node->entry[0]));
        return 1 + node->n * sizeof(node->entry[0]);
    }
    for (int shift = 56; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(node->bitmap >> shift);
    for (unsigned i = 0; i < DIGITS; i++)
        if (has_child(node, i)) {
            memcpy(p, node->child[i].mac, STORE_MAC);
            p += STORE_MAC;
        }
    return (size_t)(p - ret);
}

CK_RV treenode_store(const struct tree_source *src, const struct treenode *node,
                     uint8_t ret_mac[STORE_MAC])
{
    uint8_t content[NODE_MAX], key[NODE_KEY_MAX];
    const struct span bytes = span_of(content, fold(node, content));
    MDB_val k = {.mv_size = node_key(node->path, node->depth, key), .mv_data = key};
    MDB_val v = {.mv_size = bytes.n, .mv_data = content};

    TRY(node_sum(src->keys, node->depth, node->path, bytes, ret_mac));
    TRY(mdb_rv_full(mdb_put(src->txn, src->dbi, &k, &v, 0), src->full));
    /* Whether or not this is committed: only a verified parent that names the MAC leads to it. */
    cache_keep(src->cache, ret_mac, node->depth, node->path, bytes);
    return CKR_OK;
}
