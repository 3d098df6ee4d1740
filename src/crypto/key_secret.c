/* SPDX-License-Identifier: BSD-2-Clause */
/* key_secret.c - AES, ChaCha20, HMAC, HKDF and generic secrets; see key_secret.h. */
#include "crypto/key_secret.h"

#include "crypto/ossl_auto.h"
#include "crypto/pool.h"
#include "util/policy.h"

#define CHECK_VALUE_OF 16 /* bytes a secret must have: of a shorter one it would tell too much */
#define AES_BLOCK      16

static CK_RV secret_load(const struct attrs *a, struct key *k)
{
    const struct span value = attrs_span(a, CKA_VALUE);

    ENSURE(key_secret_length(key_class_secret(k->type), value.n), CKR_ATTRIBUTE_VALUE_INVALID);
    buf_put(&k->value, value);
    TRY(buf_ok(&k->value));
    k->bits = 8 * value.n;
    return CKR_OK;
}

/* Equal halves make XTS weak (SP 800-38E refers to IEEE 1619, FIPS 140-3 IG C.I asks for the test),
 * and OpenSSL refuses them. */
static bool xts_halves_differ(struct span value)
{
    return !mem_equal_ct(value.p, value.p + value.n / 2, value.n / 2);
}

static CK_RV secret_complete(const struct key_class *c, CK_OBJECT_CLASS class, struct attrs *a)
{
    const struct span value = attrs_span(a, CKA_VALUE);
    const CK_ULONG said = attrs_ulong(a, CKA_VALUE_LEN, value.n);

    (void)class;
    ENSURE(value.n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(key_secret_length(c, value.n),
           c->type == CKK_AES ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_KEY_SIZE_RANGE);
    ENSURE(said == value.n || said == 0, CKR_TEMPLATE_INCONSISTENT);
    ENSURE(c->type != CKK_AES_XTS || xts_halves_differ(value), CKR_ATTRIBUTE_VALUE_INVALID);
    return key_secret_follow(a);
}

#define SECRET(type, min, max, step)                                                               \
    {                                                                                              \
        (type), (min), (max), (step), secret_load, secret_complete, NULL                           \
    }

static const struct key_class classes[] = {
    SECRET(CKK_AES, 16, 32, 8),
    SECRET(CKK_GENERIC_SECRET, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA_1_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA224_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA256_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA384_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA512_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA512_224_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA512_256_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA3_224_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA3_256_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA3_384_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_SHA3_512_HMAC, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_CHACHA20, 32, 32, 1),
    SECRET(CKK_HKDF, 1, SECRET_KEY_MAX, 1),
    SECRET(CKK_AES_XTS, 32, 64, 32),
};

const struct key_class *key_class_secret(CK_KEY_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(classes); i++) {
        if (classes[i].type == type)
            return &classes[i];
    }
    return NULL;
}

bool key_secret_length(const struct key_class *c, CK_ULONG n)
{
    return n >= c->min && n <= c->max && n % c->step == 0;
}

