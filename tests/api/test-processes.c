/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-processes.c - eight processes, most of eight threads each, on one store, logging in,
 * finding, signing, writing, rotating, and one after the other killed with SIGKILL wherever they
 * are: no error in those that live, no lock left behind, every object that is there is whole, and
 * none that was said to be stored is lost. And processes that open the store while the last one
 * closes it.
 *
 * TEE_TEST_SECONDS: how long (default 8; 600 under TEE_TEST_LONG). TEE_TEST_PROCESSES: how many
 * (default 8; 64 under TEE_TEST_LONG).
 */
#include "support/worker.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 64
#define N_THREADS     8
#define N_VISITS      100
#define MAX_KEPT      100000

/* Shared by all processes. */
static struct board {
    atomic_bool stop;
    atomic_uint rounds, logins, rotations, starts;
    /* Objects to stay, by the number in their label: what C_CreateObject said, or not yet. */
    atomic_uint n_kept;
    atomic_bool stored[MAX_KEPT];
} * board;

static unsigned asked(const char *name, unsigned usually, unsigned at_length)
{
    const char *text = getenv(name);

    if (text != NULL)
        return (unsigned)atoi(text);
    return getenv("TEE_TEST_LONG") != NULL ? at_length : usually;
}

static unsigned seconds(void)
{
    return asked("TEE_TEST_SECONDS", 8, 600);
}

static unsigned n_processes(void)
{
    const unsigned n = asked("TEE_TEST_PROCESSES", 8, MAX_PROCESSES);

    return n < 4 ? 4 : n > MAX_PROCESSES ? MAX_PROCESSES : n;
}

static CK_RV log_in(CK_SESSION_HANDLE h, CK_USER_TYPE user, const char *pin)
{
    return p11->C_Login(h, user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
}

/* -- inside a process -------------------------------------------------------------------------- */

struct thread {
    pthread_t thread;
    unsigned number;
    struct failure failure;
};

/* An object that stays. What was said to be stored is looked for at the end. */
static struct failure store_one(CK_SESSION_HANDLE h)
{
    const unsigned number = atomic_fetch_add(&board->n_kept, 1);
    struct failure f = {NULL, CKR_OK, 0};

    if (number >= MAX_KEPT)
        return f;
    f = worker_keep(h, number);
    if (f.what == NULL)
        atomic_store(&board->stored[number], true);
    return f;
}

static struct failure one_session(unsigned number)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    struct failure f;
    CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h);

    if (rv != CKR_OK)
        return (struct failure){"C_OpenSession", rv, __LINE__};
    f = worker_round(h, number);
    if (f.what == NULL && number % 32 == 0)
        f = store_one(h);
    rv = p11->C_CloseSession(h);
    if (f.what == NULL && rv != CKR_OK)
        return (struct failure){"C_CloseSession", rv, __LINE__};
    return f;
}

static void *thread_work(void *arg)
{
    struct thread *t = arg;

    while (!atomic_load(&board->stop) && t->failure.what == NULL) {
        /* Numbers that no other thread of no other process has. */
        t->failure = one_session(atomic_fetch_add(&board->rounds, 1));
    }
    return NULL;
}

/* Work with four threads for a while, as one login; returns what went wrong first. */
static struct failure login_period(void)
{
    struct thread threads[N_THREADS] = {{0}};
    CK_SESSION_HANDLE h = open_session();
    struct failure f = {"C_Login", log_in(h, CKU_USER, USER_PIN), __LINE__};

    if (f.rv != CKR_OK)
        return f;
    atomic_fetch_add(&board->logins, 1);
    f.what = NULL;
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i].thread, NULL, thread_work, &threads[i]), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
        if (f.what == NULL)
            f = threads[i].failure;
    }
    close_all();
    return f;
}

/* A process that logs in again and again, each time for a few rounds. */
static struct failure short_logins(void)
{
    struct failure f = {NULL, CKR_OK, 0};

    while (!atomic_load(&board->stop) && f.what == NULL) {
        const CK_SESSION_HANDLE h = open_session();

        f = (struct failure){"C_Login", log_in(h, CKU_USER, USER_PIN), __LINE__};
        if (f.rv != CKR_OK)
            return f;
        atomic_fetch_add(&board->logins, 1);
        f = store_one(h);
        if (f.what == NULL)
            f = worker_round(h, atomic_fetch_add(&board->rounds, 1));
        ASSERT_OK(p11->C_CloseSession(h));
    }
    return f;
}

/* The SO's: DEKs are rotated under all the others. */
static struct failure rotations(void)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    const CK_SESSION_HANDLE h = open_session();
    struct failure f = {"C_Login", log_in(h, CKU_SO, SO_PIN), __LINE__};

    if (f.rv != CKR_OK)
        return f;
    f.what = NULL;
    while (!atomic_load(&board->stop) && f.what == NULL) {
        CK_OBJECT_HANDLE o;
        const CK_RV rv = p11->C_GenerateKey(h, &m, NULL, 0, &o);

        if (rv != CKR_OK)
            f = (struct failure){"rotation", rv, __LINE__};
        atomic_fetch_add(&board->rotations, 1);
        usleep(100000);
    }
    return f;
}

