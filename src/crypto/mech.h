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

/* What a row says beside the flags that C_GetMechanismInfo reports. */
enum {
    /* Not there unless the configuration switches it on: for those who need it and know why. */
    MECH_OFF_BY_DEFAULT = 1 << 0,
    /* CKF_WRAP, CKF_UNWRAP or CKF_DECRYPT among its flags is there only while a rule of the policy
     * does not hold: wrap-mechanisms, or for CKF_DECRYPT pkcs1-decryption. */
    MECH_WRAP_RELAXED = 1 << 1,
    MECH_UNWRAP_RELAXED = 1 << 2,
    MECH_DECRYPT_RELAXED = 1 << 3,
    /* Takes secret keys, or private keys, of every type; key_type names one for documents. */
    MECH_ANY_SECRET = 1 << 4,
    MECH_ANY_PRIVATE = 1 << 5,
    /* About the token and not a computation: core/ carries it out, crypto/ alone refuses. */
    MECH_OF_TOKEN = 1 << 6,
    /* Generates what follows from the parameter: who gave that knows the key. */
    MECH_KEY_IS_KNOWN = 1 << 7,
    /* Its signatures tell what the key encrypts blocks to: as good as encryption. */
    MECH_SIGN_ENCRYPTS = 1 << 8,
    /* Derives from a data object too. */
    MECH_DATA_IS_BASE = 1 << 9,
};

struct mech {
    CK_MECHANISM_TYPE type;
    const char *name;     /* "CKM_SHA256_RSA_PKCS" */
    CK_FLAGS flags;       /* all that it can do: mech_flags() says what it may */
    CK_KEY_TYPE key_type; /* of the key that it takes, or makes; ANY_KEY for digests */
    CK_ULONG min, max;    /* key size, in the unit that the standard gives this mechanism */
    const char *md;       /* OpenSSL digest name; NULL: none, or from the parameter */
    const char *cipher;   /* mode suffix, "CBC" -> "AES-256-CBC"; NULL: none */
    mech_parse *parse;    /* never NULL */
    const struct op_class *op;
    const struct gen_class *gen;
    unsigned traits; /* MECH_ */
};

extern const struct mech mechs[]; /* sorted by type */
extern const size_t n_mechs;

/* NULL: not in the table. */
const struct mech *mech_find(CK_MECHANISM_TYPE type);

/* Rows that are switched off are to applications as if they were not there: core/ and api/ ask for
 * rows by mech_find_enabled() only. */
enum mech_switch {
    MECH_AS_TABLE, /* on, unless the row is MECH_OFF_BY_DEFAULT */
    MECH_ON,
    MECH_OFF,
};
bool mech_enabled(const struct mech *row);
const struct mech *mech_find_enabled(CK_MECHANISM_TYPE type);
/* What the configuration says of a row of the table. For the whole process, from any thread; meant
 * for C_Initialize. */
void mech_set_switch(const struct mech *row, enum mech_switch to);
/* The flags as C_GetMechanismInfo reports them, and what is permitted: the row's, less what the
 * policy takes away. */
CK_FLAGS mech_flags(const struct mech *row);
/* May a key of this type be used with the row? (HMAC rows take CKK_GENERIC_SECRET too, ...) */
bool mech_takes_key(const struct mech *row, CK_OBJECT_CLASS class, CK_KEY_TYPE type, CK_FLAGS use);
/* The size of a key in the unit of the row's min and max. */
CK_ULONG mech_key_size(const struct mech *row, const struct key *k);

#endif
