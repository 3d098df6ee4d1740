/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign.c - sign and verify, the same on both sides. A module's first signature is verified by
 * OpenSSL with the exported public key; what verifies must refuse a changed signature.
 */
#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

static CK_RV sign_start(struct job *j)
{
    return job_ready(j, RAW_SIGNATURE_MAX);
}

static CK_RV raw_sign_once(struct job *j)
{
    j->n_out = j->room;
    return raw_sign(j->key.pkey, j->spec, j->md, job_in(j), j->out, &j->n_out);
}

static CK_RV raw_verify_once(struct job *j)
{
    return raw_verify(j->key.pkey, j->spec, j->md, job_in(j), job_out(j));
}

static CK_RV raw_verify_start(struct job *j)
{
    TRY(sign_start(j));
    return raw_sign_once(j);
}

static CK_RV p11_sign_once(struct job *j)
{
    CK_ULONG n = (CK_ULONG)j->room;

    TRY(j->f->C_SignInit(j->session, &j->mech.m, j->key.secret));
    TRY(j->f->C_Sign(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n));
    j->n_out = n;
    return CKR_OK;
}

static CK_RV p11_sign_check(struct job *j)
{
    if (raw_verify_p11(j->key.pkey, j->spec, j->md, job_in(j), job_out(j)) != CKR_OK)
        return fault_wrong("OpenSSL does not verify the signature");
    return CKR_OK;
}

static CK_RV p11_verify_once(struct job *j)
{
    TRY(j->f->C_VerifyInit(j->session, &j->mech.m, j->key.public));
    return j->f->C_Verify(j->session, j->in, (CK_ULONG)j->n_in, j->out, (CK_ULONG)j->n_out);
}

static CK_RV p11_verify_start(struct job *j)
{
    TRY(sign_start(j));
    TRY(p11_sign_once(j));
    return p11_sign_check(j);
}

/* The message is changed, not the signature: one that is well formed must fail too. */
static CK_RV p11_verify_check(struct job *j)
{
    CK_RV rv = CKR_OK;

    j->in[0] ^= 1;
    rv = p11_verify_once(j);
    j->in[0] ^= 1;
    if (rv != CKR_SIGNATURE_INVALID)
        return fault_wrong("verifying another message gave 0x%lx", rv);
    return CKR_OK;
}

const struct work work_raw_sign = {.start = sign_start, .once = raw_sign_once};
const struct work work_p11_sign = {
    .start = sign_start, .once = p11_sign_once, .check = p11_sign_check};
const struct work work_raw_verify = {.start = raw_verify_start, .once = raw_verify_once};
const struct work work_p11_verify = {
    .start = p11_verify_start, .once = p11_verify_once, .check = p11_verify_check};
