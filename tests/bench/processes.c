/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processes.c - processes that sign with one P-256 key of one token: signatures per second of all
 * together. They are started, logged in and have signed once before the clock runs.
 */
#include <stdlib.h>

#include "bench/child.h"
#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/roles.h"
#include "bench/work.h"

struct team {
    struct child *children;
    size_t n; /* started */
    char label[KEYS_LABEL];
};

NODISCARD static CK_RV signature_check(struct job *j, struct child *c)
{
    uint8_t signature[RAW_SIGNATURE_MAX];
    size_t n = sizeof(signature);
    CK_RV rv = CKR_OK;

    TRY(child_read_hex(c, signature, &n));
    if (job_is_raw(j))
        rv =
            raw_verify(j->key.pkey, j->spec, NULL, SPAN_ARRAY(roles_digest), span_of(signature, n));
    else
        rv = raw_verify_p11(j->key.pkey, j->spec, NULL, SPAN_ARRAY(roles_digest),
                            span_of(signature, n));
    if (rv != CKR_OK)
        return fault_wrong("a process's signature does not verify");
    return CKR_OK;
}

NODISCARD static CK_RV team_start(struct job *j, struct team *team)
{
    struct child_orders orders = child_orders_of(j->side, CHILD_SIGN);

    if (!job_is_raw(j))
        orders.key = team->label;
    while (team->n < j->count) {
        TRY(child_start(&orders, &team->children[team->n]));
        team->n++;
    }
    for (size_t i = 0; i < team->n; i++)
        TRY(signature_check(j, &team->children[i]));
    return CKR_OK;
}

static CK_RV processes_start(struct job *j)
{
    struct team *team = calloc(1, sizeof(*team));

    ENSURE(team != NULL, CKR_HOST_MEMORY);
    j->own = team;
    TRY(keys_get(j->side, KEY_P256, &j->key));
    if (job_is_raw(j))
        TRY(keys_write_pem(j->side));
    keys_label(j->side, KEY_P256, team->label);
    team->children = calloc(j->count, sizeof(*team->children));
    ENSURE(team->children != NULL, CKR_HOST_MEMORY);
    return team_start(j, team);
}

static void processes_stop(struct job *j)
{
    struct team *team = j->own;

    if (team == NULL)
        return;
    for (size_t i = 0; i < team->n; i++) {
        const CK_RV rv = child_end(&team->children[i]);

        (void)rv; /* one that failed has said so before */
    }
    free(team->children);
}

static CK_RV processes_run(struct job *j, double seconds, double *ret)
{
    struct team *team = j->own;
    double rate = 0;

    for (size_t i = 0; i < team->n; i++) {
        ENSURE(fprintf(team->children[i].to, "%f\n", seconds) > 0, FAULT_CHILD);
        ENSURE(fflush(team->children[i].to) == 0, FAULT_CHILD);
    }
    for (size_t i = 0; i < team->n; i++) {
        char line[CHILD_LINE];
        double spent = 0;
        size_t turns = 0;

        TRY(child_read(&team->children[i], line));
        ENSURE(sscanf(line, "%zu %lf", &turns, &spent) == 2 && spent > 0, FAULT_CHILD);
        rate += (double)turns / spent;
    }
    *ret = rate;
    return CKR_OK;
}

const struct work work_raw_processes = {
    .start = processes_start, .run = processes_run, .stop = processes_stop};
const struct work work_p11_processes = {
    .start = processes_start, .run = processes_run, .stop = processes_stop};
