/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-mech.c - the mechanism table, row by row: its order and its promises, and every row that
 * digests, signs, verifies, encrypts or decrypts at work with its smallest and its largest key.
 */
#include "crypto_fixture.h"

#include "crypto/gen_class.h"
#include "crypto/key_class.h"
#include "crypto/op_class.h"
#include "crypto/ossl.h"
#include "tee-pkcs11.h"

static const struct {
    CK_FLAGS flag;
    enum op_kind kind;
} op_flags[] = {
    {CKF_ENCRYPT, OP_ENCRYPT},
    {CKF_DECRYPT, OP_DECRYPT},
    {CKF_DIGEST, OP_DIGEST},
    {CKF_SIGN, OP_SIGN},
    {CKF_VERIFY, OP_VERIFY},
    {CKF_SIGN_RECOVER, OP_SIGN_RECOVER},
    {CKF_VERIFY_RECOVER, OP_VERIFY_RECOVER},
};

/* Some bytes that are not all the same. */
static struct span sample(size_t n)
{
    static uint8_t bytes[70000];

    assert_true(n <= sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    return span_of(bytes, n);
}

static void rows_are_sorted_and_unique(void **state)
{
    (void)state;
    for (size_t i = 1; i < n_mechs; i++)
        assert_true(mechs[i - 1].type < mechs[i].type);
    for (size_t i = 0; i < n_mechs; i++) {
        assert_ptr_equal(mech_find(mechs[i].type), &mechs[i]);
        assert_int_equal(strncmp(mechs[i].name, "CKM_", 4), 0);
        assert_non_null(mechs[i].parse);
        assert_non_null(param_text_of(&mechs[i]));
        assert_true(mechs[i].min <= mechs[i].max);
        assert_true(mechs[i].md == NULL || hash_of_md(mechs[i].md) != NULL);
    }
}

static void unknown_mechanisms_are_not_found(void **state)
{
    (void)state;
    assert_null(mech_find(CKM_DES3_CBC));
    assert_null(mech_find(CKM_MD5));
    assert_null(mech_find(CKM_DSA));
    assert_null(mech_find(CKM_RC4));
    assert_null(mech_find(CK_UNAVAILABLE_INFORMATION));
    assert_null(mech_find(CKM_VENDOR_DEFINED));
}

static void every_flag_has_its_method(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *m = &mechs[i];
        const struct gen_class *g = m->gen;

        for (size_t k = 0; k < N_ELEMENTS(op_flags); k++) {
            const bool has = m->op != NULL && m->op->kinds[op_flags[k].kind] != NULL;

            assert_int_equal((m->flags & op_flags[k].flag) != 0, has);
        }
        assert_int_equal((m->flags & CKF_GENERATE) != 0, g != NULL && g->key != NULL);
        assert_int_equal((m->flags & CKF_GENERATE_KEY_PAIR) != 0, g != NULL && g->pair != NULL);
        assert_int_equal((m->flags & CKF_DERIVE) != 0, g != NULL && g->derive != NULL);
        assert_int_equal((m->flags & CKF_WRAP) != 0,
                         g != NULL && (g->wraps_secrets || g->wraps_privates));
        assert_int_equal((m->flags & CKF_UNWRAP) != 0,
                         g != NULL && (g->unwraps_secrets || g->unwraps_privates));
    }
}

static void operations_without_their_flag_do_not_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const CK_MECHANISM m = {.mechanism = mechs[i].type};

        for (size_t k = 0; k < N_ELEMENTS(op_flags); k++) {
            struct op *o = NULL;

            if ((mechs[i].flags & op_flags[k].flag) != 0)
                continue;
            T_RV(CKR_MECHANISM_INVALID, op_start(op_flags[k].kind, &mechs[i], &m, NULL, &o));
            assert_null(o);
        }
    }
}

/* -- parameters ---------------------------------------------------------------------------- */

/* A first use of the row that takes a parameter, and a key for it. */
static CK_RV try_parameter(const struct mech *row, void *p, CK_ULONG n)
{
    const CK_MECHANISM m = {row->type, p, n};

    for (size_t k = 0; k < N_ELEMENTS(op_flags); k++) {
        AUTO(op_freep) struct op *o = NULL;

        if ((row->flags & op_flags[k].flag) == 0)
            continue;
        return op_start(op_flags[k].kind, row, &m,
                        row->key_type == ANY_KEY ? NULL : fixture_key(row, false, op_flags[k].flag),
                        &o);
    }
    return CKR_OK;
}

