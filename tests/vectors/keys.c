/* SPDX-License-Identifier: BSD-2-Clause */
/* keys.c - the vectors' keys as session objects; see vectors.h. */
#include "vectors/vectors.h"

#include <openssl/objects.h>
#include <string.h>

#define MAX_KEYS     8
#define MAX_TEMPLATE 16
#define MAX_OID      16

static CK_OBJECT_HANDLE keys[MAX_KEYS];
static size_t n_keys;

/* The key of the group whose vectors are being run, or why there is none. */
static struct {
    const json_t *group;
    CK_OBJECT_HANDLE key;
    CK_RV rv;
} kept;

static CK_RV create(CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    assert_true(n_keys < MAX_KEYS);
    STEP(p11->C_CreateObject(vector_session, v, n, ret));
    keys[n_keys++] = *ret;
    return CKR_OK;
}

void keys_drop(void)
{
    while (n_keys > 0)
        ASSERT_OK(p11->C_DestroyObject(vector_session, keys[--n_keys]));
}

void group_drop(void)
{
    if (kept.group != NULL && kept.rv == CKR_OK)
        ASSERT_OK(p11->C_DestroyObject(vector_session, kept.key));
    kept.group = NULL;
}

/* Keep what create() made, or its refusal, for the other vectors of the group. */
static CK_RV keep(const struct vector *v, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    group_drop();
    kept.rv =
        vector_step("C_CreateObject", p11->C_CreateObject(vector_session, template, n, &kept.key));
    kept.group = v->group;
    *ret = kept.key;
    return kept.rv;
}

static bool is_kept(const struct vector *v, CK_OBJECT_HANDLE *ret)
{
    if (kept.group != v->group)
        return false;
    *ret = kept.key;
    return true;
}

CK_RV key_secret(CK_KEY_TYPE type, struct span value, const CK_ATTRIBUTE_TYPE *usage,
                 CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[MAX_TEMPLATE] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                                    ATTR_ULONG(CKA_KEY_TYPE, type),
                                    ATTR_SPAN(CKA_VALUE, value),
                                    ATTR_FALSE(CKA_SENSITIVE),
                                    ATTR_TRUE(CKA_EXTRACTABLE),
                                    ATTR_FALSE(CKA_ENCRYPT),
                                    ATTR_FALSE(CKA_DECRYPT),
                                    ATTR_FALSE(CKA_SIGN),
                                    ATTR_FALSE(CKA_VERIFY),
                                    ATTR_FALSE(CKA_WRAP),
                                    ATTR_FALSE(CKA_UNWRAP),
                                    ATTR_FALSE(CKA_DERIVE)};
    const CK_ULONG n = 12;

    for (; *usage != 0; usage++) {
        for (CK_ULONG i = 0; i < n; i++) {
            if (v[i].type == *usage)
                v[i].pValue = (void *)(uintptr_t)&ck_true;
        }
    }
    return create(v, n, ret);
}

/* -- curves ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;    /* the vectors' */
    const char *openssl; /* the object identifier's, in OpenSSL */
    CK_KEY_TYPE type;
} curves[] = {
    {"secp224r1", "secp224r1", CKK_EC},          {"secp256r1", "prime256v1", CKK_EC},
    {"secp384r1", "secp384r1", CKK_EC},          {"secp521r1", "secp521r1", CKK_EC},
    {"secp256k1", "secp256k1", CKK_EC},          {"brainpoolP256r1", "brainpoolP256r1", CKK_EC},
    {"edwards25519", "ED25519", CKK_EC_EDWARDS}, {"edwards448", "ED448", CKK_EC_EDWARDS},
    {"curve25519", "X25519", CKK_EC_MONTGOMERY}, {"curve448", "X448", CKK_EC_MONTGOMERY},
};

