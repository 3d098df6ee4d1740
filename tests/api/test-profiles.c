/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-profiles.c - the mandatory test cases of the PKCS#11 profiles, version 3.2: BL-M-1-32,
 * EXT-M-1-32, AUTH-M-1-32 and CERT-M-1-32, call by call.
 *
 * What the cases let vary (their chapter on permitted variations) varies here: descriptions,
 * versions, handles, key material and lengths of lists. Objects that they find on the token are put
 * there first; the RSA key is made by OpenSSL, which verifies what comes out.
 */
#include "support/reference.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>
#include <string.h>

static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static EVP_PKEY *rsa;
static uint8_t certificate[2048];
static CK_ULONG n_certificate;

/* -- what the cases find on the token ---------------------------------------------------------- */

static CK_ULONG number(const char *param, uint8_t *ret)
{
    BIGNUM *bn = NULL;
    int n;

    assert_int_equal(EVP_PKEY_get_bn_param(rsa, param, &bn), 1);
    n = BN_bn2bin(bn, ret);
    BN_clear_free(bn);
    return (CK_ULONG)n;
}

static void put_pair(CK_SESSION_HANDLE h)
{
    static uint8_t n[512], e[8], d[512], p[256], q[256], dp[256], dq[256], qi[256];
    CK_ATTRIBUTE pub[] = {
        ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY),
        ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
        ATTR_TRUE(CKA_TOKEN),
        ATTR_TEXT(CKA_LABEL, "testrsa-pub"),
        ATTR(CKA_MODULUS, n, number(OSSL_PKEY_PARAM_RSA_N, n)),
        ATTR(CKA_PUBLIC_EXPONENT, e, number(OSSL_PKEY_PARAM_RSA_E, e)),
    };
    CK_ATTRIBUTE priv[] = {
        ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
        ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
        ATTR_TRUE(CKA_TOKEN),
        ATTR_TRUE(CKA_SIGN),
        ATTR_TEXT(CKA_LABEL, "testrsa-pri"),
        ATTR(CKA_MODULUS, n, number(OSSL_PKEY_PARAM_RSA_N, n)),
        ATTR(CKA_PUBLIC_EXPONENT, e, number(OSSL_PKEY_PARAM_RSA_E, e)),
        ATTR(CKA_PRIVATE_EXPONENT, d, number(OSSL_PKEY_PARAM_RSA_D, d)),
        ATTR(CKA_PRIME_1, p, number(OSSL_PKEY_PARAM_RSA_FACTOR1, p)),
        ATTR(CKA_PRIME_2, q, number(OSSL_PKEY_PARAM_RSA_FACTOR2, q)),
        ATTR(CKA_EXPONENT_1, dp, number(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp)),
        ATTR(CKA_EXPONENT_2, dq, number(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq)),
        ATTR(CKA_COEFFICIENT, qi, number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi)),
    };
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_CreateObject(h, pub, N_ELEMENTS(pub), &o));
    ASSERT_OK(p11->C_CreateObject(h, priv, N_ELEMENTS(priv), &o));
}

/* A self-signed certificate of the key. */
static void make_certificate(uint8_t *ret_subject, CK_ULONG *ret_n_subject)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_NAME_new();
    uint8_t *der = certificate, *subject = ret_subject;
    int n;

    assert_non_null(x);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"profile test", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_version(x, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 7), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 86400));
    assert_int_equal(X509_set_subject_name(x, name), 1);
    assert_int_equal(X509_set_issuer_name(x, name), 1);
    assert_int_equal(X509_set_pubkey(x, rsa), 1);
    assert_true(X509_sign(x, rsa, EVP_sha256()) > 0);
    n = i2d_X509(x, &der);
    assert_in_range(n, 1, (int)sizeof(certificate));
    n_certificate = (CK_ULONG)n;
    *ret_n_subject = (CK_ULONG)i2d_X509_NAME(name, &subject);
    X509_NAME_free(name);
    X509_free(x);
}

static void put_certificate(CK_SESSION_HANDLE h)
{
    uint8_t subject[256];
    CK_ULONG n_subject = 0;
    CK_OBJECT_HANDLE o;

    make_certificate(subject, &n_subject);
    {
        CK_ATTRIBUTE v[] = {
            ATTR_ULONG(CKA_CLASS, CKO_CERTIFICATE), ATTR_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
            ATTR_TRUE(CKA_TOKEN),                   ATTR_TEXT(CKA_LABEL, "Mozilla Builtin Roots"),
            ATTR(CKA_SUBJECT, subject, n_subject),  ATTR(CKA_VALUE, certificate, n_certificate),
        };

        ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    }
}

