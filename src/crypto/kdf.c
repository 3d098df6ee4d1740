/* SPDX-License-Identifier: BSD-2-Clause */
/* kdf.c - OpenSSL's key derivation functions; see kdf.h. */
#include "crypto/kdf.h"

#include "crypto/ossl_auto.h"

CK_RV kdf_run(const char *name, const OSSL_PARAM *params, uint8_t *ret, size_t n)
{
    AUTO(kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), name, NULL);
    AUTO(kdf_ctx_freep) EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;

    ENSURE(ctx != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    if (EVP_KDF_derive(ctx, ret, n, params) == 1)
        return CKR_OK;
    mem_wipe(ret, n);
    FAIL(ossl_rv(CKR_FUNCTION_FAILED));
}

CK_RV kdf_value(const char *name, const OSSL_PARAM *params, size_t n, struct attrs *a)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;

    ENSURE(buf_extend(&value, n) != NULL, CKR_HOST_MEMORY);
    TRY(kdf_run(name, params, value.p, n));
    return attrs_set(a, CKA_VALUE, buf_span(&value));
}
