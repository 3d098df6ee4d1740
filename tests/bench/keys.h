/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - the keys that the cases use, on either side.
 *
 * A module's keys are token objects, private, sensitive and not extractable. Key pairs are made in
 * the module; AES and HMAC keys are imported with a value that raw uses too, so that results can be
 * compared byte by byte.
 */
#ifndef TEE_BENCH_KEYS_H
#define TEE_BENCH_KEYS_H

#include "bench/side.h"

#define KEYS_SECRET_BYTES 32
#define KEYS_LABEL        64

struct key {
    CK_OBJECT_HANDLE secret; /* the module's private or secret key; valid while it is up */
    CK_OBJECT_HANDLE public; /* the module's public key, for pairs */
    EVP_PKEY *pkey;          /* raw's key, or the module's exported public key; borrowed */
};

/* The key of that kind; made at its first use. */
NODISCARD CK_RV keys_get(struct side *s, enum key_kind kind, struct key *ret);
/* Destroy the module's keys of this run, free the others. */
void keys_clear(struct side *s);
/* The label of a key of this run. */
void keys_label(const struct side *s, enum key_kind kind, char text[KEYS_LABEL]);
/* The value of the AES and HMAC keys. */
extern const uint8_t keys_secret[KEYS_SECRET_BYTES];
/* Is it a key for ECDSA, so that signatures are r || s here and DER there? */
NODISCARD bool keys_is_ecdsa(enum key_kind kind);
/* Append CKA_EC_PARAMS of the curve P-256. */
void keys_p256_params(struct template *t);
/* Write raw's P-256 key to s->pem, a file that only its owner reads; unlinked by keys_clear(). */
NODISCARD CK_RV keys_write_pem(struct side *s);

#endif
