/* SPDX-License-Identifier: BSD-2-Clause */
/* cert.c - reads and tells apart AMD's certificates; see cert.h. */
#include "attest/cert.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/prim.h"

#define MAX_FILE   (256u * 1024u)
#define RSA_BITS   4096
#define PSS_SALT   48
#define N_DN_PARTS 6 /* the five below and the common name */

DEFINE_AUTO(bio_freep, BIO, BIO_free_all)
DEFINE_AUTO(pss_freep, RSA_PSS_PARAMS, RSA_PSS_PARAMS_free)
DEFINE_AUTO(algor_freep, X509_ALGOR, X509_ALGOR_free)

/* -- reading --------------------------------------------------------------------------------- */

void cert_list_clear(struct cert_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        X509_free(l->item[i]);
    l->n = 0;
}

CK_RV cert_list_add(struct cert_list *l, X509 *x)
{
    if (l->n == N_ELEMENTS(l->item)) {
        X509_free(x);
        FAIL(CKR_DATA_INVALID);
    }
    l->item[l->n++] = x;
    return CKR_OK;
}

CK_RV cert_read(struct span der, X509 **ret)
{
    KEEP_ERRORS;
    AUTO(x509_freep) X509 *x = NULL;
    const uint8_t *p = der.p;

    TRY(crypto_ready());
    ENSURE(der.n > 0 && der.n <= MAX_FILE, CKR_DATA_INVALID);
    x = X509_new_ex(ossl_ctx(), NULL);
    ENSURE(x != NULL, ossl_rv(CKR_HOST_MEMORY));
    /* On failure d2i frees what it was given. */
    if (d2i_X509(&x, &p, (long)der.n) == NULL) {
        x = NULL;
        FAIL(ossl_rv(CKR_DATA_INVALID));
    }
    ENSURE(p == der.p + der.n, CKR_DATA_INVALID);
    *ret = TAKE(x);
    return CKR_OK;
}

int cert_no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

/* Was the end of the input all that was wrong? */
static bool at_end_of_pem(void)
{
    const unsigned long e = ERR_peek_last_error();

    return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static CK_RV read_pem(struct span bytes, struct cert_list *l)
{
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);

    ENSURE(bio != NULL, ossl_rv(CKR_HOST_MEMORY));
    for (;;) {
        X509 *x = X509_new_ex(ossl_ctx(), NULL);

        ENSURE(x != NULL, ossl_rv(CKR_HOST_MEMORY));
        if (PEM_read_bio_X509(bio, &x, cert_no_passphrase, NULL) == NULL) {
            X509_free(x); /* left alone where no object was begun, else freed and NULL */
            break;
        }
        TRY(cert_list_add(l, x));
    }
    ENSURE(at_end_of_pem(), ossl_rv(CKR_DATA_INVALID));
    return CKR_OK;
}

CK_RV cert_read_file(struct span bytes, struct cert_list *l)
{
    KEEP_ERRORS;
    const size_t had = l->n;
    X509 *x = NULL;

    TRY(crypto_ready());
    ENSURE(bytes.n > 0 && bytes.n <= MAX_FILE, CKR_DATA_INVALID);
    if (cert_read(bytes, &x) == CKR_OK)
        return cert_list_add(l, x);
    TRY(read_pem(bytes, l));
    ENSURE(l->n > had, CKR_DATA_INVALID);
    return CKR_OK;
}

