/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.h - a disk that fails by plan, as the tests command it (tests/support/disk_fuse.c has the
 * plan), and the store on it.
 */
#ifndef TEE_TESTS_FAULT_DISK_H
#define TEE_TESTS_FAULT_DISK_H

#include "support/raw_store.h"

/* Lines of the plan, as printf(); asserts that they are understood. */
void disk_plan(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Calls that reached the data file since the last reset. */
struct disk_counts {
    unsigned open, read, write, sync, size, make, hits;
};
struct disk_counts disk_counts(void);

/* The data file as it is, without what it has as holes; and put back, with nothing broken. No
 * process may have the store open. */
struct raw_file disk_keep(const char *store);
void disk_restore(const char *store, const struct raw_file *f);
/* The power comes back: what was cut is what there is. */
void disk_reboot(const char *store);

/* Nobody has the store open: the next one makes the lock file anew. */
void disk_lock_remove(const char *store);

/* Is `TMPDIR` such a disk? */
bool disk_is_there(void);

#endif
