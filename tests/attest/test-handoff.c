/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-handoff.c - the messages of a hand-over between two emulated VMs, and everything that should
 * not be believed of them: changed, mixed, sent back, made for something else, by somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cert_table.h"
#include "attest/handoff_check.h"
#include "crypto/prim.h"
#include "emulated.h"
#include "support/snp_emulator.h"

#define SEALED SPAN_LIT("what CMS made of a master key")
#define KEY    SPAN_LIT("a SubjectPublicKeyInfo")

static const uint8_t our_store[16] = {1, 2, 3};
static const uint8_t other_store[16] = {1, 2, 4};

/* The VM that asks, the VM that gives, and what each of them has. */
struct world {
    struct emulator *asker, *giver;
    X509 *root;
    struct appraisal policy;
    struct buf request, approval;
    struct evidence own; /* of the request */
    struct handoff_pending asked;
    time_t at;
};

/* -- two VMs ----------------------------------------------------------------------------------- */

static void control(struct emulator *e, const char *lines)
{
    assert_true(emulator_control(e, lines));
}

static void ext_report(struct emulator *e, const uint8_t data[64], struct evidence *ret)
{
    emulated_report(e, data, ret);
    buf_clear(&ret->certificates[--ret->n_certificates]); /* the root: everybody has his own */
}

static void say(struct emulator *e, const struct statement *s, const struct handoff_message *form,
                struct buf *ret)
{
    AUTO(evidence_clear) struct evidence evidence = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    struct handoff_message m = *form;
    uint8_t data[STATEMENT_REPORT_DATA];

    assert_int_equal(statement_encode(s, &evidence.statement), CKR_OK);
    assert_int_equal(statement_report_data(buf_span(&evidence.statement), data), CKR_OK);
    ext_report(e, data, &evidence);
    assert_int_equal(evidence_encode(&evidence, &der), CKR_OK);
    m.evidence = buf_span(&der);
    buf_clear(ret);
    assert_int_equal(handoff_message_encode(&m, ret), CKR_OK);
}

static struct statement request_statement(const struct world *w, const char *nonce)
{
    struct statement s = {.kind = STATEMENT_HANDOVER,
                          .nonce = span_of(nonce, strlen(nonce)),
                          .time = (uint64_t)w->at,
                          .handover = {.public_key = KEY}};

    memcpy(s.handover.store, our_store, sizeof(our_store));
    return s;
}

/* A request, and what its maker remembers. */
static void ask(struct world *w, const struct statement *s)
{
    const struct handoff_message form = {.kind = HANDOFF_REQUEST};

    say(w->asker, s, &form, &w->request);
    evidence_clear(&w->own);
    w->own = EVIDENCE_INIT;
    assert_int_equal(handoff_pending_read(buf_span(&w->request), &w->own, &w->asked), CKR_OK);
}

static struct statement approval_statement(const struct world *w)
{
    const struct span sealed = SEALED;
    struct statement s = {
        .kind = STATEMENT_APPROVAL, .nonce = w->asked.statement.nonce, .time = (uint64_t)w->at};

    memcpy(s.approval.store, our_store, sizeof(our_store));
    assert_int_equal(handoff_message_hash(buf_span(&w->request), s.approval.request), CKR_OK);
    assert_int_equal(prim_sha512(&sealed, 1, s.approval.sealed), CKR_OK);
    return s;
}

static void answer_as(struct world *w, struct emulator *e, const struct statement *s)
{
    const struct handoff_message form = {.kind = HANDOFF_APPROVAL, .sealed = SEALED};

    say(e, s, &form, &w->approval);
}

static void answer(struct world *w)
{
    const struct statement s = approval_statement(w);

    answer_as(w, w->giver, &s);
}

/* -- judging ----------------------------------------------------------------------------------- */

/* As the command judges: CKR_OK and a result, or CKR_DATA_INVALID: it does not even have the form.
 */
