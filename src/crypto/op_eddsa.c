/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_eddsa.c - Ed25519 and Ed448 (PKCS#11 v3.2 6.3.15, RFC 8032): pure, with a context, and
 * prehashed.
 *
 * Context and prehash are parameters that OpenSSL knows from 3.2 on. An older one takes them, and
 * makes a pure signature none the less: so it is asked first whether it has them.
 *
 * The message is processed twice, so that OpenSSL wants all of it at once: parts are kept until
 * the end. Between the two the first half of the signature is written, and read again. If either
 * changed meanwhile, by a signature over the message or by another thread, two signatures would
 * share their nonce, and tell the private key: OpenSSL works on memory of ours alone.
 */
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

#define PARAM_INSTANCE "instance"       /* OSSL_SIGNATURE_PARAM_INSTANCE */
#define PARAM_CONTEXT  "context-string" /* OSSL_SIGNATURE_PARAM_CONTEXT_STRING */
#define SIGNATURE_MAX  114              /* bytes: Ed448 */

static bool is_pure(const struct op *o)
{
    return !o->param.eddsa.prehash && o->param.eddsa.owned.n == 0;
}

/* RFC 8032 5: the scheme that goes with key, prehash and context. */
static const char *instance_of(const struct op *o)
{
    const bool is_448 = o->key->curve->bits == 448;

    if (o->param.eddsa.prehash)
        return is_448 ? "Ed448ph" : "Ed25519ph";
    return is_448 ? "Ed448" : "Ed25519ctx";
}

static CK_RV instance_set(const struct op *o, EVP_PKEY_CTX *ctx)
{
    const OSSL_PARAM params[] = {
        param_text(PARAM_INSTANCE, instance_of(o)),
        param_octets(PARAM_CONTEXT, buf_span(&o->param.eddsa.owned)),
        OSSL_PARAM_construct_end(),
    };
    const OSSL_PARAM *knows = EVP_PKEY_CTX_settable_params(ctx);

    ENSURE(knows != NULL && OSSL_PARAM_locate_const(knows, PARAM_INSTANCE) != NULL &&
               OSSL_PARAM_locate_const(knows, PARAM_CONTEXT) != NULL,
           CKR_MECHANISM_PARAM_INVALID);
    ENSURE(EVP_PKEY_CTX_set_params(ctx, params) == 1, ossl_rv(CKR_MECHANISM_PARAM_INVALID));
    return CKR_OK;
}

static CK_RV eddsa_make(struct op *o, void **ret)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *pkey = o->key->pkey;

    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE((o->kind == OP_SIGN
                ? EVP_DigestSignInit_ex(ctx, NULL, NULL, ossl_ctx(), NULL, pkey, NULL)
                : EVP_DigestVerifyInit_ex(ctx, NULL, NULL, ossl_ctx(), NULL, pkey, NULL)) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    if (!is_pure(o))
        TRY(instance_set(o, EVP_MD_CTX_get_pkey_ctx(ctx)));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void eddsa_ctx_free(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

static const struct op_ctx_class eddsa_ctx = {.make = eddsa_make, .free = eddsa_ctx_free};

static CK_RV eddsa_start(struct op *o)
{
    const CK_ULONG variant[3] = {o->param.eddsa.prehash};

    TRY(op_ctx(o, &eddsa_ctx, o->param.eddsa.owned.n == 0 ? variant : NULL));
    /* A context that was used before starts again with the key that it has. */
    ENSURE((o->kind == OP_SIGN
                ? EVP_DigestSignInit_ex(o->ctx, NULL, NULL, NULL, NULL, NULL, NULL)
                : EVP_DigestVerifyInit_ex(o->ctx, NULL, NULL, NULL, NULL, NULL, NULL)) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static size_t eddsa_size(const struct op *o)
{
    return 2 * o->key->curve->n_private;
}

/* Sign what was kept. */
static CK_RV eddsa_sign_final(struct op *o, struct out *out)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t n = eddsa_size(o);

    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    ENSURE(EVP_DigestSign(o->ctx, signature, &n, o->data.p, o->data.n) == 1 && n == eddsa_size(o),
           ossl_rv(CKR_FUNCTION_FAILED));
    return out_bytes(out, span_of(signature, n));
}

static CK_RV eddsa_sign(struct op *o, struct span in, struct out *out)
{
    TRY(out_room(out, eddsa_size(o)));
    if (out_is_query(out))
        return CKR_OK;
    TRY(op_keep(o, in));
    return eddsa_sign_final(o, out);
}

static CK_RV eddsa_verify(struct op *o, struct span in, struct span signature)
{
    ENSURE(signature.n == eddsa_size(o), CKR_SIGNATURE_LEN_RANGE);
    ENSURE(EVP_DigestVerify(o->ctx, signature.p, signature.n, in.p, in.n) == 1,
           ossl_rv(CKR_SIGNATURE_INVALID));
    return CKR_OK;
}

static CK_RV eddsa_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    return op_keep(o, in);
}

static CK_RV eddsa_verify_final(struct op *o, struct span signature)
{
    return eddsa_verify(o, buf_span(&o->data), signature);
}

static const struct op_methods signing = {
    .start = eddsa_start,
    .once = eddsa_sign,
    .update = eddsa_update,
    .final = eddsa_sign_final,
};

static const struct op_methods verifying = {
    .start = eddsa_start,
    .verify = eddsa_verify,
    .update = eddsa_update,
    .verify_final = eddsa_verify_final,
};

const struct op_class op_eddsa = {
    .name = "eddsa",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
};
