/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-message-crypt.c - message-based encryption and decryption (PKCS#11 v3.2 5.9, 5.11) with
 * AES-GCM, AES-CCM and ChaCha20-Poly1305, against OpenSSL; IVs made by the token (6.13).
 */
#include "support/reference.h"

#include <string.h>

#define N 100
#define TAG 16
#define GUARD 0xa5

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes, chacha;
static uint8_t key_bytes[32], plain[N], aad[33];

/* The three parameters as one: what the tests vary. */
static struct {
    uint8_t iv[16], tag[TAG + 1];
    CK_GCM_MESSAGE_PARAMS gcm;
    CK_CCM_MESSAGE_PARAMS ccm;
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha;
} p;

struct cipher {
    const char *name;
    CK_MECHANISM m; /* with the message's parameter */
    CK_OBJECT_HANDLE *key;
    size_t n_iv;
    bool streams; /* encryption gives a part for a part */
};

static struct cipher ciphers[] = {
    {"AES-256-GCM", {CKM_AES_GCM, &p.gcm, sizeof(p.gcm)}, &aes, 12, true},
    {"AES-256-CCM", {CKM_AES_CCM, &p.ccm, sizeof(p.ccm)}, &aes, 13, false},
    {"ChaCha20-Poly1305", {CKM_CHACHA20_POLY1305, &p.chacha, sizeof(p.chacha)}, &chacha, 12, true},
};

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_user();
    fill_pattern(plain, sizeof(plain), 1);
    fill_pattern(key_bytes, sizeof(key_bytes), 2);
    fill_pattern(aad, sizeof(aad), 3);
    aes = import_secret(session, CKK_AES, key_bytes, sizeof(key_bytes));
    chacha = import_secret(session, CKK_CHACHA20, key_bytes, sizeof(key_bytes));
    return 0;
}

/* A fresh parameter, an IV that was not used, and no process. */
static int prepare(void **state)
{
    static unsigned seed = 100;

    (void)state;
    memset(&p, 0, sizeof(p));
    fill_pattern(p.iv, sizeof(p.iv), seed++);
    memset(p.tag, GUARD, sizeof(p.tag));
    p.gcm = (CK_GCM_MESSAGE_PARAMS){p.iv, 12, 0, CKG_NO_GENERATE, p.tag, 8 * TAG};
    p.ccm = (CK_CCM_MESSAGE_PARAMS){N, p.iv, 13, 0, CKG_NO_GENERATE, p.tag, TAG};
    p.chacha = (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){p.iv, 96, p.tag};
    ASSERT_OK(p11->C_SessionCancel(session, CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT));
    return 0;
}

static void start(struct cipher *c, bool encrypt)
{
    CK_MECHANISM bare = {c->m.mechanism, NULL, 0};

    if (encrypt)
        ASSERT_OK(p11->C_MessageEncryptInit(session, &bare, *c->key));
    else
        ASSERT_OK(p11->C_MessageDecryptInit(session, &c->m, *c->key));
}

/* What OpenSSL makes of it with the IV that stands in p.iv. */
static void expected(const struct cipher *c, size_t n_aad, size_t n, uint8_t ret[N + TAG])
{
    const size_t got =
        evp_aead_seal(c->name, span_of(key_bytes, 32), span_of(p.iv, c->n_iv), span_of(aad, n_aad),
                      TAG, span_of(plain, n), ret);

    assert_int_equal(got, n + TAG);
}

static CK_RV once(struct cipher *c, bool encrypt, size_t n_aad, const uint8_t *in, CK_ULONG n,
                  uint8_t *out, CK_ULONG *n_out)
{
    CK_BYTE *from = (CK_BYTE *)(uintptr_t)in;

    return encrypt ? p11->C_EncryptMessage(session, c->m.pParameter, c->m.ulParameterLen, aad,
                                           n_aad, from, n, out, n_out)
                   : p11->C_DecryptMessage(session, c->m.pParameter, c->m.ulParameterLen, aad,
                                           n_aad, from, n, out, n_out);
}

