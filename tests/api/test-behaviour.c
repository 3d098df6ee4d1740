/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-behaviour.c - twenty-five things that PKCS#11 modules get wrong, one test each, so that it
 * can be seen at a glance that this one does not. The corners of each have tests of their own in
 * the other programs of this folder. Numbers of sections are those of PKCS#11 v3.2.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "support/reference.h"

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static CK_RV set_bool(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BBOOL to)
{
    CK_ATTRIBUTE v = ATTR_OBJ(type, to);

    return p11->C_SetAttributeValue(h, o, &v, 1);
}

static CK_OBJECT_HANDLE generate_aes(CK_SESSION_HANDLE h, const CK_ATTRIBUTE *more, size_t n)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[8] = {ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    if (n > 0)
        memcpy(v + 1, more, n * sizeof(*more));
    ASSERT_OK(p11->C_GenerateKey(h, &m, v, 1 + n, &o));
    return o;
}

/* 1 (5.2): asking for the length, or having too little room, ends nothing. */
static void test_length_query(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG n = 0;

    (void)state;
    make_ec(h, CK_FALSE, "signs", &public_key, &private_key);
    ASSERT_OK(p11->C_SignInit(h, &m, private_key));
    ASSERT_OK(p11->C_Sign(h, digest, 32, NULL, &n));
    assert_int_equal(n, 64);
    n = 63;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(h, digest, 32, signature, &n));
    assert_int_equal(n, 64);
    ASSERT_OK(p11->C_Sign(h, digest, 32, signature, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(h, digest, 32, signature, &n));
}

/* 2 (5.7.5): every entry is answered, whatever is wrong with the others. */
static void test_get_attribute_value(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 32, CK_FALSE, "answers");
    CK_BYTE value[32], modulus[32], label[32], small[2];
    CK_ATTRIBUTE v[] = {ATTR(CKA_VALUE, value, 32), ATTR(CKA_MODULUS, modulus, 32),
                        ATTR(CKA_LABEL, small, 2), ATTR(CKA_LABEL, label, 32)};
    const CK_RV rv = p11->C_GetAttributeValue(h, o, v, N_ELEMENTS(v));

    (void)state;
    assert_true(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
                rv == CKR_BUFFER_TOO_SMALL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(v[i].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    assert_int_equal(v[3].ulValueLen, 7);
    assert_memory_equal(label, "answers", 7);
}

/* 3: what a key has not, it has not; what is empty, is there. */
static void test_absent_or_empty(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE more = ATTR(CKA_ID, NULL, 0), id = ATTR(CKA_ID, NULL, 77);
    const CK_OBJECT_HANDLE o = generate_aes(h, &more, 1);

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(h, o, CKA_ALLOWED_MECHANISMS));
    ASSERT_OK(p11->C_GetAttributeValue(h, o, &id, 1));
    assert_int_equal(id.ulValueLen, 0);
}

static int child_of_fork(void *arg)
{
    CK_SESSION_HANDLE parents = *(CK_SESSION_HANDLE *)arg;
    CK_SESSION_INFO info;
    CK_INFO library;

    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&library));
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(parents, &info));
    (void)open_user();
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* 4: a child is not initialised, begins anew, and leaves its parent alone. */
static void test_fork(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_SESSION_INFO info;

    (void)state;
    assert_int_equal(in_child(child_of_fork, &h), 0);
    ASSERT_OK(p11->C_GetSessionInfo(h, &info));
    assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
    (void)make_aes(h, 32, CK_TRUE, "after the fork");
}

static CK_RV no_mutex(void **mutex)
{
    (void)mutex;
    return CKR_OK;
}

/* 5 (5.4.1): all four functions or none, nothing reserved, not twice. */
static void test_initialize_arguments(void **state)
{
    CK_C_INITIALIZE_ARGS args = {.CreateMutex = (CK_CREATEMUTEX)no_mutex};

    (void)state;
    ASSERT_RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args = (CK_C_INITIALIZE_ARGS){.pReserved = &args};
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args = (CK_C_INITIALIZE_ARGS){.flags = CKF_OS_LOCKING_OK};
    ASSERT_OK(p11->C_Initialize(&args));
}

