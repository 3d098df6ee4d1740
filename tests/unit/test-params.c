/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-params.c - the parsers of mechanism parameters: what they take, what they refuse, and that
 * they keep copies.
 */
#include "crypto_fixture.h"

#include "crypto/params.h"

/* Run a row's parser; the result is cleared. */
static CK_RV parse(CK_MECHANISM_TYPE type, void *p, CK_ULONG n)
{
    AUTO(param_clear) union mech_param param = {0};
    const CK_MECHANISM m = {type, p, n};
    const struct mech *row = mech_find(type);

    assert_non_null(row);
    return row->parse(row, &m, &param);
}

#define REFUSED(type, p, n) T_RV(CKR_MECHANISM_PARAM_INVALID, parse(type, p, n))
#define TAKEN(type, p, n)   T_OK(parse(type, p, n))

static void none_takes_nothing(void **state)
{
    uint8_t byte = 0;

    (void)state;
    TAKEN(CKM_SHA256, NULL, 0);
    TAKEN(CKM_SHA256, &byte, 0); /* a pointer to nothing */
    REFUSED(CKM_SHA256, &byte, 1);
    REFUSED(CKM_SHA256, NULL, 1);
}

static void iv_is_one_block(void **state)
{
    uint8_t iv[17] = {0};

    (void)state;
    TAKEN(CKM_AES_CBC, iv, 16);
    REFUSED(CKM_AES_CBC, iv, 15);
    REFUSED(CKM_AES_CBC, iv, 17);
    REFUSED(CKM_AES_CBC, iv, 3);
    REFUSED(CKM_AES_CBC, NULL, 16);
    REFUSED(CKM_AES_CBC, NULL, 0);
}

static void wrapping_iv_is_optional(void **state)
{
    uint8_t iv[16] = {0};

    (void)state;
    TAKEN(CKM_AES_KEY_WRAP, NULL, 0);
    TAKEN(CKM_AES_KEY_WRAP, iv, 8);
    REFUSED(CKM_AES_KEY_WRAP, iv, 4);
    REFUSED(CKM_AES_KEY_WRAP, NULL, 8);
    TAKEN(CKM_AES_KEY_WRAP_KWP, NULL, 0);
    TAKEN(CKM_AES_KEY_WRAP_KWP, iv, 4);
    REFUSED(CKM_AES_KEY_WRAP_KWP, iv, 8);
}

/* The limit in bytes that a counter of `bits` bits with these last bytes has. */
static uint64_t limit_of(CK_ULONG bits, const char *block)
{
    const struct mech *row = mech_find(CKM_AES_CTR);
    const struct hex h = hex(block);
    CK_AES_CTR_PARAMS p = {.ulCounterBits = bits};
    const CK_MECHANISM m = {CKM_AES_CTR, &p, sizeof(p)};
    union mech_param param = {0};

    memcpy(p.cb, h.p, 16);
    T_OK(row->parse(row, &m, &param));
    assert_memory_equal(param.ctr.block, p.cb, 16);
    return param.ctr.limit;
}

static void ctr_counts_what_its_bits_allow(void **state)
{
    (void)state;
    /* The standard's example: two bits that start at 1 leave three blocks. */
    assert_int_equal(limit_of(2, "00000000000000000000000000000001"), 3 * 16);
    assert_int_equal(limit_of(2, "fffffffffffffffffffffffffffffffd"), 3 * 16);
    assert_int_equal(limit_of(1, "00000000000000000000000000000001"), 16);
    assert_int_equal(limit_of(32, "000000000000000000000000fffffffe"), 2 * 16);
    assert_int_equal(limit_of(32, "ffffffffffffffffffffffff00000001"), 16 * UINT64_C(0xffffffff));
    assert_int_equal(limit_of(64, "0000000000000000ffffffffffffffff"), 16);
    assert_int_equal(limit_of(64, "00000000000000000000000000000000"), UINT64_MAX);
    assert_int_equal(limit_of(65, "0000000000000001ffffffffffffffff"), 16);
    assert_int_equal(limit_of(65, "0000000000000000ffffffffffffffff"), UINT64_MAX);
    assert_int_equal(limit_of(128, "ffffffffffffffffffffffffffffffff"), 16);
    assert_int_equal(limit_of(128, "fffffffffffffffeffffffffffffffff"), UINT64_MAX);
}

