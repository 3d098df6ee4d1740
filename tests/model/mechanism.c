/* SPDX-License-Identifier: BSD-2-Clause */
/* mechanism.c - mechanisms and OpenSSL's answers; see mechanism.h. */
#include "mechanism.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "support/reference.h"

#define CRYPT  (BIT(OP_ENCRYPT) | BIT(OP_DECRYPT))
#define SIGNS  (BIT(OP_SIGN) | BIT(OP_VERIFY))
#define AES    BIT(KIND_AES)
#define DIGEST(t, n) {t, #t, BIT(OP_DIGEST), 0, true, false, 0, n}

const struct mechanism mechanisms[N_MECHS] = {
    [MECH_SHA1] = DIGEST(CKM_SHA_1, 20),
    [MECH_SHA256] = DIGEST(CKM_SHA256, 32),
    [MECH_SHA384] = DIGEST(CKM_SHA384, 48),
    [MECH_SHA512] = DIGEST(CKM_SHA512, 64),
    [MECH_HMAC_SHA256] = {CKM_SHA256_HMAC, "CKM_SHA256_HMAC", SIGNS, BIT(KIND_GENERIC), true, false,
                          0, 32},
    [MECH_HMAC_SHA512] = {CKM_SHA512_HMAC, "CKM_SHA512_HMAC", SIGNS, BIT(KIND_GENERIC), true, false,
                          0, 64},
    [MECH_CMAC] = {CKM_AES_CMAC, "CKM_AES_CMAC", SIGNS, AES, true, false, 0, 16},
    [MECH_ECDSA] = {CKM_ECDSA, "CKM_ECDSA", SIGNS, EC_KEYS, false, false, 0, 64},
    [MECH_RSA] = {CKM_RSA_PKCS, "CKM_RSA_PKCS", SIGNS | CRYPT, RSA_KEYS, false, false, 0, 256},
    [MECH_SHA256_RSA] = {CKM_SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS", SIGNS, RSA_KEYS, true, false,
                         0, 256},
    [MECH_OAEP] = {CKM_RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP", CRYPT, RSA_KEYS, false, true, 0, 256},
    [MECH_ECB] = {CKM_AES_ECB, "CKM_AES_ECB", CRYPT, AES, true, false, 16, 0},
    [MECH_CBC] = {CKM_AES_CBC, "CKM_AES_CBC", CRYPT, AES, true, true, 16, 0},
    [MECH_CBC_PAD] = {CKM_AES_CBC_PAD, "CKM_AES_CBC_PAD", CRYPT, AES, true, true, 0, 0},
    [MECH_CTR] = {CKM_AES_CTR, "CKM_AES_CTR", CRYPT, AES, true, true, 0, 0},
    [MECH_GCM] = {CKM_AES_GCM, "CKM_AES_GCM", CRYPT, AES, true, true, 0, 0},
    [MECH_UNKNOWN] = {0x7fff4711, "0x7fff4711", 0, 0, false, false, 0, 0},
};

static uint8_t iv[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static uint8_t aad[20] = "additional data";

CK_MECHANISM mechanism_of(enum mech_id id, unsigned variant)
{
    static CK_AES_CTR_PARAMS ctr;
    static CK_GCM_PARAMS gcm;
    static CK_RSA_PKCS_OAEP_PARAMS oaep;
    CK_MECHANISM m = {mechanisms[id].type, NULL, 0};

    ctr = (CK_AES_CTR_PARAMS){.ulCounterBits = 128};
    memcpy(ctr.cb, iv, sizeof(iv));
    gcm = (CK_GCM_PARAMS){iv, 12, 96, aad, sizeof(aad), 128};
    oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};
    if (!mechanisms[id].has_parameter || variant == VARIANT_ABSENT)
        return m;
    m.pParameter = id == MECH_CTR ? (void *)&ctr : id == MECH_GCM ? (void *)&gcm
                 : id == MECH_OAEP ? (void *)&oaep : (void *)iv;
    m.ulParameterLen = id == MECH_CTR ? sizeof(ctr) : id == MECH_GCM ? sizeof(gcm)
                     : id == MECH_OAEP ? sizeof(oaep) : sizeof(iv);
    if (variant == VARIANT_SHORT)
        m.ulParameterLen--;
    return m;
}

/* -- secrets ----------------------------------------------------------------------------------- */

static const char *cipher_of(enum mech_id id, size_t n_key, char ret[32])
{
    static const char *const modes[N_MECHS] = {
        [MECH_ECB] = "ECB", [MECH_CBC] = "CBC", [MECH_CBC_PAD] = "CBC",
        [MECH_CTR] = "CTR", [MECH_GCM] = "GCM", [MECH_CMAC] = "CBC"};

    (void)snprintf(ret, 32, "AES-%zu-%s", n_key * 8, modes[id]);
    return ret;
}

/* The tag stands behind the ciphertext. */
static bool cipher_feed(EVP_CIPHER_CTX *ctx, bool encrypt, bool gcm, struct span in, uint8_t *ret,
                        size_t *ret_n)
{
    int n = 0, last = 0;
    const size_t n_tag = gcm ? 16 : 0;

    if (gcm && EVP_CipherUpdate(ctx, NULL, &n, aad, sizeof(aad)) != 1)
        return false;
    if (gcm && !encrypt) {
        if (in.n < n_tag || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)n_tag,
                                                (uint8_t *)(uintptr_t)in.p + in.n - n_tag) != 1)
            return false;
        in.n -= n_tag;
    }
    n = 0;
    if (in.n > 0 && EVP_CipherUpdate(ctx, ret, &n, in.p, (int)in.n) != 1)
        return false;
    if (EVP_CipherFinal_ex(ctx, ret + n, &last) != 1)
        return false;
    *ret_n = (size_t)n + (size_t)last;
    if (gcm && encrypt) {
        if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)n_tag, ret + *ret_n) != 1)
            return false;
        *ret_n += n_tag;
    }
    return true;
}

