/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-wrap-authenticated.c - wrapping by AES-GCM and AES-CCM (PKCS#11 v3.2 6.13): C_WrapKey, with
 * IVs made by the token, and C_WrapKeyAuthenticated, which binds what a key may do to the key.
 */
#include "support/reference.h"

#include <string.h>

#define TAG 16
#define N_KEY 32
#define LABEL "tee-pkcs11 wrapped key attributes 1"

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE kek, target, known_kek, ec_public, ec_private;
static uint8_t kek_bytes[32], key_bytes[N_KEY], aad[20];

static struct {
    uint8_t iv[13], tag[TAG];
    CK_GCM_MESSAGE_PARAMS gcm;
    CK_CCM_MESSAGE_PARAMS ccm;
} p;

static CK_MECHANISM gcm = {CKM_AES_GCM, &p.gcm, sizeof(p.gcm)},
                    ccm = {CKM_AES_CCM, &p.ccm, sizeof(p.ccm)};

static CK_OBJECT_HANDLE make_kek(void)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP)};
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_GenerateKey(session, &m, v, N_ELEMENTS(v), &o));
    return o;
}

/* A sensitive key that may leave. */
static CK_OBJECT_HANDLE make_target(CK_BBOOL sensitive)
{
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, key_bytes, N_KEY),     ATTR_TRUE(CKA_EXTRACTABLE),
                        ATTR_OBJ(CKA_SENSITIVE, sensitive),    ATTR_TEXT(CKA_LABEL, "target")};
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &o));
    return o;
}

static int prepare(void **state)
{
    static unsigned seed = 50;

    (void)state;
    fill_pattern(p.iv, sizeof(p.iv), seed++);
    memset(p.tag, 0, sizeof(p.tag));
    p.gcm = (CK_GCM_MESSAGE_PARAMS){p.iv, 12, 0, CKG_GENERATE, p.tag, 8 * TAG};
    p.ccm = (CK_CCM_MESSAGE_PARAMS){0, p.iv, 13, 0, CKG_GENERATE, p.tag, TAG};
    return 0;
}

static int group_setup(void **state)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_SIGN)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                        ATTR(CKA_VALUE, kek_bytes, 32), ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP)};

    (void)setup_token(state);
    session = open_user();
    fill_pattern(kek_bytes, sizeof(kek_bytes), 1);
    fill_pattern(key_bytes, sizeof(key_bytes), 2);
    fill_pattern(aad, sizeof(aad), 3);
    kek = make_kek();
    target = make_target(CK_TRUE);
    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &known_kek));
    ASSERT_OK(p11->C_GenerateKeyPair(session, &m, pub, 1, priv, 2, &ec_public, &ec_private));
    return 0;
}

static CK_RV wrap(CK_MECHANISM *m, CK_OBJECT_HANDLE key, uint8_t *out, CK_ULONG *n)
{
    return p11->C_WrapKeyAuthenticated(session, m, kek, key, aad, sizeof(aad), out, n);
}

/* Class and type, and `more`. */
static CK_RV unwrap(CK_MECHANISM *m, const uint8_t *wrapped, CK_ULONG n, CK_ATTRIBUTE *more,
                    CK_ULONG n_more, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[8] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};

    if (n_more > 0)
        memcpy(v + 2, more, n_more * sizeof(*v));
    return p11->C_UnwrapKeyAuthenticated(session, m, kek, (CK_BYTE *)(uintptr_t)wrapped, n, v,
                                         2 + n_more, aad, sizeof(aad), ret);
}

static CK_ULONG wrap_by_rule(CK_MECHANISM *m, CK_OBJECT_HANDLE key, uint8_t out[512])
{
    uint8_t before[13];
    CK_ULONG need = 0, n = 1;

    memcpy(before, p.iv, sizeof(before));
    ASSERT_OK(wrap(m, key, NULL, &need));
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, wrap(m, key, out, &n));
    assert_int_equal(n, need);
    assert_memory_equal(before, p.iv, sizeof(before)); /* no IV was used up */
    n = 512;
    ASSERT_OK(wrap(m, key, out, &n));
    assert_int_equal(n, need);
    assert_memory_not_equal(before, p.iv, 12);
    return n;
}

