/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms.h - what an owner's recovery certificate seals: CMS AuthEnvelopedData (RFC 5083) with
 * AES-256-GCM, key transport by RSA-OAEP (SHA-256) or key agreement by ECDH, made and opened by
 * OpenSSL. `openssl cms -decrypt -inform DER -recip cert.pem -inkey key.pem` opens it alone.
 */
#ifndef TEE_CRYPTO_CMS_H
#define TEE_CRYPTO_CMS_H

#include "util/buf.h"
#include "util/secret.h"

/* Read a certificate, PEM or DER. Appends its DER to ret_der and its subject as text to
 * ret_subject (RFC 2253; NULL: not wanted). CKR_ARGUMENTS_BAD: not a certificate, or its key can't
 * receive (not RSA >= 2048 and not EC on P-256/384/521). */
NODISCARD CK_RV cms_certificate(struct span pem_or_der, struct buf *ret_der,
                                struct buf *ret_subject);
/* Encrypt to the certificate; appends DER. */
NODISCARD CK_RV cms_seal(struct span certificate_der, struct span plain, struct buf *ret_der);
/* Open with the private key (PEM or DER PKCS#8, unencrypted). certificate_der picks the recipient.
 * CKR_ENCRYPTED_DATA_INVALID: another key, or not authentic. */
NODISCARD CK_RV cms_open(struct span cms_der, struct span certificate_der, struct span private_key,
                         struct secret **ret);

/* -- without a certificate: to a key that was made for one message, and goes with it --------------
 */

/* A key pair on P-384: the private half (PKCS#8, DER), and its SubjectPublicKeyInfo (DER), which is
 * appended. */
NODISCARD CK_RV cms_key_new(struct secret **ret_private, struct buf *ret_public);
/* Encrypt to a public key (DER of a SubjectPublicKeyInfo, EC as above); appends DER.
 * CKR_ARGUMENTS_BAD: it can't receive. */
NODISCARD CK_RV cms_seal_to_key(struct span public_key, struct span plain, struct buf *ret_der);
/* Open with the private half. Errors as of cms_open(). */
NODISCARD CK_RV cms_open_with_key(struct span cms_der, struct span private_key,
                                  struct secret **ret);

/*
 * Who holds a private key that can't be had as bytes (a key in another token) and does its part.
 * Both answer CKR_ENCRYPTED_DATA_INVALID when the key refuses what it is given, and
 * CKR_ARGUMENTS_BAD when it is no key of that kind.
 */
struct cms_agent {
    void *arg;
    /* RSA-OAEP with SHA-256, MGF1 with SHA-256, no label. */
    CK_RV (*decrypt)(void *arg, struct span encrypted, struct secret **ret);
    /* ECDH with an uncompressed point: the x coordinate, as long as the field. */
    CK_RV (*agree)(void *arg, struct span point, struct secret **ret);
};
/* cms_open() of a message of cms_seal(), with the private key in the agent's hands
 * (cms_agent.c). */
NODISCARD CK_RV cms_open_by(struct span cms_der, const struct cms_agent *agent,
                            struct secret **ret);

#endif
