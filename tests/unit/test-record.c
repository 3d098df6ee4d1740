/* SPDX-License-Identifier: BSD-2-Clause */
/* test-record.c - src/model/record.c: one encoding, strictly read. */
#include "model.h"

/* An encoding under construction: version, count, then attributes. */
static struct buf record(uint16_t count)
{
    struct buf b = BUF_INIT;

    buf_u8(&b, 1);
    buf_u16(&b, count);
    return b;
}

static void put(struct buf *b, uint64_t type, struct span value)
{
    buf_u64(b, type);
    buf_var(b, value);
}

static CK_RV decode(struct span bytes)
{
    struct attrs *a = NULL;
    const CK_RV rv = record_decode(bytes, &a);

    assert_true((rv == CKR_OK) == (a != NULL));
    attrs_free(a);
    return rv;
}

/* The bytes are refused as not ours; they are freed. */
static void refused(struct buf *b)
{
    T_OK(buf_ok(b));
    T_RV(CKR_DATA_INVALID, decode(buf_span(b)));
    buf_clear(b);
}

/* A template in `levels` levels, the object not counted. */
static void nest(unsigned levels, struct buf *ret)
{
    if (levels <= 1) {
        *ret = record(1);
        put(ret, CKA_TOKEN, SPAN_LIT("\x01"));
    } else {
        struct buf inner = BUF_INIT;

        nest(levels - 1, &inner);
        *ret = record(1);
        put(ret, CKA_UNWRAP_TEMPLATE, buf_span(&inner));
        buf_clear(&inner);
    }
}

/* One attribute of each kind. */
static struct attrs *sample(void)
{
    const CK_ULONG mechanisms[] = {CKM_ECDSA, CKM_ECDSA_SHA256};
    struct attrs *a = NULL;
    struct buf nested = BUF_INIT;

    nest(2, &nested);
    T_OK(attrs_new(&a));
    T_OK(attrs_set_ulong(a, CKA_CLASS, CKO_SECRET_KEY));
    T_OK(attrs_set_bool(a, CKA_TOKEN, true));
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("label")));
    T_OK(attrs_set(a, CKA_ID, SPAN_EMPTY));
    T_OK(attrs_set(a, CKA_START_DATE, SPAN_LIT("20240229")));
    T_OK(attrs_set(a, CKA_END_DATE, SPAN_EMPTY));
    T_OK(attrs_set_ulong(a, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));
    T_OK(attrs_set(a, CKA_ALLOWED_MECHANISMS, SPAN_ARRAY(mechanisms)));
    T_OK(attrs_set(a, CKA_UNWRAP_TEMPLATE, buf_span(&nested)));
    buf_clear(&nested);
    return a;
}

static void assert_same(const struct attrs *a, const struct attrs *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->v[i].type, b->v[i].type);
        assert_true(span_equal(span_of(a->v[i].p, a->v[i].n), span_of(b->v[i].p, b->v[i].n)));
    }
}

static void test_round_trip(void **state)
{
    struct attrs *a = sample();
    struct attrs *back = NULL;
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(record_encode(a, &b));
    T_OK(record_decode(buf_span(&b), &back));
    assert_same(a, back);
    attrs_free(a);
    attrs_free(back);
    buf_clear(&b);
}

static void test_bytes_are_these(void **state)
{
    static const uint8_t expected[] = {
        1,    0,    3,                                  /* version, count */
        0,    0,    0,    0,    0,    0,    0,    0,    /* CKA_CLASS */
        0,    0,    0,    8,                            /* length */
        0,    0,    0,    0,    0,    0,    0,    4,    /* CKO_SECRET_KEY */
        0,    0,    0,    0,    0,    0,    0,    3,    /* CKA_LABEL */
        0,    0,    0,    2,    'a',  'b',              /* */
        0,    0,    0,    0,    0,    0,    1,    0x66, /* CKA_KEY_GEN_MECHANISM */
        0,    0,    0,    8,                            /* */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* CK_UNAVAILABLE_INFORMATION */
    };
    struct attrs *a = NULL;
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("ab")));
    T_OK(attrs_set_ulong(a, CKA_CLASS, CKO_SECRET_KEY));
    T_OK(attrs_set_ulong(a, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));
    buf_put(&b, SPAN_LIT("before"));
    T_OK(record_encode(a, &b));
    assert_memory_equal(b.p, "before", 6);
    assert_int_equal(b.n, 6 + sizeof(expected));
    assert_memory_equal(b.p + 6, expected, sizeof(expected));
    attrs_free(a);
    buf_clear(&b);
}

