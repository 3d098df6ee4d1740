/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-adversary.c - the search for attacks (api/adversary.h) on the module: none with the rules as
 * they are, and the known ones without the rules that stop them, which proves that it looks.
 *
 * Each run prints how far it went. TEE_TEST_LONG=1 takes the wide grammar.
 */
#include "api/adversary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/policy.h"

static char real_module[512];

static struct adversary_bounds bounds_of(bool agrees)
{
    const bool wide = getenv("TEE_TEST_LONG") != NULL;

    return (struct adversary_bounds){
        .rounds = 12, .max_calls = wide ? 200000000 : 4000000, .agrees = agrees, .wide = wide};
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    ASSERT_OK(p11->C_Finalize(NULL));
    module_unload();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

/* A search under a policy: all that it makes are objects of its session. */
static void search(bool loose, const char *policy, bool agrees, struct adversary_report *ret)
{
    const struct adversary_bounds bounds = bounds_of(agrees);
    char conf[1024];

    assert_int_equal(
        setenv("TEE_TEST_MODULE", loose ? getenv("TEE_TEST_LOOSE_MODULE") : real_module, 1), 0);
    (void)snprintf(conf, sizeof(conf), "root = software\npin-log2-n = 10\npolicy = %s\n", policy);
    scratch_configure(conf);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    adversary_search(open_user(), &bounds, ret);
    ASSERT_OK(p11->C_Finalize(NULL));
    module_unload();
    print_message("policy = %s: %lu calls (%lu refused), %lu objects, %lu ciphertexts, %u rounds; "
                  "%s\n%s",
                  policy, ret->calls, ret->refused, ret->objects, ret->ciphertexts, ret->rounds,
                  ret->found   ? "found:"
                  : ret->ended ? "nothing, and nothing more to try"
                               : "nothing within the bound",
                  ret->how);
}

static void test_default(void **state)
{
    struct adversary_report r;

    (void)state;
    search(false, "default", false, &r);
    assert_false(r.found);
    assert_true(r.ended);
}

static void test_strict(void **state)
{
    struct adversary_report r;

    (void)state;
    search(false, "strict", true, &r);
    assert_false(r.found);
    assert_true(r.ended);
}

/* docs/policy.md says so: with Diffie-Hellman in the grammar the default is not enough. */
static void test_agreed_again(void **state)
{
    struct adversary_report r;

    (void)state;
    search(false, "default", true, &r);
    assert_true(r.found);
}

static const enum policy_rule needed[] = {
    POLICY_USAGE_CONFLICTS,  POLICY_WRAP_TRUSTED,     POLICY_WRAP_EXTRACTABLE,
    POLICY_UNWRAP_PROTECTED, POLICY_ONE_WAY,          POLICY_READ_SENSITIVE,
    POLICY_TRUST_BY_SO,      POLICY_DERIVE_PROTECTED, POLICY_DERIVE_CONFLICTS,
};

/* Each of these rules is needed: without it alone there is a way. */
static void test_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(needed); i++) {
        struct adversary_report r;
        char policy[64];

        (void)snprintf(policy, sizeof(policy), "no-%s", policy_rules[needed[i]].name);
        search(policy_rules[needed[i]].mode == POLICY_ALWAYS, policy, false, &r);
        assert_true(r.found);
    }
}

/* What the other rules stop is no sequence of these calls: each with its attack alone, which
 * test-policy.c makes. */
static const struct {
    enum policy_rule rule;
    const char *why;
} others[] = {
    {POLICY_USAGE_TEMPLATES,
     "holds under strict only, and refuses early what usage-conflicts stops"},
    {POLICY_DERIVE_AGREED,
     "holds under strict only: /adversary/agreed-again is the search without it"},
    {POLICY_WRAP_STRENGTH, "he searches no key space: he would have to be told that he could"},
    {POLICY_WRAP_MECHANISMS, "he sends whole ciphertexts as he got them, no blocks of his making"},
    {POLICY_UNWRAP_TYPE, "he unwraps keys as the type that they are"},
    {POLICY_SEARCH_SENSITIVE, "he guesses no values"},
    {POLICY_DIGEST_SENSITIVE, "he guesses no values"},
    {POLICY_CHECK_VALUES, "he guesses no values"},
    {POLICY_RSA_SIZE, "a question of numbers"},
    {POLICY_RSA_EXPONENT, "a question of numbers"},
    {POLICY_POINTS, "a question of numbers"},
    {POLICY_ZERO_SECRETS, "a question of numbers"},
    {POLICY_ONE_CODE, "he asks whether a call succeeded, not why it failed"},
    {POLICY_PKCS1_DECRYPTION, "he asks no oracle, but decrypts what is whole"},
};

/* Every rule is switched off alone, or has a reason here; and these reasons are true: without all
 * of those rules at once the search finds nothing. A rule that it would find a way without belongs
 * above. */
static void test_without_the_others(void **state)
{
    unsigned seen[POLICY_N_RULES] = {0};
    struct adversary_report r;
    char policy[768] = "{default";

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(needed); i++)
        seen[needed[i]]++;
    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        seen[others[i].rule]++;
        assert_true(strlen(others[i].why) > 0);
        (void)snprintf(policy + strlen(policy), sizeof(policy) - strlen(policy), ", no-%s",
                       policy_rules[others[i].rule].name);
    }
    (void)snprintf(policy + strlen(policy), sizeof(policy) - strlen(policy), "}");
    for (size_t i = 0; i < POLICY_N_RULES; i++)
        assert_int_equal(seen[i], 1);
    search(true, policy, false, &r);
    assert_false(r.found);
    assert_true(r.ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/adversary/default", test_default, NULL, NULL, NULL},
        {"/adversary/strict", test_strict, NULL, NULL, NULL},
        {"/adversary/agreed-again", test_agreed_again, NULL, NULL, NULL},
        {"/adversary/without-a-rule", test_without, NULL, NULL, NULL},
        {"/adversary/without-the-others", test_without_the_others, NULL, NULL, NULL},
    };

    (void)snprintf(real_module, sizeof(real_module), "%s", getenv("TEE_TEST_MODULE"));
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
