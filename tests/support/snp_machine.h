/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_machine.h - an emulated machine and a configuration for stores on it, for tests of the
 * keyring: its device, the root sev-snp, keys measured by the image.
 */
#ifndef TEE_TESTS_SNP_MACHINE_H
#define TEE_TESTS_SNP_MACHINE_H

#include "keyring_fixture.h"
#include "snp_bench.h"

/* Both to be closed by their own functions. Asserts. */
static inline void snp_machine_open(struct snp_bench *bench, struct keyring_fixture **ret)
{
    snp_bench_open(bench);
    (void)fixture_setup((void **)ret);
    (*ret)->conf.root = CONF_ROOT_SEV_SNP;
    (*ret)->conf.device = bench->device;
    (*ret)->conf.measured = CONF_MEASURED_IMAGE;
    snp_bench_set(bench, "tcb=3.0.10.100");
}

#endif
