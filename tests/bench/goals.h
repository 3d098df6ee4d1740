/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * goals.h - the project's goals for speed, compared with what was measured.
 *
 * Issue 2 has those of the first release, issue 6 those after it.
 */
#ifndef TEE_BENCH_GOALS_H
#define TEE_BENCH_GOALS_H

#include <stdio.h>

#include "bench/results.h"

/* Print a line per goal and case, a column per module, what falls short marked. Goals without a
 * measurement are listed as such. */
void goals_print(FILE *file, const struct results *r);

#endif
