/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unseal_cache.h - what opened a seal of the platform, kept for a while in the kernel's key ring.
 *
 * A host may throttle its SEV-SNP device to one answer in two seconds, so that a shell loop of
 * short processes would wait for it again and again. What the first of them learned (the seal's
 * secret, see seal.h) is kept for c->unseal_cache seconds in the key ring of the user, where
 * processes of the same user find it. It serves only to open that one seal, whose MAC has to fit as
 * always; seals are made and renewed by the device alone. So a planted key opens nothing that was
 * not made for it, and only somebody who is the same user can plant one.
 *
 * The name of the key is a hash of the store, the seal's header, the boot and the device, so that
 * it fits nothing else. Its time limit is set before anybody can find it.
 *
 * Nothing here fails: where there is no key ring (a container that forbids it, a full quota) there
 * is no cache, and the device is asked. A seal that needs something of its owner besides the
 * platform must not be given to this file. Holds no lock; may be called from any thread.
 */
#ifndef TEE_KEYRING_UNSEAL_CACHE_H
#define TEE_KEYRING_UNSEAL_CACHE_H

#include "keyring/seal.h"
#include "root/root.h"

/* The configuration and the root want a cache. */
bool unseal_cache_wanted(const struct conf *c, const struct root *r);
/* The secret of a seal, the caller's to free; NULL: not there, or not wanted. */
struct secret *unseal_cache_find(const struct conf *c, const struct root *r, const struct header *h,
                                 const struct seal *s);
/* Keep it, where that is wanted. */
void unseal_cache_put(const struct conf *c, const struct root *r, const struct header *h,
                      const struct seal *s, const struct secret *secret);
/* The seal is gone, or what is kept for it opens nothing: forget it, in this user's key ring. */
void unseal_cache_revoke(const struct conf *c, const struct root *r, const struct header *h,
                         const struct seal *s);

#endif
