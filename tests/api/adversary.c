/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adversary.c - the search; see adversary.h.
 *
 * An action is a function that is called for each object, or each pair of an object and an object
 * or a ciphertext, once: what was tried in an earlier round is not tried again.
 */
#include "api/adversary.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OBJECTS 6000
#define MAX_CIPHERS 6000
#define MAX_VALUES  128
#define ROOM        512
#define NOBODY      (-1)

/* Attributes that tell objects of one value apart, by their place as bits. */
static const CK_ATTRIBUTE_TYPE bits[] = {
    CKA_SENSITIVE,
    CKA_EXTRACTABLE,
    CKA_ENCRYPT,
    CKA_DECRYPT,
    CKA_WRAP,
    CKA_UNWRAP,
    CKA_DERIVE,
    CKA_TRUSTED,
    CKA_LOCAL,
    CKA_PRIVATE,
    CKA_WRAP_WITH_TRUSTED,
};
enum {
    SENSITIVE = 1 << 0,
    EXTRACTABLE = 1 << 1,
    ENCRYPT = 1 << 2,
    DECRYPT = 1 << 3,
    WRAP = 1 << 4,
    UNWRAP = 1 << 5,
    DERIVE = 1 << 6,
    TRUSTED = 1 << 7,
};

struct thing {
    CK_OBJECT_HANDLE h;
    int value;
    unsigned attrs;
    char how[96];
    int from, with; /* objects and ciphertexts that it came of: see chain() */
};

struct cipher {
    CK_MECHANISM_TYPE type;
    int under, value; /* of pairs, both halves are one value */
    uint8_t bytes[ROOM];
    CK_ULONG n;
    uint8_t iv[16], tag[16]; /* of GCM: the IV stands in a counter's first block */
    char how[96];
    int from, with;
};

struct value {
    bool known;  /* to the adversary */
    bool secret; /* it was made to be sensitive: nobody must know it */
    bool stays;  /* it was made not to be extractable: nothing of it must leave */
    uint8_t bytes[64];
    size_t n;    /* of bytes, where the adversary has them */
    int derived; /* the value that is derived of it, or 0: nothing yet */
    bool hkdf;   /* it is a key for HKDF, no AES key */
};

struct search {
    CK_SESSION_HANDLE h;
    const struct adversary_bounds *bounds;
    struct adversary_report *report;
    struct thing things[MAX_OBJECTS];
    int n_things, old_things; /* old: tried with each other in an earlier round */
    struct cipher ciphers[MAX_CIPHERS];
    int n_ciphers, old_ciphers;
    struct value values[MAX_VALUES];
    int n_values;
    EVP_PKEY *own; /* a pair of his, whose public half he brings in: the value `own_value` */
    int own_value;
};

static const uint8_t known_value[32] = "known to everybody: thirty-two b";
static const uint8_t victim_value[32] = "nobody but the victim knows this";

/* -- mechanisms -------------------------------------------------------------------------------- */

struct way {
    CK_MECHANISM_TYPE type;
    const char *name;
    const char *openssl; /* what opens it outside, with a key of 32 bytes; NULL: a private key */
    bool wide;           /* in the wide grammar only: much like one that is in the other */
};

static const struct way ways[] = {
    {CKM_AES_KEY_WRAP, "KW", "AES-256-WRAP", false},
    {CKM_AES_KEY_WRAP_KWP, "KWP", "AES-256-WRAP-PAD", true},
    {CKM_AES_ECB, "ECB", "AES-256-ECB", false},
    {CKM_AES_CBC, "CBC", "AES-256-CBC", true},
    {CKM_AES_CBC_PAD, "CBC-PAD", "AES-256-CBC", false},
    {CKM_AES_CTR, "CTR", "AES-256-CTR", true},
    {CKM_AES_GCM, "GCM", "AES-256-CTR", false}, /* wraps by C_WrapKeyAuthenticated */
    {CKM_RSA_PKCS, "PKCS1", NULL, false},
    {CKM_RSA_PKCS_OAEP, "OAEP", NULL, false},
};

