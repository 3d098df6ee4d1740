/* SPDX-License-Identifier: BSD-2-Clause */
/* test-encrypt-rsa.c - RSA encryption, OAEP and PKCS#1 v1.5 (PKCS#11 v3.2 6.1) against OpenSSL. */
#include "support/reference.h"

#include <openssl/rsa.h>
#include <string.h>

static CK_SESSION_HANDLE session;
static EVP_PKEY *evp;
static CK_OBJECT_HANDLE public, private;
static uint8_t text[256], label[3] = {7, 8, 9};

#define OAEP(hash, mgf) {hash, mgf, CKZ_DATA_SPECIFIED, NULL, 0}
#define OAEP_LABEL(hash, mgf) {hash, mgf, CKZ_DATA_SPECIFIED, label, sizeof(label)}

static struct row {
    CK_RSA_PKCS_OAEP_PARAMS p;
    const char *md, *mgf; /* NULL: PKCS#1 v1.5 */
    size_t n_hash;
} rows[] = {
    {OAEP(CKM_SHA_1, CKG_MGF1_SHA1), "SHA1", "SHA1", 20},
    {OAEP(CKM_SHA224, CKG_MGF1_SHA224), "SHA224", "SHA224", 28},
    {OAEP(CKM_SHA256, CKG_MGF1_SHA256), "SHA256", "SHA256", 32},
    {OAEP(CKM_SHA384, CKG_MGF1_SHA384), "SHA384", "SHA384", 48},
    {OAEP(CKM_SHA512, CKG_MGF1_SHA512), "SHA512", "SHA512", 64},
    {OAEP_LABEL(CKM_SHA256, CKG_MGF1_SHA256), "SHA256", "SHA256", 32},
    {OAEP_LABEL(CKM_SHA256, CKG_MGF1_SHA1), "SHA256", "SHA1", 32},
    {.md = NULL},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    evp = evp_new_rsa(2048);
    evp_import(session, evp, &public, &private);
    fill_pattern(text, sizeof(text), 1);
    return 0;
}

static int group_teardown(void **state)
{
    EVP_PKEY_free(evp);
    return teardown_module(state);
}

static CK_MECHANISM mechanism_of(struct row *r)
{
    if (r->md == NULL)
        return (CK_MECHANISM){CKM_RSA_PKCS, NULL, 0};
    return (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &r->p, sizeof(r->p)};
}

static size_t most_of(const struct row *r)
{
    return r->md == NULL ? 256 - 11 : 256 - 2 - 2 * r->n_hash;
}

static void set_padding(EVP_PKEY_CTX *ctx, const struct row *r)
{
    const int padding = r->md == NULL ? RSA_PKCS1_PADDING : RSA_PKCS1_OAEP_PADDING;

    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (r->md == NULL)
        return;
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, r->md, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, r->mgf, NULL), 1);
    if (r->p.ulSourceDataLen > 0)
        assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(
                             ctx, OPENSSL_memdup(label, sizeof(label)), sizeof(label)), 1);
}

static size_t reference(const struct row *r, bool encrypt, struct span in, uint8_t ret[256])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);
    size_t n = 256;

    assert_int_equal(encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx), 1);
    set_padding(ctx, r);
    if (encrypt)
        assert_int_equal(EVP_PKEY_encrypt(ctx, ret, &n, in.p, in.n), 1);
    else
        assert_int_equal(EVP_PKEY_decrypt(ctx, ret, &n, in.p, in.n), 1);
    EVP_PKEY_CTX_free(ctx);
    return n;
}

static CK_RV encrypt(struct row *r, size_t n, CK_BYTE ret[256])
{
    CK_MECHANISM m = mechanism_of(r);
    CK_ULONG n_out = 256;

    ASSERT_OK(p11->C_EncryptInit(session, &m, public));
    return p11->C_Encrypt(session, text, n, ret, &n_out);
}

static CK_RV decrypt(struct row *r, uint8_t *sealed, size_t n, CK_BYTE ret[256], CK_ULONG *ret_n)
{
    CK_MECHANISM m = mechanism_of(r);

    *ret_n = 256;
    ASSERT_OK(p11->C_DecryptInit(session, &m, private));
    return p11->C_Decrypt(session, sealed, n, ret, ret_n);
}

