/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template.c - src/model/template.c: new objects, from a template to the finished set. */
#include "model.h"

#include <pthread.h>
#include <stdatomic.h>

#include "sanitized.h"
#include "tee-pkcs11.h"
#include "util/policy.h"

static const CK_OBJECT_CLASS no_class = TEMPLATE_SAYS;

static CK_RV build_as(const struct template_context *c, CK_ATTRIBUTE *v, CK_ULONG n,
                      struct attrs **ret)
{
    struct attrs *a = NULL;
    const CK_RV rv = template_build(c, v, n, &a);

    assert_true((rv == CKR_OK) == (a != NULL));
    if (ret != NULL)
        *ret = a;
    else
        attrs_free(a);
    return rv;
}

static CK_RV create(CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    const struct template_context c = {
        .op = TEMPLATE_CREATE, .class = no_class, .key_type = no_class};

    return build_as(&c, v, n, ret);
}

/* Generate a secret key of this type. */
static CK_RV generate(CK_KEY_TYPE type, CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret)
{
    const struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_SECRET_KEY, .key_type = type};

    return build_as(&c, v, n, ret);
}

/* -- class and type ---------------------------------------------------------------------------- */

static CK_OBJECT_CLASS changing = CKO_DATA;
static atomic_bool is_over;

static void *change_class(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over)) {
        __atomic_store_n(&changing, CKO_SECRET_KEY, __ATOMIC_RELAXED);
        __atomic_store_n(&changing, CKO_DATA, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* The template is the application's memory: what its class is when the schema is chosen, the object
 * has, or there is none. */
static void test_class_that_changes_meanwhile(void **state)
{
    const CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    static char label[16384]; /* copied between the two looks at the class: time for it to change */
    CK_ATTRIBUTE v[] = {{CKA_LABEL, label, sizeof(label)},
                        {CKA_CLASS, &changing, sizeof(changing)}};
    const struct template_context c = {
        .op = TEMPLATE_DERIVE, .class = no_class, .key_type = generic};
    unsigned n_data = 0, n_keys = 0;
    pthread_t thread;

    (void)state;
    memset(label, 'x', sizeof(label));
    if (SANITIZED_THREAD)
        skip(); /* it is a race, the application's */
    assert_int_equal(pthread_create(&thread, NULL, change_class, NULL), 0);
    for (unsigned i = 0; i < 2000000 && (i < 200000 || n_data == 0 || n_keys == 0); i++) {
        struct attrs *a = NULL;

        if (template_build(&c, v, N_ELEMENTS(v), &a) != CKR_OK)
            continue;
        if (attrs_ulong(a, CKA_CLASS, 0) == CKO_DATA) {
            assert_false(attrs_has(a, CKA_SENSITIVE));
            n_data++;
        } else {
            assert_true(attrs_has(a, CKA_SENSITIVE));
            n_keys++;
        }
        attrs_free(a);
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(n_data > 0 && n_keys > 0);
}

static void test_class_is_needed(void **state)
{
    CK_ATTRIBUTE v[] = {A_TEXT(CKA_LABEL, "x")};

    (void)state;
    T_RV(CKR_TEMPLATE_INCOMPLETE, create(v, 1, NULL));
    T_RV(CKR_TEMPLATE_INCOMPLETE, create(NULL, 0, NULL));
}

static void test_unsupported_class_or_type(void **state)
{
    static const struct {
        CK_OBJECT_CLASS class;
        CK_ATTRIBUTE_TYPE attribute;
        CK_ULONG type;
    } bad[] = {
        {CKO_HW_FEATURE, CKA_LABEL, 0},
        {CKO_DOMAIN_PARAMETERS, CKA_KEY_TYPE, CKK_DSA},
        {CKO_VENDOR_DEFINED, CKA_KEY_TYPE, 0},
        {TEMPLATE_SAYS, CKA_KEY_TYPE, CKK_AES},
        {CKO_SECRET_KEY, CKA_KEY_TYPE, CKK_DES3},
        {CKO_SECRET_KEY, CKA_KEY_TYPE, CKK_RSA},
        {CKO_SECRET_KEY, CKA_KEY_TYPE, TEMPLATE_SAYS},
        {CKO_PUBLIC_KEY, CKA_KEY_TYPE, CKK_DSA},
        {CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE, CKC_WTLS},
        {CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE, CKC_X_509_ATTR_CERT},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, bad[i].class),
                            A_ULONG(bad[i].attribute, bad[i].type)};

        T_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(v, 2, NULL));
    }
}

