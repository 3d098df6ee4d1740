/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_chain.c - the certificate hierarchy of emulated chips.
 *
 * RSASSA-PSS with SHA-384, MGF1-SHA-384 and 48 bytes of salt from the ARK down to the leaf; leaves
 * are P-384 keys with AMD's extensions (arc 1.3.6.1.4.1.3704.1). Leaf keys follow from the chip,
 * RSA keys are random per process and serve all its emulators.
 */
#include "snp_chain.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>

#define RSA_BITS         4096u
#define PSS_SALT         48
#define SIGNATURE_NUMBER 72
#define SECONDS_PER_DAY  (24L * 60 * 60)
#define CSP_ID           "CN=emulated.tee-pkcs11.invalid"

enum authority { AUTHORITY_ARK, AUTHORITY_ASK, AUTHORITY_ASVK, AUTHORITY_NONE };

/* What a certificate of each kind says; %s is the product. */
struct profile {
    const char *subject, *issuer;
    enum authority signer;
    enum authority self; /* AUTHORITY_NONE: a leaf */
    uint32_t serial;     /* below the product's 0x010000, 0x020000, 0x030000; leaves have 0 */
    const char *key_usage, *constraints;
    long days;
};

#define CA_LEAST "critical,CA:TRUE,pathlen:0"
static const struct profile profiles[] = {
    [SNP_CERT_ARK] = {"ARK-%s", "ARK-%s", AUTHORITY_ARK, AUTHORITY_ARK, 0,
                      "critical,keyCertSign,cRLSign", "critical,CA:TRUE", 25 * 365},
    [SNP_CERT_ASK] = {"SEV-%s", "ARK-%s", AUTHORITY_ARK, AUTHORITY_ASK, 1, "critical,keyCertSign",
                      CA_LEAST, 25 * 365},
    [SNP_CERT_ASVK] = {"SEV-VLEK-%s", "ARK-%s", AUTHORITY_ARK, AUTHORITY_ASVK, 0x101,
                       "critical,keyCertSign", CA_LEAST, 25 * 365},
    [SNP_CERT_VCEK] = {"SEV-VCEK", "SEV-%s", AUTHORITY_ASK, AUTHORITY_NONE, 0, NULL, NULL, 7 * 365},
    [SNP_CERT_VLEK] = {"SEV-VLEK", "SEV-VLEK-%s", AUTHORITY_ASVK, AUTHORITY_NONE, 0, NULL, NULL,
                       365},
};

/* The RSA key of an authority, made at its first use; it lives as long as the process. */
static EVP_PKEY *authority_key(enum authority a)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static EVP_PKEY *keys[AUTHORITY_NONE];
    EVP_PKEY *key;

    (void)pthread_mutex_lock(&lock);
    if (keys[a] == NULL)
        keys[a] = EVP_RSA_gen(RSA_BITS);
    key = keys[a];
    (void)pthread_mutex_unlock(&lock);
    return key;
}

