/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reference.h - the other side of a cryptographic test: keys of the module as OpenSSL's, keys of
 * OpenSSL imported into the module, and what raw OpenSSL makes of the same input.
 *
 * Works in the default library context, which the module does not use. Everything fails the test
 * when it can't be done, except the answers that are asked for.
 */
#ifndef TEE_TESTS_REFERENCE_H
#define TEE_TESTS_REFERENCE_H

#include "support/module.h"

#include <openssl/evp.h>

#include "util/span.h"

/* One CK_ULONG attribute of a template, by its value. */
#define ATTR_ULONG(type, number)                                                                   \
    {(type), (void *)(uintptr_t) & (const CK_ULONG){(number)}, sizeof(CK_ULONG)}
/* One attribute from a struct span. */
#define ATTR_SPAN(type, span) {(type), (void *)(uintptr_t)(span).p, (span).n}

/* -- attributes of an object ------------------------------------------------------------------ */

/* The value into ret; returns its length. */
CK_ULONG attr_get(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *ret,
                  CK_ULONG room);
CK_ULONG attr_ulong(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
CK_BBOOL attr_bool(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
/* What C_GetAttributeValue says to a query for one attribute. */
CK_RV attr_query(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);

/* -- keys ------------------------------------------------------------------------------------- */

/* The public half of a public key object, whatever its type. */
EVP_PKEY *evp_of_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE public_key);
/* New pairs made by OpenSSL: "P-256", ..., "ED25519", "X25519"; RSA by bits. */
EVP_PKEY *evp_new(const char *name);
EVP_PKEY *evp_new_rsa(unsigned bits);
/* CKA_EC_PARAMS of a curve by OpenSSL's name. */
struct span evp_ec_params(const char *name);
/* Import a pair as session objects, with all usages that the type has; handles may be NULL. */
void evp_import(CK_SESSION_HANDLE h, EVP_PKEY *pkey, CK_OBJECT_HANDLE *ret_public,
                CK_OBJECT_HANDLE *ret_private);
/* A secret key from bytes, readable, with all usages, as a session object. */
CK_OBJECT_HANDLE import_secret(CK_SESSION_HANDLE h, CK_KEY_TYPE type, const void *value,
                               CK_ULONG n);

/* -- signatures ------------------------------------------------------------------------------- */

/* How OpenSSL is to sign. */
struct scheme {
    const char *md;  /* of the message or, with `raw`, of what is given; NULL: none */
    bool raw;        /* what is given is the digest, or (md NULL) the block itself */
    bool pss;        /* RSA only */
    const char *mgf; /* with pss; NULL: md */
    int n_salt;      /* with pss */
};
/* Signatures in PKCS#11's form: ECDSA as r and s. */
bool evp_verify(EVP_PKEY *k, const struct scheme *s, struct span data, struct span signature);
/* Returns the length. */
size_t evp_sign(EVP_PKEY *k, const struct scheme *s, struct span data, uint8_t ret[1024]);
/* "HMAC" with a digest, or "CMAC" with a cipher. Returns the length. */
size_t evp_mac(const char *mac, const char *algorithm, struct span key, struct span data,
               uint8_t ret[64]);

/* -- encryption ------------------------------------------------------------------------------- */

/* One call of a cipher by OpenSSL's name, with an IV of its usual length. Returns the length. */
size_t evp_cipher(const char *name, bool encrypt, bool pad, struct span key, const uint8_t *iv,
                  struct span in, uint8_t *ret);
/* The AEAD modes: text and tag. */
size_t evp_aead_seal(const char *name, struct span key, struct span iv, struct span aad,
                     size_t n_tag, struct span in, uint8_t *ret);

/* Bytes that differ from place to place. */
void fill_pattern(uint8_t *ret, size_t n, unsigned seed);

#endif
