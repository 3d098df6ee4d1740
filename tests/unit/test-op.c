/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-op.c - running operations: answers known from the standards, and the rules that a loop over
 * the mechanism table can't see: what is held back, what is in place, what is left alone.
 */
#include "crypto_fixture.h"

#include <openssl/crypto.h>

#include <openssl/err.h>
#include <pthread.h>

#include "crypto/ossl.h"

/* -- known answers ------------------------------------------------------------------------- */

static void digest_is(CK_MECHANISM_TYPE type, const char *expected)
{
    const CK_MECHANISM m = {.mechanism = type};
    const struct hex h = hex(expected);
    AUTO(buf_clear) struct buf digest = BUF_INIT;

    fixture_once(OP_DIGEST, mech_find(type), &m, NULL, SPAN_LIT("abc"), &digest);
    assert_span_equal(buf_span(&digest), hex_span(&h));
}

/* FIPS 180-4 and FIPS 202 examples. */
static void digests_of_abc(void **state)
{
    (void)state;
    digest_is(CKM_SHA_1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_is(CKM_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
    digest_is(CKM_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_is(CKM_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                          "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    digest_is(CKM_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    digest_is(CKM_SHA512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa");
    digest_is(CKM_SHA512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
    digest_is(CKM_SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf");
    digest_is(CKM_SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    digest_is(CKM_SHA3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c25"
                            "96da7cf0e49be4b298d88cea927ac7f539f1edf228376d25");
    digest_is(CKM_SHA3_512, "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
                            "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
}

struct known {
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key_type;
    const char *key, *in, *out;
};

static void mac_is(const struct known *k, CK_MAC_GENERAL_PARAMS n)
{
    const CK_MECHANISM m = {k->type, n > 0 ? &n : NULL, n > 0 ? sizeof(n) : 0};
    const struct hex key = hex(k->key), in = hex(k->in), out = hex(k->out);
    AUTO(key_unrefp) struct key *secret = fixture_secret(k->key_type, hex_span(&key));
    AUTO(buf_clear) struct buf mac = BUF_INIT;

    fixture_once(OP_SIGN, mech_find(k->type), &m, secret, hex_span(&in), &mac);
    assert_span_equal(buf_span(&mac), hex_span(&out));
    T_OK(fixture_verify(mech_find(k->type), &m, secret, hex_span(&in), hex_span(&out)));
}

/* RFC 4231 cases 1, 2 and 5; RFC 4493 examples 1 and 2. */
static void macs(void **state)
{
    static const struct known full[] = {
        {CKM_SHA256_HMAC, CKK_GENERIC_SECRET, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
         "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {CKM_SHA256_HMAC, CKK_SHA256_HMAC, "4a656665",
         "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {CKM_AES_CMAC, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", "",
         "bb1d6929e95937287fa37d129b756746"},
        {CKM_AES_CMAC, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
         "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"},
    };
    static const struct known cut = {
        CKM_SHA256_HMAC_GENERAL, CKK_GENERIC_SECRET, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
        "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(full); i++)
        mac_is(&full[i], 0);
    mac_is(&cut, 16);
}

static void cipher_is(const struct known *k, void *param, CK_ULONG n_param)
{
    const CK_MECHANISM m = {k->type, param, n_param};
    const struct hex key = hex(k->key), in = hex(k->in), out = hex(k->out);
    AUTO(key_unrefp) struct key *secret = fixture_secret(k->key_type, hex_span(&key));
    AUTO(buf_clear) struct buf there = BUF_INIT;
    AUTO(buf_clear) struct buf back = BUF_INIT;

    fixture_once(OP_ENCRYPT, mech_find(k->type), &m, secret, hex_span(&in), &there);
    assert_span_equal(buf_span(&there), hex_span(&out));
    fixture_once(OP_DECRYPT, mech_find(k->type), &m, secret, hex_span(&out), &back);
    assert_span_equal(buf_span(&back), hex_span(&in));
}

/* SP 800-38A F.1.1, F.2.1, F.5.1; the GCM specification's test case 4; RFC 3610 packet 1. */
static void modes_of_aes(void **state)
{
    struct hex iv = hex("000102030405060708090a0b0c0d0e0f");
    struct hex gcm_iv = hex("cafebabefacedbaddecaf888");
    struct hex gcm_aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    struct hex ccm_iv = hex("00000003020100a0a1a2a3a4a5"), ccm_aad = hex("0001020304050607");
    const struct hex block = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
    CK_GCM_PARAMS gcm = {gcm_iv.p, gcm_iv.n, 0, gcm_aad.p, gcm_aad.n, 128};
    CK_CCM_PARAMS ccm = {23, ccm_iv.p, ccm_iv.n, ccm_aad.p, ccm_aad.n, 8};

    (void)state;
    memcpy(ctr.cb, block.p, 16);
    cipher_is(&(struct known){CKM_AES_ECB, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
                              "6bc1bee22e409f96e93d7e117393172a",
                              "3ad77bb40d7a3660a89ecaf32466ef97"},
              NULL, 0);
    cipher_is(&(struct known){CKM_AES_CBC, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
                              "6bc1bee22e409f96e93d7e117393172a",
                              "7649abac8119b246cee98e9b12e9197d"},
              iv.p, iv.n);
    cipher_is(&(struct known){CKM_AES_CTR, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
                              "6bc1bee22e409f96e93d7e117393172a",
                              "874d6191b620e3261bef6864990db6ce"},
              &ctr, sizeof(ctr));
    cipher_is(&(struct known){CKM_AES_GCM, CKK_AES, "feffe9928665731c6d6a8f9467308308",
                              "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                              "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                              "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                              "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                              "5bc94fbc3221a5db94fae95ae7121a47"},
              &gcm, sizeof(gcm));
    cipher_is(&(struct known){CKM_AES_CCM, CKK_AES, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
                              "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
                              "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384"
                              "17e8d12cfdf926e0"},
              &ccm, sizeof(ccm));
}

/* SP 800-38A F.4.1, F.3.13, F.3.7, F.3.1, with its IV; RFC 3962 appendix B (which swaps the last
 * two blocks: CS3), 17 bytes and 32; IEEE 1619 vectors 2 and 15; Wycheproof's GMAC case 284. */
static void other_modes_of_aes(void **state)
{
    static const char key[] = "2b7e151628aed2a6abf7158809cf4f3c";
    static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
    static const char chicken[] = "636869636b656e207465726979616b69";
    struct hex iv = hex("000102030405060708090a0b0c0d0e0f");
    struct hex zeros = hex("00000000000000000000000000000000");
    struct hex threes = hex("33333333330000000000000000000000");
    struct hex unit = hex("9a785634120000000000000000000000");

    (void)state;
    cipher_is(&(struct known){CKM_AES_OFB, CKK_AES, key, plain,
                              "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"},
              iv.p, iv.n);
    cipher_is(&(struct known){CKM_AES_CFB128, CKK_AES, key, plain,
                              "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"},
              iv.p, iv.n);
    cipher_is(&(struct known){CKM_AES_CFB8, CKK_AES, key, "6bc1bee22e409f96e93d7e117393172aae2d",
                              "3b79424c9c0dd436bace9e0ed4586a4f32b9"},
              iv.p, iv.n);
    cipher_is(&(struct known){CKM_AES_CFB1, CKK_AES, key, "6bc1", "68b3"}, iv.p, iv.n);
    cipher_is(&(struct known){CKM_AES_CTS, CKK_AES, chicken, "4920776f756c64206c696b652074686520",
                              "97c6353568f2bf8cb4d8a580362da7ff7f"},
              zeros.p, zeros.n);
    cipher_is(&(struct known){CKM_AES_CTS, CKK_AES, chicken,
                              "4920776f756c64206c696b65207468652047656e6572616c2047617527732043",
                              "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a8"},
              zeros.p, zeros.n);
    cipher_is(&(struct known){CKM_AES_XTS, CKK_AES_XTS,
                              "1111111111111111111111111111111122222222222222222222222222222222",
                              "4444444444444444444444444444444444444444444444444444444444444444",
                              "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"},
              threes.p, threes.n);
    cipher_is(&(struct known){CKM_AES_XTS, CKK_AES_XTS,
                              "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
                              "000102030405060708090a0b0c0d0e0f10",
                              "6c1625db4671522d3d7599601de7ca09ed"},
              unit.p, unit.n);
}

static void gmac(void **state)
{
    struct hex iv = hex("1fc2128cf247fecb746859fc");
    const struct hex key = hex("b5ca16877137e3595d056001b182eb1651e4ae6af080ce7ee0a0c5651a094603");
    const struct hex in = hex("ea94e062b10e5dfd2ea993cb6a103d98");
    const struct hex tag = hex("21439fb407247ac0a98a302d6cff4b0f");
    CK_GCM_PARAMS p = {iv.p, iv.n, 0, NULL, 0, 128};
    const CK_MECHANISM m = {CKM_AES_GMAC, &p, sizeof(p)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_AES, hex_span(&key));
    AUTO(buf_clear) struct buf made = BUF_INIT;
    AUTO(buf_clear) struct buf cut = BUF_INIT;
    struct op *o = NULL;

    (void)state;
    fixture_once(OP_SIGN, mech_find(m.mechanism), &m, k, hex_span(&in), &made);
    assert_span_equal(buf_span(&made), hex_span(&tag));
    p.ulTagBits = 96;
    fixture_once(OP_SIGN, mech_find(m.mechanism), &m, k, hex_span(&in), &cut);
    assert_span_equal(buf_span(&cut), span_of(tag.p, 12));
    p.pAAD = iv.p;
    p.ulAADLen = 1;
    T_RV(CKR_MECHANISM_PARAM_INVALID, op_start(OP_SIGN, mech_find(m.mechanism), &m, k, &o));
}

/* OpenSSL before 3.2 takes context and prehash, and ignores them. */
static bool has_eddsa_instances(void)
{
    return OpenSSL_version_num() >= 0x30200000;
}

struct eddsa_known {
    const char *curve, *d, *message, *context;
    CK_BBOOL prehash;
    const char *signature;
};

static void eddsa_is(const struct eddsa_known *k)
{
    const struct hex curve = hex(k->curve), d = hex(k->d), message = hex(k->message);
    const struct hex context = hex(k->context), signature = hex(k->signature);
    CK_EDDSA_PARAMS p = {k->prehash, context.n, (CK_BYTE *)(uintptr_t)context.p};
    const CK_MECHANISM m = {CKM_EDDSA, &p, sizeof(p)};
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC_EDWARDS);
    AUTO(attrs_freep) struct attrs *b = fixture_attrs(CKO_PUBLIC_KEY, CKK_EC_EDWARDS);
    AUTO(key_unrefp) struct key *private_key = NULL;
    AUTO(key_unrefp) struct key *public_key = NULL;
    AUTO(buf_clear) struct buf made = BUF_INIT;
    struct op *o = NULL;

    T_OK(attrs_set(a, CKA_EC_PARAMS, hex_span(&curve)));
    T_OK(attrs_set(a, CKA_VALUE, hex_span(&d)));
    T_OK(key_complete(a));
    T_OK(attrs_set(b, CKA_EC_PARAMS, hex_span(&curve)));
    T_OK(attrs_set(b, CKA_EC_POINT, attrs_span(a, CKA_EC_POINT)));
    private_key = fixture_key_from(a);
    public_key = fixture_key_from(b);
    if (!has_eddsa_instances()) {
        T_RV(CKR_MECHANISM_PARAM_INVALID,
             op_start(OP_SIGN, mech_find(CKM_EDDSA), &m, private_key, &o));
        T_RV(CKR_MECHANISM_PARAM_INVALID,
             op_start(OP_VERIFY, mech_find(CKM_EDDSA), &m, public_key, &o));
        return;
    }
    for (int again = 0; again < 2; again++) { /* the second time with a context that was kept */
        buf_clear(&made);
        fixture_once(OP_SIGN, mech_find(CKM_EDDSA), &m, private_key, hex_span(&message), &made);
        assert_span_equal(buf_span(&made), hex_span(&signature));
        T_OK(fixture_verify(mech_find(CKM_EDDSA), &m, public_key, hex_span(&message),
                            hex_span(&signature)));
    }
    T_RV(CKR_SIGNATURE_INVALID,
         fixture_verify(mech_find(CKM_EDDSA), &(CK_MECHANISM){CKM_EDDSA, NULL, 0}, public_key,
                        hex_span(&message), hex_span(&signature)));
}

/* RFC 8032 7.2 "foo", 7.3, 7.4 "1 octet (with context)". */
static void eddsa_contexts_and_prehash(void **state)
{
    static const struct eddsa_known known[] = {
        {"06032b6570", "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
         "f726936d19c800494e3fdaff20b276a8", "666f6f", CK_FALSE,
         "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
         "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d"},
        {"06032b6570", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "616263",
         "", CK_TRUE,
         "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
         "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"},
        {"06032b6571",
         "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397"
         "a659949ef8021e954e0a12274e",
         "03", "666f6f", CK_FALSE,
         "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb8"
         "42d607217fce6e042f6815ea000c85741de5c8da1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f"
         "578c1cad10d54d0d5428407e85dcbc98a49155c13764e66c3c00"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        eddsa_is(&known[i]);
}

/* RFC 3394 4.1; RFC 5649 section 6, both. */
static void key_wrapping(void **state)
{
    static const struct known known[] = {
        {CKM_AES_KEY_WRAP, CKK_AES, "000102030405060708090a0b0c0d0e0f",
         "00112233445566778899aabbccddeeff", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
        {CKM_AES_KEY_WRAP_KWP, CKK_AES, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
         "c37b7e6492584340bed12207808941155068f738",
         "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
        {CKM_AES_KEY_WRAP_KWP, CKK_AES, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
         "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        cipher_is(&known[i], NULL, 0);
}

/* RFC 8439 2.8.2: the first block and the tag. */
static void chacha20_poly1305(void **state)
{
    static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
                               "only one tip for the future, sunscreen would be it.";
    const struct hex key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const struct hex first = hex("d31a8d34648e60db7b86afbc53ef7ec2");
    const struct hex tag = hex("1ae10b594f09e26a7e902ecbd0600691");
    struct hex nonce = hex("070000004041424344454647"), aad = hex("50515253c0c1c2c3c4c5c6c7");
    CK_SALSA20_CHACHA20_POLY1305_PARAMS p = {nonce.p, 96, aad.p, aad.n};
    const CK_MECHANISM m = {CKM_CHACHA20_POLY1305, &p, sizeof(p)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_CHACHA20, hex_span(&key));
    AUTO(buf_clear) struct buf there = BUF_INIT;

    (void)state;
    fixture_once(OP_ENCRYPT, mech_find(m.mechanism), &m, k, span_of(text, sizeof(text) - 1),
                 &there);
    assert_int_equal(there.n, sizeof(text) - 1 + 16);
    assert_memory_equal(there.p, first.p, 16);
    assert_memory_equal(there.p + there.n - 16, tag.p, 16);
}

static struct key *curve_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, struct span params,
                             CK_ATTRIBUTE_TYPE attribute, const char *value)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(class, type);
    const struct hex h = hex(value);

    T_OK(attrs_set(a, CKA_EC_PARAMS, params));
    T_OK(attrs_set(a, attribute, hex_span(&h)));
    return fixture_key_from(a);
}

/* RFC 8032 7.1, test 1. */
static void ed25519(void **state)
{
    const struct span params = SPAN_LIT("\x06\x03\x2b\x65\x70");
    AUTO(key_unrefp)
    struct key *private_key =
        curve_key(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, params, CKA_VALUE,
                  "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    AUTO(key_unrefp)
    struct key *public_key =
        curve_key(CKO_PUBLIC_KEY, CKK_EC_EDWARDS, params, CKA_EC_POINT,
                  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const struct hex expected =
        hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    const CK_MECHANISM m = {.mechanism = CKM_EDDSA};
    AUTO(buf_clear) struct buf signature = BUF_INIT;

    (void)state;
    fixture_once(OP_SIGN, mech_find(CKM_EDDSA), &m, private_key, SPAN_EMPTY, &signature);
    assert_span_equal(buf_span(&signature), hex_span(&expected));
    T_OK(fixture_verify(mech_find(CKM_EDDSA), &m, public_key, SPAN_EMPTY, hex_span(&expected)));
}

/* RFC 6979 A.2.5: P-256, SHA-256, "sample". */
static void ecdsa_p256(void **state)
{
    AUTO(key_unrefp)
    struct key *public_key = curve_key(
        CKO_PUBLIC_KEY, CKK_EC, SPAN_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), CKA_EC_POINT,
        "044104"
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    const struct hex signature =
        hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    const CK_MECHANISM m = {.mechanism = CKM_ECDSA_SHA256};

    (void)state;
    T_OK(fixture_verify(mech_find(m.mechanism), &m, public_key, SPAN_LIT("sample"),
                        hex_span(&signature)));
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(mech_find(m.mechanism), &m, public_key,
                                               SPAN_LIT("Sample"), hex_span(&signature)));
}

/* -- signatures ---------------------------------------------------------------------------- */

/* A digest longer than the order counts with its first bytes alone. */
static void ecdsa_truncates_long_digests(void **state)
{
    const struct mech *row = mech_find(CKM_ECDSA);
    const CK_MECHANISM m = {.mechanism = CKM_ECDSA};
    struct key *private_key = fixture_key(row, false, CKF_SIGN);
    struct key *public_key = fixture_key(row, false, CKF_VERIFY);
    uint8_t digest[64];
    AUTO(buf_clear) struct buf signature = BUF_INIT;

    (void)state;
    memset(digest, 0x5a, sizeof(digest));
    fixture_once(OP_SIGN, row, &m, private_key, SPAN_ARRAY(digest), &signature);
    T_OK(fixture_verify(row, &m, public_key, span_of(digest, 28), buf_span(&signature)));
    memset(digest + 28, 0, sizeof(digest) - 28);
    T_OK(fixture_verify(row, &m, public_key, SPAN_ARRAY(digest), buf_span(&signature)));
    digest[27] ^= 1;
    T_RV(CKR_SIGNATURE_INVALID,
         fixture_verify(row, &m, public_key, SPAN_ARRAY(digest), buf_span(&signature)));
}

/* The salt may fill what the hash leaves of the modulus, and no more. */
static void pss_salt_is_bounded_by_the_key(void **state)
{
    const struct mech *row = mech_find(CKM_SHA512_RSA_PKCS_PSS);
    CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA512, CKG_MGF1_SHA512, 256 - 2 - 64};
    const CK_MECHANISM m = {CKM_SHA512_RSA_PKCS_PSS, &p, sizeof(p)};
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    struct op *o = NULL;

    (void)state;
    fixture_once(OP_SIGN, row, &m, fixture_key(row, false, CKF_SIGN), SPAN_LIT("x"), &signature);
    T_OK(fixture_verify(row, &m, fixture_key(row, false, CKF_VERIFY), SPAN_LIT("x"),
                        buf_span(&signature)));
    p.sLen--; /* the salt's length is part of what is verified */
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(row, &m, fixture_key(row, false, CKF_VERIFY),
                                               SPAN_LIT("x"), buf_span(&signature)));
    p.sLen += 2;
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         op_start(OP_SIGN, row, &m, fixture_key(row, false, CKF_SIGN), &o));
    assert_null(o);
}

/* OAEP with every hash and mask function, and a label; another label is another ciphertext. */
static void oaep_with_every_hash(void **state)
{
    static const CK_ULONG hashes[][2] = {
        {CKM_SHA_1, CKG_MGF1_SHA1},        {CKM_SHA224, CKG_MGF1_SHA224},
        {CKM_SHA256, CKG_MGF1_SHA256},     {CKM_SHA384, CKG_MGF1_SHA384},
        {CKM_SHA512, CKG_MGF1_SHA512},     {CKM_SHA3_224, CKG_MGF1_SHA3_224},
        {CKM_SHA3_256, CKG_MGF1_SHA3_256}, {CKM_SHA3_384, CKG_MGF1_SHA3_384},
        {CKM_SHA3_512, CKG_MGF1_SHA3_512},
    };
    const struct mech *row = mech_find(CKM_RSA_PKCS_OAEP);
    CK_BYTE label[] = "label";

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(hashes) * N_ELEMENTS(hashes); i++) {
        CK_RSA_PKCS_OAEP_PARAMS p = {hashes[i % N_ELEMENTS(hashes)][0],
                                     hashes[i / N_ELEMENTS(hashes)][1], CKZ_DATA_SPECIFIED, label,
                                     i % 6};
        const CK_MECHANISM m = {CKM_RSA_PKCS_OAEP, &p, sizeof(p)};
        AUTO(buf_clear) struct buf there = BUF_INIT;
        AUTO(buf_clear) struct buf back = BUF_INIT;
        AUTO(op_freep) struct op *other = NULL;
        uint8_t bytes[256];
        CK_ULONG n = sizeof(bytes);

        fixture_once(OP_ENCRYPT, row, &m, fixture_key(row, false, CKF_ENCRYPT), SPAN_LIT("text"),
                     &there);
        fixture_once(OP_DECRYPT, row, &m, fixture_key(row, false, CKF_DECRYPT), buf_span(&there),
                     &back);
        assert_span_equal(buf_span(&back), SPAN_LIT("text"));
        p.ulSourceDataLen = (p.ulSourceDataLen + 1) % 6;
        T_OK(op_start(OP_DECRYPT, row, &m, fixture_key(row, false, CKF_DECRYPT), &other));
        T_RV(CKR_ENCRYPTED_DATA_INVALID,
             op_once(other, buf_span(&there), &(struct out){bytes, &n}));
    }
}

/* CKM_RSA_X_509 (6.1.7): any number below the modulus, with zeros in front. */
static void x509_takes_numbers_below_the_modulus(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_X_509);
    const CK_MECHANISM m = {CKM_RSA_X_509, NULL, 0};
    struct key *public_key = fixture_key(row, false, CKF_VERIFY);
    struct key *private_key = fixture_key(row, false, CKF_SIGN);
    AUTO(buf_clear) struct buf one = BUF_INIT;
    AUTO(op_freep) struct op *sign = NULL;
    AUTO(op_freep) struct op *encrypt = NULL;
    AUTO(op_freep) struct op *decrypt = NULL;
    AUTO(op_freep) struct op *longer = NULL;
    uint8_t high[257], out[256];
    CK_ULONG n = sizeof(out);

    (void)state;
    memset(high, 0xff, sizeof(high));
    /* 1 to any power is 1. */
    fixture_once(OP_SIGN, row, &m, private_key, SPAN_LIT("\x01"), &one);
    assert_int_equal(one.n, 256);
    assert_true(mem_is_zero(one.p, 255) && one.p[255] == 1);
    T_OK(fixture_verify(row, &m, public_key, SPAN_LIT("\x00\x00\x01"), buf_span(&one)));
    T_RV(CKR_SIGNATURE_INVALID,
         fixture_verify(row, &m, public_key, SPAN_LIT("\x02"), buf_span(&one)));
    T_OK(op_start(OP_SIGN, row, &m, private_key, &sign));
    T_RV(CKR_DATA_INVALID, op_once(sign, span_of(high, 256), &(struct out){out, &n}));
    T_OK(op_start(OP_ENCRYPT, row, &m, public_key, &encrypt));
    T_RV(CKR_DATA_INVALID, op_once(encrypt, span_of(high, 256), &(struct out){out, &n}));
    T_OK(op_start(OP_DECRYPT, row, &m, private_key, &decrypt));
    T_RV(CKR_ENCRYPTED_DATA_INVALID, op_once(decrypt, span_of(high, 256), &(struct out){out, &n}));
    T_OK(op_start(OP_SIGN, row, &m, private_key, &longer));
    T_RV(CKR_DATA_LEN_RANGE, op_once(longer, span_of(high, 257), &(struct out){out, &n}));
}

static void raw_input_has_its_length(void **state)
{
    const struct mech *pkcs = mech_find(CKM_RSA_PKCS), *pss = mech_find(CKM_RSA_PKCS_PSS);
    struct fixture_mech f;
    uint8_t in[256] = {0}, out[256];
    CK_ULONG n = sizeof(out);
    AUTO(op_freep) struct op *too_long = NULL;
    AUTO(op_freep) struct op *empty = NULL;
    AUTO(op_freep) struct op *not_a_digest = NULL;

    (void)state;
    fixture_mech(&f, pkcs, 0);
    T_OK(op_start(OP_SIGN, pkcs, &f.m, fixture_key(pkcs, false, CKF_SIGN), &too_long));
    assert_false(op_is_multipart(too_long));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_update(too_long, SPAN_LIT("x"), NULL));
    T_RV(CKR_DATA_LEN_RANGE, op_once(too_long, span_of(in, 246), &(struct out){out, &n}));
    T_OK(op_start(OP_SIGN, pkcs, &f.m, fixture_key(pkcs, false, CKF_SIGN), &empty));
    T_RV(CKR_DATA_LEN_RANGE, op_once(empty, SPAN_EMPTY, &(struct out){out, &n}));
    fixture_mech(&f, pss, 0);
    T_OK(op_start(OP_SIGN, pss, &f.m, fixture_key(pss, false, CKF_SIGN), &not_a_digest));
    T_RV(CKR_DATA_LEN_RANGE, op_once(not_a_digest, span_of(in, 31), &(struct out){out, &n}));
}

/* -- encryption ---------------------------------------------------------------------------- */

/* Neither an update nor a failed final shows plaintext before the tag is checked. */
static void gcm_releases_nothing_early(void **state)
{
    const struct mech *row = mech_find(CKM_AES_GCM);
    struct key *k = fixture_key(row, true, CKF_DECRYPT);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    uint8_t plain[100], zeros[100] = {0};
    CK_ULONG n = 0;

    (void)state;
    memset(plain, 0x77, sizeof(plain));
    fixture_mech(&f, row, 0);
    fixture_once(OP_ENCRYPT, row, &f.m, k, SPAN_ARRAY(plain), &cipher);
    cipher.p[cipher.n - 1] ^= 1;
    T_OK(op_start(OP_DECRYPT, row, &f.m, k, &o));
    T_OK(op_update(o, buf_span(&cipher), &(struct out){NULL, &n}));
    assert_int_equal(n, 0);
    n = sizeof(plain);
    memset(plain, 0, sizeof(plain));
    T_OK(op_update(o, buf_span(&cipher), &(struct out){plain, &n}));
    assert_int_equal(n, 0);
    assert_memory_equal(plain, zeros, sizeof(plain));
    n = 0;
    T_OK(op_final(o, &(struct out){NULL, &n}));
    assert_int_equal(n, sizeof(plain));
    n = sizeof(plain) - 1;
    T_RV(CKR_BUFFER_TOO_SMALL, op_final(o, &(struct out){plain, &n}));
    assert_int_equal(n, sizeof(plain));
    T_RV(CKR_ENCRYPTED_DATA_INVALID, op_final(o, &(struct out){plain, &n}));
    assert_memory_equal(plain, zeros, sizeof(plain));
}

static void authentic_text_is_no_shorter_than_its_tag(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_GCM, CKM_AES_CCM, CKM_CHACHA20_POLY1305};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        AUTO(op_freep) struct op *o = NULL;
        struct fixture_mech f;
        uint8_t bytes[16] = {0};
        CK_ULONG n = sizeof(bytes);

        fixture_mech(&f, row, 0);
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
             op_once(o, span_of(bytes, 15), &(struct out){bytes, &n}));
    }
}

static void ccm_wants_the_length_that_it_was_told(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CCM);
    struct key *k = fixture_key(row, false, CKF_ENCRYPT);
    AUTO(op_freep) struct op *once = NULL;
    AUTO(op_freep) struct op *parts = NULL;
    struct fixture_mech f;
    uint8_t in[40] = {0}, out[100];
    CK_ULONG n = sizeof(out);

    (void)state;
    fixture_mech(&f, row, 33);
    T_OK(op_start(OP_ENCRYPT, row, &f.m, k, &once));
    T_RV(CKR_DATA_LEN_RANGE, op_once(once, span_of(in, 32), &(struct out){out, &n}));
    T_OK(op_start(OP_ENCRYPT, row, &f.m, k, &parts));
    T_OK(op_update(parts, span_of(in, 34), &(struct out){out, &n}));
    assert_int_equal(n, 0);
    n = sizeof(out);
    T_RV(CKR_DATA_LEN_RANGE, op_final(parts, &(struct out){out, &n}));
}

/* Ciphertext of n bytes of 'p' under CBC with padding. */
static void pad_encrypt(const struct fixture_mech *f, size_t n, struct buf *ret)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    uint8_t plain[64];

    memset(plain, 'p', sizeof(plain));
    fixture_once(OP_ENCRYPT, row, &f->m, fixture_key(row, false, CKF_ENCRYPT), span_of(plain, n),
                 ret);
}

/* The length after unpadding is known late, which costs nothing but another call. */
static void unpadded_text_is_not_lost(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    AUTO(op_freep) struct op *once = NULL;
    AUTO(op_freep) struct op *parts = NULL;
    struct fixture_mech f;
    uint8_t out[64] = {0};
    CK_ULONG n = 0;

    (void)state;
    fixture_mech(&f, row, 0);
    pad_encrypt(&f, 35, &cipher);
    T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &once));
    T_OK(op_once(once, buf_span(&cipher), &(struct out){NULL, &n}));
    assert_int_equal(n, 47); /* the most that it can be */
    n = 34;
    T_RV(CKR_BUFFER_TOO_SMALL, op_once(once, buf_span(&cipher), &(struct out){out, &n}));
    assert_int_equal(n, 35);
    T_OK(op_once(once, buf_span(&cipher), &(struct out){out, &n}));
    assert_int_equal(n, 35);
    assert_int_equal(out[34], 'p');
    assert_int_equal(out[35], 0);

    T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &parts));
    n = sizeof(out);
    T_OK(op_update(parts, buf_span(&cipher), &(struct out){out, &n}));
    assert_int_equal(n, 32); /* the last block may be padding */
    n = 0;
    T_OK(op_final(parts, &(struct out){NULL, &n}));
    assert_int_equal(n, 15);
    n = 2;
    T_RV(CKR_BUFFER_TOO_SMALL, op_final(parts, &(struct out){out, &n}));
    assert_int_equal(n, 3);
    T_OK(op_final(parts, &(struct out){out, &n}));
    assert_int_equal(n, 3);
}

