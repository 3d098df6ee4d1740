/* SPDX-License-Identifier: BSD-2-Clause */
/* template.c - attribute templates; see template.h. */
#include "bench/template.h"

#include <assert.h>

void template_init(struct template *t)
{
    t->n = 0;
    t->used = 0;
}

void template_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, struct span value)
{
    const size_t aligned = (value.n + sizeof(CK_ULONG) - 1) / sizeof(CK_ULONG) * sizeof(CK_ULONG);

    assert(t->n < TEMPLATE_MAX && aligned <= sizeof(t->pool) - t->used);
    if (value.n > 0)
        memcpy(t->pool + t->used, value.p, value.n);
    t->a[t->n].type = type;
    t->a[t->n].pValue = t->pool + t->used;
    t->a[t->n].ulValueLen = (CK_ULONG)value.n;
    t->n++;
    t->used += aligned;
}

void template_ulong(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    template_bytes(t, type, SPAN_OBJ(value));
}

void template_bool(struct template *t, CK_ATTRIBUTE_TYPE type, bool value)
{
    const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;

    template_bytes(t, type, SPAN_OBJ(flag));
}

void template_label(struct template *t, const char *label)
{
    template_bytes(t, CKA_LABEL, span_of(label, strlen(label)));
}

void template_secrecy(struct template *t, bool token)
{
    template_bool(t, CKA_TOKEN, token);
    template_bool(t, CKA_PRIVATE, true);
    template_bool(t, CKA_SENSITIVE, true);
    template_bool(t, CKA_EXTRACTABLE, false);
}
