/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-sweep.c - every function of the 3.2 list with bad arguments, in every state there is. Each
 * must answer with a code that the standard gives for it, must not crash (each state has a process
 * of its own), and must leave the running operation and the store as they were.
 */
#include "support/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_BYTES 300 /* more than a PIN can have */

/* -- what is handed in ------------------------------------------------------------------------ */

enum variant { NULLS, NULLS_WITH_LENGTHS, GARBAGE, GCM, TWICE, ECDH, N_VARIANTS };
#define BIT(variant) (1u << (variant))
#define ALL_NULLS (BIT(NULLS) | BIT(NULLS_WITH_LENGTHS))
#define EVERYTHING (BIT(N_VARIANTS) - 1)

struct bad {
    CK_SESSION_HANDLE h;
    CK_SLOT_ID slot;
    CK_ULONG number; /* user types, flags */
    void *in;
    CK_ULONG n;
    void *out;
    CK_ULONG *out_n;
    CK_OBJECT_HANDLE o;
    CK_MECHANISM *m;
    CK_ATTRIBUTE *t;
    CK_ULONG n_t;
    void *ret;
};

static CK_BYTE bytes[N_BYTES], room[N_BYTES];
static CK_ULONG no_room;
static CK_OBJECT_HANDLE data_object, aes_key;
static CK_GCM_PARAMS gcm;
static CK_ECDH1_DERIVE_PARAMS ecdh;
static CK_BBOOL two = 2;
static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;

static struct bad variant_of(enum variant v, CK_SESSION_HANDLE h)
{
    static CK_MECHANISM unknown = {0x7fff4711, bytes, N_BYTES},
                        with_gcm = {CKM_AES_GCM, &gcm, sizeof(gcm)},
                        with_length = {CKM_AES_KEY_GEN, NULL, (CK_ULONG)-1},
                        with_ecdh = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
    static CK_ATTRIBUTE garbage[] = {{(CK_ULONG)-1, NULL, (CK_ULONG)-1}, {0, bytes, 3}},
                        no_value[] = {{CKA_CLASS, NULL, 8}},
                        twice[] = {{CKA_CLASS, &secret, 8}, {CKA_CLASS, &secret, 8}},
                        no_bool[] = {{CKA_TOKEN, &two, 1}};
    struct bad b = {.h = h, .slot = 99, .number = 99};

    memset(bytes, 0xff, sizeof(bytes) - 1);
    no_room = 0;
    if (v == NULLS)
        return b;
    b.n = N_BYTES;
    b.n_t = v == NULLS_WITH_LENGTHS ? 3 : 1;
    if (v == NULLS_WITH_LENGTHS)
        return b;
    b.in = bytes;
    b.out = room;
    b.out_n = &no_room;
    b.ret = room;
    b.o = v == GARBAGE ? 0xdeadbeef : v == GCM ? data_object : v == TWICE ? (CK_ULONG)-1 : aes_key;
    b.m = v == GARBAGE ? &unknown : v == GCM ? &with_gcm : v == TWICE ? &with_length : &with_ecdh;
    b.t = v == GARBAGE ? garbage : v == GCM ? no_value : v == TWICE ? twice : no_bool;
    b.n_t = v == GARBAGE || v == TWICE ? 2 : 1;
    return b;
}

/* -- what may be answered (v3.2 chapter 5, "Return values") ----------------------------------- */

#define FROM_ALL CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED
static const CK_RV of_slots[] = {FROM_ALL, CKR_SLOT_ID_INVALID, CKR_BUFFER_TOO_SMALL,
                                 CKR_MECHANISM_INVALID, CKR_NO_EVENT, CKR_OK};
static const CK_RV of_pins[] = {FROM_ALL, CKR_SLOT_ID_INVALID, CKR_PIN_LEN_RANGE,
                                CKR_USER_NOT_LOGGED_IN, CKR_USER_TYPE_INVALID,
                                CKR_SESSION_READ_ONLY};
static const CK_RV of_sessions[] = {FROM_ALL, CKR_SLOT_ID_INVALID,
                                    CKR_SESSION_PARALLEL_NOT_SUPPORTED, CKR_OK};
static const CK_RV of_states[] = {FROM_ALL, CKR_OPERATION_NOT_INITIALIZED, CKR_STATE_UNSAVEABLE,
                                  CKR_SAVED_STATE_INVALID, CKR_BUFFER_TOO_SMALL};
