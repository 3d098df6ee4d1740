/* SPDX-License-Identifier: BSD-2-Clause */
/* token.c - tokens in use by this process and the count of their sessions; see token.h. */
#include "core/token_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/object_cache.h"
#include "core/lib.h"
#include "core/slot.h"
#include "keyring/key_use.h"

/* Tokens of this process by id. A handful: a list is enough. */
static pthread_mutex_t tokens_lock = PTHREAD_MUTEX_INITIALIZER;
static struct token **tokens;
static size_t n_tokens;

static void token_free(struct token *t)
{
    struct object *o;
    size_t at = 0;

    while ((o = table_next(&t->session_objects, &at)) != NULL)
        object_unref(o);
    table_clear(&t->session_objects);
    object_cache_free(t->cache);
    login_unref(t->login);
    keyring_unref(t->keyring);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->login_lock);
    free(t);
}

struct token *token_ref(struct token *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void token_unref(struct token *t)
{
    if (t != NULL && atomic_fetch_sub(&t->refs, 1) == 1)
        token_free(t);
}

static CK_RV token_new(const struct token_info *info, struct keyring *k, struct token **ret)
{
    AUTO(token_unrefp) struct token *t = calloc(1, sizeof(*t));

    ENSURE(t != NULL, CKR_HOST_MEMORY);
    atomic_init(&t->refs, 1);
    atomic_init(&t->state, TOKEN_PUBLIC);
    atomic_init(&t->login_generation, 1);
    atomic_init(&t->key_use, 0);
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_mutex_init(&t->login_lock, NULL);
    memcpy(t->id, info->id, sizeof(t->id));
    t->slot = info->slot;
    t->keyring = keyring_ref(k);
    TRY(object_cache_new(lib_conf()->cache_objects, &t->cache));
    *ret = TAKE(t);
    return CKR_OK;
}

static struct token *find_locked(const uint8_t id[TOKEN_ID])
{
    for (size_t i = 0; i < n_tokens; i++) {
        if (memcmp(tokens[i]->id, id, TOKEN_ID) == 0)
            return tokens[i];
    }
    return NULL;
}

static CK_RV add_locked(struct token *t)
{
    struct token **grown = reallocarray(tokens, n_tokens + 1, sizeof(struct token *));

    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    tokens = grown;
    tokens[n_tokens++] = token_ref(t);
    return CKR_OK;
}

static CK_RV find_or_add_locked(const struct token_info *info, struct keyring *k,
                                struct token **ret)
{
    AUTO(token_unrefp) struct token *made = NULL;
    struct token *t = find_locked(info->id);

    if (t == NULL) {
        TRY(token_new(info, k, &made));
        TRY(add_locked(made));
        t = made;
    }
    *ret = token_ref(t);
    return CKR_OK;
}

CK_RV token_of_slot(CK_SLOT_ID slot, struct token **ret)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    struct token_info info;
    CK_RV rv;

    TRY(slot_open(slot, &k, &info));
    pthread_mutex_lock(&tokens_lock);
    rv = find_or_add_locked(&info, k, ret);
    pthread_mutex_unlock(&tokens_lock);
    TRY(rv);
    return CKR_OK;
}

void token_retire(const uint8_t id[TOKEN_ID])
{
    struct token *t = NULL;

    pthread_mutex_lock(&tokens_lock);
    for (size_t i = 0; i < n_tokens; i++) {
        if (memcmp(tokens[i]->id, id, TOKEN_ID) == 0) {
            t = tokens[i];
            tokens[i] = tokens[--n_tokens];
            break;
        }
    }
    pthread_mutex_unlock(&tokens_lock);
    token_unref(t);
}

void tokens_free_all(void)
{
    pthread_mutex_lock(&tokens_lock);
    for (size_t i = 0; i < n_tokens; i++)
        token_unref(tokens[i]);
    free(tokens);
    tokens = NULL;
    n_tokens = 0;
    pthread_mutex_unlock(&tokens_lock);
}

void tokens_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&tokens_lock, &fresh, sizeof(tokens_lock));
    tokens = NULL;
    n_tokens = 0;
}

CK_SLOT_ID token_slot(const struct token *t)
{
    return t->slot;
}

const uint8_t *token_id(const struct token *t)
{
    return t->id;
}

struct keyring *token_keyring(const struct token *t)
{
    return t->keyring;
}

/* -- which uses of its keys are told ----------------------------------------------------------- */

#define KEY_USE_BITS 2

_Static_assert(CONF_KEY_USE_ALL < 1 << KEY_USE_BITS, "both fit into one word");

static void key_use_note(struct token *t, enum conf_key_use use, uint64_t txn)
{
    const uint_fast64_t now = (uint_fast64_t)txn << KEY_USE_BITS | (uint_fast64_t)use;
    uint_fast64_t was = atomic_load(&t->key_use);

    while (was >> KEY_USE_BITS < txn && !atomic_compare_exchange_weak(&t->key_use, &was, now))
        ;
}

CK_RV token_key_use(struct token *t, enum conf_key_use *ret)
{
    const uint_fast64_t known = atomic_load_explicit(&t->key_use, memory_order_relaxed);
    uint64_t txn = 0;

    if (known >> KEY_USE_BITS != 0 &&
        known >> KEY_USE_BITS == store_last_txn(keyring_store(t->keyring))) {
        *ret = (enum conf_key_use)(known & ((1 << KEY_USE_BITS) - 1));
        return CKR_OK;
    }
    TRY(token_key_use_now(t->keyring, t->id, ret, &txn));
    key_use_note(t, *ret, txn);
    return CKR_OK;
}

/* -- sessions of the token --------------------------------------------------------------------- */

CK_RV token_join(struct token *t, bool rw)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&t->lock);
    if (!rw && t->login != NULL && login_role(t->login) == ROLE_SO) {
        rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
    } else {
        t->n_sessions++;
        t->n_rw += rw ? 1 : 0;
    }
    pthread_mutex_unlock(&t->lock);
    ENSURE(rv == CKR_OK, rv);
    return CKR_OK;
}

bool token_part(struct token *t, bool rw)
{
    bool last;

    pthread_mutex_lock(&t->lock);
    t->n_sessions--;
    t->n_rw -= rw ? 1 : 0;
    last = t->n_sessions == 0;
    if (last && t->login != NULL)
        token_log_out_locked(t);
    pthread_mutex_unlock(&t->lock);
    return last;
}
