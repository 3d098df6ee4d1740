/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * everything.h - every function of the standard's lists in ordinary use, by a thread of an
 * application among others: what comes is checked, by whoever calls, and who calls what is counted,
 * so that a test can see that no function was left out.
 *
 * Threads take their functions from the three lists in turn. Never fails the test itself: cmocka's
 * assertions are for the main thread alone.
 */
#ifndef TEE_TESTS_EVERYTHING_H
#define TEE_TESTS_EVERYTHING_H

#include <stdatomic.h>

#include "support/worker.h"

#define N_FUNCTIONS ((sizeof(CK_FUNCTION_LIST_3_2) - sizeof(void *)) / sizeof(void *))
#define FUNCTION(name)                                                                             \
    ((offsetof(CK_FUNCTION_LIST_3_2, name) - offsetof(CK_FUNCTION_LIST_3_2, C_Initialize)) /       \
     sizeof(void *))
#define NO_FUNCTION N_FUNCTIONS

/* One thread. */
struct user {
    unsigned number;
    bool alone;         /* nobody logs out, closes its session or ends the library meanwhile */
    CK_SESSION_HANDLE h;
    atomic_uint inside; /* the function that it is in, or NO_FUNCTION */
    bool gave_up;       /* this group: somebody came between */
    struct failure failure;
};

extern atomic_ulong everything_called[N_FUNCTIONS], everything_good[N_FUNCTIONS];

/* The lists, and keys that everybody uses: public token objects. In a session of the user. */
void everything_setup(CK_SESSION_HANDLE user);

/* A group of functions that belong together; there are so many. Opens a session of its own. */
#define N_GROUPS 10u
void everything_group(struct user *u, unsigned group);
/* What is for a thread of its own: login, logout, PINs, and all sessions closed at once. */
void everything_logins(struct user *u);
void everything_close_all(struct user *u);
void everything_pins(struct user *u);
/* C_Finalize and C_Initialize. */
void everything_restart(struct user *u);

/* All of the above by number: the groups, then those that are for somebody alone. */
#define N_USES      (N_GROUPS + 4u)
#define USE_RESTART (N_USES - 1u)
void everything_use(struct user *u, unsigned what);

/* "C_Encrypt" */
const char *everything_name(unsigned function);

#endif