/* CKA_KEY_TYPE and CKA_EC_PARAMS. */
static CK_KEY_TYPE curve_find(const char *name, uint8_t oid[MAX_OID], size_t *ret_n)
{
    for (size_t i = 0; i < N_ELEMENTS(curves); i++) {
        if (strcmp(curves[i].name, name) == 0) {
            const ASN1_OBJECT *o = OBJ_nid2obj(OBJ_sn2nid(curves[i].openssl));
            const int n = i2d_ASN1_OBJECT(o, NULL);

            assert_true(n > 2 && n <= MAX_OID);
            assert_int_equal(i2d_ASN1_OBJECT(o, &oid), n);
            *ret_n = (size_t)n;
            return curves[i].type;
        }
    }
    fail_msg("no curve %s in the test", name);
    return CK_UNAVAILABLE_INFORMATION;
}

CK_RV key_curve_private(const char *curve, struct span value, CK_OBJECT_HANDLE *ret)
{
    uint8_t oid[MAX_OID];
    size_t n_oid = 0;
    CK_KEY_TYPE type = curve_find(curve, oid, &n_oid);
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR(CKA_EC_PARAMS, oid, n_oid), ATTR_SPAN(CKA_VALUE, value),
                        ATTR_TRUE(CKA_DERIVE)};

    return create(v, N_ELEMENTS(v), ret);
}

CK_RV key_curve_public(const struct vector *v, const char *point_name, CK_OBJECT_HANDLE *ret)
{
    const json_t *key = json_object_get(v->group, "publicKey");
    uint8_t oid[MAX_OID];
    size_t n_oid = 0;

    if (is_kept(v, ret))
        return kept.rv;
    {
        const struct span point = json_bytes(key, point_name);
        CK_KEY_TYPE type = curve_find(json_text(key, "curve"), oid, &n_oid);
        CK_ATTRIBUTE a[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_OBJ(CKA_KEY_TYPE, type),
                            ATTR(CKA_EC_PARAMS, oid, n_oid), ATTR_SPAN(CKA_EC_POINT, point),
                            ATTR_TRUE(CKA_VERIFY)};

        return keep(v, a, N_ELEMENTS(a), ret);
    }
}

/* -- RSA -------------------------------------------------------------------------------------- */

static const struct rsa_number {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
} public_numbers[] =
    {
        {CKA_MODULUS, "modulus"},
        {CKA_PUBLIC_EXPONENT, "publicExponent"},
},
  private_numbers[] = {
      {CKA_MODULUS, "modulus"},
      {CKA_PUBLIC_EXPONENT, "publicExponent"},
      {CKA_PRIVATE_EXPONENT, "privateExponent"},
      {CKA_PRIME_1, "prime1"},
      {CKA_PRIME_2, "prime2"},
      {CKA_EXPONENT_1, "exponent1"},
      {CKA_EXPONENT_2, "exponent2"},
      {CKA_COEFFICIENT, "coefficient"},
};

/* Adds the numbers that the vector's key has: some have no primes. */
static CK_ULONG add_numbers(const json_t *key, const struct rsa_number *numbers, size_t n_numbers,
                            CK_ATTRIBUTE *v, CK_ULONG n)
{
    for (size_t i = 0; i < n_numbers; i++) {
        if (json_object_get(key, numbers[i].name) != NULL) {
            const struct span bytes = json_bytes(key, numbers[i].name);

            v[n++] = (CK_ATTRIBUTE)ATTR_SPAN(numbers[i].type, bytes);
        }
    }
    return n;
}

CK_RV key_rsa_public(const struct vector *v, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE a[MAX_TEMPLATE] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY),
                                    ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA), ATTR_TRUE(CKA_VERIFY)};
    CK_ULONG n = 3;

    if (is_kept(v, ret))
        return kept.rv;
    n = add_numbers(json_object_get(v->group, "publicKey"), public_numbers,
                    N_ELEMENTS(public_numbers), a, n);
    return keep(v, a, n, ret);
}

CK_RV key_rsa_private(const struct vector *v, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE a[MAX_TEMPLATE] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                                    ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA), ATTR_TRUE(CKA_SIGN),
                                    ATTR_TRUE(CKA_DECRYPT)};
    CK_ULONG n = 4;

    if (is_kept(v, ret))
        return kept.rv;
    n = add_numbers(json_object_get(v->group, "privateKey"), private_numbers,
                    N_ELEMENTS(private_numbers), a, n);
    return keep(v, a, n, ret);
}
