/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ossl.c - the module's OpenSSL: a library context of its own, and algorithms fetched once.
 *
 * The context is made without a lock: the application's configuration is loaded first (OpenSSL lets
 * other threads wait for that, and comes back at once on the thread that is loading), then whoever
 * has a context first publishes it and a loser frees his own. So there is nothing that a thread
 * inside the application's configuration and a thread inside ours could wait for in a circle.
 *
 * Context and algorithms are never freed: exit handlers of other libraries may still call into the
 * module, and each is reachable from a static, so leak checkers see no leak.
 */
#include "crypto/ossl.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "crypto/prim.h"
#include "util/log.h"

/* The open hash table of fetched algorithms: more slots than any OpenSSL has names that we ask for,
 * because entries stay. A power of two. */
#define ALG_SLOTS 256u

struct alg {
    const char *name;
    void *fetched; /* NULL: this libcrypto has no such algorithm */
};

typedef void *alg_fetch_fn(OSSL_LIB_CTX *ctx, const char *name);
typedef void alg_free_fn(void *fetched);

struct alg_table {
    alg_fetch_fn *fetch;
    alg_free_fn *free;
    _Atomic(struct alg *) slot[ALG_SLOTS];
};

static _Atomic(OSSL_LIB_CTX *) the_ctx;
/* This thread is inside crypto_ready(): a call from the application's configuration. */
static _Thread_local bool getting_ready;

OSSL_LIB_CTX *ossl_ctx(void)
{
    return atomic_load_explicit(&the_ctx, memory_order_acquire);
}

/* A context, and the one provider in it: loading that by name keeps the fallback, and any
 * configuration, out. */
static CK_RV ctx_make(OSSL_LIB_CTX **ret, OSSL_PROVIDER **ret_provider)
{
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    provider = OSSL_PROVIDER_load(ctx, "default");
    if (provider == NULL) {
        OSSL_LIB_CTX_free(ctx);
        FAIL(ossl_rv(CKR_FUNCTION_FAILED));
    }
    *ret = ctx;
    *ret_provider = provider;
    return CKR_OK;
}

static CK_RV ctx_publish(void)
{
    AUTO(ossl_errors_pop) int mark = ossl_errors_mark();
    OSSL_LIB_CTX *ctx = NULL, *none = NULL;
    OSSL_PROVIDER *provider = NULL;

    (void)mark;
    TRY(ctx_make(&ctx, &provider));
    if (!atomic_compare_exchange_strong(&the_ctx, &none, ctx)) {
        (void)OSSL_PROVIDER_unload(provider); /* else the context leaves it behind */
        OSSL_LIB_CTX_free(ctx);
    }
    return CKR_OK;
}

bool crypto_ended(void)
{
    return OPENSSL_init_crypto(0, NULL) != 1;
}

