/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-encapsulate.c - C_EncapsulateKey and C_DecapsulateKey (PKCS#11 v3.2 5.18) by ECDH and by
 * RSA-OAEP: both sides get one key, and it is the one that C_DeriveKey and C_Decrypt would give.
 */
#include "support/reference.h"

#include <string.h>

#define ROOM 1024

static CK_SESSION_HANDLE session;
static CK_BYTE info[] = {1, 2, 3, 4};
static CK_ECDH1_DERIVE_PARAMS none = {CKD_NULL, 0, NULL, 0, NULL},
                              kdf = {CKD_SHA256_KDF, 4, info, 0, NULL};
static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};

struct pair {
    const char *name;
    CK_MECHANISM m;
    const char *curve; /* NULL: RSA */
    CK_ULONG n_capsule;
    CK_OBJECT_HANDLE public, private;
};

static struct pair pairs[] = {
    {"P-256", {CKM_ECDH1_DERIVE, &none, sizeof(none)}, "P-256", 65, 0, 0},
    {"P-521, KDF", {CKM_ECDH1_DERIVE, &kdf, sizeof(kdf)}, "P-521", 133, 0, 0},
    {"P-384, cofactor", {CKM_ECDH1_COFACTOR_DERIVE, &kdf, sizeof(kdf)}, "P-384", 97, 0, 0},
    {"X25519", {CKM_ECDH1_DERIVE, &none, sizeof(none)}, "X25519", 32, 0, 0},
    {"RSA-OAEP", {CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)}, NULL, 256, 0, 0},
};

static void allow(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE v = ATTR_TRUE(type);

    ASSERT_OK(p11->C_SetAttributeValue(session, o, &v, 1));
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        EVP_PKEY *k = pairs[i].curve != NULL ? evp_new(pairs[i].curve) : evp_new_rsa(2048);

        evp_import(session, k, &pairs[i].public, &pairs[i].private);
        EVP_PKEY_free(k);
        allow(pairs[i].public, CKA_ENCAPSULATE);
        allow(pairs[i].private, CKA_DECAPSULATE);
    }
    return 0;
}

/* A readable generic secret of 32 bytes. */
static CK_ULONG class = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET, length = 32;
static CK_ATTRIBUTE open_key[] = {
    ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type),  ATTR_OBJ(CKA_VALUE_LEN, length),
    ATTR_FALSE(CKA_SENSITIVE),  ATTR_TRUE(CKA_EXTRACTABLE),
};
#define N_OPEN N_ELEMENTS(open_key)

static CK_RV encapsulate(struct pair *p, CK_BYTE *out, CK_ULONG *n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_EncapsulateKey(session, &p->m, p->public, open_key, N_OPEN, out, n, ret);
}

static CK_RV decapsulate(struct pair *p, CK_BYTE *capsule, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    return p11->C_DecapsulateKey(session, &p->m, p->private, open_key, N_OPEN, capsule, n, ret);
}

static void value_of(CK_OBJECT_HANDLE o, uint8_t ret[32])
{
    assert_int_equal(attr_get(session, o, CKA_VALUE, ret, 32), 32);
}

/* What one signs, the other verifies. */
static void same_key(CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE two)
{
    CK_MECHANISM mac = {CKM_SHA256_HMAC, NULL, 0};
    CK_BYTE tag[32];
    CK_ULONG n = sizeof(tag);

    ASSERT_OK(p11->C_SignInit(session, &mac, one));
    ASSERT_OK(p11->C_Sign(session, info, sizeof(info), tag, &n));
    ASSERT_OK(p11->C_VerifyInit(session, &mac, two));
    ASSERT_OK(p11->C_Verify(session, info, sizeof(info), tag, n));
}

