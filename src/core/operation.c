/* SPDX-License-Identifier: BSD-2-Clause */
/* operation.c - the operation engine; see operation.h. */
#include "core/operation.h"

#include <stdlib.h>
#include <string.h>

#include "core/attestation.h"
#include "core/operation_impl.h"
#include "core/process.h"
#include "util/policy.h"

#define NO_USAGE CK_UNAVAILABLE_INFORMATION

static const struct {
    CK_FLAGS flag;
    CK_ATTRIBUTE_TYPE usage;
    bool asks_login; /* CKA_ALWAYS_AUTHENTICATE applies */
} kinds[OP_N_KINDS] = {
    [OP_ENCRYPT] = {CKF_ENCRYPT, CKA_ENCRYPT, false},
    [OP_DECRYPT] = {CKF_DECRYPT, CKA_DECRYPT, true},
    [OP_DIGEST] = {CKF_DIGEST, NO_USAGE, false},
    [OP_SIGN] = {CKF_SIGN, CKA_SIGN, true},
    [OP_VERIFY] = {CKF_VERIFY, CKA_VERIFY, false},
    [OP_SIGN_RECOVER] = {CKF_SIGN_RECOVER, CKA_SIGN_RECOVER, true},
    [OP_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER, false},
};

void session_op_clear(struct session_op *o)
{
    if (o->fed) /* some of its result may be out: an update of a decryption, say */
        used_end(TAKE(o->used), USED_UNFINISHED);
    used_drop(TAKE(o->used));
    op_free(o->op);
    buf_clear(&o->signature);
    *o = (struct session_op){0};
}

void session_op_end(struct session_op *o, CK_RV rv)
{
    used_end(TAKE(o->used), rv);
    session_op_clear(o);
}

void operations_end(struct session *s)
{
    for (size_t i = 0; i < OP_N_KINDS; i++)
        session_op_clear(&s->ops[i]);
    processes_cancel(s, (CK_FLAGS)-1);
}

void operations_cancel(struct session *s, CK_FLAGS flags)
{
    for (size_t i = 0; i < OP_N_KINDS; i++) {
        if ((kinds[i].flag & flags) != 0)
            session_op_clear(&s->ops[i]);
    }
    processes_cancel(s, flags);
}

/* A certificate or data is an object, but no key. */
CK_RV key_object(struct session *s, CK_OBJECT_HANDLE h, struct object **ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    const CK_RV rv = token_object(s->token, h, &o);
    CK_OBJECT_CLASS class;

    ENSURE(rv != CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID);
    TRY(rv);
    class = attrs_ulong(object_attrs(o), CKA_CLASS, CKO_DATA);
    ENSURE(class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY,
           CKR_KEY_HANDLE_INVALID);
    *ret = TAKE(o);
    return CKR_OK;
}

/* An unrestricted key has no CKA_ALLOWED_MECHANISMS; an empty list allows nothing. */
static bool is_allowed(const struct attrs *a, CK_MECHANISM_TYPE type)
{
    const struct attr *allowed = attrs_get(a, CKA_ALLOWED_MECHANISMS);

    if (allowed == NULL)
        return true;
    for (size_t at = 0; at + sizeof(type) <= allowed->n; at += sizeof(type)) {
        if (memcmp(allowed->p + at, &type, sizeof(type)) == 0)
            return true;
    }
    return false;
}

/* Does it work on keys as well? Whoever could then encrypt by it would have those keys. */
static bool works_on_keys(const struct attrs *a)
{
    return attrs_bool(a, CKA_WRAP, false) || attrs_bool(a, CKA_UNWRAP, false) ||
           attrs_bool(a, CKA_DERIVE, false);
}

