/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-gen.c - making keys: generation, derivation, wrapping and unwrapping, and that nothing stays
 * behind when they fail.
 */
#include "crypto_fixture.h"

#include "crypto/ossl.h"
#include "tee-pkcs11.h"

#define P256       SPAN_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define P384       SPAN_LIT("\x06\x05\x2b\x81\x04\x00\x22")
#define X25519_OID SPAN_LIT("\x06\x03\x2b\x65\x6e")

static CK_RV generate(CK_MECHANISM_TYPE type, struct attrs *a)
{
    const CK_MECHANISM m = {.mechanism = type};

    return gen_key(mech_find(type), &m, a);
}

static CK_RV generate_pair(CK_MECHANISM_TYPE type, struct attrs *public_key,
                           struct attrs *private_key)
{
    const CK_MECHANISM m = {.mechanism = type};

    return gen_pair(mech_find(type), &m, public_key, private_key);
}

/* -- secrets ------------------------------------------------------------------------------- */

static struct attrs *secret_of_length(CK_KEY_TYPE type, CK_ULONG n)
{
    struct attrs *a = fixture_attrs(CKO_SECRET_KEY, type);

    T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, n));
    return a;
}

static void every_generator_makes_its_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];
        const CK_ULONG unit = row->key_type == CKK_GENERIC_SECRET ? 8 : 1;

        if ((row->flags & CKF_GENERATE) == 0 || row->key_type == ANY_KEY)
            continue;
        for (CK_ULONG n = row->min / unit - 1; n <= row->max / unit + 1;
             n += n < 40 ? 1 : row->max / unit - 39) {
            AUTO(attrs_freep) struct attrs *a = secret_of_length(row->key_type, n);
            const bool fits = n * unit >= row->min && n * unit <= row->max &&
                              (row->key_type != CKK_AES || n % 8 == 0) &&
                              (row->key_type != CKK_AES_XTS || n % 32 == 0);

            T_RV(fits ? CKR_OK : CKR_KEY_SIZE_RANGE, generate(row->type, a));
            assert_int_equal(attrs_span(a, CKA_VALUE).n, fits ? n : 0);
            if (fits) {
                assert_int_equal(attrs_has(a, CKA_CHECK_VALUE), n >= 16);
                key_unref(fixture_key_from(a));
            }
        }
    }
}

static void generated_secrets_differ(void **state)
{
    AUTO(attrs_freep) struct attrs *a = secret_of_length(CKK_AES, 32);
    AUTO(attrs_freep) struct attrs *b = secret_of_length(CKK_AES, 32);

    (void)state;
    T_OK(generate(CKM_AES_KEY_GEN, a));
    T_OK(generate(CKM_AES_KEY_GEN, b));
    assert_false(span_equal(attrs_span(a, CKA_VALUE), attrs_span(b, CKA_VALUE)));
    assert_false(mem_is_zero(attrs_span(a, CKA_VALUE).p, 32));
}

static void length_must_be_said(void **state)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *fixed = fixture_attrs(CKO_SECRET_KEY, CKK_CHACHA20);

    (void)state;
    T_RV(CKR_TEMPLATE_INCOMPLETE, generate(CKM_AES_KEY_GEN, a));
    assert_int_equal(a->n, 2);
    T_OK(generate(CKM_CHACHA20_KEY_GEN, fixed));
    assert_int_equal(attrs_span(fixed, CKA_VALUE).n, 32);
}

/* A check value that the application gave can't be right: nothing of the new key is left. */
static void failure_leaves_nothing(void **state)
{
    AUTO(attrs_freep) struct attrs *a = secret_of_length(CKK_AES, 32);

    (void)state;
    T_OK(attrs_set(a, CKA_CHECK_VALUE, SPAN_LIT("\0\0\0\0")));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate(CKM_AES_KEY_GEN, a));
    assert_false(attrs_has(a, CKA_VALUE));
    assert_int_equal(attrs_ulong(a, CKA_VALUE_LEN, 0), 32);
    T_OK(attrs_set(a, CKA_VALUE, SPAN_EMPTY));
    T_RV(CKR_ATTRIBUTE_VALUE_INVALID, generate(CKM_AES_KEY_GEN, a));
    assert_true(attrs_has(a, CKA_VALUE));
    assert_int_equal(attrs_span(a, CKA_VALUE).n, 0);
}

/* -- pairs --------------------------------------------------------------------------------- */

struct pair {
    struct attrs *public_key, *private_key;
};

static void pair_clear(struct pair *p)
{
    attrs_free(p->public_key);
    attrs_free(p->private_key);
}

static struct pair pair_of(CK_KEY_TYPE type)
{
    return (struct pair){fixture_attrs(CKO_PUBLIC_KEY, type), fixture_attrs(CKO_PRIVATE_KEY, type)};
}

/* Both halves are complete as they are: nothing to add, nothing to refuse; and they belong
 * together. */
