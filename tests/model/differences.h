/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * differences.h - what a token does otherwise than the model of the standard, from a file in which
 * each has its section and a reason:
 *
 *   TOKEN | RULE | no, yes, or the code that it answers | SECTION | REASON
 *
 * A test that no call needs an entry for fails: so the file says what is so, and no more.
 */
#ifndef TEE_TESTS_MODEL_DIFFERENCES_H
#define TEE_TESTS_MODEL_DIFFERENCES_H

#include "rules.h"

#define MAX_DIFFERENCES 100

struct difference {
    char token[16];
    enum rule rule;
    enum holding holds;
    CK_RV code; /* CKR_OK: the standard's */
    unsigned line;
};

struct differences {
    struct difference v[MAX_DIFFERENCES];
    unsigned n;
};

/* Fails the test on a line that says nothing known, gives another section than the rule has, or no
 * reason. */
void differences_read(const char *path, struct differences *ret);
/* The rules of a token: the standard's, with its differences, but the one at `without` (n: all). */
void differences_apply(const struct differences *d, const char *token, unsigned without,
                       struct rulebook *ret);

#endif
