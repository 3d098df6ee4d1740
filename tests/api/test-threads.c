/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-threads.c - eight threads of one application: in sessions of their own, in one session, at
 * login, logout and the end of the library. Run under TSan too. TEE_TEST_SECONDS: how long each of
 * the tests works (default 1).
 */
#include "support/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N_THREADS 8

static atomic_bool stop;

/* What a thread is given and what it says. */
struct job {
    unsigned number;
    CK_SESSION_HANDLE h;
    struct failure failure;
    unsigned rounds;
    CK_RV rv;
};

static unsigned seconds(void)
{
    const char *text = getenv("TEE_TEST_SECONDS");

    return text != NULL ? (unsigned)atoi(text) : 1;
}

/* Run eight of them until the time is up, or (0) until they end by themselves. */
static void run(void *(*fn)(void *), struct job jobs[N_THREADS], unsigned for_seconds)
{
    pthread_t threads[N_THREADS];

    atomic_store(&stop, false);
    for (unsigned i = 0; i < N_THREADS; i++) {
        jobs[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, fn, &jobs[i]), 0);
    }
    if (for_seconds > 0)
        sleep(for_seconds);
    atomic_store(&stop, for_seconds > 0);
    for (unsigned i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static unsigned total_rounds(const struct job jobs[N_THREADS])
{
    unsigned total = 0;

    for (unsigned i = 0; i < N_THREADS; i++) {
        assert_no_failure(jobs[i].failure);
        total += jobs[i].rounds;
    }
    print_message("%u rounds\n", total);
    return total;
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    worker_setup(open_user());
    close_all();
    return 0;
}

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

/* -- own sessions ----------------------------------------------------------------------------- */

static void *work(void *arg)
{
    struct job *j = arg;

    while (!atomic_load(&stop) && j->failure.what == NULL) {
        j->failure = worker_round(j->h, j->number * 1000000 + j->rounds);
        j->rounds++;
    }
    return NULL;
}

static void test_own_sessions(void **state)
{
    struct job jobs[N_THREADS] = {{0}};
    const CK_SESSION_HANDLE h = open_user();
    CK_ULONG n = 0;

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        jobs[i].h = open_session();
    run(work, jobs, seconds());
    assert_true(total_rounds(jobs) > N_THREADS);
    /* Nothing is left behind, nothing is missing. */
    assert_no_failure(worker_check(h, &n));
    assert_int_equal(n, 1);
}

/* -- login and logout ------------------------------------------------------------------------- */

static CK_RV log_in(CK_SESSION_HANDLE h)
{
    return p11->C_Login(h, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN));
}

static void *try_login(void *arg)
{
    struct job *j = arg;

    j->rv = log_in(j->h);
    return NULL;
}

/* One of them logs the application in, the others find it so. */
static void test_login_race(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct job jobs[N_THREADS] = {{0}};
        int n_in = 0, n_already = 0;

        for (size_t i = 0; i < N_THREADS; i++)
            jobs[i].h = open_session();
        run(try_login, jobs, 0);
        for (size_t i = 0; i < N_THREADS; i++) {
            n_in += jobs[i].rv == CKR_OK ? 1 : 0;
            n_already += jobs[i].rv == CKR_USER_ALREADY_LOGGED_IN ? 1 : 0;
        }
        assert_int_equal(n_in, 1);
        assert_int_equal(n_already, N_THREADS - 1);
        close_all();
    }
}

/* What a call may say when somebody else logs out, or closes the session, in the middle of it. */
static bool is_late(CK_RV rv)
{
    static const CK_RV late[] = {CKR_OK,
                                 CKR_USER_NOT_LOGGED_IN,
                                 CKR_USER_ALREADY_LOGGED_IN,
                                 CKR_OBJECT_HANDLE_INVALID,
                                 CKR_KEY_HANDLE_INVALID,
                                 CKR_OPERATION_NOT_INITIALIZED,
                                 CKR_OPERATION_ACTIVE,
                                 CKR_SESSION_HANDLE_INVALID};

    for (size_t i = 0; i < N_ELEMENTS(late); i++) {
        if (late[i] == rv)
            return true;
    }
    return false;
}

