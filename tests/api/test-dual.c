/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-dual.c - dual-function calls (PKCS#11 v3.2 5.17): what both operations make of the data is
 * what each makes of it alone, and without output nothing is passed on.
 */
#include "support/reference.h"

#include <string.h>

#define N 96
#define STEP 32
#define TAG 32

typedef CK_RV dual_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes, hmac, rsa_public, rsa_private;
static uint8_t iv[16], plain[N], key_bytes[32], cipher[N], digest[32], tag[64];
static CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)}, sha = {CKM_SHA256, NULL, 0},
                    mac = {CKM_SHA256_HMAC, NULL, 0}, single = {CKM_RSA_PKCS, NULL, 0};

static int group_setup(void **state)
{
    const struct span key = {key_bytes, sizeof(key_bytes)};
    size_t n = 0;

    (void)setup_token(state);
    session = open_user();
    fill_pattern(plain, sizeof(plain), 1);
    fill_pattern(key_bytes, sizeof(key_bytes), 2);
    aes = import_secret(session, CKK_AES, key_bytes, sizeof(key_bytes));
    hmac = import_secret(session, CKK_GENERIC_SECRET, key_bytes, sizeof(key_bytes));
    make_rsa(session, 2048, CK_FALSE, "rsa", &rsa_public, &rsa_private);
    assert_int_equal(evp_cipher("AES-256-CBC", true, false, key, iv, span_of(plain, N), cipher), N);
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, plain, N, digest, &n), 1);
    assert_int_equal(evp_mac("HMAC", "SHA256", key, span_of(plain, N), tag), TAG);
    return 0;
}

/* Every test begins and ends without operations. */
static int no_operation(void **state)
{
    CK_BYTE out[N];
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_SessionCancel(session, CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN |
                                                CKF_VERIFY));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestFinal(session, out, &n));
    return 0;
}

/* All of `in`, by steps: asked for the length, offered too little, then done. */
static void run_steps(dual_fn *fn, const uint8_t *in, uint8_t ret[N])
{
    uint8_t part[STEP];

    for (size_t at = 0; at < N; at += STEP) {
        CK_ULONG n = 0;

        memcpy(part, in + at, STEP);
        ASSERT_OK(fn(session, part, STEP, NULL, &n));
        assert_int_equal(n, STEP);
        n = STEP - 1;
        ASSERT_RV(CKR_BUFFER_TOO_SMALL, fn(session, part, STEP, ret + at, &n));
        assert_int_equal(n, STEP);
        ASSERT_OK(fn(session, part, STEP, ret + at, &n));
        assert_int_equal(n, STEP);
    }
}

static void end_digest(void)
{
    CK_BYTE out[32];
    CK_ULONG n = sizeof(out);

    ASSERT_OK(p11->C_DigestFinal(session, out, &n));
    assert_memory_equal(out, digest, sizeof(digest));
}

static void end_cipher(CK_RV (*final)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR))
{
    CK_BYTE out[16];
    CK_ULONG n = sizeof(out);

    ASSERT_OK(final(session, out, &n));
    assert_int_equal(n, 0);
}

static void test_digest_encrypt(void **state)
{
    uint8_t out[N];

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    run_steps(p11->C_DigestEncryptUpdate, plain, out);
    assert_memory_equal(out, cipher, N);
    end_digest();
    end_cipher(p11->C_EncryptFinal);
}

static void test_decrypt_digest(void **state)
{
    uint8_t out[N];

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_DecryptInit(session, &cbc, aes));
    run_steps(p11->C_DecryptDigestUpdate, cipher, out);
    assert_memory_equal(out, plain, N);
    end_digest();
    end_cipher(p11->C_DecryptFinal);
}

static void test_sign_encrypt(void **state)
{
    uint8_t out[N], sum[32];
    CK_ULONG n = sizeof(sum);

    (void)state;
    ASSERT_OK(p11->C_SignInit(session, &mac, hmac));
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    run_steps(p11->C_SignEncryptUpdate, plain, out);
    assert_memory_equal(out, cipher, N);
    ASSERT_OK(p11->C_SignFinal(session, sum, &n));
    assert_memory_equal(sum, tag, TAG);
    end_cipher(p11->C_EncryptFinal);
}

static void test_decrypt_verify(void **state)
{
    uint8_t out[N], wrong[32];

    (void)state;
    ASSERT_OK(p11->C_VerifyInit(session, &mac, hmac));
    ASSERT_OK(p11->C_DecryptInit(session, &cbc, aes));
    run_steps(p11->C_DecryptVerifyUpdate, cipher, out);
    assert_memory_equal(out, plain, N);
    ASSERT_OK(p11->C_VerifyFinal(session, tag, TAG));
    end_cipher(p11->C_DecryptFinal);

    memcpy(wrong, tag, sizeof(wrong));
    wrong[31] ^= 1;
    ASSERT_OK(p11->C_VerifyInit(session, &mac, hmac));
    ASSERT_OK(p11->C_DecryptInit(session, &cbc, aes));
    run_steps(p11->C_DecryptVerifyUpdate, cipher, out);
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_VerifyFinal(session, wrong, sizeof(wrong)));
}

/* The ciphertext lies over the plaintext: the digest is of what was there before. */
static void test_in_place(void **state)
{
    static const size_t shifts[] = {0, 1, 16, STEP};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(shifts); i++) {
        uint8_t data[N + 2 * STEP];
        CK_ULONG n = N;

        memcpy(data + STEP, plain, N);
        ASSERT_OK(p11->C_DigestInit(session, &sha));
        ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
        ASSERT_OK(p11->C_DigestEncryptUpdate(session, data + STEP, N, data + STEP - shifts[i], &n));
        assert_memory_equal(data + STEP - shifts[i], cipher, N);
        end_digest();
        end_cipher(p11->C_EncryptFinal);
    }
}

