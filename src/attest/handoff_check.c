/* SPDX-License-Identifier: BSD-2-Clause */
/* handoff_check.c - the checks of a hand-over; see handoff_check.h. */
#include "attest/handoff_check.h"

#include "crypto/prim.h"

/* Does each product that min-tcb names have a floor? One of zeros is none. */
static bool has_floors(const struct appraisal_tcb *t)
{
    static const struct tcb_parts none;

    for (size_t p = 0; p < N_PRODUCTS; p++) {
        if (t->has[p] && tcb_parts_equal(&t->least[p], &none))
            return false;
    }
    return true;
}

bool handoff_policy_decides(const struct appraisal *p, const char **ret_why)
{
    if (p->fields[REPORT_MEASUREMENT].n == 0 && p->id_keys.n == 0 && p->author_keys.n == 0)
        *ret_why = "it names neither measurements nor id-keys nor author-keys: any VM would do";
    else if (!p->min_tcb.given)
        *ret_why = "it has no min-tcb: firmware with known holes would do";
    else if (!has_floors(&p->min_tcb))
        *ret_why = "its min-tcb is 0 in every component of a product: firmware with known holes "
                   "would do";
    else if ((p->guest_allow & REPORT_POLICY_DEBUG) != 0)
        *ret_why = "it allows debug: the host reads the memory of such a guest";
    else if ((p->guest_allow & REPORT_POLICY_MIGRATE_MA) != 0 &&
             p->fields[REPORT_REPORT_ID_MA].n == 0)
        *ret_why = "it allows migrate-ma and has no report-id-ma: an agent that the host picks "
                   "takes the memory of such a guest";
    else if (p->time >= 0)
        *ret_why = "its time stands still: nothing would ever be stale";
    else
        return true;
    return false;
}

static void check(struct result *res, const char *name, bool good, const char *yes, const char *no)
{
    result_add(res, name, ABOUT_POLICY, good ? OUTCOME_OK : OUTCOME_FAILED, "%s", good ? yes : no);
}

/* -- purpose and store ------------------------------------------------------------------------- */

static bool purpose_is(const struct verified *v, enum statement_kind wanted, struct result *res)
{
    const bool said = v->has_statement;
    const bool good = said && v->statement.kind == wanted;

    result_add(res, "purpose", ABOUT_POLICY, good ? OUTCOME_OK : OUTCOME_FAILED,
               "the evidence is about: %s%s%s",
               said ? statement_kind_name(v->statement.kind) : "nothing that was stated",
               good ? "" : "; wanted: ", good ? "" : statement_kind_name(wanted));
    return good;
}

static void check_store(const uint8_t is[16], const uint8_t wanted[16], struct result *res)
{
    const bool good = memcmp(is, wanted, 16) == 0;
    char said[2 * 16 + 1], own[2 * 16 + 1];

    (void)hex_encode(span_of(is, 16), said);
    (void)hex_encode(span_of(wanted, 16), own);
    result_add(res, "store", ABOUT_POLICY, good ? OUTCOME_OK : OUTCOME_FAILED, "%s%s%s", said,
               good ? "" : ": not this one, ", good ? "" : own);
}

void handoff_check_request(const struct verified *v, const uint8_t store[16], struct result *res)
{
    if (purpose_is(v, STATEMENT_HANDOVER, res))
        check_store(v->statement.handover.store, store, res);
}

/* -- the request that was made ----------------------------------------------------------------- */

CK_RV handoff_report_id(struct span report, struct span *ret)
{
    const char *objection = NULL;
    struct report r;

    TRY(report_read(report, &r, &objection));
    *ret = report_field(&r, REPORT_REPORT_ID);
    return CKR_OK;
}

CK_RV handoff_pending_read(struct span request, struct evidence *evidence,
                           struct handoff_pending *ret)
{
    struct handoff_pending p = {.request = request};
    struct handoff_message m;
    const char *objection = NULL;

    TRY(handoff_message_decode(request, &m, &objection));
    ENSURE(m.kind == HANDOFF_REQUEST, CKR_DATA_INVALID);
    TRY(evidence_decode(m.evidence, evidence));
    TRY(statement_decode(buf_span(&evidence->statement), &p.statement));
    ENSURE(p.statement.kind == STATEMENT_HANDOVER, CKR_DATA_INVALID);
    TRY(handoff_report_id(buf_span(&evidence->report), &p.report_id));
    TRY(handoff_message_hash(request, p.hash));
    *ret = p;
    return CKR_OK;
}

/* -- approvals --------------------------------------------------------------------------------- */

static bool sealed_is(const struct statement_approval *a, struct span sealed)
{
    uint8_t hash[PRIM_SHA512];

    return prim_sha512(&sealed, 1, hash) == CKR_OK && memcmp(hash, a->sealed, sizeof(hash)) == 0;
}

void handoff_check_approval(const struct verified *v, const struct handoff_pending *asked,
                            struct span sealed, struct result *res)
{
    const struct statement_approval *a = &v->statement.approval;

    if (!purpose_is(v, STATEMENT_APPROVAL, res))
        return;
    check_store(a->store, asked->statement.handover.store, res);
    check(res, "request", memcmp(a->request, asked->hash, sizeof(a->request)) == 0,
          "the one that was made here",
          "it answers another request than the one whose key is here, or one that was changed on "
          "its way");
    check(res, "sealed", sealed_is(a, sealed), "the key that came with it",
          "the encrypted key is not the one that the evidence speaks of: it was put in its place");
}

void handoff_check_other(const struct verified *v, struct span own_report_id, struct result *res)
{
    if (v->has_report)
        check(res, "other-platform",
              !span_equal(own_report_id, report_field(&v->report, REPORT_REPORT_ID)),
              "the report is of another launch than this side's",
              "the report is of this very launch: a message of this VM was sent back to it");
}
