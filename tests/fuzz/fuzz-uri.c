/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-uri.c - a PKCS#11 URI that names an owner's key in another token, and behind a zero byte
 * what the modules that it leads to answer: tokens, keys, lengths and codes as they like. Sessions
 * and modules are given back, and what is decrypted is what the token said, as long as it fits.
 *
 * p11-kit parses the URI; the modules that it would load are one of ours.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "cli/proof.h"
#include "denied.h"

#include <p11-kit/p11-kit.h>

#define MAX_FOUND 5

static struct cursor answers;
static int n_sessions, n_modules, n_derived;
static CK_ULONG n_found;

static CK_RV answer(void)
{
    static const CK_RV codes[] = {CKR_OK, CKR_OK, CKR_OK, CKR_GENERAL_ERROR, CKR_PIN_INCORRECT};

    return codes[pick(&answers, N_ELEMENTS(codes))];
}

/* -- the module ----------------------------------------------------------------------------------
 */

static CK_RV get_info(CK_INFO *ret)
{
    memset(ret, cursor_u8(&answers), sizeof(*ret));
    return answer();
}

static CK_RV get_slots(CK_BBOOL present, CK_SLOT_ID *ret, CK_ULONG *n)
{
    (void)present;
    FUZZ_CHECK(ret != NULL && *n > 0);
    for (CK_ULONG i = 0; i < *n; i++)
        ret[i] = i;
    *n = pick(&answers, 4);
    if (*n == 3)
        *n = 100000; /* more than there was room for */
    return answer();
}

static CK_RV get_token(CK_SLOT_ID slot, CK_TOKEN_INFO *ret)
{
    (void)slot;
    memset(ret, cursor_u8(&answers), sizeof(*ret));
    ret->flags = pick_bool(&answers) ? CKF_LOGIN_REQUIRED : 0;
    return answer();
}

/* Texts without an end. */
static CK_RV get_slot(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    (void)slot;
    memset(info, 0x5a, sizeof(*info));
    return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *arg, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *ret)
{
    const CK_RV rv = answer();

    (void)slot;
    (void)arg;
    (void)notify;
    FUZZ_CHECK((flags & CKF_SERIAL_SESSION) != 0 && (flags & CKF_RW_SESSION) == 0);
    if (rv == CKR_OK) {
        n_sessions++;
        *ret = 77;
    }
    return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE h)
{
    FUZZ_CHECK(h == 77);
    n_sessions--;
    return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n)
{
    (void)pin;
    FUZZ_CHECK(h == 77 && user == CKU_USER && n <= PIN_MAX);
    return answer();
}

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n)
{
    FUZZ_CHECK(h == 77 && n > 0 && v[0].type == CKA_CLASS);
    n_found = 0;
    return answer();
}

static CK_RV find(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *ret, CK_ULONG room, CK_ULONG *n)
{
    FUZZ_CHECK(h == 77 && room == 1);
    *n = n_found++ < MAX_FOUND ? pick(&answers, 3) : 0;
    if (*n > 0)
        *ret = n_found;
    return answer();
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
    FUZZ_CHECK(h == 77);
    return answer();
}

/* A value of some length, into what room there is. */
static CK_RV get_attribute(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *v, CK_ULONG n)
{
    static const CK_KEY_TYPE types[] = {CKK_RSA, CKK_EC, CKK_AES};
    const CK_KEY_TYPE type = types[pick(&answers, N_ELEMENTS(types))];

    (void)o;
    FUZZ_CHECK(h == 77 && n == 1);
    if (v->type == CKA_KEY_TYPE && v->ulValueLen == sizeof(type))
        memcpy(v->pValue, &type, sizeof(type));
    else
        memset(v->pValue, cursor_u8(&answers), v->ulValueLen);
    if (pick(&answers, 8) == 7)
        v->ulValueLen = cursor_u8(&answers);
    return answer();
}

static CK_RV decrypt_init(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    (void)key;
    FUZZ_CHECK(h == 77 && m->mechanism == CKM_RSA_PKCS_OAEP);
    return answer();
}

static CK_RV decrypt(CK_SESSION_HANDLE h, CK_BYTE *in, CK_ULONG n_in, CK_BYTE *out, CK_ULONG *n)
{
    (void)in;
    (void)n_in;
    FUZZ_CHECK(h == 77 && out != NULL);
    memset(out, 0x5a, *n);
    *n = pick_bool(&answers) ? cursor_u16(&answers) : 32;
    return answer();
}

static CK_RV derive(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *v,
                    CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    const CK_RV rv = answer();

    (void)base;
    FUZZ_CHECK(h == 77 && m->mechanism == CKM_ECDH1_DERIVE && v != NULL && n > 0);
    if (rv == CKR_OK) {
        n_derived++;
        *ret = 88;
    }
    return rv;
}

