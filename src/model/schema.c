/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.c - the way to the schema tables; see schema.h. The tables themselves are in
 * schema_object.c, schema_pair.c and schema_secret.c.
 */
#include "model/schema.h"

#include "model/schemas.h"

const struct schema *const schemas[] = {
    &schema_data,
    &schema_x509,
    &schema_rsa_public,
    &schema_rsa_private,
    &schema_ec_public,
    &schema_ec_private,
    &schema_edwards_public,
    &schema_edwards_private,
    &schema_montgomery_public,
    &schema_montgomery_private,
    &schema_aes,
    &schema_xts,
    &schema_chacha20,
    &schema_generic,
    &schema_sha1_hmac,
    &schema_sha224_hmac,
    &schema_sha256_hmac,
    &schema_sha384_hmac,
    &schema_sha512_hmac,
    &schema_sha512_224_hmac,
    &schema_sha512_256_hmac,
    &schema_sha3_224_hmac,
    &schema_sha3_256_hmac,
    &schema_sha3_384_hmac,
    &schema_sha3_512_hmac,
    &schema_hkdf,
    &schema_profile,
    &schema_mechanism,
    &schema_dek,
};

const size_t n_schemas = N_ELEMENTS(schemas);

static const struct {
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE_TYPE subtype;
} subtypes[] = {
    {CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE},
    {CKO_PUBLIC_KEY, CKA_KEY_TYPE},
    {CKO_PRIVATE_KEY, CKA_KEY_TYPE},
    {CKO_SECRET_KEY, CKA_KEY_TYPE},
};

bool schema_subtype(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE *ret)
{
    for (size_t i = 0; i < N_ELEMENTS(subtypes); i++) {
        if (subtypes[i].class == class) {
            *ret = subtypes[i].subtype;
            return true;
        }
    }
    return false;
}

const struct schema *schema_find(CK_OBJECT_CLASS class, CK_ULONG subtype)
{
    for (size_t i = 0; i < n_schemas; i++) {
        const struct schema *s = schemas[i];

        if (s->class == class && (s->key_type == SCHEMA_ANY || s->key_type == subtype))
            return s;
    }
    return NULL;
}

const struct schema *schema_of(const struct attrs *a)
{
    const CK_OBJECT_CLASS class = attrs_ulong(a, CKA_CLASS, SCHEMA_ANY);
    CK_ULONG subtype = SCHEMA_ANY;
    CK_ATTRIBUTE_TYPE type;

    if (schema_subtype(class, &type))
        subtype = attrs_ulong(a, type, SCHEMA_ANY);
    return schema_find(class, subtype);
}

/* A schema's own row, not its bases'. */
static const struct attr_rule *own_rule(const struct schema *s, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        if (s->rules[i].type == type)
            return &s->rules[i];
    }
    return NULL;
}

const struct attr_rule *schema_rule(const struct schema *s, CK_ATTRIBUTE_TYPE type)
{
    const struct attr_rule *rule = NULL;

    while (s != NULL && rule == NULL) {
        rule = own_rule(s, type);
        s = s->base;
    }
    return rule;
}

NODISCARD CK_RV schema_each(const struct schema *s, schema_fn *fn, void *arg)
{
    for (const struct schema *at = s; at != NULL; at = at->base) {
        for (size_t i = 0; i < at->n_rules; i++) {
            const struct attr_rule *rule = &at->rules[i];

            if (schema_rule(s, rule->type) == rule) /* not hidden by a nearer row */
                TRY(fn(rule, arg));
        }
    }
    return CKR_OK;
}
