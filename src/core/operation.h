/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operation.h - the operation engine: encrypt, decrypt, digest, sign, verify and the recover
 * functions are the same few calls with another enum op_kind.
 *
 * A length query and CKR_BUFFER_TOO_SMALL leave the operation as it was; anything else that a
 * single-part or final call returns ends it, and so does an error of an update (v3.2 5.2, 5.8 ff).
 */
#ifndef TEE_CORE_OPERATION_H
#define TEE_CORE_OPERATION_H

#include "core/session.h"

/* C_*Init. m NULL: cancel the operation of that kind (v3.0 and later). CKR_OPERATION_ACTIVE,
 * CKR_MECHANISM_INVALID, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
 * CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_PARAM_INVALID. `key` is ignored for OP_DIGEST. */
NODISCARD CK_RV operation_init(struct session *s, enum op_kind kind, const CK_MECHANISM *m,
                               CK_OBJECT_HANDLE key);
/* C_Encrypt, C_Decrypt, C_Digest, C_Sign, C_SignRecover, C_VerifyRecover. */
NODISCARD CK_RV operation_once(struct session *s, enum op_kind kind, struct span in,
                               struct out *out);
/* C_*Update; out is NULL for sign, verify and digest. */
NODISCARD CK_RV operation_update(struct session *s, enum op_kind kind, struct span in,
                                 struct out *out);
NODISCARD CK_RV operation_final(struct session *s, enum op_kind kind, struct out *out);
/* C_Verify, C_VerifyFinal. */
NODISCARD CK_RV operation_verify_once(struct session *s, struct span in, struct span signature);
NODISCARD CK_RV operation_verify_final(struct session *s, struct span signature);
/* C_VerifySignatureInit, ...: the signature comes first (v3.2 5.15). */
NODISCARD CK_RV operation_signature_init(struct session *s, const CK_MECHANISM *m,
                                         CK_OBJECT_HANDLE key, struct span signature);
NODISCARD CK_RV operation_signature_once(struct session *s, struct span in);
NODISCARD CK_RV operation_signature_update(struct session *s, struct span in);
NODISCARD CK_RV operation_signature_final(struct session *s);
/* The dual-function calls (v3.2 5.17): encrypt a part, and let the digest or signature `other` have
 * it too; decrypt a part, and let the digest or verification have what came out. Without output
 * nothing is passed on. An error ends the operation that it is about. */
NODISCARD CK_RV operation_encrypt_also(struct session *s, enum op_kind other, struct span in,
                                       struct out *out);
NODISCARD CK_RV operation_decrypt_also(struct session *s, enum op_kind other, struct span in,
                                       struct out *out);
/* C_DigestKey. */
NODISCARD CK_RV operation_digest_key(struct session *s, CK_OBJECT_HANDLE key);
/* C_Login(CKU_CONTEXT_SPECIFIC): authenticate the operation that waits for it. */
NODISCARD CK_RV operation_authenticate(struct session *s, struct span pin);
/* C_SessionCancel: by CKF_ flags. */
void operations_cancel(struct session *s, CK_FLAGS flags);
void operations_end(struct session *s); /* the session closes */
/* What a logout made void goes, with what it has of private keys (session.h). */
void operations_drop_void(struct session *s);

/* May `o` be used with the row in this way? Class and type, usage attribute, size, allowed
 * mechanisms. Used by core/key.c for wrap, unwrap and derive too. */
NODISCARD CK_RV key_permits(const struct object *o, const struct key *k, const struct mech *row,
                            CK_FLAGS flag, CK_ATTRIBUTE_TYPE usage);
/* The key object of a handle: CKR_KEY_HANDLE_INVALID when there is none, or it is no key. */
NODISCARD CK_RV key_object(struct session *s, CK_OBJECT_HANDLE h, struct object **ret);

#endif
