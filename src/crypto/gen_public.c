/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_public.c - the public key object of a private key: CKM_PUB_KEY_FROM_PRIV_KEY (PKCS#11 v3.2
 * 6.43.8). Private keys have all that it takes as attributes; what follows from those,
 * key_complete() adds.
 *
 * A silent template takes over what the private key can do, in the public key's words. CKA_TRUSTED
 * does not come along: that is for the SO to say of each object.
 */
#include "crypto/gen_class.h"
#include "crypto/key_class.h"

static const CK_ATTRIBUTE_TYPE rsa_parts[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT};
static const CK_ATTRIBUTE_TYPE curve_parts[] = {CKA_EC_PARAMS, CKA_EC_POINT};

static const struct {
    CK_ATTRIBUTE_TYPE private_key, public_key;
} twins[] = {
    {CKA_DECRYPT, CKA_ENCRYPT},
    {CKA_SIGN, CKA_VERIFY},
    {CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER},
    {CKA_UNWRAP, CKA_WRAP},
    {CKA_DERIVE, CKA_DERIVE},
    {CKA_ID, CKA_ID},
    {CKA_START_DATE, CKA_START_DATE},
    {CKA_END_DATE, CKA_END_DATE},
    {CKA_SUBJECT, CKA_SUBJECT},
    {CKA_ALLOWED_MECHANISMS, CKA_ALLOWED_MECHANISMS},
};

static CK_RV public_inherit(const struct attrs *base, struct attrs *ret)
{
    for (size_t i = 0; i < N_ELEMENTS(twins); i++) {
        if (attrs_has(base, twins[i].private_key))
            TRY(attrs_set(ret, twins[i].public_key, attrs_span(base, twins[i].private_key)));
    }
    return CKR_OK;
}

/* The public key is of the private key's type, whatever the template says of it. */
static CK_RV public_plan(struct gen_derivation *d, const struct gen_keys *keys)
{
    d->outputs[0].key_type = keys->base->type;
    return CKR_OK;
}

static CK_RV part_set(const struct attrs *base, CK_ATTRIBUTE_TYPE type, struct attrs *a)
{
    const struct span is = attrs_span(base, type), said = attrs_span(a, type);

    ENSURE(is.n > 0, CKR_KEY_UNEXTRACTABLE);
    ENSURE(said.n == 0 || span_equal(is, said), CKR_TEMPLATE_INCONSISTENT);
    return attrs_set(a, type, is);
}

static CK_RV public_derive(struct gen_derivation *d, const struct gen_keys *keys,
                           struct attrs *const *a)
{
    const bool is_rsa = keys->base->type == CKK_RSA;

    (void)d;
    for (size_t i = 0; i < N_ELEMENTS(rsa_parts); i++)
        TRY(part_set(keys->base_attrs, is_rsa ? rsa_parts[i] : curve_parts[i], a[0]));
    return CKR_OK;
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,
                                         CKA_EC_POINT};

const struct gen_class gen_public = {
    .name = "public",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_PUBLIC_KEY},
    .derive = public_derive,
    .plan = public_plan,
    .inherit = public_inherit,
};
