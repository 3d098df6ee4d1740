/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_raw_sign.c - signatures over what the application gives: CKM_RSA_PKCS_PSS, CKM_ECDSA, and the
 * methods of CKM_RSA_PKCS (op_rsa_crypt.c has its class). Single part only.
 */
#include "crypto/op_raw_sign.h"

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static CK_RV raw_sign(struct op *o, struct span in, struct out *out)
{
    TRY(o->row->op->scheme->check_input(o, in.n));
    return sign_digest(o, in, out);
}

static CK_RV raw_verify(struct op *o, struct span in, struct span signature)
{
    TRY(o->row->op->scheme->check_input(o, in.n));
    return sign_verify(o, in, signature);
}

/* The data inside the signature: how much shows afterwards. */
static CK_RV raw_recover(struct op *o, struct span signature, struct out *out)
{
    uint8_t data[RSA_MAX_BYTES];
    size_t n = sizeof(data);

    TRY(o->row->op->scheme->check_signature(o->key, signature.n));
    if (out_is_query(out))
        return out_room(out, o->row->op->scheme->recovers(o->key));
    ENSURE(EVP_PKEY_verify_recover(o->ctx, data, &n, signature.p, signature.n) == 1,
           ossl_rv(CKR_SIGNATURE_INVALID));
    return op_answer(o, span_of(data, n), out);
}

const struct op_methods raw_signing = {.start = sign_start, .once = raw_sign};
const struct op_methods raw_verifying = {.start = sign_start, .verify = raw_verify};
const struct op_methods raw_recovering = {.start = sign_start, .once = raw_recover};

const struct op_class op_rsa_pss = {
    .name = "rsa-pss",
    .kinds = {[OP_SIGN] = &raw_signing, [OP_VERIFY] = &raw_verifying},
    .scheme = &sign_rsa_pss,
};

const struct op_class op_ecdsa = {
    .name = "ecdsa",
    .kinds = {[OP_SIGN] = &raw_signing, [OP_VERIFY] = &raw_verifying},
    .scheme = &sign_ecdsa,
};
