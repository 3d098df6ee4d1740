/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-check-value.c - CKA_CHECK_VALUE of secret keys (PKCS#11 v3.2 4.10.2, 6.10.3): session
 * objects compute it when somebody asks, and nobody must be able to tell.
 */
#include "support/reference.h"

#include <pthread.h>
#include <string.h>

static CK_SESSION_HANDLE session;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    return 0;
}

/* -- keys ------------------------------------------------------------------------------------- */

#define KEY_MAX 48

struct check {
    uint8_t p[3];
};

/* What OpenSSL says: the start of a block of zeros under an AES key, of the SHA-1 of others. */
static struct check check_of(CK_KEY_TYPE type, struct span value)
{
    static const char *const names[] = {
        [16] = "AES-128-ECB", [24] = "AES-192-ECB", [32] = "AES-256-ECB"};
    static const uint8_t zeros[16];
    uint8_t of[EVP_MAX_MD_SIZE];
    struct check ret;

    if (type == CKK_AES)
        (void)evp_cipher(names[value.n], true, false, value, NULL, SPAN_ARRAY(zeros), of);
    else
        assert_int_equal(EVP_Digest(value.p, value.n, of, NULL, EVP_sha1(), NULL), 1);
    memcpy(ret.p, of, sizeof(ret.p));
    return ret;
}

/* A readable key with one attribute more. */
static CK_RV create_with(CK_KEY_TYPE type, struct span value, CK_ATTRIBUTE more,
                         CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR_SPAN(CKA_VALUE, value),
                        ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE),
                        more};

    return p11->C_CreateObject(session, v, N_ELEMENTS(v), ret);
}

static CK_OBJECT_HANDLE create(CK_KEY_TYPE type, struct span value, const char *label)
{
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(create_with(type, value, (CK_ATTRIBUTE)ATTR(CKA_LABEL, label, strlen(label)), &o));
    return o;
}

static CK_OBJECT_HANDLE generate(CK_BBOOL token, CK_BBOOL is_private)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR_OBJ(CKA_PRIVATE, is_private)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_GenerateKey(session, &m, v, N_ELEMENTS(v), &o));
    return o;
}

static struct span value_of(CK_OBJECT_HANDLE o, uint8_t room[KEY_MAX])
{
    return span_of(room, attr_get(session, o, CKA_VALUE, room, KEY_MAX));
}

static void assert_shows(CK_OBJECT_HANDLE o, struct check expected)
{
    uint8_t shown[8];

    assert_int_equal(attr_get(session, o, CKA_CHECK_VALUE, shown, sizeof(shown)), 3);
    assert_memory_equal(shown, expected.p, 3);
}

static CK_ULONG find_check(const void *check, CK_ULONG n, const char *label, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR(CKA_CHECK_VALUE, check, n),
                        ATTR(CKA_LABEL, label, label == NULL ? 0 : strlen(label))};

    return find_objects(session, v, label == NULL ? 1 : 2, ret);
}

/* -- what is shown ---------------------------------------------------------------------------- */

static const struct {
    CK_KEY_TYPE type;
    CK_ULONG n;
} rows[] = {
    {CKK_AES, 16},
    {CKK_AES, 24},
    {CKK_AES, 32},
    {CKK_GENERIC_SECRET, 16},
    {CKK_SHA256_HMAC, KEY_MAX},
    {CKK_CHACHA20, 32},
    {CKK_HKDF, 20},
    {CKK_AES_XTS, 32},
};

/* At the first question and at the next, alone and among others, whatever the room. */
static void test_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        uint8_t value[KEY_MAX], shown[3] = {0};
        CK_BBOOL local = CK_TRUE;
        CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_LOCAL, local), ATTR(CKA_CHECK_VALUE, shown, 2)};
        struct check expected;
        CK_OBJECT_HANDLE o;

        fill_pattern(value, sizeof(value), (unsigned)i);
        expected = check_of(rows[i].type, span_of(value, rows[i].n));
        o = create(rows[i].type, span_of(value, rows[i].n), "shown");
        ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(session, o, v, 2));
        assert_int_equal(v[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
        v[1].ulValueLen = sizeof(shown);
        ASSERT_OK(p11->C_GetAttributeValue(session, o, v, 2));
        assert_memory_equal(shown, expected.p, 3);
        assert_int_equal(local, CK_FALSE);
        assert_shows(o, expected);
        ASSERT_OK(p11->C_DestroyObject(session, o));
    }
}