static void ctr_bits_are_1_to_128(void **state)
{
    CK_AES_CTR_PARAMS p = {.ulCounterBits = 0};

    (void)state;
    REFUSED(CKM_AES_CTR, &p, sizeof(p));
    p.ulCounterBits = 129;
    REFUSED(CKM_AES_CTR, &p, sizeof(p));
    p.ulCounterBits = CK_UNAVAILABLE_INFORMATION;
    REFUSED(CKM_AES_CTR, &p, sizeof(p));
    p.ulCounterBits = 1;
    TAKEN(CKM_AES_CTR, &p, sizeof(p));
    REFUSED(CKM_AES_CTR, &p, sizeof(p) - 1);
}

static void gcm_iv_and_tag_are_bounded(void **state)
{
    uint8_t bytes[300] = {0};
    CK_GCM_PARAMS p = {bytes, 12, 0, bytes, 20, 128};

    (void)state;
    TAKEN(CKM_AES_GCM, &p, sizeof(p));
    for (CK_ULONG bits = 0; bits < 300; bits++) {
        p.ulTagBits = bits;
        T_RV(bits >= 96 && bits <= 128 && bits % 8 == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_AES_GCM, &p, sizeof(p)));
    }
    p.ulTagBits = 128;
    for (CK_ULONG n = 0; n < 300; n++) {
        p.ulIvLen = n;
        T_RV(n >= 1 && n <= 128 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_AES_GCM, &p, sizeof(p)));
    }
    p = (CK_GCM_PARAMS){bytes, 12, 96, NULL, 0, 128};
    TAKEN(CKM_AES_GCM, &p, sizeof(p));
    p.ulIvBits = 12345; /* says nothing */
    TAKEN(CKM_AES_GCM, &p, sizeof(p));
    p.ulAADLen = 1;
    REFUSED(CKM_AES_GCM, &p, sizeof(p));
    p = (CK_GCM_PARAMS){NULL, 12, 96, NULL, 0, 128};
    REFUSED(CKM_AES_GCM, &p, sizeof(p));
}

static void ccm_lengths_are_bounded(void **state)
{
    uint8_t bytes[20] = {0};
    CK_CCM_PARAMS p = {0, bytes, 13, bytes, 20, 16};

    (void)state;
    for (CK_ULONG n = 0; n < 40; n++) {
        p.ulMACLen = n;
        T_RV(n >= 4 && n <= 16 && n % 2 == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_AES_CCM, &p, sizeof(p)));
    }
    p.ulMACLen = 16;
    for (CK_ULONG n = 0; n < 40; n++) {
        p.ulNonceLen = n;
        T_RV(n >= 7 && n <= 13 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_AES_CCM, &p, sizeof(p)));
    }
    p.ulNonceLen = 13; /* leaves two octets for the length */
    p.ulDataLen = 0xffff;
    TAKEN(CKM_AES_CCM, &p, sizeof(p));
    p.ulDataLen = 0x10000;
    REFUSED(CKM_AES_CCM, &p, sizeof(p));
    p.ulNonceLen = 7;
    p.ulDataLen = CK_UNAVAILABLE_INFORMATION;
    TAKEN(CKM_AES_CCM, &p, sizeof(p));
}

static void chacha_nonce_is_96_bits(void **state)
{
    uint8_t bytes[32] = {0};
    CK_SALSA20_CHACHA20_POLY1305_PARAMS p = {bytes, 96, NULL, 0};

    (void)state;
    TAKEN(CKM_CHACHA20_POLY1305, &p, sizeof(p));
    p.ulNonceLen = 12;
    TAKEN(CKM_CHACHA20_POLY1305, &p, sizeof(p));
    p.ulNonceLen = 64;
    REFUSED(CKM_CHACHA20_POLY1305, &p, sizeof(p));
    p.ulNonceLen = 192;
    REFUSED(CKM_CHACHA20_POLY1305, &p, sizeof(p));
    p.ulNonceLen = 0;
    REFUSED(CKM_CHACHA20_POLY1305, &p, sizeof(p));
}