static void wrong_parameters_are_refused(void **state)
{
    uint8_t garbage[200];

    (void)state;
    memset(garbage, 0xff, sizeof(garbage));
    for (size_t i = 0; i < n_mechs; i++) {
        if (mechs[i].op == NULL)
            continue;
        T_RV(CKR_MECHANISM_PARAM_INVALID, try_parameter(&mechs[i], garbage, 3));
        T_RV(CKR_MECHANISM_PARAM_INVALID, try_parameter(&mechs[i], garbage, sizeof(garbage)));
        T_RV(CKR_MECHANISM_PARAM_INVALID, try_parameter(&mechs[i], NULL, 16));
        if (mechs[i].parse != parse_none && mechs[i].parse != parse_eddsa &&
            mechs[i].parse != parse_iv_wrap && mechs[i].parse != parse_iv_kwp)
            T_RV(CKR_MECHANISM_PARAM_INVALID, try_parameter(&mechs[i], NULL, 0));
    }
}

/* -- digests ------------------------------------------------------------------------------- */

static void digest_row(const struct mech *row)
{
    static const size_t parts[] = {1, 7, 64, 1000, 70000};
    const CK_MECHANISM m = {.mechanism = row->type};
    AUTO(buf_clear) struct buf whole = BUF_INIT;

    fixture_once(OP_DIGEST, row, &m, NULL, sample(3000), &whole);
    assert_int_equal(whole.n, hash_of_md(row->md)->n);
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        AUTO(buf_clear) struct buf pieces = BUF_INIT;

        fixture_parts(OP_DIGEST, row, &m, NULL, sample(3000), parts[i], &pieces);
        assert_span_equal(buf_span(&whole), buf_span(&pieces));
    }
}

static void every_digest_is_the_same_in_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & CKF_DIGEST) != 0)
            digest_row(&mechs[i]);
    }
}

/* -- signatures ---------------------------------------------------------------------------- */

/* Bytes that the row signs in one piece without hashing them: as many as its hash has. */
static size_t sign_input(const struct mech *row)
{
    if (row->op == &op_tls_mac)
        return 500;
    return row->op->kinds[OP_SIGN]->update == NULL ? 32 : 5000;
}

/* Does the same key sign the same message to the same bytes? */
static bool is_deterministic(const struct mech *row)
{
    return row->parse != parse_pss && row->key_type != CKK_EC;
}

static void verify_parts(const struct mech *row, const CK_MECHANISM *m, bool largest,
                         struct span in, struct span signature)
{
    static const size_t parts[] = {1, 63, 64, 4999};

    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        AUTO(op_freep) struct op *o = NULL;

        T_OK(op_start(OP_VERIFY, row, m, fixture_key(row, largest, CKF_VERIFY), &o));
        for (size_t done = 0; done < in.n; done += parts[i]) {
            const size_t step = in.n - done < parts[i] ? in.n - done : parts[i];

            T_OK(op_update(o, span_of(in.p + done, step), NULL));
        }
        T_OK(op_verify_final(o, signature));
    }
    for (size_t n = 0; n < 2; n++) {
        AUTO(op_freep) struct op *o = NULL;

        T_OK(op_start(OP_VERIFY, row, m, fixture_key(row, largest, CKF_VERIFY), &o));
        T_OK(op_update(o, in, NULL));
        T_RV(CKR_SIGNATURE_LEN_RANGE, op_verify_final(o, span_of(signature.p, n)));
    }
}

static void sign_parts(const struct mech *row, const CK_MECHANISM *m, bool largest, struct span in,
                       struct span signature)
{
    static const size_t parts[] = {1, 64, 4999};

    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        AUTO(buf_clear) struct buf again = BUF_INIT;

        fixture_parts(OP_SIGN, row, m, fixture_key(row, largest, CKF_SIGN), in, parts[i], &again);
        if (is_deterministic(row))
            assert_span_equal(signature, buf_span(&again));
        T_OK(fixture_verify(row, m, fixture_key(row, largest, CKF_VERIFY), in, buf_span(&again)));
    }
    verify_parts(row, m, largest, in, signature);
}

