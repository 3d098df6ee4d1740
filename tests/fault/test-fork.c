/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-fork.c - a fork at every point. A thread uses every function of the three lists; wherever it
 * calls memory, the system, LMDB or OpenSSL, takes a lock or is about to let one go, it stands
 * still, and another thread forks: the child finds whatever the first one held, and nobody who will
 * ever let it go. It has to be told that it did not initialise the module, to be able to begin
 * anew, and to do what is always done; and the parent goes on as if nothing had been.
 *
 * A point is a place in the module's code (the name of a call and the address that it returns to)
 * and, without sanitizers, the one before it; under TEE_TEST_LONG each use of functions has its
 * own. The fork does not wait for the call to be over, as it would for two seconds: it is taken for
 * one that had lost its patience.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/everything.h"
#include "fault/world.h"
#include "support/sanitized.h"

#define POINTS_MAX 8192u
#define SURVIVED   77

/* The store is opened by who needs it first: after a restart that is the worker. */
static void use(struct user *u, unsigned what)
{
    everything_use(u, what);
    if (what == USE_RESTART && u->failure.what == NULL)
        everything_group(u, 0);
}

/* -- the two threads --------------------------------------------------------------------------- */

enum stage {
    STAGE_LOOKS,  /* for a point that nobody forked at */
    STAGE_STANDS, /* at one */
    STAGE_PASSES, /* by all points: a child may want what the worker would hold there */
    STAGE_OVER
};

/* Of a call: what is called, and where from. */
struct place {
    const char *name;
    const void *caller;
};

struct point {
    struct place before, place;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    enum stage stage;
    unsigned passed;          /* points, that were not looked at */
    unsigned n_points, first; /* of this use */
    struct point point[POINTS_MAX];
    struct place before; /* the last one that the worker came to */
} at = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

static _Thread_local bool is_worker;
static unsigned n_waits;

static void stage_is(enum stage stage)
{
    assert_int_equal(pthread_mutex_lock(&at.lock), 0);
    at.stage = stage;
    (void)pthread_cond_broadcast(&at.change);
    (void)pthread_mutex_unlock(&at.lock);
}

static bool is_new(const struct point *p)
{
    for (unsigned i = at.first; i < at.n_points; i++)
        if (memcmp(&at.point[i], p, sizeof(*p)) == 0)
            return false;
    return at.n_points < POINTS_MAX;
}

/* Under the lock. */
static void stand(const struct point *p)
{
    at.point[at.n_points++] = *p;
    at.stage = STAGE_STANDS;
    (void)pthread_cond_broadcast(&at.change);
    while (at.stage == STAGE_STANDS)
        (void)pthread_cond_wait(&at.change, &at.lock);
}

/* The thread that forks is held up by the one that stands: it has to go on. */
static void let_go(void)
{
    (void)pthread_mutex_lock(&at.lock);
    n_waits += at.stage == STAGE_STANDS;
    at.stage = STAGE_PASSES;
    (void)pthread_cond_broadcast(&at.change);
    (void)pthread_mutex_unlock(&at.lock);
}

static void watch(const char *name, const void *caller)
{
    struct point p = {.place = {name, caller}};

    if (!is_worker) {
        if (strcmp(name, "waits") == 0)
            let_go();
        return;
    }
    if (caller == NULL)
        return;
    (void)pthread_mutex_lock(&at.lock);
    if (!SANITIZED) /* whose forks take ten times as long */
        p.before = at.before;
    at.before = p.place;
    if (at.stage != STAGE_LOOKS)
        at.passed++;
    else if (is_new(&p))
        stand(&p);
    (void)pthread_mutex_unlock(&at.lock);
}

