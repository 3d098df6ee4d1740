/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-verify.c - the verifier on evidence of emulated chips, with their root as the caller's: what
 * is genuine and what is not, every key of a policy both ways, statements and questions.
 *
 * Evidence is made as a host and a guest make it: by the emulated device's extended report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "attest/cert_table.h"
#include "attest/evidence.h"
#include "attest/verify.h"
#include "emulated.h"
#include "support/snp_chain.h"
#include "support/snp_emulator.h"

#define NONCE SPAN_LIT("a nonce of thirty-two bytes, say")

/* Repeated bytes in hexadecimal. */
#define H4(b)  b b b b
#define H16(b) H4(b) H4(b) H4(b) H4(b)
#define H32(b) H16(b) H16(b)
#define H48(b) H32(b) H16(b)

/* A VM on an emulated chip, and the relying party. */
struct world {
    struct emulator *e;
    struct evidence evidence;
    struct cert_list given; /* the evidence's certificates */
    X509 *root;
    X509_CRL *crl; /* NULL: none is given */
    struct appraisal policy;
    struct question question;
    const struct verify_source *source;
    time_t at;
};

/* -- the VM ---------------------------------------------------------------------------------- */

static void control(struct world *w, const char *lines)
{
    assert_true(emulator_control(w->e, lines));
}

static void read_root(struct world *w)
{
    emulated_root(w->e, &w->root);
}

static void ext_report(struct world *w, const uint8_t data[64])
{
    evidence_clear(&w->evidence);
    emulated_report(w->e, data, &w->evidence);
}

static void use_certificates(struct world *w)
{
    cert_list_clear(&w->given);
    for (size_t i = 0; i < w->evidence.n_certificates; i++) {
        X509 *x = NULL;

        assert_int_equal(cert_read(buf_span(&w->evidence.certificates[i]), &x), CKR_OK);
        assert_int_equal(cert_list_add(&w->given, x), CKR_OK);
    }
}

/* Evidence with a statement, once through the container. */
static void attest(struct world *w, const struct statement *s)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf container = BUF_INIT;
    uint8_t data[STATEMENT_REPORT_DATA];

    assert_int_equal(statement_encode(s, &der), CKR_OK);
    assert_int_equal(statement_report_data(buf_span(&der), data), CKR_OK);
    ext_report(w, data);
    buf_put(&w->evidence.statement, buf_span(&der));
    assert_int_equal(evidence_encode(&w->evidence, &container), CKR_OK);
    evidence_clear(&w->evidence);
    assert_int_equal(evidence_decode(buf_span(&container), &w->evidence), CKR_OK);
    use_certificates(w);
}

static void attest_bare(struct world *w)
{
    static const uint8_t data[64] = "bare";

    ext_report(w, data);
    use_certificates(w);
}

/* -- the relying party ----------------------------------------------------------------------- */

static enum verdict judge(const struct world *w, struct result *r)
{
    const struct verify_input in = {
        .report = buf_span(&w->evidence.report),
        .statement = buf_span(&w->evidence.statement),
        .given = &w->given,
        .root = w->root,
        .crl = w->crl,
        .at = w->at,
        .policy = &w->policy,
        .question = &w->question,
        .source = w->source,
    };
    struct verified v;

    assert_int_equal(verify(&in, r, &v), CKR_OK);
    return result_verdict(r);
}

/* The verdict, and the one check that is behind it (NULL: none). */
static void expect(const struct world *w, enum verdict wanted, const char *culprit)
{
    AUTO(result_clear) struct result r = {.n = 0};
    const enum verdict is = judge(w, &r);
    const char *found = NULL;

    for (size_t i = 0; i < r.n; i++) {
        if (r.checks[i].outcome == OUTCOME_FAILED || r.checks[i].outcome == OUTCOME_UNKNOWN) {
            if (found != NULL || culprit == NULL || strcmp(r.checks[i].name, culprit) != 0)
                print_error("%s: %s\n", r.checks[i].name, r.checks[i].words);
            found = found == NULL ? r.checks[i].name : "several";
        }
    }
    assert_int_equal(is, wanted);
    if (culprit == NULL)
        assert_null(found);
    else if (found == NULL || strcmp(found, culprit) != 0)
        fail_msg("decided by %s, not %s", found != NULL ? found : "nothing", culprit);
}

static void set_policy(struct world *w, const char *json)
{
    char *error = NULL;

    appraisal_clear(&w->policy);
    if (appraisal_read(span_of(json, strlen(json)), &w->policy, &error) != CKR_OK)
        fail_msg("%s: %s", json, error);
}

static void expect_policy(struct world *w, const char *json, enum verdict wanted,
                          const char *culprit)
{
    set_policy(w, json);
    print_message("%s\n", json);
    expect(w, wanted, culprit);
    set_policy(w, "{}");
}

/* -- fixtures -------------------------------------------------------------------------------- */

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return -1;
    w->e = emulator_new();
    w->evidence = EVIDENCE_INIT;
    w->at = time(NULL);
    appraisal_init(&w->policy);
    *state = w;
    if (w->e == NULL)
        return -1;
    control(w, "report_version=5\npolicy=0x30000\ncertificates=1");
    read_root(w);
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    emulator_free(w->e);
    evidence_clear(&w->evidence);
    cert_list_clear(&w->given);
    X509_free(w->root);
    appraisal_clear(&w->policy);
    free(w);
    return 0;
}

/* -- genuineness ----------------------------------------------------------------------------- */

static void test_products(void **state)
{
    static const char *const products[] = {"Milan", "Genoa", "Turin"};
    struct world *w = *state;
    char lines[64];

    for (size_t p = 0; p < N_ELEMENTS(products); p++) {
        for (unsigned version = 2; version <= 5; version++) {
            (void)snprintf(lines, sizeof(lines), "product=%s\nlaunch=1\nreport_version=%u",
                           products[p], version);
            control(w, lines);
            if (p != 2)
                control(w, "chip_id=" H32("07") H32("07"));
            read_root(w);
            attest_bare(w);
            if (version == 2 && p == 2)
                expect(w, VERDICT_NOT_GENUINE, "product");
            else
                expect(w, VERDICT_GOOD, NULL);
        }
    }
}

/* The same evidence under AMD's roots, which nobody here can sign for. */
static void test_amd_roots(void **state)
{
    struct world *w = *state;
    X509 *own = w->root;

    attest_bare(w);
    w->root = NULL;
    expect(w, VERDICT_NOT_GENUINE, "chain");
    w->root = own;
    expect(w, VERDICT_GOOD, NULL);
    /* A root that is none: the ASK. */
    w->root = w->given.item[1];
    expect(w, VERDICT_NOT_GENUINE, "root");
    w->root = own;
}

/* Roots of the policy stand instead of AMD's; of another product they serve nothing. */
static void test_policy_roots(void **state)
{
    struct world *w = *state;
    X509 *own = w->root;
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(buf_clear) struct buf json = BUF_INIT;

    assert_true(emulator_certificate(w->e, SNP_CERT_ARK, &pem));
    buf_printf(&json, "{\"roots\": \"");
    for (size_t i = 0; i < pem.n; i++)
        buf_printf(&json, pem.p[i] == '\n' ? "\\n" : "%c", pem.p[i]);
    buf_printf(&json, "\"}");
    buf_u8(&json, 0);
    assert_int_equal(buf_ok(&json), CKR_OK);
    attest_bare(w);
    w->root = NULL;
    set_policy(w, (const char *)json.p);
    expect(w, VERDICT_GOOD, NULL);
    control(w, "product=Genoa");
    attest_bare(w);
    expect(w, VERDICT_UNKNOWN, "root");
    w->root = own;
}

static void test_vlek(void **state)
{
    struct world *w = *state;

    control(w, "vlek_loaded=1\nmask_chip_id=1");
    attest_bare(w);
    expect(w, VERDICT_GOOD, NULL);
    expect_policy(w, "{\"endorsement-keys\": [\"vcek\"]}", VERDICT_AGAINST_POLICY,
                  "endorsement-keys");
    expect_policy(w, "{\"csp-ids\": \"CN=emulated.tee-pkcs11.invalid\"}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"csp-ids\": \"CN=emulated.tee-pkcs11\"}", VERDICT_AGAINST_POLICY,
                  "csp-ids");
}

/* Both orders of the table's GUIDs. */
static void test_guid_orders(void **state)
{
    struct world *w = *state;

    control(w, "guid_mixed=1");
    attest_bare(w);
    assert_int_equal(w->evidence.n_certificates, 3);
    expect(w, VERDICT_GOOD, NULL);
}

