/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard.h - the three control-flow macros, ownership helpers and error traces.
 *
 * Every fallible function of the project returns CK_RV and is NODISCARD. ENSURE, TRY and FAIL are
 * the only macros that return. Cleanup is by AUTO(), hand-over by TAKE(): there is no goto.
 *
 * A trace is kept only on the failure path: rv_origin() remembers where an error started,
 * rv_trace() the places it went through. Both print with TEE_PKCS11_DEBUG=error (see util/log.h).
 */
#ifndef TEE_UTIL_GUARD_H
#define TEE_UTIL_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/pkcs11.h"

#define NODISCARD               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define N_ELEMENTS(array)       (sizeof(array) / sizeof((array)[0]))

/* Run fn(&variable) when the variable leaves its scope. */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* Yield a pointer and leave NULL behind: ownership moves to the receiver. */
#define TAKE(pointer)                                                                              \
    (__extension__({                                                                               \
        __typeof__(pointer) take_tmp_ = (pointer);                                                 \
        (pointer) = NULL;                                                                          \
        take_tmp_;                                                                                 \
    }))

/* Define void name_p(type **) that calls free_fn(*p); for AUTO(name_p). free_fn accepts NULL. */
#define DEFINE_AUTO(name_p, type, free_fn)                                                         \
    static inline void name_p(type **auto_p_)                                                      \
    {                                                                                              \
        free_fn(*auto_p_);                                                                         \
    }

/* Record where `rv` started; returns rv. */
CK_RV rv_origin(CK_RV rv, const char *what, const char *file, int line);
/* Record that `rv` passed through; returns rv. */
CK_RV rv_trace(CK_RV rv, const char *what, const char *file, int line);

/* The condition holds, or the function returns rv. */
#define ENSURE(condition, rv)                                                                      \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            const CK_RV ensure_rv_ = (rv);                                                         \
            (void)rv_origin(ensure_rv_, #condition, __FILE__, __LINE__);                           \
            return ensure_rv_;                                                                     \
        }                                                                                          \
    } while (0)

/* The call succeeds, or the function returns what it returned. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const CK_RV try_rv_ = (call);                                                              \
        if (__builtin_expect(try_rv_ != CKR_OK, 0)) {                                              \
            (void)rv_trace(try_rv_, #call, __FILE__, __LINE__);                                    \
            return try_rv_;                                                                        \
        }                                                                                          \
    } while (0)

/* The function returns rv, an error that starts here. */
#define FAIL(rv)                                                                                   \
    do {                                                                                           \
        const CK_RV fail_rv_ = (rv);                                                               \
        (void)rv_origin(fail_rv_, "", __FILE__, __LINE__);                                         \
        return fail_rv_;                                                                           \
    } while (0)

#endif
