/* SPDX-License-Identifier: BSD-2-Clause */
/* statement.c - encodes, decodes and hashes statements; see statement.h. */
#include "attest/statement.h"

#include <stdio.h>

#include "attest/der.h"
#include "crypto/prim.h"

#define LABEL          "tee-pkcs11 statement 1" /* hashed with its terminator */
#define LABEL_ROTATION "tee-pkcs11 rotation 1"  /* signed with its terminator */
#define FIELD_MAX      64

static const char *const kind_names[STATEMENT_N_KINDS] = {
    [STATEMENT_NOTHING] = "nothing",   [STATEMENT_KEY] = "key",
    [STATEMENT_FILE] = "file",         [STATEMENT_HANDOVER] = "handover",
    [STATEMENT_APPROVAL] = "approval", [STATEMENT_ROTATION] = "rotation",
};

/* In the order of the bits. */
static const char *const flag_names[STATEMENT_N_FLAGS] = {
    "local",
    "token",
    "private",
    "sensitive",
    "alwaysSensitive",
    "extractable",
    "neverExtractable",
    "modifiable",
    "copyable",
    "alwaysAuthenticate",
    "wrapWithTrusted",
    "sign",
    "decrypt",
    "unwrap",
    "derive",
    "signRecover",
    "decapsulate",
};

const char *statement_kind_name(enum statement_kind kind)
{
    return kind_names[kind];
}

const char *statement_flag_name(size_t i)
{
    return i < STATEMENT_N_FLAGS ? flag_names[i] : NULL;
}

bool statement_has_key(const struct statement *s)
{
    return s->kind == STATEMENT_KEY || s->kind == STATEMENT_ROTATION;
}

/* Printable ASCII of a length that fits. */
static bool is_name(struct span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] > 0x7e)
            return false;
    return text.n > 0 && text.n <= STATEMENT_MAX_NAME;
}

/* Does `a` come before `b`, as bytes? */
static bool is_before(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = memcmp(a.p, b.p, n);

    return order < 0 || (order == 0 && a.n < b.n);
}

static CK_RV check_store(const struct statement_store *s)
{
    ENSURE(is_name(s->token), CKR_DATA_INVALID);
    ENSURE((unsigned)s->measured <= STATEMENT_FIRMWARE, CKR_DATA_INVALID);
    ENSURE(s->n_seals <= STATEMENT_MAX_SEALS, CKR_DATA_INVALID);
    for (size_t i = 0; i < s->n_seals; i++) {
        ENSURE(is_name(s->seals[i]), CKR_DATA_INVALID);
        ENSURE(i == 0 || is_before(s->seals[i - 1], s->seals[i]), CKR_DATA_INVALID);
    }
    return CKR_OK;
}

/* Two pairs, or two secret keys; what signs has a public half; nothing is its own successor. */
static CK_RV check_rotation(const struct statement *s)
{
    const struct statement_rotation *r = &s->rotation;

    ENSURE((r->old_public_key.n > 0) == (s->key.public_key.n > 0), CKR_DATA_INVALID);
    ENSURE(r->signature.n == 0 || r->old_public_key.n > 0, CKR_DATA_INVALID);
    ENSURE(r->old_public_key.n == 0 || !span_equal(r->old_public_key, s->key.public_key),
           CKR_DATA_INVALID);
    return CKR_OK;
}

/* What the types of evidence.asn do not say. */
static CK_RV check(const struct statement *s)
{
    ENSURE((unsigned)s->kind < STATEMENT_N_KINDS, CKR_DATA_INVALID);
    ENSURE(s->nonce.n <= STATEMENT_MAX_NONCE, CKR_DATA_INVALID);
    if (statement_has_key(s)) {
        ENSURE(s->key.flags >> STATEMENT_N_FLAGS == 0, CKR_DATA_INVALID);
        TRY(check_store(&s->key.store));
    }
    if (s->kind == STATEMENT_KEY)
        ENSURE(s->key.public_key.n > 0, CKR_DATA_INVALID);
    if (s->kind == STATEMENT_ROTATION)
        TRY(check_rotation(s));
    if (s->kind == STATEMENT_HANDOVER)
        ENSURE(s->handover.public_key.n > 0, CKR_DATA_INVALID);
    return CKR_OK;
}

/* "subject.key" and "store.id" make "subject.key.store.id". */
static const char *path(char to[FIELD_MAX], const char *at, const char *field)
{
    (void)snprintf(to, FIELD_MAX, "%s.%s", at, field);
    return to;
}

/* -- writing --------------------------------------------------------------------------------- */

static CK_RV write_store(struct der *d, const char *at, const struct statement_store *s)
{
    char p[FIELD_MAX];

    TRY(der_set_bytes(d, path(p, at, "store.id"), SPAN_ARRAY(s->id)));
    TRY(der_set_bytes(d, path(p, at, "store.fingerprint"), SPAN_ARRAY(s->fingerprint)));
    TRY(der_set_bytes(d, path(p, at, "store.token"), s->token));
    TRY(der_set_number(d, path(p, at, "store.measured"), (uint64_t)s->measured));
    for (size_t i = 0; i < s->n_seals; i++)
        TRY(der_add_bytes(d, path(p, at, "store.seals"), s->seals[i]));
    return CKR_OK;
}

