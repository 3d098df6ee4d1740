/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-key.c - keys from attributes: what key_complete() finds out and refuses, and what
 * key_from_attrs() makes of the result.
 */
#include "crypto_fixture.h"

#include <openssl/bn.h>

#include "core/object.h"
#include "crypto/curve.h"
#include "crypto/ossl.h"

#define P256        SPAN_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define P256_ORDER  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ED25519_OID SPAN_LIT("\x06\x03\x2b\x65\x70")
#define X25519_OID  SPAN_LIT("\x06\x03\x2b\x65\x6e")

static void set_hex(struct attrs *a, CK_ATTRIBUTE_TYPE type, const char *text)
{
    const struct hex h = hex(text);

    T_OK(attrs_set(a, type, hex_span(&h)));
}

static void assert_attr(const struct attrs *a, CK_ATTRIBUTE_TYPE type, const char *text)
{
    const struct hex h = hex(text);

    assert_span_equal(attrs_span(a, type), hex_span(&h));
}

/* key_complete() refuses a copy of `a` in which one attribute is different. */
static void refused_with(CK_RV rv, const struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value)
{
    AUTO(attrs_freep) struct attrs *copy = NULL;

    T_OK(attrs_dup(a, &copy));
    T_OK(attrs_set(copy, type, value));
    T_RV(rv, key_complete(copy));
}

/* -- secrets ------------------------------------------------------------------------------- */

/* A session's key owes its check value until somebody asks; a search that it does not match leaves
 * it owing, and one that it does need not be asked twice. */
static void session_keys_owe_their_check_value(void **state)
{
    AUTO(attrs_freep) struct attrs *search = NULL;
    AUTO(object_unrefp) struct object *o = NULL;
    struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    const struct attrs *shown = NULL;
    bool matches = true;

    (void)state;
    T_OK(attrs_set_bool(a, CKA_TOKEN, false));
    set_hex(a, CKA_VALUE, "000102030405060708090a0b0c0d0e0f");
    T_OK(key_complete(a));
    assert_false(attrs_has(a, CKA_CHECK_VALUE));
    T_OK(object_new(HANDLE_SESSION_PUBLIC, 1, a, 1, &o));
    T_OK(attrs_new(&search));
    T_OK(attrs_set(search, CKA_CHECK_VALUE, SPAN_LIT("\xc6\xa1\x3c")));
    T_OK(object_matches(o, search, &matches));
    assert_false(matches);
    assert_true(object_owes(o));
    T_OK(attrs_set(search, CKA_CHECK_VALUE, SPAN_LIT("\xc6\xa1\x3b")));
    T_OK(object_matches(o, search, &matches));
    assert_true(matches);
    assert_false(object_owes(o));
    T_OK(object_shown(o, &shown));
    assert_attr(shown, CKA_CHECK_VALUE, "c6a13b");
    assert_false(attrs_has(object_attrs(o), CKA_CHECK_VALUE)); /* immutable */
}

static void secrets_get_length_and_check_value(void **state)
{
    AUTO(attrs_freep) struct attrs *aes = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *generic = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    AUTO(key_unrefp) struct key *k = NULL;

    (void)state;
    /* FIPS 197: the encryption of zeros under this key starts with c6a13b. */
    set_hex(aes, CKA_VALUE, "000102030405060708090a0b0c0d0e0f");
    T_OK(key_complete(aes));
    assert_int_equal(attrs_ulong(aes, CKA_VALUE_LEN, 0), 16);
    assert_attr(aes, CKA_CHECK_VALUE, "c6a13b");
    k = fixture_key_from(aes);
    assert_int_equal(key_bits(k), 128);
    assert_int_equal(key_type(k), CKK_AES);
    assert_int_equal(key_class(k), CKO_SECRET_KEY);
    /* The SHA-1 of sixteen zeros starts with e129f2. */
    set_hex(generic, CKA_VALUE, "00000000000000000000000000000000");
    T_OK(key_complete(generic));
    assert_attr(generic, CKA_CHECK_VALUE, "e129f2");
}

