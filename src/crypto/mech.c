/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mech.c - the mechanism table; see mech.h. Sorted by number: mech_find() is a binary search.
 *
 * Adding a mechanism is adding a row, plus a class if OpenSSL is used in a way that is new here.
 * tests/unit/test-mech.c checks order, names, that every flag has its method, and runs every row;
 * docs/mechanisms.md is made from it (tests/support/gen-mechanisms.c).
 */
#include "crypto/mech.h"

#include <stdatomic.h>

#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/params.h"
#include "tee-pkcs11.h"
#include "util/policy.h"

#define SV            (CKF_SIGN | CKF_VERIFY)
#define ED            (CKF_ENCRYPT | CKF_DECRYPT)
#define SVR           (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define WU            (CKF_WRAP | CKF_UNWRAP)
#define KEM           (CKF_ENCAPSULATE | CKF_DECAPSULATE)
#define WRAPS_RELAXED (MECH_WRAP_RELAXED | MECH_UNWRAP_RELAXED)
/* What can be said of curves and points (6.3): named ones over prime fields. */
#define EC     (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS)
#define EC_RAW (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_UNCOMPRESS)

/* Key sizes, in the unit that the standard gives each mechanism. Signatures of small RSA keys are
 * verified, but op_start() makes none, and generation and import start at 2048. */
#define RSA_VERIFY      RSA_MIN_PUBLIC, RSA_MAX
#define RSA_MAKE        RSA_MIN_PRIVATE, RSA_MAX
#define EC_BITS         224, 521
#define RAW_BITS        255, 448
#define PRIVATE_BITS    224, RSA_MAX
#define AES_BYTES       16, 32
#define XTS_BYTES       32, 64
#define CHACHA_BYTES    32, 32
#define MASTER_BYTES    48, 48
#define HMAC_BYTES      1, SECRET_KEY_MAX
#define HMAC_GEN_BYTES  14, SECRET_KEY_MAX /* 112 bits: SP 800-131A */
#define SECRET_GEN_BITS 112, 8 * SECRET_KEY_MAX

/* type, name, flags, key type, min and max, md, cipher, parser, op class, gen class */
#define ROW(t, ...)                                                                                \
    {                                                                                              \
        t, #t, __VA_ARGS__, 0                                                                      \
    }
#define ROW_WITH(traits, t, ...)                                                                   \
    {                                                                                              \
        t, #t, __VA_ARGS__, traits                                                                 \
    }
#define ROW_OFF(t, ...)                                                                            \
    {                                                                                              \
        t, #t, __VA_ARGS__, MECH_OFF_BY_DEFAULT                                                    \
    }
#define DIGEST(t, md)                                                                              \
    {                                                                                              \
        t, #t, CKF_DIGEST, ANY_KEY, 0, 0, md, NULL, parse_none, &op_digest, NULL, 0                \
    }
