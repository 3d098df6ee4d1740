/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_digest.c - message digests (PKCS#11 v3.2 6.20). The row's md column names the function.
 *
 * Contexts are not kept between operations: they would hold what was digested.
 */
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

static CK_RV digest_make(struct op *o, void **ret)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_DigestInit_ex2(ctx, ossl_md(o->row->md), NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void digest_free(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

static const struct op_ctx_class digest_ctx = {.make = digest_make, .free = digest_free};

static CK_RV digest_start(struct op *o)
{
    ENSURE(ossl_md(o->row->md) != NULL, CKR_MECHANISM_INVALID);
    return op_ctx(o, &digest_ctx, NULL);
}

static CK_RV digest_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    ENSURE(in.n == 0 || EVP_DigestUpdate(o->ctx, in.p, in.n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV digest_final(struct op *o, struct out *out)
{
    const size_t n = hash_of_md(o->row->md)->n;

    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    ENSURE(EVP_DigestFinal_ex(o->ctx, out->data, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    out_done(out, n);
    return CKR_OK;
}

static CK_RV digest_once(struct op *o, struct span in, struct out *out)
{
    TRY(out_room(out, hash_of_md(o->row->md)->n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(digest_update(o, in, NULL));
    return digest_final(o, out);
}

static CK_RV digest_copy(const struct op *o, struct op *ret)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_MD_CTX_copy_ex(ctx, o->ctx) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ret->ctx_class = &digest_ctx;
    ret->ctx = TAKE(ctx);
    return CKR_OK;
}

static const struct op_methods digest = {
    .start = digest_start,
    .once = digest_once,
    .update = digest_update,
    .final = digest_final,
    .copy = digest_copy,
};

const struct op_class op_digest = {.name = "digest", .kinds = {[OP_DIGEST] = &digest}};
