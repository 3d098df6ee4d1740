/* SPDX-License-Identifier: BSD-2-Clause */
/* attack_wrap.c - attacks by wrapping, unwrapping and deriving; see attacks.h. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "api/attacks.h"

static const CK_ATTRIBUTE_TYPE wraps[] = {CKA_WRAP}, both_ways[] = {CKA_WRAP, CKA_UNWRAP};

/* -- a: one key that wraps and decrypts ----------------------------------------------------------
 */

static bool wrap_then_decrypt(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_WRAP, CKA_DECRYPT};
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, usages, 2);
    uint8_t wrapped[1024], value[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_crypt(h, false, CKM_AES_KEY_WRAP, w, wrapped, n, value, &n) &&
           attack_knows(h, victim, value, n);
}

/* The usages are changed in between: a wrapping key, then a decrypting one. */
static bool wrap_then_become_decrypting(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, wraps, 1);
    uint8_t wrapped[1024], value[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_set(h, w, CKA_DECRYPT, CK_TRUE) == CKR_OK &&
           attack_crypt(h, false, CKM_AES_KEY_WRAP, w, wrapped, n, value, &n) &&
           attack_knows(h, victim, value, n);
}

/* Two copies, one of which does the one and the other the other. */
static bool wrap_and_decrypt_by_copies(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_WRAP, CKA_DECRYPT};
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32),
                           decrypts = attack_generate(h, 32, usages, 2);
    CK_OBJECT_HANDLE w = CK_INVALID_HANDLE;
    uint8_t wrapped[1024], value[1024];
    CK_ULONG n = 0;

    return attack_copy(h, decrypts, CKA_DECRYPT, CK_FALSE, &w) == CKR_OK &&
           attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_crypt(h, false, CKM_AES_KEY_WRAP, decrypts, wrapped, n, value, &n) &&
           attack_knows(h, victim, value, n);
}

/* A template that asks for both, where the policy is to refuse it. */
static bool ask_for_both(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_DECRYPT)};
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    return p11->C_GenerateKey(h, &m, v, N_ELEMENTS(v), &o) == CKR_OK;
}

/* What a block is encrypted to, its GMAC tells: the tag of nothing is the encryption of the IV and a
 * counter of 1. One such block covers a key that was wrapped by CCM: of the nonces that the token
 * makes, the one in 256 that ends with 0. */
static bool wrap_then_mac(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 16), w = attack_generate(h, 32, wraps, 1);
    CK_BYTE nonce[12] = {[11] = 1}, iv[12], wrapped[64], tag[16];
    CK_CCM_WRAP_PARAMS ccm = {16, nonce, 12, 0, CKG_GENERATE, NULL, 0, 16};
    CK_GCM_PARAMS gmac = {iv, 12, 96, NULL, 0, 128};
    CK_MECHANISM wrapping = {CKM_AES_CCM, &ccm, sizeof(ccm)};
    CK_MECHANISM signing = {CKM_AES_GMAC, &gmac, sizeof(gmac)};
    CK_ULONG n = 0;

    for (int tries = 0; nonce[11] != 0 && tries < 10000; tries++) {
        n = sizeof(wrapped);
        ASSERT_OK(p11->C_WrapKey(h, &wrapping, w, victim, wrapped, &n));
    }
    iv[0] = 2; /* 3 bytes of counter, less one */
    memcpy(iv + 1, nonce, 11);
    n = sizeof(tag);
    if (p11->C_SignInit(h, &signing, w) != CKR_OK || p11->C_Sign(h, NULL, 0, tag, &n) != CKR_OK)
        return false;
    for (size_t i = 0; i < 16; i++)
        wrapped[i] ^= tag[i];
    return attack_knows(h, victim, wrapped, 16);
}

/* Two keys wrapped under one IV: who knows the one has the other. */
static bool wrap_twice_under_one_iv(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, wraps, 1);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, known_bytes, 32), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE known = CK_INVALID_HANDLE;
    uint8_t one[1024], two[1024];
    CK_ULONG n = 0;

    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &known));
    if (!attack_wrap(h, CKM_AES_GCM, w, victim, one, &n) ||
        !attack_wrap(h, CKM_AES_GCM, w, known, two, &n))
        return false;
    for (size_t i = 0; i < 32; i++)
        one[i] ^= two[i] ^ known_bytes[i];
    return attack_knows(h, victim, one, 32);
}