/* However the key came to be. */
static void test_shown_of_every_origin(void **state)
{
    CK_HKDF_PARAMS expand = {.bExpand = CK_TRUE, .prfHashMechanism = CKM_SHA256};
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_MECHANISM hkdf = {CKM_HKDF_DERIVE, &expand, sizeof(expand)};
    CK_ATTRIBUTE as[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                         ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE),
                         ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_ATTRIBUTE use[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP),
                          ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE made[3] = {0}, kek = CK_INVALID_HANDLE;
    uint8_t wrapped[64], value[KEY_MAX];
    CK_ULONG n = sizeof(wrapped);

    (void)state;
    made[0] = generate(CK_FALSE, CK_TRUE);
    ASSERT_OK(p11->C_GenerateKey(session, &m, use, N_ELEMENTS(use), &kek));
    ASSERT_OK(p11->C_WrapKey(session, &wrap, kek, made[0], wrapped, &n));
    ASSERT_OK(p11->C_UnwrapKey(session, &wrap, kek, wrapped, n, as, 4, &made[1]));
    fill_pattern(value, 32, 40);
    ASSERT_OK(create_with(CKK_HKDF, span_of(value, 32), (CK_ATTRIBUTE)ATTR_TRUE(CKA_DERIVE), &kek));
    ASSERT_OK(p11->C_DeriveKey(session, &hkdf, kek, as, 5, &made[2]));
    for (size_t i = 0; i < N_ELEMENTS(made); i++)
        assert_shows(made[i], check_of(CKK_AES, value_of(made[i], value)));
}

/* Of a short secret it would tell too much; an application that gave an empty one wants none; one
 * that is wrong is refused at once. */
static void test_not_shown(void **state)
{
    static const uint8_t value[32] = {9};
    const struct check right = check_of(CKK_AES, SPAN_ARRAY(value));
    const uint8_t wrong[3] = {right.p[0], right.p[1], (uint8_t)(right.p[2] ^ 1)};
    CK_OBJECT_HANDLE o = create(CKK_GENERIC_SECRET, span_of(value, 15), "short");

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(session, o, CKA_CHECK_VALUE));
    ASSERT_OK(
        create_with(CKK_AES, SPAN_ARRAY(value), (CK_ATTRIBUTE)ATTR(CKA_CHECK_VALUE, NULL, 0), &o));
    assert_int_equal(attr_get(session, o, CKA_CHECK_VALUE, NULL, 0), 0);
    ASSERT_RV(
        CKR_ATTRIBUTE_VALUE_INVALID,
        create_with(CKK_AES, SPAN_ARRAY(value), (CK_ATTRIBUTE)ATTR(CKA_CHECK_VALUE, wrong, 3), &o));
    ASSERT_OK(create_with(CKK_AES, SPAN_ARRAY(value),
                          (CK_ATTRIBUTE)ATTR(CKA_CHECK_VALUE, right.p, 3), &o));
    assert_shows(o, right);
}

/* -- searches --------------------------------------------------------------------------------- */

