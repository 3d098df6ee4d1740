/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-object-life.c - copies, destruction, what outlives a session or a process, pairs that
 * appear whole or not at all (PKCS#11 v3.2 5.7).
 */
#include "support/reference.h"
#include "support/sanitized.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static CK_OBJECT_HANDLE copy_of(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *v,
                                CK_ULONG n)
{
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CopyObject(h, o, v, n, &ret));
    assert_int_not_equal(ret, o);
    return ret;
}

static CK_RV sign_with(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE data[32] = {1}, signature[128];
    CK_ULONG n = sizeof(signature);
    const CK_RV rv = p11->C_SignInit(h, &m, key);

    return rv == CKR_OK ? p11->C_Sign(h, data, sizeof(data), signature, &n) : rv;
}

/* -- copy ------------------------------------------------------------------------------------- */

/* What providers do to every key they use: a sensitive one into the session. */
static void test_copy_key_to_session(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_FALSE(CKA_TOKEN)};
    CK_OBJECT_HANDLE pub, priv, copy;
    char id[2][64];

    (void)state;
    make_ec(h, CK_TRUE, "original", &pub, &priv);
    copy = copy_of(h, priv, v, 1);
    assert_int_equal(attr_bool(h, copy, CKA_TOKEN), CK_FALSE);
    assert_int_equal(attr_bool(h, copy, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(h, copy, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(h, copy, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(h, copy, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    assert_int_equal(attr_bool(h, copy, CKA_LOCAL), CK_TRUE);
    assert_int_equal(attr_get(h, priv, CKA_UNIQUE_ID, id[0], 64), 32);
    assert_int_equal(attr_get(h, copy, CKA_UNIQUE_ID, id[1], 64), 32);
    assert_memory_not_equal(id[0], id[1], 32);
    ASSERT_OK(p11->C_DestroyObject(h, priv));
    ASSERT_OK(sign_with(h, copy));
    ASSERT_OK(p11->C_DestroyObject(h, pub));
}

/* NSS copies with no template at all. */
static void test_copy_without_template(void **state)
{
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    for (CK_BBOOL token = CK_FALSE; token <= CK_TRUE; token++) {
        const CK_OBJECT_HANDLE o = make_data(h, token, CK_TRUE, "copied", "v", 1);
        const CK_OBJECT_HANDLE copy = copy_of(h, o, NULL, 0);

        assert_int_equal(attr_bool(h, copy, CKA_TOKEN), token);
        assert_int_equal(find_label(h, "copied", NULL), 2);
        ASSERT_OK(p11->C_DestroyObject(h, o));
        ASSERT_OK(p11->C_DestroyObject(h, copy));
    }
}

/* Java makes a session key a token key, with a name. */
static void test_copy_to_token(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 32, CK_FALSE, "in memory");
    CK_ATTRIBUTE v[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "kept"),
                        ATTR_TEXT(CKA_ID, "kept")};
    CK_OBJECT_HANDLE copy;

    (void)state;
    (void)copy_of(h, o, v, N_ELEMENTS(v));
    close_all();
    assert_int_equal(find_label(open_user(), "kept", &copy), 1);
}

static void test_copy_refused(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 32, CK_FALSE, "source");
    CK_ATTRIBUTE v[] = {ATTR_FALSE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE copy = 4711;

    (void)state;
    /* Private never becomes public. */
    assert_int_equal(attr_bool(h, o, CKA_PRIVATE), CK_TRUE);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(h, o, v, 1, &copy));
    v[0] = (CK_ATTRIBUTE)ATTR_TEXT(CKA_VALUE, "0123456789abcdef");
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(h, o, v, 1, &copy));
    v[0] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(h, o, v, 1, &copy));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_CopyObject(h, 99, NULL, 0, &copy));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_CopyObject(h, o, NULL, 0, NULL));
    assert_int_equal(copy, 4711);
    assert_int_equal(find_label(h, "source", NULL), 1);
}

/* -- destroy ---------------------------------------------------------------------------------- */

static void test_destroy(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    CK_ULONG size;

    (void)state;
    for (CK_BBOOL token = CK_FALSE; token <= CK_TRUE; token++) {
        const CK_OBJECT_HANDLE o = make_data(h, token, CK_TRUE, "short-lived", "v", 1);
        CK_OBJECT_HANDLE next;

        ASSERT_OK(p11->C_DestroyObject(other, o));
        ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(h, o, &size));
        ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, o));
        assert_int_equal(find_label(h, "short-lived", NULL), 0);
        /* Its handle is not given to anybody else. */
        next = make_data(h, token, CK_TRUE, "next", "v", 1);
        assert_int_not_equal(next, o);
        ASSERT_OK(p11->C_DestroyObject(h, next));
    }
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, CK_INVALID_HANDLE));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, (CK_OBJECT_HANDLE)-1));
}

