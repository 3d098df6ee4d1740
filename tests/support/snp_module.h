/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_module.h - the module and the command on the emulated SEV-SNP device that SNP_EMULATOR_MOUNT
 * names (with-snp-emulator.sh), and the hands of its host.
 */
#ifndef TEE_TESTS_SNP_MODULE_H
#define TEE_TESTS_SNP_MODULE_H

#include "support/module.h"

/* A machine in its first state (a Milan, measurement a1a2a3, TCB 3.0.10.100, no ID block), a
 * scratch directory whose configuration names the device and has these lines besides, the module
 * loaded, C_Initialize done. */
void snp_module_start(const char *more_conf);
/* C_Finalize, unload, remove. */
void snp_module_stop(void);
/* C_Finalize and C_Initialize: the next session opens the store anew. */
void snp_module_again(void);
/* Lines "name=value" for the emulator; asserts that they are understood. */
void snp_control(const char *lines);
/* A count of the emulator: "keys", "reports", "requests". */
unsigned long long snp_count(const char *name);

/* Run a shell command with $TEE_PKCS11 (the command under test) and $SCRATCH; its output, both
 * streams, is kept. Returns the exit status. */
int run(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* What the last run() printed. */
const char *run_output(void);
#define ASSERT_PRINTED(words) assert_printed_((words), __FILE__, __LINE__)
void assert_printed_(const char *words, const char *file, int line);

#endif
