/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-badinput.c - templates, parameters, lengths and handles that no application should send,
 * each with the code that the standard names for it. test-sweep.c goes through all functions.
 */
#include "support/reference.h"

#include <stdlib.h>
#include <string.h>

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE kek, ec_private, target;
static uint8_t wrapped[40], peer_point[65];

static int group_setup(void **state)
{
    const uint8_t value[32] = {1};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, value, sizeof(value)), ATTR_TRUE(CKA_WRAP),
                        ATTR_TRUE(CKA_UNWRAP)};
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_ULONG n = sizeof(wrapped);
    CK_OBJECT_HANDLE pub;
    uint8_t der[67];

    (void)setup_token(state);
    session = open_user();
    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &kek));
    target = import_secret(session, CKK_GENERIC_SECRET, value, 32);
    ASSERT_OK(p11->C_WrapKey(session, &m, kek, target, wrapped, &n));
    make_ec(session, CK_FALSE, "pair", &pub, &ec_private);
    assert_int_equal(attr_get(session, pub, CKA_EC_POINT, der, sizeof(der)), 67);
    memcpy(peer_point, der + 2, sizeof(peer_point));
    return 0;
}

/* -- templates, by every way that takes one --------------------------------------------------- */

struct way {
    const char *name;
    CK_RV (*make)(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret);
    CK_ATTRIBUTE base[3]; /* what makes the template complete */
    CK_ULONG n_base;
};

static CK_RV by_create(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CreateObject(session, v, n, ret);
}

static CK_RV by_copy(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_CopyObject(session, target, v, n, ret);
}

static CK_RV by_set(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    (void)ret;
    return p11->C_SetAttributeValue(session, target, v, n);
}

static CK_RV by_generate(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};

    return p11->C_GenerateKey(session, &m, v, n, ret);
}

static CK_RV by_pair_public(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE other;

    return p11->C_GenerateKeyPair(session, &m, v, n, NULL, 0, ret, &other);
}

static CK_RV by_pair_private(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));
    CK_OBJECT_HANDLE other;

    return p11->C_GenerateKeyPair(session, &m, &public, 1, v, n, &other, ret);
}

static CK_RV by_unwrap(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};

    return p11->C_UnwrapKey(session, &m, kek, wrapped, sizeof(wrapped), v, n, ret);
}

static CK_RV by_derive(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, sizeof(peer_point), peer_point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)};

    return p11->C_DeriveKey(session, &m, ec_private, v, n, ret);
}

static const CK_ULONG class_secret = CKO_SECRET_KEY, type_generic = CKK_GENERIC_SECRET, length = 32;
#define CONST_ULONG(type, object) {type, (void *)(uintptr_t)&(object), sizeof(CK_ULONG)}

static const struct way ways[] = {
    {"C_CreateObject", by_create,
     {CONST_ULONG(CKA_CLASS, class_secret), CONST_ULONG(CKA_KEY_TYPE, type_generic),
      ATTR_TEXT(CKA_VALUE, "0123456789abcdef")}, 3},
    {"C_CopyObject", by_copy, {{0, NULL, 0}}, 0},
    {"C_SetAttributeValue", by_set, {{0, NULL, 0}}, 0},
    {"C_GenerateKey", by_generate, {CONST_ULONG(CKA_VALUE_LEN, length)}, 1},
    {"C_GenerateKeyPair, public", by_pair_public,
     {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))}, 1},
    {"C_GenerateKeyPair, private", by_pair_private, {{0, NULL, 0}}, 0},
    {"C_UnwrapKey", by_unwrap,
     {CONST_ULONG(CKA_CLASS, class_secret), CONST_ULONG(CKA_KEY_TYPE, type_generic)}, 2},
    {"C_DeriveKey", by_derive, {{0, NULL, 0}}, 0},
};

