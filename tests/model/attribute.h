/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attribute.h - the attributes that the model knows, as the standard's tables have them (v3.2
 * chapter 4 and 6), and the few values of each that calls give.
 *
 * Typed from the standard, and on purpose not from the module's own tables.
 */
#ifndef TEE_TESTS_MODEL_ATTRIBUTE_H
#define TEE_TESTS_MODEL_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tee-pkcs11.h"
#include "util/guard.h"

/* What objects there are. */
enum kind {
    KIND_DATA,
    KIND_AES,
    KIND_GENERIC,
    KIND_RSA_PUBLIC,
    KIND_RSA_PRIVATE,
    KIND_EC_PUBLIC,
    KIND_EC_PRIVATE,
    N_KINDS
};
#define BIT(n)       (1u << (n))
#define SECRET_KEYS  (BIT(KIND_AES) | BIT(KIND_GENERIC))
#define PUBLIC_KEYS  (BIT(KIND_RSA_PUBLIC) | BIT(KIND_EC_PUBLIC))
#define PRIVATE_KEYS (BIT(KIND_RSA_PRIVATE) | BIT(KIND_EC_PRIVATE))
#define RSA_KEYS     (BIT(KIND_RSA_PUBLIC) | BIT(KIND_RSA_PRIVATE))
#define EC_KEYS      (BIT(KIND_EC_PUBLIC) | BIT(KIND_EC_PRIVATE))
#define ALL_KEYS     (SECRET_KEYS | PUBLIC_KEYS | PRIVATE_KEYS)
#define ALL_KINDS    (ALL_KEYS | BIT(KIND_DATA))

enum at {
    AT_CLASS,
    AT_KEY_TYPE,
    AT_TOKEN,
    AT_PRIVATE,
    AT_MODIFIABLE,
    AT_COPYABLE,
    AT_DESTROYABLE,
    AT_LABEL,
    AT_ID,
    AT_APPLICATION,
    AT_VALUE,
    AT_VALUE_LEN,
    AT_SENSITIVE,
    AT_EXTRACTABLE,
    AT_ALWAYS_SENSITIVE,
    AT_NEVER_EXTRACTABLE,
    AT_LOCAL,
    AT_ALWAYS_AUTHENTICATE,
    AT_ENCRYPT,
    AT_DECRYPT,
    AT_SIGN,
    AT_VERIFY,
    AT_MODULUS,
    AT_PUBLIC_EXPONENT,
    AT_PRIVATE_EXPONENT,
    AT_PRIME_1,
    AT_PRIME_2,
    AT_EXPONENT_1,
    AT_EXPONENT_2,
    AT_COEFFICIENT,
    AT_EC_PARAMS,
    AT_EC_POINT,
    AT_UNKNOWN, /* a number that the standard does not have */
    N_ATS
};

enum form { FORM_BOOL, FORM_ULONG, FORM_BYTES };

/* Footnotes of the standard's tables. */
#define MUST       1u  /* 1: in every template that creates one */
#define NEVER      2u  /* 2, 4: not in a template that creates or generates one */
#define CHANGES    4u  /* 8: C_SetAttributeValue and C_CopyObject */
#define ON_COPY    8u  /* 4.1.3: C_CopyObject alone */
#define ONLY_TRUE  16u /* 11: once CK_TRUE, it stays */
#define ONLY_FALSE 32u /* 12: once CK_FALSE, it stays */
#define HIDDEN     64u /* 7: not while sensitive or not extractable */

/* Who has it, under which footnotes, and what it is when nobody says. */
struct attribute {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    enum form form;
    unsigned kinds;
    unsigned notes;
    unsigned hidden_in; /* HIDDEN holds for these kinds only */
    int otherwise;      /* the choice that is the default; NO_DEFAULT */
};
#define NO_DEFAULT (-1)

extern const struct attribute attributes[N_ATS];

/* The class and type of a kind. */
CK_OBJECT_CLASS kind_class(enum kind k);
CK_KEY_TYPE kind_key_type(enum kind k);
const char *kind_name(enum kind k);

/* Choices: of a CK_BBOOL 0 and 1, and BAD_SIZE; of CKA_LABEL any, the object's number goes in; of
 * material 0 to 2, and BAD_MATERIAL; of CKA_CLASS and CKA_KEY_TYPE a kind's, and N_KINDS, which is
 * none. */
#define BAD_SIZE     2u
#define BAD_MATERIAL 3u
#define VALUE_MAX    260u

/* The bytes of a choice. kind: for what the material is made. number: the object's. Returns how
 * many. */
size_t attribute_value(enum at at, unsigned choice, enum kind kind, unsigned number,
                       uint8_t ret[VALUE_MAX]);
/* The number in a label that attribute_value() made; 0: it is none. */
unsigned label_number(const uint8_t *label, size_t n);

#endif
