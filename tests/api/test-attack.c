/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-attack.c - faults that an adversarial review found, each with the program that showed it:
 * forks and exits at bad moments, logouts in the middle of work, tables with many objects, answers
 * that tell too much.
 */
#include "support/module.h"
#include "support/sanitized.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY     20000u
#define FORKS    150
#define SURVIVED 77

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

/* Of the processor, for this process: what else the machine does is not in it. */
static double seconds(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

/* -- forks --------------------------------------------------------------------------------- */

static atomic_bool stop_cycling;

/* Takes and leaves every lock of the module's life, the store's among them. */
static void *cycle(void *arg)
{
    CK_ULONG n;

    (void)arg;
    while (!stop_cycling) {
        CK_RV rv = p11->C_Initialize(NULL);

        if (rv == CKR_OK)
            rv = p11->C_GetSlotList(CK_TRUE, NULL, &n);
        if (rv != CKR_OK || p11->C_Finalize(NULL) != CKR_OK)
            return text("failed");
    }
    return NULL;
}

/* Killed by SIGALRM when it waits for a lock that nobody holds in this process. */
static int child_initializes(void *arg)
{
    CK_ULONG n;

    (void)arg;
    (void)alarm(20);
    return p11->C_Initialize(NULL) == CKR_OK && p11->C_GetSlotList(CK_TRUE, NULL, &n) == CKR_OK &&
                   p11->C_Finalize(NULL) == CKR_OK
               ? SURVIVED
               : 1;
}

static void test_fork_inside_finalize(void **state)
{
    pthread_t thread;
    void *failed = NULL;
    int status = SURVIVED;

    (void)state;
    if (SANITIZED) /* its allocator leaves locks held in such a child */
        skip();
    ASSERT_OK(p11->C_Finalize(NULL));
    stop_cycling = false;
    assert_int_equal(pthread_create(&thread, NULL, cycle, NULL), 0);
    for (int i = 0; i < FORKS && status == SURVIVED; i++)
        status = in_child(child_initializes, NULL);
    stop_cycling = true;
    assert_int_equal(pthread_join(thread, &failed), 0);
    ASSERT_OK(p11->C_Initialize(NULL));
    assert_null(failed);
    assert_int_equal(status, SURVIVED);
}

/* -- exits --------------------------------------------------------------------------------- */

static CK_SESSION_HANDLE left_open;
static CK_OBJECT_HANDLE left_key;

/* Registered before anybody uses libcrypto, so it runs behind libcrypto's own handler. What it gets
 * are answers, of whatever kind. */
static void at_exit(void)
{
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE bytes[64] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    if (p11->C_SignInit(left_open, &m, left_key) == CKR_OK)
        (void)p11->C_Sign(left_open, bytes, 32, signature, &n);
    (void)p11->C_GenerateRandom(left_open, bytes, sizeof(bytes));
    if (p11->C_CloseAllSessions(0) != CKR_OK || p11->C_Finalize(NULL) != CKR_OK ||
        p11->C_Initialize(NULL) != CKR_OK)
        _exit(1);
    (void)p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h);
    if (p11->C_Finalize(NULL) != CKR_OK)
        _exit(1);
    scratch_remove();
    _exit(SURVIVED);
}

/* The whole life of an application that leaves the end to an exit handler. `libcrypto`: it is the
 * first to use it, by this name, and so its exit handler is there. */
static int application(const char *libcrypto)
{
    CK_OBJECT_HANDLE public_key;

    (void)alarm(60);
    assert_int_equal(atexit(at_exit), 0);
    if (libcrypto != NULL) {
        void *library = dlopen(libcrypto, RTLD_NOW | RTLD_GLOBAL);
        void *symbol = library != NULL ? dlsym(library, "OPENSSL_init_crypto") : NULL;
        int (*init)(uint64_t, const void *);

        if (symbol == NULL)
            _exit(SURVIVED);
        memcpy(&init, &symbol, sizeof(init));
        (void)init(0, NULL);
        (void)init(UINT64_C(2), NULL); /* the error strings: more than the base is initialised */
    }
    scratch_make(NULL);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    left_open = open_user();
    make_ec(left_open, CK_TRUE, "used at exit", &public_key, &left_key);
    return 0;
}

