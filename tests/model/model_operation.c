/* SPDX-License-Identifier: BSD-2-Clause */
/* model_operation.c - the model's operations; see model_impl.h. */
#include <string.h>

#include "material.h"
#include "model_impl.h"

#define PADDING 16u /* what a padding, or a tag, may add */

/* -- beginning and end ------------------------------------------------------------------------- */

static void end(struct m_op *o)
{
    bytes_clear(&o->in);
    bytes_clear(&o->out);
    *o = (struct m_op){0};
}

void operations_end(struct m_session *s)
{
    for (unsigned i = 0; i < N_OPS; i++)
        end(&s->ops[i]);
    s->find.active = false;
}

void operations_logged_out(struct model *m)
{
    for (unsigned i = 0; i < N_SESSIONS; i++) {
        for (unsigned k = 0; k < N_OPS; k++) {
            struct m_op *o = &m->sessions[i].ops[k];

            if (o->active && o->key != NULL && object_is_private(o->key) &&
                HAS(LOGOUT_OPERATIONS))
                end(o);
        }
    }
}

struct m_op *operation_waiting(struct m_session *s)
{
    for (unsigned i = 0; i < N_OPS; i++) {
        if (s->ops[i].active && s->ops[i].needs_login)
            return &s->ops[i];
    }
    return NULL;
}

static struct m_op *op_of(struct model *m, const struct call *c)
{
    return &session_of(m, c)->ops[c->op];
}

bool session_is_busy(const struct m_session *s)
{
    bool busy = s->find.active;

    for (unsigned i = 0; i < N_OPS; i++)
        busy = busy || s->ops[i].active;
    return busy;
}

/* The half of a pair, or the secret, that an operation uses. */
static unsigned kinds_for(enum op op, const struct mechanism *mech)
{
    return mech->keys & ~(op == OP_ENCRYPT || op == OP_VERIFY ? PRIVATE_KEYS : PUBLIC_KEYS);
}

static bool is_short_for_hmac(const struct m_object *o, const struct mechanism *mech)
{
    return (mech->keys & BIT(KIND_GENERIC)) != 0 && o->kind == KIND_GENERIC &&
           o->v[AT_VALUE].n < mech->signature;
}

static bool signs_by_pair(enum op op, const struct mechanism *mech)
{
    return (op == OP_SIGN || op == OP_VERIFY) && mech != NULL && (mech->keys & SECRET_KEYS) == 0;
}

/* mech: NULL, where it does no such operation: then nothing is known of the key's type. */
static void expect_key(struct model *m, const struct call *c, const struct mechanism *mech)
{
    static const enum at usages[] = {[OP_ENCRYPT] = AT_ENCRYPT, [OP_DECRYPT] = AT_DECRYPT,
                                     [OP_SIGN] = AT_SIGN, [OP_VERIFY] = AT_VERIFY};
    const struct m_object *o = object_at(m, c->object);
    const bool is_key = o != NULL && o->kind != KIND_DATA;
    bool fits;

    REFUSE(KEY_HANDLE, o == NULL);
    REFUSE(KEY_CLASS, o != NULL && !is_key);
    if (!is_key)
        return;
    REFUSE(KEY_USAGE, !object_bool(o, usages[c->op]));
    fits = mech != NULL && (kinds_for(c->op, mech) & BIT(o->kind)) != 0;
    refuse(m, signs_by_pair(c->op, mech) ? RULE_PAIR_TYPE : RULE_KEY_TYPE, mech != NULL && !fits);
    REFUSE(KEY_SIZE, fits && is_short_for_hmac(o, mech));
}

static bool is_short_iv(const struct call *c)
{
    return c->variant == VARIANT_SHORT && (c->mech == MECH_CBC || c->mech == MECH_CBC_PAD);
}

