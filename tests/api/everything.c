/* SPDX-License-Identifier: BSD-2-Clause */
/* everything.c - every function in ordinary use; see everything.h. */
#include "everything.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/reference.h"

#define ROOM 1100

atomic_ulong everything_called[N_FUNCTIONS], everything_good[N_FUNCTIONS];

static const CK_FUNCTION_LIST_3_2 *lists[3]; /* 2.40, 3.0, 3.2: the first two are shorter */
static const size_t list_sizes[3] = {sizeof(CK_FUNCTION_LIST), sizeof(CK_FUNCTION_LIST_3_0),
                                     sizeof(CK_FUNCTION_LIST_3_2)};
static CK_OBJECT_HANDLE aes, generic, ec_public, ec_private, rsa_public, rsa_private, kek, target;

/* -- calls ------------------------------------------------------------------------------------- */

/* The list that this thread takes the function from. */
static const CK_FUNCTION_LIST_3_2 *list_for(const struct user *u, size_t function)
{
    const unsigned i = u->number % 3;

    return (function + 2) * sizeof(void *) <= list_sizes[i] ? lists[i] : lists[2];
}

/* What a call may say when somebody else logs out, closes its session, or ends the library. */
static bool is_late(CK_RV rv)
{
    static const CK_RV late[] = {CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
                                 CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID,
                                 CKR_USER_NOT_LOGGED_IN, CKR_USER_ALREADY_LOGGED_IN,
                                 CKR_OPERATION_NOT_INITIALIZED, CKR_SAVED_STATE_INVALID,
                                 CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_SESSION_EXISTS,
                                 CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
                                 CKR_SESSION_READ_ONLY_EXISTS, CKR_SESSION_READ_WRITE_SO_EXISTS,
                                 CKR_WRAPPING_KEY_HANDLE_INVALID,
                                 CKR_UNWRAPPING_KEY_HANDLE_INVALID};

    for (size_t i = 0; i < N_ELEMENTS(late); i++) {
        if (late[i] == rv)
            return true;
    }
    return false;
}

static void begin(struct user *u, size_t function)
{
    atomic_store(&u->inside, (unsigned)function);
}

/* The call is over. expected: what it says when nobody comes between. False: go no further. */
static bool done(struct user *u, size_t function, CK_RV expected, CK_RV rv, int line)
{
    atomic_store(&u->inside, NO_FUNCTION);
    atomic_fetch_add(&everything_called[function], 1);
    if (rv == expected) {
        atomic_fetch_add(&everything_good[function], 1);
        return true;
    }
    /* Of saved operations a process keeps the latest few (core/state.h). */
    if (u->failure.what == NULL && rv != CKR_SAVED_STATE_INVALID && (u->alone || !is_late(rv)))
        u->failure = (struct failure){everything_name((unsigned)function), rv, line};
    u->gave_up = true;
    return false;
}

#define CALL(expected, name, args)                                                                 \
    do {                                                                                           \
        if (u->gave_up)                                                                            \
            return;                                                                                \
        begin(u, FUNCTION(name));                                                                  \
        if (!done(u, FUNCTION(name), expected, list_for(u, FUNCTION(name))->name args, __LINE__))  \
            return;                                                                                \
    } while (0)
#define OK(name, args) CALL(CKR_OK, name, args)
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && u->failure.what == NULL)                                               \
            u->failure = (struct failure){#condition, CKR_OK, __LINE__};                           \
    } while (0)

/* -- what is used ------------------------------------------------------------------------------ */

static CK_MECHANISM plain(CK_MECHANISM_TYPE type)
{
    return (CK_MECHANISM){type, NULL, 0};
}

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_ATTRIBUTE *more,
                                 CK_ULONG n_more)
{
    CK_MECHANISM m = plain(type);
    CK_ATTRIBUTE v[12] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_TOKEN),
                          ATTR_FALSE(CKA_PRIVATE)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    memcpy(v + 3, more, n_more * sizeof(*v));
    ASSERT_OK(p11->C_GenerateKey(h, &m, v, 3 + n_more, &o));
    return o;
}

