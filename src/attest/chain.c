/* SPDX-License-Identifier: BSD-2-Clause */
/* chain.c - certificate chains, revocation lists and report signatures; see chain.h. */
#include "attest/chain.h"

#include <openssl/x509v3.h>

#define AT_R        0x2a0
#define NUMBER_ROOM 72 /* bytes of r and of s in a report, little-endian */

DEFINE_AUTO(store_freep, X509_STORE, X509_STORE_free)
DEFINE_AUTO(store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)
DEFINE_AUTO(sig_freep, ECDSA_SIG, ECDSA_SIG_free)

static void stack_free(STACK_OF(X509) * *s)
{
    sk_X509_free(*s);
}

enum cert_role chain_leaf_role(enum signing_key k)
{
    return k == SIGNING_VLEK ? CERT_VLEK : CERT_VCEK;
}

enum cert_role chain_issuer_role(enum signing_key k)
{
    return k == SIGNING_VLEK ? CERT_ASVK : CERT_ASK;
}

static const X509_ALGOR *algorithm_of(const X509 *x)
{
    const X509_ALGOR *a = NULL;

    X509_get0_signature(NULL, &a, x);
    return a;
}

bool chain_signed_by(X509 *x, X509 *issuer)
{
    KEEP_ERRORS;
    EVP_PKEY *key = X509_get0_pubkey(issuer);

    return key != NULL && X509_verify(x, key) == 1;
}

/* Is this what a certificate of the role and product looks like? */
static bool looks_right(const X509 *x, enum cert_role role, enum product product, struct buf *words)
{
    enum cert_role is_role = N_CERT_ROLES;
    enum product is_product = N_PRODUCTS;
    const char *objection = NULL;
    char cn[64];

    if (!cert_identify(x, &is_role, &is_product) || is_role != role || is_product != product)
        objection = "its names are not those of this place in the chain";
    else if (!cert_key_fits(x, role))
        objection = "its key is not of the kind that AMD uses there";
    else if (!cert_is_pss(algorithm_of(x)))
        objection = "it is not signed with RSASSA-PSS, SHA-384 and 48 bytes of salt";
    if (objection != NULL)
        buf_printf(words, "certificate %s (%s): %s", cert_common_name(x, cn), product_name(product),
                   objection);
    return objection == NULL;
}

/* OpenSSL's path validation (RFC 5280) from `leaf` to the root, and to nothing else. */
static bool path_ok(X509 *root, X509 *issuer, X509 *leaf, int length, time_t at, struct buf *words)
{
    KEEP_ERRORS;
    AUTO(store_freep) X509_STORE *store = X509_STORE_new();
    AUTO(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(ossl_ctx(), NULL);
    AUTO(stack_free) STACK_OF(X509) *between = sk_X509_new_null();
    X509 *culprit;
    char cn[64];

    if (store == NULL || ctx == NULL || between == NULL || X509_STORE_add_cert(store, root) != 1 ||
        (issuer != NULL && sk_X509_push(between, issuer) == 0) ||
        X509_STORE_CTX_init(ctx, store, leaf, between) != 1) {
        buf_printf(words, "out of memory");
        return false;
    }
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_STORE_CTX_set_time(ctx, 0, at);
    if (X509_verify_cert(ctx) == 1 && sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) == length)
        return true;
    culprit = X509_STORE_CTX_get_current_cert(ctx);
    buf_printf(words, "certificate %s: %s",
               culprit != NULL ? cert_common_name(culprit, cn) : "of the chain",
               X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    return false;
}

bool chain_root_ok(X509 *root, time_t at, struct buf *ret_words)
{
    enum cert_role role = N_CERT_ROLES;
    enum product product = N_PRODUCTS;

    if (!cert_identify(root, &role, &product) || role != CERT_ARK) {
        buf_printf(ret_words, "its names are not those of an AMD root key (ARK)");
        return false;
    }
    return looks_right(root, CERT_ARK, product, ret_words) &&
           path_ok(root, NULL, root, 1, at, ret_words);
}

bool chain_ok(const struct chain *c, time_t at, struct buf *ret_words)
{
    return looks_right(c->root, CERT_ARK, c->product, ret_words) &&
           looks_right(c->issuer, chain_issuer_role(c->signing_key), c->product, ret_words) &&
           looks_right(c->leaf, chain_leaf_role(c->signing_key), c->product, ret_words) &&
           path_ok(c->root, c->issuer, c->leaf, 3, at, ret_words);
}

/* Is every critical extension of the list one that changes nothing? There is none such: an indirect
 * or partial list would have to be read otherwise. */
static bool has_critical(const X509_CRL *crl)
{
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
            return true;
    }
    return false;
}

