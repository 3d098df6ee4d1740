/* SPDX-License-Identifier: BSD-2-Clause */
/* test-child.c - how a child ends is told, whatever it does: comes back, dies, stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child.h"

struct shared {
    _Atomic uint64_t beat;
    _Atomic unsigned patience;
};

struct said {
    struct shared *shared;
    char text[64];
    size_t n;
    unsigned ticks;
};

static void take(void *arg, struct span bytes)
{
    struct said *s = arg;

    assert_true(bytes.n < sizeof(s->text) - s->n);
    memcpy(s->text + s->n, bytes.p, bytes.n);
    s->n += bytes.n;
}

static void tick(void *arg)
{
    struct said *s = arg;

    s->ticks++;
}

static struct child_end run(int (*fn)(void *arg, int to), struct said *said)
{
    struct child_work work = {.run = fn, .take = take, .tick = tick, .arg = said};
    struct child_end end = {.code = -1};

    memset(said, 0, sizeof(*said));
    said->shared = child_shared(sizeof(*said->shared));
    assert_non_null(said->shared);
    work.beat = &said->shared->beat;
    work.patience = &said->shared->patience;
    assert_int_equal(child_run(&work, &end), CKR_OK);
    child_shared_free(said->shared, sizeof(*said->shared));
    return end;
}

static int speaks(void *arg, int to)
{
    (void)arg;
    return write(to, "one", 3) == 3 && usleep(300000) == 0 && write(to, " two", 4) == 4 ? 7 : 1;
}

static int dies(void *arg, int to)
{
    (void)arg;
    (void)!write(to, "last words", 10);
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
    return 0;
}

static int stands_still(void *arg, int to)
{
    const struct said *s = arg;

    (void)to;
    atomic_store(&s->shared->patience, 1);
    while (pause() != 0) /* it never is */
        ;
    return 0;
}

/* Longer than its patience in all, but it goes on. */
static int goes_on(void *arg, int to)
{
    const struct said *s = arg;

    (void)to;
    atomic_store(&s->shared->patience, 3);
    for (int i = 0; i < 10; i++) {
        (void)usleep(500000);
        atomic_fetch_add(&s->shared->beat, 1);
    }
    return 3;
}

static void what_it_says_and_returns(void **state)
{
    struct said said;
    const struct child_end end = run(speaks, &said);

    (void)state;
    assert_int_equal(end.code, 7);
    assert_int_equal(end.signal, 0);
    assert_false(end.stuck);
    assert_string_equal(said.text, "one two");
    assert_true(said.ticks > 0);
}

static void what_killed_it(void **state)
{
    struct said said;
    const struct child_end end = run(dies, &said);

    (void)state;
    assert_int_equal(end.signal, SIGSEGV);
    assert_string_equal(child_end_words(&end), strsignal(SIGSEGV));
    assert_string_equal(said.text, "last words");
}

static void one_that_stands_still_is_ended(void **state)
{
    struct said said;
    const struct child_end end = run(stands_still, &said);

    (void)state;
    assert_true(end.stuck);
    assert_string_equal(child_end_words(&end), "it stood still");
}

static void one_that_goes_on_is_waited_for(void **state)
{
    struct said said;
    const struct child_end end = run(goes_on, &said);

    (void)state;
    assert_false(end.stuck);
    assert_int_equal(end.code, 3);
}

/* A parent that is killed takes its child along: it would write on. */
static int waits(void *arg, int to)
{
    const struct said *s = arg;

    (void)to;
    while (usleep(1000) == 0)
        atomic_fetch_add(&s->shared->beat, 1);
    return 0;
}

static void it_dies_with_its_parent(void **state)
{
    struct said said = {.shared = child_shared(sizeof(*said.shared))};
    const struct child_work work = {.run = waits, .take = take, .arg = &said};
    struct child_end end;
    uint64_t beat;
    pid_t parent;

    (void)state;
    assert_non_null(said.shared);
    parent = fork();
    if (parent == 0)
        _exit(child_run(&work, &end) == CKR_OK ? 0 : 1);
    assert_true(parent > 0);
    while (atomic_load(&said.shared->beat) == 0)
        (void)usleep(1000);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    (void)usleep(300000); /* the child's signal is on its way */
    beat = atomic_load(&said.shared->beat);
    (void)usleep(100000);
    assert_int_equal(atomic_load(&said.shared->beat), beat);
    child_shared_free(said.shared, sizeof(*said.shared));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/child/says-and-returns", what_it_says_and_returns, NULL, NULL, NULL},
        {"/child/killed", what_killed_it, NULL, NULL, NULL},
        {"/child/stands-still", one_that_stands_still_is_ended, NULL, NULL, NULL},
        {"/child/goes-on", one_that_goes_on_is_waited_for, NULL, NULL, NULL},
        {"/child/dies-with-its-parent", it_dies_with_its_parent, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
