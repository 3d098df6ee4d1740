/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect.c - seals, tokens and DEKs looked at without a PIN; see inspect.h. */
#include "keyring/inspect.h"

#include <stdlib.h>

#include "keyring/audit.h"
#include "keyring/counts.h"
#include "keyring/history.h"
#include "keyring/key_use.h"
#include "keyring/master.h"
#include "keyring/scope.h"
#include "keyring/token_row.h"

#define TRIES_MAX 8 /* another process can rotate between opening the master and the snapshot */

struct inspector {
    struct keyring *k;
    struct header header;
    struct secret *master;
    uint8_t opened_by[SEAL_ID]; /* of a platform */
};

void inspector_free(struct inspector *i)
{
    if (i == NULL)
        return;
    secret_free(i->master);
    free(i);
}

/* The master, and then a snapshot: *ret_same, when both are of one epoch. */
static CK_RV begin(struct inspector *i, struct txn **ret, bool *ret_same)
{
    AUTO(txn_endp) struct txn *t = NULL;

    secret_free(TAKE(i->master));
    TRY(i->k->root != NULL ? master_open_here(i->k, &i->master, &i->header, i->opened_by)
                           : master_open(i->k, &i->master, &i->header));
    TRY(txn_begin_read(keyring_store(i->k), &t));
    TRY(header_same(t, &i->header, ret_same));
    *ret = *ret_same ? TAKE(t) : NULL;
    return CKR_OK;
}

CK_RV inspector_new(struct keyring *k, struct inspector **ret, struct txn **ret_txn)
{
    AUTO(inspector_freep) struct inspector *i = calloc(1, sizeof(*i));
    bool same = false;

    ENSURE(i != NULL, CKR_HOST_MEMORY);
    i->k = k;
    for (int tries = 0; tries < TRIES_MAX && !same; tries++)
        TRY(begin(i, ret_txn, &same));
    ENSURE(same, CKR_FUNCTION_FAILED);
    *ret = TAKE(i);
    return CKR_OK;
}

bool inspector_opened_by(const struct inspector *i, uint8_t ret_id[SEAL_ID])
{
    memcpy(ret_id, i->opened_by, SEAL_ID);
    return i->k->root != NULL;
}

/* -- meta ------------------------------------------------------------------------------------ */

static CK_RV meta_header(struct inspector *i, struct txn *t, struct span row)
{
    struct header h;

    (void)i;
    (void)t;
    return header_decode(row, &h);
}

static CK_RV meta_keys(struct inspector *i, struct txn *t, struct span row)
{
    AUTO(secret_freep) struct secret *keys = NULL;

    (void)t;
    return keys_open(row, &i->header, secret_span(i->master), &keys);
}

static CK_RV meta_config(struct inspector *i, struct txn *t, struct span row)
{
    struct config config;

    (void)i;
    (void)t;
    return config_decode(row, &config);
}

static CK_RV meta_slots(struct inspector *i, struct txn *t, struct span row)
{
    CK_SLOT_ID next;

    (void)i;
    (void)row;
    return slots_get(t, &next);
}

static CK_RV meta_history(struct inspector *i, struct txn *t, struct span row)
{
    struct seal_history history;

    (void)i;
    (void)row;
    return history_get(t, &history);
}

