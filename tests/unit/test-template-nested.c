/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-template-nested.c - src/model/template_nested.c and value.c: the templates that keys carry,
 * taken in, applied and compared.
 */
#include "model.h"
#include "util/policy.h"

/* An AES key with this CKA_UNWRAP_TEMPLATE. */
static CK_RV take(CK_ATTRIBUTE *nested, CK_ULONG n, struct attrs **ret)
{
    const struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_SECRET_KEY, .key_type = CKK_AES};
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16),
                        A_SPAN(CKA_UNWRAP_TEMPLATE, nested, n * sizeof(*nested))};
    struct attrs *a = NULL;
    const CK_RV rv = template_build(&c, v, 2, &a);

    if (ret != NULL)
        *ret = a;
    else
        attrs_free(a);
    return rv;
}

/* The encoding of a template. */
static struct buf encoded(CK_ATTRIBUTE *nested, CK_ULONG n)
{
    struct attrs *a = NULL;
    struct buf b = BUF_INIT;

    T_OK(take(nested, n, &a));
    buf_put(&b, attrs_span(a, CKA_UNWRAP_TEMPLATE));
    attrs_free(a);
    return b;
}

static CK_RV unwrap(struct span nested, bool is_so, CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    const struct template_context c = {.op = TEMPLATE_UNWRAP,
                                       .class = TEMPLATE_SAYS,
                                       .key_type = TEMPLATE_SAYS,
                                       .is_so = is_so,
                                       .nested = nested};

    return template_build(&c, v, n, ret);
}

/* -- taken in ---------------------------------------------------------------------------------- */

static void test_bad_entries(void **state)
{
    static const struct {
        CK_ATTRIBUTE entry;
        CK_RV rv;
    } bad[] = {
        {{0x7fff, NULL, 0}, CKR_ATTRIBUTE_TYPE_INVALID},
        {{CKA_LABEL, NULL, 1}, CKR_ATTRIBUTE_VALUE_INVALID},
        {{CKA_TOKEN, NULL, 0}, CKR_ATTRIBUTE_VALUE_INVALID},
        {{CKA_LABEL, (void *)(uintptr_t) "x", (CK_ULONG)-1}, CKR_ATTRIBUTE_VALUE_INVALID},
        {{CKA_TOKEN, (void *)(uintptr_t) "\x02", 1}, CKR_ATTRIBUTE_VALUE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        CK_ATTRIBUTE nested[] = {bad[i].entry};

        T_RV(bad[i].rv, take(nested, 1, NULL));
    }
}

static void test_length_is_a_multiple(void **state)
{
    CK_ATTRIBUTE nested = A_BOOL(CKA_TOKEN, CK_TRUE);
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16),
                        A_SPAN(CKA_UNWRAP_TEMPLATE, &nested, sizeof(nested) - 1)};
    const struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_SECRET_KEY, .key_type = CKK_AES};
    struct attrs *a = NULL;

    (void)state;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, template_build(&c, v, 2, &a));
    assert_null(a);
}

static void test_given_twice(void **state)
{
    CK_ATTRIBUTE nested[] = {A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_TOKEN, CK_TRUE)};

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, take(nested, 2, NULL));
    T_OK(take(nested, 1, NULL));
    T_OK(take(NULL, 0, NULL));
}

static void test_misaligned_array(void **state)
{
    const CK_ATTRIBUTE aligned = A_BOOL(CKA_TOKEN, CK_TRUE);
    uint8_t room[sizeof(aligned) + 1];

    (void)state;
    memcpy(room + 1, &aligned, sizeof(aligned));
    T_OK(take((void *)(room + 1), 1, NULL));
}

static void test_depth(void **state)
{
    CK_ATTRIBUTE levels[16];

    (void)state;
    levels[0] = (CK_ATTRIBUTE)A_BOOL(CKA_TOKEN, CK_TRUE);
    for (size_t i = 1; i < N_ELEMENTS(levels); i++) {
        /* `i` levels of templates and the object */
        T_RV(i + 1 <= RECORD_MAX_DEPTH ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
             take(&levels[i - 1], 1, NULL));
        levels[i] = (CK_ATTRIBUTE)A_SPAN(CKA_WRAP_TEMPLATE, &levels[i - 1], sizeof(levels[0]));
    }
}

/* A template that contains itself. */
static void test_cycle(void **state)
{
    CK_ATTRIBUTE v[3] = {A_SPAN(CKA_WRAP_TEMPLATE, v, sizeof(v)),
                         A_SPAN(CKA_UNWRAP_TEMPLATE, v, sizeof(v)),
                         A_SPAN(CKA_DERIVE_TEMPLATE, v, sizeof(v))};

    (void)state;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, take(v, 3, NULL));
}