static const CK_RV of_objects[] = {FROM_ALL, CKR_OBJECT_HANDLE_INVALID, CKR_SESSION_READ_ONLY,
                                   CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
                                   CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
                                   CKR_ATTRIBUTE_READ_ONLY, CKR_USER_NOT_LOGGED_IN};
static const CK_RV of_reading[] = {FROM_ALL, CKR_OBJECT_HANDLE_INVALID, CKR_ATTRIBUTE_SENSITIVE,
                                   CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_OK};
static const CK_RV of_finding[] = {FROM_ALL, CKR_ATTRIBUTE_TYPE_INVALID,
                                   CKR_ATTRIBUTE_VALUE_INVALID, CKR_OPERATION_ACTIVE,
                                   CKR_OPERATION_NOT_INITIALIZED, CKR_OK};
static const CK_RV of_init[] = {FROM_ALL, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
                                CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
                                CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_OPERATION_ACTIVE};
static const CK_RV of_steps[] = {FROM_ALL, CKR_OPERATION_NOT_INITIALIZED, CKR_KEY_HANDLE_INVALID,
                                 CKR_KEY_INDIGESTIBLE};
static const CK_RV of_keys[] = {FROM_ALL, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
                                CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
                                CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                                CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                                CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
                                CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID};
static const CK_RV of_random[] = {FROM_ALL, CKR_RANDOM_SEED_NOT_SUPPORTED, CKR_OPERATION_ACTIVE,
                                  CKR_FUNCTION_NOT_PARALLEL, CKR_OK};

/* -- the functions ---------------------------------------------------------------------------- */

/* Which running operation a function belongs to. */
enum running { NOTHING, ENCRYPTION, DECRYPTION, DIGEST, SIGNATURE, VERIFICATION, SEARCH };

