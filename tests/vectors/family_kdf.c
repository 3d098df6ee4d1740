/* SPDX-License-Identifier: BSD-2-Clause */
/* family_kdf.c - HKDF and PBKDF2; see vectors.h. */
#include "vectors/vectors.h"

#include <string.h>

#define MAX_SECRET 4096 /* bytes of a secret key: the token's limit */

static const CK_ATTRIBUTE_TYPE usage[] = {CKA_DERIVE, 0};

/* The value of a readable secret that was made, compared and dropped. */
static CK_RV value_check(CK_OBJECT_HANDLE o, struct span expected)
{
    uint8_t *is = vector_bytes_new(expected.n);
    const CK_ULONG n = attr_get(vector_session, o, CKA_VALUE, is, expected.n);

    ASSERT_OK(p11->C_DestroyObject(vector_session, o));
    return vector_same(span_of(is, n), expected, "another key");
}

/* More than 255 blocks. */
static const CK_RV hkdf_refusals[] = {CKR_KEY_SIZE_RANGE, CKR_OK};

static CK_MECHANISM_TYPE hkdf_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_HKDF_DERIVE;
}

/* As data or, up to the token's limit, as a key. */
static CK_RV hkdf_derive(const struct vector *v, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    const bool is_data = m->mechanism == CKM_HKDF_DATA;
    CK_ULONG size = json_number(v->test, "size");
    CK_ATTRIBUTE a[] = {ATTR_ULONG(CKA_CLASS, is_data ? CKO_DATA : CKO_SECRET_KEY),
                        ATTR_OBJ(CKA_VALUE_LEN, size),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    STEP(p11->C_DeriveKey(vector_session, m, key, a, is_data ? 2 : N_ELEMENTS(a), &o));
    return value_check(o, json_bytes(v->test, "okm"));
}

static CK_RV hkdf_run(const struct vector *v)
{
    const struct span salt = json_bytes(v->test, "salt"), info = json_bytes(v->test, "info");
    CK_HKDF_PARAMS p = {.bExtract = CK_TRUE,
                        .bExpand = CK_TRUE,
                        .prfHashMechanism = vector_hash_of(v->algorithm + strlen("HKDF-"))->digest,
                        .ulSaltType = salt.n > 0 ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL,
                        .pSalt = salt.n > 0 ? (CK_BYTE *)(uintptr_t)salt.p : NULL,
                        .ulSaltLen = salt.n,
                        .hSaltKey = CK_INVALID_HANDLE,
                        .pInfo = (CK_BYTE *)(uintptr_t)info.p,
                        .ulInfoLen = info.n};
    CK_MECHANISM to_data = {CKM_HKDF_DATA, &p, sizeof(p)};
    CK_MECHANISM to_key = {CKM_HKDF_DERIVE, &p, sizeof(p)};
    CK_OBJECT_HANDLE key;
    CK_RV rv;

    STEP(key_secret(CKK_GENERIC_SECRET, json_bytes(v->test, "ikm"), usage, &key));
    STEP(hkdf_derive(v, &to_data, key));
    rv = hkdf_derive(v, &to_key, key);
    if (json_number(v->test, "size") <= MAX_SECRET)
        return rv;
    return rv == CKR_KEY_SIZE_RANGE ? CKR_OK : vector_wrong("a key over the token's limit");
}

const struct family family_hkdf = {"HkdfTest", hkdf_mechanism, hkdf_run, hkdf_refusals};

static const CK_RV pbkdf_refusals[] = {CKR_OK};

static CK_MECHANISM_TYPE pbkdf_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_PKCS5_PBKD2;
}

static CK_RV pbkdf_run(const struct vector *v)
{
    const struct span password = json_bytes(v->test, "password");
    const struct span salt = json_bytes(v->test, "salt");
    CK_PKCS5_PBKD2_PARAMS2 p = {.saltSource = CKZ_SALT_SPECIFIED,
                                .pSaltSourceData = (CK_BYTE *)(uintptr_t)salt.p,
                                .ulSaltSourceDataLen = salt.n,
                                .iterations = json_number(v->test, "iterationCount"),
                                .prf = CKP_PKCS5_PBKD2_HMAC_SHA256,
                                .pPassword = (CK_UTF8CHAR *)(uintptr_t)password.p,
                                .ulPasswordLen = password.n};
    CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof(p)};
    CK_ULONG size = json_number(v->test, "dkLen");
    CK_ATTRIBUTE a[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_OBJ(CKA_VALUE_LEN, size),
                        ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    STEP(p11->C_GenerateKey(vector_session, &m, a, N_ELEMENTS(a), &o));
    return value_check(o, json_bytes(v->test, "dk"));
}

const struct family family_pbkdf = {"PbkdfTest", pbkdf_mechanism, pbkdf_run, pbkdf_refusals};
