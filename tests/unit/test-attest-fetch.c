/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-attest-fetch.c - what `attest --fetch` says where nobody below it has words: the cause, and
 * not another one.
 *
 * Link with -Wl,--wrap=kds_new,--wrap=verify_certificates,--wrap=evidence_encode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest/kds.h"
#include "cli/attest_fetch.h"
#include "cli/cli.h"

static char said[256];

int cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
    return code;
}

/* -- each step gives what the test wants ------------------------------------------------------- */

static struct {
    CK_RV service, chain, encoding;
    bool adds; /* the chain brings a certificate */
} answers;

CK_RV __real_kds_new(const struct kds_options *o, struct kds **ret);
CK_RV __wrap_kds_new(const struct kds_options *o, struct kds **ret);
CK_RV __wrap_verify_certificates(const struct verify_input *in, struct evidence *ret,
                                 char **ret_why);
CK_RV __real_evidence_encode(const struct evidence *e, struct buf *ret_der);
CK_RV __wrap_evidence_encode(const struct evidence *e, struct buf *ret_der);

CK_RV __wrap_kds_new(const struct kds_options *o, struct kds **ret)
{
    return answers.service != CKR_OK ? answers.service : __real_kds_new(o, ret);
}

CK_RV __wrap_verify_certificates(const struct verify_input *in, struct evidence *ret,
                                 char **ret_why)
{
    (void)in;
    (void)ret_why;
    return answers.adds ? evidence_add_certificate(ret, SPAN_LIT("a certificate")) : answers.chain;
}

CK_RV __wrap_evidence_encode(const struct evidence *e, struct buf *ret_der)
{
    return answers.encoding != CKR_OK ? answers.encoding : __real_evidence_encode(e, ret_der);
}

/* -- tests ------------------------------------------------------------------------------------- */

static const struct attest_fetch from_nowhere = {
    .wanted = true, .kds = "http://127.0.0.1:1", .cache = "/nonexistent"};

static void make_evidence(struct buf *ret)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;

    e.platform = EVIDENCE_SEV_SNP;
    buf_put(&e.report, SPAN_LIT("a report"));
    assert_int_equal(__real_evidence_encode(&e, ret), CKR_OK);
}

/* It fails, says so in these words, and leaves the bytes. */
static void assert_fails(struct buf *der, const char *words)
{
    AUTO(buf_clear) struct buf before = BUF_INIT;

    buf_put(&before, buf_span(der));
    said[0] = '\0';
    assert_int_equal(attest_fetch(&from_nowhere, der), EXIT_FAILED);
    assert_true(strncmp(said, "no certificates for the evidence: ", 34) == 0);
    assert_string_equal(said + 34, words);
    assert_true(span_equal(buf_span(&before), buf_span(der)));
}

static void failures_have_their_own_words(void **state)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf garbage = BUF_INIT;

    (void)state;
    buf_put(&garbage, SPAN_LIT("no evidence"));
    assert_fails(&garbage, "the evidence can't be read, or is too long with them");
    make_evidence(&der);
    answers.service = CKR_FUNCTION_FAILED;
    assert_fails(&der, "libcurl cannot be used");
    answers.service = CKR_HOST_MEMORY;
    assert_fails(&der, "out of memory");
    answers.service = CKR_OK;
    answers.chain = CKR_GENERAL_ERROR;
    assert_fails(&der, "libcrypto cannot be used");
    answers.chain = CKR_OK;
    answers.encoding = CKR_DATA_INVALID;
    assert_fails(&der, "the evidence can't be read, or is too long with them");
    answers.encoding = CKR_HOST_MEMORY;
    assert_fails(&der, "out of memory");
    answers.encoding = CKR_OK;
}

static void certificates_come_in(void **state)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;

    (void)state;
    make_evidence(&der);
    answers.adds = true;
    assert_int_equal(attest_fetch(&from_nowhere, &der), EXIT_DONE);
    answers.adds = false;
    assert_int_equal(evidence_decode(buf_span(&der), &e), CKR_OK);
    assert_int_equal(e.n_certificates, 1);
    assert_true(span_equal(buf_span(&e.certificates[0]), SPAN_LIT("a certificate")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/attest-fetch/failures-have-their-own-words", failures_have_their_own_words, NULL, NULL,
         NULL},
        {"/attest-fetch/certificates-come-in", certificates_come_in, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
