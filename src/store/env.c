/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.c - the LMDB environment of a store.
 *
 * `live` counts this process's transactions; the map moves only while it is 0 and `lock` is held.
 * Whoever wants to move it sets `draining`: newcomers then wait a moment, but not for ever, because
 * the thread that asks for a second transaction may be the one whose first is being waited for.
 *
 * LMDB allocates pages at the end of the file that a transaction may free again before they are
 * written, so that the file can be shorter than its last page; nothing reads those pages, but they
 * can't be told from pages that a host cut off. So each writer makes the file longer than needed
 * first: a short file is then always a damaged one (page_check).
 *
 * When a meta page can't be written LMDB gives its environment up (MDB_PANIC): the disk may be well
 * again, this process would not be. So it is closed and opened anew by the next who asks, and by
 * each after him until that succeeds.
 */
#include "store/env.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store/page.h"
#include "store/place.h"
#include "util/log.h"

#define IDLE_MAX       16u                 /* reset read transactions kept, one slot each */
#define SLACK_BYTES    (UINT64_C(1) << 20) /* how far the file reaches beyond its last page */
#define DRAIN_MS       5000 /* how long transactions are waited for before the map moves */
#define YIELD_MS       200  /* how long a new transaction stands back for that */
#define SWEEP_WRITES   128u /* of this process, between two looks for dead readers */
#define SNAPSHOT_TRIES 64
/* What a file system must have left: some commits of the largest kind, which writes the recent
 * changes into a large tree, need less than a quarter of it. */
#define ROOM_BYTES (UINT64_C(4) << 20)

struct env {
    struct db db;
    char *directory;   /* NULL: env_open_file() */
    uint64_t map_size; /* as it was asked for */
    dev_t dev;         /* of the file that the view is of */
    ino_t ino;
    struct page_view *view;
    pthread_mutex_t lock;
    pthread_cond_t change; /* live fell to 0, or draining ended */
    unsigned live;
    unsigned draining; /* threads that wait for that */
    unsigned moves;    /* how often the map was moved */
    bool broken;       /* the map was lost, or a write: to be opened anew */
    atomic_uint n_writes;
    unsigned n_idle;
    MDB_txn *idle[IDLE_MAX];
};

