/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-output.c - the rule of PKCS#11 v3.2 5.2 for results of variable length, over every function
 * that has one and every mechanism that the token lists: a NULL buffer asks for the length, a short
 * one is CKR_BUFFER_TOO_SMALL, neither ends the operation nor uses anything up, and the result is
 * what a call without all that gives.
 */
#include "support/kit.h"

#include <string.h>

#define ROOM 1024
#define GUARD 0xa5

static CK_SESSION_HANDLE session;
static CK_BYTE input[ROOM];
static CK_MECHANISM_TYPE types[512];
static CK_ULONG n_types;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    kits_setup(session);
    fill_pattern(input, sizeof(input), 1);
    n_types = kits_list(types, N_ELEMENTS(types));
    return 0;
}

/* -- the functions ---------------------------------------------------------------------------- */

typedef CK_RV init_fn(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
typedef CK_RV once_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV feed_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
typedef CK_RV final_fn(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

/* C_DigestInit in the shape of the others. */
static CK_RV digest_init(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
    (void)key;
    return p11->C_DigestInit(h, m);
}

/* One function under test, with all that belongs to it. */
struct verb {
    const char *name;
    init_fn *init;
    once_fn *once;
    once_fn *update; /* with output; NULL: `feed` */
    feed_fn *feed;   /* without; NULL too: there are no parts */
    final_fn *final;
    bool uses_private;
    /* Is this the right result for this input? */
    void (*check)(const struct kit *k, struct span in, struct span out);
};

static struct {
    const struct verb *verb;
    const struct kit *kit;
} now;

/* Names mechanism and function before it fails. */
static void expect_(CK_RV expected, CK_RV rv, const char *what, int line)
{
    if (rv != expected)
        print_error("mechanism 0x%lx, %s:\n", now.kit->m.mechanism, now.verb->name);
    assert_rv_(expected, rv, what, __FILE__, line);
}
#define EXPECT(expected, call) expect_((expected), (call), #call, __LINE__)

static CK_BYTE *bytes_of(struct span s)
{
    return (CK_BYTE *)(uintptr_t)s.p;
}

static CK_RV start(void)
{
    CK_MECHANISM m = now.kit->m;

    return now.verb->init(session, &m, now.verb->uses_private ? now.kit->private : now.kit->public);
}

/* -- the rule for one call -------------------------------------------------------------------- */

/* What one call needs: C_Sign, C_SignFinal, ... with its input. */
struct call {
    once_fn *once; /* or update */
    final_fn *final;
    struct span in;
};

static CK_RV run(const struct call *c, CK_BYTE *out, CK_ULONG *n)
{
    if (c->once != NULL)
        return c->once(session, bytes_of(c->in), c->in.n, out, n);
    return c->final(session, out, n);
}

static void assert_guarded(const CK_BYTE *out, size_t from)
{
    for (size_t i = from; i < ROOM; i++)
        assert_int_equal(out[i], GUARD);
}

/* Ask, offer too little, ask again, then give room; returns what came out. */
static CK_ULONG follow_rule(const struct call *c, CK_BYTE out[ROOM])
{
    CK_ULONG asked = 0, n = ROOM;

    memset(out, GUARD, ROOM);
    EXPECT(CKR_OK, run(c, NULL, &asked));
    EXPECT(CKR_OK, run(c, NULL, &n));
    assert_int_equal(n, asked);
    assert_true(asked <= ROOM - 32);
    for (CK_ULONG room = 0; room < asked; room = room < 2 ? room + 1 : asked - 1) {
        CK_RV rv;

        n = room;
        rv = run(c, out, &n);
        /* Where the length shows only in the end, less than asked for may be enough. */
        if (rv == CKR_OK && n <= room)
            return n;
        EXPECT(CKR_BUFFER_TOO_SMALL, rv);
        assert_in_range(n, room + 1, asked);
        assert_guarded(out, 0);
        if (room == asked - 1)
            break;
    }
    n = asked;
    EXPECT(CKR_OK, run(c, out, &n));
    assert_true(n <= asked);
    assert_guarded(out, asked);
    return n;
}

/* -- one part --------------------------------------------------------------------------------- */

static void check_once(struct span in)
{
    const struct call c = {.once = now.verb->once, .in = in};
    CK_BYTE plain[ROOM], out[ROOM];
    CK_ULONG n = ROOM, n_exact;

    EXPECT(CKR_OK, start());
    EXPECT(CKR_OK, run(&c, plain, &n));
    now.verb->check(now.kit, in, span_of(plain, n));
    EXPECT(CKR_OK, start());
    EXPECT(CKR_OPERATION_ACTIVE, start());
    n_exact = follow_rule(&c, out);
    assert_int_equal(n_exact, n);
    now.verb->check(now.kit, in, span_of(out, n_exact));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, run(&c, out, &n));
    /* Room for the result and not one byte more; and far more than is needed. */
    EXPECT(CKR_OK, start());
    memset(out, GUARD, ROOM);
    EXPECT(CKR_OK, run(&c, out, &n_exact));
    assert_guarded(out, n_exact);
    now.verb->check(now.kit, in, span_of(out, n_exact));
}

/* -- many parts ------------------------------------------------------------------------------- */

/* False: the mechanism has no parts. */
static bool first_part(struct span in)
{
    CK_BYTE out[ROOM];
    CK_ULONG n = ROOM;
    CK_RV rv;

    EXPECT(CKR_OK, start());
    rv = now.verb->update != NULL ? now.verb->update(session, bytes_of(in), 1, out, &n)
                                  : now.verb->feed(session, bytes_of(in), 1);
    if (rv == CKR_FUNCTION_NOT_SUPPORTED)
        return false;
    EXPECT(CKR_OK, rv);
    EXPECT(CKR_OK, now.verb->init(session, NULL, 0));
    return true;
}

static void check_parts(struct span in)
{
    static const size_t steps[] = {1, 16, 15, 33, ROOM};
    CK_BYTE all[ROOM], out[ROOM];
    size_t at = 0, n_all = 0;
    struct call c = {.final = now.verb->final};
    CK_ULONG n;

    if (now.verb->final == NULL || !first_part(in))
        return;
    EXPECT(CKR_OK, start());
    for (size_t i = 0; at < in.n; at += c.in.n, i++) {
        c.once = now.verb->update;
        c.in = span_of(in.p + at, in.n - at < steps[i] ? in.n - at : steps[i]);
        n = 0;
        if (c.once == NULL)
            EXPECT(CKR_OK, now.verb->feed(session, bytes_of(c.in), c.in.n));
        else
            n = follow_rule(&c, out);
        memcpy(all + n_all, out, n);
        n_all += n;
    }
    c.once = NULL;
    n = follow_rule(&c, out);
    memcpy(all + n_all, out, n);
    now.verb->check(now.kit, in, span_of(all, n_all + n));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, run(&c, out, &n));
}

