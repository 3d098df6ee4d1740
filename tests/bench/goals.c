/* SPDX-License-Identifier: BSD-2-Clause */
/* goals.c - the table of goals and how each kind is judged; see goals.h. */
#include "bench/goals.h"

#include <fnmatch.h>
#include <string.h>

struct goal;

struct verdict {
    bool known; /* there was something to judge */
    bool met;
    double figure; /* what was reached, in the goal's terms */
};

typedef struct verdict judge_fn(const struct goal *g, const struct results *r,
                                const struct row *row, size_t side);

struct goal {
    int issue;
    const char *cases; /* pattern of case names, without the count */
    judge_fn *judge;
    double value;
    double scale; /* figure and value are printed times this */
    int digits;   /* with so many decimal places */
    const char *unit;
};

static bool has_figure(const struct row *row, size_t side)
{
    return row->cells[side].rv == CKR_OK && row->cells[side].n > 0;
}

static struct verdict at_least(double figure, double value)
{
    return (struct verdict){.known = true, .met = figure >= value, .figure = figure};
}

static struct verdict at_most(double figure, double value)
{
    return (struct verdict){.known = true, .met = figure <= value, .figure = figure};
}

static struct verdict judge_ratio(const struct goal *g, const struct results *r,
                                  const struct row *row, size_t side)
{
    (void)r;
    if (row->cells[side].ratio <= 0)
        return (struct verdict){.known = false};
    return at_least(row->cells[side].ratio, g->value);
}

static struct verdict judge_rate(const struct goal *g, const struct results *r,
                                 const struct row *row, size_t side)
{
    (void)r;
    return at_least(row->cells[side].median, g->value);
}

static struct verdict judge_most(const struct goal *g, const struct results *r,
                                 const struct row *row, size_t side)
{
    (void)r;
    return at_most(row->cells[side].median, g->value);
}

/* The largest of the case's figures over the smallest, over all counts; judged at the last. */
static struct verdict judge_flat(const struct goal *g, const struct results *r,
                                 const struct row *row, size_t side)
{
    double least = row->cells[side].median;
    double most = least;
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        const struct row *other = &r->rows[i];

        if (other->instance->c != row->instance->c || !has_figure(other, side))
            continue;
        if (other->instance->count > row->instance->count)
            return (struct verdict){.known = false};
        least = other->cells[side].median < least ? other->cells[side].median : least;
        most = other->cells[side].median > most ? other->cells[side].median : most;
        n++;
    }
    if (n < 2)
        return (struct verdict){.known = false};
    return at_most(most / least, g->value);
}

/* Seconds or bytes beyond raw's. */
static struct verdict judge_beyond(const struct goal *g, const struct results *r,
                                   const struct row *row, size_t side)
{
    (void)r;
    if (!has_figure(row, 0))
        return (struct verdict){.known = false};
    return at_most(row->cells[side].median - row->cells[0].median, g->value);
}

#define RATIO      1, 3, "of raw"
#define ALONE      1, 2, "of signing alone"
#define SECONDS    1, 2, "s"
#define GROWN_MIB  1.0 / 1048576, 2, "MiB more"
#define MS         1e3, 3, "ms"
#define US         1e6, 2, "us"
#define FLAT       1, 2, "times from least to most"
#define BEYOND_MS  1e3, 3, "ms beyond raw"
#define BEYOND_MIB 1.0 / 1048576, 2, "MiB beyond raw"
#define THOUSAND   1e-3, 0, "k/s"