/* -- b, c, l: wrapping keys that somebody knows, or has twice -------------------------------------
 */

/* Wrap under `w`, whose value the attacker has, and unwrap without the token. */
static bool opens_outside_by(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE victim, CK_OBJECT_HANDLE w,
                             struct span known)
{
    uint8_t wrapped[1024], value[64];
    CK_ULONG n = 0;
    size_t n_value;

    if (!attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n))
        return false;
    n_value =
        evp_cipher("AES-256-WRAP", false, false, known, NULL, span_of(wrapped, n), value);
    return attack_knows(h, victim, value, n_value);
}

static bool opens_outside(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE victim, CK_OBJECT_HANDLE w)
{
    return opens_outside_by(h, victim, w, SPAN_ARRAY(known_bytes));
}

static bool import_known_key(CK_SESSION_HANDLE h)
{
    return opens_outside(h, attack_victim(h, 32), attack_import(h, 32, CKA_WRAP));
}

/* Generated here, and never to leave: but of a password that the attacker chose. */
static bool generate_known_key(CK_SESSION_HANDLE h)
{
    static CK_UTF8CHAR password[] = "password", salt[] = "salt";
    CK_PKCS5_PBKD2_PARAMS2 param = {CKZ_SALT_SPECIFIED, salt,     4, 1000,
                                    CKP_PKCS5_PBKD2_HMAC_SHA256,  NULL, 0, password, 8};
    CK_MECHANISM m = {CKM_PKCS5_PBKD2, &param, sizeof(param)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, 32),
                        ATTR_TRUE(CKA_WRAP)};
    CK_OBJECT_HANDLE w = CK_INVALID_HANDLE;
    uint8_t value[32];

    ASSERT_OK(p11->C_GenerateKey(h, &m, v, N_ELEMENTS(v), &w));
    assert_int_equal(PKCS5_PBKDF2_HMAC("password", 8, salt, 4, 1000, EVP_sha256(), sizeof(value),
                                       value),
                     1);
    return opens_outside_by(h, attack_victim(h, 32), w, SPAN_ARRAY(value));
}

/* The known key comes in as if it had been wrapped. */
static bool encrypt_then_unwrap(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_UNWRAP, CKA_ENCRYPT};
    const CK_ATTRIBUTE wrap = ATTR_TRUE(CKA_WRAP);
    const CK_OBJECT_HANDLE e = attack_generate(h, 32, usages, 2);
    CK_OBJECT_HANDLE w = CK_INVALID_HANDLE;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    return attack_crypt(h, true, CKM_AES_KEY_WRAP, e, known_bytes, 32, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_KEY_WRAP, e, wrapped, n, &wrap, 1, &w) &&
           opens_outside(h, attack_victim(h, 32), w);
}

/* A wrapping key that may leave comes back as one that decrypts. */
static bool reimport_to_decrypt(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_WRAP, CKA_EXTRACTABLE};
    const CK_ATTRIBUTE decrypt = ATTR_TRUE(CKA_DECRYPT);
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32),
                           outer = attack_generate(h, 32, both_ways, 2);
    const CK_OBJECT_HANDLE w = attack_generate(h, 32, usages, 2);
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t wrapped[1024], value[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, outer, w, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_KEY_WRAP, outer, wrapped, n, &decrypt, 1, &twin) &&
           attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_crypt(h, false, CKM_AES_KEY_WRAP, twin, wrapped, n, value, &n) &&
           attack_knows(h, victim, value, n);
}

static CK_OBJECT_HANDLE import_wrapping_public(CK_SESSION_HANDLE h, EVP_PKEY *pkey)
{
    uint8_t n[512];
    BIGNUM *modulus = NULL;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
                        ATTR(CKA_MODULUS, n, 0), ATTR_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01"),
                        ATTR_TRUE(CKA_WRAP)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
    v[2].ulValueLen = (CK_ULONG)BN_bn2bin(modulus, n);
    BN_free(modulus);
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    return o;
}

