/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.h - which attributes an object has and what may be done with each: constant tables, one
 * row per attribute, flags numbered as the footnotes of "Common footnotes for object attribute
 * tables" (PKCS#11 v3.2 4.2), inherited by base pointer: storage <- key <- private key <- RSA
 * private key; the nearest row wins. Create, generate, unwrap, derive, copy, set, reveal, search
 * and log redaction are loops over these rows (model/template.h).
 */
#ifndef TEE_MODEL_SCHEMA_H
#define TEE_MODEL_SCHEMA_H

#include "model/attrs.h"

#define NOTE(n) (UINT32_C(1) << (n))
enum {
    MUST_CREATE = 1 << 1, /* footnote 1: MUST be specified with C_CreateObject */
    NOT_CREATE = 1 << 2,  /* 2: MUST NOT be specified with C_CreateObject */
    MUST_GEN = 1 << 3,    /* 3, 4: C_GenerateKey(Pair) */
    NOT_GEN = 1 << 4,
    MUST_UNWRAP = 1 << 5, /* 5, 6: C_UnwrapKey */
    NOT_UNWRAP = 1 << 6,
    SECRET = 1 << 7,      /* 7: not revealed if CKA_SENSITIVE is true or CKA_EXTRACTABLE false */
    MODIFY = 1 << 8,      /* 8: may be modified after creation */
    DEFAULTED = 1 << 9,   /* 9: the default is token-specific */
    SO_TRUE = 1 << 10,    /* 10: only the SO may set it CK_TRUE */
    ONCE_TRUE = 1 << 11,  /* 11: cannot change once CK_TRUE */
    ONCE_FALSE = 1 << 12, /* 12: cannot change once CK_FALSE */
    ON_COPY = 1 << 13,    /* ours: may be given to C_CopyObject although not MODIFY */
    INDEXED = 1 << 14,    /* ours: the store keeps an index for it (vault/) */
    OPTIONAL =
        1 << 15, /* ours: stays absent when nobody gives it (else defaults to empty or def) */
    BY_TOKEN = NOT_CREATE | NOT_GEN | NOT_UNWRAP, /* ours: only the token sets it */
};

enum attr_kind {
    AK_BOOL,    /* CK_BBOOL: one byte, 0 or 1 */
    AK_ULONG,   /* CK_ULONG, possibly misaligned in the caller's template */
    AK_BYTES,   /* byte array, big integer, string */
    AK_DATE,    /* CK_DATE: 8 ASCII digits, or empty */
    AK_ULONGS,  /* array of CK_ULONG (CKA_ALLOWED_MECHANISMS) */
    AK_TEMPLATE /* array of CK_ATTRIBUTE (CKA_WRAP_TEMPLATE, ...) */
};

enum attr_default {
    NO_DEFAULT,
    D_FALSE,
    D_TRUE,
    D_EMPTY,
    D_ZERO,
    D_UNAVAILABLE /* (CK_ULONG)-1 */
};

struct attr_rule {
    CK_ATTRIBUTE_TYPE type;
    enum attr_kind kind;
    uint32_t notes;
    enum attr_default def;
};

struct schema {
    const char *name; /* "RSA private key": for docs/attributes.md and the log */
    CK_OBJECT_CLASS class;
    CK_ULONG key_type; /* CK_KEY_TYPE, or CK_CERTIFICATE_TYPE of a certificate; SCHEMA_ANY */
    const struct schema *base;
    const struct attr_rule *rules;
    size_t n_rules;
    /* What rows can't say: cross-attribute rules, on a complete set. NULL: none. */
    CK_RV (*check)(const struct attrs *a);
};

#define SCHEMA_ANY ((CK_ULONG)-1)

/* The schema of a class and key (or certificate) type; NULL when the token has no such objects. */
const struct schema *schema_find(CK_OBJECT_CLASS class, CK_ULONG subtype);
/* The schema of a complete object. */
const struct schema *schema_of(const struct attrs *a);
/* The nearest row for the attribute along the base chain; NULL: not an attribute of this object. */
const struct attr_rule *schema_rule(const struct schema *s, CK_ATTRIBUTE_TYPE type);
/* Call fn for each attribute of the schema, nearest row only. Stops at the first error. */
typedef CK_RV schema_fn(const struct attr_rule *rule, void *arg);
NODISCARD CK_RV schema_each(const struct schema *s, schema_fn *fn, void *arg);
/* The same rows in the order of their types, as attrs keeps values: for what meets both. NULL for a
 * schema that is not among `schemas`, or has more than SCHEMA_MAX_RULES rows. */
#define SCHEMA_MAX_RULES 64u
const struct attr_rule *const *schema_sorted(const struct schema *s, size_t *ret_n);
/* Which of schema_sorted()'s rows is the attribute's; SCHEMA_MAX_RULES: none. */
size_t schema_row(const struct schema *s, CK_ATTRIBUTE_TYPE type);
/* All concrete schemas, for tests and generated documents. */
extern const struct schema *const schemas[];
extern const size_t n_schemas;

/* The registry: kind and name of an attribute type whatever the object; NULL: unknown to us. */
struct attr_name {
    CK_ATTRIBUTE_TYPE type;
    const char *name; /* "CKA_LABEL" */
    enum attr_kind kind;
};
const struct attr_name *attr_name_find(CK_ATTRIBUTE_TYPE type);
/* The same, for types that come in rising order: `before` is what the last one found, NULL for the
 * first. A record's thirty are found in one walk of the registry. NULL also when the type does not
 * come after it. */
const struct attr_name *attr_name_after(const struct attr_name *before, CK_ATTRIBUTE_TYPE type);

#endif
