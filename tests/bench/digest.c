/* SPDX-License-Identifier: BSD-2-Clause */
/* digest.c - SHA-256, HMAC-SHA-256 and random bytes; results are compared with OpenSSL's. */
#include <openssl/rand.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

#define DIGEST_BYTES 32

static CK_RV digest_start(struct job *j)
{
    TRY(job_ready(j, DIGEST_BYTES));
    j->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ENSURE(j->mac != NULL, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV raw_digest_once(struct job *j)
{
    return raw_digest(j->md, job_in(j), j->out);
}

static CK_RV raw_hmac_once(struct job *j)
{
    return raw_hmac(j->mac, SPAN_ARRAY(keys_secret), job_in(j), j->out);
}

static CK_RV p11_digest_once(struct job *j)
{
    CK_ULONG n = DIGEST_BYTES;

    TRY(j->f->C_DigestInit(j->session, &j->mech.m));
    return j->f->C_Digest(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n);
}

static CK_RV p11_hmac_once(struct job *j)
{
    CK_ULONG n = DIGEST_BYTES;

    TRY(j->f->C_SignInit(j->session, &j->mech.m, j->key.secret));
    return j->f->C_Sign(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n);
}

NODISCARD static CK_RV digest_compare(const struct job *j, const uint8_t *right)
{
    if (memcmp(j->out, right, DIGEST_BYTES) != 0)
        return fault_wrong("OpenSSL's result is another one");
    return CKR_OK;
}

static CK_RV p11_digest_check(struct job *j)
{
    uint8_t right[DIGEST_BYTES];

    TRY(raw_digest(j->md, job_in(j), right));
    return digest_compare(j, right);
}

static CK_RV p11_hmac_check(struct job *j)
{
    uint8_t right[DIGEST_BYTES];

    TRY(raw_hmac(j->mac, SPAN_ARRAY(keys_secret), job_in(j), right));
    return digest_compare(j, right);
}

static CK_RV raw_random_once(struct job *j)
{
    ENSURE(RAND_bytes(j->out, (int)j->spec->n) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV p11_random_once(struct job *j)
{
    return j->f->C_GenerateRandom(j->session, j->out, (CK_ULONG)j->spec->n);
}

static CK_RV p11_random_check(struct job *j)
{
    memcpy(j->in, j->out, j->spec->n);
    TRY(p11_random_once(j));
    if (memcmp(j->in, j->out, j->spec->n) == 0)
        return fault_wrong("the same bytes came twice");
    return CKR_OK;
}

const struct work work_raw_digest = {.start = digest_start, .once = raw_digest_once};
const struct work work_raw_hmac = {.start = digest_start, .once = raw_hmac_once};
const struct work work_raw_random = {.start = digest_start, .once = raw_random_once};
const struct work work_p11_digest = {
    .start = digest_start, .once = p11_digest_once, .check = p11_digest_check};
const struct work work_p11_hmac = {
    .start = digest_start, .once = p11_hmac_once, .check = p11_hmac_check};
const struct work work_p11_random = {
    .start = digest_start, .once = p11_random_once, .check = p11_random_check};