static void generate_pairs(CK_SESSION_HANDLE h)
{
    CK_MECHANISM ec = plain(CKM_EC_KEY_PAIR_GEN), rsa = plain(CKM_RSA_PKCS_KEY_PAIR_GEN);
    CK_ATTRIBUTE ec_pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                             ATTR_TRUE(CKA_TOKEN), ATTR_TRUE(CKA_VERIFY),
                             ATTR_TRUE(CKA_ENCAPSULATE)};
    CK_ATTRIBUTE ec_priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR_FALSE(CKA_PRIVATE), ATTR_TRUE(CKA_SIGN),
                              ATTR_TRUE(CKA_DERIVE), ATTR_TRUE(CKA_DECAPSULATE)};
    CK_ATTRIBUTE rsa_pub[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048), ATTR_TRUE(CKA_TOKEN),
                              ATTR_TRUE(CKA_VERIFY_RECOVER)};
    CK_ATTRIBUTE rsa_priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR_FALSE(CKA_PRIVATE),
                               ATTR_TRUE(CKA_SIGN_RECOVER)};

    ASSERT_OK(p11->C_GenerateKeyPair(h, &ec, ec_pub, N_ELEMENTS(ec_pub), ec_priv,
                                     N_ELEMENTS(ec_priv), &ec_public, &ec_private));
    ASSERT_OK(p11->C_GenerateKeyPair(h, &rsa, rsa_pub, N_ELEMENTS(rsa_pub), rsa_priv,
                                     N_ELEMENTS(rsa_priv), &rsa_public, &rsa_private));
}

static void find_lists(void)
{
    static const CK_VERSION versions[] = {{2, 40}, {3, 0}, {3, 2}};

    for (size_t i = 0; i < N_ELEMENTS(versions); i++) {
        CK_VERSION version = versions[i];
        CK_INTERFACE_PTR interface = NULL;

        ASSERT_OK(p11->C_GetInterface(NULL, &version, &interface, 0));
        lists[i] = interface->pFunctionList;
    }
}

void everything_setup(CK_SESSION_HANDLE user)
{
    CK_ATTRIBUTE for_data[] = {ATTR_TRUE(CKA_ENCRYPT), ATTR_TRUE(CKA_DECRYPT), ATTR_TRUE(CKA_SIGN),
                               ATTR_TRUE(CKA_VERIFY)};
    CK_ATTRIBUTE for_macs[] = {ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_VERIFY),
                               ATTR_FALSE(CKA_SENSITIVE), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_ATTRIBUTE for_keys[] = {ATTR_TRUE(CKA_WRAP), ATTR_TRUE(CKA_UNWRAP)};
    CK_ATTRIBUTE leaves[] = {ATTR_TRUE(CKA_EXTRACTABLE)};

    find_lists();
    aes = generate(user, CKM_AES_KEY_GEN, for_data, N_ELEMENTS(for_data));
    generic = generate(user, CKM_GENERIC_SECRET_KEY_GEN, for_macs, N_ELEMENTS(for_macs));
    kek = generate(user, CKM_AES_KEY_GEN, for_keys, N_ELEMENTS(for_keys));
    target = generate(user, CKM_AES_KEY_GEN, leaves, N_ELEMENTS(leaves));
    generate_pairs(user);
}

/* -- general purpose, slots, sessions ---------------------------------------------------------- */

static void group_general(struct user *u)
{
    CK_FUNCTION_LIST_PTR list = NULL;
    CK_INTERFACE interfaces[4];
    CK_INTERFACE_PTR interface = NULL;
    CK_MECHANISM_TYPE types[512];
    CK_MECHANISM_INFO mechanism;
    CK_TOKEN_INFO token;
    CK_SLOT_ID slots[8], slot;
    CK_SLOT_INFO info;
    CK_INFO library;
    CK_ULONG n = N_ELEMENTS(interfaces);

    OK(C_GetInfo, (&library));
    OK(C_GetFunctionList, (&list));
    OK(C_GetInterfaceList, (interfaces, &n));
    HOLDS(n == 3 && list != NULL);
    OK(C_GetInterface, (NULL, NULL, &interface, 0));
    n = N_ELEMENTS(slots);
    OK(C_GetSlotList, (CK_TRUE, slots, &n));
    HOLDS(n == 2);
    OK(C_GetSlotInfo, (0, &info));
    OK(C_GetTokenInfo, (0, &token));
    CALL(CKR_NO_EVENT, C_WaitForSlotEvent, (CKF_DONT_BLOCK, &slot, NULL));
    n = N_ELEMENTS(types);
    OK(C_GetMechanismList, (0, types, &n));
    OK(C_GetMechanismInfo, (0, types[u->number % n], &mechanism));
}