/* What is not the signature of this message is refused. */
static void refuse_others(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                          struct span in, struct span signature)
{
    uint8_t changed[2048], other[5000];

    memcpy(changed, signature.p, signature.n);
    changed[signature.n / 2] ^= 1;
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(row, m, k, in, span_of(changed, signature.n)));
    memset(changed, 0, signature.n);
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(row, m, k, in, span_of(changed, signature.n)));
    memset(changed, 0xff, signature.n);
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(row, m, k, in, span_of(changed, signature.n)));
    memcpy(other, in.p, in.n);
    other[0] ^= 0x80;
    T_RV(CKR_SIGNATURE_INVALID, fixture_verify(row, m, k, span_of(other, in.n), signature));
    T_RV(CKR_SIGNATURE_LEN_RANGE,
         fixture_verify(row, m, k, in, span_of(signature.p, signature.n - 1)));
    memcpy(changed, signature.p, signature.n);
    T_RV(CKR_SIGNATURE_LEN_RANGE, fixture_verify(row, m, k, in, span_of(changed, signature.n + 2)));
    T_RV(CKR_SIGNATURE_LEN_RANGE, fixture_verify(row, m, k, in, SPAN_EMPTY));
}

static void sign_row(const struct mech *row, bool largest)
{
    const struct span in = sample(sign_input(row));
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct fixture_mech f;

    fixture_mech(&f, row, in.n);
    fixture_once(OP_SIGN, row, &f.m, fixture_key(row, largest, CKF_SIGN), in, &signature);
    fixture_once(OP_SIGN, row, &f.m, fixture_key(row, largest, CKF_SIGN), in, &again);
    assert_int_equal(span_equal(buf_span(&signature), buf_span(&again)),
                     is_deterministic(row) || (row->parse == parse_pss && f.param.pss.sLen == 0));
    T_OK(
        fixture_verify(row, &f.m, fixture_key(row, largest, CKF_VERIFY), in, buf_span(&signature)));
    refuse_others(row, &f.m, fixture_key(row, largest, CKF_VERIFY), in, buf_span(&signature));
    if (row->op->kinds[OP_SIGN]->update != NULL && (!largest || row->key_type != CKK_RSA))
        sign_parts(row, &f.m, largest, in, buf_span(&signature));
}

static void every_signature_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & CKF_SIGN) == 0 || (mechs[i].traits & MECH_OF_TOKEN) != 0)
            continue;
        sign_row(&mechs[i], false);
        sign_row(&mechs[i], true);
    }
}

/* A query and a buffer that is too small by one, then room enough. */
static void ask_once(struct op *o, struct span in, size_t need)
{
    uint8_t bytes[8192];
    CK_ULONG n = 0;

    T_OK(op_once(o, in, &(struct out){.data = NULL, .len = &n}));
    assert_true(n >= need);
    n = need - 1;
    T_RV(CKR_BUFFER_TOO_SMALL, op_once(o, in, &(struct out){.data = bytes, .len = &n}));
    assert_int_equal(n, need);
    T_OK(op_once(o, in, &(struct out){.data = bytes, .len = &n}));
    assert_int_equal(n, need);
}

static void ask_final(struct op *o, struct span in, size_t need)
{
    uint8_t bytes[8192];
    CK_ULONG n = 0;

    T_OK(op_update(o, in, NULL));
    T_OK(op_final(o, &(struct out){.data = NULL, .len = &n}));
    assert_int_equal(n, need);
    n = need - 1;
    T_RV(CKR_BUFFER_TOO_SMALL, op_final(o, &(struct out){.data = bytes, .len = &n}));
    assert_int_equal(n, need);
    T_OK(op_final(o, &(struct out){.data = bytes, .len = &n}));
    assert_int_equal(n, need);
}

static void ask_row(const struct mech *row, enum op_kind kind, CK_FLAGS flag)
{
    struct key *k = row->key_type == ANY_KEY ? NULL : fixture_key(row, false, flag);
    const struct span in = sample(32);
    AUTO(buf_clear) struct buf result = BUF_INIT;
    AUTO(op_freep) struct op *once = NULL;
    AUTO(op_freep) struct op *parts = NULL;
    struct fixture_mech f;

    fixture_mech(&f, row, in.n);
    fixture_once(kind, row, &f.m, k, in, &result);
    T_OK(op_start(kind, row, &f.m, k, &once));
    ask_once(once, in, result.n);
    T_OK(op_start(kind, row, &f.m, k, &parts));
    if (op_is_multipart(parts) && kind != OP_ENCRYPT)
        ask_final(parts, in, result.n);
}

