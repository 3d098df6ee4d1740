/* SPDX-License-Identifier: BSD-2-Clause */
/* bech32.c - Bech32m (BIP-350; the code is that of BIP-173 with another constant); see bech32.h. */
#include "util/bech32.h"

#include "util/ct.h"

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

static uint8_t character_of(uint8_t symbol)
{
    uint32_t c = 0;

    for (uint32_t i = 0; i < 32; i++)
        c |= (uint8_t)ALPHABET[i] & ct_equal(symbol, i);
    return (uint8_t)c;
}

/* The symbol, or 0; the mask says whether the character is one of the alphabet. */
static uint32_t symbol_of(uint8_t c, uint8_t *ret)
{
    uint32_t symbol = 0, found = 0;

    for (uint32_t i = 0; i < 32; i++) {
        const uint32_t mask = ct_equal(c, (uint8_t)ALPHABET[i]);

        symbol |= i & mask;
        found |= mask;
    }
    *ret = (uint8_t)symbol;
    return found;
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
    ENSURE(bits < 5 && ct_public(held & ((1u << bits) - 1)) == 0, CKR_DATA_INVALID);
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

/* Where a text has its blanks and dashes, everybody may know: they are not of the secret. */
static bool is_between(uint8_t c)
{
    static const char between[] = "- \t\n\r";
    uint32_t found = 0;

    for (size_t i = 0; i < sizeof(between) - 1; i++)
        found |= ct_equal(c, (uint8_t)between[i]);
    return ct_public(found) != 0;
}

/* The character in lower case; the mask says whether it was in upper case. */
static uint32_t lower_of(uint8_t c, uint8_t *ret)
{
    const uint32_t upper = ~ct_less(c, 'A') & ct_less(c, 'Z' + 1);

    *ret = (uint8_t)(c + (upper & ('a' - 'A')));
    return upper;
}

/* The characters without what people put between them, in lower case. Letters and digits are told
 * apart without a branch: which of both a character is, is one bit of a secret each time. */
static CK_RV text_tidy(struct span text, struct buf *ret)
{
    uint32_t upper = 0, lower = 0;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c;

        if (is_between(text.p[i]))
            continue;
        upper |= lower_of(text.p[i], &c);
        lower |= ~ct_less(text.p[i], 'a') & ct_less(text.p[i], 'z' + 1);
        buf_u8(ret, c);
    }
    TRY(buf_ok(ret));
    ENSURE(ct_public(upper & lower) == 0, CKR_DATA_INVALID);
    return CKR_OK;
}

/* All of them are looked at, wherever the first wrong one stands. */
static CK_RV symbols_read(struct span text, struct symbols *s)
{
    uint32_t good = UINT32_MAX;

    ENSURE(text.n > CHECKSUM && text.n <= SYMBOLS_MAX, CKR_DATA_INVALID);
    for (size_t i = 0; i < text.n; i++)
        good &= symbol_of(text.p[i], &s->v[s->n++]);
    ENSURE(ct_public(good) != 0, CKR_DATA_INVALID);
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
    ENSURE(ct_public(ct_equal(polymod(prefix, &s), CONSTANT)) != 0, CKR_DATA_INVALID);
    TRY(symbols_to(&s, s.n - CHECKSUM, &bytes));
    buf_put(ret, buf_span(&bytes));
    return buf_ok(ret);
}
