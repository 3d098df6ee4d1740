/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-api.c - the module through its function list, against a scratch token: the input is a list
 * of calls with their arguments. No call may say that the device or the program is broken, write
 * beyond the room that it was given, or answer a length that is not enough the next time.
 *
 * What an input leaves in the token is removed after it, so that the next one finds it as new.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/mech.h"
#include "fixed_keys.h"
#include "given_mech.h"
#include "scratch.h"
#include "tee-pkcs11.h"

#define SLOT       0
#define N_SESSIONS 3
#define N_OBJECTS  12
#define MAX_DATA   200
#define MAX_LOGINS 4 /* of one input: each costs a scrypt */
#define MAX_OUT    65536

static const char user_pin[] = "1234", so_pin[] = "12345678", wrong_pin[] = "00000000";

static CK_FUNCTION_LIST_3_2 *p11;
static char conf_path[300];

/* What one input works with. */
static struct {
    struct cursor c;
    struct arena mem;
    CK_SESSION_HANDLE session[N_SESSIONS];
    CK_OBJECT_HANDLE object[N_OBJECTS];
    unsigned next; /* place of the next new handle */
    unsigned logins;
    bool pins_touched;
    bool made; /* there may be token objects */
} f;

/* -- arguments --------------------------------------------------------------------------------- */

static CK_SESSION_HANDLE session(void)
{
    const uint32_t choice = pick(&f.c, 32);

    return choice == 31 ? cursor_u16(&f.c) : f.session[choice < 20 ? 0 : choice % N_SESSIONS];
}

static CK_OBJECT_HANDLE object(void)
{
    const uint8_t choice = cursor_u8(&f.c);

    return choice < 0xf8 ? f.object[choice % N_OBJECTS] : (CK_OBJECT_HANDLE)cursor_u64(&f.c);
}

static void keep(CK_OBJECT_HANDLE h)
{
    f.object[f.next++ % N_OBJECTS] = h;
    f.made = true;
}

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static const char *pin(void)
{
    const uint32_t choice = pick(&f.c, 8);

    if (choice == 7)
        return wrong_pin;
    return choice < 5 ? user_pin : so_pin;
}

/* Data in memory of exactly its length. */
static CK_BYTE *data(CK_ULONG *ret_n)
{
    const struct span bytes = pick_bytes(&f.c, pick(&f.c, MAX_DATA));

    *ret_n = bytes.n;
    return arena_copy(&f.mem, bytes, 0);
}

static const struct mech *mechanism(CK_FLAGS flag, CK_MECHANISM *ret)
{
    const unsigned from = pick(&f.c, (uint32_t)n_mechs);
    const bool any = pick(&f.c, 16) == 0;
    const struct mech *row = &mechs[from];
    size_t n_data = 0;

    for (unsigned i = 0; i < n_mechs && !any && (row->flags & flag) == 0; i++)
        row = &mechs[(from + i) % n_mechs];
    given_mechanism(&f.c, &f.mem, row, ret, &n_data);
    return row;
}

/* -- checks ------------------------------------------------------------------------------------ */

/* Nothing here is broken: neither the device, nor the program, nor the memory. */
static void check(CK_RV rv, const char *what)
{
    static const CK_RV never[] = {CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED,
        CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT,
        CKR_TOKEN_NOT_RECOGNIZED, CKR_CANT_LOCK, CKR_MUTEX_BAD, CKR_RANDOM_NO_RNG};

    if (rv != CKR_OK && (fuzz_among(rv, never, N_ELEMENTS(never)) || rv >= CKR_VENDOR_DEFINED))
        fuzz_fail(what, rv, __FILE__, __LINE__);
}

#define CALL(call) check((call), #call)

typedef CK_RV out_fn(CK_SESSION_HANDLE h, const CK_BYTE *in, CK_ULONG n, CK_BYTE *out,
                     CK_ULONG *out_n);