static void questions_about_length_consume_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & CKF_DIGEST) != 0)
            ask_row(&mechs[i], OP_DIGEST, CKF_DIGEST);
        if ((mechs[i].flags & CKF_SIGN) != 0 && (mechs[i].traits & MECH_OF_TOKEN) == 0)
            ask_row(&mechs[i], OP_SIGN, CKF_SIGN);
        if ((mechs[i].flags & CKF_SIGN_RECOVER) != 0)
            ask_row(&mechs[i], OP_SIGN_RECOVER, CKF_SIGN_RECOVER);
        if ((mechs[i].flags & CKF_ENCRYPT) != 0)
            ask_row(&mechs[i], OP_ENCRYPT, CKF_ENCRYPT);
    }
}

static void signatures_recover_their_data(void **state)
{
    const struct mech *row = mech_find(CKM_RSA_PKCS);
    const CK_MECHANISM m = {.mechanism = CKM_RSA_PKCS};
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    AUTO(buf_clear) struct buf data = BUF_INIT;
    AUTO(op_freep) struct op *o = NULL;
    AUTO(op_freep) struct op *changed = NULL;
    uint8_t bytes[256];
    CK_ULONG n = sizeof(bytes);

    (void)state;
    fixture_once(OP_SIGN_RECOVER, row, &m, fixture_key(row, false, CKF_SIGN_RECOVER), sample(40),
                 &signature);
    fixture_once(OP_VERIFY_RECOVER, row, &m, fixture_key(row, false, CKF_VERIFY_RECOVER),
                 buf_span(&signature), &data);
    assert_span_equal(sample(40), buf_span(&data));
    T_OK(op_start(OP_VERIFY_RECOVER, row, &m, fixture_key(row, false, CKF_VERIFY_RECOVER), &o));
    ask_once(o, buf_span(&signature), 40);
    signature.p[3] ^= 1;
    T_OK(op_start(OP_VERIFY_RECOVER, row, &m, fixture_key(row, false, CKF_VERIFY_RECOVER),
                  &changed));
    T_RV(CKR_SIGNATURE_INVALID, op_once(changed, buf_span(&signature), &(struct out){bytes, &n}));
}

/* -- encryption ---------------------------------------------------------------------------- */

/* Without padding, what is decrypted is a number as long as the modulus. */
static void assert_comes_back(const struct mech *row, struct span plain, struct span back)
{
    if (row->op == &op_rsa_x509) {
        assert_true(back.n >= plain.n && mem_is_zero(back.p, back.n - plain.n));
        back = span_of(back.p + back.n - plain.n, plain.n);
    }
    assert_span_equal(plain, back);
}

/* May n bytes be encrypted? */
static bool takes(const struct mech *row, size_t n)
{
    if (row->op == &op_cipher)
        return n % 16 == 0;
    if (row->op == &op_cipher_whole)
        return n >= 16;
    if (row->op == &op_key_wrap)
        return n > 0 && (row->parse == parse_iv_kwp || (n % 8 == 0 && n >= 16));
    return row->key_type != CKK_RSA || n <= 2048 / 8 - 2 * 32 - 2;
}

static void crypt_in_parts(const struct mech *row, const CK_MECHANISM *m, bool largest,
                           struct span plain, struct span cipher)
{
    static const size_t parts[] = {1, 15, 16, 17, 100, 70000};

    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        AUTO(buf_clear) struct buf there = BUF_INIT;
        AUTO(buf_clear) struct buf back = BUF_INIT;

        fixture_parts(OP_ENCRYPT, row, m, fixture_key(row, largest, CKF_ENCRYPT), plain, parts[i],
                      &there);
        assert_span_equal(cipher, buf_span(&there));
        fixture_parts(OP_DECRYPT, row, m, fixture_key(row, largest, CKF_DECRYPT), cipher, parts[i],
                      &back);
        assert_span_equal(plain, buf_span(&back));
    }
}