static int exits_in_the_middle(void *arg)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_DigestInit(open_user(), &m));
    exit(0); /* with exit handlers, in the child of a fork */
}

/* 6: the end, with sessions and operations open, and an exit without it. */
static void test_finalize(void **state)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    const CK_SESSION_HANDLE h = open_user();
    CK_SESSION_INFO info;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(h));
    assert_int_equal(in_child(exits_in_the_middle, NULL), 0);
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(h, &info));
}

/* 7: the application's error queue is the application's. */
static void test_own_library_context(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_EC),
                        ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                        ATTR_TEXT(CKA_EC_POINT, "no point at all")};
    CK_OBJECT_HANDLE o;
    unsigned long error;

    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7);
    error = ERR_peek_error();
    assert_int_not_equal(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o), CKR_OK);
    assert_int_equal(ERR_get_error(), error);
    assert_int_equal(ERR_get_error(), 0);
}

/* 8 (5.6.9): logging out ends what is private: handles, session objects, operations. */
static void test_logout(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);

    (void)state;
    make_ec(h, CK_FALSE, "private", &public_key, &private_key);
    ASSERT_OK(p11->C_SignInit(h, &m, private_key));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(h, digest, 32, signature, &n));
    ASSERT_OK(p11->C_Login(h, CKU_USER, text(USER_PIN), strlen(USER_PIN)));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(h, &m, private_key));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, private_key));
}

/* 9 (5.6.8): who is logged in, is it for all sessions of the application. */
static void test_login_per_application(void **state)
{
    const CK_SESSION_HANDLE one = open_user(), other = open_session();
    CK_SESSION_HANDLE ro = CK_INVALID_HANDLE;
    CK_SESSION_INFO info;

    (void)state;
    ASSERT_OK(p11->C_GetSessionInfo(other, &info));
    assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
    ASSERT_RV(CKR_USER_ALREADY_LOGGED_IN, p11->C_Login(other, CKU_USER, text(USER_PIN), 4));
    ASSERT_RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, p11->C_Login(other, CKU_SO, text(SO_PIN), 8));
    ASSERT_OK(p11->C_Logout(one));
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ASSERT_RV(CKR_SESSION_READ_ONLY_EXISTS, p11->C_Login(one, CKU_SO, text(SO_PIN), 8));
    ASSERT_OK(p11->C_CloseSession(ro));
    ASSERT_OK(p11->C_Login(one, CKU_SO, text(SO_PIN), 8));
    ASSERT_RV(CKR_SESSION_READ_WRITE_SO_EXISTS,
              p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    close_all();
    ASSERT_OK(p11->C_GetSessionInfo(open_session(), &info));
    assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
}

/* 10: nobody logs in where there is no PIN yet, whatever he says it is. */
static void test_uninitialised_pins(void **state)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = N_ELEMENTS(slots);
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    CK_UTF8CHAR label[32];

    (void)state;
    memset(label, ' ', sizeof(label));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, slots, &n));
    ASSERT_RV(CKR_TOKEN_NOT_RECOGNIZED,
              p11->C_OpenSession(slots[n - 1], CKF_SERIAL_SESSION, NULL, NULL, &h));
    ASSERT_OK(p11->C_InitToken(slots[n - 1], text(SO_PIN), strlen(SO_PIN), label));
    ASSERT_OK(
        p11->C_OpenSession(slots[n - 1], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    ASSERT_RV(CKR_USER_PIN_NOT_INITIALIZED, p11->C_Login(h, CKU_USER, text(""), 0));
    ASSERT_RV(CKR_USER_PIN_NOT_INITIALIZED, p11->C_Login(h, CKU_USER, text(USER_PIN), 4));
    ASSERT_RV(CKR_PIN_INCORRECT, p11->C_Login(h, CKU_SO, text(""), 0));
    ASSERT_OK(p11->C_CloseSession(h));
}

static int sees_low_count(void *arg)
{
    CK_TOKEN_INFO info;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    return (info.flags & CKF_USER_PIN_COUNT_LOW) != 0 ? 0 : 1;
}

/* 11: a wrong PIN is counted for everybody, and forgotten after a right one. */
static void test_pin_counters(void **state)
{
    const CK_SESSION_HANDLE h = open_session();

    (void)state;
    ASSERT_RV(CKR_PIN_INCORRECT, p11->C_Login(h, CKU_USER, text("wrong"), 5));
    assert_int_equal(in_child(sees_low_count, NULL), 0);
    ASSERT_OK(p11->C_Login(h, CKU_USER, text(USER_PIN), 4));
    assert_int_equal(in_child(sees_low_count, NULL), 1);
}

/* 12 (4.10): a key that asks each time, asks each time. */
static void test_always_authenticate(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, m = {CKM_ECDSA, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE)};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(
        p11->C_GenerateKeyPair(h, &gen, public_v, 1, private_v, 1, &public_key, &private_key));
    ASSERT_OK(p11->C_SignInit(h, &m, private_key));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(h, digest, 32, signature, &n));
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(p11->C_SignInit(h, &m, private_key));
        ASSERT_OK(p11->C_Login(h, CKU_CONTEXT_SPECIFIC, text(USER_PIN), 4));
        ASSERT_OK(p11->C_Sign(h, digest, 32, signature, &n));
    }
    ASSERT_OK(p11->C_SignInit(h, &m, private_key));
    ASSERT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(h, digest, 32, signature, &n));
}

