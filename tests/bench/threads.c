/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.c - threads that sign with one P-256 key, each in a session of its own: signatures per
 * second of all together.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/work.h"

/* What every thread does: the plain signing case, with its own session and buffers. */
static const struct bench_case signing = {
    .name = "ecdsa-p256",
    .raw = &work_raw_sign,
    .p11 = &work_p11_sign,
    .spec = {.key = KEY_P256, .mech = CKM_ECDSA, .n = 32, .prehashed = true},
};

struct crew;

struct member {
    struct crew *crew;
    struct job *job;
    pthread_t thread;
    size_t turns; /* written when the thread ends */
    CK_RV rv;
};

struct crew {
    struct instance instance;
    struct member *members;
    size_t n;
    pthread_barrier_t barrier; /* the threads and who starts the clock */
    atomic_bool stop;
};

static CK_RV threads_start(struct job *j)
{
    struct crew *crew = calloc(1, sizeof(*crew));

    ENSURE(crew != NULL, CKR_HOST_MEMORY);
    j->own = crew;
    crew->instance = *j->instance;
    crew->instance.c = &signing;
    crew->members = calloc(j->count, sizeof(*crew->members));
    ENSURE(crew->members != NULL, CKR_HOST_MEMORY);
    crew->n = j->count;
    for (size_t i = 0; i < crew->n; i++) {
        crew->members[i].crew = crew;
        TRY(job_start(j->side, &crew->instance, &crew->members[i].job));
    }
    return CKR_OK;
}

static void threads_stop(struct job *j)
{
    struct crew *crew = j->own;

    if (crew == NULL)
        return;
    for (size_t i = 0; i < crew->n; i++)
        job_free(crew->members[i].job);
    free(crew->members);
}

static void *member_main(void *argument)
{
    struct member *m = argument;
    struct job *j = m->job;
    CK_RV rv = CKR_OK;
    size_t turns = 0;

    pthread_barrier_wait(&m->crew->barrier);
    while (rv == CKR_OK && !atomic_load_explicit(&m->crew->stop, memory_order_relaxed)) {
        rv = j->work->once(j);
        turns++;
    }
    m->turns = turns;
    m->rv = rv;
    return NULL;
}

static void pause_for(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};

    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

/* The barrier needs every thread: when one cannot be started there is no going on. */
static void crew_spawn(struct crew *crew)
{
    pthread_barrier_init(&crew->barrier, NULL, (unsigned)crew->n + 1);
    for (size_t i = 0; i < crew->n; i++) {
        if (pthread_create(&crew->members[i].thread, NULL, member_main, &crew->members[i]) != 0)
            abort();
    }
}

static CK_RV threads_run(struct job *j, double seconds, double *ret)
{
    struct crew *crew = j->own;
    double start = 0;
    size_t turns = 0;
    CK_RV rv = CKR_OK;

    atomic_store(&crew->stop, false);
    crew_spawn(crew);
    pthread_barrier_wait(&crew->barrier);
    start = stats_now();
    pause_for(seconds);
    atomic_store(&crew->stop, true);
    for (size_t i = 0; i < crew->n; i++) {
        pthread_join(crew->members[i].thread, NULL);
        turns += crew->members[i].turns;
        if (rv == CKR_OK)
            rv = crew->members[i].rv;
    }
    *ret = (double)turns / (stats_now() - start);
    pthread_barrier_destroy(&crew->barrier);
    return rv;
}

const struct work work_raw_threads = {
    .start = threads_start, .run = threads_run, .stop = threads_stop};
const struct work work_p11_threads = {
    .start = threads_start, .run = threads_run, .stop = threads_stop};
