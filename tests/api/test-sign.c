/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-sign.c - signatures and MACs (PKCS#11 v3.2 5.13, 5.15): what the module signs, OpenSSL
 * verifies from the public key alone, and the other way round; what is refused.
 */
#include "support/reference.h"

#include <string.h>

enum key_name { RSA, P256, P384, P521, ED25519, ED448, N_KEYS };

static const char *const key_names[N_KEYS] = {NULL, "P-256", "P-384", "P-521", "ED25519", "ED448"};

static CK_SESSION_HANDLE session;
static struct {
    EVP_PKEY *evp;
    CK_OBJECT_HANDLE public, private;
} keys[N_KEYS];

static CK_RSA_PKCS_PSS_PARAMS pss_sha1 = {CKM_SHA_1, CKG_MGF1_SHA1, 20},
                              pss_sha256 = {CKM_SHA256, CKG_MGF1_SHA256, 32},
                              pss_sha384 = {CKM_SHA384, CKG_MGF1_SHA384, 48},
                              pss_sha512 = {CKM_SHA512, CKG_MGF1_SHA512, 0},
                              pss_mixed = {CKM_SHA256, CKG_MGF1_SHA1, 17};

static const struct row {
    CK_MECHANISM_TYPE type;
    enum key_name key;
    struct scheme scheme;
    CK_RSA_PKCS_PSS_PARAMS *pss;
    size_t n_raw; /* bytes of input where it is not a message */
    bool one_result;   /* the same input always gives the same signature */
} rows[] = {
    {CKM_RSA_PKCS, RSA, {.raw = true}, NULL, 51, true},
    {CKM_SHA1_RSA_PKCS, RSA, {.md = "SHA1"}, NULL, 0, true},
    {CKM_SHA224_RSA_PKCS, RSA, {.md = "SHA224"}, NULL, 0, true},
    {CKM_SHA256_RSA_PKCS, RSA, {.md = "SHA256"}, NULL, 0, true},
    {CKM_SHA384_RSA_PKCS, RSA, {.md = "SHA384"}, NULL, 0, true},
    {CKM_SHA512_RSA_PKCS, RSA, {.md = "SHA512"}, NULL, 0, true},
    {CKM_SHA3_256_RSA_PKCS, RSA, {.md = "SHA3-256"}, NULL, 0, true},
    {CKM_RSA_PKCS_PSS, RSA, {.md = "SHA256", .raw = true, .pss = true, .n_salt = 32},
     &pss_sha256, 32, false},
    {CKM_SHA1_RSA_PKCS_PSS, RSA, {.md = "SHA1", .pss = true, .n_salt = 20}, &pss_sha1, 0, false},
    {CKM_SHA256_RSA_PKCS_PSS, RSA, {.md = "SHA256", .pss = true, .n_salt = 32}, &pss_sha256, 0,
     false},
    {CKM_SHA256_RSA_PKCS_PSS, RSA, {.md = "SHA256", .pss = true, .mgf = "SHA1", .n_salt = 17},
     &pss_mixed, 0, false},
    {CKM_SHA384_RSA_PKCS_PSS, RSA, {.md = "SHA384", .pss = true, .n_salt = 48}, &pss_sha384, 0,
     false},
    {CKM_SHA512_RSA_PKCS_PSS, RSA, {.md = "SHA512", .pss = true, .n_salt = 0}, &pss_sha512, 0,
     true},
    {CKM_ECDSA, P256, {.raw = true}, NULL, 32, false},
    {CKM_ECDSA, P384, {.raw = true}, NULL, 48, false},
    {CKM_ECDSA, P521, {.raw = true}, NULL, 64, false},
    {CKM_ECDSA_SHA1, P256, {.md = "SHA1"}, NULL, 0, false},
    {CKM_ECDSA_SHA224, P256, {.md = "SHA224"}, NULL, 0, false},
    {CKM_ECDSA_SHA256, P256, {.md = "SHA256"}, NULL, 0, false},
    {CKM_ECDSA_SHA384, P384, {.md = "SHA384"}, NULL, 0, false},
    {CKM_ECDSA_SHA512, P521, {.md = "SHA512"}, NULL, 0, false},
    {CKM_ECDSA_SHA512, P256, {.md = "SHA512"}, NULL, 0, false},
    {CKM_ECDSA_SHA3_256, P256, {.md = "SHA3-256"}, NULL, 0, false},
    {CKM_EDDSA, ED25519, {0}, NULL, 0, true},
    {CKM_EDDSA, ED448, {0}, NULL, 0, true},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    for (size_t i = 0; i < N_KEYS; i++) {
        keys[i].evp = i == RSA ? evp_new_rsa(2048) : evp_new(key_names[i]);
        evp_import(session, keys[i].evp, &keys[i].public, &keys[i].private);
    }
    return 0;
}

static int group_teardown(void **state)
{
    for (size_t i = 0; i < N_KEYS; i++)
        EVP_PKEY_free(keys[i].evp);
    return teardown_module(state);
}

static CK_MECHANISM mechanism_of(const struct row *r)
{
    return (CK_MECHANISM){r->type, r->pss, r->pss != NULL ? sizeof(*r->pss) : 0};
}

static struct span input_of(const struct row *r)
{
    static uint8_t message[1000];

    fill_pattern(message, sizeof(message), (unsigned)r->type);
    return span_of(message, r->n_raw > 0 ? r->n_raw : sizeof(message));
}

static CK_BYTE *bytes_of(struct span s)
{
    return (CK_BYTE *)(uintptr_t)s.p;
}

static CK_ULONG sign_once(const struct row *r, struct span data, CK_BYTE ret[1024])
{
    CK_MECHANISM m = mechanism_of(r);
    CK_ULONG n = 1024;

    ASSERT_OK(p11->C_SignInit(session, &m, keys[r->key].private));
    ASSERT_OK(p11->C_Sign(session, bytes_of(data), data.n, ret, &n));
    return n;
}

static CK_RV verify_once(const struct row *r, struct span data, CK_BYTE *signature, CK_ULONG n)
{
    CK_MECHANISM m = mechanism_of(r);

    ASSERT_OK(p11->C_VerifyInit(session, &m, keys[r->key].public));
    return p11->C_Verify(session, bytes_of(data), data.n, signature, n);
}

/* -- against OpenSSL -------------------------------------------------------------------------- */

static void test_openssl_verifies(void **state)
{
    CK_BYTE signature[1024];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const struct span data = input_of(r);
        const CK_ULONG n = sign_once(r, data, signature);

        if (!evp_verify(keys[r->key].evp, &r->scheme, data, span_of(signature, n)))
            fail_msg("row %zu, mechanism 0x%lx: OpenSSL does not verify it", i, r->type);
        signature[n / 2] ^= 1;
        assert_false(evp_verify(keys[r->key].evp, &r->scheme, data, span_of(signature, n)));
    }
}