/* The way's own template with more behind it must give this, and make nothing. */
static void refuse(CK_RV expected, CK_ATTRIBUTE *more, CK_ULONG n_more)
{
    const CK_ULONG n_before = find_objects(session, NULL, 0, NULL);

    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        CK_ATTRIBUTE v[8];
        CK_OBJECT_HANDLE o = 4711;
        CK_RV rv;

        assert_true(ways[i].n_base + n_more <= N_ELEMENTS(v));
        memcpy(v, ways[i].base, ways[i].n_base * sizeof(*v));
        memcpy(v + ways[i].n_base, more, n_more * sizeof(*v));
        rv = ways[i].make(v, ways[i].n_base + n_more, &o);
        if (rv != expected)
            print_error("%s, attribute 0x%lx:\n", ways[i].name, more[0].type);
        ASSERT_RV(expected, rv);
        assert_int_equal(o, 4711);
    }
    assert_int_equal(find_objects(session, NULL, 0, NULL), n_before);
}

#define REFUSE(rv, ...)                                                                            \
    do {                                                                                           \
        CK_ATTRIBUTE more_[] = {__VA_ARGS__};                                                      \
        refuse((rv), more_, N_ELEMENTS(more_));                                                    \
    } while (0)

/* Without more behind them they are good: what is refused below is refused for its own sake. */
static void test_good_templates(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        CK_ATTRIBUTE v[3];
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
        CK_RV rv;

        memcpy(v, ways[i].base, sizeof(v));
        rv = ways[i].make(v, ways[i].n_base, &o);
        if (rv != CKR_OK)
            print_error("%s:\n", ways[i].name);
        ASSERT_OK(rv);
    }
}

static void test_unknown_attributes(void **state)
{
    (void)state;
    REFUSE(CKR_ATTRIBUTE_TYPE_INVALID, ATTR_TEXT(0x4711, "unknown to the standard"));
    REFUSE(CKR_ATTRIBUTE_TYPE_INVALID, ATTR_TEXT(CKA_VENDOR_DEFINED | 1, "some vendor's"));
    REFUSE(CKR_ATTRIBUTE_TYPE_INVALID, ATTR_TEXT((CK_ULONG)-1, "the largest"));
    REFUSE(CKR_ATTRIBUTE_TYPE_INVALID, ATTR_TEXT(CKA_MODULUS, "of another key type"));
    REFUSE(CKR_ATTRIBUTE_TYPE_INVALID, ATTR_TEXT(CKA_URL, "of another class"));
}

static void test_duplicate_attributes(void **state)
{
    (void)state;
    REFUSE(CKR_TEMPLATE_INCONSISTENT, ATTR_TEXT(CKA_LABEL, "one"), ATTR_TEXT(CKA_LABEL, "two"));
    REFUSE(CKR_TEMPLATE_INCONSISTENT, ATTR_TEXT(CKA_LABEL, "same"), ATTR_TEXT(CKA_LABEL, "same"));
    REFUSE(CKR_TEMPLATE_INCONSISTENT, ATTR_TRUE(CKA_DERIVE), ATTR_TEXT(CKA_ID, "between"),
           ATTR_FALSE(CKA_DERIVE));
}

static void test_bad_values(void **state)
{
    static const CK_BBOOL two = 2;
    static const uint32_t narrow = 1;

    (void)state;
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_DERIVE, &two, 1));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_DERIVE, &narrow, 4));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_DERIVE, NULL, 1));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_DERIVE, &two, 0));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_LABEL, NULL, 1));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_LABEL, "x", (CK_ULONG)-1));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR(CKA_LABEL, "x", (CK_ULONG)1 << 40));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR_TEXT(CKA_START_DATE, "2025011"));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR_TEXT(CKA_START_DATE, "20251301"));
    REFUSE(CKR_ATTRIBUTE_VALUE_INVALID, ATTR_TEXT(CKA_START_DATE, "2025010x"));
}