static void text_fits_a_buffer_of_its_size(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    uint8_t out[33] = {0};
    CK_ULONG n = 33;

    (void)state;
    fixture_mech(&f, row, 0);
    pad_encrypt(&f, 33, &cipher);
    T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
    T_OK(op_once(o, buf_span(&cipher), &(struct out){out, &n}));
    assert_int_equal(n, 33);
    assert_int_equal(out[32], 'p');
}

static void wrong_padding_has_one_code(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_mech(&f, row, 0);
    pad_encrypt(&f, 32, &cipher); /* a whole block of padding */
    for (unsigned i = 0; i < 16; i++) {
        AUTO(op_freep) struct op *o = NULL;
        uint8_t out[64] = {0}, zeros[64] = {0};
        CK_ULONG n = sizeof(out);

        cipher.p[cipher.n - 32 + i] ^= 0x40; /* changes one byte of the padding */
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_RV(CKR_ENCRYPTED_DATA_INVALID, op_once(o, buf_span(&cipher), &(struct out){out, &n}));
        assert_memory_equal(out, zeros, sizeof(out));
        cipher.p[cipher.n - 32 + i] ^= 0x40;
    }
}

static void blocks_are_whole(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        AUTO(op_freep) struct op *once = NULL;
        AUTO(op_freep) struct op *parts = NULL;
        struct fixture_mech f;
        uint8_t bytes[64] = {0};
        CK_ULONG n = sizeof(bytes);

        fixture_mech(&f, row, 0);
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &once));
        T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
             op_once(once, span_of(bytes, 17), &(struct out){bytes, &n}));
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &parts));
        T_OK(op_update(parts, span_of(bytes, 17), &(struct out){bytes, &n}));
        n = sizeof(bytes);
        T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, op_final(parts, &(struct out){bytes, &n}));
    }
}