static int run_application(void *libcrypto)
{
    const char *name = libcrypto != NULL ? libcrypto : "-";

    (void)execl("/proc/self/exe", "api-attack", "application", name, (char *)NULL);
    return 1;
}

static void test_exit_handler(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_application, NULL), SURVIVED);
}

static void test_exit_handler_behind_libcrypto(void **state)
{
    char name[] = "libcrypto.so.3";

    (void)state;
    assert_int_equal(in_child(run_application, name), SURVIVED);
}

/* -- many session objects ------------------------------------------------------------------ */

static double make_many(CK_SESSION_HANDLE a, CK_SESSION_HANDLE b, CK_BBOOL is_private)
{
    const double start = seconds();

    for (CK_ULONG i = 0; i < MANY / 2; i++) {
        (void)make_data(a, CK_FALSE, is_private, "a", "v", 1);
        (void)make_data(b, CK_FALSE, is_private, "b", "v", 1);
    }
    return seconds() - start;
}

/* One walk over the table each: removing them is about the work of making them (0.2 to 1.3 of it,
 * where this was written). A walk for each object would be 200 million steps, many times the
 * bound. What others do on the machine is not counted. */
#define BOUND 10

static void test_close_with_many_objects(void **state)
{
    const CK_SESSION_HANDLE keep = open_user(), a = open_session(), b = open_session();
    const double making = make_many(a, b, CK_FALSE);
    double start = seconds();

    (void)state;
    ASSERT_OK(p11->C_CloseSession(a));
    assert_true(seconds() - start < BOUND * making);
    assert_int_equal(find_label(keep, "a", NULL), 0);
    assert_int_equal(find_label(keep, "b", NULL), MANY / 2);
    start = seconds();
    ASSERT_OK(p11->C_CloseSession(b));
    assert_true(seconds() - start < BOUND * making);
    assert_int_equal(find_label(keep, "b", NULL), 0);
}

static void test_logout_with_many_objects(void **state)
{
    const CK_SESSION_HANDLE a = open_user(), b = open_session();
    const double making = make_many(a, b, CK_TRUE);
    double start;

    (void)state;
    for (CK_ULONG i = 0; i < 1000; i++)
        (void)make_data(a, CK_FALSE, CK_FALSE, "public", "v", 1);
    start = seconds();
    ASSERT_OK(p11->C_Logout(a));
    assert_true(seconds() - start < BOUND * making);
    assert_int_equal(find_label(a, "public", NULL), 1000);
    ASSERT_OK(p11->C_Login(a, CKU_USER, text(USER_PIN), strlen(USER_PIN)));
    assert_int_equal(find_label(a, "a", NULL), 0);
    assert_int_equal(find_label(a, "b", NULL), 0);
}

static void test_close_many_sessions(void **state)
{
    double start = seconds(), opening;
    CK_TOKEN_INFO info;

    (void)state;
    for (CK_ULONG i = 0; i < MANY; i++)
        (void)open_session();
    opening = seconds() - start;
    start = seconds();
    ASSERT_OK(p11->C_CloseAllSessions(0));
    assert_true(seconds() - start < BOUND * opening);
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_int_equal(info.ulSessionCount, 0);
}

/* -- logout in the middle ------------------------------------------------------------------ */

static atomic_bool generating;

static void *generate_slowly(void *session)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 4096;
    CK_ATTRIBUTE public_v[] = {ATTR_OBJ(CKA_MODULUS_BITS, bits), ATTR_TEXT(CKA_LABEL, "late")};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_PRIVATE), ATTR_TEXT(CKA_LABEL, "late")};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_RV rv;

    generating = true;
    rv = p11->C_GenerateKeyPair(*(CK_SESSION_HANDLE *)session, &m, public_v, N_ELEMENTS(public_v),
                                private_v, N_ELEMENTS(private_v), &public_key, &private_key);
    return rv == CKR_OK || rv == CKR_USER_NOT_LOGGED_IN ? NULL : text("another code");
}

