/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.h - a call of an application, as the model test draws it: functions, sessions and objects by
 * number, so that the same call can be made on any token, and a sequence of them stays one when
 * some are taken out.
 *
 * Sessions and objects are variables of the application. A call that makes one puts it into a
 * variable; one that uses it names the variable. What was in a variable that nobody filled, or that
 * was closed or destroyed since, is a handle that is not good.
 */
#ifndef TEE_TESTS_MODEL_CALL_H
#define TEE_TESTS_MODEL_CALL_H

#include <stdio.h>

#include "attribute.h"

#define N_SESSIONS 4 /* one more is the handle that never was good */
#define N_OBJECTS  8 /* likewise */
#define MAX_ITEMS  24
#define MAX_GET    4
#define N_REGISTERS 4
#define FROM_PATTERN N_REGISTERS /* not from a register */

enum fn {
    FN_OPEN,
    FN_CLOSE,
    FN_CLOSE_ALL,
    FN_SESSION_INFO,
    FN_TOKEN_INFO,
    FN_LOGIN,
    FN_LOGOUT,
    FN_INIT_PIN,
    FN_SET_PIN,
    FN_CREATE,
    FN_COPY,
    FN_DESTROY,
    FN_GET,
    FN_SET,
    FN_FIND_INIT,
    FN_FIND,
    FN_FIND_FINAL,
    FN_GENERATE,
    FN_INIT,   /* with `op`: C_EncryptInit, ... */
    FN_ONCE,   /* C_Encrypt, ... */
    FN_UPDATE, /* C_EncryptUpdate, ... */
    FN_FINAL,  /* C_EncryptFinal, ... */
    FN_CANCEL,
    FN_DIGEST_KEY,
    FN_RANDOM,
    FN_RESTART, /* C_Finalize and C_Initialize */
    N_FNS
};

enum op { OP_ENCRYPT, OP_DECRYPT, OP_DIGEST, OP_SIGN, OP_VERIFY, N_OPS };

/* One attribute of a template: which, and which of its values (attribute.h). */
struct item {
    enum at at;
    unsigned choice;
};

/* How much room is offered for an output. */
#define ROOM_QUERY 0xffffu

struct call {
    enum fn fn;
    enum op op;
    unsigned number;   /* the call's own, in its sequence from 1: what it makes is called so */
    unsigned session;
    unsigned object;   /* what is used */
    unsigned into;     /* the variable, or register, that gets the result */
    enum kind kind;    /* of the object that is made */
    unsigned mech;     /* mechanism.h */
    unsigned variant;  /* of its parameter */
    CK_USER_TYPE user;
    unsigned pin, new_pin;
    CK_FLAGS flags;
    unsigned n_items;
    struct item items[MAX_ITEMS];
    unsigned rooms[MAX_GET]; /* C_GetAttributeValue's */
    unsigned from;     /* input: a register, or FROM_PATTERN */
    unsigned n_in, fill;
    unsigned signature; /* likewise: C_Verify's, C_VerifyFinal's */
    unsigned room;
};

#define MAX_CALLS 80

struct sequence {
    uint64_t seed;
    unsigned n;
    struct call calls[MAX_CALLS];
};

/* The PINs of a sequence: 0 is the user's at its beginning, 1 the SO's, the others are others; the
 * last one is too short. */
#define N_PINS      5
#define PIN_USER    0
#define PIN_SO      1
#define PIN_SHORT   4
extern const char *const pins[N_PINS];

/* The name of the standard. */
const char *call_name(const struct call *c);
/* The whole call, as somebody would write it down. */
void call_print(FILE *f, const struct call *c);

#endif