#define HMAC(t, key, md)                                                                           \
    {t, #t, SV, key, HMAC_BYTES, md, NULL, parse_none, &op_mac, NULL, 0},                          \
    {                                                                                              \
        t##_GENERAL, #t "_GENERAL", SV, key, HMAC_BYTES, md, NULL, parse_mac, &op_mac, NULL, 0     \
    }
#define SECRET_GEN(t, key, size)                                                                   \
    {                                                                                              \
        t, #t, CKF_GENERATE, key, size, NULL, NULL, parse_none, NULL, &gen_secret, 0               \
    }
#define RSA_PKCS(t, md)                                                                            \
    {                                                                                              \
        t, #t, SV, CKK_RSA, RSA_VERIFY, md, NULL, parse_none, &op_hash_rsa_pkcs, NULL, 0           \
    }
#define RSA_PSS(t, md)                                                                             \
    {                                                                                              \
        t, #t, SV, CKK_RSA, RSA_VERIFY, md, NULL, parse_pss, &op_hash_rsa_pss, NULL, 0             \
    }
#define ECDSA(t, md)                                                                               \
    {                                                                                              \
        t, #t, SV | EC, CKK_EC, EC_BITS, md, NULL, parse_none, &op_hash_ecdsa, NULL, 0             \
    }
#define PAIR(t, flags, key, size, gen)                                                             \
    {                                                                                              \
        t, #t, CKF_GENERATE_KEY_PAIR | (flags), key, size, NULL, NULL, parse_none, NULL, gen, 0    \
    }
#define DERIVE(t, key, size, parse, gen)                                                           \
    {                                                                                              \
        t, #t, CKF_DERIVE, key, size, NULL, NULL, parse, NULL, gen, 0                              \
    }
/* Mixtures and pieces of keys: what they give away, gen_mix.c says. */
#define MIX(t, md, parse, gen)                                                                     \
    {                                                                                              \
        t, #t, CKF_DERIVE, CKK_GENERIC_SECRET, HMAC_BYTES, md, NULL, parse, NULL, gen,             \
            MECH_OFF_BY_DEFAULT | MECH_ANY_SECRET                                                  \
    }
/* By its own unit, bits (6.42). */
#define SP800(t, parse)                                                                            \
    {                                                                                              \
        t, #t, CKF_DERIVE, CKK_GENERIC_SECRET, 8, 8 * SECRET_KEY_MAX, NULL, NULL, parse, NULL,     \
            &gen_sp800, MECH_ANY_SECRET                                                            \
    }
#define TLS_MAC(t)                                                                                 \
    {                                                                                              \
        t, #t, SV, CKK_GENERIC_SECRET, HMAC_BYTES, NULL, NULL, parse_tls_mac, &op_tls_mac, NULL, 0 \
    }
#define AES_WITH(traits, t, flags, mode, parse, op, gen)                                           \
    {                                                                                              \
        t, #t, flags, CKK_AES, AES_BYTES, NULL, mode, parse, op, gen, traits                       \
    }
#define AES(t, flags, mode, parse, op, gen)                                                        \
    {                                                                                              \
        t, #t, flags, CKK_AES, AES_BYTES, NULL, mode, parse, op, gen, 0                            \
    }

const struct mech mechs[] = {
    /* 0x000 */
    PAIR(CKM_RSA_PKCS_KEY_PAIR_GEN, 0, CKK_RSA, RSA_MAKE, &gen_rsa),
    ROW_WITH(WRAPS_RELAXED | MECH_DECRYPT_RELAXED, CKM_RSA_PKCS, SV | SVR | ED | WU, CKK_RSA,
             RSA_VERIFY, NULL, NULL, parse_none, &op_rsa_pkcs, &gen_wrap_rsa_pkcs),
    ROW_OFF(CKM_RSA_X_509, SV | SVR | ED, CKK_RSA, RSA_VERIFY, NULL, NULL, parse_none, &op_rsa_x509,
            NULL),
    RSA_PKCS(CKM_SHA1_RSA_PKCS, "SHA1"),
    ROW(CKM_RSA_PKCS_OAEP, ED | WU | KEM, CKK_RSA, RSA_MAKE, NULL, NULL, parse_oaep, &op_rsa_oaep,
        &gen_wrap_oaep),
    ROW(CKM_RSA_PKCS_PSS, SV, CKK_RSA, RSA_VERIFY, NULL, NULL, parse_pss, &op_rsa_pss, NULL),
    RSA_PSS(CKM_SHA1_RSA_PKCS_PSS, "SHA1"),
    /* 0x040 */
    RSA_PKCS(CKM_SHA256_RSA_PKCS, "SHA2-256"),
    RSA_PKCS(CKM_SHA384_RSA_PKCS, "SHA2-384"),
    RSA_PKCS(CKM_SHA512_RSA_PKCS, "SHA2-512"),
    RSA_PSS(CKM_SHA256_RSA_PKCS_PSS, "SHA2-256"),
    RSA_PSS(CKM_SHA384_RSA_PKCS_PSS, "SHA2-384"),
    RSA_PSS(CKM_SHA512_RSA_PKCS_PSS, "SHA2-512"),
    RSA_PKCS(CKM_SHA224_RSA_PKCS, "SHA2-224"),
    RSA_PSS(CKM_SHA224_RSA_PKCS_PSS, "SHA2-224"),
    DIGEST(CKM_SHA512_224, "SHA2-512/224"),
    HMAC(CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, "SHA2-512/224"),
    MIX(CKM_SHA512_224_KEY_DERIVATION, "SHA2-512/224", parse_none, &gen_digest),
    DIGEST(CKM_SHA512_256, "SHA2-512/256"),
    HMAC(CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC, "SHA2-512/256"),
    MIX(CKM_SHA512_256_KEY_DERIVATION, "SHA2-512/256", parse_none, &gen_digest),
    DERIVE(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKK_GENERIC_SECRET, MASTER_BYTES,
           parse_tls_extended, &gen_tls_master),
    DERIVE(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKK_GENERIC_SECRET, HMAC_BYTES,
           parse_tls_extended_dh, &gen_tls_master),
    /* 0x060 */
    RSA_PKCS(CKM_SHA3_256_RSA_PKCS, "SHA3-256"),
    RSA_PKCS(CKM_SHA3_384_RSA_PKCS, "SHA3-384"),
    RSA_PKCS(CKM_SHA3_512_RSA_PKCS, "SHA3-512"),
    RSA_PSS(CKM_SHA3_256_RSA_PKCS_PSS, "SHA3-256"),
    RSA_PSS(CKM_SHA3_384_RSA_PKCS_PSS, "SHA3-384"),
    RSA_PSS(CKM_SHA3_512_RSA_PKCS_PSS, "SHA3-512"),
    RSA_PKCS(CKM_SHA3_224_RSA_PKCS, "SHA3-224"),
    RSA_PSS(CKM_SHA3_224_RSA_PKCS_PSS, "SHA3-224"),
    /* 0x220 */
    DIGEST(CKM_SHA_1, "SHA1"),
    HMAC(CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, "SHA1"),
    DIGEST(CKM_SHA256, "SHA2-256"),
    HMAC(CKM_SHA256_HMAC, CKK_SHA256_HMAC, "SHA2-256"),
    DIGEST(CKM_SHA224, "SHA2-224"),
    HMAC(CKM_SHA224_HMAC, CKK_SHA224_HMAC, "SHA2-224"),
    DIGEST(CKM_SHA384, "SHA2-384"),
    HMAC(CKM_SHA384_HMAC, CKK_SHA384_HMAC, "SHA2-384"),
    DIGEST(CKM_SHA512, "SHA2-512"),
    HMAC(CKM_SHA512_HMAC, CKK_SHA512_HMAC, "SHA2-512"),
    /* 0x2b0 */
    DIGEST(CKM_SHA3_256, "SHA3-256"),
    HMAC(CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, "SHA3-256"),
    SECRET_GEN(CKM_SHA3_256_KEY_GEN, CKK_SHA3_256_HMAC, HMAC_GEN_BYTES),
    DIGEST(CKM_SHA3_224, "SHA3-224"),
    HMAC(CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC, "SHA3-224"),
    SECRET_GEN(CKM_SHA3_224_KEY_GEN, CKK_SHA3_224_HMAC, HMAC_GEN_BYTES),
    DIGEST(CKM_SHA3_384, "SHA3-384"),
    HMAC(CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC, "SHA3-384"),
    SECRET_GEN(CKM_SHA3_384_KEY_GEN, CKK_SHA3_384_HMAC, HMAC_GEN_BYTES),
    DIGEST(CKM_SHA3_512, "SHA3-512"),
    HMAC(CKM_SHA3_512_HMAC, CKK_SHA3_512_HMAC, "SHA3-512"),
    SECRET_GEN(CKM_SHA3_512_KEY_GEN, CKK_SHA3_512_HMAC, HMAC_GEN_BYTES),
    /* 0x350 */
    SECRET_GEN(CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, SECRET_GEN_BITS),
    MIX(CKM_CONCATENATE_BASE_AND_KEY, NULL, parse_handle, &gen_concatenate_key),
    MIX(CKM_CONCATENATE_BASE_AND_DATA, NULL, parse_string, &gen_append),
    MIX(CKM_CONCATENATE_DATA_AND_BASE, NULL, parse_string, &gen_prepend),
    MIX(CKM_XOR_BASE_AND_DATA, NULL, parse_string, &gen_xor),
    MIX(CKM_EXTRACT_KEY_FROM_KEY, NULL, parse_extract, &gen_extract),
    MIX(CKM_SHA1_KEY_DERIVATION, "SHA1", parse_none, &gen_digest),
    MIX(CKM_SHA256_KEY_DERIVATION, "SHA2-256", parse_none, &gen_digest),
    MIX(CKM_SHA384_KEY_DERIVATION, "SHA2-384", parse_none, &gen_digest),
    MIX(CKM_SHA512_KEY_DERIVATION, "SHA2-512", parse_none, &gen_digest),
    MIX(CKM_SHA224_KEY_DERIVATION, "SHA2-224", parse_none, &gen_digest),
    MIX(CKM_SHA3_256_KEY_DERIVATION, "SHA3-256", parse_none, &gen_digest),
    MIX(CKM_SHA3_224_KEY_DERIVATION, "SHA3-224", parse_none, &gen_digest),
    MIX(CKM_SHA3_384_KEY_DERIVATION, "SHA3-384", parse_none, &gen_digest),
    MIX(CKM_SHA3_512_KEY_DERIVATION, "SHA3-512", parse_none, &gen_digest),
    SP800(CKM_SP800_108_COUNTER_KDF, parse_sp800_counter),
    SP800(CKM_SP800_108_FEEDBACK_KDF, parse_sp800_feedback),
    SP800(CKM_SP800_108_DOUBLE_PIPELINE_KDF, parse_sp800_pipeline),
    ROW_WITH(MECH_KEY_IS_KNOWN, CKM_PKCS5_PBKD2, CKF_GENERATE, ANY_KEY, 0, 0, NULL, NULL,
             parse_pbkdf2, NULL, &gen_pbkdf2),
    TLS_MAC(CKM_TLS12_MAC),
    DERIVE(CKM_TLS12_KDF, CKK_GENERIC_SECRET, HMAC_BYTES, parse_tls_kdf, &gen_tls_kdf),
    DERIVE(CKM_TLS12_MASTER_KEY_DERIVE, CKK_GENERIC_SECRET, MASTER_BYTES, parse_tls_master,
           &gen_tls_master),
    /* Whatever length the application gives, it reads behind it (6.40.6). */
    ROW_OFF(CKM_TLS12_KEY_AND_MAC_DERIVE, CKF_DERIVE, CKK_GENERIC_SECRET, MASTER_BYTES, NULL, NULL,
            parse_tls_keys, NULL, &gen_tls_keys),
    DERIVE(CKM_TLS12_MASTER_KEY_DERIVE_DH, CKK_GENERIC_SECRET, HMAC_BYTES, parse_tls_master_dh,
           &gen_tls_master),
    DERIVE(CKM_TLS12_KEY_SAFE_DERIVE, CKK_GENERIC_SECRET, MASTER_BYTES, parse_tls_keys_only,
           &gen_tls_keys),
    TLS_MAC(CKM_TLS_MAC),
    DERIVE(CKM_TLS_KDF, CKK_GENERIC_SECRET, HMAC_BYTES, parse_tls_kdf, &gen_tls_kdf),
    /* 0x1040 */
    PAIR(CKM_EC_KEY_PAIR_GEN, EC, CKK_EC, EC_BITS, &gen_ec),
    ROW(CKM_ECDSA, SV | EC, CKK_EC, EC_BITS, NULL, NULL, parse_none, &op_ecdsa, NULL),
    ECDSA(CKM_ECDSA_SHA1, "SHA1"),
    ECDSA(CKM_ECDSA_SHA224, "SHA2-224"),
    ECDSA(CKM_ECDSA_SHA256, "SHA2-256"),
    ECDSA(CKM_ECDSA_SHA384, "SHA2-384"),
    ECDSA(CKM_ECDSA_SHA512, "SHA2-512"),
    ECDSA(CKM_ECDSA_SHA3_224, "SHA3-224"),
    ECDSA(CKM_ECDSA_SHA3_256, "SHA3-256"),
    ECDSA(CKM_ECDSA_SHA3_384, "SHA3-384"),
    ECDSA(CKM_ECDSA_SHA3_512, "SHA3-512"),
    ROW(CKM_ECDH1_DERIVE, CKF_DERIVE | KEM | EC, CKK_EC, EC_BITS, NULL, NULL, parse_ecdh, NULL,
        &gen_ecdh),
    ROW(CKM_ECDH1_COFACTOR_DERIVE, CKF_DERIVE | KEM | EC, CKK_EC, EC_BITS, NULL, NULL, parse_ecdh,
        NULL, &gen_ecdh_cofactor),
    ROW(CKM_RSA_AES_KEY_WRAP, WU, CKK_RSA, RSA_MAKE, NULL, NULL, parse_rsa_aes, NULL,
        &gen_wrap_rsa_aes),
    PAIR(CKM_EC_EDWARDS_KEY_PAIR_GEN, EC_RAW, CKK_EC_EDWARDS, RAW_BITS, &gen_ec),
    PAIR(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, EC_RAW, CKK_EC_MONTGOMERY, RAW_BITS, &gen_ec),
    /* Generates as well: GnuTLS 3.7 asks for Ed25519 pairs by this number. */
    ROW(CKM_EDDSA, SV | CKF_GENERATE_KEY_PAIR | EC_RAW, CKK_EC_EDWARDS, RAW_BITS, NULL, NULL,
        parse_eddsa, &op_eddsa, &gen_ec),
    /* 0x1071 */
    ROW(CKM_AES_XTS, ED, CKK_AES_XTS, XTS_BYTES, NULL, "XTS", parse_iv, &op_cipher_whole, NULL),
    SECRET_GEN(CKM_AES_XTS_KEY_GEN, CKK_AES_XTS, XTS_BYTES),
    /* 0x1080 */
    SECRET_GEN(CKM_AES_KEY_GEN, CKK_AES, AES_BYTES),
    AES_WITH(WRAPS_RELAXED, CKM_AES_ECB, ED | WU, "ECB", parse_none, &op_cipher, &gen_wrap_blocks),
    AES_WITH(WRAPS_RELAXED, CKM_AES_CBC, ED | WU, "CBC", parse_iv, &op_cipher, &gen_wrap_blocks),
    /* Unwraps private keys in any case: see gen_wrap_cbc_pad. */
    AES_WITH(MECH_WRAP_RELAXED, CKM_AES_CBC_PAD, ED | WU, "CBC", parse_iv, &op_cipher_pad,
             &gen_wrap_cbc_pad),
    AES(CKM_AES_CTR, ED, "CTR", parse_ctr, &op_cipher_stream, NULL),
    AES(CKM_AES_GCM, ED | WU, "GCM", parse_gcm, &op_aead, &gen_wrap_with_aead),
    AES(CKM_AES_CCM, ED | WU, "CCM", parse_ccm, &op_ccm, &gen_wrap_with_aead),
    AES(CKM_AES_CTS, ED, "CBC-CTS", parse_iv, &op_cipher_whole, NULL),
    AES(CKM_AES_CMAC, SV, "CBC", parse_none, &op_mac, NULL),
    AES(CKM_AES_CMAC_GENERAL, SV, "CBC", parse_mac, &op_mac, NULL),
    AES_WITH(MECH_SIGN_ENCRYPTS, CKM_AES_GMAC, SV, "GCM", parse_gcm, &op_gmac, NULL),
    AES(CKM_AES_ECB_ENCRYPT_DATA, CKF_DERIVE, "ECB", parse_blocks, NULL, &gen_encrypt),
    AES(CKM_AES_CBC_ENCRYPT_DATA, CKF_DERIVE, "CBC", parse_cbc_data, NULL, &gen_encrypt),
    /* 0x1225 */
    SECRET_GEN(CKM_CHACHA20_KEY_GEN, CKK_CHACHA20, CHACHA_BYTES),
    /* 0x2104 */
    AES(CKM_AES_OFB, ED, "OFB", parse_iv, &op_cipher_stream, NULL),
    AES(CKM_AES_CFB8, ED, "CFB8", parse_iv, &op_cipher_stream, NULL),
    AES(CKM_AES_CFB128, ED, "CFB", parse_iv, &op_cipher_stream, NULL),
    AES(CKM_AES_CFB1, ED, "CFB1", parse_iv, &op_cipher_stream, NULL),
    AES(CKM_AES_KEY_WRAP, ED | WU, "WRAP", parse_iv_wrap, &op_key_wrap, &gen_wrap_kw),
    AES(CKM_AES_KEY_WRAP_KWP, ED | WU, "WRAP-PAD", parse_iv_kwp, &op_key_wrap, &gen_wrap_kwp),
    /* 0x4003 */
    SECRET_GEN(CKM_SHA_1_KEY_GEN, CKK_SHA_1_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA224_KEY_GEN, CKK_SHA224_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA384_KEY_GEN, CKK_SHA384_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA512_KEY_GEN, CKK_SHA512_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA512_224_KEY_GEN, CKK_SHA512_224_HMAC, HMAC_GEN_BYTES),
    SECRET_GEN(CKM_SHA512_256_KEY_GEN, CKK_SHA512_256_HMAC, HMAC_GEN_BYTES),
    ROW(CKM_CHACHA20_POLY1305, ED, CKK_CHACHA20, CHACHA_BYTES, NULL, "ChaCha20-Poly1305",
        parse_chacha, &op_aead, NULL),
    ROW_WITH(MECH_DATA_IS_BASE, CKM_HKDF_DERIVE, CKF_DERIVE, CKK_HKDF, HMAC_BYTES, NULL, NULL,
             parse_hkdf, NULL, &gen_hkdf),
    ROW_WITH(MECH_DATA_IS_BASE, CKM_HKDF_DATA, CKF_DERIVE, CKK_HKDF, HMAC_BYTES, NULL, NULL,
             parse_hkdf, NULL, &gen_hkdf_data),
    SECRET_GEN(CKM_HKDF_KEY_GEN, CKK_HKDF, HMAC_GEN_BYTES),
    {CKM_PUB_KEY_FROM_PRIV_KEY, "CKM_PUB_KEY_FROM_PRIV_KEY", CKF_DERIVE, ANY_KEY, PRIVATE_BITS,
     NULL, NULL, parse_none, NULL, &gen_public, MECH_ANY_PRIVATE},
    /* Vendor */
    ROW_WITH(MECH_OF_TOKEN, CKM_TEE_DEK_KEY_GEN, CKF_GENERATE, ANY_KEY, 0, 0, NULL, NULL,
             parse_none, NULL, &gen_dek),
    ROW_WITH(MECH_OF_TOKEN, CKM_TEE_ATTEST_KEY, CKF_SIGN, ANY_KEY, 0, 0, NULL, NULL, parse_none,
             &op_of_token, NULL),
};

const size_t n_mechs = N_ELEMENTS(mechs);

const struct mech *mech_find(CK_MECHANISM_TYPE type)
{
    size_t low = 0, high = n_mechs;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (mechs[middle].type == type)
            return &mechs[middle];
        if (mechs[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* By place in the table: enum mech_switch. */
static _Atomic(unsigned char) switches[N_ELEMENTS(mechs)];

bool mech_enabled(const struct mech *row)
{
    const unsigned char said = atomic_load_explicit(&switches[row - mechs], memory_order_relaxed);

    return said == MECH_AS_TABLE ? (row->traits & MECH_OFF_BY_DEFAULT) == 0 : said == MECH_ON;
}

const struct mech *mech_find_enabled(CK_MECHANISM_TYPE type)
{
    const struct mech *row = mech_find(type);

    return row != NULL && mech_enabled(row) ? row : NULL;
}

void mech_set_switch(const struct mech *row, enum mech_switch to)
{
    atomic_store_explicit(&switches[row - mechs], (unsigned char)to, memory_order_relaxed);
}

static const struct {
    unsigned trait;
    enum policy_rule rule;
    CK_FLAGS flag;
} masks[] = {
    {MECH_WRAP_RELAXED, POLICY_WRAP_MECHANISMS, CKF_WRAP},
    {MECH_UNWRAP_RELAXED, POLICY_WRAP_MECHANISMS, CKF_UNWRAP},
    {MECH_DECRYPT_RELAXED, POLICY_PKCS1_DECRYPTION, CKF_DECRYPT},
};

CK_FLAGS mech_flags(const struct mech *row)
{
    CK_FLAGS flags = row->flags;

    for (size_t i = 0; i < N_ELEMENTS(masks); i++) {
        if ((row->traits & masks[i].trait) != 0 && policy_holds(masks[i].rule))
            flags &= ~masks[i].flag;
    }
    return flags;
}

/* The class of object that a use takes: of pairs the public half verifies, encrypts and wraps. */
static bool class_fits(CK_OBJECT_CLASS class, CK_FLAGS use)
{
    const CK_FLAGS public_uses =
        CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_ENCRYPT | CKF_WRAP | CKF_ENCAPSULATE;

    if (class == CKO_SECRET_KEY)
        return true;
    return class == ((use & public_uses) != 0 ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY);
}

static bool type_fits(const struct mech *row, CK_KEY_TYPE type)
{
    if (row->key_type == type || (row->traits & (MECH_ANY_SECRET | MECH_ANY_PRIVATE)) != 0)
        return true;
    /* 6.22.2: generic secrets serve every HMAC; 6.3.20: plain ECDH is done on both forms. */
    if (row->op == &op_mac && row->md != NULL)
        return type == CKK_GENERIC_SECRET;
    if (row->gen == &gen_hkdf || row->gen == &gen_hkdf_data) /* 6.62.3 */
        return type == CKK_GENERIC_SECRET;
    return row->gen == &gen_ecdh && type == CKK_EC_MONTGOMERY;
}

bool mech_takes_key(const struct mech *row, CK_OBJECT_CLASS class, CK_KEY_TYPE type, CK_FLAGS use)
{
    const struct key_class *c = key_class_find(type);

    if (c == NULL || (mech_flags(row) & use) == 0 || !type_fits(row, type))
        return false;
    if ((row->traits & MECH_ANY_SECRET) != 0 && class != CKO_SECRET_KEY)
        return false;
    if ((row->traits & MECH_ANY_PRIVATE) != 0 && class != CKO_PRIVATE_KEY)
        return false;
    /* A key type is of pairs or of secrets, never of both. */
    return (class == CKO_SECRET_KEY) == (c->store == NULL) && class_fits(class, use);
}

CK_ULONG mech_key_size(const struct mech *row, const struct key *k)
{
    /* Every other row that takes a key counts pairs in bits and secrets in bytes. */
    return k->class == CKO_SECRET_KEY && row->gen != &gen_sp800 ? k->value.n : k->bits;
}
