/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-stress.c - sixteen threads that call every function of all three lists at once: each in
 * sessions of its own; then with one that logs in and out, one that closes everybody's sessions and
 * one that ends the library and begins it again under the others. Run under TSan too. And forks in
 * the middle of every function, after which the child has to be able to use the module.
 *
 * TEE_TEST_SECONDS: how long each of them takes (default 3).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "everything.h"
#include "support/sanitized.h"

#define N_THREADS 16u
#define SURVIVED  77

static atomic_bool stop;
static struct user users[N_THREADS];

static unsigned seconds(void)
{
    const char *text = getenv("TEE_TEST_SECONDS");

    return text != NULL ? (unsigned)atoi(text) : 3;
}

/* -- threads ----------------------------------------------------------------------------------- */

static void start(pthread_t threads[N_THREADS], void *(*fn)(void *), bool alone)
{
    atomic_store(&stop, false);
    for (unsigned i = 0; i < N_THREADS; i++) {
        users[i] = (struct user){.number = i, .alone = alone};
        atomic_store(&users[i].inside, NO_FUNCTION);
        assert_int_equal(pthread_create(&threads[i], NULL, fn, &users[i]), 0);
    }
}

static void join(pthread_t threads[N_THREADS])
{
    atomic_store(&stop, true);
    for (unsigned i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < N_THREADS; i++) {
        if (users[i].failure.what != NULL)
            fail_msg("thread %u, everything.c:%d: %s: 0x%lx", i, users[i].failure.line,
                     users[i].failure.what, users[i].failure.rv);
    }
}

static bool goes_on(const struct user *u)
{
    return !atomic_load(&stop) && u->failure.what == NULL;
}

static void *work(void *arg)
{
    struct user *u = arg;

    for (unsigned i = u->number; goes_on(u); i++)
        everything_group(u, i);
    return NULL;
}

/* The first few come between the others. */
static void *work_among_others(void *arg)
{
    static void (*const odd[])(struct user *) = {everything_logins, everything_close_all,
                                                 everything_restart, everything_pins};
    struct user *u = arg;

    for (unsigned i = u->number; goes_on(u); i++) {
        if (u->number >= N_ELEMENTS(odd)) {
            everything_group(u, i);
            continue;
        }
        odd[u->number](u);
        usleep(u->number == 2 ? 50000 : 5000);
    }
    return NULL;
}

static void log_in(void)
{
    (void)open_user(); /* stays, so that the login does */
}

static void begin_anew(void)
{
    (void)p11->C_Finalize(NULL);
    ASSERT_OK(p11->C_Initialize(NULL));
}

static void test_own_sessions(void **state)
{
    pthread_t threads[N_THREADS];
    CK_TOKEN_INFO info;

    (void)state;
    begin_anew();
    log_in();
    start(threads, work, true);
    sleep(seconds());
    join(threads);
    /* The books balance. */
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_int_equal(info.ulSessionCount, 1);
}

static void test_among_others(void **state)
{
    pthread_t threads[N_THREADS];

    (void)state;
    begin_anew();
    start(threads, work_among_others, false);
    sleep(seconds());
    join(threads);
    /* It is quiet, and everything is as it was. */
    begin_anew();
    log_in();
    users[0] = (struct user){.number = 0, .alone = true};
    for (unsigned i = 0; i < N_GROUPS; i++)
        everything_group(&users[0], i);
    assert_null(users[0].failure.what);
}

/* Nobody's part, and by whoever has it with success. */
static void test_every_function(void **state)
{
    unsigned long calls = 0;
    unsigned n_missing = 0;
    pthread_t threads[N_THREADS];

    (void)state;
    begin_anew();
    start(threads, work, true);
    sleep(1);
    join(threads);
    users[0] = (struct user){.number = 1, .alone = true};
    begin_anew();
    everything_logins(&users[0]);
    everything_pins(&users[0]);
    everything_close_all(&users[0]);
    everything_restart(&users[0]);
    assert_null(users[0].failure.what);
    for (unsigned i = 0; i < N_FUNCTIONS; i++) {
        calls += atomic_load(&everything_called[i]);
        if (atomic_load(&everything_good[i]) > 0)
            continue;
        print_error("never called well: %s (function %u of the list)\n", everything_name(i), i);
        n_missing++;
    }
    print_message("%lu calls of %lu functions\n", calls, (unsigned long)N_FUNCTIONS);
    assert_int_equal(n_missing, 0);
}