DEFINE_AUTO(bn_freep, BIGNUM, BN_clear_free)
DEFINE_AUTO(bn_ctx_freep, BN_CTX, BN_CTX_free)
DEFINE_AUTO(group_freep, EC_GROUP, EC_GROUP_free)
DEFINE_AUTO(point_freep, EC_POINT, EC_POINT_free)
DEFINE_AUTO(param_bld_freep, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DEFINE_AUTO(params_freep, OSSL_PARAM, OSSL_PARAM_free)
DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_AUTO(md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_AUTO(sig_freep, ECDSA_SIG, ECDSA_SIG_free)
DEFINE_AUTO(x509_freep, X509, X509_free)
DEFINE_AUTO(ext_freep, X509_EXTENSION, X509_EXTENSION_free)
DEFINE_AUTO(octets_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
DEFINE_AUTO(object_freep, ASN1_OBJECT, ASN1_OBJECT_free)
DEFINE_AUTO(integer_freep, ASN1_INTEGER, ASN1_INTEGER_free)
DEFINE_AUTO(ia5_freep, ASN1_IA5STRING, ASN1_IA5STRING_free)

/* A number in 1..order-1 that follows from the secret. */
static BIGNUM *private_number(const uint8_t secret[48], const EC_GROUP *group, BN_CTX *ctx)
{
    AUTO(bn_freep) BIGNUM *n = NULL;
    AUTO(bn_freep) BIGNUM *top = BN_dup(EC_GROUP_get0_order(group));
    uint8_t bytes[48];

    snp_hmac(span_of(secret, 48), SPAN_LIT("signing key"), bytes, sizeof(bytes));
    n = BN_bin2bn(bytes, sizeof(bytes), NULL);
    if (n == NULL || top == NULL || !BN_sub_word(top, 1) || !BN_mod(n, n, top, ctx) ||
        !BN_add_word(n, 1))
        return NULL;
    return TAKE(n);
}

EVP_PKEY *snp_chain_leaf_key(const uint8_t secret[48])
{
    AUTO(bn_ctx_freep) BN_CTX *ctx = BN_CTX_new();
    AUTO(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    AUTO(point_freep) EC_POINT *point = EC_POINT_new(group);
    AUTO(bn_freep) BIGNUM *number = private_number(secret, group, ctx);
    AUTO(param_bld_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    AUTO(params_freep) OSSL_PARAM *params = NULL;
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *from = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    uint8_t public[97];

    if (point == NULL || number == NULL || build == NULL || from == NULL ||
        !EC_POINT_mul(group, point, number, NULL, NULL, ctx) ||
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public, sizeof(public),
                           ctx) != sizeof(public) ||
        !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) ||
        !OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public, sizeof(public)))
        return NULL;
    params = OSSL_PARAM_BLD_to_param(build);
    if (params == NULL || EVP_PKEY_fromdata_init(from) != 1 ||
        EVP_PKEY_fromdata(from, &key, EVP_PKEY_KEYPAIR, params) != 1)
        return NULL;
    return key;
}

bool snp_chain_sign(const uint8_t secret[48], struct span bytes, uint8_t ret[SNP_SIGNATURE_BYTES])
{
    AUTO(pkey_freep) EVP_PKEY *key = snp_chain_leaf_key(secret);
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AUTO(sig_freep) ECDSA_SIG *sig = NULL;
    uint8_t der[256];
    const uint8_t *p = der;
    size_t n = sizeof(der);

    if (key == NULL || ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(ctx, der, &n, bytes.p, bytes.n) != 1)
        return false;
    sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    memset(ret, 0, SNP_SIGNATURE_BYTES);
    return sig != NULL &&
           BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), ret, SIGNATURE_NUMBER) == SIGNATURE_NUMBER &&
           BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), ret + SIGNATURE_NUMBER, SIGNATURE_NUMBER) ==
               SIGNATURE_NUMBER;
}

static bool name_set(X509_NAME *name, const char *format, enum snp_product product)
{
    static const char *const fixed[][2] = {
        {"OU", "Engineering"},           {"C", "US"}, {"L", "Santa Clara"}, {"ST", "CA"},
        {"O", "Advanced Micro Devices"},
    };
    AUTO(buf_clear) struct buf cn = BUF_INIT;
    const char *mark = strchr(format, '%');

    buf_printf(&cn, "%.*s%s", (int)(mark != NULL ? mark - format : (long)strlen(format)), format,
               mark != NULL ? snp_product_name(product) : "");
    for (size_t i = 0; i < N_ELEMENTS(fixed); i++) {
        if (!X509_NAME_add_entry_by_txt(name, fixed[i][0], MBSTRING_ASC,
                                        (const uint8_t *)fixed[i][1], -1, -1, 0))
            return false;
    }
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, cn.p, (int)cn.n, -1, 0) == 1;
}

/* An extension 1.3.6.1.4.1.3704.1.<leaf> whose content is these bytes, bare. */
static bool extension_add(X509 *cert, const char *leaf, struct span content)
{
    AUTO(octets_freep) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    AUTO(object_freep) ASN1_OBJECT *object = NULL;
    AUTO(ext_freep) X509_EXTENSION *ext = NULL;
    char oid[64];

    (void)snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.%s", leaf);
    object = OBJ_txt2obj(oid, 1);
    if (octets == NULL || object == NULL ||
        !ASN1_OCTET_STRING_set(octets, content.p, (int)content.n))
        return false;
    ext = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
    return ext != NULL && X509_add_ext(cert, ext, -1) == 1;
}

