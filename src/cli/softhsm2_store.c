/* SPDX-License-Identifier: BSD-2-Clause */
/* softhsm2_store.c - SoftHSM2's files; see softhsm2_store.h. */
#include "cli/softhsm2_store.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/prim.h"
#include "model/record.h"

#define OS_TOKEN_LABEL (CKA_VENDOR_DEFINED + 0x5349)
#define OS_USER_PIN    (CKA_VENDOR_DEFINED + 0x534d)

#define SALT       8
#define BLOCK      16
#define ROUNDS     1500
#define MAGIC      SPAN_LIT("RJR")
#define MECHS_MAX  256
#define VALUE_MAX  (1u << 20) /* bytes */
#define TRUE_BYTE  0xff
#define FALSE_BYTE 0x00

DEFINE_AUTO(cipher_ctx_freep, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
DEFINE_AUTO(cipher_freep, EVP_CIPHER, EVP_CIPHER_free)

/* -- decryption -------------------------------------------------------------------------------- */

/* IV and AES-256-CBC with padding; appended. */
static CK_RV decrypt(const uint8_t key[PRIM_KEY], struct span sealed, struct buf *ret)
{
    AUTO(cipher_freep) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *to;
    int n = 0, last = 0;

    ENSURE(sealed.n >= 2 * BLOCK && sealed.n % BLOCK == 0 && sealed.n <= VALUE_MAX,
           CKR_DATA_INVALID);
    to = buf_extend(ret, sealed.n);
    ENSURE(cipher != NULL && ctx != NULL && to != NULL, CKR_HOST_MEMORY);
    if (EVP_DecryptInit_ex2(ctx, cipher, key, sealed.p, NULL) != 1 ||
        EVP_DecryptUpdate(ctx, to, &n, sealed.p + BLOCK, (int)(sealed.n - BLOCK)) != 1 ||
        EVP_DecryptFinal_ex(ctx, to + n, &last) != 1) {
        ERR_clear_error();
        FAIL(CKR_DATA_INVALID);
    }
    ret->n = (size_t)(to - ret->p) + (size_t)(n + last);
    return CKR_OK;
}

static CK_RV key_of_pin(struct span salt, struct span pin, uint8_t ret[PRIM_KEY])
{
    struct span parts[] = {salt, pin};

    TRY(prim_sha256(parts, N_ELEMENTS(parts), ret));
    for (unsigned i = 1; i < ROUNDS + (unsigned)salt.p[SALT - 1]; i++) {
        parts[0] = span_of(ret, PRIM_HASH);
        TRY(prim_sha256(parts, 1, ret));
    }
    return CKR_OK;
}

static void wipe_key(uint8_t (*key)[PRIM_KEY])
{
    mem_wipe(*key, sizeof(*key));
}

/* -- attributes -------------------------------------------------------------------------------- */

struct reading {
    struct cursor c;
    const struct secret *key; /* NULL: bytes stay as they are */
    struct attrs *to;
    size_t n; /* attributes that were taken */
    bool nested;
};

static struct span bytes_take(struct cursor *c)
{
    const uint64_t n = cursor_u64(c);

    if (n > VALUE_MAX)
        c->failed = true;
    return cursor_take(c, c->failed ? 0 : (size_t)n);
}

static CK_RV take_flag(struct reading *r, CK_ATTRIBUTE_TYPE type)
{
    const uint8_t b = cursor_u8(&r->c);

    ENSURE(!r->c.failed && (b == TRUE_BYTE || b == FALSE_BYTE), CKR_DATA_INVALID);
    return attrs_set_bool(r->to, type, b == TRUE_BYTE);
}

static CK_RV take_number(struct reading *r, CK_ATTRIBUTE_TYPE type)
{
    const uint64_t n = cursor_u64(&r->c);

    ENSURE(!r->c.failed, CKR_DATA_INVALID);
    return attrs_set_ulong(r->to, type, (CK_ULONG)n);
}

/* Dates and check values are short, and in clear. */
static bool is_encrypted(struct span value)
{
    return value.n >= 2 * BLOCK && value.n % BLOCK == 0;
}

static CK_RV take_bytes(struct reading *r, CK_ATTRIBUTE_TYPE type)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    const struct span value = bytes_take(&r->c);

    ENSURE(!r->c.failed, CKR_DATA_INVALID);
    if (r->key == NULL || !is_encrypted(value))
        return attrs_set(r->to, type, value);
    TRY(decrypt(r->key->p, value, &plain));
    return attrs_set(r->to, type, buf_span(&plain));
}