static bool run_cipher(bool encrypt, enum mech_id id, struct span key, struct span in,
                       uint8_t *ret, size_t *ret_n)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    char name[32];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_of(id, key.n, name), NULL);
    bool good;

    assert_non_null(ctx);
    assert_non_null(cipher);
    assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key.p, id == MECH_ECB ? NULL : iv, encrypt,
                                        NULL), 1);
    (void)EVP_CIPHER_CTX_set_padding(ctx, id == MECH_CBC_PAD);
    good = cipher_feed(ctx, encrypt, id == MECH_GCM, in, ret, ret_n);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static bool run_mac(enum mech_id id, struct span key, struct span in, uint8_t *ret, size_t *ret_n)
{
    char name[32];
    uint8_t mac[64];

    *ret_n = id == MECH_CMAC
                 ? evp_mac("CMAC", cipher_of(id, key.n, name), key, in, mac)
                 : evp_mac("HMAC", id == MECH_HMAC_SHA256 ? "SHA256" : "SHA512", key, in, mac);
    memcpy(ret, mac, *ret_n);
    return true;
}

static bool run_digest(enum mech_id id, struct span in, uint8_t *ret, size_t *ret_n)
{
    static const char *const names[] = {[MECH_SHA1] = "SHA1", [MECH_SHA256] = "SHA256",
                                        [MECH_SHA384] = "SHA384", [MECH_SHA512] = "SHA512"};
    static const uint8_t nothing[1];

    return EVP_Q_digest(NULL, names[id], NULL, in.n > 0 ? in.p : nothing, in.n, ret, ret_n) == 1;
}

/* -- pairs ------------------------------------------------------------------------------------- */

static EVP_PKEY_CTX *rsa_ctx(EVP_PKEY *pair, int (*init)(EVP_PKEY_CTX *), bool oaep)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);

    assert_non_null(ctx);
    assert_int_equal(init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, oaep ? RSA_PKCS1_OAEP_PADDING
                                                            : RSA_PKCS1_PADDING), 1);
    return ctx;
}

static bool run_rsa_decrypt(bool oaep, EVP_PKEY *pair, struct span in, uint8_t *ret, size_t *ret_n)
{
    EVP_PKEY_CTX *ctx = rsa_ctx(pair, EVP_PKEY_decrypt_init, oaep);
    bool good;

    *ret_n = OUT_MAX;
    good = EVP_PKEY_decrypt(ctx, ret, ret_n, in.p, in.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

/* SHA-256 with its prefix, or the data as it is. */
static bool run_rsa_sign(enum mech_id id, EVP_PKEY *pair, struct span in, uint8_t *ret,
                         size_t *ret_n)
{
    EVP_PKEY_CTX *ctx = rsa_ctx(pair, EVP_PKEY_sign_init, false);
    uint8_t digest[32];
    bool good;

    if (id == MECH_SHA256_RSA) {
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
        assert_true(run_digest(MECH_SHA256, in, digest, &(size_t){0}));
        in = SPAN_ARRAY(digest);
    }
    *ret_n = OUT_MAX;
    good = EVP_PKEY_sign(ctx, ret, ret_n, in.p, in.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

bool oracle_is_random(enum op op, enum mech_id id)
{
    return (op == OP_ENCRYPT && (id == MECH_RSA || id == MECH_OAEP)) ||
           (op == OP_SIGN && id == MECH_ECDSA);
}

static bool run(enum op op, enum mech_id id, const struct key_bytes *k, struct span in,
                uint8_t *ret, size_t *ret_n)
{
    if (op == OP_DIGEST)
        return run_digest(id, in, ret, ret_n);
    if (id >= MECH_ECB)
        return run_cipher(op == OP_ENCRYPT, id, k->secret, in, ret, ret_n);
    if (id == MECH_CMAC || id == MECH_HMAC_SHA256 || id == MECH_HMAC_SHA512)
        return run_mac(id, k->secret, in, ret, ret_n);
    if (op == OP_DECRYPT)
        return run_rsa_decrypt(id == MECH_OAEP, k->pair, in, ret, ret_n);
    return run_rsa_sign(id, k->pair, in, ret, ret_n);
}

bool oracle_run(enum op op, enum mech_id id, const struct key_bytes *k, struct span in,
                uint8_t ret[OUT_MAX], size_t *ret_n)
{
    const bool good = run(op, id, k, in, ret, ret_n);

    ERR_clear_error();
    return good;
}

/* PKCS#11's form is r and s, each of 32 bytes. */
static bool ecdsa_holds(EVP_PKEY *pair, struct span in, struct span signature)
{
    const struct scheme raw = {.raw = true};

    return signature.n == 64 && evp_verify(pair, &raw, in, signature);
}

bool oracle_holds(enum op op, enum mech_id id, const struct key_bytes *k, struct span in,
                  struct span result)
{
    uint8_t out[OUT_MAX];
    size_t n = 0;

    if (id == MECH_ECDSA)
        return ecdsa_holds(k->pair, in, result);
    if (op == OP_ENCRYPT && oracle_is_random(op, id))
        return oracle_run(OP_DECRYPT, id, k, result, out, &n) && span_equal(span_of(out, n), in);
    return oracle_run(op, id, k, in, out, &n) && span_equal(span_of(out, n), result);
}
