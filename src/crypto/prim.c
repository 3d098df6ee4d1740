/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prim.c - random bytes, SHA-2, HKDF, scrypt, AES-256-GCM, X25519 and HMAC over OpenSSL's EVP.
 *
 * Every function marks the caller's error queue first and pops to the mark when it leaves, and
 * wipes what it wrote when it fails half-way. EVP contexts wipe themselves when they are freed.
 */
#include "crypto/prim.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "crypto/ossl_auto.h"

#define GCM_NONCE 12
#define SCRYPT_R  8u
#define MAC_POOL  8u /* idle contexts kept per key: about as many as threads that use it at once */
#define MAC_SUMS 8u /* remembered: the classes and key types of searches, of one scope */

/* What was fetched once, and is kept for the life of the process, or until prim_forget(). Whoever
 * publishes first wins: no lock, as in ossl.c. */
static _Atomic(EVP_MAC *) kept_hmac;
static _Atomic(EVP_KDF *) kept_scrypt;
static _Atomic(struct mac *) kept_hkdf;

void prim_forget(void)
{
    atomic_store(&kept_hmac, NULL);
    atomic_store(&kept_scrypt, NULL);
    atomic_store(&kept_hkdf, NULL);
}

static EVP_KDF *kdf_get(_Atomic(EVP_KDF *) *kept, const char *name)
{
    EVP_KDF *mine = atomic_load_explicit(kept, memory_order_acquire), *there = NULL;

    if (mine != NULL)
        return mine;
    mine = EVP_KDF_fetch(ossl_ctx(), name, NULL);
    if (mine == NULL || atomic_compare_exchange_strong(kept, &there, mine))
        return mine;
    EVP_KDF_free(mine);
    return there;
}

static EVP_MAC *hmac_get(void)
{
    EVP_MAC *mine = atomic_load_explicit(&kept_hmac, memory_order_acquire), *there = NULL;

    if (mine != NULL)
        return mine;
    mine = EVP_MAC_fetch(ossl_ctx(), OSSL_MAC_NAME_HMAC, NULL);
    if (mine == NULL || atomic_compare_exchange_strong(&kept_hmac, &there, mine))
        return mine;
    EVP_MAC_free(mine);
    return there;
}

CK_RV prim_random(void *ret, size_t n)
{
    KEEP_ERRORS;

    TRY(crypto_ready());
    if (RAND_priv_bytes_ex(ossl_ctx(), ret, n, 0) == 1)
        return CKR_OK;
    mem_wipe(ret, n);
    FAIL(ossl_rv(CKR_RANDOM_NO_RNG));
}