static CK_RV write_key_at(struct der *d, const char *at, const struct statement_key *k)
{
    char p[FIELD_MAX];

    TRY(der_set_bytes(d, path(p, at, "publicKey"), k->public_key));
    TRY(der_set_bytes(d, path(p, at, "id"), k->id));
    TRY(der_set_number(d, path(p, at, "keyType"), k->key_type));
    TRY(der_set_number(d, path(p, at, "mechanism"), k->mechanism));
    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++)
        TRY(der_set_bool(d, path(p, at, flag_names[i]), (k->flags >> i & 1u) != 0));
    return write_store(d, at, &k->store);
}

static CK_RV write_key(struct der *d, const struct statement *s)
{
    return write_key_at(d, "subject.key", &s->key);
}

static CK_RV write_nothing(struct der *d, const struct statement *s)
{
    (void)d; /* a NULL: to have chosen it is all */
    (void)s;
    return CKR_OK;
}

static CK_RV write_file(struct der *d, const struct statement *s)
{
    TRY(der_set_bytes(d, "subject.file.digest", SPAN_ARRAY(s->file.digest)));
    return der_set_number(d, "subject.file.size", s->file.size);
}

static CK_RV write_handover(struct der *d, const struct statement *s)
{
    TRY(der_set_bytes(d, "subject.handover.store", SPAN_ARRAY(s->handover.store)));
    return der_set_bytes(d, "subject.handover.publicKey", s->handover.public_key);
}

static CK_RV write_approval(struct der *d, const struct statement *s)
{
    TRY(der_set_bytes(d, "subject.approval.store", SPAN_ARRAY(s->approval.store)));
    TRY(der_set_bytes(d, "subject.approval.fingerprint", SPAN_ARRAY(s->approval.fingerprint)));
    TRY(der_set_bytes(d, "subject.approval.seal", SPAN_ARRAY(s->approval.seal)));
    TRY(der_set_bytes(d, "subject.approval.request", SPAN_ARRAY(s->approval.request)));
    return der_set_bytes(d, "subject.approval.sealed", SPAN_ARRAY(s->approval.sealed));
}

static CK_RV write_rotation(struct der *d, const struct statement *s)
{
    const struct statement_rotation *r = &s->rotation;

    TRY(write_key_at(d, "subject.rotation.key", &s->key));
    TRY(der_set_bytes(d, "subject.rotation.oldPublicKey", r->old_public_key));
    TRY(der_set_bytes(d, "subject.rotation.oldId", r->old_id));
    TRY(der_set_bytes(d, "subject.rotation.label", r->label));
    return der_set_bytes(d, "subject.rotation.signature", r->signature);
}

/* -- reading --------------------------------------------------------------------------------- */

static CK_RV read_seals(const struct der *d, const char *at, struct statement_store *ret)
{
    char p[FIELD_MAX], field[40];

    TRY(der_count(d, path(p, at, "store.seals"), &ret->n_seals));
    ENSURE(ret->n_seals <= STATEMENT_MAX_SEALS, CKR_DATA_INVALID);
    for (size_t i = 0; i < ret->n_seals; i++) {
        (void)snprintf(field, sizeof(field), "store.seals.?%zu", i + 1);
        TRY(der_span(d, path(p, at, field), &ret->seals[i]));
    }
    return CKR_OK;
}

static CK_RV read_store(const struct der *d, const char *at, struct statement_store *ret)
{
    uint64_t measured = 0;
    char p[FIELD_MAX];

    TRY(der_copy(d, path(p, at, "store.id"), ret->id, sizeof(ret->id)));
    TRY(der_copy(d, path(p, at, "store.fingerprint"), ret->fingerprint, sizeof(ret->fingerprint)));
    TRY(der_span(d, path(p, at, "store.token"), &ret->token));
    TRY(der_number(d, path(p, at, "store.measured"), &measured));
    ENSURE(measured <= STATEMENT_FIRMWARE, CKR_DATA_INVALID);
    ret->measured = (enum statement_measured)measured;
    return read_seals(d, at, ret);
}

static CK_RV read_key_at(const struct der *d, const char *at, struct statement_key *k)
{
    char p[FIELD_MAX];
    bool set = false;

    TRY(der_span(d, path(p, at, "publicKey"), &k->public_key));
    TRY(der_span(d, path(p, at, "id"), &k->id));
    TRY(der_number(d, path(p, at, "keyType"), &k->key_type));
    TRY(der_number(d, path(p, at, "mechanism"), &k->mechanism));
    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++) {
        TRY(der_bool(d, path(p, at, flag_names[i]), &set));
        k->flags |= set ? UINT32_C(1) << i : 0;
    }
    return read_store(d, at, &k->store);
}

