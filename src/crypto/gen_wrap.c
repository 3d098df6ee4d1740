/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_wrap.c - wrapping and unwrapping: the row's encryption of a secret's value, or of a private
 * key as PKCS#8 PrivateKeyInfo (PKCS#11 v3.2 6.7), and back.
 *
 * Whatever is wrong with a wrapped key (authentication, padding, structure, type, length), the
 * answer is one: CKR_WRAPPED_KEY_INVALID. Only its length as such, which everybody sees, has a code
 * of its own.
 *
 * Nor does time say whether it was the padding: where nothing authenticates what was decrypted, it
 * is looked at last, when the structure and its numbers are known to be good.
 */
#include <openssl/core_names.h>

#include "crypto/gen_wrap_aead.h"
#include "crypto/key_secret.h"
#include "crypto/op.h"
#include "crypto/ossl_auto.h"
#include "util/ct.h"
#include "util/policy.h"

#define SEMIBLOCK 8
#define AES_BLOCK 16

/* Append the PrivateKeyInfo of a private key. */
static CK_RV private_encode(const struct attrs *a, struct buf *ret)
{
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = NULL;
    uint8_t *der = NULL;
    int n;

    TRY(key_from_attrs(a, &k));
    /* The point is optional, and the ready key has none (key_ec.c). */
    ENSURE(k->type != CKK_EC ||
               EVP_PKEY_set_int_param(k->pkey, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 0) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    p8 = EVP_PKEY2PKCS8(k->pkey);
    ENSURE(p8 != NULL, ossl_rv(CKR_KEY_NOT_WRAPPABLE));
    n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
    ENSURE(n > 0, ossl_rv(CKR_FUNCTION_FAILED));
    buf_put(ret, span_of(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    return buf_ok(ret);
}

CK_RV wrap_encode(const struct gen_class *class, const struct attrs *a, struct buf *ret)
{
    static const uint8_t zeros[AES_BLOCK];
    const CK_OBJECT_CLASS object = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

    if (object == CKO_SECRET_KEY && class->wraps_secrets) {
        ENSURE(attrs_span(a, CKA_VALUE).n > 0, CKR_KEY_NOT_WRAPPABLE);
        buf_put(ret, attrs_span(a, CKA_VALUE));
    } else {
        ENSURE(object == CKO_PRIVATE_KEY && class->wraps_privates, CKR_KEY_NOT_WRAPPABLE);
        TRY(private_encode(a, ret));
    }
    if (class->fills_up > 0 && ret->n % class->fills_up != 0)
        buf_put(ret, span_of(zeros, class->fills_up - ret->n % class->fills_up));
    return buf_ok(ret);
}

CK_RV gen_wrap_strength(const struct mech *row, const CK_MECHANISM *m, const struct key *wrapping,
                        CK_ULONG *ret)
{
    CK_ULONG strength = key_strength(wrapping);
    CK_ULONG between = strength;

    if (row->gen != NULL && row->gen->between != NULL)
        TRY(row->gen->between(m, &between));
    *ret = between < strength ? between : strength;
    return CKR_OK;
}

CK_RV gen_wrap(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
               const struct attrs *target, struct out *out)
{
    KEEP_ERRORS;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(op_freep) struct op *o = NULL;
    CK_RV rv;

    ENSURE(row->gen != NULL && (row->gen->wraps_secrets || row->gen->wraps_privates),
           CKR_MECHANISM_INVALID);
    if (row->gen->is_aead)
        return wrap_aead(row, m, wrapping, target, out);
    if (row->gen->seal == NULL)
        TRY(op_start(OP_ENCRYPT, row, m, wrapping, &o));
    TRY(wrap_encode(row->gen, target, &plain));
    rv = o != NULL ? op_once(o, buf_span(&plain), out)
                   : row->gen->seal(row, m, wrapping, buf_span(&plain), out);
    /* Too long for the modulus, or too short for the mode. */
    return rv == CKR_DATA_LEN_RANGE ? CKR_KEY_SIZE_RANGE : rv;
}

/* The row's decryption. */
static CK_RV op_decrypt(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                        struct span wrapped, struct buf *ret)
{
    AUTO(op_freep) struct op *o = NULL;
    CK_ULONG n = wrapped.n;
    struct out out = {.len = &n};

    TRY(op_start(OP_DECRYPT, row, m, unwrapping, &o));
    ENSURE(wrapped.n > 0, CKR_ENCRYPTED_DATA_LEN_RANGE);
    out.data = buf_extend(ret, wrapped.n);
    ENSURE(out.data != NULL, CKR_HOST_MEMORY);
    TRY(op_once(o, wrapped, &out));
    ret->n = n;
    return CKR_OK;
}

/* Is it the application's own doing, which it may know? */
static bool is_told(CK_RV rv)
{
    return rv == CKR_OK || rv == CKR_HOST_MEMORY || rv == CKR_MECHANISM_PARAM_INVALID ||
           rv == CKR_KEY_SIZE_RANGE || rv == CKR_MECHANISM_INVALID;
}

/* Decrypt what holds an object of this class. What the application can do nothing about is one
 * code. */
static CK_RV wrapped_decrypt(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                             CK_OBJECT_CLASS object, struct span wrapped, struct buf *ret)
{
    const bool padded = row->gen->blocks != 0 && object == CKO_PRIVATE_KEY;
    const struct mech *by = padded ? mech_find(row->gen->blocks) : row;
    const CK_RV rv = row->gen->open != NULL ? row->gen->open(row, m, unwrapping, wrapped, ret)
                                            : op_decrypt(by, m, unwrapping, wrapped, ret);

    ENSURE(rv != CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_WRAPPED_KEY_LEN_RANGE);
    ENSURE(is_told(rv) || !policy_holds(POLICY_ONE_CODE), CKR_WRAPPED_KEY_INVALID);
    return rv;
}

/* Is it a private key? One that came in as a secret would do what its own type does not. */
static bool is_private_key(struct span plain)
{
    const uint8_t *p = plain.p;
    PKCS8_PRIV_KEY_INFO *p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)plain.n);

    PKCS8_PRIV_KEY_INFO_free(p8);
    return p8 != NULL;
}

/* What was filled up with zeros: the template says how many bytes are the key's (6.16.3). */
static CK_RV secret_decode(const struct gen_class *class, struct span plain, struct attrs *a)
{
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    const CK_ULONG asked = attrs_ulong(a, CKA_VALUE_LEN, 0);

    ENSURE(c != NULL, CKR_TEMPLATE_INCONSISTENT);
    if (asked > 0 && asked < plain.n && plain.n - asked < class->fills_up) {
        ENSURE(mem_is_zero(plain.p + asked, plain.n - asked), CKR_WRAPPED_KEY_INVALID);
        plain.n = asked;
    }
    ENSURE(asked == 0 || asked == plain.n, CKR_WRAPPED_KEY_INVALID);
    ENSURE(key_secret_length(c, plain.n), CKR_WRAPPED_KEY_INVALID);
    ENSURE(!policy_holds(POLICY_UNWRAP_TYPE) || !is_private_key(plain), CKR_WRAPPED_KEY_INVALID);
    return attrs_set(a, CKA_VALUE, plain);
}

/* n bytes of n (PKCS #7: RFC 5652 6.3). */
static bool is_padding(struct span s)
{
    uint32_t good = UINT32_MAX;

    if (s.n == 0 || s.n > AES_BLOCK)
        return false;
    for (size_t i = 0; i < s.n; i++)
        good &= ct_equal(s.p[i], (uint32_t)s.n);
    return ct_public(good) != 0;
}

/* What may stand behind the structure of a private key. */
static bool rest_is_right(const struct gen_class *class, struct span rest)
{
    if (class->blocks != 0)
        return is_padding(rest);
    return rest.n == 0 || (rest.n < class->fills_up && mem_is_zero(rest.p, rest.n));
}

/* The structure, and what is left behind it. How long it is, its parser's time has told. */
static CK_RV private_parse(struct span plain, EVP_PKEY **ret, struct span *ret_rest)
{
    const uint8_t *p = plain.p;
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)plain.n);
    size_t n;

    ENSURE(p8 != NULL, ossl_rv(CKR_WRAPPED_KEY_INVALID));
    n = ct_public((size_t)(p - plain.p));
    *ret = EVP_PKCS82PKEY_ex(p8, ossl_ctx(), NULL);
    ENSURE(*ret != NULL, ossl_rv(CKR_WRAPPED_KEY_INVALID));
    *ret_rest = span_of(plain.p + n, plain.n - n);
    return CKR_OK;
}

