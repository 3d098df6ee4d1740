/* SPDX-License-Identifier: BSD-2-Clause */
/* export.c - public keys out of a module; see export.h. */
#include "bench/export.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "bench/fault.h"

#define VALUE_MAX 1024

DEFINE_AUTO(bld_freep, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DEFINE_AUTO(params_freep, OSSL_PARAM, OSSL_PARAM_free)
DEFINE_AUTO(ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_AUTO(bn_freep, BIGNUM, BN_clear_free)

NODISCARD static CK_RV pkey_build(const char *type, int selection, OSSL_PARAM_BLD *bld,
                                  EVP_PKEY **ret)
{
    AUTO(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    AUTO(ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    ENSURE(params != NULL && ctx != NULL, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_fromdata_init(ctx) == 1, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_fromdata(ctx, &pkey, selection, params) == 1, FAULT_OPENSSL);
    *ret = pkey;
    return CKR_OK;
}

CK_RV export_rsa(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group, EVP_PKEY **ret)
{
    AUTO(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    AUTO(bn_freep) BIGNUM *n = NULL;
    AUTO(bn_freep) BIGNUM *e = NULL;
    uint8_t modulus[VALUE_MAX];
    uint8_t exponent[VALUE_MAX];
    size_t n_modulus = sizeof(modulus);
    size_t n_exponent = sizeof(exponent);

    (void)group;
    TRY(p11_attribute(m, public, CKA_MODULUS, modulus, &n_modulus));
    TRY(p11_attribute(m, public, CKA_PUBLIC_EXPONENT, exponent, &n_exponent));
    n = BN_bin2bn(modulus, (int)n_modulus, NULL);
    e = BN_bin2bn(exponent, (int)n_exponent, NULL);
    ENSURE(bld != NULL && n != NULL && e != NULL, FAULT_OPENSSL);
    ENSURE(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1, FAULT_OPENSSL);
    ENSURE(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1, FAULT_OPENSSL);
    return pkey_build("RSA", EVP_PKEY_PUBLIC_KEY, bld, ret);
}

CK_RV export_ec_parts(const char *group, struct span point, struct span secret, EVP_PKEY **ret)
{
    AUTO(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    AUTO(bn_freep) BIGNUM *d = BN_bin2bn(secret.p, (int)secret.n, NULL);
    int selection = EVP_PKEY_PUBLIC_KEY;

    ENSURE(bld != NULL && d != NULL, FAULT_OPENSSL);
    ENSURE(OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1,
           FAULT_OPENSSL);
    ENSURE(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1,
           FAULT_OPENSSL);
    if (secret.n > 0) {
        ENSURE(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1, FAULT_OPENSSL);
        selection = EVP_PKEY_KEYPAIR;
    }
    return pkey_build("EC", selection, bld, ret);
}

/* CKA_EC_POINT is a DER OCTET STRING (v3.2 6.3.3); some modules give its content alone. A short or
 * one-byte long length is all that a curve point needs. */
static struct span point_unwrap(struct span der)
{
    if (der.n > 2 && der.p[0] == 0x04 && der.p[1] == der.n - 2)
        return span_of(der.p + 2, der.n - 2);
    if (der.n > 3 && der.p[0] == 0x04 && der.p[1] == 0x81 && der.p[2] == der.n - 3)
        return span_of(der.p + 3, der.n - 3);
    return der;
}

CK_RV export_ec(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group, EVP_PKEY **ret)
{
    uint8_t value[VALUE_MAX];
    size_t n = sizeof(value);

    TRY(p11_attribute(m, public, CKA_EC_POINT, value, &n));
    return export_ec_parts(group, point_unwrap(span_of(value, n)), SPAN_EMPTY, ret);
}

CK_RV export_ed(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group, EVP_PKEY **ret)
{
    uint8_t value[VALUE_MAX];
    size_t n = sizeof(value);
    struct span point;
    EVP_PKEY *pkey = NULL;

    TRY(p11_attribute(m, public, CKA_EC_POINT, value, &n));
    point = point_unwrap(span_of(value, n));
    pkey = EVP_PKEY_new_raw_public_key_ex(NULL, group, NULL, point.p, point.n);
    ENSURE(pkey != NULL, FAULT_OPENSSL);
    *ret = pkey;
    return CKR_OK;
}
