/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mechanism.h - the mechanisms that the model knows, and what OpenSSL makes of the same key, data
 * and parameter.
 */
#ifndef TEE_TESTS_MODEL_MECHANISM_H
#define TEE_TESTS_MODEL_MECHANISM_H

#include <openssl/evp.h>

#include "call.h"
#include "util/span.h"

enum mech_id {
    MECH_SHA1,
    MECH_SHA256,
    MECH_SHA384,
    MECH_SHA512,
    MECH_HMAC_SHA256,
    MECH_HMAC_SHA512,
    MECH_CMAC,
    MECH_ECDSA,
    MECH_RSA,
    MECH_SHA256_RSA,
    MECH_OAEP,
    MECH_ECB,
    MECH_CBC,
    MECH_CBC_PAD,
    MECH_CTR,
    MECH_GCM,
    MECH_UNKNOWN, /* a number that the standard does not have */
    N_MECHS
};

struct mechanism {
    CK_MECHANISM_TYPE type;
    const char *name;
    unsigned ops;  /* BIT(enum op) */
    unsigned keys; /* BIT(enum kind), of whichever half the operation takes */
    bool multi;    /* may be given data in parts */
    bool has_parameter;
    size_t block;     /* of whole blocks only; 0: any length */
    size_t signature; /* bytes of it, or of the digest */
};

extern const struct mechanism mechanisms[N_MECHS];

/* The parameter as the standard wants it (variant 0), too short (1), or absent (2). Good until the
 * next call. */
#define VARIANT_SHORT  1u
#define VARIANT_ABSENT 2u
CK_MECHANISM mechanism_of(enum mech_id id, unsigned variant);

/* The key of an object: bytes of a secret, or a pair. */
struct key_bytes {
    enum kind kind;
    struct span secret;
    EVP_PKEY *pair; /* borrowed; NULL: a secret */
};

#define OUT_MAX 1024u
/* What comes of the data: a ciphertext, a text, a digest, a signature. False: OpenSSL refuses the
 * data. Not for mechanisms whose result is random. */
bool oracle_run(enum op op, enum mech_id id, const struct key_bytes *k, struct span in,
                uint8_t ret[OUT_MAX], size_t *ret_n);
/* Is it a signature of the data, or (OP_ENCRYPT) a ciphertext of it? */
bool oracle_holds(enum op op, enum mech_id id, const struct key_bytes *k, struct span in,
                  struct span result);
/* Does the operation give something else every time? */
bool oracle_is_random(enum op op, enum mech_id id);

#endif