static void test_openssl_signs(void **state)
{
    uint8_t made[1024];
    CK_BYTE ours[1024];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const struct span data = input_of(r);
        const size_t n = evp_sign(keys[r->key].evp, &r->scheme, data, made);

        ASSERT_OK(verify_once(r, data, made, n));
        if (r->one_result) {
            assert_int_equal(sign_once(r, data, ours), n);
            assert_memory_equal(ours, made, n);
        }
    }
}

static void test_wrong_signatures(void **state)
{
    CK_BYTE signature[1024];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const struct span data = input_of(r);
        const CK_ULONG n = sign_once(r, data, signature);

        ASSERT_OK(verify_once(r, data, signature, n));
        ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, verify_once(r, data, signature, n - 1));
        ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, verify_once(r, data, signature, n - 2)); /* even */
        ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, verify_once(r, data, signature, n + 1));
        ASSERT_RV(CKR_SIGNATURE_LEN_RANGE, verify_once(r, data, signature, 0));
        signature[0] ^= 0x40;
        ASSERT_RV(CKR_SIGNATURE_INVALID, verify_once(r, data, signature, n));
        signature[0] ^= 0x40;
        bytes_of(data)[0] ^= 1;
        ASSERT_RV(CKR_SIGNATURE_INVALID, verify_once(r, data, signature, n));
        /* The operation is over, whatever it said. */
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
                  p11->C_Verify(session, bytes_of(data), data.n, signature, n));
    }
}

/* -- in parts --------------------------------------------------------------------------------- */

/* Parts of 0, 1, 2, 4, ... bytes. */
static void feed(CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG), struct span data)
{
    size_t step = 0;

    for (size_t at = 0; at < data.n; step = step == 0 ? 1 : step * 2) {
        const size_t n = step < data.n - at ? step : data.n - at;

        ASSERT_OK(update(session, n > 0 ? bytes_of(data) + at : NULL, n));
        at += n;
    }
}