/* -- what is right ---------------------------------------------------------------------------- */

static CK_ULONG encrypted(const struct kit *k, CK_BYTE ret[ROOM])
{
    CK_MECHANISM m = k->m;
    CK_ULONG n = ROOM;

    ASSERT_OK(p11->C_EncryptInit(session, &m, k->public));
    ASSERT_OK(p11->C_Encrypt(session, input, k->n_in, ret, &n));
    return n;
}

static void check_encrypted(const struct kit *k, struct span in, struct span out)
{
    CK_MECHANISM m = k->m;
    CK_BYTE back[ROOM];
    CK_ULONG n = ROOM;

    EXPECT(CKR_OK, p11->C_DecryptInit(session, &m, k->private));
    EXPECT(CKR_OK, p11->C_Decrypt(session, bytes_of(out), out.n, back, &n));
    assert_true(span_equal(span_of(back, n), in));
}

static void check_plain(const struct kit *k, struct span in, struct span out)
{
    (void)in;
    assert_true(span_equal(out, span_of(input, k->n_in)));
}

static void check_signed(const struct kit *k, struct span in, struct span out)
{
    CK_MECHANISM m = k->m;

    EXPECT(CKR_OK, p11->C_VerifyInit(session, &m, k->public));
    EXPECT(CKR_OK, p11->C_Verify(session, bytes_of(in), in.n, bytes_of(out), out.n));
}

