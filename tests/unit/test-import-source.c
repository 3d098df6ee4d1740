/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-import-source.c - another module's token as `tee-pkcs11 import` reads it, where the module is
 * the test's own: what it shows, what it wraps, and what it says that is not so. All calls that
 * could change something there are missing from its function list, so that one would crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cli/foreign.h"
#include "cli/import.h"
#include "crypto/ossl.h"

#define KEY       7 /* the handle of the only object */
#define TRANSPORT 9

/* -- the module ------------------------------------------------------------------------------- */

static struct {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_BBOOL extractable;
    struct span value;           /* what there is to read, or to wrap */
    bool shown;
    CK_MECHANISM_TYPE wraps;     /* by this one alone; 0: by none */
    bool garbles;                /* and what it wraps is damaged */
    CK_ULONG says_more;          /* bytes that the second answer has more than the first */
    CK_ULONG says_first;         /* bytes of the label by the first answer; 0: as many as it has */
    CK_ULONG says_found;         /* handles by the first answer of a search; 0: as there are */
    CK_ULONG says_wrapped;       /* bytes of a wrapped key; 0: as many as it has */
    uint8_t fill;                /* of what CKM_AES_KEY_WRAP fills up with */
    CK_ULONG nested;             /* the length of CKA_UNWRAP_TEMPLATE */
    bool endless;                /* a search never ends */
    CK_RV fails;                 /* what reading several attributes gives, and writes nothing */
    unsigned after;              /* so many times it was good before */
    uint8_t transport[32];
    unsigned n_made, n_destroyed, n_sessions;
} fake;

static bool found;

static CK_RV answer(CK_ATTRIBUTE *a, const void *p, CK_ULONG n)
{
    if (a->pValue == NULL) {
        a->ulValueLen = a->type == CKA_LABEL && fake.says_first > 0 ? fake.says_first : n;
        return CKR_OK;
    }
    if (a->ulValueLen < n)
        return CKR_BUFFER_TOO_SMALL;
    memcpy(a->pValue, p, n);
    a->ulValueLen = n + (a->type == CKA_LABEL ? fake.says_more : 0);
    return CKR_OK;
}

static CK_RV get_attribute(CK_ATTRIBUTE *a)
{
    const struct {
        CK_ATTRIBUTE_TYPE type;
        const void *p;
        CK_ULONG n;
    } all[] = {{CKA_CLASS, &fake.class, sizeof(fake.class)},
               {CKA_KEY_TYPE, &fake.type, sizeof(fake.type)},
               {CKA_EXTRACTABLE, &fake.extractable, sizeof(fake.extractable)},
               {CKA_VALUE_LEN, &fake.value.n, sizeof(CK_ULONG)},
               {CKA_UNWRAP_TEMPLATE, NULL, fake.nested},
               {CKA_WRAP_TEMPLATE, NULL, fake.nested},
               {CKA_LABEL, "a key", 5}};

    if (a->type == CKA_VALUE && fake.shown)
        return answer(a, fake.value.p, fake.value.n);
    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        if (all[i].type == a->type)
            return answer(a, all[i].p, all[i].n);
    }
    a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV get_attributes(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *v, CK_ULONG n)
{
    CK_RV rv = CKR_OK;

    (void)h;
    assert_int_equal(o, KEY);
    if (n > 1 && fake.fails != CKR_OK && fake.after-- == 0)
        return fake.fails;
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_RV one = get_attribute(&v[i]);

        rv = one != CKR_OK ? one : rv;
    }
    return rv;
}

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n)
{
    (void)h;
    (void)v;
    (void)n;
    found = false;
    return CKR_OK;
}

static CK_RV find(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_n)
{
    (void)h;
    assert_true(max > 0);
    *ret_n = !found || fake.endless ? 1 : 0;
    for (CK_ULONG i = 0; i < max; i++)
        ret[i] = KEY;
    if (!found && fake.says_found > 0)
        *ret_n = fake.says_found;
    found = true;
    return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
    (void)h;
    return CKR_OK;
}