/* name, arguments, operation, answers, variants that would be no mistake (or end the state) */
#define ALL_FUNCTIONS(F)                                                                           \
    F(C_Initialize, (b->in), NOTHING, of_slots, ALL_NULLS)                                         \
    F(C_Finalize, (b->in), NOTHING, of_slots, ALL_NULLS)                                           \
    F(C_GetInfo, (b->ret), NOTHING, of_slots, 0)                                                   \
    F(C_GetFunctionList, (b->ret), NOTHING, of_slots, 0)                                           \
    F(C_GetInterfaceList, (b->ret, b->out_n), NOTHING, of_slots, 0)                                \
    F(C_GetInterface, (b->in, b->in, b->ret, b->number), NOTHING, of_slots, 0)                     \
    F(C_GetSlotList, (CK_FALSE, b->ret, b->out_n), NOTHING, of_slots, 0)                           \
    F(C_GetSlotInfo, (b->slot, b->ret), NOTHING, of_slots, 0)                                      \
    F(C_GetTokenInfo, (b->slot, b->ret), NOTHING, of_slots, 0)                                     \
    F(C_WaitForSlotEvent, (CKF_DONT_BLOCK, b->ret, b->in), NOTHING, of_slots, 0)                   \
    F(C_GetMechanismList, (b->slot, b->ret, b->out_n), NOTHING, of_slots, 0)                       \
    F(C_GetMechanismInfo, (b->slot, b->number, b->ret), NOTHING, of_slots, 0)                      \
    F(C_InitToken, (b->slot, b->in, b->n, b->out), NOTHING, of_pins, 0)                            \
    F(C_InitPIN, (b->h, b->in, b->n), NOTHING, of_pins, 0)                                         \
    F(C_SetPIN, (b->h, b->in, b->n, b->in, b->n), NOTHING, of_pins, BIT(NULLS))                    \
    F(C_OpenSession, (b->slot, b->number, NULL, NULL, b->ret), NOTHING, of_sessions, 0)            \
    F(C_CloseSession, (b->h), NOTHING, of_sessions, EVERYTHING)                                    \
    F(C_CloseAllSessions, (b->slot), NOTHING, of_sessions, 0)                                      \
    F(C_GetSessionInfo, (b->h, b->ret), NOTHING, of_sessions, 0)                                   \
    F(C_GetOperationState, (b->h, b->out, b->out_n), NOTHING, of_states, 0)                        \
    F(C_SetOperationState, (b->h, b->in, b->n, b->o, b->o), NOTHING, of_states, 0)                 \
    F(C_Login, (b->h, b->number, b->in, b->n), NOTHING, of_pins, 0)                                \
    F(C_LoginUser, (b->h, b->number, b->in, b->n, b->in, b->n), NOTHING, of_pins, 0)               \
    F(C_Logout, (b->h), NOTHING, of_pins, EVERYTHING)                                              \
    F(C_SessionCancel, (b->h, 0), NOTHING, of_sessions, 0)                                         \
    F(C_GetSessionValidationFlags, (b->h, b->number, b->ret), NOTHING, of_sessions, 0)             \
    F(C_CreateObject, (b->h, b->t, b->n_t, b->ret), NOTHING, of_objects, 0)                        \
    F(C_CopyObject, (b->h, b->o, b->t, b->n_t, b->ret), NOTHING, of_objects, 0)                    \
    F(C_DestroyObject, (b->h, b->o), NOTHING, of_objects, BIT(GCM) | BIT(ECDH))                    \
    F(C_GetObjectSize, (b->h, b->o, b->ret), NOTHING, of_reading, 0)                               \
    F(C_GetAttributeValue, (b->h, b->o, b->t, b->n_t), NOTHING, of_reading, 0)                     \
    F(C_SetAttributeValue, (b->h, b->o, b->t, b->n_t), NOTHING, of_objects, 0)                     \
    F(C_FindObjectsInit, (b->h, b->t, b->n_t), SEARCH, of_finding, BIT(NULLS) | BIT(TWICE))        \
    F(C_FindObjects, (b->h, b->ret, b->n, b->out_n), SEARCH, of_finding, 0)                        \
    F(C_FindObjectsFinal, (b->h), SEARCH, of_finding, EVERYTHING)                                  \
    F(C_EncryptInit, (b->h, b->m, b->o), ENCRYPTION, of_init, ALL_NULLS)                           \
    F(C_Encrypt, (b->h, b->in, b->n, b->out, b->out_n), ENCRYPTION, of_steps, 0)                   \
    F(C_EncryptUpdate, (b->h, b->in, b->n, b->out, b->out_n), ENCRYPTION, of_steps, 0)             \
    F(C_EncryptFinal, (b->h, b->out, b->out_n), ENCRYPTION, of_steps, 0)                           \
    F(C_DecryptInit, (b->h, b->m, b->o), DECRYPTION, of_init, ALL_NULLS)                           \
    F(C_Decrypt, (b->h, b->in, b->n, b->out, b->out_n), DECRYPTION, of_steps, 0)                   \
    F(C_DecryptUpdate, (b->h, b->in, b->n, b->out, b->out_n), DECRYPTION, of_steps, 0)             \
    F(C_DecryptFinal, (b->h, b->out, b->out_n), DECRYPTION, of_steps, 0)                           \
    F(C_DigestInit, (b->h, b->m), DIGEST, of_init, ALL_NULLS)                                      \
    F(C_Digest, (b->h, b->in, b->n, b->out, b->out_n), DIGEST, of_steps, 0)                        \
    F(C_DigestUpdate, (b->h, b->in, b->n), DIGEST, of_steps, 0)                                    \
    F(C_DigestKey, (b->h, b->o), NOTHING, of_steps, BIT(ECDH))                                     \
    F(C_DigestFinal, (b->h, b->out, b->out_n), DIGEST, of_steps, 0)                                \
    F(C_SignInit, (b->h, b->m, b->o), SIGNATURE, of_init, ALL_NULLS)                               \
    F(C_Sign, (b->h, b->in, b->n, b->out, b->out_n), SIGNATURE, of_steps, 0)                       \
    F(C_SignUpdate, (b->h, b->in, b->n), SIGNATURE, of_steps, 0)                                   \
    F(C_SignFinal, (b->h, b->out, b->out_n), SIGNATURE, of_steps, 0)                               \
    F(C_SignRecoverInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                          \
    F(C_SignRecover, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)                  \
    F(C_VerifyInit, (b->h, b->m, b->o), VERIFICATION, of_init, ALL_NULLS)                          \
    F(C_Verify, (b->h, b->in, b->n, b->in, b->n), VERIFICATION, of_steps, 0)                       \
    F(C_VerifyUpdate, (b->h, b->in, b->n), VERIFICATION, of_steps, 0)                              \
    F(C_VerifyFinal, (b->h, b->in, b->n), VERIFICATION, of_steps, 0)                               \
    F(C_VerifyRecoverInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                        \
    F(C_VerifyRecover, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)                \
    F(C_DigestEncryptUpdate, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)          \
    F(C_DecryptDigestUpdate, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)          \
    F(C_SignEncryptUpdate, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)            \
    F(C_DecryptVerifyUpdate, (b->h, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)          \
    F(C_GenerateKey, (b->h, b->m, b->t, b->n_t, b->ret), NOTHING, of_keys, 0)                      \
    F(C_GenerateKeyPair, (b->h, b->m, b->t, b->n_t, b->t, b->n_t, b->ret, b->ret), NOTHING,        \
      of_keys, 0)                                                                                  \
    F(C_WrapKey, (b->h, b->m, b->o, b->o, b->out, b->out_n), NOTHING, of_keys, 0)                  \
    F(C_UnwrapKey, (b->h, b->m, b->o, b->in, b->n, b->t, b->n_t, b->ret), NOTHING, of_keys, 0)     \
    F(C_DeriveKey, (b->h, b->m, b->o, b->t, b->n_t, b->ret), NOTHING, of_keys, 0)                  \
    F(C_SeedRandom, (b->h, b->in, b->n), NOTHING, of_random, 0)                                    \
    F(C_GenerateRandom, (b->h, b->out, b->n), NOTHING, of_random, 0)                               \
    F(C_GetFunctionStatus, (b->h), NOTHING, of_random, 0)                                          \
    F(C_CancelFunction, (b->h), NOTHING, of_random, 0)                                             \
    F(C_MessageEncryptInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                               \
    F(C_EncryptMessage, (b->h, b->in, b->n, b->in, b->n, b->in, b->n, b->out, b->out_n), NOTHING,  \
      of_steps, 0)                                                                                 \
    F(C_EncryptMessageBegin, (b->h, b->in, b->n, b->in, b->n), NOTHING, of_steps, 0)               \
    F(C_EncryptMessageNext, (b->h, b->in, b->n, b->in, b->n, b->out, b->out_n, 0), NOTHING,        \
      of_steps, 0)                                                                                 \
    F(C_MessageEncryptFinal, (b->h), NOTHING, of_steps, 0)                                         \
    F(C_MessageDecryptInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                               \
    F(C_DecryptMessage, (b->h, b->in, b->n, b->in, b->n, b->in, b->n, b->out, b->out_n), NOTHING,  \
      of_steps, 0)                                                                                 \
    F(C_DecryptMessageBegin, (b->h, b->in, b->n, b->in, b->n), NOTHING, of_steps, 0)               \
    F(C_DecryptMessageNext, (b->h, b->in, b->n, b->in, b->n, b->out, b->out_n, 0), NOTHING,        \
      of_steps, 0)                                                                                 \
    F(C_MessageDecryptFinal, (b->h), NOTHING, of_steps, 0)                                         \
    F(C_MessageSignInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                                  \
    F(C_SignMessage, (b->h, b->in, b->n, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0)     \
    F(C_SignMessageBegin, (b->h, b->in, b->n), NOTHING, of_steps, 0)                               \
    F(C_SignMessageNext, (b->h, b->in, b->n, b->in, b->n, b->out, b->out_n), NOTHING, of_steps, 0) \
    F(C_MessageSignFinal, (b->h), NOTHING, of_steps, 0)                                            \
    F(C_MessageVerifyInit, (b->h, b->m, b->o), NOTHING, of_init, ALL_NULLS)                                \
    F(C_VerifyMessage, (b->h, b->in, b->n, b->in, b->n, b->in, b->n), NOTHING, of_steps, 0)        \
    F(C_VerifyMessageBegin, (b->h, b->in, b->n), NOTHING, of_steps, 0)                             \
    F(C_VerifyMessageNext, (b->h, b->in, b->n, b->in, b->n, b->in, b->n), NOTHING, of_steps, 0)    \
    F(C_MessageVerifyFinal, (b->h), NOTHING, of_steps, 0)                                          \
    F(C_EncapsulateKey, (b->h, b->m, b->o, b->t, b->n_t, b->out, b->out_n, b->ret), NOTHING,       \
      of_keys, 0)                                                                                  \
    F(C_DecapsulateKey, (b->h, b->m, b->o, b->t, b->n_t, b->in, b->n, b->ret), NOTHING, of_keys,   \
      0)                                                                                           \
    F(C_VerifySignatureInit, (b->h, b->m, b->o, b->in, b->n), VERIFICATION, of_init, BIT(NULLS))    \
    F(C_VerifySignature, (b->h, b->in, b->n), NOTHING, of_steps, 0)                                \
    F(C_VerifySignatureUpdate, (b->h, b->in, b->n), NOTHING, of_steps, 0)                          \
    F(C_VerifySignatureFinal, (b->h), NOTHING, of_steps, 0)                                        \
    F(C_AsyncComplete, (b->h, b->in, b->ret), NOTHING, of_steps, 0)                                \
    F(C_AsyncGetID, (b->h, b->in, b->ret), NOTHING, of_steps, 0)                                   \
    F(C_AsyncJoin, (b->h, b->in, b->number, b->out, b->n), NOTHING, of_steps, 0)                   \
    F(C_WrapKeyAuthenticated, (b->h, b->m, b->o, b->o, b->in, b->n, b->out, b->out_n), NOTHING,    \
      of_keys, 0)                                                                                  \
    F(C_UnwrapKeyAuthenticated, (b->h, b->m, b->o, b->in, b->n, b->t, b->n_t, b->in, b->n, b->ret),\
      NOTHING, of_keys, 0)

#define DEFINE(name, arguments, operation, codes, skip)                                            \
    static CK_RV do_##name(const struct bad *b)                                                    \
    {                                                                                              \
        (void)b;                                                                                   \
        return p11->name arguments;                                                                \
    }
ALL_FUNCTIONS(DEFINE)

#define ROW(name, arguments, operation, codes, skip)                                               \
    {#name, do_##name, operation, codes, N_ELEMENTS(codes), skip},
static const struct function {
    const char *name;
    CK_RV (*call)(const struct bad *b);
    enum running operation;
    const CK_RV *codes;
    size_t n_codes;
    unsigned skip;
} functions[] = {ALL_FUNCTIONS(ROW)};

static bool is_among(const struct function *f, CK_RV rv)
{
    for (size_t i = 0; i < f->n_codes; i++) {
        if (f->codes[i] == rv)
            return true;
    }
    return false;
}

/* These ask neither the library's state nor a session. */
static bool needs_library(const struct function *f)
{
    return strcmp(f->name, "C_Initialize") != 0 && strcmp(f->name, "C_Finalize") != 0 &&
           strncmp(f->name, "C_GetInterface", 14) != 0 &&
           strcmp(f->name, "C_GetFunctionList") != 0;
}

static bool needs_session(const struct function *f)
{
    return f - functions >= 13 && strcmp(f->name, "C_OpenSession") != 0 &&
           strcmp(f->name, "C_CloseAllSessions") != 0;
}

/* -- the sweeps ------------------------------------------------------------------------------- */

static int wrong(const struct function *f, enum variant v, CK_RV rv)
{
    print_error("%s, variant %d: 0x%lx\n", f->name, v, rv);
    return 1;
}

/* Every function, every variant, must give this one code. */
static int sweep_for(CK_RV expected, bool (*concerns)(const struct function *),
                     CK_SESSION_HANDLE h)
{
    int n_wrong = 0;

    for (size_t i = 0; i < N_ELEMENTS(functions); i++) {
        for (enum variant v = NULLS; concerns(&functions[i]) && v < N_VARIANTS; v++) {
            const struct bad b = variant_of(v, h);
            const CK_RV rv = functions[i].call(&b);

            if (rv != expected)
                n_wrong += wrong(&functions[i], v, rv);
        }
    }
    return n_wrong;
}

/* In a session: an answer that the standard has; of the running operation's own functions only what
 * cannot be meant (NULL with a length). */
static int sweep_session(CK_SESSION_HANDLE h, enum running running)
{
    int n_wrong = 0;

    for (size_t i = 0; i < N_ELEMENTS(functions); i++) {
        const struct function *f = &functions[i];

        for (enum variant v = NULLS; v < N_VARIANTS; v++) {
            const struct bad b = variant_of(v, h);
            const bool own = running != NOTHING && f->operation == running;
            CK_RV rv;

            if ((f->skip & BIT(v)) != 0 || (own && v != NULLS_WITH_LENGTHS))
                continue;
            rv = f->call(&b);
            if (own ? rv != CKR_ARGUMENTS_BAD : !is_among(f, rv))
                n_wrong += wrong(f, v, rv);
        }
    }
    return n_wrong;
}

/* -- the store, read by a process of its own: closing a file drops this one's locks ------------ */

static void store_digest(uint8_t ret[32])
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static uint8_t all[8 << 20];
        char path[512];
        uint8_t digest[EVP_MAX_MD_SIZE];
        FILE *f;
        size_t n;

        (void)snprintf(path, sizeof(path), "%s/store/data.mdb", scratch);
        f = fopen(path, "rbe");
        n = f != NULL ? fread(all, 1, sizeof(all), f) : 0;
        _exit(n > 0 && EVP_Q_digest(NULL, "SHA256", NULL, all, n, digest, NULL) == 1 &&
                      write(ends[1], digest, 32) == 32
                  ? 0
                  : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], ret, 32), 32);
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* -- the states ------------------------------------------------------------------------------- */

struct state {
    const char *name;
    enum running running;
    CK_SESSION_HANDLE (*open)(void);
    void (*begin)(CK_SESSION_HANDLE h);
    void (*finish)(CK_SESSION_HANDLE h);
};

static CK_OBJECT_HANDLE public_key, private_key;
static CK_BYTE text[64], made[512];
static CK_ULONG n_made;
static CK_MECHANISM cbc = {CKM_AES_CBC, text, 16}, sha = {CKM_SHA256, NULL, 0},
                    ecdsa = {CKM_ECDSA_SHA256, NULL, 0};

static CK_SESSION_HANDLE open_ro(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    ASSERT_OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
    return h;
}

static void begin_encrypt(CK_SESSION_HANDLE h)
{
    n_made = 32;
    ASSERT_OK(p11->C_EncryptInit(h, &cbc, aes_key));
    ASSERT_OK(p11->C_EncryptUpdate(h, text, 32, made, &n_made));
}

static void finish_encrypt(CK_SESSION_HANDLE h)
{
    CK_BYTE expected[64];
    CK_ULONG n = 32;

    ASSERT_OK(p11->C_EncryptUpdate(h, text + 32, 32, made + 32, &n));
    n = 64;
    ASSERT_OK(p11->C_EncryptFinal(h, expected, &n));
    n = 64;
    ASSERT_OK(p11->C_EncryptInit(h, &cbc, aes_key));
    ASSERT_OK(p11->C_Encrypt(h, text, 64, expected, &n));
    assert_memory_equal(made, expected, 64);
}

static void begin_decrypt(CK_SESSION_HANDLE h)
{
    n_made = 32;
    ASSERT_OK(p11->C_DecryptInit(h, &cbc, aes_key));
    ASSERT_OK(p11->C_DecryptUpdate(h, text, 32, made, &n_made));
}

static void finish_decrypt(CK_SESSION_HANDLE h)
{
    CK_BYTE expected[64];
    CK_ULONG n = 32;

    ASSERT_OK(p11->C_DecryptUpdate(h, text + 32, 32, made + 32, &n));
    n = 64;
    ASSERT_OK(p11->C_DecryptFinal(h, expected, &n));
    n = 64;
    ASSERT_OK(p11->C_DecryptInit(h, &cbc, aes_key));
    ASSERT_OK(p11->C_Decrypt(h, text, 64, expected, &n));
    assert_memory_equal(made, expected, 64);
}

static void begin_digest(CK_SESSION_HANDLE h)
{
    ASSERT_OK(p11->C_DigestInit(h, &sha));
    ASSERT_OK(p11->C_DigestUpdate(h, text, 10));
}

static void finish_digest(CK_SESSION_HANDLE h)
{
    uint8_t expected[EVP_MAX_MD_SIZE];

    n_made = 32;
    ASSERT_OK(p11->C_DigestUpdate(h, text + 10, 54));
    ASSERT_OK(p11->C_DigestFinal(h, made, &n_made));
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, text, 64, expected, NULL), 1);
    assert_memory_equal(made, expected, 32);
}

static void begin_sign(CK_SESSION_HANDLE h)
{
    ASSERT_OK(p11->C_SignInit(h, &ecdsa, private_key));
    ASSERT_OK(p11->C_SignUpdate(h, text, 10));
}

static void finish_sign(CK_SESSION_HANDLE h)
{
    n_made = sizeof(made);
    ASSERT_OK(p11->C_SignUpdate(h, text + 10, 54));
    ASSERT_OK(p11->C_SignFinal(h, made, &n_made));
    ASSERT_OK(p11->C_VerifyInit(h, &ecdsa, public_key));
    ASSERT_OK(p11->C_Verify(h, text, 64, made, n_made));
}

static void begin_verify(CK_SESSION_HANDLE h)
{
    n_made = sizeof(made);
    ASSERT_OK(p11->C_SignInit(h, &ecdsa, private_key));
    ASSERT_OK(p11->C_Sign(h, text, 64, made, &n_made));
    ASSERT_OK(p11->C_VerifyInit(h, &ecdsa, public_key));
    ASSERT_OK(p11->C_VerifyUpdate(h, text, 10));
}

static void finish_verify(CK_SESSION_HANDLE h)
{
    ASSERT_OK(p11->C_VerifyUpdate(h, text + 10, 54));
    ASSERT_OK(p11->C_VerifyFinal(h, made, n_made));
}

static void begin_search(CK_SESSION_HANDLE h)
{
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
}

static void finish_search(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE found[8];
    CK_ULONG n = 0;

    ASSERT_OK(p11->C_FindObjects(h, found, 8, &n));
    assert_int_equal(n, 4); /* as many as make_objects() made */
    ASSERT_OK(p11->C_FindObjectsFinal(h));
}

static const struct state states[] = {
    {"/sweep/public-session", NOTHING, open_session, NULL, NULL},
    {"/sweep/read-only-session", NOTHING, open_ro, NULL, NULL},
    {"/sweep/user-session", NOTHING, open_user, NULL, NULL},
    {"/sweep/so-session", NOTHING, open_so, NULL, NULL},
    {"/sweep/encrypting", ENCRYPTION, open_user, begin_encrypt, finish_encrypt},
    {"/sweep/decrypting", DECRYPTION, open_user, begin_decrypt, finish_decrypt},
    {"/sweep/digesting", DIGEST, open_user, begin_digest, finish_digest},
    {"/sweep/signing", SIGNATURE, open_user, begin_sign, finish_sign},
    {"/sweep/verifying", VERIFICATION, open_user, begin_verify, finish_verify},
    {"/sweep/searching", SEARCH, open_user, begin_search, finish_search},
};

/* What anybody may make: public session objects. */
static void make_public_objects(CK_SESSION_HANDLE h)
{
    static const uint8_t value[32] = {1};

    aes_key = import_secret(h, CKK_AES, value, sizeof(value));
    data_object = make_data(h, CK_FALSE, CK_FALSE, "data", "v", 1);
}

static void make_objects(CK_SESSION_HANDLE h)
{
    EVP_PKEY *evp = evp_new("P-256");

    make_public_objects(h);
    evp_import(h, evp, &public_key, NULL);
    evp_import(h, evp, NULL, &private_key);
    EVP_PKEY_free(evp);
}

static int run_state(void *arg)
{
    const struct state *s = arg;
    uint8_t before[32], after[32];
    CK_SESSION_HANDLE h;
    int n_wrong;

    ASSERT_OK(p11->C_Initialize(NULL));
    h = s->open();
    if (s->begin != NULL)
        make_objects(h);
    else
        make_public_objects(h);
    fill_pattern(text, sizeof(text), 1);
    store_digest(before);
    if (s->begin != NULL)
        s->begin(h);
    n_wrong = sweep_session(h, s->running);
    if (s->finish != NULL)
        s->finish(h);
    store_digest(after);
    assert_memory_equal(before, after, 32);
    ASSERT_OK(p11->C_Finalize(NULL));
    return n_wrong == 0 ? 0 : 1;
}

static void test_state(void **state)
{
    assert_int_equal(in_child(run_state, *state), 0);
}

/* -- without a session, without a library ----------------------------------------------------- */

static int run_bad_sessions(void *arg)
{
    static const CK_SESSION_HANDLE never[] = {0, 0xdeadbeef, (CK_ULONG)-1};
    CK_SESSION_HANDLE closed;
    int n_wrong = 0;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    closed = open_session();
    ASSERT_OK(p11->C_CloseSession(closed));
    for (size_t i = 0; i < N_ELEMENTS(never); i++)
        n_wrong += sweep_for(CKR_SESSION_HANDLE_INVALID, needs_session, never[i]);
    n_wrong += sweep_for(CKR_SESSION_HANDLE_INVALID, needs_session, closed);
    return n_wrong == 0 ? 0 : 1;
}

static void test_bad_sessions(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_bad_sessions, NULL), 0);
}

static int run_before_initialize(void *arg)
{
    (void)arg;
    return sweep_for(CKR_CRYPTOKI_NOT_INITIALIZED, needs_library, 1) == 0 ? 0 : 1;
}

static int run_after_finalize(void *arg)
{
    CK_SESSION_HANDLE h;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    make_objects(h);
    begin_sign(h);
    ASSERT_OK(p11->C_Finalize(NULL));
    return sweep_for(CKR_CRYPTOKI_NOT_INITIALIZED, needs_library, h) == 0 ? 0 : 1;
}

static CK_SESSION_HANDLE parents;

static int run_as_child_of_user(void *arg)
{
    (void)arg;
    if (sweep_for(CKR_CRYPTOKI_NOT_INITIALIZED, needs_library, parents) != 0)
        return 1;
    ASSERT_OK(p11->C_Initialize(NULL));
    return sweep_for(CKR_SESSION_HANDLE_INVALID, needs_session, parents) == 0 ? 0 : 2;
}

static int run_fork(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    parents = open_user();
    make_objects(parents);
    begin_sign(parents);
    assert_int_equal(in_child(run_as_child_of_user, NULL), 0);
    /* The child's calls were the child's. */
    finish_sign(parents);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void test_before_initialize(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_before_initialize, NULL), 0);
}

static void test_after_finalize(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_after_finalize, NULL), 0);
}

