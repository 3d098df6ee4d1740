/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unique.h - values for CKA_UNIQUE_ID: random, never the same twice, no secret.
 */
#ifndef TEE_CORE_UNIQUE_H
#define TEE_CORE_UNIQUE_H

#include "util/guard.h"

#define UNIQUE_ID 16 /* bytes; the attribute has them in hex */

/* CKR_RANDOM_NO_RNG, or what prim_random() says. */
NODISCARD CK_RV unique_id(uint8_t ret[UNIQUE_ID]);
/* In a forked child: what the parent has in stock is the parent's. */
void unique_forget(void);

#endif
