/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-owner.c - what an owner keeps, and the row that it opens: recovery keys and shares as people
 * type them in, shares that are joined, and seals as a host may have changed them.
 *
 * An input that begins with a zero byte is a seal: choices to make one, and which of its bytes the
 * host changes. One that begins with 1 is a row as it stands. All others are texts, a line each.
 */
#include "fuzz.h"

#include "crypto/ossl.h"
#include "keyring/seal.h"
#include "keyring/secret_text.h"

#define MAX_LINES (SHAMIR_MAX + 8)

static struct header header;
static uint8_t id[SEAL_ID];

static void setup(void)
{
    FUZZ_OK(crypto_ready());
    memset(header.store_id, 0x5a, sizeof(header.store_id));
    header.epoch = 7;
    memset(id, 0x11, sizeof(id));
}

/* -- texts ------------------------------------------------------------------------------------- */

/* As it is written: lower case, nothing between. */
static void text_bare(struct span text, struct buf *ret)
{
    for (size_t i = 0; i < text.n; i++) {
        const uint8_t c = text.p[i];

        if (c == 0 || strchr("- \t\r\n", c) == NULL)
            buf_u8(ret, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
}

/* There is one way to write a thing: what was read is written as it stood there. */
static void check_same(struct span text, const struct buf *written)
{
    AUTO(buf_clear) struct buf a = BUF_INIT;
    AUTO(buf_clear) struct buf b = BUF_INIT;

    text_bare(text, &a);
    text_bare(buf_span(written), &b);
    FUZZ_CHECK(span_equal(buf_span(&a), buf_span(&b)));
}

static void key_text(struct span text)
{
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf written = BUF_INIT;
    const CK_RV rv = key_text_decode(text, &key);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK((rv == CKR_OK) == (key != NULL));
    if (rv != CKR_OK)
        return;
    FUZZ_CHECK(key->n == PRIM_KEY);
    FUZZ_OK(key_text_encode(key->p, &written));
    check_same(text, &written);
}

static bool share_text(struct span text)
{
    AUTO(buf_clear) struct buf written = BUF_INIT;
    struct share_text s;
    const CK_RV rv = share_text_decode(text, &s);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK)
        return false;
    FUZZ_CHECK(s.threshold >= 2 && s.threshold <= s.shares && s.shares <= SHAMIR_MAX);
    FUZZ_CHECK(s.share.x >= 1 && s.share.x <= s.shares);
    FUZZ_OK(share_text_encode(&s, &written));
    check_same(text, &written);
    return true;
}

static size_t lines_of(struct span input, struct span ret[MAX_LINES])
{
    size_t n = 0;

    while (input.n > 0 && n < MAX_LINES) {
        const uint8_t *end = memchr(input.p, '\n', input.n);
        const size_t length = end == NULL ? input.n : (size_t)(end - input.p);

        ret[n++] = span_of(input.p, length);
        input = end == NULL ? SPAN_EMPTY : span_of(end + 1, input.n - length - 1);
    }
    return n;
}

static void check_joined(const struct span *texts, size_t n)
{
    AUTO(secret_freep) struct secret *key = NULL;
    uint8_t set[SHARE_SET];
    unsigned needed = 0;
    size_t bad = 0;
    const CK_RV rv = shares_combine(texts, n, &bad, &needed, set, &key);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID, CKR_ARGUMENTS_BAD);
    FUZZ_CHECK((rv == CKR_OK) == (key != NULL));
    FUZZ_CHECK(rv != CKR_DATA_INVALID || (bad < n && !share_text(texts[bad])));
    FUZZ_CHECK(needed == 0 || (rv == CKR_ARGUMENTS_BAD && needed > n));
    for (size_t i = 0; rv == CKR_OK && i < n; i++)
        FUZZ_CHECK(share_text(texts[i]));
}

static void texts(struct span input)
{
    struct span lines[MAX_LINES];
    const size_t n = lines_of(input, lines);

    key_text(input);
    (void)share_text(input);
    for (size_t i = 0; i < n; i++) {
        key_text(lines[i]);
        (void)share_text(lines[i]);
    }
    check_joined(lines, n);
}

/* -- rows -------------------------------------------------------------------------------------- */