/* Two counter bits that start at 1: three blocks, and not a byte more. */
static void counters_do_not_overflow(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CTR);
    CK_AES_CTR_PARAMS p = {.ulCounterBits = 2, .cb = {[15] = 1}};
    const CK_MECHANISM m = {CKM_AES_CTR, &p, sizeof(p)};
    struct key *k = fixture_key(row, false, CKF_ENCRYPT);
    AUTO(op_freep) struct op *once = NULL;
    AUTO(op_freep) struct op *parts = NULL;
    uint8_t bytes[64] = {0};
    CK_ULONG n = sizeof(bytes);

    (void)state;
    T_OK(op_start(OP_ENCRYPT, row, &m, k, &once));
    T_RV(CKR_DATA_LEN_RANGE, op_once(once, span_of(bytes, 49), &(struct out){bytes, &n}));
    T_OK(op_start(OP_ENCRYPT, row, &m, k, &parts));
    T_OK(op_update(parts, span_of(bytes, 20), &(struct out){bytes, &n}));
    n = sizeof(bytes);
    T_OK(op_update(parts, span_of(bytes, 28), &(struct out){bytes, &n}));
    n = sizeof(bytes);
    T_RV(CKR_DATA_LEN_RANGE, op_update(parts, span_of(bytes, 1), &(struct out){bytes, &n}));
}

