/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate.c - keys made, a batch at a time. Destroying them is not in the figure: raw frees, a
 * module calls C_DestroyObject, both off the clock.
 */
#include <openssl/rand.h>
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

#define KEYS_MAX 128 /* handles of one batch: a pair is two */

struct maker {
    CK_MECHANISM mech;
    struct template public; /* of a pair */
    struct template secret;
    CK_OBJECT_HANDLE made[KEYS_MAX];
    EVP_PKEY *raw[KEYS_MAX];
    size_t n;
};

NODISCARD static CK_RV maker_start(struct job *j, struct maker **ret)
{
    TRY(job_ready(j, RAW_SIGNATURE_MAX));
    *ret = calloc(1, sizeof(**ret));
    ENSURE(*ret != NULL, CKR_HOST_MEMORY);
    j->own = *ret;
    (*ret)->mech.mechanism = j->spec->mech;
    template_init(&(*ret)->public);
    template_init(&(*ret)->secret);
    template_secrecy(&(*ret)->secret, j->spec->token);
    return CKR_OK;
}

static CK_RV aes_start(struct job *j)
{
    struct maker *k = NULL;

    TRY(maker_start(j, &k));
    template_ulong(&k->secret, CKA_VALUE_LEN, KEYS_SECRET_BYTES);
    template_bool(&k->secret, CKA_ENCRYPT, true);
    template_bool(&k->secret, CKA_DECRYPT, true);
    return CKR_OK;
}

NODISCARD static CK_RV pair_start(struct job *j, struct maker **ret)
{
    struct maker *k = NULL;

    TRY(maker_start(j, &k));
    template_bool(&k->public, CKA_TOKEN, j->spec->token);
    template_bool(&k->public, CKA_PRIVATE, false);
    template_bool(&k->public, CKA_VERIFY, true);
    template_bool(&k->secret, CKA_SIGN, true);
    *ret = k;
    return CKR_OK;
}

static CK_RV p256_start(struct job *j)
{
    struct maker *k = NULL;

    TRY(pair_start(j, &k));
    keys_p256_params(&k->public);
    return CKR_OK;
}

static CK_RV rsa_start(struct job *j)
{
    static const uint8_t exponent[] = {1, 0, 1};
    struct maker *k = NULL;

    TRY(pair_start(j, &k));
    template_ulong(&k->public, CKA_MODULUS_BITS, 2048);
    template_bytes(&k->public, CKA_PUBLIC_EXPONENT, SPAN_ARRAY(exponent));
    return CKR_OK;
}

static CK_RV raw_aes_once(struct job *j)
{
    ENSURE(RAND_priv_bytes(j->out, KEYS_SECRET_BYTES) == 1, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV raw_p256_once(struct job *j)
{
    struct maker *k = j->own;

    k->raw[k->n] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
    ENSURE(k->raw[k->n] != NULL, FAULT_OPENSSL);
    k->n++;
    return CKR_OK;
}

static CK_RV raw_rsa_once(struct job *j)
{
    struct maker *k = j->own;

    k->raw[k->n] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    ENSURE(k->raw[k->n] != NULL, FAULT_OPENSSL);
    k->n++;
    return CKR_OK;
}

/* Of --turns the user says how many there are. */
NODISCARD static CK_RV made_room(const struct maker *k, size_t n)
{
    if (n > KEYS_MAX - k->n)
        return fault_wrong("more keys are made without destroying any than there is room for");
    return CKR_OK;
}

static CK_RV p11_key_once(struct job *j)
{
    struct maker *k = j->own;

    TRY(made_room(k, 1));
    TRY(j->f->C_GenerateKey(j->session, &k->mech, k->secret.a, k->secret.n, &k->made[k->n]));
    k->n++;
    return CKR_OK;
}

static CK_RV p11_pair_once(struct job *j)
{
    struct maker *k = j->own;

    TRY(made_room(k, 2));
    TRY(j->f->C_GenerateKeyPair(j->session, &k->mech, k->public.a, k->public.n, k->secret.a,
                                k->secret.n, &k->made[k->n], &k->made[k->n + 1]));
    k->n += 2;
    return CKR_OK;
}

/* The template was obeyed, in the one attribute that a fast wrong module might leave out. */
static CK_RV p11_made_check(struct job *j)
{
    const struct maker *k = j->own;
    CK_BBOOL extractable = CK_TRUE;
    CK_ATTRIBUTE a = {CKA_EXTRACTABLE, &extractable, sizeof(extractable)};

    TRY(j->f->C_GetAttributeValue(j->session, k->made[k->n - 1], &a, 1));
    if (extractable != CK_FALSE)
        return fault_wrong("the key is extractable, against its template");
    return CKR_OK;
}

NODISCARD static CK_RV batch_destroy(struct job *j)
{
    struct maker *k = j->own;
    CK_RV rv = CKR_OK;

    for (size_t i = 0; i < k->n; i++) {
        EVP_PKEY_free(k->raw[i]);
        k->raw[i] = NULL;
        if (!job_is_raw(j) && rv == CKR_OK)
            rv = j->f->C_DestroyObject(j->session, k->made[i]);
    }
    k->n = 0;
    return rv;
}

/* At least one batch: destroying the one before may take longer than a round. */
static CK_RV generate_run(struct job *j, double seconds, double *ret)
{
    const double until = stats_spent() + seconds;
    double spent = 0;
    size_t made = 0;

    TRY(batch_destroy(j));
    do {
        const double start = stats_spent();

        for (size_t i = 0; i < j->spec->batch; i++)
            TRY(j->work->once(j));
        spent += stats_spent() - start;
        made += j->spec->batch;
        TRY(batch_destroy(j));
    } while (stats_spent() < until);
    *ret = (double)made / spent;
    return CKR_OK;
}

static void generate_stop(struct job *j)
{
    if (j->own != NULL && (job_is_raw(j) || j->side->p11.up) && batch_destroy(j) != CKR_OK)
        return; /* what is left is in a token that was made for this run */
}

#define WORK(start_fn, once_fn, check_fn)                                                          \
    {                                                                                              \
        .start = start_fn, .once = once_fn, .check = check_fn, .run = generate_run,                \
        .stop = generate_stop                                                                      \
    }

const struct work work_raw_generate_aes = WORK(aes_start, raw_aes_once, NULL);
const struct work work_raw_generate_p256 = WORK(p256_start, raw_p256_once, NULL);
const struct work work_raw_generate_rsa = WORK(rsa_start, raw_rsa_once, NULL);
const struct work work_p11_generate_aes = WORK(aes_start, p11_key_once, p11_made_check);
const struct work work_p11_generate_p256 = WORK(p256_start, p11_pair_once, p11_made_check);
const struct work work_p11_generate_rsa = WORK(rsa_start, p11_pair_once, p11_made_check);
