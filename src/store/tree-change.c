/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree-change.c - putting and taking leaves, and writing what changed.
 *
 * Touched nodes are unfolded in memory as `struct node`; an untouched child is only its MAC in its
 * parent. Invariants outside of the functions that restore them: a bucket holds 1 to BUCKET_MAX
 * entries, sorted; an inner node has a child or more; the ancestors of a dirty node are loaded and
 * dirty. A bucket that overflows becomes an inner node in place; an inner node that loses a child
 * and has few left, all buckets with little in them, becomes a bucket again. The shape of the tree
 * is nobody's promise: it is only ever read through its MACs.
 */
#include <stdlib.h>

#include "store/treenode.h"

#define MERGE_CHILDREN 4u /* an inner node with no more children than this may be folded */
#define MERGE_ENTRIES  (BUCKET_MAX / 2)

struct tree {
    struct tree_source src;
    uint8_t top_mac[STORE_MAC]; /* as it was */
    bool loaded;                /* `top` says what the tree is; NULL: empty */
    struct treenode *top;
};

/* The child on `path`, loaded; NULL when there is none. Borrowed. */
static CK_RV child_load(const struct tree *t, struct treenode *node, const uint8_t path[PATH_BYTES],
                        struct treenode **ret)
{
    const unsigned digit = path_digit(path, node->depth);
    struct child *child = &node->child[digit];

    if (has_child(node, digit) && child->node == NULL)
        TRY(treenode_load(&t->src, node->depth + 1, child->mac, path, &child->node));
    *ret = child->node;
    return CKR_OK;
}

static CK_RV top_load(struct tree *t)
{
    static const uint8_t path[PATH_BYTES];

    if (!t->loaded && !mem_is_zero(t->top_mac, STORE_MAC))
        TRY(treenode_load(&t->src, 0, t->top_mac, path, &t->top));
    t->loaded = true;
    return CKR_OK;
}

CK_RV tree_new(const struct tree_source *src, const uint8_t top[STORE_MAC], struct tree **ret)
{
    struct tree *t = calloc(1, sizeof(*t));

    ENSURE(t != NULL, CKR_HOST_MEMORY);
    t->src = *src;
    memcpy(t->top_mac, top, STORE_MAC);
    *ret = t;
    return CKR_OK;
}

void tree_free(struct tree *t)
{
    if (t != NULL)
        treenode_free(t->top);
    free(t);
}

/* Where `path` is, or belongs, in a bucket. */
static unsigned bucket_place(const struct treenode *bucket, const uint8_t path[PATH_BYTES],
                             bool *ret_found)
{
    unsigned i = 0;
    int order = -1;

    while (i < bucket->n && (order = memcmp(bucket->entry[i].path, path, PATH_BYTES)) < 0)
        i++;
    *ret_found = i < bucket->n && order == 0;
    return i;
}

CK_RV tree_get(const struct tree *t, const uint8_t path[PATH_BYTES], uint8_t ret_mac[STORE_MAC],
               bool *ret_found)
{
    const struct treenode *node = t->top;
    unsigned i;

    if (!t->loaded)
        return tree_find(&t->src, 0, t->top_mac, path, ret_mac, ret_found);
    while (node != NULL && node->kind == NODE_INNER) {
        const unsigned digit = path_digit(path, node->depth);
        const struct child *child = &node->child[digit];

        if (has_child(node, digit) && child->node == NULL)
            return tree_find(&t->src, node->depth + 1, child->mac, path, ret_mac, ret_found);
        node = child->node;
    }
    *ret_found = false;
    if (node == NULL)
        return CKR_OK;
    i = bucket_place(node, path, ret_found);
    if (*ret_found)
        memcpy(ret_mac, node->entry[i].mac, STORE_MAC);
    return CKR_OK;
}

static void bucket_put(struct treenode *bucket, const uint8_t path[PATH_BYTES],
                       const uint8_t mac[STORE_MAC], bool *ret_added)
{
    bool found = false;
    const unsigned i = bucket_place(bucket, path, &found);
    struct entry *e = &bucket->entry[i];

    if (!found) {
        memmove(e + 1, e, (bucket->n - i) * sizeof(*e));
        memcpy(e->path, path, PATH_BYTES);
        bucket->n++;
    }
    memcpy(e->mac, mac, STORE_MAC);
    bucket->dirty = true;
    *ret_added = !found;
}

static CK_RV node_put(const struct tree *t, struct treenode *node, const uint8_t path[PATH_BYTES],
                      const uint8_t mac[STORE_MAC], bool *ret_added);

/* Give an inner node a child that is not stored yet. */
static CK_RV child_add(struct treenode *node, const uint8_t path[PATH_BYTES], struct treenode **ret)
{
    const unsigned digit = path_digit(path, node->depth);

    TRY(treenode_new(NODE_BUCKET, node->depth + 1, path, &node->child[digit].node));
    node->bitmap |= child_bit(digit);
    *ret = node->child[digit].node;
    return CKR_OK;
}

/* An overfull bucket becomes an inner node with the entries one level further down. */
static CK_RV bucket_split(const struct tree *t, struct treenode *node)
{
    struct entry entry[BUCKET_MAX + 1];
    const unsigned n = node->n;
    bool added;

    /* So many paths with the same 126 bits can only come from a bug. */
    ENSURE(node->depth < PATH_DIGITS, CKR_GENERAL_ERROR);
    memcpy(entry, node->entry, n * sizeof(entry[0]));
    memset(node->child, 0, sizeof(node->child));
    node->kind = NODE_INNER;
    node->n = 0;
    for (unsigned i = 0; i < n; i++)
        TRY(node_put(t, node, entry[i].path, entry[i].mac, &added));
    return CKR_OK;
}

