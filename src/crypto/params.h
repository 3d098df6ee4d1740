/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params.h - mechanism parameters, parsed and copied: the parsers that the mechanism table names,
 * and what they yield. After a parser nothing of the application's memory is needed.
 *
 * A CK_MECHANISM may be misaligned in every respect: structures are copied before they are read.
 * A length that doesn't fit, a NULL pointer with a length, and every value that the mechanism does
 * not allow are CKR_MECHANISM_PARAM_INVALID. Private to crypto/.
 */
#ifndef TEE_CRYPTO_PARAMS_H
#define TEE_CRYPTO_PARAMS_H

#include "crypto/hash.h"
#include "crypto/mech.h"
#include "util/buf.h"

#define PARAM_BLOCK        16  /* AES's block, hence its IVs */
#define PARAM_MAX_NONCE    128 /* bytes of a GCM IV: what OpenSSL takes */
#define PARAM_MAX_TAG      16
#define PARAM_MAX_BLOCKS   4096 /* bytes that become a key by encryption */
#define PARAM_GCM_NONCE    12   /* the usual IV of GCM */
#define PARAM_CHACHA_NONCE 12

/* What the PRF of SP 800-108 is fed with, in the order of the parameter. */
struct param_field {
    CK_PRF_DATA_TYPE type;
    size_t at, n;         /* of a byte array */
    size_t width;         /* bytes of a counter or length */
    bool little;          /* their order */
    CK_ULONG method;      /* of a length */
    CK_OBJECT_HANDLE key; /* of a key handle */
};

/* How SP 800-108 goes from one block to the next. */
enum param_iteration { PARAM_COUNTER, PARAM_FEEDBACK, PARAM_PIPELINE };

/* How a shared secret becomes key material. */
enum param_kdf { PARAM_KDF_NONE, PARAM_KDF_X963, PARAM_KDF_SP800 };

union mech_param {
    /* Every member below starts with this: bytes of any length that the parameter pointed at. */
    struct {
        struct buf owned;
    } any;
    struct {
        struct buf owned;
        uint8_t iv[PARAM_BLOCK];
        size_t n; /* 0: none was given, the default stands (key wrapping) */
    } iv;
    struct {
        struct buf owned;
        uint8_t block[PARAM_BLOCK];
        uint64_t limit; /* bytes that the counter's bits allow; UINT64_MAX: more than that */
    } ctr;
    struct {
        struct buf owned; /* additional authenticated data */
        uint8_t nonce[PARAM_MAX_NONCE];
        size_t n_nonce;
        size_t n_tag;
        uint64_t n_data; /* CCM: of the plaintext; else PARAM_ANY_LENGTH */
    } aead;
    struct {
        struct buf owned;
        const struct hash *hash;
        const struct hash *mgf;
        size_t n_salt;
    } pss;
    struct {
        struct buf owned; /* label */
        const struct hash *hash;
        const struct hash *mgf;
    } oaep;
    struct {
        struct buf owned;
        size_t n; /* bytes of the MAC */
    } mac;
    struct {
        struct buf owned; /* context */
        bool prehash;
    } eddsa;
    struct {
        struct buf owned; /* the peer's point, then the shared data */
        size_t n_point;
        enum param_kdf kdf;
        const struct hash *hash; /* of the KDF */
    } ecdh;
    struct {
        struct buf owned; /* salt, info */
        size_t n_salt;
        const struct hash *hash;
        bool extract, expand;
        CK_OBJECT_HANDLE salt_key; /* CK_INVALID_HANDLE: the salt is in `owned`, or there is none */
    } hkdf;
    struct {
        struct buf owned; /* salt, password */
        size_t n_salt;
        const struct hash *hash;
        uint64_t iterations;
    } pbkdf2;
    struct {
        struct buf owned;
        CK_OBJECT_HANDLE key;
    } other;
    struct {
        struct buf owned;
        CK_ULONG bit; /* of the base key, the first that is taken */
    } extract;
    struct {
        struct buf owned;        /* n_fields struct param_field, then their bytes, then the IV */
        const struct hash *hash; /* of the HMAC; NULL: CMAC */
        size_t n_fields;
        size_t n_iv;
        enum param_iteration iteration;
    } sp800;
    struct {
        struct buf owned; /* of the PRF: label and seed */
        const struct hash *hash;
        size_t n;                  /* bytes of a MAC */
        size_t n_mac, n_key, n_iv; /* of the keys and IVs of a connection */
        const void *shown; /* where the application wants what else comes out; NULL: nowhere */
    } tls;
};