CK_RV key_permits(const struct object *o, const struct key *k, const struct mech *row,
                  CK_FLAGS flag, CK_ATTRIBUTE_TYPE usage)
{
    const struct attrs *a = object_attrs(o);
    CK_ULONG size;

    ENSURE(mech_takes_key(row, key_class(k), key_type(k), flag), CKR_KEY_TYPE_INCONSISTENT);
    ENSURE(usage == NO_USAGE || attrs_bool(a, usage, false), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ENSURE(is_allowed(a, row->type), CKR_MECHANISM_INVALID);
    ENSURE((row->traits & MECH_SIGN_ENCRYPTS) == 0 || (flag & CKF_SIGN) == 0 || !works_on_keys(a) ||
               !policy_holds(POLICY_USAGE_CONFLICTS),
           CKR_KEY_FUNCTION_NOT_PERMITTED);
    size = mech_key_size(row, k);
    ENSURE(size >= row->min && size <= row->max, CKR_KEY_SIZE_RANGE);
    return CKR_OK;
}

static CK_RV key_permits_statement(const struct object *o, const struct mech *row)
{
    const struct attrs *a = object_attrs(o);

    TRY(attestation_permits(a));
    ENSURE(attrs_bool(a, CKA_SIGN, false), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ENSURE(is_allowed(a, row->type), CKR_MECHANISM_INVALID);
    return CKR_OK;
}

/* An operation that the token itself carries out: it states something about the key. */
static CK_RV start_of_token(struct session *s, enum op_kind kind, const struct mech *row,
                            const CK_MECHANISM *m, struct object *o, struct op **ret)
{
    AUTO(op_freep) struct op *op = NULL;

    TRY(key_permits_statement(o, row));
    TRY(op_start(kind, row, m, NULL, &op));
    TRY(attestation_attach(op, s->token, o));
    *ret = TAKE(op);
    return CKR_OK;
}

static CK_RV start_with_key(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m,
                            struct object *o, struct op **ret)
{
    AUTO(key_unrefp) struct key *k = NULL;

    TRY(object_key(o, &k));
    TRY(key_permits(o, k, row, kinds[kind].flag, kinds[kind].usage));
    return op_start(kind, row, m, k, ret);
}

static CK_RV init_with_key(struct session *s, enum op_kind kind, const struct mech *row,
                           const CK_MECHANISM *m, CK_OBJECT_HANDLE h, struct session_op *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;

    /* Read before the object: a logout in between makes the operation void, never valid. */
    ret->login_generation = token_login_generation(s->token);
    TRY(key_object(s, h, &o));
    ret->is_private = object_is_private(o);
    ret->needs_login =
        kinds[kind].asks_login && attrs_bool(object_attrs(o), CKA_ALWAYS_AUTHENTICATE, false);
    if ((row->traits & MECH_OF_TOKEN) != 0)
        TRY(start_of_token(s, kind, row, m, o, &ret->op));
    else
        TRY(start_with_key(kind, row, m, o, &ret->op));
    return used_begin(s->token, kinds[kind].flag, row, o, &ret->used);
}

/* A logout ended the operations with private keys (v3.2 5.6.9). It drops them itself, but for those
 * of a session that is in the middle of a call: those we find. */
void session_op_drop_void(struct session *s, struct session_op *o)
{
    if (token_made_void(s->token, o->is_private, o->login_generation))
        session_op_clear(o);
}

void operations_drop_void(struct session *s)
{
    for (size_t i = 0; i < OP_N_KINDS; i++)
        session_op_drop_void(s, &s->ops[i]);
    processes_drop_void(s);
}

CK_RV operation_init(struct session *s, enum op_kind kind, const CK_MECHANISM *m,
                     CK_OBJECT_HANDLE key)
{
    AUTO(session_op_clear) struct session_op started = {0};
    const struct mech *row;

    if (m == NULL) {
        session_op_clear(&s->ops[kind]);
        return CKR_OK;
    }
    session_op_drop_void(s, &s->ops[kind]);
    ENSURE(s->ops[kind].op == NULL, CKR_OPERATION_ACTIVE);
    row = mech_find_enabled(m->mechanism);
    ENSURE(row != NULL && (mech_flags(row) & kinds[kind].flag) != 0, CKR_MECHANISM_INVALID);
    if (kind == OP_DIGEST)
        TRY(op_start(kind, row, m, NULL, &started.op));
    else
        TRY(init_with_key(s, kind, row, m, key, &started));
    s->ops[kind] = started;
    started = (struct session_op){0};
    return CKR_OK;
}

CK_RV operation_running(struct session *s, enum op_kind kind, struct session_op **ret)
{
    struct session_op *o = &s->ops[kind];

    session_op_drop_void(s, o);
    ENSURE(o->op != NULL && !o->has_signature, CKR_OPERATION_NOT_INITIALIZED);
    *ret = o;
    return CKR_OK;
}

/* What stays alive: a length query that was answered, and a buffer that was too small. */
static bool is_unfinished(CK_RV rv, const struct out *out)
{
    return rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && out != NULL && out_is_query(out));
}

/* The key was used, and nothing came of it: a use by itself, as the next call, which may be about
 * something else, is another. One that can't be told ends the operation. */
static CK_RV tell_no_room(const struct session_op *o, CK_RV rv)
{
    struct used *now = NULL;

    if (rv != CKR_BUFFER_TOO_SMALL || !op_has_computed(o->op))
        return rv;
    TRY(used_again(o->used, &now));
    used_end(now, rv);
    return rv;
}

CK_RV operation_once(struct session *s, enum op_kind kind, struct span in, struct out *out)
{
    struct session_op *o;
    CK_RV rv;

    TRY(operation_running(s, kind, &o));
    /* In the middle of a multi-part operation: refused, and that one goes on. */
    ENSURE(!o->fed, CKR_OPERATION_ACTIVE);
    rv = o->needs_login ? CKR_USER_NOT_LOGGED_IN : tell_no_room(o, op_once(o->op, in, out));
    if (!is_unfinished(rv, out))
        session_op_end(o, rv);
    return rv;
}

CK_RV session_op_update(struct session_op *o, struct span in, struct out *out)
{
    const CK_RV rv = o->needs_login ? CKR_USER_NOT_LOGGED_IN : op_update(o->op, in, out);

    if (rv == CKR_OK && !is_unfinished(rv, out))
        o->fed = true;
    else if (!is_unfinished(rv, out))
        session_op_end(o, rv);
    return rv;
}

CK_RV operation_update(struct session *s, enum op_kind kind, struct span in, struct out *out)
{
    struct session_op *o;

    TRY(operation_running(s, kind, &o));
    return session_op_update(o, in, out);
}

CK_RV operation_final(struct session *s, enum op_kind kind, struct out *out)
{
    struct session_op *o;
    CK_RV rv;

    TRY(operation_running(s, kind, &o));
    rv = o->needs_login ? CKR_USER_NOT_LOGGED_IN : op_final(o->op, out);
    if (!is_unfinished(rv, out))
        session_op_end(o, rv);
    return rv;
}

CK_RV operation_verify_once(struct session *s, struct span in, struct span signature)
{
    struct session_op *o;
    CK_RV rv;

    TRY(operation_running(s, OP_VERIFY, &o));
    ENSURE(!o->fed, CKR_OPERATION_ACTIVE);
    rv = op_verify_once(o->op, in, signature);
    session_op_end(o, rv);
    return rv;
}

CK_RV operation_verify_final(struct session *s, struct span signature)
{
    struct session_op *o;
    CK_RV rv;

    TRY(operation_running(s, OP_VERIFY, &o));
    rv = op_verify_final(o->op, signature);
    session_op_end(o, rv);
    return rv;
}

CK_RV operation_digest_key(struct session *s, CK_OBJECT_HANDLE h)
{
    AUTO(object_unrefp) struct object *o = NULL;
    /* Before the object, as in init_with_key(), and before the digest: that is no older login's. */
    const uint64_t generation = token_login_generation(s->token);
    struct session_op *digest;
    const struct attrs *a;

    TRY(operation_running(s, OP_DIGEST, &digest));
    TRY(key_object(s, h, &o));
    a = object_attrs(o);
    ENSURE(attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY, CKR_KEY_INDIGESTIBLE);
    /* A digest of a sensitive value is an oracle for it (peers' record, attack k). */
    ENSURE((!attrs_bool(a, CKA_SENSITIVE, true) && attrs_bool(a, CKA_EXTRACTABLE, false)) ||
               !policy_holds(POLICY_DIGEST_SENSITIVE),
           CKR_KEY_INDIGESTIBLE);
    /* With a private key in it, it is that login's, as an operation with the key is. */
    if (object_is_private(o)) {
        digest->is_private = true;
        digest->login_generation = generation;
    }
    return operation_update(s, OP_DIGEST, attrs_span(a, CKA_VALUE), NULL);
}

/* The operation or process that waits for its PIN; NULL: none. */
static bool *find_waiting(struct session *s)
{
    struct session_process *p;

    for (size_t i = 0; i < OP_N_KINDS; i++) {
        session_op_drop_void(s, &s->ops[i]);
        if (s->ops[i].op != NULL && s->ops[i].needs_login)
            return &s->ops[i].needs_login;
    }
    p = process_waiting(s);
    return p == NULL ? NULL : &p->needs_login;
}

CK_RV operation_authenticate(struct session *s, struct span pin)
{
    bool *waiting = find_waiting(s);
    CK_RV rv;

    ENSURE(waiting != NULL, CKR_OPERATION_NOT_INITIALIZED);
    rv = token_authenticate(s->token, pin);
    if (rv == CKR_PIN_LOCKED) /* its user was logged out */
        sessions_drop_void(s);
    TRY(rv);
    *waiting = false;
    return CKR_OK;
}
