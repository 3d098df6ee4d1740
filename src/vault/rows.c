/* SPDX-License-Identifier: BSD-2-Clause */
/* rows.c - object rows: their keys, boxes and DEKs; see rows.h. */
#include "vault/rows.h"

#include "model/record.h"
#include "util/log.h"

#define ROW_VERSION 1

struct rows rows_of(const struct vault *v, struct txn *t, enum scope scope)
{
    return (struct rows){.v = v, .t = t, .scope = scope};
}

void rows_clear(struct rows *r)
{
    dek_unref(TAKE(r->current));
    dek_unref(TAKE(r->reading));
}

void row_clear(struct row *r)
{
    buf_clear(&r->plain);
}

bool rows_are_visible(const struct vault *v, enum scope scope)
{
    return scope == SCOPE_PUBLIC || (v->login != NULL && login_role(v->login) == ROLE_USER);
}

void row_key(const struct vault *v, enum scope scope, uint64_t id, uint8_t ret[ROW_KEY])
{
    memcpy(ret, v->token, TOKEN_ID);
    ret[TOKEN_ID] = (uint8_t)scope;
    for (size_t i = 0; i < 8; i++)
        ret[TOKEN_ID + 1 + i] = (uint8_t)(id >> (56 - 8 * i));
}

static CK_RV broken(const struct rows *r, uint64_t id, const char *what)
{
    log_err("vault: object %llu (%s) %s: the store was damaged, restore a backup",
            (unsigned long long)id, r->scope == SCOPE_PRIVATE ? "private" : "public", what);
    FAIL(CKR_DEVICE_ERROR);
}

static struct box_context context_of(const struct rows *r, uint64_t id, uint32_t generation)
{
    return (struct box_context){
        .purpose = "record",
        .store_id = keyring_store_id(r->v->keyring),
        .token_id = SPAN_ARRAY(r->v->token),
        .table = STORE_OBJECT,
        .scope = r->scope,
        .id = id,
        .generation = generation,
        .extra = SPAN_EMPTY,
    };
}

static CK_RV get_dek(const struct rows *r, uint32_t generation, struct dek **ret)
{
    return dek_get(r->v->keyring, r->t, r->v->token, r->scope, generation, r->v->login, ret);
}

static CK_RV reading_dek(struct rows *r, uint32_t generation)
{
    if (r->reading != NULL && dek_generation(r->reading) == generation)
        return CKR_OK;
    dek_unref(TAKE(r->reading));
    return get_dek(r, generation, &r->reading);
}

static CK_RV current_dek(struct rows *r)
{
    if (r->current != NULL)
        return CKR_OK;
    return get_dek(r, 0, &r->current);
}

CK_RV rows_generation(struct rows *r, uint32_t *ret)
{
    TRY(current_dek(r));
    *ret = dek_generation(r->current);
    return CKR_OK;
}

/* The row of an object; ret_mac may be NULL. */
static CK_RV row_read(const struct rows *r, uint64_t id, struct buf *ret,
                      uint8_t ret_mac[STORE_MAC])
{
    uint8_t key[ROW_KEY];
    bool found = false;

    row_key(r->v, r->scope, id, key);
    TRY(txn_get(r->t, STORE_OBJECT, SPAN_ARRAY(key), ret, ret_mac, &found));
    ENSURE(found, CKR_OBJECT_HANDLE_INVALID);
    return CKR_OK;
}

static CK_RV row_open(struct rows *r, uint64_t id, struct span value, struct row *ret)
{
    struct cursor c = cursor_of(value);
    const uint8_t version = cursor_u8(&c);
    const uint32_t generation = cursor_u32(&c);
    struct box_context context;
    CK_RV rv;

    /* Generation 0 would mean "the current one" to dek_get(). */
    if (c.failed || version != ROW_VERSION || generation == 0)
        return broken(r, id, "has a row of no known form");
    TRY(reading_dek(r, generation));
    context = context_of(r, id, generation);
    rv = box_open(dek_key(r->reading), &context, c.rest, &ret->plain);
    if (rv == CKR_DEVICE_ERROR)
        return broken(r, id, "does not open under its DEK");
    TRY(rv);
    ret->generation = generation;
    return CKR_OK;
}