/* A function that follows the output rule: asked, offered too little, then enough. */
static void run_out(out_fn *fn, const char *what)
{
    const CK_SESSION_HANDLE h = session();
    const uint32_t how = pick(&f.c, 4);
    CK_ULONG n = 0, need = 0, got;
    const CK_BYTE *in = data(&n);
    CK_BYTE *room;
    CK_RV rv = fn(h, in, n, NULL, &need);

    check(rv, what);
    if (rv != CKR_OK || how == 0)
        return;
    FUZZ_CHECK(need <= MAX_OUT);
    if (how == 1 && need > 0) {
        got = need - 1;
        rv = fn(h, in, n, arena_take(&f.mem, got), &got);
        check(rv, what);
        if (rv != CKR_BUFFER_TOO_SMALL)
            return;
        FUZZ_CHECK(got <= need);
    }
    got = need;
    room = arena_take(&f.mem, need);
    if (room == NULL)
        return;
    rv = fn(h, in, n, room, &got);
    check(rv, what);
    FUZZ_CHECK(rv != CKR_BUFFER_TOO_SMALL);
    FUZZ_CHECK(rv != CKR_OK || got <= need);
}

/* The function list takes pointers to non-const. */
static CK_BYTE *loose(const CK_BYTE *p)
{
    return (CK_BYTE *)(uintptr_t)p;
}

#define OUT_FN(name)                                                                               \
    static CK_RV out_##name(CK_SESSION_HANDLE h, const CK_BYTE *in, CK_ULONG n, CK_BYTE *out,      \
                            CK_ULONG *out_n)                                                       \
    {                                                                                              \
        return p11->C_##name(h, loose(in), n, out, out_n);                                         \
    }
#define FINAL_FN(name)                                                                             \
    static CK_RV out_##name(CK_SESSION_HANDLE h, const CK_BYTE *in, CK_ULONG n, CK_BYTE *out,      \
                            CK_ULONG *out_n)                                                       \
    {                                                                                              \
        (void)in;                                                                                  \
        (void)n;                                                                                   \
        return p11->C_##name(h, out, out_n);                                                       \
    }

OUT_FN(Encrypt)
OUT_FN(EncryptUpdate)
FINAL_FN(EncryptFinal)
OUT_FN(Decrypt)
OUT_FN(DecryptUpdate)
FINAL_FN(DecryptFinal)
OUT_FN(Digest)
FINAL_FN(DigestFinal)
OUT_FN(Sign)
FINAL_FN(SignFinal)
OUT_FN(SignRecover)
OUT_FN(VerifyRecover)
OUT_FN(DigestEncryptUpdate)
OUT_FN(DecryptDigestUpdate)
OUT_FN(SignEncryptUpdate)
OUT_FN(DecryptVerifyUpdate)
FINAL_FN(GetOperationState)

/* -- operations -------------------------------------------------------------------------------- */

static void do_out(void)
{
    static const struct {
        out_fn *fn;
        const char *name;
    } fns[] = {
        {out_Encrypt, "C_Encrypt"},           {out_EncryptUpdate, "C_EncryptUpdate"},
        {out_EncryptFinal, "C_EncryptFinal"}, {out_Decrypt, "C_Decrypt"},
        {out_DecryptUpdate, "C_DecryptUpdate"}, {out_DecryptFinal, "C_DecryptFinal"},
        {out_Digest, "C_Digest"},             {out_DigestFinal, "C_DigestFinal"},
        {out_Sign, "C_Sign"},                 {out_SignFinal, "C_SignFinal"},
        {out_SignRecover, "C_SignRecover"},   {out_VerifyRecover, "C_VerifyRecover"},
        {out_DigestEncryptUpdate, "C_DigestEncryptUpdate"},
        {out_DecryptDigestUpdate, "C_DecryptDigestUpdate"},
        {out_SignEncryptUpdate, "C_SignEncryptUpdate"},
        {out_DecryptVerifyUpdate, "C_DecryptVerifyUpdate"},
        {out_GetOperationState, "C_GetOperationState"},
    };
    const uint32_t i = pick(&f.c, N_ELEMENTS(fns));

    run_out(fns[i].fn, fns[i].name);
}

static void do_init(void)
{
    CK_C_EncryptInit const inits[] = {p11->C_EncryptInit, p11->C_DecryptInit, p11->C_SignInit,
        p11->C_VerifyInit, p11->C_SignRecoverInit, p11->C_VerifyRecoverInit};
    static const CK_FLAGS flags[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN, CKF_VERIFY,
        CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER};
    const uint32_t i = pick(&f.c, N_ELEMENTS(flags));
    CK_MECHANISM m;

    (void)mechanism(flags[i], &m);
    CALL(inits[i](session(), pick(&f.c, 16) == 0 ? NULL : &m, object()));
}

