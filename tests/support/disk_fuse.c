/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk_fuse.c - disk-faults DIRECTORY MOUNTPOINT: the directory again, on a disk that fails by
 * plan.
 *
 * All goes through to the directory, the kernel's page cache and memory maps included. Faults meet
 * what is in a folder called `store`: its data file (data.mdb), and the opening and making of
 * files. Lines written to `.disk` in the mount's root:
 *
 *   reset                        all faults lifted, counts 0; what the kernel has cached of the
 *                                data file is forgotten
 *   fail OP ERRNO SKIP TIMES PART  after SKIP calls of OP the next TIMES fail with ERRNO (0: for
 *                                ever); of a write PART bytes are done first (then it is short)
 *   room BYTES                   so many bytes can be added, then the disk is full: writing where
 *                                the file has bytes already goes on
 *   read-only                    everything that would change something is EROFS
 *   denied                       nothing can be opened or made: EACCES
 *   cut OP SKIP SEED             the power goes in call SKIP of OP; OP `now`: at once. Of what was
 *                                written since the last fsync each sector of 512 bytes is there or
 *                                not, by seed; from then on all is EIO, until the reset
 *   kill OP SKIP DONE            who makes call SKIP of OP is killed by SIGKILL in it; DONE 1: once
 *                                it is done, 0: it never is
 *
 * OP: open, read, write, sync, size (a change of length), make (a new file or folder), or any (all
 * but read). Reading `.disk` gives the calls of each since the reset, as OP=N, and hits=N, the
 * faults. The mount is there when the command returns.
 *
 * One request at a time, but for the kernel's forgetting, which waits for pages that are being read
 * or written: with requests that somebody has to answer meanwhile.
 */
#define FUSE_USE_VERSION 35

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/guard.h"

#define CONTROL "/.disk"
#define BLOCK   4096
#define SECTOR  512

static int root = -1; /* the directory */
static bool is_stale; /* what the kernel has cached of the data file */

/* -- the plan ---------------------------------------------------------------------------------- */

enum op { OP_OPEN, OP_READ, OP_WRITE, OP_SYNC, OP_SIZE, OP_MAKE, N_OPS, OP_ANY = N_OPS, OP_NONE };
static const char *const op_names[] = {"open", "read", "write", "sync", "size", "make", "any"};

struct fault {
    enum op op;
    int error; /* 0: the power goes */
    unsigned long skip, times, part, seed;
    bool kills, is_done;
};

static struct plan {
    struct fault fault;
    unsigned long calls[N_OPS], hits;
    long long room; /* -1: no end to it */
    bool read_only, denied;
    bool dead; /* the power is gone */
} plan = {.fault = {.op = OP_NONE}, .room = -1};

/* The names that faults meet. */
static bool in_store(const char *path)
{
    return strstr(path, "/store") != NULL;
}

static bool is_data(const char *path)
{
    const char *name = strrchr(path, '/');

    return in_store(path) && strcmp(name, "/data.mdb") == 0;
}

/* -- what is not on the disk yet --------------------------------------------------------------- */

/* A block of the data file as it was at the last fsync. */
struct undo {
    off_t at;
    uint8_t bytes[BLOCK]; /* zeros behind the end */
};

static struct undo *undos;
static size_t n_undos, room_undos;
static off_t durable_size = -1; /* -1: as it is */
static char data_path[PATH_MAX];

static void undo_forget(void)
{
    n_undos = 0;
    durable_size = -1;
}

static bool undo_has(off_t at)
{
    for (size_t i = 0; i < n_undos; i++) {
        if (undos[i].at == at)
            return true;
    }
    return false;
}

static void undo_add(int fd, off_t at)
{
    if (undo_has(at))
        return;
    if (n_undos == room_undos) {
        room_undos = 2 * room_undos + 64;
        undos = reallocarray(undos, room_undos, sizeof(*undos));
        if (undos == NULL)
            abort();
    }
    undos[n_undos] = (struct undo){.at = at};
    if (pread(fd, undos[n_undos].bytes, BLOCK, at) < 0)
        abort();
    n_undos++;
}

static void undo_size(int fd)
{
    struct stat st;

    if (durable_size < 0 && fstat(fd, &st) == 0)
        durable_size = st.st_size;
}

/* Before n bytes are written at `at`. */
static void undo_keep(int fd, off_t at, size_t n)
{
    undo_size(fd);
    for (off_t block = at / BLOCK * BLOCK; block < at + (off_t)n; block += BLOCK)
        undo_add(fd, block);
}

