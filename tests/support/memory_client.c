/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_client.c - an application whose memory is looked into (tests/unit/test-memory.c): it does
 * what it is told on standard input, keeps nothing of it, and answers each step with its CK_RV.
 *
 *   I n bytes, n bytes   import a sensitive P-256 private key and an AES key of these values
 *   L n bytes            log in as user with that PIN
 *   S                    sign and encrypt with these keys
 *   O F                  C_Logout, C_Finalize
 *
 * n is one byte. No stdio: its buffers would keep what passed through them.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tee-pkcs11.h"
#include "util/guard.h"

#define VALUE_MAX 64

struct bytes {
    uint8_t n, p[VALUE_MAX];
};

static CK_FUNCTION_LIST_3_2 *p11;
static CK_SESSION_HANDLE session;

static void bytes_wipe(struct bytes *b)
{
    explicit_bzero(b, sizeof(*b));
}

static void read_exactly(void *to, size_t n)
{
    if (read(STDIN_FILENO, to, n) != (ssize_t)n)
        _exit(2);
}

static void bytes_read(struct bytes *ret)
{
    read_exactly(&ret->n, 1);
    if (ret->n > VALUE_MAX)
        _exit(2);
    read_exactly(ret->p, ret->n);
}

static CK_RV load(void)
{
    void *module = dlopen(getenv("TEE_TEST_MODULE"), RTLD_NOW | RTLD_LOCAL);
    void *symbol = module != NULL ? dlsym(module, "C_GetInterface") : NULL;
    CK_C_GetInterface get_interface;
    CK_INTERFACE_PTR interface = NULL;
    CK_VERSION version = {3, 2};

    ENSURE(symbol != NULL, CKR_GENERAL_ERROR);
    memcpy(&get_interface, &symbol, sizeof(get_interface));
    TRY(get_interface(NULL, &version, &interface, 0));
    p11 = interface->pFunctionList;
    TRY(p11->C_Initialize(NULL));
    return p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
}

static CK_RV import(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct bytes *value)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE_TYPE use = class == CKO_PRIVATE_KEY ? CKA_SIGN : CKA_ENCRYPT;
    CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {use, &yes, sizeof(yes)},
        {CKA_VALUE, (void *)(uintptr_t)value->p, value->n},
        {CKA_EC_PARAMS, p256, sizeof(p256)},
    };
    CK_OBJECT_HANDLE o;

    return p11->C_CreateObject(session, v, class == CKO_PRIVATE_KEY ? 8 : 7, &o);
}

static CK_RV do_import(void)
{
    AUTO(bytes_wipe) struct bytes ec;
    AUTO(bytes_wipe) struct bytes aes;

    bytes_read(&ec);
    bytes_read(&aes);
    TRY(import(CKO_PRIVATE_KEY, CKK_EC, &ec));
    return import(CKO_SECRET_KEY, CKK_AES, &aes);
}

static CK_RV do_login(void)
{
    AUTO(bytes_wipe) struct bytes pin;

    bytes_read(&pin);
    return p11->C_Login(session, CKU_USER, pin.p, pin.n);
}

static CK_RV find(CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v = {CKA_CLASS, &class, sizeof(class)};
    CK_ULONG n = 0;

    TRY(p11->C_FindObjectsInit(session, &v, 1));
    TRY(p11->C_FindObjects(session, ret, 1, &n));
    TRY(p11->C_FindObjectsFinal(session));
    ENSURE(n == 1, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static CK_RV do_sign(void)
{
    CK_BYTE iv[16] = {1}, data[32] = "to be signed and encrypted", out[80];
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_OBJECT_HANDLE key;
    CK_ULONG n = sizeof(out);

    TRY(find(CKO_PRIVATE_KEY, &key));
    TRY(p11->C_SignInit(session, &ecdsa, key));
    TRY(p11->C_Sign(session, data, sizeof(data), out, &n));
    n = sizeof(out);
    TRY(find(CKO_SECRET_KEY, &key));
    TRY(p11->C_EncryptInit(session, &cbc, key));
    return p11->C_Encrypt(session, data, sizeof(data), out, &n);
}

static CK_RV step(char what)
{
    switch (what) {
    case 'I':
        return do_import();
    case 'L':
        return do_login();
    case 'S':
        return do_sign();
    case 'O':
        return p11->C_Logout(session);
    case 'F':
        return p11->C_Finalize(NULL);
    default:
        return CKR_ARGUMENTS_BAD;
    }
}

int main(void)
{
    CK_RV rv = load();
    char what;

    while (write(STDOUT_FILENO, &rv, sizeof(rv)) == (ssize_t)sizeof(rv) &&
           read(STDIN_FILENO, &what, 1) == 1)
        rv = step(what);
    return 0;
}