CK_RV rows_get(struct rows *r, uint64_t id, struct row *ret)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;

    TRY(row_read(r, id, &value, ret->mac));
    return row_open(r, id, buf_span(&value), ret);
}

CK_RV rows_get_attrs(struct rows *r, uint64_t id, struct attrs **ret, uint8_t ret_mac[STORE_MAC])
{
    AUTO(row_clear) struct row row = {0};
    CK_RV rv;

    TRY(rows_get(r, id, &row));
    rv = record_decode(buf_span(&row.plain), ret);
    if (rv == CKR_DATA_INVALID)
        return broken(r, id, "holds no readable record");
    TRY(rv);
    if (ret_mac != NULL)
        memcpy(ret_mac, row.mac, STORE_MAC);
    return CKR_OK;
}

CK_RV rows_put(struct rows *r, uint64_t id, struct span plain, uint8_t ret_mac[STORE_MAC])
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    struct box_context context;
    uint8_t key[ROW_KEY];

    TRY(current_dek(r));
    context = context_of(r, id, dek_generation(r->current));
    buf_reserve(&value, ROW_HEAD + BOX_OVERHEAD + plain.n);
    buf_u8(&value, ROW_VERSION);
    buf_u32(&value, dek_generation(r->current));
    TRY(box_seal(dek_key(r->current), &context, plain, &value));
    TRY(buf_ok(&value));
    row_key(r->v, r->scope, id, key);
    return txn_put(r->t, STORE_OBJECT, SPAN_ARRAY(key), buf_span(&value), ret_mac);
}

CK_RV rows_remove(struct rows *r, uint64_t id)
{
    uint8_t key[ROW_KEY];
    bool found = false;

    row_key(r->v, r->scope, id, key);
    TRY(txn_del(r->t, STORE_OBJECT, SPAN_ARRAY(key), &found));
    ENSURE(found, CKR_OBJECT_HANDLE_INVALID);
    return CKR_OK;
}

/* The generation that a row names; 0 when it has no known form. */
static uint32_t generation_of(struct span value)
{
    struct cursor c = cursor_of(value);
    const uint8_t version = cursor_u8(&c);
    const uint32_t generation = cursor_u32(&c);

    return version == ROW_VERSION ? generation : 0;
}

CK_RV rows_turn(struct rows *r, uint64_t id, bool *ret_turned, size_t *ret_size)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    AUTO(row_clear) struct row row = {0};
    uint32_t current = 0;
    bool turns;

    TRY(rows_generation(r, &current));
    TRY(row_read(r, id, &value, NULL));
    turns = generation_of(buf_span(&value)) != current;
    if (turns) {
        TRY(row_open(r, id, buf_span(&value), &row));
        TRY(rows_put(r, id, buf_span(&row.plain), NULL));
    }
    *ret_turned = turns;
    *ret_size = value.n;
    return CKR_OK;
}

CK_RV rows_index(struct rows *r, const struct index **ret)
{
    const struct mac *mac = NULL;

    if (r->index.mac == NULL) {
        TRY(index_mac(r->v->keyring, r->t, r->v->token, r->scope, r->v->login, &mac));
        r->index = (struct index){.mac = mac, .token = r->v->token, .scope = r->scope};
    }
    *ret = &r->index;
    return CKR_OK;
}

CK_RV rows_all(struct rows *r, struct list *ret)
{
    const struct index *x = NULL;
    uint8_t key[LIST_KEY];

    TRY(rows_index(r, &x));
    TRY(index_key(x, NULL, key));
    return list_open(r->t, key, ret);
}

CK_RV rows_expect(const struct rows *r, uint64_t id, CK_RV rv)
{
    if (rv == CKR_OBJECT_HANDLE_INVALID)
        return broken(r, id, "is in the index and has no record");
    return rv;
}
