/* SPDX-License-Identifier: BSD-2-Clause */
/* attacks.c - what attackers need; see attacks.h. */
#include "api/attacks.h"

#include <string.h>

#define MAX_MORE 6

const uint8_t known_bytes[32] = "what the attacker knows: 32 byte";

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE h, const CK_ATTRIBUTE *v, CK_ULONG n)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_GenerateKey(h, &m, (CK_ATTRIBUTE *)(uintptr_t)v, n, &o));
    return o;
}

CK_OBJECT_HANDLE attack_generate(CK_SESSION_HANDLE h, CK_ULONG n, const CK_ATTRIBUTE_TYPE *usages,
                                 size_t n_usages)
{
    CK_ATTRIBUTE v[1 + MAX_MORE] = {ATTR_OBJ(CKA_VALUE_LEN, n)};

    assert_true(n_usages <= MAX_MORE);
    for (size_t i = 0; i < n_usages; i++)
        v[1 + i] = (CK_ATTRIBUTE)ATTR_TRUE(usages[i]);
    return generate(h, v, 1 + n_usages);
}

CK_OBJECT_HANDLE attack_victim(CK_SESSION_HANDLE h, CK_ULONG n)
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, n), ATTR_TRUE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};

    return generate(h, v, N_ELEMENTS(v));
}

CK_OBJECT_HANDLE attack_import(CK_SESSION_HANDLE h, CK_ULONG n, CK_ATTRIBUTE_TYPE usage)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, known_bytes, n), ATTR_TRUE(usage)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    return o;
}

bool attack_knows(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, const uint8_t *value, size_t n)
{
    static const uint8_t block[16] = "a block to look";
    uint8_t got[1024], want[64];
    CK_ULONG n_got = 0;

    assert_true(attack_crypt(h, true, CKM_AES_ECB, key, block, sizeof(block), got, &n_got));
    if (n != 16 && n != 32)
        return false;
    (void)evp_cipher(n == 16 ? "AES-128-ECB" : "AES-256-ECB", true, false, span_of(value, n), NULL,
                     SPAN_ARRAY(block), want);
    return memcmp(got, want, sizeof(block)) == 0;
}

/* A refusal is any error; a crash or a bug is not one. */
static bool is_ok(CK_RV rv)
{
    assert_int_not_equal(rv, CKR_GENERAL_ERROR);
    assert_int_not_equal(rv, CKR_DEVICE_ERROR);
    return rv == CKR_OK;
}

static CK_MECHANISM mechanism(CK_MECHANISM_TYPE type)
{
    static uint8_t iv[16];
    static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL,
                                           0};

    static CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};

    if (type == CKM_AES_GCM)
        return (CK_MECHANISM){type, &gcm, sizeof(gcm)};
    if (type == CKM_RSA_PKCS_OAEP)
        return (CK_MECHANISM){type, &oaep, sizeof(oaep)};
    if (type == CKM_AES_CBC || type == CKM_AES_CBC_PAD)
        return (CK_MECHANISM){type, iv, sizeof(iv)};
    return (CK_MECHANISM){type, NULL, 0};
}

bool attack_wrap(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with,
                 CK_OBJECT_HANDLE key, uint8_t ret[1024], CK_ULONG *ret_n)
{
    CK_MECHANISM m = mechanism(type);

    *ret_n = 1024;
    return is_ok(p11->C_WrapKey(h, &m, with, key, ret, ret_n));
}

bool attack_unwrap(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with,
                   const uint8_t *wrapped, CK_ULONG n, const CK_ATTRIBUTE *more, size_t n_more,
                   CK_OBJECT_HANDLE *ret)
{
    CK_MECHANISM m = mechanism(type);
    CK_ATTRIBUTE v[2 + MAX_MORE] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                                    ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};

    assert_true(n_more <= MAX_MORE);
    if (n_more > 0)
        memcpy(v + 2, more, n_more * sizeof(*more));
    return is_ok(
        p11->C_UnwrapKey(h, &m, with, (CK_BYTE_PTR)(uintptr_t)wrapped, n, v, 2 + n_more, ret));
}

bool attack_crypt(CK_SESSION_HANDLE h, bool encrypt, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                  const uint8_t *in, CK_ULONG n, uint8_t ret[1024], CK_ULONG *ret_n)
{
    CK_MECHANISM m = mechanism(type);
    CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)in;

    *ret_n = 1024;
    if (!is_ok(encrypt ? p11->C_EncryptInit(h, &m, key) : p11->C_DecryptInit(h, &m, key)))
        return false;
    return is_ok(encrypt ? p11->C_Encrypt(h, data, n, ret, ret_n)
                         : p11->C_Decrypt(h, data, n, ret, ret_n));
}

bool attack_read(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, uint8_t ret[1024], CK_ULONG *ret_n)
{
    CK_ATTRIBUTE v = ATTR(CKA_VALUE, ret, 1024);

    if (!is_ok(p11->C_GetAttributeValue(h, key, &v, 1)))
        return false;
    *ret_n = v.ulValueLen;
    return true;
}

CK_RV attack_set(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL to)
{
    CK_ATTRIBUTE v = ATTR_OBJ(type, to);

    return p11->C_SetAttributeValue(h, key, &v, 1);
}

CK_RV attack_copy(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL to,
                  CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v = ATTR_OBJ(type, to);

    return p11->C_CopyObject(h, key, &v, 1, ret);
}
