/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template.c - new objects: from a template to attributes, and what the token adds at the end; see
 * template.h. Changes, reading, searching and nested templates are in template_*.c.
 *
 * What creation, generation, unwrapping and derivation have of their own is one row of `ops`.
 */
#include "model/template.h"

#include "model/check.h"
#include "model/record.h"
#include "model/rule.h"
#include "model/schemas.h"
#include "model/value.h"

/* What a function forbids and requires, by footnote, and what it makes if nobody says. Derivation
 * contributes what unwrapping does; all mechanisms that derive make a generic secret when the
 * template is silent. */
static const struct {
    uint32_t forbid, require;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE key_type;
} ops[] = {
    [TEMPLATE_CREATE] = {NOT_CREATE, MUST_CREATE, TEMPLATE_SAYS, TEMPLATE_SAYS},
    [TEMPLATE_GENERATE] = {NOT_GEN, MUST_GEN, TEMPLATE_SAYS, TEMPLATE_SAYS},
    [TEMPLATE_UNWRAP] = {NOT_UNWRAP, MUST_UNWRAP, TEMPLATE_SAYS, TEMPLATE_SAYS},
    [TEMPLATE_DERIVE] = {NOT_UNWRAP, 0, CKO_SECRET_KEY, CKK_GENERIC_SECRET},
};

/* One template being built. What is said about an attribute is noted by its row, whoever says it,
 * and the set is laid out at the end, once, in the order of the rows. */
struct build {
    const struct template_context *c;
    const CK_ATTRIBUTE *v;
    CK_ULONG n;
    const struct attrs *nested; /* c->nested, decoded; NULL: none */
    CK_OBJECT_CLASS class;
    CK_ULONG type; /* SCHEMA_ANY: the class has none */
    const struct schema *schema;
    const struct attr_rule *const *rules; /* the schema's, by type */
    size_t n_rules;
    struct attr_value *said; /* by row, room for SCHEMA_MAX_RULES */
    uint64_t is_said;        /* a bit for each row */
    struct attrs *a;
};

_Static_assert(SCHEMA_MAX_RULES <= 64, "is_said has a bit for each row");

static bool is_said(const struct build *b, size_t row)
{
    return (b->is_said >> row & 1) != 0;
}

/* `placed`: the value stands in b->a already; else it is there until the end. */
static void say(struct build *b, size_t row, struct span value, bool placed)
{
    b->said[row] = (struct attr_value){b->rules[row]->type, value, placed};
    b->is_said |= UINT64_C(1) << row;
}