/* Any one bit of a report that is changed is seen, and by which check does not matter. */
static void test_every_byte(void **state)
{
    struct world *w = *state;

    attest_bare(w);
    for (size_t i = 0; i < w->evidence.report.n; i += 7) {
        AUTO(result_clear) struct result r = {.n = 0};
        enum verdict is;

        w->evidence.report.p[i] ^= 0x10;
        is = judge(w, &r);
        assert_true(is == VERDICT_NOT_GENUINE || is == VERDICT_UNKNOWN);
        w->evidence.report.p[i] ^= 0x10;
    }
    expect(w, VERDICT_GOOD, NULL);
}

static void test_dates(void **state)
{
    struct world *w = *state;
    const time_t now = w->at;

    attest_bare(w);
    w->at = now + 8L * 365 * 86400; /* a VCEK has seven years */
    expect(w, VERDICT_NOT_GENUINE, "chain");
    w->at = now - 30L * 86400;
    expect(w, VERDICT_NOT_GENUINE, "root");
    w->at = now;
}

static void test_missing_certificates(void **state)
{
    struct world *w = *state;

    control(w, "certificates=0");
    attest_bare(w);
    assert_int_equal(w->given.n, 0);
    expect(w, VERDICT_UNKNOWN, "chain");
}

/* -- a source -------------------------------------------------------------------------------- */

struct source_of_test {
    struct buf der;      /* a VCEK's certificate */
    struct buf issuer;   /* PEM or DER; empty: it has none */
    struct buf lists[2]; /* a cache's list, then a service's; empty: none */
    size_t n_asked, n_taken, n_issuer_asked, n_issuer_taken, n_lists_taken;
};

static CK_RV source_vcek(void *ctx, const struct report *r, verify_accept_fn *accept,
                         void *accept_ctx, char **ret_why)
{
    struct source_of_test *s = ctx;

    (void)ret_why;
    assert_int_equal(r->product, PRODUCT_MILAN);
    s->n_asked++;
    ENSURE(accept(accept_ctx, buf_span(&s->der)), CKR_DATA_INVALID);
    s->n_taken++;
    return CKR_OK;
}

static CK_RV source_issuer(void *ctx, enum product p, enum signing_key k, verify_accept_fn *accept,
                           void *accept_ctx, char **ret_why)
{
    struct source_of_test *s = ctx;

    (void)p;
    (void)k;
    (void)ret_why;
    s->n_issuer_asked++;
    ENSURE(s->issuer.n > 0, CKR_DEVICE_ERROR);
    ENSURE(accept(accept_ctx, buf_span(&s->issuer)), CKR_DATA_INVALID);
    s->n_issuer_taken++;
    return CKR_OK;
}

static CK_RV source_crl(void *ctx, enum product p, enum signing_key k, verify_accept_fn *accept,
                        void *accept_ctx, char **ret_why)
{
    struct source_of_test *s = ctx;

    (void)p;
    (void)k;
    (void)ret_why;
    s->n_lists_taken = 0;
    assert_false(accept(accept_ctx, SPAN_LIT("no list")));
    for (size_t i = 0; i < N_ELEMENTS(s->lists); i++) {
        if (s->lists[i].n > 0 && accept(accept_ctx, buf_span(&s->lists[i])))
            s->n_lists_taken++;
    }
    return s->n_lists_taken > 0 ? CKR_OK : CKR_DEVICE_ERROR;
}

static void x509_der(const X509 *x, struct buf *ret)
{
    uint8_t *der = NULL;
    const int n = i2d_X509(x, &der);

    assert_true(n > 0);
    buf_clear(ret);
    buf_put(ret, span_of(der, (size_t)n));
    OPENSSL_free(der);
}

static void certificate_der(struct world *w, enum snp_certificate which, struct buf *ret)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};

    assert_true(emulator_certificate(w->e, which, &pem));
    assert_int_equal(cert_read_file(buf_span(&pem), &l), CKR_OK);
    x509_der(l.item[0], ret);
}

static void vcek_der(struct world *w, struct buf *ret)
{
    certificate_der(w, SNP_CERT_VCEK, ret);
}

/* A table of an older TCB: the right certificate is fetched, another one is not taken. */
static void test_stale_table(void **state)
{
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    AUTO(buf_clear) struct buf old = BUF_INIT;

    w->source = &source;
    vcek_der(w, &old);
    control(w, "tcb=9.0.30.230");
    attest_bare(w);
    vcek_der(w, &s.der);
    expect(w, VERDICT_GOOD, NULL);
    assert_int_equal(s.n_asked, 0); /* not needed */

    X509_free(w->given.item[0]); /* the VCEK, now the old one */
    assert_int_equal(cert_read(buf_span(&old), &w->given.item[0]), CKR_OK);
    expect(w, VERDICT_GOOD, NULL);
    assert_int_equal(s.n_asked, 1);
    assert_int_equal(s.n_taken, 1);

    buf_clear(&s.der);
    buf_put(&s.der, buf_span(&old));
    expect(w, VERDICT_NOT_GENUINE, "signature"); /* of the old one, which is all there is */
    assert_int_equal(s.n_taken, 1);
    control(w, "chip=0102030405");
    vcek_der(w, &s.der); /* of another chip */
    expect(w, VERDICT_NOT_GENUINE, "signature");
    assert_int_equal(s.n_taken, 1);
    buf_clear(&s.der);
    w->source = NULL;
}

/* Where the issuer is not at hand, the source's is taken if the root has signed it. */
static void test_issuer_fetched(void **state)
{
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    AUTO(buf_clear) struct buf ask = BUF_INIT;
    AUTO(buf_clear) struct buf asvk = BUF_INIT;

    assert_true(emulator_certificate(w->e, SNP_CERT_ASK, &ask));
    assert_true(emulator_certificate(w->e, SNP_CERT_ASVK, &asvk));
    attest_bare(w);
    w->source = &source;
    expect(w, VERDICT_GOOD, NULL);
    assert_int_equal(s.n_issuer_asked, 0); /* not needed */
    while (w->given.n > 1)
        X509_free(w->given.item[--w->given.n]); /* the VCEK alone */
    buf_put(&s.issuer, buf_span(&asvk));
    expect(w, VERDICT_UNKNOWN, "chain"); /* the root's, for another kind of key */
    assert_int_equal(s.n_issuer_asked, 1);
    buf_put(&s.issuer, buf_span(&ask)); /* behind the other, as in a chain */
    expect(w, VERDICT_GOOD, NULL);
    control(w, "product=Genoa");
    buf_clear(&s.issuer);
    assert_true(emulator_certificate(w->e, SNP_CERT_ASK, &s.issuer)); /* of another product */
    expect(w, VERDICT_UNKNOWN, "chain");
    buf_clear(&s.issuer);
    w->source = NULL;
}

/* An issuer that the root did not sign is not taken, so that no cache keeps it: here it has the
 * right name and key, and somebody else's signature. */
static void test_issuer_forged(void **state)
{
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    AUTO(pkey_freep) EVP_PKEY *other = EVP_RSA_gen(2048);

    attest_bare(w);
    assert_true(X509_sign(w->given.item[1], other, EVP_sha384()) > 0);
    x509_der(w->given.item[1], &s.issuer);
    while (w->given.n > 1)
        X509_free(w->given.item[--w->given.n]); /* the VCEK alone */
    w->source = &source;
    expect(w, VERDICT_UNKNOWN, "chain");
    assert_int_equal(s.n_issuer_asked, 1);
    assert_int_equal(s.n_issuer_taken, 0);
    certificate_der(w, SNP_CERT_ASK, &s.issuer);
    expect(w, VERDICT_GOOD, NULL);
    assert_int_equal(s.n_issuer_taken, 1);
    buf_clear(&s.issuer);
    w->source = NULL;
}

/* One certificate, and nothing that would ride along behind it. */
static void test_nothing_behind(void **state)
{
    struct world *w = *state;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};
    X509 *x = NULL;

    vcek_der(w, &der);
    assert_int_equal(cert_read(buf_span(&der), &x), CKR_OK);
    X509_free(x);
    x = NULL;
    buf_u8(&der, 0);
    assert_int_equal(cert_read(buf_span(&der), &x), CKR_DATA_INVALID);
    assert_null(x);
    assert_int_equal(cert_read_file(buf_span(&der), &l), CKR_DATA_INVALID);
    assert_int_equal(l.n, 0);
}

