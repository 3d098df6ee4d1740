/* SPDX-License-Identifier: BSD-2-Clause */
/* verifier.c - the command; see verifier.h. */
#include "verifier/verifier.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/stdout.h"

int verifier_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("tee-pkcs11: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

static CK_RV open_source(const struct verifier_options *o, const struct verifier_case *c,
                         struct kds **ret)
{
    const struct kds_options k = {
        .url = o->kds,
        .cache = c->cache,
        .offline = o->offline || (c->policy.sources & APPRAISAL_FROM_KDS) == 0,
        .no_cache = o->no_cache || (c->policy.sources & APPRAISAL_FROM_CACHE) == 0,
        .patience_ms = c->patience_ms,
    };

    return kds_new(&k, ret);
}

CK_RV verifier_judge(const struct verifier_options *o, const struct verifier_case *c,
                     struct result *r, struct verified *v)
{
    AUTO(kds_freep) struct kds *kds = NULL;
    struct verify_source source;
    const struct verify_input in = {
        .report = buf_span(&c->evidence.report),
        .statement = buf_span(&c->evidence.statement),
        .given = &c->given,
        .given_only = o->chain != NULL,
        .root = c->root,
        .crl = c->crl,
        .at = c->at,
        .policy = &c->policy,
        .question = &c->question,
        .source = &source,
    };

    if (c->evidence_malformed) {
        result_add(r, "evidence", ABOUT_GENUINENESS, OUTCOME_FAILED,
                   "it is not an evidence container of this version, in DER or JSON");
        return CKR_OK;
    }
    TRY(open_source(o, c, &kds));
    source = kds_source(kds);
    return verify(&in, r, v);
}

int verifier_command(int argc, char **argv)
{
    AUTO(verifier_case_clear) struct verifier_case c = {.evidence_malformed = false};
    AUTO(result_clear) struct result r = {.n = 0};
    struct verifier_options o;
    struct verified v = {.has_report = false};
    int code;

    if (!verifier_parse(argc, argv, &o)) {
        fprintf(stderr, "usage: %s %s\n", argv[0], VERIFIER_ARGUMENTS);
        return VERIFIER_USAGE;
    }
    code = verifier_load(&o, &c);
    if (code != 0)
        return code;
    if (verifier_judge(&o, &c, &r, &v) != CKR_OK)
        return verifier_fail(VERIFIER_UNKNOWN, "out of memory");
    if (!o.json)
        verifier_show(&c, &r, &v);
    else if (!verifier_show_json(&c, &r, &v))
        return verifier_fail(VERIFIER_UNKNOWN, "out of memory");
    if (stdout_lost() != NULL)
        return verifier_fail(VERIFIER_UNKNOWN, "standard output cannot be written");
    return (int)result_verdict(&r);
}
