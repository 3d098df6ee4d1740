/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_hkdf.c - HKDF (PKCS#11 v3.2 6.62, RFC 5869): to a secret key, or to a data object. Extraction
 * and expansion are done together or apart, as the parameter says.
 */
#include <stdlib.h>

#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/kdf.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "model/record.h"

static int mode_of(const union mech_param *p)
{
    if (p->hkdf.extract && p->hkdf.expand)
        return EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    return p->hkdf.extract ? EVP_KDF_HKDF_MODE_EXTRACT_ONLY : EVP_KDF_HKDF_MODE_EXPAND_ONLY;
}

/* RFC 5869 2.2, 2.3: an extraction has the hash's length, an expansion at most 255 times that. */
static CK_RV hkdf_length(const struct gen_derivation *d, const struct attrs *a, size_t *ret)
{
    const union mech_param *p = d->param;
    const size_t n = p->hkdf.hash->n;

    TRY(gen_length(d, 0, a, p->hkdf.expand ? 0 : n, p->hkdf.expand ? 255 * n : n, ret));
    ENSURE(p->hkdf.expand || *ret == n, CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

static CK_RV hkdf_run(const union mech_param *p, const struct key *base, struct span salt, size_t n,
                      struct attrs *a)
{
    const struct span info = span_after(buf_span(&p->hkdf.owned), p->hkdf.n_salt);
    int mode = mode_of(p);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        param_text(OSSL_KDF_PARAM_DIGEST, p->hkdf.hash->md),
        param_octets(OSSL_KDF_PARAM_KEY, buf_span(&base->value)),
        param_octets(OSSL_KDF_PARAM_SALT, salt),
        param_octets(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };

    return kdf_value(OSSL_KDF_NAME_HKDF, params, n, a);
}

/* A data object may be the base where it is as long as the hash, and is extracted from first
 * (6.62.3): what is expanded has to be a key (RFC 5869 2.3). That there be a salt the text does not
 * demand, and TLS 1.3 begins without one (RFC 8446 7.1). */
static CK_RV data_check(const union mech_param *p, const struct key *base)
{
    if (base->class != CKO_DATA)
        return CKR_OK;
    ENSURE(p->hkdf.extract, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(base->value.n == p->hkdf.hash->n, CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

static CK_RV hkdf_derive(struct gen_derivation *d, const struct gen_keys *keys,
                         struct attrs *const *a)
{
    const union mech_param *p = d->param;
    struct span salt = span_of(p->hkdf.owned.p, p->hkdf.n_salt);
    AUTO(key_unrefp) struct key *salt_key = NULL;
    size_t n = 0;

    TRY(data_check(p, keys->base));
    TRY(hkdf_length(d, a[0], &n));
    if (p->hkdf.salt_key != CK_INVALID_HANDLE) {
        ENSURE(keys->find != NULL, CKR_KEY_HANDLE_INVALID);
        TRY(keys->find(keys->arg, p->hkdf.salt_key, &salt_key));
        salt = buf_span(&salt_key->value);
    }
    return hkdf_run(p, keys->base, salt, n, a[0]);
}

/* A data object has no CKA_VALUE_LEN, which the text asks for none the less ("identical to HKDF
 * Derive", 6.62.4): it is taken out of the template. */
static CK_RV data_plan(struct gen_derivation *d, const struct gen_keys *keys)
{
    struct gen_output *o = &d->outputs[0];
    CK_ULONG kept = 0;

    (void)keys;
    ENSURE(o->n <= RECORD_MAX_ATTRS, CKR_ARGUMENTS_BAD);
    d->templates = calloc(o->n + 1, sizeof(*d->templates));
    ENSURE(d->templates != NULL, CKR_HOST_MEMORY);
    for (CK_ULONG i = 0; i < o->n; i++) {
        CK_ATTRIBUTE entry;

        memcpy(&entry, o->v + i, sizeof(entry));
        if (entry.type != CKA_VALUE_LEN) {
            d->templates[kept++] = entry;
            continue;
        }
        ENSURE(entry.pValue != NULL && entry.ulValueLen == sizeof(o->length) && o->length == 0,
               CKR_ATTRIBUTE_VALUE_INVALID);
        memcpy(&o->length, entry.pValue, sizeof(o->length));
    }
    o->v = d->templates;
    o->n = kept;
    return CKR_OK;
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE};

const struct gen_class gen_hkdf = {
    .name = "hkdf",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY},
    .derive = hkdf_derive,
};

const struct gen_class gen_hkdf_data = {
    .name = "hkdf-data",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_DATA},
    .derive = hkdf_derive,
    .plan = data_plan,
};
