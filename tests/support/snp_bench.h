/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_bench.h - a test's hands on the emulated device, whichever way it is reached.
 *
 * With SNP_EMULATOR_MOUNT in the environment that is the FUSE mount of snp-emulator at that
 * directory, and requests are real ioctls; else it is the wrapped ioctl of snp_wrap.h, on a file
 * that is made for the purpose. The same tests run over both.
 */
#ifndef TEE_TESTS_SNP_BENCH_H
#define TEE_TESTS_SNP_BENCH_H

#include "util/guard.h"

struct snp_bench {
    bool fuse;
    char device[256];
    char control[256];
};

/* A device in its first state. Asserts. */
void snp_bench_open(struct snp_bench *ret);
void snp_bench_close(struct snp_bench *b);
/* emulator_control(). Asserts that the lines are understood. */
void snp_bench_set(struct snp_bench *b, const char *lines);
/* Requests that reached the device so far. */
unsigned long long snp_bench_requests(struct snp_bench *b);

#endif
