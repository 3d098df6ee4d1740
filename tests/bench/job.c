/* SPDX-License-Identifier: BSD-2-Clause */
/* job.c - starting, measuring and stopping one side of a case; see job.h. */
#include "bench/job.h"

#include <stdlib.h>

#include "bench/fault.h"

#define WARM_UP   0.25   /* of the measured time */
#define BATCHES   40.0   /* looks at the clock in the measured time */
#define BATCH_MAX 100000 /* turns between two looks */

CK_RV job_open(struct job *j)
{
    if (job_is_raw(j))
        return CKR_OK;
    TRY(p11_session(&j->side->p11, &j->session));
    j->has_session = true;
    return CKR_OK;
}

CK_RV job_buffers(struct job *j, size_t n_in, size_t room)
{
    const size_t size = (n_in > room ? n_in : room) + 1;

    j->in = calloc(1, size);
    j->out = calloc(1, size);
    ENSURE(j->in != NULL && j->out != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n_in; i++)
        j->in[i] = job_pattern(i);
    j->n_in = n_in;
    j->room = room;
    return CKR_OK;
}

CK_RV job_ready(struct job *j, size_t room)
{
    const struct spec *spec = j->spec;

    TRY(job_open(j));
    if (spec->key != KEY_NONE)
        TRY(keys_get(j->side, spec->key, &j->key));
    mech_init(&j->mech, spec->mech, spec->fill);
    if (spec->md != NULL) {
        j->md = EVP_MD_fetch(NULL, spec->md, NULL);
        ENSURE(j->md != NULL, FAULT_OPENSSL);
    }
    return job_buffers(j, spec->n, room);
}

NODISCARD static CK_RV job_begin(struct job *j)
{
    if (j->work->start != NULL)
        TRY(j->work->start(j));
    if (j->work->once != NULL)
        TRY(j->work->once(j));
    if (j->work->check != NULL)
        TRY(j->work->check(j));
    return CKR_OK;
}

CK_RV job_start(struct side *s, const struct instance *instance, struct job **ret)
{
    const struct work *work = side_is_raw(s) ? instance->c->raw : instance->c->p11;
    struct job *j = NULL;

    if (work == NULL)
        return FAULT_NONE;
    j = calloc(1, sizeof(*j));
    ENSURE(j != NULL, CKR_HOST_MEMORY);
    j->side = s;
    j->instance = instance;
    j->work = work;
    j->spec = &instance->c->spec;
    j->count = instance->count;
    j->f = side_is_raw(s) ? NULL : s->p11.f;
    *ret = j;
    return job_begin(j);
}

/* Turns for at least `seconds`, looking at the clock every *inout_batch turns, a number that grows
 * until a batch takes its share of the time. */
NODISCARD static CK_RV turns_take(struct job *j, double seconds, size_t *inout_batch, double *ret)
{
    CK_RV (*const once)(struct job *) = j->work->once;
    const double start = stats_spent();
    double before = start;
    double now = start;
    size_t turns = 0;

    while (now - start < seconds) {
        const size_t batch = *inout_batch;

        for (size_t i = 0; i < batch; i++)
            TRY(once(j));
        turns += batch;
        now = stats_spent();
        if (now - before < seconds / BATCHES && batch < BATCH_MAX)
            *inout_batch = batch * 2;
        before = now;
    }
    *ret = (double)turns / (now - start);
    return CKR_OK;
}

CK_RV job_run(struct job *j, double seconds, double *ret)
{
    size_t batch = 1;
    double ignored = 0;

    if (j->spec->stretch > 0)
        seconds *= j->spec->stretch;
    if (j->work->run != NULL)
        return j->work->run(j, seconds, ret);
    TRY(turns_take(j, seconds * WARM_UP, &batch, &ignored));
    return turns_take(j, seconds, &batch, ret);
}

void job_free(struct job *j)
{
    if (j == NULL)
        return;
    if (j->work->stop != NULL)
        j->work->stop(j);
    if (j->has_session && j->side->p11.up)
        j->f->C_CloseSession(j->session);
    EVP_MD_free(j->md);
    EVP_CIPHER_free(j->cipher);
    EVP_MAC_free(j->mac);
    free(j->in);
    free(j->out);
    free(j->own);
    free(j);
}