CK_RV cert_read_crl(struct span bytes, X509_CRL **ret)
{
    KEEP_ERRORS;
    AUTO(bio_freep) BIO *bio = NULL;
    AUTO(crl_freep) X509_CRL *crl = NULL;
    const uint8_t *p = bytes.p;

    TRY(crypto_ready());
    ENSURE(bytes.n > 0 && bytes.n <= MAX_FILE, CKR_DATA_INVALID);
    crl = X509_CRL_new_ex(ossl_ctx(), NULL);
    ENSURE(crl != NULL, ossl_rv(CKR_HOST_MEMORY));
    if (d2i_X509_CRL(&crl, &p, (long)bytes.n) != NULL) {
        ENSURE(p == bytes.p + bytes.n, CKR_DATA_INVALID);
        *ret = TAKE(crl);
        return CKR_OK;
    }
    crl = X509_CRL_new_ex(ossl_ctx(), NULL); /* d2i freed the first */
    bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    ENSURE(crl != NULL && bio != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(PEM_read_bio_X509_CRL(bio, &crl, cert_no_passphrase, NULL) != NULL,
           ossl_rv(CKR_DATA_INVALID));
    *ret = TAKE(crl);
    return CKR_OK;
}

/* -- names ----------------------------------------------------------------------------------- */

/* %s is the product. */
static const struct {
    const char *subject, *issuer;
} names[N_CERT_ROLES] = {
    [CERT_ARK] = {"ARK-%s", "ARK-%s"},         [CERT_ASK] = {"SEV-%s", "ARK-%s"},
    [CERT_ASVK] = {"SEV-VLEK-%s", "ARK-%s"},   [CERT_VCEK] = {"SEV-VCEK", "SEV-%s"},
    [CERT_VLEK] = {"SEV-VLEK", "SEV-VLEK-%s"},
};

static const struct {
    int nid;
    const char *value;
} dn_parts[] = {
    {NID_organizationalUnitName, "Engineering"},
    {NID_countryName, "US"},
    {NID_localityName, "Santa Clara"},
    {NID_stateOrProvinceName, "CA"},
    {NID_organizationName, "Advanced Micro Devices"},
};

/* Is there exactly one entry of this kind, and this its value? */
static bool entry_is(const X509_NAME *name, int nid, const char *value)
{
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    const ASN1_STRING *text;

    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
        return false;
    text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    return span_equal(span_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)),
                      span_of(value, strlen(value)));
}

static bool name_is(const X509_NAME *name, const char *format, enum product p)
{
    const char *mark = strchr(format, '%');
    char cn[64];

    (void)snprintf(cn, sizeof(cn), "%.*s%s", (int)(mark != NULL ? mark - format : INT_MAX), format,
                   mark != NULL ? product_name(p) : "");
    for (size_t i = 0; i < N_ELEMENTS(dn_parts); i++) {
        if (!entry_is(name, dn_parts[i].nid, dn_parts[i].value))
            return false;
    }
    return X509_NAME_entry_count(name) == N_DN_PARTS && entry_is(name, NID_commonName, cn);
}

bool cert_name_is_ark(const X509_NAME *name, enum product p)
{
    return name_is(name, names[CERT_ARK].subject, p);
}

bool cert_identify(const X509 *x, enum cert_role *ret_role, enum product *ret_product)
{
    for (size_t role = 0; role < N_CERT_ROLES; role++) {
        for (size_t p = 0; p < N_PRODUCTS; p++) {
            if (name_is(X509_get_subject_name(x), names[role].subject, (enum product)p) &&
                name_is(X509_get_issuer_name(x), names[role].issuer, (enum product)p)) {
                *ret_role = (enum cert_role)role;
                *ret_product = (enum product)p;
                return true;
            }
        }
    }
    return false;
}

const char *cert_common_name(const X509 *x, char text[64])
{
    const int n = X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, 64);

    if (n <= 0)
        (void)snprintf(text, 64, "(no name)");
    for (char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return text;
}

/* -- keys and signatures --------------------------------------------------------------------- */

/* The parameter of an algorithm as a decoded structure; NULL: it has none, or another one. */
static void *parameter_of(const X509_ALGOR *a, const ASN1_ITEM *item)
{
    const ASN1_OBJECT *object = NULL;
    const void *value = NULL;
    const uint8_t *p;
    int type = V_ASN1_UNDEF;

    X509_ALGOR_get0(&object, &type, &value, a);
    if (type != V_ASN1_SEQUENCE || value == NULL)
        return NULL;
    p = ASN1_STRING_get0_data(value);
    return ASN1_item_d2i(NULL, &p, ASN1_STRING_length(value), item);
}

static bool algorithm_is(const X509_ALGOR *a, int nid)
{
    const ASN1_OBJECT *object = NULL;

    if (a == NULL)
        return false;
    X509_ALGOR_get0(&object, NULL, NULL, a);
    return OBJ_obj2nid(object) == nid;
}

