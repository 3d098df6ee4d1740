/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attest.c - `tee-pkcs11 attest`: evidence about this VM, a key of a token, or a file.
 *
 * Evidence about the VM and about files needs no store: a report, and the statement that it is
 * bound to. With --report-data the caller's 64 bytes are the report's, and there is no statement.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attest/evidence_json.h"
#include "cli/attest_fetch.h"
#include "cli/own_evidence.h"
#include "cli/own_key.h"
#include "cli/write_file.h"
#include "core/attestation.h"

struct request {
    const char *nonce, *report_data; /* hex */
    const char *out;                 /* NULL: standard output */
    const char *key;                 /* URI */
    const char *file;
    bool json;
    struct pin_source pin;
    struct attest_fetch fetch;
};

static const struct option options[] = {
    {"nonce", required_argument, NULL, 'n'},
    {"report-data", required_argument, NULL, 'r'},
    {"out", required_argument, NULL, 'o'},
    {"key", required_argument, NULL, 'k'},
    {"file", required_argument, NULL, 'f'},
    {"pin-file", required_argument, NULL, 'p'},
    {"pin-fd", required_argument, NULL, 'P'},
    {"json", no_argument, NULL, 'j'},
    {"fetch", no_argument, NULL, 'F'},
    {"kds", required_argument, NULL, 'K'},
    {"cache", required_argument, NULL, 'C'},
    {"root", required_argument, NULL, 'R'},
    {NULL, 0, NULL, 0},
};

static bool take_option(int c, struct request *r)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'n', &r->nonce},     {'r', &r->report_data}, {'o', &r->out},
                 {'k', &r->key},       {'f', &r->file},        {'p', &r->pin.file},
                 {'K', &r->fetch.kds}, {'C', &r->fetch.cache}, {'R', &r->fetch.root}};

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter != c)
            continue;
        *texts[i].to = optarg;
        return true;
    }
    r->json = r->json || c == 'j';
    r->fetch.wanted = r->fetch.wanted || c == 'F';
    return c == 'j' || c == 'F' || (c == 'P' && pin_fd(optarg, &r->pin.fd));
}

/* One subject, and bare REPORT_DATA only without any statement. */
static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(c, r))
            return false;
    }
    if (optind != argc || (r->key != NULL && r->file != NULL))
        return false;
    if (!r->fetch.wanted &&
        (r->fetch.kds != NULL || r->fetch.cache != NULL || r->fetch.root != NULL))
        return false;
    return r->report_data == NULL || (r->nonce == NULL && r->key == NULL && r->file == NULL);
}

static bool nonce_read(const char *hex, struct buf *ret)
{
    const size_t n = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *to;

    if (n == 0)
        return hex == NULL || hex[0] == '\0';
    if (n > STATEMENT_MAX_NONCE)
        return false;
    to = buf_extend(ret, n);
    return to != NULL && hex_decode(hex, to, n);
}

/* -- without a key --------------------------------------------------------------------------- */

static CK_RV file_hash(const char *path, struct statement_file *ret)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    CK_RV rv;

    if (fd < 0) {
        (void)cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
        FAIL(CKR_FUNCTION_FAILED);
    }
    rv = statement_file_hash(fd, ret);
    (void)close(fd);
    return rv;
}

static CK_RV statement_make(const struct request *r, struct span nonce, struct buf *ret)
{
    struct statement s = {.kind = STATEMENT_NOTHING, .nonce = nonce};
    const time_t now = time(NULL);

    s.time = now > 0 ? (uint64_t)now : 0;
    if (r->file != NULL) {
        s.kind = STATEMENT_FILE;
        TRY(file_hash(r->file, &s.file));
    }
    return statement_encode(&s, ret);
}

static CK_RV platform_attest(const struct conf *c, const struct request *r, struct span nonce,
                             const uint8_t *bare, struct buf *ret)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    uint8_t report_data[STATEMENT_REPORT_DATA];

    if (bare != NULL) {
        memcpy(report_data, bare, sizeof(report_data));
    } else {
        TRY(statement_make(r, nonce, &e.statement));
        TRY(statement_report_data(buf_span(&e.statement), report_data));
    }
    TRY(own_report(c, NULL, report_data, &e));
    return evidence_encode(&e, ret);
}

static int attest_platform(const struct request *r, struct span nonce, struct buf *ret)
{
    AUTO(conf_freep) struct conf *c = NULL;
    uint8_t bare[STATEMENT_REPORT_DATA];
    int code = EXIT_FAILED;
    CK_RV rv;

    if (r->report_data != NULL && !hex_decode(r->report_data, bare, sizeof(bare)))
        return cli_fail(EXIT_USAGE, "--report-data: %zu hex digits are needed", 2 * sizeof(bare));
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    rv = platform_attest(c, r, nonce, r->report_data != NULL ? bare : NULL, ret);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "attesting");
}

/* -- a key ----------------------------------------------------------------------------------- */

static int attest_key(const struct request *r, struct span nonce, struct buf *ret)
{
    AUTO(own_key_close) struct own_key k = {.initialized = false};
    const int code = own_key_open(r->key, &r->pin, OWN_KEY_PRIVATE, &k);
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    rv = attestation_make(k.session->token, object_attrs(k.object), nonce, ret);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "attesting the key");
}

/* DER, or the same bytes as JSON. */
static int deliver(const struct request *r, struct span der)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf text = BUF_INIT;

    if (!r->json)
        return write_file(r->out, der, LATE_BINARY);
    if (evidence_decode(der, &e) != CKR_OK || evidence_json_encode(&e, &text) != CKR_OK)
        return cli_fail(EXIT_FAILED, "the evidence can't be written as JSON");
    return write_file(r->out, buf_span(&text), LATE_TEXT);
}

int command_attest(int argc, char **argv)
{
    struct request r = {.pin = PIN_SOURCE_NONE};
    AUTO(buf_clear) struct buf nonce = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    int code;

    if (!parse(argc, argv, &r))
        return cli_usage("attest");
    if (!nonce_read(r.nonce, &nonce))
        return cli_fail(EXIT_USAGE, "--nonce: hex digits, %d bytes at most", STATEMENT_MAX_NONCE);
    code = r.key != NULL ? attest_key(&r, buf_span(&nonce), &der)
                         : attest_platform(&r, buf_span(&nonce), &der);
    if (code == EXIT_DONE)
        code = attest_fetch(&r.fetch, &der);
    return code == EXIT_DONE ? deliver(&r, buf_span(&der)) : code;
}
