/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kds_cache.h - a directory of what AMD's key distribution service answered. A VCEK's certificate
 * stays good for as long as the certificate is, so nothing expires here; a revocation list has its
 * age.
 *
 * The directory is not trusted: what is read from it goes through the same checks as what comes
 * over the network. Files appear whole or not at all.
 */
#ifndef TEE_ATTEST_KDS_CACHE_H
#define TEE_ATTEST_KDS_CACHE_H

#include "util/buf.h"

#define KDS_MAX_ANSWER 65536 /* bytes of a certificate, chain or revocation list */

/* Append a file's bytes. False: there is none, or it is none that we would have written. *ret_age
 * (may be NULL): seconds since it was written. */
bool kds_cache_get(const char *directory, const char *name, struct buf *ret, uint64_t *ret_age);
/* Put a file there, making the directory (0700) if need be. Best effort: a cache that can't be
 * written costs only time; the debug log says so. */
void kds_cache_put(const char *directory, const char *name, struct span bytes);

#endif
