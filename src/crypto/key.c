/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key.c - ready keys: made by the class of their key type, counted, wiped with their last
 * reference; see key.h. The class's work is in key_rsa.c, key_ec.c, key_edwards.c, key_secret.c.
 */
#include "crypto/key.h"

#include <stdlib.h>

#include "crypto/certificate.h"
#include "crypto/key_class.h"
#include "crypto/key_secret.h"
#include "crypto/ossl_auto.h"

#define MAX_STRENGTH 256 /* more is not told apart */

const struct key_class *key_class_find(CK_KEY_TYPE type)
{
    static const struct key_class *const pairs[] = {
        &key_class_rsa,
        &key_class_ec,
        &key_class_edwards,
        &key_class_montgomery,
    };

    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        if (pairs[i]->type == type)
            return pairs[i];
    }
    return key_class_secret(type);
}

/* The class of a key object: pairs come in public and private objects, the rest in secret ones. */
static CK_RV class_of(const struct attrs *a, CK_OBJECT_CLASS *ret_object,
                      const struct key_class **ret)
{
    const CK_OBJECT_CLASS object = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    const struct key_class *c =
        key_class_find(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));

    ENSURE(c != NULL, CKR_KEY_TYPE_INCONSISTENT);
    ENSURE(c->store != NULL ? object == CKO_PUBLIC_KEY || object == CKO_PRIVATE_KEY
                            : object == CKO_SECRET_KEY,
           CKR_KEY_TYPE_INCONSISTENT);
    *ret_object = object;
    *ret = c;
    return CKR_OK;
}

CK_RV key_from_attrs(const struct attrs *a, struct key **ret)
{
    KEEP_ERRORS;
    AUTO(key_unrefp) struct key *k = NULL;
    const struct key_class *c = NULL;
    CK_OBJECT_CLASS object = 0;

    TRY(class_of(a, &object, &c));
    k = calloc(1, sizeof(*k));
    ENSURE(k != NULL, CKR_HOST_MEMORY);
    atomic_init(&k->refs, 1);
    k->class = object;
    k->type = c->type;
    TRY(c->load(a, k));
    *ret = TAKE(k);
    return CKR_OK;
}

CK_RV key_from_data(const struct attrs *a, struct key **ret)
{
    AUTO(key_unrefp) struct key *k = calloc(1, sizeof(*k));

    ENSURE(k != NULL, CKR_HOST_MEMORY);
    atomic_init(&k->refs, 1);
    k->class = CKO_DATA;
    k->type = CK_UNAVAILABLE_INFORMATION;
    buf_put(&k->value, attrs_span(a, CKA_VALUE));
    TRY(buf_ok(&k->value));
    k->bits = 8 * (CK_ULONG)k->value.n;
    *ret = TAKE(k);
    return CKR_OK;
}

struct key *key_ref(struct key *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void key_unref(struct key *k)
{
    if (k == NULL || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) > 1)
        return;
    pools_clear(&k->pools);
    EVP_PKEY_free(k->pkey);
    buf_clear(&k->value);
    mem_free(k, sizeof(*k));
}

CK_OBJECT_CLASS key_class(const struct key *k)
{
    return k->class;
}

CK_KEY_TYPE key_type(const struct key *k)
{
    return k->type;
}

CK_ULONG key_bits(const struct key *k)
{
    return k->bits;
}

/* The largest row that is not above; sizes fall into the ranges between. */
static CK_ULONG rsa_strength(CK_ULONG bits)
{
    static const struct {
        CK_ULONG bits, strength;
    } rows[] = {{8192, 200}, {7680, 192}, {6144, 176}, {4096, 152},
                {3072, 128}, {2048, 112}, {1024, 80}};

    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        if (bits >= rows[i].bits)
            return rows[i].strength;
    }
    return 0;
}

/* Half of the curve's field: 25519's 255 bits are 128 too. */
static CK_ULONG curve_strength(const struct curve *c)
{
    const CK_ULONG strength = (c->bits + 1) / 2;

    return strength > MAX_STRENGTH ? MAX_STRENGTH : strength;
}

CK_ULONG key_strength(const struct key *k)
{
    if (k->curve != NULL)
        return curve_strength(k->curve);
    if (k->pkey != NULL)
        return rsa_strength(k->bits);
    return k->bits > MAX_STRENGTH ? MAX_STRENGTH : k->bits;
}

CK_RV key_complete(struct attrs *a)
{
    KEEP_ERRORS;
    const struct key_class *c = NULL;
    CK_OBJECT_CLASS object = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

    if (object == CKO_CERTIFICATE)
        return certificate_complete(a);
    if (object != CKO_PUBLIC_KEY && object != CKO_PRIVATE_KEY && object != CKO_SECRET_KEY)
        return CKR_OK;
    /* Here the application's template is at fault, not the choice of a key. */
    ENSURE(class_of(a, &object, &c) == CKR_OK, CKR_TEMPLATE_INCONSISTENT);
    return c->complete(c, object, a);
}

CK_RV pkey_from_params(const char *name, bool is_private, const OSSL_PARAM *params, CK_RV otherwise,
                       EVP_PKEY **ret)
{
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), ossl_key_type(name), NULL);
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;

    ENSURE(ctx != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_PKEY_fromdata_init(ctx) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                             (OSSL_PARAM *)(uintptr_t)params) == 1,
           ossl_rv(otherwise));
    *ret = TAKE(pkey);
    return CKR_OK;
}

CK_RV pkey_number(const EVP_PKEY *pkey, const char *param, struct attrs *a, CK_ATTRIBUTE_TYPE type,
                  size_t n)
{
    AUTO(bn_freep) BIGNUM *number = NULL;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    ENSURE(EVP_PKEY_get_bn_param(pkey, param, &number) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    n = n > 0 ? n : (size_t)BN_num_bytes(number);
    /* The primes of a key that came without them, say. */
    if (n == 0)
        return attrs_set(a, type, SPAN_EMPTY);
    ENSURE(buf_extend(&bytes, n) != NULL, CKR_HOST_MEMORY);
    ENSURE(BN_bn2binpad(number, bytes.p, (int)n) == (int)n, ossl_rv(CKR_FUNCTION_FAILED));
    return attrs_set(a, type, buf_span(&bytes));
}
