/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-every.c - every function of the three lists in a world that fails: memory, the system, LMDB
 * and OpenSSL. First the calls that the module makes of them fail in turn, each alone; then many at
 * once, by seed. A function does what it always does, or is refused by a code that says what
 * failed; then the world is whole again, and the same functions do what they always do.
 *
 * Of the calls every seventh fails, under TEE_TEST_LONG every one. TEE_FAULT_SEEDS: how many seeds
 * (default 700; TEE_TEST_LONG: 7000), TEE_FAULT_FIRST: the first. Under AddressSanitizer what leaks
 * on the way of an error is found at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/everything.h"
#include "fault/world.h"
#include "support/sanitized.h"

static const unsigned all_kinds[] = {FAULT_MEMORY, FAULT_SYSTEM, FAULT_LMDB, FAULT_OPENSSL,
                                     FAULT_ALL};

static unsigned n_faults, n_refused, n_done;
/* Of each function: was it called while the world was broken, and was it refused? */
static bool met[N_FUNCTIONS], refused[N_FUNCTIONS];

/* -- one use in a broken world ----------------------------------------------------------------- */

struct trial {
    unsigned what, kinds, one_in;
    unsigned long seed;
};

struct result {
    struct failure failure;
    unsigned n_faults;
    const char *last; /* that failed */
};

static struct result use_in_a_broken_world(const struct trial *t)
{
    struct user u = {.number = (unsigned)t->seed, .alone = true};
    struct result r = {.last = NULL};

    for (size_t i = 0; i < N_FUNCTIONS; i++)
        atomic_store(&everything_called[i], 0);
    world_break(t->seed, t->one_in, t->kinds);
    everything_use(&u, t->what);
    r.n_faults = world_mend(&r.last);
    r.failure = u.failure;
    for (size_t i = 0; i < N_FUNCTIONS; i++)
        met[i] |= atomic_load(&everything_called[i]) > 0;
    return r;
}

static void note(const struct result *r)
{
    n_faults += r->n_faults;
    n_refused += r->failure.what != NULL;
    n_done += r->failure.what == NULL;
    for (unsigned i = 0; r->failure.what != NULL && i < N_FUNCTIONS; i++)
        refused[i] |= strcmp(everything_name(i), r->failure.what) == 0;
}

/* Unwrapping has one code for all that goes wrong inside it, or it would be an oracle. */
static bool is_one_code(const struct trial *t, const struct failure *f)
{
    return strcmp(f->what, "C_UnwrapKey") == 0 && f->rv == CKR_WRAPPED_KEY_INVALID &&
           (t->kinds & FAULT_OPENSSL) != 0;
}

/* rv is CKR_OK when everything.c was given something wrong. */
static void assert_right(const struct trial *t, const struct result *r)
{
    const struct failure *f = &r->failure;

    if (f->what != NULL && (f->rv == CKR_OK || r->n_faults == 0 ||
                            (!world_explains(t->kinds, f->rv) && !is_one_code(t, f))))
        fail_msg("use %u, kinds %u, %lu, one in %u: everything.c:%d: %s: 0x%lx, after %u faults, "
                 "the last one in %s",
                 t->what, t->kinds, t->seed, t->one_in, f->line, f->what, f->rv, r->n_faults,
                 r->last != NULL ? r->last : "nothing");
}

/* What was begun is ended, what could not be begun is there; and all is well. */
static void assert_as_ever(const struct trial *t)
{
    struct user u = {.number = (unsigned)t->seed, .alone = true};
    const CK_RV rv = p11->C_Initialize(NULL);

    assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
    ASSERT_OK(p11->C_CloseAllSessions(0));
    everything_use(&u, t->what);
    if (u.failure.what != NULL)
        fail_msg("after use %u, kinds %u, %lu, one in %u: everything.c:%d: %s: 0x%lx", t->what,
                 t->kinds, t->seed, t->one_in, u.failure.line, u.failure.what, u.failure.rv);
}

/* Returns how many calls failed on the way. */
static unsigned try_it(const struct trial *t)
{
    const struct result r = use_in_a_broken_world(t);

    assert_right(t, &r);
    note(&r);
    assert_as_ever(t);
    return r.n_faults;
}