static void assert_pair_works(const struct pair *p, CK_MECHANISM_TYPE type)
{
    const CK_MECHANISM m = {.mechanism = type};
    AUTO(attrs_freep) struct attrs *public_copy = NULL;
    AUTO(attrs_freep) struct attrs *private_copy = NULL;
    AUTO(key_unrefp) struct key *public_key = fixture_key_from(p->public_key);
    AUTO(key_unrefp) struct key *private_key = fixture_key_from(p->private_key);
    AUTO(buf_clear) struct buf signature = BUF_INIT;

    T_OK(attrs_dup(p->public_key, &public_copy));
    T_OK(attrs_dup(p->private_key, &private_copy));
    T_OK(key_complete(public_copy));
    T_OK(key_complete(private_copy));
    assert_int_equal(public_copy->n, p->public_key->n);
    assert_int_equal(private_copy->n, p->private_key->n);
    assert_span_equal(attrs_span(p->public_key, CKA_PUBLIC_KEY_INFO),
                      attrs_span(p->private_key, CKA_PUBLIC_KEY_INFO));
    if (type == CK_UNAVAILABLE_INFORMATION)
        return;
    fixture_once(OP_SIGN, mech_find(type), &m, private_key, SPAN_LIT("text"), &signature);
    T_OK(fixture_verify(mech_find(type), &m, public_key, SPAN_LIT("text"), buf_span(&signature)));
}

static void rsa_pairs_work(void **state)
{
    AUTO(pair_clear) struct pair p = pair_of(CKK_RSA);

    (void)state;
    T_OK(attrs_set_ulong(p.public_key, CKA_MODULUS_BITS, 2048));
    T_OK(generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, p.public_key, p.private_key));
    assert_int_equal(attrs_span(p.public_key, CKA_MODULUS).n, 256);
    assert_span_equal(attrs_span(p.public_key, CKA_PUBLIC_EXPONENT), SPAN_LIT("\x01\x00\x01"));
    assert_pair_works(&p, CKM_SHA256_RSA_PKCS);
}

static void rsa_exponent_is_kept_or_refused(void **state)
{
    static const struct {
        struct span exponent;
        CK_RV rv;
    } cases[] = {
        {{(const uint8_t *)"\x03", 1}, CKR_TEMPLATE_INCONSISTENT},
        {{(const uint8_t *)"\x01\x00\x00", 3}, CKR_TEMPLATE_INCONSISTENT},
        {{(const uint8_t *)"\x00", 1}, CKR_TEMPLATE_INCONSISTENT},
        {{(const uint8_t *)"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                           "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
          33},
         CKR_TEMPLATE_INCONSISTENT},
        {{(const uint8_t *)"\x01\x00\x00\x00\x0f", 5}, CKR_OK},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(pair_clear) struct pair p = pair_of(CKK_RSA);

        T_OK(attrs_set_ulong(p.public_key, CKA_MODULUS_BITS, 2048));
        T_OK(attrs_set(p.public_key, CKA_PUBLIC_EXPONENT, cases[i].exponent));
        T_RV(cases[i].rv, generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, p.public_key, p.private_key));
        assert_span_equal(attrs_span(p.public_key, CKA_PUBLIC_EXPONENT), cases[i].exponent);
        assert_int_equal(attrs_has(p.private_key, CKA_PRIVATE_EXPONENT), cases[i].rv == CKR_OK);
    }
}

static void rsa_sizes_are_bounded(void **state)
{
    static const CK_ULONG bits[] = {0, 512, 1024, 2040, 2047, 2049, 8193, 8200, 16384};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bits); i++) {
        AUTO(pair_clear) struct pair p = pair_of(CKK_RSA);

        T_OK(attrs_set_ulong(p.public_key, CKA_MODULUS_BITS, bits[i]));
        T_RV(CKR_KEY_SIZE_RANGE,
             generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, p.public_key, p.private_key));
        assert_int_equal(p.private_key->n, 2);
    }
    {
        AUTO(pair_clear) struct pair p = pair_of(CKK_RSA);

        T_RV(CKR_TEMPLATE_INCOMPLETE,
             generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, p.public_key, p.private_key));
    }
}

static void curve_pairs_work(void **state)
{
    static const struct {
        CK_MECHANISM_TYPE generate, sign;
        CK_KEY_TYPE type;
        const char *params;
    } cases[] = {
        {CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CKK_EC, "06082a8648ce3d030107"},
        {CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA3_512, CKK_EC, "1309736563703338347231"},
        {CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKK_EC, "06092b240303020801010d"},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKK_EC_EDWARDS, "130c656477617264733235353139"},
        {CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKK_EC_EDWARDS, "06032b6571"},
        {CKM_EDDSA, CKM_EDDSA, CKK_EC_EDWARDS, "06032b6570"},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CK_UNAVAILABLE_INFORMATION, CKK_EC_MONTGOMERY,
         "06032b656f"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(pair_clear) struct pair p = pair_of(cases[i].type);
        const struct hex h = hex(cases[i].params);

        T_OK(attrs_set(p.public_key, CKA_EC_PARAMS, hex_span(&h)));
        T_OK(generate_pair(cases[i].generate, p.public_key, p.private_key));
        assert_span_equal(attrs_span(p.private_key, CKA_EC_PARAMS), hex_span(&h));
        assert_int_equal(attrs_span(p.public_key, CKA_EC_POINT).p[0], 0x04); /* OCTET STRING */
        assert_pair_works(&p, cases[i].sign);
    }
}

