/* SPDX-License-Identifier: BSD-2-Clause */
/* kit.c - what each mechanism is used with; see kit.h. */
#include "support/kit.h"

enum kit_key { NO_KEY, RSA, P256, ED25519, X25519, AES, AES_XTS, CHACHA, HKDF, SECRET, N_KEYS };

static struct {
    CK_OBJECT_HANDLE public, private;
} keys[N_KEYS];

static uint8_t iv[16] = {1, 2, 3}, aad[5] = {4, 5};
static CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 64};
static CK_GCM_PARAMS gcm = {iv, 12, 96, aad, sizeof(aad), 128};
static CK_GCM_PARAMS gmac = {iv, 12, 96, NULL, 0, 128};
static CK_CCM_PARAMS ccm = {96, iv, 13, aad, sizeof(aad), 16};
static CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha = {iv, 96, aad, sizeof(aad)};
static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
static CK_MAC_GENERAL_PARAMS mac = 9;
static CK_TLS_MAC_PARAMS tls_mac = {CKM_SHA256, 12, 1};
static CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, 0, NULL}; /* to encapsulate */
static CK_RSA_AES_KEY_WRAP_PARAMS rsa_aes = {256, &oaep};

#define PSS_PARAMS(name, hash, mgf) static CK_RSA_PKCS_PSS_PARAMS name = {hash, mgf, 20}
PSS_PARAMS(pss_1, CKM_SHA_1, CKG_MGF1_SHA1);
PSS_PARAMS(pss_224, CKM_SHA224, CKG_MGF1_SHA224);
PSS_PARAMS(pss_256, CKM_SHA256, CKG_MGF1_SHA256);
PSS_PARAMS(pss_384, CKM_SHA384, CKG_MGF1_SHA384);
PSS_PARAMS(pss_512, CKM_SHA512, CKG_MGF1_SHA512);
PSS_PARAMS(pss_3_224, CKM_SHA3_224, CKG_MGF1_SHA3_224);
PSS_PARAMS(pss_3_256, CKM_SHA3_256, CKG_MGF1_SHA3_256);
PSS_PARAMS(pss_3_384, CKM_SHA3_384, CKG_MGF1_SHA3_384);
PSS_PARAMS(pss_3_512, CKM_SHA3_512, CKG_MGF1_SHA3_512);

#define OBJ(object) &(object), sizeof(object)
#define NONE NULL, 0
#define HASHED(t, key) {t, key, NONE, 100}
#define PSS(t, p) {t, RSA, OBJ(p), 100}
#define HMAC(t) {t, SECRET, NONE, 100}, {t##_GENERAL, SECRET, OBJ(mac), 100}

