/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing.c - p11timing: measures the cases of timing_case.c and says what can be told from their
 * times; see timing.h. `tests/bench/timing` gives it a token.
 */
#include "bench/timing.h"

#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/fault.h"

#define EXIT_SEEN  1 /* a difference, or a control that was not told apart */
#define EXIT_USAGE 2
#define WARM_UP    100
#define PIN        "timing 12345678"
#define SO_PIN     "timing so 1234"

static const char usage[] =
    "usage: p11timing --module PATH [options]\n"
    "\n"
    "  --samples N   for a case of one millisecond; shorter ones take more of them (20000)\n"
    "  --case NAME   this one only\n"
    "  --cpu         the processor's time that a call takes, where the machine is busy\n"
    "\n"
    "A token is made on the first free slot. Exit status: 0 nothing seen, and the controls were; 1\n"
    "otherwise.\n";

struct plan {
    const char *module, *only;
    size_t samples;
};

static clockid_t by_clock = CLOCK_MONOTONIC_RAW;

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(by_clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The class's input to t->in, reading both alike: a copy of one would leave its mark in the time. */
static void choose(struct timing *t, unsigned class)
{
    const uint8_t mask = (uint8_t)(0u - class);

    for (size_t i = 0; i < TIMING_INPUT; i++)
        t->in.p[i] = (uint8_t)((t->class[1].p[i] & mask) | (t->class[0].p[i] & ~mask));
    t->in.n = t->class[class].n;
}

/* One sample of the class; its time to ret, in nanoseconds. */
static CK_RV sample(struct timing *t, const struct timing_case *c, unsigned class, double *ret)
{
    double start;
    CK_RV rv;

    TRY(c->make(t));
    choose(t, class);
    start = now();
    rv = c->run(t, class);
    *ret = now() - start;
    if (rv != c->expected[class])
        return fault_wrong("%s: %s gave 0x%lx", c->name, c->classes[class], rv);
    return c->after != NULL ? c->after(t) : CKR_OK;
}

static CK_RV samples(struct timing *t, const struct timing_case *c, double *v, uint8_t *class,
                     size_t n)
{
    double unused;

    for (unsigned i = 0; i < WARM_UP; i++)
        TRY(sample(t, c, i & 1, &unused));
    for (size_t i = 0; i < n; i++) {
        class[i] = (uint8_t)((random() >> 8) & 1);
        TRY(sample(t, c, class[i], &v[i]));
    }
    return CKR_OK;
}

static bool is_good(const struct timing_case *c, const struct timing_result *r)
{
    return c->kind == TIMING_TOLD || (c->kind == TIMING_CONTROL) == (r->t >= TIMING_LIMIT);
}

static void show(const struct timing_case *c, const struct timing_result *r)
{
    static const char *const words[] = {[TIMING_JUDGED] = "differs", [TIMING_CONTROL] = "seen",
                                        [TIMING_TOLD] = "told"};
    const char *word = words[c->kind];

    if (c->kind == TIMING_JUDGED && r->t < TIMING_LIMIT)
        word = "same";
    if (c->kind == TIMING_CONTROL && r->t < TIMING_LIMIT)
        word = "MISSED";
    printf("| %s | %s / %s | %zu | %.0f | %+.1f | %.1f | %.2f | %s |\n", c->name, c->classes[0],
           c->classes[1], r->n, r->mean, r->difference, r->visible, r->t, word);
    (void)fflush(stdout);
}

static CK_RV measure(struct timing *t, const struct timing_case *c, size_t n, bool *good)
{
    double *v = calloc(n, sizeof(*v));
    uint8_t *class = calloc(n, 1);
    struct timing_result r = {0};
    CK_RV rv = v != NULL && class != NULL ? samples(t, c, v, class, n) : CKR_HOST_MEMORY;

    if (rv == CKR_OK)
        rv = timing_test(v, class, n, &r);
    free(v);
    free(class);
    TRY(rv);
    show(c, &r);
    *good = *good && is_good(c, &r);
    return CKR_OK;
}

/* Those of a login are measured with nobody logged in, and the others before them. */
static CK_RV all(struct timing *t, const struct plan *p, bool *good)
{
    TRY(timing_keys(t));
    printf("| case | classes | N | mean ns | difference ns | visible from ns | \\|t\\| | |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < timing_n_cases; i++) {
        const struct timing_case *c = &timing_cases[i];
        const size_t n = c->times > 0 ? p->samples * c->times : p->samples / 10;

        if (p->only != NULL && strcmp(p->only, c->name) != 0)
            continue;
        if (c->after != NULL)
            TRY(t->m.f->C_Logout(t->m.session));
        TRY(measure(t, c, n > 0 ? n : 1, good));
        if (c->after != NULL)
            TRY(p11_login(&t->m));
    }
    return CKR_OK;
}

static bool parse(int argc, char **argv, struct plan *ret)
{
    static const struct option options[] = {{"module", required_argument, NULL, 'm'},
                                            {"samples", required_argument, NULL, 'n'},
                                            {"case", required_argument, NULL, 'c'},
                                            {"cpu", no_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    int c;

    *ret = (struct plan){.samples = 20000};
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'm')
            ret->module = optarg;
        else if (c == 'n')
            ret->samples = (size_t)strtoul(optarg, NULL, 10);
        else if (c == 'c')
            ret->only = optarg;
        else if (c == 'p')
            by_clock = CLOCK_THREAD_CPUTIME_ID;
        else
            return false;
    }
    return ret->module != NULL && ret->samples > 0 && optind == argc;
}

int main(int argc, char **argv)
{
    struct timing t = {.rsa = NULL};
    char name[FAULT_TEXT];
    struct plan p;
    bool good = true;
    CK_RV rv;

    if (!parse(argc, argv, &p)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    srandom((unsigned)time(NULL));
    rv = p11_load(&t.m, p.module, "p11timing", PIN);
    if (rv == CKR_OK)
        rv = p11_make_token(&t.m, SO_PIN);
    if (rv == CKR_OK)
        rv = p11_up(&t.m);
    if (rv == CKR_OK)
        rv = all(&t, &p, &good);
    if (rv != CKR_OK)
        fprintf(stderr, "p11timing: %s %s\n", fault_name(rv, name), fault_words());
    p11_down(&t.m);
    EVP_PKEY_free(t.rsa);
    OPENSSL_cleanse(t.secret, sizeof(t.secret));
    printf("OpenSSL %s; |t| from %.1f on is a difference\n",
           OpenSSL_version(OPENSSL_FULL_VERSION_STRING), TIMING_LIMIT);
    return rv == CKR_OK && good ? EXIT_SUCCESS : EXIT_SEEN;
}
