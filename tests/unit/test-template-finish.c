/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template-finish.c - template_finish() and the checks of src/model/check.c. */
#include "model.h"

#include "model/value.h"

/* A finished secret key: SENSITIVE and EXTRACTABLE as said. */
static struct attrs *finished(enum template_op op, bool sensitive, bool extractable,
                              const struct attrs *parent)
{
    const struct template_context c = {
        .op = op, .class = CKO_SECRET_KEY, .key_type = CKK_GENERIC_SECRET};
    CK_ATTRIBUTE v[] = {
        A_BOOL(CKA_SENSITIVE, sensitive),
        A_BOOL(CKA_EXTRACTABLE, extractable),
        A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
        A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        op == TEMPLATE_CREATE ? (CK_ATTRIBUTE)A_TEXT(CKA_VALUE, "0123456789abcdef")
                              : (CK_ATTRIBUTE)A_ULONG(CKA_VALUE_LEN, 16),
    };
    struct attrs *a = NULL;

    T_OK(template_build(&c, v, N_ELEMENTS(v), &a));
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("0123456789abcdef")));
    T_OK(template_finish(&c, a, CKM_GENERIC_SECRET_KEY_GEN, parent, model_unique));
    return a;
}

static void assert_history(struct attrs *a, bool local, bool always, bool never)
{
    assert_int_equal(attrs_bool(a, CKA_LOCAL, !local), local);
    assert_int_equal(attrs_bool(a, CKA_ALWAYS_SENSITIVE, !always), always);
    assert_int_equal(attrs_bool(a, CKA_NEVER_EXTRACTABLE, !never), never);
    assert_int_equal(attrs_ulong(a, CKA_KEY_GEN_MECHANISM, 0),
                     local ? CKM_GENERIC_SECRET_KEY_GEN : CK_UNAVAILABLE_INFORMATION);
    attrs_free(a);
}

static void test_history_of_a_generated_key(void **state)
{
    (void)state;
    assert_history(finished(TEMPLATE_GENERATE, true, false, NULL), true, true, true);
    assert_history(finished(TEMPLATE_GENERATE, true, true, NULL), true, true, false);
    assert_history(finished(TEMPLATE_GENERATE, false, false, NULL), true, false, true);
    assert_history(finished(TEMPLATE_GENERATE, false, true, NULL), true, false, false);
}

static void test_history_of_what_came_from_outside(void **state)
{
    (void)state;
    assert_history(finished(TEMPLATE_CREATE, true, false, NULL), false, false, false);
    assert_history(finished(TEMPLATE_UNWRAP, true, false, NULL), false, false, false);
}

static void test_history_of_a_derived_key(void **state)
{
    struct attrs *safe = finished(TEMPLATE_GENERATE, true, false, NULL);
    struct attrs *imported = finished(TEMPLATE_CREATE, true, false, NULL);

    (void)state;
    assert_history(finished(TEMPLATE_DERIVE, true, false, safe), false, true, true);
    assert_history(finished(TEMPLATE_DERIVE, false, true, safe), false, false, false);
    assert_history(finished(TEMPLATE_DERIVE, true, false, imported), false, false, false);
    assert_history(finished(TEMPLATE_DERIVE, true, false, NULL), false, false, false);
    attrs_free(safe);
    attrs_free(imported);
}

static void test_unique_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *a = model_generated(schemas[i]);

        assert_true(
            span_equal(attrs_span(a, CKA_UNIQUE_ID), SPAN_LIT("00112233445566778899aabbccddeeff")));
        attrs_free(a);
    }
}

static void test_missing_key_material_is_a_bug(void **state)
{
    const struct template_context c = {
        .op = TEMPLATE_GENERATE, .class = CKO_SECRET_KEY, .key_type = CKK_AES};
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16)};
    struct attrs *a = NULL;

    (void)state;
    T_OK(template_build(&c, v, 1, &a));
    T_RV(CKR_GENERAL_ERROR, template_finish(&c, a, CKM_AES_KEY_GEN, NULL, model_unique));
    attrs_free(a);
}

static void test_an_object_of_no_class(void **state)
{
    const struct schema *s = schema_find(CKO_SECRET_KEY, CKK_AES);
    const struct template_context c = model_context(s, TEMPLATE_GENERATE);
    struct attrs *a = model_generated(s);

    (void)state;
    attrs_remove(a, CKA_CLASS);
    T_RV(CKR_GENERAL_ERROR, template_finish(&c, a, CKM_AES_KEY_GEN, NULL, model_unique));
    attrs_free(a);
}

