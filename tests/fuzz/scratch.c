/* SPDX-License-Identifier: BSD-2-Clause */
/* scratch.c - a directory of the harness's own; see scratch.h. */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

#define FAST "/dev/shm"

static char path[256];

const char *scratch_make(void)
{
    const char *base = access(FAST, W_OK) == 0 ? FAST : "/tmp";

    (void)snprintf(path, sizeof(path), "%s/tee-fuzz-XXXXXX", base);
    FUZZ_CHECK(mkdtemp(path) != NULL);
    return path;
}

static int remove_entry(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

void scratch_empty(const char *directory)
{
    FUZZ_CHECK(nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

void scratch_remove(void)
{
    scratch_empty(path);
}
