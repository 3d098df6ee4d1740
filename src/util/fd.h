/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.h - what open(2) and write(2) leave to their callers. */
#ifndef TEE_UTIL_FD_H
#define TEE_UTIL_FD_H

#include "util/span.h"

/* Write all of it, over interruptions and short writes. False: errno says why (EIO where write(2)
 * took nothing and gave no reason); a part may be written. */
bool fd_write_all(int fd, struct span bytes);

/*
 * The numbers of standard input, output and error, where nothing is open by them: open(2) gives the
 * lowest number that is free, so the next file would be what a program that was started without
 * them (or closed them) prints into. While they are taken, no file gets one of them.
 */
#define FD_STD 3
struct fd_std {
    bool taken[FD_STD];
    uint64_t inode[FD_STD]; /* of what stands there: somebody else's is not closed */
};
/* Nothing can be read from, or written to, what stands there meanwhile. Where it can't be done they
 * stay free. */
void fd_std_take(struct fd_std *ret);
void fd_std_give_back(struct fd_std *s);
/* One file that an application must not print into: what open(2) gave, by a number above those. -1:
 * errno says why, and `fd` is closed. */
int fd_off_std(int fd);

#endif