static CK_RV meta_clean(struct inspector *i, struct txn *t, struct span row)
{
    (void)i;
    (void)t;
    ENSURE(row.n > 0 && row.n % TOKEN_ID == 0, CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV meta_counts(struct inspector *i, struct txn *t, struct span row)
{
    struct counts counts;
    bool any;

    (void)i;
    (void)row;
    return counts_get(t, &counts, &any);
}

static const struct {
    const char *name;
    CK_RV (*look)(struct inspector *i, struct txn *t, struct span row);
} meta_rows[] = {
    {"header", meta_header}, {"keys", meta_keys},       {"config", meta_config},
    {"slots", meta_slots},   {"history", meta_history}, {"clean", meta_clean},
    {"counts", meta_counts},
};

/* What a token asks for: a row for each token that does. */
static const char *look_key_use(struct txn *t, const uint8_t token[TOKEN_ID], struct span row)
{
    enum conf_key_use use;
    bool found = false;

    if (token_there(t, token, &found) != CKR_OK || !found)
        return "belongs to no token";
    return key_use_decode(row, &use) == CKR_OK ? NULL : "can't be read";
}

/* A row of another name is somebody else's (the vault's, the log's), or of a later version. */
static const char *look_meta(struct inspector *i, struct txn *t, struct span key, struct span row)
{
    for (size_t n = 0; n < N_ELEMENTS(meta_rows); n++) {
        if (span_equal(key, span_of(meta_rows[n].name, strlen(meta_rows[n].name))))
            return meta_rows[n].look(i, t, row) == CKR_OK ? NULL : "can't be read";
    }
    if (key_use_token(key) != NULL)
        return look_key_use(t, key_use_token(key), row);
    return NULL;
}

/* -- seals ------------------------------------------------------------------------------------- */

static const char *look_seal(struct inspector *i, struct txn *t, struct span key, struct span row)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    struct seal s;

    (void)t;
    if (key.n != SEAL_ID || row.n > SEAL_ROW_MAX || seal_decode(key.p, row, &s) != CKR_OK)
        return "is no seal that can be read";
    if (s.epoch != i->header.epoch)
        return "is a seal of another master key";
    if (seal_open_auth(&i->header, &s, secret_span(i->master), &auth) != CKR_OK)
        return "is a seal that is not authentic";
    return NULL;
}

/* -- tokens ------------------------------------------------------------------------------------ */

static const char *look_info(const struct inspector *i, struct span key, struct span row)
{
    AUTO(secret_freep) struct secret *secrets = NULL;
    struct token_row token;

    if (token_row_decode(key.p, row, &token) != CKR_OK)
        return "is no token that can be read";
    if (token_row_open(&i->header, &token, secret_span(i->master), &secrets) != CKR_OK)
        return "holds token secrets that don't open under the master key";
    return NULL;
}

static const char *look_token(struct inspector *i, struct txn *t, struct span key, struct span row)
{
    const unsigned kind = key.n > TOKEN_ID ? key.p[TOKEN_ID] : UINT8_MAX;
    struct role_row role;
    uint32_t fails[2];
    bool found = false;

    if (kind == TOKEN_ROW_INFO && key.n == TOKEN_ID + 1)
        return look_info(i, key, row);
    if (key.n <= TOKEN_ID || token_there(t, key.p, &found) != CKR_OK || !found)
        return "belongs to no token";
    if (kind == TOKEN_ROW_ROLE && key.n == TOKEN_ID + 2 && key.p[TOKEN_ID + 1] <= ROLE_USER)
        return role_get(t, key.p, (enum role)key.p[TOKEN_ID + 1], &role, &found) == CKR_OK
                   ? NULL
                   : "is no role that can be read";
    if (kind == TOKEN_ROW_FAILS && key.n == TOKEN_ID + 1)
        return fails_decode(row, fails) == CKR_OK ? NULL : "is no counter that can be read";
    return "is of no known kind";
}

/* -- DEKs -------------------------------------------------------------------------------------- */

static uint32_t generation_of(struct span key)
{
    struct cursor c = cursor_of(span_of(key.p + TOKEN_ID + 1, 4));

    return cursor_u32(&c);
}

/* The wrap of a generation (0: of the index key). */
static CK_RV wrap_read(struct txn *t, const struct scope_of *of, uint32_t generation,
                       struct buf *row, struct span *ret)
{
    struct scope_generation g = {.created = 0};
    struct scope_head head = {.n = 0};
    bool found = false;

    if (generation == 0)
        TRY(scope_head_get(t, of, row, &head, NULL, &found));
    else
        TRY(scope_generation_get(t, of, generation, row, &g, NULL, &found));
    ENSURE(found, CKR_DEVICE_ERROR);
    *ret = generation == 0 ? head.wrap : g.wrap;
    return CKR_OK;
}

/* It opens under T when it can be moved from T to T. Private scope: what is inside takes a PIN. */
static CK_RV wrap_opens(struct inspector *i, struct txn *t, const uint8_t token[TOKEN_ID],
                        enum scope scope, uint32_t generation)
{
    struct scope_of of = {i->header.store_id, token, scope, NULL};
    const struct wrap_place place = scope_place(&of, generation);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(buf_clear) struct buf moved = BUF_INIT;
    struct ring_token *ring = NULL;
    struct span wrap;

    TRY(wrap_read(t, &of, generation, &row, &wrap));
    TRY(ring_token_get(i->k, token, &ring));
    TRY(ring_token_at(i->k, t, token, &ring));
    return wrap_move(&place, ring->t, ring->t, wrap, &moved);
}

static const char *look_dek(struct inspector *i, struct txn *t, struct span key)
{
    bool found = false;
    uint32_t generation;
    enum scope scope;
    CK_RV rv;

    if (key.n != TOKEN_ID + 1 + 4 || key.p[TOKEN_ID] > SCOPE_PRIVATE)
        return "is of no known kind";
    if (token_there(t, key.p, &found) != CKR_OK || !found)
        return "belongs to no token";
    scope = (enum scope)key.p[TOKEN_ID];
    generation = generation_of(key);
    if (generation != 0 &&
        (inspect_generation(i, t, key.p, scope, generation, &found) != CKR_OK || !found))
        return "is a generation that its scope doesn't name";
    rv = wrap_opens(i, t, key.p, scope, generation);
    /* CKR_FUNCTION_FAILED: the token got another secret since the snapshot was taken. */
    return rv == CKR_OK || rv == CKR_FUNCTION_FAILED ? NULL
                                                     : "holds a key that doesn't open under its "
                                                       "token's secret";
}

CK_RV inspect_generation(struct inspector *i, struct txn *t, const uint8_t token[TOKEN_ID],
                         enum scope scope, uint32_t generation, bool *ret)
{
    const struct scope_of of = {i->header.store_id, token, scope, NULL};
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head = {.n = 0};
    bool found = false, listed = false;

    TRY(token_there(t, token, &found));
    ENSURE(found, CKR_TOKEN_NOT_PRESENT);
    TRY(scope_head_get(t, &of, &row, &head, NULL, &found));
    for (size_t n = 0; found && n < head.n; n++)
        listed = listed || head.generations[n] == generation;
    *ret = listed;
    return CKR_OK;
}

CK_RV inspect_is_dead(struct txn *t, const uint8_t token[TOKEN_ID], bool *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool found = false, dead = false;

    TRY(meta_get(t, TRUST_TREE, META_CLEAN, &row, &found));
    for (size_t at = 0; at + TOKEN_ID <= row.n; at += TOKEN_ID)
        dead = dead || memcmp(row.p + at, token, TOKEN_ID) == 0;
    *ret = dead;
    return CKR_OK;
}

const char *inspect_row(struct inspector *i, struct txn *t, enum store_table table, struct span key,
                        struct span row)
{
    if (table == STORE_META)
        return look_meta(i, t, key, row);
    if (table == STORE_SEAL)
        return look_seal(i, t, key, row);
    if (table == STORE_TOKEN)
        return look_token(i, t, key, row);
    return table == STORE_DEK ? look_dek(i, t, key) : NULL;
}