static void do_digest_init(void)
{
    CK_MECHANISM m;

    (void)mechanism(CKF_DIGEST, &m);
    CALL(p11->C_DigestInit(session(), &m));
}

static void do_update(void)
{
    CK_C_SignUpdate const updates[] = {p11->C_DigestUpdate, p11->C_SignUpdate,
                                       p11->C_VerifyUpdate};
    CK_ULONG n = 0;
    CK_BYTE *p = data(&n);

    CALL(updates[pick(&f.c, N_ELEMENTS(updates))](session(), p, n));
}

static void do_verify(void)
{
    CK_ULONG n = 0, n_signature = 0;
    CK_BYTE *p = data(&n), *signature = data(&n_signature);

    if (pick_bool(&f.c))
        CALL(p11->C_Verify(session(), p, n, signature, n_signature));
    else
        CALL(p11->C_VerifyFinal(session(), signature, n_signature));
}

static void do_verify_signature(void)
{
    const uint32_t how = pick(&f.c, 4);
    CK_MECHANISM m;
    CK_ULONG n = 0;
    CK_BYTE *p = data(&n);

    if (how == 1)
        CALL(p11->C_VerifySignature(session(), p, n));
    else if (how == 2)
        CALL(p11->C_VerifySignatureUpdate(session(), p, n));
    else if (how == 3)
        CALL(p11->C_VerifySignatureFinal(session()));
    else {
        (void)mechanism(CKF_VERIFY, &m);
        CALL(p11->C_VerifySignatureInit(session(), &m, object(), p, n));
    }
}

/* A state that was saved comes back, as it was or with one bit changed. */
static void do_state(void)
{
    CK_BYTE state[64];
    CK_ULONG n = sizeof(state);
    const CK_SESSION_HANDLE h = session();
    const uint8_t flip = cursor_u8(&f.c);
    CK_RV rv = p11->C_GetOperationState(h, state, &n);

    check(rv, "C_GetOperationState");
    if (rv != CKR_OK)
        return;
    state[flip % n] ^= flip & 1;
    rv = p11->C_SetOperationState(session(), state, n, 0, 0);
    check(rv, "C_SetOperationState");
    FUZZ_CHECK((flip & 1) == 0 || rv != CKR_OK);
}

/* -- messages ---------------------------------------------------------------------------------- */

/* The parameter of one message: what may be there, of the right size now and then. */
static void *message_parameter(CK_BYTE iv[16], CK_BYTE tag[16], CK_ULONG *ret_n)
{
    static const CK_ULONG numbers[] = {0, 1, 4, 7, 8, 12, 13, 16, 32, 64, 96, 128, (CK_ULONG)-1};
    const CK_ULONG n_iv = pick(&f.c, 4) != 0 ? 12 : pick(&f.c, 16) + 1;
    const CK_ULONG n_tag = pick(&f.c, 4) != 0 ? 16 : pick(&f.c, 17);
    const CK_ULONG fixed = numbers[pick(&f.c, N_ELEMENTS(numbers))], how = pick(&f.c, 6);
    CK_BYTE *const iv_at = pick(&f.c, 32) == 0 ? NULL : iv;
    CK_BYTE *const tag_at = pick(&f.c, 32) == 0 ? NULL : tag;
    const CK_GCM_MESSAGE_PARAMS gcm = {iv_at, n_iv, fixed, how, tag_at, 8 * n_tag};
    const CK_CCM_MESSAGE_PARAMS ccm = {pick(&f.c, MAX_DATA), iv_at, n_iv, fixed, how, tag_at, n_tag};
    const CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha = {iv_at, 96, tag_at};
    const struct span forms[] = {SPAN_OBJ(gcm), SPAN_OBJ(ccm), SPAN_OBJ(chacha), SPAN_EMPTY};
    const struct span form = forms[pick(&f.c, N_ELEMENTS(forms))];

    *ret_n = form.n;
    return arena_copy(&f.mem, form, pick_bool(&f.c) ? 1 : 0);
}

