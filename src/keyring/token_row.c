/* SPDX-License-Identifier: BSD-2-Clause */
/* token.c - info rows and failure counters as bytes, and the way to a token secret; see token.h. */
#include "keyring/token_row.h"

#include <ctype.h>
#include <stdlib.h>

#define INFO_VERSION 2
#define ROW_VERSION  1 /* of the failure counters */
#define SERIAL_CHARS 16
#define SLOT_END     (UINT64_C(1) << 31) /* slot numbers are below */

struct token_row_key token_row_key(const uint8_t id[TOKEN_ID], enum token_row_kind row,
                                   enum role role)
{
    struct token_row_key k = {.n = row == TOKEN_ROW_ROLE ? TOKEN_ID + 2 : TOKEN_ID + 1};

    memcpy(k.p, id, TOKEN_ID);
    k.p[TOKEN_ID] = (uint8_t)row;
    k.p[TOKEN_ID + 1] = (uint8_t)role;
    return k;
}

/* -- info rows ------------------------------------------------------------------------------- */

static void put_clear(const struct token_info *info, struct buf *row)
{
    buf_u8(row, INFO_VERSION);
    buf_u64(row, info->slot);
    buf_put(row, SPAN_ARRAY(info->label));
    buf_put(row, span_of(info->serial, SERIAL_CHARS));
    buf_u64(row, info->incarnation);
    buf_u64(row, info->created);
    buf_u8(row, info->so_reset);
    buf_u32(row, info->pin_min);
    buf_u32(row, info->pin_tries);
    buf_u32(row, info->secret_number);
}

static bool serial_is_hex(const char *serial)
{
    for (size_t i = 0; i < SERIAL_CHARS; i++) {
        if (!isxdigit((unsigned char)serial[i]))
            return false;
    }
    return true;
}

static bool secrets_length(size_t n)
{
    return n >= PRIM_KEY && n <= SECRETS_MAX && (n - PRIM_KEY) % SECRETS_OLDER_ONE == 0;
}

CK_RV secrets_find(struct span secrets, uint32_t number_of_t, uint32_t number, struct span *ret)
{
    struct cursor c = cursor_of(secrets);
    struct span key = cursor_take(&c, PRIM_KEY);
    uint32_t at = number_of_t;

    ENSURE(secrets_length(secrets.n), CKR_DEVICE_ERROR);
    while (at != number && c.rest.n > 0) {
        at = cursor_u32(&c);
        key = cursor_take(&c, PRIM_KEY);
    }
    ENSURE(at == number && !c.failed, CKR_DEVICE_ERROR);
    *ret = key;
    return CKR_OK;
}

CK_RV token_row_decode(const uint8_t id[TOKEN_ID], struct span row, struct token_row *ret)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);
    struct token_row token = {.epoch = 0};
    struct token_info *info = &token.info;
    uint8_t so_reset;

    memcpy(info->id, id, TOKEN_ID);
    info->slot = cursor_u64(&c);
    cursor_copy(&c, info->label, sizeof(info->label));
    cursor_copy(&c, info->serial, SERIAL_CHARS);
    info->incarnation = cursor_u64(&c);
    info->created = cursor_u64(&c);
    so_reset = cursor_u8(&c);
    info->pin_min = cursor_u32(&c);
    info->pin_tries = cursor_u32(&c);
    info->secret_number = cursor_u32(&c);
    token.epoch = cursor_u64(&c);
    token.secret = cursor_take(&c, c.rest.n);
    info->so_reset = so_reset == 1;
    ENSURE(cursor_done(&c) && version == INFO_VERSION && so_reset <= 1, CKR_DEVICE_ERROR);
    ENSURE(token.secret.n >= BOX_OVERHEAD && secrets_length(token.secret.n - BOX_OVERHEAD) &&
               info->secret_number > 0,
           CKR_DEVICE_ERROR);
    ENSURE(info->slot < SLOT_END && serial_is_hex(info->serial), CKR_DEVICE_ERROR);
    ENSURE(info->pin_min <= PIN_MAX && info->pin_tries > 0, CKR_DEVICE_ERROR);
    *ret = token;
    return CKR_OK;
}

/* Everything that stands in clear is bound to the secret. */
static struct box_context secret_context(const struct header *h, const struct token_info *info,
                                         uint64_t epoch, const struct buf *clear)
{
    return (struct box_context){
        .purpose = "token-secret",
        .store_id = SPAN_ARRAY(h->store_id),
        .token_id = SPAN_ARRAY(info->id),
        .table = STORE_TOKEN,
        .id = info->slot,
        .generation = epoch,
        .extra = buf_span(clear),
    };
}

CK_RV token_row_encode(const struct header *h, const struct token_info *info, struct span master,
                       struct span secrets, struct buf *ret_row)
{
    AUTO(buf_clear) struct buf clear = BUF_INIT;
    struct box_context context;

