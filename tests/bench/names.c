/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - see names.h. */
#include "bench/names.h"

#include <stdio.h>
#include <string.h>

void names_label(size_t i, char text[NAMES_TEXT])
{
    snprintf(text, NAMES_TEXT, "p11bench key %08zu", i);
}

void names_id(size_t i, uint8_t ret[NAMES_ID])
{
    memcpy(ret, "p11bench key", NAMES_ID - sizeof(uint64_t));
    for (size_t k = 0; k < sizeof(uint64_t); k++)
        ret[NAMES_ID - 1 - k] = (uint8_t)((uint64_t)i >> (8 * k));
}
