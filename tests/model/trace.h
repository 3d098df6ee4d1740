/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - a sequence and what a token made of it: written down once, and held against any number
 * of models.
 */
#ifndef TEE_TESTS_MODEL_TRACE_H
#define TEE_TESTS_MODEL_TRACE_H

#include "model.h"

struct trace {
    struct sequence s;
    unsigned n; /* calls that were made */
    struct result results[MAX_CALLS];
    struct expected expected[MAX_CALLS];
    const char *wrong; /* NULL: the model agrees; else about the last call made */
    char text[400];
};

/* Reset the side, make the calls until the model disagrees, or is lost. */
void trace_make(struct side *side, const struct rulebook *book, const struct sequence *s,
                struct trace *ret);
/* Does the model disagree with it somewhere? */
bool trace_contradicts(const struct trace *t, const struct rulebook *book);
/* The shortest sequence that can be found by leaving calls out and is still wrong. */
void trace_shrink(struct side *side, const struct rulebook *book, struct trace *t);
void trace_print(FILE *f, const struct trace *t);
void trace_clear(struct trace *t);

#endif