static void test_both_sides(void **state)
{
    struct pair *p = *state;
    const CK_ULONG before = find_objects(session, NULL, 0, NULL);
    CK_BYTE capsule[ROOM], again[ROOM];
    CK_OBJECT_HANDLE one = 4711, two, three;
    uint8_t a[32], b[32];
    CK_ULONG n = 0;

    /* A length query and a short buffer make no key. */
    ASSERT_OK(p11->C_EncapsulateKey(session, &p->m, p->public, open_key, N_OPEN, NULL, &n, NULL));
    assert_int_equal(n, p->n_capsule);
    n--;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, encapsulate(p, capsule, &n, &one));
    assert_int_equal(n, p->n_capsule);
    assert_int_equal(one, 4711);
    assert_int_equal(find_objects(session, NULL, 0, NULL), before);

    n = ROOM;
    ASSERT_OK(encapsulate(p, capsule, &n, &one));
    assert_int_equal(n, p->n_capsule);
    ASSERT_OK(decapsulate(p, capsule, n, &two));
    value_of(one, a);
    same_key(one, two);
    /* No less protected than the private key that it came by (policy: unwrap-protected). */
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(session, two, CKA_VALUE));
    for (int i = 0; i < 2; i++) {
        const CK_OBJECT_HANDLE o = i == 0 ? one : two;

        assert_int_equal(attr_bool(session, o, CKA_LOCAL), CK_FALSE);
        assert_int_equal(attr_bool(session, o, CKA_ALWAYS_SENSITIVE), CK_FALSE);
        assert_int_equal(attr_bool(session, o, CKA_NEVER_EXTRACTABLE), CK_FALSE);
        assert_int_equal(attr_ulong(session, o, CKA_VALUE_LEN), 32);
    }
    /* Another time it is another key. */
    ASSERT_OK(encapsulate(p, again, &n, &three));
    value_of(three, b);
    assert_memory_not_equal(a, b, 32);
    assert_memory_not_equal(capsule, again, n);
}

/* The same as the functions that were there before. */
static void test_same_as_derive(void **state)
{
    struct pair *p = *state;
    CK_ECDH1_DERIVE_PARAMS with = *(CK_ECDH1_DERIVE_PARAMS *)p->m.pParameter;
    CK_MECHANISM m = {p->m.mechanism, &with, sizeof(with)};
    CK_BYTE capsule[ROOM];
    CK_OBJECT_HANDLE one, two;
    uint8_t a[32], b[32];
    CK_ULONG n = ROOM;

    ASSERT_OK(encapsulate(p, capsule, &n, &one));
    with.pPublicData = capsule;
    with.ulPublicDataLen = n;
    allow(p->private, CKA_DERIVE);
    ASSERT_OK(p11->C_DeriveKey(session, &m, p->private, open_key, N_OPEN, &two));
    value_of(one, a);
    value_of(two, b);
    assert_memory_equal(a, b, 32);
    /* A parameter that names a peer is for C_DeriveKey. */
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_EncapsulateKey(session, &m, p->public, open_key, N_OPEN, capsule, &n, &two));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_DecapsulateKey(session, &m, p->private, open_key, N_OPEN, capsule, n, &two));
}

static void test_same_as_decrypt(void **state)
{
    struct pair *p = &pairs[4];
    CK_BYTE capsule[ROOM], plain[ROOM];
    CK_OBJECT_HANDLE one;
    uint8_t a[32];
    CK_ULONG n = ROOM, n_plain = ROOM;

    (void)state;
    ASSERT_OK(encapsulate(p, capsule, &n, &one));
    ASSERT_OK(p11->C_DecryptInit(session, &p->m, p->private));
    ASSERT_OK(p11->C_Decrypt(session, capsule, n, plain, &n_plain));
    value_of(one, a);
    assert_int_equal(n_plain, 32);
    assert_memory_equal(plain, a, 32);
}

static void test_bad_capsules(void **state)
{
    struct pair *p = *state;
    CK_BYTE capsule[ROOM], zeros[ROOM] = {0};
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = ROOM;
    CK_RV rv;

    ASSERT_OK(encapsulate(p, capsule, &n, &o));
    o = 4711;
    ASSERT_RV(CKR_WRAPPED_KEY_LEN_RANGE, decapsulate(p, capsule, 0, &o));
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, decapsulate(p, zeros, n, &o)); /* no point, or of order 1 */
    rv = decapsulate(p, capsule, n - 1, &o);
    assert_true(rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_WRAPPED_KEY_LEN_RANGE);
    rv = decapsulate(p, capsule, ROOM, &o);
    assert_true(rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_WRAPPED_KEY_LEN_RANGE);
    if (p->m.mechanism == CKM_RSA_PKCS_OAEP) {
        capsule[5] ^= 1;
        ASSERT_RV(CKR_WRAPPED_KEY_INVALID, decapsulate(p, capsule, n, &o));
    }
    assert_int_equal(o, 4711);
}

