/* SPDX-License-Identifier: BSD-2-Clause */
/* write_file.c - writes under a temporary name beside the file, then renames; see write_file.h. */
#include "cli/write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

#define PRIVATE (S_IRUSR | S_IWUSR)
#define PUBLIC  (PRIVATE | S_IRGRP | S_IROTH)
#define PIECE   4096

static int failed(const char *path)
{
    return cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
}

/* -- in a file --------------------------------------------------------------------------------- */

/* Zeros where the bytes will be: a disk that has no room for them says so now. */
static bool hold_place(int fd, size_t n)
{
    static const uint8_t zeros[PIECE];

    for (size_t done = 0; done < n; done += PIECE) {
        if (!fd_write_all(fd, span_of(zeros, n - done < PIECE ? n - done : PIECE)))
            return false;
    }
    return fsync(fd) == 0 && lseek(fd, 0, SEEK_SET) == 0;
}

/* What this process prints to. */
static bool is_standard(const struct stat *st)
{
    struct stat other;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino)
            return true;
    }
    return false;
}

/* What a rename would find out when it is too late, or would do without a word: of a device, a pipe
 * or a link to one it makes a file. */
static int look_at_place(const char *path, enum late_kind kind)
{
    const char *const hint = kind == LATE_TEXT || kind == LATE_BINARY
                                 ? "; for standard output leave the option out"
                                 : "";
    struct stat st;
    bool is_link;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? EXIT_DONE : failed(path);
    is_link = S_ISLNK(st.st_mode);
    if (is_link && stat(path, &st) != 0)
        return cli_fail(EXIT_FAILED,
                        "%s: a link that leads nowhere (%s), which a file would "
                        "replace: remove it first",
                        path, strerror(errno));
    errno = EISDIR;
    if (S_ISDIR(st.st_mode))
        return failed(path);
    if (!S_ISREG(st.st_mode) || (is_link && is_standard(&st)))
        return cli_fail(EXIT_FAILED, "%s: no regular file, so it is not replaced by one%s", path,
                        hint);
    return EXIT_DONE;
}

static int begin_path(const char *path, size_t n, enum late_kind kind, struct late_file *ret)
{
    AUTO(late_file_clear) struct late_file f = {.fd = -1, .path = path};
    const mode_t mode = kind == LATE_PRIVATE ? PRIVATE : PUBLIC;
    const int code = look_at_place(path, kind);

    if (code != EXIT_DONE)
        return code;
    if (asprintf(&f.draft, "%s.XXXXXX", path) < 0) {
        f.draft = NULL;
        return cli_fail(EXIT_FAILED, "out of memory");
    }
    f.fd = mkstemp(f.draft);
    if (f.fd < 0)
        return failed(f.draft);
    if (!hold_place(f.fd, n) || fchmod(f.fd, mode) != 0)
        return failed(path);
    *ret = f;
    f = LATE_FILE_NONE;
    return EXIT_DONE;
}

static bool directory_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO(buf_clear) struct buf name = BUF_INIT;
    bool good;
    int fd;

    buf_printf(&name, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
               slash != NULL ? path : ".");
    buf_u8(&name, 0);
    if (name.failed)
        return false;
    fd = open((const char *)name.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some directories can't be read, or synced, and need not. */
    good = fd < 0 || fsync(fd) == 0 || errno == EINVAL;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* -- on standard output ------------------------------------------------------------------------ */

static int begin_stdout(size_t n, bool binary, struct late_file *ret)
{
    struct stat st;

    if (binary && output_is_terminal())
        return cli_fail(EXIT_USAGE, "this is binary and standard output is a terminal: use --out "
                                    "FILE");
    /* A pipe has no place to hold. Without KEEP_SIZE what is appended would go behind it. */
    if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
        fallocate(STDOUT_FILENO, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t)n) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO))
        return failed("standard output");
    *ret = (struct late_file){.fd = STDOUT_FILENO};
    return EXIT_DONE;
}

static bool is_synced(int fd)
{
    /* A pipe or a terminal can't be. */
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

/* -- both -------------------------------------------------------------------------------------- */

void late_file_clear(struct late_file *f)
{
    if (f->fd >= 0 && f->path != NULL)
        (void)close(f->fd);
    if (f->draft != NULL)
        (void)unlink(f->draft);
    free(f->draft);
    *f = LATE_FILE_NONE;
}

int late_file_begin(const char *path, size_t n, enum late_kind kind, struct late_file *ret)
{
    if (path == NULL)
        return begin_stdout(n, kind != LATE_TEXT, ret);
    return begin_path(path, n, kind, ret);
}

int late_file_write(struct late_file *f, struct span bytes)
{
    const char *name = f->path != NULL ? f->path : "standard output";

    return fd_write_all(f->fd, bytes) && is_synced(f->fd) ? EXIT_DONE : failed(name);
}

int late_file_publish(struct late_file *f)
{
    if (f->path == NULL)
        return EXIT_DONE;
    if (rename(f->draft, f->path) != 0)
        return failed(f->path);
    free(TAKE(f->draft));
    return directory_sync(f->path) ? EXIT_DONE : failed(f->path);
}

int write_file(const char *path, struct span bytes, enum late_kind kind)
{
    AUTO(late_file_clear) struct late_file f = LATE_FILE_NONE;
    int code = late_file_begin(path, 0, kind, &f);

    if (code == EXIT_DONE)
        code = late_file_write(&f, bytes);
    return code == EXIT_DONE ? late_file_publish(&f) : code;
}