static void test_fork(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_fork, NULL), 0);
}

/* Where a pointer is needed, NULL has one code, whatever else is wrong. */
static int run_null_pointers(void *arg)
{
    static const char *const without[] = {"C_CloseAllSessions", "C_SessionCancel",
                                          "C_DestroyObject",    "C_DigestKey",
                                          "C_GetFunctionStatus", "C_CancelFunction",
                                          "C_VerifySignatureFinal", "C_MessageEncryptFinal",
                                          "C_MessageDecryptFinal", "C_MessageSignFinal",
                                          "C_MessageVerifyFinal"};
    CK_SESSION_HANDLE h;
    int n_wrong = 0;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    for (size_t i = 0; i < N_ELEMENTS(functions); i++) {
        const struct bad b = variant_of(NULLS_WITH_LENGTHS, h);
        bool expected = (functions[i].skip & BIT(NULLS_WITH_LENGTHS)) == 0;
        CK_RV rv;

        for (size_t j = 0; j < N_ELEMENTS(without); j++)
            expected = expected && strcmp(functions[i].name, without[j]) != 0;
        rv = expected ? functions[i].call(&b) : CKR_ARGUMENTS_BAD;
        if (rv != CKR_ARGUMENTS_BAD && rv != CKR_FUNCTION_NOT_SUPPORTED)
            n_wrong += wrong(&functions[i], NULLS_WITH_LENGTHS, rv);
    }
    return n_wrong == 0 ? 0 : 1;
}

static void test_null_pointers(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_null_pointers, NULL), 0);
}

/* The table has every member of the list. */
static void test_all_functions(void **state)
{
    (void)state;
    assert_int_equal(N_ELEMENTS(functions), (sizeof(*p11) - sizeof(void *)) / sizeof(void *));
}

static int group_setup(void **state)
{
    (void)setup_token(state);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}
#define STATE(i) {states[i].name, test_state, NULL, NULL, (void *)(uintptr_t)&states[i]}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/sweep/all-functions", test_all_functions),
        TEST("/sweep/before-initialize", test_before_initialize),
        TEST("/sweep/after-finalize", test_after_finalize),
        TEST("/sweep/fork", test_fork),
        TEST("/sweep/bad-sessions", test_bad_sessions),
        TEST("/sweep/null-pointers", test_null_pointers),
        STATE(0), STATE(1), STATE(2), STATE(3), STATE(4), STATE(5), STATE(6), STATE(7), STATE(8),
        STATE(9),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
