/* SPDX-License-Identifier: BSD-2-Clause */
/* denied.c - a world in which nothing can be done; see denied.h. */
#include "denied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool denying;
static unsigned n_denied;
static FILE *real_out, *real_err, *nowhere;

static bool denied(void)
{
    if (!denying)
        return false;
    n_denied++;
    errno = EACCES;
    return true;
}

/* Where the fuzzer itself writes what it found, in the middle of an input. */
static bool is_finding(const char *path)
{
    static const char *const names[] = {"fuzz-",    "crash-", "leak-",
                                        "timeout-", "oom-",   "slow-unit-"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strstr(path, names[i]) != NULL)
            return true;
    }
    return false;
}

void denied_begin(void)
{
    if (nowhere == NULL) {
        const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        nowhere = fopen("/dev/null", "we");
        (void)dup2(fd, STDIN_FILENO);
        (void)close(fd);
    }
    real_out = stdout;
    real_err = stderr;
    stdout = nowhere;
    stderr = nowhere;
    n_denied = 0;
    denying = true;
}

unsigned denied_end(void)
{
    denying = false;
    stdout = real_out;
    stderr = real_err;
    return n_denied;
}

/* The mode is there where a file may be made. */
#define OPEN(name)                                                                                 \
    int __real_##name(const char *path, int flags, ...);                                           \
    int __wrap_##name(const char *path, int flags, ...);                                           \
    int __wrap_##name(const char *path, int flags, ...)                                            \
    {                                                                                              \
        va_list args;                                                                              \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(args, flags);                                                                     \
        mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;                                  \
        va_end(args);                                                                              \
        return !is_finding(path) && denied() ? -1 : __real_##name(path, flags, mode);              \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int __real_##name(int at, const char *path, int flags, ...);                                   \
    int __wrap_##name(int at, const char *path, int flags, ...);                                   \
    int __wrap_##name(int at, const char *path, int flags, ...)                                    \
    {                                                                                              \
        va_list args;                                                                              \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(args, flags);                                                                     \
        mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;                                  \
        va_end(args);                                                                              \
        return denied() ? -1 : __real_##name(at, path, flags, mode);                               \
    }
OPENAT(openat)
OPENAT(openat64)

#define CALL(type, failure, name, parameters, arguments)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return denied() ? (failure) : __real_##name arguments;                                     \
    }
#define FOPEN(name)                                                                                \
    FILE *__real_##name(const char *path, const char *mode);                                       \
    FILE *__wrap_##name(const char *path, const char *mode);                                       \
    FILE *__wrap_##name(const char *path, const char *mode)                                        \
    {                                                                                              \
        return !is_finding(path) && denied() ? NULL : __real_##name(path, mode);                   \
    }
FOPEN(fopen)
FOPEN(fopen64)

CALL(int, -1, mkstemp, (char *path), (path))
CALL(int, -1, mkstemp64, (char *path), (path))
CALL(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, -1, rename, (const char *from, const char *to), (from, to))
CALL(int, -1, unlink, (const char *path), (path))
CALL(int, -1, rmdir, (const char *path), (path))
CALL(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
CALL(pid_t, -1, fork, (void), ())