static void do_message_init(void)
{
    CK_C_EncryptInit const inits[] = {p11->C_MessageEncryptInit, p11->C_MessageDecryptInit,
                                      p11->C_MessageSignInit, p11->C_MessageVerifyInit};
    CK_RV (*const finals[])(CK_SESSION_HANDLE) = {
        p11->C_MessageEncryptFinal, p11->C_MessageDecryptFinal, p11->C_MessageSignFinal,
        p11->C_MessageVerifyFinal};
    static const CK_FLAGS flags[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN, CKF_VERIFY};
    static const CK_MECHANISM_TYPE aeads[] = {CKM_AES_GCM, CKM_AES_CCM, CKM_CHACHA20_POLY1305};
    const uint32_t i = pick(&f.c, N_ELEMENTS(flags));
    CK_MECHANISM m;

    (void)mechanism(flags[i], &m);
    if (i < 2 && pick(&f.c, 8) != 0)
        m = (CK_MECHANISM){aeads[pick(&f.c, N_ELEMENTS(aeads))], NULL, 0};
    if (pick(&f.c, 8) == 0)
        CALL(finals[i](session()));
    else
        CALL(inits[i](session(), pick(&f.c, 16) == 0 ? NULL : &m, object()));
}

static void do_message_crypt(void)
{
    CK_BYTE iv[16], tag[16], room[MAX_DATA];
    const CK_SESSION_HANDLE h = session();
    const bool encrypt = pick_bool(&f.c), asks = pick(&f.c, 4) == 0;
    CK_ULONG n_param = 0, n = 0, n_aad = pick(&f.c, 8), n_out = pick(&f.c, 4) != 0
                                                                 ? sizeof(room)
                                                                 : pick(&f.c, sizeof(room));
    void *const param = message_parameter(iv, tag, &n_param);
    CK_BYTE *const in = data(&n), *const out = asks ? NULL : room;
    const CK_FLAGS end = pick(&f.c, 8) == 0 ? 7 : pick(&f.c, 2);

    memset(iv, 3, sizeof(iv));
    memset(tag, 4, sizeof(tag));
    switch (pick(&f.c, 3)) {
    case 0:
        CALL((encrypt ? p11->C_EncryptMessage : p11->C_DecryptMessage)(
            h, param, n_param, iv, n_aad, in, n, out, &n_out));
        break;
    case 1:
        CALL((encrypt ? p11->C_EncryptMessageBegin : p11->C_DecryptMessageBegin)(h, param, n_param,
                                                                                 iv, n_aad));
        break;
    default:
        CALL((encrypt ? p11->C_EncryptMessageNext : p11->C_DecryptMessageNext)(
            h, param, n_param, in, n, out, &n_out, end));
        break;
    }
}

static void do_message_sign(void)
{
    CK_BYTE room[1100];
    CK_ULONG n = 0, n_signature = 0, n_param = pick(&f.c, 16) == 0 ? 1 : 0,
             n_out = pick(&f.c, 4) != 0 ? sizeof(room) : pick(&f.c, 64);
    const CK_SESSION_HANDLE h = session();
    CK_BYTE *const in = data(&n), *const signature = data(&n_signature);
    CK_BYTE *const out = pick(&f.c, 4) == 0 ? NULL : room;
    const bool last = pick_bool(&f.c);

    switch (pick(&f.c, 6)) {
    case 0:
        CALL(p11->C_SignMessage(h, room, n_param, in, n, out, &n_out));
        break;
    case 1:
        CALL(p11->C_SignMessageBegin(h, room, n_param));
        break;
    case 2:
        CALL(p11->C_SignMessageNext(h, room, n_param, in, n, last ? out : NULL,
                                    last ? &n_out : NULL));
        break;
    case 3:
        CALL(p11->C_VerifyMessage(h, room, n_param, in, n, signature, n_signature));
        break;
    case 4:
        CALL(p11->C_VerifyMessageBegin(h, room, n_param));
        break;
    default:
        CALL(p11->C_VerifyMessageNext(h, room, n_param, in, n, last ? signature : NULL,
                                      last ? n_signature : 0));
        break;
    }
}

static void do_digest_key(void)
{
    CALL(p11->C_DigestKey(session(), object()));
}

static void do_cancel(void)
{
    CALL(p11->C_SessionCancel(session(), (CK_FLAGS)cursor_u16(&f.c) << 1));
}

/* -- objects ----------------------------------------------------------------------------------- */