/* In one piece, input and output in the same place. */
static void crypt_in_place(const struct mech *row, const CK_MECHANISM *m, bool largest,
                           struct span plain)
{
    AUTO(op_freep) struct op *there = NULL;
    AUTO(op_freep) struct op *back = NULL;
    uint8_t bytes[8192];
    CK_ULONG n = sizeof(bytes);
    struct out out = {.data = bytes, .len = &n};

    assert_true(plain.n <= 4096);
    memcpy(bytes, plain.p, plain.n);
    T_OK(op_start(OP_ENCRYPT, row, m, fixture_key(row, largest, CKF_ENCRYPT), &there));
    T_OK(op_once(there, span_of(bytes, plain.n), &out));
    T_OK(op_start(OP_DECRYPT, row, m, fixture_key(row, largest, CKF_DECRYPT), &back));
    {
        const size_t n_cipher = n;

        n = sizeof(bytes);
        T_OK(op_once(back, span_of(bytes, n_cipher), &out));
    }
    assert_comes_back(row, plain, span_of(bytes, n));
}

static void crypt_row(const struct mech *row, bool largest)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 32, 160, 1000, 4096};

    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        const struct span plain = sample(sizes[i]);
        AUTO(buf_clear) struct buf there = BUF_INIT;
        AUTO(buf_clear) struct buf back = BUF_INIT;
        struct fixture_mech f;

        if (!takes(row, plain.n))
            continue;
        fixture_mech(&f, row, plain.n);
        fixture_once(OP_ENCRYPT, row, &f.m, fixture_key(row, largest, CKF_ENCRYPT), plain, &there);
        fixture_once(OP_DECRYPT, row, &f.m, fixture_key(row, largest, CKF_DECRYPT),
                     buf_span(&there), &back);
        assert_comes_back(row, plain, buf_span(&back));
        assert_true(plain.n < 16 || !span_equal(plain, span_of(there.p, plain.n)));
        crypt_in_place(row, &f.m, largest, plain);
        if (row->op->kinds[OP_ENCRYPT]->update != NULL)
            crypt_in_parts(row, &f.m, largest, plain, buf_span(&there));
    }
}

static void every_encryption_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & CKF_ENCRYPT) == 0)
            continue;
        crypt_row(&mechs[i], false);
        crypt_row(&mechs[i], true);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];
        AUTO(op_freep) struct op *o = NULL;
        uint8_t bytes[8192];
        CK_ULONG n = sizeof(bytes);
        struct fixture_mech f;

        if ((row->flags & CKF_ENCRYPT) == 0 || takes(row, 2001))
            continue;
        fixture_mech(&f, row, 2001);
        T_OK(op_start(OP_ENCRYPT, row, &f.m, fixture_key(row, false, CKF_ENCRYPT), &o));
        T_RV(CKR_DATA_LEN_RANGE, op_once(o, sample(2001), &(struct out){.data = bytes, .len = &n}));
    }
}

/* One bit changed anywhere in what is authenticated or padded: never the plaintext, one code. */
static void changed_row(const struct mech *row, size_t n_plain)
{
    AUTO(buf_clear) struct buf there = BUF_INIT;
    struct fixture_mech f;

    fixture_mech(&f, row, n_plain);
    fixture_once(OP_ENCRYPT, row, &f.m, fixture_key(row, false, CKF_ENCRYPT), sample(n_plain),
                 &there);
    for (size_t i = 0; i < there.n; i++) {
        AUTO(op_freep) struct op *o = NULL;
        uint8_t bytes[1024];
        CK_ULONG n = sizeof(bytes);

        there.p[i] ^= 0x01;
        memset(bytes, 0xee, sizeof(bytes));
        T_OK(op_start(OP_DECRYPT, row, &f.m, fixture_key(row, false, CKF_DECRYPT), &o));
        T_RV(CKR_ENCRYPTED_DATA_INVALID,
             op_once(o, buf_span(&there), &(struct out){.data = bytes, .len = &n}));
        /* Nothing of the plaintext is in the application's buffer. */
        assert_false(n_plain > 0 && memcmp(bytes, sample(n_plain).p, n_plain) == 0);
        there.p[i] ^= 0x01;
    }
}

