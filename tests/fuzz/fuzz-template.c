/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-template.c - the template engine: an application's templates for every function and every
 * class of object. What is built can be stored; what is changed changes only where the schema says;
 * and a secret never comes out of a key that keeps it.
 *
 * The schema's notes are judged here once more, by hand, so that the engine is not its own witness.
 */
#include "fuzz.h"

#include "given.h"
#include "model/record.h"
#include "model/template.h"

#define MARK "kept-from-world!" /* 16 bytes; the last is odd, as an RSA exponent is */

static const uint8_t unique[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* -- objects ----------------------------------------------------------------------------------- */

/* A value for a row: the mark for what is secret. */
static struct span sample(const struct attr_rule *rule)
{
    static const CK_BBOOL no = CK_FALSE;
    static const CK_ULONG number = 32;
    static const uint8_t mark[32] = MARK MARK;
    static const uint8_t plain[32] = {[0] = 1, [31] = 0x21};

    if (rule->kind == AK_BOOL)
        return SPAN_OBJ(no);
    if (rule->kind == AK_ULONG || rule->kind == AK_ULONGS)
        return SPAN_OBJ(number);
    if (rule->kind == AK_DATE)
        return SPAN_LIT("20240229");
    if (rule->kind == AK_TEMPLATE)
        return SPAN_LIT("\1\0\0"); /* the encoding of no attributes */
    return (rule->notes & SECRET) != 0 ? SPAN_ARRAY(mark) : SPAN_ARRAY(plain);
}

static CK_RV add_sample(const struct attr_rule *rule, void *arg)
{
    struct attrs *a = arg;

    return attrs_has(a, rule->type) ? CKR_OK : attrs_set(a, rule->type, sample(rule));
}

/* An object of some schema with every attribute, its switches as the input has them. */
static void object_of(const struct schema *s, struct cursor *c, struct attrs *a)
{
    static const CK_ATTRIBUTE_TYPE switches[] = {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_MODIFIABLE,
                                                 CKA_COPYABLE, CKA_PRIVATE, CKA_TRUSTED};
    const uint8_t bits = cursor_u8(c);
    CK_ATTRIBUTE_TYPE subtype = s->class == CKO_CERTIFICATE ? CKA_CERTIFICATE_TYPE : CKA_KEY_TYPE;

    FUZZ_OK(attrs_set_ulong(a, CKA_CLASS, s->class));
    if (schema_rule(s, subtype) != NULL && s->key_type != SCHEMA_ANY)
        FUZZ_OK(attrs_set_ulong(a, subtype, s->key_type));
    for (size_t i = 0; i < N_ELEMENTS(switches); i++) {
        if (schema_rule(s, switches[i]) != NULL)
            FUZZ_OK(attrs_set_bool(a, switches[i], (bits >> i & 1) != 0));
    }
    FUZZ_OK(schema_each(s, add_sample, a));
    FUZZ_CHECK(schema_of(a) == s);
}

static void encode(const struct attrs *a, struct buf *ret)
{
    buf_clear(ret);
    FUZZ_OK(record_encode(a, ret));
}

/* Every attribute belongs to the schema, and the whole can be written and read. */
static void check_object(const struct attrs *a)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(attrs_freep) struct attrs *back = NULL;
    const struct schema *s = schema_of(a);

    FUZZ_CHECK(s != NULL);
    for (size_t i = 0; i < a->n; i++)
        FUZZ_CHECK(schema_rule(s, a->v[i].type) != NULL);
    encode(a, &bytes);
    FUZZ_OK(record_decode(buf_span(&bytes), &back));
}

/* -- building ---------------------------------------------------------------------------------- */

static void pick_context(struct cursor *c, struct template_context *ret)
{
    const struct schema *s = schemas[pick(c, (uint32_t)n_schemas)];
    const uint8_t implied = cursor_u8(c);

    *ret = (struct template_context){
        .op = (enum template_op)pick(c, 4),
        .class = (implied & 1) != 0 ? s->class : TEMPLATE_SAYS,
        .key_type = (implied & 2) != 0 ? s->key_type : TEMPLATE_SAYS,
        .is_so = (implied & 4) != 0,
    };
}

