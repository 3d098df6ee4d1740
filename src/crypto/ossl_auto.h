/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ossl_auto.h - OpenSSL's objects under AUTO(), and numbers as OSSL_PARAMs: what every file of the
 * mechanisms needs around its calls. Private to crypto/.
 */
#ifndef TEE_CRYPTO_OSSL_AUTO_H
#define TEE_CRYPTO_OSSL_AUTO_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "crypto/ossl.h"
#include "util/buf.h"

/* The caller's error queue is as it was when the function leaves. */
#define KEEP_ERRORS                                                                                \
    AUTO(ossl_errors_pop) __attribute__((unused)) int keep_errors_ = ossl_errors_mark()

DEFINE_AUTO(md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_AUTO(cipher_ctx_freep, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
DEFINE_AUTO(mac_ctx_freep, EVP_MAC_CTX, EVP_MAC_CTX_free)
DEFINE_AUTO(macp, EVP_MAC, EVP_MAC_free)
DEFINE_AUTO(kdf_ctx_freep, EVP_KDF_CTX, EVP_KDF_CTX_free)
DEFINE_AUTO(kdf_freep, EVP_KDF, EVP_KDF_free)
DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_AUTO(bn_freep, BIGNUM, BN_clear_free)
DEFINE_AUTO(bn_ctx_freep, BN_CTX, BN_CTX_free)
DEFINE_AUTO(group_freep, EC_GROUP, EC_GROUP_free)
DEFINE_AUTO(point_freep, EC_POINT, EC_POINT_clear_free)
DEFINE_AUTO(ecdsa_freep, ECDSA_SIG, ECDSA_SIG_free)
DEFINE_AUTO(octets_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
DEFINE_AUTO(x509_freep, X509, X509_free)
DEFINE_AUTO(x509_pubkey_freep, X509_PUBKEY, X509_PUBKEY_free)
DEFINE_AUTO(p8_freep, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

/* Octets as an OSSL_PARAM, which has no const: OpenSSL does not write to what it is given. */
static inline OSSL_PARAM param_octets(const char *name, struct span bytes)
{
    static const uint8_t nothing[1] = {0};
    const void *p = bytes.n > 0 ? bytes.p : nothing;

    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)p, bytes.n);
}

static inline OSSL_PARAM param_text(const char *name, const char *text)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)text, 0);
}

/* From the machine's byte order to big-endian, and back. */
static inline void number_reverse(uint8_t *p, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < n / 2; i++) {
        const uint8_t byte = p[i];

        p[i] = p[n - 1 - i];
        p[n - 1 - i] = byte;
    }
#else
    (void)p;
    (void)n;
#endif
}

/* A big-endian number as an OSSL_PARAM, which holds numbers in the machine's order: its bytes are
 * appended to `scratch`, in which room must have been reserved, so that they never move. */
static inline OSSL_PARAM param_number(const char *name, struct span big_endian, struct buf *scratch)
{
    uint8_t *p = buf_extend(scratch, big_endian.n > 0 ? big_endian.n : 1);

    if (p != NULL && big_endian.n == 0)
        p[0] = 0;
    if (p != NULL && big_endian.n > 0) {
        memcpy(p, big_endian.p, big_endian.n);
        number_reverse(p, big_endian.n);
    }
    return OSSL_PARAM_construct_BN(name, p, big_endian.n > 0 ? big_endian.n : 1);
}

#endif
