/* SPDX-License-Identifier: BSD-2-Clause */
/* read_file.h - the whole of a file, or a refusal: never the beginning of one. */
#ifndef TEE_CLI_READ_FILE_H
#define TEE_CLI_READ_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

#define FILE_READ_MAX 65536 /* bytes of a key, a certificate, a message, shares */

/* Append the file (or pipe) to ret, which wipes itself. One of more than `max` bytes is refused.
 * Errors are printed; false then. */
bool file_read_max(const char *path, size_t max, struct buf *ret);
/* The same of what has to be a regular file, or a link to one: nothing else is waited for. */
bool file_read_regular(const char *path, size_t max, struct buf *ret);
/* The same from an open descriptor; `name` is for the error. */
bool fd_read_max(int fd, const char *name, size_t max, struct buf *ret);
/* The same, of at most FILE_READ_MAX bytes. */
bool file_read(const char *path, struct buf *ret);

#endif
