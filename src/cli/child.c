/* SPDX-License-Identifier: BSD-2-Clause */
/* child.c - a child that is listened to and watched; see child.h. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 200

void *child_shared(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void child_shared_free(void *p, size_t n)
{
    if (p != NULL)
        (void)munmap(p, n);
}

const char *child_end_words(const struct child_end *e)
{
    return e->stuck ? "it stood still" : e->signal != 0 ? strsignal(e->signal) : "it gave up";
}

static time_t seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* In the child; does not come back. */
static void child_main(const struct child_work *w, pid_t parent, const int pipe_fd[2])
{
    (void)close(pipe_fd[0]);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before it could be said */
        _exit(1);
    _exit(w->run(w->arg, pipe_fd[1]));
}

struct watch {
    uint64_t beat;
    time_t since;
};

static bool stands_still(const struct child_work *w, struct watch *seen)
{
    const unsigned patience = w->patience == NULL ? 0 : atomic_load(w->patience);
    const uint64_t beat = w->beat == NULL ? 0 : atomic_load(w->beat);

    if (beat != seen->beat || patience == 0) {
        seen->beat = beat;
        seen->since = seconds();
    }
    return seconds() - seen->since > (time_t)patience && patience != 0;
}

/* What the child says, until it says no more. True: it stood still. */
static bool listen_to(const struct child_work *w, int fd)
{
    struct watch seen = {.since = seconds()};
    uint8_t bytes[4096];

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int n = poll(&p, 1, TICK_MS);
        ssize_t got;

        if (w->tick != NULL)
            w->tick(w->arg);
        if (stands_still(w, &seen))
            return true;
        if (n <= 0)
            continue;
        got = read(fd, bytes, sizeof(bytes));
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0)
            w->take(w->arg, span_of(bytes, (size_t)got));
    }
}

CK_RV child_run(const struct child_work *w, struct child_end *ret)
{
    const pid_t parent = getpid();
    int pipe_fd[2], status = 0;
    pid_t child;

    ENSURE(pipe2(pipe_fd, O_CLOEXEC) == 0, CKR_HOST_MEMORY);
    (void)fflush(NULL);
    child = fork();
    if (child == 0)
        child_main(w, parent, pipe_fd);
    (void)close(pipe_fd[1]);
    if (child < 0)
        (void)close(pipe_fd[0]);
    ENSURE(child > 0, CKR_HOST_MEMORY);
    ret->stuck = listen_to(w, pipe_fd[0]);
    (void)close(pipe_fd[0]);
    if (ret->stuck)
        (void)kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ret->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return CKR_OK;
}