/* 13 (4.2, footnotes 10 to 12): some attributes go one way, by a change and by a copy. */
static void test_one_way_attributes(void **state)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        CK_BBOOL never_back_to;
    } ways[] = {
        {CKA_SENSITIVE, CK_FALSE}, {CKA_EXTRACTABLE, CK_TRUE}, {CKA_WRAP_WITH_TRUSTED, CK_FALSE}};
    const CK_SESSION_HANDLE h = open_user();
    const CK_ATTRIBUTE more[] = {ATTR_TRUE(CKA_WRAP_WITH_TRUSTED)};
    const CK_OBJECT_HANDLE o = generate_aes(h, more, 1);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        CK_BBOOL to = ways[i].never_back_to;
        CK_ATTRIBUTE v = ATTR_OBJ(ways[i].type, to);
        CK_OBJECT_HANDLE copy;

        ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(h, o, ways[i].type, to));
        ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(h, o, &v, 1, &copy));
    }
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(h, o, CKA_TRUSTED, CK_TRUE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, set_bool(h, o, CKA_LOCAL, CK_FALSE));
}

/* 14: what was made here says so, and what came in does not. */
static void test_history(void **state)
{
    static const CK_ATTRIBUTE_TYPE says[] = {CKA_LOCAL, CKA_ALWAYS_SENSITIVE,
                                             CKA_NEVER_EXTRACTABLE};
    static const uint8_t value[32] = {1};
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE made = generate_aes(h, NULL, 0);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, value, 32)};
    CK_OBJECT_HANDLE came, copy;

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &came));
    ASSERT_OK(p11->C_CopyObject(h, made, NULL, 0, &copy));
    for (size_t i = 0; i < N_ELEMENTS(says); i++) {
        assert_int_equal(attr_bool(h, made, says[i]), CK_TRUE);
        assert_int_equal(attr_bool(h, copy, says[i]), CK_TRUE);
        assert_int_equal(attr_bool(h, came, says[i]), CK_FALSE);
    }
}

/* 15: a key does what its attributes and its type allow, on every path. */
static void test_usage_flags(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_ATTRIBUTE none[] = {ATTR_FALSE(CKA_ENCRYPT), ATTR_FALSE(CKA_DECRYPT),
                                 ATTR_FALSE(CKA_SIGN), ATTR_FALSE(CKA_VERIFY)};
    const CK_OBJECT_HANDLE o = generate_aes(h, none, 4), target = generate_aes(h, NULL, 0);
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0}, cmac = {CKM_AES_CMAC, NULL, 0},
                 kw = {CKM_AES_KEY_WRAP, NULL, 0}, rsa = {CKM_SHA256_RSA_PKCS, NULL, 0};
    CK_BYTE wrapped[64] = {0};
    CK_ULONG n = sizeof(wrapped);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE ret;

    (void)state;
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_EncryptInit(h, &ecb, o));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_DecryptInit(h, &ecb, o));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &cmac, o));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_VerifyInit(h, &cmac, o));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_WrapKey(h, &kw, o, target, wrapped, &n));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_UnwrapKey(h, &kw, o, wrapped, 40, v, 2, &ret));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(h, &rsa, target));
}