static CK_MECHANISM mechanism(CK_MECHANISM_TYPE type)
{
    static uint8_t iv[16];
    static CK_AES_CTR_PARAMS counter = {.ulCounterBits = 128};
    static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};

    if (type == CKM_AES_CBC || type == CKM_AES_CBC_PAD)
        return (CK_MECHANISM){type, iv, sizeof(iv)};
    if (type == CKM_AES_CTR)
        return (CK_MECHANISM){type, &counter, sizeof(counter)};
    if (type == CKM_RSA_PKCS_OAEP)
        return (CK_MECHANISM){type, &oaep, sizeof(oaep)};
    return (CK_MECHANISM){type, NULL, 0};
}

static const struct way *way_of(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        if (ways[i].type == type)
            return &ways[i];
    }
    return NULL;
}

/* -- what he has ------------------------------------------------------------------------------- */

static bool goes_on(const struct search *s)
{
    return !s->report->found && s->report->calls < s->bounds->max_calls;
}

static bool is_tried(const struct search *s, const struct way *way)
{
    return s->bounds->wide || !way->wide;
}

/* Count a call; a refusal is any error but a bug's. */
static bool ok(struct search *s, CK_RV rv)
{
    s->report->calls++;
    s->report->refused += rv != CKR_OK;
    assert_int_not_equal(rv, CKR_GENERAL_ERROR);
    assert_int_not_equal(rv, CKR_DEVICE_ERROR);
    return rv == CKR_OK;
}

static int new_value(struct search *s, bool secret, bool stays, const uint8_t *known, size_t n)
{
    struct value *v = &s->values[s->n_values];

    assert_true(s->n_values < MAX_VALUES);
    *v = (struct value){.known = known != NULL, .secret = secret, .stays = stays, .n = n};
    if (known != NULL)
        memcpy(v->bytes, known, n);
    return s->n_values++;
}

static unsigned read_attrs(struct search *s, CK_OBJECT_HANDLE o)
{
    unsigned attrs = 0;

    for (size_t i = 0; i < N_ELEMENTS(bits); i++) {
        CK_BBOOL is = CK_FALSE;
        CK_ATTRIBUTE v = ATTR_OBJ(bits[i], is);

        if (p11->C_GetAttributeValue(s->h, o, &v, 1) == CKR_OK && is == CK_TRUE)
            attrs |= 1u << i;
    }
    return attrs;
}

/* A new object; dropped when he has one of that value with these attributes. */
static void add_thing(struct search *s, CK_OBJECT_HANDLE o, int value, const char *how, int from,
                      int with)
{
    const unsigned attrs = read_attrs(s, o);
    struct thing *t = &s->things[s->n_things];

    for (int i = 0; i < s->n_things; i++) {
        if (s->things[i].value == value && s->things[i].attrs == attrs) {
            ASSERT_OK(p11->C_DestroyObject(s->h, o));
            return;
        }
    }
    assert_true(s->n_things < MAX_OBJECTS);
    *t = (struct thing){.h = o, .value = value, .attrs = attrs, .from = from, .with = with};
    (void)snprintf(t->how, sizeof(t->how), "%s", how);
    s->n_things++;
}

static void chain_cipher(const struct search *s, int c, unsigned depth, char *ret, size_t room);

/* The calls that led to an object, the oldest first. */
static void chain(const struct search *s, int t, unsigned depth, char *ret, size_t room)
{
    const struct thing *at = &s->things[t];

    if (depth == 0)
        return;
    if (at->from != NOBODY)
        chain(s, at->from, depth - 1, ret, room);
    if (at->with != NOBODY)
        chain_cipher(s, at->with, depth - 1, ret, room);
    (void)snprintf(ret + strlen(ret), room - strlen(ret), "  object %d: %s (value %d)\n", t,
                   at->how, at->value);
}

static void chain_cipher(const struct search *s, int c, unsigned depth, char *ret, size_t room)
{
    const struct cipher *at = &s->ciphers[c];

    if (depth == 0)
        return;
    chain(s, at->from, depth - 1, ret, room);
    if (at->with != NOBODY)
        chain(s, at->with, depth - 1, ret, room);
    (void)snprintf(ret + strlen(ret), room - strlen(ret), "  ciphertext %d: %s of value %d\n", c,
                   at->how, at->value);
}

