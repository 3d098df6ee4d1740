/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result.h - what a verifier checked: a list of checks in the order in which they were made, each
 * with a name, an outcome and words, and the verdict that follows from them.
 */
#ifndef TEE_ATTEST_RESULT_H
#define TEE_ATTEST_RESULT_H

#include "util/buf.h"

enum outcome {
    OUTCOME_OK,
    OUTCOME_FAILED,
    OUTCOME_UNKNOWN, /* it was called for and could not be made: something is missing */
    OUTCOME_NOT_DONE /* nobody called for it, or an earlier check failed */
};

/* What a failure means. */
enum subject {
    ABOUT_GENUINENESS, /* the hardware did not say this */
    ABOUT_POLICY       /* it did, and the policy or the question does not want it */
};

struct check {
    const char *name; /* a constant: "report-signature" */
    enum subject about;
    enum outcome outcome;
    char *words; /* owned; never NULL */
};

#define RESULT_MAX 96

struct result {
    struct check checks[RESULT_MAX];
    size_t n;
    bool failed; /* a check could not be recorded: out of memory, or too many */
};

enum verdict {
    VERDICT_GOOD = 0,
    VERDICT_NOT_GENUINE = 1,
    VERDICT_AGAINST_POLICY = 2,
    VERDICT_UNKNOWN = 3
};

/* Usable with AUTO(). */
void result_clear(struct result *r);
void result_add(struct result *r, const char *name, enum subject about, enum outcome outcome,
                const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The worst of it: a failure of genuineness, then what could not be told of it, then policy. An
 * empty or failed list is VERDICT_UNKNOWN. */
enum verdict result_verdict(const struct result *r);
/* "genuine and within policy", ... */
const char *verdict_words(enum verdict v);
/* "ok", "failed", "unknown", "not done" */
const char *outcome_name(enum outcome o);

#endif
