/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockfile.c - LMDB's lock file; see lockfile.h.
 *
 * LMDB makes it as one hole and writes to it through a map. On a disk that is full each page of it
 * that is touched first kills the process (SIGBUS): so its blocks are asked for before.
 */
#include "store/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/place.h"
#include "util/log.h"

/* Of a new file: no less than LMDB wants for DB_READERS slots, else it would add a hole. One that
 * is there keeps its length, for others may have it mapped. */
#define BYTES_NEW ((off_t)(260u << 10))
#define NEW_FLAGS (O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW)

static bool is_file(int fd, const char *path)
{
    struct stat a, b;

    return fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/*
 * Has this process the environment open already, through another copy of the module? LMDB's locks
 * are the process's: a second open would make the lock file anew under the first one, and its close
 * would drop all locks. LMDB locks the byte of a reader's process id in the lock file; POSIX locks
 * are not inherited by fork, and an open-file-description query sees those of its own process.
 */
static bool is_open_here(int fd)
{
    struct flock held = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1};

    return fcntl(fd, F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK;
}

/* Not posix_fallocate(): where the file system has no such call that writes into the file, in the
 * middle of what others have mapped. */
static CK_RV reserve(int fd, const char *path)
{
    struct stat st;
    off_t n;

    ENSURE(fstat(fd, &st) == 0, CKR_DEVICE_ERROR);
    n = st.st_size > 0 ? st.st_size : BYTES_NEW;
    if ((off_t)st.st_blocks * 512 >= n || fallocate(fd, 0, 0, n) == 0)
        return CKR_OK;
    if (errno != ENOSPC && errno != EDQUOT)
        return CKR_OK;
    log_err("no room on the disk for %s: %s", path, strerror(errno));
    FAIL(CKR_DEVICE_MEMORY);
}

CK_RV lockfile_prepare(const char *directory)
{
    static atomic_int kept = -1; /* of a file that is open here */
    char path[PATH_MAX];
    int had, fd;
    CK_RV rv;

    if (snprintf(path, sizeof(path), "%s/" PLACE_LOCK, directory) >= (int)sizeof(path))
        FAIL(CKR_DEVICE_ERROR);
    had = atomic_exchange(&kept, -1);
    /* db.c has taken the numbers that a program prints to, and this one is not moved off them:
     * closing the first would drop the locks that are looked for. */
    fd = is_file(had, path) ? had : open(path, NEW_FLAGS, 0600); /* lint: not moved */
    if (fd != had)
        atomic_store(&kept, had);
    if (fd < 0)
        return CKR_OK; /* mdb_env_open() will say what is wrong */
    if (is_open_here(fd)) {
        /* Closing it would drop the locks that were found. */
        atomic_store(&kept, fd);
        log_err("the store %s is open in this process already, through another copy of the "
                "module: load one copy only",
                directory);
        FAIL(CKR_DEVICE_ERROR);
    }
    rv = reserve(fd, path);
    close(fd);
    return rv;
}