static void group_session(struct user *u)
{
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE other = CK_INVALID_HANDLE;
    CK_BYTE bytes[48] = {0}, zeros[48] = {0};
    CK_ULONG id = 0;
    CK_FLAGS flags = 0;
    CK_UTF8CHAR name[] = "C_Sign";
    CK_ASYNC_DATA async = {0};

    OK(C_OpenSession, (0, CKF_SERIAL_SESSION, NULL, NULL, &other));
    OK(C_GetSessionInfo, (other, &info));
    HOLDS(info.flags == CKF_SERIAL_SESSION);
    OK(C_GetSessionValidationFlags, (other, CKS_LAST_VALIDATION_OK, &flags));
    CALL(CKR_FUNCTION_NOT_PARALLEL, C_GetFunctionStatus, (other));
    CALL(CKR_FUNCTION_NOT_PARALLEL, C_CancelFunction, (other));
    CALL(CKR_RANDOM_SEED_NOT_SUPPORTED, C_SeedRandom, (other, bytes, sizeof(bytes)));
    OK(C_GenerateRandom, (other, bytes, sizeof(bytes)));
    HOLDS(memcmp(bytes, zeros, sizeof(bytes)) != 0);
    CALL(CKR_FUNCTION_NOT_SUPPORTED, C_AsyncComplete, (other, name, &async));
    CALL(CKR_FUNCTION_NOT_SUPPORTED, C_AsyncGetID, (other, name, &id));
    CALL(CKR_FUNCTION_NOT_SUPPORTED, C_AsyncJoin, (other, name, 0, bytes, sizeof(bytes)));
    OK(C_CloseSession, (other));
}

/* -- objects ----------------------------------------------------------------------------------- */

static void group_objects(struct user *u)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    static atomic_ulong unique;
    /* With the process: a child counts on from where its parent was, in the same token. */
    const unsigned long mine[] = {atomic_fetch_add(&unique, 1), (unsigned long)getpid()};
    CK_BBOOL token = mine[0] % 8 == 0;
    CK_BYTE value[40], back[40];
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_TOKEN, token),
                        ATTR_FALSE(CKA_PRIVATE), ATTR(CKA_VALUE, value, sizeof(value)),
                        ATTR(CKA_LABEL, mine, sizeof(mine))};
    CK_ATTRIBUTE read = {CKA_VALUE, back, sizeof(back)}, label = ATTR_TEXT(CKA_LABEL, "changed");
    CK_OBJECT_HANDLE o = 0, copy = 0, found[16];
    CK_ULONG n = 0, size = 0;

    fill_pattern(value, sizeof(value), u->number);
    OK(C_CreateObject, (u->h, v, N_ELEMENTS(v), &o));
    OK(C_CopyObject, (u->h, o, NULL, 0, &copy));
    OK(C_GetObjectSize, (u->h, copy, &size));
    OK(C_SetAttributeValue, (u->h, copy, &label, 1));
    OK(C_GetAttributeValue, (u->h, copy, &read, 1));
    HOLDS(read.ulValueLen == sizeof(value) && memcmp(back, value, sizeof(value)) == 0);
    OK(C_FindObjectsInit, (u->h, &v[4], 1));
    OK(C_FindObjects, (u->h, found, N_ELEMENTS(found), &n));
    HOLDS(n == 1 && found[0] == o);
    OK(C_FindObjectsFinal, (u->h));
    OK(C_DestroyObject, (u->h, copy));
    OK(C_DestroyObject, (u->h, o));
}

