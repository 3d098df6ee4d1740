/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_rsa_crypt.c - RSA encryption: PKCS#1 v1.5, OAEP, and raw (PKCS#11 v3.2 6.1). Single part only.
 *
 * Every failure of padding is one and the same CKR_ENCRYPTED_DATA_INVALID, and leaves no trace in
 * the log. libcrypto takes padding off without a branch on what is in it, and answers so; here
 * nothing branches before all of it is known. For PKCS#1 v1.5, OpenSSL from 3.2 on rejects
 * implicitly besides: it returns bytes that only the key and the ciphertext determine. Older ones
 * know no such parameter and ignore it.
 */
#include <openssl/rsa.h>

#include "crypto/key_class.h"
#include "crypto/op_raw_sign.h"
#include "crypto/ossl_auto.h"
#include "util/ct.h"

#define PKCS1_OVERHEAD 11

static bool is_oaep(const struct op *o)
{
    return o->row->parse == parse_oaep;
}

static bool is_raw(const struct op *o)
{
    return o->row->op == &op_rsa_x509;
}

static size_t rsa_size(const struct op *o)
{
    return (o->key->bits + 7) / 8;
}

/* Most bytes that the padding leaves; 0 when the key is too small for the hash. */
static size_t rsa_room(const struct op *o)
{
    size_t overhead = PKCS1_OVERHEAD;

    if (is_raw(o))
        overhead = 0;
    else if (is_oaep(o))
        overhead = 2 * o->param.oaep.hash->n + 2;
    return rsa_size(o) > overhead ? rsa_size(o) - overhead : 0;
}

/* Implicit rejection is OpenSSL's default from 3.2 on. It is not asked for by name: a context that
 * an application's default ENGINE has taken over knows no such parameter. */
static CK_RV padding_set_up(EVP_PKEY_CTX *ctx, int padding)
{
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* The label becomes OpenSSL's. */
static CK_RV oaep_set_label(struct span label, EVP_PKEY_CTX *ctx)
{
    void *copy;

    if (label.n == 0)
        return CKR_OK;
    copy = OPENSSL_memdup(label.p, label.n);
    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.n) == 1)
        return CKR_OK;
    OPENSSL_free(copy);
    FAIL(ossl_rv(CKR_FUNCTION_FAILED));
}