/* Do two AES keys encrypt alike? */
static void same_key(CK_OBJECT_HANDLE a)
{
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    uint8_t block[16] = {1}, out[16], expected[16];
    CK_ULONG n = sizeof(out);

    (void)evp_cipher("AES-256-ECB", true, false, span_of(key_bytes, N_KEY), NULL,
                     span_of(block, 16), expected);
    ASSERT_OK(p11->C_EncryptInit(session, &ecb, a));
    ASSERT_OK(p11->C_Encrypt(session, block, 16, out, &n));
    assert_memory_equal(out, expected, 16);
}

static void test_round_trip(void **state)
{
    CK_MECHANISM *m = *state;
    uint8_t out[512];
    CK_OBJECT_HANDLE back;
    CK_ULONG n;

    prepare(NULL);
    n = wrap_by_rule(m, target, out);
    assert_int_equal(n, N_KEY); /* the tag is in the parameter */
    ASSERT_OK(unwrap(m, out, n, NULL, 0, &back));
    same_key(back);
    assert_int_equal(attr_bool(session, back, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, back, CKA_ALWAYS_SENSITIVE), CK_FALSE);
    assert_int_equal(attr_bool(session, back, CKA_NEVER_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, back, CKA_LOCAL), CK_FALSE);
}

static void test_private_key(void **state)
{
    CK_MECHANISM *m = *state, ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_EC),
                        ATTR_TRUE(CKA_SIGN)};
    uint8_t out[512], s[64];
    CK_OBJECT_HANDLE back;
    CK_ULONG n, n_s = sizeof(s);

    prepare(NULL);
    n = wrap_by_rule(m, ec_private, out);
    ASSERT_OK(p11->C_UnwrapKeyAuthenticated(session, m, kek, out, n, v, 3, aad, sizeof(aad), &back));
    ASSERT_OK(p11->C_SignInit(session, &ecdsa, back));
    ASSERT_OK(p11->C_Sign(session, aad, sizeof(aad), s, &n_s));
    ASSERT_OK(p11->C_VerifyInit(session, &ecdsa, ec_public));
    ASSERT_OK(p11->C_Verify(session, aad, sizeof(aad), s, n_s));
}

/* What the token bound, from the outside: docs/formats.md says enough to unwrap elsewhere. */
static void test_format(void **state)
{
    /* What a readable AES key is by default, and true. */
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        uint8_t n, value;
    } rows[] = {{CKA_CLASS, 8, CKO_SECRET_KEY}, {CKA_PRIVATE, 1, 1}, {CKA_KEY_TYPE, 8, CKK_AES},
                {CKA_ENCRYPT, 1, 1}, {CKA_DECRYPT, 1, 1}, {CKA_SIGN, 1, 1}, {CKA_VERIFY, 1, 1},
                {CKA_MODIFIABLE, 1, 1}, {CKA_COPYABLE, 1, 1}};
    const CK_OBJECT_HANDLE readable = make_target(CK_FALSE);
    uint8_t out[512], sealed[N_KEY + TAG], bound[512] = LABEL;
    size_t n = sizeof(LABEL) + 4; /* the record's length comes last */
    CK_ULONG n_out = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_WrapKeyAuthenticated(session, &gcm, known_kek, readable, aad, sizeof(aad), out,
                                          &n_out));
    bound[n++] = 1; /* version of the record's encoding */
    bound[n++] = 0;
    bound[n++] = N_ELEMENTS(rows);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bound[n++] = (uint8_t)(rows[i].type >> shift);
        n += 3;
        bound[n++] = rows[i].n;
        n += rows[i].n;
        bound[n - 1] = rows[i].value;
    }
    assert_in_range(n - sizeof(LABEL) - 4, 1, 255);
    bound[sizeof(LABEL) + 3] = (uint8_t)(n - sizeof(LABEL) - 4);
    memcpy(bound + n, aad, sizeof(aad));
    assert_int_equal(evp_aead_seal("AES-256-GCM", span_of(kek_bytes, 32), span_of(p.iv, 12),
                                   span_of(bound, n + sizeof(aad)), TAG, span_of(key_bytes, N_KEY),
                                   sealed),
                     N_KEY + TAG);
    assert_int_equal(n_out, N_KEY);
    assert_memory_equal(out, sealed, N_KEY);
    assert_memory_equal(p.tag, sealed + N_KEY, TAG);
}

