/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.c - a round of an application's day; see worker.h. */
#include "support/worker.h"

#include <stdio.h>
#include <string.h>

#include "support/reference.h"

#define SHARED_KEY  "shared key"
#define SHARED_DATA "shared data"
#define N_VALUE     48

#define OK(call)                                                                                   \
    do {                                                                                           \
        const CK_RV rv_ = (call);                                                                  \
        if (rv_ != CKR_OK)                                                                         \
            return (struct failure){#call, rv_, __LINE__};                                         \
    } while (0)
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return (struct failure){#condition, CKR_OK, __LINE__};                                 \
    } while (0)
#define DO(call)                                                                                   \
    do {                                                                                           \
        const struct failure f_ = (call);                                                          \
        if (f_.what != NULL)                                                                       \
            return f_;                                                                             \
    } while (0)
#define FINE ((struct failure){NULL, CKR_OK, 0})

void assert_no_failure(struct failure f)
{
    if (f.what != NULL)
        fail_msg("worker.c:%d: %s: 0x%lx", f.line, f.what, f.rv);
}

/* What an object of that name holds. */
static void value_of(const char *label, size_t n, uint8_t ret[N_VALUE])
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)label[i];
    fill_pattern(ret, N_VALUE, sum);
}

void worker_setup(CK_SESSION_HANDLE user)
{
    CK_OBJECT_HANDLE pub, priv;
    uint8_t value[N_VALUE];

    make_ec(user, CK_TRUE, SHARED_KEY, &pub, &priv);
    value_of(SHARED_DATA, strlen(SHARED_DATA), value);
    make_data(user, CK_TRUE, CK_TRUE, SHARED_DATA, value, sizeof(value));
}

static struct failure find_one(CK_SESSION_HANDLE h, CK_OBJECT_CLASS class, const char *label,
                               CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR(CKA_LABEL, label, strlen(label))};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n = 0;

    OK(p11->C_FindObjectsInit(h, v, 2));
    OK(p11->C_FindObjects(h, found, 2, &n));
    OK(p11->C_FindObjectsFinal(h));
    HOLDS(n == 1);
    *ret = found[0];
    return FINE;
}

static struct failure sign_and_verify(CK_SESSION_HANDLE h, unsigned number)
{
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    CK_OBJECT_HANDLE pub, priv;
    CK_BYTE signature[64];
    CK_ULONG n = sizeof(signature);

    DO(find_one(h, CKO_PRIVATE_KEY, SHARED_KEY, &priv));
    DO(find_one(h, CKO_PUBLIC_KEY, SHARED_KEY, &pub));
    OK(p11->C_SignInit(h, &m, priv));
    OK(p11->C_Sign(h, (CK_BYTE *)&number, sizeof(number), signature, &n));
    OK(p11->C_VerifyInit(h, &m, pub));
    OK(p11->C_Verify(h, (CK_BYTE *)&number, sizeof(number), signature, n));
    return FINE;
}

/* CKR_OBJECT_HANDLE_INVALID comes back as such: somebody else may have destroyed it. */
static struct failure check_data(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    char label[64] = "";
    uint8_t value[N_VALUE], expected[N_VALUE];
    CK_ATTRIBUTE v[] = {{CKA_LABEL, label, sizeof(label)}, {CKA_VALUE, value, sizeof(value)}};

    OK(p11->C_GetAttributeValue(h, o, v, 2));
    value_of(label, v[0].ulValueLen, expected);
    HOLDS(v[1].ulValueLen == N_VALUE);
    HOLDS(memcmp(value, expected, N_VALUE) == 0);
    return FINE;
}

static struct failure create(CK_SESSION_HANDLE h, const char *label, CK_BBOOL token,
                             CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    uint8_t value[N_VALUE];
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR(CKA_LABEL, label, strlen(label)), ATTR(CKA_VALUE, value, N_VALUE)};

    value_of(label, strlen(label), value);
    OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), ret));
    return FINE;
}