static void test_read_only_attributes(void **state)
{
    (void)state;
    REFUSE(CKR_ATTRIBUTE_READ_ONLY, ATTR_TRUE(CKA_LOCAL));
    REFUSE(CKR_ATTRIBUTE_READ_ONLY, ATTR_TEXT(CKA_UNIQUE_ID, "mine"));
    REFUSE(CKR_ATTRIBUTE_READ_ONLY, ATTR_ULONG(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN));
}

/* -- templates inside templates --------------------------------------------------------------- */

static CK_RV generate_kek(CK_ATTRIBUTE inside)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_UNWRAP), inside};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    return p11->C_GenerateKey(session, &m, v, N_ELEMENTS(v), &o);
}

static void test_nested_templates(void **state)
{
    CK_ATTRIBUTE loop[1], chain[6][1], twice[] = {ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_SIGN)};
    CK_ATTRIBUTE unknown[] = {ATTR_TEXT(0x4711, "x")}, bad_bool[] = {ATTR_TEXT(CKA_SIGN, "xy")};

    (void)state;
    loop[0] = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, loop, sizeof(loop)};
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate_kek(loop[0]));
    for (size_t i = 0; i < N_ELEMENTS(chain); i++)
        chain[i][0] = i == 0 ? (CK_ATTRIBUTE)ATTR_TRUE(CKA_SIGN)
                             : (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, chain[i - 1], sizeof(chain[0])};
    ASSERT_OK(generate_kek(chain[2][0]));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate_kek(chain[5][0]));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID,
              generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, twice, sizeof(twice) - 1}));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID,
              generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, NULL, sizeof(twice)}));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT,
              generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, twice, sizeof(twice)}));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID,
              generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, unknown, sizeof(unknown)}));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID,
              generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, bad_bool, sizeof(bad_bool)}));
}

/* A template that fans out: every level points at the level below sixteen times. */
static void test_nested_templates_are_bounded(void **state)
{
    static CK_ATTRIBUTE levels[4][16];
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE,
                                              CKA_DERIVE_TEMPLATE};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 16; j++)
            levels[i][j] = i == 0
                               ? (CK_ATTRIBUTE)ATTR_TRUE(CKA_SIGN + j)
                               : (CK_ATTRIBUTE){types[j % 3], levels[i - 1], sizeof(levels[0])};
    }
    /* The same type twice on one level is the first thing that is wrong; it is found at once. */
    assert_int_not_equal(generate_kek((CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, levels[3],
                                                     sizeof(levels[0])}), CKR_OK);
}

static void test_too_many_attributes(void **state)
{
    static CK_ATTRIBUTE many[10000];
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(many); i++)
        many[i] = (CK_ATTRIBUTE){CKA_VENDOR_DEFINED | i, NULL, 0};
    ASSERT_RV(CKR_ARGUMENTS_BAD, by_create(many, N_ELEMENTS(many), &o));
    ASSERT_RV(CKR_ARGUMENTS_BAD, by_create(many, (CK_ULONG)-1, &o));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, many, N_ELEMENTS(many)));
    assert_int_equal(o, 4711);
}

/* -- objects larger than the store takes ------------------------------------------------------ */

#define LARGEST_VALUE ((CK_ULONG)8 * 1024 * 1024)

/* A data object with a label and a value of so many bytes. */
static CK_RV create_large(CK_BBOOL token, CK_ULONG n_label, CK_ULONG n_value,
                          CK_OBJECT_HANDLE *ret)
{
    uint8_t *bytes = calloc(1, LARGEST_VALUE);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR(CKA_LABEL, bytes, n_label), ATTR(CKA_VALUE, bytes, n_value)};
    CK_RV rv;

    assert_non_null(bytes);
    rv = p11->C_CreateObject(session, v, N_ELEMENTS(v), ret);
    free(bytes);
    return rv;
}

static CK_RV copy_to_token(CK_OBJECT_HANDLE from, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR_TRUE(CKA_TOKEN)};

    return p11->C_CopyObject(session, from, v, N_ELEMENTS(v), ret);
}

