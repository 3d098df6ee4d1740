/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params_sp800.c - the parsers of SP 800-108's parameters (PKCS#11 v3.2 6.42.2); see params.h. The
 * templates of further keys stay where they are: C_DeriveKey reads them (gen_sp800.c).
 */
#include "crypto/params.h"

#define MAX_FIELDS 32
#define MAX_WIDTH  64 /* bits of a counter or a length */

/* What has been read of the array. */
struct fields {
    enum param_iteration iteration;
    struct param_field v[MAX_FIELDS];
    size_t n;
    struct buf bytes;
};

static size_t fields_count(const struct fields *f, CK_PRF_DATA_TYPE type)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->v[i].type == type;
    return n;
}

static CK_RV take_width(CK_BBOOL little, CK_ULONG bits, struct param_field *ret)
{
    ENSURE(little <= CK_TRUE, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(bits >= 8 && bits <= MAX_WIDTH && bits % 8 == 0, CKR_MECHANISM_PARAM_INVALID);
    ret->little = little;
    ret->width = bits / 8;
    return CKR_OK;
}

/* Copy the structure that an element points at. */
static CK_RV take_value(const CK_PRF_DATA_PARAM *p, void *ret, size_t n)
{
    ENSURE(p->pValue != NULL && p->ulValueLen == n, CKR_MECHANISM_PARAM_INVALID);
    memcpy(ret, p->pValue, n);
    return CKR_OK;
}

static CK_RV take_counter(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret)
{
    CK_SP800_108_COUNTER_FORMAT format;

    (void)f;
    TRY(take_value(p, &format, sizeof(format)));
    return take_width(format.bLittleEndian, format.ulWidthInBits, ret);
}

/* In counter mode the iteration variable is a counter, else a block of the PRF. */
static CK_RV take_iteration(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret)
{
    if (f->iteration == PARAM_COUNTER)
        return take_counter(f, p, ret);
    ENSURE(p->pValue == NULL && p->ulValueLen == 0, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV take_length(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret)
{
    CK_SP800_108_DKM_LENGTH_FORMAT format;

    (void)f;
    TRY(take_value(p, &format, sizeof(format)));
    ENSURE(format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ||
               format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS,
           CKR_MECHANISM_PARAM_INVALID);
    ret->method = format.dkmLengthMethod;
    return take_width(format.bLittleEndian, format.ulWidthInBits, ret);
}

static CK_RV take_array(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret)
{
    ENSURE(p->ulValueLen > 0, CKR_MECHANISM_PARAM_INVALID);
    ret->at = f->bytes.n;
    ret->n = p->ulValueLen;
    return param_take_bytes(p->pValue, p->ulValueLen, &f->bytes);
}

static CK_RV take_key(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret)
{
    (void)f;
    return take_value(p, &ret->key, sizeof(ret->key));
}

static const struct {
    CK_PRF_DATA_TYPE type;
    bool once;
    CK_RV (*take)(struct fields *f, const CK_PRF_DATA_PARAM *p, struct param_field *ret);
} types[] = {
    {CK_SP800_108_ITERATION_VARIABLE, true, take_iteration},
    {CK_SP800_108_COUNTER, true, take_counter},
    {CK_SP800_108_DKM_LENGTH, true, take_length},
    {CK_SP800_108_BYTE_ARRAY, false, take_array},
    {CK_SP800_108_KEY_HANDLE, false, take_key},
};

static CK_RV take_field(struct fields *f, const CK_PRF_DATA_PARAM *p)
{
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (types[i].type != p->type)
            continue;
        ENSURE(!types[i].once || fields_count(f, p->type) == 0, CKR_MECHANISM_PARAM_INVALID);
        f->v[f->n] = (struct param_field){.type = p->type};
        TRY(types[i].take(f, p, &f->v[f->n]));
        f->n++;
        return CKR_OK;
    }
    FAIL(CKR_MECHANISM_PARAM_INVALID);
}

static CK_RV take_fields(struct fields *f, const CK_PRF_DATA_PARAM *v, CK_ULONG n)
{
    ENSURE(v != NULL && n <= MAX_FIELDS, CKR_MECHANISM_PARAM_INVALID);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_PRF_DATA_PARAM p;

        memcpy(&p, (const uint8_t *)v + i * sizeof(p), sizeof(p));
        TRY(take_field(f, &p));
    }
    /* 6.42.3 - 6.42.5: one is mandatory; a counter is one already. */
    ENSURE(fields_count(f, CK_SP800_108_ITERATION_VARIABLE) == 1, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(f->iteration != PARAM_COUNTER || fields_count(f, CK_SP800_108_COUNTER) == 0,
           CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV fields_keep(const struct fields *f, struct span iv, union mech_param *ret)
{
    ret->sp800.iteration = f->iteration;
    ret->sp800.n_fields = f->n;
    ret->sp800.n_iv = iv.n;
    buf_put(&ret->sp800.owned, span_of(f->v, f->n * sizeof(f->v[0])));
    buf_put(&ret->sp800.owned, buf_span(&f->bytes));
    buf_put(&ret->sp800.owned, iv);
    return buf_ok(&ret->sp800.owned);
}

static CK_RV take_prf(CK_SP800_108_PRF_TYPE type, union mech_param *ret)
{
    ret->sp800.hash = hash_of_hmac(type);
    ENSURE(ret->sp800.hash != NULL || type == CKM_AES_CMAC, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV take_all(enum param_iteration iteration, const CK_SP800_108_KDF_PARAMS *p,
                      struct span iv, union mech_param *ret)
{
    struct fields f = {.iteration = iteration};
    CK_RV rv;

    ENSURE((p->ulAdditionalDerivedKeys == 0) == (p->pAdditionalDerivedKeys == NULL),
           CKR_MECHANISM_PARAM_INVALID);
    TRY(take_prf(p->prfType, ret));
    rv = take_fields(&f, p->pDataParams, p->ulNumberOfDataParams);
    if (rv == CKR_OK)
        rv = fields_keep(&f, iv, ret);
    buf_clear(&f.bytes);
    return rv;
}

CK_RV parse_sp800_counter(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_SP800_108_KDF_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    return take_all(PARAM_COUNTER, &p, SPAN_EMPTY, ret);
}

CK_RV parse_sp800_pipeline(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_SP800_108_KDF_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    return take_all(PARAM_PIPELINE, &p, SPAN_EMPTY, ret);
}

CK_RV parse_sp800_feedback(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_SP800_108_FEEDBACK_KDF_PARAMS p;
    CK_SP800_108_KDF_PARAMS common;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE((p.pIV == NULL) == (p.ulIVLen == 0), CKR_MECHANISM_PARAM_INVALID);
    common = (CK_SP800_108_KDF_PARAMS){p.prfType, p.ulNumberOfDataParams, p.pDataParams,
                                       p.ulAdditionalDerivedKeys, p.pAdditionalDerivedKeys};
    return take_all(PARAM_FEEDBACK, &common, span_of(p.pIV, p.ulIVLen), ret);
}