static void expect_init(struct model *m, const struct call *c, const struct result *r)
{
    const struct mechanism *mech = &mechanisms[c->mech < N_MECHS ? c->mech : MECH_UNKNOWN];
    const bool unfit = (mech->ops & BIT(c->op)) == 0;

    (void)r;
    if (c->mech == N_MECHS) {
        if (!HAS(CANCEL_NULL))
            m->expected = (struct expected){.codes = {CKR_ARGUMENTS_BAD}, .n = 1};
        return;
    }
    REFUSE(OP_ACTIVE, op_of(m, c)->active);
    REFUSE(ONE_AT_ALL, session_is_busy(session_of(m, c)));
    REFUSE(MECHANISM, unfit);
    refuse(m, is_short_iv(c) ? RULE_IV_LENGTH : RULE_PARAMETER,
           !unfit && mech->has_parameter && c->variant != 0);
    if (c->op != OP_DIGEST)
        expect_key(m, c, unfit ? NULL : mech);
}

static void begun(struct model *m, const struct call *c, const struct result *r)
{
    struct m_op *o = op_of(m, c);

    (void)r;
    end(o);
    if (c->mech == N_MECHS)
        return;
    o->active = true;
    o->mech = (enum mech_id)c->mech;
    o->key = c->op == OP_DIGEST ? NULL : object_at(m, c->object);
    o->needs_login = (c->op == OP_SIGN || c->op == OP_DECRYPT) && HAS(ASKS_LOGIN) &&
                     object_bool(o->key, AT_ALWAYS_AUTHENTICATE);
}

/* -- what should come -------------------------------------------------------------------------- */

/* The whole of a step's data and the result that is still to come. */
struct outlook {
    bool blind;       /* the key is not to be known: anything may come */
    bool good;        /* there is a result */
    bool bad_length;
    size_t n_in;
    size_t n_out;     /* of this step's result */
    size_t n_most;    /* what a token may say that it needs */
    uint8_t out[OUT_MAX]; /* of everything; not where it is random */
    size_t n_all;
};

static struct key_bytes key_of(const struct m_op *o)
{
    struct key_bytes k = {.kind = KIND_DATA};

    if (o->key == NULL)
        return k;
    k.kind = o->key->kind;
    k.secret = span_of(o->key->v[AT_VALUE].p, o->key->v[AT_VALUE].n);
    if ((BIT(k.kind) & (RSA_KEYS | EC_KEYS)) != 0)
        k.pair = material_pair(k.kind);
    return k;
}

/* Lengths that everybody sees to be wrong. */
static bool has_bad_length(enum op op, enum mech_id id, size_t n)
{
    const size_t most = id == MECH_OAEP ? 256 - 42 : 256 - 11;

    if (id == MECH_RSA || id == MECH_OAEP)
        return op == OP_DECRYPT ? n != 256 : n > most;
    if (mechanisms[id].block > 0)
        return n % mechanisms[id].block != 0;
    if (op == OP_DECRYPT && id == MECH_CBC_PAD)
        return n == 0 || n % 16 != 0;
    return op == OP_DECRYPT && id == MECH_GCM && n < 16;
}

/* The key is not to be known, or no key of the mechanism's. */
static bool is_blind(const struct m_op *o, enum op op)
{
    if (o->blind)
        return true;
    return o->key != NULL && (o->key->secret_unknown ||
                              (kinds_for(op, &mechanisms[o->mech]) & BIT(o->key->kind)) == 0);
}

static void look_ahead(const struct m_op *o, enum op op, struct span all, struct outlook *ret)
{
    const struct mechanism *mech = &mechanisms[o->mech];
    const struct key_bytes k = key_of(o);

    *ret = (struct outlook){.blind = is_blind(o, op), .n_in = all.n,
                            .bad_length = has_bad_length(op, o->mech, all.n)};
    if (ret->blind)
        return;
    if (mech->signature > 0 && op != OP_DECRYPT) {
        ret->n_all = mech->signature;
        ret->good = !ret->bad_length;
        ret->n_most = ret->n_all;
    } else {
        ret->good = !ret->bad_length && oracle_run(op, o->mech, &k, all, ret->out, &ret->n_all);
        ret->n_most = op == OP_DECRYPT ? (mech->signature > 0 ? mech->signature : all.n)
                                       : ret->n_all;
    }
    ret->n_out = ret->n_all > o->out.n ? ret->n_all - o->out.n : 0;
    ret->n_most = ret->n_most > o->out.n ? ret->n_most - o->out.n : 0;
    if (op == OP_DECRYPT && ret->n_most < ret->n_out + PADDING && mech->signature == 0)
        ret->n_most = ret->n_out + PADDING;
}

