/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kit.h - for every mechanism that the token lists: a key that it takes, a parameter, and an input
 * that fits. So a test can go through C_GetMechanismList and use them all.
 */
#ifndef TEE_TESTS_KIT_H
#define TEE_TESTS_KIT_H

#include "support/reference.h"

struct kit {
    CK_MECHANISM m;
    CK_FLAGS flags;                   /* as C_GetMechanismInfo has them */
    CK_OBJECT_HANDLE public, private; /* the same for secret keys; none for digests */
    CK_ULONG n_in;                    /* bytes of input */
};

/* Make the keys, as session objects of a user session; once. */
void kits_setup(CK_SESSION_HANDLE h);
/* The types of C_GetMechanismList; fails the test when there are more than `room`. */
CK_ULONG kits_list(CK_MECHANISM_TYPE *ret, CK_ULONG room);
/* The kit of a mechanism. One that uses keys or data and has no kit fails the test: whoever adds a
 * row to the module's table adds one here. False: it only makes keys. */
bool kit_of(CK_MECHANISM_TYPE type, struct kit *ret);

#endif
