/* SPDX-License-Identifier: BSD-2-Clause */
/* load.c - reads evidence, policy, certificates, keys and files; see verifier.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "attest/cert_table.h"
#include "attest/evidence_json.h"
#include "verifier/verifier.h"

#define MAX_FILE     (512u * 1024u)
#define MAX_PATIENCE 3600u
#define BAD_ARGUMENT VERIFIER_USAGE
#define NOT_READABLE VERIFIER_UNKNOWN
#define DER_SEQUENCE 0x30

DEFINE_AUTO(bio_freep, BIO, BIO_free_all)

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

void verifier_case_clear(struct verifier_case *c)
{
    evidence_clear(&c->evidence);
    cert_list_clear(&c->given);
    X509_free(c->root);
    X509_CRL_free(c->crl);
    appraisal_clear(&c->policy);
    EVP_PKEY_free(c->key);
    EVP_PKEY_free(c->old_key);
    free(c->cache);
}

/* -- files ----------------------------------------------------------------------------------- */

/* "-" is standard input. */
static int open_file(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static int read_open(const char *path, int fd, struct buf *ret)
{
    ssize_t n = -1;

    buf_reserve(ret, MAX_FILE + 1);
    if (ret->failed)
        return verifier_fail(NOT_READABLE, "out of memory");
    while ((n = read(fd, ret->p + ret->n, MAX_FILE + 1 - ret->n)) > 0)
        ret->n += (size_t)n;
    if (n != 0)
        return verifier_fail(NOT_READABLE, "%s: %s", path, strerror(errno));
    if (ret->n > MAX_FILE)
        return verifier_fail(NOT_READABLE, "%s: larger than %u bytes", path, MAX_FILE);
    return 0;
}

/* may_use NULL: any file will do. */
static int read_checked(const char *path, verifier_may_use *may_use, const char *what,
                        struct buf *ret)
{
    AUTO(close_fd) int fd = open_file(path);
    int code = 0;

    if (fd < 0)
        return verifier_fail(NOT_READABLE, "%s: %s", path, strerror(errno));
    if (may_use != NULL)
        code = may_use(what, path, fd);
    return code == 0 ? read_open(path, fd, ret) : code;
}

static int read_file(const char *path, struct buf *ret)
{
    return read_checked(path, NULL, NULL, ret);
}

/* -- evidence -------------------------------------------------------------------------------- */

/* A container begins with a SEQUENCE or a brace. What does not is a bare report, whatever its
 * length: the first check says what is wrong with it. */
static bool is_container(struct span bytes)
{
    return bytes.n > 0 && (bytes.p[0] == DER_SEQUENCE || memchr("{ \t\r\n", bytes.p[0], 5) != NULL);
}

/* What a root that can't attest gives: a statement about a rotation without a report around it. */
static bool is_rotation(struct span bytes)
{
    struct statement s;

    return statement_decode(bytes, &s) == CKR_OK && s.kind == STATEMENT_ROTATION;
}

static int take_evidence(struct span bytes, struct verifier_case *c)
{
    if (is_rotation(bytes)) {
        buf_put(&c->evidence.statement, bytes);
        return buf_ok(&c->evidence.statement) == CKR_OK
                   ? 0
                   : verifier_fail(NOT_READABLE, "out of memory");
    }
    if (is_container(bytes)) {
        const CK_RV rv = evidence_read(bytes, &c->evidence);

        if (rv != CKR_OK && rv != CKR_DATA_INVALID)
            return verifier_fail(NOT_READABLE, "out of memory");
        c->evidence_malformed = rv != CKR_OK;
        return 0;
    }
    buf_put(&c->evidence.report, bytes);
    return buf_ok(&c->evidence.report) == CKR_OK ? 0 : verifier_fail(NOT_READABLE, "out of memory");
}

static int load_evidence(const struct verifier_options *o, struct verifier_case *c)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    int code;

    if (o->evidence == NULL)
        return take_evidence(o->evidence_bytes, c);
    code = read_file(o->evidence, &bytes);
    return code == 0 ? take_evidence(buf_span(&bytes), c) : code;
}

