/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-exits.c - how applications end, and what else is in their process: exit handlers that were
 * registered early or late, destructors, dlclose() with and without C_Finalize, libcrypto that ends
 * first, threads that go on, and two copies of the module. None crashes, none hangs, and each call
 * gets an answer.
 *
 * Each way to end is a process of its own, begun anew: the handlers of a forked one would be the
 * test's.
 */
#include "support/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SURVIVED 77

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static const char *way; /* of this process, when it is one */

/* -- a process that ends ----------------------------------------------------------------------- */

/* Calls at a moment when anything may be gone: an answer, of whatever kind. */
static void call_late(void)
{
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE bytes[32] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);
    CK_SESSION_INFO info;

    (void)p11->C_GetSessionInfo(session, &info);
    if (p11->C_SignInit(session, &m, key) == CKR_OK)
        (void)p11->C_Sign(session, bytes, sizeof(bytes), signature, &n);
    (void)p11->C_GenerateRandom(session, bytes, sizeof(bytes));
}

static void finalize_late(void)
{
    const CK_RV rv = p11->C_Finalize(NULL);

    if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
        _exit(2);
}

static bool is_way(const char *name)
{
    return way != NULL && strcmp(way, name) == 0;
}

static void at_exit(void)
{
    call_late();
    finalize_late();
    call_late();
}

/* As a library of the application's might. */
__attribute__((destructor)) static void at_unload(void)
{
    if (is_way("destructor")) {
        call_late();
        finalize_late();
    }
    if (way != NULL) {
        scratch_remove();
        _exit(SURVIVED); /* the last thing: no handler has crashed before */
    }
}

static void use(void)
{
    CK_OBJECT_HANDLE public_key;

    scratch_make(NULL);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    session = open_user();
    make_ec(session, CK_TRUE, "used at the end", &public_key, &key);
    call_late();
}

static void *go_on(void *arg)
{
    (void)arg;
    for (;;)
        call_late();
    return NULL;
}

static void begin_threads(void)
{
    pthread_t thread;

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread, NULL, go_on, NULL), 0);
    usleep(20000);
}

/* dlclose() takes the module away from its user, who may load it again. */
static void close_and_load(bool finalized)
{
    CK_INFO info;

    if (finalized)
        ASSERT_OK(p11->C_Finalize(NULL));
    module_unload();
    module_load();
    ASSERT_RV(finalized ? CKR_OK : CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetInfo(&info));
    if (finalized)
        session = open_user();
    call_late();
}

/* The ends, in the order in which they are listed. */
static int end(void)
{
    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    (void)alarm(60);
    if (is_way("handler-before") && atexit(at_exit) != 0)
        return 1;
    if (is_way("libcrypto-before"))
        (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    use();
    if (is_way("handler-after") && atexit(at_exit) != 0)
        return 1;
    if (is_way("closed-without-finalize"))
        module_unload();
    if (is_way("closed-and-loaded"))
        close_and_load(false);
    if (is_way("finalized-closed-and-loaded"))
        close_and_load(true);
    if (is_way("libcrypto-ends-first") || is_way("libcrypto-ends-in-use"))
        OPENSSL_cleanup();
    if (is_way("libcrypto-ends-in-use"))
        at_exit();
    if (is_way("libcrypto-ends-first"))
        finalize_late();
    if (is_way("threads-go-on") || is_way("threads-go-on-and-finalize"))
        begin_threads();
    if (is_way("threads-go-on-and-finalize"))
        finalize_late();
    return 0;
}

/* -- the ends ---------------------------------------------------------------------------------- */

static int begin_process(void *name)
{
    (void)execl("/proc/self/exe", "api-exits", (const char *)name, (char *)NULL);
    return 1;
}

static void test_end(void **state)
{
    assert_int_equal(in_child(begin_process, *state), SURVIVED);
}

/* -- two copies of the module ------------------------------------------------------------------ */

static CK_FUNCTION_LIST_3_2 *one, *other;
static void *copy;

static void copy_file(const char *from, const char *to)
{
    char command[1200];

    (void)snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static int setup_copies(void **state)
{
    CK_VERSION version = {3, 2};
    CK_INTERFACE_PTR interface = NULL;
    CK_C_GetInterface get;
    char path[512];
    void *symbol;

    (void)setup_module(state);
    token_make();
    one = p11;
    (void)snprintf(path, sizeof(path), "%s/copy.so", scratch);
    copy_file(getenv("TEE_TEST_MODULE"), path);
    copy = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(copy);
    symbol = dlsym(copy, "C_GetInterface");
    assert_non_null(symbol);
    memcpy(&get, &symbol, sizeof(get));
    ASSERT_OK(get(NULL, &version, &interface, 0));
    other = interface->pFunctionList;
    assert_ptr_not_equal(one, other);
    return 0;
}

static int teardown_copies(void **state)
{
    (void)other->C_Finalize(NULL);
    assert_int_equal(dlclose(copy), 0);
    p11 = one;
    return teardown_module(state);
}

/* A day's work in this copy. */
static void use_copy(CK_FUNCTION_LIST_3_2 *list)
{
    CK_SESSION_HANDLE h;

    p11 = list;
    h = open_user();
    make_data(h, CK_TRUE, CK_TRUE, "of one copy", "v", 1);
    assert_true(find_label(h, "of one copy", NULL) >= 1);
    (void)make_aes(h, 32, CK_FALSE, "k");
    close_all();
    p11 = one;
}

/* LMDB's locks are the process's: the second copy is refused, and the first is none the worse. */
static void test_one_store(void **state)
{
    CK_SESSION_HANDLE h;
    CK_RV rv;

    (void)state;
    use_copy(one);
    rv = other->C_Initialize(NULL);
    if (rv == CKR_OK)
        rv = other->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h);
    assert_int_not_equal(rv, CKR_OK);
    (void)other->C_Finalize(NULL);
    use_copy(one);
    /* When the first is done, it is the second's turn. */
    ASSERT_OK(one->C_Finalize(NULL));
    ASSERT_OK(other->C_Initialize(NULL));
    use_copy(other);
    ASSERT_OK(other->C_Finalize(NULL));
    ASSERT_OK(one->C_Initialize(NULL));
    use_copy(one);
}

static void *work_in_other(void *stop)
{
    while (!atomic_load((atomic_bool *)stop)) {
        CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
        CK_BYTE bytes[32];

        if (other->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h) !=
                CKR_OK ||
            other->C_GenerateRandom(h, bytes, sizeof(bytes)) != CKR_OK ||
            other->C_CloseSession(h) != CKR_OK)
            return stop;
    }
    return NULL;
}

