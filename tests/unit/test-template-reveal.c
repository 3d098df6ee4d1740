/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template-reveal.c - src/model/template_reveal.c: C_GetAttributeValue, to the letter. */
#include "model.h"

#define NOTHING CK_UNAVAILABLE_INFORMATION

static struct attrs *rsa(bool sensitive, bool extractable)
{
    CK_ATTRIBUTE v[] = {A_BOOL(CKA_SENSITIVE, sensitive), A_BOOL(CKA_EXTRACTABLE, extractable),
                        A_TEXT(CKA_LABEL, "label")};

    return model_object(schema_find(CKO_PRIVATE_KEY, CKK_RSA), TEMPLATE_GENERATE, v, 3);
}

static void test_length_then_value(void **state)
{
    struct attrs *a = rsa(true, false);
    char label[8] = "........";
    CK_ATTRIBUTE v = A_NONE(CKA_LABEL);

    (void)state;
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(v.ulValueLen, 5);
    v.pValue = label;
    T_OK(template_reveal(a, &v, 1));
    assert_memory_equal(label, "label...", 8);
    v.ulValueLen = sizeof(label);
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(v.ulValueLen, 5);
    assert_memory_equal(label, "label...", 8);
    attrs_free(a);
}

static void test_short_buffer(void **state)
{
    struct attrs *a = rsa(true, false);
    char label[8] = "........";
    CK_ATTRIBUTE v = A_SPAN(CKA_LABEL, label, 4);

    (void)state;
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v, 1));
    assert_true(v.ulValueLen == NOTHING);
    assert_memory_equal(label, "........", 8);
    /* Handed in again as it came back: there is no room, whatever the number. */
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v, 1));
    assert_memory_equal(label, "........", 8);
    v.ulValueLen = 0;
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v, 1));
    attrs_free(a);
}

static void test_length_query_ignores_the_length(void **state)
{
    struct attrs *a = rsa(true, false);
    CK_ATTRIBUTE v = A_SPAN(CKA_LABEL, NULL, 77);

    (void)state;
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(v.ulValueLen, 5);
    attrs_free(a);
}

static void test_empty_value(void **state)
{
    struct attrs *a = rsa(true, false);
    char byte = '.';
    CK_ATTRIBUTE v[] = {A_NONE(CKA_ID), A_SPAN(CKA_ID, &byte, 1), A_SPAN(CKA_ID, &byte, 0)};

    (void)state;
    T_OK(template_reveal(a, v, 3));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(v[i].ulValueLen, 0);
    assert_int_equal(byte, '.');
    attrs_free(a);
}

static void test_every_entry_is_answered(void **state)
{
    struct attrs *a = rsa(true, false);
    char label[8], small[2], secret[64];
    CK_ULONG class = 0;
    CK_BBOOL sign = CK_FALSE;
    CK_ATTRIBUTE v[] = {
        A_SPAN(CKA_PRIVATE_EXPONENT, secret, sizeof(secret)),
        A_SPAN(CKA_CLASS, &class, sizeof(class)),
        A_SPAN(CKA_EC_POINT, secret, sizeof(secret)),
        A_SPAN(CKA_LABEL, label, sizeof(label)),
        A_SPAN(CKA_LABEL, small, sizeof(small)),
        A_SPAN(0x7fff, secret, sizeof(secret)),
        A_SPAN(CKA_SIGN, &sign, sizeof(sign)),
    };

    (void)state;
    memset(secret, '.', sizeof(secret));
    T_RV(CKR_ATTRIBUTE_SENSITIVE, template_reveal(a, v, N_ELEMENTS(v)));
    assert_true(v[0].ulValueLen == NOTHING);
    assert_int_equal(class, CKO_PRIVATE_KEY);
    assert_true(v[2].ulValueLen == NOTHING);
    assert_int_equal(v[3].ulValueLen, 5);
    assert_true(v[4].ulValueLen == NOTHING);
    assert_true(v[5].ulValueLen == NOTHING);
    assert_int_equal(sign, CK_TRUE);
    for (size_t i = 0; i < sizeof(secret); i++)
        assert_int_equal(secret[i], '.');
    attrs_free(a);
}

static void test_each_soft_error(void **state)
{
    struct attrs *a = rsa(true, false);
    char byte;
    CK_ATTRIBUTE v[] = {A_NONE(CKA_PRIME_1), A_NONE(CKA_ALLOWED_MECHANISMS), A_NONE(CKA_ENCRYPT),
                        A_SPAN(CKA_LABEL, &byte, 1), A_NONE(CKA_LABEL)};

    (void)state;
    T_RV(CKR_ATTRIBUTE_SENSITIVE, template_reveal(a, &v[0], 1));
    T_RV(CKR_ATTRIBUTE_TYPE_INVALID, template_reveal(a, &v[1], 1)); /* has none */
    T_RV(CKR_ATTRIBUTE_TYPE_INVALID, template_reveal(a, &v[2], 1)); /* no such attribute */
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v[3], 1));
    T_OK(template_reveal(a, &v[4], 1));
    for (size_t i = 0; i < 4; i++)
        assert_true(v[i].ulValueLen == NOTHING);
    attrs_free(a);
}