static bool extension_integer(X509 *cert, const char *leaf, uint8_t value)
{
    AUTO(integer_freep) ASN1_INTEGER *number = ASN1_INTEGER_new();
    uint8_t der[16];
    uint8_t *p = der;
    int n;

    if (number == NULL || !ASN1_INTEGER_set(number, value))
        return false;
    n = i2d_ASN1_INTEGER(number, &p);
    return n > 0 && extension_add(cert, leaf, span_of(der, (size_t)n));
}

static bool extension_text(X509 *cert, const char *leaf, const char *text)
{
    AUTO(ia5_freep) ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    uint8_t der[128];
    uint8_t *p = der;
    int n;

    if (string == NULL || !ASN1_STRING_set(string, text, -1))
        return false;
    n = i2d_ASN1_IA5STRING(string, &p);
    return n > 0 && extension_add(cert, leaf, span_of(der, (size_t)n));
}

/* Extension of each byte of a TCB, by layout; Turin has no .3.4. */
static const char *const tcb_extensions[2][8] = {
    {"3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "3.3", "3.8"},
    {"3.9", "3.1", "3.2", "3.3", "3.5", "3.6", "3.7", "3.8"},
};

static bool leaf_extensions(X509 *cert, enum snp_certificate which, const struct snp_leaf *leaf)
{
    const bool turin = leaf->product == SNP_TURIN;

    if (!extension_integer(cert, "1", turin) ||
        !extension_text(cert, "2", snp_product_name(leaf->product)))
        return false;
    for (unsigned i = 0; i < 8; i++) {
        if (!extension_integer(cert, tcb_extensions[turin][i], (uint8_t)(leaf->tcb >> (8 * i))))
            return false;
    }
    if (which == SNP_CERT_VLEK)
        return extension_text(cert, "5", CSP_ID);
    return extension_add(cert, "4", span_of(leaf->chip_id, turin ? 8 : 64));
}

static bool standard_extension(X509 *cert, int nid, const char *value)
{
    AUTO(ext_freep) X509_EXTENSION *ext = NULL;

    if (value == NULL)
        return true;
    ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    return ext != NULL && X509_add_ext(cert, ext, -1) == 1;
}

static bool certificate_sign(X509 *cert, EVP_PKEY *key)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pss = NULL;

    return ctx != NULL && EVP_DigestSignInit(ctx, &pss, EVP_sha384(), NULL, key) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, PSS_SALT) == 1 && X509_sign_ctx(cert, ctx) > 0;
}

X509 *snp_chain_certificate(enum snp_certificate which, const struct snp_leaf *leaf)
{
    const struct profile *p = &profiles[which];
    const bool is_leaf = p->self == AUTHORITY_NONE;
    const uint32_t base = ((uint32_t)leaf->product + 1) << 16;
    AUTO(x509_freep) X509 *cert = X509_new();
    AUTO(pkey_freep) EVP_PKEY *leaf_key = is_leaf ? snp_chain_leaf_key(leaf->secret) : NULL;
    EVP_PKEY *key = is_leaf ? leaf_key : authority_key(p->self);
    EVP_PKEY *signer = authority_key(p->signer);

    if (cert == NULL || key == NULL || signer == NULL || !X509_set_version(cert, X509_VERSION_3) ||
        !ASN1_INTEGER_set(X509_get_serialNumber(cert), is_leaf ? 0 : (long)(base | p->serial)) ||
        !X509_gmtime_adj(X509_getm_notBefore(cert), -SECONDS_PER_DAY) ||
        !X509_gmtime_adj(X509_getm_notAfter(cert), p->days * SECONDS_PER_DAY) ||
        !name_set(X509_get_subject_name(cert), p->subject, leaf->product) ||
        !name_set(X509_get_issuer_name(cert), p->issuer, leaf->product) ||
        !X509_set_pubkey(cert, key) || !standard_extension(cert, NID_key_usage, p->key_usage) ||
        !standard_extension(cert, NID_basic_constraints, p->constraints) ||
        (is_leaf && !leaf_extensions(cert, which, leaf)) || !certificate_sign(cert, signer))
        return NULL;
    return TAKE(cert);
}