static void short_secrets_have_no_check_value(void **state)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    (void)state;
    set_hex(a, CKA_VALUE, "000102030405060708090a0b0c0d0e");
    T_OK(key_complete(a));
    assert_false(attrs_has(a, CKA_CHECK_VALUE));
    assert_int_equal(attrs_ulong(a, CKA_VALUE_LEN, 0), 15);
}

static void check_values_are_checked(void **state)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_AES);

    (void)state;
    set_hex(a, CKA_VALUE, "000102030405060708090a0b0c0d0e0f");
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_CHECK_VALUE, SPAN_LIT("\xc6\xa1\x3c"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_CHECK_VALUE, SPAN_LIT("\xc6\xa1"));
    refused_with(CKR_OK, a, CKA_CHECK_VALUE, SPAN_LIT("\xc6\xa1\x3b"));
    T_OK(attrs_set(a, CKA_CHECK_VALUE, SPAN_EMPTY)); /* not wanted */
    T_OK(key_complete(a));
    assert_int_equal(attrs_span(a, CKA_CHECK_VALUE).n, 0);
}

static void secrets_of_wrong_length_are_refused(void **state)
{
    uint8_t value[4097] = {1};
    AUTO(attrs_freep) struct attrs *aes = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *hmac = fixture_attrs(CKO_SECRET_KEY, CKK_SHA256_HMAC);
    AUTO(attrs_freep) struct attrs *chacha = fixture_attrs(CKO_SECRET_KEY, CKK_CHACHA20);
    AUTO(attrs_freep) struct attrs *xts = fixture_attrs(CKO_SECRET_KEY, CKK_AES_XTS);

    (void)state;
    for (size_t n = 0; n < 70; n++) {
        const bool good = n == 16 || n == 24 || n == 32;

        refused_with(good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID, aes, CKA_VALUE,
                     span_of(value, n));
    }
    for (size_t n = 0; n < 70; n++) {
        const bool good = n == 32 || n == 64;

        refused_with(good     ? CKR_OK
                     : n == 0 ? CKR_ATTRIBUTE_VALUE_INVALID
                              : CKR_KEY_SIZE_RANGE,
                     xts, CKA_VALUE, span_of(value, n));
    }
    value[16] = 1; /* both halves are one key */
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, xts, CKA_VALUE, span_of(value, 32));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, hmac, CKA_VALUE, SPAN_EMPTY);
    refused_with(CKR_OK, hmac, CKA_VALUE, span_of(value, 4096));
    refused_with(CKR_KEY_SIZE_RANGE, hmac, CKA_VALUE, span_of(value, 4097));
    refused_with(CKR_KEY_SIZE_RANGE, chacha, CKA_VALUE, span_of(value, 16));
    T_OK(attrs_set(hmac, CKA_VALUE, span_of(value, 20)));
    T_OK(attrs_set_ulong(hmac, CKA_VALUE_LEN, 21));
    T_RV(CKR_TEMPLATE_INCONSISTENT, key_complete(hmac));
}

static void what_is_no_key_is_refused(void **state)
{
    AUTO(attrs_freep) struct attrs *data = NULL;
    AUTO(attrs_freep) struct attrs *mixed = fixture_attrs(CKO_PRIVATE_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *other = fixture_attrs(CKO_SECRET_KEY, CKK_RSA);
    AUTO(attrs_freep) struct attrs *unknown = fixture_attrs(CKO_SECRET_KEY, CKK_DES3);
    AUTO(attrs_freep) struct attrs *empty = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    struct key *k = NULL;

    (void)state;
    T_OK(attrs_new(&data));
    T_OK(attrs_set_ulong(data, CKA_CLASS, CKO_DATA));
    T_OK(key_complete(data));
    assert_int_equal(data->n, 1);
    T_RV(CKR_KEY_TYPE_INCONSISTENT, key_from_attrs(data, &k));
    T_RV(CKR_KEY_TYPE_INCONSISTENT, key_from_attrs(mixed, &k));
    T_RV(CKR_KEY_TYPE_INCONSISTENT, key_from_attrs(other, &k));
    T_RV(CKR_KEY_TYPE_INCONSISTENT, key_from_attrs(unknown, &k));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_from_attrs(empty, &k));
    T_RV(CKR_TEMPLATE_INCONSISTENT, key_complete(mixed));
    T_RV(CKR_TEMPLATE_INCONSISTENT, key_complete(unknown));
    assert_null(k);
}

