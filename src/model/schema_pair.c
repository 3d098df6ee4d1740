/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema_pair.c - what every key has (PKCS#11 v3.2 4.8), public keys (4.9), private keys (4.10),
 * and both for RSA (6.1) and the three forms of elliptic curves (6.3).
 *
 * A key type's defaults for usages say what the type can do at all: see check_policy() in check.h.
 * CKA_WRAP and CKA_UNWRAP are fixed when a key is made, so that no order of changes gives one key
 * both halves of a conflicting pair. Where a row is not the standard's, tests/data/schema.csv says
 * so and why.
 */
#include "model/schemas.h"

#include "model/check.h"
#include "tee-pkcs11.h"

static const struct attr_rule key_rows[] = {
    {CKA_KEY_TYPE, AK_ULONG, MUST_CREATE | MUST_UNWRAP | INDEXED, NO_DEFAULT},
    {CKA_ID, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_START_DATE, AK_DATE, MODIFY, D_EMPTY},
    {CKA_END_DATE, AK_DATE, MODIFY, D_EMPTY},
    {CKA_DERIVE, AK_BOOL, MODIFY, D_FALSE},
    {CKA_LOCAL, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_KEY_GEN_MECHANISM, AK_ULONG, BY_TOKEN, D_UNAVAILABLE},
    {CKA_ALLOWED_MECHANISMS, AK_ULONGS, OPTIONAL, NO_DEFAULT},
    {CKA_TEE_EVIDENCE, AK_BYTES, BY_TOKEN | OPTIONAL, NO_DEFAULT},
    {CKA_TEE_ROTATION, AK_BYTES, BY_TOKEN | OPTIONAL, NO_DEFAULT},
};

const struct schema schema_key = {
    .name = "key",
    .class = SCHEMA_ANY,
    .key_type = SCHEMA_ANY,
    .base = &schema_storage,
    ROWS(key_rows),
};

static const struct attr_rule public_rows[] = {
    {CKA_PRIVATE, AK_BOOL, ON_COPY | ONCE_TRUE | DEFAULTED, D_FALSE},
    {CKA_SUBJECT, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_VERIFY_RECOVER, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_WRAP, AK_BOOL, DEFAULTED, D_FALSE},
    {CKA_ENCAPSULATE, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_TRUSTED, AK_BOOL, MODIFY | SO_TRUE, D_FALSE},
    {CKA_WRAP_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_ENCAPSULATE_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_PUBLIC_KEY_INFO, AK_BYTES, OPTIONAL, NO_DEFAULT},
};

static const struct schema schema_public = {
    .name = "public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = SCHEMA_ANY,
    .base = &schema_key,
    ROWS(public_rows),
};

static const struct attr_rule private_rows[] = {
    {CKA_SUBJECT, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_SENSITIVE, AK_BOOL, MODIFY | DEFAULTED | ONCE_TRUE, D_TRUE},
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_SIGN_RECOVER, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_UNWRAP, AK_BOOL, DEFAULTED, D_FALSE},
    {CKA_DECAPSULATE, AK_BOOL, MODIFY | DEFAULTED, D_FALSE},
    {CKA_EXTRACTABLE, AK_BOOL, MODIFY | DEFAULTED | ONCE_FALSE, D_FALSE},
    {CKA_ALWAYS_SENSITIVE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_NEVER_EXTRACTABLE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_WRAP_WITH_TRUSTED, AK_BOOL, MODIFY | ONCE_TRUE, D_FALSE},
    {CKA_UNWRAP_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_DECAPSULATE_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
    {CKA_ALWAYS_AUTHENTICATE, AK_BOOL, 0, D_FALSE},
    {CKA_PUBLIC_KEY_INFO, AK_BYTES, OPTIONAL, NO_DEFAULT},
    {CKA_DERIVE_TEMPLATE, AK_TEMPLATE, OPTIONAL, NO_DEFAULT},
};

static const struct schema schema_private = {
    .name = "private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = SCHEMA_ANY,
    .base = &schema_key,
    ROWS(private_rows),
};

static const struct attr_rule rsa_public_rows[] = {
    {CKA_ENCRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_MODULUS, AK_BYTES, MUST_CREATE | NOT_GEN | INDEXED, NO_DEFAULT},
    {CKA_MODULUS_BITS, AK_ULONG, NOT_CREATE | MUST_GEN, NO_DEFAULT},
    {CKA_PUBLIC_EXPONENT, AK_BYTES, MUST_CREATE, NO_DEFAULT},
};

const struct schema schema_rsa_public = {
    .name = "RSA public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = CKK_RSA,
    .base = &schema_public,
    ROWS(rsa_public_rows),
    .check = check_rsa_public,
};

#define PRIVATE_PART (NOT_GEN | NOT_UNWRAP | SECRET)

/* What CRT needs can be left out of an import: crypto/ works it out. */
static const struct attr_rule rsa_private_rows[] = {
    {CKA_DECRYPT, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_MODULUS, AK_BYTES, MUST_CREATE | NOT_GEN | NOT_UNWRAP | INDEXED, NO_DEFAULT},
    {CKA_PUBLIC_EXPONENT, AK_BYTES, MUST_CREATE | NOT_GEN | NOT_UNWRAP, NO_DEFAULT},
    {CKA_PRIVATE_EXPONENT, AK_BYTES, MUST_CREATE | PRIVATE_PART, NO_DEFAULT},
    {CKA_PRIME_1, AK_BYTES, PRIVATE_PART | OPTIONAL, NO_DEFAULT},
    {CKA_PRIME_2, AK_BYTES, PRIVATE_PART | OPTIONAL, NO_DEFAULT},
    {CKA_EXPONENT_1, AK_BYTES, PRIVATE_PART | OPTIONAL, NO_DEFAULT},
    {CKA_EXPONENT_2, AK_BYTES, PRIVATE_PART | OPTIONAL, NO_DEFAULT},
    {CKA_COEFFICIENT, AK_BYTES, PRIVATE_PART | OPTIONAL, NO_DEFAULT},
};

const struct schema schema_rsa_private = {
    .name = "RSA private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = CKK_RSA,
    .base = &schema_private,
    ROWS(rsa_private_rows),
    .check = check_rsa_private,
};

static const struct attr_rule curve_public_rows[] = {
    {CKA_EC_PARAMS, AK_BYTES, MUST_CREATE | MUST_GEN, NO_DEFAULT},
    {CKA_EC_POINT, AK_BYTES, MUST_CREATE | NOT_GEN | INDEXED, NO_DEFAULT},
};

static const struct schema schema_curve_public = {
    .name = "elliptic curve public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = SCHEMA_ANY,
    .base = &schema_public,
    ROWS(curve_public_rows),
};

/* The token keeps the point with the private key too, so that a client that has no public key
 * object still finds it. */
static const struct attr_rule curve_private_rows[] = {
    {CKA_EC_PARAMS, AK_BYTES, MUST_CREATE | NOT_GEN | NOT_UNWRAP, NO_DEFAULT},
    {CKA_VALUE, AK_BYTES, MUST_CREATE | PRIVATE_PART, NO_DEFAULT},
    {CKA_EC_POINT, AK_BYTES, BY_TOKEN | OPTIONAL | INDEXED, NO_DEFAULT},
};

static const struct schema schema_curve_private = {
    .name = "elliptic curve private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = SCHEMA_ANY,
    .base = &schema_private,
    ROWS(curve_private_rows),
};

static const struct attr_rule verify_rows[] = {
    {CKA_VERIFY, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
};

static const struct attr_rule sign_rows[] = {
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
};

static const struct attr_rule derive_rows[] = {
    {CKA_DERIVE, AK_BOOL, MODIFY, D_TRUE},
};

static const struct attr_rule sign_derive_rows[] = {
    {CKA_SIGN, AK_BOOL, MODIFY | DEFAULTED, D_TRUE},
    {CKA_DERIVE, AK_BOOL, MODIFY, D_TRUE},
};

const struct schema schema_ec_public = {
    .name = "EC public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = CKK_EC,
    .base = &schema_curve_public,
    ROWS(verify_rows),
    .check = check_ec_public,
};

const struct schema schema_ec_private = {
    .name = "EC private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = CKK_EC,
    .base = &schema_curve_private,
    ROWS(sign_derive_rows),
    .check = check_ec_private,
};

const struct schema schema_edwards_public = {
    .name = "Edwards EC public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = CKK_EC_EDWARDS,
    .base = &schema_curve_public,
    ROWS(verify_rows),
    .check = check_ec_public,
};

const struct schema schema_edwards_private = {
    .name = "Edwards EC private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = CKK_EC_EDWARDS,
    .base = &schema_curve_private,
    ROWS(sign_rows),
    .check = check_ec_private,
};

const struct schema schema_montgomery_public = {
    .name = "Montgomery EC public key",
    .class = CKO_PUBLIC_KEY,
    .key_type = CKK_EC_MONTGOMERY,
    .base = &schema_curve_public,
    .check = check_ec_public,
};

const struct schema schema_montgomery_private = {
    .name = "Montgomery EC private key",
    .class = CKO_PRIVATE_KEY,
    .key_type = CKK_EC_MONTGOMERY,
    .base = &schema_curve_private,
    ROWS(derive_rows),
    .check = check_ec_private,
};
