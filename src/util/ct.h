/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct.h - deciding about secrets without a branch or an address that depends on them, so that
 * neither time nor caches tell what they are.
 *
 * A mask is all ones for yes and zero for no. Masks are made, combined and used to select by
 * arithmetic alone. Where one becomes a fact that the caller is told ("the checksum is right"), it
 * goes through ct_public(): the checker of tests/secret takes that function for the only place
 * where something secret may become known, and reports every other branch on a secret.
 */
#ifndef TEE_UTIL_CT_H
#define TEE_UTIL_CT_H

#include <stddef.h>
#include <stdint.h>

/* The same number; the compiler does not know so. It knows no mask then to have one of two values,
 * and can't turn arithmetic back into a branch, as clang 14 does with a selection in a loop. */
static inline uint32_t ct_opaque(uint32_t v)
{
    __asm__("" : "+r"(v));
    return v;
}

/* Is the top bit set? */
static inline uint32_t ct_top(uint32_t v)
{
    return ct_opaque(0u - (v >> 31));
}

static inline uint32_t ct_is_zero(uint32_t v)
{
    return ct_top(~v & (v - 1));
}

static inline uint32_t ct_equal(uint32_t a, uint32_t b)
{
    return ct_is_zero(a ^ b);
}

/* Is a < b? Both below 2^31. */
static inline uint32_t ct_less(uint32_t a, uint32_t b)
{
    return ct_top(a - b);
}

static inline uint8_t ct_select(uint32_t mask, uint8_t yes, uint8_t no)
{
    return (uint8_t)((mask & yes) | (~mask & no));
}

/* The same number, from here on known to whoever called: a verdict (0 or not), or a length that
 * goes out with it. */
size_t ct_public(size_t v);

#endif