static void check_digest(const struct kit *k, struct span in, struct span out)
{
    CK_MECHANISM m = k->m;
    CK_BYTE digest[ROOM];
    CK_ULONG n = ROOM;

    EXPECT(CKR_OK, p11->C_DigestInit(session, &m));
    EXPECT(CKR_OK, p11->C_Digest(session, bytes_of(in), in.n, digest, &n));
    assert_true(span_equal(span_of(digest, n), out));
}

static CK_ULONG signed_to_recover(const struct kit *k, CK_BYTE ret[ROOM])
{
    CK_MECHANISM m = k->m;
    CK_ULONG n = ROOM;

    ASSERT_OK(p11->C_SignRecoverInit(session, &m, k->private));
    ASSERT_OK(p11->C_SignRecover(session, input, k->n_in, ret, &n));
    return n;
}

static void check_recoverable(const struct kit *k, struct span in, struct span out)
{
    CK_MECHANISM m = k->m;
    CK_BYTE back[ROOM];
    CK_ULONG n = ROOM;

    EXPECT(CKR_OK, p11->C_VerifyRecoverInit(session, &m, k->public));
    EXPECT(CKR_OK, p11->C_VerifyRecover(session, bytes_of(out), out.n, back, &n));
    assert_true(span_equal(span_of(back, n), in));
}

/* -- every mechanism -------------------------------------------------------------------------- */

/* `prepare` makes the input from the kit's; NULL: it is the kit's. */
static void every_mechanism(const struct verb *v, CK_FLAGS flag,
                            CK_ULONG (*prepare)(const struct kit *, CK_BYTE *))
{
    CK_ULONG n_tested = 0;

    for (CK_ULONG i = 0; i < n_types; i++) {
        CK_BYTE prepared[ROOM];
        struct kit k;
        struct span in;

        if (!kit_of(types[i], &k) || (k.flags & flag) == 0)
            continue;
        now.verb = v;
        now.kit = &k;
        in = span_of(input, k.n_in);
        if (prepare != NULL)
            in = span_of(prepared, prepare(&k, prepared));
        check_once(in);
        check_parts(in);
        n_tested++;
    }
    print_message("%s: %lu mechanisms\n", v->name, n_tested);
    assert_true(n_tested > 0);
}

static void test_encrypt(void **state)
{
    const struct verb v = {"C_Encrypt", p11->C_EncryptInit, p11->C_Encrypt, p11->C_EncryptUpdate,
                           NULL, p11->C_EncryptFinal, false, check_encrypted};

    (void)state;
    every_mechanism(&v, CKF_ENCRYPT, NULL);
}

static void test_decrypt(void **state)
{
    const struct verb v = {"C_Decrypt", p11->C_DecryptInit, p11->C_Decrypt, p11->C_DecryptUpdate,
                           NULL, p11->C_DecryptFinal, true, check_plain};

    (void)state;
    every_mechanism(&v, CKF_DECRYPT, encrypted);
}

static void test_digest(void **state)
{
    const struct verb v = {"C_Digest", digest_init, p11->C_Digest, NULL, p11->C_DigestUpdate,
                           p11->C_DigestFinal, false, check_digest};

    (void)state;
    every_mechanism(&v, CKF_DIGEST, NULL);
}

static void test_sign(void **state)
{
    const struct verb v = {"C_Sign", p11->C_SignInit, p11->C_Sign, NULL, p11->C_SignUpdate,
                           p11->C_SignFinal, true, check_signed};

    (void)state;
    every_mechanism(&v, CKF_SIGN, NULL);
}

