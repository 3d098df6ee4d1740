/* SPDX-License-Identifier: BSD-2-Clause */
/* test-digest.c - message digests (PKCS#11 v3.2 5.12) against OpenSSL, and C_DigestKey. */
#include "support/reference.h"

#include <string.h>

static CK_SESSION_HANDLE session;
static uint8_t message[5000];

static const struct {
    CK_MECHANISM_TYPE type;
    const char *md;
} rows[] = {
    {CKM_SHA_1, "SHA1"},         {CKM_SHA224, "SHA224"},         {CKM_SHA256, "SHA256"},
    {CKM_SHA384, "SHA384"},      {CKM_SHA512, "SHA512"},         {CKM_SHA512_224, "SHA512-224"},
    {CKM_SHA512_256, "SHA512-256"}, {CKM_SHA3_224, "SHA3-224"},  {CKM_SHA3_256, "SHA3-256"},
    {CKM_SHA3_384, "SHA3-384"},  {CKM_SHA3_512, "SHA3-512"},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_session();
    fill_pattern(message, sizeof(message), 1);
    return 0;
}

static CK_ULONG reference(const char *md, const void *data, size_t n, uint8_t ret[EVP_MAX_MD_SIZE])
{
    size_t n_ret = 0;

    assert_int_equal(EVP_Q_digest(NULL, md, NULL, data, n, ret, &n_ret), 1);
    return n_ret;
}

/* No digest that the token lists is left out here. */
static void test_all_are_tested(void **state)
{
    CK_MECHANISM_TYPE types[512];
    CK_ULONG n = N_ELEMENTS(types), n_digests = 0;

    (void)state;
    ASSERT_OK(p11->C_GetMechanismList(0, types, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        CK_MECHANISM_INFO info;

        ASSERT_OK(p11->C_GetMechanismInfo(0, types[i], &info));
        n_digests += (info.flags & CKF_DIGEST) != 0 ? 1 : 0;
    }
    assert_int_equal(n_digests, N_ELEMENTS(rows));
}

static void test_against_openssl(void **state)
{
    static const size_t lengths[] = {0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 136, 5000};
    uint8_t expected[EVP_MAX_MD_SIZE];
    CK_BYTE digest[EVP_MAX_MD_SIZE];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            const CK_ULONG n = reference(rows[i].md, message, lengths[j], expected);
            CK_ULONG n_digest = sizeof(digest);

            ASSERT_OK(p11->C_DigestInit(session, &m));
            ASSERT_OK(p11->C_Digest(session, message, lengths[j], digest, &n_digest));
            assert_int_equal(n_digest, n);
            assert_memory_equal(digest, expected, n);
        }
    }
}

static void test_parts(void **state)
{
    uint8_t expected[EVP_MAX_MD_SIZE];
    CK_BYTE digest[EVP_MAX_MD_SIZE];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};
        const CK_ULONG n = reference(rows[i].md, message, sizeof(message), expected);
        CK_ULONG n_digest = sizeof(digest);
        size_t step = 0, at = 0;

        ASSERT_OK(p11->C_DigestInit(session, &m));
        for (; at + step <= sizeof(message); at += step, step = step == 0 ? 1 : step * 3)
            ASSERT_OK(p11->C_DigestUpdate(session, step == 0 ? NULL : message + at, step));
        ASSERT_OK(p11->C_DigestUpdate(session, message + at, sizeof(message) - at));
        ASSERT_OK(p11->C_DigestFinal(session, digest, &n_digest));
        assert_int_equal(n_digest, n);
        assert_memory_equal(digest, expected, n);
    }
}