/* -- RSA ----------------------------------------------------------------------------------- */

struct rsa {
    struct attrs *public_key, *private_key;
};

static void rsa_clear(struct rsa *r)
{
    attrs_free(r->public_key);
    attrs_free(r->private_key);
}

static struct rsa rsa_2048(void)
{
    struct rsa r = {0};

    fixture_rsa_attrs(2048, &r.public_key, &r.private_key);
    return r;
}

static const CK_ATTRIBUTE_TYPE crt[] = {CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2,
                                        CKA_COEFFICIENT};

static void rsa_crt_values_are_found(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();
    AUTO(attrs_freep) struct attrs *bare = NULL;
    AUTO(attrs_freep) struct attrs *half = NULL;

    (void)state;
    T_OK(attrs_dup(r.private_key, &bare));
    T_OK(attrs_dup(r.private_key, &half));
    for (size_t i = 0; i < N_ELEMENTS(crt); i++)
        attrs_remove(bare, crt[i]);
    T_OK(key_complete(bare));
    /* The fixture's p may be the smaller one: the product, not the order, is what counts. */
    assert_true(span_equal(attrs_span(bare, CKA_PRIME_1), attrs_span(r.private_key, CKA_PRIME_1)) ||
                span_equal(attrs_span(bare, CKA_PRIME_1), attrs_span(r.private_key, CKA_PRIME_2)));
    for (size_t i = 0; i < N_ELEMENTS(crt); i++)
        assert_true(attrs_span(bare, crt[i]).n > 0);
    attrs_remove(half, CKA_EXPONENT_1);
    attrs_remove(half, CKA_COEFFICIENT);
    T_OK(key_complete(half));
    for (size_t i = 0; i < N_ELEMENTS(crt); i++)
        assert_span_equal(attrs_span(half, crt[i]), attrs_span(r.private_key, crt[i]));
    key_unref(fixture_key_from(bare));
}

static void rsa_public_exponent_is_found(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();

    (void)state;
    attrs_remove(r.private_key, CKA_PUBLIC_EXPONENT);
    T_OK(key_complete(r.private_key));
    assert_attr(r.private_key, CKA_PUBLIC_EXPONENT, "010001");
}

static void rsa_halves_describe_the_same_key(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();

    (void)state;
    T_OK(key_complete(r.public_key));
    T_OK(key_complete(r.private_key));
    assert_int_equal(attrs_ulong(r.public_key, CKA_MODULUS_BITS, 0), 2048);
    assert_true(attrs_span(r.public_key, CKA_PUBLIC_KEY_INFO).n > 256);
    assert_span_equal(attrs_span(r.public_key, CKA_PUBLIC_KEY_INFO),
                      attrs_span(r.private_key, CKA_PUBLIC_KEY_INFO));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_PUBLIC_KEY_INFO, SPAN_LIT("x"));
    T_OK(attrs_set_ulong(r.public_key, CKA_MODULUS_BITS, 2047));
    T_RV(CKR_TEMPLATE_INCONSISTENT, key_complete(r.public_key));
}

/* Every component is part of the check: one bit in any of them. */
static void rsa_components_belong_together(void **state)
{
    static const CK_ATTRIBUTE_TYPE all[] = {CKA_MODULUS,    CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                            CKA_PRIME_2,    CKA_EXPONENT_1,       CKA_EXPONENT_2,
                                            CKA_COEFFICIENT};
    AUTO(rsa_clear) struct rsa r = rsa_2048();

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        const struct span value = attrs_span(r.private_key, all[i]);
        uint8_t changed[256];

        memcpy(changed, value.p, value.n);
        changed[value.n / 2] ^= 0x10;
        refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.private_key, all[i], span_of(changed, value.n));
    }
    for (size_t i = 0; i < N_ELEMENTS(crt); i++)
        attrs_remove(r.private_key, crt[i]);
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.private_key, CKA_PRIVATE_EXPONENT,
                 SPAN_LIT("\x12\x34\x56\x79"));
}

