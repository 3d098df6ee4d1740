/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_of_token.c - operations whose result is a statement of the token, made by core/: evidence
 * about a key. What is here is the rule of results that cost something: made once for an input,
 * kept, and given out by the call that has room for it. So a length query and the call after it
 * agree, and a device is asked once.
 */
#include "crypto/op_class.h"

void op_set_maker(struct op *o, op_make_fn *make, void *arg, void (*free_arg)(void *arg))
{
    o->make = make;
    o->make_arg = arg;
    o->make_free = free_arg;
}

/* The input that the kept result is about is kept where a parameter's bytes would be: these rows
 * have none. */
static bool is_about(const struct op *o, struct span in)
{
    return o->data.n > 0 && span_equal(buf_span(&o->param.any.owned), in);
}

static CK_RV make(struct op *o, struct span in)
{
    AUTO(buf_clear) struct buf result = BUF_INIT;

    ENSURE(o->make != NULL, CKR_FUNCTION_NOT_SUPPORTED);
    TRY(o->make(o->make_arg, in, &result));
    buf_clear(&o->data);
    buf_clear(&o->param.any.owned);
    buf_put(&o->param.any.owned, in);
    TRY(buf_ok(&o->param.any.owned));
    return op_keep(o, buf_span(&result));
}

static CK_RV once(struct op *o, struct span in, struct out *out)
{
    if (!is_about(o, in))
        TRY(make(o, in));
    return out_bytes(out, buf_span(&o->data));
}

static const struct op_methods sign = {.once = once};

const struct op_class op_of_token = {
    .name = "of the token",
    .kinds = {[OP_SIGN] = &sign},
    .one_message = true, /* what is made is about a key in the token, which a message has not */
};
