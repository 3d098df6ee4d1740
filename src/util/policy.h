/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h - the rules that this token puts on its users beyond the standard: one constant table,
 * each rule asked at one place in the code. docs/policy.md explains each; the configuration key
 * `policy` relaxes those that may be relaxed, and enforces those that are not by default.
 *
 * What holds is one set per process: C_Initialize sets it from the configuration, before any object
 * is touched, and nothing changes it until the next C_Initialize.
 */
#ifndef TEE_UTIL_POLICY_H
#define TEE_UTIL_POLICY_H

#include "util/guard.h"

enum policy_rule {
    /* Wrapping. */
    POLICY_USAGE_CONFLICTS,
    POLICY_USAGE_TEMPLATES,
    POLICY_WRAP_TRUSTED,
    POLICY_WRAP_STRENGTH,
    POLICY_WRAP_EXTRACTABLE,
    POLICY_WRAP_MECHANISMS,
    /* Unwrapping and deriving. */
    POLICY_UNWRAP_PROTECTED,
    POLICY_UNWRAP_TYPE,
    POLICY_DERIVE_PROTECTED,
    POLICY_DERIVE_AGREED,
    POLICY_DERIVE_CONFLICTS,
    /* Reading. */
    POLICY_ONE_WAY,
    POLICY_READ_SENSITIVE,
    POLICY_SEARCH_SENSITIVE,
    POLICY_DIGEST_SENSITIVE,
    POLICY_CHECK_VALUES,
    POLICY_TRUST_BY_SO,
    /* Material and padding. */
    POLICY_RSA_SIZE,
    POLICY_RSA_EXPONENT,
    POLICY_POINTS,
    POLICY_ZERO_SECRETS,
    POLICY_ONE_CODE,
    POLICY_PKCS1_DECRYPTION,
    POLICY_N_RULES
};

enum policy_mode {
    POLICY_ALWAYS,    /* cannot be relaxed */
    POLICY_RELAXABLE, /* holds by default; `compatible` relaxes it */
    POLICY_STRICT,    /* does not hold by default; `strict` enforces it */
};

struct policy_row {
    const char *name; /* as the configuration and docs/policy.md call it */
    const char *says; /* the rule, in one line */
    enum policy_mode mode;
};

/* By enum policy_rule. */
extern const struct policy_row policy_rules[POLICY_N_RULES];

/* Sets of rules that hold have a bit for each, 1 << rule. */
uint32_t policy_default(void);
/*
 * One word of the configuration key, applied to a set: `default`, `strict` or `compatible` replace
 * it, a rule's name enforces that rule, `no-` and its name relaxes it. False: no such word, or a
 * rule that cannot be relaxed; the set stays as it was.
 */
bool policy_word(const char *word, uint32_t *set);

/* Does the rule hold in this process? From any thread. */
bool policy_holds(enum policy_rule rule);
/* Make a set the process's: C_Initialize's. Rules that cannot be relaxed hold whatever it says. */
void policy_install(uint32_t set);

#endif
