/* SPDX-License-Identifier: BSD-2-Clause */
/* storedir.c - the store's directory before there is a store in it; see storedir.h. */
#include "keyring/storedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/gate.h"
#include "util/buf.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

/* The path is below the user's home directory, whose parts are his to make. */
static bool below_home(const char *path)
{
    const char *home = secure_getenv("HOME");
    char room[4096];
    struct passwd entry, *found = NULL;
    size_t n;

    if (home == NULL && getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 &&
        found != NULL)
        home = found->pw_dir;
    if (home == NULL || home[0] != '/' || home[1] == '\0')
        return false;
    n = strlen(home);
    return strncmp(path, home, n) == 0 && path[n] == '/';
}

static CK_RV directory_refuse(const char *path)
{
    log_err("store directory %s: %m. Make it, or name another with `store`", path);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV storedir_make(const char *path)
{
    char part[PATH_MAX];

    if (below_home(path) && !path_make(path, false, part))
        return directory_refuse(part);
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
        return directory_refuse(path);
    return CKR_OK;
}

void storedir_lock_release(struct storedir_lock *l)
{
    if (l->fd < 0)
        return;
    /* Explicitly: a child that was forked meanwhile has the same lock. */
    (void)flock(l->fd, LOCK_UN);
    gate_held(false);
    (void)close(l->fd);
    l->fd = -1;
}

CK_RV storedir_lock_take(const char *path, struct storedir_lock *l)
{
    l->fd = fd_open(path, O_RDONLY | O_DIRECTORY);
    if (l->fd < 0)
        return directory_refuse(path);
    while (flock(l->fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return directory_refuse(path);
    }
    gate_held(true);
    return CKR_OK;
}

struct directory {
    DIR *dir;
};

static void directory_close(struct directory *d)
{
    if (d->dir != NULL)
        (void)closedir(d->dir);
}

static DIR *directory_open(const char *path)
{
    const int fd = fd_open(path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL && fd >= 0)
        (void)close(fd);
    return dir;
}

CK_RV storedir_leftover(const char *path, char ret[NAME_MAX + 1])
{
    AUTO(directory_close) struct directory d = {.dir = directory_open(path)};
    const struct dirent *e;

    ret[0] = '\0';
    if (d.dir == NULL) {
        log_err("store directory %s: %m", path);
        FAIL(CKR_DEVICE_ERROR);
    }
    while (ret[0] == '\0' && (e = readdir(d.dir)) != NULL) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            strcmp(e->d_name, "lost+found") != 0)
            memcpy(ret, e->d_name, strnlen(e->d_name, NAME_MAX) + 1);
    }
    return CKR_OK;
}