/* What a maker of evidence adds to it is what a verifier without a source needs. */
static void test_certificates_added(void **state)
{
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    struct verify_input in = {
        .root = w->root, .at = w->at, .policy = &w->policy, .given = &w->given, .source = &source};
    char *why = NULL;

    control(w, "certificates=0");
    attest_bare(w);
    in.report = buf_span(&w->evidence.report);
    assert_int_equal(verify_certificates(&in, &w->evidence, &why), CKR_DEVICE_ERROR);
    assert_non_null(why);
    free(why);
    assert_int_equal(w->evidence.n_certificates, 0);

    vcek_der(w, &s.der);
    assert_true(emulator_certificate(w->e, SNP_CERT_ASK, &s.issuer));
    assert_int_equal(verify_certificates(&in, &w->evidence, &why), CKR_OK);
    assert_int_equal(w->evidence.n_certificates, 2);
    use_certificates(w);
    expect(w, VERDICT_GOOD, NULL);
    assert_int_equal(verify_certificates(&in, &w->evidence, &why), CKR_OK);
    assert_int_equal(w->evidence.n_certificates, 2); /* they are there already */
    buf_clear(&s.der);
    buf_clear(&s.issuer);
}

static bool evidence_has(const struct evidence *e, const struct buf *der)
{
    for (size_t i = 0; i < e->n_certificates; i++) {
        if (span_equal(buf_span(&e->certificates[i]), buf_span(der)))
            return true;
    }
    return false;
}

/* Evidence that is full of a host's table: an older VCEK, a VLEK, an issuer, and the root. */
static void fill_certificates(struct world *w, const struct buf *vcek, enum snp_certificate issuer)
{
    const enum snp_certificate others[] = {SNP_CERT_VLEK, issuer, SNP_CERT_ARK};

    while (w->evidence.n_certificates > 0)
        evidence_drop_certificate(&w->evidence, 0);
    assert_int_equal(evidence_add_certificate(&w->evidence, buf_span(vcek)), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        AUTO(buf_clear) struct buf der = BUF_INIT;

        certificate_der(w, others[i], &der);
        assert_int_equal(evidence_add_certificate(&w->evidence, buf_span(&der)), CKR_OK);
    }
    use_certificates(w);
}

/* What is not of the chain makes room for what is. */
static void test_certificates_full(void **state)
{
    static const enum snp_certificate issuers[] = {SNP_CERT_ASK, SNP_CERT_ASVK};
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    struct verify_input in = {
        .root = w->root, .at = w->at, .policy = &w->policy, .given = &w->given, .source = &source};
    AUTO(buf_clear) struct buf old = BUF_INIT;
    char *why = NULL;

    vcek_der(w, &old);
    control(w, "tcb=9.0.30.230");
    attest_bare(w);
    vcek_der(w, &s.der);
    certificate_der(w, SNP_CERT_ASK, &s.issuer);
    in.report = buf_span(&w->evidence.report);
    for (size_t i = 0; i < N_ELEMENTS(issuers); i++) {
        fill_certificates(w, &old, issuers[i]);
        assert_int_equal(w->evidence.n_certificates, EVIDENCE_MAX_CERTIFICATES);
        assert_int_equal(verify_certificates(&in, &w->evidence, &why), CKR_OK);
        assert_null(why);
        assert_int_equal(w->evidence.n_certificates, EVIDENCE_MAX_CERTIFICATES);
        assert_true(evidence_has(&w->evidence, &s.der));
        use_certificates(w);
        expect(w, VERDICT_GOOD, NULL); /* without a source, so the issuer is there too */
    }
    buf_clear(&s.der);
    buf_clear(&s.issuer);
}

/* -- extensions ------------------------------------------------------------------------------ */

static int find_extension(const X509 *x, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    const int at = X509_get_ext_by_OBJ(x, object, -1);

    ASN1_OBJECT_free(object);
    assert_true(at >= 0);
    return at;
}

static CK_RV endorsement_of(const X509 *x)
{
    struct endorsement e;
    const char *objection = NULL;
    const CK_RV rv = cert_endorsement(x, CERT_VCEK, PRODUCT_MILAN, &e, &objection);

    assert_int_equal(rv == CKR_OK, objection == NULL);
    return rv;
}

/* Whatever is missing, double or malformed is a failure, never an unknown that is let pass. */
static void test_extensions(void **state)
{
    static const char *const oids[] = {
        "1.3.6.1.4.1.3704.1.1",   "1.3.6.1.4.1.3704.1.3.1", "1.3.6.1.4.1.3704.1.3.2",
        "1.3.6.1.4.1.3704.1.3.3", "1.3.6.1.4.1.3704.1.3.8", "1.3.6.1.4.1.3704.1.4",
    };
    struct world *w = *state;

    attest_bare(w);
    assert_int_equal(endorsement_of(w->given.item[0]), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(oids); i++) {
        AUTO(x509_freep) X509 *without = X509_dup(w->given.item[0]);
        AUTO(x509_freep) X509 *twice = X509_dup(w->given.item[0]);
        AUTO(x509_freep) X509 *longer = X509_dup(w->given.item[0]);
        const int at = find_extension(without, oids[i]);
        X509_EXTENSION *ext = X509_get_ext(longer, at);
        const ASN1_OCTET_STRING *was = X509_EXTENSION_get_data(ext);
        ASN1_OCTET_STRING *more = ASN1_OCTET_STRING_new();
        uint8_t bytes[128] = {0};
        const int n = ASN1_STRING_length(was);

        assert_true(n > 0 && n < 127);
        assert_int_equal(X509_add_ext(twice, X509_get_ext(without, at), -1), 1);
        assert_int_equal(endorsement_of(twice), CKR_DATA_INVALID);
        X509_EXTENSION_free(X509_delete_ext(without, at));
        assert_int_equal(endorsement_of(without), CKR_DATA_INVALID);
        memcpy(bytes, ASN1_STRING_get0_data(was), (size_t)n);
        assert_int_equal(ASN1_OCTET_STRING_set(more, bytes, n + 1), 1);
        assert_int_equal(X509_EXTENSION_set_data(ext, more), 1);
        assert_int_equal(endorsement_of(longer), CKR_DATA_INVALID);
        ASN1_OCTET_STRING_free(more);
    }
}

/* -- certificates that are nearly right ------------------------------------------------------ */

/* The right key, said to be of another TCB or another chip: the signature alone would do. */
static void test_endorsed(void **state)
{
    struct world *w = *state;
    uint8_t secret[48], other_chip[64] = {9, 9};
    const struct snp_state *s = &w->e->state;
    const uint64_t microcode = UINT64_C(1) << 56;

    attest_bare(w);
    snp_state_vcek(s, s->reported_tcb, secret);
    for (int i = 0; i < 3; i++) {
        const struct snp_leaf leaf = {s->product, i == 1 ? other_chip : s->chip_id,
                                      s->reported_tcb - (i == 0 ? microcode : 0), secret};

        X509_free(w->given.item[0]);
        w->given.item[0] = snp_chain_certificate(SNP_CERT_VCEK, &leaf);
        assert_non_null(w->given.item[0]);
        if (i == 2)
            expect(w, VERDICT_GOOD, NULL);
        else
            expect(w, VERDICT_NOT_GENUINE, i == 0 ? "endorsed-tcb" : "endorsed-chip");
    }
}

/* Genuinely signed, and impossible: each TCB alone above the current one. */
static void test_order(void **state)
{
    struct world *w = *state;

    control(w, "tcb=4.0.24.219\nreported_tcb=4.0.24.220");
    attest_bare(w);
    expect(w, VERDICT_NOT_GENUINE, "tcb-order");
    control(w, "tcb=4.0.24.219\ncommitted_tcb=4.0.25.219");
    attest_bare(w);
    expect(w, VERDICT_NOT_GENUINE, "tcb-order");
    control(w, "tcb=4.0.24.219\nreported_tcb=4.0.23.219");
    attest_bare(w);
    expect(w, VERDICT_GOOD, NULL);
}

enum padding { PADDING_RIGHT, PADDING_PKCS1, PADDING_SALT_32, PADDING_SHA256 };

static void sign_as(X509 *x, EVP_PKEY *key, enum padding padding)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = padding == PADDING_SHA256 ? EVP_sha256() : EVP_sha384();
    EVP_PKEY_CTX *pss = NULL;

    assert_int_equal(EVP_DigestSignInit(ctx, &pss, md, NULL, key), 1);
    if (padding != PADDING_PKCS1) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, padding == PADDING_SALT_32 ? 32 : 48), 1);
    }
    assert_true(X509_sign_ctx(x, ctx) > 0);
}