static void curve_may_stand_in_either_half(void **state)
{
    AUTO(pair_clear) struct pair other = pair_of(CKK_EC);
    AUTO(pair_clear) struct pair both = pair_of(CKK_EC);
    AUTO(pair_clear) struct pair none = pair_of(CKK_EC);

    (void)state;
    T_OK(attrs_set(other.private_key, CKA_EC_PARAMS, P256));
    T_OK(generate_pair(CKM_EC_KEY_PAIR_GEN, other.public_key, other.private_key));
    assert_span_equal(attrs_span(other.public_key, CKA_EC_PARAMS), P256);
    T_OK(attrs_set(both.private_key, CKA_EC_PARAMS, P256));
    T_OK(attrs_set(both.public_key, CKA_EC_PARAMS, P384));
    T_RV(CKR_TEMPLATE_INCONSISTENT,
         generate_pair(CKM_EC_KEY_PAIR_GEN, both.public_key, both.private_key));
    T_RV(CKR_TEMPLATE_INCOMPLETE,
         generate_pair(CKM_EC_KEY_PAIR_GEN, none.public_key, none.private_key));
    assert_int_equal(none.public_key->n, 2);
}

/* Each mechanism has the curves of its form alone (6.3.11). */
static void curves_have_their_mechanism(void **state)
{
    AUTO(pair_clear) struct pair p = pair_of(CKK_EC);

    (void)state;
    T_OK(attrs_set(p.public_key, CKA_EC_PARAMS, X25519_OID));
    T_RV(CKR_CURVE_NOT_SUPPORTED, generate_pair(CKM_EC_KEY_PAIR_GEN, p.public_key, p.private_key));
    T_RV(CKR_CURVE_NOT_SUPPORTED,
         generate_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, p.public_key, p.private_key));
    T_OK(attrs_set(p.public_key, CKA_EC_PARAMS, SPAN_LIT("\x30\x03\x02\x01\x01")));
    T_RV(CKR_DOMAIN_PARAMS_INVALID,
         generate_pair(CKM_EC_KEY_PAIR_GEN, p.public_key, p.private_key));
    assert_false(attrs_has(p.private_key, CKA_EC_PARAMS));
}

/* -- derivation ---------------------------------------------------------------------------- */

static struct key *private_of(CK_KEY_TYPE type, struct span params, const char *value)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_PRIVATE_KEY, type);
    const struct hex h = hex(value);

    T_OK(attrs_set(a, CKA_EC_PARAMS, params));
    T_OK(attrs_set(a, CKA_VALUE, hex_span(&h)));
    return fixture_key_from(a);
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_ULONG kdf, struct span shared, struct span peer,
                    struct key *base, struct attrs *a)
{
    CK_ECDH1_DERIVE_PARAMS p = {kdf, shared.n, (CK_BYTE *)(uintptr_t)shared.p, peer.n,
                                (CK_BYTE *)(uintptr_t)peer.p};
    const CK_MECHANISM m = {type, &p, sizeof(p)};

    return fixture_derive(mech_find(type), &m, base, NULL, a);
}

/* RFC 7748 5.2, and what is no public key at all: points of small order. */
static void x25519(void **state)
{
    AUTO(key_unrefp)
    struct key *base =
        private_of(CKK_EC_MONTGOMERY, X25519_OID,
                   "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    const struct hex peer = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    const struct hex secret =
        hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    const struct hex small[] = {
        hex("0000000000000000000000000000000000000000000000000000000000000000"),
        hex("0100000000000000000000000000000000000000000000000000000000000000"),
        hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    };
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    (void)state;
    T_OK(derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&peer), base, a));
    assert_span_equal(attrs_span(a, CKA_VALUE), hex_span(&secret));
    attrs_remove(a, CKA_VALUE);
    for (size_t i = 0; i < N_ELEMENTS(small); i++) {
        T_RV(CKR_MECHANISM_PARAM_INVALID,
             derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&small[i]), base, a));
        assert_false(attrs_has(a, CKA_VALUE));
    }
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, span_of(peer.p, 31), base, a));
}

/* RFC 5903 8.1: P-256; the peer's point raw and wrapped, by both mechanisms. */
static void ecdh_p256(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE};
    AUTO(key_unrefp)
    struct key *base = private_of(
        CKK_EC, P256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
    const struct hex peer = hex("0441"
                                "04"
                                "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
                                "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
    const struct hex secret =
        hex("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        AUTO(attrs_freep) struct attrs *raw = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        AUTO(attrs_freep) struct attrs *wrapped = fixture_attrs(CKO_SECRET_KEY, CKK_AES);

        T_OK(derive(types[i], CKD_NULL, SPAN_EMPTY, span_of(peer.p + 2, 65), base, raw));
        assert_span_equal(attrs_span(raw, CKA_VALUE), hex_span(&secret));
        T_OK(derive(types[i], CKD_NULL, SPAN_EMPTY, hex_span(&peer), base, wrapped));
        assert_span_equal(attrs_span(wrapped, CKA_VALUE), hex_span(&secret));
    }
}

static void peers_are_validated(void **state)
{
    AUTO(key_unrefp) struct key *base = private_of(CKK_EC, P256, "02");
    static const char *const points[] = {
        "04"
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ac",
        "00",
        "04",
        /* of P-384 */
        "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e"
        "3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e81"
        "9d7a431d7c90ea0e5f",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(points); i++) {
        AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        const struct hex h = hex(points[i]);

        T_RV(CKR_MECHANISM_PARAM_INVALID,
             derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&h), base, a));
        assert_int_equal(a->n, 2);
    }
}