static void test_sign_recover(void **state)
{
    const struct verb v = {"C_SignRecover", p11->C_SignRecoverInit, p11->C_SignRecover, NULL, NULL,
                           NULL, true, check_recoverable};

    (void)state;
    every_mechanism(&v, CKF_SIGN_RECOVER, NULL);
}

static void test_verify_recover(void **state)
{
    const struct verb v = {"C_VerifyRecover", p11->C_VerifyRecoverInit, p11->C_VerifyRecover, NULL,
                           NULL, NULL, false, check_plain};

    (void)state;
    every_mechanism(&v, CKF_VERIFY_RECOVER, signed_to_recover);
}

/* -- wrapping and encapsulating: the rule without an operation --------------------------------- */

static CK_OBJECT_HANDLE target; /* what is wrapped */
static CK_OBJECT_HANDLE made;   /* what was encapsulated or came back last */

/* The template of what comes back: a generic secret as long as the target. */
static CK_ULONG secret_class = CKO_SECRET_KEY, secret_type = CKK_GENERIC_SECRET, secret_length = 32;
static CK_ATTRIBUTE of_secret[] = {ATTR_OBJ(CKA_CLASS, secret_class),
                                   ATTR_OBJ(CKA_KEY_TYPE, secret_type),
                                   ATTR_OBJ(CKA_VALUE_LEN, secret_length)};
#define N_OF_SECRET N_ELEMENTS(of_secret)

/* In the shape of the others; the key that they are about is no input. */
static CK_RV wrap(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n_in, CK_BYTE_PTR out,
                  CK_ULONG_PTR n)
{
    CK_MECHANISM m = now.kit->m;

    (void)in;
    (void)n_in;
    return p11->C_WrapKey(h, &m, now.kit->public, target, out, n);
}

static CK_RV encapsulate(CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n_in, CK_BYTE_PTR out,
                         CK_ULONG_PTR n)
{
    CK_MECHANISM m = now.kit->m;

    (void)in;
    (void)n_in;
    return p11->C_EncapsulateKey(h, &m, now.kit->public, of_secret, N_OF_SECRET, out, n, &made);
}

/* What the one key signs, the other verifies. */
static void same_secret(CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE two)
{
    CK_MECHANISM m = {CKM_SHA256_HMAC, NULL, 0};
    CK_BYTE mac[32];
    CK_ULONG n = sizeof(mac);

    EXPECT(CKR_OK, p11->C_SignInit(session, &m, one));
    EXPECT(CKR_OK, p11->C_Sign(session, input, 100, mac, &n));
    EXPECT(CKR_OK, p11->C_VerifyInit(session, &m, two));
    EXPECT(CKR_OK, p11->C_Verify(session, input, 100, mac, n));
}

static void check_wrapped(const struct kit *k, struct span in, struct span out)
{
    CK_MECHANISM m = k->m;

    (void)in;
    EXPECT(CKR_OK, p11->C_UnwrapKey(session, &m, k->private, bytes_of(out), out.n, of_secret,
                                    N_OF_SECRET, &made));
    same_secret(made, target);
}

static void check_capsule(const struct kit *k, struct span in, struct span out)
{
    const CK_OBJECT_HANDLE sent = made;
    CK_MECHANISM m = k->m;

    (void)in;
    EXPECT(CKR_OK, p11->C_DecapsulateKey(session, &m, k->private, of_secret, N_OF_SECRET,
                                         bytes_of(out), out.n, &made));
    same_secret(sent, made);
}