/* -- steps ------------------------------------------------------------------------------------- */

/* What does not depend on the data. */
static void expect_step(struct model *m, const struct call *c)
{
    const struct m_op *o = op_of(m, c);
    const bool parts = c->fn != FN_ONCE;

    REFUSE(OP_NONE, !o->active);
    if (!o->active)
        return;
    REFUSE(NO_PARTS, parts && !mechanisms[o->mech].multi);
    REFUSE_ALSO(NO_PARTS, parts && !mechanisms[o->mech].multi, CKR_OPERATION_NOT_INITIALIZED);
    refuse(m, c->op <= OP_DIGEST ? RULE_ONCE_MIDDLE : RULE_SIGN_MIDDLE, !parts && o->fed);
    REFUSE(ASKS_LOGIN, o->needs_login);
}

static void expect_any(struct model *m)
{
    m->expected.any = true;
}

static bool is_query(const struct call *c)
{
    return c->room == ROOM_QUERY;
}

static bool signs_nothing(const struct m_op *o, enum op op, size_t n)
{
    return o->mech == MECH_RSA && (op == OP_SIGN || op == OP_VERIFY) && n == 0;
}

static void expect_result(struct model *m, const struct call *c, const struct result *r,
                          const struct outlook *l)
{
    const bool bad = !l->good;

    /* What a token makes of a single-part call in the middle of parts is its own affair. */
    if (l->blind || (c->fn == FN_ONCE && op_of(m, c)->fed && lacks(m, RULE_ONCE_MIDDLE))) {
        expect_any(m);
        return;
    }
    /* Asking for a length, or offering none, need not show what is wrong with the data. */
    m->expected.or_ok = is_query(c);
    m->expected.or_short = !is_query(c) && (bad ? c->room < l->n_most + PADDING
                                                : c->room >= l->n_out && c->room < l->n_most);
    if (c->op == OP_DECRYPT) {
        const enum mech_id id = op_of(m, c)->mech;
        const bool rsa = (mechanisms[id].keys & RSA_KEYS) != 0;
        /* One without room for its tag is one whose tag is wrong. */
        const enum rule length = rsa              ? RULE_RSA_CIPHERTEXT_LENGTH
                                 : l->n_in == 0   ? RULE_CIPHERTEXT_EMPTY
                                 : id == MECH_GCM ? RULE_CIPHERTEXT
                                                  : RULE_CIPHERTEXT_LENGTH;

        refuse(m, length, bad && l->bad_length);
        refuse_also(m, length, bad && l->bad_length, CKR_ENCRYPTED_DATA_INVALID);
        refuse_also(m, length, bad && l->bad_length, CKR_ENCRYPTED_DATA_LEN_RANGE);
        refuse(m, rsa ? RULE_RSA_CIPHERTEXT : RULE_CIPHERTEXT, bad && !l->bad_length);
    } else {
        const bool padded = c->op == OP_ENCRYPT && op_of(m, c)->mech == MECH_RSA &&
                            l->n_in <= mechanisms[MECH_RSA].signature;

        REFUSE(DATA_LENGTH, bad && !padded);
        REFUSE(RSA_DATA_LENGTH, bad && padded);
        REFUSE(RSA_EMPTY, signs_nothing(op_of(m, c), c->op, r->in.n));
    }
    REFUSE(ROOM, !bad && !is_query(c) && c->room < l->n_out);
}

static struct span whole(const struct m_op *o, const struct result *r, bool more,
                         struct bytes *ret)
{
    bytes_add(ret, o->in.p, o->in.n);
    if (more)
        bytes_add(ret, r->in.p, r->in.n);
    return span_of(ret->p, ret->n);
}

