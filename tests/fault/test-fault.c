/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-fault.c - an application's day in a world that fails: memory, the system, LMDB and OpenSSL,
 * by seed. After each seed the world is whole again, and what the module answered must be what is
 * there: every object that was made is there once and is whole, every one that was refused is not,
 * nothing is half done, in this process and after C_Finalize and C_Initialize.
 *
 * TEE_FAULT_SEEDS: how many (default 400; TEE_TEST_LONG: 5000), TEE_FAULT_FIRST: the first. Under
 * AddressSanitizer what leaks on the way of an error is found at the end.
 */
#include "support/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault/step.h"
#include "fault/world.h"

#define N_STEPS   24
#define N_OBJECTS 64
#define N_VALUE   40

/* What is armed. */
static unsigned long seed, dice_state;
static unsigned rate, kinds;
static unsigned n_faults, n_refused, n_done;

/* The model: what should be there, by label. */
static bool present[N_OBJECTS], pair_present[N_OBJECTS];
static unsigned value_of[N_OBJECTS]; /* which pattern its value is: a renamed object keeps it */
static CK_SESSION_HANDLE session;

static unsigned dice(unsigned n)
{
    dice_state = dice_state * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(dice_state >> 33) % n;
}

/* The end of a step that was armed: true when it was done, false when it was refused; anything but
 * a refusal that is true, or one without a fault, fails the test. */
static bool outcome(CK_RV rv, const char *what)
{
    const char *last = NULL;
    const unsigned n = world_mend(&last);

    n_faults += n;
    if (rv == CKR_OK) {
        n_done++;
        return true;
    }
    if (n == 0 || !world_explains(kinds, rv)) {
        print_error("seed %lu: %s: 0x%lx, after %u faults, the last one in %s\n", seed, what, rv, n,
                    last != NULL ? last : "nothing");
        fail();
    }
    n_refused++;
    return false;
}

static void begin(void)
{
    world_break(seed * 1000 + dice(1000), rate, kinds);
}

/* -- the steps -----------------------------------------------------------------------------------
 */

static void label_of(unsigned i, char ret[16])
{
    (void)snprintf(ret, 16, "object %u", i);
}

static void step_create(unsigned i)
{
    char label[16];
    uint8_t value[N_VALUE];
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL is_private = i % 2 == 0;
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_RV rv;

    label_of(i, label);
    fill_pattern(value, sizeof(value), i);
    {
        CK_ATTRIBUTE v[] = {
            ATTR_OBJ(CKA_CLASS, class), ATTR_TRUE(CKA_TOKEN), ATTR_OBJ(CKA_PRIVATE, is_private),
            ATTR(CKA_LABEL, label, strlen(label)), ATTR(CKA_VALUE, value, sizeof(value))};

        begin();
        rv = p11->C_CreateObject(session, v, N_ELEMENTS(v), &o);
    }
    present[i] = outcome(rv, "C_CreateObject");
    value_of[i] = i;
    assert_true(present[i] == (o != CK_INVALID_HANDLE));
}

static CK_OBJECT_HANDLE find_object(unsigned i, CK_OBJECT_CLASS class)
{
    char label[16];
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    label_of(i, label);
    {
        CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR(CKA_LABEL, label, strlen(label))};

        assert_int_equal(find_objects(session, v, 2, &o), 1);
    }
    return o;
}

static void step_destroy(unsigned i)
{
    const CK_OBJECT_HANDLE o = find_object(i, CKO_DATA);

    begin();
    present[i] = !outcome(p11->C_DestroyObject(session, o), "C_DestroyObject");
}

/* The label of object i becomes that of the free place j. */
static void step_rename(unsigned i)
{
    const unsigned j = i + N_OBJECTS / 2;
    const CK_OBJECT_HANDLE o = find_object(i, CKO_DATA);
    char label[16];

    label_of(j, label);
    {
        CK_ATTRIBUTE v = ATTR(CKA_LABEL, label, strlen(label));

        begin();
        if (outcome(p11->C_SetAttributeValue(session, o, &v, 1), "C_SetAttributeValue")) {
            present[i] = false;
            present[j] = true;
            value_of[j] = value_of[i];
        }
    }
}

static void step_pair(unsigned i)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE pub = CK_INVALID_HANDLE, priv = CK_INVALID_HANDLE;
    char label[16];

    label_of(i, label);
    {
        CK_ATTRIBUTE v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                            ATTR_TRUE(CKA_TOKEN), ATTR(CKA_LABEL, label, strlen(label))};

        begin();
        pair_present[i] = outcome(p11->C_GenerateKeyPair(session, &m, v, 3, v + 1, 2, &pub, &priv),
                                  "C_GenerateKeyPair");
    }
    assert_true(pair_present[i] == (pub != CK_INVALID_HANDLE));
    assert_true(pair_present[i] == (priv != CK_INVALID_HANDLE));
}

