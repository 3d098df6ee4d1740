/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * side.h - one contestant inside its own process: raw OpenSSL, or a module with its token.
 */
#ifndef TEE_BENCH_SIDE_H
#define TEE_BENCH_SIDE_H

#include <openssl/evp.h>

#include "bench/options.h"
#include "bench/p11.h"

#define SIDE_RUN 24 /* room for the name of a run */

enum key_kind {
    KEY_NONE,
    KEY_RSA2048,
    KEY_RSA3072,
    KEY_RSA4096,
    KEY_P256,
    KEY_P384,
    KEY_ED25519,
    KEY_AES256,
    KEY_HMAC,
    KEY_N_KINDS
};

struct side {
    const struct options *opts;
    const char *path;            /* of the module; NULL: raw OpenSSL */
    char token[P11_LABEL + 1];   /* of the module's token */
    char run[SIDE_RUN];          /* unique to the run; in the label of every key it makes */
    struct p11 p11;              /* the module */
    EVP_PKEY *pkey[KEY_N_KINDS]; /* raw's keys, or the module's exported public keys; owned */
    size_t n_grown;              /* keys that populating is known to have reached */
    size_t n_refused;            /* populating to so many failed; 0: none failed */
    CK_RV refusal;               /* with this */
    char pem[64];                /* raw's P-256 key for started processes; "" until written */
};

static inline bool side_is_raw(const struct side *s)
{
    return s->path == NULL;
}

#endif
