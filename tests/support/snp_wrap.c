/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_wrap.c - ioctl(), with the emulator in front of it.
 */
#include "snp_wrap.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>

static _Atomic(struct emulator *) active;
static atomic_int lowest = INT_MAX;

bool snp_wrap_start(void)
{
    snp_wrap_stop();
    atomic_store(&active, emulator_new());
    return atomic_load(&active) != NULL;
}

void snp_wrap_stop(void)
{
    emulator_free(atomic_exchange(&active, NULL));
}

struct emulator *snp_wrap_emulator(void)
{
    return atomic_load(&active);
}

int snp_wrap_lowest(void)
{
    return atomic_load(&lowest);
}

static void note(int fd)
{
    int seen = atomic_load(&lowest);

    while (fd < seen && !atomic_compare_exchange_weak(&lowest, &seen, fd))
        ;
}

int __wrap_ioctl(int fd, unsigned long number, ...)
{
    struct emulator *e = snp_wrap_emulator();
    bool written;
    va_list args;
    void *arg;
    int error;

    va_start(args, number);
    arg = va_arg(args, void *);
    va_end(args);
    if (e == NULL || _IOC_TYPE(number) != _IOC_TYPE(SNP_IOC_REPORT))
        return __real_ioctl(fd, number, arg);
    note(fd);
    error = emulator_ioctl(e, number, arg, &written, &snp_memory_own);
    if (error != 0)
        errno = error;
    return error == 0 ? 0 : -1;
}
