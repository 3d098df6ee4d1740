/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_secret.c - a token gets another T, when somebody who could open the store no longer shall.
 *
 * A role's private half is boxed under T and the PIN, and the PIN is not here. So the secret that a
 * role's row was made with stays, beside T, until that PIN is changed. It protects no DEK: the
 * shares of private scope are under T as well.
 */
#include "keyring/role.h"
#include "keyring/scope.h"
#include "keyring/token_row.h"

/* Append an older secret that a role's row is made with, if it isn't there yet. */
static CK_RV keep_one(struct txn *t, const struct token_info *info, struct span secrets,
                      enum role role, uint32_t *kept, struct secret *ret)
{
    struct role_row row = {.secret = 0};
    struct span key;
    bool found = false;

    TRY(role_get(t, info->id, role, &row, &found));
    if (!found || row.secret == *kept)
        return CKR_OK;
    TRY(secrets_find(secrets, info->secret_number, row.secret, &key));
    ENSURE(ret->n + SECRETS_OLDER_ONE <= SECRETS_MAX, CKR_GENERAL_ERROR);
    for (int i = 0; i < 4; i++)
        ret->p[ret->n++] = (uint8_t)(row.secret >> 8 * (3 - i));
    memcpy(ret->p + ret->n, key.p, key.n);
    ret->n += key.n;
    *kept = row.secret;
    return CKR_OK;
}

/* A new T, and behind it what the roles need. */
static CK_RV secrets_make(struct txn *t, const struct token_info *info, struct span secrets,
                          struct secret **ret)
{
    AUTO(secret_freep) struct secret *made = NULL;
    uint32_t kept = 0;

    TRY(secret_new(SECRETS_MAX, &made));
    made->n = PRIM_KEY;
    TRY(prim_random(made->p, PRIM_KEY));
    TRY(keep_one(t, info, secrets, ROLE_SO, &kept, made));
    TRY(keep_one(t, info, secrets, ROLE_USER, &kept, made));
    *ret = TAKE(made);
    return CKR_OK;
}

static CK_RV scope_renew(struct txn *t, const struct header *h, const uint8_t *id, enum scope scope,
                         const struct secret *from, const struct secret *to)
{
    const struct scope_of before = {h->store_id, id, scope, from};
    const struct scope_of after = {h->store_id, id, scope, to};
    struct wrap_roles roles;
    bool found = false;

    TRY(scope_move(t, &before, to, &found));
    if (!found)
        return CKR_OK;
    TRY(wrap_roles_get(t, id, &roles));
    return scope_advance(t, &after, &roles, GENERATIONS_MAX, NULL);
}

static CK_RV scopes_renew(struct txn *t, const struct header *h, const uint8_t *id,
                          struct span old_secrets, struct span new_secrets)
{
    AUTO(secret_freep) struct secret *from = NULL;
    AUTO(secret_freep) struct secret *to = NULL;

    TRY(secret_from(span_of(old_secrets.p, PRIM_KEY), &from));
    TRY(secret_from(span_of(new_secrets.p, PRIM_KEY), &to));
    TRY(scope_renew(t, h, id, SCOPE_PUBLIC, from, to));
    return scope_renew(t, h, id, SCOPE_PRIVATE, from, to);
}

CK_RV token_secret_renew(struct txn *t, const struct header *from, struct span old_master,
                         const struct header *to, struct span new_master,
                         const uint8_t id[TOKEN_ID])
{
    const struct token_row_key key = token_row_key(id, TOKEN_ROW_INFO, 0);
    AUTO(buf_clear) struct buf old_row = BUF_INIT;
    AUTO(buf_clear) struct buf new_row = BUF_INIT;
    AUTO(secret_freep) struct secret *old_secrets = NULL;
    AUTO(secret_freep) struct secret *new_secrets = NULL;
    struct token_row token;

    TRY(token_row_get(t, id, &old_row, &token));
    TRY(token_row_open(from, &token, old_master, &old_secrets));
    TRY(secrets_make(t, &token.info, secret_span(old_secrets), &new_secrets));
    TRY(scopes_renew(t, to, id, secret_span(old_secrets), secret_span(new_secrets)));
    token.info.secret_number++;
    TRY(token_row_encode(to, &token.info, new_master, secret_span(new_secrets), &new_row));
    return txn_put(t, STORE_TOKEN, token_row_key_span(&key), buf_span(&new_row), NULL);
}