static CK_RV judge(const struct world *w, struct span bytes, enum handoff_kind wanted,
                   struct result *r)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(cert_list_clear) struct cert_list given = {.n = 0};
    struct question q = {.has_nonce = wanted == HANDOFF_APPROVAL,
                         .nonce = w->asked.statement.nonce,
                         .max_age = 3600};
    struct verify_input in = {
        .given = &given, .root = w->root, .at = w->at, .policy = &w->policy, .question = &q};
    const char *objection = NULL;
    struct handoff_message m;
    struct verified v;

    TRY(handoff_message_decode(bytes, &m, &objection));
    ENSURE(m.kind == wanted, CKR_DATA_INVALID);
    TRY(evidence_decode(m.evidence, &e));
    for (size_t i = 0; i < e.n_certificates; i++) {
        X509 *x = NULL;

        if (cert_read(buf_span(&e.certificates[i]), &x) == CKR_OK)
            assert_int_equal(cert_list_add(&given, x), CKR_OK);
    }
    in.report = buf_span(&e.report);
    in.statement = buf_span(&e.statement);
    TRY(verify(&in, r, &v));
    if (result_verdict(r) != VERDICT_GOOD && result_verdict(r) != VERDICT_AGAINST_POLICY)
        return CKR_OK;
    if (wanted == HANDOFF_REQUEST) {
        handoff_check_request(&v, our_store, r);
        return CKR_OK;
    }
    handoff_check_approval(&v, &w->asked, m.sealed, r);
    handoff_check_other(&v, w->asked.report_id, r);
    return CKR_OK;
}

static const char *culprit_of(const struct result *r)
{
    const char *found = NULL;

    for (size_t i = 0; i < r->n; i++) {
        if (r->checks[i].outcome != OUTCOME_FAILED && r->checks[i].outcome != OUTCOME_UNKNOWN)
            continue;
        if (found != NULL)
            print_message("also: %s: %s\n", r->checks[i].name, r->checks[i].words);
        else
            found = r->checks[i].name;
    }
    return found;
}

/* It is refused, first by this check; NULL: it is accepted. */
static void expect(const struct world *w, const struct buf *message, enum handoff_kind kind,
                   const char *culprit)
{
    AUTO(result_clear) struct result r = {.n = 0};
    const char *found;

    assert_int_equal(judge(w, buf_span(message), kind, &r), CKR_OK);
    found = culprit_of(&r);
    if (culprit == NULL && found == NULL) {
        assert_int_equal(result_verdict(&r), VERDICT_GOOD);
        return;
    }
    assert_int_not_equal(result_verdict(&r), VERDICT_GOOD);
    assert_non_null(culprit);
    assert_non_null(found);
    assert_string_equal(found, culprit);
}

static void set_policy(struct world *w, const char *json)
{
    char *error = NULL;

    appraisal_clear(&w->policy);
    if (appraisal_read(span_of(json, strlen(json)), &w->policy, &error) != CKR_OK)
        fail_msg("%s: %s", json, error);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return -1;
    w->asker = emulator_new();
    w->giver = emulator_new();
    w->own = EVIDENCE_INIT;
    w->at = time(NULL);
    appraisal_init(&w->policy);
    *state = w;
    if (w->asker == NULL || w->giver == NULL)
        return -1;
    control(w->asker, "policy=0x30000\ncertificates=1\nchip=02\nmeasurement=b1b2b3\nlaunch=1");
    control(w->giver, "policy=0x30000\ncertificates=1\nchip=01\nmeasurement=a1a2a3\nlaunch=1");
    emulated_root(w->asker, &w->root);
    return 0;
}

/* The same after a request and its answer. */
static int setup_run(void **state)
{
    struct statement s;
    struct world *w;

    if (setup(state) != 0)
        return -1;
    w = *state;
    s = request_statement(w, "a nonce");
    ask(w, &s);
    answer(w);
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    emulator_free(w->asker);
    emulator_free(w->giver);
    X509_free(w->root);
    appraisal_clear(&w->policy);
    buf_clear(&w->request);
    buf_clear(&w->approval);
    evidence_clear(&w->own);
    free(w);
    return 0;
}

/* -- requests ---------------------------------------------------------------------------------- */

static void is_for_this_store(void **state)
{
    struct world *w = *state;
    struct statement s = request_statement(w, "a nonce");

    expect(w, &w->request, HANDOFF_REQUEST, NULL);
    memcpy(s.handover.store, other_store, sizeof(other_store));
    ask(w, &s);
    expect(w, &w->request, HANDOFF_REQUEST, "store");
}

/* Evidence that is genuine and about something else, in the form of a request. */
static void other_purpose_is_refused(void **state)
{
    const struct handoff_message form = {.kind = HANDOFF_REQUEST};
    struct world *w = *state;
    const struct statement nothing = {.kind = STATEMENT_NOTHING, .time = (uint64_t)w->at};
    const struct statement approval = approval_statement(w);

    say(w->asker, &nothing, &form, &w->request);
    expect(w, &w->request, HANDOFF_REQUEST, "purpose");
    say(w->asker, &approval, &form, &w->request);
    expect(w, &w->request, HANDOFF_REQUEST, "purpose");
}

