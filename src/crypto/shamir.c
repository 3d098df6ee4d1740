/* SPDX-License-Identifier: BSD-2-Clause */
/* shamir.c - secret sharing over GF(2^8) in constant time; see shamir.h. */
#include "crypto/shamir.h"

/* -- the field: bytes as polynomials over GF(2) modulo x^8 + x^4 + x^3 + x + 1 ------------------
 */

static uint8_t gf_times(uint8_t a, uint8_t b)
{
    unsigned product = 0, shifted = a;

    for (unsigned i = 0; i < 8; i++) {
        product ^= shifted & (0u - ((unsigned)b >> i & 1u));
        shifted = shifted << 1 ^ (0x11bu & (0u - (shifted >> 7 & 1u)));
    }
    return (uint8_t)product;
}

/* a^254: the inverse; 0 for 0. */
static uint8_t gf_inverse(uint8_t a)
{
    uint8_t result = 1, power = a;

    for (unsigned i = 1; i < 8; i++) {
        power = gf_times(power, power);
        result = gf_times(result, power);
    }
    return result;
}

/* -- splitting --------------------------------------------------------------------------------- */

/* Coefficients of x^1 ... x^(k-1), for each byte of the secret. */
struct polynomial {
    uint8_t c[SHAMIR_MAX - 1][PRIM_KEY];
};

static void polynomial_clear(struct polynomial *p)
{
    mem_wipe(p, sizeof(*p));
}

/* Horner's rule. */
static uint8_t value_at(const struct polynomial *p, uint8_t k, uint8_t constant, size_t byte,
                        uint8_t x)
{
    uint8_t y = 0;

    for (size_t i = k - 1u; i > 0; i--)
        y = gf_times(y ^ p->c[i - 1][byte], x);
    return y ^ constant;
}

CK_RV shamir_split(const uint8_t secret[PRIM_KEY], uint8_t k, uint8_t n,
                   struct shamir_share *ret_shares)
{
    AUTO(polynomial_clear) struct polynomial p;

    ENSURE(k >= 2 && k <= n && n <= SHAMIR_MAX, CKR_ARGUMENTS_BAD);
    TRY(prim_random(p.c, sizeof(p.c)));
    for (uint8_t i = 0; i < n; i++) {
        ret_shares[i].x = i + 1;
        for (size_t byte = 0; byte < PRIM_KEY; byte++)
            ret_shares[i].y[byte] = value_at(&p, k, secret[byte], byte, i + 1);
    }
    return CKR_OK;
}

/* -- combining --------------------------------------------------------------------------------- */

static bool distinct(const struct shamir_share *shares, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (shares[i].x == 0)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (shares[i].x == shares[j].x)
                return false;
        }
    }
    return true;
}

/* Lagrange's factor of share i at x = 0: the product of x_j / (x_j - x_i). */
static uint8_t factor_of(const struct shamir_share *shares, size_t n, size_t i)
{
    uint8_t factor = 1;

    for (size_t j = 0; j < n; j++) {
        if (j != i)
            factor = gf_times(factor, gf_times(shares[j].x, gf_inverse(shares[j].x ^ shares[i].x)));
    }
    return factor;
}

CK_RV shamir_combine(const struct shamir_share *shares, size_t n, struct secret **ret)
{
    AUTO(secret_freep) struct secret *s = NULL;

    ENSURE(n >= 1 && n <= SHAMIR_MAX && distinct(shares, n), CKR_ARGUMENTS_BAD);
    TRY(secret_new(PRIM_KEY, &s));
    for (size_t i = 0; i < n; i++) {
        const uint8_t factor = factor_of(shares, n, i);

        for (size_t byte = 0; byte < PRIM_KEY; byte++)
            s->p[byte] ^= gf_times(shares[i].y[byte], factor);
    }
    *ret = TAKE(s);
    return CKR_OK;
}
