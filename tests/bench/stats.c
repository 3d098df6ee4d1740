/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.c - time, medians and readable figures; see stats.h. */
#include "bench/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "util/guard.h"

struct scale {
    double least; /* the scale serves figures from here on */
    double unit;
    const char *suffix;
};

/* Each list goes from the largest to a last row that takes whatever is left. */
static const struct scale rates[] = {{1e6, 1e6, "M"}, {1e3, 1e3, "k"}, {0, 1, ""}};
static const struct scale times[] = {
    {1, 1, " s"}, {1e-3, 1e-3, " ms"}, {1e-6, 1e-6, " us"}, {0, 1e-9, " ns"}};
static const struct scale sizes[] = {{1048576, 1048576, " MiB"}, {0, 1024, " KiB"}};
static const struct scale shares[] = {{0, 1, ""}};

static const struct {
    const char *name;
    const struct scale *scales;
} units[] = {
    [STATS_RATE] = {"per_second", rates},
    [STATS_TIME] = {"seconds", times},
    [STATS_MEMORY] = {"bytes", sizes},
    [STATS_SHARE] = {"share", shares},
};

double stats_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static clockid_t measuring = CLOCK_MONOTONIC;

void stats_by_cpu(void)
{
    measuring = CLOCK_PROCESS_CPUTIME_ID;
}

double stats_spent(void)
{
    struct timespec t;

    clock_gettime(measuring, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

double stats_spent_by_children(void)
{
    struct rusage usage;

    if (measuring == CLOCK_MONOTONIC || getrusage(RUSAGE_CHILDREN, &usage) != 0)
        return stats_now();
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static int by_value(const void *a, const void *b)
{
    double x = 0;
    double y = 0;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

double stats_median(const double *values, size_t n)
{
    double *sorted = calloc(n, sizeof(*sorted));
    double median = values[0];

    if (sorted == NULL)
        return median;
    memcpy(sorted, values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_value);
    median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    free(sorted);
    return median;
}

char *stats_text(enum stats_unit unit, double figure, char text[STATS_TEXT])
{
    const struct scale *s = units[unit].scales;
    const double size = figure < 0 ? -figure : figure; /* a difference may be below 0 */
    double scaled = 0;

    while (size < s->least)
        s++;
    scaled = size / s->unit;
    snprintf(text, STATS_TEXT, "%s%.*f%s", figure < 0 ? "-" : "",
             scaled < 10 ? 2 : scaled < 100 ? 1 : 0, scaled, s->suffix);
    return text;
}

const char *stats_unit_name(enum stats_unit unit)
{
    return units[unit].name;
}
