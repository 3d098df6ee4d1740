/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - the table of rules, and which of them hold; see policy.h.
 *
 * The tests build this file a second time with POLICY_TEST_RELAXES_ALL, into a module of their own:
 * there every rule can be relaxed, so that a test can see the attack succeed that the rule stops.
 */
#include "util/policy.h"

#include <stdatomic.h>
#include <string.h>

#ifdef POLICY_TEST_RELAXES_ALL
#define CAN_RELAX(mode) true
#else
#define CAN_RELAX(mode) ((mode) != POLICY_ALWAYS)
#endif

const struct policy_row policy_rules[POLICY_N_RULES] = {
    [POLICY_USAGE_CONFLICTS] = {"usage-conflicts",
                                "a key that encrypts or decrypts wraps no sensitive key; which of "
                                "both a key does is settled when it is made",
                                POLICY_RELAXABLE},
    [POLICY_USAGE_TEMPLATES] = {"usage-templates", "a template that asks for both is refused",
                                POLICY_STRICT},
    [POLICY_WRAP_TRUSTED] = {"wrap-trusted",
                             "a sensitive key leaves only under a key that was made here and never "
                             "could leave, or that the SO trusts",
                             POLICY_RELAXABLE},
    [POLICY_WRAP_STRENGTH] = {"wrap-strength",
                              "a sensitive key leaves only under a key that is as strong",
                              POLICY_RELAXABLE},
    [POLICY_WRAP_EXTRACTABLE] = {"wrap-extractable", "a key that is not extractable never leaves",
                                 POLICY_ALWAYS},
    [POLICY_WRAP_MECHANISMS] = {"wrap-mechanisms",
                                "no wrapping by ECB, CBC, CBC-PAD or PKCS#1 v1.5, and no "
                                "unwrapping, but of private keys by CBC-PAD",
                                POLICY_RELAXABLE},
    [POLICY_UNWRAP_PROTECTED] = {"unwrap-protected",
                                 "what a key that cannot be read unwraps cannot be read",
                                 POLICY_RELAXABLE},
    [POLICY_UNWRAP_TYPE] = {"unwrap-type",
                            "an unwrapped key is whole and of the type that the template says",
                            POLICY_ALWAYS},
    [POLICY_DERIVE_PROTECTED] = {"derive-protected",
                                 "what is derived from a secret that cannot be read cannot be read",
                                 POLICY_RELAXABLE},
    [POLICY_DERIVE_AGREED] = {"derive-agreed",
                              "what is agreed by a private key that cannot be read cannot be read",
                              POLICY_STRICT},
    [POLICY_DERIVE_CONFLICTS] = {"derive-conflicts",
                                 "a key derives by encryption only if it was made here for "
                                 "nothing else, and never could leave",
                                 POLICY_RELAXABLE},
    [POLICY_ONE_WAY] = {"one-way", "a protection that a key has, no change and no copy takes away",
                        POLICY_ALWAYS},
    [POLICY_READ_SENSITIVE] = {"read-sensitive",
                               "a value that is sensitive or not extractable is not read",
                               POLICY_ALWAYS},
    [POLICY_SEARCH_SENSITIVE] = {"search-sensitive",
                                 "a search compares nothing that could not be read", POLICY_ALWAYS},
    [POLICY_DIGEST_SENSITIVE] = {"digest-sensitive",
                                 "C_DigestKey takes no key that could not be read", POLICY_ALWAYS},
    [POLICY_CHECK_VALUES] = {"check-values",
                             "a secret shorter than 128 bits has no CKA_CHECK_VALUE",
                             POLICY_ALWAYS},
    [POLICY_TRUST_BY_SO] = {"trust-by-so", "CKA_TRUSTED is set by the SO alone", POLICY_ALWAYS},
    [POLICY_RSA_SIZE] = {"rsa-size",
                         "RSA keys that sign, decrypt, encrypt or wrap have 2048 bits or more",
                         POLICY_ALWAYS},
    [POLICY_RSA_EXPONENT] = {"rsa-exponent",
                             "a private RSA key's public exponent is odd and 65537 or more",
                             POLICY_ALWAYS},
    [POLICY_POINTS] = {"points", "points of elliptic curves are on their curve", POLICY_ALWAYS},
    [POLICY_ZERO_SECRETS] = {"zero-secrets", "an agreed secret of zeros is refused", POLICY_ALWAYS},
    [POLICY_ONE_CODE] = {"one-code",
                         "whatever is wrong inside what is decrypted or unwrapped is one code",
                         POLICY_ALWAYS},
    [POLICY_PKCS1_DECRYPTION] = {"pkcs1-decryption", "no decryption by PKCS#1 v1.5 at all",
                                 POLICY_STRICT},
};

static uint32_t bit(size_t rule)
{
    return UINT32_C(1) << rule;
}

static const struct {
    const char *word;
    bool holds[3]; /* by enum policy_mode */
} levels[] = {
    {"default", {[POLICY_ALWAYS] = true, [POLICY_RELAXABLE] = true}},
    {"strict", {[POLICY_ALWAYS] = true, [POLICY_RELAXABLE] = true, [POLICY_STRICT] = true}},
    {"compatible", {[POLICY_ALWAYS] = true}},
};

static uint32_t level_set(size_t level)
{
    uint32_t set = 0;

    for (size_t i = 0; i < POLICY_N_RULES; i++) {
        if (levels[level].holds[policy_rules[i].mode])
            set |= bit(i);
    }
    return set;
}

uint32_t policy_default(void)
{
    return level_set(0);
}

static bool level_word(const char *word, uint32_t *set)
{
    for (size_t i = 0; i < N_ELEMENTS(levels); i++) {
        if (strcmp(levels[i].word, word) == 0) {
            *set = level_set(i);
            return true;
        }
    }
    return false;
}

bool policy_word(const char *word, uint32_t *set)
{
    const bool relaxes = strncmp(word, "no-", 3) == 0;
    const char *name = relaxes ? word + 3 : word;

    if (level_word(word, set))
        return true;
    for (size_t i = 0; i < POLICY_N_RULES; i++) {
        if (strcmp(policy_rules[i].name, name) != 0)
            continue;
        if (relaxes && !CAN_RELAX(policy_rules[i].mode))
            return false;
        *set = relaxes ? *set & ~bit(i) : *set | bit(i);
        return true;
    }
    return false;
}

/* The rules that do not hold, of those that do by default, and the other way round: so that before
 * the first C_Initialize the default is what holds. */
static _Atomic(uint32_t) changed;

bool policy_holds(enum policy_rule rule)
{
    const enum policy_mode mode = policy_rules[rule].mode;
    const bool is_changed = (atomic_load_explicit(&changed, memory_order_relaxed) & bit(rule)) != 0;

    if (!CAN_RELAX(mode))
        return true;
    return (mode != POLICY_STRICT) != is_changed;
}

void policy_install(uint32_t set)
{
    atomic_store_explicit(&changed, set ^ policy_default(), memory_order_relaxed);
}