static void every_change_of_authentic_text_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];

        if (row->op == &op_aead || row->op == &op_ccm || row->op == &op_key_wrap)
            changed_row(row, 48);
        if (row->op == &op_rsa_oaep)
            changed_row(row, 16);
    }
}

/* -- keys of other kinds ------------------------------------------------------------------- */

static void keys_fit_their_rows(void **state)
{
    const struct mech *hmac = mech_find(CKM_SHA256_HMAC), *ecdh = mech_find(CKM_ECDH1_DERIVE);
    const struct mech *ecdsa = mech_find(CKM_ECDSA), *gcm = mech_find(CKM_AES_GCM);

    (void)state;
    assert_true(mech_takes_key(hmac, CKO_SECRET_KEY, CKK_SHA256_HMAC, CKF_SIGN));
    assert_true(mech_takes_key(hmac, CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKF_VERIFY));
    assert_false(mech_takes_key(hmac, CKO_SECRET_KEY, CKK_SHA512_HMAC, CKF_SIGN));
    assert_false(mech_takes_key(hmac, CKO_SECRET_KEY, CKK_AES, CKF_SIGN));
    assert_false(mech_takes_key(hmac, CKO_PRIVATE_KEY, CKK_GENERIC_SECRET, CKF_SIGN));
    assert_false(
        mech_takes_key(mech_find(CKM_AES_CMAC), CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKF_SIGN));
    assert_true(mech_takes_key(ecdh, CKO_PRIVATE_KEY, CKK_EC, CKF_DERIVE));
    assert_true(mech_takes_key(ecdh, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, CKF_DERIVE));
    assert_false(mech_takes_key(mech_find(CKM_ECDH1_COFACTOR_DERIVE), CKO_PRIVATE_KEY,
                                CKK_EC_MONTGOMERY, CKF_DERIVE));
    assert_false(mech_takes_key(ecdh, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, CKF_DERIVE));
    assert_true(mech_takes_key(ecdsa, CKO_PRIVATE_KEY, CKK_EC, CKF_SIGN));
    assert_true(mech_takes_key(ecdsa, CKO_PUBLIC_KEY, CKK_EC, CKF_VERIFY));
    assert_false(mech_takes_key(ecdsa, CKO_PUBLIC_KEY, CKK_EC, CKF_SIGN));
    assert_false(mech_takes_key(ecdsa, CKO_PRIVATE_KEY, CKK_EC, CKF_VERIFY));
    assert_false(mech_takes_key(ecdsa, CKO_PRIVATE_KEY, CKK_EC, CKF_DERIVE));
    assert_true(mech_takes_key(gcm, CKO_SECRET_KEY, CKK_AES, CKF_DECRYPT));
    assert_false(mech_takes_key(gcm, CKO_PUBLIC_KEY, CKK_AES, CKF_ENCRYPT));
    assert_false(mech_takes_key(mech_find(CKM_SHA256), CKO_SECRET_KEY, CKK_AES, CKF_DIGEST));
    assert_false(
        mech_takes_key(mech_find(CKM_TEE_DEK_KEY_GEN), CKO_SECRET_KEY, CKK_AES, CKF_GENERATE));
}

static void key_sizes_are_in_the_unit_of_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];

        if (row->key_type == ANY_KEY || row->op == NULL)
            continue;
        assert_int_equal(mech_key_size(row, fixture_key(row, true, CKF_SIGN)), row->max);
    }
}

static struct attrs *small_rsa(CK_OBJECT_CLASS class)
{
    struct attrs *a = fixture_attrs(class, CKK_RSA);
    uint8_t number[128];

    memset(number, 0xab, sizeof(number));
    T_OK(attrs_set(a, CKA_MODULUS, SPAN_ARRAY(number)));
    T_OK(attrs_set(a, CKA_PUBLIC_EXPONENT, SPAN_LIT("\x03")));
    T_OK(attrs_set(a, CKA_PRIVATE_EXPONENT, span_of(number, 127)));
    return a;
}