/* -- what is secret ---------------------------------------------------------------------------- */

struct secrecy {
    const struct attrs *a;
    bool readable;
    unsigned n_secret;
};

static CK_RV secret_row(const struct attr_rule *rule, void *arg)
{
    struct secrecy *s = arg;
    CK_ATTRIBUTE v = A_NONE(rule->type);
    const bool secret = (rule->notes & SECRET) != 0;

    if (!attrs_has(s->a, rule->type))
        return CKR_OK;
    T_RV(secret && !s->readable ? CKR_ATTRIBUTE_SENSITIVE : CKR_OK, template_reveal(s->a, &v, 1));
    assert_int_equal(attr_is_revealed(s->a, rule->type), !secret || s->readable);
    s->n_secret += secret;
    return CKR_OK;
}

static void test_secret_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        for (unsigned which = 0; which < 4; which++) {
            struct attrs *a = model_generated(schemas[i]);
            struct secrecy s = {.a = a, .readable = which == 2};

            if (schema_rule(schemas[i], CKA_SENSITIVE) != NULL) {
                T_OK(attrs_set_bool(a, CKA_SENSITIVE, (which & 1) != 0));
                T_OK(attrs_set_bool(a, CKA_EXTRACTABLE, (which & 2) != 0));
                T_OK(schema_each(schemas[i], secret_row, &s));
                assert_true(s.n_secret > 0);
            }
            attrs_free(a);
        }
    }
}

/* A set that lost its flags reveals nothing. */
static void test_secrecy_fails_closed(void **state)
{
    struct attrs *a = rsa(false, true);

    (void)state;
    assert_true(attr_is_revealed(a, CKA_PRIVATE_EXPONENT));
    attrs_remove(a, CKA_EXTRACTABLE);
    assert_false(attr_is_revealed(a, CKA_PRIVATE_EXPONENT));
    T_OK(attrs_set_bool(a, CKA_EXTRACTABLE, true));
    attrs_remove(a, CKA_SENSITIVE);
    assert_false(attr_is_revealed(a, CKA_PRIVATE_EXPONENT));
    attrs_remove(a, CKA_KEY_TYPE);
    assert_false(attr_is_revealed(a, CKA_LABEL));
    attrs_free(a);
}

/* An attribute that a schema does not have is not shown, though it should be in the set. */
static void test_strangers_are_not_shown(void **state)
{
    struct attrs *a = rsa(false, true);
    CK_ATTRIBUTE v = A_NONE(CKA_VALUE);

    (void)state;
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("stray")));
    T_RV(CKR_ATTRIBUTE_TYPE_INVALID, template_reveal(a, &v, 1));
    assert_false(attr_is_revealed(a, CKA_VALUE));
    attrs_free(a);
}

/* -- nested templates -------------------------------------------------------------------------- */

static struct attrs *wrapping_key(void)
{
    CK_ATTRIBUTE inner[] = {A_BOOL(CKA_SIGN, CK_TRUE)};
    CK_ATTRIBUTE nested[] = {
        A_ULONG(CKA_KEY_TYPE, CKK_AES),
        A_TEXT(CKA_LABEL, "nested"),
        A_ARRAY(CKA_UNWRAP_TEMPLATE, inner),
        A_BOOL(CKA_TOKEN, CK_FALSE),
    };
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_UNWRAP, CK_TRUE),
                        A_ARRAY(CKA_UNWRAP_TEMPLATE, nested)};

    return model_object(schema_find(CKO_SECRET_KEY, CKK_AES), TEMPLATE_GENERATE, v, 3);
}

static void test_nested_lengths_then_values(void **state)
{
    struct attrs *a = wrapping_key();
    CK_ATTRIBUTE nested[4], inner[1];
    CK_ATTRIBUTE v = A_NONE(CKA_UNWRAP_TEMPLATE);
    CK_BBOOL token = CK_TRUE, sign = CK_FALSE;
    char label[6];
    CK_ULONG type = 0;

    (void)state;
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(v.ulValueLen, sizeof(nested));
    memset(nested, 0, sizeof(nested));
    v.pValue = nested;
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(nested[0].type, CKA_TOKEN);
    assert_int_equal(nested[1].type, CKA_LABEL);
    assert_int_equal(nested[2].type, CKA_KEY_TYPE);
    assert_int_equal(nested[3].type, CKA_UNWRAP_TEMPLATE);
    assert_int_equal(nested[1].ulValueLen, 6);
    assert_int_equal(nested[3].ulValueLen, sizeof(inner));
    memset(inner, 0, sizeof(inner));
    inner[0].pValue = &sign;
    inner[0].ulValueLen = sizeof(sign);
    nested[0].pValue = &token;
    nested[1].pValue = label;
    nested[2].pValue = &type;
    nested[3].pValue = inner;
    T_OK(template_reveal(a, &v, 1));
    assert_int_equal(token, CK_FALSE);
    assert_memory_equal(label, "nested", 6);
    assert_int_equal(type, CKK_AES);
    assert_int_equal(inner[0].type, CKA_SIGN);
    assert_int_equal(sign, CK_TRUE);
    attrs_free(a);
}