/* thisUpdate <= at <= nextUpdate; a list without an end is none of AMD's. */
static bool in_force(const X509_CRL *crl, time_t at)
{
    const ASN1_TIME *from = X509_CRL_get0_lastUpdate(crl);
    const ASN1_TIME *to = X509_CRL_get0_nextUpdate(crl);

    /* X509_cmp_time() is -1 for a time at or before `at`, 1 for a later one, 0 on error. */
    return from != NULL && to != NULL && X509_cmp_time(from, &at) == -1 &&
           X509_cmp_time(to, &at) == 1;
}

bool chain_crl_is_of_root(X509_CRL *crl, X509 *root, enum product p, time_t at,
                          struct buf *ret_words)
{
    KEEP_ERRORS;
    const X509_ALGOR *algorithm = NULL;
    const char *objection = NULL;

    X509_CRL_get0_signature(crl, NULL, &algorithm);
    if (!cert_name_is_ark(X509_CRL_get_issuer(crl), p))
        objection = "its issuer is not the product's ARK";
    else if (!cert_is_pss(algorithm) || X509_CRL_verify(crl, X509_get0_pubkey(root)) != 1)
        objection = "it is not signed by the ARK";
    else if (has_critical(crl))
        objection = "it has a critical extension that this program does not know";
    else if (!in_force(crl, at))
        objection = "it is not in force at the time of verification";
    if (objection != NULL)
        buf_printf(ret_words, "revocation list: %s", objection);
    return objection == NULL;
}

/* Of their crlNumbers (RFC 5280, 5.2.3): below 0, 0, above 0; 0 too where one has none. */
static int numbers_compare(const X509_CRL *a, const X509_CRL *b)
{
    ASN1_INTEGER *x = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL);
    ASN1_INTEGER *y = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
    const int order = x != NULL && y != NULL ? ASN1_INTEGER_cmp(x, y) : 0;

    ASN1_INTEGER_free(x);
    ASN1_INTEGER_free(y);
    return order;
}

bool chain_crl_is_older(const X509_CRL *crl, const X509_CRL *than)
{
    KEEP_ERRORS;
    const int order = numbers_compare(crl, than);

    /* ASN1_TIME_compare() is -2 on an error: then it counts as older too. */
    return order < 0 || (order == 0 && ASN1_TIME_compare(X509_CRL_get0_lastUpdate(crl),
                                                         X509_CRL_get0_lastUpdate(than)) < 0);
}

bool chain_crl_ok(const struct chain *c, X509_CRL *crl, time_t at, struct buf *ret_words)
{
    X509 *const chain[] = {c->root, c->issuer};
    X509_REVOKED *entry = NULL;
    char cn[64];

    if (!chain_crl_is_of_root(crl, c->root, c->product, at, ret_words))
        return false;
    for (size_t i = 0; i < N_ELEMENTS(chain); i++) {
        if (X509_CRL_get0_by_serial(crl, &entry, X509_get0_serialNumber(chain[i])) != 0) {
            buf_printf(ret_words, "AMD has revoked %s", cert_common_name(chain[i], cn));
            return false;
        }
    }
    return true;
}

/* r and s as OpenSSL takes them. All 72 bytes count: a reader of the first 48 would accept others.
 */
static bool signature_der(const struct report *r, uint8_t **ret, size_t *ret_n)
{
    AUTO(sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *number_r = BN_lebin2bn(r->raw.p + AT_R, NUMBER_ROOM, NULL);
    BIGNUM *number_s = BN_lebin2bn(r->raw.p + AT_R + NUMBER_ROOM, NUMBER_ROOM, NULL);
    int n;

    if (sig == NULL || number_r == NULL || number_s == NULL ||
        ECDSA_SIG_set0(sig, number_r, number_s) != 1) {
        BN_free(number_r);
        BN_free(number_s);
        return false;
    }
    n = i2d_ECDSA_SIG(sig, ret);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool chain_report_signed(const struct chain *c, const struct report *r)
{
    KEEP_ERRORS;
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key = X509_get0_pubkey(c->leaf);
    uint8_t *der = NULL;
    size_t n = 0;
    bool good;

    if (ctx == NULL || key == NULL || !signature_der(r, &der, &n))
        return false;
    good = EVP_DigestVerifyInit_ex(ctx, NULL, "SHA2-384", ossl_ctx(), NULL, key, NULL) == 1 &&
           EVP_DigestVerify(ctx, der, n, r->raw.p, REPORT_SIGNED) == 1;
    OPENSSL_free(der);
    return good;
}