static void test_refusals(void **state)
{
    struct pair *p = *state;
    CK_ATTRIBUTE no_length[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type)};
    CK_ATTRIBUTE valued[] = {ATTR_OBJ(CKA_KEY_TYPE, type), ATTR_TEXT(CKA_VALUE, "0123456789abcdef")};
    CK_ATTRIBUTE no = ATTR_FALSE(CKA_ENCAPSULATE), yes = ATTR_TRUE(CKA_ENCAPSULATE);
    CK_MECHANISM wrong = {p->m.mechanism, NULL, 0}, kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    const CK_OBJECT_HANDLE aes = make_aes(session, 32, CK_FALSE, "no pair");
    CK_BYTE out[ROOM];
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = ROOM;

#define ENCAPSULATE(m, key, v, n_v) p11->C_EncapsulateKey(session, m, key, v, n_v, out, &n, &o)
#define DECAPSULATE(m, key, v, n_v) p11->C_DecapsulateKey(session, m, key, v, n_v, out, 65, &o)
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, ENCAPSULATE(&wrong, p->public, open_key, N_OPEN));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, DECAPSULATE(&wrong, p->private, open_key, N_OPEN));
    ASSERT_RV(CKR_MECHANISM_INVALID, ENCAPSULATE(&kwp, p->public, open_key, N_OPEN));
    ASSERT_RV(CKR_MECHANISM_INVALID, DECAPSULATE(&kwp, p->private, open_key, N_OPEN));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, ENCAPSULATE(&p->m, aes, open_key, N_OPEN));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, ENCAPSULATE(&p->m, p->private, open_key, N_OPEN));
    ASSERT_RV(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
              DECAPSULATE(&p->m, p->public, open_key, N_OPEN));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, ENCAPSULATE(&p->m, 0, open_key, N_OPEN));
    ASSERT_RV(CKR_UNWRAPPING_KEY_HANDLE_INVALID, DECAPSULATE(&p->m, 0, open_key, N_OPEN));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, ENCAPSULATE(&p->m, p->public, valued, 2));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCAPSULATE(NULL, p->public, open_key, N_OPEN));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCAPSULATE(&p->m, p->public, NULL, 1));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_EncapsulateKey(session, &p->m, p->public, open_key, N_OPEN, out, &n, NULL));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_EncapsulateKey(session, &p->m, p->public, open_key, N_OPEN, out, NULL, &o));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_DecapsulateKey(session, &p->m, p->private, open_key, N_OPEN, NULL, 1, &o));
    if (p->m.pParameter == &kdf || p->m.pParameter == &oaep)
        ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, ENCAPSULATE(&p->m, p->public, no_length, 2));
    ASSERT_OK(p11->C_SetAttributeValue(session, p->public, &no, 1));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, ENCAPSULATE(&p->m, p->public, open_key, N_OPEN));
    ASSERT_OK(p11->C_SetAttributeValue(session, p->public, &yes, 1));
    assert_int_equal(o, 4711);
}

static CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
static CK_ATTRIBUTE protected[] = {ATTR_OBJ(CKA_SENSITIVE, yes), ATTR_OBJ(CKA_EXTRACTABLE, no)},
                    readable[] = {ATTR_OBJ(CKA_SENSITIVE, no)};

/* A pair of the kind, whose private key carries this template for other keys. */
static struct pair carrying(const struct pair *like, CK_ATTRIBUTE_TYPE carried, CK_ATTRIBUTE *of,
                            CK_ULONG n_of)
{
    const bool is_rsa = like->curve == NULL;
    CK_MECHANISM gen = {is_rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 2048;
    CK_ATTRIBUTE public_v[] = {
        is_rsa ? (CK_ATTRIBUTE)ATTR_OBJ(CKA_MODULUS_BITS, bits)
               : (CK_ATTRIBUTE)ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
        ATTR_OBJ(CKA_ENCAPSULATE, yes)};
    CK_ATTRIBUTE private_v[] = {{carried, of, n_of * sizeof(*of)}};
    struct pair p = *like;

    ASSERT_OK(
        p11->C_GenerateKeyPair(session, &gen, public_v, 2, private_v, 1, &p.public, &p.private));
    allow(p.private, CKA_DECAPSULATE); /* which anybody may who may use the key */
    return p;
}

/*
 * What the private key's template says of keys that come in, or are derived, holds for those that
 * come by decapsulation, which is the same computation; and another template says nothing.
 */
static void test_carried_templates(void **state)
{
    const struct pair *like = *state;
    const bool is_rsa = like->curve == NULL;
    struct pair p = carrying(like, is_rsa ? CKA_UNWRAP_TEMPLATE : CKA_DERIVE_TEMPLATE, protected, 2);
    CK_BYTE capsule[ROOM];
    CK_OBJECT_HANDLE one, two = 4711;
    CK_ULONG n = ROOM;

    ASSERT_OK(encapsulate(&p, capsule, &n, &one));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, decapsulate(&p, capsule, n, &two));
    assert_int_equal(two, 4711);
    ASSERT_OK(
        p11->C_DecapsulateKey(session, &p.m, p.private, open_key, 3, capsule, n, &two));
    same_key(one, two);
    assert_int_equal(attr_bool(session, two, CKA_SENSITIVE), CK_TRUE);
    assert_int_equal(attr_bool(session, two, CKA_EXTRACTABLE), CK_FALSE);

    p = carrying(like, is_rsa ? CKA_DERIVE_TEMPLATE : CKA_UNWRAP_TEMPLATE, readable, 1);
    n = ROOM;
    ASSERT_OK(encapsulate(&p, capsule, &n, &one));
    ASSERT_OK(decapsulate(&p, capsule, n, &two));
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(session, two, CKA_VALUE));
}

