/* SPDX-License-Identifier: BSD-2-Clause */
/* verify.c - the checks of genuineness, in their order; see verify.h. */
#include "attest/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/roots.h"
#include "attest/rotation.h"

struct work {
    const struct verify_input *in;
    struct result *res;
    struct verified *v;
    X509 *pinned_root, *pinned_issuer; /* AMD's, owned */
    X509 *fetched;                     /* a leaf from the source, owned */
    X509 *fetched_issuer;              /* likewise */
    bool issuer_asked;                 /* once is enough */
    X509_CRL *fetched_crl;             /* owned */
    X509 *hint; /* a leaf that was given and does not fit: what the message is about */
    struct chain chain;
};

static void work_clear(struct work *w)
{
    X509_free(w->pinned_root);
    X509_free(w->pinned_issuer);
    X509_free(w->fetched);
    X509_free(w->fetched_issuer);
    X509_CRL_free(w->fetched_crl);
}

/* A step adds its check. False: no further one. */
typedef bool step_fn(struct work *w, const char *name);

static bool good(struct work *w, const char *name, const char *words)
{
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "%s", words);
    return true;
}

static bool failed(struct work *w, const char *name, const char *words)
{
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_FAILED, "%s", words);
    return false;
}

static bool unknown(struct work *w, const char *name, const char *words)
{
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_UNKNOWN, "%s", words);
    return false;
}

/* With words that were collected; empty ones mean that there was no memory for them. */
static bool failed_buf(struct work *w, const char *name, struct buf *words)
{
    buf_u8(words, 0);
    return failed(w, name, buf_ok(words) == CKR_OK ? (const char *)words->p : "out of memory");
}

/* -- the report ------------------------------------------------------------------------------ */

static bool step_report(struct work *w, const char *name)
{
    const char *objection = NULL;
    const CK_RV rv = report_read(w->in->report, &w->v->report, &objection);

    if (rv == CKR_FUNCTION_NOT_SUPPORTED)
        return unknown(w, name, objection);
    if (rv != CKR_OK)
        return failed(w, name, objection);
    w->v->has_report = true;
    w->chain.signing_key = w->v->report.signing_key;
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "version %u, signed by a %s",
               w->v->report.version, w->v->report.signing_key == SIGNING_VLEK ? "VLEK" : "VCEK");
    return true;
}

/* Version 2 has no CPUID: by what was given, else by a policy that names one product. */
static bool guess_product(const struct work *w, enum product *ret)
{
    const enum cert_role leaf = chain_leaf_role(w->chain.signing_key);
    const struct cert_list *given = w->in->given;
    unsigned int n = 0;

    for (size_t i = 0; i < given->n; i++) {
        enum cert_role role = N_CERT_ROLES;

        if (cert_identify(given->item[i], &role, ret) && role == leaf)
            return true;
    }
    for (size_t p = 0; p < N_PRODUCTS; p++) {
        if ((w->in->policy->products >> p & 1u) != 0) {
            *ret = (enum product)p;
            n++;
        }
    }
    return n == 1;
}

static bool step_product(struct work *w, const char *name)
{
    struct report *r = &w->v->report;
    enum product p = N_PRODUCTS;
    const char *objection = NULL;

    if (r->has_cpuid && !report_product(r, &p)) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_UNKNOWN,
                   "family 0x%02x model 0x%02x is no product that this program has a root for",
                   r->cpuid_family, r->cpuid_model);
        return false;
    }
    if (!r->has_cpuid && !guess_product(w, &p))
        return unknown(w, name,
                       "a report of version 2 does not name its product: give its certificate, "
                       "or name one product in the policy");
    if (report_set_product(r, p, &objection) != CKR_OK)
        return failed(w, name, objection);
    w->chain.product = p;
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "%s%s", product_name(p),
               r->has_cpuid ? "" : " (version 2 does not say it; the signature will)");
    return true;
}

/* -- root and chain -------------------------------------------------------------------------- */

