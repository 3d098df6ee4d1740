/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_wrap.h - the emulator behind ioctl() of this program, for machines without FUSE.
 *
 * Link with -Wl,--wrap=ioctl. While the emulator is started, every ioctl of the sev-guest family
 * goes to it, on whatever descriptor; all others go to the kernel.
 */
#ifndef TEE_TESTS_SNP_WRAP_H
#define TEE_TESTS_SNP_WRAP_H

#include "snp_emulator.h"

/* Start answering, with a new emulator; false: out of memory. It belongs to this file. */
bool snp_wrap_start(void);
/* Stop, and free the emulator. */
void snp_wrap_stop(void);
/* The one that answers, or NULL. */
struct emulator *snp_wrap_emulator(void);
/* The lowest number of a descriptor that it was asked by. */
int snp_wrap_lowest(void);

int __wrap_ioctl(int fd, unsigned long number, ...);
int __real_ioctl(int fd, unsigned long number, ...);

#endif