static void test_class_of_the_wrong_size(void **state)
{
    uint32_t narrow = CKO_DATA;
    CK_ATTRIBUTE short_class[] = {A_SPAN(CKA_CLASS, &narrow, sizeof(narrow))};
    CK_ATTRIBUTE null_class[] = {A_SPAN(CKA_CLASS, NULL, sizeof(CK_ULONG))};

    (void)state;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(short_class, 1, NULL));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(null_class, 1, NULL));
}

static void test_template_must_agree_with_the_mechanism(void **state)
{
    CK_ATTRIBUTE agrees[] = {A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                             A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE class[] = {A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY)};
    CK_ATTRIBUTE type[] = {A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};

    (void)state;
    T_OK(generate(CKK_AES, agrees, 3, NULL));
    T_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKK_AES, class, 2, NULL));
    T_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKK_AES, type, 2, NULL));
}

static void test_implied_class_and_type_are_set(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16)};
    struct attrs *a = NULL;

    (void)state;
    T_OK(generate(CKK_AES, v, 1, &a));
    assert_int_equal(attrs_ulong(a, CKA_CLASS, 99), CKO_SECRET_KEY);
    assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 99), CKK_AES);
    attrs_free(a);
}

static void test_derivation_makes_a_generic_secret(void **state)
{
    const struct template_context c = {
        .op = TEMPLATE_DERIVE, .class = no_class, .key_type = no_class};
    CK_ATTRIBUTE aes[] = {A_ULONG(CKA_KEY_TYPE, CKK_AES), A_ULONG(CKA_VALUE_LEN, 32)};
    CK_ATTRIBUTE data[] = {A_ULONG(CKA_CLASS, CKO_DATA)};
    struct attrs *a = NULL;

    (void)state;
    T_OK(build_as(&c, NULL, 0, &a));
    assert_int_equal(attrs_ulong(a, CKA_CLASS, 99), CKO_SECRET_KEY);
    assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 99), CKK_GENERIC_SECRET);
    attrs_free(a);
    T_OK(build_as(&c, aes, 2, &a));
    assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 99), CKK_AES);
    attrs_free(a);
    T_OK(build_as(&c, data, 1, &a));
    assert_int_equal(attrs_ulong(a, CKA_CLASS, 99), CKO_DATA);
    attrs_free(a);
}

/* What the token makes for itself, no template can make; the token can, with an empty one. */
static void test_own_objects(void **state)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PROFILE, CKO_MECHANISM, CKO_TEE_DEK};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(classes); i++) {
        const struct template_context c = {
            .op = TEMPLATE_GENERATE, .class = classes[i], .key_type = no_class};
        CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, classes[i])};
        struct attrs *a = NULL;

        T_RV(CKR_ATTRIBUTE_READ_ONLY, create(v, 1, NULL));
        T_RV(CKR_ATTRIBUTE_READ_ONLY, build_as(&c, v, 1, NULL));
        T_OK(build_as(&c, NULL, 0, &a));
        assert_true(attrs_bool(a, CKA_TOKEN, false));
        assert_false(attrs_bool(a, CKA_PRIVATE, true));
        assert_false(attrs_bool(a, CKA_MODIFIABLE, true));
        T_OK(template_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL, model_unique));
        attrs_free(a);
    }
}

/* -- values ------------------------------------------------------------------------------------ */

/* One attribute of a data object or AES key with this value. */
static CK_RV with_value(CK_ATTRIBUTE_TYPE type, void *p, CK_ULONG n)
{
    CK_ATTRIBUTE data[] = {A_ULONG(CKA_CLASS, CKO_DATA), A_SPAN(type, p, n)};
    CK_ATTRIBUTE aes[] = {A_ULONG(CKA_VALUE_LEN, 16), A_SPAN(type, p, n)};
    const bool of_data = schema_rule(schema_find(CKO_DATA, 0), type) != NULL;

    return of_data ? create(data, 2, NULL) : generate(CKK_AES, aes, 2, NULL);
}

