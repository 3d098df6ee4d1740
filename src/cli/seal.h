/* SPDX-License-Identifier: BSD-2-Clause */
/* seal.h - a seal for people and for programs: shared by `seal list` and `status`. */
#ifndef TEE_CLI_SEAL_H
#define TEE_CLI_SEAL_H

#include <jansson.h>

#include "keyring/keyring.h"

/* ", 2 of 3 shares", ", superseded: opens until ...", or nothing, to standard output. */
void seal_print_state(const struct seal_info *s, uint32_t rollback_days);
/* An object, the caller's; NULL: out of memory. */
json_t *seal_json(const struct seal_info *s, uint32_t rollback_days);

#endif
