/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-used.c - uses of keys in the audit log: told where the token or the configuration asks for
 * it, once each, with their outcome; over threads, forks, kills and a disk that takes no more.
 *
 * What was told is read by the command, as another process.
 */
#include "support/raw_store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOFTWARE "root = software\npin-log2-n = 10\n"
#define EACH     SOFTWARE "audit-key-use = secret\naudit-delay = 0\n"
#define LATER    SOFTWARE "audit-key-use = secret\naudit-delay = 3600\n"

#define TOLD_MAX 8192

/* What the log says of uses, one a line: "sign CKM_ECDSA 5f0c... ok 3". */
static struct told {
    char line[TOLD_MAX][160];
    size_t n;
    unsigned long uses; /* the counts together */
    unsigned long lost; /* of key-uses-lost */
} told;

static void note(const char *line)
{
    const char *detail = strstr(line, "\"detail\":\""), *end;
    unsigned long n = 0;

    assert_non_null(detail);
    detail += strlen("\"detail\":\"");
    end = strchr(detail, '"');
    assert_non_null(end);
    if (strstr(line, "\"event\":\"key-uses-lost\"") != NULL) {
        told.lost += strtoul(detail, NULL, 10);
        return;
    }
    assert_true(told.n < TOLD_MAX && (size_t)(end - detail) < sizeof(told.line[0]));
    memcpy(told.line[told.n], detail, (size_t)(end - detail));
    told.line[told.n][end - detail] = '\0';
    assert_int_equal(sscanf(detail, "%*s %*s %*s %*s %lu", &n), 1);
    told.uses += n;
    told.n++;
}

static void read_told(void)
{
    char command[512], line[1024];
    FILE *f;

    (void)snprintf(command, sizeof(command), "'%s' audit export 2>/dev/null",
                   getenv("TEE_TEST_COMMAND"));
    f = popen(command, "r");
    assert_non_null(f);
    told.n = 0;
    told.uses = told.lost = 0;
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strstr(line, "\"event\":\"key-used\"") != NULL ||
            strstr(line, "\"event\":\"key-uses-lost\"") != NULL)
            note(line);
    }
    assert_int_equal(pclose(f), 0);
}

static bool is_told(const char *what)
{
    for (size_t i = 0; i < told.n; i++) {
        if (strncmp(told.line[i], what, strlen(what)) == 0)
            return true;
    }
    return false;
}

/* Uses by this function and mechanism together. */
static unsigned long uses_of(const char *what)
{
    unsigned long sum = 0, n = 0;

    for (size_t i = 0; i < told.n; i++) {
        if (strncmp(told.line[i], what, strlen(what)) != 0)
            continue;
        assert_int_equal(sscanf(told.line[i], "%*s %*s %*s %*s %lu", &n), 1);
        sum += n;
    }
    return sum;
}

static int setup_with(const char *conf)
{
    scratch_make(SOFTWARE);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    ASSERT_OK(p11->C_Finalize(NULL));
    scratch_configure(conf);
    ASSERT_OK(p11->C_Initialize(NULL));
    return 0;
}

static int setup_off(void **state)
{
    (void)state;
    return setup_with(SOFTWARE);
}

static int setup_each(void **state)
{
    (void)state;
    return setup_with(EACH);
}

static int setup_all(void **state)
{
    (void)state;
    return setup_with(SOFTWARE "audit-key-use = all\naudit-delay = 0\n");
}

static int setup_later(void **state)
{
    (void)state;
    return setup_with(LATER);
}

static int setup_counting(void **state)
{
    (void)state;
    return setup_with(SOFTWARE "count-operations = yes\n");
}

static int setup_losing(void **state)
{
    (void)state;
    return setup_with(SOFTWARE "audit-key-use = secret\naudit-full = count\n");
}

/* -- uses -------------------------------------------------------------------------------------- */

static const CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
static CK_BYTE data[64];

static CK_MECHANISM *mech(const CK_MECHANISM *m)
{
    return (CK_MECHANISM *)(uintptr_t)m;
}

