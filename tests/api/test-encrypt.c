/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-encrypt.c - AES and ChaCha20 in every mode (PKCS#11 v3.2 5.8, 5.10, 6.10 - 6.16, 6.61)
 * against OpenSSL, in one part and in many, in place, and with input that does not fit.
 */
#include "support/reference.h"

#include <string.h>

#define MAX_TEXT 1200

static CK_SESSION_HANDLE session;
static uint8_t key_bytes[32], text[MAX_TEXT], iv[16], nonce[13], aad[29];

static CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
static CK_GCM_PARAMS gcm = {nonce, 12, 96, aad, sizeof(aad), 128};
static CK_GCM_PARAMS gcm_other = {nonce, 13, 0, NULL, 0, 96};
static CK_CCM_PARAMS ccm = {0, nonce, 13, aad, sizeof(aad), 16};
static CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha = {nonce, 96, aad, sizeof(aad)};

/* How long the ciphertext is, and which plaintexts there are. */
enum kind { STREAM, BLOCKS, PADDED, AEAD };

static const struct row {
    CK_MECHANISM_TYPE type;
    const char *name; /* OpenSSL's */
    enum kind kind;
    CK_KEY_TYPE key;
    size_t n_key;
    void *param;
    CK_ULONG n_param;
    size_t n_tag, n_nonce, n_aad;
} rows[] = {
    {CKM_AES_ECB, "AES-128-ECB", BLOCKS, CKK_AES, 16, NULL, 0, 0, 0, 0},
    {CKM_AES_ECB, "AES-256-ECB", BLOCKS, CKK_AES, 32, NULL, 0, 0, 0, 0},
    {CKM_AES_CBC, "AES-128-CBC", BLOCKS, CKK_AES, 16, iv, 16, 0, 0, 0},
    {CKM_AES_CBC, "AES-192-CBC", BLOCKS, CKK_AES, 24, iv, 16, 0, 0, 0},
    {CKM_AES_CBC_PAD, "AES-256-CBC", PADDED, CKK_AES, 32, iv, 16, 0, 0, 0},
    {CKM_AES_CTR, "AES-256-CTR", STREAM, CKK_AES, 32, &ctr, sizeof(ctr), 0, 0, 0},
    {CKM_AES_GCM, "AES-128-GCM", AEAD, CKK_AES, 16, &gcm, sizeof(gcm), 16, 12, sizeof(aad)},
    {CKM_AES_GCM, "AES-256-GCM", AEAD, CKK_AES, 32, &gcm_other, sizeof(gcm), 12, 13, 0},
    {CKM_AES_CCM, "AES-192-CCM", AEAD, CKK_AES, 24, &ccm, sizeof(ccm), 16, 13, sizeof(aad)},
    {CKM_CHACHA20_POLY1305, "ChaCha20-Poly1305", AEAD, CKK_CHACHA20, 32, &chacha, sizeof(chacha),
     16, 12, sizeof(aad)},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    fill_pattern(key_bytes, sizeof(key_bytes), 1);
    fill_pattern(text, sizeof(text), 2);
    fill_pattern(iv, sizeof(iv), 3);
    fill_pattern(nonce, sizeof(nonce), 4);
    fill_pattern(aad, sizeof(aad), 5);
    memcpy(ctr.cb, iv, sizeof(iv));
    return 0;
}

static CK_OBJECT_HANDLE key_of(const struct row *r)
{
    return import_secret(session, r->key, key_bytes, r->n_key);
}

static CK_MECHANISM mechanism_of(const struct row *r, size_t n_text)
{
    ccm.ulDataLen = n_text;
    return (CK_MECHANISM){r->type, r->param, r->n_param};
}

static bool takes_length(const struct row *r, size_t n)
{
    return r->kind != BLOCKS || n % 16 == 0;
}

static size_t reference(const struct row *r, size_t n, uint8_t *ret)
{
    const struct span key = span_of(key_bytes, r->n_key), in = span_of(text, n);

    if (r->kind == AEAD)
        return evp_aead_seal(r->name, key, span_of(nonce, r->n_nonce), span_of(aad, r->n_aad),
                             r->n_tag, in, ret);
    return evp_cipher(r->name, true, r->kind == PADDED, key, iv, in, ret);
}

static const size_t lengths[] = {0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 1024, 1199};

/* -- one part --------------------------------------------------------------------------------- */

static void encrypt_once(const struct row *r, CK_OBJECT_HANDLE key, size_t n)
{
    uint8_t expected[MAX_TEXT + 32];
    CK_BYTE out[MAX_TEXT + 32], back[MAX_TEXT + 32];
    CK_MECHANISM m = mechanism_of(r, n);
    const size_t n_expected = reference(r, n, expected);
    CK_ULONG n_out = sizeof(out), n_back = sizeof(back);

    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    ASSERT_OK(p11->C_Encrypt(session, text, n, out, &n_out));
    assert_int_equal(n_out, n_expected);
    assert_memory_equal(out, expected, n_out);
    ASSERT_OK(p11->C_DecryptInit(session, &m, key));
    ASSERT_OK(p11->C_Decrypt(session, out, n_out, back, &n_back));
    assert_int_equal(n_back, n);
    assert_memory_equal(back, text, n);
}

static void test_against_openssl(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            if (takes_length(&rows[i], lengths[j]))
                encrypt_once(&rows[i], key, lengths[j]);
        }
    }
}

