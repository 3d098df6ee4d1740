/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - saved operations; see state.h. */
#include "core/state.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/find.h"
#include "core/operation_impl.h"
#include "core/process.h"
#include "crypto/prim.h"

#define NAME_RANDOM 32
#define NAME        (8 + NAME_RANDOM) /* a serial number, which says where to look, and a proof */

struct saved {
    unsigned refs; /* guarded by `lock` */
    uint64_t serial;
    uint8_t proof[NAME_RANDOM];
    uint8_t token[TOKEN_ID];
    CK_STATE session;
    struct op *op; /* never used itself: copied */
    bool fed;
    bool is_private; /* as in struct session_op */
    uint64_t login_generation;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct saved *ring[STATES_MAX]; /* by serial number; guarded by `lock` */
static uint64_t next_serial;           /* likewise */

static void saved_free(struct saved *v)
{
    if (v == NULL)
        return;
    op_free(v->op);
    mem_free(v, sizeof(*v));
}
DEFINE_AUTO(saved_freep, struct saved, saved_free)

static void saved_unref(struct saved *v)
{
    bool last;

    if (v == NULL)
        return;
    pthread_mutex_lock(&lock);
    last = --v->refs == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        saved_free(v);
}
DEFINE_AUTO(saved_unrefp, struct saved, saved_unref)

/* The digest that can be saved, if it is all that the session does. */
static CK_RV find_digest(struct session *s, struct session_op **ret)
{
    size_t n = 0;

    for (size_t i = 0; i < OP_N_KINDS; i++) {
        session_op_drop_void(s, &s->ops[i]);
        n += s->ops[i].op != NULL ? 1 : 0;
    }
    ENSURE(n > 0, CKR_OPERATION_NOT_INITIALIZED);
    ENSURE(n == 1 && s->ops[OP_DIGEST].op != NULL && !process_is_active(s), CKR_STATE_UNSAVEABLE);
    *ret = &s->ops[OP_DIGEST];
    return CKR_OK;
}

static CK_RV saved_new(struct session *s, const struct session_op *o, struct saved **ret)
{
    AUTO(saved_freep) struct saved *v = calloc(1, sizeof(*v));

    ENSURE(v != NULL, CKR_HOST_MEMORY);
    TRY(op_copy(o->op, &v->op));
    TRY(prim_random(v->proof, sizeof(v->proof)));
    memcpy(v->token, token_id(s->token), sizeof(v->token));
    v->refs = 1;
    v->session = session_state(s);
    v->fed = o->fed;
    v->is_private = o->is_private;
    v->login_generation = o->login_generation;
    *ret = TAKE(v);
    return CKR_OK;
}

static bool is_void(const struct saved *v, const struct token *t)
{
    return token_made_void(t, v->is_private, v->login_generation);
}

/* Into the ring, which takes *v: the oldest one goes. Not what a logout has made void meanwhile: it
 * has looked through the ring already, or will after us. */
static CK_RV publish(const struct token *t, struct saved **v, uint64_t *ret_serial)
{
    AUTO(saved_unrefp) struct saved *oldest = NULL;
    bool late;

    pthread_mutex_lock(&lock);
    late = is_void(*v, t);
    if (!late) {
        *ret_serial = (*v)->serial = next_serial++;
        oldest = ring[*ret_serial % STATES_MAX];
        ring[*ret_serial % STATES_MAX] = TAKE(*v);
    }
    pthread_mutex_unlock(&lock);
    ENSURE(!late, CKR_OPERATION_NOT_INITIALIZED);
    return CKR_OK;
}

CK_RV state_save(struct session *s, struct out *out)
{
    AUTO(saved_freep) struct saved *v = NULL;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    uint8_t proof[NAME_RANDOM];
    struct session_op *o = NULL;
    uint64_t serial = 0;

    TRY(find_digest(s, &o));
    TRY(out_room(out, NAME));
    if (out_is_query(out))
        return CKR_OK;
    buf_reserve(&name, NAME); /* nothing can fail any more once it is published */
    TRY(buf_ok(&name));
    TRY(saved_new(s, o, &v));
    memcpy(proof, v->proof, sizeof(proof));
    TRY(publish(s->token, &v, &serial));
    buf_u64(&name, serial);
    buf_put(&name, SPAN_ARRAY(proof));
    return out_bytes(out, buf_span(&name));
}

/* A reference; NULL: the name of nothing. */
static struct saved *saved_get(struct span name)
{
    struct cursor c = cursor_of(name);
    const uint64_t serial = cursor_u64(&c);
    const struct span proof = cursor_take(&c, NAME_RANDOM);
    struct saved *v = NULL;

    if (!cursor_done(&c))
        return NULL;
    pthread_mutex_lock(&lock);
    v = ring[serial % STATES_MAX];
    if (v != NULL && v->serial == serial && mem_equal_ct(v->proof, proof.p, NAME_RANDOM))
        v->refs++;
    else
        v = NULL;
    pthread_mutex_unlock(&lock);
    return v;
}

CK_RV state_restore(struct session *s, struct span name, CK_OBJECT_HANDLE cipher_key,
                    CK_OBJECT_HANDLE signature_key)
{
    AUTO(saved_unrefp) struct saved *v = saved_get(name);
    struct op *op = NULL;

    ENSURE(v != NULL, CKR_SAVED_STATE_INVALID);
    ENSURE(memcmp(v->token, token_id(s->token), sizeof(v->token)) == 0, CKR_SAVED_STATE_INVALID);
    ENSURE(v->session == session_state(s) && !is_void(v, s->token), CKR_SAVED_STATE_INVALID);
    /* A digest has no key. */
    ENSURE(cipher_key == CK_INVALID_HANDLE && signature_key == CK_INVALID_HANDLE,
           CKR_KEY_NOT_NEEDED);
    TRY(op_copy(v->op, &op));
    operations_end(s);
    find_end(s);
    s->ops[OP_DIGEST] = (struct session_op){.op = op,
                                            .fed = v->fed,
                                            .is_private = v->is_private,
                                            .login_generation = v->login_generation};
    return CKR_OK;
}

/* The next one at or after *at that a logout made void, out of the ring; NULL: none. */
static struct saved *take_void(const struct token *t, size_t *at)
{
    struct saved *v = NULL;

    pthread_mutex_lock(&lock);
    for (; *at < STATES_MAX && v == NULL; (*at)++) {
        if (ring[*at] != NULL && memcmp(ring[*at]->token, token_id(t), TOKEN_ID) == 0 &&
            is_void(ring[*at], t))
            v = TAKE(ring[*at]);
    }
    pthread_mutex_unlock(&lock);
    return v;
}

void states_drop_void(const struct token *t)
{
    struct saved *v;
    size_t at = 0;

    while ((v = take_void(t, &at)) != NULL)
        saved_unref(v);
}

void states_clear(void)
{
    for (size_t i = 0; i < STATES_MAX; i++)
        saved_unref(TAKE(ring[i]));
}

void states_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&lock, &fresh, sizeof(lock));
    memset(ring, 0, sizeof(ring));
}
