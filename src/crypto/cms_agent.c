/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms_agent.c - opening a recovery message with a private key that another token holds.
 *
 * OpenSSL's CMS_decrypt() wants an EVP_PKEY that can do the whole work. For a key in a token that
 * takes an engine or a provider: of the two Debian 12 and 13 have no one in common that serves EC
 * keys in CMS, and either brings its configuration into the process. What the key itself has to do
 * is one RSA decryption or one point multiplication, which every token can. The rest is done here
 * with OpenSSL's parts: its ASN.1 templates for what cms_seal() writes (RFC 5652 6.2, RFC 5083,
 * RFC 5084, RFC 5753), its KDF, key wrap and GCM.
 */
#include <openssl/asn1t.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>

#include "crypto/cms.h"
#include "crypto/ossl_auto.h"

#define MESSAGE_MAX (256u * 1024u)
#define KEY_BYTES   32 /* of AES-256: the content's key, and the one that wraps it */
#define NONCE_BYTES 12
#define TAG_BYTES   16
#define WRAPPED     (KEY_BYTES + 8)

/* -- the message, as far as it is needed ------------------------------------------------------- */

struct transport { /* KeyTransRecipientInfo */
    ASN1_INTEGER *version;
    ASN1_TYPE *recipient;
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *key;
};
struct originator { /* OriginatorPublicKey, where an OriginatorIdentifierOrKey is one */
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *point;
};
struct origin {
    int type;
    struct originator *key;
};
struct encrypted_key { /* RecipientEncryptedKey */
    ASN1_TYPE *recipient;
    ASN1_OCTET_STRING *key;
};
struct agreement { /* KeyAgreeRecipientInfo */
    ASN1_INTEGER *version;
    struct origin *origin;
    ASN1_OCTET_STRING *ukm;
    X509_ALGOR *algorithm;
    OPENSSL_STACK *keys;
};
struct recipient { /* RecipientInfo */
    int type;
    union {
        struct transport *transport;
        struct agreement *agreement;
    } d;
};
struct content { /* EncryptedContentInfo */
    ASN1_OBJECT *type;
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *encrypted;
};
struct enveloped { /* AuthEnvelopedData without attributes */
    ASN1_INTEGER *version;
    OPENSSL_STACK *recipients;
    struct content *content;
    ASN1_OCTET_STRING *mac;
};
struct message { /* ContentInfo */
    ASN1_OBJECT *type;
    struct enveloped *enveloped;
};
struct gcm { /* GCMParameters */
    ASN1_OCTET_STRING *nonce;
    ASN1_INTEGER *tag_length;
};

enum { RECIPIENT_TRANSPORT, RECIPIENT_AGREEMENT };

/* cppcheck does not know OpenSSL's template macros, and stops at them. */
#ifndef __CPPCHECK__
#define FIELD(of, field, type) ASN1_SIMPLE(struct of, field, type)

