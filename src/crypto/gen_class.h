/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_class.h - the classes behind gen.h: one per way of making, deriving or wrapping keys. A
 * method that is NULL is not done by the class. Private to crypto/.
 *
 * Methods need not undo what they added when they fail: gen.c does, by the list of what they add.
 */
#ifndef TEE_CRYPTO_GEN_CLASS_H
#define TEE_CRYPTO_GEN_CLASS_H

#include "crypto/gen.h"
#include "crypto/params.h"

struct gen_class {
    const char *name;
    const CK_ATTRIBUTE_TYPE *adds; /* what the methods add or fill in */
    size_t n_adds;
    CK_RV (*key)(const struct mech *row, struct attrs *a);
    CK_RV (*pair)(const struct mech *row, struct attrs *public_key, struct attrs *private_key);
    CK_RV(*derive)
    (const struct mech *row, const union mech_param *param, struct key *base, struct attrs *a);
    /* Wrapping is the row's encryption, unwrapping its decryption (gen_wrap.c). */
    bool wraps_secrets, wraps_privates;
    bool unwraps_secrets, unwraps_privates;
    bool secrets_relaxed; /* unwraps secrets only where the rule wrap-mechanisms does not hold */
    size_t fills_up;      /* plaintext gets zeros behind it to a multiple of these (KW, ECB, CBC) */
};

extern const struct gen_class gen_secret; /* random bytes of the length asked for */
extern const struct gen_class gen_rsa;    /* RSA pairs */
extern const struct gen_class gen_ec;     /* pairs on elliptic curves of all three forms */
extern const struct gen_class gen_ecdh, gen_ecdh_cofactor; /* derivation */
extern const struct gen_class gen_wrap_kw, gen_wrap_kwp, gen_wrap_oaep;
extern const struct gen_class gen_wrap_cbc_pad, gen_wrap_blocks, gen_wrap_rsa_pkcs;
extern const struct gen_class gen_dek; /* refuses: core/ handles it before */

#endif