/* Somebody says that the class, or the type, is `said`: does it agree with who spoke before? */
static CK_RV hear(CK_ULONG said, CK_ULONG *number)
{
    ENSURE(said != TEMPLATE_SAYS, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(*number == TEMPLATE_SAYS || *number == said, CKR_TEMPLATE_INCONSISTENT);
    *number = said;
    return CKR_OK;
}

/* The class or type of the new object: implied, or in either template, or the function's own. */
static CK_RV resolve(const struct build *b, CK_ATTRIBUTE_TYPE type, CK_ULONG implied,
                     CK_ULONG otherwise, CK_ULONG *ret)
{
    CK_ULONG number = implied;

    for (CK_ULONG i = 0; i < b->n; i++) {
        const CK_ATTRIBUTE entry = value_entry(b->v, i);
        CK_ULONG said;

        if (entry.type != type)
            continue;
        ENSURE(entry.pValue != NULL && entry.ulValueLen == sizeof(said),
               CKR_ATTRIBUTE_VALUE_INVALID);
        memcpy(&said, entry.pValue, sizeof(said));
        TRY(hear(said, &number));
    }
    if (b->nested != NULL && attrs_has(b->nested, type))
        TRY(hear(attrs_ulong(b->nested, type, TEMPLATE_SAYS), &number));
    if (number == TEMPLATE_SAYS)
        number = otherwise;
    ENSURE(number != TEMPLATE_SAYS, CKR_TEMPLATE_INCOMPLETE);
    *ret = number;
    return CKR_OK;
}

/* Find the schema: class and type from whoever says them. */
static CK_RV identify(struct build *b)
{
    CK_ATTRIBUTE_TYPE subtype;

    b->type = SCHEMA_ANY;
    TRY(resolve(b, CKA_CLASS, b->c->class, ops[b->c->op].class, &b->class));
    if (schema_subtype(b->class, &subtype))
        TRY(resolve(b, subtype, b->c->key_type, ops[b->c->op].key_type, &b->type));
    b->schema = schema_find(b->class, b->type);
    ENSURE(b->schema != NULL, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* Note what was found out. Where the template said it too, it said the same: it is the
 * application's memory, which may have changed since the schema was chosen by it. */
static CK_RV take_number(struct build *b, CK_ATTRIBUTE_TYPE type, const CK_ULONG *number)
{
    const size_t row = schema_row(b->schema, type);
    const struct span said = span_of(number, sizeof(*number));

    ENSURE(row < b->n_rules, CKR_GENERAL_ERROR);
    ENSURE(!is_said(b, row) || span_equal(b->said[row].value, said), CKR_TEMPLATE_INCONSISTENT);
    if (!is_said(b, row))
        say(b, row, said, false);
    return CKR_OK;
}

static CK_RV take_identity(struct build *b)
{
    CK_ATTRIBUTE_TYPE subtype;

    if (schema_subtype(b->class, &subtype))
        TRY(take_number(b, subtype, &b->type));
    return take_number(b, CKA_CLASS, &b->class);
}

/* The application's entries, each under its row. Nobody else has said anything yet, so that one
 * that is given twice is seen. */
static CK_RV take_given(struct build *b)
{
    for (CK_ULONG i = 0; i < b->n; i++) {
        const CK_ATTRIBUTE entry = value_entry(b->v, i);
        const size_t row = schema_row(b->schema, entry.type);
        struct span value;

        ENSURE(row < b->n_rules, CKR_ATTRIBUTE_TYPE_INVALID);
        ENSURE((b->rules[row]->notes & ops[b->c->op].forbid) == 0, CKR_ATTRIBUTE_READ_ONLY);
        ENSURE(!is_said(b, row), CKR_TEMPLATE_INCONSISTENT);
        TRY(value_place(&entry, b->rules[row]->kind, b->a, &value));
        ENSURE(rule_allows(b->rules[row], value, b->c->is_so), CKR_ATTRIBUTE_READ_ONLY);
        say(b, row, value, true);
    }
    return CKR_OK;
}

/* What the unwrapping or base key adds must be what a template could have said, and nothing that
 * the template contradicts. */
static CK_RV take_nested(struct build *b)
{
    for (size_t i = 0; b->nested != NULL && i < b->nested->n; i++) {
        const struct span value = span_of(b->nested->v[i].p, b->nested->v[i].n);
        const size_t row = schema_row(b->schema, b->nested->v[i].type);

        ENSURE(row < b->n_rules, CKR_TEMPLATE_INCONSISTENT);
        ENSURE((b->rules[row]->notes & ops[b->c->op].forbid) == 0, CKR_TEMPLATE_INCONSISTENT);
        ENSURE(rule_allows(b->rules[row], value, b->c->is_so), CKR_ATTRIBUTE_READ_ONLY);
        ENSURE(!is_said(b, row) || span_equal(b->said[row].value, value),
               CKR_TEMPLATE_INCONSISTENT);
        if (!is_said(b, row))
            say(b, row, value, false);
    }
    return CKR_OK;
}

/* Of what the base key leaves behind, what the object can have and nobody said otherwise. */
static void take_inherited(struct build *b)
{
    const struct attrs *from = b->c->inherited;

    for (size_t i = 0; from != NULL && i < from->n; i++) {
        const size_t row = schema_row(b->schema, from->v[i].type);

        if (row < b->n_rules && !is_said(b, row))
            say(b, row, span_of(from->v[i].p, from->v[i].n), false);
    }
}

static const CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
static const CK_ULONG zero = 0, unavailable = CK_UNAVAILABLE_INFORMATION;

static const struct {
    const void *p;
    size_t n;
} defaults[] = {
    [D_FALSE] = {&no, sizeof(no)},
    [D_TRUE] = {&yes, sizeof(yes)},
    [D_EMPTY] = {NULL, 0},
    [D_ZERO] = {&zero, sizeof(zero)},
    [D_UNAVAILABLE] = {&unavailable, sizeof(unavailable)},
};

/* A check_asked. */
static bool is_asked(const void *arg, CK_ATTRIBUTE_TYPE usage)
{
    const struct build *b = arg;
    const size_t row = schema_row(b->schema, usage);

    return row < b->n_rules && is_said(b, row) && b->said[row].value.n == sizeof(CK_BBOOL) &&
           b->said[row].value.p[0] != CK_FALSE;
}

static enum attr_default default_of(const struct build *b, const struct attr_rule *rule)
{
    return rule->def == D_TRUE && check_yields(rule->type, is_asked, b) ? D_FALSE : rule->def;
}

/* What must have been said by now was, and the rest is as the rows have it. */
static CK_RV fill(const struct build *b)
{
    const uint32_t must = ops[b->c->op].require;
    struct attr_value all[SCHEMA_MAX_RULES];
    size_t n = 0;

    for (size_t i = 0; i < b->n_rules; i++) {
        enum attr_default def;

        if (is_said(b, i)) {
            all[n++] = b->said[i];
            continue;
        }
        ENSURE((b->rules[i]->notes & must) == 0, CKR_TEMPLATE_INCOMPLETE);
        def = default_of(b, b->rules[i]);
        if (def != NO_DEFAULT)
            all[n++] = (struct attr_value){b->rules[i]->type,
                                           span_of(defaults[def].p, defaults[def].n), false};
    }
    return attrs_lay(b->a, all, n);
}

/* The rows, and room for all attributes that the object can have: it will have most of them. */
static CK_RV open_rows(struct build *b)
{
    b->rules = schema_sorted(b->schema, &b->n_rules);
    ENSURE(b->rules != NULL, CKR_GENERAL_ERROR);
    return attrs_reserve(b->a, b->n_rules, 0);
}

NODISCARD CK_RV template_build(const struct template_context *c, const CK_ATTRIBUTE *v, CK_ULONG n,
                               struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *nested = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct attr_value said[SCHEMA_MAX_RULES];
    struct build b = {.c = c, .v = v, .n = n, .said = said};

    TRY(value_check_array(v, n));
    if (c->nested.n > 0)
        TRY(record_decode(c->nested, &nested));
    TRY(attrs_new(&a));
    b.nested = nested;
    b.a = a;
    TRY(identify(&b));
    TRY(open_rows(&b));
    TRY(take_given(&b));
    TRY(take_identity(&b));
    TRY(take_nested(&b));
    take_inherited(&b);
    TRY(fill(&b));
    TRY(check_policy(b.schema, a));
    *ret = TAKE(a);
    return CKR_OK;
}

/* Was the value made here, so that its history begins with this template? Or with the base key's?
 */
static bool history_holds(const struct template_context *c, const struct attrs *parent,
                          CK_ATTRIBUTE_TYPE parents)
{
    if (c->op == TEMPLATE_DERIVE)
        return parent != NULL && attrs_bool(parent, parents, false);
    return c->op == TEMPLATE_GENERATE;
}

static CK_RV set_if_known(const struct schema *s, struct attrs *a, CK_ATTRIBUTE_TYPE type,
                          bool value)
{
    return schema_rule(s, type) == NULL ? CKR_OK : attrs_set_bool(a, type, value);
}

/* v3.2 5.7.1 (created), 5.18 (generated, unwrapped, derived). */
static CK_RV set_history(const struct template_context *c, const struct schema *s, struct attrs *a,
                         CK_MECHANISM_TYPE gen_mechanism, const struct attrs *parent)
{
    const bool sensitive = attrs_bool(a, CKA_SENSITIVE, false);
    const bool extractable = attrs_bool(a, CKA_EXTRACTABLE, true);

    TRY(set_if_known(s, a, CKA_LOCAL, c->op == TEMPLATE_GENERATE));
    TRY(set_if_known(s, a, CKA_ALWAYS_SENSITIVE,
                     sensitive && history_holds(c, parent, CKA_ALWAYS_SENSITIVE)));
    TRY(set_if_known(s, a, CKA_NEVER_EXTRACTABLE,
                     !extractable && history_holds(c, parent, CKA_NEVER_EXTRACTABLE)));
    if (schema_rule(s, CKA_KEY_GEN_MECHANISM) == NULL)
        return CKR_OK;
    /* v3.2 4.8: it means something only where CKA_LOCAL is true. */
    if (c->op != TEMPLATE_GENERATE)
        gen_mechanism = CK_UNAVAILABLE_INFORMATION;
    return attrs_set_ulong(a, CKA_KEY_GEN_MECHANISM, gen_mechanism);
}

static CK_ULONG length_in_bytes(struct span value)
{
    return value.n;
}

static const struct {
    CK_ATTRIBUTE_TYPE length, value;
    CK_ULONG (*measure)(struct span value);
} lengths[] = {
    {CKA_VALUE_LEN, CKA_VALUE, length_in_bytes},
    {CKA_MODULUS_BITS, CKA_MODULUS, value_bits},
};

/* A length that the template gave is the length that came out; one that it did not, is set. */
static CK_RV set_lengths(const struct schema *s, struct attrs *a)
{
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        CK_ULONG is;

        if (schema_rule(s, lengths[i].length) == NULL)
            continue;
        is = lengths[i].measure(attrs_span(a, lengths[i].value));
        if (!attrs_has(a, lengths[i].length))
            TRY(attrs_set_ulong(a, lengths[i].length, is));
        ENSURE(attrs_ulong(a, lengths[i].length, is) == is, CKR_TEMPLATE_INCONSISTENT);
    }
    return CKR_OK;
}

/* What C_CreateObject must be told, every object has: a mechanism that left it out is a bug. */
static CK_RV require_complete(const struct schema *s, const struct attrs *a)
{
    size_t n;
    const struct attr_rule *const *rules = schema_sorted(s, &n);

    ENSURE(rules != NULL, CKR_GENERAL_ERROR);
    for (size_t i = 0; i < n; i++)
        ENSURE((rules[i]->notes & MUST_CREATE) == 0 || attrs_has(a, rules[i]->type),
               CKR_GENERAL_ERROR);
    return CKR_OK;
}

NODISCARD CK_RV template_finish(const struct template_context *c, struct attrs *a,
                                CK_MECHANISM_TYPE gen_mechanism, const struct attrs *parent,
                                const uint8_t unique[16])
{
    const struct schema *s = schema_of(a);

    ENSURE(s != NULL, CKR_GENERAL_ERROR);
    TRY(require_complete(s, a));
    TRY(set_history(c, s, a, gen_mechanism, parent));
    TRY(set_lengths(s, a));
    TRY(rule_set_unique_id(a, unique));
    return rule_check_object(s, a);
}