static const struct {
    CK_MECHANISM_TYPE type;
    enum kit_key key;
    void *param;
    CK_ULONG n_param;
    CK_ULONG n_in;
} rows[] = {
    {CKM_RSA_PKCS, RSA, NONE, 40},
    {CKM_RSA_PKCS_OAEP, RSA, OBJ(oaep), 40},
    {CKM_RSA_PKCS_PSS, RSA, OBJ(pss_256), 32},
    HASHED(CKM_SHA1_RSA_PKCS, RSA), HASHED(CKM_SHA224_RSA_PKCS, RSA),
    HASHED(CKM_SHA256_RSA_PKCS, RSA), HASHED(CKM_SHA384_RSA_PKCS, RSA),
    HASHED(CKM_SHA512_RSA_PKCS, RSA), HASHED(CKM_SHA3_224_RSA_PKCS, RSA),
    HASHED(CKM_SHA3_256_RSA_PKCS, RSA), HASHED(CKM_SHA3_384_RSA_PKCS, RSA),
    HASHED(CKM_SHA3_512_RSA_PKCS, RSA),
    PSS(CKM_SHA1_RSA_PKCS_PSS, pss_1), PSS(CKM_SHA224_RSA_PKCS_PSS, pss_224),
    PSS(CKM_SHA256_RSA_PKCS_PSS, pss_256), PSS(CKM_SHA384_RSA_PKCS_PSS, pss_384),
    PSS(CKM_SHA512_RSA_PKCS_PSS, pss_512), PSS(CKM_SHA3_224_RSA_PKCS_PSS, pss_3_224),
    PSS(CKM_SHA3_256_RSA_PKCS_PSS, pss_3_256), PSS(CKM_SHA3_384_RSA_PKCS_PSS, pss_3_384),
    PSS(CKM_SHA3_512_RSA_PKCS_PSS, pss_3_512),
    {CKM_ECDSA, P256, NONE, 32},
    HASHED(CKM_ECDSA_SHA1, P256), HASHED(CKM_ECDSA_SHA224, P256), HASHED(CKM_ECDSA_SHA256, P256),
    HASHED(CKM_ECDSA_SHA384, P256), HASHED(CKM_ECDSA_SHA512, P256),
    HASHED(CKM_ECDSA_SHA3_224, P256), HASHED(CKM_ECDSA_SHA3_256, P256),
    HASHED(CKM_ECDSA_SHA3_384, P256), HASHED(CKM_ECDSA_SHA3_512, P256),
    HASHED(CKM_EDDSA, ED25519),
    HASHED(CKM_SHA_1, NO_KEY), HASHED(CKM_SHA224, NO_KEY), HASHED(CKM_SHA256, NO_KEY),
    HASHED(CKM_SHA384, NO_KEY), HASHED(CKM_SHA512, NO_KEY), HASHED(CKM_SHA512_224, NO_KEY),
    HASHED(CKM_SHA512_256, NO_KEY), HASHED(CKM_SHA3_224, NO_KEY), HASHED(CKM_SHA3_256, NO_KEY),
    HASHED(CKM_SHA3_384, NO_KEY), HASHED(CKM_SHA3_512, NO_KEY),
    HMAC(CKM_SHA_1_HMAC), HMAC(CKM_SHA224_HMAC), HMAC(CKM_SHA256_HMAC), HMAC(CKM_SHA384_HMAC),
    HMAC(CKM_SHA512_HMAC), HMAC(CKM_SHA512_224_HMAC), HMAC(CKM_SHA512_256_HMAC),
    HMAC(CKM_SHA3_224_HMAC), HMAC(CKM_SHA3_256_HMAC), HMAC(CKM_SHA3_384_HMAC),
    HMAC(CKM_SHA3_512_HMAC),
    {CKM_AES_ECB, AES, NONE, 96},
    {CKM_AES_CBC, AES, OBJ(iv), 96},
    {CKM_AES_CBC_PAD, AES, OBJ(iv), 96},
    {CKM_AES_CTR, AES, OBJ(ctr), 96},
    {CKM_AES_CTS, AES, OBJ(iv), 93},
    {CKM_AES_OFB, AES, OBJ(iv), 93},
    {CKM_AES_CFB1, AES, OBJ(iv), 93},
    {CKM_AES_CFB8, AES, OBJ(iv), 93},
    {CKM_AES_CFB128, AES, OBJ(iv), 93},
    {CKM_AES_XTS, AES_XTS, OBJ(iv), 93},
    {CKM_AES_GCM, AES, OBJ(gcm), 96},
    {CKM_AES_GMAC, AES, OBJ(gmac), 96},
    {CKM_AES_CCM, AES, OBJ(ccm), 96},
    {CKM_AES_CMAC, AES, NONE, 96},
    {CKM_AES_CMAC_GENERAL, AES, OBJ(mac), 96},
    {CKM_AES_KEY_WRAP, AES, NONE, 96},
    {CKM_AES_KEY_WRAP_KWP, AES, NONE, 93},
    {CKM_CHACHA20_POLY1305, CHACHA, OBJ(chacha), 96},
    {CKM_ECDH1_DERIVE, P256, OBJ(ecdh), 0},
    {CKM_ECDH1_COFACTOR_DERIVE, P256, OBJ(ecdh), 0},
    {CKM_AES_ECB_ENCRYPT_DATA, AES, NONE, 0},
    {CKM_AES_CBC_ENCRYPT_DATA, AES, NONE, 0},
    {CKM_TLS_MAC, SECRET, OBJ(tls_mac), 32},
    {CKM_TLS12_MAC, SECRET, OBJ(tls_mac), 32},
    {CKM_RSA_AES_KEY_WRAP, RSA, OBJ(rsa_aes), 0},
    {CKM_SP800_108_COUNTER_KDF, SECRET, NONE, 0},
    {CKM_SP800_108_FEEDBACK_KDF, SECRET, NONE, 0},
    {CKM_SP800_108_DOUBLE_PIPELINE_KDF, SECRET, NONE, 0},
    {CKM_TLS12_MASTER_KEY_DERIVE, SECRET, NONE, 0},
    {CKM_TLS12_MASTER_KEY_DERIVE_DH, SECRET, NONE, 0},
    {CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, SECRET, NONE, 0},
    {CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, SECRET, NONE, 0},
    {CKM_TLS12_KEY_SAFE_DERIVE, SECRET, NONE, 0},
    {CKM_TLS12_KDF, SECRET, NONE, 0},
    {CKM_TLS_KDF, SECRET, NONE, 0},
    {CKM_HKDF_DERIVE, HKDF, NONE, 0},
    {CKM_HKDF_DATA, HKDF, NONE, 0},
    {CKM_PUB_KEY_FROM_PRIV_KEY, P256, NONE, 0},
};

