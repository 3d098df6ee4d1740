/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.h - what open(2) and write(2) leave to their callers. */
#ifndef TEE_UTIL_FD_H
#define TEE_UTIL_FD_H

#include <sys/types.h>

#include "util/span.h"

/* Write all of it, over interruptions and short writes. False: errno says why (EIO where write(2)
 * took nothing and gave no reason); a part may be written. */
bool fd_write_all(int fd, struct span bytes);

/*
 * The numbers of standard input, output and error, where nothing is open by them: open(2) gives the
 * lowest number that is free, so the next file would be what a program that was started without
 * them (or closed them) prints into.
 *
 * A file of our own is opened by fd_open() or fd_openat(), which move it to a number above those.
 * Until it is moved, for the time of one system call, it has the low number.
 */
#define FD_STD 3

/* open(2) and openat(2), closed on exec. `mode` is of a file that is made. -1: errno says why. */
int fd_open(const char *path, int flags);
int fd_openat(int dir, const char *path, int flags, mode_t mode);
/* The same for what another call gave (socket(2)). It is closed where it can't be moved, and where
 * it was: not for a file that has locks of the process (fcntl(2), F_SETLK), which go with that. */
int fd_off_std(int fd);

/*
 * For files that others open: LMDB's. While the numbers are taken, no file gets one of them; who
 * reads or writes there has EBADF, as where nothing is open. Where it can't be done (no memory, a
 * thread that opens a file by that number meanwhile) they stay as they are. Who takes them at
 * once with another (one store does not; two copies of the module may) shares them, and has them no
 * more when the other has given them back.
 */
struct fd_std {
    bool taken[FD_STD];
    uint64_t inode[FD_STD]; /* of what stands there: somebody else's is not closed */
};
void fd_std_take(struct fd_std *ret);
void fd_std_give_back(struct fd_std *s);
/* Is the number one that is taken so, and nothing else open by it? */
bool fd_std_is_taken(int fd);

#endif