/* -- data -------------------------------------------------------------------------------------- */

static void group_crypt(struct user *u)
{
    CK_MECHANISM ecb = plain(CKM_AES_ECB);
    CK_BYTE text[64], sealed[64], back[64];
    CK_ULONG n = sizeof(sealed), last = 0;

    fill_pattern(text, sizeof(text), u->number);
    OK(C_EncryptInit, (u->h, &ecb, aes));
    OK(C_Encrypt, (u->h, text, sizeof(text), sealed, &n));
    OK(C_DecryptInit, (u->h, &ecb, aes));
    OK(C_DecryptUpdate, (u->h, sealed, n, back, &n));
    OK(C_DecryptFinal, (u->h, back, &last));
    HOLDS(n == sizeof(text) && memcmp(back, text, n) == 0);
    OK(C_EncryptInit, (u->h, &ecb, aes));
    OK(C_EncryptUpdate, (u->h, text, sizeof(text), sealed, &n));
    last = 0;
    OK(C_EncryptFinal, (u->h, sealed, &last));
    OK(C_DecryptInit, (u->h, &ecb, aes));
    OK(C_Decrypt, (u->h, sealed, sizeof(sealed), back, &n));
    HOLDS(n == sizeof(text) && memcmp(back, text, n) == 0);
}

static void group_digest(struct user *u)
{
    CK_MECHANISM sha = plain(CKM_SHA256);
    CK_BYTE text[64], one[32], other[32], state[64];
    CK_ULONG n = sizeof(one), n_state = sizeof(state);

    fill_pattern(text, sizeof(text), u->number);
    OK(C_DigestInit, (u->h, &sha));
    OK(C_Digest, (u->h, text, sizeof(text), one, &n));
    OK(C_DigestInit, (u->h, &sha));
    OK(C_DigestUpdate, (u->h, text, 20));
    OK(C_GetOperationState, (u->h, state, &n_state));
    OK(C_DigestKey, (u->h, generic));
    OK(C_DigestFinal, (u->h, other, &n));
    HOLDS(memcmp(one, other, n) != 0);
    OK(C_SetOperationState, (u->h, state, n_state, 0, 0));
    OK(C_DigestUpdate, (u->h, text + 20, sizeof(text) - 20));
    OK(C_DigestFinal, (u->h, other, &n));
    HOLDS(memcmp(one, other, n) == 0);
    OK(C_DigestInit, (u->h, &sha));
    OK(C_SessionCancel, (u->h, CKF_DIGEST));
}

static void group_sign(struct user *u)
{
    CK_MECHANISM ecdsa = plain(CKM_ECDSA_SHA256), rsa = plain(CKM_RSA_PKCS);
    CK_BYTE text[40], signature[256], back[256];
    CK_ULONG n = 64, n_rsa = sizeof(signature), n_back = sizeof(back);

    fill_pattern(text, sizeof(text), u->number);
    OK(C_SignInit, (u->h, &ecdsa, ec_private));
    OK(C_Sign, (u->h, text, sizeof(text), signature, &n));
    OK(C_VerifyInit, (u->h, &ecdsa, ec_public));
    OK(C_VerifyUpdate, (u->h, text, sizeof(text)));
    OK(C_VerifyFinal, (u->h, signature, n));
    OK(C_VerifySignatureInit, (u->h, &ecdsa, ec_public, signature, n));
    OK(C_VerifySignature, (u->h, text, sizeof(text)));
    OK(C_SignInit, (u->h, &ecdsa, ec_private));
    OK(C_SignUpdate, (u->h, text, sizeof(text)));
    OK(C_SignFinal, (u->h, signature, &n));
    OK(C_VerifyInit, (u->h, &ecdsa, ec_public));
    OK(C_Verify, (u->h, text, sizeof(text), signature, n));
    OK(C_VerifySignatureInit, (u->h, &ecdsa, ec_public, signature, n));
    OK(C_VerifySignatureUpdate, (u->h, text, sizeof(text)));
    OK(C_VerifySignatureFinal, (u->h));
    OK(C_SignRecoverInit, (u->h, &rsa, rsa_private));
    OK(C_SignRecover, (u->h, text, sizeof(text), signature, &n_rsa));
    OK(C_VerifyRecoverInit, (u->h, &rsa, rsa_public));
    OK(C_VerifyRecover, (u->h, signature, n_rsa, back, &n_back));
    HOLDS(n_back == sizeof(text) && memcmp(back, text, n_back) == 0);
}