static CK_RV create(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    (void)h;
    for (CK_ULONG i = 0; i < n; i++) {
        if (v[i].type == CKA_TOKEN)
            assert_int_equal(*(CK_BBOOL *)v[i].pValue, CK_FALSE);
        if (v[i].type == CKA_VALUE)
            memcpy(fake.transport, v[i].pValue, sizeof(fake.transport));
    }
    fake.n_made++;
    *ret = TRANSPORT;
    return CKR_OK;
}

static CK_RV destroy(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    (void)h;
    assert_int_equal(o, TRANSPORT);
    fake.n_destroyed++;
    return CKR_OK;
}

/* AES key wrapping by OpenSSL. CKM_AES_KEY_WRAP fills up with zeros, as SoftHSM2 does. */
static size_t wrap_bytes(uint8_t *ret)
{
    const bool pads = fake.wraps != CKM_AES_KEY_WRAP;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, pads ? "AES-256-WRAP-PAD" : "AES-256-WRAP", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t plain[512];
    int n = (int)fake.value.n;

    memset(plain, fake.fill, sizeof(plain));
    memcpy(plain, fake.value.p, fake.value.n);
    if (!pads)
        n = (n + 7) / 8 * 8;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, fake.transport, NULL, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, ret, &n, plain, n), 1);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    ret[0] = (uint8_t)(ret[0] ^ (fake.garbles ? 1 : 0));
    return (size_t)n;
}

static CK_RV wrap_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE by,
                      CK_OBJECT_HANDLE key, CK_BYTE *ret, CK_ULONG *ret_n)
{
    uint8_t wrapped[600];
    size_t n;

    (void)h;
    assert_int_equal(by, TRANSPORT);
    assert_int_equal(key, KEY);
    if (m->mechanism != fake.wraps)
        return CKR_MECHANISM_INVALID;
    n = wrap_bytes(wrapped);
    if (ret != NULL)
        memcpy(ret, wrapped, n);
    *ret_n = ret == NULL && fake.says_wrapped > 0 ? fake.says_wrapped : n;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE h)
{
    (void)h;
    fake.n_sessions--;
    return CKR_OK;
}

static CK_FUNCTION_LIST module = {
    .C_GetAttributeValue = get_attributes,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_CreateObject = create,
    .C_DestroyObject = destroy,
    .C_WrapKey = wrap_key,
    .C_CloseSession = close_session,
};

/* -- in place of foreign.c and main.c ----------------------------------------------------------- */

int foreign_open(const char *uri, struct foreign *ret)
{
    *ret = (struct foreign){.uri = p11_kit_uri_new()};
    return p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, ret->uri) == P11_KIT_URI_OK ? EXIT_DONE
                                                                                   : EXIT_USAGE;
}

void foreign_close(struct foreign *f)
{
    p11_kit_uri_free(f->uri);
}

size_t foreign_tokens(const struct foreign *f, struct foreign_token *ret, size_t room)
{
    (void)f;
    assert_true(room > 0);
    *ret = (struct foreign_token){.module = &module};
    return 1;
}

int foreign_session(const struct foreign *f, const struct foreign_token *t,
                    const struct pin_source *pin, CK_SESSION_HANDLE *ret)
{
    (void)f;
    (void)t;
    (void)pin;
    *ret = 1;
    fake.n_sessions++;
    return EXIT_DONE;
}

int cli_fail(int code, const char *fmt, ...)
{
    (void)fmt;
    return code;
}

const char *output_label(const uint8_t label[32], char text[33])
{
    (void)label;
    text[0] = '\0';
    return text;
}

/* -- tests ------------------------------------------------------------------------------------ */

static const uint8_t secret[21] = "twenty-one bytes long";
static uint8_t pkcs8[512];
static size_t n_pkcs8;

static void secret_key(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.class = CKO_SECRET_KEY;
    fake.type = CKK_GENERIC_SECRET;
    fake.extractable = CK_TRUE;
    fake.value = SPAN_ARRAY(secret);
}

