/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.c - the program: contestants take turns at every case, round after round.
 *
 * The order of the contestants rotates from round to round, so that none always runs after the same
 * other one. A wrong result ends the run: what is wrong and fast is worth nothing.
 */
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/count.h"
#include "bench/goals.h"
#include "bench/report.h"
#include "bench/roles.h"
#include "bench/worker.h"

#define EXIT_WRONG 1
#define EXIT_USAGE 2

struct bench {
    struct options opts;
    struct instance *instances;
    size_t n_instances;
    struct worker workers[RESULTS_MAX_SIDES]; /* 0: raw */
    struct results *results;
    bool wrong;
};

static void workers_describe(struct bench *b)
{
    char run[SIDE_RUN];

    snprintf(run, sizeof(run), "%lx%x", (unsigned long)time(NULL), (unsigned)getpid());
    for (size_t side = 0; side < b->results->n_sides; side++) {
        struct worker *w = &b->workers[side];
        const struct options_module *module = side > 0 ? &b->opts.module[side - 1] : NULL;

        w->opts = &b->opts;
        w->instances = b->instances;
        memcpy(w->run, run, sizeof(w->run));
        if (module == NULL)
            continue;
        w->path = module->path;
        w->has_token = module->token != NULL;
        if (w->has_token)
            snprintf(w->token, sizeof(w->token), "%s", module->token);
        else
            snprintf(w->token, sizeof(w->token), "p11bench %.16s %c", run, (char)('0' + side));
    }
}

/* All contestants' processes; false when one cannot take part. */
static bool workers_open(struct bench *b)
{
    char reason[FAULT_TEXT];

    workers_describe(b);
    for (size_t side = 0; side < b->results->n_sides; side++) {
        const CK_RV rv = worker_open(&b->workers[side]);

        if (rv != CKR_OK) {
            fprintf(stderr, "p11bench: %s: no session with a token: %s %s\n",
                    b->results->labels[side], fault_name(rv, reason), b->workers[side].words);
            return false;
        }
    }
    return true;
}

static void workers_close(struct bench *b)
{
    for (size_t side = 0; side < b->results->n_sides; side++)
        worker_close(&b->workers[side]);
}

static void cell_fail(struct bench *b, struct row *row, size_t side, CK_RV rv)
{
    struct cell *cell = &row->cells[side];

    cell->rv = rv;
    if (rv == FAULT_WRONG || rv == FAULT_DIED)
        snprintf(cell->words, sizeof(cell->words), "%s", b->workers[side].words);
    if (rv != FAULT_WRONG)
        return;
    b->wrong = true;
    fprintf(stderr, "p11bench: %s: %s: WRONG RESULT: %s\n", b->results->labels[side],
            row->instance->name, cell->words);
}

static void round_measure(struct bench *b, struct row *row, size_t round)
{
    const size_t n = b->results->n_sides;

    for (size_t k = 0; k < n && !b->wrong; k++) {
        const size_t side = (round + k) % n;
        double figure = 0;
        CK_RV rv = row->cells[side].rv;

        if (rv != CKR_OK)
            continue;
        rv = worker_run(&b->workers[side], b->opts.seconds, &figure);
        if (rv == CKR_OK)
            rv = results_add(row, side, figure);
        if (rv != CKR_OK)
            cell_fail(b, row, side, rv);
    }
}

static void row_measure(struct bench *b, struct row *row, size_t instance)
{
    const size_t n = b->results->n_sides;
    const size_t rounds = row->instance->c->single ? 1 : b->opts.rounds;

    for (size_t side = 0; side < n && !b->wrong; side++) {
        const CK_RV rv = worker_start(&b->workers[side], instance);

        if (rv != CKR_OK)
            cell_fail(b, row, side, rv);
    }
    for (size_t round = 0; round < rounds && !b->wrong; round++)
        round_measure(b, row, round);
    for (size_t side = 0; side < n; side++)
        worker_stop(&b->workers[side]);
    results_settle(b->results, row);
}

static void progress_print(const struct bench *b, size_t i)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K[%zu/%zu] %s ", i + 1, b->n_instances, b->instances[i].name);
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* Every group's table is printed when its last row is there. */
static void bench_measure(struct bench *b)
{
    size_t first = 0;

    for (size_t i = 0; i < b->n_instances && !b->wrong; i++) {
        const enum cases_group group = b->instances[i].c->group;
        struct row *row = &b->results->rows[i];

        progress_print(b, i);
        row->instance = &b->instances[i];
        b->results->n = i + 1;
        row_measure(b, row, i);
        if (i + 1 < b->n_instances && b->instances[i + 1].c->group == group && !b->wrong)
            continue;
        progress_end();
        report_table(stdout, b->results, group, first);
        first = i + 1;
    }
}

static void heading_print(const struct bench *b)
{
    printf("%s, %ld CPUs; %zu rounds of %g s, contestants in turn; medians%s\n",
           OpenSSL_version(OPENSSL_VERSION), sysconf(_SC_NPROCESSORS_ONLN), b->opts.rounds,
           b->opts.seconds, b->opts.cpu ? "; processor time" : "");
}

static int bench_run(struct bench *b)
{
    heading_print(b);
    if (b->opts.cpu)
        stats_by_cpu();
    if (!workers_open(b)) {
        workers_close(b);
        return EXIT_USAGE;
    }
    bench_measure(b);
    workers_close(b);
    if (b->opts.goals)
        goals_print(stdout, b->results);
    if (b->opts.json != NULL && report_json(b->opts.json, &b->opts, b->results) != CKR_OK)
        return EXIT_USAGE;
    return b->wrong ? EXIT_WRONG : EXIT_SUCCESS;
}

static int bench_list(const struct bench *b)
{
    for (size_t i = 0; i < b->n_instances; i++)
        puts(b->instances[i].name);
    return EXIT_SUCCESS;
}

static int bench_count(const struct bench *b)
{
    char reason[FAULT_TEXT];
    const CK_RV rv = count_run(&b->opts, b->instances, b->n_instances);

    if (rv != CKR_OK)
        fprintf(stderr, "p11bench: %s %s\n", fault_name(rv, reason), fault_words());
    return rv == CKR_OK ? EXIT_SUCCESS : EXIT_WRONG;
}

static int bench_main(struct bench *b)
{
    int status = EXIT_USAGE;

    if (cases_select(&b->opts, &b->instances, &b->n_instances) != CKR_OK ||
        results_new(&b->opts, b->n_instances, &b->results) != CKR_OK)
        fprintf(stderr, "p11bench: out of memory\n");
    else if (b->n_instances == 0)
        fprintf(stderr, "p11bench: no case has \"%s\" in its name\n", b->opts.cases);
    else
        status = b->opts.list ? bench_list(b) : b->opts.turns > 0 ? bench_count(b) : bench_run(b);
    results_free(b->results);
    free(b->instances);
    return status;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct child_orders orders;

    if (child_orders_read(argc, argv, &orders))
        return roles_run(&orders);
    /* A contestant that died is noticed by the failed write. */
    signal(SIGPIPE, SIG_IGN);
    switch (options_read(argc, argv, &bench.opts)) {
    case OPTIONS_RUN:
        return bench_main(&bench);
    case OPTIONS_HELP:
        return EXIT_SUCCESS;
    case OPTIONS_BAD:
        break;
    }
    return EXIT_USAGE;
}