bool cert_is_pss(const X509_ALGOR *algorithm)
{
    KEEP_ERRORS;
    AUTO(pss_freep) RSA_PSS_PARAMS *pss = NULL;
    AUTO(algor_freep) X509_ALGOR *mgf_hash = NULL;

    if (!algorithm_is(algorithm, NID_rsassaPss))
        return false;
    pss = parameter_of(algorithm, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (pss == NULL || !algorithm_is(pss->hashAlgorithm, NID_sha384) ||
        !algorithm_is(pss->maskGenAlgorithm, NID_mgf1))
        return false;
    mgf_hash = parameter_of(pss->maskGenAlgorithm, ASN1_ITEM_rptr(X509_ALGOR));
    return algorithm_is(mgf_hash, NID_sha384) && pss->saltLength != NULL &&
           ASN1_INTEGER_get(pss->saltLength) == PSS_SALT &&
           (pss->trailerField == NULL || ASN1_INTEGER_get(pss->trailerField) == 1);
}

bool cert_key_fits(const X509 *x, enum cert_role role)
{
    KEEP_ERRORS;
    const EVP_PKEY *key = X509_get0_pubkey(x);
    char group[32] = "";

    if (key == NULL)
        return false;
    if (role != CERT_VCEK && role != CERT_VLEK)
        return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == RSA_BITS;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "secp384r1") == 0;
}

CK_RV cert_key_hash(const X509 *x, uint8_t ret[32])
{
    KEEP_ERRORS;
    uint8_t *der = NULL;
    const int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    struct span bytes;
    CK_RV rv;

    ENSURE(n > 0, ossl_rv(CKR_DATA_INVALID));
    bytes = span_of(der, (size_t)n);
    rv = prim_sha256(&bytes, 1, ret);
    OPENSSL_free(der);
    return rv;
}

/* -- extensions of endorsement keys ---------------------------------------------------------- */

#define ARC "1.3.6.1.4.1.3704.1."

enum found { FOUND_ONE, FOUND_NONE, FOUND_MORE };

/* The content of one of AMD's extensions, borrowed from the certificate. */
static enum found extension(const X509 *x, const char *leaf, struct span *ret)
{
    ASN1_OBJECT *object;
    const ASN1_OCTET_STRING *content;
    char oid[64];
    int at;
    enum found found = FOUND_NONE;

    (void)snprintf(oid, sizeof(oid), ARC "%s", leaf);
    object = OBJ_txt2obj(oid, 1);
    at = object != NULL ? X509_get_ext_by_OBJ(x, object, -1) : -1;
    if (at >= 0) {
        found = X509_get_ext_by_OBJ(x, object, at) >= 0 ? FOUND_MORE : FOUND_ONE;
        content = X509_EXTENSION_get_data(X509_get_ext(x, at));
        *ret = span_of(ASN1_STRING_get0_data(content), (size_t)ASN1_STRING_length(content));
    }
    ASN1_OBJECT_free(object);
    return found;
}

/* An INTEGER from 0 to 255 in its one DER form. */
static bool read_byte(struct span der, uint8_t *ret)
{
    if (der.n == 3 && der.p[0] == 0x02 && der.p[1] == 1 && der.p[2] < 0x80) {
        *ret = der.p[2];
        return true;
    }
    if (der.n == 4 && der.p[0] == 0x02 && der.p[1] == 2 && der.p[2] == 0 && der.p[3] >= 0x80) {
        *ret = der.p[3];
        return true;
    }
    return false;
}

/* The extensions that are integers, and what of the TCB they say. */
static const struct {
    const char *leaf;
    enum tcb_part part; /* TCB_N_PARTS: must be zero where it is there */
    const char *objection;
} integers[] = {
    {"3.1", TCB_BOOT_LOADER, "its extension blSPL is missing or malformed"},
    {"3.2", TCB_TEE, "its extension teeSPL is missing or malformed"},
    {"3.3", TCB_SNP, "its extension snpSPL is missing or malformed"},
    {"3.8", TCB_MICROCODE, "its extension ucodeSPL is missing or malformed"},
    {"3.9", TCB_FMC, "its extension fmcSPL is missing, malformed or out of place"},
    {"3.4", TCB_N_PARTS, "a reserved extension is not zero"},
    {"3.5", TCB_N_PARTS, "a reserved extension is not zero"},
    {"3.6", TCB_N_PARTS, "a reserved extension is not zero"},
    {"3.7", TCB_N_PARTS, "a reserved extension is not zero"},
};