static void test_flags(void **state)
{
    struct pair *p = *state;
    CK_MECHANISM_INFO has;

    ASSERT_OK(p11->C_GetMechanismInfo(0, p->m.mechanism, &has));
    assert_int_equal(has.flags & (CKF_ENCAPSULATE | CKF_DECAPSULATE),
                     CKF_ENCAPSULATE | CKF_DECAPSULATE);
}

/* Neither comes with a key by default. */
static void test_defaults(void **state)
{
    CK_OBJECT_HANDLE pub, priv;

    (void)state;
    make_ec(session, CK_FALSE, "by default", &pub, &priv);
    assert_int_equal(attr_bool(session, pub, CKA_ENCAPSULATE), CK_FALSE);
    assert_int_equal(attr_bool(session, priv, CKA_DECAPSULATE), CK_FALSE);
}

/* -- the templates that the pair carries for what comes by it ----------------------------------- */

static CK_ULONG bits = 2048;
static const CK_ATTRIBUTE nothing = ATTR_TEXT(CKA_ID, ""); /* as by default */

/* A pair like `p` that has these templates besides. */
static struct pair generated(const struct pair *p, CK_ATTRIBUTE of_public, CK_ATTRIBUTE of_private,
                             CK_ATTRIBUTE more)
{
    CK_MECHANISM m = {p->curve != NULL ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {p->curve != NULL ? (CK_ATTRIBUTE)ATTR(CKA_EC_PARAMS, p256_params,
                                                                sizeof(p256_params))
                                           : (CK_ATTRIBUTE)ATTR_OBJ(CKA_MODULUS_BITS, bits),
                          ATTR_TRUE(CKA_ENCAPSULATE), of_public};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_DECAPSULATE), of_private, more};
    struct pair ret = *p;

    ASSERT_OK(p11->C_GenerateKeyPair(session, &m, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv),
                                     &ret.public, &ret.private));
    return ret;
}

/* They add to what the application says, each on its own side, and win where it says nothing. */
static void test_templates_add(void **state)
{
    CK_ATTRIBUTE one_way[] = {ATTR_FALSE(CKA_VERIFY), ATTR_FALSE(CKA_COPYABLE)};
    CK_ATTRIBUTE other_way[] = {ATTR_FALSE(CKA_SIGN), ATTR_TEXT(CKA_LABEL, "came by the pair")};
    struct pair p =
        generated(*state, (CK_ATTRIBUTE)ATTR(CKA_ENCAPSULATE_TEMPLATE, one_way, sizeof(one_way)),
                  (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, other_way, sizeof(other_way)), nothing);
    CK_BYTE capsule[ROOM];
    CK_OBJECT_HANDLE one, two;
    CK_ULONG n = ROOM;

    ASSERT_OK(encapsulate(&p, capsule, &n, &one));
    ASSERT_OK(decapsulate(&p, capsule, n, &two));
    same_key(one, two); /* one signs, the other verifies */
    assert_int_equal(attr_bool(session, one, CKA_VERIFY), CK_FALSE);
    assert_int_equal(attr_bool(session, one, CKA_COPYABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, two, CKA_COPYABLE), CK_TRUE);
    assert_int_equal(attr_bool(session, two, CKA_SIGN), CK_FALSE);
    assert_int_equal(attr_query(session, two, CKA_LABEL), CKR_OK);
    assert_int_equal(find_objects(session, &other_way[1], 1, NULL), 1);
    ASSERT_OK(p11->C_DestroyObject(session, two));
}

