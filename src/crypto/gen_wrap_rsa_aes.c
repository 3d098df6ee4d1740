/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_wrap_rsa_aes.c - CKM_RSA_AES_KEY_WRAP (PKCS#11 v3.2 6.1.24): the key under AES-KWP, under a
 * new AES key, that under RSA-OAEP in front of it. So an RSA key wraps keys of any size.
 *
 * When the OAEP part is wrong, unwrapping goes on with a random AES key: the KWP part is then wrong
 * too, and whoever sent it does not learn which of both it was (Manger, CRYPTO 2001), nor does who
 * has a clock: the one key or the other is selected without a branch.
 */
#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/keywrap.h"
#include "crypto/op_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/prim.h"

#define MAX_AES 32

static CK_RV aes_key(struct span value, struct key **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(attrs_set_ulong(a, CKA_CLASS, CKO_SECRET_KEY));
    TRY(attrs_set_ulong(a, CKA_KEY_TYPE, CKK_AES));
    TRY(attrs_set(a, CKA_VALUE, value));
    return key_from_attrs(a, ret);
}

/* The parameter: bytes of the AES key, and the OAEP part as the mechanism that it is. */
static CK_RV parts_of(const CK_MECHANISM *m, size_t *ret_n, CK_MECHANISM *ret_oaep)
{
    CK_RSA_AES_KEY_WRAP_PARAMS p;

    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(p.ulAESKeyBits == 128 || p.ulAESKeyBits == 192 || p.ulAESKeyBits == 256,
           CKR_MECHANISM_PARAM_INVALID);
    ENSURE(p.pOAEPParams != NULL, CKR_MECHANISM_PARAM_INVALID);
    *ret_n = p.ulAESKeyBits / 8;
    *ret_oaep = (CK_MECHANISM){CKM_RSA_PKCS_OAEP, p.pOAEPParams, sizeof(CK_RSA_PKCS_OAEP_PARAMS)};
    return CKR_OK;
}

/* Encrypt a new AES key to the front of `ret`, and the target behind it. */
static CK_RV seal_parts(struct op *o, size_t n_aes, size_t n_rsa, struct span plain,
                        struct buf *ret)
{
    const union mech_param no_iv = {0};
    AUTO(key_unrefp) struct key *k = NULL;
    uint8_t aes[MAX_AES];
    CK_ULONG n = n_rsa;
    struct out front = {.data = buf_extend(ret, n_rsa), .len = &n};
    CK_RV rv;

    ENSURE(front.data != NULL, CKR_HOST_MEMORY);
    TRY(prim_random(aes, n_aes));
    rv = op_once(o, span_of(aes, n_aes), &front);
    if (rv == CKR_OK)
        rv = aes_key(span_of(aes, n_aes), &k);
    mem_wipe(aes, sizeof(aes));
    TRY(rv);
    return keywrap_seal(mech_find(CKM_AES_KEY_WRAP_KWP), &no_iv, k, plain, ret);
}

static CK_RV rsa_aes_seal(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                          struct span plain, struct out *out)
{
    const size_t n_rsa = (wrapping->bits + 7) / 8;
    const size_t n_kwp = keywrap_size(mech_find(CKM_AES_KEY_WRAP_KWP), plain.n);
    AUTO(op_freep) struct op *o = NULL;
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    CK_MECHANISM oaep;
    size_t n_aes = 0;

    (void)row;
    TRY(parts_of(m, &n_aes, &oaep));
    TRY(op_start(OP_ENCRYPT, mech_find(oaep.mechanism), &oaep, wrapping, &o));
    ENSURE(n_kwp != 0, CKR_DATA_LEN_RANGE);
    TRY(out_room(out, n_rsa + n_kwp));
    if (out_is_query(out))
        return CKR_OK;
    TRY(seal_parts(o, n_aes, n_rsa, plain, &wrapped));
    return out_bytes(out, buf_span(&wrapped));
}

/* The AES key, or a random one. */
static CK_RV aes_open(struct op *o, struct span front, size_t n_aes, struct key **ret)
{
    uint8_t aes[MAX_AES];
    CK_RV rv;

    TRY(prim_random(aes, sizeof(aes)));
    rv = rsa_decrypt_over(o, front, aes, n_aes);
    if (rv == CKR_OK)
        rv = aes_key(span_of(aes, n_aes), ret);
    mem_wipe(aes, sizeof(aes));
    return rv;
}

static CK_RV rsa_aes_open(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                          struct span wrapped, struct buf *ret)
{
    const union mech_param no_iv = {0};
    const size_t n_rsa = (unwrapping->bits + 7) / 8;
    AUTO(op_freep) struct op *o = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    CK_MECHANISM oaep;
    size_t n_aes = 0;

    (void)row;
    TRY(parts_of(m, &n_aes, &oaep));
    TRY(op_start(OP_DECRYPT, mech_find(oaep.mechanism), &oaep, unwrapping, &o));
    ENSURE(wrapped.n > n_rsa, CKR_ENCRYPTED_DATA_LEN_RANGE);
    TRY(aes_open(o, span_of(wrapped.p, n_rsa), n_aes, &k));
    return keywrap_open(mech_find(CKM_AES_KEY_WRAP_KWP), &no_iv, k,
                        span_of(wrapped.p + n_rsa, wrapped.n - n_rsa), ret);
}

static CK_RV rsa_aes_between(const CK_MECHANISM *m, CK_ULONG *ret_bits)
{
    CK_MECHANISM oaep;
    size_t n_aes = 0;

    TRY(parts_of(m, &n_aes, &oaep));
    *ret_bits = 8 * n_aes;
    return CKR_OK;
}

const struct gen_class gen_wrap_rsa_aes = {
    .name = "wrap-rsa-aes",
    .between = rsa_aes_between,
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
    .seal = rsa_aes_seal,
    .open = rsa_aes_open,
};
