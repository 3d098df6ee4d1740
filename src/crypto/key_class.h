/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_class.h - inside a ready key, and the classes that make keys of each type from attributes.
 * Private to crypto/.
 */
#ifndef TEE_CRYPTO_KEY_CLASS_H
#define TEE_CRYPTO_KEY_CLASS_H

#include <openssl/evp.h>

#include "crypto/curve.h"
#include "crypto/key.h"
#include "crypto/pool.h"

#define RSA_MIN_PRIVATE 2048 /* bits: to sign, decrypt, encrypt, be generated or imported */
#define RSA_MIN_PUBLIC  1024 /* to verify old signatures */
#define RSA_MAX         8192
#define RSA_MAX_BYTES   (RSA_MAX / 8)
#define SECRET_KEY_MAX  4096 /* bytes of a generic secret */

struct key {
    atomic_uint refs;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_ULONG bits;
    const struct curve *curve; /* elliptic curve keys */
    EVP_PKEY *pkey;            /* NULL: a secret key */
    struct buf value;          /* secret keys */
    struct pools pools;        /* contexts set up with this key */
};

struct key_class {
    CK_KEY_TYPE type;
    CK_ULONG min, max; /* secret keys: bytes of the value */
    CK_ULONG step;     /* which has a multiple of this */
    /* Fill in k->pkey or k->value, k->bits, k->curve. Fast: it trusts what key_complete() checked.
     */
    CK_RV (*load)(const struct attrs *a, struct key *k);
    /* key_complete() for this type; `class` is CKA_CLASS. */
    CK_RV (*complete)(const struct key_class *c, CK_OBJECT_CLASS class, struct attrs *a);
    /* A private key's own attributes from an EVP_PKEY; CKR_KEY_TYPE_INCONSISTENT when it is of
     * another type. NULL: no asymmetric keys. */
    CK_RV (*store)(EVP_PKEY *pkey, struct attrs *a);
};

extern const struct key_class key_class_rsa;
extern const struct key_class key_class_ec;
extern const struct key_class key_class_edwards;
extern const struct key_class key_class_montgomery;

/* NULL: the token has no keys of the type. */
const struct key_class *key_class_find(CK_KEY_TYPE type);

/* Make an EVP_PKEY of OpenSSL's key type `name`; is_private: both halves. Any failure that is not
 * lack of memory is `otherwise`. */
NODISCARD CK_RV pkey_from_params(const char *name, bool is_private, const OSSL_PARAM *params,
                                 CK_RV otherwise, EVP_PKEY **ret);
/* Set an attribute to a number of the key, big-endian: of its own length (zero: empty), or (n > 0)
 * of n bytes. */
NODISCARD CK_RV pkey_number(const EVP_PKEY *pkey, const char *param, struct attrs *a,
                            CK_ATTRIBUTE_TYPE type, size_t n);

/* CKA_PUBLIC_KEY_INFO: set from its parts; if it is there and not empty it must be equal
 * (CKR_ATTRIBUTE_VALUE_INVALID). */
NODISCARD CK_RV spki_pkey(EVP_PKEY *pkey, struct attrs *a); /* RSA: by OpenSSL's encoder, slow */
NODISCARD CK_RV spki_curve(const struct curve *c, struct span point, struct attrs *a);

/* A certificate's CKA_CHECK_VALUE: set (from the SHA-1 of `value`), or compared. An empty one that
 * is there stays empty: nobody wants it (v3.2 4.10.2). */
NODISCARD CK_RV check_value_hash(struct span value, struct attrs *a);

#endif