/* The application may encrypt where its text stands (v3.2 5.2 says nothing against it, and some
 * do), also a few bytes further on. */
static void test_overlapping(void **state)
{
    static const size_t shifts[] = {0, 8, 15, 16, 17, 24, 32};
    uint8_t expected[MAX_TEXT + 32];
    CK_BYTE room[MAX_TEXT + 64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const CK_OBJECT_HANDLE key = key_of(r);
        const size_t n = 320, n_expected = reference(r, n, expected);
        CK_MECHANISM m = mechanism_of(r, n);

        for (size_t j = 0; j < N_ELEMENTS(shifts); j++) {
            const size_t shift = shifts[j];
            CK_ULONG n_out = shift % 16 == 0 ? n + 32 : (CK_ULONG)-1; /* "enough" */

            memcpy(room + 16, text, n);
            ASSERT_OK(p11->C_EncryptInit(session, &m, key));
            ASSERT_OK(p11->C_Encrypt(session, room + 16, n, room + shift, &n_out));
            assert_int_equal(n_out, n_expected);
            assert_memory_equal(room + shift, expected, n_expected);
            memcpy(room + 16, expected, n_expected);
            n_out = shift % 16 == 0 ? n + 32 : (CK_ULONG)-1;
            ASSERT_OK(p11->C_DecryptInit(session, &m, key));
            ASSERT_OK(p11->C_Decrypt(session, room + 16, n_expected, room + shift, &n_out));
            assert_int_equal(n_out, n);
            assert_memory_equal(room + shift, text, n);
        }
    }
}

/* -- many parts ------------------------------------------------------------------------------- */

typedef CK_RV update_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV final_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

/* Returns how many bytes came out before the end. */
static size_t run_parts(update_fn *update, final_fn *final, const uint8_t *in, size_t n,
                        size_t step, CK_BYTE *ret, size_t *ret_n)
{
    size_t done = 0, before_end;
    CK_ULONG n_out;

    for (size_t at = 0; at < n; at += step) {
        const size_t part = n - at < step ? n - at : step;

        n_out = MAX_TEXT + 32 - done;
        ASSERT_OK(update(session, (CK_BYTE_PTR)(uintptr_t)(in + at), part, ret + done, &n_out));
        done += n_out;
    }
    before_end = done;
    n_out = MAX_TEXT + 32 - done;
    ASSERT_OK(final(session, ret + done, &n_out));
    *ret_n = done + n_out;
    return before_end;
}

static void encrypt_parts(const struct row *r, CK_OBJECT_HANDLE key, size_t n, size_t step)
{
    uint8_t expected[MAX_TEXT + 32];
    CK_BYTE out[MAX_TEXT + 32], back[MAX_TEXT + 32];
    CK_MECHANISM m = mechanism_of(r, n);
    const size_t n_expected = reference(r, n, expected);
    size_t n_out = 0, n_back = 0, early;

    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    (void)run_parts(p11->C_EncryptUpdate, p11->C_EncryptFinal, text, n, step, out, &n_out);
    assert_int_equal(n_out, n_expected);
    assert_memory_equal(out, expected, n_out);
    ASSERT_OK(p11->C_DecryptInit(session, &m, key));
    early = run_parts(p11->C_DecryptUpdate, p11->C_DecryptFinal, out, n_out, step, back, &n_back);
    assert_int_equal(n_back, n);
    assert_memory_equal(back, text, n);
    /* Nothing is released before the tag was checked. */
    assert_true(r->kind != AEAD || early == 0);
}

static void test_parts(void **state)
{
    static const size_t steps[] = {1, 7, 16, 31, 48, 1000};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const CK_OBJECT_HANDLE key = key_of(&rows[i]);

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            for (size_t k = 0; k < N_ELEMENTS(steps); k++) {
                if (takes_length(&rows[i], lengths[j]))
                    encrypt_parts(&rows[i], key, lengths[j], steps[k]);
            }
        }
    }
}

/* -- what does not fit ------------------------------------------------------------------------ */

