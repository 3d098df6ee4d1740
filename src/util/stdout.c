/* SPDX-License-Identifier: BSD-2-Clause */
/* stdout.c - see stdout.h. */
#include "util/stdout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"

const char *stdout_lost(void)
{
    const bool failed = ferror(stdout) != 0;

    errno = 0;
    if (fflush(stdout) == 0 && !failed)
        return NULL;
    if (fd_std_is_taken(STDOUT_FILENO))
        return "it is closed";
    /* What failed before left its reason nowhere. */
    return errno != 0 ? strerror(errno) : "it can't be written to";
}
