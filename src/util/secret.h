/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret.h - wrapping keys in pages of their own.
 *
 * A struct secret lives in its own mapping between two inaccessible guard pages: locked in memory
 * (mlock; where RLIMIT_MEMLOCK does not allow it, a warning is logged once), left out of core files
 * (MADV_DONTDUMP), zeroed in a forked child (MADV_WIPEONFORK) and wiped before it is unmapped.
 * For root keys, master keys, token secrets, role keys and DEKs: a few per process, so a page each;
 * and one for random bytes of keys to come (crypto/key_stock.h).
 */
#ifndef TEE_UTIL_SECRET_H
#define TEE_UTIL_SECRET_H

#include "util/span.h"

#define SECRET_MAX 1024 /* bytes one secret may hold */

struct secret {
    size_t n;    /* bytes in use */
    uint8_t p[]; /* the bytes; inside the protected page */
};

/* A secret of n zero bytes. CKR_HOST_MEMORY when it cannot be mapped; n must be <= SECRET_MAX. */
NODISCARD CK_RV secret_new(size_t n, struct secret **ret);
/* A secret holding a copy of the bytes. */
NODISCARD CK_RV secret_from(struct span bytes, struct secret **ret);
/* Wipe and unmap. NULL is allowed. */
void secret_free(struct secret *s);
DEFINE_AUTO(secret_freep, struct secret, secret_free)

static inline struct span secret_span(const struct secret *s)
{
    return span_of(s->p, s->n);
}

#endif