static CK_RV sign(CK_OBJECT_HANDLE key, uint8_t signature[64])
{
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    CK_ULONG n = 64;

    STEP(p11->C_SignInit(session, &m, key));
    return p11->C_Sign(session, signature, 16, signature, &n);
}

/* A signature that is given out is right; after a refusal the key signs. */
static void step_sign(unsigned i)
{
    const CK_OBJECT_HANDLE priv = find_object(i, CKO_PRIVATE_KEY);
    const CK_OBJECT_HANDLE pub = find_object(i, CKO_PUBLIC_KEY);
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    uint8_t message[64] = "a message", signature[64];

    memcpy(signature, message, sizeof(message));
    begin();
    if (!outcome(sign(priv, signature), "C_Sign")) {
        memcpy(signature, message, sizeof(message));
        (void)p11->C_SignInit(session, NULL, 0); /* what was begun */
        ASSERT_OK(sign(priv, signature));
    }
    ASSERT_OK(p11->C_VerifyInit(session, &m, pub));
    ASSERT_OK(p11->C_Verify(session, message, 16, signature, 64));
}

static CK_RV encrypt(CK_OBJECT_HANDLE key, const uint8_t *in, CK_ULONG n, uint8_t *out,
                     CK_ULONG *out_n)
{
    CK_BYTE iv[12] = {7};
    CK_GCM_PARAMS gcm = {.pIv = iv, .ulIvLen = sizeof(iv), .ulIvBits = 96, .ulTagBits = 128};
    CK_MECHANISM m = {CKM_AES_GCM, &gcm, sizeof(gcm)};
    CK_ULONG first = *out_n, last;

    STEP(p11->C_EncryptInit(session, &m, key));
    STEP(p11->C_EncryptUpdate(session, (CK_BYTE_PTR)(uintptr_t)in, n, out, &first));
    last = *out_n - first;
    STEP(p11->C_EncryptFinal(session, out + first, &last));
    *out_n = first + last;
    return CKR_OK;
}

/* The same ciphertext in a world that fails and in one that doesn't. */
static void step_encrypt(void)
{
    CK_MECHANISM gen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG n_key = 32, n = 128, n_again = 128;
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_VALUE_LEN, n_key);
    CK_OBJECT_HANDLE key;
    uint8_t text[100] = "a text", out[128], again[128];

    begin();
    if (!outcome(p11->C_GenerateKey(session, &gen, &v, 1, &key), "C_GenerateKey"))
        return;
    begin();
    if (outcome(encrypt(key, text, sizeof(text), out, &n), "C_Encrypt")) {
        ASSERT_OK(encrypt(key, text, sizeof(text), again, &n_again));
        assert_int_equal(n, n_again);
        assert_memory_equal(out, again, n);
    } else {
        (void)p11->C_EncryptInit(session, NULL, 0);
    }
    ASSERT_OK(p11->C_DestroyObject(session, key));
}

static CK_RV search(CK_OBJECT_CLASS class, CK_ULONG *ret)
{
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_CLASS, class);
    CK_OBJECT_HANDLE found[16];
    CK_ULONG n;

    *ret = 0;
    STEP(p11->C_FindObjectsInit(session, &v, 1));
    do {
        STEP(p11->C_FindObjects(session, found, N_ELEMENTS(found), &n));
        *ret += n;
    } while (n > 0);
    return p11->C_FindObjectsFinal(session);
}

/* A search that succeeds has found all there is. */
static void step_search(void)
{
    CK_ULONG n = 0, expected = 0;

    for (unsigned i = 0; i < N_OBJECTS; i++)
        expected += present[i];
    begin();
    if (outcome(search(CKO_DATA, &n), "C_FindObjects"))
        assert_int_equal(n, expected);
    else
        (void)p11->C_FindObjectsFinal(session);
}

/* A right PIN is not called a wrong one, and not counted as one. */
static void step_login(void)
{
    CK_TOKEN_INFO info;
    CK_RV rv;

    ASSERT_OK(p11->C_Logout(session));
    begin();
    rv = p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN));
    if (!outcome(rv, "C_Login"))
        ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN,
                               strlen(USER_PIN)));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_false(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED));
}

static CK_RV start_up(void)
{
    STEP(p11->C_Initialize(NULL));
    STEP(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    return p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN));
}