static void test_openssl_decrypts(void **state)
{
    CK_BYTE sealed[256];
    uint8_t plain[256];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const size_t lengths[] = {0, 1, 32, most_of(&rows[i])};

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            ASSERT_OK(encrypt(&rows[i], lengths[j], sealed));
            assert_int_equal(reference(&rows[i], false, span_of(sealed, 256), plain), lengths[j]);
            assert_memory_equal(plain, text, lengths[j]);
        }
        ASSERT_RV(CKR_DATA_LEN_RANGE, encrypt(&rows[i], most_of(&rows[i]) + 1, sealed));
    }
}

static void test_openssl_encrypts(void **state)
{
    uint8_t sealed[256];
    CK_BYTE plain[256];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const size_t lengths[] = {1, 32, most_of(&rows[i])};

        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            CK_ULONG n = 0;

            (void)reference(&rows[i], true, span_of(text, lengths[j]), sealed);
            ASSERT_OK(decrypt(&rows[i], sealed, 256, plain, &n));
            assert_int_equal(n, lengths[j]);
            assert_memory_equal(plain, text, n);
        }
    }
}

/* One code for everything that is wrong with the padding: no oracle (Manger). */
static void test_forged(void **state)
{
    CK_BYTE sealed[256], plain[256];
    CK_ULONG n;

    (void)state;
    for (size_t i = 0; rows[i].md != NULL; i++) {
        ASSERT_OK(encrypt(&rows[i], 32, sealed));
        for (size_t at = 1; at < 256; at += 51) {
            sealed[at] ^= 1;
            ASSERT_RV(CKR_ENCRYPTED_DATA_INVALID, decrypt(&rows[i], sealed, 256, plain, &n));
            sealed[at] ^= 1;
        }
        ASSERT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, decrypt(&rows[i], sealed, 255, plain, &n));
        /* The label and both hashes are part of what must agree. */
        ASSERT_RV(CKR_ENCRYPTED_DATA_INVALID,
                  decrypt(&rows[(i + 1) % 7], sealed, 256, plain, &n));
    }
    ASSERT_OK(encrypt(&rows[7], 32, sealed));
    ASSERT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, decrypt(&rows[7], sealed, 255, plain, &n));
}

static CK_RV init_rv(const CK_RSA_PKCS_OAEP_PARAMS *p, CK_ULONG n, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_OAEP, (void *)(uintptr_t)p, n};
    const CK_RV rv = p11->C_EncryptInit(session, &m, key);

    ASSERT_OK(p11->C_EncryptInit(session, NULL, 0));
    return rv;
}

static void test_parameters(void **state)
{
    CK_RSA_PKCS_OAEP_PARAMS p = rows[2].p;

    (void)state;
    ASSERT_OK(init_rv(&p, sizeof(p), public));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, init_rv(&p, sizeof(p), private));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(NULL, 0, public));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(&p, sizeof(p) - 8, public));
    p.hashAlg = CKM_AES_CBC;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(&p, sizeof(p), public));
    p = rows[2].p;
    p.mgf = 0;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(&p, sizeof(p), public));
    p = rows[2].p;
    p.ulSourceDataLen = 5;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(&p, sizeof(p), public));
    p = rows[2].p;
    p.source = 99;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, init_rv(&p, sizeof(p), public));
}

static void test_single_part_only(void **state)
{
    CK_MECHANISM m = mechanism_of(&rows[2]);
    CK_BYTE out[256];
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_EncryptInit(session, &m, public));
    ASSERT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_EncryptUpdate(session, text, 9, out, &n));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptFinal(session, out, &n));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/encrypt/rsa/openssl-decrypts", test_openssl_decrypts),
        TEST("/decrypt/rsa/openssl-encrypts", test_openssl_encrypts),
        TEST("/decrypt/rsa/forged", test_forged),
        TEST("/encrypt/rsa/parameters", test_parameters),
        TEST("/encrypt/rsa/single-part-only", test_single_part_only),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