static int group_setup(void **state)
{
    CK_SESSION_HANDLE h;

    (void)setup_token(state);
    rsa = evp_new_rsa(2048);
    h = open_user();
    put_pair(h);
    put_certificate(h);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static int group_teardown(void **state)
{
    EVP_PKEY_free(rsa);
    ASSERT_OK(p11->C_Initialize(NULL));
    return teardown_module(state);
}

/* -- what the cases have in common ------------------------------------------------------------- */

/* Space-padded, without a terminator. */
static void is_padded(const CK_UTF8CHAR *text, size_t n)
{
    assert_null(memchr(text, 0, n));
}

static void begin(void)
{
    CK_SLOT_ID slots[16];
    CK_ULONG n = 0;
    CK_INFO info;

    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetInfo(&info));
    assert_int_equal(info.cryptokiVersion.major, 3);
    assert_int_equal(info.cryptokiVersion.minor, 2);
    assert_int_equal(info.flags, 0);
    is_padded(info.manufacturerID, sizeof(info.manufacturerID));
    is_padded(info.libraryDescription, sizeof(info.libraryDescription));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
    assert_in_range(n, 1, N_ELEMENTS(slots));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, slots, &n));
    slot = slots[0];
}

static void end(void)
{
    ASSERT_OK(p11->C_CloseSession(session));
    ASSERT_OK(p11->C_CloseAllSessions(slot));
    ASSERT_OK(p11->C_Finalize(NULL));
}

static void slot_and_token_info(void)
{
    const CK_FLAGS expected = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED |
                              CKF_RESTORE_KEY_NOT_NEEDED | CKF_TOKEN_INITIALIZED;
    CK_SLOT_INFO slot_info;
    CK_TOKEN_INFO token;

    ASSERT_OK(p11->C_GetSlotInfo(slot, &slot_info));
    assert_int_equal(slot_info.flags, CKF_TOKEN_PRESENT);
    is_padded(slot_info.slotDescription, sizeof(slot_info.slotDescription));
    is_padded(slot_info.manufacturerID, sizeof(slot_info.manufacturerID));
    ASSERT_OK(p11->C_GetTokenInfo(slot, &token));
    assert_int_equal(token.flags, expected);
    is_padded(token.label, sizeof(token.label));
    is_padded(token.model, sizeof(token.model));
    is_padded(token.serialNumber, sizeof(token.serialNumber));
    assert_int_equal(token.ulSessionCount, 0);
    assert_int_equal(token.ulRwSessionCount, 0);
    assert_true(token.ulMinPinLen <= token.ulMaxPinLen);
}

static void open_and_log_in(void)
{
    ASSERT_OK(p11->C_OpenSession(slot, CKF_RW_SESSION | CKF_SERIAL_SESSION, NULL, NULL, &session));
    ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)USER_PIN,
                           sizeof(USER_PIN) - 1));
}

/* C_FindObjectsInit, C_FindObjects for `max`, C_FindObjectsFinal. */
static CK_ULONG find(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret, CK_ULONG max)
{
    CK_ULONG found = 0;

    ASSERT_OK(p11->C_FindObjectsInit(session, v, n));
    ASSERT_OK(p11->C_FindObjects(session, ret, max, &found));
    ASSERT_OK(p11->C_FindObjectsFinal(session));
    return found;
}

static bool has_profile(CK_PROFILE_ID id)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PROFILE), ATTR_OBJ(CKA_PROFILE_ID, id)};
    CK_OBJECT_HANDLE o;

    return find(v, 2, &o, 1) == 1;
}

/* -- the cases ---------------------------------------------------------------------------------- */

static void test_baseline(void **state)
{
    CK_ATTRIBUTE token = ATTR_TRUE(CKA_TOKEN);
    CK_OBJECT_HANDLE o;

    (void)state;
    begin();
    slot_and_token_info();
    ASSERT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
    (void)find(&token, 1, &o, 1);
    assert_true(has_profile(CKP_BASELINE_PROVIDER));
    end();
}

static void test_extended(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        CK_FLAGS flags; /* at least; the case's illustrate */
    } rows[] = {{CKM_SHA512, CKF_DIGEST},
                {CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR},
                {CKM_RSA_PKCS, CKF_ENCRYPT | CKF_SIGN | CKF_VERIFY}};
    CK_ATTRIBUTE token = ATTR_TRUE(CKA_TOKEN);
    CK_MECHANISM_TYPE types[512];
    CK_ULONG n = 0;
    CK_OBJECT_HANDLE o;

    (void)state;
    begin();
    slot_and_token_info();
    ASSERT_OK(p11->C_GetMechanismList(slot, NULL, &n));
    assert_in_range(n, 1, N_ELEMENTS(types));
    ASSERT_OK(p11->C_GetMechanismList(slot, types, &n));
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        CK_MECHANISM_INFO info;
        bool listed = false;

        for (CK_ULONG j = 0; j < n; j++)
            listed = listed || types[j] == rows[i].type;
        assert_true(listed);
        ASSERT_OK(p11->C_GetMechanismInfo(slot, rows[i].type, &info));
        assert_int_equal(info.flags & rows[i].flags, rows[i].flags);
        assert_true(info.ulMinKeySize <= info.ulMaxKeySize);
    }
    open_and_log_in();
    assert_int_equal(find(&token, 1, &o, 1), 1);
    assert_true(has_profile(CKP_EXTENDED_PROVIDER));
    ASSERT_OK(p11->C_Logout(session));
    end();
}