static void do_create(void)
{
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 10, &n);
    const CK_RV rv = p11->C_CreateObject(session(), v, n, &h);

    check(rv, "C_CreateObject");
    FUZZ_CHECK((rv == CKR_OK) == (h != CK_INVALID_HANDLE));
    if (rv == CKR_OK)
        keep(h);
}

/* A template that is right, with a few more attributes. */
static void do_create_key(void)
{
    const CK_BBOOL yes = CK_TRUE;
    AUTO(attrs_freep) struct attrs *a = NULL;
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_ATTRIBUTE v[16];
    CK_ULONG n = 0, n_more = 0;
    const CK_ATTRIBUTE *more;
    CK_RV rv;

    FUZZ_OK(fixed_attrs(pick(&f.c, FIXED_N_OBJECTS), &a));
    for (; n < a->n; n++)
        v[n] = (CK_ATTRIBUTE){a->v[n].type, a->v[n].p, a->v[n].n};
    v[n++] = (CK_ATTRIBUTE){pick_bool(&f.c) ? CKA_DERIVE : CKA_ENCRYPT, loose(&yes), 1};
    more = given_template(&f.c, &f.mem, 5, &n_more);
    for (CK_ULONG i = 0; more != NULL && i < n_more && n < N_ELEMENTS(v); i++)
        v[n++] = more[i];
    rv = p11->C_CreateObject(session(), v, n, &h);
    check(rv, "C_CreateObject");
    if (rv == CKR_OK)
        keep(h);
}

static void do_copy(void)
{
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 4, &n);
    const CK_RV rv = p11->C_CopyObject(session(), object(), v, n, &h);

    check(rv, "C_CopyObject");
    if (rv == CKR_OK)
        keep(h);
}

static void do_destroy(void)
{
    const CK_SESSION_HANDLE s = session();
    const CK_OBJECT_HANDLE h = object();
    const CK_RV rv = p11->C_DestroyObject(s, h);

    check(rv, "C_DestroyObject");
    if (rv == CKR_OK)
        FUZZ_CHECK(p11->C_DestroyObject(s, h) == CKR_OBJECT_HANDLE_INVALID);
}

static void do_get(void)
{
    CK_ULONG n = 0, size = 0;
    CK_ATTRIBUTE *v = given_room(&f.c, &f.mem, 8, &n);
    const CK_SESSION_HANDLE s = session();
    const CK_OBJECT_HANDLE h = object();

    CALL(p11->C_GetAttributeValue(s, h, v, n));
    CALL(p11->C_GetObjectSize(s, h, &size));
}

static void do_set(void)
{
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 4, &n);

    CALL(p11->C_SetAttributeValue(session(), object(), v, n));
}

static void do_find_init(void)
{
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 3, &n);

    CALL(p11->C_FindObjectsInit(session(), v, n));
}

static void do_find(void)
{
    CK_OBJECT_HANDLE found[4];
    CK_ULONG n = 0;
    const CK_ULONG max = pick(&f.c, N_ELEMENTS(found) + 1);
    const CK_RV rv = p11->C_FindObjects(session(), found, max, &n);

    check(rv, "C_FindObjects");
    FUZZ_CHECK(rv != CKR_OK || n <= max);
    for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
        keep(found[i]);
    if (pick_bool(&f.c))
        CALL(p11->C_FindObjectsFinal(session()));
}

/* -- keys -------------------------------------------------------------------------------------- */

static void do_generate(void)
{
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_MECHANISM m;
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v;
    CK_RV rv;

    (void)mechanism(CKF_GENERATE, &m);
    v = given_template(&f.c, &f.mem, 6, &n);
    rv = p11->C_GenerateKey(session(), &m, v, n, &h);
    check(rv, "C_GenerateKey");
    if (rv == CKR_OK)
        keep(h);
}

/* A pair of RSA keys takes too long to make. */
static bool is_slow(const struct mech *row)
{
    return row->key_type == CKK_RSA;
}

