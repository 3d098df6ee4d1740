/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line; see options.h. */
#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: p11bench --module PATH [options] [--module PATH ...]\n"
    "\n"
    "Measures PKCS#11 modules against raw OpenSSL (EVP) in one run and prints the ratios.\n"
    "A module's own configuration comes from the environment.\n"
    "\n"
    "  --module PATH      a module; up to eight, each with the options that follow it:\n"
    "    --label TEXT       its heading in the tables\n"
    "    --token LABEL      use this existing token; what populating adds stays in it\n"
    "  --pin PIN          user PIN of the tokens (12345678)\n"
    "  --so-pin PIN       SO PIN for tokens that are made (87654321)\n"
    "  --cases TEXT,...   only the cases with one of these in their name; --list shows the names\n"
    "  --rounds N         rounds, the contestants in turn (5)\n"
    "  --seconds S        per case, contestant and round, after a warm-up (0.25)\n"
    "  --threads LIST     threads signing with one key (1,2,4)\n"
    "  --processes LIST   processes signing with one key (1,2,8)\n"
    "  --objects LIST     private keys in the token (100)\n"
    "  --patience S       give up populating a token after so long (600)\n"
    "  --cpu              measure loops of one thread by the processor's time, not the wall's: for "
    "a\n"
    "                     machine that others use too\n"
    "  --json FILE        write every round's figure\n"
    "  --goals            compare with the project's goals\n"
    "  --turns N          no clock: N turns of each case in one process, for a profiler; of raw\n"
    "                     OpenSSL when there is no --module\n"
    "  --list             print the names of the selected cases and stop\n"
    "  --help             this text\n"
    "\n"
    "Exit status: 0 measured, 1 a module gave a wrong result, 2 bad usage or nothing to run.\n";

enum option_id {
    ID_MODULE,
    ID_LABEL,
    ID_TOKEN,
    ID_PIN,
    ID_SO_PIN,
    ID_CASES,
    ID_ROUNDS,
    ID_SECONDS,
    ID_THREADS,
    ID_PROCESSES,
    ID_OBJECTS,
    ID_PATIENCE,
    ID_JSON,
    ID_GOALS,
    ID_TURNS,
    ID_CPU,
    ID_LIST,
    ID_HELP,
};

static bool counts_read(const char *text, struct options_counts *ret)
{
    struct options_counts counts = {.n = 0};

    do {
        char *end = NULL;
        const unsigned long v = strtoul(text, &end, 10);

        if (end == text || v == 0 || (*end != ',' && *end != '\0') ||
            counts.n == OPTIONS_MAX_COUNTS || (counts.n > 0 && v <= counts.v[counts.n - 1]))
            return false;
        counts.v[counts.n++] = v;
        text = *end == ',' ? end + 1 : end;
    } while (*text != '\0');
    *ret = counts;
    return true;
}

static bool seconds_read(const char *text, double *ret)
{
    char *end = NULL;
    const double v = strtod(text, &end);

    if (end == text || *end != '\0' || !(v > 0 && v < 1e6))
        return false;
    *ret = v;
    return true;
}

static bool number_read(const char *text, size_t most, size_t *ret)
{
    struct options_counts counts;

    if (!counts_read(text, &counts) || counts.n != 1 || counts.v[0] > most)
        return false;
    *ret = counts.v[0];
    return true;
}

static bool module_add(struct options *o, const char *path)
{
    if (o->n_modules == OPTIONS_MAX_MODULES)
        return false;
    o->module[o->n_modules++] = (struct options_module){.path = path};
    return true;
}

/* --label and --token belong to the module before them. */
static bool module_set(struct options *o, int id, const char *text)
{
    struct options_module *last = NULL;

    if (o->n_modules == 0)
        return false;
    last = &o->module[o->n_modules - 1];
    *(id == ID_LABEL ? &last->label : &last->token) = text;
    return true;
}

static bool text_set(const char **ret, const char *text)
{
    *ret = text;
    return true;
}

static bool flag_set(bool *ret)
{
    *ret = true;
    return true;
}

