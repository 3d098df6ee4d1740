/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.c - LMDB's meta pages, format 1, as a 64-bit machine lays them out.
 *
 * Two copies, in pages 0 and 1, written in turn; the newer one, by transaction number, holds.
 * Fields are in the machine's own byte order. What is read here is not authentic: it is only made
 * sure that LMDB is not sent outside the file by it.
 */
#include "store/page.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"

_Static_assert(sizeof(void *) == 8, "the layout below is that of 64-bit LMDB");

#define META_MAGIC  0xBEEFC0DEu
#define META_FORMAT 1u
#define META_BYTES  152
#define PAGE_LEAST  512u
#define PAGE_MOST   65536u
#define NO_ROOT     UINT64_MAX
/* What makes a table one of another kind: the flags beside them are the environment's. */
#define KIND                                                                                       \
    (MDB_REVERSEKEY | MDB_DUPSORT | MDB_INTEGERKEY | MDB_DUPFIXED | MDB_INTEGERDUP | MDB_REVERSEDUP)

/* Offsets in a meta page, the page's own 16-byte header counted. */
enum meta_at {
    AT_MAGIC = 16,
    AT_FORMAT = 20,
    AT_PAGE_SIZE = 40, /* in the record of the free list, where other tables have padding */
    AT_FREE_FLAGS = 44,
    AT_FREE_ROOT = 80,
    AT_MAIN_FLAGS = 92,
    AT_MAIN_ROOT = 128,
    AT_LAST_PAGE = 136,
    AT_TXN = 144
};

struct page_view {
    const uint8_t *map;
    size_t n;
    size_t page_size;
};

static uint16_t u16_at(const uint8_t *meta, enum meta_at at)
{
    uint16_t v;

    memcpy(&v, meta + at, sizeof(v));
    return v;
}

static uint32_t u32_at(const uint8_t *meta, enum meta_at at)
{
    uint32_t v;

    memcpy(&v, meta + at, sizeof(v));
    return v;
}

static uint64_t u64_at(const uint8_t *meta, enum meta_at at)
{
    uint64_t v;

    memcpy(&v, meta + at, sizeof(v));
    return v;
}

/* errno is 0 where the file ends too early, and no disk is to blame. */
static bool read_at(int fd, uint8_t meta[META_BYTES], uint64_t at)
{
    errno = 0;
    return pread(fd, meta, META_BYTES, (off_t)at) == META_BYTES;
}

static bool page_size_fits(uint32_t size)
{
    return size >= PAGE_LEAST && size <= PAGE_MOST && (size & (size - 1)) == 0;
}

static bool root_fits(uint64_t root, uint64_t last)
{
    return root == NO_ROOT || root <= last;
}

/* The two inner tables are of the kinds that LMDB gives them. It believes what the file says, and
 * follows, for sorted duplicates, pointers that it has not set. */
static bool kinds_fit(const uint8_t *meta)
{
    return (u16_at(meta, AT_FREE_FLAGS) & KIND) == MDB_INTEGERKEY &&
           (u16_at(meta, AT_MAIN_FLAGS) & KIND) == 0;
}

/* Could this be a meta page of a file with pages of this size? */
static bool meta_fits(const uint8_t *meta, uint32_t page_size)
{
    const uint64_t last = u64_at(meta, AT_LAST_PAGE);

    return u32_at(meta, AT_MAGIC) == META_MAGIC && u32_at(meta, AT_FORMAT) == META_FORMAT &&
           u32_at(meta, AT_PAGE_SIZE) == page_size && kinds_fit(meta) && last >= 1 &&
           last < UINT64_MAX / page_size - 1;
}

/* For the page that holds. Tables have been written by a transaction, and the first has the number
 * 1: what is remembered under a number may take 0 for none. In the other one LMDB leaves the roots
 * of a commit whose meta page could not be written, under the last page and number of the one
 * before. */
