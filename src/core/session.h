/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h - sessions: looked up and referenced in one critical section, then locked by their own
 * mutex for the call. Handles are never given twice in a process.
 */
#ifndef TEE_CORE_SESSION_H
#define TEE_CORE_SESSION_H

#include "core/token.h"
#include "core/used.h"
#include "crypto/message.h"

/* The operation in one of a session's slots (core/operation.c). */
struct session_op {
    struct op *op;             /* NULL: no operation */
    struct used *used;         /* what is to be told of it; NULL: nothing */
    bool has_signature;        /* C_VerifySignatureInit: `signature` is what is verified */
    struct buf signature;
    bool fed;                  /* multi-part data was given */
    bool is_private;           /* a private object's value is in it: dies with its login */
    uint64_t login_generation; /* of that login */
    bool needs_login;          /* CKA_ALWAYS_AUTHENTICATE, and not authenticated yet */
};

/* A message-based process (core/process.c). */
struct session_process {
    struct message *message; /* NULL: none */
    struct used *used;       /* what is told of each message, and of the one that is begun */
    struct used *now;
    bool is_private;         /* as above */
    uint64_t login_generation;
    bool asks_login;  /* the key is CKA_ALWAYS_AUTHENTICATE: before each message */
    bool needs_login; /* the next message, or the one begun, has not had it yet */
};

struct session {
    CK_SESSION_HANDLE handle;
    struct token *token;
    bool rw;
    bool has_objects; /* it may have session objects of its own */
    struct session_op ops[OP_N_KINDS];
    struct session_process processes[MESSAGE_N_KINDS];
    struct used *uses; /* of keys by the call that is running */
    bool finding; /* C_FindObjectsInit was called */
    CK_OBJECT_HANDLE *found;
    size_t n_found, next_found;
};

/* Enter a call on a session: library, table, reference, mutex. CKR_CRYPTOKI_NOT_INITIALIZED,
 * CKR_SESSION_HANDLE_INVALID. Undone by session_leave(). */
NODISCARD CK_RV session_enter(CK_SESSION_HANDLE h, struct session **ret);
void session_leave(struct session *s); /* NULL is allowed */
DEFINE_AUTO(session_leavep, struct session, session_leave)

/* C_OpenSession. CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_RECOGNIZED, CKR_SESSION_READ_WRITE_SO_EXISTS,
 * CKR_DEVICE_ERROR. */
NODISCARD CK_RV session_open(CK_SLOT_ID slot, bool rw, CK_SESSION_HANDLE *ret);
NODISCARD CK_RV session_close(CK_SESSION_HANDLE h);
/* C_CloseAllSessions on one slot. */
void sessions_close_slot(CK_SLOT_ID slot);
void sessions_close_all(void); /* C_Finalize */
void sessions_forget(void);    /* forked child */
void sessions_count(CK_SLOT_ID slot, CK_ULONG *ret_all, CK_ULONG *ret_rw);
/* The end of a call that may have used keys: tells of them, and returns rv. A length query and a
 * lack of room (out may be NULL: none) are no use. */
CK_RV session_uses_end(struct session *s, CK_RV rv, const struct out *out);
static inline CK_RV session_used(struct session *s, CK_RV rv, const struct out *out)
{
    return __builtin_expect(s->uses == NULL, 1) ? rv : session_uses_end(s, rv, out);
}
/* C_Logout, by a call inside `s`. CKR_USER_NOT_LOGGED_IN. */
NODISCARD CK_RV session_log_out(struct session *s);
/* The user of the token of `s`, which this call is inside of, has been logged out. What that made
 * void is dropped now, whatever session has it, and what was saved of it: no private key's value is
 * left. Only a session that another call is inside of drops its own when that call leaves. */
void sessions_drop_void(struct session *s);
/* CK_SESSION_INFO's state. */
CK_STATE session_state(struct session *s);

/* May this session make or change such an object? CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN. */
NODISCARD CK_RV session_may_write(struct session *s, bool token_object, bool private_object);

#endif
