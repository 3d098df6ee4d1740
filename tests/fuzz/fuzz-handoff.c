/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-handoff.c - the messages of a hand-over. What was accepted is encoded again to the same
 * bytes, names itself by the same hash and is what it was; a refusal says why and leaves nothing. A
 * request that is remembered is one whose evidence is about a hand-over.
 */
#include "fuzz.h"

#include "attest/handoff_check.h"

static void message(struct span input)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct handoff_message m = {.kind = HANDOFF_APPROVAL, .sealed = SPAN_LIT("untouched")};
    const char *objection = NULL;
    const CK_RV rv = handoff_message_decode(input, &m, &objection);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK) {
        FUZZ_CHECK(objection != NULL && m.evidence.p == NULL && m.sealed.n == 9);
        return;
    }
    FUZZ_CHECK(objection == NULL && input.n <= HANDOFF_MAX);
    FUZZ_CHECK(m.evidence.p >= input.p && m.evidence.p + m.evidence.n <= input.p + input.n);
    FUZZ_OK(handoff_message_encode(&m, &again));
    FUZZ_CHECK(span_equal(buf_span(&again), input));
}

static void pending(struct span input)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    struct handoff_pending p = {.report_id = SPAN_EMPTY};
    const CK_RV rv = handoff_pending_read(input, &e, &p);
    uint8_t hash[HANDOFF_HASH];

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID, CKR_FUNCTION_NOT_SUPPORTED);
    if (rv != CKR_OK) {
        FUZZ_CHECK(p.report_id.p == NULL && p.request.p == NULL);
        return;
    }
    FUZZ_CHECK(p.statement.kind == STATEMENT_HANDOVER && p.report_id.n == 32);
    FUZZ_OK(handoff_message_hash(input, hash));
    FUZZ_CHECK(memcmp(hash, p.hash, sizeof(hash)) == 0);
}

static void one(struct span input)
{
    message(input);
    pending(input);
}

const struct fuzz_target fuzz_target = {
    .name = "handoff",
    .max_input = 6144,
    .one = one,
};
