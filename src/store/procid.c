/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procid.c - one page that the kernel zeroes in a child (MADV_WIPEONFORK, Linux 4.14).
 *
 * The page holds the number; a child finds 0 there and takes the next one. Where the page can't be
 * had the process id serves, at the price of a system call. The page stays until the process ends.
 */
#include "store/procid.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic(_Atomic uint64_t *) the_page;

static _Atomic uint64_t *page_make(void)
{
    const size_t n = (size_t)sysconf(_SC_PAGESIZE);
    _Atomic uint64_t *none = NULL;
    void *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return NULL;
    if (madvise(map, n, MADV_WIPEONFORK) == 0 &&
        atomic_compare_exchange_strong(&the_page, &none, (_Atomic uint64_t *)map))
        return map;
    (void)munmap(map, n);
    return none;
}

uint64_t procid(void)
{
    static _Atomic uint64_t last; /* inherited: a child's number is above its parent's */
    _Atomic uint64_t *page = atomic_load_explicit(&the_page, memory_order_acquire);
    uint64_t id = 0;

    if (page == NULL)
        page = page_make();
    if (page == NULL)
        return (uint64_t)getpid();
    id = atomic_load_explicit(page, memory_order_acquire);
    if (id != 0)
        return id;
    {
        uint64_t none = 0;
        const uint64_t mine = atomic_fetch_add(&last, 1) + 1;

        return atomic_compare_exchange_strong(page, &none, mine) ? mine : none;
    }
}
