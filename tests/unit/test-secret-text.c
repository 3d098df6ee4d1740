/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-secret-text.c - recovery keys and shares: as text, and put together again.
 *
 * The numbers of the shares and the long text were worked out by another program, with tables of
 * logarithms and BIP-350's own reference code in place of ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "keyring/secret_text.h"
#include "util/bech32.h"

static void count_up(uint8_t ret[PRIM_KEY])
{
    for (size_t i = 0; i < PRIM_KEY; i++)
        ret[i] = (uint8_t)i;
}

/* -- Bech32m ----------------------------------------------------------------------------------- */

/* Vectors of BIP-350: valid, but for what they stand for. */
static void bech32_published(void **state)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    (void)state;
    assert_int_equal(bech32_decode("a", SPAN_LIT("A1LQFN3A"), &bytes), CKR_DATA_INVALID);
    assert_int_equal(bech32_encode("a", SPAN_EMPTY, &bytes), CKR_OK);
    assert_true(span_equal(buf_span(&bytes), SPAN_LIT("a1-lqfn-3a")));
}

static void bech32_as_others_write_it(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(secret_freep) struct secret *back = NULL;
    uint8_t key[PRIM_KEY];

    (void)state;
    count_up(key);
    assert_int_equal(key_text_encode(key, &text), CKR_OK);
    assert_true(span_equal(buf_span(&text), SPAN_LIT("teekey1-qyqq-zqsr-qszs-vpcg-py9q-krqd-pc83-"
                                                     "qygj-zv2p-29sh-rqv3-5xcu-r50p-7q5h-2z5")));
    assert_int_equal(
        key_text_decode(
            SPAN_LIT("TEEKEY1 QYQQZQSRQSZSVPCGPY9QKRQDPC83QYGJZV2P29SHRQV35XCUR50P7Q5H2Z5\n"),
            &back),
        CKR_OK);
    assert_memory_equal(back->p, key, PRIM_KEY);
}

/* The checksum finds every one of up to four errors; two neighbours exchanged are two. */
static void bech32_slips_are_found(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    uint8_t key[PRIM_KEY];

    (void)state;
    count_up(key);
    assert_int_equal(key_text_encode(key, &text), CKR_OK);
    for (size_t i = 0; i < text.n; i++) {
        AUTO(secret_freep) struct secret *back = NULL;
        const uint8_t was = text.p[i];

        if (was == '-')
            continue;
        text.p[i] = was == 'q' ? 'p' : 'q';
        assert_int_equal(key_text_decode(buf_span(&text), &back), CKR_DATA_INVALID);
        text.p[i] = was;
        if (i + 1 < text.n && text.p[i + 1] != '-' && text.p[i + 1] != was) {
            text.p[i] = text.p[i + 1];
            text.p[i + 1] = was;
            assert_int_equal(key_text_decode(buf_span(&text), &back), CKR_DATA_INVALID);
            text.p[i + 1] = text.p[i];
            text.p[i] = was;
        }
        assert_int_equal(key_text_decode(span_of(text.p, i), &back), CKR_DATA_INVALID);
        assert_null(back);
    }
}

static void bech32_odd_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "-",
        "teekey1",
        "teekey",
        "1",
        "teekey1qqqqqq",
        "bitcoin",
        "teekey1 \x80\xff\x01",
        /* both cases */
        "teekey1-Qyqq-zqsr-qszs-vpcg-py9q-krqd-pc83-qygj-zv2p-29sh-rqv3-5xcu-r50p-7q5h-2z5",
    };
    AUTO(buf_clear) struct buf large = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        AUTO(secret_freep) struct secret *back = NULL;

        assert_int_equal(key_text_decode(span_of(texts[i], strlen(texts[i])), &back),
                         CKR_DATA_INVALID);
    }
    buf_printf(&large, "teekey1");
    memset(buf_extend(&large, 100000), 'q', 100000);
    assert_int_equal(bech32_decode("teekey", buf_span(&large), &large), CKR_DATA_INVALID);
    assert_int_equal(bech32_encode("teekey", buf_span(&large), &large), CKR_GENERAL_ERROR);
}

/* -- shares ------------------------------------------------------------------------------------ */