/* By image, by firmware, by launch policy, by age: each side's evidence, each under its own name.
 */
static void by_policy(struct world *w, enum handoff_kind kind)
{
    const bool request = kind == HANDOFF_REQUEST;
    const struct buf *message = request ? &w->request : &w->approval;
    const time_t now = w->at;
    char json[256];

    (void)snprintf(json, sizeof(json), "{\"measurements\": \"%s%090d\"}",
                   request ? "b1b2b3" : "a1a2a3", 0);
    set_policy(w, json);
    expect(w, message, kind, NULL);
    (void)snprintf(json, sizeof(json), "{\"measurements\": \"%s%090d\"}",
                   request ? "a1a2a3" : "b1b2b3", 0);
    set_policy(w, json);
    expect(w, message, kind, "measurements");
    set_policy(w, "{\"require-id-block\": true}");
    expect(w, message, kind, "require-id-block");
    set_policy(w, "{\"min-tcb\": {\"Milan\": {\"bl\": 255}}}");
    expect(w, message, kind, "min-tcb");
    set_policy(w, "{}");
    w->at = now + 3601;
    expect(w, message, kind, "max-age");
    w->at = now;
}

static void debug_is_refused(struct world *w, enum handoff_kind kind)
{
    const struct statement s = request_statement(w, "a nonce");

    if (kind == HANDOFF_REQUEST) {
        control(w->asker, "policy=0xb0000");
        ask(w, &s);
        expect(w, &w->request, kind, "guest-policy.allow");
    } else {
        control(w->giver, "policy=0xb0000");
        answer(w);
        expect(w, &w->approval, kind, "guest-policy.allow");
    }
}

static void request_by_policy(void **state)
{
    by_policy(*state, HANDOFF_REQUEST);
    debug_is_refused(*state, HANDOFF_REQUEST);
}

static void approval_by_policy(void **state)
{
    by_policy(*state, HANDOFF_APPROVAL);
    debug_is_refused(*state, HANDOFF_APPROVAL);
}

/* AMD signs for nobody here: a chain of the emulator's own is a forged one. */
static void forged_chain_is_refused(void **state)
{
    struct world *w = *state;
    X509 *own = w->root;

    w->root = NULL;
    expect(w, &w->request, HANDOFF_REQUEST, "chain");
    expect(w, &w->approval, HANDOFF_APPROVAL, "chain");
    w->root = own;
}

/* -- approvals --------------------------------------------------------------------------------- */

static void approval_is_taken(void **state)
{
    expect(*state, &((struct world *)*state)->approval, HANDOFF_APPROVAL, NULL);
}

/* The same question asked twice is two requests: the answer to one is not taken for the other. */
static void of_another_request_is_refused(void **state)
{
    struct world *w = *state;
    const struct statement again = request_statement(w, "a nonce");
    const struct statement later = request_statement(w, "another");

    ask(w, &again);
    expect(w, &w->approval, HANDOFF_APPROVAL, "request");
    ask(w, &later);
    expect(w, &w->approval, HANDOFF_APPROVAL, "nonce");
}

static void of_another_store_is_refused(void **state)
{
    struct world *w = *state;
    struct statement s = approval_statement(w);

    memcpy(s.approval.store, other_store, sizeof(other_store));
    answer_as(w, w->giver, &s);
    expect(w, &w->approval, HANDOFF_APPROVAL, "store");
}

/* The evidence of one run with the encrypted key of another. */
static void exchanged_key_is_refused(void **state)
{
    struct world *w = *state;
    AUTO(buf_clear) struct buf mixed = BUF_INIT;
    const char *objection = NULL;
    struct handoff_message m;

    assert_int_equal(handoff_message_decode(buf_span(&w->approval), &m, &objection), CKR_OK);
    m.sealed = SPAN_LIT("what CMS made of a key of the host's");
    assert_int_equal(handoff_message_encode(&m, &mixed), CKR_OK);
    expect(w, &mixed, HANDOFF_APPROVAL, "sealed");
}