/* Input and output may be the same memory (v3.2 5.12.2 and pkcs11 clients that hash in place). */
static void test_in_place(void **state)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    uint8_t expected[EVP_MAX_MD_SIZE];
    CK_BYTE data[64];
    CK_ULONG n = sizeof(data);

    (void)state;
    memcpy(data, message, sizeof(data));
    (void)reference("SHA256", data, sizeof(data), expected);
    ASSERT_OK(p11->C_DigestInit(session, &m));
    ASSERT_OK(p11->C_Digest(session, data, sizeof(data), data, &n));
    assert_memory_equal(data, expected, 32);
}

static void test_state(void **state)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0}, param = {CKM_SHA256, message, 3};
    CK_MECHANISM sign = {CKM_SHA256_HMAC, NULL, 0}, unknown = {0x4711, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest);

    (void)state;
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Digest(session, message, 3, digest, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestUpdate(session, message, 3));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(session, digest, &n));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(session, &unknown));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(session, &sign));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DigestInit(session, &param));
    ASSERT_OK(p11->C_DigestInit(session, &m));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_DigestInit(session, &m));
    ASSERT_OK(p11->C_DigestUpdate(session, message, 3));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_Digest(session, message, 3, digest, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_DigestUpdate(session, NULL, 3));
    ASSERT_OK(p11->C_DigestFinal(session, digest, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(session, digest, &n));
}

/* A digest of a sensitive value would be an oracle for it. */
static void test_digest_key(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    const CK_OBJECT_HANDLE open = import_secret(h, CKK_GENERIC_SECRET, message, 40);
    const CK_OBJECT_HANDLE aes = make_aes(h, 32, CK_FALSE, "sensitive");
    uint8_t all[43], expected[EVP_MAX_MD_SIZE];
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest);
    CK_OBJECT_HANDLE pub, priv;

    (void)state;
    make_ec(h, CK_FALSE, "no secret key", &pub, &priv);
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestKey(h, open));
    ASSERT_OK(p11->C_DigestInit(h, &m));
    ASSERT_OK(p11->C_DigestUpdate(h, message, 3));
    ASSERT_OK(p11->C_DigestKey(h, open));
    ASSERT_RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(h, aes));
    ASSERT_RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(h, pub));
    ASSERT_RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(h, priv));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(h, 0));
    /* The refusals left the operation as it was. */
    ASSERT_OK(p11->C_DigestFinal(h, digest, &n));
    memcpy(all, message, 3);
    memcpy(all + 3, message, 40);
    (void)reference("SHA256", all, sizeof(all), expected);
    assert_memory_equal(digest, expected, 32);
    ASSERT_OK(p11->C_CloseSession(h));
}

/* Two sessions, two digests. */
static void test_sessions_are_apart(void **state)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    const CK_SESSION_HANDLE other = open_session();
    uint8_t expected[2][EVP_MAX_MD_SIZE];
    CK_BYTE digest[32];
    CK_ULONG n = sizeof(digest);

    (void)state;
    (void)reference("SHA256", message, 100, expected[0]);
    (void)reference("SHA256", message, 50, expected[1]);
    ASSERT_OK(p11->C_DigestInit(session, &m));
    ASSERT_OK(p11->C_DigestInit(other, &m));
    ASSERT_OK(p11->C_DigestUpdate(session, message, 50));
    ASSERT_OK(p11->C_DigestUpdate(other, message, 50));
    ASSERT_OK(p11->C_DigestUpdate(session, message + 50, 50));
    ASSERT_OK(p11->C_DigestFinal(session, digest, &n));
    assert_memory_equal(digest, expected[0], 32);
    ASSERT_OK(p11->C_DigestFinal(other, digest, &n));
    assert_memory_equal(digest, expected[1], 32);
    ASSERT_OK(p11->C_CloseSession(other));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/digest/all-are-tested", test_all_are_tested),
        TEST("/digest/against-openssl", test_against_openssl),
        TEST("/digest/parts", test_parts),
        TEST("/digest/in-place", test_in_place),
        TEST("/digest/state", test_state),
        TEST("/digest/key", test_digest_key),
        TEST("/digest/sessions-are-apart", test_sessions_are_apart),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
