/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template-change.c - src/model/template_change.c: C_SetAttributeValue and C_CopyObject. */
#include "model.h"

static const uint8_t other_unique[16] = {9, 9, 9};

static struct attrs *aes(bool sensitive, bool extractable)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_SENSITIVE, sensitive),
                        A_BOOL(CKA_EXTRACTABLE, extractable)};

    return model_object(schema_find(CKO_SECRET_KEY, CKK_AES), TEMPLATE_GENERATE, v, 3);
}

/* Either change of one attribute; the old set is never touched. */
static CK_RV change_one(const struct attrs *a, bool copy, bool is_so, CK_ATTRIBUTE entry,
                        struct attrs **ret)
{
    struct attrs *changed = NULL;
    const size_t size = attrs_size(a);
    const CK_RV rv = copy ? template_copy(a, is_so, &entry, 1, other_unique, &changed)
                          : template_modify(a, is_so, &entry, 1, &changed);

    assert_int_equal(attrs_size(a), size);
    assert_true((rv == CKR_OK) == (changed != NULL));
    if (ret != NULL)
        *ret = changed;
    else
        attrs_free(changed);
    return rv;
}

static CK_RV set_bool(const struct attrs *a, bool copy, CK_ATTRIBUTE_TYPE type, bool value)
{
    return change_one(a, copy, false, (CK_ATTRIBUTE)A_BOOL(type, value), NULL);
}

/* -- every row --------------------------------------------------------------------------------- */

struct row_test {
    const struct attrs *a;
    bool copy;
    unsigned n_allowed, n_refused;
};

static CK_RV each_row(const struct attr_rule *rule, void *arg)
{
    struct row_test *t = arg;
    const uint32_t permit = t->copy ? (uint32_t)(MODIFY | ON_COPY) : (uint32_t)MODIFY;
    CK_ATTRIBUTE nested = A_BOOL(CKA_TOKEN, CK_TRUE);
    struct buf value = BUF_INIT;
    CK_ATTRIBUTE entry = {rule->type, NULL, 0};

    if ((rule->notes & (ONCE_TRUE | ONCE_FALSE | SO_TRUE)) != 0)
        return CKR_OK; /* have tests of their own */
    model_sample(rule, 0, &value);
    entry.pValue = rule->kind == AK_TEMPLATE ? (void *)&nested : value.p;
    entry.ulValueLen = rule->kind == AK_TEMPLATE ? sizeof(nested) : value.n;
    if ((rule->notes & permit) != 0) {
        T_OK(change_one(t->a, t->copy, false, entry, NULL));
        t->n_allowed++;
    } else {
        T_RV(CKR_ATTRIBUTE_READ_ONLY, change_one(t->a, t->copy, false, entry, NULL));
        T_RV(CKR_ATTRIBUTE_READ_ONLY, change_one(t->a, t->copy, true, entry, NULL));
        t->n_refused++;
    }
    buf_clear(&value);
    return CKR_OK;
}

static void every_row(bool copy)
{
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *a = model_generated(schemas[i]);
        struct row_test t = {.a = a, .copy = copy};

        if (attrs_bool(a, CKA_MODIFIABLE, false)) {
            T_OK(schema_each(schemas[i], each_row, &t));
            assert_true(t.n_allowed > 0 && t.n_refused > 1);
        }
        attrs_free(a);
    }
}

static void test_modify_every_row(void **state)
{
    (void)state;
    every_row(false);
}

static void test_copy_every_row(void **state)
{
    (void)state;
    every_row(true);
}

/* The same value is no exception where a row cannot be changed. */
static void test_same_value_is_read_only_too(void **state)
{
    struct attrs *a = aes(true, false);

    (void)state;
    T_RV(CKR_ATTRIBUTE_READ_ONLY,
         change_one(a, false, false, (CK_ATTRIBUTE)A_ULONG(CKA_CLASS, CKO_SECRET_KEY), NULL));
    T_RV(CKR_ATTRIBUTE_READ_ONLY,
         change_one(a, true, false, (CK_ATTRIBUTE)A_ULONG(CKA_KEY_TYPE, CKK_AES), NULL));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(a, false, CKA_TOKEN, false));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(a, false, CKA_LOCAL, true));
    attrs_free(a);
}