static void test_empty_set(void **state)
{
    struct attrs *a = NULL;
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(record_encode(a, &b));
    assert_int_equal(b.n, 3);
    T_OK(decode(buf_span(&b)));
    attrs_free(a);
    buf_clear(&b);
}

static void test_truncation_is_refused(void **state)
{
    struct attrs *a = sample();
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(record_encode(a, &b));
    for (size_t n = 0; n < b.n; n++)
        T_RV(CKR_DATA_INVALID, decode(span_of(b.p, n)));
    attrs_free(a);
    buf_clear(&b);
}

static void test_left_over_is_refused(void **state)
{
    struct buf b = record(1);

    (void)state;
    put(&b, CKA_TOKEN, SPAN_LIT("\x01"));
    T_OK(decode(buf_span(&b)));
    buf_u8(&b, 0);
    refused(&b);
}

static void test_version_is_refused(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        const uint8_t bytes[] = {(uint8_t)version, 0, 0};

        T_RV(version == 1 ? CKR_OK : CKR_DATA_INVALID, decode(SPAN_ARRAY(bytes)));
    }
}

static void test_disorder_is_refused(void **state)
{
    struct buf b = record(2);

    (void)state;
    put(&b, CKA_LABEL, SPAN_LIT("a"));
    put(&b, CKA_TOKEN, SPAN_LIT("\x01"));
    refused(&b);
}

static void test_duplicate_is_refused(void **state)
{
    struct buf b = record(2);

    (void)state;
    put(&b, CKA_LABEL, SPAN_LIT("a"));
    put(&b, CKA_LABEL, SPAN_LIT("a"));
    refused(&b);
}

static void test_unknown_type_is_refused(void **state)
{
    static const uint64_t types[] = {0x7fff, UINT64_C(1) << 40, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        struct buf b = record(1);

        put(&b, types[i], SPAN_LIT("a"));
        refused(&b);
    }
}

static void test_too_many_are_refused(void **state)
{
    struct buf b = record(RECORD_MAX_ATTRS + 1);

    (void)state;
    for (unsigned i = 0; i <= RECORD_MAX_ATTRS; i++)
        put(&b, i, SPAN_LIT("\x01"));
    refused(&b);
}

static void test_value_must_fit_its_kind(void **state)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        struct span value;
    } bad[] = {
        {CKA_TOKEN, SPAN_LIT("")},
        {CKA_TOKEN, SPAN_LIT("\x02")},
        {CKA_TOKEN, SPAN_LIT("\x01\x01")},
        {CKA_CLASS, SPAN_LIT("")},
        {CKA_CLASS, SPAN_LIT("\0\0\0\1")},
        {CKA_CLASS, SPAN_LIT("\0\0\0\0\0\0\0\0\1")},
        {CKA_CLASS, SPAN_LIT("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2")},
        {CKA_ALLOWED_MECHANISMS, SPAN_LIT("\0\0\0\0\0\0\0\1\0\0\0\2")},
        {CKA_START_DATE, SPAN_LIT("2024022")},
        {CKA_START_DATE, SPAN_LIT("2024022x")},
        {CKA_START_DATE, SPAN_LIT("20241301")},
        {CKA_START_DATE, SPAN_LIT("20240100")},
        {CKA_START_DATE, SPAN_LIT("20240001")},
        {CKA_START_DATE, SPAN_LIT("20240132")},
        {CKA_UNWRAP_TEMPLATE, SPAN_LIT("")},
        {CKA_UNWRAP_TEMPLATE, SPAN_LIT("\1\0\1")},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct buf b = record(1);

        put(&b, bad[i].type, bad[i].value);
        refused(&b);
    }
}

static void test_long_value_is_refused(void **state)
{
    struct buf b = record(1);

    (void)state;
    buf_u64(&b, CKA_VALUE);
    buf_u32(&b, RECORD_MAX_VALUE + 1);
    memset(buf_extend(&b, RECORD_MAX_VALUE + 1), 'x', RECORD_MAX_VALUE + 1);
    refused(&b);

    b = record(1);
    buf_u64(&b, CKA_VALUE);
    buf_u32(&b, RECORD_MAX_VALUE);
    memset(buf_extend(&b, RECORD_MAX_VALUE), 'x', RECORD_MAX_VALUE);
    T_OK(decode(buf_span(&b)));
    buf_clear(&b);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    for (unsigned levels = 1; levels < 64; levels++) {
        struct buf b = BUF_INIT;

        nest(levels, &b);
        T_RV(levels <= RECORD_MAX_DEPTH ? CKR_OK : CKR_DATA_INVALID, decode(buf_span(&b)));
        buf_clear(&b);
    }
}