static CK_RV set_large_label(CK_OBJECT_HANDLE o)
{
    uint8_t *bytes = calloc(1, LARGEST_VALUE);
    CK_ATTRIBUTE v[] = {ATTR(CKA_LABEL, bytes, LARGEST_VALUE)};
    CK_RV rv;

    assert_non_null(bytes);
    rv = p11->C_SetAttributeValue(session, o, v, N_ELEMENTS(v));
    free(bytes);
    return rv;
}

/* Each value is as long as it may be; together they are more than a row of the store. In memory
 * there is room for them. */
static void test_too_large_for_the_store(void **state)
{
    CK_OBJECT_HANDLE in_memory, stored, o = 4711;
    CK_ULONG n_before;
    uint8_t label[8];

    (void)state;
    ASSERT_OK(create_large(CK_TRUE, 5, LARGEST_VALUE, &stored));
    n_before = find_objects(session, NULL, 0, NULL);
    ASSERT_RV(CKR_DEVICE_MEMORY, create_large(CK_TRUE, LARGEST_VALUE, LARGEST_VALUE, &o));
    ASSERT_OK(create_large(CK_FALSE, LARGEST_VALUE, LARGEST_VALUE, &in_memory));
    ASSERT_RV(CKR_DEVICE_MEMORY, copy_to_token(in_memory, &o));
    ASSERT_RV(CKR_DEVICE_MEMORY, set_large_label(stored));
    ASSERT_OK(set_large_label(in_memory));
    ASSERT_OK(p11->C_DestroyObject(session, in_memory));
    assert_int_equal(o, 4711);
    assert_int_equal(find_objects(session, NULL, 0, NULL), n_before);
    assert_int_equal(attr_get(session, stored, CKA_LABEL, label, sizeof(label)), 5);
    ASSERT_OK(create_large(CK_TRUE, LARGEST_VALUE, LARGEST_VALUE - 1024, &o));
    assert_int_equal(find_objects(session, NULL, 0, NULL), n_before + 1);
    ASSERT_OK(p11->C_DestroyObject(session, o));
    ASSERT_OK(p11->C_DestroyObject(session, stored));
}

/* -- misaligned memory ------------------------------------------------------------------------ */

static void test_misaligned_parameter(void **state)
{
    uint8_t nonce[12] = {1}, memory[sizeof(CK_GCM_PARAMS) + 1];
    const CK_GCM_PARAMS gcm = {nonce, 12, 96, NULL, 0, 128};
    CK_MECHANISM m = {CKM_AES_GCM, memory + 1, sizeof(gcm)};
    const CK_OBJECT_HANDLE key = make_aes(session, 32, CK_FALSE, "misaligned");
    CK_BYTE out[64];
    CK_ULONG n = sizeof(out);

    (void)state;
    memcpy(memory + 1, &gcm, sizeof(gcm));
    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    ASSERT_OK(p11->C_Encrypt(session, nonce, sizeof(nonce), out, &n));
}

/* -- lengths ---------------------------------------------------------------------------------- */

static void test_pin_lengths(void **state)
{
    static CK_UTF8CHAR pin[300];
    CK_TOKEN_INFO before, after;

    (void)state;
    memset(pin, '1', sizeof(pin));
    ASSERT_OK(p11->C_GetTokenInfo(0, &before));
    ASSERT_RV(CKR_PIN_LEN_RANGE,
              p11->C_SetPIN(session, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, 4, pin, 256));
    ASSERT_RV(CKR_PIN_LEN_RANGE,
              p11->C_SetPIN(session, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, 4, pin, 3));
    ASSERT_RV(CKR_PIN_LEN_RANGE,
              p11->C_SetPIN(session, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, 4, NULL, 0));
    ASSERT_RV(CKR_SESSION_EXISTS, p11->C_InitToken(0, pin, 8, pin));
    ASSERT_RV(CKR_PIN_LEN_RANGE, p11->C_InitToken(1, pin, 256, pin));
    ASSERT_RV(CKR_PIN_LEN_RANGE, p11->C_InitToken(1, pin, 3, pin));
    ASSERT_RV(CKR_PIN_LEN_RANGE, p11->C_InitToken(1, NULL, 0, pin));
    ASSERT_OK(p11->C_GetTokenInfo(0, &after));
    assert_int_equal(before.flags, after.flags);
    ASSERT_OK(p11->C_GetTokenInfo(1, &after));
    assert_false(after.flags & CKF_TOKEN_INITIALIZED);
}

