/* SPDX-License-Identifier: BSD-2-Clause */
/* sign_rsa.c - RSA signatures: PKCS#1 v1.5, PSS, and raw (PKCS#11 v3.2 6.1); see sign.h. */
#include <openssl/rsa.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/sign.h"

#define PKCS1_OVERHEAD 11 /* bytes of padding, at least */

static size_t rsa_size(const struct key *k)
{
    return (k->bits + 7) / 8;
}

static CK_RV rsa_check_signature(const struct key *k, size_t n)
{
    ENSURE(n == rsa_size(k), CKR_SIGNATURE_LEN_RANGE);
    return CKR_OK;
}

/* Small keys verify what is old, and sign nothing new. */
static CK_RV rsa_check_key(const struct op *o)
{
    const bool makes = o->kind == OP_SIGN || o->kind == OP_SIGN_RECOVER;

    ENSURE(o->key->bits >= (makes ? RSA_MIN_PRIVATE : RSA_MIN_PUBLIC), CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

static CK_RV rsa_sign(struct op *o, struct span digest, uint8_t *ret)
{
    size_t n = rsa_size(o->key);

    ENSURE(EVP_PKEY_sign(o->ctx, ret, &n, digest.p, digest.n) == 1 && n == rsa_size(o->key),
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV rsa_verify(struct op *o, struct span digest, struct span signature)
{
    ENSURE(EVP_PKEY_verify(o->ctx, signature.p, signature.n, digest.p, digest.n) == 1,
           ossl_rv(CKR_SIGNATURE_INVALID));
    return CKR_OK;
}

static CK_RV pkcs_set_up(const struct op *o, EVP_PKEY_CTX *ctx)
{
    (void)o;
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* OpenSSL signs nothing at all too, but could not verify that. */
static CK_RV pkcs_check_input(const struct op *o, size_t n)
{
    ENSURE(n > 0 && n <= rsa_size(o->key) - PKCS1_OVERHEAD, CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

static size_t pkcs_recovers(const struct key *k)
{
    return rsa_size(k) - PKCS1_OVERHEAD;
}

const struct sign_scheme sign_rsa_pkcs = {
    .set_up = pkcs_set_up,
    .check_key = rsa_check_key,
    .check_input = pkcs_check_input,
    .size = rsa_size,
    .check_signature = rsa_check_signature,
    .recovers = pkcs_recovers,
    .sign = rsa_sign,
    .verify = rsa_verify,
};

struct span rsa_number(struct span in, size_t n, uint8_t *scratch)
{
    if (in.n == n)
        return in;
    memset(scratch, 0, n - in.n);
    if (in.n > 0)
        memcpy(scratch + n - in.n, in.p, in.n);
    return span_of(scratch, n);
}

static CK_RV x509_set_up(const struct op *o, EVP_PKEY_CTX *ctx)
{
    (void)o;
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV x509_check_input(const struct op *o, size_t n)
{
    ENSURE(n <= rsa_size(o->key), CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

/* What isn't below the modulus can't be signed (6.1.7); nothing else can go wrong. */
static CK_RV x509_sign(struct op *o, struct span in, uint8_t *ret)
{
    uint8_t number[RSA_MAX_BYTES];
    size_t n = rsa_size(o->key);

    in = rsa_number(in, n, number);
    ENSURE(EVP_PKEY_sign(o->ctx, ret, &n, in.p, in.n) == 1 && n == rsa_size(o->key),
           ossl_rv(CKR_DATA_INVALID));
    return CKR_OK;
}

static CK_RV x509_verify(struct op *o, struct span in, struct span signature)
{
    uint8_t number[RSA_MAX_BYTES];

    return rsa_verify(o, rsa_number(in, rsa_size(o->key), number), signature);
}

const struct sign_scheme sign_rsa_x509 = {
    .set_up = x509_set_up,
    .check_key = rsa_check_key,
    .check_input = x509_check_input,
    .size = rsa_size,
    .check_signature = rsa_check_signature,
    .recovers = rsa_size,
    .sign = x509_sign,
    .verify = x509_verify,
};

static CK_RV pss_set_up(const struct op *o, EVP_PKEY_CTX *ctx)
{
    const EVP_MD *md = ossl_md(o->param.pss.hash->md), *mgf = ossl_md(o->param.pss.mgf->md);

    ENSURE(md != NULL && mgf != NULL, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)o->param.pss.n_salt) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static void pss_variant(const struct op *o, CK_ULONG ret[3])
{
    ret[0] = o->param.pss.hash->type;
    ret[1] = o->param.pss.mgf->mgf;
    ret[2] = o->param.pss.n_salt;
}

/* The salt's limit (6.1.10): k* - 2 - hLen, where k* is the length of a modulus less one bit. */
static CK_RV pss_check_key(const struct op *o)
{
    const size_t k = (o->key->bits - 1 + 7) / 8, n_hash = o->param.pss.hash->n;

    TRY(rsa_check_key(o));
    ENSURE(k >= n_hash + 2 && o->param.pss.n_salt <= k - 2 - n_hash, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV pss_check_input(const struct op *o, size_t n)
{
    ENSURE(n == o->param.pss.hash->n, CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

const struct sign_scheme sign_rsa_pss = {
    .set_up = pss_set_up,
    .variant = pss_variant,
    .check_key = pss_check_key,
    .check_input = pss_check_input,
    .size = rsa_size,
    .check_signature = rsa_check_signature,
    .sign = rsa_sign,
    .verify = rsa_verify,
};
