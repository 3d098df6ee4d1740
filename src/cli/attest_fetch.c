/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attest_fetch.c - `tee-pkcs11 attest --fetch`; see attest_fetch.h.
 *
 * With the certificates in it, whoever receives the evidence needs no network, and asks nobody
 * about this chip.
 */
#include "cli/attest_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest/kds.h"
#include "cli/cli.h"

#define ROOT_MAX 65536

static CK_RV read_root(const char *path, struct cert_list *ret)
{
    static uint8_t bytes[ROOT_MAX];
    FILE *f = fopen(path, "re");
    size_t n;

    ENSURE(f != NULL, CKR_ARGUMENTS_BAD);
    n = fread(bytes, 1, sizeof(bytes), f);
    (void)fclose(f);
    TRY(cert_read_file(span_of(bytes, n), ret));
    ENSURE(ret->n == 1, CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

/* A certificate that the host gave and that can't be read is as good as none. */
static void use_certificates(const struct evidence *e, struct cert_list *ret)
{
    for (size_t i = 0; i < e->n_certificates; i++) {
        X509 *x = NULL;

        if (cert_read(buf_span(&e->certificates[i]), &x) == CKR_OK)
            (void)!cert_list_add(ret, x);
    }
}

/* The policy is the one that takes anything: only certificates are looked for. */
static CK_RV find(const struct attest_fetch *f, const struct cert_list *root, struct evidence *e,
                  char **ret_why)
{
    char *home = f->cache == NULL ? kds_default_cache() : NULL;
    const struct kds_options options = {.url = f->kds, .cache = f->cache != NULL ? f->cache : home};
    AUTO(kds_freep) struct kds *kds = NULL;
    AUTO(cert_list_clear) struct cert_list given = {.n = 0};
    AUTO(appraisal_clear) struct appraisal policy;
    struct verify_source source;
    struct verify_input in = {.report = buf_span(&e->report),
                              .given = &given,
                              .root = root->n > 0 ? root->item[0] : NULL,
                              .at = time(NULL),
                              .policy = &policy,
                              .source = &source};
    CK_RV rv;

    appraisal_init(&policy);
    use_certificates(e, &given);
    rv = kds_new(&options, &kds);
    if (rv == CKR_OK) {
        source = kds_source(kds);
        rv = verify_certificates(&in, e, ret_why);
    }
    free(home);
    return rv;
}

/* What it means where nobody said more. */
static const char *words_of(CK_RV rv)
{
    static const struct {
        CK_RV rv;
        const char *words;
    } meanings[] = {
        {CKR_HOST_MEMORY, "out of memory"},
        {CKR_FUNCTION_FAILED, "libcurl cannot be used"},
        {CKR_DATA_INVALID, "the evidence can't be read, or is too long with them"},
    };

    for (size_t i = 0; i < N_ELEMENTS(meanings); i++) {
        if (meanings[i].rv == rv)
            return meanings[i].words;
    }
    return "libcrypto cannot be used";
}

int attest_fetch(const struct attest_fetch *f, struct buf *der)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(cert_list_clear) struct cert_list root = {.n = 0};
    AUTO(buf_clear) struct buf full = BUF_INIT;
    char *why = NULL;
    CK_RV rv;

    if (!f->wanted)
        return EXIT_DONE;
    if (f->root != NULL && read_root(f->root, &root) != CKR_OK)
        return cli_fail(EXIT_FAILED, "%s: not one certificate in PEM or DER", f->root);
    rv = evidence_decode(buf_span(der), &e);
    if (rv == CKR_OK)
        rv = find(f, &root, &e, &why);
    if (rv == CKR_OK)
        rv = evidence_encode(&e, &full);
    if (rv != CKR_OK) {
        const int code = cli_fail(EXIT_FAILED, "no certificates for the evidence: %s",
                                  why != NULL ? why : words_of(rv));

        free(why);
        return code;
    }
    buf_clear(der);
    *der = full;
    full = BUF_INIT;
    return EXIT_DONE;
}
