/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - posting lists in the index table: reading, and the form of their rows; see list.h.
 * list_edit.c changes them.
 */
#include "vault/list_impl.h"

#include "util/log.h"

CK_RV list_broken(const struct list *l, const char *what)
{
    char hex[2 * LIST_KEY + 1];

    log_err("vault: the index list %s %s: the store was damaged, restore a backup",
            hex_encode(SPAN_ARRAY(l->key), hex), what);
    FAIL(CKR_DEVICE_ERROR);
}

void list_node_key(const struct list *l, uint32_t level, uint64_t number,
                   uint8_t ret[LIST_NODE_KEY])
{
    const uint32_t reversed = UINT32_MAX - (uint32_t)number;

    memcpy(ret, l->key, LIST_KEY);
    ret[LIST_KEY] = (uint8_t)level;
    for (size_t i = 0; i < 4; i++)
        ret[LIST_KEY + 1 + i] = (uint8_t)(reversed >> (24 - 8 * i));
}

CK_RV list_node_load(struct txn *t, struct list *l, uint32_t level, uint64_t number)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct list_node *n = &l->node[level];
    uint8_t key[LIST_NODE_KEY];
    bool found = false;

    if (n->loaded && n->number == number)
        return CKR_OK;
    n->loaded = false;
    list_node_key(l, level, number, key);
    TRY(txn_get(t, STORE_INDEX, SPAN_ARRAY(key), &row, NULL, &found));
    if (!found || block_decode(buf_span(&row), &n->set) != CKR_OK)
        return list_broken(l, found ? "has a row that can't be read" : "misses a row");
    n->number = number;
    n->loaded = true;
    return CKR_OK;
}

static uint64_t take_id(struct cursor *c)
{
    const uint64_t high = cursor_u8(c);

    return high << 32 | cursor_u32(c);
}

/* Strict: the members fill the row, rise, and are not 0. */
static CK_RV decode_short(struct cursor *c, struct list *l)
{
    ENSURE(c->rest.n % LIST_ID == 0, CKR_DATA_INVALID);
    l->count = c->rest.n / LIST_ID;
    ENSURE(l->count >= 1 && l->count <= LIST_SHORT, CKR_DATA_INVALID);
    for (size_t i = 0; i < l->count; i++) {
        l->ids[i] = take_id(c);
        l->tags[i] = (uint8_t)(l->ids[i] >> LIST_ID_BITS);
        l->ids[i] &= (UINT64_C(1) << LIST_ID_BITS) - 1;
        ENSURE(l->ids[i] > (i == 0 ? 0 : l->ids[i - 1]), CKR_DATA_INVALID);
    }
    return CKR_OK;
}

static CK_RV decode_tall(struct cursor *c, struct list *l)
{
    l->top = cursor_u8(c);
    l->count = take_id(c);
    ENSURE(!c->failed && l->top < LIST_LEVELS && l->count > 0, CKR_DATA_INVALID);
    TRY(block_decode(c->rest, &l->node[l->top].set));
    l->node[l->top].number = 0;
    l->node[l->top].loaded = true;
    return CKR_OK;
}

static CK_RV decode_head(struct span bytes, struct list *l)
{
    struct cursor c = cursor_of(bytes);
    const uint8_t form = cursor_u8(&c);

    ENSURE(form == LIST_IS_SHORT || form == LIST_IS_TALL, CKR_DATA_INVALID);
    l->form = form;
    return form == LIST_IS_SHORT ? decode_short(&c, l) : decode_tall(&c, l);
}

CK_RV list_open(struct txn *t, const uint8_t key[LIST_KEY], struct list *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false;

    memcpy(ret->key, key, LIST_KEY);
    ret->form = LIST_EMPTY;
    ret->count = 0;
    for (uint32_t i = 0; i < LIST_LEVELS; i++)
        ret->node[i].loaded = false;
    TRY(txn_get(t, STORE_INDEX, span_of(key, LIST_KEY), &row, NULL, &found));
    if (found && decode_head(buf_span(&row), ret) != CKR_OK)
        return list_broken(ret, "has a head that can't be read");
    return CKR_OK;
}

size_t list_short_find(const struct list *l, uint64_t from)
{
    size_t i = 0;

    while (i < l->count && l->ids[i] < from)
        i++;
    return i;
}

/* Walk down to the member that is not below `from`. A node without one sends the walk back to the
 * top with the first id behind that node; the rows on the way are remembered. */
static CK_RV tall_next(struct txn *t, struct list *l, uint64_t from, uint64_t *ret_id,
                       bool *ret_found)
{
    uint64_t id = from;
    uint32_t level = l->top;

    while (list_prefix(id, l->top) == 0) {
        uint32_t next;

        TRY(list_node_load(t, l, level, list_prefix(id, level)));
        next = block_next(&l->node[level].set, list_digit(id, level));
        if (next == BLOCK_SIZE) {
            id = list_first(list_prefix(id, level) + 1, level + 1);
            level = l->top;
            continue;
        }
        if (next != list_digit(id, level))
            id = list_first(list_prefix(id, level) << BLOCK_BITS | next, level);
        if (level == 0) {
            *ret_id = id;
            *ret_found = true;
            return CKR_OK;
        }
        level--;
    }
    *ret_found = false;
    return CKR_OK;
}

CK_RV list_next(struct txn *t, struct list *l, uint64_t from, uint64_t *ret_id, bool *ret_found)
{
    size_t i;

    if (l->form == LIST_IS_TALL)
        return tall_next(t, l, from, ret_id, ret_found);
    i = list_short_find(l, from);
    *ret_found = i < l->count;
    if (*ret_found)
        *ret_id = l->ids[i];
    return CKR_OK;
}

static CK_RV tall_has(struct txn *t, struct list *l, uint64_t id, bool *ret)
{
    bool has = list_prefix(id, l->top) == 0;

    for (uint32_t level = l->top + 1; has && level-- > 0;) {
        TRY(list_node_load(t, l, level, list_prefix(id, level)));
        has = block_has(&l->node[level].set, list_digit(id, level));
    }
    *ret = has;
    return CKR_OK;
}

CK_RV list_has(struct txn *t, struct list *l, uint64_t id, bool *ret)
{
    size_t i;

    if (l->form == LIST_IS_TALL)
        return tall_has(t, l, id, ret);
    i = list_short_find(l, id);
    *ret = i < l->count && l->ids[i] == id;
    return CKR_OK;
}

uint8_t list_tag(const struct list *l, uint64_t id)
{
    size_t i;

    if (l->form != LIST_IS_SHORT)
        return 0;
    i = list_short_find(l, id);
    return i < l->count && l->ids[i] == id ? l->tags[i] : 0;
}