/* The secret of P-256's generator and the private key 2. */
static void shared(struct key *base, struct span peer, uint8_t ret[32])
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    T_OK(derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, peer, base, a));
    assert_int_equal(attrs_span(a, CKA_VALUE).n, 32);
    memcpy(ret, attrs_span(a, CKA_VALUE).p, 32);
}

static const char generator[] = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

static void derived_keys_have_the_length_asked_for(void **state)
{
    static const struct {
        CK_KEY_TYPE type;
        CK_ULONG asked;
        CK_RV rv;
        size_t n;
    } cases[] = {
        {CKK_GENERIC_SECRET, 0, CKR_OK, 32},
        {CKK_GENERIC_SECRET, 10, CKR_OK, 10},
        {CKK_GENERIC_SECRET, 32, CKR_OK, 32},
        {CKK_GENERIC_SECRET, 33, CKR_KEY_SIZE_RANGE, 0},
        {CKK_AES, 0, CKR_OK, 32},
        {CKK_AES, 16, CKR_OK, 16},
        {CKK_AES, 17, CKR_KEY_SIZE_RANGE, 0},
        {CKK_CHACHA20, 0, CKR_OK, 32},
        {CKK_SHA256_HMAC, 20, CKR_OK, 20},
    };
    AUTO(key_unrefp) struct key *base = private_of(CKK_EC, P256, "02");
    const struct hex peer = hex(generator);
    uint8_t secret[32];

    (void)state;
    shared(base, hex_span(&peer), secret);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, cases[i].type);

        if (cases[i].asked > 0)
            T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, cases[i].asked));
        T_RV(cases[i].rv, derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&peer), base, a));
        /* Truncation takes from the leading end. */
        assert_span_equal(attrs_span(a, CKA_VALUE), span_of(secret + 32 - cases[i].n, cases[i].n));
    }
}

/* SHA-256 of up to three pieces. */
static void sha256(struct span a, struct span b, struct span c, uint8_t ret[32])
{
    const CK_MECHANISM m = {.mechanism = CKM_SHA256};
    AUTO(op_freep) struct op *o = NULL;
    CK_ULONG n = 32;

    T_OK(op_start(OP_DIGEST, mech_find(CKM_SHA256), &m, NULL, &o));
    T_OK(op_update(o, a, NULL));
    T_OK(op_update(o, b, NULL));
    T_OK(op_update(o, c, NULL));
    T_OK(op_final(o, &(struct out){ret, &n}));
}

/* X9.63: H(Z, counter, info); SP 800-56A: H(counter, Z, info); 40 bytes take two rounds. */
static void kdfs_hash_the_secret(void **state)
{
    static const struct {
        CK_ULONG kdf;
        bool counter_first;
    } cases[] = {{CKD_SHA256_KDF, false}, {CKD_SHA256_KDF_SP800, true}};
    const struct span one = SPAN_LIT("\0\0\0\1"), two = SPAN_LIT("\0\0\0\2");
    const struct span info = SPAN_LIT("shared info");
    AUTO(key_unrefp) struct key *base = private_of(CKK_EC, P256, "02");
    const struct hex peer = hex(generator);
    uint8_t secret[32], expected[64];
    const struct span z = SPAN_ARRAY(secret);

    (void)state;
    shared(base, hex_span(&peer), secret);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const bool first = cases[i].counter_first;
        AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        AUTO(attrs_freep) struct attrs *open = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

        T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, 40));
        T_OK(derive(CKM_ECDH1_DERIVE, cases[i].kdf, info, hex_span(&peer), base, a));
        sha256(first ? one : z, first ? z : one, info, expected);
        sha256(first ? two : z, first ? z : two, info, expected + 32);
        assert_span_equal(attrs_span(a, CKA_VALUE), span_of(expected, 40));
        T_RV(CKR_TEMPLATE_INCOMPLETE, /* a KDF has no length of its own */
             derive(CKM_ECDH1_DERIVE, cases[i].kdf, info, hex_span(&peer), base, open));
    }
}

/* -- wrapping ------------------------------------------------------------------------------ */

static CK_RV wrap(const struct fixture_mech *f, struct key *k, const struct attrs *target,
                  struct buf *ret)
{
    CK_ULONG n = 8192;
    const size_t before = ret->n;
    struct out out = {.data = buf_extend(ret, n), .len = &n};
    const CK_RV rv = gen_wrap(mech_find(f->m.mechanism), &f->m, k, target, &out);

    ret->n = before + (rv == CKR_OK ? n : 0);
    return rv;
}

static CK_RV unwrap(const struct fixture_mech *f, struct key *k, struct span wrapped,
                    struct attrs *a)
{
    return gen_unwrap(mech_find(f->m.mechanism), &f->m, k, wrapped, a);
}

static const CK_MECHANISM_TYPE wrappers[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP,
                                             CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS_OAEP};

