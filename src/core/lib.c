/* SPDX-License-Identifier: BSD-2-Clause */
/* lib.c - library state, locks and fork; see lib.h. */
#include "core/lib.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/session.h"
#include "core/state.h"
#include "core/token.h"
#include "core/unique.h"
#include "core/used.h"
#include "crypto/key_stock.h"
#include "crypto/mech_lists.h"
#include "crypto/ossl.h"
#include "root/root.h"
#include "util/heap.h"
#include "util/log.h"
#include "util/policy.h"

/* Only what must exist before C_Initialize is static; the rest comes and goes with `state`. */
struct lib {
    struct conf *conf;
    pthread_mutex_t unseal_lock; /* held while the store is opened or made: once per process */
    pthread_mutex_t lock;        /* guards the two pointers below */
    struct store *store;
    struct keyring *keyring;
};

static pthread_rwlock_t lib_lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static struct lib *state;        /* NULL: not initialised. Guarded by lib_lock */
static unsigned long state_fork; /* fork_count when what is static was last put right */
static atomic_ulong fork_count;  /* forks between us and the process that loaded the module */
static atomic_ulong next_id = 1;
static pthread_once_t atfork_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t fork_lock = PTHREAD_MUTEX_INITIALIZER; /* held by who forks */
static bool fork_is_quiet;  /* nobody was inside a call when the fork began. Guarded by fork_lock */
static bool crypto_is_torn; /* a fork was not, and what OpenSSL has is not used any more */

static pthread_mutex_t end_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t end_cond = PTHREAD_COND_INITIALIZER;
static uint64_t n_ends; /* C_Finalize calls; guarded by end_lock */

/* Whoever is inside a call may hold a lock of OpenSSL's, which a child would find held for ever,
 * and some of those are the whole process's: no context of one's own helps. So a fork waits for
 * them to come out, and nobody comes in until it is over; but not longer than FORK_PATIENCE, as a
 * call may make an RSA key or be the one that forks. Then it is noted, and the child begins with an
 * OpenSSL context of its own. */
#define FORK_PATIENCE 2 /* seconds */
static bool wait_for_quiet(void)
{
    struct timespec until;

    if (pthread_rwlock_trywrlock(&lib_lock) == 0)
        return true;
    if (clock_gettime(CLOCK_REALTIME, &until) != 0)
        return false;
    until.tv_sec += FORK_PATIENCE;
    return pthread_rwlock_timedwrlock(&lib_lock, &until) == 0;
}

static void on_fork(void)
{
    const bool is_quiet = wait_for_quiet();

    pthread_mutex_lock(&fork_lock);
    fork_is_quiet = is_quiet;
}

static void on_fork_parent(void)
{
    if (fork_is_quiet)
        pthread_rwlock_unlock(&lib_lock);
    pthread_mutex_unlock(&fork_lock);
}

/* Only async-signal-safe work: the child may come from a thread of a threaded parent. Locks that
 * another thread held at the fork would stay held for ever. */
static void on_fork_child(void)
{
    static const pthread_rwlock_t fresh_lib = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    static const pthread_mutex_t fresh_mutex = PTHREAD_MUTEX_INITIALIZER;
    static const pthread_cond_t fresh_cond = PTHREAD_COND_INITIALIZER;

    crypto_is_torn = crypto_is_torn || !fork_is_quiet;
    /* Let go, so that checkers of locks see it. glibc takes the child's thread for another one than
     * the holder, and what it makes of the lock then is overwritten here. */
    if (fork_is_quiet)
        pthread_rwlock_unlock(&lib_lock);
    pthread_mutex_unlock(&fork_lock);
    atomic_fetch_add(&fork_count, 1);
    memcpy(&lib_lock, &fresh_lib, sizeof(lib_lock));
    memcpy(&end_lock, &fresh_mutex, sizeof(end_lock));
    memcpy(&end_cond, &fresh_cond, sizeof(end_cond));
}

/* The module is linked with -z nodelete, so the handlers stay valid after dlclose(). */
static void register_atfork(void)
{
    (void)pthread_atfork(on_fork, on_fork_parent, on_fork_child);
}

