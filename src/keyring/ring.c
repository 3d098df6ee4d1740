/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c - the tokens that a keyring has used, with their secrets; see ring.h.
 *
 * A secret that isn't there yet (the token was made by another process, or got another one by a
 * revocation) needs the master, so the device is asked: never in a write transaction.
 */
#include "keyring/ring.h"

#include <stdlib.h>

#include "keyring/master.h"
#include "keyring/token_row.h"

#define TRIES_MAX 8 /* a rotation can come between at each */

static void ring_token_free(struct ring_token *token)
{
    dek_cache_clear(&token->deks);
    for (size_t i = 0; i < N_ELEMENTS(token->index); i++)
        mac_free(token->index[i]);
    secret_free(token->t);
    secret_free(token->secrets);
    free(token);
}

void ring_tokens_free(struct keyring *k)
{
    while (k->tokens != NULL) {
        struct ring_token *token = k->tokens;

        k->tokens = token->next;
        ring_token_free(token);
    }
}

/* number 0: the newest. */
static struct ring_token *find_locked(struct keyring *k, const uint8_t id[TOKEN_ID],
                                      uint32_t number)
{
    for (struct ring_token *token = k->tokens; token != NULL; token = token->next) {
        if (memcmp(token->id, id, TOKEN_ID) == 0 && (number == 0 || token->number == number))
            return token;
    }
    return NULL;
}

struct ring_token *ring_token_find(struct keyring *k, const uint8_t id[TOKEN_ID])
{
    struct ring_token *token;

    pthread_mutex_lock(&k->lock);
    token = find_locked(k, id, 0);
    pthread_mutex_unlock(&k->lock);
    return token;
}

static CK_RV entry_make(const uint8_t id[TOKEN_ID], uint32_t number, struct secret **secrets,
                        struct ring_token **ret)
{
    struct ring_token *made;

    ENSURE((*secrets)->n >= PRIM_KEY, CKR_DEVICE_ERROR);
    made = calloc(1, sizeof(*made));
    ENSURE(made != NULL, CKR_HOST_MEMORY);
    memcpy(made->id, id, TOKEN_ID);
    made->number = number;
    made->secrets = TAKE(*secrets);
    *ret = made;
    return secret_from(span_of(made->secrets->p, PRIM_KEY), &made->t);
}

CK_RV ring_token_add(struct keyring *k, const uint8_t id[TOKEN_ID], uint32_t number,
                     struct secret *secrets, struct ring_token **ret)
{
    AUTO(secret_freep) struct secret *taken = secrets;
    struct ring_token *made = NULL, *there;
    const CK_RV rv = entry_make(id, number, &taken, &made);

    if (rv != CKR_OK) {
        if (made != NULL)
            ring_token_free(made);
        FAIL(rv);
    }
    pthread_mutex_lock(&k->lock);
    there = find_locked(k, id, number);
    if (there == NULL) {
        made->next = k->tokens;
        k->tokens = there = made;
        made = NULL;
    }
    pthread_mutex_unlock(&k->lock);
    if (made != NULL)
        ring_token_free(made);
    if (ret != NULL)
        *ret = there;
    return CKR_OK;
}

/* -- secrets --------------------------------------------------------------------------------- */

/* One try: *ret_moved when the master was rotated since it was opened. */
static CK_RV secret_open(struct keyring *k, const uint8_t id[TOKEN_ID], struct secret **ret,
                         uint32_t *ret_number, bool *ret_moved)
{
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct header opened, now;
    struct token_row token;

    TRY(master_open(k, &master, &opened));
    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, &now));
    *ret_moved = now.epoch != opened.epoch;
    if (*ret_moved)
        return CKR_OK;
    TRY(token_row_get(t, id, &row, &token));
    *ret_number = token.info.secret_number;
    return token_row_open(&now, &token, secret_span(master), ret);
}

/* A token that isn't there is answered without asking a device. */
static CK_RV token_present(struct keyring *k, const uint8_t id[TOKEN_ID])
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;

    TRY(txn_begin_read(k->store, &t));
    return token_row_get(t, id, &row, &token);
}

