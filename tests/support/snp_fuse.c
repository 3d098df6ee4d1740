/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_fuse.c - snp-emulator MOUNTPOINT: the emulated device as a file that any program can open.
 *
 *   sev-guest   answers SNP_GET_REPORT, SNP_GET_DERIVED_KEY and SNP_GET_EXT_REPORT
 *   control     write lines "name=value" to change the state; read shows it
 *   count       requests that reached the device so far
 *   ark.pem ask.pem vcek.pem asvk.pem vlek.pem   certificates at the reported TCB
 *
 * FUSE hands over the 32-byte argument of the ioctl; what it points to is reached in the memory of
 * the caller (process_vm_readv), for which this has to run as root or as the caller. The mount is
 * there when the command returns; -f stays in the foreground, -o allow_other lets other users in,
 * --set=name=value (repeatable) sets the state before the mount.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "snp_emulator.h"

#define CONTROL_MAX   65536u
#define CACHE_SECONDS 3600.0

static struct emulator *emulator;

static bool show_control(struct buf *ret)
{
    emulator_dump(emulator, ret);
    return true;
}

static bool show_count(struct buf *ret)
{
    buf_printf(ret, "%llu\n", (unsigned long long)emulator_requests(emulator));
    return true;
}

static bool show_ark(struct buf *ret)
{
    return emulator_certificate(emulator, SNP_CERT_ARK, ret);
}

static bool show_ask(struct buf *ret)
{
    return emulator_certificate(emulator, SNP_CERT_ASK, ret);
}

static bool show_vcek(struct buf *ret)
{
    return emulator_certificate(emulator, SNP_CERT_VCEK, ret);
}

static bool show_asvk(struct buf *ret)
{
    return emulator_certificate(emulator, SNP_CERT_ASVK, ret);
}

static bool show_vlek(struct buf *ret)
{
    return emulator_certificate(emulator, SNP_CERT_VLEK, ret);
}

/* The files; inode numbers follow the root's. */
static const struct file {
    const char *name;
    mode_t mode;
    bool (*show)(struct buf *ret); /* the content when opened for reading; NULL: none */
} files[] = {
    {"sev-guest", S_IFREG | 0600, NULL},     {"control", S_IFREG | 0600, show_control},
    {"count", S_IFREG | 0444, show_count},   {"ark.pem", S_IFREG | 0444, show_ark},
    {"ask.pem", S_IFREG | 0444, show_ask},   {"vcek.pem", S_IFREG | 0444, show_vcek},
    {"asvk.pem", S_IFREG | 0444, show_asvk}, {"vlek.pem", S_IFREG | 0444, show_vlek},
};
#define INODE_FIRST   (FUSE_ROOT_ID + 1)
#define INODE_DEVICE  INODE_FIRST
#define INODE_CONTROL (INODE_FIRST + 1)

static const struct file *file_of(fuse_ino_t ino)
{
    return ino >= INODE_FIRST && ino - INODE_FIRST < N_ELEMENTS(files) ? &files[ino - INODE_FIRST]
                                                                       : NULL;
}

static bool stat_of(fuse_ino_t ino, struct stat *ret)
{
    const struct file *f = file_of(ino);

    memset(ret, 0, sizeof(*ret));
    if (ino != FUSE_ROOT_ID && f == NULL)
        return false;
    ret->st_ino = ino;
    ret->st_mode = f != NULL ? f->mode : S_IFDIR | 0755;
    ret->st_nlink = f != NULL ? 1 : 2;
    ret->st_uid = geteuid();
    ret->st_gid = getegid();
    return true;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = {.attr_timeout = CACHE_SECONDS, .entry_timeout = CACHE_SECONDS};

    for (size_t i = 0; parent == FUSE_ROOT_ID && i < N_ELEMENTS(files); i++) {
        if (strcmp(files[i].name, name) != 0)
            continue;
        entry.ino = INODE_FIRST + i;
        (void)stat_of(entry.ino, &entry.attr);
        (void)fuse_reply_entry(req, &entry);
        return;
    }
    (void)fuse_reply_err(req, ENOENT);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct stat st;

    (void)fi;
    if (stat_of(ino, &st))
        (void)fuse_reply_attr(req, &st, CACHE_SECONDS);
    else
        (void)fuse_reply_err(req, ENOENT);
}