/* 16 (5.7.1): templates that are incomplete, contradict themselves, or hold what is no value. */
static void test_templates(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    const CK_BBOOL two = 2;
    CK_BYTE room[sizeof(CK_ULONG) + 1];
    const CK_ULONG len = 32;
    CK_ATTRIBUTE twice[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_ATTRIBUTE no_bool[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR(CKA_ENCRYPT, &two, 1)};
    CK_ATTRIBUTE wide[] = {ATTR(CKA_VALUE_LEN, &len, 4)};
    CK_ATTRIBUTE odd[] = {ATTR(CKA_VALUE_LEN, room + 1, sizeof(len))};
    CK_ATTRIBUTE foreign[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TEXT(CKA_MODULUS, "x")};
    CK_ATTRIBUTE other[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA)};
    CK_OBJECT_HANDLE o;

    (void)state;
    memcpy(room + 1, &len, sizeof(len));
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(h, &m, NULL, 0, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(h, &m, twice, 2, &o));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_GenerateKey(h, &m, no_bool, 2, &o));
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_GenerateKey(h, &m, wide, 1, &o));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, p11->C_GenerateKey(h, &m, foreign, 2, &o));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(h, &m, other, 2, &o));
    ASSERT_OK(p11->C_GenerateKey(h, &m, odd, 1, &o));
}

/* 17 (4.11): an unwrapping key's template is added, a wrapping key's compared with what is plain.
 */
static void test_nested_templates(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE adds[] = {ATTR_FALSE(CKA_EXTRACTABLE)}, wants[] = {ATTR_TEXT(CKA_LABEL, "leaves")};
    const CK_ATTRIBUTE more[] = {ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP),
                                 ATTR(CKA_UNWRAP_TEMPLATE, adds, sizeof(adds)),
                                 ATTR(CKA_WRAP_TEMPLATE, wants, sizeof(wants))};
    const CK_ATTRIBUTE leaves[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TEXT(CKA_LABEL, "leaves")};
    const CK_ATTRIBUTE stays[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TEXT(CKA_LABEL, "stays")};
    const CK_OBJECT_HANDLE w = generate_aes(h, more, 4);
    CK_MECHANISM kw = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_BYTE wrapped[64];
    CK_ULONG n = sizeof(wrapped);
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_KEY_HANDLE_INVALID,
              p11->C_WrapKey(h, &kw, w, generate_aes(h, stays, 2), wrapped, &n));
    ASSERT_OK(p11->C_WrapKey(h, &kw, w, generate_aes(h, leaves, 2), wrapped, &n));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_UnwrapKey(h, &kw, w, wrapped, n, v, 3, &o));
    ASSERT_OK(p11->C_UnwrapKey(h, &kw, w, wrapped, n, v, 2, &o));
    assert_int_equal(attr_bool(h, o, CKA_EXTRACTABLE), CK_FALSE);
}

/* 18: a search shows what may be seen, as it was when it began, and hinders nothing. */
static void test_search(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_ATTRIBUTE private[] = {ATTR_TRUE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE o, later, found[64];
    CK_ULONG n = 0;
    bool sees = false;

    (void)state;
    o = make_data(h, CK_FALSE, CK_FALSE, "seen", "v", 1);
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(h, NULL, 0));
    later = make_data(h, CK_FALSE, CK_FALSE, "later", "v", 1);
    ASSERT_OK(p11->C_FindObjects(h, found, N_ELEMENTS(found), &n));
    for (CK_ULONG i = 0; i < n; i++) {
        sees = sees || found[i] == o;
        assert_int_not_equal(found[i], later);
    }
    assert_true(sees);
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    (void)make_aes(h, 32, CK_TRUE, "private");
    assert_true(find_objects(h, private, 1, NULL) > 0);
    close_all();
    assert_int_equal(find_objects(open_session(), private, 1, NULL), 0);
}

