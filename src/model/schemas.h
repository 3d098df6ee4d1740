/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schemas.h - private to model/: the tables by name, so that one can be the base of another, and
 * what their rows are written with. schema.h has the way to them.
 */
#ifndef TEE_MODEL_SCHEMAS_H
#define TEE_MODEL_SCHEMAS_H

#include "model/schema.h"

#define ROWS(table) .rules = (table), .n_rules = N_ELEMENTS(table)

/* schema_object.c: what every object has, and the objects that are no keys. */
extern const struct schema schema_common, schema_storage;
extern const struct schema schema_data, schema_x509, schema_profile, schema_mechanism, schema_dek;

/* schema_pair.c: public and private keys, and what every key has. */
extern const struct schema schema_key;
extern const struct schema schema_rsa_public, schema_rsa_private;
extern const struct schema schema_ec_public, schema_ec_private;
extern const struct schema schema_edwards_public, schema_edwards_private;
extern const struct schema schema_montgomery_public, schema_montgomery_private;

/* schema_secret.c: secret keys. */
extern const struct schema schema_aes, schema_xts, schema_chacha20, schema_generic, schema_hkdf;
extern const struct schema schema_sha1_hmac, schema_sha224_hmac, schema_sha256_hmac;
extern const struct schema schema_sha384_hmac, schema_sha512_hmac;
extern const struct schema schema_sha512_224_hmac, schema_sha512_256_hmac;
extern const struct schema schema_sha3_224_hmac, schema_sha3_256_hmac;
extern const struct schema schema_sha3_384_hmac, schema_sha3_512_hmac;

/* The attribute that tells objects of one class apart: CKA_KEY_TYPE or CKA_CERTIFICATE_TYPE;
 * false: the class has none. */
bool schema_subtype(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE *ret);

#endif