static void process_main(unsigned place)
{
    static struct failure (*const roles[])(void) = {rotations, short_logins, short_logins};
    struct failure f;

    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    ASSERT_OK(p11->C_Initialize(NULL));
    f = place < N_ELEMENTS(roles) ? roles[place]() : login_period();
    if (f.what != NULL)
        (void)fprintf(stderr, "process %u, line %d: %s: 0x%lx\n", place, f.line, f.what, f.rv);
    ASSERT_OK(p11->C_Finalize(NULL));
    _exit(f.what == NULL ? 0 : 1);
}

/* -- the processes ----------------------------------------------------------------------------- */

/* It goes when the test does, which a failed assertion may end at any time. */
static pid_t start(unsigned place)
{
    const pid_t test = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != test)
            _exit(2);
        process_main(place);
    }
    atomic_fetch_add(&board->starts, 1);
    return pid;
}

static time_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Kill one after the other, where it happens to be, and start another in its place. */
static unsigned kill_some(pid_t pids[MAX_PROCESSES])
{
    const time_t end = now() + (time_t)seconds();
    unsigned n_killed = 0, random = 12345;

    while (now() < end) {
        int status = 0;
        unsigned place;

        usleep(60000 + random % 90000);
        random = random * 1103515245 + 12345;
        place = (random >> 16) % n_processes();
        assert_int_equal(kill(pids[place], SIGKILL), 0);
        assert_int_equal(waitpid(pids[place], &status, 0), pids[place]);
        /* It had not ended by itself: those that do have something to say. */
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        n_killed++;
        pids[place] = start(place);
    }
    return n_killed;
}

static void test_killed_processes(void **state)
{
    pid_t pids[MAX_PROCESSES];
    unsigned n_killed;

    (void)state;
    for (unsigned i = 0; i < n_processes(); i++)
        pids[i] = start(i);
    n_killed = kill_some(pids);
    atomic_store(&board->stop, true);
    for (unsigned i = 0; i < n_processes(); i++) {
        int status = 0;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    print_message("%u processes, %u killed; %u rounds, %u logins, %u rotations\n",
                  atomic_load(&board->starts), n_killed, atomic_load(&board->rounds),
                  atomic_load(&board->logins), atomic_load(&board->rotations));
    assert_true(n_killed > 0);
    assert_true(atomic_load(&board->rounds) > n_processes() * N_THREADS);
    assert_true(atomic_load(&board->logins) > n_processes());
    assert_true(atomic_load(&board->rotations) > 0);
}

/* Every one that was stored is found; one that nobody lived to hear of may be. */
static void check_kept(CK_SESSION_HANDLE h)
{
    unsigned n_stored = 0, n_lost = 0;

    for (unsigned i = 0; i < MAX_KEPT && i < atomic_load(&board->n_kept); i++) {
        bool found = false;

        assert_no_failure(worker_find_kept(h, i, &found));
        if (!atomic_load(&board->stored[i]))
            continue;
        n_stored++;
        n_lost += found ? 0 : 1;
    }
    print_message("%u objects stored, %u lost\n", n_stored, n_lost);
    assert_true(n_stored > 0);
    assert_int_equal(n_lost, 0);
}

/* What the dead have left behind: objects, all of them whole, and nothing that stops the living. */
static void test_afterwards(void **state)
{
    CK_SESSION_HANDLE h;
    CK_ULONG n = 0;
    CK_TOKEN_INFO info;
    time_t begin;

    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    check_kept(h);
    assert_no_failure(worker_check(h, &n));
    assert_true(n >= 1);
    print_message("%lu data objects, all of them whole\n", n);
    /* A write finds no lock held by a dead process. */
    begin = now();
    assert_no_failure(worker_round(h, UINT_MAX - 7)); /* a number that none of them had */
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_false(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED));
    assert_true(now() - begin < 20);
}

/* -- one closes the store as the last one, another opens it ------------------------------------ */

/* Killed by SIGALRM when it waits for a lock that nobody gives back. */
static int child_comes_and_goes(void)
{
    (void)alarm(60);
    for (unsigned i = 0; i < N_VISITS; i++) {
        CK_ULONG n;

        if (p11->C_Initialize(NULL) != CKR_OK || p11->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_OK ||
            n != 2 || p11->C_Finalize(NULL) != CKR_OK)
            return 1;
    }
    return 0;
}

static void test_come_and_go(void **state)
{
    pid_t pids[MAX_PROCESSES];

    (void)state;
    ASSERT_OK(p11->C_Finalize(NULL)); /* else this process is always the last one */
    for (unsigned i = 0; i < n_processes(); i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(child_comes_and_goes());
    }
    for (unsigned i = 0; i < n_processes(); i++) {
        int status = 0;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    ASSERT_OK(p11->C_Initialize(NULL));
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    worker_setup(open_user());
    ASSERT_OK(p11->C_Finalize(NULL));
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(board != MAP_FAILED);
    return 0;
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/processes/killed", test_killed_processes),
        TEST("/processes/afterwards", test_afterwards),
        TEST("/processes/come-and-go", test_come_and_go),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
