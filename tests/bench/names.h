/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.h - what the many keys of a token are called: key number i has a label and an identifier
 * made from i.
 */
#ifndef TEE_BENCH_NAMES_H
#define TEE_BENCH_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_TEXT 32 /* room for a label */
#define NAMES_ID   20 /* bytes of CKA_ID */

void names_label(size_t i, char text[NAMES_TEXT]);
void names_id(size_t i, uint8_t ret[NAMES_ID]);

#endif