/* The root of the product among the caller's own; NULL: none. */
static X509 *own_root(const struct work *w)
{
    const struct cert_list *roots = &w->in->policy->roots;
    enum cert_role role = N_CERT_ROLES;
    enum product p = N_PRODUCTS;

    if (w->in->root != NULL)
        return w->in->root;
    for (size_t i = 0; i < roots->n; i++) {
        if (cert_identify(roots->item[i], &role, &p) && role == CERT_ARK && p == w->chain.product)
            return roots->item[i];
    }
    return NULL;
}

static bool uses_amd(const struct work *w)
{
    return w->in->root == NULL && w->in->policy->roots.n == 0;
}

static bool step_root(struct work *w, const char *name)
{
    AUTO(buf_clear) struct buf words = BUF_INIT;
    char hex[65];

    if (uses_amd(w) && (roots_get(w->chain.product, CERT_ARK, &w->pinned_root) != CKR_OK ||
                        roots_get(w->chain.product, chain_issuer_role(w->chain.signing_key),
                                  &w->pinned_issuer) != CKR_OK))
        return unknown(w, name, "AMD's certificates in this program cannot be used");
    w->chain.root = uses_amd(w) ? w->pinned_root : own_root(w);
    if (w->chain.root == NULL)
        return unknown(w, name, "no root was given for this product");
    if (!chain_root_ok(w->chain.root, w->in->at, &words))
        return failed_buf(w, name, &words);
    if (cert_key_hash(w->chain.root, w->v->root_hash) != CKR_OK)
        return unknown(w, name, "its key cannot be hashed");
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "%s%s, public key sha256 %s",
               uses_amd(w) ? "AMD's ARK-" : "NOT AMD's, given by the caller: ARK-",
               product_name(w->chain.product), hex_encode(SPAN_ARRAY(w->v->root_hash), hex));
    return true;
}

/* Does the endorsement key belong to the report? NULL or what differs, into text. */
static const char *mismatch(const struct work *w, const struct endorsement *e, char text[256])
{
    const struct report *r = &w->v->report;
    char key[64], report[64];

    if (!tcb_parts_equal(&e->tcb, &r->reported)) {
        (void)snprintf(text, 256, "the endorsement key is for TCB %s, the report says %s",
                       tcb_parts_text(w->chain.product, &e->tcb, key),
                       tcb_parts_text(w->chain.product, &r->reported, report));
        return text;
    }
    return NULL;
}

static bool chip_masked(const struct report *r)
{
    const struct span chip = report_field(r, REPORT_CHIP);

    return mem_is_zero(chip.p, chip.n);
}

static bool chip_differs(const struct work *w, const struct endorsement *e)
{
    return w->chain.signing_key == SIGNING_VCEK && !chip_masked(&w->v->report) &&
           !span_equal(SPAN_ARRAY(e->hwid), report_field(&w->v->report, REPORT_CHIP));
}

static bool is_issuer(const struct work *w, const X509 *x)
{
    enum cert_role role = N_CERT_ROLES;
    enum product p = N_PRODUCTS;

    return cert_identify(x, &role, &p) && role == chain_issuer_role(w->chain.signing_key) &&
           p == w->chain.product;
}

/* What a source may say the issuer is: one that the root has signed. */
static bool accept_issuer(void *ctx, struct span bytes)
{
    struct work *w = ctx;
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};

    if (cert_read_file(bytes, &l) != CKR_OK)
        return false;
    for (size_t i = 0; i < l.n; i++) {
        if (!is_issuer(w, l.item[i]) || !chain_signed_by(l.item[i], w->chain.root) ||
            X509_up_ref(l.item[i]) != 1)
            continue;
        X509_free(w->fetched_issuer);
        w->fetched_issuer = l.item[i];
        return true;
    }
    return false;
}

/* AMD may have a newer one under the same root than this program. */
static X509 *issuer_fetch(struct work *w, X509 *leaf)
{
    const struct verify_source *s = w->in->source;
    char *why = NULL;

    if (!w->issuer_asked && s != NULL && !w->in->given_only) {
        w->issuer_asked = true;
        (void)!s->issuer(s->ctx, w->chain.product, w->chain.signing_key, accept_issuer, w, &why);
        free(why);
    }
    return w->fetched_issuer != NULL && chain_signed_by(leaf, w->fetched_issuer) ? w->fetched_issuer
                                                                                 : NULL;
}