static void test_clients_relabel(void **state)
{
    CK_ATTRIBUTE v[] = {A_TEXT(CKA_ID, "new id"), A_TEXT(CKA_LABEL, "new label"),
                        A_TEXT(CKA_SUBJECT, "new subject")};
    struct attrs *a = model_generated(schema_find(CKO_PRIVATE_KEY, CKK_EC));
    struct attrs *changed = NULL;

    (void)state;
    T_OK(template_modify(a, false, v, 3, &changed));
    assert_true(span_equal(attrs_span(changed, CKA_ID), SPAN_LIT("new id")));
    assert_true(span_equal(attrs_span(changed, CKA_LABEL), SPAN_LIT("new label")));
    assert_true(span_equal(attrs_span(changed, CKA_SUBJECT), SPAN_LIT("new subject")));
    assert_true(span_equal(attrs_span(changed, CKA_UNIQUE_ID), attrs_span(a, CKA_UNIQUE_ID)));
    attrs_free(changed);
    attrs_free(a);
}

/* -- one-way rules ----------------------------------------------------------------------------- */

static void test_sensitive_only_becomes_true(void **state)
{
    struct attrs *plain = aes(false, true);
    struct attrs *sensitive = aes(true, true);

    (void)state;
    for (unsigned copy = 0; copy < 2; copy++) {
        T_OK(set_bool(plain, copy, CKA_SENSITIVE, true));
        T_OK(set_bool(plain, copy, CKA_SENSITIVE, false));
        T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(sensitive, copy, CKA_SENSITIVE, false));
        T_RV(copy ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY,
             set_bool(sensitive, copy, CKA_SENSITIVE, true));
    }
    attrs_free(plain);
    attrs_free(sensitive);
}

static void test_extractable_only_becomes_false(void **state)
{
    struct attrs *out = aes(true, true);
    struct attrs *in = aes(true, false);

    (void)state;
    for (unsigned copy = 0; copy < 2; copy++) {
        T_OK(set_bool(out, copy, CKA_EXTRACTABLE, false));
        T_OK(set_bool(out, copy, CKA_EXTRACTABLE, true));
        T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(in, copy, CKA_EXTRACTABLE, true));
        T_RV(copy ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY, set_bool(in, copy, CKA_EXTRACTABLE, false));
    }
    attrs_free(out);
    attrs_free(in);
}

static void test_wrap_with_trusted_only_becomes_true(void **state)
{
    struct attrs *a = aes(true, true);
    struct attrs *bound = NULL;

    (void)state;
    T_OK(change_one(a, false, false, (CK_ATTRIBUTE)A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE), &bound));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(bound, false, CKA_WRAP_WITH_TRUSTED, false));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(bound, true, CKA_WRAP_WITH_TRUSTED, false));
    attrs_free(bound);
    attrs_free(a);
}

static void test_a_copy_stays_private(void **state)
{
    struct attrs *private = aes(true, false);
    struct attrs *public = model_generated(schema_find(CKO_PUBLIC_KEY, CKK_EC));

    (void)state;
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(private, true, CKA_PRIVATE, false));
    T_OK(set_bool(private, true, CKA_PRIVATE, true));
    T_OK(set_bool(public, true, CKA_PRIVATE, true));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(public, false, CKA_PRIVATE, true));
    attrs_free(private);
    attrs_free(public);
}

static void test_history_follows(void **state)
{
    struct attrs *a = aes(false, true);
    struct attrs *changed = NULL;

    (void)state;
    for (unsigned copy = 0; copy < 2; copy++) {
        T_OK(change_one(a, copy, false, (CK_ATTRIBUTE)A_BOOL(CKA_SENSITIVE, CK_TRUE), &changed));
        assert_false(attrs_bool(changed, CKA_ALWAYS_SENSITIVE, true));
        assert_true(attrs_bool(changed, CKA_LOCAL, false));
        attrs_free(changed);
        T_OK(change_one(a, copy, false, (CK_ATTRIBUTE)A_BOOL(CKA_EXTRACTABLE, CK_FALSE), &changed));
        assert_false(attrs_bool(changed, CKA_NEVER_EXTRACTABLE, true));
        attrs_free(changed);
    }
    attrs_free(a);
}

/* -- roles and usages -------------------------------------------------------------------------- */

