/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * job.h - one contestant's side of one case, from its start to its stop.
 *
 * What the work needs is made once, before the clock runs: keys, sessions, fetched algorithms and
 * buffers. job_free() releases whatever start left in these members; stop is for the rest.
 */
#ifndef TEE_BENCH_JOB_H
#define TEE_BENCH_JOB_H

#include "bench/cases.h"
#include "bench/keys.h"

struct job {
    struct side *side;
    const struct instance *instance;
    const struct work *work;
    const struct spec *spec;
    size_t count;
    const CK_FUNCTION_LIST *f; /* the module's; NULL for raw */
    CK_SESSION_HANDLE session; /* the job's own; closed by job_free() */
    bool has_session;
    struct key key;
    struct mech mech;
    EVP_MD *md;
    EVP_CIPHER *cipher;
    EVP_MAC *mac;
    uint8_t *in, *out; /* owned; both have room for room and n_in bytes, n_out of out are in use */
    size_t n_in, n_out, room;
    uint64_t turn; /* turns so far, for work that varies */
    void *own;     /* whatever else the work keeps; freed with free() */
};

/* Start the job, take one turn and check it. *ret is for job_free(), set on failure too unless
 * memory ran out. FAULT_NONE where this side has no such work. */
NODISCARD CK_RV job_start(struct side *s, const struct instance *instance, struct job **ret);
/* Measure for some seconds after a short warm-up: turns per second, or bytes. */
NODISCARD CK_RV job_run(struct job *j, double seconds, double *ret);
/* Stop and free. NULL is allowed. */
void job_free(struct job *j);

/* The byte at i of every input. */
static inline uint8_t job_pattern(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

/* For start: a session of its own (does nothing for raw), the key and mechanism of the spec, an
 * input of n patterned bytes and room for output. */
NODISCARD CK_RV job_open(struct job *j);
NODISCARD CK_RV job_buffers(struct job *j, size_t n_in, size_t room);
/* job_open(), the spec's key, mechanism and digest, and job_buffers() with the spec's input. */
NODISCARD CK_RV job_ready(struct job *j, size_t room);
/* True when this is raw OpenSSL's job. */
static inline bool job_is_raw(const struct job *j)
{
    return j->f == NULL;
}
/* The input as a span. */
static inline struct span job_in(const struct job *j)
{
    return span_of(j->in, j->n_in);
}
/* The output as a span. */
static inline struct span job_out(const struct job *j)
{
    return span_of(j->out, j->n_out);
}

#endif
