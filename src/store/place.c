/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - directory and files of a store.
 *
 * LMDB opens by path, so these checks are of use only because nobody but the owner and root can
 * change the directory between the check and the use: that is what is checked first.
 */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#define CREATE_WAIT_MS 1000 /* how long another process may take between lock and data file */
#define CREATE_STEP_MS 20

void place_closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* Owned by the caller or root, writable by nobody else? */
static CK_RV owner_fits(const struct stat *st, const char *directory, const char *name)
{
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        log_err("%s%s belongs to user %u, this process runs as %u: run it as the owner, or "
                "chown the directory and what is in it",
                directory, name, (unsigned)st->st_uid, (unsigned)geteuid());
        FAIL(CKR_DEVICE_ERROR);
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        log_err("%s%s can be written by others: chmod go-w %s%s", directory, name, directory, name);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

static CK_RV directory_fits(int fd, const char *directory, struct place *place)
{
    struct stat st;

    ENSURE(fstat(fd, &st) == 0, CKR_DEVICE_ERROR);
    TRY(owner_fits(&st, directory, ""));
    place->dev = st.st_dev;
    place->ino = st.st_ino;
    return CKR_OK;
}

/* *ret_size stays 0 and *ret_there false when there is no such file. */
static CK_RV file_fits(int dir, const char *directory, const char *slash_name, bool *ret_there,
                       off_t *ret_size)
{
    struct stat st;

    *ret_there = false;
    *ret_size = 0;
    if (fstatat(dir, slash_name + 1, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        ENSURE(errno == ENOENT, CKR_DEVICE_ERROR);
        return CKR_OK;
    }
    if (!S_ISREG(st.st_mode)) {
        log_err("%s%s is not a regular file: remove it or restore a backup of the directory",
                directory, slash_name);
        FAIL(CKR_DEVICE_ERROR);
    }
    TRY(owner_fits(&st, directory, slash_name));
    *ret_there = true;
    *ret_size = st.st_size;
    return CKR_OK;
}

/* Make the directory and its missing parents. */
static CK_RV directory_make(const char *directory)
{
    char part[PATH_MAX];

    if (path_make(directory, true, part))
        return CKR_OK;
    log_err("can't make directory %s: %s", part, strerror(errno));
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV directory_open(const char *directory, bool create, int *ret)
{
    int fd = fd_open(directory, O_RDONLY | O_DIRECTORY);

    if (fd < 0 && errno == ENOENT) {
        ENSURE(create, CKR_TOKEN_NOT_PRESENT);
        TRY(directory_make(directory));
        fd = fd_open(directory, O_RDONLY | O_DIRECTORY);
    }
    if (fd < 0) {
        log_err("can't open the store's directory %s: %s", directory, strerror(errno));
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret = fd;
    return CKR_OK;
}

/* Look at both files once. */
static CK_RV files_look(int dir, const char *directory, bool *ret_has_data, bool *ret_has_lock)
{
    bool there = false;
    off_t n_data = 0, n_lock = 0;

    TRY(file_fits(dir, directory, "/" PLACE_LOCK, ret_has_lock, &n_lock));
    TRY(file_fits(dir, directory, "/" PLACE_DATA, &there, &n_data));
    *ret_has_data = there && n_data > 0;
    return CKR_OK;
}

/* A lock file alone: another process is just making the store, or its database was lost. */
static CK_RV data_wait(int dir, const char *directory, bool *ret_has_data)
{
    static const struct timespec step = {.tv_nsec = CREATE_STEP_MS * 1000000L};
    bool has_lock = true;

    for (int ms = 0; ms < CREATE_WAIT_MS; ms += CREATE_STEP_MS) {
        (void)nanosleep(&step, NULL);
        TRY(files_look(dir, directory, ret_has_data, &has_lock));
        if (*ret_has_data || !has_lock)
            return CKR_OK;
    }
    log_err("%s/" PLACE_LOCK " is there but no database: the store was lost or moved away; restore "
            "it, or remove %s/" PLACE_LOCK " to begin a new one",
            directory, directory);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV place_look(const char *directory, bool create, struct place *ret)
{
    AUTO(place_closep) int dir = -1;
    struct place place = {.has_data = false};
    bool has_lock = false;

    TRY(directory_open(directory, create, &dir));
    TRY(directory_fits(dir, directory, &place));
    TRY(files_look(dir, directory, &place.has_data, &has_lock));
    if (create && has_lock && !place.has_data)
        TRY(data_wait(dir, directory, &place.has_data));
    ENSURE(create || place.has_data, CKR_TOKEN_NOT_PRESENT);
    *ret = place;
    return CKR_OK;
}

CK_RV place_open_data(const char *directory, int *ret_fd)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof(path), "%s/" PLACE_DATA, directory);
    int fd;

    ENSURE(n > 0 && (size_t)n < sizeof(path), CKR_ARGUMENTS_BAD);
    fd = fd_open(path, O_RDONLY | O_NOFOLLOW);
    if (fd < 0) {
        log_err("can't open %s: %s", path, strerror(errno));
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret_fd = fd;
    return CKR_OK;
}

CK_RV place_open_file(const char *path, const char *name, int *ret_fd, struct stat *ret_st)
{
    /* Not blocking: a pipe of that name is to be refused and not waited for. */
    AUTO(place_closep) int fd = fd_open(path, O_RDONLY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret_st) != 0) {
        log_err("can't open %s: %s", name, strerror(errno));
        FAIL(CKR_DEVICE_ERROR);
    }
    if (!S_ISREG(ret_st->st_mode)) {
        log_err("%s is not a regular file", name);
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret_fd = fd;
    fd = -1;
    return CKR_OK;
}

/* Who has the store open holds LMDB's shared lock on the first byte of the lock file. */
static CK_RV nobody_has_it(int dir, const char *directory)
{
    struct flock held = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    AUTO(place_closep) int fd = fd_openat(dir, PLACE_LOCK, O_RDWR | O_NOFOLLOW, 0);

    if (fd < 0 && errno == ENOENT)
        return CKR_OK;
    if (fd < 0 || fcntl(fd, F_GETLK, &held) != 0) {
        log_err("can't look at the locks of %s/" PLACE_LOCK ": %s", directory, strerror(errno));
        FAIL(CKR_DEVICE_ERROR);
    }
    if (held.l_type == F_UNLCK)
        return CKR_OK;
    log_err("process %ld still has the store open that was in %s: stop it first", (long)held.l_pid,
            directory);
    FAIL(CKR_FUNCTION_REJECTED);
}

CK_RV place_is_free(const char *directory)
{
    AUTO(place_closep) int dir = -1;
    struct place place = {.has_data = false};
    bool there = false, lock_there = false;
    off_t n = 0;

    TRY(directory_open(directory, false, &dir));
    TRY(directory_fits(dir, directory, &place));
    TRY(file_fits(dir, directory, "/" PLACE_LOCK, &lock_there, &n));
    TRY(file_fits(dir, directory, "/" PLACE_DATA, &there, &n));
    if (there) {
        log_err("there is a store in %s, and it is never overwritten: move %s/" PLACE_DATA
                " away first",
                directory, directory);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    return nobody_has_it(dir, directory);
}

static bool is_absent(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

bool place_is_bare(const char *directory)
{
    AUTO(place_closep) int dir = -1;

    return directory_open(directory, false, &dir) == CKR_OK && is_absent(dir, PLACE_DATA) &&
           is_absent(dir, PLACE_LOCK);
}

void place_strip(const char *directory)
{
    AUTO(place_closep) int dir = -1;

    if (directory_open(directory, false, &dir) != CKR_OK)
        return;
    (void)unlinkat(dir, PLACE_DATA, 0);
    (void)unlinkat(dir, PLACE_LOCK, 0);
}

/* fsync() a directory by name. */
static CK_RV name_sync(int at, const char *name)
{
    AUTO(place_closep) int fd = fd_openat(at, name, O_RDONLY | O_DIRECTORY, 0);

    /* A parent that may be passed but not read: its names are its owner's affair. */
    ENSURE(fd >= 0 || errno == EACCES, CKR_DEVICE_ERROR);
    if (fd < 0)
        return CKR_OK;
    /* Some file systems can't sync a directory, and need not. */
    ENSURE(fsync(fd) == 0 || errno == EINVAL, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV place_sync(const char *directory)
{
    AUTO(place_closep) int dir = -1;

    TRY(directory_open(directory, false, &dir));
    TRY(name_sync(dir, "."));
    return name_sync(dir, "..");
}
