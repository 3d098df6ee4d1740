/* SPDX-License-Identifier: BSD-2-Clause */
/* raw.c - EVP operations, a fresh context each; see raw.h. */
#include "bench/raw.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "bench/fault.h"
#include "bench/keys.h"

#define PSS_SALT 32

DEFINE_AUTO(md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_AUTO(pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_AUTO(cipher_ctx_freep, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
DEFINE_AUTO(mac_ctx_freep, EVP_MAC_CTX, EVP_MAC_CTX_free)
DEFINE_AUTO(ecdsa_sig_freep, ECDSA_SIG, ECDSA_SIG_free)

NODISCARD static CK_RV padding_set(EVP_PKEY_CTX *ctx, const struct spec *spec)
{
    if (!spec->pss)
        return CKR_OK;
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, PSS_SALT) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

NODISCARD static CK_RV digest_sign(EVP_PKEY *key, struct span in, uint8_t *ret, size_t *inout_n)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    ENSURE(ctx != NULL && EVP_PKEY_sign_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_sign(ctx, ret, inout_n, in.p, in.n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_sign(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md, struct span in,
               uint8_t *ret, size_t *inout_n)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = NULL;
    EVP_PKEY_CTX *inner = NULL;

    if (spec->prehashed)
        return digest_sign(key, in, ret, inout_n);
    ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL && EVP_DigestSignInit(ctx, &inner, md, NULL, key) == 1, FAULT_OPENSSL);
    TRY(padding_set(inner, spec));
    ENSURE(EVP_DigestSign(ctx, ret, inout_n, in.p, in.n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

NODISCARD static CK_RV digest_verify(EVP_PKEY *key, struct span in, struct span signature)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    ENSURE(ctx != NULL && EVP_PKEY_verify_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_verify(ctx, signature.p, signature.n, in.p, in.n) == 1, CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

CK_RV raw_verify(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md, struct span in,
                 struct span signature)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = NULL;
    EVP_PKEY_CTX *inner = NULL;

    if (spec->prehashed)
        return digest_verify(key, in, signature);
    ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL && EVP_DigestVerifyInit(ctx, &inner, md, NULL, key) == 1, FAULT_OPENSSL);
    TRY(padding_set(inner, spec));
    ENSURE(EVP_DigestVerify(ctx, signature.p, signature.n, in.p, in.n) == 1, CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

/* r || s to DER; ret has RAW_SIGNATURE_MAX bytes. */
NODISCARD static CK_RV ecdsa_der(struct span rs, uint8_t *ret, size_t *ret_n)
{
    AUTO(ecdsa_sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    const int half = (int)(rs.n / 2);
    BIGNUM *r = NULL;
    BIGNUM *s = NULL;
    int n = 0;

    ENSURE(sig != NULL, FAULT_OPENSSL);
    ENSURE(rs.n % 2 == 0 && rs.n > 0 && rs.n < RAW_SIGNATURE_MAX / 2, CKR_SIGNATURE_LEN_RANGE);
    r = BN_bin2bn(rs.p, half, NULL);
    s = BN_bin2bn(rs.p + half, half, NULL);
    ENSURE(ECDSA_SIG_set0(sig, r, s) == 1, FAULT_OPENSSL);
    n = i2d_ECDSA_SIG(sig, &ret);
    ENSURE(n > 0, FAULT_OPENSSL);
    *ret_n = (size_t)n;
    return CKR_OK;
}

CK_RV raw_verify_p11(EVP_PKEY *key, const struct spec *spec, const EVP_MD *md, struct span in,
                     struct span signature)
{
    uint8_t der[RAW_SIGNATURE_MAX];
    size_t n = 0;

    if (!keys_is_ecdsa(spec->key))
        return raw_verify(key, spec, md, in, signature);
    TRY(ecdsa_der(signature, der, &n));
    return raw_verify(key, spec, md, in, span_of(der, n));
}

CK_RV raw_encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, size_t tag,
                  struct span in, uint8_t *ret, size_t *ret_n)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    int more = 0;

    ENSURE(ctx != NULL && in.n <= INT_MAX, FAULT_OPENSSL);
    ENSURE(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL) == 1, FAULT_OPENSSL);
    if (tag == 0)
        EVP_CIPHER_CTX_set_padding(ctx, 0);
    ENSURE(EVP_EncryptUpdate(ctx, ret, &n, in.p, (int)in.n) == 1, FAULT_OPENSSL);
    ENSURE(EVP_EncryptFinal_ex(ctx, ret + n, &more) == 1, FAULT_OPENSSL);
    n += more;
    if (tag > 0)
        ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag, ret + n) == 1,
               FAULT_OPENSSL);
    *ret_n = (size_t)n + tag;
    return CKR_OK;
}

NODISCARD static CK_RV tag_set(EVP_CIPHER_CTX *ctx, const uint8_t *tag, size_t n)
{
    uint8_t copy[EVP_MAX_MD_SIZE]; /* the interface takes no const pointer */

    ENSURE(n <= sizeof(copy), FAULT_OPENSSL);
    memcpy(copy, tag, n);
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)n, copy) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, size_t tag,
                  struct span in, uint8_t *ret, size_t *ret_n)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    int more = 0;

    ENSURE(ctx != NULL && in.n >= tag && in.n <= INT_MAX, FAULT_OPENSSL);
    ENSURE(EVP_DecryptInit_ex2(ctx, cipher, key, iv, NULL) == 1, FAULT_OPENSSL);
    if (tag > 0)
        TRY(tag_set(ctx, in.p + in.n - tag, tag));
    else
        EVP_CIPHER_CTX_set_padding(ctx, 0);
    ENSURE(EVP_DecryptUpdate(ctx, ret, &n, in.p, (int)(in.n - tag)) == 1, FAULT_OPENSSL);
    ENSURE(EVP_DecryptFinal_ex(ctx, ret + n, &more) == 1, CKR_ENCRYPTED_DATA_INVALID);
    *ret_n = (size_t)(n + more);
    return CKR_OK;
}

