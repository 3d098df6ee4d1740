/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * given.h - what an application gives, made from a harness's input: templates and buffers in memory
 * that is exactly as long as it says and as misaligned as allowed, so that a sanitizer sees every
 * byte read or written beyond it.
 */
#ifndef TEE_FUZZ_GIVEN_H
#define TEE_FUZZ_GIVEN_H

#include "fuzz.h"
#include "model/schema.h"

/* Memory of one input: freed all at once. */
struct arena {
    void *v[4096];
    size_t n;
};

/* Call once before the rest: collects the attribute types of all schemas. */
void given_setup(void);

/* n bytes, or NULL when there were too many blocks; the caller initialises them. */
void *arena_take(struct arena *a, size_t n);
/* The bytes, copied `skew` bytes behind an aligned address. */
void *arena_copy(struct arena *a, struct span bytes, size_t skew);
/* Free everything. */
void arena_clear(struct arena *a);

/* An attribute type: mostly a known one. */
CK_ATTRIBUTE_TYPE given_type(struct cursor *c);
/* A number: mostly one that means something (a class, a key type, a mechanism, a length). */
CK_ULONG given_ulong(struct cursor *c);
/* Bytes for a value of the type in the form that struct attrs keeps: mostly of the right size, and
 * now and then a curve, a date, a number. Static memory, good until the next call. */
struct span given_bytes(struct cursor *c, CK_ATTRIBUTE_TYPE type);

/* A template to read: also NULL with a length, lengths that can't be, arrays in arrays. Up to
 * `most` entries. */
CK_ATTRIBUTE *given_template(struct cursor *c, struct arena *a, uint32_t most, CK_ULONG *ret_n);
/* A template to be filled in: buffers of all sizes (zeros), queries, arrays. */
CK_ATTRIBUTE *given_room(struct cursor *c, struct arena *a, uint32_t most, CK_ULONG *ret_n);

#endif
