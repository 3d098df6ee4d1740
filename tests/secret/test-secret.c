/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-secret.c - no branch and no address of ours depends on a secret: paddings, unwrapped keys,
 * recovery keys, shares and PINs, poisoned, under valgrind's memcheck; see poison.h.
 *
 * Every test counts memcheck's reports before and after. The controls are careless on purpose, and
 * fail where memcheck does not say so.
 */
#include <openssl/stack.h>

#include "crypto_fixture.h"
#include "keyring_fixture.h"

#include "crypto/gen.h"
#include "crypto/op.h"
#include "crypto/ossl.h"
#include "keyring/seals.h"
#include "keyring/secret_text.h"
#include "poison.h"
#include "util/ct.h"

#define BLOCK     16
#define RSA_BYTES 256
#define KEY_BYTES 32

/* Statements, and that they made no report. */
#define SILENT(statements)                                                                         \
    do {                                                                                           \
        const unsigned before_ = poison_reports();                                                 \
        statements;                                                                                \
        assert_int_equal(poison_reports() - before_, 0);                                           \
    } while (0)

static void count_up(uint8_t *ret, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = (uint8_t)(i * 7 + 1);
}

static void assert_is(const void *p, const void *expected, size_t n)
{
    reveal(p, n);
    assert_memory_equal(p, expected, n);
}

/* -- controls: what has to be reported ----------------------------------------------------------- */

/* A key that is a secret, and the same one that is not. */
static struct key *poisoned_key(CK_KEY_TYPE type)
{
    uint8_t value[KEY_BYTES];

    count_up(value, sizeof(value));
    poison(value, sizeof(value));
    return fixture_secret(type, SPAN_ARRAY(value));
}

static struct key *plain_key(CK_KEY_TYPE type)
{
    uint8_t value[KEY_BYTES];

    count_up(value, sizeof(value));
    return fixture_secret(type, SPAN_ARRAY(value));
}

/* A block that was decrypted under a secret key: memcheck has followed it through libcrypto. */
static void decrypted_block(uint8_t ret[BLOCK])
{
    static const uint8_t zeros[BLOCK];
    const struct mech *row = mech_find(CKM_AES_CBC);
    AUTO(key_unrefp) struct key *k = poisoned_key(CKK_AES);
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct fixture_mech f;

    fixture_mech(&f, row, 0);
    fixture_once(OP_DECRYPT, row, &f.m, k, SPAN_ARRAY(zeros), &plain);
    assert_int_equal(plain.n, BLOCK);
    memcpy(ret, plain.p, BLOCK);
}

/* Unpadding as it must not be. */
static __attribute__((noinline)) bool careless_unpad(const volatile uint8_t block[BLOCK])
{
    for (int i = BLOCK - 1; i > BLOCK - 4; i--) {
        if (block[i] != 3)
            return false;
    }
    return true;
}

static void test_control_branch(void **state)
{
    const unsigned before = poison_reports();
    uint8_t block[BLOCK];

    (void)state;
    decrypted_block(block);
    assert_int_equal(poison_reports() - before, 0);
    (void)careless_unpad(block);
    assert_true(poison_reports() > before);
}

static __attribute__((noinline)) uint8_t careless_look_up(const volatile uint8_t table[256],
                                                          const volatile uint8_t *at)
{
    return table[*at];
}

static void test_control_address(void **state)
{
    static const uint8_t table[256] = {1, 2, 3};
    const unsigned before = poison_reports();
    uint8_t block[BLOCK];

    (void)state;
    decrypted_block(block);
    (void)careless_look_up(table, block);
    assert_true(poison_reports() > before);
}

static volatile int n_less;

static int careless_compare(const void *a, const void *b)
{
    const volatile uint8_t *const *x = a;
    const volatile uint8_t *const *y = b;

    if (**x < **y)
        n_less++;
    return 0;
}

/* The suppressions are for what libcrypto does, not for what it calls. */
static void test_control_called_back(void **state)
{
    OPENSSL_STACK *s = OPENSSL_sk_new(careless_compare);
    const unsigned before = poison_reports();
    uint8_t block[BLOCK];

    (void)state;
    decrypted_block(block);
    assert_non_null(s);
    for (size_t i = 0; i < 4; i++)
        assert_true(OPENSSL_sk_push(s, &block[i]) > 0);
    OPENSSL_sk_sort(s);
    OPENSSL_sk_free(s);
    assert_true(poison_reports() > before);
}