/* The attacker's own public key. */
static bool trojan_public_key(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 16);
    EVP_PKEY *pkey = evp_new_rsa(3072); /* as strong as the victim */
    const CK_OBJECT_HANDLE public_key = import_wrapping_public(h, pkey);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    uint8_t wrapped[1024], value[1024];
    size_t n_value = sizeof(value);
    CK_ULONG n = 0;
    bool opened;

    opened = attack_wrap(h, CKM_RSA_PKCS_OAEP, public_key, victim, wrapped, &n) &&
             EVP_PKEY_decrypt_init(ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
             EVP_PKEY_decrypt(ctx, value, &n_value, wrapped, n) == 1 &&
             attack_knows(h, victim, value, n_value);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return opened;
}

/* The user calls his own key trusted. */
static bool trust_oneself(CK_SESSION_HANDLE h)
{
    return attack_set(h, attack_import(h, 32, CKA_WRAP), CKA_TRUSTED, CK_TRUE) == CKR_OK;
}

/* -- f, g: keys that must not leave, or not under that one ----------------------------------------
 */

static bool wrap_unextractable(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE w = attack_generate(h, 32, wraps, 1);
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, w, attack_generate(h, 32, NULL, 0), wrapped, &n);
}

static bool weak_wrapping_key(CK_SESSION_HANDLE h)
{
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, attack_generate(h, 16, wraps, 1), attack_victim(h, 32),
                       wrapped, &n);
}

/* By ECB each half of a key is a wrapped key of its own: to search for one at a time. */
static bool halves_by_ecb(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, both_ways, 2);
    CK_OBJECT_HANDLE half = CK_INVALID_HANDLE;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_ECB, w, victim, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_ECB, w, wrapped, 16, NULL, 0, &half);
}

/* -- h, i: padding oracles ------------------------------------------------------------------------
 */

/* Does unwrapping tell right padding from wrong? The attacker makes both by encryption. */
static bool cbc_pad_oracle(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_UNWRAP, CKA_ENCRYPT};
    const CK_OBJECT_HANDLE k = attack_generate(h, 32, usages, 2);
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t right[1024], wrong[1024];
    CK_ULONG n = 0, n_wrong = 0;

    assert_true(attack_crypt(h, true, CKM_AES_CBC_PAD, k, known_bytes, 32, right, &n));
    assert_true(attack_crypt(h, true, CKM_AES_CBC, k, known_bytes, 32, wrong, &n_wrong));
    return attack_unwrap(h, CKM_AES_CBC_PAD, k, right, n, NULL, 0, &o) !=
           attack_unwrap(h, CKM_AES_CBC_PAD, k, wrong, n_wrong, NULL, 0, &o);
}

static void rsa_pair(CK_SESSION_HANDLE h, CK_ATTRIBUTE_TYPE private_usage,
                     CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048)};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(private_usage)};

    ASSERT_OK(p11->C_GenerateKeyPair(h, &m, public_v, 1, private_v, 1, ret_public, ret_private));
}

/* Bleichenbacher's: is there anything to ask? */
static bool pkcs1_unwrap_oracle(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE public_key, private_key, o;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    rsa_pair(h, CKA_UNWRAP, &public_key, &private_key);
    assert_true(attack_crypt(h, true, CKM_RSA_PKCS, public_key, known_bytes, 32, wrapped, &n));
    return attack_unwrap(h, CKM_RSA_PKCS, private_key, wrapped, n, NULL, 0, &o);
}

static bool pkcs1_decryption_oracle(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE public_key, private_key;
    uint8_t encrypted[1024], plain[1024];
    CK_ULONG n = 0;

    rsa_pair(h, CKA_DECRYPT, &public_key, &private_key);
    assert_true(attack_crypt(h, true, CKM_RSA_PKCS, public_key, known_bytes, 32, encrypted, &n));
    return attack_crypt(h, false, CKM_RSA_PKCS, private_key, encrypted, n, plain, &n);
}

static CK_RV unwrap_answer(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE with, CK_BYTE *wrapped, CK_ULONG n)
{
    CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE o;

    return p11->C_UnwrapKey(h, &m, with, wrapped, n, v, N_ELEMENTS(v), &o);
}