/* A certificate that OpenSSL can't read helps nobody and harms nobody. */
static int use_certificates(const struct evidence *from, struct verifier_case *c)
{
    if ((c->policy.sources & APPRAISAL_FROM_EVIDENCE) == 0)
        return 0;
    for (size_t i = 0; i < from->n_certificates; i++) {
        X509 *x = NULL;

        if (cert_read(buf_span(&from->certificates[i]), &x) == CKR_OK &&
            cert_list_add(&c->given, x) != CKR_OK)
            return verifier_fail(NOT_READABLE, "too many certificates");
    }
    return 0;
}

/* The host's table of certificates (auxblob of configfs-tsm, SNP_GET_EXT_REPORT), beside what the
 * evidence has. */
static int load_table(const char *path, struct verifier_case *c)
{
    AUTO(evidence_clear) struct evidence table = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const int code = path != NULL ? read_file(path, &bytes) : 0;
    CK_RV rv;

    if (code != 0 || path == NULL)
        return code;
    rv = cert_table_read(buf_span(&bytes), &table);
    if (rv != CKR_OK)
        return verifier_fail(NOT_READABLE, "%s: %s", path,
                             rv == CKR_HOST_MEMORY ? "out of memory"
                                                   : "not a table of certificates");
    return use_certificates(&table, c);
}

/* -- certificates ---------------------------------------------------------------------------- */

static int load_certificates(const char *path, verifier_may_use *may_use, const char *what,
                             struct cert_list *l)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const int code = path != NULL ? read_checked(path, may_use, what, &bytes) : 0;

    if (code != 0 || path == NULL)
        return code;
    if (cert_read_file(buf_span(&bytes), l) != CKR_OK)
        return verifier_fail(NOT_READABLE, "%s: no certificate in PEM or DER", path);
    return 0;
}

static int load_root(const struct verifier_options *o, struct verifier_case *c)
{
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};
    const char *path = o->root;
    const int code = load_certificates(path, o->may_use, "root", &l);

    if (code != 0 || path == NULL)
        return code;
    if (l.n != 1)
        return verifier_fail(NOT_READABLE, "%s: more than one certificate; which is the root?",
                             path);
    c->root = l.item[0];
    l.n = 0;
    return 0;
}

static int load_crl(const char *path, struct verifier_case *c)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const int code = path != NULL ? read_file(path, &bytes) : 0;

    if (code != 0 || path == NULL)
        return code;
    if (cert_read_crl(buf_span(&bytes), &c->crl) != CKR_OK)
        return verifier_fail(NOT_READABLE, "%s: no revocation list in PEM or DER", path);
    return 0;
}

/* -- the policy ------------------------------------------------------------------------------ */

static int load_policy(const struct verifier_options *o, struct verifier_case *c)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const char *path = o->policy;
    char *error = NULL;
    int code = path != NULL ? read_checked(path, o->may_use, "policy", &bytes) : 0;

    if (code != 0 || path == NULL)
        return code;
    if (appraisal_read(buf_span(&bytes), &c->policy, &error) != CKR_OK)
        code = verifier_fail(NOT_READABLE, "policy %s: %s", path,
                             error != NULL ? error : "out of memory");
    free(error);
    return code;
}

/* -- the question ---------------------------------------------------------------------------- */

static int load_time(const char *text, struct verifier_case *c)
{
    struct tm tm = {0};
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
    char *number_end = NULL;
    long long seconds;

    if (text == NULL) {
        c->at = c->policy.time >= 0 ? c->policy.time : time(NULL);
        return 0;
    }
    if (end != NULL && *end == '\0' && timegm(&tm) >= 0) {
        c->at = timegm(&tm);
        return 0;
    }
    errno = 0;
    seconds = strtoll(text, &number_end, 10);
    if (errno != 0 || number_end == text || *number_end != '\0' || seconds < 0)
        return verifier_fail(
            BAD_ARGUMENT, "--time %s: neither 2026-11-20T12:00:00Z nor seconds since 1970", text);
    c->at = (time_t)seconds;
    return 0;
}

static int load_seconds(const char *name, const char *text, uint64_t most, uint64_t *ret)
{
    char *end = NULL;
    unsigned long long v;

    if (text == NULL)
        return 0;
    errno = 0;
    v = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || v == 0 || v > most)
        return verifier_fail(BAD_ARGUMENT, "%s %s: not a number of seconds from 1 to %llu", name,
                             text, (unsigned long long)most);
    *ret = v;
    return 0;
}