/* Zeros in front are not counted: not all that make an RSA key leave them out. */
static void test_bits_of_big_integers(void **state)
{
    (void)state;
    assert_int_equal(value_bits(SPAN_LIT("\0\0\x80\1")), 16);
    assert_int_equal(value_bits(SPAN_LIT("\1")), 1);
    assert_int_equal(value_bits(SPAN_LIT("\0")), 0);
    assert_int_equal(value_bits(SPAN_EMPTY), 0);
}

static void test_lengths_come_from_the_values(void **state)
{
    const struct template_context aes = {
        .op = TEMPLATE_UNWRAP, .class = CKO_SECRET_KEY, .key_type = CKK_AES};
    struct attrs *a = model_generated(schema_find(CKO_PUBLIC_KEY, CKK_RSA));
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_VALUE_LEN, 16)};

    (void)state;
    /* model_sample() makes 32 bytes of 0x03 */
    assert_int_equal(attrs_ulong(a, CKA_MODULUS_BITS, 0), 250);
    attrs_free(a);
    T_OK(template_build(&aes, v, 0, &a));
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("0123456789abcdef01234567")));
    T_OK(template_finish(&aes, a, CK_UNAVAILABLE_INFORMATION, NULL, model_unique));
    assert_int_equal(attrs_ulong(a, CKA_VALUE_LEN, 0), 24);
    attrs_free(a);
    T_OK(template_build(&aes, v, 1, &a));
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("0123456789abcdef01234567")));
    T_RV(CKR_TEMPLATE_INCONSISTENT,
         template_finish(&aes, a, CK_UNAVAILABLE_INFORMATION, NULL, model_unique));
    attrs_free(a);
}

/* A finished object of the schema with one attribute changed beforehand. */
static CK_RV finish_with(const struct schema *s, CK_ATTRIBUTE_TYPE type, struct span value)
{
    const struct template_context c = model_context(s, TEMPLATE_CREATE);
    struct attrs *a = model_generated(s);
    CK_RV rv;

    attrs_remove(a, CKA_VALUE_LEN);
    attrs_remove(a, CKA_MODULUS_BITS);
    T_OK(attrs_set(a, type, value));
    rv = template_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL, model_unique);
    attrs_free(a);
    return rv;
}

