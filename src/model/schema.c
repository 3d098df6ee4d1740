/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.c - the way to the schema tables; see schema.h. The tables themselves are in
 * schema_object.c, schema_pair.c and schema_secret.c.
 */
#include "model/schema.h"

#include <pthread.h>
#include <stdlib.h>

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

/*
 * The rows of a schema and its bases, brought together: the nearest of each type, in the order of
 * the tables and in the order of the types. Made at the first question, since every object that is
 * made asks a hundred times. A schema that is not one of `schemas`, or has more rows than there is
 * room for, is walked each time.
 */
#define FLAT_SLOTS                                                                                 \
    128u /* by the schema's address; a power of two, twice as many as schemas or more */

#define FLAT_PLACES 256u /* a power of two, and as much more than SCHEMA_MAX_RULES as is cheap */

struct flat {
    const struct schema *schema; /* NULL: a free slot */
    size_t n;
    const struct attr_rule *in_order[SCHEMA_MAX_RULES];
    const struct attr_rule *by_type[SCHEMA_MAX_RULES];
    /* Where the rule of a type stands in by_type, plus one, by hash; 0: a free place. A dozen
     * instructions find a rule, where halving by_type took sixty, fifteen times for each key. */
    uint8_t places[FLAT_PLACES];
};

static struct flat flats[FLAT_SLOTS];
static pthread_once_t flats_once = PTHREAD_ONCE_INIT;

_Static_assert(N_ELEMENTS(schemas) <= FLAT_SLOTS / 2, "make room");
_Static_assert(SCHEMA_MAX_RULES <= FLAT_PLACES / 2, "make room");

/* Where a schema is, or belongs. */
static struct flat *flat_slot(const struct schema *s)
{
    size_t i = (size_t)(((uintptr_t)s * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % FLAT_SLOTS;

    while (flats[i].schema != NULL && flats[i].schema != s)
        i = (i + 1) % FLAT_SLOTS;
    return &flats[i];
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

static const struct attr_rule *nearest_rule(const struct schema *s, CK_ATTRIBUTE_TYPE type)
{
    const struct attr_rule *rule = NULL;

    while (s != NULL && rule == NULL) {
        rule = own_rule(s, type);
        s = s->base;
    }
    return rule;
}

/* Calls fn for the rows that no nearer row hides. */
static CK_RV walk(const struct schema *s, schema_fn *fn, void *arg)
{
    for (const struct schema *at = s; at != NULL; at = at->base) {
        for (size_t i = 0; i < at->n_rules; i++) {
            const struct attr_rule *rule = &at->rules[i];

            if (nearest_rule(s, rule->type) == rule)
                TRY(fn(rule, arg));
        }
    }
    return CKR_OK;
}

static int type_order(const void *a, const void *b)
{
    const struct attr_rule *x = *(const struct attr_rule *const *)a;
    const struct attr_rule *y = *(const struct attr_rule *const *)b;

    return (x->type > y->type) - (x->type < y->type);
}

static CK_RV flat_add(const struct attr_rule *rule, void *arg)
{
    struct flat *f = arg;

    ENSURE(f->n < SCHEMA_MAX_RULES, CKR_BUFFER_TOO_SMALL);
    f->in_order[f->n++] = rule;
    return CKR_OK;
}

/* Where the type is among the places, or belongs: there is always a free one. */
static size_t place_of(const struct flat *f, CK_ATTRIBUTE_TYPE type)
{
    size_t i = (size_t)((type * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % FLAT_PLACES;

    while (f->places[i] != 0 && f->by_type[f->places[i] - 1]->type != type)
        i = (i + 1) % FLAT_PLACES;
    return i;
}

static void flats_make(void)
{
    for (size_t i = 0; i < n_schemas; i++) {
        struct flat *f = flat_slot(schemas[i]);

        if (walk(schemas[i], flat_add, f) != CKR_OK) {
            f->n = 0;
            continue;
        }
        memcpy(f->by_type, f->in_order, sizeof(f->by_type));
        qsort(f->by_type, f->n, sizeof(f->by_type[0]), type_order);
        for (size_t k = 0; k < f->n; k++)
            f->places[place_of(f, f->by_type[k]->type)] = (uint8_t)(k + 1);
        f->schema = schemas[i];
    }
}

/* NULL: one that is walked. */
static const struct flat *flat_of(const struct schema *s)
{
    const struct flat *f;

    (void)pthread_once(&flats_once, flats_make);
    f = flat_slot(s);
    return f->schema == s ? f : NULL;
}

const struct attr_rule *schema_rule(const struct schema *s, CK_ATTRIBUTE_TYPE type)
{
    const struct flat *f = flat_of(s);
    size_t at;

    if (f == NULL)
        return nearest_rule(s, type);
    at = f->places[place_of(f, type)];
    return at == 0 ? NULL : f->by_type[at - 1];
}

size_t schema_row(const struct schema *s, CK_ATTRIBUTE_TYPE type)
{
    const struct flat *f = flat_of(s);
    size_t at = f == NULL ? 0 : f->places[place_of(f, type)];

    return at == 0 ? SCHEMA_MAX_RULES : at - 1;
}

NODISCARD CK_RV schema_each(const struct schema *s, schema_fn *fn, void *arg)
{
    const struct flat *f = flat_of(s);

    if (f == NULL)
        return walk(s, fn, arg);
    for (size_t i = 0; i < f->n; i++)
        TRY(fn(f->in_order[i], arg));
    return CKR_OK;
}

const struct attr_rule *const *schema_sorted(const struct schema *s, size_t *ret_n)
{
    const struct flat *f = flat_of(s);

    *ret_n = f == NULL ? 0 : f->n;
    return f == NULL ? NULL : f->by_type;
}