/* Whichever comes first, no private session object is there after a logout. */
static void test_logout_while_generating(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    CK_SESSION_HANDLE busy = open_session();
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE search[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TEXT(CKA_LABEL, "late")};
    pthread_t thread;
    void *failed = NULL;

    (void)state;
    generating = false;
    assert_int_equal(pthread_create(&thread, NULL, generate_slowly, &busy), 0);
    while (!generating)
        (void)usleep(1000);
    (void)usleep(20000);
    ASSERT_OK(p11->C_Logout(h));
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    ASSERT_OK(p11->C_Login(h, CKU_USER, text(USER_PIN), strlen(USER_PIN)));
    assert_int_equal(find_objects(h, search, N_ELEMENTS(search), NULL), 0);
}

/* CKA_ALWAYS_AUTHENTICATE (v3.2 4.10): the PIN that is locked by it logs its user out. */
static void test_locked_by_context_login(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_MECHANISM generate = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, sign = {CKM_ECDSA, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE), ATTR_TRUE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_INFO info;

    (void)state;
    ASSERT_OK(
        p11->C_GenerateKeyPair(h, &generate, public_v, 1, private_v, 2, &public_key, &private_key));
    ASSERT_OK(p11->C_SignInit(h, &sign, private_key));
    for (int i = 0; i < 10; i++)
        ASSERT_RV(CKR_PIN_INCORRECT, p11->C_Login(h, CKU_CONTEXT_SPECIFIC, text("wrong"), 5));
    ASSERT_OK(p11->C_GetSessionInfo(h, &info));
    assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
    ASSERT_RV(CKR_PIN_LOCKED, p11->C_Login(h, CKU_CONTEXT_SPECIFIC, text(USER_PIN), 4));
    ASSERT_OK(p11->C_GetSessionInfo(h, &info));
    assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
    close_all();
    h = open_so();
    ASSERT_OK(p11->C_InitPIN(h, text(USER_PIN), strlen(USER_PIN)));
}

/* -- answers and copies -------------------------------------------------------------------- */

/* The same AES key twice: to look inside, and to unwrap. */
static CK_OBJECT_HANDLE import_aes(CK_SESSION_HANDLE h, CK_ATTRIBUTE_TYPE first,
                                   CK_ATTRIBUTE_TYPE second)
{
    static const uint8_t value[32] = {1, 2, 3};
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class),
                        ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR(CKA_VALUE, value, sizeof(value)),
                        ATTR_TRUE(first),
                        ATTR_TRUE(second),
                        ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &o));
    return o;
}

/* On a curve by its CKA_EC_PARAMS. */
static CK_OBJECT_HANDLE extractable_on(CK_SESSION_HANDLE h, const uint8_t *params, CK_ULONG n)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR(CKA_EC_PARAMS, params, n)};
    CK_ATTRIBUTE private_v[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_FALSE(CKA_SENSITIVE)};
    CK_OBJECT_HANDLE public_key, private_key = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_GenerateKeyPair(h, &m, public_v, 1, private_v, 2, &public_key, &private_key));
    return private_key;
}

static CK_OBJECT_HANDLE extractable_ec(CK_SESSION_HANDLE h)
{
    return extractable_on(h, p256_params, sizeof(p256_params));
}

static CK_RV unwrap_ec(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_BYTE *wrapped, CK_ULONG n)
{
    CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type)};
    CK_OBJECT_HANDLE o;

    return p11->C_UnwrapKey(h, &m, key, wrapped, n, v, N_ELEMENTS(v), &o);
}

