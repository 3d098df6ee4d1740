/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing_stats.c - Welch's t-test over two classes of times; see timing.h.
 *
 * A machine that does other things makes a long tail, in which a small difference drowns: so the
 * test is made again on the fastest 95, 75, 50, 25 and 10 per cent of both classes together, and the largest
 * |t| counts.
 */
#include "bench/timing.h"

#include <math.h>
#include <stdlib.h>

#define FEWEST 30 /* samples of a class: of fewer, the variance is a guess */

struct moments {
    double n, mean, squares; /* squares: sum of squared distances from the mean */
};

/* Welford's. */
static void moments_add(struct moments *m, double v)
{
    const double from = v - m->mean;

    m->n += 1;
    m->mean += from / m->n;
    m->squares += from * (v - m->mean);
}

/* The variance of the mean. */
static double moments_error(const struct moments *m)
{
    return m->n > 1 ? m->squares / (m->n - 1) / m->n : 0;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The test on what is not above `limit`: the largest |t| counts, and difference and error are those
 * of the test that sees most. */
static void test_below(const double *v, const uint8_t *class, size_t n, double limit,
                       struct timing_result *ret)
{
    struct moments m[2] = {{.n = 0}, {.n = 0}};
    double error, t;

    for (size_t i = 0; i < n; i++) {
        if (v[i] <= limit)
            moments_add(&m[class[i] & 1], v[i]);
    }
    if (m[0].n < FEWEST || m[1].n < FEWEST)
        return;
    error = sqrt(moments_error(&m[0]) + moments_error(&m[1]));
    if (error <= 0)
        return;
    t = fabs(m[1].mean - m[0].mean) / error;
    ret->t = t > ret->t ? t : ret->t;
    if (ret->visible > 0 && TIMING_LIMIT * error >= ret->visible)
        return;
    ret->difference = m[1].mean - m[0].mean;
    ret->visible = TIMING_LIMIT * error;
}

CK_RV timing_test(const double *v, const uint8_t *class, size_t n, struct timing_result *ret)
{
    static const double shares[] = {1, 0.95, 0.75, 0.5, 0.25, 0.1};
    double *sorted = malloc(n * sizeof(*sorted));
    struct timing_result r = {.n = n};

    ENSURE(sorted != NULL && n > 0, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = v[i];
        r.mean += v[i] / (double)n;
    }
    qsort(sorted, n, sizeof(*sorted), by_size);
    for (size_t i = 0; i < N_ELEMENTS(shares); i++)
        test_below(v, class, n, sorted[(size_t)(shares[i] * (double)(n - 1))], &r);
    free(sorted);
    *ret = r;
    return CKR_OK;
}