static CK_RV begin(struct cipher *c, bool encrypt, size_t n_aad)
{
    return encrypt ? p11->C_EncryptMessageBegin(session, c->m.pParameter, c->m.ulParameterLen, aad,
                                                n_aad)
                   : p11->C_DecryptMessageBegin(session, c->m.pParameter, c->m.ulParameterLen, aad,
                                                n_aad);
}

static CK_RV next(struct cipher *c, bool encrypt, const uint8_t *in, CK_ULONG n, uint8_t *out,
                  CK_ULONG *n_out, bool last)
{
    const CK_FLAGS flags = last ? CKF_END_OF_MESSAGE : 0;
    CK_BYTE *from = (CK_BYTE *)(uintptr_t)in;

    return encrypt ? p11->C_EncryptMessageNext(session, c->m.pParameter, c->m.ulParameterLen, from,
                                               n, out, n_out, flags)
                   : p11->C_DecryptMessageNext(session, c->m.pParameter, c->m.ulParameterLen, from,
                                               n, out, n_out, flags);
}

/* Asked, offered too little, then done: nothing is used up before. */
static void once_by_rule(struct cipher *c, bool encrypt, size_t n_aad, const uint8_t *in, CK_ULONG n,
                         uint8_t *out)
{
    CK_ULONG need = 4711;

    ASSERT_OK(once(c, encrypt, n_aad, in, n, NULL, &need));
    assert_int_equal(need, n);
    for (CK_ULONG room = 0; room < n; room += n / 3 + 1) {
        need = room;
        ASSERT_RV(CKR_BUFFER_TOO_SMALL, once(c, encrypt, n_aad, in, n, out, &need));
        assert_int_equal(need, n);
    }
    need = n;
    ASSERT_OK(once(c, encrypt, n_aad, in, n, out, &need));
    assert_int_equal(need, n);
}

/* Messages of several lengths in one process each way. */
static void test_single_part(void **state)
{
    struct cipher *c = *state;
    static const size_t lengths[] = {0, 1, 15, 16, N};

    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        uint8_t sealed[N + TAG], out[N + 1], back[N + 1];
        const size_t n = lengths[i], n_aad = i % 2 == 0 ? sizeof(aad) : 0;
        const uint8_t before = (uint8_t)i;

        prepare(NULL);
        start(c, true);
        start(c, false);
        p.iv[0] = before;
        p.ccm.ulDataLen = n;
        memset(out, GUARD, sizeof(out));
        once_by_rule(c, true, n_aad, plain, n, out);
        expected(c, n_aad, n, sealed);
        assert_memory_equal(out, sealed, n);
        assert_memory_equal(p.tag, sealed + n, TAG);
        assert_int_equal(p.iv[0], before);
        assert_int_equal(out[n], GUARD);
        assert_int_equal(p.tag[TAG], GUARD);
        once_by_rule(c, false, n_aad, sealed, n, back);
        assert_memory_equal(back, plain, n);
        ASSERT_OK(p11->C_MessageEncryptFinal(session));
        ASSERT_OK(p11->C_MessageDecryptFinal(session));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageEncryptFinal(session));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_MessageDecryptFinal(session));
    }
}

/* A message in parts; returns how many bytes came out. */
static CK_ULONG in_parts(struct cipher *c, bool encrypt, const uint8_t *in, uint8_t *out)
{
    static const CK_ULONG cuts[] = {0, 0, 1, 17, 60, N};
    CK_ULONG done = 0;

    ASSERT_OK(begin(c, encrypt, sizeof(aad)));
    for (size_t i = 1; i < N_ELEMENTS(cuts); i++) {
        const CK_ULONG n = cuts[i] - cuts[i - 1];
        const bool last = i == N_ELEMENTS(cuts) - 1;
        CK_ULONG need = 0, room;

        ASSERT_OK(next(c, encrypt, in + cuts[i - 1], n, NULL, &need, last));
        if (need > 0) {
            room = need - 1;
            ASSERT_RV(CKR_BUFFER_TOO_SMALL,
                      next(c, encrypt, in + cuts[i - 1], n, out + done, &room, last));
            assert_int_equal(room, need);
        }
        room = need;
        ASSERT_OK(next(c, encrypt, in + cuts[i - 1], n, out + done, &room, last));
        assert_int_equal(room, need);
        if (encrypt && c->streams)
            assert_int_equal(room, n);
        if (!encrypt && !last) /* nothing before the tag was checked */
            assert_int_equal(room, 0);
        done += room;
    }
    return done;
}

