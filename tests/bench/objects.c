/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c - searching, reading, making and destroying objects, with many keys in the token.
 */
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/grow.h"
#include "bench/names.h"
#include "bench/job.h"
#include "bench/raw.h"
#include "bench/work.h"

#define SAMPLE_MAX     16384 /* handles that are used at random: more than a cache should hold */
#define SAMPLE_SECONDS 5     /* that finding them may take */
#define LIST_STEP      1000  /* handles asked for by one C_FindObjects */
#define VALUE_BYTES    256   /* of a data object */

NODISCARD static CK_RV objects_start(struct job *j)
{
    size_t added = 0;
    double spent = 0;

    TRY(job_open(j));
    return grow_to(j->side, j->count, &added, &spent);
}

static CK_RV find_once(struct job *j)
{
    CK_OBJECT_HANDLE found = 0;
    const size_t i = grow_scatter(j->turn++, j->count);

    return grow_find(&j->side->p11, j->session, j->spec->by, i, &found);
}

/* A label that no object has. */
static CK_RV miss_once(struct job *j)
{
    const size_t i = j->count + (size_t)(j->turn++ % 1000);
    size_t n = 0;

    TRY(grow_count(&j->side->p11, j->session, CKA_LABEL, i, &n));
    if (n != 0)
        return fault_wrong("an object that does not exist was found");
    return CKR_OK;
}

NODISCARD static CK_RV list_step(struct job *j, size_t *inout_n)
{
    CK_OBJECT_HANDLE found[LIST_STEP];
    CK_ULONG n = LIST_STEP;

    while (n == LIST_STEP) {
        TRY(j->f->C_FindObjects(j->session, found, LIST_STEP, &n));
        *inout_n += n;
    }
    return CKR_OK;
}

/* Every private key: those of the growth cases and the few of the other cases. */
static CK_RV list_once(struct job *j)
{
    struct template t;
    size_t n = 0;
    CK_RV rv = CKR_OK;

    template_init(&t);
    template_ulong(&t, CKA_CLASS, CKO_PRIVATE_KEY);
    TRY(j->f->C_FindObjectsInit(j->session, t.a, t.n));
    rv = list_step(j, &n);
    TRY(j->f->C_FindObjectsFinal(j->session));
    TRY(rv);
    if (n < j->count)
        return fault_wrong("only %zu keys are listed", n);
    return CKR_OK;
}

/* Handles of keys all over the token, as many as fit and time allows. */
struct sample {
    size_t n;
    CK_OBJECT_HANDLE handle[SAMPLE_MAX];
};

NODISCARD static CK_RV sample_start(struct job *j, size_t most)
{
    const double until = stats_now() + SAMPLE_SECONDS;
    struct sample *sample = calloc(1, sizeof(*sample));

    ENSURE(sample != NULL, CKR_HOST_MEMORY);
    j->own = sample;
    TRY(objects_start(j));
    TRY(job_buffers(j, VALUE_BYTES, VALUE_BYTES));
    while (sample->n < most && sample->n < j->count && stats_now() < until) {
        const size_t i = grow_scatter(sample->n, j->count);

        TRY(grow_find(&j->side->p11, j->session, CKA_ID, i, &sample->handle[sample->n]));
        sample->n++;
    }
    ENSURE(sample->n > 0, FAULT_SLOW);
    return CKR_OK;
}

static CK_RV read_one_start(struct job *j)
{
    return sample_start(j, 1);
}

static CK_RV read_any_start(struct job *j)
{
    return sample_start(j, SAMPLE_MAX);
}

/* Six attributes: what a client reads of each key that it lists. */
static CK_RV read_once(struct job *j)
{
    const struct sample *sample = j->own;
    const CK_OBJECT_HANDLE key = sample->handle[j->turn++ % sample->n];
    CK_ULONG class = 0;
    CK_ULONG type = 0;
    CK_BBOOL sign = CK_FALSE;
    uint8_t id[NAMES_ID];
    uint8_t params[32];
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_SIGN, &sign, sizeof(sign)},    {CKA_ID, id, sizeof(id)},
        {CKA_LABEL, j->out, VALUE_BYTES},   {CKA_EC_PARAMS, params, sizeof(params)},
    };

    TRY(j->f->C_GetAttributeValue(j->session, key, t, N_ELEMENTS(t)));
    j->n_out = t[4].ulValueLen;
    return class == CKO_PRIVATE_KEY && type == CKK_EC && sign == CK_TRUE
               ? CKR_OK
               : fault_wrong("an attribute is another one");
}

/* The first turn read the sample's first handle, which is that of key 0. */
static CK_RV read_check(struct job *j)
{
    char label[NAMES_TEXT];

    names_label(0, label);
    if (!span_equal(job_out(j), span_of(label, strlen(label))))
        return fault_wrong("the label is another one");
    return CKR_OK;
}

