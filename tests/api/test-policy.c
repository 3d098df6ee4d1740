/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-policy.c - the rules of docs/policy.md: what each stops, that it is the rule that stops it,
 * and what the configuration can do about it.
 *
 * TEE_TEST_LOOSE_MODULE is the module with one file built differently: there rules can be relaxed
 * that the real one never relaxes (util/policy.c).
 */
#include "api/attacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char real_module[512];

/* -- a token under a policy
 * ---------------------------------------------------------------------------- */

/* The token, with one line of configuration more; false: C_Initialize refuses it. */
static bool begin(bool loose, const char *line)
{
    char conf[512];
    CK_RV rv;

    assert_int_equal(
        setenv("TEE_TEST_MODULE", loose ? getenv("TEE_TEST_LOOSE_MODULE") : real_module, 1), 0);
    (void)snprintf(conf, sizeof(conf), "root = software\npin-log2-n = 10\n%s\n", line);
    scratch_configure(conf);
    module_load();
    rv = p11->C_Initialize(NULL);
    if (rv == CKR_OK)
        return true;
    assert_int_equal(rv, CKR_GENERAL_ERROR);
    module_unload();
    return false;
}

static void end(void)
{
    ASSERT_OK(p11->C_Finalize(NULL));
    module_unload();
}

static int group_setup(void **state)
{
    (void)state;
    scratch_make(NULL);
    assert_true(begin(false, ""));
    token_make();
    end();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

static bool succeeds_under(const struct attack *a, bool loose, const char *line)
{
    bool success;

    assert_true(begin(loose, line));
    success = a->succeeds(open_user());
    end();
    return success;
}

/* -- each attack, with its rule and without
 * ------------------------------------------------------------- */

static const struct attack *attack_of(size_t i)
{
    return i < n_attacks_on_wrapping ? &attacks_on_wrapping[i]
                                     : &attacks_on_values[i - n_attacks_on_wrapping];
}

static size_t n_attacks(void)
{
    return n_attacks_on_wrapping + n_attacks_on_values;
}

static void word_of(const struct attack *a, const char *before, char ret[64])
{
    (void)snprintf(ret, 64, "policy = %s%s", before, policy_rules[a->rule].name);
}

static void test_attack(void **state)
{
    const struct attack *a = *state;
    const enum policy_mode mode = policy_rules[a->rule].mode;
    char with[64], without[64];

    word_of(a, "", with);
    word_of(a, "no-", without);
    assert_false(succeeds_under(a, false, with));
    assert_int_equal(succeeds_under(a, mode == POLICY_ALWAYS, without), !a->held_twice);
    assert_int_equal(succeeds_under(a, false, ""), mode == POLICY_STRICT);
}

static void test_every_rule_is_attacked(void **state)
{
    (void)state;
    for (size_t rule = 0; rule < POLICY_N_RULES; rule++) {
        bool found = false;

        for (size_t i = 0; i < n_attacks(); i++)
            found = found || attack_of(i)->rule == rule;
        if (!found)
            print_error("nothing attacks %s\n", policy_rules[rule].name);
        assert_true(found);
    }
}

/* -- the configuration
 * -------------------------------------------------------------------------------------- */

static bool accepts(const char *line)
{
    if (!begin(false, line))
        return false;
    end();
    return true;
}

static void test_words(void **state)
{
    (void)state;
    assert_true(accepts("policy = default"));
    assert_true(accepts("policy = strict"));
    assert_true(accepts("policy = {compatible, wrap-trusted}"));
    assert_true(accepts("policy = {no-wrap-trusted, no-wrap-strength}"));
    assert_false(accepts("policy = lax"));
    assert_false(accepts("policy = {default, lax}"));
    assert_false(accepts("policy = no-default"));
    assert_false(accepts("policy = ''"));
}

static void test_rules_that_always_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICY_N_RULES; i++) {
        char line[64];

        (void)snprintf(line, sizeof(line), "policy = no-%s", policy_rules[i].name);
        assert_int_equal(accepts(line), policy_rules[i].mode != POLICY_ALWAYS);
    }
}

