/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.c - the process of a contestant and its protocol; see worker.h. */
#include "bench/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/job.h"
#include "bench/keys.h"

#define GRACE_SECONDS 300 /* what an answer may take besides populating and measuring */
#define STRETCH_MAX   150 /* times --seconds that measuring may take: the memory case */

enum verb { VERB_OPEN, VERB_START, VERB_RUN, VERB_STOP, VERB_CLOSE };

struct ask {
    enum verb verb;
    size_t instance;
    double seconds;
};

struct answer {
    CK_RV rv;
    double figure;
    bool has_token;
    char words[FAULT_TEXT];
};

/* Whole messages; both ends are the same program. */
static bool message_write(int fd, const void *message, size_t n)
{
    ssize_t done = 0;

    do
        done = write(fd, message, n);
    while (done < 0 && errno == EINTR);
    return done == (ssize_t)n;
}

static bool message_read(int fd, void *ret, size_t n)
{
    ssize_t done = 0;

    do
        done = read(fd, ret, n);
    while (done < 0 && errno == EINTR);
    return done == (ssize_t)n;
}

/* ---- in the worker's process ---- */

struct desk {
    struct side side;
    const struct worker *worker;
    struct job *job;
    bool has_token;
};

NODISCARD static CK_RV desk_open(struct desk *d)
{
    struct side *s = &d->side;

    if (side_is_raw(s))
        return CKR_OK;
    TRY(p11_load(&s->p11, s->path, s->token, s->opts->pin));
    if (!d->has_token)
        TRY(p11_make_token(&s->p11, s->opts->so_pin));
    d->has_token = true;
    return p11_up(&s->p11);
}

static void desk_stop(struct desk *d)
{
    job_free(TAKE(d->job));
}

static void desk_close(struct desk *d)
{
    desk_stop(d);
    keys_clear(&d->side);
    p11_down(&d->side.p11);
}

NODISCARD static CK_RV desk_serve(struct desk *d, const struct ask *ask, double *ret)
{
    switch (ask->verb) {
    case VERB_OPEN:
        return desk_open(d);
    case VERB_START:
        desk_stop(d);
        return job_start(&d->side, &d->worker->instances[ask->instance], &d->job);
    case VERB_RUN:
        return job_run(d->job, ask->seconds, ret);
    case VERB_STOP:
        desk_stop(d);
        break;
    case VERB_CLOSE:
        desk_close(d);
        break;
    }
    return CKR_OK;
}

static void desk_main(const struct worker *w, int from, int to)
{
    struct desk d = {.worker = w, .has_token = w->has_token};
    struct ask ask;

    d.side.opts = w->opts;
    d.side.path = w->path;
    memcpy(d.side.token, w->token, sizeof(d.side.token));
    memcpy(d.side.run, w->run, sizeof(d.side.run));
    while (message_read(from, &ask, sizeof(ask))) {
        struct answer answer = {.rv = CKR_OK};

        answer.rv = desk_serve(&d, &ask, &answer.figure);
        answer.has_token = d.has_token;
        snprintf(answer.words, sizeof(answer.words), "%s", fault_words());
        if (!message_write(to, &answer, sizeof(answer)) || ask.verb == VERB_CLOSE)
            break;
    }
}

/* ---- in the benchmark's process ---- */

/* The process is gone, or is made to go; say how. */
static void worker_bury(struct worker *w)
{
    int status = 0;

    if (w->pid == 0)
        return;
    close(w->to);
    close(w->from);
    waitpid(w->pid, &status, 0);
    w->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(w->words, sizeof(w->words), "signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(w->words, sizeof(w->words), "exit status %d", WEXITSTATUS(status));
}

NODISCARD static CK_RV worker_ask(struct worker *w, enum verb verb, size_t instance, double seconds,
                                  double *ret)
{
    const double patience = GRACE_SECONDS + w->opts->patience + STRETCH_MAX * seconds;
    const struct ask ask = {.verb = verb, .instance = instance, .seconds = seconds};
    struct pollfd wait = {.fd = w->from, .events = POLLIN};
    const int patience_ms = patience < INT_MAX / 1000 ? (int)(patience * 1000) : INT_MAX;
    struct answer answer;

    if (w->pid == 0)
        return FAULT_DIED;
    if (!message_write(w->to, &ask, sizeof(ask))) {
        worker_bury(w);
        return FAULT_DIED;
    }
    if (poll(&wait, 1, patience_ms) != 1) {
        kill(w->pid, SIGKILL);
        worker_bury(w);
        return FAULT_SLOW;
    }
    if (!message_read(w->from, &answer, sizeof(answer))) {
        worker_bury(w);
        return FAULT_DIED;
    }
    w->has_token = answer.has_token;
    memcpy(w->words, answer.words, sizeof(w->words));
    *ret = answer.figure;
    return answer.rv;
}

NODISCARD static CK_RV worker_fork(struct worker *w)
{
    int asks[2] = {-1, -1};
    int answers[2] = {-1, -1};
    pid_t pid = -1;

    ENSURE(pipe2(asks, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, CKR_HOST_MEMORY);
    fflush(NULL);
    pid = fork();
    ENSURE(pid >= 0, CKR_HOST_MEMORY);
    if (pid == 0) {
        close(asks[1]);
        close(answers[0]);
        desk_main(w, asks[0], answers[1]);
        _exit(EXIT_SUCCESS);
    }
    close(asks[0]);
    close(answers[1]);
    w->pid = pid;
    w->to = asks[1];
    w->from = answers[0];
    return CKR_OK;
}

CK_RV worker_open(struct worker *w)
{
    double ignored = 0;

    TRY(worker_fork(w));
    return worker_ask(w, VERB_OPEN, 0, 0, &ignored);
}

CK_RV worker_start(struct worker *w, size_t instance)
{
    double ignored = 0;

    if (w->pid == 0)
        TRY(worker_open(w));
    return worker_ask(w, VERB_START, instance, 0, &ignored);
}

CK_RV worker_run(struct worker *w, double seconds, double *ret)
{
    return worker_ask(w, VERB_RUN, 0, seconds, ret);
}

void worker_stop(struct worker *w)
{
    char words[FAULT_TEXT];
    double ignored = 0;

    memcpy(words, w->words, sizeof(words));
    if (worker_ask(w, VERB_STOP, 0, 0, &ignored) == CKR_OK)
        memcpy(w->words, words, sizeof(words));
}

void worker_close(struct worker *w)
{
    double ignored = 0;

    if (worker_ask(w, VERB_CLOSE, 0, 0, &ignored) == CKR_OK)
        worker_bury(w);
}
