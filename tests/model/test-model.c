/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-model.c - random sequences of calls, good ones and bad ones, made on the module and on
 * SoftHSM2 and held against a small model of the standard (model.h). What either does otherwise
 * stands in differences.txt with a reason.
 *
 * That the test looks is seen by models that are wrong: each rule taken out or turned round
 * contradicts what the token did, and so does each line of differences.txt that is taken out.
 *
 *   TEE_TEST_SEQUENCES  how many (default 400; 4000 under TEE_TEST_LONG)
 *   TEE_TEST_SEED       one sequence alone, printed with what came of it
 *
 * A sequence that is wrong is made as short as can be by leaving calls out, and printed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "differences.h"
#include "generate.h"
#include "material.h"
#include "support/module.h"
#include "support/sanitized.h"
#include "trace.h"

#define N_SEQUENCES           400u
#define N_SEQUENCES_LONG      4000u
#define N_SEQUENCES_SANITIZED 60u
#define MAX_KEPT              400u /* traces that are held against wrong models */
#define FIRST_SEED            1u
#define MAX_WRONG             5u /* sequences that are shown */

enum { OURS, PEER, N_TOKENS };

static const char *const token_names[N_TOKENS] = {"ours", "softhsm"};

static struct differences differences;
static struct {
    struct side *side; /* NULL: not there */
    struct rulebook book;
    struct trace *traces[MAX_KEPT];
    unsigned n_traces, n_sequences;
    unsigned long n_calls, n_good;
} tokens[N_TOKENS];

/* Calls by function, that succeeded and that were refused. */
static unsigned long tally[N_FNS][N_OPS][2];

/* -- the tokens -------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void configure_ours(const char *folder)
{
    char text[600], path[200];

    (void)snprintf(text, sizeof(text),
                   "store = \"%s/store\"\nsoftware-key = \"%s/key\"\nroot = software\n"
                   "pin-log2-n = 10\npin-tries = 3\n",
                   folder, folder);
    write_file(folder, "conf", text);
    (void)snprintf(path, sizeof(path), "%s/conf", folder);
    assert_int_equal(setenv("TEE_PKCS11_CONF", path, 1), 0);
}

static void configure_softhsm(const char *folder)
{
    char text[600], path[200];

    (void)snprintf(path, sizeof(path), "%s/store", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(text, sizeof(text),
                   "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
                   path);
    write_file(folder, "softhsm2.conf", text);
    (void)snprintf(path, sizeof(path), "%s/softhsm2.conf", folder);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
}

/* NULL: it is not installed; or this is a sanitizer, whose run-time the other token is not built
 * with, and which finds faults of its own in it. */
