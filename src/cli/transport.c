/* SPDX-License-Identifier: BSD-2-Clause */
/* transport.c - keys wrapped by another token for us; see transport.h. */
#include "cli/transport.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/prim.h"

#define SEMIBLOCK   8
#define WRAPPED_MAX 65536 /* bytes of a wrapped key: what a wrong length can make us take */

DEFINE_AUTO(cipher_ctx_freep, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
DEFINE_AUTO(cipher_freep, EVP_CIPHER, EVP_CIPHER_free)

/* How a token may wrap, the best first. RFC 5649 (KWP) has two names: tokens from before PKCS#11
 * 3.0 know the second. */
static const struct {
    CK_MECHANISM_TYPE type;
    const char *cipher;
} ways[] = {
    {CKM_AES_KEY_WRAP_KWP, "AES-256-WRAP-PAD"},
    {CKM_AES_KEY_WRAP_PAD, "AES-256-WRAP-PAD"},
    {CKM_AES_KEY_WRAP, "AES-256-WRAP"}, /* filled up with zeros to eight bytes (v2.40 2.14.2) */
};

void transport_end(struct transport *t)
{
    if (t->key != CK_INVALID_HANDLE)
        (void)t->module->C_DestroyObject(t->session, t->key);
    secret_free(TAKE(t->secret));
    t->key = CK_INVALID_HANDLE;
}

/* The key at both ends; made at the first use, and tried once. */
static CK_RV key_make(struct transport *t)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
    uint8_t value[PRIM_KEY];
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &no, sizeof(no)},       {CKA_WRAP, &yes, sizeof(yes)},
        {CKA_VALUE, value, sizeof(value)},
    };
    CK_RV rv;

    if (t->secret != NULL)
        return CKR_OK;
    TRY(prim_random(value, sizeof(value)));
    rv = secret_from(SPAN_ARRAY(value), &t->secret);
    if (rv == CKR_OK &&
        t->module->C_CreateObject(t->session, template, N_ELEMENTS(template), &t->key) != CKR_OK)
        t->key = CK_INVALID_HANDLE;
    mem_wipe(value, sizeof(value));
    return rv;
}

/* The wrapped key, by the first mechanism that the token does it with. */
static CK_RV wrap(const struct transport *t, CK_OBJECT_HANDLE key, struct buf *ret, size_t *ret_way)
{
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        CK_MECHANISM m = {.mechanism = ways[i].type};
        CK_ULONG n = 0;

        if (t->module->C_WrapKey(t->session, &m, t->key, key, NULL, &n) != CKR_OK || n == 0 ||
            n > WRAPPED_MAX)
            continue;
        buf_reserve(ret, n);
        TRY(buf_ok(ret));
        if (t->module->C_WrapKey(t->session, &m, t->key, key, ret->p, &n) != CKR_OK ||
            n > ret->room)
            continue;
        ret->n = n;
        *ret_way = i;
        return CKR_OK;
    }
    FAIL(CKR_KEY_NOT_WRAPPABLE);
}

static CK_RV unwrap(const struct transport *t, size_t way, struct span wrapped, struct buf *ret)
{
    AUTO(cipher_freep) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, ways[way].cipher, NULL);
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *to = buf_extend(ret, wrapped.n + SEMIBLOCK);
    int n = 0;

    ENSURE(cipher != NULL && ctx != NULL && to != NULL, CKR_HOST_MEMORY);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_DecryptInit_ex2(ctx, cipher, t->secret->p, NULL, NULL) != 1 ||
        EVP_DecryptUpdate(ctx, to, &n, wrapped.p, (int)wrapped.n) != 1 || n <= 0) {
        ERR_clear_error();
        FAIL(CKR_DATA_INVALID);
    }
    ret->n = (size_t)n;
    return CKR_OK;
}

/* How long a DER structure says that it is; 0: it is none. */
static size_t der_length(struct span bytes)
{
    const unsigned char *p = bytes.p;
    long n = 0;
    int tag = 0, class = 0;

    if ((ASN1_get_object(&p, &n, &tag, &class, (long)bytes.n) & 0x80) != 0) {
        ERR_clear_error();
        return 0;
    }
    return (size_t)(p - bytes.p) + (size_t)n;
}

/* Take off what it was filled up with. */
static CK_RV cut(size_t n, struct buf *ret)
{
    ENSURE(n > 0 && n <= ret->n && ret->n - n < SEMIBLOCK && mem_is_zero(ret->p + n, ret->n - n),
           CKR_DATA_INVALID);
    ret->n = n;
    return CKR_OK;
}

CK_RV transport_get(struct transport *t, CK_OBJECT_HANDLE key, size_t n, struct buf *ret)
{
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    size_t way = 0;

    TRY(key_make(t));
    ENSURE(t->key != CK_INVALID_HANDLE, CKR_KEY_NOT_WRAPPABLE);
    TRY(wrap(t, key, &wrapped, &way));
    TRY(unwrap(t, way, buf_span(&wrapped), ret));
    return cut(n > 0 ? n : der_length(buf_span(ret)), ret);
}
