/* SPDX-License-Identifier: BSD-2-Clause */
/* results.c - figures, medians, ratios; see results.h. */
#include "bench/results.h"

#include <stdlib.h>
#include <string.h>

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

CK_RV results_new(const struct options *o, size_t n, struct results **ret)
{
    struct results *r = calloc(1, sizeof(*r));

    ENSURE(r != NULL, CKR_HOST_MEMORY);
    r->rows = calloc(n + 1, sizeof(*r->rows));
    r->labels[r->n_sides++] = "raw OpenSSL";
    for (size_t i = 0; i < o->n_modules; i++)
        r->labels[r->n_sides++] =
            o->module[i].label != NULL ? o->module[i].label : file_name(o->module[i].path);
    if (r->rows == NULL) {
        results_free(r);
        FAIL(CKR_HOST_MEMORY);
    }
    *ret = r;
    return CKR_OK;
}

void results_free(struct results *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; r->rows != NULL && i < r->n; i++) {
        for (size_t side = 0; side < r->n_sides; side++)
            free(r->rows[i].cells[side].rounds);
    }
    free(r->rows);
    free(r);
}

CK_RV results_add(struct row *row, size_t side, double figure)
{
    struct cell *cell = &row->cells[side];
    double *more = reallocarray(cell->rounds, cell->n + 1, sizeof(*more));

    ENSURE(more != NULL, CKR_HOST_MEMORY);
    cell->rounds = more;
    more[cell->n++] = row->instance->c->unit == STATS_TIME ? 1 / figure : figure;
    return CKR_OK;
}

/* The speed of a relative to b, round by round, then the median. */
static double ratio_of(const struct cell *a, const struct cell *b, enum stats_unit unit)
{
    const size_t n = a->n < b->n ? a->n : b->n;
    double *ratios = calloc(n + 1, sizeof(*ratios));
    double median = 0;

    if (ratios != NULL && n > 0) {
        for (size_t i = 0; i < n; i++)
            ratios[i] =
                unit == STATS_TIME ? b->rounds[i] / a->rounds[i] : a->rounds[i] / b->rounds[i];
        median = stats_median(ratios, n);
    }
    free(ratios);
    return median;
}

void results_settle(const struct results *r, struct row *row)
{
    const enum stats_unit unit = row->instance->c->unit;
    const struct cell *raw = &row->cells[0];

    for (size_t side = 0; side < r->n_sides; side++) {
        struct cell *cell = &row->cells[side];

        if (cell->rv != CKR_OK || cell->n == 0)
            continue;
        cell->median = stats_median(cell->rounds, cell->n);
        if (side > 0 && raw->rv == CKR_OK && unit != STATS_MEMORY)
            cell->ratio = ratio_of(cell, raw, unit);
    }
}