static CK_RV data_stat(const struct db *d, struct stat *ret)
{
    mdb_filehandle_t fd = -1;

    TRY(mdb_rv(mdb_env_get_fd(d->env, &fd)));
    ENSURE(fstat(fd, ret) == 0, CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV view_open(struct env *e)
{
    mdb_filehandle_t fd = -1;
    struct stat st;

    TRY(mdb_rv(mdb_env_get_fd(e->db.env, &fd)));
    TRY(data_stat(&e->db, &st));
    e->dev = st.st_dev;
    e->ino = st.st_ino;
    return page_view_new(fd, &e->view);
}

static CK_RV locks_init(struct env *e)
{
    pthread_condattr_t attr;

    ENSURE(pthread_condattr_init(&attr) == 0, CKR_HOST_MEMORY);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_cond_init(&e->change, &attr);
    (void)pthread_condattr_destroy(&attr);
    return CKR_OK;
}

CK_RV env_open(const char *directory, bool create, uint64_t map_size, struct env **ret)
{
    AUTO(env_closep) struct env *e = calloc(1, sizeof(*e));

    ENSURE(e != NULL, CKR_HOST_MEMORY);
    TRY(locks_init(e));
    e->directory = strdup(directory);
    ENSURE(e->directory != NULL, CKR_HOST_MEMORY);
    e->map_size = map_size;
    TRY(db_open(directory, create, map_size, &e->db));
    TRY(view_open(e));
    *ret = TAKE(e);
    return CKR_OK;
}

CK_RV env_open_file(const char *path, bool write, uint64_t map_size, struct env **ret)
{
    AUTO(env_closep) struct env *e = calloc(1, sizeof(*e));

    ENSURE(e != NULL, CKR_HOST_MEMORY);
    TRY(locks_init(e));
    TRY(db_open_file(path, write, map_size, &e->db));
    TRY(view_open(e));
    *ret = TAKE(e);
    return CKR_OK;
}

/* No transaction may be live. */
static void db_close(struct env *e)
{
    while (e->n_idle > 0)
        mdb_txn_abort(e->idle[--e->n_idle]);
    db_clear(&e->db);
}

void env_close(struct env *e)
{
    if (e == NULL)
        return;
    db_close(e);
    page_view_free(e->view);
    free(e->directory);
    (void)pthread_cond_destroy(&e->change);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

MDB_dbi env_table(const struct env *e, unsigned table)
{
    return e->db.table[table];
}

uint64_t env_newest(const struct env *e)
{
    return page_newest(e->view);
}

/* The moment `ms` from now, on the condition's clock. */
static struct timespec moment(long ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* Wait, under the lock, until no transaction is live; or until another thread that waited has moved
 * the map: *ret_moved, and there may be transactions. */
static CK_RV drain(struct env *e, bool *ret_moved)
{
    const struct timespec until = moment(DRAIN_MS);
    const unsigned moves = e->moves;

    e->draining++;
    while (e->live > 0 && e->moves == moves)
        if (pthread_cond_timedwait(&e->change, &e->lock, &until) != 0)
            break;
    e->draining--;
    (void)pthread_cond_broadcast(&e->change);
    *ret_moved = e->moves != moves;
    if (*ret_moved || e->live == 0)
        return CKR_OK;
    log_err("the store's map must change, but %u transactions stay open", e->live);
    FAIL(CKR_DEVICE_MEMORY);
}

/* The database, opened as at first; its file must be the one that env_newest() looks at. */
static CK_RV reopen(const struct env *e, struct db *ret)
{
    AUTO(place_closep) int fd = -1;
    AUTO(db_clear) struct db d = {.env = NULL};
    struct stat st;

    ENSURE(e->directory != NULL, CKR_DEVICE_ERROR); /* a copy in a file: nobody waits for it */
    TRY(place_open_data(e->directory, &fd));
    TRY(page_check(fd, e->directory));
    TRY(db_open(e->directory, false, e->map_size, &d));
    TRY(data_stat(&d, &st));
    if (st.st_dev != e->dev || st.st_ino != e->ino) {
        log_err("store %s: another database was put in its place: start this process anew",
                e->directory);
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret = d;
    d.env = NULL;
    return CKR_OK;
}

/* Under the lock: close what is broken, and open it anew. */
static CK_RV revive_locked(struct env *e)
{
    bool moved = false;

    TRY(drain(e, &moved));
    if (moved)
        return CKR_OK;
    db_close(e);
    TRY(reopen(e, &e->db));
    e->broken = false;
    e->moves++;
    log_warn("store %s: opened anew after a write had failed", e->directory);
    return CKR_OK;
}

static CK_RV enter_locked(struct env *e, MDB_txn **ret_idle)
{
    if (e->draining > 0) {
        const struct timespec until = moment(YIELD_MS);

        while (e->draining > 0 && pthread_cond_timedwait(&e->change, &e->lock, &until) == 0)
            ;
    }
    while (e->broken)
        TRY(revive_locked(e));
    e->live++;
    if (ret_idle != NULL && e->n_idle > 0)
        *ret_idle = e->idle[--e->n_idle];
    return CKR_OK;
}

/* Count a transaction; for a read take an idle one along. */
static CK_RV enter(struct env *e, MDB_txn **ret_idle)
{
    CK_RV rv;

    (void)pthread_mutex_lock(&e->lock);
    rv = enter_locked(e, ret_idle);
    (void)pthread_mutex_unlock(&e->lock);
    return rv;
}

/* Uncount a transaction; keep a reset one, if there is room: else it comes back in *idle. */
static void leave(struct env *e, MDB_txn **idle)
{
    (void)pthread_mutex_lock(&e->lock);
    if (idle != NULL && *idle != NULL && e->n_idle < IDLE_MAX)
        e->idle[e->n_idle++] = TAKE(*idle);
    if (--e->live == 0 && e->draining > 0)
        (void)pthread_cond_broadcast(&e->change);
    (void)pthread_mutex_unlock(&e->lock);
}

/* Uncount what LMDB answered with rc. Whoever is counted knows that nobody has opened
 * the database anew since he saw that it is given up. */
static void leave_with(struct env *e, int rc)
{
    (void)pthread_mutex_lock(&e->lock);
    e->broken = e->broken || rc == MDB_PANIC;
    (void)pthread_mutex_unlock(&e->lock);
    leave(e, NULL);
}

/* Is there so much address space? LMDB gives its old map away before it asks for the new one. */
static bool space_for(size_t size)
{
    void *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return map != MAP_FAILED && munmap(map, size) == 0;
}

/* Under the lock, with no transaction live. */
static CK_RV remap(struct env *e, size_t size)
{
    int rc;

    if (!space_for(size)) {
        log_err("no address space for a store of %zu bytes: raise the limit (ulimit -v)", size);
        FAIL(CKR_DEVICE_MEMORY);
    }
    rc = mdb_env_set_mapsize(e->db.env, size);
    e->broken = rc != 0;
    e->moves++;
    return mdb_rv(rc);
}

static size_t map_size_locked(struct env *e)
{
    MDB_envinfo info;

    return mdb_env_info(e->db.env, &info) == 0 ? info.me_mapsize : 0;
}

size_t env_map_size(struct env *e)
{
    size_t size;

    (void)pthread_mutex_lock(&e->lock);
    size = e->broken ? 0 : map_size_locked(e);
    (void)pthread_mutex_unlock(&e->lock);
    return size;
}

static CK_RV grow_locked(struct env *e, size_t had)
{
    bool moved = false;

    ENSURE(!e->broken, CKR_DEVICE_ERROR);
    if (map_size_locked(e) > had)
        return CKR_OK;
    ENSURE(had <= SIZE_MAX / 4, CKR_DEVICE_MEMORY);
    TRY(drain(e, &moved));
    if (moved)
        return CKR_OK;
    log_debug(LOG_STORE, "map grows from %zu to %zu bytes", had, 2 * had);
    return remap(e, 2 * had);
}

CK_RV env_grow(struct env *e, size_t had)
{
    CK_RV rv;

    (void)pthread_mutex_lock(&e->lock);
    rv = grow_locked(e, had);
    (void)pthread_mutex_unlock(&e->lock);
    return rv;
}

/* Bytes up to the end of the last page. */
static CK_RV bytes_used(struct env *e, uint64_t *ret)
{
    MDB_envinfo info;
    MDB_stat st;

    TRY(mdb_rv(mdb_env_info(e->db.env, &info)));
    TRY(mdb_rv(mdb_env_stat(e->db.env, &st)));
    *ret = (info.me_last_pgno + 1) * (uint64_t)st.ms_psize;
    return CKR_OK;
}

/* Another process made the map larger: follow, once it is seen that the file is so long. */
static CK_RV follow_locked(struct env *e)
{
    mdb_filehandle_t fd = -1;
    bool moved = false;
    uint64_t used = 0;
    size_t size;

    ENSURE(!e->broken, CKR_DEVICE_ERROR);
    TRY(mdb_rv(mdb_env_get_fd(e->db.env, &fd)));
    TRY(page_check(fd, PLACE_DATA));
    TRY(drain(e, &moved));
    if (moved)
        return CKR_OK;
    TRY(bytes_used(e, &used));
    size = map_size_locked(e);
    ENSURE(size > 0, CKR_DEVICE_ERROR);
    while (size < used && size <= SIZE_MAX / 4)
        size *= 2;
    return remap(e, size);
}

static CK_RV follow(struct env *e)
{
    CK_RV rv;

    (void)pthread_mutex_lock(&e->lock);
    rv = follow_locked(e);
    (void)pthread_mutex_unlock(&e->lock);
    return rv;
}

/* Renew an idle transaction, or begin one. */
static int read_begin(struct env *e, MDB_txn **txn)
{
    int rc, dead;

    if (*txn != NULL)
        return mdb_txn_renew(*txn);
    rc = mdb_txn_begin(e->db.env, NULL, MDB_RDONLY, txn);
    if (rc == MDB_READERS_FULL && mdb_reader_check(e->db.env, &dead) == 0 && dead > 0)
        rc = mdb_txn_begin(e->db.env, NULL, MDB_RDONLY, txn);
    return rc;
}

/* Is the snapshot what its number says? *ret_again: it was not, and *txn is a later one now. */
static int snapshot_look(struct env *e, MDB_txn **txn, bool *ret_again)
{
    MDB_txn *later = NULL;
    int rc;

    *ret_again = false;
    if (env_newest(e) == mdb_txn_id(*txn))
        return 0;
    rc = read_begin(e, &later);
    if (rc != 0)
        return rc;
    if (mdb_txn_id(later) == mdb_txn_id(*txn)) {
        mdb_txn_abort(later);
        return 0;
    }
    mdb_txn_abort(*txn);
    *txn = later;
    *ret_again = true;
    return 0;
}

/*
 * A snapshot that is what its number says. LMDB notes in which transaction a reader begins, and
 * reads the roots from that one's meta page afterwards. Where others have committed twice
 * meanwhile, because the thread was held up there, the page has another one's roots, and
 * mdb_txn_id() lies (LMDB 0.9.24, sixteen threads on two processors: once in two million); what is
 * remembered of a transaction by its number would be held against another. It is right where the
 * file has no newer one, and where it has one that is not finished, so that who begins now begins
 * in the same: the page is written again only in the commit after that. (x86-64 reads in order.)
 */
static int snapshot_begin(struct env *e, MDB_txn **txn)
{
    bool again = true;
    int rc = read_begin(e, txn);

    /* Each time more takes another commit in between: so many are a host's, who edits pages. */
    for (int i = 0; rc == 0 && again; i++)
        rc = i < SNAPSHOT_TRIES ? snapshot_look(e, txn, &again) : MDB_CORRUPTED;
    return rc;
}

/* Codes after which a transaction is begun once more. */
static bool is_curable(int rc)
{
    return rc == MDB_MAP_RESIZED || rc == MDB_PANIC;
}

/* Do what makes the next try succeed: enter() opens anew what is given up. */
static CK_RV cure(struct env *e, int rc)
{
    return rc == MDB_MAP_RESIZED ? follow(e) : CKR_OK;
}

/* One try. *ret_rc is LMDB's answer where that is 0 or curable. */
typedef CK_RV try_fn(struct env *e, void *arg, int *ret_rc);

/* Try, with a cure between, until it is done. */
static CK_RV until_cured(struct env *e, try_fn *once, void *arg)
{
    int rc = 0;

    for (int tries = 0; tries < 8; tries++) {
        TRY(once(e, arg, &rc));
        if (rc == 0)
            return CKR_OK;
        TRY(cure(e, rc));
    }
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV read_once(struct env *e, void *arg, int *ret_rc)
{
    MDB_txn **ret = arg;
    MDB_txn *txn = NULL;
    int rc;

    TRY(enter(e, &txn));
    rc = *ret_rc = snapshot_begin(e, &txn);
    if (rc == 0) {
        *ret = txn;
        return CKR_OK;
    }
    if (txn != NULL)
        mdb_txn_abort(txn);
    leave_with(e, rc);
    return is_curable(rc) ? CKR_OK : mdb_rv(rc);
}

CK_RV env_read(struct env *e, MDB_txn **ret)
{
    return until_cured(e, read_once, ret);
}

/* The database's file: how long it is, and where its last page ends. */
struct extent {
    mdb_filehandle_t fd;
    uint64_t bytes, used;
};

static CK_RV file_measure(struct env *e, struct extent *ret)
{
    struct stat st;

    TRY(bytes_used(e, &ret->used));
    TRY(mdb_rv(mdb_env_get_fd(e->db.env, &ret->fd)));
    if (fstat(ret->fd, &st) != 0) {
        log_err("can't tell how long the store's file is: %s", strerror(errno));
        FAIL(CKR_DEVICE_ERROR);
    }
    ret->bytes = (uint64_t)st.st_size;
    return CKR_OK;
}

/* In a write transaction: nobody else changes the file. What can't be measured is left alone: it
 * could be cut. */
static CK_RV file_lengthen(struct env *e)
{
    struct extent x;

    TRY(file_measure(e, &x));
    if (x.bytes >= x.used + SLACK_BYTES / 2)
        return CKR_OK;
    if (ftruncate(x.fd, (off_t)(x.used + SLACK_BYTES)) == 0)
        return CKR_OK;
    log_err("can't lengthen the store's file: %s", strerror(errno));
    FAIL(CKR_DEVICE_MEMORY);
}

/* A reader that was killed pins the pages of its snapshot, and the file grows instead of being used
 * again: look for such now and then. */
static void readers_sweep(struct env *e)
{
    int dead = 0;

    if (atomic_fetch_add(&e->n_writes, 1) % SWEEP_WRITES != SWEEP_WRITES - 1)
        return;
    if (mdb_reader_check(e->db.env, &dead) == 0 && dead > 0)
        log_debug(LOG_STORE, "cleared %d reader slots of dead processes", dead);
}

static CK_RV write_once(struct env *e, void *arg, int *ret_rc)
{
    MDB_txn **ret = arg;
    MDB_txn *txn = NULL;
    CK_RV rv;
    int rc;

    TRY(enter(e, NULL));
    readers_sweep(e);
    rc = *ret_rc = mdb_txn_begin(e->db.env, NULL, 0, &txn);
    rv = rc == 0 ? file_lengthen(e) : is_curable(rc) ? CKR_OK : mdb_rv(rc);
    if (rc == 0 && rv == CKR_OK) {
        *ret = txn;
        return CKR_OK;
    }
    if (txn != NULL)
        mdb_txn_abort(txn);
    leave_with(e, rc);
    return rv;
}

CK_RV env_write(struct env *e, MDB_txn **ret)
{
    return until_cured(e, write_once, ret);
}

void env_read_done(struct env *e, MDB_txn *txn)
{
    if (txn == NULL)
        return;
    mdb_txn_reset(txn);
    leave(e, &txn);
    if (txn != NULL)
        mdb_txn_abort(txn);
}

void env_abort(struct env *e, MDB_txn *txn)
{
    if (txn == NULL)
        return;
    mdb_txn_abort(txn);
    leave(e, NULL);
}

/* Of MDB_MAP_RESIZED and MDB_PANIC nothing was written: they come before the snapshot. */
static CK_RV copy_once(struct env *e, void *arg, int *ret_rc)
{
    const int *fd = arg;
    int rc;

    TRY(enter(e, NULL));
    rc = *ret_rc = mdb_env_copyfd2(e->db.env, *fd, MDB_CP_COMPACT);
    leave_with(e, rc);
    return is_curable(rc) ? CKR_OK : mdb_rv(rc);
}

CK_RV env_copy(struct env *e, int fd)
{
    return until_cured(e, copy_once, &fd);
}

/* Bytes that the store's file system has left; UINT64_MAX where it does not count them. */
static CK_RV bytes_left(struct env *e, uint64_t *ret)
{
    mdb_filehandle_t fd = -1;
    struct statvfs v;

    TRY(mdb_rv(mdb_env_get_fd(e->db.env, &fd)));
    ENSURE(fstatvfs(fd, &v) == 0 && (v.f_flag & ST_RDONLY) == 0, CKR_DEVICE_ERROR);
    *ret = v.f_blocks == 0 ? UINT64_MAX : (uint64_t)v.f_bavail * v.f_frsize;
    return CKR_OK;
}

CK_RV env_room(struct env *e)
{
    uint64_t left = 0;

    TRY(bytes_left(e, &left));
    ENSURE(left >= ROOM_BYTES, CKR_DEVICE_MEMORY);
    return CKR_OK;
}

/* LMDB calls a write that came out short EIO: mostly the disk is full. */
static int commit_rc(struct env *e, MDB_txn *txn)
{
    const int rc = mdb_txn_commit(txn);

    return rc == EIO && env_room(e) == CKR_DEVICE_MEMORY ? ENOSPC : rc;
}

CK_RV env_commit(struct env *e, MDB_txn *txn, bool *ret_full)
{
    const int rc = commit_rc(e, txn);
    struct extent x;
    const bool is_short = rc == 0 && (file_measure(e, &x) != CKR_OK || x.bytes < x.used);
    MDB_txn *next = NULL;

    leave(e, NULL);
    *ret_full = rc == MDB_MAP_FULL;
    /* A transaction that used up the slack in one go: the next writer makes new slack, so be it.
     * The commit stands, whatever comes of this. */
    if (is_short && env_write(e, &next) == CKR_OK)
        env_abort(e, next);
    return mdb_rv(rc);
}
