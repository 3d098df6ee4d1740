/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms.c - seal to, and open with, an owner's recovery certificate.
 *
 * The message is CMS AuthEnvelopedData (RFC 5083, RFC 5084): AES-256-GCM over the content, its key
 * for one recipient, named by issuer and serial number. RSA: OAEP with SHA-256 and MGF1-SHA-256
 * (RFC 4055). EC: ephemeral-static ECDH, X9.63 KDF with SHA-256, AES-256 key wrap (RFC 5753).
 * Everything runs in the module's own library context; keys are never asked for a passphrase.
 */
#include "crypto/cms.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/cms_form.h"
#include "crypto/ossl_auto.h"

#define CMS_MAX_INPUT (256u * 1024u) /* bytes of a certificate, key or message that we look at */
#define CMS_MIN_RSA   2048

DEFINE_AUTO(bio_freep, BIO, BIO_free_all)
DEFINE_AUTO(cms_freep, CMS_ContentInfo, CMS_ContentInfo_free)

/* A reader over borrowed bytes. CKR_ARGUMENTS_BAD when there are none, or too many. */
static CK_RV bio_over(struct span bytes, BIO **ret)
{
    BIO *bio = NULL;

    ENSURE(bytes.n > 0 && bytes.n <= CMS_MAX_INPUT, CKR_ARGUMENTS_BAD);
    bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    ENSURE(bio != NULL, ossl_rv(CKR_HOST_MEMORY));
    *ret = bio;
    return CKR_OK;
}

/* Never prompt: an encrypted key or certificate can't be read here. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

/* DER begins with a SEQUENCE tag; PEM is text, and never does: '0' could only be explanatory text,
 * so a failure in DER is tried as PEM too. */
static CK_RV x509_read(struct span bytes, X509 **ret)
{
    AUTO(bio_freep) BIO *bio = NULL;
    AUTO(x509_freep) X509 *x = NULL;
    const unsigned char *p = bytes.p;

    TRY(bio_over(bytes, &bio));
    x = X509_new_ex(ossl_ctx(), NULL);
    ENSURE(x != NULL, ossl_rv(CKR_HOST_MEMORY));
    if (d2i_X509(&x, &p, (long)bytes.n) != NULL) {
        ENSURE(p == bytes.p + bytes.n, CKR_ARGUMENTS_BAD);
        *ret = TAKE(x);
        return CKR_OK;
    }
    /* d2i freed and cleared x. */
    x = X509_new_ex(ossl_ctx(), NULL);
    ENSURE(x != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(PEM_read_bio_X509(bio, &x, no_passphrase, NULL) != NULL, ossl_rv(CKR_ARGUMENTS_BAD));
    *ret = TAKE(x);
    return CKR_OK;
}

static bool curve_fits(EVP_PKEY *key)
{
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char name[32] = "";

    if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
        return false;
    for (size_t i = 0; i < N_ELEMENTS(curves); i++)
        if (strcmp(name, curves[i]) == 0)
            return true;
    return false;
}

/* Can this certificate's key receive? */
static bool key_fits(const X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);

    if (key == NULL)
        return false;
    if (EVP_PKEY_is_a(key, "RSA"))
        return EVP_PKEY_get_bits(key) >= CMS_MIN_RSA;
    return EVP_PKEY_is_a(key, "EC") && curve_fits(key);
}

/* Append what a memory BIO holds. */
static CK_RV bio_append(BIO *bio, struct buf *ret)
{
    char *p = NULL;
    const long n = BIO_get_mem_data(bio, &p);

    ENSURE(n >= 0, CKR_FUNCTION_FAILED);
    buf_put(ret, span_of(p, (size_t)n));
    return buf_ok(ret);
}

static CK_RV subject_text(const X509 *x, struct buf *ret)
{
    AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

    ENSURE(bio != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0,
           ossl_rv(CKR_FUNCTION_FAILED));
    return bio_append(bio, ret);
}

