/* SPDX-License-Identifier: BSD-2-Clause */
/* bech32.c - Bech32m (BIP-350; the code is that of BIP-173 with another constant); see bech32.h. */
#include "util/bech32.h"

#define ALPHABET    "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
#define CONSTANT    UINT32_C(0x2bc830a3)
#define CHECKSUM    6 /* characters */
#define PREFIX_MAX  8
#define SYMBOLS_MAX ((BECH32_MAX_BYTES * 8 + 4) / 5 + CHECKSUM)
#define GROUP       4
#define SEPARATOR   '1'

/* Five-bit symbols. */
struct symbols {
    uint8_t v[SYMBOLS_MAX];
    size_t n;
};

static void symbols_clear(struct symbols *s)
{
    mem_wipe(s->v, sizeof(s->v));
}

/* -- checksum -------------------------------------------------------------------------------- */

static uint32_t polymod_step(uint32_t sum, uint8_t symbol)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                         0x2a1462b3};
    const uint32_t top = sum >> 25;

    sum = (sum & 0x1ffffff) << 5 ^ symbol;
    for (unsigned i = 0; i < N_ELEMENTS(generator); i++)
        sum ^= generator[i] & (uint32_t) - (int32_t)(top >> i & 1);
    return sum;
}

static uint32_t polymod_prefix(const char *prefix)
{
    uint32_t sum = 1;

    for (const char *p = prefix; *p != '\0'; p++)
        sum = polymod_step(sum, (uint8_t)*p >> 5);
    sum = polymod_step(sum, 0);
    for (const char *p = prefix; *p != '\0'; p++)
        sum = polymod_step(sum, (uint8_t)*p & 31);
    return sum;
}

static uint32_t polymod(const char *prefix, const struct symbols *s)
{
    uint32_t sum = polymod_prefix(prefix);

    for (size_t i = 0; i < s->n; i++)
        sum = polymod_step(sum, s->v[i]);
    return sum;
}

static void checksum_put(const char *prefix, struct symbols *s)
{
    uint32_t sum = polymod_prefix(prefix);

    for (size_t i = 0; i < s->n; i++)
        sum = polymod_step(sum, s->v[i]);
    for (int i = 0; i < CHECKSUM; i++)
        sum = polymod_step(sum, 0);
    sum ^= CONSTANT;
    for (int i = 0; i < CHECKSUM; i++)
        s->v[s->n++] = sum >> 5 * (CHECKSUM - 1 - i) & 31;
}

/* -- symbols and characters, the whole alphabet looked at each time ---------------------------- */

/* All ones when equal, else zero. */
static uint8_t equal_mask(unsigned a, unsigned b)
{
    return (uint8_t)(((a ^ b) - 1u) >> 24);
}

static uint8_t character_of(uint8_t symbol)
{
    uint8_t c = 0;

    for (unsigned i = 0; i < 32; i++)
        c |= (uint8_t)ALPHABET[i] & equal_mask(symbol, i);
    return c;
}

/* False: no character of the alphabet. */
static bool symbol_of(uint8_t c, uint8_t *ret)
{
    uint8_t symbol = 0, found = 0;

    for (unsigned i = 0; i < 32; i++) {
        const uint8_t mask = equal_mask(c, (uint8_t)ALPHABET[i]);

        symbol |= (uint8_t)i & mask;
        found |= mask;
    }
    *ret = symbol;
    return found != 0;
}

/* -- eight bits and five ----------------------------------------------------------------------- */

static void symbols_from(struct span bytes, struct symbols *s)
{
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        held = held << 8 | bytes.p[i];
        for (bits += 8; bits >= 5; bits -= 5)
            s->v[s->n++] = held >> (bits - 5) & 31;
    }
    if (bits > 0)
        s->v[s->n++] = (uint8_t)(held << (5 - bits) & 31);
}

/* Left over are fewer than five bits, all zero. */
static CK_RV symbols_to(const struct symbols *s, size_t n, struct buf *ret)
{
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < n; i++) {
        held = held << 5 | s->v[i];
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            buf_u8(ret, held >> bits & 255);
        }
    }
    TRY(buf_ok(ret));
    ENSURE(bits < 5 && (held & ((1u << bits) - 1)) == 0, CKR_DATA_INVALID);
    return CKR_OK;
}

/* -- text -------------------------------------------------------------------------------------- */

CK_RV bech32_encode(const char *prefix, struct span bytes, struct buf *ret)
{
    AUTO(symbols_clear) struct symbols s = {.n = 0};

    ENSURE(bytes.n <= BECH32_MAX_BYTES && strlen(prefix) <= PREFIX_MAX, CKR_GENERAL_ERROR);
    symbols_from(bytes, &s);
    checksum_put(prefix, &s);
    buf_printf(ret, "%s%c", prefix, SEPARATOR);
    for (size_t i = 0; i < s.n; i++) {
        if (i % GROUP == 0)
            buf_u8(ret, '-');
        buf_u8(ret, character_of(s.v[i]));
    }
    return buf_ok(ret);
}

/* The characters without what people put between them, in lower case. */
static CK_RV text_tidy(struct span text, struct buf *ret)
{
    bool upper = false, lower = false;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        upper = upper || (c >= 'A' && c <= 'Z');
        lower = lower || (c >= 'a' && c <= 'z');
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        buf_u8(ret, c);
    }
    TRY(buf_ok(ret));
    ENSURE(!upper || !lower, CKR_DATA_INVALID);
    return CKR_OK;
}

static CK_RV symbols_read(struct span text, struct symbols *s)
{
    ENSURE(text.n > CHECKSUM && text.n <= SYMBOLS_MAX, CKR_DATA_INVALID);
    for (size_t i = 0; i < text.n; i++)
        ENSURE(symbol_of(text.p[i], &s->v[s->n++]), CKR_DATA_INVALID);
    return CKR_OK;
}

CK_RV bech32_decode(const char *prefix, struct span text, struct buf *ret)
{
    AUTO(buf_clear) struct buf tidy = BUF_INIT;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(symbols_clear) struct symbols s = {.n = 0};
    const size_t n = strlen(prefix);

    TRY(text_tidy(text, &tidy));
    ENSURE(tidy.n > n && memcmp(tidy.p, prefix, n) == 0 && tidy.p[n] == SEPARATOR,
           CKR_DATA_INVALID);
    TRY(symbols_read(span_of(tidy.p + n + 1, tidy.n - n - 1), &s));
    ENSURE(polymod(prefix, &s) == CONSTANT, CKR_DATA_INVALID);
    TRY(symbols_to(&s, s.n - CHECKSUM, &bytes));
    buf_put(ret, buf_span(&bytes));
    return buf_ok(ret);
}