/* A data object made, found, read, and gone again. */
static struct failure life_of_data(CK_SESSION_HANDLE h, unsigned number, CK_BBOOL token)
{
    CK_OBJECT_HANDLE made = 0, found = 0;
    CK_ULONG size;
    char label[64];
    CK_RV rv;

    (void)snprintf(label, sizeof(label), "data %u %d", number, token);
    DO(create(h, label, token, &made));
    DO(find_one(h, CKO_DATA, label, &found));
    HOLDS(found == made);
    DO(check_data(h, found));
    OK(p11->C_DestroyObject(h, made));
    rv = p11->C_GetObjectSize(h, made, &size);
    if (rv != CKR_OBJECT_HANDLE_INVALID)
        return (struct failure){"the size of a destroyed object", rv, __LINE__};
    return FINE;
}

static struct failure life_of_key(CK_SESSION_HANDLE h, unsigned number)
{
    CK_ULONG bytes = 32;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes)};
    CK_ATTRIBUTE label = ATTR(CKA_LABEL, &number, sizeof(number));
    CK_MECHANISM gen = {CKM_AES_KEY_GEN, NULL, 0}, ecb = {CKM_AES_ECB, NULL, 0};
    CK_BYTE text[16] = "sixteen bytes..", sealed[16], back[16];
    CK_ULONG n = 16;
    CK_OBJECT_HANDLE o;

    OK(p11->C_GenerateKey(h, &gen, v, 1, &o));
    OK(p11->C_SetAttributeValue(h, o, &label, 1));
    OK(p11->C_EncryptInit(h, &ecb, o));
    OK(p11->C_Encrypt(h, text, 16, sealed, &n));
    OK(p11->C_DecryptInit(h, &ecb, o));
    OK(p11->C_Decrypt(h, sealed, 16, back, &n));
    HOLDS(memcmp(text, back, 16) == 0);
    OK(p11->C_DestroyObject(h, o));
    return FINE;
}

struct failure worker_round(CK_SESSION_HANDLE h, unsigned number)
{
    CK_OBJECT_HANDLE shared;

    DO(sign_and_verify(h, number));
    DO(find_one(h, CKO_DATA, SHARED_DATA, &shared));
    DO(check_data(h, shared));
    DO(life_of_key(h, number));
    DO(life_of_data(h, number, CK_FALSE));
    /* Writing waits for the disk: not in every round. */
    if (number % 8 == 0)
        DO(life_of_data(h, number, CK_TRUE));
    return FINE;
}

struct failure worker_keep(CK_SESSION_HANDLE h, unsigned number)
{
    CK_OBJECT_HANDLE o = 0;
    char label[64];

    (void)snprintf(label, sizeof(label), "kept %u", number);
    return create(h, label, CK_TRUE, &o);
}

struct failure worker_find_kept(CK_SESSION_HANDLE h, unsigned number, bool *ret)
{
    char label[64];
    CK_ATTRIBUTE v = {CKA_LABEL, label, 0};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n = 0;

    v.ulValueLen = (CK_ULONG)snprintf(label, sizeof(label), "kept %u", number);
    OK(p11->C_FindObjectsInit(h, &v, 1));
    OK(p11->C_FindObjects(h, found, 2, &n));
    OK(p11->C_FindObjectsFinal(h));
    HOLDS(n <= 1);
    *ret = n == 1;
    return FINE;
}

struct failure worker_check(CK_SESSION_HANDLE h, CK_ULONG *ret_n)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_CLASS, class);
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n;

    *ret_n = 0;
    OK(p11->C_FindObjectsInit(h, &v, 1));
    do {
        OK(p11->C_FindObjects(h, found, N_ELEMENTS(found), &n));
        for (CK_ULONG i = 0; i < n; i++) {
            const struct failure f = check_data(h, found[i]);

            if (f.what != NULL && f.rv != CKR_OBJECT_HANDLE_INVALID)
                return f;
            *ret_n += f.what == NULL ? 1 : 0;
        }
    } while (n > 0);
    OK(p11->C_FindObjectsFinal(h));
    return FINE;
}