/* A request's evidence as an approval, and an approval that the asker's own VM made. */
static void sent_back_is_refused(void **state)
{
    struct world *w = *state;
    AUTO(buf_clear) struct buf reflected = BUF_INIT;
    const struct statement s = approval_statement(w);
    const char *objection = NULL;
    struct handoff_message m;

    assert_int_equal(handoff_message_decode(buf_span(&w->request), &m, &objection), CKR_OK);
    m.kind = HANDOFF_APPROVAL;
    m.sealed = SEALED;
    assert_int_equal(handoff_message_encode(&m, &reflected), CKR_OK);
    expect(w, &reflected, HANDOFF_APPROVAL, "purpose");
    answer_as(w, w->asker, &s);
    expect(w, &w->approval, HANDOFF_APPROVAL, "other-platform");
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* Any one byte that is changed, in form, report, statement, certificates or encrypted key. */
static void flipped_anywhere(const struct world *w, struct buf *message, enum handoff_kind kind,
                             uint8_t mask)
{
    const uint64_t step = getenv("TEE_TEST_LONG") != NULL ? 1 : 5;

    for (size_t i = mask % step; i < message->n; i += step) {
        AUTO(result_clear) struct result r = {.n = 0};

        message->p[i] ^= mask;
        if (judge(w, buf_span(message), kind, &r) == CKR_OK && result_verdict(&r) == VERDICT_GOOD)
            fail_msg("accepted with byte %zu of %zu changed", i, message->n);
        message->p[i] ^= mask;
    }
    expect(w, message, kind, NULL);
}

static void request_flipped_anywhere(void **state)
{
    struct world *w = *state;

    flipped_anywhere(w, &w->request, HANDOFF_REQUEST, 0x01);
    flipped_anywhere(w, &w->request, HANDOFF_REQUEST, 0x82);
}

static void approval_flipped_anywhere(void **state)
{
    struct world *w = *state;

    flipped_anywhere(w, &w->approval, HANDOFF_APPROVAL, 0x01);
    flipped_anywhere(w, &w->approval, HANDOFF_APPROVAL, 0x82);
}

static void says(struct span bytes, const char *words)
{
    struct handoff_message m = {.kind = HANDOFF_REQUEST};
    const char *objection = NULL;

    assert_int_equal(handoff_message_decode(bytes, &m, &objection), CKR_DATA_INVALID);
    assert_non_null(objection);
    assert_string_equal(objection, words);
    assert_null(m.evidence.p);
}

static void cut_off_anywhere(void **state)
{
    struct world *w = *state;
    AUTO(buf_clear) struct buf longer = BUF_INIT;
    static const uint8_t huge[HANDOFF_MAX + 1] = {0x30};

    says(SPAN_EMPTY, "it is empty");
    for (size_t n = 4; n < w->request.n; n++)
        says(span_of(w->request.p, n), "it is cut off");
    buf_put(&longer, buf_span(&w->request));
    buf_u8(&longer, 0);
    says(buf_span(&longer), "there is something behind its end");
    says(SPAN_LIT("-----BEGIN"), "it is not one in DER");
    says(SPAN_ARRAY(huge), "it is too long");
}

static void newer_version_is_said(void **state)
{
    struct world *w = *state;
    const uint8_t *p = memmem(w->request.p, 16, "\x02\x01\x01", 3);

    assert_non_null(p);
    w->request.p[p - w->request.p + 2] = 2;
    says(buf_span(&w->request), "it is of a version that this program does not know");
}

static void parts_are_checked(void **state)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    static const uint8_t big[HANDOFF_MAX_SEALED + 1] = {1};
    const struct handoff_message bad[] = {
        {.kind = HANDOFF_REQUEST},
        {.kind = HANDOFF_REQUEST, .evidence = SPAN_LIT("e"), .sealed = SPAN_LIT("s")},
        {.kind = HANDOFF_APPROVAL, .evidence = SPAN_LIT("e")},
        {.kind = HANDOFF_APPROVAL, .evidence = SPAN_LIT("e"), .sealed = SPAN_ARRAY(big)},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_int_equal(handoff_message_encode(&bad[i], &der), CKR_DATA_INVALID);
    assert_int_equal(der.n, 0);
}

/* What is kept of a request is a request: an approval, though of evidence of a requester, is none.
 */
static void pending_is_a_request(void **state)
{
    struct world *w = *state;
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    struct handoff_pending pending;
    struct handoff_message m;
    const char *objection = NULL;

    assert_int_equal(handoff_pending_read(buf_span(&w->request), &e, &pending), CKR_OK);
    evidence_clear(&e);
    e = EVIDENCE_INIT;
    assert_int_equal(handoff_message_decode(buf_span(&w->request), &m, &objection), CKR_OK);
    m.kind = HANDOFF_APPROVAL;
    m.sealed = SEALED;
    buf_clear(&w->approval);
    assert_int_equal(handoff_message_encode(&m, &w->approval), CKR_OK);
    assert_int_equal(handoff_pending_read(buf_span(&w->approval), &e, &pending), CKR_DATA_INVALID);
}

/* -- policies that decide ---------------------------------------------------------------------- */

#define WHO      "\"measurements\": \"" H96 "\""
#define H96      H32 H32 H32
#define H32      "0102030405060708090a0b0c0d0e0f10"
#define FIRMWARE "\"min-tcb\": {\"Milan\": {\"snp\": 10}}"

static void policy_must_decide(void **state)
{
    static const struct {
        const char *json, *why; /* NULL: it decides */
    } cases[] = {
        {"{}", "any VM"},
        {"{" FIRMWARE "}", "any VM"},
        {"{" WHO "}", "min-tcb"},
        {"{" WHO ", \"min-tcb\": {\"Milan\": {}}}", "min-tcb"},
        {"{" WHO ", \"min-tcb\": {\"Milan\": {\"bl\": 0, \"snp\": 0}}}", "min-tcb"},
        {"{" WHO ", \"min-tcb\": {\"Milan\": {\"snp\": 10}, \"Turin\": {}}}", "min-tcb"},
        {"{" WHO ", \"min-tcb\": {\"Milan\": {\"snp\": 10}, \"Turin\": {\"fmc\": 1}}}", NULL},
        {"{" WHO ", " FIRMWARE ", \"guest-policy\": {\"allow\": [\"debug\"]}}", "debug"},
        {"{" WHO ", " FIRMWARE ", \"guest-policy\": {\"allow\": [\"migrate-ma\"]}}",
         "report-id-ma"},
        {"{" WHO ", " FIRMWARE ", \"guest-policy\": {\"allow\": [\"migrate-ma\"]}, "
         "\"report-id-ma\": \"" H32 H32 "\"}",
         NULL},
        {"{" WHO ", " FIRMWARE ", \"time\": \"2026-11-20T12:00:00Z\"}", "time"},
        {"{" WHO ", " FIRMWARE "}", NULL},
        {"{\"id-keys\": \"" H96 "\", " FIRMWARE "}", NULL},
        {"{\"author-keys\": \"" H96 "\", " FIRMWARE "}", NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const char *why = NULL;

        set_policy(w, cases[i].json);
        assert_int_equal(handoff_policy_decides(&w->policy, &why), cases[i].why == NULL);
        if (cases[i].why != NULL)
            assert_non_null(strstr(why, cases[i].why));
    }
}

#define TEST(name, fn, up)                                                                         \
    {                                                                                              \
        name, fn, up, teardown, NULL                                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/handoff/request/is-for-this-store", is_for_this_store, setup_run),
        TEST("/handoff/request/other-purpose-is-refused", other_purpose_is_refused, setup_run),
        TEST("/handoff/request/by-policy", request_by_policy, setup_run),
        TEST("/handoff/request/flipped-anywhere", request_flipped_anywhere, setup_run),
        TEST("/handoff/approval/is-taken", approval_is_taken, setup_run),
        TEST("/handoff/approval/by-policy", approval_by_policy, setup_run),
        TEST("/handoff/approval/of-another-request-is-refused", of_another_request_is_refused,
             setup_run),
        TEST("/handoff/approval/of-another-store-is-refused", of_another_store_is_refused,
             setup_run),
        TEST("/handoff/approval/exchanged-key-is-refused", exchanged_key_is_refused, setup_run),
        TEST("/handoff/approval/sent-back-is-refused", sent_back_is_refused, setup_run),
        TEST("/handoff/approval/flipped-anywhere", approval_flipped_anywhere, setup_run),
        TEST("/handoff/forged-chain-is-refused", forged_chain_is_refused, setup_run),
        TEST("/handoff/message/cut-off-anywhere", cut_off_anywhere, setup_run),
        TEST("/handoff/message/newer-version-is-said", newer_version_is_said, setup_run),
        TEST("/handoff/message/parts-are-checked", parts_are_checked, setup_run),
        TEST("/handoff/message/pending-is-a-request", pending_is_a_request, setup_run),
        TEST("/handoff/policy/must-decide", policy_must_decide, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
