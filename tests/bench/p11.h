/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * p11.h - one PKCS#11 module: loaded by path, its token, sessions and searches.
 *
 * Everything goes through the function list of C_GetFunctionList. A module is `up` between p11_up()
 * and p11_down(): C_Initialize was called and one read-write session holds the user's login. Object
 * and session handles do not outlive p11_down().
 */
#ifndef TEE_BENCH_P11_H
#define TEE_BENCH_P11_H

#include "bench/template.h"
#include "util/pkcs11.h"

#define P11_PIN_MAX 64
#define P11_LABEL   32 /* bytes of a token label */

struct p11 {
    CK_FUNCTION_LIST *f;
    CK_UTF8CHAR token[P11_LABEL]; /* label, padded with blanks */
    CK_UTF8CHAR pin[P11_PIN_MAX];
    CK_ULONG n_pin;
    CK_SLOT_ID slot;           /* valid while up */
    CK_SESSION_HANDLE session; /* valid while up */
    bool up;
    char *parameters; /* of C_Initialize, for NSS; NULL: none */
};

/* Load the module; token is the label of its token, pin the user's. CKR_GENERAL_ERROR with a
 * message on stderr when it cannot be loaded; CKR_ARGUMENTS_BAD for a label or PIN too long. */
NODISCARD CK_RV p11_load(struct p11 *m, const char *path, const char *token, const char *pin);
/* C_InitToken on the first slot without a token's initialisation, and C_InitPIN; leaves the module
 * down. CKR_SLOT_ID_INVALID when every slot is taken. */
NODISCARD CK_RV p11_make_token(struct p11 *m, const char *so_pin);
/* Initialise, find the slot by the token's label, open the session, log in. Down again on failure.
 * CKR_TOKEN_NOT_PRESENT when no slot has the label. */
NODISCARD CK_RV p11_up(struct p11 *m);
/* The same without logging in; only while it is down. */
NODISCARD CK_RV p11_up_public(struct p11 *m);
/* C_Finalize; does nothing when down. */
void p11_down(struct p11 *m);
/* C_Initialize with operating system locks. */
NODISCARD CK_RV p11_initialize(struct p11 *m);
/* C_Login as the user on the session that holds the login. */
NODISCARD CK_RV p11_login(struct p11 *m);
/* A further read-write session; the caller closes it. */
NODISCARD CK_RV p11_session(const struct p11 *m, CK_SESSION_HANDLE *ret);

/* The object that the template matches. FAULT_WRONG unless exactly one came back. */
NODISCARD CK_RV p11_find_one(const struct p11 *m, CK_SESSION_HANDLE session, struct template *t,
                             CK_OBJECT_HANDLE *ret);
/* Up to room (> 0) matching objects into ret, how many into *ret_n. */
NODISCARD CK_RV p11_find(const struct p11 *m, CK_SESSION_HANDLE session, struct template *t,
                         CK_OBJECT_HANDLE *ret, size_t room, size_t *ret_n);
/* The value of one attribute, at most *inout_n bytes, into ret. */
NODISCARD CK_RV p11_attribute(const struct p11 *m, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                              uint8_t *ret, size_t *inout_n);

#endif