static void test_bool_values(void **state)
{
    uint8_t bytes[] = {0, 0, 0, 0};

    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        bytes[0] = (uint8_t)v;
        T_RV(v < 2 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_TOKEN, bytes, 1));
    }
    bytes[0] = 1;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_TOKEN, bytes, 0));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_TOKEN, bytes, 4));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_TOKEN, NULL, 0));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_TOKEN, NULL, 1));
}

static void test_null_and_empty(void **state)
{
    uint8_t byte = 0;

    (void)state;
    T_OK(with_value(CKA_LABEL, NULL, 0));
    T_OK(with_value(CKA_LABEL, &byte, 0));
    T_OK(with_value(CKA_VALUE, NULL, 0));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_LABEL, NULL, 1));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_VALUE, NULL, 1u << 20));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_ALLOWED_MECHANISMS, NULL, 8));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_WRAP_TEMPLATE, NULL, sizeof(CK_ATTRIBUTE)));
}

static void test_huge_lengths_are_not_read(void **state)
{
    uint8_t byte = 1;

    (void)state;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_VALUE, &byte, RECORD_MAX_VALUE + 1));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_LABEL, &byte, (CK_ULONG)-1));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_WRAP_TEMPLATE, &byte, (CK_ULONG)-1));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID,
         with_value(CKA_WRAP_TEMPLATE, &byte, (CK_ULONG)-1 / 24 / 2 * 24));
}

static void test_largest_value_is_taken(void **state)
{
    uint8_t *bytes = calloc(1, RECORD_MAX_VALUE);

    (void)state;
    assert_non_null(bytes);
    T_OK(with_value(CKA_VALUE, bytes, RECORD_MAX_VALUE));
    free(bytes);
}

static void test_dates(void **state)
{
    char good[] = "20241231", letters[] = "x0241231", month[] = "20241331", day[] = "20240132";

    (void)state;
    T_OK(with_value(CKA_START_DATE, good, 8));
    T_OK(with_value(CKA_START_DATE, NULL, 0));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_START_DATE, good, 7));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_END_DATE, letters, 8));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_END_DATE, month, 8));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, with_value(CKA_END_DATE, day, 8));
}

static void test_misaligned_numbers(void **state)
{
    uint8_t room[2 * sizeof(CK_ULONG) + 1];
    const CK_ULONG class = CKO_SECRET_KEY, length = 24;
    CK_ATTRIBUTE v[] = {A_SPAN(CKA_CLASS, room + 1, sizeof(class)),
                        A_SPAN(CKA_VALUE_LEN, room + 1 + sizeof(class), sizeof(length))};
    struct attrs *a = NULL;

    (void)state;
    memcpy(room + 1, &class, sizeof(class));
    memcpy(room + 1 + sizeof(class), &length, sizeof(length));
    T_OK(generate(CKK_AES, v, 2, &a));
    assert_int_equal(attrs_ulong(a, CKA_VALUE_LEN, 0), 24);
    attrs_free(a);
    v[1].ulValueLen = 4;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate(CKK_AES, v, 2, NULL));
}

static void test_misaligned_mechanism_list(void **state)
{
    uint8_t room[2 * sizeof(CK_ULONG) + 1];
    const CK_ULONG mechanisms[] = {CKM_AES_GCM, CKM_AES_CBC};
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16),
                        A_SPAN(CKA_ALLOWED_MECHANISMS, room + 1, sizeof(mechanisms))};
    struct attrs *a = NULL;

    (void)state;
    memcpy(room + 1, mechanisms, sizeof(mechanisms));
    T_OK(generate(CKK_AES, v, 2, &a));
    assert_true(span_equal(attrs_span(a, CKA_ALLOWED_MECHANISMS), SPAN_ARRAY(mechanisms)));
    attrs_free(a);
    v[1].ulValueLen--;
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate(CKK_AES, v, 2, NULL));
}

