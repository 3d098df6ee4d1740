/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - message-based processes; see message.h. A message is an operation (op.h) that lives
 * from its first part to its last.
 */
#include "crypto/message.h"

#include <stdlib.h>

#include "crypto/bound.h"
#include "crypto/message_param.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

struct message {
    enum message_kind kind;
    const struct mech *row;
    struct key *key;
    union mech_param param; /* signatures: of every message */
    struct iv_source ivs;   /* encryption */
    struct op *op;          /* the message under way in parts; NULL: none */
};

static const struct {
    enum op_kind op;
    CK_FLAGS flag;
} kinds[MESSAGE_N_KINDS] = {
    [MESSAGE_ENCRYPT] = {OP_ENCRYPT, CKF_MESSAGE_ENCRYPT},
    [MESSAGE_DECRYPT] = {OP_DECRYPT, CKF_MESSAGE_DECRYPT},
    [MESSAGE_SIGN] = {OP_SIGN, CKF_MESSAGE_SIGN},
    [MESSAGE_VERIFY] = {OP_VERIFY, CKF_MESSAGE_VERIFY},
};

static bool is_crypt(enum message_kind kind)
{
    return kind == MESSAGE_ENCRYPT || kind == MESSAGE_DECRYPT;
}

/* What the class does with one message of that kind; NULL: nothing. */
static const struct op_methods *methods_of(const struct mech *row, enum message_kind kind)
{
    const struct op_methods *how = row->op == NULL ? NULL : row->op->kinds[kinds[kind].op];

    if (how == NULL)
        return NULL;
    if (is_crypt(kind))
        return how->message != NULL && message_param_known(row) ? how : NULL;
    return row->op->one_message ? NULL : how;
}

CK_FLAGS message_flags(const struct mech *row)
{
    CK_FLAGS flags = 0;

    for (int i = 0; i < MESSAGE_N_KINDS; i++) {
        const struct op_methods *how = methods_of(row, (enum message_kind)i);

        if (how == NULL)
            continue;
        flags |= kinds[i].flag;
        flags |= how->message != NULL || how->update != NULL ? CKF_MULTI_MESSAGE : 0;
    }
    return flags;
}

