/* SPDX-License-Identifier: BSD-2-Clause */
/* list_edit.c - adding to and removing from posting lists; see list.h. */
#include "vault/list_impl.h"

static void put_id(struct buf *b, uint64_t id)
{
    buf_u8(b, (uint8_t)(id >> 32));
    buf_u32(b, (uint32_t)id);
}

static void encode_head(const struct list *l, struct buf *ret)
{
    buf_u8(ret, (uint8_t)l->form);
    if (l->form == LIST_IS_SHORT) {
        for (size_t i = 0; i < l->count; i++)
            put_id(ret, (uint64_t)l->tags[i] << LIST_ID_BITS | l->ids[i]);
        return;
    }
    buf_u8(ret, (uint8_t)l->top);
    put_id(ret, l->count);
    block_encode(&l->node[l->top].set, ret);
}

static CK_RV head_write(struct txn *t, const struct list *l)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    if (l->count == 0)
        return txn_del(t, STORE_INDEX, SPAN_ARRAY(l->key), NULL);
    encode_head(l, &row);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_INDEX, SPAN_ARRAY(l->key), buf_span(&row), NULL);
}

/* Write a node below the top; an empty one has no row. */
static CK_RV node_write(struct txn *t, const struct list *l, uint32_t level)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    const struct list_node *n = &l->node[level];
    uint8_t key[LIST_NODE_KEY];

    list_node_key(l, level, n->number, key);
    if (block_count(&n->set) == 0)
        return txn_del(t, STORE_INDEX, SPAN_ARRAY(key), NULL);
    block_encode(&n->set, &row);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_INDEX, SPAN_ARRAY(key), buf_span(&row), NULL);
}

static void node_start(struct list *l, uint32_t level, uint64_t number)
{
    l->node[level] = (struct list_node){.loaded = true, .number = number};
}

/* The tree gets a level: what was the top becomes a row of its own. */
static CK_RV tall_grow(struct txn *t, struct list *l)
{
    TRY(node_write(t, l, l->top));
    l->top++;
    node_start(l, l->top, 0);
    block_put(&l->node[l->top].set, 0);
    return CKR_OK;
}

static CK_RV tall_add(struct txn *t, struct list *l, uint64_t id)
{
    while (list_prefix(id, l->top) != 0)
        TRY(tall_grow(t, l));
    for (uint32_t level = l->top + 1; level-- > 0;) {
        struct block *set = &l->node[level].set;
        const bool had = block_has(set, list_digit(id, level));

        if (had && level == 0)
            return list_broken(l, "already has a new object");
        block_put(set, list_digit(id, level));
        if (!had && level < l->top)
            TRY(node_write(t, l, level));
        if (level > 0 && had)
            TRY(list_node_load(t, l, level - 1, list_prefix(id, level - 1)));
        else if (level > 0)
            node_start(l, level - 1, list_prefix(id, level - 1));
    }
    l->count++;
    return CKR_OK;
}

/* Short no more: the members move to a tree that is high enough for the last of them. */
static CK_RV list_raise(struct txn *t, struct list *l)
{
    const uint64_t n = l->count;

    l->form = LIST_IS_TALL;
    l->count = 0;
    l->top = 0;
    while (list_prefix(l->ids[n - 1], l->top) != 0)
        l->top++;
    node_start(l, l->top, 0);
    for (size_t i = 0; i < n; i++)
        TRY(tall_add(t, l, l->ids[i]));
    return CKR_OK;
}

static CK_RV short_add(struct list *l, uint64_t id, uint8_t tag)
{
    const size_t at = list_short_find(l, id);

    if (at < l->count && l->ids[at] == id)
        return list_broken(l, "already has a new object");
    memmove(&l->ids[at + 1], &l->ids[at], (l->count - at) * sizeof(l->ids[0]));
    memmove(&l->tags[at + 1], &l->tags[at], l->count - at);
    l->ids[at] = id;
    l->tags[at] = tag;
    l->count++;
    l->form = LIST_IS_SHORT;
    return CKR_OK;
}

CK_RV list_add(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id, uint8_t tag)
{
    struct list l;

    ENSURE(id > 0 && id >> LIST_ID_BITS == 0 && tag < LIST_TAGS, CKR_GENERAL_ERROR);
    TRY(list_open(t, key, &l));
    if (l.form == LIST_IS_SHORT && l.count == LIST_SHORT)
        TRY(list_raise(t, &l));
    if (l.form == LIST_IS_TALL)
        TRY(tall_add(t, &l, id));
    else
        TRY(short_add(&l, id, tag));
    return head_write(t, &l);
}

static CK_RV short_remove(struct list *l, uint64_t id)
{
    const size_t at = list_short_find(l, id);

    if (at == l->count || l->ids[at] != id)
        return list_broken(l, "misses an object");
    memmove(&l->ids[at], &l->ids[at + 1], (l->count - at - 1) * sizeof(l->ids[0]));
    memmove(&l->tags[at], &l->tags[at + 1], l->count - at - 1);
    l->count--;
    return CKR_OK;
}

/* From the bottom up, as far as nodes become empty. */
static CK_RV tall_remove(struct txn *t, struct list *l, uint64_t id)
{
    bool has = false;

    TRY(list_has(t, l, id, &has));
    if (!has)
        return list_broken(l, "misses an object");
    for (uint32_t level = 0; level <= l->top; level++) {
        struct block *set = &l->node[level].set;

        block_drop(set, list_digit(id, level));
        if (level < l->top)
            TRY(node_write(t, l, level));
        if (block_count(set) > 0)
            break;
    }
    l->count--;
    if ((l->count == 0) != (block_count(&l->node[l->top].set) == 0))
        return list_broken(l, "counts its members wrongly");
    return CKR_OK;
}

CK_RV list_remove(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id)
{
    struct list l;

    TRY(list_open(t, key, &l));
    TRY(l.form == LIST_IS_TALL ? tall_remove(t, &l, id) : short_remove(&l, id));
    return head_write(t, &l);
}