static void lib_free(struct lib *l)
{
    if (l == NULL)
        return;
    keyring_unref(l->keyring);
    store_unref(l->store);
    conf_free(l->conf);
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->unseal_lock);
    free(l);
}
DEFINE_AUTO(lib_freep, struct lib, lib_free)

/* What the process may and may not do from here on. */
static CK_RV install_policy(const struct conf *conf)
{
    const char *unknown = mech_lists_apply(&conf->mechanisms_allow, &conf->mechanisms_deny);

    if (unknown != NULL) {
        log_err("%s: mechanisms-allow, mechanisms-deny: there is no mechanism %s (see "
                "docs/mechanisms.md)",
                conf->path, unknown);
        FAIL(CKR_GENERAL_ERROR);
    }
    policy_install(conf->policy);
    return CKR_OK;
}

static CK_RV lib_new(struct lib **ret)
{
    AUTO(lib_freep) struct lib *l = calloc(1, sizeof(*l));
    char *error = NULL;
    CK_RV rv;

    ENSURE(l != NULL, CKR_HOST_MEMORY);
    (void)pthread_mutex_init(&l->unseal_lock, NULL);
    (void)pthread_mutex_init(&l->lock, NULL);
    rv = conf_load(&l->conf, &error);
    if (rv != CKR_OK)
        log_err("%s", error != NULL ? error : "the configuration cannot be read");
    free(error);
    /* C_Initialize has no code for a bad configuration; the log has the file and line. */
    ENSURE(rv == CKR_OK, rv == CKR_HOST_MEMORY ? rv : CKR_GENERAL_ERROR);
    TRY(install_policy(l->conf));
    *ret = TAKE(l);
    return CKR_OK;
}

static bool inherited(void)
{
    return state != NULL && state_fork != atomic_load(&fork_count);
}

/* In a forked child: drop the parent's state where it stands. What it owns in memory is leaked on
 * purpose: the parent may have been in the middle of changing it. That goes for a parent without
 * state too: another thread of it may have been inside C_Initialize or C_Finalize, with locks. */
static void forget_parent(void)
{
    state = NULL;
    state_fork = atomic_load(&fork_count);
    sessions_forget();
    states_forget();
    tokens_forget();
    unique_forget();
    key_stock_forget();
    used_forget();
    store_forget_all();
    if (crypto_is_torn)
        crypto_forget();
    crypto_is_torn = false;
}

/* Before anything is taken from a library that would free it. */
static CK_RV check_heap(void)
{
    if (heap_is_one())
        return CKR_OK;
    log_err("this program has an allocator of its own, and loads modules so that they do not see "
            "it (RTLD_DEEPBIND): start it with LD_PRELOAD=libc.so.6");
    FAIL(CKR_GENERAL_ERROR);
}

static CK_RV initialize_locked(void)
{
    struct lib *l = NULL;

    if (state_fork != atomic_load(&fork_count))
        forget_parent();
    ENSURE(state == NULL, CKR_CRYPTOKI_ALREADY_INITIALIZED);
    TRY(check_heap());
    TRY(lib_new(&l));
    used_install(l->conf);
    state = l;
    return CKR_OK;
}

CK_RV lib_initialize(void)
{
    CK_RV rv;

    (void)pthread_once(&atfork_once, register_atfork);
    log_setup();
    pthread_rwlock_wrlock(&lib_lock);
    rv = initialize_locked();
    pthread_rwlock_unlock(&lib_lock);
    return rv;
}

static void announce_end(void)
{
    pthread_mutex_lock(&end_lock);
    n_ends++;
    pthread_cond_broadcast(&end_cond);
    pthread_mutex_unlock(&end_lock);
}

uint64_t lib_ends(void)
{
    uint64_t n;

    pthread_mutex_lock(&end_lock);
    n = n_ends;
    pthread_mutex_unlock(&end_lock);
    return n;
}

void lib_wait_for_end(uint64_t seen)
{
    pthread_mutex_lock(&end_lock);
    while (n_ends == seen)
        pthread_cond_wait(&end_cond, &end_lock);
    pthread_mutex_unlock(&end_lock);
}

