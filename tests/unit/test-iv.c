/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-iv.c - IVs made by the token: every generator, its bits, and where it ends. What needs more
 * messages than a test can send is reached by setting how many there were.
 */
#include "crypto_fixture.h"

#include "crypto/iv.h"
#include "crypto/message.h"
#include "crypto/op_class.h"

static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct iv_request request(CK_GENERATOR_FUNCTION generator, size_t n, CK_ULONG fixed)
{
    return (struct iv_request){generator, ones, n, fixed};
}

/* Bits on both sides of the border inside a byte. */
static void fixed_bits_stay(void **state)
{
    (void)state;
    for (CK_ULONG fixed = 0; fixed <= 64; fixed++) {
        const struct iv_request r = request(CKG_GENERATE_COUNTER, 12, fixed);
        struct iv_source s = {0};
        uint8_t iv[12];

        T_OK(iv_next(&s, &r, iv));
        for (CK_ULONG bit = 0; bit < 96; bit++)
            assert_int_equal((iv[bit / 8] >> (7 - bit % 8)) & 1, bit < fixed ? 1 : 0);
    }
}

/* The number is 96 bits wide and carries through. */
static void counting_carries(void **state)
{
    const struct iv_request r = request(CKG_GENERATE, 12, 0);
    struct iv_source s = {.has_start = true, .n_made = 1};
    uint8_t iv[12];

    (void)state;
    memset(s.start + sizeof(s.start) - 12, 0xff, 12);
    s.start[sizeof(s.start) - 12] = 0x7f;
    T_OK(iv_next(&s, &r, iv));
    assert_memory_equal(iv, "\x80\0\0\0\0\0\0\0\0\0\0\0", 12);
    T_OK(iv_next(&s, &r, iv));
    assert_memory_equal(iv, "\x80\0\0\0\0\0\0\0\0\0\0\1", 12);
}

static void counters_end(void **state)
{
    static const struct {
        CK_GENERATOR_FUNCTION generator;
        CK_ULONG fixed;
        uint64_t last; /* messages before the last one that gets an IV */
    } rows[] = {
        {CKG_GENERATE_COUNTER, 64, UINT32_MAX},
        {CKG_GENERATE_COUNTER, 56, (UINT64_C(1) << 40) - 1},
        {CKG_GENERATE_COUNTER, 0, UINT64_MAX - 1},
        {CKG_GENERATE_COUNTER_XOR, 64, UINT32_MAX},
        {CKG_GENERATE, 0, UINT32_MAX},
        {CKG_GENERATE, 64, UINT32_MAX},
        {CKG_GENERATE_RANDOM, 0, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct iv_request r = request(rows[i].generator, 12, rows[i].fixed);
        struct iv_source s = {.n_made = rows[i].last};
        uint8_t iv[12], before[12] = {0};

        T_OK(iv_next(&s, &r, iv));
        T_RV(CKR_FUNCTION_FAILED, iv_next(&s, &r, before));
        assert_true(mem_is_zero(before, 12));
    }
}

/* Those that the application brings are its own affair: they are not counted. */
static void given_ones_do_not_end(void **state)
{
    const struct iv_request r = request(CKG_NO_GENERATE, 12, 0);
    struct iv_source s = {.n_made = UINT64_MAX};
    uint8_t iv[12];

    (void)state;
    T_OK(iv_next(&s, &r, iv));
    assert_memory_equal(iv, ones, 12);
    assert_true(s.n_made == UINT64_MAX);
}

static void too_few_bits(void **state)
{
    static const CK_GENERATOR_FUNCTION generators[] = {CKG_GENERATE, CKG_GENERATE_COUNTER,
                                                       CKG_GENERATE_RANDOM,
                                                       CKG_GENERATE_COUNTER_XOR};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(generators); i++) {
        struct iv_source s = {0};
        uint8_t iv[16];
        struct iv_request r = request(generators[i], 12, 96 - IV_MIN_BITS);

        T_OK(iv_next(&s, &r, iv));
        r.fixed++;
        s = (struct iv_source){0};
        T_RV(CKR_MECHANISM_PARAM_INVALID, iv_next(&s, &r, iv));
        r.fixed = 97;
        T_RV(CKR_MECHANISM_PARAM_INVALID, iv_next(&s, &r, iv));
        r = request(generators[i], IV_MIN_BITS / 8 - 1, 0);
        T_RV(CKR_MECHANISM_PARAM_INVALID, iv_next(&s, &r, iv));
        assert_int_equal(s.n_made, 0);
    }
}

/* The free bits of what is XORed must stay; the fixed ones may change. */
static void xor_base_is_kept(void **state)
{
    uint8_t given[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, iv[12];
    struct iv_request r = {CKG_GENERATE_COUNTER_XOR, given, 12, 32};
    struct iv_source s = {0};

    (void)state;
    T_OK(iv_next(&s, &r, iv));
    given[0] ^= 0xff;
    T_OK(iv_next(&s, &r, iv));
    assert_int_equal(iv[0], given[0]);
    assert_int_equal(iv[11], 12 ^ 1);
    given[4] ^= 1;
    T_RV(CKR_MECHANISM_PARAM_INVALID, iv_next(&s, &r, iv));
    given[4] ^= 1;
    r.fixed = 24;
    T_RV(CKR_MECHANISM_PARAM_INVALID, iv_next(&s, &r, iv));
    r.fixed = 32;
    T_OK(iv_next(&s, &r, iv));
    assert_int_equal(iv[11], 12 ^ 2);
}

/* What is said of messages follows from what the classes can. */
static void flags_follow(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct op_class *c = mechs[i].op;
        const CK_FLAGS flags = message_flags(&mechs[i]);
        const bool signs = (mechs[i].flags & CKF_SIGN) != 0 && !c->one_message;
        const bool aead = c == &op_aead || c == &op_ccm;

        assert_int_equal((flags & CKF_MESSAGE_SIGN) != 0, signs);
        assert_int_equal((flags & CKF_MESSAGE_VERIFY) != 0, signs);
        assert_int_equal((flags & CKF_MESSAGE_ENCRYPT) != 0, aead);
        assert_int_equal((flags & CKF_MESSAGE_DECRYPT) != 0, aead);
        assert_int_equal((flags & CKF_MULTI_MESSAGE) != 0,
                         aead || (signs && c->kinds[OP_SIGN]->update != NULL));
    }
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/iv/fixed-bits-stay", fixed_bits_stay),
        TEST("/iv/counting-carries", counting_carries),
        TEST("/iv/counters-end", counters_end),
        TEST("/iv/given-ones-do-not-end", given_ones_do_not_end),
        TEST("/iv/too-few-bits", too_few_bits),
        TEST("/iv/xor-base-is-kept", xor_base_is_kept),
        TEST("/message/flags-follow", flags_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
