/* SPDX-License-Identifier: BSD-2-Clause */
/* process.c - message-based processes of a session; see process.h. */
#include "core/process.h"

#include "core/operation.h"

static const struct {
    CK_FLAGS flag, use; /* of the mechanism for messages; what else the key is asked */
    CK_ATTRIBUTE_TYPE usage;
    bool asks_login;
} kinds[MESSAGE_N_KINDS] = {
    [MESSAGE_ENCRYPT] = {CKF_MESSAGE_ENCRYPT, CKF_ENCRYPT, CKA_ENCRYPT, false},
    [MESSAGE_DECRYPT] = {CKF_MESSAGE_DECRYPT, CKF_DECRYPT, CKA_DECRYPT, true},
    [MESSAGE_SIGN] = {CKF_MESSAGE_SIGN, CKF_SIGN, CKA_SIGN, true},
    [MESSAGE_VERIFY] = {CKF_MESSAGE_VERIFY, CKF_VERIFY, CKA_VERIFY, false},
};

static void process_clear(struct session_process *p)
{
    if (p->now != NULL && message_is_begun(p->message))
        used_end(TAKE(p->now), USED_UNFINISHED);
    used_drop(TAKE(p->now));
    used_drop(TAKE(p->used));
    message_free(p->message);
    *p = (struct session_process){0};
}

/* As session_op_drop_void() does: a logout ended those with private keys. */
static struct session_process *slot_of(struct session *s, enum message_kind kind)
{
    struct session_process *p = &s->processes[kind];

    if (token_made_void(s->token, p->is_private, p->login_generation))
        process_clear(p);
    return p;
}

static CK_RV running(struct session *s, enum message_kind kind, struct session_process **ret)
{
    struct session_process *p = slot_of(s, kind);

    ENSURE(p->message != NULL, CKR_OPERATION_NOT_INITIALIZED);
    *ret = p;
    return CKR_OK;
}

static CK_RV init_with_key(struct session *s, enum message_kind kind, const struct mech *row,
                           const CK_MECHANISM *m, CK_OBJECT_HANDLE h, struct session_process *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(key_unrefp) struct key *k = NULL;

    /* Read before the object: a logout in between makes the process void, never valid. */
    ret->login_generation = token_login_generation(s->token);
    TRY(key_object(s, h, &o));
    TRY(object_key(o, &k));
    TRY(key_permits(o, k, row, kinds[kind].use, kinds[kind].usage));
    ret->is_private = object_is_private(o);
    ret->asks_login =
        kinds[kind].asks_login && attrs_bool(object_attrs(o), CKA_ALWAYS_AUTHENTICATE, false);
    ret->needs_login = ret->asks_login;
    TRY(message_start(kind, row, m, k, &ret->message));
    return used_begin(s->token, kinds[kind].use, row, o, &ret->used);
}

CK_RV process_init(struct session *s, enum message_kind kind, const CK_MECHANISM *m,
                   CK_OBJECT_HANDLE key)
{
    struct session_process *p = slot_of(s, kind);
    AUTO(process_clear) struct session_process started = {0};
    const struct mech *row;

    if (m == NULL) {
        process_clear(p);
        return CKR_OK;
    }
    ENSURE(p->message == NULL, CKR_OPERATION_ACTIVE);
    row = mech_find_enabled(m->mechanism);
    ENSURE(row != NULL && (message_flags(row) & kinds[kind].flag) != 0, CKR_MECHANISM_INVALID);
    TRY(init_with_key(s, kind, row, m, key, &started));
    *p = started;
    started = (struct session_process){0};
    return CKR_OK;
}

CK_RV process_final(struct session *s, enum message_kind kind)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    ENSURE(!message_is_begun(p->message), CKR_OPERATION_ACTIVE);
    process_clear(p);
    return CKR_OK;
}