/* Parts of either operation alone in between are allowed. */
static void test_interspersed(void **state)
{
    uint8_t out[N];
    CK_ULONG n = STEP;

    (void)state;
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    ASSERT_OK(p11->C_DigestUpdate(session, plain, STEP));
    ASSERT_OK(p11->C_EncryptUpdate(session, plain, STEP, out, &n));
    ASSERT_OK(p11->C_DigestEncryptUpdate(session, plain + STEP, STEP, out + STEP, &n));
    ASSERT_OK(p11->C_DigestUpdate(session, plain + 2 * STEP, STEP));
    ASSERT_OK(p11->C_EncryptUpdate(session, plain + 2 * STEP, STEP, out + 2 * STEP, &n));
    assert_memory_equal(out, cipher, N);
    end_digest();
    end_cipher(p11->C_EncryptFinal);
}

/* An authenticated cipher releases nothing before its tag: nothing is digested before. */
static void test_decrypt_digest_aead(void **state)
{
    CK_GCM_PARAMS p = {iv, 12, 96, NULL, 0, 128};
    CK_MECHANISM gcm = {CKM_AES_GCM, &p, sizeof(p)};
    uint8_t sealed[N + 16], out[N], empty[32];
    CK_ULONG n = sizeof(sealed);
    size_t n_digest = 0;

    (void)state;
    ASSERT_OK(p11->C_EncryptInit(session, &gcm, aes));
    ASSERT_OK(p11->C_Encrypt(session, plain, N, sealed, &n));
    ASSERT_OK(p11->C_DigestInit(session, &sha));
    ASSERT_OK(p11->C_DecryptInit(session, &gcm, aes));
    n = sizeof(out);
    ASSERT_OK(p11->C_DecryptDigestUpdate(session, sealed, sizeof(sealed), out, &n));
    assert_int_equal(n, 0);
    n = sizeof(out);
    ASSERT_OK(p11->C_DecryptFinal(session, out, &n));
    assert_memory_equal(out, plain, N);
    n = sizeof(out);
    ASSERT_OK(p11->C_DigestFinal(session, out, &n));
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, "", 0, empty, &n_digest), 1);
    assert_memory_equal(out, empty, sizeof(empty));
}

static void test_wrong_state(void **state)
{
    static const struct {
        const char *name;
        CK_FLAGS cipher, other;
    } rows[] = {{"C_DigestEncryptUpdate", CKF_ENCRYPT, CKF_DIGEST},
                {"C_DecryptDigestUpdate", CKF_DECRYPT, CKF_DIGEST},
                {"C_SignEncryptUpdate", CKF_ENCRYPT, CKF_SIGN},
                {"C_DecryptVerifyUpdate", CKF_DECRYPT, CKF_VERIFY}};
    dual_fn *const fns[] = {p11->C_DigestEncryptUpdate, p11->C_DecryptDigestUpdate,
                            p11->C_SignEncryptUpdate, p11->C_DecryptVerifyUpdate};
    uint8_t out[N];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_ULONG n = N;

        print_message("%s\n", rows[i].name);
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, fns[i](session, plain, N, out, &n));
        if (rows[i].cipher == CKF_ENCRYPT)
            ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
        else
            ASSERT_OK(p11->C_DecryptInit(session, &cbc, aes));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, fns[i](session, plain, N, out, &n));
        ASSERT_OK(p11->C_SessionCancel(session, rows[i].cipher));
        if (rows[i].other == CKF_DIGEST)
            ASSERT_OK(p11->C_DigestInit(session, &sha));
        else if (rows[i].other == CKF_SIGN)
            ASSERT_OK(p11->C_SignInit(session, &mac, hmac));
        else
            ASSERT_OK(p11->C_VerifyInit(session, &mac, hmac));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, fns[i](session, plain, N, out, &n));
        ASSERT_RV(CKR_ARGUMENTS_BAD, fns[i](session, NULL, 1, out, &n));
        ASSERT_RV(CKR_ARGUMENTS_BAD, fns[i](session, plain, N, out, NULL));
        ASSERT_RV(CKR_SESSION_HANDLE_INVALID, fns[i](0, plain, N, out, &n));
        ASSERT_OK(p11->C_SessionCancel(session, rows[i].other));
    }
}

/* A signature that takes no parts: it ends as C_SignUpdate would end it, the cipher goes on. */
static void test_single_part_signature(void **state)
{
    uint8_t out[N];
    CK_ULONG n = N;

    (void)state;
    ASSERT_OK(p11->C_EncryptInit(session, &cbc, aes));
    ASSERT_OK(p11->C_SignInit(session, &single, rsa_private));
    ASSERT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignEncryptUpdate(session, plain, N, out, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignUpdate(session, plain, N));
    n = N;
    ASSERT_OK(p11->C_EncryptUpdate(session, plain, N, out, &n));
    assert_memory_equal(out, cipher, N);
    end_cipher(p11->C_EncryptFinal);
}

#define TEST(name, fn) {name, fn, no_operation, no_operation, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/dual/digest-encrypt", test_digest_encrypt),
        TEST("/dual/decrypt-digest", test_decrypt_digest),
        TEST("/dual/sign-encrypt", test_sign_encrypt),
        TEST("/dual/decrypt-verify", test_decrypt_verify),
        TEST("/dual/in-place", test_in_place),
        TEST("/dual/interspersed", test_interspersed),
        TEST("/dual/decrypt-digest/aead", test_decrypt_digest_aead),
        TEST("/dual/wrong-state", test_wrong_state),
        TEST("/dual/single-part-signature", test_single_part_signature),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
