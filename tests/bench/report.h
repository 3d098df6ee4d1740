/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - the results as tables for people and as JSON for programs.
 */
#ifndef TEE_BENCH_REPORT_H
#define TEE_BENCH_REPORT_H

#include <stdio.h>

#include "bench/results.h"

/* Print a Markdown table of the group's rows from row `first` on, nothing when there are none. */
void report_table(FILE *file, const struct results *r, enum cases_group group, size_t first);
/* Write everything to the file: every round's figure, medians, ratios, refusals. CKR_GENERAL_ERROR
 * with a message on stderr when it cannot be written. */
NODISCARD CK_RV report_json(const char *path, const struct options *o, const struct results *r);
/* What a cell says: its figure and ratio, or "-" and why there is none. */
#define REPORT_CELL (FAULT_TEXT * 2 + 64)
char *report_cell(const struct row *row, size_t side, char text[REPORT_CELL]);

#endif