static void do_generate_pair(void)
{
    CK_OBJECT_HANDLE h[2] = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    CK_MECHANISM m;
    const struct mech *row = mechanism(CKF_GENERATE_KEY_PAIR, &m);
    CK_ULONG n[2] = {0, 0};
    CK_ATTRIBUTE *pub = given_template(&f.c, &f.mem, 6, &n[0]);
    CK_ATTRIBUTE *priv = given_template(&f.c, &f.mem, 6, &n[1]);
    CK_RV rv;

    if (is_slow(row))
        return;
    rv = p11->C_GenerateKeyPair(session(), &m, pub, n[0], priv, n[1], &h[0], &h[1]);
    check(rv, "C_GenerateKeyPair");
    FUZZ_CHECK((rv == CKR_OK) == (h[0] != CK_INVALID_HANDLE && h[1] != CK_INVALID_HANDLE));
    if (rv == CKR_OK) {
        keep(h[0]);
        keep(h[1]);
    }
}

static void do_wrap(void)
{
    CK_MECHANISM m;
    CK_ULONG n = 0;
    const CK_SESSION_HANDLE s = session();
    const CK_OBJECT_HANDLE wrapping = object(), key = object();
    CK_RV rv;

    (void)mechanism(CKF_WRAP, &m);
    rv = p11->C_WrapKey(s, &m, wrapping, key, NULL, &n);
    check(rv, "C_WrapKey");
    if (rv == CKR_OK) {
        FUZZ_CHECK(n <= MAX_OUT);
        rv = p11->C_WrapKey(s, &m, wrapping, key, arena_take(&f.mem, n), &n);
        check(rv, "C_WrapKey");
        FUZZ_CHECK(rv == CKR_OK);
    }
}

static void do_unwrap(void)
{
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_MECHANISM m;
    CK_ULONG n = 0, n_wrapped = 0;
    CK_BYTE *wrapped = data(&n_wrapped);
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 6, &n);
    CK_RV rv;

    (void)mechanism(CKF_UNWRAP, &m);
    rv = p11->C_UnwrapKey(session(), &m, object(), wrapped, n_wrapped, v, n, &h);
    check(rv, "C_UnwrapKey");
    if (rv == CKR_OK)
        keep(h);
}

static void do_derive(void)
{
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_MECHANISM m;
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = given_template(&f.c, &f.mem, 6, &n);
    CK_RV rv;

    (void)mechanism(CKF_DERIVE, &m);
    rv = p11->C_DeriveKey(session(), &m, object(), v, n, &h);
    check(rv, "C_DeriveKey");
    if (rv == CKR_OK)
        keep(h);
}

/* The authenticated forms, whose parameter is a message's. */
static void do_wrap_authenticated(void)
{
    CK_BYTE iv[16] = {1}, tag[16] = {2}, room[600];
    const CK_SESSION_HANDLE s = session();
    const CK_OBJECT_HANDLE by = object(), key = object();
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_MECHANISM m = {pick_bool(&f.c) ? CKM_AES_GCM : CKM_AES_CCM, NULL, 0};
    CK_ULONG n = pick(&f.c, 4) != 0 ? sizeof(room) : pick(&f.c, 64), n_v = 0, n_in = 0;
    CK_BYTE *in;
    CK_ATTRIBUTE *v;
    CK_RV rv;

    m.pParameter = message_parameter(iv, tag, &m.ulParameterLen);
    if (pick_bool(&f.c)) {
        CALL(p11->C_WrapKeyAuthenticated(s, &m, by, key, iv, 3, pick(&f.c, 4) == 0 ? NULL : room,
                                         &n));
        return;
    }
    in = data(&n_in);
    v = given_template(&f.c, &f.mem, 6, &n_v);
    rv = p11->C_UnwrapKeyAuthenticated(s, &m, by, in, n_in, v, n_v, iv, 3, &h);
    check(rv, "C_UnwrapKeyAuthenticated");
    if (rv == CKR_OK)
        keep(h);
}

static void do_encapsulate(void)
{
    CK_ECDH1_DERIVE_PARAMS ecdh = {pick_bool(&f.c) ? CKD_NULL : CKD_SHA256_KDF, 0, NULL, 0, NULL};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
    CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
    CK_BYTE room[1100];
    CK_ULONG n = pick(&f.c, 4) != 0 ? sizeof(room) : pick(&f.c, 64), n_v = 0, n_in = 0;
    CK_BYTE *const in = data(&n_in), *const out = pick(&f.c, 4) == 0 ? NULL : room;
    CK_ATTRIBUTE *const v = given_template(&f.c, &f.mem, 6, &n_v);
    CK_RV rv;

    if (pick(&f.c, 4) == 0)
        (void)mechanism(CKF_ENCAPSULATE, &m);
    rv = pick_bool(&f.c) ? p11->C_EncapsulateKey(session(), &m, object(), v, n_v, out, &n, &h)
                         : p11->C_DecapsulateKey(session(), &m, object(), v, n_v, in, n_in, &h);
    check(rv, "C_EncapsulateKey, C_DecapsulateKey");
    if (rv == CKR_OK && h != CK_INVALID_HANDLE)
        keep(h);
}

