/* SPDX-License-Identifier: BSD-2-Clause */
/* test-search.c - C_FindObjects: what is found, by whom, in what order of calls (v3.2 5.7.7 ff). */
#include "support/reference.h"

#include <stdio.h>
#include <string.h>

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static void destroy_all(CK_SESSION_HANDLE h, const char *label)
{
    CK_OBJECT_HANDLE o;

    while (find_label(h, label, &o) > 0)
        ASSERT_OK(p11->C_DestroyObject(h, o));
}

/* Every search below is done for session objects and for token objects. */
static CK_BBOOL as_token;

static int setup_session_objects(void **state)
{
    as_token = CK_FALSE;
    return each_setup(state);
}

static int setup_token_objects(void **state)
{
    as_token = CK_TRUE;
    return each_setup(state);
}

static int teardown_objects(void **state)
{
    (void)state;
    close_all();
    destroy_all(open_user(), "sought");
    return 0;
}

static void test_by_attributes(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE pub, priv, found = CK_INVALID_HANDLE;
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "sought"), ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_EC), ATTR_TEXT(CKA_ID, "sought"),
                        ATTR_TRUE(CKA_SIGN), ATTR_OBJ(CKA_TOKEN, as_token),
                        ATTR_TRUE(CKA_PRIVATE)};
    CK_ATTRIBUTE other = ATTR_FALSE(CKA_SIGN);

    (void)state;
    make_ec(h, as_token, "sought", &pub, &priv);
    make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    assert_int_equal(find_objects(h, v, 1, NULL), 3);
    for (CK_ULONG n = 2; n <= N_ELEMENTS(v); n++) {
        assert_int_equal(find_objects(h, v, n, &found), 1);
        assert_int_equal(found, priv);
    }
    v[4] = other;
    assert_int_equal(find_objects(h, v, 5, NULL), 0);
}

static void test_nothing_matches(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "sought"), {0, NULL, 0}};

    (void)state;
    make_aes(h, 32, as_token, "sought");
    assert_int_equal(find_objects(h, v, 1, NULL), 1);
    /* An attribute that the object has not, and one that nobody has. */
    v[1] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_MODULUS, "m");
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    v[1] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_VENDOR_DEFINED | 4711);
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    /* The same attribute with two values. */
    v[1] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_LABEL, "other");
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    /* An empty value is a value: the object has an empty CKA_ID. */
    make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    v[1] = (CK_ATTRIBUTE){CKA_APPLICATION, NULL, 0};
    assert_int_equal(find_objects(h, v, 2, NULL), 1);
}

/* The length and the prefix of a value are not the value. */
static void test_values_whole(void **state)
{
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    assert_int_equal(find_label(h, "sough", NULL), 0);
    assert_int_equal(find_label(h, "soughtt", NULL), 0);
    assert_int_equal(find_label(h, "Sought", NULL), 0);
    assert_int_equal(find_label(h, "", NULL), 0);
}

/* v3.2 5.7.7: private objects only for their user, even when they are asked for by name. */
static void test_private_objects(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "sought"), ATTR_TRUE(CKA_PRIVATE)};

    (void)state;
    make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    make_data(h, as_token, CK_FALSE, "sought", "v", 1);
    assert_int_equal(find_objects(h, v, 1, NULL), 2);
    assert_int_equal(find_objects(h, v, 2, NULL), 1);
    ASSERT_OK(p11->C_Logout(h));
    assert_int_equal(find_objects(h, v, 1, NULL), 1);
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    ASSERT_OK(p11->C_Login(h, CKU_SO, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, strlen(SO_PIN)));
    assert_int_equal(find_objects(h, v, 1, NULL), 1);
}

/* A search must not tell whether a guess at a secret is right. */
static void test_no_oracle(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    uint8_t value[16] = "a known AES key";
    CK_ATTRIBUTE make[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                           ATTR(CKA_VALUE, value, sizeof(value)), ATTR_OBJ(CKA_TOKEN, as_token),
                           ATTR_TEXT(CKA_LABEL, "sought"), ATTR_TRUE(CKA_SENSITIVE),
                           ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "sought"), ATTR(CKA_VALUE, value, sizeof(value))};
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, make, N_ELEMENTS(make), &o));
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    make[5] = (CK_ATTRIBUTE)ATTR_FALSE(CKA_SENSITIVE);
    make[6] = (CK_ATTRIBUTE)ATTR_FALSE(CKA_EXTRACTABLE);
    ASSERT_OK(p11->C_CreateObject(h, make, N_ELEMENTS(make), &o));
    assert_int_equal(find_objects(h, v, 2, NULL), 0);
    make[6] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_EXTRACTABLE);
    ASSERT_OK(p11->C_CreateObject(h, make, N_ELEMENTS(make), &o));
    assert_int_equal(find_objects(h, v, 2, NULL), 1);
}

