/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_encrypt.c - keys that are encryptions of data: CKM_AES_ECB_ENCRYPT_DATA and
 * CKM_AES_CBC_ENCRYPT_DATA (PKCS#11 v3.2 6.10, "key derivation by data encryption"). The key is the
 * first bytes of the ciphertext.
 *
 * A key that also encrypts for applications would tell them every key derived from it: core/
 * refuses that by what `derives` says here.
 */
#include <limits.h>

#include "crypto/cipher_name.h"
#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"

static CK_RV blocks_encrypt(const struct gen_derivation *d, const struct key *k, const uint8_t *iv,
                            struct span data, uint8_t *to)
{
    const EVP_CIPHER *cipher = cipher_of(d->row, k->value.n);
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_EncryptInit_ex2(ctx, cipher, k->value.p, iv, NULL) == 1 &&
               EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
               EVP_EncryptUpdate(ctx, to, &n, data.p, (int)data.n) == 1 && (size_t)n == data.n,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV encrypt_derive(struct gen_derivation *d, const struct gen_keys *keys,
                            struct attrs *const *a)
{
    const struct span data = buf_span(&d->param->any.owned);
    const uint8_t *iv = d->row->parse == parse_cbc_data ? d->param->iv.iv : NULL;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    size_t n = 0;

    TRY(gen_length(d, 0, a[0], data.n, data.n, &n));
    ENSURE(buf_extend(&value, data.n) != NULL, CKR_HOST_MEMORY);
    TRY(blocks_encrypt(d, keys->base, iv, data, value.p));
    return attrs_set(a[0], CKA_VALUE, span_of(value.p, n));
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE};

const struct gen_class gen_encrypt = {
    .name = "encrypt",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY, .encrypts = true},
    .derive = encrypt_derive,
};