/* A key that is out of range inside an intact structure is answered like a broken one. */
static void test_unwrap_answers_one_code(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    const CK_OBJECT_HANDLE wrapper = import_aes(h, CKA_WRAP, CKA_UNWRAP);
    const CK_OBJECT_HANDLE cipher = import_aes(h, CKA_ENCRYPT, CKA_DECRYPT);
    CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_BYTE wrapped[512], plain[512];
    CK_ULONG n = sizeof(wrapped), n_plain = sizeof(plain);

    (void)state;
    ASSERT_OK(p11->C_WrapKey(h, &m, wrapper, extractable_ec(h), wrapped, &n));
    ASSERT_OK(unwrap_ec(h, wrapper, wrapped, n));
    ASSERT_OK(p11->C_DecryptInit(h, &m, cipher));
    ASSERT_OK(p11->C_Decrypt(h, wrapped, n, plain, &n_plain));
    memset(plain + n_plain - 32, 0xff, 32); /* the private value, above the order */
    n = sizeof(wrapped);
    ASSERT_OK(p11->C_EncryptInit(h, &m, cipher));
    ASSERT_OK(p11->C_Encrypt(h, plain, n_plain, wrapped, &n));
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_ec(h, wrapper, wrapped, n));
    wrapped[0] ^= 1;
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_ec(h, wrapper, wrapped, n));
}

/* A key that decrypts nothing else, and one that makes what comes. */
struct cbc {
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE unwrapping, cipher;
};

/* Unwrap n bytes, as they stand, under CBC with padding. */
static CK_RV unwrap_cbc(const struct cbc *c, const CK_BYTE *plain, CK_ULONG n)
{
    CK_BYTE iv[16] = {7}, wrapped[256];
    CK_MECHANISM blocks = {CKM_AES_CBC, iv, sizeof(iv)}, padded = {CKM_AES_CBC_PAD, iv, 16};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type)};
    CK_ULONG n_wrapped = sizeof(wrapped);
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_EncryptInit(c->h, &blocks, c->cipher));
    ASSERT_OK(p11->C_Encrypt(c->h, (CK_BYTE *)(uintptr_t)plain, n, wrapped, &n_wrapped));
    return p11->C_UnwrapKey(c->h, &padded, c->unwrapping, wrapped, n_wrapped, v, N_ELEMENTS(v), &o);
}

/* A private key of P-384: its structure is whole blocks, so that all of the last one is padding. */
static CK_ULONG plain_p384(const struct cbc *c, CK_BYTE plain[512])
{
    static const uint8_t p384_params[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    const CK_OBJECT_HANDLE wrapper = import_aes(c->h, CKA_WRAP, CKA_UNWRAP);
    CK_MECHANISM m = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_BYTE wrapped[512];
    CK_ULONG n = sizeof(wrapped), n_plain = 512;

    ASSERT_OK(p11->C_WrapKey(c->h, &m, wrapper,
                             extractable_on(c->h, p384_params, sizeof(p384_params)), wrapped, &n));
    ASSERT_OK(p11->C_DecryptInit(c->h, &m, c->cipher));
    ASSERT_OK(p11->C_Decrypt(c->h, wrapped, n, plain, &n_plain));
    assert_int_equal(n_plain % 16, 0);
    return n_plain;
}

/* Vaudenay's attack has nothing to ask: no padding, a wrong one, a right one behind anything but a
 * key, and a key that is none are one answer. (That they take one time: tests/bench/timing.) */
static void test_unwrap_cbc_answers_one_code(void **state)
{
    struct cbc c = {.h = open_user()};
    CK_BYTE plain[512];
    CK_ULONG n, before;

    (void)state;
    c.unwrapping = import_aes(c.h, CKA_WRAP, CKA_UNWRAP);
    c.cipher = import_aes(c.h, CKA_ENCRYPT, CKA_DECRYPT);
    n = plain_p384(&c, plain);
    before = find_objects(c.h, NULL, 0, NULL);
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_cbc(&c, plain, n));
    for (CK_ULONG i = 0; i < 16; i++) {
        memset(plain + n, 16, 16);
        plain[n + i] ^= 0x11;
        ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_cbc(&c, plain, n + 16));
    }
    for (CK_BYTE pad = 1; pad <= 16; pad++) { /* right padding, and a block before it */
        memset(plain + n, 0x55, 16);
        memset(plain + n + 32 - pad, pad, pad);
        ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_cbc(&c, plain, n + 32));
    }
    memset(plain + n, 16, 16);
    plain[0] ^= 1;
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_cbc(&c, plain, n + 16));
    plain[0] ^= 1;
    assert_int_equal(find_objects(c.h, NULL, 0, NULL), before);
    ASSERT_OK(unwrap_cbc(&c, plain, n + 16));
    memset(plain + n - 48, 0xff, 48); /* the private value, above the order */
    ASSERT_RV(CKR_WRAPPED_KEY_INVALID, unwrap_cbc(&c, plain, n + 16));
}

