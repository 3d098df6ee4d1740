/* SPDX-License-Identifier: BSD-2-Clause */
/* family_decrypt.c - RSA decryption with OAEP and PKCS#1 v1.5 padding; see vectors.h. */
#include "vectors/vectors.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

/* Whatever is wrong with padding, one code; and one for a text of another length than the key's. */
static const CK_RV refusals[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_OK};

static CK_MECHANISM_TYPE oaep_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_RSA_PKCS_OAEP;
}

static CK_RV oaep_run(const struct vector *v)
{
    const struct span label = json_bytes(v->test, "label");
    CK_RSA_PKCS_OAEP_PARAMS p = {vector_hash_of(json_text(v->group, "sha"))->digest,
                                 vector_hash_of(json_text(v->group, "mgfSha"))->mgf,
                                 CKZ_DATA_SPECIFIED, (void *)(uintptr_t)label.p, label.n};
    CK_MECHANISM m = {CKM_RSA_PKCS_OAEP, &p, sizeof(p)};
    struct span is = SPAN_EMPTY;
    CK_OBJECT_HANDLE key;

    STEP(key_rsa_private(v, &key));
    STEP(run_decrypt(&m, key, false, json_bytes(v->test, "ct"), &is));
    return vector_same(is, json_bytes(v->test, "msg"), "decrypted to another message");
}

const struct family family_decrypt_oaep = {"RsaesOaepDecrypt", oaep_mechanism, oaep_run, refusals};

/* -- PKCS#1 v1.5 ------------------------------------------------------------------------------ */

static CK_MECHANISM_TYPE pkcs1_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_RSA_PKCS;
}

/* What the text is without any look at its padding. */
static struct span raw_decrypt(const struct vector *v, struct span ct)
{
    const struct span der = json_bytes(v->group, "privateKeyPkcs8");
    const uint8_t *at = der.p;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    uint8_t *block = vector_bytes_new((size_t)EVP_PKEY_get_size(pkey));
    size_t n = (size_t)EVP_PKEY_get_size(pkey);

    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    if (EVP_PKEY_decrypt(ctx, block, &n, ct.p, ct.n) != 1)
        n = 0; /* not of the modulus' length, or not below it */
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return span_of(block, n);
}

/*
 * From OpenSSL 3.2 on, wrong padding yields a message made of key and text, the same one each time:
 * nothing tells it from a right one. So a vector with wrong padding may be "accepted", if what came
 * out is that message and not what lay behind the wrong padding. Lengths are as random as the
 * bytes, and a few bytes may be equal by chance.
 */
#define IMPLICIT_REJECTION 0x30200000UL
#define CHANCE             8

static CK_RV synthetic(const struct vector *v, struct span is, struct span again)
{
    const struct span block = raw_decrypt(v, json_bytes(v->test, "ct"));

    STEP(vector_same(is, again, "wrong padding, another message each time"));
    if (is.n >= CHANCE && is.n <= block.n &&
        span_equal(is, span_of(block.p + (block.n - is.n), is.n)))
        return vector_wrong("what lies behind wrong padding came out");
    return CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV pkcs1_run(const struct vector *v)
{
    const struct span ct = json_bytes(v->test, "ct");
    CK_MECHANISM m = {CKM_RSA_PKCS, NULL, 0};
    struct span is = SPAN_EMPTY, again = SPAN_EMPTY;
    CK_OBJECT_HANDLE key;

    STEP(key_rsa_private(v, &key));
    STEP(run_decrypt(&m, key, false, ct, &is));
    if (v->is_valid)
        return vector_same(is, json_bytes(v->test, "msg"), "decrypted to another message");
    if (OpenSSL_version_num() < IMPLICIT_REJECTION)
        return CKR_OK;
    STEP(run_decrypt(&m, key, false, ct, &again));
    return synthetic(v, is, again);
}

const struct family family_decrypt_pkcs1 = {"RsaesPkcs1Decrypt", pkcs1_mechanism, pkcs1_run,
                                            refusals};