/* Few bytes that would unfold to many: the entries are counted over all levels. */
static void test_breadth(void **state)
{
    enum { WIDE = 60 };
    CK_ATTRIBUTE inner[WIDE], outer[3];
    CK_ULONG n = 0;

    (void)state;
    for (CK_ATTRIBUTE_TYPE type = 0; n < WIDE && type < 0x1000; type++) {
        const struct attr_name *name = attr_name_find(type);

        if (name != NULL && name->kind == AK_BYTES)
            inner[n++] = (CK_ATTRIBUTE)A_NONE(type);
        else if (name != NULL && name->kind == AK_BOOL)
            inner[n++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t) "", 1};
    }
    for (size_t i = 0; i < 3; i++) {
        const CK_ATTRIBUTE_TYPE types[] = {CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE,
                                           CKA_DERIVE_TEMPLATE};

        outer[i] = (CK_ATTRIBUTE)A_SPAN(types[i], inner, n * sizeof(inner[0]));
    }
    assert_true(3 * n + 3 < RECORD_MAX_ATTRS);
    T_OK(take(outer, 3, NULL));
    {
        CK_ATTRIBUTE top[] = {A_ARRAY(CKA_WRAP_TEMPLATE, outer),
                              A_ARRAY(CKA_UNWRAP_TEMPLATE, outer)};

        T_RV(CKR_ATTRIBUTE_VALUE_INVALID, take(top, 2, NULL));
    }
}

static void test_too_many(void **state)
{
    CK_ATTRIBUTE v[RECORD_MAX_ATTRS + 1];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        v[i] = (CK_ATTRIBUTE)A_NONE(CKA_LABEL);
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, take(v, N_ELEMENTS(v), NULL));
}

/* The bytes are counted over all entries too. */
static void test_too_long(void **state)
{
    uint8_t *big = calloc(1, RECORD_MAX_VALUE);
    CK_ATTRIBUTE v[] = {A_SPAN(CKA_LABEL, big, RECORD_MAX_VALUE / 2),
                        A_SPAN(CKA_ID, big, RECORD_MAX_VALUE / 2 + 1)};

    (void)state;
    assert_non_null(big);
    T_OK(take(v, 1, NULL));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, take(v, 2, NULL));
    v[0].ulValueLen = RECORD_MAX_VALUE;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, take(v, 1, NULL));
    free(big);
}

/* -- applied ----------------------------------------------------------------------------------- */

static void test_adds_what_the_application_left_out(void **state)
{
    CK_ATTRIBUTE nested[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES),
                             A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_BOOL(CKA_WRAP, CK_TRUE)};
    CK_ATTRIBUTE v[] = {A_TEXT(CKA_LABEL, "mine"), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)};
    struct buf bytes = encoded(nested, 4);
    struct attrs *a = NULL;

    (void)state;
    T_OK(unwrap(buf_span(&bytes), false, v, 2, &a));
    assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 99), CKK_AES);
    assert_true(attrs_bool(a, CKA_EXTRACTABLE, false));
    assert_true(attrs_bool(a, CKA_WRAP, false));
    assert_false(attrs_bool(a, CKA_DECRYPT, true));   /* a default yields to it */
    assert_true(attrs_bool(a, CKA_SENSITIVE, false)); /* and the others come after it */
    attrs_free(a);
    buf_clear(&bytes);
}

static void test_conflict_is_inconsistent(void **state)
{
    CK_ATTRIBUTE nested[] = {A_ULONG(CKA_KEY_TYPE, CKK_AES), A_BOOL(CKA_EXTRACTABLE, CK_FALSE)};
    CK_ATTRIBUTE value[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)};
    CK_ATTRIBUTE type[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                           A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_ATTRIBUTE usage[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_BOOL(CKA_DECRYPT, CK_TRUE)};
    CK_ATTRIBUTE wraps[] = {A_ULONG(CKA_KEY_TYPE, CKK_AES), A_BOOL(CKA_WRAP, CK_TRUE)};
    struct buf bytes = encoded(nested, 2);
    struct buf wrapping = encoded(wraps, 2);
    uint32_t policy = policy_default();
    struct attrs *a = NULL;

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(buf_span(&bytes), false, value, 2, &a));
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(buf_span(&bytes), false, type, 2, &a));
    assert_true(policy_word("usage-templates", &policy));
    policy_install(policy);
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(buf_span(&wrapping), false, usage, 2, &a));
    policy_install(policy_default());
    assert_null(a);
    buf_clear(&bytes);
    buf_clear(&wrapping);
}

/* What an application could not say, a key's template cannot say for it. */
static void test_is_under_the_same_rules(void **state)
{
    CK_ATTRIBUTE foreign[] = {A_TEXT(CKA_MODULUS, "x")};
    CK_ATTRIBUTE forbidden[] = {A_TEXT(CKA_VALUE, "0123456789abcdef")};
    CK_ATTRIBUTE trusted[] = {A_BOOL(CKA_TRUSTED, CK_TRUE)};
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    struct buf bytes[] = {encoded(foreign, 1), encoded(forbidden, 1), encoded(trusted, 1)};
    struct attrs *a = NULL;

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(buf_span(&bytes[0]), false, v, 2, &a));
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(buf_span(&bytes[1]), false, v, 2, &a));
    T_RV(CKR_ATTRIBUTE_READ_ONLY, unwrap(buf_span(&bytes[2]), false, v, 2, &a));
    T_OK(unwrap(buf_span(&bytes[2]), true, v, 2, &a));
    attrs_free(a);
    for (size_t i = 0; i < N_ELEMENTS(bytes); i++)
        buf_clear(&bytes[i]);
}