static bool is_inside(struct span part, struct span whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* Whatever the row says, it opens by its own secret alone, and this is none. */
static void row(struct span bytes)
{
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(secret_freep) struct secret *master = NULL;
    struct seal s;
    const CK_RV rv = seal_decode(id, bytes, &s);

    FUZZ_RV(rv, CKR_OK, CKR_DEVICE_ERROR);
    if (rv != CKR_OK)
        return;
    FUZZ_CHECK(s.kind >= SEAL_PLATFORM && s.kind <= SEAL_OWNED && s.epoch > 0);
    FUZZ_CHECK(is_inside(s.certificate, bytes) && is_inside(s.subject, bytes) &&
               is_inside(s.binding, bytes) && is_inside(s.wrapped, bytes) &&
               is_inside(s.master, bytes) && is_inside(s.auth, bytes));
    FUZZ_CHECK(seal_is_platform(&s) == (s.binding.n > 0));
    FUZZ_OK(secret_new(SEAL_SECRET_BYTES, &secret));
    FUZZ_CHECK(seal_open(&header, &s, secret, &master) == CKR_DEVICE_ERROR && master == NULL);
}

/* -- seals ------------------------------------------------------------------------------------- */

/* Fields that fit the kind, or not quite. */
static void fields(struct cursor *c, struct seal *s)
{
    static const uint8_t blob[BOX_OVERHEAD + SEAL_SECRET_BYTES], binding[BINDING_BYTES];

    memcpy(s->id, id, SEAL_ID);
    s->kind = (enum seal_kind)(SEAL_PLATFORM + pick(c, SEAL_OWNED - SEAL_PLATFORM + 1));
    s->created = cursor_u32(c);
    s->superseded = pick_bool(c) ? cursor_u32(c) : 0;
    s->log2_n = cursor_u8(c);
    memset(s->salt, cursor_u8(c), sizeof(s->salt));
    s->threshold = cursor_u8(c);
    s->shares = cursor_u8(c);
    s->wrapped = SPAN_ARRAY(blob);
    if (s->kind == SEAL_CERTIFICATE) {
        s->certificate = pick_bytes(c, 1 + pick(c, 64));
        s->wrapped = pick_bytes(c, 1 + pick(c, 64));
    }
    if (seal_is_platform(s))
        s->binding = SPAN_ARRAY(binding);
    else
        s->subject = pick_bytes(c, pick(c, SEAL_NAME_MAX + 2));
}

/* What was made opens, and with any byte changed it does not. */
static void seal(struct span input)
{
    struct cursor c = cursor_of(input);
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(secret_freep) struct secret *none = NULL;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    uint8_t key[PRIM_KEY] = {42};
    struct seal s = {.epoch = 1}, back;
    uint8_t mask;

    FUZZ_OK(seal_secret_new(s.public_key, &secret));
    fields(&c, &s);
    FUZZ_OK(seal_encode(&header, &s, SPAN_ARRAY(key), seal_secret_auth(secret), &bytes));
    if (seal_decode(id, buf_span(&bytes), &back) != CKR_OK) {
        FUZZ_CHECK(s.subject.n > SEAL_NAME_MAX ||
                   (s.kind == SEAL_CERTIFICATE && (s.certificate.n == 0 || s.wrapped.n == 0)));
        return;
    }
    FUZZ_CHECK(back.created == s.created && back.superseded == s.superseded &&
               back.epoch == header.epoch && span_equal(back.subject, s.subject) &&
               span_equal(back.certificate, s.certificate));
    FUZZ_OK(seal_open(&header, &back, secret, &master));
    FUZZ_CHECK(span_equal(secret_span(master), SPAN_ARRAY(key)));
    mask = cursor_u8(&c);
    bytes.p[cursor_u16(&c) % bytes.n] ^= mask != 0 ? mask : 1;
    if (seal_decode(id, buf_span(&bytes), &back) == CKR_OK)
        FUZZ_CHECK(seal_open(&header, &back, secret, &none) == CKR_DEVICE_ERROR && none == NULL);
}

static void one(struct span input)
{
    if (input.n == 0 || input.p[0] > 1)
        texts(input);
    else if (input.p[0] == 1)
        row(span_of(input.p + 1, input.n - 1));
    else
        seal(span_of(input.p + 1, input.n - 1));
}

const struct fuzz_target fuzz_target = {
    .name = "owner",
    .max_input = 4096,
    .setup = setup,
    .one = one,
};