static void test_random(void **state)
{
    CK_BYTE a[1000] = {0}, b[1000] = {0};

    (void)state;
    ASSERT_OK(p11->C_GenerateRandom(session, NULL, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, NULL, 1));
    ASSERT_OK(p11->C_GenerateRandom(session, a, sizeof(a)));
    ASSERT_OK(p11->C_GenerateRandom(session, b, sizeof(b)));
    assert_memory_not_equal(a, b, sizeof(a));
    ASSERT_RV(CKR_RANDOM_SEED_NOT_SUPPORTED, p11->C_SeedRandom(session, a, sizeof(a)));
}

/* -- handles ---------------------------------------------------------------------------------- */

/* A session's handle is not an object's, and no number near a good one is good. */
static void test_handles(void **state)
{
    const CK_OBJECT_HANDLE o = make_data(session, CK_TRUE, CK_TRUE, "one of many", "v", 1);
    CK_ULONG size;

    (void)state;
    ASSERT_OK(p11->C_GetObjectSize(session, o, &size));
    for (unsigned bit = 0; bit < 64; bit++) {
        const CK_RV rv = p11->C_GetObjectSize(session, o ^ (CK_ULONG)1 << bit, &size);

        /* A neighbour may be there: ids count up. */
        assert_true(rv == CKR_OBJECT_HANDLE_INVALID || (rv == CKR_OK && bit < 40));
    }
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_GetObjectSize(o, o, &size));
    ASSERT_OK(p11->C_DestroyObject(session, o));
}

static void test_pair_handles_in_one_place(void **state)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_GenerateKeyPair(session, &m, &public, 1, NULL, 0, &o, NULL));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_GenerateKeyPair(session, &m, &public, 1, NULL, 0, NULL, &o));
    assert_int_equal(o, CK_INVALID_HANDLE);
}

/* The key of a logged-out user cannot be used by its old handle, by nobody. */
static void test_sessions_of_others(void **state)
{
    CK_SESSION_HANDLE other = open_session();
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest);

    (void)state;
    /* An operation belongs to its session. */
    ASSERT_OK(p11->C_DigestInit(other, &m));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(session, digest, &n));
    ASSERT_OK(p11->C_CloseSession(other));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_DigestFinal(other, digest, &n));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/badinput/template/good", test_good_templates),
        TEST("/badinput/template/unknown", test_unknown_attributes),
        TEST("/badinput/template/duplicate", test_duplicate_attributes),
        TEST("/badinput/template/values", test_bad_values),
        TEST("/badinput/template/read-only", test_read_only_attributes),
        TEST("/badinput/template/nested", test_nested_templates),
        TEST("/badinput/template/nested-bounded", test_nested_templates_are_bounded),
        TEST("/badinput/template/too-many", test_too_many_attributes),
        TEST("/badinput/parameter/misaligned", test_misaligned_parameter),
        TEST("/badinput/pin-lengths", test_pin_lengths),
        TEST("/badinput/random", test_random),
        TEST("/badinput/handles", test_handles),
        TEST("/badinput/handles/pair", test_pair_handles_in_one_place),
        TEST("/badinput/sessions-of-others", test_sessions_of_others),
        TEST("/badinput/too-large-for-the-store", test_too_large_for_the_store),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