static void pss_hash_agrees_with_the_mechanism(void **state)
{
    CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, 32};

    (void)state;
    TAKEN(CKM_RSA_PKCS_PSS, &p, sizeof(p));
    TAKEN(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p));
    REFUSED(CKM_SHA384_RSA_PKCS_PSS, &p, sizeof(p));
    p.mgf = CKG_MGF1_SHA1; /* another function for the mask is allowed */
    TAKEN(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p));
    p.mgf = 0;
    REFUSED(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p));
    p.mgf = 99;
    REFUSED(CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p));
    p = (CK_RSA_PKCS_PSS_PARAMS){CKM_MD5, CKG_MGF1_SHA256, 16};
    REFUSED(CKM_RSA_PKCS_PSS, &p, sizeof(p));
    p = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, CK_UNAVAILABLE_INFORMATION};
    REFUSED(CKM_RSA_PKCS_PSS, &p, sizeof(p));
    p.sLen = 1025;
    REFUSED(CKM_RSA_PKCS_PSS, &p, sizeof(p));
}

static void oaep_takes_every_hash_and_a_label(void **state)
{
    static const CK_ULONG hashes[] = {CKM_SHA_1,    CKM_SHA224,   CKM_SHA256,
                                      CKM_SHA384,   CKM_SHA512,   CKM_SHA3_224,
                                      CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512};
    static const CK_ULONG masks[] = {CKG_MGF1_SHA1,     CKG_MGF1_SHA224,   CKG_MGF1_SHA256,
                                     CKG_MGF1_SHA384,   CKG_MGF1_SHA512,   CKG_MGF1_SHA3_224,
                                     CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384, CKG_MGF1_SHA3_512};
    char label[] = "label";
    CK_RSA_PKCS_OAEP_PARAMS p = {.source = CKZ_DATA_SPECIFIED};

    (void)state;
    for (size_t h = 0; h < N_ELEMENTS(hashes); h++) {
        for (size_t g = 0; g < N_ELEMENTS(masks); g++) {
            p = (CK_RSA_PKCS_OAEP_PARAMS){hashes[h], masks[g], CKZ_DATA_SPECIFIED, label, 5};
            TAKEN(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
        }
    }
    p.pSourceData = NULL;
    REFUSED(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
    p.ulSourceDataLen = 0;
    TAKEN(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
    p.source = 0;
    TAKEN(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
    p.source = 2;
    REFUSED(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
    p = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 0, label, 5};
    REFUSED(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
    p = (CK_RSA_PKCS_OAEP_PARAMS){CKM_MD5, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    REFUSED(CKM_RSA_PKCS_OAEP, &p, sizeof(p));
}

static void mac_is_no_longer_than_its_hash(void **state)
{
    (void)state;
    for (CK_MAC_GENERAL_PARAMS n = 0; n < 70; n++) {
        T_RV(n >= 1 && n <= 32 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_SHA256_HMAC_GENERAL, &n, sizeof(n)));
        T_RV(n >= 1 && n <= 64 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_SHA3_512_HMAC_GENERAL, &n, sizeof(n)));
        T_RV(n >= 1 && n <= 16 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
             parse(CKM_AES_CMAC_GENERAL, &n, sizeof(n)));
    }
}

/* Whether the library has them is for the operation to find out. */
static void eddsa_contexts_are_bounded(void **state)
{
    uint8_t context[256] = {0};
    CK_EDDSA_PARAMS p = {CK_FALSE, 0, NULL};

    (void)state;
    TAKEN(CKM_EDDSA, NULL, 0);
    TAKEN(CKM_EDDSA, &p, sizeof(p));
    p.phFlag = CK_TRUE;
    TAKEN(CKM_EDDSA, &p, sizeof(p));
    p.phFlag = 2;
    REFUSED(CKM_EDDSA, &p, sizeof(p));
    p = (CK_EDDSA_PARAMS){CK_FALSE, 255, context};
    TAKEN(CKM_EDDSA, &p, sizeof(p));
    REFUSED(CKM_EDDSA, &p, sizeof(p) - 1);
    p.ulContextDataLen = 256; /* RFC 8032 5 */
    REFUSED(CKM_EDDSA, &p, sizeof(p));
    p.pContextData = NULL;
    p.ulContextDataLen = 1;
    REFUSED(CKM_EDDSA, &p, sizeof(p));
}

static void ecdh_needs_a_point_and_a_known_kdf(void **state)
{
    static const CK_ULONG kdfs[] = {CKD_SHA1_KDF,           CKD_SHA224_KDF,   CKD_SHA256_KDF,
                                    CKD_SHA384_KDF,         CKD_SHA512_KDF,   CKD_SHA3_256_KDF,
                                    CKD_SHA256_KDF_SP800,   CKD_SHA3_512_KDF, CKD_SHA1_KDF_SP800,
                                    CKD_SHA3_512_KDF_SP800, CKD_NULL};
    uint8_t bytes[2000] = {4};
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, 65, bytes};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(kdfs); i++) {
        p.kdf = kdfs[i];
        TAKEN(CKM_ECDH1_DERIVE, &p, sizeof(p));
    }
    p.kdf = CKD_SHA1_KDF_ASN1;
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p.kdf = 0;
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 4, bytes, 65, bytes}; /* shared data without a KDF */
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p.kdf = CKD_SHA256_KDF;
    TAKEN(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p.pSharedData = NULL;
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 65, NULL};
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 0, bytes};
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
    p.ulPublicDataLen = sizeof(bytes);
    REFUSED(CKM_ECDH1_DERIVE, &p, sizeof(p));
}

