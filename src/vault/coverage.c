/* SPDX-License-Identifier: BSD-2-Clause */
/* coverage.c - which attribute types the index answers for; see coverage.h. */
#include "vault/coverage.h"

#include <pthread.h>

/* Room for listed types times classes. What does not fit is not covered: slower, never wrong. */
#define MAX_COVERED 256u

struct covered {
    CK_ATTRIBUTE_TYPE type;
    CK_ULONG class; /* SCHEMA_ANY: all of them */
};

static struct covered table[MAX_COVERED];
static size_t n_table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

bool coverage_is_listed(const struct attr_rule *rule)
{
    return rule != NULL && (rule->notes & INDEXED) != 0 && (rule->notes & SECRET) == 0 &&
           rule->type != CKA_TOKEN && rule->type != CKA_PRIVATE;
}

static bool is_known(CK_ATTRIBUTE_TYPE type, CK_ULONG class)
{
    for (size_t i = 0; i < n_table; i++) {
        if (table[i].type == type && table[i].class == class)
            return true;
    }
    return false;
}

/* Every schema of the class that has the attribute lists it. */
static bool is_covered(CK_ATTRIBUTE_TYPE type, CK_ULONG class)
{
    for (size_t i = 0; i < n_schemas; i++) {
        const struct attr_rule *rule = schema_rule(schemas[i], type);

        if (class != SCHEMA_ANY && schemas[i]->class != class)
            continue;
        if (rule != NULL && !coverage_is_listed(rule))
            return false;
    }
    return true;
}

static void learn(CK_ATTRIBUTE_TYPE type, CK_ULONG class)
{
    if (n_table < MAX_COVERED && !is_known(type, class) && is_covered(type, class))
        table[n_table++] = (struct covered){.type = type, .class = class};
}

static CK_RV learn_rule(const struct attr_rule *rule, void *arg)
{
    const struct schema *s = arg;

    if (coverage_is_listed(rule)) {
        learn(rule->type, s->class);
        learn(rule->type, SCHEMA_ANY);
    }
    return CKR_OK;
}

static void learn_all(void)
{
    for (size_t i = 0; i < n_schemas; i++) {
        struct schema s = *schemas[i];

        /* learn_rule() never fails. */
        if (schema_each(schemas[i], learn_rule, &s) != CKR_OK)
            return;
    }
}

bool coverage_has(CK_ATTRIBUTE_TYPE type, CK_ULONG class)
{
    (void)pthread_once(&once, learn_all);
    /* What holds for all schemas holds for those of a class. */
    return is_known(type, SCHEMA_ANY) || is_known(type, class);
}