static CK_RV sign_any_start(struct job *j)
{
    TRY(sample_start(j, SAMPLE_MAX));
    mech_init(&j->mech, j->spec->mech, NULL);
    j->n_in = j->spec->n;
    return CKR_OK;
}

static CK_RV sign_any_once(struct job *j)
{
    const struct sample *sample = j->own;
    CK_ULONG n = (CK_ULONG)j->room;

    TRY(j->f->C_SignInit(j->session, &j->mech.m, sample->handle[j->turn++ % sample->n]));
    TRY(j->f->C_Sign(j->session, j->in, (CK_ULONG)j->n_in, j->out, &n));
    j->n_out = n;
    return CKR_OK;
}

static CK_RV sign_any_check(struct job *j)
{
    EVP_PKEY *public = NULL;
    CK_RV rv = CKR_OK;

    TRY(grow_public(&public));
    rv = raw_verify_p11(public, j->spec, NULL, job_in(j), job_out(j));
    EVP_PKEY_free(public);
    if (rv != CKR_OK)
        return fault_wrong("OpenSSL does not verify the signature");
    return CKR_OK;
}

struct data {
    struct template t;
    CK_OBJECT_HANDLE made;
    double create; /* seconds spent in each half of a turn */
    double destroy;
};

static CK_RV data_start(struct job *j)
{
    struct data *d = calloc(1, sizeof(*d));

    ENSURE(d != NULL, CKR_HOST_MEMORY);
    j->own = d;
    TRY(objects_start(j));
    TRY(job_buffers(j, VALUE_BYTES, VALUE_BYTES));
    template_init(&d->t);
    template_ulong(&d->t, CKA_CLASS, CKO_DATA);
    template_bool(&d->t, CKA_TOKEN, true);
    template_bool(&d->t, CKA_PRIVATE, true);
    template_label(&d->t, "p11bench data");
    template_bytes(&d->t, CKA_VALUE, job_in(j));
    return CKR_OK;
}

NODISCARD static CK_RV data_create(struct job *j)
{
    struct data *d = j->own;

    return j->f->C_CreateObject(j->session, d->t.a, d->t.n, &d->made);
}

NODISCARD static CK_RV data_destroy(struct job *j)
{
    const struct data *d = j->own;

    return j->f->C_DestroyObject(j->session, d->made);
}

static CK_RV data_once(struct job *j)
{
    struct data *d = j->own;
    const double start = stats_now();
    double middle = 0;

    TRY(data_create(j));
    middle = stats_now();
    TRY(data_destroy(j));
    d->create += middle - start;
    d->destroy += stats_now() - middle;
    j->turn++;
    return CKR_OK;
}

/* What was made can be read back, what was destroyed is gone. */
static CK_RV data_check(struct job *j)
{
    const struct data *d = j->own;
    CK_ATTRIBUTE value = {CKA_VALUE, j->out, VALUE_BYTES};

    TRY(data_create(j));
    TRY(j->f->C_GetAttributeValue(j->session, d->made, &value, 1));
    j->n_out = value.ulValueLen;
    TRY(data_destroy(j));
    if (!span_equal(job_in(j), job_out(j)))
        return fault_wrong("the value is another one");
    if (j->f->C_GetAttributeValue(j->session, d->made, &value, 1) == CKR_OK)
        return fault_wrong("a destroyed object can be read");
    return CKR_OK;
}

NODISCARD static CK_RV data_spend(struct job *j, double seconds)
{
    const double until = stats_now() + seconds;
    struct data *d = j->own;

    d->create = 0;
    d->destroy = 0;
    j->turn = 0;
    while (j->turn == 0 || stats_now() < until)
        TRY(data_once(j));
    return CKR_OK;
}

static CK_RV create_run(struct job *j, double seconds, double *ret)
{
    const struct data *d = j->own;

    TRY(data_spend(j, seconds));
    *ret = (double)j->turn / d->create;
    return CKR_OK;
}

static CK_RV destroy_run(struct job *j, double seconds, double *ret)
{
    const struct data *d = j->own;

    TRY(data_spend(j, seconds));
    *ret = (double)j->turn / d->destroy;
    return CKR_OK;
}

const struct work work_p11_find = {.start = objects_start, .once = find_once};
const struct work work_p11_miss = {.start = objects_start, .once = miss_once};
const struct work work_p11_list = {.start = objects_start, .once = list_once};
const struct work work_p11_read_one = {
    .start = read_one_start, .once = read_once, .check = read_check};
const struct work work_p11_read_any = {
    .start = read_any_start, .once = read_once, .check = read_check};
const struct work work_p11_sign_any = {
    .start = sign_any_start, .once = sign_any_once, .check = sign_any_check};
const struct work work_p11_create_data = {
    .start = data_start, .once = data_once, .check = data_check, .run = create_run};
const struct work work_p11_destroy_data = {
    .start = data_start, .once = data_once, .check = data_check, .run = destroy_run};