/* The emulator's chain, its authorities with this key, each signed like this. */
static void resign(struct world *w, EVP_PKEY *key, const enum padding how[3])
{
    X509 *const chain[] = {w->root, w->given.item[1], w->given.item[0]};

    assert_int_equal(w->given.n, 3);
    for (size_t i = 0; i < N_ELEMENTS(chain); i++) {
        if (i < 2)
            assert_int_equal(X509_set_pubkey(chain[i], key), 1);
        sign_as(chain[i], key, how[i]);
    }
}

/* Signed otherwise than AMD signs, by keys that AMD does not use, under other names: refused,
 * though each signature verifies. */
static void test_chain_strict(void **state)
{
    static const struct {
        enum padding how[3];
        const char *culprit;
    } chains[] = {
        {{PADDING_RIGHT, PADDING_RIGHT, PADDING_RIGHT}, NULL},
        {{PADDING_PKCS1, PADDING_RIGHT, PADDING_RIGHT}, "root"},
        {{PADDING_RIGHT, PADDING_PKCS1, PADDING_RIGHT}, "chain"},
        {{PADDING_RIGHT, PADDING_RIGHT, PADDING_PKCS1}, "chain"},
        {{PADDING_RIGHT, PADDING_RIGHT, PADDING_SALT_32}, "chain"},
        {{PADDING_RIGHT, PADDING_SALT_32, PADDING_RIGHT}, "chain"},
        {{PADDING_RIGHT, PADDING_RIGHT, PADDING_SHA256}, "chain"},
    };
    struct world *w = *state;
    AUTO(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(4096);
    AUTO(pkey_freep) EVP_PKEY *small = EVP_RSA_gen(3072);
    X509_NAME *name;

    attest_bare(w);
    for (size_t i = 0; i < N_ELEMENTS(chains); i++) {
        resign(w, key, chains[i].how);
        expect(w, chains[i].culprit == NULL ? VERDICT_GOOD : VERDICT_NOT_GENUINE,
               chains[i].culprit);
    }
    resign(w, small, chains[0].how);
    expect(w, VERDICT_NOT_GENUINE, "root");
    name = X509_get_subject_name(w->root);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
                                                (const uint8_t *)"Engineering", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(w->root, name), 1);
    resign(w, key, chains[0].how);
    expect(w, VERDICT_NOT_GENUINE, "root"); /* one part of its name is there twice */
    name = X509_get_subject_name(w->root);
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, X509_NAME_entry_count(name) - 1));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "emailAddress", MBSTRING_ASC,
                                                (const uint8_t *)"root@example.com", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(w->root, name), 1);
    resign(w, key, chains[0].how);
    expect(w, VERDICT_NOT_GENUINE, "root"); /* one part more than AMD's has */
}

/* -- revocation lists ------------------------------------------------------------------------ */

struct list {
    long from, to; /* seconds from now; to == 0: no end is said */
    enum padding padding;
    bool revokes, other_issuer, critical;
    long number;         /* 0: it has none */
    const char *culprit; /* NULL: accepted */
};

static void number_crl(X509_CRL *crl, long number, int critical)
{
    ASN1_INTEGER *n = ASN1_INTEGER_new();

    assert_int_equal(ASN1_INTEGER_set(n, number), 1);
    assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, critical, 0), 1);
    ASN1_INTEGER_free(n);
}

static X509_CRL *make_crl(const struct world *w, EVP_PKEY *key, const struct list *l)
{
    X509_CRL *crl = X509_CRL_new();
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ASN1_TIME *from = ASN1_TIME_adj(NULL, w->at, 0, l->from);
    ASN1_TIME *to = ASN1_TIME_adj(NULL, w->at, 0, l->to);
    EVP_PKEY_CTX *pss = NULL;

    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(
                         crl, X509_get_subject_name(w->given.item[l->other_issuer ? 1 : 2])),
                     1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
    if (l->to != 0)
        assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
    if (l->revokes) {
        X509_REVOKED *r = X509_REVOKED_new();

        assert_int_equal(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(w->given.item[1])),
                         1);
        assert_int_equal(X509_REVOKED_set_revocationDate(r, from), 1);
        assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
    }
    if (l->critical || l->number != 0)
        number_crl(crl, l->number, l->critical);
    assert_int_equal(EVP_DigestSignInit(ctx, &pss, EVP_sha384(), NULL, key), 1);
    if (l->padding == PADDING_RIGHT) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, 48), 1);
    }
    assert_true(X509_CRL_sign_ctx(crl, ctx) > 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return crl;
}

/* A list that is given counts even where none was asked for, and must be right in everything. */
static void test_crl(void **state)
{
    static const enum padding right[3] = {PADDING_RIGHT, PADDING_RIGHT, PADDING_RIGHT};
    static const struct list lists[] = {
        {.from = -60, .to = 60},
        {.from = 60, .to = 120, .culprit = "crl"},   /* not yet */
        {.from = -120, .to = -60, .culprit = "crl"}, /* no longer */
        {.from = -60, .culprit = "crl"},             /* for ever */
        {.from = -60, .to = 60, .revokes = true, .culprit = "crl"},
        {.from = -60, .to = 60, .other_issuer = true, .culprit = "crl"},
        {.from = -60, .to = 60, .critical = true, .culprit = "crl"},
        {.from = -60, .to = 60, .padding = PADDING_PKCS1, .culprit = "crl"},
    };
    struct world *w = *state;
    AUTO(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(4096);
    AUTO(pkey_freep) EVP_PKEY *other = EVP_RSA_gen(4096);

    attest_bare(w);
    resign(w, key, right);
    set_policy(w, "{\"crl\": \"require\"}");
    for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
        w->crl = make_crl(w, key, &lists[i]);
        expect(w, lists[i].culprit == NULL ? VERDICT_GOOD : VERDICT_NOT_GENUINE, lists[i].culprit);
        X509_CRL_free(w->crl);
    }
    w->crl = make_crl(w, other, &lists[0]); /* somebody else's signature */
    expect(w, VERDICT_NOT_GENUINE, "crl");
    X509_CRL_free(w->crl);
    w->crl = NULL;
    expect(w, VERDICT_UNKNOWN, "crl");
}

