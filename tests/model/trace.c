/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - sequences and results; see trace.h. */
#include "trace.h"

#include <string.h>

void trace_clear(struct trace *t)
{
    for (unsigned i = 0; i < t->n; i++)
        result_clear(&t->results[i]);
    t->n = 0;
    t->wrong = NULL;
}

void trace_make(struct side *side, const struct rulebook *book, const struct sequence *s,
                struct trace *ret)
{
    struct model *m = model_new(book);
    bool lost = false;

    ret->s = *s;
    ret->n = 0;
    ret->wrong = NULL;
    side_reset(side);
    while (ret->n < s->n && ret->wrong == NULL && !lost) {
        const unsigned i = ret->n++;

        side_call(side, &s->calls[i], &ret->results[i]);
        ret->wrong = model_step(m, &s->calls[i], &ret->results[i]);
        ret->expected[i] = *model_expected(m);
        lost = ret->expected[i].lost;
    }
    if (ret->wrong != NULL) {
        (void)snprintf(ret->text, sizeof(ret->text), "%s", ret->wrong);
        ret->wrong = ret->text;
    }
    model_free(m);
}

bool trace_contradicts(const struct trace *t, const struct rulebook *book)
{
    struct model *m = model_new(book);
    bool wrong = false;

    for (unsigned i = 0; i < t->n && !wrong; i++)
        wrong = model_step(m, &t->s.calls[i], &t->results[i]) != NULL;
    model_free(m);
    return wrong;
}

static void leave_out(const struct sequence *s, unsigned at, unsigned n, struct sequence *ret)
{
    *ret = *s;
    memmove(&ret->calls[at], &ret->calls[at + n], (s->n - at - n) * sizeof(ret->calls[0]));
    ret->n -= n;
}

/* Without the n calls at `at` it is as wrong? Then it is that from now on. */
static bool shrink_at(struct side *side, const struct rulebook *book, struct trace *t, unsigned at,
                      unsigned n)
{
    static struct sequence shorter;
    static struct trace other;

    leave_out(&t->s, at, n, &shorter);
    trace_make(side, book, &shorter, &other);
    if (other.wrong == NULL) {
        trace_clear(&other);
        return false;
    }
    trace_clear(t);
    *t = other;
    t->wrong = t->text;
    t->s.n = t->n; /* what comes after the wrong one is not needed */
    return true;
}

void trace_shrink(struct side *side, const struct rulebook *book, struct trace *t)
{
    t->s.n = t->n;
    for (unsigned n = t->n / 2; n > 0; n = n > 1 ? n / 2 : 0) {
        for (unsigned at = 0; at + n < t->s.n;) {
            if (!shrink_at(side, book, t, at, n))
                at++;
        }
    }
}

void trace_print(FILE *f, const struct trace *t)
{
    (void)fprintf(f, "seed %lu:\n", (unsigned long)t->s.seed);
    for (unsigned i = 0; i < t->n; i++) {
        (void)fprintf(f, "  ");
        call_print(f, &t->s.calls[i]);
        (void)fprintf(f, " -> 0x%lx", t->results[i].rv);
        if (t->results[i].n > 0)
            (void)fprintf(f, " n=%lu", t->results[i].n);
        (void)fprintf(f, "\n");
    }
    if (t->wrong != NULL)
        (void)fprintf(f, "  %s\n", t->wrong);
}