static void found(struct search *s, const char *what, int thing, int cipher)
{
    struct adversary_report *r = s->report;

    if (r->found)
        return;
    r->found = true;
    if (cipher != NOBODY)
        chain_cipher(s, cipher, 6, r->how, sizeof(r->how));
    if (thing != NOBODY)
        chain(s, thing, 6, r->how, sizeof(r->how));
    (void)snprintf(r->how + strlen(r->how), sizeof(r->how) - strlen(r->how), "  %s\n", what);
}

/* He has the bytes of a value. */
static void learn(struct search *s, int value, const uint8_t *bytes, size_t n, const char *what,
                  int thing, int cipher)
{
    struct value *v = &s->values[value];

    if (v->known || n == 0 || n > sizeof(v->bytes))
        return;
    v->known = true;
    memcpy(v->bytes, bytes, n);
    v->n = n;
    if (v->secret)
        found(s, what, thing, cipher);
}

static void add_cipher(struct search *s, const struct cipher *c)
{
    for (int i = 0; i < s->n_ciphers; i++) {
        const struct cipher *have = &s->ciphers[i];

        if (have->type == c->type && have->under == c->under && have->value == c->value)
            return;
    }
    assert_true(s->n_ciphers < MAX_CIPHERS);
    s->ciphers[s->n_ciphers++] = *c;
    if (s->values[c->value].stays)
        found(s, "a key that is not extractable has left", NOBODY, s->n_ciphers - 1);
}

/* -- what he does: alone
 * ---------------------------------------------------------------------------------- */

static void try_read(struct search *s, int t)
{
    uint8_t bytes[ROOM];
    CK_ATTRIBUTE v = ATTR(CKA_VALUE, bytes, sizeof(bytes));

    if (ok(s, p11->C_GetAttributeValue(s->h, s->things[t].h, &v, 1)))
        learn(s, s->things[t].value, bytes, v.ulValueLen, "C_GetAttributeValue(CKA_VALUE)", t,
              NOBODY);
}

/* Copies, each with one attribute turned: what C_SetAttributeValue does to the object itself. */
static void try_changes(struct search *s, int t)
{
    for (size_t i = 0; i < 2 * N_ELEMENTS(bits); i++) {
        CK_BBOOL to = i % 2 == 0 ? CK_TRUE : CK_FALSE;
        const bool is = (s->things[t].attrs >> (i / 2) & 1) != 0;
        CK_ATTRIBUTE v = ATTR_OBJ(bits[i / 2], to);
        CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
        char how[96];

        if (is == (to == CK_TRUE))
            continue;
        (void)snprintf(how, sizeof(how), "copy of %d, 0x%lx made %d", t, bits[i / 2], to);
        if (ok(s, p11->C_CopyObject(s->h, s->things[t].h, &v, 1, &copy)))
            add_thing(s, copy, s->things[t].value, how, t, NOBODY);
        copy = CK_INVALID_HANDLE;
        ASSERT_OK(p11->C_CopyObject(s->h, s->things[t].h, NULL, 0, &copy));
        if (ok(s, p11->C_SetAttributeValue(s->h, copy, &v, 1)))
            add_thing(s, copy, s->things[t].value, how, t, NOBODY);
        else
            ASSERT_OK(p11->C_DestroyObject(s->h, copy));
    }
}

static bool crypt(struct search *s, bool encrypt, CK_MECHANISM_TYPE type, int t, const uint8_t *in,
                  CK_ULONG n, uint8_t ret[ROOM], CK_ULONG *ret_n)
{
    CK_MECHANISM m = mechanism(type);
    CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)in;
    const CK_OBJECT_HANDLE k = s->things[t].h;

    *ret_n = ROOM;
    if (!ok(s, encrypt ? p11->C_EncryptInit(s->h, &m, k) : p11->C_DecryptInit(s->h, &m, k)))
        return false;
    return ok(s, encrypt ? p11->C_Encrypt(s->h, data, n, ret, ret_n)
                         : p11->C_Decrypt(s->h, data, n, ret, ret_n));
}

