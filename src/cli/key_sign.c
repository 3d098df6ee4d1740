/* SPDX-License-Identifier: BSD-2-Clause */
/* key_sign.c - signatures by a key of a token, for X.509; see key_sign.h. */
#include "cli/key_sign.h"

#include <openssl/ec.h>
#include <openssl/x509.h>

DEFINE_AUTO(sig_freep, ECDSA_SIG, ECDSA_SIG_free)

static void der_free(uint8_t **der)
{
    OPENSSL_free(*der);
}

/* The first row that fits. */
static const struct key_scheme schemes[] = {
    {EVP_PKEY_RSA, 0, CKM_SHA256_RSA_PKCS, NID_sha256WithRSAEncryption, V_ASN1_NULL},
    {EVP_PKEY_EC, 256, CKM_ECDSA_SHA256, NID_ecdsa_with_SHA256, V_ASN1_UNDEF},
    {EVP_PKEY_EC, 384, CKM_ECDSA_SHA384, NID_ecdsa_with_SHA384, V_ASN1_UNDEF},
    {EVP_PKEY_EC, 0, CKM_ECDSA_SHA512, NID_ecdsa_with_SHA512, V_ASN1_UNDEF},
    {EVP_PKEY_ED25519, 0, CKM_EDDSA, NID_ED25519, V_ASN1_UNDEF},
    {EVP_PKEY_ED448, 0, CKM_EDDSA, NID_ED448, V_ASN1_UNDEF},
};

const struct key_scheme *key_scheme_of(const EVP_PKEY *pkey)
{
    const int type = EVP_PKEY_get_base_id(pkey), bits = EVP_PKEY_get_bits(pkey);

    for (size_t i = 0; i < N_ELEMENTS(schemes); i++) {
        if (schemes[i].type == type && (schemes[i].max_bits == 0 || bits <= schemes[i].max_bits))
            return &schemes[i];
    }
    return NULL;
}

/* PKCS#11 gives r and s side by side, X.509 wants a SEQUENCE (RFC 3279, 2.2.3). */
static CK_RV ecdsa_to_der(struct span raw, struct buf *ret)
{
    AUTO(sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    AUTO(der_free) uint8_t *der = NULL;
    const int half = (int)raw.n / 2;
    BIGNUM *r = BN_bin2bn(raw.p, half, NULL);
    BIGNUM *s = BN_bin2bn(raw.p + half, half, NULL);
    int n;

    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        FAIL(CKR_HOST_MEMORY);
    }
    n = i2d_ECDSA_SIG(sig, &der);
    ENSURE(n > 0, CKR_HOST_MEMORY);
    buf_put(ret, span_of(der, (size_t)n));
    return buf_ok(ret);
}

CK_RV key_sign(struct own_key *k, const struct key_scheme *scheme, struct span in, struct buf *ret)
{
    const CK_MECHANISM m = {.mechanism = scheme->mechanism};
    AUTO(buf_clear) struct buf raw = BUF_INIT;

    TRY(own_key_sign(k, &m, in, &raw));
    if (scheme->type == EVP_PKEY_EC)
        return ecdsa_to_der(buf_span(&raw), ret);
    buf_put(ret, buf_span(&raw));
    return buf_ok(ret);
}
