/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the command line.
 */
#ifndef TEE_BENCH_OPTIONS_H
#define TEE_BENCH_OPTIONS_H

#include "util/guard.h"

#define OPTIONS_MAX_MODULES 8
#define OPTIONS_MAX_COUNTS  16

struct options_counts {
    size_t v[OPTIONS_MAX_COUNTS]; /* ascending, all > 0 */
    size_t n;
};

struct options_module {
    const char *path;
    const char *label; /* the column's heading; NULL: the file's name */
    const char *token; /* label of an existing token; NULL: make one */
};

struct options {
    struct options_module module[OPTIONS_MAX_MODULES];
    size_t n_modules;
    const char *pin;
    const char *so_pin;
    const char *cases; /* substrings of case names, comma-separated; NULL: all cases */
    const char *json;  /* file to write; NULL: none */
    size_t rounds;
    double seconds;  /* per case, contestant and round */
    double patience; /* seconds that populating a token may take */
    struct options_counts threads;
    struct options_counts processes;
    struct options_counts objects;
    bool goals;
    size_t turns; /* 0: measure time */
    bool cpu;     /* measure by the processor's time */
    bool list;    /* only print the names of the cases */
};

enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };

/* Read the command line into *ret, which borrows from argv. OPTIONS_HELP: --help was printed to
 * stdout. OPTIONS_BAD: what is wrong was printed to stderr. */
NODISCARD enum options_outcome options_read(int argc, char **argv, struct options *ret);
/* True when the name has one of the substrings of --cases. */
NODISCARD bool options_selects(const struct options *o, const char *name);

#endif
