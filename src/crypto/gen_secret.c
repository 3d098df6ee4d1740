/* SPDX-License-Identifier: BSD-2-Clause */
/* gen_secret.c - secret keys of random bytes (PKCS#11 v3.2 6.8, 6.10.3, 6.22.4). */
#include "crypto/gen_class.h"
#include "crypto/key_secret.h"
#include "crypto/key_stock.h"

/* Bytes of the new key: CKA_VALUE_LEN, or what the type fixes. */
static CK_RV secret_length(const struct mech *row, const struct key_class *c, const struct attrs *a,
                           CK_ULONG *ret)
{
    const CK_ULONG unit = row->key_type == CKK_GENERIC_SECRET ? 8 : 1; /* of row->min and max */
    const CK_ULONG n = attrs_ulong(a, CKA_VALUE_LEN, c->min == c->max ? c->min : 0);

    ENSURE(attrs_has(a, CKA_VALUE_LEN) || n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(n <= SECRET_KEY_MAX && n * unit >= row->min && n * unit <= row->max &&
               key_secret_length(c, n),
           CKR_KEY_SIZE_RANGE);
    *ret = n;
    return CKR_OK;
}

static CK_RV secret_key(const struct mech *row, const union mech_param *param, struct attrs *a)
{
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    uint8_t value[SECRET_KEY_MAX];
    CK_ULONG n = 0;
    CK_RV rv;

    (void)param;
    ENSURE(c != NULL, CKR_TEMPLATE_INCONSISTENT);
    TRY(secret_length(row, c, a, &n));
    TRY(key_stock_take(value, n));
    rv = attrs_set(a, CKA_VALUE, span_of(value, n));
    mem_wipe(value, n);
    return rv == CKR_OK ? key_secret_follow(a) : rv;
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE, CKA_VALUE_LEN, CKA_CHECK_VALUE};

const struct gen_class gen_secret = {
    .name = "secret",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .key = secret_key,
};