/* What goes through ct_public() is known, what does not is not. */
static void test_control_verdict(void **state)
{
    uint8_t block[BLOCK];
    volatile int seen = 0;

    (void)state;
    decrypted_block(block);
    SILENT(if (ct_public(ct_equal(block[0], block[1])) != 0) seen = 1);
    SILENT(if (mem_equal_ct(block, block + 8, 8)) seen = 2);
    SILENT(if (mem_is_zero(block, 8)) seen = 3);
    assert_in_range(seen, 0, 3);
}

/* -- recovery keys and shares -------------------------------------------------------------------- */

/* Everything behind the prefix and `n_clear` characters of it, which say a version, a set, a number.
 */
static void poison_text(const struct buf *text, size_t n_prefix, size_t n_clear)
{
    size_t i = n_prefix;

    for (size_t seen = 0; seen < n_clear; i++)
        seen += text->p[i] != '-';
    poison(text->p + i, text->n - i);
}

static void test_key_text(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(secret_freep) struct secret *back = NULL;
    AUTO(secret_freep) struct secret *none = NULL;
    uint8_t key[PRIM_KEY], secret[PRIM_KEY];

    (void)state;
    count_up(key, sizeof(key));
    memcpy(secret, key, sizeof(key));
    poison(secret, sizeof(secret));
    SILENT(T_OK(key_text_encode(secret, &text)));
    reveal(text.p, text.n);
    poison_text(&text, strlen("teekey1"), 2);
    SILENT(T_OK(key_text_decode(buf_span(&text), &back)));
    assert_is(back->p, key, sizeof(key));
    for (size_t i = text.n - 9; i < text.n; i += 4) { /* in the key, and in the checksum */
        text.p[i] ^= 1;
        SILENT(T_RV(CKR_DATA_INVALID, key_text_decode(buf_span(&text), &none)));
        text.p[i] ^= 1;
    }
    text.p[text.n - 20] = 'b'; /* none of the alphabet */
    SILENT(T_RV(CKR_DATA_INVALID, key_text_decode(buf_span(&text), &none)));
}

static void test_key_text_in_capitals(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(secret_freep) struct secret *back = NULL;
    uint8_t key[PRIM_KEY];

    (void)state;
    count_up(key, sizeof(key));
    T_OK(key_text_encode(key, &text));
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = (uint8_t)(text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 32 : text.p[i]);
    poison_text(&text, strlen("teekey1"), 2);
    SILENT(T_OK(key_text_decode(buf_span(&text), &back)));
    assert_is(back->p, key, sizeof(key));
}

static void share_of(const struct shamir_share *share, struct buf *ret)
{
    struct share_text s = {.set = {1, 2, 3, 4}, .threshold = 3, .shares = 5, .share = *share};

    T_OK(share_text_encode(&s, ret));
    reveal(ret->p, ret->n);
    poison_text(ret, strlen("teeshare1"), 13);
}

/* Splitting, writing, reading and joining. */
static void test_shares(void **state)
{
    uint8_t key[PRIM_KEY], secret[PRIM_KEY], set[SHARE_SET];
    struct shamir_share shares[5];
    AUTO(secret_freep) struct secret *back = NULL;
    struct buf text[3] = {BUF_INIT, BUF_INIT, BUF_INIT};
    struct span texts[3];
    size_t bad = 0;
    unsigned needed = 0;

    (void)state;
    count_up(key, sizeof(key));
    memcpy(secret, key, sizeof(key));
    poison(secret, sizeof(secret));
    SILENT(T_OK(shamir_split(secret, 3, 5, shares)));
    for (size_t i = 0; i < 3; i++) {
        SILENT(share_of(&shares[i + 1], &text[i]));
        texts[i] = buf_span(&text[i]);
    }
    SILENT(T_OK(shares_combine(texts, 3, &bad, &needed, set, &back)));
    assert_is(back->p, key, sizeof(key));
    for (size_t i = 0; i < 3; i++)
        buf_clear(&text[i]);
}

/* -- RSA ----------------------------------------------------------------------------------------- */

struct rsa {
    struct key *public_key, *private_key;
};

static void rsa_make(struct rsa *r)
{
    AUTO(attrs_freep) struct attrs *public_key = NULL;
    AUTO(attrs_freep) struct attrs *private_key = NULL;

    fixture_rsa_attrs(8 * RSA_BYTES, &public_key, &private_key);
    r->public_key = fixture_key_from(public_key);
    r->private_key = fixture_key_from(private_key);
}