/* A step of the round that failed leaves the session's operations behind. */
static void clear_up(CK_SESSION_HANDLE h)
{
    (void)p11->C_SessionCancel(h, CKF_FIND_OBJECTS | CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT |
                                      CKF_DECRYPT);
}

/* Objects that are not seen any more are no failure here, wrong ones are. */
static bool is_failure(struct failure f)
{
    return f.what != NULL && (f.rv != CKR_OK ? !is_late(f.rv) : strcmp(f.what, "n == 1") != 0);
}

static void *work_under_logouts(void *arg)
{
    struct job *j = arg;

    while (!atomic_load(&stop) && !is_failure(j->failure)) {
        CK_RV rv = CKR_OK;

        if (j->number == 0)
            rv = log_in(j->h);
        else if (j->number == 1)
            rv = p11->C_Logout(j->h);
        else
            j->failure = worker_round(j->h, j->number * 1000000 + j->rounds * 8 + 1);
        if (!is_late(rv))
            j->failure = (struct failure){"login or logout", rv, __LINE__};
        if (j->failure.what != NULL)
            clear_up(j->h);
        if (!is_failure(j->failure))
            j->failure = (struct failure){NULL, CKR_OK, 0};
        j->rounds++;
    }
    return NULL;
}

static void test_logouts(void **state)
{
    struct job jobs[N_THREADS] = {{0}};

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        jobs[i].h = open_session();
    run(work_under_logouts, jobs, seconds());
    assert_true(total_rounds(jobs) > N_THREADS);
    /* And now it is quiet, everything is as it was. */
    close_all();
    assert_no_failure(worker_round(open_user(), 8));
}

/* -- sessions that come and go ---------------------------------------------------------------- */

static _Atomic CK_SESSION_HANDLE shared[N_THREADS];

/* Calls in a session that others use and close at the same time: what they yield is anybody's, what
 * they say is one of few codes. */
static struct failure use_anybodys(CK_SESSION_HANDLE h)
{
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL private = CK_FALSE;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_PRIVATE, private)};
    CK_OBJECT_HANDLE found[4], made = CK_INVALID_HANDLE;
    CK_BYTE bytes[32] = {0};
    CK_ULONG n = sizeof(bytes);
    CK_SESSION_INFO info;
    const CK_RV rvs[] = {
        p11->C_GetSessionInfo(h, &info),
        p11->C_DigestInit(h, &m),
        p11->C_Digest(h, bytes, sizeof(bytes), bytes, &n),
        p11->C_FindObjectsInit(h, NULL, 0),
        p11->C_FindObjects(h, found, N_ELEMENTS(found), &n),
        p11->C_FindObjectsFinal(h),
        p11->C_CreateObject(h, v, N_ELEMENTS(v), &made),
        p11->C_DestroyObject(h, made),
        p11->C_GenerateRandom(h, bytes, sizeof(bytes)),
        p11->C_SessionCancel(h, CKF_DIGEST | CKF_FIND_OBJECTS),
    };

    for (size_t i = 0; i < N_ELEMENTS(rvs); i++) {
        if (!is_late(rvs[i]))
            return (struct failure){"a call in anybody's session", rvs[i], (int)i};
    }
    return (struct failure){NULL, CKR_OK, 0};
}

