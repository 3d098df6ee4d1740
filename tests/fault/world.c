/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - a world that a test breaks and mends; see world.h. */
#include "fault/world.h"

#include <dlfcn.h>
#include <stdlib.h>

static fault_arm_fn *arm;
static fault_disarm_fn *disarm;
static fault_watch_by_fn *watch_by;

void world_find(void)
{
    void *module = dlopen(getenv("TEE_TEST_MODULE"), RTLD_NOW | RTLD_NOLOAD);

    assert_non_null(module);
    *(void **)&arm = dlsym(module, "tee_fault_arm");
    *(void **)&disarm = dlsym(module, "tee_fault_disarm");
    *(void **)&watch_by = dlsym(module, "tee_fault_watch_by");
    assert_true(arm != NULL && disarm != NULL && watch_by != NULL);
}

void world_break(unsigned long seed, unsigned one_in, unsigned kinds)
{
    arm(seed, one_in, kinds);
}

unsigned world_mend(const char **ret_last)
{
    return disarm(ret_last);
}

void world_watch(fault_watch_fn *watch)
{
    watch_by(watch);
}

bool world_explains(unsigned kinds, CK_RV rv)
{
    const bool memory = rv == CKR_HOST_MEMORY;
    const bool device = rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY;
    const bool library =
        rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_RANDOM_NO_RNG;

    /* C_Initialize has no code for a configuration that can't be read but the general one. */
    return memory || device || (library && (kinds & (FAULT_OPENSSL | FAULT_SYSTEM)) != 0);
}

unsigned long world_number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}