/* Words are read from the left: the last that speaks of a rule decides. */
static void test_order_of_words(void **state)
{
    const struct attack *trojan = &attacks_on_wrapping[5];

    (void)state;
    assert_int_equal(trojan->rule, POLICY_WRAP_TRUSTED);
    assert_true(succeeds_under(trojan, false, "policy = compatible"));
    assert_false(succeeds_under(trojan, false, "policy = {compatible, wrap-trusted}"));
    assert_false(succeeds_under(trojan, false, "policy = {no-wrap-trusted, default}"));
    assert_false(succeeds_under(trojan, false, "policy = strict"));
}

/* Compatible relaxes what may be relaxed, and nothing else. */
static void test_compatible(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_attacks(); i++) {
        const struct attack *a = attack_of(i);

        assert_int_equal(succeeds_under(a, false, "policy = compatible"),
                         policy_rules[a->rule].mode != POLICY_ALWAYS);
    }
}

static bool is_listed(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_TYPE list[512];
    CK_MECHANISM_INFO info;
    CK_ULONG n = N_ELEMENTS(list);
    bool found = false;

    ASSERT_OK(p11->C_GetMechanismList(0, list, &n));
    for (CK_ULONG i = 0; i < n; i++)
        found = found || list[i] == type;
    ASSERT_RV(found ? CKR_OK : CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(0, type, &info));
    return found;
}

static bool digests(CK_MECHANISM_TYPE type)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_MECHANISM m = {type, NULL, 0};
    const CK_RV rv = p11->C_DigestInit(h, &m);

    assert_true(rv == CKR_OK || rv == CKR_MECHANISM_INVALID);
    ASSERT_OK(p11->C_CloseSession(h));
    return rv == CKR_OK;
}

static const struct {
    const char *line;
    bool sha1, sha256, raw_rsa;
} lists[] = {
    {"", true, true, false},
    {"mechanisms-deny = CKM_SHA_1", false, true, false},
    {"mechanisms-deny = {CKM_SHA_1, CKM_SHA256}", false, false, false},
    {"mechanisms-allow = {CKM_SHA256}", false, true, false},
    {"mechanisms-allow = {default, CKM_RSA_X_509}", true, true, true},
    {"mechanisms-allow = {CKM_SHA256, CKM_SHA_1}\nmechanisms-deny = CKM_SHA256", true, false,
     false},
};

static void test_mechanism_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
        assert_true(begin(false, lists[i].line));
        assert_int_equal(is_listed(CKM_SHA_1), lists[i].sha1);
        assert_int_equal(is_listed(CKM_SHA256), lists[i].sha256);
        assert_int_equal(is_listed(CKM_RSA_X_509), lists[i].raw_rsa);
        assert_int_equal(digests(CKM_SHA_1), lists[i].sha1);
        assert_int_equal(digests(CKM_SHA256), lists[i].sha256);
        end();
    }
    assert_false(accepts("mechanisms-allow = CKM_SHA257"));
    assert_false(accepts("mechanisms-deny = default"));
}

/* -- what stays possible
 * ------------------------------------------------------------------------------------- */

/* The SO imports a wrapping key and trusts it. */
static void make_trusted(const char *label, CK_BBOOL extractable)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, known_bytes, 32),
                        ATTR_TRUE(CKA_WRAP),
                        ATTR_TRUE(CKA_TRUSTED),
                        ATTR_TRUE(CKA_TOKEN),
                        ATTR_FALSE(CKA_PRIVATE),
                        ATTR_OBJ(CKA_EXTRACTABLE, extractable),
                        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    CK_OBJECT_HANDLE w = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(open_so(), v, N_ELEMENTS(v), &w));
    close_all();
}

