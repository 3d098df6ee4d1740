/* SPDX-License-Identifier: BSD-2-Clause */
/* draft.c - written without a name, then linked to it; see draft.h. */
#include "store/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/log.h"

#define MODE (S_IRUSR | S_IWUSR)
#define PART ".part"

void draft_clear(struct draft *d)
{
    if (d->named)
        (void)unlinkat(d->dir, d->part, 0);
    if (d->fd >= 0)
        (void)close(d->fd);
    if (d->dir >= 0)
        (void)close(d->dir);
    *d = DRAFT_NONE;
}

static CK_RV refuse(const char *name, const char *why)
{
    log_err("%s %s", name, why);
    FAIL(CKR_FUNCTION_REJECTED);
}

static CK_RV failed(const char *name)
{
    const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

    log_err("%s: %s", name, strerror(errno));
    FAIL(full ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR);
}

/* Split the path and open its directory. */
static CK_RV directory_of(const char *path, struct draft *d)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char directory[PATH_MAX] = ".";
    const size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1, n_name = strlen(name);

    if (n_name == 0 || n_name + sizeof(PART) > sizeof(d->part) || n >= sizeof(directory))
        return refuse(path, "is no name for a file");
    memcpy(d->name, name, n_name + 1);
    memcpy(d->part, name, n_name);
    memcpy(d->part + n_name, PART, sizeof(PART));
    if (n > 0) {
        memcpy(directory, path, n);
        directory[n] = '\0';
    }
    d->dir = fd_open(directory, O_RDONLY | O_DIRECTORY);
    return d->dir < 0 ? failed(directory) : CKR_OK;
}

/* Has the file system no files without a name? */
static bool is_unsupported(int error)
{
    return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

static CK_RV open_part(struct draft *d)
{
    d->fd = fd_openat(d->dir, d->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
    if (d->fd < 0 && errno == EEXIST)
        return refuse(d->part, "is there: somebody writes it now, or was killed while he did: then "
                               "remove it");
    if (d->fd < 0)
        return failed(d->part);
    d->named = true;
    return CKR_OK;
}

static CK_RV draft_open(struct draft *d)
{
    d->fd = fd_openat(d->dir, ".", O_TMPFILE | O_RDWR, MODE);
    if (d->fd < 0 && is_unsupported(errno))
        TRY(open_part(d));
    if (d->fd < 0 || fchmod(d->fd, MODE) != 0)
        return failed(d->name);
    return CKR_OK;
}

CK_RV draft_new(const char *path, struct draft *ret)
{
    AUTO(draft_clear) struct draft d = DRAFT_NONE;
    struct stat st;

    TRY(directory_of(path, &d));
    if (fstatat(d.dir, d.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return refuse(path, "is there already, and is not overwritten");
    TRY(draft_open(&d));
    *ret = d;
    d = DRAFT_NONE;
    return CKR_OK;
}

const char *draft_path(const struct draft *d, char text[DRAFT_PATH])
{
    (void)snprintf(text, DRAFT_PATH, "/proc/self/fd/%d", d->fd);
    return text;
}

static int name_take(struct draft *d)
{
    char from[DRAFT_PATH];

    if (!d->named)
        return linkat(AT_FDCWD, draft_path(d, from), d->dir, d->name, AT_SYMLINK_FOLLOW);
    return renameat2(d->dir, d->part, d->dir, d->name, RENAME_NOREPLACE);
}

CK_RV draft_publish(struct draft *d)
{
    if (fsync(d->fd) != 0)
        return failed(d->name);
    if (name_take(d) != 0) {
        if (errno == EEXIST)
            return refuse(d->name, "was made meanwhile, and is not overwritten");
        return failed(d->name);
    }
    d->named = false; /* it has its own name now: nothing is to be removed */
    /* Some file systems can't sync a directory, and need not. */
    if (fsync(d->dir) != 0 && errno != EINVAL)
        return failed(d->name);
    return CKR_OK;
}