static CK_OBJECT_HANDLE make_secret(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE by, CK_ULONG n,
                                    CK_ATTRIBUTE *more, CK_ULONG n_more)
{
    CK_MECHANISM m = {by, NULL, 0};
    CK_ATTRIBUTE v[8] = {ATTR_OBJ(CKA_VALUE_LEN, n)};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    for (CK_ULONG i = 0; i < n_more; i++)
        v[1 + i] = more[i];
    ASSERT_OK(p11->C_GenerateKey(h, &m, v, 1 + n_more, &key));
    return key;
}

static CK_OBJECT_HANDLE make_mac_key(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE v[] = {ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_VERIFY)};

    return make_secret(h, CKM_GENERIC_SECRET_KEY_GEN, 32, v, N_ELEMENTS(v));
}

static CK_RV sign(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    CK_BYTE out[64];
    CK_ULONG n = sizeof(out);
    const CK_RV rv = p11->C_SignInit(h, mech(&hmac), key);

    return rv == CKR_OK ? p11->C_Sign(h, data, sizeof(data), out, &n) : rv;
}

static void unique_id_of(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, char ret[33])
{
    CK_ATTRIBUTE a = {CKA_UNIQUE_ID, ret, 32};

    ASSERT_OK(p11->C_GetAttributeValue(h, key, &a, 1));
    ret[32] = '\0';
}

/* -- what is told ------------------------------------------------------------------------------ */

static void nothing_unless_asked(void **state)
{
    const CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(sign(h, make_mac_key(h)));
    ASSERT_OK(p11->C_Finalize(NULL));
    read_told();
    assert_int_equal(told.n, 0);
}

static void names_what_was_done(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE key = make_mac_key(h);
    char id[33], expected[128];

    (void)state;
    unique_id_of(h, key, id);
    ASSERT_OK(sign(h, key));
    read_told(); /* it is there before the next call, by another process's eyes */
    (void)snprintf(expected, sizeof(expected), "sign CKM_SHA256_HMAC %s ok 1", id);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.line[0], expected);
}

static void crypt_one(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    CK_BYTE iv[16] = {0}, out[96], back[96];
    CK_MECHANISM m = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_ULONG n = sizeof(out), n_back = sizeof(back);

    ASSERT_OK(p11->C_EncryptInit(h, &m, key));
    ASSERT_OK(p11->C_Encrypt(h, data, sizeof(data), out, &n));
    ASSERT_OK(p11->C_DecryptInit(h, &m, key));
    ASSERT_OK(p11->C_Decrypt(h, out, n, back, &n_back));
    out[n - 1] ^= 1; /* a padding that is none */
    n_back = sizeof(back);
    ASSERT_OK(p11->C_DecryptInit(h, &m, key));
    assert_int_not_equal(p11->C_Decrypt(h, out, n, back, &n_back), CKR_OK);
}

static CK_OBJECT_HANDLE wrap_one(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE wrapper)
{
    CK_ATTRIBUTE leaves[] = {ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE comes[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type)};
    const CK_OBJECT_HANDLE target = make_secret(h, CKM_GENERIC_SECRET_KEY_GEN, 32, leaves, 1);
    CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_OBJECT_HANDLE back;
    CK_BYTE out[128];
    CK_ULONG n = 0;

    ASSERT_OK(p11->C_WrapKey(h, &m, wrapper, target, NULL, &n)); /* how long: no use */
    assert_true(n <= sizeof(out));
    ASSERT_OK(p11->C_WrapKey(h, &m, wrapper, target, out, &n));
    ASSERT_OK(p11->C_UnwrapKey(h, &m, wrapper, out, n, comes, 2, &back));
    out[0] ^= 1;
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, p11->C_UnwrapKey(h, &m, wrapper, out, n, comes, 2, &back));
    return target;
}

