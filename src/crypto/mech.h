/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mech.h - the mechanism table: one constant row per mechanism, about ten operation classes serve
 * all rows. There is no `switch` on a mechanism anywhere; C_GetMechanismList and -Info, the Init
 * checks, docs/mechanisms.md and the "every mechanism" tests iterate the table. Adding a mechanism
 * is adding a row.
 */
#ifndef TEE_CRYPTO_MECH_H
#define TEE_CRYPTO_MECH_H

#include "crypto/key.h"

#define ANY_KEY ((CK_KEY_TYPE)-1)

struct op;
struct mech;
union mech_param;

/* Parse and copy a CK_MECHANISM's parameter: nothing of the application's memory is kept.
 * CKR_MECHANISM_PARAM_INVALID. */
typedef CK_RV mech_parse(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret);

struct op_class;  /* encrypt, decrypt, sign, verify, digest: crypto/op.h */
struct gen_class; /* generate, generate_pair, derive, wrap, unwrap: crypto/gen.h */

struct mech {
    CK_MECHANISM_TYPE type;
    const char *name;     /* "CKM_SHA256_RSA_PKCS" */
    CK_FLAGS flags;       /* as C_GetMechanismInfo reports them, and what is permitted */
    CK_KEY_TYPE key_type; /* of the key that it takes, or makes; ANY_KEY for digests */
    CK_ULONG min, max;    /* key size, in the unit that the standard gives this mechanism */
    const char *md;       /* OpenSSL digest name; NULL: none, or from the parameter */
    const char *cipher;   /* mode suffix, "CBC" -> "AES-256-CBC"; NULL: none */
    mech_parse *parse;    /* never NULL */
    const struct op_class *op;
    const struct gen_class *gen;
};

extern const struct mech mechs[]; /* sorted by type */
extern const size_t n_mechs;

/* NULL: not a mechanism of this token. */
const struct mech *mech_find(CK_MECHANISM_TYPE type);
/* May a key of this type be used with the row? (HMAC rows take CKK_GENERIC_SECRET too, ...) */
bool mech_takes_key(const struct mech *row, CK_OBJECT_CLASS class, CK_KEY_TYPE type, CK_FLAGS use);
/* The size of a key in the unit of the row's min and max. */
CK_ULONG mech_key_size(const struct mech *row, const struct key *k);

#endif
