/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * denied.h - the command in a world where nothing can be opened, made, removed or started: what a
 * fuzzer types must not reach the machine that it runs on. Link with denied_wraps of meson.build.
 *
 * Between denied_begin() and denied_end() each of these calls fails with EACCES and is counted;
 * standard output and error go nowhere.
 */
#ifndef TEE_FUZZ_DENIED_H
#define TEE_FUZZ_DENIED_H

void denied_begin(void);
/* Returns how many calls were refused. */
unsigned denied_end(void);

#endif
