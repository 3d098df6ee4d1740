/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.h - making keys: what core/key.c calls behind C_GenerateKey, C_GenerateKeyPair, C_DeriveKey,
 * C_WrapKey and C_UnwrapKey. Templates were built and checked before (model/template.h); these fill
 * in key material and nothing else. Outputs are complete or untouched.
 */
#ifndef TEE_CRYPTO_GEN_H
#define TEE_CRYPTO_GEN_H

#include "crypto/mech.h"

/* Add the value of a new secret key to `a` (CKA_VALUE_LEN says how long; fixed-size types know). */
NODISCARD CK_RV gen_key(const struct mech *row, const CK_MECHANISM *m, struct attrs *a);
/* Add the material of a new pair: CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT or CKA_EC_PARAMS stand in
 * `public_key` (or, for EC, in either). CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED,
 * CKR_DOMAIN_PARAMS_INVALID. */
NODISCARD CK_RV gen_pair(const struct mech *row, const CK_MECHANISM *m, struct attrs *public_key,
                         struct attrs *private_key);

/* -- derivation -------------------------------------------------------------------------------- */

/* Another key that a parameter names by its handle: with everything about its use checked. A
 * reference. */
typedef CK_RV gen_find_key(void *arg, CK_OBJECT_HANDLE h, struct key **ret);

struct gen_keys {
    struct key *base;
    const struct attrs *base_attrs;
    gen_find_key *find; /* NULL: there are no others */
    void *arg;
};

/* How the protection of what is derived follows from the keys that it comes from. */
enum gen_protection {
    GEN_ANEW, /* the template says, or its defaults */
    GEN_KEPT, /* what comes of a sensitive key is sensitive, of an unextractable one unextractable
               */
    GEN_SAME, /* exactly as protected as the base key */
};

/* What is true of every derivation by a mechanism. */
struct gen_derives {
    CK_OBJECT_CLASS class;          /* of the objects */
    enum gen_protection protection; /* of the objects */
    bool any_history; /* CKA_ALWAYS_SENSITIVE asks one of several keys, not each (6.42.8) */
    bool encrypts;    /* what comes out is the base key's encryption of what is given */
};

#define GEN_MAX_OUTPUTS 16 /* objects that one call derives */

/* One object that C_DeriveKey makes. */
struct gen_output {
    const CK_ATTRIBUTE *v; /* its template: the application's memory, during the call */
    CK_ULONG n;
    CK_KEY_TYPE key_type;     /* (CK_ULONG)-1: the template says, or the default */
    CK_OBJECT_HANDLE *handle; /* where the application wants it; may be misaligned */
    CK_ULONG length;          /* bytes, where the template can't say it; 0: it can */
};

/* One call of C_DeriveKey, from the parameter to the outputs. */
struct gen_derivation {
    const struct mech *row;
    const CK_MECHANISM
        *m; /* the application's, during the call: for what lies beyond the parameter */
    union mech_param *param;
    const struct gen_derives *how;
    struct attrs *inherited; /* what a silent template takes over from the base key */
    struct gen_output outputs[GEN_MAX_OUTPUTS];
    size_t n_outputs;
    CK_ATTRIBUTE *templates; /* those that are not the application's arrays */
    struct buf shown;        /* what the application gets beside the handles */
};

/* Parse the parameter, and plan what objects there will be: of most mechanisms one, by the template
 * and into the handle of C_DeriveKey. CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD. */
NODISCARD CK_RV gen_derive_plan(const struct mech *row, const CK_MECHANISM *m,
                                const struct gen_keys *keys, const CK_ATTRIBUTE *v, CK_ULONG n,
                                CK_OBJECT_HANDLE *ret_handle, struct gen_derivation **ret);
void gen_derivation_free(struct gen_derivation *d); /* NULL is allowed */
DEFINE_AUTO(gen_derivation_freep, struct gen_derivation, gen_derivation_free)
/* Add the material to a[0 .. n_outputs - 1], built from the templates: CKA_VALUE mostly. All of
 * them or none. */
NODISCARD CK_RV gen_derive(struct gen_derivation *d, const struct gen_keys *keys,
                           struct attrs *const *a);
/* All is done: tell the application the handles, and what else it gets. */
void gen_derive_deliver(const struct gen_derivation *d, const CK_OBJECT_HANDLE *handles);

/* -- wrapping ---------------------------------------------------------------------------------- */

/* Wrap `target` (a secret's value, or a private key as PKCS#8 PrivateKeyInfo) under `wrapping`. */
NODISCARD CK_RV gen_wrap(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                         const struct attrs *target, struct out *out);
/* How strong the wrapping is: key_strength() of its weakest key. CKR_MECHANISM_PARAM_INVALID. */
NODISCARD CK_RV gen_wrap_strength(const struct mech *row, const CK_MECHANISM *m,
                                  const struct key *wrapping, CK_ULONG *ret);
/* The reverse: add the material to `a` (CKA_CLASS and CKA_KEY_TYPE stand there; a blob of another
 * type is CKR_WRAPPED_KEY_INVALID). One code for every failure of padding or content. */
NODISCARD CK_RV gen_unwrap(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                           struct span wrapped, struct attrs *a);

/* C_WrapKeyAuthenticated and its reverse: by an AEAD mechanism with a message's parameter, whose IV
 * and tag are written there; the attributes of the key are bound, and `aad` is. `said`: the
 * attributes that the key had, as who unwraps it says. CKR_MECHANISM_INVALID: no AEAD. */
NODISCARD CK_RV gen_wrap_authenticated(const struct mech *row, const CK_MECHANISM *m,
                                       struct key *wrapping, const struct attrs *target,
                                       struct span aad, struct out *out);
NODISCARD CK_RV gen_unwrap_authenticated(const struct mech *row, const CK_MECHANISM *m,
                                         struct key *unwrapping, const struct attrs *said,
                                         struct span aad, struct span wrapped, struct attrs *a);

/* -- encapsulation ----------------------------------------------------------------------------- */

/* Bytes of what gen_encapsulate() appends. CKR_MECHANISM_INVALID: the class has none. */
NODISCARD CK_RV gen_capsule_size(const struct mech *row, const struct key *k, size_t *ret);
/* Add a new secret's CKA_VALUE to `a` and append what the private key needs to get it too. */
NODISCARD CK_RV gen_encapsulate(const struct mech *row, const CK_MECHANISM *m,
                                struct key *public_key, struct attrs *a, struct buf *ret);
/* The reverse. CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE. */
NODISCARD CK_RV gen_decapsulate(const struct mech *row, const CK_MECHANISM *m,
                                struct key *private_key, struct span capsule, struct attrs *a);

#endif
