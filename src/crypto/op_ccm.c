/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_ccm.c - AES-CCM (PKCS#11 v3.2 6.13.3): the MAC follows the text.
 *
 * CCM needs the length of everything before its first byte, and OpenSSL all of the text in one
 * call. So parts are kept until the end, in both directions.
 */
#include <limits.h>

#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

/* A context that knows the lengths and has seen the additional data. */
static CK_RV ccm_ready(struct op *o, size_t n_text, const uint8_t *mac, EVP_CIPHER_CTX **ret)
{
    const struct span key = buf_span(&o->key->value), aad = buf_span(&o->param.aead.owned);
    const EVP_CIPHER *cipher = cipher_of(o->row, key.n);
    const int encrypt = o->kind == OP_ENCRYPT;
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(aad.n <= INT_MAX, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt, NULL) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)o->param.aead.n_nonce,
                                   NULL) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)o->param.aead.n_tag,
                                   (void *)(uintptr_t)mac) == 1 &&
               EVP_CipherInit_ex2(ctx, NULL, key.p, o->param.aead.nonce, encrypt, NULL) == 1 &&
               EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)n_text) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

/* The text in one call; an empty one too, for OpenSSL does the MAC in it. */
static int ccm_text(EVP_CIPHER_CTX *ctx, struct span text, uint8_t *to)
{
    static const uint8_t nothing[1];
    int n = 0;

    return EVP_CipherUpdate(ctx, to, &n, text.n > 0 ? text.p : nothing, (int)text.n);
}

static CK_RV ccm_check_length(const struct op *o, size_t n_text, CK_RV otherwise)
{
    const uint64_t said = o->param.aead.n_data;

    ENSURE(n_text <= INT_MAX && (said == PARAM_ANY_LENGTH || n_text == said), otherwise);
    ENSURE(param_ccm_fits(o->param.aead.n_nonce, o->param.aead.n_tag, n_text), otherwise);
    return CKR_OK;
}

/* Text to `to`, the MAC to `tag`. */
static CK_RV ccm_seal_text(struct op *o, struct span text, uint8_t *to, uint8_t *tag)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;

    TRY(ccm_ready(o, text.n, NULL, &ctx));
    ENSURE(ccm_text(ctx, text, to) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)o->param.aead.n_tag, tag) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* Text to `to`, which is wiped when the MAC is wrong. */
static CK_RV ccm_open_text(struct op *o, struct span text, const uint8_t *tag, uint8_t *to)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;

    TRY(ccm_ready(o, text.n, tag, &ctx));
    if (ccm_text(ctx, text, to) != 1) {
        mem_wipe(to, text.n);
        FAIL(ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    }
    return CKR_OK;
}

static CK_RV ccm_seal(struct op *o, struct span in, struct out *out)
{
    const size_t n_tag = o->param.aead.n_tag;

    TRY(ccm_check_length(o, in.n, CKR_DATA_LEN_RANGE));
    TRY(out_room(out, in.n + n_tag));
    if (out_is_query(out))
        return CKR_OK;
    TRY(ccm_seal_text(o, in, out->data, out->data + in.n));
    out_done(out, in.n + n_tag);
    return CKR_OK;
}

static CK_RV ccm_open(struct op *o, struct span in, struct out *out)
{
    const size_t n_tag = o->param.aead.n_tag;
    size_t n;

    ENSURE(in.n >= n_tag, CKR_ENCRYPTED_DATA_LEN_RANGE);
    n = in.n - n_tag;
    TRY(ccm_check_length(o, n, CKR_ENCRYPTED_DATA_LEN_RANGE));
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(ccm_open_text(o, span_of(in.p, n), in.p + n, out->data));
    out_done(out, n);
    return CKR_OK;
}

/* In place is what OpenSSL can do; any other overlap works from a copy. */
static CK_RV ccm_run(struct op *o, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;
    /* Not *out->len, which may say more than there is memory. */
    const size_t n_out = in.n + (o->kind == OP_ENCRYPT ? o->param.aead.n_tag : 0);

    if (in.p != out->data && !out_is_query(out) && op_overlap(in, out, n_out)) {
        buf_put(&copy, in);
        TRY(buf_ok(&copy));
        in = buf_span(&copy);
    }
    return o->kind == OP_ENCRYPT ? ccm_seal(o, in, out) : ccm_open(o, in, out);
}

static CK_RV ccm_update(struct op *o, struct span in, struct out *out)
{
    if (out_is_query(out))
        return out_room(out, 0);
    TRY(op_keep(o, in));
    return out_bytes(out, SPAN_EMPTY);
}

static CK_RV ccm_final(struct op *o, struct out *out)
{
    return ccm_run(o, buf_span(&o->data), out);
}

/* The text of a message, its tag apart. */
static CK_RV ccm_message_text(struct op *o, struct span text, uint8_t *tag, uint8_t *to)
{
    uint8_t own[PARAM_MAX_TAG];
    CK_RV rv;

    if (o->kind == OP_DECRYPT) {
        memcpy(own, tag, o->param.aead.n_tag);
        rv = ccm_open_text(o, text, own, to);
        return rv == CKR_ENCRYPTED_DATA_INVALID ? CKR_AEAD_DECRYPT_FAILED : rv;
    }
    TRY(ccm_seal_text(o, text, to, own));
    memcpy(tag, own, o->param.aead.n_tag);
    return CKR_OK;
}

static CK_RV ccm_message(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out)
{
    const CK_RV otherwise =
        o->kind == OP_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
    const size_t n = o->data.n + in.n;

    ENSURE(in.n <= INT_MAX && o->data.n <= INT_MAX, otherwise);
    if (!last)
        return ccm_update(o, in, out);
    TRY(ccm_check_length(o, n, otherwise));
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    if (o->data.n > 0 || (in.p != out->data && op_overlap(in, out, n))) {
        TRY(op_keep(o, in));
        in = buf_span(&o->data);
    }
    TRY(ccm_message_text(o, in, tag, out->data));
    out_done(out, n);
    return CKR_OK;
}

static const struct op_methods ccm = {
    .once = ccm_run,
    .update = ccm_update,
    .final = ccm_final,
    .message = ccm_message,
};

const struct op_class op_ccm = {
    .name = "ccm",
    .kinds = {[OP_ENCRYPT] = &ccm, [OP_DECRYPT] = &ccm},
};