/* Of those at hand, the one whose key signed the leaf. NULL: none; *ret_hint is then one for the
 * message, or NULL. */
static X509 *issuer_at_hand(const struct work *w, X509 *leaf, X509 **ret_hint)
{
    X509 *hint = w->in->given_only ? NULL : w->pinned_issuer;

    if (hint != NULL && chain_signed_by(leaf, hint))
        return hint;
    for (size_t i = 0; i < w->in->given->n; i++) {
        X509 *x = w->in->given->item[i];
        enum cert_role role = N_CERT_ROLES;
        enum product p = N_PRODUCTS;

        if (is_issuer(w, x) && chain_signed_by(leaf, x))
            return x;
        if (hint == NULL && cert_identify(x, &role, &p) && (role == CERT_ASK || role == CERT_ASVK))
            hint = x;
    }
    *ret_hint = hint;
    return NULL;
}

/* The issuer whose key signed the leaf; else one for the message; NULL: there is none. */
static X509 *issuer_of(struct work *w, X509 *leaf)
{
    X509 *hint = NULL;
    X509 *found = issuer_at_hand(w, leaf, &hint);

    if (found == NULL)
        found = issuer_fetch(w, leaf);
    return found != NULL ? found : hint;
}

/* Is this a certificate for the key that signed the report, as far as can be seen without its
 * chain? Others are passed over: a host's table is often of an older TCB. */
static bool leaf_fits(struct work *w, X509 *x)
{
    const enum cert_role wanted = chain_leaf_role(w->chain.signing_key);
    enum cert_role role = N_CERT_ROLES;
    enum product p = N_PRODUCTS;
    struct endorsement e;
    const char *objection = NULL;
    char text[256];
    X509 *issuer;

    if (!cert_identify(x, &role, &p) || role != wanted || p != w->chain.product ||
        cert_endorsement(x, role, p, &e, &objection) != CKR_OK || mismatch(w, &e, text) != NULL ||
        chip_differs(w, &e))
        return false;
    issuer = issuer_of(w, x);
    return issuer != NULL && chain_signed_by(x, issuer);
}

/* Of the certificates given. NULL: none fits; w->hint then is the one nearest to it, or NULL. */
static X509 *leaf_given(struct work *w)
{
    const enum cert_role wanted = chain_leaf_role(w->chain.signing_key);

    for (size_t i = 0; i < w->in->given->n; i++) {
        X509 *x = w->in->given->item[i];
        enum cert_role role = N_CERT_ROLES;
        enum product p = N_PRODUCTS;

        if (leaf_fits(w, x))
            return x;
        if (w->hint == NULL && cert_identify(x, &role, &p) &&
            (role == wanted || role == CERT_VCEK || role == CERT_VLEK))
            w->hint = x;
    }
    return NULL;
}

static bool accept_leaf(void *ctx, struct span der)
{
    struct work *w = ctx;
    AUTO(x509_freep) X509 *x = NULL;

    if (cert_read(der, &x) != CKR_OK || !leaf_fits(w, x))
        return false;
    X509_free(w->fetched);
    w->fetched = TAKE(x);
    return true;
}

/* What could be fetched: a VCEK of a chip that has a name. */
static bool leaf_fetch(struct work *w, char **ret_why)
{
    const struct verify_source *s = w->in->source;

    return s != NULL && w->chain.signing_key == SIGNING_VCEK && !chip_masked(&w->v->report) &&
           s->vcek(s->ctx, &w->v->report, accept_leaf, w, ret_why) == CKR_OK && w->fetched != NULL;
}

static bool no_leaf(struct work *w, const char *name, const char *why)
{
    const struct report *r = &w->v->report;

    if (why != NULL)
        return unknown(w, name, why);
    if (w->chain.signing_key == SIGNING_VLEK)
        return unknown(w, name,
                       "no certificate of the VLEK: only the host's certificate table has it");
    if (chip_masked(r))
        return unknown(w, name,
                       "no certificate of the VCEK, and the host masks CHIP_ID, by which AMD "
                       "would be asked for it");
    return unknown(w, name, "no certificate of the VCEK, and none was to be fetched");
}