static void test_only_the_so_trusts(void **state)
{
    const CK_ATTRIBUTE trust = A_BOOL(CKA_TRUSTED, CK_TRUE);
    const CK_ATTRIBUTE distrust = A_BOOL(CKA_TRUSTED, CK_FALSE);
    struct attrs *a = aes(true, false);
    struct attrs *trusted = NULL;

    (void)state;
    T_RV(CKR_ATTRIBUTE_READ_ONLY, change_one(a, false, false, trust, NULL));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, change_one(a, true, false, trust, NULL));
    T_OK(change_one(a, true, true, trust, NULL));
    T_OK(change_one(a, false, true, trust, &trusted));
    T_OK(change_one(trusted, false, false, distrust, NULL));
    attrs_free(trusted);
    attrs_free(a);
}

static void test_trusted_certificate_is_frozen(void **state)
{
    const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "other");
    struct attrs *a = model_generated(schema_find(CKO_CERTIFICATE, CKC_X_509));

    (void)state;
    T_OK(change_one(a, false, false, label, NULL));
    T_OK(attrs_set_bool(a, CKA_TRUSTED, true));
    T_RV(CKR_ACTION_PROHIBITED, change_one(a, false, false, label, NULL));
    T_OK(change_one(a, false, true, label, NULL));
    attrs_free(a);
}

/* A key is made to wrap or it is not: no order of changes gives it both halves of a pair. */
static void test_wrapping_is_settled_at_birth(void **state)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_WRAP, CKA_UNWRAP};
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_WRAP, CK_TRUE),
                        A_BOOL(CKA_UNWRAP, CK_TRUE)};
    const struct schema *s = schema_find(CKO_SECRET_KEY, CKK_AES);
    struct attrs *plain = aes(true, false);
    struct attrs *wrapping = model_object(s, TEMPLATE_GENERATE, v, 3);

    (void)state;
    for (unsigned copy = 0; copy < 2; copy++) {
        for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
            T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(plain, copy, usages[i], true));
            T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(wrapping, copy, usages[i], false));
        }
        T_RV(CKR_TEMPLATE_INCONSISTENT, set_bool(wrapping, copy, CKA_DECRYPT, true));
        T_RV(CKR_TEMPLATE_INCONSISTENT, set_bool(wrapping, copy, CKA_ENCRYPT, true));
        T_OK(set_bool(plain, copy, CKA_DECRYPT, false));
    }
    attrs_free(plain);
    attrs_free(wrapping);
}