/* By the smallest key of the mechanism, and by the largest. */
static void secrets_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * N_ELEMENTS(wrappers); i++) {
        const struct mech *row = mech_find(wrappers[i / 2]);
        const bool largest = i % 2 == 1;
        AUTO(attrs_freep)
        struct attrs *target =
            fixture_secret_attrs(CKK_GENERIC_SECRET, SPAN_LIT("a secret of 27 bytes length"));
        AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        AUTO(buf_clear) struct buf wrapped = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, row, 0);
        T_OK(attrs_set_ulong(back, CKA_VALUE_LEN, 27));
        T_OK(wrap(&f, fixture_key(row, largest, CKF_WRAP), target, &wrapped));
        T_OK(unwrap(&f, fixture_key(row, largest, CKF_UNWRAP), buf_span(&wrapped), back));
        assert_span_equal(attrs_span(back, CKA_VALUE), attrs_span(target, CKA_VALUE));
        T_OK(key_complete(back));
    }
}

/* KW without a length in the template: the zeros that filled up the secret are part of it. */
static void kw_fills_up_with_zeros(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP);
    AUTO(attrs_freep)
    struct attrs *target =
        fixture_secret_attrs(CKK_GENERIC_SECRET, SPAN_LIT("twenty bytes of text"));
    AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    AUTO(attrs_freep) struct attrs *cut = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_mech(&f, row, 0);
    T_OK(wrap(&f, fixture_key(row, false, CKF_WRAP), target, &wrapped));
    T_OK(unwrap(&f, fixture_key(row, false, CKF_UNWRAP), buf_span(&wrapped), back));
    assert_span_equal(attrs_span(back, CKA_VALUE), SPAN_LIT("twenty bytes of text\0\0\0\0"));
    T_OK(attrs_set_ulong(cut, CKA_VALUE_LEN, 19)); /* would cut off what is not filling */
    T_RV(CKR_WRAPPED_KEY_INVALID,
         unwrap(&f, fixture_key(row, false, CKF_UNWRAP), buf_span(&wrapped), cut));
    assert_false(attrs_has(cut, CKA_VALUE));
}

/* Private keys of every type, as PrivateKeyInfo. */
static void private_keys_come_back(void **state)
{
    static const CK_MECHANISM_TYPE rows[] = {CKM_SHA256_RSA_PKCS, CKM_ECDSA, CKM_EDDSA};

    (void)state;
    for (size_t w = 0; w < 3; w++) {
        const struct mech *row = mech_find(wrappers[w]);

        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
            const CK_KEY_TYPE type = mech_find(rows[i])->key_type;
            AUTO(pair_clear) struct pair p = {0};
            AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_PRIVATE_KEY, type);
            AUTO(buf_clear) struct buf wrapped = BUF_INIT;
            struct fixture_mech f;

            if (type == CKK_RSA)
                fixture_rsa_attrs(2048, &p.public_key, &p.private_key);
            else
                fixture_ec_attrs(type, type == CKK_EC ? P256 : SPAN_LIT("\x06\x03\x2b\x65\x70"),
                                 &p.public_key, &p.private_key);
            fixture_mech(&f, row, 0);
            T_OK(wrap(&f, fixture_key(row, true, CKF_WRAP), p.private_key, &wrapped));
            T_OK(unwrap(&f, fixture_key(row, true, CKF_UNWRAP), buf_span(&wrapped), back));
            T_OK(key_complete(back));
            attrs_free(TAKE(p.private_key));
            p.private_key = TAKE(back);
            T_OK(key_complete(p.public_key));
            assert_pair_works(&p, rows[i]);
        }
    }
}

/* OAEP is for secrets; CBC with padding only brings private keys in, while wrap-mechanisms holds.
 */
static void what_may_be_wrapped_is_bounded(void **state)
{
    const struct mech *oaep = mech_find(CKM_RSA_PKCS_OAEP), *cbc = mech_find(CKM_AES_CBC_PAD);
    AUTO(pair_clear) struct pair p = {0};
    AUTO(attrs_freep)
    struct attrs *secret = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
    uint8_t large[200] = {1};
    AUTO(attrs_freep)
    struct attrs *long_one = fixture_secret_attrs(CKK_GENERIC_SECRET, SPAN_ARRAY(large));
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    fixture_mech(&f, oaep, 0);
    T_RV(CKR_KEY_NOT_WRAPPABLE,
         wrap(&f, fixture_key(oaep, false, CKF_WRAP), p.private_key, &wrapped));
    T_RV(CKR_KEY_NOT_WRAPPABLE,
         wrap(&f, fixture_key(oaep, false, CKF_WRAP), p.public_key, &wrapped));
    T_RV(CKR_KEY_SIZE_RANGE, wrap(&f, fixture_key(oaep, false, CKF_WRAP), long_one, &wrapped));
    fixture_mech(&f, cbc, 0);
    assert_int_equal(mech_flags(cbc) & (CKF_WRAP | CKF_UNWRAP), CKF_UNWRAP);
    T_RV(CKR_TEMPLATE_INCONSISTENT,
         unwrap(&f, fixture_key(cbc, false, CKF_UNWRAP), SPAN_LIT("0123456789abcdef"), secret));
}