CK_RV cms_certificate(struct span pem_or_der, struct buf *ret_der, struct buf *ret_subject)
{
    KEEP_ERRORS;
    AUTO(x509_freep) X509 *x = NULL;
    AUTO(bio_freep) BIO *der = NULL;
    AUTO(buf_clear) struct buf subject = BUF_INIT;

    TRY(crypto_ready());
    TRY(x509_read(pem_or_der, &x));
    ENSURE(key_fits(x), CKR_ARGUMENTS_BAD);
    der = BIO_new(BIO_s_mem());
    ENSURE(der != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(i2d_X509_bio(der, x) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(subject_text(x, &subject));
    TRY(bio_append(der, ret_der));
    if (ret_subject != NULL)
        buf_put(ret_subject, buf_span(&subject));
    return ret_subject != NULL ? buf_ok(ret_subject) : CKR_OK;
}

/* OpenSSL's defaults are PKCS#1 v1.5 and a KDF with SHA-1. */
static CK_RV recipient_tune(CMS_RecipientInfo *info)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(info);
    const EVP_MD *md = ossl_md("SHA2-256");

    ENSURE(ctx != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_AGREE) {
        ENSURE(EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, md) == 1, ossl_rv(CKR_FUNCTION_FAILED));
        return CKR_OK;
    }
    ENSURE(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV cms_make(X509 *x, struct span plain, CMS_ContentInfo **ret)
{
    AUTO(cms_freep) CMS_ContentInfo *cms = NULL;
    AUTO(bio_freep) BIO *in = NULL;
    CMS_RecipientInfo *info = NULL;

    TRY(bio_over(plain, &in));
    cms = CMS_AuthEnvelopedData_create_ex(ossl_cipher("AES-256-GCM"), ossl_ctx(), NULL);
    /* Else the content would be left to the caller to keep. */
    ENSURE(cms != NULL && CMS_set_detached(cms, 0) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    info = CMS_add1_recipient(cms, x, NULL, NULL, CMS_KEY_PARAM);
    ENSURE(info != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(recipient_tune(info));
    ENSURE(CMS_final(cms, in, NULL, CMS_BINARY) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(cms);
    return CKR_OK;
}

static CK_RV seal_to(X509 *x, struct span plain, struct buf *ret_der)
{
    AUTO(cms_freep) CMS_ContentInfo *cms = NULL;
    AUTO(bio_freep) BIO *der = NULL;

    ENSURE(key_fits(x), CKR_ARGUMENTS_BAD);
    TRY(cms_make(x, plain, &cms));
    der = BIO_new(BIO_s_mem());
    ENSURE(der != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(i2d_CMS_bio(der, cms) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return bio_append(der, ret_der);
}

CK_RV cms_seal(struct span certificate_der, struct span plain, struct buf *ret_der)
{
    KEEP_ERRORS;
    AUTO(x509_freep) X509 *x = NULL;

    TRY(crypto_ready());
    TRY(x509_read(certificate_der, &x));
    return seal_to(x, plain, ret_der);
}

/* A private key, PEM or DER PKCS#8. CKR_ARGUMENTS_BAD: not one, or encrypted. */
static CK_RV key_read(struct span bytes, EVP_PKEY **ret)
{
    AUTO(bio_freep) BIO *bio = NULL;
    const unsigned char *p = bytes.p;
    EVP_PKEY *key;

    TRY(bio_over(bytes, &bio));
    key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL, ossl_ctx(), NULL);
    if (key == NULL)
        key = d2i_AutoPrivateKey_ex(NULL, &p, (long)bytes.n, ossl_ctx(), NULL);
    ENSURE(key != NULL, ossl_rv(CKR_ARGUMENTS_BAD));
    *ret = key;
    return CKR_OK;
}

/* Only what cms_seal() makes: anything unauthenticated could be forged or changed by whoever holds
 * the disk, and anything else is nothing that OpenSSL should be asked to decrypt. */
static CK_RV cms_read(struct span der, CMS_ContentInfo **ret)
{
    AUTO(cms_form_clear) struct cms_form form = {.message = NULL};
    AUTO(cms_freep) CMS_ContentInfo *cms = NULL;
    AUTO(bio_freep) BIO *bio = NULL;

    TRY(cms_form_read(der, &form));
    TRY(bio_over(der, &bio));
    cms = CMS_ContentInfo_new_ex(ossl_ctx(), NULL);
    ENSURE(cms != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(d2i_CMS_bio(bio, &cms) != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = TAKE(cms);
    return CKR_OK;
}

/* Take the plain text out of OpenSSL's wiping memory. */
static CK_RV plain_take(BIO *bio, struct secret **ret)
{
    char *p = NULL;
    const long n = BIO_get_mem_data(bio, &p);

    ENSURE(n > 0 && n <= SECRET_MAX, CKR_ENCRYPTED_DATA_INVALID);
    return secret_from(span_of(p, (size_t)n), ret);
}

/* `x` picks the recipient; NULL: whichever the key opens. */
static CK_RV open_by_key(struct span cms_der, X509 *x, struct span private_key, struct secret **ret)
{
    AUTO(pkey_freep) EVP_PKEY *key = NULL;
    AUTO(cms_freep) CMS_ContentInfo *cms = NULL;
    AUTO(bio_freep) BIO *plain = NULL;

    TRY(key_read(private_key, &key));
    TRY(cms_read(cms_der, &cms));
    plain = BIO_new(BIO_s_secmem());
    ENSURE(plain != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(CMS_decrypt(cms, key, x, NULL, plain, CMS_BINARY) == 1,
           ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    return plain_take(plain, ret);
}

CK_RV cms_open(struct span cms_der, struct span certificate_der, struct span private_key,
               struct secret **ret)
{
    KEEP_ERRORS;
    AUTO(x509_freep) X509 *x = NULL;

    TRY(crypto_ready());
    TRY(x509_read(certificate_der, &x));
    return open_by_key(cms_der, x, private_key, ret);
}

/* -- without a certificate --------------------------------------------------------------------- */

static void der_free(uint8_t **der)
{
    OPENSSL_free(*der);
}

static CK_RV private_key_take(EVP_PKEY *key, struct secret **ret)
{
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
    uint8_t *der = NULL;
    const int n = p8 != NULL ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
    CK_RV rv = n > 0 ? CKR_OK : ossl_rv(CKR_FUNCTION_FAILED);

    if (rv == CKR_OK)
        rv = secret_from(span_of(der, (size_t)n), ret);
    OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
    return rv;
}

CK_RV cms_key_new(struct secret **ret_private, struct buf *ret_public)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *key = NULL;
    AUTO(der_free) uint8_t *der = NULL;
    AUTO(secret_freep) struct secret *secret = NULL;
    int n;

    TRY(crypto_ready());
    key = EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "EC", "secp384r1");
    ENSURE(key != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(private_key_take(key, &secret));
    n = i2d_PUBKEY(key, &der);
    ENSURE(n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    buf_put(ret_public, span_of(der, (size_t)n));
    TRY(buf_ok(ret_public));
    *ret_private = TAKE(secret);
    return CKR_OK;
}

/* CMS names its recipient by a certificate's issuer and serial number. This one is never signed and
 * never leaves the function's callers: whoever opens the message has one key, and goes by that. */
static CK_RV certificate_around(struct span public_key, X509 **ret)
{
    AUTO(x509_freep) X509 *x = X509_new_ex(ossl_ctx(), NULL);
    AUTO(pkey_freep) EVP_PKEY *key = NULL;
    const uint8_t *p = public_key.p;
    X509_NAME *name;

    ENSURE(x != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(public_key.n > 0 && public_key.n <= CMS_MAX_INPUT, CKR_ARGUMENTS_BAD);
    key = d2i_PUBKEY_ex(NULL, &p, (long)public_key.n, ossl_ctx(), NULL);
    ENSURE(key != NULL && p == public_key.p + public_key.n, ossl_rv(CKR_ARGUMENTS_BAD));
    ENSURE(EVP_PKEY_is_a(key, "EC"), CKR_ARGUMENTS_BAD);
    name = X509_get_issuer_name(x);
    ENSURE(X509_set_pubkey(x, key) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
               X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"handoff", -1,
                                          -1, 0) == 1,
           ossl_rv(CKR_HOST_MEMORY));
    *ret = TAKE(x);
    return CKR_OK;
}

CK_RV cms_seal_to_key(struct span public_key, struct span plain, struct buf *ret_der)
{
    KEEP_ERRORS;
    AUTO(x509_freep) X509 *x = NULL;

    TRY(crypto_ready());
    TRY(certificate_around(public_key, &x));
    return seal_to(x, plain, ret_der);
}

CK_RV cms_open_with_key(struct span cms_der, struct span private_key, struct secret **ret)
{
    KEEP_ERRORS;

    TRY(crypto_ready());
    return open_by_key(cms_der, NULL, private_key, ret);
}