static void make_evp_key(CK_SESSION_HANDLE h, EVP_PKEY *evp, enum kit_key key)
{
    evp_import(h, evp, &keys[key].public, &keys[key].private);
    EVP_PKEY_free(evp);
}

void kits_setup(CK_SESSION_HANDLE h)
{
    static const struct {
        enum kit_key key;
        CK_KEY_TYPE type;
        CK_ULONG n;
    } secrets[] = {{AES, CKK_AES, 32},
                   {AES_XTS, CKK_AES_XTS, 64},
                   {CHACHA, CKK_CHACHA20, 32},
                   {HKDF, CKK_HKDF, 32},
                   {SECRET, CKK_GENERIC_SECRET, 32}};
    uint8_t value[64];

    fill_pattern(value, sizeof(value), 11);
    make_evp_key(h, evp_new_rsa(2048), RSA);
    make_evp_key(h, evp_new("P-256"), P256);
    make_evp_key(h, evp_new("ED25519"), ED25519);
    make_evp_key(h, evp_new("X25519"), X25519);
    for (size_t i = 0; i < N_ELEMENTS(secrets); i++) {
        const CK_OBJECT_HANDLE o = import_secret(h, secrets[i].type, value, secrets[i].n);

        keys[secrets[i].key].public = keys[secrets[i].key].private = o;
    }
}

CK_ULONG kits_list(CK_MECHANISM_TYPE *ret, CK_ULONG room)
{
    CK_ULONG n = room;

    ASSERT_OK(p11->C_GetMechanismList(0, ret, &n));
    assert_true(n > 0);
    return n;
}

bool kit_of(CK_MECHANISM_TYPE type, struct kit *ret)
{
    CK_MECHANISM_INFO info;

    ASSERT_OK(p11->C_GetMechanismInfo(0, type, &info));
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        if (rows[i].type != type)
            continue;
        *ret = (struct kit){.m = {type, rows[i].param, rows[i].n_param},
                            .flags = info.flags,
                            .public = keys[rows[i].key].public,
                            .private = keys[rows[i].key].private,
                            .n_in = rows[i].n_in};
        return true;
    }
    if (type == CKM_TEE_ATTEST_KEY) /* its result is the platform's: tests/api/test-attest.c */
        return false;
    if ((info.flags & (CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY |
                       CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER | CKF_WRAP | CKF_UNWRAP |
                       CKF_ENCAPSULATE | CKF_DECAPSULATE | CKF_DERIVE)) != 0)
        fail_msg("mechanism 0x%lx has no row in tests/support/kit.c", type);
    return false;
}