/* Set the first bytes of `of`, or compare them with what the application gave. */
static CK_RV check_value_set(const uint8_t of[KEY_CHECK_VALUE], struct attrs *a)
{
    const struct span given = attrs_span(a, CKA_CHECK_VALUE);

    if (!attrs_has(a, CKA_CHECK_VALUE))
        return attrs_set(a, CKA_CHECK_VALUE, span_of(of, KEY_CHECK_VALUE));
    ENSURE(given.n == 0 || span_equal(given, span_of(of, KEY_CHECK_VALUE)),
           CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static void cipher_ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

/* AES in ECB mode by key length. Making a context costs more than the block that it encrypts, so
 * idle ones are kept for the life of the process, under a key of zeros: they hold no key. */
static struct {
    size_t n;
    const char *name;
    struct pool idle;
} aes_sizes[] = {
    {16, "AES-128-ECB", {.free = cipher_ctx_free}},
    {24, "AES-192-ECB", {.free = cipher_ctx_free}},
    {32, "AES-256-ECB", {.free = cipher_ctx_free}},
};

/* Encrypt a block of zeros, and forget the key. */
static CK_RV zeros_encrypt(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const uint8_t *key,
                           uint8_t ret[2 * AES_BLOCK])
{
    static const uint8_t zeros[AES_BLOCK], no_key[EVP_MAX_KEY_LENGTH];
    int n = 0;

    ENSURE(EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1 &&
               EVP_EncryptUpdate(ctx, ret, &n, zeros, AES_BLOCK) == 1 && n == AES_BLOCK &&
               EVP_EncryptInit_ex2(ctx, NULL, no_key, NULL, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    return CKR_OK;
}

static CK_RV of_zeros(struct span value, uint8_t ret[KEY_CHECK_VALUE])
{
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    const EVP_CIPHER *cipher = NULL;
    uint8_t block[2 * AES_BLOCK];
    size_t i = 0;

    while (i < N_ELEMENTS(aes_sizes) && aes_sizes[i].n != value.n)
        i++;
    ENSURE(i < N_ELEMENTS(aes_sizes), CKR_KEY_SIZE_RANGE);
    ctx = pool_take(&aes_sizes[i].idle);
    if (ctx == NULL) {
        ctx = EVP_CIPHER_CTX_new();
        cipher = ossl_cipher(aes_sizes[i].name);
        ENSURE(cipher != NULL, ossl_rv(CKR_FUNCTION_FAILED));
    }
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    TRY(zeros_encrypt(ctx, cipher, value.p, block));
    pool_give(&aes_sizes[i].idle, TAKE(ctx));
    memcpy(ret, block, KEY_CHECK_VALUE);
    mem_wipe(block, sizeof(block)); /* what GCM hashes with, under this key */
    return CKR_OK;
}

static CK_RV of_hash(struct span value, uint8_t ret[KEY_CHECK_VALUE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    ENSURE(EVP_Digest(value.p, value.n, digest, NULL, ossl_md("SHA1"), NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    memcpy(ret, digest, KEY_CHECK_VALUE);
    mem_wipe(digest, sizeof(digest));
    return CKR_OK;
}

CK_RV check_value_hash(struct span value, struct attrs *a)
{
    uint8_t first[KEY_CHECK_VALUE];

    TRY(of_hash(value, first));
    return check_value_set(first, a);
}

CK_RV key_check_value(const struct attrs *a, uint8_t ret[KEY_CHECK_VALUE])
{
    KEEP_ERRORS;
    const struct span value = attrs_span(a, CKA_VALUE);

    return attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == CKK_AES
               ? of_zeros(value, ret)
               : of_hash(value, ret);
}

static bool has_check_value(struct span value)
{
    return value.n >= CHECK_VALUE_OF || !policy_holds(POLICY_CHECK_VALUES);
}

/* Of a secret key that has one: is it to wait for somebody who asks? */
static bool can_wait(const struct attrs *a)
{
    return !attrs_bool(a, CKA_TOKEN, true) && !attrs_has(a, CKA_CHECK_VALUE);
}

bool key_owes_check_value(const struct attrs *a)
{
    return can_wait(a) && attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_SECRET_KEY &&
           has_check_value(attrs_span(a, CKA_VALUE));
}

CK_RV key_settle(struct attrs *a)
{
    uint8_t check[KEY_CHECK_VALUE];

    TRY(key_check_value(a, check));
    return attrs_set(a, CKA_CHECK_VALUE, SPAN_ARRAY(check));
}

CK_RV key_secret_follow(struct attrs *a)
{
    const struct span value = attrs_span(a, CKA_VALUE);
    uint8_t check[KEY_CHECK_VALUE];

    TRY(attrs_set_ulong(a, CKA_VALUE_LEN, value.n));
    if (!has_check_value(value) || can_wait(a))
        return CKR_OK;
    TRY(key_check_value(a, check));
    return check_value_set(check, a);
}
