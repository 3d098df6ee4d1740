/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokens.c - what tokens a store has: verified, or as the disk says before the store opens.
 *
 * The rows of a token stand next to each other, its info row first, so one walk gathers all. In an
 * unverified walk whatever is out of order or malformed is left out.
 */
#include <stdlib.h>

#include "keyring/role.h"
#include "keyring/token_row.h"
#include "util/log.h"

struct gathering {
    struct token_info *v;
    size_t n, room;
    enum trust trust;
};

static void gathering_clear(struct gathering *g)
{
    free(g->v);
}

static CK_RV gather_room(struct gathering *g)
{
    const size_t room = g->room == 0 ? 8 : 2 * g->room;
    struct token_info *grown;

    if (g->n < g->room)
        return CKR_OK;
    ENSURE(g->n < TOKENS_MAX, CKR_DEVICE_ERROR);
    grown = calloc(room, sizeof(*grown));
    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    if (g->n > 0)
        memcpy(grown, g->v, g->n * sizeof(*grown));
    free(g->v);
    g->v = grown;
    g->room = room;
    return CKR_OK;
}

static CK_RV gather_info(struct gathering *g, const uint8_t *id, struct span row)
{
    struct token_row token;

    TRY(token_row_decode(id, row, &token));
    TRY(gather_room(g));
    g->v[g->n++] = token.info;
    return CKR_OK;
}

static CK_RV gather(struct gathering *g, struct span key, struct span row)
{
    struct token_info *last = g->n > 0 ? &g->v[g->n - 1] : NULL;
    uint8_t kind;

    ENSURE(key.n > TOKEN_ID, CKR_DEVICE_ERROR);
    kind = key.p[TOKEN_ID];
    if (kind == TOKEN_ROW_INFO && key.n == TOKEN_ID + 1)
        return gather_info(g, key.p, row);
    ENSURE(last != NULL && memcmp(last->id, key.p, TOKEN_ID) == 0, CKR_DEVICE_ERROR);
    if (kind == TOKEN_ROW_ROLE && key.n == TOKEN_ID + 2) {
        last->user_pin_set = last->user_pin_set || key.p[TOKEN_ID + 1] == ROLE_USER;
        return CKR_OK;
    }
    ENSURE(kind == TOKEN_ROW_FAILS && key.n == TOKEN_ID + 1, CKR_DEVICE_ERROR);
    return fails_decode(row, last->fails);
}

static CK_RV gather_row(struct txn *t, struct span key, struct span row, void *arg)
{
    struct gathering *g = arg;
    const CK_RV rv = gather(g, key, row);

    (void)t;
    return rv == CKR_DEVICE_ERROR && g->trust == TRUST_NOTHING ? CKR_OK : rv;
}

static int by_slot(const void *a, const void *b)
{
    const CK_SLOT_ID x = ((const struct token_info *)a)->slot;
    const CK_SLOT_ID y = ((const struct token_info *)b)->slot;

    return (x > y) - (x < y);
}

/* Two tokens in one slot: a disk can say so, a store that is verified can't. */
static CK_RV gather_done(struct gathering *g)
{
    size_t n = 0;

    if (g->n > 0)
        qsort(g->v, g->n, sizeof(g->v[0]), by_slot);
    for (size_t i = 0; i < g->n; i++) {
        if (n > 0 && g->v[n - 1].slot == g->v[i].slot)
            continue;
        g->v[n++] = g->v[i];
    }
    ENSURE(n == g->n || g->trust == TRUST_NOTHING, CKR_DEVICE_ERROR);
    g->n = n;
    return CKR_OK;
}

static CK_RV gather_all(struct txn *t, enum trust trust, struct token_info **ret, size_t *ret_n)
{
    AUTO(gathering_clear) struct gathering g = {.trust = trust};

    TRY(trust == TRUST_TREE ? txn_walk(t, STORE_TOKEN, gather_row, &g)
                            : txn_peek_walk(t, STORE_TOKEN, gather_row, &g));
    TRY(gather_done(&g));
    *ret = TAKE(g.v);
    *ret_n = g.n;
    return CKR_OK;
}

CK_RV tokens_peek(struct store *s, struct token_info **ret, size_t *ret_n)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_peek(s, &t));
    return gather_all(t, TRUST_NOTHING, ret, ret_n);
}

CK_RV tokens_list(struct keyring *k, struct token_info **ret, size_t *ret_n)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    return gather_all(t, TRUST_TREE, ret, ret_n);
}

CK_RV token_read(struct keyring *k, struct txn *t, const uint8_t id[TOKEN_ID],
                 struct token_info *ret)
{
    const struct token_row_key user = token_row_key(id, TOKEN_ROW_ROLE, ROLE_USER);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;

    (void)k;
    TRY(token_row_get(t, id, &row, &token));
    TRY(txn_get(t, STORE_TOKEN, token_row_key_span(&user), NULL, NULL, &token.info.user_pin_set));
    TRY(fails_get(t, id, token.info.fails));
    *ret = token.info;
    return CKR_OK;
}