/* Attack c: wrapped once, it does not come back as something else. */
static void test_attributes_are_bound(void **state)
{
    CK_MECHANISM *m = *state;
    CK_ATTRIBUTE changes[] = {
        ATTR_FALSE(CKA_SENSITIVE), ATTR_FALSE(CKA_ENCRYPT), ATTR_FALSE(CKA_DECRYPT),
        ATTR_FALSE(CKA_SIGN),      ATTR_FALSE(CKA_VERIFY),  ATTR_TRUE(CKA_WRAP),
        ATTR_TRUE(CKA_UNWRAP),     ATTR_TRUE(CKA_DERIVE),   ATTR_FALSE(CKA_PRIVATE),
        ATTR_FALSE(CKA_MODIFIABLE), ATTR_FALSE(CKA_COPYABLE), ATTR_TRUE(CKA_WRAP_WITH_TRUSTED),
        ATTR_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_CBC),
    };
    CK_ATTRIBUTE other_type[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                                 ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    CK_ATTRIBUTE harmless[] = {ATTR_TEXT(CKA_LABEL, "another"), ATTR_TEXT(CKA_ID, "7"),
                               ATTR_FALSE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_TOKEN)};
    const CK_ULONG before = find_objects(session, NULL, 0, NULL);
    uint8_t out[512];
    CK_OBJECT_HANDLE back = 4711;
    CK_ULONG n = sizeof(out);

    prepare(NULL);
    ASSERT_OK(wrap(m, target, out, &n));
    for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
        const CK_RV rv = unwrap(m, out, n, &changes[i], 1, &back);

        if (rv != CKR_WRAPPED_KEY_INVALID)
            print_error("attribute 0x%lx\n", changes[i].type);
        ASSERT_RV(CKR_WRAPPED_KEY_INVALID, rv);
    }
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
              p11->C_UnwrapKeyAuthenticated(session, m, kek, out, n, other_type, 2, aad, sizeof(aad),
                                            &back));
    assert_int_equal(back, 4711);
    assert_int_equal(find_objects(session, NULL, 0, NULL), before);
    ASSERT_OK(unwrap(m, out, n, harmless, N_ELEMENTS(harmless), &back));
    ASSERT_OK(p11->C_DestroyObject(session, back));
}

/* The same bytes can't be said by hand, to whatever call. */
static void test_label_is_reserved(void **state)
{
    uint8_t out[512], label[] = LABEL "\0and more", wrapped[N_KEY + TAG];
    CK_GCM_PARAMS g = {p.iv, 12, 96, label, sizeof(label), 8 * TAG};
    CK_CCM_PARAMS c = {16, p.iv, 13, label, sizeof(label), TAG};
    CK_GCM_WRAP_PARAMS w = {p.iv, 12, 0, CKG_GENERATE, label, sizeof(label), 8 * TAG};
    CK_MECHANISM with_gcm = {CKM_AES_GCM, &g, sizeof(g)}, with_ccm = {CKM_AES_CCM, &c, sizeof(c)},
                 with_wrap = {CKM_AES_GCM, &w, sizeof(w)}, bare = {CKM_AES_GCM, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "data");
    CK_OBJECT_HANDLE back;
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_WrapKeyAuthenticated(session, &gcm, kek, target, NULL, 0, wrapped, &n));
    memcpy(wrapped + N_KEY, p.tag, TAG);
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(session, &with_gcm, aes));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DecryptInit(session, &with_gcm, aes));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DecryptInit(session, &with_ccm, aes));
    n = sizeof(out);
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_WrapKey(session, &with_wrap, kek, target, out, &n));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_UnwrapKey(session, &with_gcm, kek, wrapped, sizeof(wrapped), v, 2, &back));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_UnwrapKey(session, &with_wrap, kek, wrapped, sizeof(wrapped), v, 2, &back));
    ASSERT_OK(p11->C_MessageDecryptInit(session, &bare, aes));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_DecryptMessage(session, &p.gcm, sizeof(p.gcm), label, sizeof(label), wrapped,
                                    N_KEY, out, &n));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_DecryptMessageBegin(session, &p.gcm, sizeof(p.gcm), label, sizeof(label)));
    ASSERT_OK(p11->C_MessageDecryptFinal(session));
    /* Given to C_WrapKeyAuthenticated it only follows the token's own. */
    n = sizeof(out);
    ASSERT_OK(p11->C_WrapKeyAuthenticated(session, &gcm, kek, target, label, sizeof(label), out,
                                          &n));
    ASSERT_OK(p11->C_UnwrapKeyAuthenticated(session, &gcm, kek, out, n, v, 2, label, sizeof(label),
                                            &back));
}

