/* SPDX-License-Identifier: BSD-2-Clause */
/* attestation.c - evidence about keys; see attestation.h. */
#include "core/attestation.h"

#include <stdlib.h>
#include <time.h>

#include "attest/cert_table.h"
#include "attest/evidence.h"
#include "core/lib.h"
#include "tee-pkcs11.h"
#include "util/log.h"

/* The attributes that a statement has. Absent ones count as false. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    enum statement_key_flag flag;
} flags[] = {
    {CKA_LOCAL, STATEMENT_LOCAL},
    {CKA_TOKEN, STATEMENT_TOKEN},
    {CKA_PRIVATE, STATEMENT_PRIVATE},
    {CKA_SENSITIVE, STATEMENT_SENSITIVE},
    {CKA_ALWAYS_SENSITIVE, STATEMENT_ALWAYS_SENSITIVE},
    {CKA_EXTRACTABLE, STATEMENT_EXTRACTABLE},
    {CKA_NEVER_EXTRACTABLE, STATEMENT_NEVER_EXTRACTABLE},
    {CKA_MODIFIABLE, STATEMENT_MODIFIABLE},
    {CKA_COPYABLE, STATEMENT_COPYABLE},
    {CKA_ALWAYS_AUTHENTICATE, STATEMENT_ALWAYS_AUTHENTICATE},
    {CKA_WRAP_WITH_TRUSTED, STATEMENT_WRAP_WITH_TRUSTED},
    {CKA_SIGN, STATEMENT_SIGN},
    {CKA_DECRYPT, STATEMENT_DECRYPT},
    {CKA_UNWRAP, STATEMENT_UNWRAP},
    {CKA_DERIVE, STATEMENT_DERIVE},
    {CKA_SIGN_RECOVER, STATEMENT_SIGN_RECOVER},
    {CKA_DECAPSULATE, STATEMENT_DECAPSULATE},
};
_Static_assert(N_ELEMENTS(flags) == STATEMENT_N_FLAGS, "every flag has its attribute");

CK_RV attestation_permits(const struct attrs *a)
{
    ENSURE(attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_PRIVATE_KEY, CKR_KEY_TYPE_INCONSISTENT);
    if (attrs_bool(a, CKA_LOCAL, false) && attrs_bool(a, CKA_NEVER_EXTRACTABLE, false) &&
        !attrs_bool(a, CKA_EXTRACTABLE, true) && attrs_span(a, CKA_PUBLIC_KEY_INFO).n > 0)
        return CKR_OK;
    log_err("evidence is given only about a private key that this token made and that was never "
            "extractable: make one with C_GenerateKeyPair and CKA_EXTRACTABLE false");
    FAIL(CKR_KEY_FUNCTION_NOT_PERMITTED);
}

/* -- the statement --------------------------------------------------------------------------- */

static enum statement_measured measured_of(enum conf_measured m)
{
    static const enum statement_measured is[] = {
        [CONF_MEASURED_UNSAID] = STATEMENT_UNSAID,
        [CONF_MEASURED_IMAGE] = STATEMENT_IMAGE,
        [CONF_MEASURED_FIRMWARE] = STATEMENT_FIRMWARE,
    };

    return is[m];
}

static CK_RV home_read(struct token *t, struct attestation_home *ret)
{
    struct keyring *k = token_keyring(t);
    AUTO(txn_endp) struct txn *txn = NULL;

    TRY(keyring_info(k, &ret->store));
    TRY(seals_history(k, &ret->seals));
    TRY(txn_begin_read(keyring_store(k), &txn));
    return token_read(k, txn, token_id(t), &ret->token);
}

static void store_describe(const struct attestation_home *h, struct statement_store *ret)
{
    memcpy(ret->id, h->store.id, sizeof(ret->id));
    memcpy(ret->fingerprint, h->store.fingerprint, sizeof(ret->fingerprint));
    ret->token = span_of(h->token.serial, strlen(h->token.serial));
    ret->measured = measured_of(h->store.measured);
    ret->n_seals = h->seals.n;
    for (size_t i = 0; i < h->seals.n; i++)
        ret->seals[i] = span_of(h->seals.names[i], strlen(h->seals.names[i]));
}

