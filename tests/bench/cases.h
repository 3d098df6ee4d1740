/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cases.h - the table of what is measured.
 *
 * A case says what is done (struct work, one per side) and with what (struct spec). Cases of the
 * groups with counts are measured once per count of --threads, --processes or --objects.
 */
#ifndef TEE_BENCH_CASES_H
#define TEE_BENCH_CASES_H

#include "bench/mech.h"
#include "bench/options.h"
#include "bench/side.h"
#include "bench/stats.h"

#define CASES_NAME 48

struct job;

/*
 * One side's way of doing a case. start makes everything ready, once is a single turn, check looks
 * at the result of a turn (FAULT_WRONG if it is not right), stop undoes start. Any but once may be
 * NULL. With run the work measures itself: turns per second, or bytes, into *ret.
 */
struct work {
    CK_RV (*start)(struct job *j);
    CK_RV (*once)(struct job *j);
    CK_RV (*check)(struct job *j);
    CK_RV (*run)(struct job *j, double seconds, double *ret);
    void (*stop)(struct job *j);
};

struct spec {
    enum key_kind key;
    CK_MECHANISM_TYPE mech;
    mech_fill *fill;      /* the mechanism's parameter; NULL: none */
    size_t n;             /* bytes of input */
    const char *md;       /* OpenSSL's digest; NULL: none, or the input is a digest */
    bool prehashed;       /* the input is a digest */
    bool pss;             /* RSA with PSS padding */
    const char *cipher;   /* OpenSSL's cipher */
    size_t tag;           /* bytes of tag behind the ciphertext */
    size_t batch;         /* key generation: keys made before they are destroyed */
    bool token;           /* key generation: token objects */
    double stretch;       /* slow work: times the seconds of the others; 0: once */
    CK_ATTRIBUTE_TYPE by; /* searches: what is asked for */
};

enum cases_group { CASES_CRYPTO, CASES_THREADS, CASES_PROCESSES, CASES_OBJECTS, CASES_N_GROUPS };

struct bench_case {
    const char *name;
    enum cases_group group;
    enum stats_unit unit;
    bool single;            /* measured in one round only */
    const struct work *raw; /* NULL: nothing to compare with */
    const struct work *p11; /* NULL: raw alone */
    struct spec spec;
};

/* A case with its count. */
struct instance {
    const struct bench_case *c;
    size_t count;          /* threads, processes or objects; 0 for a crypto case */
    char name[CASES_NAME]; /* "find-by-id@1000" */
};

/* The heading of a group's table. */
const char *cases_heading(enum cases_group group);
/* What --cases and the counts select, in the order of measuring; *ret_n how many. The caller frees
 * the array. CKR_HOST_MEMORY. */
NODISCARD CK_RV cases_select(const struct options *o, struct instance **ret, size_t *ret_n);

#endif