static void test_rsa_exponent(void **state)
{
    static const struct {
        struct span e;
        CK_RV rv;
    } exponents[] = {
        {SPAN_LIT("\x03"), CKR_OK},
        {SPAN_LIT("\x01\x00\x01"), CKR_OK},
        {SPAN_LIT("\x00\x00\x03"), CKR_OK},
        {SPAN_LIT("\x01\x01"), CKR_OK},
        {SPAN_LIT("\x01"), CKR_ATTRIBUTE_VALUE_INVALID},
        {SPAN_LIT("\x00\x01"), CKR_ATTRIBUTE_VALUE_INVALID},
        {SPAN_LIT("\x04"), CKR_ATTRIBUTE_VALUE_INVALID},
        {SPAN_LIT("\x01\x00\x00"), CKR_ATTRIBUTE_VALUE_INVALID},
        {SPAN_LIT("\x00"), CKR_ATTRIBUTE_VALUE_INVALID},
        {SPAN_LIT(""), CKR_ATTRIBUTE_VALUE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(exponents); i++) {
        T_RV(exponents[i].rv, finish_with(schema_find(CKO_PUBLIC_KEY, CKK_RSA), CKA_PUBLIC_EXPONENT,
                                          exponents[i].e));
        T_RV(exponents[i].rv, finish_with(schema_find(CKO_PRIVATE_KEY, CKK_RSA),
                                          CKA_PUBLIC_EXPONENT, exponents[i].e));
    }
}

static void test_key_lengths(void **state)
{
    uint8_t value[65] = {1};

    (void)state;
    for (size_t n = 0; n <= sizeof(value); n++) {
        const bool aes = n == 16 || n == 24 || n == 32;

        T_RV(aes ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
             finish_with(schema_find(CKO_SECRET_KEY, CKK_AES), CKA_VALUE, span_of(value, n)));
        T_RV(n == 32 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
             finish_with(schema_find(CKO_SECRET_KEY, CKK_CHACHA20), CKA_VALUE, span_of(value, n)));
        T_RV(n > 0 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
             finish_with(schema_find(CKO_SECRET_KEY, CKK_SHA256_HMAC), CKA_VALUE,
                         span_of(value, n)));
    }
}

static void test_empty_key_material(void **state)
{
    static const struct {
        CK_OBJECT_CLASS class;
        CK_KEY_TYPE type;
        CK_ATTRIBUTE_TYPE attribute;
    } empty[] = {
        {CKO_PUBLIC_KEY, CKK_RSA, CKA_MODULUS},
        {CKO_PRIVATE_KEY, CKK_RSA, CKA_MODULUS},
        {CKO_PRIVATE_KEY, CKK_RSA, CKA_PRIVATE_EXPONENT},
        {CKO_PUBLIC_KEY, CKK_EC, CKA_EC_PARAMS},
        {CKO_PUBLIC_KEY, CKK_EC, CKA_EC_POINT},
        {CKO_PRIVATE_KEY, CKK_EC, CKA_EC_PARAMS},
        {CKO_PRIVATE_KEY, CKK_EC, CKA_VALUE},
        {CKO_PUBLIC_KEY, CKK_EC_EDWARDS, CKA_EC_POINT},
        {CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, CKA_VALUE},
        {CKO_SECRET_KEY, CKK_HKDF, CKA_VALUE},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(empty); i++)
        T_RV(CKR_ATTRIBUTE_VALUE_INVALID, finish_with(schema_find(empty[i].class, empty[i].type),
                                                      empty[i].attribute, SPAN_EMPTY));
}

static CK_RV certificate(const char *value, const char *url, const char *subject_hash,
                         const char *issuer_hash)
{
    const struct template_context c = {
        .op = TEMPLATE_CREATE, .class = TEMPLATE_SAYS, .key_type = TEMPLATE_SAYS};
    CK_ATTRIBUTE v[] = {
        A_ULONG(CKA_CLASS, CKO_CERTIFICATE),
        A_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
        A_TEXT(CKA_SUBJECT, "subject"),
        A_SPAN(CKA_VALUE, strdup(value), strlen(value)),
        A_SPAN(CKA_URL, strdup(url), strlen(url)),
        A_SPAN(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, strdup(subject_hash), strlen(subject_hash)),
        A_SPAN(CKA_HASH_OF_ISSUER_PUBLIC_KEY, strdup(issuer_hash), strlen(issuer_hash)),
    };
    struct attrs *a = NULL;
    CK_RV rv;

    T_OK(template_build(&c, v, N_ELEMENTS(v), &a));
    rv = template_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL, model_unique);
    attrs_free(a);
    for (size_t i = 3; i < N_ELEMENTS(v); i++)
        free(v[i].pValue);
    return rv;
}

static void test_certificate_or_its_place(void **state)
{
    (void)state;
    T_OK(certificate("DER", "", "", ""));
    T_OK(certificate("", "http://x", "hash", "hash"));
    T_OK(certificate("DER", "http://x", "hash", "hash"));
    T_RV(CKR_TEMPLATE_INCOMPLETE, certificate("", "", "", ""));
    T_RV(CKR_TEMPLATE_INCOMPLETE, certificate("", "http://x", "", "hash"));
    T_RV(CKR_TEMPLATE_INCOMPLETE, certificate("", "http://x", "hash", ""));
    T_RV(CKR_TEMPLATE_INCOMPLETE, certificate("DER", "http://x", "", ""));
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/finish/history-of-a-generated-key", test_history_of_a_generated_key),
        TEST("/template/finish/history-from-outside", test_history_of_what_came_from_outside),
        TEST("/template/finish/history-of-a-derived-key", test_history_of_a_derived_key),
        TEST("/template/finish/unique-id", test_unique_id),
        TEST("/template/finish/bits", test_bits_of_big_integers),
        TEST("/template/finish/missing-key-material-is-a-bug", test_missing_key_material_is_a_bug),
        TEST("/template/finish/an-object-of-no-class", test_an_object_of_no_class),
        TEST("/template/finish/lengths-come-from-the-values", test_lengths_come_from_the_values),
        TEST("/template/finish/rsa-exponent", test_rsa_exponent),
        TEST("/template/finish/key-lengths", test_key_lengths),
        TEST("/template/finish/empty-key-material", test_empty_key_material),
        TEST("/template/finish/certificate-or-its-place", test_certificate_or_its_place),
    };

    return cmocka_run_group_tests_name("template-finish", tests, NULL, NULL);
}
