/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * side.h - a token that calls are made on: the module under test, or another one. Keeps the
 * application's variables, and writes down what came of each call.
 */
#ifndef TEE_TESTS_MODEL_SIDE_H
#define TEE_TESTS_MODEL_SIDE_H

#include "call.h"
#include "util/span.h"

struct bytes {
    uint8_t *p; /* owned by the result */
    size_t n;
};

#define MAX_FOUND 32
#define UNKNOWN_OBJECT 0u /* found, but it could not be asked who it is */

/* What came of a call. */
struct result {
    CK_RV rv;
    bool absent;        /* the token has no such function: no call was made */
    CK_ULONG n;         /* the length, or number, that was answered */
    bool overrun;       /* more was written than there was room for */
    bool touched;       /* the call failed, and has written other than zeros to its output */
    struct bytes in;    /* what was given */
    struct bytes signature;
    struct bytes out;   /* what came */
    unsigned found[MAX_FOUND]; /* objects by number */
    CK_SESSION_INFO session;
    CK_TOKEN_INFO token;
    struct bytes values[MAX_GET];
    CK_ULONG lengths[MAX_GET]; /* ulValueLen */
    struct bytes secret; /* of a key that was generated here and can be read */
};

struct side;

/* Load a module and make a token. configure: run once, with a folder of the side's own. restarts:
 * it keeps things in memory that C_InitToken leaves there, so it is finalized before. */
struct side *side_new(const char *name, const char *module, void (*configure)(const char *folder),
                      bool restarts);
void side_free(struct side *s);
const char *side_name(const struct side *s);

/* As at the beginning: no session, no object, both PINs as call.h has them. */
void side_reset(struct side *s);
void side_call(struct side *s, const struct call *c, struct result *ret);
void result_clear(struct result *r);

#endif