/* The template that an unwrapping key would bring: any encoded one, or bytes that are none. */
static void pick_nested(struct cursor *c, struct arena *mem, struct buf *ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    CK_ULONG n = 0;
    const CK_ATTRIBUTE *v;

    if (pick(c, 4) != 0)
        return;
    v = given_template(c, mem, 4, &n);
    if (template_search(v, n, &a) != CKR_OK || record_encode(a, ret) != CKR_OK) {
        buf_clear(ret);
        buf_put(ret, pick_bytes(c, 20));
    }
}

static CK_RV add_missing(const struct attr_rule *rule, void *arg)
{
    return (rule->notes & MUST_CREATE) != 0 ? add_sample(rule, arg) : CKR_OK;
}

static void finish(const struct template_context *ctx, struct attrs *a, const struct attrs *parent)
{
    AUTO(attrs_freep) struct attrs *whole = NULL;
    CK_RV rv;

    FUZZ_OK(attrs_dup(a, &whole));
    attrs_remove(whole, CKA_VALUE_LEN); /* whatever was asked for, the sample is what it is */
    attrs_remove(whole, CKA_MODULUS_BITS);
    FUZZ_OK(schema_each(schema_of(a), add_missing, whole));
    rv = template_finish(ctx, whole, CKM_AES_KEY_GEN, parent, unique);
    FUZZ_RV(rv, CKR_OK, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE,
            CKR_TEMPLATE_INCONSISTENT);
    if (rv != CKR_OK)
        return;
    check_object(whole);
    FUZZ_CHECK(ctx->op == TEMPLATE_GENERATE || !attrs_bool(whole, CKA_LOCAL, false));
    if (ctx->op == TEMPLATE_CREATE || ctx->op == TEMPLATE_UNWRAP) {
        FUZZ_CHECK(!attrs_bool(whole, CKA_ALWAYS_SENSITIVE, false));
        FUZZ_CHECK(!attrs_bool(whole, CKA_NEVER_EXTRACTABLE, false));
    }
    if (attrs_bool(whole, CKA_ALWAYS_SENSITIVE, false))
        FUZZ_CHECK(attrs_bool(whole, CKA_SENSITIVE, false));
    if (attrs_bool(whole, CKA_NEVER_EXTRACTABLE, false))
        FUZZ_CHECK(!attrs_bool(whole, CKA_EXTRACTABLE, true));
}

/* What a template for the schema and function must have, before what the input adds. */
struct required {
    uint32_t notes;
    CK_ATTRIBUTE v[32];
    CK_ULONG n;
};

static CK_RV add_required(const struct attr_rule *rule, void *arg)
{
    struct required *r = arg;
    const struct span value = sample(rule);

    if ((rule->notes & r->notes) != 0 && rule->type != CKA_CLASS && rule->type != CKA_KEY_TYPE &&
        r->n < N_ELEMENTS(r->v))
        r->v[r->n++] = (CK_ATTRIBUTE){rule->type, (void *)(uintptr_t)value.p, value.n};
    return CKR_OK;
}

/* The input's template, or behind what the function requires. */
static CK_ATTRIBUTE *pick_template(struct cursor *c, struct arena *mem,
                                   const struct template_context *ctx, CK_ULONG *ret_n)
{
    static const uint32_t notes[] = {MUST_CREATE, MUST_GEN, MUST_UNWRAP, 0};
    const struct schema *s = schema_find(ctx->class, ctx->key_type);
    struct required r = {.notes = notes[ctx->op]};
    CK_ATTRIBUTE *v;
    CK_ULONG n = 0;

    if (s == NULL || pick(c, 4) == 0)
        return given_template(c, mem, 12, ret_n);
    v = given_template(c, mem, 4, &n);
    FUZZ_OK(schema_each(s, add_required, &r));
    for (CK_ULONG i = 0; v != NULL && i < n && r.n < N_ELEMENTS(r.v); i++)
        r.v[r.n++] = v[i];
    *ret_n = r.n;
    return arena_copy(mem, span_of(r.v, r.n * sizeof(r.v[0])), 0);
}