static void test_tampered(void **state)
{
    CK_MECHANISM *m = *state;
    uint8_t out[512];
    CK_OBJECT_HANDLE back = 4711;
    CK_ULONG n = sizeof(out);

    prepare(NULL);
    ASSERT_OK(wrap(m, target, out, &n));
    for (size_t i = 0; i < 4; i++) {
        uint8_t *const places[] = {p.tag, p.iv, aad, out};

        places[i][2] ^= 1;
        ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap(m, out, n, NULL, 0, &back));
        places[i][2] ^= 1;
    }
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap(m, out, n - 1, NULL, 0, &back));
    ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE, unwrap(m, out, 0, NULL, 0, &back));
    assert_int_equal(back, 4711);
    ASSERT_OK(unwrap(m, out, n, NULL, 0, &back));
}

/* Every rule of C_WrapKey and C_UnwrapKey. */
static void test_refusals(void **state)
{
    CK_MECHANISM *m = *state, none = {m->mechanism, NULL, 0}, kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0},
                 chacha = {CKM_CHACHA20_POLY1305, NULL, 0};
    const CK_OBJECT_HANDLE stays = make_aes(session, 32, CK_FALSE, "stays");
    uint8_t out[512];
    CK_OBJECT_HANDLE back = 4711;
    CK_ULONG n = sizeof(out);

    prepare(NULL);
#define WRAP(m, by, key) p11->C_WrapKeyAuthenticated(session, m, by, key, aad, 5, out, &n)
    ASSERT_RV(CKR_KEY_UNEXTRACTABLE, WRAP(m, kek, stays));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, WRAP(m, stays, target));
    ASSERT_RV(CKR_KEY_NOT_WRAPPABLE, WRAP(m, known_kek, target)); /* policy: wrap-trusted */
    ASSERT_RV(CKR_WRAPPING_KEY_HANDLE_INVALID, WRAP(m, 0, target));
    ASSERT_RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, WRAP(m, ec_private, target));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, WRAP(m, kek, 0));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, WRAP(&none, kek, target));
    ASSERT_RV(CKR_MECHANISM_INVALID, WRAP(&kwp, kek, target));
    ASSERT_RV(CKR_MECHANISM_INVALID, WRAP(&chacha, kek, target));
    ASSERT_RV(CKR_ARGUMENTS_BAD, WRAP(NULL, kek, target));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_WrapKeyAuthenticated(session, m, kek, target, NULL, 5, out, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_WrapKeyAuthenticated(session, m, kek, target, aad, 5, out, NULL));
    p.gcm.pTag = NULL;
    p.ccm.pMAC = NULL;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, WRAP(m, kek, target));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, unwrap(m, out, 32, NULL, 0, &back));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, unwrap(&none, out, 32, NULL, 0, &back));
    ASSERT_RV(CKR_MECHANISM_INVALID, unwrap(&kwp, out, 32, NULL, 0, &back));
    assert_int_equal(back, 4711);
}