static void step_start_up(void)
{
    ASSERT_OK(p11->C_Finalize(NULL));
    begin();
    if (outcome(start_up(), "C_Initialize, C_OpenSession or C_Login"))
        return;
    (void)p11->C_Finalize(NULL);
    ASSERT_OK(start_up());
}

/* The SO's rotation: refused or done, no object is lost by it. */
static void step_rotate(void)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_Logout(session));
    ASSERT_OK(p11->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, strlen(SO_PIN)));
    begin();
    (void)outcome(p11->C_GenerateKey(session, &m, NULL, 0, &o), "DEK rotation");
    ASSERT_OK(p11->C_Logout(session));
    ASSERT_OK(
        p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN)));
}

/* -- what is there -------------------------------------------------------------------------------
 */

static void assert_data(unsigned i)
{
    const CK_OBJECT_HANDLE o = find_object(i, CKO_DATA);
    uint8_t value[N_VALUE], expected[N_VALUE];

    fill_pattern(expected, sizeof(expected), value_of[i]);
    assert_int_equal(attr_get(session, o, CKA_VALUE, value, sizeof(value)), sizeof(value));
    assert_memory_equal(value, expected, sizeof(value));
}

static void assert_as_modelled(void)
{
    CK_ULONG n_data = 0, n_pairs = 0, n;

    for (unsigned i = 0; i < N_OBJECTS; i++) {
        n_data += present[i];
        n_pairs += pair_present[i];
        if (present[i])
            assert_data(i);
        if (pair_present[i]) {
            (void)find_object(i, CKO_PRIVATE_KEY);
            (void)find_object(i, CKO_PUBLIC_KEY);
        }
    }
    ASSERT_OK(search(CKO_DATA, &n));
    assert_int_equal(n, n_data);
    ASSERT_OK(search(CKO_PRIVATE_KEY, &n));
    assert_int_equal(n, n_pairs);
    ASSERT_OK(search(CKO_PUBLIC_KEY, &n));
    assert_int_equal(n, n_pairs);
}

/* -- seeds ---------------------------------------------------------------------------------------
 */

static void step(void)
{
    const unsigned i = dice(N_OBJECTS / 2);
    const unsigned what = dice(12);

    if (what < 3 && !present[i])
        step_create(i);
    else if (what < 3)
        step_destroy(i);
    else if (what == 3 && present[i] && !present[i + N_OBJECTS / 2])
        step_rename(i);
    else if (what == 4 && present[i + N_OBJECTS / 2])
        step_destroy(i + N_OBJECTS / 2);
    else if (what == 5 && !pair_present[i] && i < 4)
        step_pair(i);
    else if (what == 6 && pair_present[0])
        step_sign(0);
    else if (what == 7)
        step_encrypt();
    else if (what == 8)
        step_search();
    else if (what == 9)
        step_login();
    else if (what == 10)
        step_start_up();
    else if (what == 11 && dice(4) == 0)
        step_rotate();
}

static void run_seed(void)
{
    static const unsigned rates[] = {3, 10, 30, 100, 300};
    static const unsigned all_kinds[] = {FAULT_MEMORY, FAULT_SYSTEM, FAULT_LMDB, FAULT_OPENSSL,
                                         FAULT_ALL};

    dice_state = seed;
    rate = rates[seed % N_ELEMENTS(rates)];
    kinds = all_kinds[seed / N_ELEMENTS(rates) % N_ELEMENTS(all_kinds)];
    for (unsigned i = 0; i < N_STEPS; i++)
        step();
    assert_as_modelled();
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(start_up());
    assert_as_modelled();
}

static void test_seeds(void **state)
{
    const unsigned long usual = getenv("TEE_TEST_LONG") != NULL ? 5000 : 400;
    const unsigned long n = world_number("TEE_FAULT_SEEDS", usual);
    const unsigned long first = world_number("TEE_FAULT_FIRST", 1);

    (void)state;
    session = open_user();
    for (seed = first; seed < first + n; seed++)
        run_seed();
    seed = 0;
    print_message("%lu seeds: %u faults, %u calls refused, %u done in spite of them or without\n",
                  n, n_faults, n_refused, n_done);
    assert_true(n_faults > n && n_refused > n / 4 && n_done > n);
}

static int setup(void **state)
{
    (void)setup_token(state);
    world_find();
    return 0;
}

/* Where it went wrong. */
static int teardown(void **state)
{
    if (seed != 0)
        print_error("in seed %lu\n", seed);
    return teardown_module(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/fault/seeds", test_seeds, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
