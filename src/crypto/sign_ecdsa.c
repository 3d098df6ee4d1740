/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_ecdsa.c - ECDSA (PKCS#11 v3.2 6.3): signatures are r and s side by side, each as long as the
 * curve's order; OpenSSL's are DER. A digest longer than the order is truncated by OpenSSL. See
 * sign.h.
 */
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/sign.h"

static size_t ecdsa_size(const struct key *k)
{
    return 2 * k->curve->n_private;
}

static CK_RV ecdsa_check_input(const struct op *o, size_t n)
{
    (void)o;
    (void)n; /* any (6.3.13) */
    return CKR_OK;
}

/* 6.3.1 lets a verifier take shorter halves, without the zeros in front. They are refused, as in
 * earlier versions of the standard: one signature has one form. */
static CK_RV ecdsa_check_signature(const struct key *k, size_t n)
{
    ENSURE(n == ecdsa_size(k), CKR_SIGNATURE_LEN_RANGE);
    return CKR_OK;
}

static CK_RV ecdsa_sign(struct op *o, struct span digest, uint8_t *ret)
{
    const int half = (int)o->key->curve->n_private;
    AUTO(ecdsa_freep) ECDSA_SIG *sig = NULL;
    uint8_t der[CURVE_MAX_DER];
    const uint8_t *p = der;
    size_t n = sizeof(der);

    ENSURE(EVP_PKEY_sign(o->ctx, der, &n, digest.p, digest.n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    ENSURE(sig != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, half) == half &&
               BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + half, half) == half,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* r || s as DER. */
static CK_RV ecdsa_der(struct span signature, uint8_t der[CURVE_MAX_DER], size_t *ret_n)
{
    const size_t half = signature.n / 2;
    AUTO(ecdsa_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    AUTO(bn_freep) BIGNUM *r = BN_bin2bn(signature.p, (int)half, NULL);
    AUTO(bn_freep) BIGNUM *s = BN_bin2bn(signature.p + half, (int)half, NULL);
    int n;

    ENSURE(sig != NULL && r != NULL && s != NULL, CKR_HOST_MEMORY);
    ENSURE(ECDSA_SIG_set0(sig, r, s) == 1, ossl_rv(CKR_HOST_MEMORY));
    (void)TAKE(r);
    (void)TAKE(s);
    n = i2d_ECDSA_SIG(sig, NULL);
    ENSURE(n > 0 && n <= CURVE_MAX_DER, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(i2d_ECDSA_SIG(sig, &der) == n, ossl_rv(CKR_FUNCTION_FAILED));
    *ret_n = (size_t)n;
    return CKR_OK;
}

static CK_RV ecdsa_verify(struct op *o, struct span digest, struct span signature)
{
    uint8_t der[CURVE_MAX_DER];
    size_t n = 0;

    TRY(ecdsa_der(signature, der, &n));
    ENSURE(EVP_PKEY_verify(o->ctx, der, n, digest.p, digest.n) == 1,
           ossl_rv(CKR_SIGNATURE_INVALID));
    return CKR_OK;
}

const struct sign_scheme sign_ecdsa = {
    .check_input = ecdsa_check_input,
    .size = ecdsa_size,
    .check_signature = ecdsa_check_signature,
    .sign = ecdsa_sign,
    .verify = ecdsa_verify,
};