static void test_parts(void **state)
{
    struct cipher *c = *state;
    uint8_t sealed[N + TAG], out[N], back[N];

    prepare(NULL);
    start(c, true);
    start(c, false);
    assert_int_equal(in_parts(c, true, plain, out), N);
    expected(c, sizeof(aad), N, sealed);
    assert_memory_equal(out, sealed, N);
    assert_memory_equal(p.tag, sealed + N, TAG);
    assert_int_equal(in_parts(c, false, out, back), N);
    assert_memory_equal(back, plain, N);
    /* The process goes on. */
    assert_int_equal(in_parts(c, false, out, back), N);
    once_by_rule(c, false, sizeof(aad), out, N, back);
    assert_memory_equal(back, plain, N);
}

/* In place, and by memory that overlaps otherwise. */
static void test_in_place(void **state)
{
    struct cipher *c = *state;
    uint8_t sealed[N + TAG], data[N + 40];
    CK_ULONG n = N;

    for (size_t shift = 0; shift <= 40; shift += 10) {
        prepare(NULL);
        start(c, true);
        start(c, false);
        memcpy(data + 20, plain, N);
        ASSERT_OK(once(c, true, 5, data + 20, N, data + shift, &n));
        expected(c, 5, N, sealed);
        assert_memory_equal(data + shift, sealed, N);
        memmove(data + 20, data + shift, N);
        ASSERT_OK(once(c, false, 5, data + 20, N, data + shift, &n));
        assert_memory_equal(data + shift, plain, N);
    }
}

/* Anything changed is refused, the room is wiped, the process goes on. */
static void test_tampered(void **state)
{
    struct cipher *c = *state;
    uint8_t sealed[N], back[N], zeros[N] = {0};
    CK_ULONG n = N;

    prepare(NULL);
    start(c, true);
    start(c, false);
    ASSERT_OK(once(c, true, sizeof(aad), plain, N, sealed, &n));
    for (size_t where = 0; where < 4; where++) {
        uint8_t *const places[] = {p.tag, p.iv, aad, sealed};

        places[where][3] ^= 1;
        memset(back, GUARD, sizeof(back));
        ASSERT_RV(CKR_AEAD_DECRYPT_FAILED, once(c, false, sizeof(aad), sealed, N, back, &n));
        assert_memory_not_equal(back, plain, 16);
        assert_true(back[0] == GUARD || memcmp(back, zeros, N) == 0);
        ASSERT_OK(begin(c, false, sizeof(aad)));
        n = N;
        ASSERT_OK(next(c, false, sealed, 50, back, &n, false));
        n = N;
        ASSERT_RV(CKR_AEAD_DECRYPT_FAILED, next(c, false, sealed + 50, 50, back, &n, true));
        n = N;
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, next(c, false, sealed, 50, back, &n, true));
        places[where][3] ^= 1;
    }
    ASSERT_OK(once(c, false, sizeof(aad), sealed, N, back, &n));
    assert_memory_equal(back, plain, N);
}

