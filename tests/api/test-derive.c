/* SPDX-License-Identifier: BSD-2-Clause */
/* test-derive.c - Diffie-Hellman on elliptic curves (v3.2 5.18.5, 6.3.18 ff) against OpenSSL. */
#include "support/reference.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <string.h>

#define MAX_SECRET 66

static CK_SESSION_HANDLE session;
static const char *const names[] = {"P-256", "P-384", "P-521", "X25519", "X448"};

static struct {
    EVP_PKEY *mine, *peer;
    CK_OBJECT_HANDLE key;
    uint8_t point[140]; /* the peer's, with room for a DER header in front */
    size_t n_point;
    uint8_t secret[MAX_SECRET];
    size_t n_secret;
} sides[N_ELEMENTS(names)];

static void side_make(size_t i)
{
    EVP_PKEY_CTX *ctx;

    sides[i].mine = evp_new(names[i]);
    sides[i].peer = evp_new(names[i]);
    evp_import(session, sides[i].mine, NULL, &sides[i].key);
    assert_int_equal(EVP_PKEY_get_octet_string_param(sides[i].peer, OSSL_PKEY_PARAM_PUB_KEY,
                                                     sides[i].point, sizeof(sides[i].point),
                                                     &sides[i].n_point), 1);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, sides[i].mine, NULL);
    sides[i].n_secret = MAX_SECRET;
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, sides[i].peer), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, sides[i].secret, &sides[i].n_secret), 1);
    EVP_PKEY_CTX_free(ctx);
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        side_make(i);
    return 0;
}

static int group_teardown(void **state)
{
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        EVP_PKEY_free(sides[i].mine);
        EVP_PKEY_free(sides[i].peer);
    }
    return teardown_module(state);
}

static CK_ECDH1_DERIVE_PARAMS params_of(size_t i)
{
    return (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, sides[i].n_point, sides[i].point};
}

/* A readable generic secret; n 0: nothing is said about its length. */
static CK_RV derive(CK_OBJECT_HANDLE base, CK_ECDH1_DERIVE_PARAMS *p, CK_ULONG n,
                    CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, p, sizeof(*p)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE), ATTR_OBJ(CKA_VALUE_LEN, n)};

    return p11->C_DeriveKey(session, &m, base, v, n > 0 ? 5 : 4, ret);
}

static void assert_value(CK_OBJECT_HANDLE o, const uint8_t *expected, size_t n)
{
    uint8_t value[256];

    assert_int_equal(attr_get(session, o, CKA_VALUE, value, sizeof(value)), n);
    assert_memory_equal(value, expected, n);
    assert_int_equal(attr_ulong(session, o, CKA_VALUE_LEN), n);
}

static void test_against_openssl(void **state)
{
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        CK_ECDH1_DERIVE_PARAMS p = params_of(i);

        ASSERT_OK(derive(sides[i].key, &p, 0, &o));
        assert_value(o, sides[i].secret, sides[i].n_secret);
        /* The peer's point as CKA_EC_POINT has it. */
        memmove(sides[i].point + 3, sides[i].point, sides[i].n_point);
        sides[i].point[0] = 0x04;
        sides[i].point[1] = sides[i].n_point < 128 ? (uint8_t)sides[i].n_point : 0x81;
        if (sides[i].n_point < 128)
            memmove(sides[i].point + 2, sides[i].point + 3, sides[i].n_point);
        else
            sides[i].point[2] = (uint8_t)sides[i].n_point;
        p.ulPublicDataLen += sides[i].n_point < 128 ? 2 : 3;
        ASSERT_OK(derive(sides[i].key, &p, 0, &o));
        assert_value(o, sides[i].secret, sides[i].n_secret);
        sides[i].n_point = p.ulPublicDataLen;
    }
}

/* v3.2 6.3.20: truncation takes from the leading end. */
static void test_truncated(void **state)
{
    CK_ECDH1_DERIVE_PARAMS p = params_of(0);
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    for (CK_ULONG n = 1; n <= sides[0].n_secret; n += 7) {
        ASSERT_OK(derive(sides[0].key, &p, n, &o));
        assert_value(o, sides[0].secret + sides[0].n_secret - n, n);
    }
    ASSERT_RV(CKR_KEY_SIZE_RANGE, derive(sides[0].key, &p, sides[0].n_secret + 1, &o));
    ASSERT_RV(CKR_KEY_SIZE_RANGE, derive(sides[0].key, &p, (CK_ULONG)-1, &o));
}

static void test_kdf(void **state)
{
    static const struct {
        CK_EC_KDF_TYPE kdf;
        const char *md;
    } rows[] = {{CKD_SHA1_KDF, "SHA1"}, {CKD_SHA256_KDF, "SHA256"}, {CKD_SHA512_KDF, "SHA512"}};
    static uint8_t shared[11] = "shared data";

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
        EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
        const OSSL_PARAM kdf_params[] = {
            OSSL_PARAM_construct_utf8_string("digest", (char *)(uintptr_t)rows[i].md, 0),
            OSSL_PARAM_construct_octet_string("key", sides[0].secret, sides[0].n_secret),
            OSSL_PARAM_construct_octet_string("info", shared, sizeof(shared)),
            OSSL_PARAM_construct_end(),
        };
        CK_ECDH1_DERIVE_PARAMS p = params_of(0);
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
        uint8_t expected[100];

        assert_int_equal(EVP_KDF_derive(ctx, expected, sizeof(expected), kdf_params), 1);
        EVP_KDF_CTX_free(ctx);
        EVP_KDF_free(kdf);
        p.kdf = rows[i].kdf;
        p.pSharedData = shared;
        p.ulSharedDataLen = sizeof(shared);
        ASSERT_OK(derive(sides[0].key, &p, sizeof(expected), &o));
        assert_value(o, expected, sizeof(expected));
        ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, derive(sides[0].key, &p, 0, &o));
    }
}

