/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_rsa.c - RSA keys from and to attributes (PKCS#11 v3.2 6.1).
 *
 * What is stored always has all components, so that loading a key is copying numbers: an imported
 * key that came without its CRT values gets them in rsa_complete(), which also checks everything.
 */
#include <openssl/core_names.h>

#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/rsa_factor.h"
#include "util/policy.h"

#define MIN_PRIVATE_EXPONENT 65537 /* a smaller public exponent is for verifying what is old */
#define MAX_EXPONENT_BYTES   32    /* SP 800-56B 6.4.1.2: below 2^256 */

static const struct {
    CK_ATTRIBUTE_TYPE type;
    const char *param;
} components[] = {
    {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
    {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
    {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D}, /* private keys: from here on */
    {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
    {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
    {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

#define N_PUBLIC 2

static size_t n_components(bool is_private)
{
    return is_private ? N_ELEMENTS(components) : N_PUBLIC;
}

/* The bits of a big-endian number. */
static CK_ULONG number_bits(struct span number)
{
    CK_ULONG bits;

    while (number.n > 0 && number.p[0] == 0)
        number = span_of(number.p + 1, number.n - 1);
    if (number.n == 0)
        return 0;
    bits = 8 * number.n;
    for (uint8_t top = number.p[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

static CK_RV rsa_pkey(const struct attrs *a, bool is_private, EVP_PKEY **ret)
{
    AUTO(buf_clear) struct buf scratch = BUF_INIT;
    OSSL_PARAM params[N_ELEMENTS(components) + 1];
    size_t n = 0;

    /* Room for all, so that nothing moves: a private key has less than six times its modulus. */
    buf_reserve(&scratch, n_components(is_private) * (RSA_MAX_BYTES + 8));
    for (size_t i = 0; i < n_components(is_private); i++) {
        const struct span number = attrs_span(a, components[i].type);

        ENSURE(number.n <= RSA_MAX_BYTES + 8, CKR_ATTRIBUTE_VALUE_INVALID);
        if (number.n > 0)
            params[n++] = param_number(components[i].param, number, &scratch);
    }
    TRY(buf_ok(&scratch));
    params[n] = OSSL_PARAM_construct_end();
    return pkey_from_params("RSA", is_private, params, CKR_ATTRIBUTE_VALUE_INVALID, ret);
}

static CK_RV rsa_load(const struct attrs *a, struct key *k)
{
    k->bits = number_bits(attrs_span(a, CKA_MODULUS));
    ENSURE(k->bits >= RSA_MIN_PUBLIC && k->bits <= RSA_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(attrs_span(a, CKA_PUBLIC_EXPONENT).n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(k->class == CKO_PUBLIC_KEY || attrs_span(a, CKA_PRIVATE_EXPONENT).n > 0,
           CKR_ATTRIBUTE_VALUE_INVALID);
    return rsa_pkey(a, k->class == CKO_PRIVATE_KEY, &k->pkey);
}

/* The exponent: odd, at least `min`, below 2^256. */
static CK_RV exponent_check(struct span e, unsigned long min)
{
    AUTO(bn_freep) BIGNUM *number = NULL;

    ENSURE(e.n > 0 && number_bits(e) <= 8 * MAX_EXPONENT_BYTES, CKR_ATTRIBUTE_VALUE_INVALID);
    number = BN_bin2bn(e.p, (int)e.n, NULL);
    ENSURE(number != NULL, CKR_HOST_MEMORY);
    /* A number of more than one word reads as the largest word. */
    ENSURE(BN_is_odd(number) && BN_get_word(number) >= min, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV size_check(const struct attrs *a, CK_ULONG min)
{
    const struct span n = attrs_span(a, CKA_MODULUS);
    const CK_ULONG bits = number_bits(n);

    ENSURE(n.n > 0 && n.n <= RSA_MAX_BYTES + 8 && (n.p[n.n - 1] & 1) == 1,
           CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(bits >= min && bits <= RSA_MAX, CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

static CK_RV public_complete(struct attrs *a)
{
    const CK_ULONG bits = number_bits(attrs_span(a, CKA_MODULUS));
    const CK_ULONG said = attrs_ulong(a, CKA_MODULUS_BITS, bits);
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

    TRY(size_check(a, RSA_MIN_PUBLIC));
    ENSURE(said == bits || said == 0, CKR_TEMPLATE_INCONSISTENT);
    TRY(exponent_check(attrs_span(a, CKA_PUBLIC_EXPONENT), 3));
    TRY(rsa_pkey(a, false, &pkey));
    ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_public_check(ctx) == 1, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    TRY(attrs_set_ulong(a, CKA_MODULUS_BITS, bits));
    return spki_pkey(pkey, a);
}

/* Check a complete private key, primes and all. */
static CK_RV private_check(EVP_PKEY *pkey)
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_pairwise_check(ctx) == 1, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    return CKR_OK;
}

static CK_RV private_complete(struct attrs *a)
{
    static const uint8_t usual[] = {0x01, 0x00, 0x01};
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;

    TRY(size_check(a, policy_holds(POLICY_RSA_SIZE) ? RSA_MIN_PRIVATE : RSA_MIN_PUBLIC));
    ENSURE(attrs_span(a, CKA_PRIVATE_EXPONENT).n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    /* v3.2 6.1.3 wants it; a key that comes without most likely has the usual one, and what is
     * computed below fails if it has not. */
    if (attrs_span(a, CKA_PUBLIC_EXPONENT).n == 0)
        TRY(attrs_set(a, CKA_PUBLIC_EXPONENT, SPAN_ARRAY(usual)));
    TRY(exponent_check(attrs_span(a, CKA_PUBLIC_EXPONENT),
                       policy_holds(POLICY_RSA_EXPONENT) ? MIN_PRIVATE_EXPONENT : 3));
    TRY(rsa_add_crt(a));
    TRY(rsa_pkey(a, true, &pkey));
    TRY(private_check(pkey));
    return spki_pkey(pkey, a);
}

static CK_RV rsa_complete(const struct key_class *c, CK_OBJECT_CLASS class, struct attrs *a)
{
    (void)c;
    return class == CKO_PRIVATE_KEY ? private_complete(a) : public_complete(a);
}

static CK_RV rsa_store(EVP_PKEY *pkey, struct attrs *a)
{
    ENSURE(EVP_PKEY_is_a(pkey, "RSA"), CKR_KEY_TYPE_INCONSISTENT);
    for (size_t i = 0; i < N_ELEMENTS(components); i++)
        TRY(pkey_number(pkey, components[i].param, a, components[i].type, 0));
    return CKR_OK;
}

const struct key_class key_class_rsa = {
    .type = CKK_RSA,
    .load = rsa_load,
    .complete = rsa_complete,
    .store = rsa_store,
};