static void expect_verify(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_op *o = op_of(m, c);
    const struct key_bytes k = key_of(o);
    const bool length = r->signature.n != mechanisms[o->mech].signature;
    struct bytes all = {0};
    const struct span in = whole(o, r, c->fn == FN_ONCE, &all);
    bool good;

    if (is_blind(o, OP_VERIFY)) {
        expect_any(m);
    } else {
        good = oracle_holds(OP_VERIFY, o->mech, &k, in, span_of(r->signature.p, r->signature.n));
        REFUSE(RSA_EMPTY, signs_nothing(o, OP_VERIFY, in.n));
        REFUSE(SIGNATURE_LENGTH, length);
        REFUSE(SIGNATURE, !length && !good);
        REFUSE_ALSO(SIGNATURE, !good, CKR_SIGNATURE_INVALID);
        REFUSE_ALSO(SIGNATURE, !good && has_bad_length(OP_SIGN, o->mech, in.n),
                    CKR_DATA_LEN_RANGE);
    }
    bytes_clear(&all);
}

static void expect_nothing_padded(struct model *m, const struct call *c, size_t n)
{
    const struct m_op *o = op_of(m, c);

    REFUSE(UPDATE_EMPTY, o->active && c->op == OP_DECRYPT && o->mech == MECH_CBC_PAD &&
                             c->fn != FN_ONCE && !is_query(c) && n == 0);
}

static void expect_whole(struct model *m, const struct call *c, const struct result *r)
{
    struct bytes all = {0};
    struct outlook l;

    expect_step(m, c);
    if (!is_free(m) || !op_of(m, c)->active)
        return;
    if (c->op == OP_VERIFY) {
        expect_verify(m, c, r);
        return;
    }
    look_ahead(op_of(m, c), c->op, whole(op_of(m, c), r, c->fn == FN_ONCE, &all), &l);
    expect_result(m, c, r, &l);
    expect_nothing_padded(m, c, l.n_in);
    bytes_clear(&all);
}