static CK_RV destroy(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    FUZZ_CHECK(h == 77 && o == 88);
    n_derived--;
    return CKR_OK;
}

static CK_FUNCTION_LIST module = {
    .C_GetInfo = get_info,
    .C_GetSlotList = get_slots,
    .C_GetSlotInfo = get_slot,
    .C_GetTokenInfo = get_token,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_Login = login,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attribute,
    .C_DecryptInit = decrypt_init,
    .C_Decrypt = decrypt,
    .C_DeriveKey = derive,
    .C_DestroyObject = destroy,
};

/* -- p11-kit's part ------------------------------------------------------------------------------
 */

CK_FUNCTION_LIST *__wrap_p11_kit_module_load(const char *path, int flags);
CK_FUNCTION_LIST *__wrap_p11_kit_module_load(const char *path, int flags)
{
    FUZZ_CHECK(path != NULL && flags == 0);
    if (pick(&answers, 8) == 7)
        return NULL;
    n_modules++;
    return &module;
}

CK_RV __wrap_p11_kit_module_initialize(CK_FUNCTION_LIST *m);
CK_RV __wrap_p11_kit_module_initialize(CK_FUNCTION_LIST *m)
{
    FUZZ_CHECK(m == &module);
    return answer();
}

void __wrap_p11_kit_module_release(CK_FUNCTION_LIST *m);
void __wrap_p11_kit_module_release(CK_FUNCTION_LIST *m)
{
    FUZZ_CHECK(m == &module);
    n_modules--;
}

CK_FUNCTION_LIST **__wrap_p11_kit_modules_load_and_initialize(int flags);
CK_FUNCTION_LIST **__wrap_p11_kit_modules_load_and_initialize(int flags)
{
    const size_t n = pick(&answers, 3);
    CK_FUNCTION_LIST **list = calloc(n + 1, sizeof(CK_FUNCTION_LIST *));

    FUZZ_CHECK(list != NULL && flags == 0);
    for (size_t i = 0; i < n; i++)
        list[i] = &module;
    n_modules += (int)n;
    return list;
}

void __wrap_p11_kit_modules_finalize_and_release(CK_FUNCTION_LIST **list);
void __wrap_p11_kit_modules_finalize_and_release(CK_FUNCTION_LIST **list)
{
    for (size_t i = 0; list[i] != NULL; i++)
        n_modules--;
    free(list);
}

/* -- the test ------------------------------------------------------------------------------------
 */

/* One use of the key, for a message that a host may have written. */
static void use(struct token_key *k, struct span bytes)
{
    const struct cms_agent agent = token_key_agent(k);
    AUTO(secret_freep) struct secret *plain = NULL;
    CK_RV rv = agent.decrypt(agent.arg, bytes, &plain);

    FUZZ_RV(rv, CKR_OK, CKR_ENCRYPTED_DATA_INVALID, CKR_ARGUMENTS_BAD);
    FUZZ_CHECK((rv == CKR_OK) == (plain != NULL));
    FUZZ_CHECK(plain == NULL || plain->n <= SECRET_MAX);
    secret_free(TAKE(plain));
    rv = agent.agree(agent.arg, bytes, &plain);
    FUZZ_RV(rv, CKR_OK, CKR_ENCRYPTED_DATA_INVALID, CKR_ARGUMENTS_BAD);
    FUZZ_CHECK((rv == CKR_OK) == (plain != NULL));
    FUZZ_CHECK(n_derived == 0);
}

static void one(struct span input)
{
    static uint8_t point[4096];
    const uint8_t *zero = input.n > 0 ? memchr(input.p, 0, input.n) : NULL;
    const size_t n = zero == NULL ? input.n : (size_t)(zero - input.p);
    char *uri = strndup(input.n > 0 ? (const char *)input.p : "", n);
    struct pin_source pin = PIN_SOURCE_NONE;
    struct token_key *k;

    FUZZ_CHECK(uri != NULL);
    answers = cursor_of(zero == NULL ? SPAN_EMPTY : span_of(zero + 1, input.n - n - 1));
    n_sessions = n_modules = n_derived = 0;
    denied_begin();
    FUZZ_CHECK((token_key_open(uri, &pin, &k) == EXIT_DONE) == (k != NULL));
    if (k != NULL) {
        FUZZ_CHECK(n_sessions == 1 && n_modules > 0);
        use(k, span_of(point, 1 + cursor_u16(&answers) % (sizeof(point) - 1)));
    }
    token_key_close(k);
    (void)denied_end();
    FUZZ_CHECK(n_sessions == 0 && n_modules == 0);
    free(uri);
}

const struct fuzz_target fuzz_target = {
    .name = "uri",
    .max_input = 1024,
    .one = one,
};