static bool chain_words(struct work *w, const char *name)
{
    AUTO(buf_clear) struct buf words = BUF_INIT;
    char cn[64], issuer[64];

    if (!chain_ok(&w->chain, w->in->at, &words))
        return failed_buf(w, name, &words);
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "%s <- %s <- ARK-%s%s",
               cert_common_name(w->chain.leaf, cn), cert_common_name(w->chain.issuer, issuer),
               product_name(w->chain.product), w->chain.leaf == w->fetched ? " (fetched)" : "");
    return true;
}

static bool step_chain(struct work *w, const char *name)
{
    char *why = NULL;
    bool on;

    w->chain.leaf = leaf_given(w);
    if (w->chain.leaf == NULL && leaf_fetch(w, &why))
        w->chain.leaf = w->fetched;
    if (w->chain.leaf == NULL)
        w->chain.leaf = w->hint;
    if (w->chain.leaf == NULL) {
        on = no_leaf(w, name, why);
        free(why);
        return on;
    }
    free(why);
    (void)cert_common_name(w->chain.leaf, w->v->leaf_name);
    w->chain.issuer = issuer_of(w, w->chain.leaf);
    if (w->chain.issuer == NULL)
        return unknown(w, name, "no certificate of the endorsement key's issuer");
    return chain_words(w, name);
}

/* -- revocation ------------------------------------------------------------------------------ */

/* A list in force, and none older than one that was accepted: the cache's comes first, and whoever
 * answers for the service could undo a revocation by the list before it. */
static bool accept_crl(void *ctx, struct span der)
{
    struct work *w = ctx;
    AUTO(crl_freep) X509_CRL *crl = NULL;
    AUTO(buf_clear) struct buf words = BUF_INIT;

    if (cert_read_crl(der, &crl) != CKR_OK ||
        !chain_crl_is_of_root(crl, w->chain.root, w->chain.product, w->in->at, &words) ||
        (w->fetched_crl != NULL && chain_crl_is_older(crl, w->fetched_crl)))
        return false;
    X509_CRL_free(w->fetched_crl);
    w->fetched_crl = TAKE(crl);
    return true;
}

static X509_CRL *crl_of(struct work *w, char **ret_why)
{
    const struct verify_source *s = w->in->source;

    if (w->in->crl != NULL)
        return w->in->crl;
    if (s != NULL &&
        s->crl(s->ctx, w->chain.product, w->chain.signing_key, accept_crl, w, ret_why) == CKR_OK)
        return w->fetched_crl;
    return NULL;
}

static bool step_crl(struct work *w, const char *name)
{
    AUTO(buf_clear) struct buf words = BUF_INIT;
    const enum appraisal_crl mode = w->in->policy->crl;
    char *why = NULL;
    X509_CRL *crl;

    if (mode == APPRAISAL_CRL_IGNORE) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_NOT_DONE, "the policy ignores it");
        return true;
    }
    crl = crl_of(w, &why);
    if (crl == NULL) {
        result_add(w->res, name, ABOUT_GENUINENESS,
                   mode == APPRAISAL_CRL_REQUIRE ? OUTCOME_UNKNOWN : OUTCOME_NOT_DONE,
                   "no revocation list: %s", why != NULL ? why : "none was given or fetched");
        free(why);
        return mode != APPRAISAL_CRL_REQUIRE;
    }
    free(why);
    if (!chain_crl_ok(&w->chain, crl, w->in->at, &words))
        return failed_buf(w, name, &words);
    return good(w, name, "in force, signed by the ARK; the chain is not on it");
}

/* -- signature and endorsement --------------------------------------------------------------- */

static bool step_signature(struct work *w, const char *name)
{
    if (!chain_report_signed(&w->chain, &w->v->report))
        return failed(w, name, "the endorsement key did not sign this report");
    return good(w, name, "ECDSA P-384 over the report's first 672 bytes");
}