/* Whatever a PIN has in common with the right one. */
static void test_pins_answer_one_code(void **state)
{
    static const char *const wrong[] = {
        "0234", "1235", "123", "12345", "1", "a", "\xff\xff\xff\xff"};
    CK_SESSION_HANDLE h;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        h = open_session();
        ASSERT_RV(CKR_PIN_INCORRECT, p11->C_Login(h, CKU_USER, text(wrong[i]), strlen(wrong[i])));
        close_all();
    }
    (void)open_user();
}

/* A certificate by its place (v3.2 4.6.3), which the SO trusts. */
static void make_trusted(CK_SESSION_HANDLE so)
{
    static const uint8_t hash[20] = {1};
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class),
                        ATTR_OBJ(CKA_CERTIFICATE_TYPE, type),
                        ATTR_TEXT(CKA_LABEL, "trusted"),
                        ATTR_TEXT(CKA_SUBJECT, "subject"),
                        ATTR(CKA_VALUE, NULL, 0),
                        ATTR_TEXT(CKA_URL, "https://example.com/ca"),
                        ATTR(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, hash, sizeof(hash)),
                        ATTR(CKA_HASH_OF_ISSUER_PUBLIC_KEY, hash, sizeof(hash)),
                        ATTR_TRUE(CKA_TRUSTED),
                        ATTR_TRUE(CKA_TOKEN)};
    CK_OBJECT_HANDLE o;

    ASSERT_OK(p11->C_CreateObject(so, v, N_ELEMENTS(v), &o));
}

static void test_copy_of_trusted_certificate(void **state)
{
    CK_ATTRIBUTE issuer[] = {ATTR_TEXT(CKA_ISSUER, "another")};
    CK_ATTRIBUTE in_session[] = {ATTR_FALSE(CKA_TOKEN)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE, copy;
    CK_SESSION_HANDLE h = open_so();

    (void)state;
    make_trusted(h);
    close_all();
    h = open_user();
    assert_int_equal(find_label(h, "trusted", &o), 1);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CopyObject(h, o, issuer, 1, &copy));
    ASSERT_OK(p11->C_CopyObject(h, o, in_session, 1, &copy));
    close_all();
    h = open_so();
    ASSERT_OK(p11->C_CopyObject(h, o, issuer, 1, &copy));
}

/* clang-format off */
#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}
/* clang-format on */

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST("/attack/fork/inside-finalize", test_fork_inside_finalize),
        TEST("/attack/exit/handler", test_exit_handler),
        TEST("/attack/exit/handler-behind-libcrypto", test_exit_handler_behind_libcrypto),
        TEST("/attack/many/close-session", test_close_with_many_objects),
        TEST("/attack/many/logout", test_logout_with_many_objects),
        TEST("/attack/many/close-all-sessions", test_close_many_sessions),
        TEST("/attack/logout/while-generating", test_logout_while_generating),
        TEST("/attack/login/locked-by-context", test_locked_by_context_login),
        TEST("/attack/unwrap/one-code", test_unwrap_answers_one_code),
        TEST("/attack/unwrap/cbc-one-code", test_unwrap_cbc_answers_one_code),
        TEST("/attack/login/one-code", test_pins_answer_one_code),
        TEST("/attack/copy/trusted-certificate", test_copy_of_trusted_certificate),
    };

    if (argc == 3 && strcmp(argv[1], "application") == 0)
        return application(strcmp(argv[2], "-") == 0 ? NULL : argv[2]);
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
