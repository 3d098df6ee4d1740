/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * software.c - a key file as root of trust, for development: whoever reads the file has the key.
 *
 * The file is MAGIC, a random id and a random key, mode 0600. It appears under its name complete
 * and on disk (written under a temporary name, then linked), so that processes that race to make it
 * agree on one. It is made by bind() alone and only where the caller allows it: a key that is gone
 * from beside an existing store is an error. It is read only as a plain file of its owner that
 * nobody else may read.
 */
#include "root/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root/entropy.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#define MAGIC       "TEESWK1\n"
#define MAGIC_BYTES (sizeof(MAGIC) - 1)
#define ID_BYTES    sizeof(((struct binding *)NULL)->key_id)
#define FILE_BYTES  (MAGIC_BYTES + ID_BYTES + ROOT_KEY_BYTES)
#define TRIES_NAME  16

struct descriptor {
    int fd;
};

static void descriptor_close(struct descriptor *d)
{
    if (d->fd >= 0)
        (void)close(d->fd);
}

static CK_RV refuse(const char *path, const char *why)
{
    log_err("software key %s: %s", path, why);
    FAIL(CKR_DEVICE_ERROR);
}

/* What makes the open file unfit, or NULL. */
static const char *file_objection(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "not a plain file; move it away, or name another with software-key";
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return "belongs to another user; chown it to the user who runs this";
    if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "others may read or change it; chmod 0600, and take the key for known";
    if (st->st_size != (off_t)FILE_BYTES)
        return "has the wrong size; restore it from a backup";
    return NULL;
}

