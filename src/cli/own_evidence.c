/* SPDX-License-Identifier: BSD-2-Clause */
/* own_evidence.c - a report, what it is bound to, and the certificates; see own_evidence.h. */
#include "cli/own_evidence.h"

#include "attest/cert.h"
#include "attest/cert_table.h"

CK_RV own_report(const struct conf *c, struct keyring *k,
                 const uint8_t report_data[STATEMENT_REPORT_DATA], struct evidence *e)
{
    AUTO(buf_clear) struct buf table = BUF_INIT;
    CK_RV rv;

    TRY(k != NULL ? keyring_report(k, report_data, &e->report, &table)
                  : platform_report(c, report_data, &e->report, &table));
    rv = table.n > 0 ? cert_table_read(buf_span(&table), e) : CKR_OK;
    if (rv == CKR_DATA_INVALID)
        (void)cli_fail(0, "the host's table of certificates is malformed: the evidence goes "
                          "without them");
    return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

static bool is_root(struct span der)
{
    AUTO(x509_freep) X509 *x = NULL;
    enum cert_role role = N_CERT_ROLES;
    enum product p = N_PRODUCTS;

    return cert_read(der, &x) == CKR_OK && cert_identify(x, &role, &p) && role == CERT_ARK;
}

/* A verifier has the root of its own: in a message it would be bytes that nobody looks at. */
static void drop_roots(struct evidence *e)
{
    for (size_t i = e->n_certificates; i-- > 0;) {
        if (is_root(buf_span(&e->certificates[i])))
            evidence_drop_certificate(e, i);
    }
}

static CK_RV make(const struct conf *c, struct keyring *k, const struct statement *s,
                  struct buf *ret_der)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    uint8_t report_data[STATEMENT_REPORT_DATA];

    TRY(statement_encode(s, &e.statement));
    TRY(statement_report_data(buf_span(&e.statement), report_data));
    TRY(own_report(c, k, report_data, &e));
    drop_roots(&e);
    return evidence_encode(&e, ret_der);
}

int own_evidence(const struct conf *c, struct keyring *k, const struct statement *s,
                 const struct attest_fetch *f, struct buf *ret_der)
{
    const CK_RV rv = make(c, k, s, ret_der);

    return rv == CKR_OK ? attest_fetch(f, ret_der) : cli_rv(rv, "attesting");
}
