/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cold.c - a process from nothing to its first signature, and its memory after much work.
 *
 * While a cold start is measured, the contestant's own process has finalised the module, so that
 * nobody else has the token open.
 */
#include <stdlib.h>

#include "bench/child.h"
#include "bench/fault.h"
#include "bench/grow.h"
#include "bench/names.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/roles.h"
#include "bench/work.h"

#define MEMORY_STRETCH 100 /* times --seconds that the memory role may take */

struct start {
    struct child_orders orders;
    char label[NAMES_TEXT];
    EVP_PKEY *pkey; /* what verifies; owned for a module */
};

NODISCARD static CK_RV start_prepare(struct job *j, enum child_role role)
{
    struct start *start = calloc(1, sizeof(*start));

    ENSURE(start != NULL, CKR_HOST_MEMORY);
    j->own = start;
    TRY(job_buffers(j, 0, RAW_SIGNATURE_MAX));
    start->orders = child_orders_of(j->side, role);
    start->orders.key = "";
    start->orders.n = j->count;
    start->orders.seconds = j->side->opts->seconds * MEMORY_STRETCH;
    return CKR_OK;
}

static CK_RV null_start(struct job *j)
{
    return start_prepare(j, CHILD_NULL);
}

NODISCARD static CK_RV raw_prepare(struct job *j, enum child_role role)
{
    struct start *start = NULL;

    TRY(start_prepare(j, role));
    TRY(keys_get(j->side, KEY_P256, &j->key));
    TRY(keys_write_pem(j->side));
    start = j->own;
    start->orders.key = j->side->pem;
    return CKR_OK;
}

/* The module's token has count keys; the one in the middle is what the child looks for. */
NODISCARD static CK_RV p11_prepare(struct job *j, enum child_role role)
{
    struct start *start = NULL;
    size_t added = 0;
    double seconds = 0;

    TRY(start_prepare(j, role));
    TRY(grow_to(j->side, j->count, &added, &seconds));
    start = j->own;
    TRY(grow_public(&start->pkey));
    names_label(j->count / 2, start->label);
    start->orders.key = start->label;
    p11_down(&j->side->p11);
    return CKR_OK;
}

static CK_RV raw_cold_start(struct job *j)
{
    return raw_prepare(j, CHILD_COLD);
}

static CK_RV pin_start(struct job *j)
{
    return start_prepare(j, CHILD_PIN);
}

static CK_RV p11_cold_start(struct job *j)
{
    return p11_prepare(j, CHILD_COLD);
}

static CK_RV raw_memory_start(struct job *j)
{
    return raw_prepare(j, CHILD_MEMORY);
}

static CK_RV p11_memory_start(struct job *j)
{
    return p11_prepare(j, CHILD_MEMORY);
}

static void p11_stop(struct job *j)
{
    const struct start *start = j->own;

    if (start != NULL)
        EVP_PKEY_free(start->pkey);
    if (p11_up(&j->side->p11) != CKR_OK)
        fprintf(stderr, "p11bench: %s: the module does not come up again\n", j->instance->name);
}

static CK_RV null_once(struct job *j)
{
    const struct start *start = j->own;
    struct child child = {0};

    TRY(child_start(&start->orders, &child));
    return child_end(&child);
}

static CK_RV cold_once(struct job *j)
{
    const struct start *start = j->own;
    struct child child = {0};
    CK_RV said = CKR_OK;
    CK_RV ended = CKR_OK;

    TRY(child_start(&start->orders, &child));
    j->n_out = j->room;
    said = child_read_hex(&child, j->out, &j->n_out);
    ended = child_end(&child);
    TRY(said);
    return ended;
}

static CK_RV p11_cold_check(struct job *j)
{
    const struct start *start = j->own;

    if (raw_verify_p11(start->pkey, j->spec, NULL, SPAN_ARRAY(roles_digest), job_out(j)) != CKR_OK)
        return fault_wrong("OpenSSL does not verify the signature");
    return CKR_OK;
}

static CK_RV memory_run(struct job *j, double seconds, double *ret)
{
    const struct start *start = j->own;
    struct child child = {0};
    char line[CHILD_LINE];
    size_t bytes = 0;
    size_t used = 0;
    CK_RV said = CKR_OK;
    CK_RV ended = CKR_OK;

    (void)seconds;
    TRY(child_start(&start->orders, &child));
    said = child_read(&child, line);
    ended = child_end(&child);
    TRY(said);
    TRY(ended);
    ENSURE(sscanf(line, "%zu %zu", &bytes, &used) == 2, FAULT_CHILD);
    if (!job_is_raw(j) && used < j->count)
        fprintf(stderr, "  %s: time for %zu keys only\n", j->instance->name, used);
    *ret = (double)bytes;
    return CKR_OK;
}

#define LESS_PIN_TURNS 256

enum { OF_COLD, OF_PIN, OF_NULL, OF_END };

/* Seconds that the processes take, one after the other, beginning with another one each turn. Raw
 * has no PIN: the first alone. */
NODISCARD static CK_RV less_pin_turn(struct job *j, size_t turn, double ret[OF_END])
{
    const size_t n = job_is_raw(j) ? 1 : OF_END;
    struct start *start = j->own;
    CK_RV rv = CKR_OK;

    for (size_t i = 0; i < n && rv == CKR_OK; i++) {
        const size_t of = (turn + i) % n;
        const double before = stats_spent_by_children();

        start->orders.role = of == OF_COLD ? CHILD_COLD : of == OF_PIN ? CHILD_PIN : CHILD_NULL;
        rv = of == OF_COLD ? cold_once(j) : null_once(j);
        ret[of] = stats_spent_by_children() - before;
    }
    start->orders.role = CHILD_COLD;
    return rv;
}

/* What the PIN takes is ten times what is left, and is now more, now less, with all else that the
 * machine does: it is taken off turn by turn, of the same tenth of a second. */
static CK_RV less_pin_run(struct job *j, double seconds, double *ret)
{
    const double until = stats_now() + seconds;
    double left[LESS_PIN_TURNS];
    size_t n = 0;

    while (n == 0 || (n < LESS_PIN_TURNS && stats_now() < until)) {
        double of[OF_END] = {0};

        TRY(less_pin_turn(j, n, of));
        left[n++] = of[OF_COLD] - (of[OF_PIN] - of[OF_NULL]);
    }
    *ret = 1 / stats_median(left, n);
    return CKR_OK;
}

const struct work work_raw_null = {.start = null_start, .once = null_once};
const struct work work_raw_pin = {.start = pin_start, .once = null_once};
const struct work work_raw_cold = {.start = raw_cold_start, .once = cold_once};
const struct work work_p11_cold = {
    .start = p11_cold_start, .once = cold_once, .check = p11_cold_check, .stop = p11_stop};
const struct work work_raw_less_pin = {
    .start = raw_cold_start, .once = cold_once, .run = less_pin_run};
const struct work work_p11_less_pin = {.start = p11_cold_start,
                                       .once = cold_once,
                                       .check = p11_cold_check,
                                       .run = less_pin_run,
                                       .stop = p11_stop};
const struct work work_raw_memory = {.start = raw_memory_start, .run = memory_run};
const struct work work_p11_memory = {
    .start = p11_memory_start, .run = memory_run, .stop = p11_stop};
