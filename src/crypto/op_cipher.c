/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_cipher.c - AES in ECB, CBC, CBC with padding, OFB, CFB and CTR mode (PKCS#11 v3.2 6.10, 6.11).
 *
 * The output of every step is known before it is done, except after unpadding: n_part counts the
 * bytes that wait inside the context for a whole block, as OpenSSL's block modes keep them. With
 * padding, decryption holds the last whole block back until the end. Then the padding is looked at
 * here, all of it: libcrypto's own unpadding stops at the first byte that is wrong, and its time
 * says where that is (Vaudenay, EUROCRYPT 2002).
 */
#include <limits.h>

#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"
#include "util/ct.h"

#define STEP ((size_t)1 << 30) /* bytes per call of EVP, whose lengths are ints: whole blocks */

static bool is_encryption(const struct op *o)
{
    return o->kind == OP_ENCRYPT;
}

static bool is_padded(const struct op *o)
{
    return o->row->op == &op_cipher_pad;
}

static bool is_stream(const struct op *o)
{
    return o->row->op == &op_cipher_stream;
}

static bool is_counted(const struct op *o)
{
    return o->row->parse == parse_ctr;
}

static CK_RV len_range(const struct op *o)
{
    return is_encryption(o) ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

static CK_RV cipher_make(struct op *o, void **ret)
{
    const struct span key = buf_span(&o->key->value);
    const EVP_CIPHER *cipher = cipher_of(o->row, key.n);
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_CipherInit_ex2(ctx, cipher, key.p, NULL, is_encryption(o), NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    if (!is_padded(o) && !is_stream(o))
        ENSURE(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void cipher_ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

static const struct op_ctx_class cipher_ctx = {.make = cipher_make, .free = cipher_ctx_free};

/* At the beginning of a text, or once more. */
static CK_RV cipher_begin(struct op *o)
{
    const uint8_t *iv = NULL; /* ECB has none */

    if (o->row->parse == parse_iv)
        iv = o->param.iv.iv;
    else if (is_counted(o))
        iv = o->param.ctr.block;
    /* -1: the direction stays. */
    ENSURE(EVP_CipherInit_ex2(o->ctx, NULL, NULL, iv, -1, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV cipher_start(struct op *o)
{
    static const CK_ULONG no_variant[3];

    TRY(op_ctx(o, &cipher_ctx, no_variant));
    return cipher_begin(o);
}

/* Bytes that come out when n more go in; what stays inside then goes to ret_part. */
static size_t cipher_out(const struct op *o, size_t n, size_t *ret_part)
{
    const size_t all = o->n_part + n;
    size_t part = all % PARAM_BLOCK;

    if (is_stream(o))
        part = 0;
    else if (is_padded(o) && !is_encryption(o) && part == 0 && all > 0)
        part = PARAM_BLOCK;
    *ret_part = part;
    return all - part;
}

/* Feed EVP in steps; the caller saw to room and overlap. *ret_n counts what was written, also on
 * failure. */
static CK_RV cipher_feed(struct op *o, struct span in, uint8_t *to, size_t *ret_n)
{
    *ret_n = 0;
    while (in.n > 0) {
        const size_t step = in.n < STEP ? in.n : STEP;
        int n = 0;

        ENSURE(EVP_CipherUpdate(o->ctx, to + *ret_n, &n, in.p, (int)step) == 1,
               ossl_rv(CKR_FUNCTION_FAILED));
        *ret_n += (size_t)n;
        in = span_of(in.p + step, in.n - step);
    }
    return CKR_OK;
}

/* The same with input that lies where the output will: from a copy. */
static CK_RV cipher_feed_copy(struct op *o, struct span in, uint8_t *to, size_t *ret_n)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;

    buf_put(&copy, in);
    TRY(buf_ok(&copy));
    return cipher_feed(o, buf_span(&copy), to, ret_n);
}

static CK_RV cipher_within_limit(struct op *o, size_t n)
{
    ENSURE(n <= UINT64_MAX - o->n_total, len_range(o));
    /* v3.2 6.11.3: counter bits that would overflow */
    ENSURE(!is_counted(o) || o->n_total + n <= o->param.ctr.limit, len_range(o));
    return CKR_OK;
}

static CK_RV cipher_update(struct op *o, struct span in, struct out *out)
{
    size_t part = 0, n = cipher_out(o, in.n, &part);
    const bool in_place = !out_is_query(out) && op_overlap(in, out, n);

    TRY(cipher_within_limit(o, in.n));
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    /* OpenSSL works in place only where input and output keep step. */
    if (in_place && (in.p != out->data || o->n_part > 0))
        TRY(cipher_feed_copy(o, in, out->data, &n));
    else
        TRY(cipher_feed(o, in, out->data, &n));
    o->n_part = part;
    o->n_total += in.n;
    out_done(out, n);
    return CKR_OK;
}

/* The end of an operation without padding: nothing comes out, nothing may be left. */
static CK_RV cipher_final(struct op *o, struct out *out)
{
    ENSURE(o->n_part == 0, len_range(o));
    return out_bytes(out, SPAN_EMPTY);
}

static CK_RV cipher_once(struct op *o, struct span in, struct out *out)
{
    ENSURE(is_stream(o) || in.n % PARAM_BLOCK == 0, len_range(o));
    return cipher_update(o, in, out);
}

/* Is the padding of the last block right (n bytes of n: RFC 5652 6.3)? Then ret_n is what stands
 * before it. */
static uint32_t block_unpad(const uint8_t block[PARAM_BLOCK], size_t *ret_n)
{
    const uint32_t pad = block[PARAM_BLOCK - 1];
    uint32_t good = ~ct_is_zero(pad) & ~ct_less(PARAM_BLOCK, pad);

    for (uint32_t i = 0; i < PARAM_BLOCK; i++)
        good &= ct_less(i + pad, PARAM_BLOCK) | ct_equal(block[i], pad);
    *ret_n = PARAM_BLOCK - pad;
    return good;
}

/* libcrypto has held the last block back because of the padding, and hears now that there is none;
 * the next operation of the context has it again. */
static CK_RV last_block(struct op *o, uint8_t to[PARAM_BLOCK])
{
    int n = 0;

    ENSURE(EVP_CIPHER_CTX_set_padding(o->ctx, 0) == 1 &&
               EVP_CipherFinal_ex(o->ctx, to, &n) == 1 && n == PARAM_BLOCK &&
               EVP_CIPHER_CTX_set_padding(o->ctx, 1) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* The end of a decryption, into `to`. One code for whatever is wrong with the padding. */
static CK_RV unpad_finish(struct op *o, uint8_t to[PARAM_BLOCK], size_t *ret_n)
{
    size_t n = 0;

    TRY(last_block(o, to));
    if (ct_public(block_unpad(to, &n)) == 0) {
        mem_wipe(to, PARAM_BLOCK);
        FAIL(CKR_ENCRYPTED_DATA_INVALID);
    }
    *ret_n = ct_public(n);
    return CKR_OK;
}

/* Finish with padding into `to`. */
static CK_RV pad_finish(struct op *o, uint8_t to[PARAM_BLOCK], size_t *ret_n)
{
    int n = 0;

    if (!is_encryption(o))
        return unpad_finish(o, to, ret_n);
    ENSURE(EVP_CipherFinal_ex(o->ctx, to, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret_n = (size_t)n;
    return CKR_OK;
}

static CK_RV pad_final(struct op *o, struct out *out)
{
    uint8_t block[PARAM_BLOCK];
    size_t n = 0;
    CK_RV rv;

    /* Ciphertext is whole blocks, at least one. */
    ENSURE(is_encryption(o) || o->n_part == PARAM_BLOCK, CKR_ENCRYPTED_DATA_LEN_RANGE);
    if (is_encryption(o))
        TRY(out_room(out, PARAM_BLOCK));
    if (out_is_query(out))
        return out_room(out, is_encryption(o) ? PARAM_BLOCK : PARAM_BLOCK - 1);
    TRY(pad_finish(o, block, &n));
    rv = op_deliver(o, span_of(block, n), out);
    mem_wipe(block, sizeof(block));
    return rv;
}

static CK_RV pad_encrypt_once(struct op *o, struct span in, struct out *out)
{
    const size_t need = (in.n / PARAM_BLOCK + 1) * PARAM_BLOCK;
    size_t n = 0, n_last = 0;

    ENSURE(in.n <= SIZE_MAX - PARAM_BLOCK, CKR_DATA_LEN_RANGE);
    TRY(out_room(out, need));
    if (out_is_query(out))
        return CKR_OK;
    if (in.p != out->data && op_overlap(in, out, need))
        TRY(cipher_feed_copy(o, in, out->data, &n));
    else
        TRY(cipher_feed(o, in, out->data, &n));
    TRY(pad_finish(o, out->data + n, &n_last));
    out_done(out, n + n_last);
    return CKR_OK;
}

/* Decrypt all of it to `to`, which has room for in.n - 1 bytes; wiped on failure. */
static CK_RV pad_decrypt(struct op *o, struct span in, uint8_t *to, size_t *ret_n)
{
    uint8_t block[PARAM_BLOCK];
    size_t n = 0, n_last = 0;
    CK_RV rv = cipher_feed(o, in, to, &n);

    if (rv == CKR_OK)
        rv = pad_finish(o, block, &n_last);
    if (rv == CKR_OK)
        memcpy(to + n, block, n_last);
    else
        mem_wipe(to, n);
    mem_wipe(block, sizeof(block));
    *ret_n = n + n_last;
    return rv;
}

/* How long the plaintext is shows afterwards. Where that is more than there is room for, the next
 * call decrypts what it is given then, which may be something else. */
static CK_RV pad_decrypt_once(struct op *o, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    size_t n = 0;

    ENSURE(in.n > 0 && in.n % PARAM_BLOCK == 0, CKR_ENCRYPTED_DATA_LEN_RANGE);
    if (out_is_query(out))
        return out_room(out, in.n - 1);
    if (*out->len >= in.n - 1 && (in.p == out->data || !op_overlap(in, out, in.n))) {
        TRY(pad_decrypt(o, in, out->data, &n));
        out_done(out, n);
        return CKR_OK;
    }
    ENSURE(buf_extend(&plain, in.n) != NULL, CKR_HOST_MEMORY);
    TRY(pad_decrypt(o, in, plain.p, &n));
    TRY(cipher_begin(o));
    return op_answer(o, span_of(plain.p, n), out);
}

static const struct op_methods cipher = {
    .start = cipher_start,
    .once = cipher_once,
    .update = cipher_update,
    .final = cipher_final,
};

static const struct op_methods pad_encryption = {
    .start = cipher_start,
    .once = pad_encrypt_once,
    .update = cipher_update,
    .final = pad_final,
};

static const struct op_methods pad_decryption = {
    .start = cipher_start,
    .once = pad_decrypt_once,
    .update = cipher_update,
    .final = pad_final,
};

const struct op_class op_cipher = {
    .name = "cipher",
    .kinds = {[OP_ENCRYPT] = &cipher, [OP_DECRYPT] = &cipher},
};

/* Modes that make a stream: text of any length. */
const struct op_class op_cipher_stream = {
    .name = "cipher-stream",
    .kinds = {[OP_ENCRYPT] = &cipher, [OP_DECRYPT] = &cipher},
};

const struct op_class op_cipher_pad = {
    .name = "cipher-pad",
    .kinds = {[OP_ENCRYPT] = &pad_encryption, [OP_DECRYPT] = &pad_decryption},
};