static void rsa_clear(struct rsa *r)
{
    key_unref(r->public_key);
    key_unref(r->private_key);
}

/* The ciphertext of a block as it stands. */
static void rsa_raw(const struct rsa *r, const uint8_t block[RSA_BYTES], struct buf *ret)
{
    const CK_MECHANISM m = {CKM_RSA_X_509, NULL, 0};

    ret->n = 0;
    fixture_once(OP_ENCRYPT, mech_find(CKM_RSA_X_509), &m, r->public_key,
                 span_of(block, RSA_BYTES), ret);
}

/* 00 02, padding, 00, a text at the end. */
static void pkcs1_block(uint8_t block[RSA_BYTES], size_t n_text)
{
    memset(block, 0xa5, RSA_BYTES);
    block[0] = 0;
    block[1] = 2;
    block[RSA_BYTES - 1 - n_text] = 0;
}

static CK_RV rsa_decrypt(const struct rsa *r, CK_MECHANISM_TYPE type, struct span in, CK_ULONG *n)
{
    const struct mech *row = mech_find(type);
    AUTO(op_freep) struct op *o = NULL;
    uint8_t plain[RSA_BYTES];
    struct fixture_mech f;
    CK_RV rv;

    *n = sizeof(plain);
    fixture_mech(&f, row, 0);
    T_OK(op_start(OP_DECRYPT, row, &f.m, r->private_key, &o));
    poison_rsa = true;
    rv = op_once(o, in, &(struct out){.data = plain, .len = n});
    poison_rsa = false;
    return rv;
}

/* A block of PKCS#1, and one wrong at its first byte, its second, in its padding, or without an end.
 */
static void test_pkcs1(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 1}, {1, 1}, {5, 0}, {RSA_BYTES - 1 - 20, 0xa5}};
    AUTO(rsa_clear) struct rsa r;
    AUTO(buf_clear) struct buf in = BUF_INIT;
    uint8_t block[RSA_BYTES];
    CK_ULONG n = 0;

    (void)state;
    rsa_make(&r);
    pkcs1_block(block, 20);
    rsa_raw(&r, block, &in);
    SILENT(T_OK(rsa_decrypt(&r, CKM_RSA_PKCS, buf_span(&in), &n)));
    assert_int_equal(n, 20);
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        CK_RV rv = CKR_OK;

        pkcs1_block(block, 20);
        block[wrong[i].at] = wrong[i].value;
        rsa_raw(&r, block, &in);
        SILENT(rv = rsa_decrypt(&r, CKM_RSA_PKCS, buf_span(&in), &n));
        /* OpenSSL from 3.2 on rejects implicitly. */
        assert_true(rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_OK);
    }
}

static void oaep_seal(const struct rsa *r, struct span plain, struct buf *ret)
{
    const struct mech *row = mech_find(CKM_RSA_PKCS_OAEP);
    struct fixture_mech f;

    fixture_mech(&f, row, 0);
    ret->n = 0;
    fixture_once(OP_ENCRYPT, row, &f.m, r->public_key, plain, ret);
}

static void test_oaep(void **state)
{
    AUTO(rsa_clear) struct rsa r;
    AUTO(buf_clear) struct buf in = BUF_INIT;
    uint8_t block[RSA_BYTES] = {0};
    CK_ULONG n = 0;

    (void)state;
    rsa_make(&r);
    oaep_seal(&r, SPAN_LIT("sixteen letters."), &in);
    SILENT(T_OK(rsa_decrypt(&r, CKM_RSA_PKCS_OAEP, buf_span(&in), &n)));
    assert_int_equal(n, 16);
    for (uint8_t first = 0; first < 2; first++) { /* Manger's question */
        memset(block, 0xa5, sizeof(block));
        block[0] = first;
        rsa_raw(&r, block, &in);
        SILENT(T_RV(CKR_ENCRYPTED_DATA_INVALID,
                    rsa_decrypt(&r, CKM_RSA_PKCS_OAEP, buf_span(&in), &n)));
    }
}

/* -- unwrapping ---------------------------------------------------------------------------------- */

static CK_RV unwrap(const struct fixture_mech *f, struct key *k, CK_OBJECT_CLASS class,
                    CK_KEY_TYPE type, struct span wrapped)
{
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(class, type);

    return gen_unwrap(mech_find(f->m.mechanism), &f->m, k, wrapped, a);
}

