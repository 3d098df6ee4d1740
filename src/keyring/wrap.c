/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap.c - wrapped keys of a token as bytes; see wrap.h.
 *
 * Inside the outer box of private scope stand two shares, SO and user: the generation of the role
 * pair (0: no share) and the pbox.
 */
#include "keyring/wrap.h"

#define N_ROLES 2

static const char *place_purpose(const struct wrap_place *at, bool inner)
{
    if (at->generation == 0)
        return inner ? "index-share" : "index";
    return inner ? "dek-share" : "dek";
}

static struct box_context outer_context(const struct wrap_place *at)
{
    return (struct box_context){
        .purpose = place_purpose(at, false),
        .store_id = span_of(at->store_id, STORE_ID),
        .token_id = span_of(at->token, TOKEN_ID),
        .table = STORE_DEK,
        .scope = at->scope,
        .generation = at->generation,
    };
}

static struct box_context share_context(const struct wrap_place *at, enum role role)
{
    struct box_context c = outer_context(at);

    c.purpose = place_purpose(at, true);
    c.id = role;
    return c;
}

static CK_RV wrap_role_get(struct txn *t, const uint8_t token[TOKEN_ID], enum role role,
                           struct wrap_roles *ret)
{
    struct role_row row;
    bool found = false;

    TRY(role_get(t, token, role, &row, &found));
    if (found) {
        ret->role[role].generation = row.generation;
        memcpy(ret->role[role].public_key, row.public_key, PRIM_X25519);
    }
    return CKR_OK;
}

CK_RV wrap_roles_get(struct txn *t, const uint8_t token[TOKEN_ID], struct wrap_roles *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct wrap_roles roles = {0};
    struct token_row token_row;

    TRY(token_row_get(t, token, &row, &token_row));
    TRY(wrap_role_get(t, token, ROLE_USER, &roles));
    if (token_row.info.so_reset)
        TRY(wrap_role_get(t, token, ROLE_SO, &roles));
    *ret = roles;
    return CKR_OK;
}

/* -- shares ---------------------------------------------------------------------------------- */

struct shares {
    struct {
        uint32_t generation;
        struct span pbox; /* borrowed */
    } role[N_ROLES];
};

static void shares_encode(const struct shares *s, struct buf *ret)
{
    for (size_t i = 0; i < N_ROLES; i++) {
        buf_u32(ret, s->role[i].generation);
        buf_var(ret, s->role[i].pbox);
    }
}

static CK_RV shares_decode(struct span bytes, struct shares *ret)
{
    struct cursor c = cursor_of(bytes);
    struct shares s;

    for (size_t i = 0; i < N_ROLES; i++) {
        s.role[i].generation = cursor_u32(&c);
        s.role[i].pbox = cursor_var(&c);
    }
    ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    *ret = s;
    return CKR_OK;
}

static CK_RV share_seal(const struct wrap_place *at, const struct wrap_roles *roles, enum role role,
                        struct span key, struct buf *ret)
{
    const struct box_context context = share_context(at, role);

    if (roles->role[role].generation == 0)
        return CKR_OK;
    return pbox_seal(roles->role[role].public_key, &context, key, ret);
}

static CK_RV share_open(const struct wrap_place *at, const struct shares *s,
                        const struct wrap_opener *by, struct secret **ret)
{
    const struct box_context context = share_context(at, by->role);

    ENSURE(s->role[by->role].generation == by->generation, CKR_USER_NOT_LOGGED_IN);
    return pbox_open_secret(by->private_key->p, &context, s->role[by->role].pbox, ret);
}

/* -- wraps ----------------------------------------------------------------------------------- */

static CK_RV shares_seal(const struct wrap_place *at, const struct secret *t,
                         const struct shares *s, struct buf *ret)
{
    const struct box_context context = outer_context(at);
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    shares_encode(s, &plain);
    TRY(buf_ok(&plain));
    return box_seal(secret_span(t), &context, buf_span(&plain), ret);
}

static CK_RV seal_private(const struct wrap_place *at, const struct secret *t,
                          const struct wrap_roles *roles, struct span key, struct buf *ret)
{
    AUTO(buf_clear) struct buf so = BUF_INIT;
    AUTO(buf_clear) struct buf user = BUF_INIT;
    struct shares s;

    TRY(share_seal(at, roles, ROLE_SO, key, &so));
    TRY(share_seal(at, roles, ROLE_USER, key, &user));
    for (size_t i = 0; i < N_ROLES; i++)
        s.role[i].generation = roles->role[i].generation;
    s.role[ROLE_SO].pbox = buf_span(&so);
    s.role[ROLE_USER].pbox = buf_span(&user);
    return shares_seal(at, t, &s, ret);
}

CK_RV wrap_seal(const struct wrap_place *at, const struct secret *t, const struct wrap_roles *roles,
                struct span key, struct buf *ret)
{
    const struct box_context context = outer_context(at);

    if (at->scope == SCOPE_PRIVATE)
        return seal_private(at, t, roles, key, ret);
    return box_seal(secret_span(t), &context, key, ret);
}

CK_RV wrap_open(const struct wrap_place *at, const struct secret *t, const struct wrap_opener *by,
                struct span wrap, struct secret **ret)
{
    const struct box_context context = outer_context(at);
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    struct shares s;

    if (at->scope == SCOPE_PUBLIC)
        TRY(box_open_secret(secret_span(t), &context, wrap, &key));
    else {
        TRY(box_open(secret_span(t), &context, wrap, &plain));
        TRY(shares_decode(buf_span(&plain), &s));
        TRY(share_open(at, &s, by, &key));
    }
    ENSURE(key->n == PRIM_KEY, CKR_DEVICE_ERROR);
    *ret = TAKE(key);
    return CKR_OK;
}

CK_RV wrap_rekey(const struct wrap_place *at, const struct secret *t, const struct wrap_opener *by,
                 const struct wrap_roles *roles, enum role role, struct span wrap, struct buf *ret)
{
    const struct box_context context = outer_context(at);
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf share = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    struct shares s;

    TRY(box_open(secret_span(t), &context, wrap, &plain));
    TRY(shares_decode(buf_span(&plain), &s));
    TRY(share_open(at, &s, by, &key));
    TRY(share_seal(at, roles, role, secret_span(key), &share));
    s.role[role].generation = roles->role[role].generation;
    s.role[role].pbox = buf_span(&share);
    return shares_seal(at, t, &s, ret);
}

CK_RV wrap_move(const struct wrap_place *at, const struct secret *from, const struct secret *to,
                struct span wrap, struct buf *ret)
{
    const struct box_context context = outer_context(at);
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    TRY(box_open(secret_span(from), &context, wrap, &plain));
    return box_seal(secret_span(to), &context, buf_span(&plain), ret);
}
