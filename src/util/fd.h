/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.h - what write(2) leaves to its callers. */
#ifndef TEE_UTIL_FD_H
#define TEE_UTIL_FD_H

#include "util/span.h"

/* Write all of it, over interruptions and short writes. False: errno says why (EIO where write(2)
 * took nothing and gave no reason); a part may be written. */
bool fd_write_all(int fd, struct span bytes);

#endif
