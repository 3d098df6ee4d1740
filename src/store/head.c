/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * head.c - encode, authenticate, decode the root row.
 */
#include "store/head.h"

#include <stddef.h>

#define HEAD_VERSION 1u

_Static_assert(STORE_N_TABLES == 7, "another number of tables is another version of the root row");

struct head head_empty(void)
{
    return (struct head){.next_id = 1};
}

void head_copy(struct head *ret, const struct head *h)
{
    memcpy(ret, h, offsetof(struct head, recent) + h->n_recent * sizeof(h->recent[0]));
}

CK_RV head_encode(const struct head *h, const struct keys *k, uint8_t ret[HEAD_MAX], size_t *ret_n)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint8_t mac[PRIM_HASH];

    buf_reserve(&row, HEAD_MAX);
    buf_u32(&row, HEAD_VERSION);
    buf_u64(&row, h->counter);
    buf_u64(&row, h->next_id);
    for (size_t i = 0; i < STORE_N_TABLES; i++)
        buf_u64(&row, h->rows[i]);
    buf_put(&row, SPAN_ARRAY(h->top));
    buf_u32(&row, h->n_recent);
    buf_put(&row, span_of(h->recent, h->n_recent * ENTRY_BYTES));
    TRY(buf_ok(&row));
    TRY(head_sum(k, buf_span(&row), mac));
    memcpy(ret, row.p, row.n);
    memcpy(ret + row.n, mac, sizeof(mac));
    *ret_n = row.n + sizeof(mac);
    return CKR_OK;
}

/* The fields, once they are known to be authentic. */
static CK_RV head_parse(struct span fields, struct head *ret)
{
    struct cursor c = cursor_of(fields);

    ENSURE(cursor_u32(&c) == HEAD_VERSION, CKR_DEVICE_ERROR);
    ret->counter = cursor_u64(&c);
    ret->next_id = cursor_u64(&c);
    for (size_t i = 0; i < STORE_N_TABLES; i++)
        ret->rows[i] = cursor_u64(&c);
    cursor_copy(&c, ret->top, sizeof(ret->top));
    ret->n_recent = cursor_u32(&c);
    ENSURE(ret->n_recent <= RECENT_MAX, CKR_DEVICE_ERROR);
    cursor_copy(&c, ret->recent, ret->n_recent * ENTRY_BYTES);
    ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV head_decode(struct span row, const struct keys *k, struct head *ret)
{
    struct span fields;
    uint8_t mac[PRIM_HASH];
    struct head h;

    ENSURE(row.n >= HEAD_FIXED + PRIM_HASH && row.n <= HEAD_MAX, CKR_DEVICE_ERROR);
    fields = span_of(row.p, row.n - PRIM_HASH);
    TRY(head_sum(k, fields, mac));
    ENSURE(mem_equal_ct(mac, row.p + fields.n, PRIM_HASH), CKR_DEVICE_ERROR);
    TRY(head_parse(fields, &h));
    *ret = h;
    return CKR_OK;
}