static CK_RV take_nested(struct reading *r, CK_ATTRIBUTE_TYPE type)
{
    const struct span value = bytes_take(&r->c);

    (void)type;
    ENSURE(!r->c.failed, CKR_DATA_INVALID);
    r->nested = r->nested || value.n > 0;
    return CKR_OK;
}

static CK_RV take_mechanisms(struct reading *r, CK_ATTRIBUTE_TYPE type)
{
    const uint64_t n = cursor_u64(&r->c);
    CK_MECHANISM_TYPE v[MECHS_MAX];

    ENSURE(!r->c.failed && n <= MECHS_MAX, CKR_DATA_INVALID);
    for (uint64_t i = 0; i < n; i++)
        v[i] = (CK_MECHANISM_TYPE)cursor_u64(&r->c);
    ENSURE(!r->c.failed, CKR_DATA_INVALID);
    return attrs_set(r->to, type, span_of(v, (size_t)n * sizeof(v[0])));
}

static CK_RV take_attribute(struct reading *r)
{
    static CK_RV (*const take[])(struct reading * r, CK_ATTRIBUTE_TYPE type) = {
        NULL, take_flag, take_number, take_bytes, take_nested, take_mechanisms};
    const uint64_t type = cursor_u64(&r->c), kind = cursor_u64(&r->c);

    ENSURE(!r->c.failed && kind > 0 && kind < N_ELEMENTS(take), CKR_DATA_INVALID);
    ENSURE(r->n++ < RECORD_MAX_ATTRS, CKR_DATA_INVALID);
    ENSURE(!attrs_has(r->to, (CK_ATTRIBUTE_TYPE)type), CKR_DATA_INVALID);
    return take[kind](r, (CK_ATTRIBUTE_TYPE)type);
}

static CK_RV take_all(struct span file, const struct secret *key, struct attrs *to,
                      bool *ret_nested)
{
    struct reading r = {.c = cursor_of(file), .key = key, .to = to};

    (void)cursor_u64(&r.c); /* the generation */
    ENSURE(!r.c.failed, CKR_DATA_INVALID);
    while (r.c.rest.n > 0)
        TRY(take_attribute(&r));
    *ret_nested = r.nested;
    return CKR_OK;
}

/* -- files ------------------------------------------------------------------------------------- */

CK_RV softhsm2_object(struct span file, const struct secret *key, struct attrs *ret,
                      bool *ret_nested)
{
    AUTO(attrs_freep) struct attrs *sealed = NULL;

    TRY(attrs_new(&sealed));
    TRY(take_all(file, NULL, sealed, ret_nested));
    return take_all(file, attrs_bool(sealed, CKA_PRIVATE, true) ? key : NULL, ret, ret_nested);
}

static CK_RV token_attributes(struct span file, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    bool nested;

    TRY(attrs_new(&a));
    TRY(take_all(file, NULL, a, &nested));
    ENSURE(attrs_span(a, OS_TOKEN_LABEL).n == SOFTHSM2_LABEL, CKR_DATA_INVALID);
    *ret = TAKE(a);
    return CKR_OK;
}

CK_RV softhsm2_label(struct span file, uint8_t ret[SOFTHSM2_LABEL])
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(token_attributes(file, &a));
    memcpy(ret, attrs_span(a, OS_TOKEN_LABEL).p, SOFTHSM2_LABEL);
    return CKR_OK;
}

CK_RV softhsm2_token(struct span file, struct span pin, struct secret **ret_key)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(wipe_key) uint8_t key[PRIM_KEY] = {0};
    struct span blob;
    CK_RV rv;

    TRY(token_attributes(file, &a));
    blob = attrs_span(a, OS_USER_PIN);
    ENSURE(blob.n > 0, CKR_USER_PIN_NOT_INITIALIZED);
    ENSURE(blob.n > SALT, CKR_DATA_INVALID);
    TRY(key_of_pin(span_of(blob.p, SALT), pin, key));
    rv = decrypt(key, span_of(blob.p + SALT, blob.n - SALT), &plain);
    ENSURE(rv != CKR_DATA_INVALID, CKR_PIN_INCORRECT);
    TRY(rv);
    ENSURE(plain.n == MAGIC.n + PRIM_KEY && memcmp(plain.p, MAGIC.p, MAGIC.n) == 0,
           CKR_PIN_INCORRECT);
    return secret_from(span_of(plain.p + MAGIC.n, PRIM_KEY), ret_key);
}
