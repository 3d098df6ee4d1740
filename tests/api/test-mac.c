/* SPDX-License-Identifier: BSD-2-Clause */
/* test-mac.c - HMAC with every hash and AES-CMAC (PKCS#11 v3.2 6.14, 6.22) against OpenSSL. */
#include "support/reference.h"

#include <string.h>

static CK_SESSION_HANDLE session;

static const struct row {
    CK_MECHANISM_TYPE type, general;
    CK_KEY_TYPE key_type;
    const char *mac, *algorithm; /* OpenSSL's */
    size_t n;                    /* bytes of the MAC */
    size_t n_key;
} rows[] = {
    {CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKK_SHA_1_HMAC, "HMAC", "SHA1", 20, 20},
    {CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKK_SHA224_HMAC, "HMAC", "SHA224", 28, 28},
    {CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKK_SHA256_HMAC, "HMAC", "SHA256", 32, 32},
    {CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKK_SHA384_HMAC, "HMAC", "SHA384", 48, 200},
    {CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKK_SHA512_HMAC, "HMAC", "SHA512", 64, 64},
    {CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKK_GENERIC_SECRET, "HMAC", "SHA512-256",
     32, 33},
    {CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKK_SHA3_224_HMAC, "HMAC", "SHA3-224", 28, 20},
    {CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL, CKK_SHA3_256_HMAC, "HMAC", "SHA3-256", 32, 40},
    {CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL, CKK_SHA3_512_HMAC, "HMAC", "SHA3-512", 64, 64},
    {CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKK_GENERIC_SECRET, "HMAC", "SHA256", 32, 1},
    {CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKK_AES, "CMAC", "AES-128-CBC", 16, 16},
    {CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKK_AES, "CMAC", "AES-192-CBC", 16, 24},
    {CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKK_AES, "CMAC", "AES-256-CBC", 16, 32},
};

static uint8_t key_bytes[256], message[777];

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    fill_pattern(key_bytes, sizeof(key_bytes), 5);
    fill_pattern(message, sizeof(message), 6);
    return 0;
}

static CK_OBJECT_HANDLE key_of(const struct row *r)
{
    return import_secret(session, r->key_type, key_bytes, r->n_key);
}

static size_t reference(const struct row *r, size_t n, uint8_t ret[64])
{
    return evp_mac(r->mac, r->algorithm, span_of(key_bytes, r->n_key), span_of(message, n), ret);
}

static void test_against_openssl(void **state)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 64, 136, 777};
    uint8_t expected[64];
    CK_BYTE mac[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            CK_ULONG n = sizeof(mac);

            assert_int_equal(reference(&rows[i], lengths[j], expected), rows[i].n);
            ASSERT_OK(p11->C_SignInit(session, &m, key));
            ASSERT_OK(p11->C_Sign(session, message, lengths[j], mac, &n));
            assert_int_equal(n, rows[i].n);
            assert_memory_equal(mac, expected, n);
            ASSERT_OK(p11->C_VerifyInit(session, &m, key));
            ASSERT_OK(p11->C_Verify(session, message, lengths[j], expected, n));
        }
    }
}

static void test_parts(void **state)
{
    uint8_t expected[64];
    CK_BYTE mac[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);
        CK_ULONG n = sizeof(mac);

        (void)reference(&rows[i], sizeof(message), expected);
        ASSERT_OK(p11->C_SignInit(session, &m, key));
        ASSERT_OK(p11->C_VerifyInit(session, &m, key));
        for (size_t at = 0; at < sizeof(message); at += 37) {
            ASSERT_OK(p11->C_SignUpdate(session, message + at, 37));
            ASSERT_OK(p11->C_VerifyUpdate(session, message + at, 37));
        }
        ASSERT_OK(p11->C_SignFinal(session, mac, &n));
        assert_int_equal(n, rows[i].n);
        assert_memory_equal(mac, expected, n);
        ASSERT_OK(p11->C_VerifyFinal(session, mac, n));
    }
}

/* The *_GENERAL mechanisms give the leftmost bytes, as many as the parameter says. */
static void test_truncated(void **state)
{
    uint8_t expected[64];
    CK_BYTE mac[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);
        CK_MAC_GENERAL_PARAMS want;
        CK_MECHANISM m = {rows[i].general, &want, sizeof(want)};

        (void)reference(&rows[i], 9, expected);
        for (want = 1; want <= rows[i].n; want++) {
            CK_ULONG n = sizeof(mac);

            ASSERT_OK(p11->C_SignInit(session, &m, key));
            ASSERT_OK(p11->C_Sign(session, message, 9, mac, &n));
            assert_int_equal(n, want);
            assert_memory_equal(mac, expected, n);
            ASSERT_OK(p11->C_VerifyInit(session, &m, key));
            ASSERT_OK(p11->C_Verify(session, message, 9, mac, n));
        }
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(session, &m, key));
        want = 0;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(session, &m, key));
        m.pParameter = NULL;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_SignInit(session, &m, key));
    }
}

static void test_wrong_macs(void **state)
{
    uint8_t mac[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = {rows[i].type, NULL, 0};
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);
        const size_t n = reference(&rows[i], 9, mac);

        ASSERT_OK(p11->C_VerifyInit(session, &m, key));
        ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(session, message, 9, mac, n - 1));
        for (size_t at = 0; at < n; at += n - 1) {
            mac[at] ^= 0x80;
            ASSERT_OK(p11->C_VerifyInit(session, &m, key));
            ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(session, message, 9, mac, n));
            mac[at] ^= 0x80;
        }
        ASSERT_OK(p11->C_VerifyInit(session, &m, key));
        ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(session, message, 10, mac, n));
    }
}

/* A key used many times, its idle contexts kept: no use leaves anything behind for the next. */
static void test_contexts_start_anew(void **state)
{
    const struct row *r = &rows[2];
    CK_MECHANISM m = {r->type, NULL, 0};
    const CK_OBJECT_HANDLE key = key_of(r);
    uint8_t expected[64];
    CK_BYTE mac[64];

    (void)state;
    (void)reference(r, 50, expected);
    for (int round = 0; round < 5; round++) {
        CK_ULONG n = sizeof(mac);

        /* One that is given up in the middle, one that is verified, one that ends well. */
        ASSERT_OK(p11->C_SignInit(session, &m, key));
        ASSERT_OK(p11->C_SignUpdate(session, message, 13));
        ASSERT_OK(p11->C_SignInit(session, NULL, 0));
        ASSERT_OK(p11->C_VerifyInit(session, &m, key));
        ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(session, message, 49, expected, 32));
        ASSERT_OK(p11->C_SignInit(session, &m, key));
        ASSERT_OK(p11->C_Sign(session, message, 50, mac, &n));
        assert_memory_equal(mac, expected, 32);
    }
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/mac/against-openssl", test_against_openssl),
        TEST("/mac/parts", test_parts),
        TEST("/mac/truncated", test_truncated),
        TEST("/mac/wrong", test_wrong_macs),
        TEST("/mac/contexts-start-anew", test_contexts_start_anew),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