static void test_parts(void **state)
{
    CK_BYTE signature[1024];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const struct span data = input_of(r);
        CK_MECHANISM m = mechanism_of(r);
        CK_ULONG n = sizeof(signature);

        if (r->n_raw > 0)
            continue;
        ASSERT_OK(p11->C_SignInit(session, &m, keys[r->key].private));
        feed(p11->C_SignUpdate, data);
        ASSERT_OK(p11->C_SignFinal(session, signature, &n));
        assert_true(evp_verify(keys[r->key].evp, &r->scheme, data, span_of(signature, n)));
        ASSERT_OK(p11->C_VerifyInit(session, &m, keys[r->key].public));
        feed(p11->C_VerifyUpdate, data);
        ASSERT_OK(p11->C_VerifyFinal(session, signature, n));
        ASSERT_OK(p11->C_VerifyInit(session, &m, keys[r->key].public));
        feed(p11->C_VerifyUpdate, span_of(data.p, data.n - 1));
        ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifyFinal(session, signature, n));
    }
}

/* No part at all is the empty message. */
static void test_empty_message(void **state)
{
    CK_BYTE signature[1024];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        CK_MECHANISM m = mechanism_of(r);
        CK_ULONG n = sizeof(signature);

        if (r->n_raw > 0)
            continue;
        n = sign_once(r, SPAN_EMPTY, signature);
        assert_true(evp_verify(keys[r->key].evp, &r->scheme, SPAN_LIT(""), span_of(signature, n)));
        n = sizeof(signature);
        ASSERT_OK(p11->C_SignInit(session, &m, keys[r->key].private));
        ASSERT_OK(p11->C_SignFinal(session, signature, &n));
        ASSERT_OK(verify_once(r, SPAN_EMPTY, signature, n));
    }
}

/*
 * The signature is written over the message: it is the one that it would be elsewhere. OpenSSL
 * hashes EdDSA's message twice, and writes in between: with a message that changes, two signatures
 * tell the private key.
 */
static void test_in_place(void **state)
{
    static const size_t shifts[] = {0, 1, 40};
    CK_BYTE apart[1024], memory[2048];

    (void)state;
    for (size_t i = 0; i < 3 * N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i / 3];
        const size_t shift = shifts[i % 3];
        const struct span data = input_of(r);
        const CK_ULONG n_apart = sign_once(r, data, apart);
        CK_MECHANISM m = mechanism_of(r);
        CK_ULONG n = 1024;

        memcpy(memory + shift, data.p, data.n);
        ASSERT_OK(p11->C_SignInit(session, &m, keys[r->key].private));
        ASSERT_OK(p11->C_Sign(session, memory + shift, data.n, memory, &n));
        assert_true(evp_verify(keys[r->key].evp, &r->scheme, data, span_of(memory, n)));
        assert_int_equal(n, n_apart);
        if (r->one_result)
            assert_memory_equal(memory, apart, n);
    }
}

static void test_single_part_only(void **state)
{
    CK_BYTE data[32] = {0}, signature[1024];
    CK_ULONG n = sizeof(signature);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM m = mechanism_of(&rows[i]);

        if (rows[i].n_raw == 0)
            continue;
        ASSERT_OK(p11->C_SignInit(session, &m, keys[rows[i].key].private));
        ASSERT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignUpdate(session, data, sizeof(data)));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(session, signature, &n));
    }
}

/* A part and then C_Sign is refused, and the parts go on (v3.2 5.13.2). */
static void test_parts_are_not_mixed(void **state)
{
    const struct row *r = &rows[3];
    CK_MECHANISM m = mechanism_of(r);
    const struct span data = input_of(r);
    CK_BYTE signature[1024];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &m, keys[r->key].private));
    ASSERT_OK(p11->C_SignUpdate(session, bytes_of(data), 10));
    ASSERT_RV(CKR_OPERATION_ACTIVE,
              p11->C_Sign(session, bytes_of(data), data.n, signature, &n));
    ASSERT_RV(CKR_OPERATION_ACTIVE, p11->C_SignInit(session, &m, keys[r->key].private));
    ASSERT_OK(p11->C_SignUpdate(session, bytes_of(data) + 10, data.n - 10));
    n = sizeof(signature);
    ASSERT_OK(p11->C_SignFinal(session, signature, &n));
    assert_true(evp_verify(keys[r->key].evp, &r->scheme, data, span_of(signature, n)));
}