static CK_RV agree(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_BYTE *point, CK_ULONG n,
                   uint8_t ret[32])
{
    CK_ECDH1_DERIVE_PARAMS param = {CKD_NULL, 0, NULL, n, point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &param, sizeof(param)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o;
    const CK_RV rv = p11->C_DeriveKey(h, &m, key, v, N_ELEMENTS(v), &o);

    if (rv == CKR_OK)
        assert_int_equal(attr_get(h, o, CKA_VALUE, ret, 32), 32);
    return rv;
}

/* 19 (6.3): points are read with their wrapping and taken with it and without. */
static void test_ec_encodings(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE public_key, private_key;
    uint8_t point[128], raw[32], wrapped[32];

    (void)state;
    make_ec(h, CK_FALSE, "agrees", &public_key, &private_key);
    assert_int_equal(attr_get(h, public_key, CKA_EC_POINT, point, sizeof(point)), 67);
    assert_memory_equal(point, "\x04\x41\x04", 3);
    ASSERT_OK(agree(h, private_key, point, 67, wrapped));
    ASSERT_OK(agree(h, private_key, point + 2, 65, raw));
    assert_memory_equal(raw, wrapped, 32);
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, agree(h, private_key, point + 2, 64, raw));
}

/* 20: an RSA private key has its public numbers, and both halves the same public key. */
static void test_rsa_attributes(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    static const CK_ATTRIBUTE_TYPE both[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO};
    EVP_PKEY *pkey = evp_new_rsa(2048);
    CK_OBJECT_HANDLE public_key, private_key;

    (void)state;
    evp_import(h, pkey, &public_key, &private_key);
    EVP_PKEY_free(pkey);
    assert_int_equal(attr_ulong(h, public_key, CKA_MODULUS_BITS), 2048);
    for (size_t i = 0; i < N_ELEMENTS(both); i++) {
        uint8_t one[512], other[512];
        const CK_ULONG n = attr_get(h, public_key, both[i], one, sizeof(one));

        assert_true(n > 0);
        assert_int_equal(attr_get(h, private_key, both[i], other, sizeof(other)), n);
        assert_memory_equal(one, other, n);
    }
}

/* 21: nothing of a plaintext comes out before its tag was checked. */
static void test_aead(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE o = make_aes(h, 32, CK_FALSE, "gcm");
    CK_BYTE iv[12] = {1}, in[48] = {2}, out[64], plain[64];
    CK_GCM_PARAMS param = {iv, sizeof(iv), 96, NULL, 0, 128};
    CK_MECHANISM m = {CKM_AES_GCM, &param, sizeof(param)};
    CK_ULONG n = sizeof(out), n_plain = sizeof(plain);

    (void)state;
    ASSERT_OK(p11->C_EncryptInit(h, &m, o));
    iv[0] = 77; /* the parameter was copied */
    ASSERT_OK(p11->C_Encrypt(h, in, sizeof(in), out, &n));
    iv[0] = 1;
    out[n - 1] ^= 1;
    ASSERT_OK(p11->C_DecryptInit(h, &m, o));
    ASSERT_OK(p11->C_DecryptUpdate(h, out, n, plain, &n_plain));
    assert_int_equal(n_plain, 0);
    n_plain = sizeof(plain);
    ASSERT_RV(CKR_ENCRYPTED_DATA_INVALID, p11->C_DecryptFinal(h, plain, &n_plain));
    param.ulTagBits = 0;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(h, &m, o));
    param.ulTagBits = 128;
    ASSERT_OK(p11->C_EncryptInit(h, &m, o));
    n = sizeof(out);
    ASSERT_OK(p11->C_Encrypt(h, NULL, 0, out, &n));
    assert_int_equal(n, 16);
}

/* 22: of what fails, nothing is left. */
static void test_atomic_objects(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                               ATTR_TRUE(CKA_TOKEN)};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_MODULUS, "not of this type")};
    const CK_ULONG before = find_objects(h, NULL, 0, NULL);
    CK_OBJECT_HANDLE public_key = 1, private_key = 2;

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID,
              p11->C_GenerateKeyPair(h, &m, public_v, 2, private_v, 2, &public_key, &private_key));
    assert_int_equal(find_objects(h, NULL, 0, NULL), before);
    assert_int_equal(public_key, 1);
    assert_int_equal(private_key, 2);
}