static CK_RV read_key(const struct der *d, struct statement *ret)
{
    return read_key_at(d, "subject.key", &ret->key);
}

static CK_RV read_nothing(const struct der *d, struct statement *ret)
{
    (void)d;
    (void)ret;
    return CKR_OK;
}

static CK_RV read_file(const struct der *d, struct statement *ret)
{
    TRY(der_copy(d, "subject.file.digest", ret->file.digest, sizeof(ret->file.digest)));
    return der_number(d, "subject.file.size", &ret->file.size);
}

static CK_RV read_handover(const struct der *d, struct statement *ret)
{
    TRY(der_copy(d, "subject.handover.store", ret->handover.store, sizeof(ret->handover.store)));
    return der_span(d, "subject.handover.publicKey", &ret->handover.public_key);
}

static CK_RV read_approval(const struct der *d, struct statement *ret)
{
    struct statement_approval *a = &ret->approval;

    TRY(der_copy(d, "subject.approval.store", a->store, sizeof(a->store)));
    TRY(der_copy(d, "subject.approval.fingerprint", a->fingerprint, sizeof(a->fingerprint)));
    TRY(der_copy(d, "subject.approval.seal", a->seal, sizeof(a->seal)));
    TRY(der_copy(d, "subject.approval.request", a->request, sizeof(a->request)));
    return der_copy(d, "subject.approval.sealed", a->sealed, sizeof(a->sealed));
}

static CK_RV read_rotation(const struct der *d, struct statement *ret)
{
    struct statement_rotation *r = &ret->rotation;

    TRY(read_key_at(d, "subject.rotation.key", &ret->key));
    TRY(der_span(d, "subject.rotation.oldPublicKey", &r->old_public_key));
    TRY(der_span(d, "subject.rotation.oldId", &r->old_id));
    TRY(der_span(d, "subject.rotation.label", &r->label));
    return der_span(d, "subject.rotation.signature", &r->signature);
}

/* -- both ------------------------------------------------------------------------------------ */

static const struct {
    CK_RV (*write)(struct der *d, const struct statement *s);
    CK_RV (*read)(const struct der *d, struct statement *ret);
} codecs[STATEMENT_N_KINDS] = {
    [STATEMENT_NOTHING] = {write_nothing, read_nothing},
    [STATEMENT_KEY] = {write_key, read_key},
    [STATEMENT_FILE] = {write_file, read_file},
    [STATEMENT_HANDOVER] = {write_handover, read_handover},
    [STATEMENT_APPROVAL] = {write_approval, read_approval},
    [STATEMENT_ROTATION] = {write_rotation, read_rotation},
};

CK_RV statement_encode(const struct statement *s, struct buf *ret_der)
{
    AUTO(der_clear) struct der d = DER_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    TRY(check(s));
    TRY(der_new("Statement", &d));
    TRY(der_set_bytes(&d, "nonce", s->nonce));
    TRY(der_set_number(&d, "time", s->time));
    TRY(der_set_choice(&d, "subject", kind_names[s->kind]));
    TRY(codecs[s->kind].write(&d, s));
    TRY(der_encode(&d, &der));
    ENSURE(der.n <= STATEMENT_MAX, CKR_DATA_INVALID);
    buf_put(ret_der, buf_span(&der));
    return buf_ok(ret_der);
}

static CK_RV read_kind(const struct der *d, enum statement_kind *ret)
{
    char name[32];

    TRY(der_choice(d, "subject", name));
    for (size_t i = 0; i < STATEMENT_N_KINDS; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *ret = (enum statement_kind)i;
            return CKR_OK;
        }
    }
    FAIL(CKR_DATA_INVALID);
}

CK_RV statement_decode(struct span der, struct statement *ret)
{
    AUTO(der_clear) struct der d = DER_INIT;
    struct statement s = {0};

    ENSURE(der.n <= STATEMENT_MAX, CKR_DATA_INVALID);
    TRY(der_decode("Statement", der, &d));
    TRY(der_span(&d, "nonce", &s.nonce));
    TRY(der_number(&d, "time", &s.time));
    TRY(read_kind(&d, &s.kind));
    TRY(codecs[s.kind].read(&d, &s));
    TRY(check(&s));
    *ret = s;
    return CKR_OK;
}

CK_RV statement_signed_bytes(const struct statement *s, struct buf *ret)
{
    struct statement unsigned_one = *s;

    ENSURE(s->kind == STATEMENT_ROTATION, CKR_DATA_INVALID);
    unsigned_one.rotation.signature = SPAN_EMPTY;
    buf_put(ret, span_of(LABEL_ROTATION, sizeof(LABEL_ROTATION)));
    return statement_encode(&unsigned_one, ret);
}

CK_RV statement_report_data(struct span der, uint8_t ret[STATEMENT_REPORT_DATA])
{
    const struct span parts[] = {span_of(LABEL, sizeof(LABEL)), der};

    return prim_sha512(parts, N_ELEMENTS(parts), ret);
}
