/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify_signature.c - verification where the signature comes first (PKCS#11 v3.2 5.15):
 * C_VerifySignatureInit and what follows it.
 *
 * It is the session's verification, with the signature kept beside it: one of both at a time, and
 * neither goes on with the other's functions.
 */
#include "core/operation_impl.h"

static CK_RV running(struct session *s, struct session_op **ret)
{
    struct session_op *o = &s->ops[OP_VERIFY];

    session_op_drop_void(s, o);
    ENSURE(o->op != NULL && o->has_signature, CKR_OPERATION_NOT_INITIALIZED);
    *ret = o;
    return CKR_OK;
}

CK_RV operation_signature_init(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE key,
                               struct span signature)
{
    AUTO(buf_clear) struct buf kept = BUF_INIT;
    struct session_op *o = &s->ops[OP_VERIFY];

    buf_put(&kept, signature);
    TRY(buf_ok(&kept));
    TRY(operation_init(s, OP_VERIFY, m, key));
    if (m == NULL)
        return CKR_OK;
    o->has_signature = true;
    o->signature = kept;
    kept = BUF_INIT;
    return CKR_OK;
}

CK_RV operation_signature_once(struct session *s, struct span in)
{
    struct session_op *o;
    CK_RV rv;

    TRY(running(s, &o));
    ENSURE(!o->fed, CKR_OPERATION_ACTIVE);
    rv = op_verify_once(o->op, in, buf_span(&o->signature));
    session_op_end(o, rv);
    return rv;
}

CK_RV operation_signature_update(struct session *s, struct span in)
{
    struct session_op *o;

    TRY(running(s, &o));
    return session_op_update(o, in, NULL);
}

CK_RV operation_signature_final(struct session *s)
{
    struct session_op *o;
    CK_RV rv;

    TRY(running(s, &o));
    rv = op_verify_final(o->op, buf_span(&o->signature));
    session_op_end(o, rv);
    return rv;
}