static void key_describe(const struct attrs *a, struct statement_key *ret)
{
    ret->public_key = attrs_span(a, CKA_PUBLIC_KEY_INFO);
    ret->id = attrs_span(a, CKA_ID);
    ret->key_type = attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
    ret->mechanism = attrs_ulong(a, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
    for (size_t i = 0; i < N_ELEMENTS(flags); i++)
        ret->flags |= attrs_bool(a, flags[i].type, false) ? (uint32_t)flags[i].flag : 0;
}

CK_RV attestation_describe(struct token *t, const struct attrs *a, struct attestation_home *home,
                           struct statement *ret)
{
    const time_t now = time(NULL);

    ret->time = now > 0 ? (uint64_t)now : 0;
    TRY(home_read(t, home));
    ret->key = (struct statement_key){.flags = 0};
    key_describe(a, &ret->key);
    store_describe(home, &ret->key.store);
    return CKR_OK;
}

static CK_RV statement_make(struct token *t, const struct attrs *a, struct span nonce,
                            struct buf *ret)
{
    struct attestation_home home = {.seals = {.n = 0}};
    struct statement s = {.kind = STATEMENT_KEY, .nonce = nonce};

    TRY(attestation_describe(t, a, &home, &s));
    return statement_encode(&s, ret);
}

/* -- evidence -------------------------------------------------------------------------------- */

/* A host's table that is none costs the sender nothing: a verifier can get certificates itself. */
static CK_RV certificates_add(struct span table, struct evidence *e)
{
    const CK_RV rv = table.n > 0 ? cert_table_read(table, e) : CKR_OK;

    ENSURE(rv == CKR_OK || rv == CKR_DATA_INVALID, rv);
    if (rv == CKR_DATA_INVALID)
        log_warn("the host's table of certificates is malformed: evidence goes without them");
    return CKR_OK;
}

CK_RV attestation_report(struct token *t, struct span statement, struct buf *ret_der)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf table = BUF_INIT;
    uint8_t report_data[STATEMENT_REPORT_DATA];

    buf_put(&e.statement, statement);
    TRY(buf_ok(&e.statement));
    TRY(statement_report_data(statement, report_data));
    TRY(keyring_report(token_keyring(t), report_data, &e.report, &table));
    TRY(certificates_add(buf_span(&table), &e));
    return evidence_encode(&e, ret_der);
}

CK_RV attestation_make(struct token *t, const struct attrs *a, struct span nonce,
                       struct buf *ret_der)
{
    AUTO(buf_clear) struct buf statement = BUF_INIT;

    ENSURE(nonce.n <= STATEMENT_MAX_NONCE, CKR_DATA_LEN_RANGE);
    TRY(attestation_permits(a));
    TRY(statement_make(t, a, nonce, &statement));
    return attestation_report(t, buf_span(&statement), ret_der);
}

/* -- C_Sign ---------------------------------------------------------------------------------- */

struct attested {
    struct token *token;
    struct object *key;
};

static void attested_free(void *arg)
{
    struct attested *a = arg;

    object_unref(a->key);
    token_unref(a->token);
    free(a);
}

static CK_RV attested_make(void *arg, struct span nonce, struct buf *ret)
{
    const struct attested *a = arg;

    return attestation_make(a->token, object_attrs(a->key), nonce, ret);
}

CK_RV attestation_attach(struct op *o, struct token *t, struct object *key)
{
    struct attested *a;

    TRY(attestation_permits(object_attrs(key)));
    a = malloc(sizeof(*a));
    ENSURE(a != NULL, CKR_HOST_MEMORY);
    *a = (struct attested){token_ref(t), object_ref(key)};
    op_set_maker(o, attested_make, a, attested_free);
    return CKR_OK;
}

/* -- C_GenerateKeyPair ----------------------------------------------------------------------- */

CK_RV attestation_at_generation(struct token *t, struct attrs *a)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;

    if (!lib_conf()->attest_keys || !attrs_bool(a, CKA_TOKEN, false) ||
        attrs_bool(a, CKA_EXTRACTABLE, true))
        return CKR_OK;
    TRY(attestation_make(t, a, SPAN_EMPTY, &der));
    return attrs_set(a, CKA_TEE_EVIDENCE, buf_span(&der));
}
