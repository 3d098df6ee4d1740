/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - a small token: what the standard says of sessions, logins, objects, searches and
 * operations, and nothing of how one is made. It is told a call and what a real token made of it,
 * says whether that is right, and goes on from there.
 *
 * Where several refusals apply to one call, the standard leaves open which is answered (5.1.7): any
 * of them is right. Where none applies, the call has to succeed.
 */
#ifndef TEE_TESTS_MODEL_MODEL_H
#define TEE_TESTS_MODEL_MODEL_H

#include "rules.h"
#include "side.h"

struct model;

/* As a token is that side_reset() left. `book` is borrowed. */
struct model *model_new(const struct rulebook *book);
void model_free(struct model *m);

/* NULL: what came is right. Else what is wrong, good until the next step; the model is of no
 * further use. */
const char *model_step(struct model *m, const struct call *c, const struct result *r);

/* After a step: the codes that it would have taken; CKR_OK alone, where nothing is to be refused.
 */
#define MAX_CODES 24
struct expected {
    CK_RV codes[MAX_CODES];
    unsigned n;
    bool or_ok;    /* a length may be told although something is wrong with the data */
    bool or_short; /* the token may ask for more room than the result takes */
    bool any;      /* what comes can't be known */
    bool lost;     /* the token has taken a template that makes nothing, or a key for a mechanism
                      that can't use it: what comes of it is nobody's to say (SoftHSM2 crashes over
                      the second), and the sequence ends here */
};
const struct expected *model_expected(const struct model *m);

#endif