static void do_random(void)
{
    CK_ULONG n = 0;
    CK_BYTE *p = data(&n);

    CALL(p11->C_SeedRandom(session(), p, n));
    CALL(p11->C_GenerateRandom(session(), p, n));
}

/* -- sessions and PINs ------------------------------------------------------------------------- */

static void do_open(void)
{
    CK_SESSION_HANDLE *h = &f.session[pick(&f.c, N_SESSIONS)];
    const CK_FLAGS rw = pick(&f.c, 4) != 0 ? CKF_RW_SESSION : 0;

    if (*h != CK_INVALID_HANDLE && pick_bool(&f.c))
        CALL(p11->C_CloseSession(*h));
    CALL(p11->C_OpenSession(SLOT, CKF_SERIAL_SESSION | rw, NULL, NULL, h));
}

static void do_close(void)
{
    if (pick(&f.c, 4) == 0)
        CALL(p11->C_CloseAllSessions(SLOT));
    else
        CALL(p11->C_CloseSession(session()));
}

static void do_login(void)
{
    static const CK_USER_TYPE users[] = {CKU_USER, CKU_USER, CKU_USER, CKU_SO,
                                         CKU_CONTEXT_SPECIFIC, 77};
    const CK_USER_TYPE user = users[pick(&f.c, N_ELEMENTS(users))];
    const char *p = user == CKU_SO && pick(&f.c, 8) != 0 ? so_pin : pin();

    if (f.logins++ >= MAX_LOGINS)
        return;
    f.pins_touched = f.pins_touched || p == wrong_pin; /* it is counted */
    CALL(p11->C_Login(session(), user, text(p), strlen(p)));
}

static void do_logout(void)
{
    CALL(p11->C_Logout(session()));
}

/* PINs are changed to what they are, or to what can't be one. */
static void do_pins(void)
{
    const char *p = pin();
    const CK_ULONG n = pick(&f.c, 4) == 0 ? pick(&f.c, 4) : strlen(p);

    if (f.logins++ >= MAX_LOGINS)
        return;
    f.pins_touched = true;
    if (pick_bool(&f.c))
        CALL(p11->C_SetPIN(session(), text(p), strlen(p), text(p), n));
    else
        CALL(p11->C_InitPIN(session(), text(user_pin), pick_bool(&f.c) ? 4 : n % 4));
}

static void do_info(void)
{
    CK_SESSION_INFO session_info;
    CK_SLOT_INFO slot_info;
    CK_TOKEN_INFO token_info;
    CK_MECHANISM_INFO mechanism_info;
    CK_INFO info;
    CK_SLOT_ID slots[4];
    CK_ULONG n = pick(&f.c, N_ELEMENTS(slots) + 1);

    CALL(p11->C_GetInfo(&info));
    CALL(p11->C_GetSlotList(CK_TRUE, slots, &n));
    CALL(p11->C_GetSlotInfo(pick(&f.c, 3), &slot_info));
    FUZZ_OK(p11->C_GetTokenInfo(SLOT, &token_info));
    CALL(p11->C_GetSessionInfo(session(), &session_info));
    CALL(p11->C_GetMechanismInfo(SLOT, given_ulong(&f.c), &mechanism_info));
}

static void do_finalize(void)
{
    FUZZ_OK(p11->C_Finalize(NULL));
    FUZZ_CHECK(p11->C_GetSessionInfo(f.session[0], NULL) == CKR_CRYPTOKI_NOT_INITIALIZED);
    FUZZ_OK(p11->C_Initialize(NULL));
}

/* -- the token --------------------------------------------------------------------------------- */

