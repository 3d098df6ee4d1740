/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - time, medians, and figures as people read them.
 */
#ifndef TEE_BENCH_STATS_H
#define TEE_BENCH_STATS_H

#include <stddef.h>

#define STATS_TEXT 24 /* room for one figure with its unit and terminator */

/* What a figure means. The loops measure turns per second; memory is in bytes, a
 * share has no unit. */
enum stats_unit { STATS_RATE, STATS_TIME, STATS_MEMORY, STATS_SHARE };

/* Seconds on the monotonic clock. */
double stats_now(void);
/* Seconds on the clock that work is measured by: the same one, or, once stats_by_cpu() was called,
 * the time that this process's threads spent on processors. */
double stats_spent(void);
void stats_by_cpu(void);
/* The same of children that have ended, for who waits for them and does nothing else. */
double stats_spent_by_children(void);
/* The median of n > 0 values, which stay as they are; the mean of the middle two for an even n. */
double stats_median(const double *values, size_t n);
/* Print a figure (turns per second, seconds or bytes) with three digits; returns text. */
char *stats_text(enum stats_unit unit, double figure, char text[STATS_TEXT]);
/* "per_second", "seconds" or "bytes". */
const char *stats_unit_name(enum stats_unit unit);

#endif
