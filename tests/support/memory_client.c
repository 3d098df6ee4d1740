/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_client.c - an application whose memory is looked into (tests/unit/test-memory.c): it does
 * what it is told on standard input, keeps nothing of it, and answers each step with its CK_RV.
 *
 *   I n bytes, n bytes, n bytes
 *                        import a sensitive P-256 private key, a sensitive AES key and a readable
 *                        generic secret of these values, all of them private objects
 *   L n bytes            log in as user with that PIN
 *   S                    sign and encrypt with these keys
 *   B                    begin operations and processes with them in two sessions, digest the
 *                        readable one in a third and save that state, and end none of it
 *   O F                  C_Logout in the first of the sessions, C_Finalize
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
static CK_SESSION_HANDLE session, idle, digesting;

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
    TRY(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    TRY(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &idle));
    return p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &digesting);
}

static CK_RV import(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct bytes *value)
{
    const bool readable = type == CKK_GENERIC_SECRET;
    CK_BBOOL sensitive = readable ? CK_FALSE : CK_TRUE, extractable = readable ? CK_TRUE : CK_FALSE;
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE_TYPE use = class == CKO_PRIVATE_KEY ? CKA_SIGN : CKA_ENCRYPT;
    CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &sensitive, sizeof(sensitive)},
        {CKA_EXTRACTABLE, &extractable, sizeof(extractable)},
        {readable ? CKA_DERIVE : use, &yes, sizeof(yes)},
        {CKA_VALUE, (void *)(uintptr_t)value->p, value->n},
        {CKA_EC_PARAMS, p256, sizeof(p256)},
    };
    CK_OBJECT_HANDLE o;

    return p11->C_CreateObject(session, v, class == CKO_PRIVATE_KEY ? 9 : 8, &o);
}

static CK_RV do_import(void)
{
    AUTO(bytes_wipe) struct bytes ec;
    AUTO(bytes_wipe) struct bytes aes;
    AUTO(bytes_wipe) struct bytes secret;

    bytes_read(&ec);
    bytes_read(&aes);
    bytes_read(&secret);
    TRY(import(CKO_PRIVATE_KEY, CKK_EC, &ec));
    TRY(import(CKO_SECRET_KEY, CKK_AES, &aes));
    return import(CKO_SECRET_KEY, CKK_GENERIC_SECRET, &secret);
}

static CK_RV do_login(void)
{
    AUTO(bytes_wipe) struct bytes pin;

    bytes_read(&pin);
    return p11->C_Login(session, CKU_USER, pin.p, pin.n);
}

static CK_RV find(CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v = {CKA_KEY_TYPE, &type, sizeof(type)};
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

    TRY(find(CKK_EC, &key));
    TRY(p11->C_SignInit(session, &ecdsa, key));
    TRY(p11->C_Sign(session, data, sizeof(data), out, &n));
    n = sizeof(out);
    TRY(find(CKK_AES, &key));
    TRY(p11->C_EncryptInit(session, &cbc, key));
    return p11->C_Encrypt(session, data, sizeof(data), out, &n);
}

/* With data inside them, where they take any. */
static CK_RV begin_in(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE ec, CK_OBJECT_HANDLE aes)
{
    CK_BYTE iv[16] = {1}, data[32] = "to be signed and encrypted", out[80];
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0};
    CK_ULONG n = sizeof(out);

    TRY(p11->C_SignInit(h, &ecdsa, ec));
    TRY(p11->C_SignUpdate(h, data, sizeof(data)));
    TRY(p11->C_EncryptInit(h, &cbc, aes));
    TRY(p11->C_EncryptUpdate(h, data, sizeof(data), out, &n));
    TRY(p11->C_MessageSignInit(h, &ecdsa, ec));
    return p11->C_MessageEncryptInit(h, &gcm, aes);
}

static CK_RV do_begin(void)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_OBJECT_HANDLE ec, aes, secret;
    CK_BYTE state[64];
    CK_ULONG n = sizeof(state);

    TRY(find(CKK_EC, &ec));
    TRY(find(CKK_AES, &aes));
    TRY(find(CKK_GENERIC_SECRET, &secret));
    TRY(begin_in(session, ec, aes));
    TRY(begin_in(idle, ec, aes));
    TRY(p11->C_DigestInit(digesting, &sha256));
    TRY(p11->C_DigestKey(digesting, secret));
    return p11->C_GetOperationState(digesting, state, &n);
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
    case 'B':
        return do_begin();
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
