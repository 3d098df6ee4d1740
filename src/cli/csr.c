/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csr.c - `tee-pkcs11 csr`: a PKCS#10 certificate request (RFC 2986) that is signed by a key of a
 * token and carries evidence about it, so that a CA can insist on where the key lives.
 *
 * OpenSSL builds and encodes it; the token signs what is to be signed. The evidence is an extension
 * in the extensionRequest attribute: a CA that does not know it leaves it out.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "attest/statement.h"
#include "cli/key_sign.h"
#include "cli/write_file.h"
#include "core/attestation.h"
#include "tee-pkcs11.h"

#define NAMES_MAX 16

struct request {
    const char *key, *out, *nonce;
    const char *subject[NAMES_MAX]; /* "CN=web" */
    size_t n_subject;
    const char *san[NAMES_MAX]; /* "DNS:web.example" */
    size_t n_san;
    bool no_evidence;
    struct pin_source pin;
};

static const struct option options[] = {
    {"key", required_argument, NULL, 'k'},
    {"subject", required_argument, NULL, 's'},
    {"san", required_argument, NULL, 'a'},
    {"nonce", required_argument, NULL, 'n'},
    {"no-evidence", no_argument, NULL, 'E'},
    {"out", required_argument, NULL, 'o'},
    {"pin-file", required_argument, NULL, 'p'},
    {"pin-fd", required_argument, NULL, 'P'},
    {NULL, 0, NULL, 0},
};

static bool add_name(const char **names, size_t *n)
{
    if (*n == NAMES_MAX)
        return false;
    names[(*n)++] = optarg;
    return true;
}

static bool take_option(int c, struct request *r)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'k', &r->key}, {'o', &r->out}, {'n', &r->nonce}, {'p', &r->pin.file}};

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter != c)
            continue;
        *texts[i].to = optarg;
        return true;
    }
    if (c == 's')
        return add_name(r->subject, &r->n_subject);
    if (c == 'a')
        return add_name(r->san, &r->n_san);
    r->no_evidence = r->no_evidence || c == 'E';
    return c == 'E' || (c == 'P' && pin_fd(optarg, &r->pin.fd));
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(c, r))
            return false;
    }
    return optind == argc && r->key != NULL && r->n_subject > 0;
}

/* -- what OpenSSL makes ---------------------------------------------------------------------- */

DEFINE_AUTO(req_freep, X509_REQ, X509_REQ_free)
DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(octets_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
DEFINE_AUTO(object_freep, ASN1_OBJECT, ASN1_OBJECT_free)
DEFINE_AUTO(algor_freep, X509_ALGOR, X509_ALGOR_free)

static void exts_free(STACK_OF(X509_EXTENSION) * *exts)
{
    sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free);
}

static void der_free(uint8_t **der)
{
    OPENSSL_free(*der);
}

/* "CN=web" into a name. */
static int name_add(X509_NAME *name, const char *text)
{
    const char *value = strchr(text, '=');
    char type[64];

    if (value == NULL || (size_t)(value - text) >= sizeof(type))
        return cli_fail(EXIT_USAGE, "--subject %s: NAME=VALUE is needed, like CN=web", text);
    memcpy(type, text, (size_t)(value - text));
    type[value - text] = '\0';
    if (X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const uint8_t *)value + 1, -1, -1,
                                   0) != 1)
        return cli_fail(EXIT_USAGE, "--subject %s: no such name, or no such value of it", text);
    return EXIT_DONE;
}

static int extension_push(STACK_OF(X509_EXTENSION) * exts, X509_EXTENSION *ext)
{
    if (ext != NULL && sk_X509_EXTENSION_push(exts, ext) > 0)
        return EXIT_DONE;
    X509_EXTENSION_free(ext);
    return cli_fail(EXIT_FAILED, "out of memory");
}

static int san_add(STACK_OF(X509_EXTENSION) * exts, const struct request *r)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    X509_EXTENSION *ext;

    if (r->n_san == 0)
        return EXIT_DONE;
    for (size_t i = 0; i < r->n_san; i++)
        buf_printf(&text, "%s%s", i > 0 ? "," : "", r->san[i]);
    buf_u8(&text, 0);
    if (text.failed)
        return cli_fail(EXIT_FAILED, "out of memory");
    ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, (const char *)text.p);
    if (ext == NULL)
        return cli_fail(EXIT_USAGE, "--san: DNS:name, IP:address, email:address, URI:uri are "
                                    "possible");
    return extension_push(exts, ext);
}

static int evidence_add(STACK_OF(X509_EXTENSION) * exts, struct span evidence)
{
    AUTO(object_freep) ASN1_OBJECT *oid = OBJ_txt2obj(TEE_EVIDENCE_OID, 1);
    AUTO(octets_freep) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

    if (evidence.n == 0)
        return EXIT_DONE;
    if (oid == NULL || octets == NULL ||
        ASN1_OCTET_STRING_set(octets, evidence.p, (int)evidence.n) != 1)
        return cli_fail(EXIT_FAILED, "out of memory");
    return extension_push(exts, X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets));
}

