/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_aead.c - AES-GCM and ChaCha20-Poly1305 (PKCS#11 v3.2 6.13, 6.61): the tag follows the text.
 *
 * Encryption streams. Decryption releases nothing before the tag is checked: several parts are kept
 * and decrypted at the end; a single part is decrypted into the application's buffer, which is
 * wiped when the tag is wrong (in place, the ciphertext is then gone too).
 */
#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

#define STEP ((size_t)1 << 30) /* bytes per call of EVP, whose lengths are ints */
/* SP 800-38D 5.2.1.1 (RFC 8439 allows more). */
#define MAX_TEXT ((UINT64_C(1) << 36) - 32)

static CK_RV aead_make(struct op *o, void **ret)
{
    const struct span key = buf_span(&o->key->value);
    const EVP_CIPHER *cipher = cipher_of(o->row, key.n);
    const int encrypt = o->kind == OP_ENCRYPT;
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)o->param.aead.n_nonce, NULL) == 1,
           ossl_rv(CKR_MECHANISM_PARAM_INVALID));
    ENSURE(EVP_CipherInit_ex2(ctx, NULL, key.p, NULL, encrypt, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void aead_ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

static const struct op_ctx_class aead_ctx = {.make = aead_make, .free = aead_ctx_free};

/* Feed EVP in steps: text to `to`, or additional data (to NULL). */
static CK_RV aead_feed(struct op *o, struct span in, uint8_t *to)
{
    while (in.n > 0) {
        const size_t step = in.n < STEP ? in.n : STEP;
        int n = 0;

        ENSURE(EVP_CipherUpdate(o->ctx, to, &n, in.p, (int)step) == 1,
               ossl_rv(CKR_FUNCTION_FAILED));
        to = to == NULL ? NULL : to + step;
        in = span_of(in.p + step, in.n - step);
    }
    return CKR_OK;
}

static CK_RV aead_start(struct op *o)
{
    static const CK_ULONG no_variant[3];
    const bool is_usual = o->param.aead.n_nonce == PARAM_GCM_NONCE;

    TRY(op_ctx(o, &aead_ctx, is_usual ? no_variant : NULL));
    ENSURE(EVP_CipherInit_ex2(o->ctx, NULL, NULL, o->param.aead.nonce, -1, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return aead_feed(o, buf_span(&o->param.aead.owned), NULL);
}

/* Text to `to`; from a copy where both overlap otherwise than in place. */
static CK_RV aead_text(struct op *o, struct span in, uint8_t *to, bool direct)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;

    if (direct)
        return aead_feed(o, in, to);
    buf_put(&copy, in);
    TRY(buf_ok(&copy));
    return aead_feed(o, buf_span(&copy), to);
}

static bool is_direct(struct span in, const struct out *out, size_t n_out)
{
    return in.p == out->data || !op_overlap(in, out, n_out);
}

static CK_RV seal_tag(struct op *o, uint8_t *to)
{
    int n = 0;

    /* Neither mode adds text at the end: `to` is for the pointer alone. */
    ENSURE(EVP_CipherFinal_ex(o->ctx, to, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_GET_TAG, (int)o->param.aead.n_tag, to) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV seal_update(struct op *o, struct span in, struct out *out)
{
    ENSURE(in.n <= MAX_TEXT - o->n_total, CKR_DATA_LEN_RANGE);
    TRY(out_room(out, in.n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(aead_text(o, in, out->data, is_direct(in, out, in.n)));
    o->n_total += in.n;
    out_done(out, in.n);
    return CKR_OK;
}

static CK_RV seal_final(struct op *o, struct out *out)
{
    TRY(out_room(out, o->param.aead.n_tag));
    if (out_is_query(out))
        return CKR_OK;
    TRY(seal_tag(o, out->data));
    out_done(out, o->param.aead.n_tag);
    return CKR_OK;
}

static CK_RV seal_once(struct op *o, struct span in, struct out *out)
{
    const size_t need = in.n + o->param.aead.n_tag;

    ENSURE(in.n <= MAX_TEXT, CKR_DATA_LEN_RANGE);
    TRY(out_room(out, need));
    if (out_is_query(out))
        return CKR_OK;
    TRY(aead_text(o, in, out->data, is_direct(in, out, need)));
    TRY(seal_tag(o, out->data + in.n));
    out_done(out, need);
    return CKR_OK;
}

static CK_RV seal_message(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out)
{
    uint8_t own[PARAM_MAX_TAG];

    TRY(seal_update(o, in, out));
    if (out_is_query(out) || !last)
        return CKR_OK;
    TRY(seal_tag(o, own));
    memcpy(tag, own, o->param.aead.n_tag);
    return CKR_OK;
}

/* Text and tag: `to` has room for the text and is wiped when anything is wrong. */
static CK_RV open_text(struct op *o, struct span text, const uint8_t *tag, uint8_t *to, bool direct)
{
    uint8_t expected[PARAM_MAX_TAG], end[1];
    int n = 0;
    CK_RV rv;

    memcpy(expected, tag, o->param.aead.n_tag);
    rv = aead_text(o, text, to, direct);
    if (rv == CKR_OK &&
        EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG, (int)o->param.aead.n_tag, expected) != 1)
        rv = ossl_rv(CKR_FUNCTION_FAILED);
    if (rv == CKR_OK && EVP_CipherFinal_ex(o->ctx, end, &n) != 1)
        rv = ossl_rv(CKR_ENCRYPTED_DATA_INVALID);
    if (rv != CKR_OK)
        mem_wipe(to, text.n);
    return rv;
}

static CK_RV open_once(struct op *o, struct span in, struct out *out)
{
    const size_t n_tag = o->param.aead.n_tag;
    size_t n;

    ENSURE(in.n >= n_tag && in.n - n_tag <= MAX_TEXT, CKR_ENCRYPTED_DATA_LEN_RANGE);
    n = in.n - n_tag;
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(open_text(o, span_of(in.p, n), in.p + n, out->data, is_direct(in, out, n)));
    out_done(out, n);
    return CKR_OK;
}

static CK_RV open_update(struct op *o, struct span in, struct out *out)
{
    if (out_is_query(out))
        return out_room(out, 0);
    TRY(op_keep(o, in));
    return out_bytes(out, SPAN_EMPTY);
}

static CK_RV open_final(struct op *o, struct out *out)
{
    return open_once(o, buf_span(&o->data), out);
}

/* The last part of a message is decrypted with those before it. */
static CK_RV open_message(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out)
{
    const size_t n = o->data.n + in.n;
    const bool whole = o->data.n == 0;
    CK_RV rv;

    ENSURE(in.n <= MAX_TEXT - o->data.n, CKR_ENCRYPTED_DATA_LEN_RANGE);
    if (!last)
        return open_update(o, in, out);
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    if (!whole)
        TRY(op_keep(o, in));
    rv = open_text(o, whole ? in : buf_span(&o->data), tag, out->data,
                   !whole || is_direct(in, out, n));
    ENSURE(rv != CKR_ENCRYPTED_DATA_INVALID, CKR_AEAD_DECRYPT_FAILED);
    TRY(rv);
    out_done(out, n);
    return CKR_OK;
}

static const struct op_methods sealing = {
    .start = aead_start,
    .once = seal_once,
    .update = seal_update,
    .final = seal_final,
    .message = seal_message,
};

static const struct op_methods opening = {
    .start = aead_start,
    .once = open_once,
    .update = open_update,
    .final = open_final,
    .message = open_message,
};

const struct op_class op_aead = {
    .name = "aead",
    .kinds = {[OP_ENCRYPT] = &sealing, [OP_DECRYPT] = &opening},
};
