/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - a contestant's process, and how the benchmark speaks to it.
 *
 * Every contestant has a process of its own: modules cannot disturb each other, C_Finalize ends
 * nobody else's sessions, and a module that crashes loses its cell, not the run. One that dies or
 * hangs is started again, with the same token, for the next case.
 */
#ifndef TEE_BENCH_WORKER_H
#define TEE_BENCH_WORKER_H

#include <sys/types.h>

#include "bench/cases.h"
#include "bench/fault.h"

struct worker {
    const struct options *opts;
    const struct instance *instances; /* what worker_start() chooses from */
    const char *path;                 /* module; NULL: raw OpenSSL */
    char token[P11_LABEL + 1];        /* label of the token, made by the first process or given */
    bool has_token;                   /* it exists */
    char run[SIDE_RUN];
    pid_t pid; /* 0: no process */
    int to, from;
    char words[FAULT_TEXT]; /* what is wrong, after FAULT_WRONG; or how the process died */
};

/* Start the process and bring the module up. */
NODISCARD CK_RV worker_open(struct worker *w);
/* Prepare a case, take one turn, check it. Opens the process again where it is gone. */
NODISCARD CK_RV worker_start(struct worker *w, size_t instance);
/* Measure the started case: turns per second, or bytes. */
NODISCARD CK_RV worker_run(struct worker *w, double seconds, double *ret);
/* End the case; harmless when none was started. */
void worker_stop(struct worker *w);
/* Destroy the run's keys and end the process. */
void worker_close(struct worker *w);

#endif