/* clang-format off */
static const struct goal goals[] = {
    {2, "sign-ecdsa-p256*", judge_ratio, 0.90, RATIO},
    {2, "sign-ed25519", judge_ratio, 0.90, RATIO},
    {2, "sign-rsa*", judge_ratio, 0.97, RATIO},
    {2, "aes256-gcm-*-1k", judge_ratio, 0.50, RATIO},
    {2, "aes256-gcm-*-1m", judge_ratio, 0.95, RATIO},
    {2, "init-finalize", judge_most, 2e-3, MS},
    {6, "sign-rsa*", judge_ratio, 0.98, RATIO},
    {6, "sign-ecdsa-p384", judge_ratio, 0.98, RATIO},
    {6, "sign-ed25519", judge_ratio, 0.98, RATIO},
    {6, "sign-ecdsa-p256*", judge_ratio, 0.95, RATIO},
    {6, "verify-*", judge_ratio, 0.96, RATIO},
    {6, "ecdsa-p256-threads", judge_ratio, 0.95, RATIO},
    {6, "ecdsa-p256-processes", judge_ratio, 0.95, RATIO},
    {6, "aes256-gcm-*-1k", judge_ratio, 0.80, RATIO},
    {6, "aes256-cbc-*-1k", judge_ratio, 0.80, RATIO},
    {6, "aes256-gcm-*-64k", judge_ratio, 0.97, RATIO},
    {6, "aes256-cbc-*-64k", judge_ratio, 0.97, RATIO},
    {6, "aes256-gcm-*-1m", judge_ratio, 0.99, RATIO},
    {6, "aes256-cbc-*-1m", judge_ratio, 0.99, RATIO},
    {6, "aes256-ctr-*-1k", judge_ratio, 0.60, RATIO},
    {6, "hmac-sha256-64", judge_ratio, 0.70, RATIO},
    {6, "genkey-aes256-session", judge_rate, 500000, THOUSAND},
    {6, "genpair-p256-session", judge_ratio, 0.90, RATIO},
    {6, "init-finalize", judge_most, 0.3e-3, MS},
    {6, "init-finalize", judge_flat, 1.5, FLAT},
    {6, "find-*", judge_most, 10e-6, US},
    {6, "find-*", judge_flat, 1.5, FLAT},
    {6, "get-attributes-one", judge_most, 1e-6, US},
    {6, "get-attributes-any", judge_most, 10e-6, US},
    {6, "cold-less-pin", judge_beyond, 2e-3, BEYOND_MS},
    {6, "cold-sign", judge_flat, 1.5, FLAT},
    {6, "sign-p256-of-10000-sessions", judge_ratio, 0.95, RATIO},
    {6, "session-objects-growth", judge_most, 1048576.0, GROWN_MIB},
    {6, "rotate-dek", judge_most, 3, SECONDS},
    {6, "sign-beside-rotation", judge_rate, 0.70, ALONE},
    {6, "memory", judge_beyond, 16 * 1048576.0, BEYOND_MIB},
};
/* clang-format on */

/* Goals of issue 6 that a module's interface can't show: p11store judges them. */
static const char *const elsewhere[] = {
    "live pages and the file after compaction",
    "durable changes against plain LMDB",
};

static void verdict_print(FILE *file, const struct goal *g, const struct verdict *v)
{
    if (!v->known)
        fprintf(file, " - |");
    else
        fprintf(file, "%s %.*f %s, goal %g |", v->met ? "" : " **SHORT**", g->digits,
                v->figure * g->scale, g->unit, g->value * g->scale);
}

/* One line when at least one module can be judged. */
static bool line_print(FILE *file, const struct goal *g, const struct results *r,
                       const struct row *row)
{
    struct verdict verdicts[RESULTS_MAX_SIDES] = {{.known = false}};
    bool any = false;

    for (size_t side = 1; side < r->n_sides; side++) {
        if (has_figure(row, side))
            verdicts[side] = g->judge(g, r, row, side);
        any = any || verdicts[side].known;
    }
    if (!any)
        return false;
    fprintf(file, "| %d | %s |", g->issue, row->instance->name);
    for (size_t side = 1; side < r->n_sides; side++)
        verdict_print(file, g, &verdicts[side]);
    fprintf(file, "\n");
    return true;
}

static bool goal_print(FILE *file, const struct goal *g, const struct results *r)
{
    bool any = false;

    for (size_t i = 0; i < r->n; i++) {
        if (fnmatch(g->cases, r->rows[i].instance->c->name, 0) == 0)
            any = line_print(file, g, r, &r->rows[i]) || any;
    }
    return any;
}

void goals_print(FILE *file, const struct results *r)
{
    bool measured[N_ELEMENTS(goals)] = {false};

    fprintf(file, "\n### Goals\n\n| issue | case |");
    for (size_t side = 1; side < r->n_sides; side++)
        fprintf(file, " %s |", r->labels[side]);
    fprintf(file, "\n|---|---|");
    for (size_t side = 1; side < r->n_sides; side++)
        fprintf(file, "---|");
    fprintf(file, "\n");
    for (size_t i = 0; i < N_ELEMENTS(goals); i++)
        measured[i] = goal_print(file, &goals[i], r);
    fprintf(file, "\nGoals that this run says nothing about:\n\n");
    for (size_t i = 0; i < N_ELEMENTS(goals); i++) {
        if (!measured[i])
            fprintf(file, "- issue %d: %s%s\n", goals[i].issue, goals[i].cases,
                    goals[i].judge == judge_flat ? " over several counts" : "");
    }
    for (size_t i = 0; i < N_ELEMENTS(elsewhere); i++)
        fprintf(file, "- issue 6: %s (p11store)\n", elsewhere[i]);
    fflush(file);
}