static CK_RV oaep_set_up(const struct op *o, EVP_PKEY_CTX *ctx)
{
    const EVP_MD *md = ossl_md(o->param.oaep.hash->md), *mgf = ossl_md(o->param.oaep.mgf->md);

    ENSURE(md != NULL && mgf != NULL, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return oaep_set_label(buf_span(&o->param.oaep.owned), ctx);
}

static CK_RV crypt_make(struct op *o, void **ret)
{
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), o->key->pkey, NULL);

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE((o->kind == OP_ENCRYPT ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    TRY(is_oaep(o) ? oaep_set_up(o, ctx)
                   : padding_set_up(ctx, is_raw(o) ? RSA_NO_PADDING : RSA_PKCS1_PADDING));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void crypt_ctx_free(void *ctx)
{
    EVP_PKEY_CTX_free(ctx);
}

static const struct op_ctx_class crypt_ctx = {.make = crypt_make, .free = crypt_ctx_free};

static CK_RV crypt_start(struct op *o)
{
    CK_ULONG variant[3] = {0};

    ENSURE(o->key->bits >= RSA_MIN_PRIVATE, CKR_KEY_SIZE_RANGE);
    ENSURE(rsa_room(o) > 0, CKR_KEY_SIZE_RANGE);
    if (is_oaep(o)) {
        variant[0] = o->param.oaep.hash->type;
        variant[1] = o->param.oaep.mgf->mgf;
    }
    return op_ctx(o, &crypt_ctx, o->param.any.owned.n == 0 ? variant : NULL);
}

static CK_RV encrypt_once(struct op *o, struct span in, struct out *out)
{
    /* A number that is not below the modulus is the only thing that a raw encryption refuses. */
    const CK_RV otherwise = is_raw(o) ? CKR_DATA_INVALID : CKR_FUNCTION_FAILED;
    uint8_t number[RSA_MAX_BYTES];
    size_t n = rsa_size(o);
    int done;

    ENSURE(in.n <= rsa_room(o), CKR_DATA_LEN_RANGE);
    TRY(out_room(out, n));
    if (out_is_query(out))
        return CKR_OK;
    if (is_raw(o))
        in = rsa_number(in, n, number);
    done = EVP_PKEY_encrypt(o->ctx, out->data, &n, in.p, in.n);
    mem_wipe(number, is_raw(o) ? n : 0);
    ENSURE(done == 1 && n == rsa_size(o), ossl_rv(otherwise));
    out_done(out, n);
    return CKR_OK;
}

/* Decrypt and take the padding off; the mask says whether it was right, and then `plain` and
 * ret_n are what was in it. */
static uint32_t unpadded(struct op *o, struct span in, uint8_t plain[RSA_MAX_BYTES], size_t *ret_n)
{
    *ret_n = RSA_MAX_BYTES;
    return ct_equal((uint32_t)EVP_PKEY_decrypt(o->ctx, plain, ret_n, in.p, in.n), 1);
}

/* How much there is shows afterwards; a query is told the most that can be. */
static CK_RV decrypt_once(struct op *o, struct span in, struct out *out)
{
    uint8_t plain[RSA_MAX_BYTES];
    size_t n = 0;
    CK_RV rv = CKR_ENCRYPTED_DATA_INVALID;

    ENSURE(in.n == rsa_size(o), CKR_ENCRYPTED_DATA_LEN_RANGE);
    if (out_is_query(out))
        return out_room(out, rsa_room(o));
    if (ct_public(unpadded(o, in, plain, &n)) != 0)
        rv = op_answer(o, span_of(plain, ct_public(n)), out);
    mem_wipe(plain, sizeof(plain));
    return rv;
}

CK_RV rsa_decrypt_over(struct op *o, struct span in, uint8_t *ret, size_t n)
{
    KEEP_ERRORS;
    uint8_t plain[RSA_MAX_BYTES] = {0};
    size_t n_plain = 0;
    uint32_t good;

    ENSURE(in.n == rsa_size(o) && n <= sizeof(plain), CKR_ENCRYPTED_DATA_LEN_RANGE);
    o->fed = true; /* the context goes, whatever came out: to keep it or not would tell */
    good = unpadded(o, in, plain, &n_plain);
    good &= ct_equal((uint32_t)n_plain, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        ret[i] = ct_select(good, plain[i], ret[i]);
    mem_wipe(plain, sizeof(plain));
    return CKR_OK;
}

static const struct op_methods encrypting = {.start = crypt_start, .once = encrypt_once};
static const struct op_methods decrypting = {.start = crypt_start, .once = decrypt_once};

const struct op_class op_rsa_pkcs = {
    .name = "rsa-pkcs",
    .kinds =
        {
            [OP_ENCRYPT] = &encrypting,
            [OP_DECRYPT] = &decrypting,
            [OP_SIGN] = &raw_signing,
            [OP_VERIFY] = &raw_verifying,
            [OP_SIGN_RECOVER] = &raw_signing,
            [OP_VERIFY_RECOVER] = &raw_recovering,
        },
    .scheme = &sign_rsa_pkcs,
};

/* No padding at all: for protocols that bring their own, and off by default, for it makes a private
 * key compute on whatever it is given. */
const struct op_class op_rsa_x509 = {
    .name = "rsa-x509",
    .kinds =
        {
            [OP_ENCRYPT] = &encrypting,
            [OP_DECRYPT] = &decrypting,
            [OP_SIGN] = &raw_signing,
            [OP_VERIFY] = &raw_verifying,
            [OP_SIGN_RECOVER] = &raw_signing,
            [OP_VERIFY_RECOVER] = &raw_recovering,
        },
    .scheme = &sign_rsa_x509,
};

const struct op_class op_rsa_oaep = {
    .name = "rsa-oaep",
    .kinds = {[OP_ENCRYPT] = &encrypting, [OP_DECRYPT] = &decrypting},
};