/* The derived key is one like any other: it encrypts, stays in the token, tells nothing. */
static void test_aes_key(void **state)
{
    CK_ECDH1_DERIVE_PARAMS p = params_of(0);
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)}, ecb = {CKM_AES_ECB, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_TRUE(CKA_TOKEN),
                        ATTR_TEXT(CKA_LABEL, "derived")};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t block[16] = {9}, expected[16];
    CK_BYTE out[16];
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_DeriveKey(session, &m, sides[0].key, v, N_ELEMENTS(v), &o));
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(session, o, CKA_VALUE));
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
    ASSERT_OK(p11->C_EncryptInit(session, &ecb, o));
    ASSERT_OK(p11->C_Encrypt(session, block, sizeof(block), out, &n));
    (void)evp_cipher("AES-128-ECB", true, false,
                     span_of(sides[0].secret + sides[0].n_secret - 16, 16), NULL,
                     SPAN_ARRAY(block), expected);
    assert_memory_equal(out, expected, 16);
    ASSERT_OK(p11->C_DestroyObject(session, o));
}

/* v3.2 5.18.5: what a derived key says of its past is its base key's, and its own. */
static void test_history(void **state)
{
    CK_ECDH1_DERIVE_PARAMS p = params_of(0);
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE ec = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));
    CK_OBJECT_HANDLE pub, born_here, o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, &ec, 1, NULL, 0, &pub, &born_here));
    ASSERT_OK(p11->C_DeriveKey(session, &m, born_here, NULL, 0, &o));
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    ASSERT_OK(derive(born_here, &p, 0, &o));
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    /* The base key was imported. */
    ASSERT_OK(p11->C_DeriveKey(session, &m, sides[0].key, NULL, 0, &o));
    assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
}

static void test_peers_refused(void **state)
{
    static uint8_t zeros[57];
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        CK_ECDH1_DERIVE_PARAMS p = params_of(i), other = params_of((i + 1) % N_ELEMENTS(names));

        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &other, 0, &o));
        p.ulPublicDataLen--;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
        p.ulPublicDataLen = 0;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
        p = params_of(i);
        p.pPublicData = NULL;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
        p = params_of(i);
        p.kdf = 4711;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
        p = params_of(i);
        sides[i].point[20] ^= 1; /* of Weierstrass curves: beside the curve */
        if (i < 3)
            ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
        sides[i].point[20] ^= 1;
        /* RFC 7748 6: a peer of small order gives zeros. */
        p.pPublicData = zeros;
        p.ulPublicDataLen = i == 3 ? 32 : i == 4 ? 56 : 1;
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, derive(sides[i].key, &p, 0, &o));
    }
    assert_int_equal(o, 4711);
}

static void test_keys_refused(void **state)
{
    CK_ECDH1_DERIVE_PARAMS p = params_of(0);
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "no base key");
    CK_ATTRIBUTE no = ATTR_FALSE(CKA_DERIVE);
    CK_OBJECT_HANDLE pub, priv, o = 4711;
    EVP_PKEY *evp = evp_new("P-256");

    (void)state;
    evp_import(session, evp, &pub, &priv);
    EVP_PKEY_free(evp);
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, derive(aes, &p, 0, &o));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, derive(pub, &p, 0, &o));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, derive(0, &p, 0, &o));
    ASSERT_OK(p11->C_SetAttributeValue(session, priv, &no, 1));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, derive(priv, &p, 0, &o));
    assert_int_equal(o, 4711);
}

/* CKA_DERIVE_TEMPLATE adds to what the application says, and wins. */
static void test_derive_template(void **state)
{
    CK_ATTRIBUTE inside[] = {ATTR_FALSE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_SENSITIVE)};
    CK_ATTRIBUTE ec = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_DERIVE),
                           ATTR(CKA_DERIVE_TEMPLATE, inside, sizeof(inside))};
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ECDH1_DERIVE_PARAMS p = params_of(0);
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
    CK_OBJECT_HANDLE pub, base, o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(session, &gen, &ec, 1, priv, 2, &pub, &base));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, derive(base, &p, 0, &o));
    ASSERT_OK(p11->C_DeriveKey(session, &m, base, NULL, 0, &o));
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, o, CKA_SENSITIVE), CK_TRUE);
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/derive/truncated", test_truncated),
        TEST("/derive/kdf", test_kdf),
        TEST("/derive/aes-key", test_aes_key),
        TEST("/derive/history", test_history),
        TEST("/derive/peers-refused", test_peers_refused),
        TEST("/derive/keys-refused", test_keys_refused),
        TEST("/derive/template", test_derive_template),
        TEST("/derive/against-openssl", test_against_openssl),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