static void group_dual(struct user *u)
{
    CK_MECHANISM ecb = plain(CKM_AES_ECB), sha = plain(CKM_SHA256), mac = plain(CKM_SHA256_HMAC);
    CK_BYTE text[32], sealed[32], back[32], one[32], other[32];
    CK_ULONG n = 32, last = 0;

    fill_pattern(text, sizeof(text), u->number);
    OK(C_EncryptInit, (u->h, &ecb, aes));
    OK(C_DigestInit, (u->h, &sha));
    OK(C_DigestEncryptUpdate, (u->h, text, sizeof(text), sealed, &n));
    OK(C_EncryptFinal, (u->h, back, &last));
    OK(C_DigestFinal, (u->h, one, &n));
    OK(C_DecryptInit, (u->h, &ecb, aes));
    OK(C_DigestInit, (u->h, &sha));
    OK(C_DecryptDigestUpdate, (u->h, sealed, sizeof(sealed), back, &n));
    last = 0;
    OK(C_DecryptFinal, (u->h, back, &last));
    OK(C_DigestFinal, (u->h, other, &n));
    HOLDS(memcmp(one, other, sizeof(one)) == 0 && memcmp(text, back, sizeof(text)) == 0);
    OK(C_EncryptInit, (u->h, &ecb, aes));
    OK(C_SignInit, (u->h, &mac, generic));
    OK(C_SignEncryptUpdate, (u->h, text, sizeof(text), sealed, &n));
    last = 0;
    OK(C_EncryptFinal, (u->h, back, &last));
    OK(C_SignFinal, (u->h, one, &n));
    OK(C_DecryptInit, (u->h, &ecb, aes));
    OK(C_VerifyInit, (u->h, &mac, generic));
    OK(C_DecryptVerifyUpdate, (u->h, sealed, sizeof(sealed), back, &n));
    last = 0;
    OK(C_DecryptFinal, (u->h, back, &last));
    OK(C_VerifyFinal, (u->h, one, sizeof(one)));
}

/* -- messages ---------------------------------------------------------------------------------- */

static void group_messages(struct user *u)
{
    CK_BYTE iv[12] = {1}, tag[16], text[48], sealed[48], back[48];
    CK_GCM_MESSAGE_PARAMS p = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
    CK_MECHANISM gcm = plain(CKM_AES_GCM);
    CK_ULONG n = sizeof(sealed);

    fill_pattern(text, sizeof(text), u->number);
    OK(C_MessageEncryptInit, (u->h, &gcm, aes));
    OK(C_EncryptMessage, (u->h, &p, sizeof(p), NULL, 0, text, sizeof(text), sealed, &n));
    OK(C_MessageDecryptInit, (u->h, &gcm, aes));
    OK(C_DecryptMessageBegin, (u->h, &p, sizeof(p), NULL, 0));
    n = sizeof(back);
    OK(C_DecryptMessageNext, (u->h, &p, sizeof(p), sealed, sizeof(sealed), back, &n,
                              CKF_END_OF_MESSAGE));
    HOLDS(n == sizeof(text) && memcmp(text, back, n) == 0);
    iv[1]++;
    OK(C_EncryptMessageBegin, (u->h, &p, sizeof(p), NULL, 0));
    n = sizeof(sealed);
    OK(C_EncryptMessageNext, (u->h, &p, sizeof(p), text, sizeof(text), sealed, &n,
                              CKF_END_OF_MESSAGE));
    n = sizeof(back);
    OK(C_DecryptMessage, (u->h, &p, sizeof(p), NULL, 0, sealed, sizeof(sealed), back, &n));
    HOLDS(n == sizeof(text) && memcmp(text, back, n) == 0);
    OK(C_MessageEncryptFinal, (u->h));
    OK(C_MessageDecryptFinal, (u->h));
}

