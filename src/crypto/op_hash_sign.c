/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_hash_sign.c - signatures over a message that the token hashes: CKM_SHAx_RSA_PKCS,
 * CKM_SHAx_RSA_PKCS_PSS, CKM_ECDSA_SHAx, single and multi part. The digest is made beside the
 * signature context, which therefore can be kept with the key.
 */
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/sign.h"

static CK_RV hash_start(struct op *o)
{
    ENSURE(ossl_md(o->row->md) != NULL, CKR_MECHANISM_INVALID);
    return sign_start(o);
}

static CK_RV hash_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    if (o->md == NULL) {
        o->md = EVP_MD_CTX_new();
        ENSURE(o->md != NULL, CKR_HOST_MEMORY);
        ENSURE(EVP_DigestInit_ex2(o->md, ossl_md(o->row->md), NULL) == 1,
               ossl_rv(CKR_FUNCTION_FAILED));
    }
    ENSURE(in.n == 0 || EVP_DigestUpdate(o->md, in.p, in.n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* The digest of all parts. */
static CK_RV hash_final(struct op *o, uint8_t ret[EVP_MAX_MD_SIZE])
{
    if (o->md == NULL) /* no part at all */
        TRY(hash_update(o, SPAN_EMPTY, NULL));
    ENSURE(EVP_DigestFinal_ex(o->md, ret, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV hash_whole(const struct op *o, struct span in, uint8_t ret[EVP_MAX_MD_SIZE])
{
    ENSURE(EVP_Digest(in.p, in.n, ret, NULL, ossl_md(o->row->md), NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static struct span digest_span(const struct op *o, const uint8_t digest[EVP_MAX_MD_SIZE])
{
    return span_of(digest, hash_of_md(o->row->md)->n);
}

static CK_RV hash_sign(struct op *o, struct span in, struct out *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    TRY(out_room(out, o->row->op->scheme->size(o->key)));
    if (out_is_query(out))
        return CKR_OK;
    TRY(hash_whole(o, in, digest));
    return sign_digest(o, digest_span(o, digest), out);
}

static CK_RV hash_sign_final(struct op *o, struct out *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    TRY(out_room(out, o->row->op->scheme->size(o->key)));
    if (out_is_query(out))
        return CKR_OK;
    TRY(hash_final(o, digest));
    return sign_digest(o, digest_span(o, digest), out);
}

static CK_RV hash_verify(struct op *o, struct span in, struct span signature)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    TRY(hash_whole(o, in, digest));
    return sign_verify(o, digest_span(o, digest), signature);
}

static CK_RV hash_verify_final(struct op *o, struct span signature)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    TRY(hash_final(o, digest));
    return sign_verify(o, digest_span(o, digest), signature);
}

static const struct op_methods signing = {
    .start = hash_start,
    .once = hash_sign,
    .update = hash_update,
    .final = hash_sign_final,
};

static const struct op_methods verifying = {
    .start = hash_start,
    .verify = hash_verify,
    .update = hash_update,
    .verify_final = hash_verify_final,
};

const struct op_class op_hash_rsa_pkcs = {
    .name = "hash-rsa-pkcs",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
    .scheme = &sign_rsa_pkcs,
};

const struct op_class op_hash_rsa_pss = {
    .name = "hash-rsa-pss",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
    .scheme = &sign_rsa_pss,
};

const struct op_class op_hash_ecdsa = {
    .name = "hash-ecdsa",
    .kinds = {[OP_SIGN] = &signing, [OP_VERIFY] = &verifying},
    .scheme = &sign_ecdsa,
};