/* -- input that does not fit ------------------------------------------------------------------ */

static CK_RV sign_rv(CK_MECHANISM_TYPE type, void *param, CK_ULONG n_param, CK_OBJECT_HANDLE key,
                     CK_ULONG n)
{
    static CK_BYTE data[1024];
    CK_MECHANISM m = {type, param, n_param};
    CK_BYTE signature[1024];
    CK_ULONG n_signature = sizeof(signature);
    const CK_RV rv = p11->C_SignInit(session, &m, key);

    return rv == CKR_OK ? p11->C_Sign(session, data, n, signature, &n_signature) : rv;
}

static void test_lengths(void **state)
{
    const CK_OBJECT_HANDLE rsa = keys[RSA].private;

    (void)state;
    ASSERT_OK(sign_rv(CKM_RSA_PKCS, NULL, 0, rsa, 256 - 11));
    ASSERT_RV(CKR_DATA_LEN_RANGE, sign_rv(CKM_RSA_PKCS, NULL, 0, rsa, 256 - 10));
    ASSERT_OK(sign_rv(CKM_RSA_PKCS_PSS, &pss_sha256, sizeof(pss_sha256), rsa, 32));
    ASSERT_RV(CKR_DATA_LEN_RANGE,
              sign_rv(CKM_RSA_PKCS_PSS, &pss_sha256, sizeof(pss_sha256), rsa, 31));
    /* ECDSA takes the leftmost bits of a longer hash (FIPS 186-5 6.4.1). */
    ASSERT_OK(sign_rv(CKM_ECDSA, NULL, 0, keys[P256].private, 20));
    ASSERT_OK(sign_rv(CKM_ECDSA, NULL, 0, keys[P256].private, 64));
}

static void test_parameters(void **state)
{
    const CK_OBJECT_HANDLE rsa = keys[RSA].private;
    CK_RSA_PKCS_PSS_PARAMS p = pss_sha256;

    (void)state;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, sign_rv(CKM_SHA256_RSA_PKCS, &p, sizeof(p), rsa, 9));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, sign_rv(CKM_SHA256_RSA_PKCS_PSS, NULL, 0, rsa, 9));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              sign_rv(CKM_SHA256_RSA_PKCS_PSS, NULL, sizeof(p), rsa, 9));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              sign_rv(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p) - 1, rsa, 9));
    /* The mechanism says which hash; the parameter must agree. */
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              sign_rv(CKM_SHA384_RSA_PKCS_PSS, &p, sizeof(p), rsa, 9));
    p.sLen = 256 - 32 - 2;
    ASSERT_OK(sign_rv(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p), rsa, 9));
    p.sLen++;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              sign_rv(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p), rsa, 9));
    p = pss_sha256;
    p.mgf = 4711;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              sign_rv(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p), rsa, 9));
    p = pss_sha256;
    p.hashAlg = CKM_SHA256_HMAC;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, sign_rv(CKM_RSA_PKCS_PSS, &p, sizeof(p), rsa, 32));
}

/* The parameter is read at Init and never again: the application may free it. */
static void test_parameter_is_copied(void **state)
{
    const struct row *r = &rows[9];
    CK_RSA_PKCS_PSS_PARAMS p = pss_sha256;
    CK_MECHANISM m = {CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p)};
    const struct span data = input_of(r);
    CK_BYTE signature[1024];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &m, keys[RSA].private));
    memset(&p, 0xff, sizeof(p));
    memset(&m, 0xff, sizeof(m));
    ASSERT_OK(p11->C_Sign(session, bytes_of(data), data.n, signature, &n));
    assert_true(evp_verify(keys[RSA].evp, &r->scheme, data, span_of(signature, n)));
}

static void test_wrong_keys(void **state)
{
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "not for signatures");
    const CK_OBJECT_HANDLE data = make_data(session, CK_FALSE, CK_TRUE, "no key", "v", 1);
    CK_MECHANISM m = {CKM_SHA256_RSA_PKCS, NULL, 0};

    (void)state;
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, aes, 9));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT,
              sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, keys[P256].private, 9));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT,
              sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, keys[RSA].public, 9));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_VerifyInit(session, &m, keys[RSA].private));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, data, 9));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, 0, 9));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, sign_rv(CKM_SHA256_RSA_PKCS, NULL, 0, 0x123456, 9));
    ASSERT_RV(CKR_MECHANISM_INVALID, sign_rv(CKM_SHA256, NULL, 0, keys[RSA].private, 9));
    ASSERT_RV(CKR_MECHANISM_INVALID, sign_rv(CKM_DES3_MAC, NULL, 0, keys[RSA].private, 9));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignUpdate(session, NULL, 0));
}

