/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_gmac.c - AES-GMAC (PKCS#11 v3.2 6.13): the tag of a GCM encryption of nothing, with the
 * message as additional data. Made as exactly that, so that a context can stay with its key.
 *
 * A second message under an IV tells everybody the key of the hash: whoever signs chooses the IV.
 */
#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

#define STEP ((size_t)1 << 30) /* bytes per call of EVP, whose lengths are ints */
/* SP 800-38D 5.2.1.1: below 2^64 bits. */
#define MAX_MESSAGE ((UINT64_C(1) << 61) - 1)

static CK_RV gmac_make(struct op *o, void **ret)
{
    const struct span key = buf_span(&o->key->value);
    const EVP_CIPHER *cipher = cipher_of(o->row, key.n);
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)o->param.aead.n_nonce,
                                   NULL) == 1 &&
               EVP_EncryptInit_ex2(ctx, NULL, key.p, NULL, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void gmac_ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

static const struct op_ctx_class gmac_ctx = {.make = gmac_make, .free = gmac_ctx_free};

static CK_RV gmac_start(struct op *o)
{
    static const CK_ULONG no_variant[3];
    const bool is_usual = o->param.aead.n_nonce == PARAM_GCM_NONCE;

    /* The message is the additional data: a second one in the parameter has no meaning. */
    ENSURE(o->param.aead.owned.n == 0, CKR_MECHANISM_PARAM_INVALID);
    TRY(op_ctx(o, &gmac_ctx, is_usual ? no_variant : NULL));
    ENSURE(EVP_EncryptInit_ex2(o->ctx, NULL, NULL, o->param.aead.nonce, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV gmac_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    ENSURE(in.n <= MAX_MESSAGE - o->n_total, CKR_DATA_LEN_RANGE);
    o->n_total += in.n;
    while (in.n > 0) {
        const size_t step = in.n < STEP ? in.n : STEP;
        int n = 0;

        ENSURE(EVP_EncryptUpdate(o->ctx, NULL, &n, in.p, (int)step) == 1,
               ossl_rv(CKR_FUNCTION_FAILED));
        in = span_of(in.p + step, in.n - step);
    }
    return CKR_OK;
}

static CK_RV gmac_tag(struct op *o, uint8_t *ret)
{
    uint8_t end[1];
    int n = 0;

    /* No text comes out: `end` is for the pointer alone. */
    ENSURE(EVP_EncryptFinal_ex(o->ctx, end, &n) == 1 &&
               EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_GET_TAG, (int)o->param.aead.n_tag, ret) ==
                   1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV gmac_final(struct op *o, struct out *out)
{
    TRY(out_room(out, o->param.aead.n_tag));
    if (out_is_query(out))
        return CKR_OK;
    TRY(gmac_tag(o, out->data));
    out_done(out, o->param.aead.n_tag);
    return CKR_OK;
}

static CK_RV gmac_once(struct op *o, struct span in, struct out *out)
{
    TRY(out_room(out, o->param.aead.n_tag));
    if (out_is_query(out))
        return CKR_OK;
    TRY(gmac_update(o, in, NULL));
    return gmac_final(o, out);
}

static CK_RV gmac_verify_final(struct op *o, struct span signature)
{
    uint8_t tag[PARAM_MAX_TAG];
    bool equal;

    ENSURE(signature.n == o->param.aead.n_tag, CKR_SIGNATURE_LEN_RANGE);
    TRY(gmac_tag(o, tag));
    equal = mem_equal_ct(tag, signature.p, signature.n);
    mem_wipe(tag, sizeof(tag));
    ENSURE(equal, CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

static CK_RV gmac_verify(struct op *o, struct span in, struct span signature)
{
    ENSURE(signature.n == o->param.aead.n_tag, CKR_SIGNATURE_LEN_RANGE);
    TRY(gmac_update(o, in, NULL));
    return gmac_verify_final(o, signature);
}

static const struct op_methods signing = {
    .start = gmac_start,
    .once = gmac_once,
    .update = gmac_update,
    .final = gmac_final,
};

static const struct op_methods verifying = {
    .start = gmac_start,
    .verify = gmac_verify,
    .update = gmac_update,
    .verify_final = gmac_verify_final,
};

const struct op_class op_gmac = {
    .name = "gmac",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
    .one_message = true,
};