static void derive_one(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE derives[] = {ATTR_TRUE(CKA_DERIVE)};
    const CK_OBJECT_HANDLE base = make_secret(h, CKM_GENERIC_SECRET_KEY_GEN, 32, derives, 1);
    CK_HKDF_PARAMS p = {.bExtract = CK_TRUE,
                        .bExpand = CK_TRUE,
                        .prfHashMechanism = CKM_SHA256,
                        .ulSaltType = CKF_HKDF_SALT_NULL};
    CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET, n = 32;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR_OBJ(CKA_VALUE_LEN, n)};
    CK_OBJECT_HANDLE made;

    ASSERT_OK(p11->C_DeriveKey(h, &m, base, v, 3, &made));
}

static void uses_of_every_kind(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE crypts[] = {ATTR_TRUE(CKA_ENCRYPT), ATTR_TRUE(CKA_DECRYPT)};
    CK_ATTRIBUTE wraps[] = {ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP), ATTR_FALSE(CKA_ENCRYPT),
                            ATTR_FALSE(CKA_DECRYPT)};
    const CK_OBJECT_HANDLE crypting = make_secret(h, CKM_AES_KEY_GEN, 32, crypts, 2);
    const CK_OBJECT_HANDLE wrapping = make_secret(h, CKM_AES_KEY_GEN, 32, wraps, 4);
    const CK_OBJECT_HANDLE signing = make_mac_key(h);
    char id[33], wrapper[33], expected[160];
    CK_OBJECT_HANDLE target;
    CK_BYTE mac[32];
    CK_ULONG n = sizeof(mac);

    crypt_one(h, crypting);
    target = wrap_one(h, wrapping);
    derive_one(h);
    ASSERT_OK(p11->C_SignInit(h, mech(&hmac), signing));
    ASSERT_OK(p11->C_Sign(h, data, sizeof(data), mac, &n));
    mac[0] ^= 1;
    ASSERT_OK(p11->C_VerifyInit(h, mech(&hmac), signing));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(h, data, sizeof(data), mac, n));
    unique_id_of(h, wrapping, wrapper);
    unique_id_of(h, target, id);
    read_told();
    (void)snprintf(expected, sizeof(expected), "wrap CKM_AES_KEY_WRAP_KWP %s ok 1 %s", wrapper, id);
    assert_true(is_told(expected));
}

/* What only who has the secret can do, and a key that leaves. */
static void secret_uses(void **state)
{
    (void)state;
    uses_of_every_kind(open_user());
    assert_int_equal(uses_of("sign CKM_SHA256_HMAC "), 1);
    assert_int_equal(uses_of("decrypt CKM_AES_CBC_PAD "), 2);
    assert_int_equal(uses_of("wrap CKM_AES_KEY_WRAP_KWP "), 1);
    assert_int_equal(uses_of("unwrap CKM_AES_KEY_WRAP_KWP "), 2);
    assert_int_equal(uses_of("derive CKM_HKDF_DERIVE "), 1);
    assert_int_equal(told.uses, 7);
    assert_int_equal(uses_of("encrypt ") + uses_of("verify "), 0);
}

static void all_uses(void **state)
{
    bool failed = false;

    (void)state;
    uses_of_every_kind(open_user());
    assert_int_equal(uses_of("encrypt CKM_AES_CBC_PAD "), 1);
    assert_int_equal(uses_of("verify CKM_SHA256_HMAC "), 1);
    assert_int_equal(told.uses, 9);
    for (size_t i = 0; i < told.n; i++) {
        if (strncmp(told.line[i], "verify ", 7) == 0)
            failed = strstr(told.line[i], " 0xc0 1") != NULL; /* CKR_SIGNATURE_INVALID */
    }
    assert_true(failed);
}

/* A refused start is no use; a cancelled one neither, until it was given data. */
static void given_up(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    const CK_OBJECT_HANDLE key = make_mac_key(h);
    CK_BYTE out[64];
    CK_ULONG n = sizeof(out);
    CK_MECHANISM wrong = {CKM_ECDSA, NULL, 0};

    (void)state;
    assert_int_not_equal(p11->C_SignInit(h, &wrong, key), CKR_OK);
    ASSERT_OK(p11->C_SignInit(h, mech(&hmac), key));
    ASSERT_OK(p11->C_Sign(h, data, sizeof(data), NULL, &n));
    n = 1;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(h, data, sizeof(data), out, &n));
    ASSERT_OK(p11->C_SignInit(h, NULL, 0));
    read_told();
    assert_int_equal(told.n, 0);
    ASSERT_OK(p11->C_SignInit(other, mech(&hmac), key));
    ASSERT_OK(p11->C_SignUpdate(other, data, sizeof(data)));
    ASSERT_OK(p11->C_CloseSession(other));
    read_told();
    assert_int_equal(told.n, 1);
    assert_non_null(strstr(told.line[0], " unfinished 1"));
}

