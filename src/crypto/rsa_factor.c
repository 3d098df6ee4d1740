/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rsa_factor.c - the primes of a modulus whose two exponents are known (SP 800-56B, appendix C.1),
 * and the values that the Chinese remainder theorem wants; see rsa_factor.h.
 *
 * Runs once, when a key is imported. All numbers live in one BN_CTX, which wipes them.
 */
#include "crypto/rsa_factor.h"

#include "crypto/ossl_auto.h"

#define TRIES 100 /* each base fails with a probability of one half at most */

struct numbers {
    BN_CTX *ctx;
    BIGNUM *n, *e, *d, *p, *q;
};

static CK_RV number_get(const struct attrs *a, CK_ATTRIBUTE_TYPE type, BIGNUM *ret)
{
    const struct span number = attrs_span(a, type);

    ENSURE(number.n > 0 && number.n <= 4096, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(BN_bin2bn(number.p, (int)number.n, ret) != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

static CK_RV number_add(struct attrs *a, CK_ATTRIBUTE_TYPE type, const BIGNUM *number)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const int n = BN_num_bytes(number);

    if (attrs_span(a, type).n > 0)
        return CKR_OK;
    ENSURE(n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(buf_extend(&bytes, (size_t)n) != NULL, CKR_HOST_MEMORY);
    ENSURE(BN_bn2binpad(number, bytes.p, n) == n, ossl_rv(CKR_FUNCTION_FAILED));
    return attrs_set(a, type, buf_span(&bytes));
}

/* Square y = g^r up to t times: a square root of 1 other than 1 and -1 shows a factor. When not
 * even the last square is 1, the exponents do not belong to the modulus. */
static CK_RV root_find(const struct numbers *s, BIGNUM *y, int t, const BIGNUM *minus_one,
                       bool *ret_found)
{
    BIGNUM *x = BN_CTX_get(s->ctx);
    int i = 0;

    ENSURE(x != NULL, CKR_HOST_MEMORY);
    for (; i < t && !BN_is_one(y) && BN_cmp(y, minus_one) != 0; i++) {
        ENSURE(BN_mod_sqr(x, y, s->n, s->ctx) == 1, ossl_rv(CKR_HOST_MEMORY));
        if (BN_is_one(x)) {
            ENSURE(BN_sub_word(y, 1) == 1 && BN_gcd(s->p, y, s->n, s->ctx) == 1,
                   ossl_rv(CKR_HOST_MEMORY));
            *ret_found = true;
            return CKR_OK;
        }
        ENSURE(BN_copy(y, x) != NULL, CKR_HOST_MEMORY);
    }
    ENSURE(i < t, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* p = a factor of n. */
static CK_RV factor_find(const struct numbers *s)
{
    BIGNUM *r = BN_CTX_get(s->ctx), *g = BN_CTX_get(s->ctx), *y = BN_CTX_get(s->ctx);
    BIGNUM *minus_one = BN_CTX_get(s->ctx);
    bool found = false;
    int t = 0;

    ENSURE(minus_one != NULL, CKR_HOST_MEMORY);
    ENSURE(BN_mul(r, s->d, s->e, s->ctx) == 1 && BN_sub_word(r, 1) == 1 &&
               BN_copy(minus_one, s->n) != NULL && BN_sub_word(minus_one, 1) == 1,
           ossl_rv(CKR_HOST_MEMORY));
    ENSURE(!BN_is_zero(r) && !BN_is_odd(r), CKR_ATTRIBUTE_VALUE_INVALID);
    for (; !BN_is_odd(r); t++)
        ENSURE(BN_rshift1(r, r) == 1, ossl_rv(CKR_HOST_MEMORY));
    for (int i = 0; i < TRIES && !found; i++) {
        ENSURE(BN_priv_rand_range_ex(g, s->n, 0, s->ctx) == 1, ossl_rv(CKR_FUNCTION_FAILED));
        if (BN_is_zero(g))
            continue;
        ENSURE(BN_mod_exp_mont_consttime(y, g, r, s->n, s->ctx, NULL) == 1,
               ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
        TRY(root_find(s, y, t, minus_one, &found));
    }
    ENSURE(found, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* What belongs to primes that came incomplete, or in an order unknown. */
static void crt_remove(struct attrs *a)
{
    attrs_remove(a, CKA_PRIME_1);
    attrs_remove(a, CKA_PRIME_2);
    attrs_remove(a, CKA_EXPONENT_1);
    attrs_remove(a, CKA_EXPONENT_2);
    attrs_remove(a, CKA_COEFFICIENT);
}

/* Primes: as given, or computed, the larger one first. Their product must be n. */
static CK_RV primes_get(struct attrs *a, const struct numbers *s)
{
    BIGNUM *product = BN_CTX_get(s->ctx);

    ENSURE(product != NULL, CKR_HOST_MEMORY);
    if (attrs_span(a, CKA_PRIME_1).n > 0 && attrs_span(a, CKA_PRIME_2).n > 0) {
        TRY(number_get(a, CKA_PRIME_1, s->p));
        TRY(number_get(a, CKA_PRIME_2, s->q));
    } else {
        TRY(factor_find(s));
        ENSURE(BN_div(s->q, NULL, s->n, s->p, s->ctx) == 1, ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
        if (BN_cmp(s->p, s->q) < 0)
            BN_swap(s->p, s->q);
        crt_remove(a);
    }
    ENSURE(BN_mul(product, s->p, s->q, s->ctx) == 1, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(BN_cmp(product, s->n) == 0 && BN_is_odd(s->p) && BN_is_odd(s->q) && !BN_is_one(s->p) &&
               !BN_is_one(s->q),
           CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* d mod (prime - 1) */
static CK_RV exponent_add(struct attrs *a, const struct numbers *s, CK_ATTRIBUTE_TYPE type,
                          const BIGNUM *prime)
{
    BIGNUM *minus_one = BN_CTX_get(s->ctx), *rest = BN_CTX_get(s->ctx);

    ENSURE(rest != NULL, CKR_HOST_MEMORY);
    BN_set_flags(minus_one, BN_FLG_CONSTTIME);
    ENSURE(BN_copy(minus_one, prime) != NULL && BN_sub_word(minus_one, 1) == 1 &&
               BN_mod(rest, s->d, minus_one, s->ctx) == 1,
           ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    return number_add(a, type, rest);
}

static CK_RV crt_add(struct attrs *a, const struct numbers *s)
{
    BIGNUM *inverse = BN_CTX_get(s->ctx);

    ENSURE(inverse != NULL, CKR_HOST_MEMORY);
    TRY(number_get(a, CKA_MODULUS, s->n));
    TRY(number_get(a, CKA_PUBLIC_EXPONENT, s->e));
    TRY(number_get(a, CKA_PRIVATE_EXPONENT, s->d));
    TRY(primes_get(a, s));
    TRY(number_add(a, CKA_PRIME_1, s->p));
    TRY(number_add(a, CKA_PRIME_2, s->q));
    TRY(exponent_add(a, s, CKA_EXPONENT_1, s->p));
    TRY(exponent_add(a, s, CKA_EXPONENT_2, s->q));
    BN_set_flags(s->p, BN_FLG_CONSTTIME);
    ENSURE(BN_mod_inverse(inverse, s->q, s->p, s->ctx) != NULL,
           ossl_rv(CKR_ATTRIBUTE_VALUE_INVALID));
    return number_add(a, CKA_COEFFICIENT, inverse);
}

CK_RV rsa_add_crt(struct attrs *a)
{
    AUTO(bn_ctx_freep) BN_CTX *ctx = BN_CTX_secure_new_ex(ossl_ctx());
    struct numbers s = {.ctx = ctx};
    CK_RV rv;

    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    BN_CTX_start(ctx);
    s.n = BN_CTX_get(ctx);
    s.e = BN_CTX_get(ctx);
    s.d = BN_CTX_get(ctx);
    s.p = BN_CTX_get(ctx);
    s.q = BN_CTX_get(ctx);
    rv = s.q != NULL ? crt_add(a, &s) : CKR_HOST_MEMORY;
    BN_CTX_end(ctx);
    return rv;
}