/* Import as PKCS#12 tools do it: CBC with padding around a PrivateKeyInfo. */
static void cbc_brings_private_keys_in(void **state)
{
    const struct mech *kwp = mech_find(CKM_AES_KEY_WRAP_KWP), *cbc = mech_find(CKM_AES_CBC_PAD);
    AUTO(pair_clear) struct pair p = {0};
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC);
    struct fixture_mech by_kwp, by_cbc;

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    fixture_mech(&by_kwp, kwp, 0);
    fixture_mech(&by_cbc, cbc, 0);
    T_OK(wrap(&by_kwp, fixture_key(kwp, true, CKF_WRAP), p.private_key, &wrapped));
    fixture_once(OP_DECRYPT, kwp, &by_kwp.m, fixture_key(kwp, true, CKF_DECRYPT),
                 buf_span(&wrapped), &plain);
    fixture_once(OP_ENCRYPT, cbc, &by_cbc.m, fixture_key(cbc, true, CKF_ENCRYPT), buf_span(&plain),
                 &again);
    T_OK(unwrap(&by_cbc, fixture_key(cbc, true, CKF_UNWRAP), buf_span(&again), back));
    assert_span_equal(attrs_span(back, CKA_VALUE), attrs_span(p.private_key, CKA_VALUE));
}

/* One code for everything that can be wrong with a wrapped key, and nothing left behind. */
static void wrong_blobs_have_one_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(wrappers); i++) {
        const struct mech *row = mech_find(wrappers[i]);
        struct key *k = fixture_key(row, false, CKF_UNWRAP);
        AUTO(attrs_freep)
        struct attrs *target = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
        AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
        AUTO(attrs_freep) struct attrs *other = fixture_attrs(CKO_SECRET_KEY, CKK_CHACHA20);
        AUTO(buf_clear) struct buf wrapped = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, row, 0);
        T_OK(wrap(&f, fixture_key(row, false, CKF_WRAP), target, &wrapped));
        wrapped.p[wrapped.n / 2] ^= 4;
        T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), back));
        wrapped.p[wrapped.n / 2] ^= 4;
        T_RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(&f, k, span_of(wrapped.p, wrapped.n - 1), back));
        T_RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(&f, k, SPAN_EMPTY, back));
        assert_int_equal(back->n, 2);
        T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), other)); /* 32 bytes */
        T_OK(attrs_set_ulong(back, CKA_VALUE_LEN, 24));
        T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), back));
        assert_false(attrs_has(back, CKA_VALUE));
    }
}

/* CKM_RSA_AES_KEY_WRAP is OAEP in front and KWP behind it, each wrong with the same code; keys of
 * every size of AES between them. */
static void rsa_aes_has_two_parts(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_AES_KEY_WRAP), *oaep = mech_find(CKM_RSA_PKCS_OAEP);
    static const CK_ULONG sizes[] = {128, 192, 256};
    AUTO(attrs_freep)
    struct attrs *target = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
    struct key *k = fixture_key(row, false, CKF_UNWRAP);
    struct fixture_mech f;

    (void)state;
    fixture_mech(&f, row, 0);
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        const CK_MECHANISM front = {CKM_RSA_PKCS_OAEP, f.param.rsa_aes.pOAEPParams,
                                    sizeof(CK_RSA_PKCS_OAEP_PARAMS)};
        const CK_MECHANISM behind = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
        AUTO(buf_clear) struct buf wrapped = BUF_INIT;
        AUTO(buf_clear) struct buf aes = BUF_INIT;
        AUTO(buf_clear) struct buf value = BUF_INIT;
        AUTO(key_unrefp) struct key *between = NULL;
        CK_ULONG n = 0;

        f.param.rsa_aes.ulAESKeyBits = sizes[i];
        T_OK(gen_wrap(row, &f.m, fixture_key(row, false, CKF_WRAP), target,
                      &(struct out){.data = NULL, .len = &n}));
        T_OK(wrap(&f, fixture_key(row, false, CKF_WRAP), target, &wrapped));
        assert_int_equal(wrapped.n, n);
        fixture_once(OP_DECRYPT, oaep, &front, k, span_of(wrapped.p, 256), &aes);
        assert_int_equal(aes.n, sizes[i] / 8);
        between = fixture_secret(CKK_AES, buf_span(&aes));
        fixture_once(OP_DECRYPT, mech_find(behind.mechanism), &behind, between,
                     span_of(wrapped.p + 256, wrapped.n - 256), &value);
        assert_span_equal(buf_span(&value), attrs_span(target, CKA_VALUE));
        for (size_t at = 0; at < wrapped.n; at += 15) {
            AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_SECRET_KEY, CKK_AES);

            wrapped.p[at] ^= 1;
            T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), back));
            wrapped.p[at] ^= 1;
        }
    }
    f.param.rsa_aes.ulAESKeyBits = 64;
    T_RV(CKR_MECHANISM_PARAM_INVALID, unwrap(&f, k, SPAN_LIT("anything"), target));
    f.param.rsa_aes = (CK_RSA_AES_KEY_WRAP_PARAMS){256, NULL};
    T_RV(CKR_MECHANISM_PARAM_INVALID, unwrap(&f, k, SPAN_LIT("anything"), target));
}