/* Decrypt what is too long for the room: the key tells that the padding is right. */
static void decrypt_no_room(CK_SESSION_HANDLE h, CK_BYTE *text, CK_ULONG n)
{
    CK_BYTE out[1];
    CK_ULONG room = sizeof(out);

    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Decrypt(h, text, n, out, &room));
}

/* A private key, and a secret one whose padding says how much there is: each call that used it is
 * told, whatever becomes of the operation; a length query uses nothing. */
static void no_room_is_a_use(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    CK_ATTRIBUTE crypts[] = {ATTR_TRUE(CKA_ENCRYPT), ATTR_TRUE(CKA_DECRYPT)};
    CK_ULONG n_bits = 2048;
    CK_ATTRIBUTE bits = ATTR_OBJ(CKA_MODULUS_BITS, n_bits);
    CK_MECHANISM gen = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_RSA_PKCS_OAEP_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_MECHANISM oaep = {CKM_RSA_PKCS_OAEP, &p, sizeof(p)};
    CK_BYTE iv[16] = {0}, text[256], padded[80];
    CK_MECHANISM cbc = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_ULONG n = sizeof(text), n_padded = sizeof(padded), room = 0;
    CK_OBJECT_HANDLE pub, priv, aes = make_secret(h, CKM_AES_KEY_GEN, 32, crypts, 2);

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, &bits, 1, &crypts[1], 1, &pub, &priv));
    ASSERT_OK(p11->C_EncryptInit(h, &oaep, pub));
    ASSERT_OK(p11->C_Encrypt(h, data, 32, text, &n));
    ASSERT_OK(p11->C_EncryptInit(h, &cbc, aes));
    ASSERT_OK(p11->C_Encrypt(h, data, sizeof(data), padded, &n_padded));
    ASSERT_OK(p11->C_DecryptInit(h, &oaep, priv));
    ASSERT_OK(p11->C_Decrypt(h, text, n, NULL, &room));
    ASSERT_OK(p11->C_DecryptInit(h, NULL, 0));
    read_told();
    assert_int_equal(told.n, 0);
    ASSERT_OK(p11->C_DecryptInit(h, &oaep, priv));
    decrypt_no_room(h, text, n);
    decrypt_no_room(h, text, n);
    ASSERT_OK(p11->C_DecryptInit(h, NULL, 0));
    ASSERT_OK(p11->C_DecryptInit(other, &cbc, aes));
    decrypt_no_room(other, padded, n_padded);
    ASSERT_OK(p11->C_CloseSession(other));
    ASSERT_OK(p11->C_DecryptInit(h, &cbc, aes));
    decrypt_no_room(h, padded, n_padded);
    ASSERT_OK(p11->C_Decrypt(h, padded, n_padded, padded, &n_padded));
    read_told();
    assert_int_equal(uses_of("decrypt CKM_RSA_PKCS_OAEP "), 2);
    assert_int_equal(uses_of("decrypt CKM_AES_CBC_PAD "), 3);
    for (size_t i = 0; i < told.n; i++)
        assert_true(strstr(told.line[i], " 0x150 ") != NULL || strstr(told.line[i], " ok 1") != NULL);
}

