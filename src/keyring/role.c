/* SPDX-License-Identifier: BSD-2-Clause */
/* role.c - role rows and the keys that open them; see role.h. */
#include "keyring/role.h"

#define ROW_VERSION 2
#define ROLE_LABEL  "tee-pkcs11 role 1"
#define LOG2_N_MIN  10
#define LOG2_N_MAX  20

CK_RV role_key(struct span t, struct span pin, const uint8_t salt[ROLE_SALT], uint32_t log2_n,
               struct secret **ret)
{
    AUTO(secret_freep) struct secret *stretched = NULL;
    AUTO(secret_freep) struct secret *key = NULL;

    ENSURE(t.n == PRIM_KEY, CKR_DEVICE_ERROR);
    TRY(secret_new(PRIM_KEY, &stretched));
    TRY(secret_new(PRIM_KEY, &key));
    TRY(prim_scrypt(pin, span_of(salt, ROLE_SALT), log2_n, stretched->p));
    TRY(prim_hkdf(t, secret_span(stretched), SPAN_LIT(ROLE_LABEL), key->p, key->n));
    *ret = TAKE(key);
    return CKR_OK;
}

/* The fields that stand before the box; they are bound to it. */
static void put_clear(const struct role_row *row, struct buf *ret)
{
    buf_u8(ret, ROW_VERSION);
    buf_u8(ret, (uint8_t)row->log2_n);
    buf_put(ret, SPAN_ARRAY(row->salt));
    buf_u32(ret, row->generation);
    buf_u32(ret, row->secret);
    buf_put(ret, SPAN_ARRAY(row->public_key));
}

static struct box_context role_context(const struct role_of *of, const struct role_row *row,
                                       const struct buf *clear)
{
    return (struct box_context){
        .purpose = "role",
        .store_id = span_of(of->store_id, STORE_ID),
        .token_id = span_of(of->token, TOKEN_ID),
        .table = STORE_TOKEN,
        .id = of->role,
        .generation = row->generation,
        .extra = buf_span(clear),
    };
}

CK_RV role_make(const struct role_of *of, struct span t, uint32_t secret, struct span pin,
                uint32_t log2_n, uint32_t generation, struct role_row *ret,
                struct secret **ret_private)
{
    struct role_row row = {.log2_n = log2_n, .generation = generation, .secret = secret};
    AUTO(secret_freep) struct secret *private_key = NULL;
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf clear = BUF_INIT;
    AUTO(buf_clear) struct buf box = BUF_INIT;
    struct box_context context;

    TRY(secret_new(PRIM_X25519, &private_key));
    TRY(prim_random(row.salt, sizeof(row.salt)));
    TRY(prim_x25519_generate(private_key->p, row.public_key));
    TRY(role_key(t, pin, row.salt, log2_n, &key));
    put_clear(&row, &clear);
    TRY(buf_ok(&clear));
    context = role_context(of, &row, &clear);
    TRY(box_seal(secret_span(key), &context, secret_span(private_key), &box));
    ENSURE(box.n == sizeof(row.box), CKR_GENERAL_ERROR);
    memcpy(row.box, box.p, sizeof(row.box));
    *ret = row;
    if (ret_private != NULL)
        *ret_private = TAKE(private_key);
    return CKR_OK;
}

CK_RV role_open(const struct role_of *of, const struct role_row *row, const struct secret *key,
                struct secret **ret_private)
{
    AUTO(buf_clear) struct buf clear = BUF_INIT;
    struct box_context context;
    CK_RV rv;

    put_clear(row, &clear);
    TRY(buf_ok(&clear));
    context = role_context(of, row, &clear);
    rv = box_open_secret(secret_span(key), &context, SPAN_ARRAY(row->box), ret_private);
    /* The tree says that the row is what was written: only the PIN is left to be wrong. */
    return rv == CKR_DEVICE_ERROR ? CKR_PIN_INCORRECT : rv;
}

static CK_RV role_decode(struct span bytes, struct role_row *ret)
{
    struct cursor c = cursor_of(bytes);
    const uint8_t version = cursor_u8(&c);
    struct role_row row = {.log2_n = cursor_u8(&c)};

    cursor_copy(&c, row.salt, sizeof(row.salt));
    row.generation = cursor_u32(&c);
    row.secret = cursor_u32(&c);
    cursor_copy(&c, row.public_key, sizeof(row.public_key));
    cursor_copy(&c, row.box, sizeof(row.box));
    ENSURE(cursor_done(&c) && version == ROW_VERSION && row.generation > 0 && row.secret > 0,
           CKR_DEVICE_ERROR);
    ENSURE(row.log2_n >= LOG2_N_MIN && row.log2_n <= LOG2_N_MAX, CKR_DEVICE_ERROR);
    *ret = row;
    return CKR_OK;
}

CK_RV role_get(struct txn *t, const uint8_t token[TOKEN_ID], enum role role, struct role_row *ret,
               bool *ret_found)
{
    return role_get_stamped(t, token, role, ret, NULL, ret_found);
}

CK_RV role_get_stamped(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                       struct role_row *ret, uint8_t ret_stamp[STORE_MAC], bool *ret_found)
{
    const struct token_row_key key = token_row_key(token, TOKEN_ROW_ROLE, role);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false;

    TRY(txn_get(t, STORE_TOKEN, token_row_key_span(&key), &row, ret_stamp, &found));
    if (found)
        TRY(role_decode(buf_span(&row), ret));
    *ret_found = found;
    return CKR_OK;
}

CK_RV role_same(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                const uint8_t stamp[STORE_MAC], bool *ret_same)
{
    const struct token_row_key key = token_row_key(token, TOKEN_ROW_ROLE, role);

    return txn_same(t, STORE_TOKEN, token_row_key_span(&key), stamp, ret_same);
}

CK_RV role_put(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
               const struct role_row *row)
{
    const struct token_row_key key = token_row_key(token, TOKEN_ROW_ROLE, role);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    put_clear(row, &bytes);
    buf_put(&bytes, SPAN_ARRAY(row->box));
    TRY(buf_ok(&bytes));
    return txn_put(t, STORE_TOKEN, token_row_key_span(&key), buf_span(&bytes), NULL);
}
