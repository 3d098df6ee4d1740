/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.c - see fd.h. */
#include "util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

/* Nothing can be done with what stands there: to a program that reads or writes the number is as
 * good as free (EBADF). Any path would do, and this one is always there. It gets the lowest free
 * number: a higher one than `fd` means that another thread was faster. */
static bool take(int fd, uint64_t *ret_inode)
{
    struct stat st;
    int made;

    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
        return false;
    made = open("/", O_PATH | O_CLOEXEC); /* lint: by this number */
    if (made == fd && fstat(fd, &st) == 0) {
        *ret_inode = st.st_ino;
        return true;
    }
    if (made >= 0)
        (void)close(made);
    return false;
}

bool fd_std_is_taken(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_PATH) != 0;
}

void fd_std_take(struct fd_std *ret)
{
    for (int fd = 0; fd < FD_STD; fd++)
        ret->taken[fd] = take(fd, &ret->inode[fd]);
}

void fd_std_give_back(struct fd_std *s)
{
    struct stat st;

    for (int fd = 0; fd < FD_STD; fd++) {
        if (s->taken[fd] && fd_std_is_taken(fd) && fstat(fd, &st) == 0 && st.st_ino == s->inode[fd])
            (void)close(fd);
        s->taken[fd] = false;
    }
}

/* -- files of our own ----------------------------------------------------------------------------
 */

int fd_off_std(int fd)
{
    int moved, reason;

    if (fd < 0 || fd >= FD_STD)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_STD);
    reason = errno;
    (void)close(fd);
    errno = reason;
    return moved;
}

int fd_open(const char *path, int flags)
{
    return fd_off_std(open(path, flags | O_CLOEXEC, 0)); /* lint: here */
}

int fd_openat(int dir, const char *path, int flags, mode_t mode)
{
    return fd_off_std(openat(dir, path, flags | O_CLOEXEC, mode)); /* lint: here */
}
