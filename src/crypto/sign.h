/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign.h - signature schemes over a digest or raw input: RSA PKCS#1 v1.5, PSS and bare, ECDSA. Used
 * by op_raw_sign.c (the application gives the digest) and op_hash_sign.c (the token makes it).
 *
 * Their EVP_PKEY_CTXs sign any number of times, and stay with the key. Private to crypto/.
 */
#ifndef TEE_CRYPTO_SIGN_H
#define TEE_CRYPTO_SIGN_H

#include "crypto/op_class.h"

struct sign_scheme {
    /* Set the padding of a new context. NULL: nothing to set. */
    CK_RV (*set_up)(const struct op *o, EVP_PKEY_CTX *ctx);
    /* What of the parameter set_up() depends on. NULL: nothing. */
    void (*variant)(const struct op *o, CK_ULONG ret[3]);
    /* Is the key fit for the parameter? NULL: always. */
    CK_RV (*check_key)(const struct op *o);
    /* May this much be signed, without hashing? */
    CK_RV (*check_input)(const struct op *o, size_t n);
    /* Bytes of a signature. */
    size_t (*size)(const struct key *k);
    CK_RV (*check_signature)(const struct key *k, size_t n);
    /* Most bytes that the data inside a signature can have. NULL: there are none inside. */
    size_t (*recovers)(const struct key *k);
    CK_RV (*sign)(struct op *o, struct span digest, uint8_t *ret);
    CK_RV (*verify)(struct op *o, struct span digest, struct span signature);
};

extern const struct sign_scheme sign_rsa_pkcs;
extern const struct sign_scheme sign_rsa_x509;
extern const struct sign_scheme sign_rsa_pss;
extern const struct sign_scheme sign_ecdsa;

/* `in` as a number of n bytes, at `scratch` if it is shorter; it is never longer. */
struct span rsa_number(struct span in, size_t n, uint8_t *scratch);

/* Get the operation's context, ready to sign or verify. */
NODISCARD CK_RV sign_start(struct op *o);
/* Sign or verify `digest` with it. The output rule is followed. */
NODISCARD CK_RV sign_digest(struct op *o, struct span digest, struct out *out);
NODISCARD CK_RV sign_verify(struct op *o, struct span digest, struct span signature);

#endif
