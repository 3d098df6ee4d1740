/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms_form.c - OpenSSL's ASN.1 templates for what cms_seal() writes (RFC 5652 6.2, RFC 5083,
 * RFC 5084, RFC 5753); see cms_form.h.
 */
#include "crypto/cms_form.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>

#include "crypto/ossl_auto.h"

#define MESSAGE_MAX (256u * 1024u)
#define WRAPPED     (CMS_KEY_BYTES + 8u)

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
struct cms_message { /* ContentInfo */
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
    FIELD(cms_message, type, ASN1_OBJECT),
    ASN1_EXP(struct cms_message, enveloped, ENVELOPED, 0),
} static_ASN1_SEQUENCE_END_name(struct cms_message, MESSAGE)

ASN1_SEQUENCE(GCM) = {
    FIELD(gcm, nonce, ASN1_OCTET_STRING),
    ASN1_OPT(struct gcm, tag_length, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END_name(struct gcm, GCM)
#endif

static void gcm_freep(struct gcm **g)
{
    ASN1_item_free((ASN1_VALUE *)*g, ASN1_ITEM_rptr(GCM));
}

void cms_form_clear(struct cms_form *f)
{
    X509_ALGOR_free(f->wrap);
    ASN1_item_free((ASN1_VALUE *)f->message, ASN1_ITEM_rptr(MESSAGE));
    *f = (struct cms_form){.message = NULL};
}

static struct span octets(const ASN1_OCTET_STRING *s)
{
    return span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static CK_RV message_read(struct span der, struct cms_message **ret)
{
    const unsigned char *p = der.p;
    struct cms_message *m;

    ENSURE(der.n > 0 && der.n <= MESSAGE_MAX, CKR_ENCRYPTED_DATA_INVALID);
    m = (void *)ASN1_item_d2i(NULL, &p, (long)der.n, ASN1_ITEM_rptr(MESSAGE));
    ENSURE(m != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    *ret = m;
    ENSURE(p == der.p + der.n && OPENSSL_sk_num(m->enveloped->recipients) == 1 &&
               OBJ_obj2nid(m->type) == NID_id_smime_ct_authEnvelopedData,
           CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}

static bool is_algorithm(const X509_ALGOR *algorithm, int nid)
{
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object) == nid;
}

/* The parameter of an algorithm, where that is a SEQUENCE of `item`; NULL: it is not. */
static void *parameter(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
    const void *value = NULL;
    int type = 0;

    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

/* The algorithm of the key wrap is the parameter of the agreement's (RFC 5753 7.1.4). */
static CK_RV agreement_read(const struct agreement *a, struct cms_form *ret)
{
    const struct encrypted_key *key;

    ENSURE(OPENSSL_sk_num(a->keys) == 1 &&
               is_algorithm(a->algorithm, NID_dhSinglePass_stdDH_sha256kdf_scheme),
           CKR_ENCRYPTED_DATA_INVALID);
    ret->wrap = parameter(a->algorithm, ASN1_ITEM_rptr(X509_ALGOR));
    ENSURE(ret->wrap != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    key = OPENSSL_sk_value(a->keys, 0);
    ret->key = octets(key->key);
    ENSURE(is_algorithm(ret->wrap, NID_id_aes256_wrap) && ret->key.n == WRAPPED,
           CKR_ENCRYPTED_DATA_INVALID);
    ret->point = octets(a->origin->key->point);
    ret->ukm = a->ukm;
    return CKR_OK;
}

static CK_RV transport_read(const struct transport *t, struct cms_form *ret)
{
    ENSURE(is_algorithm(t->algorithm, NID_rsaesOaep), CKR_ENCRYPTED_DATA_INVALID);
    ret->key = octets(t->key);
    return CKR_OK;
}

static CK_RV recipient_read(const struct recipient *r, struct cms_form *ret)
{
    if (r->type == RECIPIENT_AGREEMENT)
        return agreement_read(r->d.agreement, ret);
    return transport_read(r->d.transport, ret);
}

/* A shorter tag would be one that can be guessed. */
static CK_RV content_read(const struct enveloped *e, struct cms_form *ret)
{
    const X509_ALGOR *algorithm = e->content->algorithm;
    AUTO(gcm_freep) struct gcm *gcm = NULL;

    ENSURE(is_algorithm(algorithm, NID_aes_256_gcm), CKR_ENCRYPTED_DATA_INVALID);
    gcm = parameter(algorithm, ASN1_ITEM_rptr(GCM));
    ENSURE(gcm != NULL, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    ENSURE(octets(gcm->nonce).n == CMS_NONCE_BYTES, CKR_ENCRYPTED_DATA_INVALID);
    memcpy(ret->nonce, octets(gcm->nonce).p, CMS_NONCE_BYTES);
    ret->encrypted = octets(e->content->encrypted);
    ret->tag = octets(e->mac);
    ENSURE(ret->tag.n == CMS_TAG_BYTES && ret->encrypted.n > 0, CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}

CK_RV cms_form_read(struct span der, struct cms_form *ret)
{
    *ret = (struct cms_form){.message = NULL};
    TRY(message_read(der, &ret->message));
    TRY(recipient_read(OPENSSL_sk_value(ret->message->enveloped->recipients, 0), ret));
    return content_read(ret->message->enveloped, ret);
}