/* Encrypt in parts inside one buffer, where output falls behind or gets ahead of the input. */
static void parts_in_place(const struct mech *row, enum op_kind kind, CK_FLAGS use, size_t offset,
                           struct span in, struct buf *ret)
{
    static const size_t sizes[] = {5, 16, 27, 1, 64, 143};
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    size_t done = 0;

    fixture_mech(&f, row, in.n);
    T_OK(op_start(kind, row, &f.m, fixture_key(row, false, use), &o));
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        uint8_t bytes[512];
        CK_ULONG n = sizeof(bytes) - offset;

        memcpy(bytes, in.p + done, sizes[i]);
        T_OK(op_update(o, span_of(bytes, sizes[i]), &(struct out){bytes + offset, &n}));
        buf_put(ret, span_of(bytes + offset, n));
        done += sizes[i];
    }
    assert_int_equal(done, in.n);
    {
        uint8_t last[16];
        CK_ULONG n = sizeof(last);

        T_OK(op_final(o, &(struct out){last, &n}));
        buf_put(ret, span_of(last, n));
    }
}

static void overlapping_parts_give_the_same(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD,
                                              CKM_AES_CTR, CKM_AES_GCM, CKM_CHACHA20_POLY1305};
    uint8_t plain[256];

    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)i;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        struct fixture_mech f;
        AUTO(buf_clear) struct buf cipher = BUF_INIT;

        fixture_mech(&f, row, sizeof(plain));
        fixture_once(OP_ENCRYPT, row, &f.m, fixture_key(row, false, CKF_ENCRYPT), SPAN_ARRAY(plain),
                     &cipher);
        for (size_t offset = 0; offset < 20; offset++) {
            AUTO(buf_clear) struct buf there = BUF_INIT;

            parts_in_place(row, OP_ENCRYPT, CKF_ENCRYPT, offset, SPAN_ARRAY(plain), &there);
            assert_span_equal(buf_span(&there), buf_span(&cipher));
        }
    }
}