static void build(struct cursor *c, struct arena *mem, const struct attrs *parent)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf nested = BUF_INIT;
    struct template_context ctx;
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v;
    CK_RV rv;

    pick_context(c, &ctx);
    pick_nested(c, mem, &nested);
    ctx.nested = buf_span(&nested);
    v = pick_template(c, mem, &ctx, &n);
    rv = template_build(&ctx, v, n, &a);
    FUZZ_RV(rv, CKR_OK, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
            CKR_DATA_INVALID);
    FUZZ_CHECK((rv == CKR_OK) == (a != NULL));
    if (a == NULL)
        return;
    check_object(a);
    FUZZ_CHECK(ctx.class == TEMPLATE_SAYS || attrs_ulong(a, CKA_CLASS, 0) == ctx.class);
    FUZZ_CHECK(ctx.is_so || !attrs_bool(a, CKA_TRUSTED, false));
    finish(&ctx, a, parent);
}

/* -- changing ---------------------------------------------------------------------------------- */

static bool same_at(const struct attrs *a, const struct attrs *b, CK_ATTRIBUTE_TYPE type)
{
    return attrs_has(a, type) == attrs_has(b, type) &&
           span_equal(attrs_span(a, type), attrs_span(b, type));
}

/* Only what may be changed has changed, by whom it may, and never back. */
static void check_change(const struct attrs *before, const struct attrs *after, uint32_t permit,
                         bool is_so)
{
    const struct schema *s = schema_of(before);

    FUZZ_CHECK(schema_of(after) == s);
    check_object(after);
    for (size_t i = 0; i < after->n; i++) {
        const CK_ATTRIBUTE_TYPE type = after->v[i].type;
        const struct attr_rule *rule = schema_rule(s, type);

        if (same_at(before, after, type) || type == CKA_UNIQUE_ID)
            continue;
        FUZZ_CHECK((rule->notes & permit) != 0);
        FUZZ_CHECK((rule->notes & SO_TRUE) == 0 || is_so || !attrs_bool(after, type, true));
        FUZZ_CHECK((rule->notes & ONCE_TRUE) == 0 || attrs_bool(after, type, false));
        FUZZ_CHECK((rule->notes & ONCE_FALSE) == 0 || !attrs_bool(after, type, true));
    }
    for (size_t i = 0; i < before->n; i++)
        FUZZ_CHECK(attrs_has(after, before->v[i].type));
}

static void change(struct cursor *c, struct arena *mem, const struct attrs *a)
{
    AUTO(attrs_freep) struct attrs *modified = NULL;
    AUTO(attrs_freep) struct attrs *copied = NULL;
    const bool is_so = pick_bool(c);
    CK_ULONG n = 0;
    const CK_ATTRIBUTE *v = given_template(c, mem, 4, &n);

    FUZZ_RV(template_modify(a, is_so, v, n, &modified), CKR_OK, CKR_ACTION_PROHIBITED,
            CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE);
    if (modified != NULL) {
        FUZZ_CHECK(attrs_bool(a, CKA_MODIFIABLE, false));
        check_change(a, modified, MODIFY, is_so);
    }
    FUZZ_RV(template_copy(a, is_so, v, n, unique, &copied), CKR_OK, CKR_ACTION_PROHIBITED,
            CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE);
    if (copied != NULL) {
        FUZZ_CHECK(attrs_bool(a, CKA_COPYABLE, false));
        check_change(a, copied, MODIFY | ON_COPY, is_so);
    }
}

/* -- reading ----------------------------------------------------------------------------------- */

