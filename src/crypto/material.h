/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * material.h - key material from the encodings that other programs keep it in, as the attributes
 * that C_CreateObject wants to be told. What is right about it, key_complete() checks.
 */
#ifndef TEE_CRYPTO_MATERIAL_H
#define TEE_CRYPTO_MATERIAL_H

#include "model/attrs.h"

#define MATERIAL_ID 20 /* bytes of a name by which the parts of a pair find each other */

/* From a PrivateKeyInfo (PKCS#8, RFC 5958), DER: CKA_KEY_TYPE and the components of a private key.
 * CKR_DATA_INVALID: it is none; CKR_KEY_TYPE_INCONSISTENT: of a type that the token has no keys of;
 * CKR_CURVE_NOT_SUPPORTED. */
NODISCARD CK_RV material_private(struct span pkcs8, struct attrs *a);
/* From a SubjectPublicKeyInfo (RFC 5280), DER: those of a public key. The same errors. */
NODISCARD CK_RV material_public(struct span spki, struct attrs *a);

/* The SubjectPublicKeyInfo of a PrivateKeyInfo, and of an X.509 certificate; appended.
 * CKR_DATA_INVALID, CKR_KEY_TYPE_INCONSISTENT (OpenSSL has no such keys). */
NODISCARD CK_RV material_spki_private(struct span pkcs8, struct buf *ret);
NODISCARD CK_RV material_spki_certificate(struct span certificate, struct buf *ret);

/* A key identifier for CKA_ID: the first 160 bits of the SHA-256 of the key's bit string, as RFC
 * 7093 (section 2, method 1) makes a subjectKeyIdentifier. CKR_DATA_INVALID. */
NODISCARD CK_RV material_id(struct span spki, uint8_t ret[MATERIAL_ID]);

#endif
