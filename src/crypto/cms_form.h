/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms_form.h - the one form that a message of cms_seal() has, and its parts. Private to crypto/.
 *
 * CMS is wider than what we write, and OpenSSL reads most of it. A message comes from a disk that
 * somebody else may write, so whatever is not of this form goes no further: one with AES key wrap
 * with padding has CMS_decrypt() of OpenSSL 3.0.19 write eight bytes behind a block of the heap.
 */
#ifndef TEE_CRYPTO_CMS_FORM_H
#define TEE_CRYPTO_CMS_FORM_H

#include <openssl/x509.h>

#include "util/guard.h"
#include "util/span.h"

#define CMS_KEY_BYTES   32u /* of AES-256: the content's key, and the one that wraps it */
#define CMS_NONCE_BYTES 12u
#define CMS_TAG_BYTES   16u

struct cms_message;

/* What stands in the message; spans are borrowed from it. */
struct cms_form {
    struct cms_message *message; /* owned */
    X509_ALGOR *wrap;       /* owned; id-aes256-wrap. NULL: the key was encrypted by RSA-OAEP */
    ASN1_OCTET_STRING *ukm; /* NULL: none */
    struct span point;      /* of the sender's key, where there was an agreement */
    struct span key;        /* of the content: wrapped, or encrypted */
    struct span encrypted;  /* the content */
    struct span tag;        /* CMS_TAG_BYTES */
    uint8_t nonce[CMS_NONCE_BYTES];
};

/* Read DER: AuthEnvelopedData without attributes (RFC 5083) for one recipient, AES-256-GCM with a
 * nonce of 12 and a tag of 16 bytes (RFC 5084), its key by RSA-OAEP (RFC 4055) or by ECDH with the
 * X9.63 KDF on SHA-256 and AES-256 key wrap (RFC 5753). CKR_ENCRYPTED_DATA_INVALID: anything else.
 * *ret is cleared by cms_form_clear(), after a failure too. */
NODISCARD CK_RV cms_form_read(struct span der, struct cms_form *ret);
void cms_form_clear(struct cms_form *f);

#endif
