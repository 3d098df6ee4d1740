/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - see memory.h. */
#include "bench/memory.h"

#include <stdio.h>

#include "bench/fault.h"

CK_RV memory_read(size_t *ret)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kib = 0;

    ENSURE(file != NULL, FAULT_CHILD);
    while (kib == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "RssAnon: %zu kB", &kib) != 1)
            kib = 0;
    }
    fclose(file);
    ENSURE(kib > 0, FAULT_CHILD);
    *ret = kib * 1024;
    return CKR_OK;
}
