/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-certtable.c - the host's table of certificates. What is taken out of it lies in it, and a
 * table that is refused leaves nothing behind.
 */
#include "fuzz.h"

#include "attest/cert_table.h"

static bool lies_in(struct span all, struct span part)
{
    return part.n > 0 && memmem(all.p, all.n, part.p, part.n) != NULL;
}

static void one(struct span input)
{
    static const uint8_t before[] = {1, 2, 3};
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(evidence_clear) struct evidence again = EVIDENCE_INIT;
    size_t had = 0;
    CK_RV rv;

    /* What is there already counts. */
    for (; input.n > 0 && had < (input.p[0] & 3u); had++)
        FUZZ_OK(evidence_add_certificate(&e, SPAN_ARRAY(before)));
    rv = cert_table_read(input, &e);
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK(e.n_certificates >= had && e.n_certificates <= EVIDENCE_MAX_CERTIFICATES);
    FUZZ_CHECK(rv == CKR_OK || e.n_certificates == had);
    for (size_t i = had; i < e.n_certificates; i++)
        FUZZ_CHECK(lies_in(input, buf_span(&e.certificates[i])));
    if (rv != CKR_OK)
        return;
    FUZZ_OK(cert_table_read(input, &again));
    FUZZ_CHECK(again.n_certificates == e.n_certificates - had);
}

const struct fuzz_target fuzz_target = {
    .name = "certtable",
    .max_input = 4096,
    .one = one,
};