CK_RV crypto_ready(void)
{
    CK_RV rv;

    ENSURE(!crypto_ended(), CKR_GENERAL_ERROR);
    if (ossl_ctx() != NULL)
        return CKR_OK;
    ENSURE(!getting_ready, CKR_CRYPTOKI_NOT_INITIALIZED);
    getting_ready = true;
    /* May run providers of the application that call us. Failure (no file, or one with mistakes in
     * it) is the application's affair: our context reads no configuration. Where we are the first
     * to use libcrypto it shall not end itself in an exit handler, before other handlers and
     * threads are done with us. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_LOAD_CONFIG, NULL);
    rv = ctx_publish();
    getting_ready = false;
    return rv;
}

/* FNV-1a. */
static uint32_t name_hash(const char *name)
{
    uint32_t h = 2166136261u;

    for (; *name != '\0'; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* Fetch `name`. False when it is not known whether there is such an algorithm: out of memory. */
static bool alg_fetch(const struct alg_table *t, const char *name, void **ret)
{
    AUTO(ossl_errors_pop) int mark = ossl_errors_mark();

    (void)mark;
    *ret = t->fetch(ossl_ctx(), name);
    return *ret != NULL || ERR_GET_REASON(ERR_peek_last_error()) != ERR_R_MALLOC_FAILURE;
}

static struct alg *alg_new(const struct alg_table *t, const char *name)
{
    struct alg *a = malloc(sizeof(*a));

    if (a != NULL) {
        a->name = name;
        if (alg_fetch(t, name, &a->fetched))
            return a;
        free(a);
    }
    /* For the caller's ossl_rv(): what is missing is memory, not the algorithm. */
    ERR_raise(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE);
    return NULL;
}

static void alg_free(const struct alg_table *t, struct alg *a)
{
    if (a != NULL)
        t->free(a->fetched);
    free(a);
}

/* The entry of `name`, made where it is not there yet; NULL when it can't be made. */
static const void *alg_find(struct alg_table *t, const char *name)
{
    const uint32_t first = name_hash(name);
    struct alg *mine = NULL;

    for (uint32_t i = 0; i < ALG_SLOTS; i++) {
        _Atomic(struct alg *) *slot = &t->slot[(first + i) % ALG_SLOTS];
        struct alg *there = atomic_load_explicit(slot, memory_order_acquire);

        if (there == NULL) {
            if (mine == NULL)
                mine = alg_new(t, name);
            if (mine == NULL || atomic_compare_exchange_strong(slot, &there, mine))
                return mine == NULL ? NULL : mine->fetched;
        }
        if (there->name == name || strcmp(there->name, name) == 0) {
            alg_free(t, mine);
            return there->fetched;
        }
    }
    alg_free(t, mine);
    return NULL;
}

static void *md_fetch(OSSL_LIB_CTX *ctx, const char *name)
{
    return EVP_MD_fetch(ctx, name, NULL);
}

static void md_free(void *fetched)
{
    EVP_MD_free(fetched);
}

static void *cipher_fetch(OSSL_LIB_CTX *ctx, const char *name)
{
    return EVP_CIPHER_fetch(ctx, name, NULL);
}

static void cipher_free(void *fetched)
{
    EVP_CIPHER_free(fetched);
}

static struct alg_table mds = {.fetch = md_fetch, .free = md_free};
static struct alg_table ciphers = {.fetch = cipher_fetch, .free = cipher_free};

const EVP_MD *ossl_md(const char *name)
{
    return alg_find(&mds, name);
}

const EVP_CIPHER *ossl_cipher(const char *name)
{
    return alg_find(&ciphers, name);
}

/* One thread is left, so nobody looks meanwhile. */
void crypto_forget(void)
{
    atomic_store(&the_ctx, NULL);
    for (size_t i = 0; i < ALG_SLOTS; i++) {
        atomic_store(&mds.slot[i], NULL);
        atomic_store(&ciphers.slot[i], NULL);
    }
    prim_forget();
}

int ossl_errors_mark(void)
{
    /* 0 when the queue is empty: then popping to the mark empties it again. */
    return ERR_set_mark();
}

void ossl_errors_pop(int *mark)
{
    (void)mark;
    ERR_pop_to_mark();
}

CK_RV ossl_rv(CK_RV fallback)
{
    const char *data = NULL;
    int flags = 0;
    const unsigned long code = ERR_peek_last_error_data(&data, &flags);
    const bool memory = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;

    if (code != 0 && log_debugs(LOG_CRYPTO)) {
        char text[256];

        ERR_error_string_n(code, text, sizeof(text));
        log_debug(LOG_CRYPTO, "%s%s%s", text, (flags & ERR_TXT_STRING) != 0 ? ": " : "",
                  (flags & ERR_TXT_STRING) != 0 ? data : "");
    }
    /* Drop what was added, and leave the mark where the caller's AUTO() expects it. */
    ERR_pop_to_mark();
    (void)ERR_set_mark();
    return memory ? CKR_HOST_MEMORY : fallback;
}

const char *ossl_key_type(const char *name)
{
    static const struct {
        const char *name, *oid;
    } types[] = {
        {"RSA", "1.2.840.113549.1.1.1"}, {"EC", "1.2.840.10045.2.1"}, {"X25519", "1.3.101.110"},
        {"X448", "1.3.101.111"},         {"ED25519", "1.3.101.112"},  {"ED448", "1.3.101.113"},
    };

    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].oid;
    }
    return name;
}