/* Keys like the kit's that may wrap and unwrap, encapsulate and decapsulate. */
static void let_wrap(struct kit *k)
{
    const CK_ULONG type = attr_ulong(session, k->public, CKA_KEY_TYPE);
    CK_MECHANISM gen = {type == CKK_AES   ? CKM_AES_KEY_GEN
                        : type == CKK_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN
                                          : CKM_EC_KEY_PAIR_GEN,
                        NULL, 0};
    CK_ATTRIBUTE secret[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_WRAP),
                             ATTR_TRUE(CKA_UNWRAP)};
    CK_ATTRIBUTE pub[] = {ATTR_TRUE(CKA_ENCAPSULATE), ATTR_TRUE(CKA_WRAP),
                          type == CKK_RSA ? (CK_ATTRIBUTE)ATTR_ULONG(CKA_MODULUS_BITS, 2048)
                                          : (CK_ATTRIBUTE)ATTR(CKA_EC_PARAMS, p256_params,
                                                               sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_DECAPSULATE), ATTR_TRUE(CKA_UNWRAP)};

    if (type == CKK_AES) {
        EXPECT(CKR_OK, p11->C_GenerateKey(session, &gen, secret, N_ELEMENTS(secret), &k->public));
        k->private = k->public;
    } else {
        EXPECT(CKR_OK, p11->C_GenerateKeyPair(session, &gen, pub, N_ELEMENTS(pub), priv,
                                              N_ELEMENTS(priv), &k->public, &k->private));
    }
}

/* AEAD wraps under an IV that the token makes. */
static void let_make_iv(struct kit *k)
{
    static CK_BYTE iv[13];
    static CK_GCM_WRAP_PARAMS gcm = {iv, 12, 0, CKG_GENERATE, NULL, 0, 128};
    static CK_CCM_WRAP_PARAMS ccm = {0, iv, 13, 0, CKG_GENERATE, NULL, 0, 16};

    if (k->m.mechanism == CKM_AES_GCM)
        k->m = (CK_MECHANISM){CKM_AES_GCM, &gcm, sizeof(gcm)};
    if (k->m.mechanism == CKM_AES_CCM)
        k->m = (CK_MECHANISM){CKM_AES_CCM, &ccm, sizeof(ccm)};
}

static void wrap_by_every_mechanism(const struct verb *v, CK_FLAGS flag)
{
    CK_ULONG n_tested = 0;

    now.verb = v;
    for (CK_ULONG i = 0; i < n_types; i++) {
        const struct call c = {.once = v->once};
        CK_OBJECT_HANDLE before = made;
        CK_BYTE out[ROOM];
        CK_ULONG n = 0, n_objects;
        struct kit k;

        if (!kit_of(types[i], &k) || (k.flags & flag) == 0)
            continue;
        now.kit = &k;
        let_wrap(&k);
        let_make_iv(&k);
        n_objects = find_objects(session, NULL, 0, NULL);
        EXPECT(CKR_OK, run(&c, NULL, &n));
        EXPECT(CKR_BUFFER_TOO_SMALL, run(&c, out, &(CK_ULONG){n - 1}));
        assert_int_equal(made, before); /* and so no key was made */
        assert_int_equal(find_objects(session, NULL, 0, NULL), n_objects);
        assert_int_equal(follow_rule(&c, out), n);
        v->check(&k, span_of(NULL, 0), span_of(out, n));
        n_tested++;
    }
    print_message("%s: %lu mechanisms\n", v->name, n_tested);
    assert_true(n_tested > 0);
}

static void test_wrap(void **state)
{
    const struct verb v = {.name = "C_WrapKey", .once = wrap, .check = check_wrapped};

    (void)state;
    target = import_secret(session, CKK_GENERIC_SECRET, input, secret_length);
    wrap_by_every_mechanism(&v, CKF_WRAP);
}

static void test_encapsulate(void **state)
{
    const struct verb v = {.name = "C_EncapsulateKey", .once = encapsulate,
                           .check = check_capsule};

    (void)state;
    wrap_by_every_mechanism(&v, CKF_ENCAPSULATE);
}

/* -- another text than the one there was no room for -------------------------------------------- */

static CK_ULONG encrypt_text(const struct kit *k, unsigned seed, CK_ULONG n, CK_BYTE *ret)
{
    CK_MECHANISM m = k->m;
    CK_ULONG n_ret = ROOM;
    CK_BYTE text[ROOM];

    fill_pattern(text, n, seed);
    ASSERT_OK(p11->C_EncryptInit(session, &m, k->public));
    EXPECT(CKR_OK, p11->C_Encrypt(session, text, n, ret, &n_ret));
    return n_ret;
}