static int extensions_set(X509_REQ *req, const struct request *r, struct span evidence)
{
    AUTO(exts_free) STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
    int code = exts != NULL ? san_add(exts, r) : cli_fail(EXIT_FAILED, "out of memory");

    if (code == EXIT_DONE)
        code = evidence_add(exts, evidence);
    if (code == EXIT_DONE && sk_X509_EXTENSION_num(exts) > 0 &&
        X509_REQ_add_extensions(req, exts) != 1)
        code = cli_fail(EXIT_FAILED, "the extensions can't be encoded");
    return code;
}

static int request_fill(X509_REQ *req, const struct request *r, EVP_PKEY *pkey,
                        struct span evidence)
{
    int code = EXIT_DONE;

    if (X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, pkey) != 1)
        return cli_fail(EXIT_FAILED, "the public key can't be encoded");
    for (size_t i = 0; i < r->n_subject && code == EXIT_DONE; i++)
        code = name_add(X509_REQ_get_subject_name(req), r->subject[i]);
    return code == EXIT_DONE ? extensions_set(req, r, evidence) : code;
}

/* -- the token's signature ------------------------------------------------------------------- */

static bool signature_set(X509_REQ *req, struct span bytes)
{
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

    if (bits == NULL ||
        ASN1_BIT_STRING_set(bits, (uint8_t *)(uintptr_t)bytes.p, (int)bytes.n) != 1) {
        ASN1_BIT_STRING_free(bits);
        return false;
    }
    bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* a whole number of bytes */
    X509_REQ_set0_signature(req, bits);
    return true;
}

static bool algorithm_set(X509_REQ *req, const struct key_scheme *scheme)
{
    AUTO(algor_freep) X509_ALGOR *algorithm = X509_ALGOR_new();

    return algorithm != NULL &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(scheme->algorithm), scheme->param, NULL) == 1 &&
           X509_REQ_set1_signature_algo(req, algorithm) == 1;
}

static int request_sign(X509_REQ *req, EVP_PKEY *pkey, struct own_key *k)
{
    const struct key_scheme *scheme = key_scheme_of(pkey);
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    AUTO(der_free) uint8_t *tbs = NULL;
    const int n = i2d_re_X509_REQ_tbs(req, &tbs);
    CK_RV rv;

    if (scheme == NULL)
        return cli_fail(EXIT_REFUSED, "a key of this type can't sign a request");
    if (n <= 0 || !algorithm_set(req, scheme))
        return cli_fail(EXIT_FAILED, "the request can't be encoded");
    rv = key_sign(k, scheme, span_of(tbs, (size_t)n), &signature);
    if (rv != CKR_OK)
        return cli_rv(rv, "signing the request");
    if (!signature_set(req, buf_span(&signature)))
        return cli_fail(EXIT_FAILED, "the signature can't be encoded");
    return X509_REQ_verify(req, pkey) == 1
               ? EXIT_DONE
               : cli_fail(EXIT_FAILED, "the request does not verify: a bug");
}

/* -- the command ----------------------------------------------------------------------------- */

static int write_pem(const X509_REQ *req, const char *path)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;

    if (bio != NULL && PEM_write_bio_X509_REQ(bio, req) == 1) {
        const long n = BIO_get_mem_data(bio, &p);

        buf_put(&text, span_of(p, (size_t)n));
    }
    (void)BIO_free(bio);
    if (text.n == 0)
        return cli_fail(EXIT_FAILED, "out of memory");
    return write_file(path, buf_span(&text), LATE_TEXT);
}

static bool nonce_read(const char *hex, struct buf *ret)
{
    const size_t n = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *to = n > 0 && n <= STATEMENT_MAX_NONCE ? buf_extend(ret, n) : NULL;

    return hex == NULL || (to != NULL && hex_decode(hex, to, n));
}

static int make(const struct request *r, struct span nonce, struct own_key *k)
{
    const struct attrs *a = object_attrs(k->object);
    const struct span spki = attrs_span(a, CKA_PUBLIC_KEY_INFO);
    const uint8_t *p = spki.p;
    AUTO(pkey_freep) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
    AUTO(req_freep) X509_REQ *req = X509_REQ_new();
    AUTO(buf_clear) struct buf evidence = BUF_INIT;
    CK_RV rv = CKR_OK;
    int code;

    if (pkey == NULL || req == NULL)
        return cli_fail(EXIT_REFUSED, "the key has no public half (CKA_PUBLIC_KEY_INFO)");
    if (!r->no_evidence)
        rv = attestation_make(k->session->token, a, nonce, &evidence);
    if (rv != CKR_OK)
        return cli_rv(rv, "attesting the key");
    code = request_fill(req, r, pkey, buf_span(&evidence));
    if (code == EXIT_DONE)
        code = request_sign(req, pkey, k);
    return code == EXIT_DONE ? write_pem(req, r->out) : code;
}

int command_csr(int argc, char **argv)
{
    struct request r = {.pin = PIN_SOURCE_NONE};
    AUTO(own_key_close) struct own_key k = {.initialized = false};
    AUTO(buf_clear) struct buf nonce = BUF_INIT;
    int code;

    if (!parse(argc, argv, &r))
        return cli_usage("csr");
    if (!nonce_read(r.nonce, &nonce))
        return cli_fail(EXIT_USAGE, "--nonce: hex digits, %d bytes at most", STATEMENT_MAX_NONCE);
    code = own_key_open(r.key, &r.pin, OWN_KEY_PRIVATE, &k);
    return code == EXIT_DONE ? make(&r, buf_span(&nonce), &k) : code;
}
