/* SPDX-License-Identifier: BSD-2-Clause */
/* test-general.c - C_Initialize, C_Finalize, interfaces, slots and the first run. */
#include "support/module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup_loaded(void **state)
{
    (void)state;
    scratch_make(NULL);
    module_load();
    return 0;
}

static int teardown_loaded(void **state)
{
    (void)state;
    (void)p11->C_Finalize(NULL);
    module_unload();
    scratch_remove();
    return 0;
}

static void test_before_initialize(void **state)
{
    CK_INFO info;
    CK_ULONG n = 0;
    CK_SESSION_HANDLE h;

    (void)state;
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(NULL));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_FALSE, NULL, &n));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED,
              p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(1));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
}

static void test_initialize_twice(void **state)
{
    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_Finalize(NULL));
}

static CK_RV fake_create(CK_VOID_PTR_PTR m)
{
    (void)m;
    return CKR_OK;
}

static CK_RV fake_mutex(CK_VOID_PTR m)
{
    (void)m;
    return CKR_OK;
}

static void test_initialize_arguments(void **state)
{
    CK_C_INITIALIZE_ARGS args = {0};

    (void)state;
    args.pReserved = &args;
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args.pReserved = NULL;
    args.CreateMutex = fake_create;
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args.DestroyMutex = args.LockMutex = args.UnlockMutex = fake_mutex;
    ASSERT_RV(CKR_CANT_LOCK, p11->C_Initialize(&args));
    args.flags = CKF_OS_LOCKING_OK;
    ASSERT_OK(p11->C_Initialize(&args));
    ASSERT_RV(CKR_ARGUMENTS_BAD, p11->C_Finalize(&args));
    ASSERT_OK(p11->C_Finalize(NULL));
}

static void *initialize(void *counts)
{
    atomic_int *n = counts;
    const CK_RV rv = p11->C_Initialize(NULL);

    atomic_fetch_add(&n[rv == CKR_OK ? 0 : rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? 1 : 2], 1);
    return NULL;
}