static void crl_der(const struct world *w, EVP_PKEY *key, const struct list *l, struct buf *ret)
{
    X509_CRL *crl = make_crl(w, key, l);
    uint8_t *der = NULL;
    const int n = i2d_X509_CRL(crl, &der);

    assert_true(n > 0);
    buf_clear(ret);
    buf_put(ret, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_CRL_free(crl);
}

/* Of a cache and a service, the later list decides: a revocation is not undone by the one before.
 */
static void test_crl_older(void **state)
{
    static const enum padding right[3] = {PADDING_RIGHT, PADDING_RIGHT, PADDING_RIGHT};
    static const struct {
        struct list cached, served;
        bool replaces;
        const char *culprit; /* NULL: accepted */
    } cases[] = {
        {{.number = 2, .from = -60, .revokes = true}, {.number = 1, .from = -60}, false, "crl"},
        {{.number = 2, .from = -60}, {.number = 1, .from = -60, .revokes = true}, false, NULL},
        {{.number = 2, .from = -60, .revokes = true}, {.number = 1, .from = -30}, false, "crl"},
        {{.number = 1, .from = -30}, {.number = 300, .from = -60, .revokes = true}, true, "crl"},
        {{.number = 1, .from = -60, .revokes = true}, {.number = 2, .from = -60}, true, NULL},
        {{.number = 1, .from = -60}, {.number = 1, .from = -60}, true, NULL},
        {{.number = 1, .from = -60, .revokes = true}, {.number = 1, .from = -90}, false, "crl"},
        {{.from = -60, .revokes = true}, {.from = -90}, false, "crl"},
        {{.from = -60, .revokes = true}, {.from = -30}, true, NULL},
        {{.from = -60, .revokes = true}, {.number = 7, .from = -90}, false, "crl"},
        {{.number = 7, .from = -60, .revokes = true}, {.from = -30}, true, NULL},
    };
    struct world *w = *state;
    struct source_of_test s = {.n_asked = 0};
    const struct verify_source source = {
        .vcek = source_vcek, .issuer = source_issuer, .crl = source_crl, .ctx = &s};
    AUTO(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(4096);

    attest_bare(w);
    resign(w, key, right);
    set_policy(w, "{\"crl\": \"require\"}");
    w->source = &source;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct list cached = cases[i].cached, served = cases[i].served;

        cached.to = served.to = 60;
        crl_der(w, key, &cached, &s.lists[0]);
        crl_der(w, key, &served, &s.lists[1]);
        expect(w, cases[i].culprit == NULL ? VERDICT_GOOD : VERDICT_NOT_GENUINE, cases[i].culprit);
        assert_int_equal(s.n_lists_taken, cases[i].replaces ? 2 : 1);
    }
    buf_clear(&s.lists[0]);
    buf_clear(&s.lists[1]);
    w->source = NULL;
}

/* -- every key of a policy ------------------------------------------------------------------- */

static const struct {
    const char *json;
    const char *culprit; /* NULL: accepted */
} policies[] = {
    {"{}", NULL},
    {"{\"description\": \"words\"}", NULL},
    {"{\"report-version\": {\"min\": 5}}", NULL},
    {"{\"report-version\": {\"max\": 4}}", "report-version"},
    {"{\"endorsement-keys\": [\"vcek\"]}", NULL},
    {"{\"endorsement-keys\": [\"vlek\"]}", "endorsement-keys"},
    {"{\"products\": [\"Genoa\", \"Milan\"]}", NULL},
    {"{\"products\": [\"Genoa\"]}", "products"},
    {"{\"certificate-sources\": [\"evidence\"]}", NULL},
    {"{\"crl\": \"if-available\"}", NULL},
    {"{\"crl\": \"ignore\"}", NULL},
    {"{\"host-data\": \"" H32("0b") "\"}", NULL},
    {"{\"host-data\": \"" H32("0c") "\"}", "host-data"},
    {"{\"measurements\": [\"" H48("00") "\", \"" H48("0a") "\"]}", NULL},
    {"{\"measurements\": [\"" H48("00") "\", \"" H48("0b") "\"]}", "measurements"},
    {"{\"family-id\": \"" H16("0d") "\"}", NULL},
    {"{\"family-id\": \"" H16("0e") "\"}", "family-id"},
    {"{\"image-id\": \"" H16("0e") "\"}", NULL},
    {"{\"image-id\": \"" H16("0d") "\"}", "image-id"},
    {"{\"report-id\": \"" H32("0f") "\"}", NULL},
    {"{\"report-id\": \"" H32("00") "\"}", "report-id"},
    {"{\"report-id-ma\": \"" H32("ff") "\"}", NULL},
    {"{\"report-id-ma\": \"" H32("00") "\"}", "report-id-ma"},
    {"{\"report-data\": \"62617265" H32("00") H16("00") "000000000000000000000000\"}", NULL},
    {"{\"report-data\": \"" H32("00") H32("00") "\"}", "report-data"},
    {"{\"chip-ids\": [\"" H32("07") H32("07") "\"]}", NULL},
    {"{\"chip-ids\": [\"0707070707070707\"]}", "chip-ids"},
    {"{\"min-guest-svn\": 4}", NULL},
    {"{\"min-guest-svn\": 5}", "min-guest-svn"},
    {"{\"vmpl\": 0}", NULL},
    {"{\"vmpl\": 1}", "vmpl"},
    {"{\"max-vmpl\": 0}", NULL},
    {"{\"guest-policy\": {\"allow\": []}}", "guest-policy.allow"}, /* SMT */
    {"{\"guest-policy\": {\"allow\": [\"smt\"]}}", NULL},
    {"{\"guest-policy\": {\"require\": [\"single-socket\"]}}", NULL},
    {"{\"guest-policy\": {\"require\": [\"aes-256-xts\"]}}", "guest-policy.require"},
    {"{\"guest-policy\": {\"require\": [\"rapl-disable\"]}}", "guest-policy.require"},
    {"{\"guest-policy\": {\"require\": [\"ciphertext-hiding\"]}}", "guest-policy.require"},
    {"{\"guest-policy\": {\"require\": [\"page-swap-disable\"]}}", "guest-policy.require"},
    {"{\"guest-policy\": {\"min-abi\": \"1.31\"}}", NULL},
    {"{\"guest-policy\": {\"min-abi\": \"1.32\"}}", "guest-policy.min-abi"},
    {"{\"guest-policy\": {\"min-abi\": \"2.0\"}}", "guest-policy.min-abi"},
    {"{\"platform-info\": {\"require\": [\"ecc\", \"alias-check\"]}}", NULL},
    {"{\"platform-info\": {\"require\": [\"ecc\", \"rapl-disabled\"]}}", "platform-info.require"},
    {"{\"platform-info\": {\"require\": [\"0x40\"]}}", NULL},
    {"{\"platform-info\": {\"require\": [\"0x100\"]}}", "platform-info.require"},
    {"{\"platform-info\": {\"forbid\": [\"tsme\", \"tio\"]}}", NULL},
    {"{\"platform-info\": {\"forbid\": [\"smt\"]}}", "platform-info.forbid"},
    {"{\"min-tcb\": {\"Milan\": {\"bl\": 4, \"tee\": 0, \"snp\": 24, \"ucode\": 219}}}", NULL},
    {"{\"min-launch-tcb\": {\"Milan\": {\"bl\": 3, \"snp\": 20, \"ucode\": 200}}}", NULL},
    {"{\"min-launch-tcb\": {\"Milan\": {\"ucode\": 255}}}", "min-launch-tcb"},
    {"{\"min-launch-tcb\": {\"Genoa\": {}}}", "min-launch-tcb"},
    {"{\"min-firmware-build\": 25, \"min-firmware-api\": \"1.55\"}", NULL},
    {"{\"min-firmware-build\": 26}", "min-firmware-build"},
    {"{\"min-firmware-api\": \"1.56\"}", "min-firmware-api"},
    {"{\"min-firmware-api\": \"2.0\"}", "min-firmware-api"},
    {"{\"min-launch-mitigations\": \"0x3\"}", NULL},
    {"{\"min-launch-mitigations\": \"0x7\"}", "min-launch-mitigations"},
    {"{\"min-current-mitigations\": \"0xb\"}", NULL},
    {"{\"min-current-mitigations\": \"0xf\"}", "min-current-mitigations"},
    {"{\"require-id-block\": true, \"require-author-key\": true}", NULL},
    {"{\"id-keys\": \"" H48("1d") "\"}", NULL},
    {"{\"id-keys\": \"" H48("a0") "\"}", "id-keys"},
    {"{\"author-keys\": [\"" H48("00") "\", \"" H48("a0") "\"]}", NULL},
    {"{\"author-keys\": \"" H48("1d") "\"}", "author-keys"},
    {"{\"max-age\": 300}", "max-age"}, /* a bare report says no time */
};

static void make_rich(struct world *w)
{
    control(w, "measurement=" H48("0a"));
    control(w, "host_data=" H32("0b"));
    control(w, "family_id=" H16("0d"));
    control(w, "image_id=" H16("0e"));
    control(w, "report_id=" H32("0f"));
    control(w, "id_key_digest=" H48("1d"));
    control(w, "author_key_digest=" H48("a0"));
    control(w, "chip_id=" H32("07") H32("07"));
    control(w, "tcb=4.0.24.219\nlaunch_tcb=4.0.24.219\nguest_svn=4");
    control(w, "policy=0x13011f\nplatform_info=0x65");
}

static void test_policy_keys(void **state)
{
    struct world *w = *state;

    make_rich(w);
    attest_bare(w);
    for (size_t i = 0; i < N_ELEMENTS(policies); i++)
        expect_policy(w, policies[i].json,
                      policies[i].culprit == NULL ? VERDICT_GOOD : VERDICT_AGAINST_POLICY,
                      policies[i].culprit);
    expect_policy(w, "{\"crl\": \"require\"}", VERDICT_UNKNOWN, "crl");
}

/* The TCB keys look at three TCBs: each alone can be too low. */
static void test_policy_tcb(void **state)
{
    static const char policy[] = "{\"min-tcb\": {\"Milan\": {\"snp\": 24}}, "
                                 "\"allow-provisional-firmware\": true}";
    struct world *w = *state;

    control(w, "tcb=4.0.24.219");
    attest_bare(w);
    expect_policy(w, policy, VERDICT_GOOD, NULL);
    control(w, "reported_tcb=4.0.23.219");
    attest_bare(w);
    expect_policy(w, policy, VERDICT_AGAINST_POLICY, "min-tcb");
    control(w, "reported_tcb=4.0.24.219\ncommitted_tcb=4.0.23.219");
    attest_bare(w);
    expect_policy(w, policy, VERDICT_AGAINST_POLICY, "min-tcb.committed");
    expect(w, VERDICT_AGAINST_POLICY, "allow-provisional-firmware");
}

static void test_policy_weak(void **state)
{
    struct world *w = *state;

    control(w, "policy=0xb0000");
    attest_bare(w);
    expect(w, VERDICT_AGAINST_POLICY, "guest-policy.allow");
    expect_policy(w, "{\"guest-policy\": {\"allow\": [\"smt\", \"debug\"]}}", VERDICT_GOOD, NULL);
    control(w, "policy=0x230000");
    attest_bare(w);
    expect(w, VERDICT_AGAINST_POLICY, "guest-policy.allow");
    expect_policy(w, "{\"guest-policy\": {\"allow\": [\"smt\", \"cxl\"]}}", VERDICT_GOOD, NULL);
    control(w, "policy=0x4030000"); /* a bit that nobody knows */
    attest_bare(w);
    expect(w, VERDICT_AGAINST_POLICY, "guest-policy.allow");
    expect_policy(w, "{\"guest-policy\": {\"allow\": [\"smt\", \"0x4000000\"]}}", VERDICT_GOOD,
                  NULL);
    control(w, "policy=0x30000\nmask_chip_id=1");
    attest_bare(w);
    expect(w, VERDICT_AGAINST_POLICY, "allow-masked-chip-id");
    expect_policy(w, "{\"allow-masked-chip-id\": true}", VERDICT_GOOD, NULL);
}

/* A report for another VMPL is that software's word; one that the host asked for is nobody's in the
 * guest, and no policy takes it. */
static void test_policy_vmpl(void **state)
{
    struct world *w = *state;

    control(w, "fail=report-vmpl"); /* 1, where 0 was asked for */
    attest_bare(w);
    control(w, "fail=none");
    expect(w, VERDICT_GOOD, NULL);
    expect_policy(w, "{\"max-vmpl\": 1}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"max-vmpl\": 0}", VERDICT_AGAINST_POLICY, "vmpl");
    expect_policy(w, "{\"vmpl\": 1}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"vmpl\": 0}", VERDICT_AGAINST_POLICY, "vmpl");
    control(w, "host_asks=1");
    attest_bare(w);
    expect(w, VERDICT_AGAINST_POLICY, "vmpl");
    expect_policy(w, "{\"max-vmpl\": 3}", VERDICT_AGAINST_POLICY, "vmpl");
}

/* Without an ID block, what asks for one fails. */
static void test_policy_id_block(void **state)
{
    struct world *w = *state;

    attest_bare(w);
    expect_policy(w, "{\"require-id-block\": true}", VERDICT_AGAINST_POLICY, "require-id-block");
    expect_policy(w, "{\"require-author-key\": true}", VERDICT_AGAINST_POLICY,
                  "require-author-key");
    expect_policy(w, "{\"id-keys\": \"" H48("00") "\"}", VERDICT_AGAINST_POLICY, "id-keys");
    control(w, "report_version=4");
    attest_bare(w);
    expect_policy(w, "{\"min-current-mitigations\": \"0x1\"}", VERDICT_AGAINST_POLICY,
                  "min-current-mitigations");
}

/* -- policies that are none ------------------------------------------------------------------ */

static void test_policy_refused(void **state)
{
    static const char *const bad[][2] = {
        {"", "line"},
        {"[]", "not a JSON object"},
        {"{\"measurement\": []}", "measurement: no such key"},
        {"{\"key\": {\"required\": []}}", "required: no such key in key"},
        {"{\"max-age\": 1, \"max-age\": 2}", "duplicate"},
        {"{\"max-age\": \"1\"}", "max-age"},
        {"{\"max-age\": -1}", "max-age"},
        {"{\"max-age\": 1.5}", "max-age"},
        {"{\"vmpl\": 4}", "vmpl"},
        {"{\"max-vmpl\": 4}", "max-vmpl"},
        {"{\"measurements\": []}", "measurements"},
        {"{\"measurements\": \"00\"}", "measurements"},
        {"{\"measurements\": [1]}", "measurements"},
        {"{\"chip-ids\": \"0000000000000000\"}", "chip-ids"},
        {"{\"products\": []}", "products"},
        {"{\"products\": [\"milan\"]}", "milan"},
        {"{\"guest-policy\": {\"allow\": [\"debugging\"]}}", "debugging"},
        {"{\"min-tcb\": {\"Milan\": {\"fmc\": 1}}}", "fmc"},
        {"{\"min-tcb\": {\"Milan\": {\"bl\": 256}}}", "min-tcb"},
        {"{\"min-tcb\": {\"Rome\": {}}}", "Rome"},
        {"{\"min-firmware-api\": \"1\"}", "min-firmware-api"},
        {"{\"min-launch-mitigations\": 11}", "min-launch-mitigations"},
        {"{\"min-launch-mitigations\": \"0x\"}", "min-launch-mitigations"},
        {"{\"crl\": true}", "crl"},
        {"{\"time\": \"2026-11-20\"}", "time"},
        {"{\"roots\": \"a root\"}", "roots"},
        {"{\"id-keys\": \"a key\"}", "id-keys"},
        {"{\"report-version\": {\"min\": 4, \"max\": 3}}", "report-version"},
        {"{\"key\": {\"require\": [\"strong\"]}}", "strong"},
        {"{} {}", "line"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        AUTO(appraisal_clear) struct appraisal p;
        char *error = NULL;

        appraisal_init(&p);
        assert_int_equal(appraisal_read(span_of(bad[i][0], strlen(bad[i][0])), &p, &error),
                         CKR_ARGUMENTS_BAD);
        if (error == NULL || strstr(error, bad[i][1]) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i][0], error, bad[i][1]);
        free(error);
    }
}

/* -- statements ------------------------------------------------------------------------------ */

static EVP_PKEY *make_key(uint8_t spki[256], size_t *ret_n)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    uint8_t *p = spki;
    const int n = i2d_PUBKEY(key, NULL);

    assert_true(n > 0 && n < 256);
    *ret_n = (size_t)i2d_PUBKEY(key, &p);
    return key;
}

