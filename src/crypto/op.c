/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op.c - starting, feeding and ending an operation; see op.h. What the classes have in common:
 * guarding the error queue, results that wait for room, contexts that go back to their key.
 */
#include "crypto/op_class.h"

#include <stdlib.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static CK_RV op_new(enum op_kind kind, const struct mech *row, struct key *key, struct op **ret)
{
    struct op *o;

    ENSURE(row->op != NULL && row->op->kinds[kind] != NULL, CKR_MECHANISM_INVALID);
    /* calloc() passes by what malloc() keeps for each thread: 200 instructions more, in each
     * operation. */
    o = malloc(sizeof(*o));
    ENSURE(o != NULL, CKR_HOST_MEMORY);
    *o = (struct op){.kind = kind, .row = row, .how = row->op->kinds[kind]};
    if (key != NULL)
        o->key = key_ref(key);
    *ret = o;
    return CKR_OK;
}

/* The parameter is there. */
static CK_RV op_begin(struct op *o)
{
    if (o->how->start != NULL) {
        o->fed = true; /* until it succeeds: a context half set up is not kept */
        TRY(o->how->start(o));
        o->fed = false;
    }
    return CKR_OK;
}

CK_RV op_start_with(enum op_kind kind, const struct mech *row, union mech_param *param,
                    struct key *key, struct op **ret)
{
    KEEP_ERRORS;
    AUTO(op_freep) struct op *o = NULL;

    TRY(op_new(kind, row, key, &o));
    o->param = *param;
    *param = (union mech_param){0};
    TRY(op_begin(o));
    *ret = TAKE(o);
    return CKR_OK;
}

/* The parameter is parsed where it stays: this is the start of every signature. */
CK_RV op_start(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m, struct key *key,
               struct op **ret)
{
    KEEP_ERRORS;
    AUTO(op_freep) struct op *o = NULL;

    TRY(op_new(kind, row, key, &o));
    TRY(row->parse(row, m, &o->param));
    TRY(op_begin(o));
    *ret = TAKE(o);
    return CKR_OK;
}

CK_RV op_copy(const struct op *o, struct op **ret)
{
    KEEP_ERRORS;
    AUTO(op_freep) struct op *copy = NULL;

    ENSURE(o->how->copy != NULL && !o->is_held, CKR_STATE_UNSAVEABLE);
    copy = calloc(1, sizeof(*copy));
    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    copy->kind = o->kind;
    copy->row = o->row;
    copy->how = o->how;
    copy->fed = o->fed;
    TRY(o->how->copy(o, copy));
    *ret = TAKE(copy);
    return CKR_OK;
}

void op_free(struct op *o)
{
    if (o == NULL)
        return;
    if (o->ctx != NULL && o->pool != NULL && (o->ended || !o->fed))
        pool_give(o->pool, o->ctx);
    else if (o->ctx != NULL)
        o->ctx_class->free(o->ctx);
    EVP_MD_CTX_free(o->md);
    key_unref(o->key);
    buf_clear(&o->data);
    buf_clear(&o->param.any.owned);
    if (o->make_free != NULL)
        o->make_free(o->make_arg);
    mem_free(o, sizeof(*o)); /* wipes what else the parameter holds */
}

CK_RV op_ctx(struct op *o, const struct op_ctx_class *c, const CK_ULONG variant[3])
{
    o->ctx_class = c;
    if (variant != NULL && o->key != NULL) {
        const struct pool_use use = {o->row, o->kind, {variant[0], variant[1], variant[2]}};

        o->pool = pool_find(&o->key->pools, &use, c->free);
        if (o->pool != NULL)
            o->ctx = pool_take(o->pool);
    }
    return o->ctx != NULL ? CKR_OK : c->make(o, &o->ctx);
}

CK_RV op_deliver(struct op *o, struct span result, struct out *out)
{
    if (out_is_query(out) || *out->len < result.n) {
        buf_clear(&o->data);
        TRY(op_keep(o, result));
        o->is_held = true;
    }
    return out_bytes(out, result);
}

CK_RV op_answer(struct op *o, struct span result, struct out *out)
{
    const CK_RV rv = out_bytes(out, result);

    o->computed = rv == CKR_BUFFER_TOO_SMALL;
    return rv;
}

CK_RV op_keep(struct op *o, struct span in)
{
    buf_put(&o->data, in);
    return buf_ok(&o->data);
}

bool op_overlap(struct span in, const struct out *out, size_t n_out)
{
    return in.n > 0 && n_out > 0 && in.p < out->data + n_out && out->data < in.p + in.n;
}

/* Note how a step ended. A query or a lack of room ends nothing. */
static CK_RV op_end(struct op *o, const struct out *out, CK_RV rv)
{
    o->ended = rv == CKR_OK && (out == NULL || !out_is_query(out));
    if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
        o->fed = true; /* the context's state is unknown: it is not used again */
    return rv;
}

CK_RV op_once(struct op *o, struct span in, struct out *out)
{
    KEEP_ERRORS;

    ENSURE(!o->fed, CKR_OPERATION_ACTIVE);
    ENSURE(o->how->once != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    o->computed = false;
    return op_end(o, out, o->how->once(o, in, out));
}

CK_RV op_update(struct op *o, struct span in, struct out *out)
{
    KEEP_ERRORS;
    CK_RV rv;

    ENSURE(o->how->update != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    ENSURE(!o->is_held, CKR_OPERATION_ACTIVE);
    rv = o->how->update(o, in, out);
    if (rv != CKR_BUFFER_TOO_SMALL && (out == NULL || !out_is_query(out)))
        o->fed = true;
    return rv;
}

CK_RV op_final(struct op *o, struct out *out)
{
    KEEP_ERRORS;

    if (o->is_held)
        return out_bytes(out, buf_span(&o->data));
    ENSURE(o->how->final != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    return op_end(o, out, o->how->final(o, out));
}

CK_RV op_message(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out)
{
    KEEP_ERRORS;
    CK_RV rv;

    ENSURE(o->how->message != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    rv = op_end(o, out, o->how->message(o, in, last, tag, out));
    o->fed = o->fed || o->ended;
    o->ended = o->ended && last;
    return rv;
}

CK_RV op_verify_once(struct op *o, struct span in, struct span signature)
{
    KEEP_ERRORS;

    ENSURE(!o->fed, CKR_OPERATION_ACTIVE);
    ENSURE(o->how->verify != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    return op_end(o, NULL, o->how->verify(o, in, signature));
}

CK_RV op_verify_final(struct op *o, struct span signature)
{
    KEEP_ERRORS;

    ENSURE(o->how->verify_final != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    return op_end(o, NULL, o->how->verify_final(o, signature));
}

bool op_has_computed(const struct op *o)
{
    return o->computed;
}

bool op_is_multipart(const struct op *o)
{
    return o->how->update != NULL;
}

const struct mech *op_mech(const struct op *o)
{
    return o->row;
}