static bool is_hidden(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    const struct attr_rule *rule = schema_rule(schema_of(a), type);

    return rule != NULL && (rule->notes & SECRET) != 0 &&
           (attrs_bool(a, CKA_SENSITIVE, true) || !attrs_bool(a, CKA_EXTRACTABLE, false));
}

static void check_answer(const struct attrs *a, const CK_ATTRIBUTE *asked, const CK_ATTRIBUTE *got)
{
    const CK_ULONG n = got->ulValueLen;

    FUZZ_CHECK(got->type == asked->type && got->pValue == asked->pValue);
    if (n == CK_UNAVAILABLE_INFORMATION)
        return;
    FUZZ_CHECK(!is_hidden(a, got->type));
    FUZZ_CHECK(got->pValue == NULL || n <= asked->ulValueLen);
    FUZZ_CHECK(attrs_has(a, got->type));
}

/* Wherever something was written, it was not the mark. */
static void check_unmarked(const CK_ATTRIBUTE *entry, CK_ULONG room)
{
    if (entry->pValue != NULL && room != CK_UNAVAILABLE_INFORMATION && room > 0)
        FUZZ_CHECK(memmem(entry->pValue, room, MARK, sizeof(MARK) - 1) == NULL);
}

static void reveal(struct cursor *c, struct arena *mem, const struct attrs *a)
{
    CK_ATTRIBUTE asked[16];
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_room(c, mem, N_ELEMENTS(asked), &n);
    const bool keeps = attrs_bool(a, CKA_SENSITIVE, true) || !attrs_bool(a, CKA_EXTRACTABLE, false);

    if (v == NULL)
        return;
    memcpy(asked, v, n * sizeof(*v));
    FUZZ_RV(template_reveal(a, v, n), CKR_OK, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_BUFFER_TOO_SMALL);
    for (CK_ULONG i = 0; i < n; i++) {
        check_answer(a, &asked[i], &v[i]);
        if (keeps)
            check_unmarked(&asked[i], asked[i].ulValueLen);
    }
}

/* What matches is what could be read. */
static void search(struct cursor *c, struct arena *mem, const struct attrs *a)
{
    AUTO(attrs_freep) struct attrs *wanted = NULL;
    AUTO(attrs_freep) struct attrs *self = NULL;
    CK_ULONG n = 0;
    const CK_ATTRIBUTE *v = given_template(c, mem, 4, &n);

    FUZZ_OK(attrs_new(&self));
    for (size_t i = 0; i < a->n; i++) {
        if (!is_hidden(a, a->v[i].type))
            FUZZ_OK(attrs_set(self, a->v[i].type, span_of(a->v[i].p, a->v[i].n)));
    }
    FUZZ_CHECK(template_matches(a, self));
    FUZZ_RV(template_search(v, n, &wanted), CKR_OK, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID,
            CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT);
    if (wanted == NULL || !template_matches(a, wanted))
        return;
    for (size_t i = 0; i < wanted->n; i++) {
        FUZZ_CHECK(!is_hidden(a, wanted->v[i].type));
        FUZZ_CHECK(same_at(a, wanted, wanted->v[i].type));
    }
}

static void one(struct span input)
{
    static struct arena mem;
    struct cursor c = cursor_of(input);
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf before = BUF_INIT;
    AUTO(buf_clear) struct buf after = BUF_INIT;

    FUZZ_OK(attrs_new(&a));
    object_of(schemas[pick(&c, (uint32_t)n_schemas)], &c, a);
    encode(a, &before);
    for (unsigned i = 0; i < 8 && c.rest.n > 0 && !c.failed; i++) {
        change(&c, &mem, a);
        reveal(&c, &mem, a);
        search(&c, &mem, a);
        build(&c, &mem, a);
        arena_clear(&mem);
    }
    encode(a, &after);
    FUZZ_CHECK(span_equal(buf_span(&before), buf_span(&after)));
}

const struct fuzz_target fuzz_target = {
    .name = "template",
    .max_input = 1024,
    .setup = given_setup,
    .one = one,
};
