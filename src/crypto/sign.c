/* SPDX-License-Identifier: BSD-2-Clause */
/* sign.c - contexts of signature schemes; see sign.h. */
#include "crypto/sign.h"

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static int ctx_init(EVP_PKEY_CTX *ctx, enum op_kind kind)
{
    if (kind == OP_VERIFY)
        return EVP_PKEY_verify_init(ctx);
    if (kind == OP_VERIFY_RECOVER)
        return EVP_PKEY_verify_recover_init(ctx);
    return EVP_PKEY_sign_init(ctx);
}

static CK_RV sign_make(struct op *o, void **ret)
{
    const struct sign_scheme *scheme = o->row->op->scheme;
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), o->key->pkey, NULL);

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(ctx_init(ctx, o->kind) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    if (scheme->set_up != NULL)
        TRY(scheme->set_up(o, ctx));
    if (o->row->md != NULL)
        ENSURE(EVP_PKEY_CTX_set_signature_md(ctx, ossl_md(o->row->md)) == 1,
               ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void sign_ctx_free(void *ctx)
{
    EVP_PKEY_CTX_free(ctx);
}

static const struct op_ctx_class sign_ctx = {.make = sign_make, .free = sign_ctx_free};

CK_RV sign_start(struct op *o)
{
    const struct sign_scheme *scheme = o->row->op->scheme;
    CK_ULONG variant[3] = {0};

    if (scheme->check_key != NULL)
        TRY(scheme->check_key(o));
    if (scheme->variant != NULL)
        scheme->variant(o, variant);
    return op_ctx(o, &sign_ctx, variant);
}

CK_RV sign_digest(struct op *o, struct span digest, struct out *out)
{
    const struct sign_scheme *scheme = o->row->op->scheme;
    const size_t n = scheme->size(o->key);

    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    TRY(scheme->sign(o, digest, out->data));
    out_done(out, n);
    return CKR_OK;
}

CK_RV sign_verify(struct op *o, struct span digest, struct span signature)
{
    const struct sign_scheme *scheme = o->row->op->scheme;

    TRY(scheme->check_signature(o->key, signature.n));
    return scheme->verify(o, digest, signature);
}
