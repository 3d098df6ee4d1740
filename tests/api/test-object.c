/* SPDX-License-Identifier: BSD-2-Clause */
/* test-object.c - objects made, read and changed (PKCS#11 v3.2 5.7, 4.4, 4.5). */
#include "support/reference.h"

#include <string.h>

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static CK_SESSION_HANDLE open_ro(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
    return h;
}

static CK_RV set_label(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, const char *label)
{
    CK_ATTRIBUTE a = ATTR(CKA_LABEL, label, strlen(label));

    return p11->C_SetAttributeValue(h, o, &a, 1);
}

static CK_RV set_flag(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
                      CK_BBOOL value)
{
    CK_ATTRIBUTE a = {type, &value, sizeof(value)};

    return p11->C_SetAttributeValue(h, o, &a, 1);
}

static CK_RV copy_with(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
                       CK_BBOOL value)
{
    CK_ATTRIBUTE a = {type, &value, sizeof(value)};
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;

    return p11->C_CopyObject(h, o, &a, 1, &copy);
}

static void assert_label(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, const char *label)
{
    char text[64];

    assert_int_equal(attr_get(h, o, CKA_LABEL, text, sizeof(text)), strlen(label));
    assert_memory_equal(text, label, strlen(label));
}

/* -- create ----------------------------------------------------------------------------------- */

static void test_create_data_defaults(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TEXT(CKA_VALUE, "a sealed secret")};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    char value[32];

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    assert_int_equal(attr_ulong(h, o, CKA_CLASS), CKO_DATA);
    assert_int_equal(attr_bool(h, o, CKA_TOKEN), CK_FALSE);
    assert_int_equal(attr_bool(h, o, CKA_PRIVATE), CK_TRUE);
    assert_int_equal(attr_bool(h, o, CKA_MODIFIABLE), CK_TRUE);
    assert_int_equal(attr_bool(h, o, CKA_COPYABLE), CK_TRUE);
    assert_int_equal(attr_bool(h, o, CKA_DESTROYABLE), CK_TRUE);
    assert_int_equal(attr_get(h, o, CKA_LABEL, value, sizeof(value)), 0);
    assert_int_equal(attr_get(h, o, CKA_APPLICATION, value, sizeof(value)), 0);
    assert_int_equal(attr_get(h, o, CKA_OBJECT_ID, value, sizeof(value)), 0);
    assert_int_equal(attr_get(h, o, CKA_VALUE, value, sizeof(value)), 15);
    assert_memory_equal(value, "a sealed secret", 15);
}

/* A template that must be refused, and the object that must then not be there. */
#define ASSERT_REFUSED(rv, h, ...)                                                                 \
    do {                                                                                           \
        CK_ATTRIBUTE refused_[] = {ATTR_TEXT(CKA_LABEL, "refused"), __VA_ARGS__};                  \
        CK_OBJECT_HANDLE o_ = 4711;                                                                \
        ASSERT_RV(rv, p11->C_CreateObject((h), refused_, N_ELEMENTS(refused_), &o_));              \
        assert_int_equal(o_, 4711);                                                                \
        assert_int_equal(find_label((h), "refused", NULL), 0);                                     \
    } while (0)

static void test_create_refused(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    static const CK_BBOOL two = 2;
    static const uint32_t narrow = CKO_DATA;

    (void)state;
    ASSERT_REFUSED(CKR_TEMPLATE_INCOMPLETE, h, ATTR_TEXT(CKA_VALUE, "no class"));
    ASSERT_REFUSED(CKR_TEMPLATE_INCONSISTENT, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR_TEXT(CKA_LABEL, "twice"));
    ASSERT_REFUSED(CKR_TEMPLATE_INCONSISTENT, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY));
    ASSERT_REFUSED(CKR_ATTRIBUTE_TYPE_INVALID, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR_TRUE(CKA_SENSITIVE));
    ASSERT_REFUSED(CKR_ATTRIBUTE_TYPE_INVALID, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR_TRUE(CKA_VENDOR_DEFINED | 99));
    ASSERT_REFUSED(CKR_ATTRIBUTE_VALUE_INVALID, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR(CKA_TOKEN, &two, sizeof(two)));
    ASSERT_REFUSED(CKR_ATTRIBUTE_VALUE_INVALID, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR(CKA_TOKEN, &narrow, sizeof(narrow)));
    ASSERT_REFUSED(CKR_ATTRIBUTE_VALUE_INVALID, h, ATTR(CKA_CLASS, &narrow, sizeof(narrow)));
    ASSERT_REFUSED(CKR_ATTRIBUTE_VALUE_INVALID, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR(CKA_VALUE, NULL, 5));
    ASSERT_REFUSED(CKR_ATTRIBUTE_VALUE_INVALID, h, ATTR_ULONG(CKA_CLASS, 0x4711));
    ASSERT_REFUSED(CKR_ATTRIBUTE_READ_ONLY, h, ATTR_ULONG(CKA_CLASS, CKO_DATA),
                   ATTR_TEXT(CKA_UNIQUE_ID, "mine"));
    /* What the token alone makes. */
    ASSERT_REFUSED(CKR_ATTRIBUTE_READ_ONLY, h, ATTR_ULONG(CKA_CLASS, CKO_TEE_DEK));
    ASSERT_REFUSED(CKR_ATTRIBUTE_READ_ONLY, h, ATTR_ULONG(CKA_CLASS, CKO_PROFILE));
}

