/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attr_name.c - the registry of attribute types: kind and name, whatever the object; see schema.h.
 *
 * Every attribute of a schema is here with the same kind (test-schema.c). model/record.h writes
 * and reads values by these kinds: a kind never changes, and an entry is never removed.
 */
#include "model/schema.h"

#include "tee-pkcs11.h"

#define ENTRY(type, kind)                                                                          \
    {                                                                                              \
        (type), #type, (kind)                                                                      \
    }

/* Sorted by type: attr_name_find() is a binary search, without a branch that the processor would
 * guess wrong. */
static const struct attr_name names[] = {
    ENTRY(CKA_CLASS, AK_ULONG),
    ENTRY(CKA_TOKEN, AK_BOOL),
    ENTRY(CKA_PRIVATE, AK_BOOL),
    ENTRY(CKA_LABEL, AK_BYTES),
    ENTRY(CKA_UNIQUE_ID, AK_BYTES),
    ENTRY(CKA_APPLICATION, AK_BYTES),
    ENTRY(CKA_VALUE, AK_BYTES),
    ENTRY(CKA_OBJECT_ID, AK_BYTES),
    ENTRY(CKA_CERTIFICATE_TYPE, AK_ULONG),
    ENTRY(CKA_ISSUER, AK_BYTES),
    ENTRY(CKA_SERIAL_NUMBER, AK_BYTES),
    ENTRY(CKA_TRUSTED, AK_BOOL),
    ENTRY(CKA_CERTIFICATE_CATEGORY, AK_ULONG),
    ENTRY(CKA_JAVA_MIDP_SECURITY_DOMAIN, AK_ULONG),
    ENTRY(CKA_URL, AK_BYTES),
    ENTRY(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, AK_BYTES),
    ENTRY(CKA_HASH_OF_ISSUER_PUBLIC_KEY, AK_BYTES),
    ENTRY(CKA_NAME_HASH_ALGORITHM, AK_ULONG),
    ENTRY(CKA_CHECK_VALUE, AK_BYTES),
    ENTRY(CKA_KEY_TYPE, AK_ULONG),
    ENTRY(CKA_SUBJECT, AK_BYTES),
    ENTRY(CKA_ID, AK_BYTES),
    ENTRY(CKA_SENSITIVE, AK_BOOL),
    ENTRY(CKA_ENCRYPT, AK_BOOL),
    ENTRY(CKA_DECRYPT, AK_BOOL),
    ENTRY(CKA_WRAP, AK_BOOL),
    ENTRY(CKA_UNWRAP, AK_BOOL),
    ENTRY(CKA_SIGN, AK_BOOL),
    ENTRY(CKA_SIGN_RECOVER, AK_BOOL),
    ENTRY(CKA_VERIFY, AK_BOOL),
    ENTRY(CKA_VERIFY_RECOVER, AK_BOOL),
    ENTRY(CKA_DERIVE, AK_BOOL),
    ENTRY(CKA_START_DATE, AK_DATE),
    ENTRY(CKA_END_DATE, AK_DATE),
    ENTRY(CKA_MODULUS, AK_BYTES),
    ENTRY(CKA_MODULUS_BITS, AK_ULONG),
    ENTRY(CKA_PUBLIC_EXPONENT, AK_BYTES),
    ENTRY(CKA_PRIVATE_EXPONENT, AK_BYTES),
    ENTRY(CKA_PRIME_1, AK_BYTES),
    ENTRY(CKA_PRIME_2, AK_BYTES),
    ENTRY(CKA_EXPONENT_1, AK_BYTES),
    ENTRY(CKA_EXPONENT_2, AK_BYTES),
    ENTRY(CKA_COEFFICIENT, AK_BYTES),
    ENTRY(CKA_PUBLIC_KEY_INFO, AK_BYTES),
    ENTRY(CKA_VALUE_LEN, AK_ULONG),
    ENTRY(CKA_EXTRACTABLE, AK_BOOL),
    ENTRY(CKA_LOCAL, AK_BOOL),
    ENTRY(CKA_NEVER_EXTRACTABLE, AK_BOOL),
    ENTRY(CKA_ALWAYS_SENSITIVE, AK_BOOL),
    ENTRY(CKA_KEY_GEN_MECHANISM, AK_ULONG),
    ENTRY(CKA_MODIFIABLE, AK_BOOL),
    ENTRY(CKA_COPYABLE, AK_BOOL),
    ENTRY(CKA_DESTROYABLE, AK_BOOL),
    ENTRY(CKA_EC_PARAMS, AK_BYTES),
    ENTRY(CKA_EC_POINT, AK_BYTES),
    ENTRY(CKA_ALWAYS_AUTHENTICATE, AK_BOOL),
    ENTRY(CKA_WRAP_WITH_TRUSTED, AK_BOOL),
    ENTRY(CKA_MECHANISM_TYPE, AK_ULONG),
    ENTRY(CKA_PROFILE_ID, AK_ULONG),
    ENTRY(CKA_ENCAPSULATE_TEMPLATE, AK_TEMPLATE),
    ENTRY(CKA_DECAPSULATE_TEMPLATE, AK_TEMPLATE),
    ENTRY(CKA_ENCAPSULATE, AK_BOOL),
    ENTRY(CKA_DECAPSULATE, AK_BOOL),
    ENTRY(CKA_WRAP_TEMPLATE, AK_TEMPLATE),
    ENTRY(CKA_UNWRAP_TEMPLATE, AK_TEMPLATE),
    ENTRY(CKA_DERIVE_TEMPLATE, AK_TEMPLATE),
    ENTRY(CKA_ALLOWED_MECHANISMS, AK_ULONGS),
    ENTRY(CKA_TEE_EVIDENCE, AK_BYTES),
    ENTRY(CKA_TEE_DEK_GENERATION, AK_ULONG),
    ENTRY(CKA_TEE_DEK_SCOPE, AK_ULONG),
    ENTRY(CKA_TEE_DEK_STATE, AK_ULONG),
    ENTRY(CKA_TEE_DEK_CREATED, AK_BYTES),
    ENTRY(CKA_TEE_ROTATION, AK_BYTES),
};

const struct attr_name *attr_name_find(CK_ATTRIBUTE_TYPE type)
{
    size_t low = 0;

    for (size_t n = N_ELEMENTS(names); n > 1; n -= n / 2)
        low += (size_t)(names[low + n / 2].type <= type) * (n / 2);
    return names[low].type == type ? &names[low] : NULL;
}

const struct attr_name *attr_name_after(const struct attr_name *before, CK_ATTRIBUTE_TYPE type)
{
    const struct attr_name *const end = names + N_ELEMENTS(names);
    const struct attr_name *at = before == NULL ? names : before + 1;

    while (at < end && at->type < type)
        at++;
    return at < end && at->type == type ? at : NULL;
}