static void read_public_key(CK_OBJECT_HANDLE o)
{
    uint8_t modulus[1024], exponent[1024], n[512], e[8];
    CK_ATTRIBUTE v[] = {ATTR(CKA_MODULUS, modulus, sizeof(modulus)),
                        ATTR(CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent))};

    ASSERT_OK(p11->C_GetAttributeValue(session, o, v, 2));
    assert_int_equal(v[0].ulValueLen, number(OSSL_PKEY_PARAM_RSA_N, n));
    assert_memory_equal(modulus, n, v[0].ulValueLen);
    assert_int_equal(v[1].ulValueLen, number(OSSL_PKEY_PARAM_RSA_E, e));
    assert_memory_equal(exponent, e, v[1].ulValueLen);
}

static void test_authentication(void **state)
{
    const struct scheme pkcs = {.md = "SHA256"};
    CK_MECHANISM m = {CKM_SHA256_RSA_PKCS, NULL, 0};
    CK_ATTRIBUTE pub_v[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "testrsa-pub"),
                            ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY)};
    CK_ATTRIBUTE priv_v[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "testrsa-pri"),
                             ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY)};
    uint8_t data[391], signature[256], reference[1024];
    CK_ULONG n = sizeof(signature);
    CK_OBJECT_HANDLE o;

    (void)state;
    fill_pattern(data, sizeof(data), 5);
    begin();
    open_and_log_in();
    assert_int_equal(find(pub_v, 3, &o, 1), 1);
    read_public_key(o);
    assert_int_equal(find(priv_v, 3, &o, 1), 1);
    ASSERT_OK(p11->C_SignInit(session, &m, o));
    ASSERT_OK(p11->C_Sign(session, data, sizeof(data), signature, &n));
    assert_int_equal(n, 256);
    assert_int_equal(evp_sign(rsa, &pkcs, span_of(data, sizeof(data)), reference), 256);
    assert_memory_equal(signature, reference, 256);
    assert_true(has_profile(CKP_AUTHENTICATION_TOKEN));
    ASSERT_OK(p11->C_Logout(session));
    end();
}

/* One attribute by two calls: its length, then its value. */
static CK_ULONG read_attribute(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, uint8_t *ret,
                               CK_ULONG room)
{
    CK_ATTRIBUTE v = {type, NULL, 0};

    ASSERT_OK(p11->C_GetAttributeValue(session, o, &v, 1));
    assert_in_range(v.ulValueLen, 1, room);
    v.pValue = ret;
    ASSERT_OK(p11->C_GetAttributeValue(session, o, &v, 1));
    return v.ulValueLen;
}

/* Without a login. */
static void test_certificates(void **state)
{
    CK_ATTRIBUTE token = ATTR_TRUE(CKA_TOKEN);
    CK_OBJECT_HANDLE found[5];
    uint8_t value[2048];
    CK_ULONG n = 0, n_certificates = 0;

    (void)state;
    begin();
    ASSERT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
    ASSERT_OK(p11->C_FindObjectsInit(session, &token, 1));
    ASSERT_OK(p11->C_FindObjects(session, found, N_ELEMENTS(found), &n));
    assert_int_equal(n, 2); /* the public key too */
    for (CK_ULONG i = 0; i < n; i++) {
        if (attr_ulong(session, found[i], CKA_CLASS) != CKO_CERTIFICATE)
            continue;
        assert_int_equal(read_attribute(found[i], CKA_LABEL, value, sizeof(value)), 21);
        assert_memory_equal(value, "Mozilla Builtin Roots", 21);
        assert_int_equal(read_attribute(found[i], CKA_VALUE, value, sizeof(value)), n_certificate);
        assert_memory_equal(value, certificate, n_certificate);
        n_certificates++;
    }
    assert_int_equal(n_certificates, 1);
    ASSERT_OK(p11->C_FindObjectsFinal(session));
    end();
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/profiles/BL-M-1-32", test_baseline),
        TEST("/profiles/EXT-M-1-32", test_extended),
        TEST("/profiles/AUTH-M-1-32", test_authentication),
        TEST("/profiles/CERT-M-1-32", test_certificates),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
