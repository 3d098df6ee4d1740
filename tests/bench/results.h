/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results.h - what was measured: a row per instance, a cell per contestant, a figure per round.
 *
 * Contestant 0 is raw OpenSSL. Figures are turns per second, seconds or bytes, as the case's unit
 * says. A ratio is a speed relative to raw, above 1 is faster: the median over the rounds of the
 * two figures of the same round, so that a machine that slows down for a while does not tilt it.
 */
#ifndef TEE_BENCH_RESULTS_H
#define TEE_BENCH_RESULTS_H

#include "bench/cases.h"
#include "bench/fault.h"

#define RESULTS_MAX_SIDES (OPTIONS_MAX_MODULES + 1)

struct cell {
    CK_RV rv;               /* CKR_OK: there are figures */
    char words[FAULT_TEXT]; /* more about a failure, or "" */
    double *rounds;
    size_t n;
    double median;
    double ratio; /* 0: none */
};

struct row {
    const struct instance *instance;
    struct cell cells[RESULTS_MAX_SIDES];
};

struct results {
    const char *labels[RESULTS_MAX_SIDES];
    size_t n_sides;
    struct row *rows;
    size_t n; /* rows measured */
};

/* Room for n rows of the contestants of the options. Free with results_free(). */
NODISCARD CK_RV results_new(const struct options *o, size_t n, struct results **ret);
void results_free(struct results *r);
/* Keep what a round gave: turns per second, or bytes. */
NODISCARD CK_RV results_add(struct row *row, size_t side, double figure);
/* Work out the medians and ratios of a row. */
void results_settle(const struct results *r, struct row *row);

#endif
