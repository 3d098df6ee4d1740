/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_cipher_whole.c - AES modes that steal ciphertext for a last block that is not whole: CBC-CTS
 * (PKCS#11 v3.2 6.12) and XTS (6.15). Text and ciphertext are equally long, one block at least.
 *
 * Which bytes change places depends on the end, so that OpenSSL wants all of it in one call: parts
 * are kept until the end. Of the variants of CTS it is CS1, the first of NIST's addendum to SP
 * 800-38A, which the standard refers to without saying which: whole blocks are then plain CBC.
 */
#include <limits.h>

#include <openssl/core_names.h>

#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

#define XTS_MAX ((size_t)1 << 24) /* 2^20 blocks in a data unit: SP 800-38E 4 */

static bool is_xts(const struct op *o)
{
    return o->key->type == CKK_AES_XTS;
}

static CK_RV whole_make(struct op *o, void **ret)
{
    const struct span key = buf_span(&o->key->value);
    const EVP_CIPHER *cipher = cipher_of(o->row, key.n);
    const OSSL_PARAM cts[] = {
        param_text(OSSL_CIPHER_PARAM_CTS_MODE, OSSL_CIPHER_CTS_MODE_CS1),
        OSSL_PARAM_construct_end(),
    };
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    ENSURE(cipher != NULL, CKR_KEY_SIZE_RANGE);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_CipherInit_ex2(ctx, cipher, key.p, NULL, o->kind == OP_ENCRYPT,
                              is_xts(o) ? NULL : cts) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void whole_ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

static const struct op_ctx_class whole_ctx = {.make = whole_make, .free = whole_ctx_free};

static CK_RV whole_start(struct op *o)
{
    static const CK_ULONG no_variant[3];

    TRY(op_ctx(o, &whole_ctx, no_variant));
    ENSURE(EVP_CipherInit_ex2(o->ctx, NULL, NULL, o->param.iv.iv, -1, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV whole_check_length(const struct op *o, size_t n)
{
    const size_t most = is_xts(o) ? XTS_MAX : INT_MAX;

    ENSURE(n >= PARAM_BLOCK && n <= most,
           o->kind == OP_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE);
    return CKR_OK;
}

/* Where input and output share memory, from a copy: the last two blocks change places. */
static CK_RV whole_once(struct op *o, struct span in, struct out *out)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;
    int n = 0;

    TRY(whole_check_length(o, in.n));
    TRY(out_room(out, in.n));
    if (out_is_query(out))
        return CKR_OK;
    if (op_overlap(in, out, in.n)) {
        buf_put(&copy, in);
        TRY(buf_ok(&copy));
        in = buf_span(&copy);
    }
    ENSURE(EVP_CipherUpdate(o->ctx, out->data, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n,
           ossl_rv(CKR_FUNCTION_FAILED));
    out_done(out, in.n);
    return CKR_OK;
}

static CK_RV whole_update(struct op *o, struct span in, struct out *out)
{
    if (out_is_query(out))
        return out_room(out, 0);
    TRY(op_keep(o, in));
    return out_bytes(out, SPAN_EMPTY);
}

static CK_RV whole_final(struct op *o, struct out *out)
{
    return whole_once(o, buf_span(&o->data), out);
}

static const struct op_methods whole = {
    .start = whole_start,
    .once = whole_once,
    .update = whole_update,
    .final = whole_final,
};

const struct op_class op_cipher_whole = {
    .name = "cipher-whole",
    .kinds = {[OP_ENCRYPT] = &whole, [OP_DECRYPT] = &whole},
};
