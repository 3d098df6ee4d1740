/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_key.c - a recovery certificate's private key in another PKCS#11 token: found by its URI
 * through p11-kit, used by one decryption or one key derivation.
 */
#include "cli/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/foreign.h"
#include "util/secret.h"

#define RSA_MAX 1024 /* bytes of a modulus */

struct token_key {
    struct foreign foreign;
    CK_FUNCTION_LIST *module; /* where the key is; NULL: not found yet */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_KEY_TYPE type;
};

DEFINE_AUTO(token_key_closep, struct token_key, token_key_close)

void token_key_close(struct token_key *k)
{
    if (k == NULL)
        return;
    if (k->module != NULL)
        (void)k->module->C_CloseSession(k->session);
    foreign_close(&k->foreign);
    free(k);
}

/* -- finding ----------------------------------------------------------------------------------- */

/* Private keys of the session that the URI fits, counted; the first of all is the key's. */
static unsigned find_keys(const struct token_key *k, CK_FUNCTION_LIST *m, CK_SESSION_HANDLE h,
                          CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE handle;
    CK_ATTRIBUTE template[16];
    CK_ATTRIBUTE *given;
    CK_ULONG n_given = 0, n = 0, got = 0;
    unsigned found = 0;

    given = p11_kit_uri_get_attributes(k->foreign.uri, &n_given);
    template[n++] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof(class)};
    for (CK_ULONG i = 0; i < n_given && n < N_ELEMENTS(template); i++) {
        if (given[i].type != CKA_CLASS)
            template[n++] = given[i];
    }
    if (m->C_FindObjectsInit(h, template, n) != CKR_OK)
        return 0;
    while (m->C_FindObjects(h, &handle, 1, &got) == CKR_OK && got == 1) {
        if (found++ == 0)
            *ret_key = handle;
    }
    (void)m->C_FindObjectsFinal(h);
    return found;
}

/* Look into one token; the session stays open where the key is in it. */
static int search_token(struct token_key *k, const struct foreign_token *t,
                        const struct pin_source *pin, unsigned *n)
{
    CK_SESSION_HANDLE h = 0;
    CK_OBJECT_HANDLE key = 0;
    CK_ATTRIBUTE type = {CKA_KEY_TYPE, &k->type, sizeof(k->type)};
    const int code = foreign_session(&k->foreign, t, pin, &h);

    if (code != EXIT_DONE || h == CK_INVALID_HANDLE)
        return code;
    *n += find_keys(k, t->module, h, &key);
    if (key == 0 || k->module != NULL ||
        t->module->C_GetAttributeValue(h, key, &type, 1) != CKR_OK) {
        (void)t->module->C_CloseSession(h);
        return EXIT_DONE;
    }
    k->module = t->module;
    k->session = h;
    k->key = key;
    return EXIT_DONE;
}

static int search_tokens(struct token_key *k, const struct pin_source *pin, unsigned *ret_n)
{
    struct foreign_token *v = calloc(FOREIGN_TOKENS_MAX, sizeof(*v));
    size_t n = v != NULL ? foreign_tokens(&k->foreign, v, FOREIGN_TOKENS_MAX) : 0;
    int code = v != NULL ? EXIT_DONE : cli_fail(EXIT_FAILED, "out of memory");

    if (n > FOREIGN_TOKENS_MAX)
        n = FOREIGN_TOKENS_MAX;
    *ret_n = 0;
    for (size_t i = 0; i < n && code == EXIT_DONE; i++)
        code = search_token(k, &v[i], pin, ret_n);
    free(v);
    return code;
}

int token_key_open(const char *uri, const struct pin_source *pin, struct token_key **ret)
{
    AUTO(token_key_closep) struct token_key *k = calloc(1, sizeof(*k));
    unsigned n = 0;
    int code;

    *ret = NULL;
    if (k == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    code = foreign_open(uri, &k->foreign);
    if (code == EXIT_DONE)
        code = search_tokens(k, pin, &n);
    if (code != EXIT_DONE)
        return code;
    if (n != 1 || k->module == NULL)
        return cli_fail(EXIT_REFUSED, "%u private keys are named by %.*s: it has to be one", n,
                        uri_shown(uri), uri);
    *ret = TAKE(k);
    return EXIT_DONE;
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

    /* The point is out of the message, and as long as whoever wrote it liked. */
    ENSURE(k->type == CKK_EC && point.n % 2 == 1 && point.n > 1 && point.n / 2 <= SECRET_MAX,
           CKR_ARGUMENTS_BAD);
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