static void test_initialize_from_threads(void **state)
{
    pthread_t threads[8];

    (void)state;
    for (int round = 0; round < 20; round++) {
        atomic_int counts[3] = {0};

        for (size_t i = 0; i < N_ELEMENTS(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, initialize, counts), 0);
        for (size_t i = 0; i < N_ELEMENTS(threads); i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(counts[0], 1);
        assert_int_equal(counts[1], 7);
        assert_int_equal(counts[2], 0);
        ASSERT_OK(p11->C_Finalize(NULL));
    }
}

static CK_RV get_interface(const char *name, CK_VERSION *version, CK_INTERFACE_PTR *ret)
{
    void *module = dlopen(getenv("TEE_TEST_MODULE"), RTLD_NOW | RTLD_NOLOAD);
    void *symbol;
    CK_C_GetInterface get;
    CK_RV rv;

    assert_non_null(module);
    symbol = dlsym(module, "C_GetInterface");
    memcpy(&get, &symbol, sizeof(get));
    rv = get((CK_UTF8CHAR_PTR)(uintptr_t)name, version, ret, 0);
    dlclose(module);
    return rv;
}

static void test_interfaces(void **state)
{
    static const CK_VERSION versions[] = {{3, 2}, {3, 0}, {2, 40}};
    CK_INTERFACE_PTR i = NULL;
    CK_VERSION unknown = {4, 0};

    (void)state;
    ASSERT_OK(get_interface(NULL, NULL, &i));
    assert_string_equal((const char *)i->pInterfaceName, "PKCS 11");
    assert_int_equal(((CK_VERSION *)i->pFunctionList)->major, 3);
    for (size_t n = 0; n < N_ELEMENTS(versions); n++) {
        CK_VERSION v = versions[n];

        ASSERT_OK(get_interface("PKCS 11", &v, &i));
        assert_memory_equal(i->pFunctionList, &v, sizeof(v));
    }
    ASSERT_RV(CKR_ARGUMENTS_BAD, get_interface("PKCS 11", &unknown, &i));
    ASSERT_RV(CKR_ARGUMENTS_BAD, get_interface("Vendor other", NULL, &i));
}

/* Every member of every list is a function: a NULL would crash its caller. */
static void test_lists_are_full(void **state)
{
    void (**f)(void) = (void (**)(void))(void *)((uint8_t *)p11 + sizeof(void *));
    const size_t n = (sizeof(*p11) - sizeof(void *)) / sizeof(*f);

    (void)state;
    assert_true(n > 100);
    for (size_t i = 0; i < n; i++)
        assert_non_null(f[i]);
}

static void test_exports_three_names(void **state)
{
    static const char *const hidden[] = {"C_Sign", "C_Initialize", "store_open", "mechs"};
    void *module = dlopen(getenv("TEE_TEST_MODULE"), RTLD_NOW | RTLD_NOLOAD);

    (void)state;
    assert_non_null(module);
    assert_non_null(dlsym(module, "C_GetFunctionList"));
    assert_non_null(dlsym(module, "C_GetInterfaceList"));
    assert_non_null(dlsym(module, "C_GetInterface"));
    for (size_t i = 0; i < N_ELEMENTS(hidden); i++)
        assert_null(dlsym(module, hidden[i]));
    dlclose(module);
}

static void test_free_slot(void **state)
{
    CK_SLOT_ID slots[4];
    CK_ULONG n = 0;
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    CK_SESSION_HANDLE h;

    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
    assert_int_equal(n, 1);
    n = 0;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_TRUE, slots, &n));
    assert_int_equal(n, 1);
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, slots, &n));
    assert_int_equal(slots[0], 0);
    ASSERT_OK(p11->C_GetSlotInfo(0, &slot));
    assert_true(slot.flags & CKF_TOKEN_PRESENT);
    ASSERT_OK(p11->C_GetTokenInfo(0, &token));
    assert_false(token.flags & CKF_TOKEN_INITIALIZED);
    ASSERT_RV(CKR_SLOT_ID_INVALID, p11->C_GetTokenInfo(1, &token));
    ASSERT_RV(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(7, &slot));
    ASSERT_RV(CKR_TOKEN_NOT_RECOGNIZED,
              p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
    ASSERT_RV(CKR_SLOT_ID_INVALID, p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &h));
}

static void test_slot_per_token(void **state)
{
    CK_SLOT_ID slots[4];
    CK_ULONG n = N_ELEMENTS(slots);
    CK_TOKEN_INFO token;
    CK_UTF8CHAR label[32];

    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    ASSERT_OK(p11->C_GetSlotList(CK_FALSE, slots, &n));
    assert_int_equal(n, 2);
    assert_int_equal(slots[1], 1);
    ASSERT_OK(p11->C_GetTokenInfo(0, &token));
    assert_true(token.flags & CKF_TOKEN_INITIALIZED);
    assert_true(token.flags & CKF_USER_PIN_INITIALIZED);
    assert_memory_equal(token.label, TEST_LABEL, strlen(TEST_LABEL));
    assert_int_equal(token.label[31], ' ');
    assert_memory_equal(token.model, "software        ", 16);
    memset(label, ' ', sizeof(label));
    label[0] = 'b';
    ASSERT_OK(p11->C_InitToken(1, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, strlen(SO_PIN), label));
    n = N_ELEMENTS(slots);
    ASSERT_OK(p11->C_GetSlotList(CK_FALSE, slots, &n));
    assert_int_equal(n, 3);
}