static bool step_tcb(struct work *w, const char *name)
{
    char text[256];
    const char *objection = NULL;

    if (cert_endorsement(w->chain.leaf, chain_leaf_role(w->chain.signing_key), w->chain.product,
                         &w->v->endorsement, &objection) != CKR_OK)
        return failed(w, name, objection);
    w->v->has_endorsement = true;
    objection = mismatch(w, &w->v->endorsement, text);
    if (objection != NULL)
        return failed(w, name, objection);
    return good(w, name, tcb_parts_text(w->chain.product, &w->v->report.reported, text));
}

static bool step_chip(struct work *w, const char *name)
{
    char hex[2 * REPORT_CHIP_ID + 1];

    if (w->chain.signing_key == SIGNING_VLEK) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "a VLEK of %s: no chip of its own",
                   w->v->endorsement.csp_id);
        return true;
    }
    if (chip_differs(w, &w->v->endorsement))
        return failed(w, name, "the endorsement key belongs to another chip (HWID, CHIP_ID)");
    if (chip_masked(&w->v->report)) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_NOT_DONE,
                   "the host masks CHIP_ID: policy decides");
        return true;
    }
    return good(w, name, hex_encode(report_field(&w->v->report, REPORT_CHIP), hex));
}

static bool step_order(struct work *w, const char *name)
{
    const struct report *r = &w->v->report;

    if (!tcb_parts_reach(&r->current, &r->reported))
        return failed(w, name, "the reported TCB is above the current one");
    if (!tcb_parts_reach(&r->current, &r->committed))
        return failed(w, name, "the committed TCB is above the current one");
    return good(w, name, "reported and committed TCB are not above the current one");
}

/* -- the statement --------------------------------------------------------------------------- */

/* Of a statement about a rotation: did the old key sign it? Where it could not, the report alone
 * vouches for it. */
static bool old_key_signed(struct work *w, bool attested)
{
    static const char name[] = "rotation-signature";
    const struct statement *s = &w->v->statement;
    const char *objection = NULL;

    if (s->kind != STATEMENT_ROTATION)
        return true;
    if (s->rotation.signature.n == 0 && !attested)
        return failed(w, name, "there is neither a report nor a signature: anybody could say this");
    if (s->rotation.signature.n == 0) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_NOT_DONE,
                   "the old key can't sign: the report alone vouches for its successor");
        return true;
    }
    if (!rotation_signature_ok(s, &objection))
        return failed(w, name, objection);
    return good(w, name, "the old key signed that this is its successor");
}

static bool step_statement(struct work *w, const char *name)
{
    uint8_t expected[STATEMENT_REPORT_DATA];

    if (w->in->statement.n == 0) {
        result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_NOT_DONE,
                   "there is none: a bare report");
        return true;
    }
    if (statement_decode(w->in->statement, &w->v->statement) != CKR_OK ||
        statement_report_data(w->in->statement, expected) != CKR_OK)
        return failed(w, name, "it is malformed");
    if (!span_equal(SPAN_ARRAY(expected), report_field(&w->v->report, REPORT_REPORT_DATA)))
        return failed(w, name, "REPORT_DATA is not its hash: the VM did not say this");
    w->v->has_statement = true;
    result_add(w->res, name, ABOUT_GENUINENESS, OUTCOME_OK, "about: %s",
               statement_kind_name(w->v->statement.kind));
    return old_key_signed(w, true);
}

/* What a root that can't attest gives about a rotation: a statement that the old key signed, and no
 * report. Who knows that key can believe it as far as the key goes, but what holds the new one
 * nobody proves. */
static void without_report(struct work *w)
{
    const struct statement *s = &w->v->statement;

    if (statement_decode(w->in->statement, &w->v->statement) != CKR_OK ||
        s->kind != STATEMENT_ROTATION) {
        (void)failed(w, "report", "there is none");
        return;
    }
    (void)unknown(w, "report",
                  "there is none: the old key alone vouches for its successor, and nothing says "
                  "where that lives");
    w->v->has_statement = old_key_signed(w, false);
}

