/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret.c - how two parties come to one secret: RSA-OAEP decryption and ECDH on P-256.
 *
 * What a module derives stays sensitive and not extractable; it is checked by its HMAC.
 */
#include <openssl/core_names.h>
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

#define POINT_MAX 133
#define SHARED    32

struct agreement {
    EVP_PKEY *peer;
    uint8_t point[POINT_MAX]; /* the peer's, uncompressed */
    size_t n_point;
    struct template t; /* of the derived key */
};

/* The input becomes the ciphertext, the pattern is what must come out. */
static CK_RV oaep_start(struct job *j)
{
    uint8_t plain[SHARED];

    TRY(job_ready(j, RAW_SIGNATURE_MAX));
    ENSURE(j->n_in == sizeof(plain), FAULT_NONE);
    memcpy(plain, j->in, sizeof(plain));
    j->n_in = j->room;
    return raw_oaep_encrypt(j->key.pkey, SPAN_ARRAY(plain), j->in, &j->n_in);
}

static CK_RV raw_oaep_once(struct job *j)
{
    j->n_out = j->room;
    return raw_oaep_decrypt(j->key.pkey, job_in(j), j->out, &j->n_out);
}

static CK_RV p11_oaep_once(struct job *j)
{
    CK_ULONG n = (CK_ULONG)j->room;

    TRY(j->f->C_DecryptInit(j->session, &j->mech.m, j->key.secret));
    TRY(j->f->C_Decrypt(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n));
    j->n_out = n;
    return CKR_OK;
}

static CK_RV p11_oaep_check(struct job *j)
{
    bool same = j->n_out == SHARED;

    for (size_t i = 0; same && i < SHARED; i++)
        same = j->out[i] == job_pattern(i);
    if (!same)
        return fault_wrong("the plain text is another one");
    return CKR_OK;
}

static void derived_template(struct template *t)
{
    template_init(t);
    template_secrecy(t, false);
    template_ulong(t, CKA_CLASS, CKO_SECRET_KEY);
    template_ulong(t, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    template_ulong(t, CKA_VALUE_LEN, SHARED);
    template_bool(t, CKA_SIGN, true);
}

static CK_RV ecdh_start(struct job *j)
{
    struct agreement *a = NULL;

    TRY(job_ready(j, SHARED));
    a = calloc(1, sizeof(*a));
    ENSURE(a != NULL, CKR_HOST_MEMORY);
    j->own = a;
    a->peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
    ENSURE(a->peer != NULL, FAULT_OPENSSL);
    ENSURE(EVP_PKEY_get_octet_string_param(a->peer, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, a->point,
                                           sizeof(a->point), &a->n_point) == 1,
           FAULT_OPENSSL);
    derived_template(&a->t);
    j->mech.param.ecdh.kdf = CKD_NULL;
    j->mech.param.ecdh.pPublicData = a->point;
    j->mech.param.ecdh.ulPublicDataLen = (CK_ULONG)a->n_point;
    j->mech.m.pParameter = &j->mech.param.ecdh;
    j->mech.m.ulParameterLen = sizeof(j->mech.param.ecdh);
    return CKR_OK;
}

static void ecdh_stop(struct job *j)
{
    const struct agreement *a = j->own;

    if (a != NULL)
        EVP_PKEY_free(a->peer);
}

static CK_RV raw_ecdh_once(struct job *j)
{
    const struct agreement *a = j->own;

    j->n_out = j->room;
    return raw_agree(j->key.pkey, a->peer, j->out, &j->n_out);
}

NODISCARD static CK_RV derive(struct job *j, CK_OBJECT_HANDLE *ret)
{
    struct agreement *a = j->own;

    return j->f->C_DeriveKey(j->session, &j->mech.m, j->key.secret, a->t.a, a->t.n, ret);
}

static CK_RV p11_ecdh_once(struct job *j)
{
    CK_OBJECT_HANDLE derived = 0;

    TRY(derive(j, &derived));
    return j->f->C_DestroyObject(j->session, derived);
}

/* The HMAC of the input under the derived key, by the module, into ret. */
NODISCARD static CK_RV derived_hmac(struct job *j, uint8_t ret[SHARED])
{
    CK_MECHANISM mech = {.mechanism = CKM_SHA256_HMAC};
    CK_OBJECT_HANDLE derived = 0;
    CK_ULONG n = SHARED;

    TRY(derive(j, &derived));
    TRY(j->f->C_SignInit(j->session, &mech, derived));
    TRY(j->f->C_Sign(j->session, j->in, (CK_ULONG)j->n_in, ret, &n));
    return j->f->C_DestroyObject(j->session, derived);
}

static CK_RV p11_ecdh_check(struct job *j)
{
    const struct agreement *a = j->own;
    uint8_t module[SHARED];
    uint8_t right[SHARED];
    size_t n = j->room;

    TRY(derived_hmac(j, module));
    j->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ENSURE(j->mac != NULL, FAULT_OPENSSL);
    TRY(raw_agree(a->peer, j->key.pkey, j->out, &n));
    TRY(raw_hmac(j->mac, span_of(j->out, n), job_in(j), right));
    if (memcmp(module, right, sizeof(right)) != 0)
        return fault_wrong("the derived secret is another one");
    return CKR_OK;
}

const struct work work_raw_oaep = {.start = oaep_start, .once = raw_oaep_once};
const struct work work_p11_oaep = {
    .start = oaep_start, .once = p11_oaep_once, .check = p11_oaep_check};
const struct work work_raw_ecdh = {.start = ecdh_start, .once = raw_ecdh_once, .stop = ecdh_stop};
const struct work work_p11_ecdh = {
    .start = ecdh_start, .once = p11_ecdh_once, .check = p11_ecdh_check, .stop = ecdh_stop};