static int child_after_fork(void *arg)
{
    CK_INFO info;
    CK_SESSION_HANDLE h = *(CK_SESSION_HANDLE *)arg;
    CK_SESSION_INFO session;

    if (p11->C_GetInfo(&info) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 1;
    if (p11->C_GetSessionInfo(h, &session) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 2;
    if (p11->C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 3;
    if (p11->C_Initialize(NULL) != CKR_OK)
        return 4;
    if (p11->C_GetSessionInfo(h, &session) != CKR_SESSION_HANDLE_INVALID)
        return 5;
    h = open_user();
    if (find_label(h, "before fork", NULL) != 1)
        return 6;
    return p11->C_Finalize(NULL) == CKR_OK ? 0 : 7;
}

static void test_fork(void **state)
{
    CK_SESSION_HANDLE h;

    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    h = open_user();
    make_data(h, CK_TRUE, CK_TRUE, "before fork", "x", 1);
    assert_int_equal(in_child(child_after_fork, &h), 0);
    /* The parent's session is none the worse. */
    assert_int_equal(find_label(h, "before fork", NULL), 1);
}

static void write_conf(const char *text, mode_t mode)
{
    const char *path = getenv("TEE_PKCS11_CONF");
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_first_run_without_hardware(void **state)
{
    CK_UTF8CHAR label[32] = {0};
    CK_ULONG n = 0;
    char text[1024];

    (void)state;
    (void)snprintf(text, sizeof(text), "store = \"%s/store\"\ndevice = \"%s/no-device\"\n", scratch,
                   scratch);
    write_conf(text, 0600);
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
    assert_int_equal(n, 1);
    /* No way back configured: rejected before the device is asked. */
    ASSERT_RV(CKR_FUNCTION_REJECTED, p11->C_InitToken(0, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, 8, label));
    ASSERT_OK(p11->C_Finalize(NULL));
    (void)snprintf(text, sizeof(text),
                   "store = \"%s/store\"\ndevice = \"%s/no-device\"\nhardware-only = yes\n"
                   "measured = image\n",
                   scratch, scratch);
    write_conf(text, 0600);
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_DEVICE_ERROR, p11->C_InitToken(0, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, 8, label));
    /* Nothing was left behind that would stand in the way later. */
    (void)snprintf(text, sizeof(text), "%s/store/data.mdb", scratch);
    assert_int_not_equal(access(text, F_OK), 0);
}

static void test_conf_that_others_write(void **state)
{
    (void)state;
    write_conf("root = software\n", 0666);
    ASSERT_RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    write_conf("root = software\nno-such-key = 1\n", 0600);
    ASSERT_RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    write_conf("root = harddisk\n", 0600);
    ASSERT_RV(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
}

static void *wait_for_event(void *ret)
{
    CK_SLOT_ID slot;

    *(CK_RV *)ret = p11->C_WaitForSlotEvent(0, &slot, NULL);
    return NULL;
}

static void test_wait_for_slot_event(void **state)
{
    CK_SLOT_ID slot;
    pthread_t thread;
    CK_RV rv = CKR_OK;

    (void)state;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL));
    assert_int_equal(pthread_create(&thread, NULL, wait_for_event, &rv), 0);
    usleep(100000);
    ASSERT_OK(p11->C_Finalize(NULL));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

#define TEST(name, fn) {name, fn, setup_loaded, teardown_loaded, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/general/before-initialize", test_before_initialize),
        TEST("/general/initialize/twice", test_initialize_twice),
        TEST("/general/initialize/arguments", test_initialize_arguments),
        TEST("/general/initialize/threads", test_initialize_from_threads),
        TEST("/general/interfaces", test_interfaces),
        TEST("/general/lists-are-full", test_lists_are_full),
        TEST("/general/exports", test_exports_three_names),
        TEST("/general/slots/free", test_free_slot),
        TEST("/general/slots/one-per-token", test_slot_per_token),
        TEST("/general/fork", test_fork),
        TEST("/general/first-run", test_first_run_without_hardware),
        TEST("/general/configuration/refused", test_conf_that_others_write),
        TEST("/general/wait-for-slot-event", test_wait_for_slot_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
