/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.c - a lock on the directory itself; see gate.h. It is flock()'s: those of fcntl() belong to
 * the process, and closing one descriptor of LMDB's lock file would drop LMDB's own.
 */
#include "store/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/log.h"

#define WAIT_MS 5000

static _Thread_local bool have_it;

void gate_held(bool is_held)
{
    have_it = is_held;
}

static bool lock(int fd)
{
    static const struct timespec step = {.tv_nsec = 1000000L};

    for (int ms = 0; ms < WAIT_MS; ms++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false; /* a file system that has no such locks */
        (void)nanosleep(&step, NULL);
    }
    log_debug(LOG_STORE, "somebody holds the lock of the store's directory: not waiting longer");
    return false;
}

int gate_enter(const char *directory)
{
    int fd;

    if (have_it)
        return -1;
    fd = fd_open(directory, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && !lock(fd)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool gate_is_closed(int gate)
{
    return gate >= 0 || have_it;
}

void gate_leavep(int *gate)
{
    if (*gate < 0)
        return;
    /* By name: a child forked meanwhile has the descriptor too. */
    (void)flock(*gate, LOCK_UN);
    (void)close(*gate);
}
