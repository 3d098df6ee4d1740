/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-verdict.c - the process that has a store looked at, and a child that says what is not so: in
 * place of verdict_child.c are children of the test's own, which write what they like where both
 * can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/verdict_impl.h"
#include "store/page.h"

#define MISTAKEN 9 /* exit code of a child that is asked for more than there can be */

/* What the children leave. */
static enum verdict_phase phase;
static unsigned table;
static size_t n_key;

/* -- in place of verdict_child.c, main.c, output.c and page.c ----------------------------------- */

static bool fits(const struct verdict_task *task)
{
    bool good = task->n_from <= sizeof(task->from) && task->n_poison <= POISON_MAX &&
                task->table <= SURVEY_N_TABLES;

    for (size_t i = 0; good && i < task->n_poison; i++)
        good = task->poison[i].n_key <= sizeof(task->poison[i].key);
    return good;
}

int verdict_look(const struct verdict_task *task, int to)
{
    (void)to;
    if (!fits(task))
        return MISTAKEN;
    task->place->phase = phase;
    task->place->table = table;
    task->place->n_key = n_key;
    memset(task->place->key, 'k', sizeof(task->place->key));
    (void)raise(SIGKILL);
    return MISTAKEN;
}

int cli_rv(CK_RV rv, const char *doing)
{
    (void)doing;
    assert_int_equal(rv, CKR_OK);
    return EXIT_FAILED;
}

void output_progress(const char *what, uint64_t done, uint64_t total)
{
    (void)what;
    (void)done;
    (void)total;
}

CK_RV __wrap_page_check(int fd, const char *name);
CK_RV __wrap_page_check(int fd, const char *name)
{
    (void)fd;
    (void)name;
    return CKR_OK;
}

/* -- tests -------------------------------------------------------------------------------------- */

/* Every child ends with this left behind; all that is said of it is in bounds. */
static void ends_with(enum verdict_phase at, unsigned in, size_t key, struct verdict *ret)
{
    const struct verdict_of of = {.path = "/proc/self/exe", .name = "a file"};

    phase = at;
    table = in;
    n_key = key;
    *ret = VERDICT_INIT;
    assert_int_equal(verdict_find(&of, ret), EXIT_DONE);
    assert_true(ret->n_faults > 0);
    assert_true(ret->n_kept > 0 && ret->n_kept <= VERDICT_FAULTS_MAX);
    assert_int_equal(verdict_code(ret), EXIT_FAILED);
    for (size_t i = 0; i < ret->n_kept; i++) {
        char text[VERDICT_KEY];

        assert_true(ret->faults[i].n_key <= sizeof(ret->faults[i].key));
        assert_true(ret->faults[i].table <= SURVEY_N_TABLES);
        assert_true(strlen(verdict_table(&ret->faults[i])) > 0);
        assert_true(strlen(verdict_key(&ret->faults[i], text)) < sizeof(text));
    }
}

/* As long as there is room for, and one more, and so much that no memory is behind it. */
static void keys_of_any_length(void **state)
{
    static const enum verdict_phase phases[] = {PHASE_TREE, PHASE_ROWS, PHASE_REST};
    static const size_t lengths[] = {STORE_KEY_MAX, STORE_KEY_MAX + 1, (size_t)1 << 40, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(phases); i++) {
        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            struct verdict v;
            const size_t shown = lengths[j] <= STORE_KEY_MAX ? lengths[j] : 0;

            ends_with(phases[i], STORE_OBJECT, lengths[j], &v);
            assert_int_equal(v.faults[0].n_key, shown);
            verdict_clear(&v);
        }
    }
}

static void tables_that_are_not_there(void **state)
{
    static const unsigned tables[] = {SURVEY_N_TABLES, SURVEY_N_TABLES + 1, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(tables); i++) {
        struct verdict v;

        ends_with(PHASE_ROWS, tables[i], 3, &v);
        assert_int_equal(v.faults[0].table, SURVEY_N_TABLES);
        assert_string_equal(verdict_table(&v.faults[0]), "database");
        verdict_clear(&v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/verdict/keys-of-any-length", keys_of_any_length, NULL, NULL, NULL},
        {"/verdict/tables-that-are-not-there", tables_that_are_not_there, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