/* Open a session, put it where others find it, use whichever is found, close whichever is found. */
static void *work_with_anybodys(void *arg)
{
    struct job *j = arg;

    while (!atomic_load(&stop) && j->failure.what == NULL) {
        const size_t at = (j->number + j->rounds * 3) % N_THREADS;
        CK_SESSION_HANDLE h = CK_INVALID_HANDLE, old;
        CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h);

        if (rv != CKR_OK) {
            j->failure = (struct failure){"C_OpenSession", rv, __LINE__};
            break;
        }
        old = atomic_exchange(&shared[at], h);
        j->failure = use_anybodys(atomic_load(&shared[(at + 1) % N_THREADS]));
        if (old != CK_INVALID_HANDLE)
            rv = p11->C_CloseSession(old);
        if (rv != CKR_OK)
            j->failure = (struct failure){"C_CloseSession", rv, __LINE__};
        j->rounds++;
    }
    return NULL;
}

static void test_anybodys_sessions(void **state)
{
    struct job jobs[N_THREADS] = {{0}};
    CK_SESSION_INFO info;
    const CK_SESSION_HANDLE h = open_user();
    CK_TOKEN_INFO token;

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        atomic_store(&shared[i], CK_INVALID_HANDLE);
    run(work_with_anybodys, jobs, seconds());
    assert_true(total_rounds(jobs) > N_THREADS);
    /* The books balance. */
    for (size_t i = 0; i < N_THREADS; i++) {
        if (atomic_load(&shared[i]) != CK_INVALID_HANDLE)
            ASSERT_OK(p11->C_CloseSession(atomic_load(&shared[i])));
    }
    ASSERT_OK(p11->C_GetSessionInfo(h, &info));
    assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
    ASSERT_OK(p11->C_GetTokenInfo(0, &token));
    assert_int_equal(token.ulSessionCount, 1);
    assert_int_equal(token.ulRwSessionCount, 1);
}

/* -- one session ------------------------------------------------------------------------------ */

/* The calls of a session come one after the other: a digest is made whole or refused. */
static void *digest_in_one_session(void *arg)
{
    struct job *j = arg;
    CK_MECHANISM m = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];

    while (!atomic_load(&stop) && j->failure.what == NULL) {
        CK_ULONG n = sizeof(digest);
        CK_RV rv = p11->C_DigestInit(j->h, &m);

        if (rv == CKR_OK)
            rv = p11->C_Digest(j->h, digest, sizeof(digest), digest, &n);
        if (!is_late(rv))
            j->failure = (struct failure){"a digest", rv, __LINE__};
        j->rounds++;
    }
    return NULL;
}

static void test_one_session(void **state)
{
    struct job jobs[N_THREADS] = {{0}};
    const CK_SESSION_HANDLE h = open_session();

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        jobs[i].h = h;
    run(digest_in_one_session, jobs, seconds());
    assert_true(total_rounds(jobs) > N_THREADS);
}

/* -- the end ---------------------------------------------------------------------------------- */

static void *work_until_the_end(void *arg)
{
    struct job *j = arg;

    do {
        j->failure = worker_round(j->h, j->number * 1000000 + j->rounds * 8 + 1);
        j->rounds++;
    } while (j->failure.what == NULL);
    return NULL;
}

/* C_Finalize while eight are inside: each finishes its call and then learns that it is over. */
static void test_finalize(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct job jobs[N_THREADS] = {{0}};
        pthread_t threads[N_THREADS];

        (void)open_user();
        for (unsigned i = 0; i < N_THREADS; i++) {
            jobs[i].number = i;
            jobs[i].h = open_session();
            assert_int_equal(pthread_create(&threads[i], NULL, work_until_the_end, &jobs[i]), 0);
        }
        usleep(20000);
        ASSERT_OK(p11->C_Finalize(NULL));
        for (unsigned i = 0; i < N_THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, jobs[i].failure.rv);
        }
        ASSERT_OK(p11->C_Initialize(NULL));
    }
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/threads/own-sessions", test_own_sessions),
        TEST("/threads/login", test_login_race),
        TEST("/threads/logouts", test_logouts),
        TEST("/threads/anybodys-sessions", test_anybodys_sessions),
        TEST("/threads/one-session", test_one_session),
        TEST("/threads/finalize", test_finalize),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
