/* SPDX-License-Identifier: BSD-2-Clause */
/* key_use.c - the row of a token that wants its keys' uses told; see key_use.h. */
#include "keyring/key_use.h"

#include "keyring/audit.h"
#include "keyring/login.h"
#include "keyring/meta.h"
#include "keyring/role.h"
#include "keyring/token_row.h"

#define ROW_VERSION 1
#define ROW_NAME    "key-use"
#define ROW_KEY     (sizeof(ROW_NAME) - 1 + TOKEN_ID)

/* Numbers are part of the format. None has no row. */
static const uint8_t numbers[] = {
    [CONF_KEY_USE_SECRET] = 1,
    [CONF_KEY_USE_ALL] = 2,
};

struct row_key {
    uint8_t p[ROW_KEY];
};

static struct row_key row_key(const uint8_t token[TOKEN_ID])
{
    struct row_key k;

    memcpy(k.p, ROW_NAME, ROW_KEY - TOKEN_ID);
    memcpy(k.p + ROW_KEY - TOKEN_ID, token, TOKEN_ID);
    return k;
}

const uint8_t *key_use_token(struct span key)
{
    if (key.n != ROW_KEY || memcmp(key.p, ROW_NAME, ROW_KEY - TOKEN_ID) != 0)
        return NULL;
    return key.p + ROW_KEY - TOKEN_ID;
}

CK_RV key_use_decode(struct span row, enum conf_key_use *ret)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c), number = cursor_u8(&c);

    ENSURE(cursor_done(&c) && version == ROW_VERSION, CKR_DEVICE_ERROR);
    for (size_t i = CONF_KEY_USE_SECRET; i < N_ELEMENTS(numbers); i++) {
        if (numbers[i] != number)
            continue;
        *ret = (enum conf_key_use)i;
        return CKR_OK;
    }
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV key_use_get(struct txn *t, const uint8_t token[TOKEN_ID], enum conf_key_use *ret)
{
    const struct row_key key = row_key(token);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    enum conf_key_use use = CONF_KEY_USE_NONE;
    bool found = false;

    TRY(meta_get(t, TRUST_TREE, SPAN_ARRAY(key.p), &row, &found));
    if (found)
        TRY(key_use_decode(buf_span(&row), &use));
    *ret = use;
    return CKR_OK;
}

CK_RV token_key_use_now(struct keyring *k, const uint8_t token[TOKEN_ID], enum conf_key_use *ret,
                        uint64_t *ret_txn)
{
    AUTO(txn_endp) struct txn *t = NULL;
    enum conf_key_use use;
    bool found = false;

    TRY(txn_begin_read(keyring_store(k), &t));
    TRY(key_use_get(t, token, &use));
    /* A token that C_InitToken has replaced asks for nothing, and has no keys to use either. */
    if (use == CONF_KEY_USE_NONE) {
        TRY(token_there(t, token, &found));
        ENSURE(found, CKR_DEVICE_REMOVED);
    }
    *ret = use;
    *ret_txn = txn_id(t);
    return CKR_OK;
}

static CK_RV row_put(struct txn *t, const uint8_t token[TOKEN_ID], enum conf_key_use use)
{
    const struct row_key key = row_key(token);
    const uint8_t row[] = {ROW_VERSION, numbers[use]};

    if (use == CONF_KEY_USE_NONE)
        return txn_del(t, STORE_META, SPAN_ARRAY(key.p), NULL);
    return txn_put(t, STORE_META, SPAN_ARRAY(key.p), SPAN_ARRAY(row), NULL);
}

CK_RV key_use_move(struct txn *t, const uint8_t from[TOKEN_ID], const uint8_t to[TOKEN_ID])
{
    enum conf_key_use use;

    TRY(key_use_get(t, from, &use));
    if (use == CONF_KEY_USE_NONE)
        return CKR_OK;
    TRY(row_put(t, from, CONF_KEY_USE_NONE));
    return row_put(t, to, use);
}

struct setting {
    const struct keyring *k;
    const struct login *so;
    enum conf_key_use use;
};

static CK_RV set_txn(struct txn *t, void *arg)
{
    const struct setting *s = arg;
    struct role_row so = {.generation = 0};
    enum conf_key_use before;
    bool found = false;

    TRY(role_get(t, s->so->token, ROLE_SO, &so, &found));
    ENSURE(found && so.generation == s->so->generation, CKR_USER_NOT_LOGGED_IN);
    TRY(key_use_get(t, s->so->token, &before));
    if (before == s->use)
        return CKR_OK;
    TRY(row_put(t, s->so->token, s->use));
    return audit_add(s->k, t, AUDIT_KEY_USE_SET, s->so->token, "%s, before: %s, by the SO",
                     conf_key_use_name(s->use), conf_key_use_name(before));
}

CK_RV token_set_key_use(struct keyring *k, const struct login *so, enum conf_key_use use)
{
    struct setting s = {k, so, use};

    ENSURE(so->role == ROLE_SO, CKR_USER_NOT_LOGGED_IN);
    return store_write(keyring_store(k), set_txn, &s);
}
