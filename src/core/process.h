/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - the message-based processes of a session (v3.2 5.9, 5.11, 5.14, 5.16): one of each
 * kind at a time, beside the session's operations. What computes is crypto/message.h.
 *
 * A key with CKA_ALWAYS_AUTHENTICATE asks for its PIN before every message, as it does before every
 * C_Sign: whoever got past one PIN has one message.
 */
#ifndef TEE_CORE_PROCESS_H
#define TEE_CORE_PROCESS_H

#include "core/session.h"

/* C_Message*Init. m NULL: end the process of that kind. Codes of operation_init(). */
NODISCARD CK_RV process_init(struct session *s, enum message_kind kind, const CK_MECHANISM *m,
                             CK_OBJECT_HANDLE key);
/* C_Message*Final. CKR_OPERATION_ACTIVE: in the middle of a message. */
NODISCARD CK_RV process_final(struct session *s, enum message_kind kind);

/* C_EncryptMessage, C_DecryptMessage, and in parts. Codes of crypto/message.h, and
 * CKR_USER_NOT_LOGGED_IN where the PIN is missing: that message ends, the process goes on. */
NODISCARD CK_RV process_crypt_once(struct session *s, enum message_kind kind,
                                   struct message_arg arg, struct span aad, struct span in,
                                   struct out *out);
NODISCARD CK_RV process_crypt_begin(struct session *s, enum message_kind kind,
                                    struct message_arg arg, struct span aad);
NODISCARD CK_RV process_crypt_next(struct session *s, enum message_kind kind,
                                   struct message_arg arg, struct span in, CK_FLAGS flags,
                                   struct out *out);

/* C_SignMessageBegin, C_VerifyMessageBegin; a part that is not the last. */
NODISCARD CK_RV process_begin(struct session *s, enum message_kind kind, struct message_arg arg);
NODISCARD CK_RV process_update(struct session *s, enum message_kind kind, struct message_arg arg,
                               struct span in);
/* The whole message, or (`last`) its last part. */
NODISCARD CK_RV process_sign(struct session *s, struct message_arg arg, struct span in, bool last,
                             struct out *out);
NODISCARD CK_RV process_verify(struct session *s, struct message_arg arg, struct span in, bool last,
                               struct span signature);

/* For operation.c. The process that waits for its PIN; NULL: none. */
struct session_process *process_waiting(struct session *s);
void processes_cancel(struct session *s, CK_FLAGS flags); /* by CKF_MESSAGE_ flags */
void processes_drop_void(struct session *s);              /* operations_drop_void() */
bool process_is_active(struct session *s);

#endif