/* The SO trusts a key: then what is sensitive leaves under it, though it was imported. Not where it
 * can leave itself, and come back as a key that decrypts. */
static void test_trusted_key_wraps(void **state)
{
    CK_OBJECT_HANDLE backup = CK_INVALID_HANDLE, leaves = CK_INVALID_HANDLE;
    uint8_t wrapped[1024];
    CK_SESSION_HANDLE h;
    CK_ULONG n = 0;

    (void)state;
    assert_true(begin(false, ""));
    make_trusted("backup", CK_FALSE);
    make_trusted("leaves", CK_TRUE);
    h = open_user();
    assert_int_equal(find_label(h, "backup", &backup), 1);
    assert_int_equal(find_label(h, "leaves", &leaves), 1);
    assert_int_equal(attr_bool(h, leaves, CKA_TRUSTED), CK_TRUE);
    assert_true(attack_wrap(h, CKM_AES_KEY_WRAP, backup, attack_victim(h, 32), wrapped, &n));
    assert_false(attack_wrap(h, CKM_AES_KEY_WRAP, leaves, attack_victim(h, 32), wrapped, &n));
    end();
}

/* What goes under a key that was made here for it comes back, and does what it did. */
static void test_wrap_and_unwrap(void **state)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_WRAP, CKA_UNWRAP};
    const CK_ATTRIBUTE more[] = {ATTR_TRUE(CKA_ENCRYPT), ATTR_FALSE(CKA_SENSITIVE)};
    CK_OBJECT_HANDLE victim, w, back = CK_INVALID_HANDLE;
    uint8_t wrapped[1024], first[1024], second[1024];
    CK_SESSION_HANDLE h;
    CK_ULONG n = 0;

    (void)state;
    assert_true(begin(false, ""));
    h = open_user();
    victim = attack_victim(h, 32);
    w = attack_generate(h, 32, usages, 2);
    assert_true(attack_wrap(h, CKM_AES_KEY_WRAP_KWP, w, victim, wrapped, &n));
    assert_true(attack_unwrap(h, CKM_AES_KEY_WRAP_KWP, w, wrapped, n, more, 2, &back));
    assert_int_equal(attr_bool(h, back, CKA_SENSITIVE), CK_TRUE);
    assert_true(attack_crypt(h, true, CKM_AES_ECB, victim, known_bytes, 32, first, &n));
    assert_true(attack_crypt(h, true, CKM_AES_ECB, back, known_bytes, 32, second, &n));
    assert_memory_equal(first, second, 32);
    end();
}

#define MAX_TESTS 128

int main(void)
{
    static const struct CMUnitTest others[] = {
        {"/policy/every-rule-is-attacked", test_every_rule_is_attacked, NULL, NULL, NULL},
        {"/policy/words", test_words, NULL, NULL, NULL},
        {"/policy/order-of-words", test_order_of_words, NULL, NULL, NULL},
        {"/policy/rules-that-always-hold", test_rules_that_always_hold, NULL, NULL, NULL},
        {"/policy/compatible", test_compatible, NULL, NULL, NULL},
        {"/policy/mechanism-lists", test_mechanism_lists, NULL, NULL, NULL},
        {"/policy/trusted-key-wraps", test_trusted_key_wraps, NULL, NULL, NULL},
        {"/policy/wrap-and-unwrap", test_wrap_and_unwrap, NULL, NULL, NULL},
    };
    struct CMUnitTest tests[MAX_TESTS];
    size_t n = 0;

    (void)snprintf(real_module, sizeof(real_module), "%s", getenv("TEE_TEST_MODULE"));
    while (n < n_attacks()) {
        const struct attack *a = attack_of(n);

        tests[n++] = (struct CMUnitTest){a->name, test_attack, NULL, NULL, (void *)(uintptr_t)a};
    }
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        tests[n++] = others[i];
    return _cmocka_run_group_tests("policy", tests, n, group_setup, group_teardown);
}