static void expect_update(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_op *o = op_of(m, c);

    expect_step(m, c);
    expect_nothing_padded(m, c, o->in.n + r->in.n);
    if (!is_free(m) || !o->active || c->op > OP_DECRYPT)
        return;
    /* How much comes now, and how much later, is the token's to say. */
    m->expected.or_short = !is_query(c) && c->room < o->in.n + r->in.n - o->out.n + PADDING;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void tell_result(struct model *m, const struct call *c, const struct m_op *o,
                        struct span in, struct span all, const struct outlook *l)
{
    static const enum rule right[] = {[OP_ENCRYPT] = RULE_ENCRYPTS, [OP_DECRYPT] = RULE_DECRYPTS,
                                      [OP_DIGEST] = RULE_DIGESTS, [OP_SIGN] = RULE_SIGNS};
    const struct key_bytes k = key_of(o);

    if (l->blind)
        return;
    if (oracle_is_random(c->op, o->mech) || c->op == OP_SIGN || c->op == OP_DIGEST)
        answer(m, right[c->op], oracle_holds(c->op, o->mech, &k, in, all));
    else
        answer(m, right[c->op], span_equal(all, span_of(l->out, l->n_all)));
}

static void tell_length(struct model *m, const struct result *r, const struct outlook *l)
{
    if (l->blind || !l->good)
        return;
    ANSWER(LENGTH, r->n >= l->n_out);
    ANSWER(LENGTH_NEAR, r->n <= l->n_most);
}

/* A query: the operation goes on. A result: it is right, and the operation is over. */
static void finished(struct model *m, const struct call *c, const struct result *r)
{
    struct m_op *o = op_of(m, c);
    struct bytes all_in = {0};
    struct outlook l;
    struct span in;

    if (c->op == OP_VERIFY) {
        if (c->fn == FN_ONCE ? HAS(ONCE) : HAS(FINAL))
            end(o);
        return;
    }
    in = whole(o, r, c->fn == FN_ONCE, &all_in);
    look_ahead(o, c->op, in, &l);
    if (is_query(c)) {
        tell_length(m, r, &l);
        if (!HAS(QUERY))
            end(o);
    } else {
        bytes_add(&o->out, r->out.p, r->out.n);
        tell_result(m, c, o, in, span_of(o->out.p, o->out.n), &l);
        if (c->fn == FN_ONCE ? HAS(ONCE) : HAS(FINAL))
            end(o);
    }
    bytes_clear(&all_in);
}

static void updated(struct model *m, const struct call *c, const struct result *r)
{
    struct m_op *o = op_of(m, c);

    if (c->op <= OP_DECRYPT && is_query(c)) {
        if (!HAS(QUERY))
            end(o);
        return;
    }
    o->fed = true;
    bytes_add(&o->in, r->in.p, r->in.n);
    bytes_add(&o->out, r->out.p, r->out.n);
}

static void failed(struct model *m, const struct call *c, const struct result *r)
{
    struct m_op *o = op_of(m, c);
    struct bytes all = {0};
    struct outlook l;

    /* The single-part call in the middle of parts is refused, and those go on. */
    if (!o->active || (c->fn == FN_ONCE && o->fed && HAS(MIDDLE_GOES_ON)))
        return;
    if (c->fn != FN_ONCE && (c->fn == FN_FINAL || c->op <= OP_DECRYPT) &&
        !mechanisms[o->mech].multi && !HAS(NO_PARTS_ENDS))
        return;
    if (r->rv != CKR_BUFFER_TOO_SMALL) {
        if (HAS(ERROR))
            end(o);
        return;
    }
    ANSWER(LENGTH, r->n > c->room);
    if (c->fn != FN_UPDATE) {
        look_ahead(o, c->op, whole(o, r, c->fn == FN_ONCE, &all), &l);
        tell_length(m, r, &l);
    }
    if (!HAS(SHORT))
        end(o);
    bytes_clear(&all);
}

/* -- others ------------------------------------------------------------------------------------ */

static void expect_cancel(struct model *m, const struct call *c, const struct result *r)
{
    (void)m;
    (void)c;
    (void)r;
}

static void cancelled(struct model *m, const struct call *c, const struct result *r)
{
    static const CK_FLAGS flags[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_DIGEST, CKF_SIGN, CKF_VERIFY};
    struct m_session *s = session_of(m, c);

    (void)r;
    for (unsigned i = 0; i < N_OPS && HAS(CANCEL); i++) {
        if ((c->flags & flags[i]) != 0)
            end(&s->ops[i]);
    }
    if ((c->flags & CKF_FIND_OBJECTS) != 0 && HAS(CANCEL))
        s->find.active = false;
}

static bool is_secret(const struct m_object *o)
{
    return (BIT(o->kind) & SECRET_KEYS) != 0;
}

static void expect_digest_key(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    (void)r;
    REFUSE(OP_NONE, !session_of(m, c)->ops[OP_DIGEST].active);
    REFUSE(DIGEST_HANDLE, o == NULL);
    if (o == NULL)
        return;
    REFUSE(DIGEST_SECRET, !is_secret(o) && o->has[AT_VALUE]);
    REFUSE(DIGEST_VALUE, !o->has[AT_VALUE]);
    REFUSE_ALSO(DIGEST_SECRET, o->kind == KIND_DATA, CKR_KEY_HANDLE_INVALID);
    REFUSE(DIGEST_READABLE, is_secret(o) && object_is_closed(o));
}

static void key_digested(struct model *m, const struct call *c, const struct result *r)
{
    struct m_op *o = &session_of(m, c)->ops[OP_DIGEST];
    const struct m_object *key = object_at(m, c->object);

    (void)r;
    o->fed = true;
    o->blind = o->blind || key->secret_unknown || !is_secret(key);
    bytes_add(&o->in, key->v[AT_VALUE].p, key->v[AT_VALUE].n);
}

const struct function operation_functions[N_FNS] = {
    [FN_INIT] = {expect_init, begun, NULL},
    [FN_ONCE] = {expect_whole, finished, failed},
    [FN_UPDATE] = {expect_update, updated, failed},
    [FN_FINAL] = {expect_whole, finished, failed},
    [FN_CANCEL] = {expect_cancel, cancelled, NULL},
    [FN_DIGEST_KEY] = {expect_digest_key, key_digested, NULL},
};