static void wrap_object(const struct fixture_mech *f, struct key *k, const struct attrs *target,
                        struct buf *ret)
{
    CK_ULONG n = 1024;
    struct out out = {.data = buf_extend(ret, n), .len = &n};

    assert_non_null(out.data);
    T_OK(gen_wrap(mech_find(f->m.mechanism), &f->m, k, target, &out));
    ret->n = n;
}

static void wrap_secret(const struct fixture_mech *f, struct key *k, struct buf *ret)
{
    AUTO(attrs_freep)
    struct attrs *target = fixture_secret_attrs(CKK_AES, SPAN_LIT("0123456789abcdef"));

    wrap_object(f, k, target, ret);
}

/* Of all bytes of a blob, from the first to the last, some are changed. */
static void unwrap_all_ways(const struct fixture_mech *f, struct key *k, struct buf *wrapped,
                            size_t step)
{
    SILENT(T_OK(unwrap(f, k, CKO_SECRET_KEY, CKK_AES, buf_span(wrapped))));
    for (size_t at = 0; at < wrapped->n; at += step) {
        wrapped->p[at] ^= 1;
        SILENT(T_RV(CKR_WRAPPED_KEY_INVALID,
                    unwrap(f, k, CKO_SECRET_KEY, CKK_AES, buf_span(wrapped))));
        wrapped->p[at] ^= 1;
    }
}

static void test_unwrap_aes(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        AUTO(key_unrefp) struct key *open = plain_key(CKK_AES);
        AUTO(key_unrefp) struct key *secret = poisoned_key(CKK_AES);
        AUTO(buf_clear) struct buf wrapped = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, mech_find(types[i]), 0);
        wrap_secret(&f, open, &wrapped);
        unwrap_all_ways(&f, secret, &wrapped, 5);
    }
}

/* With an IV of the application's, under which nothing is wrapped. */
static void test_unwrap_gcm(void **state)
{
    const struct mech *row = mech_find(CKM_AES_GCM);
    AUTO(key_unrefp) struct key *open = plain_key(CKK_AES);
    AUTO(key_unrefp) struct key *secret = poisoned_key(CKK_AES);
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    fixture_mech(&f, row, 0);
    fixture_once(OP_ENCRYPT, row, &f.m, open, SPAN_LIT("0123456789abcdef"), &wrapped);
    unwrap_all_ways(&f, secret, &wrapped, 5);
}

static void test_unwrap_rsa(void **state)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_RSA_PKCS_OAEP, CKM_RSA_AES_KEY_WRAP};
    AUTO(rsa_clear) struct rsa r;

    (void)state;
    rsa_make(&r);
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        AUTO(buf_clear) struct buf wrapped = BUF_INIT;
        struct fixture_mech f;

        fixture_mech(&f, mech_find(types[i]), 0);
        wrap_secret(&f, r.public_key, &wrapped);
        poison_rsa = true;
        unwrap_all_ways(&f, r.private_key, &wrapped, 67);
        poison_rsa = false;
    }
}

/* How much a refusal of RSA_AES_KEY_WRAP has told on its way, with a byte changed. */
static unsigned told_by(const struct fixture_mech *f, struct key *k, struct buf *wrapped, size_t at)
{
    const unsigned before = poison_told;

    wrapped->p[at] ^= 1;
    T_RV(CKR_WRAPPED_KEY_INVALID, unwrap(f, k, CKO_SECRET_KEY, CKK_AES, buf_span(wrapped)));
    wrapped->p[at] ^= 1;
    return poison_told - before;
}

/* Whether it was the OAEP part or the one behind it is not even a verdict on the way. */
static void test_rsa_aes_takes_one_way(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_AES_KEY_WRAP);
    AUTO(rsa_clear) struct rsa r;
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    struct fixture_mech f;

    (void)state;
    rsa_make(&r);
    fixture_mech(&f, row, 0);
    wrap_secret(&f, r.public_key, &wrapped);
    assert_int_equal(told_by(&f, r.private_key, &wrapped, 9),
                     told_by(&f, r.private_key, &wrapped, wrapped.n - 1));
}

/* Plaintext under CBC without padding of its own. */
static void cbc_raw(struct span plain, struct buf *ret)
{
    const struct mech *row = mech_find(CKM_AES_CBC);
    AUTO(key_unrefp) struct key *k = plain_key(CKK_AES);
    struct fixture_mech f;

    fixture_mech(&f, row, 0);
    ret->n = 0;
    fixture_once(OP_ENCRYPT, row, &f.m, k, plain, ret);
}