static void each_message(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE crypts[] = {ATTR_TRUE(CKA_ENCRYPT), ATTR_TRUE(CKA_DECRYPT)};
    const CK_OBJECT_HANDLE key = make_secret(h, CKM_AES_KEY_GEN, 32, crypts, 2);
    CK_MECHANISM bare = {CKM_AES_GCM, NULL, 0};
    CK_BYTE iv[12] = {0}, tag[16] = {0}, out[64];
    CK_GCM_MESSAGE_PARAMS p = {iv, sizeof(iv), 0, CKG_NO_GENERATE, tag, 128};

    (void)state;
    ASSERT_OK(p11->C_MessageDecryptInit(h, &bare, key));
    for (int i = 0; i < 3; i++) {
        CK_ULONG n = sizeof(out);

        assert_int_not_equal(p11->C_DecryptMessage(h, &p, sizeof(p), NULL, 0, data, 16, out, &n),
                             CKR_OK);
    }
    ASSERT_OK(p11->C_DecryptMessageBegin(h, &p, sizeof(p), NULL, 0));
    ASSERT_OK(p11->C_MessageDecryptInit(h, NULL, 0));
    read_told();
    assert_int_equal(uses_of("decrypt CKM_AES_GCM "), 4);
    assert_non_null(strstr(told.line[told.n - 1], " unfinished 1"));
}

/* -- the queue --------------------------------------------------------------------------------- */

/* The first use is written at once, those that follow within audit-delay wait; equal ones of a
 * second are one entry. Logout writes them. */
static void equal_uses_are_one(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE key = make_mac_key(h);

    (void)state;
    for (int i = 0; i < 1000; i++)
        ASSERT_OK(sign(h, key));
    read_told();
    assert_int_equal(told.uses, 1);
    ASSERT_OK(p11->C_Logout(h));
    read_told();
    assert_int_equal(told.uses, 1000);
    assert_true(told.n < 200); /* however slow the machine */
}

static void with_the_last_session(void **state)
{
    CK_SESSION_HANDLE h = open_user(), other = open_session();
    const CK_OBJECT_HANDLE key = make_mac_key(h);

    (void)state;
    for (int i = 0; i < 3; i++)
        ASSERT_OK(sign(h, key));
    ASSERT_OK(p11->C_CloseSession(other));
    read_told();
    assert_int_equal(told.uses, 1);
    ASSERT_OK(p11->C_CloseSession(h));
    read_told();
    assert_int_equal(told.uses, 3);
    h = open_user();
    ASSERT_OK(sign(h, make_mac_key(h)));
    ASSERT_OK(p11->C_Finalize(NULL));
    read_told();
    assert_int_equal(told.uses, 4);
    ASSERT_OK(p11->C_Initialize(NULL));
}

/* In a process of its own; -1: until it is killed. */
static int sign_and_die(void *arg)
{
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE key;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    key = make_mac_key(h);
    for (int i = 0; i < 5; i++)
        ASSERT_OK(sign(h, key));
    (void)kill(getpid(), SIGKILL);
    return 0;
}

static void killed_each(void **state)
{
    (void)state;
    assert_int_equal(in_child(sign_and_die, NULL), 128 + SIGKILL);
    read_told();
    assert_int_equal(told.uses, 5);
}

/* What may be lost is what docs/operations.md says: here, what followed the first in an hour. */
static void killed_later(void **state)
{
    (void)state;
    assert_int_equal(in_child(sign_and_die, NULL), 128 + SIGKILL);
    read_told();
    assert_int_equal(told.uses, 1);
}

static int start_and_end(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    (void)open_user();
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void told_by_the_parent_alone(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE key = make_mac_key(h);

    (void)state;
    for (int i = 0; i < 4; i++)
        ASSERT_OK(sign(h, key));
    assert_int_equal(in_child(start_and_end, NULL), 0);
    read_told();
    assert_int_equal(told.uses, 1);
    ASSERT_OK(p11->C_Logout(h));
    read_told();
    assert_int_equal(told.uses, 4);
}

#define N_THREADS 8
#define N_SIGNS   50

static void *sign_in_thread(void *arg)
{
    const CK_OBJECT_HANDLE key = *(const CK_OBJECT_HANDLE *)arg;
    CK_SESSION_HANDLE h;
    CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h);

    for (int i = 0; rv == CKR_OK && i < N_SIGNS; i++)
        rv = sign(h, key);
    return (void *)(uintptr_t)rv;
}