/* The digest of the parts, n bytes, which is what the hash has. */
static CK_RV digest(const char *md, const struct span *parts, size_t n_parts, uint8_t *ret,
                    size_t n)
{
    KEEP_ERRORS;
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = NULL;
    uint8_t hash[EVP_MAX_MD_SIZE];

    TRY(crypto_ready());
    ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_DigestInit_ex2(ctx, ossl_md(md), NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    for (size_t i = 0; i < n_parts; i++)
        ENSURE(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_DigestFinal_ex(ctx, hash, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    memcpy(ret, hash, n);
    return CKR_OK;
}

CK_RV prim_sha256(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_HASH])
{
    return digest("SHA2-256", parts, n_parts, ret, PRIM_HASH);
}

CK_RV prim_sha384(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_SHA384])
{
    return digest("SHA2-384", parts, n_parts, ret, PRIM_SHA384);
}

CK_RV prim_sha512(const struct span *parts, size_t n_parts, uint8_t ret[PRIM_SHA512])
{
    return digest("SHA2-512", parts, n_parts, ret, PRIM_SHA512);
}

/* Run a KDF; ret is wiped when it fails. */
static CK_RV kdf_run(EVP_KDF *kdf, const OSSL_PARAM *params, uint8_t *ret, size_t n)
{
    AUTO(kdf_ctx_freep) EVP_KDF_CTX *ctx = NULL;

    ENSURE(kdf != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ctx = EVP_KDF_CTX_new(kdf);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    if (EVP_KDF_derive(ctx, ret, n, params) == 1)
        return CKR_OK;
    mem_wipe(ret, n);
    FAIL(ossl_rv(CKR_FUNCTION_FAILED));
}

CK_RV prim_scrypt(struct span password, struct span salt, uint32_t log2_n, uint8_t ret[PRIM_KEY])
{
    KEEP_ERRORS;
    uint64_t cost = UINT64_C(1) << (log2_n & 31);
    uint32_t r = SCRYPT_R, p = 1;
    /* V (128 r N bytes), and B, T and X beside it; OpenSSL's own limit is 32 MiB. */
    uint64_t memory = 128 * SCRYPT_R * (cost + 4);
    const OSSL_PARAM params[] = {
        param_octets(OSSL_KDF_PARAM_PASSWORD, password),
        param_octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };

    ENSURE(log2_n >= 10 && log2_n <= 20, CKR_ARGUMENTS_BAD);
    TRY(crypto_ready());
    return kdf_run(kdf_get(&kept_scrypt, OSSL_KDF_NAME_SCRYPT), params, ret, PRIM_KEY);
}

/* A context set up for one direction, with the AAD fed. */
static CK_RV gcm_start(const uint8_t key[PRIM_KEY], struct span aad, bool encrypt,
                       EVP_CIPHER_CTX **ret)
{
    static const uint8_t nonce[GCM_NONCE];
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_CipherInit_ex2(ctx, ossl_cipher("AES-256-GCM"), key, nonce, encrypt, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(ctx);
    return CKR_OK;
}

static CK_RV gcm_seal(EVP_CIPHER_CTX *ctx, struct span plain, uint8_t *ret)
{
    int n = 0;

    ENSURE(plain.n == 0 || EVP_EncryptUpdate(ctx, ret, &n, plain.p, (int)plain.n) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_EncryptFinal_ex(ctx, ret + plain.n, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, PRIM_TAG, ret + plain.n) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV gcm_open(EVP_CIPHER_CTX *ctx, struct span sealed, uint8_t *ret)
{
    const size_t n_plain = sealed.n - PRIM_TAG;
    uint8_t tag[PRIM_TAG], end[1];
    int n = 0;

    memcpy(tag, sealed.p + n_plain, PRIM_TAG);
    ENSURE(n_plain == 0 || EVP_DecryptUpdate(ctx, ret, &n, sealed.p, (int)n_plain) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, PRIM_TAG, tag) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    /* GCM adds nothing at the end: `end` is for the pointer alone. */
    ENSURE(EVP_DecryptFinal_ex(ctx, end, &n) == 1, ossl_rv(CKR_ENCRYPTED_DATA_INVALID));
    return CKR_OK;
}

CK_RV prim_gcm_seal(const uint8_t key[PRIM_KEY], struct span aad, struct span plain, uint8_t *ret)
{
    KEEP_ERRORS;
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    CK_RV rv;

    ENSURE(plain.n <= INT_MAX - PRIM_TAG && aad.n <= INT_MAX, CKR_DATA_LEN_RANGE);
    TRY(crypto_ready());
    TRY(gcm_start(key, aad, true, &ctx));
    rv = gcm_seal(ctx, plain, ret);
    if (rv != CKR_OK)
        mem_wipe(ret, plain.n + PRIM_TAG);
    return rv;
}

CK_RV prim_gcm_open(const uint8_t key[PRIM_KEY], struct span aad, struct span sealed, uint8_t *ret)
{
    KEEP_ERRORS;
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    CK_RV rv;

    ENSURE(sealed.n >= PRIM_TAG, CKR_ENCRYPTED_DATA_INVALID);
    ENSURE(sealed.n <= INT_MAX && aad.n <= INT_MAX, CKR_DATA_LEN_RANGE);
    TRY(crypto_ready());
    TRY(gcm_start(key, aad, false, &ctx));
    rv = gcm_open(ctx, sealed, ret);
    if (rv != CKR_OK)
        mem_wipe(ret, sealed.n - PRIM_TAG);
    return rv;
}

CK_RV prim_x25519_generate(uint8_t ret_private[PRIM_X25519], uint8_t ret_public[PRIM_X25519])
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *key = NULL;
    uint8_t public_key[PRIM_X25519];
    size_t n = PRIM_X25519, n_private = PRIM_X25519;

    TRY(crypto_ready());
    key = EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "X25519");
    ENSURE(key != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_PKEY_get_raw_public_key(key, public_key, &n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    if (EVP_PKEY_get_raw_private_key(key, ret_private, &n_private) != 1) {
        mem_wipe(ret_private, PRIM_X25519);
        FAIL(ossl_rv(CKR_FUNCTION_FAILED));
    }
    memcpy(ret_public, public_key, PRIM_X25519);
    return CKR_OK;
}

/* The secret of two keys; ret is wiped when it fails. */
static CK_RV x25519_derive(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t ret[PRIM_KEY])
{
    AUTO(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), mine, NULL);
    size_t n = PRIM_KEY;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    /* RFC 7748 section 6.1: OpenSSL itself refuses an all-zero secret, and fails for nothing else.
     */
    if (EVP_PKEY_derive(ctx, ret, &n) == 1 && n == PRIM_KEY && !mem_is_zero(ret, PRIM_KEY))
        return CKR_OK;
    mem_wipe(ret, PRIM_KEY);
    FAIL(ossl_rv(CKR_DATA_INVALID));
}

CK_RV prim_x25519_both(const uint8_t private_key[PRIM_X25519], const uint8_t peer[PRIM_X25519],
                       uint8_t ret[PRIM_KEY], uint8_t ret_public[PRIM_X25519])
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *mine = NULL;
    AUTO(pkey_freep) EVP_PKEY *theirs = NULL;
    uint8_t public_key[PRIM_X25519];
    size_t n = PRIM_X25519;

    TRY(crypto_ready());
    mine = EVP_PKEY_new_raw_private_key_ex(ossl_ctx(), ossl_key_type("X25519"), NULL, private_key,
                                           PRIM_X25519);
    theirs = EVP_PKEY_new_raw_public_key_ex(ossl_ctx(), ossl_key_type("X25519"), NULL, peer,
                                            PRIM_X25519);
    ENSURE(mine != NULL && theirs != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_PKEY_get_raw_public_key(mine, public_key, &n) == 1 && n == PRIM_X25519,
           ossl_rv(CKR_FUNCTION_FAILED));
    TRY(x25519_derive(mine, theirs, ret));
    memcpy(ret_public, public_key, PRIM_X25519);
    return CKR_OK;
}

CK_RV prim_x25519(const uint8_t private_key[PRIM_X25519], const uint8_t peer[PRIM_X25519],
                  uint8_t ret[PRIM_KEY])
{
    uint8_t public_key[PRIM_X25519];

    return prim_x25519_both(private_key, peer, ret, public_key);
}

/*
 * A mac owns one keyed context that is only ever copied, and a few idle copies. A sum takes an idle
 * copy, restarts it (the key schedule stays) and puts it back: no allocation of ours on the way.
 */
/* A sum that is remembered. Never changed and never replaced, so that it is read without a lock. */
struct kept_sum {
    size_t n;
    uint8_t input[MAC_KEPT];
    uint8_t sum[PRIM_HASH];
};

struct mac {
    EVP_MAC_CTX *keyed;
    _Atomic(EVP_MAC_CTX *) idle[MAC_POOL];
    _Atomic(struct kept_sum *) kept[MAC_SUMS];
};

CK_RV mac_new(struct span key, struct mac **ret)
{
    KEEP_ERRORS;
    const OSSL_PARAM params[] = {
        param_text(OSSL_MAC_PARAM_DIGEST, "SHA2-256"),
        OSSL_PARAM_construct_end(),
    };
    AUTO(mac_freep) struct mac *m = calloc(1, sizeof(*m));
    EVP_MAC *hmac;

    ENSURE(m != NULL, CKR_HOST_MEMORY);
    ENSURE(key.n > 0, CKR_ARGUMENTS_BAD); /* to EVP_MAC_init() an empty key means the old one */
    TRY(crypto_ready());
    hmac = hmac_get();
    ENSURE(hmac != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    m->keyed = EVP_MAC_CTX_new(hmac);
    ENSURE(m->keyed != NULL, ossl_rv(CKR_HOST_MEMORY));
    ENSURE(EVP_MAC_init(m->keyed, key.p, key.n, params) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = TAKE(m);
    return CKR_OK;
}

void mac_free(struct mac *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < MAC_POOL; i++)
        EVP_MAC_CTX_free(atomic_load(&m->idle[i]));
    for (size_t i = 0; i < MAC_SUMS; i++)
        free(atomic_load(&m->kept[i]));
    EVP_MAC_CTX_free(m->keyed);
    free(m);
}

/* Where this thread looks first, so that threads rarely meet at one slot. */
static size_t mac_home(void)
{
    static atomic_uint next;
    static _Thread_local unsigned home; /* 1 + index; 0: none yet */

    if (home == 0)
        home = 1 + atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % MAC_POOL;
    return home - 1;
}

static EVP_MAC_CTX *mac_take(struct mac *m)
{
    const size_t home = mac_home();

    for (size_t i = 0; i < MAC_POOL; i++) {
        _Atomic(EVP_MAC_CTX *) *slot = &m->idle[(home + i) % MAC_POOL];
        EVP_MAC_CTX *ctx = NULL;

        if (atomic_load_explicit(slot, memory_order_relaxed) != NULL)
            ctx = atomic_exchange_explicit(slot, NULL, memory_order_acquire);
        if (ctx != NULL)
            return ctx;
    }
    return EVP_MAC_CTX_dup(m->keyed);
}

static void mac_give(struct mac *m, EVP_MAC_CTX *ctx)
{
    const size_t home = mac_home();

    for (size_t i = 0; i < MAC_POOL; i++) {
        _Atomic(EVP_MAC_CTX *) *slot = &m->idle[(home + i) % MAC_POOL];
        EVP_MAC_CTX *none = NULL;

        if (atomic_compare_exchange_strong_explicit(slot, &none, ctx, memory_order_release,
                                                    memory_order_relaxed))
            return;
    }
    EVP_MAC_CTX_free(ctx);
}

/* The parts through a context that was just initialised. */
static CK_RV mac_feed(EVP_MAC_CTX *ctx, const struct span *parts, size_t n_parts,
                      uint8_t ret[PRIM_HASH])
{
    size_t n = 0;

    for (size_t i = 0; i < n_parts; i++)
        ENSURE(EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    ENSURE(EVP_MAC_final(ctx, ret, &n, PRIM_HASH) == 1 && n == PRIM_HASH,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV mac_run(EVP_MAC_CTX *ctx, const struct span *parts, size_t n_parts,
                     uint8_t ret[PRIM_HASH])
{
    ENSURE(EVP_MAC_init(ctx, NULL, 0, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return mac_feed(ctx, parts, n_parts, ret);
}

CK_RV mac_sum(const struct mac *m, const struct span *parts, size_t n_parts, uint8_t ret[PRIM_HASH])
{
    KEEP_ERRORS;
    /* The pool changes, the key does not: to the caller a mac is constant. */
    struct mac *pool = (struct mac *)(uintptr_t)m;
    EVP_MAC_CTX *ctx = mac_take(pool);
    uint8_t sum[PRIM_HASH];
    CK_RV rv;

    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    rv = mac_run(ctx, parts, n_parts, sum);
    if (rv != CKR_OK) {
        EVP_MAC_CTX_free(ctx);
        return rv;
    }
    mac_give(pool, ctx);
    memcpy(ret, sum, sizeof(sum));
    return CKR_OK;
}

/* The place where the input is remembered, or the first free one; NULL: all are taken. */
static _Atomic(struct kept_sum *) *kept_place(struct mac *m, struct span input,
                                              const struct kept_sum **ret_there)
{
    *ret_there = NULL;
    for (size_t i = 0; i < MAC_SUMS; i++) {
        const struct kept_sum *k = atomic_load_explicit(&m->kept[i], memory_order_acquire);

        if (k == NULL)
            return &m->kept[i];
        if (k->n == input.n && memcmp(k->input, input.p, input.n) == 0) {
            *ret_there = k;
            return &m->kept[i];
        }
    }
    return NULL;
}

/* Remember it, unless another thread took the place meanwhile. */
static void keep_sum(_Atomic(struct kept_sum *) *place, struct span input,
                     const uint8_t sum[PRIM_HASH])
{
    struct kept_sum *k = malloc(sizeof(*k)), *none = NULL;

    if (k == NULL)
        return;
    k->n = input.n;
    memcpy(k->input, input.p, input.n);
    memcpy(k->sum, sum, PRIM_HASH);
    if (!atomic_compare_exchange_strong(place, &none, k))
        free(k);
}

CK_RV mac_sum_kept(const struct mac *m, struct span input, uint8_t ret[PRIM_HASH])
{
    const struct kept_sum *there;
    _Atomic(struct kept_sum *) *place;

    ENSURE(input.n <= MAC_KEPT, CKR_GENERAL_ERROR);
    place = kept_place((struct mac *)(uintptr_t)m, input, &there);
    if (there != NULL) {
        memcpy(ret, there->sum, PRIM_HASH);
        return CKR_OK;
    }
    TRY(mac_sum(m, &input, 1, ret));
    if (place != NULL)
        keep_sum(place, input, ret);
    return CKR_OK;
}

/*
 * HKDF. EVP_KDF would fetch HMAC and the digest by name, twice per call, which is ten times the
 * work of the hashes themselves, and it stands between a caller and each record. RFC 5869 is two
 * uses of HMAC, and those are EVP_MAC's, on contexts that wait in a pool. They wait under a key of
 * zeros: a context takes that key again before it is given back, so that none keeps a secret.
 */
static const uint8_t hkdf_zeros[PRIM_HASH];

static struct mac *hkdf_pool(void)
{
    struct mac *mine = atomic_load_explicit(&kept_hkdf, memory_order_acquire), *there = NULL;

    if (mine != NULL)
        return mine;
    if (mac_new(SPAN_ARRAY(hkdf_zeros), &mine) != CKR_OK)
        return NULL;
    if (atomic_compare_exchange_strong(&kept_hkdf, &there, mine))
        return mine;
    mac_free(mine);
    return there;
}

/* HMAC under `key`. */
static CK_RV hmac_once(EVP_MAC_CTX *ctx, struct span key, const struct span *parts, size_t n_parts,
                       uint8_t ret[PRIM_HASH])
{
    ENSURE(EVP_MAC_init(ctx, key.p, key.n, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    return mac_feed(ctx, parts, n_parts, ret);
}

/* RFC 5869 section 2.3: T(i) = HMAC(PRK, T(i-1) | info | i), and T(1) | T(2) | ... cut to n. */
static CK_RV hkdf_expand(EVP_MAC_CTX *ctx, const uint8_t prk[PRIM_HASH], struct span info,
                         uint8_t *ret, size_t n)
{
    uint8_t block[PRIM_HASH];
    struct span before = SPAN_EMPTY;
    CK_RV rv = CKR_OK;

    for (uint8_t i = 1; n > 0 && rv == CKR_OK; i++) {
        const size_t take = n < sizeof(block) ? n : sizeof(block);
        const struct span parts[] = {before, info, SPAN_OBJ(i)};

        rv = hmac_once(ctx, span_of(prk, PRIM_HASH), parts, N_ELEMENTS(parts), block);
        if (rv == CKR_OK)
            memcpy(ret, block, take);
        before = SPAN_ARRAY(block);
        ret += take;
        n -= take;
    }
    mem_wipe(block, sizeof(block));
    return rv;
}

static CK_RV hkdf_run(EVP_MAC_CTX *ctx, struct span ikm, struct span salt, struct span info,
                      uint8_t *ret, size_t n)
{
    uint8_t prk[PRIM_HASH];
    CK_RV rv;

    /* Section 2.2: no salt is a salt of zeros; and to EVP_MAC_init() an empty key is the old one.
     */
    if (salt.n == 0)
        salt = SPAN_ARRAY(hkdf_zeros);
    rv = hmac_once(ctx, salt, &ikm, 1, prk);
    if (rv == CKR_OK)
        rv = hkdf_expand(ctx, prk, info, ret, n);
    mem_wipe(prk, sizeof(prk));
    return rv;
}

CK_RV prim_hkdf(struct span ikm, struct span salt, struct span info, uint8_t *ret, size_t n)
{
    KEEP_ERRORS;
    struct mac *pool;
    EVP_MAC_CTX *ctx;
    CK_RV rv;

    ENSURE(n <= 255 * (size_t)PRIM_HASH, CKR_FUNCTION_FAILED);
    TRY(crypto_ready());
    pool = hkdf_pool();
    ENSURE(pool != NULL, CKR_HOST_MEMORY);
    ctx = mac_take(pool);
    ENSURE(ctx != NULL, ossl_rv(CKR_HOST_MEMORY));
    rv = hkdf_run(ctx, ikm, salt, info, ret, n);
    if (rv != CKR_OK)
        mem_wipe(ret, n);
    if (EVP_MAC_init(ctx, hkdf_zeros, sizeof(hkdf_zeros), NULL) == 1)
        mac_give(pool, ctx);
    else
        EVP_MAC_CTX_free(ctx);
    return rv;
}
