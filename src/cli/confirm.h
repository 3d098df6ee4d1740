/* SPDX-License-Identifier: BSD-2-Clause */
/* confirm.h - before a store is sealed to this platform: is it the owner's? After it: its seals. */
#ifndef TEE_CLI_CONFIRM_H
#define TEE_CLI_CONFIRM_H

#include "cli/cli.h"

/* Does the owner say that this is the store: by the fingerprint that he expects (hex; NULL: not
 * given), by `yes`, or when asked on the terminal? False after the reason was printed, or no. */
bool confirm_store(const char *expect, bool yes, const char *fingerprint);
/* Print the ways in as they are now. */
void confirm_seals(struct keyring *k);

#endif
