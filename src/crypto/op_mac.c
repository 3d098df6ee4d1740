/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_mac.c - HMAC with every hash (PKCS#11 v3.2 6.22) and AES-CMAC (6.14), of full or given length.
 *
 * A row with a digest is an HMAC, one with a cipher a CMAC. The key schedule is done once per key:
 * contexts stay with it (pool.h) and are only restarted.
 */
#include <openssl/core_names.h>

#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"

#define MAC_MAX 64 /* bytes: HMAC with SHA-512 */

/* The name of the row's CMAC cipher for a key of n bytes. */
static const char *cmac_cipher(size_t n)
{
    return n == 16 ? "AES-128-CBC" : n == 24 ? "AES-192-CBC" : "AES-256-CBC";
}

static CK_RV mac_make(struct op *o, void **ret)
{
    const struct span key = buf_span(&o->key->value);
    const bool is_hmac = o->row->md != NULL;
    const OSSL_PARAM params[] = {
        is_hmac ? param_text(OSSL_MAC_PARAM_DIGEST, o->row->md)
                : param_text(OSSL_MAC_PARAM_CIPHER, cmac_cipher(key.n)),
        OSSL_PARAM_construct_end(),
    };
    AUTO(macp)
    EVP_MAC *mac =
        EVP_MAC_fetch(ossl_ctx(), is_hmac ? OSSL_MAC_NAME_HMAC : OSSL_MAC_NAME_CMAC, NULL);
    AUTO(mac_ctx_freep) EVP_MAC_CTX *ctx = NULL;

    ENSURE(mac != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ctx = EVP_MAC_CTX_new(mac);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_MAC_init(ctx, key.p, key.n, params) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static void mac_ctx_free(void *ctx)
{
    EVP_MAC_CTX_free(ctx);
}

static const struct op_ctx_class mac_ctx = {.make = mac_make, .free = mac_ctx_free};

static CK_RV mac_start(struct op *o)
{
    static const CK_ULONG no_variant[3];

    /* To EVP_MAC_init() an empty key means the old one. */
    ENSURE(o->key->value.n > 0, CKR_KEY_SIZE_RANGE);
    TRY(op_ctx(o, &mac_ctx, no_variant));
    ENSURE(EVP_MAC_init(o->ctx, NULL, 0, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

/* Bytes of the MAC: of the parameter, else the full length. */
static size_t mac_size(const struct op *o)
{
    if (o->row->parse == parse_mac)
        return o->param.mac.n;
    return o->row->md != NULL ? hash_of_md(o->row->md)->n : PARAM_BLOCK;
}

static CK_RV mac_update(struct op *o, struct span in, struct out *out)
{
    (void)out;
    ENSURE(in.n == 0 || EVP_MAC_update(o->ctx, in.p, in.n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV mac_final(struct op *o, struct out *out)
{
    uint8_t sum[MAC_MAX];
    size_t n = 0;

    TRY(out_room(out, mac_size(o)));
    if (out_is_query(out))
        return CKR_OK;
    ENSURE(EVP_MAC_final(o->ctx, sum, &n, sizeof(sum)) == 1 && n >= mac_size(o),
           ossl_rv(CKR_FUNCTION_FAILED));
    memcpy(out->data, sum, mac_size(o));
    mem_wipe(sum, sizeof(sum)); /* what a truncated MAC leaves out stays secret */
    out_done(out, mac_size(o));
    return CKR_OK;
}

static CK_RV mac_once(struct op *o, struct span in, struct out *out)
{
    TRY(out_room(out, mac_size(o)));
    if (out_is_query(out))
        return CKR_OK;
    TRY(mac_update(o, in, NULL));
    return mac_final(o, out);
}

static CK_RV mac_verify_final(struct op *o, struct span signature)
{
    uint8_t sum[MAC_MAX];
    CK_ULONG n = sizeof(sum);
    struct out out = {.data = sum, .len = &n};
    bool equal;

    ENSURE(signature.n == mac_size(o), CKR_SIGNATURE_LEN_RANGE);
    TRY(mac_final(o, &out));
    equal = mem_equal_ct(sum, signature.p, n);
    mem_wipe(sum, sizeof(sum));
    ENSURE(equal, CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

static CK_RV mac_verify(struct op *o, struct span in, struct span signature)
{
    ENSURE(signature.n == mac_size(o), CKR_SIGNATURE_LEN_RANGE);
    TRY(mac_update(o, in, NULL));
    return mac_verify_final(o, signature);
}

static const struct op_methods mac_sign = {
    .start = mac_start,
    .once = mac_once,
    .update = mac_update,
    .final = mac_final,
};

static const struct op_methods mac_check = {
    .start = mac_start,
    .verify = mac_verify,
    .update = mac_update,
    .verify_final = mac_verify_final,
};

const struct op_class op_mac = {
    .name = "mac",
    .kinds = {[OP_SIGN] = &mac_sign, [OP_VERIFY] = &mac_check},
};
