/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.c - see fd.h. */
#include "util/fd.h"

#include <errno.h>
#include <unistd.h>

bool fd_write_all(int fd, struct span bytes)
{
    while (bytes.n > 0) {
        const ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return false;
        bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
    }
    return true;
}
