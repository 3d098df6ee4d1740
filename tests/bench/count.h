/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.h - cases without a clock, for a profiler that counts: in one process, raw OpenSSL or one
 * module, so many turns of each case inside counted_turns().
 */
#ifndef TEE_BENCH_COUNT_H
#define TEE_BENCH_COUNT_H

#include "bench/cases.h"
#include "bench/job.h"

/* The turns that count, by a name that valgrind --toggle-collect can be given. */
NODISCARD CK_RV counted_turns(struct job *j, size_t turns);

/* Start each case, take as many turns to warm up, and then those that count. */
NODISCARD CK_RV count_run(const struct options *o, const struct instance *instances, size_t n);

#endif
