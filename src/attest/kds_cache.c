/* SPDX-License-Identifier: BSD-2-Clause */
/* kds_cache.c - files of a cache directory; see kds_cache.h. */
#include "attest/kds_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int open_directory(const char *directory)
{
    return fd_open(directory, O_RDONLY | O_DIRECTORY);
}

static bool read_all(int fd, size_t n, struct buf *ret)
{
    uint8_t *to = buf_extend(ret, n);
    size_t done = 0;
    ssize_t got = 1;

    while (to != NULL && done < n && got > 0) {
        got = read(fd, to + done, n - done);
        if (got > 0)
            done += (size_t)got;
    }
    return to != NULL && done == n;
}

bool kds_cache_get(const char *directory, const char *name, struct buf *ret, uint64_t *ret_age)
{
    AUTO(close_fd) int dir = open_directory(directory);
    /* O_NONBLOCK: whoever owns the directory may have put a FIFO there. */
    AUTO(close_fd)
    int fd = dir < 0 ? -1 : fd_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    const time_t now = time(NULL);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        st.st_size > KDS_MAX_ANSWER || !read_all(fd, (size_t)st.st_size, ret))
        return false;
    if (ret_age != NULL)
        *ret_age = now > st.st_mtime ? (uint64_t)(now - st.st_mtime) : 0;
    return true;
}

static bool put_file(int dir, const char *name, struct span bytes)
{
    char temporary[32];
    AUTO(close_fd) int fd = -1;

    (void)snprintf(temporary, sizeof(temporary), ".new-%ld", (long)getpid());
    (void)unlinkat(dir, temporary, 0); /* of a process of that number which died */
    fd = fd_openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    if (fd_write_all(fd, bytes) && fsync(fd) == 0 && renameat(dir, temporary, dir, name) == 0)
        return true;
    (void)unlinkat(dir, temporary, 0);
    return false;
}

void kds_cache_put(const char *directory, const char *name, struct span bytes)
{
    AUTO(close_fd) int dir = -1;
    char part[PATH_MAX];

    (void)path_make(directory, true, part); /* opening it will tell */
    dir = open_directory(directory);
    if (dir < 0 || !put_file(dir, name, bytes))
        log_debug(LOG_ROOT, "cache %s: %s is not kept: %s", directory, name, strerror(errno));
}
