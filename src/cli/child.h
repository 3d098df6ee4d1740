/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child.h - work that may take its process with it, done in another one.
 *
 * LMDB believes the pages of its file, so what reads a file that may be damaged is run in a child:
 * a page that is wrong ends the child by a signal, or sends it round in a circle, and the parent
 * says so. The child dies with its parent.
 */
#ifndef TEE_CLI_CHILD_H
#define TEE_CLI_CHILD_H

#include <stdatomic.h>

#include "util/span.h"

struct child_work {
    /* In the child: do it, and say what there is to say on `to`. Returns its exit code. */
    int (*run)(void *arg, int to);
    /* In the parent: bytes as they come, in pieces of any length. */
    void (*take)(void *arg, struct span bytes);
    /* In the parent, several times a second. May be NULL. */
    void (*tick)(void *arg);
    void *arg;
    /* In shared memory: rises as the work goes on, and how many seconds it may stand still (0: for
     * ever, for a person is asked). NULL: not watched. */
    const _Atomic uint64_t *beat;
    const _Atomic unsigned *patience;
};

struct child_end {
    int code;   /* exit code, when signal is 0 */
    int signal; /* that ended it; of one that was stuck, SIGKILL */
    bool stuck;
};

/* Run to the end. CKR_HOST_MEMORY: there is no process or pipe to be had. */
NODISCARD CK_RV child_run(const struct child_work *w, struct child_end *ret);
/* "Bus error", ..., or "it stood still" */
const char *child_end_words(const struct child_end *e);

/* Memory that parent and child share, zeros at first; NULL: there is none. */
void *child_shared(size_t n);
void child_shared_free(void *p, size_t n);

#endif