static void test_create_misaligned(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    uint8_t room[sizeof(CK_ULONG) + 1];
    const CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE a = {CKA_CLASS, room + 1, sizeof(class)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    memcpy(room + 1, &class, sizeof(class));
    ASSERT_OK(p11->C_CreateObject(h, &a, 1, &o));
    assert_int_equal(attr_ulong(h, o, CKA_CLASS), CKO_DATA);
}

static void test_create_who_may(void **state)
{
    CK_ATTRIBUTE private[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TEXT(CKA_LABEL, "may not")};
    CK_ATTRIBUTE token[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TEXT(CKA_LABEL, "may not"),
                            ATTR_FALSE(CKA_PRIVATE), ATTR_TRUE(CKA_TOKEN)};
    CK_SESSION_HANDLE ro = open_ro(), rw = open_session();
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_CreateObject(rw, private, N_ELEMENTS(private), &o));
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_CreateObject(ro, token, N_ELEMENTS(token), &o));
    assert_int_equal(find_label(rw, "may not", NULL), 0);
    /* Public session objects can be made by anybody, in any session. */
    make_data(ro, CK_FALSE, CK_FALSE, "public in memory", "v", 1);
    ASSERT_OK(p11->C_CreateObject(rw, token, N_ELEMENTS(token), &o));
    ASSERT_OK(p11->C_DestroyObject(rw, o));
    close_all();
    rw = open_so();
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_CreateObject(rw, private, N_ELEMENTS(private), &o));
}

static void test_values_of_every_length(void **state)
{
    static const CK_ULONG lengths[] = {0, 1, 15, 16, 4095, 4096, 4097, 65536, 1000003};
    static uint8_t value[1000003], back[1000003];
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        CK_OBJECT_HANDLE o;

        fill_pattern(value, lengths[i], (unsigned)i);
        make_data(h, CK_TRUE, CK_TRUE, "of some length", value, lengths[i]);
        /* Found anew: read from the store by a handle of its own. */
        assert_int_equal(find_label(h, "of some length", &o), 1);
        assert_int_equal(attr_get(h, o, CKA_VALUE, back, sizeof(back)), lengths[i]);
        assert_memory_equal(back, value, lengths[i]);
        ASSERT_OK(p11->C_DestroyObject(h, o));
    }
}

static void test_too_large(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    static const uint8_t one = 1;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR(CKA_VALUE, &one, (CK_ULONG)-2)};
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_CreateObject(h, v, 100000, &o));
}

/* -- get -------------------------------------------------------------------------------------- */

/* v3.2 5.7.5: every entry is answered, whatever becomes of the others. */
static void test_get_answers_every_entry(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 32, CK_FALSE, "half told");
    CK_BBOOL token = 2;
    char label[4], longer[16];
    CK_ATTRIBUTE v[] = {{CKA_TOKEN, &token, sizeof(token)}, {CKA_VALUE, longer, sizeof(longer)},
                        {CKA_MODULUS, longer, sizeof(longer)}, {CKA_LABEL, label, sizeof(label)},
                        {CKA_ID, NULL, 99}, {CKA_VALUE_LEN, NULL, 0}};
    const CK_RV rv = p11->C_GetAttributeValue(h, o, v, N_ELEMENTS(v));

    (void)state;
    assert_true(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
                rv == CKR_BUFFER_TOO_SMALL);
    assert_int_equal(token, CK_FALSE);
    assert_int_equal(v[0].ulValueLen, 1);
    for (size_t i = 1; i <= 3; i++)
        assert_int_equal(v[i].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(v[4].ulValueLen, 0);
    assert_int_equal(v[5].ulValueLen, sizeof(CK_ULONG));
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(h, o, CKA_VALUE));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(h, o, CKA_MODULUS));
    /* An unrestricted key has no list of mechanisms: absent, not empty. */
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(h, o, CKA_ALLOWED_MECHANISMS));
}

