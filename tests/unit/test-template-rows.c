/* SPDX-License-Identifier: BSD-2-Clause */
/* test-template-rows.c - template_build(): every row of every schema, for every function. */
#include "model.h"

static CK_RV try_build(const struct template_context *c, CK_ATTRIBUTE *v, CK_ULONG n)
{
    struct attrs *a = NULL;
    const CK_RV rv = template_build(c, v, n, &a);

    assert_true((rv == CKR_OK) == (a != NULL));
    attrs_free(a);
    return rv;
}

static const struct {
    uint32_t forbid, require;
} op_notes[] = {
    [TEMPLATE_CREATE] = {NOT_CREATE, MUST_CREATE},
    [TEMPLATE_GENERATE] = {NOT_GEN, MUST_GEN},
    [TEMPLATE_UNWRAP] = {NOT_UNWRAP, MUST_UNWRAP},
    [TEMPLATE_DERIVE] = {NOT_UNWRAP, 0},
};

/* A template with samples of some rows. */
struct sampler {
    const struct schema *schema;
    uint32_t notes;            /* rows with one of these, */
    CK_ATTRIBUTE_TYPE also;    /* and this one, */
    CK_ATTRIBUTE_TYPE without; /* but not this one */
    CK_ATTRIBUTE v[64];
    struct buf values[64];
    CK_ULONG n;
    CK_ATTRIBUTE nested;
    CK_BBOOL yes;
};

#define NO_TYPE ((CK_ATTRIBUTE_TYPE)-1)

static CK_RV sample_row(const struct attr_rule *rule, void *arg)
{
    struct sampler *t = arg;
    struct buf *value = &t->values[t->n];
    const bool wanted = (rule->notes & t->notes) != 0 || rule->type == t->also;

    if (!wanted || rule->type == t->without)
        return CKR_OK;
    assert_true(t->n < N_ELEMENTS(t->v));
    if (rule->type == CKA_CLASS)
        buf_put(value, SPAN_OBJ(t->schema->class));
    else if (rule->type == CKA_KEY_TYPE || rule->type == CKA_CERTIFICATE_TYPE)
        buf_put(value, SPAN_OBJ(t->schema->key_type));
    else
        model_sample(rule, 0, value);
    t->v[t->n] = (CK_ATTRIBUTE){rule->type, value->p, value->n};
    if (rule->kind == AK_TEMPLATE) {
        t->nested = (CK_ATTRIBUTE){CKA_TOKEN, &t->yes, sizeof(t->yes)};
        t->v[t->n] = (CK_ATTRIBUTE){rule->type, &t->nested, sizeof(t->nested)};
    }
    t->n++;
    return CKR_OK;
}

static CK_RV try_row(const struct schema *s, enum template_op op, CK_ATTRIBUTE_TYPE also,
                     CK_ATTRIBUTE_TYPE without)
{
    struct template_context c = model_context(s, op);
    struct sampler *t = calloc(1, sizeof(*t));
    CK_RV rv;

    assert_non_null(t);
    t->schema = s;
    t->notes = op_notes[op].require;
    t->also = also;
    t->without = without;
    if (op == TEMPLATE_CREATE || op == TEMPLATE_UNWRAP)
        c.class = c.key_type = TEMPLATE_SAYS;
    if (op == TEMPLATE_UNWRAP && s->class != CKO_DATA)
        c.class = s->class;
    T_OK(schema_each(s, sample_row, t));
    rv = try_build(&c, t->v, t->n);
    for (size_t i = 0; i < N_ELEMENTS(t->values); i++)
        buf_clear(&t->values[i]);
    free(t);
    return rv;
}

struct row_test {
    const struct schema *schema;
    enum template_op op;
    unsigned *n_tried;
};

static CK_RV forbidden_row(const struct attr_rule *rule, void *arg)
{
    const struct row_test *t = arg;
    const bool forbidden = (rule->notes & op_notes[t->op].forbid) != 0;

    T_RV(forbidden ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK,
         try_row(t->schema, t->op, rule->type, NO_TYPE));
    ++*t->n_tried;
    return CKR_OK;
}

static CK_RV required_row(const struct attr_rule *rule, void *arg)
{
    const struct row_test *t = arg;
    const bool is_type = rule->type == CKA_CLASS || rule->type == CKA_KEY_TYPE;
    const bool required = (rule->notes & op_notes[t->op].require) != 0;

    /* Class and type may also be implied by the mechanism: tests of their own below. */
    if (required && !(is_type && t->op != TEMPLATE_CREATE)) {
        T_RV(CKR_TEMPLATE_INCOMPLETE, try_row(t->schema, t->op, NO_TYPE, rule->type));
        ++*t->n_tried;
    }
    return CKR_OK;
}