/* What could not be read back is not written. */
static void test_encode_refuses_what_it_cannot_read(void **state)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        struct span value;
    } bad[] = {
        {CKA_TOKEN, SPAN_LIT("\x02")},       {CKA_CLASS, SPAN_LIT("\1")},
        {CKA_START_DATE, SPAN_LIT("today")}, {CKA_UNWRAP_TEMPLATE, SPAN_LIT("junk")},
        {0x7fff, SPAN_LIT("unknown")},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct attrs *a = sample();
        struct buf b = BUF_INIT;

        buf_u8(&b, 7);
        T_OK(attrs_set(a, bad[i].type, bad[i].value));
        T_RV(CKR_GENERAL_ERROR, record_encode(a, &b));
        assert_int_equal(b.n, 1);
        attrs_free(a);
        buf_clear(&b);
    }
}

static void test_encode_bounds_depth(void **state)
{
    struct attrs *a = NULL;
    struct buf nested = BUF_INIT;
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(attrs_new(&a));
    nest(RECORD_MAX_DEPTH - 1, &nested);
    T_OK(attrs_set(a, CKA_WRAP_TEMPLATE, buf_span(&nested)));
    T_OK(record_encode(a, &b));
    T_OK(decode(buf_span(&b)));
    buf_clear(&nested);
    nest(RECORD_MAX_DEPTH, &nested);
    T_OK(attrs_set(a, CKA_WRAP_TEMPLATE, buf_span(&nested)));
    T_RV(CKR_GENERAL_ERROR, record_encode(a, &b));
    buf_clear(&nested);
    buf_clear(&b);
    attrs_free(a);
}

/* Whatever is read is what would be written: no second encoding of anything. */
static bool refused_or_canonical(struct span bytes)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    const CK_RV rv = record_decode(bytes, &a);

    if (rv != CKR_OK)
        return rv == CKR_DATA_INVALID;
    return record_encode(a, &again) == CKR_OK && span_equal(buf_span(&again), bytes);
}

static void test_every_bit_flipped(void **state)
{
    struct attrs *a = sample();
    struct buf b = BUF_INIT;

    (void)state;
    T_OK(record_encode(a, &b));
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(refused_or_canonical(buf_span(&b)));
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    attrs_free(a);
    buf_clear(&b);
}

static uint32_t next_random(uint32_t *seed) /* xorshift */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void test_random_damage(void **state)
{
    struct attrs *a = sample();
    struct buf good = BUF_INIT;
    uint32_t seed = 2463534242u;

    (void)state;
    T_OK(record_encode(a, &good));
    for (unsigned round = 0; round < 20000; round++) {
        struct buf b = BUF_INIT;

        buf_put(&b, span_of(good.p, 1 + next_random(&seed) % good.n));
        for (unsigned i = next_random(&seed) % 6; i > 0; i--)
            b.p[next_random(&seed) % b.n] = (uint8_t)next_random(&seed);
        assert_true(refused_or_canonical(buf_span(&b)));
        buf_clear(&b);
    }
    attrs_free(a);
    buf_clear(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/record/round-trip", test_round_trip, NULL, NULL, NULL},
        {"/record/bytes-are-these", test_bytes_are_these, NULL, NULL, NULL},
        {"/record/empty-set", test_empty_set, NULL, NULL, NULL},
        {"/record/truncation-is-refused", test_truncation_is_refused, NULL, NULL, NULL},
        {"/record/left-over-is-refused", test_left_over_is_refused, NULL, NULL, NULL},
        {"/record/version-is-refused", test_version_is_refused, NULL, NULL, NULL},
        {"/record/disorder-is-refused", test_disorder_is_refused, NULL, NULL, NULL},
        {"/record/duplicate-is-refused", test_duplicate_is_refused, NULL, NULL, NULL},
        {"/record/unknown-type-is-refused", test_unknown_type_is_refused, NULL, NULL, NULL},
        {"/record/too-many-are-refused", test_too_many_are_refused, NULL, NULL, NULL},
        {"/record/value-must-fit-its-kind", test_value_must_fit_its_kind, NULL, NULL, NULL},
        {"/record/long-value-is-refused", test_long_value_is_refused, NULL, NULL, NULL},
        {"/record/depth-is-bounded", test_depth_is_bounded, NULL, NULL, NULL},
        {"/record/encode-refuses-what-it-cannot-read", test_encode_refuses_what_it_cannot_read,
         NULL, NULL, NULL},
        {"/record/encode-bounds-depth", test_encode_bounds_depth, NULL, NULL, NULL},
        {"/record/every-bit-flipped", test_every_bit_flipped, NULL, NULL, NULL},
        {"/record/random-damage", test_random_damage, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
