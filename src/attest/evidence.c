/* SPDX-License-Identifier: BSD-2-Clause */
/* evidence.c - the container; see evidence.h. */
#include "attest/evidence.h"

#include <stdio.h>

#include "attest/der.h"

#define VERSION 1u

void evidence_clear(struct evidence *e)
{
    buf_clear(&e->report);
    buf_clear(&e->statement);
    for (size_t i = 0; i < EVIDENCE_MAX_CERTIFICATES; i++)
        buf_clear(&e->certificates[i]);
    e->n_certificates = 0;
}

CK_RV evidence_add_certificate(struct evidence *e, struct span der)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT;

    ENSURE(der.n > 0 && der.n <= EVIDENCE_MAX_CERTIFICATE, CKR_DATA_INVALID);
    ENSURE(e->n_certificates < EVIDENCE_MAX_CERTIFICATES, CKR_DATA_INVALID);
    buf_put(&copy, der);
    TRY(buf_ok(&copy));
    e->certificates[e->n_certificates++] = copy;
    copy = BUF_INIT;
    return CKR_OK;
}

void evidence_drop_certificate(struct evidence *e, size_t i)
{
    buf_clear(&e->certificates[i]);
    for (e->n_certificates--; i < e->n_certificates; i++) {
        e->certificates[i] = e->certificates[i + 1];
        e->certificates[i + 1] = BUF_INIT;
    }
}

static CK_RV check(const struct evidence *e)
{
    struct statement s;

    ENSURE(e->platform == EVIDENCE_SEV_SNP, CKR_DATA_INVALID);
    ENSURE(e->report.n > 0 && e->report.n <= EVIDENCE_MAX_REPORT, CKR_DATA_INVALID);
    ENSURE(e->n_certificates <= EVIDENCE_MAX_CERTIFICATES, CKR_DATA_INVALID);
    if (e->statement.n > 0)
        TRY(statement_decode(buf_span(&e->statement), &s));
    return CKR_OK;
}

CK_RV evidence_encode(const struct evidence *e, struct buf *ret_der)
{
    AUTO(der_clear) struct der d = DER_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    TRY(check(e));
    TRY(der_new("Evidence", &d));
    TRY(der_set_number(&d, "version", VERSION));
    TRY(der_set_number(&d, "platform", (uint64_t)e->platform));
    TRY(der_set_bytes(&d, "report", buf_span(&e->report)));
    if (e->statement.n > 0)
        TRY(der_set_bytes(&d, "statement", buf_span(&e->statement)));
    else
        TRY(der_set_absent(&d, "statement"));
    for (size_t i = 0; i < e->n_certificates; i++)
        TRY(der_add_bytes(&d, "certificates", buf_span(&e->certificates[i])));
    TRY(der_encode(&d, &der));
    ENSURE(der.n <= EVIDENCE_MAX, CKR_DATA_INVALID);
    buf_put(ret_der, buf_span(&der));
    return buf_ok(ret_der);
}

static CK_RV read_certificates(const struct der *d, struct evidence *e)
{
    struct span der;
    char field[64];
    size_t n = 0;

    TRY(der_count(d, "certificates", &n));
    ENSURE(n <= EVIDENCE_MAX_CERTIFICATES, CKR_DATA_INVALID);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(field, sizeof(field), "certificates.?%zu", i + 1);
        TRY(der_span(d, field, &der));
        TRY(evidence_add_certificate(e, der));
    }
    return CKR_OK;
}

static CK_RV read_head(const struct der *d)
{
    uint64_t version = 0, platform = 0;

    TRY(der_number(d, "version", &version));
    ENSURE(version == VERSION, CKR_DATA_INVALID);
    TRY(der_number(d, "platform", &platform));
    ENSURE(platform == EVIDENCE_SEV_SNP, CKR_DATA_INVALID);
    return CKR_OK;
}

CK_RV evidence_decode(struct span der, struct evidence *ret)
{
    AUTO(der_clear) struct der d = DER_INIT;
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    struct span part;

    ENSURE(der.n <= EVIDENCE_MAX, CKR_DATA_INVALID);
    TRY(der_decode("Evidence", der, &d));
    TRY(read_head(&d));
    TRY(der_span(&d, "report", &part));
    buf_put(&e.report, part);
    if (der_present(&d, "statement")) {
        TRY(der_span(&d, "statement", &part));
        ENSURE(part.n > 0, CKR_DATA_INVALID);
        buf_put(&e.statement, part);
    }
    TRY(buf_ok(&e.report));
    TRY(buf_ok(&e.statement));
    TRY(read_certificates(&d, &e));
    TRY(check(&e));
    *ret = e;
    e = EVIDENCE_INIT;
    return CKR_OK;
}