/* Encrypt what he knows, so that it can be unwrapped. */
static void try_encrypt(struct search *s, int t)
{
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        struct cipher c = {.type = ways[i].type,
                           .under = s->things[t].value,
                           .value = 0,
                           .from = t,
                           .with = NOBODY};

        if (!is_tried(s, &ways[i]) || ways[i].type == CKM_AES_GCM)
            continue;
        (void)snprintf(c.how, sizeof(c.how), "C_Encrypt(%s) under object %d", ways[i].name, t);
        if (crypt(s, true, ways[i].type, t, known_value, sizeof(known_value), c.bytes, &c.n))
            add_cipher(s, &c);
    }
}

static size_t put_attrs(unsigned attrs, CK_ATTRIBUTE *ret)
{
    static const unsigned said[] = {SENSITIVE, EXTRACTABLE, ENCRYPT, DECRYPT, WRAP, UNWRAP, DERIVE};
    size_t n = 0;

    for (size_t i = 0; i < N_ELEMENTS(said); i++)
        ret[n++] = (CK_ATTRIBUTE){
            bits[i], (void *)(uintptr_t)((attrs & said[i]) != 0 ? &ck_true : &ck_false),
            sizeof(CK_BBOOL)};
    if ((attrs & TRUSTED) != 0)
        ret[n++] = (CK_ATTRIBUTE)ATTR_TRUE(CKA_TRUSTED);
    return n;
}

/* Derive from what can be derived from: by HKDF without any data, or as the encryption of what
 * everybody knows. */
static void try_derive(struct search *s, int t)
{
    static const unsigned as[] = {SENSITIVE | ENCRYPT | DECRYPT, EXTRACTABLE | ENCRYPT | DECRYPT,
                                  SENSITIVE | EXTRACTABLE | WRAP, SENSITIVE | WRAP};
    static CK_HKDF_PARAMS none = {.bExtract = CK_TRUE,
                                  .bExpand = CK_TRUE,
                                  .prfHashMechanism = CKM_SHA256,
                                  .ulSaltType = CKF_HKDF_SALT_NULL};
    static CK_KEY_DERIVATION_STRING_DATA known = {(CK_BYTE_PTR)(uintptr_t)known_value, 32};
    struct value *base = &s->values[s->things[t].value];
    CK_MECHANISM m = {CKM_AES_ECB_ENCRYPT_DATA, &known, sizeof(known)};

    if ((s->things[t].attrs & DERIVE) == 0 || base->known)
        return;
    if (base->hkdf)
        m = (CK_MECHANISM){CKM_HKDF_DERIVE, &none, sizeof(none)};
    for (size_t i = 0; i < N_ELEMENTS(as); i++) {
        CK_ATTRIBUTE v[11] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                              ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, 32)};
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

        if (!ok(s, p11->C_DeriveKey(s->h, &m, s->things[t].h, v, 3 + put_attrs(as[i], v + 3), &o)))
            continue;
        if (base->derived == 0)
            base->derived = new_value(s, true, false, NULL, 0);
        add_thing(s, o, base->derived, "C_DeriveKey", t, NOBODY);
    }
}

/* The ciphertext of what everybody knows is what is derived by encrypting it. */
static void try_recognise(struct search *s, int at)
{
    const struct cipher *c = &s->ciphers[at];
    const struct value *under = &s->values[c->under];

    if (c->type == CKM_AES_ECB && c->value == 0 && under->derived != 0 && !under->hkdf)
        learn(s, under->derived, c->bytes, c->n, "which is what was derived", NOBODY, at);
}

/* -- what he does: with two
 * ------------------------------------------------------------------------------- */

static CK_RV wrap(struct search *s, CK_MECHANISM *m, int w, int k, struct cipher *c)
{
    const CK_OBJECT_HANDLE with = s->things[w].h, key = s->things[k].h;
    CK_GCM_MESSAGE_PARAMS gcm = {c->iv, 12, 0, CKG_GENERATE, c->tag, 128};
    CK_MECHANISM by_gcm = {CKM_AES_GCM, &gcm, sizeof(gcm)};

    c->iv[15] = 2; /* where GCM's counter begins for the text */
    if (m->mechanism == CKM_AES_GCM)
        return p11->C_WrapKeyAuthenticated(s->h, &by_gcm, with, key, NULL, 0, c->bytes, &c->n);
    return p11->C_WrapKey(s->h, m, with, key, c->bytes, &c->n);
}