static struct statement about_key(struct span spki)
{
    struct statement s = {
        .kind = STATEMENT_KEY,
        .nonce = NONCE,
        .time = (uint64_t)time(NULL),
        .key =
            {
                .public_key = spki,
                .id = SPAN_LIT("\001"),
                .key_type = CKK_EC,
                .mechanism = CKM_EC_KEY_PAIR_GEN,
                .flags = STATEMENT_LOCAL | STATEMENT_TOKEN | STATEMENT_PRIVATE |
                         STATEMENT_SENSITIVE | STATEMENT_ALWAYS_SENSITIVE |
                         STATEMENT_NEVER_EXTRACTABLE | STATEMENT_SIGN,
                .store = {.fingerprint = {[0] = 0xab},
                          .token = SPAN_LIT("0123456789abcdef"),
                          .measured = STATEMENT_IMAGE,
                          .seals = {SPAN_LIT("certificate"), SPAN_LIT("sev-snp-emulated")},
                          .n_seals = 2},
            },
    };
    return s;
}

static void test_key(void **state)
{
    struct world *w = *state;
    uint8_t spki[256], other_spki[256];
    size_t n = 0, n_other = 0;
    AUTO(pkey_freep) EVP_PKEY *key = make_key(spki, &n);
    AUTO(pkey_freep) EVP_PKEY *other = make_key(other_spki, &n_other);
    const struct statement s = about_key(span_of(spki, n));

    attest(w, &s);
    w->question = (struct question){.has_nonce = true, .nonce = NONCE, .key = key};
    expect(w, VERDICT_GOOD, NULL);
    w->question.key = other;
    expect(w, VERDICT_AGAINST_POLICY, "public-key");
    w->question.key = key;
    w->question.nonce = SPAN_LIT("another");
    expect(w, VERDICT_AGAINST_POLICY, "nonce"); /* a replay */
    w->question.nonce = NONCE;
    expect_policy(w, "{\"key\": {\"seals\": [\"certificate\", \"sev-snp-emulated\"]}}",
                  VERDICT_GOOD, NULL);
    expect_policy(w, "{\"key\": {\"seals\": [\"sev-snp-emulated\"]}}", VERDICT_AGAINST_POLICY,
                  "key.seals");
    expect_policy(w, "{\"key\": {\"measured\": [\"image\"]}}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"key\": {\"measured\": [\"firmware\"]}}", VERDICT_AGAINST_POLICY,
                  "key.measured");
    expect_policy(w, "{\"key\": {\"tokens\": \"0123456789abcdef\"}}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"key\": {\"tokens\": \"0123456789abcde\"}}", VERDICT_AGAINST_POLICY,
                  "key.tokens");
    expect_policy(w, "{\"key\": {\"stores\": \"ab00" H16("00") "0000000000000000000000000000\"}}",
                  VERDICT_GOOD, NULL);
    expect_policy(w, "{\"key\": {\"stores\": \"" H32("ab") "\"}}", VERDICT_AGAINST_POLICY,
                  "key.stores");
    expect_policy(w, "{\"key\": {\"require\": [\"alwaysAuthenticate\"]}}", VERDICT_AGAINST_POLICY,
                  "key.require");
    expect_policy(w, "{\"key\": {\"forbid\": [\"sign\"]}}", VERDICT_AGAINST_POLICY, "key.forbid");
    expect_policy(w, "{\"statements\": [\"file\"]}", VERDICT_AGAINST_POLICY, "statements");
    w->question = (struct question){.has_nonce = false};
}