/* How far did a wrapped key come: its integrity, or only then the length of what is inside? */
static bool tells_where_it_failed(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_UNWRAP, CKA_ENCRYPT};
    const CK_OBJECT_HANDLE k = attack_generate(h, 32, usages, 2);
    uint8_t wrapped[1024];
    CK_ULONG n = 0;
    CK_RV inside;

    assert_true(attack_crypt(h, true, CKM_AES_KEY_WRAP_KWP, k, known_bytes, 20, wrapped, &n));
    inside = unwrap_answer(h, k, wrapped, n);
    assert_int_not_equal(inside, CKR_OK);
    wrapped[5] ^= 1;
    return unwrap_answer(h, k, wrapped, n) != inside;
}

/* -- c, d: what comes in --------------------------------------------------------------------------
 */

static bool unwrap_readable(CK_SESSION_HANDLE h)
{
    const CK_ATTRIBUTE readable[] = {ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, both_ways, 2);
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t wrapped[1024], value[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_KEY_WRAP, w, wrapped, n, readable, 2, &twin) &&
           attack_read(h, twin, value, &n) && attack_knows(h, victim, value, n);
}

/* An unwrapped copy that everybody sees, without the PIN. */
static bool unwrap_public(CK_SESSION_HANDLE h)
{
    const CK_ATTRIBUTE public[] = {ATTR_FALSE(CKA_PRIVATE)};
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32), w = attack_generate(h, 32, both_ways, 2);
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    return attack_wrap(h, CKM_AES_KEY_WRAP, w, victim, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_KEY_WRAP, w, wrapped, n, public, 1, &twin) &&
           attr_bool(h, twin, CKA_PRIVATE) == CK_FALSE;
}

/* A private key comes in as a secret: of another type, for other mechanisms. */
static bool private_key_as_secret(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE w = attack_generate(h, 32, both_ways, 2);
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_OBJECT_HANDLE public_key, private_key, o;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    ASSERT_OK(
        p11->C_GenerateKeyPair(h, &gen, public_v, 1, private_v, 1, &public_key, &private_key));
    assert_true(attack_wrap(h, CKM_AES_KEY_WRAP_KWP, w, private_key, wrapped, &n));
    return p11->C_UnwrapKey(h, &m, w, wrapped, n, v, N_ELEMENTS(v), &o) == CKR_OK;
}

/* -- j: derived again, to be read -----------------------------------------------------------------
 */

static bool agree_again(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE sensitive[] = {ATTR_TRUE(CKA_SENSITIVE)};
    const CK_ATTRIBUTE readable[] = {ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE public_key, private_key, victim, twin;
    uint8_t point[128], value[1024];
    CK_ECDH1_DERIVE_PARAMS param = {CKD_NULL, 0, NULL, 0, point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &param, sizeof(param)};
    CK_ATTRIBUTE v[5] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                         ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_ULONG n = 0;

    make_ec(h, CK_FALSE, "agrees", &public_key, &private_key);
    param.ulPublicDataLen = attr_get(h, public_key, CKA_EC_POINT, point, sizeof(point));
    memcpy(v + 3, sensitive, sizeof(sensitive));
    ASSERT_OK(p11->C_DeriveKey(h, &m, private_key, v, 4, &victim));
    memcpy(v + 3, readable, sizeof(readable));
    return p11->C_DeriveKey(h, &m, private_key, v, 5, &twin) == CKR_OK &&
           attack_read(h, twin, value, &n) && attack_knows(h, victim, value, n);
}

static CK_OBJECT_HANDLE hkdf_base(CK_SESSION_HANDLE h)
{
    CK_MECHANISM gen = {CKM_HKDF_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_DERIVE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_GenerateKey(h, &gen, v, 2, &o));
    return o;
}

static CK_RV hkdf(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base,
                  CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_HKDF_PARAMS param = {.bExtract = CK_TRUE,
                            .bExpand = CK_TRUE,
                            .prfHashMechanism = CKM_SHA256,
                            .ulSaltType = CKF_HKDF_SALT_NULL};
    CK_MECHANISM m = {type, &param, sizeof(param)};

    return p11->C_DeriveKey(h, &m, base, v, n, ret);
}

static CK_OBJECT_HANDLE hkdf_victim(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE base)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_SENSITIVE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(hkdf(h, CKM_HKDF_DERIVE, base, v, N_ELEMENTS(v), &o));
    return o;
}