static void test_found(void **state)
{
    uint8_t value[32];
    CK_OBJECT_HANDLE made[8], found[16];
    struct check checks[8];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(made); i++) {
        fill_pattern(value, sizeof(value), 100 + (unsigned)i);
        checks[i] = check_of(CKK_AES, SPAN_ARRAY(value));
        made[i] = create(CKK_AES, SPAN_ARRAY(value), i == 3 ? "three" : "not three");
    }
    assert_shows(made[1], checks[1]); /* one that was asked before */
    for (size_t i = 0; i < N_ELEMENTS(made); i++) {
        assert_int_equal(find_check(checks[i].p, 3, NULL, found), 1);
        assert_int_equal(found[0], made[i]);
        assert_int_equal(find_check(checks[i].p, 3, "three", found), i == 3 ? 1 : 0);
        assert_int_equal(find_check(checks[i].p, 2, NULL, found), 0);
    }
    assert_int_equal(find_check(NULL, 0, NULL, found), 1); /* test_not_shown()'s, which has none */
    ASSERT_OK(p11->C_DestroyObject(session, made[2]));
    assert_int_equal(find_check(checks[2].p, 3, NULL, found), 0);
}

static void test_private_is_not_found_after_logout(void **state)
{
    const CK_OBJECT_HANDLE is_private = generate(CK_FALSE, CK_TRUE);
    const CK_OBJECT_HANDLE is_public = generate(CK_FALSE, CK_FALSE);
    uint8_t value[KEY_MAX];
    const struct check a = check_of(CKK_AES, value_of(is_private, value));
    const struct check b = check_of(CKK_AES, value_of(is_public, value));
    CK_OBJECT_HANDLE found[4];

    (void)state;
    ASSERT_OK(p11->C_Logout(session));
    assert_int_equal(find_check(a.p, 3, NULL, found), 0);
    assert_int_equal(find_check(b.p, 3, NULL, found), 1);
    ASSERT_OK(
        p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN)));
}

/* -- copies and changes ----------------------------------------------------------------------- */

static CK_OBJECT_HANDLE copy(CK_OBJECT_HANDLE o, CK_BBOOL token)
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_TOKEN, token)};
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CopyObject(session, o, v, 1, &ret));
    return ret;
}

/* A copy in the token has it on the disk: another process finds it there. */
static int finds_stored(void *arg)
{
    CK_OBJECT_HANDLE found[4] = {0};

    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    assert_int_equal(find_check(arg, 3, NULL, found), 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void test_copied(void **state)
{
    static const char label[] = "changed";
    CK_ATTRIBUTE change = ATTR_TEXT(CKA_LABEL, label);
    uint8_t value[KEY_MAX];
    const CK_OBJECT_HANDLE o = generate(CK_FALSE, CK_TRUE);
    struct check expected = check_of(CKK_AES, value_of(o, value));
    const CK_OBJECT_HANDLE in_memory = copy(o, CK_FALSE), stored = copy(o, CK_TRUE);

    (void)state;
    assert_int_equal(in_child(finds_stored, &expected), 0);
    assert_shows(stored, expected);
    assert_shows(copy(stored, CK_FALSE), expected);
    assert_shows(in_memory, expected);
    ASSERT_OK(p11->C_SetAttributeValue(session, o, &change, 1));
    assert_shows(o, expected);
    ASSERT_OK(p11->C_SetAttributeValue(session, o, &change, 1));
    assert_shows(copy(o, CK_FALSE), expected);
    ASSERT_OK(p11->C_DestroyObject(session, stored));
}

/* Of a key that is stored when it is made, too. */
static void test_stored(void **state)
{
    uint8_t value[KEY_MAX];
    const CK_OBJECT_HANDLE o = generate(CK_TRUE, CK_TRUE);
    struct check expected = check_of(CKK_AES, value_of(o, value));

    (void)state;
    assert_int_equal(in_child(finds_stored, &expected), 0);
    ASSERT_OK(p11->C_DestroyObject(session, o));
}

/* The size is not told apart by who asked what before. */
static void test_size_stays(void **state)
{
    const CK_OBJECT_HANDLE o = generate(CK_FALSE, CK_TRUE);
    CK_ULONG before = 0, after = 1;

    (void)state;
    ASSERT_OK(p11->C_GetObjectSize(session, o, &before));
    assert_int_equal(attr_get(session, o, CKA_CHECK_VALUE, NULL, 0), 3);
    ASSERT_OK(p11->C_GetObjectSize(session, o, &after));
    assert_int_equal(before, after);
}

/* A wrapping key may ask for any attribute of what it wraps. */
static void test_wrap_template(void **state)
{
    uint8_t value[KEY_MAX], wrapped[64];
    const CK_OBJECT_HANDLE wanted = generate(CK_FALSE, CK_TRUE),
                           other = generate(CK_FALSE, CK_TRUE);
    const struct check check = check_of(CKK_AES, value_of(wanted, value));
    CK_ATTRIBUTE only[] = {ATTR(CKA_CHECK_VALUE, check.p, 3)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP),
                        ATTR(CKA_WRAP_TEMPLATE, only, sizeof(only))};
    CK_MECHANISM make = {CKM_AES_KEY_GEN, NULL, 0}, m = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_OBJECT_HANDLE kek = CK_INVALID_HANDLE;
    CK_ULONG n = sizeof(wrapped);

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(session, &make, v, N_ELEMENTS(v), &kek));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(session, &m, kek, other, wrapped, &n));
    ASSERT_OK(p11->C_WrapKey(session, &m, kek, wanted, wrapped, &n));
}