static void group_signed_messages(struct user *u)
{
    CK_MECHANISM mac = plain(CKM_SHA256_HMAC);
    CK_BYTE text[48], one[32], other[32];
    CK_ULONG n = sizeof(one);

    fill_pattern(text, sizeof(text), u->number);
    OK(C_MessageSignInit, (u->h, &mac, generic));
    OK(C_SignMessage, (u->h, NULL, 0, text, sizeof(text), one, &n));
    OK(C_SignMessageBegin, (u->h, NULL, 0));
    n = sizeof(other);
    OK(C_SignMessageNext, (u->h, NULL, 0, text, sizeof(text), other, &n));
    HOLDS(memcmp(one, other, sizeof(one)) == 0);
    OK(C_MessageSignFinal, (u->h));
    OK(C_MessageVerifyInit, (u->h, &mac, generic));
    OK(C_VerifyMessage, (u->h, NULL, 0, text, sizeof(text), one, sizeof(one)));
    OK(C_VerifyMessageBegin, (u->h, NULL, 0));
    OK(C_VerifyMessageNext, (u->h, NULL, 0, text, sizeof(text), one, sizeof(one)));
    OK(C_MessageVerifyFinal, (u->h));
}

/* -- keys -------------------------------------------------------------------------------------- */

static void group_keys(struct user *u)
{
    CK_MECHANISM gen = plain(CKM_AES_KEY_GEN), pair = plain(CKM_EC_KEY_PAIR_GEN),
                 kwp = plain(CKM_AES_KEY_WRAP_KWP);
    CK_BYTE point[80], wrapped[64];
    CK_ATTRIBUTE secret[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_PRIVATE)};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_FALSE(CKA_PRIVATE), ATTR_TRUE(CKA_DERIVE)};
    CK_ATTRIBUTE in[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                         ATTR_FALSE(CKA_PRIVATE)};
    CK_ATTRIBUTE agreed[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                             ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                             ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_PRIVATE)};
    CK_ATTRIBUTE peer = {CKA_EC_POINT, point, sizeof(point)};
    CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, 0, point};
    CK_MECHANISM derive = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
    CK_OBJECT_HANDLE o = 0, a = 0, b = 0;
    CK_ULONG n = sizeof(wrapped);

    OK(C_GenerateKey, (u->h, &gen, secret, N_ELEMENTS(secret), &o));
    OK(C_DestroyObject, (u->h, o));
    OK(C_GenerateKeyPair, (u->h, &pair, pub, 1, priv, 2, &a, &b));
    OK(C_GetAttributeValue, (u->h, a, &peer, 1));
    ecdh.ulPublicDataLen = peer.ulValueLen;
    OK(C_DeriveKey, (u->h, &derive, ec_private, agreed, N_ELEMENTS(agreed), &o));
    OK(C_DestroyObject, (u->h, o));
    OK(C_DestroyObject, (u->h, a));
    OK(C_DestroyObject, (u->h, b));
    OK(C_WrapKey, (u->h, &kwp, kek, target, wrapped, &n));
    OK(C_UnwrapKey, (u->h, &kwp, kek, wrapped, n, in, N_ELEMENTS(in), &o));
    OK(C_DestroyObject, (u->h, o));
}