static bool derive_again(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE base = hkdf_base(h), victim = hkdf_victim(h, base);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t value[1024];
    CK_ULONG n = 0;

    return hkdf(h, CKM_HKDF_DERIVE, base, v, N_ELEMENTS(v), &twin) == CKR_OK &&
           attack_read(h, twin, value, &n) && attack_knows(h, victim, value, n);
}

static bool derive_as_data(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE base = hkdf_base(h), victim = hkdf_victim(h, base);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t value[1024];
    CK_ULONG n = 0;

    return hkdf(h, CKM_HKDF_DATA, base, v, N_ELEMENTS(v), &twin) == CKR_OK &&
           attack_read(h, twin, value, &n) && attack_knows(h, victim, value, n);
}

/* The MAC of a block by the first n bytes of what the base key derives; false: refused. */
static bool mac_by_piece(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE base, CK_ULONG n, uint8_t ret[32])
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, n), ATTR_TRUE(CKA_SENSITIVE)};
    CK_MECHANISM mac = {CKM_SHA256_HMAC, NULL, 0};
    CK_OBJECT_HANDLE piece = CK_INVALID_HANDLE;
    CK_ULONG n_ret = 32;

    if (hkdf(h, CKM_HKDF_DERIVE, base, v, 2, &piece) != CKR_OK)
        return false;
    ASSERT_OK(p11->C_SignInit(h, &mac, piece));
    ASSERT_OK(p11->C_Sign(h, (CK_BYTE_PTR)(uintptr_t)known_bytes, 32, ret, &n_ret));
    return true;
}

/* Derive the first byte alone and find it by trying, then the first two, ... (Clulow, CHES 2003). */
static bool derive_piece_by_piece(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE base = hkdf_base(h), victim = hkdf_victim(h, base);
    uint8_t value[32] = {0}, want[32], got[EVP_MAX_MD_SIZE];

    for (int n = 1; n <= 32; n++) {
        int tries = 0;

        if (!mac_by_piece(h, base, (CK_ULONG)n, want))
            return false;
        while (HMAC(EVP_sha256(), value, n, known_bytes, 32, got, NULL) != NULL &&
               memcmp(got, want, 32) != 0 && tries++ < 256)
            value[n - 1]++;
    }
    return attack_knows(h, victim, value, sizeof(value));
}

/* What is derived by encryption, the same encryption tells. */
static bool encrypt_what_is_derived(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE base,
                                    CK_OBJECT_HANDLE encrypts)
{
    CK_KEY_DERIVATION_STRING_DATA param = {(CK_BYTE_PTR)(uintptr_t)known_bytes, 32};
    CK_MECHANISM m = {CKM_AES_ECB_ENCRYPT_DATA, &param, sizeof(param)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_ULONG(CKA_VALUE_LEN, 32)};
    CK_OBJECT_HANDLE victim = CK_INVALID_HANDLE;
    uint8_t value[1024];
    CK_ULONG n = 0;

    return p11->C_DeriveKey(h, &m, base, v, N_ELEMENTS(v), &victim) == CKR_OK &&
           attack_crypt(h, true, CKM_AES_ECB, encrypts, known_bytes, 32, value, &n) &&
           attack_knows(h, victim, value, n);
}

static bool derive_by_an_encrypting_key(CK_SESSION_HANDLE h)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_DERIVE, CKA_ENCRYPT};
    const CK_OBJECT_HANDLE base = attack_generate(h, 32, usages, 2);

    return encrypt_what_is_derived(h, base, base);
}

static bool derive_by_a_key_with_a_twin(CK_SESSION_HANDLE h)
{
    const CK_ATTRIBUTE as[] = {ATTR_TRUE(CKA_ENCRYPT)};
    CK_MECHANISM gen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_DERIVE),
                        ATTR_FALSE(CKA_ENCRYPT), ATTR_FALSE(CKA_DECRYPT),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    const CK_OBJECT_HANDLE w = attack_generate(h, 32, both_ways, 2);
    CK_OBJECT_HANDLE base = CK_INVALID_HANDLE, twin = CK_INVALID_HANDLE;
    uint8_t wrapped[1024];
    CK_ULONG n = 0;

    ASSERT_OK(p11->C_GenerateKey(h, &gen, v, N_ELEMENTS(v), &base));
    return attack_wrap(h, CKM_AES_KEY_WRAP, w, base, wrapped, &n) &&
           attack_unwrap(h, CKM_AES_KEY_WRAP, w, wrapped, n, as, 1, &twin) &&
           attack_set(h, base, CKA_EXTRACTABLE, CK_FALSE) == CKR_OK &&
           encrypt_what_is_derived(h, base, twin);
}