static void shares_known(struct shamir_share v[3])
{
    static const struct {
        uint8_t x;
        const char *y;
    } known[] = {
        {1, "cacfaca1ae93809592d7d4c9d6dbe81d1a1ffcf1fee3d0e5e2e7e499e6ebf8ed"},
        {5, "e213ed9477fe6acb80c7587199e08f171ced641dfed755541fb52af82a539c66"},
        {9, "4262302ef441902084fd50de786660e2c6e60618c24c65ee4a862be85d437e22"},
    };

    for (size_t i = 0; i < N_ELEMENTS(known); i++) {
        v[i].x = known[i].x;
        assert_true(hex_decode(known[i].y, v[i].y, PRIM_KEY));
    }
}

static void shares_as_others_compute_them(void **state)
{
    struct shamir_share v[3];
    AUTO(secret_freep) struct secret *s = NULL;
    uint8_t expected[PRIM_KEY];

    (void)state;
    count_up(expected);
    shares_known(v);
    assert_int_equal(shamir_combine(v, 3, &s), CKR_OK);
    assert_memory_equal(s->p, expected, PRIM_KEY);
}

/* Whatever k of n there are give the secret; k - 1 do not. */
static void split_every(uint8_t k, uint8_t n, const uint8_t key[PRIM_KEY])
{
    struct shamir_share all[8], some[8];

    assert_int_equal(shamir_split(key, k, n, all), CKR_OK);
    for (unsigned mask = 1; mask < 1u << n; mask++) {
        AUTO(secret_freep) struct secret *s = NULL;
        uint8_t m = 0;

        for (uint8_t i = 0; i < n; i++) {
            if ((mask >> i & 1) != 0)
                some[m++] = all[i];
        }
        assert_int_equal(shamir_combine(some, m, &s), CKR_OK);
        assert_int_equal(memcmp(s->p, key, PRIM_KEY) == 0, m >= k);
    }
}

static void shares_of_every_kind(void **state)
{
    uint8_t key[PRIM_KEY];

    (void)state;
    for (uint8_t n = 2; n <= 6; n++) {
        for (uint8_t k = 2; k <= n; k++) {
            assert_int_equal(prim_random(key, sizeof(key)), CKR_OK);
            split_every(k, n, key);
        }
    }
}

static void shares_out_of_range(void **state)
{
    struct shamir_share all[SHAMIR_MAX];
    AUTO(secret_freep) struct secret *s = NULL;
    uint8_t key[PRIM_KEY];

    (void)state;
    count_up(key);
    assert_int_equal(shamir_split(key, 1, 3, all), CKR_ARGUMENTS_BAD);
    assert_int_equal(shamir_split(key, 4, 3, all), CKR_ARGUMENTS_BAD);
    assert_int_equal(shamir_split(key, 2, SHAMIR_MAX + 1, all), CKR_ARGUMENTS_BAD);
    assert_int_equal(shamir_split(key, SHAMIR_MAX, SHAMIR_MAX, all), CKR_OK);
    assert_int_equal(shamir_combine(all, SHAMIR_MAX, &s), CKR_OK);
    assert_memory_equal(s->p, key, PRIM_KEY);
    secret_free(TAKE(s));
    all[1].x = all[0].x;
    assert_int_equal(shamir_combine(all, 2, &s), CKR_ARGUMENTS_BAD);
    all[1].x = 0; /* that would be the secret itself */
    assert_int_equal(shamir_combine(all, 2, &s), CKR_ARGUMENTS_BAD);
    assert_int_equal(shamir_combine(all, 0, &s), CKR_ARGUMENTS_BAD);
}

/* -- shares as text ---------------------------------------------------------------------------- */

struct set {
    struct buf text[5];
    struct span span[5];
};

static void set_make(uint8_t name, const uint8_t key[PRIM_KEY], struct set *ret)
{
    struct shamir_share v[5];
    struct share_text s = {.set = {name}, .threshold = 3, .shares = 5};

    memset(ret, 0, sizeof(*ret));
    assert_int_equal(shamir_split(key, 3, 5, v), CKR_OK);
    for (size_t i = 0; i < 5; i++) {
        s.share = v[i];
        assert_int_equal(share_text_encode(&s, &ret->text[i]), CKR_OK);
        ret->span[i] = buf_span(&ret->text[i]);
    }
}

