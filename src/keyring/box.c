/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * box.c - boxes and boxes to a public key; see box.h for the construction.
 *
 * Keys of a box live on the stack for the call and are wiped when it returns. What is appended to a
 * buffer is taken back when a later step fails.
 */
#include "keyring/box.h"

#define BOX_LABEL     "tee-pkcs11 box 1"
#define PBOX_LABEL    "tee-pkcs11 pbox 1"
#define BOX_EXTRA_MAX 1024 /* HKDF's info has a limit in OpenSSL 3.0 (2048 bytes) */

struct box_key {
    uint8_t p[PRIM_KEY];
};

static void box_key_wipe(struct box_key *k)
{
    mem_wipe(k, sizeof(*k));
}

static void put_u32(struct buf *info, uint32_t v)
{
    buf_u32(info, sizeof(v));
    buf_u32(info, v);
}

static void put_u64(struct buf *info, uint64_t v)
{
    buf_u32(info, sizeof(v));
    buf_u64(info, v);
}

static CK_RV box_info(const struct box_context *c, struct buf *info)
{
    ENSURE(c->extra.n <= BOX_EXTRA_MAX, CKR_GENERAL_ERROR);
    buf_put(info, SPAN_LIT(BOX_LABEL));
    buf_var(info, span_of(c->purpose, strlen(c->purpose)));
    buf_var(info, c->store_id);
    buf_var(info, c->token_id);
    put_u32(info, c->table);
    put_u32(info, c->scope);
    put_u64(info, c->id);
    put_u64(info, c->generation);
    buf_var(info, c->extra);
    return buf_ok(info);
}

static CK_RV box_derive(struct span parent, const struct box_context *c, struct span salt,
                        struct box_key *ret)
{
    AUTO(buf_clear) struct buf info = BUF_INIT;

    buf_reserve(&info, 256 + c->extra.n);
    TRY(box_info(c, &info));
    TRY(prim_hkdf(parent, salt, buf_span(&info), ret->p, sizeof(ret->p)));
    return CKR_OK;
}

/*
 * What a caller hears when a box does not open: a wrong tag, or a public key that is no good, means
 * other bytes or another key. Whatever else goes wrong says nothing of the box, and must not be
 * taken for a wrong PIN.
 */
static CK_RV open_rv(CK_RV rv)
{
    return rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* Undo what was appended since `start`. */
static CK_RV take_back(struct buf *b, size_t start, CK_RV rv)
{
    if (b->n > start)
        mem_wipe(b->p + start, b->n - start);
    b->n = start;
    return rv;
}

static CK_RV append_box(struct span parent, const struct box_context *c, struct span plain,
                        struct buf *ret)
{
    AUTO(box_key_wipe) struct box_key key;
    uint8_t salt[BOX_SALT];
    uint8_t *to;

    TRY(prim_random(salt, sizeof(salt)));
    TRY(box_derive(parent, c, SPAN_ARRAY(salt), &key));
    buf_put(ret, SPAN_ARRAY(salt));
    to = buf_extend(ret, plain.n + PRIM_TAG);
    TRY(buf_ok(ret));
    return prim_gcm_seal(key.p, SPAN_EMPTY, plain, to);
}

CK_RV box_seal(struct span parent, const struct box_context *c, struct span plain, struct buf *ret)
{
    const size_t start = ret->n;
    CK_RV rv;

    ENSURE(parent.n == PRIM_KEY, CKR_GENERAL_ERROR);
    rv = append_box(parent, c, plain, ret);
    return rv == CKR_OK ? rv : take_back(ret, start, rv);
}

/* `ret` has room for the plain text. */
static CK_RV open_into(struct span parent, const struct box_context *c, struct span box,
                       uint8_t *ret)
{
    AUTO(box_key_wipe) struct box_key key;
    const struct span salt = span_of(box.p, BOX_SALT);

    TRY(box_derive(parent, c, salt, &key));
    return prim_gcm_open(key.p, SPAN_EMPTY, span_of(box.p + BOX_SALT, box.n - BOX_SALT), ret);
}

CK_RV box_open(struct span parent, const struct box_context *c, struct span box, struct buf *ret)
{
    const size_t start = ret->n;
    uint8_t *to;
    CK_RV rv;

    ENSURE(parent.n == PRIM_KEY, CKR_GENERAL_ERROR);
    ENSURE(box.n >= BOX_OVERHEAD, CKR_DEVICE_ERROR);
    to = buf_extend(ret, box.n - BOX_OVERHEAD);
    TRY(buf_ok(ret));
    rv = open_rv(open_into(parent, c, box, to));
    return rv == CKR_OK ? rv : take_back(ret, start, rv);
}

CK_RV box_open_secret(struct span parent, const struct box_context *c, struct span box,
                      struct secret **ret)
{
    AUTO(secret_freep) struct secret *plain = NULL;

    ENSURE(parent.n == PRIM_KEY, CKR_GENERAL_ERROR);
    ENSURE(box.n >= BOX_OVERHEAD && box.n - BOX_OVERHEAD <= SECRET_MAX, CKR_DEVICE_ERROR);
    TRY(secret_new(box.n - BOX_OVERHEAD, &plain));
    TRY(open_rv(open_into(parent, c, box, plain->p)));
    *ret = TAKE(plain);
    return CKR_OK;
}

/* The parent key of a pbox, from the shared secret and both public keys. */
static CK_RV pbox_parent(const struct box_key *shared, const uint8_t ephemeral[PRIM_X25519],
                         const uint8_t recipient[PRIM_X25519], struct box_key *ret)
{
    uint8_t salt[2 * PRIM_X25519];

    memcpy(salt, ephemeral, PRIM_X25519);
    memcpy(salt + PRIM_X25519, recipient, PRIM_X25519);
    return prim_hkdf(SPAN_ARRAY(shared->p), SPAN_ARRAY(salt), SPAN_LIT(PBOX_LABEL), ret->p,
                     sizeof(ret->p));
}

CK_RV pbox_seal(const uint8_t recipient[PRIM_X25519], const struct box_context *c,
                struct span plain, struct buf *ret)
{
    AUTO(box_key_wipe) struct box_key private_key;
    AUTO(box_key_wipe) struct box_key shared;
    AUTO(box_key_wipe) struct box_key parent;
    const size_t start = ret->n;
    uint8_t ephemeral[PRIM_X25519];
    CK_RV rv;

    TRY(prim_x25519_generate(private_key.p, ephemeral));
    /* A public key that gives no secret came from a row. */
    TRY(open_rv(prim_x25519(private_key.p, recipient, shared.p)));
    TRY(pbox_parent(&shared, ephemeral, recipient, &parent));
    buf_put(ret, SPAN_ARRAY(ephemeral));
    rv = box_seal(SPAN_ARRAY(parent.p), c, plain, ret);
    return rv == CKR_OK ? rv : take_back(ret, start, rv);
}

CK_RV pbox_open_secret(const uint8_t private_key[PRIM_X25519], const struct box_context *c,
                       struct span pbox, struct secret **ret)
{
    AUTO(box_key_wipe) struct box_key shared;
    AUTO(box_key_wipe) struct box_key parent;
    uint8_t recipient[PRIM_X25519];

    ENSURE(pbox.n >= PBOX_OVERHEAD, CKR_DEVICE_ERROR);
    TRY(open_rv(prim_x25519_both(private_key, pbox.p, shared.p, recipient)));
    TRY(pbox_parent(&shared, pbox.p, recipient, &parent));
    return box_open_secret(SPAN_ARRAY(parent.p), c,
                           span_of(pbox.p + PRIM_X25519, pbox.n - PRIM_X25519), ret);
}
