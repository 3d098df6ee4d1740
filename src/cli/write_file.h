/* SPDX-License-Identifier: BSD-2-Clause */
/* write_file.h - a command's result as a file. */
#ifndef TEE_CLI_WRITE_FILE_H
#define TEE_CLI_WRITE_FILE_H

#include "cli/cli.h"

/*
 * What the result is. All but LATE_TEXT are not written to a terminal; the last two have no way to
 * standard output.
 *
 * A file is made, or replaced as a whole by another one, which is also what becomes of a link to a
 * file. What is neither (a device, a pipe, a link to one or to nothing) would be lost by that and
 * is refused, and so is a link to what this process has as standard output (/dev/stdout).
 */
enum late_kind {
    LATE_TEXT,
    LATE_BINARY,
    LATE_BESIDE,  /* a second result, binary */
    LATE_PRIVATE, /* the same, for nobody but the owner */
};

/* Write the bytes to a file, which is replaced as a whole or stays as it was, or to standard output
 * (path NULL). EXIT_DONE, or EXIT_FAILED after the reason was printed. */
int write_file(const char *path, struct span bytes, enum late_kind kind);

/*
 * The same in steps, for a result that must not be lost for want of room once something else is
 * done: begin it, so that there is a place for n bytes, do the other thing, write, publish. Until
 * it is published what has the name stays, and what is cleared leaves nothing. On standard output
 * the place is held where that is a file, and what is written is out.
 */
struct late_file {
    int fd;
    char *draft;      /* the temporary name; NULL: there is none */
    const char *path; /* borrowed; NULL: standard output */
};
#define LATE_FILE_NONE ((struct late_file){.fd = -1})
void late_file_clear(struct late_file *f); /* usable with AUTO() */
/* Each returns EXIT_DONE, or an exit code after the reason was printed. */
int late_file_begin(const char *path, size_t n, enum late_kind kind, struct late_file *ret);
int late_file_write(struct late_file *f, struct span bytes); /* to the disk; at most n bytes */
int late_file_publish(struct late_file *f);

#endif