static void set_clear(struct set *s)
{
    for (size_t i = 0; i < N_ELEMENTS(s->text); i++)
        buf_clear(&s->text[i]);
}

static CK_RV combine(const struct span *texts, size_t n, size_t *bad, unsigned *needed,
                     struct secret **ret)
{
    uint8_t set[SHARE_SET];

    return shares_combine(texts, n, bad, needed, set, ret);
}

static void share_texts(void **state)
{
    AUTO(set_clear) struct set a, b;
    AUTO(secret_freep) struct secret *s = NULL;
    struct span mixed[3];
    uint8_t key[PRIM_KEY];
    unsigned needed = 0;
    size_t bad = 99;

    (void)state;
    count_up(key);
    set_make(1, key, &a);
    set_make(2, key, &b);
    assert_int_equal(combine(a.span + 1, 3, &bad, &needed, &s), CKR_OK);
    assert_memory_equal(s->p, key, PRIM_KEY);
    secret_free(TAKE(s));
    assert_int_equal(combine(a.span, 2, &bad, &needed, &s), CKR_ARGUMENTS_BAD);
    assert_int_equal(needed, 3);
    memcpy(mixed, a.span, sizeof(mixed));
    mixed[2] = b.span[2];
    assert_int_equal(combine(mixed, 3, &bad, &needed, &s), CKR_ARGUMENTS_BAD);
    mixed[2] = a.span[1]; /* twice */
    assert_int_equal(combine(mixed, 3, &bad, &needed, &s), CKR_ARGUMENTS_BAD);
    mixed[1] = SPAN_LIT("teeshare1-none");
    assert_int_equal(combine(mixed, 3, &bad, &needed, &s), CKR_DATA_INVALID);
    assert_int_equal(bad, 1);
    assert_null(s);
    set_clear(&b);
    memset(&b, 0, sizeof(b));
}

/* A key is no share and a share no key. */
static void texts_are_not_mistaken(void **state)
{
    AUTO(set_clear) struct set a;
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(secret_freep) struct secret *s = NULL;
    struct share_text share;
    uint8_t key[PRIM_KEY];

    (void)state;
    count_up(key);
    set_make(1, key, &a);
    assert_int_equal(key_text_encode(key, &text), CKR_OK);
    assert_int_equal(share_text_decode(buf_span(&text), &share), CKR_DATA_INVALID);
    assert_int_equal(key_text_decode(a.span[0], &s), CKR_DATA_INVALID);
}

/* A right checksum around numbers that can't be. */
static void share_numbers_are_checked(void **state)
{
    static const uint8_t bad[][3] = {
        {1, 3, 1}, {4, 3, 1}, {2, SHAMIR_MAX + 1, 1}, {2, 3, 0}, {2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        AUTO(buf_clear) struct buf text = BUF_INIT;
        struct share_text s = {.threshold = bad[i][0], .shares = bad[i][1]}, back;

        s.share.x = bad[i][2];
        assert_int_equal(share_text_encode(&s, &text), CKR_OK);
        assert_int_equal(share_text_decode(buf_span(&text), &back), CKR_DATA_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/secret-text/bech32/published", bech32_published, NULL, NULL, NULL},
        {"/secret-text/bech32/as-others-write-it", bech32_as_others_write_it, NULL, NULL, NULL},
        {"/secret-text/bech32/slips-are-found", bech32_slips_are_found, NULL, NULL, NULL},
        {"/secret-text/bech32/odd-text-is-refused", bech32_odd_text_is_refused, NULL, NULL, NULL},
        {"/secret-text/shares/as-others-compute-them", shares_as_others_compute_them, NULL, NULL,
         NULL},
        {"/secret-text/shares/of-every-kind", shares_of_every_kind, NULL, NULL, NULL},
        {"/secret-text/shares/out-of-range", shares_out_of_range, NULL, NULL, NULL},
        {"/secret-text/shares/texts", share_texts, NULL, NULL, NULL},
        {"/secret-text/shares/numbers-are-checked", share_numbers_are_checked, NULL, NULL, NULL},
        {"/secret-text/not-mistaken", texts_are_not_mistaken, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
