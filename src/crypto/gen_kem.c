/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_kem.c - encapsulation (PKCS#11 v3.2 5.18): a new secret, and the ciphertext from which a
 * private key gets it too. By RSA-OAEP (6.1.8) the secret is random and encrypted; ECDH is in
 * gen_ecdh.c. A mechanism of which the class makes both at once, as ML-KEM does, has the same three
 * methods.
 */

#include "crypto/gen_class.h"
#include "crypto/key_secret.h"
#include "crypto/op.h"
#include "crypto/ossl_auto.h"
#include "crypto/prim.h"

#define MIN_SECRET 14 /* bytes: 112 bits, SP 800-131A */

static CK_RV find_methods(const struct mech *row, const struct gen_kem **ret)
{
    ENSURE(row->gen != NULL && row->gen->kem != NULL, CKR_MECHANISM_INVALID);
    *ret = row->gen->kem;
    return CKR_OK;
}

CK_RV gen_capsule_size(const struct mech *row, const struct key *k, size_t *ret)
{
    const struct gen_kem *kem = NULL;

    TRY(find_methods(row, &kem));
    *ret = kem->size(k);
    return CKR_OK;
}

CK_RV gen_encapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *public_key,
                      struct attrs *a, struct buf *ret)
{
    KEEP_ERRORS;
    const struct gen_kem *kem = NULL;

    TRY(find_methods(row, &kem));
    return kem->encapsulate(row, m, public_key, a, ret);
}

CK_RV gen_decapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *private_key,
                      struct span capsule, struct attrs *a)
{
    KEEP_ERRORS;
    const struct gen_kem *kem = NULL;

    TRY(find_methods(row, &kem));
    return kem->decapsulate(row, m, private_key, capsule, a);
}

/* -- RSA-OAEP ---------------------------------------------------------------------------------- */

static size_t oaep_size(const struct key *k)
{
    return (k->bits + 7) / 8;
}

/* Bytes of the new secret: CKA_VALUE_LEN, or the type's only length. */
static CK_RV secret_length(const struct attrs *a, CK_ULONG *ret)
{
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    CK_ULONG n;

    ENSURE(c != NULL, CKR_TEMPLATE_INCONSISTENT);
    n = attrs_ulong(a, CKA_VALUE_LEN, c->min == c->max ? c->min : 0);
    ENSURE(n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(n >= MIN_SECRET && n <= SECRET_KEY_MAX && key_secret_length(c, n), CKR_KEY_SIZE_RANGE);
    *ret = n;
    return CKR_OK;
}

static CK_RV encrypt(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                     struct span secret, struct buf *ret)
{
    AUTO(op_freep) struct op *o = NULL;
    CK_ULONG n = oaep_size(k);
    struct out out = {.len = &n};
    CK_RV rv;

    TRY(op_start(OP_ENCRYPT, row, m, k, &o));
    out.data = buf_extend(ret, n);
    ENSURE(out.data != NULL, CKR_HOST_MEMORY);
    rv = op_once(o, secret, &out);
    return rv == CKR_DATA_LEN_RANGE ? CKR_KEY_SIZE_RANGE : rv;
}

static CK_RV oaep_encapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                              struct attrs *a, struct buf *ret)
{
    uint8_t secret[SECRET_KEY_MAX];
    CK_ULONG n = 0;
    CK_RV rv;

    TRY(secret_length(a, &n));
    TRY(prim_random(secret, n));
    rv = encrypt(row, m, k, span_of(secret, n), ret);
    if (rv == CKR_OK)
        rv = attrs_set(a, CKA_VALUE, span_of(secret, n));
    mem_wipe(secret, sizeof(secret));
    return rv;
}

/* 6.1.8: exactly equivalent to C_UnwrapKey. */
static CK_RV oaep_decapsulate(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                              struct span capsule, struct attrs *a)
{
    return gen_unwrap(row, m, k, capsule, a);
}

const struct gen_kem gen_kem_oaep = {
    .size = oaep_size,
    .encapsulate = oaep_encapsulate,
    .decapsulate = oaep_decapsulate,
};
