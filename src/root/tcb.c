/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcb.c - TCB_VERSION: a vector of security version numbers, never one integer.
 *
 * Milan and Genoa: [0] boot loader, [1] TEE, [6] SNP firmware, [7] microcode. Turin: [0] FMC, [1]
 * boot loader, [2] TEE, [3] SNP firmware, [7] microcode. The other bytes are zero.
 */
#include "root/root.h"

#define TURIN_FAMILY 0x1a /* also Venice */

/* Bytes that carry a component, one mask per layout. */
static const uint64_t component_mask[] = {
    [TCB_MILAN] = UINT64_C(0xffff00000000ffff),
    [TCB_TURIN] = UINT64_C(0xff000000ffffffff),
};

/* Where the components of a configured floor stand, lowest first. */
static const struct {
    size_t n;
    uint8_t byte[CONF_TCB_MAX];
} component_bytes[] = {
    [TCB_MILAN] = {4, {0, 1, 6, 7}},
    [TCB_TURIN] = {5, {0, 1, 2, 3, 7}},
};

bool tcb_floor(enum tcb_layout layout, const struct conf_tcb *floor, uint64_t *ret)
{
    uint64_t tcb = 0;

    if (floor->n != component_bytes[layout].n)
        return false;
    for (size_t i = 0; i < floor->n; i++)
        tcb |= (uint64_t)floor->v[i] << (8 * component_bytes[layout].byte[i]);
    *ret = tcb;
    return true;
}

enum tcb_layout binding_tcb_layout(const struct binding *b)
{
    return b->cpuid_family == TURIN_FAMILY ? TCB_TURIN : TCB_MILAN;
}

bool tcb_valid(enum tcb_layout layout, uint64_t tcb)
{
    return (tcb & ~component_mask[layout]) == 0;
}

enum tcb_order tcb_compare(enum tcb_layout layout, uint64_t a, uint64_t b)
{
    bool less = false;
    bool greater = false;

    if (!tcb_valid(layout, a) || !tcb_valid(layout, b))
        return TCB_INCOMPARABLE;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        const uint8_t x = (uint8_t)(a >> shift);
        const uint8_t y = (uint8_t)(b >> shift);

        less = less || x < y;
        greater = greater || x > y;
    }
    if (less && greater)
        return TCB_INCOMPARABLE;
    return less ? TCB_LESS : greater ? TCB_GREATER : TCB_EQUAL;
}
