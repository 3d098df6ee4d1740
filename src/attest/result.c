/* SPDX-License-Identifier: BSD-2-Clause */
/* result.c - the list of checks; see result.h. */
#include "attest/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void result_clear(struct result *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->checks[i].words);
    *r = (struct result){.n = 0};
}

void result_add(struct result *r, const char *name, enum subject about, enum outcome outcome,
                const char *fmt, ...)
{
    va_list args;
    char *words = NULL;
    int n;

    if (r->n == RESULT_MAX) {
        r->failed = true;
        return;
    }
    va_start(args, fmt);
    n = vasprintf(&words, fmt, args);
    va_end(args);
    if (n < 0) {
        r->failed = true;
        return;
    }
    r->checks[r->n++] =
        (struct check){.name = name, .about = about, .outcome = outcome, .words = words};
}

static bool has(const struct result *r, enum subject about, enum outcome outcome)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->checks[i].about == about && r->checks[i].outcome == outcome)
            return true;
    }
    return false;
}

enum verdict result_verdict(const struct result *r)
{
    if (has(r, ABOUT_GENUINENESS, OUTCOME_FAILED))
        return VERDICT_NOT_GENUINE;
    if (r->failed || r->n == 0 || has(r, ABOUT_GENUINENESS, OUTCOME_UNKNOWN))
        return VERDICT_UNKNOWN;
    if (has(r, ABOUT_POLICY, OUTCOME_FAILED))
        return VERDICT_AGAINST_POLICY;
    return has(r, ABOUT_POLICY, OUTCOME_UNKNOWN) ? VERDICT_UNKNOWN : VERDICT_GOOD;
}

const char *verdict_words(enum verdict v)
{
    static const char *const words[] = {
        [VERDICT_GOOD] = "genuine and within policy",
        [VERDICT_NOT_GENUINE] = "not genuine",
        [VERDICT_AGAINST_POLICY] = "genuine, but against policy",
        [VERDICT_UNKNOWN] = "could not tell",
    };

    return words[v];
}

const char *outcome_name(enum outcome o)
{
    static const char *const names[] = {
        [OUTCOME_OK] = "ok",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_NOT_DONE] = "not done",
    };

    return names[o];
}
