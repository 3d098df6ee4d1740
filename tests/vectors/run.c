/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - operations in one call and in parts, which must agree; see vectors.h. */
#include "vectors/vectors.h"

#define PART 13 /* bytes: of no block's length */

static const char *said = "";

CK_RV vector_step(const char *call, CK_RV rv)
{
    if (rv != CKR_OK && rv != VECTOR_WRONG) /* that one has said what it is about */
        said = call;
    return rv;
}

CK_RV vector_wrong(const char *why)
{
    said = why;
    return VECTOR_WRONG;
}

const char *vector_said(void)
{
    return said;
}

CK_RV vector_same(struct span is, struct span expected, const char *why)
{
    return span_equal(is, expected) ? CKR_OK : vector_wrong(why);
}

static CK_BYTE *bytes_of(struct span s)
{
    return (CK_BYTE *)(uintptr_t)s.p;
}

/* Calls update(session, part, length) for each part. */
static CK_RV in_parts(CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG), struct span data)
{
    for (size_t at = 0; at < data.n; at += PART) {
        const size_t n = data.n - at < PART ? data.n - at : PART;
        const CK_RV rv = update(vector_session, bytes_of(data) + at, n);

        if (rv != CKR_OK)
            return rv;
    }
    return CKR_OK;
}

static CK_RV verify_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data,
                          struct span signature)
{
    STEP(p11->C_VerifyInit(vector_session, m, key));
    STEP(in_parts(p11->C_VerifyUpdate, data));
    STEP(p11->C_VerifyFinal(vector_session, bytes_of(signature), signature.n));
    return CKR_OK;
}

CK_RV run_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data, struct span signature)
{
    CK_RV rv;

    STEP(p11->C_VerifyInit(vector_session, m, key));
    rv = p11->C_Verify(vector_session, bytes_of(data), data.n, bytes_of(signature), signature.n);
    if (verify_parts(m, key, data, signature) != rv)
        return vector_wrong("in parts, another answer of C_Verify");
    return vector_step("C_Verify", rv);
}

static CK_RV sign_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data, CK_BYTE *ret,
                        CK_ULONG *ret_n)
{
    STEP(p11->C_SignInit(vector_session, m, key));
    STEP(in_parts(p11->C_SignUpdate, data));
    STEP(p11->C_SignFinal(vector_session, ret, ret_n));
    return CKR_OK;
}

CK_RV run_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data, struct span signature)
{
    CK_BYTE *is = vector_bytes_new(signature.n);
    CK_ULONG n = signature.n;

    STEP(p11->C_SignInit(vector_session, m, key));
    STEP(p11->C_Sign(vector_session, bytes_of(data), data.n, is, &n));
    STEP(vector_same(span_of(is, n), signature, "another signature"));
    n = signature.n;
    STEP(sign_parts(m, key, data, is, &n));
    return vector_same(span_of(is, n), signature, "in parts, another signature");
}

/* The functions of one direction. */
struct direction {
    CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
    CK_RV (*whole)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
    CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
    CK_RV (*final)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *);
};

static CK_RV crypt_whole(const struct direction *d, CK_MECHANISM *m, CK_OBJECT_HANDLE key,
                         struct span in, CK_BYTE *out, CK_ULONG *n)
{
    STEP(d->init(vector_session, m, key));
    STEP(d->whole(vector_session, bytes_of(in), in.n, out, n));
    return CKR_OK;
}

static CK_RV crypt_parts(const struct direction *d, CK_MECHANISM *m, CK_OBJECT_HANDLE key,
                         struct span in, CK_BYTE *out, CK_ULONG *n)
{
    const CK_ULONG room = *n;
    CK_ULONG done = 0, got;

    STEP(d->init(vector_session, m, key));
    for (size_t at = 0; at < in.n; at += PART) {
        got = room - done;
        STEP(d->update(vector_session, bytes_of(in) + at, in.n - at < PART ? in.n - at : PART,
                       out + done, &got));
        done += got;
    }
    got = room - done;
    STEP(d->final(vector_session, out + done, &got));
    *n = done + got;
    return CKR_OK;
}

static CK_RV crypt(const struct direction *d, CK_MECHANISM *m, CK_OBJECT_HANDLE key, bool parts,
                   struct span in, struct span *ret)
{
    const CK_ULONG room = in.n + 64; /* a tag, a block of padding, a key-wrapping header */
    CK_BYTE *out = vector_bytes_new(room), *out_parts = vector_bytes_new(room);
    CK_ULONG n = room, n_parts = room;
    const CK_RV rv = crypt_whole(d, m, key, in, out, &n);

    if (parts) {
        if (crypt_parts(d, m, key, in, out_parts, &n_parts) != rv)
            return vector_wrong("in parts, another code");
        if (rv == CKR_OK && !span_equal(span_of(out, n), span_of(out_parts, n_parts)))
            return vector_wrong("in parts, other bytes");
    }
    *ret = span_of(out, n);
    return rv;
}

CK_RV run_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, bool parts, struct span in,
                  struct span *ret)
{
    const struct direction d = {p11->C_DecryptInit, p11->C_Decrypt, p11->C_DecryptUpdate,
                                p11->C_DecryptFinal};

    return crypt(&d, m, key, parts, in, ret);
}

CK_RV run_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, bool parts, struct span in,
                  struct span *ret)
{
    const struct direction d = {p11->C_EncryptInit, p11->C_Encrypt, p11->C_EncryptUpdate,
                                p11->C_EncryptFinal};

    return crypt(&d, m, key, parts, in, ret);
}