/* A single part whose input and output overlap in any way. */
static void overlapping_single_parts_give_the_same(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR,
                                              CKM_AES_GCM, CKM_AES_CCM};
    uint8_t plain[128];

    (void)state;
    memset(plain, 0x33, sizeof(plain));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        struct key *k = fixture_key(row, false, CKF_ENCRYPT);
        struct fixture_mech f;
        AUTO(buf_clear) struct buf cipher = BUF_INIT;

        fixture_mech(&f, row, sizeof(plain));
        fixture_once(OP_ENCRYPT, row, &f.m, k, SPAN_ARRAY(plain), &cipher);
        for (size_t at = 0; at < 40; at += 7) {
            AUTO(op_freep) struct op *there = NULL;
            AUTO(op_freep) struct op *back = NULL;
            uint8_t bytes[400];
            CK_ULONG n = 300;

            memcpy(bytes + at, plain, sizeof(plain));
            T_OK(op_start(OP_ENCRYPT, row, &f.m, k, &there));
            T_OK(op_once(there, span_of(bytes + at, sizeof(plain)), &(struct out){bytes + 21, &n}));
            assert_span_equal(span_of(bytes + 21, n), buf_span(&cipher));
            n = 300;
            memmove(bytes + at, bytes + 21, cipher.n);
            T_OK(op_start(OP_DECRYPT, row, &f.m, k, &back));
            T_OK(op_once(back, span_of(bytes + at, cipher.n), &(struct out){bytes + 21, &n}));
            assert_span_equal(span_of(bytes + 21, n), SPAN_ARRAY(plain));
        }
    }
}

