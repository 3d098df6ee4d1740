/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cipher.c - encrypt and decrypt with one AES key, the same value on both sides, so that what a
 * module writes is compared with what OpenSSL does. Every encryption has an IV of its own.
 */
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

#define BLOCK 16

static CK_RV cipher_start(struct job *j)
{
    TRY(job_ready(j, j->spec->n + j->spec->tag + BLOCK));
    j->cipher = EVP_CIPHER_fetch(NULL, j->spec->cipher, NULL);
    ENSURE(j->cipher != NULL, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV raw_encrypt_once(struct job *j)
{
    mech_next_iv(&j->mech);
    return raw_encrypt(j->cipher, keys_secret, j->mech.iv, j->spec->tag, job_in(j), j->out,
                       &j->n_out);
}

static CK_RV raw_decrypt_once(struct job *j)
{
    return raw_decrypt(j->cipher, keys_secret, j->mech.iv, j->spec->tag, job_in(j), j->out,
                       &j->n_out);
}

/* The buffers change places: the input is now OpenSSL's ciphertext, under the IV of this job. */
static CK_RV decrypt_start(struct job *j)
{
    uint8_t *plain = NULL;

    TRY(cipher_start(j));
    TRY(raw_encrypt_once(j));
    plain = j->in;
    j->in = j->out;
    j->n_in = j->n_out;
    j->out = plain;
    memset(j->out, 0, j->room);
    return CKR_OK;
}

static CK_RV p11_encrypt_once(struct job *j)
{
    CK_ULONG n = (CK_ULONG)j->room;

    mech_next_iv(&j->mech);
    TRY(j->f->C_EncryptInit(j->session, &j->mech.m, j->key.secret));
    TRY(j->f->C_Encrypt(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n));
    j->n_out = n;
    return CKR_OK;
}

static CK_RV p11_decrypt_once(struct job *j)
{
    CK_ULONG n = (CK_ULONG)j->room;

    TRY(j->f->C_DecryptInit(j->session, &j->mech.m, j->key.secret));
    TRY(j->f->C_Decrypt(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n));
    j->n_out = n;
    return CKR_OK;
}

NODISCARD static CK_RV plain_check(const struct job *j)
{
    bool same = j->n_out == j->spec->n;

    for (size_t i = 0; same && i < j->n_out; i++)
        same = j->out[i] == job_pattern(i);
    if (!same)
        return fault_wrong("the plain text is another one");
    return CKR_OK;
}

/* OpenSSL decrypts what the module wrote, into the module's own buffer. */
static CK_RV p11_encrypt_check(struct job *j)
{
    uint8_t *cipher_text = calloc(1, j->n_out + 1);
    CK_RV rv = CKR_HOST_MEMORY;

    if (cipher_text != NULL) {
        memcpy(cipher_text, j->out, j->n_out);
        rv = raw_decrypt(j->cipher, keys_secret, j->mech.iv, j->spec->tag,
                         span_of(cipher_text, j->n_out), j->out, &j->n_out);
    }
    free(cipher_text);
    if (rv != CKR_OK)
        return fault_wrong("OpenSSL does not decrypt the result");
    return plain_check(j);
}

/* A changed tag must be refused. */
static CK_RV p11_decrypt_check(struct job *j)
{
    CK_RV rv = CKR_GENERAL_ERROR;

    TRY(plain_check(j));
    if (j->spec->tag == 0)
        return CKR_OK;
    j->in[j->n_in - 1] ^= 1;
    rv = p11_decrypt_once(j);
    j->in[j->n_in - 1] ^= 1;
    if (rv == CKR_OK)
        return fault_wrong("a changed tag is accepted");
    return CKR_OK;
}

const struct work work_raw_encrypt = {.start = cipher_start, .once = raw_encrypt_once};
const struct work work_raw_decrypt = {.start = decrypt_start, .once = raw_decrypt_once};
const struct work work_p11_encrypt = {
    .start = cipher_start, .once = p11_encrypt_once, .check = p11_encrypt_check};
const struct work work_p11_decrypt = {
    .start = decrypt_start, .once = p11_decrypt_once, .check = p11_decrypt_check};
