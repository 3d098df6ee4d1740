/* SPDX-License-Identifier: BSD-2-Clause */
/* write_file.c - writes under a temporary name beside the file, then renames; see write_file.h. */
#include "cli/write_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

#define PRIVATE (S_IRUSR | S_IWUSR)
#define PUBLIC  (PRIVATE | S_IRGRP | S_IROTH)

static int failed(const char *path)
{
    return cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
}

static int write_draft(const char *path, char *draft, struct span bytes, mode_t mode)
{
    const int fd = mkstemp(draft);
    bool good;

    if (fd < 0)
        return failed(draft);
    good = fd_write_all(fd, bytes) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    if (close(fd) == 0 && good && rename(draft, path) == 0)
        return EXIT_DONE;
    (void)failed(path);
    (void)unlink(draft);
    return EXIT_FAILED;
}

static int write_stdout(struct span bytes, bool binary)
{
    if (binary && output_is_terminal())
        return cli_fail(EXIT_USAGE, "this is binary and standard output is a terminal: use --out "
                                    "FILE");
    return fd_write_all(STDOUT_FILENO, bytes) ? EXIT_DONE : failed("standard output");
}

static int write_path(const char *path, struct span bytes, mode_t mode)
{
    char *draft = NULL;
    int code;

    if (asprintf(&draft, "%s.XXXXXX", path) < 0)
        return cli_fail(EXIT_FAILED, "out of memory");
    code = write_draft(path, draft, bytes, mode);
    free(draft);
    return code;
}

int write_file(const char *path, struct span bytes, bool binary)
{
    return path == NULL ? write_stdout(bytes, binary) : write_path(path, bytes, PUBLIC);
}

int write_private_file(const char *path, struct span bytes)
{
    return write_path(path, bytes, PRIVATE);
}