/* A policy that wants evidence about a key does not take a report about nothing in its place. */
static void test_no_statement(void **state)
{
    static const uint8_t data[64] = {1};
    struct world *w = *state;

    ext_report(w, data);
    use_certificates(w);
    expect_policy(w, "{}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"statements\": [\"key\"]}", VERDICT_AGAINST_POLICY, "statements");
}

/* An imported or extractable key, truthfully described, is genuine evidence and not wanted. */
static void test_key_marked(void **state)
{
    struct world *w = *state;
    uint8_t spki[256];
    size_t n = 0;
    AUTO(pkey_freep) EVP_PKEY *key = make_key(spki, &n);
    struct statement s = about_key(span_of(spki, n));

    w->question = (struct question){.key = key};
    s.key.flags &= ~(uint32_t)STATEMENT_LOCAL;
    attest(w, &s);
    expect(w, VERDICT_AGAINST_POLICY, "key.require");
    expect_policy(w, "{\"key\": {\"require\": []}}", VERDICT_GOOD, NULL);
    s = about_key(span_of(spki, n));
    s.key.flags |= STATEMENT_EXTRACTABLE;
    attest(w, &s);
    expect(w, VERDICT_AGAINST_POLICY, "key.forbid");
    s = about_key(span_of(spki, n));
    s.key.store.n_seals = 0;
    attest(w, &s);
    expect_policy(w, "{\"key\": {\"seals\": [\"sev-snp\"]}}", VERDICT_AGAINST_POLICY, "key.seals");
    w->question = (struct question){.has_nonce = false};
}

/* What is changed in a statement after the report was made is not what the VM said. */

static void test_statement_changed(void **state)
{
    struct world *w = *state;
    uint8_t spki[256];
    size_t n = 0;
    AUTO(pkey_freep) EVP_PKEY *key = make_key(spki, &n);
    struct statement s = about_key(span_of(spki, n));
    AUTO(buf_clear) struct buf der = BUF_INIT;

    s.key.flags &= ~(uint32_t)STATEMENT_NEVER_EXTRACTABLE;
    attest(w, &s);
    s.key.flags |= STATEMENT_NEVER_EXTRACTABLE; /* one flipped attribute */
    assert_int_equal(statement_encode(&s, &der), CKR_OK);
    buf_clear(&w->evidence.statement);
    buf_put(&w->evidence.statement, buf_span(&der));
    expect(w, VERDICT_NOT_GENUINE, "statement");
    w->evidence.statement.n--; /* no statement at all */
    expect(w, VERDICT_NOT_GENUINE, "statement");
    buf_clear(&w->evidence.statement); /* taken away: a bare report, about nothing */
    w->question = (struct question){.key = key};
    expect(w, VERDICT_AGAINST_POLICY, "public-key");
    w->question = (struct question){.has_nonce = true, .nonce = NONCE};
    expect(w, VERDICT_AGAINST_POLICY, "nonce");
    w->question = (struct question){.has_nonce = false};
}

/* -- rotations ------------------------------------------------------------------------------- */

/* Sign a statement as its old key does. */
static void sign(struct statement *s, EVP_PKEY *key, const char *md, uint8_t *room, size_t n)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_int_equal(statement_signed_bytes(s, &bytes), CKR_OK);
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, md, NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, room, &n, bytes.p, bytes.n), 1);
    s->rotation.signature = span_of(room, n);
}

/* Two pairs, and the statement that the one is the other's successor, signed. */
struct rotated {
    EVP_PKEY *old, *new;
    uint8_t old_spki[256], new_spki[256], signature[128];
    struct statement s;
};

static void rotated_make(struct rotated *r)
{
    size_t n_old = 0, n_new = 0;

    r->old = make_key(r->old_spki, &n_old);
    r->new = make_key(r->new_spki, &n_new);
    r->s = about_key(span_of(r->new_spki, n_new));
    r->s.kind = STATEMENT_ROTATION;
    r->s.rotation = (struct statement_rotation){.old_public_key = span_of(r->old_spki, n_old),
                                                .old_id = SPAN_LIT("\002"),
                                                .label = SPAN_LIT("tls")};
    sign(&r->s, r->old, "SHA2-256", r->signature, sizeof(r->signature));
}

static void rotated_clear(struct rotated *r)
{
    EVP_PKEY_free(r->old);
    EVP_PKEY_free(r->new);
}

static void test_rotation(void **state)
{
    struct world *w = *state;
    AUTO(rotated_clear) struct rotated r = {.old = NULL};

    rotated_make(&r);
    attest(w, &r.s);
    w->question =
        (struct question){.has_nonce = true, .nonce = NONCE, .key = r.new, .old_key = r.old};
    expect(w, VERDICT_GOOD, NULL);
    w->question.old_key = r.new; /* another key's successor than the one that was trusted */
    expect(w, VERDICT_AGAINST_POLICY, "old-key");
    w->question.old_key = r.old;
    w->question.key = r.old;
    expect(w, VERDICT_AGAINST_POLICY, "public-key");
    w->question = (struct question){.old_key = r.old};
    expect_policy(w, "{\"statements\": [\"rotation\"]}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"statements\": [\"key\"]}", VERDICT_AGAINST_POLICY, "statements");
    /* the policy's demands on keys are demands on the new one */
    expect_policy(w, "{\"key\": {\"seals\": [\"sev-snp-emulated\"]}}", VERDICT_AGAINST_POLICY,
                  "key.seals");
    r.s.key.flags |= STATEMENT_EXTRACTABLE;
    sign(&r.s, r.old, "SHA2-256", r.signature, sizeof(r.signature));
    attest(w, &r.s);
    expect(w, VERDICT_AGAINST_POLICY, "key.forbid");
    w->question = (struct question){.has_nonce = false};
}

/* A genuine report over a statement that the old key did not sign so: the VM said it, the key did
 * not. */
static void test_rotation_forged(void **state)
{
    struct world *w = *state;
    AUTO(rotated_clear) struct rotated r = {.old = NULL};
    AUTO(rotated_clear) struct rotated other = {.old = NULL};

    rotated_make(&r);
    rotated_make(&other);
    r.s.time++; /* edited */
    attest(w, &r.s);
    expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
    r.s.time--;
    sign(&r.s, r.new, "SHA2-256", r.signature, sizeof(r.signature)); /* by the new key itself */
    attest(w, &r.s);
    expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
    sign(&r.s, r.old, "SHA2-512", r.signature, sizeof(r.signature)); /* not the curve's hash */
    attest(w, &r.s);
    expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
    r.s.rotation.signature = other.s.rotation.signature; /* of another rotation */
    attest(w, &r.s);
    expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
    r.s.rotation.old_public_key = SPAN_LIT("no key");
    attest(w, &r.s);
    expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
    w->question.old_key = r.old;
    attest(w, &(struct statement){.kind = STATEMENT_NOTHING});
    expect(w, VERDICT_AGAINST_POLICY, "old-key");
    w->question.old_key = NULL;
}

