/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span.h - borrowed bytes, and the output rule of PKCS#11 (v3.2 5.2) in one place.
 *
 * struct span points at bytes that somebody else owns; it never outlives the call.
 * struct out is the (buffer, length) pair of a C_* function. A NULL buffer asks for the length.
 */
#ifndef TEE_UTIL_SPAN_H
#define TEE_UTIL_SPAN_H

#include <string.h>

#include "util/guard.h"

struct span {
    const uint8_t *p; /* may be NULL when n is 0 */
    size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){.p = p, .n = n};
}

#define SPAN_EMPTY ((struct span){.p = NULL, .n = 0})
/* The bytes of a string literal, without its terminator. */
#define SPAN_LIT(literal) ((struct span){.p = (const uint8_t *)(literal), .n = sizeof(literal) - 1})
/* The bytes of an array (not of a pointer). */
#define SPAN_ARRAY(array) ((struct span){.p = (const uint8_t *)(array), .n = sizeof(array)})
/* The bytes of an object. */
#define SPAN_OBJ(object) ((struct span){.p = (const uint8_t *)&(object), .n = sizeof(object)})

/* What is behind the first n bytes, n <= s.n. NULL stays NULL: to add 0 to it is undefined. */
static inline struct span span_after(struct span s, size_t n)
{
    return n > 0 ? span_of(s.p + n, s.n - n) : s;
}

/* Equal lengths and bytes. Not constant time: for public data (mem_equal_ct() is for secrets). */
static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct out {
    uint8_t *data; /* NULL: a length query */
    CK_ULONG *len; /* in: room; out: what was, or would be, written */
};

static inline bool out_is_query(const struct out *o)
{
    return o->data == NULL;
}

/*
 * Answer a length query, or make sure that `need` bytes fit.
 * CKR_OK with o->data == NULL: it was a query, *len is set; the caller must stop here.
 * CKR_BUFFER_TOO_SMALL: *len is set to need; the operation stays active.
 * CKR_OK otherwise: write up to need bytes and set *len to what was written (out_done).
 */
NODISCARD static inline CK_RV out_room(struct out *o, size_t need)
{
    const CK_ULONG room = *o->len;

    if (out_is_query(o) || room < need)
        *o->len = (CK_ULONG)need;
    ENSURE(out_is_query(o) || room >= need, CKR_BUFFER_TOO_SMALL);
    return CKR_OK;
}

/* Say how many bytes were written. */
static inline void out_done(struct out *o, size_t n)
{
    *o->len = (CK_ULONG)n;
}

/* Copy `bytes` to the output under the rule above. */
NODISCARD static inline CK_RV out_bytes(struct out *o, struct span bytes)
{
    TRY(out_room(o, bytes.n));
    if (!out_is_query(o)) {
        if (bytes.n > 0)
            memcpy(o->data, bytes.p, bytes.n);
        out_done(o, bytes.n);
    }
    return CKR_OK;
}

#endif