static bool roots_fit(const uint8_t *meta)
{
    const uint64_t last = u64_at(meta, AT_LAST_PAGE);

    if (u64_at(meta, AT_TXN) == 0 && u64_at(meta, AT_MAIN_ROOT) != NO_ROOT)
        return false;
    return root_fits(u64_at(meta, AT_FREE_ROOT), last) &&
           root_fits(u64_at(meta, AT_MAIN_ROOT), last);
}

/* Read both meta pages. ret_last is the larger last page of the two: it never falls from one commit
 * to the next. errno tells a disk that can't be read from pages that are not right (0). */
static CK_RV metas_read(int fd, uint32_t *ret_page_size, uint64_t *ret_last)
{
    uint8_t first[META_BYTES], second[META_BYTES];
    const uint8_t *newer;
    uint32_t page_size;

    ENSURE(read_at(fd, first, 0), CKR_DEVICE_ERROR);
    page_size = u32_at(first, AT_PAGE_SIZE);
    ENSURE(page_size_fits(page_size) && meta_fits(first, page_size), CKR_DEVICE_ERROR);
    ENSURE(read_at(fd, second, page_size) && meta_fits(second, page_size), CKR_DEVICE_ERROR);
    /* Of two with one number LMDB takes the first. */
    newer = u64_at(second, AT_TXN) > u64_at(first, AT_TXN) ? second : first;
    ENSURE(roots_fit(newer), CKR_DEVICE_ERROR);
    *ret_page_size = page_size;
    *ret_last = u64_at(first, AT_LAST_PAGE);
    if (u64_at(second, AT_LAST_PAGE) > *ret_last)
        *ret_last = u64_at(second, AT_LAST_PAGE);
    return CKR_OK;
}

CK_RV page_check(int fd, const char *file)
{
    struct stat st;
    uint32_t page_size = 0;
    uint64_t last = 0, need;
    CK_RV rv = metas_read(fd, &page_size, &last);

    if (rv != CKR_OK && errno != 0)
        log_err("%s can't be read: %s", file, strerror(errno));
    else if (rv != CKR_OK)
        log_err("%s is damaged, or not a database of this module: restore a backup of the "
                "directory",
                file);
    TRY(rv);
    ENSURE(fstat(fd, &st) == 0, CKR_DEVICE_ERROR);
    need = (last + 1) * page_size;
    if ((uint64_t)st.st_size >= need)
        return CKR_OK;
    log_err("%s has %llu bytes and should have %llu: it was cut short, or copied while in use; "
            "restore a backup (or, if you are sure that only unused pages are missing: "
            "truncate -s %llu)",
            file, (unsigned long long)st.st_size, (unsigned long long)need,
            (unsigned long long)need);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV page_view_new(int fd, struct page_view **ret)
{
    struct page_view *v;
    uint32_t page_size = 0;
    uint64_t last = 0;
    void *map;

    TRY(metas_read(fd, &page_size, &last));
    v = malloc(sizeof(*v));
    ENSURE(v != NULL, CKR_HOST_MEMORY);
    map = mmap(NULL, 2 * (size_t)page_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        free(v);
        FAIL(CKR_HOST_MEMORY);
    }
    *v = (struct page_view){.map = map, .n = 2 * (size_t)page_size, .page_size = page_size};
    *ret = v;
    return CKR_OK;
}

void page_view_free(struct page_view *v)
{
    if (v == NULL)
        return;
    (void)munmap((void *)(uintptr_t)v->map, v->n);
    free(v);
}

static uint64_t txn_at(const uint8_t *meta)
{
    /* Another process writes it: one aligned load, and nothing that follows is done before it. */
    return __atomic_load_n((const uint64_t *)(const void *)(meta + AT_TXN), __ATOMIC_ACQUIRE);
}

uint64_t page_newest(const struct page_view *v)
{
    const uint64_t first = txn_at(v->map), second = txn_at(v->map + v->page_size);

    return first > second ? first : second;
}