/* -- threads ---------------------------------------------------------------------------------- */

#define N_THREADS 8
#define N_ROUNDS  50

struct asker {
    pthread_barrier_t *start;
    CK_SESSION_HANDLE h;
    const CK_OBJECT_HANDLE *keys; /* of all rounds */
    const struct check *checks;
    bool searches;
    unsigned wrong;
};

static bool asks_right(const struct asker *a, unsigned round)
{
    uint8_t shown[3] = {0};
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_CHECK_VALUE, shown);

    return p11->C_GetAttributeValue(a->h, a->keys[round], &v, 1) == CKR_OK &&
           memcmp(shown, a->checks[round].p, 3) == 0;
}

static bool finds_right(const struct asker *a, unsigned round)
{
    CK_ATTRIBUTE v = ATTR(CKA_CHECK_VALUE, a->checks[round].p, 3);
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_ULONG n = 0;

    return p11->C_FindObjectsInit(a->h, &v, 1) == CKR_OK &&
           p11->C_FindObjects(a->h, &found, 1, &n) == CKR_OK &&
           p11->C_FindObjectsFinal(a->h) == CKR_OK && n == 1 && found == a->keys[round];
}

static void *ask(void *arg)
{
    struct asker *a = arg;

    for (unsigned round = 0; round < N_ROUNDS; round++) {
        (void)pthread_barrier_wait(a->start);
        if (!(a->searches ? finds_right(a, round) : asks_right(a, round)))
            a->wrong++;
    }
    return NULL;
}

/* All ask for the same at once. */
static void test_threads(void **state)
{
    CK_OBJECT_HANDLE keys[N_ROUNDS];
    struct check checks[N_ROUNDS];
    struct asker askers[N_THREADS];
    pthread_t threads[N_THREADS];
    pthread_barrier_t start;
    uint8_t value[KEY_MAX];

    (void)state;
    for (size_t i = 0; i < N_ROUNDS; i++) {
        keys[i] = generate(CK_FALSE, CK_TRUE);
        checks[i] = check_of(CKK_AES, value_of(keys[i], value));
    }
    assert_int_equal(pthread_barrier_init(&start, NULL, N_THREADS), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        askers[i] = (struct asker){&start, open_session(), keys, checks, i % 2 == 1, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(askers[i].wrong, 0);
    }
    (void)pthread_barrier_destroy(&start);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/check-value/shown", test_shown),
        TEST("/check-value/shown-of-every-origin", test_shown_of_every_origin),
        TEST("/check-value/not-shown", test_not_shown),
        TEST("/check-value/found", test_found),
        TEST("/check-value/private-is-not-found-after-logout",
             test_private_is_not_found_after_logout),
        TEST("/check-value/copied", test_copied),
        TEST("/check-value/stored", test_stored),
        TEST("/check-value/size-stays", test_size_stays),
        TEST("/check-value/wrap-template", test_wrap_template),
        TEST("/check-value/threads", test_threads),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
