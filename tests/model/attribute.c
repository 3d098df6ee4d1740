/* SPDX-License-Identifier: BSD-2-Clause */
/* attribute.c - the standard's tables, and values; see attribute.h. */
#include "attribute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "material.h"

#define ROW(at, form, kinds, notes, otherwise)                                                     \
    [AT_##at] = {CKA_##at, "CKA_" #at, form, kinds, notes, 0, otherwise}
#define MATERIAL(at, kinds, notes, hidden_in)                                                      \
    [AT_##at] = {CKA_##at, "CKA_" #at, FORM_BYTES, kinds, (notes) | HIDDEN, hidden_in, NO_DEFAULT}
#define CLOSED_KEYS (SECRET_KEYS | PRIVATE_KEYS)

const struct attribute attributes[N_ATS] = {
    ROW(CLASS, FORM_ULONG, ALL_KINDS, MUST, NO_DEFAULT),
    ROW(KEY_TYPE, FORM_ULONG, ALL_KEYS, MUST, NO_DEFAULT),
    ROW(TOKEN, FORM_BOOL, ALL_KINDS, ON_COPY, 0),
    ROW(PRIVATE, FORM_BOOL, ALL_KINDS, ON_COPY, NO_DEFAULT),
    ROW(MODIFIABLE, FORM_BOOL, ALL_KINDS, ON_COPY, 1),
    ROW(COPYABLE, FORM_BOOL, ALL_KINDS, ONLY_FALSE, 1),
    ROW(DESTROYABLE, FORM_BOOL, ALL_KINDS, ON_COPY, 1),
    ROW(LABEL, FORM_BYTES, ALL_KINDS, CHANGES, 0),
    ROW(ID, FORM_BYTES, ALL_KEYS, CHANGES, 0),
    ROW(APPLICATION, FORM_BYTES, BIT(KIND_DATA), 0, 0),
    [AT_VALUE] = {CKA_VALUE, "CKA_VALUE", FORM_BYTES,
                  BIT(KIND_DATA) | SECRET_KEYS | BIT(KIND_EC_PRIVATE), MUST | HIDDEN, CLOSED_KEYS,
                  NO_DEFAULT},
    ROW(VALUE_LEN, FORM_ULONG, SECRET_KEYS, NEVER, NO_DEFAULT),
    ROW(SENSITIVE, FORM_BOOL, CLOSED_KEYS, CHANGES | ONLY_TRUE, NO_DEFAULT),
    ROW(EXTRACTABLE, FORM_BOOL, CLOSED_KEYS, CHANGES | ONLY_FALSE, NO_DEFAULT),
    ROW(ALWAYS_SENSITIVE, FORM_BOOL, CLOSED_KEYS, NEVER, NO_DEFAULT),
    ROW(NEVER_EXTRACTABLE, FORM_BOOL, CLOSED_KEYS, NEVER, NO_DEFAULT),
    ROW(LOCAL, FORM_BOOL, ALL_KEYS, NEVER, NO_DEFAULT),
    ROW(ALWAYS_AUTHENTICATE, FORM_BOOL, PRIVATE_KEYS, 0, 0),
    ROW(ENCRYPT, FORM_BOOL, SECRET_KEYS | PUBLIC_KEYS, CHANGES, NO_DEFAULT),
    ROW(DECRYPT, FORM_BOOL, SECRET_KEYS | PRIVATE_KEYS, CHANGES, NO_DEFAULT),
    ROW(SIGN, FORM_BOOL, SECRET_KEYS | PRIVATE_KEYS, CHANGES, NO_DEFAULT),
    ROW(VERIFY, FORM_BOOL, SECRET_KEYS | PUBLIC_KEYS, CHANGES, NO_DEFAULT),
    MATERIAL(MODULUS, RSA_KEYS, MUST, 0),
    MATERIAL(PUBLIC_EXPONENT, RSA_KEYS, 0, 0),
    MATERIAL(PRIVATE_EXPONENT, BIT(KIND_RSA_PRIVATE), MUST, PRIVATE_KEYS),
    MATERIAL(PRIME_1, BIT(KIND_RSA_PRIVATE), 0, PRIVATE_KEYS),
    MATERIAL(PRIME_2, BIT(KIND_RSA_PRIVATE), 0, PRIVATE_KEYS),
    MATERIAL(EXPONENT_1, BIT(KIND_RSA_PRIVATE), 0, PRIVATE_KEYS),
    MATERIAL(EXPONENT_2, BIT(KIND_RSA_PRIVATE), 0, PRIVATE_KEYS),
    MATERIAL(COEFFICIENT, BIT(KIND_RSA_PRIVATE), 0, PRIVATE_KEYS),
    MATERIAL(EC_PARAMS, EC_KEYS, MUST, 0),
    MATERIAL(EC_POINT, BIT(KIND_EC_PUBLIC), MUST, 0),
    [AT_UNKNOWN] = {0x7fff0001, "0x7fff0001", FORM_BYTES, 0, 0, 0, NO_DEFAULT},
};

static const struct {
    const char *name;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
} kinds[N_KINDS] = {
    [KIND_DATA] = {"data", CKO_DATA, CK_UNAVAILABLE_INFORMATION},
    [KIND_AES] = {"AES key", CKO_SECRET_KEY, CKK_AES},
    [KIND_GENERIC] = {"generic secret", CKO_SECRET_KEY, CKK_GENERIC_SECRET},
    [KIND_RSA_PUBLIC] = {"RSA public key", CKO_PUBLIC_KEY, CKK_RSA},
    [KIND_RSA_PRIVATE] = {"RSA private key", CKO_PRIVATE_KEY, CKK_RSA},
    [KIND_EC_PUBLIC] = {"EC public key", CKO_PUBLIC_KEY, CKK_EC},
    [KIND_EC_PRIVATE] = {"EC private key", CKO_PRIVATE_KEY, CKK_EC},
};

CK_OBJECT_CLASS kind_class(enum kind k)
{
    return kinds[k].class;
}

CK_KEY_TYPE kind_key_type(enum kind k)
{
    return kinds[k].type;
}

const char *kind_name(enum kind k)
{
    return kinds[k].name;
}

static size_t put_ulong(CK_ULONG value, uint8_t *ret)
{
    memcpy(ret, &value, sizeof(value));
    return sizeof(value);
}

static size_t ulong_value(enum at at, unsigned choice, enum kind kind, uint8_t *ret)
{
    if (at == AT_CLASS)
        return put_ulong(choice < N_KINDS ? kinds[choice].class : 0x7777, ret);
    if (at == AT_KEY_TYPE)
        return put_ulong(choice < N_KINDS ? kinds[choice].type : 0x7777, ret);
    return put_ulong(material_length(kind, choice), ret); /* CKA_VALUE_LEN */
}

static size_t text_value(enum at at, unsigned choice, unsigned number, uint8_t *ret)
{
    char text[32];
    int n;

    if (at == AT_LABEL)
        n = snprintf(text, sizeof(text), "o%u%c", number, (char)('a' + choice % 26));
    else if (choice == 0)
        n = 0;
    else
        n = snprintf(text, sizeof(text), "%s %u", at == AT_ID ? "id" : "application", choice);
    memcpy(ret, text, (size_t)n);
    return (size_t)n;
}

size_t attribute_value(enum at at, unsigned choice, enum kind kind, unsigned number,
                       uint8_t ret[VALUE_MAX])
{
    switch (attributes[at].form) {
    case FORM_BOOL:
        ret[0] = choice != 0;
        ret[1] = 1;
        return choice == BAD_SIZE ? 2 : 1;
    case FORM_ULONG:
        return ulong_value(at, choice, kind, ret);
    default:
        if (at == AT_LABEL || at == AT_ID || at == AT_APPLICATION || at == AT_UNKNOWN)
            return text_value(at, choice, number, ret);
        return material_value(at, choice, kind, ret);
    }
}

unsigned label_number(const uint8_t *label, size_t n)
{
    char text[32];

    if (n < 3 || n >= sizeof(text) || label[0] != 'o')
        return 0;
    memcpy(text, label + 1, n - 1);
    text[n - 1] = 0;
    return (unsigned)strtoul(text, NULL, 10);
}