static void group_bound_keys(struct user *u)
{
    CK_BYTE iv[12] = {1}, tag[16], aad[4] = {2}, wrapped[512], capsule[ROOM];
    CK_GCM_MESSAGE_PARAMS p = {iv, 12, 0, CKG_GENERATE, tag, 128};
    CK_MECHANISM gcm = {CKM_AES_GCM, &p, sizeof(p)};
    CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, 0, NULL};
    CK_MECHANISM kem = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
    CK_ATTRIBUTE in[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                         ATTR_FALSE(CKA_PRIVATE)};
    CK_ATTRIBUTE agreed[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                             ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                             ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_FALSE(CKA_PRIVATE),
                             ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_VERIFY)};
    CK_MECHANISM mac = plain(CKM_SHA256_HMAC);
    CK_BYTE tagged[32];
    CK_OBJECT_HANDLE o = 0, a = 0, b = 0;
    CK_ULONG n = sizeof(wrapped), n_capsule = sizeof(capsule);

    OK(C_WrapKeyAuthenticated, (u->h, &gcm, kek, target, aad, sizeof(aad), wrapped, &n));
    OK(C_UnwrapKeyAuthenticated, (u->h, &gcm, kek, wrapped, n, in, N_ELEMENTS(in), aad, sizeof(aad),
                                  &o));
    OK(C_DestroyObject, (u->h, o));
    OK(C_EncapsulateKey, (u->h, &kem, ec_public, agreed, N_ELEMENTS(agreed), capsule, &n_capsule,
                          &a));
    OK(C_DecapsulateKey, (u->h, &kem, ec_private, agreed, N_ELEMENTS(agreed), capsule, n_capsule,
                          &b));
    /* They are the same key. */
    n = sizeof(tagged);
    OK(C_SignInit, (u->h, &mac, a));
    OK(C_Sign, (u->h, aad, sizeof(aad), tagged, &n));
    OK(C_VerifyInit, (u->h, &mac, b));
    OK(C_Verify, (u->h, aad, sizeof(aad), tagged, n));
    OK(C_DestroyObject, (u->h, a));
    OK(C_DestroyObject, (u->h, b));
}

static void open_group(struct user *u)
{
    OK(C_OpenSession, (0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &u->h));
}

static void close_group(struct user *u)
{
    u->gave_up = false;
    OK(C_CloseSession, (u->h));
}

void everything_group(struct user *u, unsigned group)
{
    static void (*const groups[N_GROUPS])(struct user *) = {
        group_general, group_session,  group_objects,         group_crypt, group_digest,
        group_sign,    group_dual,     group_messages,        group_signed_messages,
        group_keys};

    u->gave_up = false;
    open_group(u);
    groups[group % N_GROUPS](u);
    if (group % N_GROUPS == N_GROUPS - 1)
        group_bound_keys(u);
    close_group(u);
}

/* -- what is for a thread of its own ----------------------------------------------------------- */

static CK_UTF8CHAR *text_of(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static void log_in_and_out(struct user *u)
{
    OK(C_Login, (u->h, CKU_USER, text_of(USER_PIN), strlen(USER_PIN)));
    OK(C_Logout, (u->h));
    OK(C_LoginUser, (u->h, CKU_USER, text_of(USER_PIN), strlen(USER_PIN), NULL, 0));
    OK(C_Logout, (u->h));
}

void everything_logins(struct user *u)
{
    u->gave_up = false;
    open_group(u);
    log_in_and_out(u);
    close_group(u);
}

void everything_close_all(struct user *u)
{
    u->gave_up = false;
    OK(C_CloseAllSessions, (0));
}

/* The PINs that there are; and a token with sessions is not made anew, which would go ill if
 * somebody closed the session meanwhile. */
static void set_pins(struct user *u)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    if (u->alone)
        CALL(CKR_SESSION_EXISTS, C_InitToken, (0, text_of(SO_PIN), strlen(SO_PIN), label));
    OK(C_Login, (u->h, CKU_SO, text_of(SO_PIN), strlen(SO_PIN)));
    OK(C_InitPIN, (u->h, text_of(USER_PIN), strlen(USER_PIN)));
    OK(C_SetPIN, (u->h, text_of(SO_PIN), strlen(SO_PIN), text_of(SO_PIN), strlen(SO_PIN)));
    OK(C_Logout, (u->h));
}

void everything_pins(struct user *u)
{
    u->gave_up = false;
    open_group(u);
    set_pins(u);
    close_group(u);
}

void everything_restart(struct user *u)
{
    u->gave_up = false;
    OK(C_Finalize, (NULL));
    OK(C_Initialize, (NULL));
}

/* -- names ------------------------------------------------------------------------------------- */