static void rsa_exponents_are_odd_and_large_enough(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();
    uint8_t huge[33];

    (void)state;
    memset(huge, 0xff, sizeof(huge));
    refused_with(CKR_OK, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x03"));
    refused_with(CKR_OK, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x00\x01\x00\x01"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x01"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x04"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_EMPTY);
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_PUBLIC_EXPONENT, SPAN_ARRAY(huge));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.private_key, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x03"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.private_key, CKA_PUBLIC_EXPONENT,
                 SPAN_LIT("\x01\x00\x03"));
}

/* d = 1/e mod (p - 1)(q - 1): a whole key with another exponent, the CRT values left out. */
static void rsa_set_exponent(struct attrs *a, unsigned long exponent)
{
    const struct span p_span = attrs_span(a, CKA_PRIME_1), q_span = attrs_span(a, CKA_PRIME_2);
    BIGNUM *p = BN_bin2bn(p_span.p, (int)p_span.n, NULL);
    BIGNUM *q = BN_bin2bn(q_span.p, (int)q_span.n, NULL);
    BIGNUM *e = BN_new(), *d = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    uint8_t bytes[256];

    assert_true(BN_set_word(e, exponent) && BN_sub_word(p, 1) && BN_sub_word(q, 1) &&
                BN_mul(p, p, q, ctx));
    assert_non_null(BN_mod_inverse(d, e, p, ctx));
    T_OK(attrs_set(a, CKA_PUBLIC_EXPONENT, span_of(bytes, (size_t)BN_bn2bin(e, bytes))));
    T_OK(attrs_set(a, CKA_PRIVATE_EXPONENT, span_of(bytes, (size_t)BN_bn2bin(d, bytes))));
    for (size_t i = 0; i < N_ELEMENTS(crt); i++)
        attrs_remove(a, crt[i]);
    BN_free(p);
    BN_free(q);
    BN_free(e);
    BN_free(d);
    BN_CTX_free(ctx);
}

static void rsa_keys_with_small_exponents_are_refused(void **state)
{
    static const struct {
        unsigned long exponent;
        CK_RV rv;
    } cases[] = {
        {17, CKR_ATTRIBUTE_VALUE_INVALID}, {65521, CKR_ATTRIBUTE_VALUE_INVALID}, {65539, CKR_OK}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(rsa_clear) struct rsa r = rsa_2048();

        rsa_set_exponent(r.private_key, cases[i].exponent);
        T_RV(cases[i].rv, key_complete(r.private_key));
    }
}

/* A prime is no modulus, however long it is. */
static void rsa_modulus_is_composite(void **state)
{
    AUTO(rsa_clear) struct rsa r = {0};
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_PUBLIC_KEY, CKK_RSA);

    (void)state;
    fixture_rsa_attrs(8192, &r.public_key, &r.private_key);
    T_OK(attrs_set(a, CKA_MODULUS, attrs_span(r.private_key, CKA_PRIME_1)));
    T_OK(attrs_set(a, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x01\x00\x01")));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_complete(a));
}

/* Loading trusts what was completed, but not that it is there. */
static void rsa_loading_needs_the_components(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();
    uint8_t modulus[1025];
    struct key *k = NULL;

    (void)state;
    memset(modulus, 0xd5, sizeof(modulus));
    T_OK(attrs_set(r.public_key, CKA_MODULUS, span_of(modulus, 127)));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_from_attrs(r.public_key, &k));
    T_OK(attrs_set(r.public_key, CKA_MODULUS, span_of(modulus, 1025)));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_from_attrs(r.public_key, &k));
    T_OK(attrs_set(r.public_key, CKA_MODULUS, span_of(modulus, 256)));
    attrs_remove(r.public_key, CKA_PUBLIC_EXPONENT);
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_from_attrs(r.public_key, &k));
    attrs_remove(r.private_key, CKA_PRIVATE_EXPONENT);
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, key_from_attrs(r.private_key, &k));
    assert_null(k);
}

