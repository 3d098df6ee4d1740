/* SPDX-License-Identifier: BSD-2-Clause */
/* count.c - see count.h. */
#include "bench/count.h"

#include <stdio.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/keys.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else /* built without valgrind: its program then counts nothing, and count.py says so */
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

/* The turns that count. */
NODISCARD static CK_RV counted_turns(struct job *j, size_t turns)
{
    CK_RV rv = CKR_OK;

    CALLGRIND_START_INSTRUMENTATION;
    for (size_t i = 0; rv == CKR_OK && i < turns; i++)
        rv = j->work->once(j);
    CALLGRIND_STOP_INSTRUMENTATION;
    return rv;
}

NODISCARD static CK_RV side_open(const struct options *o, struct side *s)
{
    s->opts = o;
    snprintf(s->run, sizeof(s->run), "count");
    if (o->n_modules == 0)
        return CKR_OK;
    s->path = o->module[0].path;
    snprintf(s->token, sizeof(s->token), "%s",
             o->module[0].token != NULL ? o->module[0].token : "p11bench count");
    TRY(p11_load(&s->p11, s->path, s->token, o->pin));
    if (o->module[0].token == NULL)
        TRY(p11_make_token(&s->p11, o->so_pin));
    return p11_up(&s->p11);
}

NODISCARD static CK_RV instance_count(struct side *s, const struct instance *instance, size_t turns)
{
    struct job *j = NULL;
    CK_RV rv = job_start(s, instance, &j);

    if (rv == CKR_OK && j->work->once == NULL)
        rv = FAULT_NONE;
    for (size_t i = 1; rv == CKR_OK && i < turns; i++)
        rv = j->work->once(j);
    if (rv == CKR_OK)
        rv = counted_turns(j, turns);
    job_free(j);
    return rv;
}

CK_RV count_run(const struct options *o, const struct instance *instances, size_t n)
{
    static struct side side;
    CK_RV rv = side_open(o, &side);

    for (size_t i = 0; rv == CKR_OK && i < n; i++)
        rv = instance_count(&side, &instances[i], o->turns);
    keys_clear(&side);
    p11_down(&side.p11);
    return rv;
}