static int load_nonce(const char *text, struct verifier_case *c)
{
    const size_t n = text != NULL ? strlen(text) / 2 : 0;

    if (text == NULL)
        return 0;
    if (n == 0 || n > sizeof(c->nonce) || !hex_decode(text, c->nonce, n))
        return verifier_fail(BAD_ARGUMENT, "--nonce: not 1 to %zu bytes in hexadecimal",
                             sizeof(c->nonce));
    c->question.has_nonce = true;
    c->question.nonce = span_of(c->nonce, n);
    return 0;
}

static int load_report_data(const char *text, struct verifier_case *c)
{
    if (text == NULL)
        return 0;
    if (!hex_decode(text, c->report_data, sizeof(c->report_data)))
        return verifier_fail(BAD_ARGUMENT, "--report-data: not 64 bytes in hexadecimal");
    c->question.report_data = SPAN_ARRAY(c->report_data);
    return 0;
}

/* A public key, PEM or DER; or a certificate, whose key it is. */
static int load_key(const char *path, EVP_PKEY **ret)
{
    KEEP_ERRORS;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};
    AUTO(bio_freep) BIO *bio = NULL;
    const int code = path != NULL ? read_file(path, &bytes) : 0;
    const uint8_t *p = bytes.p;

    if (code != 0 || path == NULL)
        return code;
    bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    if (bio != NULL)
        *ret = PEM_read_bio_PUBKEY_ex(bio, NULL, cert_no_passphrase, NULL, ossl_ctx(), NULL);
    if (*ret == NULL)
        *ret = d2i_PUBKEY_ex(NULL, &p, (long)bytes.n, ossl_ctx(), NULL);
    if (*ret == NULL && cert_read_file(buf_span(&bytes), &l) == CKR_OK)
        *ret = X509_get_pubkey(l.item[0]);
    if (*ret == NULL)
        return verifier_fail(NOT_READABLE, "%s: no public key or certificate in PEM or DER", path);
    return 0;
}

static int load_file(const char *path, struct verifier_case *c)
{
    AUTO(close_fd) int fd = path != NULL ? open_file(path) : -1;

    if (path == NULL)
        return 0;
    if (fd < 0 || statement_file_hash(fd, &c->file) != CKR_OK)
        return verifier_fail(NOT_READABLE, "%s: %s", path, strerror(errno));
    c->question.file = &c->file;
    return 0;
}

static int load_question(const struct verifier_options *o, struct verifier_case *c)
{
    uint64_t patience = 0;
    int code = load_time(o->time, c);

    if (code == 0)
        code = load_nonce(o->nonce, c);
    if (code == 0)
        code = load_report_data(o->report_data, c);
    if (code == 0)
        code = load_seconds("--max-age", o->max_age, UINT32_MAX, &c->question.max_age);
    if (code == 0)
        code = load_seconds("--patience", o->patience, MAX_PATIENCE, &patience);
    if (code == 0)
        code = load_key(o->key, &c->key);
    if (code == 0)
        code = load_key(o->old_key, &c->old_key);
    if (code == 0)
        code = load_file(o->file, c);
    c->question.key = c->key;
    c->question.old_key = c->old_key;
    c->patience_ms = (uint32_t)patience * 1000;
    return code;
}

static int load_cache(const struct verifier_options *o, struct verifier_case *c)
{
    c->cache = o->cache != NULL ? strdup(o->cache) : kds_default_cache();
    return o->cache != NULL && c->cache == NULL ? verifier_fail(NOT_READABLE, "out of memory") : 0;
}

int verifier_load(const struct verifier_options *o, struct verifier_case *ret)
{
    int code;

    *ret = (struct verifier_case){.evidence = EVIDENCE_INIT};
    appraisal_init(&ret->policy);
    if (crypto_ready() != CKR_OK)
        return verifier_fail(NOT_READABLE, "libcrypto cannot be used");
    code = load_policy(o, ret);
    if (code == 0)
        code = load_question(o, ret);
    if (code == 0)
        code = load_evidence(o, ret);
    if (code == 0)
        code = load_certificates(o->vek, NULL, NULL, &ret->given);
    if (code == 0)
        code = load_certificates(o->chain, NULL, NULL, &ret->given);
    if (code == 0)
        code = use_certificates(&ret->evidence, ret);
    if (code == 0)
        code = load_table(o->table, ret);
    if (code == 0)
        code = load_root(o, ret);
    if (code == 0)
        code = load_crl(o->crl, ret);
    return code != 0 ? code : load_cache(o, ret);
}