static void test_checks_run_again(void **state)
{
    struct attrs *a = model_generated(schema_find(CKO_PRIVATE_KEY, CKK_RSA));

    (void)state;
    T_OK(set_bool(a, true, CKA_TOKEN, true));
    T_OK(attrs_set(a, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x04")));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, set_bool(a, true, CKA_TOKEN, true));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, set_bool(a, false, CKA_SIGN, true));
    attrs_free(a);
}

/* -- objects that refuse ----------------------------------------------------------------------- */

static void test_modifiable_false(void **state)
{
    struct attrs *a = aes(true, false);

    (void)state;
    T_OK(attrs_set_bool(a, CKA_MODIFIABLE, false));
    T_RV(CKR_ACTION_PROHIBITED, set_bool(a, false, CKA_SIGN, false));
    T_RV(CKR_ACTION_PROHIBITED,
         change_one(a, false, true, (CK_ATTRIBUTE)A_TEXT(CKA_LABEL, "x"), NULL));
    T_OK(set_bool(a, true, CKA_SIGN, false));
    T_OK(set_bool(a, true, CKA_MODIFIABLE, true)); /* v3.2 4.1.3 */
    attrs_free(a);
}

static void test_copyable_false(void **state)
{
    struct attrs *a = aes(true, false);
    struct attrs *copy = NULL;

    (void)state;
    T_OK(change_one(a, true, false, (CK_ATTRIBUTE)A_BOOL(CKA_COPYABLE, CK_FALSE), &copy));
    T_RV(CKR_ACTION_PROHIBITED, set_bool(copy, true, CKA_TOKEN, true));
    T_RV(CKR_ACTION_PROHIBITED, set_bool(copy, true, CKA_COPYABLE, true));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(copy, false, CKA_COPYABLE, true));
    attrs_free(copy);
    attrs_free(a);
}

static void test_own_objects(void **state)
{
    struct attrs *a = model_generated(schema_find(CKO_PROFILE, 0));

    (void)state;
    T_RV(CKR_ACTION_PROHIBITED,
         change_one(a, false, true, (CK_ATTRIBUTE)A_TEXT(CKA_LABEL, "x"), NULL));
    T_RV(CKR_ACTION_PROHIBITED, set_bool(a, true, CKA_TOKEN, false));
    attrs_free(a);
}

static void test_an_object_of_no_class(void **state)
{
    struct attrs *a = aes(true, false);

    (void)state;
    attrs_remove(a, CKA_CLASS);
    T_RV(CKR_GENERAL_ERROR, set_bool(a, false, CKA_SIGN, false));
    T_RV(CKR_GENERAL_ERROR, set_bool(a, true, CKA_SIGN, false));
    attrs_free(a);
}

/* -- templates --------------------------------------------------------------------------------- */

static void test_copy_without_a_template(void **state)
{
    struct attrs *a = aes(true, false);
    struct attrs *copy = NULL;

    (void)state;
    T_OK(template_copy(a, false, NULL, 0, other_unique, &copy));
    assert_int_equal(copy->n, a->n);
    for (size_t i = 0; i < a->n; i++) {
        if (a->v[i].type != CKA_UNIQUE_ID)
            assert_true(span_equal(span_of(a->v[i].p, a->v[i].n), attrs_span(copy, a->v[i].type)));
    }
    assert_true(
        span_equal(attrs_span(copy, CKA_UNIQUE_ID), SPAN_LIT("09090900000000000000000000000000")));
    attrs_free(copy);
    attrs_free(a);
}

static void test_bad_templates(void **state)
{
    CK_ATTRIBUTE twice[] = {A_TEXT(CKA_LABEL, "a"), A_TEXT(CKA_LABEL, "a")};
    struct attrs *a = aes(true, false);
    struct attrs *ret = NULL;

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, template_modify(a, false, twice, 2, &ret));
    T_RV(CKR_TEMPLATE_INCONSISTENT, template_copy(a, false, twice, 2, other_unique, &ret));
    T_RV(CKR_ARGUMENTS_BAD, template_modify(a, false, NULL, 1, &ret));
    T_RV(CKR_ARGUMENTS_BAD, template_copy(a, false, NULL, 1, other_unique, &ret));
    T_RV(CKR_ARGUMENTS_BAD, template_modify(a, false, twice, (CK_ULONG)-1, &ret));
    assert_null(ret);
    T_RV(CKR_ATTRIBUTE_TYPE_INVALID,
         change_one(a, false, false, (CK_ATTRIBUTE)A_TEXT(CKA_MODULUS, "x"), NULL));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID,
         change_one(a, false, false, (CK_ATTRIBUTE)A_SPAN(CKA_LABEL, NULL, 3), NULL));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID,
         change_one(a, false, false, (CK_ATTRIBUTE)A_TEXT(CKA_SIGN, "\x02"), NULL));
    T_OK(template_modify(a, false, NULL, 0, &ret));
    attrs_free(ret);
    attrs_free(a);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/modify/every-row", test_modify_every_row),
        TEST("/template/copy/every-row", test_copy_every_row),
        TEST("/template/modify/same-value-is-read-only-too", test_same_value_is_read_only_too),
        TEST("/template/modify/clients-relabel", test_clients_relabel),
        TEST("/template/change/sensitive-only-becomes-true", test_sensitive_only_becomes_true),
        TEST("/template/change/extractable-only-becomes-false",
             test_extractable_only_becomes_false),
        TEST("/template/change/wrap-with-trusted-only-becomes-true",
             test_wrap_with_trusted_only_becomes_true),
        TEST("/template/copy/stays-private", test_a_copy_stays_private),
        TEST("/template/change/history-follows", test_history_follows),
        TEST("/template/change/only-the-so-trusts", test_only_the_so_trusts),
        TEST("/template/modify/trusted-certificate-is-frozen", test_trusted_certificate_is_frozen),
        TEST("/template/change/wrapping-is-settled-at-birth", test_wrapping_is_settled_at_birth),
        TEST("/template/change/checks-run-again", test_checks_run_again),
        TEST("/template/modify/modifiable-false", test_modifiable_false),
        TEST("/template/copy/copyable-false", test_copyable_false),
        TEST("/template/change/own-objects", test_own_objects),
        TEST("/template/change/an-object-of-no-class", test_an_object_of_no_class),
        TEST("/template/copy/without-a-template", test_copy_without_a_template),
        TEST("/template/change/bad-templates", test_bad_templates),
    };

    return cmocka_run_group_tests_name("template-change", tests, NULL, NULL);
}
