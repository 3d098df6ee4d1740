/* SPDX-License-Identifier: BSD-2-Clause */
/* reference_run.c - what raw OpenSSL computes from the same key and input; see reference.h. */
#include "support/reference.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

/* -- signatures ------------------------------------------------------------------------------- */

static bool is_ec(const EVP_PKEY *k)
{
    return EVP_PKEY_is_a(k, "EC");
}

/* r and s, each as long as the field, to DER; 0: not such a pair. */
static size_t ecdsa_to_der(struct span rs, uint8_t ret[1024])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(rs.p, (int)rs.n / 2, NULL);
    BIGNUM *s = BN_bin2bn(rs.p + rs.n / 2, (int)rs.n / 2, NULL);
    uint8_t *to = ret;
    int n;

    assert_int_equal(rs.n % 2, 0);
    assert_int_equal(ECDSA_SIG_set0(sig, r, s), 1);
    n = i2d_ECDSA_SIG(sig, &to);
    ECDSA_SIG_free(sig);
    assert_true(n > 0);
    return (size_t)n;
}

static size_t ecdsa_from_der(const EVP_PKEY *k, struct span der, uint8_t ret[1024])
{
    const int half = (EVP_PKEY_get_bits(k) + 7) / 8;
    const uint8_t *from = der.p;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &from, (long)der.n);

    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + half, half), half);
    ECDSA_SIG_free(sig);
    return 2 * (size_t)half;
}

static void set_padding(EVP_PKEY_CTX *ctx, EVP_PKEY *k, const struct scheme *s)
{
    if (!EVP_PKEY_is_a(k, "RSA"))
        return;
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(
                         ctx, s->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING), 1);
    if (!s->pss)
        return;
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, s->mgf != NULL ? s->mgf : s->md, NULL),
                     1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, s->n_salt), 1);
}

static EVP_PKEY_CTX *raw_ctx(EVP_PKEY *k, const struct scheme *s, bool verify)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k, NULL);

    assert_non_null(ctx);
    assert_int_equal(verify ? EVP_PKEY_verify_init(ctx) : EVP_PKEY_sign_init(ctx), 1);
    if (s->md != NULL && !is_ec(k))
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(s->md)), 1);
    set_padding(ctx, k, s);
    return ctx;
}

static bool raw_verify(EVP_PKEY *k, const struct scheme *s, struct span data, struct span sig)
{
    EVP_PKEY_CTX *ctx = raw_ctx(k, s, true);
    const int good = EVP_PKEY_verify(ctx, sig.p, sig.n, data.p, data.n);

    EVP_PKEY_CTX_free(ctx);
    return good == 1;
}

static bool message_verify(EVP_PKEY *k, const struct scheme *s, struct span data, struct span sig)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int good;

    assert_int_equal(EVP_DigestVerifyInit_ex(ctx, &pctx, s->md, NULL, NULL, k, NULL), 1);
    set_padding(pctx, k, s);
    good = EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n);
    EVP_MD_CTX_free(ctx);
    return good == 1;
}

bool evp_verify(EVP_PKEY *k, const struct scheme *s, struct span data, struct span signature)
{
    uint8_t der[1024];

    if (is_ec(k))
        signature = span_of(der, ecdsa_to_der(signature, der));
    return s->raw ? raw_verify(k, s, data, signature) : message_verify(k, s, data, signature);
}

static size_t raw_sign(EVP_PKEY *k, const struct scheme *s, struct span data, uint8_t ret[1024])
{
    EVP_PKEY_CTX *ctx = raw_ctx(k, s, false);
    size_t n = 1024;

    assert_int_equal(EVP_PKEY_sign(ctx, ret, &n, data.p, data.n), 1);
    EVP_PKEY_CTX_free(ctx);
    return n;
}

static size_t message_sign(EVP_PKEY *k, const struct scheme *s, struct span data,
                           uint8_t ret[1024])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t n = 1024;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, s->md, NULL, NULL, k, NULL), 1);
    set_padding(pctx, k, s);
    assert_int_equal(EVP_DigestSign(ctx, ret, &n, data.p, data.n), 1);
    EVP_MD_CTX_free(ctx);
    return n;
}

size_t evp_sign(EVP_PKEY *k, const struct scheme *s, struct span data, uint8_t ret[1024])
{
    uint8_t made[1024];
    const size_t n = s->raw ? raw_sign(k, s, data, made) : message_sign(k, s, data, made);

    if (is_ec(k))
        return ecdsa_from_der(k, span_of(made, n), ret);
    memcpy(ret, made, n);
    return n;
}

size_t evp_mac(const char *mac, const char *algorithm, struct span key, struct span data,
               uint8_t ret[64])
{
    char *name = (char *)(uintptr_t)algorithm;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(
            strcmp(mac, "HMAC") == 0 ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER, name, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t n = 0;

    assert_non_null(
        EVP_Q_mac(NULL, mac, NULL, NULL, params, key.p, key.n, data.p, data.n, ret, 64, &n));
    return n;
}

/* -- encryption ------------------------------------------------------------------------------- */

size_t evp_cipher(const char *name, bool encrypt, bool pad, struct span key, const uint8_t *iv,
                  struct span in, uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    int n = 0, n_last = 0;

    assert_non_null(cipher);
    assert_int_equal(EVP_CIPHER_get_key_length(cipher), key.n);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key.p, iv, encrypt, NULL), 1);
    assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, pad), 1);
    assert_int_equal(EVP_CipherUpdate(ctx, ret, &n, in.p, (int)in.n), 1);
    assert_int_equal(EVP_CipherFinal_ex(ctx, ret + n, &n_last), 1);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)n + (size_t)n_last;
}

size_t evp_aead_seal(const char *name, struct span key, struct span iv, struct span aad,
                     size_t n_tag, struct span in, uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    const bool is_ccm = strstr(name, "CCM") != NULL;
    int n = 0, n_last = 0;

    assert_non_null(cipher);
    assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.n, NULL), 1);
    if (is_ccm)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)n_tag, NULL), 1);
    assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, key.p, iv.p, NULL), 1);
    if (is_ccm)
        assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, NULL, (int)in.n), 1);
    if (aad.n > 0)
        assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, ret, &n, in.p, (int)in.n), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, ret + n, &n_last), 1);
    assert_int_equal(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)n_tag, ret + in.n), 1);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return in.n + n_tag;
}
