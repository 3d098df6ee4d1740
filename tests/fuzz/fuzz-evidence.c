/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-evidence.c - the evidence container in DER and JSON, and statements. What was accepted is
 * encoded again to the same bytes, in either form; a refusal leaves nothing.
 */
#include "fuzz.h"

#include <jansson.h>

#include "attest/evidence_json.h"

static void check_same(const struct evidence *a, const struct evidence *b)
{
    FUZZ_CHECK(span_equal(buf_span(&a->report), buf_span(&b->report)));
    FUZZ_CHECK(span_equal(buf_span(&a->statement), buf_span(&b->statement)));
    FUZZ_CHECK(a->n_certificates == b->n_certificates);
    for (size_t i = 0; i < a->n_certificates; i++)
        FUZZ_CHECK(span_equal(buf_span(&a->certificates[i]), buf_span(&b->certificates[i])));
}

/* JSON has blanks and an order of its own; every value is the one that came. */
static void check_values(struct span came, struct span again)
{
    json_t *a = json_loadb((const char *)came.p, came.n, JSON_REJECT_DUPLICATES, NULL);
    json_t *b = json_loadb((const char *)again.p, again.n, JSON_REJECT_DUPLICATES, NULL);

    FUZZ_CHECK(a != NULL && b != NULL && json_equal(a, b) == 1);
    json_decref(a);
    json_decref(b);
}

/* The other form of it, and back; came: what it was read from, empty: not JSON. */
static void check_json(const struct evidence *e, struct span came)
{
    AUTO(buf_clear) struct buf json = BUF_INIT;
    AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;

    FUZZ_OK(evidence_json_encode(e, &json));
    FUZZ_OK(evidence_read(buf_span(&json), &back));
    check_same(e, &back);
    if (came.n > 0)
        check_values(came, buf_span(&json));
}

static void check_der(const struct evidence *e, struct span expected)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;

    FUZZ_OK(evidence_encode(e, &der));
    FUZZ_CHECK(expected.n == 0 || span_equal(buf_span(&der), expected));
    FUZZ_OK(evidence_decode(buf_span(&der), &back));
    check_same(e, &back);
}

static void statement(struct span input)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct statement s = {.time = 1};
    const CK_RV rv = statement_decode(input, &s);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK) {
        FUZZ_CHECK(s.time == 1 && s.nonce.p == NULL);
        return;
    }
    FUZZ_OK(statement_encode(&s, &again));
    FUZZ_CHECK(span_equal(buf_span(&again), input));
}

static void container(struct span input)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    const CK_RV rv = evidence_read(input, &e);
    const bool json = input.n > 0 && input.p[0] != 0x30;

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK) {
        FUZZ_CHECK(e.report.p == NULL && e.statement.p == NULL && e.n_certificates == 0);
        return;
    }
    check_der(&e, json ? SPAN_EMPTY : input);
    check_json(&e, json ? input : SPAN_EMPTY);
}

static void one(struct span input)
{
    container(input);
    statement(input);
}

const struct fuzz_target fuzz_target = {
    .name = "evidence",
    .max_input = 4096,
    .one = one,
};
