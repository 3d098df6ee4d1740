/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_key.c - a recovery certificate's private key in another PKCS#11 token: found by its URI
 * through p11-kit, used by one decryption or one key derivation.
 */
#include "cli/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "util/secret.h"

#define SLOTS_MAX 256
#define RSA_MAX   1024 /* bytes of a modulus */

struct token_key {
    CK_FUNCTION_LIST **modules; /* NULL-terminated, as p11-kit gave them */
    CK_FUNCTION_LIST *module;   /* where the key is */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_KEY_TYPE type;
};

DEFINE_AUTO(uri_freep, P11KitUri, p11_kit_uri_free)
DEFINE_AUTO(token_key_closep, struct token_key, token_key_close)

void token_key_close(struct token_key *k)
{
    if (k == NULL)
        return;
    if (k->module != NULL)
        (void)k->module->C_CloseSession(k->session);
    if (k->modules != NULL)
        p11_kit_modules_finalize_and_release(k->modules);
    free(k);
}

/* -- modules ----------------------------------------------------------------------------------- */

/* One module by the path in the URI, else all that p11-kit's configuration names. */
static CK_FUNCTION_LIST **modules_load(P11KitUri *uri)
{
    const char *path = p11_kit_uri_get_module_path(uri);
    CK_FUNCTION_LIST **list;

    if (path == NULL)
        return p11_kit_modules_load_and_initialize(0);
    list = calloc(2, sizeof(CK_FUNCTION_LIST *));
    if (list == NULL)
        return NULL;
    list[0] = p11_kit_module_load(path, 0);
    if (list[0] == NULL || p11_kit_module_initialize(list[0]) != CKR_OK) {
        if (list[0] != NULL)
            p11_kit_module_release(list[0]);
        free(list);
        return NULL;
    }
    return list;
}

/* -- finding ----------------------------------------------------------------------------------- */

struct search {
    P11KitUri *uri;
    const struct pin_source *pin;
    struct token_key *found;
    unsigned n; /* keys that the URI fits */
    bool failed;
};

static bool pin_get(const struct search *s, const CK_TOKEN_INFO *info, struct buf *ret)
{
    const char *value = p11_kit_uri_get_pin_value(s->uri);
    const char *source = p11_kit_uri_get_pin_source(s->uri);
    struct pin_source from = *s->pin;
    char label[33], prompt[64];

    if (!pin_source_given(&from) && value != NULL) {
        buf_put(ret, span_of(value, strlen(value)));
        return !ret->failed;
    }
    if (!pin_source_given(&from) && source != NULL)
        from.file = strncmp(source, "file:", 5) == 0 ? source + 5 : source;
    (void)snprintf(prompt, sizeof(prompt), "PIN of token %s", output_label(info->label, label));
    return pin_read(&from, prompt, false, ret);
}

static bool log_in(struct search *s, CK_FUNCTION_LIST *m, CK_SESSION_HANDLE h,
                   const CK_TOKEN_INFO *info)
{
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    char label[33];
    CK_RV rv;

    if ((info->flags & CKF_LOGIN_REQUIRED) == 0)
        return true;
    if (!pin_get(s, info, &pin))
        return false;
    rv = m->C_Login(h, CKU_USER, pin.p, pin.n);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return true;
    cli_fail(EXIT_REFUSED, "token %s: %s", output_label(info->label, label), p11_kit_strerror(rv));
    return false;
}

/* Private keys of the session that the URI fits; the first one is kept. */
static void find_keys(struct search *s, CK_FUNCTION_LIST *m, CK_SESSION_HANDLE h,
                      CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE handle;
    CK_ATTRIBUTE template[16];
    CK_ATTRIBUTE *given;
    CK_ULONG n_given = 0, n = 0, got = 0;

    given = p11_kit_uri_get_attributes(s->uri, &n_given);
    template[n++] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof(class)};
    for (CK_ULONG i = 0; i < n_given && n < N_ELEMENTS(template); i++) {
        if (given[i].type != CKA_CLASS)
            template[n++] = given[i];
    }
    if (m->C_FindObjectsInit(h, template, n) != CKR_OK)
        return;
    while (m->C_FindObjects(h, &handle, 1, &got) == CKR_OK && got == 1) {
        if (s->n++ == 0)
            *ret_key = handle;
    }
    (void)m->C_FindObjectsFinal(h);
}

static void search_token(struct search *s, CK_FUNCTION_LIST *m, CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE key = 0;
    CK_ATTRIBUTE type = {CKA_KEY_TYPE, &s->found->type, sizeof(s->found->type)};

    if (m->C_GetTokenInfo(slot, &info) != CKR_OK ||
        p11_kit_uri_match_token_info(s->uri, &info) != 1)
        return;
    if (m->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &h) != CKR_OK)
        return;
    s->failed = !log_in(s, m, h, &info);
    if (!s->failed)
        find_keys(s, m, h, &key);
    if (key == 0 || s->found->module != NULL ||
        m->C_GetAttributeValue(h, key, &type, 1) != CKR_OK) {
        (void)m->C_CloseSession(h);
        return;
    }
    s->found->module = m;
    s->found->session = h;
    s->found->key = key;
}

