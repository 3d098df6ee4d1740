/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing_input.c - ciphertexts of chosen plaintexts, made by libcrypto beside the module; see
 * timing_input.h.
 */
#include "bench/timing_input.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bench/fault.h"

CK_RV input_random(uint8_t *ret, size_t n)
{
    ENSURE(RAND_bytes(ret, (int)n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV input_rsa(EVP_PKEY *key, int padding, const uint8_t *in, size_t n_in, uint8_t *ret,
                size_t *ret_n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool done = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1;

    if (done && padding == RSA_PKCS1_OAEP_PADDING)
        done = EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
    done = done && EVP_PKEY_encrypt(ctx, ret, ret_n, in, n_in) == 1;
    EVP_PKEY_CTX_free(ctx);
    ENSURE(done, FAULT_OPENSSL);
    return CKR_OK;
}

CK_RV input_aes(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, const uint8_t *in,
                size_t n_in, uint8_t *ret, size_t *ret_n)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool done = ctx != NULL;

    if (done)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    done = done && EVP_EncryptInit_ex(ctx, cipher, NULL, key, iv) == 1 &&
           EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
           EVP_EncryptUpdate(ctx, ret, &n, in, (int)n_in) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ENSURE(done, FAULT_OPENSSL);
    *ret_n = (size_t)n;
    return CKR_OK;
}

CK_RV input_private_key(uint8_t *ret, size_t room, size_t *ret_n)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *p8 = key != NULL ? EVP_PKEY2PKCS8(key) : NULL;
    const int n = p8 != NULL ? i2d_PKCS8_PRIV_KEY_INFO(p8, NULL) : 0;
    const bool fits = n > 0 && (size_t)n <= room;

    if (fits)
        (void)i2d_PKCS8_PRIV_KEY_INFO(p8, &ret);
    PKCS8_PRIV_KEY_INFO_free(p8);
    EVP_PKEY_free(key);
    ENSURE(fits, FAULT_OPENSSL);
    *ret_n = (size_t)n;
    return CKR_OK;
}