/* Each type of key that signs, and one that does not. */
static void test_rotation_types(void **state)
{
    static const struct {
        const char *type, *curve, *md;
    } types[] = {{"RSA", NULL, "SHA2-256"},
                 {"EC", "P-384", "SHA2-384"},
                 {"EC", "P-521", "SHA2-512"},
                 {"ED25519", NULL, NULL},
                 {"ED448", NULL, NULL}};
    struct world *w = *state;

    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        AUTO(rotated_clear) struct rotated r = {.old = NULL};
        AUTO(pkey_freep)
        EVP_PKEY *key = types[i].curve != NULL ? EVP_EC_gen(types[i].curve)
                        : types[i].md != NULL  ? EVP_RSA_gen(2048)
                                               : EVP_PKEY_Q_keygen(NULL, NULL, types[i].type);
        uint8_t signature[512], *spki = NULL;
        int n;

        rotated_make(&r);
        n = i2d_PUBKEY(key, &spki);
        assert_true(n > 0);
        r.s.rotation.old_public_key = span_of(spki, (size_t)n);
        sign(&r.s, key, types[i].md, signature, sizeof(signature));
        attest(w, &r.s);
        expect(w, VERDICT_GOOD, NULL);
        signature[8] ^= 1;
        attest(w, &r.s);
        expect(w, VERDICT_NOT_GENUINE, "rotation-signature");
        OPENSSL_free(spki);
    }
}

/* What can't sign is vouched for by the report alone. */
static void test_rotation_unsigned(void **state)
{
    struct world *w = *state;
    AUTO(rotated_clear) struct rotated r = {.old = NULL};

    rotated_make(&r);
    r.s.rotation.signature = SPAN_EMPTY;
    r.s.rotation.old_public_key = SPAN_EMPTY;
    r.s.key.public_key = SPAN_EMPTY; /* secret keys */
    attest(w, &r.s);
    expect(w, VERDICT_GOOD, NULL);
    w->question.old_key = r.old;
    expect(w, VERDICT_AGAINST_POLICY, "old-key");
    w->question.old_key = NULL;
    r.s.time++;
    buf_clear(&w->evidence.statement);
    assert_int_equal(statement_encode(&r.s, &w->evidence.statement), CKR_OK);
    expect(w, VERDICT_NOT_GENUINE, "statement");
}

/* Without a report nothing says where the new key lives: never good, and a forged one is seen. */
static void test_rotation_without_report(void **state)
{
    struct world *w = *state;
    AUTO(rotated_clear) struct rotated r = {.old = NULL};

    rotated_make(&r);
    assert_int_equal(statement_encode(&r.s, &w->evidence.statement), CKR_OK);
    expect(w, VERDICT_UNKNOWN, "report");
    buf_clear(&w->evidence.statement);
    r.s.time++;
    assert_int_equal(statement_encode(&r.s, &w->evidence.statement), CKR_OK);
    expect(w, VERDICT_NOT_GENUINE, "several");
    buf_clear(&w->evidence.statement);
    r.s.rotation.signature = SPAN_EMPTY; /* anybody could write this */
    assert_int_equal(statement_encode(&r.s, &w->evidence.statement), CKR_OK);
    expect(w, VERDICT_NOT_GENUINE, "several");
    buf_clear(&w->evidence.statement);
    r.s.kind = STATEMENT_KEY; /* only of rotations is it anything at all */
    assert_int_equal(statement_encode(&r.s, &w->evidence.statement), CKR_OK);
    expect(w, VERDICT_NOT_GENUINE, "report");
}

static void test_file(void **state)
{
    struct world *w = *state;
    const struct statement_file file = {.digest = {1}, .size = 3};
    struct statement_file other = file;
    const struct statement s = {
        .kind = STATEMENT_FILE, .time = (uint64_t)w->at - 200, .file = file};

    attest(w, &s);
    w->question = (struct question){.file = &file, .max_age = 300};
    expect(w, VERDICT_GOOD, NULL);
    w->question.max_age = 100;
    expect(w, VERDICT_AGAINST_POLICY, "max-age");
    expect_policy(w, "{\"max-age\": 300}", VERDICT_AGAINST_POLICY, "max-age"); /* the smaller */
    w->question.max_age = 0;
    expect_policy(w, "{\"max-age\": 300}", VERDICT_GOOD, NULL);
    expect_policy(w, "{\"max-age\": 100}", VERDICT_AGAINST_POLICY, "max-age");
    w->at -= 400; /* said in the future */
    w->question.max_age = 300;
    expect(w, VERDICT_AGAINST_POLICY, "max-age");
    w->at += 170; /* a clock that is 30 s ahead */
    expect(w, VERDICT_GOOD, NULL);
    w->question = (struct question){.file = &other};
    other.size++;
    expect(w, VERDICT_AGAINST_POLICY, "file");
    other = file;
    other.digest[63] = 1;
    expect(w, VERDICT_AGAINST_POLICY, "file");
    w->question = (struct question){.has_nonce = false};
}

static void test_report_data(void **state)
{
    static const uint8_t right[64] = "bare", wrong[64] = "bear";
    struct world *w = *state;

    attest_bare(w);
    w->question = (struct question){.report_data = SPAN_ARRAY(right)};
    expect(w, VERDICT_GOOD, NULL);
    w->question = (struct question){.report_data = SPAN_ARRAY(wrong)};
    expect(w, VERDICT_AGAINST_POLICY, "report-data");
    w->question = (struct question){.file = &(struct statement_file){.size = 0}};
    expect(w, VERDICT_AGAINST_POLICY, "file");
    w->question = (struct question){.has_nonce = false};
}

/* SHA-384 of an ID key as the firmware hashes it, by bytes put together here. */
static void test_id_key_digest(void **state)
{
    AUTO(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-384");
    AUTO(pkey_freep) EVP_PKEY *small = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    uint8_t point[97], bytes[1028] = {2}, is[48], expected[48];
    size_t n = 0;
    char *pem = NULL;
    long n_pem;

    (void)state;
    assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &n), 1);
    assert_int_equal(n, 97);
    for (size_t i = 0; i < 48; i++) {
        bytes[4 + i] = point[48 - i];
        bytes[4 + 72 + i] = point[96 - i];
    }
    assert_int_equal(EVP_Digest(bytes, sizeof(bytes), expected, NULL, EVP_sha384(), NULL), 1);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    n_pem = BIO_get_mem_data(bio, &pem);
    assert_int_equal(appraisal_key_digest(span_of(pem, (size_t)n_pem), is), CKR_OK);
    assert_memory_equal(is, expected, sizeof(is));
    (void)BIO_reset(bio);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, small), 1);
    n_pem = BIO_get_mem_data(bio, &pem);
    assert_int_equal(appraisal_key_digest(span_of(pem, (size_t)n_pem), is), CKR_DATA_INVALID);
    BIO_free(bio);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/verify/products-and-versions", test_products),
        TEST("/verify/amd-roots-refuse", test_amd_roots),
        TEST("/verify/roots-of-policy", test_policy_roots),
        TEST("/verify/vlek", test_vlek),
        TEST("/verify/guid-orders", test_guid_orders),
        TEST("/verify/every-byte-counts", test_every_byte),
        TEST("/verify/dates", test_dates),
        TEST("/verify/no-certificates", test_missing_certificates),
        TEST("/verify/stale-table", test_stale_table),
        TEST("/verify/issuer-fetched", test_issuer_fetched),
        TEST("/verify/issuer-forged", test_issuer_forged),
        TEST("/verify/nothing-behind", test_nothing_behind),
        TEST("/verify/certificates-added", test_certificates_added),
        TEST("/verify/certificates-full", test_certificates_full),
        TEST("/verify/extensions", test_extensions),
        TEST("/verify/endorsed", test_endorsed),
        TEST("/verify/tcb-order", test_order),
        TEST("/verify/chain-strict", test_chain_strict),
        TEST("/verify/crl", test_crl),
        TEST("/verify/crl-never-older", test_crl_older),
        TEST("/verify/policy/keys", test_policy_keys),
        TEST("/verify/policy/tcb", test_policy_tcb),
        TEST("/verify/policy/weak-guests", test_policy_weak),
        TEST("/verify/policy/vmpl", test_policy_vmpl),
        TEST("/verify/policy/id-block", test_policy_id_block),
        TEST("/verify/policy/refused", test_policy_refused),
        TEST("/verify/key", test_key),
        TEST("/verify/key/marked", test_key_marked),
        TEST("/verify/no-statement", test_no_statement),
        TEST("/verify/statement/changed", test_statement_changed),
        TEST("/verify/rotation", test_rotation),
        TEST("/verify/rotation/forged", test_rotation_forged),
        TEST("/verify/rotation/types", test_rotation_types),
        TEST("/verify/rotation/unsigned", test_rotation_unsigned),
        TEST("/verify/rotation/without-report", test_rotation_without_report),
        TEST("/verify/file", test_file),
        TEST("/verify/report-data", test_report_data),
        TEST("/verify/id-key-digest", test_id_key_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