static CK_RV unwrap(struct search *s, CK_MECHANISM *m, int t, const struct cipher *c,
                    CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_BYTE_PTR bytes = (CK_BYTE_PTR)(uintptr_t)c->bytes;
    struct cipher copy = *c;
    CK_GCM_MESSAGE_PARAMS gcm = {copy.iv, 12, 0, CKG_GENERATE, copy.tag, 128};
    CK_MECHANISM by_gcm = {CKM_AES_GCM, &gcm, sizeof(gcm)};

    if (m->mechanism == CKM_AES_GCM)
        return p11->C_UnwrapKeyAuthenticated(s->h, &by_gcm, s->things[t].h, bytes, c->n, v, n, NULL,
                                             0, ret);
    return p11->C_UnwrapKey(s->h, m, s->things[t].h, bytes, c->n, v, n, ret);
}

static void try_wrap(struct search *s, int w, int k)
{
    if ((s->things[w].attrs & WRAP) == 0 || w == k)
        return;
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        CK_MECHANISM m = mechanism(ways[i].type);
        struct cipher c = {.type = ways[i].type,
                           .under = s->things[w].value,
                           .value = s->things[k].value,
                           .n = ROOM,
                           .from = w,
                           .with = k};

        if (!is_tried(s, &ways[i]))
            continue;
        (void)snprintf(c.how, sizeof(c.how), "C_WrapKey(%s) of object %d under %d", ways[i].name, k,
                       w);
        if (ok(s, wrap(s, &m, w, k, &c)))
            add_cipher(s, &c);
    }
}

/* What he says an unwrapped key is for. */
static const unsigned unwrapped_as[] = {
    EXTRACTABLE | ENCRYPT | DECRYPT,
    SENSITIVE | EXTRACTABLE | WRAP,
    SENSITIVE | WRAP,
    SENSITIVE | EXTRACTABLE | WRAP | DECRYPT,
    SENSITIVE | UNWRAP | ENCRYPT,
    SENSITIVE | DERIVE | ENCRYPT,
    TRUSTED | SENSITIVE | WRAP,
};

static unsigned as_what(const struct search *s, const struct cipher *c, size_t i)
{
    return i < N_ELEMENTS(unwrapped_as) ? unwrapped_as[i]
                                        : s->things[c->with].attrs & ~(unsigned)TRUSTED;
}

static void try_unwrap(struct search *s, int t, int at)
{
    const struct cipher *c = &s->ciphers[at];
    CK_MECHANISM m = mechanism(c->type);

    if ((s->things[t].attrs & UNWRAP) == 0 || s->things[t].value != c->under)
        return;
    /* Also as it was: what was wrapped with its attributes comes back with no others. */
    for (size_t i = 0; i < N_ELEMENTS(unwrapped_as) + (c->with != NOBODY ? 1 : 0); i++) {
        CK_ATTRIBUTE v[10] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                              ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
        const size_t n = 2 + put_attrs(as_what(s, c, i), v + 2);
        CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
        char how[96];

        (void)snprintf(how, sizeof(how), "C_UnwrapKey(%s) of %d under %d", way_of(c->type)->name,
                       at, t);
        if (ok(s, unwrap(s, &m, t, c, v, n, &o)))
            add_thing(s, o, c->value, how, t, at);
    }
}

static void try_decrypt(struct search *s, int t, int at)
{
    const struct cipher *c = &s->ciphers[at];
    uint8_t plain[ROOM];
    CK_ULONG n = 0;

    if (c->type != CKM_AES_GCM && s->things[t].value == c->under &&
        crypt(s, false, c->type, t, c->bytes, c->n, plain, &n))
        learn(s, c->value, plain, n, "C_Decrypt of that ciphertext", t, at);
}

