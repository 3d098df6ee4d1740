/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.c - making keys: parameters are parsed, the row's class does the work, and what it added is
 * taken back when it fails; see gen.h.
 */
#include "crypto/gen.h"

#include "crypto/curve.h"
#include "crypto/gen_class.h"
#include "crypto/key_secret.h"
#include "crypto/ossl_auto.h"

void gen_undo_note(struct gen_undo *u, const struct gen_class *class, struct attrs *a)
{
    u->a = a;
    u->class = class;
    for (size_t i = 0; i < class->n_adds; i++) {
        const struct attr *there = attrs_get(a, class->adds[i]);

        u->before[i] = there == NULL ? GEN_ABSENT : there->n == 0 ? GEN_EMPTY : GEN_THERE;
    }
}

/* Emptying can't fail: it needs no memory where an attribute stands. */
void gen_undo(const struct gen_undo *u)
{
    for (size_t i = 0; i < u->class->n_adds; i++) {
        if (u->before[i] == GEN_ABSENT)
            attrs_remove(u->a, u->class->adds[i]);
        else if (u->before[i] == GEN_EMPTY &&
                 attrs_set(u->a, u->class->adds[i], SPAN_EMPTY) != CKR_OK)
            attrs_remove(u->a, u->class->adds[i]);
    }
}

CK_RV gen_key(const struct mech *row, const CK_MECHANISM *m, struct attrs *a)
{
    KEEP_ERRORS;
    AUTO(param_clear) union mech_param param = {0};
    struct gen_undo undo;
    CK_RV rv;

    ENSURE(row->gen != NULL && row->gen->key != NULL, CKR_MECHANISM_INVALID);
    TRY(row->parse(row, m, &param));
    gen_undo_note(&undo, row->gen, a);
    rv = row->gen->key(row, &param, a);
    if (rv != CKR_OK)
        gen_undo(&undo);
    return rv;
}

CK_RV gen_pair(const struct mech *row, const CK_MECHANISM *m, struct attrs *public_key,
               struct attrs *private_key)
{
    KEEP_ERRORS;
    AUTO(param_clear) union mech_param param = {0};
    struct gen_undo undo_public, undo_private;
    CK_RV rv;

    ENSURE(row->gen != NULL && row->gen->pair != NULL, CKR_MECHANISM_INVALID);
    TRY(row->parse(row, m, &param));
    gen_undo_note(&undo_public, row->gen, public_key);
    gen_undo_note(&undo_private, row->gen, private_key);
    rv = row->gen->pair(row, public_key, private_key);
    if (rv != CKR_OK) {
        gen_undo(&undo_public);
        gen_undo(&undo_private);
    }
    return rv;
}

static CK_RV dek_key(const struct mech *row, const union mech_param *param, struct attrs *a)
{
    (void)row;
    (void)param;
    (void)a;
    FAIL(CKR_MECHANISM_INVALID);
}

/* A DEK is made by the keyring, for the SO: whoever comes here came past core/key.c. */
const struct gen_class gen_dek = {.name = "dek", .key = dek_key};
