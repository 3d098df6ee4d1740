/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template-search.c - src/model/template_search.c: which objects a search finds. */
#include "model.h"

static struct attrs *aes(bool sensitive, bool extractable)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_SENSITIVE, sensitive),
                        A_BOOL(CKA_EXTRACTABLE, extractable), A_TEXT(CKA_LABEL, "label")};

    return model_object(schema_find(CKO_SECRET_KEY, CKK_AES), TEMPLATE_GENERATE, v, 4);
}

static bool found(const struct attrs *a, CK_ATTRIBUTE *v, CK_ULONG n)
{
    struct attrs *search = NULL;
    bool matches;

    T_OK(template_search(v, n, &search));
    matches = template_matches(a, search);
    attrs_free(search);
    return matches;
}

static void test_all_must_match(void **state)
{
    struct attrs *a = aes(true, false);
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_TEXT(CKA_LABEL, "label"),
                        A_BOOL(CKA_TOKEN, CK_TRUE)};

    (void)state;
    assert_true(found(a, NULL, 0));
    assert_true(found(a, v, 1));
    assert_true(found(a, v, 2));
    assert_false(found(a, v, 3));
    attrs_free(a);
}

static void test_exactly(void **state)
{
    struct attrs *a = aes(true, false);
    CK_ATTRIBUTE prefix = A_TEXT(CKA_LABEL, "lab"), longer = A_TEXT(CKA_LABEL, "labels");
    CK_ATTRIBUTE empty_label = A_NONE(CKA_LABEL), empty_id = A_NONE(CKA_ID);

    (void)state;
    assert_false(found(a, &prefix, 1));
    assert_false(found(a, &longer, 1));
    assert_false(found(a, &empty_label, 1));
    assert_true(found(a, &empty_id, 1));
    attrs_free(a);
}

static void test_unknown_attributes_match_nothing(void **state)
{
    struct attrs *a = aes(true, false);
    CK_ATTRIBUTE unknown[] = {A_TEXT(0x7fff, "x"), A_SPAN(0x7fff, NULL, 8), A_NONE(0x7ffe)};
    CK_ATTRIBUTE foreign = A_TEXT(CKA_MODULUS, "x");
    CK_ATTRIBUTE absent = A_NONE(CKA_ALLOWED_MECHANISMS);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(unknown); i++)
        assert_false(found(a, &unknown[i], 1));
    assert_false(found(a, &foreign, 1));
    assert_false(found(a, &absent, 1));
    attrs_free(a);
}

/* A search is no oracle: not for the value, and not for whether it is there. */
static void test_secret_values_never_match(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        struct attrs *a = aes((which & 1) != 0, (which & 2) != 0);
        const struct span key = attrs_span(a, CKA_VALUE);
        uint8_t value[32];
        CK_ATTRIBUTE right = A_SPAN(CKA_VALUE, value, sizeof(value)), none = A_NONE(CKA_VALUE);

        assert_int_equal(key.n, sizeof(value));
        memcpy(value, key.p, sizeof(value));
        assert_int_equal(found(a, &right, 1), which == 2);
        assert_false(found(a, &none, 1));
        value[0] ^= 1;
        assert_false(found(a, &right, 1));
        attrs_free(a);
    }
}

struct secrecy {
    const struct attrs *a;
};

static CK_RV secret_row(const struct attr_rule *rule, void *arg)
{
    const struct secrecy *s = arg;
    struct attrs *search = NULL;

    if (attrs_has(s->a, rule->type)) {
        T_OK(attrs_new(&search));
        T_OK(attrs_set(search, rule->type, attrs_span(s->a, rule->type)));
        assert_int_equal(template_matches(s->a, search), (rule->notes & SECRET) == 0);
        attrs_free(search);
    }
    return CKR_OK;
}

static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct secrecy s = {.a = model_generated(schemas[i])};

        T_OK(schema_each(schemas[i], secret_row, &s));
        attrs_free((void *)(uintptr_t)s.a);
    }
}

static void test_given_twice(void **state)
{
    struct attrs *a = aes(true, false);
    CK_ATTRIBUTE same[] = {A_TEXT(CKA_LABEL, "label"), A_TEXT(CKA_LABEL, "label")};
    CK_ATTRIBUTE other[] = {A_TEXT(CKA_LABEL, "other"), A_TEXT(CKA_LABEL, "label")};

    (void)state;
    assert_true(found(a, same, 2));
    assert_false(found(a, other, 2));
    attrs_free(a);
}

static void test_values_are_checked(void **state)
{
    CK_ATTRIBUTE bad[] = {
        A_TEXT(CKA_CLASS, "xx"),
        A_TEXT(CKA_TOKEN, "\x02"),
        A_SPAN(CKA_LABEL, NULL, 4),
        A_TEXT(CKA_START_DATE, "now"),
        A_NONE(CKA_TOKEN),
        A_SPAN(CKA_LABEL, (char[]){"x"}, (CK_ULONG)-1),
        A_TEXT(CKA_WRAP_TEMPLATE, "x"),
    };
    struct attrs *search = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        T_RV(CKR_ATTRIBUTE_VALUE_INVALID, template_search(&bad[i], 1, &search));
    T_RV(CKR_ARGUMENTS_BAD, template_search(NULL, 1, &search));
    T_RV(CKR_ARGUMENTS_BAD, template_search(bad, (CK_ULONG)-1, &search));
    assert_null(search);
}

static void test_misaligned_number(void **state)
{
    struct attrs *a = aes(true, false);
    uint8_t room[sizeof(CK_ULONG) + 1];
    const CK_ULONG class = CKO_SECRET_KEY;
    CK_ATTRIBUTE v = A_SPAN(CKA_CLASS, room + 1, sizeof(class));

    (void)state;
    memcpy(room + 1, &class, sizeof(class));
    assert_true(found(a, &v, 1));
    attrs_free(a);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/search/all-must-match", test_all_must_match),
        TEST("/template/search/exactly", test_exactly),
        TEST("/template/search/unknown-attributes-match-nothing",
             test_unknown_attributes_match_nothing),
        TEST("/template/search/secret-values-never-match", test_secret_values_never_match),
        TEST("/template/search/every-row", test_every_row),
        TEST("/template/search/given-twice", test_given_twice),
        TEST("/template/search/values-are-checked", test_values_are_checked),
        TEST("/template/search/misaligned-number", test_misaligned_number),
    };

    return cmocka_run_group_tests_name("template-search", tests, NULL, NULL);
}