static bool open_rsa(const struct search *s, const struct cipher *c, uint8_t ret[ROOM],
                     size_t *ret_n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->own, NULL);
    const int padding = c->type == CKM_RSA_PKCS ? RSA_PKCS1_PADDING : RSA_PKCS1_OAEP_PADDING;
    bool opened;

    *ret_n = ROOM;
    opened = EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
             EVP_PKEY_decrypt(ctx, ret, ret_n, c->bytes, c->n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return opened;
}

/* GCM is counter mode behind its tag: a key that encrypts so opens what it has wrapped. */
static void try_counter(struct search *s, int t, int at)
{
    const struct cipher *c = &s->ciphers[at];
    CK_AES_CTR_PARAMS counter = {.ulCounterBits = 128};
    CK_MECHANISM m = {CKM_AES_CTR, &counter, sizeof(counter)};
    uint8_t plain[ROOM];
    CK_ULONG n = ROOM;

    if (c->type != CKM_AES_GCM || s->things[t].value != c->under || c->value != 1)
        return;
    memcpy(counter.cb, c->iv, sizeof(counter.cb));
    if (ok(s, p11->C_EncryptInit(s->h, &m, s->things[t].h)) &&
        ok(s, p11->C_Encrypt(s->h, (CK_BYTE_PTR)(uintptr_t)c->bytes, 32, plain, &n)) &&
        memcmp(plain, victim_value, 32) == 0)
        learn(s, c->value, plain, 32, "opened by counter mode", t, at);
}

/* Outside of the token, with a key that he knows. */
static void try_open(struct search *s, int at)
{
    const struct cipher *c = &s->ciphers[at];
    const struct value *under = &s->values[c->under];
    const struct way *way = way_of(c->type);
    static const uint8_t iv[16];
    uint8_t plain[ROOM];
    size_t n;

    if (s->values[c->value].known)
        return;
    if (way->openssl == NULL) {
        if (c->under == s->own_value && open_rsa(s, c, plain, &n))
            learn(s, c->value, plain, n, "opened outside, with his private key", NOBODY, at);
        return;
    }
    if (!under->known || under->n != 32)
        return;
    if (c->type == CKM_AES_GCM) /* counter mode, whose tag is of no use to him */
        n = evp_cipher(way->openssl, false, false, span_of(under->bytes, 32), c->iv,
                       span_of(c->bytes, c->n), plain);
    else
        n = evp_cipher(way->openssl, false, c->type == CKM_AES_CBC_PAD, span_of(under->bytes, 32),
                       mechanism(c->type).ulParameterLen > 0 ? iv : NULL, span_of(c->bytes, c->n),
                       plain);
    learn(s, c->value, plain, n, "opened outside, with a key that is known", NOBODY, at);
}

/* -- where he begins --------------------------------------------------------------------------- */

static void begin_generated(struct search *s, CK_ULONG n, unsigned attrs, const char *how)
{
    CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[10] = {ATTR_OBJ(CKA_VALUE_LEN, n)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    if (ok(s, p11->C_GenerateKey(s->h, &m, v, 1 + put_attrs(attrs, v + 1), &o)))
        add_thing(s, o, new_value(s, true, (attrs & EXTRACTABLE) == 0, NULL, 0), how, NOBODY,
                  NOBODY);
}

static void begin_created(struct search *s, int value, const uint8_t bytes[32], unsigned attrs,
                          const char *how)
{
    CK_ATTRIBUTE v[11] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                          ATTR(CKA_VALUE, bytes, 32)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    if (ok(s, p11->C_CreateObject(s->h, v, 3 + put_attrs(attrs, v + 3), &o)))
        add_thing(s, o, value, how, NOBODY, NOBODY);
}

static void begin_hkdf(struct search *s)
{
    CK_MECHANISM m = {CKM_HKDF_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_TRUE(CKA_DERIVE)};
    const int value = new_value(s, true, true, NULL, 0);
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    s->values[value].hkdf = true;
    if (ok(s, p11->C_GenerateKey(s->h, &m, v, 2, &o)))
        add_thing(s, o, value, "C_GenerateKey, for HKDF", NOBODY, NOBODY);
}

/* A pair of the token's, as strong as a victim of 128 bits. */
static void begin_pair(struct search *s, unsigned attrs, const char *how)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_v[] = {ATTR_ULONG(CKA_MODULUS_BITS, 3072), ATTR_TRUE(CKA_WRAP)};
    CK_ATTRIBUTE private_v[] = {{CKA_UNWRAP, (void *)(uintptr_t)&ck_true, 1},
                                {CKA_DECRYPT, (void *)(uintptr_t)&ck_true, 1}};
    const int pair = new_value(s, true, false, NULL, 0);
    CK_OBJECT_HANDLE public_key, private_key;

    private_v[0].pValue = (void *)(uintptr_t)((attrs & UNWRAP) != 0 ? &ck_true : &ck_false);
    private_v[1].pValue = (void *)(uintptr_t)((attrs & DECRYPT) != 0 ? &ck_true : &ck_false);
    if (ok(s, p11->C_GenerateKeyPair(s->h, &m, public_v, 2, private_v, 2, &public_key,
                                     &private_key))) {
        add_thing(s, public_key, pair, how, NOBODY, NOBODY);
        add_thing(s, private_key, pair, how, NOBODY, NOBODY);
    }
}