/* Until nothing was passed by. */
static void *work(void *arg)
{
    struct user *u = arg;
    unsigned passed;

    is_worker = true;
    do {
        (void)pthread_mutex_lock(&at.lock);
        passed = at.passed;
        (void)pthread_mutex_unlock(&at.lock);
        use(u, u->number);
        (void)pthread_mutex_lock(&at.lock);
        passed = at.passed - passed;
        (void)pthread_mutex_unlock(&at.lock);
    } while (passed > 0 && u->failure.what == NULL);
    stage_is(STAGE_OVER);
    return NULL;
}

/* -- the child --------------------------------------------------------------------------------- */

static int used_as_ever(unsigned what)
{
    struct user u = {.number = what, .alone = true};

    everything_group(&u, what % N_GROUPS);
    if (u.failure.what == NULL)
        return 0;
    (void)fprintf(stderr, "everything.c:%d: %s: 0x%lx\n", u.failure.line, u.failure.what,
                  u.failure.rv);
    return 1;
}

/* Killed by SIGALRM when it waits for a lock that nobody holds here. */
static int child_lives(unsigned what)
{
    CK_INFO info;

    (void)alarm(60);
    world_watch(NULL);
    if (p11->C_GetInfo(&info) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 1;
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 2;
    if (used_as_ever(what) != 0)
        return 3;
    return p11->C_Finalize(NULL) == CKR_OK ? SURVIVED : 4;
}

static void fork_here(unsigned what)
{
    const char *name = at.before.name;
    const unsigned number = at.n_points;
    const pid_t pid = fork();
    int status = -1;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child_lives(what));
    stage_is(STAGE_PASSES);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
        fail_msg("use %u, point %u, at %s: the child ended with 0x%x", what, number, name,
                 (unsigned)status);
}

/* -- the test ---------------------------------------------------------------------------------- */

static enum stage next_stage(void)
{
    enum stage stage;

    (void)pthread_mutex_lock(&at.lock);
    while (at.stage == STAGE_LOOKS || at.stage == STAGE_PASSES)
        (void)pthread_cond_wait(&at.change, &at.lock);
    stage = at.stage;
    (void)pthread_mutex_unlock(&at.lock);
    return stage;
}

/* Look for a point again, if the worker is not at its end. */
static void look_on(void)
{
    (void)pthread_mutex_lock(&at.lock);
    if (at.stage == STAGE_PASSES)
        at.stage = STAGE_LOOKS;
    (void)pthread_mutex_unlock(&at.lock);
}

static void fork_at_every_point_of(unsigned what)
{
    struct user u = {.number = what, .alone = true};
    pthread_t worker;

    stage_is(STAGE_LOOKS);
    if (getenv("TEE_TEST_LONG") != NULL)
        at.first = at.n_points;
    world_watch(watch);
    assert_int_equal(pthread_create(&worker, NULL, work, &u), 0);
    while (next_stage() == STAGE_STANDS) {
        fork_here(what);
        look_on();
    }
    assert_int_equal(pthread_join(worker, NULL), 0);
    world_watch(NULL);
    if (u.failure.what != NULL)
        fail_msg("use %u: everything.c:%d: %s: 0x%lx", what, u.failure.line, u.failure.what,
                 u.failure.rv);
}

static void test_every_point(void **state)
{
    (void)state;
    for (unsigned what = 0; what < N_USES; what++)
        fork_at_every_point_of(what);
    print_message("%u forks, each at a point of its own; %u waited for a lock\n", at.n_points,
                  n_waits);
    assert_true(at.n_points > 300 && at.n_points < POINTS_MAX);
    for (unsigned i = 0; i < N_FUNCTIONS; i++)
        assert_true(atomic_load(&everything_called[i]) > 0);
}

/* With a log of each use of a key, which has locks of its own. */
static int setup(void **state)
{
    (void)state;
    scratch_make("root = software\npin-log2-n = 10\naudit-key-use = all\naudit-delay = 3600\n");
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    everything_setup(open_user());
    close_all();
    world_find();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/fork/every-point", test_every_point, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, teardown_module);
}