static void rsa_sizes_are_bounded(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();
    uint8_t modulus[1033];

    (void)state;
    memset(modulus, 0xd5, sizeof(modulus));
    refused_with(CKR_KEY_SIZE_RANGE, r.public_key, CKA_MODULUS, span_of(modulus, 127));
    refused_with(CKR_KEY_SIZE_RANGE, r.public_key, CKA_MODULUS, span_of(modulus, 1025));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_MODULUS, span_of(modulus, 1033));
    refused_with(CKR_KEY_SIZE_RANGE, r.private_key, CKA_MODULUS, span_of(modulus, 255));
    modulus[255] = 0xd4; /* even */
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, r.public_key, CKA_MODULUS, span_of(modulus, 256));
}

/* Numbers with zeros in front are the same numbers. */
static void rsa_zeros_in_front_do_not_count(void **state)
{
    AUTO(rsa_clear) struct rsa r = rsa_2048();
    AUTO(key_unrefp) struct key *k = NULL;
    uint8_t padded[257] = {0};

    (void)state;
    memcpy(padded + 1, attrs_span(r.public_key, CKA_MODULUS).p, 256);
    T_OK(attrs_set(r.public_key, CKA_MODULUS, SPAN_ARRAY(padded)));
    T_OK(key_complete(r.public_key));
    assert_int_equal(attrs_ulong(r.public_key, CKA_MODULUS_BITS, 0), 2048);
    k = fixture_key_from(r.public_key);
    assert_int_equal(key_bits(k), 2048);
}

/* -- curves -------------------------------------------------------------------------------- */

static struct attrs *ec_private(const char *value)
{
    struct attrs *a = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC);

    T_OK(attrs_set(a, CKA_EC_PARAMS, P256));
    set_hex(a, CKA_VALUE, value);
    return a;
}