static void private_key(void)
{
    secret_key();
    fake.class = CKO_PRIVATE_KEY;
    fake.type = CKK_EC;
    fake.value = span_of(pkcs8, n_pkcs8);
}

/* Read the token; the only item that comes of it is in *ret, and the session closed. */
static int read_token(struct import_items *ret)
{
    const struct import_keys keys = {.label = NULL};
    const struct pin_source pin = PIN_SOURCE_NONE;
    int code;

    *ret = (struct import_items){.v = NULL};
    code = import_token("pkcs11:", &pin, &keys, ret);
    assert_int_equal(fake.n_sessions, 0);
    assert_int_equal(fake.n_made, fake.n_destroyed);
    return code;
}

static void comes_whole(const char *how)
{
    struct import_items items;

    assert_int_equal(read_token(&items), EXIT_DONE);
    assert_int_equal(items.n, 1);
    assert_string_equal(items.v[0].name, "a key");
    if (items.v[0].attrs == NULL || items.v[0].rv != CKR_OK)
        print_error("%s: %s 0x%lx\n", how, items.v[0].reason, items.v[0].rv);
    assert_non_null(items.v[0].attrs);
    assert_int_equal(items.v[0].rv, CKR_OK);
    assert_true(attrs_bool(items.v[0].attrs, CKA_SENSITIVE, false));
    assert_false(attrs_bool(items.v[0].attrs, CKA_EXTRACTABLE, true));
    if (fake.class == CKO_SECRET_KEY)
        assert_true(span_equal(attrs_span(items.v[0].attrs, CKA_VALUE), SPAN_ARRAY(secret)));
    else
        assert_int_equal(attrs_span(items.v[0].attrs, CKA_VALUE).n, 32);
    import_items_clear(&items);
}

static void stays_because(const char *words)
{
    struct import_items items;

    assert_int_equal(read_token(&items), EXIT_DONE);
    assert_int_equal(items.n, 1);
    assert_null(items.v[0].attrs);
    assert_non_null(strstr(items.v[0].reason, words));
    import_items_clear(&items);
}

static void shown_is_read(void **state)
{
    (void)state;
    secret_key();
    fake.shown = true;
    comes_whole("shown");
    assert_int_equal(fake.n_made, 0);
}

static void sensitive_is_wrapped(void **state)
{
    static const CK_MECHANISM_TYPE ways[] = {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD,
                                             CKM_AES_KEY_WRAP};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
        secret_key();
        fake.wraps = ways[i];
        comes_whole("a secret");
        private_key();
        fake.wraps = ways[i];
        comes_whole("a private key");
        assert_int_equal(fake.n_made, 1);
    }
}

static void what_stays_says_why(void **state)
{
    (void)state;
    secret_key();
    stays_because("does not wrap it");
    fake.extractable = CK_FALSE;
    stays_because("not extractable");
    secret_key();
    fake.shown = true;
    fake.nested = 24;
    stays_because("template");
    /* A public key that may wrap some keys must not come as one that may wrap all. */
    fake.class = CKO_PUBLIC_KEY;
    fake.type = CKK_RSA;
    stays_because("template");
    secret_key();
    fake.type = CKK_DES3;
    stays_because("no objects of");
    fake.class = CK_UNAVAILABLE_INFORMATION;
    stays_because("no objects of");
}

static void damaged_fails_alone(void **state)
{
    struct import_items items;

    (void)state;
    private_key();
    fake.wraps = CKM_AES_KEY_WRAP_KWP;
    fake.garbles = true;
    assert_int_equal(read_token(&items), EXIT_DONE);
    assert_int_equal(items.n, 1);
    assert_int_equal(items.v[0].rv, CKR_DATA_INVALID);
    import_items_clear(&items);
    /* What is wrapped well, but no key. */
    private_key();
    fake.wraps = CKM_AES_KEY_WRAP_KWP;
    fake.value = SPAN_ARRAY(secret);
    assert_int_equal(read_token(&items), EXIT_DONE);
    assert_int_equal(items.v[0].rv, CKR_DATA_INVALID);
    import_items_clear(&items);
}