static CK_RV cbc_pad_decrypt(struct key *k, struct span in, size_t parts)
{
    const struct mech *row = mech_find(CKM_AES_CBC_PAD);
    AUTO(op_freep) struct op *o = NULL;
    uint8_t plain[64];
    CK_ULONG n = sizeof(plain);
    struct fixture_mech f;

    fixture_mech(&f, row, 0);
    T_OK(op_start(OP_DECRYPT, row, &f.m, k, &o));
    if (parts == 1)
        return op_once(o, in, &(struct out){.data = plain, .len = &n});
    T_OK(op_update(o, in, &(struct out){.data = plain, .len = &n}));
    n = sizeof(plain);
    return op_final(o, &(struct out){.data = plain, .len = &n});
}

/* Every length of padding; each wrong at its first byte, its last, and too long or none. */
static void test_cbc_pad(void **state)
{
    AUTO(key_unrefp) struct key *secret = poisoned_key(CKK_AES);
    AUTO(buf_clear) struct buf in = BUF_INIT;

    (void)state;
    for (uint8_t pad = 0; pad <= BLOCK + 1; pad++) {
        const bool good = pad > 0 && pad <= BLOCK;
        uint8_t plain[2 * BLOCK] = {0};

        memset(plain + sizeof(plain) - pad, pad, pad);
        for (size_t parts = 1; parts <= 2; parts++) {
            cbc_raw(SPAN_ARRAY(plain), &in);
            SILENT(T_RV(good ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID,
                        cbc_pad_decrypt(secret, buf_span(&in), parts)));
        }
        if (pad < 2 || !good)
            continue;
        plain[sizeof(plain) - pad] ^= 1;
        cbc_raw(SPAN_ARRAY(plain), &in);
        SILENT(
            T_RV(CKR_ENCRYPTED_DATA_INVALID, cbc_pad_decrypt(secret, buf_span(&in), 1)));
    }
}

/* A private key in CBC with padding: right, and with each byte of the padding, and of the last
 * block as it is sent, changed. (What is before may be changed: nothing authenticates it.) */
static void test_unwrap_cbc_pad(void **state)
{
    const struct mech *kwp = mech_find(CKM_AES_KEY_WRAP_KWP), *cbc = mech_find(CKM_AES_CBC_PAD);
    static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    AUTO(key_unrefp) struct key *open = plain_key(CKK_AES);
    AUTO(key_unrefp) struct key *secret = poisoned_key(CKK_AES);
    AUTO(attrs_freep) struct attrs *public_key = NULL;
    AUTO(attrs_freep) struct attrs *private_key = NULL;
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct fixture_mech by_kwp, by_cbc;

    (void)state;
    fixture_ec_attrs(CKK_EC, SPAN_ARRAY(p256), &public_key, &private_key);
    fixture_mech(&by_kwp, kwp, 0);
    fixture_mech(&by_cbc, cbc, 0);
    wrap_object(&by_kwp, open, private_key, &wrapped);
    fixture_once(OP_DECRYPT, kwp, &by_kwp.m, open, buf_span(&wrapped), &plain);
    wrapped.n = 0;
    fixture_once(OP_ENCRYPT, cbc, &by_cbc.m, open, buf_span(&plain), &wrapped);
    SILENT(T_OK(unwrap(&by_cbc, secret, CKO_PRIVATE_KEY, CKK_EC, buf_span(&wrapped))));
    for (size_t at = plain.n - BLOCK; at < wrapped.n; at++) {
        wrapped.p[at] ^= 1;
        SILENT(T_RV(CKR_WRAPPED_KEY_INVALID,
                    unwrap(&by_cbc, secret, CKO_PRIVATE_KEY, CKK_EC, buf_span(&wrapped))));
        wrapped.p[at] ^= 1;
    }
}

/* -- PINs ---------------------------------------------------------------------------------------- */

/* Copies whose bytes are secrets. */
static struct span poisoned_pin(struct span pin, uint8_t room[32])
{
    memcpy(room, pin.p, pin.n);
    poison(room, pin.n);
    return span_of(room, pin.n);
}