/* What contradicts them is refused, before anything is made or written. */
static void test_templates_contradicted(void **state)
{
    CK_ATTRIBUTE kept[] = {ATTR_FALSE(CKA_EXTRACTABLE)}; /* open_key says CK_TRUE */
    struct pair *plain = *state;
    struct pair p = generated(plain, (CK_ATTRIBUTE)ATTR(CKA_ENCAPSULATE_TEMPLATE, kept, sizeof(kept)),
                              (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, kept, sizeof(kept)),
                              nothing);
    const CK_ULONG before = find_objects(session, NULL, 0, NULL);
    CK_BYTE capsule[ROOM] = {0};
    const CK_BYTE zeros[ROOM] = {0};
    CK_OBJECT_HANDLE o = 4711;
    CK_ULONG n = ROOM;

    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, encapsulate(&p, capsule, &n, &o));
    assert_memory_equal(capsule, zeros, ROOM);
    assert_int_equal(n, ROOM);
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, decapsulate(&p, capsule, p.n_capsule, &o));
    assert_int_equal(o, 4711);
    assert_int_equal(find_objects(session, NULL, 0, NULL), before);
    /* Where the application says nothing of it, they say it. */
    ASSERT_OK(p11->C_EncapsulateKey(session, &p.m, p.public, open_key, N_OPEN - 1, capsule, &n, &o));
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
    ASSERT_OK(p11->C_DecapsulateKey(session, &p.m, p.private, open_key, N_OPEN - 1, capsule, n, &o));
    assert_int_equal(attr_bool(session, o, CKA_EXTRACTABLE), CK_FALSE);
}

/* The rule unwrap-protected yields to what the private key's own template says, and only to that. */
static void test_template_protects(void **state)
{
    CK_ATTRIBUTE says[] = {ATTR_FALSE(CKA_SENSITIVE)}, silent[] = {ATTR_FALSE(CKA_VERIFY)};
    struct pair yields = generated(
        *state, nothing, (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, says, sizeof(says)), nothing);
    struct pair holds = generated(
        *state, nothing, (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, silent, sizeof(silent)),
        nothing);
    CK_BYTE capsule[ROOM];
    CK_OBJECT_HANDLE one, two;
    uint8_t a[32], b[32];
    CK_ULONG n = ROOM;

    ASSERT_OK(encapsulate(&yields, capsule, &n, &one));
    ASSERT_OK(decapsulate(&yields, capsule, n, &two));
    value_of(one, a);
    value_of(two, b);
    assert_memory_equal(a, b, 32);
    n = ROOM;
    ASSERT_OK(encapsulate(&holds, capsule, &n, &one));
    ASSERT_OK(decapsulate(&holds, capsule, n, &two));
    ASSERT_RV(CKR_ATTRIBUTE_SENSITIVE, attr_query(session, two, CKA_VALUE));
}

/* Beside the template for the same computation by C_UnwrapKey or C_DeriveKey: both hold, and it
 * does not take that one back. */
static void test_both_templates_hold(void **state)
{
    const struct pair *like = *state;
    const CK_ATTRIBUTE_TYPE other = like->curve == NULL ? CKA_UNWRAP_TEMPLATE : CKA_DERIVE_TEMPLATE;
    CK_ATTRIBUTE keep[] = {ATTR_FALSE(CKA_EXTRACTABLE)}, give[] = {ATTR_TRUE(CKA_EXTRACTABLE)},
                 more[] = {ATTR_FALSE(CKA_SIGN)};
    const CK_ATTRIBUTE kept = ATTR(0, keep, sizeof(keep));
    struct pair p = generated(like, nothing,
                              (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, more, sizeof(more)),
                              (CK_ATTRIBUTE){other, kept.pValue, kept.ulValueLen});
    CK_BYTE capsule[ROOM];
    CK_OBJECT_HANDLE one, two;
    CK_ULONG n = ROOM;

    ASSERT_OK(encapsulate(&p, capsule, &n, &one));
    ASSERT_OK(p11->C_DecapsulateKey(session, &p.m, p.private, open_key, 3, capsule, n, &two));
    assert_int_equal(attr_bool(session, two, CKA_EXTRACTABLE), CK_FALSE);
    assert_int_equal(attr_bool(session, two, CKA_SIGN), CK_FALSE);
    same_key(one, two);

    p = generated(like, nothing,
                  (CK_ATTRIBUTE)ATTR(CKA_DECAPSULATE_TEMPLATE, give, sizeof(give)),
                  (CK_ATTRIBUTE){other, kept.pValue, kept.ulValueLen});
    n = ROOM;
    two = 4711;
    ASSERT_OK(encapsulate(&p, capsule, &n, &one));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, decapsulate(&p, capsule, n, &two));
    ASSERT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DecapsulateKey(session, &p.m, p.private, open_key,
                                                               3, capsule, n, &two));
    assert_int_equal(two, 4711);
}