/* 23: a handle means one object for ever, and a session's objects go with it. */
static void test_handles(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    CK_OBJECT_HANDLE seen[16], of_other = make_data(other, CK_FALSE, CK_FALSE, "of other", "v", 1);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(seen); i++) {
        seen[i] = make_data(h, CK_FALSE, CK_FALSE, "comes and goes", "v", 1);
        ASSERT_OK(p11->C_DestroyObject(h, seen[i]));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
        ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(h, seen[i]));
    }
    ASSERT_OK(attr_query(h, of_other, CKA_LABEL));
    ASSERT_OK(p11->C_CloseSession(other));
    ASSERT_RV(CKR_OBJECT_HANDLE_INVALID, attr_query(h, of_other, CKA_LABEL));
}

/* 24: strings are padded, numbers make sense, and what is listed is there. */
static void test_slots_and_strings(void **state)
{
    CK_MECHANISM_TYPE list[512];
    CK_MECHANISM_INFO mechanism;
    CK_SLOT_ID slots[8];
    CK_ULONG n = N_ELEMENTS(slots);
    CK_TOKEN_INFO info;

    (void)state;
    ASSERT_OK(p11->C_GetSlotList(CK_FALSE, slots, &n));
    for (CK_ULONG i = 0; i < n; i++)
        assert_true(slots[i] < UINT32_C(1) << 31);
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_memory_equal(info.label, TEST_LABEL, strlen(TEST_LABEL));
    for (size_t i = strlen(TEST_LABEL); i < sizeof(info.label); i++)
        assert_int_equal(info.label[i], ' ');
    assert_null(memchr(info.serialNumber, 0, sizeof(info.serialNumber)));
    assert_true(info.ulMinPinLen <= info.ulMaxPinLen);
    n = N_ELEMENTS(list);
    ASSERT_OK(p11->C_GetMechanismList(0, list, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        ASSERT_OK(p11->C_GetMechanismInfo(0, list[i], &mechanism));
        assert_true(mechanism.flags != 0 && mechanism.ulMinKeySize <= mechanism.ulMaxKeySize);
    }
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(0, CKM_DES3_CBC, &mechanism));
}

/* 25: each wrong state has its code, and what is running goes on. */
static void test_wrong_states(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest);
    CK_SESSION_HANDLE ro = CK_INVALID_HANDLE;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TRUE(CKA_TOKEN)};
    CK_OBJECT_HANDLE o;

    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(h, digest, &n));
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_DigestInit(h, &m));
    ASSERT_OK(p11->C_Digest(h, NULL, 0, digest, &n));
    assert_memory_equal(digest, "\xe3\xb0\xc4\x42", 4);
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_OK(p11->C_DigestInit(h, NULL));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(h, digest, &n));
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_DigestInit(h + 1000, &m));
    ASSERT_RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(h));
    ASSERT_RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(h));
    ASSERT_RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(0, 0, NULL, NULL, &ro));
    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ASSERT_RV(CKR_SESSION_READ_ONLY, p11->C_CreateObject(ro, v, 2, &o));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        "/behaviour/" name, fn, each_setup, NULL, NULL                                             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("01-length-query", test_length_query),
        TEST("02-get-attribute-value", test_get_attribute_value),
        TEST("03-absent-or-empty", test_absent_or_empty),
        TEST("04-fork", test_fork),
        TEST("05-initialize-arguments", test_initialize_arguments),
        TEST("06-finalize", test_finalize),
        TEST("07-own-library-context", test_own_library_context),
        TEST("08-logout", test_logout),
        TEST("09-login-per-application", test_login_per_application),
        TEST("10-uninitialised-pins", test_uninitialised_pins),
        TEST("11-pin-counters", test_pin_counters),
        TEST("12-always-authenticate", test_always_authenticate),
        TEST("13-one-way-attributes", test_one_way_attributes),
        TEST("14-history", test_history),
        TEST("15-usage-flags", test_usage_flags),
        TEST("16-templates", test_templates),
        TEST("17-nested-templates", test_nested_templates),
        TEST("18-search", test_search),
        TEST("19-ec-encodings", test_ec_encodings),
        TEST("20-rsa-attributes", test_rsa_attributes),
        TEST("21-aead", test_aead),
        TEST("22-atomic-objects", test_atomic_objects),
        TEST("23-handles", test_handles),
        TEST("24-slots-and-strings", test_slots_and_strings),
        TEST("25-wrong-states", test_wrong_states),
    };

    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
