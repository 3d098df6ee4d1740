/* SPDX-License-Identifier: BSD-2-Clause */
/* gen_rsa.c - RSA key pairs (PKCS#11 v3.2 6.1.4). */
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

#define USUAL_EXPONENT    65537
#define MAX_EXPONENT_BITS 256 /* SP 800-56B 6.4.1.2, as OpenSSL has it */

/* The public exponent: given, or the usual one. Even ones and small ones can't be used (6.1.4). */
static CK_RV exponent_get(const struct attrs *a, BIGNUM *ret)
{
    const struct span given = attrs_span(a, CKA_PUBLIC_EXPONENT);

    if (given.n == 0) {
        ENSURE(BN_set_word(ret, USUAL_EXPONENT) == 1, CKR_HOST_MEMORY);
        return CKR_OK;
    }
    ENSURE(BN_bin2bn(given.p, (int)given.n, ret) != NULL, CKR_HOST_MEMORY);
    ENSURE(BN_is_odd(ret) && BN_get_word(ret) >= USUAL_EXPONENT &&
               BN_num_bits(ret) <= MAX_EXPONENT_BITS,
           CKR_TEMPLATE_INCONSISTENT);
    return CKR_OK;
}

static CK_RV rsa_make(CK_ULONG bits, BIGNUM *exponent, EVP_PKEY **ret)
{
    AUTO(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), ossl_key_type("RSA"), NULL);

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_keygen_init(ctx) == 1 &&
               EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1 &&
               EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, exponent) == 1 &&
               EVP_PKEY_generate(ctx, ret) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV rsa_pair(const struct mech *row, struct attrs *public_key, struct attrs *private_key)
{
    const CK_ULONG bits = attrs_ulong(public_key, CKA_MODULUS_BITS, 0);
    AUTO(bn_freep) BIGNUM *exponent = BN_new();
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;

    ENSURE(attrs_has(public_key, CKA_MODULUS_BITS), CKR_TEMPLATE_INCOMPLETE);
    ENSURE(bits >= row->min && bits <= row->max && bits % 8 == 0, CKR_KEY_SIZE_RANGE);
    ENSURE(exponent != NULL, CKR_HOST_MEMORY);
    TRY(exponent_get(public_key, exponent));
    TRY(rsa_make(bits, exponent, &pkey));
    TRY(pkey_number(pkey, OSSL_PKEY_PARAM_RSA_N, public_key, CKA_MODULUS, 0));
    if (attrs_span(public_key, CKA_PUBLIC_EXPONENT).n == 0)
        TRY(pkey_number(pkey, OSSL_PKEY_PARAM_RSA_E, public_key, CKA_PUBLIC_EXPONENT, 0));
    TRY(key_class_rsa.store(pkey, private_key));
    TRY(spki_pkey(pkey, public_key));
    return attrs_set(private_key, CKA_PUBLIC_KEY_INFO, attrs_span(public_key, CKA_PUBLIC_KEY_INFO));
}

static const CK_ATTRIBUTE_TYPE adds[] = {
    CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,         CKA_PRIME_2,
    CKA_EXPONENT_1, CKA_EXPONENT_2,      CKA_COEFFICIENT,      CKA_PUBLIC_KEY_INFO,
};

const struct gen_class gen_rsa = {
    .name = "rsa",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .pair = rsa_pair,
};