static void test_get_length(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_data(h, CK_FALSE, CK_TRUE, "exact", "12345", 5);
    char room[16] = "################";
    CK_ATTRIBUTE a = {CKA_VALUE, NULL, 0};

    (void)state;
    ASSERT_OK(p11->C_GetAttributeValue(h, o, &a, 1));
    assert_int_equal(a.ulValueLen, 5);
    a = (CK_ATTRIBUTE){CKA_VALUE, room, sizeof(room)};
    ASSERT_OK(p11->C_GetAttributeValue(h, o, &a, 1));
    assert_int_equal(a.ulValueLen, 5);
    assert_memory_equal(room, "12345###########", 16);
    a = (CK_ATTRIBUTE){CKA_VALUE, room, 4};
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(h, o, &a, 1));
    assert_int_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ASSERT_OK(p11->C_GetAttributeValue(h, o, NULL, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(h, o, NULL, 1));
}

static void test_size(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE small = make_data(h, CK_TRUE, CK_TRUE, "small", "v", 1);
    static uint8_t value[5000];
    const CK_OBJECT_HANDLE large = make_data(h, CK_TRUE, CK_TRUE, "large", value, sizeof(value));
    CK_ULONG n_small = 0, n_large = 0;

    (void)state;
    ASSERT_OK(p11->C_GetObjectSize(h, small, &n_small));
    ASSERT_OK(p11->C_GetObjectSize(h, large, &n_large));
    assert_true(n_small > 0 && n_large >= n_small + 4900);
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, 0, &n_small));
    ASSERT_OK(p11->C_DestroyObject(h, small));
    ASSERT_OK(p11->C_DestroyObject(h, large));
}

/* Nothing ever says what a sensitive or unextractable value is. */
static void test_secrets_stay(void **state)
{
    static const CK_ATTRIBUTE_TYPE rsa[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2,
                                            CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT};
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE pub, priv;
    const CK_OBJECT_HANDLE aes = make_aes(h, 32, CK_TRUE, "stays");

    (void)state;
    make_rsa(h, 2048, CK_FALSE, "stays too", &pub, &priv);
    for (size_t i = 0; i < N_ELEMENTS(rsa); i++)
        ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(h, priv, rsa[i]));
    make_ec(h, CK_FALSE, "and this", &pub, &priv);
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(h, priv, CKA_VALUE));
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(h, aes, CKA_VALUE));
    ASSERT_OK(p11->C_DestroyObject(h, aes));
}

/* -- set -------------------------------------------------------------------------------------- */

static void test_set_and_find_again(void **state)
{
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    for (CK_BBOOL token = CK_FALSE; token <= CK_TRUE; token++) {
        const CK_OBJECT_HANDLE o = make_aes(h, 16, token, "old name");
        CK_ATTRIBUTE id = ATTR_TEXT(CKA_ID, "new id");

        ASSERT_OK(set_label(h, o, "new name"));
        ASSERT_OK(p11->C_SetAttributeValue(h, o, &id, 1));
        assert_label(h, o, "new name");
        assert_int_equal(find_label(h, "old name", NULL), 0);
        assert_int_equal(find_label(h, "new name", NULL), 1);
        assert_int_equal(find_objects(h, &id, 1, NULL), 1);
        ASSERT_OK(p11->C_SetAttributeValue(h, o, NULL, 0));
        ASSERT_OK(p11->C_DestroyObject(h, o));
    }
}

static void test_set_refused_changes_nothing(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 16, CK_TRUE, "as it was");
    CK_ATTRIBUTE second_bad[] = {ATTR_TEXT(CKA_LABEL, "changed"), ATTR_FALSE(CKA_SENSITIVE)};
    CK_ATTRIBUTE twice[] = {ATTR_TEXT(CKA_LABEL, "changed"), ATTR_TEXT(CKA_LABEL, "changed")};
    CK_ATTRIBUTE a = ATTR_ULONG(CKA_CLASS, CKO_DATA);

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(h, o, second_bad, 2));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_SetAttributeValue(h, o, twice, 2));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(h, o, &a, 1));
    a = (CK_ATTRIBUTE)ATTR_TRUE(CKA_MODULUS);
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, p11->C_SetAttributeValue(h, o, &a, 1));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_LOCAL, CK_FALSE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_TOKEN, CK_FALSE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_TRUSTED, CK_TRUE));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, set_label(h, 0, "changed"));
    assert_label(h, o, "as it was");
    assert_int_equal(find_label(h, "changed", NULL), 0);
    ASSERT_OK(p11->C_DestroyObject(h, o));
}