static void test_given_twice(void **state)
{
    CK_ATTRIBUTE same[] = {A_ULONG(CKA_CLASS, CKO_DATA), A_TEXT(CKA_LABEL, "a"),
                           A_TEXT(CKA_LABEL, "a")};
    CK_ATTRIBUTE classes[] = {A_ULONG(CKA_CLASS, CKO_DATA), A_ULONG(CKA_CLASS, CKO_CERTIFICATE)};

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, create(same, 3, NULL));
    T_RV(CKR_TEMPLATE_INCONSISTENT, create(classes, 2, NULL));
    T_OK(create(same, 2, NULL));
}

static void test_counts(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_DATA)};

    (void)state;
    T_RV(CKR_ARGUMENTS_BAD, create(NULL, 1, NULL));
    T_RV(CKR_ARGUMENTS_BAD, create(v, (CK_ULONG)-1, NULL));
    T_RV(CKR_ARGUMENTS_BAD, create(v, RECORD_MAX_ATTRS + 1, NULL));
}

static void test_values_are_copies(void **state)
{
    char label[] = "before";
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_DATA), A_SPAN(CKA_LABEL, label, 6)};
    struct attrs *a = NULL;

    (void)state;
    T_OK(create(v, 2, &a));
    memset(label, 'x', sizeof(label));
    assert_true(span_equal(attrs_span(a, CKA_LABEL), SPAN_LIT("before")));
    attrs_free(a);
}

/* -- roles, defaults, usages ------------------------------------------------------------------- */

static void test_only_the_so_trusts(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_TRUSTED, CK_TRUE)};
    CK_ATTRIBUTE distrust[] = {A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_TRUSTED, CK_FALSE)};
    struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_SECRET_KEY, .key_type = CKK_AES};

    (void)state;
    T_RV(CKR_ATTRIBUTE_READ_ONLY, build_as(&c, v, 2, NULL));
    T_OK(build_as(&c, distrust, 2, NULL));
    c.is_so = true;
    T_OK(build_as(&c, v, 2, NULL));
}

static void test_secret_key_defaults(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16)};
    struct attrs *a = NULL;

    (void)state;
    T_OK(generate(CKK_AES, v, 1, &a));
    assert_false(attrs_bool(a, CKA_TOKEN, true));
    assert_true(attrs_bool(a, CKA_PRIVATE, false));
    assert_true(attrs_bool(a, CKA_SENSITIVE, false));
    assert_false(attrs_bool(a, CKA_EXTRACTABLE, true));
    assert_true(attrs_bool(a, CKA_MODIFIABLE, false));
    assert_true(attrs_bool(a, CKA_COPYABLE, false));
    assert_true(attrs_bool(a, CKA_DESTROYABLE, false));
    assert_false(attrs_bool(a, CKA_WRAP, true));
    assert_false(attrs_bool(a, CKA_UNWRAP, true));
    assert_false(attrs_bool(a, CKA_TRUSTED, true));
    assert_false(attrs_bool(a, CKA_WRAP_WITH_TRUSTED, true));
    assert_true(attrs_has(a, CKA_ID));
    assert_int_equal(attrs_span(a, CKA_ID).n, 0);
    assert_true(attrs_has(a, CKA_LABEL));
    assert_true(attrs_has(a, CKA_START_DATE));
    attrs_free(a);
}

/* An unrestricted key has no list of mechanisms, rather than an empty one. */
static void test_optional_stays_absent(void **state)
{
    static const CK_ATTRIBUTE_TYPE optional[] = {CKA_ALLOWED_MECHANISMS,   CKA_WRAP_TEMPLATE,
                                                 CKA_UNWRAP_TEMPLATE,      CKA_DERIVE_TEMPLATE,
                                                 CKA_ENCAPSULATE_TEMPLATE, CKA_DECAPSULATE_TEMPLATE,
                                                 CKA_PUBLIC_KEY_INFO,      CKA_CHECK_VALUE,
                                                 CKA_TEE_EVIDENCE,         CKA_TEE_ROTATION};

    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *a = model_generated(schemas[i]);

        for (size_t o = 0; o < N_ELEMENTS(optional); o++)
            assert_false(attrs_has(a, optional[o]));
        attrs_free(a);
    }
}

static void test_private_by_default_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *a = model_generated(schemas[i]);
        const CK_OBJECT_CLASS class = schemas[i]->class;
        const bool want = class == CKO_DATA || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;

        assert_int_equal(attrs_bool(a, CKA_PRIVATE, !want), want);
        attrs_free(a);
    }
}

