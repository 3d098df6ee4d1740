/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roles.h - what a started process does in its role.
 *
 *   null    nothing: what a process costs
 *   cold    one signature from nothing, printed in hexadecimal
 *   sign    the same, then for each line "seconds" read, signs that long and prints
 *           "signatures seconds"
 *   memory  searches and signs across the token's keys, then prints "bytes keys": its anonymous
 *           memory and how many keys it used
 */
#ifndef TEE_BENCH_ROLES_H
#define TEE_BENCH_ROLES_H

#include "bench/child.h"

/* Do it; returns the exit status. */
int roles_run(const struct child_orders *orders);
/* The digest that the roles sign: 32 bytes. */
extern const uint8_t roles_digest[32];

#endif