static void ec_private_key_is_in_range(void **state)
{
    static const struct {
        const char *value;
        CK_RV rv;
    } cases[] = {
        {"01", CKR_OK},
        {"0000000000000000000000000000000000000000000000000000000000000000000001", CKR_OK},
        {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", CKR_OK},
        {P256_ORDER, CKR_ATTRIBUTE_VALUE_INVALID},
        {"00", CKR_ATTRIBUTE_VALUE_INVALID},
        {"", CKR_ATTRIBUTE_VALUE_INVALID},
        {"01" P256_ORDER, CKR_ATTRIBUTE_VALUE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(attrs_freep) struct attrs *a = ec_private(cases[i].value);

        T_RV(cases[i].rv, key_complete(a));
        if (cases[i].rv == CKR_OK)
            key_unref(fixture_key_from(a));
    }
}

/* SEC 2: the private key 1 has the generator as its point. */
static void ec_private_key_gets_its_point(void **state)
{
    AUTO(attrs_freep) struct attrs *a = ec_private("01");

    (void)state;
    T_OK(key_complete(a));
    assert_attr(a, CKA_EC_POINT,
                "044104"
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    assert_attr(a, CKA_PUBLIC_KEY_INFO,
                "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
}

static void ec_points_come_in_all_wrappings(void **state)
{
    static const char *const points[] = {
        "0441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "0421036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(points); i++) {
        AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_PUBLIC_KEY, CKK_EC);
        AUTO(key_unrefp) struct key *k = NULL;

        T_OK(attrs_set(a, CKA_EC_PARAMS, P256));
        set_hex(a, CKA_EC_POINT, points[i]);
        T_OK(key_complete(a));
        /* However it came, it reads as a DER OCTET STRING (v3.2 6.3.3). */
        assert_attr(a, CKA_EC_POINT, points[i < 2 ? 0 : 3]);
        k = fixture_key_from(a);
        assert_int_equal(key_bits(k), 256);
    }
}

static void ec_points_off_the_curve_are_refused(void **state)
{
    static const char *const points[] = {
        /* one bit of y */
        ("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4"),
        "00",   /* infinity */
        "0400", /* wrapped */
        "",
        "04",
        /* x that no point has, compressed */
        "02ffffffff00000001000000000000000000000000fffffffffffffffffffffffe",
        /* bytes behind the wrapping */
        "0421036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c29600",
    };
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_PUBLIC_KEY, CKK_EC);

    (void)state;
    T_OK(attrs_set(a, CKA_EC_PARAMS, P256));
    for (size_t i = 0; i < N_ELEMENTS(points); i++) {
        const struct hex h = hex(points[i]);

        refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_EC_POINT, hex_span(&h));
    }
}

static void curves_are_named_in_two_ways(void **state)
{
    static const struct {
        CK_KEY_TYPE type;
        const char *params;
        CK_RV rv;
        CK_ULONG bits;
    } cases[] = {
        {CKK_EC, "06082a8648ce3d030107", CKR_OK, 256},
        {CKK_EC, "1309736563703235367231", CKR_OK, 256}, /* secp256r1 */
        {CKK_EC, "130a7072696d65323536763112", CKR_CURVE_NOT_SUPPORTED, 0},
        {CKK_EC, "06052b81040022", CKR_OK, 384},
        {CKK_EC, "0605 2b81040023", CKR_OK, 521},
        {CKK_EC, "06052b81040021", CKR_OK, 224},
        {CKK_EC, "06052b8104000a", CKR_OK, 256},
        {CKK_EC, "06092b2403030208010107", CKR_OK, 256},
        {CKK_EC, "06092b240303020801010d", CKR_OK, 512},
        {CKK_EC, "06052b81040001", CKR_CURVE_NOT_SUPPORTED, 0}, /* sect163k1 */
        {CKK_EC, "06032b6570", CKR_CURVE_NOT_SUPPORTED, 0},     /* Edwards */
        {CKK_EC, "0500", CKR_DOMAIN_PARAMS_INVALID, 0},         /* implicitlyCA */
        {CKK_EC, "3003020101", CKR_DOMAIN_PARAMS_INVALID, 0},   /* ecParameters */
        {CKK_EC, "", CKR_DOMAIN_PARAMS_INVALID, 0},
        {CKK_EC, "06", CKR_DOMAIN_PARAMS_INVALID, 0},
        {CKK_EC, "1300", CKR_DOMAIN_PARAMS_INVALID, 0},
        {CKK_EC_EDWARDS, "06032b6570", CKR_OK, 255},
        {CKK_EC_EDWARDS, "130c656477617264733235353139", CKR_OK, 255},
        {CKK_EC_EDWARDS, "06032b6571", CKR_OK, 448},
        {CKK_EC_EDWARDS, "130a65647761726473343438", CKR_OK, 448},
        {CKK_EC_EDWARDS, "06032b656e", CKR_CURVE_NOT_SUPPORTED, 0},
        {CKK_EC_MONTGOMERY, "06032b656e", CKR_OK, 255},
        {CKK_EC_MONTGOMERY, "130a63757276653235353139", CKR_OK, 255},
        {CKK_EC_MONTGOMERY, "06032b656f", CKR_OK, 448},
        {CKK_EC_MONTGOMERY, "130858323535313920", CKR_CURVE_NOT_SUPPORTED, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct hex h = hex(cases[i].params);
        const struct curve *c = NULL;

        T_RV(cases[i].rv, curve_of(hex_span(&h), cases[i].type, &c));
        if (cases[i].rv == CKR_OK)
            assert_int_equal(c->bits, cases[i].bits);
        else
            assert_null(c);
    }
}

/* The table itself, against OpenSSL. */
static void curves_are_what_openssl_knows(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_curves; i++) {
        AUTO(attrs_freep) struct attrs *public_key = NULL;
        AUTO(attrs_freep) struct attrs *private_key = NULL;
        AUTO(key_unrefp) struct key *k = NULL;
        uint8_t point[CURVE_MAX_POINT];
        size_t n = 0;

        fixture_ec_attrs(curves[i].key_type, curves[i].oid, &public_key, &private_key);
        T_OK(curve_point(&curves[i], attrs_span(public_key, CKA_EC_POINT), point, &n));
        assert_int_equal(n, curves[i].n_public);
        assert_int_equal(attrs_span(private_key, CKA_VALUE).n, curves[i].n_private);
        assert_span_equal(attrs_span(private_key, CKA_EC_PARAMS), curves[i].oid);
        T_OK(key_complete(public_key));
        T_OK(key_complete(private_key));
        k = fixture_key_from(private_key);
        assert_int_equal(key_bits(k), curves[i].bits);
    }
}

static void edwards_keys_are_raw_or_wrapped(void **state)
{
    static const char *const points[] = {
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "0420d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    };
    AUTO(attrs_freep) struct attrs *private_key = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC_EDWARDS);
    AUTO(attrs_freep) struct attrs *public_key = fixture_attrs(CKO_PUBLIC_KEY, CKK_EC_EDWARDS);

    (void)state;
    T_OK(attrs_set(private_key, CKA_EC_PARAMS, ED25519_OID));
    set_hex(private_key, CKA_VALUE,
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    T_OK(key_complete(private_key));
    assert_attr(private_key, CKA_EC_POINT, points[1]);
    T_OK(attrs_set(public_key, CKA_EC_PARAMS, ED25519_OID));
    for (size_t i = 0; i < N_ELEMENTS(points); i++) {
        set_hex(public_key, CKA_EC_POINT, points[i]);
        T_OK(key_complete(public_key));
        assert_span_equal(attrs_span(public_key, CKA_PUBLIC_KEY_INFO),
                          attrs_span(private_key, CKA_PUBLIC_KEY_INFO));
        key_unref(fixture_key_from(public_key));
    }
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, public_key, CKA_EC_POINT, SPAN_LIT("short"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, private_key, CKA_VALUE, SPAN_LIT("short"));
    refused_with(CKR_CURVE_NOT_SUPPORTED, private_key, CKA_EC_PARAMS, X25519_OID);
}

/* -- certificates -------------------------------------------------------------------------- */

static const char certificate[] =
    "3082016130820107a00302010202021234300a06082a8648ce3d040302300e310c300a06035504030c037465"
    "653020170d3236313132313030303831335a180f32313236313032383030303831335a300e310c300a060355"
    "04030c037465653059301306072a8648ce3d020106082a8648ce3d03010703420004d113905508cbc581f24f"
    "2127f40766ffee1116e3846e6b37f251028e9831abec88c98cc46a0602ba0a0d230a1ec124612b0f0c9d0176"
    "8e6f5e5f89260cabf2caa3533051301d0603551d0e041604140287cc3331518393db903d22cd0689efea212a"
    "a7301f0603551d230418301680140287cc3331518393db903d22cd0689efea212aa7300f0603551d130101ff"
    "040530030101ff300a06082a8648ce3d040302034800304502202f2b67f39b2f2e98bf5fc8e5919d9811ed24"
    "f4961479a239e74d509d15e40f35022100f0c50835c9d1af1ed832bf1cae23edd4999c2c3da908f6d3914255"
    "265ef74c7a";

static struct attrs *certificate_attrs(void)
{
    struct attrs *a = NULL;

    T_OK(attrs_new(&a));
    T_OK(attrs_set_ulong(a, CKA_CLASS, CKO_CERTIFICATE));
    T_OK(attrs_set_ulong(a, CKA_CERTIFICATE_TYPE, CKC_X_509));
    set_hex(a, CKA_VALUE, certificate);
    return a;
}

static void certificates_are_filled_in(void **state)
{
    AUTO(attrs_freep) struct attrs *a = certificate_attrs();

    (void)state;
    T_OK(attrs_set(a, CKA_ISSUER, SPAN_LIT("given")));
    T_OK(attrs_set(a, CKA_SERIAL_NUMBER, SPAN_EMPTY));
    T_OK(key_complete(a));
    assert_attr(a, CKA_SUBJECT, "300e310c300a06035504030c03746565");
    assert_attr(a, CKA_SERIAL_NUMBER, "02021234");
    assert_attr(a, CKA_CHECK_VALUE, "aa6937");
    assert_span_equal(attrs_span(a, CKA_ISSUER), SPAN_LIT("given"));
    assert_attr(a, CKA_PUBLIC_KEY_INFO,
                "3059301306072a8648ce3d020106082a8648ce3d03010703420004d113905508cbc581f24f2127f407"
                "66ffee1116e3846e6b37f251028e9831abec88c98cc46a0602ba0a0d230a1ec124612b0f0c9d01768e"
                "6f5e5f89260cabf2ca");
}

static void certificates_must_parse(void **state)
{
    AUTO(attrs_freep) struct attrs *a = certificate_attrs();
    struct hex h = hex(certificate);

    (void)state;
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_VALUE, SPAN_LIT("not a certificate"));
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_VALUE, span_of(h.p, h.n - 1));
    h.n++; /* a byte behind it */
    refused_with(CKR_ATTRIBUTE_VALUE_INVALID, a, CKA_VALUE, hex_span(&h));
    refused_with(CKR_OK, a, CKA_VALUE, SPAN_EMPTY); /* an URL stands for it */
    T_OK(attrs_set_ulong(a, CKA_CERTIFICATE_TYPE, CKC_WTLS));
    refused_with(CKR_OK, a, CKA_VALUE, SPAN_LIT("not a certificate"));
}