    put_clear(info, &clear);
    TRY(buf_ok(&clear));
    context = secret_context(h, info, h->epoch, &clear);
    buf_put(ret_row, buf_span(&clear));
    buf_u64(ret_row, h->epoch);
    return box_seal(master, &context, secrets, ret_row);
}

CK_RV token_row_open(const struct header *h, const struct token_row *token, struct span master,
                     struct secret **ret_secrets)
{
    AUTO(buf_clear) struct buf clear = BUF_INIT;
    struct box_context context;

    ENSURE(token->epoch == h->epoch, CKR_DEVICE_ERROR);
    put_clear(&token->info, &clear);
    TRY(buf_ok(&clear));
    context = secret_context(h, &token->info, token->epoch, &clear);
    return box_open_secret(master, &context, token->secret, ret_secrets);
}

CK_RV token_row_get(struct txn *t, const uint8_t id[TOKEN_ID], struct buf *row,
                    struct token_row *ret)
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_INFO, 0);
    bool found = false;

    TRY(txn_get(t, STORE_TOKEN, token_row_key_span(&key), row, NULL, &found));
    ENSURE(found, CKR_DEVICE_REMOVED);
    return token_row_decode(id, buf_span(row), ret);
}

CK_RV token_row_rewrap(struct txn *t, const struct header *from, struct span old_master,
                       const struct header *to, struct span new_master, const uint8_t id[TOKEN_ID])
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_INFO, 0);
    AUTO(buf_clear) struct buf old_row = BUF_INIT;
    AUTO(buf_clear) struct buf new_row = BUF_INIT;
    AUTO(secret_freep) struct secret *secret = NULL;
    struct token_row token;

    TRY(token_row_get(t, id, &old_row, &token));
    TRY(token_row_open(from, &token, old_master, &secret));
    TRY(token_row_encode(to, &token.info, new_master, secret_span(secret), &new_row));
    return txn_put(t, STORE_TOKEN, token_row_key_span(&key), buf_span(&new_row), NULL);
}

/* -- failure counters ------------------------------------------------------------------------ */

CK_RV fails_decode(struct span row, uint32_t ret[2])
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);
    const uint32_t so = cursor_u32(&c), user = cursor_u32(&c);

    ENSURE(cursor_done(&c) && version == ROW_VERSION, CKR_DEVICE_ERROR);
    ret[ROLE_SO] = so;
    ret[ROLE_USER] = user;
    return CKR_OK;
}

CK_RV fails_get(struct txn *t, const uint8_t id[TOKEN_ID], uint32_t ret[2])
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_FAILS, 0);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false;

    TRY(txn_get(t, STORE_TOKEN, token_row_key_span(&key), &row, NULL, &found));
    ENSURE(found, CKR_DEVICE_ERROR);
    return fails_decode(buf_span(&row), ret);
}

CK_RV fails_put(struct txn *t, const uint8_t id[TOKEN_ID], const uint32_t fails[2])
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_FAILS, 0);
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, ROW_VERSION);
    buf_u32(&row, fails[ROLE_SO]);
    buf_u32(&row, fails[ROLE_USER]);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_TOKEN, token_row_key_span(&key), buf_span(&row), NULL);
}

/* -- all of them ------------------------------------------------------------------------------ */

struct id_list {
    uint8_t (*v)[TOKEN_ID];
    size_t n;
};

static void id_list_clear(struct id_list *list)
{
    free(list->v);
}

static CK_RV id_add(struct txn *t, struct span key, struct span row, void *arg)
{
    struct id_list *list = arg;

    (void)t;
    (void)row;
    if (key.n != TOKEN_ID + 1 || key.p[TOKEN_ID] != TOKEN_ROW_INFO)
        return CKR_OK;
    ENSURE(list->n < TOKENS_MAX, CKR_DEVICE_ERROR);
    memcpy(list->v[list->n++], key.p, TOKEN_ID);
    return CKR_OK;
}

CK_RV token_row_ids(struct txn *t, uint8_t (**ret)[TOKEN_ID], size_t *ret_n)
{
    AUTO(id_list_clear) struct id_list list = {.v = calloc(TOKENS_MAX, TOKEN_ID)};

    ENSURE(list.v != NULL, CKR_HOST_MEMORY);
    TRY(txn_walk(t, STORE_TOKEN, id_add, &list));
    *ret = TAKE(list.v);
    *ret_n = list.n;
    return CKR_OK;
}

CK_RV token_there(struct txn *t, const uint8_t id[TOKEN_ID], bool *ret)
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_INFO, 0);

    return txn_get(t, STORE_TOKEN, token_row_key_span(&key), NULL, NULL, ret);
}