static const char *softhsm_path(void)
{
    static const char *const paths[] = {
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"};

    for (size_t i = 0; i < N_ELEMENTS(paths) && !SANITIZED; i++) {
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    }
    return NULL;
}

static int group_setup(void **state)
{
    char path[512];

    (void)state;
    material_setup();
    (void)snprintf(path, sizeof(path), "%s/tests/model/differences.txt", getenv("TEE_TEST_SOURCE"));
    differences_read(path, &differences);
    for (unsigned i = 0; i < N_TOKENS; i++)
        differences_apply(&differences, token_names[i], differences.n, &tokens[i].book);
    tokens[OURS].side = side_new("ours", getenv("TEE_TEST_MODULE"), configure_ours, false);
    if (softhsm_path() != NULL)
        tokens[PEER].side = side_new("softhsm", softhsm_path(), configure_softhsm, true);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    for (unsigned t = 0; t < N_TOKENS; t++) {
        for (unsigned i = 0; i < tokens[t].n_traces; i++) {
            trace_clear(tokens[t].traces[i]);
            free(tokens[t].traces[i]);
        }
        side_free(tokens[t].side);
    }
    material_teardown();
    return 0;
}

/* -- sequences --------------------------------------------------------------------------------- */

static unsigned n_sequences(void)
{
    const char *text = getenv("TEE_TEST_SEQUENCES");

    if (text != NULL)
        return (unsigned)atoi(text);
    if (SANITIZED) /* there is no time to come by every rule */
        return N_SEQUENCES_SANITIZED;
    return getenv("TEE_TEST_LONG") != NULL ? N_SEQUENCES_LONG : N_SEQUENCES;
}

/* Too few sequences were made to come by everything. */
static bool is_short(void)
{
    return getenv("TEE_TEST_SEED") != NULL || n_sequences() < N_SEQUENCES;
}

static void count(unsigned token, const struct trace *t)
{
    tokens[token].n_sequences++;
    tokens[token].n_calls += t->n;
    for (unsigned i = 0; i < t->n; i++) {
        const struct call *c = &t->s.calls[i];
        const bool good = t->results[i].rv == CKR_OK;

        tokens[token].n_good += good ? 1 : 0;
        if (token == OURS)
            tally[c->fn][c->op][good ? 0 : 1]++;
    }
}

/* One that is wrong is printed, as short as it can be. */
static bool run_one(unsigned token, uint64_t seed, bool print)
{
    struct trace *t = calloc(1, sizeof(*t));
    struct sequence s;
    bool right;

    assert_non_null(t);
    generate(seed, &s);
    trace_make(tokens[token].side, &tokens[token].book, &s, t);
    right = t->wrong == NULL;
    if (!right)
        trace_shrink(tokens[token].side, &tokens[token].book, t);
    if (!right || print)
        trace_print(stderr, t);
    count(token, t);
    if (right && tokens[token].n_traces < MAX_KEPT) {
        tokens[token].traces[tokens[token].n_traces++] = t;
        return true;
    }
    trace_clear(t);
    free(t);
    return right;
}

static void run_all(unsigned token)
{
    const char *alone = getenv("TEE_TEST_SEED");
    unsigned n_wrong = 0;

    if (tokens[token].side == NULL)
        skip();
    if (alone != NULL) {
        assert_true(run_one(token, strtoull(alone, NULL, 10), true));
        return;
    }
    for (unsigned i = 0; i < n_sequences() && n_wrong < MAX_WRONG; i++)
        n_wrong += run_one(token, FIRST_SEED + i, false) ? 0 : 1;
    print_message("%s: %u sequences, %lu calls, %lu of them good; %u wrong\n", token_names[token],
                  tokens[token].n_sequences, tokens[token].n_calls, tokens[token].n_good, n_wrong);
    assert_int_equal(n_wrong, 0);
}

static void test_ours(void **state)
{
    (void)state;
    run_all(OURS);
}

static void test_softhsm(void **state)
{
    (void)state;
    run_all(PEER);
}

/* -- that it looks ----------------------------------------------------------------------------- */

/* Functions that there is nothing to refuse in. */
static bool never_refused(enum fn fn)
{
    return fn == FN_TOKEN_INFO || fn == FN_CLOSE_ALL || fn == FN_RESTART;
}

/* Every function was called with success, and refused. */
static void test_every_function(void **state)
{
    (void)state;
    if (is_short())
        skip();
    for (unsigned fn = 0; fn < N_FNS; fn++) {
        const bool by_op = fn >= FN_INIT && fn <= FN_FINAL;

        for (unsigned op = 0; op < (by_op ? N_OPS : 1); op++) {
            const struct call c = {.fn = (enum fn)fn, .op = (enum op)op};

            if (tally[fn][op][0] == 0 || (tally[fn][op][1] == 0 && !never_refused(c.fn)))
                fail_msg("%s: %lu good calls, %lu refused", call_name(&c), tally[fn][op][0],
                         tally[fn][op][1]);
        }
    }
}

static bool is_contradicted(unsigned token, const struct rulebook *book)
{
    for (unsigned i = 0; i < tokens[token].n_traces; i++) {
        if (trace_contradicts(tokens[token].traces[i], book))
            return true;
    }
    return false;
}

static bool shows(unsigned token, enum rule r)
{
    struct rulebook wrong = tokens[token].book;

    rulebook_mutate(&wrong, r);
    return is_contradicted(token, &wrong);
}

/* A model with one rule otherwise is seen to be wrong: by what the module did or, where the rule is
 * about another token, by what that did. */
static void test_every_rule(void **state)
{
    unsigned n_unseen = 0;

    (void)state;
    if (is_short())
        skip();
    assert_false(is_contradicted(OURS, &tokens[OURS].book));
    for (unsigned r = 0; r < N_RULES; r++) {
        const bool others = rules[r].sort == NOT_STANDARD;

        if (shows(OURS, (enum rule)r) || (others && shows(PEER, (enum rule)r)) ||
            (others && tokens[PEER].side == NULL))
            continue;
        print_error("no call shows it: %s (%s)\n", rules[r].name, rules[r].sentence);
        n_unseen++;
    }
    print_message("%u rules, each seen when it is otherwise: %u\n", (unsigned)N_RULES,
                  (unsigned)N_RULES - n_unseen);
    assert_int_equal(n_unseen, 0);
}

/* A difference that is taken out is missed. */
static void test_every_difference(void **state)
{
    unsigned n_unseen = 0;

    (void)state;
    if (is_short())
        skip();
    for (unsigned i = 0; i < differences.n; i++) {
        const unsigned token = strcmp(differences.v[i].token, token_names[OURS]) == 0 ? OURS : PEER;
        struct rulebook without;

        assert_string_equal(differences.v[i].token, token_names[token]);
        differences_apply(&differences, token_names[token], i, &without);
        if (tokens[token].side == NULL || is_contradicted(token, &without))
            continue;
        print_error("differences.txt, line %u: no call needs it\n", differences.v[i].line);
        n_unseen++;
    }
    assert_int_equal(n_unseen, 0);
}

/* -- one beside the other ---------------------------------------------------------------------- */

static bool same_codes(const struct expected *a, const struct expected *b)
{
    bool same = a->n == b->n && a->or_ok == b->or_ok && a->or_short == b->or_short;

    for (unsigned i = 0; same && i < a->n; i++) {
        bool there = false;

        for (unsigned j = 0; j < b->n; j++)
            there = there || a->codes[i] == b->codes[j];
        same = there;
    }
    return same;
}

/* The same sequence on both: where they answer differently, either the standard leaves the choice
 * among several refusals, or the models differ, which a line of differences.txt has made them. */
static void test_side_by_side(void **state)
{
    unsigned long n = 0, n_same = 0, n_choice = 0, n_differences = 0;
    const unsigned n_traces = tokens[PEER].n_traces < tokens[OURS].n_traces ? tokens[PEER].n_traces
                                                                            : tokens[OURS].n_traces;

    (void)state;
    if (tokens[PEER].side == NULL || is_short())
        skip();
    for (unsigned i = 0; i < n_traces; i++) {
        const struct trace *a = tokens[OURS].traces[i], *b = tokens[PEER].traces[i];

        assert_int_equal(a->s.seed, b->s.seed);
        for (unsigned k = 0; k < a->n && k < b->n; k++) {
            const bool same = a->results[k].rv == b->results[k].rv;
            const bool choice = !same && same_codes(&a->expected[k], &b->expected[k]);

            n++;
            n_same += same ? 1 : 0;
            n_choice += choice ? 1 : 0;
            n_differences += !same && !choice ? 1 : 0;
        }
    }
    print_message("%lu calls on both: %lu answered the same, %lu where the standard leaves the "
                  "choice, %lu by a difference that has a reason\n",
                  n, n_same, n_choice, n_differences);
    assert_true(n > 0);
    assert_true(n_same > n / 2);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/model/ours", test_ours),
        TEST("/model/softhsm", test_softhsm),
        TEST("/model/every-function-is-called", test_every_function),
        TEST("/model/every-rule-is-looked-at", test_every_rule),
        TEST("/model/every-difference-is-needed", test_every_difference),
        TEST("/model/side-by-side", test_side_by_side),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
