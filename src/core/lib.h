/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib.h - the library's state between C_Initialize and C_Finalize, its locks and its fork rule.
 *
 * Locks, in this order and never another:
 *   lib (read for every call, write for C_Initialize and C_Finalize) -> session mutex ->
 *   login mutex of a token -> unseal mutex -> token lock -> LMDB write transaction.
 * The mutexes of used.h stand between the session mutex and LMDB's; none of the others is taken
 * under them. So does the one of a logout that looks at the sessions (session.c), before those:
 * under it the mutexes of other sessions are tried, and never waited for.
 * crypto_ready() and the loading of the application's OpenSSL configuration run before any of them.
 *
 * Fork: a child is not initialised, whatever the parent was. pthread_atfork's handlers wait until
 * nobody reads the configuration, note whether somebody is inside a call, and in the child count
 * and put the lib lock back to its first state (there is one thread then). C_Initialize in the
 * child forgets the parent's state without touching it: store environments are not closed (lmdb.h),
 * secret pages were wiped by the kernel, and where somebody was inside, OpenSSL gets a new context.
 */
#ifndef TEE_CORE_LIB_H
#define TEE_CORE_LIB_H

#include "core/table.h"
#include "keyring/keyring.h"
#include "util/conf.h"

/* C_Initialize and C_Finalize (v3.2 5.4). */
NODISCARD CK_RV lib_initialize(void);
NODISCARD CK_RV lib_finalize(void);

/* Enter a call: CKR_CRYPTOKI_NOT_INITIALIZED before C_Initialize, after C_Finalize and in a forked
 * child. On CKR_OK the state stays until lib_leave(). */
NODISCARD CK_RV lib_enter(void);
void lib_leave(void);
/* AUTO(lib_leavep) bool in = false; TRY(lib_enter()); in = true; */
static inline void lib_leavep(const bool *in)
{
    if (*in)
        lib_leave();
}

/* Inside a call: the configuration. */
const struct conf *lib_conf(void);
/* The store without opening its keys; CKR_TOKEN_NOT_PRESENT when there is none. A reference. */
NODISCARD CK_RV lib_store(struct store **ret);
/* The keyring, opened at the first call (asks the device); a reference. CKR_TOKEN_NOT_PRESENT when
 * there is no store. Take it with no session mutex or token lock held by this thread that another
 * call could need. */
NODISCARD CK_RV lib_keyring(struct keyring **ret);
/* The keyring if it is open already, else NULL; a reference. */
struct keyring *lib_keyring_if_open(void);
/* C_InitToken's: open the store, or make it when there is none. */
NODISCARD CK_RV lib_keyring_create(struct keyring **ret);

/* A number that was never given in this process: session handles, session object ids. */
uint64_t lib_next_id(void);

/* For what sleeps (C_WaitForSlotEvent): how often the library has ended, read inside a call, and a
 * wait, outside, until it has ended once more than that. */
uint64_t lib_ends(void);
void lib_wait_for_end(uint64_t seen);

#endif
