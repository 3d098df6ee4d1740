/* SPDX-License-Identifier: BSD-2-Clause */
/* handoff_message.c - encodes, decodes and hashes the messages of a hand-over; see
 * handoff_message.h. */
#include "attest/handoff_message.h"

#include <openssl/asn1.h>

#include "attest/der.h"
#include "crypto/ossl_auto.h"
#include "crypto/prim.h"

#define VERSION 1
#define LABEL   "tee-pkcs11 handoff 1" /* hashed with its terminator */

static const char *const kind_names[] = {
    [HANDOFF_REQUEST] = "request",
    [HANDOFF_APPROVAL] = "approval",
};

const char *handoff_kind_name(enum handoff_kind kind)
{
    return kind_names[kind];
}

/* -- writing --------------------------------------------------------------------------------- */

static CK_RV check(const struct handoff_message *m)
{
    ENSURE((size_t)m->kind < N_ELEMENTS(kind_names), CKR_DATA_INVALID);
    ENSURE(m->evidence.n > 0 && m->evidence.n <= EVIDENCE_MAX, CKR_DATA_INVALID);
    ENSURE((m->sealed.n > 0) == (m->kind == HANDOFF_APPROVAL), CKR_DATA_INVALID);
    ENSURE(m->sealed.n <= HANDOFF_MAX_SEALED, CKR_DATA_INVALID);
    return CKR_OK;
}

CK_RV handoff_message_encode(const struct handoff_message *m, struct buf *ret_der)
{
    AUTO(der_clear) struct der d = DER_INIT;

    TRY(check(m));
    TRY(der_new("Handoff", &d));
    TRY(der_set_number(&d, "version", VERSION));
    TRY(der_set_bytes(&d, "evidence", m->evidence));
    TRY(der_set_choice(&d, "body", kind_names[m->kind]));
    if (m->kind == HANDOFF_APPROVAL)
        TRY(der_set_bytes(&d, "body.approval", m->sealed));
    return der_encode(&d, ret_der);
}

/* -- reading --------------------------------------------------------------------------------- */

/* Why bytes are no message: for who has to find out what became of it on its way. */
static const char *objection_to(struct span der)
{
    KEEP_ERRORS;
    const uint8_t *p = der.p;
    long length = 0;
    int tag = 0, class = 0, form;

    if (der.n == 0)
        return "it is empty";
    if (der.n > HANDOFF_MAX)
        return "it is too long";
    form = ASN1_get_object(&p, &length, &tag, &class, (long)der.n);
    if (tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL || (form & 1) != 0)
        return "it is not one in DER";
    if ((form & 0x80) != 0)
        return "it is cut off";
    if ((size_t)(p - der.p) + (size_t)length < der.n)
        return "there is something behind its end";
    return "it is malformed";
}

static CK_RV read_body(const struct der *d, struct handoff_message *ret)
{
    char name[32];

    TRY(der_choice(d, "body", name));
    ret->kind =
        strcmp(name, kind_names[HANDOFF_APPROVAL]) == 0 ? HANDOFF_APPROVAL : HANDOFF_REQUEST;
    return ret->kind == HANDOFF_APPROVAL ? der_span(d, "body.approval", &ret->sealed) : CKR_OK;
}

static CK_RV read_message(struct span der, struct handoff_message *ret, const char **ret_objection)
{
    AUTO(der_clear) struct der d = DER_INIT;
    struct handoff_message m = {.sealed = SPAN_EMPTY};
    uint64_t version = 0;

    ENSURE(der.n <= HANDOFF_MAX, CKR_DATA_INVALID);
    TRY(der_decode("Handoff", der, &d));
    TRY(der_number(&d, "version", &version));
    if (version != VERSION) {
        *ret_objection = "it is of a version that this program does not know";
        FAIL(CKR_DATA_INVALID);
    }
    TRY(der_span(&d, "evidence", &m.evidence));
    TRY(read_body(&d, &m));
    TRY(check(&m));
    *ret = m;
    return CKR_OK;
}

CK_RV handoff_message_decode(struct span der, struct handoff_message *ret,
                             const char **ret_objection)
{
    const char *objection = NULL;
    const CK_RV rv = read_message(der, ret, &objection);

    if (rv == CKR_DATA_INVALID)
        *ret_objection = objection != NULL ? objection : objection_to(der);
    return rv;
}

CK_RV handoff_message_hash(struct span der, uint8_t ret[HANDOFF_HASH])
{
    const struct span parts[] = {span_of(LABEL, sizeof(LABEL)), der};

    return prim_sha512(parts, N_ELEMENTS(parts), ret);
}