/* What is wrapped is as safe as the weaker of both keys: the AES key between may be that. */
static void rsa_aes_is_as_strong_as_its_weaker_key(void **state)
{
    static const struct {
        bool largest;
        CK_ULONG aes_bits, strength;
    } rows[] = {{false, 128, 112}, {false, 256, 112}, {true, 128, 128}, {true, 192, 192},
                {true, 256, 200}};
    const struct mech *row = mech_find(CKM_RSA_AES_KEY_WRAP);
    const struct mech *kwp = mech_find(CKM_AES_KEY_WRAP_KWP);
    struct fixture_mech f;
    CK_ULONG strength = 0;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        fixture_mech(&f, row, 0);
        f.param.rsa_aes.ulAESKeyBits = rows[i].aes_bits;
        T_OK(gen_wrap_strength(row, &f.m, fixture_key(row, rows[i].largest, CKF_WRAP), &strength));
        assert_int_equal(strength, rows[i].strength);
    }
    f.param.rsa_aes.ulAESKeyBits = 64;
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_wrap_strength(row, &f.m, fixture_key(row, true, CKF_WRAP), &strength));
    fixture_mech(&f, kwp, 0);
    T_OK(gen_wrap_strength(kwp, &f.m, fixture_key(kwp, true, CKF_WRAP), &strength));
    assert_int_equal(strength, 256);
}

/* A blob of one type is not unwrapped to another; garbage in a right wrapping is no key. */
static void types_must_match(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP_KWP);
    struct key *k = fixture_key(row, false, CKF_WRAP);
    AUTO(pair_clear) struct pair p = {0};
    AUTO(attrs_freep) struct attrs *rsa = fixture_attrs(CKO_PRIVATE_KEY, CKK_RSA);
    AUTO(attrs_freep) struct attrs *edwards = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC_EDWARDS);
    AUTO(attrs_freep)
    struct attrs *secret = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf garbage = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    fixture_mech(&f, row, 0);
    T_OK(wrap(&f, k, p.private_key, &wrapped));
    T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), rsa));
    T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&wrapped), edwards));
    T_OK(wrap(&f, k, secret, &garbage));
    T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&garbage), rsa));
    assert_int_equal(rsa->n, 2);
    assert_int_equal(edwards->n, 2);
}

/* A right private key with a byte behind it is no right blob; a secret without a value is none. */
static void blobs_end_where_their_key_ends(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP_KWP);
    struct key *k = fixture_key(row, false, CKF_WRAP);
    AUTO(pair_clear) struct pair p = {0};
    AUTO(attrs_freep) struct attrs *back = fixture_attrs(CKO_PRIVATE_KEY, CKK_EC);
    AUTO(attrs_freep) struct attrs *empty = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    fixture_mech(&f, row, 0);
    T_OK(wrap(&f, k, p.private_key, &wrapped));
    fixture_once(OP_DECRYPT, row, &f.m, k, buf_span(&wrapped), &plain);
    buf_u8(&plain, 0);
    fixture_once(OP_ENCRYPT, row, &f.m, k, buf_span(&plain), &again);
    T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(&f, k, buf_span(&again), back));
    assert_int_equal(back->n, 2);
    T_RV(CKR_KEY_NOT_WRAPPABLE, wrap(&f, k, empty, &wrapped));
}

static void kinds_of_unwrapped_keys_are_checked(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP_KWP);
    struct key *k = fixture_key(row, false, CKF_WRAP);
    AUTO(pair_clear) struct pair p = {0};
    AUTO(attrs_freep)
    struct attrs *secret = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
    AUTO(attrs_freep) struct attrs *secret_rsa = fixture_attrs(CKO_SECRET_KEY, CKK_RSA);
    AUTO(attrs_freep) struct attrs *private_aes = fixture_attrs(CKO_PRIVATE_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *public_ec = fixture_attrs(CKO_PUBLIC_KEY, CKK_EC);
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf wrapped_private = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    fixture_mech(&f, row, 0);
    T_OK(wrap(&f, k, secret, &wrapped));
    T_OK(wrap(&f, k, p.private_key, &wrapped_private));
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(&f, k, buf_span(&wrapped), secret_rsa));
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(&f, k, buf_span(&wrapped_private), private_aes));
    T_RV(CKR_TEMPLATE_INCONSISTENT, unwrap(&f, k, buf_span(&wrapped_private), public_ec));
}

static void wrapping_follows_the_output_rule(void **state)
{
    const struct mech *row = mech_find(CKM_AES_KEY_WRAP_KWP);
    struct key *k = fixture_key(row, false, CKF_WRAP);
    AUTO(attrs_freep)
    struct attrs *target = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));
    struct fixture_mech f;
    uint8_t bytes[24] = {0};
    CK_ULONG n = 0;

    (void)state;
    fixture_mech(&f, row, 0);
    T_OK(gen_wrap(row, &f.m, k, target, &(struct out){NULL, &n}));
    assert_int_equal(n, 24);
    n = 23;
    T_RV(CKR_BUFFER_TOO_SMALL, gen_wrap(row, &f.m, k, target, &(struct out){bytes, &n}));
    assert_int_equal(n, 24);
    assert_true(mem_is_zero(bytes, sizeof(bytes)));
    T_OK(gen_wrap(row, &f.m, k, target, &(struct out){bytes, &n}));
}