#define PARAM_ANY_LENGTH UINT64_MAX

mech_parse parse_none;    /* no parameter */
mech_parse parse_iv;      /* 16 bytes */
mech_parse parse_iv_wrap; /* none, or 8 bytes */
mech_parse parse_iv_kwp;  /* none, or 4 bytes */
mech_parse parse_ctr;     /* CK_AES_CTR_PARAMS */
mech_parse parse_gcm;     /* CK_GCM_PARAMS */
mech_parse parse_ccm;     /* CK_CCM_PARAMS */
mech_parse parse_chacha;  /* CK_SALSA20_CHACHA20_POLY1305_PARAMS */
mech_parse parse_pss;     /* CK_RSA_PKCS_PSS_PARAMS */
mech_parse parse_oaep;    /* CK_RSA_PKCS_OAEP_PARAMS */
mech_parse parse_mac;     /* CK_MAC_GENERAL_PARAMS */
mech_parse parse_eddsa;   /* none, or CK_EDDSA_PARAMS */
mech_parse parse_ecdh;    /* CK_ECDH1_DERIVE_PARAMS */
/* params_derive.c */
mech_parse parse_hkdf;     /* CK_HKDF_PARAMS */
mech_parse parse_pbkdf2;   /* CK_PKCS5_PBKD2_PARAMS2, or CK_PKCS5_PBKD2_PARAMS */
mech_parse parse_string;   /* CK_KEY_DERIVATION_STRING_DATA */
mech_parse parse_blocks;   /* the same, of whole blocks of AES */
mech_parse parse_cbc_data; /* CK_AES_CBC_ENCRYPT_DATA_PARAMS */
mech_parse parse_handle;   /* CK_OBJECT_HANDLE */
mech_parse parse_extract;  /* CK_EXTRACT_PARAMS */

mech_parse parse_rsa_aes; /* CK_RSA_AES_KEY_WRAP_PARAMS */
/* params_sp800.c */
mech_parse parse_sp800_counter, parse_sp800_pipeline; /* CK_SP800_108_KDF_PARAMS */
mech_parse parse_sp800_feedback;                      /* CK_SP800_108_FEEDBACK_KDF_PARAMS */
/* params_tls.c */
mech_parse parse_tls_master, parse_tls_master_dh;     /* CK_TLS12_MASTER_KEY_DERIVE_PARAMS */
mech_parse parse_tls_extended, parse_tls_extended_dh; /* CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_... */
mech_parse parse_tls_keys, parse_tls_keys_only;       /* CK_TLS12_KEY_MAT_PARAMS */
mech_parse parse_tls_kdf;                             /* CK_TLS_KDF_PARAMS */
mech_parse parse_tls_mac;                             /* CK_TLS_MAC_PARAMS */

/* For parsers: copy the parameter structure, which may be misaligned and must have n bytes. */
NODISCARD CK_RV param_take(const CK_MECHANISM *m, void *ret, size_t n);
/* Append bytes that a structure points at. */
NODISCARD CK_RV param_take_bytes(const void *p, CK_ULONG n, struct buf *ret);

/* Lengths that AEAD parameters may have, wherever they stand. */
bool param_gcm_fits(CK_ULONG n_iv, CK_ULONG tag_bits);
bool param_ccm_fits(CK_ULONG n_nonce, CK_ULONG n_tag, uint64_t n_data);
bool param_chacha_fits(CK_ULONG nonce_length); /* in bits, or in bytes */

/* Wipe and free what a parser yielded. */
void param_clear(union mech_param *p);
/* Another one, with its own copy of what is owned. */
NODISCARD CK_RV param_copy(const union mech_param *p, union mech_param *ret);
/* What the row's parser takes, for docs/mechanisms.md: "CK_GCM_PARAMS". */
const char *param_text_of(const struct mech *row);

#endif
