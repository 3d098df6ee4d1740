/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - runs a harness without libFuzzer: every file that it is given, then mutations of them
 * drawn from a seed, until so many were run or so much time has passed. With -DFUZZ_LIBFUZZER it is
 * the glue between libFuzzer and the same harness.
 *
 *   fuzz-NAME [--runs N] [--seconds S] [--seed N] [FILE|DIRECTORY]...
 *
 * What is not there is left out (public vectors may be missing). When a check fails, or the process
 * dies by a signal or a sanitizer, the input is written to ./fuzz-NAME.input: give that file to
 * reproduce it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mutate.h"

bool fuzz_among(CK_RV rv, const CK_RV *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i] == rv)
            return true;
    }
    return false;
}

void fuzz_fail(const char *what, CK_RV rv, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: %s", file, line, what);
    if (rv != CKR_OK)
        (void)fprintf(stderr, " gave 0x%lx", rv);
    (void)fputc('\n', stderr);
    abort();
}

#ifdef FUZZ_LIBFUZZER

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (fuzz_target.setup != NULL)
        fuzz_target.setup();
    if (fuzz_target.teardown != NULL)
        (void)atexit(fuzz_target.teardown);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    fuzz_target.one(span_of(p, n < fuzz_target.max_input ? n : fuzz_target.max_input));
    return 0;
}

#else

#define DEFAULT_RUNS    20000
#define DEFAULT_SECONDS 5.0
#define LONG_FACTOR     12 /* under TEE_TEST_LONG */
#define MAX_FILES       4096

struct input {
    uint8_t *p;
    size_t n;
};

static struct input corpus[MAX_FILES];
static size_t n_corpus;
static struct span current; /* what the harness is working on */

struct plan {
    size_t runs;
    double seconds;
    uint64_t seed;
};

/* -- what is left behind when it goes wrong: async-signal-safe --------------------------------- */

static void keep_input(void)
{
    static char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "fuzz-%s.input", fuzz_target.name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, current.p, current.n) == (ssize_t)current.n) {
        static const char text[] = "the input was written to ";

        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)!write(STDERR_FILENO, path, strlen(path));
        (void)!write(STDERR_FILENO, "\n", 1);
    }
    (void)close(fd);
}

static void on_signal(int number)
{
    keep_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* Of the sanitizers' run-time, where there is one. */
void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

static void watch(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(keep_input);
        (void)signal(SIGABRT, on_signal); /* of our own checks */
        return;
    }
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        (void)signal(numbers[i], on_signal);
}

/* -- the corpus -------------------------------------------------------------------------------- */

static void add_file(const char *path)
{
    struct input in = {NULL, 0};
    struct stat st;
    FILE *f = fopen(path, "re");

    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode) || n_corpus == MAX_FILES) {
        if (f != NULL)
            (void)fclose(f);
        return;
    }
    in.p = malloc(fuzz_target.max_input);
    if (in.p == NULL)
        abort();
    in.n = fread(in.p, 1, fuzz_target.max_input, f);
    (void)fclose(f);
    corpus[n_corpus++] = in;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A directory's files in the order of their names: the order is part of what a seed gives. */
static void add_path(const char *path)
{
    struct dirent **entries = NULL;
    char name[4096];
    const int n = scandir(path, &entries, is_visible, alphasort);

    if (n < 0 && errno == ENOTDIR)
        add_file(path);
    for (int i = 0; i < n; i++) {
        (void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        add_file(name);
        free(entries[i]);
    }
    free(entries);
}

/* -- running ----------------------------------------------------------------------------------- */

/* In memory of its own, as long as the input: a sanitizer sees what is read beyond it. */
static void run(struct span bytes)
{
    uint8_t *exact = malloc(bytes.n > 0 ? bytes.n : 1);

    if (exact == NULL)
        abort();
    if (bytes.n > 0)
        memcpy(exact, bytes.p, bytes.n);
    current = span_of(exact, bytes.n);
    fuzz_target.one(current);
    current = SPAN_EMPTY;
    free(exact);
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A mutation of one input, crossed with another. */
static size_t vary(struct prng *p, uint8_t *room)
{
    struct span from = SPAN_EMPTY, other = SPAN_EMPTY;

    if (n_corpus > 0) {
        const struct input *a = &corpus[prng_below(p, n_corpus)];
        const struct input *b = &corpus[prng_below(p, n_corpus)];

        from = span_of(a->p, a->n);
        other = span_of(b->p, b->n);
        memcpy(room, from.p, from.n);
    }
    return mutate(p, room, from.n, fuzz_target.max_input, other);
}

static size_t run_mutations(const struct plan *plan)
{
    struct prng p = {.state = plan->seed};
    const double end = now() + plan->seconds;
    uint8_t *room = malloc(fuzz_target.max_input);
    size_t i;

    if (room == NULL)
        abort();
    for (i = 0; i < plan->runs && now() < end; i++)
        run(span_of(room, vary(&p, room)));
    free(room);
    return i;
}

static double number_of(const char *text)
{
    char *end = NULL;
    const double v = text == NULL ? -1 : strtod(text, &end);

    if (v < 0 || *end != '\0') {
        (void)fprintf(stderr, "not a number: %s\n", text == NULL ? "" : text);
        exit(2);
    }
    return v;
}

/* Returns how many arguments it took; 0: not an option. */
static int option(struct plan *plan, char **argv)
{
    if (strcmp(argv[0], "--runs") == 0)
        plan->runs = (size_t)number_of(argv[1]);
    else if (strcmp(argv[0], "--seconds") == 0)
        plan->seconds = number_of(argv[1]);
    else if (strcmp(argv[0], "--seed") == 0)
        plan->seed = (uint64_t)number_of(argv[1]);
    else
        return 0;
    return 2;
}

static void plan_make(struct plan *plan, int argc, char **argv)
{
    *plan = (struct plan){.runs = DEFAULT_RUNS, .seconds = DEFAULT_SECONDS, .seed = 1};
    if (secure_getenv("TEE_TEST_LONG") != NULL) {
        plan->runs *= LONG_FACTOR;
        plan->seconds *= LONG_FACTOR;
    }
    for (int i = 1; i < argc;) {
        const int n = option(plan, &argv[i]);

        if (n == 0)
            add_path(argv[i]);
        i += n > 0 ? n : 1;
    }
}

int main(int argc, char **argv)
{
    struct plan plan;
    size_t n;

    plan_make(&plan, argc, argv);
    watch();
    if (fuzz_target.setup != NULL)
        fuzz_target.setup();
    for (size_t i = 0; i < n_corpus; i++)
        run(span_of(corpus[i].p, corpus[i].n));
    n = run_mutations(&plan);
    if (fuzz_target.teardown != NULL)
        fuzz_target.teardown();
    (void)printf("%s: %zu inputs of the corpus and %zu mutations of them, seed %llu\n",
                 fuzz_target.name, n_corpus, n, (unsigned long long)plan.seed);
    for (size_t i = 0; i < n_corpus; i++)
        free(corpus[i].p);
    return 0;
}

#endif
