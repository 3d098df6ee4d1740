/* SPDX-License-Identifier: BSD-2-Clause */
/* family_cipher.c - AEAD modes, and ciphers without authentication; see vectors.h. */
#include "vectors/vectors.h"

#include <string.h>

#define XTS_UNIT 16 /* bytes of a data unit's number */

static const CK_ATTRIBUTE_TYPE usage[] = {CKA_ENCRYPT, CKA_DECRYPT, 0};

/* -- with authentication ---------------------------------------------------------------------- */

/* A wrong tag has one code; parameters that the mode doesn't have are refused at the start. */
static const CK_RV aead_refusals[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_MECHANISM_PARAM_INVALID,
                                      CKR_OK};

/* A mechanism with its parameter, and the bytes that belong to it. */
struct mode {
    CK_MECHANISM m;
    union {
        CK_GCM_PARAMS gcm;
        CK_CCM_PARAMS ccm;
        CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha;
    } param;
};

static CK_BYTE *pointer(struct span s)
{
    return (CK_BYTE *)(uintptr_t)s.p;
}

static void gcm_mode(const struct vector *v, struct span iv, struct span aad, struct mode *ret)
{
    ret->param.gcm = (CK_GCM_PARAMS){.pIv = pointer(iv),
                                     .ulIvLen = iv.n,
                                     .ulIvBits = 8 * iv.n,
                                     .pAAD = pointer(aad),
                                     .ulAADLen = aad.n,
                                     .ulTagBits = json_number(v->group, "tagSize")};
    ret->m = (CK_MECHANISM){CKM_AES_GCM, &ret->param.gcm, sizeof(ret->param.gcm)};
}

static void ccm_mode(const struct vector *v, struct span iv, struct span aad, struct mode *ret)
{
    ret->param.ccm = (CK_CCM_PARAMS){.ulDataLen = json_bytes(v->test, "ct").n,
                                     .pNonce = pointer(iv),
                                     .ulNonceLen = iv.n,
                                     .pAAD = pointer(aad),
                                     .ulAADLen = aad.n,
                                     .ulMACLen = json_number(v->group, "tagSize") / 8};
    ret->m = (CK_MECHANISM){CKM_AES_CCM, &ret->param.ccm, sizeof(ret->param.ccm)};
}

static void chacha_mode(const struct vector *v, struct span iv, struct span aad, struct mode *ret)
{
    (void)v;
    ret->param.chacha = (CK_SALSA20_CHACHA20_POLY1305_PARAMS){
        .pNonce = pointer(iv), .ulNonceLen = 8 * iv.n, .pAAD = pointer(aad), .ulAADLen = aad.n};
    ret->m = (CK_MECHANISM){CKM_CHACHA20_POLY1305, &ret->param.chacha, sizeof(ret->param.chacha)};
}

static const struct aead {
    const char *algorithm;
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key;
    void (*mode)(const struct vector *v, struct span iv, struct span aad, struct mode *ret);
} aeads[] = {
    {"AES-GCM", CKM_AES_GCM, CKK_AES, gcm_mode},
    {"AES-CCM", CKM_AES_CCM, CKK_AES, ccm_mode},
    {"CHACHA20-POLY1305", CKM_CHACHA20_POLY1305, CKK_CHACHA20, chacha_mode},
};

static const struct aead *aead_of(const struct vector *v)
{
    for (size_t i = 0; i < N_ELEMENTS(aeads); i++) {
        if (strcmp(aeads[i].algorithm, v->algorithm) == 0)
            return &aeads[i];
    }
    fail_msg("no AEAD %s in the test", v->algorithm);
    return NULL;
}

static CK_MECHANISM_TYPE aead_mechanism(const struct vector *v)
{
    return aead_of(v)->type;
}

/* The tag follows the text. */
static struct span sealed_of(const struct vector *v)
{
    const struct span ct = json_bytes(v->test, "ct"), tag = json_bytes(v->test, "tag");
    uint8_t *sealed = vector_bytes_new(ct.n + tag.n);

    memcpy(sealed, ct.p, ct.n);
    memcpy(sealed + ct.n, tag.p, tag.n);
    return span_of(sealed, ct.n + tag.n);
}

static CK_RV aead_run(const struct vector *v)
{
    const struct span msg = json_bytes(v->test, "msg"), sealed = sealed_of(v);
    struct span is = SPAN_EMPTY;
    CK_OBJECT_HANDLE key;
    struct mode mode;

    aead_of(v)->mode(v, json_bytes(v->test, "iv"), json_bytes(v->test, "aad"), &mode);
    STEP(key_secret(aead_of(v)->key, json_bytes(v->test, "key"), usage, &key));
    STEP(run_decrypt(&mode.m, key, true, sealed, &is));
    STEP(vector_same(is, msg, "decrypted to another message"));
    STEP(run_encrypt(&mode.m, key, true, msg, &is));
    return vector_same(is, sealed, "encrypted to another text or tag");
}

const struct family family_aead = {"AeadTest", aead_mechanism, aead_run, aead_refusals};

/* -- without ---------------------------------------------------------------------------------- */

static const CK_RV cipher_refusals[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
                                        CKR_OK};

static const struct cipher {
    const char *algorithm;
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key;
    size_t n_iv; /* of the parameter; a shorter IV is a number, little-endian */
} ciphers[] = {
    {"AES-CBC-PKCS5", CKM_AES_CBC_PAD, CKK_AES, 16},
    {"AES-XTS", CKM_AES_XTS, CKK_AES_XTS, XTS_UNIT},
};

static const struct cipher *cipher_of(const struct vector *v)
{
    for (size_t i = 0; i < N_ELEMENTS(ciphers); i++) {
        if (strcmp(ciphers[i].algorithm, v->algorithm) == 0)
            return &ciphers[i];
    }
    fail_msg("no cipher %s in the test", v->algorithm);
    return NULL;
}

static CK_MECHANISM_TYPE cipher_mechanism(const struct vector *v)
{
    return cipher_of(v)->type;
}

static CK_RV cipher_run(const struct vector *v)
{
    const struct span msg = json_bytes(v->test, "msg"), ct = json_bytes(v->test, "ct");
    const struct span iv = json_bytes(v->test, "iv");
    const struct cipher *c = cipher_of(v);
    uint8_t *padded = vector_bytes_new(c->n_iv);
    CK_MECHANISM m = {c->type, padded, c->n_iv};
    struct span is = SPAN_EMPTY;
    CK_OBJECT_HANDLE key;

    assert_true(iv.n <= c->n_iv);
    memcpy(padded, iv.p, iv.n);
    STEP(key_secret(c->key, json_bytes(v->test, "key"), usage, &key));
    STEP(run_decrypt(&m, key, true, ct, &is));
    STEP(vector_same(is, msg, "decrypted to another message"));
    STEP(run_encrypt(&m, key, true, msg, &is));
    return vector_same(is, ct, "encrypted to another text");
}

const struct family family_cipher = {"IndCpaTest", cipher_mechanism, cipher_run, cipher_refusals};