#define NAME(name) [FUNCTION(name)] = #name,
#define NAMES(F)                                                                                   \
    F(C_Initialize) F(C_Finalize) F(C_GetInfo) F(C_GetFunctionList) F(C_GetSlotList)               \
    F(C_GetSlotInfo) F(C_GetTokenInfo) F(C_GetMechanismList) F(C_GetMechanismInfo) F(C_InitToken)  \
    F(C_InitPIN) F(C_SetPIN) F(C_OpenSession) F(C_CloseSession) F(C_CloseAllSessions)              \
    F(C_GetSessionInfo) F(C_GetOperationState) F(C_SetOperationState) F(C_Login) F(C_Logout)       \
    F(C_CreateObject) F(C_CopyObject) F(C_DestroyObject) F(C_GetObjectSize)                        \
    F(C_GetAttributeValue) F(C_SetAttributeValue) F(C_FindObjectsInit) F(C_FindObjects)            \
    F(C_FindObjectsFinal) F(C_EncryptInit) F(C_Encrypt) F(C_EncryptUpdate) F(C_EncryptFinal)       \
    F(C_DecryptInit) F(C_Decrypt) F(C_DecryptUpdate) F(C_DecryptFinal) F(C_DigestInit) F(C_Digest) \
    F(C_DigestUpdate) F(C_DigestKey) F(C_DigestFinal) F(C_SignInit) F(C_Sign) F(C_SignUpdate)      \
    F(C_SignFinal) F(C_SignRecoverInit) F(C_SignRecover) F(C_VerifyInit) F(C_Verify)               \
    F(C_VerifyUpdate) F(C_VerifyFinal) F(C_VerifyRecoverInit) F(C_VerifyRecover)                   \
    F(C_DigestEncryptUpdate) F(C_DecryptDigestUpdate) F(C_SignEncryptUpdate)                       \
    F(C_DecryptVerifyUpdate) F(C_GenerateKey) F(C_GenerateKeyPair) F(C_WrapKey) F(C_UnwrapKey)     \
    F(C_DeriveKey) F(C_SeedRandom) F(C_GenerateRandom) F(C_GetFunctionStatus) F(C_CancelFunction)  \
    F(C_WaitForSlotEvent) F(C_GetInterfaceList) F(C_GetInterface) F(C_LoginUser)                   \
    F(C_SessionCancel) F(C_MessageEncryptInit) F(C_EncryptMessage) F(C_EncryptMessageBegin)        \
    F(C_EncryptMessageNext) F(C_MessageEncryptFinal) F(C_MessageDecryptInit) F(C_DecryptMessage)   \
    F(C_DecryptMessageBegin) F(C_DecryptMessageNext) F(C_MessageDecryptFinal) F(C_MessageSignInit) \
    F(C_SignMessage) F(C_SignMessageBegin) F(C_SignMessageNext) F(C_MessageSignFinal)              \
    F(C_MessageVerifyInit) F(C_VerifyMessage) F(C_VerifyMessageBegin) F(C_VerifyMessageNext)       \
    F(C_MessageVerifyFinal) F(C_EncapsulateKey) F(C_DecapsulateKey) F(C_VerifySignatureInit)       \
    F(C_VerifySignature) F(C_VerifySignatureUpdate) F(C_VerifySignatureFinal)                      \
    F(C_GetSessionValidationFlags) F(C_AsyncComplete) F(C_AsyncGetID) F(C_AsyncJoin)               \
    F(C_WrapKeyAuthenticated) F(C_UnwrapKeyAuthenticated)

void everything_use(struct user *u, unsigned what)
{
    static void (*const alone[])(struct user *) = {everything_logins, everything_pins,
                                                   everything_close_all, everything_restart};

    _Static_assert(N_ELEMENTS(alone) == N_USES - N_GROUPS, "everything.h counts them");
    if (what < N_GROUPS)
        everything_group(u, what);
    else
        alone[what - N_GROUPS](u);
}

const char *everything_name(unsigned function)
{
    static const char *const names[N_FUNCTIONS] = {NAMES(NAME)};

    return function < N_FUNCTIONS && names[function] != NULL ? names[function] : "?";
}