/* The public half of a pair that is his. */
static void begin_own_pair(struct search *s)
{
    uint8_t n[512];
    BIGNUM *modulus = NULL;
    CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_RSA),
                        ATTR(CKA_MODULUS, n, 0), ATTR_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01"),
                        ATTR_TRUE(CKA_WRAP)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    s->own = evp_new_rsa(3072);
    s->own_value = new_value(s, false, false, NULL, 0);
    assert_int_equal(EVP_PKEY_get_bn_param(s->own, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
    v[2].ulValueLen = (CK_ULONG)BN_bn2bin(modulus, n);
    BN_free(modulus);
    if (ok(s, p11->C_CreateObject(s->h, v, N_ELEMENTS(v), &o)))
        add_thing(s, o, s->own_value, "C_CreateObject, his public key", NOBODY, NOBODY);
}

static void begin(struct search *s)
{
    static const unsigned usages[] = {ENCRYPT | DECRYPT,
                                      WRAP,
                                      UNWRAP,
                                      WRAP | UNWRAP,
                                      WRAP | DECRYPT,
                                      UNWRAP | ENCRYPT,
                                      WRAP | UNWRAP | ENCRYPT | DECRYPT};
    const int known = new_value(s, false, false, known_value, sizeof(known_value));
    const int victim = new_value(s, true, false, NULL, 0);

    begin_created(s, victim, victim_value, SENSITIVE | EXTRACTABLE | ENCRYPT | DECRYPT,
                  "the victim's, imported");
    begin_generated(s, 32, SENSITIVE | EXTRACTABLE | ENCRYPT | DECRYPT, "the victim's, generated");
    begin_generated(s, 32, SENSITIVE | ENCRYPT | DECRYPT, "the victim's, not extractable");
    begin_generated(s, 16, SENSITIVE | EXTRACTABLE | ENCRYPT, "the victim's, of 128 bits");
    begin_own_pair(s);
    begin_pair(s, UNWRAP, "C_GenerateKeyPair, unwraps");
    begin_pair(s, UNWRAP | DECRYPT, "C_GenerateKeyPair, unwraps and decrypts");
    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        /* Twice: a step may need two keys of one kind. */
        for (unsigned again = 0; again < (s->bounds->wide ? 2 : 1); again++) {
            begin_generated(s, 32, SENSITIVE | usages[i], "C_GenerateKey, not extractable");
            begin_generated(s, 32, SENSITIVE | EXTRACTABLE | usages[i],
                            "C_GenerateKey, extractable");
        }
        begin_created(s, known, known_value, SENSITIVE | usages[i], "C_CreateObject, known");
        begin_created(s, known, known_value, TRUSTED | SENSITIVE | usages[i],
                      "C_CreateObject, known, called trusted");
    }
    begin_generated(s, 16, SENSITIVE | WRAP | UNWRAP, "C_GenerateKey, 128 bits");
    begin_generated(s, 32, SENSITIVE | DERIVE, "C_GenerateKey, derives");
    begin_generated(s, 32, SENSITIVE | EXTRACTABLE | DERIVE, "C_GenerateKey, derives, extractable");
    begin_generated(s, 32, SENSITIVE | DERIVE | ENCRYPT, "C_GenerateKey, derives and encrypts");
    begin_hkdf(s);
}