const struct attack attacks_on_wrapping[] = {
    {"/attack/a/wrap-then-decrypt", POLICY_USAGE_CONFLICTS, wrap_then_decrypt, false},
    {"/attack/a/wrap-then-become-decrypting", POLICY_USAGE_CONFLICTS, wrap_then_become_decrypting,
     false},
    {"/attack/a/wrap-and-decrypt-by-copies", POLICY_USAGE_CONFLICTS, wrap_and_decrypt_by_copies,
     false},
    {"/attack/a/wrap-then-mac", POLICY_USAGE_CONFLICTS, wrap_then_mac, false},
    {"/attack/a/ask-for-both", POLICY_USAGE_TEMPLATES, ask_for_both, false},
    {"/attack/b/import-known-key", POLICY_WRAP_TRUSTED, import_known_key, false},
    {"/attack/b/generate-known-key", POLICY_WRAP_TRUSTED, generate_known_key, false},
    {"/attack/b/encrypt-then-unwrap", POLICY_WRAP_TRUSTED, encrypt_then_unwrap, false},
    {"/attack/c/reimport-to-decrypt", POLICY_WRAP_TRUSTED, reimport_to_decrypt, false},
    {"/attack/c/unwrap-readable", POLICY_UNWRAP_PROTECTED, unwrap_readable, false},
    {"/attack/c/private-key-as-secret", POLICY_UNWRAP_TYPE, private_key_as_secret, false},
    {"/attack/d/unwrap-public", POLICY_UNWRAP_PROTECTED, unwrap_public, false},
    {"/attack/f/wrap-unextractable", POLICY_WRAP_EXTRACTABLE, wrap_unextractable, false},
    {"/attack/g/weak-wrapping-key", POLICY_WRAP_STRENGTH, weak_wrapping_key, false},
    {"/attack/g/halves-by-ecb", POLICY_WRAP_MECHANISMS, halves_by_ecb, false},
    {"/attack/g/wrap-twice-under-one-iv", POLICY_WRAP_MECHANISMS, wrap_twice_under_one_iv, false},
    {"/attack/h/pkcs1-unwrap-oracle", POLICY_WRAP_MECHANISMS, pkcs1_unwrap_oracle, false},
    {"/attack/h/pkcs1-decryption-oracle", POLICY_PKCS1_DECRYPTION, pkcs1_decryption_oracle, false},
    {"/attack/i/cbc-pad-oracle", POLICY_WRAP_MECHANISMS, cbc_pad_oracle, false},
    {"/attack/i/tells-where-it-failed", POLICY_ONE_CODE, tells_where_it_failed, false},
    {"/attack/j/agree-again", POLICY_DERIVE_AGREED, agree_again, false},
    {"/attack/j/derive-again", POLICY_DERIVE_PROTECTED, derive_again, false},
    {"/attack/j/derive-as-data", POLICY_DERIVE_PROTECTED, derive_as_data, false},
    {"/attack/j/derive-piece-by-piece", POLICY_DERIVE_PROTECTED, derive_piece_by_piece, false},
    {"/attack/j/derive-by-an-encrypting-key", POLICY_DERIVE_CONFLICTS, derive_by_an_encrypting_key,
     false},
    {"/attack/j/derive-by-a-key-with-a-twin", POLICY_DERIVE_CONFLICTS, derive_by_a_key_with_a_twin,
     false},
    {"/attack/l/trojan-public-key", POLICY_WRAP_TRUSTED, trojan_public_key, false},
    {"/attack/l/trust-oneself", POLICY_TRUST_BY_SO, trust_oneself, false},
};
const size_t n_attacks_on_wrapping = N_ELEMENTS(attacks_on_wrapping);