static void every_threads_uses(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_OBJECT_HANDLE keys[N_THREADS];
    pthread_t threads[N_THREADS];
    void *result;

    (void)state;
    for (int i = 0; i < N_THREADS; i++) {
        keys[i] = make_mac_key(h);
        assert_int_equal(pthread_create(&threads[i], NULL, sign_in_thread, &keys[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        ASSERT_OK((CK_RV)(uintptr_t)result);
    }
    read_told();
    assert_int_equal(told.uses, N_THREADS * N_SIGNS);
}

/* -- a disk that takes no more ----------------------------------------------------------------- */

static void disk_takes(bool more)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = more ? limit.rlim_max : 4096;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* One use is out, whose entry waits; the next is refused, until the log takes both. */
static int refused_when_full(void *arg)
{
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE key;
    CK_RV rv;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    key = make_mac_key(h);
    ASSERT_OK(sign(h, key));
    disk_takes(false);
    ASSERT_OK(sign(h, key));
    for (int i = 0; i < 3; i++) {
        rv = sign(h, key);
        assert_true(rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_ERROR);
    }
    disk_takes(true);
    ASSERT_OK(sign(h, key));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void full_disk_refuses(void **state)
{
    (void)state;
    assert_int_equal(in_child(refused_when_full, NULL), 0);
    read_told();
    assert_int_equal(told.uses, 3);
    assert_int_equal(told.lost, 0);
}

#define N_KEYS 40 /* more than equal uses are looked for among */
#define N_USES 6000

static int counted_when_full(void *arg)
{
    CK_OBJECT_HANDLE keys[N_KEYS];
    CK_SESSION_HANDLE h;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    for (int i = 0; i < N_KEYS; i++)
        keys[i] = make_mac_key(h);
    disk_takes(false);
    for (int i = 0; i < N_USES; i++)
        ASSERT_OK(sign(h, keys[i % N_KEYS]));
    disk_takes(true);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void full_disk_counts(void **state)
{
    (void)state;
    assert_int_equal(in_child(counted_when_full, NULL), 0);
    read_told();
    assert_int_equal(told.uses + told.lost, N_USES);
    assert_true(told.lost > 0 && told.uses >= 4096);
}

/* -- what the token asks for ------------------------------------------------------------------- */

/* By the SO, through the command, as another process with the same configuration. */
static void token_asks_for(const char *use)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "printf '%%s\\n' '" SO_PIN "' | '%s' audit key-use %s --token '" TEST_LABEL
                   "' --so-pin-fd 0 >/dev/null 2>&1",
                   getenv("TEE_TEST_COMMAND"), use);
    assert_int_equal(system(command), 0); /* lint: a test's */
}

static int setup_asked_with(const char *conf)
{
    (void)setup_with(conf);
    token_asks_for("secret");
    return 0;
}

static int setup_asked(void **state)
{
    (void)state;
    return setup_asked_with(SOFTWARE "audit-key-use = none\n");
}

static int setup_asked_later(void **state)
{
    (void)state;
    return setup_asked_with(SOFTWARE "audit-key-use = none\naudit-delay = 3600\n");
}

static int setup_asked_losing(void **state)
{
    (void)state;
    return setup_asked_with(SOFTWARE "audit-key-use = none\naudit-delay = 0\naudit-full = count\n");
}

static int setup_asked_each(void **state)
{
    (void)state;
    return setup_asked_with(SOFTWARE "audit-key-use = none\naudit-delay = 0\n");
}

static void verify_badly(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key)
{
    CK_BYTE mac[32] = {0};

    ASSERT_OK(p11->C_VerifyInit(h, mech(&hmac), key));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(h, data, sizeof(data), mac, sizeof(mac)));
}

static CK_OBJECT_HANDLE make_token_key(CK_SESSION_HANDLE h)
{
    CK_ATTRIBUTE v[] = {ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_VERIFY), ATTR_TRUE(CKA_TOKEN)};

    return make_secret(h, CKM_GENERIC_SECRET_KEY_GEN, 32, v, N_ELEMENTS(v));
}

/* A process whose configuration says none; what it has open, it keeps open. What was begun before
 * the SO's word ends as it began. */
static void token_asks_a_running_process(void **state)
{
    const CK_SESSION_HANDLE h = open_user(), other = open_session();
    const CK_OBJECT_HANDLE kept = make_token_key(h), passing = make_mac_key(h);
    CK_BYTE out[64];
    CK_ULONG n = sizeof(out);

    (void)state;
    token_asks_for("none");
    ASSERT_OK(sign(h, kept));
    ASSERT_OK(p11->C_SignInit(other, mech(&hmac), kept));
    token_asks_for("secret");
    ASSERT_OK(p11->C_Sign(other, data, sizeof(data), out, &n));
    read_told();
    assert_int_equal(told.uses, 0);
    ASSERT_OK(sign(h, kept));
    ASSERT_OK(sign(h, passing));
    read_told();
    assert_int_equal(told.uses, 2);
    token_asks_for("none");
    ASSERT_OK(sign(h, kept));
    ASSERT_OK(sign(h, passing));
    read_told();
    assert_int_equal(told.uses, 2);
}

static void stricter_one_holds(void **state)
{
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    verify_badly(h, make_mac_key(h)); /* the token says secret, the configuration none */
    ASSERT_OK(p11->C_Finalize(NULL));
    read_told();
    assert_int_equal(told.uses, 0);
    scratch_configure(SOFTWARE "audit-key-use = all\n");
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    verify_badly(h, make_mac_key(h));
    ASSERT_OK(p11->C_Finalize(NULL));
    read_told();
    assert_int_equal(told.uses, 1);
    scratch_configure(SOFTWARE "audit-key-use = secret\n");
    token_asks_for("all");
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    verify_badly(h, make_mac_key(h));
    ASSERT_OK(p11->C_Finalize(NULL));
    read_told();
    assert_int_equal(told.uses, 2);
    ASSERT_OK(p11->C_Initialize(NULL));
}

static void written_at_logout(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE key = make_mac_key(h);

    (void)state;
    for (int i = 0; i < 3; i++)
        ASSERT_OK(sign(h, key));
    ASSERT_OK(p11->C_Logout(h));
    read_told();
    assert_int_equal(told.uses, 3);
}

/* With audit-delay = 3600: what is used a second after the first use is written all the same. */
static int sign_pause_and_die(void *arg)
{
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE key;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    key = make_mac_key(h);
    ASSERT_OK(sign(h, key));
    (void)sleep(2);
    ASSERT_OK(sign(h, key));
    (void)kill(getpid(), SIGKILL);
    return 0;
}

static void no_delay_makes_it_wait(void **state)
{
    (void)state;
    assert_int_equal(in_child(sign_pause_and_die, NULL), 128 + SIGKILL);
    read_told();
    assert_int_equal(told.uses, 2);
}

/* With audit-full = count: it is refused all the same. */
static void full_disk_refuses_what_the_token_asks_for(void **state)
{
    (void)state;
    assert_int_equal(in_child(refused_when_full, NULL), 0);
    read_told();
    assert_int_equal(told.uses, 3);
    assert_int_equal(told.lost, 0);
}

static int try_to_sign(void *arg)
{
    const CK_RV *expected = arg;
    CK_SESSION_HANDLE h;

    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    ASSERT_RV(*expected, sign(h, make_mac_key(h)));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void assert_sign_gives(CK_RV expected)
{
    assert_int_equal(in_child(try_to_sign, &expected), 0);
}

/* The host takes away what the token asks for, and puts back what it asked for before. */
static void host_is_found_out(void **state)
{
    char store[300];
    struct raw_rows before, now;
    size_t changed = 0;

    (void)state;
    ASSERT_OK(p11->C_Finalize(NULL));
    (void)snprintf(store, sizeof(store), "%s/store", scratch);
    before = raw_rows_read(store);
    token_asks_for("all");
    now = raw_rows_read(store);
    for (size_t i = 0; i < now.n; i++) {
        const struct raw_row *r = &now.v[i], *old = raw_rows_find(&before, r);

        if (r->n_key != 7 + 16 || memcmp(r->key, "key-use", 7) != 0)
            continue;
        assert_non_null(old);
        assert_memory_not_equal(old->value, r->value, r->n_value);
        assert_sign_gives(CKR_OK);
        raw_write(store, r, NULL, 0);
        assert_sign_gives(CKR_DEVICE_ERROR);
        raw_write(store, r, old->value, old->n_value);
        assert_sign_gives(CKR_DEVICE_ERROR);
        raw_write(store, r, r->value, r->n_value);
        assert_sign_gives(CKR_OK);
        changed++;
    }
    assert_int_equal(changed, 1);
    raw_rows_free(&before);
    raw_rows_free(&now);
    ASSERT_OK(p11->C_Initialize(NULL));
}

/* -- counts ------------------------------------------------------------------------------------ */

static bool page_has(const char *sample)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "'%s' status --prometheus 2>/dev/null | grep -qFx 'tee_pkcs11_%s'",
                   getenv("TEE_TEST_COMMAND"), sample);
    return system(command) == 0; /* lint: a test's */
}

