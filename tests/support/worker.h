/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - what a thread or a process of an application does all day: find, sign, verify, create,
 * read, change, destroy. Answers with what went wrong first; never fails the test itself, because
 * cmocka's assertions are for the main thread alone.
 */
#ifndef TEE_TESTS_WORKER_H
#define TEE_TESTS_WORKER_H

#include "support/module.h"

struct failure {
    const char *what; /* the call, or what was not as it should be; NULL: nothing went wrong */
    CK_RV rv;
    int line;
};

/* Keys and data that all workers share: made once, as token objects. */
void worker_setup(CK_SESSION_HANDLE user);

/* One round in a session of a user that is logged in; `number` makes its own objects its own. */
struct failure worker_round(CK_SESSION_HANDLE h, unsigned number);

/* A data object that stays, and whether it is there; `number` is its own. */
struct failure worker_keep(CK_SESSION_HANDLE h, unsigned number);
struct failure worker_find_kept(CK_SESSION_HANDLE h, unsigned number, bool *ret);

/* Every data object that may be seen is whole: its value is what its label says. Objects that were
 * destroyed in between are none. Returns how many there are in *ret_n. */
struct failure worker_check(CK_SESSION_HANDLE h, CK_ULONG *ret_n);

/* Fails the test if something went wrong. */
void assert_no_failure(struct failure f);

#endif
