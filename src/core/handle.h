/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handle.h - what an object handle says: kind, login and id.
 *
 *   63..61 kind   60..40 login generation (private objects only, else 0)   39..0 id
 *
 * Token objects carry the store's id, which is never given twice, so handles need no table and stay
 * true for the life of the process. A private object's handle also names the login under which it
 * was seen: after C_Logout it stays invalid for ever, as PKCS#11 v3.2 5.6.9 says. Handle 0 is
 * CK_INVALID_HANDLE: ids start at 1.
 */
#ifndef TEE_CORE_HANDLE_H
#define TEE_CORE_HANDLE_H

#include "util/guard.h"

enum handle_kind {
    HANDLE_TOKEN_PUBLIC,
    HANDLE_TOKEN_PRIVATE,
    HANDLE_SESSION_PUBLIC,
    HANDLE_SESSION_PRIVATE,
    /* Described, not stored. */
    HANDLE_DEK, /* a DEK generation */
    HANDLE_PROFILE,
    HANDLE_MECHANISM,
    HANDLE_N_KINDS
};

#define HANDLE_ID_BITS    40
#define HANDLE_LOGIN_BITS 21
#define HANDLE_ID_MASK    ((UINT64_C(1) << HANDLE_ID_BITS) - 1)
#define HANDLE_LOGIN_MASK ((UINT64_C(1) << HANDLE_LOGIN_BITS) - 1)

static inline bool handle_kind_is_private(enum handle_kind kind)
{
    return kind == HANDLE_TOKEN_PRIVATE || kind == HANDLE_SESSION_PRIVATE;
}

static inline bool handle_kind_is_session(enum handle_kind kind)
{
    return kind == HANDLE_SESSION_PUBLIC || kind == HANDLE_SESSION_PRIVATE;
}

/* There to be looked at: neither stored nor in memory. */
static inline bool handle_kind_is_described(enum handle_kind kind)
{
    return kind >= HANDLE_DEK;
}

static inline CK_OBJECT_HANDLE handle_make(enum handle_kind kind, uint64_t login, uint64_t id)
{
    const uint64_t seen = handle_kind_is_private(kind) ? login & HANDLE_LOGIN_MASK : 0;

    return (uint64_t)kind << (HANDLE_ID_BITS + HANDLE_LOGIN_BITS) | seen << HANDLE_ID_BITS |
           (id & HANDLE_ID_MASK);
}

static inline enum handle_kind handle_kind(CK_OBJECT_HANDLE h)
{
    return (enum handle_kind)(h >> (HANDLE_ID_BITS + HANDLE_LOGIN_BITS));
}

static inline uint64_t handle_login(CK_OBJECT_HANDLE h)
{
    return h >> HANDLE_ID_BITS & HANDLE_LOGIN_MASK;
}

static inline uint64_t handle_id(CK_OBJECT_HANDLE h)
{
    return h & HANDLE_ID_MASK;
}

#endif