static CK_RV take_param(struct message *m, const CK_MECHANISM *mechanism)
{
    if (!is_crypt(m->kind))
        return m->row->parse(m->row, mechanism, &m->param);
    ENSURE(message_param_fits(m->row, mechanism->pParameter, mechanism->ulParameterLen),
           CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

/* An operation for one more message that is signed or verified. */
static CK_RV signature_op(const struct message *m, struct op **ret)
{
    AUTO(param_clear) union mech_param param = {0};

    TRY(param_copy(&m->param, &param));
    return op_start_with(kinds[m->kind].op, m->row, &param, m->key, ret);
}

CK_RV message_start(enum message_kind kind, const struct mech *row, const CK_MECHANISM *mechanism,
                    struct key *key, struct message **ret)
{
    KEEP_ERRORS;
    AUTO(message_freep) struct message *m = calloc(1, sizeof(*m));
    AUTO(op_freep) struct op *first = NULL;

    ENSURE(m != NULL, CKR_HOST_MEMORY);
    ENSURE(methods_of(row, kind) != NULL, CKR_MECHANISM_INVALID);
    m->kind = kind;
    m->row = row;
    m->key = key_ref(key);
    TRY(take_param(m, mechanism));
    if (!is_crypt(kind)) /* a parameter that the key can't do shows now */
        TRY(signature_op(m, &first));
    *ret = TAKE(m);
    return CKR_OK;
}

void message_free(struct message *m)
{
    if (m == NULL)
        return;
    op_free(m->op);
    key_unref(m->key);
    param_clear(&m->param);
    mem_free(m, sizeof(*m));
}

bool message_is_begun(const struct message *m)
{
    return m->op != NULL;
}

static void drop(struct message *m)
{
    op_free(TAKE(m->op));
}

/* -- encryption and decryption ---------------------------------------------------------------- */

static CK_RV parse(const struct message *m, struct message_arg arg, struct message_param *ret)
{
    return message_param_parse(m->row, arg.p, arg.n, ret);
}

/* The IV of a new message. Only encryption makes any (6.13: elsewhere the fields are ignored). */
static CK_RV next_iv(struct message *m, const struct message_param *p, uint8_t *ret)
{
    if (m->kind == MESSAGE_ENCRYPT)
        return iv_next(&m->ivs, &p->iv, ret);
    memcpy(ret, p->iv.given, p->iv.n);
    return CKR_OK;
}

static CK_RV crypt_op(struct message *m, const struct message_param *p, struct span aad,
                      struct op **ret)
{
    AUTO(param_clear) union mech_param param = {0};

    param.aead.n_nonce = p->iv.n;
    param.aead.n_tag = p->n_tag;
    param.aead.n_data = p->n_data;
    buf_put(&param.aead.owned, aad);
    TRY(buf_ok(&param.aead.owned));
    TRY(next_iv(m, p, param.aead.nonce));
    return op_start_with(kinds[m->kind].op, m->row, &param, m->key, ret);
}

/* The IV as it was used goes back to who encrypts. */
static void tell_iv(const struct message *m, const struct message_param *p, const struct op *o)
{
    if (m->kind == MESSAGE_ENCRYPT)
        memcpy(p->ret_iv, o->param.aead.nonce, p->iv.n);
}

CK_RV message_crypt_with(struct message *m, const struct message_param *p, struct span aad,
                         struct span in, struct out *out)
{
    AUTO(op_freep) struct op *o = NULL;

    TRY(out_room(out, in.n)); /* text and ciphertext of an AEAD are of one length */
    if (out_is_query(out))
        return CKR_OK;
    TRY(crypt_op(m, p, aad, &o));
    TRY(op_message(o, in, true, p->tag, out));
    tell_iv(m, p, o);
    return CKR_OK;
}

CK_RV message_crypt_once(struct message *m, struct message_arg arg, struct span aad, struct span in,
                         struct out *out)
{
    struct message_param p;

    ENSURE(m->op == NULL, CKR_OPERATION_ACTIVE);
    TRY(parse(m, arg, &p));
    ENSURE(p.tag != NULL && !bound_is(aad), CKR_MECHANISM_PARAM_INVALID);
    return message_crypt_with(m, &p, aad, in, out);
}

CK_RV message_crypt_begin(struct message *m, struct message_arg arg, struct span aad)
{
    struct message_param p;

    ENSURE(m->op == NULL, CKR_OPERATION_ACTIVE);
    TRY(parse(m, arg, &p));
    ENSURE(!bound_is(aad), CKR_MECHANISM_PARAM_INVALID);
    TRY(crypt_op(m, &p, aad, &m->op));
    tell_iv(m, &p, m->op);
    return CKR_OK;
}

/* The parameter comes with every part; it must still say the same of the tag. */
static CK_RV parse_next(const struct message *m, struct message_arg arg, bool last,
                        struct message_param *ret)
{
    TRY(parse(m, arg, ret));
    ENSURE(ret->n_tag == m->op->param.aead.n_tag, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(!last || ret->tag != NULL, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

CK_RV message_crypt_next(struct message *m, struct message_arg arg, struct span in, bool last,
                         struct out *out)
{
    struct message_param p;
    CK_RV rv;

    ENSURE(m->op != NULL, CKR_OPERATION_NOT_INITIALIZED);
    rv = parse_next(m, arg, last, &p);
    if (rv == CKR_OK)
        rv = op_message(m->op, in, last, p.tag, out);
    if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && (out_is_query(out) || !last)))
        return rv;
    drop(m);
    return rv;
}

/* -- signatures ------------------------------------------------------------------------------- */

/* No mechanism here has a parameter per message. */
static CK_RV check_none(struct message_arg arg)
{
    ENSURE(arg.n == 0, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

CK_RV message_begin(struct message *m, struct message_arg arg)
{
    ENSURE(m->op == NULL, CKR_OPERATION_ACTIVE);
    TRY(check_none(arg));
    ENSURE(methods_of(m->row, m->kind)->update != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    return signature_op(m, &m->op);
}

static CK_RV update(struct message *m, struct message_arg arg, struct span in)
{
    TRY(check_none(arg));
    return op_update(m->op, in, NULL);
}

CK_RV message_update(struct message *m, struct message_arg arg, struct span in)
{
    CK_RV rv;

    ENSURE(m->op != NULL, CKR_OPERATION_NOT_INITIALIZED);
    rv = update(m, arg, in);
    if (rv != CKR_OK)
        drop(m);
    return rv;
}

CK_RV message_sign_once(struct message *m, struct message_arg arg, struct span in, struct out *out)
{
    AUTO(op_freep) struct op *o = NULL;

    ENSURE(m->op == NULL, CKR_OPERATION_ACTIVE);
    TRY(check_none(arg));
    TRY(signature_op(m, &o));
    return op_once(o, in, out);
}

/* The length first: a part must not be taken twice, and no signature's length depends on it. */
static CK_RV sign_last(struct message *m, struct message_arg arg, struct span in, struct out *out)
{
    CK_ULONG need = 0;
    struct out query = {.data = NULL, .len = &need};

    TRY(check_none(arg));
    TRY(op_final(m->op, &query));
    TRY(out_room(out, need));
    if (out_is_query(out))
        return CKR_OK;
    TRY(op_update(m->op, in, NULL));
    return op_final(m->op, out);
}

CK_RV message_sign_last(struct message *m, struct message_arg arg, struct span in, struct out *out)
{
    CK_RV rv;

    ENSURE(m->op != NULL, CKR_OPERATION_NOT_INITIALIZED);
    rv = sign_last(m, arg, in, out);
    if (rv != CKR_BUFFER_TOO_SMALL && (rv != CKR_OK || !out_is_query(out)))
        drop(m);
    return rv;
}

CK_RV message_verify_once(struct message *m, struct message_arg arg, struct span in,
                          struct span signature)
{
    AUTO(op_freep) struct op *o = NULL;

    ENSURE(m->op == NULL, CKR_OPERATION_ACTIVE);
    TRY(check_none(arg));
    TRY(signature_op(m, &o));
    return op_verify_once(o, in, signature);
}

CK_RV message_verify_last(struct message *m, struct message_arg arg, struct span in,
                          struct span signature)
{
    CK_RV rv;

    ENSURE(m->op != NULL, CKR_OPERATION_NOT_INITIALIZED);
    rv = update(m, arg, in);
    if (rv == CKR_OK)
        rv = op_verify_final(m->op, signature);
    drop(m);
    return rv;
}