static void test_forged(void **state)
{
    CK_BYTE sealed[300], out[300];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const CK_OBJECT_HANDLE key = key_of(r);
        const size_t n = r->kind == AEAD ? reference(r, 200, sealed) : 0;
        CK_MECHANISM m = mechanism_of(r, 200);

        for (size_t at = 0; at < n; at += 9) {
            CK_ULONG n_out = sizeof(out);

            sealed[at] ^= 4;
            memset(out, 0xee, sizeof(out));
            ASSERT_OK(p11->C_DecryptInit(session, &m, key));
            ASSERT_RV(CKR_ENCRYPTED_DATA_INVALID,
                      p11->C_Decrypt(session, sealed, n, out, &n_out));
            assert_memory_not_equal(out, text, 32);
            /* In parts: nothing came out before, and nothing does at the end. */
            ASSERT_OK(p11->C_DecryptInit(session, &m, key));
            n_out = sizeof(out);
            ASSERT_OK(p11->C_DecryptUpdate(session, sealed, n, out, &n_out));
            assert_int_equal(n_out, 0);
            n_out = sizeof(out);
            ASSERT_RV(CKR_ENCRYPTED_DATA_INVALID, p11->C_DecryptFinal(session, out, &n_out));
            sealed[at] ^= 4;
        }
    }
}

static void test_lengths(void **state)
{
    CK_BYTE out[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct row *r = &rows[i];
        const CK_OBJECT_HANDLE key = key_of(r);
        CK_MECHANISM m = mechanism_of(r, 17);
        CK_ULONG n = sizeof(out);

        if (r->kind == STREAM)
            continue;
        ASSERT_OK(p11->C_DecryptInit(session, &m, key));
        ASSERT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
                  p11->C_Decrypt(session, text, r->kind == AEAD ? r->n_tag - 1 : 17, out, &n));
        if (r->kind != BLOCKS)
            continue;
        n = sizeof(out);
        ASSERT_OK(p11->C_EncryptInit(session, &m, key));
        ASSERT_RV(CKR_DATA_LEN_RANGE, p11->C_Encrypt(session, text, 17, out, &n));
        ASSERT_OK(p11->C_EncryptInit(session, &m, key));
        n = sizeof(out);
        ASSERT_OK(p11->C_EncryptUpdate(session, text, 17, out, &n));
        assert_int_equal(n, 16);
        n = sizeof(out);
        ASSERT_RV(CKR_DATA_LEN_RANGE, p11->C_EncryptFinal(session, out, &n));
    }
}

/* Padding that is wrong is one code, whatever is wrong with it. */
static void test_padding(void **state)
{
    const CK_OBJECT_HANDLE key = import_secret(session, CKK_AES, key_bytes, 32);
    CK_MECHANISM m = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    uint8_t plain[32], sealed[32];
    CK_BYTE out[32];

    (void)state;
    for (unsigned last = 0; last < 256; last++) {
        CK_ULONG n = sizeof(out);
        CK_RV rv;

        memset(plain, 0x33, sizeof(plain));
        plain[31] = (uint8_t)last;
        (void)evp_cipher("AES-256-CBC", true, false, span_of(key_bytes, 32), iv,
                         span_of(plain, 32), sealed);
        ASSERT_OK(p11->C_DecryptInit(session, &m, key));
        rv = p11->C_Decrypt(session, sealed, 32, out, &n);
        assert_int_equal(rv, last == 1 ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID);
        assert_true(last != 1 || n == 31);
    }
}

static CK_RV init_rv(CK_MECHANISM_TYPE type, void *param, CK_ULONG n)
{
    const CK_KEY_TYPE key_type = type == CKM_CHACHA20_POLY1305 ? CKK_CHACHA20 : CKK_AES;
    const CK_OBJECT_HANDLE key = import_secret(session, key_type, key_bytes, 32);
    CK_MECHANISM m = {type, param, n};
    const CK_RV rv = p11->C_EncryptInit(session, &m, key);

    ASSERT_OK(p11->C_EncryptInit(session, NULL, 0));
    return rv;
}

#define ASSERT_PARAM_BAD(type, param, n)                                                           \
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(type, param, n))