static const char *read_tcb(const X509 *x, enum product p, struct tcb_parts *ret)
{
    for (size_t i = 0; i < N_ELEMENTS(integers); i++) {
        const bool is_part = integers[i].part != TCB_N_PARTS;
        const bool wanted = is_part && tcb_has_part(p, integers[i].part);
        struct span content = SPAN_EMPTY;
        const enum found found = extension(x, integers[i].leaf, &content);
        uint8_t value = 0;

        if (found == FOUND_NONE && !wanted)
            continue;
        if (found != FOUND_ONE || (is_part && !wanted) || !read_byte(content, &value) ||
            (!is_part && value != 0))
            return integers[i].objection;
        if (is_part)
            ret->part[integers[i].part] = value;
    }
    return NULL;
}

/* Raw, as AMD writes it, or in exactly one OCTET STRING: told apart by the length. */
static bool read_hwid(struct span content, enum product p, uint8_t ret[REPORT_CHIP_ID])
{
    const size_t n = p == PRODUCT_TURIN ? REPORT_CHIP_ID_8 : REPORT_CHIP_ID;

    if (content.n == n + 2 && content.p[0] == 0x04 && content.p[1] == n)
        content = span_of(content.p + 2, n);
    if (content.n != n)
        return false;
    memset(ret, 0, REPORT_CHIP_ID);
    memcpy(ret, content.p, n);
    return true;
}

/* An IA5String of printable characters. */
static bool read_csp_id(struct span content, char ret[256])
{
    if (content.n < 3 || content.n >= 128 || content.p[0] != 0x16 || content.p[1] != content.n - 2)
        return false;
    for (size_t i = 2; i < content.n; i++) {
        if (content.p[i] < 0x20 || content.p[i] > 0x7e)
            return false;
    }
    memcpy(ret, content.p + 2, content.n - 2);
    ret[content.n - 2] = '\0';
    return true;
}

static const char *read_owner(const X509 *x, enum cert_role role, enum product p,
                              struct endorsement *e)
{
    struct span hwid = SPAN_EMPTY, csp = SPAN_EMPTY;
    const enum found has_hwid = extension(x, "4", &hwid);
    const enum found has_csp = extension(x, "5", &csp);

    if (role == CERT_VCEK) {
        if (has_hwid != FOUND_ONE || !read_hwid(hwid, p, e->hwid))
            return "its extension HWID is missing or malformed";
        return has_csp == FOUND_NONE ? NULL : "a VCEK has no extension CSP_ID";
    }
    if (has_csp != FOUND_ONE || !read_csp_id(csp, e->csp_id))
        return "its extension CSP_ID is missing or malformed";
    return has_hwid == FOUND_NONE ? NULL : "a VLEK has no extension HWID";
}

static const char *objection_to(const X509 *x, enum cert_role role, enum product p,
                                struct endorsement *e)
{
    struct span content = SPAN_EMPTY;
    const char *objection;
    uint8_t version = 0;

    if (extension(x, "1", &content) != FOUND_ONE || !read_byte(content, &version) ||
        version != (p == PRODUCT_TURIN ? 1 : 0))
        return "its extension structVersion is missing or not that of its product";
    objection = read_tcb(x, p, &e->tcb);
    return objection != NULL ? objection : read_owner(x, role, p, e);
}

CK_RV cert_endorsement(const X509 *x, enum cert_role role, enum product p, struct endorsement *ret,
                       const char **ret_objection)
{
    KEEP_ERRORS;
    struct endorsement e = {.csp_id = ""};
    const char *objection = objection_to(x, role, p, &e);

    if (objection != NULL) {
        *ret_objection = objection;
        FAIL(CKR_DATA_INVALID);
    }
    *ret = e;
    return CKR_OK;
}