static int child_of_two(void *arg)
{
    (void)arg;
    (void)alarm(60);
    if (one->C_Initialize(NULL) != CKR_OK || other->C_Initialize(NULL) != CKR_OK)
        return 1;
    return one->C_Finalize(NULL) == CKR_OK && other->C_Finalize(NULL) == CKR_OK ? SURVIVED : 2;
}

#define BEGINNINGS 3000

static void *begin_and_end(void *list)
{
    const CK_FUNCTION_LIST_3_2 *p = list;

    for (int i = 0; i < BEGINNINGS; i++) {
        if (p->C_Initialize(NULL) != CKR_OK || p->C_Finalize(NULL) != CKR_OK)
            return list;
    }
    return NULL;
}

/* What the copies share, the libraries under them, has nothing that two would have to take turns
 * for. */
static void test_at_once(void **state)
{
    pthread_t thread;
    void *failed = NULL;

    (void)state;
    ASSERT_OK(one->C_Finalize(NULL));
    assert_int_equal(pthread_create(&thread, NULL, begin_and_end, other), 0);
    assert_null(begin_and_end(one));
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    ASSERT_OK(one->C_Initialize(NULL));
    use_copy(one);
}

/* The second copy with a store of its own: both work at once, in threads, and over a fork. */
static void test_two_stores(void **state)
{
    char first[300], path[600], conf[300];
    atomic_bool stop = false;
    pthread_t thread;
    void *failed = NULL;
    FILE *f;

    (void)state;
    (void)snprintf(first, sizeof(first), "%s", getenv("TEE_PKCS11_CONF"));
    (void)snprintf(conf, sizeof(conf), "%s/conf2", scratch);
    f = fopen(conf, "we");
    assert_non_null(f);
    (void)snprintf(path, sizeof(path), "store = \"%s/store2\"\nsoftware-key = \"%s/key2\"\n",
                   scratch, scratch);
    assert_true(fputs(path, f) >= 0 && fputs("root = software\npin-log2-n = 10\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(conf, 0600), 0);
    assert_int_equal(setenv("TEE_PKCS11_CONF", conf, 1), 0);
    ASSERT_OK(other->C_Initialize(NULL));
    assert_int_equal(setenv("TEE_PKCS11_CONF", first, 1), 0);
    p11 = other;
    token_make();
    p11 = one;
    use_copy(other);
    assert_int_equal(pthread_create(&thread, NULL, work_in_other, &stop), 0);
    for (int i = 0; i < 20; i++)
        use_copy(one);
    stop = true;
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    ASSERT_OK(one->C_Finalize(NULL));
    use_copy(other);
    assert_int_equal(in_child(child_of_two, NULL), SURVIVED);
    ASSERT_OK(other->C_Finalize(NULL));
    ASSERT_OK(one->C_Initialize(NULL));
}

/* The way is what the test's name ends with. */
#define END(name)                                                                                  \
    {                                                                                              \
        name, test_end, NULL, NULL, (void *)(uintptr_t)&name[sizeof("/exits/") - 1]                \
    }
#define COPIES(name, fn)                                                                           \
    {                                                                                              \
        name, fn, setup_copies, teardown_copies, NULL                                              \
    }

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        END("/exits/plain"),
        END("/exits/handler-before"),
        END("/exits/handler-after"),
        END("/exits/destructor"),
        END("/exits/closed-without-finalize"),
        END("/exits/closed-and-loaded"),
        END("/exits/finalized-closed-and-loaded"),
        END("/exits/libcrypto-before"),
        END("/exits/libcrypto-ends-first"),
        END("/exits/libcrypto-ends-in-use"),
        END("/exits/threads-go-on"),
        END("/exits/threads-go-on-and-finalize"),
        COPIES("/copies/one-store", test_one_store),
        COPIES("/copies/two-stores", test_two_stores),
        COPIES("/copies/at-once", test_at_once),
    };

    if (argc == 2) {
        way = argv[1];
        return end();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