/* -- misuse -------------------------------------------------------------------------------- */

static void rows_do_what_their_class_does(void **state)
{
    const CK_MECHANISM_TYPE types[] = {CKM_SHA256, CKM_AES_CTR, CKM_TEE_DEK_KEY_GEN};
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_AES, SPAN_LIT("0123456789abcdef"));
    CK_ULONG n = 0;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct mech *row = mech_find(types[i]);
        const CK_MECHANISM m = {.mechanism = types[i]};

        T_RV(CKR_MECHANISM_INVALID, gen_key(row, &m, a));
        T_RV(CKR_MECHANISM_INVALID, gen_pair(row, &m, a, a));
        T_RV(CKR_MECHANISM_INVALID, fixture_derive(row, &m, k, NULL, a));
        T_RV(CKR_MECHANISM_INVALID, gen_wrap(row, &m, k, a, &(struct out){NULL, &n}));
        T_RV(CKR_MECHANISM_INVALID, gen_unwrap(row, &m, k, SPAN_LIT("0123456789abcdef"), a));
    }
    assert_int_equal(a->n, 2);
}

/* What is made is a secret, what it is made from a private key on a curve. */
static void kinds_of_keys_are_checked(void **state)
{
    AUTO(attrs_freep) struct attrs *pair_type = secret_of_length(CKK_RSA, 32);
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    AUTO(key_unrefp) struct key *aes = fixture_secret(CKK_AES, SPAN_LIT("0123456789abcdef"));
    AUTO(key_unrefp) struct key *ec = private_of(CKK_EC, P256, "02");
    AUTO(pair_clear) struct pair p = {0};
    AUTO(key_unrefp) struct key *public_key = NULL;
    const struct hex peer = hex(generator);

    (void)state;
    fixture_ec_attrs(CKK_EC, P256, &p.public_key, &p.private_key);
    public_key = fixture_key_from(p.public_key);
    T_RV(CKR_TEMPLATE_INCONSISTENT, generate(CKM_AES_KEY_GEN, pair_type));
    T_RV(CKR_TEMPLATE_INCONSISTENT,
         derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&peer), ec, pair_type));
    T_RV(CKR_KEY_TYPE_INCONSISTENT,
         derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&peer), aes, a));
    T_RV(CKR_KEY_TYPE_INCONSISTENT,
         derive(CKM_ECDH1_DERIVE, CKD_NULL, SPAN_EMPTY, hex_span(&peer), public_key, a));
    assert_int_equal(a->n, 2);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_keys_free();
    return 0;
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/gen/key/every-generator-makes-its-sizes", every_generator_makes_its_sizes),
        TEST("/gen/key/secrets-differ", generated_secrets_differ),
        TEST("/gen/key/length-must-be-said", length_must_be_said),
        TEST("/gen/key/failure-leaves-nothing", failure_leaves_nothing),
        TEST("/gen/pair/rsa", rsa_pairs_work),
        TEST("/gen/pair/rsa-exponent", rsa_exponent_is_kept_or_refused),
        TEST("/gen/pair/rsa-sizes", rsa_sizes_are_bounded),
        TEST("/gen/pair/curves", curve_pairs_work),
        TEST("/gen/pair/curve-in-either-half", curve_may_stand_in_either_half),
        TEST("/gen/pair/curves-have-their-mechanism", curves_have_their_mechanism),
        TEST("/gen/derive/x25519", x25519),
        TEST("/gen/derive/p256", ecdh_p256),
        TEST("/gen/derive/peers-are-validated", peers_are_validated),
        TEST("/gen/derive/length", derived_keys_have_the_length_asked_for),
        TEST("/gen/derive/kdf", kdfs_hash_the_secret),
        TEST("/gen/wrap/secrets-come-back", secrets_come_back),
        TEST("/gen/wrap/kw-fills-up-with-zeros", kw_fills_up_with_zeros),
        TEST("/gen/wrap/private-keys-come-back", private_keys_come_back),
        TEST("/gen/wrap/what-may-be-wrapped", what_may_be_wrapped_is_bounded),
        TEST("/gen/wrap/output-rule", wrapping_follows_the_output_rule),
        TEST("/gen/unwrap/cbc-brings-private-keys-in", cbc_brings_private_keys_in),
        TEST("/gen/unwrap/one-code", wrong_blobs_have_one_code),
        TEST("/gen/wrap/rsa-aes", rsa_aes_has_two_parts),
        TEST("/gen/wrap/rsa-aes-strength", rsa_aes_is_as_strong_as_its_weaker_key),
        TEST("/gen/unwrap/types-must-match", types_must_match),
        TEST("/gen/unwrap/blobs-end-where-their-key-ends", blobs_end_where_their_key_ends),
        TEST("/gen/unwrap/kinds-of-keys", kinds_of_unwrapped_keys_are_checked),
        TEST("/gen/misuse/rows", rows_do_what_their_class_does),
        TEST("/gen/misuse/keys", kinds_of_keys_are_checked),
    };

    return cmocka_run_group_tests_name("gen", tests, set_up, tear_down);
}