static void test_nested_short_buffers(void **state)
{
    struct attrs *a = wrapping_key();
    CK_ATTRIBUTE nested[4];
    CK_ATTRIBUTE v = A_SPAN(CKA_UNWRAP_TEMPLATE, nested, sizeof(nested) - 1);
    char label[5] = ".....";

    (void)state;
    memset(nested, 0, sizeof(nested));
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v, 1));
    assert_true(v.ulValueLen == NOTHING);
    assert_int_equal(nested[0].type, 0);
    assert_int_equal(nested[3].type, 0);
    v.ulValueLen = sizeof(nested);
    nested[1].pValue = label;
    nested[1].ulValueLen = sizeof(label);
    T_RV(CKR_BUFFER_TOO_SMALL, template_reveal(a, &v, 1));
    assert_int_equal(v.ulValueLen, sizeof(nested));
    assert_true(nested[1].ulValueLen == NOTHING);
    assert_memory_equal(label, ".....", 5);
    assert_int_equal(nested[2].ulValueLen, sizeof(CK_ULONG)); /* those after it are answered */
    attrs_free(a);
}

static void test_nested_array_need_not_be_aligned(void **state)
{
    struct attrs *a = wrapping_key();
    uint8_t room[4 * sizeof(CK_ATTRIBUTE) + 1];
    CK_ATTRIBUTE v = A_SPAN(CKA_UNWRAP_TEMPLATE, room + 1, sizeof(room) - 1);
    CK_ATTRIBUTE last;

    (void)state;
    memset(room, 0, sizeof(room));
    T_OK(template_reveal(a, &v, 1));
    memcpy(&last, room + 1 + 3 * sizeof(last), sizeof(last));
    assert_int_equal(last.type, CKA_UNWRAP_TEMPLATE);
    attrs_free(a);
}

/* What is in the set is not to be trusted blindly: a broken encoding ends the call. */
static void test_nested_damage_is_an_error(void **state)
{
    struct attrs *a = wrapping_key();
    CK_ATTRIBUTE v[] = {A_NONE(CKA_UNWRAP_TEMPLATE), A_NONE(CKA_LABEL)};

    (void)state;
    T_OK(attrs_set(a, CKA_UNWRAP_TEMPLATE, SPAN_LIT("junk")));
    T_RV(CKR_DATA_INVALID, template_reveal(a, v, 2));
    attrs_free(a);
}

/* -- arguments --------------------------------------------------------------------------------- */

static void test_arguments(void **state)
{
    struct attrs *a = rsa(true, false);
    CK_ATTRIBUTE v = A_NONE(CKA_LABEL);

    (void)state;
    T_RV(CKR_ARGUMENTS_BAD, template_reveal(a, NULL, 1));
    T_OK(template_reveal(a, NULL, 0));
    T_OK(template_reveal(a, &v, 0));
    attrs_remove(a, CKA_CLASS);
    T_RV(CKR_GENERAL_ERROR, template_reveal(a, &v, 1));
    attrs_free(a);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/reveal/length-then-value", test_length_then_value),
        TEST("/template/reveal/short-buffer", test_short_buffer),
        TEST("/template/reveal/length-query-ignores-the-length",
             test_length_query_ignores_the_length),
        TEST("/template/reveal/empty-value", test_empty_value),
        TEST("/template/reveal/every-entry-is-answered", test_every_entry_is_answered),
        TEST("/template/reveal/each-soft-error", test_each_soft_error),
        TEST("/template/reveal/secret-rows", test_secret_rows),
        TEST("/template/reveal/secrecy-fails-closed", test_secrecy_fails_closed),
        TEST("/template/reveal/strangers-are-not-shown", test_strangers_are_not_shown),
        TEST("/template/reveal/nested-lengths-then-values", test_nested_lengths_then_values),
        TEST("/template/reveal/nested-short-buffers", test_nested_short_buffers),
        TEST("/template/reveal/nested-array-need-not-be-aligned",
             test_nested_array_need_not_be_aligned),
        TEST("/template/reveal/nested-damage-is-an-error", test_nested_damage_is_an_error),
        TEST("/template/reveal/arguments", test_arguments),
    };

    return cmocka_run_group_tests_name("template-reveal", tests, NULL, NULL);
}
