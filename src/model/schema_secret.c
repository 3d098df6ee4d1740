/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema_secret.c - secret keys (PKCS#11 v3.2 4.11): AES (6.10), AES-XTS (6.15), ChaCha20 (6.58),
 * generic secrets (6.8), HMAC keys (6.22) and HKDF keys (6.62).
 *
 * The standard gives HMAC and HKDF keys no table of their own: they are generic secrets of another
 * type. Where a row is not the standard's, tests/data/schema.csv says so and why.
 */
#include "model/schemas.h"

#include "model/check.h"

static const struct attr_rule secret_rows[] = {
    {CKA_SENSITIVE, AK_BOOL, MODIFY | ONCE_TRUE, D_TRUE},
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_WRAP, AK_BOOL, DEFAULTED, D_FALSE},
    {CKA_UNWRAP, AK_BOOL, DEFAULTED, D_FALSE},
    {CKA_EXTRACTABLE, AK_BOOL, MODIFY | DEFAULTED | ONCE_FALSE, D_FALSE},
    {CKA_ALWAYS_SENSITIVE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_NEVER_EXTRACTABLE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_CHECK_VALUE, AK_BYTES, OPTIONAL, NO_DEFAULT},
    {CKA_WRAP_WITH_TRUSTED, AK_BOOL, MODIFY | ONCE_TRUE, D_FALSE},
    {CKA_TRUSTED, AK_BOOL, MODIFY | SO_TRUE, D_FALSE},
    {CKA_WRAP_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_UNWRAP_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_DERIVE_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_VALUE, AK_BYTES, MUST_CREATE | NOT_GEN | NOT_UNWRAP | SECRET, NO_DEFAULT},
    {CKA_VALUE_LEN, AK_ULONG, NOT_CREATE | MUST_GEN, NO_DEFAULT},
};

static const struct schema schema_secret = {
    .name = "secret key",
    .class = CKO_SECRET_KEY,
    .key_type = SCHEMA_ANY,
    .base = &schema_key,
    ROWS(secret_rows),
};

static const struct attr_rule aes_rows[] = {
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
};

const struct schema schema_aes = {
    .name = "AES key",
    .class = CKO_SECRET_KEY,
    .key_type = CKK_AES,
    .base = &schema_secret,
    ROWS(aes_rows),
    .check = check_aes,
};

/* Two keys in one, of which nothing but XTS knows what to do: it signs nothing. */
static const struct attr_rule xts_rows[] = {
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
};

const struct schema schema_xts = {
    .name = "AES-XTS key",
    .class = CKO_SECRET_KEY,
    .key_type = CKK_AES_XTS,
    .base = &schema_secret,
    ROWS(xts_rows),
    .check = check_xts,
};

/* There is only one length: a template need not say it. */
static const struct attr_rule chacha20_rows[] = {
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_VALUE_LEN, AK_ULONG, NOT_CREATE, NO_DEFAULT},
};

const struct schema schema_chacha20 = {
    .name = "ChaCha20 key",
    .class = CKO_SECRET_KEY,
    .key_type = CKK_CHACHA20,
    .base = &schema_secret,
    ROWS(chacha20_rows),
    .check = check_chacha20,
};

const struct schema schema_hkdf = {
    .name = "HKDF key",
    .class = CKO_SECRET_KEY,
    .key_type = CKK_HKDF,
    .base = &schema_secret,
    .check = check_secret,
};

static const struct attr_rule mac_rows[] = {
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
};

#define MAC_KEY(type, text)                                                                        \
    {                                                                                              \
        .name = (text), .class = CKO_SECRET_KEY, .key_type = (type), .base = &schema_secret,       \
        ROWS(mac_rows), .check = check_secret                                                      \
    }

const struct schema schema_generic = MAC_KEY(CKK_GENERIC_SECRET, "generic secret key");
const struct schema schema_sha1_hmac = MAC_KEY(CKK_SHA_1_HMAC, "SHA-1 HMAC key");
const struct schema schema_sha224_hmac = MAC_KEY(CKK_SHA224_HMAC, "SHA-224 HMAC key");
const struct schema schema_sha256_hmac = MAC_KEY(CKK_SHA256_HMAC, "SHA-256 HMAC key");
const struct schema schema_sha384_hmac = MAC_KEY(CKK_SHA384_HMAC, "SHA-384 HMAC key");
const struct schema schema_sha512_hmac = MAC_KEY(CKK_SHA512_HMAC, "SHA-512 HMAC key");
const struct schema schema_sha512_224_hmac = MAC_KEY(CKK_SHA512_224_HMAC, "SHA-512/224 HMAC key");
const struct schema schema_sha512_256_hmac = MAC_KEY(CKK_SHA512_256_HMAC, "SHA-512/256 HMAC key");
const struct schema schema_sha3_224_hmac = MAC_KEY(CKK_SHA3_224_HMAC, "SHA3-224 HMAC key");
const struct schema schema_sha3_256_hmac = MAC_KEY(CKK_SHA3_256_HMAC, "SHA3-256 HMAC key");
const struct schema schema_sha3_384_hmac = MAC_KEY(CKK_SHA3_384_HMAC, "SHA3-384 HMAC key");
const struct schema schema_sha3_512_hmac = MAC_KEY(CKK_SHA3_512_HMAC, "SHA3-512 HMAC key");
