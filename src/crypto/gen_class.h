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

/* Encapsulation. A capsule is what goes from one side to the other. */
struct gen_kem {
    size_t (*size)(const struct key *k); /* of a capsule */
    CK_RV(*encapsulate)
    (const struct mech *row, const CK_MECHANISM *m, struct key *k, struct attrs *a,
     struct buf *ret);
    CK_RV(*decapsulate)
    (const struct mech *row, const CK_MECHANISM *m, struct key *k, struct span capsule,
     struct attrs *a);
};
extern const struct gen_kem gen_kem_oaep, gen_kem_ecdh;

struct gen_class {
    const char *name;
    const CK_ATTRIBUTE_TYPE *adds; /* what the methods add or fill in */
    size_t n_adds;
    CK_RV (*key)(const struct mech *row, const union mech_param *param, struct attrs *a);
    CK_RV (*pair)(const struct mech *row, struct attrs *public_key, struct attrs *private_key);
    struct gen_derives derives;
    CK_RV (*derive)(struct gen_derivation *d, const struct gen_keys *keys, struct attrs *const *a);
    /* Change d->outputs, which are the one of C_DeriveKey. NULL: that is it. */
    CK_RV (*plan)(struct gen_derivation *d, const struct gen_keys *keys);
    /* What a silent template takes over from the base key. NULL: nothing. */
    CK_RV (*inherit)(const struct attrs *base, struct attrs *ret);
    /* Tell the application what d->shown has. NULL: there are only handles. */
    void (*deliver)(const struct gen_derivation *d);
    const struct gen_kem *kem; /* NULL: no encapsulation */
    /* Wrapping is the row's encryption, unwrapping its decryption (gen_wrap.c), or these: under the
     * output rule; and appending to `ret`, with the codes of a decryption. */
    CK_RV(*seal)
    (const struct mech *row, const CK_MECHANISM *m, struct key *wrapping, struct span plain,
     struct out *out);
    CK_RV(*open)
    (const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping, struct span wrapped,
     struct buf *ret);
    /* Bits of a key that stands between the wrapping key and what it wraps. NULL: there is none. */
    CK_RV (*between)(const CK_MECHANISM *m, CK_ULONG *ret_bits);
    bool wraps_secrets, wraps_privates;
    bool unwraps_secrets, unwraps_privates;
    bool is_aead; /* by gen_wrap_aead.c: IVs can be made here, C_WrapKeyAuthenticated is served */
    bool secrets_relaxed; /* unwraps secrets only where the rule wrap-mechanisms does not hold */
    /* CBC with padding: the mechanism that leaves the padding alone. A private key is decrypted by
     * it, and the padding behind it looked at last (gen_wrap.c). 0: there is none. */
    CK_MECHANISM_TYPE blocks;
    size_t fills_up;      /* plaintext gets zeros behind it to a multiple of these (KW, ECB, CBC) */
};

#define GEN_MAX_ADDS 16

/* Which of what a class adds stood in the attributes before, and how to go back there. */
struct gen_undo {
    struct attrs *a;
    const struct gen_class *class;
    enum { GEN_ABSENT, GEN_EMPTY, GEN_THERE } before[GEN_MAX_ADDS];
};
void gen_undo_note(struct gen_undo *u, const struct gen_class *class, struct attrs *a);
void gen_undo(const struct gen_undo *u);

/* Bytes of a derived secret or data object: d->outputs[i].length, CKA_VALUE_LEN, the type's only
 * length, or `natural` (0: the mechanism has no length of its own); `most` (0: no end).
 * CKR_TEMPLATE_INCOMPLETE, CKR_KEY_SIZE_RANGE. */
NODISCARD CK_RV gen_length(const struct gen_derivation *d, size_t i, const struct attrs *a,
                           size_t natural, size_t most, size_t *ret);
/* CKA_SENSITIVE and CKA_EXTRACTABLE: a gen_class's inherit. */
NODISCARD CK_RV gen_inherit_protection(const struct attrs *base, struct attrs *ret);

extern const struct gen_class gen_secret; /* random bytes of the length asked for */
extern const struct gen_class gen_rsa;    /* RSA pairs */
extern const struct gen_class gen_ec;     /* pairs on elliptic curves of all three forms */
extern const struct gen_class gen_pbkdf2; /* secrets from passwords */
extern const struct gen_class gen_ecdh, gen_ecdh_cofactor;
extern const struct gen_class gen_hkdf, gen_hkdf_data;
extern const struct gen_class gen_digest; /* the digest of a key */
extern const struct gen_class gen_concatenate_key, gen_append, gen_prepend, gen_xor, gen_extract;
extern const struct gen_class gen_encrypt; /* the key encrypts data */
extern const struct gen_class gen_public;  /* of a private key */
extern const struct gen_class gen_wrap_kw, gen_wrap_kwp, gen_wrap_oaep, gen_wrap_with_aead;
extern const struct gen_class gen_sp800;
extern const struct gen_class gen_tls_master, gen_tls_keys, gen_tls_kdf;
extern const struct gen_class gen_wrap_rsa_aes;
extern const struct gen_class gen_wrap_cbc_pad, gen_wrap_blocks, gen_wrap_rsa_pkcs;
extern const struct gen_class gen_dek; /* refuses: core/ handles it before */

#endif
