/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_class.h - inside a running operation: one class per way of using OpenSSL, not one per
 * mechanism. A class has a set of methods for each kind of operation that it can do. Private to
 * crypto/.
 *
 * What every method may rely on: the caller's error queue is guarded, the kind is right, op_once()
 * comes first or not at all, and a held result is delivered before a method sees the call again.
 */
#ifndef TEE_CRYPTO_OP_CLASS_H
#define TEE_CRYPTO_OP_CLASS_H

#include <openssl/evp.h>

#include "crypto/op.h"
#include "crypto/params.h"
#include "crypto/pool.h"

struct op_methods {
    /* Check parameter against key, and get the context (op_ctx). NULL: nothing to do. */
    CK_RV (*start)(struct op *o);
    /* Single part; verification: over `in`, compare with `signature`. */
    CK_RV (*once)(struct op *o, struct span in, struct out *out);
    CK_RV (*verify)(struct op *o, struct span in, struct span signature);
    /* Multi part; update NULL: single part only. */
    CK_RV (*update)(struct op *o, struct span in, struct out *out);
    CK_RV (*final)(struct op *o, struct out *out);
    CK_RV (*verify_final)(struct op *o, struct span signature);
    /* AEAD of messages: the next part; with the last one the tag, written or checked. */
    CK_RV (*message)(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out);
    /* Give `ret`, which is new, a context in o's state. NULL: it can't be copied. */
    CK_RV (*copy)(const struct op *o, struct op *ret);
};

struct op_class {
    const char *name;
    const struct op_methods *kinds[OP_N_KINDS]; /* NULL: not done by this class */
    const struct sign_scheme *scheme;           /* signature classes (sign.h) */
    bool one_message; /* the parameter is good for one message only: it holds a nonce */
};

/* How a class's contexts are made and freed. */
struct op_ctx_class {
    CK_RV (*make)(struct op *o, void **ret);
    pool_free_fn *free;
};

struct op {
    enum op_kind kind;
    const struct mech *row;
    const struct op_methods *how;
    struct key *key; /* NULL for digests */

    void *ctx; /* of ctx_class; NULL: none yet */
    const struct op_ctx_class *ctx_class;
    struct pool *pool; /* where ctx goes when the operation ended well; NULL: it is freed */
    EVP_MD_CTX *md;    /* the digest of a message that is signed in parts; NULL: none yet */

    bool fed;         /* op_update() was called */
    bool ended;       /* the last step succeeded: ctx can be used again */
    bool is_held;     /* `data` is what op_final() gives, waiting for room */
    bool computed;    /* op_once() used the key, and what came out found no room (op_answer) */
    size_t n_part;    /* ciphers: bytes of an incomplete block inside ctx */
    uint64_t n_total; /* bytes processed so far */
    struct buf data;  /* input kept until the end, or a held result */
    union mech_param param;

    op_make_fn *make; /* MECH_OF_TOKEN: the result; NULL: nobody does */
    void *make_arg;
    void (*make_free)(void *arg);
};

/* op_start() with a parameter that is parsed already; it is taken. */
NODISCARD CK_RV op_start_with(enum op_kind kind, const struct mech *row, union mech_param *param,
                              struct key *key, struct op **ret);
/* A part of a message, under the output rule; the tag is of the parameter's length, read or written
 * with the last part. CKR_FUNCTION_NOT_SUPPORTED; decryption releases nothing before the tag is
 * checked: CKR_AEAD_DECRYPT_FAILED. */
NODISCARD CK_RV op_message(struct op *o, struct span in, bool last, uint8_t *tag, struct out *out);
/* Get a context: an idle one of the key's, or a new one. `variant`: what of the parameter its
 * set-up depends on; NULL: it can't be kept. */
NODISCARD CK_RV op_ctx(struct op *o, const struct op_ctx_class *c, const CK_ULONG variant[3]);
/* The end of an operation in parts, which can't be done twice: deliver `result`, whose length is
 * known only now, or hold a copy until there is room. */
NODISCARD CK_RV op_deliver(struct op *o, struct span result, struct out *out);
/* The answer of op_once() where the key had to be used to know its length. A class whose lengths
 * are known asks out_room() first. */
NODISCARD CK_RV op_answer(struct op *o, struct span result, struct out *out);
/* Keep input until the end. CKR_HOST_MEMORY. */
NODISCARD CK_RV op_keep(struct op *o, struct span in);
/* A started RSA decryption, once: where the padding is right and `n` bytes are in it, they go over
 * those of ret; else these stay. Nothing tells which: not the code, nor a branch, nor what becomes
 * of the context. CKR_ENCRYPTED_DATA_LEN_RANGE. (op_rsa_crypt.c) */
NODISCARD CK_RV rsa_decrypt_over(struct op *o, struct span in, uint8_t *ret, size_t n);
/* Do in and out share memory? Sharing from the first byte on is what OpenSSL can do in place. */
bool op_overlap(struct span in, const struct out *out, size_t n_out);

extern const struct op_class op_of_token;
extern const struct op_class op_digest;
extern const struct op_class op_mac;
extern const struct op_class op_cipher;
extern const struct op_class op_cipher_stream;
extern const struct op_class op_cipher_pad;
extern const struct op_class op_cipher_whole;
extern const struct op_class op_aead;
extern const struct op_class op_gmac;
extern const struct op_class op_tls_mac;
extern const struct op_class op_ccm;
extern const struct op_class op_key_wrap;
extern const struct op_class op_rsa_pkcs;
extern const struct op_class op_rsa_x509;
extern const struct op_class op_rsa_oaep;
extern const struct op_class op_rsa_pss;
extern const struct op_class op_ecdsa;
extern const struct op_class op_eddsa;
extern const struct op_class op_hash_rsa_pkcs;
extern const struct op_class op_hash_rsa_pss;
extern const struct op_class op_hash_ecdsa;

#endif
