/* SPDX-License-Identifier: BSD-2-Clause */
/* rotate.h - what `tee-pkcs11 rotate` has in files of its own. */
#ifndef TEE_CLI_ROTATE_H
#define TEE_CLI_ROTATE_H

#include "cli/cli.h"

/* `rotate key`; argv[0] is "key". Returns an exit code. */
int rotate_key(int argc, char **argv);

#endif
