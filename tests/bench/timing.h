/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing.h - does the time of a call tell which of two classes its input is of? (p11timing)
 *
 * A case makes an input of either class, off the clock; one of both, drawn by lot, is copied to the
 * same place, and the call on it is timed. Whether the two sets of times differ is asked by Welch's
 * t-test, as dudect does it (O. Reparaz and others, DATE 2017).
 */
#ifndef TEE_BENCH_TIMING_H
#define TEE_BENCH_TIMING_H

#include <openssl/evp.h>

#include "bench/p11.h"

#define TIMING_INPUT  1024 /* bytes of an input */
#define TIMING_LIMIT  4.5  /* of |t|: by chance that much comes up seven times in a million */
#define TIMING_SECRET 32

/* What is measured with, and the input. */
struct timing {
    struct p11 m;
    EVP_PKEY *rsa; /* the token's public key */
    CK_OBJECT_HANDLE rsa_key, aes_decrypt, aes_unwrap;
    uint8_t secret[TIMING_SECRET]; /* the value of both AES keys */
    struct {
        uint8_t p[TIMING_INPUT];
        size_t n;
    } class[2], in;
};

enum timing_kind {
    TIMING_JUDGED,  /* has to look the same */
    TIMING_CONTROL, /* has to be told apart, or the measuring is no good */
    TIMING_TOLD,    /* the code, or having made the input, says it anyway: for comparison */
};

struct timing_case {
    const char *name, *classes[2];
    enum timing_kind kind;
    size_t times; /* samples, in units of --samples; 0: a tenth of one */
    CK_RV expected[2];
    CK_RV (*make)(struct timing *t);                 /* t->class */
    CK_RV (*run)(struct timing *t, unsigned class);  /* the call on t->in */
    CK_RV (*after)(struct timing *t);                /* off the clock; NULL: nothing */
};
extern const struct timing_case timing_cases[];
extern const size_t timing_n_cases;

/* Keys of the cases, as session objects of the user. */
NODISCARD CK_RV timing_keys(struct timing *t);

/* -- the test (timing_stats.c) ------------------------------------------------------------------- */

struct timing_result {
    size_t n;          /* samples */
    double mean;       /* nanoseconds, of both classes */
    double difference; /* of their means, where the smallest can be seen */
    double t;          /* the largest |t| over all samples and over shares of the fastest */
    double visible;    /* nanoseconds from which on a difference would reach TIMING_LIMIT there */
};
/* n times and their classes. CKR_HOST_MEMORY. */
NODISCARD CK_RV timing_test(const double *v, const uint8_t *class, size_t n,
                            struct timing_result *ret);

#endif