static void test_pin(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *l = NULL;
    AUTO(login_unrefp) struct login *none = NULL;
    uint8_t wrong[32], close[32], right[32];

    SILENT(T_RV(CKR_PIN_INCORRECT,
                token_login(f->k, t.id, ROLE_SO, poisoned_pin(WRONG_PIN, wrong), &none)));
    /* Wrong in its last letter only. */
    (void)poisoned_pin(SO_PIN, close);
    close[SO_PIN.n - 1] ^= 1;
    SILENT(T_RV(CKR_PIN_INCORRECT,
                token_login(f->k, t.id, ROLE_SO, span_of(close, SO_PIN.n), &none)));
    SILENT(T_OK(token_login(f->k, t.id, ROLE_SO, poisoned_pin(SO_PIN, right), &l)));
}

/* From one secret PIN to another. */
static void test_pin_change(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(login_unrefp) struct login *l = NULL;
    AUTO(login_unrefp) struct login *again = NULL;
    uint8_t old_pin[32], new_pin[32];

    fixture_user_pin(f, &t);
    SILENT(T_OK(token_set_pin(f->k, t.id, ROLE_USER, poisoned_pin(USER_PIN, old_pin),
                              poisoned_pin(NEW_PIN, new_pin), &l)));
    T_OK(token_login(f->k, t.id, ROLE_USER, NEW_PIN, &again));
}

/* -- what an owner keeps ------------------------------------------------------------------------- */

/* A recovery key that opens its seal, and one that does not. */
static void test_seal_by_key(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY, .name = SPAN_LIT("the safe")};
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    AUTO(secret_freep) struct secret *key = NULL;
    struct seal_proof proof = {.kind = SEAL_KEY};

    T_OK(seal_add(f->k, &q, &made));
    T_OK(key_text_decode(buf_span(&made.texts[0]), &key));
    proof.secret = secret_span(key);
    poison(key->p, key->n);
    SILENT(T_OK(seal_try(f->k, made.id, &proof)));
    key->p[0] ^= 1;
    SILENT(T_RV(CKR_ENCRYPTED_DATA_INVALID, seal_try(f->k, made.id, &proof)));
}

static void test_seal_by_passphrase(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_PASSPHRASE,
                                   .passphrase = SPAN_LIT("correct horse")};
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    struct seal_proof proof = {.kind = SEAL_PASSPHRASE};
    uint8_t right[32], wrong[32];

    T_OK(seal_add(f->k, &q, &made));
    proof.secret = poisoned_pin(SPAN_LIT("correct horse"), right);
    SILENT(T_OK(seal_try(f->k, made.id, &proof)));
    proof.secret = poisoned_pin(SPAN_LIT("correct house"), wrong);
    SILENT(T_RV(CKR_ENCRYPTED_DATA_INVALID, seal_try(f->k, made.id, &proof)));
}

/* clang-format off */
#define ON_TOKEN(name, fn) {name, fn, fixture_setup_token, fixture_teardown, NULL}
#define TEST(name, fn) {name, fn, NULL, NULL, NULL}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/secret/control/branch", test_control_branch),
        TEST("/secret/control/address", test_control_address),
        TEST("/secret/control/called-back", test_control_called_back),
        TEST("/secret/control/verdict", test_control_verdict),
        TEST("/secret/text/key", test_key_text),
        TEST("/secret/text/capitals", test_key_text_in_capitals),
        TEST("/secret/text/shares", test_shares),
        TEST("/secret/rsa/pkcs1", test_pkcs1),
        TEST("/secret/rsa/oaep", test_oaep),
        TEST("/secret/unwrap/aes", test_unwrap_aes),
        TEST("/secret/unwrap/gcm", test_unwrap_gcm),
        TEST("/secret/unwrap/rsa", test_unwrap_rsa),
        TEST("/secret/unwrap/rsa-aes-one-way", test_rsa_aes_takes_one_way),
        TEST("/secret/cbc/padding", test_cbc_pad),
        TEST("/secret/unwrap/cbc-pad", test_unwrap_cbc_pad),
        ON_TOKEN("/secret/pin/login", test_pin),
        ON_TOKEN("/secret/pin/change", test_pin_change),
        ON_TOKEN("/secret/seal/key", test_seal_by_key),
        ON_TOKEN("/secret/seal/passphrase", test_seal_by_passphrase),
    };
    int failed;

    if (!poison_works()) {
        print_message("not under valgrind: nothing would be seen\n");
        return 77;
    }
    T_OK(crypto_ready());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_keys_free();
    return failed;
}