static void test_no_template(void **state)
{
    struct attrs *a = NULL;
    bool agrees = false;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(template_apply_nested(SPAN_EMPTY, a));
    assert_int_equal(a->n, 0);
    T_OK(template_agrees(SPAN_EMPTY, a, &agrees));
    assert_true(agrees);
    attrs_free(a);
}

static void test_damaged_encoding(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    struct attrs *a = NULL;
    bool agrees = false;

    (void)state;
    T_RV(CKR_DATA_INVALID, unwrap(SPAN_LIT("junk"), false, v, 2, &a));
    assert_null(a);
    T_OK(attrs_new(&a));
    T_RV(CKR_DATA_INVALID, template_apply_nested(SPAN_LIT("junk"), a));
    T_RV(CKR_DATA_INVALID, template_agrees(SPAN_LIT("junk"), a, &agrees));
    attrs_free(a);
}

static void test_apply_leaves_a_conflicting_set_alone(void **state)
{
    CK_ATTRIBUTE nested[] = {A_BOOL(CKA_TOKEN, CK_TRUE), A_TEXT(CKA_LABEL, "a")};
    struct buf bytes = encoded(nested, 2);
    struct attrs *a = NULL;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("b")));
    T_RV(CKR_TEMPLATE_INCONSISTENT, template_apply_nested(buf_span(&bytes), a));
    assert_int_equal(a->n, 1);
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("a")));
    T_OK(template_apply_nested(buf_span(&bytes), a));
    assert_true(attrs_bool(a, CKA_TOKEN, false));
    attrs_free(a);
    buf_clear(&bytes);
}

/* -- compared ---------------------------------------------------------------------------------- */

static bool agrees(CK_ATTRIBUTE *nested, CK_ULONG n, const struct attrs *a)
{
    struct buf bytes = encoded(nested, n);
    bool yes = false;

    T_OK(template_agrees(buf_span(&bytes), a, &yes));
    buf_clear(&bytes);
    return yes;
}

static void test_agrees(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_TEXT(CKA_LABEL, "x")};
    const struct schema *s = schema_find(CKO_SECRET_KEY, CKK_AES);
    struct attrs *a = model_object(s, TEMPLATE_GENERATE, v, 2);
    CK_ATTRIBUTE same[] = {A_TEXT(CKA_LABEL, "x"), A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE other[] = {A_TEXT(CKA_LABEL, "x"), A_ULONG(CKA_KEY_TYPE, CKK_HKDF)};
    CK_ATTRIBUTE absent[] = {A_NONE(CKA_CHECK_VALUE)};

    (void)state;
    assert_true(agrees(NULL, 0, a));
    assert_true(agrees(same, 2, a));
    assert_false(agrees(other, 2, a));
    assert_false(agrees(absent, 1, a));
    attrs_free(a);
}

/* C_WrapKey does not tell whether a guess at a secret value was right. */
static void test_agrees_is_no_oracle(void **state)
{
    struct attrs *a = model_generated(schema_find(CKO_SECRET_KEY, CKK_AES));
    const struct span key = attrs_span(a, CKA_VALUE);
    uint8_t value[32];
    CK_ATTRIBUTE guess[] = {A_SPAN(CKA_VALUE, value, sizeof(value))};

    (void)state;
    assert_int_equal(key.n, sizeof(value));
    memcpy(value, key.p, sizeof(value));
    assert_false(agrees(guess, 1, a));
    T_OK(attrs_set_bool(a, CKA_SENSITIVE, false));
    T_OK(attrs_set_bool(a, CKA_EXTRACTABLE, true));
    assert_true(agrees(guess, 1, a));
    attrs_free(a);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/nested/bad-entries", test_bad_entries),
        TEST("/template/nested/length-is-a-multiple", test_length_is_a_multiple),
        TEST("/template/nested/given-twice", test_given_twice),
        TEST("/template/nested/misaligned-array", test_misaligned_array),
        TEST("/template/nested/depth", test_depth),
        TEST("/template/nested/cycle", test_cycle),
        TEST("/template/nested/breadth", test_breadth),
        TEST("/template/nested/too-many", test_too_many),
        TEST("/template/nested/too-long", test_too_long),
        TEST("/template/nested/adds-what-was-left-out", test_adds_what_the_application_left_out),
        TEST("/template/nested/conflict-is-inconsistent", test_conflict_is_inconsistent),
        TEST("/template/nested/is-under-the-same-rules", test_is_under_the_same_rules),
        TEST("/template/nested/no-template", test_no_template),
        TEST("/template/nested/damaged-encoding", test_damaged_encoding),
        TEST("/template/nested/apply-leaves-a-conflicting-set-alone",
             test_apply_leaves_a_conflicting_set_alone),
        TEST("/template/nested/agrees", test_agrees),
        TEST("/template/nested/agrees-is-no-oracle", test_agrees_is_no_oracle),
    };

    return cmocka_run_group_tests_name("template-nested", tests, NULL, NULL);
}
