/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what a harness gives to main.c, and what it builds its checks with.
 *
 * A harness takes bytes and asserts what must hold whatever they are. It is linked into two
 * programs: a test that replays a corpus and mutations of it (main.c), and, with clang, a fuzzer
 * (libFuzzer calls the same functions). A run depends on the bytes alone, so that a finding can be
 * given as a file.
 */
#ifndef TEE_FUZZ_H
#define TEE_FUZZ_H

#include "util/buf.h"

struct fuzz_target {
    const char *name;
    size_t max_input;           /* bytes: longer inputs are cut */
    void (*setup)(void);        /* once; NULL: nothing to do */
    void (*one)(struct span input);
    void (*teardown)(void);     /* once, when nothing was found; NULL: nothing to do */
};

/* Every harness defines this one. */
extern const struct fuzz_target fuzz_target;

/* What must hold whatever the input is. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(#condition, 0, __FILE__, __LINE__);                                          \
    } while (0)
/* The call succeeds; the result of a call is one of these codes. */
#define FUZZ_OK(call)                                                                              \
    do {                                                                                           \
        const CK_RV fuzz_rv_ = (call);                                                             \
        if (fuzz_rv_ != CKR_OK)                                                                    \
            fuzz_fail(#call, fuzz_rv_, __FILE__, __LINE__);                                        \
    } while (0)
#define FUZZ_RV(rv, ...)                                                                           \
    do {                                                                                           \
        static const CK_RV fuzz_may_[] = {__VA_ARGS__};                                            \
        const CK_RV fuzz_rv_ = (rv);                                                               \
        if (!fuzz_among(fuzz_rv_, fuzz_may_, N_ELEMENTS(fuzz_may_)))                               \
            fuzz_fail(#rv, fuzz_rv_, __FILE__, __LINE__);                                          \
    } while (0)

_Noreturn void fuzz_fail(const char *what, CK_RV rv, const char *file, int line);
bool fuzz_among(CK_RV rv, const CK_RV *v, size_t n);

/* A number below n (n > 0) from the input. */
static inline uint32_t pick(struct cursor *c, uint32_t n)
{
    return (n <= 256 ? cursor_u8(c) : cursor_u16(c)) % n;
}

static inline bool pick_bool(struct cursor *c)
{
    return (cursor_u8(c) & 1) != 0;
}

/* Up to n bytes from the input, fewer when it ends: never a failed cursor. */
static inline struct span pick_bytes(struct cursor *c, size_t n)
{
    return cursor_take(c, n < c->rest.n ? n : c->rest.n);
}

#endif