static void small_rsa_keys_verify_and_nothing_else(void **state)
{
    AUTO(attrs_freep) struct attrs *public_attrs = small_rsa(CKO_PUBLIC_KEY);
    AUTO(attrs_freep) struct attrs *private_attrs = small_rsa(CKO_PRIVATE_KEY);
    AUTO(key_unrefp) struct key *public_key = fixture_key_from(public_attrs);
    AUTO(key_unrefp) struct key *private_key = fixture_key_from(private_attrs);
    const uint8_t signature[128] = {0};

    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        struct fixture_mech f;

        if (mechs[i].key_type != CKK_RSA || mechs[i].op == NULL)
            continue;
        fixture_mech(&f, &mechs[i], 0);
        for (size_t k = 0; k < N_ELEMENTS(op_flags); k++) {
            const CK_FLAGS flag = op_flags[k].flag;
            const bool verifies = (flag & (CKF_VERIFY | CKF_VERIFY_RECOVER)) != 0;
            struct key *key = verifies || flag == CKF_ENCRYPT ? public_key : private_key;
            AUTO(op_freep) struct op *o = NULL;

            if ((mechs[i].flags & flag) == 0)
                continue;
            /* PSS with SHA-512 and as much salt has no room in 1024 bits. */
            if (verifies && mechs[i].parse == parse_pss && f.param.pss.sLen > 48)
                continue;
            T_RV(verifies ? CKR_OK : CKR_KEY_SIZE_RANGE,
                 op_start(op_flags[k].kind, &mechs[i], &f.m, key, &o));
            if (flag == CKF_VERIFY)
                T_RV(CKR_SIGNATURE_INVALID, op_verify_once(o, sample(32), SPAN_ARRAY(signature)));
        }
    }
}

/* The rows that are not there unless somebody asks for them, each with a reason. */
static void what_is_dangerous_is_off(void **state)
{
    static const CK_MECHANISM_TYPE off[] = {
        CKM_RSA_X_509, /* a private key applied to any number */
        CKM_TLS12_KEY_AND_MAC_DERIVE, /* shows any part of the key block as an IV */
        /* what is derived so tells of the key that it comes from, piece by piece */
        CKM_CONCATENATE_BASE_AND_KEY,
        CKM_CONCATENATE_BASE_AND_DATA,
        CKM_CONCATENATE_DATA_AND_BASE,
        CKM_XOR_BASE_AND_DATA,
        CKM_EXTRACT_KEY_FROM_KEY,
        CKM_SHA1_KEY_DERIVATION,
        CKM_SHA224_KEY_DERIVATION,
        CKM_SHA256_KEY_DERIVATION,
        CKM_SHA384_KEY_DERIVATION,
        CKM_SHA512_KEY_DERIVATION,
        CKM_SHA512_224_KEY_DERIVATION,
        CKM_SHA512_256_KEY_DERIVATION,
        CKM_SHA3_224_KEY_DERIVATION,
        CKM_SHA3_256_KEY_DERIVATION,
        CKM_SHA3_384_KEY_DERIVATION,
        CKM_SHA3_512_KEY_DERIVATION,
    };
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < n_mechs; i++)
        n += !mech_enabled(&mechs[i]);
    assert_int_equal(n, N_ELEMENTS(off));
    for (size_t i = 0; i < N_ELEMENTS(off); i++) {
        assert_non_null(mech_find(off[i]));
        assert_null(mech_find_enabled(off[i]));
    }
    assert_null(mech_find_enabled(CKM_DES3_CBC));
    assert_ptr_equal(mech_find_enabled(CKM_AES_GCM), mech_find(CKM_AES_GCM));
}

static void rows_are_switched(void **state)
{
    const struct mech *raw = mech_find(CKM_RSA_X_509), *gcm = mech_find(CKM_AES_GCM);

    (void)state;
    mech_set_switch(raw, MECH_ON);
    mech_set_switch(gcm, MECH_OFF);
    assert_ptr_equal(mech_find_enabled(CKM_RSA_X_509), raw);
    assert_null(mech_find_enabled(CKM_AES_GCM));
    mech_set_switch(raw, MECH_OFF);
    assert_null(mech_find_enabled(CKM_RSA_X_509));
    mech_set_switch(raw, MECH_AS_TABLE);
    mech_set_switch(gcm, MECH_AS_TABLE);
    assert_null(mech_find_enabled(CKM_RSA_X_509));
    assert_ptr_equal(mech_find_enabled(CKM_AES_GCM), gcm);
}