/* Footnotes 11 and 12, by C_SetAttributeValue and by C_CopyObject. */
static void test_one_way(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const uint8_t value[16] = {1};
    const CK_OBJECT_HANDLE o = import_secret(h, CKK_AES, value, sizeof(value));

    (void)state;
    ASSERT_OK(set_flag(h, o, CKA_SENSITIVE, CK_TRUE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_SENSITIVE, CK_FALSE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, copy_with(h, o, CKA_SENSITIVE, CK_FALSE));
    ASSERT_OK(set_flag(h, o, CKA_EXTRACTABLE, CK_FALSE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_EXTRACTABLE, CK_TRUE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, copy_with(h, o, CKA_EXTRACTABLE, CK_TRUE));
    ASSERT_OK(set_flag(h, o, CKA_WRAP_WITH_TRUSTED, CK_TRUE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_WRAP_WITH_TRUSTED, CK_FALSE));
    /* History is the token's to write. */
    assert_int_equal(attr_bool(h, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(h, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_NEVER_EXTRACTABLE, CK_TRUE));
}

/* No order of changes gives one key both halves of a pair that reveals what it wraps. */
static void test_conflicting_usages(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP),
                        ATTR_TRUE(CKA_DECRYPT)};
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(h, &m, v, 3, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, set_flag(h, o, CKA_DECRYPT, CK_FALSE));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, copy_with(h, o, CKA_DECRYPT, CK_FALSE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_WRAP, CK_FALSE));
    ASSERT_OK(p11->C_GenerateKey(h, &m, v, 2, &o));
    assert_int_equal(attr_bool(h, o, CKA_DECRYPT), CK_FALSE);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, set_flag(h, o, CKA_DECRYPT, CK_TRUE));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, copy_with(h, o, CKA_DECRYPT, CK_TRUE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_flag(h, o, CKA_WRAP, CK_FALSE));
}

static void test_modifiable(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TEXT(CKA_LABEL, "fixed"),
                        ATTR_FALSE(CKA_MODIFIABLE), ATTR_FALSE(CKA_COPYABLE),
                        ATTR_FALSE(CKA_DESTROYABLE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE, copy = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    ASSERT_RV(CKR_ACTION_PROHIBITED, set_label(h, o, "changed"));
    ASSERT_RV(CKR_ACTION_PROHIBITED, set_flag(h, o, CKA_MODIFIABLE, CK_TRUE));
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(h, o, NULL, 0, &copy));
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(h, o));
    assert_label(h, o, "fixed");
    assert_int_equal(copy, CK_INVALID_HANDLE);
}

static void test_read_only_session(void **state)
{
    const CK_SESSION_HANDLE rw = open_user(), ro = open_ro();
    const CK_OBJECT_HANDLE token = make_data(rw, CK_TRUE, CK_TRUE, "of the token", "v", 1);
    const CK_OBJECT_HANDLE session = make_data(ro, CK_FALSE, CK_TRUE, "of the session", "v", 1);
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_RV(CKR_SESSION_READ_ONLY, set_label(ro, token, "changed"));
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_DestroyObject(ro, token));
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_CopyObject(ro, token, NULL, 0, &copy));
    ASSERT_RV(CKR_SESSION_READ_ONLY, copy_with(ro, session, CKA_TOKEN, CK_TRUE));
    /* Its own objects it may treat as it likes. */
    ASSERT_OK(copy_with(ro, token, CKA_TOKEN, CK_FALSE));
    ASSERT_OK(set_label(ro, session, "changed"));
    ASSERT_OK(p11->C_DestroyObject(ro, session));
    assert_label(ro, token, "of the token");
    ASSERT_OK(p11->C_DestroyObject(rw, token));
    /* What is not there can't be changed in any session: that it can't in this one is no answer. */
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, set_label(ro, token, "changed"));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, set_label(ro, CK_INVALID_HANDLE, "changed"));
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/object/create/data-defaults", test_create_data_defaults),
        TEST("/object/create/refused", test_create_refused),
        TEST("/object/create/misaligned", test_create_misaligned),
        TEST("/object/create/who-may", test_create_who_may),
        TEST("/object/create/every-length", test_values_of_every_length),
        TEST("/object/create/too-large", test_too_large),
        TEST("/object/get/every-entry", test_get_answers_every_entry),
        TEST("/object/get/length", test_get_length),
        TEST("/object/get/secrets-stay", test_secrets_stay),
        TEST("/object/size", test_size),
        TEST("/object/set/found-again", test_set_and_find_again),
        TEST("/object/set/refused", test_set_refused_changes_nothing),
        TEST("/object/set/one-way", test_one_way),
        TEST("/object/set/conflicting-usages", test_conflicting_usages),
        TEST("/object/set/modifiable", test_modifiable),
        TEST("/object/read-only-session", test_read_only_session),
    };

    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