/* -- references ---------------------------------------------------------------------------- */

static void operations_outlive_the_reference(void **state)
{
    const struct mech *row = mech_find(CKM_SHA256_HMAC);
    const CK_MECHANISM m = {.mechanism = CKM_SHA256_HMAC};
    struct key *k = fixture_secret(CKK_GENERIC_SECRET, SPAN_LIT("0123456789"));
    AUTO(op_freep) struct op *o = NULL;
    uint8_t mac[32];
    CK_ULONG n = sizeof(mac);

    (void)state;
    T_OK(op_start(OP_SIGN, row, &m, k, &o));
    key_unref(k);
    T_OK(op_once(o, SPAN_LIT("x"), &(struct out){mac, &n}));
    key_unref(NULL);
    op_free(NULL);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/key/secret/length-and-check-value", secrets_get_length_and_check_value),
        TEST("/key/secret/check-value-is-owed", session_keys_owe_their_check_value),
        TEST("/key/secret/short-ones-have-no-check-value", short_secrets_have_no_check_value),
        TEST("/key/secret/check-values-are-checked", check_values_are_checked),
        TEST("/key/secret/wrong-lengths-are-refused", secrets_of_wrong_length_are_refused),
        TEST("/key/no-key-is-refused", what_is_no_key_is_refused),
        TEST("/key/rsa/crt-values-are-found", rsa_crt_values_are_found),
        TEST("/key/rsa/public-exponent-is-found", rsa_public_exponent_is_found),
        TEST("/key/rsa/halves-describe-one-key", rsa_halves_describe_the_same_key),
        TEST("/key/rsa/components-belong-together", rsa_components_belong_together),
        TEST("/key/rsa/exponents", rsa_exponents_are_odd_and_large_enough),
        TEST("/key/rsa/small-exponents", rsa_keys_with_small_exponents_are_refused),
        TEST("/key/rsa/modulus-is-composite", rsa_modulus_is_composite),
        TEST("/key/rsa/loading", rsa_loading_needs_the_components),
        TEST("/key/rsa/sizes", rsa_sizes_are_bounded),
        TEST("/key/rsa/zeros-in-front", rsa_zeros_in_front_do_not_count),
        TEST("/key/ec/private-key-is-in-range", ec_private_key_is_in_range),
        TEST("/key/ec/private-key-gets-its-point", ec_private_key_gets_its_point),
        TEST("/key/ec/points-in-all-wrappings", ec_points_come_in_all_wrappings),
        TEST("/key/ec/points-off-the-curve", ec_points_off_the_curve_are_refused),
        TEST("/key/curve/names", curves_are_named_in_two_ways),
        TEST("/key/curve/table", curves_are_what_openssl_knows),
        TEST("/key/edwards/raw-or-wrapped", edwards_keys_are_raw_or_wrapped),
        TEST("/key/certificate/is-filled-in", certificates_are_filled_in),
        TEST("/key/certificate/must-parse", certificates_must_parse),
        TEST("/key/references", operations_outlive_the_reference),
    };

    return cmocka_run_group_tests_name("key", tests, set_up, NULL);
}