static void test_parameters(void **state)
{
    static const CK_ULONG bad_tags[] = {0, 8, 32, 95, 97, 129, 256};
    CK_GCM_PARAMS g = gcm;
    CK_AES_CTR_PARAMS c = ctr;
    CK_CCM_PARAMS s = ccm;

    (void)state;
    ASSERT_PARAM_BAD(CKM_AES_ECB, iv, 16);
    ASSERT_PARAM_BAD(CKM_AES_CBC, NULL, 0);
    ASSERT_PARAM_BAD(CKM_AES_CBC, iv, 15);
    ASSERT_PARAM_BAD(CKM_AES_CBC_PAD, iv, 3);
    ASSERT_PARAM_BAD(CKM_AES_CTR, &c, 16);
    c.ulCounterBits = 0;
    ASSERT_PARAM_BAD(CKM_AES_CTR, &c, sizeof(c));
    c.ulCounterBits = 129;
    ASSERT_PARAM_BAD(CKM_AES_CTR, &c, sizeof(c));
    ASSERT_PARAM_BAD(CKM_AES_GCM, NULL, 0);
    for (size_t i = 0; i < N_ELEMENTS(bad_tags); i++) {
        g.ulTagBits = bad_tags[i];
        ASSERT_PARAM_BAD(CKM_AES_GCM, &g, sizeof(g));
    }
    g = gcm;
    g.ulIvLen = 0;
    ASSERT_PARAM_BAD(CKM_AES_GCM, &g, sizeof(g));
    g = gcm;
    g.pAAD = NULL;
    ASSERT_PARAM_BAD(CKM_AES_GCM, &g, sizeof(g));
    g = gcm;
    g.pIv = NULL;
    ASSERT_PARAM_BAD(CKM_AES_GCM, &g, sizeof(g));
    s.ulMACLen = 5;
    ASSERT_PARAM_BAD(CKM_AES_CCM, &s, sizeof(s));
    s = ccm;
    s.ulNonceLen = 14;
    ASSERT_PARAM_BAD(CKM_AES_CCM, &s, sizeof(s));
    ASSERT_PARAM_BAD(CKM_CHACHA20_POLY1305, &g, sizeof(g));
}

/* Everything that a parameter points at is copied at Init. */
static void test_parameter_is_copied(void **state)
{
    uint8_t expected[300], my_nonce[12], my_aad[29];
    CK_GCM_PARAMS g = {my_nonce, 12, 96, my_aad, sizeof(my_aad), 128};
    CK_MECHANISM m = {CKM_AES_GCM, &g, sizeof(g)};
    CK_BYTE out[300];
    CK_ULONG n = sizeof(out);
    const CK_OBJECT_HANDLE key = key_of(&rows[6]);

    (void)state;
    memcpy(my_nonce, nonce, sizeof(my_nonce));
    memcpy(my_aad, aad, sizeof(my_aad));
    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    memset(&g, 0xff, sizeof(g));
    memset(my_nonce, 0xff, sizeof(my_nonce));
    memset(my_aad, 0xff, sizeof(my_aad));
    ASSERT_OK(p11->C_Encrypt(session, text, 200, out, &n));
    assert_int_equal(n, reference(&rows[6], 200, expected));
    assert_memory_equal(out, expected, n);
}

/* v3.2 6.11.3: a counter of few bits ends before it would repeat the key stream. */
static void test_counter_ends(void **state)
{
    const CK_OBJECT_HANDLE key = import_secret(session, CKK_AES, key_bytes, 32);
    CK_AES_CTR_PARAMS c = {.ulCounterBits = 4};
    CK_MECHANISM m = {CKM_AES_CTR, &c, sizeof(c)};
    CK_BYTE out[512];
    CK_ULONG n = sizeof(out);

    (void)state;
    c.cb[15] = 0x0d; /* three blocks are left */
    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    ASSERT_OK(p11->C_Encrypt(session, text, 48, out, &n));
    n = sizeof(out);
    ASSERT_OK(p11->C_EncryptInit(session, &m, key));
    ASSERT_RV(CKR_DATA_LEN_RANGE, p11->C_Encrypt(session, text, 49, out, &n));
}

static void test_keys(void **state)
{
    CK_MECHANISM m = {CKM_AES_CBC, iv, sizeof(iv)};
    const CK_OBJECT_HANDLE generic = import_secret(session, CKK_GENERIC_SECRET, key_bytes, 32);
    const CK_OBJECT_HANDLE aes = import_secret(session, CKK_AES, key_bytes, 32);
    CK_ATTRIBUTE no = ATTR_FALSE(CKA_ENCRYPT);
    CK_BYTE out[16];
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_EncryptInit(session, &m, generic));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &m, 0));
    ASSERT_OK(p11->C_SetAttributeValue(session, aes, &no, 1));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_EncryptInit(session, &m, aes));
    ASSERT_OK(p11->C_DecryptInit(session, &m, aes));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(session, text, 16, out, &n));
    ASSERT_OK(p11->C_Decrypt(session, text, 16, out, &n));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/encrypt/against-openssl", test_against_openssl),
        TEST("/encrypt/overlapping", test_overlapping),
        TEST("/encrypt/parts", test_parts),
        TEST("/decrypt/forged", test_forged),
        TEST("/encrypt/lengths", test_lengths),
        TEST("/decrypt/padding", test_padding),
        TEST("/encrypt/parameters", test_parameters),
        TEST("/encrypt/parameter-is-copied", test_parameter_is_copied),
        TEST("/encrypt/counter-ends", test_counter_ends),
        TEST("/encrypt/keys", test_keys),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