static void test_wrong_state(void **state)
{
    struct cipher *c = *state;
    CK_MECHANISM bare = {c->m.mechanism, NULL, 0};
    uint8_t out[N];
    CK_ULONG n = N;

    prepare(NULL);
    for (int i = 0; i < 2; i++) {
        const bool encrypt = i == 0;

        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, once(c, encrypt, 0, plain, N, out, &n));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, begin(c, encrypt, 0));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, next(c, encrypt, plain, N, out, &n, true));
        start(c, encrypt);
        ASSERT_RV(CKR_OPERATION_ACTIVE, encrypt
                                            ? p11->C_MessageEncryptInit(session, &bare, *c->key)
                                            : p11->C_MessageDecryptInit(session, &bare, *c->key));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, next(c, encrypt, plain, N, out, &n, true));
        ASSERT_OK(begin(c, encrypt, 0));
        ASSERT_RV(CKR_OPERATION_ACTIVE, begin(c, encrypt, 0));
        ASSERT_RV(CKR_OPERATION_ACTIVE, once(c, encrypt, 0, plain, N, out, &n));
        ASSERT_RV(CKR_OPERATION_ACTIVE, encrypt ? p11->C_MessageEncryptFinal(session)
                                                : p11->C_MessageDecryptFinal(session));
        /* All that left the message as it was; Init with NULL ends everything. */
        n = N;
        ASSERT_OK(next(c, encrypt, plain, 10, out, &n, false));
        ASSERT_OK(encrypt ? p11->C_MessageEncryptInit(session, NULL, 0)
                          : p11->C_MessageDecryptInit(session, NULL, 0));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, next(c, encrypt, plain, 10, out, &n, false));
        start(c, encrypt);
        ASSERT_OK(p11->C_SessionCancel(session, encrypt ? CKF_MESSAGE_ENCRYPT
                                                        : CKF_MESSAGE_DECRYPT));
        ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, begin(c, encrypt, 0));
    }
}

static void test_bad_arguments(void **state)
{
    struct cipher *c = *state;
    void *const param = c->m.pParameter;
    const CK_ULONG n_param = c->m.ulParameterLen;
    CK_MECHANISM wrong = {c->m.mechanism, param, n_param - 1};
    uint8_t out[N];
    CK_ULONG n = N;

    prepare(NULL);
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_MessageEncryptInit(session, &wrong, *c->key));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_MessageDecryptInit(session, &wrong, *c->key));
    start(c, true);
#define ENCRYPT(...) p11->C_EncryptMessage(session, __VA_ARGS__)
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, ENCRYPT(NULL, 0, aad, 1, plain, N, out, &n));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, ENCRYPT(param, n_param - 1, aad, 1, plain, N, out, &n));
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, ENCRYPT(param, n_param + 1, aad, 1, plain, N, out, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCRYPT(NULL, n_param, aad, 1, plain, N, out, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCRYPT(param, n_param, NULL, 1, plain, N, out, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCRYPT(param, n_param, aad, 1, NULL, N, out, &n));
    ASSERT_RV(CKR_ARGUMENTS_BAD, ENCRYPT(param, n_param, aad, 1, plain, N, out, NULL));
    ASSERT_OK(begin(c, true, 0));
    ASSERT_RV(CKR_ARGUMENTS_BAD,
              p11->C_EncryptMessageNext(session, param, n_param, plain, N, out, &n, 2));
    ASSERT_OK(p11->C_EncryptMessageNext(session, param, n_param, plain, 10, out, &n, 0));
    p.gcm.pTag = p.ccm.pMAC = p.chacha.pTag = NULL; /* needed in the end only */
    n = N;
    ASSERT_OK(p11->C_EncryptMessageNext(session, param, n_param, plain, 10, out, &n, 0));
    n = N;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID,
              p11->C_EncryptMessageNext(session, param, n_param, plain, N - 20, out, &n,
                                        CKF_END_OF_MESSAGE));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_EncryptMessageNext(session, param, n_param, plain, 10, out, &n, 0));
}

static void test_keys(void **state)
{
    struct cipher *c = *state;
    CK_MECHANISM bare = {c->m.mechanism, NULL, 0}, cbc = {CKM_AES_CBC, p.iv, 16},
                 sha = {CKM_SHA256, NULL, 0};
    const CK_OBJECT_HANDLE other = c->key == &aes ? chacha : aes;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, c->key == &aes ? CKK_AES : CKK_CHACHA20),
                        ATTR(CKA_VALUE, key_bytes, 32), ATTR_FALSE(CKA_ENCRYPT),
                        ATTR_FALSE(CKA_DECRYPT)};
    CK_OBJECT_HANDLE mute;

    prepare(NULL);
    ASSERT_OK(p11->C_CreateObject(session, v, N_ELEMENTS(v), &mute));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_MessageEncryptInit(session, &bare, mute));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_MessageDecryptInit(session, &bare, mute));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_MessageEncryptInit(session, &bare, other));
    ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_MessageEncryptInit(session, &bare, 0));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageEncryptInit(session, &cbc, aes));
    ASSERT_RV(CKR_MECHANISM_INVALID, p11->C_MessageDecryptInit(session, &sha, aes));
}