/* An operation has what it needs: it ends well although its key is gone, and is the last one. */
static void test_destroy_while_signing(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE data[32] = {1}, signature[128];
    CK_ULONG n = sizeof(signature);
    CK_OBJECT_HANDLE pub, priv;

    (void)state;
    make_ec(h, CK_TRUE, "going", &pub, &priv);
    ASSERT_OK(p11->C_SignInit(h, &m, priv));
    ASSERT_OK(p11->C_DestroyObject(h, priv));
    ASSERT_OK(p11->C_Sign(h, data, sizeof(data), signature, &n));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(h, &m, priv));
    ASSERT_OK(p11->C_VerifyInit(h, &m, pub));
    ASSERT_OK(p11->C_Verify(h, data, sizeof(data), signature, n));
    ASSERT_OK(p11->C_DestroyObject(h, pub));
}

/* -- what lives how long ---------------------------------------------------------------------- */

static int other_application(void *arg)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    int wrong = 0;

    (void)arg;
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 100;
    h = open_user();
    wrong += find_label(h, "of the token", NULL) == 1 ? 0 : 1;
    wrong += find_label(h, "of the session", NULL) == 0 ? 0 : 2;
    make_data(h, CK_TRUE, CK_TRUE, "of the child", "v", 1);
    return wrong + (p11->C_Finalize(NULL) == CKR_OK ? 0 : 4);
}

static void test_other_application(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_data(h, CK_TRUE, CK_TRUE, "of the token", "v", 1);
    CK_OBJECT_HANDLE child = CK_INVALID_HANDLE;

    (void)state;
    make_data(h, CK_FALSE, CK_TRUE, "of the session", "v", 1);
    assert_int_equal(in_child(other_application, NULL), 0);
    /* What the other one made is there at once. */
    assert_int_equal(find_label(h, "of the child", &child), 1);
    ASSERT_OK(p11->C_DestroyObject(h, child));
    ASSERT_OK(p11->C_DestroyObject(h, o));
}

static int destroy_in_child(void *arg)
{
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE h;

    (void)arg;
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 1;
    h = open_user();
    if (find_label(h, "shared", &o) != 1)
        return 2;
    return p11->C_DestroyObject(h, o) == CKR_OK && p11->C_Finalize(NULL) == CKR_OK ? 0 : 3;
}

static int rename_in_child(void *arg)
{
    CK_ATTRIBUTE a = ATTR_TEXT(CKA_LABEL, "renamed");
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE h;

    (void)arg;
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 1;
    h = open_user();
    if (find_label(h, "shared", &o) != 1)
        return 2;
    return p11->C_SetAttributeValue(h, o, &a, 1) == CKR_OK ? 0 : 3;
}

/* Another process's changes are seen through handles that this one holds, cached or not. */
static void test_changed_by_another(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE o = make_data(h, CK_TRUE, CK_TRUE, "shared", "v", 1);
    char text[32];

    (void)state;
    assert_int_equal(attr_get(h, o, CKA_LABEL, text, sizeof(text)), 6);
    assert_int_equal(in_child(rename_in_child, NULL), 0);
    assert_int_equal(attr_get(h, o, CKA_LABEL, text, sizeof(text)), 7);
    assert_memory_equal(text, "renamed", 7);
    ASSERT_OK(p11->C_DestroyObject(h, o));
    o = make_data(h, CK_TRUE, CK_TRUE, "shared", "v", 1);
    assert_int_equal(in_child(destroy_in_child, NULL), 0);
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, attr_query(h, o, CKA_LABEL));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, o));
}

static void test_outlives_the_library(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE pub, priv;
    char before[64], after[64];

    (void)state;
    make_ec(h, CK_TRUE, "outlives", &pub, &priv);
    assert_int_equal(attr_get(h, priv, CKA_UNIQUE_ID, before, 64), 32);
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    assert_int_equal(find_label(h, "outlives", NULL), 2);
    CK_ATTRIBUTE v[] = {ATTR_TEXT(CKA_LABEL, "outlives"), ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY)};
    assert_int_equal(find_objects(h, v, 2, &priv), 1);
    assert_int_equal(attr_get(h, priv, CKA_UNIQUE_ID, after, 64), 32);
    assert_memory_equal(before, after, 32);
    ASSERT_OK(sign_with(h, priv));
}

static void test_unique_ids(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    char ids[8][32];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
        const CK_OBJECT_HANDLE o = make_data(h, i % 2, i % 4 < 2, "numbered", "v", 1);
        CK_ATTRIBUTE a = {CKA_UNIQUE_ID, ids[i], sizeof(ids[i])};
        CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;

        ASSERT_OK(p11->C_GetAttributeValue(h, o, &a, 1));
        for (size_t c = 0; c < sizeof(ids[i]); c++)
            assert_true(isxdigit((unsigned char)ids[i][c]));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(ids[i], ids[j], sizeof(ids[i]));
        assert_int_equal(find_objects(h, &a, 1, &found), 1);
        assert_int_equal(found, o);
    }
}

