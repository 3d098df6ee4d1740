/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_key_wrap.c - AES key wrapping as a cipher (PKCS#11 v3.2 6.16): single part only. The length
 * after unpadding shows afterwards.
 */
#include "crypto/keywrap.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

static CK_RV wrap_once(struct op *o, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    const size_t need = keywrap_size(o->row, in.n);

    ENSURE(need != 0, CKR_DATA_LEN_RANGE);
    TRY(out_room(out, need));
    if (out_is_query(out))
        return CKR_OK;
    TRY(keywrap_seal(o->row, &o->param, o->key, in, &wrapped));
    return out_bytes(out, buf_span(&wrapped));
}

static CK_RV unwrap_once(struct op *o, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    ENSURE(in.n > KEYWRAP_SEMIBLOCK, CKR_ENCRYPTED_DATA_LEN_RANGE);
    if (out_is_query(out))
        return out_room(out, in.n - KEYWRAP_SEMIBLOCK);
    TRY(keywrap_open(o->row, &o->param, o->key, in, &plain));
    return op_answer(o, buf_span(&plain), out);
}

static const struct op_methods wrapping = {.once = wrap_once};
static const struct op_methods unwrapping = {.once = unwrap_once};

const struct op_class op_key_wrap = {
    .name = "key-wrap",
    .kinds = {[OP_ENCRYPT] = &wrapping, [OP_DECRYPT] = &unwrapping},
};