CK_RV lib_finalize(void)
{
    CK_RV rv = CKR_OK;

    pthread_rwlock_wrlock(&lib_lock);
    if (state == NULL || inherited()) {
        rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    } else {
        sessions_close_all();
        used_finish();
        states_clear();
        tokens_free_all();
        key_stock_clear();
        lib_free(TAKE(state));
    }
    pthread_rwlock_unlock(&lib_lock);
    if (rv == CKR_OK)
        announce_end();
    return rv;
}

CK_RV lib_enter(void)
{
    pthread_rwlock_rdlock(&lib_lock);
    if (state != NULL && !inherited())
        return CKR_OK;
    pthread_rwlock_unlock(&lib_lock);
    FAIL(CKR_CRYPTOKI_NOT_INITIALIZED);
}

void lib_leave(void)
{
    pthread_rwlock_unlock(&lib_lock);
}

const struct conf *lib_conf(void)
{
    return state->conf;
}

uint64_t lib_next_id(void)
{
    return atomic_fetch_add(&next_id, 1);
}

CK_RV lib_store(struct store **ret)
{
    struct lib *l = state;
    struct store *opened = NULL;

    pthread_mutex_lock(&l->lock);
    if (l->store != NULL)
        opened = store_ref(l->store);
    pthread_mutex_unlock(&l->lock);
    if (opened == NULL) {
        TRY(store_open(l->conf->store, false, l->conf->map_size, &opened));
        pthread_mutex_lock(&l->lock);
        if (l->store == NULL)
            l->store = store_ref(opened);
        pthread_mutex_unlock(&l->lock);
    }
    *ret = opened;
    return CKR_OK;
}

struct keyring *lib_keyring_if_open(void)
{
    struct keyring *k = NULL;

    pthread_mutex_lock(&state->lock);
    if (state->keyring != NULL)
        k = keyring_ref(state->keyring);
    pthread_mutex_unlock(&state->lock);
    return k;
}

static void keep_keyring(struct keyring *k)
{
    pthread_mutex_lock(&state->lock);
    if (state->keyring == NULL)
        state->keyring = keyring_ref(k);
    if (state->store == NULL)
        state->store = store_ref(keyring_store(k));
    pthread_mutex_unlock(&state->lock);
}

/* Say what opened the store, and loudly that software is not hardware. */
static void announce_root(const struct keyring *k)
{
    const char *root = keyring_root_name(k);

    if (strcmp(root, "sev-snp") == 0)
        log_info("store %s opened by the SEV-SNP processor", state->conf->store);
    else
        log_warn("store %s opened by root %s: keys are NOT protected by hardware",
                 state->conf->store, root);
}

static CK_RV open_unsealing(struct keyring **ret)
{
    AUTO(store_unrefp) struct store *s = NULL;
    struct keyring *k = lib_keyring_if_open();
    struct unsealing unsealing;

    if (k == NULL) {
        TRY(lib_store(&s));
        TRY(keyring_open(state->conf, s, &k));
        unsealing = keyring_unsealing(k);
        used_note_unsealing(&unsealing);
        announce_root(k);
        keep_keyring(k);
    }
    *ret = k;
    return CKR_OK;
}

CK_RV lib_keyring(struct keyring **ret)
{
    struct keyring *k = lib_keyring_if_open();
    CK_RV rv;

    if (k != NULL) {
        *ret = k;
        return CKR_OK;
    }
    pthread_mutex_lock(&state->unseal_lock);
    rv = open_unsealing(ret);
    pthread_mutex_unlock(&state->unseal_lock);
    TRY(rv);
    return CKR_OK;
}

static CK_RV open_or_create(struct keyring **ret)
{
    const CK_RV rv = open_unsealing(ret);
    struct keyring *k = NULL;

    if (rv != CKR_TOKEN_NOT_PRESENT)
        return rv;
    TRY(keyring_create(state->conf, &k));
    announce_root(k);
    keep_keyring(k);
    *ret = k;
    return CKR_OK;
}

CK_RV lib_keyring_create(struct keyring **ret)
{
    CK_RV rv;

    pthread_mutex_lock(&state->unseal_lock);
    rv = open_or_create(ret);
    pthread_mutex_unlock(&state->unseal_lock);
    TRY(rv);
    return CKR_OK;
}
