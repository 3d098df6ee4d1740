/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret.c - wrapping keys in guarded pages; see secret.h.
 *
 * Layout of one mapping: guard page | data page(s) | guard page. The secret ends at the upper
 * guard so that an overrun faults at once.
 */
#include "util/secret.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/log.h"

static size_t page_size(void)
{
    const long n = sysconf(_SC_PAGESIZE);

    return n > 0 ? (size_t)n : 4096;
}

/* Bytes of the data part: header and payload, rounded up to pages. */
static size_t data_size(size_t n)
{
    const size_t page = page_size();

    return (sizeof(struct secret) + n + page - 1) / page * page;
}

/* The secret stands at the end of the data part; 8-byte aligned for the length field. */
static size_t data_offset(size_t n)
{
    return (data_size(n) - sizeof(struct secret) - n) & ~(size_t)7;
}

static void warn_unlocked(void)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&warned))
        log_warn("wrapping keys cannot be locked in memory (mlock: %m): they may reach swap; raise "
                 "RLIMIT_MEMLOCK (LimitMEMLOCK= in a systemd unit)");
}

CK_RV secret_new(size_t n, struct secret **ret)
{
    const size_t page = page_size();
    const size_t data = data_size(n);
    struct secret *s;
    uint8_t *map;

    ENSURE(n <= SECRET_MAX, CKR_GENERAL_ERROR);
    map = mmap(NULL, data + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(map != MAP_FAILED, CKR_HOST_MEMORY);
    if (mprotect(map + page, data, PROT_READ | PROT_WRITE) != 0) {
        munmap(map, data + 2 * page);
        FAIL(CKR_HOST_MEMORY);
    }
    /* Advice that an old kernel does not know is not a failure; an unlocked page is only a worse
     * place, and is said. */
    (void)madvise(map + page, data, MADV_DONTDUMP);
    (void)madvise(map + page, data, MADV_WIPEONFORK);
    if (mlock(map + page, data) != 0)
        warn_unlocked();
    s = (void *)(map + page + data_offset(n));
    s->n = n;
    *ret = s;
    return CKR_OK;
}

CK_RV secret_from(struct span bytes, struct secret **ret)
{
    struct secret *s = NULL;

    TRY(secret_new(bytes.n, &s));
    if (bytes.n > 0)
        memcpy(s->p, bytes.p, bytes.n);
    *ret = s;
    return CKR_OK;
}

void secret_free(struct secret *s)
{
    const size_t page = page_size();
    size_t data;
    uint8_t *start;

    if (s == NULL)
        return;
    /* In a forked child the page was wiped, length included: find the mapping by the page grid.
     * Every secret fits one data page, so its page is the one it starts in. */
    start = (uint8_t *)((uintptr_t)s & ~(uintptr_t)(page - 1));
    data = data_size(SECRET_MAX);
    mem_wipe(start, data);
    (void)munmap(start - page, data + 2 * page);
}

_Static_assert(sizeof(struct secret) + SECRET_MAX <= 4096, "a secret fits one page");
