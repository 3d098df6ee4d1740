/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-report.c - an attestation report as a relying party reads it. What was accepted has the form
 * that AMD documents, in every byte that is not a value.
 */
#include "fuzz.h"

#include "attest/report.h"

static void check_field(const struct report *r, enum report_field f)
{
    const struct span field = report_field(r, f);

    FUZZ_CHECK(field.n == report_field_size(f));
    FUZZ_CHECK(field.p >= r->raw.p && field.p + field.n <= r->raw.p + REPORT_SIGNED);
    FUZZ_CHECK(report_field_name(f) != NULL);
}

static void check_tcb(const struct report *r)
{
    const struct tcb_parts *const tcbs[] = {&r->current, &r->committed, &r->reported, &r->launch};
    char text[64];

    for (size_t i = 0; i < N_ELEMENTS(tcbs); i++) {
        FUZZ_CHECK(tcb_parts_reach(tcbs[i], tcbs[i]));
        FUZZ_CHECK(tcb_parts_equal(tcbs[i], tcbs[0]) ==
                   (tcb_parts_reach(tcbs[i], tcbs[0]) && tcb_parts_reach(tcbs[0], tcbs[i])));
        FUZZ_CHECK(strlen(tcb_parts_text(r->product, tcbs[i], text)) < sizeof(text));
        FUZZ_CHECK(r->product == PRODUCT_TURIN || tcbs[i]->part[TCB_FMC] == 0);
    }
}

static void check_product(const struct report *r, enum product p)
{
    struct report set = *r;
    const char *objection = NULL;
    const CK_RV rv = report_set_product(&set, p, &objection);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK((rv == CKR_OK) == (objection == NULL));
    FUZZ_CHECK(rv != CKR_OK || r->has_cpuid || p != PRODUCT_TURIN);
    if (rv == CKR_OK)
        check_tcb(&set);
    else
        FUZZ_CHECK(set.product == N_PRODUCTS);
}

static void one(struct span input)
{
    struct report r = {.product = N_PRODUCTS};
    enum product p = N_PRODUCTS;
    const char *objection = NULL;
    const CK_RV rv = report_read(input, &r, &objection);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID, CKR_FUNCTION_NOT_SUPPORTED);
    FUZZ_CHECK((rv == CKR_OK) == (objection == NULL));
    if (rv != CKR_OK) {
        FUZZ_CHECK(r.raw.p == NULL);
        return;
    }
    FUZZ_CHECK(input.n == REPORT_BYTES && r.raw.p == input.p);
    FUZZ_CHECK(r.version >= REPORT_VERSION_MIN && r.version <= REPORT_VERSION_MAX);
    FUZZ_CHECK((r.policy & REPORT_POLICY_RESERVED) != 0);
    FUZZ_CHECK(r.signing_key == SIGNING_VCEK || r.signing_key == SIGNING_VLEK);
    FUZZ_CHECK(mem_is_zero(input.p + 0x330, REPORT_BYTES - 0x330)); /* not signed */
    FUZZ_CHECK(r.version == 5 || (r.launch_mitigations == 0 && r.current_mitigations == 0));
    FUZZ_CHECK(!report_product(&r, &p) || (r.has_cpuid && p < N_PRODUCTS));
    for (size_t f = 0; f < REPORT_N_FIELDS; f++)
        check_field(&r, (enum report_field)f);
    for (size_t i = 0; i < N_PRODUCTS; i++)
        check_product(&r, (enum product)i);
}

const struct fuzz_target fuzz_target = {
    .name = "report",
    .max_input = REPORT_BYTES + 16,
    .one = one,
};
