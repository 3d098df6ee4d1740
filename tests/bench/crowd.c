/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd.c - very many sessions, and very many session objects one after the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/memory.h"
#include "bench/raw.h"
#include "bench/work.h"

#define SESSIONS    10000
#define OBJECTS     1000000
#define OBJECTS_MIN (OBJECTS / 20) /* to fill what is filled once */
#define STRETCH     240            /* times --seconds that the objects may take */
#define VALUE_BYTES 64

struct crowd {
    CK_SESSION_HANDLE v[SESSIONS];
    size_t n;
};

/* Sign with a session that was opened in the middle of ten thousand. */
static CK_RV sessions_start(struct job *j)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    ENSURE(crowd != NULL, CKR_HOST_MEMORY);
    j->own = crowd;
    while (crowd->n < SESSIONS / 2) {
        TRY(p11_session(&j->side->p11, &crowd->v[crowd->n]));
        crowd->n++;
    }
    TRY(job_ready(j, RAW_SIGNATURE_MAX));
    while (crowd->n < SESSIONS) {
        TRY(p11_session(&j->side->p11, &crowd->v[crowd->n]));
        crowd->n++;
    }
    return CKR_OK;
}

static CK_RV sessions_once(struct job *j)
{
    return work_p11_sign.once(j);
}

static CK_RV sessions_check(struct job *j)
{
    return work_p11_sign.check(j);
}

static void sessions_stop(struct job *j)
{
    const struct crowd *crowd = j->own;

    for (size_t i = 0; crowd != NULL && j->side->p11.up && i < crowd->n; i++)
        j->f->C_CloseSession(crowd->v[i]);
}

NODISCARD static CK_RV object_come_and_go(struct job *j, struct template *t)
{
    CK_OBJECT_HANDLE made = 0;

    TRY(j->f->C_CreateObject(j->session, t->a, t->n, &made));
    return j->f->C_DestroyObject(j->session, made);
}

/* A million objects made and destroyed: how much larger is the process than after the first few? */
static CK_RV objects_run(struct job *j, double seconds, double *ret)
{
    const double until = stats_now() + STRETCH * seconds;
    size_t before = 0, after = 0, i = 0;
    struct template t;

    TRY(job_open(j));
    TRY(job_buffers(j, VALUE_BYTES, VALUE_BYTES));
    template_init(&t);
    template_ulong(&t, CKA_CLASS, CKO_DATA);
    template_bool(&t, CKA_TOKEN, false);
    template_label(&t, "p11bench session object");
    template_bytes(&t, CKA_VALUE, job_in(j));
    for (i = 0; i < OBJECTS_MIN; i++)
        TRY(object_come_and_go(j, &t));
    TRY(memory_read(&before));
    for (; i < OBJECTS && stats_now() < until; i++)
        TRY(object_come_and_go(j, &t));
    TRY(memory_read(&after));
    if (i < OBJECTS)
        fprintf(stderr, "  %s: time for %zu objects only\n", j->instance->name, i);
    *ret = after > before ? (double)(after - before) : 0;
    return CKR_OK;
}

const struct work work_p11_sessions = {
    .start = sessions_start, .once = sessions_once, .check = sessions_check, .stop = sessions_stop};
const struct work work_p11_session_objects = {.run = objects_run};