/* More than there was room for is not taken. */
static void lengths_that_grow(void **state)
{
    static const CK_ULONG more[] = {1, 4096, CK_UNAVAILABLE_INFORMATION - 5, 1UL << 40};
    struct import_items items;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(more); i++) {
        secret_key();
        fake.shown = true;
        fake.says_more = more[i];
        assert_int_equal(read_token(&items), EXIT_DONE);
        assert_int_equal(items.n, 1);
        assert_true(strlen(items.v[0].name) <= 5);
        assert_false(attrs_has(items.v[0].attrs, CKA_LABEL));
        import_items_clear(&items);
    }
}

#define VALUE_MAX   ((CK_ULONG)1 << 20) /* of import_token.c */
#define FIND_STEP   64
#define WRAPPED_MAX 65536 /* of transport.c */

/* No value is so long: it is as if there were none, and no room is made for it. */
static void lengths_of_no_value(void **state)
{
    static const CK_ULONG lengths[] = {VALUE_MAX + 1, (CK_ULONG)1 << 50};
    struct import_items items;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        secret_key();
        fake.shown = true;
        fake.says_first = lengths[i];
        assert_int_equal(read_token(&items), EXIT_DONE);
        assert_int_equal(items.n, 1);
        assert_string_equal(items.v[0].name, "");
        assert_false(attrs_has(items.v[0].attrs, CKA_LABEL));
        assert_true(span_equal(attrs_span(items.v[0].attrs, CKA_VALUE), SPAN_ARRAY(secret)));
        import_items_clear(&items);
    }
    secret_key();
    fake.shown = true;
    fake.says_first = VALUE_MAX; /* and that is a value's length, if a wrong one */
    comes_whole("the longest");
}

/* More handles than there was room for are none. */
static void more_handles_than_room(void **state)
{
    static const CK_ULONG numbers[] = {FIND_STEP + 1, (CK_ULONG)1 << 40};
    struct import_items items;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
        secret_key();
        fake.shown = true;
        fake.says_found = numbers[i];
        assert_int_equal(read_token(&items), EXIT_DONE);
        assert_int_equal(items.n, 0);
    }
    secret_key();
    fake.shown = true;
    fake.says_found = FIND_STEP;
    assert_int_equal(read_token(&items), EXIT_DONE);
    assert_int_equal(items.n, FIND_STEP);
    import_items_clear(&items);
}

static void wrapped_too_long(void **state)
{
    static const CK_ULONG lengths[] = {WRAPPED_MAX + 1, (CK_ULONG)1 << 50};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        secret_key();
        fake.wraps = CKM_AES_KEY_WRAP_KWP;
        fake.says_wrapped = lengths[i];
        stays_because("does not wrap it");
    }
    secret_key();
    fake.wraps = CKM_AES_KEY_WRAP_KWP;
    fake.says_wrapped = WRAPPED_MAX;
    comes_whole("the longest");
}

/* What a key was filled up with is zeros, or it is not what the length says. */
static void fill_that_is_no_zeros(void **state)
{
    struct import_items items;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        if (i == 0)
            secret_key();
        else
            private_key();
        fake.wraps = CKM_AES_KEY_WRAP;
        fake.fill = 1;
        assert_true(fake.value.n % 8 != 0);
        assert_int_equal(read_token(&items), EXIT_DONE);
        assert_int_equal(items.n, 1);
        assert_int_equal(items.v[0].rv, CKR_DATA_INVALID);
        import_items_clear(&items);
    }
}

/* A token that goes away between its two answers: what was not written is no key. */
static void not_read_is_not_taken(void **state)
{
    struct import_items items;

    (void)state;
    for (unsigned after = 0; after < 2; after++) {
        secret_key();
        fake.shown = true;
        fake.fails = CKR_DEVICE_REMOVED;
        fake.after = after;
        assert_int_equal(read_token(&items), EXIT_DONE);
        assert_int_equal(items.n, 1);
        assert_int_equal(items.v[0].rv, CKR_DATA_INVALID);
        import_items_clear(&items);
    }
}