static bool option_apply(struct options *o, int id, const char *text)
{
    switch ((enum option_id)id) {
    case ID_MODULE:
        return module_add(o, text);
    case ID_LABEL:
    case ID_TOKEN:
        return module_set(o, id, text);
    case ID_PIN:
        return text_set(&o->pin, text);
    case ID_SO_PIN:
        return text_set(&o->so_pin, text);
    case ID_CASES:
        return text_set(&o->cases, text);
    case ID_JSON:
        return text_set(&o->json, text);
    case ID_ROUNDS:
        return number_read(text, 1000, &o->rounds);
    case ID_SECONDS:
        return seconds_read(text, &o->seconds);
    case ID_PATIENCE:
        return seconds_read(text, &o->patience);
    case ID_THREADS:
        return counts_read(text, &o->threads);
    case ID_PROCESSES:
        return counts_read(text, &o->processes);
    case ID_OBJECTS:
        return counts_read(text, &o->objects);
    case ID_GOALS:
        return flag_set(&o->goals);
    case ID_CPU:
        return flag_set(&o->cpu);
    case ID_TURNS:
        return number_read(text, 1000000, &o->turns);
    case ID_LIST:
        return flag_set(&o->list);
    case ID_HELP:
        break;
    }
    return false;
}

static const struct option options_long[] = {
    {"module", required_argument, NULL, ID_MODULE},
    {"label", required_argument, NULL, ID_LABEL},
    {"token", required_argument, NULL, ID_TOKEN},
    {"pin", required_argument, NULL, ID_PIN},
    {"so-pin", required_argument, NULL, ID_SO_PIN},
    {"cases", required_argument, NULL, ID_CASES},
    {"rounds", required_argument, NULL, ID_ROUNDS},
    {"seconds", required_argument, NULL, ID_SECONDS},
    {"threads", required_argument, NULL, ID_THREADS},
    {"processes", required_argument, NULL, ID_PROCESSES},
    {"objects", required_argument, NULL, ID_OBJECTS},
    {"patience", required_argument, NULL, ID_PATIENCE},
    {"json", required_argument, NULL, ID_JSON},
    {"goals", no_argument, NULL, ID_GOALS},
    {"turns", required_argument, NULL, ID_TURNS},
    {"cpu", no_argument, NULL, ID_CPU},
    {"list", no_argument, NULL, ID_LIST},
    {"help", no_argument, NULL, ID_HELP},
    {NULL, 0, NULL, 0},
};

static const struct options defaults = {
    .pin = "12345678",
    .so_pin = "87654321",
    .rounds = 5,
    .seconds = 0.25,
    .patience = 600,
    .threads = {.v = {1, 2, 4}, .n = 3},
    .processes = {.v = {1, 2, 8}, .n = 3},
    .objects = {.v = {100}, .n = 1},
};

enum options_outcome options_read(int argc, char **argv, struct options *ret)
{
    struct options o = defaults;
    int index = 0;
    int id = 0;

    while ((id = getopt_long(argc, argv, "", options_long, &index)) != -1) {
        if (id == ID_HELP) {
            fputs(usage, stdout);
            return OPTIONS_HELP;
        }
        if (id == '?')
            return OPTIONS_BAD;
        if (!option_apply(&o, id, optarg)) {
            fprintf(stderr, "p11bench: --%s does not take \"%s\" here; see --help\n",
                    options_long[index].name, optarg);
            return OPTIONS_BAD;
        }
    }
    if (optind < argc || (o.n_modules == 0 && !o.list && o.turns == 0)) {
        fprintf(stderr, "p11bench: %s; see --help\n",
                optind < argc ? "only options are taken" : "--module PATH is missing");
        return OPTIONS_BAD;
    }
    *ret = o;
    return OPTIONS_RUN;
}

bool options_selects(const struct options *o, const char *name)
{
    const char *part = o->cases;
    char text[64];

    if (part == NULL)
        return true;
    while (*part != '\0') {
        const size_t n = strcspn(part, ",");

        if (n > 0 && n < sizeof(text)) {
            memcpy(text, part, n);
            text[n] = '\0';
            if (strstr(name, text) != NULL)
                return true;
        }
        part += n + (part[n] == ',');
    }
    return false;
}
