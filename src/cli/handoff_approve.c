/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_approve.c - the second step, where the store is open: who asks is judged by the policy,
 * the master key is encrypted to it, and an attested report says which request that answers.
 */
#include <string.h>
#include <time.h>

#include "cli/handoff.h"
#include "cli/own_evidence.h"
#include "cli/write_file.h"
#include "crypto/prim.h"
#include "keyring/handoff.h"

struct approval {
    struct buf request, sealed, evidence, message;
    struct handoff_message in; /* points into request */
    struct handoff_judged judged;
    struct handoff_past past;
    uint8_t hash[HANDOFF_HASH];
    uint8_t seal[16];
};

static void approval_clear(struct approval *a)
{
    buf_clear(&a->request);
    buf_clear(&a->sealed);
    buf_clear(&a->evidence);
    buf_clear(&a->message);
    handoff_judged_clear(&a->judged);
}

static int judge(const struct handoff_options *o, struct keyring *k, struct approval *a)
{
    int code = handoff_judge(o, a->in.evidence, SPAN_EMPTY, &a->judged);

    if (code != EXIT_DONE)
        return code;
    if (handoff_genuine(&a->judged))
        handoff_check_request(&a->judged.facts, keyring_store_id(k).p, &a->judged.result);
    return handoff_verdict(&a->judged, handoff_words_to(o));
}

/* A request is answered once. */
static int check_new(struct keyring *k, struct approval *a)
{
    const CK_RV rv = handoff_past(k, AUDIT_HANDOFF_APPROVED, a->hash, &a->past);
    char text[32];

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the audit log");
    if (!a->past.found)
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED,
                    "refused, a replay: this request was approved on %s, entry %llu of the audit "
                    "log. If the answer was lost, make a new request",
                    output_time(a->past.time, text), (unsigned long long)a->past.number);
}

static int attest(const struct conf *c, struct keyring *k, const struct handoff_options *o,
                  struct approval *a)
{
    const struct span sealed = buf_span(&a->sealed);
    const time_t now = time(NULL);
    struct statement s = {
        .kind = STATEMENT_APPROVAL,
        .nonce = a->judged.facts.statement.nonce,
        .time = now > 0 ? (uint64_t)now : 0,
    };
    struct store_info info;
    CK_RV rv = keyring_info(k, &info);

    if (rv == CKR_OK)
        rv = prim_sha512(&sealed, 1, s.approval.sealed);
    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    memcpy(s.approval.store, info.id, sizeof(s.approval.store));
    memcpy(s.approval.fingerprint, info.fingerprint, sizeof(s.approval.fingerprint));
    memcpy(s.approval.seal, a->seal, sizeof(s.approval.seal));
    memcpy(s.approval.request, a->hash, sizeof(s.approval.request));
    return own_evidence(c, k, &s, &o->fetch, &a->evidence);
}

/* Two launches, or a message that came back to where it was made. */
static int check_other(struct approval *a)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(result_clear) struct result r = {.n = 0};
    struct span own;

    if (evidence_decode(buf_span(&a->evidence), &e) != CKR_OK ||
        handoff_report_id(buf_span(&e.report), &own) != CKR_OK)
        return cli_fail(EXIT_FAILED, "this VM's own report can't be read");
    handoff_check_other(&a->judged.facts, own, &r);
    if (r.n == 1 && r.checks[0].outcome == OUTCOME_OK)
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED, "refused: %s: %s", r.n > 0 ? r.checks[0].name : "result",
                    r.n > 0 ? r.checks[0].words : "out of memory");
}

static int make(const struct conf *c, struct keyring *k, const struct handoff_options *o,
                struct approval *a)
{
    struct handoff_message m = {.kind = HANDOFF_APPROVAL};
    CK_RV rv =
        handoff_release(k, a->judged.facts.statement.handover.public_key, &a->sealed, a->seal);
    int code;

    if (rv == CKR_ARGUMENTS_BAD)
        return cli_fail(EXIT_REFUSED, "refused: the key in the request can't receive");
    if (rv != CKR_OK)
        return cli_rv(rv, "encrypting the master key");
    code = attest(c, k, o, a);
    if (code == EXIT_DONE)
        code = check_other(a);
    if (code != EXIT_DONE)
        return code;
    m.evidence = buf_span(&a->evidence);
    m.sealed = buf_span(&a->sealed);
    rv = handoff_message_encode(&m, &a->message);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "writing the approval");
}

/* Who gets it, for the audit log. */
static CK_RV note(struct keyring *k, const struct approval *a)
{
    const struct report *r = &a->judged.facts.report;
    char measurement[2 * 48 + 1], chip[2 * 8 + 1], tcb[64], text[256];
    struct span id = report_field(r, REPORT_CHIP);

    id.n = REPORT_CHIP_ID_8;
    (void)snprintf(text, sizeof(text), "to measurement %s, chip %s, TCB %s",
                   hex_encode(report_field(r, REPORT_MEASUREMENT), measurement),
                   hex_encode(id, chip), tcb_parts_text(r->product, &r->reported, tcb));
    return handoff_note(k, a->hash, text, &a->past);
}

/* The log says it before the key leaves, and nothing is said before there is room for what leaves:
 * a request that was approved is used up. */
static int deliver(struct keyring *k, const struct handoff_options *o, const struct approval *a)
{
    AUTO(late_file_clear) struct late_file f = LATE_FILE_NONE;
    int code = late_file_begin(o->out, a->message.n, LATE_BINARY, &f);
    char name[HANDOFF_NAME_TEXT];
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    rv = note(k, a);
    if (rv == CKR_FUNCTION_REJECTED)
        return cli_fail(EXIT_REFUSED, "refused, a replay: somebody else approved this request at "
                                      "the same time");
    if (rv != CKR_OK)
        return cli_rv(rv, "writing the audit log");
    code = late_file_write(&f, buf_span(&a->message));
    if (code == EXIT_DONE)
        code = late_file_publish(&f);
    if (code != EXIT_DONE)
        return cli_fail(code, "the audit log has the approval already: make a new request");
    fprintf(handoff_words_to(o), "request %s is approved: its sender can open the store\n",
            handoff_name_text(a->hash, name));
    return code;
}

static int approve(const struct conf *c, const struct handoff_options *o, struct approval *a)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    const CK_RV rv = cli_open(c, &k);
    int code;

    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store");
    code = judge(o, k, a);
    if (code == EXIT_DONE)
        code = check_new(k, a);
    if (code == EXIT_DONE)
        code = make(c, k, o, a);
    if (code == EXIT_DONE && o->dry_run) {
        puts("would approve it");
        return EXIT_DONE;
    }
    return code == EXIT_DONE ? deliver(k, o, a) : code;
}

int handoff_approve(const struct handoff_options *o)
{
    AUTO(conf_freep) struct conf *c = NULL;
    AUTO(approval_clear) struct approval a = {.judged = {.result = {.n = 0}}};
    int code;

    code = handoff_conf(&c);
    if (code != EXIT_DONE)
        return code;
    code = handoff_take(o->message, HANDOFF_REQUEST, &a.request, &a.in);
    if (code != EXIT_DONE)
        return code;
    if (handoff_message_hash(buf_span(&a.request), a.hash) != CKR_OK)
        return cli_fail(EXIT_FAILED, "out of memory");
    return approve(c, o, &a);
}
