/* SPDX-License-Identifier: BSD-2-Clause */
/* seal_new.c - the seals of an owner; see seal_new.h. */
#include "keyring/seal_new.h"

#include "crypto/cms.h"

struct box_context seal_wrapped_context(const struct header *h, const uint8_t id[SEAL_ID])
{
    return (struct box_context){
        .purpose = "seal",
        .store_id = SPAN_ARRAY(h->store_id),
        .table = STORE_SEAL,
        .extra = span_of(id, SEAL_ID),
    };
}

/* What the box around the seal's secret is under: the recovery key, or what scrypt makes of the
 * passphrase. */
static CK_RV parent_key(const struct seal *s, struct span secret, struct secret **ret)
{
    AUTO(secret_freep) struct secret *key = NULL;

    if (s->kind != SEAL_PASSPHRASE) {
        ENSURE(secret.n == PRIM_KEY, CKR_ARGUMENTS_BAD);
        return secret_from(secret, ret);
    }
    TRY(secret_new(PRIM_KEY, &key));
    TRY(prim_scrypt(secret, SPAN_ARRAY(s->salt), s->log2_n, key->p));
    *ret = TAKE(key);
    return CKR_OK;
}

static CK_RV wrap(const struct header *h, const struct seal *s, const struct seal_lock *lock,
                  const struct secret *secret, struct buf *ret)
{
    const struct box_context context = seal_wrapped_context(h, s->id);
    AUTO(secret_freep) struct secret *parent = NULL;

    if (lock->kind == SEAL_CERTIFICATE)
        return cms_seal(lock->certificate, secret_span(secret), ret);
    TRY(parent_key(s, lock->secret, &parent));
    return box_seal(secret_span(parent), &context, secret_span(secret), ret);
}

CK_RV seal_new(const struct header *h, const struct seal_lock *lock, struct span master,
               const uint8_t id[SEAL_ID], struct seal_made *ret)
{
    struct seal s = {
        .kind = lock->kind,
        .created = meta_now(),
        .certificate = lock->certificate,
        .subject = lock->subject,
        .log2_n = lock->log2_n,
        .threshold = lock->threshold,
        .shares = lock->shares,
    };
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;

    memcpy(s.id, id, SEAL_ID);
    memcpy(ret->id, id, SEAL_ID);
    TRY(prim_random(s.salt, sizeof(s.salt)));
    TRY(seal_secret_new(s.public_key, &secret));
    TRY(wrap(h, &s, lock, secret, &wrapped));
    s.wrapped = buf_span(&wrapped);
    return seal_encode(h, &s, master, seal_secret_auth(secret), &ret->row);
}

CK_RV seal_unwrap(const struct header *h, const struct seal *s, const struct seal_proof *proof,
                  struct secret **ret)
{
    const struct box_context context = seal_wrapped_context(h, s->id);
    AUTO(secret_freep) struct secret *parent = NULL;
    CK_RV rv;

    ENSURE(s->kind == proof->kind && !seal_is_platform(s), CKR_ARGUMENTS_BAD);
    ENSURE(proof->opened.n == 0 || proof->opened.n == SEAL_SECRET_BYTES, CKR_ARGUMENTS_BAD);
    if (s->kind == SEAL_CERTIFICATE && proof->opened.n > 0)
        return secret_from(proof->opened, ret);
    if (s->kind == SEAL_CERTIFICATE && proof->agent != NULL)
        return cms_open_by(s->wrapped, proof->agent, ret);
    if (s->kind == SEAL_CERTIFICATE)
        return cms_open(s->wrapped, s->certificate, proof->private_key, ret);
    TRY(parent_key(s, proof->secret, &parent));
    rv = box_open_secret(secret_span(parent), &context, s->wrapped, ret);
    return rv == CKR_DEVICE_ERROR ? CKR_ENCRYPTED_DATA_INVALID : rv;
}