/* -- pairs ------------------------------------------------------------------------------------ */

static CK_RV make_pair_with(CK_SESSION_HANDLE h, CK_ATTRIBUTE public, CK_ATTRIBUTE private)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_TEXT(CKA_LABEL, "a pair"), public};
    CK_ATTRIBUTE priv[] = {ATTR_TEXT(CKA_LABEL, "a pair"), private};
    CK_OBJECT_HANDLE a = 4711, b = 4711;
    const CK_RV rv = p11->C_GenerateKeyPair(h, &m, pub, 3, priv, 2, &a, &b);

    assert_int_equal(rv == CKR_OK, a != 4711);
    assert_int_equal(rv == CKR_OK, b != 4711);
    return rv;
}

static void test_pair_whole_or_none(void **state)
{
    CK_SESSION_HANDLE ro = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE h = open_session();

    (void)state;
    /* The private half may not be made, so the public one is not. */
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, make_pair_with(h, (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN),
                                                     (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN)));
    assert_int_equal(find_label(h, "a pair", NULL), 0);
    close_all();
    h = open_user();
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, make_pair_with(h, (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN),
                                                      (CK_ATTRIBUTE)ATTR_TRUE(CKA_LOCAL)));
    ASSERT_RV(CKR_SESSION_READ_ONLY, make_pair_with(ro, (CK_ATTRIBUTE)ATTR_FALSE(CKA_TOKEN),
                                                    (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN)));
    assert_int_equal(find_label(h, "a pair", NULL), 0);
    /* Each half where its template wants it. */
    ASSERT_OK(make_pair_with(h, (CK_ATTRIBUTE)ATTR_FALSE(CKA_TOKEN),
                             (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN)));
    ASSERT_OK(make_pair_with(h, (CK_ATTRIBUTE)ATTR_TRUE(CKA_TOKEN),
                             (CK_ATTRIBUTE)ATTR_FALSE(CKA_TOKEN)));
    assert_int_equal(find_label(h, "a pair", NULL), 4);
    close_all();
    assert_int_equal(find_label(open_user(), "a pair", NULL), 2);
}

/* -- what stays in memory --------------------------------------------------------------------- */

#define LARGE   ((size_t)1024 * 1024)
#define N_LARGE (SANITIZED ? 2 : 40)

/* RssAnon of this process in bytes: what no file stands behind. */
static size_t memory_of_process(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    size_t kib = 0;

    assert_non_null(file);
    while (kib == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "RssAnon: %zu kB", &kib) != 1)
            kib = 0;
    }
    (void)fclose(file);
    assert_true(kib > 0);
    return kib * 1024;
}

/* Who has no PIN can read public objects, as large as they come: they do not stay. Not for a
 * sanitizer, which keeps what was freed. */
static void test_large_are_not_kept(void **state)
{
    uint8_t *value = calloc(1, LARGE);
    CK_OBJECT_HANDLE o[N_LARGE];
    CK_SESSION_HANDLE h = open_user();
    size_t before;

    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < N_LARGE; i++)
        o[i] = make_data(h, CK_TRUE, CK_FALSE, "large", value, LARGE);
    close_all();
    h = open_session();
    assert_int_equal(attr_get(h, o[0], CKA_VALUE, value, LARGE), LARGE);
    before = memory_of_process();
    for (size_t i = 0; i < N_LARGE; i++)
        assert_int_equal(attr_get(h, o[i], CKA_VALUE, value, LARGE), LARGE);
    if (!SANITIZED)
        assert_in_range(memory_of_process(), 0, before + N_LARGE * LARGE / 2);
    for (size_t i = 0; i < N_LARGE; i++)
        ASSERT_OK(p11->C_DestroyObject(h, o[i]));
    free(value);
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/object/copy/key-to-session", test_copy_key_to_session),
        TEST("/object/copy/without-template", test_copy_without_template),
        TEST("/object/copy/to-token", test_copy_to_token),
        TEST("/object/copy/refused", test_copy_refused),
        TEST("/object/destroy", test_destroy),
        TEST("/object/destroy/while-signing", test_destroy_while_signing),
        TEST("/object/life/other-application", test_other_application),
        TEST("/object/life/changed-by-another", test_changed_by_another),
        TEST("/object/life/outlives-the-library", test_outlives_the_library),
        TEST("/object/unique-id", test_unique_ids),
        TEST("/object/pair/whole-or-none", test_pair_whole_or_none),
        TEST("/object/large-are-not-kept", test_large_are_not_kept),
    };

    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
