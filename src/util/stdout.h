/* SPDX-License-Identifier: BSD-2-Clause */
/* stdout.h - has what a program printed arrived? Who reads half an answer takes it for a whole one.
 */
#ifndef TEE_UTIL_STDOUT_H
#define TEE_UTIL_STDOUT_H

/* Send what is still here, and ask about all that was printed so far. NULL: it has arrived, as far
 * as the kernel tells. Else why not, in words ("No space left on device"), which are good until the
 * thread's next call of strerror(). */
const char *stdout_lost(void);

#endif
