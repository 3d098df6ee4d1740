/* SPDX-License-Identifier: BSD-2-Clause */
/* bound.c - attributes as additional data; see bound.h. */
#include "crypto/bound.h"

#include "model/record.h"

/* The label and its terminator: no other data begins so. */
static const uint8_t label[] = "tee-pkcs11 wrapped key attributes 1";

/* What a key is, what it may do, and what protects it. CKA_EXTRACTABLE is not among them: it is
 * true of every key that is wrapped, and who unwraps one may well end that. CKA_TRUSTED is for the
 * SO to set again. */
static const CK_ATTRIBUTE_TYPE types[] = {
    CKA_CLASS,
    CKA_KEY_TYPE,
    CKA_PRIVATE,
    CKA_SENSITIVE,
    CKA_ENCRYPT,
    CKA_DECRYPT,
    CKA_WRAP,
    CKA_UNWRAP,
    CKA_SIGN,
    CKA_SIGN_RECOVER,
    CKA_VERIFY,
    CKA_VERIFY_RECOVER,
    CKA_DERIVE,
    CKA_ENCAPSULATE,
    CKA_DECAPSULATE,
    CKA_MODIFIABLE,
    CKA_COPYABLE,
    CKA_WRAP_WITH_TRUSTED,
    CKA_ALWAYS_AUTHENTICATE,
    CKA_ALLOWED_MECHANISMS,
    CKA_WRAP_TEMPLATE,
    CKA_UNWRAP_TEMPLATE,
    CKA_DERIVE_TEMPLATE,
    CKA_ENCAPSULATE_TEMPLATE,
    CKA_DECAPSULATE_TEMPLATE,
};

/* A flag that is false says as much as one that is not there: so an attribute that a later version
 * adds, false by default, changes nothing. */
static bool says_something(const struct attr *attr)
{
    return attr != NULL && attr->n > 0 && !(attr->n == sizeof(CK_BBOOL) && attr->p[0] == CK_FALSE);
}

static CK_RV select(const struct attrs *a, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *selected = NULL;

    TRY(attrs_new(&selected));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct attr *attr = attrs_get(a, types[i]);

        if (says_something(attr))
            TRY(attrs_set(selected, types[i], span_of(attr->p, attr->n)));
    }
    *ret = TAKE(selected);
    return CKR_OK;
}

CK_RV bound_data(const struct attrs *a, struct span aad, struct buf *ret)
{
    AUTO(attrs_freep) struct attrs *selected = NULL;
    AUTO(buf_clear) struct buf encoded = BUF_INIT;

    TRY(select(a, &selected));
    TRY(record_encode(selected, &encoded));
    buf_put(ret, SPAN_ARRAY(label));
    buf_var(ret, buf_span(&encoded));
    buf_put(ret, aad);
    return buf_ok(ret);
}

bool bound_is(struct span aad)
{
    return aad.n >= sizeof(label) && memcmp(aad.p, label, sizeof(label)) == 0;
}
