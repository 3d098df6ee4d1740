/* SPDX-License-Identifier: BSD-2-Clause */
/* disk.c - commanding a disk that fails by plan; see disk.h. */
#include "fault/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096

static int control_open(int flags)
{
    char path[512];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/.disk", getenv("DISK_FAULTS_MOUNT"));
    fd = open(path, flags | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

bool disk_is_there(void)
{
    return getenv("DISK_FAULTS_MOUNT") != NULL;
}

void disk_plan(const char *fmt, ...)
{
    const int fd = control_open(O_WRONLY);
    char text[256];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    assert_in_range(n, 1, sizeof(text) - 1);
    assert_int_equal(write(fd, text, (size_t)n), n);
    assert_int_equal(close(fd), 0);
}

struct disk_counts disk_counts(void)
{
    const int fd = control_open(O_RDONLY);
    struct disk_counts c = {0};
    char text[512];
    const ssize_t n = read(fd, text, sizeof(text) - 1);

    assert_true(n > 0);
    assert_int_equal(close(fd), 0);
    text[n] = '\0';
    assert_int_equal(sscanf(text, "open=%u read=%u write=%u sync=%u size=%u make=%u hits=%u",
                            &c.open, &c.read, &c.write, &c.sync, &c.size, &c.make, &c.hits),
                     7);
    return c;
}

struct raw_file disk_keep(const char *store)
{
    disk_plan("reset");
    return raw_file_read(store);
}

static bool is_hole(const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (block[i] != 0)
            return false;
    }
    return true;
}

void disk_lock_remove(const char *store)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/lock.mdb", store);
    (void)unlink(path);
}

void disk_restore(const char *store, const struct raw_file *f)
{
    char path[512];
    int fd;

    disk_plan("reset");
    disk_lock_remove(store);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", store);
    fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < f->n; at += BLOCK) {
        const size_t n = f->n - at < BLOCK ? f->n - at : BLOCK;

        if (!is_hole(f->p + at, n))
            assert_int_equal(pwrite(fd, f->p + at, n, (off_t)at), n);
    }
    assert_int_equal(ftruncate(fd, (off_t)f->n), 0);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(close(fd), 0);
    disk_plan("reset");
}

void disk_reboot(const char *store)
{
    disk_plan("reset");
    disk_lock_remove(store);
}