/* C_WrapKey: the tag follows, the IV may be the token's; C_UnwrapKey takes it back. */
static void test_wrap_key(void **state)
{
    const bool is_gcm = *state == &gcm;
    CK_GCM_WRAP_PARAMS g = {p.iv, 12, 0, CKG_GENERATE, aad, sizeof(aad), 8 * TAG};
    CK_CCM_WRAP_PARAMS c = {4711, p.iv, 13, 0, CKG_GENERATE, aad, sizeof(aad), TAG};
    CK_MECHANISM m = {is_gcm ? CKM_AES_GCM : CKM_AES_CCM, is_gcm ? (void *)&g : (void *)&c,
                      is_gcm ? sizeof(g) : sizeof(c)};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    uint8_t out[N_KEY + TAG], sealed[N_KEY + TAG], before[12];
    CK_OBJECT_HANDLE back, open_target = make_target(CK_FALSE);
    CK_ULONG n = 0;

    prepare(NULL);
    memcpy(before, p.iv, 12);
    ASSERT_OK(p11->C_WrapKey(session, &m, known_kek, open_target, NULL, &n));
    assert_int_equal(n, N_KEY + TAG);
    n--;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_WrapKey(session, &m, known_kek, open_target, out, &n));
    assert_memory_equal(before, p.iv, 12);
    ASSERT_OK(p11->C_WrapKey(session, &m, known_kek, open_target, out, &n));
    assert_memory_not_equal(before, p.iv, 12);
    (void)evp_aead_seal(is_gcm ? "AES-256-GCM" : "AES-256-CCM", span_of(kek_bytes, 32),
                        span_of(p.iv, is_gcm ? 12 : 13), span_of(aad, sizeof(aad)), TAG,
                        span_of(key_bytes, N_KEY), sealed);
    assert_memory_equal(out, sealed, sizeof(sealed));
    ASSERT_OK(p11->C_UnwrapKey(session, &m, known_kek, out, n, v, 2, &back));
    same_key(back);
    out[N_KEY] ^= 1;
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
              p11->C_UnwrapKey(session, &m, known_kek, out, n, v, 2, &back));
    ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE,
              p11->C_UnwrapKey(session, &m, known_kek, out, TAG, v, 2, &back));
    m.ulParameterLen--;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_WrapKey(session, &m, known_kek, open_target, out, &n));
}

/* CKA_UNWRAP_TEMPLATE is part of what the key is said to be. */
static void test_unwrap_template(void **state)
{
    CK_ATTRIBUTE inner[] = {ATTR_FALSE(CKA_DECRYPT)};
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP),
                        ATTR(CKA_UNWRAP_TEMPLATE, inner, sizeof(inner))};
    CK_ATTRIBUTE t[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_ATTRIBUTE key[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_EXTRACTABLE),
                          ATTR_FALSE(CKA_DECRYPT)};
    CK_OBJECT_HANDLE by, fits, back;
    uint8_t out[64];
    CK_ULONG n = sizeof(out);

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(session, &m, v, N_ELEMENTS(v), &by));
    ASSERT_OK(p11->C_GenerateKey(session, &m, key, N_ELEMENTS(key), &fits));
    ASSERT_OK(p11->C_WrapKeyAuthenticated(session, &gcm, by, fits, NULL, 0, out, &n));
    ASSERT_OK(p11->C_UnwrapKeyAuthenticated(session, &gcm, by, out, n, t, 2, NULL, 0, &back));
    assert_int_equal(attr_bool(session, back, CKA_DECRYPT), CK_FALSE);
    n = sizeof(out);
    ASSERT_OK(p11->C_WrapKeyAuthenticated(session, &gcm, by, target, NULL, 0, out, &n));
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID,
              p11->C_UnwrapKeyAuthenticated(session, &gcm, by, out, n, t, 2, NULL, 0, &back));
}

#define EACH(name, fn) {name "/gcm", fn, NULL, NULL, &gcm}, {name "/ccm", fn, NULL, NULL, &ccm}
#define TEST(name, fn) {name, fn, prepare, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH("/wrap-authenticated/round-trip", test_round_trip),
        EACH("/wrap-authenticated/private-key", test_private_key),
        TEST("/wrap-authenticated/format", test_format),
        EACH("/attack/c/attributes-are-bound", test_attributes_are_bound),
        TEST("/attack/c/label-is-reserved", test_label_is_reserved),
        EACH("/wrap-authenticated/tampered-is-refused", test_tampered),
        EACH("/wrap-authenticated/refusals", test_refusals),
        TEST("/wrap-authenticated/unwrap-template", test_unwrap_template),
        EACH("/wrap-aead/wrap-key", test_wrap_key),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