static void test_default_usages_yield_to_wrapping(void **state)
{
    CK_ATTRIBUTE wrap[] = {A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_WRAP, CK_TRUE)};
    CK_ATTRIBUTE unwrap[] = {A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_UNWRAP, CK_TRUE)};
    CK_ATTRIBUTE neither[] = {A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_UNWRAP, CK_FALSE)};
    CK_ATTRIBUTE *const templates[] = {wrap, unwrap, neither};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(templates); i++) {
        struct attrs *a = NULL;

        T_OK(generate(CKK_AES, templates[i], 2, &a));
        assert_int_equal(attrs_bool(a, CKA_DECRYPT, false), i == 2);
        assert_int_equal(attrs_bool(a, CKA_ENCRYPT, false), i == 2);
        assert_true(attrs_bool(a, CKA_SIGN, false));
        attrs_free(a);
    }
}

/* The rule usage-templates: only where the policy is strict, as there are programs that ask for
 * every usage (what such a key then does not do is core/protection.c's). */
static void test_conflicting_usages_are_refused(void **state)
{
    static const CK_ATTRIBUTE_TYPE pairs[][2] = {{CKA_WRAP, CKA_DECRYPT},
                                                 {CKA_WRAP, CKA_ENCRYPT},
                                                 {CKA_UNWRAP, CKA_ENCRYPT},
                                                 {CKA_UNWRAP, CKA_DECRYPT}};
    uint32_t strict = 0;

    (void)state;
    assert_true(policy_word("strict", &strict));
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(pairs[i][0], CK_TRUE),
                            A_BOOL(pairs[i][1], CK_TRUE)};

        T_OK(generate(CKK_AES, v, 3, NULL));
        policy_install(strict);
        T_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKK_AES, v, 3, NULL));
        T_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKK_CHACHA20, v, 3, NULL));
        /* No mechanism takes a generic secret to do either: pkcs11-tool --derive sets all four. */
        T_OK(generate(CKK_GENERIC_SECRET, v, 3, NULL));
        policy_install(policy_default());
    }
}

static void test_always_authenticate_needs_private(void **state)
{
    const struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_PRIVATE_KEY, .key_type = CKK_RSA};
    CK_ATTRIBUTE v[] = {A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE)};

    (void)state;
    T_RV(CKR_TEMPLATE_INCONSISTENT, build_as(&c, v, 2, NULL));
    T_OK(build_as(&c, v, 1, NULL));
    T_OK(build_as(&c, v + 1, 1, NULL));
}

/* -- what clients send, as traced -----------------------------------------------------------------
 */

static void test_pkcs11_tool_derive(void **state)
{
    const struct template_context c = {
        .op = TEMPLATE_DERIVE, .class = no_class, .key_type = no_class};
    CK_ATTRIBUTE v[] = {
        A_BOOL(CKA_TOKEN, CK_FALSE),
        A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
        A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        A_BOOL(CKA_SENSITIVE, CK_FALSE),
        A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
        A_BOOL(CKA_ENCRYPT, CK_TRUE),
        A_BOOL(CKA_DECRYPT, CK_TRUE),
        A_BOOL(CKA_WRAP, CK_TRUE),
        A_BOOL(CKA_UNWRAP, CK_TRUE),
        A_ULONG(CKA_VALUE_LEN, 32),
    };

    (void)state;
    T_OK(build_as(&c, v, N_ELEMENTS(v), NULL));
}

static void test_pkcs11_tool_wrapping_key(void **state)
{
    CK_ATTRIBUTE v[] = {
        A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
        A_BOOL(CKA_TOKEN, CK_TRUE),
        A_ULONG(CKA_KEY_TYPE, CKK_AES),
        A_BOOL(CKA_SENSITIVE, CK_FALSE),
        A_BOOL(CKA_EXTRACTABLE, CK_FALSE),
        A_BOOL(CKA_PRIVATE, CK_FALSE),
        A_BOOL(CKA_WRAP, CK_TRUE),
        A_BOOL(CKA_UNWRAP, CK_TRUE),
        A_ULONG(CKA_VALUE_LEN, 32),
        A_TEXT(CKA_LABEL, "b"),
        A_SPAN(CKA_ID, (uint8_t[]){0x02}, 1),
    };

    (void)state;
    T_OK(generate(CKK_AES, v, N_ELEMENTS(v), NULL));
}

