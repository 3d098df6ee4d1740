/* SPDX-License-Identifier: BSD-2-Clause */
/* path.c - see path.h. */
#include "util/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The path is cut here for a moment. */
static bool make_to(char *path, size_t n)
{
    const char end = path[n];

    path[n] = '\0';
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
        return false;
    path[n] = end;
    return true;
}

bool path_make(const char *path, bool itself, char part[PATH_MAX])
{
    const size_t n = strnlen(path, PATH_MAX);

    memcpy(part, path, n < PATH_MAX ? n : PATH_MAX - 1);
    part[n < PATH_MAX ? n : PATH_MAX - 1] = '\0';
    if (n == 0 || n == PATH_MAX) {
        errno = n == 0 ? ENOENT : ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (part[i] == '/' && !make_to(part, i))
            return false;
    }
    return !itself || make_to(part, n);
}