/* Before a call that may begin a message. */
static CK_RV begin(struct session_process *p)
{
    ENSURE(!p->needs_login, CKR_USER_NOT_LOGGED_IN);
    return p->used == NULL || p->now != NULL ? CKR_OK : used_again(p->used, &p->now);
}

/* After a call: a message that is over takes its PIN with it. */
static CK_RV settle(struct session_process *p, CK_RV rv, const struct out *out)
{
    const bool is_over = rv != CKR_BUFFER_TOO_SMALL && rv != CKR_OPERATION_ACTIVE &&
                         rv != CKR_OPERATION_NOT_INITIALIZED &&
                         (rv != CKR_OK || out == NULL || !out_is_query(out));

    if (is_over && !message_is_begun(p->message)) {
        p->needs_login = p->asks_login;
        used_end(TAKE(p->now), rv);
    }
    return rv;
}

CK_RV process_crypt_once(struct session *s, enum message_kind kind, struct message_arg arg,
                         struct span aad, struct span in, struct out *out)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    TRY(begin(p));
    return settle(p, message_crypt_once(p->message, arg, aad, in, out), out);
}

CK_RV process_crypt_begin(struct session *s, enum message_kind kind, struct message_arg arg,
                          struct span aad)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    TRY(begin(p));
    return settle(p, message_crypt_begin(p->message, arg, aad), NULL);
}

CK_RV process_crypt_next(struct session *s, enum message_kind kind, struct message_arg arg,
                         struct span in, CK_FLAGS flags, struct out *out)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    ENSURE((flags & ~(CK_FLAGS)CKF_END_OF_MESSAGE) == 0, CKR_ARGUMENTS_BAD);
    return settle(p, message_crypt_next(p->message, arg, in, flags != 0, out), out);
}

CK_RV process_begin(struct session *s, enum message_kind kind, struct message_arg arg)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    TRY(begin(p));
    return settle(p, message_begin(p->message, arg), NULL);
}

CK_RV process_update(struct session *s, enum message_kind kind, struct message_arg arg,
                     struct span in)
{
    struct session_process *p;

    TRY(running(s, kind, &p));
    return settle(p, message_update(p->message, arg, in), NULL);
}

CK_RV process_sign(struct session *s, struct message_arg arg, struct span in, bool last,
                   struct out *out)
{
    struct session_process *p;

    TRY(running(s, MESSAGE_SIGN, &p));
    if (last)
        return settle(p, message_sign_last(p->message, arg, in, out), out);
    TRY(begin(p));
    return settle(p, message_sign_once(p->message, arg, in, out), out);
}

CK_RV process_verify(struct session *s, struct message_arg arg, struct span in, bool last,
                     struct span signature)
{
    struct session_process *p;

    TRY(running(s, MESSAGE_VERIFY, &p));
    if (last)
        return settle(p, message_verify_last(p->message, arg, in, signature), NULL);
    TRY(begin(p));
    return settle(p, message_verify_once(p->message, arg, in, signature), NULL);
}

struct session_process *process_waiting(struct session *s)
{
    for (int i = 0; i < MESSAGE_N_KINDS; i++) {
        struct session_process *p = slot_of(s, (enum message_kind)i);

        if (p->message != NULL && p->needs_login)
            return p;
    }
    return NULL;
}

void processes_cancel(struct session *s, CK_FLAGS flags)
{
    for (int i = 0; i < MESSAGE_N_KINDS; i++) {
        if ((kinds[i].flag & flags) != 0)
            process_clear(&s->processes[i]);
    }
}

void processes_drop_void(struct session *s)
{
    for (int i = 0; i < MESSAGE_N_KINDS; i++)
        (void)slot_of(s, (enum message_kind)i);
}

bool process_is_active(struct session *s)
{
    bool active = false;

    for (int i = 0; i < MESSAGE_N_KINDS; i++)
        active = active || slot_of(s, (enum message_kind)i)->message != NULL;
    return active;
}