/* 0 or an errno; ENODATA when the file ended early. */
static int read_full(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        const ssize_t got = read(fd, p, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : ENODATA;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

/* O_NONBLOCK: a FIFO must not hang us before it is refused. */
static int key_open(const char *path)
{
    return fd_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

/* The whole file, checked, in secret memory. */
static CK_RV key_read(const char *path, int fd, struct secret **ret)
{
    AUTO(secret_freep) struct secret *file = NULL;
    const char *objection;
    struct stat st;
    int error;

    if (fstat(fd, &st) != 0)
        return refuse(path, strerror(errno));
    objection = file_objection(&st);
    if (objection != NULL)
        return refuse(path, objection);
    TRY(secret_new(FILE_BYTES, &file));
    error = read_full(fd, file->p, FILE_BYTES);
    if (error != 0)
        return refuse(path, strerror(error));
    if (memcmp(file->p, MAGIC, MAGIC_BYTES) != 0 ||
        mem_is_zero(file->p + MAGIC_BYTES + ID_BYTES, ROOT_KEY_BYTES))
        return refuse(path, "is not a software key; name another with software-key");
    *ret = TAKE(file);
    return CKR_OK;
}

static CK_RV key_load(const struct conf *c, struct secret **ret)
{
    AUTO(descriptor_close) struct descriptor d = {.fd = -1};

    ENSURE(c->software_key != NULL, CKR_ARGUMENTS_BAD);
    d.fd = key_open(c->software_key);
    if (d.fd < 0 && errno == ENOENT)
        return refuse(c->software_key, "is missing and is not made anew for a store that exists; "
                                       "put it back, or run tee-pkcs11 recover");
    if (d.fd < 0 && errno == ELOOP)
        return refuse(c->software_key,
                      "is a symbolic link; name the file itself with software-key");
    if (d.fd < 0)
        return refuse(c->software_key, strerror(errno));
    TRY(key_read(c->software_key, d.fd, ret));
    return CKR_OK;
}

/* The path's directory: "." or "/" or what precedes the last slash. */
static CK_RV directory_of(const char *path, struct buf *ret)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        buf_printf(ret, ".");
    else
        buf_printf(ret, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    buf_u8(ret, 0);
    TRY(buf_ok(ret));
    return CKR_OK;
}

static CK_RV directory_sync(const char *path)
{
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(descriptor_close) struct descriptor d = {.fd = -1};

    TRY(directory_of(path, &name));
    d.fd = fd_open((const char *)name.p, O_RDONLY | O_DIRECTORY);
    if (d.fd < 0 || fsync(d.fd) != 0)
        return refuse(path, strerror(errno));
    return CKR_OK;
}

/* A temporary file that goes away unless its bytes got another name. */
struct draft {
    struct buf name;
    int fd;
};

static void draft_discard(struct draft *d)
{
    if (d->fd >= 0) {
        (void)close(d->fd);
        (void)unlink((const char *)d->name.p);
    }
    buf_clear(&d->name);
}

static CK_RV draft_open(const char *path, struct draft *ret)
{
    uint8_t tag[8];
    char hex[2 * sizeof(tag) + 1];

    for (int i = 0; i < TRIES_NAME && ret->fd < 0; i++) {
        TRY(entropy_fill(tag, sizeof(tag)));
        buf_clear(&ret->name);
        buf_printf(&ret->name, "%s.%s", path, hex_encode(SPAN_ARRAY(tag), hex));
        buf_u8(&ret->name, 0);
        TRY(buf_ok(&ret->name));
        ret->fd = fd_openat(AT_FDCWD, (const char *)ret->name.p,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        if (ret->fd < 0 && errno != EEXIST)
            return refuse(path, strerror(errno));
    }
    ENSURE(ret->fd >= 0, CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV draft_fill(const char *path, const struct draft *d)
{
    AUTO(secret_freep) struct secret *file = NULL;

    TRY(secret_new(FILE_BYTES, &file));
    memcpy(file->p, MAGIC, MAGIC_BYTES);
    TRY(entropy_fill(file->p + MAGIC_BYTES, FILE_BYTES - MAGIC_BYTES));
    if (!fd_write_all(d->fd, secret_span(file)) || fsync(d->fd) != 0)
        return refuse(path, strerror(errno));
    return CKR_OK;
}

/* Make the key file; when another process was faster, its file stands. */
static CK_RV key_make(const char *path)
{
    AUTO(draft_discard) struct draft d = {.name = BUF_INIT, .fd = -1};
    char part[PATH_MAX];

    if (!path_make(path, false, part))
        return refuse(path, strerror(errno));
    TRY(draft_open(path, &d));
    TRY(draft_fill(path, &d));
    if (link((const char *)d.name.p, path) == 0)
        log_info("made software key %s: keep a backup of it, and keep it private", path);
    else if (errno != EEXIST)
        return refuse(path, strerror(errno));
    TRY(directory_sync(path));
    return CKR_OK;
}

static bool key_is_missing(const char *path)
{
    struct stat st;

    return lstat(path, &st) != 0 && errno == ENOENT;
}

static void binding_from(const struct secret *file, struct binding *ret)
{
    *ret = (struct binding){.kind = ROOT_SOFTWARE};
    memcpy(ret->key_id, file->p + MAGIC_BYTES, ID_BYTES);
}

static CK_RV software_current(const struct conf *c, struct binding *ret)
{
    AUTO(secret_freep) struct secret *file = NULL;

    TRY(key_load(c, &file));
    binding_from(file, ret);
    return CKR_OK;
}

static CK_RV software_bind(const struct conf *c, bool may_create, struct binding *ret)
{
    ENSURE(c->software_key != NULL, CKR_ARGUMENTS_BAD);
    if (may_create && key_is_missing(c->software_key))
        TRY(key_make(c->software_key));
    TRY(software_current(c, ret));
    return CKR_OK;
}

/* There, or still to be made by the first seal. */
static CK_RV software_probe(const struct conf *c)
{
    struct binding b;

    ENSURE(c->software_key != NULL, CKR_ARGUMENTS_BAD);
    if (!key_is_missing(c->software_key))
        TRY(software_current(c, &b));
    return CKR_OK;
}

static CK_RV software_derive(const struct conf *c, const struct binding *b, struct secret **ret)
{
    AUTO(secret_freep) struct secret *file = NULL;
    struct binding now;

    TRY(binding_allowed(c, &root_software, b));
    TRY(key_load(c, &file));
    binding_from(file, &now);
    if (memcmp(now.key_id, b->key_id, ID_BYTES) != 0)
        return refuse(c->software_key, "this store was sealed with another software key; put that "
                                       "one back, or run tee-pkcs11 recover");
    TRY(secret_from(span_of(file->p + MAGIC_BYTES + ID_BYTES, ROOT_KEY_BYTES), ret));
    return CKR_OK;
}

const struct root root_software = {
    .name = "software",
    .kind = ROOT_SOFTWARE,
    .hardware = false,
    .genuine = false,
    .probe = software_probe,
    .bind = software_bind,
    .derive = software_derive,
    .report = NULL,
    .current = software_current,
};