static void search_module(struct search *s, CK_FUNCTION_LIST *m)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_INFO info;

    if (m->C_GetInfo(&info) != CKR_OK || p11_kit_uri_match_module_info(s->uri, &info) != 1)
        return;
    if (m->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
        return;
    for (CK_ULONG i = 0; i < n && !s->failed; i++)
        search_token(s, m, slots[i]);
}

struct token_key *token_key_open(const char *uri, const struct pin_source *pin)
{
    AUTO(uri_freep) P11KitUri *parsed = p11_kit_uri_new();
    AUTO(token_key_closep) struct token_key *k = calloc(1, sizeof(*k));
    struct search s = {.uri = parsed, .pin = pin, .found = k};

    if (k == NULL || parsed == NULL ||
        p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, parsed) != P11_KIT_URI_OK) {
        cli_fail(EXIT_USAGE, "%s: not a PKCS#11 URI (RFC 7512)", uri);
        return NULL;
    }
    k->modules = modules_load(parsed);
    if (k->modules == NULL) {
        cli_fail(EXIT_FAILED, "no PKCS#11 module can be loaded: %s",
                 p11_kit_message() != NULL ? p11_kit_message() : "none is configured");
        return NULL;
    }
    for (size_t i = 0; k->modules[i] != NULL && !s.failed; i++)
        search_module(&s, k->modules[i]);
    if (s.failed)
        return NULL;
    if (s.n != 1) {
        cli_fail(EXIT_REFUSED, "%u private keys are named by %s: it has to be one", s.n, uri);
        return NULL;
    }
    return TAKE(k);
}

/* -- using --------------------------------------------------------------------------------------
 */

static CK_RV refused(const char *what, CK_RV rv)
{
    cli_fail(EXIT_FAILED, "the token refuses %s: %s", what, p11_kit_strerror(rv));
    return CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV decrypt(void *arg, struct span encrypted, struct secret **ret)
{
    struct token_key *k = arg;
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_MECHANISM m = {CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)};
    AUTO(secret_freep) struct secret *plain = NULL;
    CK_ULONG n = RSA_MAX;
    CK_RV rv;

    ENSURE(k->type == CKK_RSA, CKR_ARGUMENTS_BAD);
    TRY(secret_new(RSA_MAX, &plain));
    rv = k->module->C_DecryptInit(k->session, &m, k->key);
    if (rv != CKR_OK)
        return refused("RSA-OAEP with SHA-256", rv);
    rv = k->module->C_Decrypt(k->session, (CK_BYTE *)(uintptr_t)encrypted.p, encrypted.n, plain->p,
                              &n);
    ENSURE(rv == CKR_OK && n <= RSA_MAX, CKR_ENCRYPTED_DATA_INVALID);
    plain->n = n;
    *ret = TAKE(plain);
    return CKR_OK;
}

static CK_RV derive(struct token_key *k, struct span point, CK_OBJECT_HANDLE *ret)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
    CK_ULONG n = (point.n - 1) / 2;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)},   {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &no, sizeof(no)},         {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_EXTRACTABLE, &yes, sizeof(yes)}, {CKA_VALUE_LEN, &n, sizeof(n)},
    };
    CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, point.n, (CK_BYTE *)(uintptr_t)point.p};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};

    return k->module->C_DeriveKey(k->session, &m, k->key, template, N_ELEMENTS(template), ret);
}

static CK_RV agree(void *arg, struct span point, struct secret **ret)
{
    struct token_key *k = arg;
    AUTO(secret_freep) struct secret *z = NULL;
    CK_OBJECT_HANDLE derived = 0;
    CK_ATTRIBUTE value;
    CK_RV rv;

    ENSURE(k->type == CKK_EC && point.n % 2 == 1 && point.n > 1, CKR_ARGUMENTS_BAD);
    rv = derive(k, point, &derived);
    if (rv != CKR_OK)
        return refused("ECDH", rv);
    TRY(secret_new((point.n - 1) / 2, &z));
    value = (CK_ATTRIBUTE){CKA_VALUE, z->p, z->n};
    rv = k->module->C_GetAttributeValue(k->session, derived, &value, 1);
    (void)k->module->C_DestroyObject(k->session, derived);
    if (rv != CKR_OK || value.ulValueLen != z->n)
        return refused("the value of an ECDH secret", rv);
    *ret = TAKE(z);
    return CKR_OK;
}

struct cms_agent token_key_agent(struct token_key *k)
{
    return (struct cms_agent){.arg = k, .decrypt = decrypt, .agree = agree};
}