static bool is_for_applications(const struct schema *s)
{
    return (schema_rule(s, CKA_CLASS)->notes & NOT_CREATE) == 0;
}

static unsigned each_op(enum template_op first, enum template_op last, schema_fn *fn)
{
    unsigned n = 0;

    for (size_t i = 0; i < n_schemas; i++) {
        for (enum template_op op = first; op <= last; op++) {
            struct row_test t = {.schema = schemas[i], .op = op, .n_tried = &n};

            if (is_for_applications(schemas[i]))
                T_OK(schema_each(schemas[i], fn, &t));
        }
    }
    return n;
}

static void test_create_rows(void **state)
{
    (void)state;
    assert_true(each_op(TEMPLATE_CREATE, TEMPLATE_CREATE, forbidden_row) > 500);
    assert_true(each_op(TEMPLATE_CREATE, TEMPLATE_CREATE, required_row) > 70);
}

static void test_generate_rows(void **state)
{
    (void)state;
    assert_true(each_op(TEMPLATE_GENERATE, TEMPLATE_GENERATE, forbidden_row) > 500);
    assert_true(each_op(TEMPLATE_GENERATE, TEMPLATE_GENERATE, required_row) > 10);
}

static void test_derive_rows(void **state)
{
    (void)state;
    assert_true(each_op(TEMPLATE_DERIVE, TEMPLATE_DERIVE, forbidden_row) > 500);
}

static CK_RV unwrap_row(const struct attr_rule *rule, void *arg)
{
    const struct row_test *t = arg;

    return schema_rule(t->schema, CKA_KEY_TYPE) == NULL ? CKR_OK : forbidden_row(rule, arg);
}

static void test_unwrap_rows(void **state)
{
    CK_ATTRIBUTE v[] = {A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES)};
    const struct template_context c = {
        .op = TEMPLATE_UNWRAP, .class = TEMPLATE_SAYS, .key_type = TEMPLATE_SAYS};

    (void)state;
    assert_true(each_op(TEMPLATE_UNWRAP, TEMPLATE_UNWRAP, unwrap_row) > 400);
    T_OK(try_build(&c, v, 2));
    T_RV(CKR_TEMPLATE_INCOMPLETE, try_build(&c, v, 1));
    T_RV(CKR_TEMPLATE_INCOMPLETE, try_build(&c, v + 1, 1));
}

/* An attribute of some other object. */
static CK_RV foreign_row(const struct attr_rule *rule, void *arg)
{
    const struct row_test *t = arg;
    struct buf value = BUF_INIT;
    CK_ATTRIBUTE entry = {rule->type, NULL, 0};
    struct template_context c = model_context(t->schema, TEMPLATE_GENERATE);

    if (schema_rule(t->schema, rule->type) == NULL) {
        model_sample(rule, 0, &value);
        entry.pValue = value.p;
        entry.ulValueLen = value.n;
        T_RV(CKR_ATTRIBUTE_TYPE_INVALID, try_build(&c, &entry, 1));
        ++*t->n_tried;
        buf_clear(&value);
    }
    return CKR_OK;
}

static void test_foreign_attributes(void **state)
{
    const struct template_context c = {
        .op = TEMPLATE_CREATE, .class = TEMPLATE_SAYS, .key_type = TEMPLATE_SAYS};
    CK_ATTRIBUTE unknown[] = {A_ULONG(CKA_CLASS, CKO_DATA), A_ULONG(0x7fff, 1)};
    unsigned n = 0;

    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        for (size_t other = 0; other < n_schemas; other++) {
            struct row_test t = {.schema = schemas[i], .n_tried = &n};

            T_OK(schema_each(schemas[other], foreign_row, &t));
        }
    }
    assert_true(n > 1000);
    T_RV(CKR_ATTRIBUTE_TYPE_INVALID, try_build(&c, unknown, 2));
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, NULL, NULL, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/template/create/every-row", test_create_rows),
        TEST("/template/generate/every-row", test_generate_rows),
        TEST("/template/derive/every-row", test_derive_rows),
        TEST("/template/unwrap/every-row", test_unwrap_rows),
        TEST("/template/foreign-attributes", test_foreign_attributes),
    };

    return cmocka_run_group_tests_name("template-rows", tests, NULL, NULL);
}