/* Through the master: the device is asked. */
static CK_RV secrets_fetch(struct keyring *k, const uint8_t id[TOKEN_ID], struct ring_token **ret)
{
    struct secret *secrets = NULL;
    uint32_t number = 0;
    bool moved = true;

    for (int i = 0; i < TRIES_MAX && moved; i++)
        TRY(secret_open(k, id, &secrets, &number, &moved));
    ENSURE(!moved, CKR_FUNCTION_FAILED);
    return ring_token_add(k, id, number, secrets, ret);
}

CK_RV ring_token_get(struct keyring *k, const uint8_t id[TOKEN_ID], struct ring_token **ret)
{
    struct ring_token *there = ring_token_find(k, id);

    if (there != NULL) {
        *ret = there;
        return CKR_OK;
    }
    TRY(token_present(k, id));
    return secrets_fetch(k, id, ret);
}

CK_RV ring_token_in(struct keyring *k, const struct txn *t, const uint8_t id[TOKEN_ID],
                    struct ring_token **ret)
{
    ENSURE(!txn_writes(t) || ring_token_find(k, id) != NULL, CKR_CANCEL);
    return ring_token_get(k, id, ret);
}

/* The token with the T that its row in `t` names; *ret NULL: it isn't here yet. */
static CK_RV newest_find(struct keyring *k, struct txn *t, const uint8_t id[TOKEN_ID],
                         struct ring_token **ret, uint32_t *ret_number)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct token_row token;

    TRY(token_row_get(t, id, &row, &token));
    pthread_mutex_lock(&k->lock);
    *ret = find_locked(k, id, token.info.secret_number);
    pthread_mutex_unlock(&k->lock);
    *ret_number = token.info.secret_number;
    return CKR_OK;
}

CK_RV ring_token_at(struct keyring *k, struct txn *t, const uint8_t id[TOKEN_ID],
                    struct ring_token **ring)
{
    struct ring_token *there;
    uint32_t number;

    TRY(newest_find(k, t, id, &there, &number));
    if (there == NULL) {
        ENSURE(!txn_writes(t), CKR_CANCEL);
        TRY(secrets_fetch(k, id, &there));
    }
    /* An old snapshot, of before a revocation that this process slept over: it is read again. */
    ENSURE(there->number == number, CKR_FUNCTION_FAILED);
    *ring = there;
    return CKR_OK;
}

/* Have the newest T at hand. */
static CK_RV newest_fetch(struct keyring *k, const uint8_t id[TOKEN_ID])
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct ring_token *there;
    uint32_t number;

    TRY(txn_begin_read(k->store, &t));
    TRY(newest_find(k, t, id, &there, &number));
    txn_end(TAKE(t));
    return there != NULL ? CKR_OK : secrets_fetch(k, id, &there);
}

CK_RV token_write(struct keyring *k, const uint8_t id[TOKEN_ID], txn_fn *fn, void *arg)
{
    CK_RV rv = CKR_CANCEL;

    for (int i = 0; i < TRIES_MAX && rv == CKR_CANCEL; i++) {
        rv = store_write(k->store, fn, arg);
        if (rv == CKR_CANCEL)
            TRY(newest_fetch(k, id));
    }
    ENSURE(rv != CKR_CANCEL, CKR_FUNCTION_FAILED);
    return rv;
}

CK_RV token_prepare(struct keyring *k, const uint8_t id[TOKEN_ID])
{
    struct ring_token *token;

    return ring_token_get(k, id, &token);
}

struct id_list {
    uint8_t (*v)[TOKEN_ID];
    size_t n;
};

static void id_list_clear(struct id_list *list)
{
    free(list->v);
}

static CK_RV open_row(struct keyring *k, struct txn *t, const struct header *h, struct span master,
                      const uint8_t id[TOKEN_ID])
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct secret *secret = NULL;
    struct token_row token;

    if (ring_token_find(k, id) != NULL)
        return CKR_OK;
    TRY(token_row_get(t, id, &row, &token));
    TRY(token_row_open(h, &token, master, &secret));
    return ring_token_add(k, id, token.info.secret_number, secret, NULL);
}

CK_RV ring_tokens_open(struct keyring *k, struct txn *t, const struct header *h, struct span master)
{
    AUTO(id_list_clear) struct id_list list = {.v = NULL};

    TRY(token_row_ids(t, &list.v, &list.n));
    for (size_t i = 0; i < list.n; i++)
        TRY(open_row(k, t, h, master, list.v[i]));
    return CKR_OK;
}
