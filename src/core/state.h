/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - C_GetOperationState and C_SetOperationState (v3.2 5.6): digests, saved and restored.
 *
 * What the application gets is a name, not the state: the state stays here. So nothing of what was
 * digested leaves the module (a saved digest of a key would hold its bytes), and a state that was
 * changed, or made up, is the name of nothing. A name is good in this process until C_Finalize, for
 * as long as STATES_MAX later states have not been saved, for the same token in the same session
 * state, any number of times. One of a digest with a private key in it ends with the login under
 * which that was digested.
 */
#ifndef TEE_CORE_STATE_H
#define TEE_CORE_STATE_H

#include "core/session.h"

#define STATES_MAX 1024 /* kept; each is some hundred bytes */

/* CKR_OPERATION_NOT_INITIALIZED: no operation, or none any more; CKR_STATE_UNSAVEABLE: one that is
 * no digest. */
NODISCARD CK_RV state_save(struct session *s, struct out *out);
/* All operations of the session end, and the saved one goes on. CKR_SAVED_STATE_INVALID; then and
 * with every other error nothing ends. */
NODISCARD CK_RV state_restore(struct session *s, struct span name, CK_OBJECT_HANDLE cipher_key,
                              CK_OBJECT_HANDLE signature_key);
/* The user of the token was logged out: what was saved under private keys goes. */
void states_drop_void(const struct token *t);
void states_clear(void);  /* C_Finalize */
void states_forget(void); /* forked child */

#endif
