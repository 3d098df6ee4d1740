/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema_object.c - what every object has (PKCS#11 v3.2 4.3, 4.4), and the objects that are no
 * keys: data (4.5), X.509 certificates (4.6), profiles and mechanisms, DEK generations
 * (tee-pkcs11.h).
 *
 * Where a row is not the standard's, tests/data/schema.csv says so and why.
 */
#include "model/schemas.h"

#include "model/check.h"
#include "tee-pkcs11.h"

static const struct attr_rule common_rows[] = {
    {CKA_CLASS, AK_ULONG, MUST_CREATE | INDEXED, NO_DEFAULT},
    {CKA_UNIQUE_ID, AK_BYTES, BY_TOKEN | INDEXED, NO_DEFAULT},
};

const struct schema schema_common = {
    .name = "object",
    .class = SCHEMA_ANY,
    .key_type = SCHEMA_ANY,
    ROWS(common_rows),
};

static const struct attr_rule storage_rows[] = {
    {CKA_TOKEN, AK_BOOL, ON_COPY, D_FALSE},
    {CKA_PRIVATE, AK_BOOL, ON_COPY | ONCE_TRUE | DEFAULTED, D_TRUE},
    {CKA_MODIFIABLE, AK_BOOL, ON_COPY, D_TRUE},
    {CKA_LABEL, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_COPYABLE, AK_BOOL, ON_COPY | ONCE_FALSE, D_TRUE},
    {CKA_DESTROYABLE, AK_BOOL, ON_COPY, D_TRUE},
};

const struct schema schema_storage = {
    .name = "storage object",
    .class = SCHEMA_ANY,
    .key_type = SCHEMA_ANY,
    .base = &schema_common,
    ROWS(storage_rows),
};

/* A value comes with C_CreateObject, or from a derivation (CKM_HKDF_DATA). */
static const struct attr_rule data_rows[] = {
    {CKA_APPLICATION, AK_BYTES, INDEXED, D_EMPTY},
    {CKA_OBJECT_ID, AK_BYTES, INDEXED, D_EMPTY},
    {CKA_VALUE, AK_BYTES, NOT_GEN | NOT_UNWRAP, D_EMPTY},
};

const struct schema schema_data = {
    .name = "data",
    .class = CKO_DATA,
    .key_type = SCHEMA_ANY,
    .base = &schema_storage,
    ROWS(data_rows),
};

static const struct attr_rule x509_rows[] = {
    {CKA_PRIVATE, AK_BOOL, ON_COPY | ONCE_TRUE | DEFAULTED, D_FALSE},
    {CKA_CERTIFICATE_TYPE, AK_ULONG, MUST_CREATE | INDEXED, NO_DEFAULT},
    {CKA_TRUSTED, AK_BOOL, MODIFY | SO_TRUE, D_FALSE},
    {CKA_CERTIFICATE_CATEGORY, AK_ULONG, 0, D_ZERO},
    {CKA_CHECK_VALUE, AK_BYTES, OPTIONAL, NO_DEFAULT},
    {CKA_START_DATE, AK_DATE, 0, D_EMPTY},
    {CKA_END_DATE, AK_DATE, 0, D_EMPTY},
    {CKA_PUBLIC_KEY_INFO, AK_BYTES, OPTIONAL, NO_DEFAULT},
    {CKA_SUBJECT, AK_BYTES, MUST_CREATE | INDEXED, NO_DEFAULT},
    {CKA_ID, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_ISSUER, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_SERIAL_NUMBER, AK_BYTES, MODIFY | INDEXED, D_EMPTY},
    {CKA_VALUE, AK_BYTES, MUST_CREATE | INDEXED, NO_DEFAULT},
    {CKA_URL, AK_BYTES, 0, D_EMPTY},
    {CKA_HASH_OF_SUBJECT_PUBLIC_KEY, AK_BYTES, 0, D_EMPTY},
    {CKA_HASH_OF_ISSUER_PUBLIC_KEY, AK_BYTES, 0, D_EMPTY},
    {CKA_JAVA_MIDP_SECURITY_DOMAIN, AK_ULONG, 0, D_ZERO},
    {CKA_NAME_HASH_ALGORITHM, AK_ULONG, OPTIONAL, NO_DEFAULT},
};

const struct schema schema_x509 = {
    .name = "X.509 certificate",
    .class = CKO_CERTIFICATE,
    .key_type = CKC_X_509,
    .base = &schema_storage,
    ROWS(x509_rows),
    .check = check_x509,
};

/* The token makes these; applications only look at them. */
static const struct attr_rule own_rows[] = {
    {CKA_CLASS, AK_ULONG, BY_TOKEN | INDEXED, NO_DEFAULT},
    {CKA_TOKEN, AK_BOOL, BY_TOKEN, D_TRUE},
    {CKA_PRIVATE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_MODIFIABLE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_LABEL, AK_BYTES, BY_TOKEN | INDEXED, D_EMPTY},
    {CKA_COPYABLE, AK_BOOL, BY_TOKEN, D_FALSE},
    {CKA_DESTROYABLE, AK_BOOL, BY_TOKEN, D_FALSE},
};

static const struct schema schema_own = {
    .name = "token's own object",
    .class = SCHEMA_ANY,
    .key_type = SCHEMA_ANY,
    .base = &schema_storage,
    ROWS(own_rows),
};

static const struct attr_rule profile_rows[] = {
    {CKA_PROFILE_ID, AK_ULONG, BY_TOKEN, NO_DEFAULT},
};

const struct schema schema_profile = {
    .name = "profile",
    .class = CKO_PROFILE,
    .key_type = SCHEMA_ANY,
    .base = &schema_own,
    ROWS(profile_rows),
};

static const struct attr_rule mechanism_rows[] = {
    {CKA_MECHANISM_TYPE, AK_ULONG, BY_TOKEN, NO_DEFAULT},
};

const struct schema schema_mechanism = {
    .name = "mechanism",
    .class = CKO_MECHANISM,
    .key_type = SCHEMA_ANY,
    .base = &schema_own,
    ROWS(mechanism_rows),
};

static const struct attr_rule dek_rows[] = {
    {CKA_ID, AK_BYTES, BY_TOKEN | INDEXED, D_EMPTY},
    {CKA_TEE_EVIDENCE, AK_BYTES, BY_TOKEN | OPTIONAL, NO_DEFAULT},
    {CKA_TEE_DEK_GENERATION, AK_ULONG, BY_TOKEN, NO_DEFAULT},
    {CKA_TEE_DEK_SCOPE, AK_ULONG, BY_TOKEN, NO_DEFAULT},
    {CKA_TEE_DEK_STATE, AK_ULONG, BY_TOKEN, NO_DEFAULT},
    {CKA_TEE_DEK_CREATED, AK_BYTES, BY_TOKEN, NO_DEFAULT},
};

const struct schema schema_dek = {
    .name = "DEK generation",
    .class = CKO_TEE_DEK,
    .key_type = SCHEMA_ANY,
    .base = &schema_own,
    ROWS(dek_rows),
};