static void test_flags(void **state)
{
    struct cipher *c = *state;
    CK_MECHANISM_INFO info;

    ASSERT_OK(p11->C_GetMechanismInfo(0, c->m.mechanism, &info));
    assert_int_equal(info.flags & (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE |
                                   CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY),
                     CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE);
}

/* -- IVs made by the token --------------------------------------------------------------------- */

static void encrypt_gcm(CK_GENERATOR_FUNCTION generator, CK_ULONG fixed)
{
    uint8_t out[N];
    CK_ULONG n = N;

    p.gcm.ivGenerator = generator;
    p.gcm.ulIvFixedBits = fixed;
    ASSERT_OK(once(&ciphers[0], true, 0, plain, N, out, &n));
}

/* Different ones, the fixed bits kept; and they are what the ciphertext was made with. */
static void test_generate(void **state)
{
    static const CK_GENERATOR_FUNCTION generators[] = {CKG_GENERATE, CKG_GENERATE_RANDOM,
                                                       CKG_GENERATE_COUNTER};
    static const CK_ULONG fixed[] = {0, 1, 12, 32, 64};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(generators); i++) {
        for (size_t j = 0; j < N_ELEMENTS(fixed); j++) {
            uint8_t seen[20][12], first[12];

            prepare(NULL);
            start(&ciphers[0], true);
            memcpy(first, p.iv, 12);
            for (size_t k = 0; k < N_ELEMENTS(seen); k++) {
                uint8_t sealed[N + TAG];

                encrypt_gcm(generators[i], fixed[j]);
                memcpy(seen[k], p.iv, 12);
                for (size_t l = 0; l < k; l++)
                    assert_memory_not_equal(seen[k], seen[l], 12);
                for (CK_ULONG bit = 0; bit < fixed[j]; bit++)
                    assert_int_equal((p.iv[bit / 8] ^ first[bit / 8]) & (0x80 >> bit % 8), 0);
                expected(&ciphers[0], 0, N, sealed);
                assert_memory_equal(p.tag, sealed + N, TAG);
            }
        }
    }
}

/* From zero on, one by one; a length query and a short buffer use none up, a failure does. */
static void test_counter(void **state)
{
    uint8_t out[N];
    CK_ULONG n = N;

    (void)state;
    start(&ciphers[0], true);
    memset(p.iv, 0xff, 12);
    encrypt_gcm(CKG_GENERATE_COUNTER, 32);
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 12);
    ASSERT_OK(once(&ciphers[0], true, 0, plain, N, NULL, &n));
    n = 5;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, once(&ciphers[0], true, 0, plain, N, out, &n));
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 12);
    encrypt_gcm(CKG_GENERATE_COUNTER, 32);
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\0\1", 12);
    /* Begun, and dropped: its IV is gone. */
    ASSERT_OK(begin(&ciphers[0], true, 0));
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\0\2", 12);
    p.gcm.ulTagBits = 96;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, next(&ciphers[0], true, plain, N, out, &n, false));
    p.gcm.ulTagBits = 128;
    encrypt_gcm(CKG_GENERATE_COUNTER, 32);
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\0\3", 12);
    for (int i = 4; i < 258; i++)
        encrypt_gcm(CKG_GENERATE_COUNTER, 32);
    assert_memory_equal(p.iv, "\xff\xff\xff\xff\0\0\0\0\0\0\1\1", 12);
}

