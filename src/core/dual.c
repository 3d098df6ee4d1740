/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dual.c - two operations of a session fed by one call (PKCS#11 v3.2 5.17).
 *
 * The cipher comes first: only when it gave its output does the other operation get its part, so
 * that a length query, a lack of room and an error pass nothing on.
 */
#include "core/operation_impl.h"

/* Both run, and the other one takes parts. If it can't it ends as its own update would end it, and
 * the cipher has seen nothing. */
static CK_RV check_both(struct session *s, enum op_kind cipher, enum op_kind other)
{
    struct session_op *o;

    TRY(operation_running(s, cipher, &o));
    TRY(operation_running(s, other, &o));
    if (o->needs_login || !op_is_multipart(o->op))
        return session_op_update(o, SPAN_EMPTY, NULL);
    return CKR_OK;
}

/* Do in and the room at out share memory? By numbers: the length is the application's word. */
static bool overlaps(struct span in, const struct out *out)
{
    const uintptr_t from = (uintptr_t)in.p, to = (uintptr_t)out->data;

    return to - from < in.n || from - to < *out->len;
}

CK_RV operation_encrypt_also(struct session *s, enum op_kind other, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;
    struct span plain = in;

    TRY(check_both(s, OP_ENCRYPT, other));
    if (!out_is_query(out) && overlaps(in, out)) { /* the ciphertext may lie over it afterwards */
        buf_put(&copy, in);
        TRY(buf_ok(&copy));
        plain = buf_span(&copy);
    }
    TRY(operation_update(s, OP_ENCRYPT, in, out));
    return out_is_query(out) ? CKR_OK : operation_update(s, other, plain, NULL);
}

CK_RV operation_decrypt_also(struct session *s, enum op_kind other, struct span in, struct out *out)
{
    TRY(check_both(s, OP_DECRYPT, other));
    TRY(operation_update(s, OP_DECRYPT, in, out));
    if (out_is_query(out))
        return CKR_OK;
    return operation_update(s, other, span_of(out->data, *out->len), NULL);
}
