/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - a test's hold on the world of fault.h: breaks it, mends it, and knows what a call may
 * say that met it. TEE_TEST_MODULE is the module that was linked with it, and is loaded.
 */
#ifndef TEE_TESTS_WORLD_H
#define TEE_TESTS_WORLD_H

#include "fault/fault.h"
#include "support/module.h"

/* To be called first; fails the test where the module has no such world. */
void world_find(void);
/* fault_arm_fn and fault_disarm_fn. */
void world_break(unsigned long seed, unsigned one_in, unsigned kinds);
unsigned world_mend(const char **ret_last);
/* fault_watch_by_fn. */
void world_watch(fault_watch_fn *watch);
/* Is this the code of a refusal for something of `kinds` that failed? */
bool world_explains(unsigned kinds, CK_RV rv);
/* The number in the environment under `name`, or `otherwise`. */
unsigned long world_number(const char *name, unsigned long otherwise);

#endif
