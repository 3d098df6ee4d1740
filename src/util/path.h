/* SPDX-License-Identifier: BSD-2-Clause */
/* path.h - directories that are missing. */
#ifndef TEE_UTIL_PATH_H
#define TEE_UTIL_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Make the directories above `path` that are missing, for their owner alone, and with `itself` that
 * one too. One that is there stays as it is. False: errno says why, and `part` has the one that
 * could not be made; it is scratch otherwise. */
bool path_make(const char *path, bool itself, char part[PATH_MAX]);

#endif