static void search_without_end(void **state)
{
    struct import_items items;

    (void)state;
    secret_key();
    fake.endless = true;
    assert_int_equal(read_token(&items), EXIT_FAILED);
    assert_int_equal(items.n, 0);
}

static int group_setup(void **state)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(pkey);
    uint8_t *p = pkcs8;

    (void)state;
    assert_int_equal(crypto_ready(), CKR_OK);
    assert_non_null(p8);
    n_pkcs8 = (size_t)i2d_PKCS8_PRIV_KEY_INFO(p8, &p);
    assert_in_range(n_pkcs8, 1, sizeof(pkcs8));
    PKCS8_PRIV_KEY_INFO_free(p8);
    EVP_PKEY_free(pkey);
    return 0;
}

/* An item with this CKA_ID (empty: none), or with a reason alone. */
static void item_put(struct import_items *items, const char *name, const char *id)
{
    struct import_item *item = NULL;

    if (id == NULL) {
        assert_int_equal(import_item_skip(items, CKO_DATA, span_of(name, strlen(name)), "why"),
                         CKR_OK);
        return;
    }
    assert_int_equal(import_item_new(items, CKO_DATA, span_of(name, strlen(name)), &item), CKR_OK);
    if (*id != '\0')
        assert_int_equal(attrs_set(item->attrs, CKA_ID, span_of(id, strlen(id))), CKR_OK);
}

/* A pair and its certificate, wherever they were, begin once; all others begin by themselves. */
static void one_id_is_one_group(void **state)
{
    static const struct {
        const char *name, *id;
        bool begins;
    } grouped[] = {{"private", "01", true}, {"public", "01", false},  {"certificate", "01", false},
                 {"data", "", true},      {"longer", "010", true},  {"skipped", NULL, true},
                 {"other", "02", true},   {"other's", "02", false}, {"more data", "", true}};
    static const char *const order[] = {"private", "data",   "longer",      "skipped",  "other",
                                        "public",  "other's", "certificate", "more data"};
    AUTO(import_items_clear) struct import_items items = {.v = NULL};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(order); i++) {
        for (size_t j = 0; j < N_ELEMENTS(grouped); j++) {
            if (strcmp(order[i], grouped[j].name) == 0)
                item_put(&items, grouped[j].name, grouped[j].id);
        }
    }
    assert_int_equal(import_items_group(&items), CKR_OK);
    assert_int_equal(items.n, N_ELEMENTS(grouped));
    for (size_t i = 0; i < items.n; i++) {
        assert_string_equal(items.v[i].name, grouped[i].name);
        assert_int_equal(items.v[i].begins, grouped[i].begins);
    }
    item_put(&items, "one more", "03"); /* there is room for what comes */
    assert_int_equal(items.n, N_ELEMENTS(grouped) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/import-source/shown-is-read", shown_is_read, NULL, NULL, NULL},
        {"/import-source/sensitive-is-wrapped", sensitive_is_wrapped, NULL, NULL, NULL},
        {"/import-source/what-stays-says-why", what_stays_says_why, NULL, NULL, NULL},
        {"/import-source/damaged-fails-alone", damaged_fails_alone, NULL, NULL, NULL},
        {"/import-source/lengths-that-grow", lengths_that_grow, NULL, NULL, NULL},
        {"/import-source/lengths-of-no-value", lengths_of_no_value, NULL, NULL, NULL},
        {"/import-source/more-handles-than-room", more_handles_than_room, NULL, NULL, NULL},
        {"/import-source/wrapped-too-long", wrapped_too_long, NULL, NULL, NULL},
        {"/import-source/fill-that-is-no-zeros", fill_that_is_no_zeros, NULL, NULL, NULL},
        {"/import-source/not-read-is-not-taken", not_read_is_not_taken, NULL, NULL, NULL},
        {"/import-source/search-without-end", search_without_end, NULL, NULL, NULL},
        {"/import-source/one-id-is-one-group", one_id_is_one_group, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
