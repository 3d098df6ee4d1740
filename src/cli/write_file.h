/* SPDX-License-Identifier: BSD-2-Clause */
/* write_file.h - a command's result as a file. */
#ifndef TEE_CLI_WRITE_FILE_H
#define TEE_CLI_WRITE_FILE_H

#include "cli/cli.h"

/* Write the bytes to a file, which is replaced as a whole or stays as it was, or to standard output
 * (path NULL; binary ones not to a terminal). EXIT_DONE, or EXIT_FAILED after the reason was
 * printed. */
int write_file(const char *path, struct span bytes, bool binary);
/* The same for what nobody but the owner may read: never to standard output. */
int write_private_file(const char *path, struct span bytes);

#endif
