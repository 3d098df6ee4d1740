/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotate.c - rotating the DEKs of a token with many keys: another process does it, as the SO, and
 * says how long it took; meanwhile this one signs.
 */
#include <stdlib.h>

#include "bench/child.h"
#include "bench/fault.h"
#include "bench/grow.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

NODISCARD static CK_RV rotate_start(struct job *j)
{
    size_t added = 0;
    double seconds = 0;

    TRY(grow_to(j->side, j->count, &added, &seconds));
    return job_ready(j, RAW_SIGNATURE_MAX);
}

/* The process, ready to rotate. */
NODISCARD static CK_RV rotor_start(struct job *j, struct child *ret)
{
    struct child_orders orders = child_orders_of(j->side, CHILD_ROTATE);
    char line[CHILD_LINE];
    CK_RV rv;

    orders.pin = j->side->opts->so_pin;
    orders.key = "";
    TRY(child_start(&orders, ret));
    rv = child_read(ret, line);
    if (rv != CKR_OK && child_end(ret) == CKR_OK)
        return FAULT_CHILD; /* it failed, and says that it did not */
    return rv;
}

/* Let it begin. */
static void rotor_go(struct child *c)
{
    fprintf(c->to, "go\n");
    fflush(c->to);
}

NODISCARD static CK_RV rotor_end(struct child *c, double *ret)
{
    char line[CHILD_LINE];
    const CK_RV said = child_read(c, line);
    const CK_RV ended = child_end(c);

    TRY(said);
    TRY(ended);
    *ret = strtod(line, NULL);
    ENSURE(*ret > 0, FAULT_CHILD);
    return CKR_OK;
}

static CK_RV alone_run(struct job *j, double seconds, double *ret)
{
    struct child child = {0};
    double spent = 0;

    (void)seconds;
    TRY(rotor_start(j, &child));
    rotor_go(&child);
    TRY(rotor_end(&child, &spent));
    *ret = 1 / spent;
    return CKR_OK;
}

/* Signatures per second until the time is over or the child has something to say. */
NODISCARD static CK_RV sign_until(struct job *j, double until, const struct child *c, double *ret)
{
    const double start = stats_now();
    double now = start;
    size_t turns = 0;

    while (now < until && (c == NULL || !child_has_line(c))) {
        for (size_t i = 0; i < 16; i++)
            TRY(work_p11_sign.once(j));
        turns += 16;
        now = stats_now();
    }
    *ret = (double)turns / (now - start);
    return CKR_OK;
}

/* How fast signing is beside a rotation, of what it is alone. */
static CK_RV beside_run(struct job *j, double seconds, double *ret)
{
    struct child child = {0};
    double spent = 0, alone = 0, beside = 0;

    TRY(rotor_start(j, &child));
    TRY(sign_until(j, stats_now() + seconds, NULL, &alone));
    rotor_go(&child);
    TRY(sign_until(j, stats_now() + j->side->opts->patience, &child, &beside));
    TRY(rotor_end(&child, &spent));
    *ret = beside / alone;
    return CKR_OK;
}

const struct work work_p11_rotate = {.start = rotate_start, .run = alone_run};
const struct work work_p11_sign_beside = {.start = rotate_start, .run = beside_run};