/* CKA_SIGN and CKA_ALLOWED_MECHANISMS. */
static void test_usage(void **state)
{
    static const CK_MECHANISM_TYPE only[] = {CKM_ECDSA_SHA256};
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_FALSE(CKA_VERIFY)};
    CK_ATTRIBUTE priv[] = {ATTR_FALSE(CKA_SIGN), {CKA_ALLOWED_MECHANISMS, NULL, 0}};
    CK_OBJECT_HANDLE a, b;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &m, pub, 2, priv, 1, &a, &b));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, sign_rv(CKM_ECDSA, NULL, 0, b, 32));
    m.mechanism = CKM_ECDSA;
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_VerifyInit(session, &m, a));
    m.mechanism = CKM_EC_KEY_PAIR_GEN;
    priv[0] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_SIGN);
    priv[1] = (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, only, sizeof(only));
    ASSERT_OK(p11->C_GenerateKeyPair(session, &m, pub, 2, priv, 2, &a, &b));
    ASSERT_OK(sign_rv(CKM_ECDSA_SHA256, NULL, 0, b, 32));
    ASSERT_RV(CKR_MECHANISM_INVALID, sign_rv(CKM_ECDSA, NULL, 0, b, 32));
}

static void test_recover(void **state)
{
    CK_MECHANISM m = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE data[40], signature[256], back[256];
    CK_ULONG n = sizeof(signature), n_back = sizeof(back);

    (void)state;
    fill_pattern(data, sizeof(data), 3);
    ASSERT_OK(p11->C_SignRecoverInit(session, &m, keys[RSA].private));
    ASSERT_OK(p11->C_SignRecover(session, data, sizeof(data), signature, &n));
    assert_int_equal(n, 256);
    ASSERT_OK(p11->C_VerifyRecoverInit(session, &m, keys[RSA].public));
    ASSERT_OK(p11->C_VerifyRecover(session, signature, n, back, &n_back));
    assert_int_equal(n_back, sizeof(data));
    assert_memory_equal(back, data, sizeof(data));
    signature[9] ^= 1;
    n_back = sizeof(back);
    ASSERT_OK(p11->C_VerifyRecoverInit(session, &m, keys[RSA].public));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifyRecover(session, signature, n, back, &n_back));
}

/* C_SignInit(NULL) and C_SessionCancel end an operation (v3.0 and later). */
static void test_cancel(void **state)
{
    CK_MECHANISM m = {CKM_SHA256_RSA_PKCS, NULL, 0};
    CK_BYTE signature[256];
    CK_ULONG n = sizeof(signature);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &m, keys[RSA].private));
    ASSERT_OK(p11->C_SignInit(session, NULL, CK_INVALID_HANDLE));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(session, signature, &n));
    ASSERT_OK(p11->C_SignInit(session, &m, keys[RSA].private));
    ASSERT_OK(p11->C_SessionCancel(session, CKF_VERIFY | CKF_DIGEST));
    ASSERT_OK(p11->C_SignUpdate(session, signature, 9));
    ASSERT_OK(p11->C_SessionCancel(session, CKF_SIGN));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(session, signature, &n));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/sign/openssl-verifies", test_openssl_verifies),
        TEST("/sign/openssl-signs", test_openssl_signs),
        TEST("/verify/wrong-signatures", test_wrong_signatures),
        TEST("/sign/parts", test_parts),
        TEST("/sign/empty-message", test_empty_message),
        TEST("/sign/in-place", test_in_place),
        TEST("/sign/single-part-only", test_single_part_only),
        TEST("/sign/parts-are-not-mixed", test_parts_are_not_mixed),
        TEST("/sign/lengths", test_lengths),
        TEST("/sign/parameters", test_parameters),
        TEST("/sign/parameter-is-copied", test_parameter_is_copied),
        TEST("/sign/wrong-keys", test_wrong_keys),
        TEST("/sign/usage", test_usage),
        TEST("/sign/recover", test_recover),
        TEST("/sign/cancel", test_cancel),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
