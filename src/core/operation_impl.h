/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operation_impl.h - the operations in a session's slots, for operation.c and the files that build
 * on it: dual.c, verify_signature.c, state.c. Private to core/; the session is locked.
 */
#ifndef TEE_CORE_OPERATION_IMPL_H
#define TEE_CORE_OPERATION_IMPL_H

#include "core/operation.h"

/* The running operation of that kind, if it still may go on. CKR_OPERATION_NOT_INITIALIZED: none,
 * or one that C_VerifySignatureInit began. */
NODISCARD CK_RV operation_running(struct session *s, enum op_kind kind, struct session_op **ret);
/* End it: with its result, or given up. */
void session_op_end(struct session_op *o, CK_RV rv);
void session_op_clear(struct session_op *o);
/* End it if a logout made it void. */
void session_op_drop_void(struct session *s, struct session_op *o);
/* Give it a part; an error ends it. */
NODISCARD CK_RV session_op_update(struct session_op *o, struct span in, struct out *out);

#endif