static void test_softhsm2_util_ec_key(void **state)
{
    CK_ATTRIBUTE v[] = {
        A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
        A_ULONG(CKA_KEY_TYPE, CKK_EC),
        A_TEXT(CKA_LABEL, "z"),
        A_TEXT(CKA_ID, "Q"),
        A_BOOL(CKA_SIGN, CK_TRUE),
        A_BOOL(CKA_DECRYPT, CK_FALSE),
        A_BOOL(CKA_UNWRAP, CK_FALSE),
        A_BOOL(CKA_SENSITIVE, CK_TRUE),
        A_BOOL(CKA_TOKEN, CK_TRUE),
        A_BOOL(CKA_PRIVATE, CK_TRUE),
        A_BOOL(CKA_EXTRACTABLE, CK_FALSE),
        A_TEXT(CKA_EC_PARAMS, "params"),
        A_TEXT(CKA_VALUE, "value"),
    };

    (void)state;
    T_OK(create(v, N_ELEMENTS(v), NULL));
}

static void test_java_rsa_pair(void **state)
{
    struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_PUBLIC_KEY, .key_type = CKK_RSA};
    CK_ATTRIBUTE public[] = {A_ULONG(CKA_MODULUS_BITS, 2048),
                             A_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01")};
    struct attrs *a = NULL;

    (void)state;
    T_OK(build_as(&c, public, 2, NULL));
    T_OK(build_as(&c, public, 1, NULL));
    c.class = CKO_PRIVATE_KEY;
    T_OK(build_as(&c, NULL, 0, &a));
    assert_true(attrs_bool(a, CKA_SIGN, false));
    assert_true(attrs_bool(a, CKA_DECRYPT, false));
    attrs_free(a);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/class-is-needed", test_class_is_needed),
        TEST("/template/class-that-changes-meanwhile", test_class_that_changes_meanwhile),
        TEST("/template/unsupported-class-or-type", test_unsupported_class_or_type),
        TEST("/template/class-of-the-wrong-size", test_class_of_the_wrong_size),
        TEST("/template/must-agree-with-the-mechanism",
             test_template_must_agree_with_the_mechanism),
        TEST("/template/implied-class-and-type-are-set", test_implied_class_and_type_are_set),
        TEST("/template/derivation-makes-a-generic-secret", test_derivation_makes_a_generic_secret),
        TEST("/template/own-objects", test_own_objects),
        TEST("/template/value/bool", test_bool_values),
        TEST("/template/value/null-and-empty", test_null_and_empty),
        TEST("/template/value/huge-lengths-are-not-read", test_huge_lengths_are_not_read),
        TEST("/template/value/largest-is-taken", test_largest_value_is_taken),
        TEST("/template/value/dates", test_dates),
        TEST("/template/value/misaligned-numbers", test_misaligned_numbers),
        TEST("/template/value/misaligned-mechanism-list", test_misaligned_mechanism_list),
        TEST("/template/value/given-twice", test_given_twice),
        TEST("/template/value/counts", test_counts),
        TEST("/template/value/are-copies", test_values_are_copies),
        TEST("/template/only-the-so-trusts", test_only_the_so_trusts),
        TEST("/template/default/secret-key", test_secret_key_defaults),
        TEST("/template/default/optional-stays-absent", test_optional_stays_absent),
        TEST("/template/default/private-or-not", test_private_by_default_or_not),
        TEST("/template/default/usages-yield-to-wrapping", test_default_usages_yield_to_wrapping),
        TEST("/template/conflicting-usages-are-refused", test_conflicting_usages_are_refused),
        TEST("/template/always-authenticate-needs-private", test_always_authenticate_needs_private),
        TEST("/template/client/pkcs11-tool-derive", test_pkcs11_tool_derive),
        TEST("/template/client/pkcs11-tool-wrapping-key", test_pkcs11_tool_wrapping_key),
        TEST("/template/client/softhsm2-util-ec-key", test_softhsm2_util_ec_key),
        TEST("/template/client/java-rsa-pair", test_java_rsa_pair),
    };

    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