/* What was found at Init is handed out, a few at a time, whatever happens meanwhile. */
static void test_snapshot(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "sought")};
    CK_OBJECT_HANDLE made[7], found[7] = {0}, none = 4711;
    CK_ULONG n = 99, size;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(made); i++)
        made[i] = make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    ASSERT_OK(p11->C_FindObjectsInit(h, v, 1));
    make_data(h, as_token, CK_TRUE, "sought", "v", 1);
    ASSERT_OK(p11->C_DestroyObject(h, made[6]));
    for (size_t i = 0; i < N_ELEMENTS(found); i++) {
        ASSERT_OK(p11->C_FindObjects(h, &found[i], 1, &n));
        assert_int_equal(n, 1);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(found[i], found[j]);
    }
    ASSERT_OK(p11->C_FindObjects(h, &none, 1, &n));
    assert_int_equal(n, 0);
    assert_int_equal(none, 4711);
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, made[6], &size));
    assert_int_equal(find_label(h, "sought", NULL), 7);
}

/* More matches than fit one list row, one page of a list, one call. */
static void test_many(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE o;

    (void)state;
    for (CK_ULONG i = 1; i <= 200; i++) {
        make_data(h, as_token, CK_TRUE, "sought", &i, sizeof(i));
        if (i == 64 || i == 65 || i == 200)
            assert_int_equal(find_label(h, "sought", NULL), i);
    }
    for (CK_ULONG left = 199; left > 0; left--) {
        CK_ATTRIBUTE a = ATTR_TEXT(CKA_LABEL, "not sought");

        assert_true(find_label(h, "sought", &o) > 0);
        if (left % 2 == 0)
            ASSERT_OK(p11->C_DestroyObject(h, o));
        else
            ASSERT_OK(p11->C_SetAttributeValue(h, o, &a, 1));
        if (left == 150 || left == 64 || left == 1)
            assert_int_equal(find_label(h, "sought", NULL), left);
    }
    destroy_all(h, "not sought");
}

/* -- the state of a search -------------------------------------------------------------------- */

static void test_calls_in_order(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_OBJECT_HANDLE o;
    CK_ULONG n = 99;

    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(h, &o, 1, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(h));
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjects(h, NULL, 1, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjects(h, &o, 1, NULL));
    ASSERT_OK(p11->C_FindObjects(h, &o, 0, &n));
    assert_int_equal(n, 0);
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(h, NULL, 1));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(h));
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_OK(p11->C_SessionCancel(h, CKF_FIND_OBJECTS));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(h));
}

/* Searches and operations of a session do not get in each other's way. */
static void test_beside_an_operation(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest), n_found;
    CK_OBJECT_HANDLE o;

    (void)state;
    make_data(h, CK_FALSE, CK_TRUE, "beside", "v", 1);
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_OK(p11->C_FindObjects(h, &o, 1, &n_found));
    assert_int_equal(n_found, 1);
    ASSERT_OK(p11->C_Digest(h, digest, 3, digest, &n));
    ASSERT_OK(p11->C_FindObjectsFinal(h));
}

/* An empty template finds everything that may be seen, and nothing that the token made itself. */
static void test_everything(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_ATTRIBUTE token = ATTR_TRUE(CKA_TOKEN);

    (void)state;
    while (find_objects(h, &token, 1, &o) > 0)
        ASSERT_OK(p11->C_DestroyObject(h, o));
    assert_int_equal(find_objects(h, NULL, 0, NULL), 0);
    make_data(h, CK_TRUE, CK_TRUE, "one", "v", 1);
    make_data(h, CK_TRUE, CK_FALSE, "two", "v", 1);
    make_data(h, CK_FALSE, CK_TRUE, "three", "v", 1);
    make_data(h, CK_FALSE, CK_FALSE, "four", "v", 1);
    assert_int_equal(find_objects(h, NULL, 0, NULL), 4);
    assert_int_equal(find_objects(h, &token, 1, NULL), 2);
    ASSERT_OK(p11->C_Logout(h));
    assert_int_equal(find_objects(h, NULL, 0, NULL), 2);
}

#define BOTH(name, fn)                                                                             \
    {name "/session", fn, setup_session_objects, teardown_objects, NULL},                          \
        {name "/token", fn, setup_token_objects, teardown_objects, NULL}
#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("/search/by-attributes", test_by_attributes),
        BOTH("/search/nothing-matches", test_nothing_matches),
        BOTH("/search/values-whole", test_values_whole),
        BOTH("/search/private", test_private_objects),
        BOTH("/search/no-oracle", test_no_oracle),
        BOTH("/search/snapshot", test_snapshot),
        BOTH("/search/many", test_many),
        TEST("/search/calls-in-order", test_calls_in_order),
        TEST("/search/beside-an-operation", test_beside_an_operation),
        TEST("/search/everything", test_everything),
    };

    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