static CK_RV private_decode(const struct gen_class *class, struct span plain, struct attrs *a)
{
    const struct key_class *c =
        key_class_find(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;
    struct span rest = SPAN_EMPTY;

    ENSURE(c != NULL && c->store != NULL, CKR_TEMPLATE_INCONSISTENT);
    TRY(private_parse(plain, &pkey, &rest));
    ENSURE(c->store(pkey, a) == CKR_OK, CKR_WRAPPED_KEY_INVALID);
    ENSURE(rest_is_right(class, rest), CKR_WRAPPED_KEY_INVALID); /* last: see above */
    return CKR_OK;
}

CK_RV wrap_check_class(const struct gen_class *class, CK_OBJECT_CLASS object)
{
    ENSURE(class != NULL && (class->unwraps_secrets || class->unwraps_privates),
           CKR_MECHANISM_INVALID);
    ENSURE(object == CKO_SECRET_KEY ? class->unwraps_secrets
                                    : object == CKO_PRIVATE_KEY && class->unwraps_privates,
           CKR_TEMPLATE_INCONSISTENT);
    ENSURE(object != CKO_SECRET_KEY || !class->secrets_relaxed ||
               !policy_holds(POLICY_WRAP_MECHANISMS),
           CKR_TEMPLATE_INCONSISTENT);
    return CKR_OK;
}

CK_RV wrap_decode(const struct gen_class *class, struct span plain, struct attrs *a)
{
    const CK_OBJECT_CLASS object = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    AUTO(attrs_freep) struct attrs *whole = NULL;
    struct attrs before;

    TRY(attrs_dup(a, &whole));
    TRY(object == CKO_SECRET_KEY ? secret_decode(class, plain, whole)
                                 : private_decode(class, plain, whole));
    /* Both at once: what was there before goes with `whole`. */
    before = *a;
    *a = *whole;
    *whole = before;
    return CKR_OK;
}

CK_RV gen_unwrap(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                 struct span wrapped, struct attrs *a)
{
    KEEP_ERRORS;
    const CK_OBJECT_CLASS object = attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    TRY(wrap_check_class(row->gen, object));
    if (row->gen->is_aead)
        TRY(unwrap_aead(row, m, unwrapping, wrapped, &plain));
    else
        TRY(wrapped_decrypt(row, m, unwrapping, object, wrapped, &plain));
    return wrap_decode(row->gen, buf_span(&plain), a);
}

const struct gen_class gen_wrap_kw = {
    .name = "wrap-kw",
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
    .fills_up = SEMIBLOCK,
};

const struct gen_class gen_wrap_kwp = {
    .name = "wrap-kwp",
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
};

const struct gen_class gen_wrap_oaep = {
    .name = "wrap-oaep",
    .kem = &gen_kem_oaep,
    .wraps_secrets = true,
    .unwraps_secrets = true,
};

/* By default only to import private keys (PKCS#12 tools do it so): they have a structure, so that
 * this tells nobody whether the padding of a ciphertext of his making is right. */
const struct gen_class gen_wrap_cbc_pad = {
    .name = "wrap-cbc-pad",
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
    .secrets_relaxed = true,
    .blocks = CKM_AES_CBC,
};

/* ECB and CBC: nothing authenticates what comes back. */
const struct gen_class gen_wrap_blocks = {
    .name = "wrap-blocks",
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
    .fills_up = AES_BLOCK,
};

const struct gen_class gen_wrap_rsa_pkcs = {
    .name = "wrap-rsa-pkcs",
    .wraps_secrets = true,
    .unwraps_secrets = true,
};