/* Each belongs to one half, is there only when it was given, and is not changed afterwards. */
static void test_templates_are_attributes(void **state)
{
    CK_ATTRIBUTE inner[] = {ATTR_FALSE(CKA_VERIFY)};
    const CK_ATTRIBUTE of_public = ATTR(CKA_ENCAPSULATE_TEMPLATE, inner, sizeof(inner)),
                       of_private = ATTR(CKA_DECAPSULATE_TEMPLATE, inner, sizeof(inner));
    struct pair *plain = *state, p = generated(plain, of_public, of_private, nothing);
    CK_ATTRIBUTE change[] = {of_public, of_private};
    CK_BBOOL said = CK_TRUE;
    CK_ATTRIBUTE read = {0, &said, sizeof(said)};
    CK_ATTRIBUTE v = {CKA_DECAPSULATE_TEMPLATE, &read, sizeof(read)};

    ASSERT_OK(p11->C_GetAttributeValue(session, p.private, &v, 1));
    assert_int_equal(read.type, CKA_VERIFY);
    assert_int_equal(said, CK_FALSE);
    ASSERT_OK(attr_query(session, p.public, CKA_ENCAPSULATE_TEMPLATE));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(session, p.public, CKA_DECAPSULATE_TEMPLATE));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, attr_query(session, p.private, CKA_ENCAPSULATE_TEMPLATE));
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID,
              attr_query(session, plain->private, CKA_DECAPSULATE_TEMPLATE));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY,
              p11->C_SetAttributeValue(session, p.public, &change[0], 1));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY,
              p11->C_SetAttributeValue(session, p.private, &change[1], 1));
}

#define OF(name, fn, i) {name, fn, NULL, NULL, &pairs[i]}
#define EACH(name, fn)                                                                             \
    OF(name "/p256", fn, 0), OF(name "/p521", fn, 1), OF(name "/cofactor", fn, 2),                 \
        OF(name "/x25519", fn, 3), OF(name "/rsa-oaep", fn, 4)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH("/encapsulate/both-sides", test_both_sides),
        OF("/encapsulate/same-as-derive/p256", test_same_as_derive, 0),
        OF("/encapsulate/same-as-derive/p521", test_same_as_derive, 1),
        OF("/encapsulate/same-as-derive/x25519", test_same_as_derive, 3),
        {"/encapsulate/same-as-decrypt", test_same_as_decrypt, NULL, NULL, NULL},
        EACH("/encapsulate/bad-capsules", test_bad_capsules),
        EACH("/encapsulate/refusals", test_refusals),
        OF("/encapsulate/carried-templates/p256", test_carried_templates, 0),
        OF("/encapsulate/carried-templates/rsa-oaep", test_carried_templates, 4),
        EACH("/encapsulate/flags", test_flags),
        OF("/encapsulate/template/adds/p256", test_templates_add, 0),
        OF("/encapsulate/template/adds/rsa-oaep", test_templates_add, 4),
        OF("/encapsulate/template/contradicted/p256", test_templates_contradicted, 0),
        OF("/encapsulate/template/contradicted/rsa-oaep", test_templates_contradicted, 4),
        OF("/encapsulate/template/protects/p256", test_template_protects, 0),
        OF("/encapsulate/template/protects/rsa-oaep", test_template_protects, 4),
        OF("/encapsulate/template/both-hold/p256", test_both_templates_hold, 0),
        OF("/encapsulate/template/both-hold/rsa-oaep", test_both_templates_hold, 4),
        OF("/encapsulate/template/attributes", test_templates_are_attributes, 0),
        {"/encapsulate/defaults", test_defaults, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
