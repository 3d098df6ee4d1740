/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what the tests of src/model/ share: templates in place, a value for every attribute,
 * and a whole object of any schema.
 */
#ifndef TEE_TEST_MODEL_H
#define TEE_TEST_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/record.h"
#include "model/template.h"

#define T_OK(call)     assert_int_equal((call), CKR_OK)
#define T_RV(rv, call) assert_int_equal((call), (rv))

/* Entries of a CK_ATTRIBUTE array. */
#define A_BOOL(type, value)                                                                        \
    {                                                                                              \
        (type), (CK_BBOOL[]){(value)}, sizeof(CK_BBOOL)                                            \
    }
#define A_ULONG(type, value)                                                                       \
    {                                                                                              \
        (type), (CK_ULONG[]){(value)}, sizeof(CK_ULONG)                                            \
    }
#define A_TEXT(type, text)                                                                         \
    {                                                                                              \
        (type), (char[]){text}, sizeof(text) - 1                                                   \
    }
#define A_SPAN(type, bytes, n)                                                                     \
    {                                                                                              \
        (type), (bytes), (n)                                                                       \
    }
#define A_NONE(type)                                                                               \
    {                                                                                              \
        (type), NULL, 0                                                                            \
    }
#define A_ARRAY(type, v)                                                                           \
    {                                                                                              \
        (type), (v), sizeof(v)                                                                     \
    }

static const uint8_t model_unique[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                         0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

/* A value that fits the row; `variant` gives another one. Kept form. */
static inline void model_sample(const struct attr_rule *rule, uint8_t variant, struct buf *ret)
{
    const CK_BBOOL yes = (variant & 1) == 0 ? CK_FALSE : CK_TRUE;
    const CK_ULONG number = (CK_ULONG)variant + 1;
    struct attrs *nested;

    if (rule->kind == AK_BOOL)
        buf_put(ret, SPAN_OBJ(yes));
    else if (rule->kind == AK_ULONG || rule->kind == AK_ULONGS)
        buf_put(ret, SPAN_OBJ(number));
    else if (rule->kind == AK_DATE)
        buf_printf(ret, "202401%02u", 1 + variant % 28u);
    else if (rule->kind == AK_BYTES)
        memset(buf_extend(ret, 32), 2 * variant + 1, 32); /* a key, an odd number, a name */
    if (rule->kind == AK_TEMPLATE) {
        T_OK(attrs_new(&nested));
        T_OK(attrs_set_bool(nested, CKA_TOKEN, yes));
        T_OK(record_encode(nested, ret));
        attrs_free(nested);
    }
    T_OK(buf_ok(ret));
}

struct model_fill {
    struct attrs *a;
    uint32_t notes; /* rows with one of these get a sample */
};

static inline CK_RV model_fill_row(const struct attr_rule *rule, void *arg)
{
    const struct model_fill *f = arg;
    struct buf value = BUF_INIT;

    if ((rule->notes & f->notes) != 0 && !attrs_has(f->a, rule->type)) {
        model_sample(rule, 1, &value);
        T_OK(attrs_set(f->a, rule->type, buf_span(&value)));
        buf_clear(&value);
    }
    return CKR_OK;
}

static inline struct template_context model_context(const struct schema *s, enum template_op op)
{
    return (struct template_context){.op = op, .class = s->class, .key_type = s->key_type};
}

/* Samples for the rows of the schema that have one of these notes. */
static inline void model_fill(const struct schema *s, uint32_t notes, struct attrs *a)
{
    struct model_fill f = {.a = a, .notes = notes};

    T_OK(schema_each(s, model_fill_row, &f));
}

/* The object that the template and samples for what the mechanism gives make. */
static inline struct attrs *model_object(const struct schema *s, enum template_op op,
                                         CK_ATTRIBUTE *v, CK_ULONG n)
{
    const struct template_context c = model_context(s, op);
    struct attrs *a = NULL;

    T_OK(template_build(&c, v, n, &a));
    attrs_remove(a, CKA_VALUE_LEN); /* of the sample, as finish finds it */
    attrs_remove(a, CKA_MODULUS_BITS);
    model_fill(s, MUST_CREATE, a);
    T_OK(template_finish(&c, a, CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, model_unique));
    return a;
}

/* A generated object of any class, whatever its rows require. */
static inline struct attrs *model_generated(const struct schema *s)
{
    CK_ULONG number = 32;
    uint8_t bytes[] = {6, 1, 42};
    CK_ATTRIBUTE v[] = {
        A_SPAN(CKA_VALUE_LEN, &number, sizeof(number)),
        A_SPAN(CKA_MODULUS_BITS, &number, sizeof(number)),
        A_SPAN(CKA_EC_PARAMS, bytes, sizeof(bytes)),
    };
    CK_ATTRIBUTE required[N_ELEMENTS(v)];
    CK_ULONG n = 0;

    for (size_t i = 0; i < N_ELEMENTS(v); i++) {
        const struct attr_rule *rule = schema_rule(s, v[i].type);

        if (rule != NULL && (rule->notes & MUST_GEN) != 0)
            required[n++] = v[i];
    }
    return model_object(s, TEMPLATE_GENERATE, required, n);
}

#endif