static uint64_t dice(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static void block_tear(int fd, const struct undo *u, uint64_t *state)
{
    const bool whole = dice(state) % 2 == 0; /* there or not, as a whole */
    const bool gone = dice(state) % 2 == 0;

    for (size_t at = 0; at < BLOCK; at += SECTOR) {
        if (whole ? gone : dice(state) % 2 == 0)
            (void)!pwrite(fd, u->bytes + at, SECTOR, u->at + (off_t)at);
    }
}

/* The power goes. */
static void cut(unsigned long seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    const int fd = openat(root, data_path + 1, O_RDWR | O_CLOEXEC);

    plan.dead = true;
    if (fd < 0)
        return;
    for (size_t i = 0; i < n_undos; i++)
        block_tear(fd, &undos[i], &state);
    if (durable_size >= 0 && dice(&state) % 2 == 0)
        (void)!ftruncate(fd, durable_size);
    close(fd);
    undo_forget();
}

/* -- faults ------------------------------------------------------------------------------------ */

static bool fault_fits(enum op op)
{
    const struct fault *f = &plan.fault;

    return f->op == op || (f->op == OP_ANY && op != OP_READ);
}

/* The caller dies when its call is over. */
static int kill_caller(struct fault *f)
{
    const pid_t caller = fuse_get_context()->pid; /* 0: the kernel's own request */

    f->op = OP_NONE;
    if (caller > 0)
        (void)kill(caller, SIGKILL);
    return f->is_done ? 0 : -EINTR;
}

/* A call of `op` on `path`: 0, or what it fails with. *ret_part (NULL: nothing can be done of it):
 * how much is done before. */
static int fault_of(enum op op, const char *path, size_t *ret_part)
{
    struct fault *f = &plan.fault;

    if (!in_store(path))
        return 0;
    if (plan.dead) {
        if (ret_part != NULL)
            *ret_part = 0;
        return -EIO;
    }
    if (op == OP_OPEN || op == OP_MAKE || is_data(path))
        plan.calls[op]++;
    else
        return 0;
    if (!fault_fits(op))
        return 0;
    if (f->skip > 0) {
        f->skip--;
        return 0;
    }
    plan.hits++;
    if (f->kills) {
        if (ret_part != NULL)
            *ret_part = 0;
        return kill_caller(f);
    }
    if (f->error == 0) {
        if (ret_part != NULL)
            *ret_part = SIZE_MAX;
        return -EIO;
    }
    if (f->times > 0 && --f->times == 0)
        f->op = OP_NONE;
    if (ret_part != NULL)
        *ret_part = f->part;
    return -f->error;
}

/* After a call that fault_of() refused: was that the end? */
static int fault_end(int error)
{
    if (error != 0 && plan.fault.error == 0 && plan.fault.op != OP_NONE && !plan.dead)
        cut(plan.fault.seed);
    return error;
}

static int fault_plain(enum op op, const char *path)
{
    return fault_end(fault_of(op, path, NULL));
}

/* May something be changed? */
static int change_fault(const char *path)
{
    if (in_store(path) && plan.read_only) {
        plan.hits++;
        return -EROFS;
    }
    return 0;
}

static int access_fault(const char *path)
{
    if (in_store(path) && plan.denied) {
        plan.hits++;
        return -EACCES;
    }
    return 0;
}

/* -- the plan as text -------------------------------------------------------------------------- */

static enum op op_of(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(op_names); i++) {
        if (strcmp(name, op_names[i]) == 0)
            return (enum op)i;
    }
    return OP_NONE;
}

static void reset(void)
{
    plan = (struct plan){.fault = {.op = OP_NONE}, .room = -1};
    undo_forget();
    is_stale = true;
}

static bool control_fail(const char *line)
{
    struct fault f = {.op = OP_NONE};
    char name[16];

    if (sscanf(line, "fail %15s %d %lu %lu %lu", name, &f.error, &f.skip, &f.times, &f.part) != 5)
        return false;
    f.op = op_of(name);
    plan.fault = f;
    return f.op != OP_NONE && f.error > 0;
}

static bool control_cut(const char *line)
{
    struct fault f = {.times = 1};
    char name[16];

    if (sscanf(line, "cut %15s %lu %lu", name, &f.skip, &f.seed) != 3)
        return false;
    if (strcmp(name, "now") == 0) {
        cut(f.seed);
        return true;
    }
    f.op = op_of(name);
    plan.fault = f;
    return f.op != OP_NONE;
}

