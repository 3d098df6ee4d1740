/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.h - message-based processes (PKCS#11 v3.2 5.9, 5.11, 5.14, 5.16): one mechanism and key
 * for any number of messages, each with a parameter of its own. core/process.c decides (session
 * state, key, usage, login); this computes.
 *
 * Encryption and decryption are those of the AEAD classes: the IV, given or made here, and the tag
 * stand in the message's parameter, CK_GCM_MESSAGE_PARAMS and the like, and the application writes
 * and reads them there. Signatures take no parameter per message; that of C_MessageSignInit serves
 * them all.
 *
 * Output follows util/span.h's rule: a length query or CKR_BUFFER_TOO_SMALL uses nothing up, no
 * part, no IV. Any other error of a call ends the message that it is about, not the process. An IV
 * that was made is never made again in its process, whatever became of the message.
 */
#ifndef TEE_CRYPTO_MESSAGE_H
#define TEE_CRYPTO_MESSAGE_H

#include "crypto/op.h"

enum message_kind {
    MESSAGE_ENCRYPT,
    MESSAGE_DECRYPT,
    MESSAGE_SIGN,
    MESSAGE_VERIFY,
    MESSAGE_N_KINDS
};

struct message;

/* The parameter that a C_* function was given with a message. */
struct message_arg {
    void *p;
    CK_ULONG n;
};

/* Which flags C_GetMechanismInfo adds for messages: CKF_MESSAGE_, CKF_MULTI_MESSAGE. */
CK_FLAGS message_flags(const struct mech *row);

/* Begin a process. m's parameter: for signatures as always; for encryption none, or one of the kind
 * that messages have, which is not looked into. A reference to the key is taken.
 * CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, and what op_start() says. */
NODISCARD CK_RV message_start(enum message_kind kind, const struct mech *row, const CK_MECHANISM *m,
                              struct key *key, struct message **ret);
void message_free(struct message *m); /* wipes; NULL is allowed */
DEFINE_AUTO(message_freep, struct message, message_free)

/* Is a message in parts under way? */
bool message_is_begun(const struct message *m);

/* Encryption and decryption; `last`: the message ends with this part. CKR_OPERATION_ACTIVE,
 * CKR_OPERATION_NOT_INITIALIZED: a message is, or is not, under way. CKR_MECHANISM_PARAM_INVALID,
 * CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_AEAD_DECRYPT_FAILED. */
NODISCARD CK_RV message_crypt_once(struct message *m, struct message_arg arg, struct span aad,
                                   struct span in, struct out *out);
NODISCARD CK_RV message_crypt_begin(struct message *m, struct message_arg arg, struct span aad);
NODISCARD CK_RV message_crypt_next(struct message *m, struct message_arg arg, struct span in,
                                   bool last, struct out *out);

/* Signatures and their verification. */
NODISCARD CK_RV message_begin(struct message *m, struct message_arg arg);
NODISCARD CK_RV message_update(struct message *m, struct message_arg arg, struct span in);
NODISCARD CK_RV message_sign_once(struct message *m, struct message_arg arg, struct span in,
                                  struct out *out);
NODISCARD CK_RV message_sign_last(struct message *m, struct message_arg arg, struct span in,
                                  struct out *out);
NODISCARD CK_RV message_verify_once(struct message *m, struct message_arg arg, struct span in,
                                    struct span signature);
NODISCARD CK_RV message_verify_last(struct message *m, struct message_arg arg, struct span in,
                                    struct span signature);

#endif
