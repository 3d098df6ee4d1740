/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.h - cases without a clock, for a profiler that counts: in one process, raw OpenSSL or one
 * module. valgrind --tool=callgrind --instr-atstart=no then sees the turns that count and nothing
 * else.
 */
#ifndef TEE_BENCH_COUNT_H
#define TEE_BENCH_COUNT_H

#include "bench/cases.h"

/* Start each case, take as many turns to warm up, and then those that count. */
NODISCARD CK_RV count_run(const struct options *o, const struct instance *instances, size_t n);

#endif