/* TLS 1.3's way: the counter on a secret IV, which must not vary. */
static void test_counter_xor(void **state)
{
    uint8_t base[12], out[N];
    CK_ULONG n = N;

    (void)state;
    start(&ciphers[0], true);
    memcpy(base, p.iv, 12);
    for (uint8_t i = 0; i < 10; i++) {
        memcpy(p.iv, base, 12);
        encrypt_gcm(CKG_GENERATE_COUNTER_XOR, 32);
        assert_memory_equal(p.iv, base, 11);
        assert_int_equal(p.iv[11], base[11] ^ i);
    }
    /* What came back last time given again is another value. */
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, once(&ciphers[0], true, 0, plain, N, out, &n));
    memcpy(p.iv, base, 12);
    encrypt_gcm(CKG_GENERATE_COUNTER_XOR, 32);
    assert_int_equal(p.iv[11], base[11] ^ 10);
}

static void test_begin_makes_the_iv(void **state)
{
    uint8_t before[12], made[12], sealed[N + TAG], out[N];

    (void)state;
    start(&ciphers[0], true);
    memcpy(before, p.iv, 12);
    p.gcm.ivGenerator = CKG_GENERATE;
    ASSERT_OK(begin(&ciphers[0], true, 0));
    memcpy(made, p.iv, 12);
    assert_memory_not_equal(made, before, 12);
    for (CK_ULONG at = 0, n = 50; at < N; at += 50)
        ASSERT_OK(next(&ciphers[0], true, plain + at, 50, out + at, &n, at == 50));
    assert_memory_equal(p.iv, made, 12);
    expected(&ciphers[0], 0, N, sealed);
    assert_memory_equal(out, sealed, N);
    assert_memory_equal(p.tag, sealed + N, TAG);
}

static void test_ccm_generates(void **state)
{
    uint8_t sealed[N + TAG], out[N], first[13];
    CK_ULONG n = N;

    (void)state;
    start(&ciphers[1], true);
    p.ccm.nonceGenerator = CKG_GENERATE;
    ASSERT_OK(once(&ciphers[1], true, 0, plain, N, out, &n));
    memcpy(first, p.iv, 13);
    ASSERT_OK(once(&ciphers[1], true, 0, plain, N, out, &n));
    assert_memory_not_equal(first, p.iv, 13);
    expected(&ciphers[1], 0, N, sealed);
    assert_memory_equal(out, sealed, N);
    assert_memory_equal(p.tag, sealed + N, TAG);
}

/* Two processes with one key begin at different places. */
static void test_processes_differ(void **state)
{
    uint8_t first[12];

    (void)state;
    start(&ciphers[0], true);
    encrypt_gcm(CKG_GENERATE, 0);
    memcpy(first, p.iv, 12);
    ASSERT_OK(p11->C_MessageEncryptFinal(session));
    start(&ciphers[0], true);
    encrypt_gcm(CKG_GENERATE, 0);
    assert_memory_not_equal(first, p.iv, 12);
}

static void test_bad_generators(void **state)
{
    uint8_t out[N], before[12];
    CK_ULONG n = N;

    (void)state;
    start(&ciphers[0], true);
    memcpy(before, p.iv, 12);
#define REFUSED(how, length, kept, tag_bits)                                                       \
    do {                                                                                           \
        p.gcm = (CK_GCM_MESSAGE_PARAMS){p.iv, (length), (kept), (how), p.tag, (tag_bits)};        \
        ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, once(&ciphers[0], true, 0, plain, N, out, &n));     \
    } while (0)
    REFUSED(5, 12, 0, 128);
    REFUSED((CK_ULONG)-1, 12, 0, 128);
    REFUSED(CKG_GENERATE, 12, 65, 128); /* fewer than 32 bits to make */
    REFUSED(CKG_GENERATE_COUNTER, 12, 96, 128);
    REFUSED(CKG_GENERATE_COUNTER, 12, (CK_ULONG)-1, 128);
    REFUSED(CKG_GENERATE_RANDOM, 3, 0, 128);
    REFUSED(CKG_NO_GENERATE, 0, 0, 128);
    REFUSED(CKG_NO_GENERATE, 129, 0, 128);
    REFUSED(CKG_NO_GENERATE, 12, 0, 0);
    REFUSED(CKG_NO_GENERATE, 12, 0, 64);
    REFUSED(CKG_NO_GENERATE, 12, 0, 129);
    p.gcm = (CK_GCM_MESSAGE_PARAMS){NULL, 12, 0, CKG_GENERATE, p.tag, 128};
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, once(&ciphers[0], true, 0, plain, N, out, &n));
    p.gcm = (CK_GCM_MESSAGE_PARAMS){p.iv, 12, 0, CKG_GENERATE, NULL, 128};
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, once(&ciphers[0], true, 0, plain, N, out, &n));
    assert_memory_equal(p.iv, before, 12);
    assert_int_equal(p.tag[0], GUARD);
}

