/* SPDX-License-Identifier: BSD-2-Clause */
/* read_file.c - the whole of a file, or a refusal; see read_file.h. */
#include "cli/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "util/fd.h"

#define PIECE 65536

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* At most max + 1 bytes, so that a file that is too long is seen to be. */
static bool read_all(int fd, size_t max, struct buf *ret)
{
    const size_t end = ret->n + max + 1;
    ssize_t n = 1;

    while (n != 0 && ret->n < end) {
        const size_t left = end - ret->n;

        buf_reserve(ret, left < PIECE ? left : PIECE);
        if (ret->failed)
            return false;
        n = read(fd, ret->p + ret->n, left < PIECE ? left : PIECE);
        if (n < 0 && errno != EINTR)
            return false;
        ret->n += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool fd_read_max(int fd, const char *name, size_t max, struct buf *ret)
{
    const size_t before = ret->n;

    if (fd < 0 || !read_all(fd, max, ret)) {
        cli_fail(EXIT_FAILED, "%s: %s", name, ret->failed ? "out of memory" : strerror(errno));
        return false;
    }
    if (ret->n - before > max) {
        cli_fail(EXIT_FAILED, "%s: longer than %zu bytes: not what is wanted here", name, max);
        return false;
    }
    return true;
}

bool file_read_max(const char *path, size_t max, struct buf *ret)
{
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd_read_max(fd, path, max, ret);
}

bool file_read_regular(const char *path, size_t max, struct buf *ret)
{
    /* Not blocking: a pipe would keep us until somebody writes into it. */
    AUTO(close_fd) int fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        cli_fail(EXIT_FAILED, "%s: not a regular file", path);
        return false;
    }
    return fd_read_max(fd, path, max, ret);
}

bool file_read(const char *path, struct buf *ret)
{
    return file_read_max(path, FILE_READ_MAX, ret);
}