/* -- all ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    step_fn *run;
} steps[] = {
    {"report", step_report},    {"product", step_product},
    {"root", step_root},        {"chain", step_chain},
    {"crl", step_crl},          {"signature", step_signature},
    {"endorsed-tcb", step_tcb}, {"endorsed-chip", step_chip},
    {"tcb-order", step_order},  {"statement", step_statement},
};

CK_RV verify(const struct verify_input *in, struct result *ret_result, struct verified *ret_facts)
{
    AUTO(work_clear) struct work w = {.in = in, .res = ret_result, .v = ret_facts};
    bool on = true;

    TRY(crypto_ready());
    *ret_facts = (struct verified){.has_report = false};
    if (in->report.n == 0 && in->statement.n > 0) {
        without_report(&w);
        ENSURE(!ret_result->failed, CKR_HOST_MEMORY);
        return CKR_OK;
    }
    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        if (on)
            on = steps[i].run(&w, steps[i].name);
        else
            result_add(w.res, steps[i].name, ABOUT_GENUINENESS, OUTCOME_NOT_DONE,
                       "an earlier check did not hold");
    }
    if (on) {
        verify_policy(in, ret_facts, ret_result);
        verify_question(in, ret_facts, ret_result);
    }
    ENSURE(!ret_result->failed, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* The first steps, up to this one: those that certificates depend on. */
#define N_STEPS_CHAIN 4

static CK_RV certificate_der(const X509 *x, struct buf *ret)
{
    KEEP_ERRORS;
    uint8_t *der = NULL;
    const int n = i2d_X509(x, &der);

    ENSURE(n > 0, ossl_rv(CKR_HOST_MEMORY));
    buf_put(ret, span_of(der, (size_t)n));
    OPENSSL_free(der);
    TRY(buf_ok(ret));
    ENSURE(ret->n <= EVIDENCE_MAX_CERTIFICATE, CKR_DATA_INVALID);
    return CKR_OK;
}

static bool has_certificate(const struct evidence *e, struct span der)
{
    for (size_t i = 0; i < e->n_certificates; i++) {
        if (span_equal(der, buf_span(&e->certificates[i])))
            return true;
    }
    return false;
}

/* In a full list the last one that is not of this chain makes room: a host's table may have an
 * older VCEK, a VLEK that did not sign, and a root, which nobody takes from evidence. */
static CK_RV add_certificate(struct evidence *e, struct span der, struct span other)
{
    if (has_certificate(e, der))
        return CKR_OK;
    for (size_t i = e->n_certificates; i-- > 0 && e->n_certificates == EVIDENCE_MAX_CERTIFICATES;) {
        if (!span_equal(other, buf_span(&e->certificates[i])))
            evidence_drop_certificate(e, i);
    }
    return evidence_add_certificate(e, der);
}

static CK_RV add_chain(const struct chain *c, struct evidence *e, char **ret_why)
{
    AUTO(buf_clear) struct buf leaf = BUF_INIT;
    AUTO(buf_clear) struct buf issuer = BUF_INIT;
    CK_RV rv = certificate_der(c->leaf, &leaf);

    if (rv == CKR_OK)
        rv = certificate_der(c->issuer, &issuer);
    if (rv == CKR_DATA_INVALID) {
        *ret_why = strdup("a certificate of the chain is longer than one in evidence may be");
        ENSURE(*ret_why != NULL, CKR_HOST_MEMORY);
    }
    TRY(rv);
    TRY(add_certificate(e, buf_span(&leaf), buf_span(&issuer)));
    return add_certificate(e, buf_span(&issuer), buf_span(&leaf));
}

CK_RV verify_certificates(const struct verify_input *in, struct evidence *ret, char **ret_why)
{
    AUTO(result_clear) struct result r = {.n = 0};
    struct verified facts = {.has_report = false};
    AUTO(work_clear) struct work w = {.in = in, .res = &r, .v = &facts};
    bool on = true;

    TRY(crypto_ready());
    for (size_t i = 0; on && i < N_STEPS_CHAIN; i++)
        on = steps[i].run(&w, steps[i].name);
    ENSURE(!r.failed, CKR_HOST_MEMORY);
    if (!on) {
        *ret_why = strdup(r.checks[r.n - 1].words);
        ENSURE(*ret_why != NULL, CKR_HOST_MEMORY);
        FAIL(result_verdict(&r) == VERDICT_NOT_GENUINE ? CKR_DATA_INVALID : CKR_DEVICE_ERROR);
    }
    return add_chain(&w.chain, ret, ret_why);
}
