/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_sign.h - signatures by a key of this machine's tokens in the form that X.509 has them, for
 * certificate requests and statements.
 */
#ifndef TEE_CLI_KEY_SIGN_H
#define TEE_CLI_KEY_SIGN_H

#include <openssl/evp.h>

#include "cli/own_key.h"

/* How keys of a type sign. */
struct key_scheme {
    int type;     /* EVP_PKEY_ */
    int max_bits; /* of keys that this hash is enough for; 0: all */
    CK_MECHANISM_TYPE mechanism;
    int algorithm; /* NID, of X.509 */
    int param;     /* V_ASN1_: its parameter there */
};

/* The scheme of a public key; NULL: keys of its type don't sign. */
const struct key_scheme *key_scheme_of(const EVP_PKEY *pkey);
/* Sign, appended. Errors of C_SignInit and C_Sign. */
NODISCARD CK_RV key_sign(struct own_key *k, const struct key_scheme *scheme, struct span in,
                         struct buf *ret);

#endif