/* -- RSA decryption ------------------------------------------------------------------------ */

static void decrypted_text_is_not_lost(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        AUTO(buf_clear) struct buf cipher = BUF_INIT;
        AUTO(op_freep) struct op *o = NULL;
        struct fixture_mech f;
        uint8_t out[32] = {0};
        CK_ULONG n = 0;

        fixture_mech(&f, row, 0);
        fixture_once(OP_ENCRYPT, row, &f.m, fixture_key(row, false, CKF_ENCRYPT),
                     SPAN_LIT("sixteen bytes ok"), &cipher);
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_OK(op_once(o, buf_span(&cipher), &(struct out){NULL, &n}));
        assert_int_equal(n, types[i] == CKM_RSA_PKCS ? 245 : 190);
        n = 15;
        T_RV(CKR_BUFFER_TOO_SMALL, op_once(o, buf_span(&cipher), &(struct out){out, &n}));
        assert_int_equal(n, 16);
        T_OK(op_once(o, buf_span(&cipher), &(struct out){out, &n}));
        assert_span_equal(span_of(out, n), SPAN_LIT("sixteen bytes ok"));
    }
}

/* OAEP: one code for whatever is wrong. (PKCS#1 v1.5 too, or no error at all: OpenSSL 3.2 and
 * later reject implicitly.) */
static void wrong_ciphertext_has_one_code(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        struct key *k = fixture_key(row, false, CKF_DECRYPT);

        for (unsigned fill = 0; fill < 256; fill += 51) {
            AUTO(op_freep) struct op *o = NULL;
            struct fixture_mech f;
            uint8_t cipher[256], out[256];
            CK_ULONG n = sizeof(out);
            CK_RV rv;

            memset(cipher, (int)fill, sizeof(cipher));
            fixture_mech(&f, row, 0);
            T_OK(op_start(OP_DECRYPT, row, &f.m, k, &o));
            rv = op_once(o, SPAN_ARRAY(cipher), &(struct out){out, &n});
            assert_true(rv == CKR_ENCRYPTED_DATA_INVALID ||
                        (types[i] == CKM_RSA_PKCS && fill != 255 && rv == CKR_OK));
        }
        {
            AUTO(op_freep) struct op *o = NULL;
            struct fixture_mech f;
            uint8_t cipher[256] = {0}, out[256];
            CK_ULONG n = sizeof(out);

            fixture_mech(&f, row, 0);
            T_OK(op_start(OP_DECRYPT, row, &f.m, k, &o));
            T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
                 op_once(o, span_of(cipher, 255), &(struct out){out, &n}));
        }
    }
}

/* The label is part of what is authentic, as are the hash and the mask. */
static void oaep_parameters_must_agree(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_PKCS_OAEP);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_mech(&f, row, 0);
    fixture_once(OP_ENCRYPT, row, &f.m, fixture_key(row, false, CKF_ENCRYPT), SPAN_LIT("x"),
                 &cipher);
    for (unsigned i = 0; i < 4; i++) {
        AUTO(op_freep) struct op *o = NULL;
        uint8_t out[256];
        CK_ULONG n = sizeof(out);

        fixture_mech(&f, row, 0);
        if (i == 0)
            f.param.oaep.ulSourceDataLen = 2;
        else if (i == 1)
            f.param.oaep.hashAlg = CKM_SHA3_256;
        else if (i == 2)
            f.param.oaep.mgf = CKG_MGF1_SHA1;
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_RV(i == 3 ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID,
             op_once(o, buf_span(&cipher), &(struct out){out, &n}));
    }
}

/* -- state --------------------------------------------------------------------------------- */

static void one_way_of_feeding_at_a_time(void **state)
{
    const struct mech *row = mech_find(CKM_SHA256);
    const CK_MECHANISM m = {.mechanism = CKM_SHA256};
    AUTO(op_freep) struct op *o = NULL;
    uint8_t out[32];
    CK_ULONG n = sizeof(out);

    (void)state;
    T_OK(op_start(OP_DIGEST, row, &m, NULL, &o));
    assert_ptr_equal(op_mech(o), row);
    assert_true(op_is_multipart(o));
    T_OK(op_update(o, SPAN_LIT("a"), NULL));
    T_RV(CKR_OPERATION_ACTIVE, op_once(o, SPAN_LIT("bc"), &(struct out){out, &n}));
    T_OK(op_update(o, SPAN_LIT("bc"), NULL));
    T_OK(op_final(o, &(struct out){out, &n}));
    assert_int_equal(out[0], 0xba); /* SHA-256 of "abc": the refused call left no trace */
}

/* A single-part call without enough room has done nothing: the operation goes on as from its start,
 * whatever it is given. The end of parts can't be done twice: there the result waits. */