/* A structure at an odd address, whose memory is overwritten before the parameter is used. */
static void copies_are_kept(void **state)
{
    const struct mech *row = mech_find(CKM_AES_GCM);
    uint8_t iv[12], aad[5] = {1, 2, 3, 4, 5}, place[sizeof(CK_GCM_PARAMS) + 1];
    CK_GCM_PARAMS p = {iv, sizeof(iv), 0, aad, sizeof(aad), 104};
    const CK_MECHANISM m = {CKM_AES_GCM, place + 1, sizeof(p)};
    AUTO(param_clear) union mech_param param = {0};

    (void)state;
    memset(iv, 7, sizeof(iv));
    memcpy(place + 1, &p, sizeof(p));
    T_OK(row->parse(row, &m, &param));
    memset(iv, 0, sizeof(iv));
    memset(aad, 0, sizeof(aad));
    memset(place, 0, sizeof(place));
    assert_int_equal(param.aead.n_nonce, 12);
    assert_int_equal(param.aead.nonce[11], 7);
    assert_int_equal(param.aead.n_tag, 13);
    assert_span_equal(buf_span(&param.aead.owned), SPAN_LIT("\1\2\3\4\5"));
}

static void clearing_wipes(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CBC);
    uint8_t iv[16];
    const CK_MECHANISM m = {CKM_AES_CBC, iv, sizeof(iv)};
    union mech_param param = {0};

    (void)state;
    memset(iv, 0xa5, sizeof(iv));
    T_OK(row->parse(row, &m, &param));
    param_clear(&param);
    assert_true(mem_is_zero(&param, sizeof(param)));
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/params/none", none_takes_nothing),
        TEST("/params/iv", iv_is_one_block),
        TEST("/params/iv-wrap", wrapping_iv_is_optional),
        TEST("/params/ctr/limit", ctr_counts_what_its_bits_allow),
        TEST("/params/ctr/bits", ctr_bits_are_1_to_128),
        TEST("/params/gcm", gcm_iv_and_tag_are_bounded),
        TEST("/params/ccm", ccm_lengths_are_bounded),
        TEST("/params/chacha", chacha_nonce_is_96_bits),
        TEST("/params/pss", pss_hash_agrees_with_the_mechanism),
        TEST("/params/oaep", oaep_takes_every_hash_and_a_label),
        TEST("/params/mac", mac_is_no_longer_than_its_hash),
        TEST("/params/eddsa", eddsa_contexts_are_bounded),
        TEST("/params/ecdh", ecdh_needs_a_point_and_a_known_kdf),
        TEST("/params/copies-are-kept", copies_are_kept),
        TEST("/params/clearing-wipes", clearing_wipes),
    };

    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
