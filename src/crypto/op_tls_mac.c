/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_tls_mac.c - CKM_TLS_MAC (PKCS#11 v3.2 6.40.3): the verify_data of a TLS 1.2 "finished"
 * message, over the hash of the handshake. OpenSSL's PRF takes its seed in one piece: parts are
 * kept.
 */
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/tls_prf.h"

#define MAC_MAX  64
#define SEED_MAX 1024 /* with the label */

static CK_RV tls_start(struct op *o)
{
    ENSURE(o->key->value.n > 0, CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

/* The MAC of all that was kept. */
static CK_RV tls_sum(struct op *o, struct span in, uint8_t ret[MAC_MAX])
{
    AUTO(buf_clear) struct buf seed = BUF_INIT;

    ENSURE(in.n <= SEED_MAX - o->param.tls.owned.n, CKR_DATA_LEN_RANGE);
    buf_put(&seed, buf_span(&o->param.tls.owned));
    buf_put(&seed, in);
    TRY(buf_ok(&seed));
    return tls_prf(o->param.tls.hash, o->key, buf_span(&seed), ret, o->param.tls.n);
}

static CK_RV tls_sign(struct op *o, struct span in, struct out *out)
{
    uint8_t sum[MAC_MAX];

    TRY(out_room(out, o->param.tls.n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(tls_sum(o, in, sum));
    return out_bytes(out, span_of(sum, o->param.tls.n));
}

static CK_RV tls_verify(struct op *o, struct span in, struct span signature)
{
    uint8_t sum[MAC_MAX];
    bool equal;

    ENSURE(signature.n == o->param.tls.n, CKR_SIGNATURE_LEN_RANGE);
    TRY(tls_sum(o, in, sum));
    equal = mem_equal_ct(sum, signature.p, signature.n);
    mem_wipe(sum, sizeof(sum));
    ENSURE(equal, CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

static CK_RV tls_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    ENSURE(in.n <= SEED_MAX && o->data.n + in.n <= SEED_MAX, CKR_DATA_LEN_RANGE);
    return op_keep(o, in);
}

static CK_RV tls_sign_final(struct op *o, struct out *out)
{
    return tls_sign(o, buf_span(&o->data), out);
}

static CK_RV tls_verify_final(struct op *o, struct span signature)
{
    return tls_verify(o, buf_span(&o->data), signature);
}

static const struct op_methods signing = {
    .start = tls_start,
    .once = tls_sign,
    .update = tls_update,
    .final = tls_sign_final,
};

static const struct op_methods verifying = {
    .start = tls_start,
    .verify = tls_verify,
    .update = tls_update,
    .verify_final = tls_verify_final,
};

const struct op_class op_tls_mac = {
    .name = "tls-mac",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
};
