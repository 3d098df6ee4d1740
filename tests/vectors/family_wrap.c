/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * family_wrap.c - AES key wrap: of bytes (C_Encrypt, C_Decrypt) and of keys (C_WrapKey,
 * C_UnwrapKey), which must agree; see vectors.h.
 */
#include "vectors/vectors.h"

#include <string.h>

static const CK_RV refusals[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_OK};
static const CK_ATTRIBUTE_TYPE use_bytes[] = {CKA_ENCRYPT, CKA_DECRYPT, 0};
static const CK_ATTRIBUTE_TYPE use_keys[] = {CKA_WRAP, CKA_UNWRAP, 0};
static const CK_ATTRIBUTE_TYPE use_none[] = {0};

static CK_MECHANISM_TYPE wrap_mechanism(const struct vector *v)
{
    return strcmp(v->algorithm, "AES-KWP") == 0 ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP;
}

static CK_RV bytes_run(const struct vector *v, CK_MECHANISM *m)
{
    const struct span msg = json_bytes(v->test, "msg"), ct = json_bytes(v->test, "ct");
    struct span is = SPAN_EMPTY;
    CK_OBJECT_HANDLE key;

    STEP(key_secret(CKK_AES, json_bytes(v->test, "key"), use_bytes, &key));
    STEP(run_decrypt(m, key, false, ct, &is));
    STEP(vector_same(is, msg, "decrypted to another message"));
    STEP(run_encrypt(m, key, false, msg, &is));
    return vector_same(is, ct, "encrypted to another text");
}

/* As a generic secret, in and out. */
static CK_RV unwrap(const struct vector *v, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    const struct span ct = json_bytes(v->test, "ct");
    CK_ATTRIBUTE a[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    const CK_RV rv = p11->C_UnwrapKey(vector_session, m, key, (CK_BYTE *)(uintptr_t)ct.p, ct.n, a,
                                      N_ELEMENTS(a), &o);

    if (rv == CKR_OK)
        ASSERT_OK(p11->C_DestroyObject(vector_session, o));
    return rv;
}

static CK_RV wrap(const struct vector *v, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    const struct span msg = json_bytes(v->test, "msg"), ct = json_bytes(v->test, "ct");
    CK_BYTE *is = vector_bytes_new(ct.n);
    CK_ULONG n = ct.n;
    CK_OBJECT_HANDLE wrapped;

    STEP(key_secret(CKK_GENERIC_SECRET, msg, use_none, &wrapped));
    STEP(p11->C_WrapKey(vector_session, m, key, wrapped, is, &n));
    return vector_same(span_of(is, n), ct, "wrapped to other bytes");
}

static CK_RV keys_run(const struct vector *v, CK_MECHANISM *m)
{
    CK_OBJECT_HANDLE key;

    STEP(key_secret(CKK_AES, json_bytes(v->test, "key"), use_keys, &key));
    STEP(unwrap(v, m, key));
    return wrap(v, m, key);
}

static CK_RV wrap_run(const struct vector *v)
{
    CK_MECHANISM m = {wrap_mechanism(v), NULL, 0};
    const CK_RV rv = bytes_run(v, &m), rv_keys = keys_run(v, &m);

    if (rv == VECTOR_WRONG || rv_keys == VECTOR_WRONG)
        return VECTOR_WRONG;
    if ((rv == CKR_OK) != (rv_keys == CKR_OK))
        return vector_wrong("C_Decrypt and C_UnwrapKey disagree");
    if (rv != CKR_OK && rv_keys != CKR_WRAPPED_KEY_INVALID && rv_keys != CKR_WRAPPED_KEY_LEN_RANGE)
        return vector_wrong("C_UnwrapKey refused with another code");
    return rv;
}

const struct family family_wrap = {"KeywrapTest", wrap_mechanism, wrap_run, refusals};