static void init_token(void)
{
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE h;

    memset(label, ' ', sizeof(label));
    FUZZ_OK(p11->C_InitToken(SLOT, text(so_pin), strlen(so_pin), label));
    FUZZ_OK(p11->C_OpenSession(SLOT, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    FUZZ_OK(p11->C_Login(h, CKU_SO, text(so_pin), strlen(so_pin)));
    FUZZ_OK(p11->C_InitPIN(h, text(user_pin), strlen(user_pin)));
    FUZZ_OK(p11->C_CloseSession(h));
}

static void open_as(CK_USER_TYPE user, const char *p)
{
    FUZZ_OK(p11->C_OpenSession(SLOT, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                               &f.session[0]));
    if (p != NULL)
        FUZZ_OK(p11->C_Login(f.session[0], user, text(p), strlen(p)));
}

/* Is there a token object, as a user sees it? Then there is something to clean. */
static bool is_clean(void)
{
    CK_OBJECT_HANDLE h;
    CK_ULONG n = 0;

    open_as(CKU_USER, user_pin);
    FUZZ_OK(p11->C_FindObjectsInit(f.session[0], NULL, 0));
    FUZZ_OK(p11->C_FindObjects(f.session[0], &h, 1, &n));
    FUZZ_OK(p11->C_FindObjectsFinal(f.session[0]));
    FUZZ_OK(p11->C_CloseAllSessions(SLOT));
    return n == 0;
}

static void restore(void)
{
    FUZZ_OK(p11->C_CloseAllSessions(SLOT));
    if (f.pins_touched) {
        open_as(CKU_SO, so_pin);
        FUZZ_OK(p11->C_InitPIN(f.session[0], text(user_pin), strlen(user_pin)));
        FUZZ_OK(p11->C_CloseAllSessions(SLOT));
    }
    if (f.made && !is_clean())
        init_token();
}

static void write_conf(const char *directory)
{
    FILE *out;

    (void)snprintf(conf_path, sizeof(conf_path), "%s/conf", directory);
    out = fopen(conf_path, "we");
    FUZZ_CHECK(out != NULL);
    (void)fprintf(out, "store = \"%s/store\"\nroot = software\npin-log2-n = 10\npin-tries = 100\n",
                  directory);
    FUZZ_CHECK(fclose(out) == 0);
    FUZZ_CHECK(chmod(conf_path, 0600) == 0);
    FUZZ_CHECK(setenv("TEE_PKCS11_CONF", conf_path, 1) == 0);
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface,
                     CK_FLAGS flags);

static void setup(void)
{
    CK_VERSION version = {3, 2};
    CK_INTERFACE_PTR interface = NULL;

    given_setup();
    write_conf(scratch_make());
    FUZZ_OK(C_GetInterface(NULL, &version, &interface, 0));
    p11 = interface->pFunctionList;
    FUZZ_OK(p11->C_Initialize(NULL));
    init_token();
}

static void teardown(void)
{
    FUZZ_OK(p11->C_Finalize(NULL));
    scratch_remove();
}

static void one(struct span input)
{
    static void (*const calls[])(void) = {
        do_out,     do_out,      do_out,      do_out,          do_init,       do_init,
        do_init,    do_init,     do_update,   do_verify,       do_digest_init, do_digest_key,
        do_cancel,  do_create,   do_create,   do_create_key,   do_create_key, do_create_key,
        do_copy,    do_destroy,  do_get,      do_get,          do_set,        do_find_init,
        do_find,    do_generate, do_generate_pair, do_wrap,    do_unwrap,     do_derive,
        do_random,  do_open,     do_close,    do_login,        do_logout,     do_pins,
        do_info,    do_finalize, do_verify_signature, do_state, do_message_init, do_message_init,
        do_message_crypt, do_message_crypt, do_message_sign, do_message_sign,
        do_wrap_authenticated, do_encapsulate,
    };

    memset(&f.session, 0, sizeof(f.session));
    memset(&f.object, 0, sizeof(f.object));
    f.c = cursor_of(input);
    f.next = f.logins = 0;
    f.pins_touched = f.made = false;
    open_as(CKU_USER, pick(&f.c, 4) != 0 ? user_pin : NULL);
    for (unsigned i = 0; i < 48 && f.c.rest.n > 0 && !f.c.failed; i++) {
        calls[pick(&f.c, N_ELEMENTS(calls))]();
        arena_clear(&f.mem);
    }
    restore();
}

const struct fuzz_target fuzz_target = {
    .name = "api",
    .max_input = 1024,
    .setup = setup,
    .one = one,
    .teardown = teardown,
};
