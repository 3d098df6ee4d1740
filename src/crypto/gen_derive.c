/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_derive.c - one call of C_DeriveKey: the parameter is parsed, the row's class plans the
 * objects and fills them, and what it added is taken back when it fails; see gen.h.
 */
#include <stdlib.h>

#include "crypto/gen_class.h"
#include "crypto/key_secret.h"
#include "crypto/ossl_auto.h"

#define DATA_MAX 16320 /* bytes: HKDF's most, 255 blocks of SHA-512 (RFC 5869 2.3) */

void gen_derivation_free(struct gen_derivation *d)
{
    if (d == NULL)
        return;
    if (d->param != NULL)
        param_clear(d->param);
    free(d->param);
    attrs_free(d->inherited);
    free(d->templates);
    buf_clear(&d->shown);
    free(d);
}

static CK_RV outputs_check(const struct gen_derivation *d)
{
    for (size_t i = 0; i < d->n_outputs; i++)
        ENSURE(d->outputs[i].handle != NULL, CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

CK_RV gen_derive_plan(const struct mech *row, const CK_MECHANISM *m, const struct gen_keys *keys,
                      const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle,
                      struct gen_derivation **ret)
{
    KEEP_ERRORS;
    AUTO(gen_derivation_freep) struct gen_derivation *d = calloc(1, sizeof(*d));
    const struct gen_class *class = row->gen;

    ENSURE(class != NULL && class->derive != NULL, CKR_MECHANISM_INVALID);
    ENSURE(d != NULL, CKR_HOST_MEMORY);
    d->row = row;
    d->m = m;
    d->how = &class->derives;
    d->param = calloc(1, sizeof(*d->param));
    ENSURE(d->param != NULL, CKR_HOST_MEMORY);
    TRY(attrs_new(&d->inherited));
    TRY(row->parse(row, m, d->param));
    d->outputs[0] = (struct gen_output){
        .v = v, .n = n, .key_type = CK_UNAVAILABLE_INFORMATION, .handle = ret_handle};
    d->n_outputs = 1;
    if (class->plan != NULL)
        TRY(class->plan(d, keys));
    TRY(outputs_check(d));
    if (class->inherit != NULL)
        TRY(class->inherit(keys->base_attrs, d->inherited));
    *ret = TAKE(d);
    return CKR_OK;
}

CK_RV gen_derive(struct gen_derivation *d, const struct gen_keys *keys, struct attrs *const *a)
{
    KEEP_ERRORS;
    struct gen_undo undo[GEN_MAX_OUTPUTS];
    CK_RV rv;

    for (size_t i = 0; i < d->n_outputs; i++)
        gen_undo_note(&undo[i], d->row->gen, a[i]);
    rv = d->row->gen->derive(d, keys, a);
    for (size_t i = 0; rv != CKR_OK && i < d->n_outputs; i++)
        gen_undo(&undo[i]);
    return rv;
}

void gen_derive_deliver(const struct gen_derivation *d, const CK_OBJECT_HANDLE *handles)
{
    for (size_t i = 0; i < d->n_outputs; i++)
        memcpy(d->outputs[i].handle, &handles[i], sizeof(handles[i]));
    if (d->row->gen->deliver != NULL)
        d->row->gen->deliver(d);
}

/* A type of several lengths, none of which is every number: AES. */
static bool has_choice(const struct key_class *c)
{
    return c->step > 1 && c->min < c->max;
}

CK_RV gen_length(const struct gen_derivation *d, size_t i, const struct attrs *a, size_t natural,
                 size_t most, size_t *ret)
{
    const CK_OBJECT_CLASS class = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    CK_ULONG n = attrs_ulong(a, CKA_VALUE_LEN, d->outputs[i].length);

    ENSURE(class == CKO_DATA || c != NULL, CKR_TEMPLATE_INCONSISTENT);
    if (n == 0 && c != NULL && c->min == c->max)
        n = c->min;
    if (n == 0 && (c == NULL || !has_choice(c)))
        n = natural;
    ENSURE(n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(c != NULL ? key_secret_length(c, n) : n <= DATA_MAX, CKR_KEY_SIZE_RANGE);
    ENSURE(most == 0 || n <= most, CKR_KEY_SIZE_RANGE);
    *ret = n;
    return CKR_OK;
}

CK_RV gen_inherit_protection(const struct attrs *base, struct attrs *ret)
{
    TRY(attrs_set_bool(ret, CKA_SENSITIVE, attrs_bool(base, CKA_SENSITIVE, true)));
    return attrs_set_bool(ret, CKA_EXTRACTABLE, attrs_bool(base, CKA_EXTRACTABLE, false));
}