static void counted_without_a_word(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE key = make_mac_key(h);
    CK_BYTE mac[32] = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        ASSERT_OK(sign(h, key));
    ASSERT_OK(p11->C_VerifyInit(h, mech(&hmac), key));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(h, data, sizeof(data), mac, sizeof(mac)));
    ASSERT_OK(p11->C_Finalize(NULL));
    assert_true(page_has("operations_total{operation=\"sign\"} 5"));
    assert_true(page_has("operation_failures_total{operation=\"sign\"} 0"));
    assert_true(page_has("operations_total{operation=\"verify\"} 1"));
    assert_true(page_has("operation_failures_total{operation=\"verify\"} 1"));
    assert_true(page_has("unseals_total{source=\"root\"} 1"));
    read_told();
    assert_int_equal(told.n, 0);
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    ASSERT_OK(sign(h, make_mac_key(h)));
    ASSERT_OK(p11->C_CloseSession(h));
    assert_true(page_has("operations_total{operation=\"sign\"} 6"));
}

#define TEST(name, fn, setup)                                                                      \
    {                                                                                              \
        name, fn, setup, teardown_module, NULL                                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/used/nothing-unless-asked", nothing_unless_asked, setup_off),
        TEST("/used/names-what-was-done", names_what_was_done, setup_each),
        TEST("/used/secret", secret_uses, setup_each),
        TEST("/used/all", all_uses, setup_all),
        TEST("/used/given-up", given_up, setup_all),
        TEST("/used/no-room", no_room_is_a_use, setup_each),
        TEST("/used/each-message", each_message, setup_each),
        TEST("/used/equal-ones-are-one", equal_uses_are_one, setup_later),
        TEST("/used/written-with-the-last-session", with_the_last_session, setup_later),
        TEST("/used/killed-after-each", killed_each, setup_each),
        TEST("/used/killed-while-they-wait", killed_later, setup_later),
        TEST("/used/told-by-the-parent-alone", told_by_the_parent_alone, setup_later),
        TEST("/used/every-threads", every_threads_uses, setup_each),
        TEST("/used/full-disk/refuses", full_disk_refuses, setup_each),
        TEST("/used/full-disk/counts", full_disk_counts, setup_losing),
        TEST("/used/token-asks/a-running-process", token_asks_a_running_process, setup_asked_each),
        TEST("/used/token-asks/stricter-one-holds", stricter_one_holds, setup_asked),
        TEST("/used/token-asks/written-at-logout", written_at_logout, setup_asked_later),
        TEST("/used/token-asks/no-delay-makes-it-wait", no_delay_makes_it_wait, setup_asked_later),
        TEST("/used/token-asks/full-disk-refuses", full_disk_refuses_what_the_token_asks_for,
             setup_asked_losing),
        TEST("/used/token-asks/host-is-found-out", host_is_found_out, setup_asked),
        TEST("/used/counted-without-a-word", counted_without_a_word, setup_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