static void only_ends_of_parts_are_held(void **state)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    AUTO(buf_clear) struct buf cipher = BUF_INIT;
    AUTO(buf_clear) struct buf other = BUF_INIT;
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    uint8_t out[64];
    CK_ULONG n = 1;

    (void)state;
    fixture_mech(&f, row, 0);
    pad_encrypt(&f, 20, &cipher);
    pad_encrypt(&f, 40, &other);
    T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
    T_RV(CKR_BUFFER_TOO_SMALL, op_once(o, buf_span(&cipher), &(struct out){out, &n}));
    n = sizeof(out);
    T_OK(op_update(o, buf_span(&other), &(struct out){out, &n}));
    assert_int_equal(n, 32);
    n = 7;
    T_RV(CKR_BUFFER_TOO_SMALL, op_final(o, &(struct out){out, &n}));
    n = sizeof(out);
    T_RV(CKR_OPERATION_ACTIVE, op_update(o, buf_span(&cipher), &(struct out){out, &n}));
    T_OK(op_final(o, &(struct out){out, &n}));
    assert_int_equal(n, 8);
}

static void calls_of_the_other_kind_are_refused(void **state)
{
    const struct mech *hmac = mech_find(CKM_SHA256_HMAC), *ecdsa = mech_find(CKM_ECDSA);
    AUTO(op_freep) struct op *sign = NULL;
    AUTO(op_freep) struct op *verify = NULL;
    AUTO(op_freep) struct op *single = NULL;
    struct fixture_mech f;
    uint8_t mac[32] = {0};
    CK_ULONG n = sizeof(mac);
    struct out out = {mac, &n};

    (void)state;
    fixture_mech(&f, hmac, 0);
    T_OK(op_start(OP_SIGN, hmac, &f.m, fixture_key(hmac, true, CKF_SIGN), &sign));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_verify_once(sign, SPAN_EMPTY, SPAN_ARRAY(mac)));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_verify_final(sign, SPAN_ARRAY(mac)));
    T_OK(op_start(OP_VERIFY, hmac, &f.m, fixture_key(hmac, true, CKF_VERIFY), &verify));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_once(verify, SPAN_EMPTY, &out));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_final(verify, &out));
    T_OK(op_update(verify, SPAN_LIT("x"), NULL));
    T_RV(CKR_OPERATION_ACTIVE, op_verify_once(verify, SPAN_EMPTY, SPAN_ARRAY(mac)));
    fixture_mech(&f, ecdsa, 0);
    T_OK(op_start(OP_SIGN, ecdsa, &f.m, fixture_key(ecdsa, true, CKF_SIGN), &single));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_final(single, &out));
}

/* Lengths that no memory has, asked about. */
static void lengths_do_not_overflow(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        size_t n;
    } cases[] = {
        {CKM_AES_GCM, (size_t)1 << 36},       {CKM_CHACHA20_POLY1305, SIZE_MAX - 8},
        {CKM_AES_CBC_PAD, SIZE_MAX - 8},      {CKM_AES_KEY_WRAP, SIZE_MAX - 7},
        {CKM_AES_KEY_WRAP_KWP, SIZE_MAX - 7},
    };
    const struct mech *ctr = mech_find(CKM_AES_CTR), *gcm = mech_find(CKM_AES_GCM);
    AUTO(op_freep) struct op *stream = NULL;
    AUTO(op_freep) struct op *parts = NULL;
    struct fixture_mech f;
    uint8_t bytes[32] = {0};
    CK_ULONG n = sizeof(bytes);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct mech *row = mech_find(cases[i].type);
        AUTO(op_freep) struct op *o = NULL;

        fixture_mech(&f, row, 0);
        T_OK(op_start(OP_ENCRYPT, row, &f.m, fixture_key(row, true, CKF_ENCRYPT), &o));
        T_RV(CKR_DATA_LEN_RANGE, op_once(o, span_of(bytes, cases[i].n), &(struct out){NULL, &n}));
    }
    fixture_mech(&f, ctr, 0);
    f.param.ctr.ulCounterBits = 128;
    n = sizeof(bytes);
    T_OK(op_start(OP_ENCRYPT, ctr, &f.m, fixture_key(ctr, true, CKF_ENCRYPT), &stream));
    T_OK(op_update(stream, span_of(bytes, 16), &(struct out){bytes, &n}));
    T_RV(CKR_DATA_LEN_RANGE,
         op_update(stream, span_of(bytes, SIZE_MAX - 8), &(struct out){NULL, &n}));
    fixture_mech(&f, gcm, 0);
    n = sizeof(bytes);
    T_OK(op_start(OP_ENCRYPT, gcm, &f.m, fixture_key(gcm, true, CKF_ENCRYPT), &parts));
    T_OK(op_update(parts, span_of(bytes, 16), &(struct out){bytes, &n}));
    T_RV(CKR_DATA_LEN_RANGE,
         op_update(parts, span_of(bytes, ((size_t)1 << 36) - 40), &(struct out){NULL, &n}));
}

static void wrapped_text_is_not_too_short(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP);
    struct key *k = fixture_key(row, true, CKF_DECRYPT);
    AUTO(op_freep) struct op *query = NULL;
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    uint8_t bytes[24] = {0};
    CK_ULONG n = sizeof(bytes);

    (void)state;
    fixture_mech(&f, row, 0);
    T_OK(op_start(OP_DECRYPT, row, &f.m, k, &query));
    T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, op_once(query, span_of(bytes, 8), &(struct out){NULL, &n}));
    T_OK(op_start(OP_DECRYPT, row, &f.m, k, &o));
    T_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, op_once(o, span_of(bytes, 16), &(struct out){bytes, &n}));
}

/* An operation dropped half-way, and ones that run interleaved, leave nothing in the contexts that
 * later operations with the key get. */
static void contexts_start_afresh(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_CBC, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_ECB,
                                              CKM_AES_CBC_PAD};
    uint8_t plain[64];

    (void)state;
    memset(plain, 0x11, sizeof(plain));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        struct key *k = fixture_key(row, false, CKF_ENCRYPT);
        AUTO(buf_clear) struct buf first = BUF_INIT;
        AUTO(buf_clear) struct buf second = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, row, sizeof(plain));
        fixture_once(OP_ENCRYPT, row, &f.m, k, SPAN_ARRAY(plain), &first);
        for (unsigned n_dropped = 0; n_dropped < 3; n_dropped++) {
            AUTO(op_freep) struct op *dropped = NULL;
            AUTO(op_freep) struct op *idle = NULL;
            uint8_t out[64];
            CK_ULONG n = sizeof(out);

            T_OK(op_start(OP_ENCRYPT, row, &f.m, k, &dropped));
            T_OK(op_start(OP_ENCRYPT, row, &f.m, k, &idle));
            T_OK(op_update(dropped, span_of(plain, 21), &(struct out){out, &n}));
        }
        fixture_once(OP_ENCRYPT, row, &f.m, k, SPAN_ARRAY(plain), &second);
        assert_span_equal(buf_span(&first), buf_span(&second));
    }
}

/* A key used in more ways than it keeps contexts for. */
static void more_uses_than_are_kept(void **state)
{
    const struct mech *row = mech_find(CKM_SHA256_RSA_PKCS_PSS);
    struct key *private_key = fixture_key(row, false, CKF_SIGN);
    struct key *public_key = fixture_key(row, false, CKF_VERIFY);

    (void)state;
    for (CK_ULONG n_salt = 0; n_salt < 40; n_salt++) {
        AUTO(buf_clear) struct buf signature = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, row, 0);
        f.param.pss.sLen = n_salt;
        fixture_once(OP_SIGN, row, &f.m, private_key, SPAN_LIT("x"), &signature);
        T_OK(fixture_verify(row, &f.m, public_key, SPAN_LIT("x"), buf_span(&signature)));
        f.param.pss.sLen = (n_salt + 1) % 40;
        T_RV(CKR_SIGNATURE_INVALID,
             fixture_verify(row, &f.m, public_key, SPAN_LIT("x"), buf_span(&signature)));
    }
}

