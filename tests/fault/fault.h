/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h - a world that fails by seed, linked around the module (tests/meson.build: --wrap).
 *
 * The module under test is the ordinary one with one difference: its calls of the functions in
 * sites.h go through trampolines that ask fault_hits() first. The same seed fails the same calls of
 * a single-threaded program.
 */
#ifndef TEE_TESTS_FAULT_H
#define TEE_TESTS_FAULT_H

enum fault_kind {
    FAULT_MEMORY = 1,
    FAULT_SYSTEM = 2,
    FAULT_LMDB = 4,
    FAULT_OPENSSL = 8,
    FAULT_NEVER = 16 /* a place to be watched, that does not fail */
};
#define FAULT_ALL (FAULT_MEMORY | FAULT_SYSTEM | FAULT_LMDB | FAULT_OPENSSL)

/* From now on one call in `one_in` fails, of these kinds, at random from `seed`. With `one_in` 0
 * call number `seed`, from 1 on, is the only one. Exported. */
typedef void fault_arm_fn(unsigned long seed, unsigned one_in, unsigned kinds);
/* Nothing fails any more; how many calls did since it was armed. *ret_last: the name of the last
 * one, or NULL. Exported. */
typedef unsigned fault_disarm_fn(const char **ret_last);

/* Told of each call of a site before it is made, in the thread that makes it: its name, and where
 * it returns to. "waits": the thread is about to wait for a mutex that another one holds. */
typedef void fault_watch_fn(const char *name, const void *caller);
/* From now on `watch` is told; NULL: nobody is. While somebody is, a fork does not wait for calls
 * of other threads to be over, as if they had taken longer than its patience. Exported. */
typedef void fault_watch_by_fn(fault_watch_fn *watch);

#endif
