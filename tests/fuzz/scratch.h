/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.h - a directory of the harness's own, in memory where there is such a file system: the
 * store is synced at every commit.
 */
#ifndef TEE_FUZZ_SCRATCH_H
#define TEE_FUZZ_SCRATCH_H

/* Make it, once; the path is good until scratch_remove(). */
const char *scratch_make(void);
/* Remove it and what is in it. */
void scratch_remove(void);
/* Remove a directory of plain files. */
void scratch_empty(const char *directory);

#endif