CK_RV raw_hmac(EVP_MAC *hmac, struct span key, struct span in, uint8_t ret[32])
{
    static char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    AUTO(mac_ctx_freep) EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
    size_t n = 0;

    ENSURE(ctx != NULL && EVP_MAC_init(ctx, key.p, key.n, params) == 1, FAULT_OPENSSL);
    ENSURE(EVP_MAC_update(ctx, in.p, in.n) == 1, FAULT_OPENSSL);
    ENSURE(EVP_MAC_final(ctx, ret, &n, 32) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_digest(const EVP_MD *md, struct span in, uint8_t *ret)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    ENSURE(ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1, FAULT_OPENSSL);
    ENSURE(EVP_DigestUpdate(ctx, in.p, in.n) == 1, FAULT_OPENSSL);
    ENSURE(EVP_DigestFinal_ex(ctx, ret, NULL) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_agree(EVP_PKEY *key, EVP_PKEY *peer, uint8_t *ret, size_t *inout_n)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    ENSURE(ctx != NULL && EVP_PKEY_derive_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_derive_set_peer(ctx, peer) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_derive(ctx, ret, inout_n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_oaep_encrypt(EVP_PKEY *key, struct span in, uint8_t *ret, size_t *inout_n)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    ENSURE(ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_encrypt(ctx, ret, inout_n, in.p, in.n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_oaep_decrypt(EVP_PKEY *key, struct span in, uint8_t *ret, size_t *inout_n)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    ENSURE(ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_decrypt(ctx, ret, inout_n, in.p, in.n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV raw_scrypt(const char *pin)
{
    static const unsigned char salt[16] = {1};
    unsigned char key[32];

    ENSURE(EVP_PBE_scrypt(pin, strlen(pin), salt, sizeof(salt), 1 << 14, 8, 1, 64 << 20, key,
                          sizeof(key)) == 1,
           CKR_FUNCTION_FAILED);
    return CKR_OK;
}