/* The three lists have the same functions: who tries one tries all. */
static void test_lists_agree(void **state)
{
    static const size_t sizes[] = {sizeof(CK_FUNCTION_LIST), sizeof(CK_FUNCTION_LIST_3_0)};
    static const CK_VERSION versions[] = {{2, 40}, {3, 0}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        CK_VERSION version = versions[i];
        CK_INTERFACE_PTR interface = NULL;

        ASSERT_OK(p11->C_GetInterface(NULL, &version, &interface, 0));
        assert_memory_equal((const uint8_t *)interface->pFunctionList + sizeof(void *),
                            (const uint8_t *)p11 + sizeof(void *), sizes[i] - sizeof(void *));
    }
}

/* -- forks ------------------------------------------------------------------------------------- */

static atomic_uint group_now;

static void *work_in_one_group(void *arg)
{
    struct user *u = arg;

    while (goes_on(u))
        everything_group(u, atomic_load(&group_now));
    return NULL;
}

static atomic_bool *seen; /* functions that a fork found somebody in; shared with the children */

/* In a child: the parent's memory as the fork found it. */
static void note_who_was_where(void)
{
    for (unsigned i = 0; i < N_THREADS; i++) {
        const unsigned inside = atomic_load(&users[i].inside);

        if (inside < N_FUNCTIONS)
            atomic_store(&seen[inside], true);
    }
}

/* A life of its own. Killed by SIGALRM when it waits for a lock that nobody holds here. */
static int child_lives(void *arg)
{
    struct user u = {.number = 2, .alone = true};

    (void)alarm(60);
    note_who_was_where();
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 1;
    everything_group(&u, *(const unsigned *)arg);
    everything_group(&u, 2);
    if (u.failure.what != NULL) {
        (void)fprintf(stderr, "everything.c:%d: %s: 0x%lx\n", u.failure.line, u.failure.what,
                      u.failure.rv);
        return 2;
    }
    return p11->C_Finalize(NULL) == CKR_OK ? SURVIVED : 3;
}

static unsigned fork_in_the_middle(void)
{
    unsigned n_forks = 0;

    for (unsigned g = 0; g < N_GROUPS; g++) {
        atomic_store(&group_now, g);
        for (unsigned i = 0; i < 4 * seconds(); i++) {
            usleep(2000);
            assert_int_equal(in_child(child_lives, &g), SURVIVED);
            n_forks++;
        }
    }
    return n_forks;
}

static void test_forks(void **state)
{
    pthread_t threads[N_THREADS];
    unsigned n_forks, n_seen = 0;

    (void)state;
    if (SANITIZED) /* its allocator's locks are torn by a fork */
        skip();
    seen = mmap(NULL, N_FUNCTIONS * sizeof(*seen), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(seen != MAP_FAILED);
    begin_anew();
    log_in();
    start(threads, work_in_one_group, true);
    n_forks = fork_in_the_middle();
    join(threads);
    for (unsigned i = 0; i < N_FUNCTIONS; i++)
        n_seen += atomic_load(&seen[i]) ? 1 : 0;
    print_message("%u forks, in the middle of %u functions\n", n_forks, n_seen);
    assert_true(n_seen > N_FUNCTIONS / 4);
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    everything_setup(open_user());
    close_all();
    return 0;
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/stress/own-sessions", test_own_sessions),
        TEST("/stress/among-others", test_among_others),
        TEST("/stress/lists-agree", test_lists_agree),
        TEST("/stress/every-function", test_every_function),
        TEST("/stress/forks", test_forks),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
