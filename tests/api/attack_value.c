/* SPDX-License-Identifier: BSD-2-Clause */
/* attack_value.c - attacks on values by reading, searching and hashing, and with bad material; see
 * attacks.h. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "api/attacks.h"

/* -- d, e: read it
 * ---------------------------------------------------------------------------------- */

static bool read_sensitive(CK_SESSION_HANDLE h)
{
    uint8_t value[1024];
    CK_ULONG n = 0;

    return attack_read(h, attack_victim(h, 32), value, &n);
}

static bool take_protection_away(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32);
    uint8_t value[1024];
    CK_ULONG n = 0;

    return attack_set(h, victim, CKA_SENSITIVE, CK_FALSE) == CKR_OK &&
           attack_read(h, victim, value, &n) && attack_knows(h, victim, value, n);
}

static bool copy_without_protection(CK_SESSION_HANDLE h)
{
    const CK_OBJECT_HANDLE victim = attack_victim(h, 32);
    CK_OBJECT_HANDLE twin = CK_INVALID_HANDLE;
    uint8_t value[1024];
    CK_ULONG n = 0;

    return attack_copy(h, victim, CKA_SENSITIVE, CK_FALSE, &twin) == CKR_OK &&
           attack_read(h, twin, value, &n) && attack_knows(h, victim, value, n);
}

static bool make_extractable(CK_SESSION_HANDLE h)
{
    return attack_set(h, attack_generate(h, 32, NULL, 0), CKA_EXTRACTABLE, CK_TRUE) == CKR_OK;
}

/* -- k, o: compare it
 * --------------------------------------------------------------------------------- */

static CK_OBJECT_HANDLE short_secret(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_TEXT(CKA_VALUE, "7531"),
                        ATTR_TRUE(CKA_SENSITIVE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    return o;
}

static bool guess_by_search(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE guess[] = {ATTR_TEXT(CKA_VALUE, "7531")};

    (void)short_secret(h);
    return find_objects(h, guess, 1, NULL) > 0;
}

static bool guess_by_digest(CK_SESSION_HANDLE h)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};

    ASSERT_OK(p11->C_DigestInit(h, &m));
    return p11->C_DigestKey(h, short_secret(h)) == CKR_OK;
}

static bool guess_by_check_value(CK_SESSION_HANDLE h)
{
    return attr_query(h, short_secret(h), CKA_CHECK_VALUE) == CKR_OK;
}

/* -- q: bad material
 * ------------------------------------------------------------------------------------ */

/* An RSA private key object of an OpenSSL key: modulus, exponents; the token works out the rest. */
static bool import_rsa(CK_SESSION_HANDLE h, EVP_PKEY *pkey)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
                                        OSSL_PKEY_PARAM_RSA_D};
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT,
                                              CKA_PRIVATE_EXPONENT};
    uint8_t numbers[3][512];
    CK_ATTRIBUTE v[5] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    for (size_t i = 0; i < 3; i++) {
        BIGNUM *number = NULL;

        assert_int_equal(EVP_PKEY_get_bn_param(pkey, names[i], &number), 1);
        v[2 + i] = (CK_ATTRIBUTE)ATTR(types[i], numbers[i], (CK_ULONG)BN_num_bytes(number));
        (void)BN_bn2bin(number, numbers[i]);
        BN_free(number);
    }
    return p11->C_CreateObject(h, v, N_ELEMENTS(v), &o) == CKR_OK;
}

static bool small_rsa_key(CK_SESSION_HANDLE h)
{
    EVP_PKEY *pkey = evp_new_rsa(1024);
    const bool came_in = import_rsa(h, pkey);

    EVP_PKEY_free(pkey);
    return came_in;
}

static bool small_exponent(CK_SESSION_HANDLE h)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    unsigned bits = 2048, three = 3;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
                                 OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &three),
                                 OSSL_PARAM_construct_end()};
    bool came_in;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &pkey), 1);
    came_in = import_rsa(h, pkey);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(ctx);
    return came_in;
}

static CK_RV agree_with(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_BYTE *point, CK_ULONG n)
{
    CK_ECDH1_DERIVE_PARAMS param = {CKD_NULL, 0, NULL, n, point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &param, sizeof(param)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    return p11->C_DeriveKey(h, &m, key, v, N_ELEMENTS(v), &o);
}

/* A point of another curve: each answer tells the private key modulo a small number. */
static bool point_off_the_curve(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_BYTE point[128];
    CK_ULONG n;

    make_ec(h, CK_FALSE, "agrees", &public_key, &private_key);
    n = attr_get(h, public_key, CKA_EC_POINT, point, sizeof(point));
    ASSERT_OK(agree_with(h, private_key, point, n));
    point[n - 1] ^= 1;
    return agree_with(h, private_key, point, n) == CKR_OK;
}

/* A point of small order: the secret is known before it is agreed. */
static bool secret_of_zeros(CK_SESSION_HANDLE h)
{
    EVP_PKEY *pkey = evp_new("X25519");
    CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
    CK_BYTE zeros[32] = {0};

    evp_import(h, pkey, NULL, &private_key);
    EVP_PKEY_free(pkey);
    return agree_with(h, private_key, zeros, sizeof(zeros)) == CKR_OK;
}

const struct attack attacks_on_values[] = {
    {"/attack/d/take-protection-away", POLICY_ONE_WAY, take_protection_away, false},
    {"/attack/d/copy-without-protection", POLICY_ONE_WAY, copy_without_protection, false},
    {"/attack/e/read-sensitive", POLICY_READ_SENSITIVE, read_sensitive, false},
    {"/attack/f/make-extractable", POLICY_ONE_WAY, make_extractable, false},
    {"/attack/k/guess-by-digest", POLICY_DIGEST_SENSITIVE, guess_by_digest, false},
    {"/attack/k/guess-by-check-value", POLICY_CHECK_VALUES, guess_by_check_value, false},
    {"/attack/o/guess-by-search", POLICY_SEARCH_SENSITIVE, guess_by_search, false},
    {"/attack/q/small-rsa-key", POLICY_RSA_SIZE, small_rsa_key, false},
    {"/attack/q/small-exponent", POLICY_RSA_EXPONENT, small_exponent, false},
    {"/attack/q/point-off-the-curve", POLICY_POINTS, point_off_the_curve, true},
    {"/attack/q/secret-of-zeros", POLICY_ZERO_SECRETS, secret_of_zeros, true},
};
const size_t n_attacks_on_values = N_ELEMENTS(attacks_on_values);
