/* SPDX-License-Identifier: BSD-2-Clause */
/* module.c - the module under test and scratch tokens; see module.h. */
#include "support/module.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

CK_FUNCTION_LIST_3_2 *p11;
char scratch[256];
const CK_BBOOL ck_true = CK_TRUE, ck_false = CK_FALSE;
const uint8_t p256_params[10] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
const uint8_t ed25519_params[5] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static void *module;

void assert_rv_(CK_RV expected, CK_RV rv, const char *what, const char *file, int line)
{
    if (rv == expected)
        return;
    print_error("%s\n  gave 0x%lx, not 0x%lx\n", what, rv, expected);
    _fail(file, line);
}

void module_load(void)
{
    const char *path = getenv("TEE_TEST_MODULE");
    CK_C_GetInterface get_interface;
    CK_INTERFACE_PTR interface = NULL;
    CK_VERSION version = {3, 2};
    void *symbol;

    assert_non_null(path);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        print_error("%s\n", dlerror());
    assert_non_null(module);
    symbol = dlsym(module, "C_GetInterface");
    assert_non_null(symbol);
    memcpy(&get_interface, &symbol, sizeof(get_interface));
    ASSERT_OK(get_interface(NULL, &version, &interface, 0));
    p11 = interface->pFunctionList;
}

void module_unload(void)
{
    assert_int_equal(dlclose(module), 0);
    module = NULL;
    p11 = NULL;
}

void scratch_make(const char *more_conf)
{
    (void)snprintf(scratch, sizeof(scratch), "%s/tee-test-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(scratch));
    scratch_configure(more_conf);
}

void scratch_configure(const char *more_conf)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/conf", scratch);
    f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "store = \"%s/store\"\nsoftware-key = \"%s/key\"\n", scratch, scratch);
    fputs(more_conf != NULL ? more_conf : "root = software\npin-log2-n = 10\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(setenv("TEE_PKCS11_CONF", path, 1), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_remove(void)
{
    assert_int_equal(nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    unsetenv("TEE_PKCS11_CONF");
}

int in_child(int (*fn)(void *), void *arg)
{
    int status = -1;
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        /* A failed assertion ends the child: it must not go on with the parent's other tests. */
        (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
        _exit(fn(arg));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int setup_module(void **state)
{
    (void)state;
    scratch_make(NULL);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
    return 0;
}

int setup_token(void **state)
{
    (void)setup_module(state);
    token_make();
    return 0;
}

int teardown_module(void **state)
{
    (void)state;
    (void)p11->C_Finalize(NULL);
    module_unload();
    scratch_remove();
    return 0;
}

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

void token_make(void)
{
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE h;

    memset(label, ' ', sizeof(label));
    memcpy(label, TEST_LABEL, strlen(TEST_LABEL));
    ASSERT_OK(p11->C_InitToken(0, text(SO_PIN), strlen(SO_PIN), label));
    h = open_so();
    ASSERT_OK(p11->C_InitPIN(h, text(USER_PIN), strlen(USER_PIN)));
    close_all();
}

CK_SESSION_HANDLE open_session(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    return h;
}

CK_SESSION_HANDLE open_user(void)
{
    const CK_SESSION_HANDLE h = open_session();

    ASSERT_OK(p11->C_Login(h, CKU_USER, text(USER_PIN), strlen(USER_PIN)));
    return h;
}

CK_SESSION_HANDLE open_so(void)
{
    const CK_SESSION_HANDLE h = open_session();

    ASSERT_OK(p11->C_Login(h, CKU_SO, text(SO_PIN), strlen(SO_PIN)));
    return h;
}

void close_all(void)
{
    ASSERT_OK(p11->C_CloseAllSessions(0));
}

/* A key pair with the templates that a plain client would send. */
static void make_pair(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_ATTRIBUTE what,
                      CK_BBOOL token, const char *label, CK_OBJECT_HANDLE *ret_public,
                      CK_OBJECT_HANDLE *ret_private)
{
    CK_MECHANISM m = {type, NULL, 0};
    CK_ATTRIBUTE pub[] = {what, ATTR_OBJ(CKA_TOKEN, token), ATTR(CKA_LABEL, label, strlen(label)),
                          ATTR(CKA_ID, label, strlen(label)), ATTR_TRUE(CKA_VERIFY)};
    CK_ATTRIBUTE priv[] = {ATTR_OBJ(CKA_TOKEN, token), ATTR(CKA_LABEL, label, strlen(label)),
                           ATTR(CKA_ID, label, strlen(label)), ATTR_TRUE(CKA_SIGN)};

    ASSERT_OK(p11->C_GenerateKeyPair(h, &m, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv),
                                     ret_public, ret_private));
}

void make_rsa(CK_SESSION_HANDLE h, CK_ULONG bits, CK_BBOOL token, const char *label,
              CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    const CK_ATTRIBUTE what = ATTR_OBJ(CKA_MODULUS_BITS, bits);

    make_pair(h, CKM_RSA_PKCS_KEY_PAIR_GEN, what, token, label, ret_public, ret_private);
}

void make_ec(CK_SESSION_HANDLE h, CK_BBOOL token, const char *label, CK_OBJECT_HANDLE *ret_public,
             CK_OBJECT_HANDLE *ret_private)
{
    const CK_ATTRIBUTE what = ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params));

    make_pair(h, CKM_EC_KEY_PAIR_GEN, what, token, label, ret_public, ret_private);
}

void make_ed25519(CK_SESSION_HANDLE h, CK_BBOOL token, const char *label,
                  CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    const CK_ATTRIBUTE what = ATTR(CKA_EC_PARAMS, ed25519_params, sizeof(ed25519_params));

    make_pair(h, CKM_EC_EDWARDS_KEY_PAIR_GEN, what, token, label, ret_public, ret_private);
}

CK_OBJECT_HANDLE make_aes(CK_SESSION_HANDLE h, CK_ULONG bytes, CK_BBOOL token, const char *label)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR(CKA_LABEL, label, strlen(label)), ATTR_TRUE(CKA_ENCRYPT),
                        ATTR_TRUE(CKA_DECRYPT)};
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_GenerateKey(h, &m, v, N_ELEMENTS(v), &ret));
    return ret;
}

CK_OBJECT_HANDLE make_data(CK_SESSION_HANDLE h, CK_BBOOL token, CK_BBOOL is_private,
                           const char *label, const void *value, CK_ULONG n)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR_OBJ(CKA_PRIVATE, is_private), ATTR(CKA_LABEL, label, strlen(label)),
                        ATTR(CKA_VALUE, value, n)};
    CK_OBJECT_HANDLE ret = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &ret));
    return ret;
}

CK_ULONG find_objects(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_HANDLE found[64];
    CK_ULONG total = 0, got;

    ASSERT_OK(p11->C_FindObjectsInit(h, v, n));
    do {
        ASSERT_OK(p11->C_FindObjects(h, found, N_ELEMENTS(found), &got));
        if (total == 0 && got > 0 && ret != NULL)
            *ret = found[0];
        total += got;
    } while (got > 0);
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    return total;
}

CK_ULONG find_label(CK_SESSION_HANDLE h, const char *label, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR(CKA_LABEL, label, strlen(label))};

    return find_objects(h, v, 1, ret);
}
