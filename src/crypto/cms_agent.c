/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms_agent.c - opening a recovery message with a private key that another token holds.
 *
 * OpenSSL's CMS_decrypt() wants an EVP_PKEY that can do the whole work. For a key in a token that
 * takes an engine or a provider: of the two Debian 12 and 13 have no one in common that serves EC
 * keys in CMS, and either brings its configuration into the process. What the key itself has to do
 * is one RSA decryption or one point multiplication, which every token can. The rest is done here
 * with OpenSSL's parts: its KDF, key wrap and GCM.
 */
#include <openssl/cms.h>
#include <openssl/core_names.h>

#include "crypto/cms.h"
#include "crypto/cms_form.h"
#include "crypto/ossl_auto.h"

/* -- the key of the content -------------------------------------------------------------------- */

static void der_freep(unsigned char **der)
{
    OPENSSL_free(*der);
}

/* ECC-CMS-SharedInfo (RFC 5753 7.2), as the KDF's info. */
static CK_RV wrapping_key(const struct cms_form *f, const struct secret *z, struct secret **ret)
{
    AUTO(der_freep) unsigned char *info = NULL;
    AUTO(kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), OSSL_KDF_NAME_X963KDF, NULL);
    AUTO(kdf_ctx_freep) EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    AUTO(secret_freep) struct secret *key = NULL;
    int n;

    n = CMS_SharedInfo_encode(&info, f->wrap, f->ukm, CMS_KEY_BYTES);
    ENSURE(ctx != NULL && n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(secret_new(CMS_KEY_BYTES, &key));
    {
        const OSSL_PARAM params[] = {
            param_text(OSSL_KDF_PARAM_DIGEST, "SHA2-256"),
            param_octets(OSSL_KDF_PARAM_KEY, secret_span(z)),
            param_octets(OSSL_KDF_PARAM_INFO, span_of(info, (size_t)n)),
            OSSL_PARAM_construct_end(),
        };

        ENSURE(EVP_KDF_derive(ctx, key->p, key->n, params) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    }
    *ret = TAKE(key);
    return CKR_OK;
}

static CK_RV unwrap(const struct secret *key, struct span wrapped, struct secret **ret)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    AUTO(secret_freep) struct secret *plain = NULL;
    int n = 0;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    TRY(secret_new(wrapped.n, &plain)); /* OpenSSL may write what it then takes back */
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ENSURE(EVP_DecryptInit_ex2(ctx, ossl_cipher("AES-256-WRAP"), key->p, NULL, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_DecryptUpdate(ctx, plain->p, &n, wrapped.p, (int)wrapped.n) == 1 &&
               n == CMS_KEY_BYTES,
           ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    plain->n = CMS_KEY_BYTES;
    *ret = TAKE(plain);
    return CKR_OK;
}

static CK_RV agreed_key(const struct cms_form *f, const struct cms_agent *agent,
                        struct secret **ret)
{
    AUTO(secret_freep) struct secret *z = NULL;
    AUTO(secret_freep) struct secret *wrapping = NULL;

    TRY(agent->agree(agent->arg, f->point, &z));
    TRY(wrapping_key(f, z, &wrapping));
    return unwrap(wrapping, f->key, ret);
}

static CK_RV content_key(const struct cms_form *f, const struct cms_agent *agent,
                         struct secret **ret)
{
    return f->wrap != NULL ? agreed_key(f, agent, ret) : agent->decrypt(agent->arg, f->key, ret);
}

/* -- the content ------------------------------------------------------------------------------- */

static CK_RV content_open(const struct cms_form *f, const struct secret *key, struct secret **ret)
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    AUTO(secret_freep) struct secret *plain = NULL;
    uint8_t tag[CMS_TAG_BYTES];
    int n = 0, more = 0;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(key->n == CMS_KEY_BYTES && f->encrypted.n <= SECRET_MAX, CKR_ENCRYPTED_DATA_INVALID);
    memcpy(tag, f->tag.p, sizeof(tag));
    TRY(secret_new(f->encrypted.n, &plain));
    ENSURE(EVP_DecryptInit_ex2(ctx, ossl_cipher("AES-256-GCM"), key->p, f->nonce, NULL) == 1 &&
               EVP_DecryptUpdate(ctx, plain->p, &n, f->encrypted.p, (int)f->encrypted.n) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CMS_TAG_BYTES, tag) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_DecryptFinal_ex(ctx, plain->p + n, &more) == 1, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = TAKE(plain);
    return CKR_OK;
}

CK_RV cms_open_by(struct span cms_der, const struct cms_agent *agent, struct secret **ret)
{
    KEEP_ERRORS;
    AUTO(cms_form_clear) struct cms_form form = {.message = NULL};
    AUTO(secret_freep) struct secret *key = NULL;

    TRY(crypto_ready());
    TRY(cms_form_read(cms_der, &form));
    TRY(content_key(&form, agent, &key));
    return content_open(&form, key, ret);
}