static bool control_kill(const char *line)
{
    struct fault f = {.kills = true};
    unsigned is_done;
    char name[16];

    if (sscanf(line, "kill %15s %lu %u", name, &f.skip, &is_done) != 3)
        return false;
    f.op = op_of(name);
    f.is_done = is_done != 0;
    plan.fault = f;
    return f.op != OP_NONE;
}

static bool control_line(const char *line)
{
    if (strcmp(line, "reset") == 0)
        reset();
    else if (strcmp(line, "read-only") == 0)
        plan.read_only = true;
    else if (strcmp(line, "denied") == 0)
        plan.denied = true;
    else if (sscanf(line, "room %lld", &plan.room) == 1)
        return plan.room >= 0;
    else
        return control_fail(line) || control_cut(line) || control_kill(line);
    return true;
}

static int control_write(const char *bytes, size_t n)
{
    char text[256], *save = NULL;

    if (n >= sizeof(text))
        return -EINVAL;
    memcpy(text, bytes, n);
    text[n] = '\0';
    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (!control_line(line))
            return -EINVAL;
    }
    return (int)n;
}

static int control_read(char *ret, size_t size, off_t at)
{
    char text[512];
    size_t n = 0;

    for (size_t i = 0; i < N_OPS; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%lu\n", op_names[i], plan.calls[i]);
    n += (size_t)snprintf(text + n, sizeof(text) - n, "hits=%lu\n", plan.hits);
    if ((size_t)at >= n)
        return 0;
    n -= (size_t)at;
    memcpy(ret, text + at, n < size ? n : size);
    return (int)(n < size ? n : size);
}

static bool is_control(const char *path)
{
    return strcmp(path, CONTROL) == 0;
}

/* -- names and attributes ---------------------------------------------------------------------- */

/* Relative to the directory. */
static const char *below(const char *path)
{
    return path[1] == '\0' ? "." : path + 1;
}

static int result(int rc)
{
    return rc < 0 ? -errno : 0;
}

#define CONTROL_FH UINT64_MAX

static int fd_of(const struct fuse_file_info *fi)
{
    return (int)fi->fh;
}

static int op_getattr(const char *path, struct stat *ret, struct fuse_file_info *fi)
{
    if (is_control(path)) {
        *ret = (struct stat){.st_mode = S_IFREG | 0600, .st_nlink = 1, .st_ino = UINT32_MAX};
        return 0;
    }
    if (fi != NULL)
        return result(fstat(fd_of(fi), ret));
    return result(fstatat(root, below(path), ret, AT_SYMLINK_NOFOLLOW));
}

static int op_readdir(const char *path, void *list, fuse_fill_dir_t fill, off_t at,
                      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
    const int fd = openat(root, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    (void)at;
    (void)fi;
    (void)flags;
    if (directory == NULL)
        return -errno;
    while ((entry = readdir(directory)) != NULL)
        (void)fill(list, entry->d_name, NULL, 0, 0);
    closedir(directory);
    return 0;
}

/* Before the name of something is made or taken away. */
static int name_fault(const char *path)
{
    int error = access_fault(path);

    if (error == 0)
        error = change_fault(path);
    return error != 0 ? error : fault_plain(OP_MAKE, path);
}

static int op_mkdir(const char *path, mode_t mode)
{
    const int error = name_fault(path);

    return error != 0 ? error : result(mkdirat(root, below(path), mode));
}

static int op_unlink(const char *path)
{
    const int error = name_fault(path);

    return error != 0 ? error : result(unlinkat(root, below(path), 0));
}

static int op_rmdir(const char *path)
{
    const int error = name_fault(path);

    return error != 0 ? error : result(unlinkat(root, below(path), AT_REMOVEDIR));
}

static int op_link(const char *from, const char *to)
{
    const int error = name_fault(to);

    return error != 0 ? error : result(linkat(root, below(from), root, below(to), 0));
}

static int op_rename(const char *from, const char *to, unsigned flags)
{
    const int error = name_fault(to);

    return error != 0 ? error : result(renameat2(root, below(from), root, below(to), flags));
}

static int op_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    const int error = change_fault(path);

    (void)fi;
    return error != 0 ? error : result(fchmodat(root, below(path), mode, 0));
}

static int op_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
    (void)fi;
    return result(utimensat(root, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int op_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
    int error = change_fault(path), fd, rc;

    if (is_control(path))
        return 0;
    if (error == 0)
        error = fault_plain(OP_SIZE, path);
    if (error != 0)
        return error;
    fd = fi != NULL ? fd_of(fi) : openat(root, below(path), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (is_data(path))
        undo_size(fd);
    rc = result(ftruncate(fd, size));
    if (fi == NULL)
        close(fd);
    return rc;
}

static int op_statfs(const char *path, struct statvfs *ret)
{
    (void)path;
    if (fstatvfs(root, ret) != 0)
        return -errno;
    if (plan.room < 0)
        return 0;
    ret->f_frsize = ret->f_bsize = BLOCK;
    ret->f_bfree = ret->f_bavail = (fsblkcnt_t)(plan.room / BLOCK);
    ret->f_blocks = ret->f_bfree + 1;
    return 0;
}

/* -- files ------------------------------------------------------------------------------------- */

static int open_it(const char *path, int flags, mode_t mode, struct fuse_file_info *fi)
{
    const int fd = openat(root, below(path), flags | O_CLOEXEC, mode);

    if (fd < 0)
        return -errno;
    fi->fh = (uint64_t)fd;
    if (is_data(path))
        (void)snprintf(data_path, sizeof(data_path), "%s", path);
    return 0;
}

/* O_DSYNC and O_APPEND are the kernel's to do, by requests of their own; a map may read what was
 * opened for writing. */
static int plain_flags(int flags)
{
    const int kept = flags & ~(O_DSYNC | O_SYNC | O_APPEND | O_DIRECT | O_ACCMODE);

    return kept | ((flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR);
}

static int op_open(const char *path, struct fuse_file_info *fi)
{
    int error = access_fault(path);

    if (is_control(path)) {
        fi->direct_io = 1;
        fi->fh = CONTROL_FH;
        return 0;
    }
    if (error == 0 && (fi->flags & O_ACCMODE) != O_RDONLY)
        error = change_fault(path);
    if (error == 0)
        error = fault_plain(OP_OPEN, path);
    return error != 0 ? error : open_it(path, plain_flags(fi->flags), 0, fi);
}

static int op_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    const int error = name_fault(path);

    return error != 0 ? error : open_it(path, plain_flags(fi->flags) | O_CREAT, mode, fi);
}

static int op_release(const char *path, struct fuse_file_info *fi)
{
    (void)path; /* none, when the name is gone */
    return fi->fh == CONTROL_FH ? 0 : result(close(fd_of(fi)));
}

static int op_read(const char *path, char *ret, size_t n, off_t at, struct fuse_file_info *fi)
{
    int error;
    ssize_t got;

    if (is_control(path))
        return control_read(ret, n, at);
    error = fault_plain(OP_READ, path);
    if (error != 0)
        return error;
    got = pread(fd_of(fi), ret, n, at);
    return got < 0 ? -errno : (int)got;
}

/* How much of a write fits on the disk; what it adds is taken from the room. */
static size_t fitting(int fd, off_t at, size_t n)
{
    const off_t end = at + (off_t)n;

    for (off_t block = at / BLOCK * BLOCK; plan.room >= 0 && block < end; block += BLOCK) {
        const off_t data = lseek(fd, block, SEEK_DATA);

        if (data >= 0 && data < block + BLOCK)
            continue;
        if (plan.room < BLOCK) {
            plan.hits++;
            return block > at ? (size_t)(block - at) : 0;
        }
        plan.room -= BLOCK;
    }
    return n;
}

/* The first `most` of n bytes; `error` when there are none of them. */
static int write_most(const char *path, const char *bytes, size_t most, off_t at, int fd, int error)
{
    ssize_t done;

    if (most == 0)
        return error;
    if (is_data(path))
        undo_keep(fd, at, most);
    done = pwrite(fd, bytes, most, at);
    return done < 0 ? -errno : (int)done;
}

static int op_write(const char *path, const char *bytes, size_t n, off_t at,
                    struct fuse_file_info *fi)
{
    size_t part = n, fits;
    int error, done;

    if (is_control(path))
        return control_write(bytes, n);
    if (is_data(path) && change_fault(path) != 0)
        return -EROFS;
    error = fault_of(OP_WRITE, path, &part);
    part = part < n ? part : n;
    if (error != 0) {
        done = write_most(path, bytes, part, at, fd_of(fi), error);
        return fault_end(error) != 0 && plan.dead ? -EIO : done;
    }
    fits = is_data(path) ? fitting(fd_of(fi), at, n) : n;
    return write_most(path, bytes, fits, at, fd_of(fi), -ENOSPC);
}

static int op_fsync(const char *path, int only_data, struct fuse_file_info *fi)
{
    const int error = fault_plain(OP_SYNC, path);

    (void)only_data;
    (void)fi;
    if (error == 0 && is_data(path))
        undo_forget();
    return error;
}

static int op_fsyncdir(const char *path, int only_data, struct fuse_file_info *fi)
{
    (void)only_data;
    (void)fi;
    return in_store(path) && plan.dead ? -EIO : 0;
}

/* -- one at a time ----------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Without the lock: see the head. */
static void forget(void)
{
    char path[PATH_MAX];
    bool is_due;

    pthread_mutex_lock(&lock);
    is_due = is_stale && data_path[0] != '\0';
    is_stale = false;
    memcpy(path, data_path, sizeof(path));
    pthread_mutex_unlock(&lock);
    if (is_due)
        (void)fuse_invalidate_path(fuse_get_context()->fuse, path);
}

#define ALONE(name, parameters, arguments)                                                         \
    static int alone_##name parameters                                                             \
    {                                                                                              \
        int rc;                                                                                    \
                                                                                                   \
        pthread_mutex_lock(&lock);                                                                 \
        rc = op_##name arguments;                                                                  \
        pthread_mutex_unlock(&lock);                                                               \
        return rc;                                                                                 \
    }

ALONE(getattr, (const char *path, struct stat *ret, struct fuse_file_info *fi), (path, ret, fi))
ALONE(readdir,
      (const char *path, void *list, fuse_fill_dir_t fill, off_t at, struct fuse_file_info *fi,
       enum fuse_readdir_flags flags),
      (path, list, fill, at, fi, flags))
ALONE(mkdir, (const char *path, mode_t mode), (path, mode))
ALONE(unlink, (const char *path), (path))
ALONE(rmdir, (const char *path), (path))
ALONE(link, (const char *from, const char *to), (from, to))
ALONE(rename, (const char *from, const char *to, unsigned flags), (from, to, flags))
ALONE(chmod, (const char *path, mode_t mode, struct fuse_file_info *fi), (path, mode, fi))
ALONE(utimens, (const char *path, const struct timespec times[2], struct fuse_file_info *fi),
      (path, times, fi))
ALONE(truncate, (const char *path, off_t size, struct fuse_file_info *fi), (path, size, fi))
ALONE(statfs, (const char *path, struct statvfs *ret), (path, ret))
ALONE(open, (const char *path, struct fuse_file_info *fi), (path, fi))
ALONE(create, (const char *path, mode_t mode, struct fuse_file_info *fi), (path, mode, fi))
ALONE(release, (const char *path, struct fuse_file_info *fi), (path, fi))
ALONE(read, (const char *path, char *ret, size_t n, off_t at, struct fuse_file_info *fi),
      (path, ret, n, at, fi))
ALONE(write, (const char *path, const char *bytes, size_t n, off_t at, struct fuse_file_info *fi),
      (path, bytes, n, at, fi))
ALONE(fsync, (const char *path, int only_data, struct fuse_file_info *fi), (path, only_data, fi))
ALONE(fsyncdir, (const char *path, int only_data, struct fuse_file_info *fi), (path, only_data, fi))

static int alone_write_then_forget(const char *path, const char *bytes, size_t n, off_t at,
                                   struct fuse_file_info *fi)
{
    const int rc = alone_write(path, bytes, n, at, fi);

    if (is_control(path))
        forget();
    return rc;
}

/* -- the program ------------------------------------------------------------------------------- */

static void *op_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)connection;
    config->use_ino = 1;      /* LMDB and the store know a file by it */
    config->kernel_cache = 1; /* a map stays good when somebody else opens the file */
    config->hard_remove = 1;
    return NULL;
}

static const struct fuse_operations ops = {
    .init = op_init,
    .getattr = alone_getattr,
    .readdir = alone_readdir,
    .mkdir = alone_mkdir,
    .unlink = alone_unlink,
    .rmdir = alone_rmdir,
    .link = alone_link,
    .rename = alone_rename,
    .chmod = alone_chmod,
    .utimens = alone_utimens,
    .truncate = alone_truncate,
    .statfs = alone_statfs,
    .open = alone_open,
    .create = alone_create,
    .release = alone_release,
    .read = alone_read,
    .write = alone_write_then_forget,
    .fsync = alone_fsync,
    .fsyncdir = alone_fsyncdir,
};

int main(int argc, char **argv)
{
    char *args[] = {argv[0], argc == 3 ? argv[2] : NULL, NULL};

    if (argc != 3) {
        (void)fprintf(stderr, "usage: disk-faults DIRECTORY MOUNTPOINT\n");
        return EXIT_FAILURE;
    }
    root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    return fuse_main(2, args, &ops, NULL);
}