/* -- Diffie-Hellman ---------------------------------------------------------------------------- */

/* The victim agreed on a secret; so can whoever uses the same private key. */
static void try_agree(struct search *s)
{
    static const unsigned as[] = {SENSITIVE | ENCRYPT | DECRYPT, EXTRACTABLE | ENCRYPT | DECRYPT};
    CK_OBJECT_HANDLE public_key, private_key, o = CK_INVALID_HANDLE;
    uint8_t point[128];
    CK_ECDH1_DERIVE_PARAMS param = {CKD_NULL, 0, NULL, 0, point};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &param, sizeof(param)};
    const int agreed = new_value(s, true, false, NULL, 0);

    make_ec(s->h, CK_FALSE, "agrees", &public_key, &private_key);
    param.ulPublicDataLen = attr_get(s->h, public_key, CKA_EC_POINT, point, sizeof(point));
    for (size_t i = 0; i < N_ELEMENTS(as); i++) {
        CK_ATTRIBUTE v[11] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                              ATTR_ULONG(CKA_KEY_TYPE, CKK_AES), ATTR_ULONG(CKA_VALUE_LEN, 32)};

        if (ok(s, p11->C_DeriveKey(s->h, &m, private_key, v, 3 + put_attrs(as[i], v + 3), &o)))
            add_thing(s, o, agreed, i == 0 ? "the victim's, agreed" : "C_DeriveKey, again", NOBODY,
                      NOBODY);
    }
}

/* -- rounds
 * -------------------------------------------------------------------------------------------------
 */

static void round_of_ones(struct search *s, int n_things, int n_ciphers)
{
    for (int t = s->old_things; t < n_things && goes_on(s); t++) {
        try_read(s, t);
        try_changes(s, t);
        try_encrypt(s, t);
        try_derive(s, t);
    }
    for (int c = 0; c < n_ciphers && goes_on(s); c++) {
        try_open(s, c);
        try_recognise(s, c);
    }
}

/* Pairs of which at least one is new. */
static void round_of_pairs(struct search *s, int n_things, int n_ciphers)
{
    for (int a = 0; a < n_things; a++) {
        for (int b = a < s->old_things ? s->old_things : 0; b < n_things && goes_on(s); b++)
            try_wrap(s, a, b);
        for (int c = a < s->old_things ? s->old_ciphers : 0; c < n_ciphers && goes_on(s); c++) {
            try_unwrap(s, a, c);
            try_decrypt(s, a, c);
            try_counter(s, a, c);
        }
    }
}

static bool round_of_all(struct search *s)
{
    const int n_things = s->n_things, n_ciphers = s->n_ciphers;
    bool news;

    round_of_ones(s, n_things, n_ciphers);
    round_of_pairs(s, n_things, n_ciphers);
    s->old_things = n_things;
    s->old_ciphers = n_ciphers;
    news = s->n_things > n_things || s->n_ciphers > n_ciphers;
    return news;
}

/* What he believes to know is the truth. */
static void check_known(const struct search *s)
{
    for (int i = 0; i < s->n_things; i++) {
        const struct thing *t = &s->things[i];
        const struct value *v = &s->values[t->value];

        if (t->value == 1 && v->known)
            assert_memory_equal(v->bytes, victim_value, sizeof(victim_value));
    }
}

void adversary_search(CK_SESSION_HANDLE user, const struct adversary_bounds *bounds,
                      struct adversary_report *ret)
{
    struct search *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    *ret = (struct adversary_report){.found = false};
    s->h = user;
    s->bounds = bounds;
    s->report = ret;
    begin(s);
    if (bounds->agrees)
        try_agree(s);
    while (goes_on(s) && ret->rounds < bounds->rounds && !ret->ended) {
        ret->rounds++;
        ret->ended = !round_of_all(s) && goes_on(s);
    }
    EVP_PKEY_free(s->own);
    check_known(s);
    ret->objects = (unsigned long)s->n_things;
    ret->ciphertexts = (unsigned long)s->n_ciphers;
    free(s);
}
