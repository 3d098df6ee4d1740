/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-policy.c - a relying party's policy, and evidence that is held against it. A policy is taken
 * or refused with words; one that is taken gives every report a verdict.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "attest/verify.h"

/* A report of each version, of all zeros but for what decides something. */
static void judge(const struct appraisal *p, uint32_t version, enum statement_kind kind)
{
    static const uint8_t bytes[REPORT_BYTES] = {0};
    const struct cert_list none = {.n = 0};
    const struct question q = {.has_nonce = false};
    const struct verify_input in = {.given = &none, .policy = p, .question = &q, .at = 1000};
    AUTO(result_clear) struct result res = {.n = 0};
    struct verified v = {
        .has_report = true,
        .has_statement = true,
        .report = {.raw = SPAN_ARRAY(bytes),
                   .version = version,
                   .policy = REPORT_POLICY_RESERVED | REPORT_POLICY_DEBUG,
                   .product = version == 5 ? PRODUCT_TURIN : PRODUCT_MILAN},
        .statement = {.kind = kind, .time = 900},
    };
    size_t n;

    v.statement.key.store.token = SPAN_LIT("1");
    v.statement.key.store.seals[0] = SPAN_LIT("software");
    v.statement.key.store.n_seals = 1;
    verify_policy(&in, &v, &res);
    n = res.n;
    verify_question(&in, &v, &res);
    FUZZ_CHECK(!res.failed && n > 0 && res.n > n);
    FUZZ_CHECK(result_verdict(&res) == VERDICT_GOOD ||
               result_verdict(&res) == VERDICT_AGAINST_POLICY);
    /* DEBUG is never let in but by its name or its bit. */
    FUZZ_CHECK((p->guest_allow & REPORT_POLICY_DEBUG) != 0 ||
               result_verdict(&res) == VERDICT_AGAINST_POLICY);
}

static void one(struct span input)
{
    AUTO(appraisal_clear) struct appraisal p;
    char *error = NULL;
    CK_RV rv;

    appraisal_init(&p);
    rv = appraisal_read(input, &p, &error);
    FUZZ_RV(rv, CKR_OK, CKR_ARGUMENTS_BAD);
    FUZZ_CHECK((rv == CKR_OK) == (error == NULL));
    FUZZ_CHECK(error == NULL || strlen(error) > 0);
    free(error);
    if (rv != CKR_OK)
        return;
    FUZZ_CHECK(p.version_min <= p.version_max && p.products != 0 && p.signing_keys != 0);
    for (uint32_t version = REPORT_VERSION_MIN; version <= REPORT_VERSION_MAX; version++)
        judge(&p, version, (enum statement_kind)(version % STATEMENT_N_KINDS));
}

const struct fuzz_target fuzz_target = {
    .name = "policy",
    .max_input = 4096,
    .one = one,
};