ASN1_SEQUENCE(TRANSPORT) = {
    FIELD(transport, version, ASN1_INTEGER),
    FIELD(transport, recipient, ASN1_ANY),
    FIELD(transport, algorithm, X509_ALGOR),
    FIELD(transport, key, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct transport, TRANSPORT)

ASN1_SEQUENCE(ORIGINATOR) = {
    FIELD(originator, algorithm, X509_ALGOR),
    FIELD(originator, point, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct originator, ORIGINATOR)

ASN1_CHOICE(ORIGIN) = {
    ASN1_IMP(struct origin, key, ORIGINATOR, 1),
} static_ASN1_CHOICE_END_name(struct origin, ORIGIN)

ASN1_SEQUENCE(ENCRYPTED_KEY) = {
    FIELD(encrypted_key, recipient, ASN1_ANY),
    FIELD(encrypted_key, key, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct encrypted_key, ENCRYPTED_KEY)

ASN1_SEQUENCE(AGREEMENT) = {
    FIELD(agreement, version, ASN1_INTEGER),
    ASN1_EXP(struct agreement, origin, ORIGIN, 0),
    ASN1_EXP_OPT(struct agreement, ukm, ASN1_OCTET_STRING, 1),
    FIELD(agreement, algorithm, X509_ALGOR),
    ASN1_SEQUENCE_OF(struct agreement, keys, ENCRYPTED_KEY),
} static_ASN1_SEQUENCE_END_name(struct agreement, AGREEMENT)

ASN1_CHOICE(RECIPIENT) = {
    FIELD(recipient, d.transport, TRANSPORT),
    ASN1_IMP(struct recipient, d.agreement, AGREEMENT, 1),
} static_ASN1_CHOICE_END_name(struct recipient, RECIPIENT)

ASN1_SEQUENCE(CONTENT) = {
    FIELD(content, type, ASN1_OBJECT),
    FIELD(content, algorithm, X509_ALGOR),
    ASN1_IMP(struct content, encrypted, ASN1_OCTET_STRING, 0),
} static_ASN1_SEQUENCE_END_name(struct content, CONTENT)

ASN1_SEQUENCE(ENVELOPED) = {
    FIELD(enveloped, version, ASN1_INTEGER),
    ASN1_SET_OF(struct enveloped, recipients, RECIPIENT),
    FIELD(enveloped, content, CONTENT),
    FIELD(enveloped, mac, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct enveloped, ENVELOPED)

ASN1_SEQUENCE(MESSAGE) = {
    FIELD(message, type, ASN1_OBJECT),
    ASN1_EXP(struct message, enveloped, ENVELOPED, 0),
} static_ASN1_SEQUENCE_END_name(struct message, MESSAGE)

ASN1_SEQUENCE(GCM) = {
    FIELD(gcm, nonce, ASN1_OCTET_STRING),
    ASN1_OPT(struct gcm, tag_length, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END_name(struct gcm, GCM)
#endif

static void message_freep(struct message **m)
{
    ASN1_item_free((ASN1_VALUE *)*m, ASN1_ITEM_rptr(MESSAGE));
}

static void gcm_freep(struct gcm **g)
{
    ASN1_item_free((ASN1_VALUE *)*g, ASN1_ITEM_rptr(GCM));
}

static struct span octets(const ASN1_OCTET_STRING *s)
{
    return span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static CK_RV message_read(struct span der, struct message **ret)
{
    const unsigned char *p = der.p;
    struct message *m;

    ENSURE(der.n > 0 && der.n <= MESSAGE_MAX, CKR_ENCRYPTED_DATA_INVALID);
    m = (void *)ASN1_item_d2i(NULL, &p, (long)der.n, ASN1_ITEM_rptr(MESSAGE));
    ENSURE(m != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = m;
    ENSURE(p == der.p + der.n && OPENSSL_sk_num(m->enveloped->recipients) == 1 &&
               OBJ_obj2nid(m->type) == NID_id_smime_ct_authEnvelopedData,
           CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}

/* -- the key of the content -------------------------------------------------------------------- */

/* The algorithm of the key wrap, which is the parameter of the agreement's (RFC 5753 7.1.4). */
static CK_RV wrap_algorithm(const struct agreement *a, X509_ALGOR **ret)
{
    const ASN1_OBJECT *scheme = NULL;
    const void *parameter = NULL;
    int type = 0;
    X509_ALGOR *wrap;

    X509_ALGOR_get0(&scheme, &type, &parameter, a->algorithm);
    ENSURE(OBJ_obj2nid(scheme) == NID_dhSinglePass_stdDH_sha256kdf_scheme &&
               type == V_ASN1_SEQUENCE,
           CKR_ENCRYPTED_DATA_INVALID);
    wrap = ASN1_item_unpack(parameter, ASN1_ITEM_rptr(X509_ALGOR));
    ENSURE(wrap != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = wrap;
    X509_ALGOR_get0(&scheme, NULL, NULL, wrap);
    ENSURE(OBJ_obj2nid(scheme) == NID_id_aes256_wrap, CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}
DEFINE_AUTO(algor_freep, X509_ALGOR, X509_ALGOR_free)

static void der_freep(unsigned char **der)
{
    OPENSSL_free(*der);
}

/* ECC-CMS-SharedInfo (RFC 5753 7.2), as the KDF's info. */
static CK_RV wrapping_key(const struct agreement *a, const struct secret *z, struct secret **ret)
{
    AUTO(algor_freep) X509_ALGOR *wrap = NULL;
    AUTO(der_freep) unsigned char *info = NULL;
    AUTO(kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), OSSL_KDF_NAME_X963KDF, NULL);
    AUTO(kdf_ctx_freep) EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    AUTO(secret_freep) struct secret *key = NULL;
    int n;

    TRY(wrap_algorithm(a, &wrap));
    n = CMS_SharedInfo_encode(&info, wrap, a->ukm, KEY_BYTES);
    ENSURE(ctx != NULL && n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    TRY(secret_new(KEY_BYTES, &key));
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

    ENSURE(wrapped.n == WRAPPED, CKR_ENCRYPTED_DATA_INVALID);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    TRY(secret_new(WRAPPED, &plain)); /* OpenSSL may write what it then takes back */
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ENSURE(EVP_DecryptInit_ex2(ctx, ossl_cipher("AES-256-WRAP"), key->p, NULL, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_DecryptUpdate(ctx, plain->p, &n, wrapped.p, (int)wrapped.n) == 1 && n == KEY_BYTES,
           ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    plain->n = KEY_BYTES;
    *ret = TAKE(plain);
    return CKR_OK;
}

static CK_RV agreed_key(const struct agreement *a, const struct cms_agent *agent,
                        struct secret **ret)
{
    AUTO(secret_freep) struct secret *z = NULL;
    AUTO(secret_freep) struct secret *wrapping = NULL;
    const struct encrypted_key *key;

    ENSURE(OPENSSL_sk_num(a->keys) == 1, CKR_ENCRYPTED_DATA_INVALID);
    key = OPENSSL_sk_value(a->keys, 0);
    TRY(agent->agree(agent->arg, octets(a->origin->key->point), &z));
    TRY(wrapping_key(a, z, &wrapping));
    return unwrap(wrapping, octets(key->key), ret);
}

static CK_RV content_key(const struct message *m, const struct cms_agent *agent,
                         struct secret **ret)
{
    const struct recipient *r = OPENSSL_sk_value(m->enveloped->recipients, 0);

    if (r->type == RECIPIENT_AGREEMENT)
        return agreed_key(r->d.agreement, agent, ret);
    return agent->decrypt(agent->arg, octets(r->d.transport->key), ret);
}

/* -- the content ------------------------------------------------------------------------------- */

static CK_RV gcm_read(const struct content *c, struct gcm **ret)
{
    const ASN1_OBJECT *cipher = NULL;
    const void *parameter = NULL;
    int type = 0;

    X509_ALGOR_get0(&cipher, &type, &parameter, c->algorithm);
    ENSURE(OBJ_obj2nid(cipher) == NID_aes_256_gcm && type == V_ASN1_SEQUENCE,
           CKR_ENCRYPTED_DATA_INVALID);
    *ret = ASN1_item_unpack(parameter, ASN1_ITEM_rptr(GCM));
    ENSURE(*ret != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    return CKR_OK;
}

static CK_RV content_open(const struct enveloped *e, const struct secret *key, struct secret **ret)
{
    const struct span encrypted = octets(e->content->encrypted), mac = octets(e->mac);
    AUTO(gcm_freep) struct gcm *gcm = NULL;
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    AUTO(secret_freep) struct secret *plain = NULL;
    uint8_t tag[TAG_BYTES];
    int n = 0, more = 0;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    TRY(gcm_read(e->content, &gcm));
    /* A shorter tag would be one that can be guessed. */
    ENSURE(key->n == KEY_BYTES && octets(gcm->nonce).n == NONCE_BYTES && mac.n == TAG_BYTES &&
               encrypted.n > 0 && encrypted.n <= SECRET_MAX,
           CKR_ENCRYPTED_DATA_INVALID);
    memcpy(tag, mac.p, sizeof(tag));
    TRY(secret_new(encrypted.n, &plain));
    ENSURE(EVP_DecryptInit_ex2(ctx, ossl_cipher("AES-256-GCM"), key->p, octets(gcm->nonce).p,
                               NULL) == 1 &&
               EVP_DecryptUpdate(ctx, plain->p, &n, encrypted.p, (int)encrypted.n) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_DecryptFinal_ex(ctx, plain->p + n, &more) == 1,
           ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = TAKE(plain);
    return CKR_OK;
}

CK_RV cms_open_by(struct span cms_der, const struct cms_agent *agent, struct secret **ret)
{
    KEEP_ERRORS;
    AUTO(message_freep) struct message *m = NULL;
    AUTO(secret_freep) struct secret *key = NULL;

    TRY(crypto_ready());
    TRY(message_read(cms_der, &m));
    TRY(content_key(m, agent, &key));
    return content_open(m->enveloped, key, ret);
}
