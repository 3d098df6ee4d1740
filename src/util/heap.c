/* SPDX-License-Identifier: BSD-2-Clause */
/* heap.c - this module's free() next to the program's; see heap.h. */
#include "util/heap.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* In a namespace of its own (dlmopen) a module has a libc of its own, and all of it. */
static bool in_base_namespace(void)
{
    static const char here;
    struct link_map *map = NULL;
    Lmid_t id = LM_ID_BASE;
    Dl_info info;

    if (dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL)
        return true;
    return dlinfo(map, RTLD_DI_LMID, &id) != 0 || id == LM_ID_BASE;
}

bool heap_is_one(void)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    bool same = true;

    if (program == NULL)
        return true;
    if (in_base_namespace()) {
        const void *theirs = dlsym(program, "free");

        same = theirs == NULL || (uintptr_t)theirs == (uintptr_t)&free;
    }
    (void)dlclose(program);
    return same;
}