static unsigned count_of(const bool of[N_FUNCTIONS])
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_FUNCTIONS; i++)
        n += of[i];
    return n;
}

static void counts_reset(void)
{
    n_faults = n_refused = n_done = 0;
    memset(met, 0, sizeof(met));
    memset(refused, 0, sizeof(refused));
}

/* -- the tests --------------------------------------------------------------------------------- */

/* Each call of the world fails, until the use is over before its turn comes. */
static void test_each_call(void **state)
{
    const unsigned step = getenv("TEE_TEST_LONG") != NULL ? 1 : SANITIZED ? 23 : 7;

    (void)state;
    counts_reset();
    for (unsigned what = 0; what < N_USES; what++) {
        struct trial t = {.what = what, .kinds = FAULT_ALL, .seed = 1};

        while (try_it(&t) > 0)
            t.seed += step;
    }
    print_message("%u calls failed alone, in %u functions; %u were refused for it, %u times\n",
                  n_faults, count_of(met), count_of(refused), n_refused);
    assert_int_equal(count_of(met), N_FUNCTIONS);
    assert_true(n_refused > n_faults / 4);
}

static void test_many_calls(void **state)
{
    static const unsigned rates[] = {3, 10, 30, 100, 300};
    const unsigned long usual = getenv("TEE_TEST_LONG") != NULL ? 7000 : 700;
    const unsigned long n = world_number("TEE_FAULT_SEEDS", usual);
    const unsigned long first = world_number("TEE_FAULT_FIRST", 1);

    (void)state;
    counts_reset();
    for (unsigned long seed = first; seed < first + n; seed++) {
        const struct trial t = {
            .what = (unsigned)(seed % N_USES),
            .kinds = all_kinds[seed / N_USES % N_ELEMENTS(all_kinds)],
            .one_in = rates[seed / N_USES / N_ELEMENTS(all_kinds) % N_ELEMENTS(rates)],
            .seed = seed,
        };

        (void)try_it(&t);
    }
    print_message("%lu seeds: %u faults, refused %u times, done %u times\n", n, n_faults, n_refused,
                  n_done);
    assert_true(n_refused > 0 && n_done > 0);
}

/* -- a file that is longer than what is added to it at a time -----------------------------------
 */

#define N_LONG_SEEDS 600

static off_t file_length(void)
{
    char path[600];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/store/data.mdb", scratch);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void make_long(CK_SESSION_HANDLE h)
{
    static uint8_t value[3 << 20];

    make_data(h, CK_TRUE, CK_FALSE, "long", value, sizeof(value));
}

static void write_in_a_broken_world(unsigned long seed)
{
    const unsigned kinds = FAULT_SYSTEM | FAULT_LMDB;
    const CK_SESSION_HANDLE h = open_session();
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TRUE(CKA_TOKEN), ATTR_FALSE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE o;
    const char *last;
    unsigned n;
    CK_RV rv;

    world_break(seed, 2 + (unsigned)(seed % 3), kinds);
    rv = p11->C_CreateObject(h, v, N_ELEMENTS(v), &o);
    n = world_mend(&last);
    n_refused += rv != CKR_OK;
    assert_true(rv == CKR_OK || (n > 0 && world_explains(kinds, rv)));
    close_all();
}

/* Where neither the file nor the database in it can be measured nothing is cut off: the store
 * opens, with all that is in it. */
static void test_long_file(void **state)
{
    off_t length;

    (void)state;
    counts_reset();
    make_long(open_user());
    close_all();
    length = file_length();
    for (unsigned long seed = 1; seed <= N_LONG_SEEDS; seed++) {
        write_in_a_broken_world(seed);
        if (file_length() < length)
            fail_msg("seed %lu: %lld bytes were %lld", seed, (long long)file_length(),
                     (long long)length);
    }
    assert_true(n_refused > N_LONG_SEEDS / 2);
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
    assert_int_equal(find_label(open_user(), "long", NULL), 1);
    close_all();
}

static int setup(void **state)
{
    (void)setup_token(state);
    everything_setup(open_user());
    close_all();
    world_find();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/fault/each-call", test_each_call, NULL, NULL, NULL},
        {"/fault/many-calls", test_many_calls, NULL, NULL, NULL},
        {"/fault/long-file", test_long_file, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, teardown_module);
}
