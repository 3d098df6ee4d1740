/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-prim.c - the primitives against published vectors, and OpenSSL kept apart from the
 * application's: its error queue, its configuration, its providers.
 *
 * Run with an argument it is the program of the configuration tests: those need a process in which
 * libcrypto has not been used yet.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "crypto/ossl.h"
#include "crypto/prim.h"

#define N_THREADS 4

static const char *self;

/* Decode hex of a known length into a buffer. */
static void from_hex(const char *text, uint8_t *ret, size_t n)
{
    assert_true(hex_decode(text, ret, n));
}

static void assert_hex(const uint8_t *got, const char *want)
{
    const size_t n = strlen(want) / 2;
    uint8_t bytes[128];

    assert_true(n <= sizeof(bytes));
    from_hex(want, bytes, n);
    assert_memory_equal(got, bytes, n);
}

static void sha256_of_abc(void **state)
{
    const struct span parts[] = {SPAN_LIT("a"), SPAN_EMPTY, SPAN_LIT("bc")};
    uint8_t hash[PRIM_HASH];

    (void)state;
    assert_int_equal(prim_sha256(parts, N_ELEMENTS(parts), hash), CKR_OK);
    assert_hex(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(prim_sha256(NULL, 0, hash), CKR_OK);
    assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* FIPS 180-4's example, as sha384sum and sha512sum have it. */
static void longer_hashes_of_abc(void **state)
{
    const struct span parts[] = {SPAN_LIT("a"), SPAN_EMPTY, SPAN_LIT("bc")};
    uint8_t sha384[PRIM_SHA384], sha512[PRIM_SHA512];

    (void)state;
    assert_int_equal(prim_sha384(parts, N_ELEMENTS(parts), sha384), CKR_OK);
    assert_hex(sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                       "8086072ba1e7cc2358baeca134c825a7");
    assert_int_equal(prim_sha512(parts, N_ELEMENTS(parts), sha512), CKR_OK);
    assert_hex(sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* RFC 5869 appendix A.1 and A.3 */
static void hkdf_vectors(void **state)
{
    uint8_t ikm[22], salt[13], info[10], okm[42];

    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    from_hex("000102030405060708090a0b0c", salt, sizeof(salt));
    from_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof(info));
    assert_int_equal(
        prim_hkdf(SPAN_ARRAY(ikm), SPAN_ARRAY(salt), SPAN_ARRAY(info), okm, sizeof(okm)), CKR_OK);
    assert_hex(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                    "34007208d5b887185865");
    assert_int_equal(prim_hkdf(SPAN_ARRAY(ikm), SPAN_EMPTY, SPAN_EMPTY, okm, sizeof(okm)), CKR_OK);
    assert_hex(okm, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                    "9d201395faa4b61a96c8");
}

static void hkdf_too_long_is_refused(void **state)
{
    uint8_t ikm[32] = {1};
    uint8_t *okm = calloc(1, 255 * 32 + 1);

    (void)state;
    assert_non_null(okm);
    assert_int_equal(prim_hkdf(SPAN_ARRAY(ikm), SPAN_EMPTY, SPAN_EMPTY, okm, 255 * 32 + 1),
                     CKR_FUNCTION_FAILED);
    free(okm);
}

/* RFC 7914 section 12, the third: its first 32 bytes */
static void scrypt_vector(void **state)
{
    uint8_t key[PRIM_KEY];

    (void)state;
    assert_int_equal(prim_scrypt(SPAN_LIT("pleaseletmein"), SPAN_LIT("SodiumChloride"), 14, key),
                     CKR_OK);
    assert_hex(key, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

static void scrypt_cost_beyond_its_bounds_is_refused(void **state)
{
    uint8_t key[PRIM_KEY] = {7}, before[PRIM_KEY];

    (void)state;
    memcpy(before, key, sizeof(key));
    assert_int_equal(prim_scrypt(SPAN_LIT("p"), SPAN_LIT("s"), 9, key), CKR_ARGUMENTS_BAD);
    assert_int_equal(prim_scrypt(SPAN_LIT("p"), SPAN_LIT("s"), 21, key), CKR_ARGUMENTS_BAD);
    assert_memory_equal(key, before, sizeof(key));
}

/* 64 MiB: more than OpenSSL's own limit of 32 MiB */
static void scrypt_above_openssl_limit(void **state)
{
    uint8_t key[PRIM_KEY];

    (void)state;
    assert_int_equal(prim_scrypt(SPAN_LIT("p"), SPAN_LIT("s"), 16, key), CKR_OK);
}

/* The GCM specification's test cases 13 and 14 (AES-256, zero key and nonce) */
static void gcm_vectors(void **state)
{
    const uint8_t key[PRIM_KEY] = {0}, plain[16] = {0};
    uint8_t out[32];

    (void)state;
    assert_int_equal(prim_gcm_seal(key, SPAN_EMPTY, SPAN_EMPTY, out), CKR_OK);
    assert_hex(out, "530f8afbc74536b9a963b4f1c4cb738b");
    assert_int_equal(prim_gcm_seal(key, SPAN_EMPTY, SPAN_ARRAY(plain), out), CKR_OK);
    assert_hex(out, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

static void gcm_round_trip(void **state)
{
    const uint8_t key[PRIM_KEY] = {1};
    uint8_t sealed[5 + PRIM_TAG], plain[5];

    (void)state;
    assert_int_equal(prim_gcm_seal(key, SPAN_LIT("aad"), SPAN_LIT("hello"), sealed), CKR_OK);
    assert_int_equal(prim_gcm_open(key, SPAN_LIT("aad"), SPAN_ARRAY(sealed), plain), CKR_OK);
    assert_memory_equal(plain, "hello", 5);
}

static void gcm_any_changed_bit_is_refused(void **state)
{
    const uint8_t key[PRIM_KEY] = {1}, zeros[5] = {0};
    uint8_t sealed[5 + PRIM_TAG], plain[5];

    (void)state;
    assert_int_equal(prim_gcm_seal(key, SPAN_LIT("aad"), SPAN_LIT("hello"), sealed), CKR_OK);
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] = (uint8_t)(sealed[bit / 8] ^ 1u << bit % 8);
        memset(plain, 0x55, sizeof(plain));
        assert_int_equal(prim_gcm_open(key, SPAN_LIT("aad"), SPAN_ARRAY(sealed), plain),
                         CKR_ENCRYPTED_DATA_INVALID);
        assert_memory_equal(plain, zeros, sizeof(plain)); /* nothing unauthenticated is left */
        sealed[bit / 8] = (uint8_t)(sealed[bit / 8] ^ 1u << bit % 8);
    }
    assert_int_equal(prim_gcm_open(key, SPAN_LIT("bad"), SPAN_ARRAY(sealed), plain),
                     CKR_ENCRYPTED_DATA_INVALID);
    assert_int_equal(prim_gcm_open(key, SPAN_LIT("aad"), span_of(sealed, PRIM_TAG - 1), plain),
                     CKR_ENCRYPTED_DATA_INVALID);
}

/* RFC 7748 section 5.2 */
static void x25519_vector(void **state)
{
    uint8_t scalar[32], u[32], shared[32];

    (void)state;
    from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", scalar, 32);
    from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", u, 32);
    assert_int_equal(prim_x25519(scalar, u, shared), CKR_OK);
    assert_hex(shared, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

static void x25519_both_sides_agree(void **state)
{
    uint8_t a[32], a_public[32], b[32], b_public[32], ab[32], ba[32];

    (void)state;
    assert_int_equal(prim_x25519_generate(a, a_public), CKR_OK);
    assert_int_equal(prim_x25519_generate(b, b_public), CKR_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(prim_x25519(a, b_public, ab), CKR_OK);
    assert_int_equal(prim_x25519(b, a_public, ba), CKR_OK);
    assert_memory_equal(ab, ba, 32);
}

/* Section 6.1: Alice's keys, and Bob's public one. */
static void x25519_both_has_the_public_half(void **state)
{
    uint8_t a[32], b_public[32], shared[32], a_public[32];

    (void)state;
    from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", a, 32);
    from_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", b_public, 32);
    assert_int_equal(prim_x25519_both(a, b_public, shared, a_public), CKR_OK);
    assert_hex(a_public, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    assert_hex(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    memset(b_public, 0, sizeof(b_public));
    memset(a_public, 0x55, sizeof(a_public));
    assert_int_equal(prim_x25519_both(a, b_public, shared, a_public), CKR_DATA_INVALID);
    assert_int_equal(a_public[0], 0x55);
}

/* A point of small order gives the same secret for every key: RFC 7748 section 6.1 */
static void x25519_small_order_is_refused(void **state)
{
    const uint8_t zero[32] = {0}, one[32] = {1};
    uint8_t a[32], a_public[32], shared[32];

    (void)state;
    assert_int_equal(prim_x25519_generate(a, a_public), CKR_OK);
    memset(shared, 0x55, sizeof(shared));
    assert_int_equal(prim_x25519(a, zero, shared), CKR_DATA_INVALID);
    assert_memory_equal(shared, zero, 32);
    assert_int_equal(prim_x25519(a, one, shared), CKR_DATA_INVALID);
}

static void random_differs(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    assert_int_equal(prim_random(a, sizeof(a)), CKR_OK);
    assert_int_equal(prim_random(b, sizeof(b)), CKR_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_false(mem_is_zero(a, sizeof(a)));
}

/* RFC 4231, test cases 1 and 2 */
static void mac_vectors(void **state)
{
    AUTO(mac_freep) struct mac *one = NULL;
    AUTO(mac_freep) struct mac *two = NULL;
    const struct span hi[] = {SPAN_LIT("Hi"), SPAN_LIT(" There")};
    const struct span what[] = {SPAN_LIT("what do ya want "), SPAN_LIT("for nothing?")};
    uint8_t key[20], sum[PRIM_HASH];

    (void)state;
    memset(key, 0x0b, sizeof(key));
    assert_int_equal(mac_new(SPAN_ARRAY(key), &one), CKR_OK);
    assert_int_equal(mac_new(SPAN_LIT("Jefe"), &two), CKR_OK);
    for (int i = 0; i < 3; i++) { /* the second sum on uses a context that was used before */
        assert_int_equal(mac_sum(one, hi, 2, sum), CKR_OK);
        assert_hex(sum, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        assert_int_equal(mac_sum(two, what, 2, sum), CKR_OK);
        assert_hex(sum, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}

static void mac_without_key_is_refused(void **state)
{
    struct mac *m = NULL;

    (void)state;
    assert_int_equal(mac_new(SPAN_EMPTY, &m), CKR_ARGUMENTS_BAD);
    assert_null(m);
}

static void *mac_thread(void *arg)
{
    const struct span what = SPAN_LIT("what do ya want for nothing?");
    uint8_t sum[PRIM_HASH], want[PRIM_HASH];
    bool right = hex_decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                            want, sizeof(want));

    for (int i = 0; i < 2000; i++)
        right =
            right && mac_sum(arg, &what, 1, sum) == CKR_OK && memcmp(sum, want, sizeof(want)) == 0;
    return right ? arg : NULL;
}

static void mac_from_several_threads(void **state)
{
    AUTO(mac_freep) struct mac *m = NULL;
    pthread_t thread[N_THREADS];
    void *right;

    (void)state;
    assert_int_equal(mac_new(SPAN_LIT("Jefe"), &m), CKR_OK);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, mac_thread, m), 0);
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], &right), 0);
        assert_ptr_equal(right, m);
    }
}

static void error_queue_stays_the_callers(void **state)
{
    const uint8_t key[PRIM_KEY] = {1};
    uint8_t sealed[PRIM_TAG] = {0}, plain[1], u[32] = {0};
    unsigned long mine;

    (void)state;
    ERR_clear_error();
    assert_int_equal(prim_gcm_open(key, SPAN_EMPTY, SPAN_ARRAY(sealed), plain),
                     CKR_ENCRYPTED_DATA_INVALID);
    assert_int_equal(prim_x25519(key, u, u), CKR_DATA_INVALID);
    assert_int_equal(ERR_peek_error(), 0);

    ERR_raise(ERR_LIB_USER, 42);
    mine = ERR_peek_error();
    assert_int_equal(prim_x25519(key, u, u), CKR_DATA_INVALID);
    assert_null(ossl_md("no such digest, second time"));
    assert_int_equal(ERR_get_error(), mine);
    assert_int_equal(ERR_get_error(), 0);
}

static void algorithms_are_fetched_once(void **state)
{
    (void)state;
    assert_int_equal(crypto_ready(), CKR_OK);
    assert_non_null(ossl_md("SHA2-384"));
    assert_ptr_equal(ossl_md("SHA2-384"), ossl_md("SHA2-384"));
    assert_non_null(ossl_cipher("AES-128-CBC"));
    assert_ptr_equal(ossl_cipher("AES-128-CBC"), ossl_cipher("AES-128-CBC"));
    assert_null(ossl_md("no such digest"));
    assert_null(ossl_md("no such digest"));
    assert_null(ossl_cipher("SHA2-384"));
}

static void *fetch_thread(void *arg)
{
    (void)arg;
    /* Names that no other test uses: the threads meet at the first fetch. */
    return (void *)(uintptr_t)ossl_md("SHA3-224");
}

static void threads_fetch_the_same(void **state)
{
    pthread_t thread[N_THREADS];
    void *got[N_THREADS];

    (void)state;
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fetch_thread, NULL), 0);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(thread[i], &got[i]), 0);
    for (int i = 0; i < N_THREADS; i++) {
        assert_non_null(got[i]);
        assert_ptr_equal(got[i], got[0]);
    }
}

/*
 * The other program: a provider, activated by the application's configuration, calls crypto_ready()
 * from its start, as pkcs11-provider would through C_Initialize.
 */
static CK_RV inner_rv = CKR_FUNCTION_NOT_SUPPORTED;
static int inner_calls;

static int back_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                     const OSSL_DISPATCH **out, void **ctx)
{
    static const OSSL_DISPATCH nothing[] = {{0, NULL}};
    static const struct timespec pause = {.tv_nsec = 50000000L};

    (void)handle;
    (void)in;
    (void)nanosleep(&pause, NULL); /* the other threads are waiting for the configuration now */
    inner_rv = crypto_ready();
    inner_calls++;
    *out = nothing;
    *ctx = &inner_rv;
    return 1;
}

static void *ready_thread(void *arg)
{
    uint8_t bytes[8];

    return crypto_ready() == CKR_OK && prim_random(bytes, 8) == CKR_OK ? arg : NULL;
}

static bool threads_ready(void)
{
    pthread_t thread[N_THREADS];
    bool right = true;
    void *got;

    for (int i = 0; i < N_THREADS; i++)
        if (pthread_create(&thread[i], NULL, ready_thread, &inner_rv) != 0)
            return false;
    for (int i = 0; i < N_THREADS; i++)
        right = pthread_join(thread[i], &got) == 0 && got != NULL && right;
    return right;
}

static bool config_write(const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL)
        return false;
    (void)fputs("openssl_conf = o\n[o]\nproviders = p\n[p]\nback = b\n[b]\nactivate = 1\n", f);
    return fclose(f) == 0;
}

/* `what`: "ours" - our first call loads the configuration; "app" - the application's does. */
static int config_program(const char *what, const char *path)
{
    const bool ours = strcmp(what, "ours") == 0;

    if (!config_write(path) || setenv("OPENSSL_CONF", path, 1) != 0 ||
        OSSL_PROVIDER_add_builtin(NULL, "back", back_init) != 1)
        return 10;
    if (!ours)
        (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    if (!threads_ready())
        return 11;
    if (inner_calls != 1)
        return 12;
    /* On the loading thread: refused when that load is ours, served when it is the application's.
     */
    return inner_rv == (ours ? CKR_CRYPTOKI_NOT_INITIALIZED : CKR_OK) ? 0 : 13;
}

static void run_program(const char *what)
{
    char path[] = "/tmp/test-prim-XXXXXX";
    const int fd = mkstemp(path);
    int status = 0;
    pid_t child;

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(20); /* a deadlock is a failure */
        (void)execl(self, self, what, path, (char *)NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(path);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void our_first_call_loads_a_provider_that_calls_back(void **state)
{
    (void)state;
    run_program("ours");
}

static void application_loads_a_provider_that_calls_us(void **state)
{
    (void)state;
    run_program("app");
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST("/prim/sha256/abc", sha256_of_abc),
        TEST("/prim/sha384-and-sha512/abc", longer_hashes_of_abc),
        TEST("/prim/hkdf/rfc5869", hkdf_vectors),
        TEST("/prim/hkdf/too-long-is-refused", hkdf_too_long_is_refused),
        TEST("/prim/scrypt/rfc7914", scrypt_vector),
        TEST("/prim/scrypt/cost-beyond-bounds-is-refused",
             scrypt_cost_beyond_its_bounds_is_refused),
        TEST("/prim/scrypt/above-openssl-limit", scrypt_above_openssl_limit),
        TEST("/prim/gcm/vectors", gcm_vectors),
        TEST("/prim/gcm/round-trip", gcm_round_trip),
        TEST("/prim/gcm/any-changed-bit-is-refused", gcm_any_changed_bit_is_refused),
        TEST("/prim/x25519/rfc7748", x25519_vector),
        TEST("/prim/x25519/both-sides-agree", x25519_both_sides_agree),
        TEST("/prim/x25519/public-half", x25519_both_has_the_public_half),
        TEST("/prim/x25519/small-order-is-refused", x25519_small_order_is_refused),
        TEST("/prim/random/differs", random_differs),
        TEST("/prim/mac/rfc4231", mac_vectors),
        TEST("/prim/mac/no-key-is-refused", mac_without_key_is_refused),
        TEST("/prim/mac/threads", mac_from_several_threads),
        TEST("/ossl/errors/queue-stays-the-callers", error_queue_stays_the_callers),
        TEST("/ossl/fetch/once", algorithms_are_fetched_once),
        TEST("/ossl/fetch/threads", threads_fetch_the_same),
        TEST("/ossl/ready/own-load-calls-back", our_first_call_loads_a_provider_that_calls_back),
        TEST("/ossl/ready/application-load-calls-us", application_loads_a_provider_that_calls_us),
    };

    if (argc == 3)
        return config_program(argv[1], argv[2]);
    self = "/proc/self/exe";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
