/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h - the directory of a store and the two files in it: made, found, and found fit.
 *
 * Fit means: a directory, two regular files, owned by the caller or by root, writable by nobody
 * else. What is not fit is refused with one line in the log that names the mend.
 */
#ifndef TEE_STORE_PLACE_H
#define TEE_STORE_PLACE_H

#include <sys/types.h>

#include "util/guard.h"

#define PLACE_DATA "data.mdb" /* LMDB's own names */
#define PLACE_LOCK "lock.mdb"

struct place {
    dev_t dev; /* of the directory: two names of one store are one store */
    ino_t ino;
    bool has_data; /* the data file is there and not empty */
};

/* Look at `directory`, and make it (0700, with missing parents) where `create` says so. Without
 * `create`: CKR_TOKEN_NOT_PRESENT when directory or database are missing, and nothing is touched.
 * CKR_DEVICE_ERROR: unfit; or a lock file without a database: a store that was lost is not silently
 * made anew. */
NODISCARD CK_RV place_look(const char *directory, bool create, struct place *ret);
/* Open the data file for reading. Closing it harms no lock: LMDB's are on the lock file. */
NODISCARD CK_RV place_open_data(const char *directory, int *ret_fd);
/* Open a single file for reading: CKR_DEVICE_ERROR, with a log line, when it is not a regular file
 * that can be read. `name` is what the message calls it. */
struct stat;
NODISCARD CK_RV place_open_file(const char *path, const char *name, int *ret_fd,
                                struct stat *ret_st);
/* May a store be put into `directory`, which is there? CKR_FUNCTION_REJECTED, with a log line: it
 * has one, or a process still has the one open that was there. CKR_DEVICE_ERROR: unfit. */
NODISCARD CK_RV place_is_free(const char *directory);
/* Is neither of the two files there? And: remove both. For who makes a store and may have to take
 * it back, at the gate. */
bool place_is_bare(const char *directory);
void place_strip(const char *directory);
/* Make the names of new files survive a crash. */
NODISCARD CK_RV place_sync(const char *directory);
/* close() for AUTO(); -1 is allowed. */
void place_closep(int *fd);

#endif
