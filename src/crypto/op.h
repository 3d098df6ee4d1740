/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op.h - a running cryptographic operation, and the classes that carry it out.
 *
 * core/op.c decides (session state, key, usage, login); this layer computes. An operation owns all
 * it needs: a copy of the parameter, a reference to the key, its contexts. One thread at a time.
 *
 * Output: every function that produces bytes follows util/span.h's rule. A length query or
 * CKR_BUFFER_TOO_SMALL consumes nothing: the same call again with room gives the result. Where the
 * exact length is known only afterwards (unpadding, RSA decryption) op_once() computes anew, on
 * what it is given then; what op_final() computed is held, and delivered when there is room.
 */
#ifndef TEE_CRYPTO_OP_H
#define TEE_CRYPTO_OP_H

#include "crypto/mech.h"

enum op_kind {
    OP_ENCRYPT,
    OP_DECRYPT,
    OP_DIGEST,
    OP_SIGN,
    OP_VERIFY,
    OP_SIGN_RECOVER,
    OP_VERIFY_RECOVER,
    OP_N_KINDS
};

/* Start: parse m's parameter, set up contexts. The row must have the flag of `kind` and the key
 * must fit (core/ checked both). key is NULL for digests; a reference is taken.
 * CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE, CKR_FUNCTION_FAILED, ... */
NODISCARD CK_RV op_start(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m,
                         struct key *key, struct op **ret);
/* Who makes the result of a row that is MECH_OF_TOKEN: once per input, then it is held until it is
 * delivered. `arg` is freed with the operation. */
typedef CK_RV op_make_fn(void *arg, struct span in, struct buf *ret);
void op_set_maker(struct op *o, op_make_fn *make, void *arg, void (*free_arg)(void *arg));
void op_free(struct op *o); /* wipes; NULL is allowed */
DEFINE_AUTO(op_freep, struct op, op_free)
/* Another operation in the same state, which goes on by itself. CKR_STATE_UNSAVEABLE: the class
 * can't be copied, or a result is held. */
NODISCARD CK_RV op_copy(const struct op *o, struct op **ret);
/* Single part: encrypt, decrypt, digest, sign. Multi-part-only state must be untouched so far. */
NODISCARD CK_RV op_once(struct op *o, struct span in, struct out *out);
/* After op_once() was CKR_BUFFER_TOO_SMALL: was the key used to find that out? What came out is
 * forgotten, and the next call uses the key again, on what that one is given. */
bool op_has_computed(const struct op *o);
/* Multi part; `out` is NULL for sign, verify and digest. CKR_FUNCTION_NOT_SUPPORTED where the
 * mechanism is single-part only. */
NODISCARD CK_RV op_update(struct op *o, struct span in, struct out *out);
NODISCARD CK_RV op_final(struct op *o, struct out *out);
/* Verify a signature over what was fed by op_update() (final), or over `in` (once).
 * CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
NODISCARD CK_RV op_verify_final(struct op *o, struct span signature);
NODISCARD CK_RV op_verify_once(struct op *o, struct span in, struct span signature);
/* False for single-part mechanisms (CKM_ECDSA, CKM_RSA_PKCS, ...). */
bool op_is_multipart(const struct op *o);
const struct mech *op_mech(const struct op *o);

#endif