/* What comes is the text of the ciphertext that was given, not of one before. */
static void decrypt_another(const struct kit *k)
{
    CK_BYTE one[ROOM], other[ROOM], back[ROOM], text[ROOM];
    const CK_ULONG n_one = encrypt_text(k, 1, k->n_in, one);
    const CK_ULONG n_other = encrypt_text(k, 2, k->n_in, other);
    CK_MECHANISM m = k->m;
    CK_ULONG n = k->n_in - 1;

    fill_pattern(text, k->n_in, 2);
    ASSERT_OK(p11->C_DecryptInit(session, &m, k->private));
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_Decrypt(session, one, n_one, back, &n));
    n = ROOM;
    EXPECT(CKR_OK, p11->C_Decrypt(session, other, n_other, back, &n));
    assert_int_equal(n, k->n_in);
    assert_memory_equal(back, text, n);
}

static void test_decrypt_another(void **state)
{
    const struct verb v = {.name = "C_Decrypt"};
    CK_ULONG n_tested = 0;

    (void)state;
    now.verb = &v;
    for (CK_ULONG i = 0; i < n_types; i++) {
        struct kit k;

        if (!kit_of(types[i], &k) || (k.flags & (CKF_ENCRYPT | CKF_DECRYPT)) == 0)
            continue;
        now.kit = &k;
        decrypt_another(&k);
        n_tested++;
    }
    assert_true(n_tested > 10);
}

/* -- lists: the same rule, counted in items --------------------------------------------------- */

static void test_mechanism_list(void **state)
{
    CK_MECHANISM_TYPE list[512];
    CK_ULONG n = 0, all;

    (void)state;
    ASSERT_OK(p11->C_GetMechanismList(0, NULL, &n));
    assert_int_equal(n, n_types);
    all = n;
    for (CK_ULONG room = 0; room < all; room += all - 1) {
        n = room;
        list[0] = 4711;
        ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(0, list, &n));
        assert_int_equal(n, all);
        assert_int_equal(list[0], 4711);
    }
    n = all;
    ASSERT_OK(p11->C_GetMechanismList(0, list, &n));
    assert_memory_equal(list, types, all * sizeof(*list));
    for (CK_ULONG i = 1; i < all; i++)
        assert_true(list[i] != list[i - 1]);
}

static void test_slot_list(void **state)
{
    CK_SLOT_ID list[4] = {99, 99, 99, 99};
    CK_ULONG n = 99;

    (void)state;
    ASSERT_OK(p11->C_GetSlotList(CK_FALSE, NULL, &n));
    assert_int_equal(n, 2);
    n = 1;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_FALSE, list, &n));
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 99);
    n = 4;
    ASSERT_OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    assert_int_equal(n, 2);
    assert_int_equal(list[2], 99);
}

static void test_interface_list(void **state)
{
    CK_INTERFACE list[8];
    CK_ULONG n = 99;

    (void)state;
    ASSERT_OK(p11->C_GetInterfaceList(NULL, &n));
    assert_int_equal(n, 3);
    n = 2;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetInterfaceList(list, &n));
    assert_int_equal(n, 3);
    n = N_ELEMENTS(list);
    ASSERT_OK(p11->C_GetInterfaceList(list, &n));
    assert_int_equal(n, 3);
    assert_ptr_equal(list[0].pFunctionList, p11);
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/output/encrypt", test_encrypt),
        TEST("/output/decrypt", test_decrypt),
        TEST("/output/decrypt-another", test_decrypt_another),
        TEST("/output/digest", test_digest),
        TEST("/output/sign", test_sign),
        TEST("/output/sign-recover", test_sign_recover),
        TEST("/output/verify-recover", test_verify_recover),
        TEST("/output/wrap", test_wrap),
        TEST("/output/encapsulate", test_encapsulate),
        TEST("/output/mechanism-list", test_mechanism_list),
        TEST("/output/slot-list", test_slot_list),
        TEST("/output/interface-list", test_interface_list),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