/* -- lengths ----------------------------------------------------------------------------------- */

static void test_ccm_lengths(void **state)
{
    uint8_t out[N];
    CK_ULONG n = N;

    (void)state;
    start(&ciphers[1], true);
    start(&ciphers[1], false);
    p.ccm.ulDataLen = N - 1;
    ASSERT_RV(CKR_DATA_LEN_RANGE, once(&ciphers[1], true, 0, plain, N, out, &n));
    ASSERT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE, once(&ciphers[1], false, 0, plain, N, out, &n));
    ASSERT_OK(begin(&ciphers[1], true, 0));
    ASSERT_RV(CKR_DATA_LEN_RANGE, next(&ciphers[1], true, plain, N, out, &n, true));
    p.ccm.ulDataLen = 1UL << 16; /* too long for a nonce of 13 bytes */
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, begin(&ciphers[1], true, 0));
    p.ccm.ulDataLen = N;
    p.ccm.ulMACLen = 5;
    ASSERT_RV(CKR_MECHANISM_PARAM_INVALID, begin(&ciphers[1], true, 0));
}

/* -- logins ------------------------------------------------------------------------------------ */

/* The handle of a private key dies with the login, and the process with it. */
static void test_logout(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_MECHANISM bare = {CKM_AES_GCM, NULL, 0};
    const CK_OBJECT_HANDLE key = make_aes(h, 32, CK_FALSE, "private");
    uint8_t out[N];
    CK_ULONG n = N;

    (void)state;
    ASSERT_OK(p11->C_MessageEncryptInit(h, &bare, key));
    ASSERT_OK(p11->C_EncryptMessage(h, &p.gcm, sizeof(p.gcm), NULL, 0, plain, N, out, &n));
    ASSERT_OK(p11->C_Logout(h));
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED,
              p11->C_EncryptMessage(h, &p.gcm, sizeof(p.gcm), NULL, 0, plain, N, out, &n));
    ASSERT_OK(p11->C_CloseSession(h));
    ASSERT_OK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)USER_PIN, 4));
}

#define EACH(name, fn)                                                                             \
    {name "/gcm", fn, NULL, NULL, &ciphers[0]}, {name "/ccm", fn, NULL, NULL, &ciphers[1]},        \
    {                                                                                              \
        name "/chacha20-poly1305", fn, NULL, NULL, &ciphers[2]                                     \
    }
#define TEST(name, fn) {name, fn, prepare, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH("/message-crypt/single-part", test_single_part),
        EACH("/message-crypt/parts", test_parts),
        EACH("/message-crypt/in-place", test_in_place),
        EACH("/message-crypt/tampered-is-refused", test_tampered),
        EACH("/message-crypt/wrong-state", test_wrong_state),
        EACH("/message-crypt/bad-arguments", test_bad_arguments),
        EACH("/message-crypt/keys", test_keys),
        EACH("/message-crypt/flags", test_flags),
        TEST("/message-crypt/iv/generated", test_generate),
        TEST("/message-crypt/iv/counter", test_counter),
        TEST("/message-crypt/iv/counter-xor", test_counter_xor),
        TEST("/message-crypt/iv/begin-makes-it", test_begin_makes_the_iv),
        TEST("/message-crypt/iv/ccm", test_ccm_generates),
        TEST("/message-crypt/iv/processes-differ", test_processes_differ),
        TEST("/message-crypt/iv/bad-generators", test_bad_generators),
        TEST("/message-crypt/ccm-lengths", test_ccm_lengths),
        TEST("/message-crypt/logout", test_logout),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
