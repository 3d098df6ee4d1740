/* SPDX-License-Identifier: BSD-2-Clause */
/* secret_text.c - recovery keys and shares as text; see secret_text.h. */
#include "keyring/secret_text.h"

#include "util/bech32.h"

#define KEY_PREFIX   "teekey"
#define SHARE_PREFIX "teeshare"
#define TEXT_VERSION 1
#define KEY_BYTES    (1 + PRIM_KEY)
#define SHARE_BYTES  (1 + SHARE_SET + 3 + PRIM_KEY)

CK_RV key_text_encode(const uint8_t key[PRIM_KEY], struct buf *ret)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    buf_u8(&bytes, TEXT_VERSION);
    buf_put(&bytes, span_of(key, PRIM_KEY));
    TRY(buf_ok(&bytes));
    return bech32_encode(KEY_PREFIX, buf_span(&bytes), ret);
}

CK_RV key_text_decode(struct span text, struct secret **ret)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    TRY(bech32_decode(KEY_PREFIX, text, &bytes));
    ENSURE(bytes.n == KEY_BYTES && bytes.p[0] == TEXT_VERSION, CKR_DATA_INVALID);
    return secret_from(span_of(bytes.p + 1, PRIM_KEY), ret);
}

CK_RV share_text_encode(const struct share_text *s, struct buf *ret)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    buf_u8(&bytes, TEXT_VERSION);
    buf_put(&bytes, SPAN_ARRAY(s->set));
    buf_u8(&bytes, s->threshold);
    buf_u8(&bytes, s->shares);
    buf_u8(&bytes, s->share.x);
    buf_put(&bytes, SPAN_ARRAY(s->share.y));
    TRY(buf_ok(&bytes));
    return bech32_encode(SHARE_PREFIX, buf_span(&bytes), ret);
}

CK_RV share_text_decode(struct span text, struct share_text *ret)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct share_text s;
    struct cursor c;

    TRY(bech32_decode(SHARE_PREFIX, text, &bytes));
    ENSURE(bytes.n == SHARE_BYTES && bytes.p[0] == TEXT_VERSION, CKR_DATA_INVALID);
    c = cursor_of(span_of(bytes.p + 1, bytes.n - 1));
    cursor_copy(&c, s.set, sizeof(s.set));
    s.threshold = cursor_u8(&c);
    s.shares = cursor_u8(&c);
    s.share.x = cursor_u8(&c);
    cursor_copy(&c, s.share.y, sizeof(s.share.y));
    ENSURE(s.threshold >= 2 && s.threshold <= s.shares && s.shares <= SHAMIR_MAX &&
               s.share.x >= 1 && s.share.x <= s.shares,
           CKR_DATA_INVALID);
    *ret = s;
    mem_wipe(&s, sizeof(s));
    return CKR_OK;
}

/* -- several shares ---------------------------------------------------------------------------- */

struct gathering {
    struct share_text first;
    struct shamir_share v[SHAMIR_MAX];
    size_t n;
};

static void gathering_clear(struct gathering *g)
{
    mem_wipe(g, sizeof(*g));
}

static bool same_set(const struct share_text *a, const struct share_text *b)
{
    return memcmp(a->set, b->set, SHARE_SET) == 0 && a->threshold == b->threshold &&
           a->shares == b->shares;
}

static CK_RV gather(struct gathering *g, struct span text)
{
    struct share_text s;

    TRY(share_text_decode(text, &s));
    if (g->n == 0)
        g->first = s;
    g->v[g->n++] = s.share;
    mem_wipe(&s.share, sizeof(s.share));
    ENSURE(same_set(&s, &g->first), CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

CK_RV shares_combine(const struct span *texts, size_t n, size_t *ret_bad, unsigned *ret_needed,
                     uint8_t ret_set[SHARE_SET], struct secret **ret)
{
    AUTO(gathering_clear) struct gathering g = {.n = 0};

    *ret_needed = 0;
    ENSURE(n >= 1 && n <= SHAMIR_MAX, CKR_ARGUMENTS_BAD);
    for (size_t i = 0; i < n; i++) {
        *ret_bad = i;
        TRY(gather(&g, texts[i]));
    }
    if (n < g.first.threshold) {
        *ret_needed = g.first.threshold;
        FAIL(CKR_ARGUMENTS_BAD);
    }
    memcpy(ret_set, g.first.set, SHARE_SET);
    return shamir_combine(g.v, n, ret);
}