/* Whatever happens, the application's error queue stays as it was. */
static void error_queue_is_left_alone(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_PKCS_OAEP);
    const CK_MECHANISM digest = {.mechanism = CKM_SHA256};
    uint8_t cipher[256] = {0}, out[256];
    CK_ULONG n = sizeof(out);
    unsigned long mine;

    (void)state;
    ERR_clear_error();
    ERR_raise_data(ERR_LIB_USER, 42, "the application's");
    mine = ERR_peek_last_error();
    for (unsigned i = 0; i < 2; i++) {
        AUTO(op_freep) struct op *o = NULL;
        AUTO(op_freep) struct op *good = NULL;
        struct fixture_mech f;

        fixture_mech(&f, row, 0);
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_RV(CKR_ENCRYPTED_DATA_INVALID, op_once(o, SPAN_ARRAY(cipher), &(struct out){out, &n}));
        T_OK(op_start(OP_DIGEST, mech_find(CKM_SHA256), &digest, NULL, &good));
        n = sizeof(out);
        T_OK(op_once(good, SPAN_EMPTY, &(struct out){out, &n}));
        assert_int_equal(ERR_peek_last_error(), i == 0 ? mine : 0);
        ERR_clear_error(); /* the second time with an empty queue */
    }
}

/* -- threads ------------------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS  60

static void work(const struct mech *row, enum op_kind kind, CK_FLAGS use, struct key *other)
{
    AUTO(op_freep) struct op *o = NULL;
    struct fixture_mech f;
    uint8_t in[32] = {1, 2, 3}, out[1024];
    CK_ULONG n = sizeof(out);

    fixture_mech(&f, row, sizeof(in));
    if (op_start(kind, row, &f.m, fixture_key(row, false, use), &o) != CKR_OK)
        abort();
    if (op_once(o, SPAN_ARRAY(in), &(struct out){out, &n}) != CKR_OK)
        abort();
    if (other != NULL &&
        fixture_verify(row, &f.m, other, SPAN_ARRAY(in), span_of(out, n)) != CKR_OK)
        abort();
}

static void *worker(void *arg)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_ECDSA, CKM_EDDSA, CKM_SHA256_HMAC,
                                              CKM_SHA256_RSA_PKCS_PSS};

    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (size_t t = 0; t < N_ELEMENTS(types); t++) {
            const struct mech *row = mech_find(types[t]);

            if (types[t] == CKM_SHA256_RSA_PKCS_PSS && i % 10 != 0)
                continue;
            work(row, OP_SIGN, CKF_SIGN, fixture_key(row, false, CKF_VERIFY));
        }
        work(mech_find(CKM_AES_GCM), OP_ENCRYPT, CKF_ENCRYPT, NULL);
        work(mech_find(CKM_AES_CBC), OP_ENCRYPT, CKF_ENCRYPT, NULL);
    }
    return NULL;
}

static void threads_share_keys(void **state)
{
    static const CK_MECHANISM_TYPE warm[] = {CKM_ECDSA,   CKM_EDDSA,   CKM_SHA256_HMAC,
                                             CKM_AES_GCM, CKM_AES_CBC, CKM_SHA256_RSA_PKCS_PSS};
    pthread_t threads[THREADS];

    (void)state;
    /* The fixture's list of keys is not for threads: all are made before. */
    for (size_t i = 0; i < N_ELEMENTS(warm); i++)
        (void)fixture_key(mech_find(warm[i]), false, CKF_SIGN);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_keys_free();
    return 0;
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/op/known/digests", digests_of_abc),
        TEST("/op/known/macs", macs),
        TEST("/op/known/aes", modes_of_aes),
        TEST("/op/known/key-wrap", key_wrapping),
        TEST("/op/known/other-modes-of-aes", other_modes_of_aes),
        TEST("/op/known/gmac", gmac),
        TEST("/op/known/eddsa-contexts", eddsa_contexts_and_prehash),
        TEST("/op/known/chacha20-poly1305", chacha20_poly1305),
        TEST("/op/known/ed25519", ed25519),
        TEST("/op/known/ecdsa", ecdsa_p256),
        TEST("/op/sign/ecdsa-truncates-long-digests", ecdsa_truncates_long_digests),
        TEST("/op/sign/pss-salt-is-bounded", pss_salt_is_bounded_by_the_key),
        TEST("/op/sign/raw-input-has-its-length", raw_input_has_its_length),
        TEST("/op/rsa-oaep/every-hash", oaep_with_every_hash),
        TEST("/op/rsa-x509/numbers", x509_takes_numbers_below_the_modulus),
        TEST("/op/decrypt/gcm-releases-nothing-early", gcm_releases_nothing_early),
        TEST("/op/decrypt/no-shorter-than-the-tag", authentic_text_is_no_shorter_than_its_tag),
        TEST("/op/decrypt/padded-text-is-not-lost", unpadded_text_is_not_lost),
        TEST("/op/decrypt/buffer-of-the-right-size", text_fits_a_buffer_of_its_size),
        TEST("/op/decrypt/wrong-padding-has-one-code", wrong_padding_has_one_code),
        TEST("/op/decrypt/rsa-text-is-not-lost", decrypted_text_is_not_lost),
        TEST("/op/decrypt/rsa-wrong-has-one-code", wrong_ciphertext_has_one_code),
        TEST("/op/decrypt/oaep-parameters-must-agree", oaep_parameters_must_agree),
        TEST("/op/cipher/blocks-are-whole", blocks_are_whole),
        TEST("/op/cipher/ccm-length", ccm_wants_the_length_that_it_was_told),
        TEST("/op/cipher/counters-do-not-overflow", counters_do_not_overflow),
        TEST("/op/cipher/overlapping-parts", overlapping_parts_give_the_same),
        TEST("/op/cipher/overlapping-single-part", overlapping_single_parts_give_the_same),
        TEST("/op/state/one-way-of-feeding", one_way_of_feeding_at_a_time),
        TEST("/op/state/only-ends-of-parts-are-held", only_ends_of_parts_are_held),
        TEST("/op/state/calls-of-the-other-kind", calls_of_the_other_kind_are_refused),
        TEST("/op/length/does-not-overflow", lengths_do_not_overflow),
        TEST("/op/length/wrapped-text", wrapped_text_is_not_too_short),
        TEST("/op/state/contexts-start-afresh", contexts_start_afresh),
        TEST("/op/state/more-uses-than-are-kept", more_uses_than_are_kept),
        TEST("/op/state/error-queue", error_queue_is_left_alone),
        TEST("/op/threads/share-keys", threads_share_keys),
    };

    return cmocka_run_group_tests_name("op", tests, set_up, tear_down);
}
