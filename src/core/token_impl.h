/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_impl.h - the inside of struct token, for token.c, login.c and token_objects.c only.
 */
#ifndef TEE_CORE_TOKEN_IMPL_H
#define TEE_CORE_TOKEN_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/token.h"

struct object_cache; /* decrypted token objects: object_cache.h */

struct token {
    atomic_uint refs;
    uint8_t id[TOKEN_ID];
    CK_SLOT_ID slot;
    struct keyring *keyring;

    pthread_mutex_t login_lock; /* one login, logout or PIN change at a time; held over scrypt */

    pthread_mutex_t lock; /* guards what follows; held for moments only */
    struct login *login;  /* NULL: public */
    CK_ULONG n_sessions, n_rw;
    struct table session_objects; /* id -> struct object, a reference */

    atomic_int state; /* enum token_state: what `login` means; written under the lock */
    atomic_uint_fast64_t login_generation;
    struct object_cache *cache; /* has its own lock */
    /* What token_key_use() found last: KEY_USE_BITS of it, and above them the transaction's number.
     * Only a later one takes its place. */
    atomic_uint_fast64_t key_use;
};

/* With t->lock held: forget the login and everything private. The session objects that go are
 * unreferenced here. */
void token_log_out_locked(struct token *t);

#endif