/* The vendor's row is in the table, and core/ serves it: the class refuses. */
static void dek_generation_is_refused_here(void **state)
{
    const CK_MECHANISM m = {.mechanism = CKM_TEE_DEK_KEY_GEN};
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    (void)state;
    assert_int_equal(mech_find(CKM_TEE_DEK_KEY_GEN)->flags, CKF_GENERATE);
    T_RV(CKR_MECHANISM_INVALID, gen_key(mech_find(CKM_TEE_DEK_KEY_GEN), &m, a));
    assert_int_equal(a->n, 2);
}

/* What core/ would make: the input twice, and how often it was asked. */
static CK_RV made_twice(void *arg, struct span in, struct buf *ret)
{
    (*(int *)arg)++;
    buf_put(ret, in);
    buf_put(ret, in);
    return buf_ok(ret);
}

static void maker_gone(void *arg)
{
    *(int *)arg += 100;
}

static CK_RV ask_token(struct op *o, const char *in, uint8_t *out, CK_ULONG *n)
{
    return op_once(o, span_of(in, strlen(in)), &(struct out){out, n});
}

/* Made once for an input, held until it is delivered, made anew for another input. */
static void statements_are_made_once(void **state)
{
    const CK_MECHANISM m = {.mechanism = CKM_TEE_ATTEST_KEY};
    const struct mech *row = mech_find(CKM_TEE_ATTEST_KEY);
    AUTO(op_freep) struct op *o = NULL;
    uint8_t out[16];
    CK_ULONG n = 0;
    int calls = 0;

    (void)state;
    T_OK(op_start(OP_SIGN, row, &m, NULL, &o));
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, ask_token(o, "abc", NULL, &n)); /* crypto/ alone can't */
    op_free(TAKE(o));
    T_OK(op_start(OP_SIGN, row, &m, NULL, &o));
    op_set_maker(o, made_twice, &calls, maker_gone);
    T_OK(ask_token(o, "abc", NULL, &n));
    assert_int_equal(n, 6);
    n = 5;
    T_RV(CKR_BUFFER_TOO_SMALL, ask_token(o, "abc", out, &n));
    T_OK(ask_token(o, "abc", out, &n));
    assert_int_equal(n, 6);
    assert_memory_equal(out, "abcabc", 6);
    assert_int_equal(calls, 1);
    n = sizeof(out);
    T_OK(ask_token(o, "xy", out, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(out, "xyxy", 4);
    assert_int_equal(calls, 2);
    T_RV(CKR_FUNCTION_NOT_SUPPORTED, op_update(o, SPAN_LIT("x"), NULL));
    op_free(TAKE(o));
    assert_int_equal(calls, 102);
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
        TEST("/mech/table/is-sorted-and-unique", rows_are_sorted_and_unique),
        TEST("/mech/table/unknown-are-not-found", unknown_mechanisms_are_not_found),
        TEST("/mech/table/every-flag-has-its-method", every_flag_has_its_method),
        TEST("/mech/table/no-flag-no-operation", operations_without_their_flag_do_not_start),
        TEST("/mech/table/keys-fit-their-rows", keys_fit_their_rows),
        TEST("/mech/table/key-sizes", key_sizes_are_in_the_unit_of_the_row),
        TEST("/mech/table/dangerous-rows-are-off", what_is_dangerous_is_off),
        TEST("/mech/table/switches", rows_are_switched),
        TEST("/mech/parameter/wrong-ones-are-refused", wrong_parameters_are_refused),
        TEST("/mech/digest/every-row", every_digest_is_the_same_in_parts),
        TEST("/mech/sign/every-row", every_signature_verifies),
        TEST("/mech/sign/small-rsa-keys-verify-only", small_rsa_keys_verify_and_nothing_else),
        TEST("/mech/sign/recover", signatures_recover_their_data),
        TEST("/mech/length/questions-consume-nothing", questions_about_length_consume_nothing),
        TEST("/mech/encrypt/every-row", every_encryption_comes_back),
        TEST("/mech/encrypt/too-long-is-refused", what_does_not_fit_is_refused),
        TEST("/mech/decrypt/every-change-is-found", every_change_of_authentic_text_is_found),
        TEST("/mech/generate/dek-is-not-made-here", dek_generation_is_refused_here),
        TEST("/mech/statement/is-made-once", statements_are_made_once),
    };

    return cmocka_run_group_tests_name("mech", tests, set_up, tear_down);
}