static CK_RV node_put(const struct tree *t, struct treenode *node, const uint8_t path[PATH_BYTES],
                      const uint8_t mac[STORE_MAC], bool *ret_added)
{
    struct treenode *child = NULL;

    node->dirty = true;
    if (node->kind == NODE_BUCKET) {
        bucket_put(node, path, mac, ret_added);
        return node->n > BUCKET_MAX ? bucket_split(t, node) : CKR_OK;
    }
    TRY(child_load(t, node, path, &child));
    if (child == NULL)
        TRY(child_add(node, path, &child));
    return node_put(t, child, path, mac, ret_added);
}

CK_RV tree_put(struct tree *t, const uint8_t path[PATH_BYTES], const uint8_t mac[STORE_MAC],
               bool *ret_added)
{
    TRY(top_load(t));
    if (t->top == NULL)
        TRY(treenode_new(NODE_BUCKET, 0, path, &t->top));
    return node_put(t, t->top, path, mac, ret_added);
}

static CK_RV child_drop(const struct tree *t, struct treenode *node, unsigned digit)
{
    struct child *child = &node->child[digit];

    TRY(treenode_unstore(&t->src, child->node));
    treenode_free(child->node);
    child->node = NULL;
    node->bitmap &= ~child_bit(digit);
    return CKR_OK;
}

static bool is_empty(const struct treenode *node)
{
    return node->kind == NODE_BUCKET ? node->n == 0 : node->bitmap == 0;
}

/* May this inner node be folded into a bucket? Loads its children to tell. */
static CK_RV merge_fits(const struct tree *t, struct treenode *node, bool *ret)
{
    unsigned n = 0;

    *ret = false;
    if (node->bitmap == 0 || (unsigned)__builtin_popcountll(node->bitmap) > MERGE_CHILDREN)
        return CKR_OK;
    for (unsigned i = 0; i < DIGITS; i++) {
        struct child *child = &node->child[i];
        uint8_t path[PATH_BYTES];

        if (!has_child(node, i))
            continue;
        path_extend(node->path, node->depth, i, path);
        if (child->node == NULL)
            TRY(treenode_load(&t->src, node->depth + 1, child->mac, path, &child->node));
        if (child->node->kind != NODE_BUCKET)
            return CKR_OK;
        n += child->node->n;
    }
    *ret = n <= MERGE_ENTRIES;
    return CKR_OK;
}

/* Children in the order of their digits hold entries in the order of their paths. */
static CK_RV merge(const struct tree *t, struct treenode *node)
{
    struct entry entry[BUCKET_MAX];
    unsigned n = 0;

    for (unsigned i = 0; i < DIGITS; i++) {
        const struct treenode *child = node->child[i].node;

        if (!has_child(node, i))
            continue;
        memcpy(entry + n, child->entry, child->n * sizeof(entry[0]));
        n += child->n;
        TRY(child_drop(t, node, i));
    }
    node->kind = NODE_BUCKET;
    node->n = n;
    memcpy(node->entry, entry, n * sizeof(entry[0]));
    return CKR_OK;
}

static CK_RV merge_maybe(const struct tree *t, struct treenode *node)
{
    bool fits = false;

    TRY(merge_fits(t, node, &fits));
    return fits ? merge(t, node) : CKR_OK;
}

static void bucket_del(struct treenode *bucket, const uint8_t path[PATH_BYTES], bool *ret_found)
{
    const unsigned i = bucket_place(bucket, path, ret_found);
    struct entry *e = &bucket->entry[i];

    if (!*ret_found)
        return;
    bucket->n--;
    memmove(e, e + 1, (bucket->n - i) * sizeof(*e));
    bucket->dirty = true;
}

/* May leave the node empty: its parent then drops it. */
static CK_RV node_del(const struct tree *t, struct treenode *node, const uint8_t path[PATH_BYTES],
                      bool *ret_found)
{
    struct treenode *child = NULL;

    *ret_found = false;
    if (node->kind == NODE_BUCKET) {
        bucket_del(node, path, ret_found);
        return CKR_OK;
    }
    TRY(child_load(t, node, path, &child));
    if (child != NULL)
        TRY(node_del(t, child, path, ret_found));
    if (!*ret_found)
        return CKR_OK;
    node->dirty = true;
    if (is_empty(child)) {
        TRY(child_drop(t, node, path_digit(path, node->depth)));
        TRY(merge_maybe(t, node));
    }
    return CKR_OK;
}

CK_RV tree_del(struct tree *t, const uint8_t path[PATH_BYTES], bool *ret_found)
{
    TRY(top_load(t));
    *ret_found = false;
    if (t->top == NULL)
        return CKR_OK;
    TRY(node_del(t, t->top, path, ret_found));
    if (is_empty(t->top)) {
        TRY(treenode_unstore(&t->src, t->top));
        treenode_free(TAKE(t->top));
    }
    return CKR_OK;
}

/* Children first: their MACs are the parent's content. */
static CK_RV node_save(const struct tree *t, struct treenode *node, uint8_t ret_mac[STORE_MAC])
{
    if (node->kind == NODE_INNER)
        for (unsigned i = 0; i < DIGITS; i++)
            if (node->child[i].node != NULL && node->child[i].node->dirty)
                TRY(node_save(t, node->child[i].node, node->child[i].mac));
    TRY(treenode_store(&t->src, node, ret_mac));
    node->dirty = false;
    return CKR_OK;
}

CK_RV tree_save(struct tree *t, uint8_t ret_top[STORE_MAC])
{
    if (t->loaded && t->top == NULL)
        memset(t->top_mac, 0, STORE_MAC);
    else if (t->top != NULL && t->top->dirty)
        TRY(node_save(t, t->top, t->top_mac));
    memcpy(ret_top, t->top_mac, STORE_MAC);
    return CKR_OK;
}