/* Truncating, as a shell does before it writes, changes nothing. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
                       struct fuse_file_info *fi)
{
    (void)attr;
    if ((to_set & ~(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW |
                    FUSE_SET_ATTR_CTIME)) != 0)
        (void)fuse_reply_err(req, EPERM);
    else
        op_getattr(req, ino, fi);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                       struct fuse_file_info *fi)
{
    char entries[4096];
    size_t used = 0;
    struct stat st;

    (void)fi;
    if (ino != FUSE_ROOT_ID) {
        (void)fuse_reply_err(req, ENOTDIR);
        return;
    }
    size = size < sizeof(entries) ? size : sizeof(entries);
    for (size_t i = (size_t)offset; i < N_ELEMENTS(files); i++) {
        size_t n;

        (void)stat_of(INODE_FIRST + i, &st);
        n = fuse_add_direntry(req, entries + used, size - used, files[i].name, &st, (off_t)i + 1);
        if (n > size - used)
            break;
        used += n;
    }
    (void)fuse_reply_buf(req, entries, used);
}

/* The content is made when the file is opened, so a reader sees one state. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    const struct file *f = file_of(ino);
    struct buf *content;

    if (f == NULL) {
        (void)fuse_reply_err(req, EISDIR);
        return;
    }
    fi->direct_io = 1;
    fi->fh = 0;
    if (f->show != NULL && (fi->flags & O_ACCMODE) != O_WRONLY) {
        content = calloc(1, sizeof(*content));
        if (content == NULL || !f->show(content) || content->failed) {
            free(content);
            (void)fuse_reply_err(req, EIO);
            return;
        }
        fi->fh = (uint64_t)(uintptr_t)content;
    }
    (void)fuse_reply_open(req, fi);
}

/* The reader has the reply, and may close the file, before fuse_reply_buf() has returned here. */
static pthread_mutex_t content_lock = PTHREAD_MUTEX_INITIALIZER;

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct buf *content = (void *)(uintptr_t)fi->fh;

    (void)ino;
    (void)pthread_mutex_lock(&content_lock);
    if (content != NULL)
        buf_clear(content);
    free(content);
    (void)pthread_mutex_unlock(&content_lock);
    (void)fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
    const struct buf *content = (const void *)(uintptr_t)fi->fh;
    size_t left;

    (void)ino;
    if (content == NULL) {
        (void)fuse_reply_err(req, EINVAL);
        return;
    }
    (void)pthread_mutex_lock(&content_lock);
    left = (size_t)offset < content->n ? content->n - (size_t)offset : 0;
    (void)fuse_reply_buf(req, (const char *)content->p + (left > 0 ? offset : 0),
                         left < size ? left : size);
    (void)pthread_mutex_unlock(&content_lock);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
                     struct fuse_file_info *fi)
{
    char *lines = NULL;

    (void)offset;
    (void)fi;
    if (ino == INODE_CONTROL && size <= CONTROL_MAX)
        lines = strndup(bytes, size);
    if (lines != NULL && emulator_control(emulator, lines))
        (void)fuse_reply_write(req, size);
    else
        (void)fuse_reply_err(req, EINVAL);
    free(lines);
}

static bool remote_read(void *ctx, uint64_t address, void *ret, size_t n)
{
    const pid_t *pid = ctx;
    const struct iovec here = {ret, n};
    const struct iovec there = {(void *)(uintptr_t)address, n};

    return process_vm_readv(*pid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

static bool remote_write(void *ctx, uint64_t address, const void *bytes, size_t n)
{
    const pid_t *pid = ctx;
    const struct iovec here = {(void *)(uintptr_t)bytes, n};
    const struct iovec there = {(void *)(uintptr_t)address, n};

    return process_vm_writev(*pid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

/* A restricted ioctl: FUSE copies as many bytes as the number says, here the argument. */
static void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int number, void *arg,
                     struct fuse_file_info *fi, unsigned flags, const void *in, size_t n_in,
                     size_t n_out)
{
    pid_t pid = fuse_req_ctx(req)->pid;
    const struct snp_memory memory = {remote_read, remote_write, &pid};
    struct snp_ioctl copy;
    bool written;
    int error;

    (void)arg;
    (void)fi;
    if (ino != INODE_DEVICE || (flags & FUSE_IOCTL_COMPAT) != 0 || n_in != sizeof(copy) ||
        n_out != sizeof(copy)) {
        (void)fuse_reply_err(req, ENOTTY);
        return;
    }
    memcpy(&copy, in, sizeof(copy));
    error = emulator_ioctl(emulator, number, &copy, &written, &memory);
    (void)fuse_reply_ioctl(req, -error, written ? &copy : NULL, written ? sizeof(copy) : 0);
}

static const struct fuse_lowlevel_ops ops = {
    .lookup = op_lookup,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .readdir = op_readdir,
    .open = op_open,
    .release = op_release,
    .read = op_read,
    .write = op_write,
    .ioctl = op_ioctl,
};

#define KEY_SET 1
static const struct fuse_opt options[] = {{"--set=", (unsigned long)UINT_MAX, KEY_SET},
                                          FUSE_OPT_END};

static int option_take(void *data, const char *arg, int key, struct fuse_args *rest)
{
    (void)data;
    (void)rest;
    if (key != KEY_SET)
        return 1;
    if (emulator_control(emulator, arg + strlen("--set=")))
        return 0;
    (void)fprintf(stderr, "snp-emulator: not understood: %s\n", arg);
    return -1;
}

static int serve(struct fuse_session *session, const struct fuse_cmdline_opts *o)
{
    struct fuse_loop_config loop = {.clone_fd = 0, .max_idle_threads = 4};
    int result = -1;

    if (fuse_set_signal_handlers(session) != 0)
        return -1;
    if (fuse_session_mount(session, o->mountpoint) == 0) {
        if (fuse_daemonize(o->foreground) == 0)
            result = fuse_session_loop_mt(session, &loop);
        fuse_session_unmount(session);
    }
    fuse_remove_signal_handlers(session);
    return result;
}

static int run(struct fuse_args *args)
{
    struct fuse_cmdline_opts o = {0};
    struct fuse_session *session;
    int result = -1;

    if (fuse_opt_parse(args, NULL, options, option_take) != 0 || fuse_parse_cmdline(args, &o) != 0)
        return -1;
    if (o.mountpoint == NULL || o.show_help != 0) {
        (void)printf("usage: snp-emulator [--set=name=value]... [-f] [-o options] MOUNTPOINT\n");
        fuse_lowlevel_help();
        free(o.mountpoint);
        return o.show_help != 0 ? 0 : -1;
    }
    session = fuse_session_new(args, &ops, sizeof(ops), NULL);
    if (session != NULL) {
        result = serve(session, &o);
        fuse_session_destroy(session);
    }
    free(o.mountpoint);
    return result;
}

int main(int argc, char **argv)
{
    struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
    int result = -1;

    emulator = emulator_new();
    if (emulator != NULL)
        result = run(&args);
    fuse_opt_free_args(&args);
    emulator_free(emulator);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
